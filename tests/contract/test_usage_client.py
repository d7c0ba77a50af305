"""Our client against our engine: any range, cut or not, adds up to the recorded calls."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.usage import UsageReport
from scenario_desktop.api.usages import UsageQuestion
from scenario_desktop.engine.times import floor_ms
from scenario_desktop.errors import Forbidden
from scenario_desktop.services.usage import charts
from scenario_desktop.services.usage.keeping import ReportCache
from scenario_desktop.services.usage.ranges import UsageRange
from scenario_desktop.services.usage.usage import Usage
from scenario_desktop.store.ledger import LedgerRow
from tests.contract.engine_support import Local, local_engine
from tests.usage_data import UNTIL, fill, rows

CALLS, DAYS = 4_000, 500
START = UNTIL - timedelta(days=DAYS)
SIZE: dict[str, Any] = {"user_count": 5, "model_count": 6}
BILLED, MICRO, DISCOUNT, REFUND = 7, 8, 9, 10


@pytest.fixture(scope="module")
def calls() -> list[tuple[Any, ...]]:
    return list(rows(CALLS, days=DAYS, **SIZE))


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[Local]:
    async with local_engine(tmp_path / "engine", clock=lambda: floor_ms(UNTIL)) as local:
        await local.engine.database.run(
            lambda connection: fill(connection, CALLS, days=DAYS, **SIZE)
        )
        yield local


@pytest.fixture
async def client(filled: Local) -> AsyncIterator[ScenarioClient]:
    keys = filled.engine.keys
    client = ScenarioClient(
        f"{filled.engine.config.origin}/v1", keys.api_key, keys.api_secret,
        project_id=keys.project_id, transport=filled.http._transport,
    )  # fmt: skip
    yield client
    await client.aclose()


def asking(start: datetime, end: datetime, **more: Any) -> UsageQuestion:
    return UsageQuestion(start=start, end=end, **more)


def every_sum_of(report: UsageReport) -> set[Decimal]:
    """Return what each view says was spent; one number if all is well."""
    assert report.problems == ()
    usages = {series.usage_name: series.points for series in report.usages or ()}
    by_name = [point.cost for points in usages.values() for point in points if point.cost]
    return {
        sum((point.value or Decimal(0) for point in usages["creative-unit-cost"]), Decimal(0)),
        sum((user.value or Decimal(0) for user in report.consumption or ()), Decimal(0)),
        sum(by_name, Decimal(0)),
    }


@pytest.mark.parametrize("seed", range(8))
async def test_every_view_of_any_range_has_the_same_sum(
    client: ScenarioClient, calls: list[tuple[Any, ...]], seed: int
) -> None:
    chance = random.Random(seed)
    start = START + timedelta(hours=chance.randrange(24 * 300), seconds=chance.randrange(3600))
    end = start + timedelta(minutes=chance.randrange(30, 60 * 24 * 199))
    longest = timedelta(days=chance.choice([20, 45, 90, 120]))
    report = await client.usages(asking(start, end, longest=longest))
    low, high = floor_ms(start), floor_ms(end)
    spent = sum(row[MICRO] for row in calls if low <= row[BILLED] < high)
    assert every_sum_of(report) == {Decimal(spent) / 1_000_000}
    dropped = await client.usages(asking(start, end, drops_zero_points=True))
    assert every_sum_of(dropped) == every_sum_of(report)


async def test_two_years_are_one_report(
    client: ScenarioClient, calls: list[tuple[Any, ...]]
) -> None:
    report = await client.usages(asking(START - timedelta(days=231), UNTIL))
    assert len(report.spans) == 7
    assert every_sum_of(report) == {Decimal(sum(row[MICRO] for row in calls)) / 1_000_000}
    discount = sum((user.discount or Decimal(0) for user in report.consumption or ()), Decimal(0))
    assert discount == Decimal(sum(row[DISCOUNT] for row in calls)) / 1_000_000
    for series in report.usages or ():
        times = [point.time for point in series.points]
        assert times == sorted(set(times))


async def test_an_answer_beyond_six_megabytes_is_got_round(
    filled: Local, client: ScenarioClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await client.usages(asking(UNTIL - timedelta(days=90), UNTIL))
    monkeypatch.setattr("scenario_desktop.engine.routes.usage.MAX_ANSWER_BYTES", 60_000)
    report = await client.usages(asking(UNTIL - timedelta(days=90), UNTIL))
    assert len(report.spans) > 1
    assert all(span.has_dropped_zeros for span in report.spans)
    assert every_sum_of(report) == every_sum_of(whole)


async def test_activity_is_walked_through_page_by_page(
    client: ScenarioClient, calls: list[tuple[Any, ...]]
) -> None:
    start = UNTIL - timedelta(days=200)
    expected = [row for row in calls if row[1] >= floor_ms(start) and row[REFUND] is None]
    seen, spent, last = 0, Decimal(0), None
    async for page in client.usage_activities(asking(start, UNTIL)):
        assert page.offset == seen
        assert len(page.actions) <= 100
        assert not page.problems
        for action in page.actions:
            assert last is None or action.time <= last
            last = action.time
            spent += action.creative_units_cost or 0
        seen += page.count
    assert seen == len(expected)
    # A refund of an older charge lessens that one, a later refund of one in the range lessens it.
    low = floor_ms(start)
    assert spent == Decimal(sum(row[MICRO] for row in calls if row[BILLED] >= low)) / 1_000_000


async def test_a_user_and_a_project(client: ScenarioClient) -> None:
    report = await client.usages(
        asking(START, UNTIL, user_ids=("user_002",), project_ids=("proj_games",))
    )
    assert [user.user_id for user in report.consumption or ()] == ["user_002"]
    with pytest.raises(Forbidden):
        await client.usages(asking(START, UNTIL, project_ids=("proj_other",)))


class NoRecord:
    async def sent_between(self, *_args: object) -> list[LedgerRow]:
        return []

    async def spent_since(self, *_args: object) -> Decimal:
        return Decimal(0)


@pytest.mark.parametrize(
    ("zone", "days"),
    [("Asia/Kolkata", 30), ("Asia/Kathmandu", 7), ("Europe/Madrid", 30), ("UTC", 40)],
)
async def test_days_are_the_users_where_their_clock_allows_it(
    client: ScenarioClient, calls: list[tuple[Any, ...]], tmp_path: Path, zone: str, days: int
) -> None:
    last = UNTIL.date() - timedelta(days=25)  # the clocks of Madrid are put back in it
    over = UsageRange(last - timedelta(days=days - 1), last, ZoneInfo(zone))
    usage = Usage(
        client, NoRecord(), ReportCache(tmp_path / "kept"), workspace_id="ws", zone=over.zone
    )
    report = (await usage.report(over)).report
    await usage.aclose()
    chart = charts.spend(report, charts.Grouping.ACTION, over, UNTIL)
    assert chart.is_local
    assert len(chart.buckets) == days
    for place, bucket in enumerate(chart.buckets):
        low, high = floor_ms(bucket.start), floor_ms(bucket.end)
        micro = sum(row[MICRO] for row in calls if low <= row[BILLED] < high)
        assert chart.sum_of(place) == Decimal(micro) / 1_000_000
