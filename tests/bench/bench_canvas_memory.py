"""Resident memory of a canvas of twenty layers of 2048 x 2048, over the raw pixels of the layers.

It is weighed in a process of its own, after it was opened, looked at in several sizes and painted
on. ``mib`` is all of the process, the interpreter and Qt included; ``window_mib`` is a bare window
in the same interpreter. The workers that decode are not counted: they end or are used again.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.bench_memory import MIB, bare, resident_bytes

if TYPE_CHECKING:
    from scenario_desktop.ui.panels.canvas.stage.stage import Stage


async def look(folder: Path) -> dict[str, float]:
    """Open, zoom, paint and undo; then weigh."""
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QColor

    from scenario_desktop.canvas import format as canvas_format
    from scenario_desktop.imaging.pool import WorkerPool
    from scenario_desktop.ui.panels.canvas.editor import Editor
    from scenario_desktop.ui.panels.canvas.exchange import loading
    from scenario_desktop.ui.panels.canvas.pixels.brush import Brush
    from scenario_desktop.ui.panels.canvas.stage.stage import Stage
    from scenario_desktop.ui.panels.canvas.tools.settings import ToolSettings
    from tests.bench.canvas_files import SIDE, FilePictures

    text = (folder / "canvas.json").read_text(encoding="utf-8")
    document = canvas_format.read(text)
    files = {path.stem: path for path in folder.glob("asset_*")}
    editor = Editor()
    stage = Stage(editor, ToolSettings())
    stage.resize(1100, 800)
    stage.show()
    pool = WorkerPool()
    try:
        pixels, errors = await loading.load(document, {}, FilePictures(pool, files))
    finally:
        await pool.aclose()
    if errors:
        raise errors[0]
    editor.open(document, pixels)
    del pixels
    show(stage)
    opened = resident_bytes() / MIB
    editor.set_active("l9")
    for zoom in (0.1, 0.3, 1.0, 2.0):
        stage.set_zoom(zoom)
        show(stage)
        for _ in range(5):
            stage.pan(QPointF(40, 30))
            show(stage)
    for number in range(4):
        editor.begin_stroke(Brush(64, 0.3, 1.0), QColor("#2f8d6c"))
        for step in range(50):
            editor.stroke_to(100 + 30 * step, 300 + 200 * number + (step % 9) * 10)
        editor.end_stroke()
        stage.repaint()
    editor.undo()
    stage.fit()
    show(stage)
    await asyncio.sleep(0.3)
    used = resident_bytes() / MIB
    stage.close()
    stage.deleteLater()
    return {"mib": used, "opened_mib": opened, "raw_mib": len(document.layers) * SIDE**2 * 4 / MIB}


def show(stage: Stage) -> None:
    """Have all that is in view painted."""
    stage.repaint()
    while stage.is_refining:
        stage.repaint()


def full(folder: Path) -> dict[str, float]:
    from scenario_desktop.ui.loop import run as run_loop
    from tests.bench.gallery_bench import application

    application()
    return run_loop(look(folder))


def weigh(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.bench_canvas_memory", *arguments]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return result


def run() -> dict[str, Any]:
    """Measure and return the figures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from tests.bench.canvas_files import make_canvas
    from tests.bench.gallery_bench import application

    app = application()
    with tempfile.TemporaryDirectory(prefix="scenario-desktop-bench-") as name:
        folder = Path(name)
        text, _ = make_canvas(folder)
        (folder / "canvas.json").write_text(text, encoding="utf-8")
        empty, filled = weigh("bare"), weigh("full", name)
    app.processEvents()
    return {
        "name": "canvas-memory",
        "ratio": round(filled["mib"] / filled["raw_mib"], 3),
        "mib": round(filled["mib"], 1),
        "opened_mib": round(filled["opened_mib"], 1),
        "raw_mib": round(filled["raw_mib"], 1),
        "window_mib": round(empty["mib"], 1),
    }


if __name__ == "__main__":
    figures = bare() if sys.argv[1] == "bare" else full(Path(sys.argv[2]))
    sys.stdout.write(json.dumps(figures) + "\n")
