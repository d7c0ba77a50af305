"""A session opens all parts of a workspace, on any network, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from scenario_desktop.api.sartiq.capabilities import Operation
from scenario_desktop.errors import BadInput, Offline, Refused, StoreFailed, Unauthorised
from scenario_desktop.items import ItemQuery, Source
from scenario_desktop.services.sartiq.half import SartiqConnection
from scenario_desktop.services.session import Connection, Session, Shared
from scenario_desktop.services.sync import SyncState, SyncStatus
from scenario_desktop.services.sync_both import merged
from tests.fakes_scenario import make_asset
from tests.shared_services import shared_services
from tests.support import until


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with shared_services(tmp_path) as shared:
        yield shared


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


# the second half


def serving_both() -> httpx.AsyncBaseTransport:
    """Return a server of both services, the second with one generation of two predictions."""
    scenario = serving()

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/login/access-token"):
            return httpx.Response(200, json={"access_token": "t0ken", "token_type": "bearer"})
        if path == "/api/v1/generations/":
            assert request.headers["authorization"] == "Bearer t0ken"
            is_first = request.url.params["skip"] == "0"
            made = [{"id": f"p{n}", "result_image_url": "https://x.test/1.png"} for n in (1, 2)]
            data = [{"id": "g1", "batch_size": 2, "predictions": made}] if is_first else []
            return httpx.Response(200, json={"data": data, "count": 1})
        assert isinstance(scenario, httpx.MockTransport)
        return scenario.handle_request(request)

    return httpx.MockTransport(answer)


SARTIQ = SartiqConnection("https://sartiq.test/api/v1", "ada", "canary-password")


async def count(session: Session, *sources: Source) -> int:
    return len(await session.library.keys(ItemQuery(sources=sources)))


async def test_both_halves_fill_one_library(shared: Shared) -> None:
    session = await Session.open("w", CONNECTION, shared, sartiq=SARTIQ, transport=serving_both)
    await until(lambda: session.sync.status.at is not None)
    assert await count(session) == 3
    assert await count(session, Source.SARTIQ) == 2
    assert session.sartiq is not None
    assert "canary" not in repr(SARTIQ)
    await session.sartiq.remembered.note("style", "s1", "Noir")
    session.sartiq.capabilities.note(Operation.CANCEL_GENERATION, False)
    await session.aclose()
    again = await Session.open("w", CONNECTION, shared, sartiq=SARTIQ, transport=serving_both)
    assert again.sartiq is not None
    assert [known.shown for known in again.sartiq.remembered.of("style")] == ["Noir"]
    assert not again.sartiq.capabilities.may(Operation.CANCEL_GENERATION)
    await again.aclose()


async def test_an_unusable_half_leaves_the_other_one(shared: Shared) -> None:
    wrong = replace(SARTIQ, base_url="nonsense")
    session = await Session.open("w", CONNECTION, shared, sartiq=wrong, transport=serving_both)
    assert session.sartiq is None
    assert [type(trouble) for trouble in session.troubles] == [BadInput]
    await until(lambda: session.sync.status.at is not None)
    assert await count(session) == 1
    await session.aclose()
    bad = replace(CONNECTION, base_url="nonsense")
    session = await Session.open("w", bad, shared, sartiq=SARTIQ, transport=serving_both)
    assert not session.has_scenario
    assert session.sartiq is not None
    assert len(session.troubles) == 1
    await until(lambda: session.sync.status.at is not None)
    await session.aclose()


async def test_what_needs_the_missing_half_says_so(shared: Shared) -> None:
    session = await Session.open("w", None, shared, sartiq=SARTIQ, transport=serving_both)
    with pytest.raises(Refused, match="no connection to Scenario"):
        await session.library.create_collection("A")
    assert await session.plan_units() is None
    await session.aclose()
    with pytest.raises(BadInput, match="no account"):
        await Session.open("w", None, shared, transport=serving_both)


async def test_what_a_workspace_has_left_goes(shared: Shared) -> None:
    session = await Session.open("w", CONNECTION, shared, sartiq=SARTIQ, transport=serving_both)
    await until(lambda: session.sync.status.at is not None)
    await session.aclose()
    session = await Session.open(
        "w", CONNECTION, shared, left={Source.SARTIQ}, transport=serving_both
    )
    assert (await count(session, Source.SARTIQ), await count(session)) == (0, 1)
    await session.aclose()
    session = await Session.open(
        "w", None, shared, sartiq=SARTIQ, left={Source.SCENARIO}, transport=serving_both
    )
    await until(lambda: session.sync.status.at is not None)
    assert (await count(session, Source.SARTIQ), await count(session)) == (2, 2)
    await session.aclose()


async def test_another_account_begins_anew(shared: Shared) -> None:
    session = await Session.open("w", None, shared, sartiq=SARTIQ, transport=serving_both)
    await until(lambda: session.sync.status.at is not None)
    await session.aclose()
    other = replace(SARTIQ, organisation_id="o2", base_url="https://nowhere.test/api/v1")
    session = await Session.open("w", None, shared, sartiq=other, transport=refusing)
    assert await count(session) == 0
    await session.aclose()


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((SyncState.IDLE, SyncState.SYNCING), SyncState.SYNCING),
        ((SyncState.OFFLINE, SyncState.IDLE), SyncState.OFFLINE),
        ((SyncState.OFFLINE, SyncState.UNAUTHORISED), SyncState.UNAUTHORISED),
        ((SyncState.FAILED, SyncState.OFFLINE), SyncState.FAILED),
    ],
)
def test_the_worst_counts_and_all_in_trouble_are_named(
    states: tuple[SyncState, SyncState], expected: SyncState
) -> None:
    bad = (SyncState.OFFLINE, SyncState.UNAUTHORISED, SyncState.FAILED)
    parts = [
        (name, SyncStatus(state, error=Offline(f"{state}.") if state in bad else None))
        for name, state in zip(("Scenario", "Sartiq"), states, strict=True)
    ]
    status = merged(parts)
    assert status.state is expected
    told = status.error.message if status.error is not None else ""
    assert [name in told for name, _ in parts] == [state in bad for state in states]


def test_it_is_known_who_refuses_the_login() -> None:
    good = SyncStatus()
    bad = SyncStatus(SyncState.UNAUTHORISED, error=Unauthorised("No."), refused_by=(Source.SARTIQ,))
    assert merged([("Scenario", good), ("Sartiq", bad)]).refused_by == (Source.SARTIQ,)
    assert merged([("Scenario", good), ("Sartiq", good)]).refused_by == ()


def test_the_same_trouble_is_told_once() -> None:
    same = SyncStatus(SyncState.OFFLINE, error=Offline("No network."))
    error = merged([("Scenario", same), ("Sartiq", same)]).error
    assert error is not None
    assert error.message == "Scenario and Sartiq: No network."
