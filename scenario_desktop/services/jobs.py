"""All jobs of one workspace: sent from here, followed by one poller, remembered in the ledger.

A failed look changes nothing but the time of the next one: only the service's own word ends a job.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from psygnal import Signal

from scenario_desktop.api.models.jobs import CANCELLABLE_TYPES, Job
from scenario_desktop.errors import AppError, BadAnswer, BadInput, Refused, SpendingRefused
from scenario_desktop.services.clock import Clock, sleep_or_wake
from scenario_desktop.services.job_kinds import JobKind
from scenario_desktop.services.job_polling import (
    JobReader,
    JobsClient,
    Pace,
    PollState,
    PollStatus,
    Reader,
    Reading,
)
from scenario_desktop.services.job_views import (
    CROSSED,
    FINISHED,
    FOUND,
    Facts,
    JobsChange,
    JobsSummary,
    JobState,
    JobView,
    batch_end,
    charged,
    make_view,
    queue_seconds,
    summarise,
)
from scenario_desktop.services.outgoing import Outgoing
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.services.words import units
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
#: Rows of the ledger that are read at the start.
_SHOWN = 2_000
_OPEN_STATES = (LedgerState.SUBMITTING, LedgerState.ACCEPTED, LedgerState.UNCERTAIN)

OnResults = Callable[[Sequence[str]], Awaitable[object]]


class Jobs:
    """The jobs of one workspace.

    Signals:
        changed: JobsChange, after every change of a row.
        batch_ended: BatchEnd, once for what was started together.
        poll_changed: PollStatus.
    """

    changed = Signal(object)
    batch_ended = Signal(object)
    poll_changed = Signal(object)

    def __init__(
        self,
        client: JobsClient,
        ledger: Ledger,
        guard: SpendingGuard,
        *,
        workspace_id: str,
        kinds: Mapping[str, JobKind],
        on_results: OnResults,
        reader: Reader | None = None,
        owns: Callable[[str], bool] = lambda kind: True,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """
        Args:
            kinds: by the word that the ledger keeps.
            on_results: brings these assets into the catalogue; raises AppError when it cannot yet.
            reader: reads what is followed; by default the client's list of jobs.
            owns: whether rows of a kind in the ledger are this one's.
            jitter: 0 to 1, spreads retries.
        """
        self._client = client
        self._ledger = ledger
        self._guard = guard
        self._workspace_id = workspace_id
        self._kinds = kinds
        self._on_results = on_results
        self._clock = clock or Clock()
        self._rows: dict[str, LedgerRow] = {}
        self._facts: dict[str, Facts] = {}
        self._views: dict[str, JobView] = {}
        self._live_batches: set[str | None] = set()
        self._today_count = 0
        self._today_cost = Decimal(0)
        self._pace = Pace(jitter)
        self._reader = reader or JobReader(client)
        self._owns = owns
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._poller: asyncio.Task[None] | None = None
        self.poll_status = PollStatus()
        self._outgoing = Outgoing(
            ledger, self, self._on_sent, clock=self._clock, has_running=self._has_running
        )

    # --- what is shown ------------------------------------------------------------------------

    @property
    def rows(self) -> list[JobView]:
        """Return the rows that are not cleared, newest first."""
        return sorted(self._shown(), key=lambda view: view.created_at)[::-1]

    @property
    def summary(self) -> JobsSummary:
        return summarise(self._shown(), self._today_cost, self._today_count)

    def view(self, row_id: str) -> JobView | None:
        """Return one row, cleared or not."""
        return self._views.get(row_id)

    def draft_of(self, row_id: str) -> dict[str, Any]:
        """Return the body of a row's request, for a form to start from; the picture is in it."""
        return dict(self._rows[row_id].request)

    def _shown(self) -> list[JobView]:
        return [self._views[row.id] for row in self._rows.values() if not row.is_cleared]

    # --- life ---------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read the ledger and take up what was in flight when the program ended."""
        for row in await self._read_rows():
            age_s = (self._clock.now() - (row.submitted_at or row.created_at)).total_seconds()
            facts = self._facts[row.id] = Facts(taken_at=self._clock.monotonic() - age_s)
            if row.state is LedgerState.SUBMITTING:
                reason = "The program ended before the answer came."
                row = await self._ledger.mark_uncertain(row.id, reason)
            if row.state is LedgerState.UNCERTAIN and row.is_watched:
                self._look_for(facts)
            self._rows[row.id] = row
        self._views = {row.id: self._make_view(row) for row in self._rows.values()}
        self._live_batches = {v.batch_id for v in self._views.values() if self._is_open(v)}
        await self._count_today()
        self._start_poller()
        self.changed.emit(JobsChange(added=frozenset(self._rows)))

    async def _read_rows(self) -> list[LedgerRow]:
        """Return the newest rows and every one whose end is not known; the oldest comes first."""
        recent = await self._ledger.rows(self._workspace_id, has_cleared=True, limit=_SHOWN)
        open_ones = await self._ledger.rows(
            self._workspace_id, states=_OPEN_STATES, has_cleared=True, limit=_SHOWN
        )
        rows = {row.id: row for row in (*open_ones, *recent)}.values()
        return sorted((row for row in rows if self._owns(row.kind)), key=lambda row: row.created_at)

    async def aclose(self) -> None:
        """Stop following and sending; all that counts is in the ledger."""
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.wait({self._poller})
            self._poller = None
        await self._outgoing.aclose()

    async def settled(self) -> None:
        """Wait until nothing is left to send."""
        await self._outgoing.settled()

    # --- what a user can do -------------------------------------------------------------------

    async def submit(
        self,
        kind: str,
        requests: Sequence[dict[str, Any]],
        *,
        titles: Sequence[str],
        input_ids: Sequence[str],
        quoted: Sequence[Decimal | None],
        batch_id: str,
        group: str | None = None,
        is_confirmed: bool = False,
    ) -> list[LedgerRow]:
        """Write requests down together and begin to send them: the one door for what may bill.

        Args:
            quoted: the price of each that was agreed to; None where there is none.
            is_confirmed: the user agreed to what the spending limit asks about.
            group: what they share that are to leave in one request; None sends each alone.

        Raises:
            SpendingRefused: the spending limit says no, or wants to ask first.
            StoreFailed: they could not be written down; nothing was sent.
        """
        self._guard.check(quoted, is_confirmed=is_confirmed)
        rows: list[LedgerRow] = []
        shared = {"group": group} if group is not None else {}
        try:
            for request, title, input_id, price in zip(
                requests, titles, input_ids, quoted, strict=True
            ):
                row = await self._ledger.prepare(
                    workspace_id=self._workspace_id, kind=kind, request=request,
                    input_ids=[input_id], quoted=price, batch_id=batch_id,
                    extra={"title": title, **shared},
                )  # fmt: skip
                rows.append(row)
        finally:
            # If one could not be written, nothing is sent; those that were show as not sent.
            is_whole = len(rows) == len(requests)
            for row in rows:
                self._rows[row.id] = row
                self._facts[row.id] = Facts(is_waiting=is_whole)
                self._views[row.id] = self._make_view(row)
            self.changed.emit(JobsChange(added=frozenset(row.id for row in rows)))
        self._live_batches.add(batch_id)
        self._outgoing.add(rows)
        return rows

    async def cancel(self, row_id: str) -> None:
        """Cancel a job, or take it out of the queue.

        Raises:
            Refused: the service does not cancel this kind of job; it goes on and is followed.
            AppError: the service could not be asked; nothing has changed.
        """
        row, facts = self._rows[row_id], self._facts[row_id]
        if row.state is LedgerState.PREPARED and self._outgoing.remove(row_id):
            facts.is_waiting = False
            await self._ledger.update(row_id, state=LedgerState.CANCELED, charged=Decimal(0))
            await self._refresh([row_id], reload=True)
        if row.job_id is None or row.state is not LedgerState.ACCEPTED or facts.is_cancel_wanted:
            return
        facts.is_cancel_wanted = True
        await self._refresh([row_id])
        try:
            await self._client.cancel_job(row.job_id)
            job = await self._client.get_job(row.job_id)
        except AppError as error:
            # A job that is over refuses too; then the next look shows how it ended.
            facts.is_cancel_wanted = False
            await self._refresh([row_id])
            self._wake.set()
            if isinstance(error, Refused):
                raise Refused(
                    "The service does not cancel this job. It goes on and is followed here.",
                    hint="Choose “Stop watching” to take it off the list of running jobs.",
                    details=error.details,
                ) from error
            raise
        await self._take([job])

    async def stop_watching(self, row_id: str) -> None:
        """Follow a job no longer. It goes on at the service; "look again" takes it up again."""
        self._facts[row_id].is_looked_for = False
        await self._ledger.update(row_id, is_watched=False)
        await self._refresh([row_id], reload=True)

    async def look_again(self, row_id: str) -> None:
        """Look for an uncertain request among the service's jobs, or follow a job again.

        Raises:
            AppError: the service could not be asked.
        """
        row, facts = self._rows[row_id], self._facts[row_id]
        facts.misses = facts.fetches = 0
        row = await self._ledger.update(row_id, is_watched=True)
        if row.state is LedgerState.UNCERTAIN and row.job_id is not None:
            await self._ledger.update(row_id, state=LedgerState.ACCEPTED, error="", hint="")
        elif row.state is LedgerState.UNCERTAIN:
            self._look_for(facts)
            facts.lookups = len(LOOKUPS_AFTER_S) - 1  # this look, and no others by themselves
        await self._refresh([row_id], reload=True)
        await self._look()

    async def price_again(self, row_id: str) -> Decimal | None:
        """Ask what sending a row's request again would cost; None where there is no price."""
        row = self._rows[row_id]
        return await self._kind(row).price(row.request)

    async def send_again(self, row_id: str, *, is_confirmed: bool = False) -> str:
        """Send a row's request once more, as a new row.

        The old row stays as it is, unless it was never sent: then it goes from the list.

        Returns:
            The new row's id.

        Raises:
            SpendingRefused: the limit says no or asks, or it costs more now than it did.
        """
        row = self._rows[row_id]
        price = await self.price_again(row_id)
        has_risen = row.quoted is not None and (price is None or price > row.quoted)
        if has_risen and not is_confirmed:
            raise SpendingRefused(
                f"This costs {units(price)} now; it was {units(row.quoted)}.",
                hint="Confirm the price to go on.",
            )
        new = await self.submit(
            row.kind, [row.request], titles=[str(row.extra.get("title") or "")],
            input_ids=[next(iter(row.input_ids), "")], quoted=[price], batch_id=uuid.uuid4().hex,
            is_confirmed=is_confirmed,
        )  # fmt: skip
        if self._views[row_id].state is JobState.NOT_SENT:
            await self.clear([row_id])
        return new[0].id

    async def clear_done(self) -> list[str]:
        """Take finished rows off the list and return their ids; ``restore_cleared`` undoes it."""
        ids = [view.id for view in self.rows if view.state in FINISHED]
        await self.clear(ids)
        return ids

    async def clear(self, row_ids: Iterable[str]) -> None:
        """Take rows off the list. The ledger keeps them; running ones stay."""
        ids = [row_id for row_id in row_ids if not self._views[row_id].is_active]
        await self._ledger.clear(ids)
        for row_id in ids:
            self._rows[row_id] = await self._ledger.get(row_id)
        self.changed.emit(JobsChange(removed=frozenset(ids)))

    async def restore_cleared(self, row_ids: Iterable[str]) -> None:
        """Bring cleared rows back."""
        ids = list(row_ids)
        for row_id in ids:
            self._rows[row_id] = await self._ledger.update(row_id, is_cleared=False)
        self.changed.emit(JobsChange(added=frozenset(ids)))

    # --- sending ------------------------------------------------------------------------------

    async def prepare(self, rows: Sequence[LedgerRow]) -> None:
        """Do what comes before the sending of rows; for the outgoing queue."""
        try:
            await self._kind(rows[0]).prepare(rows, self._on_prepared)
        finally:
            for row in rows:
                self._facts[row.id].prepared = None

    def _on_prepared(self, row_id: str, fraction: float) -> None:
        self._facts[row_id].prepared = _fraction(fraction)
        self._show([row_id])

    async def send(self, rows: Sequence[LedgerRow]) -> Sequence[Job | AppError]:
        """Send rows in one request; for the outgoing queue."""
        found = list[Job | AppError]()
        for row, outcome in zip(rows, await self._kind(rows[0]).send(rows), strict=True):
            if isinstance(outcome, Job) and not outcome.job_id:
                outcome = BadAnswer("The service took the request, but named no job.")
            if isinstance(outcome, Job):
                self._facts[row.id].job = outcome
            found.append(outcome)
        return found

    async def _on_sent(self, row_id: str) -> None:
        """Take note of what the outgoing queue wrote into the ledger."""
        row, facts = await self._ledger.get(row_id), self._facts[row_id]
        facts.is_waiting = row_id in self._outgoing.waiting
        facts.is_sending = row_id in self._outgoing.in_flight
        facts.waits_for = self._outgoing.waits_for if facts.is_waiting else ""
        if row.state is LedgerState.ACCEPTED:
            facts.taken_at = self._clock.monotonic()
            self._rows[row_id] = row
            await self._count_today()
        elif row.state in _OPEN_STATES and not facts.is_sending:
            self._look_for(facts)
        await self._refresh([row_id], reload=True)
        self._wake.set()

    def _has_running(self) -> bool:
        return bool(self._followed())

    def _kind(self, row: LedgerRow) -> JobKind:
        try:
            return self._kinds[row.kind]
        except KeyError:
            raise BadInput("This kind of job is not known to this version.") from None

    # --- following ----------------------------------------------------------------------------

    def _start_poller(self) -> None:
        self._poller = asyncio.create_task(self._poll(), name="jobs-poller")
        self._poller.add_done_callback(self._on_poller_done)

    def _on_poller_done(self, task: asyncio.Task[None]) -> None:
        """Go on after a fault of our own: paid jobs must not be left alone because of it."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("Following the jobs has failed in an unforeseen way", exc_info=error)
            self._pace.failed(AppError("Following the jobs has failed.", details=repr(error)))
            self._start_poller()

    async def _poll(self) -> None:
        while True:
            await self._wait_until_due()
            with contextlib.suppress(AppError):  # told by poll_changed; the next look is planned
                await self._look()

    async def _wait_until_due(self) -> None:
        while True:
            self._wake.clear()
            now = self._clock.monotonic()
            taken = [self._facts[row.id].taken_at for row in self._followed()]
            lookups = [f.next_lookup for f in self._facts.values() if f.is_looked_for]
            due = self._pace.due(taken, lookups, now)
            if due is not None and due <= now:
                return
            delay_s = None if due is None else due - now
            self._tell_poll(delay_s)
            await sleep_or_wake(self._clock, self._wake, delay_s)

    def _tell_poll(self, delay_s: float | None) -> None:
        error = self._pace.error
        if delay_s is None:
            status = PollStatus()
        elif error is None:
            status = PollStatus(PollState.FOLLOWING)
        else:
            next_at = self._clock.now() + timedelta(seconds=delay_s)
            status = PollStatus(PollState.RETRYING, error, next_at)
        if status != self.poll_status:
            self.poll_status = status
            self.poll_changed.emit(status)

    def _followed(self) -> list[LedgerRow]:
        return [
            row for row in self._rows.values()
            if row.state is LedgerState.ACCEPTED and row.is_watched and row.job_id is not None
        ]  # fmt: skip

    async def _look(self) -> None:
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
            row_id for row_id, f in self._facts.items() if f.is_looked_for and f.next_lookup <= now
        ]
        wanted = {row.job_id: self._sent_at(row) for row in self._followed() if row.job_id}
        if not wanted and not sought:
            return
        reading = await self._reader.read(wanted, [self._sent_at(self._rows[i]) for i in sought])
        await self._take_unknown(reading)
        for row_id in sought:
            await self._match(row_id, list(reading.jobs.values()))
        await self._take([job for job_id, job in reading.jobs.items() if job_id in wanted])
        if reading.trouble is not None:
            raise reading.trouble

    async def _take_unknown(self, reading: Reading) -> None:
        for row in self._followed():
            if row.job_id not in reading.unknown:
                continue
            facts = self._facts[row.id]
            facts.misses += 1
            if facts.misses >= MISSES:  # a young job may not be known everywhere yet
                await self._ledger.update(
                    row.id, state=LedgerState.UNCERTAIN,
                    error="The service does not know this job (any more).",
                    hint="Copy its ID and ask the service what became of it.",
                )  # fmt: skip
                await self._refresh([row.id], reload=True)

    async def _take(self, jobs: Sequence[Job]) -> None:
        """Take the service's word on jobs; the results of ended ones are brought in first.

        Raises:
            AppError: results could not be brought in; those jobs stay open until they are.
        """
        rows = {row.job_id: row for row in self._followed()}
        known = [(rows[job.job_id], job) for job in jobs if job.job_id in rows]
        for row, job in known:
            facts = self._facts[row.id]
            facts.job, facts.misses = job, 0
            facts.progress = max(facts.progress, _fraction(job.progress))
        await self._refresh([row.id for row, _ in known])
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
            facts = self._facts[row.id]
            facts.fetches += 1
            if trouble is None or job.status != "success" or facts.fetches >= FETCHES:
                await self._finish(row, job)
                done.append(row.id)
        if done:
            await self._count_today()
            await self._refresh(done, reload=True)
        if trouble is not None:
            raise trouble

    async def _finish(self, row: LedgerRow, job: Job) -> None:
        meta = job.metadata
        state, error, hint = LedgerState.FAILED, meta.error or "", meta.hint or ""
        if job.status == "success" and (meta.asset_ids or not meta.error):
            state, error = LedgerState.SUCCEEDED, ""
            hint = FOUND if row.hint == FOUND else meta.hint or ""
            if self._facts[row.id].is_cancel_wanted:
                hint = CROSSED
        elif job.status == "canceled":
            state, error = LedgerState.CANCELED, ""
        await self._ledger.update(
            row.id, state=state, error=error, hint=hint, charged=charged(job),
            result_ids=list(meta.asset_ids), queue_s=queue_seconds(job), ended_at=self._end_of(job),
        )  # fmt: skip
        self._outgoing.job_ended()

    def _end_of(self, job: Job) -> datetime:
        """Return when a job ended by our own clock, also if nobody was looking then."""
        now = self._clock.now()
        dates = [c.date for c in job.status_history if c.date is not None]
        last = dates[-1] if dates else job.updated_at
        return min(now, last - self._offset()) if last is not None else now

    # --- uncertain requests -------------------------------------------------------------------

    def _look_for(self, facts: Facts) -> None:
        facts.is_looked_for = True
        facts.lookups = 0
        facts.next_lookup = self._clock.monotonic() + LOOKUPS_AFTER_S[0]

    async def _match(self, row_id: str, jobs: Sequence[Job]) -> None:
        """Link an uncertain request to the one job that can only be its own."""
        row, facts = self._rows[row_id], self._facts[row_id]
        taken = {r.job_id for r in self._rows.values() if r.job_id is not None}
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
            await self._refresh([row_id], reload=True)
            await self._take(found)
            return
        facts.lookups += 1
        facts.is_looked_for = facts.lookups < len(LOOKUPS_AFTER_S)
        if facts.is_looked_for:
            facts.next_lookup = self._clock.monotonic() + LOOKUPS_AFTER_S[facts.lookups]
        hint = f"{len(found)} of the server’s jobs look just like it." if found else ""
        await self._ledger.update(row_id, hint=hint)
        await self._refresh([row_id], reload=True)

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

    # --- rows and signals ---------------------------------------------------------------------

    def _make_view(self, row: LedgerRow) -> JobView:
        words = self._kinds.get(row.kind) or _UnknownKind(row.kind)
        return make_view(row, self._facts[row.id], words, self._clock.now())

    async def _refresh(self, row_ids: Sequence[str], *, reload: bool = False) -> None:
        """Make the views of these rows anew and tell of those that now say something else."""
        if reload:
            for row_id in row_ids:
                self._rows[row_id] = await self._ledger.get(row_id)
        self._show(row_ids)

    def _show(self, row_ids: Iterable[str]) -> None:
        told: set[str] = set()
        for row_id in row_ids:
            view = self._make_view(self._rows[row_id])
            if view != self._views.get(row_id):
                self._views[row_id] = view
                told.add(row_id)
        if told:
            self.changed.emit(JobsChange(changed=frozenset(told)))
            self._tell_ended_batches({self._views[row_id].batch_id for row_id in told})

    def _tell_ended_batches(self, batch_ids: Iterable[str | None]) -> None:
        for batch_id in self._live_batches.intersection(batch_ids):
            views = [view for view in self._views.values() if view.batch_id == batch_id]
            if not any(self._is_open(view) for view in views):
                self._live_batches.discard(batch_id)
                self.batch_ended.emit(batch_end(batch_id, views))

    def _is_open(self, view: JobView) -> bool:
        return view.is_active or self._facts[view.id].is_looked_for

    async def _count_today(self) -> None:
        midnight = self._clock.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        sent = [row.submitted_at for row in self._rows.values() if row.submitted_at]
        self._today_count = sum(at >= midnight for at in sent)
        self._today_cost = await self._ledger.spent_since(midnight, self._workspace_id)


def _fraction(value: float) -> float:
    return min(1.0, max(0.0, value)) if value == value else 0.0  # NaN is not equal to itself


class _UnknownKind:
    """Words for a row that another version of this program has written."""

    def __init__(self, kind: str) -> None:
        self.title = kind

    def name(self, request: dict[str, Any]) -> str:
        return self.title

    def parameters(self, request: dict[str, Any]) -> str:
        return ""

    def done(self, count: int) -> str:
        return f"{count} results"

    def can_cancel(self, job: Job | None) -> bool:
        return job is not None and job.job_type in CANCELLABLE_TYPES
