"""Menus, styled by the sheet, with entries from commands."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.widgets.tips import tip


class Menu(QMenu):
    """A menu with rounded corners; disabled entries stay and tell their reason as a tip."""

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
            action.setShortcut(QKeySequence(shortcut))
            # Shown here only: the registry binds it, twice would make it ambiguous.
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.setShortcutVisibleInContextMenu(True)
        action.setEnabled(not reason)
        action.setToolTip(tip(reason))
        action.triggered.connect(lambda _checked=False: run())
        self.addAction(action)
        return action

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
