"""What the page shows of a report, made ready in a thread: plain numbers and words, no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Final

from scenario_desktop.api.models.usage import UsageReport
from scenario_desktop.services.usage import charts
from scenario_desktop.services.usage.charts import REST, Chart, Grouping, Measure, Share
from scenario_desktop.services.usage.ranges import Preset, UsageRange
from scenario_desktop.ui.panels.usage.bar_data import BarData, Colors, bar_data
from scenario_desktop.ui.panels.usage.words import (
    UsageNames,
    amount_text,
    label_of,
    range_text,
    title_of,
)

ZERO: Final = Decimal(0)
_UNITS: Final[Mapping[Measure, str]] = {
    Measure.SPEND: "CU", Measure.JOBS: "jobs", Measure.ASSETS: "pictures",
    Measure.NSFW: "labels", Measure.VERDICTS: "verdicts",
}  # fmt: skip
_TITLES: Final[Mapping[Measure, str]] = {
    Measure.SPEND: "Spend", Measure.JOBS: "Jobs", Measure.ASSETS: "Made",
    Measure.NSFW: "Labels", Measure.VERDICTS: "Quality gate",
}  # fmt: skip
PICTURE_KINDS: Final = frozenset({"image", "image-hdr"})


class Rank(StrEnum):
    """What the list at the right ranks."""

    MODELS = "models"
    PEOPLE = "people"
    ACTIONS = "actions"


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be seen of a range.

    Attributes:
        hidden: ids of series that are left out of the bars.
    """

    over: UsageRange
    measure: Measure = Measure.SPEND
    grouping: Grouping = Grouping.ACTION
    rank: Rank = Rank.MODELS
    hidden: frozenset[str] = frozenset()

    @property
    def shown_grouping(self) -> Grouping | None:
        """What the bars are made of: not everything is told by everything."""
        match self.measure:
            case Measure.ASSETS:
                return Grouping.KIND
            case Measure.NSFW | Measure.VERDICTS:
                return None
        return Grouping.ACTION if self.grouping is Grouping.KIND else self.grouping


@dataclass(frozen=True, slots=True)
class Sources:
    """What figures are made from.

    Attributes:
        before: the report on the time before, None without one.
        users: reports on single users, for bars made of them.
        pace: Creative Units a day at the pace so far, None without a forecast.
    """

    report: UsageReport
    before: UsageReport | None = None
    users: Mapping[str, UsageReport] = field(default_factory=dict)
    pace: float | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row of the ranking.

    Attributes:
        whole: what it was made of, for files.
    """

    id: str
    name: str
    amount: Decimal
    share: float
    note: str
    whole: Share


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is drawn.

    Attributes:
        legend: the bars with those that are hidden, whose names stay to bring them back.
        notes: what must be known to read the chart, a sentence each.
        problems: what of the report could not be read.
    """

    choice: Choice
    chart: Chart
    bars: BarData
    legend: tuple[LegendEntry, ...]
    title: str
    ranked: tuple[Ranked, ...]
    spent: Decimal
    spent_before: Decimal | None
    jobs: Decimal
    pictures: Decimal
    others: Decimal
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    names: UsageNames
    has_verdicts: bool
    is_empty: bool


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A series by name, with its colour's number and its sum."""

    id: str
    name: str
    color: int
    total: Decimal
    is_hidden: bool = False


def make_figures(sources: Sources, choice: Choice, now: datetime, colors: Colors) -> Figures:
    """Compute everything; some 10 ms for a large report, so not on the Qt thread."""
    report, over = sources.report, choice.over
    names = UsageNames(report)
    chart = _chart(report, choice, over, now, sources.users)
    shown = _without(chart, choice.hidden)
    by_action = charts.spend(report, Grouping.ACTION, over, now)
    made = charts.assets(report, over, now)
    pictures = sum((s.total for s in made.series if s.id in PICTURE_KINDS), ZERO)
    jobs = charts.jobs(report, Grouping.ACTION, over, now)
    grouping = choice.shown_grouping
    zone = over.zone if chart.is_local else UTC
    begun = sum(bucket.start < now for bucket in chart.buckets)
    earlier, ghost, ghost_name = None, None, ""
    if sources.before is not None:
        past = over.until(now).previous()
        earlier = charts.spend(sources.before, Grouping.ACTION, past, now)
        ghost_name = range_text(past)
        ghost = _without(_chart(sources.before, choice, past, now, {}), choice.hidden)
        if choice.hidden and grouping is Grouping.USER:
            ghost = None  # the time before is not told by user
    is_day = chart.measure is Measure.SPEND and not choice.hidden and _is_daily(chart)
    bars = bar_data(
        shown, name=partial(names.of, grouping), label=partial(label_of, zone=zone),
        title=partial(title_of, zone=zone), colors=colors, future=begun, ghost=ghost,
        ghost_name=ghost_name, forecast=sources.pace if is_day else None,
        unit=_UNITS[chart.measure],
    )  # fmt: skip
    return Figures(
        choice=choice, chart=chart, bars=bars, legend=_legend(chart, bars, choice, names),
        title=_title(chart), ranked=_ranked(report, choice, by_action, names, now),
        spent=by_action.total, spent_before=earlier.total if earlier is not None else None,
        jobs=jobs.total, pictures=pictures, others=made.total - pictures,
        notes=_notes(report, chart, begun), problems=report.problems, names=names,
        has_verdicts=bool(report.quality_gate_usages),
        is_empty=not (by_action.total or jobs.total or made.total or chart.total),
    )  # fmt: skip


