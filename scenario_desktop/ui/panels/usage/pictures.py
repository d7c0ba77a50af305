"""The library's pictures of what the activity lists, for as long as they are in sight."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QPixmap

from scenario_desktop.items import Item
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.models.picture_store import PictureStore

OWNER: Final = "usage"
SIDE: Final = 24
#: Ids whose item is remembered.
_MOST: Final = 2_000
#: Scrolling past needs no pictures, milliseconds.
_REST_MS: Final = 60


class ItemSource(Protocol):
    """Where the items behind asset ids are found."""

    async def item(self, asset_id: str) -> Item | None: ...


class ActivityPictures(QObject):
    """Finds items and their thumbnails.

    Signals:
        found: names or pictures are known now that were not.
    """

    found = Signal()

    def __init__(self, items: ItemSource, store: PictureStore, parent: QObject) -> None:
        super().__init__(parent)
        self._items, self._store = items, store
        self._known: OrderedDict[str, Item | None] = OrderedDict()
        self._wanted: tuple[str, ...] = ()
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self.look = AsyncAction(self._look, parent=self, overlap=Overlap.RESTART)
        self._rest.timeout.connect(self.look.trigger)
        store.loaded.connect(self._on_loaded)

    def want(self, asset_ids: Sequence[str]) -> None:
        """Say what is in sight now."""
        wanted = tuple(dict.fromkeys(asset_ids))
        if wanted != self._wanted:
            self._wanted = wanted
            self._rest.start()

    def item(self, asset_id: str) -> Item | None:
        return self._known.get(asset_id)

    def name_of(self, asset_id: str) -> str:
        item = self._known.get(asset_id)
        return item.name if item is not None else ""

    def pixmap(self, asset_id: str) -> QPixmap | None:
        item = self._known.get(asset_id)
        return self._store.pixmap(item.key, SIDE) if item is not None else None

    def stop(self) -> None:
        """Want nothing any more."""
        self._rest.stop()
        self.look.cancel()
        self._store.drop(OWNER)
        self._store.loaded.disconnect(self._on_loaded)

    async def _look(self) -> None:
        unknown = [one for one in self._wanted if one not in self._known]
        found = await asyncio.gather(*(self._items.item(one) for one in unknown))
        self._known.update(zip(unknown, found, strict=True))
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        items = [item for one in self._wanted if (item := self._known.get(one)) is not None]
        self._store.want(OWNER, items, SIDE)
        self.found.emit()

    def _on_loaded(self, _key: object) -> None:
        self.found.emit()
