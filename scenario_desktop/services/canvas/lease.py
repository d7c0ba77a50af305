"""Our hold on a canvas's lock: what is known of it, and by which times it runs.

What keeps somebody else's work safe is not this machine's clock but two things that the server
checks or tells: a save carries the lock's id, and right before it the canvas is compared with what
the strokes were drawn on. The times here only decide when to renew and what to show.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Phase(StrEnum):
    """Where the lease is."""

    VIEWING = "viewing"
    ACQUIRING = "acquiring"
    HELD = "held"
    RENEWING = "renewing"
    LOST = "lost"
    REFUSED = "refused"


class LostReason(StrEnum):
    """Why a lease that we had is gone."""

    EXPIRED = "expired"
    FORCED = "forced"  # somebody else holds the lock now
    FORGOTTEN = "forgotten"  # the server has no lock of ours, and nobody else's either
    DELETED = "deleted"
    IDLE = "idle"  # given back because nobody was here


class Refusal(StrEnum):
    """Why a lease was not given."""

    OTHERS = "others"
    OWN = "own"  # an earlier request of ours holds it, whose answer was lost
    OFFLINE = "offline"
    NO_ID = "no_id"  # the server locked it and did not say under which id
    FAILED = "failed"  # the keys, the plan, a fault of the server


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """All lengths in seconds.

    Attributes:
        lease_s: asked for, each time.
        idle_s: without an edit, before the user is asked; then ``idle_answer_s`` for the answer.
        retry_s: between tries while the server cannot be reached.
        look_s: between looks at the canvas while it is not ours: whose it is, and what it shows.
        skew_s: as much may the clocks differ before it is shown.
        jump_s: as much may the wall clock move against the steady one before everything is
            checked: the computer slept, or its clock was set.
        margin_s: as long before its end a lease is no longer relied on.
        pulse_s: the longest time between two ticks.
    """

    lease_s: float = 300.0
    idle_s: float = 900.0
    idle_answer_s: float = 60.0
    retry_s: float = 10.0
    look_s: float = 30.0
    skew_s: float = 30.0
    jump_s: float = 5.0
    margin_s: float = 2.0
    pulse_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What the clocks say.

    Attributes:
        monotonic_s: seconds that never jump; they may stand still while the computer sleeps.
        wall: this computer's time, aware.
        offset_s: the server's clock less ours; None before its first answer.
    """

    monotonic_s: float
    wall: datetime
    offset_s: float | None = None

    @property
    def server(self) -> datetime:
        return self.wall + timedelta(seconds=self.offset_s or 0.0)


@dataclass(frozen=True, slots=True)
class Lease:
    """The state.

    Attributes:
        until: by the server's clock, when our lease or somebody else's lock ends; None while
            viewing if it is free.
        ends_s: monotonic, when ours is no longer relied on; renew_s: when to renew or try again.
        is_offline: the server could not be reached last time.
        is_check_due: the canvas must be compared before the next save.
        is_changed: somebody saved since; nothing is sent until the user has chosen.
        is_unsaved: there are strokes that the server does not have.
        is_aside_due: strokes are on their way into a kept draft; the canvas will be shown without.
        is_waiting: the user wants to be told when it is free; look_s: next look, monotonic.
        idle_asked_s: when the user was asked whether anybody is here.
        touched_s: the last edit.
        skew_s: the server's clock less ours, when that is worth telling.
        is_jumped: the clock jumped and the lease has not been confirmed since.
        ask: the number of the newest request for the lock; answers to older ones do not count.
        is_asking: that request is under way.
    """

    phase: Phase = Phase.VIEWING
    lock_id: str = field(default="", repr=False)
    until: datetime | None = None
    ends_s: float | None = None
    renew_s: float | None = None
    lost: LostReason | None = None
    refusal: Refusal | None = None
    is_offline: bool = False
    is_check_due: bool = False
    is_changed: bool = False
    is_unsaved: bool = False
    is_aside_due: bool = False
    is_waiting: bool = False
    look_s: float | None = None
    idle_asked_s: float | None = None
    touched_s: float = 0.0
    skew_s: float | None = None
    is_jumped: bool = False
    ask: int = 0
    is_asking: bool = False
    seen: Moment | None = field(default=None, repr=False)

    @property
    def is_ours(self) -> bool:
        return self.phase in (Phase.HELD, Phase.RENEWING)

    @property
    def can_send(self) -> bool:
        """Whether a save may be tried."""
        return self.is_ours and not self.is_changed

    @property
    def is_idle_asked(self) -> bool:
        return self.idle_asked_s is not None

    def seconds_left(self, now: Moment) -> float | None:
        """Return how long the lock that is shown still stands, never below 0."""
        if self.is_ours and self.ends_s is not None:
            return max(0.0, self.ends_s - now.monotonic_s)
        if self.until is None:
            return None
        return max(0.0, (self.until - now.server).total_seconds())
