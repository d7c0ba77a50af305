"""The flattened canvas as the screen shows it, kept so that painting redraws only what changed.

It is kept at one level: the canvas at 1/2^level of its size, whichever is just larger than what the
screen shows. For the layer being worked on, all that lies under it is flattened once, and all above
it, too, so that a stroke on one of twenty layers costs three pictures instead of twenty. Both are
filled in only where they are needed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import product

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QRegion, QTransform

from scenario_desktop.canvas.format import Blend, Document, GroupLayer, Layer
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.pixels.drawing import Node, Overlay, Pixels
from scenario_desktop.ui.panels.canvas.pixels.tiling import FORMAT, empty

_SOURCE = QPainter.CompositionMode.CompositionMode_Source
_OVER = QPainter.CompositionMode.CompositionMode_SourceOver
MAX_LEVEL = 6
#: A part costs about as much beside its pixels as so many pixels do.
_PART_COST = 6000
_MAX_PARTS = 12
#: Side of the blocks that many small parts become.
_BLOCK = 64
#: Sides of the pieces in which much is flattened. Large ones are quicker, as Qt draws them on
#: several cores: half of the time for twenty layers.
_PIECES = (2048, 1024, 512)
_PIECE = 256
#: So many pixels of layers are flattened in a second, roughly.
_SPEED = 250_000_000
#: So many pixels of layers are flattened whatever time it takes.
_AT_ONCE = 2_000_000


class _Kept:
    """A picture of a part of the stack, where it is not true any more, and where it never was."""

    def __init__(self, width: int, height: int) -> None:
        self.image = QImage(width, height, FORMAT)
        self.stale = QRegion(0, 0, width, height)
        self.blank = QRegion(self.stale)


class Compositor:
    """Gives the flattened canvas; knows the document it was told last.

    Attributes:
        overlay: a stroke that is not on its layer yet.
    """

    def __init__(self, pixels: Pixels) -> None:
        self.overlay: Overlay | None = None
        self._pixels = pixels
        self._document: Document | None = None
        self._active = ""
        self._level = 0
        self._size = (1, 1)
        self._nodes: tuple[Node, ...] = ()
        self._at = -1
        self._result: _Kept | None = None
        self._last: tuple[int, _Kept] | None = None
        self._below: _Kept | None = None
        self._above: _Kept | None = None
        self._bounds: dict[str, QRectF] = {}
        self._painted: set[str] = set()

    @property
    def level(self) -> int:
        return self._level

    def set_pixels(self, pixels: Pixels) -> None:
        """Begin anew with other pixels."""
        self._pixels = pixels
        self._document = None
        self._drop()

    def set_level(self, level: int) -> None:
        level = min(MAX_LEVEL, max(0, level))
        if level != self._level:
            last = (self._level, self._result) if self._result is not None else self._last
            self._level = level
            self._drop()
            self._last = last

    def set_document(self, document: Document, active: str) -> QRect:
        """Take up a document and say which layer is worked on.

        Returns:
            what has to be shown anew, pixels of the canvas.
        """
        old, self._document = self._document, document
        if old is document and active == self._active:
            return QRect()
        self._renew_bounds(old)
        changed = self._diff(old, document)
        was_active, self._active = self._active, active
        before, self._bounds = (
            self._bounds,
            {layer.id: drawing.bounds_of(layer, self._pixels) for layer in document.layers},
        )
        self._plan()
        whole = QRect(0, 0, document.width, document.height)
        if old is None or (old.width, old.height) != (document.width, document.height):
            self._drop()
            return whole
        if was_active != active:
            self._below = self._above = None
        if old.background != document.background:
            self._spoil(whole, is_below_too=True)
            return whole
        rect = others = QRect()
        for layer_id in changed:
            bounds = before.get(layer_id, QRectF()).united(self._bounds.get(layer_id, QRectF()))
            if bounds.isEmpty():
                continue
            area = bounds.toAlignedRect().adjusted(-2, -2, 2, 2)
            rect = rect.united(area)
            if layer_id != active:
                others = others.united(area)
        self._spoil(rect, is_below_too=False)
        self._spoil(others, is_below_too=True)
        return rect & whole

    def spoil(self, rect: QRect, layer_id: str) -> None:
        """Say that a layer's pixels changed in a rectangle of the canvas."""
        self._painted.add(layer_id)
        self._spoil(rect, is_below_too=layer_id != self._active)

    def spoil_all(self) -> None:
        """Say that any pixels may have changed."""
        self._drop()

    def image(self, rect: QRect, budget_s: float | None = None) -> QImage:
        """Return the whole flattened canvas at its level; true within a rectangle of the canvas.

        Args:
            budget_s: after it, what is not flattened yet is left for the next call.
        """
        if self._document is None:
            return empty(1, 1)
        if self._result is None:
            self._result = _Kept(*self._sizes())
        kept = self._result
        wanted = kept.stale.intersected(self._to_level(rect))
        if wanted.isEmpty():
            return kept.image
        parts = _few(wanted)
        if budget_s is None or _area(parts) * max(1, len(self._nodes)) < _AT_ONCE:
            for part in parts:
                self._compose(kept.image, part)
        else:
            parts = self._compose_some(kept.image, wanted, budget_s)
        for part in parts:
            kept.stale = kept.stale.subtracted(part)
            kept.blank = kept.blank.subtracted(part)
        return kept.image

    def _compose_some(self, image: QImage, wanted: QRegion, budget_s: float) -> list[QRect]:
        """Flatten pieces, those in the middle first, until the time is up; return them."""
        until = time.perf_counter() + budget_s
        most = budget_s * _SPEED / max(1, len(self._nodes))
        side = next((side for side in _PIECES if side * side <= most), _PIECE)
        around = wanted.boundingRect()
        pieces = [piece for piece in _pieces(around, side) if wanted.intersects(piece)]
        middle = around.center()
        pieces.sort(key=lambda piece: (piece.center() - middle).manhattanLength())
        for number, piece in enumerate(pieces):
            if number and time.perf_counter() > until:
                return pieces[:number]
            self._compose(image, piece)
        return pieces

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to show yet, not even at another level."""
        return self._result is None and self._last is None

    def is_behind(self, rect: QRect) -> bool:
        """Say whether ``image`` left something in a rectangle of the canvas for later."""
        return self._result is not None and self._result.stale.intersects(self._to_level(rect))

    def blank(self, rect: QRect) -> QRegion:
        """Return where ``image`` shows nothing yet, in its pixels."""
        return QRegion() if self._result is None else self._result.blank & self._to_level(rect)

    def before(self) -> tuple[QImage, int, QRegion] | None:
        """Return the canvas as it was kept at the level before, to stand in for what is blank.

        Returns:
            the picture, its level, and where it is true, in its pixels.
        """
        if self._last is None:
            return None
        level, kept = self._last
        return kept.image, level, QRegion(kept.image.rect()).subtracted(kept.stale)

    def forget_before(self) -> None:
        """Give the memory of ``before`` back: nothing is blank any more."""
        self._last = None

    def color_at(self, x: int, y: int) -> QColor:
        """Return the flattened colour of one pixel of the canvas."""
        if self._document is None:
            return QColor(0, 0, 0, 0)
        one = drawing.render(self._document, self._pixels, QRect(x, y, 1, 1))
        return one.pixelColor(0, 0)

    # Inside

    def _sizes(self) -> tuple[int, int]:
        document = self._document
        if document is None:
            return 1, 1
        step = 1 << self._level
        return -(-document.width // step), -(-document.height // step)

    def _to_level(self, rect: QRect) -> QRect:
        scale = 1 / (1 << self._level)
        area = QTransform.fromScale(scale, scale).mapRect(QRectF(rect)).toAlignedRect()
        if self._level:
            area = area.adjusted(-1, -1, 1, 1)
        return area & QRect(0, 0, *self._sizes())

    def _drop(self) -> None:
        self._result = self._below = self._above = self._last = None

    def _spoil(self, rect: QRect, *, is_below_too: bool) -> None:
        if rect.isEmpty():
            return
        self._last = None
        area = self._to_level(rect)
        kept = (self._result, self._below, self._above) if is_below_too else (self._result,)
        for one in kept:
            if one is not None:
                one.stale = one.stale.united(area)

    def _plan(self) -> None:
        """Find the node of the layer that is worked on."""
        document = self._document
        self._nodes = drawing.nodes_of(document) if document else ()
        self._at = next((i for i, n in enumerate(self._nodes) if n.holds(self._active)), -1)

    def _renew_bounds(self, old: Document | None) -> None:
        """Take note of how far layers have grown that were painted on since."""
        for layer_id in self._painted:
            layer = old.layer(layer_id) if old is not None else None
            if layer is not None:
                grown = drawing.bounds_of(layer, self._pixels)
                self._bounds[layer_id] = self._bounds.get(layer_id, QRectF()).united(grown)
        self._painted.clear()

    def _diff(self, old: Document | None, new: Document) -> set[str]:
        """Return the ids of layers that look different now, those of changed groups with theirs."""
        if old is None or old is new:
            return set()
        before = {layer.id: layer for layer in old.layers}
        after = {layer.id: layer for layer in new.layers}
        changed = before.keys() ^ after.keys()
        for layer_id in before.keys() & after.keys():
            one, two = before[layer_id], after[layer_id]
            if one is not two and _looks(one) != _looks(two):
                changed.add(layer_id)
        both = before.keys() & after.keys()
        order_old = [layer.id for layer in old.layers if layer.id in both]
        order_new = [layer.id for layer in new.layers if layer.id in both]
        if order_old != order_new:
            changed |= {a for a, b in zip(order_old, order_new, strict=True) if a != b}
            changed |= {b for a, b in zip(order_old, order_new, strict=True) if a != b}
        for layer_id in list(changed):
            group = before.get(layer_id) or after.get(layer_id)
            if isinstance(group, GroupLayer):
                changed |= old.below(layer_id) | new.below(layer_id)
        return changed

    def _compose(self, image: QImage, area: QRect) -> None:
        painter = QPainter(image)
        painter.setClipRect(area)
        if self._at < 0:
            self._ground(painter, area)
            drawing.draw_nodes(painter, self._nodes, self._pixels, area, self._level)
            painter.end()
            return
        below = self._part(True, area)
        painter.setCompositionMode(_SOURCE)
        painter.drawImage(area, below, area)
        painter.setCompositionMode(_OVER)
        at = self._at
        drawing.draw_nodes(
            painter, self._nodes[at : at + 1], self._pixels, area, self._level, self.overlay
        )
        above = self._nodes[at + 1 :]
        # Flattening what is above changes nothing as long as all of it is simply laid over.
        if above and all(node.layer.blend is Blend.NORMAL for node in above):
            painter.drawImage(area, self._part(False, area), area)
        elif above:
            drawing.draw_nodes(painter, above, self._pixels, area, self._level)
        painter.end()

    def _part(self, is_below: bool, area: QRect) -> QImage:
        """Return all under the active node, or all above it, true within an area."""
        kept = self._below if is_below else self._above
        if kept is None:
            kept = _Kept(*self._sizes())
            if is_below:
                self._below = kept
            else:
                self._above = kept
        wanted = kept.stale.intersected(area)
        if not wanted.isEmpty():
            nodes = self._nodes[: self._at] if is_below else self._nodes[self._at + 1 :]
            # A little more than asked for: the next piece of a stroke lies right beside it.
            grown = area.adjusted(-64, -64, 64, 64) & QRect(0, 0, *self._sizes())
            wanted = kept.stale.intersected(grown)
            for part in _few(wanted):
                painter = QPainter(kept.image)
                painter.setClipRect(part)
                self._ground(painter, part, is_clear=not is_below)
                drawing.draw_nodes(painter, nodes, self._pixels, part, self._level)
                painter.end()
            kept.stale = kept.stale.subtracted(wanted)
        return kept.image

    def _ground(self, painter: QPainter, area: QRect, *, is_clear: bool = False) -> None:
        document = self._document
        color = QColor(0, 0, 0, 0)
        if document is not None and document.background and not is_clear:
            color = QColor.fromString(drawing.qt_color(document.background))
        painter.setCompositionMode(_SOURCE)
        painter.fillRect(area, color)
        painter.setCompositionMode(_OVER)


def _looks(layer: Layer) -> dict[str, object]:
    """Return all of a layer that is seen: not its name, nor whether it is locked."""
    return layer.model_dump(
        exclude={"name": True, "is_locked": True, "tiles": True, "mask": {"tiles": True}}
    )


def _area(parts: list[QRect]) -> int:
    return sum(part.width() * part.height() for part in parts)


def _pieces(around: QRect, side: int) -> Iterator[QRect]:
    """Cut a rectangle into pieces that lie on a fixed grid."""
    for y in range(around.top() // side, around.bottom() // side + 1):
        for x in range(around.left() // side, around.right() // side + 1):
            yield QRect(x * side, y * side, side, side) & around


def _few(region: QRegion) -> list[QRect]:
    """Return a region as few rectangles that waste little around it."""
    parts = [QRect(part) for part in region]  # type: ignore[attr-defined]  # missing in the stub
    if len(parts) <= 2:
        return parts
    around = region.boundingRect()
    inside = _area(parts)
    # Each part costs about as much beside its pixels as this many pixels do.
    if around.width() * around.height() <= 1.3 * inside + 4 * _PART_COST:
        return [around]
    if len(parts) <= _MAX_PARTS:
        return parts
    return [block & around for block in _blocks(parts)]


def _blocks(parts: list[QRect]) -> list[QRect]:
    """Return rectangles of whole blocks around parts; those beside each other are one."""
    blocks: set[tuple[int, int]] = set()
    for part in parts:
        rows = range(part.top() // _BLOCK, part.bottom() // _BLOCK + 1)
        blocks.update(product(rows, range(part.left() // _BLOCK, part.right() // _BLOCK + 1)))
    found: list[QRect] = []
    for y, x in sorted(blocks):
        last = found[-1] if found else None
        if last is not None and last.top() == y * _BLOCK and last.right() + 1 == x * _BLOCK:
            last.setWidth(last.width() + _BLOCK)
        else:
            found.append(QRect(x * _BLOCK, y * _BLOCK, _BLOCK, _BLOCK))
    return found
