"""On or off, with effect at once; and a box for choices that wait for a button."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QVariantAnimation
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting

GAP = 8


class _Labelled(QCheckBox):
    """What switch and box share: a painted sign with its label, the whole row clickable."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme.current().changed.connect(self.updateGeometry)

    def _sign(self) -> QSize:
        raise NotImplementedError

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        sign = self._sign()
        words = look.metrics("body").horizontalAdvance(self.text())
        width = sign.width() + (GAP + words + 2 if self.text() else 0)
        return QSize(width, max(28, look.line() + 8, sign.height()))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def _paint_label(self, painter: QPainter) -> None:
        look = theme.current()
        x = self._sign().width() + GAP
        area = QRectF(x, 0, self.width() - x, self.height())
        tone = look.tokens.text if self.isEnabled() else look.tokens.text_disabled
        painting.text(painter, area, self.text(), look.font("body"), tone)


class Switch(_Labelled):
    """On or off, with effect at once."""

    def __init__(self, text: str = "", *, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._slide = QVariantAnimation(self)
        self._slide.setStartValue(0.0)
        self._slide.setEndValue(1.0)
        self._slide.valueChanged.connect(self.update)
        self.toggled.connect(self._on_toggled)

    def _sign(self) -> QSize:
        look = theme.current()
        width, height = theme.metric("size", "switch")
        return QSize(look.px(width), look.px(height))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        size = self._sign()
        track = QRectF(0, (self.height() - size.height()) / 2, size.width(), size.height())
        radius, knob = size.height() / 2, size.height() * 12 / 18
        is_on = self.isChecked()
        if not self.isEnabled():
            painting.box(painter, track, radius, t.raised, t.line)
        elif is_on:
            fill = t.accent_hover if self.underMouse() else t.accent
            painting.box(painter, track, radius, fill)
        else:
            painting.box(
                painter, track, radius, t.hover_raised if self.underMouse() else None, t.edge
            )
        place = self._place()
        left = track.left() + radius
        x = left + (track.width() - 2 * radius) * place
        color = t.text_on_fill if is_on else t.text_2
        if not self.isEnabled():
            color = t.text_disabled
        painting.dot(painter, QPointF(x, track.center().y()), knob, color)
        self._paint_label(painter)

    def _place(self) -> float:
        if self._slide.state() is QVariantAnimation.State.Running:
            return float(self._slide.currentValue())
        return 1.0 if self.isChecked() else 0.0

    def _on_toggled(self, is_on: bool) -> None:
        directions = QVariantAnimation.Direction
        self._slide.setDuration(theme.current().duration("base"))
        self._slide.setDirection(directions.Forward if is_on else directions.Backward)
        if self.isVisible() and self._slide.duration():
            self._slide.start()
        self.update()


class CheckBox(_Labelled):
    """A choice that waits for a button; may be partly set."""

    def __init__(self, text: str = "", *, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)

    def _sign(self) -> QSize:
        side = theme.current().px(18)
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        side = self._sign().width()
        box = QRectF(0, (self.height() - side) / 2, side, side)
        is_set = self.checkState() is not Qt.CheckState.Unchecked
        if is_set:
            painting.box(painter, box, 4, t.accent if self.isEnabled() else t.raised)
            name = "check" if self.isChecked() else "minus"
            color = t.text_on_fill if self.isEnabled() else t.text_disabled
            icons.paint(painter, box, name, 12, color)
        else:
            fill = t.hover_raised if self.underMouse() else t.raised
            painting.box(painter, box, 4, fill, t.edge if self.isEnabled() else t.line)
        self._paint_label(painter)
