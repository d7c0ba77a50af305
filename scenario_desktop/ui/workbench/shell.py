"""The window with the gallery in it and nothing around that yet: what the first paint needs.

Whatever is imported here is waited for at every start. The workbench takes the shell over and
fills the rest in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt

from scenario_desktop.items import Item, ItemQuery
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery.cache import ItemCache
from scenario_desktop.ui.panels.gallery.order import KeyOrder
from scenario_desktop.ui.panels.gallery.prefs import GalleryPrefs
from scenario_desktop.ui.panels.gallery.view import GalleryView
from scenario_desktop.ui.panels.gallery.words import title
from scenario_desktop.ui.widgets.surface import Surface

GALLERY = "gallery"


class Shell:
    """The parts of the window that are there from the first paint on.

    Attributes:
        cache: the gallery's items.
        prefs: how the gallery was left.
        query: what ``show`` put into the gallery; None as long as that is nothing.
    """

    def __init__(
        self, *, panels: Mapping[str, Any] | None = None, gallery: Mapping[str, Any] | None = None
    ) -> None:
        """
        Args:
            panels: the window's state, as it was handed over last time.
            gallery: the gallery's, likewise.
        """
        self.prefs = GalleryPrefs.of(gallery or {})
        self.query: ItemQuery | None = None
        self.commands = CommandRegistry()
        self.window = MainWindow(self.commands, state=panels)
        self.commands.setParent(self.window)
        self.store = PictureStore(parent=self.window)
        self.cache = ItemCache()
        self.view = GalleryView(self.store, self.cache.get)
        self.view.grid.set_cell_size(self.prefs.cell_px)
        self.view.grid.set_fit(self.prefs.is_fit)
        self._blanks = self._place()

    @property
    def order(self) -> KeyOrder:
        return self.view.grid.order

    def _place(self) -> list[Surface]:
        """Place the gallery, and bare grounds where the other regions will be."""
        window, edges = self.window, Qt.Edge
        top, bottom = Surface(edges=edges.BottomEdge), Surface(edges=edges.TopEdge)
        side, dock = Surface(edges=edges.RightEdge), Surface(edges=edges.LeftEdge)
        window.set_top_bar(top)
        window.set_sidebar(side)
        window.add_page(GALLERY, self.view)
        window.set_dock(dock, page=GALLERY)
        window.set_job_bar(bottom)
        return [top, side, dock, bottom]

    def show(
        self,
        query: ItemQuery,
        order: KeyOrder,
        items: Mapping[int, Item],
        thumbnails: Mapping[int, bytes],
    ) -> None:
        """Put an answer into the gallery, the first items with their pictures."""
        self.query = query
        self.view.set_query(query, title(query, {}))
        self.view.toolbar.set_count(len(order))
        self.cache.put(items, items)
        self.view.grid.set_order(order, keeps_place=False)
        self.view.show_grid()
        self.window.show()  # lays out, which decides how large pictures are
        self.store.offer(thumbnails)
        self.store.want(GALLERY, items.values(), self.view.grid.frame)

    def close(self) -> None:
        """Take the window down again, where no program came behind it."""
        self.store.close()
        self.window.close_now()
        self.window.deleteLater()

    def drop_blanks(self) -> None:
        """Remove the bare grounds, once the real regions stand in their places."""
        while self._blanks:
            self._blanks.pop().deleteLater()
