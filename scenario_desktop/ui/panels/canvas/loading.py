"""Fills a canvas with its pixels: what lies in a draft at once, assets as they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage

from scenario_desktop.canvas.format import MAX_SIDE, Document, PaintLayer, PictureLayer
from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, Source
from scenario_desktop.ui.panels.canvas import encoding
from scenario_desktop.ui.panels.canvas.drawing import PictureSource, Pixels, rgba
from scenario_desktop.ui.panels.canvas.ports import LargePictures

#: Assets that are fetched and decoded at the same time.
_PARALLEL = 4
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def item_of(asset_id: str) -> Item:
    """Return what stands for an asset that the library does not list, as layers' are."""
    return Item(
        0, asset_id, Source.SCENARIO, "image", "", "success", asset_id, "", _LONG_AGO, _LONG_AGO
    )


async def load(
    document: Document, blobs: Mapping[str, bytes], pictures: LargePictures
) -> tuple[Pixels, list[AppError]]:
    """Return all pixels of a canvas. What cannot be had is named in ``Pixels.missing``.

    Args:
        blobs: encoded pixels of a draft, by their keys.

    Returns:
        the pixels, and why some are missing.
    """
    found: dict[str, QImage] = {}
    errors: list[AppError] = []
    missing: set[str] = set()
    for key in document.blobs():
        try:
            found[key] = await asyncio.to_thread(encoding.decoded, blobs[key])
        except KeyError:
            missing.add(key)
        except AppError as error:
            missing.add(key)
            errors.append(error)
    async with aclosing(_assets(sorted(document.asset_ids()), pictures)) as arriving:
        async for asset_id, result in arriving:
            if isinstance(result, AppError):
                missing.add(asset_id)
                errors.append(result)
            else:
                found[asset_id] = result
    return _assembled(document, found, missing), errors


async def _assets(
    ids: list[str], pictures: LargePictures
) -> AsyncGenerator[tuple[str, QImage | AppError], None]:
    gate = asyncio.Semaphore(_PARALLEL)

    async def one(asset_id: str) -> tuple[str, QImage | AppError]:
        async with gate:
            try:
                picture = await pictures.large(item_of(asset_id), MAX_SIDE)
            except AppError as error:
                return asset_id, error
            image = await asyncio.to_thread(rgba, picture.data, picture.width, picture.height)
            return asset_id, image

    tasks = [asyncio.create_task(one(asset_id)) for asset_id in ids]
    try:
        for next_one in asyncio.as_completed(tasks):
            yield await next_one
    finally:
        for task in tasks:
            task.cancel()


def _assembled(document: Document, found: Mapping[str, QImage], missing: set[str]) -> Pixels:
    pixels = Pixels(missing=missing)
    for layer in document.layers:
        if isinstance(layer, PictureLayer):
            key = layer.asset_id or layer.blob
            if key in found:
                pixels.pictures[key] = PictureSource(found[key])
        elif isinstance(layer, PaintLayer):
            surface = pixels.surface(layer.id)
            for tile in layer.tiles:
                image = found.get(tile.asset_id or tile.blob)
                if image is not None:
                    surface.put(image, QPoint(tile.x, tile.y))
    return pixels


def has_missing_paint(document: Document, pixels: Pixels) -> bool:
    """Say whether a paint layer lacks pixels: saving it would lose them for good."""
    return any(
        (tile.asset_id or tile.blob) in pixels.missing
        for layer in document.layers
        if isinstance(layer, PaintLayer)
        for tile in layer.tiles
    )
