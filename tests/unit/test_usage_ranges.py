"""Ranges are whole days of the user's calendar, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_desktop.errors import BadInput
from scenario_desktop.services.usage.budget import budget_state
from scenario_desktop.services.usage.ranges import (
    MOST_DAYS,
    Preset,
    UsageRange,
    midnight,
    month_end,
    preset,
)

MADRID = ZoneInfo("Europe/Madrid")
NOON = datetime(2026, 11, 20, 12, tzinfo=MADRID)
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)


def test_presets_end_today_and_a_month_with_its_last_day() -> None:
    assert preset(Preset.WEEK, NOON, MADRID).first == date(2026, 11, 14)
    assert preset(Preset.THIRTY, NOON, MADRID).days == 30
    month = preset(Preset.MONTH, NOON, MADRID)
    assert (month.first, month.last) == (date(2026, 11, 1), date(2026, 11, 30))
    assert month.until(NOON).last == date(2026, 11, 20)


def test_the_range_before_is_as_long_and_a_month_is_compared_from_its_first() -> None:
    week = preset(Preset.WEEK, NOON, MADRID)
    assert (week.previous().first, week.previous().last) == (date(2026, 11, 7), date(2026, 11, 13))
    month = preset(Preset.MONTH, NOON, MADRID).until(NOON)
    before = month.previous()
    assert (before.first, before.last) == (date(2026, 10, 1), date(2026, 10, 20))


def test_a_longer_month_is_compared_with_the_whole_shorter_one() -> None:
    march = preset(Preset.MONTH, datetime(2026, 3, 31, tzinfo=MADRID), MADRID)
    assert march.previous().last == date(2026, 2, 28)


def test_a_leap_day_is_a_day() -> None:
    assert month_end(date(2028, 2, 1)) == date(2028, 2, 29)
    over = UsageRange(date(2028, 2, 28), date(2028, 3, 1), MADRID)
    assert over.days == 3
    assert over.end - over.start == timedelta(days=3)


@pytest.mark.parametrize("days", [0, MOST_DAYS + 1])
def test_a_range_has_a_right_order_and_a_bound(days: int) -> None:
    with pytest.raises(BadInput):
        UsageRange(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=days - 1), MADRID)


@given(st.dates(date(1990, 1, 1), date(2036, 12, 30)), ZONES)
def test_days_follow_each_other_without_a_hole(day: date, zone: ZoneInfo) -> None:
    today, tomorrow = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    # A few places have once left a whole day out when they crossed the date line.
    assert timedelta(0) <= tomorrow - today <= timedelta(hours=48)
    assert UsageRange(day, day, zone).end == tomorrow


# The budget


def test_a_pace_is_carried_to_the_end_of_the_month() -> None:
    state = budget_state(Decimal(1242), Decimal(2000), NOON, MADRID)
    assert state.forecast == 1911
    assert (state.last_day, state.runs_out) == (date(2026, 11, 30), None)
    assert state.share == pytest.approx(0.621)
    assert not state.needs_warning


def test_a_budget_that_will_not_last_names_the_day() -> None:
    state = budget_state(Decimal(1500), Decimal(2000), NOON, MADRID)
    assert state.forecast == 2308
    assert state.runs_out == date(2026, 11, 27)
    assert state.needs_warning


def test_an_overdrawn_budget_ran_out_today() -> None:
    state = budget_state(Decimal(2500), Decimal(2000), NOON, MADRID)
    assert state.runs_out == NOON.date()
    assert state.share == 1.25


@pytest.mark.parametrize(
    ("spent", "budget", "share"),
    [(Decimal(0), None, None), (Decimal(0), Decimal(0), 0.0), (Decimal(1), Decimal(0), 1.0)],
)
def test_budgets_of_nothing(spent: Decimal, budget: Decimal | None, share: float | None) -> None:
    assert budget_state(spent, budget, NOON, MADRID).share == share


def test_the_first_day_has_no_forecast() -> None:
    early = datetime(2026, 11, 1, 9, tzinfo=MADRID)
    state = budget_state(Decimal(50), Decimal(2000), early, MADRID)
    assert (state.forecast, state.needs_warning) == (None, False)


def test_the_month_is_the_zones() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert budget_state(Decimal(1), None, late, MADRID).last_day == date(2026, 12, 31)
