"""Copying layers between canvases, and pictures to and from other programs."""

from __future__ import annotations

import atexit
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError
from PySide6.QtCore import QMimeData, QPoint
from PySide6.QtGui import QGuiApplication, QImage

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import (
    Document,
    Layer,
    PaintLayer,
    PictureLayer,
    ShapeLayer,
    TextLayer,
)
from scenario_desktop.ui.panels.canvas.pixels.drawing import PictureSource, Pixels
from scenario_desktop.ui.panels.canvas.pixels.surface import PaintSurface

#: A layer of ours as JSON, for another window of this program.
LAYER_MIME = "application/x-scenario-desktop-layer"
#: Says which copy of this window is meant.
_COPY_MIME = "application/x-scenario-desktop-copy"
_MAX_BYTES = 100_000
_ADAPTER: TypeAdapter[Layer] = TypeAdapter(Layer)


@dataclass(frozen=True, slots=True)
class Clip:
    """What was copied on a canvas of this window; it outlives that canvas.

    Attributes:
        layers: the copied one, a group with all that is in it; none for a part of the pixels.
        root: the id of the copied layer.
        workspace: whose assets the pictures are.
        surfaces, pictures: the pixels, shared until somebody paints.
        image: how it looks; at: where it lay on the canvas.
    """

    workspace: str
    image: QImage
    at: QPoint
    root: str = ""
    layers: tuple[Layer, ...] = ()
    surfaces: Mapping[str, PaintSurface] = field(default_factory=dict)
    pictures: Mapping[str, PictureSource] = field(default_factory=dict)


def clip_of(
    document: Document, pixels: Pixels, root: str, workspace: str, image: QImage, at: QPoint
) -> Clip:
    """Return a whole layer as it is now."""
    inner = document.below(root)
    layers = tuple(layer for layer in document.layers if layer.id == root or layer.id in inner)
    ids = edits.fresh_ids(layers).keys()
    keys = {layer.asset_id or layer.blob for layer in layers if isinstance(layer, PictureLayer)}
    return Clip(
        workspace, image, at, root, layers,
        {key: surface.copy() for key, surface in pixels.surfaces.items() if key in ids},
        {key: source for key, source in pixels.pictures.items() if key in keys},
    )  # fmt: skip


class Clipboard:
    """The system's clipboard, and beside it what other programs could not take.

    It belongs to the window rather than to a canvas: what is copied on one is pasted on the next.
    """

    def __init__(self) -> None:
        self._clip: Clip | None = None
        self._mark = b""
        # WORKAROUND for PySide 6.12: data made in Python that is on the clipboard when the
        # interpreter ends makes it crash. A plain picture does not, and stays for the others.
        atexit.register(self._leave_a_picture)

    def put(self, clip: Clip) -> None:
        """Put a picture on the clipboard, with the layers that it shows."""
        self._clip, self._mark = clip, uuid.uuid4().bytes
        data = QMimeData()
        data.setImageData(clip.image)  # which others are offered as PNG, among others
        data.setData(_COPY_MIME, self._mark)
        layer = next((one for one in clip.layers if one.id == clip.root), None)
        if layer is not None and _is_plain(layer):
            text = json.dumps(layer.model_dump(mode="json", by_alias=True))
            data.setData(LAYER_MIME, text.encode())
        QGuiApplication.clipboard().setMimeData(data)

    def clip(self) -> Clip | None:
        """Return what this window copied, if nothing else was copied since."""
        data = QGuiApplication.clipboard().mimeData()
        if data is None or not self._mark:
            return None
        is_ours = bytes(data.data(_COPY_MIME).data()) == self._mark
        return self._clip if is_ours else None

    def _leave_a_picture(self) -> None:
        clip = self.clip() if QGuiApplication.instance() is not None else None
        if clip is not None:
            QGuiApplication.clipboard().setImage(clip.image)


def layer_on() -> Layer | None:
    """Return a layer that another window copied as one to add; None when there is none."""
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
    if not _is_plain(layer):
        return None
    return edits.replaced(layer, id=edits.new_id(), parent="", is_locked=False, is_visible=True)


def image_on() -> QImage:
    """Return the picture on the clipboard; null when there is none."""
    return QGuiApplication.clipboard().image()


def fresh(clip: Clip) -> tuple[tuple[Layer, ...], dict[str, str]]:
    """Return a clip's layers with ids of their own, the copied one at the top and unlocked.

    Returns:
        the layers, and their ids and their masks' by those they had.
    """
    ids = edits.fresh_ids(clip.layers)
    layers: list[Layer] = []
    for layer in clip.layers:
        values: dict[str, object] = {"id": ids[layer.id], "parent": ids.get(layer.parent, "")}
        mask = edits.copied_mask(layer.mask, ids)
        values["mask"] = mask and mask.model_copy(update={"tiles": ()})
        if layer.id == clip.root:
            values |= {"is_locked": False, "is_visible": True}
        if isinstance(layer, PaintLayer):
            values["tiles"] = ()
        layers.append(edits.replaced(layer, **values))
    return tuple(layers), ids


def _is_plain(layer: Layer) -> bool:
    """Say whether a layer can be made again from its JSON alone."""
    if layer.mask is not None:
        return False
    is_asset = isinstance(layer, PictureLayer) and bool(layer.asset_id)
    return is_asset or isinstance(layer, (TextLayer, ShapeLayer))
