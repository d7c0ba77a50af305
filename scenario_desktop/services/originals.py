"""Fetches the whole file of an item into a part file: resumed, with a fresh address, checked.

Downloads and previews share it; neither name nor place of the final file is decided here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    Forbidden,
    NotFound,
    Offline,
    ServerFailed,
    TimedOut,
)

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.client import ScenarioClient
    from scenario_desktop.api.files import FileFetcher

#: Received bytes, and the whole where the server says it.
OnProgress = Callable[[int, int | None], None]

#: Times an interrupted transfer is taken up again; only counted while nothing arrives.
MAX_RESUMES = 3
RESUME_PAUSE_S = 0.5

_WEB_PAGE = (b"<!doctype", b"<html", b"<?xml", b"<error")


class Originals:
    """Reads files of items over the network."""

    def __init__(
        self, client: ScenarioClient, files: FileFetcher, *, pause_s: float = RESUME_PAUSE_S
    ) -> None:
        self._client = client
        self._files = files
        self._pause_s = pause_s

    async def fetch(
        self,
        asset_id: str,
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
        asset = await self._client.get_asset(asset_id, is_original=True)
        resumes, had = 0, -1
        is_renewed = False
        while True:
            try:
                url = await self._address(asset, target_format)
                await self._transfer(url, part, on_progress)
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
            asset = await self._client.get_asset(asset_id, is_original=True)
        expected = None if target_format else asset.properties.size
        await asyncio.to_thread(_check, part, asset, expected)
        return asset

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

    async def _transfer(self, url: str, part: Path, on_progress: OnProgress | None) -> None:
        note = _note(part)
        offset, etag = await asyncio.to_thread(_resumable, part, note)
        async with aclosing(self._files.download(url, part, offset=offset, etag=etag)) as steps:
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
