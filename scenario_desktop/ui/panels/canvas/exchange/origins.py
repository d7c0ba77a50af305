"""Where a picture was taken from a canvas, so that what is made of it can come back there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QRectF

from scenario_desktop.canvas.format import Document, GroupLayer, Layer, Transform

#: Layers whose places tell later how far a crop has moved everything.
_MAX_MARKS = 8
#: Pictures whose place is remembered; the oldest are forgotten.
MAX_ORIGINS = 100


@dataclass(frozen=True, slots=True)
class Frame:
    """What a canvas was like, so that a crop since then is noticed.

    Attributes:
        marks: where some layers were.
    """

    width: int
    height: int
    marks: Mapping[str, tuple[float, float]]

    def shift(self, document: Document) -> tuple[float, float]:
        """Return how far the canvas has been moved under its ground by cropping."""
        if (self.width, self.height) == (document.width, document.height):
            return 0.0, 0.0
        now = {layer.id: layer.transform for layer in document.layers}
        ways = Counter(
            (round(now[key].x - x, 3), round(now[key].y - y, 3))
            for key, (x, y) in self.marks.items()
            if key in now
        )
        return ways.most_common(1)[0][0] if ways else (0.0, 0.0)


def _frame(document: Document) -> Frame:
    layers = [layer for layer in document.layers if not isinstance(layer, GroupLayer)]
    marks = {layer.id: (layer.transform.x, layer.transform.y) for layer in layers[:_MAX_MARKS]}
    return Frame(document.width, document.height, marks)


@dataclass(frozen=True, slots=True)
class Origin:
    """A part of a canvas.

    Attributes:
        canvas_id: of the canvas's asset.
        layer_id: "" for the whole canvas.
        x, y, width, height: the part, in the layer's own pixels.
        transform: from these to the canvas, as it was then.
        frame: of that canvas; None where nobody noted it.
    """

    canvas_id: str
    layer_id: str
    x: float
    y: float
    width: float
    height: float
    transform: Transform = field(default_factory=Transform)
    frame: Frame | None = None

    def place(self, document: Document, width: int, height: int) -> Transform:
        """Return where a picture covers the part; it follows a layer that was moved since, and
        all else a crop.

        Args:
            width, height: of the picture, pixels.
        """
        t, aside = self.transform, (0.0, 0.0)
        layer = document.layer(self.layer_id)
        if layer is not None and not isinstance(layer, GroupLayer):
            t = layer.transform
        elif self.frame is not None:
            aside = self.frame.shift(document)
        x, y = t.place(self.x, self.y)
        x, y = x + aside[0], y + aside[1]
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
    width, height = document.width, document.height
    return Origin(canvas_id, "", 0, 0, width, height, frame=_frame(document))


def of_layer(canvas_id: str, document: Document, layer: Layer, box: QRectF) -> Origin:
    """Return the origin of a layer's own picture.

    Args:
        box: what it covers, in its own pixels; for a group in those of the canvas.
    """
    transform = Transform() if isinstance(layer, GroupLayer) else layer.transform
    return Origin(
        canvas_id, layer.id, box.x(), box.y(), box.width(), box.height(), transform,
        _frame(document),
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
                frame = _read_frame(value.get("frame"))
                found[asset_id] = Origin(canvas, layer, x, y, width, height, transform, frame)
        except (AttributeError, KeyError, TypeError, ValueError, ValidationError):
            continue
    return found


def _read_frame(value: Mapping[str, Any] | None) -> Frame | None:
    if value is None:
        return None
    marks = {str(key): (float(x), float(y)) for key, (x, y) in value["marks"].items()}
    return Frame(int(value["width"]), int(value["height"]), marks)
