"""Assets: what is uploaded, found again, changed, deleted and restored."""

from __future__ import annotations

import base64

import pytest

from tests.contract.engine_support import Local, picture

UNKNOWN = "asset_0000000000000000000000"


async def test_an_upload_can_be_read_back_byte_for_byte(local: Local) -> None:
    asset = await local.upload("low res.png")
    assert (asset["properties"]["width"], asset["properties"]["height"]) == (64, 48)
    assert asset["metadata"] == {"kind": "image", "type": "uploaded", "name": "low res.png"}
    assert (await local.http.get(asset["url"], auth=None)).content == picture()
    thumbnail = await local.http.get(asset["thumbnail"]["url"], auth=None)
    assert thumbnail.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
async def test_the_type_comes_from_the_bytes_not_the_name(local: Local, kind: str) -> None:
    data = base64.b64encode(picture(kind=kind)).decode()
    asset = (await local.ok("POST", "/assets", json={"name": "a.exe", "image": data}))["asset"]
    assert asset["mimeType"] == f"image/{kind.lower()}"
    assert (await local.http.get(asset["url"])).headers["content-type"] == asset["mimeType"]


@pytest.mark.parametrize(
    "image",
    ["", "no base64!", base64.b64encode(b"<html>").decode(),
     base64.b64encode(picture()[:120]).decode(), "data:image/png,abc"],
    ids=["empty", "not base64", "no picture", "cut off", "data url without base64"],
)  # fmt: skip
async def test_a_bad_picture_is_refused_and_leaves_nothing(local: Local, image: str) -> None:
    await local.refused("POST", "/assets", 400, json={"name": "a.png", "image": image})
    assert (await local.ok("GET", "/assets"))["assets"] == []
    for folder in (local.engine.config.contents, local.engine.config.staging):
        assert not [file for file in folder.rglob("*") if file.is_file()]


async def test_name_and_description_are_updated(local: Local) -> None:
    asset = await local.upload()
    change = {"name": "مرحبا <b>🦊</b>/..\\x", "description": "two words"}
    changed = (await local.ok("PUT", f"/assets/{asset['id']}", json=change))["asset"]
    assert changed["metadata"]["name"] == change["name"]
    assert changed["description"] == "two words"
    assert changed["updatedAt"] >= asset["updatedAt"]


async def test_children_know_their_parent_and_root(local: Local) -> None:
    root = await local.upload()
    child = await local.upload(parentId=root["id"])
    grandchild = await local.upload(parentId=child["id"])
    assert grandchild["metadata"]["rootParentId"] == root["id"]
    listed = await local.ok("GET", "/assets", params={"rootAssetId": root["id"]})
    assert {asset["id"] for asset in listed["assets"]} == {child["id"], grandchild["id"]}
    await local.refused("POST", "/assets", 404,
        json={"name": "a", "image": base64.b64encode(picture()).decode(), "parentId": UNKNOWN},
    )  # fmt: skip


async def test_deleted_assets_leave_the_list_and_can_come_back(local: Local) -> None:
    collection = (await local.ok("POST", "/collections", json={"name": "c"}))["collection"]
    asset = await local.upload(collectionIds=[collection["id"]])
    await local.ok("PUT", f"/assets/{asset['id']}/tags", json={"add": ["cat"]})
    await local.ok("DELETE", "/assets", json={"assetIds": [asset["id"]]})
    assert (await local.ok("GET", "/assets"))["assets"] == []
    await local.refused("GET", f"/assets/{asset['id']}", 404)
    [deleted] = (await local.ok("GET", "/assets", params={"deleted": "true"}))["assets"]
    assert deleted["deletedAt"]
    answer = await local.ok("POST", "/assets/restore", json={"assetIds": [asset["id"], UNKNOWN]})
    assert answer["restoredAssetIds"] == [asset["id"]]
    assert answer["skippedAssets"] == [{"assetId": UNKNOWN, "reason": "not-found"}]
    again = (await local.ok("GET", f"/assets/{asset['id']}"))["asset"]
    assert (again["tags"], again["collectionIds"]) == ([], [])
    assert "deletedAt" not in again


async def test_deleting_is_all_or_nothing(local: Local) -> None:
    asset = await local.upload()
    await local.refused("DELETE", "/assets", 404, json={"assetIds": [asset["id"], UNKNOWN]})
    assert len((await local.ok("GET", "/assets"))["assets"]) == 1
    too_many = [UNKNOWN] * 101
    await local.refused("DELETE", "/assets", 400, json={"assetIds": too_many})


async def test_a_copy_is_its_own_asset(local: Local) -> None:
    asset = await local.upload()
    await local.ok("PUT", f"/assets/{asset['id']}/tags", json={"add": ["cat"]})
    copy = (await local.ok("POST", f"/assets/{asset['id']}/copy", json={}))["asset"]
    assert copy["id"] != asset["id"]
    assert copy["metadata"]["originalAssetId"] == asset["id"]
    await local.ok("DELETE", "/assets", json={"assetIds": [asset["id"]]})
    assert (await local.http.get(copy["url"])).content == picture()
    await local.refused(
        "POST", f"/assets/{copy['id']}/copy", 403, json={"targetProjectId": "proj_other"}
    )


async def test_many_are_read_at_once_in_the_order_asked_for(local: Local) -> None:
    first, second = await local.upload("1"), await local.upload("2")
    ids = [second["id"], UNKNOWN, first["id"], second["id"]]
    answer = await local.ok("POST", "/assets/get-bulk", json={"assetIds": ids})
    assert [asset["id"] for asset in answer["assets"]] == [second["id"], first["id"]]
    await local.refused("POST", "/assets/get-bulk", 400, json={"assetIds": [UNKNOWN] * 201})


async def test_tags_say_what_really_changed(local: Local) -> None:
    path = f"/assets/{(await local.upload())['id']}/tags"
    answer = await local.ok("PUT", path, json={"add": ["cat", "dog", "cat"], "delete": ["no"]})
    assert answer == {"added": ["cat", "dog"], "deleted": []}
    await local.refused("PUT", path, 400, json={"add": ["new", "cat"], "strict": True})
    answer = await local.ok("PUT", path, json={"delete": ["cat"], "strict": True})
    assert answer == {"added": [], "deleted": ["cat"]}
    [tag] = (await local.ok("GET", "/tags"))["tags"]
    assert (tag["tagName"], tag["itemCount"]) == ("dog", 1)


async def test_another_project_is_refused(local: Local) -> None:
    own = local.engine.keys.project_id
    await local.ok("GET", "/assets", params={"projectId": own})
    await local.refused("GET", "/assets", 403, params={"projectId": "proj_other"})


async def test_an_asset_is_a_picture_or_a_canvas(local: Local) -> None:
    assert "pictures and canvases" in await local.refused(
        "POST", "/assets", 400, json={"name": "c"}
    )
    asset = await local.upload(canvas="{}")
    assert asset["kind"] == "image"
    await local.refused("PUT", f"/assets/{asset['id']}", 400, json={"canvas": "{}"})
