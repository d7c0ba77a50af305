"""The tools in a column, and the two colours below them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.canvas.settings import LOOKING, ToolId, ToolSettings
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.surface import Surface
from scenario_desktop.ui.widgets.tips import set_tip

WIDTH = 48
#: Title, icon and key of each tool; None is a line between groups.
TOOLS: tuple[tuple[ToolId, str, str, str] | None, ...] = (
    (ToolId.SELECT, "Move and transform layers", "mouse-pointer-2", "V"),
    (ToolId.BRUSH, "Brush", "brush", "B"),
    (ToolId.ERASER, "Eraser", "eraser", "E"),
    (ToolId.FILL, "Fill", "paint-bucket", "G"),
    (ToolId.RECTANGLE, "Rectangle", "square", "U"),
    (ToolId.ELLIPSE, "Ellipse", "circle", "Shift+U"),
    (ToolId.LINE, "Line", "minus", "Shift+L"),
    (ToolId.TEXT, "Text", "type", "T"),
    None,
    (ToolId.CROP, "Crop", "crop", "C"),
    (ToolId.MASK, "Select an area", "square-dashed", "M"),
    (ToolId.EYEDROPPER, "Eyedropper", "pipette", "I"),
    None,
    (ToolId.HAND, "Hand", "hand", "H"),
    (ToolId.ZOOM, "Zoom", "zoom-in", "Z"),
)


class ToolButton(QAbstractButton):
    """One tool; the one in hand is filled."""

    def __init__(self, title: str, icon: str, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._title, self._key = title, key
        self.set_reason("")
        theme.current().changed.connect(self.updateGeometry)

    def set_reason(self, reason: str) -> None:
        """Say why the tool cannot be used; "" when it can."""
        self.setEnabled(not reason)
        set_tip(self, f"{self._title}\n{reason}" if reason else self._title, self._key)

    @override
    def sizeHint(self) -> QSize:
        side = max(int(theme.metric("size", "tool")), theme.current().px(16) + 12)
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        color = t.text_2 if self.isEnabled() else t.text_disabled
        if self.isChecked():
            painting.box(painter, self.rect(), 6, t.accent)
            color = t.text_on_fill
        elif self.isDown():
            painting.box(painter, self.rect(), 6, t.pressed)
        elif self.underMouse() and self.isEnabled():
            painting.box(painter, self.rect(), 6, t.hover)
            color = t.text
        icons.paint(painter, self.rect(), self._icon, 16, color)


class ColorPair(QWidget):
    """Foreground over background, as painters know it.

    Signals:
        pick_requested: True for the foreground.
        swap_requested: the two should change places.
    """

    pick_requested = Signal(bool)
    swap_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Colours")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._colors = (QColor("#000000"), QColor("#FFFFFF"))
        set_tip(self, "Colours; a double click swaps them", "X")

    def set_colors(self, foreground: QColor, background: QColor) -> None:
        self._colors = foreground, background
        self.setAccessibleDescription(f"{foreground.name()} over {background.name()}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(36, 36)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        front, back = self._colors
        painting.box(painter, self._back(), 5, back, t.edge)
        painting.box(painter, self._front().adjusted(-2, -2, 2, 2), 6, t.panel)
        painting.box(painter, self._front(), 5, front, t.edge)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._front().contains(place):
            self.pick_requested.emit(True)
        elif self._back().contains(place):
            self.pick_requested.emit(False)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.swap_requested.emit()

    def _front(self) -> QRectF:
        return QRectF(3, 3, 20, 20)

    def _back(self) -> QRectF:
        return QRectF(12, 12, 20, 20)


class ToolRail(Surface):
    """All tools.

    Signals:
        pick_requested: a colour is to be chosen; True for the foreground.
    """

    pick_requested = Signal(bool)

    def __init__(self, settings: ToolSettings, parent: QWidget | None = None) -> None:
        super().__init__("panel", edges=Qt.Edge.RightEdge, parent=parent)
        self.setAccessibleName("Tools")
        self._settings = settings
        self.buttons: dict[ToolId, ToolButton] = {}
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 6, 0, 6)
        column.setSpacing(2)
        for entry in TOOLS:
            if entry is None:
                column.addSpacing(4)
                column.addWidget(_Rule())
                column.addSpacing(4)
                continue
            tool, title, icon, key = entry
            button = ToolButton(title, icon, key)
            button.clicked.connect(partial(settings.set_tool, tool))
            self.buttons[tool] = button
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        self.colors = ColorPair()
        column.addSpacing(4)
        column.addWidget(self.colors, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 1, 0)
        layout.addWidget(scroll)
        self.colors.pick_requested.connect(self.pick_requested)
        self.colors.swap_requested.connect(settings.swap_colors)
        settings.tool_changed.connect(self._show)
        settings.changed.connect(self._show)
        theme.current().changed.connect(self._fit)
        self._fit()
        self._show()

    def set_read_only(self, reason: str) -> None:
        """Leave only the tools that look; "" gives all of them back."""
        for tool, button in self.buttons.items():
            button.set_reason(reason if tool not in LOOKING else "")

    def _show(self) -> None:
        self.buttons[self._settings.tool].setChecked(True)
        self.colors.set_colors(self._settings.foreground, self._settings.background)

    def _fit(self) -> None:
        side = self.buttons[ToolId.SELECT].sizeHint().width()
        self.setFixedWidth(max(WIDTH, side + 12))


class _Rule(QWidget):
    """The short line between groups of tools."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        middle = self.width() / 2
        painter = QPainter(self)
        painter.fillRect(QRectF(middle - 11, 0, 22, 1), theme.current().tokens.line)
