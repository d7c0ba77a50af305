"""How far a task in a worker process has come, told to its parent without locks.

The parent owns a small shared array with one number per running task; the task writes its own
number whenever it passes a step. Nothing is sent, so a task that reports often costs nothing, and a
worker that is killed while reporting leaves nobody waiting.
"""

from __future__ import annotations

from collections.abc import MutableSequence


class _Cell:
    """The place of the one task that this process runs now; a worker runs one at a time."""

    numbers: MutableSequence[float] | None = None
    index = -1


def attach(numbers: MutableSequence[float]) -> None:
    """Take the shared array; called once when a worker starts."""
    _Cell.numbers = numbers


def select(index: int) -> None:
    """Choose the number that the next task writes to; -1 for none."""
    _Cell.index = index


def report(fraction: float) -> None:
    """Say how much of the current task is done, 0 to 1. Does nothing outside a worker."""
    if _Cell.numbers is not None and _Cell.index >= 0:
        _Cell.numbers[_Cell.index] = fraction
