"""Hands pictures over to the second service: by an address that it can read, else by upload."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from scenario_desktop.errors import BadInput, NotFound
from scenario_desktop.items import Item, Source
from scenario_desktop.services.file_names import safe_file_name, suffix_for
from scenario_desktop.services.sartiq.pictures import OnProgress, PictureRef

#: Bytes. A file is sent in one piece.
MAX_BYTES: Final = 256 * 2**20


class UploadClient(Protocol):
    """The part of the API client that is used here."""

    @property
    def base_url(self) -> str: ...
    async def upload(self, filename: str, content_type: str, data: bytes) -> str: ...


class Handover:
    """Gives an address for every picture that a request needs; a ``PictureDoor``."""

    def __init__(
        self,
        client: UploadClient,
        *,
        find: Callable[[str], Awaitable[Item | None]],
        fresh_url: Callable[[int], Awaitable[str]],
        original: Callable[[Item], Awaitable[Path]],
    ) -> None:
        """
        Args:
            find: an item by its id.
            fresh_url: an address of an item's file, by its key.
            original: an item's file on this computer, fetched where needed.
        """
        self._client = client
        self._find = find
        self._fresh_url = fresh_url
        self._original = original

    async def address(self, ref: PictureRef, on_progress: OnProgress) -> str:
        """Return an address that the service can read now; uploads the picture where needed.

        Raises:
            AppError: the picture is gone, cannot be read, or was not taken.
        """
        if not ref.item_id:
            return await self._upload(Path(ref.file), ref.name, "", on_progress)
        return await self.handover(await self._item(ref), on_progress)

    async def data(self, ref: PictureRef) -> bytes:
        """Return the picture's file, as it is.

        Raises:
            AppError: the picture is gone or cannot be read.
        """
        path = Path(ref.file)
        if ref.item_id:
            path = await self._original(await self._item(ref))
        return await asyncio.to_thread(_read, path, ref.name)

    async def handover(self, item: Item, on_progress: OnProgress = lambda share: None) -> str:
        """Return an address of an item that the service can read now.

        Raises:
            AppError: it has no file, or could not be handed over.
        """
        url = await self._fresh_url(item.key)
        if item.source is Source.SARTIQ or can_reach(self._client.base_url, url):
            on_progress(1.0)
            return url
        path = await self._original(item)
        return await self._upload(path, item.name, item.mime_type, on_progress)

    async def _item(self, ref: PictureRef) -> Item:
        item = await self._find(ref.item_id)
        if item is None:
            raise NotFound(f"“{ref.name or ref.item_id}” is no longer in the library.")
        return item

    async def _upload(self, path: Path, name: str, mime_type: str, on_progress: OnProgress) -> str:
        on_progress(0.0)
        data = await asyncio.to_thread(_read, path, name)
        kind = mime_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        filename = safe_file_name(name or path.name, suffix=suffix_for(kind))
        address = await self._client.upload(filename, kind, data)
        on_progress(1.0)
        return address


def can_reach(server: str, url: str) -> bool:
    """Whether a server can surely read an address: its own, or one of the open web.

    A server on this computer reads nothing but its own addresses.
    """
    there, file = urlsplit(server), urlsplit(url)
    if (there.scheme, there.netloc) == (file.scheme, file.netloc):
        return True
    if is_private(there.hostname or ""):
        return False
    return file.scheme == "https" and not is_private(file.hostname or "")


def is_private(host: str) -> bool:
    """Whether a host is this computer, or lies in a network that is not the open web."""
    if host == "localhost" or "." not in host.strip("[]").replace(":", "."):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host.endswith((".local", ".internal", ".lan", ".home", ".localhost"))


def _read(path: Path, name: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadInput(
                f"“{name or path.name}” is too large to hand over: {size / 2**20:,.0f} MiB.",
                hint=f"At most {MAX_BYTES // 2**20} MiB are sent.",
            )
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"“{name or path.name}” cannot be read: {error.strerror or 'unknown reason'}.",
            hint="Choose it again.",
        ) from error
    return data
