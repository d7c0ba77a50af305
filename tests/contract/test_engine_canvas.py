"""Canvases: made, saved, listed, copied, and their history."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from scenario_desktop.engine import canvas as engine_canvas
from scenario_desktop.engine.canvas import MAX_BODY_BYTES
from scenario_desktop.engine.upkeep import tidy
from tests.contract.canvas_support import MINUTE, THUMBNAIL, Studio, studio_in
from tests.contract.engine_support import Local, picture

DAY = 24 * 60 * MINUTE


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio_in(tmp_path / "data") as studio:
        yield studio


def files(studio: Studio, folder: str = "assets") -> int:
    return sum(1 for _ in (studio.ada.engine.config.data / folder).glob("*/*"))


async def test_a_canvas_is_an_asset_of_its_own_kind(studio: Studio) -> None:
    canvas = await studio.canvas(thumbnail=THUMBNAIL, hide=True)
    asset = await studio.asset(canvas)
    assert (asset["kind"], asset["source"], asset["mimeType"]) == (
        "json", "canvas", "application/json",
    )  # fmt: skip
    assert asset["metadata"] == {"kind": "json", "type": "canvas", "name": "Poster"}
    assert asset["properties"] == {"size": 13}
    assert asset["editCapabilities"] == []
    assert asset["isHidden"]
    assert asset["preview"] == asset["thumbnail"]
    thumbnail = await studio.bob.http.get(asset["thumbnail"]["url"], auth=None)
    assert Image.open(io.BytesIO(thumbnail.content)).size == (96, 64)


@pytest.mark.parametrize(
    "text",
    [
        '{"b": 1.0,\r\n "a": "\\u00e9 é \U0001f3a8", "a": 2}\n',
        "[",
        "not JSON",
        "\ufeff{}",
        "0",
        " ",
    ],
    ids=["spaces and keys twice", "half", "words", "mark", "number", "blank"],
)
async def test_the_text_is_kept_byte_for_byte_whatever_it_is(studio: Studio, text: str) -> None:
    canvas = await studio.canvas(text)
    answer = await studio.ada.http.get((await studio.asset(canvas))["url"], auth=None)
    assert answer.content == text.encode()
    assert answer.headers["content-type"].startswith("application/json")
    assert "sandbox" in answer.headers["content-security-policy"]
    await studio.save(canvas, canvas=text + "2")
    assert await studio.text(canvas) == text + "2"
    assert await studio.history(canvas) == [text + "2"]


async def test_lists_filters_and_search_find_it(studio: Studio) -> None:
    canvas = await studio.canvas()
    await studio.ada.upload()
    listed = await studio.bob.ok("GET", "/assets", params={"types": "canvas,canvas-drawing"})
    assert [asset["id"] for asset in listed["assets"]] == [canvas]
    for query in ({"query": "post"}, {"filter": "type = canvas AND kind = json"}):
        [hit] = (await studio.bob.ok("POST", "/search/assets", json=query))["hits"]
        assert hit["id"] == canvas
        assert "width" not in hit["metadata"]
    limits = await studio.ada.ok("GET", f"/teams/{studio.ada.engine.keys.team_id}/limits")
    assert limits["values"]["canvasAssets"] == 1
    assert limits["limits"]["snapshotsRetention"] == engine_canvas.SNAPSHOT_DAYS


async def test_a_layer_is_a_hidden_asset_below_its_canvas(studio: Studio) -> None:
    canvas = await studio.canvas()
    layer = await studio.ada.upload("layer 1", parentId=canvas, hide=True)
    listed = await studio.bob.ok("GET", "/assets", params={"parentAssetId": canvas})
    assert [asset["id"] for asset in listed["assets"]] == [layer["id"]]
    assert layer["isHidden"]
    assert layer["metadata"]["rootParentId"] == canvas
    tagged = await studio.ada.ok("POST", "/collections", json={"name": "Posters"})
    inside = await studio.canvas(collectionIds=[tagged["collection"]["id"]], parentId=layer["id"])
    assert (await studio.asset(inside))["metadata"]["parentId"] == layer["id"]
    assert (await studio.asset(inside))["collectionIds"] == [tagged["collection"]["id"]]


async def test_an_update_changes_what_it_names_and_nothing_else(studio: Studio) -> None:
    canvas = await studio.canvas('{"v":1}', thumbnail=THUMBNAIL)
    before = await studio.asset(canvas)
    renamed = await studio.save(canvas, name="Cover", description="in blue")
    assert (renamed["metadata"]["name"], renamed["description"]) == ("Cover", "in blue")
    assert renamed["thumbnail"] == before["thumbnail"]
    assert await studio.text(canvas) == '{"v":1}'
    small = base64.b64encode(picture((32, 32))).decode()
    saved = await studio.save(canvas, canvas='{"v":22}', thumbnail=small)
    assert saved["metadata"]["name"] == "Cover"
    assert saved["properties"]["size"] == 8
    assert saved["thumbnail"]["url"] != before["thumbnail"]["url"]
    assert before["createdAt"] == saved["createdAt"] < renamed["updatedAt"] < saved["updatedAt"]
    found = await studio.bob.ok("POST", "/search/assets", json={"query": "cover blue"})
    assert [hit["id"] for hit in found["hits"]] == [canvas]


async def test_the_author_is_whoever_did_it(studio: Studio) -> None:
    ada, bob = studio.ada.engine.keys.user_id, studio.ada.engine.keys.second_user_id
    canvas = await studio.canvas()
    await studio.save(canvas, studio.bob, canvas="by bob")
    page = await studio.ada.ok("GET", f"/assets/{canvas}/snapshots")
    copy = (await studio.bob.ok("POST", f"/assets/{canvas}/copy"))["asset"]
    picture_of_bob = await studio.bob.upload()
    assert (await studio.asset(canvas))["authorId"] == ada
    assert [page["snapshots"][0]["authorId"], copy["authorId"]] == [bob, bob]
    assert picture_of_bob["authorId"] == bob
    listed = await studio.ada.ok("GET", "/assets", params={"authorId": ada})
    assert [asset["id"] for asset in listed["assets"]] == [canvas]


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"name": "c", "canvas": ""}, 400),
    ({"name": "c", "canvas": {}}, 400),
    ({"name": "c", "canvas": 3}, 400),
    ({"name": "c", "thumbnail": THUMBNAIL}, 400),
    ({"canvas": "{}"}, 400),
    ({"name": "c", "canvas": "{}", "thumbnail": "%%%"}, 400),
    ({"name": "c", "canvas": "{}", "thumbnail": ""}, 400),
    ({"name": "c", "canvas": "{}", "thumbnail": base64.b64encode(b"no picture").decode()}, 400),
    ({"name": "c", "canvas": "{}", "thumbnail": THUMBNAIL[:80]}, 400),
    ({"name": "c", "canvas": "{}", "parentId": "asset_unknown"}, 404),
    ({"name": "c", "canvas": "{}", "collectionIds": ["unknown"]}, 404),
    ({"name": "c", "canvas": "x" * MAX_BODY_BYTES}, 413),
]


@pytest.mark.parametrize(("body", "status"), REFUSED, ids=range(len(REFUSED)))
async def test_what_cannot_be_made_leaves_nothing_behind(
    studio: Studio, body: dict[str, Any], status: int
) -> None:
    assert await studio.ada.refused("POST", "/assets", status, json=body)
    assert (await studio.ada.ok("GET", "/assets"))["assets"] == []
    assert files(studio) == files(studio, "thumbnails") == files(studio, "staging") == 0


CHANGES: list[tuple[dict[str, Any], int]] = [
    ({"canvas": ""}, 400),
    ({"canvas": []}, 400),
    ({"canvas": "new", "thumbnail": "%%%"}, 400),
    ({"canvas": "new", "thumbnail": base64.b64encode(b"no picture").decode()}, 400),
    ({"canvas": "new", "lockExpiresAt": "soon", "lockId": "x"}, 400),
    ({"canvas": "new", "lockExpiresAt": "2026-11-20T13:00:00Z"}, 400),
    ({"canvas": "new", "lockId": ""}, 400),
    ({"canvas": "new", "disableSnapshot": "true"}, 400),
    ({"canvas": "new", "name": ""}, 400),
    ({"canvas": "new", "lockId": "of no lock"}, 409),
    ({"canvas": "x" * MAX_BODY_BYTES}, 413),
]


@pytest.mark.parametrize(("body", "status"), CHANGES, ids=range(len(CHANGES)))
async def test_a_refused_update_changes_nothing(
    studio: Studio, body: dict[str, Any], status: int
) -> None:
    canvas = await studio.canvas("old", thumbnail=THUMBNAIL)
    before = await studio.asset(canvas)
    assert await studio.ada.refused("PUT", f"/assets/{canvas}", status, json=body)
    after = await studio.asset(canvas)
    assert {**after, "url": before["url"]} == before
    assert await studio.text(canvas) == "old"
    assert await studio.history(canvas) == []
    assert (files(studio), files(studio, "thumbnails")) == (1, 1)


async def test_a_text_as_long_as_the_gateway_takes_is_taken(studio: Studio) -> None:
    frame = len(json.dumps({"name": "c", "canvas": ""}, separators=(",", ":")))
    text = "x" * (MAX_BODY_BYTES - frame)
    canvas = await studio.canvas(text, name="c")
    assert (await studio.asset(canvas))["properties"]["size"] == len(text)
    await studio.ada.refused("POST", "/assets", 413, json={"name": "c", "canvas": text + "x"})


async def test_a_picture_has_no_canvas_no_lock_and_no_history(studio: Studio) -> None:
    picture_id = (await studio.ada.upload())["id"]
    for body in ({"canvas": "{}"}, {"thumbnail": THUMBNAIL}, {"lockId": "x"},
                 {"lockExpiresAt": "2027-01-01"}):  # fmt: skip
        assert "not a canvas" in await studio.ada.refused(
            "PUT", f"/assets/{picture_id}", 400, json=body
        )
    asks = {"lockExpiresAt": "2027-01-01", "forceUnlock": True}
    for method, path in (("PUT", "lock"), ("PUT", "unlock"), ("GET", "snapshots")):
        path = f"/assets/{picture_id}/{path}"
        assert "not a canvas" in await studio.ada.refused(method, path, 400, json=asks)
    assert (await studio.save(picture_id, name="still a picture"))["kind"] == "image"


async def test_a_canvas_is_no_picture(studio: Studio) -> None:
    canvas = await studio.canvas()
    body = {"image": canvas, "modality": "canny"}
    assert "not a picture" in await studio.ada.refused("POST", "/generate/detect", 400, json=body)
    path = f"/assets/{canvas}/download"
    assert (await studio.ada.ok("POST", path))["mimeType"] == "application/json"
    assert "format" in await studio.ada.refused("POST", path, 400, json={"targetFormat": "png"})


@pytest.mark.parametrize("path", ["lock", "unlock", "snapshots", ""])
async def test_what_is_not_there_is_not_found(studio: Studio, path: str) -> None:
    body = {"lockExpiresAt": "2027-01-01", "forceUnlock": True, "name": "x"}
    method = "GET" if path == "snapshots" else "PUT"
    deleted = await studio.canvas()
    await studio.ada.ok("DELETE", "/assets", json={"assetIds": [deleted]})
    for canvas in (deleted, "asset_unknown"):
        await studio.ada.refused(method, f"/assets/{canvas}/{path}".rstrip("/"), 404, json=body)


# --- history ------------------------------------------------------------------------------------


async def test_every_update_of_the_text_is_kept_unless_told_not_to(studio: Studio) -> None:
    canvas = await studio.canvas("made")
    assert await studio.history(canvas) == []
    await studio.save(canvas, canvas="one")
    await studio.save(canvas, canvas="two", disableSnapshot=True)
    await studio.save(canvas, name="no text, no snapshot")
    studio.clock.pass_(1)
    await studio.save(canvas, canvas="é", disableSnapshot=False)
    page = await studio.bob.ok("GET", f"/assets/{canvas}/snapshots")
    assert page == {
        "snapshots": [
            {
                "authorId": studio.ada.engine.keys.user_id, "rawData": text,
                "hash": hashlib.sha256(text.encode()).hexdigest(), "takenAt": taken_at,
            }
            for text, taken_at in (("é", studio.clock()), ("one", studio.clock() - 1000))
        ]
    }  # fmt: skip


async def test_the_history_comes_in_pages(studio: Studio) -> None:
    canvas = await studio.canvas()
    texts = [f"state {number}" for number in range(23)]
    for text in texts:
        await studio.save(canvas, canvas=text)
    path, found, token = f"/assets/{canvas}/snapshots", [], None
    sizes = []
    while True:
        params: dict[str, str] = {} if token is None else {"paginationToken": token}
        page = await studio.bob.ok("GET", path, params=params)
        found += [snapshot["rawData"] for snapshot in page["snapshots"]]
        sizes.append(len(page["snapshots"]))
        token = page.get("nextPaginationToken")
        if token is None:
            break
        await studio.save(canvas, canvas="meanwhile")  # neither repeats nor hides another
    assert (found, sizes) == (texts[::-1], [10, 10, 3])
    for size in ("9", "101", "0", "x", "-1"):
        await studio.bob.refused("GET", path, 400, params={"pageSize": size})
    other = await studio.canvas()
    page = await studio.bob.ok("GET", path)
    for wrong in (page["nextPaginationToken"], "x", "e30"):
        await studio.bob.refused(
            "GET", f"/assets/{other}/snapshots", 400, params={"paginationToken": wrong}
        )


async def test_a_page_is_cut_where_it_would_be_too_long(studio: Studio) -> None:
    canvas = await studio.canvas()
    large = '"' * (MAX_BODY_BYTES // 5)  # twice as long within JSON
    for number in range(4):
        await studio.save(canvas, canvas=large + str(number))
    path = f"/assets/{canvas}/snapshots"
    answer = await studio.bob.http.get(f"/v1{path}")
    assert len(answer.content) < MAX_BODY_BYTES + 1000
    first = answer.json()
    rest = await studio.bob.ok(
        "GET", path, params={"paginationToken": first["nextPaginationToken"]}
    )
    ends = [s["rawData"][-1] for page in (first, rest) for s in page["snapshots"]]
    assert (ends, len(first["snapshots"])) == (["3", "2", "1", "0"], 2)
    assert "nextPaginationToken" not in rest


async def test_the_history_keeps_a_month(studio: Studio) -> None:
    canvas = await studio.canvas()
    await studio.save(canvas, canvas="old")
    studio.clock.pass_(20 * DAY)
    await studio.save(canvas, canvas="new")
    studio.clock.pass_(10 * DAY)
    assert await studio.history(canvas) == ["new"]
    before = files(studio)
    await studio.save(canvas, canvas="newest")
    assert await studio.history(canvas) == ["newest", "new"]
    assert studio.ada.engine.canvases._replaced  # the file of "old" goes once nobody reads it
    assert files(studio) == before + 1


async def test_the_history_has_an_end(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_canvas, "MAX_SNAPSHOTS", 3)
    canvas, other = await studio.canvas(), await studio.canvas()
    await studio.save(other, canvas="of another")
    for number in range(5):
        await studio.save(canvas, canvas=str(number))
    assert await studio.history(canvas) == ["4", "3", "2"]
    assert await studio.history(other) == ["of another"]


async def test_replaced_files_go_after_a_while_and_named_ones_stay(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas = await studio.canvas("made", thumbnail=THUMBNAIL)
    copy = (await studio.ada.ok("POST", f"/assets/{canvas}/copy"))["asset"]["id"]
    address = (await studio.asset(canvas))["url"]
    await studio.save(canvas, canvas="kept", thumbnail=THUMBNAIL)
    await studio.save(canvas, canvas="passing", disableSnapshot=True)
    passing = (await studio.asset(canvas))["url"]
    await studio.save(canvas, canvas="last", disableSnapshot=True)
    assert (await studio.ada.http.get(passing, auth=None)).text == "passing"  # for a while
    monkeypatch.setattr(engine_canvas, "_GRACE_S", -1.0)
    await studio.save(canvas, name="anything")
    assert (await studio.ada.http.get(passing, auth=None)).status_code == 404
    assert (await studio.ada.http.get(address, auth=None)).text == "made"
    assert await studio.text(copy) == "made"
    assert await studio.history(canvas) == ["kept"]
    thumbnail = (await studio.asset(copy))["thumbnail"]["url"]
    assert (await studio.ada.http.get(thumbnail, auth=None)).status_code == 200
    assert (files(studio), files(studio, "thumbnails")) == (3, 2)


async def test_upkeep_leaves_the_history_alone(studio: Studio) -> None:
    canvas = await studio.canvas("made")
    await studio.save(canvas, canvas="kept")
    await studio.save(canvas, canvas="last", disableSnapshot=True)
    engine = studio.ada.engine
    engine.canvases._replaced.clear()
    await tidy(engine.config, engine.database, started_ms=2**53)
    assert files(studio) == 2
    assert (await studio.text(canvas), await studio.history(canvas)) == ("last", ["kept"])


@pytest.mark.expects_errors
async def test_a_lost_file_is_told(studio: Studio) -> None:
    canvas = await studio.canvas()
    await studio.save(canvas, canvas="kept")
    for file in (studio.ada.engine.config.contents).glob("*/*"):
        file.unlink()
    await studio.ada.refused("GET", f"/assets/{canvas}/snapshots", 503)


async def test_a_copy_has_the_text_and_its_own_history(studio: Studio) -> None:
    canvas = await studio.canvas("made", thumbnail=THUMBNAIL)
    await studio.save(canvas, canvas="saved")
    copy = (await studio.bob.ok("POST", f"/assets/{canvas}/copy"))["asset"]
    assert (copy["kind"], copy["metadata"]["originalAssetId"]) == ("json", canvas)
    assert (await studio.text(copy["id"]), await studio.history(copy["id"])) == ("saved", [])
    await studio.save(copy["id"], canvas="of the copy")
    assert (await studio.text(canvas), await studio.history(canvas)) == ("saved", ["saved"])


async def test_the_trash_gives_a_canvas_back_with_its_history(studio: Studio) -> None:
    canvas = await studio.canvas()
    await studio.save(canvas, canvas="saved")
    await studio.ada.ok("DELETE", "/assets", json={"assetIds": [canvas]})
    await studio.ada.ok("POST", "/assets/restore", json={"assetIds": [canvas]})
    assert (await studio.text(canvas), await studio.history(canvas)) == ("saved", ["saved"])


async def test_without_a_second_user_there_is_none(local: Local) -> None:
    assert not local.engine.keys.has_second_user
    teams = await local.ok("GET", "/teams")
    assert teams["teams"][0]["context"]["usersCount"] == 1


async def test_the_team_has_both_users(studio: Studio) -> None:
    keys = studio.ada.engine.keys
    team = (await studio.bob.ok("GET", f"/teams/{keys.team_id}"))["team"]
    assert [user["id"] for user in team["users"]] == [keys.user_id, keys.second_user_id]
    assert [key["apiKeyId"] for key in team["keys"]] == [keys.api_key, keys.second_api_key]
    assert keys.second_api_secret not in json.dumps(team)
