"""The chosen one of a generation: told by the server, or remembered where it is silent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from scenario_desktop.api.models.sartiq.answers import GenerationPublic, PredictionPublic
from scenario_desktop.api.sartiq.capabilities import Capabilities, Operation
from scenario_desktop.errors import AppError, BadInput, NotOffered, Offline
from scenario_desktop.items import PREDICTION, Item, Source
from scenario_desktop.services.sartiq import choosing as choosing_module
from scenario_desktop.services.sartiq.choosing import META, Choosing

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def item(name: str, group: str = "g", type_: str = PREDICTION) -> Item:
    return Item(
        1, name, Source.SARTIQ, "image", type_, "success", name, "", NOW, NOW, group_id=group
    )


@dataclass
class FakeService:
    capabilities: Capabilities = field(default_factory=Capabilities)
    selected: list[str] = field(default_factory=list)
    brought: list[str] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    is_offered: bool = True
    error: AppError | None = None

    async def select_prediction(self, prediction_id: str) -> Any:
        self.capabilities.note(Operation.SELECT_PREDICTION, self.is_offered)
        if not self.is_offered:
            raise NotOffered("This server does not offer that.")
        self.selected.append(prediction_id)

    async def bring(self, generation_ids: Iterable[str]) -> list[Item]:
        self.brought += generation_ids
        if self.error is not None:
            raise self.error
        return []

    async def get_meta(self, name: str) -> str | None:
        return self.meta.get(name)

    async def set_meta(self, name: str, value: str) -> None:
        self.meta[name] = value


def made(service: FakeService) -> Choosing:
    return Choosing(service, cast(Any, service), service)


async def test_a_silent_server_is_remembered_and_a_telling_one_believed() -> None:
    service = FakeService()
    choosing = made(service)
    await choosing.choose(item("a"))
    assert (service.selected, service.brought) == (["a"], ["g"])
    again = made(service)
    await again.load()
    silent = GenerationPublic(id="g", predictions=(PredictionPublic(id="a"),))
    assert again.of(silent) == "a"
    telling = GenerationPublic(
        id="g",
        predictions=(
            PredictionPublic(id="a", selected=False), PredictionPublic(id="b", selected=True),
        ),
    )  # fmt: skip
    assert again.of(telling) == "b"
    assert again.of(GenerationPublic(id="other")) == ""


async def test_it_is_not_offered_any_more_where_it_was_refused() -> None:
    service = FakeService(is_offered=False)
    choosing = made(service)
    told: list[bool] = []
    choosing.changed.connect(lambda: told.append(choosing.is_offered))
    assert choosing.is_offered
    with pytest.raises(NotOffered):
        await choosing.choose(item("a"))
    assert told == [False]


async def test_a_mark_stands_although_the_library_could_not_follow() -> None:
    service = FakeService(error=Offline("No network."))
    choosing = made(service)
    await choosing.choose(item("a"))
    assert choosing.of(GenerationPublic(id="g")) == "a"


async def test_only_results_can_be_chosen() -> None:
    service = FakeService()
    with pytest.raises(BadInput):
        await made(service).choose(item("a", type_="uploaded"))
    assert service.selected == []


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
async def test_what_cannot_be_read_is_forgotten(text: str) -> None:
    choosing = made(FakeService(meta={META: text}))
    await choosing.load()
    assert choosing.of(GenerationPublic(id="g")) == ""


async def test_the_oldest_marks_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing_module, "MOST", 2)
    service = FakeService()
    choosing = made(service)
    for group in ("g1", "g2", "g1", "g3"):
        await choosing.choose(item("a", group))
    assert list(json.loads(service.meta[META])) == ["g1", "g3"]
