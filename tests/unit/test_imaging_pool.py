"""Worker processes: limits, deaths, cancelling and closing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.errors import BadInput, Cancelled
from scenario_desktop.imaging import parcel
from scenario_desktop.imaging.pool import Progress, WorkerPool, _Flight
from scenario_desktop.imaging.progress import report
from scenario_desktop.items import Picture
from tests.support import until


def double(number: int) -> int:
    return number * 2


def pid() -> int:
    return os.getpid()


def refuse() -> None:
    raise BadInput("This is not a picture.", hint="Choose another.")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)


def hang(seen: str) -> None:
    Path(seen).write_text(str(os.getpid()))
    while True:
        time.sleep(1)


def eat(mib: int) -> int:
    return len(bytearray(mib * 2**20))


def paint(side_px: int) -> tuple[Picture, str]:
    return Picture(side_px, side_px, bytes([7]) * side_px * side_px * 4), "seven"


def paint_late(gate: str, begun: str) -> tuple[Picture, str]:
    Path(begun).touch()
    while not Path(gate).exists():
        time.sleep(0.005)
    return paint(1024)


def files(pool: WorkerPool) -> list[Path]:
    """Return what waits in files."""
    return [path for path in Path(pool._folder).rglob("*") if path.is_file()]


def climb(path: str) -> None:
    report(0.25)
    while not Path(path).exists():
        time.sleep(0.005)
    report(0.75)


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except OSError:
        return False
    return True


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(1, time_limit_s=20.0, memory_limit_mib=2048)
    yield pool
    await pool.aclose()


async def test_runs_functions_in_another_process(pool: WorkerPool) -> None:
    assert await pool.run(double, 21) == 42
    assert await pool.run(pid) != os.getpid()


async def test_an_error_keeps_its_words(pool: WorkerPool) -> None:
    with pytest.raises(BadInput) as caught:
        await pool.run(refuse)
    assert (caught.value.message, caught.value.hint) == (
        "This is not a picture.", "Choose another.",
    )  # fmt: skip


async def test_a_dead_worker_costs_one_task_only() -> None:
    pool = WorkerPool(2)
    try:
        results = await asyncio.gather(
            *(pool.run(double, number) for number in range(6)), pool.run(die),
            *(pool.run(double, number) for number in range(6)), return_exceptions=True,
        )  # fmt: skip
        failed = [result for result in results if isinstance(result, BaseException)]
        assert [type(error) for error in failed] == [BadInput]
        assert "stop unexpectedly" in str(failed[0])
    finally:
        await pool.aclose()


async def test_a_hanging_task_is_given_up(tmp_path: Path) -> None:
    pool = WorkerPool(1, time_limit_s=0.3)
    try:
        with pytest.raises(BadInput, match="kept the program busy"):
            await pool.run(hang, str(tmp_path / "pid"))
        assert await pool.run_within(100, double, 2) == 4
    finally:
        await pool.aclose()


async def test_a_task_may_have_a_limit_of_its_own(tmp_path: Path) -> None:
    pool = WorkerPool(1, time_limit_s=100)
    try:
        with pytest.raises(BadInput, match=r"busy for 0\.3 s"):
            await pool.run_within(0.3, hang, str(tmp_path / "pid"))
        assert await pool.run_within(100, double, 2) == 4
    finally:
        await pool.aclose()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS is enforced on Linux")
async def test_memory_is_limited(pool: WorkerPool) -> None:
    with pytest.raises(BadInput, match="more memory"):
        await pool.run(eat, 4096)
    assert await pool.run(eat, 1) == 2**20


async def test_cancelling_kills_a_running_task(pool: WorkerPool, tmp_path: Path) -> None:
    seen = tmp_path / "pid"
    task = asyncio.create_task(pool.run(hang, str(seen)))
    await until(lambda: seen.exists() and seen.read_text())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not is_alive(int(seen.read_text())))
    assert await pool.run(double, 3) == 6


async def test_a_cancelled_waiting_task_never_runs(pool: WorkerPool, tmp_path: Path) -> None:
    gate, seen = tmp_path / "gate", tmp_path / "seen"
    running = [asyncio.create_task(pool.run(climb, str(gate))) for _ in range(2)]
    waiting = asyncio.create_task(pool.run(hang, str(seen)))
    await asyncio.sleep(0)
    waiting.cancel()
    gate.touch()
    await asyncio.gather(*running)
    assert await pool.run(double, 1) == 2
    assert not seen.exists()


@pytest.mark.parametrize("side_px", [16, 1024])
async def test_pictures_come_back_whole_and_leave_nothing(pool: WorkerPool, side_px: int) -> None:
    picture, word = await pool.run(paint, side_px)
    assert (picture.width, picture.height, word) == (side_px, side_px, "seven")
    assert picture.data == bytes([7]) * side_px * side_px * 4
    folder = Path(pool._folder)
    assert not files(pool)
    await pool.aclose()
    assert not folder.exists()


async def test_a_picture_that_nobody_waits_for_is_removed(pool: WorkerPool) -> None:
    await pool.warm_up()
    task = asyncio.create_task(pool.run(paint, 1024))
    await asyncio.sleep(0)
    task.cancel()
    assert await pool.run(double, 1) == 2
    await until(lambda: not files(pool))


async def test_a_worker_that_is_about_to_be_killed_leaves_nothing(
    pool: WorkerPool, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    task = asyncio.create_task(pool.run(paint_late, str(gate), str(tmp_path / "begun")))
    await until((tmp_path / "begun").exists)
    (flight,) = pool._flights
    parcel.close_place(flight.place)  # as for a task that was given up
    gate.touch()
    with pytest.raises(FileNotFoundError):
        await task
    assert not files(pool)


@pytest.mark.parametrize("side_px", [16, 1024])
async def test_a_picture_that_comes_as_it_is_given_up_is_removed(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch, side_px: int
) -> None:
    settle = pool._settle

    def settle_and_cancel(flight: _Flight, future: Future[Any]) -> None:
        settle(flight, future)
        task.cancel()

    monkeypatch.setattr(pool, "_settle", settle_and_cancel)
    task = asyncio.create_task(pool.run(paint, side_px))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not files(pool)
    monkeypatch.undo()
    assert (await pool.run(paint, 1024))[1] == "seven"


async def test_progress_is_seen_while_it_runs(pool: WorkerPool, tmp_path: Path) -> None:
    gate, progress = tmp_path / "gate", Progress()
    task = asyncio.create_task(pool.run_reporting(progress, climb, str(gate)))
    await until(lambda: progress.fraction == 0.25)
    gate.touch()
    await task
    assert progress.fraction == 0.75


async def test_the_pool_recovers_when_all_workers_are_killed(pool: WorkerPool) -> None:
    first = await pool.run(pid)
    os.kill(first, signal.SIGTERM)
    await until(lambda: not is_alive(first))
    assert await pool.run(double, 4) == 8


async def test_closing_ends_what_waits(tmp_path: Path) -> None:
    pool = WorkerPool(1)
    seen = tmp_path / "pid"
    task = asyncio.create_task(pool.run(hang, str(seen)))
    await until(lambda: seen.exists() and seen.read_text())
    await pool.aclose()
    with pytest.raises(Cancelled):
        await task
    assert not is_alive(int(seen.read_text()))
    with pytest.raises(Cancelled):
        await pool.run(double, 1)


ORPHAN = """
import asyncio, sys
from scenario_desktop.imaging.pool import WorkerPool
from tests.unit.test_imaging_pool import hang
asyncio.run(WorkerPool(1).run(hang, sys.argv[1]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
async def test_a_worker_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    seen = tmp_path / "pid"
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", ORPHAN, str(seen))
    await until(lambda: seen.exists() and seen.read_text(), timeout_s=30)
    parent.kill()
    await parent.wait()
    status = Path(f"/proc/{seen.read_text()}/status")
    await until(lambda: not status.exists() or "State:\tZ" in status.read_text())


async def test_closing_an_unused_pool_starts_nothing() -> None:
    pool = WorkerPool(1)
    await pool.aclose()
    await pool.aclose()
