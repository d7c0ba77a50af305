"""What a server says of a training, made readable: its shape is documented nowhere. Free of Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scenario_desktop.services.sartiq.trainings import IDS, first_text
from scenario_desktop.services.words import counted, one_line

_NAMES: Final = ("name", "title", "subject_name", "display_name")
_STATES: Final = ("status", "state", "phase")
#: Names of lists within an answer that wraps them.
_LISTS: Final = ("data", "trainings", "items", "results", "tasks")
_MOST_ROWS: Final = 200
_DEEPEST: Final = 4


@dataclass(frozen=True, slots=True)
class Training:
    """One entry of the list; ``status`` is the server's own word."""

    id: str
    name: str = ""
    status: str = ""

    @property
    def shown(self) -> str:
        return self.name or self.id


def trainings_of(answer: Any) -> list[Training]:
    """Return the trainings that an answer lists, in its order; what has no id is left out."""
    entries = answer
    if isinstance(answer, Mapping):
        entries = next((answer[name] for name in _LISTS if isinstance(answer.get(name), list)), [])
    found = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and (training_id := first_text(entry, IDS)):
            found.append(
                Training(training_id, first_text(entry, _NAMES), first_text(entry, _STATES))
            )
        elif isinstance(entry, str) and entry:
            found.append(Training(entry))
    return found


def status_of(answer: Any) -> str:
    """Return the server's word for how it is doing; empty where it has none."""
    return first_text(answer, _STATES) if isinstance(answer, Mapping) else ""


def rows_of(answer: Any) -> list[tuple[str, str]]:
    """Return an answer as lines of a title and a value, in its order."""
    found = []
    for title, value in _walk(answer, "", 0):
        found.append((title or "Answer", value))
        if len(found) == _MOST_ROWS:
            found.append(("…", "The rest stands in the answer below."))
            break
    return found


def _walk(value: Any, title: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value and depth < _DEEPEST:
        for name, part in value.items():
            words = str(name).replace("_", " ").strip()
            words = words[:1].upper() + words[1:]
            yield from _walk(part, f"{title} · {words.lower()}" if title else words, depth + 1)
    elif isinstance(value, list) and value and depth < _DEEPEST:
        if all(not isinstance(part, Mapping | list) for part in value):
            yield title, one_line(", ".join(_plain(part) for part in value), 400)
            return
        yield title, counted(len(value), "entry", "entries")
        for number, part in enumerate(value, 1):
            yield from _walk(part, f"{title} {number}".strip(), depth + 1)
    else:
        yield title, _plain(value)


def _plain(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case Mapping():
            return counted(len(value), "field")
        case list():
            return counted(len(value), "entry", "entries")
    return one_line(str(value), 400)
