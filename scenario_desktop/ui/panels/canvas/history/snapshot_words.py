"""How a snapshot is put into words: when it was taken, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from scenario_desktop.services.words import ago, one_line

if TYPE_CHECKING:
    from scenario_desktop.services.people import Person

#: An id is shown whole up to this length, and of a longer one both ends.
_WHOLE, _HEAD, _TAIL = 14, 8, 4
_NAME = 80
YOU = "you"
UNKNOWN_TIME = "time unknown"


def short_id(author_id: str) -> str:
    """Return an id as people can tell it from another: "user_3fK…x9Qd"."""
    if len(author_id) <= _WHOLE:
        return author_id
    return f"{author_id[:_HEAD]}…{author_id[-_TAIL:]}"


def author(author_id: str, person: Person | None, *, is_own: bool = False) -> str:
    """Return who took a snapshot: "you", a name, or a short id; "" where nobody tells.

    Args:
        is_own: it is known to be ours without the server's telling.
    """
    if is_own or (person is not None and person.is_you):
        return YOU
    if person is not None and person.name != author_id:
        return one_line(person.name, _NAME)
    return short_id(one_line(author_id))


def when(at: datetime | None, now: datetime) -> str:
    """Return the first line of a row: "3 min ago"."""
    return capital(ago(at, now)) if at is not None else capital(UNKNOWN_TIME)


def whole(at: datetime | None, author_id: str, by: str) -> str:
    """Return all of it, for a tip: the exact time with its zone, the name and the id."""
    moment = _exact(at) if at is not None else capital(UNKNOWN_TIME)
    who = f"by {by}" if by else "by nobody that the server names"
    lines = [moment, who]
    if author_id and by != author_id:
        lines.append(one_line(author_id))
    return "\n".join(lines)


def title(at: datetime | None, by: str) -> str:
    """Return what stands over a snapshot that is looked at: "Snapshot of 14:02 by you"."""
    time = f" of {_clock(at)}" if at is not None else ""
    return f"Snapshot{time}{f' by {by}' if by else ''}"


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _clock(at: datetime) -> str:
    local, today = at.astimezone(), datetime.now().astimezone()
    if local.date() == today.date():
        return f"{local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%b}{year}, {local:%H:%M}"


def _exact(at: datetime) -> str:
    local = at.astimezone()
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z}"
