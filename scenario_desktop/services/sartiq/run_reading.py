"""Looks at what runs, with a number of requests that does not grow with the pictures in work.

Up to a few generations are asked for their counts, and read whole only when those have moved. More
are read together. Refines are read with the generation of their prediction. What neither shows
(a colleague's generation, a refine whose prediction is not known here) is asked for singly, a few
at a look, in turns.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from scenario_desktop.api.models.sartiq.answers import (
    AgenticShotStatus,
    ExperimentalTaskPublic,
    GenerationPublic,
    GenerationsPublic,
    GenerationStats,
    RefinePublic,
)
from scenario_desktop.errors import AppError, NotFound
from scenario_desktop.services.job_polling import MARGIN_S, Reading
from scenario_desktop.services.sartiq.run_jobs import (
    AGENTIC,
    GENERATION,
    REFINE,
    STARTED,
    TASK,
    RunId,
    job_of_agentic,
    job_of_generation,
    job_of_refine,
    job_of_started,
    job_of_task,
    run_id,
)

#: So many generations are followed by their counts; more are read together.
FEW: Final = 3
#: Every so many looks a generation is read whole though its counts stand still: some never add up.
WHOLE_EVERY: Final = 5
#: Single reads of each kind in one look.
SINGLE_READS: Final = 5
_PAGE: Final = 100
_MAX_PAGES: Final = 3

T = TypeVar("T")


class ReadClient(Protocol):
    """The part of the API client that reads what runs."""

    async def list_generations(
        self, *, skip: int = ..., limit: int = ..., created_at_from: datetime | None = ...
    ) -> GenerationsPublic: ...
    async def get_generation(self, generation_id: str) -> GenerationPublic: ...
    async def get_generations(
        self, generation_ids: Iterable[str]
    ) -> Sequence[GenerationPublic]: ...
    async def generation_stats(self, generation_id: str) -> GenerationStats: ...
    async def get_refine(self, refine_id: str) -> RefinePublic: ...
    async def agentic_status(self, orchestration_shot_id: str) -> AgenticShotStatus: ...
    async def get_experimental_task(self, task_id: str) -> ExperimentalTaskPublic: ...


class RunLibrary(Protocol):
    """The part of the library that runs need."""

    async def absorb(self, generations: Sequence[GenerationPublic]) -> None:
        """Take generations with their predictions and refines in."""

    async def generations_of(self, prediction_ids: Iterable[str]) -> dict[str, str]:
        """Return prediction → generation, for those that are known here."""


class RunReader:
    """Reads runs as the jobs service wants them.

    Attributes:
        agentic: the last status of each agentic run, by its orchestrated shot's id.
        tasks: the last word on each experimental task, by its id; its address is never kept.
    """

    def __init__(
        self,
        client: ReadClient,
        library: RunLibrary,
        *,
        sought_predictions: Callable[[], Iterable[str]] = lambda: (),
        on_agentic: Callable[[AgenticShotStatus], None] = lambda status: None,
    ) -> None:
        """
        Args:
            sought_predictions: predictions with a refine of which nobody knows whether it was made.
        """
        self._client = client
        self._library = library
        self._sought_predictions = sought_predictions
        self._on_agentic = on_agentic
        self._counts: dict[str, tuple[int, int, int]] = {}
        self._turn = 0
        self.agentic: dict[str, AgenticShotStatus] = {}
        self.tasks: dict[str, ExperimentalTaskPublic] = {}

    async def read(self, wanted: Mapping[str, datetime], sought: Iterable[datetime]) -> Reading:
        """Look once; see ``JobReader.read``."""
        reading = Reading()
        ids = [run for job_id in wanted if (run := run_id(job_id)) is not None]
        known = {
            i.id: i.id if i.kind == GENERATION else i.other
            for i in ids
            if i.kind in (GENERATION, AGENTIC)
        }
        refines = [i for i in ids if i.kind == REFINE]
        sought_from = list(sought)
        seeking = set(self._sought_predictions()) if sought_from else set[str]()
        owners = await self._library.generations_of({i.other for i in refines} | seeking)
        generations = {g for g in (*known.values(), *owners.values()) if g}
        has_only_plain = not refines and not sought_from
        found = await self._generations(reading, sorted(generations), has_only_plain)
        if sought_from:
            found.update(await self._recent(min(sought_from)))
        self._take(reading, found.values())
        await self._rest(reading, ids, found)
        self._turn += 1
        return reading

    def _take(self, reading: Reading, generations: Iterable[GenerationPublic]) -> None:
        for generation in generations:
            job = job_of_generation(generation)
            reading.jobs[job.job_id] = job
            for prediction in generation.predictions:
                for refine in prediction.refines:
                    refined = job_of_refine(_owned(refine, prediction.id))
                    reading.jobs[refined.job_id] = refined

    async def _generations(
        self, reading: Reading, ids: Sequence[str], has_only_plain: bool
    ) -> dict[str, GenerationPublic]:
        if has_only_plain and len(ids) <= FEW and self._turn % WHOLE_EVERY:
            ids = await self._moved(reading, ids)
        if not ids:
            return {}
        found = {g.id: g for g in await self._client.get_generations(ids)}
        missing = [i for i in ids if i not in found]
        for one in self._some(missing):
            try:
                found[one] = await self._client.get_generation(one)
            except NotFound:
                reading.unknown.append(str(RunId(GENERATION, one)))
        await self._library.absorb(list(found.values()))
        for generation in found.values():
            job = job_of_generation(generation)
            if job.is_final:
                self._counts.pop(generation.id, None)
        return found

    async def _moved(self, reading: Reading, ids: Sequence[str]) -> list[str]:
        """Return the generations whose counts have changed since they were last read."""
        moved: list[str] = []
        for one in ids:
            try:
                stats = await self._client.generation_stats(one)
            except NotFound:
                moved.append(one)  # the whole read tells whether it is gone
                continue
            counts = (stats.total, stats.completed, stats.error)
            if self._counts.get(one) != counts or sum(counts[1:]) >= stats.total:
                self._counts[one] = counts
                moved.append(one)
        return moved

    async def _recent(self, oldest: datetime) -> dict[str, GenerationPublic]:
        """Return the generations of the time in which uncertain requests were sent."""
        found: dict[str, GenerationPublic] = {}
        since = oldest - timedelta(seconds=MARGIN_S)
        for page in range(_MAX_PAGES):
            answer = await self._client.list_generations(
                skip=page * _PAGE, limit=_PAGE, created_at_from=since
            )
            found.update((generation.id, generation) for generation in answer.data)
            if len(answer.data) < _PAGE:
                break
        await self._library.absorb(list(found.values()))
        return found

    async def _rest(
        self, reading: Reading, ids: Sequence[RunId], found: Mapping[str, GenerationPublic]
    ) -> None:
        """Read what the generations do not show."""
        started = (i for i in ids if i.kind in STARTED)
        reading.jobs.update((str(one), job_of_started(one)) for one in started)
        refines = [i for i in ids if i.kind == REFINE and str(i) not in reading.jobs]
        await self._singly(reading, refines, self._refine)
        tasks = [i for i in ids if i.kind == TASK]
        await self._singly(reading, tasks, self._task)

        async def agentic(one: RunId) -> None:
            await self._agentic(reading, one, found.get(one.other))

        await self._each(reading, [i for i in ids if i.kind == AGENTIC], agentic)

    async def _singly(
        self,
        reading: Reading,
        ids: Sequence[RunId],
        read: Callable[[Reading, RunId], Awaitable[None]],
    ) -> None:
        async def one(run: RunId) -> None:
            await read(reading, run)

        await self._each(reading, ids, one)

    async def _each(
        self, reading: Reading, ids: Sequence[RunId], read: Callable[[RunId], Awaitable[None]]
    ) -> None:
        for one in self._some(ids):
            try:
                await read(one)
            except NotFound:
                reading.unknown.append(str(one))
            except AppError as error:
                reading.trouble = error
                return

    async def _refine(self, reading: Reading, one: RunId) -> None:
        job = job_of_refine(_owned(await self._client.get_refine(one.id), one.other))
        reading.jobs[str(one)] = job.model_copy(update={"job_id": str(one)})

    async def _task(self, reading: Reading, one: RunId) -> None:
        task = await self._client.get_experimental_task(one.id)
        self.tasks[task.id] = task
        reading.jobs[str(one)] = job_of_task(task)

    async def _agentic(
        self, reading: Reading, one: RunId, generation: GenerationPublic | None
    ) -> None:
        status = await self._client.agentic_status(one.id)
        job = job_of_agentic(status, generation)
        reading.jobs[str(one)] = job.model_copy(update={"job_id": str(one)})
        if status != self.agentic.get(one.id):
            self.agentic[one.id] = status
            self._on_agentic(status)

    def _some(self, ids: Sequence[T]) -> Sequence[T]:
        """Return a few of them, others at each look."""
        if len(ids) <= SINGLE_READS:
            return ids
        start = self._turn * SINGLE_READS % len(ids)
        return [*ids[start:], *ids[:start]][:SINGLE_READS]


def _owned(refine: RefinePublic, prediction_id: str) -> RefinePublic:
    """Return a refine that names its prediction, also where the answer leaves that out."""
    if refine.prediction_id:
        return refine
    return refine.model_copy(update={"prediction_id": prediction_id})
