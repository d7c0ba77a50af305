"""Reading the usage of any range: in as few calls as the service's limits allow."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from scenario_desktop.api.models.usage import (
    ACTIVITY,
    ACTIVITY_PAGE,
    BLOCKS,
    LONGEST_DAYS,
    TIME_RANGES,
    ActivityPage,
    UsageAnswer,
    UsageReport,
)
from scenario_desktop.api.usage_joining import join
from scenario_desktop.api.usage_parsing import parse_activity, parse_usage
from scenario_desktop.errors import AppError, BadAnswer, BadInput, Refused, ServerFailed

#: Sends a query to /usages and returns the body of the answer.
Fetch: TypeAlias = Callable[[dict[str, object]], Awaitable[bytes]]

_LONGEST: Final = timedelta(days=LONGEST_DAYS)
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
#: A Monday, from which weeks are counted.
_MONDAY: Final = datetime(1970, 1, 5, tzinfo=UTC)
#: How often a range is halved after failures that may have other causes than the answer's size.
_HOPEFUL_SPLITS: Final = 2
#: Pages of an activity; a bound for a server that never ends.
_MOST_PAGES: Final = 100_000


@dataclass(frozen=True, slots=True)
class UsageQuestion:
    """What is asked for.

    Attributes:
        time_range: a named range that ends now; not together with ``start`` and ``end``. Without
            any of them the service chooses.
        start, end: aware, the end not in it. Of any length: more than 120 days is several calls.
        types: words of ``BLOCKS``; all of them when empty. The usages come in any case.
        drops_zero_points: leave points of zeros out, from the first call on.
        team_id, project_ids, user_ids: narrow it.
        longest: the longest range of one call; shorter ones are told in finer points.
    """

    time_range: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    types: Sequence[str] = ()
    drops_zero_points: bool = False
    team_id: str | None = None
    project_ids: Sequence[str] = ()
    user_ids: Sequence[str] = ()
    longest: timedelta = _LONGEST

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise BadInput("A range of time needs both its start and its end.")
        if self.start is not None and self.end is not None:
            if self.start.tzinfo is None or self.end.tzinfo is None:
                raise BadInput("A range of time needs to name its zone.")
            if self.start >= self.end:
                raise BadInput("The range of time ends before it starts.")
        elif self.time_range is not None and self.time_range not in TIME_RANGES:
            raise BadInput("There is no such range of time.")
        if not _HOUR <= self.longest <= _LONGEST:
            raise BadInput("One call may be about an hour to 120 days.")

    def query(self) -> dict[str, object]:
        """Return all parameters but the range and the blocks."""
        return {
            "teamId": self.team_id,
            "projectIds": list(self.project_ids) or None,
            "userIds": list(self.user_ids) or None,
        }


async def read_usages(fetch: Fetch, question: UsageQuestion, now: datetime) -> UsageReport:
    """Read every block but the activity.

    An answer that is refused as too large is asked for again without its points of zeros, then in
    halves.

    Args:
        now: by the server's clock; the end of a named range, if that has to be cut.
    """
    # Its series name the length of the points; those of the other blocks have the same.
    types = ["usages", *(w for w in question.types or BLOCKS if w not in (ACTIVITY, "usages"))]
    query = question.query() | {"type": types}
    if question.start is None or question.end is None:
        reader = _Reader(fetch, query, question.drops_zero_points)
        return await asyncio.to_thread(join, await reader.named(question.time_range, now))
    reader = _Reader(fetch, query, question.drops_zero_points)
    answers: list[UsageAnswer] = []
    for start, end in pieces(question.start, question.end, question.longest):
        answers += await reader.piece(start, end)
    return await asyncio.to_thread(join, answers)


async def read_activity(fetch: Fetch, question: UsageQuestion, offset: int) -> ActivityPage:
    """Read the page of the activity that begins at ``offset``, of at most 120 days."""
    query = question.query() | {"type": [ACTIVITY], "activityOffset": offset}
    if question.start is not None:
        query |= {"startDate": question.start, "endDate": question.end}
    else:
        query |= {"timeRange": question.time_range}
    return parse_activity(await fetch(query), offset)


async def activity_pages(
    fetch: Fetch, question: UsageQuestion, now: datetime
) -> AsyncIterator[ActivityPage]:
    """Yield the activity page by page, newest first, with offsets that count through all parts.

    Only one page is held. The end is fixed at the beginning, so that what happens meanwhile does
    not move the pages.

    Raises:
        BadAnswer: the server repeats itself; what was yielded stands.
    """
    start, end = question.start, question.end
    if start is None or end is None:
        end = now
        start = now - timedelta(milliseconds=TIME_RANGES[question.time_range or "last-day"])
    base = 0
    for piece_start, piece_end in reversed(pieces(start, end, question.longest)):
        part = UsageQuestion(
            start=piece_start, end=piece_end, team_id=question.team_id,
            project_ids=question.project_ids, user_ids=question.user_ids,
        )  # fmt: skip
        offset = 0
        before: int | None = None
        for _ in range(_MOST_PAGES):
            page = await read_activity(fetch, part, offset)
            if not page.count:
                break
            if page.actions and hash(page.actions) == before:
                raise BadAnswer(
                    "The activity could not be loaded to its end: the server repeats itself.",
                    hint="What was loaded is shown. Try again later.",
                )
            yield page.model_copy(update={"offset": base + offset})
            before = hash(page.actions)  # the page itself is let go
            offset += page.count
            if page.count < ACTIVITY_PAGE:
                break
        base += offset


def pieces(
    start: datetime, end: datetime, longest: timedelta = _LONGEST
) -> list[tuple[datetime, datetime]]:
    """Cut a range into parts of about equal length, none above ``longest``.

    The seams lie between two days in UTC, and on Mondays where the parts are long: where points
    begin too, whatever their length. Parts of one length are told in points of one length.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end - start <= longest:
        return [(start, end)]
    unit = _unit(longest)
    count = -(-(end - start) // (longest - unit))
    cuts = [_floor(start + (end - start) * number / count, unit) for number in range(1, count)]
    edges = [start, *(cut for cut in cuts if start < cut < end), end]
    return list(itertools.pairwise(edges))


class _Reader:
    """Reads the parts of one question, and remembers what the server's answers taught."""

    def __init__(self, fetch: Fetch, query: dict[str, object], drops_zero_points: bool) -> None:
        self._fetch = fetch
        self._query = query
        self._drops = drops_zero_points

    async def named(self, time_range: str | None, now: datetime) -> list[UsageAnswer]:
        """Read a range that ends now by the service's clock, which is not known to the second."""
        try:
            body = await self._body({"timeRange": time_range})
        except AppError as error:
            if not _is_too_large(error, is_hopeful=True) or time_range is None:
                raise
            return await self.piece(now - timedelta(milliseconds=TIME_RANGES[time_range]), now)
        return [await self._parsed(body, None, None)]

    async def piece(
        self, start: datetime, end: datetime, hope: int = _HOPEFUL_SPLITS
    ) -> list[UsageAnswer]:
        try:
            body = await self._body({"startDate": start, "endDate": end})
        except AppError as error:
            middle = _middle(start, end)
            is_surely = _is_too_large(error, is_hopeful=False)
            if middle is None or not (
                is_surely or (hope and _is_too_large(error, is_hopeful=True))
            ):
                raise
            hope = _HOPEFUL_SPLITS if is_surely else hope - 1
            first = await self.piece(start, middle, hope)
            return first + await self.piece(middle, end, hope)
        return [await self._parsed(body, start, end)]

    async def _parsed(
        self, body: bytes, start: datetime | None, end: datetime | None
    ) -> UsageAnswer:
        return await asyncio.to_thread(
            parse_usage, body, start=start, end=end, has_dropped_zeros=self._drops
        )

    async def _body(self, more: dict[str, object]) -> bytes:
        query = self._query | more
        if not self._drops:
            try:
                return await self._fetch(query)
            except AppError as error:
                if not _is_too_large(error, is_hopeful=True):
                    raise
            self._drops = True  # for the parts to come, too
        return await self._fetch(query | {"dropZeroPoints": True})


def _is_too_large(error: AppError, *, is_hopeful: bool) -> bool:
    """Whether less may be answered where this much was not.

    Args:
        is_hopeful: also count faults that a gateway tells for an answer beyond its limit, and a
            service that fails for other reasons tells too.
    """
    if isinstance(error, Refused):
        return error.details.startswith("HTTP 413")
    if isinstance(error, BadAnswer):
        return "too large" in error.message
    return is_hopeful and isinstance(error, ServerFailed)


def _middle(start: datetime, end: datetime) -> datetime | None:
    """Return where to cut a range in two, None when it is too short for that."""
    if end - start < 2 * _HOUR:
        return None
    middle = start + (end - start) / 2
    cut = _floor(middle, _unit(end - start))
    return cut if start < cut < end else middle


def _unit(length: timedelta) -> timedelta:
    return next((unit for unit in (_WEEK, _DAY, _HOUR) if length >= 4 * unit), _MINUTE)


def _floor(moment: datetime, unit: timedelta) -> datetime:
    return moment - (moment - _MONDAY) % unit
