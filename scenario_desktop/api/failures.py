"""What an answer that is no success means to a person.

The server's own words go into ``details`` only; messages and hints are ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

from scenario_desktop.api.moments import read_moment
from scenario_desktop.api.redaction import redact
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    ConcurrencyLimit,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    QuotaExceeded,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
    Unauthorised,
)

_LONGEST_REASON: Final = 500
_LONGEST_NAME: Final = 80
_MOST_FIELDS: Final = 50
#: What the place of a refused value begins with; the rest is the field.
_PLACES: Final = ("body", "query", "path", "header")
_WORD: Final = re.compile(r"[A-Za-z0-9_. -]{1,40}")
_QUOTA_WORDS: Final = ("quota", "planlimit", "plan limit", "credit", "creative units")


def failure_of(status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> AppError:
    """Return the error that a status of 300 and above stands for.

    Args:
        now: seconds since 1970, for a Retry-After that names a date.
    """
    error = _failure(status, headers, body, now)
    error.status = status
    return error


def _failure(status: int, headers: Mapping[str, str], body: bytes, now: float) -> AppError:
    said = _said(body)
    details = _details(status, said)
    if status == 409:
        until = read_moment(_inner(said).get("lockExpiresAt", said.get("lockExpiresAt")))
        return Conflict(
            "Somebody else holds or changed this meanwhile.",
            hint="Refresh, then try again.", details=details, until=until,
        )  # fmt: skip
    if status in _FIXED:
        kind, message, hint = _FIXED[status]
        return kind(message, hint=hint, details=details)
    if status == 403:
        return _forbidden(said, details)
    if status == 422 and (fields := _refused_fields(said)):
        return _invalid(fields)
    if status in (402, 429):
        return _too_many(status, headers, said, details, now)
    if 300 <= status < 400:
        return BadAnswer(
            "The server answered with an unexpected redirect, which was refused.",
            hint="This network may want you to sign in first: open a web page in your browser.",
            details=details,
        )
    if status >= 500:
        return ServerFailed(
            "The server reports a fault of its own.",
            hint="Try again in a few minutes.",
            details=details,
        )
    return Refused("The server did not accept this request.", details=details)


_FIXED: Final[dict[int, tuple[type[AppError], str, str]]] = {
    401: (Unauthorised, "The keys were refused.", "Check the key and secret of this workspace."),
    404: (NotFound, "This is not there (any more).", "Refresh the library."),
    408: (TimedOut, "The server gave up waiting.", "Try again in a moment."),
    410: (Refused, "The service no longer offers this.", ""),
    413: (Refused, "This is larger than the server takes.", "Use a smaller file."),
}


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that a server asks us to wait; None if it says nothing usable."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if text.isascii() and text.replace(".", "", 1).isdecimal() and len(text) < 12:
            return float(text) * unit
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except (ValueError, TypeError, IndexError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, date.timestamp() - now)


def _refused_fields(said: dict[str, Any]) -> dict[str, str]:
    """Read {"detail": [{"loc": ["body", "width"], "msg": …}]}; empty where it is not that."""
    listed = said.get("detail")
    fields: dict[str, str] = {}
    for part in listed[:_MOST_FIELDS] if isinstance(listed, list) else ():
        place, reason = (part.get("loc"), part.get("msg")) if isinstance(part, dict) else (None, "")
        if not isinstance(place, list) or not isinstance(reason, str):
            continue
        words = [str(word) for word in place if isinstance(word, str | int)]
        if words and words[0] in _PLACES:
            words = words[1:]
        name = _plain(".".join(words), _LONGEST_NAME)
        fields.setdefault(name, _plain(reason, _LONGEST_REASON))
    return fields


def _invalid(fields: dict[str, str]) -> Invalid:
    names = [name for name in fields if name]
    if not names:
        message = "The server does not take these values together."
    elif len(names) == 1:
        message = f"The server does not take the value of “{names[0]}”."
    else:
        message = f"The server does not take {len(names)} of the values."
    reasons = " · ".join(f"{name}: {why}" if name else why for name, why in fields.items())
    return Invalid(
        message, hint="Change what is marked, then try again.",
        details=f"HTTP 422 · {reasons}"[:_LONGEST_REASON], fields=fields,
    )  # fmt: skip


def _forbidden(said: dict[str, Any], details: str) -> Forbidden:
    plan = said.get("requiredPlan") or _inner(said).get("requiredPlan")
    if isinstance(plan, str) and _WORD.fullmatch(plan):
        return Forbidden(
            "The plan of this account does not include this.",
            hint=f"It needs the plan “{plan}”.",
            details=details,
        )
    return Forbidden(
        "The keys do not allow this.",
        hint="Check that they belong to this project, and what the plan includes.",
        details=details,
    )


def _too_many(
    status: int, headers: Mapping[str, str], said: dict[str, Any], details: str, now: float
) -> AppError:
    inner = _inner(said)
    if "actionLimit" in inner or "actionName" in inner:
        limit = _number(inner.get("actionLimit"))
        count = f" ({limit:.0f} at once)" if limit is not None else ""
        return ConcurrencyLimit(
            f"As many jobs are running as the plan allows{count}.",
            hint="Wait until one of them has ended.",
            details=details,
        )
    words = " ".join(str(said.get(key, "")) for key in ("name", "code", "error", "reason"))
    cooldown = _number(said.get("remainingSeconds", inner.get("remainingSeconds")))
    if cooldown is None and (status == 402 or any(w in words.lower() for w in _QUOTA_WORDS)):
        return QuotaExceeded(
            "The plan's quota is used up.",
            hint="See the usage of this account, or ask its owner for a larger plan.",
            details=details,
        )
    seconds = cooldown if cooldown is not None else retry_after(headers, now)
    return RateLimited(
        "Too many requests in a short time.",
        hint=f"Try again in {_spoken(seconds)}." if seconds else "Try again in a moment.",
        details=details,
        retry_after_s=seconds,
    )


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _said(body: bytes) -> dict[str, Any]:
    """Read an error body leniently: it is documented nowhere."""
    try:
        said = json.loads(body[:65_536])
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    inner = said.get("error")
    # {"error": {"message": …}} is a common wrapping.
    return {**said, **inner} if isinstance(inner, dict) else said


def _inner(said: dict[str, Any]) -> dict[str, Any]:
    details = said.get("details")
    return details if isinstance(details, dict) else {}


def _details(status: int, said: dict[str, Any]) -> str:
    parts = [f"HTTP {status}"]
    for key in ("name", "reason", "message", "error", "detail", "code"):
        value = said.get(key)
        if isinstance(value, str) and value and value not in parts:
            parts.append(value)
    trace = said.get("trace_id")
    if isinstance(trace, str) and trace:
        parts.append(f"trace {trace}")
    return _plain(" · ".join(parts), _LONGEST_REASON)


def _plain(text: str, longest: int) -> str:
    """Return foreign text without secrets, and such that every file and screen takes it."""
    text = redact(text)[:longest]
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e9 else None
