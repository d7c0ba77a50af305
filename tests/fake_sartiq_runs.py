"""The second service in memory, as far as sending and following runs use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from scenario_desktop.api.models.sartiq.answers import (
    AgenticGenerationResponse,
    AgenticShotStatus,
    ExperimentalTaskPublic,
    FailedPrediction,
    FailedUpload,
    GenerationPublic,
    GenerationsPublic,
    GenerationStats,
    MixedRefineResponse,
    PredictionPublic,
    RefinePublic,
)
from scenario_desktop.api.models.sartiq.facts import End, prediction_end
from scenario_desktop.api.models.sartiq.requests import (
    AgenticGenerationCreate,
    BackgroundFixRequest,
    EditRequest,
    ExperimentalTaskCreate,
    FaceFixRequest,
    GenerationCreate,
    ImageAdjusterRequest,
    RefineGenerationRequest,
    VideoGenerationRequest,
)
from scenario_desktop.errors import AppError, NotFound
from scenario_desktop.services.sartiq.pictures import OnProgress, PictureRef
from tests.fakes import FakeClock


def uuid(number: int) -> str:
    """Return the id of that number, the same each time."""
    return str(UUID(int=number))


class FakeSartiq:
    """The service.

    Attributes:
        word: what its running work is called; its words are not published.
        send_errors: raised by the next creating calls, in order; ``arrives``: after they worked.
        read_errors: raised by the next reads, in order.
        failing: addresses and prediction ids that a refine refuses, with the reason.
        made: what a start of a training answers.
        hidden: generations that by-ids leaves out, as it does those of colleagues.
        calls: every request as (name, argument).
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.server_time_offset_s: float | None = None
        self.word = "pending"
        self.generations: dict[str, GenerationPublic] = {}
        self.shots: dict[str, AgenticShotStatus] = {}
        self.tasks: dict[str, ExperimentalTaskPublic] = {}
        self.send_errors: list[AppError] = []
        self.arrives = False
        self.read_errors: list[AppError] = []
        self.failing: dict[str, str] = {}
        self.made: Any = {"id": "t1", "status": "queued"}
        self.hidden: set[str] = set()
        self.stuck_stats: GenerationStats | None = None
        self.calls: list[tuple[str, Any]] = []
        self._numbers = 0

    def count(self, *names: str) -> int:
        return sum(called in names for called, _ in self.calls)

    # what happens at the service

    def make(self, batch_size: int = 1, **fields: Any) -> GenerationPublic:
        """Start a generation on the service's side."""
        generation_id = self._id()
        predictions = tuple(
            PredictionPublic(
                id=self._id(), generation_id=generation_id, status=self.word,
                created_at=self.clock.now(),
            )
            for _ in range(batch_size)
        )  # fmt: skip
        made = GenerationPublic(
            id=generation_id, batch_size=batch_size, predictions=predictions,
            created_at=self.clock.now(), updated_at=self.clock.now(), **fields,
        )  # fmt: skip
        self.generations[generation_id] = made
        return made

    def end(
        self,
        generation_id: str,
        *,
        error: str = "",
        which: Iterable[int] = (),
        word: str = "zu Ende",
    ) -> None:
        """End predictions of a generation: all, or those at the places named."""
        generation = self.generations[generation_id]
        places = set(which) or set(range(len(generation.predictions)))
        fields = (
            {"error_message": error} if error else {"result_image_url": "https://s/r.png?sig=1"}
        )
        self.generations[generation_id] = generation.model_copy(update={
            "predictions": tuple(
                p.model_copy(update={"status": word, **fields}) if place in places else p
                for place, p in enumerate(generation.predictions)
            )
        })  # fmt: skip

    def add_refine(self, prediction_id: str, **fields: Any) -> RefinePublic:
        refine = RefinePublic(
            id=self._id(), prediction_id=prediction_id, status=self.word,
            created_at=self.clock.now(), **fields,
        )  # fmt: skip
        self._change(prediction_id, lambda found: (*found, refine))
        return refine

    def end_refine(self, prediction_id: str, refine_id: str, *, error: str = "") -> None:
        fields = (
            {"error_message": error} if error else {"result_image_url": "https://s/f.png?sig=1"}
        )

        def change(found: tuple[RefinePublic, ...]) -> tuple[RefinePublic, ...]:
            return tuple(r.model_copy(update=fields) if r.id == refine_id else r for r in found)

        self._change(prediction_id, change)

    def _change(
        self,
        prediction_id: str,
        change: Callable[[tuple[RefinePublic, ...]], tuple[RefinePublic, ...]],
    ) -> None:
        for generation in list(self.generations.values()):
            predictions = tuple(
                p.model_copy(update={"refines": change(p.refines)}) if p.id == prediction_id else p
                for p in generation.predictions
            )
            changed = generation.model_copy(update={"predictions": predictions})
            self.generations[generation.id] = changed

    def _id(self) -> str:
        self._numbers += 1
        return uuid(self._numbers)

    # creating

    async def create_generation(self, request: GenerationCreate) -> GenerationPublic:
        return self._create("create", request)

    async def edit(self, request: EditRequest) -> GenerationPublic:
        return self._create("edit", request)

    async def create_video(self, request: VideoGenerationRequest) -> GenerationPublic:
        return self._create("video", request)

    async def fix_background(self, request: BackgroundFixRequest) -> GenerationPublic:
        return self._create("background", request)

    async def adjust_image(self, request: ImageAdjusterRequest) -> GenerationPublic:
        return self._create("adjust", request)

    async def fix_faces(self, request: FaceFixRequest) -> GenerationPublic:
        return self._create("faces", request)

    def _create(self, name: str, request: Any) -> GenerationPublic:
        self._arrived(name, request)
        made = self.make(getattr(request, "batch_size", 1), extra_prompt=_prompt(request))
        self._answer()
        return made

    async def create_agentic(self, request: AgenticGenerationCreate) -> AgenticGenerationResponse:
        self._arrived("agentic", request)
        made = self.make(1)
        shot = f"shot-{made.id}"
        self.shots[shot] = AgenticShotStatus(shot_id=shot, status="processing")
        self._answer()
        return AgenticGenerationResponse(**dict(made), orchestration_shot_id=shot)

    async def create_experimental_task(
        self, request: ExperimentalTaskCreate
    ) -> ExperimentalTaskPublic:
        self._arrived("task", request)
        task = ExperimentalTaskPublic(id=self._id(), fal_app_id=request.fal_app_id)
        self.tasks[task.id] = task
        self._answer()
        return task

    async def refine(self, request: RefineGenerationRequest) -> MixedRefineResponse:
        self._arrived("refine", request)
        generations, failed = list[GenerationPublic](), list[FailedUpload]()
        for index, url in enumerate(request.base_image_urls or ()):
            if url in self.failing:
                failed.append(FailedUpload(index=index, url=url, error=self.failing[url]))
            else:
                generations.append(self.make(1))
        refines, refused = list[RefinePublic](), list[FailedPrediction]()
        for one in request.prediction_ids or ():
            if one in self.failing:
                refused.append(FailedPrediction(prediction_id=one, error=self.failing[one]))
            else:
                chained = (request.refines_refine_ids or {}).get(one)
                refines.append(
                    self.add_refine(
                        one, scale_factor=request.scale_factor, refines_refine_id=chained
                    )
                )
        self._answer()
        return MixedRefineResponse(
            total_success=len(generations) + len(refines), total_failed=len(failed) + len(refused),
            generations=tuple(generations), refines=tuple(refines),
            failed_uploads=tuple(failed), failed_refines=tuple(refused),
        )  # fmt: skip

    async def start_training(self, body: Mapping[str, Any]) -> Any:
        self._arrived("training", dict(body))
        self._answer()
        return self.made

    async def create_refine_task(self, body: Mapping[str, Any]) -> Any:
        self._arrived("refine_task", dict(body))
        refine = self.add_refine(body["prediction_id"])
        self._answer()
        return refine.model_dump(mode="json")

    def _arrived(self, name: str, request: Any) -> None:
        self.calls.append((name, request))
        if self.send_errors and not self.arrives:
            raise self.send_errors.pop(0)

    def _answer(self) -> None:
        if self.send_errors:
            raise self.send_errors.pop(0)

    # reading

    async def list_generations(
        self, *, skip: int = 0, limit: int = 100, created_at_from: datetime | None = None
    ) -> GenerationsPublic:
        self._read("list", skip)
        found = [
            g for g in reversed(self.generations.values())
            if created_at_from is None or (g.created_at or self.clock.now()) >= created_at_from
        ]  # fmt: skip
        return GenerationsPublic(data=tuple(found[skip : skip + limit]), count=len(found))

    async def get_generation(self, generation_id: str) -> GenerationPublic:
        self._read("generation", generation_id)
        if generation_id not in self.generations:
            raise NotFound("This is not there (any more).")
        return self.generations[generation_id]

    async def get_generations(self, generation_ids: Iterable[str]) -> list[GenerationPublic]:
        ids = list(generation_ids)
        self._read("by_ids", ids)
        return [self.generations[i] for i in ids if i in self.generations and i not in self.hidden]

    async def generation_stats(self, generation_id: str) -> GenerationStats:
        self._read("stats", generation_id)
        if self.stuck_stats is not None:
            return self.stuck_stats
        generation = self.generations.get(generation_id)
        if generation is None:
            raise NotFound("This is not there (any more).")
        ends = [prediction_end(prediction) for prediction in generation.predictions]
        return GenerationStats(
            id=generation_id, total=len(ends), completed=ends.count(End.DONE),
            error=ends.count(End.FAILED),
        )  # fmt: skip

    async def get_refine(self, refine_id: str) -> RefinePublic:
        self._read("refine_read", refine_id)
        for generation in self.generations.values():
            for prediction in generation.predictions:
                for refine in prediction.refines:
                    if refine.id == refine_id:
                        return refine
        raise NotFound("This is not there (any more).")

    async def agentic_status(self, orchestration_shot_id: str) -> AgenticShotStatus:
        self._read("agentic_read", orchestration_shot_id)
        return self.shots[orchestration_shot_id]

    async def get_experimental_task(self, task_id: str) -> ExperimentalTaskPublic:
        self._read("task_read", task_id)
        return self.tasks[task_id]

    async def cancel_generation(self, generation_id: str) -> object:
        self.calls.append(("cancel", generation_id))
        self.end(generation_id, error="Cancelled")
        return {}

    def _read(self, name: str, argument: object) -> None:
        self.calls.append((name, argument))
        if self.read_errors:
            raise self.read_errors.pop(0)


class FakeDoor:
    """Hands pictures over: an item or a file gets an address made of its name."""

    def __init__(self) -> None:
        self.errors: dict[str, AppError] = {}
        self.given: list[str] = []

    async def address(self, ref: PictureRef, on_progress: OnProgress) -> str:
        name = ref.item_id or ref.name
        if name in self.errors:
            raise self.errors[name]
        on_progress(0.5)
        self.given.append(name)
        return f"https://s/{name}?sig=secret"

    async def data(self, ref: PictureRef) -> bytes:
        return b"picture"


class FakeRunLibrary:
    """Remembers the generations that were taken in."""

    def __init__(self) -> None:
        self.taken: dict[str, GenerationPublic] = {}

    async def absorb(self, generations: Sequence[GenerationPublic]) -> None:
        self.taken.update((generation.id, generation) for generation in generations)

    async def generations_of(self, prediction_ids: Iterable[str]) -> dict[str, str]:
        wanted = set(prediction_ids)
        return {
            p.id: generation.id for generation in self.taken.values()
            for p in generation.predictions if p.id in wanted
        }  # fmt: skip


def _prompt(request: Any) -> str | None:
    return getattr(request, "extra_prompt", None) or getattr(request, "prompt", None)
