"""The spending limit holds on every road, for every kind of request that there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.api.models.sartiq.requests import (
    AgenticGenerationCreate,
    BackgroundFixRequest,
    EditRequest,
    ExperimentalTaskCreate,
    FaceFixRequest,
    GenerationCreate,
    ImageAdjusterRequest,
    SartiqRequest,
    VideoGenerationRequest,
)
from scenario_desktop.errors import SpendingRefused
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.services.detect import KIND, Detect, DetectKind
from scenario_desktop.services.jobs import Jobs
from scenario_desktop.services.sartiq.refining import RefineInput, RefinePlan, Road
from scenario_desktop.services.sartiq.run_kinds import PREFIX, Op
from scenario_desktop.services.sartiq.runs import Runs, RunsPlace
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.store.ledger import Ledger, LedgerState
from tests.fake_sartiq_runs import FakeDoor, FakeRunLibrary, FakeSartiq, uuid
from tests.fakes import FakeClock, FakeJobsClient, FakeSettings, inline_ledger, settle

CANNY = DetectRequest(image="a1", modality=Modality.CANNY, low_threshold=72, high_threshold=168)
REQUESTS: dict[Op, SartiqRequest] = {
    Op.GENERATE: GenerationCreate(),
    Op.AGENTIC: AgenticGenerationCreate(),
    Op.EDIT: EditRequest(base_img_path="x"),
    Op.VIDEO: VideoGenerationRequest(base_image_path="x", prompt="wind"),
    Op.BACKGROUND: BackgroundFixRequest(base_img_path="x"),
    Op.ADJUST: ImageAdjusterRequest(base_img_path="x"),
    Op.FACES: FaceFixRequest(base_img_path="x"),
    Op.TASK: ExperimentalTaskCreate(fal_app_id="x", payload={}),
}
KINDS = [KIND, *map(str, Op)]


@dataclass
class World:
    settings: FakeSettings
    clock: FakeClock
    ledger: Ledger
    first: FakeJobsClient
    second: FakeSartiq
    jobs: Jobs
    detect: Detect
    runs: Runs

    async def ask(self, kind: str, **confirmed: Any) -> None:
        """Ask for one request of a kind, the way its form does."""
        if kind == KIND:
            await self.detect.submit(await self.detect.quote([CANNY]), [], **confirmed)
        elif kind == Op.REFINE:
            one = RefineInput("p", Road.PREDICTION, prediction_id=uuid(1), item_id=uuid(1))
            await self.runs.refine(RefinePlan((one,), {"scale_factor": 2.0}), **confirmed)
        else:
            await self.runs.submit(Op(kind), REQUESTS[Op(kind)], **confirmed)
        await settle()

    @property
    def sent(self) -> int:
        reads = {"quote", "list_jobs", "get_job", "list", "by_ids", "stats", "generation"}
        reads |= {"refine_read", "agentic_read", "task_read"}
        calls = [*self.first.calls, *self.second.calls]
        return sum(name not in reads for name, _ in calls)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock, settings = FakeClock(), FakeSettings()
    ledger = await inline_ledger(tmp_path / "l.sqlite", clock)
    guard, pool = SpendingGuard(settings), WorkerPool(1)
    first, second = FakeJobsClient(clock), FakeSartiq(clock)

    async def fetched(ids: object) -> None:
        """Nothing to bring in here."""

    async def picture_of(item: object) -> bytes:
        return b""

    jobs = Jobs(
        first, ledger, guard, workspace_id="ws", kinds={KIND: DetectKind(first)},
        on_results=fetched, owns=lambda kind: not kind.startswith(PREFIX), clock=clock,
    )  # fmt: skip
    runs = Runs(
        second, ledger, guard, place=RunsPlace("ws", False, lambda: True), door=FakeDoor(),
        library=FakeRunLibrary(), clock=clock,
    )  # fmt: skip
    detect = Detect(first, jobs, pool=pool, picture_of=picture_of, clock=clock)
    await jobs.start()
    await runs.start()
    yield World(settings, clock, ledger, first, second, jobs, detect, runs)
    await runs.aclose()
    await jobs.aclose()
    await pool.aclose()
    await ledger.aclose()


def test_every_kind_of_request_is_tried_here() -> None:
    assert set(KINDS) == {KIND, *(str(op) for op in [*REQUESTS, Op.REFINE])}


@pytest.mark.parametrize("kind", KINDS)
async def test_never_spend_sends_nothing_even_confirmed(world: World, kind: str) -> None:
    world.settings.spending.mode = "never"
    with pytest.raises(SpendingRefused, match="switched off"):
        await world.ask(kind, is_confirmed=True)
    assert world.sent == 0
    assert await world.ledger.rows("ws") == []


@pytest.mark.parametrize("kind", KINDS)
async def test_above_the_limit_it_asks_first(world: World, kind: str) -> None:
    world.settings.spending.mode = "ask_above"
    world.settings.spending.ask_above = Decimal("0.5")
    with pytest.raises(SpendingRefused, match=r"above 0\.5"):
        await world.ask(kind)
    assert world.sent == 0
    await world.ask(kind, is_confirmed=True)
    assert world.sent == 1


async def _failed_row(world: World, kind: str) -> tuple[Jobs, str]:
    await world.ask(kind)
    jobs = world.jobs if kind == KIND else world.runs.jobs
    row = jobs.rows[0].id
    await world.ledger.update(row, state=LedgerState.FAILED)
    return jobs, row


@pytest.mark.parametrize("kind", KINDS)
async def test_sending_again_is_a_road_too(world: World, kind: str) -> None:
    jobs, row = await _failed_row(world, kind)
    world.settings.spending.mode = "never"
    before = world.sent
    with pytest.raises(SpendingRefused, match="switched off"):
        await jobs.send_again(row, is_confirmed=True)
    assert world.sent == before


async def test_a_batch_is_held_against_the_limit_as_a_whole(world: World) -> None:
    world.settings.spending.mode = "ask_above"
    world.settings.spending.ask_above = Decimal(2)
    ask: Callable[..., Awaitable[object]] = world.detect.submit
    quote = await world.detect.quote([CANNY] * 3)
    with pytest.raises(SpendingRefused, match="3\u00a0CU"):
        await ask(quote, [])
    assert await ask(quote, [], is_confirmed=True)
