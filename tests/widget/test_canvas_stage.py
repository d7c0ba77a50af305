"""The stage and its tools, by the pointer and the keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainterPath,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QSlider, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.canvas.format import ShapeLayer, TextLayer, Transform
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.exchange import clipboard
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.pixels.brush import Brush
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.panels.canvas.stage.viewport import MAX_ZOOM, MIN_ZOOM
from scenario_desktop.ui.panels.canvas.tools.select_tool import Frame, fitted, frame_of
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId, ToolSettings
from scenario_desktop.ui.panels.canvas.tools.tools import CropTool
from tests.widget.canvas_support import (
    BLUE,
    RED,
    color,
    drag,
    editor_of,
    paint,
    picture,
    send,
    stroke,
)

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def pixels() -> Pixels:
    return Pixels()


@pytest.fixture
def editor(pixels: Pixels) -> Editor:
    return editor_of(
        picture("p", BLUE, pixels, transform=Transform(x=20, y=20)), paint("a"), pixels=pixels
    )


@pytest.fixture
def stage(editor: Editor) -> Iterator[Stage]:
    stage = Stage(editor, ToolSettings())
    stage.settings.foreground = RED
    stage.settings.brush = Brush(10, 1.0)
    stage.resize(400, 300)
    stage.show()
    stage.fit()
    yield stage
    stage.close()
    stage.deleteLater()


def press_key(stage: Stage, key: Qt.Key, keys: Qt.KeyboardModifier | None = None) -> None:
    QTest.keyClick(stage.focusProxy(), key, keys or Qt.KeyboardModifier.NoModifier)


def test_a_brush_paints_where_the_pointer_goes(stage: Stage, editor: Editor) -> None:
    stage.settings.set_tool(ToolId.BRUSH)
    drag(stage, (120, 50), (150, 50), (180, 50))
    assert color(editor, 150, 50) == RED
    assert editor.history.done[0].name == "Brush on a"


def test_what_is_painted_is_on_the_screen_before_the_release(stage: Stage) -> None:
    stage.settings.set_tool(ToolId.BRUSH)
    send(stage, QEvent.Type.MouseButtonPress, (120, 50))
    send(stage, QEvent.Type.MouseMove, (180, 50))
    place = stage.to_view(QPointF(150, 50)).toPoint()
    assert stage.grab().toImage().pixelColor(place) == RED
    send(stage, QEvent.Type.MouseButtonRelease, (180, 50))


def test_escape_takes_a_stroke_back(stage: Stage, editor: Editor) -> None:
    stage.settings.set_tool(ToolId.BRUSH)
    send(stage, QEvent.Type.MouseButtonPress, (120, 50))
    send(stage, QEvent.Type.MouseMove, (180, 50))
    press_key(stage, Qt.Key.Key_Escape)
    assert not editor.history.can_undo
    assert color(editor, 150, 50).alpha() == 0


def test_zoom_has_limits_and_keeps_its_place(stage: Stage) -> None:
    at = QPointF(100, 80)
    under = stage.to_canvas(at)
    stage.set_zoom(3.0, at)
    assert (stage.to_canvas(at) - under).manhattanLength() < 1
    stage.set_zoom(1000)
    assert stage.zoom() == MAX_ZOOM
    stage.set_zoom(0.0001)
    assert stage.zoom() == pytest.approx(MIN_ZOOM)
    stage.actual_size()
    assert stage.zoom() == 1.0


def test_the_zoom_tool_shows_what_is_framed(stage: Stage) -> None:
    stage.settings.set_tool(ToolId.ZOOM)
    drag(stage, (20, 20), (60, 50))
    assert stage.zoom() == pytest.approx(10)
    middle = stage.to_canvas(QPointF(stage.width() / 2, stage.height() / 2))
    assert (middle - QPointF(40, 35)).manhattanLength() < 1


@pytest.mark.parametrize("zoom", [0.1, 0.2, 0.37, 1.0, 1.7, 9.0, 32.0])
def test_the_picture_is_right_at_every_zoom(stage: Stage, zoom: float) -> None:
    stage.set_zoom(zoom)
    stage.pan(QPointF(stage.rect().center()) - stage.to_view(QPointF(45.5, 40.5)))
    image = stage.grab().toImage()
    assert image.pixelColor(stage.to_view(QPointF(45.5, 40.5)).toPoint()) == BLUE


def test_the_space_bar_moves_the_canvas(stage: Stage, editor: Editor) -> None:
    stage.settings.set_tool(ToolId.BRUSH)
    keys = stage.focusProxy()
    QTest.keyPress(keys, Qt.Key.Key_Space)
    before = stage.to_view(QPointF(0, 0))
    drag(stage, (50, 50), (70, 50))
    QTest.keyRelease(keys, Qt.Key.Key_Space)
    assert stage.to_view(QPointF(0, 0)) != before
    assert not editor.history.can_undo


def test_a_layer_is_picked_and_moved(stage: Stage, editor: Editor) -> None:
    drag(stage, (30, 30), (80, 45), keys=CONTROL)
    assert editor.active_id == "p"
    place = editor.document.layers[0].transform
    assert (place.x, place.y) == (70, 35)
    editor.undo()
    assert editor.document.layers[0].transform.x == 20


def test_a_moved_edge_snaps_to_the_canvas(stage: Stage, editor: Editor) -> None:
    drag(stage, (40, 40), (30, 40), (22, 40))
    assert editor.document.layers[0].transform.x == 0


def test_a_corner_scales_and_keeps_the_shape(stage: Stage, editor: Editor) -> None:
    editor.set_active("p")
    drag(stage, (70, 60), (90, 76), (120, 100), keys=CONTROL)
    found = editor.document.layers[0].transform
    assert found.scale_x == pytest.approx(2.0, abs=0.05)
    assert found.scale_x == found.scale_y
    assert (found.x, found.y) == (pytest.approx(20), pytest.approx(20))


def test_the_round_point_turns_in_steps(stage: Stage, editor: Editor) -> None:
    editor.set_active("p")
    above = stage.to_canvas(stage.to_view(QPointF(45, 20)) - QPointF(0, 28))
    middle = QPointF(45, 40)
    side = (middle.x() + (middle.y() - above.y()), middle.y())
    drag(stage, (above.x(), above.y()), (70, 30), side, keys=SHIFT)
    assert editor.document.layers[0].transform.angle == 90


def test_arrow_keys_nudge_as_one_step(stage: Stage, editor: Editor) -> None:
    editor.set_active("p")
    for _ in range(3):
        press_key(stage, Qt.Key.Key_Right)
    press_key(stage, Qt.Key.Key_Down, SHIFT)
    place = editor.document.layers[0].transform
    assert (place.x, place.y) == (23, 30)
    assert len(editor.history.done) == 1


@pytest.mark.parametrize(
    ("tool", "form"),
    [(ToolId.RECTANGLE, "rectangle"), (ToolId.ELLIPSE, "ellipse"), (ToolId.LINE, "line")],
)
def test_shapes_are_drawn_out(stage: Stage, editor: Editor, tool: ToolId, form: str) -> None:
    stage.settings.set_tool(tool)
    drag(stage, (100, 20), (120, 30), (160, 60))
    shape = editor.active
    assert isinstance(shape, ShapeLayer)
    assert (shape.form.value, shape.width, shape.height) == (form, 60, 40)


def test_a_click_makes_no_shape(stage: Stage, editor: Editor) -> None:
    stage.settings.set_tool(ToolId.RECTANGLE)
    drag(stage, (100, 20), (100, 20))
    assert not editor.history.can_undo


def test_words_are_written_where_the_click_was(stage: Stage, editor: Editor) -> None:
    stage.settings.set_tool(ToolId.TEXT)
    drag(stage, (30, 80))
    assert stage.is_writing
    QTest.keyClicks(QApplication.focusWidget() or stage, "Bv")
    box = stage.text_box
    assert box is not None
    box.setPlainText("Ember")
    drag(stage, (150, 90))
    text = editor.active
    assert isinstance(text, TextLayer)
    assert (text.text, text.transform.x, text.transform.y) == ("Ember", 30, 80)
    assert not stage.is_writing


def test_cropping_waits_for_enter(stage: Stage, editor: Editor) -> None:
    stage.settings.set_tool(ToolId.CROP)
    drag(stage, (10, 10), (50, 40), (110, 60))
    assert isinstance(stage.tool, CropTool)
    assert stage.tool.frame == QRectF(10, 10, 100, 50)
    press_key(stage, Qt.Key.Key_Return)
    assert (editor.document.width, editor.document.height) == (100, 50)


def test_a_mask_is_drawn_and_freed(stage: Stage, editor: Editor) -> None:
    stage.settings.set_tool(ToolId.MASK)
    drag(stage, (10, 10), (60, 60))
    assert editor.selection is not None
    drag(stage, (10, 10), (10, 10))
    assert editor.selection is None


def test_the_eyedropper_takes_what_is_seen(stage: Stage) -> None:
    stage.settings.set_tool(ToolId.EYEDROPPER)
    drag(stage, (40, 40), (40, 40))
    assert stage.settings.foreground == BLUE


def test_a_canvas_for_looking_refuses_to_paint_and_says_so(stage: Stage, editor: Editor) -> None:
    editor.set_read_only("only looking")
    told: list[str] = []
    editor.refused.connect(told.append)
    stage.settings.set_tool(ToolId.BRUSH)
    drag(stage, (100, 20), (160, 60))
    assert told == ["only looking"]
    assert not editor.history.can_undo


def test_keys_of_the_stage_come_before_the_windows(stage: Stage) -> None:
    assert stage.claims(Qt.Key.Key_Space)
    assert not stage.claims(Qt.Key.Key_Escape)
    event = QKeyEvent(
        QEvent.Type.ShortcutOverride, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    QApplication.sendEvent(stage.focusProxy(), event)
    assert event.isAccepted()


def test_numbers_of_a_frame_lead_back_to_the_same_place() -> None:
    box = QRectF(5, 7, 40, 30)
    transform = Transform(x=12, y=-4, scale_x=1.5, scale_y=-0.5, angle=33)
    frame = frame_of(box, transform)
    again = fitted(box, transform, frame)
    for name in ("x", "y", "scale_x", "scale_y", "angle"):
        assert getattr(again, name) == pytest.approx(getattr(transform, name))
    wider = Frame(frame.x, frame.y, 120, frame.height, 0, 100)
    assert frame_of(box, fitted(box, transform, wider)).width == pytest.approx(120)


def test_a_copied_layer_comes_back_as_one(editor: Editor) -> None:
    shape = ShapeLayer(id="s", name="Box", width=10, height=10, fill="#ff0000")
    editor.add_layer(shape, "Draw", "square")
    image, corner = editor.copied()
    assert (image.width(), corner.x()) == (10, 0)
    board = clipboard.Clipboard()
    board.put(clipboard.clip_of(editor.document, editor.pixels, "s", "ws", image, corner))
    pasted = clipboard.layer_on()
    assert isinstance(pasted, ShapeLayer)
    assert (pasted.fill, pasted.id != "s") == ("#ff0000", True)
    assert not clipboard.image_on().isNull()
    assert board.clip() is not None
    QApplication.clipboard().setText("something else")
    assert board.clip() is None


def test_a_layer_of_somebody_else_on_the_clipboard_is_no_layer(qapp: QApplication) -> None:
    data = QMimeData()
    data.setData(clipboard.LAYER_MIME, b'{"kind": "shape", "opacity": 7}')
    qapp.clipboard().setMimeData(data)
    assert clipboard.layer_on() is None
    qapp.clipboard().clear()


def test_copying_takes_only_what_is_masked(editor: Editor) -> None:
    editor.set_active("p")
    path = QPainterPath()
    path.addRect(QRectF(20, 20, 10, 5))
    editor.set_selection(path)
    image, _ = editor.copied()
    assert (image.width(), image.height()) == (10, 5)


def test_settings_survive_being_saved() -> None:
    settings, other = ToolSettings(), ToolSettings()
    settings.set_foreground(RED)
    settings.set_current_brush(Brush(77, 0.25, 0.5))
    other.load(settings.to_dict())
    assert (other.brush.size, other.brush.hardness, other.foreground) == (77, 0.25, RED)
    other.load({"brush": "x", "eraser": [1, None, 2], "foreground": 7, "recent": [1, "nope"]})
    assert other.brush.size == 77


def test_brackets_change_the_size_by_a_tenth() -> None:
    settings = ToolSettings()
    settings.set_tool(ToolId.BRUSH)
    settings.set_current_brush(Brush(100))
    settings.step_size(1)
    assert settings.brush.size == 110
    settings.set_current_brush(Brush(2))
    settings.step_size(-1)
    settings.step_size(-1)
    assert settings.brush.size == 1


def test_a_large_canvas_comes_in_pieces_and_is_right_in_the_end() -> None:
    size = 1600
    layers = [paint(f"l{number}", opacity=0.9) for number in range(6)]
    large = editor_of(*layers, size=(size, size))
    for number in range(6):
        large.set_active(f"l{number}")
        stroke(large, [(100 + 250 * number, 100), (1500, 1500)], RED, Brush(200, 0.5))
    compositor = large.compositor
    compositor.set_level(0)
    compositor.image(large.rect, 0.0)
    assert compositor.is_behind(large.rect)
    assert not compositor.blank(large.rect).isEmpty()
    calls = 0
    while compositor.is_behind(large.rect):
        compositor.image(large.rect, 0.0)
        calls += 1
    assert calls > 10
    assert compositor.blank(large.rect).isEmpty()
    whole = drawing.render(large.document, large.pixels, large.rect)
    shown = compositor.image(large.rect)
    for place in range(0, size, 37):
        one, two = shown.pixelColor(place, place), whole.pixelColor(place, place)
        assert abs(one.alpha() - two.alpha()) <= 3
        assert abs(one.red() - two.red()) <= 3


def test_the_level_before_stands_in_until_the_new_one_is_there() -> None:
    large = editor_of(*(paint(f"l{n}") for n in range(4)), size=(2000, 2000))
    compositor = large.compositor
    compositor.set_level(1)
    compositor.image(large.rect)
    compositor.set_level(0)
    compositor.image(large.rect, 0.0)
    before = compositor.before()
    assert before is not None
    image, level, known = before
    assert (level, image.width()) == (1, 1000)
    assert known.boundingRect() == image.rect()
    # What was painted since is not in it.
    compositor.spoil(QRect(0, 0, 10, 10), "l0")
    assert compositor.before() is None


def test_a_stage_fills_itself_in_without_being_asked(qtbot: QtBot) -> None:
    layers = [paint(f"l{number}") for number in range(8)]
    large = editor_of(*layers, size=(1500, 1500))
    stage = Stage(large, ToolSettings())
    stage.resize(1600, 1600)
    stage.show()
    stage.actual_size()
    qtbot.waitUntil(lambda: not stage.is_refining, timeout=10_000)
    stage.close()
    stage.deleteLater()


def pen(stage: Stage, kind: QEvent.Type, pressure: float) -> None:
    """Send what a tablet's pen sends before the mouse event that Qt makes of it."""
    place, device = QPointF(150, 50), QPointingDevice.primaryPointingDevice()
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else button
    event = QTabletEvent(
        kind, device, place, place, pressure, 0, 0, 0.0, 0.0, 0.0, keys, button, held
    )
    QApplication.sendEvent(stage, event)


