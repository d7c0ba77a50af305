"""Encoded thumbnails on disk, bounded in bytes; the least recently used go first.

A cache: damage means an empty one, trouble with the disk means a miss, and nothing is lost.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scenario_desktop.errors import StoreFailed
from scenario_desktop.store.database import Database, Migration
from scenario_desktop.store.text import cleaned

log = logging.getLogger(__name__)

_MIGRATIONS: Final[tuple[Migration, ...]] = (
    (
        # The pictures lie apart: looking for the oldest must not read through them.
        """CREATE TABLE thumbnails (
            id TEXT PRIMARY KEY, version TEXT NOT NULL, size INTEGER NOT NULL,
            checksum INTEGER NOT NULL, used INTEGER NOT NULL, key INTEGER NOT NULL UNIQUE)
            WITHOUT ROWID""",
        "CREATE INDEX thumbnails_used ON thumbnails (used, size)",
        "CREATE TABLE pictures (key INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    ),
)
#: When full, this share is freed at once, so that it is not done for every picture.
_FREED_SHARE: Final = 0.1
#: Uses are noted only when the last note is older: reading should not mean writing.
_NOTE_USE_AFTER_S: Final = 6 * 3600
_IDS_PER_LOOKUP: Final = 100


class ThumbnailCache:
    """Thumbnails by asset id, each of one version of the asset.

    Attributes:
        max_bytes: how much may be kept; a lower figure takes effect with the next ``put``.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._database = Database(path, _MIGRATIONS, cache_mib=4)
        self._path = path
        self.max_bytes = max_bytes
        self._size: int | None = None
        self._database.on_rollback = self._forget

    async def open(self) -> None:
        """Open the file; a damaged one is set aside, an older damaged one removed.

        Raises:
            NewerFile: made by a later version.
            StoreFailed: not writable.
        """
        await self._database.open()
        damaged = self._database.damaged_file
        if damaged is not None:
            for former in self._path.parent.glob(f"{self._path.name}.damaged-*"):
                if not former.name.startswith(damaged.name):
                    with contextlib.suppress(OSError):
                        former.unlink()

    async def aclose(self) -> None:
        """Close the file. May be called twice."""
        await self._database.aclose()

    async def get_many(
        self, ids: Sequence[str], versions: dict[str, str] | None = None
    ) -> dict[str, bytes]:
        """Return id -> encoded picture of those that are here and whole.

        Args:
            versions: id -> version wanted; one of another version counts as missing.
        """
        wanted = [cleaned(item) for item in ids]
        try:
            found, noted = await self._database.read(lambda c: _read(c, wanted, versions))
            if noted:
                await self._database.run(lambda c: _note_use(c, noted))
        except StoreFailed as error:
            log.warning("thumbnails cannot be read: %s", error.details)
            return {}
        return found

    async def put(self, thumbnail_id: str, version: str, data: bytes) -> None:
        """Keep a picture, in the place of an earlier version of it."""
        await self.put_many([(thumbnail_id, version, data)])

    async def put_many(self, entries: Sequence[tuple[str, str, bytes]]) -> None:
        """Keep pictures (id, version, data) in one transaction; trouble is logged, not raised."""
        try:
            await self._database.run(lambda c: self._put(c, entries))
        except StoreFailed as error:
            log.warning("thumbnails cannot be kept: %s", error.details)

    async def drop(self, ids: Sequence[str]) -> None:
        """Remove pictures, such as those that proved unreadable."""
        await self._database.run(lambda c: self._drop(c, [cleaned(item) for item in ids]))

    async def clear(self) -> None:
        """Remove all pictures and give their space back.

        Raises:
            StoreFailed: the file cannot be written.
        """

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM pictures")
            connection.execute("DELETE FROM thumbnails")
            self._size = 0

        await self._database.run(work)
        await self._database.compact()

    async def size_bytes(self) -> int:
        """Return how many bytes of pictures are kept."""
        return await self._database.read(self._kept)

    def _forget(self, _connection: sqlite3.Connection) -> None:
        self._size = None

    def _kept(self, connection: sqlite3.Connection) -> int:
        if self._size is None:
            row = connection.execute("SELECT coalesce(sum(size), 0) FROM thumbnails").fetchone()
            self._size = int(row[0])
        return self._size

    def _put(
        self, connection: sqlite3.Connection, entries: Sequence[tuple[str, str, bytes]]
    ) -> None:
        size = self._kept(connection)
        size -= self._drop(connection, [cleaned(entry[0]) for entry in entries])
        now = int(time.time())
        for thumbnail_id, version, data in entries:
            if len(data) > self.max_bytes:
                continue
            cursor = connection.execute("INSERT INTO pictures (data) VALUES (?)", (data,))
            connection.execute(
                "REPLACE INTO thumbnails VALUES (?, ?, ?, ?, ?, ?)",
                (
                    cleaned(thumbnail_id), cleaned(version), len(data), zlib.crc32(data), now,
                    cursor.lastrowid,
                ),
            )  # fmt: skip
            size += len(data)
        self._size = size
        if size > self.max_bytes:
            self._free(connection, size - int(self.max_bytes * (1 - _FREED_SHARE)))

    def _free(self, connection: sqlite3.Connection, wanted: int) -> None:
        freed = 0
        oldest: list[str] = []
        for thumbnail_id, size in connection.execute(
            "SELECT id, size FROM thumbnails ORDER BY used, key"
        ):
            if freed >= wanted:
                break
            oldest.append(thumbnail_id)
            freed += size
        self._drop(connection, oldest)

    def _drop(self, connection: sqlite3.Connection, ids: Sequence[str]) -> int:
        freed = 0
        for thumbnail_id in ids:
            row = connection.execute(
                "SELECT key, size FROM thumbnails WHERE id = ?", (thumbnail_id,)
            ).fetchone()
            if row is not None:
                connection.execute("DELETE FROM pictures WHERE key = ?", (row[0],))
                connection.execute("DELETE FROM thumbnails WHERE id = ?", (thumbnail_id,))
                freed += row[1]
        if self._size is not None:
            self._size -= freed
        return freed


def _read(
    connection: sqlite3.Connection, ids: Sequence[str], versions: dict[str, str] | None
) -> tuple[dict[str, bytes], list[str]]:
    found: dict[str, bytes] = {}
    noted: list[str] = []
    now = int(time.time())
    for start in range(0, len(ids), _IDS_PER_LOOKUP):
        part = ids[start : start + _IDS_PER_LOOKUP]
        rows = connection.execute(
            "SELECT id, version, checksum, used, data FROM thumbnails "  # noqa: S608
            f"JOIN pictures USING (key) WHERE id IN ({','.join('?' * len(part))})",
            part,
        )
        for thumbnail_id, version, checksum, used, data in rows:
            if versions is not None and versions.get(thumbnail_id) != version:
                continue
            if zlib.crc32(data) != checksum:
                continue  # a damaged page: it is fetched and kept anew
            found[thumbnail_id] = data
            if abs(now - used) > _NOTE_USE_AFTER_S:
                noted.append(thumbnail_id)
    return found, noted


def _note_use(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    now = int(time.time())
    connection.executemany(
        "UPDATE thumbnails SET used = ? WHERE id = ?", [(now, item) for item in ids]
    )
