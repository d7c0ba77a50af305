"""The lock of a canvas: who has it, until when, and what it keeps from happening."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.engine.canvas import FORCED
from tests.contract.canvas_support import MINUTE, THUMBNAIL, Clock, Studio, studio_in

HOUR = 60 * MINUTE


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio_in(tmp_path / "data") as studio:
        yield studio


async def until(studio: Studio, canvas: str) -> str | None:
    value: str | None = (await studio.asset(canvas))["metadata"].get("lockExpiresAt")
    return value


async def test_a_lock_shows_its_end_to_all_and_its_id_to_one(studio: Studio) -> None:
    canvas = await studio.canvas()
    before = await studio.asset(canvas)
    lock_id = await studio.lock(canvas, seconds=300)
    seen = await studio.bob.http.get(f"/v1/assets/{canvas}")
    listed = await studio.bob.http.get("/v1/assets")
    own = await studio.ada.http.get(f"/v1/assets/{canvas}")
    for answer in (seen, listed, own):
        assert lock_id not in answer.text
    assert seen.json()["asset"]["metadata"]["lockExpiresAt"] == studio.clock.iso(300)
    assert listed.json()["assets"][0]["metadata"]["lockExpiresAt"] == studio.clock.iso(300)
    assert seen.json()["asset"]["updatedAt"] > before["updatedAt"]


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (300, 300), (60, 60), (3600, 3600), (59.999, 60), (1, 60), (0, 60), (-7200, 60),
        (3600.001, 3600), (7200, 3600), (1e9, 3600),
    ],
)  # fmt: skip
async def test_a_lock_lasts_a_minute_to_an_hour(
    studio: Studio, asked: float, granted: float
) -> None:
    canvas = await studio.canvas()
    lock_id = await studio.lock(canvas, seconds=asked)
    assert await until(studio, canvas) == studio.clock.iso(granted)
    studio.clock.pass_(30)
    renewed = await studio.save(canvas, lockId=lock_id, lockExpiresAt=studio.clock.iso(asked))
    assert renewed["metadata"]["lockExpiresAt"] == studio.clock.iso(granted)


@pytest.mark.parametrize("text", ["2026-11-20T13:30:00+01:00", "2026-11-20 12:30", "20261120T1230"])
async def test_any_iso_date_will_do(studio: Studio, text: str) -> None:
    canvas = await studio.canvas()
    await studio.ada.ok("PUT", f"/assets/{canvas}/lock", json={"lockExpiresAt": text})
    assert await until(studio, canvas) == studio.clock.iso(30 * MINUTE)


async def test_somebody_elses_lock_is_a_conflict_that_says_until_when(studio: Studio) -> None:
    canvas = await studio.canvas()
    await studio.lock(canvas, seconds=300)
    end = {"lockExpiresAt": studio.clock.iso(300)}
    before = await studio.asset(canvas)
    ask = {"lockExpiresAt": studio.clock.iso(900)}
    assert await studio.conflict(studio.bob, "PUT", f"/assets/{canvas}/lock", ask) == end
    for body in (
        {"canvas": "by bob"}, {"canvas": "by bob", "lockId": "wrong"}, {"name": "x"},
        {"description": "x"}, {"thumbnail": THUMBNAIL}, ask, {"lockId": "wrong", **ask}, {},
    ):  # fmt: skip
        assert await studio.conflict(studio.bob, "PUT", f"/assets/{canvas}", body) == end
    wrong = {"lockId": "wrong"}
    assert await studio.conflict(studio.bob, "PUT", f"/assets/{canvas}/unlock", wrong) == end
    assert {**await studio.asset(canvas), "url": before["url"]} == before
    assert await studio.history(canvas) == []


async def test_the_holder_needs_the_id_as_well(studio: Studio) -> None:
    canvas = await studio.canvas()
    lock_id = await studio.lock(canvas)
    for body in ({"canvas": "x"}, {"canvas": "x", "lockId": lock_id + "x"}):
        await studio.conflict(studio.ada, "PUT", f"/assets/{canvas}", body)
    await studio.save(canvas, canvas="with it", lockId=lock_id)
    assert await studio.text(canvas) == "with it"


async def test_asking_again_gives_a_new_id_and_voids_the_old_one(studio: Studio) -> None:
    canvas = await studio.canvas()
    old = await studio.lock(canvas)
    new = await studio.lock(canvas, seconds=600)
    assert old != new
    assert await until(studio, canvas) == studio.clock.iso(600)
    await studio.conflict(studio.ada, "PUT", f"/assets/{canvas}", {"canvas": "x", "lockId": old})
    await studio.conflict(studio.ada, "PUT", f"/assets/{canvas}/unlock", {"lockId": old})
    await studio.save(canvas, canvas="y", lockId=new)


async def test_a_save_renews_only_when_asked(studio: Studio) -> None:
    canvas = await studio.canvas()
    lock_id, end = await studio.lock(canvas, seconds=300), studio.clock.iso(300)
    studio.clock.pass_(150)
    saved = await studio.save(canvas, canvas="x", lockId=lock_id)
    assert saved["metadata"]["lockExpiresAt"] == end
    renewed = await studio.save(canvas, lockId=lock_id, lockExpiresAt=studio.clock.iso(300))
    assert renewed["metadata"]["lockExpiresAt"] == studio.clock.iso(300) > end
    assert await studio.history(canvas) == ["x"]
    studio.clock.pass_(299)
    await studio.save(canvas, canvas="y", lockId=lock_id)


async def test_a_lock_that_has_ended_protects_nothing_and_saves_nothing(studio: Studio) -> None:
    canvas = await studio.canvas()
    lock_id = await studio.lock(canvas, seconds=300)
    studio.clock.pass_(299.999)
    await studio.save(canvas, canvas="just in time", lockId=lock_id)
    studio.clock.pass_(0.001)
    assert await until(studio, canvas) is None
    renewal = {"lockId": lock_id, "lockExpiresAt": studio.clock.iso(300)}
    for body in ({"canvas": "late", "lockId": lock_id}, renewal):
        assert await studio.conflict(studio.ada, "PUT", f"/assets/{canvas}", body) == {}
    await studio.save(canvas, studio.bob, canvas="by bob")
    assert await studio.text(canvas) == "by bob"
    of_bob = await studio.lock(canvas, studio.bob)
    await studio.conflict(
        studio.ada, "PUT", f"/assets/{canvas}", {"canvas": "late", "lockId": lock_id}
    )
    await studio.conflict(studio.ada, "PUT", f"/assets/{canvas}/unlock", {"lockId": lock_id})
    await studio.save(canvas, studio.bob, canvas="still bob", lockId=of_bob)


async def test_a_clock_set_back_does_not_turn_the_order_of_updates(studio: Studio) -> None:
    canvas = await studio.canvas()
    lock_id = await studio.lock(canvas)
    first = await studio.save(canvas, canvas="one", lockId=lock_id)
    studio.clock.pass_(-2 * HOUR)
    second = await studio.save(canvas, canvas="two", lockId=lock_id)
    assert second["updatedAt"] > first["updatedAt"]
    assert await studio.history(canvas) == ["two", "one"]


async def test_unlocking_by_its_id_frees_it(studio: Studio) -> None:
    canvas = await studio.canvas()
    lock_id = await studio.lock(canvas)
    answer = await studio.ada.ok("PUT", f"/assets/{canvas}/unlock", json={"lockId": lock_id})
    assert "lockExpiresAt" not in answer["asset"]["metadata"]
    await studio.conflict(
        studio.ada, "PUT", f"/assets/{canvas}", {"canvas": "x", "lockId": lock_id}
    )
    await studio.save(canvas, studio.bob, canvas="free")


@pytest.mark.parametrize("body", [{"lockId": "any"}, {"forceUnlock": True}])
async def test_unlocking_what_is_free_changes_nothing(studio: Studio, body: dict[str, Any]) -> None:
    canvas = await studio.canvas()
    await studio.lock(canvas, seconds=60)
    studio.clock.pass_(60)
    before = await studio.asset(canvas)
    answer = await studio.bob.ok("PUT", f"/assets/{canvas}/unlock", json=body)
    assert answer["asset"]["updatedAt"] == before["updatedAt"]
    assert await forced(studio) == []


@pytest.mark.parametrize(
    "body",
    [{}, {"forceUnlock": False}, {"lockId": None}, {"lockId": ""}, {"forceUnlock": "true"},
     {"lockId": 3}, {"lockId": "x" * 201}],
)  # fmt: skip
async def test_unlocking_needs_an_id_or_force(studio: Studio, body: dict[str, Any]) -> None:
    canvas = await studio.canvas()
    await studio.lock(canvas)
    await studio.ada.refused("PUT", f"/assets/{canvas}/unlock", 400, json=body)
    assert await until(studio, canvas)


async def forced(studio: Studio) -> list[tuple[Any, ...]]:
    """Return the record of locks that were taken away."""
    return await studio.ada.engine.database.run(
        lambda connection: [
            tuple(row)
            for row in connection.execute(
                "SELECT at, user_id, asset_id, job_id, units FROM usage WHERE action = ?",
                (FORCED,),
            )
        ]
    )


@pytest.mark.parametrize("more", [{}, {"lockId": "wrong"}])
async def test_force_needs_no_id_and_is_recorded(
    studio: Studio, caplog: pytest.LogCaptureFixture, more: dict[str, Any]
) -> None:
    canvas = await studio.canvas()
    lock_id, end = await studio.lock(canvas), studio.clock.iso(300)
    keys = studio.ada.engine.keys
    body = {"forceUnlock": True, **more}
    answer = await studio.bob.ok("PUT", f"/assets/{canvas}/unlock", json=body)
    assert "lockExpiresAt" not in answer["asset"]["metadata"]
    assert await forced(studio) == [
        (studio.clock(), keys.second_user_id, canvas, None, str(Decimal(0)))
    ]
    [line] = [record.getMessage() for record in caplog.records if canvas in record.getMessage()]
    assert all(part in line for part in (keys.second_user_id, keys.user_id, end))
    assert lock_id not in caplog.text
    await studio.conflict(
        studio.ada, "PUT", f"/assets/{canvas}", {"canvas": "x", "lockId": lock_id}
    )
    limits = await studio.ada.ok("GET", f"/teams/{keys.team_id}/limits")
    assert limits["values"]["creativeUnits"] == 0


async def test_a_lock_stays_out_of_the_way_of_the_rest(studio: Studio) -> None:
    canvas, bob = await studio.canvas("made"), studio.bob
    lock_id = await studio.lock(canvas)
    await bob.ok("PUT", f"/assets/{canvas}/tags", json={"add": ["blue"]})
    copy = (await bob.ok("POST", f"/assets/{canvas}/copy"))["asset"]
    assert "lockExpiresAt" not in copy["metadata"]
    await studio.save(copy["id"], bob, canvas="of the copy")
    await bob.upload("layer", parentId=canvas, hide=True)
    await bob.ok("DELETE", "/assets", json={"assetIds": [canvas]})
    await bob.ok("POST", "/assets/restore", json={"assetIds": [canvas]})
    assert await until(studio, canvas) is None  # the trash ended it
    await studio.conflict(
        studio.ada, "PUT", f"/assets/{canvas}", {"canvas": "x", "lockId": lock_id}
    )


async def test_of_many_who_ask_at_once_one_gets_the_lock(studio: Studio) -> None:
    canvas = await studio.canvas()
    await studio.save(canvas, canvas="before")
    ask = {"lockExpiresAt": studio.clock.iso(300)}
    for _ in range(10):
        answers = await asyncio.gather(
            *(
                who.http.put(f"/v1/assets/{canvas}/lock", json=ask)
                for who in random.sample([studio.ada, studio.bob], 2)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        [lock_id] = [a.json()["lockId"] for a in answers if a.status_code == 200]
        await studio.ada.ok("PUT", f"/assets/{canvas}/unlock", json={"lockId": lock_id})


async def test_of_two_savers_exactly_one_wins(studio: Studio) -> None:
    canvas = await studio.canvas()
    saved = []
    for number in range(10):
        lock_id = await studio.lock(canvas)
        bodies = [
            {"canvas": f"right {number}", "lockId": lock_id},
            {"canvas": f"wrong {number}"} if number % 2 else
            {"canvas": f"wrong {number}", "lockId": "of an earlier lock"},
        ]  # fmt: skip
        random.shuffle(bodies)
        answers = await asyncio.gather(
            *(studio.bob.http.put(f"/v1/assets/{canvas}", json=body) for body in bodies)
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert await studio.text(canvas) == f"right {number}"
        saved.append(f"right {number}")
    assert await studio.history(canvas) == saved[::-1]


async def test_a_save_races_with_a_lock_taken_away(studio: Studio) -> None:
    """Whatever comes first: what is saved under the new lock is never overwritten by the old."""
    canvas = await studio.canvas("made")
    for number in range(10):
        old = await studio.lock(canvas)

        async def take_over(number: int = number) -> None:
            await studio.bob.ok("PUT", f"/assets/{canvas}/unlock", json={"forceUnlock": True})
            new = await studio.lock(canvas, studio.bob)
            await studio.save(canvas, studio.bob, canvas=f"bob {number}", lockId=new)
            await studio.bob.ok("PUT", f"/assets/{canvas}/unlock", json={"lockId": new})

        body = {"canvas": f"ada {number}", "lockId": old}
        saves = [studio.ada.http.put(f"/v1/assets/{canvas}", json=body) for _ in range(3)]
        _, answers = await asyncio.gather(take_over(), asyncio.gather(*saves))
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert await studio.text(canvas) == f"bob {number}"


async def test_a_restart_keeps_locks_and_their_clock_runs_on(tmp_path: Path) -> None:
    clock = Clock()
    async with studio_in(tmp_path / "data", clock) as studio:
        canvas = await studio.canvas()
        lock_id, bobs_keys = await studio.lock(canvas, seconds=300), studio.bob.http.auth
    clock.pass_(200)
    async with studio_in(tmp_path / "data", clock) as studio:
        assert bobs_keys is not None
        await studio.conflict(studio.bob, "PUT", f"/assets/{canvas}", {"canvas": "x"})
        await studio.save(canvas, canvas="after", lockId=lock_id)
        clock.pass_(100)
        await studio.save(canvas, studio.bob, canvas="by bob")
        assert await studio.history(canvas) == ["by bob", "after"]
