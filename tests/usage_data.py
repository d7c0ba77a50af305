"""Usage to test with: many calls of many people, the same ones for the same seed.

    python -m tests.usage_data --data DIR [--calls 1000000] [--days 730]

writes them into an engine's data folder; no engine may work in it meanwhile. Ends are exact: the
calls lie in ``days`` whole days before ``until``, which is the end of a day in UTC.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.context import MIGRATIONS
from scenario_desktop.engine.folders import make_folders
from scenario_desktop.engine.keys import FILE_NAME, load_or_create
from scenario_desktop.engine.times import floor_ms
from scenario_desktop.engine.usage import DAY_MS, INDEXES, MICRO, REBUILD_DAYS

USERS: Final = 40
MODELS: Final = 200
CALLS: Final = 1_000_000
DAYS: Final = 730
UNTIL: Final = datetime(2026, 11, 21, tzinfo=UTC)
PROJECTS: Final = ("", "proj_films", "proj_games")
LABELS: Final = ("nudity", "violence", "blood", "weapons")
#: action, kind of what it makes, most units, weight
ACTIONS: Final = (
    ("txt2img", "image", 12, 30), ("img2img", "image", 10, 14), ("detection", "image", 1, 12),
    ("upscale", "image", 20, 8), ("background-removal", "image", 2, 6),
    ("models-training", None, 300, 1), ("custom", "video", 180, 8), ("texture", "3d", 30, 3),
    ("skybox-base-360", "image-hdr", 25, 2), ("vectorization", "document", 3, 2),
    ("asset", None, 0, 8), ("update-asset", None, 0, 6),
)  # fmt: skip
#: Every 50th charge is taken back a while later; every 97th picture is not for everybody.
REFUND_EVERY: Final = 50
_LABEL_EVERY: Final = 97
_COLUMNS: Final = (
    "id", "at", "user_id", "action", "asset_id", "job_id", "units", "billed_at", "micro",
    "discount_micro", "refund_of", "project_id", "is_api_key", "model_id", "asset_kind", "assets",
    "nsfw", "verdict", "compute_ms",
)  # fmt: skip


def users(count: int = USERS) -> list[str]:
    return [f"user_{number:03}" for number in range(count)]


def models(count: int = MODELS) -> list[str]:
    return [f"model_{number:03}" for number in range(count)]


def rows(
    calls: int = CALLS, *, days: int = DAYS, until: datetime = UNTIL, seed: int = 1,
    user_count: int = USERS, model_count: int = MODELS, first_id: int = 1,
) -> Iterator[tuple[Any, ...]]:  # fmt: skip
    """Yield rows of the engine's table in the order of time, refunds among them.

    There are ``calls`` rows in all, evenly spread; few users and models do most.
    """
    chance = random.Random(seed)
    people, makers = users(user_count), models(model_count)
    actions = chance.choices(ACTIONS, [action[3] for action in ACTIONS], k=calls)
    who = chance.choices(people, [1 / (n + 2) for n in range(len(people))], k=calls)
    which = chance.choices(makers, [1 / (n + 5) for n in range(len(makers))], k=calls)
    start_ms = floor_ms(until) - days * DAY_MS
    step_ms = days * DAY_MS / calls
    is_refundable: list[tuple[int, tuple[Any, ...]]] = []
    for index in range(calls):
        at = start_ms + int((index + chance.random()) * step_ms)
        row_id = first_id + index
        if index % REFUND_EVERY == REFUND_EVERY - 1 and is_refundable:
            charge_id, charge = is_refundable.pop()
            values = dict(zip(_COLUMNS, charge, strict=True))
            yield tuple((values | {
                "id": row_id, "at": at, "units": f"-{values['units']}",
                "micro": -values["micro"], "discount_micro": 0, "refund_of": charge_id,
                "asset_kind": None, "assets": 0, "nsfw": None, "verdict": None,
            }).values())  # fmt: skip
            continue
        name, kind, most, _ = actions[index]
        cents = chance.randrange(100 * most) + 1 if most else 0
        discount = cents // 5 if most and index % 7 == 0 else 0
        micro = (cents - discount) * (MICRO // 100)
        makes = 1 + index % 4 if kind else 0
        row = (
            row_id, at, who[index], name, f"asset_{row_id:08}" if kind else None,
            f"job_{row_id:08}" if most else None, str(Decimal(cents - discount) / 100), at, micro,
            discount * (MICRO // 100), None, PROJECTS[row_id % 10 % 3 if row_id % 4 == 0 else 0],
            row_id % 3 == 0, which[index] if most and name != "detection" else None, kind, makes,
            _label(row_id) if makes and index % _LABEL_EVERY == 0 else None,
            ("pass", "fail")[index % 11 == 0] if kind == "image" and index % 3 == 0 else None,
            500 + index % 9000 if most else None,
        )  # fmt: skip
        if micro and chance.random() < 0.05:
            is_refundable = [(row_id, row)]
        yield row


def _label(row_id: int) -> str:
    return json.dumps([LABELS[row_id % len(LABELS)]])


def fill(connection: sqlite3.Connection, calls: int = CALLS, **options: Any) -> None:
    """Write calls into an engine's tables, within a transaction of the caller."""
    names = [line.split()[2] for line in INDEXES.split(";") if line.strip()]
    for name in names:
        connection.execute(f"DROP INDEX {name}")
    first = 1 + int(connection.execute("SELECT ifnull(max(id), 0) FROM usage").fetchone()[0])
    connection.executemany(
        f"INSERT INTO usage ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})",
        rows(calls, first_id=first, **options),
    )
    for statement in [*INDEXES.split(";"), *REBUILD_DAYS.split(";")]:
        connection.execute(statement)


def seed(data: Path, calls: int = CALLS, **options: Any) -> None:
    """Make a data folder, or take one, and fill it."""
    config = EngineConfig(data=data)
    make_folders(config)
    load_or_create(data / FILE_NAME)
    connection = sqlite3.connect(config.database, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{script};\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        connection.execute("BEGIN IMMEDIATE")
        fill(connection, calls, **options)
        connection.execute("COMMIT")
        connection.execute("PRAGMA optimize")
    finally:
        connection.close()


def _now_until() -> datetime:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--days", type=int, default=DAYS)
    given = parser.parse_args()
    seed(given.data, given.calls, days=given.days, until=_now_until())
    sys.exit(0)
