"""The dock beside a canvas: its rows and its number fields."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.dock import FrameField
from scenario_desktop.ui.panels.canvas.tools.select_tool import Frame
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId
from tests.widget.canvas_panel_support import canvases, opened, panel, pictures, window

__all__ = ["canvases", "panel", "pictures", "window"]


async def test_the_dock_does_not_edit_by_showing(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    panel.editor.change_layer(
        "p", "x", "", transform=panel.editor.document.layers[0].transform.model_copy(
            update={"scale_x": 0.333, "scale_y": 0.333}
        )
    )  # fmt: skip
    count = len(panel.editor.history.done)
    for layer_id in ("a", "p", "a", "p"):
        panel.dock.layers.chosen.emit(layer_id)
    assert len(panel.editor.history.done) == count


async def test_rows_of_the_dock_change_layers(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    rows = panel.dock.layers
    rows.visible_toggled.emit("p")
    rows.lock_toggled.emit("a")
    rows.renamed.emit("a", "Heaven")
    rows.moved.emit("p", 5, "")
    panel.dock.opacity_edited.emit(0.4)
    document = panel.editor.document
    assert [layer.id for layer in document.layers] == ["a", "p"]
    heaven = document.layers[0]
    assert (heaven.name, heaven.is_locked, heaven.opacity) == ("Heaven", True, 0.4)
    assert not document.layers[1].is_visible
    assert len(panel.editor.history.done) == 5


async def test_escape_in_a_number_drops_it_and_gives_the_keys_back(
    qt_loop, panel, canvases, window
) -> None:
    await opened(panel, canvases)
    panel.editor.set_active("p")
    field = panel.dock.fields["x"]
    before = field.text()
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "77")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert panel.page.focusWidget() is panel.page.stage.focusProxy()
    assert field.text() == before
    assert not panel.editor.history.can_undo


async def test_enter_in_a_number_field_gives_the_keys_back_to_the_canvas(
    qt_loop, panel, canvases, window
) -> None:
    await opened(panel, canvases)
    window.activateWindow()
    field = panel.dock.percent
    field.setFocus()
    field.lineEdit().selectAll()
    QTest.keyClicks(field, "50")
    panel.settings.set_tool(ToolId.CROP)
    stage = panel.page.stage
    places = [stage.to_view(QPointF(*at)).toPoint() for at in ((10, 10), (60, 50))]
    QTest.mousePress(stage, Qt.MouseButton.LeftButton, pos=places[0])
    QTest.mouseMove(stage, places[1])
    QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=places[1])
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert panel.editor.active.opacity == 0.5
    QTest.keyClick(stage.focusProxy(), Qt.Key.Key_Return)
    assert (panel.editor.document.width, panel.editor.document.height) == (50, 40)


@pytest.mark.parametrize("value", [12345.6, -123.4, 100])
def test_a_long_number_stands_alone_in_its_field(qapp, value) -> None:
    field = FrameField("Scale", "Scale", "%", 0.1, 100_000)
    field.resize(110, 32)
    field.show_value(value, 1)
    field.show()
    label = theme.current().metrics("body").horizontalAdvance("Scale")
    number = theme.current().metrics("body").horizontalAdvance(field.text())
    assert field.shows_label == (label + number + 30 <= 110)
    field.close()
    field.deleteLater()


def test_without_a_frame_no_number_is_shown(panel) -> None:
    dock = panel.dock
    dock.show_frame(Frame(10, 20, 30, 40, 5, 100))
    assert dock.fields["x"].text().startswith("10")
    dock.show_frame(None)
    assert not any(character.isdigit() for character in dock.fields["x"].text())
    dock.show_frame(Frame(10, 20, 30, 40, 5, 100))
    assert dock.fields["x"].text().startswith("10")


async def test_each_number_of_the_frame_is_a_step_of_its_own(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    panel.editor.set_active("p")
    first = panel.editor.document.layer("p").transform
    fields = panel.dock.fields
    for value in (10, 20, 30):  # as the wheel does
        fields["angle"].setValue(value)
    fields["x"].setValue(400)
    assert [step.name for step in panel.editor.history.done] == ["Transform Lake"] * 2
    panel.editor.undo()
    assert panel.editor.document.layer("p").transform.angle == 30
    panel.editor.undo()
    assert panel.editor.document.layer("p").transform == first
