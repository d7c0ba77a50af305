"""Menus, styled by the sheet, with entries from commands."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAction, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.shortcuts import shortcut_text
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.tips import tip

#: Between the longest title and the shortcuts, and from these to the edge, pixels.
_GAP, _EDGE = 24, 16


class Menu(QMenu):
    """A menu with rounded corners; disabled entries stay and tell their reason as a tip.

    Shortcuts are painted here: a style sheet gives them neither their own colour nor an edge.
    """

    def __init__(self, parent: QWidget | None = None, *, name: str = "Menu") -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setWindowFlags(
            self.windowFlags()
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.NoDropShadowWindowHint
        )
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setToolTipsVisible(True)
        self.setFont(theme.current().font("body"))
        self._keys: dict[QAction, str] = {}

    def add(
        self,
        text: str,
        run: Callable[[], object],
        *,
        icon: str = "",
        shortcut: str = "",
        reason: str = "",
        is_checked: bool | None = None,
        is_dangerous: bool = False,
    ) -> QAction:
        """Add an entry; a reason disables it. "&" in names is shown, not taken for a mnemonic."""
        action = QAction(text.replace("&", "&&"), self)
        tokens = theme.current().tokens
        if icon:
            action.setIcon(icons.icon(icon, 16, tokens.danger if is_dangerous else tokens.text_2))
        elif is_checked is not None:
            action.setIcon(icons.icon("check", 16, tokens.accent_text) if is_checked else QIcon())
        if shortcut:
            self._keys[action] = shortcut_text(shortcut)
        action.setEnabled(not reason)
        action.setToolTip(tip(reason))
        action.triggered.connect(lambda _checked=False: run())
        self.addAction(action)
        self._make_room()
        return action

    def _make_room(self) -> None:
        if self._keys:
            metrics = theme.current().metrics("small")
            widest = max(metrics.horizontalAdvance(keys) for keys in self._keys.values())
            self.setMinimumWidth(0)
            self.setMinimumWidth(self.sizeHint().width() + _GAP + widest)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        look = theme.current()
        painter = QPainter(self)
        right = Qt.AlignmentFlag.AlignRight
        for action, keys in self._keys.items():
            area = QRectF(self.actionGeometry(action)).adjusted(0, 0, -_EDGE, 0)
            color = look.tokens.text_3 if action.isEnabled() else look.tokens.text_disabled
            painting.text(painter, area, keys, look.font("small"), color, right)

    def add_command(self, commands: CommandRegistry, command_id: str) -> QAction | None:
        """Add a command as it is now; None where there is no such command."""
        command = commands.find(command_id)
        if command is None:
            return None
        return self.add(
            command.title,
            lambda: commands.run(command_id),
            icon=command.icon,
            shortcut=command.shortcut,
            reason=command.reason(),
            is_dangerous=command.is_dangerous,
        )
