"""Sends a file in parts: with fresh addresses and connections, and nothing twice but a part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from scenario_desktop.api.models.assets import Asset, Upload, UploadCreate, UploadPart
from scenario_desktop.errors import BadInput, Forbidden, Offline, ServerFailed, TimedOut

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.client import ScenarioClient

#: Files below this many bytes travel inside one request; with base64 they stay under its 6 MB.
SMALL_BYTES = 4_000_000
#: Bytes of one part. The service's storage takes no less than 5 MiB but for the last.
PART_BYTES = 7 * 2**20

PARALLEL_PARTS = 3
#: Times a part is put, each with its own short retries: a fresh address, then a fresh connection.
PART_TRIES = 3

#: Returns a piece of the file, by its start and length in bytes. Called in a thread.
Read = Callable[[int, int], bytes]


class Uploads:
    """Multipart uploads of one workspace."""

    def __init__(
        self,
        client: ScenarioClient,
        *,
        part_bytes: int = PART_BYTES,
        pause_s: float = 1.0,
        deadline_s: float = 300.0,
    ) -> None:
        self._client = client
        self._part_bytes = part_bytes
        self._pause_s = pause_s
        self._deadline_s = deadline_s

    def part_count(self, size_bytes: int) -> int:
        return -(-size_bytes // self._part_bytes)

    async def send(self, create: UploadCreate, read: Read) -> Upload:
        """Send all parts. Until it is completed, an upload makes no asset: no failure is a doubt.

        Raises:
            AppError: it was not sent, and the server has made nothing of it.
        """
        upload = await self._client.create_upload(create)
        await self._put_parts(upload, create.content_type, read)
        return upload

    async def finish(self, upload_id: str) -> Asset:
        """Complete an upload and wait for its asset.

        Raises:
            BadInput: the server refused the file.
            AppError: it did not come to an end; the upload may still become an asset.
        """
        await self._client.complete_upload(upload_id)
        return await self.asset_of(upload_id)

    async def asset_of(self, upload_id: str) -> Asset:
        """Wait until the server has made an asset of a completed upload.

        Raises:
            BadInput: it refused the file.
            TimedOut: it did not come to an end in time; the upload may still become an asset.
        """
        pause_s = self._pause_s / 2
        try:
            async with asyncio.timeout(self._deadline_s):
                while True:
                    upload = await self._client.get_upload(upload_id)
                    if upload.entity_id:
                        return await self._client.get_asset(upload.entity_id)
                    if upload.status == "failed":
                        raise BadInput(
                            "The server could not use this file.",
                            details=upload.error_message or "",
                        )
                    await asyncio.sleep(pause_s)
                    pause_s = min(pause_s * 1.5, self._pause_s * 3)
        except TimeoutError as error:
            raise TimedOut("The server has not finished taking in a file.") from error

    async def _put_parts(self, upload: Upload, content_type: str, read: Read) -> None:
        urls = {part.number: part for part in upload.parts}
        numbers = iter(sorted(urls))
        renewing = asyncio.Lock()

        async def fresh(number: int, old: UploadPart) -> UploadPart:
            async with renewing:
                if urls[number] is old:
                    again = await self._client.get_upload(upload.id)
                    urls.update((part.number, part) for part in again.parts)
                return urls[number]

        async def work() -> None:
            for number in numbers:
                start = (number - 1) * self._part_bytes
                data = await asyncio.to_thread(read, start, self._part_bytes)
                await self._put_part(urls[number], data, content_type, fresh)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(PARALLEL_PARTS):
                    group.create_task(work())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _put_part(
        self,
        part: UploadPart,
        data: bytes,
        content_type: str,
        fresh: Callable[[int, UploadPart], Awaitable[UploadPart]],
    ) -> None:
        """Put one part; repeating a part is safe, unlike repeating an upload."""
        for attempt in range(1, PART_TRIES + 1):
            try:
                await self._client.put_part(part.url, data, content_type)
            except (Offline, TimedOut, ServerFailed):
                if attempt == PART_TRIES:
                    raise
                await asyncio.sleep(self._pause_s * attempt)
            except Forbidden:  # the signature has run out
                if attempt == PART_TRIES:
                    raise
                part = await fresh(part.number, part)
            else:
                return
