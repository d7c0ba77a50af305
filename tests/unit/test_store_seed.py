"""The catalogue made in bulk for benchmarks is the one that a sync would have made."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from scenario_desktop.api.models.assets import Asset, Collection
from scenario_desktop.store.catalogue import Catalogue
from tests.bench.catalogue_seed import record, seed

COUNT = 300


def content(path: Path) -> dict[str, Any]:
    """Return what a catalogue holds, with words and names in the place of numbers."""
    with closing(sqlite3.connect(path)) as file:
        words = dict(file.execute("SELECT id, word FROM words"))
        cursor = file.execute("SELECT * FROM items ORDER BY key")
        columns = [column[0] for column in cursor.description]
        items = [dict(zip(columns, row, strict=True)) for row in cursor]
        for item in items:
            for column in ("source", "kind", "type", "status", "mime", "modality"):
                item[column] = words.get(item[column])
            item["metadata"] = json.loads(item.pop("data"))["metadata"]
        queries = {
            "ids": "SELECT id, key FROM ids",
            "names": "SELECT place, name, key FROM names",
            "tags": "SELECT name, folded, count FROM tags WHERE count > 0",
            "item_tags": "SELECT name, place, created, m.key FROM item_tags m JOIN tags t"
            " ON t.key = tag",
            "collections": "SELECT id, name, count FROM collections",
            "item_collections": "SELECT id, place, created, m.key FROM item_collections m"
            " JOIN collections c ON c.key = collection",
            "counters": "SELECT section, count FROM counters",
            "found": "SELECT rowid FROM found WHERE found MATCH 'dra* OR sil*'",
            "to": "SELECT value FROM meta WHERE name = 'index.to'",
        }
        return {"items": items} | {
            name: sorted(file.execute(query)) for name, query in queries.items()
        }


async def test_a_seeded_catalogue_equals_a_synced_one(tmp_path: Path) -> None:
    seeded, synced = tmp_path / "seeded.sqlite", tmp_path / "synced.sqlite"
    await asyncio.to_thread(seed, seeded, COUNT)
    chance = random.Random(7)
    assets = [Asset.model_validate(record(number, chance)) for number in range(COUNT)]
    catalogue = Catalogue(synced)
    await catalogue.open()
    await catalogue.replace_collections(
        [Collection(id=f"collection_{n}", name=f"Collection {n + 1}") for n in range(10)]
    )
    for start in range(0, COUNT, 100):
        await catalogue.upsert_assets(assets[start : start + 100])
    await catalogue.aclose()
    expected, found = content(synced), content(seeded)
    for name, rows in expected.items():
        assert found[name] == rows, name
