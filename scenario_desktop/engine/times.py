"""Times as the engine keeps them (milliseconds since 1970) and as they cross HTTP (ISO, UTC)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def to_iso(at_ms: int) -> str:
    """Return ``2026-02-03T11:19:41.579Z``."""
    seconds, milliseconds = divmod(at_ms, 1000)
    whole = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    return f"{whole[:19]}.{milliseconds:03d}Z"


def from_iso(text: str) -> datetime:
    """Read an ISO date; one without a zone is taken as UTC.

    Raises:
        ValueError: it is none.
    """
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def floor_ms(value: datetime) -> int:
    """Return milliseconds since 1970, rounded down."""
    return (value - _EPOCH) // timedelta(milliseconds=1)


def ceil_ms(value: datetime) -> int:
    """Return milliseconds since 1970, rounded up."""
    return -((_EPOCH - value) // timedelta(milliseconds=1))


def from_ms(at_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at_ms)
