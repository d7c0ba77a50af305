"""The engine killed in the middle of the second half's work, and both halves at one pool."""

from __future__ import annotations

import asyncio
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

from scenario_desktop.engine.jobs import MAX_ATTEMPTS
from scenario_desktop.engine.sartiq import runner as sartiq_runner
from scenario_desktop.imaging.pool import WorkerPool
from tests.contract.job_support import picture, png
from tests.contract.sartiq_support import ORIGIN, Account, log_in, photo, serving

_RUN = "import sys; from scenario_desktop.engine.main import run; sys.exit(run(sys.argv[1:]))"


@asynccontextmanager
async def process(data: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, Account]]:
    """Run an engine of its own process; end it if it still lives."""
    engine = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _RUN, "--data", str(data), "--processes", "1",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert engine.stdout is not None
        told = json.loads(await asyncio.wait_for(engine.stdout.readline(), 30))
        async with httpx.AsyncClient(base_url=told["sartiq_url"], timeout=30) as http:
            await log_in(http, told["username"], told["password"])
            yield engine, Account(http)
    finally:
        if engine.returncode is None:
            engine.terminate()
        await asyncio.wait_for(engine.communicate(), 30)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
async def test_a_killed_engine_finishes_its_work_once_after_the_restart(tmp_path: Path) -> None:
    async with process(tmp_path) as (engine, account):
        token = account.http.headers["Authorization"]
        body = {"base_image_urls": [await account.upload(png(picture(800, 600)))] * 3,
                "scale_factor": 2}  # fmt: skip
        answer = await account.ok("POST", "/generations/refines", json=body)
        ids = [made["id"] for made in answer["generations"]]
        async with asyncio.timeout(60):
            while (await account.ok("GET", f"/generations/{ids[0]}"))["status"] == "PENDING":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        os.kill(engine.pid, signal.SIGKILL)
        await engine.wait()
    async with process(tmp_path) as (engine, account):
        account.http.headers["Authorization"] = token  # a login outlives it as well
        for generation_id in ids:
            ended = await account.ended(generation_id)
            (prediction,) = ended["predictions"]
            assert (ended["status"], prediction["status"]) == ("COMPLETED", "completed")
            assert prediction["result_image_media"]["width"] == 1600
        page = await account.ok("GET", "/predictions/")
        assert page["count"] == 3
        engine.terminate()
        assert await engine.wait() == 0
    contents = [path for path in (tmp_path / "assets").rglob("*") if path.is_file()]
    assert len(contents) == 4  # three results, and the one picture they were made from


async def test_an_orderly_end_puts_work_back_and_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def endless(*_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(WorkerPool, "run_within", endless)
    for turn in range(MAX_ATTEMPTS + 1):
        begun.clear()
        async with serving(tmp_path) as served:
            if turn == 0:
                await served.adjust(await served.upload())
            await begun.wait()
    monkeypatch.undo()
    async with serving(tmp_path) as served:
        (generation,) = (await served.ok("GET", "/generations/"))["data"]
        assert (await served.ended(generation["id"]))["status"] == "COMPLETED"


async def test_what_kills_the_engine_again_and_again_is_given_up(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.engine.sartiq.runner._queue.stop()
        generation = await served.adjust(await served.upload())
        for attempt in range(MAX_ATTEMPTS):
            task = await served.engine.database.run(sartiq_runner._claim)
            assert task is not None, attempt
            await served.engine.database.run(sartiq_runner._recover)
        ended = await served.ended(generation["id"])
        (prediction,) = ended["predictions"]
        assert (ended["status"], prediction["error_category"]) == ("ERROR", "engine")
        assert f"{MAX_ATTEMPTS} times" in prediction["error_message"]
        assert await served.engine.database.run(sartiq_runner._claim) is None


async def test_neither_half_waits_for_all_work_of_the_other(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        keys = served.keys
        asset = await served.engine.assets.create(
            file=photo(), name="a", type="uploaded", source="uploaded"
        )
        generation = await served.adjust(await served.upload(photo(640, 480)), batch_size=60)
        async with httpx.AsyncClient(
            transport=served.transport, base_url=f"{ORIGIN}/v1",
            auth=(keys.api_key, keys.api_secret),
        ) as http:  # fmt: skip
            body = {"image": asset["id"], "modality": "canny"}
            job = (await http.post("/generate/detect", json=body)).json()["job"]
            async with asyncio.timeout(60):
                while job["status"] not in ("success", "failure"):
                    job = (await http.get(f"/jobs/{job['jobId']}")).json()["job"]
                    await asyncio.sleep(0)
            stats = await served.ok("GET", f"/generations/{generation['id']}/stats")
            assert job["status"] == "success"
            assert stats["completed"] < 30
            jobs = [
                (await http.post("/generate/detect", json=body)).json()["job"]["jobId"]
                for _ in range(40)
            ]
            one = await served.adjust(await served.upload())
            await served.ok("POST", f"/generations/{generation['id']}/cancel")
            await served.ended(one["id"])
            left = [(await http.get(f"/jobs/{job_id}")).json()["job"]["status"] for job_id in jobs]
            assert left.count("success") < 40
