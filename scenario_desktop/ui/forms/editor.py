"""What every editor has in common."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from scenario_desktop.ui.forms.spec import FieldSpec


class Editor(QWidget):
    """Edits one field of a draft.

    Attributes:
        spec: the field.
        has_own_title: it shows the title itself, so the row around it has none.
        is_prominent: its title is written as text, not as a quiet label.
        can_reset: a dot tells when it is changed, and a button puts the initial value back.
        outset: pixels by which it may reach out of the column on both sides.

    Signals:
        edited: the user changed the value; never emitted by ``set_value``.
    """

    edited = Signal()
    has_own_title = False
    is_prominent = False
    can_reset = False
    outset = 0

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec

    def value(self) -> Any:
        """Return the present value; it may be wrong."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value, already checked by ``FieldSpec.accepts``."""
        raise NotImplementedError

    def set_wrong(self, is_wrong: bool) -> None:
        """Mark the value as refused; the sentence itself stands in the row."""

    def problem(self) -> str:
        """Say what is wrong with what was typed, where the editor knows it better than the check
        of the value; empty otherwise."""
        return ""
