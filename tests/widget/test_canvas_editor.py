"""The editor: pixels, layers and undo, without any widget."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainterPath
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from scenario_desktop.canvas.format import Blend, ShapeLayer, TextLayer, Transform
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.history.history_list import (
    OLDEST,
    OPENED,
    HistoryList,
    rows_of,
)
from scenario_desktop.ui.panels.canvas.layers import merging, several, single
from scenario_desktop.ui.panels.canvas.pixels import drawing, filling
from scenario_desktop.ui.panels.canvas.pixels.arena import Arena
from scenario_desktop.ui.panels.canvas.pixels.brush import Brush
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.pixels.surface import PaintSurface, Recorder
from scenario_desktop.ui.panels.canvas.pixels.tiling import SIDE, empty
from tests.widget.canvas_support import (
    BLUE,
    GREEN,
    HARD,
    RED,
    color,
    editor_of,
    paint,
    picture,
    stroke,
)

CLEAR = QColor(0, 0, 0, 0)


def far_apart(one: QImage, two: QImage) -> int:
    """Return the largest difference of any channel; rounding twice makes one of 1."""
    return max(
        abs(a - b) for a, b in zip(bytes(one.constBits()), bytes(two.constBits()), strict=True)
    )


def flat(editor: Editor) -> QImage:
    return editor.flattened()


def test_a_stroke_is_seen_and_taken_back() -> None:
    editor = editor_of(paint("a"))
    stroke(editor, [(20, 50), (180, 50)])
    assert color(editor, 100, 50) == RED
    editor.undo()
    assert color(editor, 100, 50) == CLEAR
    editor.redo()
    assert color(editor, 100, 50) == RED


def test_strokes_cross_tiles_and_undo_gives_every_pixel_back() -> None:
    editor = editor_of(paint("a"), size=(1400, 1200))
    chance = random.Random(3)
    pictures = [flat(editor)]
    for number in range(8):
        points = [(chance.random() * 1400, chance.random() * 1200) for _ in range(4)]
        brush = Brush(chance.choice([3, 17, 80]), chance.random(), chance.choice([1.0, 0.5]))
        stroke(editor, points, chance.choice([RED, GREEN, BLUE]), brush, is_eraser=number == 5)
        pictures.append(flat(editor))
    for expected in reversed(pictures[:-1]):
        editor.undo()
        assert flat(editor) == expected
    for expected in pictures[1:]:
        editor.redo()
        assert flat(editor) == expected


def test_what_the_compositor_keeps_equals_drawing_everything_anew() -> None:
    pixels = Pixels()
    layers = (
        picture("p", BLUE, pixels, transform=Transform(x=20, y=10)),
        paint("a"),
        paint("b", blend=Blend.MULTIPLY, opacity=0.7),
        paint("c"),
    )
    editor = editor_of(*layers, pixels=pixels)
    editor.change_layer("p", "Lock {}", "lock", is_locked=True)
    chance = random.Random(5)
    for number in range(12):
        free = [p.id for p in editor.document.layers if p.is_visible and not p.is_locked]
        editor.set_active(chance.choice(free))
        points = [(chance.random() * 200, chance.random() * 100) for _ in range(3)]
        stroke(editor, points, chance.choice([RED, GREEN]), Brush(15, 0.5))
        if number % 4 == 3:
            editor.change_layer("b", "x", "", is_visible=number % 8 == 3)
            single.move(editor, "c", number % 3, "")
        if number % 5 == 4:
            editor.undo()
        editor.compositor.set_level(0)
        assert far_apart(editor.compositor.image(editor.rect), flat(editor)) <= 2


def test_a_stroke_that_crosses_itself_stays_even() -> None:
    editor = editor_of(paint("a"))
    stroke(editor, [(20, 50), (180, 50), (20, 50)], brush=Brush(20, 1.0, 0.5))
    alpha = color(editor, 100, 50).alpha()
    assert alpha == pytest.approx(128, abs=2)


def test_the_eraser_takes_paint_away() -> None:
    editor = editor_of(paint("a"))
    stroke(editor, [(20, 50), (180, 50)])
    stroke(editor, [(100, 50)], is_eraser=True)
    assert color(editor, 100, 50) == CLEAR
    assert color(editor, 50, 50) == RED


def test_a_cancelled_stroke_leaves_nothing() -> None:
    editor = editor_of(paint("a"))
    assert editor.begin_stroke(HARD, RED)
    editor.stroke_to(50, 50)
    editor.flush_stroke()
    editor.cancel_stroke()
    assert color(editor, 50, 50) == CLEAR
    assert not editor.history.can_undo


def test_painting_on_a_picture_makes_a_layer_above_it() -> None:
    pixels = Pixels()
    editor = editor_of(picture("p", BLUE, pixels), paint("top"), pixels=pixels)
    editor.set_active("p")
    stroke(editor, [(20, 20)])
    assert [layer.kind for layer in editor.document.layers] == ["picture", "paint", "paint"]
    assert color(editor, 20, 20) == RED
    editor.undo()
    assert len(editor.document.layers) == 2
    assert color(editor, 20, 20) == BLUE


@pytest.mark.parametrize(
    ("values", "words"), [({"locked": True}, "locked"), ({"visible": False}, "hidden")]
)
def test_a_layer_that_must_not_change_says_why(values: dict[str, bool], words: str) -> None:
    editor = editor_of(paint("a", **values))
    editor.set_active("a")
    told: list[str] = []
    editor.refused.connect(told.append)
    assert not editor.begin_stroke(HARD, RED)
    assert words in told[0]


def test_a_canvas_for_looking_refuses_every_edit() -> None:
    editor = editor_of(paint("a"), paint("b"))
    stroke(editor, [(10, 10)])
    editor.set_read_only("only looking")
    told: list[str] = []
    editor.refused.connect(told.append)
    before = editor.document
    editor.undo()
    editor.redo()
    editor.add_paint_layer()
    single.delete(editor, "a")
    single.duplicate(editor, "a")
    merging.merge_down(editor, "b")
    several.group(editor, ["a"])
    single.move(editor, "a", 1, "")
    editor.change_layer("a", "x", "", opacity=0.1)
    editor.resize(QRect(0, 0, 5, 5))
    single.clear_selected(editor)
    assert not editor.begin_stroke(HARD, RED)
    assert editor.document is before
    assert len(told) == 12


def test_painting_stays_inside_the_mask() -> None:
    editor = editor_of(paint("a"))
    path = QPainterPath()
    path.addRect(QRectF(0, 0, 100, 100))
    editor.set_selection(path)
    stroke(editor, [(20, 50), (180, 50)])
    assert color(editor, 50, 50) == RED
    assert color(editor, 150, 50) == CLEAR
    single.clear_selected(editor)
    assert color(editor, 50, 50) == CLEAR


def test_painting_follows_a_turned_layer() -> None:
    turned = Transform(x=100, y=0, angle=90)
    editor = editor_of(paint("a", transform=turned.model_dump()))
    stroke(editor, [(50, 50), (150, 50)])
    assert color(editor, 90, 50) == RED
    editor.undo()
    assert color(editor, 90, 50) == CLEAR


def test_a_copy_has_pixels_of_its_own() -> None:
    editor = editor_of(paint("a"))
    stroke(editor, [(50, 50)])
    single.duplicate(editor, "a")
    stroke(editor, [(50, 50)], GREEN)
    editor.change_layer(editor.active_id, "x", "", is_visible=False)
    assert color(editor, 50, 50) == RED


def test_a_deleted_layer_comes_back_with_its_pixels() -> None:
    editor = editor_of(paint("a"), paint("b"))
    editor.set_active("b")
    stroke(editor, [(50, 50)])
    single.delete(editor, "b")
    assert color(editor, 50, 50) == CLEAR
    assert editor.active_id == "a"
    editor.undo()
    assert color(editor, 50, 50) == RED


def test_merging_down_looks_the_same() -> None:
    pixels = Pixels()
    editor = editor_of(
        picture("p", BLUE, pixels), paint("b", blend=Blend.SCREEN, opacity=0.8), pixels=pixels
    )
    editor.set_active("b")
    stroke(editor, [(10, 20), (45, 20)])
    before = flat(editor)
    merging.merge_down(editor, "b")
    assert [layer.kind for layer in editor.document.layers] == ["paint"]
    assert flat(editor) == before
    editor.undo()
    assert flat(editor) == before


def test_merging_the_lowest_layer_says_why_not() -> None:
    editor = editor_of(paint("a"))
    told: list[str] = []
    editor.refused.connect(told.append)
    merging.merge_down(editor, "a")
    assert "nothing under" in told[0]


def test_a_slider_makes_one_step() -> None:
    editor = editor_of(paint("a"))
    for value in (0.9, 0.7, 0.5):
        editor.change_layer("a", "Opacity of {}", "blend", merges=True, opacity=value)
    assert [step.name for step in editor.history.done] == ["Opacity of a"]
    editor.undo()
    assert editor.document.layers[0].opacity == 1.0


def test_strokes_in_a_row_are_one_line_of_the_history() -> None:
    editor = editor_of(paint("Sky"), paint("Sea"))
    editor.set_active("Sky")
    for _ in range(3):
        stroke(editor, [(50, 50)])
    editor.set_active("Sea")
    stroke(editor, [(50, 50)])
    editor.undo()
    rows = rows_of(editor.history)
    assert [row.text for row in rows] == ["Brush on Sea", "Brush, 3\u00a0strokes on Sky", "Opened"]
    assert [row.is_undone for row in rows] == [True, False, False]
    editor.go_to(0)
    assert not editor.history.can_undo


def test_the_last_row_of_the_history_goes_back_to_what_was_opened(qapp: QApplication) -> None:
    editor = editor_of(paint("a"))
    rows = HistoryList()
    rows.chosen.connect(editor.go_to)
    editor.history_changed.connect(lambda: rows.show_history(editor.history))
    for place in (20, 50):
        stroke(editor, [(place, 50)])
        editor.add_paint_layer()
    assert rows.texts[-1] == OPENED
    rows.resize(rows.sizeHint())
    last = QPoint(20, rows.height() - 12)
    QTest.mouseClick(rows, Qt.MouseButton.LeftButton, pos=last)
    assert (editor.history.can_undo, flat(editor).pixelColor(50, 50)) == (False, CLEAR)
    assert rows.accessibleDescription() == OPENED
    QTest.keyClick(rows, Qt.Key.Key_Up)
    assert len(editor.history.done) == 1
    QTest.keyClick(rows, Qt.Key.Key_Down)
    assert not editor.history.can_undo
    rows.deleteLater()


def test_a_history_that_forgot_steps_does_not_say_opened() -> None:
    editor = editor_of(paint("a"))
    editor.history.max_bytes = 1
    for _ in range(2):
        stroke(editor, [(50, 50)])
    assert rows_of(editor.history)[-1].text == OLDEST


def test_cropping_and_back() -> None:
    editor = editor_of(paint("a"))
    stroke(editor, [(50, 50)])
    editor.resize(QRect(40, 40, 30, 20))
    assert (editor.document.width, editor.document.height) == (30, 20)
    assert color(editor, 10, 10) == RED
    editor.undo()
    assert color(editor, 50, 50) == RED


def test_a_fill_stops_at_what_differs() -> None:
    editor = editor_of(paint("a"))
    stroke(editor, [(100, -20), (100, 120)])
    made = filling.reached(flat(editor), 10, 50, 10, GREEN, is_contiguous=True)
    editor.paint_with("Fill on {}", "", editor.rect, lambda painter: painter.drawImage(0, 0, made))
    assert color(editor, 10, 50) == GREEN
    assert color(editor, 190, 50) == CLEAR
    assert color(editor, 100, 50) == RED


def test_a_fill_leaves_no_fringe_at_a_smooth_edge() -> None:
    image = empty(4, 1)
    for x, tone in enumerate((255, 255, 128, 0)):
        image.setPixelColor(x, 0, QColor(tone, tone, tone))
    made = filling.reached(image, 0, 0, 10, RED, is_contiguous=True)
    alphas = [made.pixelColor(x, 0).alpha() for x in range(4)]
    assert alphas[:2] == [255, 255]
    assert 150 < alphas[2] < 230  # mixed with white: most of that white is covered
    assert alphas[3] == 0


def test_a_fill_keeps_a_hard_edge_hard() -> None:
    image = empty(4, 4)
    image.fill(QColor("white"))
    for y in range(4):
        for x in (2, 3):
            image.setPixelColor(x, y, QColor("black"))
    made = filling.reached(image, 0, 0, 10, RED, is_contiguous=True)
    assert [made.pixelColor(x, 2).alpha() for x in range(4)] == [255, 255, 0, 0]


def test_a_fill_everywhere_reaches_the_other_side() -> None:
    editor = editor_of(paint("a"))
    stroke(editor, [(100, -20), (100, 120)])
    made = filling.reached(flat(editor), 10, 50, 10, GREEN, is_contiguous=False)
    assert made.pixelColor(190, 50) == GREEN
    assert made.pixelColor(100, 50).alpha() == 0


def test_the_layer_under_the_pointer_is_the_highest_that_shows_something() -> None:
    pixels = Pixels()
    editor = editor_of(
        picture("p", BLUE, pixels), picture("locked", RED, pixels, locked=True), paint("top"),
        pixels=pixels,
    )  # fmt: skip
    editor.set_active("top")
    stroke(editor, [(10, 10)])
    assert editor.layer_at(QRectF(10, 10, 0, 0).topLeft()) == "top"
    assert editor.layer_at(QRectF(45, 35, 0, 0).topLeft()) == "p"
    assert editor.layer_at(QRectF(150, 80, 0, 0).topLeft()) == ""


def test_groups_blend_as_one() -> None:
    pixels = Pixels()
    editor = editor_of(
        picture("p", BLUE, pixels),
        picture("q", RED, pixels),
        pixels=pixels,
    )
    several.group(editor, ["p", "q"])
    editor.change_layer(editor.active_id, "x", "", opacity=0.5)
    found = color(editor, 10, 10)
    assert (found.blue(), found.alpha()) == (0, pytest.approx(128, abs=1))


def test_shapes_and_words_are_drawn() -> None:
    shape = ShapeLayer(id="s", width=40, height=20, fill="#00ff00", transform=Transform(x=10, y=10))
    text = TextLayer(id="t", text="W", size=60, transform=Transform(x=100, y=10), color="#ff0000")
    editor = editor_of(shape, text)
    assert color(editor, 30, 20) == GREEN
    box = drawing.bounds_of(text, editor.pixels).toRect()
    assert any(
        color(editor, x, box.center().y()).red() > 200 for x in range(box.left(), box.right())
    )


def test_pixels_that_are_missing_keep_their_place() -> None:
    pixels = Pixels()
    layer = picture("p", BLUE, pixels)
    pixels.pictures.clear()
    pixels.missing.add("p")
    editor = editor_of(layer, pixels=pixels)
    assert color(editor, 25, 5).alpha() > 0


def test_room_for_undo_is_used_again() -> None:
    arena, surface = Arena(), PaintSurface()
    surface.put(empty(SIDE, SIDE), QPoint(0, 0))
    for _ in range(40):
        record = Recorder(surface, arena)
        record.keep(QRect(0, 0, SIDE, SIDE))
        del record
    assert len(arena._slabs) == 1


def test_the_used_part_of_a_surface_is_exact() -> None:
    editor = editor_of(paint("a"), size=(1200, 1200))
    stroke(editor, [(600, 700)], brush=Brush(11, 1.0))
    used = editor.pixels.surface("a").used_bounds()
    assert used.contains(600, 700)
    assert used.width() <= 13


def test_a_layer_that_comes_back_is_worked_on_again() -> None:
    editor = editor_of(paint("a"), paint("b"), paint("c"))
    single.delete(editor, "b")
    editor.set_active("c")
    editor.undo()
    assert editor.active_id == "b"
    editor.add_paint_layer()
    made = editor.active_id
    editor.undo()
    editor.set_active("a")
    editor.redo()
    assert editor.active_id == made
    editor.change_layer("c", "Hide {}", "", is_visible=False)
    editor.undo()
    assert editor.active_id == made


def test_an_edit_in_the_middle_of_a_stroke_comes_after_it() -> None:
    pixels = Pixels()
    editor = editor_of(picture("p", BLUE, pixels), pixels=pixels)
    bare = editor.document
    assert editor.begin_stroke(HARD, RED)  # on a layer that is made for it
    editor.stroke_to(100, 50)
    single.duplicate(editor, "p")
    editor.stroke_to(150, 50)
    editor.end_stroke()
    assert [step.name for step in editor.history.done] == ["Brush on Layer 1", "Duplicate p"]
    editor.undo()
    assert [layer.name for layer in editor.document.layers] == ["p", "Layer 1"]
    assert color(editor, 100, 50) == RED
    editor.undo()
    assert editor.document == bare
