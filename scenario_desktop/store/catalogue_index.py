"""What the catalogue keeps beside its rows: ids, names, tags, collections, words and counts.

New rows wait in memory and enter these tables some thousand at a time, sorted, which costs a
quarter of writing them one by one. Nothing is lost by that: what waits is read again from the rows
themselves after a crash. Who reads one of these tables calls ``flush`` first; ``keys_of`` and
``counts`` look at both.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from scenario_desktop.items import Section
from scenario_desktop.store.catalogue_cells import LIBRARY
from scenario_desktop.store.catalogue_rows import (
    SELECT_ROW,
    Facts,
    Words,
    facts_of,
    sections_of,
)
from scenario_desktop.store.text import cleaned, folded, name_key

#: Rows that may wait; so many take some 50 ms to enter.
_MOST_WAITING: Final = 8_000
_IDS_PER_LOOKUP: Final = 100

Changes = Sequence[Facts]


class Index:
    """The tables beside the rows.

    Attributes:
        next_key: the next row's key; None when an undone transaction left all of this in doubt.
    """

    def __init__(self, words: Words) -> None:
        self.next_key: int | None = None
        self._words = words
        self._waiting: dict[int, Facts] = {}
        self._waiting_ids: dict[str, int] = {}
        self._numbers: dict[str, dict[str, int]] = {}

    @property
    def is_behind(self) -> bool:
        """Whether rows wait to be entered, or may do so."""
        return bool(self._waiting) or self.next_key is None

    def load(self, connection: sqlite3.Connection, favourites: set[str]) -> None:
        """Begin from what is in the file."""
        self.forget()
        last: int = connection.execute("SELECT coalesce(max(key), 0) FROM items").fetchone()[0]
        row = connection.execute("SELECT value FROM meta WHERE name = 'index.to'").fetchone()
        entered = int(row[0]) if row else 0
        rows = connection.execute(SELECT_ROW + "WHERE key > ?", (entered,))
        self.add(facts_of(row, self._words, favourites) for row in rows)
        # Never a key that was entered once, even if its row has been purged since.
        self.next_key = max(last, entered) + 1

    def forget(self) -> None:
        """Drop all that is remembered of the file."""
        self.next_key = None
        self._waiting.clear()
        self._waiting_ids.clear()
        self._numbers.clear()

    def keys_of(self, connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, int]:
        """Return id -> key of those that are here."""
        found: dict[str, int] = {}
        others: list[str] = []
        for asset_id in ids:
            if not asset_id.isascii() or "\0" in asset_id:
                asset_id = cleaned(asset_id)
            key = self._waiting_ids.get(asset_id)
            if key is None:
                others.append(asset_id)
            else:
                found[asset_id] = key
        for part in parts(others):
            sql = f"SELECT id, key FROM ids WHERE id IN {marks(part)}"  # noqa: S608
            found.update(connection.execute(sql, part))
        return found

    def number_of(self, connection: sqlite3.Connection, noun: str, name: str) -> int | None:
        """Return the number a tag or a collection has in the membership tables."""
        return self._numbers_of(connection, noun).get(cleaned(name))

    def forget_numbers(self, noun: str) -> None:
        self._numbers.pop(noun, None)

    # --- changes ------------------------------------------------------------------------------

    def add(self, new: Iterable[Facts]) -> None:
        """Take in new rows; they wait."""
        waiting, ids = self._waiting, self._waiting_ids
        for facts in new:
            waiting[facts[0]] = facts
            ids[facts[1]] = facts[0]

    def move(self, connection: sqlite3.Connection, leaving: Changes, entering: Changes) -> None:
        """Bring everything from one state of some rows to another.

        Args:
            entering: the same rows as those that leave, or fewer: the others are gone.
        """
        entered: list[Facts] = []
        for facts in leaving:
            if self._waiting.pop(facts.key, None) is None:
                entered.append(facts)
            else:
                self._waiting_ids.pop(facts.id, None)
        known = {facts.key for facts in entered}
        self.add(facts for facts in entering if facts.key not in known)
        self._replace(connection, entered, [facts for facts in entering if facts.key in known])

    def flush_if_long(self, connection: sqlite3.Connection) -> None:
        """Enter all rows that wait if they are many."""
        if len(self._waiting) > _MOST_WAITING:
            self.flush(connection)

    def flush(self, connection: sqlite3.Connection) -> None:
        """Enter all rows that wait."""
        if not self._waiting:
            return
        waiting = [self._waiting[key] for key in sorted(self._waiting)]
        self._count(connection, (), waiting)
        _enter(connection, _rows(waiting, self._numbers_of, connection), waiting)
        last = str(waiting[-1].key)
        connection.execute("REPLACE INTO meta VALUES ('index.to', ?)", (last,))
        self._waiting.clear()
        self._waiting_ids.clear()

    def _replace(self, connection: sqlite3.Connection, before: Changes, after: Changes) -> None:
        if not before:
            return
        self._count(connection, before, after)
        old = _rows(before, self._numbers_of, connection)
        new = _rows(after, self._numbers_of, connection)
        for table, rows in old.items():
            gone = set(rows) - set(new[table])
            columns = " AND ".join(f"{column} = ?" for column in _TABLES[table])
            connection.executemany(f"DELETE FROM {table} WHERE {columns}", gone)  # noqa: S608
            new[table] = list(set(new[table]) - set(rows))
        texts = {facts.key: facts.text for facts in before}
        kept = {facts.key for facts in after if texts[facts.key] == facts.text}
        connection.executemany(
            "INSERT INTO found (found, rowid, text) VALUES ('delete', ?, ?)",
            [(key, text) for key, text in texts.items() if key not in kept],
        )
        _enter(connection, new, [facts for facts in after if facts.key not in kept])

    # --- counts -------------------------------------------------------------------------------

    def waiting_counts(self) -> tuple[Counter[Section], Counter[str], Counter[str]]:
        """Return what to add to the counts in the file: sections, tags, collections by id."""
        waiting = self._waiting.values()
        return _sections((), waiting), _members("tag", (), waiting), _members("", (), waiting)

    def _count(self, connection: sqlite3.Connection, leaving: Changes, entering: Changes) -> None:
        connection.executemany(
            "INSERT INTO counters VALUES (?, ?) "
            "ON CONFLICT (section) DO UPDATE SET count = count + excluded.count",
            [(str(s), count) for s, count in _sections(leaving, entering).items() if count],
        )
        for noun in ("tag", "collection"):
            numbers = self._numbers_of(connection, noun)
            change = _members(noun, leaving, entering)
            for name in change:
                if name not in numbers:
                    numbers[name] = _new_number(connection, noun, name)
            connection.executemany(
                f"UPDATE {noun}s SET count = count + ? WHERE key = ?",  # noqa: S608
                [(count, numbers[name]) for name, count in change.items() if count],
            )

    def _numbers_of(self, connection: sqlite3.Connection, noun: str) -> dict[str, int]:
        numbers = self._numbers.get(noun)
        if numbers is None:
            column = "name" if noun == "tag" else "id"
            rows = connection.execute(f"SELECT {column}, key FROM {noun}s")  # noqa: S608
            numbers = self._numbers[noun] = dict(rows.fetchall())
        return numbers


#: The tables that a row enters, with their columns.
_TABLES: Final = {
    "ids": ("id", "key"),
    "names": ("place", "name", "key"),
    "item_tags": ("tag", "place", "created", "key"),
    "item_collections": ("collection", "place", "created", "key"),
}


def _rows(
    all_facts: Changes, numbers_of: Any, connection: sqlite3.Connection
) -> dict[str, list[Any]]:
    tags = numbers_of(connection, "tag")
    collections = numbers_of(connection, "collection")
    return {
        "ids": [(f.id, f.key) for f in all_facts],
        "names": [(f.place, name_key(f.name), f.key) for f in all_facts],
        "item_tags": [
            (tags[name], f.place, f.created, f.key) for f in all_facts for name in f.tags
        ],
        "item_collections": [
            (collections[name], f.place, f.created, f.key)
            for f in all_facts
            for name in f.collections
            if name in collections
        ],
    }


def _enter(
    connection: sqlite3.Connection, rows: dict[str, list[Any]], texts: Sequence[Facts]
) -> None:
    for table, values in rows.items():
        values.sort()
        places = ", ".join("?" * len(_TABLES[table]))
        connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({places})", values)  # noqa: S608
    connection.executemany(
        "INSERT INTO found (rowid, text) VALUES (?, ?)", [(f.key, f.text) for f in texts]
    )


def _sections(leaving: Iterable[Facts], entering: Iterable[Facts]) -> Counter[Section]:
    change: Counter[Section] = Counter()
    for all_facts, step in ((leaving, -1), (entering, 1)):
        kinds = Counter((f.place, f.type, f.is_favourite) for f in all_facts)
        for kind, count in kinds.items():
            for section in sections_of(*kind):
                change[section] += step * count
    return change


def _members(noun: str, leaving: Iterable[Facts], entering: Iterable[Facts]) -> Counter[str]:
    """Return how the counts of tags (or of collections, by id) change: only the library counts."""
    is_tag = noun == "tag"
    change: Counter[str] = Counter()
    for all_facts, step in ((leaving, -1), (entering, 1)):
        for facts in all_facts:
            for name in facts.tags if is_tag else facts.collections:
                change[name] += step if facts.place == LIBRARY else 0
    return change


def parts(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Cut into parts of few distinct lengths, so that SQLite finds its prepared statements."""
    for start in range(0, len(values), _IDS_PER_LOOKUP):
        yield values[start : start + _IDS_PER_LOOKUP]


def marks(values: Sequence[Any] | set[Any]) -> str:
    """Return as many question marks as there are values, in brackets."""
    return f"({','.join('?' * len(values))})"


def _new_number(connection: sqlite3.Connection, noun: str, name: str) -> int:
    if noun == "tag":
        cursor = connection.execute(
            "INSERT INTO tags (name, folded) VALUES (?, ?)", (name, folded(name))
        )
    else:
        # Its name comes with the list of collections; until then it is not shown.
        cursor = connection.execute("INSERT INTO collections (id) VALUES (?)", (name,))
    return cursor.lastrowid or 0
