"""A generation as a whole: what was asked, what the run before was, and what is known offline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from scenario_desktop.api.models.sartiq.answers import GenerationPublic, GenerationStats
from scenario_desktop.api.models.sartiq.requests import GenerationUpdate
from scenario_desktop.errors import NotFound, Offline
from scenario_desktop.items import Item
from scenario_desktop.services.sartiq.library import Brought
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.services.sartiq.run_generations import RunGenerations, op_of
from scenario_desktop.services.sartiq.run_kinds import Op
from tests.fakes_sartiq import START, FakeSartiq, make_id


class World:
    """The service, the library's part, and what was sent from here."""

    def __init__(self) -> None:
        self.service = FakeSartiq()
        self.known: dict[str, GenerationPublic] = {}
        self.dropped: list[str] = []
        self.rows: list[Any] = []
        self.drafts: dict[str, tuple[Op, dict[str, Any], dict[str, tuple[PictureRef, ...]]]] = {}
        self.updates: list[tuple[str, bool | None]] = []
        self.is_offline = False
        self.generations = RunGenerations(self, self, self, self, self, self)

    async def read_generations(self, ids: Sequence[str]) -> Brought:
        if self.is_offline:
            raise Offline("No network.")
        found = [self.service.generations[i] for i in ids if i in self.service.generations]
        return Brought(tuple(found), tuple(i for i in ids if i not in self.service.generations))

    async def absorb(self, generations: Sequence[GenerationPublic]) -> None:
        self.known.update((g.id, g) for g in generations)

    async def drop(self, generation_ids: Iterable[str]) -> None:
        self.dropped += generation_ids

    async def generation(self, generation_id: str) -> GenerationPublic | None:
        return self.known.get(generation_id)

    async def generations_of(self, prediction_ids: Iterable[str]) -> dict[str, str]:
        owners = {p.id: g.id for g in self.known.values() for p in g.predictions}
        return {i: owners[i] for i in prediction_ids if i in owners}

    async def generations_between(
        self, oldest: datetime | None = None, newest: datetime | None = None
    ) -> list[str]:
        return [
            g.id for g in self.known.values()
            if g.created_at and oldest and newest and oldest <= g.created_at <= newest
        ]  # fmt: skip

    async def generation_items(self, generation_id: str) -> list[Item]:
        return []

    async def generation_stats(self, generation_id: str) -> GenerationStats:
        return GenerationStats(id=generation_id, total=2, completed=2)

    async def update_generation(
        self, generation_id: str, update: GenerationUpdate
    ) -> GenerationPublic:
        self.updates.append((generation_id, update.revised))
        return self.service.generations[generation_id].model_copy(
            update={"revised": update.revised}
        )

    async def list_revisions(self, prediction_id: str) -> list[Any]:
        return []

    def draft_of(self, row_id: str) -> tuple[Op, dict[str, Any], Mapping[str, Any]]:
        return self.drafts[row_id]

    def add(self, number: int, **fields: Any) -> GenerationPublic:
        made = self.service.add(number, **fields)
        self.known[made.id] = made
        return made


@pytest.fixture
def world() -> World:
    return World()


async def test_what_was_sent_from_here_is_known_exactly(world: World) -> None:
    made = world.add(1, tool="IMAGE_ADJUSTER")
    ref = PictureRef("a", "", "A")
    world.rows = [SimpleNamespace(id="r", job_id=f"generation:{made.id}")]
    world.drafts["r"] = (Op.ADJUST, {"mode": "crop"}, {"base_img_path": (ref,)})
    whole = await world.generations.read(made.id)
    assert whole.asked.is_whole
    assert (whole.asked.op, whole.asked.body) == (Op.ADJUST, {"mode": "crop"})
    assert whole.asked.pictures == {"base_img_path": (ref,)}
    assert whole.stats is not None
    assert whole.stats.completed == 2


async def test_others_are_told_by_what_the_answer_repeats(world: World) -> None:
    made = world.add(1, lighting="soft", steps=20, batch_size=4)
    asked = (await world.generations.read(made.id)).asked
    assert not asked.is_whole
    assert asked.op is Op.GENERATE
    assert asked.body["lighting"] == "soft"
    assert asked.body["extra_prompt"] == "boat 1"
    assert "steps" not in asked.body  # the service's default
    assert "reference_images_paths" not in asked.body
    assert "status" not in asked.body


@pytest.mark.parametrize(
    ("fields", "op"),
    [
        ({"tool": "IMAGE_ADJUSTER"}, Op.ADJUST), ({"tool": "image-adjuster"}, Op.ADJUST),
        ({"tool": "PRODUCT_ENHANCEMENT"}, Op.EDIT), ({"tool": "REFINE"}, Op.REFINE),
        ({"generation_type": "AGENTIC"}, Op.AGENTIC), ({"tool": "OF_TOMORROW"}, Op.GENERATE),
        ({}, Op.GENERATE),
    ],
)  # fmt: skip
def test_the_kind_is_told_by_the_tool(fields: dict[str, Any], op: Op) -> None:
    assert op_of(GenerationPublic(id="g", **fields)) is op


async def test_the_run_before_is_the_last_of_the_same_kind(world: World) -> None:
    world.add(1, lighting="soft")
    world.add(5, lighting="hard")
    world.add(7, tool="IMAGE_ADJUSTER")
    late = world.add(9)
    world.add(12)
    previous = await world.generations.previous(late)
    assert previous is not None
    assert previous.lighting == "hard"
    assert await world.generations.previous(world.known[make_id("g", 1)]) is None


async def test_the_run_before_may_be_weeks_ago_but_not_years(world: World) -> None:
    now = world.add(1)
    world.add(2, created_at=START - timedelta(days=30), lighting="old")
    world.add(3, created_at=START - timedelta(days=400), lighting="ancient")
    previous = await world.generations.previous(now)
    assert previous is not None
    assert previous.lighting == "old"


async def test_without_network_it_is_shown_as_it_was_known(world: World) -> None:
    made = world.add(1)
    world.is_offline = True
    whole = await world.generations.read(made.id)
    assert isinstance(whole.error, Offline)
    assert whole.stats is None
    with pytest.raises(Offline):
        await world.generations.read(make_id("g", 99))


async def test_one_that_is_gone_goes_here_too(world: World) -> None:
    with pytest.raises(NotFound):
        await world.generations.read(make_id("g", 99))
    assert world.dropped == [make_id("g", 99)]


async def test_the_generation_of_a_job_is_found(world: World) -> None:
    made = world.add(1)
    prediction = made.predictions[0].id
    of_job = world.generations.of_job
    assert await of_job(f"generation:{made.id}") == made.id
    assert await of_job(f"agentic:shot:{made.id}") == made.id
    assert await of_job(f"refine:{prediction}:r") == made.id
    assert await of_job("refine:unknown:r") == ""
    assert await of_job("task:t") == ""
    assert await of_job("job_of_another_service") == ""


async def test_the_mark_is_set_on_the_server(world: World) -> None:
    made = world.add(1)
    assert (await world.generations.set_revised(made.id, True)).revised
    await world.generations.set_revised(made.id, False)
    assert world.updates == [(made.id, True), (made.id, False)]
