"""Reading frames of videos that nobody vouches for. Called inside worker processes only.

Only containers of an allow-list are opened, by their first bytes: playlists and scripts that FFmpeg
also reads could name other files and addresses. There is no sound.

Frames are counted from 0 and taken as evenly spaced, at the rate that the file tells.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_desktop.errors import BadInput
from scenario_desktop.items import Picture

if TYPE_CHECKING:
    import cv2

#: Pixels of one frame; a decoder keeps a dozen of them in memory.
MAX_PIXELS: Final = 4096 * 4096
#: Frames and seconds of one video; whatever is longer is not a result of ours.
MAX_FRAMES: Final = 1_000_000
MAX_SECONDS: Final = 6 * 3600
#: Pixels of a frame that is handed out, for it is only looked at.
MAX_SHOWN_PIXELS: Final = 4_000_000
#: Rates that are believed, frames per second; another is taken as ``USUAL_FPS``.
FPS_RANGE: Final = (0.5, 240.0)
USUAL_FPS: Final = 25.0
#: A run of frames ends early after so many seconds: what is there can be shown.
RUN_S: Final = 0.25
#: Seconds for counting the frames of a file that does not tell.
COUNT_S: Final = 8.0
#: So many frames ahead are passed over one by one; it is quicker than to seek.
SKIPPED: Final = 8

_OUTSIDE: Final = "Open it outside, in a video player."
_FTYP_LIKE: Final = (b"ftyp", b"moov", b"mdat", b"wide", b"free")
#: FFmpeg's own gate behind ours: no network, no other containers.
_OPTIONS: Final = "protocol_whitelist;file|format_whitelist;mov,matroska,avi"


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video is.

    Attributes:
        width: pixels, as seen upright; height likewise.
        fps: frames per second.
    """

    width: int
    height: int
    frames: int
    fps: float

    @property
    def duration_s(self) -> float:
        return self.frames / self.fps


@dataclass(slots=True)
class _Opened:
    """The one file that this process keeps open, since runs of frames follow each other.

    Attributes:
        following: the frame that the next read brings.
    """

    path: str
    size_bytes: int
    capture: cv2.VideoCapture
    following: int = 0


_kept: _Opened | None = None


def is_video(head: bytes) -> bool:
    """Whether these first 16 bytes begin a video that is read here: MP4, MOV, WebM, MKV, AVI."""
    return (
        head[4:8] in _FTYP_LIKE
        or head[:4] == b"\x1aE\xdf\xa3"
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
    )


def probe_video(path: Path | str) -> VideoInfo:
    """Say what a video is. Its first frame was decoded then.

    Raises:
        BadInput: not a video that is read here, empty, damaged, too large or too long.
        FileNotFoundError: there is no such file.
    """
    import cv2

    forget()
    try:
        opened = _open(str(path))
        is_read, frame = _read(opened.capture)
        if not is_read:
            raise BadInput("This video holds no picture that can be read.", hint=_OUTSIDE)
        height, width = frame.shape[:2]
        _check_pixels(width, height)
        fps = _rate(opened.capture.get(cv2.CAP_PROP_FPS))
        told = opened.capture.get(cv2.CAP_PROP_FRAME_COUNT)
        frames = round(told) if math.isfinite(told) and told >= 1 else 1 + _count(opened.capture)
        if frames > MAX_FRAMES or frames / fps > MAX_SECONDS:
            raise BadInput("This video is too long to be played here.", hint=_OUTSIDE)
    except BaseException:
        forget()
        raise
    opened.following = 1
    return VideoInfo(width, height, frames, fps)