@pytest.mark.parametrize(("pressure", "is_painted"), [(1.0, True), (0.2, False)])
def test_a_light_pen_draws_a_thin_line(
    stage: Stage, editor: Editor, pressure: float, is_painted: bool
) -> None:
    stage.settings.brush = Brush(20, 1.0)
    stage.settings.set_tool(ToolId.BRUSH)
    pen(stage, QEvent.Type.TabletPress, pressure)
    send(stage, QEvent.Type.MouseButtonPress, (120, 50))
    for x in (140, 160, 180):
        pen(stage, QEvent.Type.TabletMove, pressure)
        send(stage, QEvent.Type.MouseMove, (x, 50))
    pen(stage, QEvent.Type.TabletRelease, 0.0)
    send(stage, QEvent.Type.MouseButtonRelease, (180, 50))
    assert color(editor, 150, 50) == RED
    assert (color(editor, 150, 43) == RED) is is_painted


def test_a_second_button_does_not_take_the_stroke_away(stage: Stage, editor: Editor) -> None:
    stage.settings.set_tool(ToolId.BRUSH)
    left, middle = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
    send(stage, QEvent.Type.MouseButtonPress, (120, 50))
    place = stage.to_view(QPointF(150, 50))
    for kind, which, held in (
        (QEvent.Type.MouseButtonPress, middle, left | middle),
        (QEvent.Type.MouseMove, Qt.MouseButton.NoButton, left | middle),
        (QEvent.Type.MouseButtonRelease, left, middle),
    ):
        event = QMouseEvent(kind, place, place, which, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(stage, event)
    assert not editor.is_painting
    assert [step.name for step in editor.history.done] == ["Brush on a"]


def test_what_a_drag_shows_is_kept_only_once_it_is_done(stage: Stage, editor: Editor) -> None:
    editor.set_active("p")
    stage.settings.set_tool(ToolId.SELECT)
    before = editor.document
    send(stage, QEvent.Type.MouseButtonPress, (45, 40))
    send(stage, QEvent.Type.MouseMove, (75, 70))
    assert editor.document != before
    assert editor.kept is before
    send(stage, QEvent.Type.MouseButtonRelease, (75, 70))
    assert editor.kept is editor.document


def test_undo_in_the_middle_of_a_drag_ends_it(stage: Stage, editor: Editor) -> None:
    stroke(editor, [(120, 50), (150, 50)])
    editor.set_active("p")
    stage.settings.set_tool(ToolId.SELECT)
    send(stage, QEvent.Type.MouseButtonPress, (45, 40))
    send(stage, QEvent.Type.MouseMove, (75, 70))
    editor.undo()
    send(stage, QEvent.Type.MouseMove, (85, 80))
    send(stage, QEvent.Type.MouseButtonRelease, (85, 80))
    assert not editor.history.can_undo
    assert editor.history.can_redo
    assert editor.document.layers[0].transform == Transform(x=20, y=20)
    editor.redo()
    assert color(editor, 135, 50) == RED


@pytest.mark.parametrize(
    ("kind", "is_taken"), [(QPushButton, True), (QSlider, True), (QLineEdit, False)]
)
def test_the_pointer_brings_the_keys_to_the_canvas(
    stage: Stage, kind: type[QWidget], is_taken: bool
) -> None:
    other = kind(stage)
    other.show()
    stage.activateWindow()
    other.setFocus()
    place = QPointF(5, 5)
    QApplication.sendEvent(stage, QEnterEvent(place, place, place))
    assert stage.window().focusWidget() is (stage.focusProxy() if is_taken else other)


def test_a_layer_is_moved_however_small_it_is_seen(stage: Stage, editor: Editor) -> None:
    editor.layers_changed.emit()  # at the first change of a canvas it is fitted
    stage.set_zoom(0.2)
    editor.set_active("p")
    stage.settings.set_tool(ToolId.SELECT)
    drag(stage, (45, 40), (75, 60), (95, 70), keys=CONTROL)
    assert stage.zoom() == pytest.approx(0.2)
    moved = editor.document.layers[0].transform
    assert (moved.scale_x, moved.scale_y) == (1.0, 1.0)
    assert (moved.x, moved.y) == pytest.approx((70, 50), abs=3)
    corner = QPointF(moved.x + 50, moved.y + 40)
    drag(stage, (corner.x() + 10, corner.y() + 10), (corner.x() + 60, corner.y() + 60))
    assert editor.document.layers[0].transform.scale_x > 1.5
