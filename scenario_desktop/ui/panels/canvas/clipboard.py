"""Copying layers between canvases, and pictures to and from other programs."""

from __future__ import annotations

import json

from pydantic import TypeAdapter, ValidationError
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication, QImage

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import Layer, PictureLayer, ShapeLayer, TextLayer

#: A layer of ours as JSON.
LAYER_MIME = "application/x-scenario-desktop-layer"
_MAX_BYTES = 100_000
_ADAPTER: TypeAdapter[Layer] = TypeAdapter(Layer)


def put(image: QImage, layer: Layer | None) -> None:
    """Put a picture on the clipboard, with the layer it shows where that can be made again."""
    data = QMimeData()
    data.setImageData(image)
    is_plain = isinstance(layer, (TextLayer, ShapeLayer))
    if layer is not None and (is_plain or (isinstance(layer, PictureLayer) and layer.asset_id)):
        text = json.dumps(layer.model_dump(mode="json", by_alias=True))
        data.setData(LAYER_MIME, text.encode())
    QGuiApplication.clipboard().setMimeData(data)


def layer_on() -> Layer | None:
    """Return a copied layer as one to add; None when there is none."""
    data = QGuiApplication.clipboard().mimeData()
    if data is None or not data.hasFormat(LAYER_MIME):
        return None
    raw = bytes(data.data(LAYER_MIME).data())
    if len(raw) > _MAX_BYTES:
        return None
    try:
        layer = _ADAPTER.validate_json(raw)
    except ValidationError:
        return None  # another version's, or not ours at all: there may be a picture beside it
    return edits.replaced(layer, id=edits.new_id(), parent="", is_locked=False, is_visible=True)


def image_on() -> QImage:
    """Return the picture on the clipboard; null when there is none."""
    return QGuiApplication.clipboard().image()
