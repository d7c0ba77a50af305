"""The HTTP server around the application. Imported late: it is not needed to refuse a start."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from typing_extensions import override

#: Seconds that requests under way may take after the engine was told to end.
_GRACE_S = 1
#: Seconds that a silent connection is kept: longer than any pause of a client that polls.
_KEEP_ALIVE_S = 75


class Server(uvicorn.Server):
    """Serves on a bound socket until ``end`` is called, and leaves signals to its caller."""

    def __init__(self, app: Starlette, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None,
                access_log=False, server_header=False, proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_S, timeout_graceful_shutdown=_GRACE_S,
            )
        )  # fmt: skip
        self._on_ready = on_ready

    def end(self) -> None:
        """Stop taking requests and let ``serve`` return soon."""
        self.should_exit = True

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @override
    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        # The original raises the signal again after a clean end, and so dies of it.
        return contextlib.nullcontext()
