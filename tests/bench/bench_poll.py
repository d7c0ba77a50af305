"""Requests per minute while 500 predictions of 50 generations run.

The real client, jobs list and ledger work against a service that answers over HTTP in memory. The
clock is the test's: a minute passes as fast as it can be computed, and nothing else is different.
The generations are begun one after the other, then some of their predictions end in every second.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from scenario_desktop.api.models.sartiq.requests import GenerationCreate
from scenario_desktop.api.sartiq import client as client_module
from scenario_desktop.api.sartiq import connection as connection_module
from scenario_desktop.api.sartiq.client import SartiqClient
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.services.sartiq.runs import Runs, RunsPlace
from scenario_desktop.services.spending import SpendingGuard
from tests.fake_sartiq_runs import FakeDoor, FakeRunLibrary, FakeSartiq
from tests.fakes import FakeClock, FakeSettings, inline_ledger, settle

GENERATIONS, EACH, MINUTES = 50, 10, 3


class _Tokens:
    async def token(self) -> str:
        return "token"

    async def renewed(self, refused: str) -> str:
        return "token"

    async def aclose(self) -> None:
        """Nothing to close."""


class Service(httpx.AsyncBaseTransport):
    """The service over HTTP; counts what reaches it."""

    def __init__(self, fake: FakeSartiq) -> None:
        self.fake = fake
        self.requests: list[str] = []
        self.answered_bytes = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        self.requests.append(f"{request.method} {path}")
        body = json.loads(await request.aread() or b"null")
        data = json.dumps(self._answer(request.method, path, body)).encode()
        self.answered_bytes += len(data)
        return httpx.Response(200, content=data, headers={"content-type": "application/json"})

    def _answer(self, method: str, path: str, body: Any) -> Any:
        found = self.fake.generations
        if method == "POST" and path == "/generations/":
            return self.fake.make(body["batch_size"]).model_dump(mode="json")
        if path == "/generations/by-ids":
            return [found[one].model_dump(mode="json") for one in body]
        if path.endswith("/stats"):
            one = found[path.split("/")[2]]
            return {"id": one.id, "total": len(one.predictions), "completed": 0, "error": 0}
        return found[path.split("/")[2]].model_dump(mode="json")


async def _run(folder: Path) -> dict[str, Any]:
    clock = FakeClock()
    fake = FakeSartiq(clock)
    service = Service(fake)
    client = SartiqClient("http://127.0.0.1:1/api/v1", _Tokens(), transport=service)
    ledger = await inline_ledger(folder / "ledger.sqlite", clock)
    runs = Runs(
        client, ledger, SpendingGuard(FakeSettings()),
        place=RunsPlace("bench", True, lambda: True), door=FakeDoor(), library=FakeRunLibrary(),
        clock=clock, jitter=lambda: 0.5,
    )  # fmt: skip
    await runs.start()
    for _ in range(GENERATIONS):
        await runs.submit(Op.GENERATE, GenerationCreate(batch_size=EACH))
    while len(fake.generations) < GENERATIONS:
        await settle()
    per_minute: list[int] = []
    begun_bytes = service.answered_bytes
    for minute in range(MINUTES):
        service.requests.clear()
        for second in range(60):
            ending = list(fake.generations)[(minute * 60 + second) % GENERATIONS]
            fake.end(ending, which=[(minute * 60 + second) // GENERATIONS])
            await clock.advance(1)
        per_minute.append(len(service.requests))
    running = sum(view.is_active for view in runs.jobs.rows)
    await runs.aclose()
    await client.aclose()
    await ledger.aclose()
    return {
        "name": "poll",
        "requests_per_minute": max(per_minute),
        "each_minute": per_minute,
        "generations": GENERATIONS,
        "predictions": GENERATIONS * EACH,
        "still_running": running,
        "kib_per_minute": round((service.answered_bytes - begun_bytes) / 1024 / MINUTES, 1),
    }


async def _here(parse: Callable[..., Any], *arguments: Any) -> Any:
    """Parse in the loop's own thread: the test's clock does not wait for others."""
    return parse(*arguments)


def run() -> dict[str, Any]:
    """Follow all of them for some minutes and return the busiest one."""
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(client_module, "off_the_loop", _here),
        patch.object(connection_module, "off_the_loop", _here),
    ):
        return asyncio.run(_run(Path(folder)))
