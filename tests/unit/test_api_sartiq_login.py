"""Signing in: once for many, again when a token ends, never twice with a refused password."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from scenario_desktop.api import redaction
from scenario_desktop.api.models.sartiq.requests import EditRequest
from scenario_desktop.api.sartiq import PasswordLogin, SartiqClient, Token
from scenario_desktop.api.transport import Clock
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    BadInput,
    NotFound,
    Offline,
    ServerFailed,
    Unauthorised,
)
from tests import sartiq_samples as samples
from tests.sartiq_samples import uid
from tests.support import until

BASE = "https://sartiq.example/api/v1"
NOW = 1_800_000_000.0
PASSWORD = "pa55 wörd&=+%"


class Server:
    """Gives tokens t1, t2, …; takes the newest only, unless told otherwise."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.logins: list[httpx.Request] = []
        self.good: set[str] = set()
        self.more: dict[str, Any] = {}
        self.login: Callable[[], httpx.Response] | None = None
        self.login_gate: asyncio.Event | None = None
        self.gate: asyncio.Event | None = None
        self.takes_tokens = True

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if "login" in request.url.path or "token" in request.url.path:
            self.logins.append(request)
            if self.login_gate is not None:
                await self.login_gate.wait()
            if self.login is not None:
                return self.login()
            token = f"t{len(self.logins)}"
            self.good = {token}
            return httpx.Response(
                200, json={"access_token": token, "token_type": "bearer"} | self.more
            )
        self.asked.append(request)
        if self.gate is not None:
            await self.gate.wait()
        token = request.headers["authorization"].removeprefix("Bearer ")
        if token in self.good and self.takes_tokens:
            return httpx.Response(200, json=samples.GENERATION)
        return httpx.Response(401, json={"detail": "Could not validate credentials"})

    @property
    def tokens(self) -> list[str]:
        return [request.headers["authorization"] for request in self.asked]


class Store:
    """Keeps a token, as a keyring would."""

    def __init__(self, token: Token | None = None) -> None:
        self.token = token
        self.forgotten = 0

    async def load(self) -> Token | None:
        return self.token

    async def save(self, token: Token) -> None:
        self.token = token

    async def forget(self) -> None:
        self.token = None
        self.forgotten += 1


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW
        self.clock = Clock(wall=lambda: self.now, monotonic=lambda: self.now, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def login(server: Server, store: Store, time: Time) -> AsyncIterator[PasswordLogin]:
    login = PasswordLogin(
        BASE, "ann@example.org", PASSWORD, store=store, clock=time.clock,
        transport=httpx.MockTransport(server),
    )  # fmt: skip
    yield login
    await login.aclose()


@pytest.fixture
async def client(server: Server, login: PasswordLogin, time: Time) -> AsyncIterator[SartiqClient]:
    client = SartiqClient(BASE, login, transport=httpx.MockTransport(server), clock=time.clock)
    yield client
    await client.aclose()


async def test_the_password_is_sent_as_a_form(server: Server, client: SartiqClient) -> None:
    await client.get_generation(uid(1))
    request = server.logins[0]
    assert (request.method, str(request.url)) == (
        "POST", "https://sartiq.example/api/v1/login/access-token",
    )  # fmt: skip
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in request.headers
    assert parse_qs(request.content.decode()) == {
        "username": ["ann@example.org"], "password": [PASSWORD],
    }  # fmt: skip
    assert server.tokens == ["Bearer t1"]
    await client.get_generation(uid(1))
    assert len(server.logins) == 1


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (None, "https://sartiq.example/api/v1/login/access-token"),
        (" ", "https://sartiq.example/api/v1/login/access-token"),
        ("/auth/token", "https://sartiq.example/auth/token"),
        ("https://id.example/token", "https://id.example/token"),
    ],
)
def test_where_to_sign_in_may_be_set(given: str | None, url: str) -> None:
    assert PasswordLogin(BASE, "a", "b", token_url=given).token_url == url


@pytest.mark.parametrize(
    ("base", "token_url", "name", "password"),
    [
        ("http://sartiq.example", None, "a", "b"),
        (BASE, "http://id.example/token", "a", "b"),
        (BASE, "ftp://id.example/token", "a", "b"),
        (BASE, None, "", "b"),
        (BASE, None, "a", ""),
    ],
)
def test_no_password_travels_in_the_clear(
    base: str, token_url: str | None, name: str, password: str
) -> None:
    with pytest.raises(BadInput):
        PasswordLogin(base, name, password, token_url=token_url)


def test_a_server_on_this_computer_may_be_plain() -> None:
    assert PasswordLogin("http://127.0.0.1:8000/api/v1", "a", "b").token_url == (
        "http://127.0.0.1:8000/api/v1/login/access-token"
    )


