"""Memory for undo, taken in large pieces ahead of time.

A stroke must copy what it is about to cover. Small copies from the heap cost several times what the
copying costs: every fresh page of memory is cleared and mapped at its first touch. So room for them
is prepared in a thread, eight megabytes at a time, and used again when a step is forgotten.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter

from scenario_desktop.ui.panels.canvas.pixels.tiling import CELL, CELLS_PER_SIDE, FORMAT, SIDE

_ROWS = 64
SLAB_BYTES = CELL * SIDE * 4 * _ROWS
#: When fewer rows than this are left, more are prepared.
_AHEAD = 48
_ZEROS = Path("/dev/zero")
_SOURCE = QPainter.CompositionMode.CompositionMode_Source


class _Slab:
    """Rows of cells in one picture, each as wide as a tile."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self.image = QImage(memoryview(memory), SIDE, CELL * _ROWS, SIDE * 4, FORMAT)
        self.free = list(range(_ROWS))
        self.used = [0] * _ROWS

    def drop(self, row: int) -> None:
        """Let go of a row once; it is free when nobody uses it any more."""
        self.used[row] -= 1
        if not self.used[row]:
            self.free.append(row)


class Strip:
    """A copy of cells that lie beside each other. Its room is given back when it is dropped.

    Attributes:
        rect: where the copy lies in ``image``.
    """

    __slots__ = ("_row", "_slab", "rect")

    def __init__(self, slab: _Slab, row: int, rect: QRect) -> None:
        self._slab, self._row, self.rect = slab, row, rect
        slab.used[row] += 1

    @property
    def image(self) -> QImage:
        return self._slab.image

    def __del__(self) -> None:
        self._slab.drop(self._row)


class Arena:
    """Gives room for strips; one for each editor. Strips fill a row before the next is begun."""

    def __init__(self) -> None:
        self._slabs: list[_Slab] = []
        self._ready: list[mmap.mmap] = []
        self._thread: threading.Thread | None = None
        self._slab: _Slab | None = None
        self._row, self._x = 0, SIDE

    def prepare(self) -> None:
        """Begin to make room, if it is short, without waiting for it."""
        unused = [slab for slab in self._slabs if len(slab.free) == _ROWS]
        for slab in unused[1:]:
            self._slabs.remove(slab)
        left = sum(len(slab.free) for slab in self._slabs)
        is_short = left < _AHEAD and not self._ready
        if is_short and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._make, name="canvas-undo", daemon=True)
            self._thread.start()

    def copy(self, tile: QImage, places: Sequence[QRect]) -> list[Strip]:
        """Copy strips of a tile, each as high as a cell and whole cells wide."""
        result: list[Strip] = []
        painter: QPainter | None = None
        for place in places:
            width = place.width()
            slab = self._slab
            if slab is None or self._x + width > SIDE:
                was, slab = slab, self._begin_row()
                if painter is not None and slab is not was:
                    painter.end()
                    painter = None
            if painter is None:
                painter = QPainter(slab.image)
                painter.setCompositionMode(_SOURCE)
            x, y = self._x, self._row * CELL
            painter.drawImage(QPoint(x, y), tile, place)
            result.append(Strip(slab, self._row, QRect(x, y, width, CELL)))
            self._x = x + width
        if painter is not None:
            painter.end()
        self.prepare()
        return result

    def _begin_row(self) -> _Slab:
        if self._slab is not None:
            self._slab.drop(self._row)
        found = next((slab for slab in reversed(self._slabs) if slab.free), None)
        if found is None:
            found = _Slab(self._ready.pop() if self._ready else _memory())
            self._slabs.append(found)
        self._slab, self._row, self._x = found, found.free.pop(), 0
        found.used[self._row] += 1
        return found

    def _make(self) -> None:
        self._ready.append(_memory())


def strips(cells: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return cells as strips that end at the border of a tile: column, row, cells."""
    found: list[tuple[int, int, int]] = []
    first = count = 0
    last_y: int | None = None
    for y, x in sorted((y, x) for x, y in cells):
        if y == last_y and x == first + count and x % CELLS_PER_SIDE:
            count += 1
            continue
        if last_y is not None:
            found.append((first, last_y, count))
        first, last_y, count = x, y, 1
    if last_y is not None:
        found.append((first, last_y, count))
    return found


def _memory() -> mmap.mmap:
    memory = mmap.mmap(-1, SLAB_BYTES)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    if _ZEROS.exists():
        # Reading zeros into it makes every page be there; other threads run meanwhile.
        with _ZEROS.open("rb", buffering=0) as zeros:
            zeros.readinto(memory)
    return memory
