"""Our own client against the local engine, over a socket: every method it has."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.files import FileFetcher
from scenario_desktop.api.models.assets import (
    Asset,
    AssetCreate,
    AssetPage,
    AssetUpdate,
    SearchRequest,
    UploadCreate,
    ZipCreate,
    ZipOptions,
    ZipQuery,
)
from scenario_desktop.api.models.detect import DetectRequest, Modality
from scenario_desktop.api.parsing import pages
from scenario_desktop.errors import NotFound, Unauthorised
from tests.contract.engine_support import EngineProcess, picture, polled


@pytest.fixture
async def client(engine_process: EngineProcess) -> AsyncIterator[ScenarioClient]:
    key, secret = engine_process.auth
    client = ScenarioClient(engine_process.url, key, secret)
    yield client
    await client.aclose()


@pytest.fixture
async def files(engine_process: EngineProcess) -> AsyncIterator[FileFetcher]:
    files = FileFetcher(base_url=engine_process.url)
    yield files
    await files.aclose()


async def create(client: ScenarioClient, name: str = "hero.png") -> Asset:
    image = base64.b64encode(picture()).decode()
    return await client.create_asset(AssetCreate(name=name, image=image))


async def test_an_asset_from_its_upload_to_its_deletion(client: ScenarioClient) -> None:
    asset = await create(client)
    updated = await client.update_asset(asset.id, AssetUpdate(description="a hero"))
    assert updated.description == "a hero"
    answer = await client.update_tags(asset.id, ["sea"], [])
    assert answer.added == ("sea",)
    copy = await client.copy_asset(asset.id)
    assert {a.id for a in await client.get_assets([asset.id, copy.id])} == {asset.id, copy.id}
    assert "sea" in {tag.tag_name for tag in (await client.list_tags()).tags}
    await client.delete_assets([copy.id])
    with pytest.raises(NotFound):
        await client.get_asset("asset_nobody")
    restored = await client.restore_assets([copy.id])
    assert restored.restored_asset_ids == (copy.id,)


async def test_pages_lead_through_all_assets(client: ScenarioClient) -> None:
    made = [(await create(client, f"page {n}.png")).id for n in range(5)]

    async def fetch(token: str | None) -> AssetPage:
        return await client.list_assets(page_size=2, token=token)

    seen = [asset.id async for page in pages(fetch) for asset in page.assets]
    assert set(made) <= set(seen)
    assert len(seen) == len(set(seen))


async def test_files_are_read_at_their_signed_addresses(
    client: ScenarioClient, files: FileFetcher, tmp_path: Path
) -> None:
    asset = await create(client)
    whole = await files.fetch(asset.url)
    assert Image.open(io.BytesIO(whole)).size == (64, 48)
    assert asset.thumbnail is not None
    assert await files.fetch(asset.thumbnail.url)
    target = tmp_path / "a.part"
    told = [step async for step in files.download(asset.url, target)]
    assert target.read_bytes() == whole
    half = len(whole) // 2
    target.write_bytes(whole[:half])
    etag = told[-1].etag
    told = [step async for step in files.download(asset.url, target, offset=half, etag=etag)]
    assert target.read_bytes() == whole
    assert told[0].done == (half if etag else 0)
    converted = await client.download_url(asset.id, "jpeg")
    assert Image.open(io.BytesIO(await files.fetch(converted.url))).format == "JPEG"


async def test_collections(client: ScenarioClient) -> None:
    asset = await create(client)
    collection = await client.create_collection("Heroes")
    collection = await client.rename_collection(collection.id, "Villains")
    assert (await client.get_collection(collection.id)).name == "Villains"
    after = await client.add_to_collection(collection.id, [asset.id])
    assert after is not None
    assert after.asset_count == 1
    page = await client.list_assets(collection_id=collection.id)
    assert [a.id for a in page.assets] == [asset.id]
    await client.remove_from_collection(collection.id, [asset.id])
    await client.delete_collection(collection.id)
    listed = await client.list_collections()
    assert collection.id not in {c.id for c in listed.collections}


async def test_an_upload_in_parts(client: ScenarioClient) -> None:
    data = picture((300, 200))
    upload = await client.create_upload(
        UploadCreate(
            kind="image", file_name="big.png", content_type="image/png", file_size=len(data),
            parts=1,
        )
    )  # fmt: skip
    await client.put_part(upload.parts[0].url, data, "image/png")
    await client.complete_upload(upload.id)

    async def read() -> dict[str, object]:
        return (await client.get_upload(upload.id)).model_dump()

    done = await polled(read, lambda u: bool(u["entity_id"]) or u["status"] == "failed")
    asset = await client.get_asset(str(done["entity_id"]))
    assert asset.properties.width == 300


async def test_a_detect_job_from_its_price_to_its_map(client: ScenarioClient) -> None:
    asset = await create(client)
    request = DetectRequest(image=asset.id, modality=Modality.CANNY)
    price = await client.quote_detect(request)
    assert price.creative_units_cost == 1
    job = await client.detect(request)

    async def read() -> dict[str, object]:
        found = await client.get_job(job.job_id)
        return {"is_final": found.is_final, "job": found}

    await polled(read, lambda answer: bool(answer["is_final"]))
    ended = await client.get_job(job.job_id)
    assert ended.status == "success"
    (result,) = await client.get_assets(ended.metadata.asset_ids)
    assert (result.type, result.parent_id) == ("detection", asset.id)
    assert job.job_id in {j.job_id for j in (await client.list_jobs()).jobs}
    assert (await client.list_assets(parent_asset_id=asset.id)).assets[0].id == result.id


async def test_search_and_archive(client: ScenarioClient) -> None:
    asset = await create(client, "quite singular zeppelin.png")
    found = await client.search_assets(SearchRequest(query="zeppelin"))
    assert asset.id in {hit.id for hit in found.hits}
    query = ZipQuery(asset_ids=[asset.id])
    asked = await client.request_zip(
        ZipCreate(query=query, options=ZipOptions(file_name_template="<id>"))
    )

    async def read() -> dict[str, object]:
        return (await client.get_zip(asked.job_id)).model_dump()

    done = await polled(read, lambda answer: answer["download_url"] is not None)
    assert str(done["download_url"]).startswith("http://127.0.0.1")


async def test_accounts(client: ScenarioClient) -> None:
    (team,) = await client.list_teams()
    (project,) = (await client.list_projects(team_id=team.id)).projects
    assert (await client.get_project(project.id)).id == project.id
    assert (await client.team_limits(team.id)).plan
    assert client.server_time_offset_s == pytest.approx(0, abs=5)


async def test_wrong_keys_are_refused(engine_process: EngineProcess) -> None:
    client = ScenarioClient(engine_process.url, "key", "not-the-secret")
    with pytest.raises(Unauthorised):
        await client.list_assets()
    await client.aclose()
