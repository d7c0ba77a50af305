"""Small pictures for the gallery: what is wished for now first, from the disk, else made anew.

The window says what it shows; everything wished for before and not yet begun is dropped. Bytes
from outside are decoded in worker processes only, and only what those made is handed on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    BadInput,
    Forbidden,
    NotFound,
    Unauthorised,
)
from scenario_desktop.imaging import tasks
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.thumbnails import Thumbnail
from scenario_desktop.items import Item, Source, picture_version
from scenario_desktop.services.originals import OtherFiles
from scenario_desktop.store.thumbnails import ThumbnailCache

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.client import ScenarioClient
    from scenario_desktop.api.files import FileFetcher

SIZE_PX = 256
#: Wishes looked up on the disk at once.
BATCH = 64
#: Files fetched at the same time; decoding is bounded by the worker pool.
PARALLEL = 8
#: Bytes. A thumbnail of the service is some 30 KB; an original may stand in for it.
MAX_BYTES = 64 * 2**20

FIRST_RETRY_S = 10.0
LONGEST_RETRY_S = 600.0
#: Made thumbnails are written to the disk together, at least this often.
WRITE_EVERY_S = 0.25
WRITE_BATCH = 64


class Thumbnails:
    """Provides encoded thumbnails of items.

    Signals:
        ready: key and encoded thumbnail (JPEG or WebP of our own making, 256 px).
        failed: key of an item that has none for now; asking again helps only later.

    Attributes:
        sartiq: reads the second service's items and files; None without a connection to it.

    Args:
        local_file: the file of an item on this computer, if there is one; it is read in place.
    """

    ready = Signal(int, bytes)
    failed = Signal(int)

    def __init__(
        self,
        client: ScenarioClient,
        files: FileFetcher,
        cache: ThumbnailCache,
        pool: WorkerPool,
        *,
        local_file: Callable[[Item], Path | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._files = files
        self._cache = cache
        self._pool = pool
        self._local_file = local_file or _nowhere
        self._clock = clock
        self._wishes: dict[int, Item] = {}
        self._hopeless: list[int] = []
        self._making: dict[int, asyncio.Task[None]] = {}
        self._fetching: set[int] = set()
        self._slots = asyncio.Semaphore(max(PARALLEL, pool.processes * 3))
        self._network = asyncio.Semaphore(PARALLEL)
        self.sartiq: OtherFiles | None = None
        self._refused: dict[tuple[int, str], tuple[float, float]] = {}
        self._under_way: dict[int, str] = {}  # key → the state that is being made
        self._newer: dict[int, Item] = {}  # wished for while an older state is being made
        self._unwritten: list[tuple[str, str, bytes]] = []
        self._writer: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def want(self, items: Sequence[Item]) -> None:
        """Wish for thumbnails, the first most. Replaces all earlier wishes."""
        if self._is_closed:
            return
        now = self._clock()
        self._wishes, self._hopeless, self._newer = {}, [], {}
        for item in items:
            if self._is_refused(item, now):
                self._hopeless.append(item.key)
            elif item.key not in self._making:
                self._wishes[item.key] = item
            elif self._under_way.get(item.key) != _state(item):
                self._newer[item.key] = item
        kept = {item.key for item in items}
        for key in self._fetching - kept:
            # Only what still waits for the network: a picture being decoded is nearly there.
            self._making[key].cancel()
        self._wake.set()
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="thumbnails")

    def retry(self, item: Item) -> None:
        """Forget that an item has failed; it may be wished for again at once."""
        self._refused.pop((item.key, _state(item)), None)

    async def get(self, item: Item) -> bytes:
        """Return an item's thumbnail now, ahead of all wishes.

        Raises:
            BadInput: the item has no picture, or it cannot be decoded.
            AppError: the picture did not come.
        """
        found = await self._read([item])
        if item.key in found:
            return found[item.key]
        data = await self._make(item)
        self._keep(item, data)
        return data

    def put(self, asset: Asset, data: bytes) -> None:
        """Keep a thumbnail that one of our workers made elsewhere, as during an import."""
        if asset.created_at is not None and asset.updated_at is not None:
            version = picture_version(asset.type, asset.status, asset.created_at, asset.updated_at)
            self._unwritten.append((asset.id, version, data))
            self._write_soon()

    async def aclose(self) -> None:
        """Stop everything; what was made is written first."""
        self._is_closed = True
        running = [*self._making.values(), *([self._task] if self._task else [])]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        await self._write()

    # the queue

    async def _serve(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._hopeless:
                self.failed.emit(self._hopeless.pop())
            missing: list[Item] = []
            # All that the disk has comes before anything is made, however visible.
            while self._wishes:
                batch = [self._wishes.pop(key) for key in list(self._wishes)[:BATCH]]
                found = await self._read(batch)
                for key, data in found.items():
                    self.ready.emit(key, data)
                if self._wake.is_set():
                    break
                missing += [item for item in batch if item.key not in found]
            await self._begin(missing)

    async def _begin(self, items: Sequence[Item]) -> None:
        """Make what the disk does not have. New wishes overtake those not begun."""
        for item in items:
            if self._wake.is_set():
                return
            await self._slots.acquire()
            if self._wake.is_set():
                self._slots.release()
                return
            self._make_soon(item)

    def _make_soon(self, item: Item) -> None:
        self._making[item.key] = asyncio.create_task(self._provide(item))
        self._under_way[item.key] = _state(item)
        self._fetching.add(item.key)

    async def _provide(self, item: Item) -> None:
        try:
            data = await self._make(item)
        except AppError as error:
            self._refuse(item, error)
            if item.key not in self._newer:
                self.failed.emit(item.key)
        else:
            self._keep(item, data)
            self.ready.emit(item.key, data)
        finally:
            newer = self._newer.pop(item.key, None)
            if newer is not None and not self._is_closed:
                self._make_soon(newer)  # in the same slot
            else:
                self._slots.release()
                self._making.pop(item.key, None)
                self._under_way.pop(item.key, None)
                self._fetching.discard(item.key)

    # one thumbnail

    async def _make(self, item: Item) -> bytes:
        path = self._local_file(item)
        if path is not None:
            self._fetching.discard(item.key)
            return await self._encoded(self._pool.run(tasks.thumbnail_file, path, SIZE_PX))
        async with self._network:
            source = await self._fetch(item)
        self._fetching.discard(item.key)
        return await self._encoded(self._pool.run(tasks.thumbnail_bytes, source, SIZE_PX))

    async def _encoded(self, making: Awaitable[Thumbnail]) -> bytes:
        return (await making).data

    async def _fetch(self, item: Item) -> bytes:
        """Return a picture of an item: its public thumbnail, or what a fresh record points at."""
        if item.source is Source.SARTIQ:
            return await self._fetch_other(item)
        if item.thumbnail_url:
            try:
                return await self._files.fetch(item.thumbnail_url, MAX_BYTES)
            except (Forbidden, NotFound, Unauthorised):  # moved: the record knows where to
                pass
        asset = await self._client.get_asset(item.id)
        urls = [
            asset.thumbnail.url if asset.thumbnail else "",
            asset.preview.url if asset.preview else "",
            asset.url if asset.mime_type.startswith("image/") or item.kind == "image" else "",
        ]
        url = next((u for u in urls if u and u != item.thumbnail_url), "")
        if not url:
            raise BadInput(f"“{item.name}” has no picture yet.")
        return await self._files.fetch(url, MAX_BYTES)

    async def _fetch_other(self, item: Item) -> bytes:
        """Return the small picture of the second service's item, else the picture itself."""
        if self.sartiq is None:
            raise Unauthorised("There is no connection to Sartiq.")
        try:
            return await self._fetch_from(self.sartiq, item, await self.sartiq.read_soon(item))
        except (Forbidden, NotFound, Unauthorised):  # the address has run out: another one
            asset = await self.sartiq.read(item)
            return await self._fetch_from(self.sartiq, item, asset)

    async def _fetch_from(self, other: OtherFiles, item: Item, asset: Asset) -> bytes:
        url = asset.thumbnail.url if asset.thumbnail else ""
        url = url or (asset.url if asset.kind == "image" else "")
        if not url:
            raise BadInput(f"“{item.name}” has no picture yet.")
        return await other.files.fetch(url, MAX_BYTES)

    # the disk

    async def _read(self, items: Sequence[Item]) -> dict[int, bytes]:
        """Return what the cache has, or will have as soon as it is written."""
        waiting = {(row[0], row[1]): row[2] for row in self._unwritten}
        versions = {item.id: _version(item) for item in items}
        stored = await self._cache.get_many(list(versions), versions)
        found = {}
        for item in items:
            data = waiting.get((item.id, _version(item))) or stored.get(item.id)
            if data:
                found[item.key] = data
        return found

    def _keep(self, item: Item, data: bytes) -> None:
        self._unwritten.append((item.id, _version(item), data))
        self._write_soon()

    def _write_soon(self) -> None:
        if self._writer is None and not self._is_closed:
            self._writer = asyncio.create_task(self._write_later(), name="thumbnail cache")

    async def _write_later(self) -> None:
        while self._unwritten:
            if len(self._unwritten) < WRITE_BATCH:
                await asyncio.sleep(WRITE_EVERY_S)
            await self._write()
        self._writer = None

    async def _write(self) -> None:
        rows, self._unwritten = self._unwritten, []
        if rows:
            await self._cache.put_many(rows)

    # failures

    def _is_refused(self, item: Item, now: float) -> bool:
        return self._refused.get((item.key, _state(item)), (0.0, 0.0))[0] > now

    def _refuse(self, item: Item, error: AppError) -> None:
        """Remember not to try again at once, and longer each time; a broken file for good."""
        name = (item.key, _state(item))
        last_pause_s = self._refused.get(name, (0.0, 0.0))[1]
        pause_s = min(max(FIRST_RETRY_S, last_pause_s * 2), LONGEST_RETRY_S)
        if isinstance(error, BadInput) and item.status not in ("pending", "processing"):
            pause_s = LONGEST_RETRY_S
        if isinstance(error, BadAnswer | NotFound):
            pause_s = max(pause_s, FIRST_RETRY_S * 3)
        self._refused[name] = (self._clock() + pause_s, pause_s)


def _state(item: Item) -> str:
    """Return what has a picture or has none: what is in work has none, and one a moment later."""
    return f"{item.status} {_version(item)}"


def _version(item: Item) -> str:
    return picture_version(item.type, item.status, item.created_at, item.updated_at)


def _nowhere(item: Item) -> Path | None:
    return None
