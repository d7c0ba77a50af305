"""The work on an open catalogue: rows with their index, counts, favourites and collections.

All of it runs on the database's thread, inside one transaction a call.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scenario_desktop.api.models.assets import Asset, Collection
from scenario_desktop.items import CollectionCount, Item, LibraryCounts, Section, TagCount
from scenario_desktop.store.catalogue_cells import SELECT_CELL, Row, item_of
from scenario_desktop.store.catalogue_index import Index, marks, parts
from scenario_desktop.store.catalogue_order import Orders
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
from scenario_desktop.store.files import read_bytes, write_atomic
from scenario_desktop.store.text import cleaned, folded

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


class Tables:
    """The tables of one catalogue, and what is remembered of them.

    Attributes:
        words: the numbers that stand for texts that recur.
        index: finds keys by id and by words; new rows wait in it.
        orders: the answers to queries.
    """

    def __init__(self, favourites_file: Path) -> None:
        """
        Args:
            favourites_file: where they are kept a second time.
        """
        self._favourites_file = favourites_file
        self._favourites: set[str] = set()
        self.words = Words()
        self.index = Index(self.words)
        self.orders = Orders(self.words, self.index)

    # --- beginning and forgetting -------------------------------------------------------------

    def begin(self, connection: sqlite3.Connection) -> None:
        """Read what is remembered of the file."""
        self.words.load(connection)
        marked = {row[0] for row in connection.execute("SELECT id FROM favourites")}
        lost = self._read_favourites() - marked
        connection.executemany("INSERT INTO favourites VALUES (?)", [(item,) for item in lost])
        self._favourites = marked | lost
        self.index.load(connection, self._favourites)

    def recover(self, connection: sqlite3.Connection) -> None:
        """Read anew what is remembered of the file: a transaction was undone."""
        self.index.forget()
        self.orders.forget()
        with contextlib.suppress(sqlite3.Error):  # the next write tries again, and tells
            self.begin(connection)

    def flush(self, connection: sqlite3.Connection) -> None:
        """Enter what waits into the index."""
        self._next_key(connection)
        self.index.flush(connection)

    def _next_key(self, connection: sqlite3.Connection) -> int:
        """Return the next free key, after reading anew what could not be read before."""
        if self.index.next_key is None:
            self.begin(connection)
        assert self.index.next_key is not None  # noqa: S101 - begin sets it
        return self.index.next_key

    # --- rows ---------------------------------------------------------------------------------

    def upsert(
        self, connection: sqlite3.Connection, assets: Sequence[Asset], is_forced: bool
    ) -> UpsertResult:
        first_key = next_key = self._next_key(connection)
        latest = {asset.id: asset for asset in assets}
        known = self.index.keys_of(connection, latest)
        before = self.rows(connection, list(known.values()))
        favourites, words = self._favourites, self.words
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
        self.index.add(entering)
        self.index.flush_if_long(connection)
        if rows or changed:
            self.orders.forget()
        self.index.next_key = next_key
        return UpsertResult(tuple(range(first_key, next_key)), updated, len(known) - len(changed))

    def _change(
        self,
        connection: sqlite3.Connection,
        changed: Sequence[tuple[Row, Facts]],
        before: dict[int, Row],
    ) -> tuple[int, ...]:
        keys = tuple(row[0] for row, _ in changed)
        leaving = [facts_of(before[key], self.words, self._favourites) for key in keys]
        connection.executemany(UPDATE_ROW, [(*row, row[0]) for row, _ in changed])
        self.index.move(connection, leaving, [facts for _, facts in changed])
        return keys

    def rows(self, connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, Row]:
        found: dict[int, Row] = {}
        for part in parts(keys):
            for row in connection.execute(SELECT_ROW + f"WHERE key IN {marks(part)}", part):
                found[row[0]] = row
        return found

    def purge(self, connection: sqlite3.Connection, ids: list[str]) -> frozenset[int]:
        self._next_key(connection)
        keys = list(self.index.keys_of(connection, ids).values())
        rows = self.rows(connection, keys).values()
        leaving = [facts_of(row, self.words, self._favourites) for row in rows]
        self.index.move(connection, leaving, [])
        self.orders.forget()
        connection.executemany("DELETE FROM items WHERE key = ?", [(key,) for key in keys])
        return frozenset(keys)

    def assets_by_ids(self, connection: sqlite3.Connection, ids: list[str]) -> list[Asset]:
        self._next_key(connection)
        keys = list(self.index.keys_of(connection, ids).values())
        rows = self.rows(connection, keys).values()
        return [asset_of(row, self.words) for row in rows]

    # --- favourites ---------------------------------------------------------------------------

    def set_favourite(
        self, connection: sqlite3.Connection, keys: list[int], is_favourite: bool
    ) -> frozenset[int]:
        self._next_key(connection)
        rows = self.rows(connection, keys).values()
        facts = [facts_of(row, self.words, self._favourites) for row in rows]
        changing = [item for item in facts if item.is_favourite != is_favourite]
        connection.executemany(
            "UPDATE items SET is_favourite = ? WHERE key = ?",
            [(is_favourite or None, item.key) for item in changing],
        )
        changed = [item._replace(is_favourite=is_favourite) for item in changing]
        self.index.move(connection, changing, changed)
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

    def replace_collections(
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
        self.index.forget_numbers("collection")

    def _drop_collection(self, connection: sqlite3.Connection, collection_id: str) -> None:
        number = self.index.number_of(connection, "collection", collection_id)
        if number is None:
            return
        self.index.flush(connection)
        members = connection.execute(
            "SELECT id FROM items WHERE key IN "
            "(SELECT key FROM item_collections WHERE collection = ?)",
            (number,),
        ).fetchall()
        inside = self.assets_by_ids(connection, [row[0] for row in members])
        self.upsert(connection, [_without_collection(a, collection_id) for a in inside], True)
        connection.execute("DELETE FROM collections WHERE key = ?", (number,))
        self.index.forget_numbers("collection")

    # --- reading ------------------------------------------------------------------------------

    def items(self, connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, Item]:
        found: dict[int, Item] = {}
        for part in parts(keys):
            for row in connection.execute(SELECT_CELL + f"WHERE key IN {marks(part)}", part):
                found[row[0]] = item_of(row, self.words.texts)
        return found

    def counts(self, connection: sqlite3.Connection) -> LibraryCounts:
        sections, tags, collections = self.index.waiting_counts()
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
