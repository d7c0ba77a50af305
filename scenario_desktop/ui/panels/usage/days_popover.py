"""A range of days, chosen in a calendar or typed."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.services.usage.ranges import MOST_DAYS
from scenario_desktop.ui import theme
from scenario_desktop.ui.forms.marking import mark_bad
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.popover import Popover

_DAY: Final = timedelta(days=1)
_NAMES: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


class DayGrid(QWidget):
    """A month of days. Arrows move, Page Up and Down go by months, Enter begins and ends a range.

    Signals:
        chosen: (first, last) day; the same twice while only the first is known.
        month_changed: another month is shown.
    """

    chosen = Signal(object, object)
    month_changed = Signal()

    def __init__(self, first: date, last: date, today: date, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.first, self.last, self._today = first, last, today
        self.cursor_day = min(last, today)
        self._is_open = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._name()

    def show_range(self, first: date, last: date) -> None:
        """Mark a range; ``chosen`` stays silent."""
        self.first, self.last, self._is_open = first, last, False
        self._move(last)

    def step(self, months: int) -> None:
        """Show another month."""
        number = self.cursor_day.year * 12 + self.cursor_day.month - 1 + months
        year, month = divmod(number, 12)
        last = calendar.monthrange(year, month + 1)[1]
        self._move(date(year, month + 1, min(self.cursor_day.day, last)))

    def _side(self) -> int:
        return theme.current().height(32, "small", 8)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._side() * 7, self._side() * 7)

    def _start(self) -> date:
        first = self.cursor_day.replace(day=1)
        return first - _DAY * first.weekday()

    def _day_at(self, point: QPointF) -> date | None:
        column = int(point.x() * 7 // max(1, self.width()))
        row = int(point.y() // self._side()) - 1
        if not (0 <= column < 7 and 0 <= row < 6):
            return None
        return self._start() + _DAY * (row * 7 + column)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t, side, wide = look.tokens, self._side(), self.width() / 7
        painter = painting.antialiased(QPainter(self))
        center, font = Qt.AlignmentFlag.AlignHCenter, look.font("small")
        for column, name in enumerate(_NAMES):
            area = QRectF(column * wide, 0, wide, side)
            painting.text(painter, area, name, look.font("small_strong"), t.text_3, center)
        for number in range(42):
            day = self._start() + _DAY * number
            area = QRectF(number % 7 * wide, (number // 7 + 1) * side, wide, side)
            inner = area.adjusted(0, 2, 0, -2)
            is_end = day in (self.first, self.last)
            if self.first <= day <= self.last:
                painting.box(painter, inner, 6, t.accent if is_end else t.accent_soft)
            if day == self.cursor_day and self.hasFocus():
                painting.box(painter, inner.adjusted(1, 0, -1, 0), 6, None, t.focus, width=2)
            tone = t.text_on_fill if is_end else t.text
            if day.month != self.cursor_day.month and not is_end:
                tone = t.text_3
            if day > self._today and not is_end:
                tone = t.text_disabled
            painting.text(painter, area, str(day.day), font, tone, center)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        day = self._day_at(event.position())
        if day is not None:
            self._pick(day)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -7, Qt.Key.Key_Down: 7,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in steps:
            self._move(self.cursor_day + _DAY * steps[key])
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.step(-1 if key is Qt.Key.Key_PageUp else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._pick(self.cursor_day)
        else:
            super().keyPressEvent(event)

    def _pick(self, day: date) -> None:
        if self._is_open:
            self.first, self.last = sorted((self.first, day))
        else:
            self.first = self.last = day
        self._is_open = not self._is_open
        self._move(day)
        self.chosen.emit(self.first, self.last)

    def _move(self, day: date) -> None:
        before, self.cursor_day = self.cursor_day, day
        self._name()
        self.update()
        if (before.year, before.month) != (day.year, day.month):
            self.month_changed.emit()

    def _name(self) -> None:
        day = self.cursor_day
        self.setAccessibleName(f"{day:%A} {day.day} {day:%B %Y}")
        self.setAccessibleDescription("Enter begins a range and ends it")


class DaysPopover(Popover):
    """Two fields, a month, and a button.

    Signals:
        range_chosen: (first, last) day, both in it.
    """

    range_chosen = Signal(object, object)

    def __init__(self, anchor: QWidget, first: date, last: date, today: date) -> None:
        super().__init__(anchor)
        self.setAccessibleName("Range of days")
        self.body.setContentsMargins(12, 12, 12, 12)
        self.grid = DayGrid(first, min(last, max(first, today)), today)
        self._month = PlainLabel("", "body_strong")
        back = IconButton("chevron-left", "Month before", size=ButtonSize.SMALL)
        back.clicked.connect(self._on_back)
        ahead = IconButton("chevron-right", "Next month", size=ButtonSize.SMALL)
        ahead.clicked.connect(self._on_ahead)
        self.fields = (QLineEdit(), QLineEdit())
        self._bad = PlainLabel("", "small", "danger", wrap=True)
        self.show_button = Button("Show", kind=ButtonKind.PRIMARY)
        self.show_button.clicked.connect(self._on_show)
        typed = QHBoxLayout()
        typed.setSpacing(8)
        for name, field in zip(("First day", "Last day"), self.fields, strict=True):
            field.setAccessibleName(f"{name}, as 2026-11-30")
            field.setToolTip("As 2026-11-30")
            field.textEdited.connect(self._on_typed)
            field.returnPressed.connect(self._on_show)
            typed.addWidget(field, 1)
        head = QHBoxLayout()
        head.addWidget(self._month, 1)
        head.addWidget(back)
        head.addWidget(ahead)
        for part in (typed, head):
            self.body.addLayout(part)
            self.body.addSpacing(8)
        self.body.addWidget(self.grid)
        self.body.addWidget(self._bad)
        self.body.addSpacing(8)
        self.body.addWidget(self.show_button)
        self._bad.hide()
        self.grid.chosen.connect(self._on_chosen)
        self.grid.month_changed.connect(self._show_month)
        self._show_month()
        self._on_chosen(self.grid.first, self.grid.last)

    def _on_back(self) -> None:
        self.grid.step(-1)

    def _on_ahead(self) -> None:
        self.grid.step(1)

    def _show_month(self) -> None:
        self._month.setText(f"{self.grid.cursor_day:%B %Y}")

    def _on_chosen(self, first: date, last: date) -> None:
        for field, day in zip(self.fields, (first, last), strict=True):
            field.setText(day.isoformat())
        self._check()

    def _on_typed(self) -> None:
        days = self._check()
        if days is not None:
            self.grid.show_range(*days)

    def _check(self) -> tuple[date, date] | None:
        """Return the range that is typed, None with a reason below when it is none."""
        days: list[date] = []
        reason = ""
        for field in self.fields:
            try:
                days.append(date.fromisoformat(field.text().strip()))
                mark_bad(field, False)
            except ValueError:
                mark_bad(field, True)
                reason = "Write a day as 2026-11-30."
        if not reason and days[1] < days[0]:
            reason = "The last day lies before the first."
        elif not reason and (days[1] - days[0]).days >= MOST_DAYS:
            reason = "Two years are the most that can be shown at once."
        self._bad.setText(reason)
        self._bad.setVisible(bool(reason))
        self.show_button.setEnabled(not reason)
        self.refit()
        return None if reason else (days[0], days[1])

    def _on_show(self) -> None:
        days = self._check()
        if days is not None:
            self.close_popover()
            self.range_chosen.emit(*days)
