"""Thumbnails ready to be drawn: decoded off the Qt thread, bounded in bytes, visible ones first.

The road of one picture: somebody wants an item → the thumbnail service brings its encoded bytes →
a thread decodes, crops and rounds it to the very pixels of the cell → the Qt thread turns it into a
QPixmap, in slices short enough not to drop a frame. Only thumbnails that our own worker wrote come
this way; nothing else is ever decoded in this process.
"""

from __future__ import annotations

import logging
import os
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QObject,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QBrush,
    QColor,
    QGuiApplication,
    QImage,
    QImageReader,
    QPainter,
    QPen,
    QPixmap,
    QTransform,
)

from scenario_desktop.items import Item, picture_version

_log = logging.getLogger(__name__)

MIB = 1024 * 1024
#: Some ten windows full at 1440 x 900. What is wished for at a time is kept even beyond this: on a
#: screen of 3840 x 2160 that is 33 MiB in view, and as much above and below.
PIXMAP_BYTES = 40 * MIB
MOST_BYTES = 256 * MIB
#: Some 800 thumbnails of ours, so that another cell size costs no disk.
ENCODED_BYTES = 12 * MIB
#: Longest time one turn of the Qt thread spends on new pictures, seconds.
SLICE_S = 0.004
#: Pictures a thread takes at a time: about two milliseconds of work.
_BATCH = 4


class Shape(Enum):
    """How a picture meets its frame."""

    FILL = auto()
    FIT = auto()


@dataclass(frozen=True, slots=True)
class Frame:
    """How a thumbnail is made ready. Colours are QRgb numbers, lengths logical pixels.

    Attributes:
        ratio: device pixels per logical one.
        radius: of the corners.
        ground: what shows outside the corners and beside a picture that is not cut. None leaves it
            transparent; a colour makes the pixmap opaque, which draws twice as fast.
        line: of the 1 px line along the inner edge, None for none.
        checks: the two colours behind transparent pictures.
    """

    width: int
    height: int
    ratio: float = 1.0
    shape: Shape = Shape.FILL
    radius: int = 6
    ground: int | None = None
    line: int | None = None
    checks: tuple[int, int] | None = None

    @property
    def device_size(self) -> tuple[int, int]:
        return max(1, round(self.width * self.ratio)), max(1, round(self.height * self.ratio))

    @property
    def size_bytes(self) -> int:
        width, height = self.device_size
        return width * height * 4

    def is_like(self, other: Frame) -> bool:
        """Whether a picture in this frame can be scaled to the other one undistorted."""
        is_same = self.width * other.height == other.width * self.height
        return is_same and self.shape is other.shape


def square(px: int, ratio: float | None = None) -> Frame:
    """Return the plain frame of a square cell: filled, rounded, transparent corners."""
    if ratio is None:
        screen = QGuiApplication.primaryScreen()
        ratio = screen.devicePixelRatio() if screen else 1.0
    return Frame(px, px, ratio)


class SignalLike(Protocol):
    def connect(self, slot: Callable[..., Any], /) -> Any: ...
    def disconnect(self, slot: Callable[..., Any], /) -> Any: ...


class ThumbnailSource(Protocol):
    """What the store needs of the thumbnail service."""

    @property
    def ready(self) -> SignalLike: ...
    @property
    def failed(self) -> SignalLike: ...
    def want(self, items: Sequence[Item], /) -> None: ...


@dataclass(frozen=True, slots=True)
class _Wish:
    items: dict[int, Item]
    frame: Frame


@dataclass(frozen=True, slots=True)
class _Result:
    """What a thread made of one thumbnail; without a key, that it is done with its batch."""

    generation: int
    job: tuple[int, Frame] | None = None
    image: QImage | None = None


