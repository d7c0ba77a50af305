"""What the window shows of a job: a ledger row and the service's last word on it, in words.

Pure functions over plain data; the following and the sending happen elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from scenario_desktop.api.models.jobs import Job
from scenario_desktop.services.words import NO_BREAK, one_line, units
from scenario_desktop.store.ledger import LedgerRow, LedgerState


class JobState(StrEnum):
    """What a user needs to tell apart."""

    PREPARED = "prepared"
    SENDING = "sending"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"
    UNCERTAIN = "uncertain"
    NOT_SENT = "not_sent"
    NOT_WATCHED = "not_watched"


ACTIVE = frozenset({JobState.PREPARED, JobState.SENDING, JobState.QUEUED, JobState.RUNNING})
NEEDS_YOU = frozenset({JobState.FAILED, JobState.UNCERTAIN, JobState.NOT_SENT})
FINISHED = frozenset({JobState.DONE, JobState.CANCELED, JobState.NOT_WATCHED})

_QUEUE_WORDS = frozenset({"pending", "queued"})
_RUN_WORDS = {"warming-up": "Warming up", "in-progress": "Running", "finalizing": "Finishing"}


@dataclass(frozen=True, slots=True)
class JobView:
    """One row of the jobs list.

    Attributes:
        id: the ledger's id, not the service's.
        subtitle: parameters and kind, "Low 72, high 168 · Detect".
        progress: 0 to 1; None where there is nothing to measure (queued, sending).
        upload_progress: 0 to 1 for work that begins with uploads; None for work that has none.
        elapsed_s: seconds from sending to the end, or to now; see ``started_at`` for a live one.
        queue_s: seconds of it spent waiting at the service; None where it does not tell.
        cost: Creative Units charged, or quoted while ``is_cost_final`` is False.
        hint: what the user can do; for a waiting job what it waits for.
        job_id: the service's id, for copying into a question to its support.
    """

    id: str
    title: str
    subtitle: str
    kind: str
    parameters_text: str
    input_item_id: str | None
    state: JobState
    status_text: str
    progress: float | None
    elapsed_s: float | None
    queue_s: float | None
    cost: Decimal | None
    is_cost_final: bool
    can_cancel: bool
    error: str
    hint: str
    result_ids: tuple[str, ...]
    created_at: datetime
    ended_at: datetime | None
    batch_id: str | None
    started_at: datetime | None = None
    upload_progress: float | None = None
    job_id: str | None = None
    cost_text: str = ""
    details: str = ""

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def needs_you(self) -> bool:
        return self.state in NEEDS_YOU


@dataclass(frozen=True, slots=True)
class JobsChange:
    """Which rows are new, which say something else now, and which are gone from the list."""

    added: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class JobsSummary:
    """The line at the bottom of the window.

    Attributes:
        running: sending and running; queued: waiting here or at the service.
        progress: 0 to 1 over all jobs of the batches that are under way.
        today_count: jobs sent since local midnight; today_cost: their cost in Creative Units.
    """

    running: int = 0
    queued: int = 0
    progress: float = 0.0
    needs_you: int = 0
    today_count: int = 0
    today_cost: Decimal = Decimal(0)

    @property
    def active(self) -> int:
        return self.running + self.queued


@dataclass(frozen=True, slots=True)
class BatchEnd:
    """What was started together has come to its end.

    Attributes:
        text: the sentence for a notification.
    """

    batch_id: str | None
    done: int
    failed: int
    canceled: int
    uncertain: int
    text: str


class KindWords(Protocol):
    """How a kind of job is named."""

    @property
    def title(self) -> str: ...
    def name(self, request: dict[str, Any]) -> str: ...
    def parameters(self, request: dict[str, Any]) -> str: ...
    def done(self, count: int) -> str: ...
    def can_cancel(self, job: Job | None) -> bool: ...


@dataclass(slots=True)
class Facts:
    """What is known of a row in this run only.

    Attributes:
        job: the service's last word.
        progress: the furthest that was ever shown; it never moves back.
        waits_for: why a prepared row was not sent yet; empty when it is its turn soon.
        is_waiting: the row stands in our own queue.
        is_looked_for: an uncertain row is being looked for without being asked.
        is_cancel_wanted: the user asked to cancel it.
        taken_at: when the service took it in this run, in monotonic seconds.
        misses: how often in a row the service did not know the job.
        lookups: how often an uncertain row was looked for; next_lookup: when it is next.
        fetches: how often its result was asked for.
        prepared: 0 to 1, how far what comes before its sending is; None while there is nothing.
    """

    job: Job | None = None
    progress: float = 0.0
    waits_for: str = ""
    is_waiting: bool = False
    is_sending: bool = False
    is_looked_for: bool = False
    is_cancel_wanted: bool = False
    taken_at: float = float("-inf")
    misses: int = 0
    lookups: int = 0
    next_lookup: float = 0.0
    fetches: int = 0
    prepared: float | None = None


def make_view(row: LedgerRow, facts: Facts, words: KindWords, now: datetime) -> JobView:
    """Put one row in words."""
    state = state_of(row, facts)
    status, hint = _status(row, facts, state, words, now)
    started = row.submitted_at
    ended = row.ended_at
    elapsed = ((ended or now) - started).total_seconds() if started else None
    is_final = row.charged is not None
    cost = row.charged if row.charged is not None else row.quoted
    parameters = words.parameters(row.request)
    name = words.name(row.request)
    of = str(row.extra.get("title") or "")
    return JobView(
        id=row.id,
        title=one_line(f"{name}, {of}") if of else name,
        subtitle=_subtitle(parameters, words.title, name),
        kind=row.kind,
        parameters_text=parameters,
        input_item_id=row.input_ids[0] if row.input_ids else None,
        state=state,
        status_text=status,
        progress=_progress(facts, state),
        elapsed_s=max(0.0, elapsed) if elapsed is not None else None,
        queue_s=row.queue_s if row.queue_s is not None else _queue_s(facts, row, now),
        cost=cost,
        is_cost_final=is_final,
        can_cancel=can_cancel(facts, state, words),
        error=one_line(row.error),
        hint=hint,
        result_ids=row.result_ids,
        created_at=row.created_at,
        ended_at=ended,
        batch_id=row.batch_id,
        started_at=started,
        job_id=row.job_id,
        upload_progress=facts.prepared if state is JobState.PREPARED else None,
        cost_text=_cost_text(cost, state),
        details=_details(row),
    )


def _subtitle(parameters: str, kind: str, name: str) -> str:
    """Return the second line of a row; it says nothing that stands in the first already."""
    said = [parameters, kind if kind != name else ""]
    return " · ".join(part for part in said if part)


def state_of(row: LedgerRow, facts: Facts) -> JobState:
    """Return what a ledger row means for its user."""
    match row.state:
        case LedgerState.PREPARED:
            return JobState.PREPARED if facts.is_waiting else JobState.NOT_SENT
        case LedgerState.SUBMITTING:
            return JobState.SENDING if facts.is_sending else JobState.UNCERTAIN
        case LedgerState.SUCCEEDED:
            return JobState.DONE
        case LedgerState.FAILED:
            return JobState.FAILED
        case LedgerState.CANCELED:
            return JobState.CANCELED
        case LedgerState.NOT_SENT:
            return JobState.NOT_SENT
        case LedgerState.ACCEPTED | LedgerState.UNCERTAIN:
            pass
    if not row.is_watched:
        return JobState.NOT_WATCHED
    if row.state is LedgerState.UNCERTAIN:
        return JobState.UNCERTAIN
    status = facts.job.status if facts.job else ""
    return JobState.QUEUED if status in _QUEUE_WORDS else JobState.RUNNING


def can_cancel(facts: Facts, state: JobState, words: KindWords) -> bool:
    """Whether the service (or our own queue) documents a cancel for it."""
    if state is JobState.PREPARED:
        return True
    if state not in (JobState.QUEUED, JobState.RUNNING) or facts.is_cancel_wanted:
        return False
    return words.can_cancel(facts.job)


def _status(
    row: LedgerRow, facts: Facts, state: JobState, words: KindWords, now: datetime
) -> tuple[str, str]:
    error, hint = one_line(row.error), one_line(row.hint)
    match state:
        case JobState.PREPARED if facts.prepared is not None:
            return f"Uploading, {percent(facts.prepared)}", ""
        case JobState.PREPARED:
            return "Waiting to be sent", facts.waits_for
        case JobState.SENDING:
            return "Sending", ""
        case JobState.QUEUED:
            return ("Cancelling" if facts.is_cancel_wanted else "Queued"), hint
        case JobState.RUNNING:
            return _running_text(row, facts, now), ""
        case JobState.DONE:
            done = words.done(len(row.result_ids))
            word = "Finished before the cancel" if hint == CROSSED else "Done"
            notes = (_price_note(row), hint if hint != CROSSED else "")
            return f"{word}, {done}", " ".join(note for note in notes if note)
        case JobState.CANCELED:
            return "Cancelled", hint
        case JobState.NOT_WATCHED:
            return "Not watched any more", "It goes on at the service and is charged."
        case JobState.NOT_SENT:
            return f"Not sent: {_lower(error or 'the program ended first')}", (
                hint or "Nothing was charged."
            )
        case JobState.UNCERTAIN:
            text = _lower(error or "the program ended before the answer came")
            return f"Uncertain: {text}", _uncertain_hint(row, facts, hint)
    error, more = _first_sentence(error or "the service gives no reason")
    return f"Failed: {_lower(error)}", " ".join(part for part in (more, hint) if part)


def _uncertain_hint(row: LedgerRow, facts: Facts, hint: str) -> str:
    if facts.is_looked_for:
        return "Looking for it among the server’s jobs. It is not sent again."
    return hint or "Not found among the server’s jobs so far. Sending again may cost twice."


def _price_note(row: LedgerRow) -> str:
    if row.charged is None or row.quoted is None or row.charged == row.quoted:
        return ""
    return f"Charged {units(row.charged)}, quoted {units(row.quoted)}."


#: Between two sentences; an abbreviation before a name is not long enough to be one.
_SENTENCE_END = re.compile(r"(?<=\w{3})\. (?=[A-Z])")
#: Kept in the ledger as the hint of a job that was done before its cancel arrived.
CROSSED = "It was finished before the cancel arrived."


#: Kept as the hint of a request whose answer was lost and whose job was found.
FOUND = "Found again among the server’s jobs."
#: After this a running job is said to take long, in seconds.
LONG_S = 900.0


def _running_text(row: LedgerRow, facts: Facts, now: datetime) -> str:
    if facts.job is None:
        return "Asking how far it is"
    if facts.is_cancel_wanted:
        return "Cancelling"
    status = facts.job.status
    if status == "success":
        return "Fetching the result"
    word = _RUN_WORDS.get(status) or f"Running, status unknown ({one_line(status, 40)})"
    if status == "in-progress" and facts.progress > 0:
        word = f"{word}, {percent(facts.progress)}"
    if row.submitted_at is not None and (now - row.submitted_at).total_seconds() > LONG_S:
        word += ", longer than usual"
    return word


def percent(fraction: float) -> str:
    """Return "64 %". 100 % is not said before the result is here."""
    return f"{min(99, round(fraction * 100))}{NO_BREAK}%"


def _first_sentence(text: str) -> tuple[str, str]:
    """Part what happened from what else is said of it, which goes onto a line of its own."""
    found = _SENTENCE_END.search(text)
    return (text[: found.start()], text[found.end() :]) if found else (text, "")


def _lower(text: str) -> str:
    """Fit a sentence behind a colon: no full stop, small first letter unless it is a name."""
    text = text.rstrip(".")
    first, _, rest = text.partition(" ")
    is_plain_word = first == "A" or (len(first) > 1 and first == first.capitalize())
    return text[0].lower() + text[1:] if rest and is_plain_word else text


def _progress(facts: Facts, state: JobState) -> float | None:
    if state is JobState.DONE:
        return 1.0
    if state is JobState.RUNNING:
        return facts.progress or None
    return None


def _cost_text(cost: Decimal | None, state: JobState) -> str:
    text = units(cost)
    return f"{text}?" if state is JobState.UNCERTAIN and cost is not None else text


def _queue_s(facts: Facts, row: LedgerRow, now: datetime) -> float | None:
    if facts.job is None:
        return None
    known = queue_seconds(facts.job)
    if known is not None:
        return known
    if facts.job.status in _QUEUE_WORDS and row.submitted_at is not None:
        return max(0.0, (now - row.submitted_at).total_seconds())
    return None


def queue_seconds(job: Job) -> float | None:
    """Return how long a job waited at the service, by the service's own dates; None: untold."""
    entered = job.created_at
    for change in job.status_history:
        if change.date is None:
            continue
        if change.status in _QUEUE_WORDS:
            entered = entered or change.date
        elif entered is not None:
            return max(0.0, (change.date - entered).total_seconds())
    return None


