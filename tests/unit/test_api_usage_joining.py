"""Joining answers about parts of a range: whatever the cut, the sums are those of the whole."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from scenario_desktop.api.models.usage import (
    Consumption,
    Entities,
    ModelEntity,
    ModelPoint,
    ModelSeries,
    UsageAnswer,
    UsagePoint,
    UsageReport,
    UsageSeries,
)
from scenario_desktop.api.usage_joining import join
from scenario_desktop.api.usages import pieces

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
DAY = timedelta(days=1)
NONE = Decimal(0)


def point(day: float, value: Any, **more: Any) -> UsagePoint:
    amount = None if value is None else Decimal(value)
    return UsagePoint(time=MONDAY + day * DAY, value=amount, api_key=NONE, **more)


def answer(
    first: float | None,
    last: float | None,
    *points: UsagePoint,
    granularity: str = "1d",
    **more: Any,
) -> UsageAnswer:
    series = UsageSeries(usage_name="detection", granularity=granularity, points=points)
    return UsageAnswer(
        start=None if first is None else MONDAY + first * DAY,
        end=None if last is None else MONDAY + last * DAY, usages=(series,), **more,
    )  # fmt: skip


def told(report: UsageReport) -> Any:
    [series] = report.usages or ()
    return [((point.time - MONDAY) / DAY, point.value) for point in series.points]


def test_parts_follow_each_other_whatever_their_order() -> None:
    report = join([answer(2, 4, point(3, 8), point(2, 4)), answer(0, 2, point(0, 1), point(1, 2))])
    assert told(report) == [(0, 1), (1, 2), (2, 4), (3, 8)]
    assert [span.start for span in report.spans] == [MONDAY, MONDAY + 2 * DAY]
    assert not report.problems
    assert not report.has_mixed_granularity


def test_a_point_at_the_seam_counts_in_the_part_that_begins_there() -> None:
    report = join([answer(0, 2, point(1, 2), point(2, 4)), answer(2, 4, point(2, 4), point(3, 8))])
    assert told(report) == [(1, 2), (2, 4), (3, 8)]
    assert "after the range" in report.problems[0]
    zero = join([answer(0, 2, point(1, 2), point(2, 0)), answer(2, 4, point(2, 4))])
    assert (told(zero), zero.problems) == ([(1, 2), (2, 4)], ())


def test_the_two_halves_of_a_week_are_added() -> None:
    first = answer(0, 3, point(0, 5, cost=Decimal(2)), granularity="7d")
    second = answer(3, 14, point(0, 6, cost=Decimal(3)), point(7, 1), granularity="7d")
    report = join([first, second])
    assert told(report) == [(0, 11), (7, 1)]
    assert (report.usages or ())[0].points[0].cost == 5


def test_a_whole_week_told_by_both_parts_counts_once_and_is_said() -> None:
    first = answer(0, 3, point(0, 11), granularity="7d")
    second = answer(3, 14, point(0, 11), point(7, 1), granularity="7d")
    report = join([first, second])
    assert told(report) == [(0, 11), (7, 1)]
    [problem] = report.problems
    assert "counted once" in problem


def test_what_is_unknown_in_one_half_is_unknown_in_the_whole() -> None:
    first = answer(0, 3, point(0, None), granularity="7d")
    report = join([first, answer(3, 14, point(0, 6), point(7, 1), granularity="7d")])
    assert told(report) == [(0, None), (7, 1)]


def test_points_of_different_lengths_stay_apart_and_are_told() -> None:
    days = answer(0, 3, point(0, 1), point(1, 2), point(2, 4))
    report = join([days, answer(3, 14, point(0, 8), point(7, 16), granularity="7d")])
    assert told(report) == [(0, 1), (1, 2), (2, 4), (3, 8), (7, 16)]
    assert report.has_mixed_granularity
    assert [span.granularity for span in report.spans] == ["1d", "7d"]
    assert (report.usages or ())[0].granularity == ""


def test_points_of_another_time_are_left_out_and_told() -> None:
    report = join([answer(0, 2, point(0, 1)), answer(2, 4, point(-30, 9), point(2, 2))])
    assert told(report) == [(0, 1), (2, 2)]
    assert "before the range" in report.problems[0]
    report = join([answer(0, 2, point(-30, 9), point(-0.5, 4), point(0.5, 2))])
    assert told(report) == [(-0.5, 4), (0.5, 2)]
    assert "before the range" in report.problems[0]


def test_one_time_told_twice_in_one_answer_is_no_sum() -> None:
    report = join([answer(0, 4, point(1, 5), point(0, 1), point(1, 7), point(2, 3), point(2, 3))])
    assert told(report) == [(0, 1), (1, None), (2, 3)]
    assert len(report.problems) == 2


def test_points_of_another_length_than_is_said_are_told_and_kept() -> None:
    report = join([answer(0, 4, point(0, 1), point(1, 2), point(1.5, 4), point(3, 8))])
    assert told(report) == [(0, 1), (1, 2), (1.5, 4), (3, 8)]
    [problem] = report.problems
    assert "between the steps of 1d" in problem


def test_a_range_of_unknown_ends_is_taken_as_it_is() -> None:
    assert told(join([answer(None, None, point(1, 2), point(0, 1))])) == [(0, 1), (1, 2)]
    assert join([]).usages is None


def test_users_are_summed_and_names_taken_from_the_latest() -> None:
    def part(first: int, value: str, name: str) -> UsageAnswer:
        user = Consumption(
            user_id="u", value=Decimal(value), discount=NONE, total=Decimal(value),
            cost_details={"quality-gate": 1},
        )  # fmt: skip
        models = (ModelEntity(id="m", name=name),)
        return answer(
            first, first + 1, consumption=(user,), entities=Entities(models=models),
            problems=("odd",),
        )  # fmt: skip

    report = join([part(1, "0.2", "new"), part(0, "0.1", "old")])
    [user] = report.consumption or ()
    assert (user.value, user.total, user.cost_details) == (Decimal("0.3"), Decimal("0.3"), None)
    assert [model.name for model in report.entities.models] == ["new"]
    assert report.problems == ("odd",)
    assert report.model_usages is None


@pytest.mark.parametrize("seed", range(60))
def test_any_cut_gives_the_sums_of_the_whole(seed: int) -> None:
    """The server here clips: a point holds what happened in it and in the range asked for."""
    chance = random.Random(seed)
    length = chance.choice([1, 7])
    start = MONDAY + timedelta(hours=chance.randrange(400))
    end = start + timedelta(hours=chance.randrange(24, 24 * 400))
    calls = [
        (
            start + (end - start) * chance.random(),
            chance.randrange(1, 900),
            f"m{chance.randrange(3)}",
        )
        for _ in range(chance.randrange(300))
    ]

    def ask(low: datetime, high: datetime) -> UsageAnswer:
        sums: dict[tuple[str, datetime], int] = {}
        for at, units, model in calls:
            if low <= at < high:
                key = (model, at - (at - MONDAY) % (length * DAY))
                sums[key] = sums.get(key, 0) + units
        series = [
            ModelSeries(model_id=model, points=tuple(
                ModelPoint(time=time, jobs=NONE, cost=Decimal(units) / 100, discount=NONE,
                           api_key_cost=NONE, api_key_discount=NONE)
                for (name, time), units in chance.sample(sorted(sums.items()), len(sums))
                if name == model
            ))
            for model in {name for name, _ in sums}
        ]  # fmt: skip
        names = UsageSeries(usage_name="x", granularity=f"{length}d", points=())
        return UsageAnswer(start=low, end=high, model_usages=tuple(series), usages=(names,))

    cuts = sorted({start, end, *(start + (end - start) * chance.random() for _ in range(3))})
    for parts in (pieces(start, end), list(pairwise(cuts))):
        answers = [ask(low, high) for low, high in parts]
        report = join(chance.sample(answers, len(answers)))
        whole = {series.model_id: series for series in ask(start, end).model_usages or ()}
        assert {series.model_id for series in report.model_usages or ()} == set(whole)
        for series in report.model_usages or ():
            expected = sorted(whole[series.model_id].points, key=lambda found: found.time)
            assert series.points == tuple(expected)


@pytest.mark.parametrize("days", [1, 119, 120, 121, 127, 240, 365, 366, 731])
@pytest.mark.parametrize("longest", [1, 7, 30, 90, 120])
def test_pieces_cover_a_range_without_a_gap_and_none_is_too_long(days: int, longest: int) -> None:
    start = datetime(2024, 2, 27, 13, 7, tzinfo=UTC)
    parts = pieces(start, start + days * DAY, longest * DAY)
    assert (parts[0][0], parts[-1][1]) == (start, start + days * DAY)
    assert all(one[1] == other[0] for one, other in pairwise(parts))
    assert all(timedelta() < end - begin <= longest * DAY for begin, end in parts)
    assert (len(parts) == 1) == (days <= longest)
    if longest >= 7:
        assert all(end.time() == MONDAY.time() for _, end in parts[:-1])
    if longest >= 28:
        assert all(end.weekday() == 0 for _, end in parts[:-1])
