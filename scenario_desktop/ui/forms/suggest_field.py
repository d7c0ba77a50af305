"""A line of text with a list below it of what it may become; anything else may be typed, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.forms.marking import mark_bad
from scenario_desktop.ui.widgets.suggestions import Suggestions


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry of the list: what it stands for, how it is read, and a few words at its right."""

    value: str
    title: str
    note: str = ""


class SuggestField(QLineEdit):
    """Shows titles and holds values: "Subject swap" stands for ``SUBJECT_SWAP``.

    Signals:
        changed_by_user: the text was edited, or an entry of the list taken.
        forget_requested: Delete was pressed at an entry of the open list: its value.

    Attributes:
        can_forget: entries may be taken out of the list.
    """

    changed_by_user = Signal()
    forget_requested = Signal(str)

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._entries: tuple[Suggestion, ...] = ()
        self._list: Suggestions | None = None
        self.can_forget = False
        self.textEdited.connect(self._on_edited)
        theme.current().changed.connect(self._make_room)
        self._make_room()

    def set_entries(self, entries: Sequence[Suggestion]) -> None:
        """Offer other entries; the value stays, and may be read otherwise."""
        value = self.value()
        self._entries = tuple(entries)
        if not self.hasFocus():
            self.set_value(value)
        self._make_room()
        self.update()

    def value(self) -> str:
        """Return the value of the entry whose title is written, else the text itself."""
        text = self.text().strip()
        found = [entry.value for entry in self._entries if entry.title == text]
        return found[0] if found else text.strip("\"'{}<> ")

    def set_value(self, value: str) -> None:
        """Show a value by its title, where it has one."""
        titles = [entry.title for entry in self._entries if entry.value == value]
        text = titles[0] if titles else value
        if text != self.text():
            self.setText(text)

    def set_wrong(self, is_wrong: bool) -> None:
        """Mark the text as refused; the sentence itself stands below."""
        mark_bad(self, is_wrong)

    @property
    def offered(self) -> list[str]:
        """The titles in the open list."""
        return self._list.values() if self._list is not None else []

    def _rows(self, typed: str) -> list[tuple[str, str]]:
        part = typed.strip().casefold()
        rows = [(entry.title, entry.note) for entry in self._entries]
        if any(title.casefold() == part for title, _ in rows):
            return rows
        found = [
            (entry.title, entry.note)
            for entry in self._entries
            if part in entry.title.casefold() or part in entry.value.casefold()
        ]
        return found if part else rows

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
        self.changed_by_user.emit()

    def _on_chosen(self, title: str) -> None:
        self._close()
        self.setText(title)
        self.changed_by_user.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, is_open = Qt.Key(event.key()), bool(self.offered)
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._entries:
            if is_open and self._list is not None:
                self._list.move_mark(1 if key is Qt.Key.Key_Down else -1)
            else:
                self._open("")
        elif key is Qt.Key.Key_Delete and is_open and self._can_forget_now():
            self._forget_marked()
        elif key is Qt.Key.Key_Escape and is_open:
            self._close()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if is_open and self._list is not None and not event.modifiers():
                self._on_chosen(self._list.marked())
            else:
                event.ignore()  # Ctrl+Enter belongs to the form
        else:
            super().keyPressEvent(event)

    def _can_forget_now(self) -> bool:
        """Delete takes text away as everywhere, where there is some to the right."""
        is_at_end = self.cursorPosition() == len(self.text()) and not self.hasSelectedText()
        return self.can_forget and is_at_end

    def _forget_marked(self) -> None:
        marked = self._list.marked() if self._list is not None else ""
        found = [entry.value for entry in self._entries if entry.title == marked]
        if found:
            self._close()
            self.forget_requested.emit(found[0])

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if self._entries and event.position().x() >= self.width() - self._arrow_width():
            self._close() if self.offered else self._open("")

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._close()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._entries:
            width = self._arrow_width()
            area = QRectF(self.width() - width, 0, width, self.height())
            painter = QPainter(self)
            icons.paint(painter, area, "chevron-down", 14, theme.current().tokens.text_2)

    def _arrow_width(self) -> int:
        return theme.current().px(14) + 16

    def _make_room(self) -> None:
        self.setTextMargins(0, 0, self._arrow_width() - 8 if self._entries else 0, 0)
