"""How a lease, a save and a draft are put into words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from scenario_desktop.services.words import duration
from scenario_desktop.ui.panels.canvas.lock_bar import LockKind, LockState

if TYPE_CHECKING:
    from scenario_desktop.services.canvas.lease import Lease

LAST_S = 60.0
RELEASE, TAKE_AGAIN, CHECK_AGAIN, DECIDE = "Release", "Take it again", "Check again", "Decide…"
_LOST = {
    "expired": "It ended while the server could not be reached",
    "forced": "Somebody else has taken the canvas over",
    "forgotten": "The server does not know of it any more",
    "deleted": "The canvas was deleted",
    "idle": "It was given back because nobody was here",
}


def clock_time(at: datetime | None) -> str:
    """Return the time of day here: "14:05"."""
    return f"{at.astimezone():%H:%M}" if at else ""


def lock_state(
    lease: Lease,
    left_s: float | None,
    *,
    is_foreign: bool,
    saved_at: datetime | None,
    others_until: datetime | None = None,
) -> LockState:
    """Return what the lock bar says.

    Args:
        left_s: seconds until ours, or somebody else's lock ends.
        others_until: of a lock that was there when the canvas was opened, while it stands.
    """
    phase = lease.phase.value
    right = f"Saved {clock_time(saved_at)}" if saved_at else ""
    until = clock_time(lease.until)
    if is_foreign:
        return LockState(
            LockKind.FOREIGN,
            "Made by another program",
            "It is shown as it was saved, and never rewritten",
        )
    if lease.is_changed:
        return LockState(
            LockKind.LOST,
            "Somebody saved this canvas meanwhile",
            "Your strokes are kept here; nothing is sent until you choose",
            right,
            DECIDE,
        )
    if lease.is_ours:
        return _mine(lease, left_s, until, right)
    if phase == "acquiring":
        return LockState(LockKind.ASKING, "Asking for the lock…", "You can go on drawing", right)
    if phase == "lost":
        why = _LOST.get(lease.lost.value if lease.lost else "", "It is not yours any more")
        return LockState(
            LockKind.LOST, "You lost the lock", f"{why}. Your strokes are kept here.", right,
            TAKE_AGAIN,
        )  # fmt: skip
    if phase == "refused":
        return _refused(lease, until, right)
    until = clock_time(others_until) or (until if left_s else "")
    if until:
        return LockState(
            LockKind.OTHER, f"Locked until {until}", "You can look, copy and export", right,
            CHECK_AGAIN, "refresh-cw",
        )  # fmt: skip
    return LockState(
        LockKind.VIEWING, "Open for looking", "Your first edit locks it for others", right
    )


def _mine(lease: Lease, left_s: float | None, until: str, right: str) -> LockState:
    if lease.is_offline:
        return LockState(
            LockKind.OFFLINE,
            f"Offline. You hold this canvas until {until}",
            "You can go on; your strokes are kept on this computer",
            right,
        )
    is_ending = left_s is not None and left_s < LAST_S
    sentence = f"You hold this canvas until {until}" if until else "You hold this canvas"
    note = "Renews by itself while you work"
    if is_ending and left_s is not None:
        note = f"{duration(left_s)} left; renewing"
    return LockState(LockKind.MINE, sentence, note, right, RELEASE, is_ending=is_ending)


def _refused(lease: Lease, until: str, right: str) -> LockState:
    reason = lease.refusal.value if lease.refusal else ""
    if reason == "offline":
        return LockState(
            LockKind.OFFLINE, "Offline", "The canvas can be edited again once it is locked",
            right, CHECK_AGAIN, "refresh-cw",
        )  # fmt: skip
    if reason in ("no_id", "failed"):
        return LockState(
            LockKind.LOST, "The canvas could not be locked", "You can look, copy and export",
            right, TAKE_AGAIN,
        )  # fmt: skip
    ends = f"Locked until {until}" if until else "Somebody else is editing"
    if reason == "own":
        ends = f"Locked by you elsewhere until {until}"
    return LockState(
        LockKind.OTHER, ends, "You can look, copy and export", right, CHECK_AGAIN, "refresh-cw"
    )


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
