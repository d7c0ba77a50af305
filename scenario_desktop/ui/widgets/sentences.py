"""What stands around the button of a form: facts, and reasons why it cannot be sent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel


class Sentence(QWidget):
    """A sentence with a sign before its first line."""

    def __init__(
        self, *, text_tone: str = "text_2", sign_tone: str = "text_3", spacing: int = 8
    ) -> None:
        super().__init__()
        self._text = PlainLabel("", "small", text_tone, wrap=True)
        sign = QVBoxLayout()
        sign.addSpacing(1)
        sign.addWidget(IconLabel("circle-alert", sign_tone, 14))
        sign.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(spacing)
        row.addLayout(sign)
        row.addWidget(self._text, 1)

    def text(self) -> str:
        return self._text.text()

    def set_text(self, text: str) -> None:
        """Show another sentence; nothing at all for an empty one."""
        self._text.setText(text)
        self.setVisible(bool(text))


class Reasons(QVBoxLayout):
    """Sentences below each other, as many as there are."""

    def __init__(self) -> None:
        super().__init__()
        self.setSpacing(4)
        self._rows: list[Sentence] = []

    def show_reasons(self, reasons: Sequence[str]) -> None:
        while len(self._rows) < len(reasons):
            self._rows.append(Sentence())
            self.addWidget(self._rows[-1])
        for row, reason in zip_longest(self._rows, reasons):
            row.set_text(reason or "")


class FactRow(QWidget):
    """A name at the left and its value at the right, on two lines if need be; hidden without."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._value = PlainLabel("", "small", "text_3", wrap=True)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(PlainLabel(title, "small", "text_2"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._value, 1)

    def show_value(self, value: str) -> None:
        self.setVisible(bool(value))
        self._value.setText(value)
