"""Stored pictures: one row for each file, and the file's end with the last that names it."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from scenario_desktop.engine.files import ContentFolder

_log = logging.getLogger(__name__)

#: What ``wire.media`` needs of a media row ``m`` that was joined.
MEDIA_COLUMNS = """
    m.id AS media_id, m.file_id AS media_file_id, m.mime_type AS media_mime_type,
    m.size_bytes AS media_size_bytes, m.width AS media_width, m.height AS media_height,
    m.content_hash AS media_content_hash, m.created_at AS media_created_at
"""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture whose file lies in the folder of contents. Lengths in pixels, seen upright.

    Attributes:
        content_hash: SHA-256 of the file, hexadecimal.
    """

    file_id: str
    mime_type: str
    size_bytes: int
    width: int
    height: int
    content_hash: str


def ensure_media(connection: sqlite3.Connection, picture: StoredPicture, at: int) -> int:
    """Return the key of the picture's row, which is added where there is none."""
    connection.execute(
        "INSERT INTO sartiq_media (id, file_id, mime_type, size_bytes, width, height,"
        " content_hash, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (file_id) DO NOTHING",
        (
            str(uuid4()), picture.file_id, picture.mime_type, picture.size_bytes, picture.width,
            picture.height, picture.content_hash, at,
        ),
    )  # fmt: skip
    row = connection.execute(
        "SELECT key FROM sartiq_media WHERE file_id = ?", (picture.file_id,)
    ).fetchone()
    return int(row["key"])


def drop_unused(connection: sqlite3.Connection, keys: Iterable[int | None]) -> list[str]:
    """Remove the rows among these that nothing names any more.

    Returns:
        The ids of their files, without those that are an asset's: to be removed after the
        transaction.
    """
    wanted = json.dumps(sorted({key for key in keys if key is not None}))
    rows = connection.execute(
        "DELETE FROM sartiq_media WHERE key IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM sartiq_predictions p WHERE p.media_key = sartiq_media.key)"
        " AND NOT EXISTS (SELECT 1 FROM sartiq_refines r WHERE r.media_key = sartiq_media.key)"
        " AND NOT EXISTS (SELECT 1 FROM sartiq_inputs i WHERE i.media_key = sartiq_media.key)"
        " AND NOT EXISTS (SELECT 1 FROM sartiq_uploads u WHERE u.media_key = sartiq_media.key)"
        " RETURNING file_id",
        (wanted,),
    ).fetchall()
    return [row["file_id"] for row in rows if not _is_an_assets(connection, row["file_id"])]


def _is_an_assets(connection: sqlite3.Connection, file_id: str) -> bool:
    return (
        connection.execute(
            "SELECT 1 FROM assets WHERE file_id = ?1"
            " UNION ALL SELECT 1 FROM canvas_snapshots WHERE file_id = ?1 LIMIT 1",
            (file_id,),
        ).fetchone()
        is not None
    )


def remove_files(contents: ContentFolder, file_ids: Iterable[str]) -> None:
    """Remove files whose rows have gone. One that is in use goes at the next start."""
    for file_id in file_ids:
        try:
            contents.remove(file_id)
        except OSError as error:  # Windows keeps a file that is being read
            _log.info("A file is removed later: %s", error.strerror)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
