"""Our hold on a canvas's lock, as a state machine without any I/O.

``step`` takes the lease, an event and the time, and returns the next lease with what is to be done
about it. Nothing here waits, sends or looks at a clock, so every order of events can be tried.

What keeps somebody else's work safe is not this machine's clock but two things that the server
checks or tells: a save carries the lock's id, and right before it the canvas is compared with what
the strokes were drawn on. The times here only decide when to renew and what to show.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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


# --- events ---------------------------------------------------------------------------------------


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

# --- effects --------------------------------------------------------------------------------------


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

    why: Refusal


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
Step = tuple[Lease, tuple[Effect, ...]]


def step(lease: Lease, event: Event, now: Moment, times: LeaseTimes) -> Step:
    """Return the lease after an event, and what is to be done about it, in order."""
    lease = _with_clocks(lease, now, times)
    match event:
        case Edited():
            lease = replace(lease, is_unsaved=True, touched_s=now.monotonic_s, idle_asked_s=None)
            wants = lease.phase is Phase.VIEWING or (
                lease.phase is Phase.REFUSED and not lease.is_aside_due
            )
            return _ask(lease, now, times) if wants else (lease, ())
        case Resumed(lock_id):
            # As after an expiry: without the lock, the strokes stay on the screen.
            lease = replace(lease, lost=LostReason.EXPIRED, is_unsaved=True, lock_id=lock_id)
            return _ask(replace(lease, touched_s=now.monotonic_s), now, times)
        case Ticked():
            return _ticked(lease, now, times)
        case LockGranted():
            return _granted(lease, event, now, times)
        case LockDenied() | LockFailed():
            return _not_granted(lease, event, now, times)
        case Renewed(until):
            return _renewed(lease, until, now, times)
        case Denied(until):
            return _denied(lease, until, now)
        case RenewFailed(is_offline):
            return _renew_failed(lease, is_offline, now, times)
        case Vanished():
            return _lost(lease, LostReason.DELETED, None), ()
        case Connected(is_online):
            return _connected(lease, is_online, now)
        case Compared(is_same):
            return replace(lease, is_check_due=False, is_changed=not is_same), ()
        case Resolved():
            return replace(lease, is_changed=False), ()
        case Saved(is_unsaved):
            return replace(lease, is_unsaved=is_unsaved), ()
        case SetAside():
            return replace(lease, is_aside_due=False, is_unsaved=False, is_changed=False), ()
        case Discarded():
            return _discarded(lease, now)
        case TakeWanted():
            return _take(lease, now, times)
        case ReleaseWanted(is_idle):
            return _released(lease, is_idle=is_idle)
        case IdleAnswered():
            return replace(lease, touched_s=now.monotonic_s, idle_asked_s=None), ()
        case WaitWanted(is_wanted):
            look_s = now.monotonic_s if is_wanted else lease.look_s
            return replace(lease, is_waiting=is_wanted, look_s=look_s), ()
        case Looked(until):
            return _looked(lease, until, now, times)


def next_due_s(lease: Lease, now: Moment, times: LeaseTimes) -> float | None:
    """Return in how many seconds the next tick is due; None when no time is running."""
    due: list[float] = []
    if lease.phase is Phase.HELD:
        due += [s for s in (lease.ends_s, lease.renew_s) if s is not None]
        if lease.idle_asked_s is None:
            due.append(lease.touched_s + times.idle_s)
        else:
            due.append(lease.idle_asked_s + times.idle_answer_s)
    if _is_retaking(lease) and not lease.is_asking and lease.renew_s is not None:
        due.append(lease.renew_s)
    if _is_looking(lease) and lease.look_s is not None:
        due.append(lease.look_s)
    if not due:
        return None
    return min(times.pulse_s, max(0.01, min(due) - now.monotonic_s))


# --- time -----------------------------------------------------------------------------------------


def _with_clocks(lease: Lease, now: Moment, times: LeaseTimes) -> Lease:
    skew = now.offset_s if now.offset_s is not None and abs(now.offset_s) > times.skew_s else None
    seen = lease.seen
    if seen is not None and lease.is_ours:
        passed_s = now.monotonic_s - seen.monotonic_s
        jump_s = (now.wall - seen.wall).total_seconds() - passed_s
        if abs(jump_s) > times.jump_s:
            # Asleep, or the clock was set: only the server can tell which.
            lease = replace(lease, is_jumped=True, is_check_due=True, renew_s=now.monotonic_s)
    return replace(lease, seen=now, skew_s=skew)


def _ticked(lease: Lease, now: Moment, times: LeaseTimes) -> Step:
    effects: list[Effect] = []
    at = now.monotonic_s
    if lease.phase is Phase.HELD:
        if lease.idle_asked_s is None and at >= lease.touched_s + times.idle_s:
            lease = replace(lease, idle_asked_s=at)
            effects.append(AskIdle())
        elif lease.idle_asked_s is not None and at >= lease.idle_asked_s + times.idle_answer_s:
            lease = replace(lease, idle_asked_s=at)
            effects.append(EndIdle())
        if lease.renew_s is not None and at >= lease.renew_s and _may_renew(lease, at):
            lease = replace(lease, phase=Phase.RENEWING)
            effects.append(Renew(lease.lock_id, _wanted_end(now, times)))
        elif lease.ends_s is not None and at >= lease.ends_s:
            lease = replace(_lost(lease, LostReason.EXPIRED, None), renew_s=at)
    again_s = lease.renew_s if _is_retaking(lease) and not lease.is_asking else None
    if again_s is not None and not lease.is_unsaved:
        lease = _viewing(lease)  # nothing to protect: the next stroke asks anew
    elif again_s is not None and at >= again_s:
        lease, more = _ask(lease, now, times, is_quiet=True)
        effects += more
    if _is_looking(lease):
        look_s = lease.look_s if lease.look_s is not None else at + times.look_s
        if at >= look_s:
            look_s = at + times.look_s
            effects.append(Look())
        lease = replace(lease, look_s=look_s)
    return lease, tuple(effects)


def _is_looking(lease: Lease) -> bool:
    """Whether somebody else may hold the canvas, or save it, without our hearing of it."""
    is_still = lease.phase in (Phase.VIEWING, Phase.REFUSED) and not lease.is_aside_due
    is_lost = lease.phase is Phase.LOST and lease.lost is not LostReason.DELETED
    return is_still or (is_lost and not _is_retaking(lease))


def _may_renew(lease: Lease, at: float) -> bool:
    """After a jump nobody knows whether the lease has ended: the server is asked in any case."""
    return lease.is_jumped or lease.ends_s is None or at < lease.ends_s


def _is_retaking(lease: Lease) -> bool:
    """A lease that merely ran out is taken again by itself, if nobody else took it."""
    return lease.phase is Phase.LOST and lease.lost is LostReason.EXPIRED


def _wanted_end(now: Moment, times: LeaseTimes) -> datetime:
    return now.server + timedelta(seconds=times.lease_s)


def _running(lease: Lease, until: datetime | None, now: Moment, times: LeaseTimes) -> Lease:
    """Set the times of a lease that the server has just confirmed."""
    until = until or _wanted_end(now, times)
    left_s = max(0.0, (until - now.server).total_seconds())
    return replace(
        lease, phase=Phase.HELD, until=until, lost=None, refusal=None, is_jumped=False,
        is_offline=False, is_asking=False,
        ends_s=now.monotonic_s + max(0.0, left_s - times.margin_s),
        renew_s=now.monotonic_s + max(1.0, left_s / 2),
    )  # fmt: skip


# --- asking ---------------------------------------------------------------------------------------


def _ask(lease: Lease, now: Moment, times: LeaseTimes, *, is_quiet: bool = False) -> Step:
    """Ask for the lock.

    Args:
        is_quiet: stay in the present phase until there is an answer.
    """
    phase = lease.phase if is_quiet else Phase.ACQUIRING
    lease = replace(lease, phase=phase, ask=lease.ask + 1, is_asking=True)
    return lease, (AskLock(lease.ask, _wanted_end(now, times), lease.lock_id),)


def _granted(lease: Lease, event: LockGranted, now: Moment, times: LeaseTimes) -> Step:
    if not _is_awaited(lease, event.ask):
        if event.lock_id and event.lock_id != lease.lock_id:
            return lease, (Unlock(event.lock_id),)
        return lease, ()
    if not event.lock_id:
        return _not_granted(lease, LockFailed(event.ask, Refusal.NO_ID), now, times)
    lease = replace(
        _running(lease, event.until, now, times), lock_id=event.lock_id, is_check_due=True,
        is_changed=False, is_waiting=False, look_s=None, touched_s=now.monotonic_s,
        idle_asked_s=None,
    )  # fmt: skip
    return lease, (Compare(),)


def _not_granted(
    lease: Lease, event: LockDenied | LockFailed, now: Moment, times: LeaseTimes
) -> Step:
    if not _is_awaited(lease, event.ask):
        return lease, ()
    until = event.until if isinstance(event, LockDenied) else None
    if isinstance(event, LockDenied):
        why = Refusal.OWN if event.is_own else Refusal.OTHERS
    else:
        why = event.why
    is_offline = why is Refusal.OFFLINE
    lease = replace(lease, is_asking=False, is_offline=is_offline)
    if lease.lost is not None:
        reason = LostReason.FORCED if why is Refusal.OTHERS else lease.lost
        renew_s = now.monotonic_s + times.retry_s
        return replace(_lost(lease, reason, until), refusal=why, renew_s=renew_s), ()
    lease = replace(
        lease, phase=Phase.REFUSED, refusal=why, until=until, lock_id="", ends_s=None,
        renew_s=None, is_aside_due=lease.is_unsaved,
    )  # fmt: skip
    return lease, (PutAside(why),) if lease.is_aside_due else ()


def _is_awaited(lease: Lease, ask: int) -> bool:
    return lease.is_asking and ask == lease.ask


def _take(lease: Lease, now: Moment, times: LeaseTimes) -> Step:
    if lease.is_ours or lease.phase is Phase.ACQUIRING or lease.is_aside_due:
        return lease, ()
    return _ask(lease, now, times)


# --- renewing and losing --------------------------------------------------------------------------


def _renewed(lease: Lease, until: datetime | None, now: Moment, times: LeaseTimes) -> Step:
    if not lease.is_ours:
        return lease, ()
    was_late = lease.ends_s is not None and now.monotonic_s >= lease.ends_s
    is_doubtful = was_late or lease.is_jumped or lease.is_offline
    lease = _running(lease, until, now, times)
    if not is_doubtful:
        return lease, ()
    return replace(lease, is_check_due=True), (Compare(),)


def _denied(lease: Lease, until: datetime | None, now: Moment) -> Step:
    if not lease.is_ours:
        return lease, ()
    was_late = lease.ends_s is not None and now.monotonic_s >= lease.ends_s
    if until is not None:
        return _lost(lease, LostReason.FORCED, until), ()
    if was_late or lease.is_jumped or lease.is_offline:
        # It ran out while we could not renew; nobody was quicker, so it is simply taken again.
        lease = _lost(lease, LostReason.EXPIRED, None)
        return replace(lease, renew_s=now.monotonic_s, is_offline=False), ()
    return _lost(lease, LostReason.FORGOTTEN, None), ()


def _renew_failed(lease: Lease, is_offline: bool, now: Moment, times: LeaseTimes) -> Step:
    if lease.phase is not Phase.RENEWING:
        return lease, ()
    at = now.monotonic_s + times.retry_s
    lease = replace(lease, phase=Phase.HELD, is_offline=is_offline, renew_s=at)
    if lease.ends_s is not None and now.monotonic_s >= lease.ends_s:
        lease = replace(_lost(lease, LostReason.EXPIRED, None), renew_s=at)
    return lease, ()


def _lost(lease: Lease, reason: LostReason, until: datetime | None) -> Lease:
    # The id is kept: should the server still know it, taking again costs nobody anything.
    return replace(
        lease, phase=Phase.LOST, lost=reason, until=until, ends_s=None, renew_s=None,
        idle_asked_s=None, is_jumped=False, is_asking=False, is_changed=False,
    )  # fmt: skip


def _connected(lease: Lease, is_online: bool, now: Moment) -> Step:
    if is_online is not lease.is_offline:
        return lease, ()
    lease = replace(lease, is_offline=not is_online)
    if not is_online:
        return lease, ()
    if lease.phase is Phase.HELD:
        lease = replace(lease, renew_s=now.monotonic_s, is_check_due=True)
    elif _is_retaking(lease):
        lease = replace(lease, renew_s=now.monotonic_s)
    return lease, ()


# --- ending ---------------------------------------------------------------------------------------


def _viewing(lease: Lease) -> Lease:
    return replace(
        lease, phase=Phase.VIEWING, lock_id="", until=None, ends_s=None, renew_s=None, lost=None,
        refusal=None, is_check_due=False, is_changed=False, idle_asked_s=None, is_jumped=False,
        is_asking=False,
    )  # fmt: skip


def _released(lease: Lease, *, is_idle: bool) -> Step:
    effects = (Unlock(lease.lock_id),) if lease.lock_id else ()
    if is_idle and lease.is_unsaved:
        return replace(_lost(lease, LostReason.IDLE, None), lock_id=""), effects
    return _viewing(lease), effects


def _discarded(lease: Lease, now: Moment) -> Step:
    lease = replace(lease, is_unsaved=False, is_changed=False, is_aside_due=False)
    if lease.phase in (Phase.LOST, Phase.REFUSED):
        effects = (Unlock(lease.lock_id),) if lease.lock_id else ()
        return replace(_viewing(lease), look_s=now.monotonic_s), effects
    return lease, ()


def _looked(lease: Lease, until: datetime | None, now: Moment, times: LeaseTimes) -> Step:
    if not _is_looking(lease):
        return lease, ()
    if until is not None:
        left_s = (until - now.server).total_seconds()
        look_s = now.monotonic_s + min(times.look_s, max(1.0, left_s + 1.0))
        return replace(lease, until=until, look_s=look_s), ()
    is_wanted = lease.is_waiting
    if lease.phase is Phase.REFUSED:
        lease = _viewing(lease)
    lease = replace(lease, is_waiting=False, until=None)
    return lease, (TellFree(),) if is_wanted else ()
