"""What the chart of bars draws: plain numbers and words, made before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scenario_desktop.services.usage.charts import REST, Bucket, Chart, Series

#: More series than colours become one.
MOST_SERIES = 8
OTHER = "other series"
#: Stands for the part of a bar that a breakdown does not tell, where "" is the whole bar.
UNTOLD = "not told apart"


@dataclass(frozen=True, slots=True)
class Bars:
    """One series: an amount for each place, None for a gap."""

    id: str
    name: str
    color: int
    values: tuple[float | None, ...]
    total: Decimal


@dataclass(frozen=True, slots=True)
class BarData:
    """A chart as it is drawn.

    Attributes:
        labels: what stands below each place; empty for most of many.
        titles: each place in words, for its card.
        series: from the bottom up.
        sums: of each place, None where nothing is known.
        is_final: of each place.
        future: the first place that has not begun; as many as there are places when all have.
        ghost: amounts of the time before, None for gaps; empty without one.
        forecast: the amount of a place at the pace so far; None without one.
        unit: of all amounts, such as "CU".
    """

    labels: tuple[str, ...]
    titles: tuple[str, ...]
    series: tuple[Bars, ...]
    sums: tuple[Decimal | None, ...]
    is_final: tuple[bool, ...]
    future: int
    ghost: tuple[float | None, ...] = ()
    ghost_name: str = ""
    forecast: float | None = None
    unit: str = ""

    @property
    def count(self) -> int:
        return len(self.labels)

    @property
    def top(self) -> float:
        """The largest amount that is drawn."""
        sums = [float(amount) for amount in self.sums if amount is not None]
        ghosts = [amount for amount in self.ghost if amount is not None]
        return max([*sums, *ghosts, self.forecast or 0.0], default=0.0)


class Colors:
    """Gives each id a colour and keeps it, so that a range more changes no colour."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def of(self, one: str, taken: set[int]) -> int:
        """Return the number of an id's colour, another than those taken where that can be."""
        wanted = self._given.get(one)
        if wanted is None or wanted in taken:
            free = [n for n in range(MOST_SERIES) if n not in taken]
            fresh = [n for n in free if n not in self._given.values()]
            wanted = (fresh or free or [0])[0]
            self._given[one] = wanted
        taken.add(wanted)
        return wanted


def bar_data(
    chart: Chart,
    *,
    name: Callable[[str], str],
    label: Callable[[Bucket], str],
    title: Callable[[Bucket], str],
    colors: Colors,
    future: int,
    ghost: Chart | None = None,
    ghost_name: str = "",
    forecast: float | None = None,
    unit: str = "",
) -> BarData:
    """Make a chart ready for drawing: at most as many series as there are colours."""
    taken: set[int] = set()
    bars = tuple(
        Bars(
            series.id,
            name(series.id),
            colors.of(series.id, taken),
            tuple(None if value is None else float(value) for value in series.values),
            series.total,
        )
        for series in _gathered(chart.series)
    )
    places = range(len(chart.buckets))
    shown = _labels(chart.buckets, label)
    return BarData(
        labels=shown,
        titles=tuple(title(bucket) for bucket in chart.buckets),
        series=bars,
        sums=tuple(chart.sum_of(place) for place in places),
        is_final=tuple(bucket.is_final for bucket in chart.buckets),
        future=future,
        ghost=_ghost(ghost, len(chart.buckets)) if ghost is not None else (),
        ghost_name=ghost_name,
        forecast=forecast,
        unit=unit,
    )


def _gathered(series: Sequence[Series]) -> Sequence[Series]:
    """Put the smallest together where there are more than colours."""
    if len(series) <= MOST_SERIES:
        return series
    kept = [s for s in series if s.id != REST][: MOST_SERIES - 1]
    rest = [s for s in series if s not in kept]
    values: list[Decimal | None] = []
    for place in range(len(rest[0].values)):
        known = [value for s in rest if (value := s.values[place]) is not None]
        values.append(sum(known, Decimal(0)) if known else None)
    return [*kept, Series(OTHER, tuple(values))]


def _ghost(chart: Chart, count: int) -> tuple[float | None, ...]:
    sums = [chart.sum_of(place) for place in range(len(chart.buckets))][:count]
    shown = [None if amount is None else float(amount) for amount in sums]
    return (*shown, *([None] * (count - len(shown))))


def _labels(buckets: Sequence[Bucket], label: Callable[[Bucket], str]) -> tuple[str, ...]:
    """Return words for some places, evenly apart, so that they have room."""
    step = max(1, -(-len(buckets) // 11))
    step = next((nice for nice in (1, 2, 3, 4, 6, 7, 14, 28) if nice >= step), step)
    return tuple(label(bucket) if place % step == 0 else "" for place, bucket in enumerate(buckets))
