"""The record of what was billed."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from scenario_desktop.engine.usage import UsageLog
from tests.contract.engine_support import Local


async def test_a_row_says_who_when_what_and_how_much(local: Local) -> None:
    at = datetime(2026, 11, 20, 12, 0, 0, 250_000, UTC)
    await local.engine.usage.record(
        at=at, user="user_1", action="detection", asset_id="asset_1", job_id="job_1",
        units=Decimal("10.75"),
    )  # fmt: skip
    [row] = await local.engine.database.run(
        lambda c: [tuple(row) for row in c.execute("SELECT * FROM usage")]
    )
    ms = int(at.timestamp() * 1000)
    assert row[1:7] == (ms, "user_1", "detection", "asset_1", "job_1", "10.75")


async def test_a_charge_falls_with_the_transaction_it_belongs_to(local: Local) -> None:
    def charge_and_fail(connection: sqlite3.Connection) -> None:
        UsageLog.insert(
            connection, at_ms=1, user="u", action="a", asset_id=None, job_id="j", units=Decimal(1)
        )
        raise RuntimeError("after the charge")

    with pytest.raises(RuntimeError):
        await local.engine.database.run(charge_and_fail)
    count = "SELECT count(*) FROM usage"
    assert await local.engine.database.run(lambda c: c.execute(count).fetchone()[0]) == 0


async def test_the_month_so_far_shows_in_the_limits(local: Local) -> None:
    for units in (Decimal("1.5"), Decimal(2)):
        await local.engine.usage.record(
            at=datetime.now(UTC), user="u", action="a", asset_id=None, job_id=None, units=units
        )
    team = local.engine.keys.team_id
    assert (await local.ok("GET", f"/teams/{team}/limits"))["values"]["creativeUnits"] == 3.5
