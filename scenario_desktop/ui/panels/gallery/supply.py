"""Brings what the cells in view show: their items from the library, then their pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from scenario_desktop.items import Item
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery.cache import ItemCache
from scenario_desktop.ui.panels.gallery.grid import GridView

#: Items read at once.
_BATCH = 300
_OWNER = "gallery"


class ItemSource(Protocol):
    async def items(self, keys: Iterable[int], /) -> dict[int, Item]: ...


class Supply(QObject):
    """Keeps the cache and the pictures ahead of the grid.

    Attributes:
        fetch: reads what is missing.

    Signals:
        arrived: items came that were missing.
    """

    arrived = Signal()

    def __init__(
        self, grid: GridView, store: PictureStore, cache: ItemCache, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._grid, self._store, self._cache = grid, store, cache
        self._library: ItemSource | None = None
        self.fetch = AsyncAction(self._fetch, parent=self)

    def set_library(self, library: ItemSource | None) -> None:
        """Read from another library; what was being read from the one before is dropped."""
        self.fetch.cancel()
        self._library = library

    def look(self) -> None:
        """Bring what is in view now, and near it."""
        self._wish_pictures()
        self.fetch_soon()

    def fetch_soon(self) -> None:
        if self._library is not None:
            self.fetch.trigger()

    async def learn(self, library: ItemSource, keys: Sequence[int]) -> None:
        """Read items into the cache, as far as they are not there."""
        missing = self._cache.missing(keys)
        if missing:
            found = await library.items(missing)
            if library is self._library:
                self._cache.put(missing, found)

    async def read(self, keys: Sequence[int]) -> list[Item]:
        """Return items in the order of their keys; those that are gone are left out."""
        found = {key: item for key in keys if (item := self._cache.get(key)) is not None}
        missing = [key for key in keys if key not in found]
        if missing and self._library is not None:
            found.update(await self._library.items(missing))
        return [found[key] for key in keys if key in found]

    async def _fetch(self) -> None:
        """Read the items in view and near it, until none is missing."""
        while self._library is not None:
            current = self._grid.selection.current
            keys = self._grid.keys_around()
            missing = self._cache.missing(keys if current is None else [*keys, current])[:_BATCH]
            if not missing:
                return
            await self.learn(self._library, missing)
            self._grid.refresh(missing)
            await asyncio.sleep(0)  # names and badges are painted before decoding begins
            self._wish_pictures()
            self.arrived.emit()

    def _wish_pictures(self) -> None:
        known = (self._cache.get(key) for key in self._grid.keys_around())
        self._store.want(_OWNER, [item for item in known if item is not None], self._grid.frame)
