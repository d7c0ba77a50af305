"""Grounds: a region of the window, or a card on it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting

#: No hairline on any side.
NO_EDGE = Qt.Edge(0)


class Surface(QWidget):
    """A flat ground in a colour of the tokens, with hairlines on some of its sides."""

    def __init__(
        self,
        ground: str = "panel",
        *,
        edges: Qt.Edge = NO_EDGE,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._ground = ground
        self._edges = edges
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.current().changed.connect(self.update)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.current().tokens
        painter = QPainter(self)
        painter.fillRect(event.rect(), tokens.named(self._ground))
        line, width, height = tokens.line_subtle, self.width(), self.height()
        if self._edges & Qt.Edge.TopEdge:
            painter.fillRect(0, 0, width, 1, line)
        if self._edges & Qt.Edge.BottomEdge:
            painter.fillRect(0, height - 1, width, 1, line)
        if self._edges & Qt.Edge.LeftEdge:
            painter.fillRect(0, 0, 1, height, line)
        if self._edges & Qt.Edge.RightEdge:
            painter.fillRect(width - 1, 0, 1, height, line)


class Card(QWidget):
    """A rounded ground that lifts what belongs together; "card" may be dashed as a drop area."""

    def __init__(
        self,
        ground: str = "",
        *,
        line: str = "line",
        radius: str = "card",
        is_dashed: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._ground = ground
        self._line = line
        self._radius = radius
        self._is_dashed = is_dashed
        self._is_hot = False
        theme.current().changed.connect(self.update)

    def set_hot(self, is_hot: bool) -> None:
        """Show that something would be dropped here."""
        if is_hot != self._is_hot:
            self._is_hot = is_hot
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.current().tokens
        # Cards step up by one surface in the dark, and are white in the light.
        ground = self._ground or ("panel" if tokens.is_dark else "raised")
        painter = painting.antialiased(QPainter(self))
        fill = tokens.accent_soft if self._is_hot else tokens.named(ground)
        line = tokens.accent_line if self._is_hot else tokens.named(self._line)
        width = 2 if self._is_hot else 1
        radius = theme.metric("radius", self._radius)
        painting.box(
            painter, self.rect(), radius, fill, line, width=width, is_dashed=self._is_dashed
        )


class Hairline(QWidget):
    """A line between groups. It carries no meaning."""

    def __init__(self, tone: str = "line_subtle", *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = tone
        self.setFixedHeight(1)
        theme.current().changed.connect(self.update)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.current().tokens.named(self._tone))
