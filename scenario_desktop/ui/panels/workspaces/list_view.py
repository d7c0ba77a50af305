"""The list of workspaces: which there are, which is open, and what can be done with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.labels import ElidedLabel, IconLabel, PlainLabel
from scenario_desktop.ui.widgets.surface import Card


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    """One workspace as listed.

    Attributes:
        note: what it is and where its keys are kept.
        warning: why it cannot be used as it is; empty where it can.
        is_builtin: the local one, which can be neither edited nor removed.
    """

    id: str
    name: str
    note: str
    warning: str = ""
    is_active: bool = False
    is_builtin: bool = False


class WorkspaceList(QWidget):
    """Shows the workspaces; tells what the user wants with them.

    Signals:
        connect_requested: a new account.
        open_requested, edit_requested, remove_requested: the id of a workspace.
    """

    connect_requested = Signal()
    open_requested = Signal(str)
    edit_requested = Signal(str)
    remove_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        connect = Button("Connect account…", icon="plus")
        connect.clicked.connect(self.connect_requested)
        self._connect = connect
        self._column.addWidget(connect, 0, Qt.AlignmentFlag.AlignLeft)

    def show_rows(self, rows: Sequence[WorkspaceRow]) -> None:
        for old in self._rows:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = [_Row(row) for row in rows]
        for index, widget in enumerate(self._rows):
            self._column.insertWidget(index, widget)
            widget.open_requested.connect(self.open_requested)
            widget.edit_requested.connect(self.edit_requested)
            widget.remove_requested.connect(self.remove_requested)


class _Row(Card):
    """One workspace with its buttons."""

    open_requested = Signal(str)
    edit_requested = Signal(str)
    remove_requested = Signal(str)

    def __init__(self, row: WorkspaceRow) -> None:
        super().__init__("raised")
        self._id = row.id
        self.setAccessibleName(row.name)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(ElidedLabel(row.name, "body_strong", mode=Qt.TextElideMode.ElideMiddle))
        words.addWidget(PlainLabel(row.note, "small", "text_2", wrap=True))
        if row.warning:
            warning = QHBoxLayout()
            warning.setSpacing(6)
            sign = IconLabel("triangle-alert", "warning", 14)
            warning.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
            warning.addWidget(PlainLabel(row.warning, "small", "warning", wrap=True), 1)
            words.addLayout(warning)
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 10, 8, 10)
        line.setSpacing(8)
        icon = "monitor" if row.is_builtin else "cloud"
        line.addWidget(IconLabel(icon, "accent_text" if row.is_active else "text_2"))
        line.addSpacing(4)
        line.addLayout(words, 1)
        if row.is_active:
            line.addWidget(IconLabel("check", "success", 14))
            line.addWidget(PlainLabel("Open", "small_strong", "success"))
            line.addSpacing(4)
        else:
            opens = Button("Open", size=ButtonSize.SMALL)
            opens.setAccessibleName(f"Open {row.name}")
            opens.clicked.connect(self._on_open)
            line.addWidget(opens)
        if not row.is_builtin:
            edit = IconButton("pencil", f"Edit {row.name}…", size=ButtonSize.SMALL)
            edit.clicked.connect(self._on_edit)
            remove = IconButton(
                "trash-2",
                f"Remove {row.name}…",
                size=ButtonSize.SMALL,
                kind=ButtonKind.DANGER_GHOST,
            )
            remove.clicked.connect(self._on_remove)
            line.addWidget(edit)
            line.addWidget(remove)

    def _on_open(self) -> None:
        self.open_requested.emit(self._id)

    def _on_edit(self) -> None:
        self.edit_requested.emit(self._id)

    def _on_remove(self) -> None:
        self.remove_requested.emit(self._id)
