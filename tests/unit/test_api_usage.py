"""Usage answers: all that a server may send, read into amounts or told as problems."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_desktop.api.models.usage import MOST, CountPoint
from scenario_desktop.api.usage_parsing import MOST_PROBLEMS, parse_activity, parse_usage
from scenario_desktop.errors import BadAnswer

NOON = "2026-11-20T12:00:00.000Z"


def parsed(body: Any, **options: Any) -> Any:
    return parse_usage(json.dumps(body).encode(), **options)


def usage(points: Any, **more: Any) -> dict[str, Any]:
    return {"usageName": "detection", "granularity": "1h", "points": points, **more}


def test_amounts_may_come_as_text_and_new_words_stay() -> None:
    answer = parsed({
        "usages": [usage([{"time": NOON, "value": "12.50", "apiKey": "0", "cost": 0.1}],
                         usageName="an-action-of-2030", granularity="2h")],
        "assetUsages": [{"kind": "hologram", "points": [
            {"time": NOON, "count": 3, "countApiKey": "1"}]}],
        "unheard": {"of": 1},
    })  # fmt: skip
    [series] = answer.usages
    assert (series.usage_name, series.granularity) == ("an-action-of-2030", "2h")
    [point] = series.points
    assert (point.value, point.api_key, point.cost) == (Decimal("12.50"), 0, Decimal("0.1"))
    assert point.time == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert answer.asset_usages[0].points == (
        CountPoint(time=point.time, count=Decimal(3), count_api_key=Decimal(1)),
    )
    assert answer.asset_usages[0].kind == "hologram"
    assert answer.model_usages is answer.consumption is answer.activity is None
    assert answer.problems == ()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("NaN", "“NaN” is not a number"), (float("nan"), "“NaN” is not a number"),
        (float("inf"), "“Infinity” is not a number"), (-1, "“-1” is negative"),
        ("-0.01", "“-0.01” is negative"), ("many", "“many” is not a number"),
        ("", "“” is not a number"), (True, "“True” is not a number"),
        ([1], "“[1]” is not a number"), ("1e999", "too large"), ({}, "“{}” is not a number"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_a_gap_and_told(value: Any, told: str) -> None:
    points = [
        {"time": "2026-11-20T11:00:00Z", "value": "1", "apiKey": "0"},
        {"time": NOON, "value": value, "apiKey": "2"},
    ]
    answer = parsed({"usages": [usage(points)]})
    assert [point.value for point in answer.usages[0].points] == [Decimal(1), None]
    assert answer.usages[0].points[1].api_key == 2
    [problem] = answer.problems
    assert told in problem
    assert "usages detection at 2026-11-20T12:00:00" in problem


def test_a_missing_amount_is_told_and_an_absent_optional_one_is_not() -> None:
    answer = parsed({"usages": [usage([{"time": NOON, "value": "1"}])]})
    assert answer.usages[0].points[0].api_key is None
    assert answer.problems == ("usages detection at 2026-11-20T12:00:00+00:00: apiKey is missing.",)


def test_unreadable_points_series_and_blocks_are_left_out_and_told() -> None:
    good = {"time": NOON, "value": "1", "apiKey": "0"}
    answer = parsed({
        "usages": [usage([good, {**good, "time": "yesterday"}, 7]), "x", {"points": []},
                   usage("none", usageName="other")],
        "nsfwUsages": {"label": "x"},
        "consumption": [{"value": 1, "discount": 0, "total": 1}, None],
        "entities": {"users": [{"id": 5}, {"id": "u", "email": 7}], "assets": 3},
    })  # fmt: skip
    assert [len(series.points) for series in answer.usages] == [1, 0]
    assert answer.nsfw_usages is None
    assert answer.consumption == ()
    assert [user.id for user in answer.entities.users] == ["u"]
    assert len(answer.problems) == 10


def test_a_total_that_is_not_its_parts_is_told() -> None:
    record = {"userId": "u", "value": 10, "discount": 2, "total": 13}
    answer = parsed({"consumption": [record, record | {"userId": "v", "total": "12.0000000001"}]})
    [problem] = answer.problems
    assert "consumption of u" in problem
    assert answer.consumption[0].total == 13


def test_an_empty_account_is_an_empty_answer() -> None:
    answer = parsed({"usages": [], "modelUsages": [], "consumption": [], "entities": {}})
    assert (answer.usages, answer.model_usages, answer.consumption) == ((), (), ())
    assert parsed({}).problems == ()


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"reason": "no"}', b'{"usages": ['])
def test_what_is_no_usage_is_refused(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        parse_usage(body)


def test_a_server_cannot_set_what_is_ours() -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    told = {"problems": ["x"], "start": NOON, "hasDroppedZeros": True, "usages": []}
    answer = parsed(told, start=start, end=start + timedelta(days=1))
    assert (answer.problems, answer.start, answer.has_dropped_zeros) == ((), start, False)


def test_problems_are_bounded_and_counted() -> None:
    points = [{"time": NOON, "value": "x", "apiKey": "0"}] * (MOST_PROBLEMS + 5)
    problems = parsed({"usages": [usage(points)]}).problems
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1] == "There are 5 more such values."


def test_activity_keeps_its_places_when_an_action_cannot_be_read() -> None:
    good = {"action": "new-word", "time": NOON, "userId": "u", "projectId": "p", "data": {}}
    body = {"activity": [good, {"action": "x"}, good | {"creativeUnitsCost": "nine"}]}
    page = parse_activity(json.dumps(body).encode(), 200)
    assert (page.offset, page.count, len(page.actions)) == (200, 3, 2)
    assert page.actions[0].creative_units_cost is page.actions[1].creative_units_cost is None
    assert len(page.problems) == 2
    with pytest.raises(BadAnswer):
        parse_activity(b'{"usages": []}', 0)


CALM = settings(deadline=None, database=None, derandomize=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
AMOUNTS = st.one_of(
    st.integers(-5, 50), st.decimals(-5, 50, places=2).map(str), st.floats(), JSON,
    st.sampled_from(["NaN", "-Infinity", "1e40", " 7 ", "seven"]),
)  # fmt: skip
TIMES = st.one_of(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(str), JSON)  # noqa: DTZ001 - as a server may write it
POINTS = st.lists(
    st.fixed_dictionaries(
        {"time": TIMES, "value": AMOUNTS}, optional={"apiKey": AMOUNTS, "cost": AMOUNTS}
    )
    | JSON,
    max_size=4,
)


@CALM
@given(
    st.fixed_dictionaries(
        {
            "usages": st.lists(
                st.fixed_dictionaries({"usageName": st.text(max_size=5), "points": POINTS | JSON})
                | JSON,
                max_size=3,
            )
        },
        optional=dict.fromkeys(("consumption", "activity", "entities", "problems"), JSON),
    )
)
def test_whatever_a_server_sends_is_read_or_told(body: dict[str, Any]) -> None:
    answer = parsed(body)
    told = " ".join(answer.problems)
    sent = [series for series in body["usages"] if isinstance(series, dict)]
    for series in answer.usages:
        for point in series.points:
            assert point.time.tzinfo is UTC
            for amount in (point.value, point.api_key, point.cost):
                assert amount is None or (amount.is_finite() and 0 <= amount <= MOST)
    readable = sum(
        isinstance(series.get("points"), list) for series in sent if "usageName" in series
    )
    assert len(answer.usages) == len(body["usages"]) or "left out" in told
    assert readable <= len(answer.usages) or "left out" in told
    assert parsed(body) == answer
