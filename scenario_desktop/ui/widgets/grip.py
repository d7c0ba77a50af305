"""The border between two regions of a window, where the mouse can move it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from scenario_desktop.ui import theme

#: Half the width of what the mouse can grab, pixels.
GRIP = 3


class Grip(QWidget):
    """Something to drag; what is beside it is moved by whoever listens.

    Signals:
        dragged: which border, and where the mouse is in the window.
    """

    dragged = Signal(str, QPoint)

    def __init__(self, name: str, window: QWidget, *, is_flat: bool = False) -> None:
        super().__init__(window)
        self._name = name
        shapes = Qt.CursorShape
        self.setCursor(shapes.SplitVCursor if is_flat else shapes.SplitHCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._is_held = False
        self.hide()

    def place(self, area: QRect | None) -> None:
        """Stand here; None for nowhere."""
        if area is None:
            self.hide()
            return
        self.setGeometry(area)
        self.show()
        self.raise_()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._is_held:
            return
        color = theme.current().tokens.accent_line
        painter = QPainter(self)
        if self.width() > self.height():
            painter.fillRect(0, GRIP - 1, self.width(), 2, color)
        else:
            painter.fillRect(GRIP - 1, 0, 2, self.height(), color)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._is_held = True
        self.update()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_held:
            self.dragged.emit(self._name, self.mapTo(self.window(), event.position().toPoint()))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._is_held = False
        self.update()
