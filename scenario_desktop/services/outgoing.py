"""The one door through which billed requests leave: in order, a few at a time, each sent once.

What is known of a request after its sending decides what the ledger says:

==================================  ============================================================
a job came back                     accepted, with the job's id, before anybody hears of it
no connection could be made         not sent; neither are the ones behind it
429, too many jobs at once          back in the queue until a running job has ended
429, wait so and so long            back in the queue until then; not sent when that is too long
units or plan used up, keys bad     failed; the ones behind it of the same batch are not sent
refused (4xx)                       failed, with the service's reason
anything else                       uncertain: it may have arrived; never sent again by itself
==================================  ============================================================

Rows of one group leave in one request, whose answer may tell another end for each of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import heapq
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from scenario_desktop.api.models.jobs import Job
from scenario_desktop.errors import (
    AppError,
    BadInput,
    ConcurrencyLimit,
    Conflict,
    Forbidden,
    NotFound,
    QuotaExceeded,
    RateLimited,
    Refused,
    StoreFailed,
    Unauthorised,
    Unreachable,
)
from scenario_desktop.services.clock import Clock, sleep_or_wake
from scenario_desktop.services.words import duration, units
from scenario_desktop.store.ledger import Ledger, LedgerRow, LedgerState

_log = logging.getLogger(__name__)

PARALLEL = 4
#: A rest that the service wants is kept up to this long, in seconds; longer is the user's call.
LONGEST_HOLD_S = 300.0
#: With no job of ours running, the limit is taken up by others: try again after this, in seconds.
HOLD_S = 20.0
#: A status in front of the words that say the same better.
_STATUS = re.compile(r"^HTTP \d{3} · ")


class Sender(Protocol):
    """What makes a request of rows and sends it."""

    async def prepare(self, rows: Sequence[LedgerRow]) -> None:
        """Do what must come before and creates nothing that counts, such as uploads.

        Raises:
            AppError: it cannot be done; the rows are then not sent.
        """

    async def send(self, rows: Sequence[LedgerRow]) -> Sequence[Job | AppError]:
        """Send the rows of one group in one request, once.

        Returns:
            For each row its job, or why there is none.

        Raises:
            AppError: as the client does; it holds for all of them.
        """


def group_of(row: LedgerRow) -> str:
    """Return what rows must share to leave in one request; without a mark each is alone."""
    return str(row.extra.get("group") or row.id)


class Outgoing:
    """Sends prepared rows of the ledger.

    Once the service has said "too many jobs", one request is let out per job that ends (or per
    HOLD_S while none of ours runs), until the queue is empty. Rows that still wait when the program
    ends stay prepared; nothing sends them by itself later.
    """

    def __init__(
        self,
        ledger: Ledger,
        sender: Sender,
        changed: Callable[[str], Awaitable[None]],
        *,
        clock: Clock,
        has_running: Callable[[], bool],
        parallel: int = PARALLEL,
    ) -> None:
        """
        Args:
            sender: makes and sends the requests.
            changed: awaited with a row's id after the ledger has the news.
            has_running: whether any job of ours is at the service, whose end would make room.
        """
        self._ledger = ledger
        self._sender = sender
        self._changed = changed
        self._clock = clock
        self._has_running = has_running
        self._slots = asyncio.Semaphore(parallel)
        self._queue: list[tuple[int, str]] = []
        self._batch: dict[str, str | None] = {}
        self._group: dict[str, str] = {}
        self._order: dict[str, int] = {}
        self._preparing: list[str] = []
        self._counter = 0
        self._rest_until: float | None = None  # monotonic seconds
        self._tickets: int | None = None  # how many may leave now; None: as many as there are
        self._reason = ""
        self._wake = asyncio.Event()
        self._dispatcher: asyncio.Task[None] | None = None
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._unanswered: set[str] = set()

    @property
    def waiting(self) -> list[str]:
        """Return the rows that were not sent yet, in order."""
        return [*self._preparing, *(row_id for _, row_id in sorted(self._queue))]

    @property
    def in_flight(self) -> frozenset[str]:
        """Return the rows that were sent and have no answer yet."""
        return frozenset(self._unanswered)

    @property
    def waits_for(self) -> str:
        """Return why nothing is sent just now; empty when it is."""
        return self._reason if self._is_held else ""

    @property
    def _is_held(self) -> bool:
        return self._rest_until is not None or self._tickets == 0

    def add(self, rows: Iterable[LedgerRow]) -> None:
        """Queue prepared rows behind those that wait already."""
        for row in rows:
            self._counter += 1
            self._order[row.id] = self._counter
            self._batch[row.id] = row.batch_id
            self._group[row.id] = group_of(row)
            heapq.heappush(self._queue, (self._counter, row.id))
        self._start()

    def remove(self, row_id: str) -> bool:
        """Take a row out of the queue; False when it is not there (any more)."""
        if row_id in self._preparing:
            self._preparing.remove(row_id)
            self._forget(row_id)
            return True
        entry = (self._order.get(row_id, -1), row_id)
        if entry not in self._queue:
            return False
        self._queue.remove(entry)
        heapq.heapify(self._queue)
        self._forget(row_id)
        return True

    def job_ended(self) -> None:
        """Tell that a place at the service may be free."""
        if self._tickets is not None:
            self._tickets += 1
            self._wake.set()

    async def settled(self) -> None:
        """Wait until the queue is empty and nothing is under way."""
        while self._dispatcher is not None and not self._dispatcher.done():
            await asyncio.wait({self._dispatcher})

    async def aclose(self, timeout_s: float = 5.0) -> None:
        """Stop sending; what is under way gets some time to hear its answer."""
        if self._dispatcher is not None:
            self._dispatcher.cancel()
            await asyncio.wait({self._dispatcher})
        tasks = set(self._sending.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=timeout_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _start(self) -> None:
        if self._dispatcher is None or self._dispatcher.done():
            self._tickets = None
            self._dispatcher = asyncio.create_task(self._dispatch(), name="outgoing")

    async def _dispatch(self) -> None:
        while self._queue or self._sending:
            if not self._queue:
                await asyncio.wait(set(self._sending.values()))
                continue
            await self._slots.acquire()
            if not self._queue or self._is_held:
                self._slots.release()
                await self._wait_out_hold()
                continue
            if self._tickets is not None:
                self._tickets -= 1
            row_ids = self._take_group()
            task = asyncio.create_task(self._send_group(row_ids), name=f"send {row_ids[0]}")
            self._sending[row_ids[0]] = task
            task.add_done_callback(functools.partial(self._sent, row_ids))

    def _take_group(self) -> list[str]:
        """Take the first row out of the queue, and all that go with it."""
        group = self._group[self._queue[0][1]]
        taken = [row_id for _, row_id in sorted(self._queue) if self._group[row_id] == group]
        self._queue = [entry for entry in self._queue if entry[1] not in taken]
        heapq.heapify(self._queue)
        return taken

    def _sent(self, row_ids: Sequence[str], task: asyncio.Task[None]) -> None:
        first = row_ids[0]
        del self._sending[first]
        self._slots.release()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("Sending has failed in an unforeseen way", exc_info=error)
            self._sending[first] = asyncio.create_task(self._doubt(row_ids))
            self._sending[first].add_done_callback(lambda _: self._sending.pop(first))

    async def _doubt(self, row_ids: Sequence[str]) -> None:
        """After a fault of our own nobody knows what became of a request that was claimed."""
        for row_id in row_ids:
            with contextlib.suppress(StoreFailed):  # then the next start finds it as it is
                row = await self._ledger.get(row_id)
                if row.state is LedgerState.SUBMITTING:
                    reason = "A fault of this program; see its log."
                    await self._ledger.mark_uncertain(row_id, reason)
                elif row.state is LedgerState.PREPARED:
                    await self._not_sent(row, "A fault of this program; see its log.", "")
            await self._changed(row_id)

    async def _wait_out_hold(self) -> None:
        if not self._is_held:
            return
        self._wake.clear()
        delay_s: float | None = None
        if self._rest_until is not None:
            delay_s = max(0.0, self._rest_until - self._clock.monotonic())
        elif not self._has_running():
            delay_s = HOLD_S
        await sleep_or_wake(self._clock, self._wake, delay_s)
        if self._rest_until is not None:
            if self._clock.monotonic() >= self._rest_until:
                self._rest_until = None
        elif self._tickets == 0 and not self._has_running():
            self._tickets = 1

    async def _send_group(self, row_ids: Sequence[str]) -> None:
        rows = await self._claimed(await self._prepared(row_ids))
        if not rows:
            return
        self._unanswered.update(row.id for row in rows)
        for row in rows:
            await self._changed(row.id)
        try:
            await self._take_all(rows, await self._sender.send(rows))
        except AppError as error:
            await self._take_all(rows, [error] * len(rows))
        finally:
            self._unanswered.difference_update(row.id for row in rows)
        for row in rows:
            await self._changed(row.id)

    async def _prepared(self, row_ids: Sequence[str]) -> list[str]:
        """Prepare rows; return those that are still to be sent after that."""
        self._preparing += row_ids
        trouble: AppError | None = None
        try:
            await self._sender.prepare([await self._ledger.get(row_id) for row_id in row_ids])
        except AppError as error:
            trouble = error
        finally:
            ready = [row_id for row_id in row_ids if row_id in self._preparing]
            self._preparing = [row_id for row_id in self._preparing if row_id not in ready]
        if trouble is None:
            return ready
        for row_id in ready:
            await self._record(self._give_up(row_id, trouble))
            await self._changed(row_id)
        return []

    async def _give_up(self, row_id: str, error: AppError) -> None:
        self._forget(row_id)
        await self._not_sent(await self._ledger.get(row_id), error.message, error.hint)

    async def _claimed(self, row_ids: Sequence[str]) -> list[LedgerRow]:
        """Claim rows; return those that this window may send."""
        rows: list[LedgerRow] = []
        for row_id in row_ids:
            try:
                if await self._ledger.claim(row_id):
                    rows.append(await self._ledger.get(row_id))
                else:
                    self._forget(row_id)  # another window was faster
            except StoreFailed as error:
                # Not in the ledger means not sent. The row stays prepared and reads as not sent.
                _log.warning("A request was not sent: %s", error.message)
                self._forget(row_id)
                await self._changed(row_id)
        return rows

    async def _take_all(
        self, rows: Sequence[LedgerRow], outcomes: Sequence[Job | AppError]
    ) -> None:
        for row, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, AppError):
                await self._record(self._take_error(row, outcome))
            else:
                await self._record(self._take_job(row, outcome))

    async def _record(self, writing: Awaitable[None]) -> None:
        try:
            await writing
        except StoreFailed as error:
            # The row stays "submitting", which reads as uncertain and is looked for.
            _log.warning("The answer to a request could not be written down: %s", error.message)

    async def _take_job(self, row: LedgerRow, job: Job) -> None:
        self._forget(row.id)
        await self._ledger.accept(row.id, job.job_id)
        cost = job.billing.cu_cost if job.billing else None
        if cost is not None and row.quoted is not None and cost > row.quoted:
            await self._stop_batch(row.batch_id, _price_rose(row.quoted, cost), "")

    async def _take_error(self, row: LedgerRow, error: AppError) -> None:
        match error:
            case Unreachable():
                await self._not_sent(row, error.message, error.hint)
                await self._stop_batch(None, error.message, error.hint)
            case ConcurrencyLimit():
                self._tickets = 0
                self._reason = "The plan’s limit of jobs at once is reached; one must end first."
                await self._put_back(row)
            case RateLimited():
                await self._take_rate_limit(row, error)
            case QuotaExceeded() | Unauthorised() | Forbidden():
                await self._failed(row, error)
                await self._stop_batch(row.batch_id, error.message, error.hint)
            case Refused() | NotFound() | Conflict() | BadInput():
                await self._failed(row, error)
            case _:
                self._forget(row.id)
                await self._ledger.mark_uncertain(row.id, error.message)

    async def _take_rate_limit(self, row: LedgerRow, error: RateLimited) -> None:
        wait_s = error.retry_after_s if error.retry_after_s is not None else HOLD_S
        if wait_s > LONGEST_HOLD_S:
            reason = f"The service wants {duration(wait_s)} of rest."
            await self._not_sent(row, reason, "Nothing was charged. Send it again after that.")
            await self._stop_batch(row.batch_id, reason, "")
            return
        self._rest_until = self._clock.monotonic() + wait_s
        self._reason = f"The service asks to wait {duration(wait_s)}."
        await self._put_back(row)

    async def _put_back(self, row: LedgerRow) -> None:
        """A 429 proves that nothing was taken: the row is as good as never sent."""
        await self._ledger.update(row.id, state=LedgerState.PREPARED, submitted_at=None)
        heapq.heappush(self._queue, (self._order[row.id], row.id))
        for waiting in self.waiting:
            await self._changed(waiting)

    async def _failed(self, row: LedgerRow, error: AppError) -> None:
        self._forget(row.id)
        details = _STATUS.sub("", error.details)
        said = f"The service says: {details}" if details else ""
        await self._ledger.update(
            row.id, state=LedgerState.FAILED, error=error.message, charged=Decimal(0),
            hint=" ".join(part for part in (error.hint, said) if part),
        )  # fmt: skip

    async def _not_sent(self, row: LedgerRow, reason: str, hint: str) -> None:
        self._forget(row.id)
        await self._ledger.update(
            row.id, state=LedgerState.NOT_SENT, error=reason, hint=hint, charged=Decimal(0),
            submitted_at=None,
        )  # fmt: skip

    async def _stop_batch(self, batch_id: str | None, reason: str, hint: str) -> None:
        """Send nothing more of a batch (of any when None): it would meet the same wall."""
        for row_id in self.waiting:
            if batch_id is None or self._batch[row_id] == batch_id:
                row = await self._ledger.get(row_id)
                if self.remove(row_id):
                    await self._not_sent(row, reason, hint)
                    await self._changed(row_id)

    def _forget(self, row_id: str) -> None:
        self._order.pop(row_id, None)
        self._batch.pop(row_id, None)
        self._group.pop(row_id, None)


def _price_rose(quoted: Decimal, cost: Decimal) -> str:
    return f"The service charges {units(cost)} instead of {units(quoted)}; the rest was held back."
