"""What a user can ask of this service: one door for every request that creates."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol

from psygnal import Signal

from scenario_desktop.api.models.jobs import Job, JobPage
from scenario_desktop.api.models.sartiq.answers import (
    AgenticShotStatus,
    ExperimentalTaskPublic,
)
from scenario_desktop.api.models.sartiq.requests import SartiqRequest
from scenario_desktop.errors import AppError, BadInput, NotFound
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.job_kinds import JobKind
from scenario_desktop.services.job_views import JobState
from scenario_desktop.services.jobs import Jobs
from scenario_desktop.services.sartiq.pictures import (
    PictureDoor,
    PictureRef,
    Slots,
    kept_body,
    kept_request,
    kept_slots,
    slots_of,
)
from scenario_desktop.services.sartiq.refining import RefinePlan
from scenario_desktop.services.sartiq.run_jobs import AGENTIC, TASK, job_of_generation, run_id
from scenario_desktop.services.sartiq.run_kinds import (
    MODELS,
    PREFIX,
    Op,
    RunClient,
    make_kinds,
    refine_request,
)
from scenario_desktop.services.sartiq.run_reading import ReadClient, RunLibrary, RunReader
from scenario_desktop.services.sartiq.starts import (
    Start,
    StartClient,
    Starts,
    as_job_kinds,
    make_start_kinds,
    predictions_of,
)
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.store.ledger import Ledger

#: So many pictures go in one refine request; the service names no limit.
REFINES_PER_REQUEST: Final = 100


class SartiqRunsClient(RunClient, ReadClient, StartClient, Protocol):
    """The part of the API client that is used here."""

    @property
    def server_time_offset_s(self) -> float | None: ...
    async def cancel_generation(self, generation_id: str) -> object: ...


@dataclass(frozen=True, slots=True)
class RunsPlace:
    """Whose runs these are.

    Attributes:
        is_free: nothing is billed here, as on this computer.
        can_cancel: whether this server has a cancel; asked each time, for it may turn out not to.
    """

    workspace_id: str
    is_free: bool
    can_cancel: Callable[[], bool]


class Runs:
    """Sends requests to this service and follows what comes of them.

    Attributes:
        jobs: their rows, sent and followed like all others.
        starts: the door for trainings and refine tasks, whose bodies are not documented.

    Signals:
        agentic_changed: an AgenticShotStatus, when a run has something new to tell.
    """

    agentic_changed = Signal(object)

    def __init__(
        self,
        client: SartiqRunsClient,
        ledger: Ledger,
        guard: SpendingGuard,
        *,
        place: RunsPlace,
        door: PictureDoor,
        library: RunLibrary,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._place = place
        self._library = library
        self._kinds = make_kinds(
            client,
            door,
            absorb=library.absorb,
            can_cancel=place.can_cancel,
            price=self._price,
        )
        start_kinds = make_start_kinds(client, self._price)
        kinds: dict[str, JobKind] = {**self._kinds, **as_job_kinds(start_kinds)}
        self._reader = RunReader(
            client,
            library,
            sought_predictions=self._sought_predictions,
            on_agentic=self.agentic_changed.emit,
        )
        self.jobs = Jobs(
            _JobsFace(client),
            ledger,
            guard,
            workspace_id=place.workspace_id,
            kinds=kinds,
            on_results=self._on_results,
            reader=self._reader,
            owns=lambda kind: kind.startswith(PREFIX),
            clock=clock,
            jitter=jitter,
        )
        self.starts = Starts(self.jobs, start_kinds, self._price)

    async def start(self) -> None:
        """Take up what was in flight when the program ended."""
        await self.jobs.start()

    async def aclose(self) -> None:
        await self.jobs.aclose()

    # asking

    async def submit(
        self,
        op: Op,
        request: SartiqRequest,
        slots: Slots | None = None,
        *,
        title: str = "",
        is_confirmed: bool = False,
    ) -> str:
        """Write one request down and send it, once.

        Args:
            request: whole and checked; what stands in a slot that ``slots`` names is not sent.
            slots: the pictures it needs; their addresses are asked for when it leaves.
            title: what it is of, for the list of jobs.
            is_confirmed: the user agreed to what the spending limit asks about.

        Returns:
            The ledger's id.

        Raises:
            BadInput: a slot that the request does not have.
            SpendingRefused: the spending limit says no, or wants to ask first.
            StoreFailed: it could not be written down; nothing was sent.
        """
        pictures = dict(slots or {})
        if unknown := pictures.keys() - slots_of(MODELS[op]).keys():
            raise BadInput(f"This takes no picture as “{next(iter(unknown))}”.")
        refs = [ref for found in pictures.values() for ref in found]
        rows = await self.jobs.submit(
            str(op),
            [kept_request(request.only_changed(), pictures)],
            titles=[title or next((ref.name for ref in refs if ref.name), "")],
            input_ids=[next((ref.item_id for ref in refs if ref.item_id), "")],
            quoted=[self._price],
            batch_id=uuid.uuid4().hex,
            is_confirmed=is_confirmed,
        )
        return rows[0].id

    async def refine(self, plan: RefinePlan, *, is_confirmed: bool = False) -> list[str]:
        """Write the refines of a plan down, a row each, and send them in as few requests as may be.

        Returns:
            The ledger's ids, in the order of the plan's inputs.

        Raises:
            BadInput: the plan names nothing to refine, or has an error of its own.
            SpendingRefused, StoreFailed: as ``submit``.
        """
        if not plan.inputs:
            raise BadInput("Choose at least one picture or prediction to refine.")
        batch, ids = uuid.uuid4().hex, dict[int, str]()
        for group in plan.groups(REFINES_PER_REQUEST):
            chosen = [plan.inputs[number] for number in group]
            rows = await self.jobs.submit(
                str(Op.REFINE),
                [
                    refine_request(plan.settings, i.picture, i.prediction_id, i.refine_id)
                    for i in chosen
                ],
                titles=[i.name for i in chosen],
                input_ids=[i.item_id for i in chosen],
                quoted=[self._price] * len(chosen),
                batch_id=batch,
                group=uuid.uuid4().hex,
                is_confirmed=is_confirmed,
            )
            ids.update((number, row.id) for number, row in zip(group, rows, strict=True))
        return [ids[number] for number in range(len(plan.inputs))]

    def draft_of(
        self, row_id: str
    ) -> tuple[Op, dict[str, Any], Mapping[str, Sequence[PictureRef]]]:
        """Return what a row was made from, for a form to start from: kind, body and pictures."""
        view = self.jobs.view(row_id)
        if view is None:
            raise NotFound("This job is not in the record.")
        request = self.jobs.draft_of(row_id)
        return Op(view.kind), kept_body(request), kept_slots(request)

    # what runs tell besides

    def agentic(self, row_id: str) -> AgenticShotStatus | None:
        """Return the attempts of an agentic run; None for other rows, or before the first look."""
        found = self._run(row_id)
        return self._reader.agentic.get(found.id) if found and found.kind == AGENTIC else None

    def task(self, row_id: str) -> ExperimentalTaskPublic | None:
        """Return the last word on an experimental task; its address is good for a while only."""
        found = self._run(row_id)
        return self._reader.tasks.get(found.id) if found and found.kind == TASK else None

    def refused_fields(self, row_id: str) -> Mapping[str, str]:
        """Return what the service said of single fields of a request that it refused, in this run
        of the program; foreign text."""
        for kind in self._kinds.values():
            if found := kind.refused_fields.get(row_id):
                return found
        return {}

    def _run(self, row_id: str) -> Any:
        view = self.jobs.view(row_id)
        return run_id(view.job_id) if view is not None and view.job_id else None

    # inside

    @property
    def _price(self) -> Decimal | None:
        return Decimal(0) if self._place.is_free else None

    async def _on_results(self, ids: Sequence[str]) -> None:
        """Whatever the reader has read is in the library already."""

    def _sought_predictions(self) -> list[str]:
        found: list[str] = []
        for view in self.jobs.rows:
            if view.state is JobState.UNCERTAIN and view.kind == Op.REFINE:
                found += kept_body(self.jobs.draft_of(view.id)).get("prediction_ids") or ()
            elif view.state is JobState.UNCERTAIN and view.kind == Start.REFINE_TASK:
                found += predictions_of(self.jobs.draft_of(view.id))
        return found


class _JobsFace:
    """This service as the jobs list knows one: it has no list of jobs, and cancels generations."""

    def __init__(self, client: SartiqRunsClient) -> None:
        self._client = client

    @property
    def server_time_offset_s(self) -> float | None:
        return self._client.server_time_offset_s

    async def list_jobs(
        self,
        *,
        page_size: int = 100,
        token: str | None = None,
        created_after: datetime | None = None,
    ) -> JobPage:
        raise AppError("This service has no list of jobs.")

    async def get_job(self, job_id: str) -> Job:
        generation = await self._client.get_generation(_generation(job_id))
        return job_of_generation(generation).model_copy(update={"job_id": job_id})

    async def cancel_job(self, job_id: str) -> Job:
        await self._client.cancel_generation(_generation(job_id))
        return await self.get_job(job_id)


def _generation(job_id: str) -> str:
    found = run_id(job_id)
    if found is None:
        raise NotFound("This job is not known to the service.")
    return found.other if found.kind == AGENTIC else found.id
