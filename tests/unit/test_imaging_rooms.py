"""Memory that the window shares with its workers."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging import decode, rooms, tasks
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.rooms import Lent, Ticket
from scenario_desktop.items import Picture
from tests.support import until

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such memory")


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(2, time_limit_s=20.0)
    yield pool
    await pool.aclose()


def file_of(folder: Path, mode: str, side_px: int, seed: int) -> Path:
    """Write a picture of noise, partly transparent where its mode allows it."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side_px, side_px, len(mode)), np.uint8)
    path = folder / f"{seed}.png"
    Image.fromarray(pixels, mode).save(path)
    return path


def die_in_the_room(size: int) -> Picture:
    memory = rooms.memory(size)
    assert memory is not None
    memory[:4] = b"half"
    os.kill(os.getpid(), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
    return Picture(1, 1, memory)


def wait_in_the_room(seen: str, go_on: str) -> Picture:
    memory = rooms.memory(4)
    Path(seen).touch()
    while not Path(go_on).exists():
        pass
    return Picture(1, 1, memory if memory is not None else b"byte")


def promise_more(size: int) -> Picture:
    memory = rooms.memory(size)
    assert memory is not None
    return Picture(size, size, memory)


def held() -> list[str]:
    """Return the rooms that this process still has open or looks into."""
    links = []
    for one in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(one.readlink()))
        except FileNotFoundError:
            continue  # the one that lists them
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    return [text for text in links + maps if "/memfd:" in text and "(deleted)" in text]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("has_rooms", [True, False])
async def test_many_pictures_come_whole_through_few_rooms(
    pool: WorkerPool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    has_rooms: bool,
) -> None:
    if not has_rooms:
        monkeypatch.setattr(rooms, "make", lambda: None)
    paths = [file_of(tmp_path, mode, 40 + 100 * (number % 4), number) for number in range(9)]

    def take(picture: Picture) -> bytes:
        return bytes(picture.data)

    taken = await asyncio.gather(
        *(pool.run_into(take, tasks.lent_picture, path, 8192) for path in paths)
    )
    assert taken == [decode.decode_rgba(path).data for path in paths]


@linux_only
async def test_rooms_are_used_again_and_given_back(pool: WorkerPool, tmp_path: Path) -> None:
    path = file_of(tmp_path, "RGB", 600, 1)
    most = 0

    def take(picture: Picture) -> bool:
        nonlocal most
        most = max(most, len({text for text in held() if text.startswith("/memfd:")}))
        return isinstance(picture.data, memoryview)

    ways = await asyncio.gather(
        *(pool.run_into(take, tasks.lent_picture, path, 8192) for _ in range(12))
    )
    assert all(ways)
    assert 1 <= most <= pool.processes + 2
    await until(lambda: not held())


@linux_only
async def test_a_worker_that_dies_in_a_room_costs_one_task_only(
    pool: WorkerPool, tmp_path: Path
) -> None:
    with pytest.raises(BadInput):
        await pool.run_into(lambda picture: picture, die_in_the_room, 10_000)
    path = file_of(tmp_path, "RGB", 30, 1)
    width = await pool.run_into(lambda picture: picture.width, tasks.lent_picture, path)
    assert width == 30
    await until(lambda: not held())


@linux_only
async def test_a_room_that_is_too_small_for_its_picture_is_refused(pool: WorkerPool) -> None:
    with pytest.raises(BadInput):
        await pool.run_into(lambda picture: picture, promise_more, 5000)
    await until(lambda: not held())


@linux_only
async def test_a_task_that_was_given_up_keeps_its_room_from_others(
    pool: WorkerPool, tmp_path: Path
) -> None:
    seen, go_on = tmp_path / "seen", tmp_path / "go on"
    late = asyncio.create_task(
        pool.run_into(lambda picture: picture, wait_in_the_room, str(seen), str(go_on))
    )
    await until(seen.exists)
    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    await until(lambda: not held())
    go_on.touch()
    path = file_of(tmp_path, "RGB", 30, 1)
    data = await pool.run_into(lambda picture: bytes(picture.data), tasks.lent_picture, path)
    assert data == decode.decode_rgba(path).data


@linux_only
async def test_a_failing_taker_gives_the_room_back(pool: WorkerPool, tmp_path: Path) -> None:
    def take(picture: Picture) -> None:
        raise BadInput(str(picture.width))

    path = file_of(tmp_path, "RGB", 30, 1)
    with pytest.raises(BadInput, match="30"):
        await pool.run_into(take, tasks.lent_picture, path)
    await until(lambda: not held())


@linux_only
def test_a_number_that_now_stands_for_another_file_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "library"
    other.write_bytes(b"precious")
    with other.open("r+b") as file:
        rooms.enter(Ticket(f"/proc/{os.getpid()}/fd/{file.fileno()}", "0" * 32))
        try:
            assert rooms.memory(100) is None
        finally:
            rooms.enter(None)
    assert other.read_bytes() == b"precious"


@linux_only
def test_a_room_grows_and_never_shrinks() -> None:
    room = rooms.make()
    assert room is not None
    try:
        rooms.enter(room.ticket)
        for width in (10, 50, 20):
            memory = rooms.memory(width * 4)
            assert memory is not None
            memory[:] = bytes([width]) * (width * 4)
            assert bytes(room.picture(Lent(width, 1)).data) == bytes([width]) * (width * 4)
        fd = os.open(room.ticket.path, os.O_RDWR)
        with pytest.raises(PermissionError):
            os.ftruncate(fd, 8)
        os.close(fd)
    finally:
        rooms.enter(None)
        room.close()


def test_without_a_room_pixels_come_as_bytes(tmp_path: Path) -> None:
    path = file_of(tmp_path, "RGB", 30, 1)
    assert isinstance(tasks.lent_picture(path).data, bytes)
