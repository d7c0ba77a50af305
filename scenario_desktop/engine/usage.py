"""The record of everything that was done and billed, and the sums per day that are kept with it.

Rows are added and never changed. A refund is a row with negative units that names the charge it
takes back, and counts at the time of that charge: no sum of any time is ever below zero.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from scenario_desktop.engine.database import Database, Migration
from scenario_desktop.engine.times import floor_ms

#: Units are summed as whole millionths: sums of any size are exact.
MICRO: Final = 1_000_000
DAY_MS: Final = 86_400_000
#: Whose calls they are. What runs for the other service has no price, and its own answers.
SCENARIO: Final = "scenario"
SARTIQ: Final = "sartiq"


@dataclass(frozen=True, slots=True)
class Block:
    """One way of summing calls up.

    Attributes:
        name: SQL for what sums are kept by; rows where it is NULL are left out.
        count: SQL for what a row counts.
        source: SQL for where rows come from.
        sign: of the units.
    """

    name: str
    count: str
    source: str = "usage"
    sign: str = ""


_CALLS: Final = "refund_of IS NULL"
BLOCKS: Final = {
    "action": Block("action", _CALLS),
    "user": Block("user_id", _CALLS),
    "model": Block("model_id", _CALLS),
    "kind": Block("asset_kind", "assets"),
    "nsfw": Block("label.value", "1", "usage, json_each(usage.nsfw) AS label"),
    "verdict": Block("verdict", "1"),
    "refund": Block("CASE WHEN refund_of IS NOT NULL THEN 'refunds' END", "1", sign="-"),
}
SUMS: Final = ("count", "count_api", "micro", "micro_api", "discount", "discount_api")


def sums_sql(block: Block) -> str:
    """Return the six sums of a group of recorded calls, in the order of ``SUMS``."""
    units = (block.count, f"{block.sign}micro", "discount_micro")
    return ", ".join(f"sum({unit}), sum(({unit}) * is_api_key)" for unit in units)


def _fill_days(name: str, block: Block) -> str:
    return (
        f"INSERT INTO usage_days SELECT '{name}', billed_at / {DAY_MS}, {block.name}, "  # noqa: S608 - all words are ours
        f"{sums_sql(block)} FROM {block.source} "
        f"WHERE service = '{SCENARIO}' AND {block.name} IS NOT NULL GROUP BY 2, 3"
    )


#: Makes the sums per day anew from the recorded calls.
REBUILD_DAYS: Final = ";\n".join(
    ["DELETE FROM usage_days", *(_fill_days(name, block) for name, block in BLOCKS.items())]
)
INDEXES: Final = """
CREATE INDEX usage_billed ON usage (billed_at);
CREATE INDEX usage_user ON usage (user_id, billed_at);
CREATE INDEX usage_job ON usage (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX usage_refund ON usage (refund_of) WHERE refund_of IS NOT NULL;
CREATE INDEX usage_project ON usage (project_id) WHERE project_id <> '';
CREATE INDEX usage_calls ON usage (at, id) WHERE refund_of IS NULL AND service = 'scenario';
CREATE INDEX usage_user_calls ON usage (user_id, at, id)
    WHERE refund_of IS NULL AND service = 'scenario'
"""
USAGE: Migration = f"""
ALTER TABLE usage ADD COLUMN billed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN micro INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN discount_micro INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN refund_of INTEGER;
ALTER TABLE usage ADD COLUMN service TEXT NOT NULL DEFAULT 'scenario';
ALTER TABLE usage ADD COLUMN project_id TEXT NOT NULL DEFAULT '';
ALTER TABLE usage ADD COLUMN is_api_key INTEGER NOT NULL DEFAULT 1;
ALTER TABLE usage ADD COLUMN model_id TEXT;
ALTER TABLE usage ADD COLUMN collection_id TEXT;
ALTER TABLE usage ADD COLUMN asset_kind TEXT;
ALTER TABLE usage ADD COLUMN assets INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN nsfw TEXT;
ALTER TABLE usage ADD COLUMN verdict TEXT;
ALTER TABLE usage ADD COLUMN compute_ms INTEGER;
CREATE TABLE usage_days (
    block TEXT NOT NULL,
    day INTEGER NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    count_api INTEGER NOT NULL,
    micro INTEGER NOT NULL,
    micro_api INTEGER NOT NULL,
    discount INTEGER NOT NULL,
    discount_api INTEGER NOT NULL,
    PRIMARY KEY (block, day, name)
) WITHOUT ROWID;
{INDEXES};
UPDATE usage SET micro = CAST(round(units * {MICRO}) AS INTEGER), billed_at = at;
UPDATE usage SET (refund_of, billed_at) = (
    SELECT charge.id, charge.at FROM usage AS charge
    WHERE charge.job_id = usage.job_id AND charge.micro > 0 ORDER BY charge.id LIMIT 1
) WHERE micro < 0 AND EXISTS (
    SELECT 1 FROM usage AS charge WHERE charge.job_id = usage.job_id AND charge.micro > 0
);
{REBUILD_DAYS}
"""  # noqa: S608 - all words are ours


class UsageLog:
    """The rows, and the sums per day, always in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self,
        *,
        at: datetime,
        user: str,
        action: str,
        asset_id: str | None,
        job_id: str | None,
        units: Decimal,
        **more: Any,
    ) -> None:
        """Add a row: who did what to which asset in which job, for how many Creative Units.

        Args:
            more: as ``insert`` takes it.
        """
        await self._database.run(
            lambda connection: self.insert(
                connection, at_ms=floor_ms(at), user=user, action=action, asset_id=asset_id,
                job_id=job_id, units=units, **more,
            )
        )  # fmt: skip

    @staticmethod
    def insert(
        connection: sqlite3.Connection,
        *,
        at_ms: int,
        user: str,
        action: str,
        asset_id: str | None,
        job_id: str | None,
        units: Decimal,
        discount: Decimal = Decimal(0),
        service: str = SCENARIO,
        project_id: str = "",
        is_api_key: bool = True,
        model_id: str | None = None,
        collection_id: str | None = None,
        asset_kind: str | None = None,
        assets: int | None = None,
        nsfw: Sequence[str] = (),
        verdict: str | None = None,
        compute_ms: int | None = None,
    ) -> None:
        """Do as ``record`` within a transaction of the caller, so that no charge lacks its row.

        Args:
            units: what is charged; negative for a refund, which is one of the job's first charge.
            discount: what was not charged though it was the price.
            project_id: "" for the engine's own one.
            asset_kind, assets: of what kind, and how many of it, were made; one unless said.
            nsfw: the labels of what was made.
            verdict: of the quality gate.
        """
        row: dict[str, Any] = {
            "at": at_ms, "user_id": user, "action": action, "asset_id": asset_id,
            "job_id": job_id, "units": str(units), "billed_at": at_ms, "micro": micro(units),
            "discount_micro": micro(discount), "refund_of": None, "service": service,
            "project_id": project_id, "is_api_key": is_api_key, "model_id": model_id,
            "collection_id": collection_id, "asset_kind": asset_kind,
            "assets": assets if assets is not None else int(asset_kind is not None),
            "nsfw": json.dumps(list(nsfw)) if nsfw else None, "verdict": verdict,
            "compute_ms": compute_ms,
        }  # fmt: skip
        charge = _charge(connection, job_id) if row["micro"] < 0 and job_id else None
        if charge is not None:
            row |= {name: charge[name] for name in _OF_THE_CHARGE}
            row["refund_of"] = charge["id"]
        connection.execute(
            f"INSERT INTO usage ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608 - names are ours
            tuple(row.values()),
        )
        if service == SCENARIO:
            _add_to_day(connection, row, nsfw)


