"""Loads the pictures of the page of runs: those that runs begin with, and what they made."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from scenario_desktop.errors import AppError
from scenario_desktop.items import Item
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.panels.request.ports import sentence
from scenario_desktop.ui.panels.runs.ports import RunsPorts
from scenario_desktop.ui.panels.runs.state import key_of
from scenario_desktop.ui.widgets.picture_view import to_pixmap

#: Long sides of what is loaded, pixels.
SMALL_PX, LARGE_PX = 256, 2048
#: Large pictures that are kept; one takes up to 16 MiB.
_MOST_LARGE = 6


class RunPicturesLoader(QObject):
    """Finds items and loads pictures of items, files and addresses.

    Attributes:
        items: those found so far, by their ids; None for those that are gone.
        sizes: width and height of pictures by key, as far as they are known.

    Signals:
        found: items or sizes are known now that were not.
        small_ready: a key, its small picture and its name.
        large_ready: a key and its large picture.
        large_failed: a key, and why.
    """

    found = Signal()
    small_ready = Signal(str, QPixmap, str)
    large_ready = Signal(str, QPixmap)
    large_failed = Signal(str, str)

    def __init__(self, ports: RunsPorts, parent: QObject) -> None:
        super().__init__(parent)
        self._ports = ports
        self.items: dict[str, Item | None] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self._smalls: dict[str, tuple[QPixmap, str]] = {}
        self._larges: OrderedDict[str, QPixmap] = OrderedDict()
        self._ids: dict[str, None] = {}
        self._files: dict[str, None] = {}
        self._refs: dict[str, PictureRef] = {}
        self._addresses: dict[str, str] = {}
        self.finding = AsyncAction(self._find, parent=self)
        self.small = AsyncAction(self._load_smalls, parent=self)
        self.before = AsyncAction(self._load_large, parent=self, overlap=Overlap.RESTART)
        self.after = AsyncAction(self._load_large, parent=self, overlap=Overlap.RESTART)
        for action in (self.finding, self.small, self.before, self.after):
            action.failed.connect(ports.messages.report)
        self.finding.busy_changed.connect(self._on_idle)
        self.small.busy_changed.connect(self._on_idle)

    def find(self, ids: Iterable[str], files: Iterable[str] = ()) -> None:
        """Look items up, and measure files, that are not known yet."""
        self._ids.update((i, None) for i in ids if i and i not in self.items)
        self._files.update((f, None) for f in files if f and f"file:{f}" not in self.sizes)
        if self._ids or self._files:
            self.finding.trigger()

    def look_again(self, keys: Iterable[int]) -> None:
        """Look items up again that have changed, by their keys, and those that were not there."""
        changed = set(keys)
        old = [i for i, item in self.items.items() if item is None or item.key in changed]
        for item_id in old:
            self._smalls.pop(f"item:{item_id}", None)
        self._ids.update((i, None) for i in old)
        if old:
            self.finding.trigger()

    def _on_idle(self, is_busy: bool) -> None:
        """Go on with what was asked for in the moment in which the last was done."""
        if not is_busy and (self._ids or self._files):
            self.finding.trigger()
        if not is_busy and (self._refs or self._addresses):
            self.small.trigger()

    def take(self, item: Item) -> None:
        """Note an item that is at hand."""
        self.items[item.id] = item
        if item.width and item.height:
            self.sizes[f"item:{item.id}"] = (item.width, item.height)

    def load_small(self, refs: Iterable[PictureRef]) -> None:
        """Load small pictures that are not there yet."""
        self._refs.update((key_of(ref), ref) for ref in refs if key_of(ref) not in self._smalls)
        if self._refs:
            self.small.trigger()

    def load_addresses(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Load small pictures of attempts, pairs of key and address, that are not there yet."""
        self._addresses.update((k, a) for k, a in wanted if a and k not in self._smalls)
        if self._addresses:
            self.small.trigger()

    def large(self, key: str) -> QPixmap:
        """Return a large picture that was loaded, or an empty one."""
        return self._larges.get(key, QPixmap())

    def small_of(self, key: str) -> QPixmap:
        return self._smalls.get(key, (QPixmap(), ""))[0]

    def name_of(self, key: str) -> str:
        return self._smalls.get(key, (QPixmap(), ""))[1]

    def load_before(self, ref: PictureRef) -> None:
        """Load the picture that a run begins with."""
        self._load(self.before, key_of(ref), "")

    def load_after(self, key: str, address: str = "") -> None:
        """Load a result: an item's by its key, else by its address."""
        self._load(self.after, key, address)

    def _load(self, action: AsyncAction, key: str, address: str) -> None:
        if key in self._larges:
            self._larges.move_to_end(key)
            action.cancel()
            self.large_ready.emit(key, self._larges[key])
        else:
            action.trigger(key, address)

    async def _find(self) -> None:
        while self._ids:
            item_id = next(iter(self._ids))
            del self._ids[item_id]
            item = await self._ports.items.item(item_id)
            if item is None:
                self.items[item_id] = None
            else:
                self.take(item)
        while self._files:
            file = next(iter(self._files))
            del self._files[file]
            try:
                self.sizes[f"file:{file}"] = await self._ports.large.measure(Path(file))
            except AppError:  # why it is no picture is told by loading it
                self.sizes.pop(f"file:{file}", None)
        self.found.emit()

    async def _load_smalls(self) -> None:
        while self._refs or self._addresses:
            if self._refs:
                key = next(iter(self._refs))
                ref = self._refs.pop(key)
                picture, name = await self._small(ref)
            else:
                key = next(iter(self._addresses))
                picture, name = await self._attempt(self._addresses.pop(key)), ""
            self._smalls[key] = (picture, name)
            self.small_ready.emit(key, picture, name)

    async def _small(self, ref: PictureRef) -> tuple[QPixmap, str]:
        picture, name = QPixmap(), ref.name or Path(ref.file).name
        # Without a picture the tile keeps its icon, and the name is in the tip.
        with contextlib.suppress(AppError):
            if ref.item_id:
                item = self.items.get(ref.item_id) or await self._ports.items.item(ref.item_id)
                if item is not None:
                    self.take(item)
                    name = item.name or name
                    picture.loadFromData(await self._ports.small.get(item))
            else:
                picture = to_pixmap(await self._ports.large.file(Path(ref.file), SMALL_PX))
        return picture, name or "Unnamed picture"

    async def _attempt(self, address: str) -> QPixmap:
        service = self._ports.service
        # An attempt without a picture keeps its icon; its words say how it was judged.
        with contextlib.suppress(AppError):
            if service is not None:
                return to_pixmap(await service.addresses.picture(address, SMALL_PX))
        return QPixmap()

    async def _load_large(self, key: str, address: str) -> None:
        try:
            picture = await self._pixels(key, address)
        except AppError as error:
            self.large_failed.emit(key, sentence(error))
            return
        self._larges[key] = picture
        while len(self._larges) > _MOST_LARGE:
            self._larges.popitem(last=False)
        self.large_ready.emit(key, picture)

    async def _pixels(self, key: str, address: str) -> QPixmap:
        kind, _, rest = key.partition(":")
        if kind == "file":
            return to_pixmap(await self._ports.large.file(Path(rest), LARGE_PX))
        if kind == "item":
            item = self.items.get(rest) or await self._ports.items.item(rest)
            if item is None:
                raise AppError("The picture is no longer in the library.")
            self.take(item)
            if item.kind not in ("image", ""):  # a video is shown by the picture standing for it
                picture = QPixmap()
                picture.loadFromData(await self._ports.small.get(item))
                return picture
            return to_pixmap(await self._ports.large.large(item, LARGE_PX))
        service = self._ports.service
        if service is None:
            raise AppError("There is no connection to Sartiq.")
        return to_pixmap(await service.addresses.picture(address, LARGE_PX))
