"""What the palette lists, and in which order. Knows nothing of Qt's widgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scenario_desktop.ui.commands import Command
from scenario_desktop.ui.panels.palette.matching import Match, match

#: Rows of one heading at most, when something is typed.
MAX_ROWS = 6
#: Headings in the order in which they stand; others follow.
ORDER = ("Do", "Go to", "View", "Edit", "Items", "Tags and filters", "Help")


NO_MATCH = Match(0)


class Scope(StrEnum):
    """A first letter narrows what is searched."""

    ALL = ""
    COMMANDS = ">"
    TAGS = "#"
    HELP = "?"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: a command, an item, or a filter.

    Attributes:
        payload: what is done with it: a command's id, an Item, a search token.
        picture_key: the key of the item whose thumbnail stands in place of the icon.
        reason: why it cannot be done now; drawn as disabled.
    """

    title: str
    group: str
    payload: Any
    note: str = ""
    icon: str = ""
    price: str = ""
    shortcut: str = ""
    reason: str = ""
    picture_key: int | None = None
    match: Match = NO_MATCH


def scope_of(text: str) -> tuple[Scope, str]:
    """Split what was typed into where to search and what for."""
    for scope in (Scope.COMMANDS, Scope.TAGS, Scope.HELP):
        if text.startswith(scope.value):
            return scope, text[1:].strip()
    return Scope.ALL, text.strip()


def command_entries(commands: Iterable[Command], typed: str) -> list[Entry]:
    """Return the commands that fit, the best first; without anything typed, in their own order.

    Scattered letters count only while nothing holds what was typed in one piece.
    """
    found: list[Entry] = []
    for command in commands:
        if not command.is_listed:
            continue
        fit = match(typed, command.title)
        if fit is None and command.words:
            by_words = match(typed, command.words)
            fit = Match(by_words.score // 4, is_whole=by_words.is_whole) if by_words else None
        if fit is None:
            continue
        reason = command.reason()
        found.append(
            Entry(
                command.title,
                command.group,
                command.id,
                note=reason or command.note(),
                icon=command.icon,
                price="" if reason else command.price(),
                shortcut=command.shortcut,
                reason=reason,
                match=fit,
            )
        )
    if any(entry.match.is_whole for entry in found):
        found = [entry for entry in found if entry.match.is_whole]
    if typed:
        found.sort(key=lambda entry: (bool(entry.reason), -entry.match.score))
    return found


def grouped(entries: Sequence[Entry], *, is_limited: bool) -> list[tuple[str, list[Entry]]]:
    """Return headings with their rows; the heading with the best match first."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    order = {name: place for place, name in enumerate(ORDER)}
    names = sorted(groups, key=lambda name: order.get(name, len(ORDER)))
    return [(name, groups[name][:MAX_ROWS] if is_limited else groups[name]) for name in names]
