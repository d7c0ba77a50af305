"""What the colours mean: a click hides a series, or brings it back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.usage.figures import LegendEntry
from scenario_desktop.ui.panels.usage.words import amount_text
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.flow_layout import FlowLayout
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.tips import set_tip

_SWATCH, _GAP = 8, 6


class _Entry(QAbstractButton):
    """A swatch, a name and a sum."""

    def __init__(self, entry: LegendEntry) -> None:
        super().__init__()
        self.entry = entry
        self._name = entry.name if len(entry.name) <= 28 else f"{entry.name[:27]}…"
        self._sum = amount_text(entry.total)
        self.setCheckable(True)
        self.setChecked(not entry.is_hidden)
        self.setAccessibleName(f"{entry.name}: {self._sum}")
        set_tip(self, f"Show {entry.name}" if entry.is_hidden else f"Hide {entry.name}")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        metrics = look.metrics("small")
        words = metrics.horizontalAdvance(self._name) + metrics.horizontalAdvance(self._sum)
        return QSize(look.px(_SWATCH) + 2 * _GAP + words + 4, look.line("small") + 6)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        tokens = look.tokens
        painter = painting.antialiased(QPainter(self))
        side = look.px(_SWATCH)
        swatch = QRectF(0, (self.height() - side) / 2, side, side)
        color = tokens.series[self.entry.color % len(tokens.series)]
        if self.entry.is_hidden:
            painting.box(painter, swatch, 2, None, tokens.edge)
        else:
            painting.box(painter, swatch, 2, color)
        font, metrics = look.font("small"), look.metrics("small")
        width = metrics.horizontalAdvance(self._name) + 2
        tone = tokens.text_3 if self.entry.is_hidden else tokens.text_2
        if self.underMouse():
            tone = tokens.text
        x = side + _GAP
        painting.text(painter, QRectF(x, 0, width, self.height()), self._name, font, tone)
        rest = QRectF(x + width + _GAP - 2, 0, self.width(), self.height())
        painting.text(painter, rest, self._sum, font, tokens.text_3)


class _Dots(QWidget):
    """The line of the time before."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.px(12), look.line("small") + 6)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        for x in (2.0, 6.0, 10.0):
            center = QPointF(x * self.width() / 12, self.height() / 2)
            painting.dot(painter, center, 2, theme.current().tokens.text_3)
        painter.setPen(QPen())


class Legend(QWidget):
    """All series by name.

    Signals:
        toggled: the id of a series to hide, or to show again.
    """

    toggled = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, gap=16, line_gap=2)
        self._held: list[QWidget] = []
        self.entries: list[_Entry] = []
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_entries(
        self, entries: Sequence[LegendEntry], ghost: str, notes: Sequence[str]
    ) -> None:
        """Show series, the name of the time before, and what else must be known."""
        focused = next((e.entry.id for e in self.entries if e.hasFocus()), None)
        for widget in self._held:
            self._flow.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._held, self.entries = [], []
        for entry in entries:
            button = _Entry(entry)
            button.clicked.connect(self._on_clicked)
            self.entries.append(button)
            self._hold(button)
        if ghost:
            self._hold(_Dots())
            self._hold(PlainLabel(ghost, "small", "text_3"))
        for note in notes:
            self._hold(PlainLabel(note, "small", "text_3"))
        if focused is not None:
            again = next((e for e in self.entries if e.entry.id == focused), None)
            if again is not None:
                again.setFocus()
        self.updateGeometry()

    def _hold(self, widget: QWidget) -> None:
        self._held.append(widget)
        self._flow.addWidget(widget)
        widget.show()

    def _on_clicked(self) -> None:
        sender = self.sender()
        if isinstance(sender, _Entry):
            self.toggled.emit(sender.entry.id)
