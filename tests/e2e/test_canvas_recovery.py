"""Strokes of the last moment: kept when the window closes, offered with their picture after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scenario_desktop.services.canvas.session import CanvasTimes
from scenario_desktop.ui.panels.canvas.recoveries import RecoveryDialog
from tests.e2e.canvas_desk import canvas_desk
from tests.e2e.desk import PATIENCE_S, press, session_of
from tests.support import until


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
        found: list[RecoveryDialog] = []

        def is_there() -> bool:
            found[:] = [d for d in ann.window.findChildren(RecoveryDialog) if d.isVisible()]
            return bool(found)

        await until(is_there, timeout_s=PATIENCE_S)
        (recovery,) = await session_of(ann.program).canvases.recoveries()
        assert recovery.thumbnail
        press(found[0], "Go on")
        await until(lambda: ann.controller.session is not None, timeout_s=PATIENCE_S)
        await ann.settled("open")
        assert ann.is_drawn
        assert ann.color(100, 200) == "#d03050"
        await ann.held()
        await ann.session.save()
        assert (await ann.on_server()).asset_ids()
        assert await session_of(ann.program).canvases.recoveries() == []
