"""Brings files and folders of the user into the library.

A file is looked at in a worker process, told from those already here by the hash of its bytes, and
sent once. Before a file is sent, a note says so; whatever interrupts us, the next run finds the
note and first looks whether the server has the file, before anything is sent again.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import json
import os
import stat
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_desktop.api.models.assets import (
    Asset,
    AssetCreate,
    AssetOptions,
    AssetUpdate,
    UploadCreate,
)
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    BadInput,
    Cancelled,
    Forbidden,
    NotFound,
    Offline,
    QuotaExceeded,
    ServerFailed,
    StoreFailed,
    TimedOut,
    Unauthorised,
    Unreachable,
)
from scenario_desktop.imaging import tasks
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.tasks import Examined
from scenario_desktop.items import Item
from scenario_desktop.services.file_names import suffix_for
from scenario_desktop.services.library import Library
from scenario_desktop.services.uploads import PART_BYTES, SMALL_BYTES, Uploads
from scenario_desktop.services.words import JOINERS
from scenario_desktop.store.catalogue import Catalogue

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.client import ScenarioClient

MAX_FILE_BYTES = 1024 * 2**20
MAX_NAME = 200

PARALLEL_FILES = 4
#: So long a small file on its way may still take when an import is stopped, seconds.
FINISH_S = 5.0

#: Left out without a word when a folder is walked: what systems put into folders by themselves.
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})

#: What would stop every other file as well.
_ENDING = (Offline, Unauthorised, Forbidden, QuotaExceeded, StoreFailed, Cancelled)
#: After these nobody knows whether the server took what was sent.
_UNCERTAIN = (Offline, TimedOut, ServerFailed, BadAnswer)

#: How far the clocks of the server and this machine may be apart in a search for a lost file.
_CLOCKS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that did not come in.

    Attributes:
        reason: one sentence for the user.
        asset_id: what it already is in this library; empty unless that is the reason.
    """

    path: Path
    reason: str
    asset_id: str = ""


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import has come; the last one is its summary.

    Attributes:
        total: files found so far; final once ``is_counted``.
        current_name: the file begun last.
        added_ids: assets that are new.
        refused: files that did not come in, each with its reason; duplicates among them.
    """

    done: int = 0
    total: int = 0
    current_name: str = ""
    added_ids: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    is_counted: bool = False


class AlreadyHereError(BadInput):
    """The same bytes are in the library.

    Attributes:
        asset_id: as what.
    """

    def __init__(self, item: Item) -> None:
        super().__init__(f"Already here as “{item.name}”.")
        self.asset_id = item.id


class _NothingMadeError(Exception):
    """Sending failed, and the server has certainly made nothing of it.

    Attributes:
        error: why.
    """

    def __init__(self, error: AppError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True)
class _Note:
    """What is remembered of a file whose bytes have this hash.

    Attributes:
        asset_id: what became of it; empty while nobody knows.
        upload_id: the multipart upload under way.
    """

    name: str
    size: int
    width: int
    height: int
    at: str
    asset_id: str = ""
    upload_id: str = ""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    name: str
    size: int
    digest: str
    examined: Examined


class Imports:
    """Imports of one workspace.

    Args:
        keep_thumbnail: called with asset id and encoded thumbnail of each file that came in.
    """

    def __init__(
        self,
        client: ScenarioClient,
        catalogue: Catalogue,
        library: Library,
        pool: WorkerPool,
        *,
        keep_thumbnail: Callable[[Asset, bytes], None] | None = None,
        part_bytes: int = PART_BYTES,
        pause_s: float = 1.0,
        upload_deadline_s: float = 300.0,
    ) -> None:
        self._client = client
        self._catalogue = catalogue
        self._library = library
        self._pool = pool
        self._keep_thumbnail = keep_thumbnail
        self._uploads = Uploads(
            client, part_bytes=part_bytes, pause_s=pause_s, deadline_s=upload_deadline_s
        )
        self._pause_s = pause_s
        self._hashes: dict[str, asyncio.Lock] = {}

    async def run(
        self, paths: Sequence[Path], collection_id: str | None = None
    ) -> AsyncIterator[ImportProgress]:
        """Import files and everything in folders; yields after each file and at the end.

        Closing the iterator or cancelling stops at once; what came in stays, and importing the
        same files again goes on there.

        Raises:
            Offline, Unauthorised, Forbidden, QuotaExceeded, StoreFailed: no other file would come
                in either. The progress yielded last says what did.
        """
        run = _Run(self, collection_id)
        async with contextlib.aclosing(run.steps(paths)) as steps:
            async for progress in steps:
                yield progress

    async def bring_in(self, path: Path, collection_id: str | None) -> Asset:
        """Bring one file in.

        Raises:
            BadInput: it is not taken, with the reason.
            AppError: it could not be sent.
        """
        file = await self._look_at(path)
        lock = self._hashes.setdefault(file.digest, asyncio.Lock())
        async with lock:
            asset = await self._send_once(file, collection_id)
        if self._keep_thumbnail is not None:
            self._keep_thumbnail(asset, file.examined.thumbnail.data)
        return asset

    async def _look_at(self, path: Path) -> _File:
        size = await asyncio.to_thread(_regular_size, path)
        examined = await self._pool.run(tasks.examine, path)
        digest = await asyncio.to_thread(_sha256, path)
        return _File(path, _asset_name(path), size, digest, examined)

    async def _send_once(self, file: _File, collection_id: str | None) -> Asset:
        """Send a file unless it is here, or was sent by a run that did not live to see it."""
        note = await self._note(file.digest)
        if note is not None and note.asset_id:
            item = await self._library.item(note.asset_id)
            if item is not None and item.deleted_at is None:
                raise AlreadyHereError(item)
            if item is None:  # sent by a run that was stopped before it came into the catalogue
                found = next(iter(await self._client.get_assets([note.asset_id])), None)
                if found is not None and found.deleted_at is None:
                    return await self._settle(file, note, found)
        elif note is not None:
            found = await self._find(note)
            if found is not None:
                return await self._settle(file, note, found)
        info = file.examined.info
        note = _Note(file.name, file.size, info.width, info.height, datetime.now(UTC).isoformat())
        await self._write(file.digest, note)
        sending = self._send_new(file, note, collection_id)
        # A large upload is taken up again by its id; a small one cannot be, so it is let end.
        return await (sending if file.size >= SMALL_BYTES else _finished(sending))

    async def _send_new(self, file: _File, note: _Note, collection_id: str | None) -> Asset:
        """Send a file that has its note."""
        try:
            if file.size < SMALL_BYTES:
                asset = await self._send_small(file, collection_id)
            else:
                asset = await self._send_large(file, note, collection_id)
        except _NothingMadeError as nothing:
            await self._catalogue.set_meta(_meta(file.digest), None)
            raise nothing.error from None
        except _UNCERTAIN as error:
            asset = await self._after_doubt(note, file, error)
        except AppError:
            await self._catalogue.set_meta(_meta(file.digest), None)
            raise
        return await self._settle(file, note, asset)

    async def _after_doubt(self, note: _Note, file: _File, error: AppError) -> Asset:
        """Look for a file that may have arrived; its note stays when that cannot be told."""
        note = await self._note(file.digest) or note
        for pause_s in (0.0, self._pause_s, self._pause_s * 3):
            await asyncio.sleep(pause_s)
            try:
                found = await self._find(note)
            except Offline:
                raise error from None
            if found is not None:
                return found
        if isinstance(error, Offline):
            raise error
        raise BadInput(
            "It is not certain whether the server took this file.",
            hint="Import it again: it is looked for first, and never sent twice without that.",
            details=error.message,
        ) from error

    async def _settle(self, file: _File, note: _Note, asset: Asset) -> Asset:
        await self._write(file.digest, replace(note, asset_id=asset.id, upload_id=""))
        await self._catalogue.set_meta(_claim(asset.id), file.digest)
        await self._library.merge([asset])
        return asset

    async def _send_small(self, file: _File, collection_id: str | None) -> Asset:
        image = await asyncio.to_thread(_base64, file.path)
        collections = [collection_id] if collection_id else None
        create = AssetCreate(name=file.name, image=image, collection_ids=collections)
        try:
            return await self._client.create_asset(create)
        except Unreachable as error:
            raise _NothingMadeError(error) from error

    # large files

    async def _send_large(self, file: _File, note: _Note, collection_id: str | None) -> Asset:
        options = AssetOptions(collection_ids=[collection_id]) if collection_id else None
        create = UploadCreate(
            kind="image",
            file_name=_upload_name(file),
            content_type=file.examined.info.mime_type,
            file_size=file.size,
            parts=self._uploads.part_count(file.size),
            asset_options=options,
        )
        try:
            upload = await self._uploads.send(create, partial(_slice, file.path))
        except AppError as error:
            raise _NothingMadeError(error) from error
        await self._write(file.digest, replace(note, upload_id=upload.id))
        asset = await self._uploads.finish(upload.id)
        if asset.name == file.name:
            return asset
        # An upload is named for its file; without the suffix it reads like all the others.
        return await self._client.update_asset(asset.id, AssetUpdate(name=file.name))

    # notes and lost files

    async def _note(self, digest: str) -> _Note | None:
        text = await self._catalogue.get_meta(_meta(digest))
        if not text:
            return None
        try:
            return _Note(**json.loads(text))
        except (ValueError, TypeError):  # written by another version: as if it were not there
            return None

    async def _write(self, digest: str, note: _Note) -> None:
        await self._catalogue.set_meta(_meta(digest), json.dumps(asdict(note)))

    async def _find(self, note: _Note) -> Asset | None:
        """Look for the asset that an interrupted sending may have made."""
        if note.upload_id:
            with contextlib.suppress(NotFound):
                upload = await self._client.get_upload(note.upload_id)
                if upload.entity_id:
                    return await self._client.get_asset(upload.entity_id)
                if upload.status in ("validating", "validated", "complete", "imported"):
                    return await self._uploads.asset_of(note.upload_id)
            return None
        since = datetime.fromisoformat(note.at) - _CLOCKS
        token: str | None = None
        for _ in range(10):
            page = await self._client.list_assets(
                page_size=100, token=token, sort_by="createdAt", created_after=since
            )
            for asset in page.assets:
                if _is_same(asset, note) and await self._is_unclaimed(asset):
                    return asset
            token = page.next_pagination_token
            if not token:
                return None
        return None

    async def _is_unclaimed(self, asset: Asset) -> bool:
        """Whether no other file of this computer has become this asset."""
        claimed = await self._catalogue.get_meta(_claim(asset.id))
        return claimed is None


async def _finished(sending: Coroutine[Any, Any, Asset]) -> Asset:
    """Await a request; when cancelled let it end first, for a moment.

    Cut off on its way, nobody knows whether it arrived, and a look for it may come too early.
    """
    task = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=FINISH_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


class _Run:
    """One call of ``Imports.run``: its walker, its workers and its count."""

    def __init__(self, imports: Imports, collection_id: str | None) -> None:
        self._imports = imports
        self._collection_id = collection_id
        self._progress = ImportProgress()
        self._files: asyncio.Queue[Path | None] = asyncio.Queue(maxsize=1000)
        self._changed = asyncio.Event()
        self._stopped = threading.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def steps(self, paths: Sequence[Path]) -> AsyncGenerator[ImportProgress, None]:
        self._tasks = [asyncio.create_task(self._walk(paths), name="import walk")]
        self._tasks += [
            asyncio.create_task(self._work(), name="import") for _ in range(PARALLEL_FILES)
        ]
        everything = asyncio.gather(*self._tasks)
        everything.add_done_callback(lambda _: self._changed.set())
        try:
            while not everything.done():
                await self._changed.wait()
                self._changed.clear()
                yield self._progress
            everything.result()
            yield self._progress
        finally:
            await self._stop()
            with contextlib.suppress(asyncio.CancelledError, AppError):
                await everything

    async def _stop(self) -> None:
        """Stop all work, once: a second cancel would cut off what the first lets end."""
        self._stopped.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    def _set(self, progress: ImportProgress) -> None:
        self._progress = progress
        self._changed.set()

    async def _walk(self, paths: Sequence[Path]) -> None:
        """Feed the workers; a walk through a slow folder never holds up the loop."""
        found = _walk_files(paths, self._stopped.is_set)
        while batch := await asyncio.to_thread(_take, found, 50):
            files = [entry for entry in batch if isinstance(entry, Path)]
            refused = tuple(entry for entry in batch if isinstance(entry, Refusal))
            now = self._progress
            self._set(
                replace(
                    now,
                    total=now.total + len(batch),
                    done=now.done + len(refused),
                    refused=now.refused + refused,
                )
            )
            for path in files:
                await self._files.put(path)
        self._set(replace(self._progress, is_counted=True))
        for _ in range(PARALLEL_FILES):
            await self._files.put(None)

    async def _work(self) -> None:
        while (path := await self._files.get()) is not None:
            self._set(replace(self._progress, current_name=path.name))
            try:
                asset = await self._imports.bring_in(path, self._collection_id)
            except _ENDING:
                raise
            except AppError as error:
                reason = f"{error.message} {error.hint}".strip()
                now = self._progress
                here = error.asset_id if isinstance(error, AlreadyHereError) else ""
                refused = (*now.refused, Refusal(path, reason, here))
                self._set(replace(now, done=now.done + 1, refused=refused))
            else:
                now = self._progress
                added = (*now.added_ids, asset.id)
                self._set(replace(now, done=now.done + 1, added_ids=added))


def _take(found: Iterator[Path | Refusal], count: int) -> list[Path | Refusal]:
    return list(itertools.islice(found, count))


def _walk_files(paths: Sequence[Path], is_stopped: Callable[[], bool]) -> Iterator[Path | Refusal]:
    """Yield regular files in a fixed order, each folder once; what cannot be read is a refusal."""
    seen: set[tuple[int, int]] = set()
    waiting = [(path, True) for path in reversed(paths)]
    while waiting and not is_stopped():
        path, is_given = waiting.pop()
        try:
            status = path.stat()
            mode = status.st_mode
            if stat.S_ISDIR(mode):
                if status.st_ino and (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                inside = sorted(path.iterdir(), reverse=True)
                waiting.extend((child, False) for child in inside)
            elif not stat.S_ISREG(mode):
                yield Refusal(path, "This is not a file but a device or a connection.")
            elif is_given or not _is_of_the_system(path):
                yield path
        except OSError as error:
            yield Refusal(path, _unreadable(error))


def _is_of_the_system(path: Path) -> bool:
    name = path.name.lower()
    return name in _SYSTEM_FILES or name.startswith("._")


def _unreadable(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "There is no permission to read it."
    if isinstance(error, FileNotFoundError):
        return "It is no longer there."
    return f"It cannot be read: {error.strerror or 'unknown reason'}."


def _regular_size(path: Path) -> int:
    """Return a file's size in bytes.

    Raises:
        BadInput: it is gone, empty, too large, or no file.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise BadInput(_unreadable(error)) from error
    if not stat.S_ISREG(status.st_mode):
        raise BadInput("This is not a file but a device or a connection.")
    if status.st_size == 0:
        raise BadInput("The file is empty.")
    if status.st_size > MAX_FILE_BYTES:
        raise BadInput(
            f"The file has {status.st_size / 2**20:,.0f} MiB;"
            f" {MAX_FILE_BYTES // 2**20:,} MiB is the most that can be imported."
        )
    return status.st_size


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(_unreadable(error)) from error


