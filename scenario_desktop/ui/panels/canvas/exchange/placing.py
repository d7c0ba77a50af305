"""Layers and pictures that come onto the canvas, each as a step."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QImage

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import Layer, PictureLayer, Transform
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.pixels import frames
from scenario_desktop.ui.panels.canvas.pixels.drawing import PictureSource
from scenario_desktop.ui.panels.canvas.pixels.surface import PaintSurface


def insert(
    editor: Editor,
    layers: tuple[Layer, ...],
    root: str,
    surfaces: Mapping[str, PaintSurface],
    pictures: Mapping[str, PictureSource],
) -> None:
    """Paste layers above the active one, with their pixels, and work on the one pasted.

    They keep their place where some of it is on this canvas, and come to its middle elsewhere.

    Args:
        layers: in their order, with ids that nothing here has.
        root: the one that all others are in.
    """
    if editor.refuse():
        return
    editor.pixels.surfaces.update(surfaces)
    for key, source in pictures.items():
        editor.pixels.pictures.setdefault(key, source)
    document = edits.insert(editor.document, layers, root, editor.active_id)
    top = document.layer(root)
    area = QRectF()
    if top is not None:
        area = frames.on_canvas(top, frames.frame_of(document, editor.pixels, top))
    if top is not None and not area.isEmpty() and not area.intersects(QRectF(editor.rect)):
        way = QRectF(editor.rect).center() - area.center()
        document = edits.shifted(document, top.id, round(way.x()), round(way.y()))
    editor.active_id = root
    name = top.name if top is not None else ""
    editor.commit(f"Paste {name}", "copy", document)
    editor.active_changed.emit()


def place(
    editor: Editor,
    image: QImage,
    name: str,
    *,
    asset_id: str = "",
    blob: str = "",
    at: QPointF | None = None,
) -> None:
    """Add a picture, shrunk to fit the canvas where it is larger.

    Args:
        at: where its middle comes to lie; the middle of the canvas without it.
    """
    size = QSize(image.width(), image.height())
    scale = min(1.0, editor.document.width / size.width(), editor.document.height / size.height())
    middle = at or QRectF(editor.rect).center()
    transform = Transform(
        x=round(middle.x() - size.width() * scale / 2),
        y=round(middle.y() - size.height() * scale / 2),
        scale_x=scale,
        scale_y=scale,
    )
    layer = PictureLayer(
        id=edits.new_id(),
        name=name[:200] or "Picture",
        asset_id=asset_id,
        blob=blob,
        width=size.width(),
        height=size.height(),
        transform=transform,
    )
    editor.add_layer(layer, f"Place {layer.name}", "image-plus", image)
