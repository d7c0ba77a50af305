"""Fills a canvas with its pixels: what lies in a draft at once, assets as they arrive."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage

from scenario_desktop.canvas.format import MAX_SIDE, Document, PictureLayer, Tile
from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, Picture, Source
from scenario_desktop.ui.panels.canvas.pixels import encoding
from scenario_desktop.ui.panels.canvas.pixels.drawing import PictureSource, Pixels
from scenario_desktop.ui.panels.canvas.pixels.tiling import copied
from scenario_desktop.ui.panels.canvas.ports import LargePictures

#: Assets that are fetched and decoded at the same time: enough to keep every worker busy.
_PARALLEL = max(4, (os.cpu_count() or 1) + 2)
#: Of glibc's mallopt.
_MMAP_THRESHOLD = -3
_LARGE_BYTES = 4 * 2**20
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
    _libc()
    pixels = Pixels()
    errors: list[AppError] = []
    tiles = _Tiles(document, pixels)
    for key in document.blobs():
        try:
            await asyncio.to_thread(tiles.take_blob, key, blobs[key])
        except KeyError:
            pixels.missing.add(key)
        except AppError as error:
            pixels.missing.add(key)
            errors.append(error)
    gate = asyncio.Semaphore(_PARALLEL)

    async def one(asset_id: str) -> None:
        async with gate:
            try:
                await pictures.large_into(
                    partial(tiles.take_asset, asset_id), item_of(asset_id), MAX_SIDE
                )
            except AppError as error:
                pixels.missing.add(asset_id)
                errors.append(error)

    async with asyncio.TaskGroup() as group:
        for asset_id in tiles.slowest_first(document.asset_ids()):
            group.create_task(one(asset_id))
    await asyncio.to_thread(tiles.finish)
    return pixels, errors


class _Tiles:
    """Puts decoded pictures where they belong; in threads, while others are being decoded."""

    def __init__(self, document: Document, pixels: Pixels) -> None:
        self._pixels = pixels
        self._users: dict[str, list[tuple[str, int]]] = {}
        self._pictures: set[str] = set()
        self._tiles: dict[str, tuple[Tile, ...]] = {}
        self._late: dict[str, dict[int, QImage]] = {}
        for layer in document.layers:
            if isinstance(layer, PictureLayer):
                self._pictures.add(layer.asset_id or layer.blob)
        for key, tiles in document.painted():
            pixels.surface(key)
            self._tiles[key] = tiles
            for number, tile in enumerate(tiles):
                self._users.setdefault(tile.asset_id or tile.blob, []).append((key, number))

    def slowest_first(self, keys: Iterable[str]) -> list[str]:
        """Put what was painted before pictures: its PNG takes several times as long as a JPEG, and
        whatever comes last keeps one worker busy and the others waiting."""
        return sorted(keys, key=lambda key: (key not in self._users, key))

    def take_blob(self, key: str, data: bytes) -> None:
        """Take what a draft keeps.

        Raises:
            BadInput: it is damaged.
        """
        self._take(key, encoding.decoded(data))

    def take_asset(self, key: str, picture: Picture) -> None:
        """Take what a worker decoded."""
        # Not converted yet: that costs nothing when the pixels are copied anyway.
        width, height = picture.width, picture.height
        raw = QImage(picture.data, width, height, width * 4, QImage.Format.Format_RGBA8888)
        self._take(key, raw)

    def finish(self) -> None:
        """Lay down the tiles of layers that have several: later ones cover earlier ones."""
        for layer_id, images in self._late.items():
            for number in sorted(images):
                self._put(layer_id, number, images[number])
        self._late.clear()
        _give_freed_memory_back()

    def _take(self, key: str, image: QImage) -> None:
        if key in self._pictures:
            self._pixels.pictures[key] = PictureSource(copied(image))
        for layer_id, number in self._users.get(key, ()):
            if len(self._tiles[layer_id]) == 1:
                self._put(layer_id, number, image)
            else:
                self._late.setdefault(layer_id, {})[number] = copied(image)

    def _put(self, layer_id: str, number: int, image: QImage) -> None:
        tile = self._tiles[layer_id][number]
        self._pixels.surfaces[layer_id].put(image, QPoint(tile.x, tile.y))


@lru_cache(maxsize=1)
def _libc() -> Any:
    """Return glibc, told to keep large buffers apart, or None where there is another library.

    Left alone it learns to take pictures from its heap, where a freed one seldom goes back: up to a
    sixth of a canvas lay unused (measured).
    """
    if sys.platform != "linux":
        return None
    import ctypes

    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_trim") or not hasattr(libc, "mallopt"):
        return None
    libc.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
    return libc


def _give_freed_memory_back() -> None:
    libc = _libc()
    if libc is not None:
        libc.malloc_trim(0)
