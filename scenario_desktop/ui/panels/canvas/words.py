"""How a lease, a save and a draft are put into words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from scenario_desktop.services.words import duration
from scenario_desktop.ui.panels.canvas.lease.lock_bar import LockKind, LockState

if TYPE_CHECKING:
    from scenario_desktop.services.canvas.lease import Lease

LAST_S = 60.0
RELEASE, TAKE_AGAIN, CHECK_AGAIN, DECIDE = "Release", "Take it again", "Check again", "Decide…"
USE_DRAFT, LOCK, TRY_AGAIN = "Use my draft", "Lock it", "Try again"
_NEVER_WRITTEN = "It is shown as it was saved, and never rewritten"
_LOOKING = "You can look, copy and export"
#: What has happened to a lock that was ours: it is said first, and never cut.
_LOST = {
    "expired": "Your lock has run out",
    "forced": "Taken over by somebody else",
    "forgotten": "The server has forgotten your lock",
    "deleted": "This canvas was deleted",
    "idle": "Your lock was given back",
}
_KEPT = "Your strokes are kept here"


def clock_time(at: datetime | None) -> str:
    """Return the time of day here: "14:05"."""
    return f"{at.astimezone():%H:%M}" if at else ""


def lock_state(
    lease: Lease,
    left_s: float | None,
    *,
    is_foreign: bool,
    saved_at: datetime | None,
    has_draft: bool = False,
    saved_by: str = "",
) -> LockState:
    """Return what the lock bar says.

    Args:
        saved_by: who saved last, where somebody else is known to: nobody tells who holds a lock.
        left_s: seconds until ours, or somebody else's lock ends.
        has_draft: strokes that are not on the screen wait to be gone on with.
    """
    phase = lease.phase.value
    right = f"Saved {clock_time(saved_at)}" if saved_at else ""
    until = clock_time(lease.until)
    if is_foreign:
        return _foreign(lease, left_s, until)
    if lease.is_changed:
        return LockState(
            LockKind.LOST,
            "Somebody saved this canvas meanwhile",
            "Nothing is sent until you choose",
            right,
            DECIDE,
        )
    if lease.is_ours:
        return _mine(lease, left_s, until, right)
    if phase == "acquiring":
        return LockState(LockKind.ASKING, "Asking for the lock…", "You can go on drawing", right)
    if phase == "lost":
        return _lost(lease, until if left_s else "", right)
    if phase == "refused":
        return _refused(lease, until, left_s, right, _while_looking(lease, has_draft, saved_by))
    if until and left_s:
        return LockState(
            LockKind.OTHER, f"Locked until {until}", _while_looking(lease, has_draft, saved_by),
            right, CHECK_AGAIN, "refresh-cw",
        )  # fmt: skip
    if lease.is_offline:
        return LockState(
            LockKind.OFFLINE, "Offline", "Your first edit needs the server", right, CHECK_AGAIN,
            "refresh-cw",
        )  # fmt: skip
    if has_draft:
        return LockState(
            LockKind.VIEWING, "You have a draft of this canvas", "It is kept on this computer",
            right, USE_DRAFT, "pencil",
        )  # fmt: skip
    note = skew(lease) or "Your first edit locks it for others"
    return LockState(LockKind.VIEWING, "Open for looking", note, right)


def _foreign(lease: Lease, left_s: float | None, until: str) -> LockState:
    """Return what is said of another program's canvas, which is locked and given back by hand."""
    phase, note = lease.phase.value, skew(lease) or _NEVER_WRITTEN
    if lease.is_ours:
        mine = _mine(lease, left_s, until, "")
        is_told = lease.is_offline or lease.is_idle_asked or mine.is_ending
        return mine if is_told else replace(mine, note=note)
    if phase == "acquiring":
        return LockState(LockKind.ASKING, "Asking for the lock…", note)
    if phase == "lost":
        return _lost(lease, until if left_s else "", "")
    if phase == "refused":
        return _refused(lease, until, left_s, "", note)
    if until and left_s:
        return LockState(
            LockKind.OTHER, f"Locked until {until}", note, "", CHECK_AGAIN, "refresh-cw"
        )
    return LockState(LockKind.FOREIGN, "Made by another program", note, "", LOCK, "lock")


