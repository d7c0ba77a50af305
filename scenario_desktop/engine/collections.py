"""Collections of assets, and the tags in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from scenario_desktop.engine.assets import put_into_collection, require, touch
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.keys import Keys, new_id
from scenario_desktop.engine.links import Links
from scenario_desktop.engine.times import now_ms, to_iso
from scenario_desktop.errors import NotFound

#: Marks a value that a request leaves as it is, where None clears it.
UNCHANGED: Any = object()

_SELECT = """
    SELECT c.*, t.id AS cover_id, t.thumbnail_id AS cover,
        (SELECT count(*) FROM collection_assets WHERE collection_id = c.id) AS asset_count
    FROM collections c LEFT JOIN assets t ON t.id = c.thumbnail_asset_id AND t.deleted_at IS NULL
"""


class CollectionStore:
    """The library's collections."""

    def __init__(self, database: Database, *, links: Links, keys: Keys) -> None:
        self._database = database
        self._links = links
        self._keys = keys

    async def page(
        self, size: int, after: tuple[int, str] | None
    ) -> tuple[list[sqlite3.Row], tuple[int, str] | None]:
        """Read a page, newest first, and the place after which the next begins."""

        def work(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            where = "WHERE (c.created_at, c.id) < (?, ?)" if after else ""
            return connection.execute(
                f"{_SELECT} {where} ORDER BY c.created_at DESC, c.id DESC LIMIT ?",
                (*(after or ()), size + 1),
            ).fetchall()

        rows = await self._database.run(work)
        if len(rows) <= size:
            return rows, None
        return rows[:-1], (rows[-2]["created_at"], rows[-2]["id"])

    async def get(self, collection_id: str) -> sqlite3.Row:
        """Return a collection.

        Raises:
            NotFound: there is none of this id.
        """
        return await self._database.run(lambda connection: _require(connection, collection_id))

    async def create(self, name: str) -> sqlite3.Row:
        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            collection_id, at = new_id("collection"), now_ms()
            connection.execute(
                "INSERT INTO collections VALUES (?, ?, NULL, ?, ?)", (collection_id, name, at, at)
            )
            return _require(connection, collection_id)

        return await self._database.run(work)

    async def update(
        self, collection_id: str, *, name: str | None, thumbnail: str | None = UNCHANGED
    ) -> sqlite3.Row:
        """Set the name unless None, and the asset shown as cover unless ``UNCHANGED``.

        Raises:
            NotFound: there is no such collection, or no such asset.
        """

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            row = _require(connection, collection_id)
            cover = row["thumbnail_asset_id"] if thumbnail is UNCHANGED else thumbnail
            if thumbnail is not UNCHANGED and thumbnail is not None:
                require(connection, thumbnail)
            connection.execute(
                "UPDATE collections SET name = ?, thumbnail_asset_id = ?, updated_at = ? "
                "WHERE id = ?",
                (row["name"] if name is None else name, cover, now_ms(), collection_id),
            )
            return _require(connection, collection_id)

        return await self._database.run(work)

    async def delete(self, collection_id: str) -> None:
        """Delete a collection; its assets stay.

        Raises:
            NotFound: there is none of this id.
        """

        def work(connection: sqlite3.Connection) -> None:
            _require(connection, collection_id)
            connection.execute(
                "UPDATE assets SET updated_at = ? WHERE key IN "
                "(SELECT asset_key FROM collection_assets WHERE collection_id = ?)",
                (now_ms(), collection_id),
            )
            connection.execute("DELETE FROM collections WHERE id = ?", (collection_id,))

        await self._database.run(work)

    async def add(self, collection_id: str, asset_ids: Sequence[str]) -> sqlite3.Row:
        """Add assets, all or none.

        Raises:
            NotFound: the collection or an asset does not exist.
            BadInput: an asset is inside already.
        """

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            _require(connection, collection_id)
            assets = [(key, require(connection, key)["key"]) for key in dict.fromkeys(asset_ids)]
            put_into_collection(connection, collection_id, assets, now_ms())
            return _require(connection, collection_id)

        return await self._database.run(work)

    async def remove(self, collection_id: str, asset_ids: Sequence[str]) -> sqlite3.Row:
        """Take assets out; those that are not inside are left alone.

        Raises:
            NotFound: the collection or an asset does not exist.
        """

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            _require(connection, collection_id)
            at = now_ms()
            for asset_id in dict.fromkeys(asset_ids):
                key = require(connection, asset_id)["key"]
                removed = connection.execute(
                    "DELETE FROM collection_assets WHERE collection_id = ? AND asset_key = ?",
                    (collection_id, key),
                )
                if removed.rowcount:
                    touch(connection, key, at)
            connection.execute(
                "UPDATE collections SET updated_at = ? WHERE id = ?", (at, collection_id)
            )
            return _require(connection, collection_id)

        return await self._database.run(work)

    def to_wire(self, row: sqlite3.Row) -> dict[str, Any]:
        wire: dict[str, Any] = {
            "id": row["id"],
            "name": row["name"],
            "ownerId": self._keys.project_id,
            "assetCount": row["asset_count"],
            "modelCount": 0,
            "itemCount": row["asset_count"],
            "createdAt": to_iso(row["created_at"]),
            "updatedAt": to_iso(row["updated_at"]),
        }
        if row["cover"]:
            wire["thumbnail"] = {
                "assetId": row["cover_id"],
                "url": self._links.thumbnail(row["cover_id"], row["cover"]),
            }
        return wire


def _require(connection: sqlite3.Connection, collection_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        f"{_SELECT} WHERE c.id = ?", (collection_id,)
    ).fetchone()
    if row is None:
        raise NotFound("There is no such collection.", details=collection_id)
    return row


def tags_page(connection: sqlite3.Connection, size: int, after: str | None) -> list[sqlite3.Row]:
    """Read up to ``size + 1`` tags in use with their counts, by name, after a name."""
    return connection.execute(
        "SELECT name, created_at, updated_at, "
        "(SELECT count(*) FROM asset_tags WHERE tag = tags.name) AS item_count "
        "FROM tags WHERE name > ? ORDER BY name LIMIT ?",
        (after or "", size + 1),
    ).fetchall()
