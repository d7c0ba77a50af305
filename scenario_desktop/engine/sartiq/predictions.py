"""Predictions: found again, marked and removed."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from scenario_desktop.engine.database import Database
from scenario_desktop.engine.files import ContentFolder
from scenario_desktop.engine.sartiq.generations import delete_generation
from scenario_desktop.engine.sartiq.media import drop_unused, remove_files
from scenario_desktop.engine.sartiq.runner import Runner
from scenario_desktop.engine.sartiq.settling import settle, tasks_of_prediction
from scenario_desktop.engine.sartiq.wire import Records, read_predictions
from scenario_desktop.engine.times import now_ms
from scenario_desktop.errors import BadInput, Conflict, Forbidden, NotFound

#: How many predictions one request may delete.
MAX_BULK = 1000


class PredictionStore:
    """The predictions of all users; each sees their own and those of an organisation."""

    def __init__(self, database: Database, *, contents: ContentFolder, runner: Runner) -> None:
        self._database = database
        self._contents = contents
        self._runner = runner

    async def page(
        self, user: str, *, skip: int, limit: int, is_favourite: bool | None
    ) -> tuple[Records, int]:
        """Return a page of the user's predictions, newest first, and how many there are in all."""
        condition = "user_id = ?"
        if is_favourite is not None:
            condition += f" AND is_favourite = {int(is_favourite)}"  # literal: an index waits on it

        def work(connection: sqlite3.Connection) -> tuple[Records, int]:
            count = connection.execute(
                f"SELECT count(*) FROM sartiq_predictions WHERE {condition}",  # noqa: S608 - ours
                (user,),
            ).fetchone()[0]
            rows = connection.execute(
                f"SELECT key FROM sartiq_predictions WHERE {condition}"  # noqa: S608 - ours
                " ORDER BY key DESC LIMIT ? OFFSET ?",
                (user, limit, skip),
            ).fetchall()
            return read_predictions(connection, [row[0] for row in rows]), count

        return await self._database.run(work)

    async def get(self, prediction_id: str, user: str) -> Records:
        """Return one prediction.

        Raises:
            NotFound, Forbidden: there is none, or it is somebody else's.
        """

        def work(connection: sqlite3.Connection) -> Records:
            row = require_prediction(connection, prediction_id, user)
            return read_predictions(connection, [row["key"]])

        return await self._database.run(work)

    async def set_favourite(self, prediction_id: str, user: str, is_favourite: bool) -> Records:
        """Set or clear the mark.

        Raises:
            NotFound, Forbidden: as ``get``.
        """

        def work(connection: sqlite3.Connection) -> Records:
            row = require_prediction(connection, prediction_id, user, is_change=True)
            connection.execute(
                "UPDATE sartiq_predictions SET is_favourite = ?, updated_at = ? WHERE key = ?",
                (int(is_favourite), now_ms(), row["key"]),
            )
            return read_predictions(connection, [row["key"]])

        return await self._database.run(work)

    async def select(self, prediction_id: str, user: str) -> Records:
        """Mark a prediction as the chosen one of its generation; another one loses the mark.

        The service names this operation and says no more. The mark is the field ``selected`` of a
        prediction; it is apart from the favourites and changes nothing else.
        """

        def work(connection: sqlite3.Connection) -> Records:
            row, at = require_prediction(connection, prediction_id, user, is_change=True), now_ms()
            connection.execute(
                "UPDATE sartiq_predictions SET is_selected = (key = ?1), updated_at = ?2"
                " WHERE generation_key = ?3 AND is_selected != (key = ?1)",
                (row["key"], at, row["generation_key"]),
            )
            return read_predictions(connection, [row["key"]])

        return await self._database.run(work)

    async def delete(self, prediction_id: str, user: str) -> None:
        """Remove a prediction with its refines and files.

        Raises:
            NotFound, Forbidden: as ``get``.
            Conflict: it is the last of its generation; nothing was removed.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
            row = require_prediction(connection, prediction_id, user, is_change=True)
            siblings = connection.execute(
                "SELECT count(*) FROM sartiq_predictions WHERE generation_key = ?",
                (row["generation_key"],),
            ).fetchone()[0]
            if siblings == 1:
                raise Conflict(
                    "This is the last prediction of its generation.",
                    hint="Delete the generation instead.",
                )
            return _delete(connection, row)

        self._remove(await self._database.run(work))

    async def delete_many(self, prediction_ids: Sequence[str], user: str) -> dict[str, Any]:
        """Remove many predictions; a generation of which none would be left goes as a whole.

        Returns:
            The answer as it crosses HTTP. ``deleted_predictions`` holds those that were removed
            one by one, ``success_count`` all that are gone.

        Raises:
            BadInput: there are none, or too many; nothing was removed.
        """
        if not prediction_ids:
            raise BadInput("Name at least one prediction.")
        if len(prediction_ids) > MAX_BULK:
            raise BadInput(f"At most {MAX_BULK} predictions can be deleted at once.")
        answer, removed = await self._database.run(
            lambda connection: _delete_many(connection, list(dict.fromkeys(prediction_ids)), user)
        )
        self._remove(removed)
        return answer

    def _remove(self, removed: tuple[list[str], list[str]]) -> None:
        stopped, files = removed
        self._runner.cancel(stopped)
        remove_files(self._contents, files)


def require_prediction(
    connection: sqlite3.Connection, prediction_id: str, user: str, *, is_change: bool = False
) -> sqlite3.Row:
    """Return a prediction's row and its generation's ``organization_id``.

    Raises:
        NotFound: there is none.
        Forbidden: it is somebody else's.
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT p.*, g.organization_id FROM sartiq_predictions p"
        " JOIN sartiq_generations g ON g.key = p.generation_key WHERE p.id = ?",
        (prediction_id,),
    ).fetchone()
    if row is None:
        raise NotFound("There is no such prediction.")
    if row["user_id"] != user and (is_change or row["organization_id"] is None):
        raise Forbidden("This prediction belongs to someone else.")
    return row


