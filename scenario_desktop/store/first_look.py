"""A first look into the settings, the catalogue and the thumbnails, for the first paint.

Reads only, with nothing imported that takes time, and never raises: what is missing, damaged, of
another version or in use in some unusual way is left for the stores to say when they open it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from scenario_desktop.items import Item, ItemQuery, Section, SortField, picture_version
from scenario_desktop.store.catalogue_cells import LIBRARY, SELECT_CELL, item_of

#: Of the catalogue's tables and of the thumbnails', as their migrations number them.
CATALOGUE_VERSION: Final = 1
THUMBNAILS_VERSION: Final = 1
#: The workspace that is always there.
LOCAL: Final = "local"
#: SQLite takes so many parameters at least; more cells are not seen at once.
_MOST_ITEMS: Final = 900
_WORKSPACE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ORDERS: Final = {
    SortField.CREATED: "SELECT key FROM items WHERE place = ? ORDER BY created {0}, key {0}",
    SortField.UPDATED: "SELECT key FROM items WHERE place = ? ORDER BY updated {0}, key {0}",
    SortField.NAME: "SELECT key FROM names WHERE place = ? ORDER BY name {0}, key {0}",
}


class Remembered(NamedTuple):
    """The settings that the first paint depends on, each at its default where it is odd."""

    theme: str = "system"
    text_scale: float = 1.0
    workspace_id: str = LOCAL
    panels: Mapping[str, Any] | None = None
    gallery: Mapping[str, Any] | None = None


class Glance(NamedTuple):
    """A query's answer as it stood when the program was last closed.

    Attributes:
        items: those that come first, by key; as many as were asked for.
    """

    keys: array[int]
    items: Mapping[int, Item]


def read_settings(path: Path) -> Remembered:
    """Read what the first paint needs of the settings file."""
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return Remembered()
    if not isinstance(values, dict):
        return Remembered()
    theme, scale = values.get("theme"), values.get("text_scale")
    workspace, window = values.get("active_workspace"), values.get("window")
    is_id = isinstance(workspace, str) and _WORKSPACE_ID.fullmatch(workspace)
    panels = window.get("panels") if isinstance(window, dict) else None
    gallery = values.get("gallery")
    return Remembered(
        theme=theme if theme in ("dark", "light") else "system",
        text_scale=scale if isinstance(scale, float | int) and 1 <= scale <= 2 else 1.0,
        workspace_id=str(workspace) if is_id else LOCAL,
        panels=panels if isinstance(panels, dict) else None,
        gallery=gallery if isinstance(gallery, dict) else None,
    )


def read_gallery(path: Path, query: ItemQuery, count: int) -> Glance | None:
    """Read a query's keys, and its first items, from a catalogue.

    Args:
        count: how many items to read; keys are read in full.

    Returns:
        None where there is nothing to show, or no certainty about it.
    """
    if query.is_filtered or query.section is not Section.ALL:
        return None
    troubles = (sqlite3.Error, OSError, ValueError, KeyError)
    with suppress(*troubles), _opened(path, CATALOGUE_VERSION) as connection:
        keys = _keys(connection, query)
        if keys:
            return Glance(keys, _items(connection, keys[: min(count, _MOST_ITEMS)]))
    return None


def read_thumbnails(path: Path, items: Mapping[int, Item]) -> dict[int, bytes]:
    """Read the encoded thumbnails of items, by key, as far as they are there."""
    wanted = {item.id: item for item in items.values()}
    found: dict[int, bytes] = {}
    with suppress(sqlite3.Error, OSError), _opened(path, THUMBNAILS_VERSION) as connection:
        rows = connection.execute(
            "SELECT id, version, data FROM thumbnails JOIN pictures USING (key) "  # noqa: S608
            f"WHERE id IN ({','.join('?' * len(wanted))})",
            tuple(wanted),
        )
        for asset_id, version, data in rows:
            item = wanted[asset_id]
            made = picture_version(item.type, item.status, item.created_at, item.updated_at)
            if version == made:
                found[item.key] = data
    return found


def _keys(connection: sqlite3.Connection, query: ItemQuery) -> array[int]:
    sql = _ORDERS[query.sort].format("DESC" if query.is_descending else "ASC")
    # One text instead of many rows: see catalogue_order.
    joined = f"SELECT group_concat(key) FROM ({sql})"  # noqa: S608 - fixed texts
    text = connection.execute(joined, (LIBRARY,)).fetchone()[0]
    return array("q", map(int, text.split(","))) if text else array("q")


def _items(connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, Item]:
    words: dict[int | None, str] = dict(connection.execute("SELECT id, word FROM words"))
    places = ",".join("?" * len(keys))
    rows = connection.execute(SELECT_CELL + f"WHERE key IN ({places})", tuple(keys))
    found = {row[0]: item_of(row, words) for row in rows}
    return {key: found[key] for key in keys if key in found}


@contextmanager
def _opened(path: Path, version: int) -> Iterator[sqlite3.Connection]:
    """Open a file for reading, without leaving anything beside it.

    Raises:
        sqlite3.Error: it is missing, damaged, or was made by another version.
    """
    # Closed well, a file has no log beside it, and can be read without locks or shared memory.
    is_still = not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_still else ''}"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] != version:
            raise sqlite3.DatabaseError("of another version")
        yield connection
