"""Pictures that are uploaded to be worked on: announced, sent once, removed after some days."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.failures import TooLarge
from scenario_desktop.engine.files import ContentFolder, store_failure
from scenario_desktop.engine.links import Links
from scenario_desktop.engine.sartiq.media import StoredPicture, drop_unused, ensure_media
from scenario_desktop.engine.times import now_ms
from scenario_desktop.errors import BadInput, Conflict, NotFound
from scenario_desktop.imaging.decode import sniff
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.tasks import examine

#: How long an upload can be used, in milliseconds. What was made with it keeps the picture.
LIFETIME_MS = 7 * 24 * 3600 * 1000
_HEAD_BYTES = 16


class SartiqUploads:
    """Takes pictures in. An address is good for one picture; sending it again changes nothing."""

    def __init__(
        self, config: EngineConfig, database: Database, *, contents: ContentFolder, links: Links,
        pool: WorkerPool,
    ) -> None:  # fmt: skip
        self._config = config
        self._database = database
        self._contents = contents
        self._links = links
        self._pool = pool

    async def announce(self, file_name: str, user: str) -> dict[str, Any]:
        """Return a signed address to PUT a picture to, and the one to name it by afterwards."""
        upload_id, at = str(uuid4()), now_ms()
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT INTO sartiq_uploads (id, user_id, file_name, created_at)"
                " VALUES (?, ?, ?, ?)",
                (upload_id, user, file_name, at),
            )
        )
        return {
            "upload_url": self._links.sartiq_upload("PUT", upload_id),
            "url": self._links.sartiq_upload("GET", upload_id),
        }

    async def put(self, upload_id: str, chunks: AsyncIterable[bytes]) -> None:
        """Store the picture; whole or not at all.

        Raises:
            NotFound: nothing was announced under this id, or its time is over.
            BadInput: it is no picture that is read here.
            TooLarge: it is larger than this engine takes.
            Conflict: another picture was sent to this address before.
            StoreFailed: the disk is full or not writable.
        """
        await self._database.run(lambda connection: _require(connection, upload_id))
        staged = self._contents.new_staged()
        try:
            size_bytes, content_hash = await self._receive(staged, chunks)
            examined = await self._pool.run(examine, staged)
            info = examined.info
            file_id = await asyncio.to_thread(self._contents.adopt, staged)
        finally:
            staged.unlink(missing_ok=True)
        picture = StoredPicture(
            file_id, info.mime_type, size_bytes, info.width, info.height, content_hash
        )
        try:
            is_kept = await self._database.run(
                lambda connection: _attach(connection, upload_id, picture)
            )
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):  # then the row may yet be written
                self._contents.remove(file_id)
            raise
        if not is_kept:
            self._contents.remove(file_id)

    async def get(self, upload_id: str) -> tuple[Path, str, str]:
        """Return the file of an uploaded picture, its id and its MIME type.

        Raises:
            NotFound: there is none.
        """

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            row: sqlite3.Row | None = connection.execute(
                "SELECT m.file_id, m.mime_type FROM sartiq_uploads u"
                " JOIN sartiq_media m ON m.key = u.media_key WHERE u.id = ?",
                (upload_id,),
            ).fetchone()
            if row is None:
                raise NotFound("No picture was uploaded to this address.")
            return row

        row = await self._database.run(work)
        return self._contents.path(row["file_id"]), row["file_id"], row["mime_type"]

    async def _receive(self, target: Path, chunks: AsyncIterable[bytes]) -> tuple[int, str]:
        """Write what comes to a file, and return its length in bytes and its hash."""
        limit, size, digest, head = self._config.max_file_bytes, 0, hashlib.sha256(), b""
        try:
            with await asyncio.to_thread(target.open, "xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise TooLarge(f"The file is larger than {limit >> 20} MiB.")
                    if len(head) < _HEAD_BYTES:
                        head = (head + chunk)[:_HEAD_BYTES]
                    if len(head) == _HEAD_BYTES and sniff(head) is None:
                        continue  # read to its end, so that the sender hears why it is refused
                    digest.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
        except OSError as error:
            raise store_failure(error) from error
        if sniff(head) is None:
            raise BadInput(
                "This file is not a picture that can be read here.",
                hint="Pictures can be JPEG, PNG, WebP, TIFF, GIF or BMP.",
            )
        return size, digest.hexdigest()


def purge_uploads(connection: sqlite3.Connection, at: int) -> None:
    """Forget uploads whose time is over. Files that nothing names any more are orphans then."""
    rows = connection.execute(
        "DELETE FROM sartiq_uploads WHERE created_at <= ? RETURNING media_key", (at - LIFETIME_MS,)
    ).fetchall()
    drop_unused(connection, [row["media_key"] for row in rows])


def _attach(connection: sqlite3.Connection, upload_id: str, picture: StoredPicture) -> bool:
    """Give an upload its picture; False when the same was there already."""
    row = _require(connection, upload_id)
    if row["media_key"] is not None:
        if row["content_hash"] != picture.content_hash:
            raise Conflict(
                "Another picture was uploaded to this address already.",
                hint="Ask for a new address.",
            )
        return False
    connection.execute(
        "UPDATE sartiq_uploads SET media_key = ? WHERE id = ?",
        (ensure_media(connection, picture, now_ms()), upload_id),
    )
    return True


def _require(connection: sqlite3.Connection, upload_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        "SELECT u.media_key, m.content_hash FROM sartiq_uploads u"
        " LEFT JOIN sartiq_media m ON m.key = u.media_key WHERE u.id = ?",
        (upload_id,),
    ).fetchone()
    if row is None:
        raise NotFound("This address is not used any more.", hint="Ask for a new one.")
    return row
