"""Layers whose pixels could not be had.

They keep their place and what the canvas says of them, so that nothing is lost: they can be moved,
hidden, renamed and deleted, but nothing that would need their pixels is done.
"""

from __future__ import annotations

from scenario_desktop.canvas.format import Document, Layer, Mask, PaintLayer, PictureLayer, Tile
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels


def is_broken(layer: Layer, pixels: Pixels) -> bool:
    """Say whether pixels of a layer are missing; its mask is another matter."""
    if not pixels.missing:
        return False
    if isinstance(layer, PictureLayer):
        return (layer.asset_id or layer.blob) in pixels.missing
    return isinstance(layer, PaintLayer) and _lacks(layer.tiles, pixels)


def is_mask_broken(mask: Mask | None, pixels: Pixels) -> bool:
    return mask is not None and bool(pixels.missing) and _lacks(mask.tiles, pixels)


def broken_in(document: Document, layer: Layer, pixels: Pixels) -> Layer | None:
    """Return a layer, or one of those in a group, that lacks pixels of its own or its mask's."""
    if not pixels.missing:
        return None
    inner = document.below(layer.id) | {layer.id}
    return next(
        (
            one
            for one in document.layers
            if one.id in inner and (is_broken(one, pixels) or is_mask_broken(one.mask, pixels))
        ),
        None,
    )


def would_be_lost(document: Document, pixels: Pixels) -> bool:
    """Say whether saving would lose pixels for good.

    It would where a part of them is only in a draft: then the layer is stored anew. What is all on
    the server stays named as it is.
    """
    return any(
        _lacks(tiles, pixels) and not all(tile.asset_id for tile in tiles)
        for _, tiles in document.painted()
    )


def _lacks(tiles: tuple[Tile, ...], pixels: Pixels) -> bool:
    return any((tile.asset_id or tile.blob) in pixels.missing for tile in tiles)
