"""The service's own client, with strict validation, on the canvas half; two users over sockets."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import scenario_sdk
from scenario_sdk import AsyncScenario, Scenario

from tests.contract.engine_support import EngineProcess, picture

THUMBNAIL = base64.b64encode(picture()).decode()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    engine = EngineProcess(
        tmp_path_factory.mktemp("engine") / "data", "--processes", "1", "--second-user"
    )
    yield engine
    assert engine.stop() == 0


def options(engine: EngineProcess, *, is_second: bool = False) -> dict[str, Any]:
    key, secret = engine.second_auth if is_second else engine.auth
    return {
        "base_url": engine.url, "api_key": key, "api_secret": secret, "max_retries": 0,
        "_strict_response_validation": True,
    }  # fmt: skip


@pytest.fixture
def ada(engine: EngineProcess) -> Iterator[Scenario]:
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield Scenario(**options(engine), http_client=client)


@pytest.fixture
def bob(engine: EngineProcess) -> Iterator[Scenario]:
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield Scenario(**options(engine, is_second=True), http_client=client)


def soon(seconds: float = 300) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_a_canvas_from_its_making_to_its_copy(ada: Scenario) -> None:
    asset = ada.assets.upload(name="Poster", canvas='{"v":1}', thumbnail=THUMBNAIL, hide=False)
    canvas = asset.asset
    assert (canvas.kind, canvas.metadata.type, canvas.source) == ("json", "canvas", "canvas")
    assert canvas.preview is not None
    layer = ada.assets.upload(name="layer", image=THUMBNAIL, parent_id=canvas.id, hide=True).asset
    assert layer.metadata.parent_id == canvas.id
    lock = ada.assets.lock(canvas.id, lock_expires_at=soon())
    assert lock.lock_id
    saved = ada.assets.update(
        canvas.id, canvas='{"v":2}', name="Cover", description="blue", thumbnail=THUMBNAIL,
        lock_id=lock.lock_id, lock_expires_at=soon(600), disable_snapshot=False,
    ).asset  # fmt: skip
    assert str(saved.metadata.lock_expires_at) > str(lock.asset.metadata.lock_expires_at)
    ada.assets.update(canvas.id, canvas="autosaved", lock_id=lock.lock_id, disable_snapshot=True)
    [snapshot] = list(ada.assets.list_snapshots(canvas.id, page_size=10))
    assert snapshot.raw_data == '{"v":2}'
    assert abs(snapshot.taken_at / 1000 - datetime.now(UTC).timestamp()) < 60
    copy = ada.assets.duplicate(canvas.id).asset
    assert copy.metadata.lock_expires_at is None
    freed = ada.assets.unlock(canvas.id, lock_id=lock.lock_id).asset
    assert freed.metadata.lock_expires_at is None
    assert httpx.get(freed.url, trust_env=False).text == "autosaved"
    assert {copy.id, canvas.id} <= {found.id for found in ada.assets.list(types=["canvas"])}


def test_the_snapshots_of_many_saves_are_walked(ada: Scenario) -> None:
    canvas = ada.assets.upload(name="Poster", canvas="0").asset
    for number in range(1, 13):
        ada.assets.update(canvas.id, canvas=str(number))
    found = [snapshot.raw_data for snapshot in ada.assets.list_snapshots(canvas.id)]
    assert found == [str(number) for number in range(12, 0, -1)]


def test_two_users_get_in_each_others_way(ada: Scenario, bob: Scenario) -> None:
    canvas = ada.assets.upload(name="Poster", canvas="0").asset
    lock = ada.assets.lock(canvas.id, lock_expires_at=soon())
    with pytest.raises(scenario_sdk.ConflictError) as refused:
        bob.assets.lock(canvas.id, lock_expires_at=soon())
    body = refused.value.body
    assert isinstance(body, dict)
    assert body["details"]["lockExpiresAt"] == lock.asset.metadata.lock_expires_at
    assert "else" in body["reason"]
    with pytest.raises(scenario_sdk.ConflictError):
        bob.assets.update(canvas.id, canvas="by bob")
    bob.assets.unlock(canvas.id, force_unlock=True)
    with pytest.raises(scenario_sdk.ConflictError):
        ada.assets.update(canvas.id, canvas="by ada", lock_id=str(lock.lock_id))
    assert bob.assets.update(canvas.id, canvas="by bob").asset.author_id == canvas.author_id
    [snapshot] = list(ada.assets.list_snapshots(canvas.id))
    assert snapshot.author_id != canvas.author_id


def test_a_second_user_shows_in_jobs_and_uploads(engine: EngineProcess) -> None:
    with engine.client(is_second=True) as bob:
        asset = bob.post("/assets", json={"name": "a", "image": THUMBNAIL}).json()["asset"]
        job = bob.post("/generate/detect", json={"image": asset["id"], "modality": "depth"}).json()
        upload = bob.post(
            "/uploads",
            json={"kind": "image", "fileName": "a", "contentType": "x", "fileSize": 1, "parts": 1},
        ).json()["upload"]
        assert job["job"]["authorId"] == asset["authorId"] == upload["authorId"]
        with engine.client() as ada:
            assert ada.get("/assets", params={"authorId": asset["authorId"]}).json()["assets"]
            assert ada.get("/teams").json()["teams"][0]["context"]["usersCount"] == 2


async def test_the_async_client_works_as_well(engine: EngineProcess) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        sdk = AsyncScenario(**options(engine), http_client=client)
        canvas = (await sdk.assets.upload(name="Poster", canvas="0", thumbnail=THUMBNAIL)).asset
        lock = await sdk.assets.lock(canvas.id, lock_expires_at=soon())
        saved = await sdk.assets.update(canvas.id, canvas="1", lock_id=str(lock.lock_id))
        assert saved.asset.metadata.lock_expires_at == lock.asset.metadata.lock_expires_at
        found = [snapshot.raw_data async for snapshot in sdk.assets.list_snapshots(canvas.id)]
        assert found == ["1"]
        copy = (await sdk.assets.duplicate(canvas.id)).asset
        freed = await sdk.assets.unlock(canvas.id, lock_id=str(lock.lock_id))
        assert freed.asset.metadata.lock_expires_at is None
        assert copy.metadata.original_asset_id == canvas.id
