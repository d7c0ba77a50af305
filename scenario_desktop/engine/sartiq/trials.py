"""Experimental tasks and trainings. Both need a model: they are taken down and end in error."""

from __future__ import annotations

import json
import sqlite3
from typing import Any
from uuid import uuid4

from scenario_desktop.engine.database import Database
from scenario_desktop.engine.sartiq.failures import sentence
from scenario_desktop.engine.sartiq.tools import needs_model
from scenario_desktop.engine.sartiq.words import ErrorCategory, Status
from scenario_desktop.engine.times import now_ms, to_iso
from scenario_desktop.errors import Forbidden, NotFound

#: Callbacks that are kept; older ones make room.
MAX_CALLBACKS = 1000


class TrialStore:
    """What was asked for, so that its status can be told. It has ended as soon as it is begun."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start_experiment(
        self, app_id: str, payload: dict[str, Any], user: str
    ) -> dict[str, Any]:
        task_id, at = str(uuid4()), now_ms()
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT INTO sartiq_experiments VALUES (?, ?, ?, ?, ?)",
                (task_id, user, app_id, _dump(payload), at),
            )
        )
        return await self.experiment(task_id, user)

    async def experiment(self, task_id: str, user: str) -> dict[str, Any]:
        """Return a task as it crosses HTTP; ``error_message`` is a field of ours.

        Raises:
            NotFound, Forbidden: there is none, or it is somebody else's.
        """
        row = await self._database.run(
            lambda connection: connection.execute(
                "SELECT * FROM sartiq_experiments WHERE id = ?", (task_id,)
            ).fetchone()
        )
        _check(row, user, "experimental task")
        return {
            "id": row["id"],
            "fal_app_id": row["app_id"],
            "payload": json.loads(row["payload"]),
            "image_url": None,
            "status": Status.ERROR,
            "error_message": sentence(needs_model("An experimental task")),
        }

    async def start_training(self, body: dict[str, Any], user: str) -> dict[str, Any]:
        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            row: sqlite3.Row = connection.execute(
                "INSERT INTO sartiq_trainings (id, user_id, body, created_at)"
                " VALUES (?, ?, ?, ?) RETURNING *",
                (str(uuid4()), user, _dump(body), now_ms()),
            ).fetchone()
            return row

        return _training(await self._database.run(work))

    async def trainings(
        self, user: str, *, skip: int, limit: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return a page of the user's trainings, newest first, and how many there are in all."""

        def work(connection: sqlite3.Connection) -> tuple[list[sqlite3.Row], int]:
            count = connection.execute(
                "SELECT count(*) FROM sartiq_trainings WHERE user_id = ?", (user,)
            ).fetchone()[0]
            rows = connection.execute(
                "SELECT * FROM sartiq_trainings WHERE user_id = ? ORDER BY key DESC"
                " LIMIT ? OFFSET ?",
                (user, limit, skip),
            ).fetchall()
            return rows, count

        rows, count = await self._database.run(work)
        return [_training(row) for row in rows], count

    async def training(self, task_id: str, user: str | None) -> dict[str, Any]:
        """Return a training.

        Args:
            user: None asks for nobody: whoever knows the id of a training may see its status, and
                no more than that.

        Raises:
            NotFound, Forbidden: there is none, or it is somebody else's.
        """
        row = await self._database.run(
            lambda connection: connection.execute(
                "SELECT * FROM sartiq_trainings WHERE id = ?", (task_id,)
            ).fetchone()
        )
        _check(row, user, "training")
        training = _training(row)
        if user is None:
            del training["request"]
        return training

    async def keep_callback(self, body: dict[str, Any]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            key = connection.execute(
                "INSERT INTO sartiq_callbacks (body, created_at) VALUES (?, ?)",
                (_dump(body), now_ms()),
            ).lastrowid
            connection.execute(
                "DELETE FROM sartiq_callbacks WHERE key <= ?", ((key or 0) - MAX_CALLBACKS,)
            )

        await self._database.run(work)


def _check(row: sqlite3.Row | None, user: str | None, what: str) -> None:
    if row is None:
        raise NotFound(f"There is no such {what}.")
    if user is not None and row["user_id"] != user:
        raise Forbidden(f"This {what} belongs to someone else.")


def _training(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "task_id": row["id"],
        "status": Status.ERROR,
        "error_message": sentence(needs_model("Training")),
        "error_category": ErrorCategory.NEEDS_MODEL,
        "request": json.loads(row["body"]),
        "created_at": to_iso(row["created_at"]),
        "completed_at": to_iso(row["created_at"]),
    }


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
