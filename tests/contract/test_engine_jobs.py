"""Detect jobs and the job list, over HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
import string
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from scenario_desktop.engine import jobs as engine_jobs
from scenario_desktop.engine import work as engine_work
from scenario_desktop.engine.files import ContentFolder, DiskFull
from scenario_desktop.engine.work import Seat
from scenario_desktop.errors import StoreFailed
from scenario_desktop.imaging import controlmaps
from tests.contract.job_support import Served, picture, png, serving
from tests.support import until


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path / "data") as served:
        yield served


@pytest.fixture
async def idle(tmp_path: Path, never_begins: None) -> AsyncIterator[Served]:
    """An engine that takes jobs in and never begins one."""
    async with serving(tmp_path / "data") as served:
        yield served


async def test_a_detect_job_ends_with_its_map_in_the_library(served: Served) -> None:
    image = picture()
    asset_id = await served.add(image)
    job = await served.detect(asset_id, lowThreshold=40, highThreshold=90)
    assert (job["status"], job["jobType"], job["billing"]["cuCost"]) == ("queued", "detection", 1)
    ended = await served.ended(job["jobId"])
    assert [entry["status"] for entry in ended["statusHistory"]] == [
        "queued", "warming-up", "in-progress", "finalizing", "success",
    ]  # fmt: skip
    dates = [entry["date"] for entry in ended["statusHistory"]]
    assert dates == sorted(dates)
    assert ended["progress"] == 1
    (result_id,) = ended["metadata"]["assetIds"]
    result = (await served.http.get(f"/assets/{result_id}")).json()["asset"]
    assert (result["source"], result["metadata"]["type"]) == ("detection", "detection")
    assert result["metadata"]["parentId"] == result["metadata"]["rootParentId"] == asset_id
    assert result["metadata"]["name"] == "photo canny"
    assert result["metadata"]["modality"] == "canny"
    assert (result["metadata"]["lowThreshold"], result["metadata"]["highThreshold"]) == (40, 90)
    assert (result["properties"]["width"], result["properties"]["height"]) == image.size
    assert result["thumbnail"]["url"]
    path = await served.engine.assets.original_path(result_id)
    gray = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2GRAY)
    assert np.array_equal(np.asarray(Image.open(path).convert("L")), cv2.Canny(gray, 40, 90))
    assert await served.units() == ["1"]


async def test_every_map_that_needs_no_model_is_made(served: Served) -> None:
    asset_id = await served.add(picture(80, 40))
    jobs = [await served.detect(asset_id, name) for name in sorted(controlmaps.COMPUTABLE)]
    ended = [await served.ended(job["jobId"]) for job in jobs]
    assert {job["status"] for job in ended} == {"success"}
    ids = [job["metadata"]["assetIds"][0] for job in ended]
    answer = await served.http.post("/assets/get-bulk", json={"assetIds": ids})
    sizes = {(a["properties"]["width"], a["properties"]["height"]) for a in answer.json()["assets"]}
    assert sizes == {(80, 40)}


@pytest.mark.parametrize("modality", ["depth", "pose"])
async def test_what_needs_a_model_fails_with_a_hint_and_costs_nothing(
    served: Served, modality: str
) -> None:
    job = await served.detect(await served.add(), modality)
    ended = await served.ended(job["jobId"])
    assert ended["status"] == "failure"
    assert "learned model" in ended["metadata"]["error"]
    assert ended["metadata"]["hint"]
    assert ended["metadata"]["assetIds"] == []
    assert ended["billing"] == {"cuCost": 0, "cuDiscount": 0, "cuCostDetails": {"detection": 0}}
    assert await served.units() == ["1", "-1"]


@pytest.mark.parametrize("word", ["true", "api"])
async def test_a_dry_run_tells_the_price_and_starts_nothing(served: Served, word: str) -> None:
    body = {"image": await served.add(), "modality": "canny"}
    answer = await served.http.post("/generate/detect", params={"dryRun": word}, json=body)
    assert answer.status_code == 269
    assert answer.json() == {
        "creativeUnitsCost": 1, "creativeUnitsDiscount": 0, "costDetails": {"detection": 1},
    }  # fmt: skip
    assert (await served.http.get("/jobs")).json() == {"jobs": []}
    assert await served.units() == []


@pytest.mark.parametrize(
    "change",
    [
        {"dryRun": True},
        {"modality": "blur"},
        {"modality": None},
        {"image": None},
        {"image": ""},
        {"image": "x\0y"},
        {"image": 7},
        {"image": "data:image/png,notbase64"},
        {"image": "data:image/png;base64,@@@"},
        {"image": "data:image/png;base64," + base64.b64encode(b"<svg/>").decode()},
        {"lowThreshold": 300},
        {"lowThreshold": -1},
        {"lowThreshold": 10.5},
        {"lowThreshold": "10"},
        {"lowThreshold": True},
        {"low_threshold": 10},
        {"lowThreshold": 200, "highThreshold": 100},
        {"factor": 5},
        {"keypointThreshold": 0.5},
        {"removeBackground": "no"},
        {"removeBackground": 1},
    ],
    ids=str,
)
async def test_a_body_that_is_not_as_documented_is_refused(
    idle: Served, change: dict[str, Any]
) -> None:
    body = {"image": await idle.add(), "modality": "canny"} | change
    for params in ({}, {"dryRun": "true"}):
        answer = await idle.http.post("/generate/detect", params=params, json=body)
        assert answer.status_code == 400
        assert answer.json()["reason"]
    assert await idle.units() == []


async def test_an_unknown_or_deleted_picture_is_not_found(idle: Served) -> None:
    asset_id = await idle.add()
    await idle.engine.assets.delete([asset_id])
    for image in (asset_id, "asset_none"):
        answer = await idle.http.post(
            "/generate/detect", json={"image": image, "modality": "canny"}
        )
        assert answer.status_code == 404


async def test_a_picture_sent_along_becomes_a_hidden_parent(served: Served) -> None:
    url = "data:image/png;base64," + base64.b64encode(png(picture())).decode()
    body = {"image": url, "modality": "sketch"}
    priced = await served.http.post("/generate/detect", params={"dryRun": "true"}, json=body)
    assert priced.status_code == 269
    assert (await served.http.get("/assets")).json()["assets"] == []
    ended = await served.ended((await served.detect(url, "sketch"))["jobId"])
    assert ended["status"] == "success"
    parent_id = ended["metadata"]["input"]["image"]
    parent = (await served.http.get(f"/assets/{parent_id}")).json()["asset"]
    assert parent["isHidden"]


async def test_a_picture_deleted_meanwhile_fails_its_job(idle: Served, tmp_path: Path) -> None:
    asset_id = await idle.add()
    job = await idle.detect(asset_id)
    await idle.engine.assets.delete([asset_id])
    runner = engine_jobs.JobRunner(
        database=idle.engine.database, assets=idle.engine.assets, usage=idle.engine.usage,
        pool=idle.engine.pool, keys=idle.engine.keys,
    )  # fmt: skip
    running = await idle.engine.database.run(engine_jobs._claim)
    assert running is not None
    await runner._work(running, Seat(lambda: None))
    ended = await idle.job(job["jobId"])
    assert ended["status"] == "failure"
    assert "deleted" in ended["metadata"]["error"]


async def test_a_queued_job_can_be_cancelled_once(idle: Served) -> None:
    job = await idle.detect(await idle.add())
    path = f"/jobs/{job['jobId']}/action"
    answer = await idle.http.post(path, json={"action": "cancel"})
    assert answer.json()["job"]["status"] == "canceled"
    again = await idle.http.post(path, json={"action": "cancel"})
    assert again.status_code == 400
    assert await idle.units() == ["1", "-1"]


async def test_a_running_job_can_be_cancelled(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def endless(*_: Any, **__: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(served.engine.pool, "run_reporting", endless)
    job = await served.detect(await served.add())
    await begun.wait()
    answer = await served.http.post(f"/jobs/{job['jobId']}/action", json={"action": "cancel"})
    assert answer.json()["job"]["status"] == "canceled"
    monkeypatch.undo()
    other = await served.ended((await served.detect(await served.add()))["jobId"])
    assert other["status"] == "success"
    assert (await served.job(job["jobId"]))["status"] == "canceled"
    assert await served.units() == ["1", "-1", "1"]


async def test_cancelling_at_any_moment_keeps_all_places(served: Served) -> None:
    asset_id = await served.add()
    for pause in range(12):
        job = await served.detect(asset_id)
        for _ in range(pause):
            await asyncio.sleep(0)
        await served.http.post(f"/jobs/{job['jobId']}/action", json={"action": "cancel"})
    ended = [
        await served.ended(job_id)
        for job_id in [(await served.detect(asset_id))["jobId"] for _ in range(4)]
    ]
    assert {job["status"] for job in ended} == {"success"}
    await until(lambda: not served.engine.jobs._queue.under_way)
    # One place is held by the dispatcher, which waits for the next job.
    assert served.engine.jobs._queue._places._value == served.engine.pool.processes


async def test_a_job_cancelled_while_its_result_is_stored_leaves_none(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = await served.add()
    create = served.engine.assets.create

    async def cancel_first(**values: Any) -> Any:
        (job,) = (await served.http.get("/jobs")).json()["jobs"]
        await served.http.post(f"/jobs/{job['jobId']}/action", json={"action": "cancel"})
        return await create(**values)

    monkeypatch.setattr(type(served.engine.assets), "create", staticmethod(cancel_first))
    job = await served.detect(asset_id)
    assert (await served.ended(job["jobId"]))["status"] == "canceled"
    await until(lambda: not served.engine.jobs._queue.under_way)
    assets = (await served.http.get("/assets")).json()["assets"]
    assert [asset["id"] for asset in assets] == [asset_id]
    assert not list((served.engine.config.data / "staging").iterdir())
    assert len([p for p in served.engine.config.contents.rglob("*") if p.is_file()]) == 1


async def test_other_types_cannot_be_cancelled(idle: Served) -> None:
    job = await idle.detect(await idle.add())
    await idle.execute("UPDATE jobs SET type = 'custom'")
    answer = await idle.http.post(f"/jobs/{job['jobId']}/action", json={"action": "cancel"})
    assert answer.status_code == 400
    assert answer.json()["reason"] == ("Cannot cancel this type of job. Action not permitted.")


@pytest.mark.parametrize("body", [{}, {"action": "stop"}, {"action": None}, [], 1, "cancel"])
async def test_unknown_actions_are_refused(idle: Served, body: Any) -> None:
    job = await idle.detect(await idle.add())
    answer = await idle.http.post(f"/jobs/{job['jobId']}/action", json=body)
    assert answer.status_code == 400


async def test_unknown_jobs_are_not_found(idle: Served) -> None:
    assert (await idle.http.get("/jobs/job_none")).status_code == 404
    answer = await idle.http.post("/jobs/job_none/action", json={"action": "cancel"})
    assert answer.status_code == 404


async def ids(served: Served, **params: Any) -> list[str]:
    answer = await served.http.get("/jobs", params=params)
    assert answer.status_code == 200, answer.text
    return [job["jobId"] for job in answer.json()["jobs"]]


async def test_the_list_is_filtered_and_newest_first(idle: Served) -> None:
    asset_id = await idle.add()
    a, b, c = [(await idle.detect(asset_id))["jobId"] for _ in range(3)]
    for number, job_id in enumerate((a, b, c)):
        await idle.execute(
            "UPDATE jobs SET created_at = ?, updated_at = ? WHERE id = ?",
            1_800_000_000_000 + number * 1000, 1_800_000_100_000 - number * 1000, job_id,
        )  # fmt: skip
    await idle.execute("UPDATE jobs SET type = 'upscale', status = 'success' WHERE id = ?", b)
    assert await ids(idle) == [c, b, a]
    assert await ids(idle, type="detection") == [a, c]
    assert await ids(idle, type="detection", types="upscale") == [b]
    assert await ids(idle, type="nonsense", types="upscale,detection") == [a, b, c]
    assert await ids(idle, status="success") == [b]
    assert await ids(idle, createdAfter="2027-01-15T08:00:00Z") == [c, b]
    assert await ids(idle, status="queued", updatedAfter="2027-01-15T08:01:38.500Z") == [a]


@pytest.mark.parametrize(
    "params",
    [
        {"createdAfter": "2026-01-01", "status": "success"},
        {"createdAfter": "2026-01-01", "types": "detection"},
        {"createdAfter": "2026-01-01", "workflowId": "w"},
        {"updatedAfter": "2026-01-01"},
        {"createdAfter": "yesterday"},
        {"status": "done"},
        {"type": "nonsense"},
        {"types": "detection,nonsense"},
        {"pageSize": "0"},
        {"pageSize": "101"},
        {"hideResults": "maybe"},
        {"paginationToken": "abc"},
    ],
    ids=str,
)
async def test_filters_that_do_not_go_together_are_refused(
    idle: Served, params: dict[str, str]
) -> None:
    assert (await idle.http.get("/jobs", params=params)).status_code == 400


async def test_an_author_limits_the_list_to_the_last_30_days(idle: Served) -> None:
    job = await idle.detect(await idle.add())
    await idle.execute("UPDATE jobs SET created_at = created_at - 31 * 86400000")
    author = job["authorId"]
    assert await ids(idle) == [job["jobId"]]
    assert await ids(idle, authorId=author) == []
    assert await ids(idle, hideResults="false") == []
    assert await ids(idle, authorId=author, createdAfter="2020-01-01") == [job["jobId"]]


async def test_pages_may_be_empty_and_all_are_reached_once(idle: Served) -> None:
    asset_id = await idle.add()
    made = [(await idle.detect(asset_id))["jobId"] for _ in range(7)]
    await idle.execute("UPDATE jobs SET author_id = 'someone' WHERE id != ?", made[0])
    author = (await idle.job(made[0]))["authorId"]
    seen, sizes, params = [], [], {"pageSize": "2", "authorId": author}
    while True:
        page = (await idle.http.get("/jobs", params=params)).json()
        seen += [job["jobId"] for job in page["jobs"]]
        sizes.append(len(page["jobs"]))
        if "nextPaginationToken" not in page:
            break
        params["paginationToken"] = page["nextPaginationToken"]
    assert seen == [made[0]]
    assert sizes == [0, 0, 0, 1]


async def test_a_token_goes_with_its_own_filters_only(idle: Served) -> None:
    asset_id = await idle.add()
    for _ in range(2):
        await idle.detect(asset_id)
    token = (await idle.http.get("/jobs", params={"pageSize": 1})).json()["nextPaginationToken"]
    answer = await idle.http.get(
        "/jobs", params={"pageSize": 1, "status": "queued", "paginationToken": token}
    )
    assert answer.status_code == 400


async def test_jobs_wait_while_the_disk_is_full(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_work, "RETRY_S", 0.01)
    asset_id, refusals = await served.add(), iter([True] * 3)
    begin, database = engine_jobs._claim, served.engine.database
    run = type(database).run

    async def full(self: Any, work: Any) -> Any:
        if work is begin and next(refusals, False):
            raise StoreFailed("The disk is full.")
        return await run(self, work)

    monkeypatch.setattr(type(database), "run", full)
    ended = await served.ended((await served.detect(asset_id))["jobId"])
    assert ended["status"] == "success"


async def test_a_full_disk_fails_the_job_and_leaves_nothing_behind(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = await served.add()
    stored = {path for path in served.engine.config.data.rglob("*") if path.is_file()}

    def full(*_: Any) -> None:
        raise DiskFull("The disk is full. Nothing was stored.")

    monkeypatch.setattr(ContentFolder, "adopt", full)
    ended = await served.ended((await served.detect(asset_id))["jobId"])
    assert (ended["status"], ended["billing"]["cuCost"]) == ("failure", 0)
    assert "disk is full" in ended["metadata"]["error"]
    await until(lambda: not served.engine.jobs._queue.under_way)
    assert stored == {path for path in served.engine.config.data.rglob("*") if path.is_file()}


async def test_a_stored_picture_that_was_damaged_fails_its_job(served: Served) -> None:
    asset_id = await served.add()
    path = await served.engine.assets.original_path(asset_id)
    path.write_bytes(path.read_bytes()[:200])
    ended = await served.ended((await served.detect(asset_id))["jobId"])
    assert ended["status"] == "failure"
    assert "cut off" in ended["metadata"]["error"]


@pytest.mark.expects_errors
async def test_a_mistake_of_ours_fails_the_job_and_not_the_engine(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(served.engine.pool, "run_reporting", broken)
    ended = await served.ended((await served.detect(await served.add()))["jobId"])
    assert ended["status"] == "failure"
    assert "mistake" in ended["metadata"]["error"]
    assert await served.units() == ["1", "-1"]
    monkeypatch.undo()
    assert (await served.ended((await served.detect(await served.add()))["jobId"]))[
        "status"
    ] == "success"


async def test_waiting_and_interrupted_jobs_go_on_after_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        asset_id = await served.add()
        jobs = [(await served.detect(asset_id, "segmentation"))["jobId"] for _ in range(4)]
    async with serving(tmp_path) as served:
        ended = [await served.ended(job_id) for job_id in jobs]
        assert {job["status"] for job in ended} == {"success"}
        results = {job["metadata"]["assetIds"][0] for job in ended}
        assert len(results) == 4
        assert len((await served.http.get("/assets")).json()["assets"]) == 5
        assert await served.units() == ["1"] * 4


async def test_a_job_that_keeps_killing_the_engine_is_given_up(idle: Served) -> None:
    job = await idle.detect(await idle.add())
    for attempts, expected in ((2, "queued"), (3, "failure")):
        await idle.execute("UPDATE jobs SET status = 'in-progress', attempts = ?", attempts)
        await idle.engine.database.run(idle.engine.jobs._recover)
        job = await idle.job(job["jobId"])
        assert job["status"] == expected
    assert "3 times" in job["metadata"]["error"]
    assert await idle.units() == ["1", "-1"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["image", "modality", "lowThreshold", "highThreshold", "factor", "minThreshold",
     "maxThreshold", "keypointThreshold", "removeBackground", "dryRun", "action"]
)  # fmt: skip
BODIES = JSON | st.dictionaries(FIELDS, JSON | st.sampled_from(["canny", "pose"]), max_size=6)
FUZZ = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def post_all(served: Served, body: bytes) -> list[int]:
    paths = ("/generate/detect?dryRun=true", "/generate/detect", "/jobs/job_x/action")
    return [(await served.http.post(path, content=body)).status_code for path in paths]


@pytest.fixture
def fuzzed(tmp_path: Path) -> Any:
    """Run a coroutine function with an engine; hypothesis calls plain functions only."""
    runner = asyncio.Runner()
    context = serving(tmp_path)
    served = runner.run(context.__aenter__())
    yield lambda work, *values: runner.run(work(served, *values))
    runner.run(context.__aexit__(None, None, None))
    runner.close()


@FUZZ
@given(body=BODIES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40))
def test_no_body_makes_the_engine_stumble(fuzzed: Any, body: bytes) -> None:
    assert set(fuzzed(post_all, body)) <= {400, 404, 413}


@FUZZ
@given(
    params=st.dictionaries(
        st.sampled_from(
            ["status", "type", "types", "createdAfter", "updatedAfter", "authorId", "pageSize",
             "hideResults", "workflowId", "paginationToken", "projectId"]
        ),
        st.text(string.printable, max_size=20) | st.sampled_from(["queued", "detection", "1", ""]),
        max_size=4,
    )
)  # fmt: skip
def test_no_query_makes_the_engine_stumble(fuzzed: Any, params: dict[str, str]) -> None:
    async def get(served: Served) -> int:
        return (await served.http.get("/jobs", params=params)).status_code

    assert fuzzed(get) in (200, 400, 403)
