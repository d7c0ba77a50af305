"""The jobs of two services read as one list, and each wish goes to the right one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.api.models.sartiq.requests import GenerationCreate
from scenario_desktop.errors import AppError, NotFound
from scenario_desktop.services.all_jobs import AllJobs
from scenario_desktop.services.detect import KIND, DetectKind
from scenario_desktop.services.job_polling import PollState, PollStatus
from scenario_desktop.services.job_views import JobsChange, JobState
from scenario_desktop.services.jobs import Jobs
from scenario_desktop.services.sartiq.run_kinds import PREFIX, Op
from scenario_desktop.services.sartiq.runs import Runs, RunsPlace
from scenario_desktop.services.spending import SpendingGuard
from tests.fake_sartiq_runs import FakeDoor, FakeRunLibrary, FakeSartiq
from tests.fakes import FakeClock, FakeJobsClient, FakeSettings, inline_ledger, settle


@dataclass
class World:
    clock: FakeClock
    first: FakeJobsClient
    second: FakeSartiq
    jobs: Jobs
    runs: Runs
    all: AllJobs

    async def detect(self) -> str:
        request = DetectRequest(
            image="a1", modality=Modality.CANNY, low_threshold=1, high_threshold=2
        )
        rows = await self.jobs.submit(
            KIND, [request.to_wire()], titles=["Cat"], input_ids=["a1"], quoted=[None],
            batch_id="b",
        )  # fmt: skip
        await settle()
        return rows[0].id

    async def generate(self) -> str:
        row = await self.runs.submit(Op.GENERATE, GenerationCreate(batch_size=1))
        await settle()
        return row


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = FakeClock()
    ledger = await inline_ledger(tmp_path / "l.sqlite", clock)
    guard = SpendingGuard(FakeSettings())
    first, second = FakeJobsClient(clock), FakeSartiq(clock)

    async def fetched(ids: object) -> None:
        """Nothing to bring in here."""

    jobs = Jobs(
        first, ledger, guard, workspace_id="ws", kinds={KIND: DetectKind(first)},
        on_results=fetched, owns=lambda kind: not kind.startswith(PREFIX), clock=clock,
    )  # fmt: skip
    runs = Runs(
        second, ledger, guard, place=RunsPlace("ws", True, lambda: True), door=FakeDoor(),
        library=FakeRunLibrary(), clock=clock,
    )  # fmt: skip
    world = World(clock, first, second, jobs, runs, AllJobs([jobs, runs.jobs]))
    await jobs.start()
    await runs.start()
    yield world
    await runs.aclose()
    await jobs.aclose()
    await ledger.aclose()


async def test_rows_of_both_stand_in_one_list_newest_first(world: World) -> None:
    told: list[JobsChange] = []
    world.all.changed.connect(told.append)
    one = await world.detect()
    await world.clock.advance(1)
    two = await world.generate()
    assert [view.id for view in world.all.rows] == [two, one]
    assert {i for change in told for i in change.added} == {one, two}
    assert world.all.summary.active == 2
    assert world.all.summary.today_count == 2


async def test_each_reads_only_its_own_rows_at_the_start(world: World) -> None:
    one, two = await world.detect(), await world.generate()
    await world.jobs.aclose()
    await world.runs.aclose()
    await world.jobs.start()
    await world.runs.start()
    assert [view.id for view in world.jobs.rows] == [one]
    assert [view.id for view in world.runs.jobs.rows] == [two]


async def test_a_wish_goes_to_the_one_whose_row_it_is(world: World) -> None:
    one, two = await world.detect(), await world.generate()
    await world.all.cancel(one)
    await world.all.cancel(two)
    await settle()
    assert world.first.count("cancel_job") == 1
    assert world.second.count("cancel") == 1
    cleared = await world.all.clear_done()
    assert cleared == [one]
    view = world.all.view(two)
    assert view is not None
    assert view.state is JobState.FAILED
    await world.all.restore_cleared(cleared)
    assert len(world.all.rows) == 2
    with pytest.raises(NotFound):
        await world.all.cancel("nobody’s")


async def test_trouble_of_either_is_told(world: World) -> None:
    told: list[PollStatus] = []
    world.all.poll_changed.connect(told.append)
    await world.detect()
    await world.generate()
    world.second.read_errors = [AppError("Away.")]
    await world.clock.advance(3)
    assert world.all.poll_status.state is PollState.RETRYING
    assert told[-1].state is PollState.RETRYING
