"""Requests as the service documents them, and answers that are not as it documents."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.assets import (
    AssetCreate,
    AssetPage,
    AssetUpdate,
    SearchRequest,
    UploadCreate,
    ZipCreate,
    ZipOptions,
    ZipQuery,
)
from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.api.parsing import pages
from scenario_desktop.errors import BadAnswer
from tests.scripted_server import ScriptedServer

BASE = "https://api.example/v1"
CANNY = DetectRequest(image="a1", modality=Modality.CANNY, low_threshold=10, high_threshold=20)


class Server(ScriptedServer):
    @property
    def last(self) -> tuple[str, str, dict[str, str], Any]:
        """Method, path below the base, query, body."""
        request = self.asked[-1]
        path = request.url.path.removeprefix("/v1")
        return request.method, path, dict(request.url.params), self.last_body


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[ScenarioClient]:
    client = ScenarioClient(
        BASE, "key", "secret-of-tests", project_id="proj", transport=httpx.MockTransport(server)
    )
    yield client
    await client.aclose()


ASSET = {"id": "a1", "kind": "image", "metadata": {"type": "uploaded", "name": "hero"}}


async def test_a_page_of_assets(server: Server, client: ScenarioClient) -> None:
    server.say({"assets": [ASSET], "nextPaginationToken": "t2", "unheard": 1})
    page = await client.list_assets(
        token="t1", updated_after=datetime(2026, 1, 1, tzinfo=UTC), types=["canvas", "uploaded"]
    )
    assert (page.assets[0].name, page.next_pagination_token, page.skipped) == ("hero", "t2", 0)
    assert server.last[2] == {
        "sortBy": "updatedAt", "sortDirection": "desc", "pageSize": "100",
        "paginationToken": "t1", "types": "canvas,uploaded", "projectId": "proj",
        "updatedAfter": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip
    assert server.asked[0].headers["authorization"].startswith("Basic ")


async def test_the_trash_is_asked_for_alone(server: Server, client: ScenarioClient) -> None:
    server.say({"assets": []})
    await client.list_assets(is_deleted=True)
    assert server.last[2] == {"deleted": "true", "pageSize": "100", "projectId": "proj"}


CALLS: list[tuple[Callable[[ScenarioClient], Any], Any, tuple[str, str, Any]]] = [
    (lambda c: c.get_asset("a1"), {"asset": ASSET}, ("GET", "/assets/a1", None)),
    (lambda c: c.get_assets(["a1"]), {"assets": [ASSET]},
     ("POST", "/assets/get-bulk", {"assetIds": ["a1"]})),
    (lambda c: c.create_asset(AssetCreate(name="n", image="data")), {"asset": ASSET},
     ("POST", "/assets", {"name": "n", "image": "data"})),
    (lambda c: c.update_asset("a1", AssetUpdate(description="d")), {"asset": ASSET},
     ("PUT", "/assets/a1", {"description": "d"})),
    (lambda c: c.delete_assets(["a1"]), b"", ("DELETE", "/assets", {"assetIds": ["a1"]})),
    (lambda c: c.restore_assets(["a1"]), {"restoredAssetIds": ["a1"], "skippedAssets": []},
     ("POST", "/assets/restore", {"assetIds": ["a1"]})),
    (lambda c: c.copy_asset("a1"), {"asset": ASSET}, ("POST", "/assets/a1/copy", {})),
    (lambda c: c.update_tags("a1", ["x"], ["y"]), {"added": ["x"], "deleted": []},
     ("PUT", "/assets/a1/tags", {"add": ["x"], "delete": ["y"], "strict": False})),
    (lambda c: c.download_url("a1", "png"), {"url": "https://cdn/x"},
     ("POST", "/assets/a1/download", {"targetFormat": "png"})),
    (lambda c: c.search_assets(SearchRequest(query="cat", limit=5)), {"hits": [{"id": "a1"}]},
     ("POST", "/search/assets", {"query": "cat", "limit": 5})),
    (lambda c: c.request_zip(ZipCreate(query=ZipQuery(asset_ids=["a1"]),
                                       options=ZipOptions(file_name_template="<id>"))),
     {"jobId": "j"},
     ("POST", "/assets/download",
      {"query": {"assetIds": ["a1"], "inferenceIds": [], "modelIds": []},
       "options": {"fileNameTemplate": "<id>"}})),
    (lambda c: c.get_zip("j"), {"jobId": "j", "jobStatus": "success"},
     ("GET", "/assets/download/j", None)),
    (lambda c: c.list_tags(), {"tags": [{"tagName": "x", "itemCount": 2}]}, ("GET", "/tags", None)),
    (lambda c: c.list_collections(), {"collections": []}, ("GET", "/collections", None)),
    (lambda c: c.get_collection("c"), {"collection": {"id": "c"}}, ("GET", "/collections/c", None)),
    (lambda c: c.create_collection("Heroes"), {"collection": {"id": "c"}},
     ("POST", "/collections", {"name": "Heroes"})),
    (lambda c: c.rename_collection("c", "H"), {"collection": {"id": "c"}},
     ("PUT", "/collections/c", {"name": "H"})),
    (lambda c: c.delete_collection("c"), {}, ("DELETE", "/collections/c", None)),
    (lambda c: c.add_to_collection("c", ["a1"]), {"collection": {"id": "c"}},
     ("PUT", "/collections/c/assets", {"assetIds": ["a1"]})),
    (lambda c: c.remove_from_collection("c", ["a1"]), {"collection": {"id": "c"}},
     ("DELETE", "/collections/c/assets", {"assetIds": ["a1"]})),
    (lambda c: c.create_upload(UploadCreate(kind="image", file_name="a.png",
                                            content_type="image/png", file_size=9, parts=1)),
     {"upload": {"id": "u"}},
     ("POST", "/uploads", {"kind": "image", "fileName": "a.png", "contentType": "image/png",
                           "fileSize": 9, "parts": 1})),
    (lambda c: c.complete_upload("u"), {"upload": {"id": "u"}},
     ("POST", "/uploads/u/action", {"action": "complete"})),
    (lambda c: c.get_upload("u"), {"upload": {"id": "u"}}, ("GET", "/uploads/u", None)),
    (lambda c: c.detect(CANNY), {"job": {"jobId": "j"}},
     ("POST", "/generate/detect",
      {"image": "a1", "modality": "canny", "lowThreshold": 10, "highThreshold": 20})),
    (lambda c: c.list_jobs(), {"jobs": []}, ("GET", "/jobs", None)),
    (lambda c: c.get_job("j"), {"job": {"jobId": "j"}}, ("GET", "/jobs/j", None)),
    (lambda c: c.cancel_job("j"), {"job": {"jobId": "j"}},
     ("POST", "/jobs/j/action", {"action": "cancel"})),
    (lambda c: c.list_projects(team_id="t"), {"projects": []}, ("GET", "/projects", None)),
    (lambda c: c.get_project("p"), {"project": {"id": "p"}}, ("GET", "/projects/p", None)),
    (lambda c: c.list_teams(), {"teams": []}, ("GET", "/teams", None)),
    (lambda c: c.team_limits("t"), {"plan": "pro", "limits": {}, "values": {}},
     ("GET", "/teams/t/limits", None)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "answer", "expected"), CALLS, ids=[f"{c[2][0]} {c[2][1]}" for c in CALLS]
)
async def test_every_call_is_as_documented(
    call: Any, answer: Any, expected: Any, server: Server, client: ScenarioClient
) -> None:
    server.say(answer)
    await call(client)
    method, path, query, body = server.last
    assert (method, path, body) == expected
    is_account = path.startswith(("/teams", "/projects"))
    assert query.get("projectId") == (None if is_account else "proj")
    assert "dryRun" not in query


async def test_long_lists_of_ids_go_in_parts(server: Server, client: ScenarioClient) -> None:
    server.say({"assets": [], "collection": {"id": "c"}, "restoredAssetIds": ["a"]})
    ids = [f"a{n}" for n in range(250)]
    for call, size in [
        (client.get_assets(ids), 200),
        (client.delete_assets(ids), 100),
        (client.restore_assets(ids), 100),
        (client.add_to_collection("c", ids), 49),
    ]:
        server.asked.clear()
        await call
        sent = [json.loads(request.content)["assetIds"] for request in server.asked]
        assert max(map(len, sent)) == size
        assert [item for part in sent for item in part] == ids


async def test_a_price_is_asked_in_the_query_only(server: Server, client: ScenarioClient) -> None:
    server.say({"creativeUnitsCost": 10.75, "job": {}}, status=269)
    price = await client.quote_detect(CANNY)
    assert (price.creative_units_cost, price.job) == (Decimal("10.75"), None)
    _, _, query, body = server.last
    assert query["dryRun"] == "true"
    assert "dryRun" not in body


@pytest.mark.parametrize(
    ("body", "status"),
    [({"creativeUnitsCost": 3}, 200), ({"creativeUnitsCost": 3, "job": {"jobId": "j"}}, 269)],
    ids=["an ordinary answer", "a job"],
)
async def test_a_price_that_is_no_price_is_refused(
    body: object, status: int, server: Server, client: ScenarioClient
) -> None:
    server.say(body, status)
    with pytest.raises(BadAnswer):
        await client.quote_detect(CANNY)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"   ", b"<!doctype html><p>sign in</p>", b'{"assets": [', b"null", b"[]", b'"text"',
        b"{}", b'{"error": "x"}', b'{"assets": null}', b'{"assets": {"id": "a"}}',
        b"[" * 100_000, b'{"assets": [' + b"9" * 5_000 + b"]}", b"\xff\xfe", b"12",
    ],
)  # fmt: skip
async def test_answers_of_another_shape_are_refused(
    body: bytes, server: Server, client: ScenarioClient
) -> None:
    server.say(body)
    with pytest.raises(BadAnswer) as caught:
        await client.list_assets()
    assert "sign in" not in caught.value.message
    assert len(server.asked) == 1


async def test_a_portal_is_not_taken_for_a_deletion(server: Server, client: ScenarioClient) -> None:
    server.say(b"<html>Welcome to our hotel</html>")
    with pytest.raises(BadAnswer, match="web page"):
        await client.delete_assets(["a1"])


async def test_one_bad_record_does_not_sink_its_page(
    server: Server, client: ScenarioClient
) -> None:
    server.say({
        "assets": [ASSET, {"kind": "image"}, None, 7, {"id": None}, {"id": "a2"}],
        "nextPaginationToken": "t",
    })  # fmt: skip
    page = await client.list_assets()
    assert [asset.id for asset in page.assets] == ["a1", "a2"]
    assert (page.skipped, page.next_pagination_token) == (4, "t")


async def test_a_bad_field_falls_back_alone(server: Server, client: ScenarioClient) -> None:
    server.say({
        "assets": [{
            "id": "a1", "kind": None, "tags": ["x", None, "y", 3], "createdAt": "yesterday",
            "updatedAt": "", "properties": {"width": "wide", "height": 7},
            "metadata": {"type": "uploaded"},
        }]
    })  # fmt: skip
    (asset,) = (await client.list_assets()).assets
    assert (asset.kind, asset.tags, asset.created_at) == ("", ("x", "y"), None)
    assert (asset.properties.width, asset.properties.height) == (None, 7)
    assert asset.type == "uploaded"


async def test_a_paid_job_is_not_lost_for_a_bad_field(
    server: Server, client: ScenarioClient
) -> None:
    server.say({"job": {"jobId": "j1", "status": "queued-v2", "billing": {"cuCost": "much"},
                        "progress": "NaN%"}})  # fmt: skip
    job = await client.detect(CANNY)
    assert (job.job_id, job.status, job.is_final) == ("j1", "queued-v2", False)


async def test_texts_and_numbers_nobody_can_keep_are_mended(
    server: Server, client: ScenarioClient
) -> None:
    server.say(
        b'{"assets": [{"id": "a1", "description": "a\\ud800b",'
        b' "properties": {"width": NaN, "height": Infinity, "size": 5}}]}'
    )
    (asset,) = (await client.list_assets()).assets
    assert asset.description == "a?b"
    assert (asset.properties.width, asset.properties.size) == (None, 5)


async def test_fields_given_twice_count_once(server: Server, client: ScenarioClient) -> None:
    server.say(b'{"asset": {"id": "a1", "id": "a2"}}')
    assert (await client.get_asset("a2")).id == "a2"


# --- paging -----------------------------------------------------------------------------------


class Listing:
    """Pages by token; counts what it was asked."""

    def __init__(self, following: dict[str | None, str | None]) -> None:
        self.following = following
        self.asked = 0

    async def __call__(self, token: str | None) -> AssetPage:
        self.asked += 1
        following = self.following.get(token, f"{token}x")
        return AssetPage(assets=(), next_pagination_token=following)


async def load(listing: Listing, into: list[AssetPage], most: int = 20) -> None:
    async for page in pages(listing, most=most):
        into.append(page)


async def test_an_empty_page_with_a_next_token_is_not_the_end() -> None:
    listing = Listing({None: "a", "a": "b", "b": None})
    assert len([page async for page in pages(listing)]) == 3


@pytest.mark.parametrize(
    ("following", "most"),
    [({None: "a", "a": "a"}, 2), ({None: "a", "a": "b", "b": "a"}, 3)],
    ids=["the same token", "a cycle"],
)
async def test_a_circle_ends_with_what_was_loaded(
    following: dict[str | None, str | None], most: int
) -> None:
    listing = Listing(following)
    loaded: list[AssetPage] = []
    with pytest.raises(BadAnswer, match="repeats"):
        await load(listing, loaded)
    assert (len(loaded), listing.asked) == (most, most)


async def test_endless_pages_end_at_the_cap() -> None:
    listing = Listing({None: "a"})
    with pytest.raises(BadAnswer, match="does not stop"):
        await load(listing, [], most=5)
    assert listing.asked == 5
