"""Brings pixels of a canvas to the server: hidden assets below it, each sent once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from scenario_desktop.api.models.assets import Asset, AssetCreate, AssetOptions, UploadCreate
from scenario_desktop.errors import AppError, BadInput
from scenario_desktop.services.canvas.wire import CanvasClient, is_doubtful
from scenario_desktop.services.uploads import SMALL_BYTES, Uploads

#: Bytes of a request with a canvas; the gateway takes 6 MB with all that is around them.
MAX_CANVAS_BYTES = 5_500_000
PARALLEL = 3
#: Pages of hidden assets that are looked through for one whose answer was lost.
_PAGES = 10
#: As much may the server's clock be behind our guess of it.
_CLOCKS = timedelta(minutes=2)

#: Told how many of how many layers have arrived.
OnProgress = Callable[[int, int], None]
#: Keeps what is known of uploads: asset ids by blob name, "" while nobody knows.
Keep = Callable[[Mapping[str, str]], Awaitable[None]]


class LayerUploads:
    """Uploads for one canvas."""

    def __init__(self, client: CanvasClient, uploads: Uploads, canvas_id: str | None) -> None:
        """
        Args:
            canvas_id: below which they are; None where that canvas does not exist any more.
        """
        self._client = client
        self._uploads = uploads
        self._canvas_id = canvas_id

    async def send(
        self,
        blobs: Mapping[str, bytes],
        known: Mapping[str, str],
        keep: Keep,
        on_progress: OnProgress | None = None,
    ) -> dict[str, str]:
        """Send the blobs that the server does not have; returns the asset of each.

        A failure or a cancellation leaves those that arrived; they are not sent again.

        Args:
            known: from earlier calls, as given to ``keep``.

        Raises:
            AppError: not all of them arrived.
        """
        found = {name: known[name] for name in blobs if known.get(name)}
        doubtful = {name for name in blobs if known.get(name) == ""}
        if doubtful:
            found |= await self._find(doubtful)
        missing = [name for name in blobs if name not in found]
        if missing:
            await keep({**known, **found, **dict.fromkeys(missing, "")})
        done = len(found)
        _tell(on_progress, done, len(blobs))
        gate = asyncio.Semaphore(PARALLEL)

        async def one(name: str) -> None:
            nonlocal done
            async with gate:
                found[name] = await self._send(name, blobs[name])
            done += 1
            _tell(on_progress, done, len(blobs))

        never: set[str] = set()

        async def told(name: str) -> None:
            try:
                await one(name)
            except AppError as error:
                if not is_doubtful(error):
                    never.add(name)
                raise

        try:
            async with asyncio.TaskGroup() as group:
                for name in missing:
                    group.create_task(told(name))
        except ExceptionGroup as errors:
            unsure = {name: "" for name in missing if name not in never}
            await keep({**_without(known, never), **unsure, **found})
            raise errors.exceptions[0] from None
        if missing:
            await keep({**known, **found})
        return found

    async def _send(self, name: str, data: bytes) -> str:
        if len(data) < SMALL_BYTES:
            image = base64.b64encode(data).decode("ascii")  # at most 5 ms
            create = AssetCreate(
                name=_asset_name(name), image=image, parent_id=self._canvas_id, hide=True
            )
            return (await self._client.create_asset(create)).id
        upload = await self._uploads.send(
            UploadCreate(
                kind="image",
                file_name=f"{_asset_name(name)}.png",
                content_type=_mime_type(data),
                file_size=len(data),
                parts=self._uploads.part_count(len(data)),
                asset_options=AssetOptions(parent_id=self._canvas_id, hide=True),
            ),
            partial(_piece, data),
        )
        return (await self._uploads.finish(upload.id)).id

    async def _find(self, names: set[str]) -> dict[str, str]:
        """Look for pixels that may have arrived although nobody said so."""
        if self._canvas_id is None:
            return {}
        wanted = {_asset_name(name): name for name in names}
        wanted |= {f"{shown}.png": name for shown, name in wanted.items()}
        found: dict[str, str] = {}
        token: str | None = None
        for _ in range(_PAGES):
            page = await self._client.list_assets(
                parent_asset_id=self._canvas_id, sort_by="createdAt", token=token
            )
            for asset in page.assets:
                name = wanted.get(asset.name)
                if name is not None:
                    found[name] = asset.id
            token = page.next_pagination_token
            if not token or len(found) == len(names):
                break
        return found


def check_size(text: str, thumbnail: bytes) -> None:
    """Refuse a canvas that no request can hold.

    Raises:
        BadInput: it is too large.
    """
    size = len(text.encode()) + len(thumbnail) * 4 // 3
    if size > MAX_CANVAS_BYTES:
        raise BadInput(
            f"The canvas has {size / 1e6:,.1f} MB of text; {MAX_CANVAS_BYTES / 1e6:,.1f} MB is the"
            " most that can be saved.",
            hint="Merge or remove layers. Your strokes are kept on this computer.",
        )


def thumbnail_text(thumbnail: bytes) -> str | None:
    """Return a thumbnail as a request carries it."""
    return base64.b64encode(thumbnail).decode("ascii") if thumbnail else None


async def create_canvas(
    client: CanvasClient, name: str, text: str, thumbnail: bytes, since: datetime
) -> Asset:
    """Create a canvas, and look for it when the answer is lost.

    Args:
        since: now, by the server's clock.

    Raises:
        AppError: there is none, or nobody knows.
    """
    check_size(text, thumbnail)
    create = AssetCreate(name=name, canvas=text, thumbnail=thumbnail_text(thumbnail))
    try:
        return await client.create_canvas(create)
    except AppError as error:
        found = await _find_canvas(client, name, text, since) if is_doubtful(error) else None
        if found is None:
            raise
        return found


async def _find_canvas(client: CanvasClient, name: str, text: str, since: datetime) -> Asset | None:
    page = await client.list_assets(
        page_size=20, sort_by="createdAt", types=["canvas"], created_after=since - _CLOCKS
    )
    for asset in page.assets:
        if asset.name == name and await client.canvas_text(asset.id) == text:
            return asset
    return None


def _asset_name(blob: str) -> str:
    return f"Layer {blob[:24]}"


def _mime_type(data: bytes) -> str:
    if data.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "image/png"


def _piece(data: bytes, start: int, length: int) -> bytes:
    return data[start : start + length]


def _without(known: Mapping[str, str], names: set[str]) -> dict[str, str]:
    return {name: asset_id for name, asset_id in known.items() if name not in names}


def _tell(on_progress: OnProgress | None, done: int, total: int) -> None:
    if on_progress is not None:
        on_progress(done, total)
