"""Assets: their rows, their files, and the form in which they cross HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from scenario_desktop.engine.database import Database
from scenario_desktop.engine.files import ContentFolder, store_failure
from scenario_desktop.engine.keys import Keys, new_id
from scenario_desktop.engine.links import Links
from scenario_desktop.engine.times import to_iso
from scenario_desktop.engine.usage import UsageLog
from scenario_desktop.engine.vocabulary import EXTENSIONS
from scenario_desktop.errors import BadInput, NotFound
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.tasks import Examined, examine

#: How long a deleted asset can be restored, in milliseconds.
RETENTION_MS = 30 * 24 * 3600 * 1000

#: All that ``AssetStore.to_wire`` needs, of a table or alias ``a``.
COLUMNS = """
    a.*,
    (SELECT json_group_array(tag) FROM
        (SELECT tag FROM asset_tags WHERE asset_key = a.key ORDER BY position)) AS tag_list,
    (SELECT json_group_array(collection_id) FROM
        (SELECT collection_id FROM collection_assets WHERE asset_key = a.key ORDER BY position)
    ) AS collection_list,
    (SELECT expires_at FROM canvas_locks WHERE asset_key = a.key) AS lock_expires_at
"""

InTransaction = Callable[[sqlite3.Connection, str], None]


@dataclass(frozen=True, slots=True)
class NewAsset:
    """What a new row says beyond its file. Ids must exist; names are shown as they are."""

    name: str
    type: str
    source: str
    author: str
    id: str
    parent_id: str | None = None
    metadata: Mapping[str, Any] | None = None
    collection_ids: Sequence[str] = ()
    is_hidden: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What lies in the folders for a new row, and what is known of it. Lengths in pixels."""

    kind: str
    mime_type: str
    file_id: str
    thumbnail_id: str | None
    size_bytes: int
    width: int | None = None
    height: int | None = None


