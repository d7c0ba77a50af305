"""Several layers chosen at once: in the list, on the stage, and what is done with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import Blend, GroupLayer, Layer, Transform
from scenario_desktop.ui.panels.canvas.dock import CanvasDock
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.layers import several, single
from scenario_desktop.ui.panels.canvas.layers.layer_actions import LayerActions
from scenario_desktop.ui.panels.canvas.layers.layer_list import LayerList, row_height
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId, ToolSettings
from tests.widget.canvas_support import (
    BLUE,
    GREEN,
    RED,
    color,
    drag,
    editor_of,
    paint,
    picture,
    send,
    stroke,
)

NONE = Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def editor() -> Editor:
    """Three pictures side by side, from the left and from the lowest: p, q and r."""
    pixels = Pixels()
    layers = [
        picture(name, tone, pixels, transform=Transform(x=x, y=30))
        for name, tone, x in (("p", RED, 10), ("q", GREEN, 70), ("r", BLUE, 130))
    ]
    return editor_of(*layers, pixels=pixels)


@pytest.fixture
def desk(qapp: QApplication, editor: Editor) -> Iterator[LayerActions]:
    """The stage, the dock and what is between them."""
    stage, dock = Stage(editor, ToolSettings()), CanvasDock(editor)
    stage.resize(400, 300)
    stage.show()
    stage.fit()
    dock.resize(300, 900)
    dock.show()
    made = LayerActions(editor, dock, stage, parent=dock)
    made.show()
    yield made
    for widget in (stage, dock):
        widget.close()
        widget.deleteLater()


def click(desk: LayerActions, layer_id: str, keys: Qt.KeyboardModifier = NONE) -> None:
    """Click a row of the list."""
    rows = desk._dock.layers
    place = rows.visualRect(desk._dock.model.index(desk._dock.model.row_of(layer_id))).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, keys, place)


def tap(desk: LayerActions, x: float, y: float, keys: Qt.KeyboardModifier = NONE) -> None:
    """Click on the stage."""
    send(desk._stage, QEvent.Type.MouseButtonPress, (x, y), keys)
    send(desk._stage, QEvent.Type.MouseButtonRelease, (x, y), keys)


def marked(rows: LayerList) -> set[str]:
    return {str(index.data()) for index in rows.selectedIndexes()}


def layer_of(editor: Editor, layer_id: str) -> Layer:
    layer = editor.document.layer(layer_id)
    assert layer is not None
    return layer


def xs(editor: Editor) -> list[float]:
    return [layer.transform.x for layer in editor.document.layers]


def names(editor: Editor) -> list[str]:
    return [step.name.replace("\u00a0", " ") for step in editor.history.done]


def test_rows_are_added_and_taken_away_and_a_range_is_chosen(
    desk: LayerActions, editor: Editor
) -> None:
    click(desk, "p")
    click(desk, "r", CONTROL)
    assert (editor.chosen, editor.active_id) == (["p", "r"], "r")
    assert marked(desk._dock.layers) == {"p", "r"}
    click(desk, "r", CONTROL)
    assert (editor.chosen, editor.active_id) == (["p"], "p")
    click(desk, "p", CONTROL)
    assert editor.chosen == ["p"]  # something is always chosen
    click(desk, "r", SHIFT)
    assert (editor.chosen, editor.active_id) == (["p", "q", "r"], "r")
    click(desk, "q")
    assert (editor.chosen, marked(desk._dock.layers)) == (["q"], {"q"})
    QTest.keyClick(desk._dock.layers, Qt.Key.Key_Down, SHIFT)
    assert editor.chosen == ["p", "q"]
    QTest.keyClick(desk._dock.layers, Qt.Key.Key_Down)
    assert editor.chosen == ["p"]


def test_rows_are_dragged_together(desk: LayerActions, editor: Editor) -> None:
    click(desk, "q")
    click(desk, "r", CONTROL)
    rows = desk._dock.layers
    place = rows.visualRect(desk._dock.model.index(0)).center()
    end = QPoint(place.x(), 3 * row_height())
    QTest.mousePress(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(rows.viewport(), (place + end) / 2)
    QTest.mouseMove(rows.viewport(), end)
    QTest.mouseRelease(rows.viewport(), Qt.MouseButton.LeftButton, pos=end)
    assert [layer.id for layer in editor.document.layers] == ["q", "r", "p"]
    assert names(editor) == ["Move 2 layers in the list"]
    assert editor.chosen == ["q", "r"]


@pytest.mark.parametrize("keys", [SHIFT, CONTROL])
def test_a_click_on_the_stage_chooses_one_more_or_one_less(
    desk: LayerActions, editor: Editor, keys: Qt.KeyboardModifier
) -> None:
    tap(desk, 20, 40)
    tap(desk, 80, 40, keys)
    assert (editor.chosen, editor.active_id) == (["p", "q"], "q")
    tap(desk, 20, 40, keys)
    assert editor.chosen == ["q"]
    tap(desk, 20, 40, keys)
    tap(desk, 80, 40)
    assert editor.chosen == ["q"]
    assert not editor.history.can_undo


def test_what_is_chosen_moves_together_as_one_step(desk: LayerActions, editor: Editor) -> None:
    editor.choose(["p", "r"])
    drag(desk._stage, (20, 40), (20, 50), (20, 61), keys=CONTROL)
    assert [layer.transform.y for layer in editor.document.layers] == [51, 30, 51]
    assert names(editor) == ["Move 2 layers"]
    assert editor.chosen == ["p", "r"]
    editor.undo()
    assert [layer.transform.y for layer in editor.document.layers] == [30, 30, 30]
    keys = desk._stage.focusProxy()
    assert keys is not None
    QTest.keyClick(keys, Qt.Key.Key_Right)
    QTest.keyClick(keys, Qt.Key.Key_Right)
    assert xs(editor) == [12, 70, 132]
    assert names(editor) == ["Move 2 layers"]


def test_a_locked_one_among_them_holds_all(desk: LayerActions, editor: Editor) -> None:
    editor.change_layer("r", "Lock {}", "lock", is_locked=True)
    editor.choose(["p", "r"])
    said: list[str] = []
    editor.refused.connect(said.append)
    drag(desk._stage, (20, 40), (20, 50), (20, 61), (20, 80))
    assert len(said) == 1
    QTest.keyClick(desk._stage.focusProxy(), Qt.Key.Key_Right)
    assert len(said) == 2
    desk.delete()
    assert (xs(editor), len(said)) == ([10, 70, 130], 3)
    assert all("“r” is locked" in one for one in said)


def test_a_click_among_locked_ones_says_nothing(desk: LayerActions, editor: Editor) -> None:
    editor.change_layer("r", "Lock {}", "lock", is_locked=True)
    editor.choose(["p", "r"])
    said: list[str] = []
    editor.refused.connect(said.append)
    drag(desk._stage, (20, 40), (21, 40))
    assert (editor.chosen, said) == (["p"], [])


def test_a_band_from_empty_ground_chooses_what_it_touches(
    desk: LayerActions, editor: Editor
) -> None:
    editor.set_active("r")
    drag(desk._stage, (2, 5), (30, 40), (90, 50))
    assert editor.chosen == ["p", "q"]
    drag(desk._stage, (2, 95), (30, 90), (190, 80))
    assert editor.chosen == ["p", "q"]  # it touched nothing
    drag(desk._stage, (195, 5), (185, 20), (175, 40), keys=SHIFT)
    assert editor.chosen == ["p", "q", "r"]
    assert not editor.history.can_undo


def test_they_are_scaled_by_the_numbers_of_the_frame_around_them(
    desk: LayerActions, editor: Editor
) -> None:
    editor.choose(["p", "q"])
    dock = desk._dock
    assert (dock.fields["x"].value(), dock.fields["width"].value()) == (10, 110)
    dock.fields["x"].setValue(20)
    assert xs(editor) == [20, 80, 130]
    assert names(editor) == ["Transform 2 layers"]


def test_group_duplicate_and_delete_take_all_of_them(desk: LayerActions, editor: Editor) -> None:
    editor.choose(["r", "p"])
    desk.duplicate()
    assert names(editor) == ["Duplicate 2 layers"]
    assert [layer.name for layer in editor.document.layers] == ["p", "p copy", "q", "r", "r copy"]
    assert {layer_of(editor, one).name for one in editor.chosen} == {"p copy", "r copy"}
    desk.delete()
    assert [layer.id for layer in editor.document.layers] == ["p", "q", "r"]
    assert names(editor)[-1] == "Delete 2 layers"
    editor.undo()
    editor.undo()
    editor.choose(["p", "q"])
    desk.group()
    group = editor.active
    assert isinstance(group, GroupLayer)
    assert [layer.id for layer in editor.document.children(group.id)] == ["p", "q"]
    assert names(editor) == ["Group 2 layers"]


def test_copies_have_paint_of_their_own(qapp: QApplication) -> None:
    editor = editor_of(paint("a"), paint("b"))
    editor.set_active("a")
    stroke(editor, [(20, 20), (60, 20)])
    editor.choose(["a", "b"])
    several.duplicate(editor)
    copied = next(one for one in editor.chosen if layer_of(editor, one).name == "a copy")
    editor.set_active("a")
    single.clear_selected(editor)
    assert color(editor, 40, 20) == RED
    assert copied in editor.pixels.surfaces


def test_values_are_set_on_all_of_them(desk: LayerActions, editor: Editor) -> None:
    editor.choose(["p", "q"])
    desk._dock.layers.visible_toggled.emit("p")
    desk._dock.percent.setValue(50)
    desk._dock.layers.lock_toggled.emit("r")
    layers = editor.document.layers
    assert [layer.is_visible for layer in layers] == [False, False, True]
    assert [layer.opacity for layer in layers] == [0.5, 0.5, 1]
    assert [layer.is_locked for layer in layers] == [False, False, True]
    assert names(editor) == ["Hide 2 layers", "Opacity of 2 layers", "Lock r"]


def test_a_group_goes_with_what_is_in_it_only_once() -> None:
    editor = editor_of(paint("a", parent="g"), GroupLayer(id="g", name="g"), paint("b"))
    editor.choose(["a", "g", "b"])
    assert several.roots(editor) == ["g", "b"]
    several.place(editor, Transform(x=5), "Move 2 layers", "move")
    assert [layer_of(editor, one).transform.x for one in ("a", "b")] == [5, 5]
    several.delete(editor)
    assert not editor.document.layers
    editor.undo()
    assert len(editor.document.layers) == 3


@pytest.mark.parametrize(
    ("chosen", "is_up", "is_to_end", "order"),
    [
        ("b", True, False, "acbd"), ("bc", True, False, "adbc"), ("cd", True, False, "abcd"),
        ("ad", True, False, "bacd"), ("bd", False, False, "badc"), ("ac", True, True, "bdac"),
        ("bd", False, True, "bdac"),
    ],
)  # fmt: skip
def test_layers_go_up_and_down_together(
    chosen: str, is_up: bool, is_to_end: bool, order: str
) -> None:
    editor = editor_of(*(paint(name) for name in "abcd"))
    document = edits.raised(editor.document, list(chosen), is_up=is_up, is_to_end=is_to_end)
    assert "".join(layer.id for layer in document.layers) == order


@pytest.mark.parametrize(
    ("chosen", "index", "order"),
    [("ab", 2, "cdab"), ("ad", 1, "badc"), ("cd", 0, "cdab"), ("ac", 1, "bacd")],
)
def test_layers_are_put_at_one_place(chosen: str, index: int, order: str) -> None:
    editor = editor_of(*(paint(name) for name in "abcd"))
    document = edits.move_all(editor.document, list(chosen), index)
    assert "".join(layer.id for layer in document.layers) == order


def test_the_list_scrolls_beside_nothing_and_leaves_room_for_the_rest(qapp: QApplication) -> None:
    editor = editor_of(*(paint(f"Layer {number}") for number in range(40)))
    dock = CanvasDock(editor)
    dock.resize(300, 640)
    dock.show()
    area = dock.findChild(QScrollArea)
    assert area is not None
    assert not area.isAncestorOf(dock.layers)
    assert dock.layers.verticalScrollBar().maximum() > 0
    assert area.height() > 4 * row_height()
    assert area.focusPolicy() is Qt.FocusPolicy.NoFocus  # it is no stop on the way by Tab
    dock.close()
    dock.deleteLater()


def test_digits_set_the_opacity_of_the_brush_or_of_what_is_chosen(
    desk: LayerActions, editor: Editor
) -> None:
    settings = desk._stage.settings
    editor.choose(["p", "q"])
    desk.set_opacity(30)
    assert [layer.opacity for layer in editor.document.layers] == [0.3, 0.3, 1]
    settings.set_tool(ToolId.BRUSH)
    desk.set_opacity(60)
    assert (settings.brush.opacity, settings.eraser.opacity) == (0.6, 1)
    settings.set_tool(ToolId.ERASER)
    desk.set_opacity(20)
    assert (settings.brush.opacity, settings.eraser.opacity) == (0.6, 0.2)
    assert names(editor) == ["Opacity of 2 layers"]


def test_blend_modes_go_round(desk: LayerActions, editor: Editor) -> None:
    editor.set_active("p")
    modes = list(Blend)
    desk.step_blend(1)
    assert layer_of(editor, "p").blend is modes[1]
    for _ in range(2):
        desk.step_blend(-1)
    assert layer_of(editor, "p").blend is modes[-1]


def test_undo_in_a_number_is_the_canvas_s_until_something_is_typed(
    desk: LayerActions, editor: Editor
) -> None:
    editor.set_active("p")
    dock = desk._dock
    field = dock.fields["x"]
    dock.activateWindow()
    field.setFocus()
    undone: list[bool] = []

    def undo() -> None:
        undone.append(True)
        editor.undo()

    key = QShortcut(QKeySequence("Ctrl+Z"), dock)
    key.activated.connect(undo)
    field.selectAll()
    QTest.keyClicks(field, "45")
    QTest.keyClick(field, Qt.Key.Key_Z, CONTROL)
    assert (undone, field.text()) == ([], "10\u00a0px")
    field.selectAll()
    QTest.keyClicks(field, "45")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert layer_of(editor, "p").transform.x == 45
    QTest.keyClick(field, Qt.Key.Key_Z, CONTROL)
    assert (undone, field.value()) == ([True], 10)
    assert layer_of(editor, "p").transform.x == 10