class PictureStore(QObject):
    """Pictures by item key and frame. Lives on the Qt thread.

    Signals:
        loaded: key of an item of which a wanted picture can be had now.
        failed: key of an item that has no picture.
    """

    loaded = Signal(object)
    failed = Signal(object)
    _decoded = Signal()

    def __init__(
        self,
        source: ThumbnailSource | None = None,
        *,
        max_bytes: int = PIXMAP_BYTES,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._max_bytes = self._limit = max_bytes
        self._pixmaps: OrderedDict[tuple[int, Frame], QPixmap] = OrderedDict()
        self._by_key: dict[int, list[Frame]] = {}
        self._bytes = 0
        self._encoded: OrderedDict[int, bytes] = OrderedDict()
        self._encoded_bytes = 0
        self._failed: dict[int, str] = {}  # with the version that has no picture
        self._versions: dict[int, str] = {}  # of what was asked for last
        self._wishes: dict[str, _Wish] = {}
        self._asked: tuple[tuple[int, str], ...] = ()
        self._queue: OrderedDict[tuple[int, Frame], bytes] = OrderedDict()
        self._busy: set[tuple[int, Frame]] = set()
        self._results: deque[_Result] = deque()
        self._generation = 0
        self._threads = max(1, min(3, (os.cpu_count() or 2) - 1))
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="pictures")
        self._running = 0
        self._decoded.connect(self._adopt)
        self._next_slice = QTimer(self, singleShot=True, interval=0)
        self._next_slice.timeout.connect(self._adopt)
        self._source: ThumbnailSource | None = None
        if source is not None:
            self.set_source(source)

    # What others ask

    def pixmap(self, key: int, frame: Frame | int) -> QPixmap | None:
        """Return a picture if it is there. A number asks for the plain square of that side."""
        if isinstance(frame, int):
            frame = square(frame)
        found = self._pixmaps.get((key, frame))
        if found is not None:
            self._pixmaps.move_to_end((key, frame))
        return found

    def stand_in(self, key: int, frame: Frame | None = None) -> QPixmap | None:
        """Return a picture of an item in another size, the newest there is.

        Args:
            frame: what it stands in for: only one cut to the same shape will do.
        """
        for known in reversed(self._by_key.get(key, ())):
            if frame is None or known.is_like(frame):
                return self._pixmaps[key, known]
        return None

    def has_failed(self, key: int) -> bool:
        return key in self._failed

    def want(self, owner: str, items: Iterable[Item], frame: Frame | int) -> None:
        """Say what one panel needs now, the most urgent first. Replaces its earlier wish."""
        if isinstance(frame, int):
            frame = square(frame)
        self._wishes[owner] = _Wish({item.key: item for item in items}, frame)
        self._pursue()

    def drop(self, owner: str) -> None:
        """Forget a panel's wish."""
        if self._wishes.pop(owner, None) is not None:
            self._pursue()

    def forget(self, keys: Iterable[int]) -> None:
        """Throw away pictures of items that look different now, and fetch those still wanted."""
        for key in keys:
            self._failed.pop(key, None)
            self._encoded_bytes -= len(self._encoded.pop(key, b""))
            for frame in self._by_key.pop(key, ()):
                self._bytes -= _size(self._pixmaps.pop((key, frame)))
        self._asked = ()
        self._pursue()

    def offer(self, thumbnails: Mapping[int, bytes]) -> None:
        """Take encoded thumbnails that are at hand before there is a source."""
        for key, data in thumbnails.items():
            self._on_ready(key, data)

    def finish(self, limit_s: float) -> None:
        """Decode what waits here, too, and wait for the threads. For the time before any loop.

        Args:
            limit_s: return after so long all the same; the rest comes as always.
        """
        end = time.monotonic() + limit_s
        while (self._queue or self._running) and time.monotonic() < end:
            if self._queue:
                job, data = self._queue.popitem(last=False)
                self._keep(*job, decode(data, job[1]))
            else:
                time.sleep(0.001)
            self._adopt()

    def set_source(self, source: ThumbnailSource | None, *, keeps: bool = False) -> None:
        """Take thumbnails from another workspace; all pictures of the old one go.

        Args:
            keeps: the pictures at hand are the new source's already.
        """
        if self._source is not None:
            self._source.ready.disconnect(self._on_ready)
            self._source.failed.disconnect(self._on_failed)
        self._source = source
        if not keeps:
            self.clear()
        if source is not None:
            source.ready.connect(self._on_ready)
            source.failed.connect(self._on_failed)

    def clear(self) -> None:
        """Forget everything: pictures, wishes and what is under way."""
        self._generation += 1
        for memory in (self._pixmaps, self._by_key, self._encoded, self._wishes, self._queue):
            memory.clear()
        self._failed.clear()
        self._versions.clear()
        self._busy.clear()
        self._bytes = self._encoded_bytes = 0
        self._asked = ()

    def retry(self) -> None:
        """Ask again for what is still wanted and failed or never came."""
        self._asked = ()
        self._pursue(is_retry=True)

    def close(self) -> None:
        """Stop the threads. Nothing is decoded after this."""
        self.set_source(None)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._results.clear()

    @property
    def is_complete(self) -> bool:
        """Whether everything that is wanted now is there, or cannot be had."""
        return all(
            (key, wish.frame) in self._pixmaps or key in self._failed
            for wish in self._wishes.values()
            for key in wish.items
        )

    @property
    def size_bytes(self) -> int:
        """What pixmaps and encoded thumbnails take."""
        return self._bytes + self._encoded_bytes

    # From wishes to bytes

    def _pursue(self, *, is_retry: bool = False) -> None:
        """Decode what is at hand, ask the service for the rest, drop what nobody wants now."""
        self._queue.clear()
        missing: dict[int, Item] = {}
        wished = sum(len(wish.items) * wish.frame.size_bytes for wish in self._wishes.values())
        self._limit = min(MOST_BYTES, max(self._max_bytes, wished))
        for wish in self._wishes.values():
            for key, item in wish.items.items():
                job = (key, wish.frame)
                if job in self._pixmaps or job in self._busy:
                    continue
                version = _version(item)
                # What had no picture while it was in work has one once it is done.
                if self._failed.get(key) == version and not is_retry:
                    continue
                data = self._encoded.get(key)
                if data is None:
                    missing[key] = item
                    self._versions[key] = version
                else:
                    self._queue[job] = data
        self._start_threads()
        asked = tuple((key, self._versions[key]) for key in missing)
        if self._source is not None and asked != self._asked:
            self._asked = asked
            self._source.want(list(missing.values()))

    def _on_ready(self, key: int, data: bytes) -> None:
        self._failed.pop(key, None)
        self._encoded_bytes += len(data) - len(self._encoded.pop(key, b""))
        self._encoded[key] = data
        while self._encoded_bytes > ENCODED_BYTES and len(self._encoded) > 1:
            self._encoded_bytes -= len(self._encoded.popitem(last=False)[1])
        for wish in self._wishes.values():
            job = (key, wish.frame)
            if key in wish.items and job not in self._pixmaps and job not in self._busy:
                self._queue[job] = data
        self._start_threads()

    def _on_failed(self, key: int, *_: object) -> None:
        self._failed[key] = self._versions.get(key, "")
        self.failed.emit(key)

    # From bytes to pixels

    def _start_threads(self) -> None:
        while self._queue and self._running < self._threads:
            batch: list[tuple[tuple[int, Frame], bytes]] = []
            while self._queue and len(batch) < _BATCH:
                job, data = self._queue.popitem(last=False)
                self._busy.add(job)
                batch.append((job, data))
            self._running += 1
            work = self._pool.submit(self._decode_all, batch, self._generation)
            work.add_done_callback(_log_failure)

    def _decode_all(self, batch: list[tuple[tuple[int, Frame], bytes]], generation: int) -> None:
        """Run in a thread: touches no QObject but for the one signal that wakes the Qt thread."""
        try:
            for job, data in batch:
                self._results.append(_Result(generation, job, decode(data, job[1])))
        finally:
            self._results.append(_Result(generation))
            self._decoded.emit()

    def _adopt(self) -> None:
        """Make pixmaps of what the threads brought, for no longer than one slice."""
        end = time.perf_counter() + SLICE_S
        while self._results:
            result = self._results.popleft()
            if result.job is None:
                self._running -= 1
                self._start_threads()
            elif result.generation == self._generation:  # else it was cleared meanwhile
                self._busy.discard(result.job)
                self._keep(*result.job, result.image)
            if time.perf_counter() > end:
                self._next_slice.start()
                return

    def _keep(self, key: int, frame: Frame, image: QImage | None) -> None:
        if image is None:
            self._failed[key] = self._versions.get(key, "")
            self._encoded_bytes -= len(self._encoded.pop(key, b""))
            self.failed.emit(key)
            return
        pixmap = QPixmap.fromImage(image)
        self._bytes += _size(pixmap)
        self._pixmaps[key, frame] = pixmap
        self._by_key.setdefault(key, []).append(frame)
        while self._bytes > self._limit and len(self._pixmaps) > 1:
            (old_key, old_frame), old = self._pixmaps.popitem(last=False)
            self._bytes -= _size(old)
            frames = self._by_key[old_key]
            frames.remove(old_frame)
            if not frames:
                del self._by_key[old_key]
        self.loaded.emit(key)


