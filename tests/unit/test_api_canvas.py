"""The canvas calls: each as documented, each sent once, and answers that say less than hoped."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.assets import AssetCreate, AssetUpdate
from scenario_desktop.api.models.canvas import LockAnswer, Snapshot
from scenario_desktop.api.moments import read_moment
from scenario_desktop.api.redaction import redact
from scenario_desktop.errors import (
    BadAnswer,
    BadInput,
    Conflict,
    NotFound,
    Offline,
    ServerFailed,
    TimedOut,
)

BASE = "https://api.example/v1"
UNTIL = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
ASSET = {"id": "a1", "kind": "json", "metadata": {"type": "canvas", "name": "Poster"}}

Answer = Callable[[httpx.Request], httpx.Response]


class Server:
    """Answers from a script, the last answer for ever; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: list[Answer] = []

    def say(self, *bodies: Any, status: int = 200) -> None:
        for body in bodies:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.answers.append(
                lambda _, content=content: httpx.Response(status, content=content)  # type: ignore[misc]  # mypy reads no defaults here
            )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[ScenarioClient]:
    transport = httpx.MockTransport(server)
    client = ScenarioClient(BASE, "key", "secret-of-tests", project_id="proj", transport=transport)
    yield client
    await client.aclose()


SENDING: list[tuple[Callable[[ScenarioClient], Any], tuple[str, str, Any]]] = [
    (
        lambda c: c.create_canvas(AssetCreate(name="n", canvas="{}", thumbnail="aGk=")),
        ("POST", "/assets", {"name": "n", "canvas": "{}", "thumbnail": "aGk="}),
    ),
    (
        lambda c: c.update_asset(
            "a1",
            AssetUpdate(
                canvas='{"é": 1}', lock_id="L", lock_expires_at="2026-11-20T12:05:00.000Z",
                disable_snapshot=True,
            ),
        ),
        (
            "PUT", "/assets/a1",
            {"canvas": '{"é": 1}', "lockId": "L", "lockExpiresAt": "2026-11-20T12:05:00.000Z",
             "disableSnapshot": True},
        ),
    ),
    (
        lambda c: c.lock_asset("a1", UNTIL.astimezone(timezone(timedelta(hours=2)))),
        ("PUT", "/assets/a1/lock", {"lockExpiresAt": "2026-11-20T12:05:00.000Z"}),
    ),
    (
        lambda c: c.unlock_asset("a1", lock_id="lock-of-tests"),
        ("PUT", "/assets/a1/unlock", {"lockId": "lock-of-tests"}),
    ),
    (
        lambda c: c.unlock_asset("a1", lock_id="lock-of-tests", is_forced=True),
        ("PUT", "/assets/a1/unlock", {"forceUnlock": True}),
    ),
]  # fmt: skip
NAMES = ["create", "save", "lock", "unlock", "force"]


@pytest.mark.parametrize(("call", "expected"), SENDING, ids=NAMES)
async def test_a_call_is_as_documented(
    call: Any, expected: Any, server: Server, client: ScenarioClient
) -> None:
    server.say({"asset": ASSET, "lockId": "lock-of-tests"})
    await call(client)
    [request] = server.asked
    path = request.url.path.removeprefix("/v1")
    assert (request.method, path, json.loads(request.content)) == expected
    assert dict(request.url.params) == {"projectId": "proj"}


