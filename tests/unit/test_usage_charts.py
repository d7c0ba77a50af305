"""Every view of one report adds up to the same total, and what is unknown is a gap."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_desktop.api.models.usage import (
    AssetSeries,
    Consumption,
    CountPoint,
    ModelPoint,
    ModelSeries,
    UsagePoint,
    UsageReport,
    UsageSeries,
    UsageSpan,
)
from scenario_desktop.services.usage import charts
from scenario_desktop.services.usage.charts import REST, Chart, Grouping
from scenario_desktop.services.usage.ranges import UsageRange

MADRID = ZoneInfo("Europe/Madrid")
LATER = datetime(2027, 6, 1, tzinfo=UTC)
NOVEMBER = UsageRange(date(2026, 11, 1), date(2026, 11, 30), MADRID)


def at(hour: int, start: UsageRange = NOVEMBER) -> datetime:
    return start.start + timedelta(hours=hour)


def usage_point(time: datetime, cost: Decimal | None, value: int = 1) -> UsagePoint:
    return UsagePoint(time=time, value=Decimal(value), api_key=Decimal(0), cost=cost)


def model_point(time: datetime, cost: Decimal | None) -> ModelPoint:
    return ModelPoint(
        time=time, jobs=Decimal(1), cost=cost, discount=None, api_key_cost=None,
        api_key_discount=None,
    )  # fmt: skip


def report_of(
    calls: list[tuple[int, str, str, Decimal]],
    granularity: str = "1h",
    *,
    over: UsageRange = NOVEMBER,
    is_full: bool = False,
) -> UsageReport:
    """Return a report on calls: (hour of the range, action, model, cost)."""
    actions: dict[str, dict[datetime, Decimal]] = {}
    models: dict[str, dict[datetime, Decimal]] = {}
    total: dict[datetime, Decimal] = {}
    for hour, action, model, cost in calls:
        time = at(hour, over)
        for table, name in ((actions, action), (models, model)):
            points = table.setdefault(name, {})
            points[time] = points.get(time, Decimal(0)) + cost
        total[time] = total.get(time, Decimal(0)) + cost
    if is_full:
        for every in (*actions.values(), *models.values(), total):
            for hour in range(int((over.end - over.start).total_seconds() // 3600)):
                every.setdefault(at(hour, over), Decimal(0))
    series = [
        UsageSeries(
            usage_name=name, granularity=granularity,
            points=tuple(usage_point(time, cost) for time, cost in points.items()),
        )
        for name, points in actions.items()
    ]  # fmt: skip
    whole = UsageSeries(
        usage_name="creative-unit-cost", granularity=granularity,
        points=tuple(
            UsagePoint(time=time, value=cost, api_key=Decimal(0)) for time, cost in total.items()
        ),
    )  # fmt: skip
    return UsageReport(
        usages=(*series, whole),
        model_usages=tuple(
            ModelSeries(
                model_id=name, points=tuple(model_point(t, cost) for t, cost in points.items())
            )
            for name, points in models.items()
        ),
        spans=(UsageSpan(
            start=over.start, end=over.end, granularity=granularity, has_dropped_zeros=not is_full,
        ),),
    )  # fmt: skip


CALLS = st.lists(
    st.tuples(
        st.integers(0, 30 * 24 - 1),
        st.sampled_from(["detection", "inference", "upscale"]),
        st.sampled_from(["m1", "m2"]),
        st.decimals(0, 1000, places=3),
    ),
    max_size=30,
)


@given(CALLS, st.booleans())
def test_all_views_of_one_report_have_one_total(
    calls: list[tuple[int, str, str, Decimal]], is_full: bool
) -> None:
    report = report_of(calls, is_full=is_full)
    expected = sum((cost for *_, cost in calls), Decimal(0))
    by_action = charts.spend(report, Grouping.ACTION, NOVEMBER, LATER)
    by_model = charts.spend(report, Grouping.MODEL, NOVEMBER, LATER)
    for chart in (by_action, by_model):
        assert chart.total == expected
        bars = [chart.sum_of(place) for place in range(len(chart.buckets))]
        assert sum((bar for bar in bars if bar is not None), Decimal(0)) == expected
        assert sum((row.amount for row in charts.ranking(chart)), Decimal(0)) == expected
        assert not chart.has_gaps
    assert all(s.id != REST for s in by_action.series)


@given(CALLS, st.sampled_from(["Europe/Madrid", "America/New_York", "Asia/Kolkata", "UTC"]))
def test_the_zone_moves_amounts_but_loses_none(
    calls: list[tuple[int, str, str, Decimal]], zone: str
) -> None:
    over = UsageRange(date(2026, 11, 1), date(2026, 11, 30), ZoneInfo(zone))
    report = report_of(calls, over=over)
    chart = charts.spend(report, Grouping.ACTION, over, LATER)
    assert chart.total == sum((cost for *_, cost in calls), Decimal(0))


def test_what_a_breakdown_does_not_tell_is_the_rest() -> None:
    report = report_of([(0, "detection", "m1", Decimal(5)), (1, "upscale", "m1", Decimal(3))])
    partly = report.model_copy(update={"model_usages": ()})
    chart = charts.spend(partly, Grouping.MODEL, NOVEMBER, LATER)
    assert [(s.id, s.total) for s in chart.series] == [(REST, Decimal(8))]


def test_an_unknown_amount_is_a_gap_and_not_zero() -> None:
    points = (usage_point(at(0), Decimal(2)), usage_point(at(1), None))
    series = UsageSeries(usage_name="detection", granularity="1h", points=points)
    report = UsageReport(
        usages=(series,), spans=(UsageSpan(granularity="1h", has_dropped_zeros=True),)
    )
    day = UsageRange(date(2026, 11, 1), date(2026, 11, 1), MADRID)
    chart = charts.spend(report, Grouping.ACTION, day, LATER)
    assert chart.series[0].values[:3] == (Decimal(2), None, Decimal(0))
    assert chart.has_gaps


def test_a_missing_point_is_zero_only_where_zeros_were_left_out() -> None:
    report = report_of([(0, "detection", "m1", Decimal(2))])
    (span,) = report.spans
    told_all = report.model_copy(
        update={"spans": (span.model_copy(update={"has_dropped_zeros": False}),)}
    )
    assert not charts.spend(report, Grouping.ACTION, NOVEMBER, LATER).has_gaps
    assert charts.spend(told_all, Grouping.ACTION, NOVEMBER, LATER).has_gaps


def test_what_has_not_begun_is_no_amount() -> None:
    report = report_of([(0, "detection", "m1", Decimal(2))], is_full=True)
    noon = datetime(2026, 11, 20, 12, tzinfo=MADRID)
    chart = charts.spend(report, Grouping.ACTION, NOVEMBER, noon)
    assert chart.sum_of(19) == 0
    assert chart.sum_of(20) is None
    assert [bucket.is_final for bucket in chart.buckets[18:21]] == [True, False, False]


def test_hours_are_counted_in_the_days_of_the_users_zone() -> None:
    report = report_of([(23, "detection", "m1", Decimal(1)), (24, "detection", "m1", Decimal(2))])
    chart = charts.spend(report, Grouping.ACTION, NOVEMBER, LATER)
    assert chart.is_local
    assert [chart.sum_of(0), chart.sum_of(1)] == [Decimal(1), Decimal(2)]


def test_points_of_a_day_are_utcs_days_and_say_so() -> None:
    report = report_of([(1, "detection", "m1", Decimal(1))], "1d")
    chart = charts.spend(report, Grouping.ACTION, NOVEMBER, LATER)
    assert not chart.is_local
    assert chart.buckets[0].start == datetime(2026, 11, 1, tzinfo=UTC)
    assert chart.total == 1


def test_points_of_a_week_are_told_in_weeks() -> None:
    report = report_of([(1, "detection", "m1", Decimal(1))], "7d")
    chart = charts.spend(report, Grouping.ACTION, NOVEMBER, LATER)
    assert {bucket.end - bucket.start for bucket in chart.buckets} == {timedelta(days=7)}
    assert chart.total == 1


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 1), 24)]
)
def test_a_day_has_as_many_hours_as_it_has(day: date, hours: int) -> None:
    over = UsageRange(day, day + timedelta(days=4), MADRID)
    calls = [(hour, "detection", "m1", Decimal(1)) for hour in range(hours + 1)]
    chart = charts.spend(report_of(calls, over=over), Grouping.ACTION, over, LATER)
    assert [chart.sum_of(0), chart.sum_of(1)] == [Decimal(hours), Decimal(1)]


def test_the_largest_series_comes_first_and_the_rest_last() -> None:
    report = report_of([(0, "detection", "m1", Decimal(1)), (0, "upscale", "m2", Decimal(9))])
    chart = charts.spend(report, Grouping.ACTION, NOVEMBER, LATER)
    assert [s.id for s in chart.series] == ["upscale", "detection"]
    first = charts.ranking(chart)[0]
    assert (first.id, first.amount, first.share) == ("upscale", Decimal(9), 0.9)


def test_users_are_told_one_by_one_and_the_others_together() -> None:
    whole = charts.spend(
        report_of([(0, "detection", "m1", Decimal(9))]), Grouping.ACTION, NOVEMBER, LATER
    )
    one = report_of([(0, "detection", "m1", Decimal(4))])
    chart = charts.by_user(whole, {"u1": one}, NOVEMBER, LATER)
    assert [(s.id, s.total) for s in chart.series] == [("u1", Decimal(4)), (REST, Decimal(5))]
    assert chart.total == whole.total


def test_assets_are_counted_by_kind() -> None:
    point = CountPoint(time=at(0), count=Decimal(3), count_api_key=Decimal(0))
    report = UsageReport(asset_usages=(AssetSeries(kind="image", points=(point,)),))
    chart = charts.assets(report, NOVEMBER, LATER)
    assert [(s.id, s.total) for s in chart.series] == [("image", Decimal(3))]


def test_consumers_are_ranked_and_the_unknown_left_out() -> None:
    def consumer(user: str, value: int | None) -> Consumption:
        amount = None if value is None else Decimal(value)
        return Consumption(user_id=user, value=amount, discount=Decimal(1), total=None)

    report = UsageReport(consumption=(consumer("a", 1), consumer("b", None), consumer("c", 3)))
    rows = charts.consumers(report)
    assert [(row.id, row.share) for row in rows] == [("c", 0.75), ("a", 0.25)]


def test_an_empty_account_has_empty_charts() -> None:
    report = UsageReport()
    chart = charts.spend(report, Grouping.ACTION, NOVEMBER, LATER)
    assert isinstance(chart, Chart)
    assert chart.total == 0
    assert not chart.series
    assert not charts.ranking(chart)
    assert len(chart.buckets) == 30
