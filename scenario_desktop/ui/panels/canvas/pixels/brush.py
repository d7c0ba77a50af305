"""Strokes: stamps of a soft disc along the way of the pointer."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import repeat
from operator import sub
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QRadialGradient, QTransform

from scenario_desktop.ui.panels.canvas.pixels.arena import Arena
from scenario_desktop.ui.panels.canvas.pixels.surface import PaintSurface, Recorder
from scenario_desktop.ui.panels.canvas.pixels.tiling import SIDE, Box, Key, empty, tile_rect

#: Distance of stamps as a part of the diameter: denser would only cost, wider shows scallops.
SPACING = 0.05
MIN_SIZE, MAX_SIZE = 1, 1000
#: Below it stamps are placed on parts of a pixel; larger ones hide the difference.
_FINE_BELOW = 24
_FINE_STEPS = 4
#: Stamps lie over each other: each gives only so much that together they make the profile.
_OVERLAP = 9.0
#: Stamps kept, of all sizes and colours; pressure makes many sizes.
_MAX_STAMPS = 96
#: Three stamps of at most this size are kept as one picture; larger ones would take much memory.
_THREES_TO = 128
_THREES_BYTES = 12 * 2**20


@dataclass(frozen=True, slots=True)
class Brush:
    """How a stroke looks.

    Attributes:
        size: diameter, pixels of the canvas.
        hardness: 0 (soft from the middle on) to 1 (a sharp edge).
        opacity: of a whole stroke, 0 to 1; crossing itself does not make it denser.
    """

    size: float = 24.0
    hardness: float = 0.8
    opacity: float = 1.0
    has_pressure_size: bool = True
    has_pressure_opacity: bool = False

    def sized(self, size: float) -> Brush:
        return replace(self, size=min(MAX_SIZE, max(MIN_SIZE, size)))


@lru_cache(maxsize=_MAX_STAMPS)
def stamp(size: int, hardness: float, rgba: int, fine_x: int = 0, fine_y: int = 0) -> QImage:
    """Return one stamp; its middle is the middle of the picture plus the fine shift."""
    side = size + 2 if size >= _FINE_BELOW else size + 3
    image = empty(side, side)
    radius = size / 2
    middle = QPointF(side / 2 + fine_x / _FINE_STEPS, side / 2 + fine_y / _FINE_STEPS)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    color = QColor.fromRgba(rgba)
    if hardness >= 0.99 or size < 4:
        painter.setBrush(color)
        painter.drawEllipse(middle, radius, radius)
        painter.end()
        return image
    painter.end()
    _shade(image, middle, radius, hardness, color)
    return image


def _shade(image: QImage, middle: QPointF, radius: float, hardness: float, color: QColor) -> None:
    """Paint a disc whose edge falls off smoothly once many of them lie over each other."""
    gradient = QRadialGradient(middle, radius)
    steps = 24
    core = min(0.98, hardness)
    for number in range(steps + 1):
        place = min(1.0, core + (1 - core) * number / steps)
        wanted = 0.5 + 0.5 * math.cos(math.pi * number / steps)
        shade = QColor(color)
        each = 1 - (1 - min(0.995, wanted)) ** (1 / _OVERLAP)
        shade.setAlphaF(color.alphaF() * (1.0 if number == 0 and core > 0 else each))
        gradient.setColorAt(place, shade)
    if core > 0:
        gradient.setColorAt(0, color)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawEllipse(middle, radius, radius)
    painter.end()


class _Threes(dict[tuple[int, int, int, int], QImage]):
    """Three stamps laid over each other, by how far the second and the third lie from the first.

    Laying over is associative, so drawing threes gives what drawing the stamps would, in half the
    time. Stamps are a twentieth of their size apart: there are few ways for three to lie.
    The keys are the two distances across, then the two down.
    """

    def __init__(self, size: int, hardness: float, rgba: int) -> None:
        super().__init__()
        self._stamp = stamp(size, hardness, rgba)
        self._most = _THREES_BYTES // (4 * size * size)

    def __missing__(self, apart: tuple[int, int, int, int]) -> QImage:
        if len(self) >= self._most:
            self.clear()
        one = self._stamp
        x2, x3, y2, y3 = apart
        image = empty(one.width() + abs(x3), one.height() + abs(y3))
        left, top = max(0, -x3), max(0, -y3)
        painter = QPainter(image)
        painter.drawImage(left, top, one)
        painter.drawImage(left + x2, top + y2, one)
        painter.drawImage(left + x3, top + y3, one)
        painter.end()
        self[apart] = image
        return image


@lru_cache(maxsize=4)
def _threes(size: int, hardness: float, rgba: int) -> _Threes:
    return _Threes(size, hardness, rgba)


class _Run(NamedTuple):
    """Stamps of one size at even distances.

    Attributes:
        x, y: the middle of the first.
        box: what they may touch, in the layer's own pixels.
    """

    x: float
    y: float
    step_x: float
    step_y: float
    stamps: int
    size: int
    box: Box


class Stroke:
    """One stroke on one surface, from press to release.

    Points only queue up; ``flush`` draws them, once for each frame that is shown. At full opacity
    stamps go straight onto the layer. Below that they go onto a surface of their own, which is laid
    over the layer at the end, so that a stroke that crosses itself stays even.

    Attributes:
        wet: what is not on the layer yet, to be shown over it; None at full opacity.
    """

    def __init__(
        self,
        surface: PaintSurface,
        arena: Arena,
        brush: Brush,
        color: QColor,
        *,
        is_eraser: bool = False,
        clip: QPainterPath | None = None,
    ) -> None:
        self.brush, self.is_eraser = brush, is_eraser
        self.record = Recorder(surface, arena)
        self._clip = clip
        self._rgba = QColor(color.red(), color.green(), color.blue()).rgba()
        is_even = brush.opacity < 0.999
        self.wet: PaintSurface | None = PaintSurface() if is_even else None
        if self.wet is not None:
            self.wet.is_wet = True
        self._wet_record = Recorder(self.wet, arena) if self.wet is not None else None
        self._last: tuple[float, float, float] | None = None
        self._rest = 0.0
        self._queue: list[_Run] = []
        self.count = 0

    def add(self, point: QPointF, pressure: float = 1.0) -> None:
        """Go on to a point, in the layer's own pixels.

        Args:
            pressure: of a tablet's pen, 0 to 1.
        """
        self.add_at(point.x(), point.y(), pressure)

    def add_at(self, x: float, y: float, pressure: float = 1.0) -> None:
        """As ``add``, for whoever has no point at hand."""
        size = self.brush.size
        if pressure != 1.0 and self.brush.has_pressure_size:
            size = max(1.0, size * pressure)
        if self._last is None:
            self._last = (x, y, size)
            self._push(x, y, 0.0, 0.0, 1, size)
            return
        last_x, last_y, last_size = self._last
        dx, dy = x - last_x, y - last_y
        length = math.hypot(dx, dy)
        step = max(0.5, min(size, last_size) * SPACING)
        at = step - self._rest
        self._last = (x, y, size)
        if at > length:
            self._rest += length
            return
        count = int((length - at) / step) + 1
        self._rest = length - at - (count - 1) * step
        step_x, step_y = dx / length * step, dy / length * step
        x, y = last_x + dx / length * at, last_y + dy / length * at
        if size == last_size:
            self._push(x, y, step_x, step_y, count, size)
            return
        for number in range(count):
            part = (at + number * step) / length
            now = last_size + (size - last_size) * part
            self._push(x + number * step_x, y + number * step_y, 0.0, 0.0, 1, now)

    def flush(self) -> list[QRect]:
        """Draw what is queued and return where, in the layer's own pixels."""
        if not self._queue:
            return []
        queue, self._queue = self._queue, []
        record = self._wet_record or self.record
        areas: list[Box] = []
        by_tile: dict[Key, list[_Run]] = {}
        for run in queue:
            left, top, right, bottom = run.box
            _gather(areas, run.box)
            # Nearly all lie in one tile.
            first, last = (left // SIDE, top // SIDE), (right // SIDE, bottom // SIDE)
            if first == last:
                by_tile.setdefault(first, []).append(run)
            else:
                for ty in range(first[1], last[1] + 1):
                    for tx in range(first[0], last[0] + 1):
                        by_tile.setdefault((tx, ty), []).append(run)
        for key, runs in by_tile.items():
            # One tile after the other: what was just copied is near the processor.
            self._draw_tile(record, key, runs)
        return [_rect(box) for box in areas]

    def _draw_tile(self, record: Recorder, key: Key, runs: list[_Run]) -> None:
        boxes = [run.box for run in runs]
        record.keep_in(key, boxes)
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        painter = self._painter(
            record, key, _rect((min(lefts), min(tops), max(rights), max(bottoms)))
        )
        tile = key[0] * SIDE, key[1] * SIDE, key[0] * SIDE + SIDE - 1, key[1] * SIDE + SIDE - 1
        draw = painter.drawImage
        for run in runs:
            left, top, right, bottom = run.box
            if left < tile[0] or top < tile[1] or right > tile[2] or bottom > tile[3]:
                run = _cut(run, tile)
            self._draw(draw, run)
        painter.end()

    def _push(
        self, x: float, y: float, step_x: float, step_y: float, count: int, size: float
    ) -> None:
        whole = max(1, round(size))
        reach = whole / 2 + 3
        way_x, way_y = step_x * (count - 1), step_y * (count - 1)
        # Floored by hand; places left of the canvas and above it are negative.
        left = int((x + way_x if way_x < 0 else x) - reach + 1e6) - 1_000_000
        top = int((y + way_y if way_y < 0 else y) - reach + 1e6) - 1_000_000
        right = left + int(abs(way_x) + 2 * reach) + 1
        bottom = top + int(abs(way_y) + 2 * reach) + 1
        run = _Run(x, y, step_x, step_y, count, whole, (left, top, right, bottom))
        self._queue.append(run)
        self.count += count

    def _draw(self, draw: Callable[[int, int, QImage], object], run: _Run) -> None:
        x, y, step_x, step_y, count, size, _ = run
        hardness, rgba = self.brush.hardness, self._rgba
        if size >= _FINE_BELOW:
            x, y = x - (size + 2) / 2, y - (size + 2) / 2
            xs, ys = _whole(x, step_x, count), _whole(y, step_y, count)
            # The shortest loops there are: this is most of what painting costs.
            rest = count % 3 if size <= _THREES_TO else count
            if rest:
                image = stamp(size, hardness, rgba)
                deque(map(draw, xs[:rest], ys[:rest], repeat(image)), 0)
            if rest < count:
                x1, x2, x3 = xs[rest::3], xs[rest + 1 :: 3], xs[rest + 2 :: 3]
                y1, y2, y3 = ys[rest::3], ys[rest + 1 :: 3], ys[rest + 2 :: 3]
                apart = zip(
                    map(sub, x2, x1), map(sub, x3, x1), map(sub, y2, y1), map(sub, y3, y1),
                    strict=True,
                )  # fmt: skip
                images = map(_threes(size, hardness, rgba).__getitem__, apart)
                lefts, tops = x1 if step_x > 0 else x3, y1 if step_y > 0 else y3
                deque(map(draw, lefts, tops, images), 0)
            return
        x, y = x - (size + 3) / 2, y - (size + 3) / 2
        for _ in range(count):
            fine_x, fine_y = int((x % 1) * _FINE_STEPS), int((y % 1) * _FINE_STEPS)
            image = stamp(size, hardness, rgba, fine_x, fine_y)
            draw(math.floor(x), math.floor(y), image)
            x, y = x + step_x, y + step_y

    def finish(self) -> None:
        """Lay what is wet onto the layer; ``record`` then has the whole change."""
        self.flush()
        if self.wet is None:
            return
        for key, image in self.wet.tiles():
            place = tile_rect(key)
            self.record.keep(place)
            painter = self.record.begin(key, place)
            painter.setOpacity(self.brush.opacity)
            if self.is_eraser:
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOut)
            painter.drawImage(place.topLeft(), image)
            painter.end()
        self.wet = None

    def cancel(self) -> None:
        self._queue.clear()
        self.wet = None
        self.record.cancel()

    def _painter(self, record: Recorder, key: Key, area: QRect) -> QPainter:
        painter = record.begin(key, area)
        if self._clip is not None:
            painter.setClipPath(self._clip)
        if self.is_eraser and self.wet is None:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOut)
        return painter


