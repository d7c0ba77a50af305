"""Jobs: queued in the database, computed by the workers, and finished whole or not at all.

A job's row is the only truth about it. Its charge is written with it, its result with its success,
its refund with its failure, each in one transaction. A job that was running when the engine died is
queued again at the next start, and given up after ``MAX_ATTEMPTS``.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import sqlite3
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.jobs import CANCELLABLE_TYPES, FINAL_STATUSES
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.engine import pricing
from scenario_desktop.engine.assets import AssetStore
from scenario_desktop.engine.database import Database, Migration
from scenario_desktop.engine.keys import Keys, new_id
from scenario_desktop.engine.times import now_ms, to_iso
from scenario_desktop.engine.usage import UsageLog
from scenario_desktop.engine.work import Ended, Seat, WorkQueue
from scenario_desktop.errors import AppError, Cancelled, NotFound, Refused, StoreFailed
from scenario_desktop.imaging.controlmaps import NEED_A_MODEL, needs_model
from scenario_desktop.imaging.decode import PictureInfo
from scenario_desktop.imaging.pool import Progress, WorkerPool
from scenario_desktop.imaging.tasks import ControlMapInfo, Examined, control_map_file

JOB_MIGRATIONS: tuple[Migration, ...] = (
    """
CREATE TABLE jobs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    progress REAL NOT NULL DEFAULT 0,
    author_id TEXT NOT NULL,
    workflow_id TEXT,
    hides_results INTEGER NOT NULL DEFAULT 0,
    input TEXT NOT NULL,
    asset_ids TEXT NOT NULL DEFAULT '[]',
    error TEXT,
    hint TEXT,
    units TEXT NOT NULL,
    history TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX jobs_created ON jobs (created_at, key);
