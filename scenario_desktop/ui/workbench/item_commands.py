"""What can be done with the chosen items, from menus, keys and the palette alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QCursor, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from scenario_desktop.errors import BadAnswer
from scenario_desktop.items import Item
from scenario_desktop.services.words import counted
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.gallery.controller import GalleryController
from scenario_desktop.ui.widgets.menu import Menu

if TYPE_CHECKING:
    from scenario_desktop.services.session import Session

_NONE_CHOSEN = "Choose a picture first"


class ItemCommands(QObject):
    """Runs item commands on what the gallery has chosen.

    Attributes:
        actions: the running ones by name; tests wait for them.
    """

    def __init__(
        self,
        window: QWidget,
        gallery: GalleryController,
        notices: Reports,
        collections: Callable[[], dict[str, str]],
    ) -> None:
        super().__init__(window)
        self._window, self._gallery, self._notices = window, gallery, notices
        self._collections = collections
        self._session: Session | None = None
        self.actions: dict[str, AsyncAction] = {}
        for name, function in (
            ("copy_url", self._copy_url),
            ("copy_id", self._copy_id),
            ("open_in_browser", self._open_in_browser),
            ("download", self._download),
            ("favourite", self._favourite),
            ("delete", self._delete),
            ("restore", self._restore),
            ("collect", self._collect),
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

    def add_to(self, commands: CommandRegistry) -> None:
        """Offer the commands."""
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
            Command("item.favourite", "Favourite", run["favourite"], icon="heart",
                    shortcut="F", reason=self._needs_some, note=self._count, words="heart star"),
            Command("item.add_to_collection", "Add to collection…", self._open_collections,
                    icon="folder-plus", reason=self._needs_collection, note=self._count),
            Command("item.restore", "Restore", run["restore"], icon="undo-2",
                    reason=self._needs_trash),
            Command("item.delete", "Move to trash", run["delete"], icon="trash-2",
                    shortcut="Delete", reason=self._needs_kept, note=self._count,
                    is_dangerous=True, words="remove"),
        )  # fmt: skip

    # Why not

    def _needs_some(self) -> str:
        if self._session is None:
            return "No workspace is open"
        return "" if self._gallery.chosen_keys() else _NONE_CHOSEN

    def _needs_one(self) -> str:
        reason = self._needs_some()
        is_many = not reason and len(self._gallery.chosen_keys()) > 1
        return "Choose a single picture" if is_many else reason

    def _is_in_trash(self) -> bool:
        return self._gallery.query.section.value == "trash"

    def _needs_trash(self) -> str:
        return self._needs_some() or ("" if self._is_in_trash() else "It is not in the trash")

    def _needs_kept(self) -> str:
        return self._needs_some() or ("It is in the trash already" if self._is_in_trash() else "")

    def _needs_collection(self) -> str:
        if reason := self._needs_some():
            return reason
        return "" if self._collections() else "There is no collection yet"

    def _count(self) -> str:
        count = len(self._gallery.chosen_keys())
        return f"{count:,} selected" if count > 1 else ""

    # What they do

    def _open(self) -> tuple[Session, list[int]]:
        if self._session is None:
            raise RuntimeError("commands without a workspace are disabled")
        return self._session, self._gallery.chosen_keys()

    async def _copy_url(self) -> None:
        session, keys = self._open()
        url = await session.library.fresh_url(keys[0])
        QGuiApplication.clipboard().setText(url)
        self._notices.toast("Copied the URL. It was made just now and expires.")

    async def _copy_id(self) -> None:
        _, keys = self._open()
        items = await self._gallery.chosen_items(len(keys))
        QGuiApplication.clipboard().setText("\n".join(item.id for item in items))
        self._notices.toast(f"Copied {counted(len(items), 'ID')}")

    async def _open_in_browser(self) -> None:
        session, keys = self._open()
        url = await session.library.fresh_url(keys[0])
        if not is_web_address(url):
            raise BadAnswer("The server gave an address that a browser must not open.")
        QDesktopServices.openUrl(QUrl(url))

    async def _download(self) -> None:
        session, keys = self._open()
        items = await self._gallery.chosen_items(len(keys))
        title = f"Download {counted(len(items), 'picture')} to"
        folder = await dialogs.choose_folder(self._window, title)
        if folder is not None:
            await download(session, items, folder, self._notices)

    async def _favourite(self) -> None:
        session, keys = self._open()
        items = await session.library.items(keys)
        wanted = not all(item.is_favourite for item in items.values())
        await session.library.set_favourite(keys, wanted)

    async def _delete(self) -> None:
        session, keys = self._open()
        await session.library.delete(keys)
        self._notices.toast(
            f"Moved {counted(len(keys), 'item')} to the trash", self.actions["undo"].trigger
        )

    async def _restore(self) -> None:
        session, keys = self._open()
        await session.library.restore(keys)
        self._notices.toast(f"Restored {counted(len(keys), 'item')}", self.actions["undo"].trigger)

    async def _undo(self) -> None:
        if self._session is not None and self._session.library.history.can_undo:
            await self._session.library.history.undo()

    def _open_collections(self) -> None:
        menu = Menu(self._window, name="Collections")
        for collection_id, name in sorted(self._collections().items(), key=lambda e: e[1]):
            menu.add(name, partial(self.actions["collect"].trigger, collection_id), icon="folder")
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(QCursor.pos())

    async def _collect(self, collection_id: str) -> None:
        session, keys = self._open()
        await session.library.add_to_collection(collection_id, keys)
        name = self._collections().get(collection_id, "the collection")
        self._notices.toast(f"Added {counted(len(keys), 'item')} to {name}")


async def download(
    session: Session, items: Sequence[Item], folder: Path, notices: Reports
) -> list[Any]:
    """Save originals into a folder and tell how it went; files that failed are named."""
    saved = await session.downloads.save(items, folder)
    failed = [file for file in saved if file.error is not None]
    good = len(saved) - len(failed)
    if good:
        notices.toast(f"Downloaded {counted(good, 'picture')} to {folder.name}")
    for file in failed[:1]:
        notices.report(file.error)
    return saved


def is_web_address(url: str) -> bool:
    """Say whether an address may be handed to a browser: the web, or the engine on this machine."""
    parts = urlsplit(url)
    is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    return parts.scheme == "https" or (parts.scheme == "http" and is_local)
