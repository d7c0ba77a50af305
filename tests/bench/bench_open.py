"""From a click on a filter or an order to its first rows on the screen, at a million items.

``ratio`` is the time of all cases together, until their first rows are painted, divided by that of
the same questions asked with plain SQL on a connection of their own, results read into an array.
Each is the median of several runs, taken in turn, and both sides may keep what SQLite caches.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject

from scenario_desktop.items import ItemQuery, SortField
from scenario_desktop.ui.loop import run as run_loop
from scenario_desktop.ui.panels.gallery.page import GalleryPage
from tests.bench.catalogue_seed import TAGS
from tests.bench.gallery_bench import application, gallery
from tests.bench.seeded import catalogue_file

COUNT = 1_000_000
RUNS = 5
NEWEST = ItemQuery()

#: name → what the gallery is asked, and how one would ask SQLite
CASES: dict[str, tuple[ItemQuery, str, tuple[Any, ...]]] = {
    "newest": (
        NEWEST,
        "SELECT key FROM items WHERE place = 0 ORDER BY created DESC, key DESC",
        (),
    ),
    "name": (
        replace(NEWEST, sort=SortField.NAME, is_descending=False),
        "SELECT key FROM names WHERE place = 0 ORDER BY name, key",
        (),
    ),
    "type": (
        replace(NEWEST, types=("txt2img",)),
        "SELECT key FROM items WHERE place = 0 AND type = (SELECT id FROM words WHERE word = ?)"
        " ORDER BY created DESC, key DESC",
        ("txt2img",),
    ),
    "tag": (
        replace(NEWEST, tags=(TAGS[3],)),
        "SELECT key FROM item_tags WHERE tag = (SELECT key FROM tags WHERE name = ?)"
        " AND place = 0 ORDER BY created DESC, key DESC",
        (TAGS[3],),
    ),
    "collection": (
        replace(NEWEST, collection_id="collection_3"),
        "SELECT key FROM item_collections WHERE place = 0 AND collection ="
        " (SELECT key FROM collections WHERE id = ?) ORDER BY created DESC, key DESC",
        ("collection_3",),
    ),
    "text": (
        replace(NEWEST, text="gla"),
        "SELECT key FROM items WHERE place = 0 AND key IN"
        " (SELECT rowid FROM found WHERE found MATCH ?) ORDER BY created DESC, key DESC",
        ('"gla"*',),
    ),
}


class Painted(QObject):
    """Tells when the grid has painted the answer to a query, items included."""

    def __init__(self, page: GalleryPage) -> None:
        super().__init__()
        self._page = page
        self._done: asyncio.Future[float] | None = None
        self._is_answered = False
        page.controller.shown.connect(self._on_shown)
        page.view.grid.viewport().installEventFilter(self)

    def _on_shown(self, _count: int) -> None:
        self._is_answered = True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._is_answered and self._done is not None:
            keys = self._page.view.grid.visible_keys()
            if keys and not self._page.controller.cache.missing(keys) and not self._done.done():
                self._done.set_result(0.0)
        return False

    async def time(self, query: ItemQuery) -> float:
        """Ask the page and return the seconds until the first rows of the answer are painted."""
        self._is_answered = False
        self._done = asyncio.get_running_loop().create_future()
        self._page.controller.cache.clear()
        start = time.perf_counter()
        self._page.controller.set_query(query)
        await self._done
        return time.perf_counter() - start


async def measure(path: Path) -> dict[str, Any]:
    plain = sqlite3.connect(path)
    ours: dict[str, list[float]] = {name: [] for name in CASES}
    bare: dict[str, list[float]] = {name: [] for name in CASES}
    counts: dict[str, int] = {}
    try:
        async with gallery(path) as page:
            painted = Painted(page)
            aside = replace(NEWEST, collection_id="collection_9")  # so that each is a change
            for _ in range(RUNS):
                for name, (query, sql, parameters) in CASES.items():
                    await painted.time(aside)
                    ours[name].append(await painted.time(query))
                    counts[name] = page.controller.count
                    start = time.perf_counter()
                    keys = array("q", (row[0] for row in plain.execute(sql, parameters)))
                    bare[name].append(time.perf_counter() - start)
                    if len(keys) != counts[name]:
                        raise RuntimeError(f"{name}: {counts[name]} shown, {len(keys)} by SQL")
    finally:
        plain.close()
    shown = {name: statistics.median(times) * 1000 for name, times in ours.items()}
    asked = {name: statistics.median(times) * 1000 for name, times in bare.items()}
    return {
        "name": "open",
        "ratio": round(sum(shown.values()) / sum(asked.values()), 3),
        "rows": counts,
        "shown_ms": {name: round(ms, 1) for name, ms in shown.items()},
        "sqlite_ms": {name: round(ms, 1) for name, ms in asked.items()},
        "first_ms": {name: round(times[0] * 1000, 1) for name, times in ours.items()},
    }


def run() -> dict[str, Any]:
    """Measure and return the figures."""
    application()
    return run_loop(measure(catalogue_file(COUNT)))
