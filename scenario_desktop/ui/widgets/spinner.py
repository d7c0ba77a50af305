"""The turning arc that says "under way". Words stand beside it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QVariantAnimation
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting


class Turn(QVariantAnimation):
    """The angle of a spinner, repainting its widget while it runs. Still where motion is off."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.setStartValue(0.0)
        self.setEndValue(360.0)
        self.setDuration(theme.metric("motion", "spinner_turn"))
        self.setLoopCount(-1)
        self.valueChanged.connect(widget.update)

    def run(self, is_running: bool) -> None:
        if is_running and not theme.current().is_still:
            self.start()
        else:
            self.stop()

    def paint(self, painter: QPainter, area: QRectF, diameter: float, color: QColor) -> None:
        width = max(1.5, diameter / 8)
        circle = QRectF(0, 0, diameter - width, diameter - width)
        circle.moveCenter(area.center())
        pen = QPen(color, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.save()
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        angle = float(self.currentValue() or 0.0)
        painter.drawArc(circle, int((60 - angle) * 16), 285 * 16)
        painter.restore()


class Spinner(QWidget):
    """A spinner of its own, turning while it is seen."""

    def __init__(
        self, size: int = 14, tone: str = "accent_text", *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._diameter = size
        self._tone = tone
        self._turn = Turn(self)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Working")
        theme.current().changed.connect(self.updateGeometry)

    @override
    def sizeHint(self) -> QSize:
        side = theme.current().px(self._diameter) + 2
        return QSize(side, side)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        self._turn.run(True)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._turn.run(False)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = painting.antialiased(QPainter(self))
        color = look.tokens.named(self._tone)
        self._turn.paint(painter, QRectF(self.rect()), look.px(self._diameter), color)
