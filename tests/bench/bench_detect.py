"""Detect: fifty Canny maps through the engine, and the same work done directly.

The engine is the real process, asked over HTTP; its time runs from the first request to the moment
at which the last job ended, by its own clock. The direct way reads the same files, detects, encodes
and makes thumbnails by the same function, in as many processes with the same memory settings.
"""

from __future__ import annotations

import asyncio
import base64
import time
from datetime import datetime
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.assets import AssetCreate
from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.imaging.tasks import control_map_file
from scenario_desktop.services.engine_process import EngineProcess
from tests.bench.beside_direct import rounds, workplace
from tests.bench.sample_files import make_files

JOBS, FILES, SIDE_PX = 50, 10, 2048
ROUNDS = 5
#: How often the engine is asked whether all has ended, seconds: seldom, since asking costs it.
POLL_S = 0.25
LIMIT_S = 120.0


def direct(source: str, target: str) -> int:
    return control_map_file(source, target, "canny", {}).size_bytes


def direct_seconds(pool: Pool, files: list[Path], folder: Path) -> float:
    work = [(str(files[n % FILES]), str(folder / f"{n}.png")) for n in range(JOBS)]
    begin = time.perf_counter()
    pool.starmap(direct, work, chunksize=1)
    return time.perf_counter() - begin


async def engine_seconds(client: ScenarioClient, asset_ids: list[str]) -> float:
    """Send all jobs, a few at a time, and return the seconds until the last has ended."""
    begin = time.time()
    slots = asyncio.Semaphore(4)

    async def send(number: int) -> str:
        async with slots:
            image = asset_ids[number % len(asset_ids)]
            job = await client.detect(DetectRequest(modality=Modality.CANNY, image=image))
            return job.job_id

    ids = set(await asyncio.gather(*(send(number) for number in range(JOBS))))
    async with asyncio.timeout(LIMIT_S):
        while True:
            page = await client.list_jobs(page_size=JOBS)
            ended = {job.job_id: job for job in page.jobs if job.is_final and job.job_id in ids}
            if len(ended) == JOBS:
                break
            await asyncio.sleep(POLL_S)
    if any(job.status != "success" for job in ended.values()):
        raise RuntimeError("a job has failed")
    ends = [job.updated_at for job in ended.values()]
    return max(end.timestamp() for end in ends if isinstance(end, datetime)) - begin


async def measure(folder: Path, files: list[Path], pool: Pool) -> dict[str, Any]:
    engine = EngineProcess(log_file=folder / "engine.log")
    try:
        address = await engine.start(folder / "engine")
        client = ScenarioClient(address.scenario_url, address.api_key, address.api_secret)
        try:
            asset_ids = []
            for path in files:
                image = base64.b64encode(path.read_bytes()).decode()
                asset = await client.create_asset(AssetCreate(name=path.name, image=image))
                asset_ids.append(asset.id)
            found = await rounds(
                partial(engine_seconds, client, asset_ids),
                partial(direct_seconds, pool, files, folder), ROUNDS,
            )  # fmt: skip
        finally:
            await client.aclose()
    finally:
        await engine.aclose()
    return {"name": "detect", **found}


def run() -> dict[str, Any]:
    """Measure and return the figures."""
    with workplace() as (folder, pool):
        files = make_files(folder / "files", FILES, SIDE_PX)
        return asyncio.run(measure(folder, files, pool))
