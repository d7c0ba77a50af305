"""Painting on a layer wherever it lies: from places on the canvas to the layer's own pixels."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QTransform, qGray

from scenario_desktop.canvas.format import Layer, Mask
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.pixels.arena import Arena
from scenario_desktop.ui.panels.canvas.pixels.brush import Brush, Stroke, mapped_clip
from scenario_desktop.ui.panels.canvas.pixels.drawing import Overlay, Pixels
from scenario_desktop.ui.panels.canvas.pixels.surface import Recorder, SurfaceChange
from scenario_desktop.ui.panels.canvas.pixels.tiling import keys_in


def place_name(layer: Layer, mask: Mask | None) -> str:
    """Return what a step calls the place that is painted on."""
    return layer.name if mask is None else f"the mask of {layer.name}"


def way_back(layer: Layer) -> QTransform | None:
    """Return how the canvas lies in a layer's own pixels; None where that cannot be told."""
    back, is_possible = drawing.matrix(layer.transform).inverted()
    return back if is_possible else None


def area_of(layer: Layer, rect: QRect) -> QRect:
    """Return the part of the canvas that a rectangle of a layer's own pixels shows in."""
    area = drawing.matrix(layer.transform).mapRect(QRectF(rect)).toAlignedRect()
    return area.adjusted(-1, -1, 1, 1)


def paint_once(
    record: Recorder,
    back: QTransform,
    rect: QRect,
    selection: QPainterPath | None,
    draw: Callable[[QPainter], object],
) -> SurfaceChange:
    """Paint on a surface what ``draw`` paints on the canvas.

    Args:
        back: see ``way_back``.
        rect: of the canvas, where something is painted.
        selection: what it is confined to, on the canvas.
    """
    local = back.mapRect(QRectF(rect)).toAlignedRect()
    record.keep(local)
    for key in keys_in(local):
        painter = record.begin(key, local)
        painter.setTransform(back, True)
        if selection is not None:
            painter.setClipPath(selection)
        draw(painter)
        painter.end()
    return record.finish()


class LayerStroke:
    """A stroke on a layer, or on its mask, while it is being drawn.

    Attributes:
        layer: as it was when the stroke began.
        name, icon, subject: of the step that it becomes.
        overlay: what is to be shown over the layer until then, if anything is.
    """

    def __init__(
        self,
        pixels: Pixels,
        arena: Arena,
        layer: Layer,
        mask: Mask | None,
        back: QTransform,
        brush: Brush,
        color: QColor,
        *,
        is_eraser: bool,
        selection: QPainterPath | None,
    ) -> None:
        """Begin to draw.

        Args:
            mask: what is painted on in the layer's stead.
            back: see ``way_back``.
            selection: what it is confined to, on the canvas.
        """
        self.layer = layer
        word, self.icon = ("Erase", "eraser") if is_eraser else ("Brush", "brush")
        self.name = f"{word} on {place_name(layer, mask)}"
        self.subject = f"{word.lower()}:{layer.id}"
        if mask is not None:
            self.subject = f"mask {self.subject}"
            # A mask is never erased: it is painted white again, so that the layer is seen.
            color, is_eraser = QColor("white") if is_eraser else _shade(color), False
        painted = mask.id if mask is not None else layer.id
        surface = pixels.surface(painted)
        scale = (abs(layer.transform.scale_x) + abs(layer.transform.scale_y)) / 2
        stroke = self._stroke = Stroke(
            surface,
            arena,
            brush.sized(brush.size / scale),
            color,
            is_eraser=is_eraser,
            clip=mapped_clip(selection, back),
        )
        surface.is_wet = True
        self.overlay: Overlay | None = None
        if stroke.wet is not None:
            self.overlay = Overlay(painted, stroke.wet, brush.opacity, is_eraser)
        self._back, self._is_straight = back, back.isIdentity()

    def add(self, x: float, y: float, pressure: float) -> None:
        """Go on to a point of the canvas."""
        if self._is_straight:
            self._stroke.add_at(x, y, pressure)
        else:
            self._stroke.add(self._back.map(QPointF(x, y)), pressure)

    def flush(self) -> list[QRect]:
        """Draw what is queued and return where, on the canvas."""
        areas = self._stroke.flush()
        return areas if self._is_straight else [area_of(self.layer, local) for local in areas]

    def finish(self) -> tuple[SurfaceChange, bool]:
        """Return the whole change, and whether it is seen only now that it lies on the layer."""
        was_wet = self._stroke.wet is not None
        self._stroke.finish()
        change = self._stroke.record.finish()
        return change, was_wet and not change.rect.isEmpty()

    def cancel(self) -> None:
        self._stroke.cancel()


def _shade(color: QColor) -> QColor:
    """Return a colour as a mask takes it."""
    return QColor.fromRgb(*(qGray(color.rgb()),) * 3)