# --- when a token ends ------------------------------------------------------------------------


def jwt(claims: Any) -> str:
    text = json.dumps(claims).encode()
    return f"aGVhZA.{base64.urlsafe_b64encode(text).decode().rstrip('=')}.c2ln"


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ({"access_token": "plain", "expires_in": 3600}, NOW + 3600),
        ({"access_token": jwt({"exp": NOW + 60})}, NOW + 60),
        ({"access_token": jwt({"exp": NOW + 60}), "expires_in": 10}, NOW + 10),
        ({"access_token": jwt({"exp": "soon"})}, None),
        ({"access_token": jwt({"exp": 1e30})}, None),
        ({"access_token": jwt({"exp": True})}, None),
        ({"access_token": jwt(["exp"])}, None),
        ({"access_token": "a.b!.c"}, None),
        ({"access_token": "plain", "expires_in": 0}, None),
        ({"access_token": "plain", "expires_in": "x"}, None),
        ({"access_token": "plain", "expires_in": 1e30}, None),
        ({"access_token": "plain"}, None),
    ],
)
async def test_the_end_is_told_by_the_answer_or_the_token(
    server: Server, login: PasswordLogin, said: dict[str, Any], end: float | None
) -> None:
    server.login = lambda: httpx.Response(200, json=said)
    assert await login.token() == said["access_token"]
    expected = None if end is None else datetime.fromtimestamp(end, UTC)
    assert login.expires_at == expected


async def test_an_ended_token_is_not_sent(server: Server, client: SartiqClient, time: Time) -> None:
    server.more = {"expires_in": 3600}
    await client.get_generation(uid(1))
    time.now += 3600 - 31
    await client.get_generation(uid(1))
    time.now += 2
    await client.get_generation(uid(1))
    assert server.tokens == ["Bearer t1", "Bearer t1", "Bearer t2"]


async def test_the_clock_that_counts_is_the_servers(
    server: Server, login: PasswordLogin, time: Time
) -> None:
    ahead = "Fri, 15 Jan 2027 10:00:00 GMT"  # two hours after ours
    server.login = lambda: httpx.Response(
        200, json={"access_token": jwt({"exp": NOW + 7200 + 600})}, headers={"date": ahead}
    )
    await login.token()
    time.now += 560
    await login.token()
    assert len(server.logins) == 1
    time.now += 30
    await login.token()
    assert len(server.logins) == 2


# --- refused ----------------------------------------------------------------------------------


async def test_a_refused_token_is_replaced_once(server: Server, client: SartiqClient) -> None:
    await client.get_generation(uid(1))
    server.good = set()
    await client.get_generation(uid(1))
    assert server.tokens == ["Bearer t1", "Bearer t1", "Bearer t2"]


async def test_what_creates_is_sent_again_after_a_401_only(
    server: Server, client: SartiqClient
) -> None:
    await client.get_generation(uid(1))
    server.good = set()
    await client.edit(EditRequest(base_img_path="p"))
    assert [request.method for request in server.asked] == ["GET", "POST", "POST"]
    assert server.asked[1].content == server.asked[2].content


async def test_a_server_that_takes_no_token_is_not_asked_for_ever(
    server: Server, client: SartiqClient
) -> None:
    server.takes_tokens = False
    with pytest.raises(Unauthorised) as caught:
        await client.get_generation(uid(1))
    assert caught.value.status == 401
    assert "key" not in caught.value.message
    assert (len(server.asked), len(server.logins)) == (2, 2)


async def test_twenty_at_once_ask_once(server: Server, client: SartiqClient) -> None:
    await client.get_generation(uid(1))
    server.good = set()
    server.asked.clear()
    server.gate = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(client.get_generation(uid(1)))
        await until(lambda: len(server.asked) == 20)
        server.gate.set()
    assert len(server.logins) == 2
    assert server.tokens == ["Bearer t1"] * 20 + ["Bearer t2"] * 20


async def test_one_who_stops_waiting_leaves_the_asking_to_the_next(
    server: Server, login: PasswordLogin
) -> None:
    server.login_gate = asyncio.Event()
    first, second = asyncio.create_task(login.token()), asyncio.create_task(login.token())
    await until(lambda: len(server.logins) == 1)
    first.cancel()
    await until(lambda: len(server.logins) == 2)
    server.login_gate.set()
    assert await second == "t2"
    assert first.cancelled()


