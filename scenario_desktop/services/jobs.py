"""All jobs of one workspace: sent from here, followed by one poller, remembered in the ledger."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from psygnal import Signal

from scenario_desktop.api.models.jobs import Job
from scenario_desktop.errors import AppError, BadAnswer, BadInput, Refused, SpendingRefused
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.job_board import JobBoard
from scenario_desktop.services.job_following import (
    LOOKUPS_AFTER_S,
    JobFollower,
    OnResults,
    as_fraction,
)
from scenario_desktop.services.job_kinds import JobKind
from scenario_desktop.services.job_polling import JobReader, JobsClient, PollStatus, Reader
from scenario_desktop.services.job_views import (
    FINISHED,
    Facts,
    JobsChange,
    JobsSummary,
    JobState,
    JobView,
)
from scenario_desktop.services.outgoing import Outgoing
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.services.words import units
from scenario_desktop.store.ledger import Ledger, LedgerRow, LedgerState

#: Rows of the ledger that are read at the start.
_SHOWN = 2_000
#: Kept as the hint of an uncertain request whose kind can be found nowhere.
NOT_LISTED: Final = (
    "It is not sent again by itself. See at the service whether it runs before you send it again; "
    "that may cost twice."
)
_OPEN_STATES = (LedgerState.SUBMITTING, LedgerState.ACCEPTED, LedgerState.UNCERTAIN)


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
        self._clock = clock = clock or Clock()
        self._owns = owns
        self._board = JobBoard(
            ledger, workspace_id, kinds, clock, on_changed=self.changed.emit,
            on_batch_ended=self.batch_ended.emit,
        )  # fmt: skip
        self._outgoing = Outgoing(
            ledger, self, self._on_sent, clock=clock, has_running=self._has_running
        )
        self._follower = JobFollower(
            client, reader or JobReader(client), ledger, self._board, workspace_id=workspace_id,
            kinds=kinds, clock=clock, jitter=jitter, on_results=on_results,
            on_status=self.poll_changed.emit, on_job_ended=self._outgoing.job_ended,
        )  # fmt: skip

    # --- what is shown ------------------------------------------------------------------------

    @property
    def rows(self) -> list[JobView]:
        """Return the rows that are not cleared, newest first."""
        return sorted(self._board.shown, key=lambda view: view.created_at)[::-1]

    @property
    def summary(self) -> JobsSummary:
        return self._board.summary

    @property
    def poll_status(self) -> PollStatus:
        return self._follower.status

    def view(self, row_id: str) -> JobView | None:
        """Return one row, cleared or not."""
        return self._board.views.get(row_id)

    def draft_of(self, row_id: str) -> dict[str, Any]:
        """Return the body of a row's request, for a form to start from; the picture is in it."""
        return dict(self._board.rows[row_id].request)

    # --- life ---------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read the ledger and take up what was in flight when the program ended."""
        found: list[tuple[LedgerRow, Facts]] = []
        for row in await self._read_rows():
            age_s = (self._clock.now() - (row.submitted_at or row.created_at)).total_seconds()
            facts = Facts(taken_at=self._clock.monotonic() - age_s)
            if row.state is LedgerState.SUBMITTING:
                reason = "The program ended before the answer came."
                row = await self._ledger.mark_uncertain(row.id, reason)
            if row.state is LedgerState.UNCERTAIN and row.is_watched:
                row = await self._seek(row, facts)
            found.append((row, facts))
        await self._board.begin(found)
        self._follower.start()
        self.changed.emit(JobsChange(added=frozenset(self._board.rows)))

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
        await self._follower.aclose()
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
            self._board.add(rows, is_waiting=len(rows) == len(requests))
        self._board.live_batches.add(batch_id)
        self._outgoing.add(rows)
        return rows

    async def cancel(self, row_id: str) -> None:
        """Cancel a job, or take it out of the queue.

        Raises:
            Refused: the service does not cancel this kind of job; it goes on and is followed.
            AppError: the service could not be asked; nothing has changed.
        """
        row, facts = self._board.rows[row_id], self._board.facts[row_id]
        if row.state is LedgerState.PREPARED and self._outgoing.remove(row_id):
            facts.is_waiting = False
            await self._ledger.update(row_id, state=LedgerState.CANCELED, charged=Decimal(0))
            await self._board.refresh([row_id], reload=True)
        if row.job_id is None or row.state is not LedgerState.ACCEPTED or facts.is_cancel_wanted:
            return
        facts.is_cancel_wanted = True
        await self._board.refresh([row_id])
        try:
            await self._client.cancel_job(row.job_id)
            job = await self._client.get_job(row.job_id)
        except AppError as error:
            # A job that is over refuses too; then the next look shows how it ended.
            facts.is_cancel_wanted = False
            await self._board.refresh([row_id])
            self._follower.wake.set()
            if isinstance(error, Refused):
                raise Refused(
                    "The service does not cancel this job. It goes on and is followed here.",
                    hint="Choose “Stop watching” to take it off the list of running jobs.",
                    details=error.details,
                ) from error
            raise
        await self._follower.take([job])

    async def stop_watching(self, row_id: str) -> None:
        """Follow a job no longer. It goes on at the service; "look again" takes it up again."""
        self._board.facts[row_id].is_looked_for = False
        await self._ledger.update(row_id, is_watched=False)
        await self._board.refresh([row_id], reload=True)

    async def look_again(self, row_id: str) -> None:
        """Look for an uncertain request among the service's jobs, or follow a job again.

        Raises:
            AppError: the service could not be asked.
        """
        row, facts = self._board.rows[row_id], self._board.facts[row_id]
        facts.misses = facts.fetches = 0
        row = await self._ledger.update(row_id, is_watched=True)
        if row.state is LedgerState.UNCERTAIN and row.job_id is not None:
            await self._ledger.update(row_id, state=LedgerState.ACCEPTED, error="", hint="")
        elif row.state is LedgerState.UNCERTAIN and self._can_seek(row):
            self._follower.look_for(facts)
            facts.lookups = len(LOOKUPS_AFTER_S) - 1  # this look, and no others by themselves
        await self._board.refresh([row_id], reload=True)
        await self._follower.look()

    async def price_again(self, row_id: str) -> Decimal | None:
        """Ask what sending a row's request again would cost; None where there is no price."""
        row = self._board.rows[row_id]
        return await self._kind(row).price(row.request)

    async def send_again(self, row_id: str, *, is_confirmed: bool = False) -> str:
        """Send a row's request once more, as a new row.

        The old row stays as it is, unless it was never sent: then it goes from the list.

        Returns:
            The new row's id.

        Raises:
            SpendingRefused: the limit says no or asks, or it costs more now than it did.
        """
        row = self._board.rows[row_id]
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
        if self._board.views[row_id].state is JobState.NOT_SENT:
            await self.clear([row_id])
        return new[0].id

    async def clear_done(self) -> list[str]:
        """Take finished rows off the list and return their ids; ``restore_cleared`` undoes it."""
        ids = [view.id for view in self.rows if view.state in FINISHED]
        await self.clear(ids)
        return ids

    async def clear(self, row_ids: Iterable[str]) -> None:
        """Take rows off the list. The ledger keeps them; running ones stay."""
        ids = [row_id for row_id in row_ids if not self._board.views[row_id].is_active]
        await self._ledger.clear(ids)
        for row_id in ids:
            self._board.rows[row_id] = await self._ledger.get(row_id)
        self.changed.emit(JobsChange(removed=frozenset(ids)))

    async def restore_cleared(self, row_ids: Iterable[str]) -> None:
        """Bring cleared rows back."""
        ids = list(row_ids)
        for row_id in ids:
            self._board.rows[row_id] = await self._ledger.update(row_id, is_cleared=False)
        self.changed.emit(JobsChange(added=frozenset(ids)))

    # --- sending ------------------------------------------------------------------------------

    async def prepare(self, rows: Sequence[LedgerRow]) -> None:
        """Do what comes before the sending of rows; for the outgoing queue."""
        try:
            await self._kind(rows[0]).prepare(rows, self._on_prepared)
        finally:
            for row in rows:
                self._board.facts[row.id].prepared = None

    def _on_prepared(self, row_id: str, fraction: float) -> None:
        self._board.facts[row_id].prepared = as_fraction(fraction)
        self._board.show([row_id])

    async def send(self, rows: Sequence[LedgerRow]) -> Sequence[Job | AppError]:
        """Send rows in one request; for the outgoing queue."""
        found = list[Job | AppError]()
        for row, outcome in zip(rows, await self._kind(rows[0]).send(rows), strict=True):
            if isinstance(outcome, Job) and not outcome.job_id:
                outcome = BadAnswer("The service took the request, but named no job.")
            if isinstance(outcome, Job):
                self._board.facts[row.id].job = outcome
            found.append(outcome)
        return found

    async def _on_sent(self, row_id: str) -> None:
        """Take note of what the outgoing queue wrote into the ledger."""
        row, facts = await self._ledger.get(row_id), self._board.facts[row_id]
        facts.is_waiting = row_id in self._outgoing.waiting
        facts.is_sending = row_id in self._outgoing.in_flight
        facts.waits_for = self._outgoing.waits_for if facts.is_waiting else ""
        if row.state is LedgerState.ACCEPTED:
            facts.taken_at = self._clock.monotonic()
            self._board.rows[row_id] = row
            await self._board.count_today()
        elif row.state in _OPEN_STATES and not facts.is_sending:
            await self._seek(row, facts)
        await self._board.refresh([row_id], reload=True)
        self._follower.wake.set()

    async def _seek(self, row: LedgerRow, facts: Facts) -> LedgerRow:
        """Look for a request of which nobody knows whether it runs, where that can be found out."""
        if self._can_seek(row):
            self._follower.look_for(facts)
        elif row.state is LedgerState.UNCERTAIN:
            row = await self._ledger.update(row.id, hint=NOT_LISTED)
        return row

    def _can_seek(self, row: LedgerRow) -> bool:
        kind = self._kinds.get(row.kind)
        return kind is None or bool(kind.job_types)

    def _has_running(self) -> bool:
        return bool(self._board.followed)

    def _kind(self, row: LedgerRow) -> JobKind:
        try:
            return self._kinds[row.kind]
        except KeyError:
            raise BadInput("This kind of job is not known to this version.") from None
