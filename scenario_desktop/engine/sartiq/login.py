"""Logging in with a name and a password for a bearer token, and the door that asks for it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from scenario_desktop.engine.database import Database
from scenario_desktop.engine.keys import Keys
from scenario_desktop.engine.sartiq.failures import answer
from scenario_desktop.errors import Unauthorised

PREFIX = "/api/v1"

#: What the service documents without a login: method, and path below the prefix.
OPEN_ROUTES = (
    ("POST", re.compile(r"/login/access-token")),
    ("GET", re.compile(r"/generations/agentic/[^/]+/status")),
    ("GET", re.compile(r"/training/[^/]+/status")),
    ("POST", re.compile(r"/training/webhook")),
)


class Logins:
    """Tokens are random, kept as hashes only, and outlive a restart until their time is over."""

    def __init__(
        self, database: Database, keys: Keys, *, lifetime_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._database = database
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._users = [(_digest(keys.username, keys.password), keys.user_id)]
        if keys.has_second_user:
            second = _digest(keys.second_username, keys.second_password)
            self._users.append((second, keys.second_user_id))
        self._known = {user_id for _, user_id in self._users}
        self._tokens: dict[str, tuple[str, int]] = {}

    async def start(self) -> None:
        rows = await self._database.run(
            lambda connection: connection.execute("SELECT * FROM sartiq_tokens").fetchall()
        )
        self._tokens = {row["digest"]: (row["user_id"], row["expires_at"]) for row in rows}

    async def log_in(self, username: str, password: str) -> tuple[str, int]:
        """Return a new token and for how many whole seconds it lets in.

        Raises:
            Unauthorised: the name or the password is wrong; it is not told which.
        """
        given, user_id = _digest(username, password), None
        for expected, known in self._users:
            if hmac.compare_digest(given, expected):
                user_id = known
        if user_id is None:
            raise Unauthorised("The user name or the password is wrong.")
        token, now_ms = secrets.token_urlsafe(32), round(self._clock() * 1000)
        expires_at = now_ms + round(self._lifetime_s * 1000)
        entry = (_hashed(token), user_id, expires_at)
        await self._database.run(
            lambda connection: (
                connection.execute("DELETE FROM sartiq_tokens WHERE expires_at <= ?", (now_ms,)),
                connection.execute("INSERT INTO sartiq_tokens VALUES (?, ?, ?)", entry),
            )
        )
        self._tokens = {
            digest: value for digest, value in self._tokens.items() if value[1] > now_ms
        }
        self._tokens[entry[0]] = (user_id, expires_at)
        return token, int(self._lifetime_s)

    def user_of(self, token: str) -> str | None:
        """Return the user whom a token lets in, None when it lets nobody in."""
        user_id, expires_at = self._tokens.get(_hashed(token), ("", 0))
        if expires_at <= self._clock() * 1000 or user_id not in self._known:
            return None
        return user_id


class Door:
    """Lets in who holds a token, and names them in the scope as ``user_id``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(PREFIX)
        if not any(
            scope["method"] == method and pattern.fullmatch(path) for method, pattern in OPEN_ROUTES
        ):
            logins: Logins = scope["app"].state.engine.sartiq.logins
            scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
            user_id = logins.user_of(token.strip()) if scheme.lower() == "bearer" else None
            if user_id is None:
                refusal = answer(401, "Log in first: the token is missing, wrong or expired.")
                await refusal(scope, receive, send)
                return
            scope["user_id"] = user_id
        await self._app(scope, receive, send)


def _digest(username: str, password: str) -> bytes:
    """Return equally long bytes for any pair, so that comparing tells nothing of its length."""
    return hashlib.sha256(f"{username}:{password}".encode("utf-8", "replace")).digest()


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
