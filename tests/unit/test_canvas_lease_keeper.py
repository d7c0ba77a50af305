"""A session's lock: asked for, renewed, lost, taken over and given back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from scenario_desktop.errors import (
    AppError,
    Conflict,
    Refused,
    Unauthorised,
)
from scenario_desktop.services.canvas.canvases import Canvases
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.lease import LostReason, Phase, Refusal
from scenario_desktop.services.canvas.record import Deed
from tests.canvas_room import CANVAS, Ann, others_in
from tests.canvas_server import Fault, drain


async def test_opening_takes_nothing(ann: Ann) -> None:
    await ann.pass_s(600)
    assert ann.ann.count("lock_asset") == 0
    assert ann.phase == Phase.VIEWING


async def test_drawing_goes_on_while_the_lock_is_asked_for(ann: Ann) -> None:
    ann.ann.hold = asyncio.Event()
    await ann.draw("s1", "s2")
    assert ann.phase == Phase.ACQUIRING
    await ann.draw("s3")
    await ann.pass_s(2)
    assert ann.kept_strokes() == {"s1", "s2", "s3"}
    ann.ann.hold.set()
    await drain()
    assert ann.phase == Phase.HELD
    assert ann.ann.count("lock_asset") == 1


async def test_another_length_holds_from_the_next_renewal_on(ann: Ann) -> None:
    canvases = Canvases(ann.room)
    canvases._open[CANVAS] = ann.at
    await ann.draw("s1")
    await ann.pass_s(1)
    canvases.set_lease_s(1200.0)
    await ann.pass_s(30)
    assert (ann.at.lease.seconds_left(ann.at.now()) or 0) < 300
    await ann.pass_s(120)
    assert (ann.at.lease.seconds_left(ann.at.now()) or 0) > 1000


async def test_the_lock_is_held_while_the_canvas_is_open(ann: Ann) -> None:
    await ann.draw("s1")
    for _ in range(10):
        await ann.pass_s(60)
        assert ann.server.live(ann.canvas) is not None
    assert ann.phase == Phase.HELD


async def test_refused_strokes_leave_the_screen_and_stay_in_a_draft(ann: Ann) -> None:
    ann.ben_locks(120)
    await ann.draw("s1")
    assert ann.phase == Phase.REFUSED
    assert ann.screen.strokes == set()
    assert ann.kept_strokes() == {"s1"}
    (draft,) = ann.on_disk()
    assert draft.note.why is KeptWhy.REFUSED
    assert ann.heard("set_aside") == [draft.note.id]
    assert ann.ann.count("lock_asset") == 0  # the lock was seen, and not even asked for


async def test_when_it_is_free_the_draft_is_offered_again(ann: Ann) -> None:
    ann.ben_locks(120)
    await ann.draw("s1")
    ann.at.wait_until_free(True)
    await ann.pass_s(100)
    assert ann.heard("became_free") == []
    await ann.pass_s(30)
    (draft_id,) = ann.heard("became_free")
    draft = await ann.at.resume(draft_id)
    assert draft is not None
    ann.screen.load(draft.text, draft.blobs)
    await drain()
    assert ann.phase == Phase.HELD
    await ann.at.save()
    assert ann.shown_by_server() == {"s1"}
    assert ann.on_disk() == []


async def test_taking_over_is_written_down(ann: Ann) -> None:
    ann.ben_locks(120)
    await ann.draw("s1")
    await ann.at.take_over()
    assert ann.phase == Phase.HELD
    assert ann.server.forced == [CANVAS]
    (line,) = await ann.at.history()
    assert line.deed is Deed.FORCED


async def test_the_lock_is_given_back_on_release_and_on_close(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.at.release()
    assert ann.canvas.lock is None
    assert ann.kept_strokes() == {"s1"}
    assert ann.screen.strokes == set()
    await ann.draw("s2")
    await ann.at.close()
    assert ann.canvas.lock is None
    assert ann.kept_strokes() == {"s1", "s2"}


async def test_nothing_is_left_behind_where_nothing_was_drawn(ann: Ann) -> None:
    await ann.at.take_again()
    await ann.at.close()
    assert ann.canvas.lock is None
    assert ann.drafts.notes() == []


async def test_after_fifteen_idle_minutes_the_work_is_saved_and_the_lock_given_back(
    ann: Ann,
) -> None:
    await ann.draw("s1")
    await ann.pass_s(905)
    assert ann.heard("idle_asked") == [None]
    await ann.pass_s(61)
    assert ann.canvas.lock is None
    assert ann.shown_by_server() == {"s1"}
    assert ann.phase == Phase.VIEWING


async def test_a_lock_without_an_id_is_a_refusal(ann: Ann) -> None:
    ann.server.has_ids = False
    await ann.draw("s1")
    assert ann.at.lease.refusal is Refusal.NO_ID
    assert ann.kept_strokes() == {"s1"}


@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.AFTER, Fault.FAILED])
async def test_a_lock_whose_answer_is_lost_is_looked_at_before_it_is_asked_again(
    ann: Ann, fault: Fault
) -> None:
    ann.ann.faults["lock_asset"] = [fault]
    await ann.draw("s1")
    assert ann.phase == Phase.HELD
    first, second = [i for i, name in enumerate(ann.ann.calls) if name == "lock_asset"]
    assert "get_asset" in ann.ann.calls[first:second]


async def test_a_server_that_refuses_its_own_user_is_not_forced(ann: Ann) -> None:
    def lock(canvas_id: str, until: Any, user: str) -> str:
        held = ann.server.live(ann.canvas)
        if held is not None:
            raise Conflict("Locked.", until=held.until)
        return original(canvas_id, until, user)

    original, ann.server.lock = ann.server.lock, lock  # type: ignore[method-assign]
    ann.ann.faults["lock_asset"] = [Fault.AFTER]
    await ann.draw("s1")
    assert ann.at.lease.refusal is Refusal.OWN
    assert ann.server.forced == []


async def test_a_renewal_whose_answer_is_lost_is_looked_at(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["update_asset"] = [Fault.AFTER]
    await ann.pass_s(225)  # an autosave after a minute renewed it, too
    assert ann.ann.count("update_asset") == 1
    assert ann.phase == Phase.HELD
    assert not ann.at.lease.is_offline


async def test_offline_the_lease_ends_and_is_taken_again_when_nobody_was_quicker(
    ann: Ann,
) -> None:
    await ann.draw("s1")
    ann.ann.is_down = True
    await ann.pass_s(400)
    assert ann.at.lease.lost is LostReason.EXPIRED
    await ann.draw("s2")
    await ann.pass_s(2)
    assert ann.kept_strokes() == {"s1", "s2"}
    ann.ann.is_down = False
    await ann.pass_s(11)
    assert ann.phase == Phase.HELD
    await ann.at.save()
    assert ann.shown_by_server() == {"s1", "s2"}


async def test_offline_nothing_new_may_be_begun(ann: Ann) -> None:
    ann.ann.is_down = True
    await ann.draw("s1")
    assert ann.at.lease.refusal is Refusal.OFFLINE
    assert ann.kept_strokes() == {"s1"}


async def test_a_forced_unlock_is_a_loss_and_nothing_is_sent(ann: Ann) -> None:
    await ann.draw("s1")
    ann.server.unlock(CANVAS, None, True)
    ann.ben_locks(3000)
    await ann.pass_s(160)
    assert ann.at.lease.lost is LostReason.FORCED
    await ann.draw("s2")
    with pytest.raises(Refused):
        await ann.at.save()
    await ann.pass_s(300)
    assert ann.canvas.saves == []
    assert ann.screen.strokes == {"s1", "s2"}
    assert ann.kept_strokes() == {"s1", "s2"}


async def test_after_sleep_the_lease_is_checked_before_anything_is_sent(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.pass_s(5)
    ann.world.suspend(8 * 3600)
    ben = ann.ben_locks()
    ann.ben_saves(lock_id=ben)
    with pytest.raises(AppError):
        await ann.at.save()
    assert others_in(ann.canvas.text) == {"ben"}
    await ann.pass_s(10)
    assert ann.phase == Phase.LOST


async def test_wrong_clocks_are_told_and_nothing_else(ann: Ann) -> None:
    ann.world.wrong_s = 7200
    await ann.at.aclose()
    await ann.open()
    await ann.draw("s1")
    await ann.pass_s(400)
    assert ann.phase == Phase.HELD
    assert ann.at.lease.skew_s == -7200


async def test_refused_keys_keep_the_strokes(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [Unauthorised("The keys were refused.")] * 3
    ann.ann.faults["update_asset"] = [Unauthorised("The keys were refused.")]
    await ann.pass_s(151)
    assert [str(error) for error in ann.heard("lease_failed")] == ["The keys were refused."]
    assert ann.kept_strokes() == {"s1"}
