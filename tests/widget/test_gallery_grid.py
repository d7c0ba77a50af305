"""The grid under mouse and keys, without a library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery import groups
from scenario_desktop.ui.panels.gallery.cells import GROUP_GAP, CellPainter, WorkCell, WorkState
from scenario_desktop.ui.panels.gallery.grid import GridView
from scenario_desktop.ui.panels.gallery.order import KeyOrder
from scenario_desktop.ui.panels.gallery.words import Corner, badges
from scenario_desktop.ui.theme import Theme
from tests.support import until
from tests.widget.gallery_support import START, FakeThumbnails, item

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier
COUNT = 500


@pytest.fixture
def store(qapp: QApplication) -> Iterator[PictureStore]:
    store = PictureStore()
    yield store
    store.close()


@pytest.fixture
def grid(store: PictureStore) -> Iterator[GridView]:
    grid = GridView(store, lambda key: item(key) if key <= COUNT else None)
    grid.resize(900, 600)
    grid.set_order(KeyOrder(range(COUNT, 0, -1)))
    grid.show()
    QApplication.processEvents()
    yield grid
    grid.close()
    grid.deleteLater()


def place(grid: GridView, index: int) -> QPoint:
    return grid._middle(index)


def click(grid: GridView, index: int, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.mouseClick(grid.viewport(), LEFT, modifiers, place(grid, index))


def test_a_click_chooses_one_ctrl_adds_shift_takes_a_range(grid: GridView) -> None:
    click(grid, 0)
    click(grid, 2, CTRL)
    assert grid.chosen_keys() == [500, 498]
    click(grid, 5, SHIFT)
    assert grid.chosen_keys() == [498, 497, 496, 495]


def test_a_click_on_one_of_many_chosen_leaves_only_it(grid: GridView) -> None:
    grid.choose_all()
    click(grid, 3)
    assert grid.chosen_keys() == [497]


def test_a_click_beside_the_cells_chooses_nothing(grid: GridView) -> None:
    click(grid, 3)
    QTest.mouseClick(grid.viewport(), LEFT, PLAIN, QPoint(3, 300))
    assert grid.chosen_keys() == []


def test_the_rubber_band_chooses_what_it_touches(grid: GridView) -> None:
    view = grid.viewport()
    QTest.mousePress(view, LEFT, PLAIN, QPoint(4, 60))
    QTest.mouseMove(view, place(grid, 1))
    QTest.mouseMove(view, place(grid, grid._grid.columns + 1))
    QTest.mouseRelease(view, LEFT, PLAIN, place(grid, grid._grid.columns + 1))
    columns = grid._grid.columns
    assert grid.chosen_keys() == [500, 499, 500 - columns, 499 - columns]


def test_keys_walk_and_scroll(grid: GridView) -> None:
    click(grid, 0)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Down)
    assert grid.chosen_keys() == [499 - grid._grid.columns]
    QTest.keyClick(grid, Qt.Key.Key_End)
    assert grid.chosen_keys() == [1]
    assert grid.verticalScrollBar().value() == grid.verticalScrollBar().maximum()
    QTest.keyClick(grid, Qt.Key.Key_Home, SHIFT)
    assert len(grid.selection) == COUNT


def test_ctrl_a_and_escape(grid: GridView) -> None:
    told: list[int] = []
    grid.selection_changed.connect(lambda: told.append(len(grid.selection)))
    QTest.keyClick(grid, Qt.Key.Key_A, CTRL)
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    assert told == [COUNT, 0]


def test_space_shows_large_and_enter_opens(grid: GridView) -> None:
    previewed: list[int] = []
    opened: list[int] = []
    grid.preview_requested.connect(previewed.append)
    grid.activated.connect(opened.append)
    click(grid, 4)
    QTest.keyClick(grid, Qt.Key.Key_Space)
    QTest.keyClick(grid, Qt.Key.Key_Return)
    QTest.mouseDClick(grid.viewport(), LEFT, PLAIN, place(grid, 6))
    assert previewed == [496]
    assert opened == [496, 494]


def test_letters_are_collected_to_a_name(grid: GridView) -> None:
    typed: list[str] = []
    grid.type_ahead.typed.connect(typed.append)
    QTest.keyClicks(grid, "pi c")
    QTest.keyClick(grid, Qt.Key.Key_Backspace)
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    assert typed == ["p", "pi", "pi ", "pi c", "pi ", ""]


def test_inserts_above_keep_place_and_choice(grid: GridView) -> None:
    bar = grid.verticalScrollBar()
    bar.setValue(1234)
    first = grid.visible_keys()[grid._grid.columns]
    y = grid._box(grid.order.index_of(first)).y
    grid.choose_keys([first], None)
    grid.set_order(KeyOrder(range(COUNT + 3, 0, -1)))
    assert abs(grid._box(grid.order.index_of(first)).y - y) <= 1
    assert grid.chosen_keys() == [first]


def test_at_the_very_top_new_items_come_into_view(grid: GridView) -> None:
    grid.set_order(KeyOrder(range(COUNT + 3, 0, -1)))
    assert grid.visible_keys()[0] == COUNT + 3


def test_the_scroll_bar_is_true_at_once(grid: GridView) -> None:
    grid.set_order(KeyOrder(range(1, 1_000_001)))
    rows = -(-1_000_000 // grid._grid.columns)
    assert grid.verticalScrollBar().maximum() == (
        4 + rows * grid._grid.pitch - 8 + 16 - grid.viewport().height()
    )


def test_ctrl_and_the_wheel_change_the_size_around_the_current_cell(grid: GridView) -> None:
    sizes: list[int] = []
    grid.cell_size_changed.connect(sizes.append)
    grid.verticalScrollBar().setValue(3000)
    key = grid.visible_keys()[10]
    grid.choose(key)
    for turn in (120, 120, -120):
        QApplication.sendEvent(grid.viewport(), wheel(turn))
    assert sizes == [136, 152, 136]
    assert key in grid.visible_keys()


def wheel(turn: int) -> QWheelEvent:
    middle = QPointF(300, 300)
    return QWheelEvent(
        middle, middle, QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, CTRL,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip


def test_cells_in_work_stand_beside_and_are_passed_over(grid: GridView) -> None:
    work = WorkCell(-1, 500, "job", "Canny", progress=0.4)
    grid.set_order(KeyOrder(range(COUNT, 0, -1)).with_beside([(500, -1)]), [work])
    assert grid.item_count == COUNT
    click(grid, 0)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert grid.chosen_keys() == [499]
    click(grid, 1)
    grid.choose_all()
    assert len(grid.selection) == COUNT


def test_a_failed_cell_asks_to_try_again(grid: GridView) -> None:
    retried: list[str] = []
    grid.retry_requested.connect(retried.append)
    work = WorkCell(-1, 500, "job 7", "Pose", state=WorkState.FAILED)
    grid.set_order(KeyOrder(range(COUNT, 0, -1)).with_beside([(500, -1)]), [work])
    click(grid, 1)
    assert retried == ["job 7"]


def test_dragging_a_chosen_item_is_told_once(grid: GridView) -> None:
    started: list[bool] = []
    grid.drag_started.connect(lambda: started.append(True))
    view, start = grid.viewport(), place(grid, 2)
    QTest.mousePress(view, LEFT, PLAIN, start)
    for step in (5, 20, 40):
        QTest.mouseMove(view, start + QPoint(step, step))
    QTest.mouseRelease(view, LEFT, PLAIN, start)
    assert started == [True]
    assert grid.chosen_keys() == [498]


def test_assistive_tools_hear_how_many_there_are(grid: GridView) -> None:
    click(grid, 0)
    assert grid.accessibleName() == "Gallery"
    assert grid.accessibleDescription() == "500 items, 1 selected, current: Picture 0500"


async def test_pictures_are_asked_for_and_painted(
    qt_loop: Callable[..., Any], store: PictureStore, grid: GridView
) -> None:
    store.set_source(FakeThumbnails())
    store.want("grid", [item(key) for key in grid.keys_around()], grid.frame)
    await until(lambda: all(store.pixmap(k, grid.frame) for k in grid.visible_keys()))
    box = grid._box(0)
    color = grid.viewport().grab().toImage().pixelColor(box.x + 60, box.y + 60)
    assert color.red() > 150
    assert color.blue() < 80


@pytest.mark.parametrize("px", [64, 96, 160, 320])
@pytest.mark.parametrize("is_fit", [False, True])
def test_every_size_paints(grid: GridView, px: int, is_fit: bool) -> None:
    grid.set_cell_size(px)
    grid.set_fit(is_fit)
    assert not grid.viewport().grab().isNull()
    assert abs(grid.frame.width - px) <= px * 0.34


def test_names_that_look_like_markup_paint_as_they_are(store: PictureStore) -> None:
    names = {1: "<b>bold</b>", 2: "שלום.png", 3: "a\nb\tc", 4: "x" * 5000, 5: "🌲" * 40}
    grid = GridView(store, lambda key: item(key, name=names[key]))
    grid.resize(900, 300)
    grid.set_cell_size(200)
    grid.set_order(KeyOrder(names))
    assert not grid.grab().isNull()
    grid.deleteLater()


def test_neighbours_of_a_generation_share_a_ground(store: PictureStore) -> None:
    group = {3: "g", 2: "g", 1: "other"}
    grid = GridView(store, lambda key: item(key, group_id=group[key]))
    grid.resize(900, 600)
    grid.set_order(KeyOrder([3, 2, 1]))
    grid.set_grouped(True)
    grid.show()
    QApplication.processEvents()
    cell = grid._grid.cell
    between = [grid._grid.picture(n).x + cell + GROUP_GAP // 2 for n in (0, 1, 2)]
    y = grid._grid.picture(0).y + 40
    image = grid.viewport().grab().toImage()
    inside, one_beside, past = (image.pixelColor(x, y).name() for x in between)
    assert inside != past
    assert one_beside == past
    grid.close()
    grid.deleteLater()


@pytest.fixture
def grouped(store: PictureStore) -> Iterator[GridView]:
    """A generation of twelve, one of one, and an item of none; the first fills two rows."""
    names = dict.fromkeys(range(14, 2, -1), "many") | {2: "one", 1: None}
    grid = GridView(store, lambda key: item(key, group_id=names[key]))
    grid.resize(900, 600)
    grid.set_order(KeyOrder(names))
    grid.set_grouped(True)
    grid.show()
    QApplication.processEvents()
    yield grid
    grid.close()
    grid.deleteLater()


def head(grid: GridView, index: int) -> QPoint:
    box = grid._grid.picture(index)
    return QPoint(box.x + 8, box.y - 8)


def test_the_name_of_a_generation_opens_it(grouped: GridView) -> None:
    opened: list[str] = []
    grouped.group_activated.connect(opened.append)
    columns = grouped._grid.columns
    assert columns < 12
    click(grouped, 4)
    for index in (0, 3, 12, 13, columns):  # of none, and of a row that only goes on
        QTest.mouseClick(grouped.viewport(), LEFT, PLAIN, head(grouped, index))
    assert opened == ["many", "many", "one"]
    assert grouped.chosen_keys() == []  # the last two were clicks beside the cells
    view = grouped.viewport()
    QTest.mousePress(view, LEFT, PLAIN, head(grouped, 0))
    QTest.mouseRelease(view, LEFT, PLAIN, head(grouped, 12))
    assert opened == ["many", "many", "one"]


def test_the_name_of_a_generation_shows_that_it_can_be_clicked(grouped: GridView) -> None:
    view = grouped.viewport()
    QTest.mouseMove(view, head(grouped, 0))
    assert view.cursor().shape() is Qt.CursorShape.PointingHandCursor
    QTest.mouseMove(view, place(grouped, 0))
    assert view.cursor().shape() is Qt.CursorShape.ArrowCursor


def test_what_stands_above_a_generation(grouped: GridView) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)

    def said(index: int) -> groups.Heading | None:
        point = head(grouped, index)
        span = grouped._span_at(point)
        return grouped._heads.heading(span, now) if span is not None else None

    many, one = said(0), said(12)
    assert many is not None
    assert one is not None
    assert many.title == "Picture 0014"
    assert many.facts == ("12\N{NO-BREAK SPACE}items · 1 Jan", "12\N{NO-BREAK SPACE}items", "12")
    assert one.facts[2] == "1"
    assert said(13) is None


def test_an_item_in_work_shimmers_and_a_failed_one_does_not(store: PictureStore) -> None:
    made = {2: item(2, status="pending"), 1: item(1, status="error")}
    grid = GridView(store, made.get)
    grid.resize(900, 600)
    grid.set_order(KeyOrder([2, 1]))
    store._failed.update({2: "", 1: ""})
    grid.show()
    QApplication.processEvents()
    grid.grab()
    assert grid._in_work == {2}
    grid.close()
    grid.deleteLater()


def test_signs_never_lie_over_each_other_nor_say_half_a_word(look: Theme) -> None:
    both = badges(item(1, shot="front_full_body", versions=3, scale=4.0), START)

    def widths(cell: int) -> tuple[bool, int, int]:
        painter = CellPainter(cell, 1.0)
        small = painter._is_tight(both)
        shot, stack = both[Corner.IS], both[Corner.BECAME]
        return (
            small,
            painter._badge(shot, is_small=small).width(),
            painter._badge(stack, is_small=False).width(),
        )

    assert not widths(200)[0]
    is_small, shot, stack = widths(120)
    assert is_small
    assert shot + stack <= 120 - 12
    look.set_scale(2.0)
    is_small, shot, _ = widths(110)
    assert shot < 40  # the sign alone
    look.set_scale(1.0)
