"""GET /usages against sums made from the same calls by hand, and against the vendor's client."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from scenario_sdk import AsyncScenario

from scenario_desktop.api.models.usage import ACTIVITY_PAGE, BLOCKS, GRANULARITIES
from scenario_desktop.engine.times import floor_ms, to_iso
from scenario_desktop.engine.usage_answer import USAGE_NAMES
from tests.contract.engine_support import Local, local_engine
from tests.usage_data import UNTIL, fill, models, rows

CALLS, DAYS = 6_000, 130
START = UNTIL - timedelta(days=DAYS)
NOW = UNTIL - timedelta(hours=3)
#: Places of fields in a generated row.
AT, USER, ACTION, BILLED, MICRO, DISCOUNT, REFUND, PROJECT, IS_KEY, MODEL, KIND, MADE = (
    1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15,
)  # fmt: skip


@pytest.fixture(scope="module")
def calls() -> list[tuple[Any, ...]]:
    return list(rows(CALLS, days=DAYS, user_count=7, model_count=9))


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[Local]:
    async with local_engine(tmp_path / "engine", clock=lambda: floor_ms(NOW)) as local:
        await local.engine.database.run(
            lambda connection: fill(connection, CALLS, days=DAYS, user_count=7, model_count=9)
        )
        yield local


def span(start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
    return {"startDate": start.isoformat(), "endDate": end.isoformat(), **more}


def total(points: list[dict[str, Any]], field: str) -> Decimal:
    return sum((Decimal(str(point[field])) for point in points), Decimal(0))


RANGES = [
    (START, START + timedelta(days=120), "7d"), (UNTIL - timedelta(days=90), UNTIL, "1d"),
    (START + timedelta(days=3, hours=7), START + timedelta(days=40, hours=1, minutes=3), "1d"),
    (START + timedelta(days=9, seconds=1), START + timedelta(days=110, milliseconds=1), "7d"),
    (START + timedelta(days=30), START + timedelta(days=37), "1h"),
    (NOW - timedelta(days=3), NOW, "30m"), (NOW - timedelta(hours=20), NOW, "15m"),
    (NOW - timedelta(hours=5), NOW, "5m"), (NOW - timedelta(minutes=59), NOW, "1m"),
    (START - timedelta(days=50), START + timedelta(days=2), "1d"),
]  # fmt: skip


@pytest.mark.parametrize(("start", "end", "granularity"), RANGES)
async def test_every_block_adds_up_to_the_calls(
    filled: Local, calls: list[tuple[Any, ...]], start: datetime, end: datetime, granularity: str
) -> None:
    answer = await filled.ok("GET", "/usages", params=span(start, end))
    low, high = floor_ms(start), floor_ms(end)
    billed = [row for row in calls if low <= row[BILLED] < high]
    units = Decimal(sum(row[MICRO] for row in billed)) / 1_000_000
    discount = Decimal(sum(row[DISCOUNT] for row in billed)) / 1_000_000
    series = {item["usageName"]: item["points"] for item in answer["usages"]}
    assert {item["granularity"] for item in answer["usages"]} == {granularity}
    assert set(series) <= USAGE_NAMES
    assert total(series["creative-unit-cost"], "value") == units
    assert total(series["creative-unit-discount"], "value") == discount
    by_name = [points for name, points in series.items() if points and "cost" in points[0]]
    assert sum(total(points, "cost") for points in by_name) == units
    assert sum(Decimal(str(user["value"])) for user in answer["consumption"]) == units
    assert sum(Decimal(str(user["discount"])) for user in answer["consumption"]) == discount
    for user in answer["consumption"]:
        mine = [row for row in billed if row[USER] == user["userId"]]
        assert Decimal(str(user["value"])) == Decimal(sum(row[MICRO] for row in mine)) / 1_000_000
        assert user["total"] == pytest.approx(user["value"] + user["discount"])
    for item in answer["modelUsages"]:
        mine = [row for row in billed if row[MODEL] == item["modelId"]]
        assert total(item["points"], "jobs") == sum(row[REFUND] is None for row in mine)
        assert total(item["points"], "cost") == Decimal(sum(r[MICRO] for r in mine)) / 1_000_000
        keyed = sum(row[MICRO] for row in mine if row[IS_KEY])
        assert total(item["points"], "apiKeyCost") == Decimal(keyed) / 1_000_000
    for item in answer["assetUsages"]:
        made = sum(row[MADE] for row in billed if row[KIND] == item["kind"])
        assert total(item["points"], "count") == made > 0
    assert all(
        Decimal(str(point[field])) >= 0
        for block in ("usages", "modelUsages", "assetUsages", "nsfwUsages", "qualityGateUsages")
        for item in answer[block]
        for point in item["points"]
        for field in point.keys() - {"time"}
    )


async def test_each_point_holds_the_calls_of_its_time(
    filled: Local, calls: list[tuple[Any, ...]]
) -> None:
    start, end = UNTIL - timedelta(days=92), UNTIL
    params = span(start, end, type="model-usages,asset-usages")
    answer = await filled.ok("GET", "/usages", params=params)
    assert set(answer) == {"modelUsages", "assetUsages", "entities"}
    by_day: dict[tuple[str, str], int] = defaultdict(int)
    for row in calls:
        if row[MODEL] and row[BILLED] >= floor_ms(start):
            by_day[row[MODEL], to_iso(row[BILLED] // 86_400_000 * 86_400_000)] += row[MICRO]
    told = {
        (item["modelId"], point["time"]): round(point["cost"] * 1_000_000)
        for item in answer["modelUsages"]
        for point in item["points"]
    }
    assert {key: value for key, value in told.items() if value} == {
        key: value for key, value in by_day.items() if value
    }


@pytest.mark.parametrize(("start", "end", "granularity"), RANGES)
async def test_points_fill_the_range_and_drop_their_zeros_when_asked(
    filled: Local, start: datetime, end: datetime, granularity: str
) -> None:
    full = await filled.ok("GET", "/usages", params=span(start, end))
    step = timedelta(milliseconds=GRANULARITIES[granularity])
    for block, name in (
        ("usages", "usageName"), ("modelUsages", "modelId"), ("assetUsages", "kind"),
        ("nsfwUsages", "label"), ("qualityGateUsages", "verdict"),
    ):  # fmt: skip
        for series in full[block]:
            times = [datetime.fromisoformat(point["time"]) for point in series["points"]]
            assert times[0] <= start < times[0] + step
            assert times[-1] < end <= times[-1] + step
            assert {late - early for early, late in pairwise(times)} <= {step}
        dropped = await filled.ok(
            "GET", "/usages", params=span(start, end, dropZeroPoints="", activityOffset=0)
        )
        assert [series[name] for series in dropped[block]] == [s[name] for s in full[block]]
        assert [point for series in dropped[block] for point in series["points"]] == [
            point
            for series in full[block]
            for point in series["points"]
            if any(Decimal(str(point[field])) for field in point.keys() - {"time"})
        ]


async def test_weeks_begin_on_mondays_and_a_leap_day_is_a_day(local: Local) -> None:
    for day in (28, 29):
        await local.engine.usage.record(
            at=datetime(2028, 2, day, 12, tzinfo=UTC), user="u", action="detection", asset_id=None,
            job_id=None, units=Decimal(day),
        )  # fmt: skip
    start, end = datetime(2028, 2, 27, tzinfo=UTC), datetime(2028, 3, 21, tzinfo=UTC)
    answer = await local.ok("GET", "/usages", params=span(start, end, type="usages"))
    cost = {point["time"][:10]: point["value"] for point in answer["usages"][0]["points"]}
    assert [cost[day] for day in ("2028-02-28", "2028-02-29", "2028-03-01")] == ["28", "29", "0"]
    end = start + timedelta(days=120)
    answer = await local.ok("GET", "/usages", params=span(start, end, type="usages"))
    points = answer["usages"][0]["points"]
    assert {datetime.fromisoformat(point["time"]).weekday() for point in points} == {0}
    assert total(points, "value") == 57


async def test_days_are_of_utc_wherever_the_clock_is_put_forward(
    filled: Local, calls: list[tuple[Any, ...]]
) -> None:
    """A range may be given in local time, over the end of summer time; its points are UTC."""
    utc = (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 11, 9, 23, tzinfo=UTC))
    local_time = {"startDate": "2026-10-25T00:00:00+02:00", "endDate": "2026-11-10T00:00:00+01:00"}
    one = await filled.ok("GET", "/usages", params=span(*utc))
    other = await filled.ok("GET", "/usages", params=local_time)
    assert one == other
    times = [point["time"] for point in one["usages"][0]["points"]]
    assert all(time.endswith("T00:00:00.000Z") for time in times)
    assert len(times) == len(set(times)) == 17


async def test_an_empty_account(local: Local) -> None:
    answer = await local.ok("GET", "/usages")
    assert {name for name in answer if name != "entities"} == set(BLOCKS.values())
    names = [series["usageName"] for series in answer["usages"]]
    assert names == ["creative-unit-cost", "creative-unit-discount"]
    assert all(len(series["points"]) in (96, 97) for series in answer["usages"])
    assert not any(answer[name] for name in BLOCKS.values() if name != "usages")
    assert not any(answer["entities"].values())
    dropped = await local.ok("GET", "/usages", params={"dropZeroPoints": "yes"})
    assert [series["points"] for series in dropped["usages"]] == [[], []]


@pytest.mark.parametrize(
    ("time_range", "granularity", "length"),
    [
        ("last-hour", "1m", timedelta(hours=1)), ("last-day", "15m", timedelta(days=1)),
        ("last-three-days", "30m", timedelta(days=3)), ("last-seven-days", "1h", timedelta(days=7)),
        ("last-thirty-one-days", "1d", timedelta(days=31)), ("", "15m", timedelta(days=1)),
    ],
)  # fmt: skip
async def test_named_ranges_end_now(
    filled: Local, time_range: str, granularity: str, length: timedelta
) -> None:
    params = {"timeRange": time_range, "type": "usages,nonsense"}
    answer = await filled.ok("GET", "/usages", params=params)
    end = NOW + timedelta(milliseconds=1)
    dated = await filled.ok("GET", "/usages", params=span(end - length, end, type="usages"))
    assert answer == dated
    assert answer["usages"][0]["granularity"] == granularity
    both = await filled.ok("GET", "/usages", params=span(end - length, end) | params)
    assert both == dated  # dates win over a name


async def test_activity_is_read_in_pages_newest_first(
    filled: Local, calls: list[tuple[Any, ...]]
) -> None:
    start = UNTIL - timedelta(days=10)
    expected = [r for r in reversed(calls) if r[AT] >= floor_ms(start) and r[REFUND] is None]
    told: list[dict[str, Any]] = []
    while True:
        params = span(start, UNTIL, type="activity", activityOffset=len(told))
        page = (await filled.ok("GET", "/usages", params=params))["activity"]
        told += page
        if len(page) < ACTIVITY_PAGE:
            break
    assert [item["time"] for item in told] == [to_iso(row[AT]) for row in expected]
    assert [item["action"] for item in told] == [row[ACTION] for row in expected]
    back: dict[int, int] = defaultdict(int)
    for row in calls:
        if row[REFUND] is not None:
            back[row[REFUND]] += row[MICRO]
    costs = [item.get("creativeUnitsCost", 0) for item in told]
    assert costs == [(row[MICRO] + back[row[0]]) / 1_000_000 for row in expected]
    for bad in ("-5", "x", "1.5", "", "9" * 40):
        params = span(start, UNTIL, type="activity", activityOffset=bad)
        assert (await filled.ok("GET", "/usages", params=params))["activity"] == told[:100]


async def test_filters_narrow_every_block(filled: Local, calls: list[tuple[Any, ...]]) -> None:
    range_ = span(UNTIL - timedelta(days=90), UNTIL)
    mine = [r for r in calls if r[BILLED] >= floor_ms(UNTIL - timedelta(days=90))]
    own = filled.engine.keys.project_id
    for params, rows_ in (
        ({"userId": "user_001"}, [r for r in mine if r[USER] == "user_001"]),
        ({"userId": "user_001", "userIds": "user_002,user_001"},
         [r for r in mine if r[USER] in ("user_001", "user_002")]),
        ({"projectIds": "proj_films"}, [r for r in mine if r[PROJECT] == "proj_films"]),
        ({"projectIds": f"proj_games,{own}", "userIds": "user_003"},
         [r for r in mine if r[PROJECT] in ("", "proj_games") and r[USER] == "user_003"]),
        ({"userIds": "nobody"}, []), ({"teamId": filled.engine.keys.team_id}, mine),
    ):  # fmt: skip
        answer = await filled.ok("GET", "/usages", params=range_ | params)
        units = Decimal(sum(row[MICRO] for row in rows_)) / 1_000_000
        assert sum(Decimal(str(user["value"])) for user in answer["consumption"]) == units
        assert total(answer["usages"][0]["points"], "value") == units
        users = {row[USER] for row in rows_}
        assert {item["userId"] for item in answer["activity"]} <= users
        assert {user["userId"] for user in answer["consumption"]} == users


@pytest.mark.parametrize(
    "params",
    [
        {"timeRange": "last-year"}, {"startDate": "2026-01-01"}, {"endDate": "2026-01-01"},
        {"startDate": "yesterday", "endDate": "2026-01-01"},
        {"startDate": "2026-01-02", "endDate": "2026-01-01"},
        {"startDate": "2026-01-01", "endDate": "2026-01-01"},
        {"startDate": "2026-01-01", "endDate": "2026-05-01T00:00:00.001Z"},
        {"startDate": "0001-01-01", "endDate": "0001-01-02"},
        {"startDate": "9999-12-30", "endDate": "9999-12-31T23:59:59-10:00"},
        {"startDate": "1969-12-31", "endDate": "1970-01-02"},
        {"userIds": ",".join(f"u{n}" for n in range(501))}, {"userId": "a\0b"},
    ],
)  # fmt: skip
async def test_bad_parameters_are_told(local: Local, params: dict[str, str]) -> None:
    await local.refused("GET", "/usages", 400, params=params)


async def test_what_these_keys_may_not_see_is_refused(filled: Local) -> None:
    for params in (
        {"teamId": "team_other"}, {"projectIds": "proj_other"},
        {"projectIds": f"{filled.engine.keys.project_id},proj_other"}, {"projectId": "proj_other"},
    ):  # fmt: skip
        assert "keys" in await filled.refused("GET", "/usages", 403, params=params)


async def test_an_answer_beyond_the_limit_is_refused(
    filled: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenario_desktop.engine.routes.usage.MAX_ANSWER_BYTES", 10_000)
    params = span(UNTIL - timedelta(days=90), UNTIL, type="model-usages")
    assert "6 MB" in await filled.refused("GET", "/usages", 413, params=params)


async def test_entities_say_what_is_known(local: Local) -> None:
    asset = await local.upload("used.png")
    collection = (await local.ok("POST", "/collections", json={"name": "Trip"}))["collection"]
    keys = local.engine.keys
    for number in range(2):
        await local.engine.usage.record(
            at=datetime.now(UTC), user=(keys.user_id, "gone")[number], action="txt2img",
            asset_id=(asset["id"], "asset_gone")[number], job_id="job_gone", units=Decimal(1),
            model_id="model_x", collection_id=(collection["id"], "gone")[number],
            discount=Decimal("0.5"), nsfw=["blood", "nudity"], verdict="fail", asset_kind="video",
        )  # fmt: skip
    answer = await local.ok("GET", "/usages")
    entities = answer["entities"]
    assert [found["id"] for found in entities["assets"]] == [asset["id"]]
    assert entities["collections"] == [{"id": collection["id"], "name": "Trip"}]
    assert entities["jobs"] == []
    assert {user["id"]: user["isApiKey"] for user in entities["users"]} == {
        keys.user_id: True, "gone": False,
    }  # fmt: skip
    counts = {
        series[name]: total(series["points"], "count")
        for block, name in (
            ("nsfwUsages", "label"), ("qualityGateUsages", "verdict"), ("assetUsages", "kind"),
        )
        for series in answer[block]
    }  # fmt: skip
    assert {name: counts[name] for name in ("blood", "nudity", "fail", "video")} == {
        "blood": 2, "nudity": 2, "fail": 2, "video": 2,
    }  # fmt: skip


async def test_the_vendors_client_reads_every_block_strictly(filled: Local) -> None:
    asset = await filled.upload("sdk.png")
    job = await filled.ok(
        "POST", "/generate/detect", json={"image": asset["id"], "modality": "canny"}
    )
    keys = filled.engine.keys
    async with AsyncScenario(
        api_key=keys.api_key, api_secret=keys.api_secret, max_retries=0,
        base_url=f"{filled.engine.config.origin}/v1", _strict_response_validation=True,
        http_client=httpx.AsyncClient(transport=filled.http._transport),
    ) as sdk:  # fmt: skip
        answer = await sdk.usages.list(
            start_date=(datetime.now(UTC) - timedelta(days=119)).isoformat(),
            end_date=(datetime.now(UTC) + timedelta(days=1)).isoformat(),
        )
        assert answer.entities is not None
        assert job["job"]["jobId"] in [found.id for found in (answer.entities.jobs or [])]
        everything = await sdk.usages.list(
            start_date=START.isoformat(), end_date=(START + timedelta(days=120)).isoformat(),
            type=["usages", "consumption", "model-usages", "asset-usages", "nsfw-usages",
                  "quality-gate-usages", "activity"],
            drop_zero_points=True, activity_offset=5,
        )  # fmt: skip
    assert everything.usages
    assert everything.usages[0].granularity == "7d"
    assert [series.api_model_id for series in everything.api_model_usages or []] == models(9)
    for block in (everything.activity, everything.consumption, everything.asset_usages,
                  everything.nsfw_usages, everything.quality_gate_usages):  # fmt: skip
        assert block
    assert json.loads(everything.model_dump_json())["quality_gate_usages"]
