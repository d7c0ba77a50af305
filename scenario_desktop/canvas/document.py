"""Edits of a canvas: small functions from one document to the next. Nothing is changed in place."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar, cast

from scenario_desktop.canvas.format import (
    MAX_LAYERS,
    MAX_PIXELS,
    MAX_SIDE,
    Document,
    GroupLayer,
    Layer,
    Mask,
    PaintLayer,
    Transform,
)
from scenario_desktop.errors import BadInput

L = TypeVar("L", bound=Layer)


def new_id() -> str:
    """Return an id that no other layer has."""
    return uuid.uuid4().hex[:16]


def blank(width: int, height: int, background: str = "") -> Document:
    """Return an empty canvas with one layer to paint on.

    Raises:
        BadInput: it would be too large.
    """
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise BadInput(
            f"A canvas of {width:,} × {height:,} px is too large.",
            hint=f"At most {MAX_SIDE:,} px on a side and {MAX_PIXELS // 2**20} million pixels.",
        )
    layer = PaintLayer(id=new_id(), name="Layer 1")
    return Document(width=width, height=height, background=background, layers=(layer,))


def add(document: Document, layer: Layer, above: str = "") -> Document:
    """Put a layer right above another one and into its group, or on top of all.

    Raises:
        BadInput: there are too many.
    """
    if len(document.layers) >= MAX_LAYERS:
        raise BadInput(f"A canvas holds at most {MAX_LAYERS:,} layers.")
    below = document.layer(above)
    if below is None:
        return _with(document, (*document.layers, layer))
    placed = replaced(layer, parent=below.parent)
    index = document.index(above) + 1
    return _with(document, (*document.layers[:index], placed, *document.layers[index:]))


def insert(document: Document, layers: tuple[Layer, ...], root: str, above: str = "") -> Document:
    """Put several layers right above another one and into its group, or on top of all.

    Args:
        layers: in their order; all but the root are in it, at some depth.

    Raises:
        BadInput: there are too many.
    """
    if len(document.layers) + len(layers) > MAX_LAYERS:
        raise BadInput(f"A canvas holds at most {MAX_LAYERS:,} layers.")
    below = document.layer(above)
    parent = below.parent if below is not None else ""
    placed = [replaced(one, parent=parent) if one.id == root else one for one in layers]
    index = document.index(above) + 1 if below is not None else len(document.layers)
    return _with(document, (*document.layers[:index], *placed, *document.layers[index:]))


def shifted(document: Document, layer_id: str, dx: float, dy: float) -> Document:
    """Move a layer, a group with all that is in it."""
    return transformed(document, layer_id, Transform(x=dx, y=dy))


def transformed(document: Document, layer_id: str, by: Transform) -> Document:
    """Scale, turn and move a layer, a group with all that is in it.

    Args:
        by: of the canvas, about its origin. Layers turned askew can only be scaled evenly: where
            one would have to be slanted, the document stays as it is.
    """
    ids = document.below(layer_id) | {layer_id}
    for one in document.layers:
        if one.id in ids:
            place = _after(one.transform, by)
            if place is None:
                return document
            document = change(document, one.id, transform=place)
    return document


def all_transformed(document: Document, layer_ids: Iterable[str], by: Transform) -> Document:
    """Scale, turn and move several layers as one; see ``transformed``."""
    made = document
    for layer_id in layer_ids:
        after = transformed(made, layer_id, by)
        if after is made:
            return document
        made = after
    return made


def _after(inner: Transform, by: Transform) -> Transform | None:
    """Return one transform after another as one, None where that would be slanted."""
    x, y = by.place(inner.x, inner.y)
    scale_x, scale_y = by.scale_x, by.scale_y
    is_even = math.isclose(scale_x, scale_y)
    quarters = round(inner.angle / 90)
    if not is_even:
        if not math.isclose(inner.angle, quarters * 90, abs_tol=1e-6):
            return None
        if quarters % 2:
            scale_x, scale_y = scale_y, scale_x
    values = {
        "x": x, "y": y, "scale_x": inner.scale_x * scale_x, "scale_y": inner.scale_y * scale_y,
        "angle": math.remainder(inner.angle + by.angle, 360),
    }  # fmt: skip
    return Transform.model_validate(values)


def remove(document: Document, layer_ids: Collection[str]) -> Document:
    """Take layers away, groups with all that is in them."""
    gone = set(layer_ids)
    for layer_id in layer_ids:
        gone |= document.below(layer_id)
    return _with(document, (layer for layer in document.layers if layer.id not in gone))


def replace(document: Document, layer: Layer) -> Document:
    """Put a layer in the place of the one with its id."""
    return _with(document, (layer if old.id == layer.id else old for old in document.layers))


def change(document: Document, layer_id: str, **values: Any) -> Document:
    """Change fields of a layer, by their names in Python.

    Raises:
        KeyError: there is no such layer.
    """
    layer = document.layer(layer_id)
    if layer is None:
        raise KeyError(layer_id)
    return replace(document, replaced(layer, **values))


def replaced(layer: L, **values: Any) -> L:
    """Return a layer with other values, checked against its limits."""
    # Field names are accepted, too, so the copy is validated like one that was read.
    fields = {name: getattr(layer, name) for name in type(layer).model_fields}
    return cast(L, type(layer).model_validate({**fields, **values}))


def move(document: Document, layer_id: str, index: int, parent: str = "") -> Document:
    """Put a layer at another place among those of a group; what is in it comes along.

    Args:
        index: its place among the group's layers after the move, 0 is the lowest.
    """
    layer = document.layer(layer_id)
    if layer is None or parent == layer_id or parent in document.below(layer_id):
        return document
    rest = [other for other in document.layers if other.id != layer_id]
    siblings = [other for other in rest if other.parent == parent]
    moved = replaced(layer, parent=parent)
    if index >= len(siblings):
        place = rest.index(siblings[-1]) + 1 if siblings else len(rest)
    else:
        place = rest.index(siblings[max(0, index)])
    rest.insert(place, moved)
    return _with(document, rest)


def move_all(
    document: Document, layer_ids: Collection[str], index: int, parent: str = ""
) -> Document:
    """Put several layers, none in another of them, at one place; they keep their order.

    Args:
        index: how many of the group's other layers lie under them.
    """
    wanted = roots(document, layer_ids)
    if any(parent == one or parent in document.below(one) for one in wanted):
        return document
    others = [one.id for one in document.children(parent) if one.id not in wanted]
    order = [*others[:index], *wanted, *others[index:]]
    for place, layer_id in enumerate(order):
        row = document.children(parent)
        if place >= len(row) or row[place].id != layer_id:
            document = move(document, layer_id, place, parent)
    return document


def roots(document: Document, layer_ids: Collection[str]) -> list[str]:
    """Return layers, the lowest first, without those that are in another one of them."""
    inner: set[str] = set()
    for layer_id in layer_ids:
        inner |= document.below(layer_id)
    return [one.id for one in document.layers if one.id in layer_ids and one.id not in inner]


def raised(
    document: Document, layer_ids: Collection[str], *, is_up: bool, is_to_end: bool
) -> Document:
    """Move layers one place up or down among their neighbours, or to the top or bottom of them."""
    wanted = set(roots(document, layer_ids))
    slots = list(document.layers)
    for parent in {one.parent for one in document.layers if one.id in wanted}:
        before = [place for place, one in enumerate(slots) if one.parent == parent]
        row = [slots[place] for place in before]
        row = row[::-1] if is_up else row  # towards its beginning, then
        if is_to_end:
            row.sort(key=lambda one: one.id not in wanted)
        else:
            for place in range(1, len(row)):
                if row[place].id in wanted and row[place - 1].id not in wanted:
                    row[place - 1], row[place] = row[place], row[place - 1]
        row = row[::-1] if is_up else row
        for place, one in zip(before, row, strict=True):
            slots[place] = one
    if [one.id for one in slots] == [one.id for one in document.layers]:
        return document
    return _with(document, slots)


def duplicate(document: Document, layer_id: str) -> tuple[Document, dict[str, str]]:
    """Copy a layer, a group with all that is in it, right above itself.

    Returns:
        the document, and the ids of the copies and their masks by those of the originals.
    """
    layer = document.layer(layer_id)
    if layer is None:
        return document, {}
    inner = document.below(layer_id)
    originals = [other for other in document.layers if other.id == layer_id or other.id in inner]
    ids = fresh_ids(originals)
    copies = [
        replaced(
            original,
            id=ids[original.id],
            parent=ids.get(original.parent, original.parent),
            name=copy_name(original.name) if original.id == layer_id else original.name,
            mask=copied_mask(original.mask, ids),
        )
        for original in originals
    ]
    index = document.index(layer_id) + 1
    if len(document.layers) + len(copies) > MAX_LAYERS:
        raise BadInput(f"A canvas holds at most {MAX_LAYERS:,} layers.")
    layers = (*document.layers[:index], *copies, *document.layers[index:])
    return _with(document, layers), ids


def fresh_ids(layers: Iterable[Layer]) -> dict[str, str]:
    """Return new ids for layers and their masks, by those that they have."""
    ids: dict[str, str] = {}
    for layer in layers:
        ids[layer.id] = new_id()
        if layer.mask is not None:
            ids[layer.mask.id] = new_id()
    return ids


def copied_mask(mask: Mask | None, ids: Mapping[str, str]) -> Mask | None:
    """Return a mask under the id that its copy has; its pixels are whoever copies' affair."""
    return None if mask is None else mask.model_copy(update={"id": ids[mask.id]})


