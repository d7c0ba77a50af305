"""Where the cells of a grid stand: pure arithmetic, in logical pixels of the scrolled content.

Every answer costs the same for ten cells as for ten million; nothing here is per item.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple


class Move(Enum):
    """Where a key press takes the current cell."""

    LEFT = auto()
    RIGHT = auto()
    UP = auto()
    DOWN = auto()
    HOME = auto()
    END = auto()
    PAGE_UP = auto()
    PAGE_DOWN = auto()


class Box(NamedTuple):
    """A rectangle: left, top, width and height."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Spacing:
    """What lies around and between the cells.

    Attributes:
        caption: height of the line below each picture; 0 for none.
        head: height of the line above each row, where groups are named; 0 for none.
    """

    gap: int = 8
    left: int = 16
    right: int = 16
    top: int = 4
    bottom: int = 16
    caption: int = 0
    head: int = 0


class Grid:
    """Square pictures in as many columns as come closest to the wished size.

    The cells fill the width: a wish of 120 may become 118 or 124. What a whole number of pixels per
    cell leaves over goes into the gaps, at most one pixel each.

    Attributes:
        cell: side of a picture.
        columns, rows: how many of each; at least one column.
        height: of the whole content.
    """

    __slots__ = ("_free", "cell", "columns", "count", "height", "pitch", "rows", "spacing", "width")

    def __init__(self, count: int, width: int, wish: int, spacing: Spacing) -> None:
        self.count = count
        self.width = width
        self.spacing = spacing
        usable = max(1, width - spacing.left - spacing.right)
        self.columns = max(1, round((usable + spacing.gap) / (wish + spacing.gap)))
        self.cell = max(1, (usable - spacing.gap * (self.columns - 1)) // self.columns)
        if self.columns == 1:
            self.cell = min(self.cell, max(wish, 1))
        self._free = usable - self.cell
        self.pitch = spacing.head + self.cell + spacing.caption + spacing.gap
        self.rows = -(-count // self.columns)
        inner = self.rows * self.pitch - spacing.gap if self.rows else 0
        self.height = spacing.top + inner + spacing.bottom

    def column_x(self, column: int) -> int:
        if self.columns == 1:
            return self.spacing.left
        return self.spacing.left + column * self._free // (self.columns - 1)

    def row_y(self, row: int) -> int:
        """Return where a row begins, its head included."""
        return self.spacing.top + row * self.pitch

    def picture(self, index: int) -> Box:
        """Return the square of one picture, without its caption."""
        row, column = divmod(index, self.columns)
        y = self.row_y(row) + self.spacing.head
        return Box(self.column_x(column), y, self.cell, self.cell)

    def box(self, index: int) -> Box:
        """Return picture and caption of one cell."""
        x, y, width, height = self.picture(index)
        return Box(x, y, width, height + self.spacing.caption)

    def row_at(self, y: int) -> int:
        """Return the row that owns a height, its gap below included; clamped to real rows."""
        return min(max(0, (y - self.spacing.top) // self.pitch), max(0, self.rows - 1))

    def visible(self, top: int, height: int) -> range:
        """Return the indexes of all cells that show between two heights."""
        if not self.count or height <= 0:
            return range(0)
        first = self.row_at(top) * self.columns
        last = (self.row_at(top + height - 1) + 1) * self.columns
        return range(first, min(last, self.count))

    def index_at(self, x: int, y: int) -> int:
        """Return the cell under a point, or -1 between cells."""
        if y < self.spacing.top or y >= self.height:
            return -1
        row, down = divmod(y - self.spacing.top, self.pitch)
        if not self.spacing.head <= down < self.pitch - self.spacing.gap:
            return -1
        column = self._column_at(x)
        left = self.column_x(column)
        index = row * self.columns + column
        return index if left <= x < left + self.cell and index < self.count else -1

    def head_at(self, x: int, y: int) -> int:
        """Return the cell below the head that a point is in, or -1 elsewhere."""
        if y < self.spacing.top or y >= self.height:
            return -1
        row, down = divmod(y - self.spacing.top, self.pitch)
        index = row * self.columns + self._column_at(x)
        return index if down < self.spacing.head and index < self.count else -1

    def _column_at(self, x: int) -> int:
        """Return the last column that starts at or left of ``x``; the first one if none does."""
        guess = (x - self.spacing.left) * self.columns // max(1, self._free + self.cell)
        guess = min(max(0, guess), self.columns - 1)
        while guess + 1 < self.columns and self.column_x(guess + 1) <= x:
            guess += 1
        while guess > 0 and self.column_x(guess) > x:
            guess -= 1
        return guess

    def touched(self, x0: int, y0: int, x1: int, y1: int) -> list[range]:
        """Return the cells that a rubber band touches, one range of indexes per row."""
        left, right = min(x0, x1), max(x0, x1)
        top, bottom = min(y0, y1), max(y0, y1)
        columns = [
            column
            for column in range(self.columns)
            if self.column_x(column) <= right and self.column_x(column) + self.cell > left
        ]
        if not columns or not self.count:
            return []
        ranges = []
        for row in range(self.row_at(top), self.row_at(bottom) + 1):
            y = self.row_y(row)
            if y + self.spacing.head > bottom or y + self.pitch - self.spacing.gap <= top:
                continue
            first, last = row * self.columns + columns[0], row * self.columns + columns[-1]
            if first < self.count:
                ranges.append(range(first, min(last + 1, self.count)))
        return ranges

    def moved(self, index: int, move: Move, page: int) -> int:
        """Return where a key press leads from one cell.

        Args:
            page: height of what is in view.
        """
        last = self.count - 1
        rows_a_page = max(1, page // self.pitch)
        steps = {
            Move.LEFT: -1,
            Move.RIGHT: 1,
            Move.UP: -self.columns,
            Move.DOWN: self.columns,
            Move.PAGE_UP: -rows_a_page * self.columns,
            Move.PAGE_DOWN: rows_a_page * self.columns,
        }
        if move is Move.HOME:
            return 0
        if move is Move.END:
            return last
        target = index + steps[move]
        if 0 <= target <= last:
            return target
        if move in (Move.LEFT, Move.RIGHT, Move.UP):
            if move is Move.UP or target < 0:
                return index if move is Move.UP else 0
            return last
        if move is Move.PAGE_UP:
            return index % self.columns
        # Down from the row above a short last row ends on the last cell.
        return last if index // self.columns < last // self.columns else index

    def anchor(self, top: int) -> tuple[int, int]:
        """Return the first cell whose picture is in view, and its distance from the top edge."""
        row = self.row_at(top)
        if self.row_y(row) < top and row + 1 < self.rows:
            row += 1
        return row * self.columns, self.row_y(row) - top

    def top_for(self, index: int, distance: int) -> int:
        """Return the scroll position that puts a cell at a distance from the top edge."""
        return self.row_y(index // self.columns) - distance

    def top_to_show(self, index: int, top: int, height: int) -> int:
        """Return the nearest scroll position from ``top`` that shows a whole cell."""
        row = index // self.columns
        y = self.row_y(row)
        below = self.spacing.bottom if row == self.rows - 1 else self.spacing.gap
        bottom = y + self.pitch - self.spacing.gap + below
        if y - self.spacing.top < top:
            return max(0, y - self.spacing.top)
        if bottom > top + height:
            return bottom - height
        return top
