"""Keeps secrets out of logs: every record is cleaned before any handler sees it.

The registry is the module's own, as the record factory it serves is the logging module's own.
Registered are values, not patterns: a key is found under any name, in any of the forms it travels
in. Signed addresses, tokens and passwords are recognised by what names them besides.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import traceback
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote, quote_plus

_HIDDEN: Final = "‹hidden›"
#: Shorter values would hide ordinary words.
_SHORTEST: Final = 6
_SIGNED: Final = re.compile(
    r"([?&](?:amp;)?(?:Policy|Signature|Key-Pair-Id|X-Amz-[A-Za-z-]+|X-Goog-[A-Za-z-]+|sig|token)=)"
    r"[^&\s\"'<>\\]+",
    re.IGNORECASE,
)
#: As in {"access_token": "…"}, and as in password=… of a form.
_NAMED: Final = re.compile(
    r"""(["']?\b(?:access_token|refresh_token|password)["']?\s*[:=]\s*["']?)[^"'&\s,}]+""",
    re.IGNORECASE,
)
_AUTHORIZATION: Final = re.compile(r"\b(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{8,}")
_TALKATIVE: Final = ("httpx", "httpcore", "hpack", "uvicorn.access", "PIL")

_forms: set[str] = set()
_pattern: re.Pattern[str] | None = None


def register_secret(value: str) -> None:
    """Hide a value in every later log record, in each form it may travel in."""
    global _pattern
    if len(value) < _SHORTEST:
        return
    raw = value.encode("utf-8", "surrogatepass")
    _forms.update({
        value,
        quote(value, safe="", errors="replace"),
        quote_plus(value, errors="replace"),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        json.dumps(value)[1:-1],
        repr(value)[1:-1],
    })  # fmt: skip
    longest_first = sorted(_forms, key=len, reverse=True)
    _pattern = re.compile("|".join(map(re.escape, longest_first)))


def redact(text: str) -> str:
    """Return a text without registered secrets, signatures, tokens and authorization headers."""
    if _pattern is not None:
        text = _pattern.sub(_HIDDEN, text)
    if "=" in text:
        text = _SIGNED.sub(rf"\1{_HIDDEN}", text)
    text = _NAMED.sub(rf"\1{_HIDDEN}", text)
    return _AUTHORIZATION.sub(rf"\1 {_HIDDEN}", text)


def install() -> None:
    """Clean the records of every logger from now on, and quieten libraries that log addresses.

    May be called again: the second call changes nothing.
    """
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)
    current = logging.getLogRecordFactory()
    if isinstance(current, _Factory):
        return
    logging.setLogRecordFactory(_Factory(current))


def uninstall() -> None:
    """Take the cleaning out again: for tests."""
    current = logging.getLogRecordFactory()
    if isinstance(current, _Factory):
        logging.setLogRecordFactory(current.former)


class _Factory:
    def __init__(self, former: Any) -> None:
        self.former = former

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self.former(*args, **kwargs)
        _clean(record)
        return record


def _clean(record: logging.LogRecord) -> None:
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):
        message = f"{record.msg} {record.args!r}"  # wrong arguments must not let a secret by
    cleaned = redact(message)
    if cleaned != message:
        record.msg, record.args = cleaned, ()
    if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
        record.exc_text = redact(_formatted(record.exc_info))
    if record.stack_info:
        record.stack_info = redact(record.stack_info)


def _formatted(
    info: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
) -> str:
    return "".join(traceback.format_exception(*info)).rstrip("\n")
