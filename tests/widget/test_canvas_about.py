"""Name and description of a canvas, also of another program's, and its lock by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from scenario_desktop.errors import Conflict
from scenario_desktop.services.canvas.lease import Lease, LostReason, Phase, Refusal
from scenario_desktop.ui.panels.canvas import words
from scenario_desktop.ui.panels.canvas.lease.lock_bar import LockKind
from scenario_desktop.ui.panels.canvas.title_field import TitleField
from tests.widget.canvas_panel_support import (
    NOW,
    canvases,
    lease,
    opened,
    panel,
    pictures,
    window,
)  # fmt: skip

__all__ = ["canvases", "panel", "pictures", "window"]

THEIRS = json.dumps({"tool": "other", "layers": [{"name": "Knight", "type": "image"}]})


@pytest.fixture
def title(qapp: QApplication) -> Iterator[TitleField]:
    made = TitleField()
    made.set_name("Ember Valley")
    made.resize(300, 40)
    made.show()
    made.activateWindow()
    yield made
    made.close()
    made.deleteLater()


def test_a_click_lets_the_name_be_typed_over(title: TitleField) -> None:
    told: list[str] = []
    title.renamed.connect(told.append)
    QTest.mouseClick(title, Qt.MouseButton.LeftButton)
    assert title.field.isVisible()
    assert title.field.selectedText() == "Ember Valley"
    title.field.setText("  Dusk   Ridge ")
    QTest.keyClick(title.field, Qt.Key.Key_Return)
    assert told == ["Dusk Ridge"]
    assert title.label.text() == "Dusk Ridge"
    assert not title.field.isVisible()


@pytest.mark.parametrize("typed", ["", "   ", "Ember Valley"])
def test_no_name_and_the_same_name_change_nothing(title: TitleField, typed: str) -> None:
    told: list[str] = []
    title.renamed.connect(told.append)
    title.edit()
    title.field.setText(typed)
    QTest.keyClick(title.field, Qt.Key.Key_Return)
    assert (told, title.label.text()) == ([], "Ember Valley")


def test_escape_leaves_the_name(title: TitleField) -> None:
    told: list[str] = []
    title.renamed.connect(told.append)
    title.edit()
    title.field.setText("Other")
    QTest.keyClick(title.field, Qt.Key.Key_Escape)
    assert (told, title.label.text()) == ([], "Ember Valley")
    title.set_editable(False)
    title.edit()
    assert not title.field.isVisible()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
async def test_the_keys_go_back_to_the_canvas_after_a_name(
    qt_loop: Any, panel: Any, canvases: Any, key: Qt.Key
) -> None:
    await opened(panel, canvases)
    panel.page.window().activateWindow()
    panel.page.stage.setFocus()
    panel.page.title.edit()
    assert panel.page.title.field.hasFocus()
    QTest.keyClick(panel.page.title.field, key)
    assert panel.page.focusWidget() is panel.page.stage.focusProxy()


async def test_the_canvas_is_renamed_and_described(qt_loop: Any, panel: Any, canvases: Any) -> None:
    session = await opened(panel, canvases)
    panel.page.title.renamed.emit("Dusk Ridge")
    await panel.actions["rename"].settle()
    panel.dock.about.edited.emit("For the menu")
    await panel.actions["describe"].settle()
    assert (session.asset.name, session.asset.description) == ("Dusk Ridge", "For the menu")
    assert panel.page.title.label.text() == "Dusk Ridge"
    assert panel.name == "Dusk Ridge"
    assert panel.dock.about.toPlainText() == "For the menu"
    assert panel._ports.items.brought == ["canvas_1", "canvas_1"]
    assert session.edits == 0  # neither takes the lock


async def test_a_refused_name_is_taken_back(qt_loop: Any, panel: Any, canvases: Any) -> None:
    session = await opened(panel, canvases)
    session.error = Conflict("Somebody else holds it.")
    panel.page.title.set_name("Dusk Ridge")
    panel.page.title.renamed.emit("Dusk Ridge")
    await panel.actions["rename"].settle()
    assert panel._ports.messages.errors == [session.error]
    assert panel.page.title.label.text() == "Ember Valley"


async def test_what_another_program_made_is_listed(qt_loop: Any, panel: Any, canvases: Any) -> None:
    canvases.text = THEIRS
    session = await opened(panel, canvases)
    dock = panel.dock
    assert dock.foreign.isVisibleTo(dock)
    assert dock.foreign.accessibleDescription() == "Knight image"
    assert not dock.layers.isVisibleTo(dock)
    assert "Ctrl+S" not in dock.snapshots.words
    assert panel.page.lock_bar.state.action == words.LOCK
    panel.page.lock_bar.action_requested.emit()
    await panel.actions["lock"].settle()
    assert panel.page.lock_bar.state.kind is LockKind.MINE
    assert panel.editor.read_only  # locked or not, it is never written
    panel.page.lock_bar.action_requested.emit()
    await panel.actions["lock"].settle()
    assert session.calls == ["take_again", "release"]
    assert session.text == THEIRS
    canvases.text = type(canvases)().text
    await opened(panel, canvases)
    assert dock.layers.isVisibleTo(dock)
    assert not dock.foreign.isVisibleTo(dock)


@pytest.mark.parametrize(
    ("state", "kind", "action"),
    [
        (Lease(), LockKind.FOREIGN, words.LOCK),
        (lease(Phase.ACQUIRING), LockKind.ASKING, ""),
        (lease(Phase.HELD), LockKind.MINE, words.RELEASE),
        (lease(Phase.REFUSED, refusal=Refusal.OTHERS), LockKind.OTHER, words.CHECK_AGAIN),
        (lease(Phase.LOST, lost=LostReason.FORCED), LockKind.LOST, words.TAKE_AGAIN),
        (Lease(until=NOW + timedelta(minutes=5)), LockKind.OTHER, words.CHECK_AGAIN),
    ],
)
def test_the_lock_of_another_programs_canvas(state: Lease, kind: LockKind, action: str) -> None:
    left = 300.0 if state.until else None
    shown = words.lock_state(state, left, is_foreign=True, saved_at=None)
    assert (shown.kind, shown.action) == (kind, action)


def test_a_wrong_clock_is_told_with_another_programs_canvas_too() -> None:
    wrong = replace(lease(Phase.HELD), skew_s=-7200.0)
    shown = words.lock_state(wrong, 300.0, is_foreign=True, saved_at=None)
    assert "2\u00a0h fast" in shown.note
    free = words.lock_state(Lease(skew_s=45.0), None, is_foreign=True, saved_at=None)
    assert "45\u00a0s slow" in free.note


def test_who_does_nothing_with_another_programs_canvas_is_told_what_comes_of_it() -> None:
    asked = replace(lease(Phase.HELD), idle_asked_s=1.0)
    shown = words.lock_state(asked, 300.0, is_foreign=True, saved_at=None)
    assert "about to be given back" in shown.note
