"""A session's strokes: on the disk in time, taken up again, and never lost from the screen."""

from __future__ import annotations

import asyncio
import base64
import errno

import pytest

from scenario_desktop.errors import (
    Refused,
)
from scenario_desktop.services.canvas.canvases import Canvases
from scenario_desktop.services.canvas.content import Stored
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.lease import LostReason, Phase
from scenario_desktop.services.canvas.wire import SaveUncertain
from tests.canvas_room import CANVAS, Ann, Screen, others_in, strokes_in, text_of
from tests.canvas_server import Fault, drain


@pytest.mark.parametrize("encode_s", [0.0, 0.7, 1.4])
async def test_a_stroke_is_on_the_disk_within_two_seconds(ann: Ann, encode_s: float) -> None:
    ann.screen.encode_s = encode_s
    await ann.draw("s1")
    await ann.pass_s(1.95)
    assert ann.kept_strokes() == {"s1"}


async def test_a_full_disk_is_told_once_and_the_draft_written_later(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.pass_s(2)
    ann.disk.error = OSError(errno.ENOSPC, "No space left on device")
    await ann.draw("s2")
    await ann.pass_s(10)
    assert len(ann.heard("draft_failed")) == 1
    assert ann.kept_strokes() == {"s1"}
    assert ann.screen.strokes == {"s1", "s2"}
    ann.disk.error = None
    await ann.pass_s(3)
    assert ann.kept_strokes() == {"s1", "s2"}


async def test_with_a_full_disk_refused_strokes_stay_on_the_screen(ann: Ann) -> None:
    ann.ben_locks(3000)
    ann.disk.error = OSError(errno.ENOSPC, "No space left on device")
    await ann.draw("s1")
    await ann.pass_s(10)
    assert ann.screen.strokes == {"s1"}
    ann.disk.error = None
    await ann.pass_s(5)
    assert (ann.screen.strokes, ann.kept_strokes()) == (set(), {"s1"})


async def test_with_a_full_disk_it_can_still_be_saved(ann: Ann) -> None:
    ann.disk.error = OSError(errno.ENOSPC, "No space left on device")
    await ann.draw("s1")
    await ann.at.save()
    assert ann.shown_by_server() == {"s1"}


async def test_after_a_crash_the_draft_and_its_lock_are_taken_up(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.pass_s(2)
    held = ann.canvas.lock.id
    await ann.crash()
    (draft,) = ann.on_disk()
    await ann.open(draft.note.id)
    assert ann.screen.strokes == {"s1"}
    await drain()
    assert ann.phase == Phase.HELD
    assert ann.canvas.lock.id == held
    await ann.at.save()
    assert ann.shown_by_server() == {"s1"}


async def test_after_a_crash_somebody_elses_lock_does_not_take_the_strokes_away(
    ann: Ann,
) -> None:
    await ann.draw("s1")
    await ann.pass_s(2)
    await ann.crash()
    ann.server.unlock(CANVAS, None, True)
    ann.ben_locks()
    (draft,) = ann.on_disk()
    await ann.open(draft.note.id)
    await drain()
    assert ann.at.lease.lost is LostReason.FORCED
    assert ann.screen.strokes == {"s1"}


async def test_a_save_just_before_a_crash_is_recognised(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.pass_s(2)
    ann.ann.faults["save"] = [Fault.AFTER]
    ann.ann.faults["get_asset"] = []
    ann.ann.latency_s = 1.0
    save = asyncio.ensure_future(ann.at.save())
    while not ann.canvas.saves:
        await ann.pass_s(0.5)
    await ann.crash()
    save.cancel()
    ann.ann.faults.clear()
    ann.ann.latency_s = 0.0
    (draft,) = ann.on_disk()
    await ann.open(draft.note.id)
    assert ann.at.recovered is None
    assert ann.screen.strokes == {"s1"}
    assert ann.on_disk() == []


async def test_tidying_gives_back_locks_and_keeps_strokes(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.pass_s(2)
    await ann.crash()
    canvases = Canvases(ann.room)
    await canvases.tidy()
    assert ann.canvas.lock is None
    (recovery,) = await canvases.recoveries()
    assert recovery.why is KeptWhy.OPEN
    await canvases.discard(recovery.id)
    assert await canvases.recoveries() == []


async def test_a_canvas_is_open_once(ann: Ann) -> None:
    canvases = Canvases(ann.room)
    session = await canvases.open(CANVAS, Screen(ann.server))
    with pytest.raises(Refused):
        await canvases.open(CANVAS, Screen(ann.server))
    await canvases.close(session)
    await canvases.close(await canvases.open(CANVAS, Screen(ann.server)))
    await canvases.aclose()


async def test_a_new_canvas_is_made_of_its_document(ann: Ann) -> None:
    canvases = Canvases(ann.room)
    stored = Stored({}, lambda _: text_of({}, []), b"")
    asset = await canvases.create("New", stored)
    assert ann.server.canvases[asset.id].name == "New"


async def test_a_discarded_stroke_is_gone_and_the_lock_stays(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.pass_s(2)
    await ann.at.discard()
    ann.screen.load(ann.at.text)
    assert ann.kept_strokes() == set()
    assert ann.phase == Phase.HELD
    assert not ann.at.is_unsaved


async def test_what_others_save_is_shown_while_only_looking(ann: Ann) -> None:
    lock = ann.ben_locks(600)
    await ann.draw("s1")
    assert ann.phase == Phase.REFUSED
    ann.ben_saves("new", lock)
    await ann.pass_s(31)
    assert ann.screen.others == ["new"]
    assert ann.kept_strokes() == {"s1"}


async def test_whose_it_is_is_known_while_looking(ann: Ann) -> None:
    assert ann.at.lease.until is None
    lock = ann.ben_locks(600)
    await ann.pass_s(31)
    assert ann.at.lease.until is not None
    ann.server.unlock(CANVAS, lock, False)
    await ann.pass_s(31)
    assert ann.at.lease.until is None


async def test_opening_tells_whose_it_is(ann: Ann) -> None:
    ann.ben_locks(600)
    await ann.crash()
    await ann.open()
    assert ann.at.lease.until is not None


async def test_our_own_lock_is_not_told_as_somebody_elses_after_it_was_given_back(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.at.save()
    await ann.at.release()
    assert (ann.phase, ann.at.lease.until) == (Phase.VIEWING, None)


async def test_restoring_keeps_what_no_snapshot_has(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.at.save()
    (snapshot,) = ann.canvas.snapshots
    await ann.draw("s2")
    await ann.at.save(is_snapshot=False)  # as autosave does
    text = await ann.at.restore(snapshot, b"as it was")
    ann.screen.load(text)
    assert ann.shown_by_server() == {"s1"}
    assert ann.canvas.thumbnail == base64.b64encode(b"as it was").decode()
    (draft,) = ann.on_disk()
    assert draft.note.why is KeptWhy.REPLACED
    assert ann.kept_strokes() == {"s1", "s2"}


async def test_restoring_what_the_history_has_keeps_no_draft(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.at.save()
    await ann.draw("s2")
    await ann.at.save()
    ann.screen.load(await ann.at.restore(ann.canvas.snapshots[-1]))
    assert ann.on_disk() == []


async def test_a_save_waits_until_the_screen_shows_what_it_should(ann: Ann) -> None:
    ann.screen.load_s = 10.0
    await ann.draw("s1")
    await ann.at.save()
    ann.ben_saves("new", ann.canvas.lock.id)
    assert ann.at.text != ann.canvas.text
    await ann.at._keeper._compare()
    assert ann.screen.is_loading
    ann.at.edited()
    save = asyncio.ensure_future(ann.at.save())
    await ann.pass_s(5)
    assert not save.done()
    await ann.pass_s(6)
    await save
    assert others_in(ann.canvas.text) == {"new"}


async def test_a_draft_that_was_taken_up_is_not_offered_again(ann: Ann) -> None:
    lock = ann.ben_locks(600)
    await ann.draw("s1")
    assert ann.at.kept_id == ann.on_disk()[0].note.id
    ann.server.unlock(CANVAS, lock, False)
    await ann.at.resume(ann.at.kept_id)
    assert ann.at.kept_id == ""


async def test_going_on_with_another_draft_keeps_what_an_older_save_may_undo(ann: Ann) -> None:
    lock = ann.ben_locks(600)
    await ann.draw("s1")
    kept_id = ann.at.kept_id
    ann.server.unlock(CANVAS, lock, False)
    await ann.at.look_again()
    await ann.draw("s2")
    await ann.pass_s(2)
    ann.ann.faults["save"] = [Fault.LATE]
    with pytest.raises(SaveUncertain):
        await ann.at.save()
    await ann.draw("s3")
    await ann.pass_s(2)
    await ann.at.save(is_snapshot=False)
    ann.server.deliver()
    assert ann.shown_by_server() == {"s2"}
    draft = await ann.at.resume(kept_id)
    assert draft is not None
    ann.screen.load(draft.text, draft.blobs)
    assert ann.kept_strokes() >= {"s1", "s2", "s3"}


async def test_a_late_save_of_what_is_there_already_loses_nothing_newer(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.pass_s(1)
    await ann.at.save()
    ann.ann.faults["save"] = [Fault.LATE]
    with pytest.raises(SaveUncertain):
        await ann.at.save(is_snapshot=False)
    await ann.draw("s2")
    await ann.pass_s(1)
    await ann.at.save(is_snapshot=False)
    ann.server.deliver()
    assert ann.shown_by_server() == {"s1"}  # an older save arrived last
    assert "s2" in ann.kept_strokes()


async def test_an_older_save_that_somebody_drew_on_leaves_newer_strokes_their_draft(
    ann: Ann,
) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [Fault.LATE]
    with pytest.raises(SaveUncertain):
        await ann.at.save(is_snapshot=False)
    await ann.draw("s2")
    await ann.pass_s(1)
    await ann.at.save(is_snapshot=False)
    assert not ann.at.is_unsaved
    ann.server.deliver()
    await ann.at.release()
    ann.ben_saves(lock_id=ann.ben_locks(60))
    await ann.pass_s(100)  # until Ben's version is shown: nothing of Ann's seemed to be unsaved
    assert (ann.screen.strokes, ann.screen.others) == ({"s1"}, ["ben"])
    await ann.draw("s3")
    await ann.pass_s(2)
    assert ann.kept_strokes() == {"s1", "s2", "s3"}
    await ann.at.save()
    await ann.at.release()
    assert ann.shown_by_server() == {"s1", "s3"}
    assert others_in(ann.canvas.text) == {"ben"}
    (draft,) = ann.on_disk()
    assert draft.note.why is KeptWhy.LATE
    assert strokes_in(draft.text, draft.blobs, ann.server) == {"s1", "s2"}


async def test_a_draft_says_what_was_done_in_it(ann: Ann) -> None:
    ann.screen.what = "2 strokes on Clouds"
    await ann.draw("s1", "s2")
    await ann.pass_s(1)
    await ann.crash()
    (draft,) = ann.on_disk()
    assert draft.note.what == "2 strokes on Clouds"
    await ann.open(draft.note.id)
    ann.screen.what = "Move Rocket"
    await ann.draw("s3")
    await ann.pass_s(1)
    (draft,) = ann.on_disk()
    assert draft.note.what == "2 strokes on Clouds, then Move Rocket"
    await ann.at.save()
    await ann.draw("s4")
    await ann.pass_s(1)
    (draft,) = ann.on_disk()
    assert draft.note.what == "Move Rocket"


async def test_a_kept_draft_is_listed_read_and_discarded(ann: Ann) -> None:
    await ann.crash()
    canvases = Canvases(ann.room)
    ann.ben_locks()
    screen = Screen(ann.server)
    session = await canvases.open(CANVAS, screen)
    screen.attach(session)
    screen.what = "A stroke"
    screen.draw("sky", "s1")
    await ann.pass_s(2)
    kept_id = session.kept_id
    found = await canvases.kept(kept_id)
    assert found is not None
    assert (found.what, found.why) == ("A stroke", KeptWhy.REFUSED)
    draft = await canvases.draft(kept_id)
    assert strokes_in(draft.text, draft.blobs, ann.server) == {"s1"}
    told: list[object] = []
    session.lease_changed.connect(told.append)
    await canvases.discard(kept_id)
    assert told
    assert (session.kept_id, await canvases.kept(kept_id)) == ("", None)
    await canvases.aclose()


async def test_strokes_saved_at_the_last_moment_are_put_aside_without_end(ann: Ann) -> None:
    await ann.draw("s1")
    draft = ann.at._draft
    draft.saved = draft.edit  # a save has arrived before the draft was written
    draft.drafted = draft.edit - 1
    await draft.put_aside(KeptWhy.REFUSED)
    assert not ann.at.is_unsaved
