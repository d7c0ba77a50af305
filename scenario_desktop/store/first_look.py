"""A first look into the settings, the catalogue and the thumbnails, for the first paint.

Reads only, with nothing imported that takes time, and never raises: what is missing, damaged, of
another version or in use in some unusual way is left for the stores to say when they open it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from scenario_desktop.items import Item, ItemQuery, Section, SortField, picture_version
from scenario_desktop.store.catalogue_cells import (
    LIBRARY,
    SELECT_CELL,
    TRASH,
    item_of,
    section_of_type,
)

#: Of the catalogue's tables and of the thumbnails', as their migrations number them.
CATALOGUE_VERSION: Final = 3
THUMBNAILS_VERSION: Final = 1
#: The workspace that is always there.
LOCAL: Final = "local"
#: SQLite takes so many parameters at least; more cells are not seen at once.
_MOST_ITEMS: Final = 900
_WORKSPACE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TROUBLES: Final = (sqlite3.Error, OSError, ValueError, KeyError)


class Remembered(NamedTuple):
    """The settings that the first paint depends on, each at its default where it is odd."""

    theme: str = "system"
    text_scale: float = 1.0
    workspace_id: str = LOCAL
    panels: Mapping[str, Any] | None = None
    gallery: Mapping[str, Any] | None = None
    place: Mapping[str, Any] | None = None


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
    workspace = str(workspace) if is_id else LOCAL
    pages = window.get("pages") if isinstance(window, dict) else None
    place = pages.get(workspace) if isinstance(pages, dict) else None
    gallery = values.get("gallery")
    return Remembered(
        theme=theme if theme in ("dark", "light") else "system",
        text_scale=scale if isinstance(scale, float | int) and 1 <= scale <= 2 else 1.0,
        workspace_id=workspace,
        panels=panels if isinstance(panels, dict) else None,
        gallery=gallery if isinstance(gallery, dict) else None,
        place=place if isinstance(place, dict) else None,
    )


def read_keys(path: Path, query: ItemQuery) -> array[int]:
    """Read the keys of a query in its order, from a catalogue.

    Returns:
        nothing where there is nothing to show, or no certainty about it.
    """
    with suppress(*_TROUBLES), _opened(path, CATALOGUE_VERSION) as connection:
        return _keys(connection, query)
    return array("q")


def read_items(path: Path, keys: Sequence[int]) -> dict[int, Item]:
    """Read items from a catalogue, as far as they are there."""
    wanted = tuple(keys[:_MOST_ITEMS])
    with suppress(*_TROUBLES), _opened(path, CATALOGUE_VERSION) as connection:
        words: dict[int | None, str] = dict(connection.execute("SELECT id, word FROM words"))
        rows = connection.execute(SELECT_CELL + f"WHERE key IN {_marks(wanted)}", wanted)
        return {row[0]: item_of(row, words) for row in rows}
    return {}


def read_thumbnails(path: Path, items: Mapping[int, Item]) -> dict[int, bytes]:
    """Read the encoded thumbnails of items, by key, as far as they are there."""
    wanted = {item.id: item for item in items.values()}
    found: dict[int, bytes] = {}
    with suppress(*_TROUBLES), _opened(path, THUMBNAILS_VERSION) as connection:
        rows = connection.execute(
            "SELECT id, version, data FROM thumbnails JOIN pictures USING (key) "  # noqa: S608
            f"WHERE id IN {_marks(wanted)}",
            tuple(wanted),
        )
        for asset_id, version, data in rows:
            item = wanted[asset_id]
            made = picture_version(item.type, item.status, item.created_at, item.updated_at)
            if version == made:
                found[item.key] = data
    return found


def _keys(connection: sqlite3.Connection, query: ItemQuery) -> array[int]:
    where, parameters = _condition(connection, query)
    if query.sort is SortField.NAME:
        if where or query.section is Section.TRASH:
            return array("q")  # the catalogue sorts such names by itself
        table, column = "names", "name"
    else:
        table, column = "items", query.sort.value
    end = "DESC" if query.is_descending else "ASC"
    place = TRASH if query.section is Section.TRASH else LIBRARY
    sql = f"SELECT key FROM {table} WHERE place = ?{where} ORDER BY {column} {end}, key {end}"  # noqa: S608
    # One text instead of many rows: see catalogue_order.
    joined = f"SELECT group_concat(key) FROM ({sql})"  # noqa: S608 - fixed texts
    text = connection.execute(joined, (place, *parameters)).fetchone()[0]
    return array("q", map(int, text.split(","))) if text else array("q")


def _condition(connection: sqlite3.Connection, query: ItemQuery) -> tuple[str, list[Any]]:
    """Return what narrows a query to its section and collection.

    Raises:
        ValueError: it is narrowed by more; that is the catalogue's affair.
    """
    if replace(query, collection_id=None).is_filtered:
        raise ValueError("filtered")
    where, parameters = "", list[Any]()
    if query.collection_id is not None:
        row = connection.execute(
            "SELECT key FROM collections WHERE id = ?", (query.collection_id,)
        ).fetchone()
        if row is None:
            raise ValueError("no such collection")
        where += " AND key IN (SELECT key FROM item_collections WHERE collection = ?)"
        parameters += row
    if query.section is Section.FAVOURITES:
        where += " AND is_favourite"
    elif query.section not in (Section.ALL, Section.TRASH):
        words = connection.execute("SELECT id, word FROM words").fetchall()
        types = [number for number, word in words if section_of_type(word) is query.section]
        where += f" AND type IN {_marks(types)}"
        parameters += types
    return where, parameters


def _marks(values: Collection[object]) -> str:
    return f"({','.join('?' * len(values))})"


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
