"""The engine as a program: its line, its end, its folder, its data after a kill."""

from __future__ import annotations

import base64
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from scenario_desktop.engine.main import listening
from scenario_desktop.engine.ports import last_port
from tests.bench.seed_engine import seed
from tests.contract.engine_support import EngineProcess, picture

on_posix = pytest.mark.skipif(os.name == "nt", reason="signals and file modes of POSIX")


def upload(client: httpx.Client, name: str = "a.png") -> dict[str, str]:
    body = {"name": name, "image": base64.b64encode(picture()).decode()}
    asset: dict[str, str] = client.post("/assets", json=body).raise_for_status().json()["asset"]
    return asset


@on_posix
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_reopens_with_keys_and_data(tmp_path: Path, sign: int) -> None:
    first = EngineProcess(tmp_path / "data")
    with first.client() as client:
        asset = upload(client)
    assert first.stop(sign) == 0
    again = EngineProcess(tmp_path / "data")
    keys = ("api_key", "api_secret", "username", "password")
    assert [again.address[key] for key in keys] == [first.address[key] for key in keys]
    with again.client() as client:
        found = client.get(f"/assets/{asset['id']}").json()["asset"]
        assert found["createdAt"] == asset["createdAt"]
        assert client.get(found["url"], auth=None).content == picture()
    assert again.stop(sign) == 0


def test_the_first_line_says_all_that_a_client_needs(engine_process: EngineProcess) -> None:
    address = engine_process.address
    assert list(address) == [
        "scenario_url", "sartiq_url", "api_key", "api_secret", "username", "password",
    ]  # fmt: skip
    assert address["scenario_url"].endswith("/v1")
    assert address["sartiq_url"].endswith("/api/v1")
    answer = httpx.post(
        address["sartiq_url"] + "/login/access-token", trust_env=False,
        data={"username": address["username"], "password": address["password"]},
    )  # fmt: skip
    assert answer.status_code == 200


@on_posix
def test_nobody_else_can_read_the_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    engine = EngineProcess(data)
    with engine.client() as client:
        asset = upload(client)
        client.post(f"/assets/{asset['id']}/download", json={"targetFormat": "webp"})
    engine.stop()
    for path in [data, *data.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_one_engine_per_folder(tmp_path: Path) -> None:
    engine = EngineProcess(tmp_path)
    with pytest.raises(RuntimeError, match="Another engine"):
        EngineProcess(tmp_path)
    engine.stop()


def test_the_engine_of_the_next_window_waits_for_the_one_before(tmp_path: Path) -> None:
    first = EngineProcess(tmp_path)
    ending = threading.Timer(0.5, first.process.terminate)
    ending.start()
    second = EngineProcess(tmp_path, "--follow-stdin", stdin=subprocess.PIPE)
    assert first.process.poll() is not None
    ending.join()
    first.wait()
    assert second.stop() == 0


def test_a_taken_port_is_told(tmp_path: Path, engine_process: EngineProcess) -> None:
    port = httpx.URL(engine_process.url).port
    with pytest.raises(RuntimeError, match="Cannot listen"):
        EngineProcess(tmp_path, "--port", str(port))


def test_a_folder_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    EngineProcess(tmp_path).stop()
    file = tmp_path / "engine.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(RuntimeError, match="later version"):
        EngineProcess(tmp_path)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"not a database at all" * 100], ids=["empty", "one byte", "text"]
)
def test_a_damaged_index_is_told_and_left_alone(tmp_path: Path, damage: bytes) -> None:
    seed(tmp_path, 3)
    file = tmp_path / "engine.sqlite"
    file.write_bytes(damage)
    before = sorted((tmp_path / "assets").rglob("*"))
    with pytest.raises(RuntimeError, match=r"missing|damaged"):
        EngineProcess(tmp_path)
    assert file.read_bytes() == damage
    assert sorted((tmp_path / "assets").rglob("*")) == before


def test_damaged_keys_are_told_and_left_alone(tmp_path: Path) -> None:
    EngineProcess(tmp_path).stop()
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(RuntimeError, match="damaged"):
        EngineProcess(tmp_path)
    assert (tmp_path / "keys.json").read_text() == "{"


def test_it_ends_with_the_one_who_started_it(tmp_path: Path) -> None:
    engine = EngineProcess(tmp_path, "--follow-stdin", stdin=subprocess.PIPE)
    assert engine.process.stdin is not None
    engine.process.stdin.close()
    assert engine.wait() == 0


