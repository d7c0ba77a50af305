"""Refines of the second half, in any mix, chained and failing one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.engine import work as engine_work
from scenario_desktop.engine.files import ContentFolder, DiskFull
from scenario_desktop.errors import StoreFailed
from tests.contract.sartiq_support import UNKNOWN, Served, opened, photo, serving

REFINES = "/generations/refines"
OTHER = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path / "data") as served:
        yield served


async def prediction(served: Served, **fields: Any) -> str:
    made: str = (await served.made(**fields))["predictions"][0]["id"]
    return made


async def test_a_picture_becomes_a_generation_of_one(served: Served) -> None:
    body = {"base_image_urls": [await served.upload(), await served.upload(photo(64, 64))],
            "scale_factor": 2, "prompt": "crisp"}  # fmt: skip
    answer = await served.ok("POST", REFINES, json=body)
    assert (answer["total_success"], answer["total_failed"]) == (2, 0)
    assert (answer["refines"], answer["failed_uploads"], answer["failed_refines"]) == ([], [], [])
    for made, size in zip(answer["generations"], ((192, 128), (128, 128)), strict=True):
        assert (made["batch_size"], made["width"], made["height"]) == (1, *size)
        assert (made["refine"], made["scale_factor"], made["extra_prompt"]) == (True, 2, "crisp")
        (result,) = (await served.ended(made["id"]))["predictions"]
        assert result["status"] == "completed"
        answer = await served.http.get(result["result_image_url"])
        assert opened(answer.content).size == size


async def test_a_prediction_is_given_a_refine(served: Served) -> None:
    one = await prediction(served)
    answer = await served.refine(one, prompt="crisp", refine_model_id=UNKNOWN)
    (made,) = answer["refines"]
    assert (made["prediction_id"], made["width"], made["height"]) == (one, 80, 80)
    assert (made["scale_factor"], made["prompt"]) == (2, "crisp")
    assert (made["refine_model_id"], made["refines_refine_id"]) == (UNKNOWN, None)
    done = await served.refined(made["id"])
    assert (done["status"], done["result_image_media"]["width"]) == ("completed", 80)
    read = await served.ok("GET", f"/predictions/{one}")
    assert [item["id"] for item in read["refines"]] == [made["id"]]
    assert read["refined_image_url"].partition("?")[0] == done["result_image_url"].partition("?")[0]
    assert await served.ok("GET", f"/refines/{made['id']}") == done


async def test_a_refine_is_refined_again(served: Served) -> None:
    one = await prediction(served)
    first = (await served.refine(one))["refines"][0]["id"]
    early = await served.refine(one, refines_refine_ids={one: UNKNOWN})
    assert "no such refine" in early["failed_refines"][0]["error"]
    await served.refined(first)
    answer = await served.refine(one, refines_refine_ids={one: first}, scale_factor=4)
    (second,) = answer["refines"]
    assert (second["refines_refine_id"], second["width"]) == (first, 320)
    assert (await served.refined(second["id"]))["status"] == "completed"
    by_one_id = await served.refine(one, refines_refine_id=second["id"])
    assert by_one_id["refines"][0]["width"] == 640
    page = await served.ok("GET", f"/refines/predictions/{one}/refines", params={"limit": 2})
    assert page["count"] == 3
    assert [item["width"] for item in page["data"]] == [640, 320]
    await served.ok("DELETE", f"/refines/refines/{first}")
    left = await served.ok("GET", f"/refines/refines/{second['id']}")
    assert (left["refines_refine_id"], left["status"]) == (None, "completed")


async def test_a_source_deleted_meanwhile_fails_the_refine(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await prediction(served)
    first = (await served.refine(one))["refines"][0]["id"]
    await served.refined(first)
    await served.idle()
    queue = served.engine.sartiq.runner._queue
    await queue.stop()
    second = (await served.refine(one, refines_refine_ids={one: first}))["refines"][0]["id"]
    await served.ok("DELETE", f"/refines/refines/{first}")
    queue.start()
    ended = await served.refined(second)
    assert (ended["status"], ended["error_category"]) == ("error", "bad_input")
    assert "has been removed" in ended["error_message"]


async def test_a_mixed_request_is_answered_item_by_item(served: Served) -> None:
    good, foreign = await prediction(served), await prediction(served)
    foreign = (await served.other.made())["predictions"][0]["id"]
    failed = await served.ok("POST", "/generations/", json={"batch_size": 1})
    failed = (await served.ended(failed["id"]))["predictions"][0]["id"]
    url = await served.upload()
    body = {
        "base_image_urls": ["http://evil.example/a.png", url],
        "base_image_url": url.replace("Signature=", "Signature=0"),
        "prediction_ids": [good, foreign, UNKNOWN, failed, good],
        "scale_factor": 2,
    }
    answer = await served.ok("POST", REFINES, json=body)
    assert (answer["total_success"], answer["total_failed"]) == (2, 5)
    assert len(answer["generations"]) == len(answer["refines"]) == 1
    assert [one["index"] for one in answer["failed_uploads"]] == [0, 2]
    errors = {one["prediction_id"]: one["error"] for one in answer["failed_refines"]}
    assert "someone else" in errors[foreign]
    assert "no such prediction" in errors[UNKNOWN]
    assert "no picture" in errors[failed]


@pytest.mark.parametrize(
    ("size", "word"),
    [
        ({}, "scale"), ({"width": 100}, "height"), ({"height": 100}, "width"),
        ({"scale_factor": 3}, "2, 4 or 8"), ({"scale_factor": 0}, "2, 4 or 8"),
        ({"scale_factor": -1}, "2, 4 or 8"), ({"width": 0, "height": 5}, "greater than 0"),
        ({"width": -1, "height": 5}, "greater than 0"), ({"width": None, "height": 5}, "width"),
    ],
)  # fmt: skip
async def test_a_size_that_is_none_is_refused(
    served: Served, size: dict[str, Any], word: str
) -> None:
    body = {"prediction_ids": [UNKNOWN], **size}
    problems = await served.refused("POST", REFINES, 422, json=body)
    assert word in problems[0]["msg"]
    for path in ("/refines/predictions/bulk-refine", "/refines/"):
        body = {**size, "prediction_id": UNKNOWN}
        if path != "/refines/":
            body = {**size, "prediction_ids": [UNKNOWN]}
        assert await served.refused("POST", path, 422, json=body)


async def test_width_and_height_go_before_a_scale(served: Served) -> None:
    one = await prediction(served)
    answer = await served.refine(one, width=100, height=50)
    (made,) = answer["refines"]
    assert (made["width"], made["height"], made["scale_factor"]) == (100, 50, None)
    media = (await served.refined(made["id"]))["result_image_media"]
    assert (media["width"], media["height"]) == (100, 50)


async def test_a_size_beyond_all_measure_fails_its_item(served: Served) -> None:
    one = await prediction(served)
    body = {"base_image_urls": [await served.upload()], "prediction_ids": [one],
            "width": 50_000, "height": 50_000}  # fmt: skip
    answer = await served.ok("POST", REFINES, json=body)
    assert (answer["total_success"], answer["total_failed"]) == (0, 2)
    for item in (*answer["failed_uploads"], *answer["failed_refines"]):
        assert "8 times is the most" in item["error"]


async def test_nothing_to_refine_is_refused(served: Served) -> None:
    for body in (
        {"scale_factor": 2}, {"scale_factor": 2, "prediction_ids": []},
        {"scale_factor": 2, "prediction_ids": [UNKNOWN], "refines_refine_ids": {OTHER: UNKNOWN}},
        {"scale_factor": 2, "prediction_ids": [UNKNOWN] * 1001},
        {"scale_factor": 2, "base_image_urls": ["a"] * 1001},
        {"scale_factor": 2, "prediction_ids": ["x"]},
    ):  # fmt: skip
        assert await served.refused("POST", REFINES, 422, json=body)


async def test_the_outdated_request_still_works(served: Served) -> None:
    one = await prediction(served)
    body = {"prediction_ids": [one, UNKNOWN], "scale_factor": 2, "generative_models_id": UNKNOWN}
    answer = await served.ok("POST", "/refines/predictions/bulk-refine", json=body)
    assert (answer["success_count"], answer["failed_count"]) == (1, 1)
    assert answer["failed_predictions"][0]["prediction_id"] == UNKNOWN
    assert answer["created_refines"][0]["refine_model_id"] == UNKNOWN
    assert (await served.refined(answer["created_refines"][0]["id"]))["status"] == "completed"


async def test_refines_are_listed_and_created_one_by_one(served: Served) -> None:
    one = await prediction(served)
    body = {"prediction_id": one, "width": 100, "height": 100}
    made = await served.ok("POST", "/refines/", json=body)
    assert (made["prediction_id"], made["width"]) == (one, 100)
    page = await served.ok("GET", "/refines/")
    assert ([item["id"] for item in page["data"]], page["count"]) == ([made["id"]], 1)
    assert (await served.other.ok("GET", "/refines/"))["count"] == 0
    body = {"prediction_id": UNKNOWN, "scale_factor": 2}
    assert "no such prediction" in await served.refused("POST", "/refines/", 404, json=body)


async def test_a_refine_is_deleted_with_its_file(served: Served) -> None:
    one = await prediction(served)
    before = served.files()
    made = (await served.refine(one))["refines"][0]["id"]
    await served.refined(made)
    path = f"/refines/refines/{made}"
    assert await served.other.refused("DELETE", path, 403)
    assert await served.other.refused("GET", path, 403)
    await served.ok("DELETE", path)
    assert served.files() == before
    assert await served.refused("DELETE", path, 404)
    assert (await served.ok("GET", f"/predictions/{one}"))["refined_image_url"] is None


async def test_a_refine_deleted_while_it_waits_is_never_made(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await prediction(served)
    before = served.files()
    await served.idle()
    runs = 0
    begun = asyncio.Event()

    async def endless(*_: Any, **__: Any) -> None:
        nonlocal runs
        runs += 1
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(served.engine.pool, "run_within", endless)
    answers = [await served.refine(one) for _ in range(4)]
    await begun.wait()
    for answer in reversed(answers):
        await served.ok("DELETE", f"/refines/refines/{answer['refines'][0]['id']}")
    await served.idle()
    assert runs == served.engine.pool.processes + 1
    assert served.files() == before
    assert await served.rows("SELECT count(*) FROM sartiq_tasks") == [(0,)]


async def test_a_full_disk_fails_one_refine_and_leaves_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await prediction(served)
    before = served.files()

    def full(*_: Any) -> None:
        raise DiskFull("The disk is full. Nothing was stored.")

    monkeypatch.setattr(ContentFolder, "adopt", full)
    made = (await served.refine(one))["refines"][0]["id"]
    ended = await served.refined(made)
    assert (ended["status"], ended["error_category"]) == ("error", "engine")
    assert "disk is full" in ended["error_message"]
    await served.idle()
    assert served.files() == before
    assert not list(served.engine.config.staging.iterdir())


async def test_work_waits_while_nothing_can_be_written_down(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await prediction(served)
    monkeypatch.setattr(engine_work, "RETRY_S", 0.01)
    claim, refusals = served.engine.sartiq.runner._queue._claim, iter([True] * 3)
    database = type(served.engine.database)
    run = database.run

    async def full(self: Any, work: Any) -> Any:
        if work is claim and next(refusals, False):
            raise StoreFailed("The disk is full.")
        return await run(self, work)

    monkeypatch.setattr(database, "run", full)
    made = (await served.refine(one))["refines"][0]["id"]
    assert (await served.refined(made))["status"] == "completed"
