"""What drags carry: items inside the window, files from outside of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QDragEnterEvent, QDropEvent

#: Keys of items, one to a line.
ITEMS_MIME = "application/x-scenario-desktop-items"


def put_keys(data: QMimeData, keys: Iterable[int]) -> None:
    """Let a drag carry items; what drops them looks them up by their keys."""
    data.setData(ITEMS_MIME, "\n".join(str(key) for key in keys).encode("ascii"))


def keys_of(data: QMimeData) -> tuple[int, ...]:
    """Return the item keys of a drag; empty for anything else."""
    if not data.hasFormat(ITEMS_MIME):
        return ()
    words = bytes(data.data(ITEMS_MIME).data()).decode("ascii", "ignore").split()
    return tuple(int(word) for word in words if word.isdigit())


def local_files(data: QMimeData) -> list[Path]:
    """Return the files and folders of this computer that a drag brings, links left out."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def welcome(event: QDragEnterEvent) -> None:
    """Let a drag of items or of files go on to be dropped."""
    if keys_of(event.mimeData()) or local_files(event.mimeData()):
        event.acceptProposedAction()


def take(event: QDropEvent) -> tuple[tuple[int, ...], list[Path]]:
    """Accept a drop and return the items that it brings, or else the files.

    A drag of items may carry their files, too, for other programs.
    """
    keys = keys_of(event.mimeData())
    files = [] if keys else local_files(event.mimeData())
    if keys or files:
        event.acceptProposedAction()
    return keys, files
