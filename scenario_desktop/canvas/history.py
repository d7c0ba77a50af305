"""Undo and redo: named steps without a limit in number, but in bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from scenario_desktop.canvas.format import Document

#: What a step costs beside its pixels: the few layers that it does not share with its neighbours.
STEP_BYTES = 2048
DEFAULT_MAX_BYTES = 512 * 2**20


class PixelChange(Protocol):
    """Pixels before and after a step; whoever holds the surfaces makes it and knows how to swap."""

    @property
    def size_bytes(self) -> int: ...
    def undo(self) -> None: ...
    def redo(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the user did.

    Attributes:
        name: what was done, as the history shows it: "Move Rocket".
        icon: of the tool that did it.
        subject: with the same one, steps in a row may be shown as one: "Brush, 3 strokes on Sky".
    """

    name: str
    icon: str
    at: datetime
    before: Document
    after: Document
    pixels: PixelChange | None = None
    subject: str = ""

    @property
    def size_bytes(self) -> int:
        return STEP_BYTES + (self.pixels.size_bytes if self.pixels else 0)


@dataclass(slots=True)
class History:
    """The steps done and undone. Documents are immutable, so steps share what they did not touch.

    Attributes:
        max_bytes: beyond it the oldest steps are forgotten; the newest one always stays.
        forgotten: how many were.
    """

    max_bytes: int = DEFAULT_MAX_BYTES
    forgotten: int = 0
    _done: list[Step] = field(default_factory=list)
    _undone: list[Step] = field(default_factory=list)
    _size: int = 0

    @property
    def done(self) -> Sequence[Step]:
        """The steps in force, oldest first."""
        return self._done

    @property
    def undone(self) -> Sequence[Step]:
        """The steps that can be redone, the next one first."""
        return self._undone[::-1]

    @property
    def size_bytes(self) -> int:
        return self._size

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def push(self, step: Step) -> None:
        """Add what was just done; what was undone before is gone then."""
        self._size -= sum(gone.size_bytes for gone in self._undone)
        self._undone.clear()
        self._done.append(step)
        self._size += step.size_bytes
        while self._size > self.max_bytes and len(self._done) > 1:
            self._size -= self._done.pop(0).size_bytes
            self.forgotten += 1

    def replace_last(self, step: Step) -> None:
        """Let a step grow, as one drag of a slider does, instead of adding another."""
        self._size -= self._done.pop().size_bytes
        self.push(step)

    def undo(self) -> Step:
        """Take back the newest step and return it; its ``before`` is in force then.

        Raises:
            IndexError: there is none; ask ``can_undo``.
        """
        step = self._done.pop()
        self._undone.append(step)
        if step.pixels is not None:
            step.pixels.undo()
        return step

    def redo(self) -> Step:
        """Do the step undone last again and return it; its ``after`` is in force then.

        Raises:
            IndexError: there is none; ask ``can_redo``.
        """
        step = self._undone.pop()
        self._done.append(step)
        if step.pixels is not None:
            step.pixels.redo()
        return step

    def clear(self) -> None:
        self._done.clear()
        self._undone.clear()
        self._size = self.forgotten = 0
