"""An HTTP server that fails on purpose: raw sockets, one script for each connection.

A script is a list of steps; bytes are sent, the others are functions below. It runs once for each
request; requests and their heads are recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Step = bytes | Callable[["Connection"], Awaitable[None]]
Script = Sequence[Step]


@dataclass
class Request:
    """What came in; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Connection:
    """One accepted connection, for steps that need more than sending."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: FaultServer
    is_over: bool = False


@dataclass
class FaultServer:
    """A running server.

    Attributes:
        url: its address, without a trailing slash.
        requests: all that came in, in order.
        scripts: what to do for the requests to come, one after another; the last repeats.
        gone: set when a client closed a connection that a script kept open.
    """

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self, *scripts: Script) -> None:
        """Set what to do from now on."""
        self.scripts = list(scripts)


def head(status: int = 200, /, **headers: Any) -> bytes:
    """Return a status line and headers; underscores in names stand for hyphens."""
    lines = [f"HTTP/1.1 {status} X", *(f"{n.replace('_', '-')}: {v}" for n, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def whole(status: int, body: bytes | Any, /, **headers: Any) -> Script:
    """Return a script that answers properly; a body that is not bytes is sent as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content_Type", "application/json")
    return [head(status, Content_Length=len(body), **headers), body]


async def reset(connection: Connection) -> None:
    """Break the connection hard (RST)."""
    await connection.writer.drain()
    sock = connection.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.writer.transport.abort()
    connection.is_over = True


async def close(connection: Connection) -> None:
    """Close the connection as if all were well."""
    connection.writer.close()
    connection.is_over = True


async def hang(connection: Connection) -> None:
    """Send nothing more until the client gives up."""
    with contextlib.suppress(ConnectionError):
        await connection.reader.read()
    connection.server.gone.set()
    connection.is_over = True


def drip(data: bytes, every_s: float) -> Callable[[Connection], Awaitable[None]]:
    """Return a step that sends byte by byte."""

    async def send(connection: Connection) -> None:
        for byte in data:
            connection.writer.write(bytes([byte]))
            try:
                await connection.writer.drain()
            except ConnectionError:
                break
            if connection.writer.is_closing():
                break
            await asyncio.sleep(every_s)
        connection.server.gone.set()
        connection.is_over = True

    return send


@asynccontextmanager
async def fault_server(*scripts: Script) -> AsyncIterator[FaultServer]:
    """Run a server on a free port of this machine."""
    server = FaultServer(scripts=list(scripts))
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(Connection(reader, writer, server)))
        tasks.add(task)
        # Here, and not at the end of the task: one that is cancelled before it runs has no end.
        task.add_done_callback(lambda _: writer.close())
        task.add_done_callback(tasks.discard)

    async def serve(connection: Connection) -> None:
        reader, writer = connection.reader, connection.writer
        try:
            while not connection.is_over:
                request = await _read(reader)
                if request is None:
                    break
                server.requests.append(request)
                script = server.scripts.pop(0) if len(server.scripts) > 1 else server.scripts[0]
                for step in script:
                    if isinstance(step, bytes):
                        writer.write(step)
                        await writer.drain()
                    else:
                        await step(connection)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client gave up, or the test is over

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for _ in range(5):  # what has just been accepted gets its task within these
            await asyncio.sleep(0)
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = raw.decode("latin-1").rstrip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body)
