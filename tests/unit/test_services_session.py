"""A session opens all parts of a workspace, on any network, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from scenario_desktop import paths
from scenario_desktop.errors import BadInput, StoreFailed
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.items import ItemQuery
from scenario_desktop.services.session import Connection, Session, Shared
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.services.sync import SyncState
from scenario_desktop.store.ledger import Ledger
from scenario_desktop.store.thumbnails import ThumbnailCache
from tests.fakes_scenario import make_asset
from tests.support import until


@dataclass
class _Limits:
    mode: str = "allow"
    ask_above: Decimal = Decimal(20)


@dataclass
class _Settings:
    spending: _Limits


@dataclass
class _HasSettings:
    settings: _Settings


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    places = paths.under(tmp_path)
    places.make()
    cache = ThumbnailCache(places.thumbnails, 10**7)
    ledger = Ledger(places.ledger)
    await cache.open()
    await ledger.open()
    pool = WorkerPool(1)
    guard = SpendingGuard(_HasSettings(_Settings(_Limits())))
    yield Shared(places, pool, cache, ledger, guard)
    await pool.aclose()
    await ledger.aclose()
    await cache.aclose()


CONNECTION = Connection("https://scenario.test/v1", "key", "secret")


def serving() -> httpx.AsyncBaseTransport:
    """Return a server with one asset."""
    asset = make_asset(1).model_dump(mode="json", by_alias=True)

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/assets":
            is_deleted = request.url.params.get("deleted") == "true"
            return httpx.Response(200, json={"assets": [] if is_deleted else [asset]})
        if path == "/v1/assets/get-bulk":
            return httpx.Response(200, json={"assets": [asset]})
        name = path.rpartition("/")[2]
        return httpx.Response(200, json={name: []})

    return httpx.MockTransport(answer)


def refusing() -> httpx.AsyncBaseTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    return httpx.MockTransport(answer)


async def test_a_workspace_opens_and_fills(shared: Shared) -> None:
    session = await Session.open("w1", CONNECTION, shared, transport=serving)
    await until(lambda: session.sync.status.at is not None)
    assert len(await session.library.keys(ItemQuery())) == 1
    await session.aclose()
    await session.aclose()


async def test_without_network_the_last_state_is_there(shared: Shared) -> None:
    session = await Session.open("w1", CONNECTION, shared, transport=serving)
    await until(lambda: session.sync.status.at is not None)
    await session.aclose()
    session = await Session.open("w1", CONNECTION, shared, transport=refusing)
    await until(lambda: session.sync.status.state is SyncState.OFFLINE, timeout_s=20)
    assert len(await session.library.keys(ItemQuery())) == 1
    await session.aclose()


async def test_nothing_is_left_behind(shared: Shared) -> None:
    before = asyncio.all_tasks()
    session = await Session.open("w1", CONNECTION, shared, transport=serving)
    await until(lambda: session.sync.status.at is not None)
    await session.aclose()
    assert asyncio.all_tasks() == before
    await until(lambda: not _databases())


def _databases() -> set[str]:
    return {t.name for t in threading.enumerate() if t.name.startswith("db-w1")}


async def test_a_session_that_cannot_open_leaves_nothing_either(shared: Shared) -> None:
    path = shared.paths.outbox("w1")
    path.mkdir(parents=True)
    with pytest.raises(StoreFailed):
        await Session.open("w1", CONNECTION, shared, transport=serving)
    await until(lambda: not _databases())


async def test_unusable_keys_are_refused_at_once(shared: Shared) -> None:
    bad = Connection("https://scenario.test/v1", "", "")
    with pytest.raises(BadInput):
        await Session.open("w1", bad, shared)


def test_keys_stay_out_of_the_repr() -> None:
    assert "secret" not in repr(CONNECTION)
