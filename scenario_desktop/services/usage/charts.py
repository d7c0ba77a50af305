"""From a report to what is drawn and listed: one table of numbers, whichever way it is seen.

Nothing is made up here. What the service did not tell is None, a gap, and a total that has gaps
says so. The same amounts stand in every view: what a breakdown cannot name is a series of its own.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from scenario_desktop.api.models.usage import GRANULARITIES, UsageReport, UsageSpan
from scenario_desktop.services.usage.ranges import UsageRange, midnight

#: How long after their time amounts may still change, by what was seen of such services.
SETTLING: Final = timedelta(hours=1)
#: The sum of all actions stands in a series of this name.
COST_NAME: Final = "creative-unit-cost"
_UNITS_PREFIX: Final = "creative-unit"
#: The name of what a breakdown does not tell.
REST: Final = ""
#: What is counted among the actions and is no job: what is done with the library itself, what
#: was paid back, and what jobs have made.
NO_JOBS: Final = frozenset({
    "refunds", "custom-asset-created", "asset", "copy-asset", "update-asset", "delete-asset",
    "download-assets", "tag-asset", "start-train", "train-succeeded",
})  # fmt: skip
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
ZERO: Final = Decimal(0)


class Measure(StrEnum):
    """What is counted."""

    SPEND = "spend"
    JOBS = "jobs"
    ASSETS = "assets"
    NSFW = "nsfw"
    VERDICTS = "verdicts"


class Grouping(StrEnum):
    """What the bars are made of."""

    ACTION = "action"
    MODEL = "model"
    USER = "user"
    KIND = "kind"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of time that one bar stands for.

    Attributes:
        start, end: in UTC, the end not in it.
        is_final: whether its amounts will not change any more.
    """

    start: datetime
    end: datetime
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of the bars.

    Attributes:
        id: the service's own word or id; ``REST`` for what the breakdown does not tell.
        values: an amount for each bucket; None where nothing is known.
        total: the sum of what is known.
    """

    id: str
    values: tuple[Decimal | None, ...]
    total: Decimal = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # Kept, as it is asked for many times: there are hundreds of series.
        object.__setattr__(self, "total", sum(filter(None, self.values), ZERO))

    @property
    def has_gaps(self) -> bool:
        return any(value is None for value in self.values)


@dataclass(frozen=True, slots=True)
class Chart:
    """Amounts over time, broken down.

    Attributes:
        series: the largest first, the rest last; those without any amount are left out.
        is_local: whether buckets are days or hours of the user's zone, not of UTC.
    """

    measure: Measure
    grouping: Grouping | None
    buckets: tuple[Bucket, ...]
    series: tuple[Series, ...]
    is_local: bool

    @property
    def total(self) -> Decimal:
        return sum((series.total for series in self.series), ZERO)

    @property
    def has_gaps(self) -> bool:
        return any(series.has_gaps for series in self.series)

    def sum_of(self, place: int) -> Decimal | None:
        """Return what is known of one bucket; None when nothing is."""
        known = [s.values[place] for s in self.series]
        numbers = [value for value in known if value is not None]
        return sum(numbers, ZERO) if numbers else None


@dataclass(frozen=True, slots=True)
class Share:
    """A row of a ranking: how much, and of all how much from 0 to 1."""

    id: str
    amount: Decimal
    share: float
    count: Decimal | None = None
    discount: Decimal | None = None


def spend(report: UsageReport, grouping: Grouping, over: UsageRange, now: datetime) -> Chart:
    """Return Creative Units over time, by action or by model."""
    if grouping is Grouping.MODEL:
        told = {s.model_id: _points(s.points, "cost") for s in report.model_usages or ()}
    else:
        told = {s.usage_name: _points(s.points, "cost") for s in _actions(report)}
    whole = [s for s in report.usages or () if s.usage_name == COST_NAME]
    total = _points(whole[0].points, "value") if whole else None
    return _chart(report, Measure.SPEND, grouping, told, over, now, total=total)


def jobs(report: UsageReport, grouping: Grouping, over: UsageRange, now: datetime) -> Chart:
    """Return how many jobs there were over time, by action or by model."""
    by_action = {
        s.usage_name: _points(s.points, "value")
        for s in _actions(report)
        if s.usage_name not in NO_JOBS
    }
    if grouping is not Grouping.MODEL:
        return _chart(report, Measure.JOBS, grouping, by_action, over, now)
    told = {s.model_id: _points(s.points, "jobs") for s in report.model_usages or ()}
    return _chart(report, Measure.JOBS, grouping, told, over, now, total=_added(by_action))


def assets(report: UsageReport, over: UsageRange, now: datetime) -> Chart:
    """Return how many assets were made over time, by kind."""
    told = {s.kind: _points(s.points, "count") for s in report.asset_usages or ()}
    return _chart(report, Measure.ASSETS, Grouping.KIND, told, over, now)


def nsfw(report: UsageReport, over: UsageRange, now: datetime) -> Chart:
    """Return how often each label was given over time."""
    told = {s.label: _points(s.points, "count") for s in report.nsfw_usages or ()}
    return _chart(report, Measure.NSFW, None, told, over, now)


def verdicts(report: UsageReport, over: UsageRange, now: datetime) -> Chart:
    """Return how the quality gate judged over time."""
    told = {s.verdict: _points(s.points, "count") for s in report.quality_gate_usages or ()}
    return _chart(report, Measure.VERDICTS, None, told, over, now)


def by_user(
    whole: Chart, users: Mapping[str, UsageReport], over: UsageRange, now: datetime
) -> Chart:
    """Return the spend, or the jobs, over time by user, from a report on each of some of them.

    Args:
        whole: that of all, in any breakdown; what no report tells of is the rest.
    """
    count = jobs if whole.measure is Measure.JOBS else spend
    told = {
        user: _sums(count(report, Grouping.ACTION, over, now), whole.buckets)
        for user, report in users.items()
    }
    sums = [whole.sum_of(place) for place in range(len(whole.buckets))]
    series = [Series(user, values) for user, values in told.items() if any(values)]
    rest = _rest(sums, series)
    ordered = sorted(series, key=lambda s: s.total, reverse=True)
    return Chart(whole.measure, Grouping.USER, whole.buckets, (*ordered, *rest), whole.is_local)


def ranking(chart: Chart, counts: Chart | None = None) -> list[Share]:
    """Return the series of a chart, the largest first, each with its part of the whole.

    Args:
        counts: how often, by the same names.
    """
    total = chart.total
    often = {series.id: series.total for series in counts.series} if counts else {}
    return [
        Share(s.id, s.total, float(s.total / total) if total else 0.0, count=often.get(s.id))
        for s in chart.series
        if s.total or s.id != REST
    ]


def consumers(report: UsageReport) -> list[Share]:
    """Return what each user consumed, the largest first.

    A user whose amount is unknown is left out; the report's problems name it.
    """
    known = [(c, c.value) for c in report.consumption or () if c.value is not None]
    total = sum((value for _, value in known), ZERO)
    rows = [
        Share(c.user_id, value, float(value / total) if total else 0.0, discount=c.discount)
        for c, value in known
    ]
    return sorted(rows, key=lambda row: row.amount, reverse=True)


# --- time -----------------------------------------------------------------------------------------


def buckets_of(report: UsageReport, over: UsageRange, now: datetime) -> tuple[list[Bucket], bool]:
    """Return the stretches that a report can be told in, and whether they are local ones.

    Up to two days are told in hours, more in days. Where the service's points are too long to be
    cut at the user's midnight, days are UTC's; where they are weeks, the bars are weeks.
    """
    lengths = {_length(span) for span in report.spans} or {_DAY}
    longest = max(lengths)
    if longest > _DAY:
        return _even(over, longest, now), False
    wants_hours = over.days <= 2 and longest <= _HOUR
    if wants_hours:
        return _even(over, _HOUR, now), True
    days = [over.first + timedelta(days=number) for number in range(over.days)]
    edges = [midnight(day, over.zone) for day in (*days, over.last + _DAY)]
    if all(_fits(edge, longest) for edge in edges):
        return _between(edges, now), True
    return _between([_utc(day) for day in (*days, over.last + _DAY)], now), False


def _length(span: UsageSpan) -> timedelta:
    return timedelta(milliseconds=GRANULARITIES.get(span.granularity, 86_400_000))


def _fits(edge: datetime, length: timedelta) -> bool:
    return not (edge - datetime(1970, 1, 5, tzinfo=UTC)) % length


def _utc(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _even(over: UsageRange, length: timedelta, now: datetime) -> list[Bucket]:
    origin = datetime(1970, 1, 5, tzinfo=UTC)
    edge = over.start - (over.start - origin) % length
    edges = [edge]
    while edge < over.end:
        edge += length
        edges.append(edge)
    return _between(edges, now)


def _between(edges: Sequence[datetime], now: datetime) -> list[Bucket]:
    return [
        Bucket(start, end, is_final=end + SETTLING <= now)
        for start, end in itertools.pairwise(edges)
    ]


# --- amounts --------------------------------------------------------------------------------------

Points = dict[datetime, Decimal | None]


def _points(points: Iterable[Any], field: str) -> Points:
    return {point.time: getattr(point, field) for point in points}


def _added(series: Mapping[str, Points]) -> Points:
    """Add series up. A point that one of them does not know is unknown."""
    sums: Points = {}
    for points in series.values():
        for time, amount in points.items():
            before = sums.get(time, ZERO)
            sums[time] = None if amount is None or before is None else before + amount
    return sums


def _actions(report: UsageReport) -> list[Any]:
    return [s for s in report.usages or () if not s.usage_name.startswith(_UNITS_PREFIX)]


def _chart(
    report: UsageReport,
    measure: Measure,
    grouping: Grouping | None,
    told: Mapping[str, Points],
    over: UsageRange,
    now: datetime,
    *,
    total: Points | None = None,
) -> Chart:
    buckets, is_local = buckets_of(report, over, now)
    places = _Places(buckets, report.spans, now)
    series = [Series(name, places.filled(points)) for name, points in told.items()]
    shown = [s for s in series if s.total]
    rest = _rest(places.filled(total), shown) if total is not None else []
    ordered = sorted(shown, key=lambda s: s.total, reverse=True)
    return Chart(measure, grouping, tuple(buckets), (*ordered, *rest), is_local)


def _rest(whole: Sequence[Decimal | None], series: Sequence[Series]) -> list[Series]:
    """Return the part of the whole that the series do not tell; nothing when they tell it all.

    It is below zero where they tell more than the whole: the total stays what the service says.
    """
    told = zip(*(s.values for s in series), strict=True) if series else itertools.repeat(())
    values = [
        None if amount is None else amount - sum(filter(None, known), ZERO)
        for amount, known in zip(whole, told, strict=False)
    ]
    return [Series(REST, tuple(values))] if any(values) else []


class _Places:
    """Puts points in buckets. Many series have points of the same times: each is placed once."""

    def __init__(
        self, buckets: Sequence[Bucket], spans: Sequence[UsageSpan], now: datetime
    ) -> None:
        self._starts = [bucket.start for bucket in buckets]
        self._end = buckets[-1].end
        self._known: dict[datetime, int] = {}
        dropped = [span for span in spans if span.has_dropped_zeros]
        self._zeros = [place for place, one in enumerate(buckets) if _is_zero(one, dropped)]
        self._unknown = [place for place, one in enumerate(buckets) if one.start >= now]

    def filled(self, points: Points) -> tuple[Decimal | None, ...]:
        """Add points up in buckets. An unknown point makes its bucket unknown."""
        sums: list[Decimal | None] = [None] * len(self._starts)
        is_told = [False] * len(sums)
        for time, amount in points.items():
            place = self._known.get(time)
            if place is None:
                place = self._known[time] = self._place(time)
            if place < 0:
                continue
            if not is_told[place]:
                is_told[place] = True
                sums[place] = amount
            else:
                before = sums[place]
                sums[place] = None if amount is None or before is None else before + amount
        for place in self._zeros:
            if not is_told[place]:
                sums[place] = ZERO
        for place in self._unknown:
            sums[place] = None
        return tuple(sums)

    def _place(self, time: datetime) -> int:
        if time >= self._end:
            return -1
        # A point that is longer than a seam is fine begins before the range.
        return max(0, bisect_right(self._starts, time) - 1)


def _is_zero(bucket: Bucket, dropped: Sequence[UsageSpan]) -> bool:
    """Whether a missing point is zero, as some answer about its time left points of zeros out."""
    return any(
        (span.start is None or span.start < bucket.end)
        and (span.end is None or span.end > bucket.start)
        for span in dropped
    )


def _sums(chart: Chart, buckets: Sequence[Bucket]) -> tuple[Decimal | None, ...]:
    """Return a chart's sums in the buckets of another one about the same range."""
    points = {b.start: chart.sum_of(place) for place, b in enumerate(chart.buckets)}
    sums: list[Decimal | None] = [ZERO] * len(buckets)
    starts = [bucket.start for bucket in buckets]
    for time, amount in points.items():
        found = max(0, bisect_right(starts, time) - 1)
        before = sums[found]
        sums[found] = None if amount is None or before is None else before + amount
    return tuple(sums)
