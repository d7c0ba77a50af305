"""Brings the pictures of the large preview: the one asked for, then its neighbours."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, Picture
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.models.picture_store import Frame, PictureStore
from scenario_desktop.ui.panels.preview.player import State, VideoSource
from scenario_desktop.ui.panels.preview.playing import Playing
from scenario_desktop.ui.panels.preview.view import PreviewView

#: Pictures kept for going back and forth; some 10 MB each on a large screen.
KEPT = 3
#: Long side of the copy that zooming in asks for; some 40 ms of the Qt thread to take over.
DETAIL_PX = 6144
#: A key held down runs past pictures; only where it rests one is decoded.
REST_S = 0.06
#: Long side of the thumbnail that is shown meanwhile.
STAND_IN_PX = 256
_OWNER = "preview"


class PreviewSource(Protocol):
    """What is needed of the preview service."""

    async def large(self, item: Item, max_px: int, /) -> Picture: ...


class Walk(Protocol):
    """The order that the preview walks through; the gallery's controller is one."""

    async def read(self, keys: Sequence[int], /) -> list[Item]: ...
    def neighbour(self, key: int, step: int, /) -> int | None: ...
    def show_key(self, key: int, /) -> None: ...


class Relatives(Protocol):
    """What an item was made from, and what was made from it; the library is one."""

    async def parent(self, item: Item, /) -> Item | None: ...
    async def children(self, item: Item, /) -> list[Item]: ...


