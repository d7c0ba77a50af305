"""Files at signed or public addresses: no keys, no redirects, with caps and a deadline."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_desktop.api.addresses import file_address
from scenario_desktop.api.failures import failure_of
from scenario_desktop.api.transport import Call, Clock, Transport, unpacked
from scenario_desktop.errors import BadAnswer, Offline, StoreFailed, TimedOut

if TYPE_CHECKING:
    import httpx

FETCH_S: Final = 60.0
_MAX_FETCH_BYTES: Final = 64 * 1024 * 1024
_MAX_FILE_BYTES: Final = 16 * 1024**3
#: A download may last long, but in each span of this many seconds something must come.
_SPAN_S: Final = 30.0
_LEAST_PER_SPAN: Final = 16 * 1024
_WRITE_BYTES: Final = 512 * 1024
_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is.

    Attributes:
        done: bytes on disk, those of an earlier try included.
        total: bytes of the whole file, None when the server does not say.
        etag: names this version of the file; pass it when resuming.
        has_restarted: the server has another version or no ranges: the file began anew.
    """

    done: int
    total: int | None
    etag: str | None = None
    mime_type: str = ""
    has_restarted: bool = False


class FileFetcher:
    """Reads files that the services point to."""

    def __init__(
        self,
        *,
        base_url: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            base_url: the API's address. Plain http is taken only from its own host and port.
        """
        self._base_url = base_url
        self._clock = clock or Clock()
        self._transport = Transport(transport, clock=clock)

    async def aclose(self) -> None:
        """Close all connections. May be called twice."""
        await self._transport.aclose()

    async def fetch(self, url: str, max_bytes: int = _MAX_FETCH_BYTES) -> bytes:
        """Read a small file whole; tried three times.

        Raises:
            Forbidden: the address has expired; ask for a fresh one.
            BadAnswer: larger than the cap, or empty.
            AppError: as for any read.
        """
        call = Call(
            "GET", file_address(url, self._base_url), headers={"Accept": "*/*"}, is_safe=True,
            deadline_s=FETCH_S, max_bytes=max_bytes,
        )  # fmt: skip
        answer = await self._transport.send(call)
        if not answer.body:
            raise BadAnswer("The server sent an empty file.")
        return answer.body

    async def download(
        self,
        url: str,
        target: Path,
        *,
        offset: int = 0,
        etag: str | None = None,
        expected_size: int | None = None,
        max_bytes: int = _MAX_FILE_BYTES,
    ) -> AsyncGenerator[Progress, None]:
        """Write a file, yielding its progress; one try. Resumes where ``offset`` says.

        The first ``offset`` bytes of the target are kept if the server still has the version of
        ``etag``; else the target begins anew. Cancelling leaves what was written, to be resumed.

        Raises:
            Forbidden: the address has expired; ask for a fresh one.
            Offline: the connection broke; what was written stays.
            BadAnswer: more or fewer bytes than promised, or past the cap.
            StoreFailed: the disk is full or the folder not writable.
            TimedOut: too slow to ever end.
        """
        is_resuming = offset > 0 and etag is not None
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if is_resuming and etag is not None:
            headers |= {"Range": f"bytes={offset}-", "If-Range": etag}
        call = Call("GET", file_address(url, self._base_url), headers=headers)
        async with self._transport.stream(call, _SPAN_S) as response:
            status = response.status_code
            if status == 416 and is_resuming:
                pass  # begun anew below, once this answer is closed
            elif status not in (200, 206):
                raise failure_of(status, response.headers, b"", now=self._clock.wall())
            else:
                plan = _plan(response, offset if is_resuming else 0, is_resuming)
                if plan.total is not None and plan.total > max_bytes:
                    raise BadAnswer("The file is larger than is allowed here.")
                async with aclosing(self._write(response, target, plan, max_bytes)) as steps:
                    async for progress in steps:
                        yield progress
                _verify(progress, plan.total, expected_size)
                return
        async with aclosing(
            self.download(url, target, expected_size=expected_size, max_bytes=max_bytes)
        ) as steps:
            async for progress in steps:
                yield progress

    async def _write(
        self, response: httpx.Response, target: Path, plan: Progress, max_bytes: int
    ) -> AsyncGenerator[Progress, None]:
        take = unpacked(response.headers.get("content-encoding", ""), max_bytes)
        done = plan.done
        waiting = bytearray()
        span_began, span_bytes = self._clock.monotonic(), 0
        chunks = response.stream.__aiter__()  # type: ignore[union-attr]  # ours are all async
        yield plan
        handle = await asyncio.to_thread(_opened, target, plan.done)
        try:
            while True:
                try:
                    async with asyncio.timeout(_SPAN_S):
                        chunk = await anext(chunks, None)
                except TimeoutError as error:
                    raise TimedOut("The download has stalled.", hint="Resume it later.") from error
                if chunk is None:
                    break
                data = take(chunk)
                waiting += data
                span_bytes += len(data)
                now = self._clock.monotonic()
                if now - span_began > _SPAN_S:
                    if span_bytes < _LEAST_PER_SPAN:
                        raise TimedOut("The download is too slow.", hint="Resume it later.")
                    span_began, span_bytes = now, 0
                if len(waiting) >= _WRITE_BYTES:
                    done += await _flush(handle, waiting, target)
                    yield Progress(done, plan.total, plan.etag, plan.mime_type, plan.has_restarted)
        finally:
            # What came is kept, also when the connection broke or the user stopped it.
            done += await asyncio.shield(_finish(handle, waiting, target))
        yield Progress(done, plan.total, plan.etag, plan.mime_type, plan.has_restarted)


def _plan(response: httpx.Response, offset: int, is_resuming: bool) -> Progress:
    headers = response.headers
    etag = headers.get("etag")
    if etag is not None and etag.startswith("W/"):
        etag = None  # a weak one does not promise the same bytes
    mime_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code == 206:
        match = _RANGE.fullmatch(headers.get("content-range", ""))
        if match is None or int(match[1]) != offset:
            raise BadAnswer("The server sent another part of the file than was asked for.")
        total = None if match[3] == "*" else int(match[3])
        return Progress(offset, total, etag, mime_type)
    length = headers.get("content-length", "")
    packed = headers.get("content-encoding", "identity") != "identity"
    total = int(length) if length.isdecimal() and len(length) < 19 and not packed else None
    return Progress(0, total, etag, mime_type, has_restarted=is_resuming)


def _verify(last: Progress, total: int | None, expected: int | None) -> None:
    for size in (total, expected):
        if size is None or last.done == size:
            continue
        if last.done < size:
            raise Offline(
                "The download broke off.", hint="It can be resumed.",
                details=f"{last.done} of {size} bytes",
            )  # fmt: skip
        raise BadAnswer(
            "The file is larger than announced.", details=f"{last.done} instead of {size} bytes"
        )
    if not last.done:
        raise BadAnswer("The server sent an empty file.")


def _opened(target: Path, offset: int) -> int:
    try:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        handle = os.open(target, flags, 0o600)
        os.ftruncate(handle, offset)
        os.lseek(handle, offset, os.SEEK_SET)
    except OSError as error:
        raise _not_written(target, error) from error
    return handle


async def _flush(handle: int, waiting: bytearray, target: Path) -> int:
    data = bytes(waiting)
    waiting.clear()
    await asyncio.to_thread(_written, handle, data, target)
    return len(data)


async def _finish(handle: int, waiting: bytearray, target: Path) -> int:
    try:
        return await _flush(handle, waiting, target) if waiting else 0
    finally:
        await asyncio.to_thread(os.close, handle)


def _written(handle: int, data: bytes, target: Path) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(handle, view) :]
    except OSError as error:
        raise _not_written(target, error) from error


def _not_written(target: Path, error: OSError) -> StoreFailed:
    return StoreFailed(
        f"{target.name} could not be written; the part that was there is kept.",
        hint="Check that the disk is not full and the folder is writable.",
        details=f"{target}: {error.strerror or error}",
    )
