"""The local mirror of a workspace's items; the gallery reads only this.

It may be rebuilt from the server at any time. The one thing in it that the server does not know,
the favourites, is therefore kept a second time in a small file beside it.

Three choices carry the speed at a million rows. Filters and orders are answered from covering
indexes and leave SQLite as one long text of keys, not row by row. Words are indexed some thousand
rows at a time, and always before the next search. What the sidebar counts is counted when rows are
written.
"""

from __future__ import annotations

import logging
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from scenario_desktop.api.models.assets import Asset, Collection
from scenario_desktop.errors import NotFound, StoreFailed
from scenario_desktop.items import Item, ItemQuery, LibraryCounts, Source, TagCount
from scenario_desktop.store import catalogue_generations as generations
from scenario_desktop.store.catalogue_cells import (
    LIBRARY,
    SELECT_CELL,
    STACKED,
    TRASH,
    item_of,
)
from scenario_desktop.store.catalogue_generations import GenerationRecord, GenerationsResult
from scenario_desktop.store.catalogue_index import marks, parts
from scenario_desktop.store.catalogue_order import needs_index
from scenario_desktop.store.catalogue_rows import SELECT_ROW, asset_of
from scenario_desktop.store.catalogue_schema import MIGRATIONS
from scenario_desktop.store.catalogue_tables import Tables, UpsertResult
from scenario_desktop.store.database import Database
from scenario_desktop.store.text import cleaned, folded

log = logging.getLogger(__name__)


