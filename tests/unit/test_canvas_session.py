"""Canvas sessions against a server in memory: what is sent, what is kept, what is told."""

from __future__ import annotations

import asyncio
import errno
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.models.assets import AssetUpdate
from scenario_desktop.errors import (
    AppError,
    BadInput,
    Conflict,
    Refused,
    ServerFailed,
    Unauthorised,
    Unreachable,
)
from scenario_desktop.services.canvas.canvases import Canvases
from scenario_desktop.services.canvas.content import Stored
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.lease import LostReason, Phase, Refusal
from scenario_desktop.services.canvas.record import Deed
from scenario_desktop.services.canvas.session import CanvasSession
from scenario_desktop.services.canvas.wire import ChangedMeanwhile, SaveUncertain
from tests.canvas_room import CANVAS, Screen, Studio, others_in, strokes_in, text_of
from tests.canvas_server import Fault, drain


class Ann(Studio):
    """A studio with somebody at work in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.told: list[tuple[str, Any]] = []

    @property
    def at(self) -> CanvasSession:
        assert self.session is not None
        return self.session

    @property
    def phase(self) -> str:
        return self.at.lease.phase.value

    async def open(self, recovery_id: str | None = None) -> CanvasSession:
        session = await super().open(recovery_id)
        for name in ("draft_failed", "save_failed", "lease_failed", "set_aside", "became_free"):
            getattr(session, name).connect(lambda value, n=name: self.told.append((n, value)))
        session.idle_asked.connect(lambda: self.told.append(("idle_asked", None)))
        return session

    async def draw(self, *strokes: str) -> None:
        for stroke in strokes:
            self.screen.draw("sky", stroke)
        await drain()

    async def pass_s(self, seconds: float) -> None:
        await self.world.advance(seconds)

    def heard(self, name: str) -> list[Any]:
        return [value for told, value in self.told if told == name]

    def ben_locks(self, seconds: float = 300.0) -> str:
        until = self.world.server_now + timedelta(seconds=seconds)
        return self.server.lock(CANVAS, until, "ben")

    def ben_saves(self, mark: str = "ben", lock_id: str | None = None) -> None:
        body = json.loads(self.canvas.text)
        body["others"].append(mark)
        update = AssetUpdate(canvas=json.dumps(body, sort_keys=True), lock_id=lock_id)
        self.server.update(CANVAS, update, "ben")

    def shown_by_server(self) -> set[str]:
        return strokes_in(self.canvas.text, {}, self.server)


@pytest.fixture
async def ann(tmp_path: Path) -> Any:
    studio = Ann(tmp_path / "drafts")
    await studio.open()
    yield studio
    if studio.session is not None:
        await studio.crash()


# --- the lease ------------------------------------------------------------------------------------


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


# --- saving ---------------------------------------------------------------------------------------


async def test_saving_sends_changed_layers_hidden_and_one_update(ann: Ann) -> None:
    await ann.draw("s1")
    ann.screen.draw("sea", "s2")
    await drain()
    progress: list[tuple[int, int]] = []
    result = await ann.at.save(on_progress=lambda done, total: progress.append((done, total)))
    assert progress == [(0, 2), (1, 2), (2, 2)]
    assert ann.ann.count("save") == 1
    assert all(p.hide and p.parent_id == CANVAS for p in ann.server.pictures.values())
    assert len(ann.canvas.snapshots) == 1
    assert set(result.asset_ids.values()) == set(ann.server.pictures)
    assert ann.at.text == ann.canvas.text
    await ann.draw("s3")
    await ann.at.save(is_snapshot=False)
    assert ann.ann.count("create_asset") == 3
    assert len(ann.canvas.snapshots) == 1
    assert ann.on_disk() == []


async def test_it_saves_by_itself_every_minute(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.pass_s(59)
    assert ann.canvas.saves == []
    await ann.pass_s(2)
    assert ann.shown_by_server() == {"s1"}
    assert ann.canvas.snapshots == []
    await ann.pass_s(120)
    assert len(ann.canvas.saves) == 1


async def test_strokes_made_while_saving_stay_unsaved(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.latency_s = 1.0
    save = asyncio.ensure_future(ann.at.save())
    await ann.pass_s(2.5)
    ann.screen.draw("sky", "s2")
    await ann.pass_s(20)
    await save
    assert ann.shown_by_server() == {"s1"}
    assert ann.at.is_unsaved
    assert ann.kept_strokes() == {"s1", "s2"}


@pytest.mark.parametrize("fault", [Fault.AFTER, Fault.FAILED])
async def test_a_save_whose_answer_is_lost_is_found(ann: Ann, fault: Fault) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [fault]
    await ann.at.save()
    assert ann.ann.count("save") == 1
    assert not ann.at.is_unsaved


async def test_a_save_that_did_not_arrive_is_uncertain_and_not_repeated(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [Fault.BEFORE]
    with pytest.raises(SaveUncertain):
        await ann.at.save()
    assert ann.ann.count("save") == 1
    assert ann.kept_strokes() == {"s1"}
    await ann.at.save()
    assert ann.shown_by_server() == {"s1"}


async def test_without_a_connection_a_save_is_certainly_not_sent(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [Fault.UNREACHABLE]
    with pytest.raises(Unreachable):
        await ann.at.save()
    (draft,) = ann.on_disk()
    assert draft.note.sent == ()


async def test_an_older_save_that_arrives_late_is_found_out(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [Fault.LATE]
    with pytest.raises(SaveUncertain):
        await ann.at.save(is_snapshot=False)
    await ann.draw("s2")
    await ann.at.save(is_snapshot=False)
    ann.server.deliver()
    assert ann.shown_by_server() == {"s1"}
    await ann.at.release()
    assert ann.kept_strokes() == {"s1", "s2"}
    (draft,) = ann.on_disk()
    assert draft.note.why is KeptWhy.LATE


async def test_the_same_save_again_does_not_settle_the_first(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [Fault.LATE]
    with pytest.raises(SaveUncertain):
        await ann.at.save(is_snapshot=False)
    await ann.at.save(is_snapshot=False)
    await ann.draw("s2")
    await ann.at.save(is_snapshot=False)
    ann.server.deliver()
    await ann.at.release()
    assert ann.kept_strokes() == {"s1", "s2"}


async def test_what_somebody_saved_is_never_overwritten(ann: Ann) -> None:
    ann.ben_saves()
    await ann.draw("s1")
    assert ann.at.lease.is_changed
    with pytest.raises(ChangedMeanwhile):
        await ann.at.save()
    assert ann.ann.count("save") == 0
    await ann.pass_s(1)
    assert ann.kept_strokes() == {"s1"}


async def test_what_was_shown_while_a_save_was_on_its_way_is_not_overwritten(ann: Ann) -> None:
    ann.ann.latency_s = 0.2
    ann.ben_saves()
    await ann.draw("s1")
    await ann.at.discard()
    ann.screen.load(ann.at.text)
    await ann.pass_s(0.65)
    assert ann.phase == Phase.HELD
    save = asyncio.ensure_future(ann.at.save())
    await ann.pass_s(5)
    with pytest.raises(ChangedMeanwhile):
        await save
    assert others_in(ann.canvas.text) == {"ben"}
    assert ann.screen.others == ["ben"]


async def test_a_save_that_ends_late_does_not_pass_for_a_draft_taken_up(ann: Ann) -> None:
    ann.ben_locks(60)
    await ann.draw("s1")
    (draft,) = ann.on_disk()
    await ann.pass_s(61)
    await ann.draw("s2", "s3")
    ann.ann.latency_s = 1.0
    save = asyncio.ensure_future(ann.at.save())
    await ann.pass_s(0.5)
    resume = asyncio.ensure_future(ann.at.resume(draft.note.id))
    await ann.pass_s(30)
    await save
    assert (await resume) is not None
    assert ann.at.is_unsaved
    assert ann.kept_strokes() == {"s1"}


async def test_renaming_by_somebody_is_no_change(ann: Ann) -> None:
    ann.server.update(CANVAS, AssetUpdate(name="Renamed"), "ben")
    await ann.draw("s1")
    await ann.at.save()
    assert ann.shown_by_server() == {"s1"}


async def test_keeping_mine_keeps_theirs_in_a_draft(ann: Ann) -> None:
    ann.ben_saves()
    await ann.draw("s1")
    assert others_in(await ann.at.theirs()) == {"ben"}
    await ann.at.keep_mine()
    await ann.at.save()
    assert ann.shown_by_server() == {"s1"}
    (draft,) = ann.on_disk()
    assert draft.note.why is KeptWhy.THEIRS
    assert others_in(draft.text) == {"ben"}


async def test_adopting_theirs_keeps_mine_in_a_draft(ann: Ann) -> None:
    ann.ben_saves()
    await ann.draw("s1")
    await ann.at.theirs()
    ann.screen.load(await ann.at.adopt_theirs())
    assert ann.kept_strokes() == {"s1"}
    await ann.draw("s2")
    await ann.at.save()
    assert (ann.shown_by_server(), others_in(ann.canvas.text)) == ({"s2"}, {"ben"})


async def test_what_changed_before_the_first_stroke_is_simply_shown(ann: Ann) -> None:
    ann.ben_saves()
    await ann.at.take_again()
    assert not ann.at.lease.is_changed
    assert ann.screen.others == ["ben"]


async def test_a_server_that_says_done_and_did_nothing_is_found_out(ann: Ann) -> None:
    await ann.draw("s1")
    ann.server.update = lambda *_: None  # type: ignore[method-assign]
    with pytest.raises(SaveUncertain):
        await ann.at.save()
    assert ann.at.is_unsaved


async def test_a_layer_that_was_sent_is_not_sent_again(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["create_asset"] = [Fault.AFTER]
    with pytest.raises(AppError):
        await ann.at.save()
    await ann.at.save()
    assert ann.ann.count("create_asset") == 1
    assert ann.shown_by_server() == {"s1"}


async def test_layers_that_arrived_are_kept_when_another_fails(ann: Ann) -> None:
    await ann.draw("s1")
    ann.screen.draw("sea", "s2")
    ann.ann.faults["create_asset"] = [ServerFailed("no"), BadInput("no")]
    with pytest.raises(AppError):
        await ann.at.save()
    await ann.at.save()
    assert ann.shown_by_server() == {"s1", "s2"}


async def test_a_canvas_that_is_too_large_is_told_before_it_is_sent(
    ann: Ann, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenario_desktop.services.canvas.saving.MAX_CANVAS_BYTES", 10)
    await ann.draw("s1")
    with pytest.raises(BadInput, match="most that can be saved"):
        await ann.at.save()
    assert ann.ann.count("save") == 0


@pytest.mark.parametrize("fault", [None, Fault.AFTER])
async def test_a_copy_needs_no_lock_and_is_made_once(ann: Ann, fault: Fault | None) -> None:
    await ann.draw("s1")
    ann.server.unlock(CANVAS, None, True)
    ann.ben_locks(3000)
    await ann.pass_s(160)
    ann.ann.faults["create_canvas"] = [fault] if fault else []
    copy = await ann.at.save_as_copy("Mine")
    assert len(ann.server.canvases) == 2
    assert strokes_in(ann.server.canvases[copy.id].text, {}, ann.server) == {"s1"}
    assert ann.on_disk() == []
    assert ann.phase == Phase.VIEWING


async def test_a_snapshot_is_restored_as_a_new_save(ann: Ann) -> None:
    for stroke in ("s1", "s2"):
        await ann.draw(stroke)
        await ann.at.save()
    await ann.draw("s3")
    page = await ann.at.snapshots()
    ann.screen.load(await ann.at.restore(page.snapshots[-1]))
    assert ann.shown_by_server() == {"s1"}
    assert len(ann.canvas.snapshots) == 3
    assert "s3" in ann.kept_strokes()


async def test_a_foreign_canvas_is_never_written(tmp_path: Path) -> None:
    ann = Ann(tmp_path / "drafts")
    text = '{"format":"other", "layers": {}, "others": [], "z": 1.0}'
    ann.canvas.text = text
    ann.canvas.snapshots = []
    session = await ann.open()
    assert session.is_foreign
    with pytest.raises(Refused):
        session.edited()
    await session.take_again()
    assert ann.phase == Phase.HELD
    with pytest.raises(Refused):
        await session.save()
    await session.rename("New name")
    await session.describe("Words")
    await session.release()
    assert (ann.canvas.name, ann.canvas.description, ann.canvas.text) == ("New name", "Words", text)
    await session.aclose()


# --- drafts ---------------------------------------------------------------------------------------


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
    assert canvases.session_of(CANVAS) is session
    with pytest.raises(Refused):
        await canvases.open(CANVAS, Screen(ann.server))
    await canvases.close(session)
    assert canvases.session_of(CANVAS) is None
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
    text = await ann.at.restore(snapshot)
    ann.screen.load(text)
    assert ann.shown_by_server() == {"s1"}
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
