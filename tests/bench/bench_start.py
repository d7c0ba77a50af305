"""Starting: how long until the gallery is painted, and how far from a bare window that is.

Both are measured from the start of the process to the end of the first paint, by turns and many
times over: ours on a data folder with 10,000 items and their thumbnails, as it is left by closing
the window; the other a ``QMainWindow`` in the same interpreter. The paint counts if it drew
cells of the catalogue, with or without their pictures. Both processes end at its end, so nothing
after it is measured. ``pictures_ms`` is the time until all cells in view have their pictures.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from scenario_desktop import paths
from scenario_desktop.items import ItemQuery, picture_version
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.settings import SettingsStore
from scenario_desktop.store.thumbnails import ThumbnailCache
from tests.bench.gallery_bench import application, jpeg
from tests.bench.seeded import catalogue_file

COUNT = 10_000
ROUNDS = 15
PICTURE_ROUNDS = 5
#: Rounds before the first that counts, which fill the caches of code and disk.
WARM_UP = 2
#: Items that have a thumbnail on the disk.
WITH_THUMBNAIL = 400

BARE = """
import os
from PySide6.QtWidgets import QApplication, QMainWindow

class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        os._exit(0)

application = QApplication([])
window = Window()
window.resize(1440, 900)
window.show()
application.exec()
"""
#: The program itself, with an end put behind the first paint that draws cells.
OURS = """
import os, sys
sys.argv[0] = "scenario-desktop"
import scenario_desktop.__main__ as program
from importlib.abc import MetaPathFinder

class EndAfterPaint(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "scenario_desktop.ui.panels.gallery.grid":
            from scenario_desktop.ui.panels.gallery.area import GridArea
            paint = GridArea.paintEvent

            def paint_and_end(area, event):
                paint(area, event)
                keys = area.visible_keys()
                drawn = sum(area._store.pixmap(key, area.frame) is not None for key in keys)
                if keys and drawn >= len(keys) * ("PICTURES" in os.environ):
                    print(len(area.order), len(keys), drawn, flush=True)
                    os._exit(0)

            GridArea.paintEvent = paint_and_end
            sys.meta_path.remove(self)
        return None

sys.meta_path.insert(0, EndAfterPaint())
raise SystemExit(program.main())
"""


async def fill(folder: Path, seeded: Path) -> None:
    """Make a data folder as it is left by closing the window on 10,000 items."""
    places = paths.under(folder)
    places.make()
    settings = SettingsStore(places.settings)
    settings.update(theme="dark")
    await settings.aclose()
    shutil.copy(seeded, places.catalogue("local"))
    catalogue = Catalogue(places.catalogue("local"))
    await catalogue.open()
    cache = ThumbnailCache(places.thumbnails, 2**30)
    await cache.open()
    keys = await catalogue.ordered_keys(ItemQuery())
    items = await catalogue.items(keys[:WITH_THUMBNAIL])
    pictures = [jpeg(number) for number in range(24)]
    await cache.put_many(
        [
            (
                item.id,
                picture_version(item.type, item.status, item.created_at, item.updated_at),
                pictures[item.key % len(pictures)],
            )
            for item in items.values()
        ]
    )
    await cache.aclose()
    await catalogue.aclose()


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Return the milliseconds of a process and what it printed."""
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return (time.perf_counter() - begin) * 1000, done.stdout


def run() -> dict[str, Any]:
    """Measure and return the figures."""
    application()
    seeded = catalogue_file(COUNT)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["QT_QPA_PLATFORM"] = "offscreen"
    bare: list[float] = []
    ours: list[float] = []
    said = ""
    with tempfile.TemporaryDirectory(prefix="scenario-desktop-bench-") as folder:
        asyncio.run(fill(Path(folder), seeded))
        for number in range(WARM_UP + ROUNDS):
            bare_ms, _ = timed([sys.executable, "-c", BARE], environment)
            ours_ms, said = timed([sys.executable, "-c", OURS, "--data", folder], environment)
            if number >= WARM_UP:
                bare.append(bare_ms)
                ours.append(ours_ms)
        environment["PICTURES"] = "1"
        command = [sys.executable, "-c", OURS, "--data", folder]
        pictures = [timed(command, environment)[0] for _ in range(PICTURE_ROUNDS)]
    count, cells, drawn = map(int, said.split())
    if count != COUNT:
        raise RuntimeError(f"the first paint shows {count} items")
    return {
        "name": "start",
        "ratio": round(statistics.median(ours) / statistics.median(bare), 3),
        "bare_ms": round(statistics.median(bare), 1),
        "ours_ms": round(statistics.median(ours), 1),
        "best_bare_ms": round(min(bare), 1),
        "best_ours_ms": round(min(ours), 1),
        "cells": cells,
        "with_picture": drawn,
        "pictures_ms": round(statistics.median(pictures), 1),
    }
