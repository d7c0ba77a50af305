"""The asset list: filters, what goes together, order and pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.seed_engine import insert_assets
from tests.contract.engine_support import Local


async def fill(local: Local, count: int) -> None:
    """Insert rows that share one file that need not exist; times are a second apart."""
    template = {
        "kind": "image", "status": "success", "mime_type": "image/png", "privacy": "private",
        "author_id": "user_1", "file_id": "0" * 32, "thumbnail_id": None, "size_bytes": 1,
        "width": 4, "height": 3, "aspect_ratio": "4:3",
    }  # fmt: skip
    await local.engine.database.run(lambda connection: insert_assets(connection, template, count))


async def walk(local: Local, **params: Any) -> list[list[dict[str, Any]]]:
    """Read all pages."""
    pages: list[list[dict[str, Any]]] = []
    while True:
        answer = await local.ok("GET", "/assets", params=params)
        pages.append(answer["assets"])
        if "nextPaginationToken" not in answer:
            return pages
        params["paginationToken"] = answer["nextPaginationToken"]


@pytest.mark.parametrize("sort", ["createdAt", "updatedAt"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_pages_cover_everything_once_in_order(
    local: Local, sort: str, direction: str
) -> None:
    await fill(local, 25)
    await local.engine.database.run(
        lambda c: c.execute("UPDATE assets SET created_at = 5, updated_at = 5 WHERE key > 12")
    )  # many equal times: the key must break the tie
    pages = await walk(local, sortBy=sort, sortDirection=direction, pageSize=10)
    assert [len(page) for page in pages] == [10, 10, 5]
    assets = [asset for page in pages for asset in page]
    assert len({asset["id"] for asset in assets}) == 25
    times = [asset[sort] for asset in assets]
    assert times == sorted(times, reverse=direction == "desc")


async def test_pages_are_stable_while_assets_arrive(local: Local) -> None:
    await fill(local, 10)
    first = await local.ok("GET", "/assets", params={"pageSize": 5})
    await fill(local, 3)
    await local.engine.database.run(
        lambda c: c.execute("UPDATE assets SET created_at = created_at + 9e6 WHERE key > 10")
    )
    token = {"pageSize": 5, "paginationToken": first["nextPaginationToken"]}
    second = await local.ok("GET", "/assets", params=token)
    seen = {asset["id"] for asset in first["assets"] + second["assets"]}
    assert len(seen) == 10


async def test_a_full_last_page_has_no_token(local: Local) -> None:
    await fill(local, 10)
    assert [len(page) for page in await walk(local, pageSize=10)] == [10]


async def test_bounds_are_exclusive(local: Local) -> None:
    await fill(local, 5)
    assets = (await local.ok("GET", "/assets", params={"sortDirection": "asc"}))["assets"]
    for stem in ("created", "updated"):
        bounds = {f"{stem}After": assets[0]["createdAt"], f"{stem}Before": assets[4]["createdAt"]}
        found = await local.ok("GET", "/assets", params={"sortBy": f"{stem}At", **bounds})
        assert len(found["assets"]) == 3


async def test_types_filter_one_or_many(local: Local) -> None:
    await fill(local, 20)
    maps = await walk(local, type="detection")
    assert {asset["metadata"]["type"] for asset in maps[0]} == {"detection"}
    assert len(maps[0]) == 2
    assert len((await walk(local, types="detection,uploaded"))[0]) == 20
    assert len((await walk(local, types="canvas"))[0]) == 0


async def test_lineage_author_and_collection_filter(local: Local) -> None:
    await fill(local, 20)
    parent = (await walk(local, type="detection"))[0][0]["metadata"]["parentId"]
    assert len((await walk(local, parentAssetId=parent))[0]) == 1
    assert len((await walk(local, authorId="user_1"))[0]) == 20
    assert len((await walk(local, authorId="user_2"))[0]) == 0
    assert len((await walk(local, modelId="model_1", inferenceId="inf_1"))[0]) == 0
    collection = (await local.ok("POST", "/collections", json={"name": "c"}))["collection"]["id"]
    await local.ok("PUT", f"/collections/{collection}/assets", json={"assetIds": [parent]})
    [[held]] = await walk(local, collectionId=collection)
    assert (held["id"], held["collectionIds"]) == (parent, [collection])


async def test_nothing_here_is_public(local: Local) -> None:
    await fill(local, 3)
    assert await walk(local, privacy="public", tags="character") == [[]]
    assert len((await walk(local, privacy="private"))[0]) == 3


@pytest.mark.parametrize(
    "params",
    [
        {"type": "detection", "types": "uploaded"},
        {"type": "detection,uploaded"},
        {"type": "no-such-type"},
        {"createdAfter": "2026-01-01"},
        {"createdAfter": "2026-01-01", "sortBy": "updatedAt"},
        {"updatedBefore": "2026-01-01", "sortBy": "createdAt"},
        {"createdAfter": "yesterday", "sortBy": "createdAt"},
        {"sortBy": "name"},
        {"sortDirection": "down"},
        {"pageSize": "0"},
        {"pageSize": "101"},
        {"pageSize": "ten"},
        {"pageSize": "9" * 5000},
        {"privacy": "secret"},
        {"tags": "cat"},
        {"deleted": "maybe"},
        {"deleted": "true", "type": "uploaded"},
        {"deleted": "true", "sortBy": "createdAt"},
        {"deleted": "true", "collectionId": "collection_1"},
        {"paginationToken": "!!"},
        {"paginationToken": "WzEsMl0"},
        {"authorId": "a\0b"},
    ],
    ids=str,
)
async def test_what_does_not_fit_is_refused(local: Local, params: dict[str, str]) -> None:
    assert await local.refused("GET", "/assets", 400, params=params)


async def test_a_token_serves_only_the_filters_it_was_made_for(local: Local) -> None:
    await fill(local, 10)
    answer = await local.ok("GET", "/assets", params={"pageSize": 2})
    token = answer["nextPaginationToken"]
    for other in ({"sortDirection": "asc"}, {"type": "uploaded"}, {"sortBy": "updatedAt"}):
        await local.refused(
            "GET", "/assets", 400, params={"pageSize": 2, "paginationToken": token, **other}
        )


async def test_deleted_assets_come_newest_deletion_first(local: Local) -> None:
    await fill(local, 6)
    ids = [asset["id"] for asset in (await walk(local, pageSize=10))[0]]
    for index in (3, 1, 5):
        await local.ok("DELETE", "/assets", json={"assetIds": [ids[index]]})
    old = "UPDATE assets SET deleted_at = deleted_at - 40 * 86400000 WHERE id = ?"
    await local.engine.database.run(lambda c: c.execute(old, (ids[1],)))
    pages = await walk(local, deleted="true", pageSize=1)
    assert [page[0]["id"] for page in pages] == [ids[5], ids[3]]
    answer = await local.ok("POST", "/assets/restore", json={"assetIds": [ids[1], ids[0]]})
    assert [skip["reason"] for skip in answer["skippedAssets"]] == ["expired", "not-deleted"]
