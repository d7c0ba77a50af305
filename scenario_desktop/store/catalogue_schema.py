"""The catalogue's tables, version by version. A shipped version is never edited."""

from __future__ import annotations

from typing import Final

from scenario_desktop.store.database import Migration

_FIRST: Final[Migration] = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE)",
    # Narrow rows: what cells show and filters read. The whole record lies in raw.
    """CREATE TABLE items (
        key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
        source INTEGER NOT NULL, kind INTEGER NOT NULL, type INTEGER NOT NULL,
        status INTEGER NOT NULL, mime INTEGER NOT NULL, modality INTEGER,
        place INTEGER NOT NULL, is_favourite INTEGER,
        created INTEGER NOT NULL, updated INTEGER NOT NULL, deleted INTEGER,
        width INTEGER, height INTEGER, size INTEGER, lock_expires INTEGER,
        digest INTEGER NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL,
        parent_id TEXT, thumbnail_url TEXT, tags TEXT)""",
    "CREATE TABLE raw (key INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    # Every index begins with place (library, trash, hidden) and covers what it answers.
    "CREATE INDEX items_created ON items (place, created)",
    "CREATE INDEX items_updated ON items (place, updated)",
    "CREATE INDEX items_name ON items (place, name_key)",
    "CREATE INDEX items_facets ON items (place, type, kind, status)",
    "CREATE INDEX items_parent ON items (parent_id, place) WHERE parent_id IS NOT NULL",
    "CREATE INDEX items_favourite ON items (place, created) WHERE is_favourite",
    "CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " folded TEXT NOT NULL, count INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX tags_folded ON tags (folded)",
    """CREATE TABLE item_tags (
        tag INTEGER NOT NULL, place INTEGER NOT NULL, created INTEGER NOT NULL,
        key INTEGER NOT NULL, PRIMARY KEY (tag, place, created, key)) WITHOUT ROWID""",
    "CREATE TABLE collections (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " name TEXT, count INTEGER NOT NULL DEFAULT 0)",
    """CREATE TABLE item_collections (
        collection INTEGER NOT NULL, place INTEGER NOT NULL, created INTEGER NOT NULL,
        key INTEGER NOT NULL, PRIMARY KEY (collection, place, created, key)) WITHOUT ROWID""",
    "CREATE TABLE counters (section TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE favourites (id TEXT PRIMARY KEY) WITHOUT ROWID",
    # Words only, no positions: prefix search over names, tags, descriptions and prompts.
    "CREATE VIRTUAL TABLE found USING fts5 (text, content='', detail=none, columnsize=0,"
    " prefix='1 2', tokenize=\"unicode61 remove_diacritics 0\")",
)

MIGRATIONS: Final[tuple[Migration, ...]] = (_FIRST,)
