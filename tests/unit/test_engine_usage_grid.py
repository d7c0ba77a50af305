"""The points that usage is told in: how long they are, and that they cover what was asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_desktop.api.models.usage import BLOCKS, GRANULARITIES, LONGEST_DAYS, TIME_RANGES
from scenario_desktop.engine.times import floor_ms
from scenario_desktop.engine.usage import DAY_MS, MICRO, micro
from scenario_desktop.engine.usage_answer import Grid, Question, number

CALM = settings(deadline=None, database=None, derandomize=True)
STARTS = st.integers(min_value=0, max_value=4_102_444_800_000)
LENGTHS = st.integers(min_value=1, max_value=LONGEST_DAYS * DAY_MS)


def asked(start_ms: int, length_ms: int) -> Question:
    return Question(start_ms, start_ms + length_ms, frozenset(BLOCKS))


@CALM
@given(STARTS, LENGTHS)
def test_points_cover_the_range_in_equal_steps(start_ms: int, length_ms: int) -> None:
    question = asked(start_ms, length_ms)
    grid = Grid(question)
    step = timedelta(milliseconds=GRANULARITIES[question.granularity])
    times = [datetime.fromisoformat(time) for time in grid.times]
    assert floor_ms(times[0]) == grid.start_ms <= start_ms < floor_ms(times[0] + step)
    assert floor_ms(times[-1]) < question.end_ms <= floor_ms(times[-1] + step)
    assert all(late - early == step for early, late in pairwise(times))
    assert len(times) <= 170


@CALM
@given(STARTS, LENGTHS, LENGTHS)
def test_a_longer_range_is_never_told_in_shorter_points(start: int, one: int, other: int) -> None:
    short, long = sorted((one, other))
    lengths = [GRANULARITIES[asked(start, length).granularity] for length in (short, long)]
    assert lengths == sorted(lengths)


@CALM
@given(STARTS, LENGTHS, st.integers(min_value=0, max_value=52))
def test_points_lie_alike_in_any_range(start_ms: int, length_ms: int, weeks: int) -> None:
    """So that what was asked for in parts can be put together."""
    one = Grid(asked(start_ms, length_ms))
    other = Grid(asked(start_ms + weeks * 7 * DAY_MS, length_ms))
    assert (other.start_ms - one.start_ms) == weeks * 7 * DAY_MS


@pytest.mark.parametrize(
    ("day", "granularity"),
    [
        ("2024-02-29", "1d"), ("2026-03-29", "1h"), ("2026-10-25", "15m"), ("2026-12-31", "1m"),
    ],
)  # fmt: skip
def test_odd_days_have_as_many_points_as_others(day: str, granularity: str) -> None:
    """A leap day, the days when clocks are changed, the last of a year."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    days = {"1d": 10, "1h": 5, "15m": 1, "1m": 1 / 24}[granularity]
    question = asked(floor_ms(start), int(days * DAY_MS))
    assert question.granularity == granularity
    expected = days * DAY_MS / GRANULARITIES[granularity]
    assert len(Grid(question).times) == expected


def test_every_granularity_is_chosen_by_some_range() -> None:
    lengths = [*TIME_RANGES.values(), 4 * 3_600_000, LONGEST_DAYS * DAY_MS]
    assert {asked(0, length).granularity for length in lengths} == set(GRANULARITIES)


@CALM
@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_units_are_told_as_they_were_written(units: Decimal) -> None:
    assert Decimal(number(micro(units))) == units


@CALM
@given(st.integers(min_value=0, max_value=10**9))
def test_whole_units_are_told_as_whole_numbers(units: int) -> None:
    assert number(units * MICRO) == str(units)
