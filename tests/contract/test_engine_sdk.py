"""The service's own client, with strict validation of every answer, against the engine."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import scenario_sdk
from scenario_sdk import AsyncScenario, Scenario

from tests.contract.engine_support import EngineProcess, picture

IMAGE = base64.b64encode(picture()).decode()


def options(engine: EngineProcess) -> dict[str, Any]:
    return {
        "base_url": engine.url, "api_key": engine.auth[0], "api_secret": engine.auth[1],
        "max_retries": 0, "_strict_response_validation": True,
    }  # fmt: skip


@pytest.fixture
def sdk(engine_process: EngineProcess) -> Iterator[Scenario]:
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield Scenario(**options(engine_process), http_client=client)


def new_asset(sdk: Scenario, **fields: Any) -> Any:
    return sdk.assets.upload(name="sdk.png", image=IMAGE, **fields).asset


def test_assets_from_upload_to_restore(sdk: Scenario) -> None:
    parent = new_asset(sdk)
    asset = new_asset(sdk, parent_id=parent.id, hide=True)
    assert sdk.assets.retrieve(asset.id).asset.metadata.parent_id == parent.id
    changed = sdk.assets.update(asset.id, name="new", description="words").asset
    assert (changed.metadata.name, changed.description) == ("new", "words")
    copy = sdk.assets.duplicate(asset.id).asset
    both = sdk.assets.get_bulk(asset_ids=[asset.id, copy.id]).assets
    assert [found.id for found in both] == [asset.id, copy.id]
    sdk.assets.delete_multiple(asset_ids=[asset.id])
    assert any(found.id == asset.id for found in sdk.assets.list(deleted=True))
    restored = sdk.assets.restore_multiple(asset_ids=[asset.id, copy.id])
    assert restored.restored_asset_ids == [asset.id]
    assert restored.skipped_assets[0].reason == "not-deleted"


def test_listing_walks_all_pages(sdk: Scenario) -> None:
    parent = new_asset(sdk)
    children = {new_asset(sdk, parent_id=parent.id).id for _ in range(5)}
    listed = list(
        sdk.assets.list(
            parent_asset_id=parent.id, page_size=2, sort_by="updatedAt", sort_direction="asc",
            updated_after="2020-01-01T00:00:00Z", types=["uploaded", "detection"],
        )
    )  # fmt: skip
    assert {asset.id for asset in listed} == children
    assert len(listed) == 5


def test_tags(sdk: Scenario) -> None:
    asset = new_asset(sdk)
    tag = f"tag-{asset.id}"
    assert sdk.assets.update_tags(asset.id, add=[tag], strict=True).added == [tag]
    assert any(found.tag_name == tag for found in sdk.tags.list(page_size=100))
    assert sdk.assets.update_tags(asset.id, delete=[tag]).deleted == [tag]
    with pytest.raises(scenario_sdk.BadRequestError):
        sdk.assets.update_tags(asset.id, delete=[tag], strict=True)


def test_collections(sdk: Scenario) -> None:
    asset = new_asset(sdk)
    collection = sdk.collections.create(name="sdk").collection
    assert sdk.collections.retrieve(collection.id).collection.asset_count == 0
    sdk.collections.assets.add(collection.id, asset_ids=[asset.id])
    changed = sdk.collections.update(collection.id, name="renamed", thumbnail=asset.id).collection
    assert (changed.asset_count, changed.thumbnail.asset_id) == (1, asset.id)
    assert [found.id for found in sdk.assets.list(collection_id=collection.id)] == [asset.id]
    assert any(found.id == collection.id for found in sdk.collections.list(page_size=1))
    sdk.collections.assets.remove(collection.id, asset_ids=[asset.id])
    sdk.collections.delete(collection.id)
    with pytest.raises(scenario_sdk.NotFoundError):
        sdk.collections.retrieve(collection.id)


def test_downloads(sdk: Scenario) -> None:
    asset = new_asset(sdk)
    answer = sdk.assets.download.request(asset.id, target_format="webp")
    assert answer.mime_type == "image/webp"
    assert httpx.get(answer.url, trust_env=False).content[8:12] == b"WEBP"
    job = sdk.assets.download.request_batch(
        options={"file_name_template": "<id>"},
        query={"asset_ids": [asset.id], "inference_ids": [], "model_ids": []},
    ).job_id
    until = time.monotonic() + 20
    while not (status := sdk.assets.download.get_status(job)).download_url:
        assert time.monotonic() < until
    assert httpx.get(status.download_url, trust_env=False).content[:2] == b"PK"


def test_uploads(sdk: Scenario) -> None:
    data = picture((200, 100))
    upload = sdk.uploads.create(
        kind="image", file_name="up.png", content_type="image/png", file_size=len(data), parts=2
    ).upload
    assert upload.parts is not None
    for part, slice_ in zip(upload.parts, (data[:99], data[99:]), strict=True):
        httpx.put(part.url, content=slice_, trust_env=False).raise_for_status()
    sdk.uploads.trigger_action(upload.id, action="complete")
    until = time.monotonic() + 20
    while not (upload := sdk.uploads.retrieve(upload.id).upload).entity_id:
        assert upload.status != "failed"
        assert time.monotonic() < until
    assert sdk.assets.retrieve(upload.entity_id).asset.metadata.name == "up.png"


def test_search(sdk: Scenario) -> None:
    asset = new_asset(sdk)
    sdk.assets.update(asset.id, name=f"needle {asset.id[6:]}")
    hits = list(sdk.search.asset_search(query=asset.id[6:14], offset=0, limit=2))
    assert [hit.id for hit in hits] == [asset.id]
    body = {"filter": f'name = "needle {asset.id[6:]}"', "sort_by": ["createdAt:desc"]}
    assert [hit.id for hit in sdk.search.asset_search(**body).hits] == [asset.id]
    assert not list(sdk.search.model_search(query="x"))
    assert not list(sdk.search.workflow_search(query="x"))


def test_accounts_and_models(sdk: Scenario) -> None:
    [project] = list(sdk.projects.list())
    assert sdk.projects.retrieve(project.id).project.name == project.name
    [team] = sdk.teams.list().teams
    assert sdk.teams.retrieve(team.id).team.projects[0].id == project.id
    assert sdk.teams.retrieve_limits(team.id).limits.parallel_inferences >= 1
    assert not list(sdk.models.list())
    assert not sdk.models.get_bulk(model_ids=["model_1"]).models
    assert not sdk.recommendations.list_models().models
    with pytest.raises(scenario_sdk.NotFoundError):
        sdk.models.retrieve("model_1")


def test_errors_are_the_clients_own(sdk: Scenario, engine_process: EngineProcess) -> None:
    with pytest.raises(scenario_sdk.NotFoundError, match="no such asset"):
        sdk.assets.retrieve("asset_unknown")
    with pytest.raises(scenario_sdk.BadRequestError, match="not base64"):
        sdk.assets.upload(name="x", image="%%%")
    with (
        httpx.Client(trust_env=False) as client,
        pytest.raises(scenario_sdk.AuthenticationError),
    ):
        Scenario(**options(engine_process) | {"api_secret": "x"}, http_client=client).teams.list()


async def test_the_async_client_works_as_well(engine_process: EngineProcess) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        sdk = AsyncScenario(**options(engine_process), http_client=client)
        asset = (await sdk.assets.upload(name="async.png", image=IMAGE)).asset
        await sdk.assets.update_tags(asset.id, add=["async"])
        collection = (await sdk.collections.create(name="async")).collection
        await sdk.collections.assets.add(collection.id, asset_ids=[asset.id])
        found = [item.id async for item in sdk.assets.list(collection_id=collection.id)]
        hits = (await sdk.search.asset_search(filter="tags = async")).hits
        assert found == [asset.id]
        assert asset.id in [hit.id for hit in hits]
        assert (await sdk.assets.download.request(asset.id)).mime_type == "image/png"
        assert [project.name async for project in sdk.projects.list()]
        assert [tag.tag_name async for tag in sdk.tags.list() if tag.tag_name == "async"]
        assert (await sdk.teams.list()).teams
        assert (await sdk.models.list()).models == []
        await sdk.assets.delete_multiple(asset_ids=[asset.id])
