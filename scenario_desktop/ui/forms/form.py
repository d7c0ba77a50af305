"""A form: rows of editors made from field specs, editing a draft that may be wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.forms.editor import Editor
from scenario_desktop.ui.forms.editors import EDITORS, ChoiceEditor, EditorFactory
from scenario_desktop.ui.forms.messages import error_texts
from scenario_desktop.ui.forms.spec import Choice, FieldKind, FieldSpec, pushed
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.labels import ElidedLabel, IconLabel, PlainLabel

_ROW_GAP = 16


class Form(QWidget):
    """Shows and edits a draft: a plain dict with a value per field.

    Args:
        specs: the fields, in order; those of one group stand together.
        kinds: those whose editors differ from the usual ones.
        folded: groups that start closed, under a heading to open them by.

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
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._specs = tuple(specs)
        self._initial = {spec.name: spec.initial for spec in self._specs}
        self._rows: dict[str, FieldRow] = {}
        self._groups: dict[str, _Group] = {}
        factories = {**EDITORS, **(kinds or {})}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        editors = [factories[spec.kind](spec) for spec in self._specs]
        # Where grids of pictures reach out for their outlines, everything else stands further in.
        self._inset = max((editor.outset for editor in editors), default=0)
        for editor in editors:
            spec = editor.spec
            row = FieldRow(editor, self._inset)
            row.editor.set_value(spec.initial)
            row.editor.edited.connect(self._on_edited)
            row.reset_requested.connect(self._on_reset_requested)
            self._rows[spec.name] = row
            self._group(spec.group, spec.group in folded).add(row)
        self._general = _Message()
        self._layout.addWidget(self._general)
        self._update_changed()
        self._update_groups()

    def _group(self, name: str, is_folded: bool) -> _Group:
        if name not in self._groups:
            group = _Group(name if is_folded else "", self._inset, is_folded=is_folded)
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
        return {n: row.editor.value() for n, row in self._rows.items() if not row.isHidden()}

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
        for row in self._rows.values():
            row.setVisible(is_shown(row.editor.spec))
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

    @property
    def is_changed(self) -> bool:
        """Whether anything shown differs from where reset goes back to."""
        return any(row.is_changed and not row.isHidden() for row in self._rows.values())

    def reset_all(self) -> None:
        """Put back every field that is shown, and tell of it as of one edit."""
        changed = [n for n, row in self._rows.items() if row.is_changed and not row.isHidden()]
        for name in changed:
            self._rows[name].editor.set_value(self._initial[name])
        self._update_changed()
        if changed:
            self.edited.emit(changed[0])

    def show_errors(self, error: ValidationError) -> None:
        """Write each finding of a validator under its field, the rest below the form."""
        texts = error_texts(error, self._specs)
        self.show_messages(texts.fields, " ".join(texts.general))

    def show_messages(self, fields: Mapping[str, str], general: str = "") -> None:
        """Write sentences under fields; fields without one lose theirs."""
        for name, row in self._rows.items():
            row.set_error(fields.get(name, ""))
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

    def _update_groups(self) -> None:
        is_first = True
        for group in self._groups.values():
            is_first = group.update_shown(is_first)


