"""What a row of the jobs list says and offers, decided without painting anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scenario_desktop.services.job_views import ACTIVE, FINISHED, NEEDS_YOU, JobState, JobView
from scenario_desktop.services.words import NO_BREAK, ago, duration


class JobAction(StrEnum):
    """What can be done with a job from its row."""

    CANCEL = "cancel"
    STOP_WATCHING = "stop_watching"
    WATCH_AGAIN = "watch_again"
    REVEAL = "reveal"
    EDIT = "edit"
    LOOK_AGAIN = "look_again"
    SEND_AGAIN = "send_again"
    COPY_ERROR = "copy_error"
    COPY_ID = "copy_id"
    SHOW_INPUT = "show_input"
    PLACE = "place"
    OPEN_GENERATION = "open_generation"
    CLEAR = "clear"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as a button or as a line of the menu. Without text it is an icon alone."""

    action: JobAction
    text: str
    icon: str = ""
    name: str = ""
    is_ghost: bool = False

    @property
    def accessible_name(self) -> str:
        return self.name or self.text


#: Kind of job → the icon that stands for it while it has no picture.
KIND_ICONS = {
    "sartiq-generate": "sparkles",
    "sartiq-agentic": "refresh-cw",
    "sartiq-edit": "pencil",
    "sartiq-video": "video",
    "sartiq-background": "palette",
    "sartiq-adjust": "crop",
    "sartiq-faces": "user",
    "sartiq-task": "code",
    "sartiq-refine": "maximize-2",
}
_REFINE, _TASK = "sartiq-refine", "sartiq-task"
#: Started by a body that no form knows. A lost training can be looked for nowhere.
_TRAINING = "sartiq-training"
_START_ICONS = {_TRAINING: "activity", "sartiq-refine-task": "maximize-2"}


def has_generation(view: JobView) -> bool:
    """Whether what a job made, or makes, has a page of its own."""
    return bool(view.job_id) and view.kind in KIND_ICONS and view.kind != _TASK


def is_run(view: JobView) -> bool:
    """Whether the page of runs has the form that a job was started from."""
    return view.kind in KIND_ICONS and view.kind != _REFINE


def has_form(view: JobView) -> bool:
    """Whether there is a form that a job's request can be changed in."""
    return view.kind not in _START_ICONS


def icon_of(view: JobView) -> str:
    return KIND_ICONS.get(view.kind) or _START_ICONS.get(view.kind, "scan-line")


_CANCEL = Offer(JobAction.CANCEL, "Cancel")
_STOP = Offer(JobAction.STOP_WATCHING, "Stop watching")
_WATCH = Offer(JobAction.WATCH_AGAIN, "Watch again")
_REVEAL = Offer(JobAction.REVEAL, "Reveal", "crosshair")
_EDIT = Offer(JobAction.EDIT, "Edit and retry")
_LOOK = Offer(JobAction.LOOK_AGAIN, "Look again")
_SEND = Offer(JobAction.SEND_AGAIN, "Send again…")
_SEND_GHOST = Offer(JobAction.SEND_AGAIN, "Send again…", is_ghost=True)
_RETRY = Offer(JobAction.SEND_AGAIN, "Retry…")
_SHOW = Offer(JobAction.EDIT, "Show", "eye")
_COPY = Offer(JobAction.COPY_ERROR, "", "copy", "Copy error", is_ghost=True)
_MORE = Offer(JobAction.MORE, "", "ellipsis", "More actions", is_ghost=True)


def buttons_of(view: JobView) -> tuple[Offer, ...]:
    """Return the buttons of a row from left to right; the first is what Enter does."""
    match view.state:
        case JobState.PREPARED:
            return (_CANCEL, _MORE)
        case JobState.SENDING:
            return (_MORE,)
        case JobState.QUEUED | JobState.RUNNING:
            return (_CANCEL if view.can_cancel else _STOP, _MORE)
        case JobState.DONE if view.kind == _TASK:
            return (_SHOW, _MORE)
        case JobState.DONE:
            return (_REVEAL, _MORE) if view.result_ids else (_MORE,)
        case JobState.FAILED if view.kind == _REFINE or not has_form(view):
            return (_RETRY, _COPY, _MORE)
        case JobState.FAILED:
            return (_EDIT, _COPY, _MORE)
        case JobState.UNCERTAIN if view.kind == _TRAINING:
            return (_SEND_GHOST, _MORE)
        case JobState.UNCERTAIN:
            return (_LOOK, _SEND_GHOST)
        case JobState.NOT_SENT:
            return (_SEND, _MORE)
        case JobState.NOT_WATCHED:
            return (_WATCH, _MORE)
        case JobState.CANCELED if not has_form(view):
            return (_SEND, _MORE)
        case JobState.CANCELED:
            return (_EDIT, _MORE)


