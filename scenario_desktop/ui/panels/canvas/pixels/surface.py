"""The pixels of a paint layer, in tiles: memory and undo cost what was painted, not the canvas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from scenario_desktop.ui.panels.canvas.pixels.arena import Arena, Strip
from scenario_desktop.ui.panels.canvas.pixels.tiling import (
    CELL,
    CELLS_PER_SIDE,
    SIDE,
    WHOLE,
    Box,
    Key,
    bare,
    empty,
    keys_in,
    lay,
    tile_rect,
)

_SOURCE = QPainter.CompositionMode.CompositionMode_Source
#: At 1/4 of the size the first smaller copy is kept; at 1/2 sampling the picture is as good.
FIRST_MIP = 2
#: Where a strip of cells lies in its tile, and the copy of it.
Kept = tuple[QRect, Strip]


@dataclass(slots=True)
class _Mip:
    """A tile made smaller, and where the tile has changed since, in its own pixels."""

    image: QImage
    stale: QRect


class PaintSurface:
    """Tiles by column and row; a missing one is transparent.

    Attributes:
        version: counts every change of pixels.
        is_wet: it is being painted on: shown small, it is sampled instead of averaged.
    """

    def __init__(self) -> None:
        self.version = 0
        self.is_wet = False
        self._tiles: dict[Key, QImage] = {}
        self._versions: dict[Key, int] = {}
        self._mips: dict[Key, dict[int, _Mip]] = {}
        self._used: dict[Key, tuple[int, QRect]] = {}

    def tile(self, key: Key) -> QImage | None:
        return self._tiles.get(key)

    def tile_version(self, key: Key) -> int:
        """Return a number that grows whenever this tile changes."""
        return self._versions.get(key, 0)

    def tiles(self) -> list[tuple[Key, QImage]]:
        """Return all tiles there are; painting may go on meanwhile."""
        return list(self._tiles.items())

    def bounds(self) -> QRect:
        """Return what the tiles cover together."""
        result = QRect()
        for key in self._tiles:
            result = result.united(tile_rect(key))
        return result

    def used_bounds(self) -> QRect:
        """Return the smallest rectangle with all that is painted."""
        result = QRect()
        for key, image in self._tiles.items():
            version = self.tile_version(key)
            found = self._used.get(key)
            if found is None or found[0] != version:
                found = self._used[key] = version, _used(image)
            if not found[1].isEmpty():
                result = result.united(found[1].translated(tile_rect(key).topLeft()))
        return result

    def size_bytes(self) -> int:
        return len(self._tiles) * SIDE * SIDE * 4

    def writable(self, key: Key) -> QImage:
        """Return a tile to paint on, made if need be. Whoever paints calls ``touched``."""
        image = self._tiles.get(key)
        if image is None:
            image = self._tiles[key] = empty(SIDE, SIDE)
        return image

    def touched(self, key: Key, inner: QRect = WHOLE) -> None:
        """Say that a tile was painted on, in a rectangle of its own."""
        self.version += 1
        self._versions[key] = self.version
        for mip in self._mips.get(key, {}).values():
            mip.stale = mip.stale.united(inner)

    def set_tile(self, key: Key, image: QImage | None) -> None:
        """Put a tile in place, or None for nothing."""
        if image is None:
            self._tiles.pop(key, None)
            self._mips.pop(key, None)
        else:
            self._tiles[key] = image
        self.touched(key)

    def put(self, image: QImage, corner: QPoint) -> None:
        """Replace pixels by those of a picture."""
        area = QRect(corner, image.size())
        for key in keys_in(area):
            place = tile_rect(key)
            is_whole = area.contains(place)
            tile = bare(SIDE, SIDE) if is_whole else self.writable(key)
            lay(tile, image, corner - place.topLeft())
            self.set_tile(key, tile)

    def image(self, rect: QRect) -> QImage:
        """Return a copy of a rectangle."""
        result = empty(max(1, rect.width()), max(1, rect.height()))
        painter = QPainter(result)
        painter.setCompositionMode(_SOURCE)
        painter.translate(-rect.topLeft())
        for key in keys_in(rect):
            image = self._tiles.get(key)
            if image is not None:
                painter.drawImage(tile_rect(key).topLeft(), image)
        painter.end()
        return result

    def copy(self) -> PaintSurface:
        """Return the same pixels to go on with; they are shared until one side changes them."""
        result = PaintSurface()
        for key, image in self._tiles.items():
            result.set_tile(key, QImage(image))
        return result

    def draw(self, painter: QPainter, area: QRectF, level: int) -> None:
        """Draw what lies in an area of the layer, on a painter set up in the layer's own pixels.

        Args:
            level: the result is shown at 1/2^level of its size.
        """
        for key in keys_in(area.toAlignedRect()):
            image = self._tiles.get(key)
            if image is None:
                continue
            if level < FIRST_MIP or self.is_wet:
                # At one half, bilinear sampling is the exact mean of four pixels.
                painter.drawImage(tile_rect(key).topLeft(), image)
            else:
                painter.drawImage(QRectF(tile_rect(key)), self._mip(key, level))

    def _mip(self, key: Key, level: int) -> QImage:
        tile = self._tiles[key]
        mips = self._mips.setdefault(key, {})
        mip = mips.get(level)
        if mip is None:
            # From a smaller one that is there: all of a tile takes much longer to go through.
            is_there = level > FIRST_MIP and FIRST_MIP in mips
            small = self._mip(key, FIRST_MIP) if is_there else None
            image = smaller(tile, level) if small is None else smaller(small, level - FIRST_MIP)
            mip = mips[level] = _Mip(image, QRect())
        elif not mip.stale.isEmpty():
            self._renew(mip, tile, level)
        return mip.image

    def _renew(self, mip: _Mip, tile: QImage, level: int) -> None:
        """Make a part of a smaller tile anew, and no more than that part."""
        step = 1 << level
        left, top = mip.stale.left() // step, mip.stale.top() // step
        right, bottom = mip.stale.right() // step, mip.stale.bottom() // step
        small = QRect(QPoint(left, top), QPoint(right, bottom))
        large = QRect(left * step, top * step, small.width() * step, small.height() * step)
        painter = QPainter(mip.image)
        painter.setCompositionMode(_SOURCE)
        painter.drawImage(small.topLeft(), smaller(tile.copy(large), level))
        painter.end()
        mip.stale = QRect()


def smaller(image: QImage, level: int) -> QImage:
    """Return a picture at 1/2^level of its size, each pixel the mean of those it stands for."""
    return image.scaled(
        max(1, image.width() >> level),
        max(1, image.height() >> level),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def _used(image: QImage) -> QRect:
    """Return the bounds of what is not wholly transparent."""
    alpha = image.convertToFormat(QImage.Format.Format_Alpha8)
    data, stride, width = bytes(alpha.constBits()), alpha.bytesPerLine(), alpha.width()
    top, bottom, left, right = -1, -1, width, -1
    for y in range(alpha.height()):
        row = data[y * stride : y * stride + width]
        used = row.lstrip(b"\0")
        if not used:
            continue
        top, bottom = y if top < 0 else top, y
        left = min(left, width - len(used))
        right = max(right, len(row.rstrip(b"\0")) - 1)
    return QRect(QPoint(left, top), QPoint(right, bottom)) if top >= 0 else QRect()


class SurfaceChange:
    """What a step did to a surface; fits the history's ``PixelChange``.

    It holds strips of cells as they were; undoing swaps them with what is there, redoing again.
    """

    def __init__(
        self,
        surface: PaintSurface,
        arena: Arena,
        kept: dict[Key, list[Kept]],
        new: frozenset[Key],
    ) -> None:
        self._surface, self._arena, self._kept, self._new = surface, arena, kept, new
        self._taken: dict[Key, QImage] = {}
        cells = sum(place.width() // CELL for kept in kept.values() for place, _ in kept)
        self.size_bytes = cells * CELL * CELL * 4 + len(new) * SIDE * SIDE * 4

    @property
    def rect(self) -> QRect:
        """Return what changed, in the layer's own pixels."""
        result = QRect()
        for key, kept in self._kept.items():
            corner = tile_rect(key).topLeft()
            for place, _ in kept:
                result = result.united(place.translated(corner))
        for key in self._new:
            result = result.united(tile_rect(key))
        return result

    def undo(self) -> None:
        for key in self._new:
            image = self._surface.tile(key)
            if image is not None:
                self._taken[key] = image
            self._surface.set_tile(key, None)
        self._swap()

    def redo(self) -> None:
        for key, image in self._taken.items():
            self._surface.set_tile(key, image)
        self._taken = {}
        self._swap()

    def _swap(self) -> None:
        for key, kept in self._kept.items():
            tile = self._surface.writable(key)
            places = [place for place, _ in kept]
            there = self._arena.copy(tile, places)
            painter = QPainter(tile)
            painter.setCompositionMode(_SOURCE)
            for place, strip in kept:
                painter.drawImage(place.topLeft(), strip.image, strip.rect)
            painter.end()
            self._kept[key] = list(zip(places, there, strict=True))
            self._surface.touched(key)


