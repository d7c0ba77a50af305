"""The server's list of refine tasks, whatever shape it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from scenario_desktop.api.models.sartiq.answers import (
    PredictionPublic,
    RefinePublic,
    RefinesPublic,
)
from scenario_desktop.api.sartiq.capabilities import Capabilities, Operation
from scenario_desktop.errors import BadAnswer, NotFound, NotOffered
from scenario_desktop.items import REFINE, Item, Source
from scenario_desktop.services.sartiq.refine_tasks import RefineTasks

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TASK = {"id": "r1", "prediction_id": "p1", "status": "ok", "scale_factor": 2}


@dataclass
class FakeService:
    listed: Any = None
    capabilities: Capabilities = field(default_factory=Capabilities)
    asked: list[str] = field(default_factory=list)
    generation: str = "g1"

    async def list_refine_tasks(self) -> Any:
        self.asked.append("list")
        self.capabilities.note(Operation.LIST_REFINE_TASKS, self.listed is not None)
        if self.listed is None:
            raise NotOffered("This server does not offer that.")
        return self.listed

    async def create_refine_task(self, body: Mapping[str, Any]) -> Any:
        return {**TASK, **body}

    async def get_refine_task(self, task_id: str) -> Any:
        if task_id == "none":
            raise NotOffered("This server does not offer that.")
        return {"id": task_id, "extra": 1}

    async def get_prediction(self, prediction_id: str) -> PredictionPublic:
        return PredictionPublic(id=prediction_id, generation_id=self.generation)

    async def list_refines(
        self, prediction_id: str, *, skip: int = 0, limit: int = 100
    ) -> RefinesPublic:
        return RefinesPublic(data=(RefinePublic(id="r1", prediction_id=prediction_id),))

    async def bring(self, generation_ids: Iterable[str]) -> list[Item]:
        self.asked += generation_ids
        return [
            Item(1, "r1", Source.SARTIQ, "image", REFINE, "success", "Boat", "", NOW, NOW,
                 parent_id="p1"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("listed", "ids"),
    [
        ({"data": [TASK], "count": 1}, ["r1"]),
        ([TASK, {"id": "r2"}, "x", None, {"no": "id"}], ["r1", "r2"]),
        ({"tasks": [TASK]}, ["r1"]),
        ({"data": None, "results": [TASK]}, ["r1"]),
        ({}, []),
        ("nothing", []),
    ],
)
async def test_lists_of_any_shape_are_read(listed: Any, ids: list[str]) -> None:
    service = FakeService(listed)
    assert [
        task.id
        for task in await RefineTasks(service, service, start=service.create_refine_task).tasks()
    ] == ids


async def test_whether_there_is_a_list_is_tried_once() -> None:
    service = FakeService()
    tasks = RefineTasks(service, service, start=service.create_refine_task)
    assert tasks.has_list is None
    assert [await tasks.look(), await tasks.look()] == [False, False]
    assert service.asked == ["list"]
    assert not tasks.may_start
    other = FakeService({"data": []})
    found = RefineTasks(other, other, start=other.create_refine_task)
    assert await found.look()
    assert found.may_start
    other.capabilities.note(Operation.CREATE_REFINE_TASK, False)
    assert not found.may_start


async def test_one_is_read_and_started() -> None:
    service = FakeService([])
    tasks = RefineTasks(service, service, start=service.create_refine_task)
    task, answer = await tasks.read("r7")
    assert task is not None
    assert (task.id, answer["extra"]) == ("r7", 1)
    assert await tasks.read("none") == (None, None)
    made, _ = await tasks.start({"prediction_id": "p9"})
    assert made is not None
    assert made.prediction_id == "p9"
    assert [one.id for one in await tasks.of_prediction("p1")] == ["r1"]


async def test_what_it_is_of_comes_into_the_library() -> None:
    service = FakeService([])
    tasks = RefineTasks(service, service, start=service.create_refine_task)
    assert (await tasks.bring(RefinePublic(id="r1", prediction_id="p1"))).id == "r1"
    assert service.asked == ["g1"]
    with pytest.raises(NotFound):
        await tasks.bring(RefinePublic(id="r1"))
    with pytest.raises(NotFound):
        await tasks.bring(RefinePublic(id="gone", prediction_id="p1"))
    service.generation = ""
    with pytest.raises(BadAnswer):
        await tasks.bring(RefinePublic(id="r1", prediction_id="p1"))
