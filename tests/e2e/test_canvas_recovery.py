"""Strokes of the last moment: kept when the window closes, offered with their picture after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.services.canvas.room import CanvasTimes
from scenario_desktop.ui.panels.canvas.lease.recoveries import RecoveryDialog
from tests.e2e.canvas_desk import CanvasDesk, canvas_desk
from tests.e2e.conftest import on_posix
from tests.e2e.desk import PATIENCE_S, Apart, press, session_of
from tests.support import until


async def offered(ann: CanvasDesk) -> RecoveryDialog:
    """Wait until drafts of an earlier run are offered."""
    found: list[RecoveryDialog] = []

    def is_there() -> bool:
        found[:] = [d for d in ann.window.findChildren(RecoveryDialog) if d.isVisible()]
        return bool(found)

    await until(is_there, timeout_s=PATIENCE_S)
    return found[0]


async def test_a_stroke_just_before_the_end_is_offered_at_the_next_start(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with canvas_desk(tmp_path / "d") as ann:
        ann.hurry(CanvasTimes(draft_s=30.0))  # nothing but the end keeps it
        await ann.start()
        canvas_id = ann.canvas_id
        await ann.hold()
        ann.draw(200)
        assert not ann.session.is_drafted
    async with canvas_desk(tmp_path / "d") as ann:
        assert (await ann.ben.get_asset(canvas_id)).lock_expires_at is None
        dialog = await offered(ann)
        (recovery,) = await session_of(ann.program).canvases.recoveries()
        assert recovery.thumbnail
        press(dialog, "Go on")
        await until(lambda: ann.controller.session is not None, timeout_s=PATIENCE_S)
        await ann.settled("open")
        assert ann.is_drawn
        assert ann.color(100, 200) == "#d03050"
        await ann.held()
        await ann.session.save()
        assert (await ann.on_server()).asset_ids()
        assert await session_of(ann.program).canvases.recoveries() == []


@on_posix
@pytest.mark.parametrize("answer", ["Go on", "Later", "Delete"])
async def test_a_killed_window_leaves_its_strokes_and_its_lock(
    qt_loop: Any, tmp_path: Path, answer: str
) -> None:
    window = Apart(tmp_path / "d", "paint")
    canvas_id = window.wait_for("drawn")["canvas"]
    window.kill()
    window.end()
    async with canvas_desk(tmp_path / "d") as ann:
        dialog = await offered(ann)
        (recovery,) = await session_of(ann.program).canvases.recoveries()
        assert recovery.canvas_id == canvas_id
        assert recovery.thumbnail
        assert (await ann.ben.get_asset(canvas_id)).lock_expires_at is not None
        press(dialog, answer)
        if answer == "Delete":
            press(dialog, "Later")
        if answer == "Go on":
            await until(lambda: ann.controller.session is not None, timeout_s=PATIENCE_S)
            await ann.settled("open")
            await ann.held()  # resumed under the number that the draft has kept
            assert ann.is_drawn
            assert ann.color(100, 200) == "#d03050"
            await ann.session.save()
            assert (await ann.on_server()).asset_ids()
            return
        recovering = ann.room.recovering
        await until(lambda: not recovering.is_busy, timeout_s=PATIENCE_S)
        assert (await ann.ben.get_asset(canvas_id)).lock_expires_at is None
        left = await session_of(ann.program).canvases.recoveries()
        assert [one.id for one in left] == ([recovery.id] if answer == "Later" else [])


async def test_strokes_left_by_closing_are_offered_where_the_canvas_is_opened(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with canvas_desk(tmp_path / "d") as ann:
        await ann.start()
        canvas_id = ann.canvas_id
        await ann.hold()
        ann.controller.actions["close"].trigger()
        await ann.settled("close")
        await ann.open(canvas_id)
        assert not ann.is_drawn
        assert ann.controller.page.lock_bar.state.action == "Use my draft"
        ann.controller.page.lock_bar.action_requested.emit()
        await until(lambda: ann.is_drawn, timeout_s=PATIENCE_S)
        await ann.held()
        await ann.session.save()
        ann.controller.actions["close"].trigger()
        await ann.settled("close")
        await ann.open(canvas_id)
        assert ann.is_drawn
        assert ann.controller.page.lock_bar.state.action == ""
