"""The gallery page: toolbar, grid, and what stands there when there is no grid to show."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.items import Item, ItemQuery
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery.filters import FilterPopover
from scenario_desktop.ui.panels.gallery.grid import GridView
from scenario_desktop.ui.panels.gallery.overlays import DropOverlay, Hint
from scenario_desktop.ui.panels.gallery.toolbar import GalleryToolbar
from scenario_desktop.ui.panels.gallery.words import StateAction, StateWords, drop_text
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.drags import local_files
from scenario_desktop.ui.widgets.empty_state import EmptyState
from scenario_desktop.ui.widgets.surface import Surface

#: A wait shorter than this shows nothing, milliseconds.
_PATIENCE_MS = 150
_HINT_MS = 4000


class GalleryView(Surface):
    """Toolbar over grid. Knows no service.

    Attributes:
        toolbar, grid: the parts, which have signals of their own.
        filters: made when it is first opened; None before.

    Signals:
        import_requested: paths of files and folders dropped here.
        state_action_requested: a StateAction, from the button of an empty page.
        notice_action_requested: the button of the notice above the grid.
        filters_opened: the filter's box was made and is to be filled.
    """

    import_requested = Signal(object)
    state_action_requested = Signal(object)
    notice_action_requested = Signal()
    filters_opened = Signal()

    def __init__(
        self,
        store: PictureStore,
        items: Callable[[int], Item | None],
        parent: QWidget | None = None,
        *,
        grid: GridView | None = None,
    ) -> None:
        """
        Args:
            grid: where one is on the screen already, over the same store and items.
        """
        super().__init__("stage", parent=parent)
        self.setAcceptDrops(True)
        self.setAccessibleName("Gallery page")
        self.toolbar = GalleryToolbar()
        self.grid = GridView(store, items) if grid is None else grid
        self.filters: FilterPopover | None = None
        self._action: StateAction | None = None
        self._drop_target = "the library"
        self._notice = Banner()
        self._notice_box = QWidget()
        self._state = EmptyState()
        self._pages = QStackedWidget()
        self._lay_out()
        self._drop = DropOverlay(self)
        self._hint = Hint(self)
        self._hint_end = QTimer(self, singleShot=True, interval=_HINT_MS)
        self._hint_end.timeout.connect(self._on_hint_end)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self._on_patience_end)
        self._state.action_requested.connect(self._on_state_action)
        self._notice.action_requested.connect(self.notice_action_requested)
        self.toolbar.filter_requested.connect(self.open_filters)
        self.setFocusProxy(self.grid)

    def _lay_out(self) -> None:
        self._pages.addWidget(self.grid)
        self._pages.addWidget(self._state)
        box = QVBoxLayout(self._notice_box)
        box.setContentsMargins(16, 4, 16, 8)
        box.addWidget(self._notice)
        self._notice_box.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.toolbar)
        column.addWidget(self._notice_box)
        column.addWidget(self._pages, 1)

    # What is shown

    @property
    def is_grid_shown(self) -> bool:
        return self._pages.currentWidget() is self.grid

    @property
    def state_title(self) -> str:
        """What an empty page says first; "" while the grid is shown."""
        return "" if self.is_grid_shown else self._state.accessibleName()

    def show_grid(self) -> None:
        self._patience.stop()
        self.grid.set_skeleton(False)
        self._pages.setCurrentWidget(self.grid)

    def show_loading(self) -> None:
        """Show blocks in place of cells, unless what is awaited comes soon."""
        self._patience.start()

    def show_state(self, words: StateWords) -> None:
        """Show a page without cells: empty, failed, offline, nothing found."""
        self._patience.stop()
        self._action = words.does
        self._state.set_state(words.icon, words.title, words.text, words.action)
        had_focus = self.grid.hasFocus()
        self._pages.setCurrentWidget(self._state)
        if had_focus:
            self._state.setFocus()

    def show_notice(self, text: str, tone: Tone = Tone.INFO, action: str = "") -> None:
        """Show a message above the grid; an empty one hides it."""
        self._notice_box.setVisible(bool(text))
        if text:
            self._notice.set_message(text, tone, action=action)

    @property
    def notice(self) -> str:
        return self._notice.text() if self._notice_box.isVisibleTo(self) else ""

    def show_hint(self, text: str, *, stays: bool = False) -> None:
        """Show a line in the corner of the grid, for a moment or until told otherwise."""
        self._hint.show_text(text)
        self._place_overlays()
        self._hint_end.stop()
        if text and not stays:
            self._hint_end.start()

    @property
    def hint(self) -> str:
        return self._hint.text

    def set_query(self, query: ItemQuery, title: str) -> None:
        """Show what is asked for, before the answer is there."""
        self.toolbar.set_title(title)
        self.toolbar.set_query(query)
        if self.filters is not None:
            self.filters.set_query(query)

    def set_drop_target(self, name: str) -> None:
        """Say where dropped files go, such as a collection's name."""
        self._drop_target = name

    def open_filters(self) -> None:
        """Open the filter's box below its button."""
        if self.filters is None:
            self.filters = FilterPopover(self.toolbar.filter)
            self.filters.closed.connect(self._on_filters_closed)
        self.filters_opened.emit()
        self.toolbar.filter.set_open(True)

    def _on_filters_closed(self) -> None:
        self.toolbar.filter.set_open(False)

    def _on_state_action(self) -> None:
        if self._action is not None:
            self.state_action_requested.emit(self._action)

    def _on_patience_end(self) -> None:
        self._pages.setCurrentWidget(self.grid)
        self.grid.set_skeleton(True)

    def _on_hint_end(self) -> None:
        self._hint.show_text("")

    # Files from outside

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        paths = local_files(event.mimeData())
        if event.source() is None and paths:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            note = "PNG, JPEG, WebP, TIFF, GIF and BMP. The originals stay where they are."
            self._drop.show_text(drop_text(len(paths), self._drop_target), note)
            self._place_overlays()
        else:
            event.ignore()

    @override
    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._drop.isVisible():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop.hide()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.hide()
        paths = local_files(event.mimeData())
        if event.source() is None and paths:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.import_requested.emit(paths)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_overlays()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place_overlays()

    def _place_overlays(self) -> None:
        self._drop.setGeometry(self._pages.geometry())
        self._hint.move(16, self.height() - self._hint.height() - 12)
