"""Resident memory with a million items open and looked through, less that of a bare window, MiB.

Each is measured in a process of its own. The bare window is a QMainWindow in the same interpreter.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COUNT = 1_000_000
MIB = 1024 * 1024


def resident_bytes() -> int:
    """Return what of this process lies in memory now; at most so far where that is not told."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")


def bare() -> dict[str, float]:
    """Show an empty window and weigh it."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication, QMainWindow

    app = QApplication([])
    window = QMainWindow()
    window.resize(1440, 900)
    window.show()
    for _ in range(20):
        app.processEvents()
    return {"mib": resident_bytes() / MIB}


def full(path: Path) -> dict[str, float]:
    """Open a million items, look through many screens, choose, filter and sort; then weigh."""
    from scenario_desktop.ui.loop import run as run_loop
    from tests.bench.gallery_bench import application

    application()
    return run_loop(_look_through(path))


async def _look_through(path: Path) -> dict[str, float]:
    from dataclasses import replace

    from scenario_desktop.items import SortField
    from tests.bench.gallery_bench import gallery

    async with gallery(path) as page:
        opened = resident_bytes() / MIB
        controller, bar = page.controller, page.view.grid.verticalScrollBar()
        for query in (
            replace(controller.query, sort=SortField.NAME),
            replace(controller.query, types=("txt2img",)),
            controller.query,
        ):
            controller.set_query(query)
            await controller.load.settle()
            for number in range(60):
                bar.setValue(bar.maximum() * number // 60)
                await asyncio.sleep(0.03)
        page.view.grid.choose_all()
        await asyncio.sleep(0.5)
        return {"mib": resident_bytes() / MIB, "opened_mib": opened}


def _weigh(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.bench_memory", *arguments]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return result


def run() -> dict[str, Any]:
    """Measure and return the figures."""
    from tests.bench.seeded import catalogue_file

    path = catalogue_file(COUNT)
    empty, filled = _weigh("bare"), _weigh("full", str(path))
    return {
        "name": "memory",
        "mib": round(filled["mib"] - empty["mib"], 1),
        "opened_mib": round(filled["opened_mib"] - empty["mib"], 1),
        "window_mib": round(empty["mib"], 1),
        "full_mib": round(filled["mib"], 1),
    }


if __name__ == "__main__":
    figures = bare() if sys.argv[1] == "bare" else full(Path(sys.argv[2]))
    sys.stdout.write(json.dumps(figures) + "\n")
