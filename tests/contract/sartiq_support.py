"""An engine in the test's loop, and clients that are logged in to its second half."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from scenario_desktop.engine.app import create_app
from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.context import Engine
from scenario_desktop.engine.keys import Keys
from tests.support import until

ORIGIN = "http://127.0.0.1:8765"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def photo(width: int = 96, height: int = 64, kind: str = "PNG") -> bytes:
    """Return an encoded picture with structure; the same one each time."""
    values = np.random.default_rng(5).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    image = Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@dataclass
class Account:
    """One user of an engine."""

    http: httpx.AsyncClient

    async def ok(self, method: str, path: str, **options: Any) -> Any:
        """Call under /api/v1 and return the JSON of a success."""
        answer = await self.http.request(method, path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, status: int, **options: Any) -> Any:
        """Call under /api/v1, expect this status, and return the detail told."""
        answer = await self.http.request(method, path, **options)
        assert answer.status_code == status, answer.text
        return answer.json()["detail"]

    async def upload(self, data: bytes | None = None) -> str:
        body = {"filename": "a.png", "content_type": "image/png"}
        told = await self.ok("POST", "/uploads/presigned-url", json=body)
        answer = await self.http.put(told["upload_url"], content=data or photo())
        assert answer.status_code == 200, answer.text
        url: str = told["url"]
        return url

    async def adjust(self, url: str, **fields: Any) -> dict[str, Any]:
        body = {"base_img_path": url, "target_width": 40, "target_height": 40, **fields}
        generation: dict[str, Any] = await self.ok("POST", "/generations/image-adjuster", json=body)
        return generation

    async def made(self, batch_size: int = 1, **fields: Any) -> dict[str, Any]:
        """Return a generation that is done, with this many good predictions."""
        generation = await self.adjust(await self.upload(), batch_size=batch_size, **fields)
        return await self.ended(generation["id"])

    async def ended(self, generation_id: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                stats = await self.ok("GET", f"/generations/{generation_id}/stats")
                if stats["completed"] + stats["error"] == stats["total"]:
                    break
                await asyncio.sleep(0.01)  # asked again and again, as clients do
        generation: dict[str, Any] = await self.ok("GET", f"/generations/{generation_id}")
        return generation

    async def refine(self, *prediction_ids: str, **fields: Any) -> Any:
        body = {"prediction_ids": prediction_ids, "scale_factor": 2, **fields}
        return await self.ok("POST", "/generations/refines", json=body)

    async def refined(self, refine_id: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                refine: dict[str, Any] = await self.ok("GET", f"/refines/refines/{refine_id}")
                if refine["status"] in ("completed", "error"):
                    return refine
                await asyncio.sleep(0.01)


@dataclass
class Served(Account):
    """An engine in this process, and its first user; ``other`` is the second one."""

    engine: Engine
    keys: Keys
    transport: httpx.ASGITransport
    other: Account

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        rows = await self.engine.database.run(
            lambda connection: connection.execute(sql, values).fetchall()
        )
        return [tuple(row) for row in rows]

    def files(self) -> set[Path]:
        return {path for path in self.engine.config.contents.rglob("*") if path.is_file()}

    async def idle(self) -> None:
        """Wait until nothing is being worked on."""
        queue = self.engine.sartiq.runner._queue
        await until(lambda: not queue.under_way)


def client(transport: httpx.ASGITransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, base_url=f"{ORIGIN}/api/v1")


async def log_in(http: httpx.AsyncClient, username: str, password: str) -> None:
    form = {"username": username, "password": password}
    answer = await http.post("/login/access-token", data=form)
    assert answer.status_code == 200, answer.text
    http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


@asynccontextmanager
async def serving(data: Path, **options: Any) -> AsyncIterator[Served]:
    config = EngineConfig(data, port=8765, **{"processes": 1, "has_second_user": True, **options})
    app = create_app(config)
    async with app.router.lifespan_context(app):
        keys, transport = app.state.keys, httpx.ASGITransport(app)
        async with client(transport) as first, client(transport) as second:
            await log_in(first, keys.username, keys.password)
            await log_in(second, keys.second_username, keys.second_password)
            yield Served(first, app.state.engine, keys, transport, Account(second))
