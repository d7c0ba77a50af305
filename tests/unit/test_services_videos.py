"""Videos of items: fetched once, read ahead within bounds, and let go."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from scenario_desktop.errors import AppError, BadInput, NotFound, Offline
from scenario_desktop.imaging import video as reader
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.video import VideoInfo
from scenario_desktop.items import Item
from scenario_desktop.services import videos
from scenario_desktop.services.videos import Video, Videos, fitting
from tests.fakes_scenario import InlinePool
from tests.support import until
from tests.unit.test_services_previews import Room as PreviewRoom
from tests.video_files import make_video, numbers_of

BOX = (80, 80)


class Room:
    """Videos of a fake server, decoded in this process."""

    def __init__(self, folder: Path) -> None:
        self.previews = PreviewRoom(folder, max_cache_bytes=10**9)
        self.folder = folder
        self.pools: list[InlinePool] = []
        self.videos = Videos(self.previews.previews, make_pool=self._pool, rest_s=0.0)

    def _pool(self) -> WorkerPool:
        self.pools.append(InlinePool())
        return cast(WorkerPool, self.pools[-1])

    def add(self, body: bytes) -> Item:
        return cast(Item, dataclasses.replace(self.previews.add(1, body), kind="video"))

    def film(self, frames: int = 48, **kwargs: Any) -> Item:
        return self.add(make_video(self.folder / "a.mp4", frames, **kwargs).read_bytes())

    async def opened(self, frames: int = 48) -> Video:
        return await self.videos.open(self.film(frames), BOX)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    room = Room(tmp_path)
    yield room
    await room.videos.aclose()
    reader.forget()


def seen(video: Video, number: int) -> int:
    """Return which frame it has under this number."""
    frame = video.frame(number)
    assert frame is not None
    return numbers_of(frame, frame.height)[0]


async def test_a_video_is_fetched_once_and_says_what_it_is(room: Room) -> None:
    item = room.film()
    video = await room.videos.open(item, BOX)
    assert video.info == VideoInfo(160, 120, 48, 24.0)
    assert video.frame_px == (80, 60)
    await room.videos.open(item, BOX)
    assert len(room.previews.files.ranges) == 1


async def test_nothing_is_decoded_before_it_is_asked_for(room: Room) -> None:
    video = await room.opened()
    assert room.pools[0].calls == ["video_info"]
    video.go_to(0)
    await until(lambda: video.frame(0) is not None)


async def test_all_frames_of_a_short_video_are_read_ahead(room: Room) -> None:
    video = await room.opened()
    video.go_to(0)
    await until(lambda: video.ahead(0) == 48)
    assert [seen(video, number) for number in range(48)] == list(range(48))
    assert video.frame(48) is None


async def test_the_frame_that_is_waited_for_comes_alone_and_first(room: Room) -> None:
    video = await room.opened()
    grown: list[int] = []
    video.grown.connect(lambda: grown.append(video.ahead(20)))
    video.go_to(20)
    await until(lambda: bool(grown))
    assert grown[0] == 1
    await until(lambda: video.ahead(20) == 28)
    assert seen(video, 20) == 20


async def test_what_is_kept_is_bounded_and_follows(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame_bytes = 80 * 60 * 4
    monkeypatch.setattr(videos, "MAX_KEPT_BYTES", 12 * frame_bytes)
    monkeypatch.setattr(videos, "RUN_BYTES", 3 * frame_bytes)
    video = await room.opened()
    assert video.room == 8
    video.go_to(0)
    await until(lambda: video.ahead(0) == 8)

    def is_full(number: int) -> bool:
        return video.ahead(number) == min(8, 48 - number)

    for number in range(1, 48):
        video.go_to(number)
        await until(partial(is_full, number))
        assert len(video._kept) <= 12
    assert video.frame(43) is not None  # for stepping back
    assert video.frame(30) is None


async def test_looping_it_reads_the_beginning_before_the_end_comes(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(videos, "MAX_KEPT", 14)
    video = await room.opened()
    video.is_looping = True
    video.go_to(44)
    await until(lambda: video.ahead(0) == 6)
    assert video.ahead(44) == 4
    assert seen(video, 5) == 5


async def test_seeking_back_and_forth_brings_the_last_place(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(videos, "MAX_KEPT", 10)
    video = await room.opened()
    for number in (3, 40, 9, 31, 17):
        video.go_to(number)
    await until(lambda: video.ahead(17) == 6)
    assert seen(video, 17) == 17
    assert video.frame(40) is None


async def test_another_size_brings_frames_anew(room: Room) -> None:
    video = await room.opened()
    video.go_to(0)
    await until(lambda: video.ahead(0) == 48)
    video.resize((40, 40))
    assert video.frame(0) is None
    await until(lambda: video.ahead(0) == 48)
    frame = video.frame(7)
    assert frame is not None
    assert (frame.width, frame.height) == (40, 30)


async def test_a_file_that_ends_early_gets_shorter(room: Room) -> None:
    body = make_video(room.folder / "a.avi").read_bytes()
    item = room.add(body[: len(body) // 2])
    video = await room.videos.open(item, BOX)
    told = video.info.frames
    video.go_to(0)
    await until(lambda: video.ends_early)
    assert 10 <= video.info.frames < told
    await until(lambda: video.ahead(0) == video.info.frames)


@pytest.mark.parametrize("body", [b"no video at all", b"\0\0\0\x18ftypmp42" + bytes(900)])
async def test_what_cannot_be_read_is_told_and_not_kept(room: Room, body: bytes) -> None:
    item = room.add(body)
    with pytest.raises(BadInput):
        await room.videos.open(item, BOX)
    assert list(room.previews.folder.iterdir()) == []


async def test_a_picture_is_not_opened(room: Room) -> None:
    item = dataclasses.replace(room.film(), kind="image")
    with pytest.raises(BadInput, match="not a video"):
        await room.videos.open(item, BOX)


async def test_without_network_it_says_so(room: Room) -> None:
    item = room.film()

    async def refuse(asset_id: str, **kwargs: Any) -> Any:
        raise Offline("There is no connection.")

    room.previews.server.get_asset = refuse  # type: ignore[method-assign]
    with pytest.raises(Offline):
        await room.videos.open(item, BOX)


async def test_a_file_that_vanishes_is_told(room: Room) -> None:
    video = await room.opened()
    for path in room.previews.folder.iterdir():
        path.unlink()
    errors: list[AppError] = []
    video.failed.connect(errors.append)
    video.go_to(0)
    await until(lambda: bool(errors))
    assert isinstance(errors[0], NotFound)


async def test_closing_in_the_middle_frees_all_and_ends_the_process(tmp_path: Path) -> None:
    room = PreviewRoom(tmp_path, max_cache_bytes=10**9)
    body = make_video(tmp_path / "a.mp4", 200, size=(640, 480)).read_bytes()
    item = cast(Item, dataclasses.replace(room.add(1, body), kind="video"))
    make_pool = partial(WorkerPool, 1, time_limit_s=20.0)
    service = Videos(room.previews, make_pool=make_pool, rest_s=0.0)
    try:
        video = await service.open(item, (640, 480))
        video.go_to(150)
        await until(lambda: video.ahead(150) > 1)
        assert seen(video, 150) == 150
        pool = service.pool
        await video.aclose()
        assert video.frame(150) is None
        video.go_to(3)  # nothing more happens
        await until(lambda: service._pool is None and not service._closing)
        assert pool._is_closed
    finally:
        await service.aclose()


async def test_the_process_waits_for_the_next_video(room: Room) -> None:
    room.videos._rest_s = 3600.0
    first = await room.opened()
    first.go_to(0)
    await first.aclose()
    second = await room.videos.open(room.film(), BOX)
    second.go_to(0)
    await until(lambda: second.frame(0) is not None)
    assert len(room.pools) == 1


@pytest.mark.parametrize(
    ("info", "box", "size"),
    [
        ((160, 120), (80, 80), (80, 60)),
        ((160, 120), (800, 800), (160, 120)),
        ((3840, 2160), (5000, 5000), (1920, 1080)),
        ((4000, 2), (100, 100), (100, 1)),
    ],
)
def test_frames_fill_a_box(
    info: tuple[int, int], box: tuple[int, int], size: tuple[int, int]
) -> None:
    assert fitting(VideoInfo(*info, frames=1, fps=1.0), box) == size