def group(document: Document, layer_ids: Collection[str], name: str) -> tuple[Document, str]:
    """Put layers of one level into a new group at the place of the highest.

    Returns:
        the document and the group's id; "" where there was nothing to group.
    """
    chosen = [layer for layer in document.layers if layer.id in layer_ids]
    if not chosen:
        return document, ""
    top = chosen[-1]
    made = GroupLayer(id=new_id(), name=name, parent=top.parent)
    ids = {layer.id for layer in chosen}
    if top.parent in ids:
        return document, ""
    layers: list[Layer] = []
    for layer in document.layers:
        layers.append(replaced(layer, parent=made.id) if layer.id in ids else layer)
        if layer.id == top.id:
            layers.append(made)
    return _with(document, layers), made.id


def ungroup(document: Document, group_id: str) -> Document:
    """Dissolve a group; what was in it stands in its place, in its order."""
    found = document.layer(group_id)
    if not isinstance(found, GroupLayer):
        return document
    inner = [replaced(o, parent=found.parent) for o in document.layers if o.parent == group_id]
    layers: list[Layer] = []
    for layer in document.layers:
        if layer.id == group_id:
            layers += inner
        elif layer.parent != group_id:
            layers.append(layer)
    return _with(document, layers)


def resize(document: Document, x: int, y: int, width: int, height: int) -> Document:
    """Cut or extend the canvas to a rectangle of it; layers keep their pixels.

    Raises:
        BadInput: it would be too large.
    """
    blank(width, height)

    def shifted(layer: Layer) -> Layer:
        t = layer.transform
        moved = Transform.model_validate({**t.model_dump(), "x": t.x - x, "y": t.y - y})
        return replaced(layer, transform=moved)

    layers = tuple(shifted(layer) for layer in document.layers)
    return document.model_copy(update={"layers": layers, "width": width, "height": height})


