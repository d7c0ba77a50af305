"""The sheet of shortcuts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from scenario_desktop.ui.commands import Command
from scenario_desktop.ui.panels.keys.view import KeysSheet, PageKeys, groups_of
from scenario_desktop.ui.widgets.keycap import KeyCap
from tests.widget.access import unnamed


def _nothing() -> None:
    pass


COMMANDS = (
    Command("a.b", "Find things…", _nothing, group="Go to", shortcut="Ctrl+F"),
    Command("c.d", "Without a key", _nothing),
    Command("e.f", "Undo", _nothing, group="Edit", shortcut="Ctrl+Z"),
)


@pytest.fixture
def window(qapp: QApplication) -> Iterator[QWidget]:
    widget = QWidget()
    widget.resize(960, 600)
    widget.show()
    yield widget
    widget.close()
    widget.deleteLater()


def test_each_shortcut_stands_under_its_heading() -> None:
    groups = dict(groups_of(COMMANDS))
    assert groups["Go to"] == [("Find things", "Ctrl+F")]
    assert groups["Edit"] == [("Undo", "Ctrl+Z")]
    assert "Do" not in groups


def test_a_page_of_many_keys_comes_first_and_hides_what_it_takes() -> None:
    brush = Command("canvas.tool.brush", "Tool: Brush", _nothing, group="Tools", shortcut="B")
    own = Command("canvas.tool.text", "Tool: Text", _nothing, group="Tools", shortcut="T")
    library = (
        Command("item.rename", "Rename", _nothing, shortcut="F2"),
        Command("detect.open", "Detect…", _nothing, shortcut="T"),
    )
    page = PageKeys(("Tools",), "With the pointer", (("Hand", "Space"),))
    groups = list(groups_of((*COMMANDS, *library, brush, own), page))
    assert groups[:2] == [
        ("Tools", [("Brush", "B"), ("Text", "T")]),
        ("With the pointer", [("Hand", "Space")]),
    ]
    assert {name for name, _ in groups} == {"Tools", "With the pointer", "Edit", "Go to"}


def test_the_sheet_fits_the_smallest_window_and_closes(window: QWidget) -> None:
    sheet = KeysSheet(window, COMMANDS)
    sheet.open()
    codes: list[int] = []
    sheet.finished.connect(codes.append)
    assert window.rect().contains(sheet.box().translated(sheet.pos()))
    assert "Ctrl Z" in {cap.accessibleName() for cap in sheet.findChildren(KeyCap)}
    assert not unnamed(sheet)
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert codes == [0]
