"""The drafts that are offered at the start: what is to be deleted can be kept after all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.drafts import Recovery
from scenario_desktop.ui.panels.canvas.lease.recoveries import RecoveryDialog
from scenario_desktop.ui.widgets.buttons import Button
from scenario_desktop.ui.widgets.labels import PlainLabel

NOW = datetime.now(UTC)


@pytest.fixture
def dialog(qapp: QApplication) -> Iterator[RecoveryDialog]:
    window = QWidget()
    window.resize(1000, 700)
    window.show()
    drafts = [Recovery(f"d{n}", f"c{n}", f"Canvas {n}", KeptWhy.OPEN, NOW) for n in range(2)]
    damaged = Recovery("bad", "", "", KeptWhy.OPEN, NOW, folder=Path("damaged"))
    dialog = RecoveryDialog(window, [*drafts, damaged])
    dialog.open()
    yield dialog
    window.close()
    window.deleteLater()


def click(dialog: RecoveryDialog, name: str, number: int = 0) -> None:
    found = [b for b in dialog.findChildren(Button) if b.isVisible() and b.text() == name]
    QTest.mouseClick(found[number], Qt.MouseButton.LeftButton)


def shown(dialog: RecoveryDialog) -> list[str]:
    return [b.text() for b in dialog.findChildren(Button) if b.isVisible()]


def test_what_was_to_be_deleted_is_kept_after_all(dialog: RecoveryDialog) -> None:
    click(dialog, "Delete")
    assert dialog.discarded == ["d0"]
    assert sorted(shown(dialog)) == ["Delete", "Go on", "Keep it", "Later"]
    said = [w.text() for w in dialog.findChildren(PlainLabel) if w.isVisible()]
    assert "Deleted for good when you close this" in said
    assert dialog.focusWidget().text() == "Keep it"  # type: ignore[attr-defined]  # a button
    click(dialog, "Keep it")
    assert dialog.discarded == []
    assert sorted(shown(dialog)) == ["Delete", "Delete", "Go on", "Go on", "Later"]


def test_one_is_deleted_and_another_gone_on_with(dialog: RecoveryDialog) -> None:
    click(dialog, "Delete", 1)
    click(dialog, "Go on")
    assert dialog.discarded == ["d1"]
    assert dialog.chosen is not None
    assert dialog.chosen.id == "d0"
