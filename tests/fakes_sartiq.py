"""The second service in memory, as far as the library's services use it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from scenario_desktop.api.models.sartiq.answers import (
    BulkDeleteResponse,
    GenerationPublic,
    GenerationsPublic,
    Message,
    PredictionPublic,
    PredictionsPublic,
    RefinePublic,
)
from scenario_desktop.errors import Conflict, Forbidden, NotFound

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def make_id(kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{number}"))


@dataclass
class FakeSartiq:
    """A service with words of its own; fits where a SartiqClient is asked for.

    Attributes:
        errors: method name -> errors its next calls raise, one each.
        calls: method name and main argument of every call.
        foreign: generations of colleagues: listed, but not told by their ids.
        hidden: generations that may not be read any more.
        used: predictions that a shot uses.
        word: what this server calls a finished prediction.
        most_ids: predictions that it takes in one deletion.
    """

    generations: dict[str, GenerationPublic] = field(default_factory=dict)
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    word: str = "abgeschlossen"
    base_url: str = "https://sartiq.test/api/v1"
    on_list: Callable[[int], None] | None = None
    page_limit: int = 1_000
    organisation: str | None = None

    def count(self, method: str) -> int:
        return sum(1 for name, _ in self.calls if name == method)

    def add(self, number: int, predictions: int = 2, **fields: Any) -> GenerationPublic:
        """Add a generation made ``number`` minutes after the start."""
        at = START + timedelta(minutes=number)
        group = make_id("g", number)
        made = [
            self.prediction(number * 100 + place, generation_id=group, created_at=at)
            for place in range(predictions)
        ]
        values = {
            "id": group, "created_at": at, "updated_at": at, "batch_size": predictions,
            "width": 64, "height": 48, "extra_prompt": f"boat {number}", "status": self.word,
            "predictions": tuple(made),
        }  # fmt: skip
        return self.put(GenerationPublic.model_validate(values | fields))

    def prediction(self, number: int, **fields: Any) -> PredictionPublic:
        values = {
            "id": make_id("p", number), "status": self.word,
            "result_image_url": f"https://files.sartiq.test/{number}.png?sig=1",
        }  # fmt: skip
        return PredictionPublic.model_validate(values | fields)

    def put(self, generation: GenerationPublic) -> GenerationPublic:
        self.generations[generation.id] = generation
        return generation

    def change(self, generation: GenerationPublic, place: int, **fields: Any) -> GenerationPublic:
        """Change one prediction of a generation."""
        predictions = list(self.generations[generation.id].predictions)
        predictions[place] = predictions[place].model_copy(update=fields)
        return self.put(
            self.generations[generation.id].model_copy(update={"predictions": tuple(predictions)})
        )

    def refine(self, generation: GenerationPublic, place: int, **fields: Any) -> RefinePublic:
        """Put a refine on a prediction."""
        prediction = self.generations[generation.id].predictions[place]
        values = {
            "id": make_id("r", len(self.calls) + len(prediction.refines) * 1_000 + place),
            "prediction_id": prediction.id, "status": self.word, "scale_factor": 2.0,
            "result_image_url": "https://files.sartiq.test/refine.png?sig=1",
            "created_at": datetime.now(UTC),
        }  # fmt: skip
        refine = RefinePublic.model_validate(values | fields)
        self.change(generation, place, refines=(*prediction.refines, refine))
        return refine

    def find(self, prediction_id: str) -> tuple[GenerationPublic, PredictionPublic]:
        for generation in self.generations.values():
            for prediction in generation.predictions:
                if prediction.id == prediction_id:
                    return generation, prediction
        raise NotFound("No such prediction.")

    def remove(self, prediction_id: str) -> None:
        generation, _ = self.find(prediction_id)
        rest = tuple(p for p in generation.predictions if p.id != prediction_id)
        self.put(generation.model_copy(update={"predictions": rest}))

    # the client's face

    def _called(self, method: str, argument: Any = None) -> None:
        self.calls.append((method, argument))
        waiting = self.errors.get(method)
        if waiting:
            raise waiting.pop(0)

    async def list_generations(self, *, skip: int = 0, limit: int = 100) -> GenerationsPublic:
        self._called("list_generations", skip)
        if self.on_list is not None:
            self.on_list(skip)
        rows = sorted(self.generations.values(), key=lambda g: g.created_at or START, reverse=True)
        page = rows[skip : skip + min(limit, self.page_limit)]
        return GenerationsPublic(data=tuple(page), count=len(rows))

    @property
    def organization_id(self) -> str | None:
        return self.organisation

    async def list_predictions(
        self, *, favourite: bool | None = None, skip: int = 0, limit: int = 100
    ) -> PredictionsPublic:
        self._called("list_predictions", skip)
        all_ = [p for g in self.generations.values() for p in g.predictions]
        rows = [p for p in all_ if favourite is None or p.favourite is favourite]
        page = rows[skip : skip + min(limit, self.page_limit)]
        return PredictionsPublic(data=tuple(page), count=len(rows))

    async def get_generation(self, generation_id: str) -> GenerationPublic:
        self._called("get_generation", generation_id)
        if generation_id in self.hidden:
            raise Forbidden("Not yours.")
        if generation_id not in self.generations:
            raise NotFound("No such generation.")
        return self.generations[generation_id]

    async def get_generations(self, generation_ids: Iterable[str]) -> list[GenerationPublic]:
        ids = list(generation_ids)
        self._called("get_generations", ids)
        closed = self.foreign | self.hidden
        return [self.generations[i] for i in ids if i in self.generations and i not in closed]

    async def get_prediction(self, prediction_id: str) -> PredictionPublic:
        self._called("get_prediction", prediction_id)
        return self.find(prediction_id)[1]

    async def get_refine(self, refine_id: str) -> RefinePublic:
        self._called("get_refine", refine_id)
        for generation in self.generations.values():
            for prediction in generation.predictions:
                for refine in prediction.refines:
                    if refine.id == refine_id:
                        return refine
        raise NotFound("No such refine.")

    async def set_favourite(self, prediction_id: str, is_favourite: bool) -> PredictionPublic:
        self._called("set_favourite", (prediction_id, is_favourite))
        generation, prediction = self.find(prediction_id)
        place = generation.predictions.index(prediction)
        self.change(generation, place, favourite=is_favourite)
        return self.find(prediction_id)[1]

    async def delete_generation(self, generation_id: str) -> Message:
        self._called("delete_generation", generation_id)
        if self.generations.pop(generation_id, None) is None:
            raise NotFound("No such generation.")
        return Message(message="gone")

    async def delete_prediction(self, prediction_id: str) -> Message:
        self._called("delete_prediction", prediction_id)
        generation, _ = self.find(prediction_id)
        if len(generation.predictions) == 1 or prediction_id in self.used:
            raise Conflict("It was kept.")
        self.remove(prediction_id)
        return Message(message="gone")

    async def delete_refine(self, refine_id: str) -> Message:
        self._called("delete_refine", refine_id)
        refine = await self.get_refine(refine_id)
        generation, prediction = self.find(refine.prediction_id)
        rest = tuple(r for r in prediction.refines if r.id != refine_id)
        self.change(generation, generation.predictions.index(prediction), refines=rest)
        return Message(message="gone")

    async def delete_predictions(self, prediction_ids: Iterable[str]) -> BulkDeleteResponse:
        ids = list(prediction_ids)
        self._called("delete_predictions", ids)
        gone: list[str] = []
        groups: list[str] = []
        failed: list[dict[str, str]] = []
        for prediction_id in ids:
            if prediction_id in self.used:
                failed.append({"prediction_id": prediction_id, "error": "in use by a shot"})
                continue
            generation, _ = self.find(prediction_id)
            self.remove(prediction_id)
            gone.append(prediction_id)
            if not self.generations[generation.id].predictions:
                del self.generations[generation.id]
                groups.append(generation.id)
        return BulkDeleteResponse.model_validate({
            "success_count": len(gone), "failed_count": len(failed),
            "failed_predictions": failed, "deleted_generations": groups,
            "deleted_predictions": gone,
        })  # fmt: skip
