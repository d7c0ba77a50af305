"""Pictures that a request names by their address: always one that this engine signed itself.

Nothing is fetched. The signature proves that whoever sends the address may read the file, which
lies in the engine's own folder.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from urllib.parse import SplitResult, parse_qsl, urlsplit

from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.files import ContentFolder
from scenario_desktop.engine.links import Links, reached_at
from scenario_desktop.engine.sartiq.media import StoredPicture, hash_file
from scenario_desktop.errors import BadInput, Forbidden, NotFound

_MAX_LENGTH = 4000
_FILE = re.compile(r"/files/([0-9a-f]{32})\.[a-z]+")
_UPLOAD = re.compile(r"/sartiq-uploads/([0-9a-f-]{36})")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Inputs:
    """Finds the stored picture behind an address."""

    def __init__(
        self, config: EngineConfig, database: Database, *, contents: ContentFolder, links: Links
    ) -> None:
        self._config = config
        self._database = database
        self._contents = contents
        self._links = links

    async def find(self, address: str) -> StoredPicture:
        """Return the picture that an address or path of this engine names.

        Raises:
            BadInput: it is not an address of this engine, or no picture.
            Forbidden: its signature is wrong, or its time is over.
            NotFound: the file has gone, or was never uploaded.
        """
        parts = self._own(address)
        try:
            self._links.check("GET", parts.path, dict(parse_qsl(parts.query)))
        except Forbidden as error:
            raise Forbidden(error.message, hint="Upload the picture again.") from error
        if match := _UPLOAD.fullmatch(parts.path):
            upload_id = match[1]
            return await self._database.run(lambda connection: _uploaded(connection, upload_id))
        match = _FILE.fullmatch(parts.path)
        if match is None:
            raise _foreign()
        return await self._file(match[1])

    def _own(self, address: str) -> SplitResult:
        try:
            parts = urlsplit(address[:_MAX_LENGTH])
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise _foreign() from error
        if not parts.scheme and not parts.netloc and parts.path.startswith("/"):
            return parts
        is_ours = port == self._config.port and host in {*_LOOPBACK, self._config.host.lower()}
        is_reached = f"{parts.scheme}://{parts.netloc}" == reached_at.get()
        if parts.scheme != "http" or not (is_ours or is_reached):
            raise _foreign()
        return parts

    async def _file(self, file_id: str) -> StoredPicture:
        picture = await self._database.run(lambda connection: _known(connection, file_id))
        if picture is not None:
            return picture
        row = await self._database.run(
            lambda connection: connection.execute(
                "SELECT mime_type, size_bytes, width, height FROM assets"
                " WHERE file_id = ? AND kind = 'image' LIMIT 1",
                (file_id,),
            ).fetchone()
        )
        if row is None:
            raise NotFound("This is not the address of a picture that is still here.")
        try:
            content_hash = await asyncio.to_thread(hash_file, self._contents.path(file_id))
        except OSError as error:
            raise NotFound("This picture is no longer here.") from error
        return StoredPicture(file_id=file_id, content_hash=content_hash, **dict(row))


def _known(connection: sqlite3.Connection, file_id: str) -> StoredPicture | None:
    row = connection.execute(
        "SELECT * FROM sartiq_media WHERE file_id = ?", (file_id,)
    ).fetchone()  # fmt: skip
    return None if row is None else _picture(row)


def _uploaded(connection: sqlite3.Connection, upload_id: str) -> StoredPicture:
    row = connection.execute(
        "SELECT m.* FROM sartiq_uploads u JOIN sartiq_media m ON m.key = u.media_key"
        " WHERE u.id = ?",
        (upload_id,),
    ).fetchone()
    if row is None:
        raise NotFound(
            "No picture was uploaded to this address, or it has been removed.",
            hint="Upload it again.",
        )
    return _picture(row)


def _picture(row: sqlite3.Row) -> StoredPicture:
    return StoredPicture(
        row["file_id"], row["mime_type"], row["size_bytes"], row["width"], row["height"],
        row["content_hash"],
    )  # fmt: skip


def _foreign() -> BadInput:
    return BadInput(
        "This engine fetches nothing from elsewhere.",
        hint="Upload the picture, or send the address of one that is here.",
    )
