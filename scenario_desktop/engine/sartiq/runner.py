"""Working on predictions and refines: queued in the database, finished whole or not at all.

What was running when the engine died is begun again at the next start, and given up after
``MAX_ATTEMPTS``. A result and the end of its task are one transaction, so nothing is made twice.
"""

from __future__ import annotations

import asyncio
import functools
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from scenario_desktop.engine.database import Database
from scenario_desktop.engine.files import ContentFolder
from scenario_desktop.engine.jobs import MAX_ATTEMPTS, MISTAKE
from scenario_desktop.engine.sartiq import settling, tools
from scenario_desktop.engine.sartiq.failures import sentence
from scenario_desktop.engine.sartiq.media import StoredPicture, ensure_media, hash_file
from scenario_desktop.engine.sartiq.words import ErrorCategory, Operation, Status
from scenario_desktop.engine.times import now_ms
from scenario_desktop.engine.usage import SARTIQ, UsageLog
from scenario_desktop.engine.work import Ended, Seat, WorkQueue
from scenario_desktop.errors import AppError, BadInput, Cancelled
from scenario_desktop.imaging.edit_tasks import EditedFile
from scenario_desktop.imaging.pool import WorkerPool

#: Seconds that one picture may take. Measured: 92 million pixels took 26 s on two busy cores.
TIME_LIMIT_S = 180.0
_GIVEN_UP = (
    f"The engine ended {MAX_ATTEMPTS} times while it worked on this picture. Try another one."
)


@dataclass(frozen=True, slots=True)
class Task:
    """A task that was taken from the queue.

    Attributes:
        target_id: of the prediction or refine it is for.
        inputs: ids of the files it is made from, the one worked on first.
    """

    key: int
    target_id: str
    user: str
    operation: Operation
    parameters: dict[str, Any]
    inputs: tuple[str, ...]

    @property
    def id(self) -> str:
        return settling.task_id(self.key)


class Runner:
    """Works on the tasks of this half, oldest first, as many at once as there are workers."""

    def __init__(
        self, *, database: Database, contents: ContentFolder, usage: UsageLog, pool: WorkerPool
    ) -> None:
        self._database = database
        self._contents = contents
        self._usage = usage
        self._pool = pool
        self._queue = WorkQueue(
            "Predictions", database, claim=_claim, perform=self._work, give_up=self._give_up,
            # One more than there are workers: it is loaded while another one's result is stored.
            places=pool.processes + 1,
        )  # fmt: skip

    async def start(self) -> None:
        """Queue again what was running when the engine ended, and begin to work."""
        await self._database.run(_recover)
        self._queue.start()

    async def stop(self) -> None:
        """Stop working. What was running waits in the queue for the next start."""
        await self._queue.stop()
        await self._database.run(_requeue)

    def wake(self) -> None:
        """Look into the queue: tasks were added."""
        self._queue.wake()

    def cancel(self, task_ids: Iterable[str]) -> None:
        """Stop tasks that are in the queue no more."""
        for one in task_ids:
            self._queue.cancel(one)

    async def _work(self, task: Task, seat: Seat) -> None:
        staged = self._contents.new_staged()
        try:
            try:
                sources = [self._contents.path(file_id) for file_id in task.inputs]
                call = tools.call_of(task.operation, task.parameters, sources, staged)
                made = await self._pool.run_within(TIME_LIMIT_S, call.function, *call.arguments)
            finally:
                seat.leave()
            picture = await asyncio.to_thread(self._store, staged, made)
            await self._finish(task, picture, round(made.total_ms))
        except Cancelled:
            raise asyncio.CancelledError from None  # the engine is closing
        except tools.NeedsModel as error:
            await self._fail(task, sentence(error), ErrorCategory.NEEDS_MODEL)
        except AppError as error:
            is_input = isinstance(error, BadInput)
            category = ErrorCategory.BAD_INPUT if is_input else ErrorCategory.ENGINE
            await self._fail(task, sentence(error), category)
        finally:
            staged.unlink(missing_ok=True)

    def _store(self, staged: Path, made: EditedFile) -> StoredPicture:
        content_hash = hash_file(staged)
        file_id = self._contents.adopt(staged)
        return StoredPicture(
            file_id, made.mime_type, made.size_bytes, made.width, made.height, content_hash
        )

    async def _finish(self, task: Task, picture: StoredPicture, compute_ms: int) -> None:
        try:
            await self._queue.written(
                functools.partial(self._complete, task=task, picture=picture, ms=compute_ms)
            )
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):  # then the row may yet be written
                self._contents.remove(picture.file_id)
            raise

    def _complete(
        self, connection: sqlite3.Connection, task: Task, picture: StoredPicture, ms: int
    ) -> None:
        row, at = _require(connection, task), now_ms()
        media_key = ensure_media(connection, picture, at)
        settling.end(connection, row, at, media_key=media_key, compute_ms=ms)
        if row["prediction_key"] is not None:
            connection.execute(
                "UPDATE sartiq_generations"
                " SET fields = json_set(fields, '$.width', ?, '$.height', ?)"
                " WHERE key = (SELECT generation_key FROM sartiq_predictions WHERE key = ?)",
                (picture.width, picture.height, row["prediction_key"]),
            )
        self._usage.insert(
            connection, at_ms=at, user=task.user, action=f"sartiq-{task.operation}",
            asset_id=None, job_id=task.target_id, units=Decimal(0), service=SARTIQ,
            asset_kind="image", compute_ms=ms,
        )  # fmt: skip

    async def _fail(self, task: Task, message: str, category: ErrorCategory) -> None:
        def work(connection: sqlite3.Connection) -> None:
            row = _require(connection, task)
            settling.end(connection, row, now_ms(), error=(message, category))

        await self._queue.written(work)

    async def _give_up(self, task: Task) -> None:
        try:
            await self._fail(task, MISTAKE, ErrorCategory.ENGINE)
        except Ended:
            return


