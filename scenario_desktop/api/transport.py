"""The one place that talks to httpx: deadline, byte cap, retries of safe reads, error mapping.

It uses httpx's transports without its client, which would keep cookies, could follow redirects
and read proxies from the environment, and logs whole addresses. httpx itself is imported when the
first request is sent: it costs as much as showing the window.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

from scenario_desktop import __version__
from scenario_desktop.api.failures import failure_of
from scenario_desktop.api.moments import wire_time
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    BadInput,
    Offline,
    RateLimited,
    ServerFailed,
    TimedOut,
    Unreachable,
)

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

CONNECT_S: Final = 10.0
READ_S: Final = 30.0
#: Billed calls may take their time: giving up early leaves a job that nobody knows of.
BILLED_S: Final = 120.0
#: The services answer at most 6 MB; an engine on this machine may have more to say.
MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
ATTEMPTS: Final = 3
LONGEST_WAIT_S: Final = 60.0
_FIRST_PAUSE_S: Final = 0.4
#: How much later than ours the deadlines of the layer below are.
_SECOND_DEADLINE_S: Final = 5.0
_CLOSED: Final = "The connection has been closed."


@dataclass(frozen=True)
class Clock:
    """Where time comes from; tests pass their own."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Repeated(tuple[str, ...]):
    """Values of a query, each under the name again."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the client means it.

    Attributes:
        url: absolute, without query.
        query: None values are left out, lists comma-joined unless they are ``Repeated``, booleans
            "true" and "false".
        is_safe: a read that may be sent again.
        deadline_s: for the whole of it, all attempts and their pauses (but not the time that a
            server asks us to wait).
    """

    method: str
    url: str
    query: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    is_safe: bool = False
    deadline_s: float = READ_S
    max_bytes: int = MAX_ANSWER_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer with a status below 300; ``body`` is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Sends calls.

    Attributes:
        server_time_offset_s: the server's clock less ours, from its last dated answer.
    """

    def __init__(
        self, transport: httpx.AsyncBaseTransport | None = None, *, clock: Clock | None = None
    ) -> None:
        self.server_time_offset_s: float | None = None
        self._given = transport
        self._clock = clock or Clock()
        self._pools: dict[str, httpx.AsyncBaseTransport] = {}
        self._dated_at: float | None = None
        self._drift_s = 0.0
        self._is_closed = False
        self._asking: set[asyncio.Timeout] = set()  # a request on its way, until its headers
        self._none_asks = asyncio.Event()

    def wall_s(self) -> float:
        """Seconds since 1970 by our own clock."""
        return self._clock.wall()

    async def send(self, call: Call) -> Answer:
        """Send a call; a safe one up to three times.

        Raises:
            AppError: the one that says what to do next; see ``errors``.
        """
        deadline = self._clock.monotonic() + call.deadline_s
        for attempt in range(1, ATTEMPTS + 1):
            left = deadline - self._clock.monotonic()
            try:
                return await self._attempt(call, max(left, 0.001))
            except (Offline, ServerFailed, RateLimited) as error:
                pause = self._pause(call, error, attempt)
                if pause is None or self._is_closed:
                    raise
                if isinstance(error, RateLimited):
                    deadline += pause
                elif self._clock.monotonic() + pause >= deadline:
                    raise
                log.info("%s %s: %s; again in %.1f s", call.method, _path(call.url),
                         type(error).__name__, pause)  # fmt: skip
                await self._clock.sleep(pause)
        raise AssertionError  # the last attempt returns or raises

    def _pause(self, call: Call, error: AppError, attempt: int) -> float | None:
        """Return the seconds to wait before the next attempt, None when there is to be none."""
        if not call.is_safe or attempt >= ATTEMPTS:
            return None
        asked = getattr(error, "retry_after_s", None)
        if isinstance(error, RateLimited) and asked is not None:
            return float(asked) if asked <= LONGEST_WAIT_S else None
        pause: float = _FIRST_PAUSE_S * 2 ** (attempt - 1)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret

    async def _attempt(self, call: Call, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds), self.stream(call, seconds) as response:
                body = await _body(response, call.max_bytes)
        except TimeoutError as error:
            raise _late(call, seconds) from error
        if response.status_code >= 300:
            now = self._clock.wall()
            raise failure_of(response.status_code, response.headers, body, now=now)
        return Answer(response.status_code, response.headers, body)

    @asynccontextmanager
    async def stream(self, call: Call, seconds: float) -> AsyncIterator[httpx.Response]:
        """Send once and hand out the answer as it comes; ``response.stream`` gives raw bytes.

        Args:
            seconds: until the headers are here; the time for the body is the caller's affair.

        Raises:
            Unreachable: no connection; nothing was sent.
            Offline: the connection broke, also while the body is read.
            TimedOut: no answer within the time.
            BadAnswer: not HTTP.
        """
        if not _load_http.cache_info().currsize:  # several at once wait in threads of their own
            await asyncio.to_thread(_load_http)
        import httpx

        # Our own deadline comes first: where both end a request at once, its connection stays open.
        later = seconds + _SECOND_DEADLINE_S
        try:
            request = httpx.Request(
                call.method, _address(call), headers=_headers(call), content=call.content,
                extensions={"timeout": {
                    "connect": min(CONNECT_S, seconds), "read": later, "write": later,
                    "pool": later,
                }},
            )  # fmt: skip
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise BadInput("The address of the server is not usable.") from error
        try:
            pool = await self._pool(request.url.scheme)
            if self._is_closed:
                raise Offline(_CLOSED)
            try:
                async with asyncio.timeout(seconds) as patience:
                    with self._as_asking(patience):
                        response = await pool.handle_async_request(request)
            except TimeoutError as error:
                if self._is_closed:
                    raise Offline(_CLOSED) from error
                raise _late(call, seconds) from error
            try:
                self._note_time(response)
                yield response
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise _connection_failure(error, call) from error
        except (httpx.StreamError, zlib.error) as error:
            raise BadAnswer(
                "The answer of the server could not be unpacked.", details=_path(call.url)
            ) from error

    async def _pool(self, scheme: str) -> httpx.AsyncBaseTransport:
        if self._given is not None:
            return self._given
        pool = self._pools.get(scheme)
        if pool is None:
            # Reading the certificates takes 30 ms; plain http goes to this machine only.
            context = await asyncio.to_thread(_tls) if scheme == "https" else _no_tls()
            import httpx

            pool = self._pools.setdefault(
                scheme,
                httpx.AsyncHTTPTransport(
                    verify=context, trust_env=False, retries=0,
                    limits=httpx.Limits(max_connections=20, max_keepalive_connections=10),
                ),
            )  # fmt: skip
        return pool

    def _note_time(self, response: httpx.Response) -> None:
        now, wall = self._clock.monotonic(), self._clock.wall()
        # A clock that was set, or a computer that slept, makes the last answer's date worthless.
        is_steady = abs(wall - now - self._drift_s) < 1
        if self._dated_at is not None and now - self._dated_at < 10 and is_steady:
            return
        try:
            date = parsedate_to_datetime(response.headers["date"])
        except (KeyError, ValueError, TypeError):
            return
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        self._dated_at, self._drift_s = now, wall - now
        # The header has whole seconds: the middle of the one named is the best guess.
        self.server_time_offset_s = date.timestamp() + 0.5 - wall

    @contextmanager
    def _as_asking(self, patience: asyncio.Timeout) -> Iterator[None]:
        self._asking.add(patience)
        try:
            yield
        finally:
            self._asking.discard(patience)
            self._none_asks.set()

    async def aclose(self) -> None:
        """End what is under way and close all connections. May be called twice."""
        self._is_closed = True
        # A pool forgets a connection that is being made when it is closed, and leaves it open.
        for patience in self._asking:
            if not patience.expired():
                patience.reschedule(0)
        while self._asking:
            self._none_asks.clear()
            await self._none_asks.wait()
        pools, self._pools = list(self._pools.values()), {}
        if self._given is not None:
            pools.append(self._given)
        for pool in pools:
            await pool.aclose()


def form_body(fields: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    """Return headers and content of a body in the form that web pages send."""
    return (
        {"Content-Type": "application/x-www-form-urlencoded"},
        urlencode(dict(fields)).encode("ascii"),
    )


def unpacked(encoding: str, max_bytes: int) -> Callable[[bytes], bytes]:
    """Return a function that unpacks raw bytes piece by piece and raises BadAnswer past the cap.

    The cap holds before the output is built: a small bomb never becomes a large buffer.
    """
    taken = 0
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        unpack = None
    elif encoding in ("gzip", "x-gzip", "deflate"):
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    else:
        raise BadAnswer("The answer is packed in a way that was not asked for.")

    def take(chunk: bytes) -> bytes:
        nonlocal taken
        if unpack is not None:
            chunk = unpack.decompress(chunk, max_bytes - taken + 1)
        taken += len(chunk)
        if taken > max_bytes:
            raise BadAnswer(
                "The answer of the server is too large.", details=f"more than {max_bytes} bytes"
            )
        return chunk

    return take


async def _body(response: httpx.Response, max_bytes: int) -> bytes:
    headers = response.headers
    length = headers.get("content-length", "")
    if length.isdecimal() and len(length) < 19 and int(length) > max_bytes:
        raise BadAnswer("The answer of the server is too large.", details=f"{length} bytes")
    take = unpacked(headers.get("content-encoding", ""), max_bytes)
    parts: list[bytes] = []
    async for chunk in response.stream:  # type: ignore[union-attr]  # ours are all async
        parts.append(take(chunk))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _address(call: Call) -> str:
    query: list[tuple[str, str]] = []
    for name, value in call.query.items():
        if isinstance(value, Repeated):
            query += [(name, word) for word in value]
        elif value is not None:
            query.append((name, _word(value)))
    return f"{call.url}?{urlencode(query)}" if query else call.url


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return wire_time(value)
    if isinstance(value, list | tuple):
        return ",".join(map(_word, value))
    return str(value)


def _headers(call: Call) -> dict[str, str]:
    headers = {
        "User-Agent": f"scenario-desktop/{__version__}",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
    }
    headers.update(call.headers)
    return headers


def _late(call: Call, seconds: float) -> TimedOut:
    return TimedOut(
        "The server did not answer in time.",
        hint="Try again in a moment.",
        details=f"{call.method} {_path(call.url)}: {seconds:.0f} s",
    )


def _connection_failure(error: httpx.HTTPError, call: Call) -> AppError:
    import httpx

    details = f"{call.method} {_path(call.url)}: {type(error).__name__}"
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.PoolTimeout):
        cause = error.__cause__
        while cause is not None and not isinstance(cause, ssl.SSLError):
            cause = cause.__cause__ or cause.__context__
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "verify_message", "") or cause.reason or "TLS"
            return Unreachable(
                f"The identity of {urlsplit(call.url).hostname} could not be proved.",
                hint="Check the date of this computer and the network you are in.",
                details=f"{details}: {reason}",
            )
        return Unreachable(
            "No connection to the server.", hint="Check the network, then try again.",
            details=details,
        )  # fmt: skip
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(
            "The server did not answer in time.", hint="Try again in a moment.", details=details
        )
    if isinstance(error, httpx.RemoteProtocolError) and "illegal" in str(error).lower():
        return BadAnswer("The server does not speak HTTP as expected.", details=details)
    if isinstance(error, httpx.TransportError):
        return Offline("The connection was interrupted.", hint="Try again.", details=details)
    return BadAnswer("The answer of the server could not be read.", details=details)


def _path(url: str) -> str:
    return urlsplit(url).path


@cache
def _load_http() -> None:
    """Import what the first request needs: 90 ms that no window should stand still for."""
    import anyio
    import httpx  # noqa: F401 - loads it

    # anyio loads the half of itself for asyncio when that is used, which the caller's context may
    # seem to do already.
    Context().run(anyio.run, anyio.sleep, 0)


def _tls() -> ssl.SSLContext:
    import certifi

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(certifi.where())
    context.load_default_certs()  # what this machine's owner trusts besides
    return context


def _no_tls() -> ssl.SSLContext:
    # Trusts nobody: quick to make, and safe should it ever be used.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


__all__ = [
    "BILLED_S", "READ_S", "Answer", "Call", "Clock", "Repeated", "Transport", "form_body",
    "unpacked",
]  # fmt: skip
