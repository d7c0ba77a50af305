"""What is written down: refunds, the sums per day, and records made before there were any."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.engine.context import MIGRATIONS
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.times import floor_ms
from scenario_desktop.engine.usage import REBUILD_DAYS, SARTIQ, USAGE, UsageLog
from tests.contract.engine_support import Local
from tests.usage_data import fill

AT = datetime(2026, 3, 29, 23, 59, 59, tzinfo=UTC)


def days(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute("SELECT * FROM usage_days ORDER BY 1, 2, 3")]


def rebuilt(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    for statement in REBUILD_DAYS.split(";"):
        connection.execute(statement)
    return days(connection)


@pytest.mark.parametrize("seed", range(5))
async def test_the_sums_per_day_are_those_of_the_calls(local: Local, seed: int) -> None:
    chance = random.Random(seed)

    def write(connection: sqlite3.Connection) -> None:
        fill(connection, 300, days=3, seed=seed)
        for number in range(200):
            job = f"job_new_{chance.randrange(40)}"
            UsageLog.insert(
                connection, at_ms=floor_ms(AT) + chance.randrange(3 * 86_400_000),
                user=f"u{chance.randrange(3)}", action=chance.choice(["detection", "txt2img"]),
                asset_id=None, job_id=chance.choice([job, None]),
                units=chance.choice([Decimal(0), Decimal("1.25"), Decimal("0.1")]),
                discount=chance.choice([Decimal(0), Decimal("0.05")]),
                is_api_key=bool(chance.randrange(2)), project_id=chance.choice(["", "p"]),
                model_id=chance.choice([None, "m"]), nsfw=chance.choice([(), ("a",), ("a", "b")]),
                verdict=chance.choice([None, "pass"]), service=chance.choice(["scenario", SARTIQ]),
                asset_kind=chance.choice([None, "image", "video"]),
                assets=chance.choice([None, number % 4]),
            )  # fmt: skip
            if chance.random() < 0.2:
                UsageLog.insert(
                    connection, at_ms=floor_ms(AT) + 9 * 86_400_000, user="u0", action="detection",
                    asset_id=None, job_id=job, units=Decimal("-0.1"),
                )  # fmt: skip

    await local.engine.database.run(write)
    kept = await local.engine.database.run(days)
    assert kept == await local.engine.database.run(rebuilt)
    assert {row[0] for row in kept} >= {"action", "user", "model", "kind", "nsfw", "verdict"}


async def test_a_refund_counts_where_its_charge_does(local: Local) -> None:
    later = AT + timedelta(days=2)
    for at, units in ((AT, Decimal(3)), (later, Decimal(-3))):
        await local.engine.usage.record(
            at=at, user="u", action="detection", asset_id="a", job_id="j", units=units,
            model_id="m" if units > 0 else None,
        )  # fmt: skip
    params = {"startDate": "2026-03-29", "endDate": "2026-04-02"}
    answer = await local.ok("GET", "/usages", params=params)
    sums = {
        series["usageName"]: sum(Decimal(point["value"]) for point in series["points"])
        for series in answer["usages"]
    }
    assert sums == {
        "creative-unit-cost": 0, "creative-unit-discount": 0, "detection": 1, "refunds": 3,
    }  # fmt: skip
    assert [point["cost"] for point in answer["modelUsages"][0]["points"]] == [0] * len(
        answer["modelUsages"][0]["points"]
    )
    assert sum(point["jobs"] for point in answer["modelUsages"][0]["points"]) == 1
    [action] = answer["activity"]
    assert (action["creativeUnitsCost"], action["data"]["jobId"]) == (0, "j")
    after = await local.ok("GET", "/usages", params={"startDate": "2026-03-30",
                                                     "endDate": "2026-04-02"})  # fmt: skip
    assert not any(float(p["value"]) for series in after["usages"] for p in series["points"])


async def test_what_runs_for_the_other_service_is_not_in_the_answer(local: Local) -> None:
    await local.engine.usage.record(
        at=datetime.now(UTC), user="u", action="remove-background", asset_id=None, job_id=None,
        units=Decimal(0), service=SARTIQ, compute_ms=1200,
    )  # fmt: skip
    answer = await local.ok("GET", "/usages")
    assert not answer["activity"]
    assert not answer["consumption"]


async def test_units_are_summed_exactly(local: Local) -> None:
    for _ in range(30):
        await local.engine.usage.record(
            at=AT, user="u", action="detection", asset_id=None, job_id=None, units=Decimal("0.1")
        )
    params = {"startDate": "2026-03-29", "endDate": "2026-03-30"}
    answer = await local.ok("GET", "/usages", params=params)
    assert [user["value"] for user in answer["consumption"]] == [3]


async def test_records_of_before_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "engine.sqlite"
    earlier = Database(path, MIGRATIONS[: MIGRATIONS.index(USAGE)])
    await earlier.open()

    def write(connection: sqlite3.Connection) -> None:
        at = floor_ms(AT)
        connection.executemany(
            "INSERT INTO usage (at, user_id, action, asset_id, job_id, units)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (at, "u", "detection", "a", "j1", "1"),
                (at + 1000, "u", "detection", "a", "j2", "1"),
                (at + 5000, "u", "detection", "a", "j2", "-1"),
                (at + 6000, "v", "canvas-force-unlock", "c", None, "0"),
            ],
        )  # fmt: skip

    await earlier.run(write)
    await earlier.aclose()
    now = Database(path, MIGRATIONS)
    await now.open()
    try:
        kept = await now.run(days)
        assert kept == await now.run(rebuilt)
        rows = await now.run(lambda c: c.execute("SELECT * FROM usage ORDER BY id").fetchall())
        assert [row["micro"] for row in rows] == [1_000_000, 1_000_000, -1_000_000, 0]
        assert [row["refund_of"] for row in rows] == [None, None, 2, None]
        assert [row["billed_at"] - floor_ms(AT) for row in rows] == [0, 1000, 1000, 6000]
    finally:
        await now.aclose()
