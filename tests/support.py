"""Small helpers that tests of every kind use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any


async def until(condition: Callable[[], Any], *, timeout_s: float = 60.0) -> None:
    """Wait on the loop until a condition holds; fail when it does not within the time.

    What every task was waiting for is told then: a rare failure is seldom seen twice.
    """
    try:
        async with asyncio.timeout(timeout_s):
            while not condition():  # noqa: ASYNC110 - the condition belongs to the code under test
                await asyncio.sleep(0.005)
    except TimeoutError as error:
        error.add_note("Tasks then:\n" + "\n".join(sorted(map(_place, asyncio.all_tasks()))))
        raise


def _place(task: asyncio.Task[Any]) -> str:
    places: list[str] = []
    inner: Any = task.get_coro()
    while inner is not None:
        frame = getattr(inner, "cr_frame", None)
        if frame is not None:
            places.append(f"{Path(frame.f_code.co_filename).stem}:{frame.f_lineno}")
        inner = getattr(inner, "cr_await", None)
    return f"  {task.get_name()}: {' > '.join(places)}"
