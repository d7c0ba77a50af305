"""A key as it stands on a keyboard, beside the action it starts."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.shortcuts import key_caps
from scenario_desktop.ui.widgets import painting


def cap_width(text: str) -> int:
    """Return how wide a cap with this text is painted, pixels."""
    look = theme.current()
    width = look.metrics("caption").horizontalAdvance(text) + 12
    return max(width, look.height(20, "caption", 2))


def paint_cap(painter: QPainter, right: float, middle: float, text: str) -> float:
    """Paint a cap that ends at ``right``; return where it begins."""
    look = theme.current()
    height = look.height(20, "caption", 2)
    width = cap_width(text)
    area = QRectF(right - width, round(middle - height / 2), width, height)
    t = look.tokens
    painting.box(painter, area, 4, t.hover_raised, t.line)
    align = Qt.AlignmentFlag.AlignHCenter
    painting.text(painter, area, text, look.font("caption"), t.text_2, align)
    return right - width


class KeyCap(QWidget):
    """A shortcut; one cap for all its keys, as in "Ctrl F", or one for each."""

    def __init__(
        self, shortcut: str, *, is_split: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._is_split = is_split
        self._caps: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_shortcut(shortcut)
        theme.current().changed.connect(self.updateGeometry)

    def set_shortcut(self, shortcut: str) -> None:
        caps = key_caps(shortcut)
        self._caps = caps if self._is_split or not caps else [" ".join(caps)]
        self.setAccessibleName(" ".join(caps))
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        width = sum(cap_width(cap) for cap in self._caps) + 4 * max(0, len(self._caps) - 1)
        return QSize(width, theme.current().height(20, "caption", 2))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        right = float(self.width())
        for cap in reversed(self._caps):
            right = paint_cap(painter, right, self.height() / 2, cap) - 4
