"""A canvas of twenty layers with real pictures, its files, and workers that decode them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QRadialGradient

from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document, Layer, PaintLayer, PictureLayer, Tile
from scenario_desktop.imaging import tasks
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.items import Item, Picture
from scenario_desktop.ui.panels.canvas.pixels import encoding
from scenario_desktop.ui.panels.canvas.pixels.tiling import empty
from tests.bench.sample_files import samples

T = TypeVar("T")

LAYERS, SIDE = 20, 2048


class FilePictures:
    """Decodes pictures that lie on the disk already, as those of a canvas opened before do."""

    def __init__(self, pool: WorkerPool, files: Mapping[str, Path]) -> None:
        self._pool, self._files = pool, files

    async def large(self, item: Item, max_px: int) -> Picture:
        return await self._pool.run(tasks.picture_file, self._files[item.id], max_px)

    async def large_into(self, take: Callable[[Picture], T], item: Item, max_px: int) -> T:
        return await self._pool.run_into(take, tasks.lent_picture, self._files[item.id], max_px)

    async def file(self, path: Path, max_px: int) -> Picture:
        return await self._pool.run(tasks.picture_file, path, max_px)


def make_canvas(folder: Path) -> tuple[str, dict[str, Path]]:
    """Write ten photos as JPEG and ten painted layers as PNG.

    Returns:
        the canvas as it is stored, and the file of each asset.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    layers: list[Layer] = []
    for number in range(LAYERS):
        asset_id = f"asset_{number}"
        is_photo = number % 2 == 0
        path = folder / f"{asset_id}.{'jpg' if is_photo else 'png'}"
        image = photo(number) if is_photo else painting(number)
        path.write_bytes(encoding.encoded(image, "JPEG", 90) if is_photo else encoding.png(image))
        files[asset_id] = path
        name = f"Layer {number}"
        if is_photo:
            layers.append(
                PictureLayer(id=f"l{number}", name=name, asset_id=asset_id, width=SIDE, height=SIDE,
                             opacity=0.9)
            )  # fmt: skip
        else:
            tile = Tile(x=0, y=0, width=SIDE, height=SIDE, asset_id=asset_id)
            layers.append(PaintLayer(id=f"l{number}", name=name, tiles=(tile,)))
    document = Document(width=SIDE, height=SIDE, layers=tuple(layers))
    text = canvas_format.dump(document)
    json.loads(text)
    return text, files


def photo(number: int) -> QImage:
    """Return one of the samples that we ship, in the size of the canvas."""
    found = samples()
    image = QImage(str(found[number % len(found)]))
    return image.scaled(SIDE, SIDE).convertToFormat(QImage.Format.Format_RGB32)


def painting(number: int) -> QImage:
    """Return soft strokes all over a transparent ground, as painted layers have them."""
    image = empty(SIDE, SIDE)
    painter = QPainter(image)
    for step in range(60):
        place = QPointF((step * 331 + number * 97) % SIDE, (step * 577 + number * 53) % SIDE)
        gradient = QRadialGradient(place, 160)
        color = QColor.fromHsv((step * 6 + number * 20) % 360, 180, 220, 200)
        gradient.setColorAt(0, color)
        color.setAlpha(0)
        gradient.setColorAt(1, color)
        painter.fillRect(image.rect(), gradient)
    painter.end()
    return image
