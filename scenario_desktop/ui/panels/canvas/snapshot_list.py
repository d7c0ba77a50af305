"""Earlier states of the canvas that the server keeps: picture, author and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting

_WIDTH, _HEIGHT, _ROW = 64, 40, 52


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One of them, in words.

    Attributes:
        key: names it to whoever set the rows.
        picture: None until it has been drawn.
    """

    key: str
    title: str
    note: str
    picture: QPixmap | None = None


class SnapshotList(QWidget):
    """The rows, newest first.

    Signals:
        chosen: the key of a row that was clicked.
        menu_requested: key, and where on the screen.
    """

    chosen = Signal(str)
    menu_requested = Signal(str, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Snapshots")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rows: tuple[SnapshotRow, ...] = ()
        self._words = "No snapshot yet. Ctrl+S keeps one."
        self._current = ""
        self._hover = -1
        theme.current().changed.connect(self.updateGeometry)

    def set_rows(self, rows: Sequence[SnapshotRow]) -> None:
        self._rows = tuple(rows)
        self.updateGeometry()
        self.update()

    def set_words(self, words: str) -> None:
        """Say what stands there instead of rows."""
        self._words = words
        self.update()

    def set_picture(self, key: str, picture: QPixmap) -> None:
        self._rows = tuple(
            SnapshotRow(r.key, r.title, r.note, picture) if r.key == key else r for r in self._rows
        )
        self.update()

    def set_current(self, key: str) -> None:
        self._current = key
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, self._row() * max(1, len(self._rows)) + 8)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        if not self._rows:
            room = QRectF(16, 4, self.width() - 32, self._row())
            painting.text(painter, room, self._words, look.font("small"), t.text_3)
            return
        for number, row in enumerate(self._rows):
            area = self._area(number)
            if row.key == self._current:
                painting.box(painter, area, 6, t.accent_soft)
            elif number == self._hover:
                painting.box(painter, area, 6, t.hover)
            top = area.top() + (area.height() - _HEIGHT) // 2
            box = QRect(area.left() + 4, top, _WIDTH, _HEIGHT)
            painter.save()
            painter.setClipPath(painting.rounded(box, 4))
            painting.checkerboard(painter, box, t.check_a, t.check_b, 4)
            if row.picture is not None and not row.picture.isNull():
                painter.drawPixmap(box, row.picture, _filling(row.picture, box))
            else:
                icons.paint(painter, box, "layers", 16, t.text_3)
            painter.restore()
            x = box.right() + 12
            both = look.line("body") + look.line("small")
            top = area.top() + (area.height() - both) // 2
            width = area.right() - x - 8
            first = QRectF(x, top, width, look.line("body"))
            second = QRectF(x, top + look.line("body"), width, look.line("small"))
            painting.text(painter, first, row.title, look.font("body_strong"), t.text)
            painting.text(painter, second, row.note, look.font("small"), t.text_3)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self._at(event.position().y())
        if row != self._hover:
            self._hover = row
            self.update()

    @override
    def leaveEvent(self, event: object) -> None:
        self._hover = -1
        self.update()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._at(event.position().y())
        if 0 <= row < len(self._rows) and event.button() is Qt.MouseButton.LeftButton:
            self.chosen.emit(self._rows[row].key)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        row = self._at(event.pos().y())
        if 0 <= row < len(self._rows):
            self.menu_requested.emit(self._rows[row].key, event.globalPos())

    def _row(self) -> int:
        look = theme.current()
        return max(_ROW, look.line("body") + look.line("small") + 12)

    def _area(self, number: int) -> QRect:
        return QRect(8, number * self._row() + 4, self.width() - 16, self._row() - 2)

    def _at(self, y: float) -> int:
        return int((y - 4) // self._row())


def _filling(picture: QPixmap, box: QRect) -> QRect:
    """Return the middle of a picture that fills a box of another shape."""
    wanted = box.width() / box.height()
    width, height = picture.width(), picture.height()
    if width / height > wanted:
        part = round(height * wanted)
        return QRect((width - part) // 2, 0, part, height)
    part = round(width / wanted)
    return QRect(0, (height - part) // 2, width, part)
