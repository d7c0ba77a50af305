"""A server that answers from a script, for tests of what clients send and read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx


class ScriptedServer:
    """Answers as it is told; remembers what it was asked. 404 until told."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(404)

    def say(self, body: Any, status: int = 200) -> None:
        """Answer everything with this from now on."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answer = lambda _: httpx.Response(status, content=content)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)

    @property
    def last_body(self) -> Any:
        content = self.asked[-1].content
        return json.loads(content) if content else None
