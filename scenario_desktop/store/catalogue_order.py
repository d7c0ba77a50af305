"""From a query to the ordered keys of all its items, at a million rows.

Each filter is answered from one covering index, and its keys leave SQLite as one long text. Large
results are picked out of an order that is kept in memory until the next change; small ones are
sorted by SQLite.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scenario_desktop.items import PREDICTION, REFINE, ItemQuery, Section, SortField, Source
from scenario_desktop.store.catalogue_cells import LIBRARY, STACKED, TRASH, section_of_type
from scenario_desktop.store.catalogue_index import Index, marks
from scenario_desktop.store.catalogue_rows import Words
from scenario_desktop.store.text import cleaned, name_key, search_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.int32]

#: Up to here a result is sorted by SQLite; above, it is picked out of the cached order.
_SORT_UP_TO: Final = 2_000
#: Results shorter than this (characters) are read without numpy, which costs 60 ms to import.
_SHORT: Final = 150_000
_ORDERED: Final = {
    SortField.CREATED: "SELECT key FROM items WHERE place = ? ORDER BY created, key",
    SortField.UPDATED: "SELECT key FROM items WHERE place = ? ORDER BY updated, key",
    SortField.NAME: "SELECT key FROM names WHERE place = ? ORDER BY name, key",
}


class _Choice(NamedTuple):
    """Sets of keys, each one comma-joined text: in all of the wanted, none of the unwanted."""

    wanted: list[str]
    unwanted: list[str]


def needs_index(query: ItemQuery) -> bool:
    """Whether a query reads tables that new rows enter late."""
    return bool(
        query.tags or query.without_tags or query.collection_id or query.sort is SortField.NAME
        or search_words(query.text)
    )  # fmt: skip


class Orders:
    """Answers queries; lives on the database's thread."""

    def __init__(self, words: Words, index: Index) -> None:
        self._words = words
        self._index = index
        self._kept: dict[tuple[int, SortField], Keys] = {}

    def forget(self) -> None:
        """Drop the orders that are kept: rows have changed."""
        self._kept.clear()

    def keys(self, connection: sqlite3.Connection, query: ItemQuery) -> array[int]:
        """Return the keys of all items of a query, in its order."""
        place = TRASH if query.section is Section.TRASH else LIBRARY
        direct = self._direct(connection, query, place)
        if direct is not None:
            return _keys(_joined(connection, *direct))
        choice = self._choice(connection, query, place)
        if choice is None:
            return array("q")
        if not (choice.wanted or choice.unwanted):
            return self._all(connection, query, place)
        least = min(choice.wanted, key=len, default=None)
        if least is not None and least.count(",") < _SORT_UP_TO:
            return self._sorted(connection, query, place, _set_of(choice, least))
        return self._picked(connection, query, place, choice)

    def _direct(
        self, connection: sqlite3.Connection, query: ItemQuery, place: int
    ) -> tuple[str, tuple[Any, ...]] | None:
        """Return the statement if one index holds both the only filter and the order."""
        if query.sort is not SortField.CREATED or query.section not in (Section.ALL, Section.TRASH):
            return None
        if query.kinds or query.types or query.statuses or query.without_tags or query.parent_id:
            return None
        if query.sources or query.group_id or query.shots:
            return None
        if len(query.tags) + bool(query.collection_id) != 1 or search_words(query.text):
            return None
        noun = "tag" if query.tags else "collection"
        name = query.tags[0] if query.tags else query.collection_id or ""
        end = "DESC" if query.is_descending else "ASC"
        return (
            f"SELECT key FROM item_{noun}s WHERE {noun} = ? AND place = ? "  # noqa: S608
            f"ORDER BY created {end}, key {end}",
            (self._index.number_of(connection, noun, name), place),
        )

    # --- filters ------------------------------------------------------------------------------

    def _choice(
        self, connection: sqlite3.Connection, query: ItemQuery, place: int
    ) -> _Choice | None:
        """Return what passes the filters; None when that is nothing for sure."""
        wanted = [self._members(connection, "tag", name, place) for name in query.tags]
        if query.collection_id:
            wanted.append(self._members(connection, "collection", query.collection_id, place))
        if query.parent_id:
            places = _places(query, place)
            sql = f"SELECT key FROM items WHERE parent_id = ? AND place IN {marks(places)}"  # noqa: S608
            wanted.append(_joined(connection, sql, (cleaned(query.parent_id), *places)))
        if query.group_id:
            sql = "SELECT key FROM items WHERE group_id = ? AND place = ?"
            wanted.append(_joined(connection, sql, (cleaned(query.group_id), place)))
        if query.shots:
            shots = [self._words[word] for word in query.shots if word in self._words]
            sql = f"SELECT key FROM items WHERE place = ? AND shot IN {marks(shots)}"  # noqa: S608
            wanted.append(_joined(connection, sql, (place, *shots)))
        facets = self._facets(query)
        if facets is not None:
            condition, parameters = facets
            sql = f"SELECT key FROM items WHERE place = ? AND {condition}"  # noqa: S608
            wanted.append(_joined(connection, sql, (place, *parameters)))
        words = search_words(query.text)
        if words:
            wanted.append(_matches(connection, words))
        if not all(wanted):
            return None
        unwanted = [self._members(connection, "tag", name, place) for name in query.without_tags]
        return _Choice(wanted, [text for text in unwanted if text])

    def _members(self, connection: sqlite3.Connection, noun: str, name: str, place: int) -> str:
        sql = f"SELECT key FROM item_{noun}s WHERE {noun} = ? AND place = ?"  # noqa: S608
        return _joined(connection, sql, (self._index.number_of(connection, noun, name), place))

    def _facets(self, query: ItemQuery) -> tuple[str, list[int]] | None:
        conditions: list[str] = []
        parameters: list[int] = []
        types: set[int] | None = None
        if query.section in (Section.CONTROL_MAPS, Section.CANVASES, Section.GENERATIONS):
            types = {n for word, n in self._words.items() if section_of_type(word) is query.section}
        if query.types:
            asked = {self._words[word] for word in query.types if word in self._words}
            types = asked if types is None else types & asked
        if query.sources:
            # No index holds the source, but each service has its own types.
            of_sources = {n for word, n in self._words.items() if _source_of(word) in query.sources}
            types = of_sources if types is None else types & of_sources
        if types is not None:
            conditions.append(f"type IN {marks(types)}")
            parameters += types
        for column, words in (("kind", query.kinds), ("status", query.statuses)):
            if words:
                known = [self._words[word] for word in words if word in self._words]
                conditions.append(f"{column} IN {marks(known)}")
                parameters += known
        if query.section is Section.FAVOURITES:
            conditions.append("is_favourite")
        return (" AND ".join(conditions), parameters) if conditions else None

    # --- orders -------------------------------------------------------------------------------

    def _all(self, connection: sqlite3.Connection, query: ItemQuery, place: int) -> array[int]:
        order = self._kept.get((place, query.sort))
        if order is None:
            text = _joined(connection, _ORDERED[query.sort], (place,))
            if _is_short(text):
                keys = _keys(text)
                if query.is_descending:
                    keys.reverse()
                return keys
            order = self._kept[place, query.sort] = _numbers(text)
        return _array(order[::-1] if query.is_descending else order)

    def _order(self, connection: sqlite3.Connection, place: int, sort: SortField) -> Keys:
        order = self._kept.get((place, sort))
        if order is None:
            order = self._kept[place, sort] = _numbers(
                _joined(connection, _ORDERED[sort], (place,))
            )
        return order

    def _picked(
        self, connection: sqlite3.Connection, query: ItemQuery, place: int, choice: _Choice
    ) -> array[int]:
        import numpy as np

        order = self._order(connection, place, query.sort)
        if not len(order):
            return array("q")
        size = int(order.max()) + 1
        passes = np.zeros(size, dtype=np.bool_)
        passes[order] = True
        for text in choice.wanted:
            members = _numbers(text)
            these = np.zeros(size, dtype=np.bool_)
            these[members[members < size]] = True
            passes &= these
        for text in choice.unwanted:
            members = _numbers(text)
            passes[members[members < size]] = False
        found = order[passes[order]]
        return _array(found[::-1] if query.is_descending else found)

    def _sorted(
        self, connection: sqlite3.Connection, query: ItemQuery, place: int, keys: set[int]
    ) -> array[int]:
        wanted = json.dumps(list(keys))
        places = _places(query, place)
        where = f"WHERE key IN (SELECT value FROM json_each(?)) AND place IN {marks(places)}"  # noqa: S608
        if query.sort is SortField.NAME:
            rows = connection.execute(f"SELECT name, key FROM items {where}", (wanted, *places))  # noqa: S608
            named = sorted(
                ((name_key(name), key) for name, key in rows), reverse=query.is_descending
            )
            return array("q", [key for _, key in named])
        end = "DESC" if query.is_descending else "ASC"
        rows = connection.execute(
            f"SELECT key FROM items {where} ORDER BY {query.sort} {end}, key {end}",  # noqa: S608
            (wanted, *places),
        )
        return array("q", [row[0] for row in rows])


