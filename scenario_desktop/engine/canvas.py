"""Canvases: their text, their lock and their history.

A canvas is an asset of kind ``json`` whose file is the text that a client sent, byte for byte. The
text is the client's affair: it is never read here, so any text but an empty one is taken.

What the service does not publish is decided here:

- A lock belongs to the user who took it and is proved by its id. It lasts one minute to one hour,
  whatever is asked for; ``metadata.lockExpiresAt`` tells until when, to everybody. Its id is told
  to nobody but the one who took it.
- Somebody else's lock is a conflict (409, with its end in the details). The same user asking again
  gets a new id, and the one before stops to count: whoever lost an id can go on at once.
- An update of any kind needs the id of the lock that holds now. Without a lock it needs none, but
  an id of a lock that has ended is refused: whoever believes to hold it must not overwrite what
  came after.
- An update with ``lockExpiresAt`` renews the lock whose id it brings; alone it is refused.
- A lock ends when its time comes, when its id or force unlocks it, or with the canvas in the trash.
  Unlocking what is free changes nothing and is no error. Force needs no id; where it took a lock
  away it is logged, and recorded in ``usage``.
- Tags, collections, copies and the trash are not held up by a lock.
- Every update with a text makes a snapshot of it unless told not to; creating makes none. The
  history keeps a month, and at most 500 states; the newest stand first. ``takenAt`` is in
  milliseconds, ``hash`` is the SHA-256 of the text in UTF-8.
- Locking, renewing and unlocking count as updates, so that a list by ``updatedAt`` tells of them;
  no two updates of a canvas have the same ``updatedAt``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scenario_desktop.engine.assets import NewAsset, StoredFile, index_text, insert_asset, require
from scenario_desktop.engine.database import Database, Migration
from scenario_desktop.engine.failures import Invalid
from scenario_desktop.engine.files import ContentFolder
from scenario_desktop.engine.times import from_ms, to_iso
from scenario_desktop.engine.usage import UsageLog
from scenario_desktop.errors import Conflict, StoreFailed
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.tasks import examine

_log = logging.getLogger(__name__)

#: The type and the source of a canvas.
TYPE: Final = "canvas"
#: What a request with a canvas may be long, in bytes; the service's gateway takes no more, and what
#: a page of snapshots holds is cut there, too.
MAX_BODY_BYTES: Final = 6 * 1024 * 1024
MIN_LOCK_MS: Final = 60_000
MAX_LOCK_MS: Final = 3_600_000
#: How long the history goes back, and how many states it holds of one canvas.
SNAPSHOT_DAYS: Final = 30
MAX_SNAPSHOTS: Final = 500
#: What taking a lock away and a save are called in the record of usage.
FORCED: Final = "canvas-force-unlock"
SAVED: Final = "update-asset"

_DAY_MS: Final = 24 * 3600 * 1000
#: The side of a thumbnail, in pixels: it is also what the canvas is previewed by.
_THUMBNAIL_PX: Final = 512
#: A text that was replaced can be read this long, in seconds, by who was told its address before.
_GRACE_S: Final = 600.0

CANVAS: Migration = """
CREATE TABLE canvas_locks (
    asset_key INTEGER PRIMARY KEY REFERENCES assets (key) ON DELETE CASCADE,
    lock_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    taken_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE TABLE canvas_snapshots (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    asset_key INTEGER NOT NULL REFERENCES assets (key) ON DELETE CASCADE,
    author_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    file_id TEXT NOT NULL,
    wire_bytes INTEGER NOT NULL,
    taken_at INTEGER NOT NULL
);
CREATE INDEX canvas_snapshots_asset ON canvas_snapshots (asset_key, key);
CREATE INDEX canvas_snapshots_file ON canvas_snapshots (file_id);
"""


@dataclass(frozen=True, slots=True)
class CanvasChange:
    """One update. What is None stays as it is.

    Attributes:
        text: the whole new canvas.
        thumbnail: an encoded picture.
        lock_until_ms: renews the lock until then, in milliseconds since 1970.
    """

    text: str | None = None
    thumbnail: bytes | None = None
    name: str | None = None
    description: str | None = None
    lock_id: str | None = None
    lock_until_ms: int | None = None
    takes_snapshot: bool = True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of a canvas as it was saved.

    Attributes:
        place: stands for it in page tokens; grows with time.
        taken_at: milliseconds since 1970.
    """

    place: int
    author_id: str
    hash: str
    text: str
    taken_at: int


@dataclass(frozen=True, slots=True)
class _Stored:
    """Files written for a transaction to come. ``wire_bytes``: of the text in a JSON answer."""

    file_id: str | None = None
    size_bytes: int = 0
    wire_bytes: int = 0
    hash: str = ""
    thumbnail_id: str | None = None


class CanvasStore:
    """The canvases. Whatever happens to one happens in a single transaction."""

    def __init__(
        self, database: Database, *, contents: ContentFolder, thumbnails: ContentFolder,
        pool: WorkerPool, clock: Callable[[], int],
    ) -> None:  # fmt: skip
        """Prepare.

        Args:
            clock: milliseconds since 1970; the only time that counts for locks and snapshots.
        """
        self._database = database
        self._contents = contents
        self._thumbnails = thumbnails
        self._pool = pool
        self._clock = clock
        self._replaced: deque[tuple[float, ContentFolder, str]] = deque()

    async def create(self, new: NewAsset, text: str, thumbnail: bytes | None) -> sqlite3.Row:
        """Add a canvas; nothing is kept unless all of it is.

        Raises:
            BadInput: the thumbnail is no picture.
            NotFound: the parent or a collection does not exist.
            StoreFailed: the disk is full or not writable.
        """
        stored = await self._store(text, thumbnail)

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            file = StoredFile(
                "json", "application/json", stored.file_id or "", stored.thumbnail_id,
                stored.size_bytes,
            )  # fmt: skip
            return insert_asset(connection, new, file, self._clock())

        return await self._run_or_drop(work, stored)

    async def update(self, asset_id: str, change: CanvasChange, user: str) -> sqlite3.Row:
        """Save a canvas, all that changes of it at once.

        Raises:
            NotFound: there is no such asset.
            Invalid: it is not a canvas; or a lock is to be renewed without its id.
            BadInput: the thumbnail is no picture.
            Conflict: it is locked and this is not the id, or the lock of this id has ended.
            StoreFailed: the disk is full or not writable; the canvas is as it was.
        """
        self._sweep()
        stored = await self._store(change.text, change.thumbnail)
        dropped: list[tuple[ContentFolder, str]] = []

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            dropped.clear()
            row, now = _require_canvas(connection, asset_id), self._clock()
            lock = _lock_of(connection, row, now)
            if change.lock_id != (lock["lock_id"] if lock else None):
                raise _not_the_lock(lock)
            if change.lock_until_ms is not None:
                if lock is None:
                    raise Invalid(
                        "A lock is renewed by its id.", {"lockExpiresAt": "needs the lockId"}
                    )
                connection.execute(
                    "UPDATE canvas_locks SET expires_at = ? WHERE asset_key = ?",
                    (_clamped(change.lock_until_ms, now), row["key"]),
                )
            files = self._write(connection, row, change, stored, now)
            if change.text is not None and change.takes_snapshot:
                # Saves without a snapshot come by themselves, many a minute; nobody did them.
                UsageLog.insert(
                    connection, at_ms=now, user=user, action=SAVED, asset_id=asset_id,
                    job_id=None, units=Decimal(0),
                )  # fmt: skip
                files += [
                    (self._contents, name) for name in _take(connection, row, stored, user, now)
                ]
            dropped.extend(_unnamed(connection, files, self._contents))
            return require(connection, asset_id)

        changed = await self._run_or_drop(work, stored)
        self._replaced.extend((time.monotonic(), *file) for file in dropped)
        return changed

    async def lock(self, asset_id: str, until_ms: int, user: str) -> tuple[sqlite3.Row, str]:
        """Take the lock, and return the canvas and the id that proves it.

        Raises:
            NotFound: there is no such asset.
            Invalid: it is not a canvas.
            Conflict: somebody else holds it.
        """
        lock_id = secrets.token_urlsafe(24)

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            row, now = _require_canvas(connection, asset_id), self._clock()
            held = _lock_of(connection, row, now)
            if held is not None and held["user_id"] != user:
                raise _conflict("Somebody else is editing this canvas.", held)
            connection.execute(
                "INSERT OR REPLACE INTO canvas_locks VALUES (?, ?, ?, ?, ?)",
                (row["key"], lock_id, user, now, _clamped(until_ms, now)),
            )
            _touch(connection, row, now)
            return require(connection, asset_id)

        return await self._database.run(work), lock_id

    async def unlock(
        self, asset_id: str, lock_id: str | None, user: str, *, is_forced: bool
    ) -> sqlite3.Row:
        """End the lock; nothing happens to a canvas that is free.

        Raises:
            NotFound: there is no such asset.
            Invalid: it is not a canvas.
            Conflict: this is not the id of its lock, and no force is asked for.
        """
        taken_away: list[sqlite3.Row] = []

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            taken_away.clear()
            row, now = _require_canvas(connection, asset_id), self._clock()
            lock = _lock_of(connection, row, now)
            if lock is None:
                return row
            if is_forced:
                UsageLog.insert(
                    connection, at_ms=now, user=user, action=FORCED, asset_id=asset_id,
                    job_id=None, units=Decimal(0),
                )  # fmt: skip
                taken_away.append(lock)
            elif lock_id != lock["lock_id"]:
                raise _not_the_lock(lock)
            connection.execute("DELETE FROM canvas_locks WHERE asset_key = ?", (row["key"],))
            _touch(connection, row, now)
            return require(connection, asset_id)

        changed = await self._database.run(work)
        for lock in taken_away:
            _log.warning(
                "%s took the lock of %s away from %s, who had it until %s",
                user, asset_id, lock["user_id"], to_iso(lock["expires_at"]),
            )  # fmt: skip
        return changed

    async def snapshots(
        self, asset_id: str, *, size: int, before: int | None
    ) -> tuple[list[Snapshot], bool]:
        """Return a page of the history, newest first, and whether there is more.

        A page ends early where it would become too long to be sent.

        Args:
            before: the place of the last snapshot of the page before.

        Raises:
            NotFound: there is no such asset.
            Invalid: it is not a canvas.
            StoreFailed: a text cannot be read.
        """

        def work(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            row = _require_canvas(connection, asset_id)
            return connection.execute(
                "SELECT * FROM canvas_snapshots WHERE asset_key = ? AND taken_at > ?"
                " AND (? IS NULL OR key < ?) ORDER BY key DESC LIMIT ?",
                (row["key"], self._clock() - SNAPSHOT_DAYS * _DAY_MS, before, before, size + 1),
            ).fetchall()

        rows = await self._database.run(work)
        chosen = rows[:1]
        sent = chosen[0]["wire_bytes"] if chosen else 0
        for row in rows[1:size]:
            sent += row["wire_bytes"]
            if sent > MAX_BODY_BYTES:
                break
            chosen.append(row)
        page = await asyncio.to_thread(lambda: [self._snapshot(row) for row in chosen])
        return page, len(rows) > len(chosen)

    def _snapshot(self, row: sqlite3.Row) -> Snapshot:
        try:
            text = self._contents.path(row["file_id"]).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreFailed(
                "A saved state of this canvas cannot be read.", details=str(row["key"])
            ) from error
        return Snapshot(row["key"], row["author_id"], row["hash"], text, row["taken_at"])

    async def _store(self, text: str | None, thumbnail: bytes | None) -> _Stored:
        """Write the files of a change that is yet to be made."""
        small = None
        if thumbnail is not None:
            small = (await self._pool.run(examine, thumbnail, _THUMBNAIL_PX)).thumbnail.data

        def write() -> _Stored:
            data = b"" if text is None else text.encode()
            file_id = None if text is None else self._contents.put(data)
            try:
                thumbnail_id = None if small is None else self._thumbnails.put(small)
            except BaseException:
                if file_id is not None:
                    self._contents.remove(file_id)
                raise
            wire_bytes = len(json.dumps(text, ensure_ascii=False).encode())
            return _Stored(
                file_id, len(data), wire_bytes, hashlib.sha256(data).hexdigest(), thumbnail_id
            )

        return await asyncio.to_thread(write)

    async def _run_or_drop(
        self, work: Callable[[sqlite3.Connection], sqlite3.Row], stored: _Stored
    ) -> sqlite3.Row:
        try:
            return await self._database.run(work)
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):  # then the row may yet be written
                if stored.file_id is not None:
                    self._contents.remove(stored.file_id)
                if stored.thumbnail_id is not None:
                    self._thumbnails.remove(stored.thumbnail_id)
            raise

    def _write(
        self,
        connection: sqlite3.Connection,
        row: sqlite3.Row,
        change: CanvasChange,
        stored: _Stored,
        now: int,
    ) -> list[tuple[ContentFolder, str]]:
        """Change the row, and return the files that it names no more."""
        values = {
            "name": change.name, "description": change.description,
            "file_id": stored.file_id, "thumbnail_id": stored.thumbnail_id,
            "size_bytes": stored.size_bytes if change.text is not None else None,
        }  # fmt: skip
        given = {name: value for name, value in values.items() if value is not None}
        _touch(connection, row, now)
        if given:
            connection.execute(
                f"UPDATE assets SET {', '.join(f'{name} = ?' for name in given)} WHERE key = ?",  # noqa: S608 - names are ours
                (*given.values(), row["key"]),
            )
            index_text(connection, row["key"])
        folders = (("file_id", self._contents), ("thumbnail_id", self._thumbnails))
        return [(folder, row[name]) for name, folder in folders if name in given and row[name]]

    def _sweep(self) -> None:
        """Remove replaced files whose time is over; what a stop leaves, the next start removes."""
        while self._replaced and self._replaced[0][0] < time.monotonic() - _GRACE_S:
            _, folder, file_id = self._replaced.popleft()
            folder.remove(file_id)


def _require_canvas(connection: sqlite3.Connection, asset_id: str) -> sqlite3.Row:
    row = require(connection, asset_id)
    if row["type"] != TYPE:
        raise Invalid("This asset is not a canvas.")
    return row


def _lock_of(connection: sqlite3.Connection, row: sqlite3.Row, now: int) -> sqlite3.Row | None:
    """Return the lock that holds now."""
    lock: sqlite3.Row | None = connection.execute(
        "SELECT * FROM canvas_locks WHERE asset_key = ? AND expires_at > ?", (row["key"], now)
    ).fetchone()
    return lock


def _clamped(until_ms: int, now: int) -> int:
    return min(max(until_ms, now + MIN_LOCK_MS), now + MAX_LOCK_MS)


def _not_the_lock(lock: sqlite3.Row | None) -> Conflict:
    if lock is None:
        return Conflict("The lock of this id has ended; nothing was changed.")
    return _conflict("This canvas is locked, and not by this id; nothing was changed.", lock)


def _conflict(reason: str, lock: sqlite3.Row) -> Conflict:
    return Conflict(reason, until=from_ms(lock["expires_at"]))


def _touch(connection: sqlite3.Connection, row: sqlite3.Row, now: int) -> None:
    connection.execute(
        "UPDATE assets SET updated_at = ? WHERE key = ?",
        (max(now, row["updated_at"] + 1), row["key"]),
    )


def _take(
    connection: sqlite3.Connection, row: sqlite3.Row, stored: _Stored, user: str, now: int
) -> list[str]:
    """Add a snapshot of what was just stored, and return the files of those that are let go."""
    connection.execute(
        "INSERT INTO canvas_snapshots (asset_key, author_id, hash, file_id, wire_bytes, taken_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (row["key"], user, stored.hash, stored.file_id, stored.wire_bytes, now),
    )
    gone = connection.execute(
        "DELETE FROM canvas_snapshots WHERE asset_key = ? AND (taken_at <= ? OR key NOT IN ("
        "SELECT key FROM canvas_snapshots WHERE asset_key = ? ORDER BY key DESC LIMIT ?))"
        " RETURNING file_id",
        (row["key"], now - SNAPSHOT_DAYS * _DAY_MS, row["key"], MAX_SNAPSHOTS),
    ).fetchall()
    return [found["file_id"] for found in gone]


def _unnamed(
    connection: sqlite3.Connection,
    files: Iterable[tuple[ContentFolder, str]],
    contents: ContentFolder,
) -> list[tuple[ContentFolder, str]]:
    """Return those of the files that nothing names any more: copies share theirs."""
    named = (
        "SELECT EXISTS (SELECT 1 FROM assets WHERE file_id = ?1)"
        " OR EXISTS (SELECT 1 FROM canvas_snapshots WHERE file_id = ?1)",
        "SELECT EXISTS (SELECT 1 FROM assets WHERE thumbnail_id = ?1)",
    )
    return [
        (folder, name)
        for folder, name in files
        if not connection.execute(named[folder is not contents], (name,)).fetchone()[0]
    ]
