"""The canvas format of this program, version 2, and its reader.

A canvas is one JSON object::

    {"format": "scenario-desktop/canvas", "version": 2,
     "width": 1920, "height": 1200, "background": "",
     "layers": [{"kind": "paint", "id": "…", "name": "Clouds", "visible": true, "locked": false,
                 "opacity": 0.8, "blend": "screen", "parent": "",
                 "transform": {"x": 0, "y": 0, "scale_x": 1, "scale_y": 1, "angle": 0},
                 "tiles": [{"x": 0, "y": 0, "width": 512, "height": 512, "asset_id": "asset_…"}],
                 "mask": {"id": "…", "enabled": true, "shows_rest": true, "tiles": […]}},
                …]}

Layers stand in one flat list, the lowest first; ``parent`` names the group that a layer is in, ""
at the top. Lengths are pixels of the canvas, angles are degrees clockwise, colours are "#rrggbb" or
"#rrggbbaa" and "" for none. Pixels are never in the JSON: pictures and painted areas are assets of
the service, named by their ids. A later tile of a paint layer takes the place of what lies under
it. While pixels are not uploaded yet, ``blob`` names them instead: the SHA-256 of their encoded
file, which whoever keeps the draft has beside it. A stored canvas holds no blobs.

A mask is painted in shades of grey: where it is white its layer is seen, where it is black it is
not. Its tiles lie in the layer's own pixels, those of a group in the group's; where there are none,
``shows_rest`` says which of the two holds.

Version 1 had no masks. A canvas without masks is still written as version 1, so that an older
program can go on with it.

The reader forgives unknown keys, unknown blend modes and layers of an unknown kind (which are left
out and counted). It refuses what it could only damage: other formats and later versions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from scenario_desktop.errors import BadInput

FORMAT = "scenario-desktop/canvas"
VERSION = 2
_WITHOUT_MASKS = 1
#: A canvas of a thousand layers is about half a megabyte; far beyond it is not one of ours.
MAX_BYTES = 16 * 2**20
MAX_LAYERS = 1000
MAX_DEPTH = 16
#: Longest side of a canvas, pixels.
MAX_SIDE = 16_384
#: Most pixels of a canvas.
MAX_PIXELS = 64 * 2**20
#: No layer lies or reaches further out than this, pixels.
MAX_COORDINATE = 1_000_000.0

Color = Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?)?$")]
Coordinate = Annotated[float, Field(ge=-MAX_COORDINATE, le=MAX_COORDINATE, allow_inf_nan=False)]
Length = Annotated[float, Field(ge=0, le=MAX_COORDINATE, allow_inf_nan=False)]
Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]


class ForeignCanvas(BadInput):
    """It is a canvas, but not of this program: it is shown and never written."""


class LaterCanvas(BadInput):
    """A later version of this program wrote it: it is shown and never written."""


class Blend(StrEnum):
    """How a layer is laid over what is under it."""

    NORMAL = "normal"
    MULTIPLY = "multiply"
    SCREEN = "screen"
    OVERLAY = "overlay"
    DARKEN = "darken"
    LIGHTEN = "lighten"
    COLOR_DODGE = "color_dodge"
    COLOR_BURN = "color_burn"
    HARD_LIGHT = "hard_light"
    SOFT_LIGHT = "soft_light"
    DIFFERENCE = "difference"
    EXCLUSION = "exclusion"


class ShapeForm(StrEnum):
    """What a shape layer draws."""

    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    LINE = "line"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Transform(_Frozen):
    """Where a layer's own pixels come to lie: scaled, then turned, then moved.

    Attributes:
        x, y: where the layer's own origin comes to lie, pixels of the canvas.
        angle: degrees, clockwise.
    """

    x: Coordinate = 0.0
    y: Coordinate = 0.0
    scale_x: float = Field(1.0, ge=-1000, le=1000, allow_inf_nan=False)
    scale_y: float = Field(1.0, ge=-1000, le=1000, allow_inf_nan=False)
    angle: float = Field(0.0, ge=-36_000, le=36_000, allow_inf_nan=False)

    @field_validator("scale_x", "scale_y")
    @classmethod
    def _is_not_flat(cls, value: float) -> float:
        if abs(value) < 1e-6:
            raise ValueError("a layer cannot be scaled to nothing")
        return value

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the layer's own pixels comes to lie."""
        turn = math.radians(self.angle)
        sx, sy = x * self.scale_x, y * self.scale_y
        return (
            self.x + sx * math.cos(turn) - sy * math.sin(turn),
            self.y + sx * math.sin(turn) + sy * math.cos(turn),
        )


