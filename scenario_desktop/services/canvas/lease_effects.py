"""What a lease's state machine wants done: it does nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AskLock:
    """Ask for the lock; a lock of ours that may still stand is tried first."""

    ask: int
    until: datetime
    own_lock_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Renew:
    """Ask the server to let our lock stand longer."""

    lock_id: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class Unlock:
    """Give a lock of ours back."""

    lock_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """Compare the canvas with what the strokes were drawn on."""


@dataclass(frozen=True, slots=True)
class PutAside:
    """Keep the strokes as a draft and show the canvas without them."""


@dataclass(frozen=True, slots=True)
class AskIdle:
    """Ask whether anybody is here."""


@dataclass(frozen=True, slots=True)
class EndIdle:
    """Nobody is here: save what is unsaved, then give the lease back."""


@dataclass(frozen=True, slots=True)
class Look:
    """See whether somebody else's lock still stands, and what they saved."""


@dataclass(frozen=True, slots=True)
class TellFree:
    """Tell the user that the lock is free."""


Effect = AskLock | Renew | Unlock | Compare | PutAside | AskIdle | EndIdle | Look | TellFree