def _version(item: Item) -> str:
    version = picture_version(item.type, item.status, item.created_at, item.updated_at)
    return f"{item.status} {version}"


def _log_failure(work: Future[None]) -> None:
    error = None if work.cancelled() else work.exception()
    if error is not None:
        _log.error("a thumbnail could not be decoded", exc_info=error)


def decode(data: bytes, frame: Frame) -> QImage | None:
    """Turn an encoded thumbnail into the very pixels of a frame. For a thread.

    QImageReader gives up the interpreter lock, ``QImage.fromData`` does not; and the format is
    given, since Qt would otherwise take SVG text for a picture and follow its links.

    Returns:
        None where the bytes are no whole picture of a format that our worker writes.
    """
    kind = _format_of(data)
    if kind is None:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QBuffer.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, kind)
    reader.setAutoDetectImageFormat(False)
    size = reader.size()
    if size.isEmpty():
        return None
    scaled = _scaled(size, frame)
    reader.setScaledSize(scaled)
    image = reader.read()
    if image.isNull():
        return None
    return _framed(image, frame)


def _format_of(data: bytes) -> QByteArray | None:
    if data.startswith(b"\xff\xd8\xff"):
        return QByteArray(b"jpeg")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return QByteArray(b"webp")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return QByteArray(b"png")
    return None