def read_frames(
    make_memory: Callable[[int], memoryview | None],
    path: Path | str,
    start: int,
    count: int,
    width: int,
    height: int,
) -> Picture:
    """Decode frames one after another, each scaled to exactly this size.

    Args:
        make_memory: as for ``decode_into``.

    Returns:
        The frames one below the other: at least one, at most ``count``, fewer where decoding takes
        long. A picture without rows where the video has ended before ``start``.

    Raises:
        BadInput: the file cannot be read (any more), or the size is out of bounds.
        FileNotFoundError: there is no such file.
    """
    import numpy as np

    if min(start, width - 1, height - 1, count - 1) < 0 or width * height > MAX_SHOWN_PIXELS:
        raise BadInput("This part of the video cannot be shown.")
    try:
        opened = _at(str(path), start)
        size = count * width * height * 4
        room = make_memory(size)
        data = room if room is not None else memoryview(bytearray(size))
        target = np.frombuffer(data, np.uint8, size).reshape(count, height, width, 4)
        deadline = time.monotonic() + RUN_S
        done = 0
        while done < count and (not done or time.monotonic() < deadline):
            is_read, frame = _read(opened.capture)
            if not is_read:
                break
            opened.following += 1
            _draw(frame, target[done])
            done += 1
    except BaseException:
        forget()  # a damaged file is not kept open
        raise
    if not done:
        return Picture(width, 0, b"")
    shown = data[: done * width * height * 4]
    return Picture(width, done * height, shown if room is not None else bytes(shown))


def forget() -> None:
    """Close the file that is kept open."""
    global _kept
    if _kept is not None:
        _kept.capture.release()
        _kept = None


def _at(path: str, start: int) -> _Opened:
    """Return the file, opened so that the next read brings the frame ``start``."""
    import cv2

    size_bytes = Path(path).stat().st_size
    opened = _kept
    if opened is None or (opened.path, opened.size_bytes) != (path, size_bytes):
        opened = _open(path)
    ahead = start - opened.following
    if 0 <= ahead <= SKIPPED:
        for _ in range(ahead):
            opened.capture.grab()
    elif start == 0:
        opened = _open(path)  # also for files in which one cannot go back
    else:
        opened.capture.set(cv2.CAP_PROP_POS_FRAMES, start)
    opened.following = start
    return opened


def _open(path: str) -> _Opened:
    import cv2

    global _kept
    forget()
    with Path(path).open("rb") as file:
        head = file.read(16)
        size_bytes = os.fstat(file.fileno()).st_size
    if not head:
        raise BadInput("This video is empty.", hint="Download it again.")
    if not is_video(head):
        raise BadInput("This kind of video cannot be played here.", hint=_OUTSIDE)
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = _OPTIONS
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"  # what it says of damaged files helps nobody
    threads = min(4, os.cpu_count() or 1)
    try:
        capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
    except cv2.error as error:
        raise _unreadable(error) from error
    if not capture.isOpened():
        capture.release()
        raise _unreadable()
    _kept = _Opened(path, size_bytes, capture)
    # Before the first frame is decoded: the header is enough to know that it is too large.
    _check_pixels(
        round(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), round(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    )
    return _kept


def _read(capture: cv2.VideoCapture) -> tuple[bool, Any]:
    import cv2

    try:
        is_read, frame = capture.read()
    except cv2.error as error:
        if error.code == cv2.Error.STS_NO_MEM:
            raise MemoryError from error
        raise _unreadable(error) from error
    if is_read:
        _check_pixels(frame.shape[1], frame.shape[0])  # it may change on the way
    return is_read, frame


def _draw(frame: Any, target: Any) -> None:
    """Write one frame, scaled, as RGBA."""
    import cv2

    height, width = target.shape[:2]
    if frame.shape[:2] != (height, width):
        is_smaller = width < frame.shape[1]
        way = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
        frame = cv2.resize(frame, (width, height), interpolation=way)
    cv2.cvtColor(frame, cv2.COLOR_BGR2RGBA, dst=target)


def _count(capture: cv2.VideoCapture) -> int:
    """Count the frames that are left, in a file that does not tell."""
    deadline = time.monotonic() + COUNT_S
    frames = 0
    while capture.grab():
        frames += 1
        if frames > MAX_FRAMES or time.monotonic() > deadline:
            raise BadInput("This video does not tell how long it is.", hint=_OUTSIDE)
    return frames


def _rate(told: float) -> float:
    least, most = FPS_RANGE
    return told if math.isfinite(told) and least <= told <= most else USUAL_FPS


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadInput(
            f"This video has {width:,} × {height:,} pixels, too many to be played here.",
            hint=_OUTSIDE,
        )


def _unreadable(error: Exception | None = None) -> BadInput:
    return BadInput(
        "This video is damaged, or of a kind that cannot be played here.",
        hint=_OUTSIDE,
        details=str(error or ""),
    )
