"""The bearer token between two starts of the program: beside the password in the keyring."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from scenario_desktop.errors import CredentialsUnavailable
from scenario_desktop.services.credentials import Credentials, Secret

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.sartiq.login import Token

log = logging.getLogger(__name__)


def token_reference(password_reference: str) -> str:
    """Return where the token to a password is kept."""
    return f"{password_reference}.token"


class KeptToken:
    """Keeps one token; a ``TokenStore``. Where the password is kept for this session only, so is
    the token."""

    def __init__(self, credentials: Credentials, password_reference: str) -> None:
        self._credentials = credentials
        self._password = password_reference
        self._reference = token_reference(password_reference)

    async def load(self) -> Token | None:
        from scenario_desktop.api.sartiq.login import Token

        try:
            secret = await self._credentials.load(self._reference)
        except CredentialsUnavailable as error:  # a new one is only a login away
            log.warning("the kept token is not readable: %s", error.message)
            return None
        if secret is None or not secret.secret:
            return None
        return Token(secret.secret, _moment(secret.key))

    async def save(self, token: Token) -> None:
        try:
            password = await self._credentials.load(self._password)
        except CredentialsUnavailable:
            return
        if password is None:
            return  # the user has signed out meanwhile: no token outlives its password
        ends = token.expires_at.isoformat() if token.expires_at is not None else ""
        await self._credentials.save(
            self._reference,
            Secret(ends, token.value),
            is_session_only=self._credentials.is_for_session(self._password),
        )

    async def forget(self) -> None:
        await self._credentials.delete(self._reference)


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo is not None else None
