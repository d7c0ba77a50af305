"""Rows of one height below each other, painted rather than built of widgets."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme

#: How long ago something was is written anew so often.
_REFRESH_MS = 20_000
_EDGE, _TOP = 8, 4


class PaintedRows(QWidget):
    """Knows where the rows are and which one the pointer is on; how they look is told by others.

    A subclass paints them, and says how many there are and how high one is.
    """

    #: Left between two rows, pixels.
    gap: ClassVar[int] = 0

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._hover = -1
        self._clock = QTimer(self, interval=_REFRESH_MS)
        self._clock.timeout.connect(self.update)
        self._clock.start()
        theme.current().changed.connect(self.updateGeometry)

    def row_count(self) -> int:
        raise NotImplementedError

    def row_height(self) -> int:
        """Return the height of a row, the gap below it included."""
        raise NotImplementedError

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, self.row_height() * max(1, self.row_count()) + 2 * _TOP)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self._at(event.position().y()))

    @override
    def leaveEvent(self, event: object) -> None:
        self._set_hover(-1)

    def _set_hover(self, row: int) -> None:
        if row != self._hover:
            self._hover = row
            self.update()

    def _area(self, number: int) -> QRect:
        height = self.row_height()
        return QRect(_EDGE, number * height + _TOP, self.width() - 2 * _EDGE, height - self.gap)

    def _at(self, y: float) -> int:
        """Return the row at a height; it may be before the first or after the last."""
        return int((y - _TOP) // self.row_height())
