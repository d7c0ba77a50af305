"""Saving items as files: into a folder, in another format, or for the system's player."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from scenario_desktop.errors import BadInput
from scenario_desktop.items import Item
from scenario_desktop.services.downloads import converted_name
from scenario_desktop.services.words import counted, one_line
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.notices import Reports

if TYPE_CHECKING:
    from scenario_desktop.services.session import Session


@dataclass(frozen=True, slots=True)
class Format:
    """What the service converts pictures into.

    Attributes:
        id: the service's name of it.
        suffixes: how such files end, the usual way first.
    """

    id: str
    title: str
    suffixes: tuple[str, ...]

    @property
    def filter(self) -> str:
        """What a file dialog lists."""
        return f"{self.title} ({' '.join(f'*{suffix}' for suffix in self.suffixes)})"

    def named(self, path: Path) -> Path:
        """Return a name with the ending of this format; what stands before a point may be text."""
        if path.suffix.lower() in self.suffixes:
            return path
        return path.with_name(path.name + self.suffixes[0])


FORMATS: Final = (
    Format("png", "PNG", (".png",)),
    Format("jpeg", "JPEG", (".jpg", ".jpeg")),
    Format("webp", "WebP", (".webp",)),
)


async def download(
    session: Session, items: Sequence[Item], window: QWidget, notices: Reports
) -> None:
    """Ask for a folder, save originals into it and tell how it went."""
    folder = await dialogs.choose_folder(window, f"Download {counted(len(items), 'picture')} to")
    if folder is not None:
        await _download_to(session, items, folder, notices, None)


async def download_as(
    session: Session, items: Sequence[Item], kind: Format, window: QWidget, notices: Reports
) -> None:
    """Ask where to, and save pictures in another format: one under a name, several in a folder.

    Raises:
        AppError: the one could not be saved.
    """
    if len(items) != 1:
        title = f"Download {counted(len(items), 'picture')} as {kind.title} to"
        folder = await dialogs.choose_folder(window, title)
        if folder is not None:
            await _download_to(session, items, folder, notices, kind.id)
        return
    (item,) = items
    name = converted_name(item.name, suffix=kind.suffixes[0])
    path = await dialogs.choose_save_path(
        window, f"Download as {kind.title}", name, filters=kind.filter, replaces=False
    )
    if path is not None:
        saved = await session.downloads.save_as(item, kind.named(path), kind.id)
        notices.toast(f"Downloaded “{one_line(saved.name, 60)}” to {saved.parent.name}")


async def _download_to(
    session: Session, items: Sequence[Item], folder: Path, notices: Reports, kind: str | None
) -> None:
    saved = await session.downloads.save(items, folder, target_format=kind)
    failed = [file for file in saved if file.error is not None]
    good = len(saved) - len(failed)
    if good:
        notices.toast(f"Downloaded {counted(good, 'picture')} to {folder.name}")
    for file in failed[:1]:
        notices.report(file.error)


async def open_in_player(session: Session, item: Item, player_folder: Path) -> None:
    """Fetch a video and hand it to the system's player.

    Raises:
        BadInput: no program opens it.
        AppError: it could not be fetched.
    """
    (saved,) = await session.downloads.save([item], player_folder / uuid.uuid4().hex)
    if saved.error is not None:
        raise saved.error
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(saved.path))):
        raise BadInput(
            "No program on this computer opens this video.",
            hint="Download it, and open it where you like.",
        )
