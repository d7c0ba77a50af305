"""A canvas that takes its time to close: nothing may be drawn that nobody keeps."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from PySide6.QtGui import QColor

from scenario_desktop.errors import StoreFailed
from scenario_desktop.ui.panels.canvas.pixels.brush import Brush
from tests.support import until
from tests.widget.canvas_panel_support import canvases, opened, panel, pictures, window

__all__ = ["canvases", "panel", "pictures", "window"]


def begin(panel: Any) -> bool:
    panel.editor.set_active("a")
    return bool(panel.editor.begin_stroke(Brush(size=10), QColor("#ff0000")))


@pytest.fixture
def gate(canvases: Any, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Closing waits for it, as it does for a server that does not answer."""
    gate, close = asyncio.Event(), canvases.close

    async def slow(session: Any) -> None:
        await gate.wait()
        await close(session)

    monkeypatch.setattr(canvases, "close", slow)
    return gate


async def test_nothing_is_drawn_on_a_canvas_that_is_being_closed(
    qt_loop, panel, canvases, gate
) -> None:
    await opened(panel, canvases)
    told: list[str] = []
    panel.editor.refused.connect(told.append)
    assert begin(panel)
    panel.editor.stroke_to(10, 10)
    panel.editor.stroke_to(20, 20)
    panel.actions["close"].trigger()
    await until(lambda: panel.session is None)
    assert not panel.editor.is_painting
    assert len(panel.editor.history.done) == 1  # what was in the hand is kept
    assert not begin(panel)
    assert "being closed" in told[0]
    assert panel.page.save.text() == "Closing…"
    gate.set()
    await panel.actions["close"].settle()
    await opened(panel, canvases)
    assert begin(panel)


async def test_a_canvas_that_could_not_be_closed_is_drawn_on_again(
    qt_loop, panel, canvases, gate
) -> None:
    await opened(panel, canvases)
    canvases.close_error = StoreFailed("The disk is full.")
    gate.set()
    panel.actions["close"].trigger()
    await panel.actions["close"].settle()
    assert panel.session is not None
    assert panel.page.save.text() != "Closing…"
    assert begin(panel)
