"""The catalogue with a second service in it: predictions, their versions, generations."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.items import PREDICTION, REFINE, ItemQuery, Section, Source
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.catalogue_generations import GenerationRecord
from scenario_desktop.store.catalogue_schema import MIGRATIONS
from scenario_desktop.store.database import Database
from tests.catalogues import ids, open_catalogue

START = datetime(2026, 1, 1, tzinfo=UTC)


def prediction(number: int, group: str = "g1", **fields: Any) -> Asset:
    metadata = {
        "type": PREDICTION,
        "name": f"shot {number}",
        "prompt": "a red boat",
        "generationId": group,
        "shotType": "front_full_body",
    }
    return _asset(f"p{number}", number, metadata | fields.pop("metadata", {}), **fields)


def refine(number: int, parent: str, group: str = "g1") -> Asset:
    metadata = {"type": REFINE, "name": "shot", "parentId": parent, "generationId": group}
    return _asset(f"r{number}", number, metadata)


def picture(number: int) -> Asset:
    return _asset(f"a{number}", number, {"type": "txt2img", "name": f"picture {number}"}, source="")


def _asset(asset_id: str, number: int, metadata: dict[str, Any], **fields: Any) -> Asset:
    at = (START + timedelta(minutes=number)).isoformat()
    wire = {
        "id": asset_id, "kind": "image", "source": "sartiq", "status": "success",
        "mimeType": "image/png", "createdAt": at, "updatedAt": at, "metadata": metadata,
    }  # fmt: skip
    return Asset.model_validate(wire | fields)


def generation(group: str, *assets: Asset, is_open: bool = False) -> GenerationRecord:
    data = json.dumps({"id": group, "steps": 20}).encode()
    digest = repr(assets).encode()
    return GenerationRecord(group, START, is_open, digest, data, assets)


@pytest.fixture
async def catalogue(tmp_path: Path) -> AsyncIterator[Catalogue]:
    async with open_catalogue(tmp_path) as catalogue:
        yield catalogue


async def test_an_item_says_what_a_cell_shows(catalogue: Catalogue) -> None:
    video = prediction(
        1,
        kind="video",
        properties={"duration": 8},
        metadata={"versions": 2, "versionScale": 4.0, "favourite": True},
    )
    await catalogue.upsert_assets([video])
    item = await catalogue.item_by_id("p1")
    assert item is not None
    assert item.source is Source.SARTIQ
    assert (item.group_id, item.shot) == ("g1", "front_full_body")
    assert (item.duration_s, item.versions, item.is_favourite) == (8.0, 2, True)
    assert item.scale == 4.0
    assert item.is_prediction
    assert (await catalogue.asset(item.key)).metadata["generationId"] == "g1"


async def test_refines_lie_on_their_prediction(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([prediction(1), refine(2, "p1"), refine(3, "p1")])
    assert await ids(catalogue) == ["p1"]
    item = await catalogue.item_by_id("p1")
    assert item is not None
    assert [child.id for child in await catalogue.children("p1")] == ["r3", "r2"]
    assert await ids(catalogue, parent_id="p1") == ["r3", "r2"]
    assert await ids(catalogue, parent_id="p1", text="shot") == ["r3", "r2"]
    assert await ids(catalogue, text="shot") == ["p1"]
    counts = (await catalogue.counts()).sections
    assert (counts[Section.ALL], counts[Section.GENERATIONS]) == (1, 1)


async def test_both_services_stand_in_one_list_and_apart(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([picture(1), prediction(2), picture(3), prediction(4, "g2")])
    assert await ids(catalogue) == ["p4", "a3", "p2", "a1"]
    assert await ids(catalogue, sources=(Source.SARTIQ,)) == ["p4", "p2"]
    assert await ids(catalogue, sources=(Source.SCENARIO,)) == ["a3", "a1"]
    assert await ids(catalogue, sources=tuple(Source)) == ["p4", "a3", "p2", "a1"]
    assert await ids(catalogue, sources=(Source.SARTIQ,), types=("txt2img",)) == []
    assert await ids(catalogue, section=Section.GENERATIONS) == ["p4", "a3", "p2", "a1"]
    assert await ids(catalogue, group_id="g2") == ["p4"]
    assert await ids(catalogue, group_id="g2", tags=("none",)) == []
    assert await ids(catalogue, shots=("front_full_body",), text="boat") == ["p4", "p2"]
    assert await ids(catalogue, shots=("side",)) == []


@pytest.mark.parametrize(
    "part", [{"sources": (Source.SARTIQ,)}, {"group_id": "g"}, {"shots": ("front",)}]
)
def test_each_of_the_new_filters_is_one(part: dict[str, Any]) -> None:
    assert ItemQuery(**part).is_filtered


async def test_the_favourites_of_both_services_stand_together(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([picture(1), prediction(2, metadata={"favourite": True})])
    await catalogue.set_favourite(await catalogue.ordered_keys(ItemQuery(text="picture")), True)
    assert await ids(catalogue, section=Section.FAVOURITES) == ["p2", "a1"]
    await catalogue.upsert_assets([prediction(2)], is_forced=True)
    assert await ids(catalogue, section=Section.FAVOURITES) == ["a1"]
    assert (await catalogue.counts()).sections[Section.FAVOURITES] == 1


async def test_a_generation_is_replaced_as_a_whole(catalogue: Catalogue) -> None:
    one = generation("g1", prediction(1), prediction(2), refine(3, "p1"), is_open=True)
    other = generation("g2", prediction(4, "g2"))
    result = await catalogue.put_generations([one, other], notes={"mark": "here"})
    assert len(result.inserted) == 4
    assert await catalogue.open_generations(10) == ["g1"]
    assert await catalogue.generation("g1") == {"id": "g1", "steps": 20}
    assert await catalogue.get_meta("mark") == "here"
    less = generation("g1", prediction(1, metadata={"name": "anew"}))
    result = await catalogue.put_generations([less])
    assert (len(result.inserted), len(result.updated), len(result.removed)) == (0, 1, 2)
    assert await ids(catalogue) == ["p4", "p1"]
    assert await ids(catalogue, text="anew") == ["p1"]
    assert await catalogue.open_generations(10) == []
    found = await catalogue.generation_digests(["g1", "g2", "g3"])
    assert found == {"g1": less.digest, "g2": other.digest}
    assert [item.id for item in await catalogue.group_items(["g1", "g2"])] == ["p1", "p4"]


async def test_a_dropped_generation_is_nowhere(catalogue: Catalogue) -> None:
    one = generation("g1", prediction(1), refine(2, "p1"))
    await catalogue.put_generations([one, generation("g2", prediction(3, "g2"))])
    assert len(await catalogue.drop_generations(["g1", "unknown"])) == 2
    assert await ids(catalogue) == ["p3"]
    assert await catalogue.generation("g1") is None
    assert await catalogue.generations_between() == ["g2"]
    assert await catalogue.generations_between(START, START) == ["g2"]
    assert await catalogue.generations_between(START + timedelta(seconds=1)) == []
    assert await catalogue.generations_between(None, START - timedelta(seconds=1)) == []
    assert (await catalogue.counts()).sections[Section.GENERATIONS] == 1


async def test_what_asks_after_items_asks_the_first_service_only(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([picture(1), prediction(2), refine(3, "p2")])
    assert list((await catalogue.ids_after(0, 10)).values()) == ["a1"]


async def test_a_file_of_the_second_version_learns_how_large_its_refines_are(
    tmp_path: Path,
) -> None:
    path = tmp_path / "w.sqlite"
    catalogue = Catalogue(path)
    await catalogue.open()
    large, small = refine(2, "p1"), refine(3, "p1")
    made = [
        one.model_copy(update={"metadata": {**one.metadata, "scaleFactor": factor}})
        for one, factor in ((large, 4.0), (small, 2.0))
    ]
    told = prediction(1, metadata={"versions": 2})
    await catalogue.upsert_assets([told, prediction(9, metadata={"versions": 1}), *made])
    await catalogue.aclose()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE items DROP COLUMN scale")
        connection.execute("PRAGMA user_version = 2")
    catalogue = Catalogue(path)
    await catalogue.open()
    assert not catalogue.was_rebuilt
    first, other = [await catalogue.item_by_id(one) for one in ("p1", "p9")]
    assert first is not None
    assert other is not None
    assert (first.scale, other.scale) == (4.0, None)
    await catalogue.aclose()


async def test_a_file_of_the_first_version_is_lifted(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    first = Database(path, MIGRATIONS[:1])
    await first.open()
    await first.run(_fill_first_version)
    await first.aclose()
    catalogue = Catalogue(path)
    await catalogue.open()
    assert not catalogue.was_rebuilt
    assert await ids(catalogue) == ["clip", "odd", "still"]
    items = {item.id: item for item in (await catalogue.items([1, 2, 3])).values()}
    assert (items["clip"].duration_s, items["still"].duration_s) == (7.5, None)
    assert items["odd"].duration_s is None
    assert (items["still"].group_id, items["still"].shot, items["still"].versions) == (None, "", 0)
    assert await ids(catalogue, text="boat") == ["still"]
    assert (await catalogue.asset(items["clip"].key)).properties.duration == 7.5
    again = await catalogue.upsert_assets([await catalogue.asset(items["clip"].key)])
    assert again.unchanged == 1
    await catalogue.put_generations([generation("g1", prediction(9))])
    await catalogue.aclose()


def _fill_first_version(connection: Any) -> None:
    words = ["scenario", "image", "video", "txt2img", "success", "image/png"]
    connection.executemany("INSERT INTO words (word) VALUES (?)", [(word,) for word in words])
    rest = '{"metadata":{"type":"txt2img","name":"%s"},"source":"","duration":%s}'
    rows = [
        ("still", 2, "boat", (rest % ("boat", "9")).encode()),
        ("odd", 3, "odd", (rest % ("odd", "null")).encode()),
        ("clip", 3, "clip", (rest % ("clip", "7.5")).encode()),
    ]
    for key, (asset_id, kind, name, data) in enumerate(rows, 1):
        connection.execute(
            "INSERT INTO items (key, id, source, kind, type, status, mime, place, created,"
            " updated, name, data) VALUES (?, ?, 1, ?, 4, 5, 6, 0, ?, ?, ?, ?)",
            (key, asset_id, kind, key * 1_000, key * 1_000, name, data),
        )


async def test_generations_of_several_items_are_told_together(catalogue: Catalogue) -> None:
    await catalogue.put_generations(
        [
            generation("g1", prediction(1), prediction(2), refine(3, "p1")),
            generation("g2", prediction(4, "g2")),
        ]
    )
    (keys,) = await catalogue.groups()
    found = await catalogue.items(keys)
    assert sorted(item.id for item in found.values()) == ["p1", "p2"]
