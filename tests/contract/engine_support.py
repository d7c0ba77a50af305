"""Engines to test against: one as a process of its own, one inside the test's loop."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from scenario_desktop.engine.app import create_app
from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.context import Engine

_RUN = "import sys; from scenario_desktop.engine.main import run; sys.exit(run(sys.argv[1:]))"


class EngineProcess:
    """An engine started as a program. ``address`` is the line it says when it is ready."""

    def __init__(
        self, data: Path, *args: str, stdin: int = subprocess.DEVNULL, command: Sequence[str] = ()
    ) -> None:
        self.process = subprocess.Popen(
            command or [sys.executable, "-c", _RUN, "--data", str(data), *args],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, error = self.process.communicate(timeout=30)
            raise RuntimeError(error)
        self.address: dict[str, str] = json.loads(line)

    @property
    def url(self) -> str:
        return self.address["scenario_url"]

    @property
    def auth(self) -> tuple[str, str]:
        return self.address["api_key"], self.address["api_secret"]

    @property
    def second_auth(self) -> tuple[str, str]:
        return self.address["second_api_key"], self.address["second_api_secret"]

    def client(self, *, is_second: bool = False) -> httpx.Client:
        auth = self.second_auth if is_second else self.auth
        return httpx.Client(base_url=self.url, auth=auth, trust_env=False, timeout=30)

    def stop(self, sign: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(sign)
        return self.wait()

    def wait(self) -> int:
        try:
            return self.process.wait(timeout=20)
        finally:
            for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
                if pipe is not None:
                    pipe.close()


@dataclass
class Local:
    """An engine inside the test, and a client that calls it without a socket."""

    http: httpx.AsyncClient
    engine: Engine

    async def ok(self, method: str, path: str, **options: Any) -> Any:
        """Call under /v1 and return the JSON of a success."""
        answer = await self.http.request(method, f"/v1{path}", **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, status: int, **options: Any) -> str:
        """Call under /v1, expect this status, and return the reason told."""
        answer = await self.http.request(method, f"/v1{path}", **options)
        assert answer.status_code == status, answer.text
        reason: str = answer.json()["reason"]
        return reason

    async def upload(self, name: str = "a.png", **fields: Any) -> dict[str, Any]:
        body = {"name": name, "image": base64.b64encode(picture()).decode(), **fields}
        asset: dict[str, Any] = (await self.ok("POST", "/assets", json=body))["asset"]
        return asset


@asynccontextmanager
async def local_engine(data: Path, **options: Any) -> AsyncIterator[Local]:
    config = EngineConfig(data, port=8765, processes=1, **options)
    app = create_app(config)
    keys = app.state.keys
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url=config.origin, auth=(keys.api_key, keys.api_secret)
        ) as client,
    ):
        yield Local(client, app.state.engine)


def picture(size: tuple[int, int] = (64, 48), kind: str = "PNG", mode: str = "RGB") -> bytes:
    """Return an encoded picture with some structure."""
    target = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(target, kind)
    return target.getvalue()


async def polled(
    read: Callable[[], Awaitable[dict[str, Any]]], is_done: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Read again and again until it is done, and return what was read last."""
    async with asyncio.timeout(60):
        while not is_done(answer := await read()):  # noqa: ASYNC110 - a server has no event to wait for
            await asyncio.sleep(0.01)
    return answer
