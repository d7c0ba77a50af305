"""What a bar is made of: the list behind it adds up to it, and jobs are jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.usage import COUNTED_AS
from scenario_desktop.engine.times import floor_ms
from scenario_desktop.services.usage import charts
from scenario_desktop.services.usage.activity import ActivityFilter
from scenario_desktop.services.usage.charts import Grouping
from scenario_desktop.services.usage.keeping import ReportCache
from scenario_desktop.services.usage.ranges import UsageRange
from scenario_desktop.services.usage.usage import Usage
from scenario_desktop.store.ledger import LedgerRow
from tests.contract.engine_support import local_engine
from tests.usage_data import UNTIL, fill, rows

CALLS, DAYS = 1_500, 30
ACTION, BILLED, REFUND = 3, 7, 10
WEEK = UsageRange(date(2026, 11, 12), date(2026, 11, 18), UTC)


class NoLedger:
    async def rows(self, *_args: Any, **_values: Any) -> list[LedgerRow]:
        return []


@pytest.fixture
async def usage(tmp_path: Path) -> AsyncIterator[Usage]:
    async with local_engine(tmp_path / "engine", clock=lambda: floor_ms(UNTIL)) as local:
        await local.engine.database.run(lambda connection: fill(connection, CALLS, days=DAYS))
        keys = local.engine.keys
        client = ScenarioClient(
            f"{local.engine.config.origin}/v1", keys.api_key, keys.api_secret,
            project_id=keys.project_id, transport=local.http._transport,
        )  # fmt: skip
        usage = Usage(
            client, NoLedger(), ReportCache(tmp_path / "kept"), workspace_id="ws", zone=UTC,  # type: ignore[arg-type]
            titles={},
        )  # fmt: skip
        yield usage
        await usage.aclose()
        await client.aclose()


async def listed(usage: Usage, wanted: ActivityFilter, place: charts.Bucket) -> tuple[Decimal, int]:
    """Return what the actions of a bar's part cost, and how many there are."""
    cost, count = Decimal(0), 0
    pages = usage.all_activity(WEEK, wanted, within=(place.start, place.end))
    async for _, found in pages:
        cost += sum((row.activity.creative_units_cost or Decimal(0) for row in found), Decimal(0))
        count += len(found)
    return cost, count


async def test_every_part_of_a_bar_leads_to_what_it_is_made_of(usage: Usage) -> None:
    report = (await usage.report(WEEK)).report
    chart = charts.spend(report, Grouping.ACTION, WEEK, UNTIL)
    assert "images-generation" in {series.id for series in chart.series}
    for place, bucket in enumerate(chart.buckets):
        for series in chart.series:
            wanted = ActivityFilter(actions=frozenset({series.id}))
            cost, count = await listed(usage, wanted, bucket)
            assert round(cost, 6) == series.values[place]
            assert count or not series.values[place]


async def test_jobs_are_counted_once_and_nothing_else_is(usage: Usage) -> None:
    low, high = floor_ms(WEEK.start), floor_ms(WEEK.end)
    made = Counter(
        COUNTED_AS.get(row[ACTION], row[ACTION])
        for row in rows(CALLS, days=DAYS)
        if low <= row[BILLED] < high and row[REFUND] is None
        and row[ACTION] not in ("asset", "update-asset")
    )  # fmt: skip
    report = (await usage.report(WEEK)).report
    assert any(series.usage_name == "refunds" for series in report.usages or ())
    chart = charts.jobs(report, Grouping.ACTION, WEEK, UNTIL)
    assert {series.id: series.total for series in chart.series} == made
    assert charts.jobs(report, Grouping.MODEL, WEEK, UNTIL).total == made.total()


async def test_a_days_actions_are_known_by_their_words(usage: Usage) -> None:
    book = usage.activity(WEEK, ActivityFilter(actions=frozenset({"update-asset"})))
    while not book.is_all:
        book.more()
        await book.settled()
    assert {"update-asset", "txt2img", "custom"} <= book.actions
    assert 0 < book.count < WEEK.days * CALLS // DAYS
    assert timedelta(days=WEEK.days) == WEEK.end - WEEK.start
    book.stop()
