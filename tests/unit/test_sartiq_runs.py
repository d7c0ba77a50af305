"""Requests to the second service are sent once and followed by facts, with few requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scenario_desktop.api.models.sartiq.answers import (
    AgenticShotAttempt,
    AgenticShotStatus,
    GenerationStats,
    MixedRefineResponse,
)
from scenario_desktop.api.models.sartiq.requests import (
    AgenticGenerationCreate,
    EditRequest,
    ExperimentalTaskCreate,
    GenerationCreate,
    ImageAdjusterRequest,
)
from scenario_desktop.errors import AppError, BadInput, Invalid, SpendingRefused, TimedOut
from scenario_desktop.services.job_views import JobState, JobView
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.services.sartiq.refining import RefineInput, RefinePlan, Road
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.services.sartiq.runs import Runs, RunsPlace
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.store.ledger import Ledger
from tests.fake_sartiq_runs import FakeDoor, FakeRunLibrary, FakeSartiq, uuid
from tests.fakes import FakeClock, FakeSettings, inline_ledger, settle


@dataclass
class World:
    """A service, what a user has sent to it, and what is kept of that."""

    clock: FakeClock
    client: FakeSartiq
    ledger: Ledger
    is_free: bool = True
    can_cancel: bool = True
    door: FakeDoor = field(default_factory=FakeDoor)
    library: FakeRunLibrary = field(default_factory=FakeRunLibrary)
    settings: FakeSettings = field(default_factory=FakeSettings)
    _runs: Runs | None = None

    @property
    def runs(self) -> Runs:
        assert self._runs is not None
        return self._runs

    async def start(self) -> Runs:
        """Start; a second time is a new run of the program on the same files."""
        self._runs = Runs(
            self.client, self.ledger, SpendingGuard(self.settings),
            place=RunsPlace("ws", self.is_free, lambda: self.can_cancel),
            door=self.door, library=self.library, clock=self.clock, jitter=lambda: 0.5,
        )  # fmt: skip
        await self._runs.start()
        await settle()
        return self._runs

    def view(self, row_id: str) -> JobView:
        view = self.runs.jobs.view(row_id)
        assert view is not None
        return view

    async def refine(self, *inputs: RefineInput) -> list[str]:
        ids = await self.runs.refine(RefinePlan(inputs, {"scale_factor": 2.0}))
        await settle()
        return ids

    async def known(self, batch_size: int = 1) -> list[str]:
        """Return the predictions of a finished generation that the library knows."""
        made = self.client.make(batch_size)
        self.client.end(made.id)
        await self.library.absorb([self.client.generations[made.id]])
        return [prediction.id for prediction in made.predictions]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = FakeClock()
    world = World(clock, FakeSartiq(clock), await inline_ledger(tmp_path / "l.sqlite", clock))
    await world.start()
    yield world
    await world.runs.aclose()
    await world.ledger.aclose()


def picture(name: str) -> RefineInput:
    return RefineInput(name, Road.UPLOAD, picture=PictureRef(item_id=name, name=name), item_id=name)


def prediction(one: str) -> RefineInput:
    return RefineInput("p", Road.PREDICTION, prediction_id=one, item_id=one)


def chained(one: str, refine: str) -> RefineInput:
    return RefineInput("r", Road.CHAIN, prediction_id=one, refine_id=refine, item_id=refine)


# Tools


async def test_a_tool_is_followed_to_its_picture_by_facts(world: World) -> None:
    row = await world.runs.submit(
        Op.ADJUST,
        ImageAdjusterRequest(base_img_path="-", target_width=100, target_height=100),
        {"base_img_path": [PictureRef(item_id="a1", name="Cat")]},
    )
    await settle()
    assert (world.view(row).state, world.view(row).title) == (JobState.QUEUED, "Adjust, Cat")
    name, request = world.client.calls[0]
    assert (name, request.base_img_path) == ("adjust", "https://s/a1?sig=secret")
    (generation,) = world.client.generations
    world.client.end(generation, word="fertig")
    await world.clock.advance(3)
    assert world.view(row).state is JobState.DONE
    assert world.view(row).result_ids == (uuid(2),)
    assert world.library.taken[generation].predictions[0].result_image_url


async def test_no_address_is_kept(world: World) -> None:
    row = await world.runs.submit(
        Op.EDIT,
        EditRequest(base_img_path="-", prompt="a hat"),
        {
            "base_img_path": [PictureRef(item_id="a1")],
            "reference_images": [PictureRef(item_id="b")],
        },
    )
    await settle()
    kept = await world.ledger.get(row)
    assert "sig" not in str(kept)
    assert kept.request["pictures"]["reference_images"] == [{"item": "b"}]
    assert world.client.calls[0][1].reference_images == ("https://s/b?sig=secret",)


async def test_a_picture_that_cannot_be_handed_over_sends_nothing(world: World) -> None:
    world.door.errors["a1"] = BadInput("It is no picture.")
    row = await world.runs.submit(
        Op.ADJUST, ImageAdjusterRequest(base_img_path="-"), {"base_img_path": [PictureRef("a1")]}
    )
    await settle()
    assert world.view(row).status_text == "Not sent: it is no picture"
    assert world.client.calls == []


async def test_a_slot_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(BadInput, match="no picture"):
        await world.runs.submit(Op.GENERATE, GenerationCreate(), {"seed": [PictureRef("a1")]})


async def test_some_failed_of_a_batch_is_said(world: World) -> None:
    row = await world.runs.submit(Op.GENERATE, GenerationCreate(extra_prompt="a hat"))
    await settle()
    (generation,) = world.client.generations
    world.client.end(generation, which=[0, 1, 2])
    world.client.end(generation, which=[3], error="Out of memory")
    await world.clock.advance(3)
    view = world.view(row)
    assert view.state is JobState.DONE
    assert view.hint == "1\u00a0picture failed: Out of memory"
    assert len(view.result_ids) == 3


async def test_a_failed_generation_gives_its_reason(world: World) -> None:
    row = await world.runs.submit(Op.GENERATE, GenerationCreate())
    await settle()
    world.client.end(next(iter(world.client.generations)), error="No model here")
    await world.clock.advance(3)
    assert world.view(row).status_text == "Failed: no model here"


async def test_counts_that_never_add_up_do_not_hide_the_end(world: World) -> None:
    row = await world.runs.submit(Op.GENERATE, GenerationCreate(batch_size=1))
    await settle()
    (generation,) = world.client.generations
    world.client.stuck_stats = GenerationStats(id=generation, total=4, completed=1)
    await world.clock.advance(3)
    world.client.end(generation)
    await world.clock.advance(20)
    assert world.view(row).state is JobState.DONE


async def test_a_cancel_is_offered_where_the_server_has_one(world: World) -> None:
    row = await world.runs.submit(Op.GENERATE, GenerationCreate())
    await settle()
    assert world.view(row).can_cancel
    await world.runs.jobs.cancel(row)
    await settle()
    assert world.client.count("cancel") == 1
    assert world.view(row).state is JobState.FAILED
    world.can_cancel = False
    other = await world.runs.submit(Op.GENERATE, GenerationCreate())
    await settle()
    assert not world.view(other).can_cancel


# Refines


async def test_a_mixed_refine_is_one_request_and_a_row_each(world: World) -> None:
    one, two = await world.known(2)
    first = world.client.add_refine(two)
    world.client.end_refine(two, first.id)
    world.client.calls.clear()
    rows = await world.refine(picture("a1"), prediction(one), chained(two, first.id))
    (call,) = [request for name, request in world.client.calls if name == "refine"]
    assert call.base_image_urls == ("https://s/a1?sig=secret",)
    assert call.prediction_ids == (one, two)
    assert call.refines_refine_ids == {two: first.id}
    assert [world.view(row).state for row in rows] == [JobState.QUEUED] * 3


async def test_each_refine_ends_by_its_own_facts(world: World) -> None:
    one, two = await world.known(2)
    rows = await world.refine(prediction(one), prediction(two))
    refines = {
        p.id: p.refines[0].id for g in world.client.generations.values() for p in g.predictions
    }
    world.client.end_refine(one, refines[one])
    world.client.end_refine(two, refines[two], error="Too large")
    await world.clock.advance(3)
    assert world.view(rows[0]).result_ids == (refines[one],)
    assert world.view(rows[1]).status_text == "Failed: too large"


async def test_the_refused_ones_of_a_mixed_answer_can_be_sent_again(world: World) -> None:
    (one,) = await world.known()
    world.client.failing = {"https://s/a1?sig=secret": "It is gone", one: "Not yours"}
    rows = await world.refine(picture("a1"), picture("a2"), prediction(one))
    states = [world.view(row).state for row in rows]
    assert states == [JobState.FAILED, JobState.QUEUED, JobState.FAILED]
    assert "Not yours" in world.view(rows[2]).hint
    world.client.failing.clear()
    again = await world.runs.jobs.send_again(rows[2])
    await settle()
    assert world.view(again).state is JobState.QUEUED
    assert world.client.calls[-1][1].prediction_ids == (one,)


async def test_two_refines_of_one_prediction_leave_in_two_requests(world: World) -> None:
    (one,) = await world.known()
    first = world.client.add_refine(one)
    await world.refine(prediction(one), chained(one, first.id))
    assert world.client.count("refine") == 2


async def test_an_answer_that_leaves_pictures_out_is_uncertain(world: World) -> None:
    world.client.refine = _answers_nothing  # type: ignore[method-assign, assignment]
    (row,) = await world.refine(picture("a1"))
    assert world.view(row).state is JobState.UNCERTAIN


async def _answers_nothing(request: object) -> object:
    return MixedRefineResponse()


async def test_a_lost_answer_is_looked_for_and_found(world: World) -> None:
    (one,) = await world.known()
    world.client.send_errors, world.client.arrives = [TimedOut("No answer in time.")], True
    (row,) = await world.refine(prediction(one))
    assert world.client.count("refine") == 1
    await world.clock.advance(1)
    assert world.view(row).state in (JobState.QUEUED, JobState.RUNNING)
    assert world.client.count("refine") == 1


async def test_a_lost_request_that_never_arrived_stays_uncertain(world: World) -> None:
    (one,) = await world.known()
    world.client.send_errors = [TimedOut("No answer in time.")]
    (row,) = await world.refine(prediction(one))
    await world.clock.advance(300)
    assert world.view(row).state is JobState.UNCERTAIN
    assert world.client.count("refine") == 1


# Agentic runs and tasks


async def test_an_agentic_run_tells_its_attempts(world: World) -> None:
    told: list[AgenticShotStatus] = []
    world.runs.agentic_changed.connect(told.append)
    row = await world.runs.submit(Op.AGENTIC, AgenticGenerationCreate())
    await settle()
    (shot,) = world.client.shots
    attempt = AgenticShotAttempt(
        attempt_number=1, image_url="https://s/1.png", confidence_score=0.6
    )
    world.client.shots[shot] = AgenticShotStatus(
        shot_id=shot, status="processing", attempts=(attempt,), max_attempts=4
    )
    await world.clock.advance(3)
    assert told[-1].attempts == (attempt,)
    assert world.runs.agentic(row) == told[-1]
    assert world.view(row).progress == 0.25


async def test_an_agentic_run_without_a_picture_has_failed(world: World) -> None:
    row = await world.runs.submit(Op.AGENTIC, AgenticGenerationCreate())
    await settle()
    (shot,) = world.client.shots
    world.client.shots[shot] = AgenticShotStatus(
        shot_id=shot, status="completed", total_attempts=3, completed_at=world.clock.now()
    )
    await world.clock.advance(3)
    assert "after 3\u00a0attempts without a picture" in world.view(row).status_text


async def test_a_task_ends_with_its_picture(world: World) -> None:
    request = ExperimentalTaskCreate(fal_app_id="fal-ai/x", payload={"a": 1})
    row = await world.runs.submit(Op.TASK, request, {"image": [PictureRef("a1")]})
    await settle()
    assert world.client.calls[0][1].image == "cGljdHVyZQ=="
    (task,) = world.client.tasks
    world.client.tasks[task] = world.client.tasks[task].model_copy(
        update={"image_url": "https://s/t.png?sig=1"}
    )
    await world.clock.advance(3)
    assert world.view(row).state is JobState.DONE
    found = world.runs.task(row)
    assert found is not None
    assert found.image_url == "https://s/t.png?sig=1"


# Cost in requests, restarts, limits


async def test_requests_do_not_grow_with_the_pictures(world: World) -> None:
    for _ in range(50):
        await world.runs.submit(Op.GENERATE, GenerationCreate(batch_size=10))
    await settle(300)
    assert len(world.client.generations) == 50
    world.client.calls.clear()
    await world.clock.advance(60)
    assert 0 < len(world.client.calls) <= 60


async def test_colleagues_generations_are_read_singly(world: World) -> None:
    row = await world.runs.submit(Op.GENERATE, GenerationCreate(batch_size=1))
    await settle()
    (generation,) = world.client.generations
    world.client.hidden.add(generation)
    world.client.end(generation)
    await world.clock.advance(10)
    assert world.view(row).state is JobState.DONE


async def test_a_new_start_takes_up_what_was_in_flight(world: World) -> None:
    row = await world.runs.submit(Op.GENERATE, GenerationCreate(batch_size=1))
    await settle()
    await world.runs.aclose()
    await world.start()
    world.client.end(next(iter(world.client.generations)))
    await world.clock.advance(12)
    assert world.view(row).state is JobState.DONE
    assert world.client.count("create") == 1


async def test_a_server_that_is_away_is_asked_again(world: World) -> None:
    row = await world.runs.submit(Op.GENERATE, GenerationCreate(batch_size=1))
    await settle()
    world.client.end(next(iter(world.client.generations)))
    world.client.read_errors = [AppError("Away.")] * 2
    await world.clock.advance(60)
    assert world.view(row).state is JobState.DONE


async def test_the_spending_limit_is_asked_where_work_is_billed(world: World) -> None:
    world.is_free = False
    world.settings = FakeSettings("never")
    await world.runs.aclose()
    await world.start()
    with pytest.raises(SpendingRefused):
        await world.runs.submit(Op.GENERATE, GenerationCreate())
    with pytest.raises(SpendingRefused):
        await world.refine(picture("a1"))
    assert world.client.calls == []


async def test_the_draft_of_a_row_gives_back_what_was_chosen(world: World) -> None:
    ref = PictureRef(item_id="a1", name="Cat")
    row = await world.runs.submit(
        Op.ADJUST, ImageAdjusterRequest(base_img_path="-", mode="pad"), {"base_img_path": [ref]}
    )
    op, body, slots = world.runs.draft_of(row)
    assert (op, body, dict(slots)) == (Op.ADJUST, {"mode": "pad"}, {"base_img_path": (ref,)})


async def test_what_the_service_says_of_single_fields_is_kept_for_the_form(world: World) -> None:
    world.client.send_errors.append(Invalid("Refused.", fields={"body.steps": "too many"}))
    row = await world.runs.submit(Op.GENERATE, GenerationCreate(steps=900))
    await settle()
    assert world.view(row).state is JobState.FAILED
    assert world.runs.refused_fields(row) == {"body.steps": "too many"}
    assert world.runs.refused_fields("another") == {}