def free_name(document: Document, word: str) -> str:
    """Return "Layer 3" where there is a "Layer 2" already."""
    taken = {layer.name for layer in document.layers}
    number = 1
    while f"{word} {number}" in taken:
        number += 1
    return f"{word} {number}"


def copy_name(name: str) -> str:
    return f"{name} copy"[:200]


def free_copy_name(document: Document, name: str) -> str:
    """Return a name as it is where nothing is called so, else that of a copy."""
    taken = {layer.name for layer in document.layers}
    base, wanted, number = copy_name(name), name, 1
    while wanted in taken:
        wanted = base if number == 1 else f"{base[:190]} {number}"
        number += 1
    return wanted


def alone(document: Document, layer: Layer, **values: Any) -> Document:
    """Return a layer with what is in it as all that there is, without a background.

    Args:
        values: what is otherwise about the layer; its pixels are found by its id as before.
    """
    inner = document.below(layer.id)
    top = layer.model_copy(update={"parent": "", **values})
    layers = (*(one for one in document.layers if one.id in inner), top)
    return document.model_copy(update={"layers": layers, "background": ""})


def neighbour(document: Document, layer: Layer, gone: Collection[str]) -> str:
    """Return what one goes on with when a layer goes, with others: the one under it."""
    siblings = document.children(layer.parent)
    place = siblings.index(layer)
    rest = [one.id for one in siblings if one.id not in gone]
    under = [one.id for one in siblings[:place] if one.id not in gone]
    return under[-1] if under else rest[0] if rest else layer.parent


def shown(document: Document, is_wanted: Callable[[Layer], bool]) -> list[Layer]:
    """Return the layers as a list shows them: the highest first, a group before what is in it."""
    result: list[Layer] = []

    def visit(parent: str) -> None:
        for layer in reversed(document.children(parent)):
            result.append(layer)
            if isinstance(layer, GroupLayer) and is_wanted(layer):
                visit(layer.id)

    visit("")
    return result


def _with(document: Document, layers: Iterable[Layer]) -> Document:
    return document.model_copy(update={"layers": tuple(layers)})
