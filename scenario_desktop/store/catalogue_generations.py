"""The generations that items of the second service belong to, as the catalogue keeps them.

A generation is replaced as a whole: what is not in its new record any more goes. A digest says
whether what the server sends is news, so that a page of old acquaintances costs no writing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.store.catalogue_index import marks, parts
from scenario_desktop.store.catalogue_rows import moment

#: Beyond all times, in microseconds.
_FAR: Final = 2**62


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """A generation with everything it made.

    Attributes:
        is_open: something of it is still in work.
        data: what the service says of it, as JSON, without predictions and addresses.
        digest: of ``data`` and ``assets`` as the server sent them.
        assets: its predictions and their refines.
    """

    id: str
    created_at: datetime | None
    is_open: bool
    digest: bytes
    data: bytes
    assets: tuple[Asset, ...]


@dataclass(frozen=True, slots=True)
class GenerationsResult:
    """What some generations changed here: keys of items."""

    inserted: frozenset[int] = frozenset()
    updated: frozenset[int] = frozenset()
    removed: frozenset[int] = frozenset()


def write(connection: sqlite3.Connection, records: Sequence[GenerationRecord]) -> None:
    connection.executemany(
        "REPLACE INTO generations (id, created, is_open, digest, data) VALUES (?, ?, ?, ?, ?)",
        [(r.id, moment(r.created_at), r.is_open, r.digest, r.data) for r in records],
    )


def remove(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    connection.executemany("DELETE FROM generations WHERE id = ?", [(i,) for i in ids])


def item_ids(connection: sqlite3.Connection, ids: Sequence[str]) -> set[str]:
    """Return the ids of all items of some generations, refines too."""
    found: set[str] = set()
    for part in parts(ids):
        sql = f"SELECT id FROM items WHERE group_id IN {marks(part)}"  # noqa: S608
        found.update(row[0] for row in connection.execute(sql, part))
    return found


def digests(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in parts(ids):
        sql = f"SELECT id, digest FROM generations WHERE id IN {marks(part)}"  # noqa: S608
        found.update(connection.execute(sql, part))
    return found


def open_ids(connection: sqlite3.Connection, limit: int) -> list[str]:
    """Return those in which something is in work, newest first."""
    sql = "SELECT id FROM generations WHERE is_open ORDER BY created DESC LIMIT ?"
    return [row[0] for row in connection.execute(sql, (limit,))]


def ids_between(
    connection: sqlite3.Connection, oldest: datetime | None, newest: datetime | None
) -> list[str]:
    """Return those created between two times, both included; None leaves an end open."""
    latest = _FAR if newest is None else moment(newest)
    sql = "SELECT id FROM generations WHERE created BETWEEN ? AND ?"
    return [row[0] for row in connection.execute(sql, (moment(oldest), latest))]


def data_of(connection: sqlite3.Connection, generation_id: str) -> dict[str, Any] | None:
    sql = "SELECT data FROM generations WHERE id = ?"
    row = connection.execute(sql, (generation_id,)).fetchone()
    value = json.loads(row[0]) if row else None
    return value if isinstance(value, dict) else None
