"""Who is let in: Host, Origin, keys; on every route there is."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.routing import Route

from scenario_desktop.engine.app import CLOUD_ROUTES, FILE_ROUTES
from scenario_desktop.engine.handshake import client_proof, engine_proof
from tests.contract.engine_support import EngineProcess, Local, local_engine


def routes() -> Iterator[tuple[str, str]]:
    for prefix, group in (("/v1", CLOUD_ROUTES), ("", FILE_ROUTES)):
        for route in group:
            assert isinstance(route, Route)
            for method in sorted(route.methods or ()):
                yield method, prefix + route.path.replace("{", "").replace("}", "")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


async def test_every_route_wants_keys_or_a_signature(local: Local) -> None:
    for method, path in routes():
        answer = await local.http.request(method, path, auth=None)
        expected = (401,) if path.startswith("/v1") else (403, 404)
        assert answer.status_code in expected, (method, path)
        if method != "HEAD":
            told = answer.json()
            assert told["detail" if path.startswith("/sartiq-uploads") else "reason"]


async def test_wrong_keys_are_told_apart_in_no_way(local: Local) -> None:
    keys = local.engine.keys
    for value in (
        "", "Basic", "Basic !!!", "Basic " + "A" * 9, basic("no colon"), basic(":"),
        basic(f"{keys.api_key}:"), basic(f"{keys.api_key}:wrong"), basic(f"x:{keys.api_secret}"),
        basic(f"{keys.api_key}:{keys.api_secret} "), basic(f"{keys.username}:{keys.password}"),
        f"Bearer {keys.api_secret}", "public-auth-token",
        basic(f"{keys.api_key}:\N{SNOWMAN}"), "Basic /w==",
    ):  # fmt: skip
        answer = await local.http.get("/v1/assets", auth=None, headers={"Authorization": value})
        assert (answer.status_code, answer.json()) == (401, {"reason": answer.json()["reason"]})


@pytest.mark.parametrize(
    "host",
    ["evil.example:8765", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8766", "localhost", "",
     "127.0.0.1.evil.example:8765", "evil@127.0.0.1:8765", "127.0.0.1:8765@evil", "[::1]",
     "127.0.0.1:8765:8765", "localhost.:8765", "0.0.0.0:8765"],
)  # fmt: skip
async def test_a_foreign_host_is_refused(local: Local, host: str) -> None:
    for path in ("/v1/assets", "/thumbnails/x"):
        answer = await local.http.get(path, headers={"Host": host})
        assert answer.status_code == 403
        assert "Host" in answer.json()["reason"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
async def test_our_own_names_are_taken_and_used_in_addresses(local: Local, name: str) -> None:
    host = f"{name}:8765"
    asset = await local.upload()
    answer = await local.http.get(f"/v1/assets/{asset['id']}", headers={"Host": host})
    assert answer.json()["asset"]["url"].startswith(f"http://{host}/files/")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:8765", ""])
async def test_any_origin_is_refused(local: Local, origin: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = await local.http.request(method, "/v1/assets", headers={"Origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


async def test_what_is_not_there_is_said_as_json(local: Local) -> None:
    for method, path, status in (
        ("GET", "/v1/nothing", 404), ("GET", "/", 404),
        ("PATCH", "/v1/assets", 405), ("GET", "/v1/assets/", 404), ("GET", "/files/", 404),
    ):  # fmt: skip
        answer = await local.http.request(method, path)
        assert (answer.status_code, bool(answer.json()["reason"])) == (status, True), path


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux' own tables")


@on_linux
def test_only_loopback_is_listened_on(engine_process: EngineProcess) -> None:
    port = httpx.URL(engine_process.url).port
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()]
    listening = {row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    assert listening == {f"0100007F:{port:04X}"}


@on_linux
def test_keys_stand_in_no_argument(engine_process: EngineProcess) -> None:
    command = Path(f"/proc/{engine_process.process.pid}/cmdline").read_text("utf-8")
    assert engine_process.address["api_secret"] not in command


def test_the_real_server_guards_as_well(engine_process: EngineProcess) -> None:
    with engine_process.client() as client:
        assert client.get("/assets").status_code == 200
        assert "date" in client.get("/assets").headers
        assert "server" not in client.get("/assets").headers
        assert client.get("/assets", headers={"Host": "evil.example"}).status_code == 403
        assert client.get("/assets", auth=("a", "b")).status_code == 401


async def test_a_handshake_proves_both_sides_without_sending_the_secret(local: Local) -> None:
    secret, nonce = local.engine.keys.api_secret, "n" * 32

    async def ask(proof: str, sent: str = nonce) -> httpx.Response:
        return await local.http.get(
            "/v1/handshake", params={"nonce": sent}, auth=None,
            headers={"Authorization": f"Handshake {proof}"},
        )  # fmt: skip

    answer = await ask(client_proof(secret, 8765, nonce))
    assert answer.json()["proof"] == engine_proof(secret, 8765, nonce)
    for proof, sent in (
        ("", nonce),
        (client_proof(secret, 8766, nonce), nonce),
        (client_proof(secret, 8765, "other"), nonce),
        (client_proof(secret, 8765, "short"), "short"),
        (engine_proof(secret, 8765, nonce), nonce),
    ):
        assert (await ask(proof, sent)).status_code == 401
    assert (await local.http.get("/v1/handshake", params={"nonce": nonce})).status_code == 401


async def test_when_opened_to_the_network_its_own_address_is_taken(tmp_path: Path) -> None:
    async with local_engine(tmp_path, host="0.0.0.0") as local:
        asset = await local.upload()
        path = f"http://10.1.2.3:8765/v1/assets/{asset['id']}"
        answer = await local.http.get(path)
        assert answer.json()["asset"]["url"].startswith("http://10.1.2.3:8765/files/")
        for host in ("evil.example:8765", "10.1.2.3", "10.1.2.3:80", "0.0.0.0:8765"):
            answer = await local.http.get(path, headers={"Host": host})
            assert answer.status_code == (200 if host.startswith("0.0.0.0") else 403)
