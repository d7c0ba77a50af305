"""Signing in: from a user name and a password to a bearer token, and to the next one.

The reference names a password login, but prints neither its address nor its answer. Assumed is
what its framework does: a form with ``username`` and ``password``, answered by ``access_token``,
``token_type`` and maybe ``expires_in`` (seconds).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.parse import urljoin, urlsplit

from scenario_desktop.api.addresses import check_address
from scenario_desktop.api.models.sartiq.base import SartiqAnswer
from scenario_desktop.api.parsing import parse
from scenario_desktop.api.redaction import register_secret
from scenario_desktop.api.transport import Call, Clock, Transport, form_body
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    BadInput,
    NotFound,
    Refused,
    Unauthorised,
)

if TYPE_CHECKING:
    import httpx

E = TypeVar("E", bound=AppError)

TOKEN_PATH: Final = "/api/v1/login/access-token"  # noqa: S105 - an address
_REFUSED: Final = "The user name or the password was refused."
_ENDED: Final = "Your sign-in has ended, and the password is not taken any more."
#: A token this close to its end is not used any more, in seconds.
_MARGIN_S: Final = 30.0
#: Dates beyond this are nonsense (year 9000): the token counts as of unknown end.
_LAST_SECOND: Final = 221_845_392_000.0


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token.

    Attributes:
        value: never shown, never logged.
        expires_at: aware, by the server's clock; None where nothing tells.
    """

    value: str = field(repr=False)
    expires_at: datetime | None = None


class TokenStore(Protocol):
    """Keeps a token from one start of the program to the next. None of it may raise."""

    async def load(self) -> Token | None: ...
    async def save(self, token: Token) -> None: ...
    async def forget(self) -> None: ...


class TokenSource(Protocol):
    """Where a client gets its tokens from."""

    async def token(self) -> str:
        """Return a token that should be good."""
        ...

    async def renewed(self, refused: str) -> str:
        """Return another token than the one that the server has just refused."""
        ...

    async def aclose(self) -> None: ...


class PasswordLogin:
    """Signs in by user name and password, and again when a token has ended.

    However many requests meet an ended token at once, the server is asked once. A refused password
    is not sent a second time: most servers lock an account after a few of them.
    """

    def __init__(
        self,
        base_url: str,
        username: str,
        password: str,
        *,
        token_url: str | None = None,
        store: TokenStore | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            base_url: the address of the API.
            token_url: where to sign in: an address, or a path on the same server. None: where the
                service's framework has it.
            transport: for tests; not closed here.

        Raises:
            BadInput: an address or the name or password cannot be used.
        """
        is_plain_allowed = transport is not None
        base = check_address(base_url, is_plain_allowed=is_plain_allowed)
        parts = urlsplit(base)
        origin = f"{parts.scheme}://{parts.netloc}"
        wanted = (token_url or "").strip() or TOKEN_PATH
        self.token_url = check_address(urljoin(origin, wanted), is_plain_allowed=is_plain_allowed)
        if not username or not password:
            raise BadInput("A user name and a password are needed.")
        register_secret(password)
        self._username, self._password = username, password
        self._store = store
        self._clock = clock or Clock()
        self._transport = Transport(transport, clock=clock)
        self._is_given = transport is not None
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._is_loaded = store is None
        self._refusal: Unauthorised | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When the present token ends; None where there is none, or nothing tells."""
        return self._token.expires_at if self._token is not None else None

    async def token(self) -> str:
        """Return a token that should be good: the one there is, else a new one.

        Raises:
            Unauthorised: the name or password is refused, now or before.
            NotFound: there is no sign-in at this address.
            AppError: as for any request.
        """
        async with self._lock:
            if not self._is_loaded and self._store is not None:
                self._token = await self._store.load()
                self._is_loaded = True
                if self._token is not None:
                    register_secret(self._token.value)
            if self._token is not None and not self._has_ended(self._token):
                return self._token.value
            return await self._ask()

    async def renewed(self, refused: str) -> str:
        """Return another token than the refused one; only the first of many callers asks.

        Raises:
            AppError: as ``token``.
        """
        async with self._lock:
            if self._token is not None and self._token.value != refused:
                return self._token.value
            return await self._ask()

    async def aclose(self) -> None:
        """Close the connection. May be called twice."""
        if not self._is_given:
            await self._transport.aclose()

    def _has_ended(self, token: Token) -> bool:
        if token.expires_at is None:
            return False
        return token.expires_at.timestamp() - self._now() < _MARGIN_S

    def _now(self) -> float:
        """Return the server's time, as far as its last answer told it."""
        return self._clock.wall() + (self._transport.server_time_offset_s or 0.0)

    async def _ask(self) -> str:
        if self._refusal is not None:
            raise _refused(self._refusal, self._refusal.message)
        had_begun, self._token = self._token is not None, None
        headers, content = form_body({"username": self._username, "password": self._password})
        # Asking for a token changes nothing, so a broken connection may be tried again.
        call = Call("POST", self.token_url, headers=headers, content=content, is_safe=True)
        try:
            answer = await self._transport.send(call)
        except (Unauthorised, Refused, NotFound) as error:
            raise await self._failed(error, had_begun=had_begun) from error
        said = parse(_TokenAnswer, answer.body)
        if not is_usable(said.access_token):
            raise BadAnswer("The server signed in, but sent no token that can be used.")
        token = Token(said.access_token, self._end_of(said))
        register_secret(token.value)
        self._token = token
        if self._store is not None:
            await self._store.save(token)
        return token.value

    async def _failed(self, error: AppError, *, had_begun: bool) -> AppError:
        """Return an answer to the login in words; ``had_begun``: it was good until now."""
        if error.status in (404, 405):
            return _kept(error, NotFound(
                "There is no sign-in at this address.",
                hint="Ask your administrator for the address that gives out tokens.",
                details=error.details,
            ))  # fmt: skip
        if error.status not in (400, 401, 422):
            return error
        self._refusal = _refused(error, _ENDED if had_begun else _REFUSED)
        if self._store is not None:
            await self._store.forget()
        return self._refusal

    def _end_of(self, said: _TokenAnswer) -> datetime | None:
        if said.expires_in is not None and said.expires_in > 0:
            return _moment(self._now() + said.expires_in)
        return _moment(_claims(said.access_token).get("exp"))


class _TokenAnswer(SartiqAnswer):
    access_token: str
    token_type: str = "bearer"  # noqa: S105 - a kind of token
    expires_in: float | None = None

    def __repr_args__(self) -> list[tuple[str | None, Any]]:  # pydantic prints what this returns
        return [("expires_in", self.expires_in)]


def is_usable(token: str) -> bool:
    """Whether a token can stand in a header."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _refused(error: AppError, message: str) -> Unauthorised:
    return _kept(error, Unauthorised(
        message,
        hint="Sign in again with your name and password.",
        details=error.details,
    ))  # fmt: skip


def _kept(error: AppError, worded: E) -> E:
    worded.status = error.status
    return worded


def _claims(value: str) -> dict[str, Any]:
    """Read what a JSON web token says of itself; nothing is proved by it, nor needs to be."""
    parts = value.split(".")
    if len(parts) != 3:
        return {}
    try:
        said = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _moment(seconds: Any) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LAST_SECOND else None