class Tile(_Frozen):
    """Pixels of a paint layer, by the asset that holds them, or by a blob not uploaded yet."""

    x: int = Field(0, ge=-MAX_COORDINATE, le=MAX_COORDINATE)
    y: int = Field(0, ge=-MAX_COORDINATE, le=MAX_COORDINATE)
    width: Side
    height: Side
    asset_id: str = ""
    blob: str = ""


class Mask(_Frozen):
    """Where a layer is seen.

    Attributes:
        id: its own; no layer and no other mask has it.
        shows_rest: whether the layer is seen where the mask has no tiles.
    """

    id: str = Field(min_length=1, max_length=64)
    is_enabled: bool = Field(True, alias="enabled")
    shows_rest: bool = True
    tiles: tuple[Tile, ...] = ()


class _Layer(_Frozen):
    """What all layers have.

    Attributes:
        parent: the id of the group it is in, "" at the top.
        opacity: 0 to 1.
    """

    id: str = Field(min_length=1, max_length=64)
    name: str = Field("", max_length=200)
    is_visible: bool = Field(True, alias="visible")
    is_locked: bool = Field(False, alias="locked")
    opacity: float = Field(1.0, ge=0, le=1, allow_inf_nan=False)
    blend: Blend = Blend.NORMAL
    parent: str = ""
    transform: Transform = Transform()
    mask: Mask | None = None

    @field_validator("blend", mode="before")
    @classmethod
    def _known_blend(cls, value: object) -> object:
        known = {blend.value for blend in Blend}
        return value if isinstance(value, Blend) or value in known else Blend.NORMAL


class PictureLayer(_Layer):
    """A picture of the library, or one not uploaded yet.

    Attributes:
        width, height: of the picture itself, pixels.
    """

    kind: Literal["picture"] = "picture"
    asset_id: str = ""
    blob: str = ""
    width: Side
    height: Side


class PaintLayer(_Layer):
    """Painted pixels, only where there are any."""

    kind: Literal["paint"] = "paint"
    tiles: tuple[Tile, ...] = ()


class TextLayer(_Layer):
    """Words in one style; they break only where the text does.

    Attributes:
        family: of the font; where it is not installed, another one stands in and it stays named.
        line_spacing: from line to line, in heights of the font's own.
    """

    kind: Literal["text"] = "text"
    text: str = Field("", max_length=10_000)
    family: str = Field("Inter", max_length=200)
    size: float = Field(48.0, ge=1, le=2000, allow_inf_nan=False)
    weight: int = Field(400, ge=100, le=900)
    is_italic: bool = Field(False, alias="italic")
    align: Literal["left", "center", "right"] = "left"
    line_spacing: float = Field(1.0, ge=0.5, le=4, allow_inf_nan=False)
    color: Color = "#000000"


class ShapeLayer(_Layer):
    """A rectangle, an ellipse or a line in a box of its own.

    Attributes:
        is_rising: a line from the lower left to the upper right instead of down.
        radius: of a rectangle's corners, pixels.
    """

    kind: Literal["shape"] = "shape"
    form: ShapeForm = ShapeForm.RECTANGLE
    width: Length = 1.0
    height: Length = 1.0
    fill: Color = ""
    stroke: Color = ""
    stroke_width: Length = 0.0
    radius: Length = 0.0
    is_rising: bool = Field(False, alias="rising")


class GroupLayer(_Layer):
    """Layers that are shown, moved and blended as one. Its transform is that of its mask alone."""

    kind: Literal["group"] = "group"


Layer = PictureLayer | PaintLayer | TextLayer | ShapeLayer | GroupLayer
_AnyLayer = Annotated[Layer, Field(discriminator="kind")]
KINDS = frozenset({"picture", "paint", "text", "shape", "group"})


