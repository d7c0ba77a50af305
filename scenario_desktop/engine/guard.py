"""Who may call: a client on this machine that reached us by our own address and holds the keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from scenario_desktop.engine import handshake
from scenario_desktop.engine.config import EngineConfig, bracketed
from scenario_desktop.engine.failures import JsonResponse, answer
from scenario_desktop.engine.keys import Keys
from scenario_desktop.engine.links import reached_at

#: Below it tokens are asked for instead of keys, at a door of its own.
TOKEN_PREFIX = "/api/v1/"  # noqa: S105 - a path
#: Paths that carry their own proof (a signature) or hold nothing private. All others need the keys.
OPEN_PATHS = ("/files/", "/exports/", "/upload-parts/", "/thumbnails/", "/sartiq-uploads/")

_WILDCARDS = {"", "0.0.0.0", "::"}  # noqa: S104 - compared only


class Guard:
    """Refuses foreign callers before anything is routed.

    - The Host header must name us, port included: a page whose name was rebound to this machine
      cannot read from us.
    - Any Origin header is refused: programs send none, browsers do for scripts of other sites.
    - The keys are compared in constant time. The path is the one the router sees.

    Whoever gets past with the keys of a user is named in the scope, as ``user_id``.
    """

    def __init__(self, app: ASGIApp, config: EngineConfig, keys: Keys) -> None:
        self._app = app
        self._port = config.port
        self._is_open_to_network = config.host in _WILDCARDS
        self._hosts = {
            f"{name}:{config.port}"
            for name in ("127.0.0.1", "localhost", "[::1]", bracketed(config.host.lower()))
        }
        if config.port == 80:
            self._hosts |= {host.removesuffix(":80") for host in self._hosts}
        self._secret = keys.api_secret
        self._cloud_keys = [(_digest(keys.api_key, keys.api_secret), keys.user_id)]
        if keys.has_second_user:
            second = _digest(keys.second_api_key, keys.second_api_secret)
            self._cloud_keys.append((second, keys.second_user_id))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refusal(scope["path"], *refusal)(scope, receive, send)
            return
        reached_at.set(f"http://{headers['host']}")
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        if not self._is_own_host(scope, headers.getlist("host")):
            return 403, "The Host header does not name this engine."
        if "origin" in headers:
            return 403, "Web pages may not call this engine."
        if scope["path"].startswith((*OPEN_PATHS, TOKEN_PREFIX)):
            return None
        authorization = headers.get("authorization", "")
        if scope["path"] == handshake.PATH:
            is_known = self._shakes_hands(scope, authorization)
        else:
            user_id = self._user(authorization)
            is_known = user_id is not None
            scope["user_id"] = user_id
        return None if is_known else (401, "The keys are missing or wrong.")

    def _is_own_host(self, scope: Scope, values: list[str]) -> bool:
        if len(values) != 1:
            return False
        host = values[0].lower()
        if host in self._hosts:
            return True
        server = scope.get("server")
        return bool(
            self._is_open_to_network and server and host == f"{bracketed(server[0])}:{self._port}"
        )

    def _shakes_hands(self, scope: Scope, authorization: str) -> bool:
        scheme, _, proof = authorization.partition(" ")
        nonce = QueryParams(scope["query_string"]).get("nonce", "")
        return scheme.lower() == handshake.SCHEME and handshake.is_client(
            self._secret, self._port, nonce, proof.strip()
        )

    def _user(self, authorization: str) -> str | None:
        """Return the id of the user whose keys these are, None if nobody's."""
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        given, found = _digest(user, secret), None
        for expected, user_id in self._cloud_keys:
            if hmac.compare_digest(given, expected):
                found = user_id
        return found


def _refusal(path: str, status: int, reason: str) -> Response:
    is_token_half = path.startswith(TOKEN_PREFIX)
    return JsonResponse({"detail": reason}, status) if is_token_half else answer(status, reason)


def _digest(user: str, secret: str) -> bytes:
    """Return equally long bytes for any pair, so that comparing tells nothing of its length."""
    return hashlib.sha256(f"{user}:{secret}".encode()).digest()