def charged(job: Job) -> Decimal | None:
    """Return what an ended job costs in Creative Units; None where the service does not tell.

    ``cu_cost`` leaves out add-ons, which stand in ``cu_cost_details``, and stays as it was after a
    refund. A failed job is given back unless the service says otherwise.
    """
    billing = job.billing
    if billing is None or billing.cu_cost is None:
        return None
    if job.status == "failure" and not billing.disable_refund:
        return Decimal(0)
    extra = [v for v in (billing.cu_cost_details or {}).values() if v is not None]
    total = sum(extra, billing.cu_cost)
    return total if total.is_finite() and total >= 0 else None


def _details(row: LedgerRow) -> str:
    lines = [
        f"Job: {row.job_id}" if row.job_id else "",
        f"Error: {row.error}" if row.error else "",
        f"Hint: {row.hint}" if row.hint else "",
        f"Sent: {row.submitted_at.isoformat()}" if row.submitted_at else "",
    ]
    return "\n".join(line for line in lines if line)


def summarise(views: Iterable[JobView], today_cost: Decimal, today_count: int) -> JobsSummary:
    """Add up the rows; what was sent today is counted elsewhere, cleared rows included."""
    rows = list(views)
    batches = {v.batch_id for v in rows if v.is_active}
    together = [v for v in rows if v.batch_id in batches]
    shares = [(v.progress or 0.0) if v.is_active else 1.0 for v in together]
    queued = sum(v.state in (JobState.PREPARED, JobState.QUEUED) for v in rows)
    return JobsSummary(
        running=sum(v.is_active for v in rows) - queued,
        queued=queued,
        progress=sum(shares) / len(shares) if shares else 0.0,
        needs_you=sum(v.needs_you for v in rows),
        today_count=today_count,
        today_cost=today_cost,
    )


def batch_end(batch_id: str | None, views: Sequence[JobView]) -> BatchEnd:
    """Say in one sentence how a batch came out."""
    done = sum(v.state in (JobState.DONE, JobState.NOT_WATCHED) for v in views)
    failed = sum(v.state in (JobState.FAILED, JobState.NOT_SENT) for v in views)
    canceled = sum(v.state is JobState.CANCELED for v in views)
    uncertain = sum(v.state is JobState.UNCERTAIN for v in views)
    parts = [
        f"{count} {word}"
        for count, word in (
            (done, "done"), (failed, "failed"), (canceled, "cancelled"), (uncertain, "uncertain"),
        )
        if count
    ]  # fmt: skip
    if len(views) == 1:
        text = f"{views[0].title}: {views[0].status_text}"
    else:
        text = f"{len(views)} jobs ended: {', '.join(parts)}"
    return BatchEnd(batch_id, done, failed, canceled, uncertain, text)
