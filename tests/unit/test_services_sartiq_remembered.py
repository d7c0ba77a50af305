"""Ids that were used before: named, counted, the last used first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scenario_desktop.api.models.sartiq.refines import RefineGenerationRequest
from scenario_desktop.services.sartiq import remembered as module
from scenario_desktop.services.sartiq.remembered import META, KnownId, Remembered, used_ids
from scenario_desktop.store.catalogue import Catalogue

MODEL = "3f2a9c10-5d1e-4b7a-9c52-0123456789ab"


@pytest.fixture
async def catalogue(tmp_path: Path) -> AsyncIterator[Catalogue]:
    catalogue = Catalogue(tmp_path / "w.sqlite")
    await catalogue.open()
    yield catalogue
    await catalogue.aclose()


async def opened(catalogue: Catalogue) -> Remembered:
    remembered = Remembered(catalogue)
    await remembered.load()
    return remembered


async def test_the_last_used_comes_first_and_is_counted(catalogue: Catalogue) -> None:
    remembered = await opened(catalogue)
    await remembered.note_all([("style", "a"), ("style", "b"), ("style", "a"), ("model", "m")])
    again = await opened(catalogue)
    assert again.of("style") == (KnownId("a", count=2), KnownId("b", count=1))
    assert again.of("model") == (KnownId("m", count=1),)
    assert again.of("subject") == ()


async def test_a_name_stays_and_its_place_does_not_change(catalogue: Catalogue) -> None:
    remembered = await opened(catalogue)
    await remembered.note("style", "a")
    await remembered.note("style", "b")
    await remembered.note("style", "a", " Noir ", is_used=False)
    assert [known.shown for known in remembered.of("style")] == ["b", "Noir"]
    await remembered.note("style", "a")
    assert remembered.find("style", "a") == KnownId("a", "Noir", 2)
    await remembered.forget("style", "a")
    assert [known.id for known in (await opened(catalogue)).of("style")] == ["b"]


async def test_what_was_forgotten_comes_back_where_it_stood(catalogue: Catalogue) -> None:
    remembered = await opened(catalogue)
    await remembered.note_all([("style", name) for name in "abc"])
    before = remembered.of("style")
    await remembered.forget("style", "b")
    assert [known.id for known in remembered.of("style")] == ["c", "a"]
    await remembered.put_back("style", before[1], 1)
    assert remembered.of("style") == before
    assert (await opened(catalogue)).of("style") == before


async def test_only_so_many_are_kept(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    remembered = await opened(catalogue)
    await remembered.note_all([("style", str(number)) for number in range(5)])
    assert [known.id for known in remembered.of("style")] == ["4", "3", "2"]


@pytest.mark.parametrize("text", ["{", "[]", '{"style": 3}', '{"style": [["a"]]}'])
async def test_what_cannot_be_read_is_forgotten(catalogue: Catalogue, text: str) -> None:
    await catalogue.set_meta(META, text)
    assert (await opened(catalogue)).of("style") == ()


def test_a_request_says_which_ids_it_uses() -> None:
    body = {"prediction_ids": ["p"], "refine_model_id": MODEL, "organization_id": None}
    found = used_ids(RefineGenerationRequest.model_fields, body)
    assert found == [("refine_model", MODEL)]
