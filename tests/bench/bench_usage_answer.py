"""Ask an engine of 1,000,000 recorded calls (two years, 40 users, 200 models) for 120 days.

``ratio`` compares the whole answer, from the request to its last byte, with the bare SQL: the sums
of the recorded calls by the same names and times, all rows fetched, on the same connection. The
engine keeps sums per day for that. ``ratio_narrowed`` is of half the users, for whom it has to read
the calls itself; ``ratio_to_own_sql`` compares the first answer with the statements it runs: plain
sums by name and time, of which none makes any text.
Times are of the processor: neither side waits for anything else.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from scenario_desktop.api.models.usage import GRANULARITIES
from scenario_desktop.engine.times import floor_ms
from scenario_desktop.engine.usage import BLOCKS, sums_sql
from tests.contract.engine_support import Local, local_engine
from tests.usage_data import CALLS, UNTIL, seed, users

DAYS = 120
ROUNDS = 9
#: Neither end is the end of a day: the hours before and after are summed from the calls.
END = UNTIL - timedelta(hours=5, minutes=3)
START = END - timedelta(days=DAYS)
STEP_MS = GRANULARITIES["7d"]


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        began = time.perf_counter()
        seed(data)
        seeded_s = time.perf_counter() - began
        return {"name": "usage-answer", "calls": CALLS, "days": DAYS} | asyncio.run(
            _measure(data)
        ) | {"seed_s": round(seeded_s, 1)}  # fmt: skip


async def _measure(data: Path) -> dict[str, Any]:
    range_ = {"startDate": START.isoformat(), "endDate": END.isoformat()}
    some = users()[::2]
    async with local_engine(data) as local:
        size = len((await local.http.get("/v1/usages", params=range_)).content)
        wide_ms, own_ms = await _compare(local, range_, await _statements(local, range_))
        calls_ms = (await _compare(local, range_, _from_calls(), rounds=2))[1]
        narrowed = await _compare(
            local, range_ | {"userIds": ",".join(some)}, _from_calls(some), rounds=2
        )
    return {
        "ratio": round(wide_ms / calls_ms, 3),
        "ratio_narrowed": round(narrowed[0] / narrowed[1], 2),
        "ratio_to_own_sql": round(wide_ms / own_ms, 2),
        "answer_ms": round(wide_ms, 1), "own_sql_ms": round(own_ms, 1),
        "calls_sql_ms": round(calls_ms, 1), "narrowed_ms": round(narrowed[0], 1), "bytes": size,
    }  # fmt: skip


async def _compare(
    local: Local, params: dict[str, str], statements: list[str], rounds: int = ROUNDS
) -> tuple[float, float]:
    """Return the milliseconds of an answer and of statements, in turns, the medians of each."""

    async def ask() -> None:
        (await local.http.get("/v1/usages", params=params)).raise_for_status()

    async def bare() -> None:
        await local.engine.database.run(lambda connection: _fetch(connection, statements))

    times = [(await _ms(ask), await _ms(bare)) for _ in range(rounds)]
    answers, others = zip(*times, strict=True)
    return statistics.median(answers), statistics.median(others)


async def _statements(local: Local, params: dict[str, str]) -> list[str]:
    """Return the statements of an answer, with their values in them."""
    heard: list[str] = []
    database = local.engine.database
    await database.run(lambda connection: connection.set_trace_callback(heard.append))
    await local.http.get("/v1/usages", params=params)
    await database.run(lambda connection: connection.set_trace_callback(None))
    return [statement for statement in heard if statement.startswith("SELECT")]


def _from_calls(some: Sequence[str] = ()) -> list[str]:
    where = f"billed_at >= {floor_ms(START)} AND billed_at < {floor_ms(END)}"
    if some:
        names = ", ".join(f"'{user}'" for user in some)
        where += f" AND user_id IN ({names})"
    return [
        f"SELECT {block.name}, billed_at / {STEP_MS}, {sums_sql(block)} FROM {block.source}"
        f" WHERE {where} AND {block.name} IS NOT NULL GROUP BY 1, 2"
        for block in BLOCKS.values()
    ]


def _fetch(connection: sqlite3.Connection, statements: list[str]) -> None:
    cursor = connection.cursor()
    cursor.row_factory = None
    for statement in statements:
        cursor.execute(statement).fetchall()


async def _ms(work: Callable[[], Awaitable[None]]) -> float:
    began = time.process_time()
    await work()
    return (time.process_time() - began) * 1000
