"""A field of several lines, as high as its text within bounds."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy
from typing_extensions import override

from scenario_desktop.ui import theme

#: Around the lines: border, padding and the document's own margin, pixels.
_AROUND = 22


class TextArea(QPlainTextEdit):
    """Tab moves on, since a form is walked by Tab.

    Args:
        least: lines in sight while there is less text; ``most``: it scrolls beyond these.
        style: a type style of the theme; its own line height counts.
    """

    def __init__(self, least: int, most: int, *, style: str = "") -> None:
        super().__init__()
        self._least, self._most, self._style = least, most, style
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().documentLayout().documentSizeChanged.connect(self._on_grown)
        theme.current().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    @override
    def sizeHint(self) -> QSize:
        lines = round(self.document().documentLayout().documentSize().height())
        shown = min(self._most, max(self._least, lines))
        return QSize(200, shown * self._line() + _AROUND)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(60, self._least * self._line() + _AROUND)

    def _line(self) -> int:
        if self._style:
            return QFontMetrics(QFont(self.font())).lineSpacing()
        return theme.current().line()

    def _on_grown(self) -> None:
        self.updateGeometry()

    def _on_theme_changed(self) -> None:
        if self._style:
            self.setFont(theme.current().font(self._style))
        self.updateGeometry()
