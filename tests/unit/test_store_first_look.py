"""The first look: the same answer as the catalogue's, or none, and never a trace on the disk."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.items import ItemQuery, Section, SortField, picture_version
from scenario_desktop.store import catalogue_schema, first_look, thumbnails
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.first_look import Remembered, read_items, read_keys, read_settings
from scenario_desktop.store.thumbnails import ThumbnailCache
from tests.bench.catalogue_seed import seed

COUNT = 60


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("first-look") / "seed.sqlite"
    seed(path, COUNT)
    return path.read_bytes()


@pytest.fixture
def catalogue(tmp_path: Path, seeded: bytes) -> Path:
    path = tmp_path / "local.sqlite"
    path.write_bytes(seeded)
    return path


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000] + b"x" * 5000)


def lift(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def test_the_versions_are_those_of_the_stores() -> None:
    assert len(catalogue_schema.MIGRATIONS) == first_look.CATALOGUE_VERSION
    assert len(thumbnails._MIGRATIONS) == first_look.THUMBNAILS_VERSION


@pytest.mark.parametrize("sort", SortField)
@pytest.mark.parametrize("is_descending", [True, False])
async def test_it_sees_what_the_catalogue_will_say(
    catalogue: Path, sort: SortField, is_descending: bool
) -> None:
    query = ItemQuery(sort=sort, is_descending=is_descending)
    keys = read_keys(catalogue, query)
    items = read_items(catalogue, keys[:10])
    store = Catalogue(catalogue)
    await store.open()
    assert keys == await store.ordered_keys(query)
    assert items == await store.items(keys[:10])
    await store.aclose()


@pytest.mark.parametrize("section", Section)
@pytest.mark.parametrize("collection", [None, "collection_0", "nowhere"])
@pytest.mark.parametrize("sort", [SortField.CREATED, SortField.UPDATED])
async def test_it_knows_the_parts_of_a_library(
    catalogue: Path, section: Section, collection: str | None, sort: SortField
) -> None:
    query = ItemQuery(section=section, collection_id=collection, sort=sort)
    store = Catalogue(catalogue)
    await store.open()
    some = await store.ordered_keys(ItemQuery())
    await store.set_favourite(some[3:9], True)
    trashed = [item.id for item in (await store.items(some[:4])).values()]
    await store.mark_deleted(trashed, datetime.now(UTC))
    expected = await store.ordered_keys(query)
    await store.aclose()
    assert read_keys(catalogue, query) == expected


async def test_it_sees_what_was_written_before_a_crash(catalogue: Path) -> None:
    store = Catalogue(catalogue)
    await store.open()
    key = (await store.ordered_keys(ItemQuery()))[0]
    await store.set_favourite([key], True)
    items = read_items(catalogue, [key])  # the log beside the file is not folded in yet
    assert items[key].is_favourite
    await store.aclose()


def test_it_leaves_nothing_beside_the_file(catalogue: Path) -> None:
    before = catalogue.read_bytes()
    assert read_items(catalogue, read_keys(catalogue, ItemQuery()))
    assert catalogue.read_bytes() == before
    assert list(catalogue.parent.iterdir()) == [catalogue]


@pytest.mark.parametrize(
    "query",
    [
        ItemQuery(text="fox"),
        ItemQuery(kinds=("image",)),
        ItemQuery(parent_id="x"),
        ItemQuery(section=Section.CONTROL_MAPS, sort=SortField.NAME),
    ],
    ids=["words", "kind", "parent", "names of a part"],
)
def test_it_leaves_filters_to_the_catalogue(catalogue: Path, query: ItemQuery) -> None:
    assert not read_keys(catalogue, query)


@pytest.mark.parametrize("spoil", [damage, lift, empty, Path.unlink])
def test_without_certainty_there_is_nothing(catalogue: Path, spoil: Callable[[Path], None]) -> None:
    spoil(catalogue)
    assert not read_keys(catalogue, ItemQuery())
    assert not read_items(catalogue, [1, 2])


def test_an_empty_catalogue_has_nothing_to_show(tmp_path: Path) -> None:
    seed(tmp_path / "a.sqlite", 0)
    assert not read_keys(tmp_path / "a.sqlite", ItemQuery())


async def test_thumbnails_are_those_of_the_item_as_it_is(catalogue: Path, tmp_path: Path) -> None:
    items = read_items(catalogue, [1, 2, 3])
    good, old, absent = items.values()
    cache = ThumbnailCache(tmp_path / "thumbnails.sqlite", 2**20)
    await cache.open()
    version = picture_version(good.type, good.status, good.created_at, good.updated_at)
    await cache.put_many([(good.id, version, b"good"), (old.id, "another", b"old")])
    await cache.aclose()
    read = first_look.read_thumbnails(tmp_path / "thumbnails.sqlite", items)
    assert read == {good.key: b"good"}
    assert absent.key not in read


def test_without_a_cache_there_are_no_thumbnails(catalogue: Path, tmp_path: Path) -> None:
    items = read_items(catalogue, [1, 2, 3])
    assert first_look.read_thumbnails(tmp_path / "nothing.sqlite", items) == {}


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 5000])
def test_settings_that_cannot_be_read_are_the_defaults(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text, encoding="utf-8")
    assert read_settings(path) == Remembered()


def test_settings_are_read_as_far_as_they_make_sense(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    values: dict[str, Any] = {
        "theme": "light", "text_scale": 1.5, "active_workspace": "w1",
        "window": {"panels": {"sidebar": 200}, "pages": {"w1": {"section": "trash"}}},
        "gallery": {"cell_px": 200},
    }  # fmt: skip
    path.write_text(json.dumps(values))
    assert read_settings(path) == Remembered(
        "light", 1.5, "w1", {"sidebar": 200}, {"cell_px": 200}, {"section": "trash"}
    )
    odd: dict[str, Any] = {
        "theme": 7,
        "text_scale": "x",
        "active_workspace": "../../etc",
        "window": [],
        "gallery": 1,
    }
    path.write_text(json.dumps(odd))
    assert read_settings(path) == Remembered()
