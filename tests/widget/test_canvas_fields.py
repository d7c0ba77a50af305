"""Fields beside the canvas: whose undo it is, and where the keys go when one is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from scenario_desktop.canvas.format import TextLayer
from scenario_desktop.ui.panels.canvas.layers.layer_list import LayerList, NameField
from scenario_desktop.ui.panels.canvas.layers.layer_model import LayerModel
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.panels.canvas.tools.fields import CanvasField
from scenario_desktop.ui.panels.canvas.tools.options import ToolOptions
from scenario_desktop.ui.panels.canvas.tools.settings import ToolSettings
from scenario_desktop.ui.widgets.slider import NumberField
from tests.widget.canvas_support import editor_of, paint

CONTROL = Qt.KeyboardModifier.ControlModifier


class Names:
    """A list of layers with a button before it, to which the focus could stray."""

    def __init__(self) -> None:
        self.window, self.before = QWidget(), QPushButton("Before")
        self.rows = LayerList(LayerModel(editor_of(paint("a"), paint("b"))))
        layout = QVBoxLayout(self.window)
        layout.addWidget(self.before)
        layout.addWidget(self.rows)
        self.told: list[tuple[str, str]] = []
        self.rows.renamed.connect(lambda *told: self.told.append(told))
        self.window.show()
        self.window.activateWindow()

    def type(self, text: str) -> NameField:
        self.rows.rename("a")
        field: NameField = self.rows.findChildren(NameField)[-1]
        field.setFocus()
        QTest.keyClicks(field, text)
        return field


@pytest.fixture
def names(qapp: QApplication) -> Iterator[Names]:
    made = Names()
    yield made
    made.window.close()
    made.window.deleteLater()


def test_after_a_new_name_the_list_has_the_keys(names: Names) -> None:
    field = names.type("Sky 5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert names.told == [("a", "Sky 5")]
    assert QApplication.focusWidget() is names.rows


def test_escape_leaves_the_name_as_it_was(names: Names) -> None:
    field = names.type("Sky 5")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible()
    assert QApplication.focusWidget() is names.rows
    names.before.setFocus()
    assert not names.told


@pytest.mark.parametrize(
    ("key", "mods", "is_left"),
    [
        (Qt.Key.Key_S, CONTROL, True),
        (Qt.Key.Key_E, CONTROL | Qt.KeyboardModifier.ShiftModifier, True),
        (Qt.Key.Key_Plus, CONTROL, True),
        (Qt.Key.Key_B, Qt.KeyboardModifier.NoModifier, False),
        (Qt.Key.Key_5, Qt.KeyboardModifier.NoModifier, False),
        (Qt.Key.Key_B, CONTROL, False),
        (Qt.Key.Key_Z, CONTROL, False),
    ],
)
def test_one_can_save_and_zoom_in_the_middle_of_a_word(
    qapp: QApplication, key: Qt.Key, mods: Qt.KeyboardModifier, is_left: bool
) -> None:
    stage = Stage(editor_of(paint("a")), ToolSettings())
    stage.write(TextLayer(id="t", name="Ember", text="Ember"), is_new=True)
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, mods)
    event.ignore()
    QApplication.sendEvent(stage.text_box, event)
    assert event.isAccepted() is not is_left
    stage.deleteLater()


def wants_undo(field: QWidget) -> bool:
    """Ask as Qt does before it looks for a shortcut."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, CONTROL)
    event.ignore()
    QApplication.sendEvent(field, event)
    return event.isAccepted()


@pytest.mark.parametrize("tracks", [True, False])
def test_undo_in_a_number_is_the_canvas_own_until_something_is_typed(
    qapp: QApplication, tracks: bool
) -> None:
    field = CanvasField(name="Size")
    field.setKeyboardTracking(tracks)
    field.show()
    field.activateWindow()
    QTest.qWaitForWindowActive(field)
    field.setFocus()
    assert not wants_undo(field)
    QTest.keyClick(field, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(field, "3")
    assert wants_undo(field)
    field.set_value(7)
    assert not wants_undo(field)
    field.close()
    field.deleteLater()


def test_all_numbers_of_the_tools_leave_undo_to_the_canvas(qapp: QApplication) -> None:
    options = ToolOptions(ToolSettings())
    fields = options.findChildren(NumberField)
    assert len(fields) > 4
    assert all(isinstance(one, CanvasField) for one in fields)
    options.deleteLater()
