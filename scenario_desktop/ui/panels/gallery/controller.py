"""What the gallery shows: one query at a time, kept up to date without losing place or choice."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QPoint, QTimer, Signal

from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, ItemQuery, Section, SortField, TagCount
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.models.picture_store import PictureStore, ThumbnailSource
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.gallery import menus, words
from scenario_desktop.ui.panels.gallery.cache import ItemCache
from scenario_desktop.ui.panels.gallery.carrying import chosen_in
from scenario_desktop.ui.panels.gallery.dragging import Dragging, Prepare
from scenario_desktop.ui.panels.gallery.filters import FilterPopover
from scenario_desktop.ui.panels.gallery.finding import Finding
from scenario_desktop.ui.panels.gallery.order import KeyOrder
from scenario_desktop.ui.panels.gallery.prefs import GalleryPlace, GalleryPrefs, filter_of
from scenario_desktop.ui.panels.gallery.standing import Standing, lacks_keys, unopened_words
from scenario_desktop.ui.panels.gallery.supply import Supply
from scenario_desktop.ui.panels.gallery.view import GalleryView
from scenario_desktop.ui.panels.gallery.words import Locks, StateAction
from scenario_desktop.ui.panels.gallery.works import JobsSource, Works
from scenario_desktop.ui.widgets.banner import Tone

if TYPE_CHECKING:
    from scenario_desktop.services.library import LibraryChange
    from scenario_desktop.services.sync import SyncStatus

#: News of the library are gathered for so long before the order is read again, milliseconds.
GATHER_MS = 150
#: Items handed on when many are chosen; who needs all of them asks for their keys.
MAX_CHOSEN_ITEMS = 500
#: Chosen items that are remembered from one start to the next.
MAX_KEPT_CHOICE = 200


class LibrarySource(Protocol):
    """What the gallery needs of the library service."""

    @property
    def changed(self) -> Any: ...
    async def keys(self, query: ItemQuery, /) -> array[int]: ...
    async def items(self, keys: Iterable[int], /) -> dict[int, Item]: ...
    async def groups(self) -> list[array[int]]: ...
    async def item(self, asset_id: str, /) -> Item | None: ...
    async def complete_tags(self, prefix: str, /, limit: int = 20) -> list[TagCount]: ...


class GalleryController(QObject):
    """Connects the gallery's view to the library of the open workspace.

    Attributes:
        cache: items looked at lately. Made before the view, which paints from it.
        supply: brings them, and their pictures.
        works: cells in work; give it the job service.
        dragging: gives originals to other programs.

    Signals:
        query_changed: the ItemQuery shown now, by whomever.
        selection_changed: how many items are chosen.
        current_changed: the Item that has the keyboard, None for none.
        preview_requested: the key of an item to show large.
        import_requested: paths dropped here; ``choose_files_requested`` where none are given.
        job_retry_requested: the job id of a failed cell.
        keys_requested: the server refuses the workspace's keys; the user wants to type others.
        detect_requested: from the empty page of control maps.
        canvas_wanted: a new one, from the empty page of canvases.
        prefs_changed: GalleryPrefs to remember.
        shown: how many items the query has, each time its answer is painted.
    """

    query_changed = Signal(object)
    selection_changed = Signal(int)
    current_changed = Signal(object)
    preview_requested = Signal(object)
    import_requested = Signal(object)
    choose_files_requested = Signal()
    retry_requested = Signal()
    keys_requested = Signal()
    job_retry_requested = Signal(str)
    detect_requested = Signal()
    canvas_wanted = Signal()
    prefs_changed = Signal(object)
    shown = Signal(int)

    def __init__(
        self,
        view: GalleryView,
        store: PictureStore,
        cache: ItemCache,
        *,
        notices: Reports,
        commands: CommandRegistry | None = None,
        prefs: GalleryPrefs | None = None,
    ) -> None:
        super().__init__(view)
        self._view, self._grid, self._store, self.cache = view, view.grid, store, cache
        self._notices, self._commands = notices, commands
        self._library: LibrarySource | None = None
        self._prefs = prefs or GalleryPrefs()
        self._query = self._prefs.applied_to(ItemQuery())
        self._shown_query: ItemQuery | None = None  # the one whose answer is in the grid
        self._base = KeyOrder()  # the answer, without guests
        self._collections: dict[str, str] = {}
        self._standing = Standing()
        self._has_generations = False
        self._newcomers: set[int] = set()
        self._told: Item | None = None
        self._to_reveal: int | None = None
        self._popover: FilterPopover | None = None
        self.supply = Supply(self._grid, store, cache, self)
        self.finding = Finding(view, cache, self)
        self.works = Works(self)
        self.dragging = Dragging(view, store)
        self._actions(notices)
        self._connect()
        self._gather = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._gather.timeout.connect(self._on_gathered)
        self._apply_prefs()
        self._show_query()

    def _actions(self, notices: Reports) -> None:
        self.load = AsyncAction(self._load, parent=self, overlap=Overlap.RESTART)
        self.load.failed.connect(self._on_load_failed)
        self.supply.fetch.failed.connect(notices.report)
        self.finding.find.failed.connect(notices.report)
        self.complete = AsyncAction(self._complete_tags, parent=self, overlap=Overlap.RESTART)
        self.complete.failed.connect(notices.report)
        self._drag = AsyncAction(self._begin_drag, parent=self, overlap=Overlap.RESTART)
        self._drag.failed.connect(notices.report)
        self.dragging.prepare.failed.connect(notices.report)

    def _connect(self) -> None:
        grid, bar, view = self._grid, self._view.toolbar, self._view
        grid.range_changed.connect(self.supply.look)
        self.supply.arrived.connect(self._tell_current)
        grid.selection_changed.connect(self._on_selection_changed)
        grid.current_changed.connect(self._on_current_changed)
        grid.activated.connect(self.preview_requested)
        grid.preview_requested.connect(self.preview_requested)
        grid.menu_requested.connect(self._open_menu)
        grid.retry_requested.connect(self.job_retry_requested)
        grid.drag_started.connect(self._drag.trigger)
        grid.cell_size_changed.connect(self._on_cell_size)
        bar.sort_chosen.connect(self.set_sort)
        bar.fit_chosen.connect(self.set_fit)
        bar.size_chosen.connect(self.set_cell_size)
        bar.grouping_chosen.connect(self.set_grouped)
        view.filters_opened.connect(self._on_filters_opened)
        view.state_action_requested.connect(self._on_state_action)
        view.notice_action_requested.connect(self._on_notice_action)
        view.import_requested.connect(self.import_requested)
        self.works.arranged.connect(self._arrange)
        self.works.progressed.connect(self._on_progressed)

    # The workspace

    def adopt(self, query: ItemQuery, order: KeyOrder) -> None:
        """Take for the query's answer what the grid shows already, until a library is opened."""
        self._query = self._shown_query = query
        self._base = order
        self._show_query()
        self._show_count()

    def open(
        self,
        library: LibrarySource | None,
        thumbnails: ThumbnailSource | None = None,
        *,
        jobs: JobsSource | None = None,
        prepare_drag: Prepare | None = None,
        keeps: bool = False,
        is_local: bool = False,
        has_generations: bool = False,
    ) -> None:
        """Show a workspace's library; None shows nothing, as between two workspaces.

        Args:
            keeps: what is shown is the same library's: it stays, with place and choice, until the
                new answer is there.
            is_local: the server is this computer's own engine, which is never "offline".
            has_generations: there is a second service, whose items come in generations.
        """
        self._has_generations = has_generations
        self._show_grouping()
        self._standing = Standing(is_local=is_local)
        if self._library is not None:
            self._library.changed.disconnect(self._on_library_changed)
        self.load.cancel()
        self._gather.stop()
        self._library = library
        self.supply.set_library(library)
        self.finding.set_library(library)
        self._store.set_source(thumbnails, keeps=keeps)
        if not keeps:
            self.cache.clear()
            self._shown_query, self._base = None, KeyOrder()
            self._newcomers.clear()
            self._grid.reset()
        self._view.show_notice("")
        self._show_count()
        self.dragging.set_prepare(prepare_drag)
        self.works.watch(jobs, library.item if library is not None else None)
        if library is not None:
            library.changed.connect(self._on_library_changed)
            self._reload()

    def show_unopened(self, error: object) -> None:
        """Say why there is no library, over what is known of it from the last time."""
        self._standing = replace(self._standing, lacks_keys=lacks_keys(error))
        told = unopened_words(error)
        if len(self._grid.order):
            text = f"{told.title} {told.text}".strip()
            self._view.show_notice(text, Tone.DANGER, told.action)
        else:
            self._view.show_state(told)

    def set_collections(self, names: Mapping[str, str]) -> None:
        """Take collections' names by id, for the title."""
        self._collections = dict(names)
        self._show_query()

    def set_locks(self, locks: Locks) -> None:
        self._grid.set_locks(locks)

    def set_sync_status(self, status: SyncStatus) -> None:
        """Tell what keeps the library from being up to date, where one looks for items."""
        was_off = self._standing.state in ("offline", "unauthorised")
        self._standing = replace(self._standing, sync=status)
        if was_off and status.state in ("idle", "syncing"):
            self._store.retry()
        self._view.show_notice(*self._standing.notice(self._query, has_items=len(self._base) > 0))
        if not len(self._base) and self._shown_query is not None:
            self._show_answer()

    # What is asked for

    @property
    def query(self) -> ItemQuery:
        return self._query

    @property
    def title(self) -> str:
        return words.title(self._query, self._collections)

    @property
    def count(self) -> int:
        """How many items the query has, as far as shown."""
        return len(self._base)

    def set_query(self, query: ItemQuery) -> None:
        """Show another query; the choice is kept as far as it is in there."""
        if query != self._query:
            self._query = query
            self.works.forget_results()
            self._remember()
            self._show_query()
            self._reload()
            self.query_changed.emit(query)

    def set_section(self, section: Section) -> None:
        """Show a part of the library, in the same order and without a filter."""
        order = ItemQuery(sort=self._query.sort, is_descending=self._query.is_descending)
        self.set_query(replace(order, section=section))

    def set_collection(self, collection_id: str) -> None:
        order = ItemQuery(sort=self._query.sort, is_descending=self._query.is_descending)
        self.set_query(replace(order, collection_id=collection_id))

    def set_tag(self, tag: str) -> None:
        """Show all items with a tag."""
        order = ItemQuery(sort=self._query.sort, is_descending=self._query.is_descending)
        self.set_query(replace(order, tags=(tag,)))

    def set_text(self, text: str) -> None:
        """Narrow what is shown to items that match words."""
        self.set_query(replace(self._query, text=text))

    def set_sort(self, field: SortField, is_descending: bool) -> None:
        self.set_query(replace(self._query, sort=field, is_descending=is_descending))

    def clear_filter(self) -> None:
        """Show the whole section or collection again."""
        q = self._query
        self.set_query(
            ItemQuery(
                section=q.section, collection_id=q.collection_id, parent_id=q.parent_id,
                sort=q.sort, is_descending=q.is_descending,
            )
        )  # fmt: skip

    def set_fit(self, is_fit: bool) -> None:
        self._prefs = replace(self._prefs, is_fit=is_fit)
        self._apply_prefs()
        self.prefs_changed.emit(self._prefs)

    def set_grouped(self, is_grouped: bool) -> None:
        """Let what one generation made stand together, or each item in its own place."""
        if is_grouped != self._prefs.is_grouped:
            self._prefs = replace(self._prefs, is_grouped=is_grouped)
            self._show_grouping()
            self._reload()
            self.prefs_changed.emit(self._prefs)

    def toggle_grouped(self) -> None:
        self.set_grouped(not self._prefs.is_grouped)

    @property
    def has_generations(self) -> bool:
        return self._has_generations

    def _show_grouping(self) -> None:
        is_on = self._has_generations and self._prefs.is_grouped
        self._grid.set_grouped(is_on)
        self._view.toolbar.set_grouping(can_group=self._has_generations, is_grouped=is_on)

    def toggle_fit(self) -> None:
        self.set_fit(not self._prefs.is_fit)

    def set_cell_size(self, px: int) -> None:
        self._grid.set_cell_size(px)
        self._on_cell_size(self._grid.cell_size)

    def step_cell_size(self, change: int) -> None:
        self.set_cell_size(self._grid.cell_size + change)

    # What is chosen

    @property
    def chosen_count(self) -> int:
        return len(self._grid.selection)

    def chosen_keys(self, limit: int | None = None) -> list[int]:
        """Return the chosen keys in the order shown, at most so many.

        Without a limit "all" of a million makes a list of a million.
        """
        return self._grid.chosen_keys(limit)

    async def chosen_items(self, limit: int = MAX_CHOSEN_ITEMS) -> list[Item]:
        """Return the chosen items in the order shown, at most so many."""
        return await self.read(self._grid.chosen_keys(limit))

    async def read(self, keys: Sequence[int]) -> list[Item]:
        """Return items in the order of their keys; those that are gone are left out."""
        return await self.supply.read(keys)

    @property
    def current(self) -> Item | None:
        """The item that has the keyboard, if it was read already."""
        key = self._grid.selection.current
        return self.cache.get(key) if key is not None else None

    def reveal(self, keys: Sequence[int]) -> None:
        """Choose items and show the first; leaves a query that does not have it."""
        if not keys:
            return
        self._grid.choose_keys(keys, keys[0])
        if keys[0] not in self._grid.order:
            self._to_reveal = keys[0]
            self.set_section(Section.ALL)
            self._reload()  # also when that was shown already: the item is new

    def neighbour(self, key: int, step: int) -> int | None:
        """Return the key of the item that many places further, None past the ends."""
        return self._grid.neighbour(key, step)

    def show_key(self, key: int) -> None:
        """Choose one item and scroll to it, as the preview moves on."""
        self._grid.choose(key)

    # From one start to the next

    def state(self) -> dict[str, Any]:
        """Return where the user is in this workspace, as plain values for a settings file."""
        return GalleryPlace(
            self._query.section,
            self._query.collection_id,
            tuple(self._grid.chosen_keys(MAX_KEPT_CHOICE)),
            self._grid.selection.current,
        ).to_dict()

    def restore(self, values: Mapping[str, Any]) -> None:
        """Go back to where ``state`` was taken; what makes no sense or is gone is left out."""
        place = GalleryPlace.of(values)
        self._grid.choose_keys(place.chosen, place.current)
        self.set_query(place.applied_to(self._query))

    # Loading

    def _reload(self) -> None:
        if self._library is not None:
            if self._shown_query is None:
                self._view.show_loading()
            self.load.trigger(self._query)

    async def _load(self, query: ItemQuery) -> None:
        library = self._library
        if library is None:
            return
        start = time.monotonic()
        order = KeyOrder(await library.keys(query))
        if self._has_generations and self._prefs.is_grouped:
            order = await asyncio.to_thread(order.gathered, await library.groups())
        is_same = self._is_narrowed_as(query)
        keeps_place = query == self._shown_query
        if not keeps_place:
            # With its items there, the first frame of an answer is a whole one.
            await self.supply.learn(library, order.part(0, self._grid.screenful()))
        chosen = await chosen_in(order, self._grid, is_same=is_same)
        self._base, self._shown_query = order, query
        self._arrange(chosen=chosen, keeps_place=keeps_place)
        self._newcomers.clear()
        self._show_answer()
        revealed, self._to_reveal = self._to_reveal, None
        if revealed is not None:
            self._grid.show_key(revealed)
        took_ms = (time.monotonic() - start) * 1000
        self._gather.setInterval(max(GATHER_MS, int(took_ms * 4)))
        self.shown.emit(len(order))

    def _is_narrowed_as(self, query: ItemQuery) -> bool:
        """Whether a query has the same items as the one shown, in whatever order."""
        before = self._shown_query
        return before is not None and query == replace(
            before, sort=query.sort, is_descending=query.is_descending
        )

    def _arrange(self, *, chosen: set[int] | None = None, keeps_place: bool = True) -> None:
        """Put the answer and its guests into the grid."""
        grid = self._grid
        order = self._base.with_beside(self.works.beside)
        there = [cell for cell in self.works.cells if cell.parent_key in self._base]
        before = len(grid.selection)
        grid.set_order(order, there, keeps_place=keeps_place)
        if grid.selection.is_all:
            grid.selection.rebase(len(self._base), self._newcomers)
        if chosen is not None:
            current = grid.selection.current
            start = grid.selection.start
            grid.selection.replace(chosen)
            grid.selection.current = current if current in order else None
            grid.selection.start = start if start in order else None
            if not keeps_place and grid.selection.current is not None and chosen:
                grid.show_key(grid.selection.current)
        if len(grid.selection) != before:
            grid.selection_changed.emit()
        self._show_count()
        self.supply.look()

    def _on_load_failed(self, error: object) -> None:
        if self._shown_query is not None and len(self._base):
            self._notices.report(error)  # what is shown is old, but better than nothing
            return
        if isinstance(error, AppError):
            self._view.show_state(words.failed_words(error.message, error.hint))
        else:
            self._notices.report(error)
            self._view.show_state(words.failed_words("The library could not be shown.", ""))
        self._view.toolbar.set_count(None)

    # News of the library

    def _on_library_changed(self, change: LibraryChange) -> None:
        kind, keys = change.kind.value, change.keys
        if kind == "items_added":
            self._newcomers |= keys
            self.cache.forget(keys)  # they may have been asked for and not been there
            self.works.look_again()
            self._gather_news()
        elif kind == "items_changed":
            self._refresh_items(keys)
            if self._depends_on_items():
                self._gather_news()
        elif kind == "items_removed":
            self._remove(keys)

    def _gather_news(self) -> None:
        if not self._gather.isActive():
            self._gather.start()

    def _on_gathered(self) -> None:
        if self.load.is_busy:
            self._gather.start()  # let it end: with a steady stream of news none ever would
        else:
            self._reload()

    def _depends_on_items(self) -> bool:
        """Whether an item's change may move it, bring it or take it away."""
        q = self._query
        return q.is_filtered or q.section is not Section.ALL or q.sort is not SortField.CREATED

    def _refresh_items(self, keys: frozenset[int]) -> None:
        old = self.cache.forget(keys)
        # Names and tags change often, pictures only of what is drawn or finished anew.
        redrawn = [
            key for key, item in old.items() if item.type == "canvas" or item.status != "success"
        ]
        if redrawn:
            self._store.forget(redrawn)
        self.supply.fetch_soon()

    def _remove(self, keys: frozenset[int]) -> None:
        if self._query.section is Section.TRASH:
            self._gather_news()
            return
        self._base = self._base.without(keys)
        self.cache.forget(keys)
        self._grid.selection.forget(keys)
        if self._grid.selection.current in keys:
            self._grid.selection.current = None
        self._arrange()
        self._on_selection_changed()
        self._show_answer()

    # What the view says

    def _show_query(self) -> None:
        self.finding.set_query(self._query)
        self._view.set_query(self._query, self.title)
        name = self._collections.get(self._query.collection_id or "")
        self._view.set_drop_target(f"“{name}”" if name else "the library")

    def _show_count(self) -> None:
        is_known = self._shown_query is not None
        count = len(self._base) if is_known else None
        self._view.toolbar.set_count(count, len(self._grid.selection))
        if self._view.filters is not None:
            self._view.filters.set_result(count)

    def _show_answer(self) -> None:
        """Show the grid, or why there is nothing in it."""
        self._show_count()
        if len(self._base):
            self._view.show_grid()
            return
        collection = self._collections.get(self._query.collection_id or "", "")
        self._view.show_state(self._standing.empty_words(self._query, collection))

    def _on_notice_action(self) -> None:
        wants_keys = self._standing.wants_keys
        (self.keys_requested if wants_keys else self.retry_requested).emit()

    def _on_selection_changed(self) -> None:
        self._show_count()
        self.selection_changed.emit(len(self._grid.selection))

    def _on_current_changed(self, _key: object) -> None:
        self._tell_current()

    def _tell_current(self) -> None:
        key, item = self._grid.selection.current, self.current
        if key is not None and item is None:
            self.supply.fetch_soon()  # told when it is there
        elif item != self._told:
            self._told = item
            self.current_changed.emit(item)

    def _on_progressed(self) -> None:
        self._grid.set_works(self.works.cells)

    # What the user asks for

    def _on_state_action(self, action: StateAction) -> None:
        if action is StateAction.CLEAR_FILTER:
            self.clear_filter()
        elif action is StateAction.SHOW_ALL:
            self.set_section(Section.ALL)
        elif action is StateAction.IMPORT:
            self.choose_files_requested.emit()
        elif action is StateAction.DETECT:
            self.detect_requested.emit()
        elif action is StateAction.NEW_CANVAS:
            self.canvas_wanted.emit()
        elif action is StateAction.KEYS:
            self.keys_requested.emit()
        else:
            self._reload()
            self.retry_requested.emit()

    def _on_filters_opened(self) -> None:
        popover = self._view.filters
        if popover is None:
            return
        if popover is not self._popover:
            self._popover = popover
            popover.edited.connect(self.set_query)
            popover.tags_wanted.connect(self._on_tags_wanted)
            popover.cleared.connect(self.clear_filter)
        popover.set_services(self._has_generations)
        popover.set_result(len(self._base))
        popover.open_for(self._query)

    def _on_tags_wanted(self, prefix: str) -> None:
        self.complete.trigger(prefix)

    async def _complete_tags(self, prefix: str) -> None:
        if self._library is not None:
            tags = await self._library.complete_tags(prefix)
            if self._view.filters is not None:
                self._view.filters.set_tags(tags)

    async def _begin_drag(self) -> None:
        self.dragging.begin(await self.chosen_items())

    def _open_menu(self, point: QPoint) -> None:
        if self._commands is None:
            return
        is_trash = self._query.section is Section.TRASH
        items = menus.TRASHED if is_trash else menus.ITEMS
        ids = items if len(self._grid.selection) else menus.BACKGROUND
        menus.popup(self._commands, ids, self._view, point)

    # What is remembered

    def _on_cell_size(self, px: int) -> None:
        self._view.toolbar.set_cell_size(px)
        self._prefs = replace(self._prefs, cell_px=px)
        self.prefs_changed.emit(self._prefs)

    def _remember(self) -> None:
        q = self._query
        changed = replace(
            self._prefs, sort=q.sort, is_descending=q.is_descending, filter=filter_of(q)
        )
        if changed != self._prefs:
            self._prefs = changed
            self.prefs_changed.emit(changed)

    def _apply_prefs(self) -> None:
        self._grid.set_cell_size(self._prefs.cell_px)
        self._grid.set_fit(self._prefs.is_fit)
        self._view.toolbar.set_cell_size(self._grid.cell_size)
        self._view.toolbar.set_fit(self._prefs.is_fit)
