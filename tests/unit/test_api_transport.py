"""What the network and servers do wrong, and what comes of it: never a half answer, never a hang,
never a second send of what bills."""

from __future__ import annotations

import asyncio
import gc
import json
import ssl
import subprocess
import sys
import warnings
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from ipaddress import ip_address
from pathlib import Path

import pytest

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.api.transport import Call, Clock, Transport
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    BadInput,
    ConcurrencyLimit,
    Conflict,
    Forbidden,
    NotFound,
    Offline,
    QuotaExceeded,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
    Unauthorised,
)
from tests.fault_server import FaultServer, close, drip, fault_server, hang, head, reset, whole
from tests.support import until

NOW = 1_800_000_000.0


class Sleeper:
    """A clock whose pauses pass at once and are remembered."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def clock(self) -> Clock:
        return Clock(wall=lambda: NOW, sleep=self.sleep)


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with fault_server(whole(200, {})) as server:
        yield server


@pytest.fixture
async def transport(sleeper: Sleeper) -> AsyncIterator[Transport]:
    transport = Transport(clock=sleeper.clock())
    yield transport
    await transport.aclose()


@pytest.fixture
async def client(server: FaultServer, sleeper: Sleeper) -> AsyncIterator[ScenarioClient]:
    client = ScenarioClient(server.url, "key", "secret-of-tests", clock=sleeper.clock())
    yield client
    await client.aclose()


def read(server: FaultServer, **fields: object) -> Call:
    return Call("GET", f"{server.url}/x", is_safe=True, **fields)  # type: ignore[arg-type]


HALF = [head(Content_Length=100), b'{"half":', reset]


async def test_a_whole_answer_comes_back(server: FaultServer, transport: Transport) -> None:
    server.answer(whole(200, {"a": 1}, Date=formatdate(NOW + 100)))
    answer = await transport.send(read(server))
    assert json.loads(answer.body) == {"a": 1}
    assert transport.server_time_offset_s == pytest.approx(100.5)


async def test_a_clock_that_was_set_is_compared_anew_at_once(server: FaultServer) -> None:
    wall = [NOW]
    transport = Transport(clock=Clock(monotonic=lambda: 5.0, wall=lambda: wall[0]))
    for _ in range(2):
        server.answer(whole(200, {}, Date=formatdate(NOW)))
        await transport.send(read(server))
        wall[0] += 3600
    assert transport.server_time_offset_s == pytest.approx(-3599.5)
    await transport.aclose()


@pytest.mark.parametrize(
    "broken",
    [
        HALF,
        [head(Content_Length=100), b"short", close],
        [head(Transfer_Encoding="chunked"), b"20\r\nhalf a chunk", close],
        [close],
        [reset],
    ],
    ids=["reset in body", "short body", "cut chunk", "no answer", "reset at once"],
)
async def test_a_broken_read_is_tried_three_times(
    broken: list[object], server: FaultServer, transport: Transport, sleeper: Sleeper
) -> None:
    server.answer(broken)  # type: ignore[arg-type]
    with pytest.raises(Offline):
        await transport.send(read(server))
    assert len(server.requests) == 3
    assert len(sleeper.pauses) == 2
    assert sum(sleeper.pauses) <= 2


async def test_a_read_recovers(server: FaultServer, transport: Transport) -> None:
    server.answer(HALF, whole(503, b""), whole(200, {"a": 1}))
    assert (await transport.send(read(server))).body == b'{"a": 1}'


@pytest.mark.parametrize("broken", [HALF, [close], whole(502, b""), whole(429, {})])
async def test_what_is_no_safe_read_is_sent_once(
    broken: list[object], server: FaultServer, transport: Transport
) -> None:
    server.answer(broken)  # type: ignore[arg-type]
    with pytest.raises(AppError):
        await transport.send(Call("POST", f"{server.url}/x", content=b"{}"))
    assert len(server.requests) == 1


async def test_a_billed_call_is_never_sent_again_on_a_stale_connection(
    server: FaultServer, transport: Transport
) -> None:
    server.answer([*whole(200, {}), close], [reset])
    await transport.send(Call("POST", f"{server.url}/x"))
    with pytest.raises(Offline):
        await transport.send(Call("POST", f"{server.url}/x"))
    assert len(server.requests) <= 2


@pytest.mark.parametrize(
    "slow",
    [[hang], [head(Content_Length=50), drip(b"x" * 50, 0.02)], [b"HTTP/1.1 200", hang]],
    ids=["nothing", "drip", "half a head"],
)
async def test_the_deadline_ends_what_is_too_slow(
    slow: list[object], server: FaultServer, transport: Transport
) -> None:
    server.answer(slow)  # type: ignore[arg-type]
    async with asyncio.timeout(30):
        with pytest.raises(TimedOut):
            await transport.send(read(server, deadline_s=0.6))
        await server.gone.wait()
    assert len(server.requests) == 1


async def test_cancelling_closes_the_connection(server: FaultServer, transport: Transport) -> None:
    server.answer([hang])
    task = asyncio.create_task(transport.send(read(server)))
    async with asyncio.timeout(30):
        await until(lambda: server.requests)
        task.cancel()
        await server.gone.wait()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_endless_answer_is_cut_at_the_cap(
    server: FaultServer, transport: Transport
) -> None:
    server.answer([head(), *[b"x" * 100_000] * 20, close])
    with pytest.raises(BadAnswer, match="too large"):
        await transport.send(read(server, max_bytes=500_000))
    server.answer([head(Content_Length=10**12), hang])
    with pytest.raises(BadAnswer, match="too large"):
        await transport.send(read(server, max_bytes=500_000))


@pytest.mark.parametrize("wbits", [31, 15], ids=["gzip", "deflate"])
async def test_a_small_bomb_never_becomes_a_large_buffer(
    wbits: int, server: FaultServer, transport: Transport
) -> None:
    packer = zlib.compressobj(1, zlib.DEFLATED, wbits)
    bomb = packer.compress(bytes(16 * 1024 * 1024)) + packer.flush()
    name = "gzip" if wbits == 31 else "deflate"
    server.answer(whole(200, bomb, Content_Encoding=name))
    with pytest.raises(BadAnswer, match="too large"):
        await transport.send(read(server, max_bytes=1_000_000))


async def test_a_packed_answer_is_unpacked(server: FaultServer, transport: Transport) -> None:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(b'{"a": 1}') + packer.flush()
    server.answer(whole(200, packed, Content_Encoding="gzip"))
    assert (await transport.send(read(server))).body == b'{"a": 1}'
    server.answer(whole(200, b"not gzip", Content_Encoding="gzip"))
    with pytest.raises(BadAnswer, match="unpacked"):
        await transport.send(read(server))
    server.answer(whole(200, b"?", Content_Encoding="br"))
    with pytest.raises(BadAnswer, match="not asked for"):
        await transport.send(read(server))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_refused_and_show_our_keys_to_nobody(
    status: int, server: FaultServer, client: ScenarioClient
) -> None:
    async with fault_server(whole(200, {})) as portal:
        server.answer(whole(status, b"", Location=f"{portal.url}/login"))
        with pytest.raises(BadAnswer, match="redirect"):
            await client.get_asset("a")
        assert portal.requests == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"reason": "Invalid modality"}, Refused),
        (401, {}, Unauthorised),
        (402, {}, QuotaExceeded),
        (403, {"reason": "no"}, Forbidden),
        (404, {}, NotFound),
        (408, {}, TimedOut),
        (409, {}, Conflict),
        (410, {}, Refused),
        (413, {}, Refused),
        (422, {}, Refused),
        (429, {}, RateLimited),
        (429, {"details": {"actionName": "parallel-custom-jobs", "actionLimit": 4}},
         ConcurrencyLimit),
        (429, {"name": "PlanLimitReachedError"}, QuotaExceeded),
        (429, {"error": "Quota exceeded for search", "code": "QUOTA_EXCEEDED"}, QuotaExceeded),
        (429, {"remainingSeconds": 2321, "cooldownSeconds": 2700}, RateLimited),
        (500, b"<html>", ServerFailed),
        (503, b"", ServerFailed),
    ],
)  # fmt: skip
async def test_each_status_says_what_to_do_next(
    status: int, body: object, kind: type[AppError], server: FaultServer, transport: Transport
) -> None:
    server.answer(whole(status, body))
    with pytest.raises(AppError) as caught:
        await transport.send(Call("POST", f"{server.url}/x"))
    assert type(caught.value) is kind
    assert f"HTTP {status}" in caught.value.details


async def test_a_plan_is_named_and_the_servers_words_stay_in_the_details(
    server: FaultServer, transport: Transport
) -> None:
    server.answer(whole(403, {
        "name": "ModelAccessRestrictedError", "reason": "<b>call 555</b>", "requiredPlan": "pro",
        "trace_id": "t-1",
    }))  # fmt: skip
    with pytest.raises(Forbidden) as caught:
        await transport.send(read(server))
    error = caught.value
    assert "“pro”" in error.hint
    assert "555" not in error.message + error.hint
    assert "<b>call 555</b>" in error.details
    assert "trace t-1" in error.details


@pytest.mark.parametrize(
    ("header", "pause"),
    [("7", 7.0), ("0.5", 0.5), (formatdate(NOW + 20, usegmt=True), 20.0)],
)
async def test_a_read_waits_as_long_as_the_server_asks(
    header: str, pause: float, server: FaultServer, transport: Transport, sleeper: Sleeper
) -> None:
    server.answer(whole(429, {}, Retry_After=header), whole(200, {}))
    await transport.send(read(server))
    assert sleeper.pauses == [pause]


async def test_a_long_wait_is_left_to_the_user(
    server: FaultServer, transport: Transport, sleeper: Sleeper
) -> None:
    server.answer(whole(429, {}, Retry_After="86400"))
    with pytest.raises(RateLimited) as caught:
        await transport.send(read(server))
    assert caught.value.retry_after_s == 86400
    assert sleeper.pauses == []


@pytest.mark.parametrize("header", ["-5", "soon", "", "9" * 400])
async def test_an_unusable_wait_is_bounded(
    header: str, server: FaultServer, transport: Transport, sleeper: Sleeper
) -> None:
    server.answer(whole(429, {}, Retry_After=header))
    with pytest.raises(RateLimited):
        await transport.send(read(server))
    assert len(server.requests) == 3
    assert all(0.1 < pause < 2 for pause in sleeper.pauses)


@pytest.mark.parametrize("status_body", [(429, {"code": "QUOTA_EXCEEDED"}), (402, {}), (401, {})])
async def test_what_waiting_does_not_cure_is_not_repeated(
    status_body: tuple[int, object], server: FaultServer, transport: Transport
) -> None:
    server.answer(whole(*status_body))
    with pytest.raises(AppError):
        await transport.send(read(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "garbage",
    [[b"SSH-2.0-OpenSSH\r\n\r\n", close], [b"\x00\xff" * 100, close],
     [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", close]],
    ids=["another protocol", "noise", "huge header"],
)  # fmt: skip
async def test_what_is_not_http_is_an_error_of_ours(
    garbage: list[object], server: FaultServer, transport: Transport
) -> None:
    server.answer(garbage)  # type: ignore[arg-type]
    with pytest.raises((BadAnswer, Offline)):
        await transport.send(Call("GET", f"{server.url}/x"))


async def test_nobody_listening_is_offline(transport: Transport, sleeper: Sleeper) -> None:
    async with fault_server(whole(200, {})) as gone:
        pass
    with pytest.raises(Offline, match="No connection"):
        await transport.send(read(gone))
    assert len(sleeper.pauses) == 2


async def test_an_unknown_name_is_offline(transport: Transport) -> None:
    call = Call("GET", "http://no-such-host.invalid/x")
    with pytest.raises(Offline, match="No connection"):
        await transport.send(call)


async def test_proxies_of_the_environment_are_not_used(
    server: FaultServer, client: ScenarioClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fault_server(whole(200, {})) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        server.answer(whole(200, {"teams": []}))
        assert await client.list_teams() == []
        assert proxy.requests == []


async def test_cookies_are_not_kept(server: FaultServer, client: ScenarioClient) -> None:
    server.answer(whole(200, {"teams": []}, Set_Cookie="session=1; Path=/"))
    await client.list_teams()
    await client.list_teams()
    assert "cookie" not in server.requests[1].headers


def _own_certificate(folder: Path) -> Path:
    """Write a key and a certificate that only its own server vouches for."""
    x509 = pytest.importorskip("cryptography.x509")  # comes with the keyring of Linux
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + certificate.public_bytes(pem))
    return folder / "server.pem"


async def test_an_untrusted_certificate_is_refused(transport: Transport, tmp_path: Path) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(_own_certificate(tmp_path))
    heard: list[str] = []

    async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append("a request over TLS")
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0, ssl=tls) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(Offline) as caught:
            await transport.send(Call("GET", f"https://127.0.0.1:{port}/x"))
        assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value.__cause__)
        assert heard == []


@pytest.mark.parametrize(
    "address",
    ["", "api.example", "ftp://api.example", "https://", "http://api.example/v1",
     "https://me:pw@api.example", "https://api.example:port", "https://api.example/v1?x=1"],
)  # fmt: skip
def test_unusable_addresses_are_told_before_anything_is_sent(address: str) -> None:
    with pytest.raises(BadInput):
        ScenarioClient(address, "key", "secret")


@pytest.mark.parametrize(
    ("key", "secret"),
    [("", "s"), ("k", ""), ("schlüssel", "s"), ("k", "päss"), ("k:k", "s"), ("k", "s\r\nX: y"),
     ("k", "with space")],
)  # fmt: skip
def test_unusable_keys_are_told_before_anything_is_sent(key: str, secret: str) -> None:
    with pytest.raises(BadInput):
        ScenarioClient("https://api.example/v1", key, secret)


async def test_ids_cannot_lead_elsewhere(server: FaultServer, client: ScenarioClient) -> None:
    server.answer(whole(404, {}))
    for asset_id in ("../teams", "a/b?c=d#e", "ä\x00"):
        with pytest.raises(NotFound):
            await client.get_asset(asset_id)
    with pytest.raises(BadInput):
        await client.get_asset("..")
    assert [r.target for r in server.requests] == [
        "/assets/..%2Fteams", "/assets/a%2Fb%3Fc%3Dd%23e", "/assets/%C3%A4%00",
    ]  # fmt: skip


async def test_detect_is_sent_once_whatever_happens(
    server: FaultServer, client: ScenarioClient
) -> None:
    request = DetectRequest(image="a1", modality=Modality.CANNY)
    for script in (HALF, whole(503, b""), whole(429, {}, Retry_After="1"), whole(200, b"{}")):
        server.answer(script)
        with pytest.raises(AppError):
            await client.detect(request)
    assert len(server.requests) == 4


def test_importing_the_client_does_not_import_httpx() -> None:
    program = (
        "import sys, scenario_desktop.api.client, scenario_desktop.api.files\n"
        "assert 'httpx' not in sys.modules\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root, timeout=60)


async def test_a_closed_client_says_so(server: FaultServer, client: ScenarioClient) -> None:
    await client.aclose()
    await client.aclose()
    with pytest.raises(Offline, match="closed"):
        await client.get_asset("a")


@pytest.mark.parametrize("steps", range(24))
async def test_closing_ends_what_is_under_way_and_leaves_nothing_open(
    server: FaultServer, transport: Transport, steps: int
) -> None:
    """At every step of a request: a connection that stays open is told by the garbage collector."""
    await transport.send(read(server))  # the first one loads httpx, which takes its time
    asking = [asyncio.create_task(transport.send(read(server))) for _ in range(3)]
    for _ in range(steps):
        await asyncio.sleep(0)
    await transport.aclose()
    await asyncio.wait(asking, timeout=5)
    for one in asking:
        assert one.done()
        error = one.exception()
        assert error is None or (isinstance(error, Offline) and "closed" in str(error))
    asking.clear()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()
    assert not [str(one.message) for one in told]
