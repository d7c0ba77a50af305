"""The canvas half of the engine as a program: its second user, kills, and whatever is sent."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.assets import AssetCreate, AssetUpdate
from scenario_desktop.api.moments import wire_time
from scenario_desktop.api.parsing import pages
from scenario_desktop.errors import Conflict
from tests.contract.canvas_support import THUMBNAIL
from tests.contract.engine_support import EngineProcess

on_posix = pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")


def in_(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def make(client: httpx.Client, text: str = "made") -> str:
    answer = client.post("/assets", json={"name": "Poster", "canvas": text}).raise_for_status()
    return str(answer.json()["asset"]["id"])


def take(client: httpx.Client, canvas: str) -> str:
    body = {"lockExpiresAt": wire_time(in_(600))}
    answer = client.put(f"/assets/{canvas}/lock", json=body).raise_for_status()
    return str(answer.json()["lockId"])


def read(client: httpx.Client, canvas: str) -> tuple[str, list[str], str | None]:
    """Return the text of a canvas, its history and the end of its lock."""
    asset = client.get(f"/assets/{canvas}").raise_for_status().json()["asset"]
    page = client.get(f"/assets/{canvas}/snapshots", params={"pageSize": 100}).json()
    text = client.get(asset["url"], auth=None).raise_for_status().text
    history = [snapshot["rawData"] for snapshot in page["snapshots"]]
    return text, history, asset["metadata"].get("lockExpiresAt")


# --- the second user ----------------------------------------------------------------------------


def test_a_second_user_is_let_in_only_where_asked_for(tmp_path: Path) -> None:
    plain = EngineProcess(tmp_path)
    assert "second_api_key" not in plain.address
    plain.stop()
    first = EngineProcess(tmp_path, "--second-user")
    seconds = {name for name in first.address if name.startswith("second_")}
    assert {"second_api_key", "second_api_secret"} <= seconds
    assert first.auth == plain.auth
    with first.client() as ada, first.client(is_second=True) as bob:
        of_ada, of_bob = make(ada), make(bob)
        authors = {asset["id"]: asset["authorId"] for asset in ada.get("/assets").json()["assets"]}
        assert authors[of_ada] != authors[of_bob]
    first.stop()
    without = EngineProcess(tmp_path)
    with without.client() as client:
        assert client.get("/assets").status_code == 200
        assert client.get("/assets", auth=first.second_auth).status_code == 401
    without.stop()
    again = EngineProcess(tmp_path, "--second-user")
    assert again.second_auth == first.second_auth
    with again.client(is_second=True) as bob:
        mine = bob.get("/assets", params={"authorId": authors[of_bob]}).json()["assets"]
        assert [asset["id"] for asset in mine] == [of_bob]
        key, secret = again.auth
        for mixed in ((key, again.second_auth[1]), (again.second_auth[0], secret)):
            assert bob.get("/assets", auth=mixed).status_code == 401
    again.stop()


# --- kills --------------------------------------------------------------------------------------

#: Starts an engine that dies at once when a save has been written, before it is answered.
DYING = """
import os, signal, sys
from scenario_desktop.engine.canvas import CanvasStore
update = CanvasStore.update
async def update_and_die(self, *args):
    await update(self, *args)
    os.kill(os.getpid(), signal.SIGKILL)
