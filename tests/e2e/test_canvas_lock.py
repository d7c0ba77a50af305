"""Every question about a canvas's lock: the real window, a real engine, and a second user."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from scenario_desktop.errors import Conflict
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.lease import LeaseTimes, LostReason, Phase
from scenario_desktop.services.canvas.record import Deed
from scenario_desktop.services.canvas.room import CanvasTimes
from scenario_desktop.ui.panels.canvas.lease.lease_dialogs import (
    HOLD_MS,
    HoldButton,
    TakeOverDialog,
)
from scenario_desktop.ui.panels.canvas.lease.lock_bar import LockKind
from tests.e2e.canvas_desk import CanvasDesk, at_the_desk
from tests.e2e.desk import PATIENCE_S, press, session_of, texts, toast
from tests.support import until

QUICK = CanvasTimes(lease=LeaseTimes(look_s=0.3, retry_s=0.3, pulse_s=0.2), draft_s=0.1)


async def take_over(ann: CanvasDesk) -> None:
    """Hold the button of the dialog that makes sure."""
    found: list[TakeOverDialog] = []

    def is_there() -> bool:
        found[:] = [d for d in ann.window.findChildren(TakeOverDialog) if d.isVisible()]
        return bool(found)

    await until(is_there)
    button = found[0].findChildren(HoldButton)[0]
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    await until(lambda: not is_there(), timeout_s=HOLD_MS / 1000 + 5)


@at_the_desk(QUICK)
async def test_refused_strokes_leave_the_canvas_and_come_back_when_it_is_free(
    ann: CanvasDesk,
) -> None:
    await ann.start()
    await ann.ben_locks()
    ann.draw()
    dialog = await ann.question()
    assert dialog.question.title == "Somebody else holds this canvas"
    assert dialog.question.text.startswith("Your 1\u00a0stroke is kept in a draft on this computer")
    assert not ann.is_drawn
    assert ann.controller.page.lock_bar.state.kind is LockKind.OTHER
    await ann.choose("Tell me when it is free")
    await asyncio.sleep(0)
    await ann.ben_unlocks()
    await ann.choose("Go on with my draft")
    await ann.held()
    await ann.shown()
    await until(lambda: ann.is_drawn)
    await ann.session.save()
    assert (await ann.on_server()).asset_ids()
    assert await session_of(ann.program).canvases.recoveries() == []


@at_the_desk(QUICK)
async def test_a_refused_version_becomes_a_copy(ann: CanvasDesk) -> None:
    await ann.start()
    first = ann.canvas_id
    await ann.ben_locks()
    ann.draw()
    await ann.choose("Save my version as a copy")
    await until(lambda: ann.controller.session and ann.canvas_id != first, timeout_s=PATIENCE_S)
    await ann.settled("open")
    assert ann.is_drawn
    assert not ann.is_asked()
    assert (await ann.on_server()).asset_ids()
    assert not (await ann.ben.get_asset(first)).metadata.get("assetIds")
    assert await session_of(ann.program).canvases.recoveries() == []


@at_the_desk(QUICK)
async def test_only_looking_follows_what_is_saved(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.ben_locks()
    ann.draw()
    await ann.choose("Only look")
    await ann.ben_saves("#2060c0")
    await until(lambda: ann.color(5, 5) == "#2060c0", timeout_s=PATIENCE_S)
    assert ann.editor.read_only
    await ann.ben_unlocks()
    await until(lambda: not ann.editor.read_only, timeout_s=PATIENCE_S)
    bar = ann.controller.page.lock_bar.state
    assert (bar.kind, bar.action) == (LockKind.VIEWING, "Use my draft")
    ann.controller.page.lock_bar.action_requested.emit()
    await until(lambda: ann.is_drawn, timeout_s=PATIENCE_S)


@at_the_desk(QUICK)
async def test_a_short_press_takes_nothing_over(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.ben_locks()
    ann.draw()
    await ann.choose("Take over…")
    await until(lambda: ann.window.findChildren(HoldButton))
    button = ann.window.findChildren(HoldButton)[0]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.keyClick(button, Qt.Key.Key_Return)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert button.isVisible()
    QTest.keyClick(button, Qt.Key.Key_Escape)
    await ann.settled("asking")
    assert ann.session.lease.phase is Phase.REFUSED


@at_the_desk(QUICK)
async def test_taking_over_ends_their_lock_and_is_written_down(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.ben_locks()
    ann.draw()
    await ann.choose("Take over…")
    await take_over(ann)
    await ann.held()
    await until(lambda: ann.is_drawn, timeout_s=PATIENCE_S)
    (line,) = await ann.session.history()
    assert line.deed is Deed.FORCED
    await until(
        lambda: any("took the lock over" in t for t in ann.controller.dock.snapshots.lines())
    )
    with pytest.raises(Conflict):
        await ann.ben_saves()


@at_the_desk(QUICK)
async def test_the_space_bar_holds_as_well(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.ben_locks()
    ann.draw()
    await ann.choose("Take over…")
    await until(lambda: ann.window.findChildren(HoldButton))
    button = ann.window.findChildren(HoldButton)[0]
    button.setFocus()
    QTest.keyPress(button, Qt.Key.Key_Space)
    await ann.held()
    assert ann.session.lease.is_ours


@at_the_desk(QUICK)
async def test_a_lock_that_was_taken_away_leaves_the_strokes(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()
    await ann.ben_forces()
    await ann.ben_locks()
    ann.controller.save()
    dialog = await ann.question()
    assert dialog.question.title == "Somebody else took this canvas over"
    assert ann.is_drawn
    assert ann.session.lease.lost is LostReason.FORCED
    ann.draw(200)  # behind the dialog nothing is drawn: the layer takes the press
    await ann.choose("Tell me when it is free")
    ann.draw(200)
    assert ann.color(100, 200) == "#d03050"
    await ann.ben_saves("#2060c0")
    await ann.ben_unlocks()
    await ann.choose("Take it again and compare")
    await ann.held()
    await compare(ann, "Keep mine")
    await ann.session.save()
    assert (await ann.on_server()).background == "#ffffff"
    drafts = await session_of(ann.program).canvases.recoveries()
    assert [draft.why for draft in drafts] == [KeptWhy.THEIRS]


async def compare(ann: CanvasDesk, answer: str) -> None:
    """Answer the question which of two versions is to stay."""
    await until(
        lambda: "Somebody saved this canvas meanwhile" in texts(ann.window), timeout_s=PATIENCE_S
    )
    await until(lambda: answer in texts(ann.window))
    press(ann.window, answer)
    await ann.settled("asking")
    await ann.settled("reload")


@at_the_desk(QUICK)
async def test_theirs_takes_the_place_of_ours_which_stays_in_a_draft(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()
    await ann.ben_forces()
    await ann.ben_saves("#2060c0")
    ann.controller.save()
    await compare(ann, "Take theirs")
    await until(lambda: ann.color(5, 5) == "#2060c0", timeout_s=PATIENCE_S)
    assert not ann.is_drawn
    drafts = await session_of(ann.program).canvases.recoveries()
    assert [draft.why for draft in drafts] == [KeptWhy.REPLACED]
    assert (await ann.on_server()).background == "#2060c0"


@at_the_desk(QUICK)
async def test_what_was_lost_can_be_discarded(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()
    await ann.ben_forces()
    ann.controller.save()
    assert (await ann.question()).question.title == "The server has forgotten your lock"
    await ann.ben_saves("#2060c0")
    await ann.choose("Discard my strokes")
    await until(lambda: "Discard" in texts(ann.window))
    press(ann.window, "Discard")
    await until(lambda: ann.color(5, 5) == "#2060c0", timeout_s=PATIENCE_S)
    assert await session_of(ann.program).canvases.recoveries() == []


@at_the_desk(QUICK)
async def test_a_deleted_canvas_can_be_saved_as_a_copy(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()
    first = ann.canvas_id
    await ann.ben.delete_assets([first])
    ann.controller.save()
    dialog = await ann.question()
    assert dialog.question.title == "This canvas was deleted"
    await ann.choose("Save my version as a copy")
    await until(lambda: ann.controller.session and ann.canvas_id != first, timeout_s=PATIENCE_S)
    await ann.settled("open")
    assert ann.is_drawn


@at_the_desk(QUICK)
async def test_who_is_away_is_asked_and_then_the_lock_is_given_back(ann: CanvasDesk) -> None:
    lease = LeaseTimes(idle_s=1.0, idle_answer_s=1.0, pulse_s=0.1)
    ann.hurry(CanvasTimes(lease=lease, draft_s=0.1))
    await ann.start()
    ann.draw()
    dialog = await ann.question()
    assert dialog.question.title == "Are you still here?"
    await until(lambda: ann.session.lease.phase is Phase.VIEWING, timeout_s=PATIENCE_S)
    assert not ann.is_asked()
    assert "was given back" in toast(ann.program)
    assert ann.is_drawn
    assert not ann.session.is_unsaved
    assert (await ann.on_server()).asset_ids()
    assert (await ann.ben.get_asset(ann.canvas_id)).lock_expires_at is None


@at_the_desk(QUICK)
async def test_who_is_here_keeps_the_lock(ann: CanvasDesk) -> None:
    lease = LeaseTimes(idle_s=1.5, idle_answer_s=60.0, pulse_s=0.1)
    ann.hurry(CanvasTimes(lease=lease, draft_s=0.1))
    await ann.start()
    ann.draw()
    dialog = await ann.question()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    await ann.settled("asking")
    assert ann.session.lease.is_ours
    await ann.choose("Give it back")
    await until(lambda: ann.session.lease.phase is Phase.VIEWING, timeout_s=PATIENCE_S)
    assert not ann.session.is_unsaved
    assert ann.is_drawn


@pytest.mark.parametrize("answer", ["Save and give it back", "Keep them in a draft"])
@at_the_desk(QUICK)
async def test_giving_back_asks_about_what_is_not_saved(ann: CanvasDesk, answer: str) -> None:
    await ann.start()
    await ann.hold()
    press(ann.window, "Release")
    await ann.choose(answer)
    await until(lambda: ann.session.lease.phase is Phase.VIEWING, timeout_s=PATIENCE_S)
    await ann.settled("lock")
    is_saved = answer.startswith("Save")
    assert ann.is_drawn is is_saved
    assert bool((await ann.on_server()).asset_ids()) is is_saved
    drafts = await session_of(ann.program).canvases.recoveries()
    assert [draft.why for draft in drafts] == ([] if is_saved else [KeptWhy.CLOSED])
    assert not ann.is_asked()


@at_the_desk(QUICK)
async def test_restoring_with_unsaved_strokes_asks_nothing_about_the_lock(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()
    await ann.session.save()
    ann.draw(200)
    await ann.controller.snapshots.reading.settle()
    key = next(iter(ann.controller.snapshots._rows))
    ann.controller.snapshots.restoring.trigger(key)
    await ann.controller.snapshots.restoring.settle()
    await ann.settled("reload")
    assert not ann.is_asked()
    assert ann.is_drawn
    assert ann.color(100, 200) == "#ffffff"
    drafts = await session_of(ann.program).canvases.recoveries()
    assert [draft.why for draft in drafts] == [KeptWhy.REPLACED]
