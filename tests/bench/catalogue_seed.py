"""Catalogues of any size in seconds, for benchmarks: rows go in bulk, indexes come after.

The rows are those that ``Catalogue.upsert_assets`` would have written; a test compares the two.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.catalogue_cells import COLUMNS, section_of_type
from scenario_desktop.store.text import folded, name_key

START = datetime(2024, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=47)
_TEXT = (
    "amber arch autumn bastion beacon bird blade bloom boat bone bridge bronze canyon castle cave "
    "cliff cloak cloud comet copper coral crown crystal dawn desert dragon dusk eagle ember fern "
    "field fire fjord fog forest fox garden gate ghost giant glacier glass gold grove harbor haze "
    "helm hero hill horse ice iron island ivory jade jungle knight lake lamp leaf light lion maple "
    "marsh mask meadow mist moon moss mountain night oak ocean orchid owl palace peak pearl pine "
    "raven reef river robot rose ruin sand sapphire sea shadow shell ship shore silver sky smoke "
    "snow spear spire spring star stone storm summer sun sword temple thorn tide tiger tower "
    "valley village violet volcano wave willow wind winter wolf wood"
)
WORDS = _TEXT.split()
TYPES = ("uploaded",) * 5 + ("txt2img",) * 9 + ("img2img",) * 2 + ("detection",) * 3 + ("canvas",)
TAGS = tuple(f"{first} {second}" for first in WORDS[:20] for second in WORDS[20:40])


def asset_id_of(number: int) -> str:
    """Return an id as the service makes them: as good as random."""
    return f"asset_{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:06x}"


def record(number: int, chance: random.Random) -> dict[str, Any]:
    """Return the asset of a number as the service would send it, without signed addresses."""
    asset_id = asset_id_of(number)
    at = (START + STEP * number).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    made = TYPES[number % len(TYPES)]
    words = chance.choices(WORDS, k=14)
    metadata: dict[str, Any] = {
        "kind": "image",
        "type": made,
        "name": f"{words[0]} {words[1]} {number}",
        "prompt": " ".join(words[2:]),
        "width": 1024,
        "height": 1024,
    }
    if made == "detection":
        metadata |= {"modality": "canny", "parentId": asset_id_of(max(0, number - 3))}
    tags = [TAGS[int(400 * chance.random() ** 2)] for _ in range(number % 4)]
    return {
        "id": asset_id,
        "kind": "image" if number % 50 else "video",
        "source": made,
        "status": "success",
        "mimeType": "image/png" if number % 50 else "video/mp4",
        "createdAt": at,
        "updatedAt": at,
        "collectionIds": [f"collection_{number % 10}"] if number % 7 == 0 else [],
        "tags": list(dict.fromkeys(tags)),
        "thumbnail": {
            "assetId": asset_id,
            "url": f"https://cdn.example/thumbnails/{number:08x}",
        },
        "properties": {"width": 1024.0, "height": 768.0, "size": 1_000_000.0 + number},
        "metadata": metadata,
    }


def seed(path: Path, count: int = 1_000_000, *, has_raw: bool = True) -> None:
    """Write a catalogue of ``count`` items; a million take some 40 s.

    Args:
        has_raw: with whole documents, as details show them.
    """
    asyncio.run(_empty(path))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    connection.execute("BEGIN")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    _fill(connection, count, has_raw)
    for _, sql in indexes:
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("ANALYZE")
    connection.close()


async def _empty(path: Path) -> None:
    catalogue = Catalogue(path)
    await catalogue.open()
    await catalogue.aclose()


def _fill(connection: sqlite3.Connection, count: int, has_raw: bool) -> None:
    words = _Numbers(connection, "words", "word")
    chance = random.Random(7)
    sections: Counter[str] = Counter()
    tag_numbers = {name: number for number, name in enumerate(TAGS, 1)}
    tag_counts: Counter[int] = Counter()
    collection_counts: Counter[int] = Counter()
    ids: list[tuple[str, int]] = []
    names: list[tuple[int, str, int]] = []
    tagged: list[tuple[int, int, int, int]] = []
    collected: list[tuple[int, int, int, int]] = []
    put = f"INSERT INTO items ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
    for first in range(0, count, 20_000):
        rows: list[tuple[Any, ...]] = []
        texts: list[tuple[int, str]] = []
        for number in range(first, min(count, first + 20_000)):
            key = number + 1
            wire = record(number, chance)
            metadata = wire["metadata"]
            made = metadata["type"]
            rest = {
                "metadata": metadata, "source": made, "description": "",
                "collectionIds": wire["collectionIds"], "authorId": "", "ownerId": "",
                "privacy": "", "nsfw": [], "editCapabilities": [], "isHidden": False,
                "duration": None, "format": None,
            }  # fmt: skip
            data = json.dumps(rest, separators=(",", ":")).encode()
            created = round((START + STEP * number).timestamp() * 1_000_000)
            rows.append((
                key, wire["id"], words["scenario"], words[wire["kind"]], words[made],
                words["success"], words[wire["mimeType"]],
                words["canny"] if made == "detection" else None, 0, None, created, created, None,
                1024, 768, 1_000_000 + number, None, metadata["name"], metadata.get("parentId"),
                wire["thumbnail"]["url"], "\x1f".join(wire["tags"]) or None, None, None, None, None,
                None, data if has_raw else b'{"metadata":{},"source":""}',
            ))  # fmt: skip
            ids.append((wire["id"], key))
            names.append((0, name_key(metadata["name"]), key))
            tags = "".join(f" {tag}" for tag in wire["tags"])
            texts.append((key, f"{metadata['name']}{tags}  {metadata['prompt']}"))
            sections["all"] += 1
            special = section_of_type(made)
            if special is not None:
                sections[str(special)] += 1
            for tag in wire["tags"]:
                tag_counts[tag_numbers[tag]] += 1
                tagged.append((tag_numbers[tag], 0, created, key))
            for collection in wire["collectionIds"]:
                place = int(collection.rpartition("_")[2]) + 1
                collection_counts[place] += 1
                collected.append((place, 0, created, key))
        connection.executemany(put, rows)
        connection.executemany("INSERT INTO found (rowid, text) VALUES (?, ?)", texts)
    connection.executemany("INSERT INTO ids VALUES (?, ?)", sorted(ids))
    connection.executemany("INSERT INTO names VALUES (?, ?, ?)", sorted(names))
    connection.executemany("INSERT INTO item_tags VALUES (?, ?, ?, ?)", sorted(tagged))
    connection.executemany("INSERT INTO item_collections VALUES (?, ?, ?, ?)", sorted(collected))
    connection.executemany(
        "INSERT INTO tags VALUES (?, ?, ?, ?)",
        [(n, name, folded(name), tag_counts[n]) for name, n in tag_numbers.items()],
    )
    connection.executemany(
        "INSERT INTO collections VALUES (?, ?, ?, ?)",
        [(n, f"collection_{n - 1}", f"Collection {n}", collection_counts[n]) for n in range(1, 11)],
    )
    connection.executemany("INSERT INTO counters VALUES (?, ?)", sections.items())
    connection.execute("REPLACE INTO meta VALUES ('index.to', ?)", (str(count),))


class _Numbers:
    def __init__(self, connection: sqlite3.Connection, table: str, column: str) -> None:
        self._connection = connection
        self._sql = f"INSERT INTO {table} ({column}) VALUES (?)"
        self._known: dict[str, int] = {}

    def __getitem__(self, word: str) -> int:
        if word not in self._known:
            self._known[word] = self._connection.execute(self._sql, (word,)).lastrowid or 0
        return self._known[word]


def wire_pages(count: int, page_size: int = 100) -> Iterator[list[dict[str, Any]]]:
    """Yield pages of records, newest first, as a listing by update would."""
    chance = random.Random(7)
    for last in range(count, 0, -page_size):
        yield [record(n, chance) for n in range(last - 1, max(-1, last - page_size - 1), -1)]


if __name__ == "__main__":
    began = time.perf_counter()
    seed(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
    sys.stdout.write(f"{time.perf_counter() - began:.1f} s\n")
