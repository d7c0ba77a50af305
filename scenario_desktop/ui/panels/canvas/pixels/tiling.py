"""How pixels are laid out: their format, the tiles of a layer, the cells of undo."""

from __future__ import annotations

import contextlib
import mmap
import sys
import threading
import time
from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter

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
_LARGE_BYTES = 2**20
_STEP_BYTES = 4 * 2**20
#: Of Linux's madvise: have the pages made now.
_POPULATE_WRITE = 23
#: So long ``let_go`` waits before the first picture and after each, seconds.
_NEXT_PAINT_S, _BREATH_S = 0.3, 0.001
#: Less than so many bytes go at once.
_MANY_BYTES = 32 * 2**20
#: The name of its thread.
LETTING_GO = "canvas-let-go"
WHOLE = QRect(0, 0, SIDE, SIDE)


def empty(width: int, height: int) -> QImage:
    """Return a picture without anything on it."""
    image = QImage(width, height, FORMAT)
    image.fill(Qt.GlobalColor.transparent)
    return image


def bare(width: int, height: int) -> QImage:
    """Return a picture whose pixels are all yet to be set."""
    size = width * height * 4
    if sys.platform != "linux" or size < _LARGE_BYTES:
        return QImage(width, height, FORMAT)
    # The usual memory comes page by page as it is written to: 8 ms for 16 MiB, and 5 ms so
    # (measured). In pieces, as other threads wait meanwhile.
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE)
    with contextlib.suppress(OSError):  # an older kernel
        for at in range(0, size, _STEP_BYTES):
            memory.madvise(_POPULATE_WRITE, at, min(_STEP_BYTES, size - at))
    return QImage(memoryview(memory)[:size], width, height, width * 4, FORMAT)


def copied(image: QImage) -> QImage:
    """Return a copy of a picture, in the format that is painted with."""
    result = bare(image.width(), image.height())
    lay(result, image, QPoint(0, 0))
    return result


def lay(target: QImage, image: QImage, at: QPoint) -> None:
    """Replace pixels of a picture by those of another, transparent ones too."""
    painter = QPainter(target)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(at, image)
    painter.end()


def let_go(images: list[QImage]) -> None:
    """Give the memory of pictures back little by little, after what is to be painted next.

    All layers of a large canvas at once held the window up for 25 ms (measured).
    """

    def work() -> None:
        time.sleep(_NEXT_PAINT_S)
        while images:
            images.pop()
            time.sleep(_BREATH_S)  # the lock of the interpreter is for others meanwhile

    if sum(image.sizeInBytes() for image in images) >= _MANY_BYTES:
        threading.Thread(target=work, name=LETTING_GO, daemon=True).start()


def tile_rect(key: Key) -> QRect:
    return QRect(key[0] * SIDE, key[1] * SIDE, SIDE, SIDE)


def keys_in(rect: QRect) -> Iterator[Key]:
    """Go through the tiles that a rectangle touches."""
    if rect.isEmpty():
        return
    for ty in range(rect.top() // SIDE, rect.bottom() // SIDE + 1):
        for tx in range(rect.left() // SIDE, rect.right() // SIDE + 1):
            yield tx, ty
