"""The local mirror of a workspace's items; the gallery reads only this.

It may be rebuilt from the server at any time. The one thing in it that the server does not know,
the favourites, is therefore kept a second time in a small file beside it.

Three choices carry the speed at a million rows. Filters and orders are answered from covering
indexes and leave SQLite as one long text of keys, not row by row. Words are indexed some thousand
rows at a time, and always before the next search. What the sidebar counts is counted when rows are
written.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from scenario_desktop.api.models.assets import Asset, Collection
from scenario_desktop.errors import NotFound, StoreFailed
from scenario_desktop.items import (
    CollectionCount,
    Item,
    ItemQuery,
    LibraryCounts,
    Section,
    Source,
    TagCount,
)
from scenario_desktop.store import catalogue_generations as generations
from scenario_desktop.store.catalogue_cells import (
    LIBRARY,
    SELECT_CELL,
    STACKED,
    TRASH,
    Row,
    item_of,
)
from scenario_desktop.store.catalogue_generations import GenerationRecord, GenerationsResult
from scenario_desktop.store.catalogue_index import Index, marks, parts
from scenario_desktop.store.catalogue_order import Orders, needs_index
from scenario_desktop.store.catalogue_rows import (
    INSERT_ROW,
    SELECT_ROW,
    UPDATE_ROW,
    UPDATED,
    Facts,
    Words,
    asset_of,
    encode,
    facts_of,
)
from scenario_desktop.store.catalogue_schema import MIGRATIONS
from scenario_desktop.store.database import Database
from scenario_desktop.store.files import read_bytes, write_atomic
from scenario_desktop.store.text import cleaned, folded

log = logging.getLogger(__name__)

_TAGS_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """What a page of assets changed here.

    Attributes:
        inserted: keys of rows that are new.
        updated: keys of rows that differ from before.
        unchanged: how many were here already, the same or newer.
    """

    inserted: tuple[int, ...] = ()
    updated: tuple[int, ...] = ()
    unchanged: int = 0

    @property
    def keys(self) -> frozenset[int]:
        return frozenset(self.inserted + self.updated)


class Catalogue:
    """The items of one workspace.

    Attributes:
        was_rebuilt: the former file was damaged and set aside; everything must be read again.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS, cache_mib=24)
        self._database.on_rollback = self._recover
        self._favourites_file = path.with_name(f"{path.stem}.favourites.json")
        self._favourites: set[str] = set()
        self._words = Words()
        self._index = Index(self._words)
        self._orders = Orders(self._words, self._index)

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
        await self._database.run(self._begin)

    async def aclose(self) -> None:
        """Enter what waits and close the file. May be called twice."""
        try:
            if self._database.is_open and self._index.is_behind:
                await self._database.run(self._flush)
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
            return self._upsert(connection, assets, is_forced)

        return await self._database.run(work)

    async def edit(self, ids: Iterable[str], change: Callable[[Asset], Asset]) -> UpsertResult:
        """Change records that are here, without the server's word; unknown ids are skipped."""
        wanted = list(ids)

        def work(connection: sqlite3.Connection) -> UpsertResult:
            known = self._assets_by_ids(connection, wanted)
            return self._upsert(connection, [change(asset) for asset in known], True)

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
        return await self._database.run(lambda c: self._purge(c, wanted))

    async def set_favourite(self, keys: Iterable[int], is_favourite: bool) -> frozenset[int]:
        """Mark items; return the keys that changed. Survives a rebuild of the catalogue."""
        wanted = list(keys)
        return await self._database.run(lambda c: self._set_favourite(c, wanted, is_favourite))

    async def replace_collections(self, collections: Sequence[Collection]) -> None:
        """Take over the full list of collections; those not in it disappear here."""
        await self._database.run(lambda c: self._replace_collections(c, collections))

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
            result = self._upsert(connection, assets, True)
            gone = former - {cleaned(asset.id) for asset in assets}
            # Rows that wait to be indexed are among the former ones as well: items are written.
            removed = self._purge(connection, list(gone)) if gone else frozenset[int]()
            generations.write(connection, records)
            return GenerationsResult(frozenset(result.inserted), frozenset(result.updated), removed)

        return await self._database.run(work)

    async def drop_generations(self, ids: Iterable[str]) -> frozenset[int]:
        """Remove generations with all their items; return the keys of those."""
        wanted = list(ids)

        def work(connection: sqlite3.Connection) -> frozenset[int]:
            removed = self._purge(connection, list(generations.item_ids(connection, wanted)))
            generations.remove(connection, wanted)
            return removed

        return await self._database.run(work)

    async def purge_source(self, source: Source) -> None:
        """Remove all that came from a service, for good; collections are Scenario's."""

        def work(connection: sqlite3.Connection) -> None:
            number = self._words.get(source, -1)
            found = connection.execute("SELECT id FROM items WHERE source = ?", (number,))
            self._purge(connection, [row[0] for row in found])
            if source is Source.SARTIQ:
                generations.remove(connection, generations.ids_between(connection, None, None))
            else:
                self._replace_collections(connection, ())

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
        if self._index.is_behind and needs_index(query):
            await self._database.run(self._flush)
        return await self._database.read(lambda c: self._orders.keys(c, query))

    async def items(self, keys: Iterable[int]) -> dict[int, Item]:
        """Return the items of these keys, in no order; unknown keys are left out."""
        wanted = list(keys)
        return await self._database.read(lambda c: self._items(c, wanted))

    async def item_by_id(self, asset_id: str) -> Item | None:
        keys = await self.keys_by_ids([asset_id])
        items = await self.items(keys.values())
        return next(iter(items.values()), None)

    async def keys_by_ids(self, ids: Iterable[str]) -> dict[str, int]:
        """Return id -> key of those that are here."""
        wanted = list(ids)
        return await self._database.read(lambda c: self._index.keys_of(c, wanted))

    async def ids_missing(self, ids: Iterable[str]) -> list[str]:
        """Return those of the ids that are not here, in their order."""
        wanted = list(ids)
        known = await self.keys_by_ids(wanted)
        return [asset_id for asset_id in wanted if asset_id not in known]

    async def ids_after(self, key: int, limit: int) -> dict[int, str]:
        """Return key -> id of Scenario's next items in the library (not the trash) after a key."""

        def work(connection: sqlite3.Connection) -> dict[int, str]:
            rows = connection.execute(
                "SELECT key, id FROM items WHERE key > ? AND place NOT IN (?, ?) "
                "AND source <> ? ORDER BY key LIMIT ?",
                (key, TRASH, STACKED, self._words.get(Source.SARTIQ, -1), limit),
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
            return asset_of(row, self._words)

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
                found += [item_of(row, self._words.texts) for row in rows]
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
            return [item_of(row, self._words.texts) for row in rows]

        return await self._database.read(work)

    async def counts(self) -> LibraryCounts:
        """Return all figures of the sidebar; the 500 most used tags."""
        return await self._database.read(self._counts)

    async def complete_tags(self, prefix: str, limit: int = 20) -> list[TagCount]:
        """Return tags that begin so (case and accents aside), most used first."""
        start = folded(prefix.strip())
        if self._index.is_behind:
            await self._database.run(self._flush)

        def work(connection: sqlite3.Connection) -> list[TagCount]:
            rows = connection.execute(
                "SELECT name, count FROM tags WHERE count > 0 AND folded >= ? AND folded < ? "
                "ORDER BY count DESC, folded LIMIT ?",
                (start, start + "\U0010ffff", limit),
            )
            return [TagCount(name, count) for name, count in rows]

        return await self._database.read(work)

    # --- beginning and forgetting -------------------------------------------------------------

    def _begin(self, connection: sqlite3.Connection) -> None:
        self._words.load(connection)
        marked = {row[0] for row in connection.execute("SELECT id FROM favourites")}
        lost = self._read_favourites() - marked
        connection.executemany("INSERT INTO favourites VALUES (?)", [(item,) for item in lost])
        self._favourites = marked | lost
        self._index.load(connection, self._favourites)

    def _recover(self, connection: sqlite3.Connection) -> None:
        """Read anew what is remembered of the file: a transaction was undone."""
        self._index.forget()
        self._orders.forget()
        with contextlib.suppress(sqlite3.Error):  # the next write tries again, and tells
            self._begin(connection)

    def _flush(self, connection: sqlite3.Connection) -> None:
        self._next_key(connection)
        self._index.flush(connection)

    def _next_key(self, connection: sqlite3.Connection) -> int:
        """Return the next free key, after reading anew what could not be read before."""
        if self._index.next_key is None:
            self._begin(connection)
        assert self._index.next_key is not None  # noqa: S101 - _begin sets it
        return self._index.next_key

    # --- rows ---------------------------------------------------------------------------------

    def _upsert(
        self, connection: sqlite3.Connection, assets: Sequence[Asset], is_forced: bool
    ) -> UpsertResult:
        first_key = next_key = self._next_key(connection)
        latest = {asset.id: asset for asset in assets}
        known = self._index.keys_of(connection, latest)
        before = self._rows(connection, list(known.values()))
        favourites, words = self._favourites, self._words
        rows: list[Row] = []
        entering: list[Facts] = []
        changed: list[tuple[Row, Facts]] = []
        for asset_id, asset in latest.items():
            key = known.get(asset_id)
            if key is None:
                row, facts = encode(next_key, asset, words, favourites)
                rows.append(row)
                entering.append(facts)
                next_key += 1
                continue
            row, facts = encode(key, asset, words, favourites)
            former = before[key]
            if row != former and (is_forced or row[UPDATED] >= former[UPDATED]):
                changed.append((row, facts))
        if rows:
            connection.executemany(INSERT_ROW, rows)
        updated = self._change(connection, changed, before) if changed else ()
        self._index.add(entering)
        self._index.flush_if_long(connection)
        if rows or changed:
            self._orders.forget()
        self._index.next_key = next_key
        return UpsertResult(tuple(range(first_key, next_key)), updated, len(known) - len(changed))

    def _change(
        self,
        connection: sqlite3.Connection,
        changed: Sequence[tuple[Row, Facts]],
        before: dict[int, Row],
    ) -> tuple[int, ...]:
        keys = tuple(row[0] for row, _ in changed)
        leaving = [facts_of(before[key], self._words, self._favourites) for key in keys]
        connection.executemany(UPDATE_ROW, [(*row, row[0]) for row, _ in changed])
        self._index.move(connection, leaving, [facts for _, facts in changed])
        return keys

    def _rows(self, connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, Row]:
        found: dict[int, Row] = {}
        for part in parts(keys):
            for row in connection.execute(SELECT_ROW + f"WHERE key IN {marks(part)}", part):
                found[row[0]] = row
        return found

    def _purge(self, connection: sqlite3.Connection, ids: list[str]) -> frozenset[int]:
        self._next_key(connection)
        keys = list(self._index.keys_of(connection, ids).values())
        rows = self._rows(connection, keys).values()
        leaving = [facts_of(row, self._words, self._favourites) for row in rows]
        self._index.move(connection, leaving, [])
        self._orders.forget()
        connection.executemany("DELETE FROM items WHERE key = ?", [(key,) for key in keys])
        return frozenset(keys)

    def _assets_by_ids(self, connection: sqlite3.Connection, ids: list[str]) -> list[Asset]:
        self._next_key(connection)
        keys = list(self._index.keys_of(connection, ids).values())
        rows = self._rows(connection, keys).values()
        return [asset_of(row, self._words) for row in rows]

    # --- favourites ---------------------------------------------------------------------------

    def _set_favourite(
        self, connection: sqlite3.Connection, keys: list[int], is_favourite: bool
    ) -> frozenset[int]:
        self._next_key(connection)
        rows = self._rows(connection, keys).values()
        facts = [facts_of(row, self._words, self._favourites) for row in rows]
        changing = [item for item in facts if item.is_favourite != is_favourite]
        connection.executemany(
            "UPDATE items SET is_favourite = ? WHERE key = ?",
            [(is_favourite or None, item.key) for item in changing],
        )
        changed = [item._replace(is_favourite=is_favourite) for item in changing]
        self._index.move(connection, changing, changed)
        ids = {item.id for item in changing}
        if is_favourite:
            favourites = self._favourites | ids
            sql = "INSERT OR IGNORE INTO favourites VALUES (?)"
        else:
            favourites = self._favourites - ids
            sql = "DELETE FROM favourites WHERE id = ?"
        connection.executemany(sql, [(item,) for item in ids])
        write_atomic(self._favourites_file, json.dumps(sorted(favourites)).encode())
        self._favourites = favourites
        return frozenset(item.key for item in changing)

    def _read_favourites(self) -> set[str]:
        data = read_bytes(self._favourites_file)
        if data is None:
            return set()
        try:
            ids = json.loads(data)
        except ValueError:
            return set()
        return {item for item in ids if isinstance(item, str)} if isinstance(ids, list) else set()

    # --- collections --------------------------------------------------------------------------

    def _replace_collections(
        self, connection: sqlite3.Connection, collections: Sequence[Collection]
    ) -> None:
        for collection in collections:
            self._put_collection(connection, collection)
        kept = {cleaned(collection.id) for collection in collections}
        for (collection_id,) in connection.execute("SELECT id FROM collections").fetchall():
            if collection_id not in kept:
                self._drop_collection(connection, collection_id)

    def _put_collection(self, connection: sqlite3.Connection, collection: Collection) -> None:
        connection.execute(
            "INSERT INTO collections (id, name) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            (cleaned(collection.id), cleaned(collection.name)),
        )
        self._index.forget_numbers("collection")

    def _drop_collection(self, connection: sqlite3.Connection, collection_id: str) -> None:
        number = self._index.number_of(connection, "collection", collection_id)
        if number is None:
            return
        self._index.flush(connection)
        members = connection.execute(
            "SELECT id FROM items WHERE key IN "
            "(SELECT key FROM item_collections WHERE collection = ?)",
            (number,),
        ).fetchall()
        inside = self._assets_by_ids(connection, [row[0] for row in members])
        self._upsert(connection, [_without_collection(a, collection_id) for a in inside], True)
        connection.execute("DELETE FROM collections WHERE key = ?", (number,))
        self._index.forget_numbers("collection")

    # --- reading ------------------------------------------------------------------------------

    def _items(self, connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, Item]:
        found: dict[int, Item] = {}
        for part in parts(keys):
            for row in connection.execute(SELECT_CELL + f"WHERE key IN {marks(part)}", part):
                found[row[0]] = item_of(row, self._words.texts)
        return found

    def _counts(self, connection: sqlite3.Connection) -> LibraryCounts:
        sections, tags, collections = self._index.waiting_counts()
        for section, count in connection.execute("SELECT section, count FROM counters"):
            sections[Section(section)] += count
        sql = "SELECT name, count FROM tags ORDER BY count DESC LIMIT ?"
        for tag, count in connection.execute(sql, (_TAGS_SHOWN + len(tags),)):
            tags[tag] += count
        sql = "SELECT id, name, count FROM collections WHERE name IS NOT NULL"
        return LibraryCounts(
            sections={section: max(0, sections[section]) for section in Section},
            tags=tuple(
                TagCount(tag, count)
                for tag, count in sorted(tags.items(), key=lambda t: (-t[1], folded(t[0])))
                if count > 0
            )[:_TAGS_SHOWN],
            collections=tuple(
                sorted(
                    (
                        CollectionCount(identity, name, count + collections[identity])
                        for identity, name, count in connection.execute(sql)
                    ),
                    key=lambda c: folded(c.name),
                )
            ),
        )


def _without_collection(asset: Asset, collection_id: str) -> Asset:
    kept = tuple(item for item in asset.collection_ids if item != collection_id)
    return asset.model_copy(update={"collection_ids": kept})
