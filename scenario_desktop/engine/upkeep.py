"""What is put in order behind the scenes after a start: the trash, and files nobody names."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from scenario_desktop.engine.assets import RETENTION_MS
from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.sartiq.uploads import purge_uploads
from scenario_desktop.engine.times import now_ms
from scenario_desktop.errors import StoreFailed

_log = logging.getLogger(__name__)

#: Uploads that were never completed are given up after this time, in milliseconds.
_ABANDONED_MS = 7 * 24 * 3600 * 1000
_CONTENTS = (
    "SELECT file_id FROM assets UNION SELECT file_id FROM canvas_snapshots"
    " UNION SELECT file_id FROM sartiq_media"
)
_THUMBNAILS = "SELECT DISTINCT thumbnail_id FROM assets"
_OPEN = "('pending', 'validating', 'validated')"


async def tidy(config: EngineConfig, database: Database, started_ms: int) -> None:
    """Empty the trash of what cannot be restored any more, and remove orphaned files.

    A kill between storing a file and writing its row leaves such a file. Only files from before
    ``started_ms`` (milliseconds since 1970) are looked at, so that nothing under way is taken.
    """
    try:
        await _tidy(config, database, started_ms)
    except (OSError, StoreFailed) as error:  # it is tried again at the next start
        _log.warning("The data folder could not be tidied: %s", error)


async def _tidy(config: EngineConfig, database: Database, started_ms: int) -> None:
    await database.run(_purge)
    for folder, named in ((config.contents, _CONTENTS), (config.thumbnails, _THUMBNAILS)):
        known = await database.run(_known(named))
        await asyncio.to_thread(_remove_orphans, folder, known, started_ms)
    uploads = await database.run(_known(f"SELECT id FROM uploads WHERE status IN {_OPEN}"))  # noqa: S608 - ours
    await asyncio.to_thread(_remove_folders, config.uploads, uploads, started_ms)


def _purge(connection: sqlite3.Connection) -> None:
    at = now_ms()
    connection.execute("DELETE FROM assets WHERE deleted_at <= ?", (at - RETENTION_MS,))
    purge_uploads(connection, at)
    connection.execute(
        "UPDATE uploads SET status = 'failed', error = 'The parts did not arrive in time.',"
        " updated_at = ? WHERE status = 'pending' AND updated_at <= ?",
        (at, at - _ABANDONED_MS),
    )


def _known(sql: str) -> Callable[[sqlite3.Connection], set[str]]:
    return lambda connection: {row[0] for row in connection.execute(sql)}


def _remove_orphans(folder: Path, known: set[str], started_ms: int) -> None:
    for part in folder.iterdir():
        for file in part.iterdir():
            if file.name not in known and file.stat().st_mtime * 1000 < started_ms:
                file.unlink()


def _remove_folders(folder: Path, known: set[str], started_ms: int) -> None:
    for upload in folder.iterdir():
        if upload.name not in known and upload.stat().st_mtime * 1000 < started_ms:
            shutil.rmtree(upload, ignore_errors=True)
