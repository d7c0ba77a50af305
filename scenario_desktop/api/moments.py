"""Moments as they cross HTTP: ISO dates, UTC. Needs nothing that is slow to import."""

from __future__ import annotations

from datetime import UTC, datetime


def read_moment(value: object) -> datetime | None:
    """Return what an ISO date says, in UTC and UTC where it names no zone; None if it is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def wire_time(moment: datetime) -> str:
    """Return an aware moment as the services take it, in whole milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