@pytest.mark.parametrize(("call", "_expected"), SENDING, ids=NAMES)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (httpx.ReadError("x"), Offline),
        (httpx.ReadTimeout("x"), TimedOut),
        (httpx.Response(503), ServerFailed),
        (httpx.Response(409), Conflict),
    ],
    ids=["broken", "late", "503", "409"],
)
async def test_nothing_of_it_is_ever_sent_twice(
    call: Any, _expected: Any, fault: Any, error: Any, server: Server, client: ScenarioClient
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        if isinstance(fault, httpx.Response):
            return httpx.Response(fault.status_code, json={})
        raise fault

    server.answers = [fail]
    with pytest.raises(error):
        await call(client)
    assert len(server.asked) == 1


async def test_a_lock_tells_its_id_and_what_was_granted(
    server: Server, client: ScenarioClient
) -> None:
    granted = {"metadata": {"type": "canvas", "lockExpiresAt": "2026-11-20T12:01:00.000Z"}}
    server.say({"asset": ASSET | granted, "lockId": "lock-of-tests"})
    answer = await client.lock_asset("a1", UNTIL)
    assert answer.lock_id == "lock-of-tests"
    assert answer.asset.lock_expires_at == datetime(2026, 11, 20, 12, 1, tzinfo=UTC)
    assert "lock-of-tests" not in repr(answer)
    assert "lock-of-tests" not in redact("saving with lock-of-tests")


async def test_a_lock_may_come_without_its_id(server: Server, client: ScenarioClient) -> None:
    server.say({"asset": ASSET})
    assert (await client.lock_asset("a1", UNTIL)).lock_id is None


@pytest.mark.parametrize(
    ("body", "until"),
    [
        ({"reason": "x", "details": {"lockExpiresAt": "2026-11-20T12:05:00.000Z"}}, UNTIL),
        ({"reason": "x", "lockExpiresAt": "2026-11-20T12:05:00+00:00"}, UNTIL),
        ({"reason": "x", "details": {"lockExpiresAt": "soon"}}, None),
        ({"reason": "x", "details": {"lockExpiresAt": 3}}, None),
        ({"reason": "x", "details": "none"}, None),
        ([], None),
    ],
)
async def test_a_conflict_says_until_when_if_the_server_does(
    body: Any, until: datetime | None, server: Server, client: ScenarioClient
) -> None:
    server.say(body, status=409)
    with pytest.raises(Conflict) as caught:
        await client.lock_asset("a1", UNTIL)
    assert caught.value.until == until


async def test_what_makes_no_sense_is_not_sent(server: Server, client: ScenarioClient) -> None:
    for call in (
        client.unlock_asset("a1"),
        client.create_canvas(AssetCreate(name="n")),
        client.create_canvas(AssetCreate(name="n", canvas="{}", image="aGk=")),
        client.lock_asset("..", UNTIL),
    ):
        with pytest.raises(BadInput):
            await call
    assert not server.asked


async def test_a_page_of_the_history(server: Server, client: ScenarioClient) -> None:
    snapshot = {"authorId": "u", "hash": "h", "rawData": "{}", "takenAt": 1763640300000}
    server.say({"snapshots": [snapshot, {"hash": "no text"}], "nextPaginationToken": "t2"})
    page = await client.list_snapshots("a1", page_size=20, token="t1")
    assert page.snapshots == (
        Snapshot(author_id="u", hash="h", raw_data="{}", taken_at=1763640300000),
    )
    assert (page.next_pagination_token, page.skipped) == ("t2", 1)
    assert dict(server.asked[0].url.params) == {
        "pageSize": "20", "paginationToken": "t1", "projectId": "proj",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1_763_640_300_000, datetime(2025, 11, 20, 12, 5, tzinfo=UTC)),
        (1_763_640_300, datetime(2025, 11, 20, 12, 5, tzinfo=UTC)),
        (1_763_640_300.5, datetime(2025, 11, 20, 12, 5, 0, 500_000, tzinfo=UTC)),
        (1e300, None),
    ],
)
def test_the_time_of_a_snapshot_may_be_in_either_unit(
    number: float, expected: datetime | None
) -> None:
    assert Snapshot.model_validate({"rawData": "", "takenAt": number}).taken_at == expected


@pytest.mark.parametrize("value", [None, 3, "", "soon", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_moment_is_none(value: object) -> None:
    assert read_moment(value) is None


async def test_the_text_of_a_canvas_comes_from_its_address_without_keys(
    server: Server, client: ScenarioClient
) -> None:
    text = '{"b": 1.0,\r\n "a": "\\u00e9 é"}\n'
    server.say({"asset": ASSET | {"url": "https://cdn.example/c.json?Signature=s"}}, text.encode())
    assert await client.canvas_text("a1") == text
    assert "authorization" not in server.asked[1].headers


async def test_a_text_saved_anew_meanwhile_is_looked_up_once_more(
    server: Server, client: ScenarioClient
) -> None:
    record = {"asset": ASSET | {"url": "https://cdn.example/c.json"}}
    server.say(record)
    server.say({}, status=404)
    server.say(record, b"{}")
    assert await client.canvas_text("a1") == "{}"
    server.say({}, status=404)
    server.answers = [*server.answers[-1:] * 2]
    with pytest.raises(NotFound):
        await client.canvas_text("a1")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"<html>sign in</html>"], ids=["no text", "portal"])
async def test_what_is_no_canvas_is_told(
    body: bytes, server: Server, client: ScenarioClient
) -> None:
    server.say({"asset": ASSET | {"url": "https://cdn.example/c.json"}}, body)
    with pytest.raises(BadAnswer):
        await client.canvas_text("a1")


def test_a_lock_answer_shows_no_more_than_it_must() -> None:
    assert repr(LockAnswer.model_validate({"asset": ASSET})) == (
        "LockAnswer(asset='a1', has_lock_id=False)"
    )
