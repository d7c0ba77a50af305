"""Generations: begun, found again, followed and removed with all that belongs to them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from scenario_desktop.engine.database import Database
from scenario_desktop.engine.files import ContentFolder
from scenario_desktop.engine.sartiq.fields import NewGeneration
from scenario_desktop.engine.sartiq.filters import GenerationFilter, list_generations
from scenario_desktop.engine.sartiq.media import drop_unused, ensure_media, remove_files
from scenario_desktop.engine.sartiq.runner import Runner
from scenario_desktop.engine.sartiq.settling import cancel_tasks
from scenario_desktop.engine.sartiq.wire import Records, read_generations
from scenario_desktop.engine.sartiq.words import GenerationStatus, Status
from scenario_desktop.engine.times import now_ms, to_iso
from scenario_desktop.errors import Forbidden, NotFound

#: Attempts of an agentic run where its request says nothing.
_DEFAULT_ATTEMPTS = 3
_ORCHESTRATION = {
    GenerationStatus.PENDING: "processing",
    GenerationStatus.PROCESSING: "processing",
    GenerationStatus.COMPLETED: "completed",
}


class GenerationStore:
    """The generations of all users; each sees their own and those of an organisation."""

    def __init__(self, database: Database, *, contents: ContentFolder, runner: Runner) -> None:
        self._database = database
        self._contents = contents
        self._runner = runner

    async def create(self, new: NewGeneration) -> Records:
        """Begin a generation: its predictions wait for their turn."""

        def work(connection: sqlite3.Connection) -> Records:
            return read_generations(connection, [insert_generation(connection, new, now_ms())])

        records = await self._database.run(work)
        self._runner.wake()
        return records

    async def page(self, wanted: GenerationFilter, user: str) -> tuple[Records, int]:
        """Return a page of generations, newest first, and how many there are in all."""

        def work(connection: sqlite3.Connection) -> tuple[Records, int]:
            keys, count = list_generations(connection, wanted, user)
            return read_generations(connection, keys), count

        return await self._database.run(work)

    async def get(self, generation_id: str, user: str) -> Records:
        """Return one generation.

        Raises:
            NotFound, Forbidden: there is none, or it is somebody else's.
        """
        return await self._with(generation_id, user, lambda connection, row: None)

    async def get_owned(self, generation_ids: Sequence[str], user: str) -> Records:
        """Return those of these that are the user's, in the order asked for; others are left out.

        Cheap for a client that polls: four queries however many there are.
        """

        def work(connection: sqlite3.Connection) -> Records:
            rows = connection.execute(
                "SELECT key, id FROM sartiq_generations"
                " WHERE id IN (SELECT value FROM json_each(?)) AND user_id = ?",
                (json.dumps(generation_ids), user),
            ).fetchall()
            keys = {row["id"]: row["key"] for row in rows}
            return read_generations(
                connection, [keys[one] for one in dict.fromkeys(generation_ids) if one in keys]
            )

        return await self._database.run(work)

    async def set_revised(self, generation_id: str, user: str, is_revised: bool | None) -> Records:
        """Set the mark; None changes nothing."""

        def change(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
            if is_revised is not None:
                connection.execute(
                    "UPDATE sartiq_generations SET is_revised = ?, updated_at = ? WHERE key = ?",
                    (int(is_revised), now_ms(), row["key"]),
                )

        return await self._with(generation_id, user, change, is_change=True)

    async def stats(self, generation_id: str, user: str) -> dict[str, Any]:
        """Count where the predictions are. In the end completed and error make up the total."""

        def work(connection: sqlite3.Connection) -> dict[str, Any]:
            row = require_generation(connection, generation_id, user)
            counts = connection.execute(
                "SELECT count(*) AS total, coalesce(sum(status = ?), 0) AS completed,"
                " coalesce(sum(status = ?), 0) AS error FROM sartiq_predictions"
                " WHERE generation_key = ?",
                (Status.COMPLETED, Status.ERROR, row["key"]),
            ).fetchone()
            latest = connection.execute(
                "SELECT status FROM sartiq_predictions WHERE generation_key = ?"
                " ORDER BY updated_at DESC, key DESC LIMIT 1",
                (row["key"],),
            ).fetchone()
            return {
                "id": row["id"],
                "status": row["status"],
                "total": counts["total"],
                "completed": counts["completed"],
                "error": counts["error"],
                "latest_prediction_status": latest["status"] if latest else None,
            }

        return await self._database.run(work)

    async def cancel(self, generation_id: str, user: str) -> Records:
        """Stop all work of a generation; its waiting predictions and refines end in error.

        What has ended stays as it is, so that cancelling again changes nothing.
        """
        stopped: list[str] = []

        def change(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
            stopped.extend(cancel_tasks(connection, row["key"], now_ms()))

        records = await self._with(generation_id, user, change, is_change=True)
        self._runner.cancel(stopped)
        return records

    async def delete(self, generation_id: str, user: str) -> None:
        """Remove a generation with its predictions, refines, results and inputs.

        Raises:
            NotFound, Forbidden: there is none, or it is somebody else's; nothing was removed.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
            row = require_generation(connection, generation_id, user, is_change=True)
            return delete_generation(connection, row["key"])

        stopped, files = await self._database.run(work)
        self._runner.cancel(stopped)
        remove_files(self._contents, files)

    async def agentic_status(self, orchestration_id: str) -> dict[str, Any]:
        """Tell how an agentic run is doing. Whoever knows its id may ask.

        Raises:
            NotFound: there is no such run.
        """

        def work(connection: sqlite3.Connection) -> dict[str, Any]:
            row = connection.execute(
                "SELECT * FROM sartiq_generations WHERE orchestration_id = ?", (orchestration_id,)
            ).fetchone()
            if row is None:
                raise NotFound("There is no such agentic run.")
            error = connection.execute(
                "SELECT error_message FROM sartiq_predictions WHERE generation_key = ?"
                " AND error_message IS NOT NULL ORDER BY key LIMIT 1",
                (row["key"],),
            ).fetchone()
            return _agentic_wire(row, error["error_message"] if error else None)

        return await self._database.run(work)

    async def _with(
        self,
        generation_id: str,
        user: str,
        change: Callable[[sqlite3.Connection, sqlite3.Row], None],
        *,
        is_change: bool = False,
    ) -> Records:
        def work(connection: sqlite3.Connection) -> Records:
            row = require_generation(connection, generation_id, user, is_change=is_change)
            change(connection, row)
            return read_generations(connection, [row["key"]])

        return await self._database.run(work)