def _claim(connection: sqlite3.Connection) -> Task | None:
    row = connection.execute(
        "UPDATE sartiq_tasks SET is_running = 1, attempts = attempts + 1 WHERE key ="
        " (SELECT key FROM sartiq_tasks WHERE is_running = 0 ORDER BY key LIMIT 1) RETURNING *"
    ).fetchone()
    if row is None:
        return None
    settling.mark(connection, row, Status.PROCESSING, now_ms())
    return _refine(connection, row) if row["refine_key"] else _prediction(connection, row)


def _prediction(connection: sqlite3.Connection, row: sqlite3.Row) -> Task:
    of = connection.execute(
        "SELECT p.id, g.key, g.user_id, g.operation, g.parameters FROM sartiq_predictions p"
        " JOIN sartiq_generations g ON g.key = p.generation_key WHERE p.key = ?",
        (row["prediction_key"],),
    ).fetchone()
    inputs = connection.execute(
        "SELECT m.file_id FROM sartiq_inputs i JOIN sartiq_media m ON m.key = i.media_key"
        " WHERE i.generation_key = ? ORDER BY i.position",
        (of["key"],),
    ).fetchall()
    return Task(
        row["key"], of["id"], of["user_id"], Operation(of["operation"]),
        json.loads(of["parameters"]), tuple(one["file_id"] for one in inputs),
    )  # fmt: skip


def _refine(connection: sqlite3.Connection, row: sqlite3.Row) -> Task:
    """A refine starts from an earlier one, or from its prediction's own result."""
    of = connection.execute(
        "SELECT r.id, r.user_id, r.width, r.height, r.scale_factor, m.file_id"
        " FROM sartiq_refines r JOIN sartiq_predictions p ON p.key = r.prediction_key"
        " LEFT JOIN sartiq_refines s ON s.key = r.source_key"
        " LEFT JOIN sartiq_media m"
        " ON m.key = CASE WHEN r.is_chained THEN s.media_key ELSE p.media_key END"
        " WHERE r.key = ?",
        (row["refine_key"],),
    ).fetchone()
    return Task(
        row["key"], of["id"], of["user_id"], Operation.REFINE,
        {"width": of["width"], "height": of["height"]},
        (of["file_id"],) if of["file_id"] else (),
    )  # fmt: skip


def _require(connection: sqlite3.Connection, task: Task) -> sqlite3.Row:
    """Return the task's row; raise ``Ended`` when it was cancelled or deleted meanwhile."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM sartiq_tasks WHERE key = ? AND is_running = 1", (task.key,)
    ).fetchone()
    if row is None:
        raise Ended
    return row


def _recover(connection: sqlite3.Connection) -> None:
    at = now_ms()
    for row in connection.execute("SELECT * FROM sartiq_tasks WHERE is_running = 1").fetchall():
        if row["attempts"] >= MAX_ATTEMPTS:
            settling.end(connection, row, at, error=(_GIVEN_UP, ErrorCategory.ENGINE))
        else:
            _put_back(connection, row, at)


def _requeue(connection: sqlite3.Connection) -> None:
    """Put back what an orderly end interrupted; that attempt does not count."""
    at = now_ms()
    for row in connection.execute("SELECT * FROM sartiq_tasks WHERE is_running = 1").fetchall():
        _put_back(connection, row, at)
        connection.execute(
            "UPDATE sartiq_tasks SET attempts = attempts - 1 WHERE key = ?", (row["key"],)
        )


def _put_back(connection: sqlite3.Connection, row: sqlite3.Row, at: int) -> None:
    connection.execute("UPDATE sartiq_tasks SET is_running = 0 WHERE key = ?", (row["key"],))
    settling.mark(connection, row, Status.PENDING, at)
