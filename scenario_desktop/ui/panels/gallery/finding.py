"""Going to the next item whose name begins with what is typed over the grid."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QObject

from scenario_desktop.items import Item, ItemQuery
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.panels.gallery.cache import ItemCache
from scenario_desktop.ui.panels.gallery.order import KeyOrder
from scenario_desktop.ui.panels.gallery.view import GalleryView

#: Matches read at most; the words of a name are searched, so most of them begin with the text.
_MAX_READ = 2000
_BATCH = 200
_CHUNK = 20_000


class NameSource(Protocol):
    async def keys(self, query: ItemQuery, /) -> array[int]: ...
    async def items(self, keys: Iterable[int], /) -> dict[int, Item]: ...


class Finding(QObject):
    """Takes what is typed over the grid, and says below it what came of it.

    Attributes:
        find: the search under way.
    """

    def __init__(self, view: GalleryView, cache: ItemCache, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._grid, self._cache = view, view.grid, cache
        self._library: NameSource | None = None
        self._query = ItemQuery()
        self.find = AsyncAction(self._find, parent=self, overlap=Overlap.RESTART)
        self._grid.type_ahead.typed.connect(self._on_typed)

    def set_library(self, library: NameSource | None) -> None:
        self._library = library

    def set_query(self, query: ItemQuery) -> None:
        """Look among the items of this query."""
        self._query = query

    def _on_typed(self, text: str) -> None:
        if text:
            self._view.show_hint(f"Go to “{text}”", stays=True)
            self.find.trigger(text)
        else:
            self.find.cancel()
            self._view.show_hint("")

    async def _find(self, text: str) -> None:
        if self._library is None:
            return
        grid = self._grid
        current = grid.selection.current
        key = await find_by_name(text, grid.order, current, self._query, self._cache, self._library)
        if key is None:
            self._view.show_hint(f"No name begins with “{text}”")
        else:
            grid.go_to(key)


async def find_by_name(
    text: str,
    order: KeyOrder,
    current: int | None,
    query: ItemQuery,
    cache: ItemCache,
    library: NameSource,
) -> int | None:
    """Return the key of the first item at or behind the current one whose name begins so.

    What was looked at lately is searched first, and costs no query. Then the library's own search
    narrows even millions to what has such a word; past the last item it goes on from the first.
    """
    start = order.index_of(current) if current is not None else 0
    start = max(0, start)
    near = order.part(start, start + _BATCH)
    for key in near:
        item = cache.get(key)
        if item is not None and _begins(item, text):
            return key
    found = await library.keys(replace(query, text=f"{query.text} {text}".strip()))
    keys = await asyncio.to_thread(_from_here, order, start, found)
    for at in range(0, len(keys), _BATCH):
        batch = keys[at : at + _BATCH]
        items = await library.items(batch)
        for key in batch:
            if key in items and _begins(items[key], text):
                return key
    return None


def _from_here(order: KeyOrder, start: int, found: array[int]) -> list[int]:
    """Return found keys as they follow a place in an order. For a thread: it pauses every chunk."""
    wanted = set(found)
    keys: list[int] = []
    for first, last in ((start, len(order)), (0, start)):
        for at in range(first, last, _CHUNK):
            keys += [key for key in order.part(at, min(at + _CHUNK, last)) if key in wanted]
            if len(keys) >= min(_MAX_READ, len(wanted)):
                return keys[:_MAX_READ]
    return keys


def _begins(item: Item, text: str) -> bool:
    return item.name.casefold().startswith(text.casefold())
