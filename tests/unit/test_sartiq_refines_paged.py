"""The refines of one prediction are read to the end of their list."""

from __future__ import annotations

import pytest

from scenario_desktop.api.models.sartiq.answers import RefinePublic, RefinesPublic
from scenario_desktop.errors import BadAnswer
from scenario_desktop.services.sartiq.refine_tasks import RefineTasks
from tests.unit.test_sartiq_refine_tasks import FakeService


class Paged(FakeService):
    """Keeps 250 refines and gives a hundred at a time."""

    async def list_refines(
        self, prediction_id: str, *, skip: int = 0, limit: int = 100
    ) -> RefinesPublic:
        self.asked.append(str(skip))
        ids = range(250)[skip : skip + limit]
        data = tuple(RefinePublic(id=f"r{n}", prediction_id=prediction_id) for n in ids)
        return RefinesPublic(data=data, count=len(data))


class Broken(FakeService):
    async def list_refines(
        self, prediction_id: str, *, skip: int = 0, limit: int = 100
    ) -> RefinesPublic:
        raise BadAnswer("This is no list.")


async def test_all_of_them_are_read() -> None:
    service = Paged([])
    found = await RefineTasks(service, service, start=service.create_refine_task).of_prediction(
        "p1"
    )
    assert [one.id for one in found] == [f"r{n}" for n in range(250)]
    assert service.asked == ["0", "100", "200", "250"]


async def test_a_server_without_pages_is_asked_twice_at_most() -> None:
    service = FakeService([])
    found = await RefineTasks(service, service, start=service.create_refine_task).of_prediction(
        "p1"
    )
    assert [one.id for one in found] == ["r1"]


async def test_what_is_no_list_is_told() -> None:
    service = Broken([])
    with pytest.raises(BadAnswer):
        await RefineTasks(service, service, start=service.create_refine_task).of_prediction("p1")
