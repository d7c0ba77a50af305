"""What was used and spent in one workspace: the service's answers beside our own record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol

from scenario_desktop.api.models.usage import (
    ACTIVITY_PAGE,
    Activity,
    ActivityPage,
    UsageReport,
)
from scenario_desktop.errors import AppError, Forbidden
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.usage.activity import (
    ActivityBook,
    ActivityFilter,
    ActivityRow,
    rows_of,
    with_you,
)
from scenario_desktop.services.usage.budget import BudgetState, budget_state
from scenario_desktop.services.usage.comparison import Comparison, booked_by_job, compare
from scenario_desktop.services.usage.keeping import KeptReport, ReportCache, key_of
from scenario_desktop.services.usage.ranges import Preset, UsageRange, preset
from scenario_desktop.store.ledger import LedgerRow

if TYPE_CHECKING:  # for cost: a start needs neither
    from scenario_desktop.api.usages import UsageQuestion

#: The list of actions reaches back this far in one range; the service takes no longer one.
ACTIVITY_DAYS: Final = 120
#: Pages of the activity that are looked through for what our jobs were booked with.
_BOOKED_PAGES: Final = 30
#: Users whose spending over time is asked for one by one.
MOST_USERS: Final = 6
#: What a zone's clock is off by is a multiple of the first: then so many days at most are asked for
#: in such parts. Short ones are told in points of an hour and less, so that days can be the user's.
_FINE: Final = (
    (timedelta(hours=1), 31, timedelta(days=7)),
    (timedelta(minutes=30), 31, timedelta(days=3)),
    (timedelta(minutes=15), 7, timedelta(days=1)),
)
#: Longer ranges in parts that are still told in days.
_DAILY: Final = timedelta(days=90)
#: A moment's range of time, the end not in it.
Within = tuple[datetime, datetime]
#: An answer this fresh is not asked for again, in seconds.
FRESH_S: Final = 60.0


class UsageReader(Protocol):
    """The part of the API client that is used here."""

    @property
    def server_time_offset_s(self) -> float | None: ...
    async def usages(self, question: UsageQuestion) -> UsageReport: ...
    async def usage_activity(self, question: UsageQuestion, offset: int = ...) -> ActivityPage: ...


class Sent(Protocol):
    """The part of the ledger that is used here."""

    async def sent_between(
        self, start: datetime, end: datetime, workspace_id: str
    ) -> list[LedgerRow]: ...
    async def spent_since(self, since: datetime, workspace_id: str | None = ...) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """A report, and how good it is.

    Attributes:
        at: when it was asked for, by the service's clock.
        error: why it could not be read anew; the report is then an older one.
        is_team: it was read with the team's key, and tells of the whole team.
    """

    report: UsageReport
    at: datetime
    is_team: bool
    error: AppError | None = None


class Usage:
    """Reads usage for one workspace.

    Attributes:
        zone: whose calendar days are.
    """

    def __init__(
        self,
        client: UsageReader,
        ledger: Sent,
        cache: ReportCache,
        *,
        workspace_id: str,
        zone: tzinfo,
        team: UsageReader | None = None,
        titles: dict[str, str] | None = None,
        own_keys: Collection[str] = (),
        clock: Clock | None = None,
    ) -> None:
        """
        Args:
            team: a client with a team's key, which may see everybody's usage.
            titles: the names of our kinds of request, by the word of the ledger.
            own_keys: the public halves of the keys that are used here; who has one is "You".
        """
        self._reader = team or client
        self._has_team = team is not None
        self._ledger = ledger
        self._cache = cache
        self._workspace_id = workspace_id
        self.zone = zone
        self._titles = titles or {}
        self._own_keys = frozenset(own_keys) - {""}
        self._clock = clock or Clock()

    async def aclose(self) -> None:
        """Keep on the disk what was read. May be called twice."""
        await self._cache.aclose()

    # reports

    def now(self) -> datetime:
        """Return the time by the service's clock."""
        return self._clock.now() + timedelta(seconds=self._reader.server_time_offset_s or 0.0)

    def preset(self, which: Preset) -> UsageRange:
        """Return a named range as it is now."""
        return preset(which, self.now(), self.zone)

    async def kept(self, over: UsageRange) -> Loaded | None:
        """Return what is kept of a range, to be shown until ``report`` comes; None for nothing."""
        kept = await self._cache.get(key_of(over))
        return Loaded(kept.report, kept.at, self._has_team) if kept is not None else None

    async def report(
        self, over: UsageRange, *, is_fresh: bool = False, user_ids: Sequence[str] = ()
    ) -> Loaded:
        """Read every block but the activity.

        Args:
            is_fresh: ask even when an answer of this minute is kept.

        Raises:
            Forbidden: the key may not see usage; the hint says which one may.
            AppError: it could not be read, and nothing is kept.
        """
        key = key_of(over, user_ids)
        kept = await self._cache.get(key)
        if kept is not None and not is_fresh and self._is_settled(kept, over):
            return Loaded(kept.report, kept.at, self._has_team)
        at = self.now()
        try:
            report = await self._reader.usages(self._question(over, user_ids))
        except Forbidden as error:
            raise self._not_allowed(error) from error
        except AppError as error:
            if kept is None:
                raise
            return Loaded(kept.report, kept.at, self._has_team, error)
        entities = with_you(report.entities, self._own_keys)
        report = report.model_copy(update={"entities": entities})
        self._cache.put(key, KeptReport(report, at))
        return Loaded(report, at, self._has_team)

    async def users(self, over: UsageRange, user_ids: Sequence[str]) -> dict[str, UsageReport]:
        """Read the reports of some users, each for itself, at once.

        Raises:
            AppError: one of them could not be read; no sum of the others would be right.
        """
        chosen = list(dict.fromkeys(user_ids))[:MOST_USERS]
        loaded = await asyncio.gather(*(self.report(over, user_ids=[one]) for one in chosen))
        return {one: found.report for one, found in zip(chosen, loaded, strict=True)}

    def activity(
        self,
        over: UsageRange,
        wanted: ActivityFilter | None = None,
        *,
        within: Within | None = None,
    ) -> ActivityBook:
        """Return the list of actions of a range, of its last 120 days when it is longer.

        The caller closes it.

        Args:
            within: only what was done in this part of the range.
        """
        start, end = within or self._recent(over)

        async def read(offset: int) -> ActivityPage:
            page = await self._page(start, end, offset)
            entities = with_you(page.entities, self._own_keys)
            return page.model_copy(update={"entities": entities})

        return ActivityBook(read, wanted)

    async def all_activity(
        self,
        over: UsageRange,
        wanted: ActivityFilter | None = None,
        *,
        within: Within | None = None,
    ) -> AsyncIterator[tuple[int, list[ActivityRow]]]:
        """Yield page by page how many actions it had, and those of them that are wanted.

        Nothing is held, and the range may be of any length. It ends now, so that what happens
        meanwhile moves no page.
        """
        from scenario_desktop.api.usages import pieces

        start, end = within or (over.start, over.end)
        end = max(start + timedelta(seconds=1), min(end, self.now()))
        for first, last in reversed(pieces(start, end, timedelta(days=ACTIVITY_DAYS - 1))):
            offset = 0
            while True:
                page = await self._page(first, last, offset)
                rows = rows_of(page)
                yield page.count, [row for row in rows if wanted is None or wanted.takes(row)]
                offset += page.count
                if page.count < ACTIVITY_PAGE:
                    break

    async def _page(self, start: datetime, end: datetime, offset: int) -> ActivityPage:
        from scenario_desktop.api.usages import UsageQuestion

        try:
            return await self._reader.usage_activity(UsageQuestion(start=start, end=end), offset)
        except Forbidden as error:
            raise self._not_allowed(error) from error

    def _recent(self, over: UsageRange) -> Within:
        first = max(over.first, over.last - timedelta(days=ACTIVITY_DAYS - 2))
        return UsageRange(first, over.last, over.zone).start, over.end

    def _question(self, over: UsageRange, user_ids: Sequence[str] = ()) -> UsageQuestion:
        from scenario_desktop.api.usages import UsageQuestion

        # Long ranges are told in days of UTC, which are nobody's days elsewhere.
        part = fine_part(over)
        return UsageQuestion(
            start=over.start, end=over.end, user_ids=tuple(user_ids),
            longest=part or _DAILY, drops_zero_points=part is not None,
        )  # fmt: skip

    def _is_settled(self, kept: KeptReport, over: UsageRange) -> bool:
        """Whether asking again would hardly tell anything else."""
        is_past = over.end + timedelta(days=2) < kept.at
        return is_past or (self.now() - kept.at).total_seconds() < FRESH_S

    def _not_allowed(self, error: Forbidden) -> Forbidden:
        whose = "The team key" if self._has_team else "This key"
        return Forbidden(
            f"{whose} may not see the usage of the account.",
            hint="Add a team key of an administrator to this workspace.",
            details=error.details,
        )

    # our own record

    async def comparison(self, over: UsageRange) -> Comparison:
        """Put our record of a range beside the service's bookings.

        Where those cannot be read, ours stands alone: each job's own bill is in it.
        """
        rows = await self._ledger.sent_between(over.start, over.end, self._workspace_id)
        # Where the bill is the price, there is nothing to explain.
        unclear = [row for row in rows if row.charged is None or row.charged != row.quoted]
        wanted = {row.job_id for row in unclear if row.job_id is not None}
        booked = booked_by_job(await self._bookings(over, wanted)) if wanted else {}
        return compare(rows, booked, self._titles)

    async def _bookings(self, over: UsageRange, wanted: set[str]) -> list[Activity]:
        """Read actions until all wanted jobs were seen, or for as many pages as are worth it."""
        (start, end), found = self._recent(over), list[Activity]()
        offset, missing = 0, set(wanted)
        for _ in range(_BOOKED_PAGES):
            try:
                page = await self._page(start, end, offset)
            except AppError:
                break  # our own record stands alone then, and says what it does not know
            ours = [activity for activity in page.actions if activity.data.job_id in wanted]
            found += ours
            missing -= {activity.data.job_id or "" for activity in ours}
            offset += page.count
            if not missing or not page.count:
                break
        return found

    async def budget(self, budget: Decimal | None, spent: Decimal | None = None) -> BudgetState:
        """Tell how the month goes.

        Args:
            spent: by the service, this month; None takes our own record.
        """
        month = self.preset(Preset.MONTH)
        if spent is None:
            spent = await self._ledger.spent_since(month.start, self._workspace_id)
        return budget_state(spent, budget, self.now(), self.zone)


def fine_part(over: UsageRange) -> timedelta | None:
    """Return the length of parts that let days be the user's; None where they are, or cannot be."""
    offsets = [moment.astimezone(over.zone).utcoffset() for moment in (over.start, over.end)]
    if not any(offsets):
        return None
    for step, most_days, part in _FINE:
        if not any(offset % step for offset in offsets if offset is not None):
            return part if over.days <= most_days else None
    return None
