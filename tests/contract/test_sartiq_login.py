"""Logging in to the second half, and who is let in with what."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from scenario_desktop.engine.keys import FILE_NAME, load_or_create
from scenario_desktop.engine.sartiq.login import Logins
from tests.contract.engine_support import EngineProcess
from tests.contract.sartiq_support import ORIGIN, Served, client, log_in, serving

PREDICTIONS = "/predictions/"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path / "data") as served:
        yield served


async def test_a_password_buys_a_token_for_a_working_day(served: Served) -> None:
    form = {"grant_type": "password", "username": served.keys.username,
            "password": served.keys.password, "scope": ""}  # fmt: skip
    async with client(served.transport) as http:
        answer = await http.post("/login/access-token", data=form)
    told = answer.json()
    assert set(told) == {"access_token", "token_type", "expires_in"}
    assert (told["token_type"], told["expires_in"]) == ("bearer", 8 * 3600)
    assert answer.headers["cache-control"] == "no-store"
    kept = (served.engine.config.data / "engine.sqlite-wal").read_bytes()
    assert told["access_token"].encode() not in kept


@pytest.mark.parametrize("name", ["username", "password"])
async def test_a_wrong_name_and_a_wrong_password_are_told_alike(served: Served, name: str) -> None:
    form = {"username": served.keys.username, "password": served.keys.password, name: "wrong"}
    async with client(served.transport) as http:
        answer = await http.post("/login/access-token", data=form)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["detail"] == "The user name or the password is wrong."
        form = {"username": served.keys.username, "password": served.keys.second_password}
        assert (await http.post("/login/access-token", data=form)).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"username=a", b"\xff=\xfe", b"username=%FF&password=a", b"&" * 99, b"{}"]
)
async def test_a_form_that_is_none_is_refused_field_by_field(served: Served, body: bytes) -> None:
    async with client(served.transport) as http:
        answer = await http.post("/login/access-token", content=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "body"


async def test_another_way_to_log_in_is_refused(served: Served) -> None:
    form = {"grant_type": "refresh_token", "username": "a", "password": "b"}
    async with client(served.transport) as http:
        assert (await http.post("/login/access-token", data=form)).status_code == 422


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer x", "Bearer é", "Basic bG9jYWw6eA==", "x"])
async def test_no_other_token_lets_in(served: Served, value: str) -> None:
    async with client(served.transport) as http:
        answer = await http.get(PREDICTIONS, headers={"Authorization": value.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_keys_of_one_half_do_not_open_the_other(served: Served) -> None:
    keys = served.keys
    async with client(served.transport) as http:
        pair = (keys.api_key, keys.api_secret)
        assert (await http.get(PREDICTIONS, auth=pair)).status_code == 401
        login = (keys.username, keys.password)
        assert (await http.get(PREDICTIONS, auth=login)).status_code == 401
        assert (await http.get(f"{ORIGIN}/v1/assets", auth=login)).status_code == 401
    bearer = {"Authorization": served.http.headers["Authorization"]}
    assert (await served.http.get(f"{ORIGIN}/v1/assets", headers=bearer)).status_code == 401


async def test_host_and_origin_are_guarded_on_open_paths_as_well(served: Served) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        for path in (PREDICTIONS, "/training/x/status", "/login/access-token"):
            answer = await served.http.get(path, headers=headers)
            assert answer.status_code == 403
            assert answer.json()["detail"]


async def test_what_is_not_there_is_said_as_this_half_says_it(served: Served) -> None:
    for method, path, status in (
        ("GET", "/nothing", 404), ("PUT", "/generations/", 405), ("GET", "/predictions", 404),
    ):  # fmt: skip
        assert await served.refused(method, path, status)


async def test_a_token_ends_with_its_time(served: Served) -> None:
    now_s = [1000.0]
    logins = Logins(served.engine.database, served.keys, lifetime_s=5, clock=lambda: now_s[0])
    token, lifetime_s = await logins.log_in(served.keys.username, served.keys.password)
    assert lifetime_s == 5
    now_s[0] += 4.9
    assert logins.user_of(token) == served.keys.user_id
    now_s[0] += 0.1
    assert logins.user_of(token) is None
    await logins.log_in(served.keys.username, served.keys.password)
    kept = await served.rows("SELECT count(*) FROM sartiq_tokens WHERE expires_at <= 1010000")
    assert kept == [(1,)]  # the older one was thrown away


async def test_a_login_outlives_a_restart_and_ends_with_its_user(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        first = served.http.headers["Authorization"]
        second = served.other.http.headers["Authorization"]
    async with serving(tmp_path) as served:
        for value, expected in ((first, 200), (second, 200)):
            answer = await served.http.get(PREDICTIONS, headers={"Authorization": value})
            assert answer.status_code == expected
    keys = load_or_create(tmp_path / FILE_NAME)
    assert keys.second_password == ""
    async with serving(tmp_path) as served:
        alone = Logins(served.engine.database, keys, lifetime_s=5)
        await alone.start()
        assert alone.user_of(first.removeprefix("Bearer ")) == keys.user_id
        assert alone.user_of(second.removeprefix("Bearer ")) is None


def test_a_second_user_of_an_earlier_version_is_given_a_login(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    before = load_or_create(path, has_second_user=True)
    values = json.loads(path.read_text("utf-8"))
    del values["second_username"], values["second_password"]
    path.write_text(json.dumps(values), "utf-8")
    after = load_or_create(path, has_second_user=True)
    assert after.second_user_id == before.second_user_id
    assert after.second_api_secret == before.second_api_secret
    assert after.second_username
    assert after.second_password
    assert load_or_create(path, has_second_user=True) == after


def test_the_engine_names_its_second_user_and_its_lifetime(tmp_path: Path) -> None:
    engine = EngineProcess(
        tmp_path / "data", "--processes", "1", "--second-user", "--token-lifetime", "60"
    )
    address = engine.address
    form = {"username": address["second_username"], "password": address["second_password"]}
    answer = httpx.post(
        address["sartiq_url"] + "/login/access-token", data=form, trust_env=False
    )  # fmt: skip
    assert answer.json()["expires_in"] == 60
    assert engine.stop() == 0


async def test_logging_in_again_keeps_the_first_login(served: Served) -> None:
    first = served.http.headers["Authorization"]
    await log_in(served.http, served.keys.username, served.keys.password)
    assert served.http.headers["Authorization"] != first
    answer = await served.http.get(PREDICTIONS, headers={"Authorization": first})
    assert answer.status_code == 200
