"""Uploads in parts: any order, again, too few, too many, not a picture, a restart between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine_support import Local, local_engine, picture, polled
from tests.support import until


async def announce(local: Local, data: bytes, parts: int = 1, **fields: Any) -> dict[str, Any]:
    body = {"kind": "image", "fileName": "a.png", "contentType": "image/png",
            "fileSize": len(data), "parts": parts, **fields}  # fmt: skip
    upload: dict[str, Any] = (await local.ok("POST", "/uploads", json=body))["upload"]
    return upload


async def send(local: Local, part: dict[str, Any], data: bytes) -> int:
    headers = {"Content-Type": "image/png"}
    return (await local.http.put(part["url"], content=data, auth=None, headers=headers)).status_code


async def finish(local: Local, upload_id: str) -> dict[str, Any]:
    """Complete and wait for the end."""
    path = f"/uploads/{upload_id}"
    await local.ok("POST", f"{path}/action", json={"action": "complete"})
    return await ended(local, path)


async def ended(local: Local, path: str) -> dict[str, Any]:
    async def read() -> dict[str, Any]:
        upload: dict[str, Any] = (await local.ok("GET", path))["upload"]
        return upload

    return await polled(read, lambda upload: upload["status"] in ("imported", "failed"))


async def test_parts_in_any_order_become_an_asset(local: Local) -> None:
    data = picture((300, 200))
    upload = await announce(local, data, 3, assetOptions={"hide": True})
    cuts = [data[:100], data[100:200], data[200:]]
    for index in (2, 0, 1, 0):
        assert await send(local, upload["parts"][index], cuts[index]) == 200
    upload = await finish(local, upload["id"])
    asset = (await local.ok("GET", f"/assets/{upload['entityId']}"))["asset"]
    assert (await local.http.get(asset["url"])).content == data
    assert (asset["isHidden"], asset["metadata"]["name"]) == (True, "a.png")
    await until(lambda: not any(local.engine.config.uploads.iterdir()))  # cleared after the end
    assert not any(local.engine.config.staging.iterdir())


async def test_missing_parts_can_still_come(local: Local) -> None:
    data = picture()
    upload = await announce(local, data, 2)
    action = {"action": "complete"}
    await send(local, upload["parts"][1], data[50:])
    await local.refused("POST", f"/uploads/{upload['id']}/action", 400, json=action)
    again = (await local.ok("GET", f"/uploads/{upload['id']}"))["upload"]
    assert again["status"] == "pending"
    await send(local, again["parts"][0], data[:50])
    assert (await finish(local, upload["id"]))["status"] == "imported"
    repeated = await local.ok("POST", f"/uploads/{upload['id']}/action", json=action)
    assert repeated["upload"]["status"] == "imported"
    assert await send(local, upload["parts"][0], data[:50]) == 400


@pytest.mark.parametrize(
    ("sent", "announced", "words"),
    [
        (b"<html></html>", 13, "not a picture"),
        (picture()[:100], 100, "cut off"),
        (picture(), len(picture()) + 1, "announced"),
    ],
    ids=["no picture", "cut off", "too short"],
)
async def test_what_cannot_be_used_fails_with_a_reason(
    local: Local, sent: bytes, announced: int, words: str
) -> None:
    upload = await announce(local, sent, fileSize=announced)
    await send(local, upload["parts"][0], sent)
    upload = await finish(local, upload["id"])
    assert upload["status"] == "failed"
    assert words in upload["errorMessage"]
    assert (await local.ok("GET", "/assets"))["assets"] == []


async def test_a_part_larger_than_announced_is_cut_short(local: Local) -> None:
    upload = await announce(local, b"12345")
    assert await send(local, upload["parts"][0], b"x" * 100_000) == 413
    assert not any(local.engine.config.staging.iterdir())


async def test_part_addresses_are_for_one_part(local: Local) -> None:
    upload = await announce(local, b"12345")
    url = upload["parts"][0]["url"]
    for bad in (url.replace("/1?", "/2?"), url.partition("?")[0], url[:-2]):
        assert (await local.http.put(bad, content=b"x")).status_code == 403
    assert (await local.http.get(url)).status_code == 405


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "model"}, {"kind": "video"}, {"kind": "spell"}, {"kind": None}, {"fileSize": 0},
        {"fileSize": 2**40}, {"fileSize": "3"}, {"parts": 0}, {"parts": 6}, {"parts": 1.5},
        {"parts": 10_001}, {"fileName": None}, {"fileName": ""}, {"contentType": None},
        {"url": "http://169.254.169.254/"}, {"huggingFaceModelName": "x"},
        {"assetOptions": {"parentId": 3}},
    ],
    ids=str,
)  # fmt: skip
async def test_what_cannot_be_taken_is_refused_before_a_byte(
    local: Local, fields: dict[str, Any]
) -> None:
    body = {"kind": "image", "fileName": "a.png", "contentType": "image/png", "fileSize": 5,
            "parts": 1, **fields}  # fmt: skip
    assert await local.refused("POST", "/uploads", 400, json=body)


async def test_a_price_is_asked_for_without_an_upload(local: Local) -> None:
    body = {"kind": "image", "fileName": "a", "contentType": "x", "fileSize": 5, "parts": 1}
    answer = await local.http.post("/v1/uploads", params={"dryRun": "true"}, json=body)
    assert (answer.status_code, answer.json()["creativeUnitsCost"]) == (269, 0)
    await local.refused("POST", "/uploads", 400, params={"dryRun": "false"}, json=body)
    assert not any(local.engine.config.uploads.iterdir())


async def test_uploads_and_imports_outlive_a_restart(tmp_path: Path) -> None:
    data = picture()
    async with local_engine(tmp_path) as local:
        waiting, halfway = await announce(local, data), await announce(local, data)
        for upload in (waiting, halfway):
            await send(local, upload["parts"][0], data)
        await local.engine.database.run(
            lambda c: c.execute(
                "UPDATE uploads SET status = 'validating' WHERE id = ?", (halfway["id"],)
            )
        )
    async with local_engine(tmp_path) as local:
        assert (await ended(local, f"/uploads/{halfway['id']}"))["status"] == "imported"
        assert (await finish(local, waiting["id"]))["status"] == "imported"
        assert len((await local.ok("GET", "/assets"))["assets"]) == 2


async def test_an_upload_that_never_came_is_given_up(tmp_path: Path) -> None:
    async with local_engine(tmp_path) as local:
        upload = await announce(local, b"12345")
        await local.engine.database.run(lambda c: c.execute("UPDATE uploads SET updated_at = 0"))
    async with local_engine(tmp_path) as local:
        assert (await ended(local, f"/uploads/{upload['id']}"))["status"] == "failed"
        uploads = local.engine.config.uploads
        await until(lambda: not any(uploads.iterdir()))
