"""What can be taken back: one list of named steps, whatever they did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from psygnal import Signal

#: Steps kept; older ones are forgotten.
MAX_STEPS = 200


@dataclass(frozen=True, slots=True)
class Step:
    """Something done that has an inverse.

    Attributes:
        text: what was done, as a sentence fragment: "Tag 12 items “forest”".
    """

    text: str
    undo: Callable[[], Awaitable[None]]
    redo: Callable[[], Awaitable[None]]


class History:
    """Undo and redo over all edits of one library.

    Signals:
        changed: something can be undone or redone that could not before, or the reverse.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._lock = asyncio.Lock()

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    @property
    def undo_text(self) -> str:
        """What undo would take back, empty when nothing."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again, empty when nothing."""
        return self._undone[-1].text if self._undone else ""

    def push(self, step: Step) -> None:
        """Add what was just done; what had been undone can no longer be redone."""
        self._done.append(step)
        del self._done[:-MAX_STEPS]
        self._undone.clear()
        self.changed.emit()

    def clear(self) -> None:
        self._done.clear()
        self._undone.clear()
        self.changed.emit()

    async def undo(self) -> str:
        """Take the last step back and return its text; empty when there was none.

        Raises:
            AppError: it could not be taken back; the step stays the next one to undo.
        """
        return await self._move(self._done, self._undone, is_undo=True)

    async def redo(self) -> str:
        """Do the last undone step again and return its text; empty when there was none.

        Raises:
            AppError: it could not be done; the step stays the next one to redo.
        """
        return await self._move(self._undone, self._done, is_undo=False)

    async def _move(self, source: list[Step], target: list[Step], *, is_undo: bool) -> str:
        async with self._lock:
            if not source:
                return ""
            step = source[-1]
            await (step.undo() if is_undo else step.redo())
            # Something may have been pushed meanwhile, which clears the undone steps.
            if step in source:
                source.remove(step)
                target.append(step)
            self.changed.emit()
            return step.text
