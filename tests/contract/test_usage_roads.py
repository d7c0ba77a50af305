"""Every road through the engine that makes, changes or bills something leaves its record."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from scenario_sdk.types.usage_list_response import Activity

from scenario_desktop.engine.canvas import FORCED, SAVED
from scenario_desktop.engine.jobs import DETECTION, MADE
from scenario_desktop.engine.routes.recording import ACTIONS
from scenario_desktop.engine.times import now_ms, to_iso
from scenario_desktop.engine.usage_answer import shown_action
from scenario_desktop.errors import StoreFailed
from tests.contract.engine_support import Local, local_engine, picture, polled


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Local]:
    async with local_engine(tmp_path / "engine") as local:
        yield local


async def activity(local: Local) -> list[dict[str, Any]]:
    """Return what was done, in the order of time."""
    answer = await local.ok("GET", "/usages", params={"type": "activity"})
    return list(reversed(answer["activity"]))


async def told(local: Local) -> list[tuple[str, str | None, float | None]]:
    return [
        (item["action"], item["data"].get("assetId"), item.get("creativeUnitsCost"))
        for item in await activity(local)
    ]


async def ended(local: Local, job_id: str) -> dict[str, Any]:
    async def read() -> dict[str, Any]:
        job: dict[str, Any] = (await local.ok("GET", f"/jobs/{job_id}"))["job"]
        return job

    return await polled(read, lambda job: job["status"] in ("success", "failure", "canceled"))


async def detect(local: Local, image: str, modality: str = "canny") -> dict[str, Any]:
    body = {"image": image, "modality": modality}
    return await ended(
        local, (await local.ok("POST", "/generate/detect", json=body))["job"]["jobId"]
    )


async def test_uploads_and_copies_are_free(local: Local) -> None:
    asset = await local.upload()
    copy = (await local.ok("POST", f"/assets/{asset['id']}/copy", json={}))["asset"]
    data = picture()
    body = {"kind": "image", "fileName": "b.png", "contentType": "image/png",
            "fileSize": len(data), "parts": 1}  # fmt: skip
    upload = (await local.ok("POST", "/uploads", json=body))["upload"]
    await local.http.put(upload["parts"][0]["url"], content=data)
    await local.ok("POST", f"/uploads/{upload['id']}/action", json={"action": "complete"})

    async def read() -> dict[str, Any]:
        answer: dict[str, Any] = (await local.ok("GET", f"/uploads/{upload['id']}"))["upload"]
        return answer

    done = await polled(read, lambda found: found.get("entityId") or found["status"] == "failed")
    assert await told(local) == [
        ("asset", asset["id"], None), ("copy-asset", copy["id"], None),
        ("asset", done["entityId"], None),
    ]  # fmt: skip
    answer = await local.ok("GET", "/usages", params={"type": "asset-usages,consumption"})
    [kind] = answer["assetUsages"]
    assert (kind["kind"], sum(point["count"] for point in kind["points"])) == ("image", 3)
    [user] = answer["consumption"]
    assert (user["userId"], user["total"]) == (local.engine.keys.user_id, 0)


async def test_a_job_bills_at_its_start_and_names_its_result(local: Local) -> None:
    asset = await local.upload()
    job = await detect(local, asset["id"])
    [result] = job["metadata"]["assetIds"]
    assert await told(local) == [
        ("asset", asset["id"], None), ("detection", asset["id"], 1),
        ("custom-asset-created", result, None),
    ]  # fmt: skip
    assert [item["data"].get("jobId") for item in (await activity(local))[1:]] == [job["jobId"]] * 2
    rows = await local.engine.database.run(
        lambda c: c.execute("SELECT compute_ms FROM usage WHERE compute_ms IS NOT NULL").fetchall()
    )
    assert len(rows) == 1
    assert rows[0]["compute_ms"] >= 0


async def test_a_job_that_fails_or_is_cancelled_costs_nothing(local: Local) -> None:
    asset = await local.upload()
    failed = await detect(local, asset["id"], "depth")
    assert failed["status"] == "failure"
    good = await detect(local, asset["id"])
    now = now_ms()
    params = {"startDate": to_iso(now - 3_600_000), "endDate": to_iso(now + 60_000)}
    answer = await local.ok("GET", "/usages", params=params)
    sums = {
        series["usageName"]: sum(Decimal(point["value"]) for point in series["points"])
        for series in answer["usages"]
    }
    assert sums == {
        "creative-unit-cost": 1, "creative-unit-discount": 0, "detection": 2, "refunds": 1,
        "custom-asset-created": 1,
    }  # fmt: skip
    costs = {item["data"]["jobId"]: item["creativeUnitsCost"]
             for item in answer["activity"] if item["action"] == "detection"}  # fmt: skip
    assert costs == {failed["jobId"]: 0, good["jobId"]: 1}
    jobs = {job["id"]: job["status"] for job in answer["entities"]["jobs"]}
    assert jobs == {failed["jobId"]: "failure", good["jobId"]: "success"}
    [user] = answer["consumption"]
    assert (user["value"], user["discount"], user["total"]) == (1, 0, 1)


async def test_a_price_is_not_recorded(local: Local) -> None:
    asset = await local.upload()
    body = {"image": asset["id"], "modality": "canny"}
    answer = await local.http.post("/v1/generate/detect", params={"dryRun": "true"}, json=body)
    assert answer.status_code == 269
    assert [action for action, _, _ in await told(local)] == ["asset"]


async def test_saves_of_a_canvas_are_recorded_and_its_own_ones_are_not(local: Local) -> None:
    thumbnail = base64.b64encode(picture()).decode()
    body = {"name": "Board", "canvas": "{}", "thumbnail": thumbnail}
    canvas = (await local.ok("POST", "/assets", json=body))["asset"]
    until = to_iso(now_ms() + int(timedelta(minutes=5).total_seconds() * 1000))
    lock = await local.ok("PUT", f"/assets/{canvas['id']}/lock", json={"lockExpiresAt": until})
    save = {"lockId": lock["lockId"], "canvas": '{"a": 1}'}
    await local.ok("PUT", f"/assets/{canvas['id']}", json=save)
    await local.ok("PUT", f"/assets/{canvas['id']}", json=save | {"disableSnapshot": True})
    await local.ok("PUT", f"/assets/{canvas['id']}/unlock", json={"forceUnlock": True})
    assert await told(local) == [
        ("asset", canvas["id"], None), ("update-asset", canvas["id"], None),
        ("update-asset", canvas["id"], None),  # the lock that was taken away
    ]  # fmt: skip


async def test_free_actions_are_recorded_when_they_succeed(local: Local) -> None:
    asset = await local.upload()
    path = f"/assets/{asset['id']}"
    await local.ok("PUT", path, json={"name": "new"})
    await local.ok("PUT", f"{path}/tags", json={"add": ["t"]})
    await local.ok("POST", f"{path}/download", json={"targetFormat": "png"})
    collection = (await local.ok("POST", "/collections", json={"name": "c"}))["collection"]["id"]
    inside, ids = f"/collections/{collection}/assets", {"assetIds": [asset["id"]]}
    await local.ok("PUT", inside, json=ids)
    await local.ok("DELETE", inside, json=ids)
    await local.ok("PUT", f"/collections/{collection}", json={"name": "d"})
    await local.refused("PUT", "/assets/asset_none/tags", 404, json={"add": ["t"]})
    await local.refused("PUT", f"{path}/tags", 400, json={"add": "t"})
    done = await activity(local)
    assert [
        (item["action"], item["data"].get("assetId"), item["data"].get("collectionId"))
        for item in done[1:]
    ] == [
        ("update-asset", asset["id"], None), ("tag-asset", asset["id"], None),
        ("download-assets", asset["id"], None), ("collection", None, collection),
        ("collection-assets", None, collection),
        ("delete-collection-assets", None, collection), ("update-collection", None, collection),
    ]  # fmt: skip
    await local.ok("DELETE", f"/collections/{collection}")
    await local.ok("DELETE", "/assets", json=ids)
    assert [action for action, _, _ in (await told(local))[-2:]] == [
        "delete-collection", "delete-asset",
    ]  # fmt: skip
    answer = await local.ok("GET", "/usages")
    assert {series["usageName"] for series in answer["usages"]} == {
        "creative-unit-cost", "creative-unit-discount",
    }  # fmt: skip
    assert answer["consumption"][0]["total"] == 0
    assert all("creativeUnitsCost" not in item for item in answer["activity"])


async def test_a_record_that_cannot_be_written_hinders_nothing(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise StoreFailed("The disk is full.")

    asset = await local.upload()
    monkeypatch.setattr("scenario_desktop.engine.usage.UsageLog.record", fail)
    await local.ok("PUT", f"/assets/{asset['id']}/tags", json={"add": ["t"]})
    assert [action for action, _, _ in await told(local)] == ["asset"]


def test_all_words_for_actions_are_the_apis() -> None:
    known = set(get_args(Activity.model_fields["action"].annotation))
    words = {*ACTIONS.values(), "asset", "copy-asset", SAVED, MADE, DETECTION}
    assert words | {shown_action(FORCED)} <= known
