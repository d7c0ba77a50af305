"""Fills the detect page with pictures: the original, the live map, the small maps, thumbnails.

While a value moves, the newest edit is computed as soon as the one before is done: no run is
cancelled half way, so a slow map still follows the hand.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage, QPixmap

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import MODALITY_TITLES
from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, Picture
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.panels.detect.dock import DetectDock
from scenario_desktop.ui.panels.detect.page import DetectPage
from scenario_desktop.ui.panels.detect.ports import DetectPorts
from scenario_desktop.ui.panels.detect.state import DetectDraft
from scenario_desktop.ui.panels.request.ports import sentence

if TYPE_CHECKING:
    from scenario_desktop.services.detect import MapPreview

#: Edits closer together than this are previewed once, milliseconds.
PREVIEW_DELAY_MS = 60
#: The long side of the small maps and of what is shown large, pixels.
TILE_PX, LARGE_PX = 160, 1600


class DetectPictures(QObject):
    """Loads and computes what the page and the tiles show.

    Args:
        draft: gives the draft as it stands.
    """

    def __init__(
        self,
        page: DetectPage,
        dock: DetectDock,
        ports: DetectPorts,
        draft: Callable[[], DetectDraft],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page, self._dock, self._ports, self._draft = page, dock, ports, draft
        self._item: Item | None = None
        self._has_original = False
        self._is_due = False
        self._tiled = ""
        self._known: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PREVIEW_DELAY_MS)
        self._timer.timeout.connect(self._start_preview)
        self._original = AsyncAction(self._load, parent=self, overlap=Overlap.RESTART)
        self._small = AsyncAction(self._load_small, parent=self, overlap=Overlap.RESTART)
        self._small.succeeded.connect(self._on_small)
        self._small.failed.connect(ports.messages.report)
        self._original.succeeded.connect(self._on_original)
        self._original.failed.connect(self._on_original_failed)
        self._preview = AsyncAction(ports.detect.preview, parent=self, overlap=Overlap.RESTART)
        self._preview.succeeded.connect(self._on_preview)
        self._preview.failed.connect(self._on_preview_failed)
        self._tiles = AsyncAction(self._load_tiles, parent=self)
        self._tiles.failed.connect(ports.messages.report)
        self._thumbnails = AsyncAction(self._load_thumbnails, parent=self, overlap=Overlap.RESTART)
        self._thumbnails.failed.connect(ports.messages.report)

    def look_at(self, item: Item | None) -> None:
        """Show another picture, or none."""
        self._item = item
        self._has_original = self._is_due = False
        self._preview.cancel()
        self._timer.stop()
        self._dock.clear_tiles()
        self._tiled = ""
        if item is None:
            self._small.cancel()
            self._original.cancel()
            self._page.show_nothing()
            return
        self._page.show_item(item)
        self._page.show_loading()
        self._small.trigger(item)
        self._original.trigger(item)
        self._tiles.trigger()

    def retry(self) -> None:
        self.look_at(self._item)

    def preview_soon(self) -> None:
        """Compute the map of the draft as it stands, shortly."""
        if not self._timer.isActive():
            self._timer.start()

    def load_thumbnails(self, items: Sequence[Item]) -> None:
        """Fill the strip of pictures."""
        self._thumbnails.trigger(items)

    async def _load_small(self, item: Item) -> QPixmap:
        picture = QPixmap()
        # Without one its tile keeps the icon, and the name is in the tip.
        with contextlib.suppress(AppError):
            picture.loadFromData(await self._ports.small.get(item))
        return picture

    def _on_small(self, picture: QPixmap) -> None:
        if not self._has_original:
            self._page.show_thumbnail(picture)

    async def _load(self, item: Item) -> Picture:
        return await self._ports.large.large(item, LARGE_PX)

    def _on_original(self, picture: Picture) -> None:
        self._has_original = True
        self._page.show_original(picture)
        self._start_preview()

    def _on_original_failed(self, error: object) -> None:
        self._page.show_failure(
            sentence(error) if isinstance(error, AppError) else "The picture cannot be shown."
        )

    def _start_preview(self) -> None:
        item, draft = self._item, self._draft()
        if item is None or not self._has_original:
            return
        title = MODALITY_TITLES[draft.current]
        if draft.current not in self._ports.previewable:
            self._preview.cancel()
            self._is_due = False
            self._page.show_no_map(f"No preview of {title.lower()} maps")
            return
        if self._preview.is_busy:
            self._is_due = True
            return
        try:
            request = draft.request(item.id, draft.current)
        except ValidationError:
            return  # the sentence under the field says why nothing moves
        self._page.show_map_coming()
        self._preview.trigger(item, request, LARGE_PX)

    def _on_preview(self, preview: MapPreview) -> None:
        title = MODALITY_TITLES[self._draft().current]
        if not self._is_due:
            self._page.show_map(preview.picture, title, preview.compute_ms)
        self._go_on()

    def _on_preview_failed(self, error: object) -> None:
        self._page.show_no_map(
            sentence(error) if isinstance(error, AppError) else "The preview failed."
        )
        self._go_on()

    def _go_on(self) -> None:
        if self._is_due:
            self._is_due = False
            self._start_preview()

    async def _load_tiles(self) -> None:
        """Compute the small maps of the picture, and those of the next one if it changes."""
        while self._item is not None and self._item.id != self._tiled:
            item = self._item
            self._tiled = item.id
            await self._tile(item)

    async def _tile(self, item: Item) -> None:
        first = self._draft().current
        for modality in sorted(self._ports.previewable, key=lambda m: (m is not first, m)):
            request = DetectRequest.model_validate(
                {"image": item.id, "modality": modality, **DetectRequest.initial(modality)}
            )
            try:
                preview = await self._ports.detect.preview(item, request, TILE_PX)
            except AppError:
                return  # the drawn ones stay; what is wrong stands in the page
            if self._item is None or self._item.id != item.id:
                return
            self._dock.set_tile(modality, pixmap_of(preview.picture))

    async def _load_thumbnails(self, items: Sequence[Item]) -> None:
        for item in items:
            picture = await self._load_small(item)
            self._dock.set_thumbnail(item, picture)


def pixmap_of(picture: Picture) -> QPixmap:
    """Return a small picture's pixels as Qt draws them."""
    image = QImage(
        picture.data,
        picture.width,
        picture.height,
        picture.width * 4,
        QImage.Format.Format_RGBA8888,
    )
    return QPixmap.fromImage(image)  # it copies, so the bytes may go
