"""No key goes to an engine that cannot prove that it is ours."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable

import httpx
import pytest

from scenario_desktop.api.transport import Transport
from scenario_desktop.errors import EngineFailed
from scenario_desktop.services.engine_handshake import prove_identity
from scenario_desktop.services.engine_process import EngineAddress

ADDRESS = EngineAddress(
    "http://127.0.0.1:4321/v1", "http://127.0.0.1:4321/api/v1", "key", "canary", "u", "p"
)


def proof(text: str, secret: str = "canary") -> str:
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


async def ask(answer: Callable[[httpx.Request], httpx.Response]) -> list[httpx.Request]:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(request)

    transport = Transport(httpx.MockTransport(handle))
    try:
        await prove_identity(ADDRESS, transport=transport)
    finally:
        await transport.aclose()
    return seen


def honest(request: httpx.Request) -> httpx.Response:
    nonce = request.url.params["nonce"]
    return httpx.Response(200, json={"proof": proof(f"engine:4321:{nonce}")})


async def test_our_engine_is_trusted_and_our_secret_is_not_sent() -> None:
    first, second = [(await ask(honest))[0] for _ in range(2)]
    nonce = first.url.params["nonce"]
    assert first.headers["authorization"] == "Handshake " + proof(f"client:4321:{nonce}")
    assert nonce != second.url.params["nonce"]
    assert "canary" not in str(first.url) + str(first.headers)


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: httpx.Response(200, json={}),
        lambda request: httpx.Response(200, json=[]),
        lambda request: httpx.Response(200, content=b"hello"),
        lambda request: httpx.Response(200, json={"proof": "ü"}),
        lambda request: httpx.Response(401, json={}),
        lambda request: httpx.Response(307, headers={"Location": "http://example.com"}),
        lambda request: httpx.Response(
            200, json={"proof": request.headers["authorization"].split()[1]}
        ),
        lambda request: httpx.Response(
            200, json={"proof": proof(f"engine:9:{request.url.params['nonce']}")}
        ),
        lambda request: httpx.Response(200, content=json.dumps({"proof": "x" * 9000})),
    ],
    ids=["empty", "list", "text", "not ascii", "refused", "elsewhere", "echo", "port", "long"],
)
async def test_anybody_else_is_not_trusted(
    answer: Callable[[httpx.Request], httpx.Response],
) -> None:
    with pytest.raises(EngineFailed, match="did not prove"):
        await ask(answer)


async def test_nobody_there_is_not_trusted() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(EngineFailed):
        await ask(refuse)
