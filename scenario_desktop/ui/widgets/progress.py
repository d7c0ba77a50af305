"""How far something is. Words always stand beside it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, QVariantAnimation
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting

#: The part of the width that stands for the first of two stages.
FIRST_STAGE = 0.28
STAGE_GAP = 3
#: An indeterminate bar: this part of the width goes across within this many milliseconds.
BLOCK, SWEEP_MS = 0.3, 1200


def paint_progress(
    painter: QPainter,
    area: QRectF,
    fraction: float | None,
    *,
    tone: str = "accent_line",
    uploaded: float | None = None,
    sweep: float = 0.0,
) -> None:
    """Paint a bar; also for delegates.

    Args:
        fraction: 0 to 1, None for "under way, nobody knows how far".
        uploaded: 0 to 1 of a first stage before the computing; None where there is none.
        sweep: 0 to 1, where the block of an indeterminate bar is.
    """
    t = theme.current().tokens
    painter.save()
    painter.setPen(painting.NO_PEN)
    if uploaded is not None:
        first = QRectF(area.left(), area.top(), area.width() * FIRST_STAGE, area.height())
        _bar(painter, first, uploaded, "success" if uploaded >= 1 else tone)
        area = QRectF(
            first.right() + STAGE_GAP,
            area.top(),
            area.width() - first.width() - STAGE_GAP,
            area.height(),
        )
    if fraction is not None:
        _bar(painter, area, fraction, tone)
    else:
        _bar(painter, area, 0, tone)
        width = area.width() * BLOCK
        left = area.left() - width + sweep * (area.width() + width)
        painter.setClipPath(painting.rounded(area, area.height() / 2))
        painter.setBrush(t.named(tone))
        painter.drawRoundedRect(
            QRectF(left, area.top(), width, area.height()), area.height() / 2, area.height() / 2
        )
    painter.restore()


def _bar(painter: QPainter, area: QRectF, fraction: float, tone: str) -> None:
    t = theme.current().tokens
    radius = area.height() / 2
    painter.setBrush(t.pressed)
    painter.drawRoundedRect(area, radius, radius)
    if fraction > 0:
        width = max(area.height(), area.width() * min(1.0, fraction))
        painter.setBrush(t.named(tone))
        painter.drawRoundedRect(
            QRectF(area.left(), area.top(), width, area.height()), radius, radius
        )


class ProgressBar(QProgressBar):
    """A bar of 4 pixels, determinate, indeterminate or in two stages."""

    def __init__(self, *, name: str = "Progress", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setTextVisible(False)
        self.setRange(0, 1000)
        self.setValue(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fraction: float | None = 0.0
        self._uploaded: float | None = None
        self._tone = "accent_line"
        self._sweep = QVariantAnimation(self)
        self._sweep.setStartValue(0.0)
        self._sweep.setEndValue(1.0)
        self._sweep.setDuration(SWEEP_MS)
        self._sweep.setLoopCount(-1)
        self._sweep.valueChanged.connect(self.update)

    def set_fraction(
        self, fraction: float | None, *, uploaded: float | None = None, tone: str = "accent_line"
    ) -> None:
        """Show how far it is, 0 to 1, None for unknown; a first stage may stand before it."""
        self._fraction, self._uploaded, self._tone = fraction, uploaded, tone
        self.setValue(round((fraction or 0.0) * 1000))
        self._update_sweep()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(120, theme.metric("size", "progress"))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(24, theme.metric("size", "progress"))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._update_sweep()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._sweep.stop()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        height = float(theme.metric("size", "progress"))
        area = QRectF(0, (self.height() - height) / 2, self.width(), height)
        sweep = float(self._sweep.currentValue() or 0.5)
        paint_progress(
            painter,
            area,
            self._fraction,
            tone=self._tone,
            uploaded=self._uploaded,
            sweep=0.5 if theme.current().is_still else sweep,
        )

    def _update_sweep(self) -> None:
        is_moving = self._fraction is None and self.isVisible() and not theme.current().is_still
        if not is_moving:
            self._sweep.stop()
        elif self._sweep.state() is not QVariantAnimation.State.Running:
            self._sweep.start()
