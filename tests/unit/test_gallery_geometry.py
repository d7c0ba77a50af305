"""Where cells stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_desktop.ui.panels.gallery.geometry import Grid, Move, Spacing

PLAIN = Spacing()


def grid(count: int = 100, width: int = 904, wish: int = 120) -> Grid:
    return Grid(count, width, wish, PLAIN)


def test_columns_come_closest_to_the_wish_and_fill_the_width() -> None:
    cells = grid()
    assert (cells.columns, cells.cell) == (7, 117)
    assert cells.column_x(0) == 16
    assert cells.column_x(6) + cells.cell == 904 - 16


def test_one_narrow_column_is_never_wider_than_wished() -> None:
    assert grid(width=200, wish=120).cell <= 168
    assert grid(width=20, wish=120).cell >= 1


def test_the_height_is_true_without_looking_at_items() -> None:
    cells = grid(1_000_000)
    assert cells.rows == 142_858
    assert cells.height == 4 + 142_858 * cells.pitch - 8 + 16


def test_an_empty_grid_has_no_cells_anywhere() -> None:
    cells = grid(0)
    assert cells.visible(0, 500) == range(0)
    assert cells.index_at(20, 20) == -1
    assert cells.touched(0, 0, 900, 500) == []


@given(
    count=st.integers(1, 5000), width=st.integers(40, 3000), wish=st.integers(64, 320),
    data=st.data(),
)  # fmt: skip
def test_the_middle_of_a_cell_belongs_to_it(
    count: int, width: int, wish: int, data: st.DataObject
) -> None:
    cells = grid(count, width, wish)
    index = data.draw(st.integers(0, count - 1))
    box = cells.picture(index)
    assert cells.index_at(box.x, box.y) == index
    assert cells.index_at(box.x + box.width - 1, box.y + box.height - 1) == index
    assert index in cells.visible(box.y, 1)
    assert any(index in part for part in cells.touched(box.x, box.y, box.x + 1, box.y + 1))


def test_a_head_lies_above_its_cell_and_belongs_to_none() -> None:
    cells = Grid(30, 904, 120, Spacing(head=24))
    box = cells.picture(9)
    row = cells.row_y(1)
    assert box.y == row + 24
    assert cells.head_at(box.x + 3, row) == cells.head_at(box.x + 3, row + 23) == 9
    assert cells.head_at(box.x + 3, box.y) == -1
    assert cells.index_at(box.x + 3, row + 23) == -1
    assert cells.touched(box.x, row, box.x + 1, row + 20) == []
    assert cells.top_to_show(9, cells.row_y(2), 400) == row - cells.spacing.top
    assert cells.head_at(20, cells.height) == -1


def test_gaps_belong_to_no_cell() -> None:
    cells = grid()
    box = cells.picture(0)
    assert cells.index_at(box.x + box.width + 3, box.y + 5) == -1
    assert cells.index_at(box.x + 5, box.y + box.height + 3) == -1
    assert cells.index_at(2, box.y + 5) == -1


def test_a_rubber_band_takes_what_it_touches() -> None:
    cells = grid()
    first, last = cells.picture(1), cells.picture(9)
    ranges = cells.touched(first.x + 10, first.y + 10, last.x + 10, last.y + 10)
    assert ranges == [range(1, 3), range(8, 10)]


def test_a_rubber_band_in_the_gap_takes_nothing() -> None:
    cells = grid()
    box = cells.picture(0)
    gap = box.x + box.width + 2
    assert cells.touched(gap, 10, gap + 2, 400) == []


@pytest.mark.parametrize(
    ("move", "start", "end"),
    [
        (Move.LEFT, 0, 0), (Move.LEFT, 7, 6), (Move.RIGHT, 99, 99), (Move.RIGHT, 6, 7),
        (Move.UP, 3, 3), (Move.UP, 8, 1), (Move.DOWN, 1, 8), (Move.DOWN, 92, 99),
        (Move.DOWN, 95, 99), (Move.DOWN, 99, 99), (Move.HOME, 50, 0), (Move.END, 5, 99),
        (Move.PAGE_DOWN, 0, 21), (Move.PAGE_UP, 22, 1), (Move.PAGE_UP, 10, 3),
        (Move.PAGE_DOWN, 90, 99),
    ],
)  # fmt: skip
def test_keys_move_the_current_cell(move: Move, start: int, end: int) -> None:
    cells = grid(100)  # 7 columns, 15 rows, the last with 2 cells
    assert cells.moved(start, move, page=3 * cells.pitch) == end


def test_an_anchor_comes_back_to_its_height() -> None:
    cells = grid(1000)
    index, distance = cells.anchor(1234)
    assert cells.top_for(index, distance) == 1234
    after = grid(1003)
    assert after.row_y((index + 3) // 7) - after.top_for(index + 3, distance) == distance


def test_showing_a_cell_scrolls_no_further_than_needed() -> None:
    cells = grid(1000)
    assert cells.top_to_show(0, 300, 500) == 0
    assert cells.top_to_show(14, 0, 600) == 0
    top = cells.top_to_show(700, 0, 600)
    assert cells.row_y(100) + cells.cell <= top + 600
    assert cells.row_y(100) > top