class Catalogue:
    """The items of one workspace.

    Attributes:
        was_rebuilt: the former file was damaged and set aside; everything must be read again.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS, cache_mib=24)
        self._tables = Tables(path.with_name(f"{path.stem}.favourites.json"))
        self._database.on_rollback = self._tables.recover

    @property
    def was_rebuilt(self) -> bool:
        return self._database.was_rebuilt

    @property
    def path(self) -> Path:
        return self._database.path

    @property
    def on_damage(self) -> Callable[[StoreFailed], None] | None:
        return self._database.on_damage

    @on_damage.setter
    def on_damage(self, callback: Callable[[StoreFailed], None] | None) -> None:
        self._database.on_damage = callback

    async def open(self) -> None:
        """Open the file; a damaged one is set aside and an empty one begun.

        Raises:
            NewerFile: made by a later version; left untouched.
            StoreFailed: not writable, or the disk is full.
        """
        await self._database.open()
        await self._database.run(self._tables.begin)

    async def aclose(self) -> None:
        """Enter what waits and close the file. May be called twice."""
        try:
            if self._database.is_open and self._tables.index.is_behind:
                await self._database.run(self._tables.flush)
        except StoreFailed as error:
            log.warning("new rows were not indexed; the next start will: %s", error.details)
        finally:
            await self._database.aclose()

    # --- writing ------------------------------------------------------------------------------

    async def upsert_assets(
        self,
        assets: Sequence[Asset],
        *,
        is_forced: bool = False,
        notes: Mapping[str, str] | None = None,
    ) -> UpsertResult:
        """Bring assets in as one transaction; the same or older records change nothing.

        Args:
            is_forced: take records that are older than what is here, too.
            notes: to be kept as by ``set_meta``, in the same transaction: how far a sync came.

        Raises:
            StoreFailed: nothing of the page was kept.
        """

        def work(connection: sqlite3.Connection) -> UpsertResult:
            if notes:
                connection.executemany("REPLACE INTO meta VALUES (?, ?)", notes.items())
            return self._tables.upsert(connection, assets, is_forced)

        return await self._database.run(work)

    async def edit(self, ids: Iterable[str], change: Callable[[Asset], Asset]) -> UpsertResult:
        """Change records that are here, without the server's word; unknown ids are skipped."""
        wanted = list(ids)

        def work(connection: sqlite3.Connection) -> UpsertResult:
            known = self._tables.assets_by_ids(connection, wanted)
            return self._tables.upsert(connection, [change(asset) for asset in known], True)

        return await self._database.run(work)

    async def apply_tags(
        self, ids: Iterable[str], add: Sequence[str], remove: Sequence[str]
    ) -> UpsertResult:
        """Add and remove tags on records that are here."""

        def change(asset: Asset) -> Asset:
            tags = [tag for tag in asset.tags if tag not in remove]
            tags += [tag for tag in dict.fromkeys(add) if tag not in tags]
            return asset.model_copy(update={"tags": tuple(tags)})

        return await self.edit(ids, change)

    async def mark_deleted(self, ids: Iterable[str], at: datetime | None) -> UpsertResult:
        """Move records to the trash, or back with None."""
        return await self.edit(ids, lambda asset: asset.model_copy(update={"deleted_at": at}))

    async def purge(self, ids: Iterable[str]) -> frozenset[int]:
        """Remove records for good; return their keys."""
        wanted = list(ids)
        return await self._database.run(lambda c: self._tables.purge(c, wanted))

    async def set_favourite(self, keys: Iterable[int], is_favourite: bool) -> frozenset[int]:
        """Mark items; return the keys that changed. Survives a rebuild of the catalogue."""
        wanted = list(keys)
        return await self._database.run(
            lambda c: self._tables.set_favourite(c, wanted, is_favourite)
        )

    async def replace_collections(self, collections: Sequence[Collection]) -> None:
        """Take over the full list of collections; those not in it disappear here."""
        await self._database.run(lambda c: self._tables.replace_collections(c, collections))

    async def put_generations(
        self, records: Sequence[GenerationRecord], *, notes: Mapping[str, str] | None = None
    ) -> GenerationsResult:
        """Bring generations in as one transaction, each as a whole: what is not in it goes.

        Args:
            notes: to be kept as by ``set_meta``, in the same transaction.
        """

        def work(connection: sqlite3.Connection) -> GenerationsResult:
            if notes:
                connection.executemany("REPLACE INTO meta VALUES (?, ?)", notes.items())
            former = generations.item_ids(connection, [record.id for record in records])
            assets = [asset for record in records for asset in record.assets]
            result = self._tables.upsert(connection, assets, True)
            gone = former - {cleaned(asset.id) for asset in assets}
            # Rows that wait to be indexed are among the former ones as well: items are written.
            removed = self._tables.purge(connection, list(gone)) if gone else frozenset[int]()
            generations.write(connection, records)
            return GenerationsResult(frozenset(result.inserted), frozenset(result.updated), removed)

        return await self._database.run(work)

    async def drop_generations(self, ids: Iterable[str]) -> frozenset[int]:
        """Remove generations with all their items; return the keys of those."""
        wanted = list(ids)

        def work(connection: sqlite3.Connection) -> frozenset[int]:
            removed = self._tables.purge(connection, list(generations.item_ids(connection, wanted)))
            generations.remove(connection, wanted)
            return removed

        return await self._database.run(work)

    async def purge_source(self, source: Source) -> None:
        """Remove all that came from a service, for good; collections are Scenario's."""

        def work(connection: sqlite3.Connection) -> None:
            number = self._tables.words.get(source, -1)
            found = connection.execute("SELECT id FROM items WHERE source = ?", (number,))
            self._tables.purge(connection, [row[0] for row in found])
            if source is Source.SARTIQ:
                generations.remove(connection, generations.ids_between(connection, None, None))
            else:
                self._tables.replace_collections(connection, ())

        await self._database.run(work)

    async def set_meta(self, name: str, value: str | None) -> None:
        """Keep a small text under a name, such as the sync watermark; None removes it."""

        def work(connection: sqlite3.Connection) -> None:
            if value is None:
                connection.execute("DELETE FROM meta WHERE name = ?", (name,))
            else:
                connection.execute("REPLACE INTO meta VALUES (?, ?)", (name, value))

        await self._database.run(work)

    # --- reading ------------------------------------------------------------------------------

    async def get_meta(self, name: str) -> str | None:
        def work(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
            return str(row[0]) if row else None

        return await self._database.read(work)

    async def ordered_keys(self, query: ItemQuery) -> array[int]:
        """Return the keys of all items of a query, in its order. Cancelling stops the search.

        Returns:
            an array of type code "q"; owned by the caller.
        """
        if self._tables.index.is_behind and needs_index(query):
            await self._database.run(self._tables.flush)
        return await self._database.read(lambda c: self._tables.orders.keys(c, query))

    async def items(self, keys: Iterable[int]) -> dict[int, Item]:
        """Return the items of these keys, in no order; unknown keys are left out."""
        wanted = list(keys)
        return await self._database.read(lambda c: self._tables.items(c, wanted))

    async def item_by_id(self, asset_id: str) -> Item | None:
        keys = await self.keys_by_ids([asset_id])
        items = await self.items(keys.values())
        return next(iter(items.values()), None)

    async def keys_by_ids(self, ids: Iterable[str]) -> dict[str, int]:
        """Return id -> key of those that are here."""
        wanted = list(ids)
        return await self._database.read(lambda c: self._tables.index.keys_of(c, wanted))

    async def ids_after(self, key: int, limit: int) -> dict[int, str]:
        """Return key -> id of Scenario's next items in the library (not the trash) after a key."""

        def work(connection: sqlite3.Connection) -> dict[int, str]:
            rows = connection.execute(
                "SELECT key, id FROM items WHERE key > ? AND place NOT IN (?, ?) "
                "AND source <> ? ORDER BY key LIMIT ?",
                (key, TRASH, STACKED, self._tables.words.get(Source.SARTIQ, -1), limit),
            )
            return {row[0]: row[1] for row in rows}

        return await self._database.read(work)

    async def asset(self, key: int) -> Asset:
        """Return the whole record as last received, without signed addresses.

        Raises:
            NotFound: no item has this key.
        """

        def work(connection: sqlite3.Connection) -> Asset:
            row = connection.execute(SELECT_ROW + "WHERE key = ?", (key,)).fetchone()
            if row is None:
                raise NotFound("This item is no longer in the library.")
            return asset_of(row, self._tables.words)

        return await self._database.read(work)

    async def generation(self, generation_id: str) -> dict[str, Any] | None:
        """Return what the service said of a generation, without its predictions."""
        return await self._database.read(lambda c: generations.data_of(c, generation_id))

    async def generation_digests(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return id -> digest of those generations that are here."""
        wanted = list(ids)
        return await self._database.read(lambda c: generations.digests(c, wanted))

    async def open_generations(self, limit: int) -> list[str]:
        """Return the generations in which something is still in work, newest first."""
        return await self._database.read(lambda c: generations.open_ids(c, limit))

    async def generations_between(
        self, oldest: datetime | None = None, newest: datetime | None = None
    ) -> list[str]:
        """Return the generations created between two times; None leaves an end open."""
        return await self._database.read(lambda c: generations.ids_between(c, oldest, newest))

    async def group_items(self, generation_ids: Iterable[str]) -> list[Item]:
        """Return all items of generations, oldest first; refines too."""
        wanted = list(generation_ids)

        def work(connection: sqlite3.Connection) -> list[Item]:
            found: list[Item] = []
            for part in parts(wanted):
                sql = SELECT_CELL + f"WHERE group_id IN {marks(part)} ORDER BY created, key"
                rows = connection.execute(sql, part)
                found += [item_of(row, self._tables.words.texts) for row in rows]
            return found

        return await self._database.read(work)

    async def groups(self) -> list[array[int]]:
        """Return the keys of each generation that has several items in the library."""

        def work(connection: sqlite3.Connection) -> list[array[int]]:
            sql = (
                "SELECT group_concat(key) FROM items WHERE group_id IS NOT NULL AND place = ?"
                " GROUP BY group_id HAVING count(*) > 1"
            )
            rows = connection.execute(sql, (LIBRARY,))
            return [array("q", map(int, keys.split(","))) for (keys,) in rows]

        return await self._database.read(work)

    async def children(self, asset_id: str) -> list[Item]:
        """Return what was made from an item, newest first."""

        def work(connection: sqlite3.Connection) -> list[Item]:
            rows = connection.execute(
                SELECT_CELL + "WHERE parent_id = ? AND place IN (?, ?) "
                "ORDER BY created DESC, key DESC",
                (cleaned(asset_id), LIBRARY, STACKED),
            )
            return [item_of(row, self._tables.words.texts) for row in rows]

        return await self._database.read(work)

    async def counts(self) -> LibraryCounts:
        """Return all figures of the sidebar; the 500 most used tags."""
        return await self._database.read(self._tables.counts)

    async def complete_tags(self, prefix: str, limit: int = 20) -> list[TagCount]:
        """Return tags that begin so (case and accents aside), most used first."""
        start = folded(prefix.strip())
        if self._tables.index.is_behind:
            await self._database.run(self._tables.flush)

        def work(connection: sqlite3.Connection) -> list[TagCount]:
            rows = connection.execute(
                "SELECT name, count FROM tags WHERE count > 0 AND folded >= ? AND folded < ? "
                "ORDER BY count DESC, folded LIMIT ?",
                (start, start + "\U0010ffff", limit),
            )
            return [TagCount(name, count) for name, count in rows]

        return await self._database.read(work)
