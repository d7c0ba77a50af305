"""Keys: how they are written for people, and how they reach the commands."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from scenario_desktop.ui.commands import CommandRegistry

_NAMES = {"Return": "↵", "Enter": "↵", "Up": "↑", "Down": "↓", "Left": "←", "Right": "→"}
_NAMES |= {"Escape": "Esc", "Delete": "Del", "Backspace": "⌫"}
_MAC_NAMES = {"Ctrl": "⌘", "Meta": "⌃", "Alt": "⌥", "Shift": "⇧"}


def key_caps(shortcut: str) -> list[str]:
    """Split "Ctrl+Shift+K" or "G, M" into what stands on each key cap, in the platform's words."""
    if ", " in shortcut:
        return [cap for part in shortcut.split(", ") for cap in key_caps(part)]
    # "Ctrl++" is the plus key: hide it while splitting.
    parts = shortcut.replace("++", "+\0").split("+") if shortcut != "+" else ["\0"]
    names = _NAMES | (_MAC_NAMES if sys.platform == "darwin" else {})
    return [names.get(part, part).replace("\0", "+") for part in parts if part]


def shortcut_text(shortcut: str) -> str:
    """Return "Ctrl K" for "Ctrl+K"."""
    return " ".join(key_caps(shortcut))


class Shortcuts(QObject):
    """Binds the registry's keys to a window.

    Whoever has the focus sees a key first: text fields claim plain letters, and what covers the
    window, a dialog or the palette, claims them all.
    """

    def __init__(self, window: QWidget, commands: CommandRegistry) -> None:
        super().__init__(window)
        self._window = window
        self._commands = commands
        self._bound: dict[str, QShortcut] = {}
        commands.changed.connect(self._bind)
        self._bind()

    def _bind(self) -> None:
        wanted = {
            keys: command.id
            for command in self._commands.all()
            for keys in (command.shortcut, *command.more_shortcuts)
            if keys and command.is_bound
        }
        for keys in self._bound.keys() - wanted.keys():
            self._bound.pop(keys).deleteLater()
        for keys, command_id in wanted.items():
            shortcut = self._bound.get(keys)
            if shortcut is None:
                shortcut = QShortcut(QKeySequence(keys), self._window)
                shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
                shortcut.activated.connect(self._on_activated)
                self._bound[keys] = shortcut
            shortcut.setObjectName(command_id)

    def _on_activated(self) -> None:
        shortcut = self.sender()
        if isinstance(shortcut, QShortcut):
            self._commands.run(shortcut.objectName())
