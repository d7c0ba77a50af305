"""Which addresses are used at all: a server's own, those it names for files, and paths of ids."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

from scenario_desktop.errors import BadAnswer, BadInput

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def check_address(url: str, *, is_plain_allowed: bool = False) -> str:
    """Return a base address without its trailing slash.

    Raises:
        BadInput: not a web address, or credentials would travel in the clear.
    """
    parts = urlsplit(url.strip())
    try:
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        raise BadInput("The address of the server is not usable.") from error
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query:
        raise BadInput(
            "The address of the server is not usable.",
            hint="It should look like https://api.cloud.scenario.com/v1.",
        )
    if parts.scheme == "http" and host not in _LOOPBACK and not is_plain_allowed:
        raise BadInput(
            "The address must begin with https://.",
            hint="Without it the keys would travel unprotected.",
        )
    return url.strip().rstrip("/")


def file_address(url: str, base_url: str) -> str:
    """Return the address of a file if it may be read or written: https, or the API's own host.

    Raises:
        BadAnswer: a server named an address that could reach into this machine or network.
    """
    parts, base = urlsplit(url), urlsplit(base_url)
    own = (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
    if not parts.netloc or parts.username or not (parts.scheme == "https" or own):
        raise BadAnswer("The server named an address that is not used.", details=parts.netloc)
    return url


def segment(identifier: str) -> str:
    """Return an id as one part of a path: it can never lead elsewhere."""
    if not identifier or identifier in (".", ".."):
        raise BadInput("There is no such id.")
    return quote(identifier, safe="")
