"""How pixels are laid out: their format, the tiles of a layer, the cells of undo."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage

FORMAT = QImage.Format.Format_ARGB32_Premultiplied
#: Side of a tile, pixels. Large enough that a brush of 64 px seldom meets a border, small enough
#: that a few strokes on an empty layer cost little memory (1 MiB each).
SIDE = 512
#: Side of the pieces in which undo keeps what was there.
CELL = 64
CELLS_PER_SIDE = SIDE // CELL

Key = tuple[int, int]
#: Left, top, right and bottom; the last two are inside.
Box = tuple[int, int, int, int]
WHOLE = QRect(0, 0, SIDE, SIDE)


def empty(width: int, height: int) -> QImage:
    """Return a picture without anything on it."""
    image = QImage(width, height, FORMAT)
    image.fill(Qt.GlobalColor.transparent)
    return image


def tile_rect(key: Key) -> QRect:
    return QRect(key[0] * SIDE, key[1] * SIDE, SIDE, SIDE)


def keys_in(rect: QRect) -> Iterator[Key]:
    """Go through the tiles that a rectangle touches."""
    if rect.isEmpty():
        return
    for ty in range(rect.top() // SIDE, rect.bottom() // SIDE + 1):
        for tx in range(rect.left() // SIDE, rect.right() // SIDE + 1):
            yield tx, ty
