"""The inspector's pictures: the large one, several as a sheet, and the small ones of relatives."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from PySide6.QtCore import QObject

from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, Source
from scenario_desktop.ui import theme
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.models.picture_store import Frame, PictureStore, Shape
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.inspector.parts import THUMB_PX
from scenario_desktop.ui.panels.inspector.ports import LargePictures
from scenario_desktop.ui.panels.inspector.view import InspectorView, Mode
from scenario_desktop.ui.widgets.picture_view import to_pixmap

#: Small pictures of a selection.
SHEET = 8
#: Milliseconds of rest before a large picture is fetched: arrow keys run past.
LARGE_REST_MS = 160
_PREVIEW, _STRIP = "inspector", "inspector.relatives"


class InspectorPictures(QObject):
    """Asks for pictures, and puts into the view what comes and what will not come.

    Attributes:
        enlarge: puts an item's original in the place of its thumbnail.
    """

    def __init__(self, view: InspectorView, store: PictureStore, notices: Reports) -> None:
        super().__init__(view)
        self._view, self._store, self._notices = view, store, notices
        self._previews: LargePictures | None = None
        self._items: dict[int, Item] = {}
        self._parent_key: int | None = None
        self._large_key: int | None = None
        self._frame = Frame(1, 1)  # of the preview or the sheet, as it was asked for
        self.enlarge = AsyncAction(self._enlarge, parent=self, overlap=Overlap.RESTART)
        self.enlarge.failed.connect(self._on_enlarge_failed)
        store.loaded.connect(self._on_picture)
        store.failed.connect(self._on_picture)

    def open(self, previews: LargePictures | None) -> None:
        """Take large pictures from elsewhere."""
        self.enlarge.cancel()
        self._previews = previews

    def forget_large(self) -> None:
        """Have the next large picture made anew, for another item or for another theme."""
        self._large_key = None

    def show_nothing(self) -> None:
        self._items, self._parent_key = {}, None
        self._store.drop(_PREVIEW)
        self._store.drop(_STRIP)

    def show_item(self, item: Item) -> None:
        """Show the small picture of one item until there is a larger one."""
        self._items = {item.key: item}
        preview = self._view.preview
        preview.set_shape(item.width, item.height)
        if self._large_key != item.key:
            self._large_key = None
            self._frame = self._preview_frame()
            self._store.want(_PREVIEW, [item], self._frame)
            preview.set_pixmap(self._store.pixmap(item.key, self._frame))
            if self._store.has_failed(item.key):
                self._say_no_preview(item)

    def show_sheet(self, items: Sequence[Item]) -> None:
        """Show the first of several items beside each other."""
        self._items = {item.key: item for item in items}
        self._store.drop(_STRIP)
        self._frame = self._sheet_frame()
        shown = items[:SHEET]
        self._store.want(_PREVIEW, shown, self._frame)
        self._view.preview.set_sheet([self._store.pixmap(i.key, self._frame) for i in shown])

    def show_relatives(self, children: Sequence[Item], parent: Item | None) -> None:
        """Show the small pictures of what comes of an item, and of what it comes from."""
        self._parent_key = parent.key if parent is not None else None
        wanted = [*children, *([parent] if parent is not None else [])]
        self._store.want(_STRIP, wanted, self._strip_frame())
        for item in wanted:
            self._on_picture(item.key)

    async def _enlarge(self, item: Item) -> None:
        """Put the original in the place of the thumbnail, once the selection rests."""
        previews = self._previews
        if previews is None or item.kind not in ("image", "") or item.deleted_at is not None:
            return
        if self._large_key == item.key:
            return
        if item.status in ("pending", "error") and item.source is Source.SARTIQ:
            self._say_no_preview(item)  # there is no picture to fetch
            return
        await asyncio.sleep(LARGE_REST_MS / 1000)
        view = self._view.preview
        max_px = round(max(view.width(), view.height(), 240) * self._ratio() * 1.1)
        picture = await previews.large(item, max_px)
        if self._items.keys() == {item.key}:
            self._large_key = item.key
            pixmap = to_pixmap(picture)
            view.set_shape(picture.width, picture.height)
            view.set_pixmap(pixmap)

    def _on_enlarge_failed(self, error: object) -> None:
        if not isinstance(error, AppError):
            self._notices.report(error)
        elif len(self._items) == 1:
            # The thumbnail stays; without one, the place says what is wrong.
            self._view.preview.set_note("image-off", error.message)

    def _ratio(self) -> float:
        return self._view.devicePixelRatioF()

    def _preview_frame(self) -> Frame:
        width = max(120, self._view.preview.width())
        tokens = theme.current().tokens
        checks = (tokens.check_a.rgba(), tokens.check_b.rgba())
        height = self._view.preview.heightForWidth(width)
        return Frame(width, height, self._ratio(), Shape.FIT, radius=6, checks=checks)

    def _sheet_frame(self) -> Frame:
        side = max(24, (self._view.preview.width() - 24) // 4)
        return Frame(side, side, self._ratio())

    def _strip_frame(self) -> Frame:
        return Frame(THUMB_PX, THUMB_PX, self._ratio())

    def _on_picture(self, key: object) -> None:
        """A small picture came, or will not come."""
        if not isinstance(key, int):
            return
        view, store = self._view, self._store
        has_failed = store.has_failed(key)
        if view.children_strip.shows(key):
            pixmap = store.pixmap(key, self._strip_frame())
            view.children_strip.set_pixmap(key, pixmap, has_failed=has_failed)
        if key == self._parent_key:
            view.parent_row.set_pixmap(store.pixmap(key, self._strip_frame()))
        if key not in self._items:
            return
        if view.mode is Mode.MANY:
            shown = list(self._items)[:SHEET]
            if key in shown:
                view.preview.set_sheet([store.pixmap(k, self._frame) for k in shown])
        elif self._large_key != key:
            pixmap = store.pixmap(key, self._frame)
            if pixmap is not None:
                view.preview.set_pixmap(pixmap)
            elif has_failed:
                self._say_no_preview(self._items[key])

    def _say_no_preview(self, item: Item) -> None:
        if item.status == "pending":
            self._view.preview.set_note("clock", "Still in work")
        elif item.status == "error":
            self._view.preview.set_note("circle-alert", "Failed, there is no picture")
        else:
            self._view.preview.set_note("image-off", "No preview")
