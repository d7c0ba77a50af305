"""Earlier states of the canvas that the server keeps, and what was done to it from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QToolTip, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.canvas.history import snapshot_words
from scenario_desktop.ui.panels.canvas.history.painted_rows import PaintedRows
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.tips import tip

_WIDTH, _HEIGHT, _ROW = 64, 40, 52
#: So many rows a short list has.
_FEW = 3
NO_SNAPSHOT = "No snapshot yet. Ctrl+S keeps one."


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One of them, in words.

    Attributes:
        key: names it to whoever set the rows; "" for what was only done from here, which is told
            and cannot be opened.
        at: when it was; None where that is not known.
        title: "" for how long ago it was, which then is not in the note.
        note: who did it.
        picture: None until it has been drawn.
        tip: the whole of it; "" for title and note.
        icon: stands where there is no picture.
    """

    key: str
    at: datetime | None
    title: str = ""
    note: str = ""
    tip: str = ""
    picture: QPixmap | None = None
    icon: str = "layers"

    def lines(self, now: datetime) -> tuple[str, str]:
        """Return what its two lines say."""
        when = snapshot_words.when(self.at, now)
        if not self.title:
            return when, self.note
        return self.title, ", ".join(part for part in (when, self.note) if part)


class SnapshotList(PaintedRows):
    """The rows, newest first. Up, Down, Home and End go through them, Enter looks at one.

    Signals:
        chosen: the key of the row that was gone to, by a click or the keys.
        opened: the key of a row to look at: Enter, or a double click.
        menu_requested: key, and where on the screen.
        left: Escape, while one is looked at.
        shortened: how many rows there are in all; 0 when all of them are shown.
        place_changed: the QRect of the row that the keys are on, to be brought into sight.
        pictures_wanted: rows without a picture came into sight.

    Attributes:
        is_opened: whether one is being looked at.
    """

    gap = 2
    chosen = Signal(str)
    opened = Signal(str)
    left = Signal()
    shortened = Signal(int)
    place_changed = Signal(QRect)
    pictures_wanted = Signal()
    menu_requested = Signal(str, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Snapshots", parent)
        self._rows: tuple[SnapshotRow, ...] = ()
        self._all: tuple[SnapshotRow, ...] = ()
        self._is_short = False
        self.words = NO_SNAPSHOT
        self.is_opened = False
        self._current = ""
        self._place = -1

    def set_rows(self, rows: Sequence[SnapshotRow]) -> None:
        self._all = tuple(rows)
        self._shorten()
        self._place = min(self._place, len(self._rows) - 1)
        self.setAccessibleDescription("\n".join(self.lines()))
        self.updateGeometry()
        self.update()

    def set_short(self, is_short: bool) -> None:
        """Show the newest rows only, or all."""
        if is_short != self._is_short:
            self._is_short = is_short
            self.set_rows(self._all)

    def _shorten(self) -> None:
        is_cut = self._is_short and len(self._all) > _FEW + 1
        self._rows = self._all[:_FEW] if is_cut else self._all
        self.shortened.emit(len(self._all) if is_cut else 0)

    def set_words(self, words: str) -> None:
        """Say what stands there instead of rows."""
        self.words = words
        self.update()

    def set_picture(self, key: str, picture: QPixmap) -> None:
        self._all = tuple(
            replace(r, picture=picture) if key and r.key == key else r for r in self._all
        )
        self._shorten()
        self.update()

    def without_picture(self) -> list[str]:
        """Return the keys of rows in sight that have no picture yet."""
        seen = self.visibleRegion().boundingRect()
        return [
            row.key
            for number, row in enumerate(self._rows)
            if row.key and row.picture is None and self._area(number).intersects(seen)
        ]

    def lines(self) -> tuple[str, ...]:
        """Return what the rows say, for assistive tools."""
        now = datetime.now(UTC)
        return tuple(". ".join(part for part in row.lines(now) if part) for row in self._rows)

    @property
    def current(self) -> str:
        """The key of the row that was chosen; "" for none."""
        return self._current

    def set_current(self, key: str) -> None:
        self._current = key
        self.update()

    @override
    def row_count(self) -> int:
        return len(self._rows)

    @override
    def row_height(self) -> int:
        look = theme.current()
        return max(_ROW, look.line("body") + look.line("small") + 12)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        now = datetime.now(UTC)
        if not self._rows:
            room = QRectF(16, 4, self.width() - 32, self.row_height())
            painting.text(painter, room, self.words, look.font("small"), t.text_3)
            return
        for number, row in enumerate(self._rows):
            area = self._area(number)
            if row.key and row.key == self._current:
                painting.box(painter, area, 6, t.accent_soft)
            elif number == self._hover and row.key:
                painting.box(painter, area, 6, t.hover)
            if number == self._place and self.hasFocus():
                painting.box(painter, area.adjusted(1, 1, -1, -1), 6, None, t.focus)
            top = area.top() + (area.height() - _HEIGHT) // 2
            box = QRect(area.left() + 4, top, _WIDTH, _HEIGHT)
            painter.save()
            painter.setClipPath(painting.rounded(box, 4))
            if row.key:
                painting.checkerboard(painter, box, t.check_a, t.check_b, 4)
            if row.picture is not None and not row.picture.isNull():
                painter.drawPixmap(box, row.picture, filling(row.picture, box))
            else:
                icons.paint(painter, box, row.icon, 16, t.text_3)
            painter.restore()
            x = box.right() + 12
            both = look.line("body") + look.line("small")
            top = area.top() + (area.height() - both) // 2
            width = area.right() - x - 8
            first = QRectF(x, top, width, look.line("body"))
            second = QRectF(x, top + look.line("body"), width, look.line("small"))
            title, note = row.lines(now)
            painting.text(painter, first, title, look.font("body_strong"), t.text)
            painting.text(painter, second, note, look.font("small"), t.text_3)
        if self.without_picture():
            self.pictures_wanted.emit()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._go(self._at(event.position().y()))

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._open(self._at(event.position().y()))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._rows) - 1
        steps = {
            Qt.Key.Key_Up: self._place - 1, Qt.Key.Key_Down: self._place + 1,
            Qt.Key.Key_Home: 0, Qt.Key.Key_End: last,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in steps and self._rows:
            self._go(min(last, max(0, steps[key])))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._open(self._place)
        elif key is Qt.Key.Key_Escape and self.is_opened:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        self._place = max(0, self._place)
        super().focusInEvent(event)
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        is_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        row = self._place if is_key else self._at(event.pos().y())
        if 0 <= row < len(self._rows) and self._rows[row].key:
            place = self.mapToGlobal(self._area(row).bottomLeft()) if is_key else event.globalPos()
            self.menu_requested.emit(self._rows[row].key, place)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._at(event.pos().y())
            words = ""
            if 0 <= row < len(self._rows):
                words = self._rows[row].tip or "\n".join(self._rows[row].lines(datetime.now(UTC)))
            QToolTip.showText(event.globalPos(), tip(words) if words else "", self)
            return True
        return super().event(event)

    def _go(self, row: int) -> None:
        if not 0 <= row < len(self._rows):
            return
        self._place = row
        self.update()
        area = self._area(row)
        self.place_changed.emit(area)
        if self._rows[row].key:
            self.set_current(self._rows[row].key)
            self.chosen.emit(self._current)

    def _open(self, row: int) -> None:
        if 0 <= row < len(self._rows) and self._rows[row].key:
            self._place = row
            self.set_current(self._rows[row].key)
            self.opened.emit(self._current)


def filling(picture: QPixmap, box: QRect) -> QRect:
    """Return the middle of a picture that fills a box of another shape."""
    wanted = box.width() / box.height()
    width, height = picture.width(), picture.height()
    if width / height > wanted:
        part = round(height * wanted)
        return QRect((width - part) // 2, 0, part, height)
    part = round(width / wanted)
    return QRect(0, (height - part) // 2, width, part)
