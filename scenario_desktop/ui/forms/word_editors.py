"""Editors of words that no list holds all of: open words, and ids that nobody lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.services.words import counted
from scenario_desktop.ui.forms.editor import Editor
from scenario_desktop.ui.forms.marking import mark_bad
from scenario_desktop.ui.forms.spec import FieldSpec
from scenario_desktop.ui.forms.suggest_field import SuggestField, Suggestion
from scenario_desktop.ui.widgets.buttons import ButtonSize, IconButton
from scenario_desktop.ui.widgets.labels import ElidedLabel

#: What the user calls an id is no longer than this.
_MAX_NAME = 80


class WordsEditor(Editor):
    """A word of the service's: known ones are offered by their titles, any other may be typed."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._field = SuggestField(name=spec.title)
        self._field.setPlaceholderText(spec.placeholder)
        self._field.setAccessibleDescription(spec.description)
        self._field.set_entries(
            [
                Suggestion(c.value, c.title, c.value if c.value != c.title else "")
                for c in spec.choices
            ]
        )
        self._field.changed_by_user.connect(self.edited)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._field)
        self.setFocusProxy(self._field)

    @override
    def value(self) -> str:
        return self._field.value()

    @override
    def set_value(self, value: Any) -> None:
        self._field.set_value(str(value))

    @override
    def set_wrong(self, is_wrong: bool) -> None:
        mark_bad(self._field, is_wrong)


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An id that was used before; ``name`` may be empty, ``count`` is how often."""

    id: str
    name: str = ""
    count: int = 0


class KnownIdEditor(Editor):
    """An id that no operation lists: typed, pasted, or one of those used before, by its name.

    Signals:
        name_given: an id, and what the user calls it.
        forget_requested: an id should not be offered any more.
    """

    name_given = Signal(str, str)
    forget_requested = Signal(str)

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._known: dict[str, KnownEntry] = {}
        self._field = SuggestField(name=spec.title)
        self._field.setPlaceholderText(spec.placeholder or "Paste an id")
        self._field.setAccessibleDescription(spec.description)
        self._field.changed_by_user.connect(self._on_changed)
        self._rename = IconButton(
            "pencil", f"Name this {spec.title.lower()}…", size=ButtonSize.SMALL, icon_px=14
        )
        self._rename.clicked.connect(self._on_rename)
        self._forget = IconButton(
            "x", f"Forget this {spec.title.lower()}", size=ButtonSize.SMALL, icon_px=14
        )
        self._forget.clicked.connect(self._on_forget)
        self._field.can_forget = True
        self._field.forget_requested.connect(self.forget_requested)
        self._name = _NameLine(f"Name of this {spec.title.lower()}")
        self._name.returnPressed.connect(self._on_named)
        self._name.left.connect(self._close_name)
        self._note = ElidedLabel("", "small", "text_3", mode=Qt.TextElideMode.ElideMiddle)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self._field, 1)
        row.addWidget(self._rename)
        row.addWidget(self._forget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._name)
        layout.addWidget(self._note)
        self._name.hide()
        self.setFocusProxy(self._field)
        self._tell()

    def set_known(self, known: Sequence[KnownEntry]) -> None:
        """Offer ids that were used before, the last used first."""
        self._known = {one.id: one for one in known}
        names = [one.name for one in known]
        self._field.set_entries(
            [Suggestion(one.id, _title(one, names), _note(one)) for one in known]
        )
        self._tell()

    @override
    def value(self) -> str:
        return self._field.value()

    @override
    def set_value(self, value: Any) -> None:
        self._field.set_value(str(value))
        self._close_name()
        self._tell()

    @override
    def set_wrong(self, is_wrong: bool) -> None:
        mark_bad(self._field, is_wrong)

    def note(self) -> str:
        """What is said of the id below the field."""
        return self._note.text()

    def _on_changed(self) -> None:
        self._close_name()
        self._tell()
        self.edited.emit()

    def _tell(self) -> None:
        value = self.value()
        is_id = _is_id(value)
        known = self._known.get(value)
        self._rename.setEnabled(is_id)
        self._rename.setVisible(bool(value))
        self._forget.setVisible(known is not None)
        if known is not None:
            parts = [value if known.name else "", _used(known.count)]
            self._note.setText(" · ".join(part for part in parts if part))
        else:
            self._note.setText("Not used here before" if is_id else "")
        self._note.setVisible(bool(self._note.text()))

    def _on_forget(self) -> None:
        """Empty the field, and have its id forgotten."""
        value = self.value()
        self._field.setText("")
        self._on_changed()
        self.forget_requested.emit(value)
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_rename(self) -> None:
        known = self._known.get(self.value())
        self._name.setText(known.name if known is not None else "")
        self._name.show()
        self._name.setFocus(Qt.FocusReason.OtherFocusReason)
        self._name.selectAll()

    def _on_named(self) -> None:
        name, value = self._name.text().strip(), self.value()
        self._close_name()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        if name and _is_id(value):
            self.name_given.emit(value, name)

    def _close_name(self) -> None:
        self._name.hide()


class _NameLine(QLineEdit):
    """Where an id gets its name. Enter keeps it.

    Signals:
        left: Escape was pressed, nothing is kept.
    """

    left = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText("Its name, then Enter")
        self.setMaxLength(_MAX_NAME)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _title(one: KnownEntry, names: Sequence[str]) -> str:
    """Return what tells an id from the others: its name, with some of the id where two share it."""
    if not one.name:
        return one.id
    return one.name if names.count(one.name) == 1 else f"{one.name} ({one.id[:8]}…{one.id[-4:]})"


def _note(one: KnownEntry) -> str:
    return one.id[:8] if one.name else _used(one.count)


def _used(count: int) -> str:
    if not count:
        return ""
    return "Used once here" if count == 1 else f"Used {counted(count, 'time')} here"