CREATE INDEX jobs_updated ON jobs (updated_at, key);
CREATE INDEX jobs_status ON jobs (status, key);
""",
)

DETECTION = "detection"
#: What a job's result is called in the record of usage; its price stands at the job's beginning.
MADE = "custom-asset-created"
RUNNING = ("warming-up", "in-progress", "finalizing")
#: How often a job is begun before it is held to be what kills the engine.
MAX_ATTEMPTS = 3
#: Seconds between two looks at the progress of what runs.
TICK_S = 0.25
#: What is told of a job that failed by no fault of its input.
MISTAKE = "The engine made a mistake; it is in its log."

_CANNOT_CANCEL = "Cannot cancel this type of job. Action not permitted."


@dataclass(slots=True)
class _Running:
    """A job that this engine works on now."""

    id: str
    author: str
    input: dict[str, Any]
    claimed_at: int
    progress: Progress = field(default_factory=Progress)


class JobRunner:
    """Takes jobs in and works on them, oldest first, as many at once as there are workers."""

    def __init__(
        self, *, database: Database, assets: AssetStore, usage: UsageLog, pool: WorkerPool,
        keys: Keys,
    ) -> None:  # fmt: skip
        self._database = database
        self._assets = assets
        self._usage = usage
        self._pool = pool
        self._keys = keys
        self._queue = WorkQueue(
            "Jobs", database, claim=_claim, perform=self._work, give_up=self._give_up,
            # One more than there are workers: it is loaded while another one's result is stored.
            places=pool.processes + 1,
        )  # fmt: skip

    async def start(self) -> None:
        """Queue again what was running when the engine ended, and begin to work."""
        await self._database.run(self._recover)
        self._queue.start(self._watch_progress())

    async def stop(self) -> None:
        """Stop working. What was running waits in the queue for the next start."""
        await self._queue.stop()
        await self._database.run(_requeue)

    async def submit_detect(self, request: DetectRequest, user: str) -> dict[str, Any]:
        """Charge and queue a detect job; its image must be the id of an asset that exists.

        Args:
            user: whose job and whose result it is.

        Returns:
            The job as it crosses HTTP.
        """
        job_id, at = new_id("job"), now_ms()

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            connection.execute(
                "INSERT INTO jobs (id, type, status, author_id, input, units, history, created_at,"
                " updated_at) VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?)",
                (
                    job_id, DETECTION, user, _dump(request.to_wire()),
                    str(pricing.DETECT), _dump([["queued", at]]), at, at,
                ),
            )  # fmt: skip
            self._usage.insert(
                connection, at_ms=at, user=user, action=DETECTION,
                asset_id=request.image, job_id=job_id, units=pricing.DETECT,
            )  # fmt: skip
            return require(connection, job_id)

        row = await self._database.run(work)
        self._queue.wake()
        return self.to_wire(row)

    async def get(self, job_id: str) -> dict[str, Any]:
        """Return a job as it crosses HTTP.

        Raises:
            NotFound: there is none of this id.
        """
        return self.to_wire(
            await self._database.run(lambda connection: require(connection, job_id))
        )

    async def cancel(self, job_id: str) -> dict[str, Any]:
        """Cancel a job that has not ended, and refund it.

        Raises:
            NotFound: there is none of this id.
            Refused: it has ended, or jobs of its type cannot be cancelled.
        """

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            row = require(connection, job_id)
            if row["type"] not in CANCELLABLE_TYPES:
                raise Refused(_CANNOT_CANCEL)
            if row["status"] in FINAL_STATUSES:
                raise Refused("This job has ended; there is nothing to cancel.")
            self._end_unpaid(connection, row, "canceled", error=None, hint=None)
            return require(connection, job_id)

        row = await self._database.run(work)
        self._queue.cancel(job_id)
        return self.to_wire(row)

    def to_wire(self, row: sqlite3.Row) -> dict[str, Any]:
        """Return a job as it crosses HTTP.

        ``billing.cuCost`` is what is charged in the end: 0 after a refund. There are no add-ons, so
        ``cuCostDetails`` is absent while something is charged; clients add it to the cost.
        """
        metadata: dict[str, Any] = {
            "assetIds": json.loads(row["asset_ids"]),
            "input": json.loads(row["input"]),
        }
        for name in ("error", "hint"):
            if row[name]:
                metadata[name] = row[name]
        units = Decimal(row["units"])
        billing: dict[str, Any] = {"cuCost": pricing.number(units), "cuDiscount": 0}
        if not units:
            billing["cuCostDetails"] = {row["type"]: 0}
        return {
            "jobId": row["id"],
            "jobType": row["type"],
            "status": row["status"],
            "progress": row["progress"],
            "authorId": row["author_id"],
            "ownerId": self._keys.project_id,
            "createdAt": to_iso(row["created_at"]),
            "updatedAt": to_iso(row["updated_at"]),
            "statusHistory": [
                {"status": status, "date": to_iso(at)} for status, at in json.loads(row["history"])
            ],
            "metadata": metadata,
            "billing": billing,
        }

    async def _work(self, job: _Running, seat: Seat) -> None:
        staged = self._assets.new_staged()
        try:
            try:
                parent = await self._parent(job)
                if job.input["modality"] in NEED_A_MODEL:
                    raise needs_model(job.input["modality"])
                made = await self._pool.run_reporting(
                    job.progress, control_map_file, self._assets.file_path(parent), staged,
                    job.input["modality"], _parameters(job.input),
                )  # fmt: skip
            finally:
                seat.leave()
            await self._queue.written(lambda connection: _finalize(connection, job, made))
            await self._store(job, staged, made, parent["name"])
        except Cancelled:
            raise asyncio.CancelledError from None  # the engine is closing
        except AppError as error:
            await self._fail(job.id, error.message, error.hint)
        finally:
            staged.unlink(missing_ok=True)

    async def _parent(self, job: _Running) -> sqlite3.Row:
        try:
            return await self._assets.get(job.input["image"])
        except NotFound as error:
            raise NotFound(
                "The picture was deleted before its turn came.",
                hint="Restore it and start the job again.",
            ) from error

    async def _store(
        self, job: _Running, staged: Path, made: ControlMapInfo, parent_name: str
    ) -> None:
        """Add the result to the library and end the job, in one transaction."""
        image, modality = job.input["image"], job.input["modality"]
        info = PictureInfo("PNG", "image/png", made.width, made.height, 1, has_alpha=False)
        await self._assets.create(
            file=staged,
            name=f"{_stem(parent_name)} {modality}",
            type=DETECTION,
            source=DETECTION,
            parent_id=image,
            author=job.author,
            metadata={
                "modality": modality, "image": image, "parentJobId": job.id,
                "width": made.width, "height": made.height,
                **_wire_parameters(job.input),
            },
            examined=Examined(info, made.thumbnail),
            in_transaction=lambda connection, asset_id: _succeed(
                connection, job.id, asset_id, made.compute_ms
            ),
        )  # fmt: skip

    async def _fail(self, job_id: str, error: str, hint: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            row = require(connection, job_id)
            if row["status"] not in FINAL_STATUSES:
                self._end_unpaid(connection, row, "failure", error=error, hint=hint)

        await self._queue.written(work)

    async def _give_up(self, job: _Running) -> None:
        await self._fail(job.id, MISTAKE, "")

    async def _watch_progress(self) -> None:
        """Write down how far the running jobs are, all of them in one transaction."""
        seen: dict[str, float] = {}
        while True:
            await asyncio.sleep(TICK_S)
            fractions = {job.id: job.progress.fraction for job in self._queue.under_way}
            now = {
                job_id: fraction
                for job_id, fraction in fractions.items()
                if fraction > seen.get(job_id, 0.0)
            }
            seen = {job_id: value for job_id, value in seen.items() if job_id in fractions}
            if now:
                seen |= now
                with contextlib.suppress(StoreFailed):  # the next look writes it
                    await self._database.run(functools.partial(_advance, fractions=now))

    def _recover(self, connection: sqlite3.Connection) -> None:
        for row in _running_rows(connection):
            if row["attempts"] >= MAX_ATTEMPTS:
                self._end_unpaid(
                    connection, row, "failure",
                    error=f"The engine ended {MAX_ATTEMPTS} times while it worked on this job.",
                    hint="The picture may be damaged. Try another one.",
                )  # fmt: skip
            else:
                _set_status(connection, row, "queued", progress=0.0)

    def _end_unpaid(
        self,
        connection: sqlite3.Connection,
        row: sqlite3.Row,
        status: str,
        *,
        error: str | None,
        hint: str | None,
    ) -> None:
        """End a job without a result and take its charge back."""
        at, units = now_ms(), Decimal(row["units"])
        _set_status(connection, row, status, at=at)
        connection.execute(
            "UPDATE jobs SET error = ?, hint = ?, units = '0' WHERE key = ?",
            (error, hint, row["key"]),
        )
        if units:
            self._usage.insert(
                connection, at_ms=at, user=row["author_id"], action=row["type"],
                asset_id=json.loads(row["input"]).get("image"), job_id=row["id"], units=-units,
            )  # fmt: skip


def require(connection: sqlite3.Connection, job_id: str) -> sqlite3.Row:
    """Return a job's row, or raise ``NotFound``."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM jobs WHERE id = ?", (job_id,)
    ).fetchone()
    if row is None:
        raise NotFound("There is no such job.", details=job_id)
    return row


