"""The catalogue: what goes in comes out, in order, filtered and counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.models.assets import Asset, Collection
from scenario_desktop.errors import NotFound, StoreFailed
from scenario_desktop.items import CollectionCount, Section, SortField, TagCount
from scenario_desktop.store.catalogue import Catalogue
from tests.catalogues import ids, open_catalogue

START = datetime(2026, 1, 1, tzinfo=UTC)


def asset(number: int, **fields: Any) -> Asset:
    """Return asset ``a<number>``, created that many minutes after the start."""
    metadata = {"type": "uploaded", "name": f"picture {number}"} | fields.pop("metadata", {})
    at = (START + timedelta(minutes=number)).isoformat()
    wire = {
        "id": f"a{number}",
        "kind": "image",
        "status": "success",
        "mimeType": "image/png",
        "createdAt": at,
        "updatedAt": at,
        "metadata": metadata,
        "properties": {"width": 100, "height": 50, "size": 1234},
    }
    return Asset.model_validate(wire | fields)


@pytest.fixture
async def catalogue(tmp_path: Path) -> AsyncIterator[Catalogue]:
    async with open_catalogue(tmp_path) as catalogue:
        yield catalogue


async def test_items_come_newest_first(catalogue: Catalogue) -> None:
    result = await catalogue.upsert_assets([asset(1), asset(3), asset(2)])
    assert len(result.inserted) == 3
    assert await ids(catalogue) == ["a3", "a2", "a1"]


async def test_the_same_page_again_changes_nothing(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([asset(1), asset(2)])
    result = await catalogue.upsert_assets([asset(1), asset(2)])
    assert (result.inserted, result.updated, result.unchanged) == ((), (), 2)


async def test_an_older_record_does_not_undo_a_newer_one(catalogue: Catalogue) -> None:
    newer = (START + timedelta(days=1)).isoformat()
    await catalogue.upsert_assets([asset(1, updatedAt=newer, tags=["new"])])
    result = await catalogue.upsert_assets([asset(1, tags=["old"])])
    assert result.unchanged == 1
    item = await catalogue.item_by_id("a1")
    assert item is not None
    assert item.tags == ("new",)


async def test_text_finds_words_by_their_beginning(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets(
        [
            asset(1, metadata={"name": "red_dragon-v2.png"}),
            asset(2, description="A Café at night"),
            asset(3, metadata={"prompt": "a knight, dragonfly wings"}),
            asset(4, tags=["東京タワー"]),
        ]
    )
    assert await ids(catalogue, text="drag") == ["a3", "a1"]
    assert await ids(catalogue, text="dragon v2") == ["a1"]
    assert await ids(catalogue, text="cafe") == ["a2"]
    assert await ids(catalogue, text="京") == ["a4"]
    assert await ids(catalogue, text='") (') == ["a4", "a3", "a2", "a1"]


async def test_a_changed_text_is_found_by_its_new_words_only(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([asset(1, description="castle")])
    assert await ids(catalogue, text="castle") == ["a1"]
    later = (START + timedelta(days=1)).isoformat()
    await catalogue.upsert_assets([asset(1, description="tower", updatedAt=later)])
    assert await ids(catalogue, text="castle") == []
    assert await ids(catalogue, text="tower") == ["a1"]


async def test_filters_join(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets(
        [
            asset(1, tags=["sea", "blue"], collectionIds=["c1"]),
            asset(2, tags=["sea"], metadata={"type": "detection", "modality": "canny"}),
            asset(3, kind="video", tags=["blue"]),
            asset(4, metadata={"parentId": "a1", "type": "txt2img"}),
        ]
    )
    assert await ids(catalogue, tags=("sea",)) == ["a2", "a1"]
    assert await ids(catalogue, tags=("sea", "blue")) == ["a1"]
    assert await ids(catalogue, without_tags=("sea",)) == ["a4", "a3"]
    assert await ids(catalogue, kinds=("video",)) == ["a3"]
    assert await ids(catalogue, kinds=("unheard-of",)) == []
    assert await ids(catalogue, collection_id="c1") == ["a1"]
    assert await ids(catalogue, parent_id="a1") == ["a4"]
    assert await ids(catalogue, section=Section.CONTROL_MAPS) == ["a2"]
    assert await ids(catalogue, section=Section.GENERATIONS) == ["a4"]
    assert await ids(catalogue, tags=("sea",), types=("detection",), text="pict") == ["a2"]


async def test_names_order_by_their_numbers(catalogue: Catalogue) -> None:
    names = ["Map 10", "map 2", "Äpfel", "zebra", "apple"]
    await catalogue.upsert_assets(
        [asset(n, metadata={"name": name}) for n, name in enumerate(names)]
    )
    found = await ids(catalogue, sort=SortField.NAME, is_descending=False)
    assert [names[int(i[1:])] for i in found] == ["Äpfel", "apple", "map 2", "Map 10", "zebra"]


async def test_counts_follow_every_change(catalogue: Catalogue) -> None:
    await catalogue.replace_collections([Collection(id="c1", name="Heroes")])
    await catalogue.upsert_assets(
        [
            asset(1, tags=["sea"], collectionIds=["c1"]),
            asset(2, tags=["sea", "sky"], metadata={"type": "detection"}),
            asset(3, isHidden=True),
        ]
    )
    await catalogue.mark_deleted(["a1"], START)
    keys = await catalogue.keys_by_ids(["a2"])
    await catalogue.set_favourite(keys.values(), True)
    await catalogue.apply_tags(["a2"], add=["night"], remove=["sky"])
    counts = await catalogue.counts()
    assert counts.sections == {
        Section.ALL: 1,
        Section.FAVOURITES: 1,
        Section.CONTROL_MAPS: 1,
        Section.CANVASES: 0,
        Section.GENERATIONS: 0,
        Section.TRASH: 1,
    }
    assert counts.tags == (TagCount("night", 1), TagCount("sea", 1))
    assert counts.collections == (CollectionCount("c1", "Heroes", 0),)


async def test_the_trash_and_back(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([asset(1, tags=["sea"]), asset(2)])
    await catalogue.mark_deleted(["a1"], START)
    assert await ids(catalogue) == ["a2"]
    assert await ids(catalogue, section=Section.TRASH) == ["a1"]
    await catalogue.mark_deleted(["a1"], None)
    assert await ids(catalogue, tags=("sea",)) == ["a1"]


async def test_a_purged_item_is_nowhere(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([asset(1, tags=["sea"], description="castle"), asset(2)])
    assert await ids(catalogue, text="castle") == ["a1"]
    await catalogue.purge(["a1"])
    assert await ids(catalogue, text="castle") == []
    assert await ids(catalogue, tags=("sea",)) == []
    assert (await catalogue.counts()).tags == ()


async def test_a_whole_record_comes_back_without_signed_addresses(catalogue: Catalogue) -> None:
    signed = "https://cdn.example/a.png?Policy=x&Signature=SECRET&Key-Pair-Id=y"
    await catalogue.upsert_assets(
        [
            asset(
                1,
                url=signed,
                thumbnail={"assetId": "t", "url": signed},
                preview={"assetId": "p", "url": signed},
                metadata={"referenceImages": [signed], "prompt": "why?"},
            ),
            asset(2, thumbnail={"assetId": "t", "url": "https://cdn.example/thumbnails/2"}),
        ]
    )
    keys = await catalogue.keys_by_ids(["a1", "a2"])
    record = await catalogue.asset(keys["a1"])
    assert record.url == ""
    assert record.metadata["referenceImages"] == ["https://cdn.example/a.png"]
    assert record.metadata["prompt"] == "why?"
    items = await catalogue.items(keys.values())
    assert items[keys["a1"]].thumbnail_url is None
    assert items[keys["a2"]].thumbnail_url == "https://cdn.example/thumbnails/2"
    await catalogue.aclose()
    assert b"SECRET" not in catalogue.path.read_bytes()


async def test_names_that_sqlite_cannot_keep_are_cleaned(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets(
        [
            asset(1, metadata={"name": "a\0b\ud800"}, tags=["x\0y", "\udfff"]),
            asset(2, properties={"width": 2.0**70, "height": 1e300}),
        ]
    )
    items = {i.id: i for i in (await catalogue.items([1, 2])).values()}
    assert items["a1"].name == "ab?"
    assert (items["a2"].width, items["a2"].height) == (None, None)


async def test_what_is_open_or_unknown_is_kept(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([asset(1, status="baking-v2", kind="hologram")])
    assert await ids(catalogue, statuses=("baking-v2",)) == ["a1"]
    with pytest.raises(NotFound):
        await catalogue.asset(99)


async def test_a_reopened_catalogue_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    first = Catalogue(path)
    await first.open()
    await first.upsert_assets([asset(1, tags=["sea"], description="castle")])
    await first.set_meta("watermark", "42")
    await first.aclose()
    second = Catalogue(path)
    await second.open()
    await second.upsert_assets([asset(2, tags=["sea"], description="castle")])
    assert await ids(second, text="castle") == ["a2", "a1"]
    assert await second.get_meta("watermark") == "42"
    assert await second.complete_tags("SE") == [TagCount("sea", 2)]
    await second.aclose()


async def test_words_of_a_killed_program_are_indexed_later(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    first = Catalogue(path)
    await first.open()
    await first.upsert_assets([asset(1, description="castle")])
    await first._database.aclose()  # as if killed before the new rows were entered
    second = Catalogue(path)
    await second.open()
    assert await ids(second, text="castle") == ["a1"]
    await second.aclose()


async def test_favourites_survive_a_damaged_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    first = Catalogue(path)
    await first.open()
    await first.upsert_assets([asset(1), asset(2)])
    await first.set_favourite([1], True)
    await first.aclose()
    path.write_bytes(b"not a database at all")
    second = Catalogue(path)
    await second.open()
    assert second.was_rebuilt
    await second.upsert_assets([asset(1), asset(2)])
    assert await ids(second, section=Section.FAVOURITES) == ["a1"]
    await second.aclose()
    assert len(list(tmp_path.glob("w.sqlite.damaged-*"))) == 1


async def test_large_results_agree_with_small_ones(catalogue: Catalogue) -> None:
    """Above two thousand rows the cached order is used instead of a sort."""
    await catalogue.upsert_assets(
        [
            asset(n, tags=["even"] if n % 2 == 0 else ["odd"], kind="image" if n % 3 else "video")
            for n in range(6000)
        ]
    )
    expected = [f"a{n}" for n in range(5999, -1, -1) if n % 2 == 0 and n % 3]
    assert await ids(catalogue, tags=("even",), kinds=("image",)) == expected
    assert await ids(catalogue, without_tags=("odd",), kinds=("image",)) == expected


async def test_edits_and_lineage(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([asset(1), asset(2, metadata={"parentId": "a1"})])
    assert [item.id for item in await catalogue.children("a1")] == ["a2"]
    rename = {"metadata": {"name": "hero", "type": "uploaded"}}
    await catalogue.edit(["a1"], lambda a: a.model_copy(update=rename))
    assert await ids(catalogue, text="hero") == ["a1"]


async def test_a_full_disk_in_the_middle_of_a_page_keeps_the_pages_before(
    catalogue: Catalogue,
) -> None:
    await catalogue.upsert_assets([asset(1, tags=["sea"], description="castle")])
    database = catalogue._database
    pages = await database.read(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    await database.read(lambda c: c.execute(f"PRAGMA max_page_count = {pages + 1}").close())
    with pytest.raises(StoreFailed, match="disk is full"):
        await catalogue.upsert_assets([asset(n, description="x" * 900) for n in range(2, 50)])
    assert await ids(catalogue, tags=("sea",)) == ["a1"]
    await database.read(lambda c: c.execute("PRAGMA max_page_count = 1000000").close())
    await catalogue.upsert_assets([asset(2, description="castle")])
    assert await ids(catalogue, text="castle") == ["a2", "a1"]


async def test_notes_are_kept_with_the_page_they_speak_of(catalogue: Catalogue) -> None:
    await catalogue.upsert_assets([asset(1)], notes={"progress": "page 1"})
    assert await catalogue.get_meta("progress") == "page 1"
