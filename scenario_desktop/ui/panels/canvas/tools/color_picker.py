"""Choosing a colour: a field of saturation and brightness, a strip of hues, a code, the recent."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.popover import Popover
from scenario_desktop.ui.widgets.tips import set_tip

#: Colours that are always there: a quiet row of greys and one of hues.
PALETTE = (
    "#000000", "#404040", "#808080", "#bfbfbf", "#ffffff", "#7a4a2b", "#1d3557", "#264653",
    "#d62828", "#f77f00", "#f0c05a", "#2f8d6c", "#2a9d8f", "#3a86ff", "#5e60ce", "#e56b9f",
)  # fmt: skip
_COLUMNS = 8


class ShadeField(QWidget):
    """Saturation from left to right, brightness from bottom to top.

    Signals:
        moved: saturation and brightness, 0 to 1.
    """

    moved = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Saturation and brightness")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._hue, self._saturation, self._value = 0.0, 1.0, 1.0

    def set_shade(self, hue: float, saturation: float, value: float) -> None:
        self._hue, self._saturation, self._value = hue, saturation, value
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(232, 148)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        area = QRectF(self.rect())
        painter.setClipPath(painting.rounded(area, 6))
        across = QLinearGradient(area.topLeft(), area.topRight())
        across.setColorAt(0, QColor("#ffffff"))
        across.setColorAt(1, QColor.fromHsvF(self._hue, 1, 1))
        painter.fillRect(area, across)
        down = QLinearGradient(area.topLeft(), area.bottomLeft())
        down.setColorAt(0, QColor(0, 0, 0, 0))
        down.setColorAt(1, QColor(0, 0, 0, 255))
        painter.fillRect(area, down)
        place = QPointF(self._saturation * area.width(), (1 - self._value) * area.height())
        painter.setBrush(QColor.fromHsvF(self._hue, self._saturation, self._value))
        painter.setPen(QPen(QColor(0, 0, 0, 140), 4))
        painter.drawEllipse(place, 6, 6)
        painter.setPen(QPen(QColor("#ffffff"), 2))
        painter.drawEllipse(place, 6, 6)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._take(event.position())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._take(event.position())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        steps = {keys.Key_Left: (-1, 0), keys.Key_Right: (1, 0)}
        steps |= {keys.Key_Up: (0, 1), keys.Key_Down: (0, -1)}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        self._emit(self._saturation + step[0] * 0.02, self._value + step[1] * 0.02)

    def _take(self, place: QPointF) -> None:
        self._emit(place.x() / max(1, self.width()), 1 - place.y() / max(1, self.height()))

    def _emit(self, saturation: float, value: float) -> None:
        self.moved.emit(min(1.0, max(0.0, saturation)), min(1.0, max(0.0, value)))


class HueStrip(QWidget):
    """All hues in a row.

    Signals:
        moved: the hue, 0 to 1.
    """

    moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Hue")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._hue = 0.0

    def set_hue(self, hue: float) -> None:
        self._hue = hue
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(232, 16)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        area = QRectF(self.rect()).adjusted(0, 2, 0, -2)
        hues = QLinearGradient(area.topLeft(), area.topRight())
        for number in range(7):
            hues.setColorAt(number / 6, QColor.fromHsvF((number / 6) % 1.0, 1, 1))
        painter.fillPath(painting.rounded(area, area.height() / 2), hues)
        x = 8 + self._hue * (self.width() - 16)
        painter.setBrush(QColor.fromHsvF(min(0.999, self._hue), 1, 1))
        painter.setPen(QPen(QColor(0, 0, 0, 140), 4))
        painter.drawEllipse(QPointF(x, self.height() / 2), 6, 6)
        painter.setPen(QPen(QColor("#ffffff"), 2))
        painter.drawEllipse(QPointF(x, self.height() / 2), 6, 6)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._take(event.position().x())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._take(event.position().x())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -0.01, Qt.Key.Key_Right: 0.01}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.moved.emit(min(0.999, max(0.0, self._hue + step)))

    def _take(self, x: float) -> None:
        self.moved.emit(min(0.999, max(0.0, (x - 8) / max(1, self.width() - 16))))


class Swatch(QAbstractButton):
    """A colour to click on."""

    def __init__(self, color: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color = QColor(color)
        self.setAccessibleName(f"Colour {color}")
        set_tip(self, color.upper())

    @override
    def sizeHint(self) -> QSize:
        return QSize(24, 24)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painting.box(painter, area, 4, self._color, t.edge if self.underMouse() else t.line)


class ColorPicker(Popover):
    """Opens beside what it colours.

    Signals:
        picked: a QColor, with every move.
    """

    picked = Signal(QColor)

    def __init__(self, anchor: QWidget, color: QColor, recent: list[str]) -> None:
        super().__init__(anchor)
        self.setAccessibleName("Colour")
        self._hue, self._saturation, self._value = _hsv(color)
        self.field, self.strip = ShadeField(), HueStrip()
        self.code = QLineEdit()
        self.code.setAccessibleName("Colour code")
        self.code.setMaxLength(7)
        self._sample = Swatch(color.name())
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._sample)
        row.addWidget(self.code, 1)
        column = QVBoxLayout()
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(10)
        column.addWidget(self.field)
        column.addWidget(self.strip)
        column.addLayout(row)
        column.addLayout(self._swatches(PALETTE))
        if recent:
            column.addLayout(self._swatches(tuple(recent[:_COLUMNS])))
        self.body.addLayout(column)
        self.field.moved.connect(self._on_shade)
        self.strip.moved.connect(self._on_hue)
        self.code.textEdited.connect(self._on_code)
        self._show()

    def _swatches(self, colors: tuple[str, ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(5)
        for number, color in enumerate(colors):
            swatch = Swatch(color)
            swatch.clicked.connect(partial(self._take, color))
            grid.addWidget(swatch, number // _COLUMNS, number % _COLUMNS)
        grid.setColumnStretch(_COLUMNS, 1)
        return grid

    def _take(self, color: str) -> None:
        self._hue, self._saturation, self._value = _hsv(QColor(color))
        self._tell()

    def _on_shade(self, saturation: float, value: float) -> None:
        self._saturation, self._value = saturation, value
        self._tell()

    def _on_hue(self, hue: float) -> None:
        self._hue = hue
        self._tell()

    def _on_code(self, text: str) -> None:
        code = text if text.startswith("#") else f"#{text}"
        is_good = len(code) == 7 and QColor.isValidColorName(code)
        self.code.setProperty("bad", not is_good and len(text) >= 6)
        self.code.style().polish(self.code)
        if is_good:
            self._hue, self._saturation, self._value = _hsv(QColor(code))
            self._tell(has_code=True)

    def _tell(self, *, has_code: bool = False) -> None:
        self._show(has_code=has_code)
        self.picked.emit(self._color())

    def _color(self) -> QColor:
        return QColor.fromHsvF(self._hue, self._saturation, self._value)

    def _show(self, *, has_code: bool = False) -> None:
        self.field.set_shade(self._hue, self._saturation, self._value)
        self.strip.set_hue(self._hue)
        self._sample._color = self._color()
        self._sample.update()
        if not has_code:
            self.code.setText(self._color().name().upper())


def _hsv(color: QColor) -> tuple[float, float, float]:
    # Greys have no hue: Qt says -1.
    return max(0.0, color.hsvHueF()), color.hsvSaturationF(), color.valueF()