def test_without_being_told_it_ignores_its_stdin(tmp_path: Path) -> None:
    engine = EngineProcess(tmp_path, stdin=subprocess.PIPE)
    assert engine.process.stdin is not None
    engine.process.stdin.close()
    with engine.client() as client:
        assert client.get("/assets").status_code == 200
    engine.stop()


@on_posix
def test_a_kill_at_any_moment_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    answered: list[str] = []
    for turn in range(3):
        engine = EngineProcess(tmp_path)
        with engine.client() as client:
            answered.append(upload(client)["id"])
            killer = threading.Timer(0.02 + 0.03 * turn, engine.process.kill)
            killer.start()
            try:
                while True:
                    answered.append(upload(client)["id"])
            except httpx.TransportError:
                pass
            killer.join()
        engine.wait()
    engine = EngineProcess(tmp_path)
    with engine.client() as client:
        page = client.get("/assets", params={"pageSize": 100}).json()["assets"]
        assert set(answered) <= {asset["id"] for asset in page}
        for asset in page:
            assert client.get(asset["url"], auth=None).content == picture()
            assert client.get(asset["thumbnail"]["url"], auth=None).status_code == 200
    engine.stop()
    assert not any((tmp_path / "staging").iterdir())


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs a small disk of its own"
)
def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    script = (
        f"mount -t tmpfs -o size=3M tmpfs {tmp_path} && exec {sys.executable} -c "
        "'import sys; from scenario_desktop.engine.main import run; sys.exit(run(sys.argv[1:]))' "
        f"--data {tmp_path}/data"
    )
    if subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("no mount namespaces here")
    engine = EngineProcess(tmp_path, command=["unshare", "-m", "sh", "-c", script])
    with engine.client() as client:
        small = base64.b64encode(picture()).decode()
        kept = client.post("/assets", json={"name": "kept", "image": small}).json()["asset"]
        noise = picture((800, 800), kind="BMP")
        large = base64.b64encode(noise).decode()
        statuses = [
            client.post("/assets", json={"name": "x", "image": large}).status_code for _ in range(4)
        ]
        assert statuses[-1] == 507
        assert set(statuses) <= {200, 507}
        reason = client.post("/assets", json={"name": "x", "image": large}).json()["reason"]
        assert reason == "The disk is full. Nothing was stored."
        announced = {
            "kind": "image", "fileName": "a", "contentType": "x", "fileSize": 50_000_000,
            "parts": 1,
        }  # fmt: skip
        assert client.post("/uploads", json=announced).status_code == 507
        assets = client.get("/assets").json()["assets"]
        assert len(assets) == 1 + statuses.count(200)
        for asset in assets:
            body = client.get(asset["url"], auth=None).content
            assert len(body) == asset["properties"]["size"]
        assert client.delete(f"/collections/{kept['id']}").status_code == 404
    assert engine.stop() == 0


@pytest.mark.parametrize(
    "args",
    [["--port", "70000"], ["--url-lifetime", "0"], ["--url-lifetime", "nan"], ["--port", "x"]],
    ids=str,
)
def test_wrong_arguments_are_told(tmp_path: Path, args: list[str]) -> None:
    with pytest.raises(RuntimeError, match="error: argument"):
        EngineProcess(tmp_path, *args)


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """asyncio sets TCP_NODELAY only on sockets that name TCP; it saves 40 ms per answer."""
    with listening("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def port_of(engine: EngineProcess) -> int:
    return httpx.URL(engine.address["scenario_url"]).port or 0


def test_it_takes_the_port_it_had_last_so_that_addresses_stay_good(tmp_path: Path) -> None:
    first = EngineProcess(tmp_path)
    with first.client() as client:
        url = upload(client)["url"]
    first.stop()
    again = EngineProcess(tmp_path)
    assert port_of(again) == port_of(first)
    assert httpx.get(url, trust_env=False).content == picture()
    again.stop()


def test_it_takes_any_port_when_its_last_one_is_taken(tmp_path: Path) -> None:
    first = EngineProcess(tmp_path)
    first.stop()
    with listening("127.0.0.1", port_of(first)) as foreign:
        foreign.listen()
        again = EngineProcess(tmp_path)
    assert port_of(again) not in (0, port_of(first))
    again.stop()


@pytest.mark.parametrize("kept", ["", "x", "80", "70000", "-1"])
def test_a_port_that_makes_no_sense_is_none(tmp_path: Path, kept: str) -> None:
    (tmp_path / "engine.port").write_text(kept)
    assert last_port(tmp_path) == 0