def _chart(
    report: UsageReport,
    choice: Choice,
    over: UsageRange,
    now: datetime,
    users: Mapping[str, UsageReport],
) -> Chart:
    match choice.measure:
        case Measure.ASSETS:
            return charts.assets(report, over, now)
        case Measure.NSFW:
            return charts.nsfw(report, over, now)
        case Measure.VERDICTS:
            return charts.verdicts(report, over, now)
    count = charts.jobs if choice.measure is Measure.JOBS else charts.spend
    if choice.shown_grouping is Grouping.USER:
        return charts.by_user(count(report, Grouping.ACTION, over, now), users, over, now)
    return count(report, choice.shown_grouping or Grouping.ACTION, over, now)


def _without(chart: Chart, hidden: frozenset[str]) -> Chart:
    kept = tuple(series for series in chart.series if series.id not in hidden)
    return Chart(chart.measure, chart.grouping, chart.buckets, kept, chart.is_local)


def _legend(
    chart: Chart, bars: BarData, choice: Choice, names: UsageNames
) -> tuple[LegendEntry, ...]:
    shown = [LegendEntry(b.id, b.name, b.color, b.total) for b in bars.series]
    hidden = [
        LegendEntry(s.id, names.of(choice.shown_grouping, s.id), 0, s.total, is_hidden=True)
        for s in chart.series
        if s.id in choice.hidden
    ]
    return (*shown, *hidden)


def _title(chart: Chart) -> str:
    what = _TITLES[chart.measure]
    per = "over time"
    if chart.buckets:
        length = chart.buckets[0].end - chart.buckets[0].start
        per = next(
            (word for most, word in _PERIODS if length <= most), f"per {round(length.days)} days"
        )
    unit = ", CU" if chart.measure is Measure.SPEND else ""
    return f"{what} {per}{unit}"


_PERIODS: Final = (
    (timedelta(minutes=1), "per minute"), (timedelta(minutes=59), "over time"),
    (timedelta(hours=2), "per hour"), (timedelta(hours=26), "per day"),
    (timedelta(days=8), "per week"),
)  # fmt: skip


def _is_daily(chart: Chart) -> bool:
    lengths = [bucket.end - bucket.start for bucket in chart.buckets]
    return bool(lengths) and all(timedelta(hours=22) < one < timedelta(hours=26) for one in lengths)


def _notes(report: UsageReport, chart: Chart, begun: int) -> tuple[str, ...]:
    notes: list[str] = []
    places = chart.buckets[:begun]
    if any(not bucket.is_final for bucket in places):
        notes.append("Hatched: may still change")
    if any(chart.sum_of(place) is None for place in range(begun)):
        notes.append("Striped ground: not known")
    if not chart.is_local and chart.buckets:
        notes.append("Days are those of UTC")
    if report.has_mixed_granularity:
        notes.append("Told in steps of different lengths")
    return tuple(notes)


def _ranked(
    report: UsageReport, choice: Choice, by_action: Chart, names: UsageNames, now: datetime
) -> tuple[Ranked, ...]:
    over = choice.over
    match choice.rank:
        case Rank.PEOPLE:
            shares: Sequence[Share] = charts.consumers(report)
            grouping = Grouping.USER
        case Rank.ACTIONS:
            counts = charts.jobs(report, Grouping.ACTION, over, now)
            shares, grouping = charts.ranking(by_action, counts), Grouping.ACTION
        case _:
            spend = charts.spend(report, Grouping.MODEL, over, now)
            counts = charts.jobs(report, Grouping.MODEL, over, now)
            shares, grouping = charts.ranking(spend, counts), Grouping.MODEL
    return tuple(
        Ranked(
            share.id, names.of(grouping, share.id), share.amount, share.share, _note(share), share
        )
        for share in shares
    )


def _note(share: Share) -> str:
    parts: list[str] = []
    if share.count is not None:
        parts.append(f"{share.count:,.0f} jobs" if share.count != 1 else "1 job")
    if share.discount:
        parts.append(f"{amount_text(share.discount)} CU discount")
    return ", ".join(parts)


def top_users(report: UsageReport, count: int) -> list[str]:
    """Return the users who consumed most."""
    return [share.id for share in charts.consumers(report) if share.id != REST][:count]


def is_month(over: UsageRange) -> bool:
    return over.label == Preset.MONTH
