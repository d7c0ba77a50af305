"""Connects the sidebar to the library that is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from scenario_desktop.items import ItemQuery, LibraryCounts, Section
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.sidebar.model import SECTIONS, Target, TargetKind, Work
from scenario_desktop.ui.panels.sidebar.view import SidebarView

NEW_NAME = "New collection"
#: "Go to" keys, as two presses.
_KEYS = {Section.ALL: "G, A", Section.FAVOURITES: "G, F", Section.CONTROL_MAPS: "G, M"}
_KEYS |= {Section.CANVASES: "G, C", Section.GENERATIONS: "G, G", Section.TRASH: "G, T"}


class LibraryPort(Protocol):
    """What the sidebar needs of a library."""

    changed: Any

    async def counts(self) -> LibraryCounts: ...

    async def create_collection(self, name: str) -> Any: ...

    async def rename_collection(self, collection_id: str, name: str) -> None: ...

    async def delete_collection(self, collection_id: str) -> None: ...

    async def add_to_collection(self, collection_id: str, keys: Sequence[int]) -> None: ...

    async def edit_tags(
        self, keys: Sequence[int], add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None: ...

    async def set_favourite(self, keys: Sequence[int], is_favourite: bool) -> None: ...

    async def delete(self, keys: Sequence[int]) -> None: ...


class SidebarController(QObject):
    """Shows the library's figures and carries out what is wished of collections.

    Signals:
        query_chosen: an ItemQuery that the gallery should show.
        tag_search_wanted: more tags than are listed; let the user search for one.
    """

    query_chosen = Signal(object)
    tag_search_wanted = Signal()

    def __init__(self, view: SidebarView, commands: CommandRegistry, notices: Reports) -> None:
        super().__init__(view)
        self._view = view
        self._commands = commands
        self._notices = notices
        self._library: LibraryPort | None = None
        self._has_scenario = True
        self._counts = LibraryCounts()
        self._made: Target | None = None
        self.refresh = self._action(self._refresh, Overlap.RESTART)
        self._create = self._action(self._create_collection)
        self._rename = self._action(self._rename_collection)
        self._delete = self._action(self._delete_collection)
        self._drop = self._action(self._drop_items)
        view.chosen.connect(self.choose)
        view.collection_wanted.connect(self._create.trigger)
        view.rename_requested.connect(self._rename.trigger)
        view.delete_requested.connect(self._delete.trigger)
        view.dropped.connect(self._drop.trigger)
        self._add_commands()

    def bind(self, library: LibraryPort, *, has_scenario: bool = True) -> None:
        """Show this library from now on.

        Args:
            has_scenario: the workspace has that service, which alone keeps collections and tags.
        """
        self.unbind()
        self._library = library
        self._has_scenario = has_scenario
        self._view.set_has_scenario(has_scenario)
        library.changed.connect(self._on_changed)
        self.refresh.trigger()

    def unbind(self) -> None:
        if self._library is not None:
            self._library.changed.disconnect(self._on_changed)
        self._library = None
        self._counts = LibraryCounts()
        self._view.set_counts(self._counts)

    def show_query(self, query: ItemQuery) -> None:
        """Mark the entry that leads to what the gallery shows."""
        self._view.set_current(target_of(query))

    def show_work(self, command_id: str) -> None:
        """Mark the entry of a page of work that is in front."""
        self._view.set_current(Target(TargetKind.WORK, command_id))

    def choose(self, target: Target) -> None:
        """Go where an entry leads."""
        if target.kind is TargetKind.WORK:
            self._commands.run(target.id)
        elif target.kind is TargetKind.SEARCH_TAGS:
            self.tag_search_wanted.emit()
        else:
            self._view.set_current(target)
            self.query_chosen.emit(query_of(target))

    def collection_name(self, collection_id: str) -> str:
        """Return a collection's name for a search token, "" where it is not known."""
        names = {c.id: c.name for c in self._counts.collections}
        return names.get(collection_id, "")

    def counts(self) -> LibraryCounts:
        return self._counts

    def _action(
        self, function: Callable[..., Any], overlap: Overlap = Overlap.IGNORE
    ) -> AsyncAction:
        action = AsyncAction(function, parent=self, overlap=overlap)
        action.failed.connect(self._notices.report)
        return action

    def _on_changed(self, _change: object) -> None:
        self.refresh.trigger()

    async def _refresh(self) -> None:
        if self._library is None:
            return
        self._counts = await self._library.counts()
        self._view.set_counts(self._counts)
        if self._made is not None and self.collection_name(self._made.id):
            self._view.start_rename(self._made)
            self._made = None

    async def _create_collection(self, keys: tuple[int, ...] = ()) -> None:
        if self._library is None:
            return
        names = {collection.name for collection in self._counts.collections}
        name, number = NEW_NAME, 2
        while name in names:
            name, number = f"{NEW_NAME} {number}", number + 1
        made = await self._library.create_collection(name)
        if keys:
            await self._library.add_to_collection(made.id, keys)
        self._made = Target(TargetKind.COLLECTION, made.id)
        self.refresh.trigger()

    async def _rename_collection(self, collection_id: str, name: str) -> None:
        if self._library is not None:
            await self._library.rename_collection(collection_id, name)
            self.refresh.trigger()

    async def _delete_collection(self, collection_id: str) -> None:
        if self._library is None:
            return
        collection = next((c for c in self._counts.collections if c.id == collection_id), None)
        if collection is None:
            return
        from scenario_desktop.ui import dialogs  # for cost: nobody asks before the first paint

        noun = "item" if collection.count == 1 else "items"
        kept = f"Its {collection.count:,} {noun} stay in the library." if collection.count else ""
        is_sure = await dialogs.confirm(
            self._view,
            f"Delete the collection “{collection.name}”?",
            f"{kept} Deleting a collection cannot be undone.".strip(),
            "Delete collection",
            is_danger=True,
        )
        if is_sure:
            await self._library.delete_collection(collection_id)
            self._notices.toast(f"Deleted the collection “{collection.name}”")
            self.refresh.trigger()

    async def _drop_items(self, target: Target, keys: tuple[int, ...]) -> None:
        library = self._library
        if library is None:
            return
        noun = f"{len(keys):,} {'item' if len(keys) == 1 else 'items'}"
        if target.kind is TargetKind.COLLECTION:
            await library.add_to_collection(target.id, keys)
            self._notices.toast(f"Added {noun} to {self.collection_name(target.id)}")
        elif target.kind is TargetKind.TAG:
            await library.edit_tags(keys, add=[target.id])
            self._notices.toast(f"Tagged {noun} with {target.id}")
        elif target.id == Section.FAVOURITES.value:
            await library.set_favourite(keys, True)
            self._notices.toast(f"Added {noun} to favourites")
        elif target.id == Section.TRASH.value:
            await library.delete(keys)
            self._notices.toast(f"Moved {noun} to the trash")

    def _add_commands(self) -> None:
        for section, title, icon in SECTIONS:
            target = Target(TargetKind.SECTION, section.value)
            self._commands.add(
                Command(
                    f"go.{section.value}",
                    title,
                    _Go(self, target),
                    group="Go to",
                    icon=icon,
                    shortcut=_KEYS.get(section, ""),
                    note=_Count(self, section),
                )
            )
        self._commands.add(
            Command(
                "collection.create",
                "New collection",
                self._create.trigger,
                group="Edit",
                icon="folder-plus",
                shortcut="Ctrl+Shift+N",
                reason=self._needs_scenario,
            )
        )

    def _needs_scenario(self) -> str:
        return "" if self._has_scenario else "Sartiq keeps no collections"


