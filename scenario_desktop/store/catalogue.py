"""The local mirror of a workspace's items; the gallery reads only this.

It may be rebuilt from the server at any time. The one thing in it that the server does not know,
the favourites, is therefore kept a second time in a small file beside it.

Three choices carry the speed at a million rows. Filters and orders are answered from covering
indexes and leave SQLite as one long text of keys, not row by row. Words are indexed some thousand
rows at a time, and always before the next search. What the sidebar counts is counted when rows are
written.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_desktop.api.models.assets import Asset, Collection
from scenario_desktop.errors import NotFound, StoreFailed
from scenario_desktop.items import (
    CollectionCount,
    Item,
    ItemQuery,
    LibraryCounts,
    Section,
    SortField,
    TagCount,
)
from scenario_desktop.store.catalogue_rows import (
    LIBRARY,
    PUT_ROW,
    SELECT_ROW,
    TRASH,
    Facts,
    Words,
    facts_of,
    item_of,
    moment,
    row_and_facts,
    section_of_type,
    to_json,
)
from scenario_desktop.store.catalogue_schema import MIGRATIONS
from scenario_desktop.store.database import Database
from scenario_desktop.store.files import read_bytes, write_atomic
from scenario_desktop.store.text import cleaned, folded, search_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.int64]

#: Rows whose words wait in memory before they are indexed together: one by one costs four times
#: as much, and this many take some 20 ms.
_TEXT_BATCH: Final = 5_000
_IDS_PER_LOOKUP: Final = 100
#: Up to here a result is sorted by SQLite; above, it is picked out of the cached order.
_SORT_UP_TO: Final = 2_000
#: Results shorter than this (characters) are read without numpy, which costs 60 ms to import.
_SHORT: Final = 150_000
_TAGS_SHOWN: Final = 500
_SORT_COLUMNS: Final = {
    SortField.CREATED: "created",
    SortField.UPDATED: "updated",
    SortField.NAME: "name_key",
}


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
        self._database.on_rollback = self._forget
        self._favourites_file = path.with_name(f"{path.stem}.favourites.json")
        self._favourites: set[str] = set()
        self._words = Words()
        self._tag_ids: dict[str, int] | None = None
        self._collection_keys: dict[str, int] | None = None
        self._next_key: int | None = None
        self._unindexed: dict[int, str] = {}
        self._indexed_to = 0
        self._orders: dict[tuple[int, SortField], Keys] = {}

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
        """Index what is left and close the file. May be called twice."""
        if self._unindexed and not self._database.is_closed:
            await self._database.run(self._index_text)
        await self._database.aclose()

    # --- writing ------------------------------------------------------------------------------

    async def upsert_assets(
        self, assets: Sequence[Asset], *, is_forced: bool = False
    ) -> UpsertResult:
        """Bring assets in as one transaction; the same or older records change nothing.

        Args:
            is_forced: take records that are older than what is here, too.

        Raises:
            StoreFailed: nothing of the page was kept.
        """
        return await self._database.run(lambda c: self._upsert(c, assets, is_forced))

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

    async def apply_collections(
        self, ids: Iterable[str], add: Sequence[str], remove: Sequence[str]
    ) -> UpsertResult:
        """Put records that are here into collections and take them out of others."""

        def change(asset: Asset) -> Asset:
            inside = [item for item in asset.collection_ids if item not in remove]
            inside += [item for item in dict.fromkeys(add) if item not in inside]
            return asset.model_copy(update={"collection_ids": tuple(inside)})

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

    async def put_collection(self, collection: Collection) -> None:
        """Add a collection or take over its name."""
        await self._database.run(lambda c: self._put_collection(c, collection))

    async def drop_collection(self, collection_id: str) -> None:
        """Remove a collection; its items stay."""
        await self._database.run(lambda c: self._drop_collection(c, collection_id))

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
        if self._unindexed and search_words(query.text):
            await self._database.run(self._index_text)
        return await self._database.read(lambda c: self._ordered_keys(c, query))

    async def items(self, keys: Iterable[int]) -> dict[int, Item]:
        """Return the items of these keys, in no order; unknown keys are left out."""
        wanted = list(keys)
        return await self._database.read(lambda c: self._items(c, wanted))

    async def item_by_id(self, asset_id: str) -> Item | None:
        def work(connection: sqlite3.Connection) -> Item | None:
            row = connection.execute(SELECT_ROW + "WHERE id = ?", (cleaned(asset_id),)).fetchone()
            return item_of(row, self._words) if row else None

        return await self._database.read(work)

    async def keys_by_ids(self, ids: Iterable[str]) -> dict[str, int]:
        """Return id -> key of those that are here."""
        wanted = list(ids)

        def work(connection: sqlite3.Connection) -> dict[str, int]:
            return {row[0]: row[1] for row in _known(connection, wanted)}

        return await self._database.read(work)

    async def ids_missing(self, ids: Iterable[str]) -> list[str]:
        """Return those of the ids that are not here, in their order."""
        wanted = list(ids)
        known = await self.keys_by_ids(wanted)
        return [asset_id for asset_id in wanted if asset_id not in known]

    async def ids_after(self, key: int, limit: int) -> dict[int, str]:
        """Return key -> id of the next items of the library (not the trash) after a key."""

        def work(connection: sqlite3.Connection) -> dict[int, str]:
            rows = connection.execute(
                "SELECT key, id FROM items WHERE key > ? AND place <> 1 ORDER BY key LIMIT ?",
                (key, limit),
            )
            return {row[0]: row[1] for row in rows}

        return await self._database.read(work)

    async def ids_besides(self, seen: set[str]) -> list[str]:
        """Return the ids in the library (not the trash) that a full listing did not show."""

        def work(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute("SELECT id FROM items WHERE place <> 1")
            return [row[0] for row in rows if row[0] not in seen]

        return await self._database.read(work)

    async def asset(self, key: int) -> Asset:
        """Return the whole record as last received, without signed addresses.

        Raises:
            NotFound: no item has this key.
        """

        def work(connection: sqlite3.Connection) -> Asset:
            row = connection.execute("SELECT data FROM raw WHERE key = ?", (key,)).fetchone()
            if row is None:
                raise NotFound("This item is no longer in the library.")
            return Asset.model_validate_json(row[0])

        return await self._database.read(work)

    async def children(self, asset_id: str) -> list[Item]:
        """Return what was made from an item, newest first."""

        def work(connection: sqlite3.Connection) -> list[Item]:
            rows = connection.execute(
                SELECT_ROW + "WHERE parent_id = ? AND place = 0 ORDER BY created DESC, key DESC",
                (cleaned(asset_id),),
            )
            return [item_of(row, self._words) for row in rows]

        return await self._database.read(work)

    async def counts(self) -> LibraryCounts:
        """Return all figures of the sidebar; the 500 most used tags."""
        return await self._database.read(self._counts)

    async def complete_tags(self, prefix: str, limit: int = 20) -> list[TagCount]:
        """Return tags that begin so (case and accents aside), most used first."""
        start = folded(prefix.strip())

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
        last: int = connection.execute("SELECT coalesce(max(key), 0) FROM items").fetchone()[0]
        row = connection.execute("SELECT value FROM meta WHERE name = 'text.to'").fetchone()
        # A key is given again only after the last rows were purged and the file was reopened.
        self._indexed_to = min(int(row[0]) if row else 0, last)
        self._next_key = last + 1
        rows = connection.execute(
            "SELECT key, data FROM raw WHERE key > ? ORDER BY key", (self._indexed_to,)
        )
        self._unindexed = {key: _text_of(data) for key, data in rows}

    def _forget(self) -> None:
        """Drop what is remembered of the file: a transaction was undone."""
        self._tag_ids = self._collection_keys = self._next_key = None
        self._unindexed = {}
        self._orders.clear()

    def _remember(self, connection: sqlite3.Connection) -> int:
        """Return the next free key, after reading anew what an undone transaction left in doubt."""
        if self._next_key is None:
            self._begin(connection)
        assert self._next_key is not None  # noqa: S101 - _begin sets it
        return self._next_key

    # --- upsert -------------------------------------------------------------------------------

    def _upsert(
        self, connection: sqlite3.Connection, assets: Sequence[Asset], is_forced: bool
    ) -> UpsertResult:
        first_key = next_key = self._remember(connection)
        latest = {asset.id: asset for asset in assets}
        known = {row[0]: row[1:] for row in _known(connection, latest)}
        favourites = self._favourites
        rows: list[tuple[Any, ...]] = []
        raw: list[tuple[int, bytes]] = []
        entering: list[Facts] = []
        updated: list[int] = []
        unchanged = 0
        for asset_id, asset in latest.items():
            asset, data = to_json(asset)
            before = known.get(asset_id)
            key = next_key if before is None else before[0]
            if before is None:
                next_key += 1
            elif is_forced or moment(asset.updated_at) >= before[2]:
                updated.append(key)
            else:
                unchanged += 1
                continue
            row, facts = row_and_facts(
                connection, self._words, key, asset, data, asset_id in favourites
            )
            if before is not None and before[1] == row[17]:
                updated.pop()
                unchanged += 1
                continue
            rows.append(row)
            raw.append((key, data))
            entering.append(facts)
        leaving = self._facts(connection, updated)
        connection.executemany(PUT_ROW, rows)
        connection.executemany("REPLACE INTO raw VALUES (?, ?)", raw)
        self._move(connection, leaving, entering)
        self._next_key = next_key
        return UpsertResult(tuple(range(first_key, next_key)), tuple(updated), unchanged)

    def _facts(self, connection: sqlite3.Connection, keys: Sequence[int]) -> list[Facts]:
        """Return by what records are listed and counted as they stand in the file."""
        found: list[Facts] = []
        for part in _parts(keys):
            rows = connection.execute(
                "SELECT key, is_favourite, data FROM items JOIN raw USING (key) "  # noqa: S608
                f"WHERE key IN {_marks(part)}",
                part,
            )
            found += [
                facts_of(key, Asset.model_validate_json(data), bool(is_favourite))
                for key, is_favourite, data in rows
            ]
        return found

    def _move(
        self, connection: sqlite3.Connection, leaving: Sequence[Facts], entering: Sequence[Facts]
    ) -> None:
        """Bring all that is kept beside the rows from one state of some records to another."""
        if not (leaving or entering):
            return
        self._orders.clear()
        self._count_sections(connection, leaving, entering)
        self._list(connection, "tag", leaving, entering)
        self._list(connection, "collection", leaving, entering)
        before = {facts.key: facts.text for facts in leaving}
        outdated: list[tuple[str, int, str]] = []
        fresh: list[tuple[int, str]] = []
        after = {facts.key: facts.text for facts in entering}
        for key in before.keys() | after.keys():
            old, new = before.get(key), after.get(key)
            if old == new:
                continue
            if key > self._indexed_to:
                if new is None:
                    self._unindexed.pop(key, None)
                else:
                    self._unindexed[key] = new
                continue
            if old is not None:
                outdated.append(("delete", key, old))
            if new is not None:
                fresh.append((key, new))
        if outdated:
            connection.executemany(
                "INSERT INTO found (found, rowid, text) VALUES (?, ?, ?)", outdated
            )
        if fresh:
            connection.executemany("INSERT INTO found (rowid, text) VALUES (?, ?)", fresh)
        if len(self._unindexed) >= _TEXT_BATCH:
            self._index_text(connection)

    def _count_sections(
        self, connection: sqlite3.Connection, leaving: Iterable[Facts], entering: Iterable[Facts]
    ) -> None:
        change: Counter[Section] = Counter()
        for facts in entering:
            change.update(facts.sections)
        for facts in leaving:
            change.subtract(facts.sections)
        connection.executemany(
            "INSERT INTO counters VALUES (?, ?) "
            "ON CONFLICT (section) DO UPDATE SET count = count + excluded.count",
            [(str(section), count) for section, count in change.items() if count],
        )

    def _list(
        self,
        connection: sqlite3.Connection,
        noun: str,
        leaving: Iterable[Facts],
        entering: Iterable[Facts],
    ) -> None:
        """Bring one of the two membership tables ("tag", "collection") up to date."""
        numbers = self._numbers(connection, noun)
        change: Counter[int] = Counter()
        gone: set[tuple[int, int, int, int]] = set()
        come: set[tuple[int, int, int, int]] = set()
        for all_facts, rows, step in ((leaving, gone, -1), (entering, come, 1)):
            for facts in all_facts:
                for name in facts.tags if noun == "tag" else facts.collections:
                    number = numbers.get(name)
                    if number is None:
                        number = numbers[name] = _new_number(connection, noun, name)
                    rows.add((number, facts.place, facts.created, facts.key))
                    if facts.place == LIBRARY:
                        change[number] += step
        if not (gone or come):
            return
        connection.executemany(
            f"DELETE FROM item_{noun}s WHERE {noun} = ? AND place = ? AND created = ? AND key = ?",  # noqa: S608
            gone - come,
        )
        connection.executemany(
            f"INSERT OR IGNORE INTO item_{noun}s VALUES (?, ?, ?, ?)",  # noqa: S608
            sorted(come - gone),
        )
        identity = "id" if noun == "tag" else "key"
        connection.executemany(
            f"UPDATE {noun}s SET count = count + ? WHERE {identity} = ?",  # noqa: S608
            [(count, number) for number, count in change.items() if count],
        )

    def _numbers(self, connection: sqlite3.Connection, noun: str) -> dict[str, int]:
        if noun == "tag":
            if self._tag_ids is None:
                self._tag_ids = dict(connection.execute("SELECT name, id FROM tags"))
            return self._tag_ids
        if self._collection_keys is None:
            self._collection_keys = dict(connection.execute("SELECT id, key FROM collections"))
        return self._collection_keys

    def _index_text(self, connection: sqlite3.Connection) -> None:
        """Bring the words of new rows into the index, in the order of their keys."""
        last = self._remember(connection) - 1
        connection.executemany(
            "INSERT INTO found (rowid, text) VALUES (?, ?)", sorted(self._unindexed.items())
        )
        connection.execute("REPLACE INTO meta VALUES ('text.to', ?)", (str(last),))
        self._unindexed = {}
        self._indexed_to = last

    def _purge(self, connection: sqlite3.Connection, ids: list[str]) -> frozenset[int]:
        self._remember(connection)
        keys = [row[1] for row in _known(connection, ids)]
        self._move(connection, self._facts(connection, keys), [])
        for table in ("items", "raw"):
            connection.executemany(
                f"DELETE FROM {table} WHERE key = ?",  # noqa: S608 - fixed names
                [(key,) for key in keys],
            )
        return frozenset(keys)

    def _assets_by_ids(self, connection: sqlite3.Connection, ids: list[str]) -> list[Asset]:
        keys = [row[1] for row in _known(connection, ids)]
        found: list[Asset] = []
        for part in _parts(keys):
            rows = connection.execute(
                f"SELECT data FROM raw WHERE key IN {_marks(part)}",  # noqa: S608
                part,
            )
            found += [Asset.model_validate_json(row[0]) for row in rows]
        return found

    # --- favourites ---------------------------------------------------------------------------

    def _set_favourite(
        self, connection: sqlite3.Connection, keys: list[int], is_favourite: bool
    ) -> frozenset[int]:
        self._remember(connection)
        changing = [f for f in self._facts(connection, keys) if f.is_favourite != is_favourite]
        marks = [(key,) for key in sorted(facts.key for facts in changing)]
        ids = [
            connection.execute("SELECT id FROM items WHERE key = ?", mark).fetchone()[0]
            for mark in marks
        ]
        value = "1" if is_favourite else "NULL"
        connection.executemany(
            f"UPDATE items SET is_favourite = {value} WHERE key = ?",  # noqa: S608
            marks,
        )
        self._count_sections(
            connection, changing, [replace(f, is_favourite=is_favourite) for f in changing]
        )
        if is_favourite:
            sql = "INSERT OR IGNORE INTO favourites VALUES (?)"
            favourites = self._favourites | set(ids)
        else:
            sql = "DELETE FROM favourites WHERE id = ?"
            favourites = self._favourites - set(ids)
        connection.executemany(sql, [(item,) for item in ids])
        write_atomic(self._favourites_file, json.dumps(sorted(favourites)).encode())
        self._favourites = favourites
        return frozenset(facts.key for facts in changing)

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
        self._collection_keys = None

    def _drop_collection(self, connection: sqlite3.Connection, collection_id: str) -> None:
        number = self._numbers(connection, "collection").get(cleaned(collection_id))
        if number is not None:
            connection.execute("DELETE FROM item_collections WHERE collection = ?", (number,))
            connection.execute("DELETE FROM collections WHERE key = ?", (number,))
        self._collection_keys = None

    # --- reading ------------------------------------------------------------------------------

    def _items(self, connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, Item]:
        found: dict[int, Item] = {}
        for part in _parts(keys):
            for row in connection.execute(SELECT_ROW + "WHERE key IN " + _marks(part), part):
                found[row[0]] = item_of(row, self._words)
        return found

    def _counts(self, connection: sqlite3.Connection) -> LibraryCounts:
        known = dict(connection.execute("SELECT section, count FROM counters"))
        tags = connection.execute(
            "SELECT name, count FROM tags WHERE count > 0 ORDER BY count DESC, folded LIMIT ?",
            (_TAGS_SHOWN,),
        )
        collections = connection.execute(
            "SELECT id, name, count FROM collections WHERE name IS NOT NULL"
        )
        return LibraryCounts(
            sections={section: int(known.get(str(section), 0)) for section in Section},
            tags=tuple(TagCount(name, count) for name, count in tags),
            collections=tuple(
                sorted((CollectionCount(*row) for row in collections), key=lambda c: folded(c.name))
            ),
        )

    # --- orders and filters -------------------------------------------------------------------

    def _ordered_keys(self, connection: sqlite3.Connection, query: ItemQuery) -> array[int]:
        place = TRASH if query.section is Section.TRASH else LIBRARY
        direct = self._direct(connection, query, place)
        if direct is not None:
            sql, parameters = direct
            return _keys(_joined(connection, sql, parameters))
        chosen = self._chosen(connection, query, place)
        if chosen is None:
            return array("q")
        return self._in_order(connection, query, place, chosen)

    def _direct(
        self, connection: sqlite3.Connection, query: ItemQuery, place: int
    ) -> tuple[str, tuple[Any, ...]] | None:
        """Return the query if one covering index holds both the filter and the order."""
        if query.kinds or query.types or query.statuses or query.without_tags:
            return None
        if search_words(query.text) or query.parent_id:
            return None
        if query.section not in (Section.ALL, Section.TRASH):
            return None
        end = "DESC" if query.is_descending else "ASC"
        if not query.tags and not query.collection_id:
            column = _SORT_COLUMNS[query.sort]
            return (
                f"SELECT key FROM items WHERE place = ? ORDER BY {column} {end}, key {end}",  # noqa: S608
                (place,),
            )
        if query.sort is not SortField.CREATED or len(query.tags) + bool(query.collection_id) > 1:
            return None
        noun = "tag" if query.tags else "collection"
        name = cleaned(query.tags[0] if query.tags else query.collection_id or "")
        return (
            f"SELECT key FROM item_{noun}s WHERE {noun} = ? AND place = ? "  # noqa: S608
            f"ORDER BY created {end}, key {end}",
            (self._numbers(connection, noun).get(name), place),
        )

    def _chosen(
        self, connection: sqlite3.Connection, query: ItemQuery, place: int
    ) -> Choice | None:
        """Return what passes the filters; None when that is nothing for sure."""
        wanted: list[str] = []
        unwanted: list[str] = []
        for name in query.tags:
            wanted.append(self._members(connection, "tag", name, place))
        if query.collection_id:
            wanted.append(self._members(connection, "collection", query.collection_id, place))
        if query.parent_id:
            wanted.append(
                _joined(
                    connection,
                    "SELECT key FROM items WHERE parent_id = ? AND place = ?",
                    (cleaned(query.parent_id), place),
                )
            )
        facets = self._facets(query)
        if facets is not None:
            condition, parameters = facets
            wanted.append(
                _joined(
                    connection,
                    f"SELECT key FROM items WHERE place = ? AND {condition}",  # noqa: S608
                    (place, *parameters),
                )
            )
        words = search_words(query.text)
        if words:
            wanted.append(_matches(connection, words))
        if not all(wanted):
            return None
        for name in query.without_tags:
            unwanted.append(self._members(connection, "tag", name, place))
        return Choice(tuple(wanted), tuple(filter(None, unwanted)))

    def _members(self, connection: sqlite3.Connection, noun: str, name: str, place: int) -> str:
        return _joined(
            connection,
            f"SELECT key FROM item_{noun}s WHERE {noun} = ? AND place = ?",  # noqa: S608
            (self._numbers(connection, noun).get(cleaned(name)), place),
        )

    def _facets(self, query: ItemQuery) -> tuple[str, tuple[int, ...]] | None:
        conditions: list[str] = []
        parameters: list[int] = []
        types: set[int] | None = None
        if query.section in (Section.CONTROL_MAPS, Section.CANVASES, Section.GENERATIONS):
            types = {n for word, n in self._words if section_of_type(word) is query.section}
        if query.types:
            asked = {n for word in query.types if (n := self._words.known(word)) is not None}
            types = asked if types is None else types & asked
        if types is not None:
            conditions.append(f"type IN {_marks(types)}")
            parameters += types
        for column, words in (("kind", query.kinds), ("status", query.statuses)):
            if words:
                numbers = [n for word in words if (n := self._words.known(word)) is not None]
                conditions.append(f"{column} IN {_marks(numbers)}")
                parameters += numbers
        if query.section is Section.FAVOURITES:
            conditions.append("is_favourite")
        return (" AND ".join(conditions), tuple(parameters)) if conditions else None

    def _in_order(
        self, connection: sqlite3.Connection, query: ItemQuery, place: int, choice: Choice
    ) -> array[int]:
        import numpy as np

        least = min(choice.wanted, key=len, default="")
        if choice.wanted and least.count(",") < _SORT_UP_TO:
            keys = set(_keys(least))
            for text in choice.wanted:
                if text is not least:
                    keys &= set(_keys(text))
            for text in choice.unwanted:
                keys -= set(_keys(text))
            return self._sorted(connection, query, place, keys)
        order = self._order(connection, place, query.sort)
        if not len(order):
            return array("q")
        passes: NDArray[np.bool_] | None = None
        size = int(order.max()) + 1
        for text in choice.wanted:
            these = np.zeros(size, dtype=np.bool_)
            keys_here = _numbers(text)
            these[keys_here[keys_here < size]] = True
            passes = these if passes is None else passes & these
        if passes is None:
            passes = np.ones(size, dtype=np.bool_)
        for text in choice.unwanted:
            passes[_numbers(text)] = False
        found = order[passes[order]]
        return _array(found[::-1] if query.is_descending else found)

    def _sorted(
        self, connection: sqlite3.Connection, query: ItemQuery, place: int, keys: set[int]
    ) -> array[int]:
        end = "DESC" if query.is_descending else "ASC"
        rows = connection.execute(
            "SELECT key FROM items WHERE key IN (SELECT value FROM json_each(?)) AND place = ? "  # noqa: S608
            f"ORDER BY {_SORT_COLUMNS[query.sort]} {end}, key {end}",
            (json.dumps(list(keys)), place),
        )
        return array("q", [row[0] for row in rows])

    def _order(self, connection: sqlite3.Connection, place: int, sort: SortField) -> Keys:
        """Return all keys of a place in ascending order; kept until the next change."""
        order = self._orders.get((place, sort))
        if order is None:
            column = _SORT_COLUMNS[sort]
            order = self._orders[place, sort] = _numbers(
                _joined(
                    connection,
                    f"SELECT key FROM items WHERE place = ? ORDER BY {column}, key",  # noqa: S608
                    (place,),
                )
            )
        return order


@dataclass(frozen=True, slots=True)
class Choice:
    """Sets of keys, each one comma-joined text: in all of the wanted, none of the unwanted."""

    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]


def _known(connection: sqlite3.Connection, ids: Iterable[str]) -> list[tuple[str, int, int, int]]:
    """Return (id, key, digest, updated) of those that are here."""
    found: list[tuple[str, int, int, int]] = []
    for part in _parts([cleaned(item) for item in ids]):
        found += connection.execute(
            f"SELECT id, key, digest, updated FROM items WHERE id IN {_marks(part)}",  # noqa: S608
            part,
        )
    return found


def _parts(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Cut into parts of few distinct lengths, so that SQLite finds its prepared statements."""
    for start in range(0, len(values), _IDS_PER_LOOKUP):
        yield values[start : start + _IDS_PER_LOOKUP]