def _delete(connection: sqlite3.Connection, row: sqlite3.Row) -> tuple[list[str], list[str]]:
    """Remove a prediction; return the work to be stopped and the files to be removed."""
    stopped = tasks_of_prediction(connection, row["key"])
    refines = connection.execute(
        "SELECT media_key FROM sartiq_refines WHERE prediction_key = ?", (row["key"],)
    ).fetchall()
    connection.execute("DELETE FROM sartiq_predictions WHERE key = ?", (row["key"],))
    settle(connection, row["generation_key"], now_ms())
    return stopped, drop_unused(connection, [row["media_key"], *(one[0] for one in refines)])


def _delete_many(
    connection: sqlite3.Connection, prediction_ids: list[str], user: str
) -> tuple[dict[str, Any], tuple[list[str], list[str]]]:
    rows = connection.execute(
        "SELECT p.*, g.id AS generation_id FROM sartiq_predictions p"
        " JOIN sartiq_generations g ON g.key = p.generation_key"
        " WHERE p.id IN (SELECT value FROM json_each(?))",
        (json.dumps(prediction_ids),),
    ).fetchall()
    by_id = {row["id"]: row for row in rows}
    failed: list[dict[str, str]] = []
    groups: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for prediction_id in prediction_ids:
        row = by_id.get(prediction_id)
        if row is None:
            failed.append({"prediction_id": prediction_id, "error": "There is no such prediction."})
        elif row["user_id"] != user:
            failed.append({"prediction_id": prediction_id, "error": "It belongs to someone else."})
        else:
            groups[row["generation_key"]].append(row)
    stopped: list[str] = []
    files: list[str] = []
    generations: list[str] = []
    predictions: list[str] = []
    for generation_key, named in groups.items():
        total = connection.execute(
            "SELECT count(*) FROM sartiq_predictions WHERE generation_key = ?", (generation_key,)
        ).fetchone()[0]
        if total == len(named):
            removed = [delete_generation(connection, generation_key)]
            generations.append(named[0]["generation_id"])
        else:
            removed = [_delete(connection, row) for row in named]
            predictions += [row["id"] for row in named]
        for tasks, unused in removed:
            stopped += tasks
            files += unused
    answer = {
        "success_count": sum(len(named) for named in groups.values()),
        "failed_count": len(failed),
        "failed_predictions": failed,
        "deleted_generations": generations,
        "deleted_predictions": predictions,
    }
    return answer, (stopped, files)
