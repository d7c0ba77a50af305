"""Trainings and refine tasks are written down before they are sent, once, and nothing is hidden."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.errors import (
    AppError,
    Cancelled,
    Offline,
    RateLimited,
    Refused,
    SpendingRefused,
    StoreFailed,
    TimedOut,
    Unreachable,
)
from scenario_desktop.services.job_views import JobState, JobView
from scenario_desktop.services.jobs import NOT_LISTED
from scenario_desktop.services.sartiq.runs import Runs, RunsPlace
from scenario_desktop.services.sartiq.starts import Start
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.services.usage.comparison import Comparison, compare
from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.store.ledger import Ledger, LedgerRow, LedgerState
from scenario_desktop.ui.panels.jobs.rows import JobAction, buttons_of, menu_of
from scenario_desktop.ui.panels.usage.lower import sums_text
from scenario_desktop.ui.panels.usage.words import ACTIONS
from tests.fake_sartiq_runs import FakeDoor, FakeRunLibrary, FakeSartiq
from tests.fakes import FakeClock, FakeSettings, inline_ledger, settle

LATE = TimedOut("No answer in 120 s.")
BODY = {"name": "boots", "steps": 400}


class Service(FakeSartiq):
    """Remembers what stood in the ledger when a start arrived."""

    ledger: Ledger
    found: list[LedgerRow]

    async def start_training(self, body: Mapping[str, Any]) -> Any:
        self.found = await self.ledger.rows("ws")
        return await super().start_training(body)


@dataclass
class World:
    """A service, what a user has started there, and what is kept of that."""

    clock: FakeClock
    client: Service
    ledger: Ledger
    library: FakeRunLibrary = field(default_factory=FakeRunLibrary)
    settings: FakeSettings = field(default_factory=FakeSettings)
    _runs: Runs | None = None

    @property
    def runs(self) -> Runs:
        assert self._runs is not None
        return self._runs

    async def begin(self) -> None:
        """Start; a second time is a new run of the program on the same files."""
        if self._runs is not None:
            await self._runs.aclose()
        self._runs = Runs(
            self.client, self.ledger, SpendingGuard(self.settings),
            place=RunsPlace("ws", False, bool), door=FakeDoor(), library=self.library,
            clock=self.clock, jitter=lambda: 0.5,
        )  # fmt: skip
        await self._runs.start()
        await settle()

    async def train(self) -> Any:
        return await self.runs.starts.start(Start.TRAINING, BODY)

    async def fail(self, start: Start = Start.TRAINING, body: Any = BODY) -> AppError:
        with pytest.raises(AppError) as caught:
            await self.runs.starts.start(start, body)
        return caught.value

    @property
    def view(self) -> JobView:
        (view,) = self.runs.jobs.rows
        return view

    async def row(self) -> LedgerRow:
        return await self.ledger.get(self.view.id)

    async def compared(self) -> Comparison:
        now = self.clock.now()
        day = timedelta(days=1)
        return compare(await self.ledger.sent_between(now - day, now + day, "ws"), {}, {})

    async def known(self) -> str:
        """Return a prediction that the library knows."""
        made = self.client.make()
        self.client.end(made.id)
        await self.library.absorb([self.client.generations[made.id]])
        return made.predictions[0].id


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = FakeClock()
    ledger = await inline_ledger(tmp_path / "l.sqlite", clock)
    client = Service(clock)
    client.ledger = ledger
    world = World(clock, client, ledger)
    await world.begin()
    yield world
    await world.runs.aclose()
    await ledger.aclose()


# Trainings


async def test_a_training_stands_in_the_ledger_before_it_is_sent(world: World) -> None:
    assert await world.train() == {"id": "t1", "status": "queued"}
    (found,) = world.client.found
    assert (found.kind, found.state) == ("sartiq-training", LedgerState.SUBMITTING)
    assert found.request["body"] == BODY
    assert world.client.calls == [("training", BODY)]


async def test_a_started_training_is_done_as_a_job_and_keeps_its_id(world: World) -> None:
    await world.train()
    await world.clock.advance(5)
    assert (world.view.state, world.view.title) == (JobState.DONE, "Training")
    assert world.view.status_text == "Done, it was started; its page tells how it goes"
    row = await world.row()
    assert (row.state, row.job_id) == (LedgerState.SUCCEEDED, "training:t1")
    await world.clock.advance(3_600)
    assert world.client.calls == [("training", BODY)], "nothing is asked about it"


async def test_an_answer_without_an_id_is_a_start_all_the_same(world: World) -> None:
    world.client.made = {"ok": True}
    assert await world.train() == {"ok": True}
    await world.clock.advance(5)
    assert world.view.state is JobState.DONE
    world.client.made = None
    assert await world.train() is None


async def test_it_is_counted_beside_the_bookings_and_changes_no_sum(world: World) -> None:
    await world.train()
    await world.clock.advance(5)
    found = await world.compared()
    assert (found.unpriced.count, found.unpriced.failed, found.unpriced.compute_s) == (1, 0, 0.0)
    assert [one.kind for one in found.runs] == ["sartiq-training"]
    assert not found.jobs
    assert {found.quoted, found.charged, found.lost} == {Decimal(0)}
    assert await world.ledger.spent_since(world.clock.now() - timedelta(days=1)) == Decimal(0)


@pytest.mark.parametrize("error", [LATE, Offline("The connection broke.")])
async def test_no_answer_is_told_as_doubt_and_never_sent_again(
    world: World, error: AppError
) -> None:
    world.client.send_errors, world.client.arrives = [error], True
    told = await world.fail()
    assert told.message == "Nobody knows whether the training was started."
    assert "not sent again by itself" in told.hint
    assert error.message in told.details
    row = await world.row()
    assert (row.state, row.error, row.hint) == (LedgerState.UNCERTAIN, error.message, NOT_LISTED)
    assert row.charged is None
    assert (world.view.state, world.view.hint) == (JobState.UNCERTAIN, NOT_LISTED)
    assert world.runs.jobs.summary.needs_you == 1
    await world.clock.advance(3_600)
    await world.begin()
    await world.clock.advance(3_600)
    assert (world.view.state, world.view.hint) == (JobState.UNCERTAIN, NOT_LISTED)
    assert world.client.calls == [("training", BODY)]
    assert (await world.compared()).unpriced.count == 1


async def test_a_program_that_ended_before_the_answer_leaves_doubt(world: World) -> None:
    row = await world.ledger.prepare(workspace_id="ws", kind=str(Start.TRAINING), request={})
    await world.ledger.claim(row.id)
    await world.begin()
    await world.clock.advance(3_600)
    assert world.view.status_text == "Uncertain: the program ended before the answer came"
    assert world.view.hint == NOT_LISTED
    assert not world.client.calls


async def test_one_in_doubt_offers_no_look_and_no_form(world: World) -> None:
    world.client.send_errors = [LATE]
    await world.fail()
    offered = {offer.action for offer in (*buttons_of(world.view), *menu_of(world.view))}
    assert JobAction.SEND_AGAIN in offered
    assert offered.isdisjoint({JobAction.LOOK_AGAIN, JobAction.EDIT})
    await world.runs.jobs.stop_watching(world.view.id)
    await world.runs.jobs.look_again(world.view.id)
    await world.clock.advance(200)
    assert world.view.hint == NOT_LISTED


async def test_a_user_may_send_one_again_as_a_row_of_its_own(world: World) -> None:
    world.client.send_errors = [LATE]
    await world.fail()
    await world.runs.jobs.send_again(world.view.id, is_confirmed=True)
    await settle()
    assert world.client.count("training") == 2
    assert len(world.runs.jobs.rows) == 2


async def test_a_refusal_is_told_as_it_is_and_costs_nothing(world: World) -> None:
    world.client.send_errors = [refusal := Refused("The service does not take that.")]
    assert await world.fail() is refusal
    row = await world.row()
    assert (row.state, row.error) == (LedgerState.FAILED, refusal.message)
    assert row.charged == Decimal(0)
    assert buttons_of(world.view)[0].action is JobAction.SEND_AGAIN
    assert (await world.compared()).unpriced.failed == 1


async def test_what_did_not_leave_is_not_sent_and_not_counted(world: World) -> None:
    world.client.send_errors = [error := Unreachable("No connection.")]
    assert await world.fail() is error
    assert (await world.row()).state is LedgerState.NOT_SENT
    assert (await world.compared()).unpriced.count == 0


async def test_what_was_put_off_leaves_when_the_service_says(world: World) -> None:
    world.client.send_errors = [RateLimited("Too fast.", retry_after_s=30)]
    training = asyncio.create_task(world.train())
    await settle()
    assert world.view.state is JobState.PREPARED
    await world.clock.advance(31)
    assert (await training)["id"] == "t1"
    assert world.client.count("training") == 2
    assert len(world.runs.jobs.rows) == 1


async def test_one_that_waits_can_be_taken_back(world: World) -> None:
    world.client.send_errors = [RateLimited("Too fast.", retry_after_s=30)]
    training = asyncio.create_task(world.fail())
    await settle()
    await world.runs.jobs.cancel(world.view.id)
    assert isinstance(await training, Cancelled)
    await world.clock.advance(60)
    assert world.client.count("training") == 1


async def test_who_leaves_the_page_does_not_stop_what_was_sent(world: World) -> None:
    gate = asyncio.Event()
    begin = world.client.start_training

    async def slow(body: Mapping[str, Any]) -> Any:
        await gate.wait()
        return await begin(body)

    world.runs.starts._kinds[Start.TRAINING]._send = slow
    training = asyncio.create_task(world.train())
    await settle()
    assert world.runs.jobs.summary.running == 1
    training.cancel()
    await asyncio.wait({training})
    gate.set()
    await settle()
    await world.clock.advance(5)
    assert (world.view.state, world.runs.jobs.summary.running) == (JobState.DONE, 0)
    assert world.client.count("training") == 1


@pytest.mark.parametrize("start", Start)
async def test_nothing_is_sent_that_was_not_written_down(
    world: World, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(**_: Any) -> LedgerRow:
        raise StoreFailed("The disk is full.")

    monkeypatch.setattr(world.ledger, "prepare", full)
    assert isinstance(await world.fail(start), StoreFailed)
    assert not world.client.calls


async def test_nothing_is_sent_that_could_not_be_claimed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(row_id: str) -> bool:
        raise StoreFailed("The disk is full.")

    monkeypatch.setattr(world.ledger, "claim", full)
    assert "Not sent" in (await world.fail()).message
    assert not world.client.calls


@pytest.mark.parametrize("start", Start)
async def test_the_limit_leaves_no_row(world: World, start: Start) -> None:
    world.settings.spending.mode = "never"
    assert isinstance(await world.fail(start), SpendingRefused)
    assert not world.runs.jobs.rows
    assert not world.client.calls


async def test_a_signed_address_is_sent_and_never_kept(world: World, tmp_path: Path) -> None:
    body = {"images": ["https://files.example/a.png?Signature=canary-of-tests"]}
    world.client.send_errors = [LATE]
    await world.fail(body=body)
    assert world.client.calls == [("training", body)]
    assert (await world.row()).request["body"] == {"images": ["https://files.example/a.png"]}
    assert not [one for one in tmp_path.iterdir() if b"canary-of-tests" in one.read_bytes()]
    first = world.view.id
    await world.runs.jobs.send_again(first, is_confirmed=True)
    await settle()
    assert world.client.count("training") == 1
    (again,) = [one for one in world.runs.jobs.rows if one.id != first]
    assert "signed address" in again.error


# Refine tasks


async def test_a_refine_task_is_followed_to_its_picture(world: World) -> None:
    one = await world.known()
    answer = await world.runs.starts.start(Start.REFINE_TASK, {"prediction_id": one})
    assert answer["prediction_id"] == one
    assert (await world.row()).job_id == f"refine:{one}:{answer['id']}"
    await world.clock.advance(5)
    assert world.view.state in (JobState.QUEUED, JobState.RUNNING)
    world.client.end_refine(one, answer["id"])
    await world.clock.advance(60)
    assert (world.view.state, world.view.result_ids) == (JobState.DONE, (answer["id"],))
    assert world.view.title == "Refine task"
    assert world.client.count("refine_task") == 1
    (run,) = (await world.compared()).runs
    assert run.compute_s


async def test_a_lost_refine_task_is_found_again_by_its_prediction(world: World) -> None:
    one = await world.known()
    await world.clock.advance(7_200)  # its generation is none of the newest
    world.client.send_errors, world.client.arrives = [LATE], True
    told = await world.fail(Start.REFINE_TASK, {"prediction_id": one})
    assert told.message == "Nobody knows whether the refine task was started."
    await world.clock.advance(5)
    (row_id,) = (view.id for view in world.runs.jobs.rows)
    row = await world.ledger.get(row_id)
    assert row.state is LedgerState.ACCEPTED
    assert (row.job_id or "").startswith(f"refine:{one}:")
    assert world.client.count("refine_task") == 1


async def test_one_that_did_not_arrive_stays_in_doubt(world: World) -> None:
    one = await world.known()
    world.client.send_errors = [LATE]
    await world.fail(Start.REFINE_TASK, {"prediction_ids": [one]})
    await world.clock.advance(600)
    assert world.view.state is JobState.UNCERTAIN
    assert JobAction.LOOK_AGAIN in [offer.action for offer in buttons_of(world.view)]
    assert world.client.count("refine_task") == 1


async def test_an_answer_that_names_no_prediction_is_not_followed(world: World) -> None:
    async def make(body: Mapping[str, Any]) -> Any:
        return {"task_id": "a:b"}

    world.runs.starts._kinds[Start.REFINE_TASK]._send = make
    await world.runs.starts.start(Start.REFINE_TASK, {"any": "thing"})
    await world.clock.advance(5)
    row = await world.row()
    assert (row.state, row.job_id) == (LedgerState.SUCCEEDED, "refine-task:a:b")
    assert world.view.status_text == "Done, it was started"


async def test_the_usage_page_tells_of_a_start_and_of_no_time(world: World) -> None:
    await world.train()
    await world.clock.advance(5)
    found = await world.compared()
    said = sums_text(found, has_account=False).replace(NO_BREAK, " ")
    assert said == "Sartiq: 1 run, no price given."
    assert ACTIONS[found.runs[0].title] == "Training"
    assert found.runs[0].compute_s is None