def _marks(values: Sequence[Any] | set[Any]) -> str:
    return f"({','.join('?' * len(values))})"


def _new_number(connection: sqlite3.Connection, noun: str, name: str) -> int:
    if noun == "tag":
        sql, values = "INSERT INTO tags (name, folded) VALUES (?, ?)", (name, folded(name))
    else:
        # Its name comes with the list of collections; until then it is not shown.
        sql, values = "INSERT INTO collections (id) VALUES (?)", (name,)  # type: ignore[assignment]
    return connection.execute(sql, values).lastrowid or 0


def _text_of(data: bytes) -> str:
    return facts_of(0, Asset.model_validate_json(data), False).text


def _joined(connection: sqlite3.Connection, sql: str, parameters: tuple[Any, ...]) -> str:
    # One text instead of a million rows: three times as fast as a cursor. SQLite keeps the order
    # of an inner query for group_concat.
    row = connection.execute(f"SELECT group_concat(key) FROM ({sql})", parameters).fetchone()  # noqa: S608
    return row[0] or ""


def _matches(connection: sqlite3.Connection, words: Sequence[str]) -> str:
    try:
        return _joined(
            connection,
            "SELECT rowid AS key FROM found WHERE found MATCH ?",
            (" ".join(f'"{word}"*' for word in words),),
        )
    except sqlite3.OperationalError as error:
        # A letter newer than SQLite's tables falls apart into a phrase, which is not indexed.
        if "phrase" not in str(error):
            raise
        return ""


def _keys(text: str) -> array[int]:
    if not text:
        return array("q")
    if len(text) < _SHORT and "numpy" not in sys.modules:
        return array("q", map(int, text.split(",")))
    return _array(_numbers(text))


def _numbers(text: str) -> Keys:
    import numpy as np

    return np.fromstring(text, dtype=np.int64, sep=",")


def _array(numbers: Keys) -> array[int]:
    result = array("q")
    result.frombytes(numbers.tobytes())
    return result