class PreviewController(QObject):
    """Connects the preview to an order of items and the service that decodes them.

    Signals:
        play_requested: the video that is shown should be opened in another program.
        shown: key of the item whose picture is shown now, in whatever size.
    """

    shown = Signal(object)
    play_requested = Signal()

    def __init__(self, view: PreviewView, store: PictureStore) -> None:
        super().__init__(view)
        self._view, self._store = view, store
        self._source: PreviewSource | None = None
        self._walk: Walk | None = None
        self._relatives: Relatives | None = None
        self._videos: VideoSource | None = None
        self.playing = Playing(view)
        self._pair: tuple[Item, Item] | None = None
        self._wants_pair = False
        self._key: int | None = None
        self._item: Item | None = None
        self._frame: Frame | None = None
        self._kept: OrderedDict[tuple[int, int], Picture] = OrderedDict()
        self.load = AsyncAction(self._load, parent=self, overlap=Overlap.RESTART)
        self.load.failed.connect(self._on_failed)
        self.detail = AsyncAction(self._detail, parent=self)
        self.comparing = AsyncAction(self._compare, parent=self, overlap=Overlap.RESTART)
        self.comparing.failed.connect(self._on_failed)
        self.ahead = AsyncAction(self._ahead, parent=self, overlap=Overlap.RESTART)
        view.step_requested.connect(self.step)
        view.retry_requested.connect(self._on_retry)
        view.detail_requested.connect(self.detail.trigger)
        view.closed.connect(self._on_closed)
        view.compare_toggled.connect(self._on_compare_toggled)
        view.play_requested.connect(self.play_requested)
        store.loaded.connect(self._on_thumbnail)

    def open_workspace(
        self,
        source: PreviewSource | None,
        walk: Walk | None,
        relatives: Relatives | None = None,
        videos: VideoSource | None = None,
    ) -> None:
        """Take pictures from a workspace; None closes what is shown of the last one.

        Args:
            relatives: finds what an item can be compared with.
            videos: opens videos; without it they are opened outside only.
        """
        self._view.close_preview()
        self._relatives, self._videos = relatives, videos
        self._source, self._walk = source, walk
        self._kept.clear()

    def open(self, key: int) -> None:
        """Show an item large."""
        if self._source is None or self._walk is None:
            return
        self._view.open_preview()
        self._show(key)

    def compare(self, key: int) -> None:
        """Show an item large, before and after it was refined."""
        self.open(key)
        self._wants_pair = True

    def toggle(self, key: int) -> None:
        """Show an item large, or close the preview."""
        if self._view.isVisible():
            self._view.close_preview()
        else:
            self.open(key)

    def step(self, step: int) -> None:
        """Go on to a neighbour; at the ends nothing happens."""
        if self._walk is None or self._key is None:
            return
        following = self._walk.neighbour(self._key, step)
        if following is not None:
            self._walk.show_key(following)
            self._show(following)

    @property
    def shown_key(self) -> int | None:
        """The item that is shown large, None where none is."""
        return self._key if self._view.isVisible() else None

    def follow(self, key: int) -> None:
        """Go on to what is chosen now, as after a deletion; a closed preview stays closed."""
        if self._view.isVisible() and key != self._key:
            self._show(key)

    def _show(self, key: int) -> None:
        walk = self._walk
        if walk is None:
            return
        self._key = key
        self.detail.cancel()
        self.playing.close()
        self._view.set_neighbours(
            walk.neighbour(key, -1) is not None, walk.neighbour(key, 1) is not None
        )
        self.load.trigger(key)

    async def _load(self, key: int) -> None:
        if self._walk is None or self._source is None:
            return
        found = await self._walk.read([key])
        if not found:
            self._view.show_failure("This item is gone", "It was deleted meanwhile.")
            return
        item = self._item = found[0]
        self._pair = None
        self._view.show_item(item)
        self._want_stand_in(item)
        if item.kind == "video":
            self._view.show_poster(self._poster(item), is_playable=self._videos is not None)
            if self._videos is not None:
                self.playing.open(self._videos, item)
            self.shown.emit(key)
            return
        picture = self._kept.get((key, self._view.wanted_px()))
        if picture is None:
            await asyncio.sleep(REST_S)
            picture = await self._fetch(item)
        self._view.show_picture(picture)
        self.shown.emit(key)
        self._pair = await self._pair_of(item)
        self._view.set_pair(self._pair is not None)
        if self._pair is not None and self._wants_pair:
            self.comparing.trigger()
        self.ahead.trigger(key)

    async def _pair_of(self, item: Item) -> tuple[Item, Item] | None:
        """Return what an item is compared with: its prediction, or its newest version."""
        relatives = self._relatives
        try:
            if relatives is not None and item.is_refine:
                parent = await relatives.parent(item)
                return (parent, item) if parent is not None else None
            if relatives is not None and item.versions:
                versions = [
                    child
                    for child in await relatives.children(item)
                    if child.is_refine and child.status in ("success", "")
                ]
                return (item, versions[0]) if versions else None
        except AppError:  # it is not needed to see the picture
            return None
        return None

    def _on_compare_toggled(self, is_on: bool) -> None:
        self._wants_pair = is_on
        if is_on:
            self.comparing.trigger()
        elif self._key is not None:
            self.comparing.cancel()
            self._show(self._key)

    async def _compare(self) -> None:
        pair, source = self._pair, self._source
        if pair is None or source is None:
            return
        self._view.set_loading(True)
        px = self._view.wanted_px()
        before, after = [await source.large(one, px) for one in pair]
        if pair is self._pair and self._view.isVisible():
            words = (_size_words("Before", pair[0]), _size_words("After", pair[1]))
            self._view.show_pair(before, after, words)

    def _poster(self, item: Item) -> QPixmap | None:
        return self._store.pixmap(item.key, self._frame) if self._frame is not None else None

    def _want_stand_in(self, item: Item) -> None:
        """Have the thumbnail uncut, to be seen until the picture is there."""
        self._frame = None
        width, height = item.width or 0, item.height or 0
        if width <= 0 or height <= 0:
            return
        scale = STAND_IN_PX / max(width, height)
        self._frame = Frame(max(1, round(width * scale)), max(1, round(height * scale)), radius=0)
        self._store.want(_OWNER, [item], self._frame)
        self._on_thumbnail(item.key)

    def _on_thumbnail(self, key: int) -> None:
        if self._item is not None and key == self._item.key and self._frame is not None:
            pixmap = self._store.pixmap(key, self._frame)
            if pixmap is not None and self._item.kind == "video":
                if self.playing.player.state is State.POSTER:
                    self._view.show_poster(pixmap, is_playable=self._videos is not None)
            elif pixmap is not None:
                self._view.show_stand_in(pixmap)

    async def _fetch(self, item: Item) -> Picture:
        if self._source is None:
            raise asyncio.CancelledError
        px = self._view.wanted_px()
        picture = await self._source.large(item, px)
        self._kept[item.key, px] = picture
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return picture

    async def _detail(self) -> None:
        """Bring all pixels of the item shown, since somebody zooms in."""
        item, source = self._item, self._source
        if item is None or source is None:
            return
        try:
            picture = await source.large(item, DETAIL_PX)
        except AppError:
            return  # the smaller copy stays; nothing is lost
        is_compared = self._wants_pair and self._pair is not None
        if item is self._item and self._view.isVisible() and not is_compared:
            self._view.show_picture(picture)

    async def _ahead(self, key: int) -> None:
        """Decode the neighbours, so that the next step shows its picture at once."""
        walk = self._walk
        if walk is None:
            return
        keys = [n for step in (1, -1) if (n := walk.neighbour(key, step)) is not None]
        for item in await walk.read(keys):
            if (item.key, self._view.wanted_px()) not in self._kept:
                try:
                    await self._fetch(item)
                except AppError:
                    continue  # it is told when it is looked at

    def _on_failed(self, error: object) -> None:
        if isinstance(error, AppError):
            self._view.show_failure(error.message, error.hint)
        else:
            self._view.show_failure("The picture could not be shown", "This is a fault of ours.")

    def _on_retry(self) -> None:
        if self.playing.player.state is State.FAILED:
            self.playing.player.play()
        elif self._key is not None:
            self._show(self._key)

    def _on_closed(self) -> None:
        for action in (self.load, self.detail, self.ahead, self.comparing):
            action.cancel()
        self.playing.close()
        self._wants_pair, self._pair = False, None
        self._kept.clear()
        self._store.drop(_OWNER)
        self._item = self._key = None


def _size_words(word: str, item: Item) -> str:
    if not item.width or not item.height:
        return word
    return f"{word}, {max(item.width, item.height):,}\u00a0px"