class _Go:
    """Opens a section; a named thing in place of a lambda that captures the loop's variable."""

    def __init__(self, controller: SidebarController, target: Target) -> None:
        self._controller, self._target = controller, target

    def __call__(self) -> None:
        self._controller.choose(self._target)


class _Count:
    """Says how many items a section holds."""

    def __init__(self, controller: SidebarController, section: Section) -> None:
        self._controller, self._section = controller, section

    def __call__(self) -> str:
        count = self._controller.counts().sections.get(self._section)
        if count is None:
            return ""
        return f"{count:,} {'item' if count == 1 else 'items'}"


def query_of(target: Target) -> ItemQuery:
    """Return the query that an entry stands for."""
    if target.kind is TargetKind.COLLECTION:
        return ItemQuery(collection_id=target.id)
    if target.kind is TargetKind.TAG:
        return ItemQuery(tags=(target.id,))
    return ItemQuery(section=Section(target.id))


def target_of(query: ItemQuery) -> Target | None:
    """Return the entry that leads to a query, None where none does."""
    if query.collection_id:
        return Target(TargetKind.COLLECTION, query.collection_id)
    if query.section is not Section.ALL:
        return Target(TargetKind.SECTION, query.section.value)
    if len(query.tags) == 1 and not query.text:
        return Target(TargetKind.TAG, query.tags[0])
    return Target(TargetKind.SECTION, Section.ALL.value)


__all__ = ["LibraryPort", "SidebarController", "Work", "query_of", "target_of"]
