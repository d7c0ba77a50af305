"""What the questions about the lock say: what happened, what is kept, what can be done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scenario_desktop.services.words import counted
from scenario_desktop.ui.panels.canvas.lease.lease_dialogs import Answer, Choice, Question
from scenario_desktop.ui.panels.canvas.words import clock_time, minutes_left

if TYPE_CHECKING:
    from scenario_desktop.services.canvas.lease import Lease

_ENDS_AT_ONCE = "Taking over ends the other session at once."
_TAKE_OVER = (Answer.TAKE, "Take over…")
_REFUSED = {
    "others": "Somebody else holds this canvas",
    "own": "You hold this canvas elsewhere",
    "offline": "You are offline",
    "no_id": "This canvas cannot be saved from here",
    "failed": "The canvas could not be locked",
}
_LOST = {
    "forced": "Somebody else took this canvas over",
    "forgotten": "The server has forgotten your lock",
    "expired": "Your lock has run out",
    "deleted": "This canvas was deleted",
    "idle": "Your lock was given back",
}


def refused(lease: Lease, strokes: int, now: datetime) -> Question:
    """Return what to ask when the lock was not given.

    Args:
        strokes: made meanwhile, which are in a draft now.
        now: by the server's clock.
    """
    reason = lease.refusal.value if lease.refusal else "others"
    lines = [_kept(strokes)] if strokes else []
    lines.append(_why_refused(reason, lease, now))
    whose = "my version" if strokes else "it"
    with_what = f"A new canvas with your {_strokes(strokes)}" if strokes else "A canvas of your own"
    again = "Your draft is offered again then" if strokes else "You can go on looking"
    wait = Choice(
        Answer.WAIT, "bell",
        "Tell me when I am online" if reason == "offline" else "Tell me when it is free", again,
    )  # fmt: skip
    copy = Choice(Answer.COPY, "copy-plus", f"Save {whose} as a copy", with_what)
    look = Choice(Answer.LOOK, "eye", "Only look", "Read only, updates after each save")
    choices = {
        "offline": (wait, look),
        "no_id": (copy, look),
        "failed": (copy, look),
    }.get(reason, (wait, copy, look))
    can_force = reason in ("others", "own")
    return Question(
        _REFUSED[reason], "\n".join(line for line in lines if line), choices,
        icon="cloud-off" if reason == "offline" else "lock",
        tone="info" if reason == "offline" else "lock_other",
        side=_ENDS_AT_ONCE if can_force else "", danger=_TAKE_OVER if can_force else None,
    )  # fmt: skip


def lost(lease: Lease, strokes: int, now: datetime) -> Question:
    """Return what to ask when a lock that was ours is gone and there are unsaved strokes."""
    reason = lease.lost.value if lease.lost else "expired"
    is_held = lease.until is not None and lease.until > now
    what = f"Your {_strokes(strokes)} {_are(strokes)}" if strokes else "What you drew is"
    text = (
        f"{what} not saved. You can go on drawing: everything stays here and in a draft on this"
        " computer, and nothing is sent until you choose."
    )
    if is_held:
        text += f"\n{_end_of(lease, now, 'Their lock')}"
    elif reason == "deleted":
        text += "\nIt can be restored from the trash for a while."
    again = Choice(
        Answer.AGAIN, "lock", "Take it again and compare",
        "What was saved meanwhile is shown beside yours",
    )  # fmt: skip
    wait = Choice(
        Answer.WAIT, "bell", "Tell me when it is free", "You can go on drawing here until then"
    )
    copy = Choice(
        Answer.COPY, "copy-plus", "Save my version as a copy",
        "A new canvas with everything you see here",
    )  # fmt: skip
    discard = Choice(
        Answer.DISCARD, "trash-2", "Discard my strokes", "Show the canvas as the server has it"
    )
    first = () if reason == "deleted" else (wait,) if is_held else (again,)
    return Question(
        _LOST[reason], text, (*first, copy, discard), icon="lock-open", tone="lock_lost",
        side=_ENDS_AT_ONCE if is_held else "", danger=_TAKE_OVER if is_held else None,
        way_out="" if is_held else "Decide later",
    )  # fmt: skip


def take_over(name: str, until: datetime | None) -> tuple[str, list[str]]:
    """Return title and paragraphs of what makes sure."""
    ends = f" Their lock would end at {clock_time(until)}." if until else ""
    return f"Take over “{name}”?", [
        f"Somebody else is editing this canvas.{ends} If you take it over, their session ends at"
        " once. Strokes that they have not saved may be lost, or come back as a copy.",
        "Hold the button, or hold the space bar on it. What you do is written into the canvas's"
        " history here.",
    ]


def idle(name: str, idle_s: float, answer_s: float, *, is_unsaved: bool) -> Question:
    """Return the question whether anybody is here."""
    saved = " What is not saved is saved first." if is_unsaved else ""
    return Question(
        "Are you still here?",
        f"Nothing was drawn on “{name}” for {_long(idle_s)}. In {_long(answer_s)} its lock is given"
        f" back, so that others can edit it.{saved}",
        (
            Choice(Answer.STAY, "lock", "Keep the lock", "Go on where you were"),
            Choice(Answer.GIVE, "lock-open", "Give it back", "Your next stroke asks for it again"),
        ),
        icon="clock", tone="info",
    )  # fmt: skip


def free(name: str, strokes_are_here: bool) -> Question:
    """Return what to ask when the lock that was waited for has ended.

    Args:
        strokes_are_here: they are still on the screen, not in a draft put aside.
    """
    if strokes_are_here:
        first = Choice(
            Answer.AGAIN, "lock", "Take it again and compare",
            "What was saved meanwhile is shown beside yours",
        )  # fmt: skip
        text = "What you drew is still here. Nobody holds the canvas now."
    else:
        first = Choice(
            Answer.AGAIN, "pencil", "Go on with my draft", "The canvas is locked for you"
        )
        text = "Your draft is still on this computer. Nobody holds the canvas now."
    later = Choice(Answer.LATER, "clock", "Not now", "The draft stays where it is")
    return Question(f"“{name}” is free", text, (first, later), icon="bell", tone="success")


def release(name: str, strokes: int) -> Question:
    """Return what to ask before a lock with unsaved strokes is given back."""
    what = f"{_strokes(strokes).capitalize()} on “{name}” {_are(strokes)}"
    return Question(
        "Save before you give the lock back?",
        f"{what} not saved yet." if strokes else f"Not all of “{name}” is saved yet.",
        (
            Choice(Answer.SAVE, "cloud-upload", "Save and give it back", "Others see it then"),
            Choice(
                Answer.GIVE, "lock-open", "Keep them in a draft",
                "The canvas is shown without them; the draft is on this computer",
            ),
        ),
        icon="lock-open", tone="warning",
    )  # fmt: skip


def discard(name: str, strokes: int) -> tuple[str, str]:
    """Return title and text of what makes sure before strokes are gone for good."""
    what = f"your {_strokes(strokes)}" if strokes else "what you drew"
    return f"Discard {what}?", (
        f"They are deleted here and from the draft on this computer, and “{name}” is shown as the"
        " server has it. This cannot be undone."
    )


def _why_refused(reason: str, lease: Lease, now: datetime) -> str:
    if reason == "offline":
        return "A canvas can be edited once it is locked, and the server cannot be reached."
    if reason == "no_id":
        return (
            "The server has locked it without telling the lock's number, so nothing can be saved"
            f" under it. {_end_of(lease, now, 'The lock')}"
        ).strip()
    if reason == "failed":
        return "Nothing was changed on the server."
    if reason == "own":
        return (
            "It was locked with your keys from another place, or an answer to this program was"
            f" lost. {_end_of(lease, now, 'The lock')}"
        ).strip()
    return _end_of(lease, now, "The lock")


def _end_of(lease: Lease, now: datetime, what: str) -> str:
    if lease.until is None or lease.until <= now:
        return ""
    left = minutes_left(lease.until, now)
    return f"{what} ends at {clock_time(lease.until)}{left}, unless renewed."


def _kept(strokes: int) -> str:
    return f"Your {_strokes(strokes)} {_are(strokes)} kept in a draft on this computer."


def _strokes(strokes: int) -> str:
    return counted(strokes, "stroke")


def _are(strokes: int) -> str:
    return "is" if strokes == 1 else "are"


def _long(seconds: float) -> str:
    """Return a length in words: "15 minutes", "one minute", "20 seconds"."""
    length = timedelta(seconds=seconds)
    if length >= timedelta(minutes=1):
        minutes = round(seconds / 60)
        return "one minute" if minutes == 1 else f"{minutes} minutes"
    return counted(max(1, round(seconds)), "second")
