"""Our own record beside the service's: what was quoted, what was charged, and why they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from scenario_desktop.api.models.usage import Activity
from scenario_desktop.services.words import units
from scenario_desktop.store.ledger import LedgerRow, LedgerState

ZERO: Final = Decimal(0)
#: Kinds of the ledger that the second service gives no price for.
SARTIQ_PREFIX: Final = "sartiq-"
#: Kinds of which only the start is followed: how long they compute is not known.
_STARTS: Final = frozenset({"sartiq-training", "sartiq-refine-task"})


class Reason(StrEnum):
    """Why two amounts differ, or why there is only one."""

    SAME = "same"
    DISCOUNT = "discount"
    REFUND = "refund"
    ADD_ON = "add_on"
    OPEN = "open"
    UNCERTAIN = "uncertain"
    NOT_LISTED = "not_listed"
    NO_QUOTE = "no_quote"
    NO_PRICE = "no_price"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class JobCost:
    """One request of ours and what the service has booked for it.

    Attributes:
        quoted: the price that was agreed to; None where none was given.
        charged: by the job's own bill, as the ledger has it; None while unknown.
        booked: by the service's list of activities; None where it is not in it.
        note: the difference in a sentence; empty where there is none.
        compute_s: seconds that it took without waiting; None while unknown.
    """

    row_id: str
    kind: str
    title: str
    at: datetime
    state: LedgerState
    quoted: Decimal | None
    charged: Decimal | None
    booked: Decimal | None
    reason: Reason
    note: str
    job_id: str | None
    input_id: str | None
    compute_s: float | None = None

    @property
    def is_lost(self) -> bool:
        """Whether it failed or was cancelled."""
        return self.state in (LedgerState.FAILED, LedgerState.CANCELED)

    @property
    def difference(self) -> Decimal | None:
        """Charged, or booked, less quoted; None where one of them is unknown."""
        actual = self.charged if self.charged is not None else self.booked
        if actual is None or self.quoted is None:
            return None
        return actual - self.quoted


@dataclass(frozen=True, slots=True)
class RunTotals:
    """Runs that have no price: how many, and for how long they computed.

    Attributes:
        compute_s: seconds from being taken to their end, without waiting where that is told.
    """

    count: int = 0
    failed: int = 0
    compute_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """All billed requests of a range.

    Attributes:
        jobs: newest first.
        quoted, charged: sums over the requests where both are known, so that they compare.
        lost: charged for failed and cancelled ones; lost_count: how many those are.
        runs: those that have no price, newest first.
    """

    jobs: tuple[JobCost, ...]
    quoted: Decimal
    charged: Decimal
    lost: Decimal
    lost_count: int
    refunded_count: int
    unpriced: RunTotals
    runs: tuple[JobCost, ...] = ()


def compare(
    rows: Iterable[LedgerRow], booked: Mapping[str, Decimal], titles: Mapping[str, str]
) -> Comparison:
    """Put our rows beside the service's bookings.

    Args:
        rows: of the range; those that were never sent are left out.
        booked: what the service's activities tell for each job, by its id.
        titles: the names of kinds, by the word of the ledger.
    """
    sent = [row for row in rows if row.submitted_at and row.state is not LedgerState.NOT_SENT]
    priced = [row for row in sent if not row.kind.startswith(SARTIQ_PREFIX)]
    unpriced = [row for row in sent if row.kind.startswith(SARTIQ_PREFIX)]
    jobs = [_job_cost(row, booked.get(row.job_id or ""), titles) for row in priced]
    jobs.sort(key=lambda job: job.at, reverse=True)
    both = [job for job in jobs if job.difference is not None]
    lost = [job for job in jobs if job.is_lost]
    return Comparison(
        jobs=tuple(jobs),
        quoted=sum((job.quoted or ZERO for job in both), ZERO),
        charged=sum((_actual(job) or ZERO for job in both), ZERO),
        lost=sum((_actual(job) or ZERO for job in lost), ZERO),
        lost_count=len(lost),
        refunded_count=sum(job.reason is Reason.REFUND for job in jobs),
        unpriced=run_totals(unpriced),
        runs=tuple(
            sorted((_job_cost(row, None, titles) for row in unpriced), key=_at, reverse=True)
        ),
    )


def booked_by_job(activities: Iterable[Activity]) -> dict[str, Decimal]:
    """Add the activities' amounts up by job. An activity without an amount tells nothing."""
    found: dict[str, Decimal] = {}
    for activity in activities:
        job_id = activity.data.job_id
        if job_id and activity.creative_units_cost is not None:
            found[job_id] = found.get(job_id, ZERO) + activity.creative_units_cost
    return found


def run_totals(rows: Sequence[LedgerRow]) -> RunTotals:
    """Count runs and the time that they took."""
    seconds = sum(_compute_s(row) or 0.0 for row in rows)
    failed = sum(row.state is LedgerState.FAILED for row in rows)
    return RunTotals(len(rows), failed, seconds)


def _compute_s(row: LedgerRow) -> float | None:
    if row.submitted_at is None or row.ended_at is None:
        return None
    if row.kind in _STARTS and not row.result_ids:
        return None
    whole = (row.ended_at - row.submitted_at).total_seconds()
    return max(0.0, whole - (row.queue_s or 0.0))


def _at(job: JobCost) -> datetime:
    return job.at


def _actual(job: JobCost) -> Decimal | None:
    return job.charged if job.charged is not None else job.booked


def _job_cost(row: LedgerRow, booked: Decimal | None, titles: Mapping[str, str]) -> JobCost:
    reason, note = _explained(row, booked)
    return JobCost(
        row_id=row.id, kind=row.kind,
        title=str(row.extra.get("title") or titles.get(row.kind, row.kind)),
        at=row.submitted_at or row.created_at, state=row.state, quoted=row.quoted,
        charged=row.charged, booked=booked, reason=reason, note=note, job_id=row.job_id,
        input_id=next(iter(row.input_ids), None), compute_s=_compute_s(row),
    )  # fmt: skip


def _explained(row: LedgerRow, booked: Decimal | None) -> tuple[Reason, str]:
    """Say why the amounts of a row differ, as far as that can be known."""
    if row.kind.startswith(SARTIQ_PREFIX):
        return Reason.NO_PRICE, "The service gives no price."
    actual = row.charged if row.charged is not None else booked
    if row.state is LedgerState.UNCERTAIN:
        return Reason.UNCERTAIN, "Nobody knows yet whether it ran."
    if actual is None and row.state in (LedgerState.SUBMITTING, LedgerState.ACCEPTED):
        return Reason.OPEN, "It is still running."
    if actual is None:
        return Reason.NOT_LISTED, "The service has not said what it cost."
    if row.quoted is None:
        return Reason.NO_QUOTE, "There was no price before."
    if actual == row.quoted:
        return Reason.SAME, ""
    if actual < row.quoted:
        if row.state in (LedgerState.FAILED, LedgerState.CANCELED):
            word = "Failed" if row.state is LedgerState.FAILED else "Cancelled"
            if actual:
                return Reason.REFUND, f"{word}, {units(row.quoted - actual)} refunded."
            return Reason.REFUND, f"{word}, refunded."
        return Reason.DISCOUNT, f"{units(row.quoted - actual)} less than quoted: a discount."
    if booked is not None and row.charged is not None and booked > row.charged:
        return Reason.ADD_ON, f"{units(booked - row.charged)} of add-ons."
    return Reason.UNEXPLAINED, f"{units(actual - row.quoted)} more than quoted, without a reason."
