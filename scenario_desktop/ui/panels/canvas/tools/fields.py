"""Numbers beside a canvas, whose undo is the canvas's."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent, QKeySequence
from typing_extensions import override

from scenario_desktop.ui.widgets.slider import NumberField


class CanvasField(NumberField):
    """A number: as long as nothing is typed into it, undo and redo are the canvas's."""

    @property
    def is_typed_into(self) -> bool:
        """Whether something stands here that was not told yet, or was only just typed."""
        if not self.hasFocus():
            return False
        if self.keyboardTracking():
            return self.lineEdit().isUndoAvailable()
        return self.text() != f"{self.prefix()}{self.textFromValue(self.value())}{self.suffix()}"

    @override
    def event(self, event: QEvent) -> bool:
        is_asking = event.type() == QEvent.Type.ShortcutOverride
        if is_asking and isinstance(event, QKeyEvent) and not self.is_typed_into:
            keys = QKeySequence.StandardKey
            if event.matches(keys.Undo) or event.matches(keys.Redo):
                event.ignore()
                return False
        return super().event(event)
