"""Collections and tags; the one project, the one team, no models."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.contract.engine_support import Local

UNKNOWN = "asset_0000000000000000000000"


async def create(local: Local, name: str = "c") -> str:
    answer = await local.ok("POST", "/collections", json={"name": name})
    collection_id: str = answer["collection"]["id"]
    return collection_id


async def test_a_collection_holds_assets_until_it_is_deleted(local: Local) -> None:
    first, second = (await local.upload())["id"], (await local.upload())["id"]
    path = f"/collections/{await create(local)}"
    answer = await local.ok("PUT", f"{path}/assets", json={"assetIds": [first, second]})
    assert (answer["collection"]["assetCount"], answer["collection"]["itemCount"]) == (2, 2)
    answer = await local.ok("DELETE", f"{path}/assets", json={"assetIds": [first]})
    assert answer["collection"]["assetCount"] == 1
    await local.ok("DELETE", path)
    await local.refused("GET", path, 404)
    assert (await local.ok("GET", f"/assets/{second}"))["asset"]["collectionIds"] == []


async def test_adding_again_is_an_error_and_adds_nothing(local: Local) -> None:
    first, second = (await local.upload())["id"], (await local.upload())["id"]
    path = f"/collections/{await create(local)}/assets"
    await local.ok("PUT", path, json={"assetIds": [first]})
    for ids, status in (([second, first], 400), ([second, UNKNOWN], 404)):
        await local.refused("PUT", path, status, json={"assetIds": ids})
    assert (await local.ok("GET", f"/assets/{second}"))["asset"]["collectionIds"] == []


async def test_49_ids_at_a_time(local: Local) -> None:
    path = f"/collections/{await create(local)}/assets"
    for ids in ([UNKNOWN] * 50, []):
        await local.refused("PUT", path, 400, json={"assetIds": ids})
        await local.refused("DELETE", path, 400, json={"assetIds": ids})
    await local.refused("DELETE", path, 404, json={"assetIds": [UNKNOWN]})


async def test_renaming_and_the_cover(local: Local) -> None:
    asset, path = await local.upload(), f"/collections/{await create(local)}"
    change = {"name": "new", "thumbnail": asset["id"]}
    collection = (await local.ok("PUT", path, json=change))["collection"]
    assert collection["name"] == "new"
    assert collection["thumbnail"] == asset["thumbnail"]
    collection = (await local.ok("PUT", path, json={"name": "newer"}))["collection"]
    assert "thumbnail" in collection
    collection = (await local.ok("PUT", path, json={"thumbnail": None}))["collection"]
    assert (collection["name"], "thumbnail" in collection) == ("newer", False)
    await local.refused("PUT", path, 404, json={"thumbnail": UNKNOWN})
    await local.refused("PUT", path, 400, json={"name": "  "})


async def test_collections_and_tags_come_in_pages(local: Local) -> None:
    ids = [await create(local, str(index)) for index in range(5)]
    asset = await local.upload()
    tags = ["a", "b", "ä", "Z", "0"]
    await local.ok("PUT", f"/assets/{asset['id']}/tags", json={"add": tags})
    for noun, key, wanted in (("collections", "id", ids), ("tags", "tagName", tags)):
        found: list[str] = []
        params = {"pageSize": "2"}
        while True:
            answer = await local.ok("GET", f"/{noun}", params=params)
            found += [entry[key] for entry in answer[noun]]
            if "nextPaginationToken" not in answer:
                break
            params["paginationToken"] = answer["nextPaginationToken"]
        assert sorted(found) == sorted(wanted)
        assert len(found) == len(wanted)


@pytest.mark.parametrize("path", ["/collections", "/tags", "/projects", "/models"])
async def test_page_sizes_and_tokens_are_checked(local: Local, path: str) -> None:
    for params in ({"pageSize": "0"}, {"pageSize": "501"}, {"pageSize": "x"}):
        await local.refused("GET", path, 400, params=params)
    if path != "/models":
        await local.refused("GET", path, 400, params={"paginationToken": "x"})


async def test_there_is_one_project_and_one_team(local: Local) -> None:
    [project] = (await local.ok("GET", "/projects"))["projects"]
    [team] = (await local.ok("GET", "/teams"))["teams"]
    assert project["teamId"] == team["id"]
    assert (await local.ok("GET", f"/projects/{project['id']}"))["project"]["description"]
    limits = await local.ok("GET", f"/teams/{team['id']}/limits")
    assert limits["limits"]["parallelInferences"] == 1
    start, end = (datetime.fromisoformat(limits["period"][name]) for name in ("start", "end"))
    assert 28 <= (end - start).days <= 31
    for path in ("/projects/proj_x", "/teams/team_x", "/teams/team_x/limits", "/models/model_x"):
        await local.refused("GET", path, 404)


async def test_there_are_no_models(local: Local) -> None:
    assert await local.ok("GET", "/models") == {"models": []}
    body = {"modelIds": ["model_1"]}
    assert await local.ok("POST", "/models/get-bulk", json=body) == {"models": []}
    path = f"/collections/{await create(local)}/models"
    await local.refused("PUT", path, 404, json=body)