class Document(_Frozen):
    """A whole canvas.

    Attributes:
        background: what lies under all layers; "" is transparent.
        layers: the lowest first; see the module for groups.
        left_out: layers of a kind this version does not know; such a canvas is not written back.
    """

    width: Side
    height: Side
    background: Color = ""
    layers: tuple[_AnyLayer, ...] = ()
    left_out: int = Field(0, exclude=True)

    def layer(self, layer_id: str) -> Layer | None:
        return next((layer for layer in self.layers if layer.id == layer_id), None)

    def index(self, layer_id: str) -> int:
        """Return a layer's place in the flat list, -1 where there is none."""
        return next((i for i, layer in enumerate(self.layers) if layer.id == layer_id), -1)

    def children(self, parent: str = "") -> tuple[Layer, ...]:
        """Return the layers directly in a group, the lowest first."""
        return tuple(layer for layer in self.layers if layer.parent == parent)

    def below(self, group: str) -> frozenset[str]:
        """Return the ids of all that is in a group, at any depth."""
        found: set[str] = set()
        wanted = [group]
        while wanted:
            parent = wanted.pop()
            inner = [layer.id for layer in self.layers if layer.parent == parent]
            wanted += [layer_id for layer_id in inner if layer_id not in found]
            found.update(inner)
        return frozenset(found)

    def chain(self, layer: Layer) -> Iterator[Layer]:
        """Go through a layer and the groups that it is in, outwards."""
        one: Layer | None = layer
        for _ in range(MAX_DEPTH + 1):
            if one is None:
                return
            yield one
            one = self.layer(one.parent) if one.parent else None

    def is_locked(self, layer: Layer) -> bool:
        """Say whether a layer, or a group that it is in, is locked."""
        return any(one.is_locked for one in self.chain(layer))

    def depth(self, layer: Layer) -> int:
        """Return in how many groups a layer is."""
        count, parent = 0, layer.parent
        while parent and count <= MAX_DEPTH:
            above = self.layer(parent)
            count, parent = count + 1, above.parent if above else ""
        return count

    def asset_ids(self) -> frozenset[str]:
        """Return the ids of all assets whose pixels the canvas shows."""
        return frozenset(part.asset_id for part in self.parts() if part.asset_id)

    def blobs(self) -> frozenset[str]:
        """Return the keys of all pixels that are not uploaded yet."""
        return frozenset(part.blob for part in self.parts() if part.blob and not part.asset_id)

    def parts(self) -> Iterator[Tile | PictureLayer]:
        """Go through everything that stands for pixels."""
        for layer in self.layers:
            if isinstance(layer, PictureLayer):
                yield layer
        for _, tiles in self.painted():
            yield from tiles

    def painted(self) -> Iterator[tuple[str, tuple[Tile, ...]]]:
        """Go through all that is painted, layers and masks: its id and its tiles."""
        for layer in self.layers:
            if isinstance(layer, PaintLayer):
                yield layer.id, layer.tiles
            if layer.mask is not None:
                yield layer.mask.id, layer.mask.tiles

    def with_tiles(self, tiles: Mapping[str, tuple[Tile, ...]]) -> Document:
        """Return the same canvas with other tiles for what is painted, by its id."""
        layers: list[Layer] = []
        for layer in self.layers:
            new: dict[str, object] = {}
            if isinstance(layer, PaintLayer) and layer.id in tiles:
                new["tiles"] = tiles[layer.id]
            if layer.mask is not None and layer.mask.id in tiles:
                new["mask"] = layer.mask.model_copy(update={"tiles": tiles[layer.mask.id]})
            layers.append(layer.model_copy(update=new) if new else layer)
        return self.model_copy(update={"layers": tuple(layers)})

    def with_assets(self, asset_ids: dict[str, str]) -> Document:
        """Return the same canvas with assets in place of uploaded blobs.

        Args:
            asset_ids: the asset for each blob's key.
        """

        def sent(part: Tile | PictureLayer) -> dict[str, str]:
            return {"asset_id": asset_ids[part.blob], "blob": ""}

        layers = tuple(
            layer.model_copy(update=sent(layer))
            if isinstance(layer, PictureLayer) and layer.blob in asset_ids
            else layer
            for layer in self.layers
        )
        tiles = {
            key: tuple(t.model_copy(update=sent(t)) if t.blob in asset_ids else t for t in old)
            for key, old in self.painted()
            if any(t.blob in asset_ids for t in old)
        }
        return self.model_copy(update={"layers": layers}).with_tiles(tiles)


def _from_1(body: dict[str, Any]) -> dict[str, Any]:
    """Read as version 1 did: whatever is called a mask there is not one of ours."""
    layers = body.get("layers")
    if isinstance(layers, list):
        layers = [
            {key: value for key, value in layer.items() if key != "mask"}
            if isinstance(layer, dict)
            else layer
            for layer in layers
        ]
        return {**body, "layers": layers}
    return body


#: For each older version how its JSON becomes that of the next one.
_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1}


def dump(document: Document) -> str:
    """Return a canvas as the JSON to store."""
    body = document.model_dump(mode="json", by_alias=True)
    has_masks = any(layer.mask is not None for layer in document.layers)
    if not has_masks:
        for layer in body["layers"]:
            del layer["mask"]
    version = VERSION if has_masks else _WITHOUT_MASKS
    return json.dumps(
        {"format": FORMAT, "version": version, **body}, ensure_ascii=False, separators=(",", ":")
    )


