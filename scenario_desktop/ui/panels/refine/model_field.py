"""A field for an id that the service lists nowhere: typed, or one that was used before."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets.suggestions import Suggestions

#: Longer ids are no ids.
_MAX_LENGTH = 200


class ModelField(QLineEdit):
    """A line of text with a list of ids below it.

    Signals:
        edited: the user changed the text, or took an id of the list.
    """

    edited = Signal()

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMaxLength(_MAX_LENGTH)
        self._known: tuple[tuple[str, str], ...] = ()
        self._list: Suggestions | None = None
        self.textEdited.connect(self._on_edited)
        theme.current().changed.connect(self._make_room)
        self._make_room()

    def set_known(self, known: Sequence[tuple[str, str]]) -> None:
        """Offer ids with what to say behind each, the last used first."""
        self._known = tuple(known)
        self._make_room()
        self.update()

    def set_value(self, value: str) -> None:
        """Show an id; ``edited`` stays silent."""
        if value != self.text():
            self.setText(value)

    def set_wrong(self, is_wrong: bool) -> None:
        """Mark the text as refused; the sentence itself stands below."""
        if bool(self.property("bad")) != is_wrong:
            self.setProperty("bad", is_wrong)
            self.style().unpolish(self)
            self.style().polish(self)

    @property
    def offered(self) -> list[str]:
        """The ids of the open list."""
        return self._list.values() if self._list is not None else []

    def _rows(self, typed: str) -> list[tuple[str, str]]:
        begin = typed.strip().casefold()
        exact = [row for row in self._known if row[0].casefold() == begin]
        return list(self._known) if exact else [r for r in self._known if begin in r[0].casefold()]

    def _open(self, typed: str) -> None:
        rows = self._rows(typed)
        if not rows and self._list is None:
            return
        if self._list is None:
            self._list = Suggestions(self)
            self._list.chosen.connect(self._on_chosen)
        self._list.offer(rows, width=self.width())

    def _close(self) -> None:
        if self._list is not None:
            self._list.close_popover()

    def _on_edited(self, text: str) -> None:
        self._open(text)
        self.edited.emit()

    def _on_chosen(self, value: str) -> None:
        self._close()
        self.setText(value)
        self.edited.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, is_open = Qt.Key(event.key()), bool(self.offered)
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._known:
            if is_open and self._list is not None:
                self._list.move_mark(1 if key is Qt.Key.Key_Down else -1)
            else:
                self._open("")
        elif key is Qt.Key.Key_Escape and is_open:
            self._close()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if is_open and self._list is not None and not event.modifiers():
                self._on_chosen(self._list.marked())
            else:
                event.ignore()  # Ctrl+Enter belongs to the form
        else:
            super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.position().x() >= self.width() - self._arrow_width():
            self._close() if self.offered else self._open("")

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._close()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._known:
            width = self._arrow_width()
            area = QRectF(self.width() - width, 0, width, self.height())
            painter = QPainter(self)
            icons.paint(painter, area, "chevron-down", 14, theme.current().tokens.text_2)

    def _arrow_width(self) -> int:
        return theme.current().px(14) + 16

    def _make_room(self) -> None:
        self.setTextMargins(0, 0, self._arrow_width() - 8 if self._known else 0, 0)
