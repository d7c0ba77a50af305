"""The lock and the history of a canvas. Source: API pages "assets: lock, unlock, snapshots".

The canvas itself is one opaque text: a string within the JSON of a request, a file of its own at
the asset's address.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.api.models.base import Page, Received, Sent

#: Numbers above this are milliseconds since 1970, below it seconds: the unit is not documented.
_MOST_SECONDS = 1e11


def _moment(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) > _MOST_SECONDS else value
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return value


class LockRequest(Sent):
    """Body of PUT /assets/{id}/lock."""

    lock_expires_at: str


class UnlockRequest(Sent):
    """Body of PUT /assets/{id}/unlock: one of both."""

    lock_id: str | None = None
    force_unlock: bool | None = None


class LockAnswer(Received):
    """Answer of a lock.

    Attributes:
        lock_id: proves the lock when saving and unlocking; the service may leave it out. Never to
            be logged.
    """

    asset: Asset
    lock_id: str | None = None

    def __repr_args__(self) -> list[tuple[str | None, Any]]:  # pydantic prints what this returns
        return [("asset", self.asset.id), ("has_lock_id", self.lock_id is not None)]


class Snapshot(Received):
    """A state of a canvas as it was saved.

    Attributes:
        hash: equal for equal texts of one server; how it is made is not documented.
        raw_data: the whole text of the canvas.
        taken_at: None where the server's number makes no date.
    """

    author_id: str = ""
    hash: str = ""
    raw_data: str
    taken_at: Annotated[datetime | None, BeforeValidator(_moment)] = None


class SnapshotPage(Page):
    """Part of a history. Its order is not documented: go by ``taken_at``."""

    snapshots: tuple[Snapshot, ...] = ()
