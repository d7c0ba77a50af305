"""Fetches the whole file of an item into a part file: resumed, with a fresh address, checked.

Downloads and previews share it; neither name nor place of the final file is decided here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    BadInput,
    Forbidden,
    NotFound,
    Offline,
    ServerFailed,
    TimedOut,
    Unauthorised,
)
from scenario_desktop.items import Item, Source
from scenario_desktop.services.sartiq.limits import Limit, check

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.client import ScenarioClient
    from scenario_desktop.api.files import FileFetcher

#: Received bytes, and the whole where the server says it.
OnProgress = Callable[[int, int | None], None]

#: Times an interrupted transfer is taken up again; only counted while nothing arrives.
MAX_RESUMES = 3
RESUME_PAUSE_S = 0.5

#: How files begin, and where in them.
_BEGINNINGS: Final = (
    (0, b"\x89PNG", "image/png"), (0, b"\xff\xd8\xff", "image/jpeg"), (8, b"WEBP", "image/webp"),
    (0, b"GIF8", "image/gif"), (0, b"II*\0", "image/tiff"), (0, b"MM\0*", "image/tiff"),
    (4, b"ftyp", "video/mp4"), (0, b"\x1aE\xdf\xa3", "video/webm"),
)  # fmt: skip
_WEB_PAGE = (b"<!doctype", b"<html", b"<?xml", b"<error")


class OtherFiles(Protocol):
    """What is asked of the second service about files of its items."""

    @property
    def files(self) -> FileFetcher: ...
    async def read(self, item: Item) -> Asset: ...
    async def read_soon(self, item: Item) -> Asset: ...


class Originals:
    """Reads files of items over the network.

    Attributes:
        sartiq: reads the second service's items and files; None without a connection to it.
    """

    def __init__(
        self, client: ScenarioClient, files: FileFetcher, *, pause_s: float = RESUME_PAUSE_S
    ) -> None:
        self._client = client
        self._files = files
        self._pause_s = pause_s
        self.sartiq: OtherFiles | None = None

    async def fetch(
        self,
        item: Item,
        part: Path,
        *,
        target_format: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Asset:
        """Fetch a file, going on where an earlier try ended.

        Cancelling leaves the part file and its note for a later try.

        Args:
            part: where the bytes go; a note with the version of the file lies beside it.
            target_format: "png", "jpeg", …: converted by the server; None for the file as it is.

        Returns:
            The asset as the server just told it.

        Raises:
            AppError: the file did not come whole; what came is kept unless it is worthless.
            OSError: it cannot be written.
        """
        check(Limit.FORMATS, [item] if target_format else [])
        asset = await self._asset(item)
        resumes, had = 0, -1
        is_renewed = False
        while True:
            try:
                url = await self._address(asset, target_format)
                await self._transfer(self._files_of(item), url, part, on_progress)
                break
            except (Forbidden, NotFound):  # the signature has run out: once more with a new one
                if is_renewed:
                    raise
                is_renewed = True
            except (Offline, TimedOut, ServerFailed):
                has = _size(part)
                resumes = resumes + 1 if has <= had else 1
                if resumes > MAX_RESUMES:
                    raise
                had = has
                await asyncio.sleep(self._pause_s * resumes)
            asset = await self._asset(item)
        expected = None if target_format else asset.properties.size
        await asyncio.to_thread(_check, part, asset, expected)
        if item.source is Source.SARTIQ:
            # It does not always tell the type of a file, so that of the record may be a guess.
            mime_type = await asyncio.to_thread(_mime_type, part)
            asset = asset.model_copy(update={"mime_type": mime_type or asset.mime_type})
        return asset

    async def fetch_picture(self, item: Item, part: Path) -> None:
        """Fetch what an item looks like: a canvas's file is a text, with a picture beside it.

        Raises:
            BadInput: a canvas has no picture.
            AppError, OSError: as ``fetch``.
        """
        if item.type != "canvas":
            await self.fetch(item, part)
            return
        asset = await self._asset(item)
        url = asset.thumbnail.url if asset.thumbnail is not None else ""
        if not url:
            raise BadInput(f"“{item.name}” has no picture yet.")
        await asyncio.to_thread(discard, part)  # its address does not tell which version it is
        await self._transfer(self._files_of(item), url, part, None)

    async def _asset(self, item: Item) -> Asset:
        if item.source is Source.SARTIQ:
            return await self._other().read(item)
        return await self._client.get_asset(item.id, is_original=True)

    def _files_of(self, item: Item) -> FileFetcher:
        return self._other().files if item.source is Source.SARTIQ else self._files

    def _other(self) -> OtherFiles:
        if self.sartiq is None:
            raise Unauthorised(
                "There is no connection to Sartiq.",
                hint="Add it to this workspace in the settings, then try again.",
            )
        return self.sartiq

    async def _address(self, asset: Asset, target_format: str | None) -> str:
        url = asset.url
        if target_format:
            url = (await self._client.download_url(asset.id, target_format)).url
        if not url:
            raise BadAnswer(
                f"The server gave no address for “{asset.name}”.",
                hint="It may still be in work. Try again in a moment.",
            )
        return url

    async def _transfer(
        self, files: FileFetcher, url: str, part: Path, on_progress: OnProgress | None
    ) -> None:
        note = _note(part)
        offset, etag = await asyncio.to_thread(_resumable, part, note)
        async with aclosing(files.download(url, part, offset=offset, etag=etag)) as steps:
            async for step in steps:
                if step.etag and step.etag != etag:
                    etag = step.etag
                    await asyncio.to_thread(note.write_text, etag, "utf-8")
                if on_progress is not None:
                    on_progress(step.done, step.total)


def discard(part: Path) -> None:
    """Remove a part file and its note."""
    for path in (part, _note(part)):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def forget_note(part: Path) -> None:
    """Remove the note of a part file that has got its final name."""
    with contextlib.suppress(FileNotFoundError):
        _note(part).unlink()


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".etag")


def _resumable(part: Path, note: Path) -> tuple[int, str | None]:
    """Return from where to go on. Without a known version two files could be joined: start new."""
    try:
        etag = note.read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return 0, None
    size = _size(part)
    return (size, etag) if size > 0 and etag else (0, None)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _check(part: Path, asset: Asset, expected: float | None) -> None:
    """Refuse what is not the file: an error page, or another length than the service tells."""
    try:
        _look(part, asset, expected)
    except AppError:
        discard(part)
        raise


def _look(part: Path, asset: Asset, expected: float | None) -> None:
    size = _size(part)
    if size == 0:
        raise BadAnswer(f"The server sent an empty file for “{asset.name}”.")
    with part.open("rb") as file:
        head = file.read(256).lstrip().lower()
    if head.startswith(_WEB_PAGE) and not asset.mime_type.endswith(("xml", "html")):
        raise BadAnswer(
            f"The server sent a web page instead of “{asset.name}”.",
            hint="Nothing was saved. Try again in a moment.",
        )
    if expected is not None and size != int(expected):
        raise BadAnswer(
            f"“{asset.name}” did not arrive whole: {size:,} of {int(expected):,} bytes.",
            hint="Nothing was saved. Try again in a moment.",
        )


def _mime_type(part: Path) -> str:
    """Return the type of a file by its first bytes; empty for one that we do not know."""
    with part.open("rb") as file:
        head = file.read(16)
    return next((kind for at, mark, kind in _BEGINNINGS if head[at:].startswith(mark)), "")
