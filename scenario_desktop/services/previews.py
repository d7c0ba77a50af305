"""Large pictures of items: the original, kept for a while on disk, decoded in a worker process."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from scenario_desktop.errors import BadInput, NotFound, StoreFailed
from scenario_desktop.imaging import decode, tasks
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.items import Item, Picture
from scenario_desktop.services import originals
from scenario_desktop.services.originals import Originals

T = TypeVar("T")

#: Bytes of originals kept on disk.
MAX_CACHE_BYTES = 1024 * 2**20


class Previews:
    """Decodes items and files for showing them large.

    Args:
        folder: for originals; everything in it may be deleted at any time.
    """

    def __init__(
        self,
        source: Originals,
        pool: WorkerPool,
        folder: Path,
        *,
        max_cache_bytes: int = MAX_CACHE_BYTES,
    ) -> None:
        self._source = source
        self._pool = pool
        self._folder = folder
        self._max_cache_bytes = max_cache_bytes
        self._fetching: dict[Path, asyncio.Lock] = {}

    async def large(self, item: Item, max_px: int) -> Picture:
        """Return an item's picture, at most so many pixels on its long side.

        Cancelling stops the transfer; what came of it is kept for the next time.

        Raises:
            BadInput: it is no picture, or cannot be decoded.
            AppError: the original did not come.
        """
        return await self._read(item, lambda path: self._pool.run(tasks.picture_file, path, max_px))

    async def large_into(self, take: Callable[[Picture], T], item: Item, max_px: int) -> T:
        """Do as ``large`` for pictures that are copied at once, which takes much less memory.

        Args:
            take: gets the picture in a thread. Its pixels are gone when it returns.
        """
        return await self._read(
            item, lambda path: self._pool.run_into(take, tasks.lent_picture, path, max_px)
        )

    async def read_video(self, item: Item, read: Callable[[Path], Awaitable[T]]) -> T:
        """Hand a cached copy of a video to whoever reads it; a damaged one is not kept.

        Raises:
            BadInput: it is no video, or ``read`` cannot read it.
            AppError: the original did not come.
        """
        if item.kind != "video":
            raise BadInput(f"“{item.name}” is not a video.")
        return await self._read_from(await self._cached(item), read)

    async def _read(self, item: Item, read: Callable[[Path], Awaitable[T]]) -> T:
        return await self._read_from(await self.original(item), read)

    async def _read_from(self, path: Path, read: Callable[[Path], Awaitable[T]]) -> T:
        try:
            return await read(path)
        except BadInput:
            # It may have been damaged on the way or on the disk: fetch it anew next time.
            await asyncio.to_thread(_remove, path)
            raise
        except FileNotFoundError as error:  # the cache was cleared meanwhile
            raise NotFound("The file is gone from the cache.", hint="Open it again.") from error

    async def file(self, path: Path, max_px: int) -> Picture:
        """Return the picture of a file of the user.

        Raises:
            BadInput: it is no picture, or cannot be decoded.
        """
        return await self._pool.run(tasks.picture_file, path, max_px)

    async def measure(self, path: Path) -> tuple[int, int]:
        """Return width and height of a file of the user, in pixels and upright.

        Raises:
            BadInput: it is no picture, or cannot be read.
        """
        found = await self._pool.run(decode.probe, path)
        return found.width, found.height

    async def original(self, item: Item) -> Path:
        """Return a cached copy of an item's original, read only; it may vanish when old.

        Raises:
            BadInput: the item has no picture.
            AppError: the original did not come.
        """
        if item.kind not in ("image", "") and item.type != "canvas":
            raise BadInput(f"“{item.name}” is not a picture, so it has no large preview.")
        return await self._cached(item)

    async def _cached(self, item: Item) -> Path:
        path = self._folder / _cache_name(item)
        lock = self._fetching.setdefault(path, asyncio.Lock())
        try:
            async with lock:
                if not await asyncio.to_thread(_touch, path):
                    await self._fetch(item, path)
        finally:
            if not lock.locked():
                self._fetching.pop(path, None)
        return path

    async def clear(self) -> None:
        """Delete all cached originals."""
        await asyncio.to_thread(_trim, self._folder, 0, None)

    async def _fetch(self, item: Item, path: Path) -> None:
        part = path.with_name(path.name + ".part")
        try:
            await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            await self._source.fetch_picture(item, part)
            await asyncio.to_thread(_keep, part, path)
            await asyncio.to_thread(_trim, self._folder, self._max_cache_bytes, path)
        except StoreFailed:
            await asyncio.to_thread(originals.discard, part)  # a full disk gets its space back
            raise
        except OSError as error:
            await asyncio.to_thread(originals.discard, part)
            raise StoreFailed(
                f"The preview could not be kept: {error.strerror or 'unknown reason'}.",
                hint="Make room on the disk, or clear the cache in the settings.",
            ) from error


def _cache_name(item: Item) -> str:
    """Name by what the bytes depend on: tags and names change ``updated_at``, too, but only a
    canvas is drawn anew."""
    version = item.updated_at if item.type == "canvas" else item.created_at
    text = f"{item.source}\0{item.id}\0{version.isoformat()}\0{item.size_bytes}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _touch(path: Path) -> bool:
    """Mark a cached file as used; say whether it is there."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True


def _keep(part: Path, path: Path) -> None:
    part.chmod(0o600)
    part.replace(path)
    originals.forget_note(part)


def _remove(path: Path) -> None:
    with contextlib.suppress(PermissionError):  # as in ``_trim``
        path.unlink(missing_ok=True)


def _trim(folder: Path, max_bytes: int, keep: Path | None) -> None:
    """Delete the files used least recently until the rest fits."""
    try:
        entries = [(entry, entry.stat()) for entry in os.scandir(folder) if entry.is_file()]
    except FileNotFoundError:
        return
    total = sum(stat.st_size for _, stat in entries)
    for entry, stat in sorted(entries, key=lambda pair: pair[1].st_mtime):
        if total <= max_bytes:
            return
        if keep is None or entry.name != keep.name:
            # Windows deletes no file that is open, such as a video that plays.
            with contextlib.suppress(PermissionError):
                Path(entry.path).unlink(missing_ok=True)
                total -= stat.st_size
