"""The rubber band: a rectangle pulled over the cells, in coordinates of the scrolled content."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QPainter

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.gallery.selection import Selection

_TICK_MS = 25


class RubberBand(QObject):
    """Where it began and where it is, and what was chosen before it.

    Attributes:
        base: the choice when it began; what the band touches is added to it.
        area: in content coordinates; None while there is no band.

    Signals:
        pulled: time to scroll on, since the pointer is held beyond an edge.
    """

    pulled = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.base = Selection()
        self.area: QRect | None = None
        self._start = QPoint()
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self.pulled)

    @property
    def is_on(self) -> bool:
        return self.area is not None

    def start(self, point: QPoint, base: Selection) -> None:
        self._start = point
        self.area = QRect(point, point)
        self.base = base.copy()

    def stretch(self, point: QPoint, *, is_outside: bool) -> None:
        self.area = QRect(self._start, point).normalized()
        if not is_outside:
            self._tick.stop()
        elif not self._tick.isActive():
            self._tick.start()

    def stop(self) -> None:
        self._tick.stop()
        self.area = None

    def paint(self, painter: QPainter, top: int) -> None:
        if self.area is None:
            return
        line = theme.current().tokens.accent_line
        shown = self.area.translated(0, -top)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(shown, theme.with_alpha(line, 0.16))
        painter.setPen(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(shown.adjusted(0, 0, -1, -1))
