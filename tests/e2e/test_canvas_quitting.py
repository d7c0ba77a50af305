"""Leaving the program with strokes that are not saved, when the disk or the server fails it."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

from PySide6.QtWidgets import QLabel

from scenario_desktop.services.canvas.drafts import Disk
from scenario_desktop.services.canvas.room import CanvasTimes
from tests.e2e.canvas_desk import CanvasDesk, at_the_desk
from tests.e2e.conftest import on_posix
from tests.e2e.desk import PATIENCE_S, press, session_of, texts
from tests.support import until

TITLE = "Your last strokes are not kept"
QUICK = CanvasTimes(draft_s=0.1)


class Full(Disk):
    """Takes nothing more."""

    def write(self, path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def is_asked(ann: CanvasDesk) -> bool:
    return any(one.isVisible() and one.text() == TITLE for one in ann.window.findChildren(QLabel))


@at_the_desk(QUICK)
async def test_a_full_disk_asks_before_strokes_are_lost(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()

    drafts = session_of(ann.program).canvases._room.drafts
    drafts._disk, room = Full(), drafts._disk
    ann.draw(200)
    ann.window.close()
    await until(lambda: is_asked(ann), timeout_s=PATIENCE_S)
    assert any("full" in text.lower() for text in texts(ann.window))
    press(ann.window, "Stay")
    await until(lambda: not ann.program._leaving.is_busy)
    assert not ann.program._ended.is_set()
    assert ann.color(100, 200) == "#d03050"

    drafts._disk = room
    ann.window.close()
    await until(ann.program._ended.is_set, timeout_s=PATIENCE_S)


@at_the_desk(QUICK)
async def test_strokes_may_be_given_up(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()

    session_of(ann.program).canvases._room.drafts._disk = Full()
    ann.draw(200)
    ann.window.close()
    await until(lambda: is_asked(ann), timeout_s=PATIENCE_S)
    press(ann.window, "Quit without them")
    await until(ann.program._ended.is_set, timeout_s=PATIENCE_S)


@on_posix
@at_the_desk(QUICK)
async def test_a_server_that_hangs_keeps_no_window_on_the_screen(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()
    engine = ann.program.engine.pid
    assert engine is not None
    program, gone = ann.program, list[tuple[bool, bool]]()
    program.window.vanished.connect(
        lambda: gone.append((program.window.isVisible(), program.session is None))
    )
    os.kill(engine, signal.SIGSTOP)
    try:
        ann.draw(200)
        ann.window.close()
        await until(lambda: gone == [(False, False)], timeout_s=PATIENCE_S)
    finally:
        os.kill(engine, signal.SIGCONT)
