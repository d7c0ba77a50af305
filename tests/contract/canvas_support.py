"""Two users, one clock, one canvas."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.contract.engine_support import Local, local_engine, picture

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
THUMBNAIL = base64.b64encode(picture((96, 64))).decode()
MINUTE = 60.0


class Clock:
    """The engine's time; it stands still unless a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return round(self.now.timestamp() * 1000)

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def iso(self, seconds: float = 0.0) -> str:
        """Return the moment so many seconds from now, as the API writes it."""
        moment = self.now + timedelta(seconds=seconds)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Studio:
    """An engine with two users. ``ada`` makes the canvases, ``bob`` gets in her way."""

    ada: Local
    bob: Local
    clock: Clock

    async def canvas(self, text: str = '{"layers":[]}', **fields: Any) -> str:
        """Make a canvas and return its id."""
        body = {"name": "Poster", "canvas": text, **fields}
        return str((await self.ada.ok("POST", "/assets", json=body))["asset"]["id"])

    async def lock(self, canvas: str, who: Local | None = None, seconds: float = 300.0) -> str:
        """Take the lock and return its id."""
        body = {"lockExpiresAt": self.clock.iso(seconds)}
        answer = await (who or self.ada).ok("PUT", f"/assets/{canvas}/lock", json=body)
        assert answer["asset"]["id"] == canvas
        return str(answer["lockId"])

    async def save(self, canvas: str, who: Local | None = None, /, **fields: Any) -> dict[str, Any]:
        """Update, and return the asset."""
        answer = await (who or self.ada).ok("PUT", f"/assets/{canvas}", json=fields)
        asset: dict[str, Any] = answer["asset"]
        return asset

    async def asset(self, canvas: str) -> dict[str, Any]:
        asset: dict[str, Any] = (await self.bob.ok("GET", f"/assets/{canvas}"))["asset"]
        return asset

    async def text(self, canvas: str) -> str:
        """Return the canvas as everybody reads it: by the address of its asset."""
        answer = await self.bob.http.get((await self.asset(canvas))["url"], auth=None)
        assert answer.status_code == 200
        return answer.text

    async def history(self, canvas: str) -> list[str]:
        """Return the texts of the first page of snapshots, newest first."""
        page = await self.bob.ok("GET", f"/assets/{canvas}/snapshots", params={"pageSize": 100})
        return [snapshot["rawData"] for snapshot in page["snapshots"]]

    async def conflict(self, who: Local, method: str, path: str, body: Any) -> dict[str, Any]:
        """Call, expect 409, and return its details."""
        answer = await who.http.request(method, f"/v1{path}", json=body)
        assert answer.status_code == 409, answer.text
        assert answer.json()["reason"]
        details: dict[str, Any] = answer.json().get("details", {})
        return details


@asynccontextmanager
async def studio_in(data: Path, clock: Clock | None = None) -> AsyncIterator[Studio]:
    clock = clock or Clock()
    async with local_engine(data, has_second_user=True, clock=clock) as ada:
        keys = ada.engine.keys
        async with httpx.AsyncClient(
            transport=ada.http._transport, base_url=ada.http.base_url,
            auth=(keys.second_api_key, keys.second_api_secret),
        ) as http:  # fmt: skip
            yield Studio(ada, Local(http, ada.engine), clock)
