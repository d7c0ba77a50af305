"""Videos of items, frame by frame: fetched once, decoded ahead in a worker process of their own.

One process decodes one video at a time and keeps it open, so that runs of frames follow each other
without seeking; thumbnails and pictures are not held up by it. It ends when nothing plays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from psygnal import Signal

from scenario_desktop.errors import AppError, BadInput, NotFound
from scenario_desktop.imaging import tasks
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.video import VideoInfo
from scenario_desktop.items import Item, Picture

__all__ = ["Size", "Video", "VideoInfo", "Videos", "fitting"]

T = TypeVar("T")
#: Width and height of a frame, or of what it is shown in, in pixels.
Size = tuple[int, int]

#: Bytes of decoded frames kept for one video: some two seconds of 1280 x 720.
MAX_KEPT_BYTES: Final = 192 * 2**20
#: Frames kept at most, however small they are.
MAX_KEPT: Final = 240
#: Bytes of one run of frames on its way.
RUN_BYTES: Final = 24 * 2**20
#: Frames kept behind the one shown, for stepping back.
BEHIND: Final = 4
#: Pixels of one frame: what a screen shows well and the window draws in a few milliseconds.
MAX_FRAME_PIXELS: Final = 1920 * 1080
#: Seconds that one run of frames, or the first look at a file, may take.
TIME_LIMIT_S: Final = 20.0
#: Seconds that the process waits for the next video.
REST_S: Final = 10.0


class Files(Protocol):
    """Where videos come from; the previews are one."""

    async def read_video(self, item: Item, read: Callable[[Path], Awaitable[T]], /) -> T: ...


class Video:
    """One video that is open. Made by ``Videos.open``; begins to read with the first ``go_to``.

    Attributes:
        info: what it is; ``frames`` gets less where the file ends earlier than it tells.
        ends_early: the file has fewer frames than it tells.
        is_looping: the first frames are read again when the end comes near.

    Signals:
        grown: frames came, or it turned out shorter.
        failed: nothing more can be read; the error.
    """

    grown = Signal()
    failed = Signal(object)

    def __init__(self, owner: Videos, path: Path, info: VideoInfo, box: Size) -> None:
        self.info = info
        self.ends_early = False
        self.is_looping = False
        self._owner, self._path = owner, path
        self._frame_px = fitting(info, box)
        self._kept: dict[int, Picture] = {}
        self._at = 0
        self._wake = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def frame_px(self) -> Size:
        """Width and height of the frames that come."""
        return self._frame_px

    def frame(self, number: int) -> Picture | None:
        """Return a frame if it is there already."""
        return self._kept.get(number)

    def ahead(self, number: int) -> int:
        """Return how many frames from this one on are there without a gap."""
        count = 0
        while number + count in self._kept:
            count += 1
        return count

    @property
    def room(self) -> int:
        """How many frames from the one shown on can be kept."""
        width, height = self._frame_px
        return max(2, min(MAX_KEPT, MAX_KEPT_BYTES // (width * height * 4)) - BEHIND)

    def go_to(self, number: int) -> None:
        """Read from here on; frames far away are forgotten when there are too many."""
        if self._is_closed:
            return
        self._at = min(max(0, number), self.info.frames - 1)
        self._trim()
        self._wake.set()
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._read())
            self._owner.begin(self)

    def resize(self, box: Size) -> None:
        """Have frames that fill another box."""
        size = fitting(self.info, box)
        if size != self._frame_px:
            self._frame_px = size
            self._kept.clear()
            self._wake.set()

    def close(self) -> None:
        """Stop reading and free all frames. May be called twice."""
        self._is_closed = True
        self._kept.clear()
        if self._reading is not None:
            self._reading.cancel()
            self._owner.end(self)

    async def aclose(self) -> None:
        """Do as ``close``, and wait for it."""
        self.close()
        if self._reading is not None:
            await asyncio.wait([self._reading])

    async def _read(self) -> None:
        """Keep the frames ahead coming, for as long as it is open."""
        try:
            while True:
                run = self._missing()
                if run is None:
                    self._wake.clear()
                    await self._wake.wait()
                else:
                    await self._read_run(*run)
        except AppError as error:
            self.failed.emit(error)

    async def _read_run(self, start: int, count: int) -> None:
        size = self._frame_px
        try:
            frames = await self._owner.pool.run_into(
                partial(_cut, size[1]), tasks.video_frames, self._path, start, count, *size
            )
        except FileNotFoundError as error:  # the cache was cleared meanwhile
            raise NotFound("The video is gone from the cache.", hint="Play it again.") from error
        if self._is_closed or size != self._frame_px:
            return
        for number, frame in enumerate(frames, start):
            self._kept[number] = frame
        if not frames:
            self._shorten(start)
        self._trim()
        self.grown.emit()

    def _shorten(self, frames: int) -> None:
        if not frames:
            raise BadInput(
                "This video holds no picture that can be read.",
                hint="Open it outside, in a video player.",
            )
        info = self.info
        self.info = VideoInfo(info.width, info.height, frames, info.fps)
        # Headers are often off by one or two.
        self.ends_early = self.ends_early or info.frames - frames > max(2, info.frames // 100)
        self._at = min(self._at, frames - 1)

    def _wanted(self) -> list[int]:
        """Return the frames to have, the most urgent first."""
        last = min(self.info.frames, self._at + self.room)
        wanted = list(range(self._at, last))
        if self.is_looping:
            wanted += range(min(self._at, self.room - len(wanted)))
        return wanted

    def _missing(self) -> tuple[int, int] | None:
        """Return where the next run begins and how long it is."""
        wanted = self._wanted()
        start = next((number for number in wanted if number not in self._kept), None)
        if start is None:
            return None
        width, height = self._frame_px
        most = max(1, RUN_BYTES // (width * height * 4))
        if start == self._at:
            return start, 1  # it is waited for
        asked, count = set(wanted), 1
        while count < most and start + count in asked and start + count not in self._kept:
            count += 1
        return start, count

    def _trim(self) -> None:
        """Forget frames that are not asked for, the farthest first, where there are too many."""
        over = len(self._kept) - self.room - BEHIND
        if over <= 0:
            return
        asked = {*self._wanted(), *range(self._at - BEHIND, self._at)}
        others = [number for number in self._kept if number not in asked]
        others.sort(key=lambda number: abs(number - self._at), reverse=True)
        for number in others[:over]:
            del self._kept[number]


class Videos:
    """Opens videos of items for playing.

    Args:
        make_pool: makes the process that decodes.
        rest_s: how long that process waits for another video.
    """

    def __init__(
        self,
        files: Files,
        *,
        make_pool: Callable[[], WorkerPool] | None = None,
        rest_s: float = REST_S,
    ) -> None:
        self._files = files
        self._make_pool = make_pool or partial(WorkerPool, 1, time_limit_s=TIME_LIMIT_S)
        self._rest_s = rest_s
        self._pool: WorkerPool | None = None
        self._open: set[Video] = set()
        self._opening = 0
        self._resting: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def pool(self) -> WorkerPool:
        """The process that decodes; made when it is first needed."""
        if self._pool is None:
            self._pool = self._make_pool()
        return self._pool

    async def open(self, item: Item, box: Size) -> Video:
        """Fetch a video unless it is there, and look into it.

        Args:
            box: what its frames are to fill, in device pixels.

        Raises:
            BadInput: it cannot be played here.
            AppError: it did not come.
        """

        async def look(path: Path) -> Video:
            info = await self.pool.run(tasks.video_info, path)
            return Video(self, path, info, box)

        self._opening += 1
        self._wait_with_rest()
        try:
            return await self._files.read_video(item, look)
        finally:
            self._opening -= 1
            self._rest_soon()

    def begin(self, video: Video) -> None:
        """Remember that a video is being read."""
        self._open.add(video)
        self._wait_with_rest()

    def end(self, video: Video) -> None:
        """Forget a video; after the last one the process ends soon."""
        self._open.discard(video)
        self._rest_soon()

    async def aclose(self) -> None:
        """Close all videos and the process."""
        for video in list(self._open):
            await video.aclose()
        self._wait_with_rest()
        self._rest()
        while self._closing:
            await asyncio.wait(self._closing)

    def _wait_with_rest(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    def _rest_soon(self) -> None:
        self._wait_with_rest()
        if not self._open and not self._opening and self._pool is not None:
            loop = asyncio.get_running_loop()
            self._resting = loop.call_later(self._rest_s, self._rest)

    def _rest(self) -> None:
        """End the process; another one is made when it is needed."""
        pool, self._pool = self._pool, None
        if pool is not None:
            task = asyncio.get_running_loop().create_task(pool.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


def fitting(info: VideoInfo, box: Size) -> Size:
    """Return the size of frames that fill a box, never larger than the video's own."""
    scale = min(
        1.0,
        box[0] / info.width,
        box[1] / info.height,
        (MAX_FRAME_PIXELS / (info.width * info.height)) ** 0.5,
    )
    return max(1, int(info.width * scale)), max(1, int(info.height * scale))


def _cut(height: int, run: Picture) -> list[Picture]:
    """Return frames that lie one below the other, each with memory of its own. Runs in a thread."""
    size = run.width * height * 4
    data = memoryview(run.data)
    count = run.height // height
    return [Picture(run.width, height, bytes(data[n * size : (n + 1) * size]))
            for n in range(count)]  # fmt: skip
