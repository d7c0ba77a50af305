"""Who waits for a canvas may close it, and is told wherever in the window that is."""

from __future__ import annotations

from tests.e2e.canvas_desk import CanvasDesk, at_the_desk
from tests.e2e.desk import PATIENCE_S, toast
from tests.e2e.test_canvas_lock import QUICK
from tests.support import until


async def left_waiting(ann: CanvasDesk) -> str:
    """Be refused, ask to be told, and go back to the gallery; returns the canvas."""
    await ann.start()
    await ann.ben_locks()
    ann.draw()
    await ann.choose("Tell me when it is free")
    await until(lambda: ann.session.lease.is_waiting, timeout_s=PATIENCE_S)
    canvas_id = ann.canvas_id
    ann.program.workbench.commands.run("canvas.close")
    await until(lambda: ann.window.page == "gallery", timeout_s=PATIENCE_S)
    await ann.ben.unlock_asset(canvas_id, lock_id=ann._ben_lock)
    return canvas_id


@at_the_desk(QUICK)
async def test_the_draft_is_offered_over_the_gallery(ann: CanvasDesk) -> None:
    canvas_id = await left_waiting(ann)
    dialog = await ann.question()
    assert dialog.question.title == "“Ember Valley” is free"
    assert ann.window.page == "gallery"
    await ann.choose("Go on with my draft")
    await until(lambda: ann.controller.session, timeout_s=PATIENCE_S)
    await ann.settled("open")
    await ann.shown()
    assert ann.is_drawn
    assert ann.canvas_id == canvas_id
    await ann.held()
    await ann.session.save()
    assert (await ann.on_server()).asset_ids()


@at_the_desk(QUICK)
async def test_not_now_leaves_the_draft(ann: CanvasDesk) -> None:
    canvas_id = await left_waiting(ann)
    await ann.choose("Not now")
    await until(lambda: not ann.room.freed.is_busy, timeout_s=PATIENCE_S)
    assert ann.window.page == "gallery"
    await ann.open(canvas_id)
    assert ann.session.kept_id


@at_the_desk(QUICK)
async def test_who_only_looked_is_told_in_a_notice(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.ben_locks()
    canvas_id = ann.canvas_id
    ann.session.wait_until_free(True)
    ann.program.workbench.commands.run("canvas.close")
    await until(lambda: ann.window.page == "gallery", timeout_s=PATIENCE_S)
    await ann.ben.unlock_asset(canvas_id, lock_id=ann._ben_lock)
    await until(lambda: "is free now" in toast(ann.program), timeout_s=PATIENCE_S)
