"""A lease as a state machine without any I/O.

``step`` takes the lease, an event and the time, and returns the next lease with what is to be done
about it. Nothing here waits, sends or looks at a clock, so every order of events can be tried.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from scenario_desktop.services.canvas.lease import (
    Lease,
    LeaseTimes,
    LostReason,
    Moment,
    Phase,
    Refusal,
)
from scenario_desktop.services.canvas.lease_effects import (
    AskIdle,
    AskLock,
    Compare,
    Effect,
    EndIdle,
    Look,
    PutAside,
    Renew,
    TellFree,
    Unlock,
)
from scenario_desktop.services.canvas.lease_events import (
    Compared,
    Connected,
    Denied,
    Discarded,
    Edited,
    Event,
    IdleAnswered,
    LockDenied,
    LockFailed,
    LockGranted,
    Looked,
    ReleaseWanted,
    Renewed,
    RenewFailed,
    Resolved,
    Resumed,
    Saved,
    SetAside,
    TakeWanted,
    Ticked,
    Vanished,
    WaitWanted,
)

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
            effects.append(Renew(lease.lock_id, wanted_end(now, times)))
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


def wanted_end(now: Moment, times: LeaseTimes) -> datetime:
    """Return until when a lock is asked for, by the server's clock."""
    return now.server + timedelta(seconds=times.lease_s)


def _running(lease: Lease, until: datetime | None, now: Moment, times: LeaseTimes) -> Lease:
    """Set the times of a lease that the server has just confirmed."""
    until = until or wanted_end(now, times)
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
    return lease, (AskLock(lease.ask, wanted_end(now, times), lease.lock_id),)


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
    return lease, (PutAside(),) if lease.is_aside_due else ()


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
