"""The vendor's own client, as an independent reader of what the engine says about jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import scenario_sdk
from scenario_sdk import AsyncScenario, Scenario

from scenario_desktop.imaging import controlmaps
from tests.contract.job_support import BASE_URL, Served, serving


class LoopTransport(httpx.BaseTransport):
    """Lets a blocking client in another thread talk to an application on the loop."""

    def __init__(self, inner: httpx.AsyncBaseTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = asyncio.run_coroutine_threadsafe(self._send(request), self._loop).result(30)
        return httpx.Response(answer[0], headers=answer[1], content=answer[2])

    async def _send(self, request: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
        body = request.read()
        answer = await self._inner.handle_async_request(
            httpx.Request(request.method, request.url, headers=request.headers, content=body)
        )
        return answer.status_code, answer.headers, await answer.aread()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path / "data") as served:
        yield served


@pytest.fixture
async def sdk(served: Served) -> AsyncIterator[AsyncScenario]:
    client = AsyncScenario(
        api_key=served.keys.api_key, api_secret=served.keys.api_secret, base_url=BASE_URL,
        max_retries=0, http_client=httpx.AsyncClient(transport=served.transport),
        _strict_response_validation=True,
    )  # fmt: skip
    async with client:
        yield client


@pytest.mark.parametrize("modality", sorted(controlmaps.COMPUTABLE | {"depth", "pose"}))
async def test_detect_and_its_job_pass_strict_validation(
    served: Served, sdk: AsyncScenario, modality: Any
) -> None:
    started = await sdk.generate.detect(image=await served.add(), modality=modality)
    assert started.creative_units_cost == 1
    await served.ended(started.job.job_id)
    job = (await sdk.jobs.retrieve(started.job.job_id)).job
    assert job.status == ("failure" if modality in ("depth", "pose") else "success")
    for asset_id in job.metadata.asset_ids or []:
        asset = (await sdk.assets.retrieve(asset_id)).asset
        assert asset.metadata.modality == modality
    assert [job.job_id async for job in sdk.jobs.list(type="detection")] == [job.job_id]


async def test_parameters_arrive(served: Served, sdk: AsyncScenario) -> None:
    started = await sdk.generate.detect(
        image=await served.add(), modality="grayscale", factor=2.5, min_threshold=5.0,
        max_threshold=80.0, remove_background=False,
    )  # fmt: skip
    ended = await served.ended(started.job.job_id)
    metadata = (await sdk.assets.retrieve(ended["metadata"]["assetIds"][0])).asset.metadata
    assert (metadata.factor, metadata.min_threshold, metadata.max_threshold) == (2.5, 5, 80)
    assert metadata.remove_background is False


async def test_a_price_is_read_without_a_job(served: Served, sdk: AsyncScenario) -> None:
    lenient = sdk.with_options()
    lenient._strict_response_validation = False  # a price has no job, which strictness demands
    priced = await lenient.generate.detect(
        image=await served.add(), modality="canny", dry_run="true"
    )
    assert (priced.job, priced.creative_units_cost) == (None, 1)


async def test_cancel_and_errors_are_understood(served: Served, sdk: AsyncScenario) -> None:
    started = await sdk.generate.detect(image=await served.add(), modality="canny")
    await served.ended(started.job.job_id)
    with pytest.raises(scenario_sdk.BadRequestError):
        await sdk.jobs.trigger_action(started.job.job_id, action="cancel")
    with pytest.raises(scenario_sdk.NotFoundError):
        await sdk.jobs.retrieve("job_none")
    with pytest.raises(scenario_sdk.BadRequestError):
        await sdk.generate.detect(image=await served.add(), modality="canny", factor=1)


async def test_the_blocking_client_works_too(served: Served) -> None:
    asset_id, loop = await served.add(), asyncio.get_running_loop()

    def use() -> str:
        http = httpx.Client(transport=LoopTransport(served.transport, loop))
        with Scenario(
            api_key=served.keys.api_key, api_secret=served.keys.api_secret, base_url=BASE_URL,
            max_retries=0, http_client=http, _strict_response_validation=True,
        ) as client:  # fmt: skip
            started = client.generate.detect(image=asset_id, modality="canny", low_threshold=50)
            assert started.job.job_id in [job.job_id for job in client.jobs.list()]
            return client.jobs.retrieve(started.job.job_id).job.job_id

    job_id = await asyncio.to_thread(use)
    assert (await served.ended(job_id))["status"] == "success"