def require_generation(
    connection: sqlite3.Connection, generation_id: str, user: str, *, is_change: bool = False
) -> sqlite3.Row:
    """Return a generation's row.

    What belongs to an organisation may be read by every user of this engine, and changed by whoever
    made it.

    Raises:
        NotFound: there is none.
        Forbidden: it is somebody else's.
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM sartiq_generations WHERE id = ?", (generation_id,)
    ).fetchone()
    if row is None:
        raise NotFound("There is no such generation.")
    if row["user_id"] != user and (is_change or row["organization_id"] is None):
        raise Forbidden("This generation belongs to someone else.")
    return row


def insert_generation(connection: sqlite3.Connection, new: NewGeneration, at: int) -> int:
    """Add a generation, its inputs, its predictions and their tasks; return its key."""
    values = {
        "id": str(uuid4()), "user_id": new.user, "organization_id": new.organization_id,
        "operation": new.operation, "status": GenerationStatus.PENDING,
        "orchestration_id": new.orchestration_id, "fields": json.dumps(new.fields),
        "parameters": json.dumps(new.parameters), "created_at": at, "updated_at": at,
        **new.columns,
    }  # fmt: skip
    cursor = connection.execute(
        f"INSERT INTO sartiq_generations ({', '.join(values)})"  # noqa: S608 - names are ours
        f" VALUES ({', '.join('?' for _ in values)})",
        tuple(values.values()),
    )
    key = int(cursor.lastrowid or 0)
    connection.executemany(
        "INSERT INTO sartiq_inputs (generation_key, position, media_key) VALUES (?, ?, ?)",
        [
            (key, position, ensure_media(connection, picture, at))
            for position, picture in enumerate(new.inputs)
        ],
    )
    for number in range(new.batch_size):
        prediction = connection.execute(
            "INSERT INTO sartiq_predictions (id, generation_key, user_id, seed, shot_type,"
            " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (str(uuid4()), key, new.user, new.seed + number, new.shot_type, at, at),
        )
        connection.execute(
            "INSERT INTO sartiq_tasks (prediction_key) VALUES (?)", (prediction.lastrowid,)
        )
    return key


def delete_generation(connection: sqlite3.Connection, key: int) -> tuple[list[str], list[str]]:
    """Remove a generation.

    Returns:
        The work to be stopped and the files to be removed after the transaction.
    """
    at = now_ms()
    stopped = cancel_tasks(connection, key, at)
    inputs = _media(connection, "SELECT media_key FROM sartiq_inputs WHERE generation_key = ?", key)
    results = _media(
        connection,
        "SELECT media_key FROM sartiq_predictions WHERE generation_key = ?1 UNION"
        " SELECT r.media_key FROM sartiq_refines r JOIN sartiq_predictions p"
        " ON p.key = r.prediction_key WHERE p.generation_key = ?1",
        key,
    )
    connection.execute("DELETE FROM sartiq_generations WHERE key = ?", (key,))
    # What was uploaded for it goes as well, unless another generation was made from it.
    connection.execute(
        "DELETE FROM sartiq_uploads WHERE media_key IN (SELECT value FROM json_each(?))"
        " AND media_key NOT IN (SELECT media_key FROM sartiq_inputs)",
        (json.dumps(inputs),),
    )
    return stopped, drop_unused(connection, inputs + results)


def _media(connection: sqlite3.Connection, sql: str, key: int) -> list[int]:
    return [row[0] for row in connection.execute(sql, (key,)) if row[0] is not None]


def _agentic_wire(row: sqlite3.Row, error: str | None) -> dict[str, Any]:
    status = _ORCHESTRATION.get(row["status"], "failed")
    has_ended = row["ended_at"] is not None
    parameters = json.loads(row["parameters"])
    return {
        "shot_id": row["orchestration_id"],
        "status": status,
        "total_attempts": 0,
        "max_attempts": parameters.get("max_attempts") or _DEFAULT_ATTEMPTS,
        "current_attempt": None,
        "final_image_url": None,
        "best_confidence": None,
        "error_message": error if has_ended else None,
        "started_at": to_iso(row["created_at"]),
        "completed_at": to_iso(row["ended_at"]) if has_ended else None,
        "duration_seconds": (row["ended_at"] - row["created_at"]) / 1000 if has_ended else None,
        "attempts": [],
        "orchestration_metadata": {},
    }
