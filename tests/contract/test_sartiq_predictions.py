"""Predictions of the second half: read, marked and removed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.sartiq_support import UNKNOWN, Served, serving


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path / "data") as served:
        yield served


async def test_predictions_are_listed_newest_first_and_each_users_own(served: Served) -> None:
    first, second = await served.made(batch_size=2), await served.made()
    await served.other.made()
    ids = [one["id"] for made in (first, second) for one in made["predictions"]]
    page = await served.ok("GET", "/predictions/")
    assert ([one["id"] for one in page["data"]], page["count"]) == (ids[::-1], 3)
    page = await served.ok("GET", "/predictions/", params={"skip": 1, "limit": 1})
    assert ([one["id"] for one in page["data"]], page["count"]) == ([ids[1]], 3)


async def test_a_favourite_is_marked_and_found(served: Served) -> None:
    generation = await served.made(batch_size=2)
    one, two = (prediction["id"] for prediction in generation["predictions"])
    path = f"/predictions/{one}/favourite"
    marked = await served.ok("PATCH", path, params={"favourite": True})
    assert (marked["id"], marked["favourite"]) == (one, True)
    for is_favourite, expected in ((True, [one]), (False, [two])):
        page = await served.ok("GET", "/predictions/", params={"favourite": is_favourite})
        assert ([item["id"] for item in page["data"]], page["count"]) == (expected, 1)
    cleared = await served.ok("PATCH", path, params={"favourite": "false"})
    assert not cleared["favourite"]
    assert (await served.ok("GET", "/predictions/", params={"favourite": True}))["count"] == 0
    for params in ({}, {"favourite": "perhaps"}):
        (problem,) = await served.refused("PATCH", path, 422, params=params)
        assert problem["loc"] == ["query", "favourite"]


async def test_one_of_a_generation_is_selected(served: Served) -> None:
    generation = await served.made(batch_size=2)
    one, two = (prediction["id"] for prediction in generation["predictions"])
    for chosen in (one, two, two):
        told = await served.ok("POST", f"/predictions/{chosen}/select")
        assert (told["id"], told["selected"], told["favourite"]) == (chosen, True, False)
        left = await served.ok("GET", f"/generations/{generation['id']}")
        assert [item["id"] for item in left["predictions"] if item["selected"]] == [chosen]


async def test_there_are_no_revisions(served: Served) -> None:
    generation = await served.made()
    path = f"/predictions/{generation['predictions'][0]['id']}/revisions"
    assert await served.ok("GET", path) == []
    assert await served.other.refused("GET", path, 403)
    assert await served.refused("GET", f"/predictions/{UNKNOWN}/revisions", 404)


async def test_the_last_one_of_a_generation_is_kept(served: Served) -> None:
    generation = await served.made(batch_size=2)
    one, two = (prediction["id"] for prediction in generation["predictions"])
    before = served.files()
    assert (await served.ok("DELETE", f"/predictions/{one}"))["message"]
    assert len(before - served.files()) == 1
    assert await served.refused("DELETE", f"/predictions/{one}", 404)
    assert "Delete the generation" in await served.refused("DELETE", f"/predictions/{two}", 409)
    assert await served.other.refused("DELETE", f"/predictions/{two}", 403)
    left = await served.ok("GET", f"/generations/{generation['id']}")
    assert [item["id"] for item in left["predictions"]] == [two]
    stats = await served.ok("GET", f"/generations/{generation['id']}/stats")
    assert (stats["total"], stats["completed"]) == (1, 1)


async def test_many_are_deleted_with_whole_generations(served: Served) -> None:
    whole, part = await served.made(batch_size=2), await served.made(batch_size=2)
    foreign = (await served.other.made())["predictions"][0]["id"]
    gone = [one["id"] for one in whole["predictions"]]
    partly = part["predictions"][0]["id"]
    body = {"prediction_ids": [*gone, partly, foreign, UNKNOWN, partly]}
    answer = await served.ok("POST", "/predictions/bulk-delete", json=body)
    assert answer["deleted_generations"] == [whole["id"]]
    assert answer["deleted_predictions"] == [partly]
    assert (answer["success_count"], answer["failed_count"]) == (3, 2)
    errors = {one["prediction_id"]: one["error"] for one in answer["failed_predictions"]}
    assert "someone else" in errors[foreign]
    assert "no such prediction" in errors[UNKNOWN]
    assert await served.refused("GET", f"/generations/{whole['id']}", 404)
    assert len((await served.ok("GET", f"/generations/{part['id']}"))["predictions"]) == 1
    assert len(served.files()) == 4  # two results, and what they were made from
    assert await served.other.ok("GET", f"/predictions/{foreign}")


async def test_one_that_is_being_made_is_stopped_and_the_others_go_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()
    run = served.engine.pool.run_within

    async def endless(*args: Any) -> Any:
        if begun.is_set():
            return await run(*args)
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    url = await served.upload()
    monkeypatch.setattr(served.engine.pool, "run_within", endless)
    generation = await served.adjust(url, batch_size=2)
    await begun.wait()
    first, second = (one["id"] for one in generation["predictions"])
    await served.ok("DELETE", f"/predictions/{first}")
    await stopped.wait()
    ended = await served.ended(generation["id"])
    assert ended["status"] == "COMPLETED"
    assert [one["id"] for one in ended["predictions"]] == [second]
    await served.idle()
    assert len(served.files()) == 2


@pytest.mark.parametrize("number", [0, 1001, 5000])
async def test_too_many_are_refused_before_any_is_deleted(served: Served, number: int) -> None:
    generation = await served.made()
    ids = ([generation["predictions"][0]["id"]] + [UNKNOWN] * 5000)[:number]
    body = {"prediction_ids": ids}
    detail = await served.refused("POST", "/predictions/bulk-delete", 400, json=body)
    assert isinstance(detail, str)
    assert await served.ok("GET", f"/generations/{generation['id']}")


async def test_a_thousand_are_deleted_at_once(served: Served) -> None:
    body = {"batch_size": 100}
    made = [await served.ok("POST", "/generations/", json=body) for _ in range(10)]
    ids = [one["id"] for generation in made for one in generation["predictions"]]
    answer = await served.ok("POST", "/predictions/bulk-delete", json={"prediction_ids": ids})
    assert (answer["success_count"], len(answer["deleted_generations"])) == (1000, 10)
    assert (await served.ok("GET", "/predictions/"))["count"] == 0
    assert await served.rows("SELECT count(*) FROM sartiq_tasks") == [(0,)]


async def test_every_address_is_signed_anew(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = (await served.made())["predictions"][0]
    monkeypatch.setattr(served.engine.links, "_clock", lambda: time.time() + 60)
    again = await served.ok("GET", f"/predictions/{made['id']}")
    assert again["result_image_url"] != made["result_image_url"]
    assert (await served.http.get(made["result_image_url"])).status_code == 200


async def test_ten_thousand_are_listed_by_an_index(served: Served) -> None:
    generation = await served.made()
    (key,) = (await served.rows("SELECT key FROM sartiq_generations"))[0]
    await served.rows(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
        " INSERT INTO sartiq_predictions (id, generation_key, user_id, status, seed, is_favourite,"
        " media_key, created_at, updated_at) SELECT printf('00000000-0000-4000-8000-%012d', i), ?,"
        " ?, 'completed', i, i % 100 = 0, 1, i, i FROM n RETURNING 1",
        key, served.keys.user_id,
    )  # fmt: skip
    statements: list[str] = []
    await served.engine.database.run(lambda connection: connection.set_trace_callback(
        lambda sql: statements.append(sql) if "sartiq_predictions" in sql else None
    ))  # fmt: skip
    took_s = []
    for params in ({"skip": 5000}, {"favourite": True}, {"favourite": True, "skip": 50}):
        begin = time.perf_counter()
        page = await served.ok("GET", "/predictions/", params={"limit": 50, **params})
        took_s.append(time.perf_counter() - begin)
        assert len(page["data"]) == 50
    await served.engine.database.run(lambda connection: connection.set_trace_callback(None))
    assert len(statements) == 4 * 3  # count, keys, predictions, refines: however many there are
    plans = [
        row["detail"]
        for sql in statements
        for row in await served.engine.database.run(
            lambda connection, sql=sql: connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
        )
    ]
    assert not [plan for plan in plans if plan.startswith("SCAN") and "json_each" not in plan]
    assert min(took_s) < 0.5
    assert generation["id"]
