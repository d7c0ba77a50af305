"""The tables of this half, as one numbered step. Times are milliseconds since 1970, UTC.

A generation owns its predictions, they own their refines, and all of them what is still to be done.
Every stored picture is a row of ``sartiq_media``; its file goes when the last row that names it
has gone. It may also be the file of an asset, which then keeps it.
"""

from __future__ import annotations

from scenario_desktop.engine.database import Migration

SARTIQ: Migration = """
CREATE TABLE sartiq_tokens (
    digest TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE sartiq_media (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    file_id TEXT NOT NULL UNIQUE,
    mime_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE sartiq_uploads (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    media_key INTEGER REFERENCES sartiq_media (key),
    created_at INTEGER NOT NULL
);
CREATE INDEX sartiq_uploads_media ON sartiq_uploads (media_key);
CREATE INDEX sartiq_uploads_created ON sartiq_uploads (created_at);

CREATE TABLE sartiq_generations (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    organization_id TEXT,
    operation TEXT NOT NULL,
    status TEXT NOT NULL,
    generation_type TEXT NOT NULL,
    tool TEXT,
    subject_id TEXT,
    product_id TEXT,
    product2_id TEXT,
    style_id TEXT,
    shot_id TEXT,
    shot_type_id TEXT,
    shot_type_string TEXT,
    orchestration_id TEXT UNIQUE,
    is_revised INTEGER NOT NULL DEFAULT 0,
    is_cancelled INTEGER NOT NULL DEFAULT 0,
    fields TEXT NOT NULL,
    parameters TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ended_at INTEGER
);
CREATE INDEX sartiq_generations_personal ON sartiq_generations (user_id, key)
    WHERE organization_id IS NULL;
CREATE INDEX sartiq_generations_organization ON sartiq_generations (organization_id, key)
    WHERE organization_id IS NOT NULL;

CREATE TABLE sartiq_inputs (
    generation_key INTEGER NOT NULL REFERENCES sartiq_generations (key) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    media_key INTEGER NOT NULL REFERENCES sartiq_media (key),
    PRIMARY KEY (generation_key, position)
) WITHOUT ROWID;
CREATE INDEX sartiq_inputs_media ON sartiq_inputs (media_key);

CREATE TABLE sartiq_predictions (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    generation_key INTEGER NOT NULL REFERENCES sartiq_generations (key) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    seed INTEGER NOT NULL,
    shot_type TEXT,
    is_favourite INTEGER NOT NULL DEFAULT 0,
    is_selected INTEGER NOT NULL DEFAULT 0,
    media_key INTEGER REFERENCES sartiq_media (key),
    error_message TEXT,
    error_category TEXT,
    compute_ms INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX sartiq_predictions_generation ON sartiq_predictions (generation_key, key);
CREATE INDEX sartiq_predictions_user ON sartiq_predictions (user_id, key);
CREATE INDEX sartiq_predictions_favourite ON sartiq_predictions (user_id, key)
    WHERE is_favourite = 1;
CREATE INDEX sartiq_predictions_media ON sartiq_predictions (media_key);

CREATE TABLE sartiq_refines (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    prediction_key INTEGER NOT NULL REFERENCES sartiq_predictions (key) ON DELETE CASCADE,
    source_key INTEGER REFERENCES sartiq_refines (key) ON DELETE SET NULL,
    is_chained INTEGER NOT NULL DEFAULT 0,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    scale_factor REAL,
    prompt TEXT,
    model_id TEXT,
    media_key INTEGER REFERENCES sartiq_media (key),
    error_message TEXT,
    error_category TEXT,
    compute_ms INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX sartiq_refines_prediction ON sartiq_refines (prediction_key, key);
CREATE INDEX sartiq_refines_source ON sartiq_refines (source_key);
CREATE INDEX sartiq_refines_user ON sartiq_refines (user_id, key);
CREATE INDEX sartiq_refines_media ON sartiq_refines (media_key);

CREATE TABLE sartiq_tasks (
    key INTEGER PRIMARY KEY,
    prediction_key INTEGER UNIQUE REFERENCES sartiq_predictions (key) ON DELETE CASCADE,
    refine_key INTEGER UNIQUE REFERENCES sartiq_refines (key) ON DELETE CASCADE,
    is_running INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX sartiq_tasks_waiting ON sartiq_tasks (key) WHERE is_running = 0;

CREATE TABLE sartiq_experiments (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE sartiq_trainings (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX sartiq_trainings_user ON sartiq_trainings (user_id, key);

CREATE TABLE sartiq_callbacks (
    key INTEGER PRIMARY KEY,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
"""
