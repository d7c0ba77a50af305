"""The engine killed in the middle of a job, and started again on the same folder."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from scenario_desktop.api.models.jobs import FINAL_STATUSES
from tests.contract.job_support import picture, png

START = "import sys; from scenario_desktop.engine.main import run; sys.exit(run(sys.argv[1:]))"


@asynccontextmanager
async def process(
    data: Path,
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """Run an engine of its own process; kill it at the end if it still lives."""
    engine = await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, "--data", str(data), "--processes", "1",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert engine.stdout is not None
        told = json.loads(await asyncio.wait_for(engine.stdout.readline(), 30))
        auth = (told["api_key"], told["api_secret"])
        async with httpx.AsyncClient(base_url=told["scenario_url"], auth=auth) as http:
            yield engine, http
    finally:
        if engine.returncode is None:
            engine.terminate()
        await asyncio.wait_for(engine.communicate(), 30)


async def job_of(http: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = (await http.get(f"/jobs/{job_id}")).json()["job"]
    return job


async def job_when(http: httpx.AsyncClient, job_id: str, statuses: frozenset[str]) -> Any:
    async with asyncio.timeout(60):
        while (job := await job_of(http, job_id))["status"] not in statuses:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return job


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
async def test_a_killed_engine_finishes_its_jobs_after_the_restart(tmp_path: Path) -> None:
    image = base64.b64encode(png(picture(1600, 1200))).decode()
    async with process(tmp_path) as (engine, http):
        asset = (await http.post("/assets", json={"name": "a.png", "image": image})).json()["asset"]
        jobs = []
        for modality in ("segmentation", "scribble", "canny"):
            body = {"image": asset["id"], "modality": modality}
            answer = await http.post("/generate/detect", json=body)
            jobs.append(answer.json()["job"]["jobId"])
        await job_when(http, jobs[0], frozenset({"warming-up", "in-progress"}))
        os.kill(engine.pid, signal.SIGKILL)
        await engine.wait()
    async with process(tmp_path) as (engine, http):
        for job_id in jobs:
            job = await job_when(http, job_id, FINAL_STATUSES)
            assert job["status"] == "success"
            assert len(job["metadata"]["assetIds"]) == 1
        first = [entry["status"] for entry in (await job_of(http, jobs[0]))["statusHistory"]]
        assert first.count("queued") == 2
        assets = (await http.get("/assets")).json()["assets"]
        assert len(assets) == 4