def _scaled(size: QSize, frame: Frame) -> QSize:
    """Return the size in device pixels that covers the frame, or fits into it."""
    width, height = frame.device_size
    across, down = width / size.width(), height / size.height()
    factor = max(across, down) if frame.shape is Shape.FILL else min(across, down)
    return QSize(max(1, round(size.width() * factor)), max(1, round(size.height() * factor)))


def _framed(picture: QImage, frame: Frame) -> QImage:
    """Crop, round and ground a picture that has the right scale already."""
    width, height = frame.device_size
    is_opaque = frame.ground is not None
    formats = QImage.Format
    result = QImage(
        width, height, formats.Format_RGB32 if is_opaque else formats.Format_ARGB32_Premultiplied
    )
    result.fill(frame.ground if frame.ground is not None else 0)
    left, top = (width - picture.width()) // 2, (height - picture.height()) // 2
    shown = QRectF(QRect(left, top, picture.width(), picture.height()) & result.rect())
    brush = QBrush(picture)
    brush.setTransform(QTransform.fromTranslate(left, top))
    radius = frame.radius * frame.ratio
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    if frame.checks is not None and picture.hasAlphaChannel():
        painter.setBrush(_checkerboard(frame.checks, max(1, round(8 * frame.ratio))))
        painter.drawRoundedRect(shown, radius, radius)
    painter.setBrush(brush)
    painter.drawRoundedRect(shown, radius, radius)
    if frame.line is not None:
        inset = frame.ratio / 2
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor.fromRgba(frame.line), frame.ratio))
        inner = shown.adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(inner, radius - inset, radius - inset)
    painter.end()
    result.setDevicePixelRatio(frame.ratio)
    return result


def _checkerboard(colors: tuple[int, int], side: int) -> QBrush:
    tile = QImage(2 * side, 2 * side, QImage.Format.Format_RGB32)
    tile.fill(colors[0])
    painter = QPainter(tile)
    for corner in _other_squares(side):
        painter.fillRect(QRectF(corner.x(), corner.y(), side, side), QColor.fromRgb(colors[1]))
    painter.end()
    return QBrush(tile)


def _other_squares(side: int) -> Iterator[QPointF]:
    yield QPointF(side, 0)
    yield QPointF(0, side)


def _size(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4
