"""Two syncs behind the face of one: what the top bar shows, and the gallery when it is empty."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar

from psygnal import Signal

from scenario_desktop.errors import AppError
from scenario_desktop.items import Source
from scenario_desktop.services.sync_loop import SyncLoop, SyncState, SyncStatus

#: What is told for both, the worst first.
_WORST: Final = (
    SyncState.UNAUTHORISED, SyncState.FAILED, SyncState.OFFLINE, SyncState.SYNCING, SyncState.IDLE,
)  # fmt: skip
_NAMES: Final = {Source.SCENARIO: "Scenario", Source.SARTIQ: "Sartiq"}

E = TypeVar("E", bound=AppError)


class BothSyncs:
    """The syncs of one workspace's halves; owned and closed by whoever made them.

    Signals:
        status_changed: the new SyncStatus of all.
    """

    status_changed = Signal(object)

    def __init__(self, parts: Sequence[SyncLoop]) -> None:
        self._parts = tuple(parts)
        self._status = self._merged()
        for part in self._parts:
            part.status_changed.connect(self._on_changed)

    @property
    def status(self) -> SyncStatus:
        return self._status

    def request(self) -> None:
        """Look at once at all of them."""
        for part in self._parts:
            part.request()

    async def run_once(self) -> None:
        """Read what has changed, one service after the other.

        Raises:
            AppError: the first that failed; the others were read all the same.
        """
        failed: AppError | None = None
        for part in self._parts:
            try:
                await part.run_once()
            except AppError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _on_changed(self, _status: SyncStatus) -> None:
        merged = self._merged()
        if merged != self._status:
            self._status = merged
            self.status_changed.emit(merged)

    def _merged(self) -> SyncStatus:
        return merged([(_NAMES[part.source], part.status) for part in self._parts])


def merged(parts: Sequence[tuple[str, SyncStatus]]) -> SyncStatus:
    """Return how several services stand, as one: the worst counts, and all in trouble are named."""
    if len(parts) == 1:
        return parts[0][1]
    states = [status.state for _, status in parts]
    times = [status.at for _, status in parts]
    known: list[datetime] = [at for at in times if at is not None]
    waits = [s.retry_in_s for _, s in parts if s.retry_in_s is not None]
    return SyncStatus(
        state=min(states, key=_WORST.index, default=SyncState.IDLE),
        done=sum(status.done for _, status in parts if status.state is SyncState.SYNCING),
        at=min(known) if known and len(known) == len(times) else None,
        error=_told(parts),
        retry_in_s=min(waits, default=None),
        refused_by=tuple(source for _, status in parts for source in status.refused_by),
    )


def _told(parts: Sequence[tuple[str, SyncStatus]]) -> AppError | None:
    troubles = [(name, s) for name, s in parts if s.error is not None]
    troubles.sort(key=lambda trouble: _WORST.index(trouble[1].state))
    errors = [(name, status.error) for name, status in troubles if status.error is not None]
    if not errors:
        return None
    worst = errors[0][1]
    same = {error.message for _, error in errors}
    if len(errors) == len(parts) and len(same) == 1:
        return _with_message(worst, f"{' and '.join(name for name, _ in errors)}: {worst.message}")
    return _with_message(worst, " ".join(f"{name}: {error.message}" for name, error in errors))


def _with_message(error: E, message: str) -> E:
    told = copy.copy(error)
    told.message = message
    told.args = (message,)
    return told
