"""What can happen to a lease: what the user, the clock and the server tell its state machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from scenario_desktop.services.canvas.lease import Refusal


@dataclass(frozen=True, slots=True)
class Edited:
    """The user changed something on the canvas."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A draft of an earlier run was taken up; it may name the lock that it was drawn under."""

    lock_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class LockGranted:
    """The lock is ours until then (server time; None if not told)."""

    ask: int
    lock_id: str = field(repr=False)
    until: datetime | None


@dataclass(frozen=True, slots=True)
class LockDenied:
    """The lock stands until then, and it is not ours to use."""

    ask: int
    until: datetime | None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class LockFailed:
    """The lock could not be had for another reason than a holder."""

    ask: int
    why: Refusal


@dataclass(frozen=True, slots=True)
class Renewed:
    """The server confirmed our lock until then (None if not told)."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Denied:
    """The server says that our lock does not count any more.

    Attributes:
        until: the end of the lock that stands instead; None if nobody holds it.
    """

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RenewFailed:
    """Nobody knows whether the lock was renewed."""

    is_offline: bool


@dataclass(frozen=True, slots=True)
class Vanished:
    """The canvas does not exist any more."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The server was reached, or could not be."""

    is_online: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """The canvas was compared with what the strokes were drawn on."""

    is_same: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """The user has chosen between two versions."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The server has the strokes; newer ones may be there already."""

    is_unsaved: bool


@dataclass(frozen=True, slots=True)
class SetAside:
    """The strokes are in a kept draft and off the screen."""


@dataclass(frozen=True, slots=True)
class Discarded:
    """The user gave the strokes up."""


@dataclass(frozen=True, slots=True)
class TakeWanted:
    """The user wants the lock: again, after it was lost, or after it was refused."""


@dataclass(frozen=True, slots=True)
class ReleaseWanted:
    """The lease is to be given back; ``is_idle`` when nobody was here to decide."""

    is_idle: bool = False


@dataclass(frozen=True, slots=True)
class IdleAnswered:
    """Somebody is here after all."""


@dataclass(frozen=True, slots=True)
class WaitWanted:
    """Tell when the lock is free, or do not."""

    is_wanted: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody else's lock was looked at; until None it is free."""

    until: datetime | None


Event = (
    Edited | Resumed | Ticked | LockGranted | LockDenied | LockFailed | Renewed | Denied
    | RenewFailed | Vanished | Connected | Compared | Resolved | Saved | SetAside | Discarded
    | TakeWanted | ReleaseWanted | IdleAnswered | WaitWanted | Looked
)  # fmt: skip
