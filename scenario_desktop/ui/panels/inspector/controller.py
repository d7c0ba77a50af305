"""Connects the inspector to the library: reads what is selected, and carries out what is edited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.errors import AppError, NotFound
from scenario_desktop.items import Item
from scenario_desktop.services.sartiq.limits import Limit, why_not
from scenario_desktop.services.words import counted
from scenario_desktop.ui import theme
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.inspector import facts
from scenario_desktop.ui.panels.inspector.edits import Edits
from scenario_desktop.ui.panels.inspector.pictures import InspectorPictures
from scenario_desktop.ui.panels.inspector.ports import InspectedLibrary, LargePictures
from scenario_desktop.ui.panels.inspector.tag_field import TagState
from scenario_desktop.ui.panels.inspector.view import InspectorView
from scenario_desktop.ui.widgets.menu import Menu

if TYPE_CHECKING:  # it brings the store, which the first paint must not wait for
    from scenario_desktop.services.library import LibraryChange

#: Items whose tags are read; beyond that only their number is shown.
MAX_READ = 5_000
#: Tags shown of a selection, the most common first.
MAX_TAGS = 40
#: Small pictures of relatives.
STRIP = 3
#: Milliseconds of rest before details are fetched: arrow keys run past.
REST_MS = 40

#: What stands behind the three dots, by command id; "" is a line.
MENU = (
    "gallery.preview", "item.play", "item.choose", "item.rename", "item.tag", "canvas.place", "",
    "item.copy_url", "item.copy_id", "item.open_in_browser", "",
    "item.download", "item.download_as", "item.add_to_collection", "item.delete",
)  # fmt: skip


class InspectorController(QObject):
    """Shows the selection and edits it.

    Signals:
        preview_requested: the key of an item to show large.
        detect_requested, copy_url_requested, download_requested: the buttons, for the selection.
        refine_requested, play_requested: likewise.
        generation_requested: the id of the generation that an item belongs to.
        canvas_requested: the id of a canvas that should be opened.
        compare_requested: the key of an item whose before and after should be seen.
        version_changed: another version is looked at, or none any more.
        item_chosen: the key of a relative to select.
        children_requested: the Item whose children the gallery should list.
        tag_chosen: a tag to filter by.
        close_requested: the dock should go.
    """

    preview_requested = Signal(object)
    detect_requested = Signal()
    copy_url_requested = Signal()
    download_requested = Signal()
    refine_requested = Signal()
    play_requested = Signal()
    generation_requested = Signal(str)
    canvas_requested = Signal(str)
    compare_requested = Signal(object)
    version_changed = Signal()
    item_chosen = Signal(object)
    children_requested = Signal(object)
    tag_chosen = Signal(str)
    close_requested = Signal()

    def __init__(
        self,
        view: InspectorView,
        pictures: PictureStore,
        *,
        notices: Reports,
        commands: CommandRegistry | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(view)
        self._view, self._notices = view, notices
        self.pictures = InspectorPictures(view, pictures, notices)
        self.edits = Edits(notices, self)
        self._commands = commands
        self._now = now or _utc_now
        self._library: InspectedLibrary | None = None
        self._keys: tuple[int, ...] = ()
        self._chosen: tuple[int, ...] = ()  # what the gallery has; a version of it may be shown
        self._items: dict[int, Item] = {}
        self._asset: Asset | None = None
        self._parent: Item | None = None
        self._children: list[Item] = []
        self._make_actions()
        self._connect()

    def _make_actions(self) -> None:
        restart = Overlap.RESTART
        self.load = AsyncAction(self._load, parent=self, overlap=restart)
        self.load.failed.connect(self._on_load_failed)
        self.complete = AsyncAction(self._complete, parent=self, overlap=restart)
        self.complete.failed.connect(self._notices.report)
        self.find = AsyncAction(self._find, parent=self, overlap=restart)
        self.find.failed.connect(self._notices.report)

    def _connect(self) -> None:
        view, edits = self._view, self.edits
        view.close_requested.connect(self.close_requested)
        view.menu_requested.connect(self._open_menu)
        view.preview_requested.connect(self._on_preview)
        view.name_edited.connect(self._on_name)
        view.description_edited.connect(self._on_description)
        view.favourite_toggled.connect(edits.set_favourite)
        view.detect_requested.connect(self.detect_requested)
        view.copy_url_requested.connect(self.copy_url_requested)
        view.download_requested.connect(self.download_requested)
        view.refine_requested.connect(self.refine_requested)
        view.play_requested.connect(self.play_requested)
        view.generation_requested.connect(self._on_generation)
        view.canvas_requested.connect(self._on_canvas)
        view.compare_requested.connect(self._on_compare)
        view.restore_requested.connect(edits.restore)
        view.relative_chosen.connect(self._on_relative)
        view.parent_requested.connect(self._on_parent)
        view.all_children_requested.connect(self._on_all_children)
        view.asset_chosen.connect(self.find.trigger)
        view.retry_requested.connect(self.reload)
        tags = view.tags
        tags.add_requested.connect(edits.add_tags)
        tags.remove_requested.connect(edits.remove_tag)
        tags.restore_requested.connect(edits.restore_tag)
        tags.completions_wanted.connect(self.complete.trigger)
        tags.tag_chosen.connect(self.tag_chosen)
        edits.failed.connect(self.reload)
        theme.current().changed.connect(self._on_theme_changed)

    # the workspace and the selection

    def open(self, library: InspectedLibrary | None, previews: LargePictures | None = None) -> None:
        """Show items of another workspace; None shows nothing, as between two workspaces."""
        if self._library is not None:
            self._library.changed.disconnect(self._on_library_changed)
        for action in (self.load, self.complete, self.find):
            action.cancel()
        self._library = library
        self.pictures.open(previews)
        self.edits.open(library)
        self._show_nothing()
        if library is not None:
            library.changed.connect(self._on_library_changed)

    def set_selection(self, keys: Sequence[int]) -> None:
        """Show these items. The order is that of the gallery."""
        chosen = tuple(keys)
        if chosen == self._chosen:
            return
        self._chosen = chosen
        self._inspect(chosen)

    @property
    def version(self) -> int | None:
        """The key of a version that is looked at in place of what is selected; None without."""
        return self._keys[0] if self._keys and self._keys != self._chosen else None

    def show_version(self, key: int) -> None:
        """Look at a version of the selected item; the selection stays."""
        self._inspect((key,))

    def _inspect(self, chosen: tuple[int, ...]) -> None:
        if chosen == self._keys:
            return
        self._keys = chosen
        self.version_changed.emit()
        self.edits.touched.clear()
        self._asset = None
        self._view.tags.close_field()
        self.pictures.enlarge.cancel()
        self.pictures.forget_large()
        if chosen and self._library is not None:
            self.reload()
        else:
            self._show_nothing()

    def reload(self) -> None:
        """Read the selection again."""
        if self._keys and self._library is not None:
            self.load.trigger()

    @property
    def keys(self) -> tuple[int, ...]:
        return self._keys

    def add_tag(self) -> None:
        """Put the cursor into the field for tags."""
        if not self.why_no_edit() and not self.why_not(Limit.TAGS):
            self._view.tags.open()

    def rename(self) -> None:
        """Put the cursor into the name."""
        if not self.why_not_one_edit() and not self.why_not(Limit.NAMES):
            self._view.name.edit()

    def set_copying(self, is_busy: bool) -> None:
        """Show that the address is being asked for."""
        self._view.set_copying(is_busy)

    # loading

    async def _load(self) -> None:
        library, keys = self._library, self._keys
        if library is None:
            return
        found = await library.items(keys[:MAX_READ])
        self._items = {key: found[key] for key in keys[:MAX_READ] if key in found}
        self.edits.set_items(self._items)
        if not self._items:
            self._on_gone()
            return
        self._view.set_notice("")
        if len(keys) > 1:
            self._show_many()
            return
        (item,) = self._items.values()
        self._show_item(item)
        self.pictures.enlarge.trigger(item)
        await asyncio.sleep(REST_MS / 1000)
        asset = self._asset = await library.details(item.key)
        self._view.set_description(asset.description)
        names = {c.id: c.name for c in (await library.counts()).collections}
        if self._asset is not asset:  # it went while that was read
            return
        self._view.set_facts(facts.groups(asset, item, collections=names))
        self._children = await library.children(item)
        self._parent = None
        self._show_relatives()
        if item.parent_id is not None:
            self._parent = await _or_none(library.parent(item))
            if item.is_refine and self._parent is not None:
                self._children = await library.children(self._parent)
            self._show_relatives()

    def _on_gone(self) -> None:
        """Let a version that is gone give way to what it lay on."""
        if self.version is not None and self._chosen:
            self._inspect(self._chosen)
        else:
            self._show_nothing()

    def _show_nothing(self) -> None:
        self._keys = self._chosen = ()
        self._items, self._asset = {}, None
        self._parent, self._children = None, []
        self.edits.set_items(self._items)
        self.pictures.show_nothing()
        self._view.show_empty("Nothing selected", "Choose a picture to see its details.")

    def _show_item(self, item: Item) -> None:
        view = self._view
        is_deleted = item.deleted_at is not None
        view.show_one(
            facts.title_of(item), facts.headline(item, self._now()),
            is_favourite=item.is_favourite, is_deleted=is_deleted,
            is_foreign=bool(self.why_not(Limit.NAMES)),
            has_picture=item.status not in ("error", "pending"),
        )  # fmt: skip
        lacks = self.why_not(Limit.TAGS)
        view.set_tags([TagState(tag, 1, 1) for tag in item.tags], 1, hint=_sentence(lacks))
        view.set_can_tag(not is_deleted and not lacks)
        view.show_making(
            has_generation=bool(item.group_id), is_video=item.kind == "video",
            is_canvas=item.type == "canvas" and not is_deleted,
        )  # fmt: skip
        if self._asset is None or self._asset.id != item.id:
            view.set_description("")
            view.set_facts(())
            view.set_relatives("", 0, ())
        self.pictures.show_item(item)

    def _show_many(self) -> None:
        view, items = self._view, list(self._items.values())
        total, is_all_read = len(self._keys), len(self._keys) <= MAX_READ
        is_deleted = all(item.deleted_at is not None for item in items)
        summary = facts.summary(items)
        view.show_many(
            counted(total, "item"), summary if is_all_read else f"First {len(items):,}: {summary}",
            is_favourite=all(item.is_favourite for item in items), is_deleted=is_deleted,
        )  # fmt: skip
        self._show_states(items, is_all_read=is_all_read)
        view.set_can_tag(not is_deleted and is_all_read and not self.why_not(Limit.TAGS))
        self.pictures.show_sheet(items)

    def _show_states(self, items: Sequence[Item], *, is_all_read: bool) -> None:
        counts: dict[str, int] = dict.fromkeys(self.edits.touched, 0)
        for item in items:
            for tag in item.tags:
                counts[tag] = counts.get(tag, 0) + 1
        states = [TagState(tag, count, len(items)) for tag, count in counts.items()]
        # Those touched keep their place, so that a second press meets the same chip.
        states.sort(key=lambda s: (-max(s.count, len(self.edits.touched.get(s.tag, ()))), s.tag))
        hint = ""
        if any(0 < s.count < len(items) for s in states):
            hint = "Partly set tags stay as they are until you touch them."
        hint = _sentence(self.why_not(Limit.TAGS)) or hint
        if not is_all_read:
            hint = f"Choose at most {MAX_READ:,} items to change their tags."
        self._view.set_tags(states[:MAX_TAGS] if is_all_read else (), len(items), hint=hint)

    def _show_relatives(self) -> None:
        shown = self._children[: STRIP + 1 if len(self._children) == STRIP + 1 else STRIP]
        item = self._one()
        versions = [child for child in self._children if child.is_refine]
        is_made = any(child.status in ("success", "") for child in versions)
        self._view.set_children(
            len(self._children),
            [(child.key, facts.title_of(child)) for child in shown],
            are_versions=bool(versions),
            can_compare=is_made or (item is not None and item.is_refine),
        )
        parent = self._parent
        if parent is not None:
            kind = facts.type_text(parent.kind, parent.type, parent.modality)
            self._view.set_parent(facts.title_of(parent), kind)
        else:
            self._view.set_parent("")
        self.pictures.show_relatives(shown, parent)

    async def _complete(self, typed: str) -> None:
        library = self._library
        if library is not None:
            self._view.tags.set_completions(typed, await library.complete_tags(typed, 12))

    def _on_load_failed(self, error: object) -> None:
        if isinstance(error, NotFound):
            self._on_gone()
        elif isinstance(error, AppError):
            self._view.set_notice(f"{error.message} {error.hint}".strip(), "Try again")
        else:
            self._notices.report(error)

    def _on_library_changed(self, change: LibraryChange) -> None:
        if not self._keys:
            return
        if change.kind.value == "items_added":
            # A result of the selected item may be among them.
            if len(self._keys) == 1 and self._items:
                self.reload()
        elif change.kind.value == "counts" or change.keys & set(self._keys):
            self.reload()

    def _on_theme_changed(self) -> None:
        self.pictures.forget_large()
        self.reload()

    def _on_name(self, name: str) -> None:
        if len(self._keys) == 1:
            self.edits.rename(self._keys[0], name)

    def _on_description(self, text: str) -> None:
        asset = self._asset
        key = next((k for k, i in self._items.items() if asset and i.id == asset.id), None)
        if key is not None:
            self.edits.describe(key, text)

    # addresses

    def _one(self) -> Item | None:
        return next(iter(self._items.values())) if len(self._items) == 1 else None

    async def _find(self, asset_id: str) -> None:
        library = self._library
        if library is None:
            return
        item = await library.item(asset_id)
        if item is None:
            item = next(iter(await library.bring([asset_id])), None)
        if item is None:
            raise NotFound("This item is no longer in the workspace.")
        self.item_chosen.emit(item.key)

    # wishes

    def _on_preview(self) -> None:
        if self._items:
            self.preview_requested.emit(next(iter(self._items)))

    def _on_parent(self) -> None:
        if self._parent is None:
            return
        if self.version is not None and self._parent.key in self._chosen:
            self._inspect(self._chosen)
        else:
            self.item_chosen.emit(self._parent.key)

    def _on_relative(self, key: int) -> None:
        """Show a version where the item is shown: it has no place of its own in the gallery."""
        child = next((one for one in self._children if one.key == key), None)
        if child is not None and child.is_refine:
            self.show_version(key)
        else:
            self.item_chosen.emit(key)

    def _on_generation(self) -> None:
        item = self._one()
        if item is not None and item.group_id:
            self.generation_requested.emit(item.group_id)

    def _on_canvas(self) -> None:
        item = self._one()
        if item is not None:
            self.canvas_requested.emit(item.id)

    def _on_compare(self) -> None:
        item = self._one()
        if item is not None:
            self.compare_requested.emit(item.key)

    def _on_all_children(self) -> None:
        item = self._one()
        if item is not None:
            self.children_requested.emit(item)

    def make_menu(self) -> Menu:
        """Return what else can be done with the selection, as far as there are commands for it."""
        menu = Menu(self._view, name="Inspector menu")
        for command_id in MENU:
            if not command_id:
                menu.addSeparator()
            elif self._commands is not None:
                menu.add_command(self._commands, command_id)
        return menu

    def _open_menu(self, anchor: QWidget) -> None:
        menu = self.make_menu()
        menu.aboutToHide.connect(menu.deleteLater)
        corner = anchor.mapToGlobal(QPoint(anchor.width(), anchor.height() + 4))
        menu.popup(corner - QPoint(menu.sizeHint().width(), 0))

    # reasons

    def why_no_edit(self) -> str:
        """Return why the selection cannot be edited now, "" when it can."""
        if not self._items:
            return "Choose a picture first"
        if any(item.deleted_at is not None for item in self._items.values()):
            return "Restore it from the trash first"
        if len(self._keys) > MAX_READ:
            return f"Choose at most {MAX_READ:,} items"
        return ""

    def why_not(self, limit: Limit) -> str:
        """Return why the service of the selection does not offer something, "" when it does."""
        return why_not(limit, self._items.values())

    def why_not_one_edit(self) -> str:
        return "Choose a single picture" if len(self._keys) > 1 else self.why_no_edit()


def _sentence(reason: str) -> str:
    return f"{reason}." if reason else ""


async def _or_none(reading: Any) -> Item | None:
    """Return a relative; one that cannot be reached just now is left out."""
    try:
        found: Item | None = await reading
    except AppError:
        return None
    return found


def _utc_now() -> datetime:
    return datetime.now(UTC)