def _places(query: ItemQuery, place: int) -> tuple[int, ...]:
    """Return where to look: what lies on an item is found by that item only."""
    return (place, STACKED) if query.parent_id and place == LIBRARY else (place,)


def _source_of(word: str) -> Source:
    return Source.SARTIQ if word in (PREDICTION, REFINE) else Source.SCENARIO


def _set_of(choice: _Choice, least: str) -> set[int]:
    keys = set(_keys(least))
    for text in choice.wanted:
        if text is not least:
            keys.intersection_update(_keys(text))
    for text in choice.unwanted:
        keys.difference_update(_keys(text))
    return keys


def _joined(connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> str:
    # One text instead of a million rows: three times as fast as a cursor. SQLite keeps the order
    # of an inner query for group_concat.
    row = connection.execute(f"SELECT group_concat(key) FROM ({sql})", parameters).fetchone()  # noqa: S608
    return row[0] or ""


def _matches(connection: sqlite3.Connection, words: Sequence[str]) -> str:
    match = " ".join(f'"{word}"*' for word in words)
    try:
        return _joined(connection, "SELECT rowid AS key FROM found WHERE found MATCH ?", (match,))
    except sqlite3.OperationalError as error:
        # A letter newer than SQLite's tables falls apart into a phrase, which is not indexed.
        if "phrase" not in str(error):
            raise
        return ""


def _is_short(text: str) -> bool:
    return len(text) < _SHORT and "numpy" not in sys.modules


def _keys(text: str) -> array[int]:
    if not text:
        return array("q")
    return array("q", map(int, text.split(","))) if _is_short(text) else _array(_numbers(text))


def _numbers(text: str) -> Keys:
    import numpy as np

    return np.fromstring(text, dtype=np.int32, sep=",")


def _array(numbers: Keys) -> array[int]:
    result = array("q")
    result.frombytes(numbers.astype("int64").tobytes())
    return result
