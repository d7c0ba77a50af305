"""A list below a field of what its text may become, walked from the field itself."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.keycap import paint_cap
from scenario_desktop.ui.widgets.popover import Popover

MAX_ROWS = 8


class Suggestions(Popover):
    """Rows with a value and a note, such as "forest" and "812". The field keeps the focus.

    Signals:
        chosen: the value of the row that was pressed.
    """

    chosen = Signal(str)

    def __init__(self, anchor: QWidget) -> None:
        super().__init__(anchor)
        self._rows: list[_Row] = []
        self._current = 0

    def offer(self, rows: Sequence[tuple[str, str]], *, width: int) -> None:
        """Show these rows, the first one marked; none closes the list."""
        for row in self._rows:
            self.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows, self._current = [], 0
        for value, note in rows[:MAX_ROWS]:
            row = _Row(value, note, self)
            row.clicked.connect(self._on_clicked)
            self.body.addWidget(row)
            row.show()  # in an open list it would count as nothing until the loop runs
            self._rows.append(row)
        self._mark()
        if self._rows:
            self.open(width=width, takes_focus=False)
        else:
            self.close_popover()

    def values(self) -> list[str]:
        return [row.value for row in self._rows] if self.isVisible() else []

    def move_mark(self, step: int) -> None:
        if self._rows:
            self._current = (self._current + step) % len(self._rows)
            self._mark()

    def marked(self) -> str:
        """Return the value that Enter takes, "" while the list is closed."""
        return self._rows[self._current].value if self._rows and self.isVisible() else ""

    def _mark(self) -> None:
        for place, row in enumerate(self._rows):
            row.set_current(place == self._current)

    def _on_clicked(self) -> None:
        row = self.sender()
        if isinstance(row, _Row):
            self.chosen.emit(row.value)


class SuggestionRow(QAbstractButton):
    """A row of such a list: words at the left, a note at the right; the field keeps the focus."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.note = ""
        self._is_current = False
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_current(self, is_current: bool) -> None:
        """Mark it as what Enter takes."""
        self._is_current = is_current
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, theme.current().height(32))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        if self._is_current:
            painting.box(painter, self.rect(), 6, t.accent_soft)
        elif self.underMouse():
            painting.box(painter, self.rect(), 6, t.hover_raised)
        right = float(self.width() - 10)
        if self._is_current:
            right = paint_cap(painter, right, self.height() / 2, "↵") - 8
        if self.note:
            width = look.metrics("small").horizontalAdvance(self.note) + 2
            area = QRectF(right - width, 0, width, self.height())
            painting.text(painter, area, self.note, look.font("small"), t.text_3)
            right -= width + 8
        self.paint_words(painter, QRectF(10, 0, right - 10, self.height()))

    def paint_words(self, painter: QPainter, area: QRectF) -> None:
        """Paint what stands at the left."""
        raise NotImplementedError


class _Row(SuggestionRow):
    def __init__(self, value: str, note: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.value, self.note = value, note
        self.setAccessibleName(f"{value}, {note}" if note else value)

    @override
    def paint_words(self, painter: QPainter, area: QRectF) -> None:
        look = theme.current()
        painting.text(painter, area, self.value, look.font("body"), look.tokens.text)
