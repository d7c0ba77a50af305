"""The top bar as it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.search_box import SearchBox
from scenario_desktop.ui.widgets.surface import Surface
from scenario_desktop.ui.widgets.tips import set_tip

MARK = 20
SEARCH_WIDTH, SEARCH_NARROW = 480, 320


@dataclass(frozen=True, slots=True)
class WorkspaceEntry:
    """One workspace of the menu.

    Attributes:
        note: what kind it is, such as "Scenario, Northlight".
    """

    id: str
    name: str
    note: str = ""
    is_active: bool = False


def paint_mark(painter: QPainter, area: QRectF) -> None:
    """Paint the program's own colours as a small square."""
    ground = QLinearGradient(area.topLeft(), area.bottomRight())
    # Not a token: the one place where the program shows its own colours, as in its icon.
    for place, color in ((0.0, "#F0746A"), (0.5, "#8F5BC9"), (1.0, "#3F4FE0")):
        ground.setColorAt(place, QColor(color))
    painter.setPen(painting.NO_PEN)
    painter.setBrush(ground)
    painter.drawRoundedRect(area, 5, 5)


class WorkspaceButton(Button):
    """Names the workspace and opens the menu of all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", kind=ButtonKind.GHOST, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Workspace")
        self._is_icon_only = False

    def set_name(self, name: str) -> None:
        self.setText(name)
        self.setAccessibleName(f"Workspace {name}")
        set_tip(self, name)

    def set_icon_only(self, is_icon_only: bool) -> None:
        self._is_icon_only = is_icon_only
        self.updateGeometry()
        self.update()

    @override
    def minimumSizeHint(self) -> QSize:
        side = super().sizeHint().height()
        return QSize(side if self._is_icon_only else 120, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        colors = self._colors()
        painting.box(painter, self.rect(), 6, colors.fill)
        side = look.px(MARK)
        x = 8 if not self._is_icon_only else (self.width() - side) / 2
        paint_mark(painter, QRectF(x, (self.height() - side) / 2, side, side))
        if self._is_icon_only:
            return
        arrow = QRectF(self.width() - 8 - look.px(16), 0, look.px(16), self.height())
        icons.paint(painter, arrow, "chevrons-up-down", 16, t.text_2)
        left = x + side + 8
        words = QRectF(left, 0, arrow.left() - left - 4, self.height())
        elide = Qt.TextElideMode.ElideMiddle
        painting.text(painter, words, self.text(), look.font("body_strong"), t.text, elide=elide)


class StateLine(Button):
    """How things stand with the server: icon and words; a press tells more or tries again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", kind=ButtonKind.GHOST, size=ButtonSize.SMALL, parent=parent)
        self._tone = "text_2"
        self._is_icon_only = False

    def set_state(self, icon: str, text: str, tone: str, tooltip: str, *, is_busy: bool) -> None:
        self._tone = tone
        self.set_icon(icon)
        self.setText(text)
        self.setAccessibleName(text)
        set_tip(self, tooltip)
        if is_busy != self.is_busy:
            self.set_busy(is_busy, is_clickable=True)
        self.updateGeometry()
        self.update()

    def set_icon_only(self, is_icon_only: bool) -> None:
        self._is_icon_only = is_icon_only
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        words = (
            0 if self._is_icon_only else look.metrics("small").horizontalAdvance(self.text()) + 7
        )
        return QSize(8 + look.px(14) + words + 8, look.height(28, "small", 6))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        colors = self._colors()
        painting.box(painter, self.rect(), 6, colors.fill)
        color = t.named(self._tone)
        side = look.px(14)
        spot = QRectF(8, 0, side, self.height())
        if self.is_busy and self._turn is not None:
            self._turn.paint(painter, spot, look.px(12), color)
        elif self._icon:
            icons.paint(painter, spot, self._icon, 14, color)
        if not self._is_icon_only:
            words = QRectF(spot.right() + 6, 0, self.width() - spot.right() - 6, self.height())
            painting.text(painter, words, self.text(), look.font("small"), color)


