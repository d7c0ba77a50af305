"""What can be done with the chosen items, from menus, keys and the palette alike."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QCursor, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from scenario_desktop.errors import BadAnswer
from scenario_desktop.services.sartiq.limits import Limit
from scenario_desktop.services.words import counted, one_line
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.gallery.controller import GalleryController
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.workbench.deletion_talk import DeletionTalk
from scenario_desktop.ui.workbench.downloading import (
    FORMATS,
    Format,
    download,
    download_as,
    open_in_player,
)

if TYPE_CHECKING:
    from scenario_desktop.services.sartiq.choosing import Choosing
    from scenario_desktop.services.session import Session

_NONE_CHOSEN = "Choose a picture first"
#: Choosing the next one after a deletion makes sense for a few, not for a whole library.
_MAX_STEPPED = 1000


class Editor(Protocol):
    """Where names and tags are typed."""

    @property
    def version(self) -> int | None: ...
    def add_tag(self) -> None: ...
    def rename(self) -> None: ...
    def why_no_edit(self) -> str: ...
    def why_not_one_edit(self) -> str: ...
    def why_not(self, limit: Limit) -> str: ...


class Library(Protocol):
    """The page that shows what is chosen, and the dock beside it."""

    @property
    def is_shown(self) -> bool: ...
    @property
    def previewed(self) -> int | None: ...
    def show_editor(self) -> None: ...


class ItemCommands(QObject):
    """Runs item commands on what the gallery has chosen.

    Attributes:
        actions: the running ones by name; tests wait for them.

    Signals:
        collection_wanted: a new one, with these keys in it.
    """

    collection_wanted = Signal(object)

    def __init__(
        self,
        window: QWidget,
        gallery: GalleryController,
        notices: Reports,
        collections: Callable[[], dict[str, str]],
        *,
        editor: Editor,
        page: Library,
        player_folder: Path | None = None,
    ) -> None:
        """
        Args:
            player_folder: where videos lie that a player shows; whoever owns it empties it.
        """
        super().__init__(window)
        self._editor, self._page = editor, page
        self._player_folder = player_folder or Path(tempfile.gettempdir())
        self._window, self._gallery, self._notices = window, gallery, notices
        self._collections = collections
        self._session: Session | None = None
        self._choosing: Choosing | None = None
        self._commands: CommandRegistry | None = None
        self.actions: dict[str, AsyncAction] = {}
        for name, function in (
            ("copy_url", self._copy_url),
            ("copy_id", self._copy_id),
            ("open_in_browser", self._open_in_browser),
            ("download", self._download),
            ("download_as", self._download_as),
            ("play", self._play),
            ("favourite", self._favourite),
            ("choose", self._choose),
            ("delete", self._delete),
            ("restore", self._restore),
            ("collect", self._collect),
            ("collect_anew", self._collect_anew),
            ("undo", self._undo),
        ):
            action = AsyncAction(function, parent=self)
            action.failed.connect(notices.report)
            self.actions[name] = action

    def bind(self, session: Session | None) -> None:
        """Work on this workspace from now on."""
        for action in self.actions.values():
            action.cancel()
        self._session = session
        half = session.sartiq if session is not None else None
        self._watch(half.choosing if half is not None else None)

    def _watch(self, choosing: Choosing | None) -> None:
        if self._choosing is not None:
            self._choosing.changed.disconnect(self._offer_choosing)
        self._choosing = choosing
        if choosing is not None:
            choosing.changed.connect(self._offer_choosing)
        self._offer_choosing()

    def _offer_choosing(self) -> None:
        """Have the command where the server has the operation, or was not asked yet."""
        if self._commands is None:
            return
        if self._choosing is not None and self._choosing.is_offered:
            self._commands.add(
                Command("item.choose", "Mark as chosen", self.actions["choose"].trigger,
                        icon="circle-check", reason=self._needs_prediction,
                        words="select pick prediction result generation")
            )  # fmt: skip
        else:
            self._commands.remove("item.choose")

    def add_to(self, commands: CommandRegistry) -> None:
        """Offer the commands."""
        self._commands = commands
        self._offer_choosing()
        run = {name: action.trigger for name, action in self.actions.items()}
        commands.add(
            Command("item.copy_url", "Copy URL", run["copy_url"], icon="link",
                    shortcut="Ctrl+Shift+C", reason=self._needs_one, words="address link"),
            Command("item.copy_id", "Copy ID", run["copy_id"], icon="copy",
                    reason=self._needs_some),
            Command("item.open_in_browser", "Open in browser", run["open_in_browser"],
                    icon="external-link", reason=self._needs_one),
            Command("item.download", "Download…", run["download"], icon="download",
                    shortcut="Ctrl+S", reason=self._needs_some, note=self._count,
                    words="save export"),
            Command("item.download_as", "Download as…", self._open_formats, icon="download",
                    reason=self._needs_pictures, note=self._count,
                    words="save export convert format png jpeg jpg webp"),
            Command("item.play", "Open in player", run["play"], icon="play",
                    reason=self._needs_video, words="video watch"),
            Command("item.tag", "Add tag…", self._add_tag, icon="tag", shortcut="T",
                    reason=self._needs_editable, note=self._count),
            Command("item.rename", "Rename", self._rename, icon="pencil", shortcut="F2",
                    reason=self._needs_one_editable),
            Command("item.favourite", "Favourite", run["favourite"], icon="heart",
                    shortcut="F", reason=self._needs_some, note=self._count, words="heart star"),
            Command("item.add_to_collection", "Add to collection…", self._open_collections,
                    icon="folder-plus", reason=self._needs_collectable, note=self._count),
            Command("item.restore", "Restore", run["restore"], icon="undo-2",
                    reason=self._needs_trash),
            Command("item.delete", "Delete", run["delete"], icon="trash-2",
                    shortcut="Delete", reason=self._needs_kept, note=self._count,
                    is_dangerous=True, words="remove move to trash"),
        )  # fmt: skip

    # Why not

    def _chosen(self) -> list[int]:
        """Return what to act on: what is seen large, or as a version, before what is chosen."""
        key = self._page.previewed
        if key is None and self._page.is_shown:
            key = self._editor.version
        return self._gallery.chosen_keys() if key is None else [key]

    def _needs_some(self) -> str:
        if self._session is None:
            return "No workspace is open"
        if not self._page.is_shown:
            return "Go back to the library first"
        return "" if self._chosen() else _NONE_CHOSEN

    def _needs_one(self) -> str:
        reason = self._needs_some()
        is_many = not reason and len(self._chosen()) > 1
        return "Choose a single picture" if is_many else reason

    def _needs_video(self) -> str:
        reason = self._needs_one()
        item = None if reason else self._gallery.cache.get(self._chosen()[0])
        is_video = item is not None and item.kind == "video"
        return reason or ("" if is_video else "It is not a video")

    def _needs_pictures(self) -> str:
        reason = self._needs_some() or self._editor.why_not(Limit.FORMATS)
        known = [] if reason else map(self._gallery.cache.get, self._chosen())
        is_other = any(
            item and (item.kind not in ("image", "") or item.type == "canvas") for item in known
        )
        return reason or ("Only pictures can be converted" if is_other else "")

    def _needs_prediction(self) -> str:
        reason = self._needs_one()
        item = None if reason else self._gallery.cache.get(self._chosen()[0])
        is_one = item is not None and item.is_prediction and item.status == "success"
        return reason or ("" if is_one else "Only finished results of Sartiq can be chosen")

    def _needs_editable(self) -> str:
        return self._needs_some() or self._editor.why_no_edit() or self._editor.why_not(Limit.TAGS)

    def _needs_one_editable(self) -> str:
        reason = self._needs_some() or self._editor.why_not_one_edit()
        return reason or self._editor.why_not(Limit.NAMES)

    def _needs_collectable(self) -> str:
        return self._needs_kept() or self._editor.why_not(Limit.COLLECTIONS)

    def _is_in_trash(self) -> bool:
        return self._gallery.query.section.value == "trash"

    def _needs_trash(self) -> str:
        return self._needs_some() or ("" if self._is_in_trash() else "It is not in the trash")

    def _needs_kept(self) -> str:
        return self._needs_some() or ("It is in the trash already" if self._is_in_trash() else "")

    def _count(self) -> str:
        count = len(self._chosen())
        return f"{count:,} selected" if count > 1 else ""

    # What they do

    def _open(self) -> tuple[Session, list[int]]:
        if self._session is None:
            raise RuntimeError("commands without a workspace are disabled")
        return self._session, self._chosen()

    async def _copy_url(self) -> None:
        session, keys = self._open()
        url = await session.library.fresh_url(keys[0])
        QGuiApplication.clipboard().setText(url)
        self._notices.toast("Copied the URL. It works for a limited time")

    async def _copy_id(self) -> None:
        _, keys = self._open()
        items = await self._gallery.read(keys)
        QGuiApplication.clipboard().setText("\n".join(item.id for item in items))
        self._notices.toast(f"Copied {counted(len(items), 'ID')}")

    async def _open_in_browser(self) -> None:
        session, keys = self._open()
        url = await session.library.fresh_url(keys[0])
        open_in_browser(url)

    async def _download(self) -> None:
        session, keys = self._open()
        items = await self._gallery.read(keys)
        await download(session, items, self._window, self._notices)

    def _open_formats(self) -> None:
        menu = Menu(self._window, name="Formats")
        for kind in FORMATS:
            menu.add(kind.title, partial(self.actions["download_as"].trigger, kind))
        self._popup(menu)

    async def _download_as(self, kind: Format) -> None:
        session, keys = self._open()
        items = await self._gallery.read(keys)
        await download_as(session, items, kind, self._window, self._notices)

    async def _play(self) -> None:
        """Fetch a video and hand it to the system's player."""
        session, keys = self._open()
        items = await self._gallery.read(keys[:1])
        for item in items:
            self._notices.toast("Fetching the video for the player")
            await open_in_player(session, item, self._player_folder)

    async def _favourite(self) -> None:
        session, keys = self._open()
        items = await session.library.items(keys)
        wanted = not all(item.is_favourite for item in items.values())
        await session.library.set_favourite(keys, wanted)

    async def _choose(self) -> None:
        """Mark a result as the chosen one of its generation."""
        _, keys = self._open()
        for item in await self._gallery.read(keys[:1]):
            if self._choosing is not None:
                await self._choosing.choose(item)
                self._notices.toast(f"“{one_line(item.name, 60)}” is the chosen one now")

    async def _delete(self) -> None:
        session, keys = self._open()
        next_key = self._next_after(keys)
        talk = DeletionTalk(self._window, self._notices)
        is_done = await talk.delete(session.deleting, keys, self.actions["undo"].trigger)
        if is_done and next_key is not None:
            self._gallery.show_key(next_key)

    async def _restore(self) -> None:
        session, keys = self._open()
        what = await self._named(keys)
        await session.library.restore(keys)
        self._notices.toast(f"Restored {what}", self.actions["undo"].trigger)

    async def _undo(self) -> None:
        if self._session is not None and self._session.library.history.can_undo:
            await self._session.library.history.undo()

    def _open_collections(self) -> None:
        menu = Menu(self._window, name="Collections")
        menu.add("New collection", self.actions["collect_anew"].trigger, icon="folder-plus")
        if self._collections():
            menu.addSeparator()
        for collection_id, name in sorted(self._collections().items(), key=lambda e: e[1]):
            menu.add(name, partial(self.actions["collect"].trigger, collection_id), icon="folder")
        self._popup(menu)

    def _popup(self, menu: Menu) -> None:
        """Open a menu where the pointer is, or amid the window."""
        menu.aboutToHide.connect(menu.deleteLater)
        place = QCursor.pos()
        if not self._window.rect().contains(self._window.mapFromGlobal(place)):
            place = self._window.mapToGlobal(self._window.rect().center())
        menu.popup(place)

    async def _collect(self, collection_id: str) -> None:
        session, keys = self._open()
        await session.library.add_to_collection(collection_id, keys)
        name = self._collections().get(collection_id, "the collection")
        self._notices.toast(f"Added {counted(len(keys), 'item')} to {name}")

    async def _collect_anew(self) -> None:
        self.collection_wanted.emit(tuple(self._open()[1]))

    def _add_tag(self) -> None:
        self._page.show_editor()
        self._editor.add_tag()

    def _rename(self) -> None:
        self._page.show_editor()
        self._editor.rename()

    async def _named(self, keys: Sequence[int]) -> str:
        """Return "“name”" of a single item, else how many there are."""
        if len(keys) == 1:
            items = await self._gallery.read(keys)
            if items and items[0].name:
                return f"“{one_line(items[0].name, 60)}”"
        return counted(len(keys), "item")

    def _next_after(self, keys: Sequence[int]) -> int | None:
        """Return what comes after these in the gallery, or before them at its end."""
        if not keys or len(keys) > _MAX_STEPPED:
            return None
        going = set(keys)
        for start, step in ((keys[-1], 1), (keys[0], -1)):
            key = self._gallery.neighbour(start, step)
            while key is not None and key in going:
                key = self._gallery.neighbour(key, step)
            if key is not None:
                return key
        return None


def open_in_browser(url: str) -> None:
    """Hand an address to the system's browser: the web, or the engine on this machine.

    Raises:
        BadAnswer: it leads elsewhere; nothing was opened.
    """
    parts = urlsplit(url)
    is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise BadAnswer("The server gave an address that a browser must not open.")
    QDesktopServices.openUrl(QUrl(url))
