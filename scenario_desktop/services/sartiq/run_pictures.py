"""Pictures that are told by an address alone: attempts, and results of experimental tasks.

Such an address is a credential for a while. It is used here, and neither shown nor kept.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urljoin

from scenario_desktop.errors import StoreFailed
from scenario_desktop.items import Picture

#: A picture larger than this is not read, bytes.
MAX_BYTES: Final = 200 * 2**20


class Files(Protocol):
    """Reads files at addresses that the service tells."""

    async def fetch(self, url: str, max_bytes: int = ...) -> bytes: ...


class Decoder(Protocol):
    """Decodes files in a worker process."""

    async def file(self, path: Path, max_px: int) -> Picture: ...


class RunPictures:
    """Reads and decodes pictures at addresses.

    Args:
        base_url: what a path without a host is meant of.
    """

    def __init__(self, files: Files, decoder: Decoder, base_url: str) -> None:
        self._files, self._decoder, self._base_url = files, decoder, base_url

    async def picture(self, address: str, max_px: int) -> Picture:
        """Return a picture, at most so many pixels on its long side.

        Raises:
            BadInput: it is no picture, or cannot be decoded.
            AppError: it did not come.
        """
        path = await asyncio.to_thread(_write, await self.data(address))
        try:
            return await self._decoder.file(path, max_px)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def data(self, address: str) -> bytes:
        """Return the file as it is.

        Raises:
            AppError: it did not come.
        """
        return await self._files.fetch(urljoin(self._base_url, address), MAX_BYTES)

    async def save(self, address: str, path: Path) -> None:
        """Write the file where the user wants it.

        Raises:
            StoreFailed: it cannot be written there.
            AppError: it did not come.
        """
        data = await self.data(address)
        try:
            await asyncio.to_thread(path.write_bytes, data)
        except OSError as error:
            raise StoreFailed(
                f"The picture could not be saved: {error.strerror or 'unknown reason'}.",
                hint="Choose another folder.",
            ) from error


def _write(data: bytes) -> Path:
    """Put a file where only this user can read it."""
    try:
        handle, name = tempfile.mkstemp(prefix="scenario-desktop-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except OSError as error:
        raise StoreFailed(
            f"The picture could not be kept: {error.strerror or 'unknown reason'}.",
            hint="Make room on the disk.",
        ) from error
    return Path(name)