class FieldRow(QWidget):
    """One field: title with its dot and reset, the editor, and the help or the error below.

    Signals:
        reset_requested: the user wants the initial value back.
    """

    reset_requested = Signal()

    def __init__(self, editor: Editor, inset: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self._inset_px = inset
        spec = editor.spec
        self._title = ElidedLabel(
            spec.title,
            "body_strong" if editor.is_prominent else "small",
            "text" if editor.is_prominent else "text_2",
        )
        self._dot = _ChangedDot()
        self._title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._note = ElidedLabel("", "small", "text_3")
        self._reset = IconButton(
            "rotate-ccw", f"Reset {spec.title.lower()}", size=ButtonSize.SMALL, icon_px=14, side=24
        )
        self._reset.clicked.connect(self.reset_requested)
        self._help = PlainLabel(spec.description, "small", "text_3", wrap=True)
        self._error = _Message()
        self._build()
        self.set_note(spec.placeholder if spec.kind is FieldKind.PICTURED_CHOICES else "")
        self.set_changed(False)
        editor.setAccessibleName(spec.title)
        editor.setAccessibleDescription(spec.description)

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        if self.editor.has_own_title:
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(self.editor, 1)
            line.addWidget(self._reset)
            layout.addLayout(self._inset(line))
            self._title.hide()
            self._dot.setParent(self)
            self._note.setParent(self)
            self._note.hide()
        else:
            head = QHBoxLayout()
            head.setSpacing(8)
            head.addWidget(self._title)
            head.addWidget(self._dot)
            head.addStretch(1)
            head.addWidget(self._note)
            head.addWidget(self._reset)
            layout.addLayout(self._inset(head))
            if self.editor.outset:
                layout.addWidget(self.editor)
            else:
                body = QVBoxLayout()
                body.addWidget(self.editor)
                layout.addLayout(self._inset(body))
        below = QVBoxLayout()
        below.setSpacing(0)
        below.addWidget(self._help)
        below.addWidget(self._error)
        layout.addLayout(self._inset(below))
        self._help.setVisible(bool(self.editor.spec.description))

    def _inset(self, layout: QHBoxLayout | QVBoxLayout) -> QHBoxLayout | QVBoxLayout:
        layout.setContentsMargins(self._inset_px, 0, self._inset_px, 0)
        return layout

    @property
    def is_changed(self) -> bool:
        return self._is_changed

    @property
    def has_error(self) -> bool:
        return not self._error.isHidden()

    def error_text(self) -> str:
        return self._error.text()

    def set_changed(self, is_changed: bool) -> None:
        self._is_changed = is_changed
        self._dot.setVisible(is_changed and self.editor.can_reset and not self.editor.has_own_title)
        # It keeps its room while it is hidden, so that nothing moves under the pointer.
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(self.editor.can_reset)
        self._reset.setSizePolicy(policy)
        self._reset.setVisible(is_changed and self.editor.can_reset)

    def set_note(self, note: str) -> None:
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def set_error(self, text: str) -> None:
        self._error.set_text(text)
        self._help.setVisible(bool(self.editor.spec.description) and not text)
        self.editor.set_wrong(bool(text))


class _Group(QWidget):
    """Rows that stand together, below a line where they are not the first."""

    def __init__(
        self, title: str, inset: int, *, is_folded: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._rows: list[FieldRow] = []
        self._is_foldable = is_folded
        self._is_open = not is_folded
        self._line = _Line(inset)
        self._title = PlainLabel("", "small", "text_2")
        self._heading = Button(
            title, kind=ButtonKind.GHOST, size=ButtonSize.SMALL, icon="chevron-right"
        )
        self._heading.clicked.connect(self._on_heading_clicked)
        self._heading.setVisible(is_folded)
        self._body = QWidget()
        self._body.setVisible(not is_folded)
        self._box = QVBoxLayout(self._body)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(_ROW_GAP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._line)
        layout.addWidget(self._heading, 0, Qt.AlignmentFlag.AlignLeft)
        title_row = QVBoxLayout()
        title_row.setContentsMargins(inset, 0, inset, 0)
        title_row.addWidget(self._title)
        layout.addLayout(title_row)
        layout.addWidget(self._body)
        self.set_title("")

    def add(self, row: FieldRow) -> None:
        self._rows.append(row)
        self._box.addWidget(row)

    def set_title(self, title: str) -> None:
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self._title.setContentsMargins(0, 0, 0, 8 if title else 0)

    def update_shown(self, is_first: bool) -> bool:
        """Hide it when all its rows are hidden; return whether the next group comes first."""
        is_used = self._is_foldable or any(not row.isHidden() for row in self._rows)
        self.setVisible(is_used)
        self._line.setVisible(not is_first)
        return is_first and not is_used

    def open_for_errors(self) -> None:
        if not self._is_open and any(row.has_error for row in self._rows):
            self._on_heading_clicked()

    def _on_heading_clicked(self) -> None:
        self._is_open = not self._is_open
        self._heading.set_icon("chevron-down" if self._is_open else "chevron-right")
        self._body.setVisible(self._is_open)


class _ChangedDot(QWidget):
    """Says that a value is not the initial one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Changed")
        self.setToolTip("Changed")

    @override
    def sizeHint(self) -> QSize:
        return QSize(8, 8)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        painting.dot(painter, QPointF(4, 4), 6, theme.current().tokens.accent_line)


class _Line(QWidget):
    """A thin line with room around it, between groups."""

    def __init__(self, inset: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inset = inset
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        return QSize(1, 2 * _ROW_GAP + 1)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        color = theme.current().tokens.line_subtle
        QPainter(self).fillRect(self._inset, _ROW_GAP, self.width() - 2 * self._inset, 1, color)


class _Message(QWidget):
    """A sentence about something wrong, with its icon. Hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = PlainLabel("", "small", "danger", wrap=True)
        sign = QVBoxLayout()
        sign.addSpacing(1)
        sign.addWidget(IconLabel("circle-alert", "danger", 14))
        sign.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(sign)
        layout.addWidget(self._label, 1)
        self.hide()

    def text(self) -> str:
        return self._label.text()

    def set_text(self, text: str) -> None:
        self._label.setText(text)
        self.setVisible(bool(text))
