"""The tools in a column, or in two where the window is low, and the two colours below them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.canvas.tools.settings import LOOKING, ToolId, ToolSettings
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.surface import Surface
from scenario_desktop.ui.widgets.tips import set_tip

WIDTH = 48
#: Between two tools, and what a line between groups takes, pixels.
_GAP, _RULE = 2, 9
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
    """One tool; the one in hand is filled.

    Signals:
        focused: the keys have come to it.
    """

    focused = Signal()

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
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()

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
        self._inner = QWidget()
        self._grid = QGridLayout(self._inner)
        self._grid.setContentsMargins(0, 6, 0, 6)
        self._grid.setSpacing(_GAP)
        self._columns = 0
        for entry in TOOLS:
            if entry is None:
                continue
            tool, title, icon, key = entry
            button = ToolButton(title, icon, key)
            button.clicked.connect(partial(settings.set_tool, tool))
            button.focused.connect(self._bring_into_sight)
            self.buttons[tool] = button
        self.colors = ColorPair()
        self._rules = [_Rule() for entry in TOOLS if entry is None]
        self._scroll = scroll = QScrollArea()
        scroll.setWidget(self._inner)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        self._inner.setAutoFillBackground(False)
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
        button = self.buttons[self._settings.tool]
        button.setChecked(True)
        self._scroll.ensureWidgetVisible(button, 0, _GAP)
        self.colors.set_colors(self._settings.foreground, self._settings.background)

    @property
    def columns(self) -> int:
        """In how many columns the tools stand."""
        return self._columns

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Stand in one column where that is high enough, else in two."""
        side = self.buttons[ToolId.SELECT].sizeHint().width()
        columns = 1 if self._height_of(1, side) <= self.height() else 2
        if columns != self._columns:
            self._columns = columns
            self._lay_out()
        self.setFixedWidth(max(WIDTH, columns * (side + _GAP) - _GAP + 12))

    def _height_of(self, columns: int, side: int) -> int:
        height = 12 + self.colors.sizeHint().height() + _GAP
        for group in _groups():
            height += -(-len(group) // columns) * (side + _GAP)
        return height + len(self._rules) * (_RULE + _GAP)

    def _lay_out(self) -> None:
        """Put the tools into the grid, group by group."""
        grid, columns, row = self._grid, self._columns, 0
        while grid.count():
            grid.takeAt(0)
        middle = Qt.AlignmentFlag.AlignHCenter
        rules = iter(self._rules)
        for number, group in enumerate(_groups()):
            if number:
                grid.addWidget(next(rules), row, 0, 1, columns)
                row += 1
            for place, tool in enumerate(group):
                grid.addWidget(self.buttons[tool], row + place // columns, place % columns, middle)
            row += -(-len(group) // columns)
        grid.addWidget(self.colors, row, 0, 1, columns, middle)
        for old in range(grid.rowCount()):
            grid.setRowStretch(old, 0)
        grid.setRowStretch(row + 1, 1)

    def _bring_into_sight(self) -> None:
        button = self.sender()
        if isinstance(button, ToolButton):
            self._scroll.ensureWidgetVisible(button, 0, _GAP)


def _groups() -> list[list[ToolId]]:
    """Return the tools between two lines each."""
    groups: list[list[ToolId]] = [[]]
    for entry in TOOLS:
        if entry is None:
            groups.append([])
        else:
            groups[-1].append(entry[0])
    return groups


class _Rule(QWidget):
    """The short line between groups of tools."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(_RULE)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        middle = self.width() / 2
        painter = QPainter(self)
        painter.fillRect(
            QRectF(middle - 11, self.height() // 2, 22, 1), theme.current().tokens.line
        )
