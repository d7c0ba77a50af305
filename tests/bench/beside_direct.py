"""The engine beside the same work done directly: the same files, processes and memory settings."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

from scenario_desktop.imaging import pool as worker_pool


def prepare() -> None:
    """Set up a worker of the direct way as the engine's are."""
    if sys.platform == "linux":
        worker_pool._keep_freed_memory()


@contextmanager
def workplace() -> Iterator[tuple[Path, Pool]]:
    """Lend a folder, and as many processes as the engine has."""
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="scenario-desktop-bench-") as name,
        spawn.Pool(os.cpu_count() or 1, initializer=prepare) as pool,
    ):
        yield Path(name), pool


async def rounds(
    ours: Callable[[], Awaitable[float]], direct: Callable[[], float], count: int
) -> dict[str, Any]:
    """Measure both by turns, in seconds, and return medians and the ratio of each round."""
    direct_s: list[float] = []
    ours_s: list[float] = []
    await ours()  # fills caches of both
    await asyncio.to_thread(direct)
    for _ in range(count):
        direct_s.append(await asyncio.to_thread(direct))
        ours_s.append(await ours())
    return {
        "ratio": round(statistics.median(ours_s) / statistics.median(direct_s), 3),
        "engine_s": round(statistics.median(ours_s), 3),
        "direct_s": round(statistics.median(direct_s), 3),
        "rounds": [round(o / d, 3) for o, d in zip(ours_s, direct_s, strict=True)],
    }
