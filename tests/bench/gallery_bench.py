"""The real gallery page over a real catalogue, without servers: what several benchmarks drive."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from psygnal import Signal
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from scenario_desktop.items import Item, ItemQuery, TagCount
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.ui import theme
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery.page import GalleryPage, make_gallery

if TYPE_CHECKING:
    from array import array
    from collections.abc import AsyncIterator

#: The page of the standard window: 1440 less the sidebar and the margins of a maximised screen.
SIZE = (1176, 852)


def application() -> QApplication:
    app = cast("QApplication", QApplication.instance() or QApplication([]))
    theme.Theme().apply(app, theme.ThemeMode.DARK)
    return app


class CatalogueLibrary:
    """The part of the library service that reads."""

    changed = Signal(object)

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def keys(self, query: ItemQuery) -> array[int]:
        return await self._catalogue.ordered_keys(query)

    async def items(self, keys: Iterable[int]) -> dict[int, Item]:
        return await self._catalogue.items(keys)

    async def item(self, asset_id: str) -> Item | None:
        return await self._catalogue.item_by_id(asset_id)

    async def complete_tags(self, prefix: str, limit: int = 20) -> list[TagCount]:
        return await self._catalogue.complete_tags(prefix, limit)


class ReadyThumbnails:
    """Answers every wish at once, from a handful of encoded pictures."""

    ready = Signal(int, bytes)
    failed = Signal(int)

    def __init__(self) -> None:
        self._pictures = [jpeg(number) for number in range(24)]

    def want(self, items: Sequence[Item]) -> None:
        asyncio.get_running_loop().call_soon(self._deliver, list(items))

    def _deliver(self, items: list[Item]) -> None:
        for item in items:
            self.ready.emit(item.key, self._pictures[item.key % len(self._pictures)])


def jpeg(number: int) -> bytes:
    """Return a thumbnail of 256 x 192 pixels with some structure, about 15 KB."""
    image = QImage(256, 192, QImage.Format.Format_RGB32)
    for y in range(0, 192, 4):
        for x in range(0, 256, 4):
            color = QColor.fromHsv((number * 15 + x // 2) % 360, (x * y + number) % 256, 255 - y)
            for dy in range(4):
                for dx in range(4):
                    image.setPixelColor(x + dx, y + dy, color)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPEG", 85)
    return bytes(data.data())


class Silent:
    """Fails loudly on any error that the page reports."""

    def toast(self, text: str, undo: Any = None) -> None:
        pass

    def report(self, error: object) -> None:
        raise error if isinstance(error, BaseException) else RuntimeError(str(error))


@asynccontextmanager
async def gallery(path: Path) -> AsyncIterator[GalleryPage]:
    """Open the page over a catalogue, shown and painted, with all pictures in view."""
    catalogue = Catalogue(path)
    await catalogue.open()
    store = PictureStore()
    page = make_gallery(store, notices=Silent())
    page.view.resize(*SIZE)
    page.view.show()
    page.controller.open(CatalogueLibrary(catalogue), ReadyThumbnails())
    try:
        await settled(page, store)
        yield page
    finally:
        page.controller.open(None)
        await page.controller.supply.fetch.settle()
        page.view.close()
        page.view.deleteLater()
        store.close()
        await catalogue.aclose()


async def settled(page: GalleryPage, store: PictureStore) -> None:
    """Wait until everything in view has its item and its picture."""
    grid = page.view.grid
    async with asyncio.timeout(60):
        while True:
            await asyncio.sleep(0.01)
            keys = grid.visible_keys()
            if keys and all(store.pixmap(key, grid.frame) for key in keys):
                return
