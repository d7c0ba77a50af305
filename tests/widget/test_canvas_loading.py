"""Layers that come out of worker processes: every pixel where it belongs, and of their own."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QRadialGradient

from scenario_desktop.canvas.format import (
    Blend,
    Document,
    GroupLayer,
    Layer,
    Mask,
    PaintLayer,
    PictureLayer,
    Tile,
)
from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.exchange import loading
from scenario_desktop.ui.panels.canvas.pixels import drawing, tiling
from scenario_desktop.ui.panels.canvas.pixels.drawing import PictureSource, Pixels
from scenario_desktop.ui.panels.canvas.pixels.tiling import (
    FORMAT,
    LETTING_GO,
    SIDE,
    empty,
    tile_rect,
)
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.panels.canvas.tools.settings import ToolSettings
from tests.bench.canvas_files import FilePictures

SIZE = QSize(1500, 1300)
#: Where the painted layer's picture begins: on no border of a tile.
AT = QPoint(37, 61)


@pytest.fixture
async def pool(qapp: object) -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(2)
    yield pool
    await pool.aclose()


def drawn(seed: int, size: QSize = SIZE, *, is_opaque: bool = False) -> QImage:
    """Return a picture that looks different everywhere."""
    image = empty(size.width(), size.height())
    if is_opaque:
        image.fill(QColor.fromHsv(seed * 50 % 360, 90, 160))
    painter = QPainter(image)
    for step in range(12):
        place = QPoint((step * 331 + seed * 97) % size.width(), (step * 577) % size.height())
        gradient = QRadialGradient(place, 300)
        color = QColor.fromHsv((step * 30 + seed * 40) % 360, 180, 220, 200)
        gradient.setColorAt(0, color)
        color.setAlpha(0)
        gradient.setColorAt(1, color)
        painter.fillRect(image.rect(), gradient)
    painter.end()
    return image


def canvas(folder: Path) -> tuple[Document, dict[str, Path], dict[str, QImage]]:
    """Return a canvas with a picture, paint, a mask and a group, its files, and what is in them."""
    images = {
        "photo": drawn(1, is_opaque=True).convertToFormat(QImage.Format.Format_RGB32),
        "paint": drawn(2),
        "mask": drawn(3, is_opaque=True),
        "cut": drawn(4),
    }
    files = {}
    for name, image in images.items():
        files[name] = folder / f"{name}.png"
        assert image.save(str(files[name]))
        # What is stored is not multiplied by its alpha, which rounds.
        images[name] = QImage(str(files[name])).convertToFormat(FORMAT)

    def tile(name: str, at: QPoint = AT) -> tuple[Tile, ...]:
        return (Tile(x=at.x(), y=at.y(), width=SIZE.width(), height=SIZE.height(), asset_id=name),)

    layers: list[Layer] = [
        PictureLayer(id="l0", name="Photo", asset_id="photo", width=SIZE.width(),
                     height=SIZE.height(), mask=Mask(id="m0", tiles=tile("mask"))),
        GroupLayer(id="g", name="Group", opacity=0.7),
        PaintLayer(id="l1", name="Paint", parent="g", tiles=tile("paint"), blend=Blend.MULTIPLY),
        PaintLayer(id="l2", name="Cut", parent="g", tiles=tile("cut", QPoint(0, 0))),
    ]  # fmt: skip
    return Document(width=SIZE.width(), height=SIZE.height(), layers=tuple(layers)), files, images


def usual(document: Document, images: dict[str, QImage]) -> Pixels:
    """Return the pixels without workers and without memory of our own."""
    pixels = Pixels()
    pixels.pictures["photo"] = PictureSource(images["photo"])
    for key, tiles in document.painted():
        for one in tiles:
            pixels.surface(key).put(images[one.asset_id], QPoint(one.x, one.y))
    return pixels


def farthest(one: QImage, two: QImage) -> int:
    """Return by how much two pictures differ at most, in any channel."""
    assert one.size() == two.size()
    a, b = (np.frombuffer(image.constBits(), np.uint8).astype(np.int16) for image in (one, two))
    return int(np.abs(a - b).max())


async def test_what_workers_decode_is_what_is_in_the_files(
    pool: WorkerPool, tmp_path: Path
) -> None:
    document, files, images = canvas(tmp_path)
    pixels, errors = await loading.load(document, {}, FilePictures(pool, files))
    assert not errors
    assert not pixels.missing
    expected = usual(document, images)
    assert farthest(pixels.pictures["photo"].image, images["photo"]) == 0
    assert set(pixels.surfaces) == {"l1", "l2", "m0"}
    for key, surface in expected.surfaces.items():
        # Qt's own ways of multiplying by alpha differ by one from each other.
        assert (
            farthest(pixels.surface(key).image(surface.bounds()), surface.image(surface.bounds()))
            <= 1
        )
    rect = QRect(QPoint(0, 0), SIZE)
    assert (
        farthest(drawing.render(document, pixels, rect), drawing.render(document, expected, rect))
        <= 2
    )


async def test_the_first_paint_shows_the_canvas_as_it_stays(
    pool: WorkerPool, tmp_path: Path
) -> None:
    document, files, _ = canvas(tmp_path)
    pixels, _ = await loading.load(document, {}, FilePictures(pool, files))
    editor = Editor()
    stage = Stage(editor, ToolSettings())
    stage.resize(700, 600)
    editor.open(document, pixels)
    first = stage.grab().toImage()
    assert not stage.is_refining
    editor.compositor.spoil_all()
    editor.compositor.image(editor.rect, 0.0)
    while stage.is_refining:
        editor.compositor.image(editor.rect, 0.0)
    assert farthest(first, stage.grab().toImage()) == 0
    stage.deleteLater()


async def test_a_layer_that_does_not_decode_leaves_the_others_whole(
    pool: WorkerPool, tmp_path: Path
) -> None:
    document, files, images = canvas(tmp_path)
    files["paint"].write_bytes(files["paint"].read_bytes()[:4000])
    pixels, errors = await loading.load(document, {}, FilePictures(pool, files))
    assert [type(error) for error in errors] == [BadInput]
    assert pixels.missing == {"paint"}
    assert farthest(pixels.pictures["photo"].image, images["photo"]) == 0
    assert pixels.surface("l1").bounds().isEmpty()
    assert not pixels.surface("l2").bounds().isEmpty()


def test_a_copy_owns_its_pixels() -> None:
    data = bytearray(b"\x01\x02\x03\xff" * SIDE * SIDE * 4)
    borrowed = QImage(memoryview(data), 2 * SIDE, 2 * SIDE, 8 * SIDE, QImage.Format.Format_RGBA8888)
    copy = tiling.copied(borrowed)
    pixels = Pixels()
    pixels.surface("l").put(borrowed, QPoint(0, 0))
    del borrowed
    data[:] = b"\x99" * len(data)
    tile = pixels.surface("l").tile((1, 1))
    assert tile is not None
    assert copy.pixel(5, 5) == tile.pixel(5, 5) == 0xFF010203


def test_a_shared_tile_outlives_its_layer_and_stays_as_it_was() -> None:
    pixels = Pixels()
    surface = pixels.surface("l")
    image = drawn(1, QSize(2 * SIDE, SIDE))
    surface.put(image, QPoint(0, 0))
    kept = surface.copy()
    surface.writable((0, 0)).fill(QColor("red"))
    del surface, pixels
    assert kept.image(tile_rect((0, 0))) == image.copy(tile_rect((0, 0)))
    assert kept.image(tile_rect((1, 0))) == image.copy(tile_rect((1, 0)))


@pytest.mark.skipif(sys.platform != "linux", reason="memory of our own is for Linux")
def test_memory_goes_back_with_the_picture() -> None:
    def mapped() -> int:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmSize")).split()[1])

    before = mapped()
    image = tiling.bare(4096, 4096)
    assert mapped() - before >= 64 * 1024
    shared = QImage(image)
    del image
    assert mapped() - before >= 64 * 1024
    del shared
    assert mapped() - before < 64 * 1024


def test_a_large_canvas_that_is_left_goes_without_holding_anybody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(tiling, "time", SimpleNamespace(sleep=lambda _: gate.wait()))
    image = empty(4096, 2048)
    image.fill(QColor("red"))
    shown, lone = QImage(image), [empty(4096, 2048)]
    gone = weakref.ref(lone[0])
    before = set(threading.enumerate())
    tiling.let_go([image, lone.pop()])
    assert gone() is not None
    (thread,) = set(threading.enumerate()) - before
    assert thread.name == LETTING_GO
    gate.set()
    thread.join()
    assert gone() is None
    assert shown.pixelColor(4095, 2047) == QColor("red")


def test_a_small_canvas_goes_at_once() -> None:
    lone = [empty(SIDE, SIDE)]
    gone = weakref.ref(lone[0])
    tiling.let_go([lone.pop()])
    assert gone() is None


def test_another_canvas_takes_the_place_of_all_pictures_and_tiles() -> None:
    pixels = Pixels()
    pixels.pictures["photo"] = PictureSource(empty(8, 8))
    pixels.surface("l").put(drawn(1, QSize(2 * SIDE, SIDE)), QPoint(0, 0))
    assert len(pixels.images()) == 3
    editor = Editor()
    editor.open(Document(width=8, height=8), pixels)
    gone = [weakref.ref(image) for image in pixels.images()]
    del pixels
    editor.open(Document(width=8, height=8), Pixels())
    assert [one() for one in gone] == [None, None, None]
