"""Two people at one canvas: sessions with real drafts and our client, on a real engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.errors import AppError
from scenario_desktop.services.canvas.canvases import Canvases
from scenario_desktop.services.canvas.content import Drawn, Stored
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.drafts import DraftStore
from scenario_desktop.services.canvas.lease import LostReason, Phase
from scenario_desktop.services.canvas.room import CanvasTimes, Room
from scenario_desktop.services.canvas.session import CanvasSession
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.uploads import Uploads
from tests.contract.engine_support import EngineProcess, picture
from tests.support import until


class Sheet:
    """An editor with one layer, whose pixels are a picture of some size."""

    def __init__(self) -> None:
        self.pixels = b""

    async def draft(self) -> Drawn:
        return Drawn(self._text({}), self._blobs(), picture((32, 24)))

    async def stored(self) -> Stored:
        return Stored(self._blobs(), self._text, picture((32, 24)))

    async def until_rest(self) -> None:
        """Nobody draws here."""

    def _blobs(self) -> dict[str, bytes]:
        return {hashlib.sha256(self.pixels).hexdigest(): self.pixels} if self.pixels else {}

    def _text(self, ids: Mapping[str, str]) -> str:
        return json.dumps({"format": "ours", "layers": [ids.get(k, k) for k in self._blobs()]})


class Desk:
    """One person's program."""

    def __init__(self, url: str, keys: tuple[str, str], folder: Path) -> None:
        self.client = ScenarioClient(url, *keys)
        self.room = Room(
            self.client, Uploads(self.client, part_bytes=5 * 2**20, pause_s=0.05),
            DraftStore(folder), lambda text: json.loads(text).get("format") == "ours", Clock(),
            CanvasTimes(draft_s=0.02),
        )  # fmt: skip
        self.canvases = Canvases(self.room)
        self.sheet = Sheet()

    async def open(self, canvas: str, **options: Any) -> CanvasSession:
        return await self.canvases.open(canvas, self.sheet, **options)

    def draw(self, session: CanvasSession, side: int) -> None:
        self.sheet.pixels = picture((side, side))
        session.edited()

    async def aclose(self) -> None:
        await self.canvases.aclose()
        await self.client.aclose()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    process = EngineProcess(tmp_path_factory.mktemp("engine"), "--second-user")
    yield process
    process.stop()


@pytest.fixture
async def ann(engine: EngineProcess, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(engine.url, engine.auth, tmp_path / "ann")
    yield desk
    await desk.aclose()


@pytest.fixture
async def ben(engine: EngineProcess, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(engine.url, engine.second_auth, tmp_path / "ben")
    yield desk
    await desk.aclose()


async def new_canvas(desk: Desk) -> str:
    asset = await desk.canvases.create("Poster", await Sheet().stored())
    return asset.id


async def held(session: CanvasSession) -> None:
    await until(lambda: session.lease.is_ours and not session.lease.is_check_due)


async def test_a_save_uploads_hidden_layers_and_makes_a_snapshot(ann: Desk) -> None:
    canvas = await new_canvas(ann)
    session = await ann.open(canvas)
    ann.draw(session, 64)
    await held(session)
    result = await session.save()
    (layer,) = result.asset_ids.values()
    asset = await ann.client.get_asset(layer)
    assert (asset.is_hidden, asset.parent_id) == (True, canvas)
    assert layer in await ann.client.canvas_text(canvas)
    assert len((await session.snapshots()).snapshots) == 1
    await ann.canvases.close(session)
    assert (await ann.client.get_asset(canvas)).lock_expires_at is None
    assert ann.room.drafts.notes() == []


async def test_the_same_account_elsewhere_is_refused_and_overwrites_nothing(
    engine: EngineProcess, ann: Desk, tmp_path: Path
) -> None:
    elsewhere = Desk(engine.url, engine.auth, tmp_path / "another folder")
    try:
        canvas = await new_canvas(ann)
        first, second = await ann.open(canvas), await elsewhere.open(canvas)
        ann.draw(first, 64)
        await held(first)
        elsewhere.draw(second, 32)
        await until(lambda: second.lease.phase is Phase.REFUSED and not second.lease.is_aside_due)
        assert second.lease.until is not None
        (recovery,) = await elsewhere.canvases.recoveries()
        assert recovery.why is KeptWhy.REFUSED
        await first.save()  # its lock was not given away to the same keys
        assert await ann.client.canvas_text(canvas) == first.text
    finally:
        await elsewhere.aclose()


async def test_the_second_one_is_refused_waits_forces_and_compares(ann: Desk, ben: Desk) -> None:
    canvas = await new_canvas(ann)
    first, second = await ann.open(canvas), await ben.open(canvas)
    ann.draw(first, 64)
    await held(first)
    ben.draw(second, 32)
    await until(lambda: second.lease.phase is Phase.REFUSED and not second.lease.is_aside_due)
    (recovery,) = await ben.canvases.recoveries()
    assert recovery.why is KeptWhy.REFUSED
    assert recovery.thumbnail
    await first.save()
    await second.take_over()
    await held(second)
    ann.draw(first, 65)
    with pytest.raises(AppError):
        await first.save()
    assert first.lease.lost is LostReason.FORCED
    draft = await second.resume(recovery.id)
    assert draft is not None
    await until(lambda: second.lease.is_changed)
    theirs = await second.theirs()
    await second.keep_mine()
    await second.save()
    assert await ann.client.canvas_text(canvas) != theirs
    kept = {found.why for found in await ben.canvases.recoveries()}
    assert kept == {KeptWhy.THEIRS}


async def test_a_large_layer_goes_up_in_parts(ann: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenario_desktop.services.canvas.layer_uploads.SMALL_BYTES", 100)
    canvas = await new_canvas(ann)
    session = await ann.open(canvas)
    ann.draw(session, 300)
    await held(session)
    (layer,) = (await session.save()).asset_ids.values()
    asset = await ann.client.get_asset(layer)
    assert (asset.is_hidden, asset.parent_id) == (True, canvas)


async def test_another_program_takes_up_what_one_left(ann: Desk, engine: EngineProcess) -> None:
    canvas = await new_canvas(ann)
    session = await ann.open(canvas)
    ann.draw(session, 64)
    await held(session)
    await until(lambda: ann.room.drafts.recoveries() != [])
    await session._stop()  # as if the computer had stopped
    later = Desk(engine.url, engine.auth, ann.room.drafts.folder)
    (recovery,) = await later.canvases.recoveries()
    resumed = await later.open(canvas, recovery_id=recovery.id)
    assert resumed.recovered is not None
    (later.sheet.pixels,) = resumed.recovered.blobs.values()
    await held(resumed)
    await resumed.save()
    assert await later.canvases.recoveries() == []
    await later.aclose()
    ann.canvases = Canvases(replace(ann.room))
