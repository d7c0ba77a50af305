"""Files made from assets to take away: single pictures in another format, and zip archives."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scenario_desktop.engine.archive_names import archive_name, safe_segment, slug, unique_names
from scenario_desktop.engine.assets import COLUMNS, AssetStore, dump, rows_by_id, unknown_asset
from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.failures import Invalid
from scenario_desktop.engine.files import publish, store_failure, sync_file
from scenario_desktop.engine.keys import new_id
from scenario_desktop.engine.links import Links
from scenario_desktop.engine.times import now_ms
from scenario_desktop.engine.vocabulary import DOWNLOAD_FORMATS, EXTENSIONS, MIME_TYPES
from scenario_desktop.errors import AppError, NotFound, StoreFailed
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.tasks import convert_file

_log = logging.getLogger(__name__)

#: Assets in one archive.
MAX_ASSETS = 1000


class ExportStore:
    """Makes exports and knows the archives under way. All of them can be made again at any time."""

    def __init__(
        self, config: EngineConfig, database: Database, *, assets: AssetStore, links: Links,
        pool: WorkerPool,
    ) -> None:  # fmt: skip
        self._config = config
        self._database = database
        self._assets = assets
        self._links = links
        self._pool = pool
        self._builds: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take up the archives that an earlier run left unfinished."""
        rows = await self._database.run(
            lambda connection: connection.execute(
                "SELECT id FROM archives WHERE status IN ('queued', 'in-progress')"
            ).fetchall()
        )
        for row in rows:
            self._build_soon(row["id"])

    async def stop(self) -> None:
        """Let go of archives under way; they are begun again at the next start."""
        for task in tuple(self._builds):
            task.cancel()
        await asyncio.gather(*self._builds, return_exceptions=True)

    async def link(self, asset_id: str, target_format: str | None) -> tuple[str, str]:
        """Return a signed address of an asset's file, converted if need be, and its MIME type.

        Raises:
            NotFound: there is no such asset.
            Invalid: a picture cannot be had in this format.
            BadInput: the file cannot be decoded.
            StoreFailed: there is no room for the new file.
        """
        row = await self._assets.get(asset_id)
        stored = EXTENSIONS[row["mime_type"]]
        if target_format is None or DOWNLOAD_FORMATS.get(target_format) == stored:
            return self._links.file(row["file_id"], stored), row["mime_type"]
        if target_format not in DOWNLOAD_FORMATS or row["kind"] != "image":
            raise Invalid("Invalid target format", {"targetFormat": "cannot be made here"})
        extension = DOWNLOAD_FORMATS[target_format]
        export_id = f"{row['file_id']}.{extension}"
        target = self._config.exports / export_id
        if not await asyncio.to_thread(target.exists):
            await self._convert(self._assets.file_path(row), target, extension)
        name = f"{safe_segment(Path(row['name']).stem)}.{extension}"
        return self._links.export(export_id, name), MIME_TYPES[extension]

    async def request_archive(
        self,
        *,
        asset_ids: Sequence[str],
        inference_ids: Sequence[str],
        model_ids: Sequence[str],
        template: str,
        name: str | None,
        is_flat: bool,
    ) -> str:
        """Begin a zip archive and return the id of its job.

        Raises:
            NotFound: an asset does not exist.
            Invalid: there is nothing to pack, or too much.
        """
        archive_id, at = new_id("job"), now_ms()

        def work(connection: sqlite3.Connection) -> None:
            keys = _chosen(connection, asset_ids, inference_ids, model_ids)
            request = {"keys": keys, "template": template, "isFlat": is_flat}
            file_name = safe_segment(name or f"{datetime.now(UTC):%Y%m%d}-export") + ".zip"
            connection.execute(
                "INSERT INTO archives VALUES (?, ?, ?, 'queued', NULL, ?, ?)",
                (archive_id, file_name, dump(request), at, at),
            )

        await self._database.run(work)
        self._build_soon(archive_id)
        return archive_id

    async def archive(self, archive_id: str) -> dict[str, Any]:
        """Return how far an archive is, with its address once it is ready.

        Raises:
            NotFound: there is no such job.
        """
        row = await self._row(archive_id)
        answer = {"jobId": archive_id, "jobStatus": row["status"]}
        if row["status"] == "success":
            if not await asyncio.to_thread((self._config.exports / archive_id).exists):
                # Cleaned away meanwhile: it is packed again for whoever still asks.
                await self._set(archive_id, "queued")
                self._build_soon(archive_id)
                return answer | {"jobStatus": "queued"}
            answer["downloadUrl"] = self._links.export(archive_id, row["name"])
        return answer

    def _build_soon(self, archive_id: str) -> None:
        task = asyncio.get_running_loop().create_task(self._build(archive_id))
        self._builds.add(task)
        task.add_done_callback(self._builds.discard)

    async def _build(self, archive_id: str) -> None:
        try:
            await self._set(archive_id, "in-progress")
            request = json.loads((await self._row(archive_id))["request"])
            rows = await self._database.run(lambda connection: _rows(connection, request["keys"]))
            names = unique_names(
                archive_name(
                    request["template"], _values(row, number),
                    EXTENSIONS[row["mime_type"]], is_flat=request["isFlat"],
                )
                for number, row in enumerate(rows, 1)
            )  # fmt: skip
            files = [(self._assets.file_path(row), row["created_at"]) for row in rows]
            await asyncio.to_thread(self._pack, archive_id, dict(zip(names, files, strict=True)))
            await self._set(archive_id, "success")
        except AppError as error:
            try:
                await self._set(archive_id, "failure", error.message)
            except StoreFailed as trouble:  # tried again at the next start
                _log.warning("archive %s: %s", archive_id, trouble)

    def _pack(self, archive_id: str, files: Mapping[str, tuple[Path, int]]) -> None:
        """Write the archive; pictures are compressed already, so they are stored as they are."""
        staged = self._assets.new_staged()
        try:
            with zipfile.ZipFile(staged, "x", zipfile.ZIP_STORED) as archive:
                for name, (file, created_at) in files.items():
                    at = datetime.fromtimestamp(created_at / 1000, UTC)
                    entry = zipfile.ZipInfo(name, max(at.timetuple()[:6], (1980, 1, 1, 0, 0, 0)))
                    with file.open("rb") as source, archive.open(entry, "w") as target:
                        while chunk := source.read(1 << 20):
                            target.write(chunk)
            sync_file(staged)
            publish(staged, self._config.exports / archive_id)
        except OSError as error:
            raise store_failure(error) from error
        finally:
            staged.unlink(missing_ok=True)

    async def _convert(self, source: Path, target: Path, extension: str) -> None:
        staged = self._assets.new_staged()
        try:
            await self._pool.run(convert_file, source, staged, extension)
            await asyncio.to_thread(publish, staged, target)
        except OSError as error:
            raise store_failure(error) from error
        finally:
            staged.unlink(missing_ok=True)

    async def _row(self, archive_id: str) -> sqlite3.Row:
        row: sqlite3.Row | None = await self._database.run(
            lambda connection: connection.execute(
                "SELECT * FROM archives WHERE id = ?", (archive_id,)
            ).fetchone()
        )
        if row is None:
            raise NotFound("There is no such download job.", details=archive_id)
        return row

    async def _set(self, archive_id: str, status: str, error: str | None = None) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE archives SET status = ?, error = ?, updated_at = ? WHERE id = ?",
                (status, error, now_ms(), archive_id),
            )
        )


