"""Follows the jobs at the service: one poller, which also looks for what may have arrived.

A failed look changes nothing but the time of the next one: only the service's own word ends a job.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from scenario_desktop.api.models.jobs import Job
from scenario_desktop.errors import AppError
from scenario_desktop.services.clock import Clock, sleep_or_wake
from scenario_desktop.services.job_board import JobBoard
from scenario_desktop.services.job_kinds import JobKind
from scenario_desktop.services.job_polling import (
    JobsClient,
    Pace,
    PollState,
    PollStatus,
    Reader,
    Reading,
)
from scenario_desktop.services.job_views import (
    CROSSED,
    FOUND,
    Facts,
    charged,
    queue_seconds,
)
from scenario_desktop.store.ledger import Ledger, LedgerRow, LedgerState

_log = logging.getLogger(__name__)

#: When an uncertain request is looked for without being asked, in seconds after it was noticed.
LOOKUPS_AFTER_S = (0.0, 5.0, 15.0, 40.0, 120.0)
#: A job may be as much older or younger than its request, in seconds, and still be its own.
MATCH_BEFORE_S, MATCH_AFTER_S = 15.0, 300.0
#: So often in a row must the service not know a job before that is said.
MISSES = 4
#: So often is the fetching of a result tried before it is left to the next sync.
FETCHES = 6

OnResults = Callable[[Sequence[str]], Awaitable[object]]


class JobFollower:
    """Follows the jobs of one workspace, as they stand on its board.

    Attributes:
        status: what the poller is doing.
        wake: set it when there may be something to look at sooner.
    """

    def __init__(
        self,
        client: JobsClient,
        reader: Reader,
        ledger: Ledger,
        board: JobBoard,
        *,
        workspace_id: str,
        kinds: Mapping[str, JobKind],
        clock: Clock,
        jitter: Callable[[], float],
        on_results: OnResults,
        on_status: Callable[[PollStatus], object],
        on_job_ended: Callable[[], object],
    ) -> None:
        self._client = client
        self._reader = reader
        self._ledger = ledger
        self._board = board
        self._workspace_id = workspace_id
        self._kinds = kinds
        self._clock = clock
        self._pace = Pace(jitter)
        self._on_results, self._on_status = on_results, on_status
        self._on_job_ended = on_job_ended
        self._looking = asyncio.Lock()
        self._poller: asyncio.Task[None] | None = None
        self.status = PollStatus()
        self.wake = asyncio.Event()

    async def aclose(self) -> None:
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.wait({self._poller})
            self._poller = None

    def start(self) -> None:
        self._poller = asyncio.create_task(self._poll(), name="jobs-poller")
        self._poller.add_done_callback(self._on_poller_done)

    def _on_poller_done(self, task: asyncio.Task[None]) -> None:
        """Go on after a fault of our own: paid jobs must not be left alone because of it."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("Following the jobs has failed in an unforeseen way", exc_info=error)
            self._pace.failed(AppError("Following the jobs has failed.", details=repr(error)))
            self.start()

    async def _poll(self) -> None:
        while True:
            await self._wait_until_due()
            with contextlib.suppress(AppError):  # told by the status; the next look is planned
                await self.look()

    async def _wait_until_due(self) -> None:
        while True:
            self.wake.clear()
            now = self._clock.monotonic()
            taken = [self._board.facts[row.id].taken_at for row in self._board.followed]
            lookups = [f.next_lookup for f in self._board.facts.values() if f.is_looked_for]
            due = self._pace.due(taken, lookups, now)
            if due is not None and due <= now:
                return
            delay_s = None if due is None else due - now
            self._tell_poll(delay_s)
            await sleep_or_wake(self._clock, self.wake, delay_s)

    def _tell_poll(self, delay_s: float | None) -> None:
        error = self._pace.error
        if delay_s is None:
            status = PollStatus()
        elif error is None:
            status = PollStatus(PollState.FOLLOWING)
        else:
            next_at = self._clock.now() + timedelta(seconds=delay_s)
            status = PollStatus(PollState.RETRYING, error, next_at)
        if status != self.status:
            self.status = status
            self._on_status(status)

    async def look(self) -> None:
        """Look once. Raises AppError; when to look next is decided by then."""
        async with self._looking:
            self._pace.looked(self._clock.monotonic())
            try:
                await self._look_at_all()
            except AppError as error:
                self._pace.failed(error)
                raise
            self._pace.succeeded()

    async def _look_at_all(self) -> None:
        now = self._clock.monotonic()
        sought = [
            row_id
            for row_id, f in self._board.facts.items()
            if f.is_looked_for and f.next_lookup <= now
        ]
        wanted = {row.job_id: self._sent_at(row) for row in self._board.followed if row.job_id}
        if not wanted and not sought:
            return
        reading = await self._reader.read(
            wanted, [self._sent_at(self._board.rows[i]) for i in sought]
        )
        await self._take_unknown(reading)
        for row_id in sought:
            await self._match(row_id, list(reading.jobs.values()))
        await self.take([job for job_id, job in reading.jobs.items() if job_id in wanted])
        if reading.trouble is not None:
            raise reading.trouble

    async def _take_unknown(self, reading: Reading) -> None:
        for row in self._board.followed:
            if row.job_id not in reading.unknown:
                continue
            facts = self._board.facts[row.id]
            facts.misses += 1
            if facts.misses >= MISSES:  # a young job may not be known everywhere yet
                await self._ledger.update(
                    row.id, state=LedgerState.UNCERTAIN,
                    error="The service does not know this job (any more).",
                    hint="Copy its ID and ask the service what became of it.",
                )  # fmt: skip
                await self._board.refresh([row.id], reload=True)

    async def take(self, jobs: Sequence[Job]) -> None:
        """Take the service's word on jobs; the results of ended ones are brought in first.

        Raises:
            AppError: results could not be brought in; those jobs stay open until they are.
        """
        rows = {row.job_id: row for row in self._board.followed}
        known = [(rows[job.job_id], job) for job in jobs if job.job_id in rows]
        for row, job in known:
            facts = self._board.facts[row.id]
            facts.job, facts.misses = job, 0
            facts.progress = max(facts.progress, as_fraction(job.progress))
        await self._board.refresh([row.id for row, _ in known])
        await self._take_ended([(row, job) for row, job in known if job.is_final])

    async def _take_ended(self, ended: Sequence[tuple[LedgerRow, Job]]) -> None:
        made = [job for _, job in ended if job.status == "success"]
        asset_ids = list(dict.fromkeys(i for job in made for i in job.metadata.asset_ids))
        trouble: AppError | None = None
        if asset_ids:
            try:
                await self._on_results(asset_ids)
            except AppError as error:
                trouble = error
        done: list[str] = []
        for row, job in ended:
            facts = self._board.facts[row.id]
            facts.fetches += 1
            if trouble is None or job.status != "success" or facts.fetches >= FETCHES:
                await self._finish(row, job)
                done.append(row.id)
        if done:
            await self._board.count_today()
            await self._board.refresh(done, reload=True)
        if trouble is not None:
            raise trouble

    async def _finish(self, row: LedgerRow, job: Job) -> None:
        meta = job.metadata
        state, error, hint = LedgerState.FAILED, meta.error or "", meta.hint or ""
        if job.status == "success" and (meta.asset_ids or not meta.error):
            state, error = LedgerState.SUCCEEDED, ""
            hint = FOUND if row.hint == FOUND else meta.hint or ""
            if self._board.facts[row.id].is_cancel_wanted:
                hint = CROSSED
        elif job.status == "canceled":
            state, error = LedgerState.CANCELED, ""
        await self._ledger.update(
            row.id, state=state, error=error, hint=hint, charged=charged(job),
            result_ids=list(meta.asset_ids), queue_s=queue_seconds(job), ended_at=self._end_of(job),
        )  # fmt: skip
        self._on_job_ended()

    def _end_of(self, job: Job) -> datetime:
        """Return when a job ended by our own clock, also if nobody was looking then."""
        now = self._clock.now()
        dates = [c.date for c in job.status_history if c.date is not None]
        last = dates[-1] if dates else job.updated_at
        return min(now, last - self._offset()) if last is not None else now

    # --- uncertain requests -------------------------------------------------------------------

    def look_for(self, facts: Facts) -> None:
        facts.is_looked_for = True
        facts.lookups = 0
        facts.next_lookup = self._clock.monotonic() + LOOKUPS_AFTER_S[0]

    async def _match(self, row_id: str, jobs: Sequence[Job]) -> None:
        """Link an uncertain request to the one job that can only be its own."""
        row, facts = self._board.rows[row_id], self._board.facts[row_id]
        taken = {r.job_id for r in self._board.rows.values() if r.job_id is not None}
        found = [
            job for job in jobs if job.job_id not in taken and self._may_be_of(row, job)
            and await self._ledger.by_job_id(self._workspace_id, job.job_id) is None
        ]  # fmt: skip
        if len(found) == 1:
            facts.is_looked_for, facts.job = False, found[0]
            facts.taken_at = self._clock.monotonic()
            await self._ledger.update(
                row_id, state=LedgerState.ACCEPTED, job_id=found[0].job_id, error="",
                hint=FOUND,
            )  # fmt: skip
            await self._board.refresh([row_id], reload=True)
            await self.take(found)
            return
        facts.lookups += 1
        facts.is_looked_for = facts.lookups < len(LOOKUPS_AFTER_S)
        if facts.is_looked_for:
            facts.next_lookup = self._clock.monotonic() + LOOKUPS_AFTER_S[facts.lookups]
        hint = f"{len(found)} of the server’s jobs look just like it." if found else ""
        await self._ledger.update(row_id, hint=hint)
        await self._board.refresh([row_id], reload=True)

    def _may_be_of(self, row: LedgerRow, job: Job) -> bool:
        kind = self._kinds.get(row.kind)
        if kind is None or job.created_at is None or not kind.is_of(row.request, job):
            return False
        age_s = (job.created_at - self._sent_at(row)).total_seconds()
        return -MATCH_BEFORE_S <= age_s <= MATCH_AFTER_S

    def _sent_at(self, row: LedgerRow) -> datetime:
        """Return when a row was sent, by the service's clock."""
        return (row.submitted_at or row.created_at) + self._offset()

    def _offset(self) -> timedelta:
        return timedelta(seconds=self._client.server_time_offset_s or 0.0)


def as_fraction(value: float) -> float:
    """Return a progress as the service tells it, between 0 and 1."""
    return min(1.0, max(0.0, value)) if value == value else 0.0  # NaN is not equal to itself
