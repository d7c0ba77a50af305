"""A detect job on the real engine: price, send, follow, result, and what may go wrong."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.assets import Asset, AssetCreate
from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.errors import TimedOut
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.items import Item, Source
from scenario_desktop.services.detect import KIND, Detect, DetectKind
from scenario_desktop.services.engine_handshake import prove_identity
from scenario_desktop.services.engine_process import EngineProcess, EngineState
from scenario_desktop.services.job_views import JobState, JobView
from scenario_desktop.services.jobs import Jobs
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.store.ledger import Ledger
from tests.fakes import FakeSettings
from tests.support import until

WAIT_S = 60.0


class Road:
    """An engine process, a client of it, and the services on top."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = EngineProcess(
            log_file=folder / "engine.log", restart_delays_s=(0.1,) * 3, check=prove_identity
        )
        self.pool = WorkerPool(1)
        self.ledger = Ledger(folder / "ledger.sqlite")
        self.results: list[Asset] = []

    async def open(self) -> None:
        address = await self.engine.start(self.folder / "engine")
        self.client = ScenarioClient(address.scenario_url, address.api_key, address.api_secret)
        await self.ledger.open()
        await self.start_jobs()

    async def start_jobs(self) -> None:
        guard = SpendingGuard(FakeSettings())
        self.jobs = Jobs(
            self.client, self.ledger, guard, workspace_id="local",
            kinds={KIND: DetectKind(self.client)}, on_results=self.bring,
        )  # fmt: skip
        self.detect = Detect(self.client, self.jobs, pool=self.pool, picture_of=self.picture_of)
        await self.jobs.start()

    async def bring(self, asset_ids: Sequence[str]) -> None:
        self.results += await self.client.get_assets(asset_ids)

    async def picture_of(self, item: Item) -> bytes:
        raise NotImplementedError

    async def upload(self, side: int = 300) -> Item:
        picture = BytesIO()
        Image.effect_noise((side, side // 2), 60).convert("RGB").save(picture, "PNG")
        text = base64.b64encode(picture.getvalue()).decode()
        asset = await self.client.create_asset(AssetCreate(name="Noise.png", image=text))
        assert asset.created_at is not None
        assert asset.updated_at is not None
        return Item(
            1, asset.id, Source.SCENARIO, asset.kind, asset.type, asset.status, "Noise",
            asset.mime_type, asset.created_at, asset.updated_at,
        )  # fmt: skip

    async def send(self, item: Item, *modalities: Modality) -> list[str]:
        requests = [
            DetectRequest.model_validate({"image": item.id, "modality": m, **parameters})
            for m in modalities
            for parameters in [DetectRequest.initial(m)]
        ]
        quote = await self.detect.quote(requests)
        assert quote.total == Decimal(len(requests))
        return await self.detect.submit(quote, [item])

    def view(self, row_id: str) -> JobView:
        view = self.jobs.view(row_id)
        assert view is not None
        return view

    async def aclose(self) -> None:
        await self.jobs.aclose()
        await self.client.aclose()
        await self.ledger.aclose()
        await self.pool.aclose()
        await self.engine.aclose()


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    road = Road(tmp_path)
    await road.open()
    yield road
    await road.aclose()


async def test_two_maps_are_made_and_one_fails_honestly(road: Road) -> None:
    item = await road.upload()
    rows = await road.send(item, Modality.CANNY, Modality.SKETCH, Modality.DEPTH)
    await until(lambda: not road.jobs.summary.active, timeout_s=WAIT_S)
    canny, sketch, depth = map(road.view, rows)
    assert (canny.state, sketch.state) == (JobState.DONE, JobState.DONE)
    assert canny.status_text == "Done, 1\u00a0control map added beside its parent"
    assert (canny.cost, canny.is_cost_final) == (Decimal(1), True)
    assert depth.state is JobState.FAILED
    assert "learned model" in depth.status_text + depth.hint
    assert depth.cost == 0
    assert {asset.parent_id for asset in road.results} == {item.id}
    assert {asset.type for asset in road.results} == {"detection"}
    assert road.jobs.summary.today_cost == Decimal(2)


async def test_jobs_are_taken_up_after_the_window_was_closed(road: Road) -> None:
    item = await road.upload()
    (row,) = await road.send(item, Modality.CANNY)
    await road.jobs.settled()
    await road.jobs.aclose()
    await road.start_jobs()
    await until(lambda: road.view(row).state is JobState.DONE, timeout_s=WAIT_S)
    assert len(road.results) == 1


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
async def test_a_killed_engine_comes_back_and_its_jobs_end(road: Road) -> None:
    item = await road.upload(1200)
    rows = await road.send(item, *[Modality.SEGMENTATION, Modality.NORMAL, Modality.CANNY] * 2)
    await road.jobs.settled()
    assert road.engine.pid is not None
    os.kill(road.engine.pid, signal.SIGKILL)
    await until(lambda: road.engine.status.state is EngineState.RESTARTING, timeout_s=WAIT_S)
    await until(lambda: road.engine.status.state is EngineState.READY, timeout_s=WAIT_S)
    await until(lambda: not road.jobs.summary.active, timeout_s=WAIT_S)
    assert {road.view(row).state for row in rows} <= {JobState.DONE, JobState.FAILED}
    assert road.jobs.summary.today_count == 6


async def test_a_job_whose_answer_was_lost_is_found_by_its_input(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = await road.upload()
    detect = road.client.detect

    async def lose(request: DetectRequest) -> object:
        await detect(request)
        raise TimedOut("The server did not answer in time.")

    monkeypatch.setattr(road.client, "detect", lose)
    (row,) = await road.send(item, Modality.GRAYSCALE)
    await until(lambda: road.view(row).state is JobState.DONE, timeout_s=WAIT_S)
    jobs = (await road.client.list_jobs()).jobs
    assert len(jobs) == 1
    assert road.view(row).job_id == jobs[0].job_id


async def test_the_engine_runs_under_the_qt_loop(qt_loop: object, tmp_path: Path) -> None:
    engine = EngineProcess(check=prove_identity)
    address = await engine.start(tmp_path / "engine")
    client = ScenarioClient(address.scenario_url, address.api_key, address.api_secret)
    assert (await client.list_assets(page_size=1)).assets == ()
    await client.aclose()
    pid = engine.pid
    await engine.aclose()
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
