"""What is asked before something undocumented is started, or named."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from scenario_desktop.ui.dialogs import ACCEPTED, REJECTED, Dialog
from scenario_desktop.ui.forms.json_editor import JsonEditor
from scenario_desktop.ui.forms.spec import FieldKind, FieldSpec
from scenario_desktop.ui.widgets.buttons import ButtonKind
from scenario_desktop.ui.widgets.labels import PlainLabel


class StartDialog(Dialog):
    """Takes the object that an undocumented operation is started with.

    Attributes:
        object: what was typed, None while it is no object; stays when the dialog is gone.
    """

    def __init__(self, parent: QWidget, title: str, text: str, verb: str) -> None:
        super().__init__(parent, title, width=640)
        self.object: dict[str, Any] | None = None
        self.add_text(text)
        self.editor = JsonEditor(FieldSpec("body", FieldKind.JSON, "Body"))
        self._problem = PlainLabel("", "small", "danger", wrap=True)
        self.body.addWidget(self.editor)
        self.body.addWidget(self._problem)
        self.add_action("Cancel", REJECTED)
        self._start = self.add_action(verb, ACCEPTED, ButtonKind.PRIMARY)
        self.set_first_focus(self.editor)
        self.editor.edited.connect(self._on_edited)
        self._on_edited()

    def _on_edited(self) -> None:
        value = self.editor.value()
        self.object = value if isinstance(value, dict) else None
        self._problem.setText(self.editor.problem())
        self._start.setEnabled(self.object is not None)


class NameDialog(Dialog):
    """Takes what an id is called here.

    Attributes:
        name: what was typed; stays when the dialog is gone.
    """

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent, "Name this training")
        self.name = name
        field = QLineEdit(name)
        field.setAccessibleName("Name")
        field.textChanged.connect(self._on_changed)
        self.body.addWidget(field)
        self.add_action("Cancel", REJECTED)
        self.add_action("Name it", ACCEPTED, ButtonKind.PRIMARY)
        self.set_first_focus(field)

    def _on_changed(self, text: str) -> None:
        self.name = text.strip()
