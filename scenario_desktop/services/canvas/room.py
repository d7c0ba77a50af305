"""What the open canvases of one workspace share: the connection, the drafts and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scenario_desktop.services.canvas.drafts import DraftStore
from scenario_desktop.services.canvas.lease import LeaseTimes, Moment
from scenario_desktop.services.canvas.wire import CanvasClient, CanvasWire
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.uploads import Uploads


@dataclass(frozen=True, slots=True)
class CanvasTimes:
    """All lengths in seconds.

    Attributes:
        draft_s: between the beginnings of two writes. A stroke waits for the write under way and
            then its own: as long as each takes less than a second, it is safe after two.
        draft_retry_s: between tries while the disk is full.
    """

    lease: LeaseTimes = field(default_factory=LeaseTimes)
    draft_s: float = 0.5
    draft_retry_s: float = 2.0
    autosave_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Room:
    """What sessions share and do not own.

    Attributes:
        is_ours: whether a text is in a format that may be written.
        run: runs work that blocks on the disk.
    """

    client: CanvasClient
    uploads: Uploads
    drafts: DraftStore
    is_ours: Callable[[str], bool]
    clock: Clock
    times: CanvasTimes = field(default_factory=CanvasTimes)
    run: Callable[..., Awaitable[Any]] = asyncio.to_thread

    def now(self) -> Moment:
        return Moment(self.clock.monotonic(), self.clock.now(), self.client.server_time_offset_s)

    def server_now(self) -> datetime:
        """Return the time by the server's clock."""
        return self.now().server

    def wire(self, canvas_id: str) -> CanvasWire:
        return CanvasWire(self.client, canvas_id, self.server_now)
