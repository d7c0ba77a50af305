"""Where layers lie on a canvas: which one a point meets, and the boxes around what they show."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import QImage, QPainter, QPainterPath

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import Blend, Document, GroupLayer, Layer, PaintLayer
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.pixels.tiling import empty


def layer_at(document: Document, pixels: Pixels, point: QPointF) -> str:
    """Return the highest unlocked layer that shows something at a point; "" if none."""
    spot = QRect(int(point.x()), int(point.y()), 1, 1)
    for node in reversed(drawing.nodes_of(document)):
        layer = node.layer
        if document.is_locked(layer):
            continue
        if not node.inner and not drawing.bounds_of(layer, pixels).contains(point):
            continue
        alone = edits.alone(document, layer, opacity=1.0, blend=Blend.NORMAL)
        if drawing.render(alone, pixels, spot).pixelColor(0, 0).alpha() > 8:
            return layer.id
    return ""


def frame_of(document: Document, pixels: Pixels, layer: Layer) -> QRectF:
    """Return the box around what a layer shows, in its own pixels."""
    if isinstance(layer, PaintLayer):
        surface = pixels.surfaces.get(layer.id)
        box = QRectF(surface.used_bounds()) if surface else QRectF()
        return box.united(drawing.missing_box(layer, pixels))
    if isinstance(layer, GroupLayer):
        return frame_around(document, pixels, document.below(layer.id))
    return drawing.box_of(layer, pixels)


def frame_around(document: Document, pixels: Pixels, layer_ids: Iterable[str]) -> QRectF:
    """Return the box around what several layers show, on the canvas."""
    box = QRectF()
    for layer_id in layer_ids:
        layer = document.layer(layer_id)
        if layer is None:
            continue
        frame = frame_of(document, pixels, layer)
        if not frame.isEmpty():
            frame = on_canvas(layer, frame)
        box = box.united(frame)
    return box


def on_canvas(layer: Layer, frame: QRectF) -> QRectF:
    """Return where a layer's frame lies on the canvas; that of a group lies there as it is."""
    if isinstance(layer, GroupLayer):
        return frame
    return drawing.matrix(layer.transform).mapRect(frame)


def cut_out(
    document: Document, pixels: Pixels, layer: Layer, selection: QPainterPath | None
) -> tuple[QImage, QPoint]:
    """Return what a layer shows inside the selection, and where that lies; null for nothing."""
    area = QRect(0, 0, document.width, document.height)
    if selection is not None:
        area = area & selection.boundingRect().toAlignedRect()
    else:
        frame = on_canvas(layer, frame_of(document, pixels, layer))
        area = frame.toAlignedRect() & area
    if area.isEmpty():
        return QImage(), QPoint()
    image = drawing.render(edits.alone(document, layer, is_visible=True), pixels, area)
    if selection is not None:
        image = _masked(image, selection.translated(-area.topLeft()))
    return image, area.topLeft()


def _masked(image: QImage, path: QPainterPath) -> QImage:
    result = empty(image.width(), image.height())
    painter = QPainter(result)
    painter.setClipPath(path)
    painter.drawImage(0, 0, image)
    painter.end()
    return result
