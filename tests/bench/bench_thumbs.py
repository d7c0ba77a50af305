"""Thumbnails: pictures per second through the whole pipeline, and through a bare decoder.

The pipeline is the program's: a wish of the gallery for items whose files lie on this computer,
worker processes, the cache on the disk, and pixmaps that are ready to be painted. The bare decoder
does no more than bring the same files down to 256 pixels, in as many processes as there are cores.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image

from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.items import Item, Source
from scenario_desktop.services.thumbnails import Thumbnails
from scenario_desktop.store.thumbnails import ThumbnailCache
from scenario_desktop.ui import loop
from scenario_desktop.ui.models.picture_store import PictureStore, square
from tests.bench.gallery_bench import application
from tests.bench.sample_files import make_files

FILES, SIDE_PX, DISTINCT = 500, 2048, 25
THUMB_PX = 256
ROUNDS = 3


def bare(path: str) -> int:
    """Decode a file at thumbnail size, and nothing else.

    Pillow's own way: the decoder leaves out detail down to twice the size, a filter does the rest.
    """
    with Image.open(path) as image:
        image.thumbnail((THUMB_PX, THUMB_PX), reducing_gap=2.0)
        image.load()
        return image.width


def bare_seconds(pool: Pool, files: list[Path]) -> float:
    begin = time.perf_counter()
    pool.map(bare, map(str, files), chunksize=4)
    return time.perf_counter() - begin


def items_of(files: list[Path]) -> list[Item]:
    now = datetime.now(UTC)
    return [
        Item(number, f"asset_{number}", Source.SCENARIO, "image", "uploaded", "success", path.name,
             "image/jpeg", now, now)
        for number, path in enumerate(files, 1)
    ]  # fmt: skip


async def pipeline_seconds(folder: Path, pool: WorkerPool, files: list[Path]) -> float:
    """Return how long it takes from the wish until the last pixmap is there."""
    cache = ThumbnailCache(folder, 2**30)
    await cache.open()
    nothing = cast("Any", None)  # no server is asked
    thumbnails = Thumbnails(
        nothing, nothing, cache, pool, local_file=lambda item: files[item.key - 1]
    )
    store = PictureStore(thumbnails)
    done = asyncio.Event()
    waiting = set(range(1, len(files) + 1))

    def on_loaded(key: int) -> None:
        waiting.discard(key)
        if not waiting:
            done.set()

    store.loaded.connect(on_loaded)
    begin = time.perf_counter()
    store.want("bench", items_of(files), square(120))
    async with asyncio.timeout(120):
        await done.wait()
    seconds = time.perf_counter() - begin
    store.close()
    await thumbnails.aclose()
    await cache.aclose()
    return seconds


async def measure(folder: Path, files: list[Path], bare_pool: Pool) -> dict[str, Any]:
    bare_s: list[float] = []
    ours_s: list[float] = []
    pool = WorkerPool()
    try:
        await pool.warm_up()
        bare_pool.map(bare, map(str, files[: pool.processes * 8]), chunksize=4)
        for number in range(ROUNDS):
            bare_s.append(bare_seconds(bare_pool, files))
            ours_s.append(await pipeline_seconds(folder / f"{number}.sqlite", pool, files))
    finally:
        await pool.aclose()
    return {
        "name": "thumbs",
        "ratio": round(statistics.median(bare_s) / statistics.median(ours_s), 3),
        "pictures_per_s": round(FILES / statistics.median(ours_s), 1),
        "bare_per_s": round(FILES / statistics.median(bare_s), 1),
        "rounds": [round(b / o, 3) for b, o in zip(bare_s, ours_s, strict=True)],
    }


def run() -> dict[str, Any]:
    """Measure and return the figures."""
    application()
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="scenario-desktop-bench-") as name,
        spawn.Pool(os.cpu_count() or 1) as bare_pool,
    ):
        files = make_files(Path(name) / "files", FILES, SIDE_PX, distinct=DISTINCT)
        return loop.run(measure(Path(name), files, bare_pool))
