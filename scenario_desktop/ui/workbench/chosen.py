"""What the gallery has chosen, and why nothing can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from scenario_desktop.items import Item
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.panels.gallery.controller import GalleryController
from scenario_desktop.ui.workbench.shell import GALLERY

#: So many pictures are put on a canvas at once.
MAX_PLACED = 50
NO_WORKSPACE = "No workspace is open"


class Choice(Protocol):
    """What is chosen in the library, for taking it into a form."""

    async def items(self) -> Sequence[Item]: ...
    def count(self) -> int: ...


class Chosen:
    """Answers for the commands that act on the choice; a reason is "" where there is none."""

    def __init__(
        self, gallery: GalleryController, window: MainWindow, is_open: Callable[[], bool]
    ) -> None:
        """
        Args:
            is_open: whether there is a workspace.
        """
        self._gallery = gallery
        self._window = window
        self._is_open = is_open

    async def items(self) -> Sequence[Item]:
        """Return what is chosen, in the order shown."""
        return await self._gallery.chosen_items()

    def count(self) -> int:
        return self._gallery.chosen_count

    def note(self) -> str:
        """Return how many are chosen, to stand beside a command."""
        count = len(self._gallery.chosen_keys())
        return f"{count:,} selected" if count else ""

    @property
    def canvas(self) -> Item | None:
        """The one canvas that is chosen."""
        item = self._only()
        return item if item is not None and item.type == "canvas" else None

    @property
    def generation(self) -> str:
        """The generation of the one item that is chosen."""
        item = self._only()
        return item.group_id or "" if item is not None else ""

    def _only(self) -> Item | None:
        keys = self._gallery.chosen_keys()
        return self._gallery.cache.get(keys[0]) if len(keys) == 1 else None

    def needs_workspace(self) -> str:
        return "" if self._is_open() else NO_WORKSPACE

    def needs_generation(self) -> str:
        if reason := self.needs_workspace():
            return reason
        return "" if self.generation else "Choose a prediction first"

    def needs_canvas(self) -> str:
        if reason := self.needs_workspace():
            return reason
        return "" if self.canvas is not None else "Choose a canvas first"

    def needs_pictures(self) -> str:
        if reason := self.needs_workspace():
            return reason
        if self._window.page != GALLERY:
            return "Go back to the library first"
        keys = self._gallery.chosen_keys(MAX_PLACED + 1)
        if not keys:
            return "Choose a picture first"
        return "" if len(keys) <= MAX_PLACED else f"Choose at most {MAX_PLACED} pictures"
