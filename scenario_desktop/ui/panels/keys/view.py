"""All shortcuts on one sheet, read from the commands there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from scenario_desktop.ui.commands import Command
from scenario_desktop.ui.dialogs import ACCEPTED, Dialog
from scenario_desktop.ui.widgets.keycap import KeyCap
from scenario_desktop.ui.widgets.labels import PlainLabel

_WIDTH = 760
#: What the grid handles itself, and no command stands for.
_IN_THE_GALLERY = (
    ("Next, previous picture", "Right, Left"),
    ("Choose a range", "Shift+Right"),
    ("First, last picture", "Home, End"),
    ("Begin a name to go to", "'"),
)
_ORDER = ("Do", "Edit", "Go to", "View", "Help")


@dataclass(frozen=True, slots=True)
class PageKeys:
    """The keys of a page that has many of its own: they come first.

    Attributes:
        headings: of the page's commands, in the order in which they are listed.
        title: over what the page handles itself; rows: what that is, with its keys.
    """

    headings: tuple[str, ...]
    title: str
    rows: tuple[tuple[str, str], ...]


#: The library, whose own headings all commands have.
LIBRARY = PageKeys((), "In the gallery", _IN_THE_GALLERY)
#: Commands that act on what the gallery has chosen; elsewhere they say so and do nothing.
_OF_THE_LIBRARY = ("item.", "gallery.")


def groups_of(
    commands: Iterable[Command], page: PageKeys = LIBRARY
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each heading with its titles and shortcuts, in a fixed order of headings."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in page.headings}
    if page.headings:
        found[page.title] = list(page.rows)
    found |= {name: [] for name in _ORDER}
    keys: dict[str, Command] = {}
    for command in commands:  # the last one has the key, and stands among its own
        keys.pop(command.shortcut, None)
        keys[command.shortcut] = command
    for command in keys.values():
        if command.shortcut and not (page.headings and command.id.startswith(_OF_THE_LIBRARY)):
            rows = found.setdefault(command.group, [])
            title = command.title.removeprefix("Tool: ").rstrip("…")
            rows.append((title, command.shortcut))
    if not page.headings:
        found[page.title] = list(page.rows)
    yield from ((name, rows) for name, rows in found.items() if rows)


class KeysSheet(Dialog):
    """Lists what the keys do, in two columns."""

    def __init__(
        self, parent: QWidget, commands: Iterable[Command], page: PageKeys = LIBRARY
    ) -> None:
        super().__init__(parent, "Keyboard shortcuts", width=_WIDTH)
        columns = (QVBoxLayout(), QVBoxLayout())
        line = QHBoxLayout()
        line.setSpacing(32)
        for column in columns:
            column.setSpacing(20)
            line.addLayout(column, 1)
        heights = [0, 0]
        for name, rows in groups_of(commands, page):
            shorter = heights.index(min(heights))
            columns[shorter].addLayout(_group(name, rows))
            heights[shorter] += len(rows) + 2
        for column in columns:
            column.addStretch(1)
        self.body.addLayout(line)
        self.set_first_focus(self.add_action("Close", ACCEPTED))


def _group(name: str, rows: Iterable[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(6)
    grid.setHorizontalSpacing(16)
    grid.setColumnStretch(0, 1)
    grid.addWidget(PlainLabel(name, "small", "text_3"), 0, 0, 1, 2)
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for number, (title, keys) in enumerate(rows, 1):
        grid.addWidget(PlainLabel(title, "body", "text", wrap=True), number, 0)
        grid.addWidget(KeyCap(keys, is_split=True), number, 1, right)
    return grid
