"""Which cells of a grouped grid belong together, and what stands above them.

Asked only for what is in view. Looks at neighbours, so its cost does not grow with the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from scenario_desktop.items import Item
from scenario_desktop.services.words import counted

#: Members of a group are counted no further than this.
MOST_COUNTED = 200


class Span(NamedTuple):
    """The cells of one group in one row.

    Attributes:
        first, last: indexes of its cells.
        joins_before: the group begins in a row above; ``joins_after`` likewise below.
    """

    group: str
    first: int
    last: int
    joins_before: bool
    joins_after: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """What is said of a group.

    Attributes:
        title: what its first item is called.
        facts: how many and when, the longest first; the shorter ones are for little room.
    """

    title: str
    facts: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.title}\n{self.facts[0]}"


def spans(
    indexes: Iterable[int], group_at: Callable[[int], str | None], count: int, columns: int
) -> Iterator[Span]:
    """Yield each run of cells of one group that some indexes touch, once, row by row.

    Args:
        indexes: in rising order.
        group_at: the group of an index, None for none or where it is not known.
    """
    done = -1
    for index in indexes:
        if index <= done or (group := group_at(index)) is None:
            continue
        start = index - index % columns
        end = min(start + columns, count) - 1
        first = last = index
        while first > start and group_at(first - 1) == group:
            first -= 1
        while last < end and group_at(last + 1) == group:
            last += 1
        done = last
        before = first == start and first > 0 and group_at(first - 1) == group
        after = last == end and last + 1 < count and group_at(last + 1) == group
        yield Span(group, first, last, before, after)


def heading(
    span: Span,
    item: Item,
    group_at: Callable[[int], str | None],
    count: int,
    now: datetime,
) -> Heading:
    """Return what stands above a group that begins with a span.

    Args:
        item: its first.
        count: of all cells.
    """
    stop, most = span.last + 1, span.first + MOST_COUNTED
    while stop < min(count, most) and group_at(stop) == span.group:
        stop += 1
    members = stop - span.first
    is_more = stop == most and stop < count and group_at(stop) == span.group
    short = f"{members:,}+" if is_more else f"{members:,}"
    many = f"{short} items" if is_more else counted(members, "item")
    day = day_text(item.created_at, now)
    return Heading(" ".join(item.name[:200].split()), (f"{many} · {day}", many, short))


def day_text(at: datetime, now: datetime) -> str:
    """Return the day of the user's own calendar: "12 Nov", with the year if it is another."""
    day, today = at.astimezone(), now.astimezone()
    year = f" {day.year}" if day.year != today.year else ""
    return f"{day.day} {day:%b}{year}"
