"""Memory for undo, taken in large pieces ahead of time.

A stroke must copy what it is about to cover. Copies of 16 KiB each from the heap cost several times
what the copying costs: every fresh page of memory is cleared and mapped at its first touch. So room
for them is prepared in a thread, sixteen megabytes at a time, and used again when a step is
forgotten.
"""

from __future__ import annotations

import mmap
import threading
from pathlib import Path

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter

from scenario_desktop.ui.panels.canvas.tiling import CELL, FORMAT

_COLUMNS, _ROWS = 8, 128
SLAB_BYTES = CELL * CELL * 4 * _COLUMNS * _ROWS
#: When fewer places than this are left, more are prepared.
_AHEAD = 256
_ZEROS = Path("/dev/zero")
_SOURCE = QPainter.CompositionMode.CompositionMode_Source


class _Slab:
    """Room for many cells in one picture."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        width = CELL * _COLUMNS
        self.image = QImage(memoryview(memory), width, CELL * _ROWS, width * 4, FORMAT)
        self.free = [
            QPoint(CELL * column, CELL * row) for row in range(_ROWS) for column in range(_COLUMNS)
        ]


class Cell:
    """A copy of a square of a tile. Its room is given back when it is dropped."""

    __slots__ = ("_slab", "corner")

    def __init__(self, slab: _Slab, corner: QPoint) -> None:
        self._slab, self.corner = slab, corner

    @property
    def image(self) -> QImage:
        return self._slab.image

    @property
    def rect(self) -> QRect:
        return QRect(self.corner.x(), self.corner.y(), CELL, CELL)

    def __del__(self) -> None:
        self._slab.free.append(self.corner)


class Arena:
    """Gives room for cells; one for each editor."""

    def __init__(self) -> None:
        self._slabs: list[_Slab] = []
        self._ready: list[mmap.mmap] = []
        self._thread: threading.Thread | None = None

    def prepare(self) -> None:
        """Begin to make room, if it is short, without waiting for it."""
        unused = [slab for slab in self._slabs if len(slab.free) == _COLUMNS * _ROWS]
        for slab in unused[1:]:
            self._slabs.remove(slab)
        left = sum(len(slab.free) for slab in self._slabs)
        is_short = left < _AHEAD and not self._ready
        if is_short and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._make, name="canvas-undo", daemon=True)
            self._thread.start()

    def copy(self, tile: QImage, places: list[QRect]) -> list[Cell]:
        """Copy squares of a tile."""
        result: list[Cell] = []
        rest = list(places)
        while rest:
            slab = self._slab()
            painter = QPainter(slab.image)
            painter.setCompositionMode(_SOURCE)
            while rest and slab.free:
                corner, place = slab.free.pop(), rest.pop()
                painter.drawImage(corner, tile, place)
                result.append(Cell(slab, corner))
            painter.end()
        result.reverse()
        self.prepare()
        return result

    def _slab(self) -> _Slab:
        for slab in reversed(self._slabs):
            if slab.free:
                return slab
        slab = _Slab(self._ready.pop() if self._ready else _memory())
        self._slabs.append(slab)
        return slab

    def _make(self) -> None:
        self._ready.append(_memory())


def _memory() -> mmap.mmap:
    memory = mmap.mmap(-1, SLAB_BYTES)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    if _ZEROS.exists():
        # Reading zeros into it makes every page be there; other threads run meanwhile.
        with _ZEROS.open("rb", buffering=0) as zeros:
            zeros.readinto(memory)
    return memory
