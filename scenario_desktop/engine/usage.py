"""The record of everything that was billed."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from decimal import Decimal

from scenario_desktop.engine.database import Database
from scenario_desktop.engine.times import floor_ms


class UsageLog:
    """Rows are added and never changed; a refund is a row with negative units."""

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
    ) -> None:
        """Add a row: who did what to which asset in which job, for how many Creative Units."""
        await self._database.run(
            lambda connection: self.insert(
                connection, at_ms=floor_ms(at), user=user, action=action, asset_id=asset_id,
                job_id=job_id, units=units,
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
    ) -> None:
        """Do as ``record`` within a transaction of the caller, so that no charge lacks its row."""
        connection.execute(
            "INSERT INTO usage (at, user_id, action, asset_id, job_id, units) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (at_ms, user, action, asset_id, job_id, str(units)),
        )