def skew(lease: Lease) -> str:
    """Return how wrong this computer's clock is, if that is worth telling."""
    if lease.skew_s is None:
        return ""
    way = "slow" if lease.skew_s > 0 else "fast"
    skew_s = abs(lease.skew_s)
    about_s = skew_s if skew_s < 60 else round(skew_s, -1)  # the server tells whole seconds
    return f"This computer's clock is {duration(about_s)} {way}; times are the server's"


def _lost(lease: Lease, until: str, right: str) -> LockState:
    reason = lease.lost.value if lease.lost else ""
    sentence = _LOST.get(reason, "This canvas is not yours any more")
    if until:
        sentence += f" until {until}" if reason == "forced" else f"; it is locked until {until}"
    note = _KEPT if lease.is_unsaved else ""
    if reason == "expired" and not until:
        again = "The lock is asked for again by itself"
        if lease.is_offline:
            again = "Offline: the lock is asked for again later"
        note = f"{note}. {again}" if note else again
    action = "" if reason == "deleted" else TAKE_AGAIN
    if reason == "deleted" and lease.is_unsaved:
        action = DECIDE
    return LockState(LockKind.LOST, sentence, note, right, action)


def _mine(lease: Lease, left_s: float | None, until: str, right: str) -> LockState:
    is_ending = left_s is not None and left_s < LAST_S
    left = f"{duration(left_s)} left; " if is_ending and left_s is not None else ""
    if lease.is_offline:
        note = "your strokes are kept here"
        return LockState(
            LockKind.OFFLINE,
            f"Offline. You hold this canvas until {until}" if until else "Offline. It is yours",
            f"{left}{note}" if left else "You can go on; " + note,
            right, CHECK_AGAIN, "refresh-cw", is_ending=is_ending,
        )  # fmt: skip
    sentence = f"You hold this canvas until {until}" if until else "You hold this canvas"
    note = skew(lease) or "Renews by itself while you work"
    if lease.is_idle_asked:
        note = "Nobody has drawn for a while: it is about to be given back"
    elif left:
        note = f"{left}renewing"
    return LockState(LockKind.MINE, sentence, note, right, RELEASE, is_ending=is_ending)


def _refused(lease: Lease, until: str, left_s: float | None, right: str, note: str) -> LockState:
    reason = lease.refusal.value if lease.refusal else ""
    if reason == "offline":
        return LockState(
            LockKind.OFFLINE, "Offline", "The canvas can be edited again once it is locked",
            right, CHECK_AGAIN, "refresh-cw",
        )  # fmt: skip
    if reason in ("no_id", "failed"):
        return LockState(
            LockKind.LOST, "The canvas could not be locked", _LOOKING, right, TRY_AGAIN
        )  # fmt: skip
    if until and not left_s:
        ends = f"The lock ended at {until}"
    elif reason == "own":
        ends = f"Locked by you elsewhere until {until}" if until else "Locked by you elsewhere"
    else:
        ends = f"Locked until {until}" if until else "Somebody else is editing"
    return LockState(LockKind.OTHER, ends, note, right, CHECK_AGAIN, "refresh-cw")


def _while_looking(lease: Lease, has_draft: bool, saved_by: str) -> str:
    """Return what can be done meanwhile, and whose work it may be."""
    if lease.skew_s is not None:
        return skew(lease)
    told = ["You are told when it is free" if lease.is_waiting else _LOOKING]
    if has_draft:
        told = ["Your draft is kept here", *(told if lease.is_waiting else ())]
    is_own = lease.refusal is not None and lease.refusal.value == "own"
    if saved_by and not is_own:
        told.insert(0, f"Last saved by {saved_by}")
    return ". ".join(told)


def draft_note(kept_at: datetime | None, now: datetime) -> str:
    """Return "Draft kept 1 s ago"."""
    if kept_at is None:
        return ""
    seconds = max(1, int((now - kept_at).total_seconds()))
    return f"Draft kept {duration(seconds)} ago"


def minutes_left(until: datetime | None, now: datetime) -> str:
    """Return ", in 9 minutes" for a dialog; "" where the end is not known."""
    if until is None:
        return ""
    minutes = max(1, round((until - now).total_seconds() / 60))
    return f", in {minutes} {'minute' if minutes == 1 else 'minutes'}"
