"""Uploads in parts: every part has its signed address, and they come in any order.

What has arrived lies in a folder per upload and outlives a restart. An upload whose parts were all
there when the engine died is taken up again at the next start.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import shutil
import sqlite3
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenario_desktop.engine.assets import AssetStore
from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.failures import Invalid, TooLarge
from scenario_desktop.engine.files import publish, store_failure, sync_file
from scenario_desktop.engine.keys import Keys, new_id
from scenario_desktop.engine.links import Links
from scenario_desktop.engine.times import now_ms, to_iso
from scenario_desktop.errors import AppError, NotFound, StoreFailed

_log = logging.getLogger(__name__)

#: Kind of an upload -> type of the asset it becomes.
KINDS = {"asset": "uploaded", "image": "uploaded", "avatar": "uploaded-avatar"}


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What is announced before the first part.

    Attributes:
        parts: how many parts will come, numbered from 1.
        options: as the API names them: collectionIds, parentId, hide.
    """

    kind: str
    file_name: str
    content_type: str
    size_bytes: int
    parts: int
    options: Mapping[str, Any]


class UploadStore:
    """Uploads from their announcement to the asset they become."""

    def __init__(
        self, config: EngineConfig, database: Database, *, assets: AssetStore, links: Links,
        keys: Keys,
    ) -> None:  # fmt: skip
        self._config = config
        self._database = database
        self._assets = assets
        self._links = links
        self._keys = keys
        self._imports: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take up what an earlier run left half imported."""
        rows = await self._database.run(
            lambda connection: connection.execute(
                "SELECT id FROM uploads WHERE status IN ('validating', 'validated')"
            ).fetchall()
        )
        for row in rows:
            self._import_soon(row["id"])

    async def stop(self) -> None:
        """Let go of imports under way; they are taken up at the next start."""
        for task in tuple(self._imports):
            task.cancel()
        await asyncio.gather(*self._imports, return_exceptions=True)

    async def create(self, new: NewUpload, user: str) -> sqlite3.Row:
        """Announce an upload, whose asset will be this user's.

        Raises:
            StoreFailed: its folder cannot be made, or the disk has no room for it.
        """
        upload_id, at = new_id("upload"), now_ms()
        try:
            free = (await asyncio.to_thread(shutil.disk_usage, self._config.uploads)).free
            if free < new.size_bytes * 2:  # the parts, and the file they become
                raise OSError(errno.ENOSPC, "no room for the parts and their file")
            self._folder(upload_id).mkdir(mode=0o700)
        except OSError as error:
            raise store_failure(error) from error

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            connection.execute(
                "INSERT INTO uploads (id, kind, file_name, content_type, size_bytes, parts,"
                " options, status, author_id, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)",
                (
                    upload_id, new.kind, new.file_name, new.content_type, new.size_bytes,
                    new.parts, json.dumps(dict(new.options)), user, at, at,
                ),
            )  # fmt: skip
            return _require(connection, upload_id)

        return await self._database.run(work)

    async def get(self, upload_id: str) -> sqlite3.Row:
        """Return an upload.

        Raises:
            NotFound: there is none of this id.
        """
        return await self._database.run(lambda connection: _require(connection, upload_id))

    async def put_part(self, upload_id: str, number: int, chunks: AsyncIterable[bytes]) -> None:
        """Store one part, in place of an earlier one of the same number; whole or not at all.

        Raises:
            NotFound: there is no such upload or part.
            Invalid: the upload is complete already.
            TooLarge: the part alone is larger than the file was announced.
            StoreFailed: the disk is full or not writable.
        """
        row = await self.get(upload_id)
        if not 1 <= number <= row["parts"]:
            raise NotFound("This upload has no such part.")
        if row["status"] != "pending":
            raise Invalid("This upload is complete already.")
        aside = self._assets.new_staged()
        try:
            with await asyncio.to_thread(aside.open, "xb") as file:
                size = 0
                async for chunk in chunks:
                    size += len(chunk)
                    if size > row["size_bytes"]:
                        raise TooLarge("The part is larger than the whole file was announced.")
                    await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(sync_file, aside)
            await asyncio.to_thread(publish, aside, self._part(upload_id, number))
        except OSError as error:
            raise store_failure(error) from error
        finally:
            aside.unlink(missing_ok=True)

    async def complete(self, upload_id: str) -> sqlite3.Row:
        """Begin to make an asset of the parts. Calling it again changes nothing.

        Raises:
            NotFound: there is no such upload.
            Invalid: parts are missing; more can still come.
        """
        row = await self.get(upload_id)
        if row["status"] != "pending":
            return row
        missing = [
            str(number)
            for number in range(1, row["parts"] + 1)
            if not self._part(upload_id, number).exists()
        ]
        if missing:
            raise Invalid(
                "Parts of this upload have not arrived.", {"parts": ", ".join(missing[:20])}
            )
        row = await self._set(upload_id, "validating")
        self._import_soon(upload_id)
        return row

    def to_wire(self, row: sqlite3.Row) -> dict[str, Any]:
        wire = {
            "id": row["id"],
            "authorId": row["author_id"],
            "ownerId": self._keys.project_id,
            "kind": row["kind"],
            "fileName": row["file_name"],
            "originalFileName": row["file_name"],
            "contentType": row["content_type"],
            "fileSize": row["size_bytes"],
            "partsCount": row["parts"],
            "source": "multipart",
            "status": row["status"],
            "createdAt": to_iso(row["created_at"]),
            "updatedAt": to_iso(row["updated_at"]),
        }
        options = json.loads(row["options"])
        if options:
            wire["assetOptions"] = options
        if row["entity_id"]:
            wire["entityId"] = row["entity_id"]
        if row["error"]:
            wire["errorMessage"] = row["error"]
        if row["status"] == "pending":
            expires = self._links.expiry()
            wire["parts"] = [
                {
                    "number": number,
                    "url": self._links.part(row["id"], number, expires),
                    "expires": to_iso(expires * 1000),
                }
                for number in range(1, row["parts"] + 1)
            ]
        return wire

    def _import_soon(self, upload_id: str) -> None:
        task = asyncio.get_running_loop().create_task(self._import(upload_id))
        self._imports.add(task)
        task.add_done_callback(self._imports.discard)

    async def _import(self, upload_id: str) -> None:
        row = await self.get(upload_id)
        staged = self._assets.new_staged()
        try:
            size = await asyncio.to_thread(self._join, row, staged)
            if size != row["size_bytes"]:
                raise Invalid(f"{size} bytes arrived, {row['size_bytes']} were announced.")
            options = json.loads(row["options"])
            await self._assets.create(
                file=staged,
                name=row["file_name"],
                type=KINDS[row["kind"]],
                source=KINDS[row["kind"]],
                parent_id=options.get("parentId"),
                collection_ids=options.get("collectionIds") or (),
                hide=bool(options.get("hide")),
                author=row["author_id"],
                in_transaction=lambda connection, asset_id: _finish(
                    connection, upload_id, "imported", entity_id=asset_id
                ),
            )
        except AppError as error:
            if not await self._fail(upload_id, error):
                return
        finally:
            staged.unlink(missing_ok=True)
        await asyncio.to_thread(shutil.rmtree, self._folder(upload_id), ignore_errors=True)

    async def _fail(self, upload_id: str, error: AppError) -> bool:
        """Say what went wrong; without room for that it is tried again at the next start."""
        try:
            message = " ".join(filter(None, (error.message, error.hint)))
            await self._set(upload_id, "failed", error=message)
        except StoreFailed as trouble:
            _log.warning("upload %s: %s", upload_id, trouble)
            return False
        return True

    def _join(self, row: sqlite3.Row, target: Path) -> int:
        """Write all parts behind each other and return the bytes written.

        Raises:
            StoreFailed: the disk is full, or a part has gone.
        """
        try:
            with target.open("xb") as file:
                for number in range(1, row["parts"] + 1):
                    with self._part(row["id"], number).open("rb") as part:
                        shutil.copyfileobj(part, file, 1 << 20)
                return file.tell()
        except OSError as error:
            raise store_failure(error) from error

    async def _set(self, upload_id: str, status: str, error: str | None = None) -> sqlite3.Row:
        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            _finish(connection, upload_id, status, error=error)
            return _require(connection, upload_id)

        return await self._database.run(work)

    def _folder(self, upload_id: str) -> Path:
        return self._config.uploads / upload_id

    def _part(self, upload_id: str, number: int) -> Path:
        return self._folder(upload_id) / str(number)


def _finish(
    connection: sqlite3.Connection,
    upload_id: str,
    status: str,
    *,
    entity_id: str | None = None,
    error: str | None = None,
) -> None:
    connection.execute(
        "UPDATE uploads SET status = ?, entity_id = ?, error = ?, updated_at = ? WHERE id = ?",
        (status, entity_id, error, now_ms(), upload_id),
    )


def _require(connection: sqlite3.Connection, upload_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM uploads WHERE id = ?", (upload_id,)
    ).fetchone()
    if row is None:
        raise NotFound("There is no such upload.", details=upload_id)
    return row