class AssetStore:
    """The library's assets. What comes in here are pictures, each read to its end before it is
    stored; canvases come in through ``engine.canvas``."""

    def __init__(
        self, database: Database, *, contents: ContentFolder, thumbnails: ContentFolder,
        links: Links, pool: WorkerPool, keys: Keys, clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self._database = database
        self._contents = contents
        self._thumbnails = thumbnails
        self._links = links
        self._pool = pool
        self._keys = keys
        self._clock = clock

    def new_staged(self) -> Path:
        """Return a fresh name below the data folder to write a file to before ``create``."""
        return self._contents.new_staged()

    async def create(
        self,
        *,
        file: Path | bytes,
        name: str,
        type: str,  # noqa: A002 - the API's word
        source: str,
        parent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        author: str | None = None,
        collection_ids: Sequence[str] = (),
        hide: bool = False,
        examined: Examined | None = None,
        asset_id: str | None = None,
        in_transaction: InTransaction | None = None,
    ) -> dict[str, Any]:
        """Store a picture and make its thumbnail; nothing is kept unless all of it is.

        Args:
            file: bytes, or a file from ``new_staged``, which is moved away.
            examined: what is known already; otherwise a worker reads the file.
            in_transaction: also run, with the new id, in the transaction that adds the row.

        Returns:
            The asset as it crosses HTTP.

        Raises:
            BadInput: not a picture that is read here, damaged, or too large.
            NotFound: the parent or a collection does not exist.
            StoreFailed: the disk is full or not writable.
        """
        new = NewAsset(
            name=name, type=type, source=source, author=author or self._keys.user_id,
            id=asset_id or new_id("asset"), parent_id=parent_id, metadata=metadata,
            collection_ids=collection_ids, is_hidden=hide,
        )  # fmt: skip
        async with self._staged(file) as staged:
            if examined is None:
                examined = await self._pool.run(examine, staged)
            size_bytes = (await asyncio.to_thread(staged.stat)).st_size
            thumbnail_id = await asyncio.to_thread(self._thumbnails.put, examined.thumbnail.data)
            try:
                file_id = await asyncio.to_thread(self._contents.adopt, staged)
            except BaseException:
                self._thumbnails.remove(thumbnail_id)
                raise
        info = examined.info
        stored = StoredFile(
            "image", info.mime_type, file_id, thumbnail_id, size_bytes, info.width, info.height
        )
        try:
            row = await self._database.run(
                lambda connection: insert_asset(
                    connection, new, stored, self._clock(), in_transaction
                )
            )
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):  # then the row may yet be written
                self._contents.remove(file_id)
                self._thumbnails.remove(thumbnail_id)
            raise
        return self.to_wire(row)

    async def get(self, asset_id: str) -> sqlite3.Row:
        """Return the row of an asset that is not deleted.

        Raises:
            NotFound: there is none.
        """
        rows = await self.get_many([asset_id])
        if not rows:
            raise unknown_asset(asset_id)
        return rows[0]

    async def get_many(self, asset_ids: Sequence[str]) -> list[sqlite3.Row]:
        """Return the rows of those that exist and are not deleted, in the order asked for."""
        return await self._database.run(lambda connection: rows_by_id(connection, asset_ids))

    async def has_thumbnail(self, asset_id: str, thumbnail_id: str) -> bool:
        """Whether an asset, deleted or not, shows itself by this thumbnail."""
        return await self._database.run(
            lambda connection: (
                connection.execute(
                    "SELECT 1 FROM assets WHERE id = ? AND thumbnail_id = ?",
                    (asset_id, thumbnail_id),
                ).fetchone()
                is not None
            )
        )

    async def original_path(self, asset_id: str) -> Path:
        """Return the stored file of an asset; it never changes.

        Raises:
            NotFound: there is no such asset.
        """
        return self._contents.path((await self.get(asset_id))["file_id"])

    def file_path(self, row: sqlite3.Row) -> Path:
        return self._contents.path(row["file_id"])

    async def update(self, asset_id: str, *, name: str | None, description: str | None) -> None:
        """Set what is not None.

        Raises:
            NotFound: there is no such asset.
        """

        def work(connection: sqlite3.Connection) -> None:
            row = require(connection, asset_id)
            connection.execute(
                "UPDATE assets SET name = ?, description = ?, updated_at = ? WHERE key = ?",
                (
                    row["name"] if name is None else name,
                    row["description"] if description is None else description,
                    self._clock(),
                    row["key"],
                ),
            )
            index_text(connection, row["key"])

        await self._database.run(work)

    async def copy(self, asset_id: str, author: str) -> sqlite3.Row:
        """Make a second asset of the same file, with the same tags and no collections.

        A copy of a canvas is free, whoever holds the lock of the first, and begins its own history.

        Raises:
            NotFound: there is no such asset.
        """
        at = self._clock()

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            row = require(connection, asset_id)
            values = {name: row[name] for name in row.keys() if name not in _NOT_COPIED}  # noqa: SIM118 - a row
            metadata = json.loads(row["metadata"])
            metadata |= {
                "copiedAt": to_iso(at),
                "originalAssetId": asset_id,
                "sourceProjectId": self._keys.project_id,
            }
            values |= {
                "id": new_id("asset"), "author_id": author, "created_at": at, "updated_at": at,
                "metadata": dump(metadata),
            }  # fmt: skip
            key = insert_row(connection, values)
            connection.execute(
                "INSERT INTO asset_tags (asset_key, tag) "
                "SELECT ?, tag FROM asset_tags WHERE asset_key = ? ORDER BY position",
                (key, row["key"]),
            )
            index_text(connection, key)
            UsageLog.insert(
                connection, at_ms=at, user=author, action="copy-asset", asset_id=values["id"],
                job_id=None, units=Decimal(0), asset_kind=row["kind"],
            )  # fmt: skip
            return row_by_key(connection, key)

        return await self._database.run(work)

    async def delete(self, asset_ids: Sequence[str]) -> None:
        """Put assets into the trash, out of all collections and without their tags.

        A lock does not hinder it, and ends by it: a restored canvas is free.

        Raises:
            NotFound: one does not exist; then none was deleted.
        """

        def work(connection: sqlite3.Connection) -> None:
            at = self._clock()
            for asset_id in dict.fromkeys(asset_ids):
                key = require(connection, asset_id)["key"]
                connection.execute(
                    "UPDATE assets SET deleted_at = ?, updated_at = ? WHERE key = ?", (at, at, key)
                )
                connection.execute("DELETE FROM asset_tags WHERE asset_key = ?", (key,))
                connection.execute("DELETE FROM collection_assets WHERE asset_key = ?", (key,))
                connection.execute("DELETE FROM assets_text WHERE rowid = ?", (key,))
                connection.execute("DELETE FROM canvas_locks WHERE asset_key = ?", (key,))
            drop_unused_tags(connection)

        await self._database.run(work)

    async def restore(self, asset_ids: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
        """Take assets out of the trash.

        Returns:
            The ids restored, and those that were not with a reason: not-found, not-deleted,
            expired.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[str], list[tuple[str, str]]]:
            at = self._clock()
            restored: list[str] = []
            skipped: list[tuple[str, str]] = []
            for asset_id in dict.fromkeys(asset_ids):
                row = connection.execute(
                    "SELECT key, deleted_at FROM assets WHERE id = ?", (asset_id,)
                ).fetchone()
                if row is None:
                    skipped.append((asset_id, "not-found"))
                elif row["deleted_at"] is None:
                    skipped.append((asset_id, "not-deleted"))
                elif row["deleted_at"] <= at - RETENTION_MS:
                    skipped.append((asset_id, "expired"))
                else:
                    connection.execute(
                        "UPDATE assets SET deleted_at = NULL, updated_at = ? WHERE key = ?",
                        (at, row["key"]),
                    )
                    index_text(connection, row["key"])
                    restored.append(asset_id)
            return restored, skipped

        return await self._database.run(work)

    async def change_tags(
        self, asset_id: str, *, add: Sequence[str], delete: Sequence[str], is_strict: bool
    ) -> tuple[list[str], list[str]]:
        """Delete, then add tags.

        Returns:
            What was really added, and what was really deleted.

        Raises:
            NotFound: there is no such asset.
            BadInput: strict, and one to add is there or one to delete is not; nothing changed.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
            key = require(connection, asset_id)["key"]
            before = connection.execute("SELECT tag FROM asset_tags WHERE asset_key = ?", (key,))
            held = {row["tag"] for row in before}
            deleted = [tag for tag in dict.fromkeys(delete) if tag in held]
            held -= set(deleted)
            added = [tag for tag in dict.fromkeys(add) if tag not in held]
            if is_strict and (len(added) < len(add) or len(deleted) < len(delete)):
                raise BadInput("A tag to add is there already, or one to delete is not there.")
            at = self._clock()
            for tag in deleted:
                connection.execute(
                    "DELETE FROM asset_tags WHERE asset_key = ? AND tag = ?", (key, tag)
                )
            for tag in added:
                connection.execute(
                    "INSERT INTO asset_tags (asset_key, tag) VALUES (?, ?)", (key, tag)
                )
                connection.execute("INSERT OR IGNORE INTO tags VALUES (?, ?, ?)", (tag, at, at))
            changed = [*added, *deleted]
            if changed:
                connection.executemany(
                    "UPDATE tags SET updated_at = ? WHERE name = ?", [(at, tag) for tag in changed]
                )
                touch(connection, key, at)
                index_text(connection, key)
            if deleted:
                drop_unused_tags(connection)
            return added, deleted

        return await self._database.run(work)

    def to_wire(self, row: sqlite3.Row) -> dict[str, Any]:
        """Return an asset as it crosses HTTP, with a freshly signed address."""
        metadata: dict[str, Any] = json.loads(row["metadata"])
        metadata |= {"kind": row["kind"], "type": row["type"], "name": row["name"]}
        if row["parent_id"]:
            metadata["parentId"] = row["parent_id"]
            metadata["rootParentId"] = row["root_id"]
        lock_expires_at = row["lock_expires_at"]
        if lock_expires_at is not None and lock_expires_at > self._clock():
            metadata["lockExpiresAt"] = to_iso(lock_expires_at)
        extension = EXTENSIONS[row["mime_type"]]
        wire = {
            "id": row["id"],
            "authorId": row["author_id"],
            "ownerId": self._keys.project_id,
            "kind": row["kind"],
            "source": row["source"],
            "status": row["status"],
            "mimeType": row["mime_type"],
            "privacy": row["privacy"],
            "url": self._links.file(row["file_id"], extension),
            "createdAt": to_iso(row["created_at"]),
            "updatedAt": to_iso(row["updated_at"]),
            "tags": json.loads(row["tag_list"]),
            "collectionIds": json.loads(row["collection_list"]),
            "editCapabilities": ["DETECTION"] if row["kind"] == "image" else [],
            "nsfw": [],
            "isHidden": bool(row["is_hidden"]),
            "properties": {
                name: value
                for name, value in (
                    ("size", row["size_bytes"]),
                    ("width", row["width"]),
                    ("height", row["height"]),
                )
                if value is not None
            },
            "metadata": metadata,
        }
        if row["description"]:
            wire["description"] = row["description"]
        if row["thumbnail_id"]:
            wire["thumbnail"] = {
                "assetId": row["id"],
                "url": self._links.thumbnail(row["id"], row["thumbnail_id"]),
            }
            if row["kind"] != "image":  # the only picture there is of it
                wire["preview"] = wire["thumbnail"]
        if row["deleted_at"] is not None:
            wire["deletedAt"] = to_iso(row["deleted_at"])
        return wire

    @contextlib.asynccontextmanager
    async def _staged(self, file: Path | bytes) -> AsyncIterator[Path]:
        """Yield a file that may be moved away, and leave none behind."""
        staged = file if isinstance(file, Path) else self._contents.new_staged()
        try:
            if isinstance(file, bytes):
                try:
                    await asyncio.to_thread(staged.write_bytes, file)
                except OSError as error:
                    raise store_failure(error) from error
            yield staged
        finally:
            staged.unlink(missing_ok=True)


_NOT_COPIED = {"key", "tag_list", "collection_list", "lock_expires_at", "deleted_at"}


def insert_asset(
    connection: sqlite3.Connection,
    new: NewAsset,
    stored: StoredFile,
    at: int,
    in_transaction: InTransaction | None = None,
) -> sqlite3.Row:
    """Add a row and all that belongs to it, and return it as ``COLUMNS`` says.

    Raises:
        NotFound: the parent or a collection does not exist.
    """
    root_id = None
    if new.parent_id is not None:
        root_id = require(connection, new.parent_id)["root_id"] or new.parent_id
    metadata = dict(new.metadata or {})
    aspect_ratio = metadata.get("aspectRatio")
    if not aspect_ratio and stored.width and stored.height:
        aspect_ratio = ratio(stored.width, stored.height)
    key = insert_row(
        connection,
        {
            "id": new.id, "kind": stored.kind, "type": new.type, "source": new.source,
            "status": "success", "mime_type": stored.mime_type, "privacy": "private",
            "author_id": new.author, "name": new.name, "description": new.description,
            "file_id": stored.file_id, "thumbnail_id": stored.thumbnail_id,
            "size_bytes": stored.size_bytes, "width": stored.width, "height": stored.height,
            "aspect_ratio": aspect_ratio, "parent_id": new.parent_id, "root_id": root_id,
            "inference_id": metadata.get("inferenceId"), "model_id": metadata.get("modelId"),
            "is_hidden": int(new.is_hidden), "metadata": dump(metadata),
            "created_at": at, "updated_at": at,
        },
    )  # fmt: skip
    for collection_id in dict.fromkeys(new.collection_ids):
        put_into_collection(connection, collection_id, [(new.id, key)], at)
    index_text(connection, key)
    if "parentJobId" not in metadata:  # the job itself says what it made
        UsageLog.insert(
            connection, at_ms=at, user=new.author, action="asset", asset_id=new.id, job_id=None,
            units=Decimal(0), asset_kind=stored.kind,
        )  # fmt: skip
    if in_transaction is not None:
        in_transaction(connection, new.id)
    return row_by_key(connection, key)


def unknown_asset(asset_id: str) -> NotFound:
    return NotFound("There is no such asset.", details=asset_id)


def require(connection: sqlite3.Connection, asset_id: str) -> sqlite3.Row:
    """Return the full row of an asset that is not deleted, or raise ``NotFound``."""
    rows = rows_by_id(connection, [asset_id])
    if not rows:
        raise unknown_asset(asset_id)
    return rows[0]


def rows_by_id(connection: sqlite3.Connection, asset_ids: Sequence[str]) -> list[sqlite3.Row]:
    found = connection.execute(
        f"SELECT {COLUMNS} FROM assets a "  # noqa: S608 - constant columns
        "WHERE a.id IN (SELECT value FROM json_each(?)) AND a.deleted_at IS NULL",
        (json.dumps(asset_ids),),
    ).fetchall()
    by_id = {row["id"]: row for row in found}
    return [by_id[asset_id] for asset_id in dict.fromkeys(asset_ids) if asset_id in by_id]


def row_by_key(connection: sqlite3.Connection, key: int) -> sqlite3.Row:
    row: sqlite3.Row = connection.execute(
        f"SELECT {COLUMNS} FROM assets a WHERE a.key = ?",  # noqa: S608 - constant columns
        (key,),
    ).fetchone()
    return row


def insert_row(connection: sqlite3.Connection, values: Mapping[str, Any]) -> int:
    """Insert a row of ``assets`` and return its key."""
    names = ", ".join(values)
    places = ", ".join("?" for _ in values)
    cursor = connection.execute(
        f"INSERT INTO assets ({names}) VALUES ({places})",  # noqa: S608 - names are ours
        tuple(values.values()),
    )
    return int(cursor.lastrowid or 0)


def touch(connection: sqlite3.Connection, key: int, at: int) -> None:
    connection.execute("UPDATE assets SET updated_at = ? WHERE key = ?", (at, key))


def index_text(connection: sqlite3.Connection, key: int) -> None:
    """Bring the full-text row of one asset up to date."""
    connection.execute("DELETE FROM assets_text WHERE rowid = ?", (key,))
    connection.execute(
        "INSERT INTO assets_text (rowid, name, tags, description, prompt) "
        "SELECT key, name, (SELECT group_concat(tag, ' ; ') FROM asset_tags WHERE asset_key = key),"
        " description, json_extract(metadata, '$.prompt') FROM assets WHERE key = ?",
        (key,),
    )


def drop_unused_tags(connection: sqlite3.Connection) -> None:
    connection.execute(
        "DELETE FROM tags WHERE NOT EXISTS (SELECT 1 FROM asset_tags WHERE tag = tags.name)"
    )


def put_into_collection(
    connection: sqlite3.Connection, collection_id: str, assets: Iterable[tuple[str, int]], at: int
) -> None:
    """Add assets (id, key) to a collection.

    Raises:
        NotFound: there is no such collection.
        BadInput: one of them is inside already, which the service takes as an error.
    """
    known = connection.execute(
        "UPDATE collections SET updated_at = ? WHERE id = ?", (at, collection_id)
    )
    if known.rowcount == 0:
        raise NotFound("There is no such collection.", details=collection_id)
    for asset_id, key in assets:
        added = connection.execute(
            "INSERT OR IGNORE INTO collection_assets (collection_id, asset_key) VALUES (?, ?)",
            (collection_id, key),
        )
        if added.rowcount == 0:
            raise BadInput("An asset is already in this collection.", details=asset_id)
        touch(connection, key, at)


def ratio(width: int, height: int) -> str:
    """Return an aspect ratio in lowest terms: ``16:9``."""
    divisor = math.gcd(width, height) or 1
    return f"{width // divisor}:{height // divisor}"


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
