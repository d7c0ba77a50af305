"""The window with the gallery's grid and nothing around that yet: what the first paint needs.

Whatever is imported here is waited for at every start. The workbench takes the shell over and
fills the rest in.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from scenario_desktop.items import Item, ItemQuery
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery.area import toolbar_height
from scenario_desktop.ui.panels.gallery.cache import ItemCache
from scenario_desktop.ui.panels.gallery.grid import GridView
from scenario_desktop.ui.panels.gallery.order import KeyOrder
from scenario_desktop.ui.panels.gallery.prefs import GalleryPlace, GalleryPrefs
from scenario_desktop.ui.widgets.surface import Surface

GALLERY = "gallery"


class Shell:
    """The parts of the window that are there from the first paint on.

    Attributes:
        cache: the gallery's items.
        prefs: how the gallery was left.
        workspace_id, query: whose items, and which of them, ``show`` has put into the grid; None
            as long as that is nothing.
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
        self.workspace_id: str | None = None
        self.query: ItemQuery | None = None
        self.commands = CommandRegistry()
        self.window = MainWindow(self.commands, state=panels)
        self.commands.setParent(self.window)
        self.store = PictureStore(parent=self.window)
        self.cache = ItemCache()
        self.grid = GridView(self.store, self.cache.get)
        self.grid.set_cell_size(self.prefs.cell_px)
        self.grid.set_fit(self.prefs.is_fit)
        self._blanks = self._place()

    @property
    def order(self) -> KeyOrder:
        return self.grid.order

    def _place(self) -> list[QWidget]:
        """Place the grid, and bare grounds where the other regions will be."""
        window, edges = self.window, Qt.Edge
        page = Surface("stage")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, toolbar_height(), 0, 0)
        column.addWidget(self.grid)
        top, bottom = Surface(edges=edges.BottomEdge), Surface(edges=edges.TopEdge)
        side, dock = Surface(edges=edges.RightEdge), Surface(edges=edges.LeftEdge)
        window.set_top_bar(top)
        window.set_sidebar(side)
        window.add_page(GALLERY, page)
        window.set_dock(dock, page=GALLERY)
        window.set_job_bar(bottom)
        return [page, top, side, dock, bottom]

    def show(
        self, workspace_id: str, query: ItemQuery, keys: array[int], place: GalleryPlace
    ) -> None:
        """Put an answer into the grid, and go to where the user was in it."""
        self.workspace_id, self.query = workspace_id, query
        self.grid.set_order(KeyOrder(keys), keeps_place=False)
        self.grid.choose_keys(place.chosen, place.current)
        self.grid.show_blocks()

    def show_items(self, items: Mapping[int, Item], thumbnails: Mapping[int, bytes]) -> None:
        """Tell the items in view, and begin to decode their thumbnails."""
        self.cache.put(items, items)
        self.store.offer(thumbnails)
        self.store.want(GALLERY, self.cache, self.grid.frame)

    def close(self) -> None:
        """Take the window down again, where no program came behind it."""
        self.store.close()
        self.window.close_now()
        self.window.deleteLater()

    def drop_blanks(self) -> None:
        """Remove the bare grounds, once the real regions stand in their places."""
        while self._blanks:
            self._blanks.pop().deleteLater()