def _base64(path: Path) -> str:
    try:
        return base64.b64encode(path.read_bytes()).decode("ascii")
    except OSError as error:
        raise BadInput(_unreadable(error)) from error


def _slice(path: Path, start: int, length: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(length)
    except OSError as error:
        raise BadInput(_unreadable(error)) from error


def _asset_name(path: Path) -> str:
    """Return the name an asset gets: the file's, without its suffix, in one clean line."""
    text = os.fsencode(path.stem).decode("utf-8", "replace")
    shown = "".join(ch if ch.isprintable() or ch in JOINERS else " " for ch in text)
    text = " ".join(shown.split())
    return text[:MAX_NAME] or "picture"


def _upload_name(file: _File) -> str:
    return file.name + suffix_for(file.examined.info.mime_type)


def _is_same(asset: Asset, note: _Note) -> bool:
    """Whether an asset can only be the file of a note: name, pixels, and bytes where told."""
    facts = asset.properties
    has_size = facts.size is None or int(facts.size) == note.size
    return (
        asset.name == note.name
        and has_size
        and (facts.width, facts.height) in ((note.width, note.height), (None, None))
    )


def _meta(digest: str) -> str:
    return f"import.{digest}"


def _claim(asset_id: str) -> str:
    return f"imported.{asset_id}"
