"""What was done, newest first; a click goes back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from scenario_desktop.canvas.history import History, Step
from scenario_desktop.services.words import counted
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.canvas.history.painted_rows import PaintedRows
from scenario_desktop.ui.widgets import painting

MAX_ROWS = 60
#: The state before all steps, and that before those which are still known.
OPENED, OLDEST = "Opened", "Oldest state kept"


@dataclass(frozen=True, slots=True)
class Row:
    """Steps that are shown as one.

    Attributes:
        at: None for the state from before them all.
        count: so many steps are in force when this is the newest.
    """

    text: str
    icon: str
    at: datetime | None
    count: int
    is_undone: bool


def rows_of(history: History) -> list[Row]:
    """Return the rows, newest first; strokes on one layer in a row are one of them.

    The last one is the state that all steps began with.
    """
    steps = [*history.done, *history.undone]
    rows: list[Row] = []
    done = len(history.done)
    start = 0
    while start < len(steps):
        end = start + 1
        is_undone = start >= done
        while (
            end < len(steps)
            and is_stroke(steps[start])
            and steps[end].subject == steps[start].subject
            and (end >= done) == is_undone
        ):
            end += 1
        group = steps[start:end]
        rows.append(Row(_words(group), group[-1].icon, group[-1].at, end, is_undone))
        start = end
    first = Row(OLDEST if history.forgotten else OPENED, "folder-open", None, 0, False)
    return [*rows[::-1][:MAX_ROWS], first]


def short_time(at: datetime | None, now: datetime) -> str:
    """Return how long ago something was, in a word or two."""
    if at is None:
        return ""
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 1:
        return "now"
    return f"{minutes}\u00a0min" if minutes < 60 else f"{minutes // 60}\u00a0h"


class HistoryList(PaintedRows):
    """The rows, painted.

    Signals:
        chosen: so many steps are to be in force.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("History", parent)
        self._rows: list[Row] = []
        self._current = 0

    def show_history(self, history: History) -> None:
        self._rows = rows_of(history)
        self._current = len(history.done)
        now = next((row.text for row in self._rows if row.count == self._current), "")
        self.setAccessibleDescription(now)
        self.updateGeometry()
        self.update()

    @property
    def texts(self) -> list[str]:
        return [row.text for row in self._rows]

    @override
    def row_count(self) -> int:
        return len(self._rows)

    @override
    def row_height(self) -> int:
        return theme.current().height(28, "body", 4)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        now = datetime.now(UTC)
        for number, row in enumerate(self._rows):
            area = self._area(number)
            if not area.intersects(event.rect()):
                continue
            is_current = row.count == self._current
            if is_current:
                painting.box(painter, area, 6, t.accent_soft)
            elif number == self._hover:
                painting.box(painter, area, 6, t.hover)
            color = t.accent_text if is_current else t.text_2
            words = t.text if is_current else t.text_2
            if row.is_undone:
                color = words = t.text_disabled
            side = look.px(14) + 2
            spot = QRectF(area.left() + 8, area.top(), side, area.height())
            icons.paint(painter, spot, row.icon or "pencil", 14, color)
            time = short_time(row.at, now)
            font = look.font("small")
            width = look.metrics("small").horizontalAdvance(time) + 4
            left = 8 + side + 6
            box = QRectF(
                area.left() + left, area.top(), area.width() - left - width - 16, area.height()
            )
            painting.text(painter, box, row.text, look.font("body"), words)
            box = QRectF(area.right() - width - 8, area.top(), width, area.height())
            painting.text(painter, box, time, font, t.text_3, Qt.AlignmentFlag.AlignRight)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._at(event.position().y())
        if 0 <= row < len(self._rows):
            self.chosen.emit(self._rows[row].count)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None or not self._rows:
            super().keyPressEvent(event)
            return
        counts = [row.count for row in self._rows]
        place = counts.index(self._current) + step if self._current in counts else 0
        if 0 <= place < len(counts):
            self.chosen.emit(counts[place])


def is_stroke(step: Step) -> bool:
    """Return whether a step is a stroke on a layer."""
    return step.subject.partition(":")[0] in ("brush", "erase")


def _words(steps: Sequence[Step]) -> str:
    if len(steps) == 1:
        return steps[0].name
    word, _, layer = steps[0].name.partition(" on ")
    return f"{word}, {counted(len(steps), 'stroke')} on {layer}"