def _chosen(
    connection: sqlite3.Connection,
    asset_ids: Sequence[str],
    inference_ids: Sequence[str],
    model_ids: Sequence[str],
) -> list[int]:
    """Return the keys of all assets that an archive shall hold, each once."""
    found = {row["id"]: row["key"] for row in rows_by_id(connection, asset_ids)}
    for asset_id in asset_ids:
        if asset_id not in found:
            raise unknown_asset(asset_id)
    keys = [found[asset_id] for asset_id in asset_ids]
    for column, values in (("inference_id", inference_ids), ("model_id", model_ids)):
        rows = connection.execute(
            f"SELECT key FROM assets WHERE {column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
            " AND deleted_at IS NULL ORDER BY created_at, key LIMIT ?",
            (json.dumps(list(values)), MAX_ASSETS + 1),
        )
        keys += [row["key"] for row in rows]
    keys = list(dict.fromkeys(keys))
    if not 1 <= len(keys) <= MAX_ASSETS:
        raise Invalid(
            f"An archive holds 1 to {MAX_ASSETS} assets.", {"query": f"asks for {len(keys)}"}
        )
    return keys


def _rows(connection: sqlite3.Connection, keys: Sequence[int]) -> list[sqlite3.Row]:
    """Return the rows that are still there; what was deleted meanwhile is left out."""
    return connection.execute(
        f"SELECT {COLUMNS} FROM json_each(?) wanted JOIN assets a ON a.key = wanted.value "  # noqa: S608 - ours
        "WHERE a.deleted_at IS NULL ORDER BY wanted.key",
        (json.dumps(list(keys)),),
    ).fetchall()


def _values(row: sqlite3.Row, number: int) -> dict[str, str]:
    """Return what the tokens of a name template stand for."""
    metadata = json.loads(row["metadata"])
    return {
        "seed": str(metadata.get("seed", "")),
        "num": str(metadata.get("outputIndex", number)),
        "prompt": slug(str(metadata.get("prompt", ""))),
        "generator": str(row["model_id"] or row["type"]),
        "id": row["id"],
        "description": slug(row["description"]),
    }
