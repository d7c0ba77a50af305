"""An editor of JSON objects, which says where a mistake is while it is typed."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.services.words import counted
from scenario_desktop.ui.forms.editor import Editor
from scenario_desktop.ui.forms.marking import mark_bad
from scenario_desktop.ui.forms.spec import FieldSpec
from scenario_desktop.ui.forms.text_area import TextArea
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import PlainLabel

_LINES = 6


class JsonEditor(Editor):
    """An object as text. Its value is the object, or the text as long as that is none."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._input = TextArea(_LINES, _LINES * 3, style="mono")
        self._input.setLineWrapMode(TextArea.LineWrapMode.NoWrap)
        self._input.setPlaceholderText(spec.placeholder or '{\n  "name": "value"\n}')
        self._input.setAccessibleName(spec.title)
        self._input.setAccessibleDescription(spec.description)
        self._note = PlainLabel("", "small", "text_3", wrap=True)
        self._tidy = Button("Tidy up", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._tidy.clicked.connect(self._on_tidy)
        self._is_set_by_program = False
        self._input.textChanged.connect(self._on_text_changed)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self._note, 1)
        below.addWidget(self._tidy, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._input)
        layout.addLayout(below)
        self.setFocusProxy(self._input)
        self._tell()

    @override
    def value(self) -> Any:
        text = self._input.toPlainText()
        try:
            found = parse_object(text)
        except ValueError:
            return text if text.strip() else ""
        return found

    @override
    def set_value(self, value: Any) -> None:
        text = value if isinstance(value, str) else as_text(value)
        self._is_set_by_program = True
        try:
            if text != self._input.toPlainText():
                self._input.setPlainText(text)
        finally:
            self._is_set_by_program = False
        self._tell()

    @override
    def set_wrong(self, is_wrong: bool) -> None:
        mark_bad(self._input, is_wrong or bool(self.problem()))

    @override
    def problem(self) -> str:
        text = self._input.toPlainText()
        if not text.strip():
            return ""
        try:
            parse_object(text)
        except ValueError as error:
            return str(error)
        return ""

    def _on_text_changed(self) -> None:
        self._tell()
        if not self._is_set_by_program:
            self.edited.emit()

    def _tell(self) -> None:
        problem = self.problem()
        value = self.value()
        mark_bad(self._input, bool(problem))
        if isinstance(value, dict):
            self._note.setText(f"An object with {counted(len(value), 'field')}.")
        else:
            self._note.setText("")
        self._note.setVisible(bool(self._note.text()))
        self._tidy.setVisible(isinstance(value, dict) and as_text(value) != self._text())

    def _text(self) -> str:
        return self._input.toPlainText()

    def _on_tidy(self) -> None:
        value = self.value()
        if isinstance(value, dict):
            self._input.setPlainText(as_text(value))


def as_text(value: object) -> str:
    """Return a value as JSON to be read and edited."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def parse_object(text: str) -> dict[str, Any]:
    """Return the JSON object that a text is.

    Raises:
        ValueError: with a sentence that says where the mistake is.
    """
    try:
        found = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"Line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}."
        ) from error
    except RecursionError as error:
        raise ValueError("This is nested too deeply.") from error
    if not isinstance(found, dict):
        raise ValueError("An object is needed: it begins with { and ends with }.")
    return found


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number that JSON knows.")
