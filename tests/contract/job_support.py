"""An engine in this process that jobs are sent to, and a client that holds its keys."""

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

from scenario_desktop.api.models.jobs import FINAL_STATUSES
from scenario_desktop.engine.app import create_app
from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.context import Engine
from scenario_desktop.engine.keys import Keys
from scenario_desktop.imaging.tasks import examine

BASE_URL = "http://127.0.0.1:80/v1"


def picture(width: int = 96, height: int = 64) -> Image.Image:
    values = np.random.default_rng(5).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)


def png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


@dataclass
class Served:
    """An engine in this process, and a client that holds its keys."""

    http: httpx.AsyncClient
    engine: Engine
    keys: Keys
    transport: httpx.ASGITransport

    async def add(self, image: Image.Image | None = None, name: str = "photo.png") -> str:
        """Store a picture without a worker and return its id."""
        data = png(image or picture())
        asset = await self.engine.assets.create(
            file=data, name=name, type="uploaded", source="uploaded", examined=examine(data)
        )
        return str(asset["id"])

    async def detect(self, image: str, modality: str = "canny", **more: Any) -> dict[str, Any]:
        answer = await self.http.post(
            "/generate/detect", json={"image": image, "modality": modality, **more}
        )
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()["job"]
        return job

    async def job(self, job_id: str) -> dict[str, Any]:
        job: dict[str, Any] = (await self.http.get(f"/jobs/{job_id}")).json()["job"]
        return job

    async def ended(self, job_id: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while (job := await self.job(job_id))["status"] not in FINAL_STATUSES:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # asked again and again, as clients do
        return job

    async def units(self) -> list[str]:
        """Return what was charged and paid back, in the order of time."""
        rows = await self.engine.database.run(
            lambda connection: connection.execute(
                "SELECT units FROM usage WHERE micro <> 0 ORDER BY id"
            ).fetchall()
        )
        return [row["units"] for row in rows]

    async def execute(self, statement: str, *values: Any) -> None:
        await self.engine.database.run(lambda connection: connection.execute(statement, values))


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[Served]:
    app = create_app(EngineConfig(data, processes=1))
    async with app.router.lifespan_context(app):
        keys, transport = app.state.keys, httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url=BASE_URL, auth=(keys.api_key, keys.api_secret)
        ) as http:
            yield Served(http, app.state.engine, keys, transport)
