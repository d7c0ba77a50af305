"""The lease of an open canvas as time goes on, and what is still to be done about it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from scenario_desktop.errors import Refused
from scenario_desktop.services.canvas import lease_events
from scenario_desktop.services.canvas.lease import Lease, LeaseTimes, Moment, Phase
from scenario_desktop.services.canvas.lease_effects import Effect
from scenario_desktop.services.canvas.lease_events import Event
from scenario_desktop.services.canvas.lease_machine import next_due_s, step, wanted_end
from scenario_desktop.services.canvas.wire import ChangedMeanwhile

_log = logging.getLogger(__name__)


class Hold:
    """The present lease. It does nothing itself: whoever feeds it an event does what follows.

    Attributes:
        lease: the present one.
        times: may be changed; they count from the next event on.
        wake: set by every event, and cleared by whoever waits for one.
    """

    def __init__(
        self,
        canvas_id: str,
        now: Callable[[], Moment],
        times: LeaseTimes,
        on_changed: Callable[[Lease], object],
    ) -> None:
        self._canvas_id = canvas_id
        self._on_changed = on_changed
        self._queue: list[Effect] = []
        self.now = now
        self.times = times
        self.lease = Lease()
        self.wake = asyncio.Event()

    @property
    def due_s(self) -> float | None:
        """In how many seconds time itself is an event; None when no time is running."""
        return next_due_s(self.lease, self.now(), self.times)

    @property
    def wanted_end(self) -> datetime:
        """Until when a lock would be asked for now, by the server's clock."""
        return wanted_end(self.now(), self.times)

    def feed(self, event: Event) -> tuple[Effect, ...]:
        """Tell what happened; returns what the caller is to do about it."""
        before = self.lease
        self.lease, effects = step(before, event, self.now(), self.times)
        if before.phase is not Phase.LOST and self.lease.phase is Phase.LOST:
            reason = self.lease.lost.value if self.lease.lost else ""
            _log.info("the lease of canvas %s was lost: %s", self._canvas_id, reason)
        if _shown(before) != _shown(self.lease):
            self._on_changed(self.lease)
        self.wake.set()
        return effects

    def post(self, event: Event) -> None:
        """Tell what happened; what follows is done by whoever calls ``take_due``."""
        self.add(self.feed(event))

    def add(self, effects: Iterable[Effect]) -> None:
        """Leave something to whoever calls ``take_due``."""
        self._queue += effects

    @property
    def has_due(self) -> bool:
        return bool(self._queue)

    def take_due(self) -> list[Effect]:
        """Return what has been left to be done, in order."""
        due, self._queue = self._queue, []
        return due

    def require(self) -> None:
        """Refuse to send without the lock.

        Raises:
            Refused, ChangedMeanwhile: why.
        """
        self.post(lease_events.Ticked())
        if self.lease.is_ours and self.lease.is_changed:
            raise changed_meanwhile()
        if not self.lease.can_send:
            raise Refused(
                "The canvas is not locked by you; nothing was sent. Your strokes are kept here.",
                hint="Take the lock again, or save a copy.",
            )


def changed_meanwhile() -> ChangedMeanwhile:
    return ChangedMeanwhile(
        "Somebody saved this canvas since your first stroke; nothing was sent.",
        hint="Compare the two versions, or save yours as a copy.",
    )


def _shown(lease: Lease) -> Lease:
    """Return what of a lease is worth telling."""
    return replace(lease, seen=None, touched_s=0.0, look_s=None)