def read(text: str | bytes) -> Document:
    """Read a stored canvas.

    Raises:
        ForeignCanvas: it is JSON, but not in our format.
        LaterCanvas: a later version wrote it.
        BadInput: it is not JSON, too large, or does not make a canvas.
    """
    body = _object(text)
    if body.get("format") != FORMAT:
        raise ForeignCanvas(
            "This canvas was made by another program.",
            hint="You can look at it here, and save a copy that can be edited.",
            details=f"format: {str(body.get('format'))[:80]}",
        )
    version = body.get("version", 1)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadInput("The canvas does not say which version it is.", details=repr(version)[:80])
    if version > VERSION:
        raise LaterCanvas(
            "A later version of Scenario Desktop made this canvas.",
            hint="Update the program to edit it. It was left untouched.",
            details=f"version {version}, this program knows {VERSION}",
        )
    for older in range(version, VERSION):
        body = _UPGRADES[older](body)
    return _document(body)


def is_ours(text: str | bytes) -> bool:
    """Say whether a stored canvas may be written back: in our format, of a version known here."""
    try:
        body = _object(text)
    except BadInput:
        return False
    version = body.get("version", 1)
    return body.get("format") == FORMAT and isinstance(version, int) and version <= VERSION


def _object(text: str | bytes) -> dict[str, Any]:
    size = len(text)
    if size > MAX_BYTES:
        raise BadInput(
            f"The canvas is {size / 2**20:,.0f}\u00a0MB of text, too large to be opened.",
            hint="It was left untouched.",
        )
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(
            "The canvas is damaged: its content is not JSON.",
            hint="Restore a snapshot, or ask who saved it last.",
            details=str(error)[:200],
        ) from error
    if not isinstance(body, dict):
        raise BadInput("The canvas is damaged: its content is not a JSON object.")
    return body


def _document(body: dict[str, Any]) -> Document:
    raw = body.get("layers", [])
    if not isinstance(raw, list):
        raise BadInput("The canvas is damaged: its layers are not a list.")
    if len(raw) > MAX_LAYERS:
        raise BadInput(f"The canvas has {len(raw):,} layers; at most {MAX_LAYERS:,} can be opened.")
    known = [r for r in raw if isinstance(r, dict) and r.get("kind") in KINDS]
    try:
        document = Document.model_validate({**body, "layers": known})
    except ValidationError as error:
        raise _complaint(error, known) from error
    if document.width * document.height > MAX_PIXELS:
        raise BadInput(f"The canvas is too large: {document.width:,} × {document.height:,} px.")
    _check_tree(document)
    return document.model_copy(update={"left_out": len(raw) - len(known)})


def _check_tree(document: Document) -> None:
    parents: dict[str, str] = {}
    groups = {layer.id for layer in document.layers if isinstance(layer, GroupLayer)}
    masks: set[str] = set()
    for layer in document.layers:
        if layer.id in parents:
            raise BadInput("The canvas is damaged: two layers have the same id.", details=layer.id)
        parents[layer.id] = layer.parent
        if layer.mask is not None:
            if layer.mask.id in masks:
                raise BadInput("The canvas is damaged: two masks have the same id.")
            masks.add(layer.mask.id)
    if masks & parents.keys():
        raise BadInput("The canvas is damaged: a mask and a layer have the same id.")
    for layer in document.layers:
        if layer.parent and layer.parent not in groups:
            raise BadInput(f"The canvas is damaged: the group of “{layer.name}” is missing.")
        depth, parent = 0, layer.parent
        while parent:
            depth, parent = depth + 1, parents[parent]
            if depth > MAX_DEPTH:
                raise BadInput(
                    "The canvas is damaged: its groups contain each other, or are nested too deep."
                )


def _complaint(error: ValidationError, raw: list[dict[str, Any]]) -> BadInput:
    first = error.errors(include_url=False, include_input=False)[0]
    place = first["loc"]
    where = "The canvas"
    if len(place) > 1 and place[0] == "layers" and isinstance(place[1], int):
        name = raw[place[1]].get("name")
        where = f"The layer “{str(name)[:60]}”" if name else f"Layer {place[1] + 1}"
    path = ".".join(str(part) for part in place)
    return BadInput(
        f"{where} is damaged, so the canvas cannot be edited.",
        hint="Restore a snapshot. The canvas was left untouched.",
        details=f"{path}: {first['msg']}",
    )
