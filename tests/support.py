"""Small helpers that tests of every kind use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


async def until(condition: Callable[[], Any], *, timeout_s: float = 30.0) -> None:
    """Wait on the loop until a condition holds; fail when it does not within the time."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the condition belongs to the code under test
            await asyncio.sleep(0.005)
