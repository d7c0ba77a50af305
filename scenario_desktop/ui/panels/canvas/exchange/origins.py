"""Where a picture was taken from a canvas, so that what is made of it can come back there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QRectF

from scenario_desktop.canvas.format import Document, GroupLayer, Layer, Transform

#: Pictures whose place is remembered; the oldest are forgotten.
MAX_ORIGINS = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """A part of a canvas.

    Attributes:
        canvas_id: of the canvas's asset.
        layer_id: "" for the whole canvas.
        x, y, width, height: the part, in the layer's own pixels.
        transform: from these to the canvas, as it was then.
    """

    canvas_id: str
    layer_id: str
    x: float
    y: float
    width: float
    height: float
    transform: Transform = field(default_factory=Transform)

    def place(self, document: Document, width: int, height: int) -> Transform:
        """Return where a picture covers the part; it follows a layer that was moved since.

        Args:
            width, height: of the picture, pixels.
        """
        t = self.transform
        layer = document.layer(self.layer_id)
        if layer is not None and not isinstance(layer, GroupLayer):
            t = layer.transform
        x, y = t.place(self.x, self.y)
        return Transform(
            x=x,
            y=y,
            scale_x=t.scale_x * self.width / width,
            scale_y=t.scale_y * self.height / height,
            angle=t.angle,
        )

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "transform": self.transform.model_dump()}


def of_canvas(canvas_id: str, document: Document) -> Origin:
    """Return the origin of the flattened canvas."""
    return Origin(canvas_id, "", 0, 0, document.width, document.height)


def of_layer(canvas_id: str, layer: Layer, box: QRectF) -> Origin:
    """Return the origin of a layer's own picture.

    Args:
        box: what it covers, in its own pixels; for a group in those of the canvas.
    """
    transform = Transform() if isinstance(layer, GroupLayer) else layer.transform
    return Origin(
        canvas_id, layer.id, box.x(), box.y(), box.width(), box.height(), transform
    )  # fmt: skip


def read_origins(values: Mapping[str, Any]) -> dict[str, Origin]:
    """Read what was remembered, by the ids of the pictures; whatever does not fit is left out."""
    found: dict[str, Origin] = {}
    for asset_id, value in values.items():
        try:
            transform = Transform.model_validate(value["transform"])
            x, y, width, height = (float(value[name]) for name in ("x", "y", "width", "height"))
            if min(width, height) > 0:
                canvas, layer = str(value["canvas_id"]), str(value["layer_id"])
                found[asset_id] = Origin(canvas, layer, x, y, width, height, transform)
        except (KeyError, TypeError, ValueError, ValidationError):
            continue
    return found