def menu_of(view: JobView) -> tuple[Offer, ...]:
    """Return everything that can be done with a job, for its menu."""
    own = [offer for offer in buttons_of(view) if offer.action is not JobAction.MORE]
    menu = [Offer(o.action, o.text or o.accessible_name, o.icon) for o in own]
    offered = {offer.action for offer in menu}

    def add(action: JobAction, text: str, icon: str, condition: bool) -> None:
        if condition and action not in offered:
            menu.append(Offer(action, text, icon))

    is_there = view.state is JobState.DONE and bool(view.result_ids)
    add(JobAction.PLACE, "Place on canvas", "layers", is_there)
    followed = view.state in (JobState.QUEUED, JobState.RUNNING, JobState.UNCERTAIN)
    add(JobAction.STOP_WATCHING, "Stop watching", "eye-off", followed)
    add(JobAction.SHOW_INPUT, "Show the picture it is made from", "image", bool(view.input_item_id))
    add(JobAction.OPEN_GENERATION, "Open generation", "sparkles", has_generation(view))
    is_done = view.state is JobState.DONE
    add(JobAction.EDIT, "Edit again" if is_done else "Edit and retry", "pencil", has_form(view))
    is_open = view.is_active or view.state is JobState.UNCERTAIN
    add(JobAction.SEND_AGAIN, "Send again…", "rotate-ccw", not is_open)
    add(JobAction.COPY_ERROR, "Copy error", "copy", bool(view.error))
    add(JobAction.COPY_ID, "Copy job ID", "copy", bool(view.job_id))
    add(JobAction.CLEAR, "Remove from this list", "x", not view.is_active)
    return tuple(menu)


#: State -> (icon, colour token of icon and status text).
MARKS: dict[JobState, tuple[str, str]] = {
    JobState.PREPARED: ("clock", "text_2"),
    JobState.SENDING: ("", "accent_text"),
    JobState.QUEUED: ("clock", "text_2"),
    JobState.RUNNING: ("", "accent_text"),
    JobState.DONE: ("circle-check", "success"),
    JobState.FAILED: ("circle-alert", "danger"),
    JobState.CANCELED: ("ban", "text_2"),
    JobState.UNCERTAIN: ("circle-question-mark", "warning"),
    JobState.NOT_SENT: ("circle-x", "danger"),
    JobState.NOT_WATCHED: ("eye-off", "text_2"),
}

#: States that show a bar instead of a second line of text.
WITH_BAR = frozenset({JobState.SENDING, JobState.RUNNING})


def time_lines(view: JobView, now: datetime) -> tuple[str, str]:
    """Return what stands in the column of times; the second line may be empty."""
    state = view.state
    if state is JobState.PREPARED or view.started_at is None:
        return ("" if state is JobState.PREPARED else ago(view.created_at, now)), ""
    passed = max(0.0, (now - view.started_at).total_seconds())
    if state is JobState.QUEUED:
        return f"{duration(passed)} in queue", ""
    if state in ACTIVE:
        return f"{duration(passed)} elapsed", _queue_line(view)
    if view.ended_at is not None:
        seconds = (view.ended_at - view.started_at).total_seconds()
        took = duration(seconds) if seconds >= 1 else f"under 1{NO_BREAK}s"
        return f"{took}, {ago(view.ended_at, now)}", ""
    return f"sent {ago(view.started_at, now)}", ""


def _queue_line(view: JobView) -> str:
    if view.queue_s is None:
        return ""
    return f"{duration(view.queue_s)} in queue" if view.queue_s >= 1 else "no queue"


def spoken(view: JobView, now: datetime) -> str:
    """Return a whole row for assistive tools."""
    first, second = time_lines(view, now)
    actions = ", ".join(offer.accessible_name for offer in buttons_of(view))
    parts = [view.title, view.subtitle, view.status_text, view.hint, first, second, view.cost_text]
    return ". ".join(part for part in parts if part) + f". Actions: {actions}"


class Tab(StrEnum):
    """Which rows are shown."""

    ALL = "all"
    ACTIVE = "active"
    DONE = "done"
    NEEDS_YOU = "needs_you"


TAB_TITLES = {
    Tab.ALL: "All",
    Tab.ACTIVE: "Active",
    Tab.DONE: "Done",
    Tab.NEEDS_YOU: "Needs you",
}
_TAB_STATES = {
    Tab.ALL: frozenset(JobState),
    Tab.ACTIVE: ACTIVE,
    Tab.DONE: FINISHED,
    Tab.NEEDS_YOU: NEEDS_YOU,
}


def rows_of(tab: Tab, views: Iterable[JobView]) -> list[JobView]:
    """Return the rows of a tab, in the given order."""
    return [view for view in views if view.state in _TAB_STATES[tab]]


def counts_of(views: Iterable[JobView]) -> dict[Tab, int]:
    """Return how many rows each tab has."""
    states = [view.state for view in views]
    return {tab: sum(state in wanted for state in states) for tab, wanted in _TAB_STATES.items()}