class TopBarView(Surface):
    """Workspace, search, state, undo and redo, commands, settings, inspector.

    Signals:
        workspace_chosen: the id picked in the menu.
        manage_requested: "Workspaces…" of the menu.
        state_requested: how things stand was pressed.
        edits_requested: "14 edits waiting" was pressed.
    """

    workspace_chosen = Signal(str)
    manage_requested = Signal()
    state_requested = Signal()
    edits_requested = Signal()

    def __init__(self, commands: CommandRegistry, parent: QWidget | None = None) -> None:
        super().__init__("panel", edges=Qt.Edge.BottomEdge, parent=parent)
        self.setAccessibleName("Top bar")
        self._commands = commands
        self._entries: Sequence[WorkspaceEntry] = ()
        self.workspace = WorkspaceButton()
        self.workspace.clicked.connect(self.open_workspaces)
        self.search = SearchBox(shortcut=commands.shortcut("view.search") or "Ctrl+F")
        self.edits = StateLine()
        self.edits.clicked.connect(self.edits_requested)
        self.state = StateLine()
        self.state.clicked.connect(self.state_requested)
        self._buttons: dict[str, IconButton] = {}
        self._left = QWidget()
        left = QHBoxLayout(self._left)
        left.setContentsMargins(8, 0, 8, 0)
        left.addWidget(self.workspace)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 1, 12, 1)
        row.setSpacing(4)
        row.addWidget(self._left)
        row.addSpacing(12)
        row.addWidget(self.search, 100)
        row.addStretch(1)
        row.addSpacing(8)
        row.addWidget(self.edits)
        row.addWidget(self.state)
        row.addSpacing(4)
        for command_id, icon, name in (
            ("edit.undo", "undo-2", "Undo"),
            ("edit.redo", "redo-2", "Redo"),
            ("view.palette", "command", "Commands"),
            ("view.settings", "settings", "Settings"),
            ("view.dock", "panel-right", "Inspector"),
        ):
            row.addWidget(self._button(command_id, icon, name))
        self._buttons["view.dock"].setCheckable(True)
        commands.changed.connect(self._show_shortcuts)
        self.edits.hide()
        self.set_page_left(theme.metric("layout", "sidebar", "default"))
        self.set_narrow(False)

    def set_workspaces(self, entries: Sequence[WorkspaceEntry]) -> None:
        self._entries = entries
        active = next((entry.name for entry in entries if entry.is_active), "")
        self.workspace.set_name(active or "No workspace")

    def set_state(
        self, icon: str, text: str, tone: str = "text_2", tooltip: str = "", is_busy: bool = False
    ) -> None:
        self.state.set_state(icon, text, tone, tooltip, is_busy=is_busy)

    def set_edits_waiting(self, count: int, tooltip: str = "") -> None:
        """Show how many edits the server has not got yet; they take the place of the state."""
        noun = "edit" if count == 1 else "edits"
        text = f"{count:,} {noun} waiting"
        self.edits.set_state("cloud-upload", text, "info", tooltip, is_busy=False)
        self.edits.setVisible(count > 0)
        self.state.setVisible(count == 0)

    def set_undo(self, undo: str, redo: str) -> None:
        """Name what undo and redo would do; "" disables them."""
        for command_id, verb, what in (("edit.undo", "Undo", undo), ("edit.redo", "Redo", redo)):
            button = self._buttons[command_id]
            button.setEnabled(bool(what))
            name = f"{verb} {what[0].lower()}{what[1:]}" if what else f"Nothing to {verb.lower()}"
            button.set_name(name, self._commands.shortcut(command_id))

    def set_dock_shown(self, is_shown: bool, *, is_there: bool = True) -> None:
        button = self._buttons["view.dock"]
        button.setEnabled(is_there)
        button.setChecked(is_shown)

    def set_page_left(self, left: int) -> None:
        """Let the search field begin where the page's content begins, pixels."""
        # The row's own gap and the space before the field make up the page's margin of 16.
        self._left.setFixedWidth(max(left, 48))

    def set_narrow(self, is_narrow: bool) -> None:
        self.search.set_narrow(is_narrow)
        self.state.set_icon_only(is_narrow)
        self.workspace.set_icon_only(is_narrow)
        widest = SEARCH_NARROW if is_narrow else SEARCH_WIDTH
        self.search.setMaximumWidth(theme.current().px(widest))

    def open_workspaces(self) -> None:
        menu = Menu(self, name="Workspaces")
        for entry in self._entries:
            note = f"  ({entry.note})" if entry.note else ""
            choose = partial(self.workspace_chosen.emit, entry.id)
            menu.add(entry.name + note, choose, is_checked=entry.is_active)
        menu.addSeparator()
        menu.add_command(self._commands, "workspace.connect")
        menu.add("Workspaces…", self.manage_requested.emit, icon="settings")
        menu.aboutToHide.connect(menu.deleteLater)
        self.workspace.set_open(True)
        menu.aboutToHide.connect(self._on_menu_closed)
        menu.popup(self.workspace.mapToGlobal(QPoint(0, self.workspace.height() + 4)))

    def _on_menu_closed(self) -> None:
        self.workspace.set_open(False)

    def _button(self, command_id: str, icon: str, name: str) -> IconButton:
        button = IconButton(icon, name, shortcut=self._commands.shortcut(command_id))
        button.setObjectName(command_id)
        button.clicked.connect(self._on_button)
        self._buttons[command_id] = button
        return button

    def _show_shortcuts(self) -> None:
        """Follow commands that come after this bar."""
        for command_id in ("view.palette", "view.settings", "view.dock"):
            button = self._buttons[command_id]
            button.set_name(button.accessibleName(), self._commands.shortcut(command_id))

    def _on_button(self) -> None:
        self._commands.run(self.sender().objectName())
