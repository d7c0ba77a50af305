"""The catalogue's tables, version by version. A shipped version is never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # which takes asyncio along, and the first paint does without
    from scenario_desktop.store.database import Migration

_FIRST: Final[Migration] = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE)",
    # What cells show comes first; the rest of a record, as JSON, is read for single items only.
    """CREATE TABLE items (
        key INTEGER PRIMARY KEY, id TEXT NOT NULL,
        source INTEGER NOT NULL, kind INTEGER NOT NULL, type INTEGER NOT NULL,
        status INTEGER NOT NULL, mime INTEGER NOT NULL, modality INTEGER,
        place INTEGER NOT NULL, is_favourite INTEGER,
        created INTEGER NOT NULL, updated INTEGER NOT NULL, deleted INTEGER,
        width INTEGER, height INTEGER, size INTEGER, lock_expires INTEGER,
        name TEXT NOT NULL, parent_id TEXT, thumbnail_url TEXT, tags TEXT, data BLOB NOT NULL)""",
    # Every index begins with place (library, trash, hidden) and covers what it answers.
    "CREATE INDEX items_created ON items (place, created)",
    "CREATE INDEX items_updated ON items (place, updated)",
    "CREATE INDEX items_facets ON items (place, type, kind, status)",
    "CREATE INDEX items_parent ON items (parent_id, place) WHERE parent_id IS NOT NULL",
    "CREATE INDEX items_favourite ON items (place, created) WHERE is_favourite",
    # The tables below are entered some thousand rows at a time: see catalogue_index.
    "CREATE TABLE ids (id TEXT PRIMARY KEY, key INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE names (
        place INTEGER NOT NULL, name TEXT NOT NULL, key INTEGER NOT NULL,
        PRIMARY KEY (place, name, key)) WITHOUT ROWID""",
    """CREATE TABLE item_tags (
        tag INTEGER NOT NULL, place INTEGER NOT NULL, created INTEGER NOT NULL,
        key INTEGER NOT NULL, PRIMARY KEY (tag, place, created, key)) WITHOUT ROWID""",
    """CREATE TABLE item_collections (
        collection INTEGER NOT NULL, place INTEGER NOT NULL, created INTEGER NOT NULL,
        key INTEGER NOT NULL, PRIMARY KEY (collection, place, created, key)) WITHOUT ROWID""",
    # Words only, no positions: prefix search over names, tags, descriptions and prompts.
    "CREATE VIRTUAL TABLE found USING fts5 (text, content='', detail=none, columnsize=0,"
    " prefix='1', tokenize=\"unicode61 remove_diacritics 0\")",
    "CREATE TABLE tags (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " folded TEXT NOT NULL, count INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX tags_folded ON tags (folded)",
    "CREATE TABLE collections (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " name TEXT, count INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE counters (section TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE favourites (id TEXT PRIMARY KEY) WITHOUT ROWID",
)

#: The second service: what its items add to a cell, and what they were made by.
_SECOND: Final[Migration] = (
    # Behind the document in the file, but empty for most rows, which costs nothing to read.
    "ALTER TABLE items ADD COLUMN group_id TEXT",
    "ALTER TABLE items ADD COLUMN shot INTEGER",
    "ALTER TABLE items ADD COLUMN duration REAL",
    "ALTER TABLE items ADD COLUMN versions INTEGER",
    """UPDATE items SET duration = json_extract(CAST(data AS TEXT), '$.duration')
        WHERE kind IN (SELECT id FROM words WHERE word IN ('video', 'audio'))
        AND json_valid(CAST(data AS TEXT))
        AND json_type(CAST(data AS TEXT), '$.duration') IN ('integer', 'real')""",
    "CREATE INDEX items_group ON items (group_id, place) WHERE group_id IS NOT NULL",
    "CREATE INDEX items_shot ON items (place, shot) WHERE shot IS NOT NULL",
    # ``digest`` tells whether what the server sends is news; ``data`` is its record, no addresses.
    """CREATE TABLE generations (
        id TEXT PRIMARY KEY, created INTEGER NOT NULL, is_open INTEGER NOT NULL,
        digest BLOB NOT NULL, data BLOB NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX generations_created ON generations (created)",
    "CREATE INDEX generations_open ON generations (created) WHERE is_open",
)

#: How much larger the versions of an item are.
_THIRD: Final[Migration] = (
    "ALTER TABLE items ADD COLUMN scale REAL",
    """UPDATE items SET scale = (
        SELECT max(json_extract(CAST(made.data AS TEXT), '$.metadata.scaleFactor'))
        FROM items made WHERE made.parent_id = items.id AND made.place = 3
        AND json_valid(CAST(made.data AS TEXT))
        AND json_type(CAST(made.data AS TEXT), '$.metadata.scaleFactor') IN ('integer', 'real'))
        WHERE versions IS NOT NULL""",
)

MIGRATIONS: Final[tuple[Migration, ...]] = (_FIRST, _SECOND, _THIRD)
