"""The canvas's history for the window's undo and redo, while the canvas is in front."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.stage.stage import Stage


class CanvasHistory(QObject):
    """Names the steps of an editor, and takes them back at once.

    Signals:
        changed: another step would be taken back or done again.
    """

    changed = Signal()

    def __init__(self, editor: Editor, stage: Stage) -> None:
        super().__init__(stage)
        self._editor, self._stage = editor, stage
        editor.history_changed.connect(self.changed)
        editor.read_only_changed.connect(self.changed)

    @property
    def undo_text(self) -> str:
        history = self._editor.history
        is_there = history.can_undo and not self._editor.read_only
        return history.done[-1].name if is_there else ""

    @property
    def redo_text(self) -> str:
        history = self._editor.history
        is_there = history.can_redo and not self._editor.read_only
        return history.undone[0].name if is_there else ""

    def undo(self) -> None:
        self._stage.finish_writing()
        self._editor.undo()

    def redo(self) -> None:
        self._stage.finish_writing()
        self._editor.redo()
