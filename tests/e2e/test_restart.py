"""What a killed or closed window leaves: no orphan, no half work, everything where it was."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.items import ItemQuery, SortField
from scenario_desktop.services.job_views import JobState
from tests.e2e.conftest import on_posix
from tests.e2e.desk import (
    PATIENCE_S,
    Apart,
    below,
    bring_in,
    desk,
    error_card,
    is_alive,
    items,
    session_of,
    shown,
)
from tests.e2e.hostile import encoded, noise
from tests.support import until

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def pictures(folder: Path, count: int, size: tuple[int, int] = (64, 64)) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"picture {number}.png").write_bytes(encoded(noise(number, size)))
    return folder


@on_posix
@linux_only
@pytest.mark.parametrize("verb", ["sit", "detect"], ids=["idle", "in the middle of jobs"])
async def test_nothing_outlives_a_killed_window(qt_loop: Any, tmp_path: Path, verb: str) -> None:
    if verb == "detect":
        folder = pictures(tmp_path / "p", 4, (1600, 1200))
        async with desk(tmp_path / "d") as program:
            await bring_in(program, [folder])
            await shown(program, 4)
    for is_last in (False, False, True):  # a busy machine may be late, but not each time
        took_s = await _orphaned_s(tmp_path / "d", verb)
        if took_s < 2:
            return
        assert not is_last, took_s


async def _orphaned_s(folder: Path, verb: str) -> float:
    """Return how long anything that a window has started outlives it."""
    window = Apart(folder, verb, "4")
    window.wait_for("ready" if verb == "sit" else "sent")
    count = 1 if verb == "sit" else 2  # the engine, and its workers
    await until(lambda: len(below(window.process.pid)) >= count)
    family = below(window.process.pid)
    window.kill()
    killed_at = time.monotonic()
    await until(lambda: not any(map(is_alive, family)), timeout_s=PATIENCE_S)
    took_s = time.monotonic() - killed_at
    window.end()
    return took_s


@on_posix
async def test_a_window_killed_while_importing_loses_and_doubles_nothing(
    qt_loop: Any, tmp_path: Path
) -> None:
    folder = pictures(tmp_path / "p", 40)
    for after in (1, 12):
        window = Apart(tmp_path / "d", "bring", str(folder))
        while window.wait_for("progress")["added"] < after:
            pass
        window.kill()
        window.end()
    async with desk(tmp_path / "d") as program:
        await bring_in(program, [folder])
        await shown(program, 40)
        progress = program.workbench.imports.progress
        assert progress is not None
        assert progress.done == 40
        assert all("Already here" in refusal.reason for refusal in progress.refused)
        await session_of(program).sync.run_once()
        names = [item.name for item in await items(program)]
        assert sorted(names) == sorted(file.stem for file in folder.iterdir())
        assert not error_card(program)


@on_posix
async def test_jobs_of_a_killed_window_are_picked_up(qt_loop: Any, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "p", 4, (1600, 1200))
    async with desk(tmp_path / "d") as program:
        await bring_in(program, [folder])
        await shown(program, 4)
    window = Apart(tmp_path / "d", "detect", "4")
    sent = window.wait_for("sent")["jobs"]
    window.kill()
    window.end()
    async with desk(tmp_path / "d") as program:
        jobs = session_of(program).jobs
        assert sorted(view.job_id or "" for view in jobs.rows) == sorted(sent)
        await until(
            lambda: all(view.state is JobState.DONE for view in jobs.rows), timeout_s=PATIENCE_S
        )
        await shown(program, 8)
        results = [view.result_ids for view in jobs.rows]
        assert all(len(ids) == 1 for ids in results)
        found = {item.id: item for item in await items(program)}
        for ids in results:
            assert found[ids[0]].parent_id in found


@on_posix
async def test_an_engine_killed_in_the_middle_of_jobs_costs_nothing(
    qt_loop: Any, tmp_path: Path
) -> None:
    folder = pictures(tmp_path / "p", 3, (1600, 1200))
    async with desk(tmp_path / "d") as program:
        await bring_in(program, [folder])
        await shown(program, 3)
        before = await items(program)
        session = session_of(program)
        requests = [DetectRequest(modality="sketch", image=item.id) for item in before]
        quote = await session.detect.quote(requests)
        await session.detect.submit(quote, before, is_confirmed=True)
        await until(lambda: all(view.job_id for view in session.jobs.rows))
        pid = program.engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: program.engine.pid not in (None, pid), timeout_s=PATIENCE_S)
        await until(
            lambda: all(view.state is JobState.DONE for view in session.jobs.rows),
            timeout_s=PATIENCE_S,
        )
        await shown(program, 6)
        now = {item.id: item for item in await items(program)}
        assert all(now[item.id] == item for item in before)


async def test_everything_is_where_it_was_left(qt_loop: Any, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "p", 5)
    async with desk(tmp_path / "d") as program:
        await bring_in(program, [folder])
        await shown(program, 5)
        bench = program.workbench
        bench.window.show_dock(False)
        gallery = bench.gallery.controller
        gallery.set_cell_size(200)
        gallery.set_sort(SortField.NAME, True)
        gallery.set_query(ItemQuery(
            sort=SortField.NAME, is_descending=True, types=("uploaded",)
        ))  # fmt: skip
        await gallery.load.settle()
        chosen = [item.key for item in (await items(program))[1:3]]
        gallery.reveal(chosen)
        await until(lambda: sorted(gallery.chosen_keys()) == sorted(chosen))
        left = (gallery.query, bench.gallery.view.grid.cell_size)
    async with desk(tmp_path / "d") as program:
        bench = program.workbench
        gallery = bench.gallery.controller
        await shown(program, 5)
        assert (gallery.query, bench.gallery.view.grid.cell_size) == left
        assert not bench.window.is_dock_shown()
        await until(lambda: sorted(gallery.chosen_keys()) == sorted(chosen))
        await until(lambda: sorted(bench.inspector.keys) == sorted(chosen))
