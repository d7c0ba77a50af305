"""A draft that was put aside: its card, what it says, and what becomes of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from scenario_desktop.canvas.format import Document, PaintLayer
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.drafts import Recovery
from scenario_desktop.services.canvas.lease import Phase, Refusal
from scenario_desktop.ui.dialogs import Dialog
from scenario_desktop.ui.panels.canvas import editor as editor_module
from scenario_desktop.ui.panels.canvas.controller import CanvasController
from scenario_desktop.ui.panels.canvas.history.snapshots import CompareDialog
from scenario_desktop.ui.panels.canvas.lease.kept_draft import done_words
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from tests.widget.canvas_panel_support import (
    NOW,
    SNAPSHOTS,
    FakeCanvases,
    FakeSession,
    canvases,
    dialog_of,
    lease,
    opened,
    panel,
    pictures,
    window,
)
from tests.widget.canvas_support import stroke

__all__ = ["canvases", "panel", "pictures", "window"]


def a_draft(what: str = "3 strokes on Clouds") -> Recovery:
    return Recovery("d1", "canvas_1", "Ember", KeptWhy.REFUSED, NOW, what=what)


async def with_draft(panel: CanvasController, canvases: FakeCanvases) -> FakeSession:
    """Open a canvas that somebody else holds, and put strokes aside."""
    session = await opened(panel, canvases)
    canvases.drafts["d1"] = a_draft()
    session.kept_id = "d1"
    session.give(lease(Phase.REFUSED, refusal=Refusal.OTHERS))
    await panel.actions["draft_look"].settle()
    return session


async def test_a_draft_that_was_put_aside_is_shown(qt_loop, panel, canvases, window) -> None:
    session = await with_draft(panel, canvases)
    card = panel.dock.draft
    assert card.isVisibleTo(panel.dock)
    assert card.title.text() == "3 strokes on Clouds"
    assert card.note.text() == f"Kept on this computer, {NOW.astimezone():%H:%M}"
    assert "somebody else held" in card.title.toolTip()
    session.kept_id = ""
    session.give(lease(Phase.HELD))
    assert not card.isVisibleTo(panel.dock)


async def test_a_draft_is_compared_and_discarded(qt_loop, panel, canvases, window) -> None:
    await with_draft(panel, canvases)
    card = panel.dock.draft
    QTest.mouseClick(card.compare, Qt.MouseButton.LeftButton)
    dialog = await dialog_of(window, CompareDialog)
    assert dialog.view._words == ("Your draft", "Now")
    assert dialog.view._pixmap.toImage().pixelColor(5, 5) == QColor("#00ff00")
    dialog.reject()
    await panel.actions["draft_compare"].settle()
    for answer in (Dialog.reject, Dialog.accept):
        QTest.mouseClick(card.discard, Qt.MouseButton.LeftButton)
        question = await dialog_of(window, Dialog)
        answer(question)
        await panel.actions["draft_discard"].settle()
        assert card.isVisibleTo(panel.dock) == (answer is Dialog.reject)
    assert canvases.discarded == ["d1"]


async def test_what_was_done_is_told_with_the_draft(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    panel.editor.set_active("a")
    for y in (20, 40, 60):
        stroke(panel.editor, [(20, y)])
    assert (await session.editor.draft()).what.replace("\u00a0", " ") == "3 strokes on Sky"
    panel.editor.change_layer("p", "Hide {}", "", is_visible=False)
    said = (await session.editor.draft()).what.replace("\u00a0", " ")
    assert said == "4 steps, last Hide Lake"
    session.give(lease(Phase.HELD))
    panel.save()
    await panel.actions["save"].settle()
    assert (await session.editor.draft()).what == ""


def test_strokes_on_several_layers_in_words() -> None:
    editor = editor_module.Editor()
    layers = (PaintLayer(id="a", name="Sky"), PaintLayer(id="b", name="Lake"))
    editor.open(Document(width=99, height=99, layers=layers), Pixels())
    for layer_id in ("a", "b"):
        editor.set_active(layer_id)
        stroke(editor, [(20, 20)])
    assert done_words(editor.history.done[:1]) == "Brush on Sky"
    assert done_words(editor.history.done).replace("\u00a0", " ") == "2 strokes on 2 layers"
    editor.deleteLater()


async def test_many_snapshots_give_way_to_the_draft(qt_loop, panel, canvases, window) -> None:
    session = await with_draft(panel, canvases)
    session.snapshot_texts = [*SNAPSHOTS] * 3
    panel.snapshots.refresh()
    await panel.snapshots.reading.settle()
    dock = panel.dock
    assert len(dock.snapshots._rows) == 3
    assert dock._all.text() == "Show all 10"
    QTest.mouseClick(dock._all, Qt.MouseButton.LeftButton)
    assert len(dock.snapshots._rows) == 10
    assert not dock._all.isVisibleTo(dock)
