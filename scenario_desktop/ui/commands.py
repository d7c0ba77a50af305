"""Everything the user can do, by name: read by the palette, the menus, the tips and the keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal


def _empty() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do.

    Attributes:
        id: "area.verb", such as "detect.open".
        title: starts with a verb; "…" at its end says that more is asked first.
        run: starts it. It must not block; a coroutine goes through an AsyncAction.
        group: the palette's heading: "Do", "Go to", "View", …
        icon: of the icon family, without ".svg".
        shortcut: in Qt's portable form, "Ctrl+K"; "" for none.
        more_shortcuts: further keys for the same.
        is_bound: False where a widget handles the keys itself and only their name is shown.
        is_listed: whether the palette offers it.
        is_dangerous: drawn in the colour of danger, and last.
        reason: why it cannot run now; "" when it can.
        note: what stands behind the title in the palette, such as "3 selected".
        price: such as "3 CU"; "" when it costs nothing.
        words: further words by which it is found.
    """

    id: str
    title: str
    run: Callable[[], object]
    group: str = "Do"
    icon: str = ""
    shortcut: str = ""
    more_shortcuts: tuple[str, ...] = ()
    is_bound: bool = True
    is_listed: bool = True
    is_dangerous: bool = False
    reason: Callable[[], str] = _empty
    note: Callable[[], str] = _empty
    price: Callable[[], str] = _empty
    words: str = ""


class CommandRegistry(QObject):
    """The commands there are, in the order in which they were added.

    Signals:
        changed: one was added or removed.
        ran: the id of a command that was started.
        refused: why a command did not start, for a notice.
    """

    changed = Signal()
    ran = Signal(str)
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._commands: dict[str, Command] = {}

    def add(self, *commands: Command) -> None:
        """Add commands; one with a known id takes the older one's place."""
        for command in commands:
            self._commands[command.id] = command
        self.changed.emit()

    def remove(self, *ids: str) -> None:
        for command_id in ids:
            self._commands.pop(command_id, None)
        self.changed.emit()

    def find(self, command_id: str) -> Command | None:
        return self._commands.get(command_id)

    def all(self) -> tuple[Command, ...]:
        return tuple(self._commands.values())

    def shortcut(self, command_id: str) -> str:
        command = self._commands.get(command_id)
        return command.shortcut if command else ""

    def run(self, command_id: str) -> bool:
        """Start a command unless it says why not. Unknown ids do nothing."""
        command = self._commands.get(command_id)
        if command is None:
            return False
        reason = command.reason()
        if reason:
            self.refused.emit(reason)
            return False
        self.ran.emit(command_id)
        command.run()
        return True
