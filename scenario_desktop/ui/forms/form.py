"""A form: rows of editors made from field specs, editing a draft that may be wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from scenario_desktop.ui.forms.editor import Editor
from scenario_desktop.ui.forms.editors import EDITORS, ChoiceEditor, EditorFactory
from scenario_desktop.ui.forms.field_row import FieldRow, Message
from scenario_desktop.ui.forms.group import Group
from scenario_desktop.ui.forms.messages import error_texts
from scenario_desktop.ui.forms.spec import Choice, FieldKind, FieldSpec, pushed

__all__ = ["FieldRow", "Form"]

#: Beside the title of a field that the server in use does nothing with.
NOT_USED: Final = "Not used here"


class Form(QWidget):
    """Shows and edits a draft: a plain dict with a value per field.

    Args:
        specs: the fields, in order; those of one group stand together.
        kinds: those whose editors differ from the usual ones.
        folded: groups that start closed, under a heading to open them by.
        headings: groups that have a heading, and what it says; they tell of changes in them.
        is_marked: every field tells that it is changed and can be reset, not only some kinds.

    Signals:
        edited: the name of the field that the user changed. Fields pushed along are changed too
            by then; ``set_draft`` and resets by code emit nothing.
    """

    edited = Signal(str)

    def __init__(
        self,
        specs: Iterable[FieldSpec],
        *,
        kinds: Mapping[FieldKind, EditorFactory] | None = None,
        folded: Collection[str] = (),
        headings: Mapping[str, str] | None = None,
        is_marked: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._folded, self._headings = folded, headings or {}
        self._unshown: set[str] = set()
        self._sought: set[str] | None = None
        self._specs = tuple(specs)
        self._initial = {spec.name: spec.initial for spec in self._specs}
        self._rows: dict[str, FieldRow] = {}
        self._groups: dict[str, Group] = {}
        factories = {**EDITORS, **(kinds or {})}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        editors = [factories[spec.kind](spec) for spec in self._specs]
        # Where grids of pictures reach out for their outlines, everything else stands further in.
        self._inset = max((editor.outset for editor in editors), default=0)
        for editor in editors:
            spec = editor.spec
            row = FieldRow(editor, self._inset, is_marked=is_marked)
            row.editor.set_value(spec.initial)
            row.editor.edited.connect(self._on_edited)
            row.reset_requested.connect(self._on_reset_requested)
            self._rows[spec.name] = row
            self._group(spec.group).add(row)
        self._general = Message()
        self._layout.addWidget(self._general)
        self._update_changed()
        self._update_groups()

    def _group(self, name: str) -> Group:
        if name not in self._groups:
            is_folded = name in self._folded
            group = Group(
                self._headings.get(name, name if is_folded else ""),
                self._inset,
                is_open=not is_folded,
                counts_changes=name in self._headings,
                is_dense=bool(self._headings),
            )
            self._groups[name] = group
            self._layout.addWidget(group)
        return self._groups[name]

    @property
    def specs(self) -> Sequence[FieldSpec]:
        return self._specs

    def editor(self, name: str) -> Editor:
        return self._rows[name].editor

    def draft(self) -> dict[str, Any]:
        """Return the values of the fields that are shown; they may be wrong."""
        return {n: row.editor.value() for n, row in self._rows.items() if n not in self._unshown}

    def set_draft(self, draft: Mapping[str, Any]) -> None:
        """Show a draft. Keys that are not known or values of another type are skipped."""
        for name, row in self._rows.items():
            if name in draft and row.editor.spec.accepts(draft[name]):
                row.editor.set_value(draft[name])
        self._update_changed()

    def set_initial(self, values: Mapping[str, Any]) -> None:
        """Say what reset goes back to, where that depends on something outside the field."""
        self._initial.update({n: v for n, v in values.items() if n in self._rows})
        self._update_changed()

    def set_shown(self, is_shown: Callable[[FieldSpec], bool]) -> None:
        """Show only the fields that a predicate names; the others keep their values."""
        self._unshown = {n for n, row in self._rows.items() if not is_shown(row.editor.spec)}
        self._update_shown()

    def search(self, text: str) -> int:
        """Show only the fields that a text is found in; empty shows all again.

        What is not shown for that reason stays part of the draft.

        Returns:
            How many fields were found.
        """
        words = text.casefold().split()
        self._sought = {n for n in self._rows if self._has(n, words)} if words else None
        self._update_shown()
        found = self._rows.keys() if self._sought is None else self._sought
        return len(found - self._unshown)

    def _has(self, name: str, words: Sequence[str]) -> bool:
        spec = self._rows[name].editor.spec
        heading = self._headings.get(spec.group, "")
        text = " ".join((name, spec.title, spec.description, heading)).casefold()
        return all(word in text for word in words)

    def _update_shown(self) -> None:
        for name, row in self._rows.items():
            is_found = self._sought is None or name in self._sought
            row.setVisible(is_found and name not in self._unshown)
        for group in self._groups.values():
            group.force_open(self._sought is not None)
        self._update_groups()

    def set_note(self, name: str, note: str) -> None:
        """Write a few words at the right of a field's title, such as "3 selected"."""
        self._rows[name].set_note(note)

    def set_choices(self, name: str, choices: Sequence[Choice]) -> None:
        """Offer other entries in a list, such as those that a server names."""
        editor = self._rows[name].editor
        if isinstance(editor, ChoiceEditor):
            editor.set_choices(tuple(choices))

    def set_group_title(self, group: str, title: str) -> None:
        self._groups[group].set_title(title)

    def set_group_open(self, group: str, is_open: bool) -> None:
        """Open or close a group that has a heading."""
        if group in self._groups:
            self._groups[group].set_open(is_open)

    @property
    def is_changed(self) -> bool:
        """Whether anything shown differs from where reset goes back to."""
        return bool(self.changed())

    def changed(self) -> list[str]:
        """Return the fields that differ from where reset goes back to."""
        return [n for n, row in self._rows.items() if row.is_changed and n not in self._unshown]

    def show_errors(self, error: ValidationError) -> None:
        """Write each finding of a validator under its field, the rest below the form."""
        texts = error_texts(error, self._specs)
        self.show_messages(texts.fields, " ".join(texts.general))

    def show_messages(self, fields: Mapping[str, str], general: str = "") -> None:
        """Write sentences under fields; fields without one lose theirs."""
        for name, row in self._rows.items():
            text = fields.get(name, "")
            row.set_error((row.editor.problem() or text) if text else "")
        for group in self._groups.values():
            group.open_for_errors()
        self._general.set_text(general)

    def focus_first_error(self) -> None:
        for row in self._rows.values():
            if row.has_error and not row.isHidden():
                row.editor.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def _on_edited(self) -> None:
        editor = self.sender()
        if isinstance(editor, Editor):
            self._push_partners(editor.spec.name)
            self._update_changed()
            self.edited.emit(editor.spec.name)

    def _on_reset_requested(self) -> None:
        row = self.sender()
        if isinstance(row, FieldRow):
            name = row.editor.spec.name
            row.editor.set_value(self._initial[name])
            self._push_partners(name)
            self._update_changed()
            self.edited.emit(name)

    def _push_partners(self, name: str) -> None:
        for other, value in pushed(self._specs, name, self._number).items():
            if self._number(other) != value:
                self._rows[other].editor.set_value(value)

    def _number(self, name: str) -> float | None:
        value = self._rows[name].editor.value()
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def _update_changed(self) -> None:
        for name, row in self._rows.items():
            row.set_changed(row.editor.value() != self._initial[name])
        for group in self._groups.values():
            group.update_changes()

    def _update_groups(self) -> None:
        is_first = True
        for group in self._groups.values():
            is_first = group.update_shown(is_first)
