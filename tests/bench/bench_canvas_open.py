"""Opening a canvas of twenty layers: from its text to all of it on the screen.

The files of the layers are on the disk; half are photos, half are painted. ``ratio`` is the time
until the stage has painted all of them over the time in which as many worker processes decode the
same files and give nothing back.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import threading
import time
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.imaging import pool as worker_pool
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.tasks import load_libraries, picture_file
from scenario_desktop.ui.loop import run as run_loop
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.exchange import loading
from scenario_desktop.ui.panels.canvas.pixels.tiling import LETTING_GO
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.panels.canvas.tools.settings import ToolSettings
from tests.bench import beside_direct
from tests.bench.canvas_files import SIDE, FilePictures, make_canvas
from tests.bench.gallery_bench import application
from tests.support import until

ROUNDS = 7


def prepare() -> None:
    """Set up a worker of the direct way as the program's are, also in how it gives way."""
    beside_direct.prepare()
    worker_pool._step_back()


def decode(path: str) -> int:
    return len(picture_file(path, SIDE).data)


def direct(pool: Pool, files: dict[str, Path]) -> float:
    begun = time.perf_counter()
    pool.map(decode, [str(path) for path in files.values()], chunksize=1)
    return time.perf_counter() - begun


async def ours(stage: Stage, editor: Editor, text: str, pictures: FilePictures) -> float:
    begun = time.perf_counter()
    document = await asyncio.to_thread(canvas_format.read, text)
    pixels, errors = await loading.load(document, {}, pictures)
    if errors:
        raise errors[0]
    editor.open(document, pixels)
    stage.repaint()
    while stage.is_refining:
        stage.repaint()
    return time.perf_counter() - begun


def has_let_go() -> bool:
    """Whether the memory of the canvas before has been given back."""
    return all(thread.name != LETTING_GO for thread in threading.enumerate())


async def measure(folder: Path, direct_pool: Pool) -> dict[str, Any]:
    text, files = make_canvas(folder / "files")
    pool = WorkerPool()
    editor = Editor()
    stage = Stage(editor, ToolSettings())
    stage.resize(1100, 800)
    stage.show()
    QApplication.sendPostedEvents()
    pictures = FilePictures(pool, files)
    try:
        await pool.warm_up()
        direct_pool.map(decode, [str(path) for path in files.values()], chunksize=1)
        ours_s: list[float] = []
        direct_s: list[float] = []
        await ours(stage, editor, text, pictures)
        for _ in range(ROUNDS):
            await until(has_let_go)  # what was put off must not fall on the direct way
            direct_s.append(await asyncio.to_thread(direct, direct_pool, files))
            ours_s.append(await ours(stage, editor, text, pictures))
    finally:
        await pool.aclose()
        stage.close()
        stage.deleteLater()
    return {
        "name": "canvas-open",
        # The quickest of each: whatever else this machine does only ever adds.
        "ratio": round(min(ours_s) / min(direct_s), 3),
        "open_s": round(min(ours_s), 3),
        "decode_s": round(min(direct_s), 3),
        "rounds": [round(o / d, 3) for o, d in zip(ours_s, direct_s, strict=True)],
    }


def run() -> dict[str, Any]:
    """Measure and return the figures."""
    application()
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="scenario-desktop-bench-") as name,
        spawn.Pool(os.cpu_count() or 1, initializer=prepare) as pool,
    ):
        pool.apply(load_libraries)
        return run_loop(measure(Path(name), pool))
