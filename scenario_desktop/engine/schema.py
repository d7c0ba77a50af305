"""The tables of the engine's database, as numbered steps.

Times are integers: milliseconds since 1970, UTC.
"""

from __future__ import annotations

from scenario_desktop.engine.database import Migration

ASSETS: Migration = """
CREATE TABLE assets (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    type TEXT NOT NULL,
    source TEXT NOT NULL,
    status TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    privacy TEXT NOT NULL,
    author_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    file_id TEXT NOT NULL,
    thumbnail_id TEXT,
    size_bytes INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    aspect_ratio TEXT,
    parent_id TEXT,
    root_id TEXT,
    inference_id TEXT,
    model_id TEXT,
    is_hidden INTEGER NOT NULL DEFAULT 0,
    metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
);
CREATE INDEX assets_created ON assets (created_at, key) WHERE deleted_at IS NULL;
CREATE INDEX assets_updated ON assets (updated_at, key) WHERE deleted_at IS NULL;
CREATE INDEX assets_type_created ON assets (type, created_at, key) WHERE deleted_at IS NULL;
CREATE INDEX assets_type_updated ON assets (type, updated_at, key) WHERE deleted_at IS NULL;
CREATE INDEX assets_deleted ON assets (deleted_at, key) WHERE deleted_at IS NOT NULL;
CREATE INDEX assets_parent ON assets (parent_id, created_at, key) WHERE parent_id IS NOT NULL;
CREATE INDEX assets_root ON assets (root_id, created_at, key) WHERE root_id IS NOT NULL;
CREATE INDEX assets_inference ON assets (inference_id) WHERE inference_id IS NOT NULL;
CREATE INDEX assets_model ON assets (model_id) WHERE model_id IS NOT NULL;
CREATE INDEX assets_file ON assets (file_id);
CREATE INDEX assets_thumbnail ON assets (thumbnail_id);

CREATE VIRTUAL TABLE assets_text USING fts5 (
    name, tags, description, prompt,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

CREATE TABLE tags (
    name TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE asset_tags (
    position INTEGER PRIMARY KEY,
    asset_key INTEGER NOT NULL REFERENCES assets (key) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    UNIQUE (asset_key, tag)
);
CREATE INDEX asset_tags_tag ON asset_tags (tag, asset_key);

CREATE TABLE collections (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    thumbnail_asset_id TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX collections_created ON collections (created_at, id);
CREATE TABLE collection_assets (
    position INTEGER PRIMARY KEY,
    collection_id TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    asset_key INTEGER NOT NULL REFERENCES assets (key) ON DELETE CASCADE,
    UNIQUE (collection_id, asset_key)
);
CREATE INDEX collection_assets_asset ON collection_assets (asset_key);

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    options TEXT NOT NULL,
    status TEXT NOT NULL,
    entity_id TEXT,
    error TEXT,
    author_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX uploads_status ON uploads (status);

CREATE TABLE archives (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    request TEXT NOT NULL,
    status TEXT NOT NULL,
    error TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE usage (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    action TEXT NOT NULL,
    asset_id TEXT,
    job_id TEXT,
    units TEXT NOT NULL
);
CREATE INDEX usage_at ON usage (at);
"""
