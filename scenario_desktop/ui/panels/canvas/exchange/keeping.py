"""What is on the screen, encoded for the draft and for the server.

A draft is written while the user draws, so it takes only the tiles that changed. For the server
every changed layer becomes one picture. What the server has already stays the asset it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.blobs import blob_key
from scenario_desktop.canvas.format import Document, PictureLayer, Tile
from scenario_desktop.errors import StoreFailed
from scenario_desktop.services.canvas.content import Drawn, SaveResult, Stored
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.pixels import encoding
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.pixels.surface import PaintSurface
from scenario_desktop.ui.panels.canvas.pixels.tiling import SIDE, Key, empty, keys_in, tile_rect


@dataclass(frozen=True, slots=True)
class _Base:
    """What the server has of a paint layer.

    Attributes:
        version: of the surface when it was like that.
    """

    version: int
    tiles: tuple[Tile, ...]

    @property
    def rect(self) -> QRect:
        result = QRect()
        for tile in self.tiles:
            result = result.united(QRect(tile.x, tile.y, tile.width, tile.height))
        return result


@dataclass(slots=True)
class _Sent:
    """What was handed over for a save, to be settled when it has arrived."""

    versions: dict[str, int] = field(default_factory=dict)
    tiles: dict[str, tuple[Tile, ...]] = field(default_factory=dict)


class _Blobs(Mapping[str, bytes]):
    """Encoded pixels by name; what is not kept is encoded anew when somebody asks."""

    def __init__(self, kept: dict[str, bytes], images: dict[str, QImage]) -> None:
        self._kept, self._images = kept, images

    def __getitem__(self, key: str) -> bytes:
        found = self._kept.get(key)
        return found if found is not None else encoding.png(self._images[key])

    def __iter__(self) -> Iterator[str]:
        yield from self._kept
        yield from (key for key in self._images if key not in self._kept)

    def __len__(self) -> int:
        return len(self._kept.keys() | self._images.keys())


class Keeping:
    """Fits the session's ``Editor``; one for each canvas that is open.

    Attributes:
        files: encoded pictures that are not in the library yet, by their blob's key.
    """

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.files: dict[str, bytes] = {}
        self._assets: dict[str, str] = {}
        self._bases: dict[str, _Base] = {}
        self._names: dict[tuple[str, Key, int], str] = {}
        self._sent: list[_Sent] = []
        self._shown = asyncio.Event()
        self._moved = asyncio.Event()
        self._is_lacking = False
        editor.layers_changed.connect(self._moved.set)  # also by the end of a stroke

    def wait(self) -> None:
        """Another canvas is on its way to the screen: what is still there is not to be kept."""
        self._is_lacking = False
        self._shown.clear()

    def give_up(self) -> None:
        """It did not get there."""
        self._is_lacking = True
        self._shown.set()

    def begin(self, document: Document, pixels: Pixels, files: Mapping[str, bytes]) -> None:
        """Take up a canvas just loaded; its paint layers are as its assets are.

        Args:
            files: pictures of a draft that are not in the library.
        """
        self.files = dict(files)
        self._assets.clear()
        self._bases.clear()
        self._names.clear()
        self._sent.clear()
        for key, tiles in document.painted():
            if tiles and all(tile.asset_id for tile in tiles):
                self._bases[key] = _Base(pixels.surface(key).version, tiles)
        self._is_lacking = False
        self._shown.set()

    def add_picture(self, data: bytes) -> str:
        """Keep a picture's file until it is uploaded; return the key of its blob."""
        key = blob_key(data)
        self.files[key] = data
        return key

    async def draft(self) -> Drawn:
        """Return what is on the screen, in the tiles that changed.

        Raises:
            StoreFailed: what should be on the screen could not be shown.
        """
        await self._until_shown()
        document = self._settled(self._editor.kept)
        frozen = self._editor.pixels.frozen()
        surfaces = self._editor.pixels.surfaces
        work: list[tuple[str, list[tuple[Key, int]]]] = []
        for key, _ in document.painted():
            surface = surfaces.get(key)
            work.append((key, self._changed(key, surface) if surface else []))
        return await asyncio.to_thread(self._draw, document, frozen, work)

    async def stored(self) -> Stored:
        """Return what is on the screen, one picture for each layer that changed.

        Raises:
            StoreFailed: what should be on the screen could not be shown.
        """
        await self._until_shown()
        document = self._settled(self._editor.kept)
        frozen = self._editor.pixels.frozen()
        sent = _Sent()
        changed: list[str] = []
        known: dict[str, tuple[Tile, ...]] = {}
        for key, _ in document.painted():
            surface = self._editor.pixels.surface(key)
            base = self._bases.get(key)
            sent.versions[key] = surface.version
            if base is not None and base.version == surface.version:
                known[key] = base.tiles
            else:
                changed.append(key)
        document = document.with_tiles(known)
        # Side by side: with one layer changed the small picture takes two thirds of its time.
        (whole, blobs), small = await asyncio.gather(
            asyncio.to_thread(self._store, document, frozen, changed, sent),
            asyncio.to_thread(encoding.thumbnail, document, frozen),
        )
        self._sent.append(sent)

        def text(asset_ids: Mapping[str, str]) -> str:
            return canvas_format.dump(whole.with_assets(dict(asset_ids)))

        return Stored(blobs, text, small)

    def arrived(self, result: SaveResult) -> None:
        """Take note of what a save made of the blobs."""
        self._assets.update(result.asset_ids)
        for key in result.asset_ids:
            self.files.pop(key, None)
        if not self._sent:
            return
        sent = self._sent[-1]
        self._sent.clear()
        for layer_id, version in sent.versions.items():
            tiles = sent.tiles.get(layer_id)
            if tiles is None:
                continue
            known = tuple(
                tile
                if tile.asset_id
                else tile.model_copy(
                    update={"asset_id": result.asset_ids.get(tile.blob, ""), "blob": ""}
                )
                for tile in tiles
            )
            if all(tile.asset_id for tile in known):
                self._bases[layer_id] = _Base(version, known)

    async def settle(self) -> None:
        """Wait until the canvas is on the screen, or did not get there."""
        await self._shown.wait()

    async def until_rest(self) -> None:
        """Wait for the end of the stroke that is being drawn."""
        while self._editor.is_painting:
            self._moved.clear()
            await self._moved.wait()

    async def _until_shown(self) -> None:
        await self.settle()
        if self._is_lacking:
            raise StoreFailed(
                "The canvas could not be shown, so there is nothing of it to keep.",
                hint="Open it again. What was kept before is still there.",
            )

    def _settled(self, document: Document) -> Document:
        """Return a document with assets for the pictures that were uploaded since."""
        layers = [
            edits.replaced(layer, asset_id=self._assets[layer.blob], blob="")
            if isinstance(layer, PictureLayer) and layer.blob in self._assets
            else layer
            for layer in document.layers
        ]
        return document.model_copy(update={"layers": tuple(layers)})

    def _changed(self, painted: str, surface: PaintSurface) -> list[tuple[Key, int]]:
        """Return the tiles that the server does not have, with their versions."""
        base = self._bases.get(painted)
        keys = {key for key, _ in surface.tiles()}
        if base is None:
            return [(key, surface.tile_version(key)) for key in sorted(keys)]
        keys |= set(keys_in(base.rect))
        versions = [(key, surface.tile_version(key)) for key in sorted(keys)]
        return [(key, version) for key, version in versions if version > base.version]

    def _draw(
        self,
        document: Document,
        pixels: Pixels,
        work: list[tuple[str, list[tuple[Key, int]]]],
    ) -> Drawn:
        kept: dict[str, bytes] = {}
        images: dict[str, QImage] = {}
        tiles_of: dict[str, tuple[Tile, ...]] = {}
        names: dict[tuple[str, Key, int], str] = {}
        for painted, changed in work:
            base = self._bases.get(painted)
            tiles = list(base.tiles) if base else []
            surface = pixels.surfaces.get(painted)
            for key, version in changed:
                image = surface.tile(key) if surface else None
                image = image if image is not None else empty(SIDE, SIDE)
                name = self._names.get((painted, key, version))
                if name is None:
                    data = encoding.png(image)
                    name = blob_key(data)
                    kept[name] = data
                names[painted, key, version] = name
                images[name] = image
                place = tile_rect(key)
                tiles.append(Tile(x=place.x(), y=place.y(), width=SIDE, height=SIDE, blob=name))
            tiles_of[painted] = tuple(tiles)
        self._names = names
        whole = document.with_tiles(tiles_of)
        kept |= {key: data for key, data in self.files.items() if key in whole.blobs()}
        small = encoding.thumbnail(document, pixels)
        return Drawn(canvas_format.dump(whole), _Blobs(kept, images), small)

    def _store(
        self, document: Document, pixels: Pixels, changed: list[str], sent: _Sent
    ) -> tuple[Document, dict[str, bytes]]:
        blobs: dict[str, bytes] = {}
        tiles_of: dict[str, tuple[Tile, ...]] = {}
        for painted in changed:
            surface = pixels.surface(painted)
            used = surface.used_bounds()
            tiles: tuple[Tile, ...] = ()
            if not used.isEmpty():
                data = encoding.png(surface.image(used))
                name = blob_key(data)
                blobs[name] = data
                tiles = (
                    Tile(
                        x=used.x(), y=used.y(), width=used.width(), height=used.height(), blob=name
                    ),
                )
            tiles_of[painted] = tiles
        sent.tiles = tiles_of
        whole = document.with_tiles(tiles_of)
        blobs |= {key: data for key, data in self.files.items() if key in whole.blobs()}
        return whole, blobs