class Recorder:
    """Watches one edit of a surface, so that it can be taken back.

    What is about to be painted on is copied cell by cell: a stroke touches little of a tile.
    """

    def __init__(self, surface: PaintSurface, arena: Arena) -> None:
        self.surface = surface
        self._arena = arena
        self._kept: dict[Key, list[Kept]] = {}
        self._new: set[Key] = set()
        self._seen: set[Key] = set()  # row before column

    def keep(self, *areas: QRect) -> None:
        """Copy what lies in some areas of the layer, unless that is done already."""
        for area in areas:
            box = area.left(), area.top(), area.right(), area.bottom()
            for key in keys_in(area):
                self.keep_in(key, [box])

    def keep_in(self, key: Key, boxes: Iterable[Box]) -> None:
        """Copy what lies in a tile and in some boxes of the layer, unless that is done already."""
        left, top = key[0] * CELLS_PER_SIDE, key[1] * CELLS_PER_SIDE
        last_x, last_y = left + CELLS_PER_SIDE - 1, top + CELLS_PER_SIDE - 1
        cells: set[Key] = set()
        for x1, y1, x2, y2 in boxes:
            rows = range(max(top, y1 // CELL), min(last_y, y2 // CELL) + 1)
            columns = range(max(left, x1 // CELL), min(last_x, x2 // CELL) + 1)
            cells.update(product(rows, columns))
        cells -= self._seen
        self._seen |= cells
        if not cells or key in self._new:
            return
        tile = self.surface.tile(key)
        if tile is None:
            self._new.add(key)
            return
        places = [
            QRect((x - left) * CELL, (y - top) * CELL, count * CELL, CELL)
            for x, y, count in _strips(sorted(cells))
        ]
        copies = self._arena.copy(tile, places)
        self._kept.setdefault(key, []).extend(zip(places, copies, strict=True))

    def begin(self, key: Key, area: QRect) -> QPainter:
        """Return a painter on a tile, set up in the layer's own pixels, for painting in an area.

        The area must have been kept before.
        """
        corner = tile_rect(key).topLeft()
        painter = QPainter(self.surface.writable(key))
        painter.translate(-corner)
        self.surface.touched(key, area.translated(-corner) & WHOLE)
        return painter

    def finish(self) -> SurfaceChange:
        """Return the change."""
        return SurfaceChange(self.surface, self._arena, self._kept, frozenset(self._new))

    def cancel(self) -> None:
        """Put everything back as it was."""
        self.finish().undo()


def _strips(cells: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Return sorted cells, row before column, as strips: column and row of the first, and cells."""
    first = count = 0
    last_y: int | None = None
    for y, x in cells:
        if y == last_y and x == first + count:
            count += 1
            continue
        if last_y is not None:
            yield first, last_y, count
        first, last_y, count = x, y, 1
    if last_y is not None:
        yield first, last_y, count