async def test_a_sign_in_that_ends_is_told_apart_from_a_wrong_password(
    server: Server, client: SartiqClient
) -> None:
    await client.get_generation(uid(1))
    server.good = set()
    server.login = lambda: httpx.Response(400, json={"detail": "Incorrect"})
    for _ in range(2):
        with pytest.raises(Unauthorised, match=r"^Your sign-in has ended") as caught:
            await client.get_generation(uid(1))
        assert caught.value.hint.startswith("Sign in again")
    assert len(server.logins) == 2


@pytest.mark.parametrize("status", [400, 401, 422])
async def test_a_refused_password_is_not_sent_twice(
    server: Server, login: PasswordLogin, client: SartiqClient, store: Store, status: int
) -> None:
    server.login = lambda: httpx.Response(status, json={"detail": "Incorrect"})
    told = await asyncio.gather(
        *(client.get_generation(uid(1)) for _ in range(20)), return_exceptions=True
    )
    assert [type(error) for error in told] == [Unauthorised] * 20
    assert {str(error) for error in told} == {"The user name or the password was refused."}
    assert (len(server.logins), len(server.asked), store.forgotten) == (1, 0, 1)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (lambda: httpx.Response(404), NotFound),
        (lambda: httpx.Response(405), NotFound),
        (lambda: httpx.Response(500), ServerFailed),
        (lambda: httpx.Response(200, json={}), BadAnswer),
        (lambda: httpx.Response(200, json={"access_token": "a\nb"}), BadAnswer),
        (lambda: httpx.Response(200, json={"access_token": ""}), BadAnswer),
        (lambda: httpx.Response(200, json={"access_token": "a b"}), BadAnswer),
        (lambda: httpx.Response(200, content=b"<html>"), BadAnswer),
    ],
)
async def test_a_sign_in_that_fails_otherwise_may_be_tried_again(
    server: Server,
    login: PasswordLogin,
    response: Callable[[], httpx.Response],
    kind: type[AppError],
) -> None:
    server.login = response
    with pytest.raises(kind):
        await login.token()
    server.login = None
    assert (await login.token()).startswith("t")


async def test_no_connection_is_no_refusal(server: Server, login: PasswordLogin) -> None:
    def broken() -> httpx.Response:
        raise httpx.ConnectError("down")

    server.login = broken
    with pytest.raises(Offline):
        await login.token()
    server.login = None
    assert await login.token() == "t4"  # a sign-in is asked for three times, then once more


# --- kept -------------------------------------------------------------------------------------


async def test_a_kept_token_is_used_and_a_new_one_kept(
    server: Server, store: Store, client: SartiqClient
) -> None:
    store.token = Token("kept-token", datetime.fromtimestamp(NOW + 500, UTC))
    server.good = {"kept-token"}
    await client.get_generation(uid(1))
    assert (server.tokens, len(server.logins)) == (["Bearer kept-token"], 0)
    server.good = set()
    server.more = {"expires_in": 100}
    await client.get_generation(uid(1))
    assert store.token == Token("t1", datetime.fromtimestamp(NOW + 100, UTC))


async def test_a_kept_token_that_has_ended_is_not_used(
    server: Server, store: Store, login: PasswordLogin
) -> None:
    store.token = Token("kept-token", datetime.fromtimestamp(NOW, UTC))
    assert await login.token() == "t1"
    assert not server.asked


# --- secret -----------------------------------------------------------------------------------


async def test_neither_password_nor_token_reaches_a_log(
    server: Server, login: PasswordLogin
) -> None:
    redaction.install()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("anything")
    logger.addHandler(handler)
    try:
        token = "s3cret-token-0123456789"
        server.login = lambda: httpx.Response(200, json={"access_token": token})
        await login.token()
        body = server.logins[0].content.decode()
        for text in (token, PASSWORD, f"Bearer {token}", body, repr({"password": PASSWORD})):
            logger.warning("it broke: %s", text)
    finally:
        logger.removeHandler(handler)
        redaction.uninstall()
    assert token not in stream.getvalue()
    assert "pa55" not in stream.getvalue()
    assert stream.getvalue().count("it broke") == 5


@pytest.mark.parametrize(
    "text",
    [
        'answer {"access_token": "UNKNOWN", "token_type": "bearer"}',
        "answer {'access_token': 'UNKNOWN'}",
        "username=ann&password=UNKNOWN&scope=",
        "password=UNKNOWN",
        "https://x.example/?access_token=UNKNOWN&a=1",
        '{"refresh_token":"UNKNOWN"}',
    ],
)
def test_what_was_never_registered_is_known_by_its_name(text: str) -> None:
    assert "UNKNOWN" not in redaction.redact(text)


def test_a_token_does_not_show_in_its_repr() -> None:
    assert "secret" not in repr(Token("secret-token"))
