"""Starts whose bodies are documented nowhere, by the same door as all else that may bill.

They are written down, sent once, and shown among the jobs; whoever starts one waits for its answer.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Protocol

from pydantic import ValidationError

from scenario_desktop.api.models.jobs import Job
from scenario_desktop.api.models.sartiq.answers import RefinePublic
from scenario_desktop.errors import AppError, BadInput, Cancelled
from scenario_desktop.services.job_kinds import JobKind, OnPrepared
from scenario_desktop.services.job_views import JobState
from scenario_desktop.services.jobs import Jobs
from scenario_desktop.services.sartiq.pictures import kept_body, kept_request
from scenario_desktop.services.sartiq.run_jobs import (
    REFINE,
    REFINE_TASK,
    TRAINING,
    RunId,
    job_of_refine,
    job_of_started,
)
from scenario_desktop.services.sartiq.trainings import id_of
from scenario_desktop.services.words import counted
from scenario_desktop.store.catalogue_rows import without_signed
from scenario_desktop.store.ledger import LedgerRow


class Start(StrEnum):
    """What can be started; the word stands in the ledger."""

    TRAINING = "sartiq-training"
    REFINE_TASK = "sartiq-refine-task"


#: Each in one word, and in the middle of a sentence.
_TITLES: Final = {Start.TRAINING: "Training", Start.REFINE_TASK: "Refine task"}
_NOUNS: Final = {Start.TRAINING: "training", Start.REFINE_TASK: "refine task"}
#: In what the ledger keeps: a signed address was left out of it.
_IS_CUT: Final = "is_cut"
#: Nobody knows yet, or will soon, what becomes of it.
_UNANSWERED: Final = (JobState.PREPARED, JobState.SENDING)


class StartClient(Protocol):
    """The part of the API client that starts."""

    async def start_training(self, body: Mapping[str, Any]) -> Any: ...
    async def create_refine_task(self, body: Mapping[str, Any]) -> Any: ...


class StartKind:
    """One kind of start. What came of a row is kept for whoever waits, in this run only.

    Attributes:
        bodies: as they were typed, by batch: the ledger keeps no signed address.
        job_types: of the jobs that a lost one may be found among; none for a training, whose
            answers have neither a documented shape nor a date.
    """

    def __init__(
        self,
        start: Start,
        send: Callable[[Mapping[str, Any]], Awaitable[Any]],
        price: Decimal | None,
    ) -> None:
        """
        Args:
            send: sends a body, once.
            price: 0 where nothing is billed; None where the service gives no price.
        """
        self.title = _TITLES[start]
        self.job_types = frozenset({REFINE} if start is Start.REFINE_TASK else ())
        self._start, self._send, self._price = start, send, price
        self.bodies: dict[str | None, Mapping[str, Any]] = {}
        self.answers: dict[str, Any] = {}
        self.errors: dict[str, AppError] = {}

    def name(self, request: dict[str, Any]) -> str:
        return self.title

    def parameters(self, request: dict[str, Any]) -> str:
        return ""

    def done(self, count: int) -> str:
        if count:
            return f"{counted(count, 'refined picture')} added"
        if self._start is Start.TRAINING:
            return "it was started; its page tells how it goes"
        return "it was started"

    def is_of(self, request: dict[str, Any], job: Job) -> bool:
        if job.job_type not in self.job_types:
            return False
        return job.metadata.input.get("prediction_id") in predictions_of(request)

    def can_cancel(self, job: Job | None) -> bool:
        return False

    async def prepare(self, rows: Sequence[LedgerRow], on_progress: OnPrepared) -> None:
        """There is nothing to do before."""

    async def send(self, rows: Sequence[LedgerRow]) -> Sequence[Job | AppError]:
        (row,) = rows
        self.errors.pop(row.id, None)
        try:
            answer = await self._send(self._body_of(row))
        except AppError as error:
            self.errors[row.id] = error
            raise
        self.bodies.pop(row.batch_id, None)
        self.answers[row.id] = answer
        return [self._job_of(answer)]

    async def price(self, request: dict[str, Any]) -> Decimal | None:
        return self._price

    def _body_of(self, row: LedgerRow) -> Mapping[str, Any]:
        body = self.bodies.get(row.batch_id)
        if body is None and row.request.get(_IS_CUT):
            raise BadInput(
                f"The {_NOUNS[self._start]} named a signed address, which is never kept.",
                hint="Start it again with an address of now.",
            )
        return kept_body(row.request) if body is None else body

    def _job_of(self, answer: Any) -> Job:
        """Return what is followed: a refine to its end, all else is done once it is started."""
        if self._start is Start.TRAINING:
            return job_of_started(RunId(TRAINING, id_of(answer)))
        try:
            refine = RefinePublic.model_validate(answer)
        except ValidationError:
            return job_of_started(RunId(REFINE_TASK, id_of(answer)))
        if not refine.prediction_id:  # maybe a task that is no refine: its id would not be known
            return job_of_started(RunId(REFINE_TASK, refine.id))
        return job_of_refine(refine)


class Starts:
    """Starts one thing at a time and waits until it is known what came of it."""

    def __init__(self, jobs: Jobs, kinds: Mapping[Start, StartKind], price: Decimal | None) -> None:
        self._jobs, self._kinds, self._price = jobs, kinds, price

    async def start(self, start: Start, body: Mapping[str, Any]) -> Any:
        """Write a start down, send it once and return the answer.

        The user has agreed before. Who stops waiting does not stop it: it stands among the jobs.

        Raises:
            SpendingRefused: the spending limit says no; nothing was sent.
            StoreFailed: it could not be written down; nothing was sent.
            AppError: it was not started, or it is not known whether it was, which is said.
        """
        kind, batch_id = self._kinds[start], uuid.uuid4().hex
        kept = kept_request(without_signed(body), {})
        kept[_IS_CUT] = kept_body(kept) != body
        kind.bodies[batch_id] = body
        (row,) = await self._jobs.submit(
            str(start), [kept], titles=[""], input_ids=[""],
            quoted=[self._price], batch_id=batch_id, is_confirmed=True,
        )  # fmt: skip
        await self._answered(row.id)
        if row.id in kind.answers:
            return kind.answers.pop(row.id)
        raise self._trouble(start, row.id, kind.errors.pop(row.id, None))

    async def _answered(self, row_id: str) -> None:
        done = asyncio.Event()

        def look(_change: object = None) -> None:
            view = self._jobs.view(row_id)
            if view is None or view.state not in _UNANSWERED:
                done.set()

        self._jobs.changed.connect(look)
        try:
            look()
            await done.wait()
        finally:
            self._jobs.changed.disconnect(look)

    def _trouble(self, start: Start, row_id: str, error: AppError | None) -> AppError:
        view = self._jobs.view(row_id)
        noun = _NOUNS[start]
        if view is not None and view.state is JobState.UNCERTAIN:
            said = [error.message, error.details] if error is not None else [view.error]
            return AppError(
                f"Nobody knows whether the {noun} was started.",
                hint=f"It is not sent again by itself. See whether it runs before you start it "
                f"again: it may cost twice. The {noun} stands among the jobs.",
                details="\n".join(line for line in said if line),
            )
        if view is not None and view.state is JobState.CANCELED:
            return Cancelled(f"The {noun} was taken back before it was sent.")
        if error is not None:
            return error
        text, hint = (view.status_text, view.hint) if view is not None else ("It was not sent.", "")
        return AppError(text, hint=hint)


def make_start_kinds(client: StartClient, price: Decimal | None) -> dict[Start, StartKind]:
    """Return all kinds; for the price see ``StartKind``."""
    return {
        Start.TRAINING: StartKind(Start.TRAINING, client.start_training, price),
        Start.REFINE_TASK: StartKind(Start.REFINE_TASK, client.create_refine_task, price),
    }


def as_job_kinds(kinds: Mapping[Start, StartKind]) -> dict[str, JobKind]:
    """Return the kinds by their word in the ledger."""
    return {str(start): kind for start, kind in kinds.items()}


def predictions_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the predictions that a kept body names, by the usual words for them."""
    body = kept_body(request)
    several = body.get("prediction_ids")
    named = [body.get("prediction_id"), *(several if isinstance(several, list) else ())]
    return tuple(one for one in named if isinstance(one, str) and one)
