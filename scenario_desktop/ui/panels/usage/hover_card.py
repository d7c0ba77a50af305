"""The amounts of one bar, beside it."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.usage.bar_data import BarData
from scenario_desktop.ui.panels.usage.words import amount_text
from scenario_desktop.ui.widgets import painting

_REACH, _PAD = 20, 12


class HoverCard(QWidget):
    """Floats over the page; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._title, self._sum = "", ""
        self._rows: list[tuple[int, str, str]] = []
        self._foot = ""
        self.hide()

    @property
    def text(self) -> str:
        """All that it says, for assistive tools."""
        parts = [f"{self._title}: {self._sum}", *(f"{name} {sum_}" for _, name, sum_ in self._rows)]
        return ", ".join([*parts, self._foot] if self._foot else parts)

    def show_place(self, data: BarData, place: int, anchor: QPoint) -> None:
        """Show a bar's amounts beside a point of the parent."""
        total = data.sums[place]
        is_begun = place < data.future
        self._title = data.titles[place]
        unit = f"{NO_BREAK}{data.unit}" if data.unit else ""
        self._sum = "not known" if total is None else f"{amount_text(total, places=3)}{unit}"
        if not is_begun:
            self._sum = "not begun"
        self._rows = [
            (bars.color, bars.name, amount_text(_shown(value), places=3))
            for bars in data.series
            if (value := bars.values[place])
        ]
        self._foot = ""
        if place < len(data.ghost) and (before := data.ghost[place]) is not None and is_begun:
            self._foot = f"Before: {amount_text(_shown(before), places=3)}{unit}"
        if is_begun and not data.is_final[place]:
            self._foot = f"{self._foot}, may still change" if self._foot else "May still change"
        size = self._wished()
        parent = self.window()
        x = anchor.x() + 14 - _REACH
        if x + size.width() - _REACH > parent.width():
            x = anchor.x() - 14 - size.width() + _REACH
        y = min(max(-_REACH, anchor.y() - _REACH), parent.height() - size.height() + _REACH)
        self.setGeometry(QRect(QPoint(x, y), size))
        self.show()
        self.raise_()
        self.update()

    def _wished(self) -> QSize:
        look = theme.current()
        small, strong = look.metrics("small"), look.metrics("small_strong")
        head = strong.horizontalAdvance(self._title) + strong.horizontalAdvance(self._sum) + 24
        swatch = look.px(8) + 8
        rows = [
            swatch + small.horizontalAdvance(name) + 20 + small.horizontalAdvance(sum_)
            for _, name, sum_ in self._rows
        ]
        width = max([head, small.horizontalAdvance(self._foot), *rows, look.px(132)]) + 4
        width = min(width, look.px(360))
        line = look.line("small") + 2
        count = 1 + len(self._rows) + bool(self._foot)
        return QSize(width + 2 * (_PAD + _REACH), line * count + 4 + 2 * (_PAD - 2 + _REACH))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        tokens = look.tokens
        painter = painting.antialiased(QPainter(self))
        box = QRectF(self.rect()).adjusted(_REACH, _REACH, -_REACH, -_REACH)
        painting.shadow(painter, box, tokens.shadow, _REACH - 4)
        painting.box(painter, box, theme.metric("radius", "popover"), tokens.overlay, tokens.line)
        line = look.line("small") + 2
        area = QRectF(box.left() + _PAD, box.top() + _PAD - 2, box.width() - 2 * _PAD, line)
        right = Qt.AlignmentFlag.AlignRight
        strong, small = look.font("small_strong"), look.font("small")
        painting.text(painter, area, self._title, strong, tokens.text)
        painting.text(painter, area, self._sum, strong, tokens.text, right)
        area.translate(0, 4)
        swatch = look.px(8)
        for color, name, sum_ in self._rows:
            area.translate(0, line)
            spot = QRectF(area.left(), area.center().y() - swatch / 2, swatch, swatch)
            painting.box(painter, spot, 2, tokens.series[color % len(tokens.series)])
            room = look.metrics("small").horizontalAdvance(sum_) + 12
            words = area.adjusted(swatch + 8, 0, -room, 0)
            painting.text(painter, words, name, small, tokens.text_2)
            painting.text(painter, area, sum_, small, tokens.text, right)
        if self._foot:
            area.translate(0, line)
            painting.text(painter, area, self._foot, small, tokens.text_3)


def _shown(value: float) -> Decimal:
    return Decimal(f"{value:.6f}")