CanvasStore.update = update_and_die
from scenario_desktop.engine.main import run
sys.exit(run(sys.argv[1:]))
"""


@on_posix
def test_a_save_killed_before_its_answer_is_there_whole(tmp_path: Path) -> None:
    engine = EngineProcess(tmp_path)
    with engine.client() as client:
        canvas = make(client)
        lock_id = take(client, canvas)
        end = read(client, canvas)[2]
    engine.stop()
    command = [sys.executable, "-c", DYING, "--data", str(tmp_path)]
    dying = EngineProcess(tmp_path, command=command)
    body = {"canvas": "saved", "name": "Cover", "thumbnail": THUMBNAIL, "lockId": lock_id}
    with dying.client() as client, pytest.raises(httpx.TransportError):
        client.put(f"/assets/{canvas}", json=body)
    dying.wait()
    engine = EngineProcess(tmp_path)
    with engine.client() as client:
        assert read(client, canvas) == ("saved", ["saved"], end)
        asset = client.get(f"/assets/{canvas}").json()["asset"]
        assert asset["metadata"]["name"] == "Cover"
        assert client.get(asset["thumbnail"]["url"], auth=None).status_code == 200
        body["canvas"] = "saved by the lock of before"
        assert client.put(f"/assets/{canvas}", json=body).status_code == 200
    assert engine.stop() == 0


@on_posix
def test_a_kill_at_any_moment_leaves_all_of_a_save_or_nothing(tmp_path: Path) -> None:
    canvas, lock_id, answered, sent = "", "", [], ["made"]
    for turn in range(4):
        engine = EngineProcess(tmp_path, "--processes", "1")
        with engine.client() as client:
            if not canvas:
                canvas = make(client)
                lock_id = take(client, canvas)
            killer = threading.Timer(0.05 + 0.04 * turn, engine.process.kill)
            killer.start()
            try:
                while True:
                    sent.append(f"save {len(sent)}")
                    body = {"canvas": sent[-1], "name": sent[-1], "lockId": lock_id}
                    client.put(f"/assets/{canvas}", json=body).raise_for_status()
                    answered.append(sent[-1])
            except httpx.TransportError:
                pass
            killer.join()
        engine.wait()
        engine = EngineProcess(tmp_path)
        with engine.client() as client:
            text, _, end = read(client, canvas)
            [*_, asset] = client.get("/assets").json()["assets"]
            token: str | None = None
            history: list[str] = []
            while token is not None or not history:
                page = client.get(
                    f"/assets/{canvas}/snapshots",
                    params={"pageSize": 100, **({"paginationToken": token} if token else {})},
                ).json()
                history += [snapshot["rawData"] for snapshot in page["snapshots"]]
                token = page.get("nextPaginationToken")
        engine.stop()
        assert end is not None
        assert text == history[0] == asset["metadata"]["name"]
        assert set(answered) <= set(history) <= set(sent)
        assert history == sorted(set(history), key=sent.index, reverse=True)
    assert len(list((tmp_path / "assets").glob("*/*"))) <= len(history) + 1


# --- our own client -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    engine = EngineProcess(tmp_path_factory.mktemp("engine") / "data", "--second-user")
    yield engine
    assert engine.stop() == 0


@pytest.fixture
async def ada(engine: EngineProcess) -> AsyncIterator[ScenarioClient]:
    client = ScenarioClient(engine.url, *engine.auth)
    yield client
    await client.aclose()


@pytest.fixture
async def bob(engine: EngineProcess) -> AsyncIterator[ScenarioClient]:
    client = ScenarioClient(engine.url, *engine.second_auth)
    yield client
    await client.aclose()


async def test_our_client_edits_a_canvas_under_its_lock(
    ada: ScenarioClient, bob: ScenarioClient
) -> None:
    text = '{"format": "scenario-desktop/canvas", "é": 1.0}\r\n'
    canvas = (await ada.create_canvas(AssetCreate(name="Poster", canvas=text))).id
    assert await bob.canvas_text(canvas) == text
    locked = await ada.lock_asset(canvas, in_(300))
    assert ada.server_time_offset_s is not None
    with pytest.raises(Conflict) as caught:
        await bob.lock_asset(canvas, in_(300))
    assert caught.value.until == locked.asset.lock_expires_at
    saved = await ada.update_asset(
        canvas,
        AssetUpdate(
            canvas="2", lock_id=locked.lock_id, lock_expires_at=wire_time(in_(600)),
            thumbnail=THUMBNAIL,
        ),
    )  # fmt: skip
    assert saved.lock_expires_at is not None
    assert locked.asset.lock_expires_at is not None
    assert saved.lock_expires_at > locked.asset.lock_expires_at
    freed = await bob.unlock_asset(canvas, is_forced=True)
    assert freed.lock_expires_at is None
    with pytest.raises(Conflict) as caught:
        await ada.update_asset(canvas, AssetUpdate(canvas="3", lock_id=locked.lock_id))
    assert caught.value.until is None
    again = await ada.lock_asset(canvas, in_(300))
    await ada.unlock_asset(canvas, lock_id=again.lock_id)
    assert await ada.canvas_text(canvas) == "2"
    history = [
        snapshot
        async for page in pages(lambda token: bob.list_snapshots(canvas, token=token))
        for snapshot in page.snapshots
    ]
    assert [snapshot.raw_data for snapshot in history] == ["2"]
    assert history[0].author_id == saved.author_id
    assert history[0].taken_at is not None
    assert abs(history[0].taken_at - datetime.now(UTC)) < timedelta(seconds=60)


# --- whatever is sent ---------------------------------------------------------------------------

FIELDS = [
    "canvas", "thumbnail", "name", "description", "lockId", "lockExpiresAt", "disableSnapshot",
    "forceUnlock",
]  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from([
        THUMBNAIL, "data:image/png;base64," + THUMBNAIL, "data:,", "2026-11-20T12:00:00Z",
        "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-W47-5", "x" * 300, "\x00",
    ]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
bodies = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6)
calls = st.sampled_from(["PUT ", "PUT /lock", "PUT /unlock", "GET /snapshots", "POST"])


@pytest.fixture(scope="module")
def studio(engine: EngineProcess) -> Iterator[tuple[httpx.Client, str]]:
    with engine.client() as client:
        yield client, make(client)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(call=calls, body=bodies, token=st.text(max_size=9))
def test_no_body_is_a_fault_of_the_engine(
    studio: tuple[httpx.Client, str], call: str, body: dict[str, Any], token: str
) -> None:
    client, canvas = studio
    method, _, rest = call.partition(" ")
    path = "/assets" if method == "POST" else f"/assets/{canvas}{rest}"
    params = {"paginationToken": token.encode("utf-8", "replace").decode()}
    answer = client.request(method, path, content=json.dumps(body), params=params)
    assert answer.status_code in (200, 400, 409), (call, body, answer.text)
    if answer.status_code != 200:
        assert answer.json()["reason"]


BROKEN = [
    b"{", b"[]", b"null", b"\xff", b'{"canvas":"\\ud800"}', b'{"canvas":"a","canvas":{}}',
    b'{"lockExpiresAt":1763640300000}', b'{"lockExpiresAt":"' + b"9" * 5000 + b'"}',
    b'{"lockId":"a\\u0000"}', b'{"forceUnlock":1}', b'{"forceUnlock":"yes"}', b"[" * 100_000,
    b'{"lockExpiresAt":"-1"}', b'{"lockExpiresAt":"2026-11-20T25:00"}', b'{"lockExpiresAt":null}',
]  # fmt: skip


@pytest.mark.parametrize("path", ["lock", "unlock"])
@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_body_is_refused(studio: tuple[httpx.Client, str], path: str, body: bytes) -> None:
    client, canvas = studio
    answer = client.put(f"/assets/{canvas}/{path}", content=body)
    assert (answer.status_code, bool(answer.json()["reason"])) == (400, True)
