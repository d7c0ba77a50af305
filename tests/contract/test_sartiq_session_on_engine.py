"""The library's services and the engine's half of the second service, over real HTTP."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from scenario_desktop.api.models.sartiq.refines import RefineGenerationRequest
from scenario_desktop.api.models.sartiq.tools import ImageAdjusterRequest
from scenario_desktop.errors import Conflict
from scenario_desktop.items import Item, ItemQuery, Section, Source
from scenario_desktop.services.sartiq.half import SartiqConnection, SartiqHalf
from scenario_desktop.services.session import ENGINE_TIMES, Connection, Session, Shared
from scenario_desktop.services.sync import SyncState
from tests.contract.engine_support import EngineProcess
from tests.contract.test_session_on_engine import bring_in, picture
from tests.shared_services import shared_services
from tests.support import until

TIMES = replace(ENGINE_TIMES, idle_s=0.2, tidy_s=1_000.0)
SARTIQ = ItemQuery(sources=(Source.SARTIQ,))


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with shared_services(tmp_path) as shared:
        yield shared


def connections(engine: EngineProcess) -> tuple[Connection, SartiqConnection]:
    key, secret = engine.auth
    address = engine.address
    return (
        Connection(engine.url, key, secret),
        SartiqConnection(
            address["sartiq_url"], address["username"], address["password"], is_local=True
        ),
    )


@pytest.fixture
async def session(shared: Shared, engine_process: EngineProcess) -> AsyncIterator[Session]:
    scenario, sartiq = connections(engine_process)
    session = await Session.open("local", scenario, shared, sartiq=sartiq, times=TIMES)
    yield session
    await session.aclose()


def half_of(session: Session) -> SartiqHalf:
    assert session.sartiq is not None
    return session.sartiq


def pixels(width: int = 96, height: int = 64) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(target, "PNG")
    return target.getvalue()


async def found(session: Session, query: ItemQuery = SARTIQ) -> list[Item]:
    keys = list(await session.library.keys(query))
    items = await session.library.items(keys)
    return [items[key] for key in keys]


async def adjusted(session: Session, path: str) -> Item:
    """Return the prediction of a picture that the service has cropped, once it is there."""
    request = ImageAdjusterRequest(base_img_path=path, target_width=48, target_height=48)
    generation = await half_of(session).client.adjust_image(request)
    await half_of(session).items.absorb([generation])

    async def good() -> list[Item]:
        return [
            i for i in await found(session) if i.group_id == generation.id and i.status != "pending"
        ]

    async with asyncio.timeout(30):
        while not (ready := await good()):
            await half_of(session).sync.run_once()
            await asyncio.sleep(0.05)
    return ready[0]


async def test_both_halves_say_how_they_stand(session: Session) -> None:
    await until(lambda: session.sync.status.at is not None)
    assert session.sync.status.state in (SyncState.IDLE, SyncState.SYNCING)
    assert session.sync.status.error is None
    assert session.troubles == ()


async def test_a_picture_is_handed_over_adjusted_and_shown(
    session: Session, tmp_path: Path
) -> None:
    path = await half_of(session).client.upload("boat.png", "image/png", pixels())
    item = await adjusted(session, path)
    assert (item.status, item.kind, item.source) == ("success", "image", Source.SARTIQ)
    assert (item.width, item.height) == (48, 48)
    thumbnail = await session.thumbnails.get(item)
    assert Image.open(io.BytesIO(thumbnail)).size == (48, 48)
    assert (await session.previews.large(item, 512)).width == 48
    (saved,) = await session.downloads.save([item], tmp_path / "out")
    assert saved.path is not None
    with Image.open(saved.path) as kept:
        assert kept.size == (48, 48)
    assert (await session.library.counts()).sections[Section.GENERATIONS] >= 1


async def test_an_asset_is_handed_over_by_its_own_address(session: Session, tmp_path: Path) -> None:
    await bring_in(session, picture(tmp_path / "sea.png", (10, 80, 120)))
    asset, *_ = await found(session, ItemQuery(sources=(Source.SCENARIO,), text="sea"))
    item = await adjusted(session, await half_of(session).handover(asset))
    assert (item.status, item.width) == ("success", 48)


async def test_work_goes_on_when_tokens_end_in_its_midst(shared: Shared, tmp_path: Path) -> None:
    engine = EngineProcess(tmp_path / "data", "--processes", "1", "--token-lifetime", "1")
    scenario, sartiq = connections(engine)
    session = await Session.open("local", scenario, shared, sartiq=sartiq, times=TIMES)
    half = half_of(session)
    item = await adjusted(session, await half.client.upload("a.png", "image/png", pixels()))
    request = RefineGenerationRequest(prediction_ids=(item.id,), scale_factor=2.0)
    assert (await half.client.refine(request)).total_success == 1
    async with asyncio.timeout(30):
        while True:
            made = await half.client.get_prediction(item.id)
            if made.refines and made.refines[0].width is not None:
                break
            await asyncio.sleep(0.05)
    assert [refine.width for refine in made.refines] == [96]
    assert len((await half.client.list_generations(limit=10)).data) == 1
    await session.library.set_favourite([item.key], True)
    assert (await half.client.get_prediction(item.id)).favourite
    assert session.sync.status.state is not SyncState.UNAUTHORISED
    await session.aclose()
    assert engine.stop() == 0


async def test_favourites_versions_and_deletions(session: Session) -> None:
    half = half_of(session)
    item = await adjusted(session, await half.client.upload("a.png", "image/png", pixels()))
    await session.library.set_favourite([item.key], True)
    assert (await half.client.get_prediction(item.id)).favourite
    await session.library.history.undo()
    assert not (await half.client.get_prediction(item.id)).favourite
    answer = await half.client.refine(
        RefineGenerationRequest(prediction_ids=(item.id,), scale_factor=2.0)
    )
    assert answer.total_success == 1
    async with asyncio.timeout(30):
        while True:
            await half.items.bring([str(item.group_id)])
            versions = await session.library.children(item)
            if versions and versions[0].status == "success":
                break
            await asyncio.sleep(0.05)
    assert versions[0].width == 96
    assert (await session.library.refresh(item.id)).metadata["versions"] == 1
    alone = await session.deleting.plan([versions[0].key])
    assert (await session.deleting.run(alone)).deleted == 1
    assert await session.library.children(item) == []
    whole = await session.deleting.plan([item.key])
    assert [one.id for one in whole.whole_generations] == [item.group_id]
    with pytest.raises(Conflict):
        await half.client.delete_prediction(item.id)
    assert (await session.deleting.run(whole)).failed == ()
    assert await found(session, ItemQuery(group_id=item.group_id)) == []


async def test_a_wrong_password_leaves_the_other_half_working(
    shared: Shared, engine_process: EngineProcess, tmp_path: Path
) -> None:
    scenario, sartiq = connections(engine_process)
    wrong = replace(sartiq, password="not it")
    session = await Session.open("local", scenario, shared, sartiq=wrong, times=TIMES)
    await until(lambda: session.sync.status.state is SyncState.UNAUTHORISED)
    error = session.sync.status.error
    assert error is not None
    assert error.message.startswith("Sartiq: ")
    await bring_in(session, picture(tmp_path / "sea.png", (10, 80, 120)))
    assert await found(session, ItemQuery(text="sea"))
    await session.aclose()


async def test_a_workspace_of_one_half_works(shared: Shared, engine_process: EngineProcess) -> None:
    _, sartiq = connections(engine_process)
    session = await Session.open("local", None, shared, sartiq=sartiq, times=TIMES)
    await until(lambda: session.sync.status.at is not None)
    assert not session.has_scenario
    path = await half_of(session).client.upload("boat.png", "image/png", pixels())
    assert (await adjusted(session, path)).status == "success"
    await session.aclose()
