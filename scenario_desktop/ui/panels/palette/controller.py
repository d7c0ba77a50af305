"""Opens the palette and carries out what is chosen there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from scenario_desktop.ui import theme
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.palette.entries import (
    Entry,
    Scope,
    command_entries,
    grouped,
    scope_of,
)
from scenario_desktop.ui.panels.palette.rows import THUMB, PicturePort
from scenario_desktop.ui.panels.palette.view import PaletteView

#: Typing goes on before the library is asked, milliseconds.
PATIENCE_MS = 60

Finder = Callable[[str, Scope], Awaitable[Sequence[Entry]]]


@dataclass(frozen=True, slots=True)
class Help:
    """One line of the palette's help: shown, not run."""

    text: str


_OWNER = "palette"
_HELP = (
    ("Type > to see commands only", "> commands"),
    ("Type # to find a tag", "# tags"),
    ("Space shows a large preview of the selected item", "gallery"),
    ("Every tip names its shortcut", "everywhere"),
)


class PaletteController(QObject):
    """Knows the commands, and asks a finder for items and tags.

    Signals:
        entry_chosen: an Entry that is no command: an item, a filter.
    """

    entry_chosen = Signal(object)

    def __init__(
        self,
        window: QWidget,
        commands: CommandRegistry,
        notices: Reports,
        *,
        find: Finder | None = None,
        pictures: PicturePort | None = None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._commands = commands
        self._view: PaletteView | None = None
        self._find = find
        self._pictures: PicturePort | None = None
        self._found: tuple[Entry, ...] = ()
        self._do_heading = "Do"
        self._search = AsyncAction(self._ask, parent=self, overlap=Overlap.RESTART)
        self._search.succeeded.connect(self._on_found)
        self._search.failed.connect(notices.report)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._start_search)
        commands.add(
            Command(
                "view.palette",
                "Find every command",
                self.open,
                group="Help",
                icon="command",
                shortcut="Ctrl+K",
                more_shortcuts=("Ctrl+Shift+P",),
                is_listed=False,
            )
        )
        self.bind(find, pictures)

    def bind(self, find: Finder | None, pictures: PicturePort | None) -> None:
        """Ask this finder for items and tags from now on; None for neither."""
        if self._pictures is not None:
            self._pictures.loaded.disconnect(self._on_picture)
        self._find, self._pictures = find, pictures
        if pictures is not None:
            pictures.loaded.connect(self._on_picture)

    def set_selection_count(self, count: int) -> None:
        """Say on how many items the commands would act."""
        self._do_heading = f"Do with {count:,} selected" if count else "Do"

    def open(self, text: str = "") -> None:
        if self._view is not None and isValid(self._view):
            return
        self._found = ()
        self._view = PaletteView(self._window, self._pictures)
        self._view.typed.connect(self._on_typed)
        self._view.entry_chosen.connect(self._on_chosen)
        self._view.dismissed.connect(self._on_dismissed)
        self._view.open(text)
        self._show()
        if text:
            self._patience.start()

    def view(self) -> PaletteView | None:
        return self._view

    def _on_typed(self, _text: str) -> None:
        self._show()
        self._patience.start()

    def _start_search(self) -> None:
        if self._view is not None and self._find is not None:
            self._search.trigger(self._view.field.text())

    async def _ask(self, text: str) -> Sequence[Entry]:
        scope, typed = scope_of(text)
        if self._find is None or not typed or scope in (Scope.COMMANDS, Scope.HELP):
            return ()
        return await self._find(typed, scope)

    def _on_found(self, entries: Sequence[Entry]) -> None:
        self._found = tuple(entries)
        if self._pictures is not None:
            items = [entry.payload for entry in entries if entry.picture_key is not None]
            self._pictures.want(_OWNER, items, theme.current().px(THUMB))
        self._show()

    def _on_picture(self, _key: object) -> None:
        if self._view is not None and isValid(self._view):
            self._view.update_pictures()

    def _show(self) -> None:
        if self._view is None:
            return
        scope, typed = scope_of(self._view.field.text())
        entries: list[Entry] = []
        if scope is Scope.HELP:
            helps = [command for command in self._commands.all() if command.group == "Help"]
            entries = command_entries(helps, typed)
            entries += [Entry(title, "Help", Help(title), note, "info") for title, note in _HELP]
        if scope in (Scope.ALL, Scope.COMMANDS):
            entries += command_entries(self._commands.all(), typed)
        if typed and scope in (Scope.ALL, Scope.TAGS):
            entries += self._found
        groups = [
            (self._do_heading if name == "Do" else name, rows)
            for name, rows in grouped(entries, is_limited=bool(typed))
        ]
        empty = f"Nothing is called “{typed}”" if typed else "Type to search"
        self._view.set_groups(groups, empty)

    def _on_chosen(self, entry: Entry) -> None:
        if isinstance(entry.payload, Help):
            return
        if self._view is not None:
            self._view.close_layer()
            self._on_dismissed()
        if isinstance(entry.payload, str):
            self._commands.run(entry.payload)
        else:
            self.entry_chosen.emit(entry)

    def _on_dismissed(self) -> None:
        self._search.cancel()
        self._view = None
        if self._pictures is not None:
            self._pictures.drop(_OWNER)