def _claim(connection: sqlite3.Connection) -> _Running | None:
    row = connection.execute(
        "SELECT * FROM jobs WHERE status = 'queued' ORDER BY key LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    _set_status(connection, row, "warming-up", progress=0.05)
    connection.execute("UPDATE jobs SET attempts = attempts + 1 WHERE key = ?", (row["key"],))
    row = require(connection, row["id"])
    return _Running(
        row["id"], row["author_id"], json.loads(row["input"]), claimed_at=row["updated_at"]
    )


def _advance(connection: sqlite3.Connection, fractions: dict[str, float]) -> None:
    for job_id, fraction in fractions.items():
        row = require(connection, job_id)
        progress = 0.1 + 0.8 * fraction
        if row["status"] == "warming-up":
            _set_status(connection, row, "in-progress", progress=progress)
        elif row["status"] == "in-progress" and progress > row["progress"]:
            connection.execute(
                "UPDATE jobs SET progress = ?, updated_at = ? WHERE key = ?",
                (progress, now_ms(), row["key"]),
            )


def _finalize(connection: sqlite3.Connection, job: _Running, made: ControlMapInfo) -> None:
    row = require(connection, job.id)
    if row["status"] in FINAL_STATUSES:
        raise Ended
    if row["status"] == "warming-up":  # it was quicker than the next look at its progress
        began = max(job.claimed_at, now_ms() - round(made.total_ms))
        _set_status(connection, row, "in-progress", at=began)
        row = require(connection, job.id)
    _set_status(connection, row, "finalizing", progress=0.95)


def _succeed(connection: sqlite3.Connection, job_id: str, asset_id: str, compute_ms: float) -> None:
    row = require(connection, job_id)
    if row["status"] in FINAL_STATUSES:
        raise Ended
    _set_status(connection, row, "success", progress=1.0)
    connection.execute(
        "UPDATE jobs SET asset_ids = ? WHERE key = ?", (_dump([asset_id]), row["key"])
    )
    UsageLog.insert(
        connection, at_ms=now_ms(), user=row["author_id"], action=MADE, asset_id=asset_id,
        job_id=job_id, units=Decimal(0), asset_kind="image", compute_ms=round(compute_ms),
    )  # fmt: skip


def _requeue(connection: sqlite3.Connection) -> None:
    """Put back what an orderly end interrupted; that attempt does not count."""
    for row in _running_rows(connection):
        _set_status(connection, row, "queued", progress=0.0)
        connection.execute("UPDATE jobs SET attempts = attempts - 1 WHERE key = ?", (row["key"],))


def _running_rows(connection: sqlite3.Connection) -> list[sqlite3.Row]:
    return connection.execute("SELECT * FROM jobs WHERE status IN (?, ?, ?)", RUNNING).fetchall()


def _set_status(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    status: str,
    *,
    progress: float | None = None,
    at: int | None = None,
) -> None:
    at = now_ms() if at is None else at
    history = [*json.loads(row["history"]), [status, at]]
    connection.execute(
        "UPDATE jobs SET status = ?, progress = ?, history = ?, updated_at = ? WHERE key = ?",
        (
            status,
            row["progress"] if progress is None else progress,
            _dump(history),
            max(at, row["updated_at"]),
            row["key"],
        ),
    )


def _stem(name: str) -> str:
    """Return a picture's name without its extension, short enough to be added to."""
    head, _, extension = name.rpartition(".")
    return (head if head and len(extension) <= 5 else name)[:200]


def _parameters(wire: dict[str, Any]) -> dict[str, Any]:
    """Return what the map is computed with: the form's defaults and what was asked for."""
    request = DetectRequest.model_validate(wire)
    asked = request.model_dump(exclude_none=True, exclude={"image", "modality"})
    return DetectRequest.initial(Modality(request.modality)) | asked


def _wire_parameters(wire: dict[str, Any]) -> dict[str, Any]:
    """Return the same by the names of the API, to be kept with the result."""
    full = DetectRequest.model_validate(
        {"image": wire["image"], "modality": wire["modality"], **_parameters(wire)}
    )
    return {name: value for name, value in full.to_wire().items() if name not in _OWN_FIELDS}


_OWN_FIELDS = {"image", "modality"}


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
