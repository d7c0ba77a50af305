"""Time as the services see it: passed in, so that tests need not wait for it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """The computer's clock."""

    def now(self) -> datetime:
        """Return the wall time, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()

    async def sleep(self, delay_s: float) -> None:
        """Let time pass, in seconds."""
        await asyncio.sleep(delay_s)


async def sleep_or_wake(clock: Clock, wake: asyncio.Event, delay_s: float | None) -> None:
    """Return after a delay, or as soon as an event is set. None waits for the event alone."""
    waits: set[asyncio.Future[object]] = {asyncio.ensure_future(wake.wait())}
    if delay_s is not None:
        waits.add(asyncio.ensure_future(clock.sleep(delay_s)))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
