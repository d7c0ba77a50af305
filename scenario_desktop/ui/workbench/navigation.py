"""Where things lead: from lists, searches and results to the page that shows them, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from scenario_desktop.items import Item, ItemQuery, Section, TagCount
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.notices import Notices
from scenario_desktop.ui.panels.first_run.view import FirstRunView
from scenario_desktop.ui.panels.gallery.page import GalleryPage
from scenario_desktop.ui.panels.inspector.controller import InspectorController
from scenario_desktop.ui.panels.palette.entries import Entry
from scenario_desktop.ui.panels.sidebar.controller import SidebarController
from scenario_desktop.ui.workbench import (
    canvas_room,
    detect_room,
    generation_room,
    refine_room,
    runs_room,
    training_room,
)
from scenario_desktop.ui.workbench.searching import Searching
from scenario_desktop.ui.workbench.shell import GALLERY
from scenario_desktop.ui.workbench.usage_room import PAGE as USAGE

if TYPE_CHECKING:
    from scenario_desktop.services.library import Library
    from scenario_desktop.ui.panels.preview.view import PreviewView

FIRST_RUN: Final = "first_run"
#: What the sidebar marks while a page is in front.
_WORKS: Final = {
    detect_room.PAGE: "detect.open",
    refine_room.PAGE: "refine.open",
    USAGE: "usage.open",
    runs_room.PAGE: runs_room.NEW,
    generation_room.PAGE: runs_room.NEW,
    training_room.PAGE: runs_room.NEW,
}
#: Pages that Escape leads back from.
_PAGES_OF_WORK: Final = frozenset(_WORKS) - {USAGE}


class Form(Protocol):
    """A page whose form is put away when another page comes to the front."""

    def close(self) -> None: ...


class Navigation(QObject):
    """Brings pages to the front, and items into view.

    Signals:
        video_revealed: key of a single video that was brought into view, to be played.
    """

    video_revealed = Signal(int)

    def __init__(
        self,
        window: MainWindow,
        notices: Notices,
        *,
        gallery: GalleryPage,
        first_run: FirstRunView,
        sidebar: SidebarController,
        searching: Searching,
        inspector: InspectorController,
        forms: Mapping[str, Form],
        back: Callable[[str], bool],
        cover: PreviewView | None = None,
    ) -> None:
        """
        Args:
            forms: by their page.
            cover: what may lie over the gallery, and has the keys while it does.
            back: leads back to what a page was opened from, and says whether there is such a
                thing other than the library.
        """
        super().__init__(window)
        self._window, self._notices = window, notices
        self._gallery, self._first_run = gallery, first_run
        self._sidebar, self._searching = sidebar, searching
        self._inspector = inspector
        self._forms, self._back = forms, back
        self._cover = cover
        self._library: Library | None = None
        self.revealing = AsyncAction(self._reveal, parent=self)
        self.revealing.failed.connect(notices.report)
        window.page_changed.connect(self._on_page_changed)
        window.escaped.connect(self._on_escaped)

    def bind(self, library: Library | None) -> None:
        """Lead through another library; None for none."""
        self._library = library

    # Queries

    def go_to(self, query: ItemQuery) -> None:
        """Show a query in the order that the gallery has; nothing may lie over its results."""
        if self._cover is not None:
            self._cover.close_preview()
        gallery = self._gallery.controller
        order = gallery.query
        gallery.set_query(replace(query, sort=order.sort, is_descending=order.is_descending))
        self.show_library()

    def show_library(self) -> None:
        """Bring the gallery to the front, or the welcome page while there is nothing."""
        is_empty = self._sidebar.counts().sections.get(Section.ALL) == 0
        query = self._gallery.controller.query
        is_whole = query.section is Section.ALL and not query.is_filtered
        wants_welcome = self._library is not None and is_empty and is_whole
        self._window.set_page(FIRST_RUN if wants_welcome else GALLERY)
        if wants_welcome:
            self._first_run.load_samples()

    def show_query(self, query: ItemQuery) -> None:
        """Say which query is shown, wherever one is chosen."""
        self._searching.show_query(query)
        self._sidebar.show_query(query)

    def show_generation(self, generation_id: str) -> None:
        self.go_to(ItemQuery(group_id=generation_id))

    def show_children(self, item: Item) -> None:
        self.go_to(ItemQuery(parent_id=item.id))

    def show_entry(self, entry: Entry) -> None:
        if isinstance(entry.payload, Item):
            self.show_key(entry.payload.key)
        elif isinstance(entry.payload, TagCount):
            self.go_to(ItemQuery(tags=(entry.payload.name,)))

    # Items

    def show_key(self, key: int) -> None:
        self._window.set_page(GALLERY)
        self._gallery.controller.reveal([key])

    async def _reveal(self, asset_ids: Sequence[str]) -> None:
        library = self._library
        if library is None:
            return
        found = [await library.item(asset_id) for asset_id in asset_ids]
        # A refine has no place of its own in the gallery: its prediction has.
        versions = [item for item in found if item is not None and item.is_refine]
        lying_on = [await library.parent(item) for item in versions]
        shown = [item for item in found if item is not None and not item.is_refine]
        keys = [item.key for item in (*shown, *lying_on) if item is not None]
        if keys:
            self._window.set_page(GALLERY)
            self._gallery.controller.reveal(list(dict.fromkeys(keys)))
            self._gallery.view.grid.setFocus()
            if len(found) == 1 and versions:
                self._inspector.show_version(versions[0].key)
            elif len(shown) == len(found) == 1 and shown[0].kind == "video":
                self.video_revealed.emit(shown[0].key)
        else:
            self._notices.toast("It is not in the library any more")

    # Pages

    def leave(self) -> None:
        """Go back from a page of work to where it was opened: a canvas, or the library."""
        if self._back(self._window.page):
            return
        self.show_library()
        self._front().setFocus()

    def focus_page(self) -> None:
        """Give the keys to the page in front."""
        front = self._front()
        # A grid with nothing in it is hidden, and would not take the keys from where they are.
        (front if front.isVisible() else self._window).setFocus()

    def _front(self) -> QWidget:
        """Return what has the keys of the library: a picture shown large, or the grid."""
        if self._cover is not None and self._cover.isVisible():
            return self._cover
        return self._gallery.view.grid

    def _on_page_changed(self, page: str) -> None:
        for name, form in self._forms.items():
            if name != page:
                form.close()
        if page in _WORKS:
            self._sidebar.show_work(_WORKS[page])
        elif page == canvas_room.PAGE:
            self._sidebar.show_query(ItemQuery(section=Section.CANVASES))
        else:
            self._sidebar.show_query(self._gallery.controller.query)

    def _on_escaped(self) -> None:
        """Go one step back: the job panel first, then the form."""
        if self._window.is_jobs_shown():
            self._window.show_jobs(False)
        elif self._window.page in _PAGES_OF_WORK:
            self.leave()