def _whole(start: float, step: float, count: int) -> list[int]:
    """Return evenly spaced places as whole pixels; counting in 65,536ths beats rounding each."""
    first, each = round(start * 65536) + 32768, round(step * 65536)
    if not each:
        return [first >> 16] * count
    return [place >> 16 for place in range(first, first + each * count, each)]


def _cut(run: _Run, tile: Box) -> _Run:
    """Return the part of a run whose stamps touch a tile."""
    left, top, right, bottom = tile
    reach = run.size / 2 + 2
    first, last = 0, run.stamps - 1
    for start, step, low, high in (
        (run.x, run.step_x, left - reach, right + reach),
        (run.y, run.step_y, top - reach, bottom + reach),
    ):
        if step:
            one, two = (low - start) / step, (high - start) / step
            if one > two:
                one, two = two, one
            if one > first:
                first = math.ceil(one)
            if two < last:
                last = math.floor(two)
    x, y = run.x + run.step_x * first, run.y + run.step_y * first
    return run._replace(x=x, y=y, stamps=max(0, last - first + 1))


def _gather(areas: list[Box], box: Box) -> None:
    """Add a box to the last of some areas as long as the two together waste little."""
    if areas:
        left, top, right, bottom = box
        left2, top2, right2, bottom2 = areas[-1]
        apart = (right - left) * (bottom - top) + (right2 - left2) * (bottom2 - top2)
        left, top = min(left, left2), min(top, top2)
        right, bottom = max(right, right2), max(bottom, bottom2)
        if (right - left) * (bottom - top) <= 1.5 * apart:
            areas[-1] = left, top, right, bottom
            return
    areas.append(box)


def _rect(box: Box) -> QRect:
    left, top, right, bottom = box
    return QRect(left, top, right - left + 1, bottom - top + 1)


def mapped_clip(clip: QPainterPath | None, transform: QTransform) -> QPainterPath | None:
    """Return a clip of the canvas in a layer's own pixels."""
    return None if clip is None else transform.map(clip)