#: What a refund has in common with its charge, so that it lessens the same sums.
_OF_THE_CHARGE: Final = (
    "billed_at", "action", "user_id", "model_id", "project_id", "is_api_key",
)  # fmt: skip


def knows_projects(connection: sqlite3.Connection, project_ids: Sequence[str]) -> bool:
    """Whether calls of each of these projects are recorded; "" is the engine's own."""
    query = "SELECT 1 FROM usage WHERE project_id = ? AND project_id <> '' LIMIT 1"
    return all(
        not project or connection.execute(query, (project,)).fetchone() is not None
        for project in project_ids
    )


def micro(units: Decimal) -> int:
    """Return units in whole millionths."""
    return int((units * MICRO).to_integral_value(ROUND_HALF_EVEN))


def _charge(connection: sqlite3.Connection, job_id: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM usage WHERE job_id = ? AND micro > 0 ORDER BY id LIMIT 1", (job_id,)
    ).fetchone()
    return row


_SET: Final = ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)
_ADD: Final = " ".join(
    ("INSERT INTO usage_days VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
     "ON CONFLICT (block, day, name) DO UPDATE SET", _SET)
)  # fmt: skip


def _add_to_day(connection: sqlite3.Connection, row: dict[str, Any], nsfw: Sequence[str]) -> None:
    is_refund = row["refund_of"] is not None
    calls, units, discount = int(not is_refund), row["micro"], row["discount_micro"]
    sums: list[tuple[str, str | None, int, int]] = [
        ("action", row["action"], calls, units),
        ("user", row["user_id"], calls, units),
        ("model", row["model_id"], calls, units),
        ("kind", row["asset_kind"], row["assets"], units),
        *(("nsfw", label, 1, units) for label in nsfw),
        ("verdict", row["verdict"], 1, units),
        ("refund", "refunds" if is_refund else None, 1, -units),
    ]
    is_key = int(row["is_api_key"])
    connection.executemany(
        _ADD,
        [
            (
                block, row["billed_at"] // DAY_MS, name, count, count * is_key, micros,
                micros * is_key, discount, discount * is_key,
            )
            for block, name, count, micros in sums
            if name is not None
        ],
    )  # fmt: skip
