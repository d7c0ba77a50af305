"""Fills the refine page with pictures: before, after, what differs, and the small ones below."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage, QPixmap

from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, Picture
from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.panels.refine.compare import difference
from scenario_desktop.ui.panels.refine.page import RefinePage
from scenario_desktop.ui.panels.refine.ports import RefinePorts
from scenario_desktop.ui.panels.refine.state import Input, Progress, Stage
from scenario_desktop.ui.panels.request.ports import sentence
from scenario_desktop.ui.widgets.picture_view import to_pixmap

#: Long sides of what is shown, pixels: small, large, and once somebody zooms in.
TILE_PX, LARGE_PX, DETAIL_PX = 256, 2048, 6144


class RefinePictures(QObject):
    """Loads what the page shows of the input that is looked at.

    Args:
        after: gives the long side that the input's result will have, pixels; None: not known.
    """

    def __init__(
        self,
        page: RefinePage,
        ports: RefinePorts,
        after: Callable[[Input], int | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page, self._ports, self._after_px = page, ports, after
        self._input: Input | None = None
        self._result: Item | None = None
        self._progress = Progress()
        self._has_before = self._has_after = False
        self._after_error = ""
        self._is_detailed = False
        restart = Overlap.RESTART
        self._small = AsyncAction(self._load_small, parent=self, overlap=restart)
        self._small.succeeded.connect(self._on_small)
        self._small.failed.connect(ports.messages.report)
        self._before = AsyncAction(self._load_before, parent=self, overlap=restart)
        self._before.succeeded.connect(self._on_before)
        self._before.failed.connect(self._on_before_failed)
        self._after = AsyncAction(self._load_after, parent=self, overlap=restart)
        self._after.succeeded.connect(self._on_after)
        self._after.failed.connect(self._on_after_failed)
        self._differing = AsyncAction(self._differ, parent=self, overlap=restart)
        self._differing.succeeded.connect(page.compare.set_difference)
        self._differing.failed.connect(ports.messages.report)
        self._tiles = AsyncAction(self._load_tiles, parent=self, overlap=restart)
        self._tiles.failed.connect(ports.messages.report)
        page.view_chosen.connect(self._differ_if_due)
        page.zoomed.connect(self._on_zoomed)

    def look_at(self, one: Input | None, result: Item | None, progress: Progress) -> None:
        """Show another input with its result, or nothing."""
        self._input, self._result, self._progress = one, result, progress
        self._has_before = self._has_after = self._is_detailed = False
        self._after_error = ""
        for action in (self._small, self._before, self._after, self._differing):
            action.cancel()
        if one is None:
            self._page.show_nothing()
            return
        size = (one.width, one.height) if one.width and one.height else None
        self._page.show_input(one.name, size)
        if one.trouble:
            self._page.show_failure(one.trouble)
            return
        self._small.trigger(one)
        self._before.trigger(one, LARGE_PX)
        if result is not None:
            self._after.trigger(result, LARGE_PX)
        self.tell()

    def follow(self, one: Input, result: Item | None, progress: Progress) -> None:
        """Take news of the input that is looked at; its result comes in when it is new."""
        had, before = self._result, self._input
        self._input, self._result, self._progress = one, result, progress
        if before is not None and (before.width, one.width) == (None, one.width) and one.width:
            self._page.set_size((one.width, one.height or 0))
        if result is not None and (had is None or had.id != result.id):
            self._has_after, self._after_error = False, ""
            px = DETAIL_PX if self._is_detailed else LARGE_PX
            self._after.trigger(result, px)
        elif result is None and had is not None:
            self._after.cancel()
            self._has_after = False
            self._page.compare.set_second(None)
        self.tell()

    def retry(self) -> None:
        self.look_at(self._input, self._result, self._progress)

    def load_tiles(self, inputs: Sequence[Input]) -> None:
        """Fill the strip."""
        self._tiles.trigger(list(inputs))

    def tell(self) -> None:
        """Say what is seen, and what will become of it."""
        one = self._input
        if one is None:
            return
        page, progress = self._page, self._progress
        long_side = max(one.width, one.height) if one.width and one.height else 0
        size = f"{long_side:,}{NO_BREAK}px" if long_side else ""
        if self._has_after and self._result is not None:
            sides = (self._result.width or 0, self._result.height or 0)
            made = f"{max(sides):,}{NO_BREAK}px" if all(sides) else ""
            page.show_working(False)
            page.show_words(_joined("Before", size), _joined("After", made))
        elif self._after_error:
            page.show_working(False)
            page.show_words(f"Before · {self._after_error}", "")
        elif progress.stage is Stage.WORKING or self._result is not None:
            is_coming = self._result is not None
            page.show_words(_joined("Before", size), "Loading" if is_coming else progress.text)
            page.show_working(True)
        else:
            page.show_working(False)
            page.show_words(self._forecast(one, size), "")

    def _forecast(self, one: Input, size: str) -> str:
        if self._progress.stage in (Stage.FAILED, Stage.UNCERTAIN):
            return _joined("Before", size) + f" · {self._progress.text}"
        after = self._after_px(one)
        will = f"will be {after:,}{NO_BREAK}px" if after else ""
        return ", ".join(part for part in (size, will) if part) or "Before"

    async def _load_small(self, one: Input) -> QPixmap:
        picture = QPixmap()
        # Without one the large picture is waited for, or the tile keeps its icon.
        with contextlib.suppress(AppError):
            if one.item is not None:
                picture.loadFromData(await self._ports.small.get(one.item))
            elif one.path is not None and not one.trouble:
                picture = to_pixmap(await self._ports.large.file(one.path, TILE_PX))
        return picture

    def _on_small(self, picture: QPixmap) -> None:
        if not self._has_before:
            self._page.show_thumbnail(picture)

    async def _load_before(self, one: Input, max_px: int) -> Picture:
        if one.item is not None:
            return await self._ports.large.large(one.item, max_px)
        if one.path is None:
            raise ValueError("an input is an item or a file")
        return await self._ports.large.file(one.path, max_px)

    def _on_before(self, picture: Picture) -> None:
        self._has_before = True
        self._page.show_before(picture)
        self._differ_if_due()

    def _on_before_failed(self, error: object) -> None:
        self._page.show_failure(sentence(error))

    async def _load_after(self, item: Item, max_px: int) -> Picture:
        return await self._ports.large.large(item, max_px)

    def _on_after(self, picture: Picture) -> None:
        self._has_after = True
        self._page.show_after(picture)
        self.tell()
        self._differ_if_due()

    def _on_after_failed(self, error: object) -> None:
        self._after_error = f"the result cannot be shown. {sentence(error)}"
        self.tell()

    def _differ_if_due(self) -> None:
        if self._page.compare.wants_difference and self._has_before and self._has_after:
            self._differing.trigger()

    async def _differ(self) -> QImage:
        return await asyncio.to_thread(difference, *self._page.compare.images())

    def _on_zoomed(self) -> None:
        """Bring more pixels once those shown are fewer than those of the screen."""
        compare = self._page.compare
        if self._is_detailed or compare.is_fit or self._input is None or not self._has_before:
            return
        shown = compare.picture_rect().width() * compare.devicePixelRatioF()
        if shown <= LARGE_PX:
            return
        self._is_detailed = True
        one, result = self._input, self._result
        if max(one.width or 0, one.height or 0) > LARGE_PX:
            self._before.trigger(one, DETAIL_PX)
        if result is not None and max(result.width or 0, result.height or 0) > LARGE_PX:
            self._after.trigger(result, DETAIL_PX)

    async def _load_tiles(self, inputs: Sequence[Input]) -> None:
        for one in inputs:
            tile = self._page.strip.tile(one.key)
            if tile is None or tile.has_picture or one.trouble:
                continue
            picture = await self._load_small(one)
            tile = self._page.strip.tile(one.key)
            if tile is not None:
                tile.set_picture(picture)


def _joined(word: str, size: str) -> str:
    return f"{word}, {size}" if size else word
