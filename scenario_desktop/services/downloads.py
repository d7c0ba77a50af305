"""Saves files of items to the user's folders: whole, under a safe name, never over another file."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scenario_desktop.errors import (
    AppError,
    Offline,
    QuotaExceeded,
    StoreFailed,
    Unauthorised,
)
from scenario_desktop.items import Item
from scenario_desktop.services import file_names, originals
from scenario_desktop.services.file_names import safe_file_name, suffix_for
from scenario_desktop.services.originals import Originals

__all__ = ["DownloadProgress", "Downloads", "SavedFile", "converted_name", "safe_file_name"]

#: Files fetched at the same time.
PARALLEL = 3

#: Failures that the next file would meet as well.
_ENDING = (Offline, Unauthorised, QuotaExceeded, StoreFailed)

_FORMAT_SUFFIXES = {"jpeg": ".jpg", "jpg": ".jpg", "png": ".png", "webp": ".webp", "gif": ".gif"}
_PICTURE_SUFFIXES = {*_FORMAT_SUFFIXES.values(), ".jpeg", ".avif", ".bmp", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far saving several files has come.

    Attributes:
        name: the file that moved last.
        received: bytes of that file; ``size`` is None where the server does not tell.
    """

    done: int
    total: int
    name: str = ""
    received: int = 0
    size: int | None = None


@dataclass(frozen=True, slots=True)
class SavedFile:
    """What became of one item.

    Attributes:
        path: where it lies, None when it could not be saved.
        error: why not.
    """

    item: Item
    path: Path | None = None
    error: AppError | None = None


class Downloads:
    """Saves items as files."""

    def __init__(self, source: Originals) -> None:
        self._source = source
        self._parts: dict[Path, asyncio.Lock] = {}

    async def save(
        self,
        items: Sequence[Item],
        folder: Path,
        on_progress: Callable[[DownloadProgress], None] | None = None,
        *,
        target_format: str | None = None,
    ) -> list[SavedFile]:
        """Save items into a folder, each under its own name; taken names get a number.

        A failed item does not stop the others. Cancelling keeps finished files and what came of
        the others, to go on from there.

        Returns:
            One entry per item, in the order given.

        Raises:
            StoreFailed: the folder cannot be written, or the disk is full.
            Offline, Unauthorised, QuotaExceeded: nothing more would come; finished files stay.
        """
        await asyncio.to_thread(_prepare, folder)
        results: dict[int, SavedFile] = {}
        places = iter(enumerate(items))
        tell = on_progress or _ignore

        async def work() -> None:
            for place, item in places:

                def step(received: int, size: int | None, name: str = item.name) -> None:
                    tell(DownloadProgress(len(results), len(items), name, received, size))

                try:
                    path = await self._save_one(item, folder, None, target_format, step)
                    results[place] = SavedFile(item, path)
                except _ENDING:
                    raise
                except AppError as error:
                    results[place] = SavedFile(item, error=error)
                tell(DownloadProgress(len(results), len(items), item.name))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(PARALLEL, len(items))):
                    group.create_task(work())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return [results[place] for place in range(len(items))]

    async def save_as(
        self,
        item: Item,
        path: Path,
        target_format: str | None = None,
        on_progress: Callable[[DownloadProgress], None] | None = None,
    ) -> Path:
        """Save one item under a name that the user chose.

        Returns:
            Where it lies: with a number when that name was taken meanwhile.

        Raises:
            AppError: it could not be saved; nothing half is left under that name.
        """
        tell = on_progress or _ignore
        await asyncio.to_thread(_prepare, path.parent)
        return await self._save_one(
            item, path.parent, path.name, target_format,
            lambda received, size: tell(DownloadProgress(0, 1, path.name, received, size)),
        )  # fmt: skip

    async def _save_one(
        self,
        item: Item,
        folder: Path,
        name: str | None,
        target_format: str | None,
        on_progress: originals.OnProgress,
    ) -> Path:
        part = folder / _part_name(item.id, target_format)
        lock = self._parts.setdefault(part, asyncio.Lock())
        async with lock:
            path = await self._fetch(item, part, name, target_format, on_progress)
        self._parts.pop(part, None)
        return path

    async def _fetch(
        self,
        item: Item,
        part: Path,
        name: str | None,
        target_format: str | None,
        on_progress: originals.OnProgress,
    ) -> Path:
        folder = part.parent
        try:
            asset = await self._source.fetch(
                item, part, target_format=target_format, on_progress=on_progress
            )
            suffix = _FORMAT_SUFFIXES.get(target_format or "", "") or suffix_for(asset.mime_type)
            # The user's own name is taken as it is; only a name from outside is made safe.
            named = converted_name if target_format else safe_file_name
            wanted = name or named(asset.name or item.name, suffix=suffix)
            return await asyncio.to_thread(_publish, part, folder, wanted)
        except StoreFailed:
            await asyncio.to_thread(originals.discard, part)  # a full disk gets its space back
            raise
        except OSError as error:
            await asyncio.to_thread(originals.discard, part)
            raise _cannot_write(folder, error) from error


def converted_name(name: str, *, suffix: str) -> str:
    """Return a safe name with this ending in the place of another picture's: no "cat.png.jpg"."""
    stem, own = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
    is_picture = bool(stem) and own.lower() in _PICTURE_SUFFIXES
    return safe_file_name(stem if is_picture else name, suffix=suffix)


def _part_name(asset_id: str, target_format: str | None) -> str:
    digest = hashlib.sha256(f"{asset_id}\0{target_format or ''}".encode()).hexdigest()
    return f".{digest[:20]}.part"


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _publish(part: Path, folder: Path, name: str) -> Path:
    path = file_names.publish(part, folder, name)
    originals.forget_note(part)
    return path


def _cannot_write(folder: Path, error: OSError) -> StoreFailed:
    return StoreFailed(
        f"“{folder.name or folder}” cannot be written: {error.strerror or 'unknown reason'}.",
        hint="Choose another folder or make room, then try again.",
        details=str(folder),
    )


def _ignore(progress: DownloadProgress) -> None:
    """Nobody wants to know."""
