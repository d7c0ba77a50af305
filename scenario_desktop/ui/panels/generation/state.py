"""A generation in words. Free of Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scenario_desktop.api.models.sartiq.answers import (
    GenerationStats,
    RefinePublic,
    ShotRevisionPublic,
)
from scenario_desktop.api.models.sartiq.facts import End, refine_end
from scenario_desktop.items import Item
from scenario_desktop.services.sartiq.records import scale_text
from scenario_desktop.services.sartiq.run_generations import Asked, Whole
from scenario_desktop.services.sartiq.run_kinds import TITLES, Op
from scenario_desktop.services.words import NO_BREAK, counted, one_line
from scenario_desktop.ui.forms.json_editor import as_text
from scenario_desktop.ui.forms.spec import FieldKind, FieldSpec
from scenario_desktop.ui.panels.runs.kinds import KINDS, specs

#: Returns what an id is called here, by what it is an id of; empty where it has no name.
NameOf = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A line of what was asked.

    Attributes:
        was: what it was in the run before, where that differs; empty where it does not.
        is_mono: an id or data.
    """

    title: str
    value: str
    group: str = ""
    was: str = ""
    is_mono: bool = False

    @property
    def is_changed(self) -> bool:
        return bool(self.was)


def title_of(whole: Whole) -> str:
    return TITLES[whole.asked.op]


def parameters_of(whole: Whole, name_of: NameOf) -> list[Parameter]:
    """Return what was asked and differs from a fresh form, or from the run before."""
    asked, before = whole.asked, whole.previous
    if asked.op not in KINDS:
        return []
    same = before if before is not None and before.op is asked.op else None
    found: list[Parameter] = []
    for spec in specs(asked.op):
        value, old = _value(asked, spec), _value(same, spec) if same is not None else None
        is_given = value not in (None, "", [], ())
        is_changed = same is not None and _differs(value, old, spec) and _told_by_both(asked, same)
        if is_given or is_changed:
            found.append(
                Parameter(
                    spec.title,
                    _shown_or_initial(value, spec, name_of),
                    KINDS[asked.op].heading(spec.group),
                    _shown_or_initial(old, spec, name_of) if is_changed else "",
                    spec.kind in (FieldKind.KNOWN_ID, FieldKind.JSON),
                )
            )
    return found


def _told_by_both(asked: Asked, before: Asked) -> bool:
    """An answer leaves out what a request says: the two are compared only where both tell alike."""
    return asked.is_whole == before.is_whole


def _value(asked: Asked | None, spec: FieldSpec) -> Any:
    if asked is None:
        return None
    if spec.kind in (FieldKind.PICTURE, FieldKind.PICTURES):
        return [ref.name or "a picture" for ref in asked.pictures.get(spec.name, ())]
    return asked.body.get(spec.name)


def _differs(value: Any, old: Any, spec: FieldSpec) -> bool:
    initial = spec.initial
    first = initial if value in (None, "") else value
    second = initial if old in (None, "") else old
    return bool(first != second)


def _shown_or_initial(value: Any, spec: FieldSpec, name_of: NameOf) -> str:
    """Return a value in words; where none was given, what the service takes then."""
    shown = _shown(value, spec, name_of) or _shown(spec.initial, spec, name_of)
    return shown or "not given"


def _shown(value: Any, spec: FieldSpec, name_of: NameOf) -> str:
    match value:
        case None | "" | []:
            return ""
        case bool():
            return "Yes" if value else "No"
        case dict():
            return as_text(value)
        case list() | tuple():
            return ", ".join(one_line(str(part), 80) for part in value)
        case int() | float():
            unit = f"\u00a0{spec.unit}" if spec.unit else ""
            return f"{value:,}{unit}" if spec.name != "seed" else str(value)
    if spec.kind is FieldKind.KNOWN_ID:
        return name_of(spec.of, str(value)) or str(value)
    titles = {choice.value: choice.title for choice in spec.choices}
    return titles.get(str(value), str(value))


def changes_text(whole: Whole, parameters: list[Parameter]) -> str:
    """Say how it differs from the run before."""
    if whole.previous is None:
        return "The first run of its kind that is known here."
    if not _told_by_both(whole.asked, whole.previous):
        return "The run before was not sent from here: what differs cannot be told."
    count = sum(parameter.is_changed for parameter in parameters)
    if not count:
        return "Asked for just like the run before."
    return f"{counted(count, 'field')} changed since the run before."


def stats_text(stats: GenerationStats | None, items: tuple[Item, ...]) -> str:
    """Say what came of it: "4 results: 3 done, 1 failed"."""
    predictions = [item for item in items if item.is_prediction]
    if stats is not None:
        total, done, failed = stats.total, stats.completed, stats.error
    else:
        total = len(predictions)
        done = sum(item.status == "success" for item in predictions)
        failed = sum(item.status == "error" for item in predictions)
    open_ = max(0, total - done - failed)
    parts = [f"{done:,} done" if done else "", f"{failed:,} failed" if failed else "",
             f"{open_:,} in work" if open_ else ""]  # fmt: skip
    told = ", ".join(part for part in parts if part)
    refines = sum(item.is_refine for item in items)
    more = f", {counted(refines, 'refine')}" if refines else ""
    return f"{counted(total, 'result')}{': ' if told else ''}{told}{more}"


def caption_of(item: Item, *, is_picked: bool = False) -> str:
    """Return what a result's tile says of it; ``is_picked``: the chosen one of its generation."""
    if item.status == "error":
        return "Failed"
    if item.status == "pending":
        return "In work"
    marks = ["Chosen" if is_picked else "",
             "Favourite" if item.is_favourite else "",
             counted(item.versions, "refine") if item.versions else "",
             "Video" if item.kind == "video" else ""]  # fmt: skip
    return ", ".join(mark for mark in marks if mark) or "Done"


@dataclass(frozen=True, slots=True)
class RefineLine:
    """A refine of a result, in words.

    Attributes:
        icon, tone: of its state, as everywhere.
    """

    id: str
    text: str
    note: str
    icon: str
    tone: str


_ENDS: Final = {
    End.DONE: ("circle-check", "success", "done"),
    End.RUNNING: ("clock", "info", "in work"),
    End.FAILED: ("circle-alert", "danger", "failed"),
}


def refine_line(refine: RefinePublic) -> RefineLine:
    """Return a refine in words: "2×, 960 × 960 px" and how it stands."""
    media = refine.result_image_media
    width = (media.width if media else None) or refine.width
    height = (media.height if media else None) or refine.height
    size = f"{width:,.0f} × {height:,.0f}{NO_BREAK}px" if width and height else ""
    scale = scale_text(refine.scale_factor) if refine.scale_factor else ""
    again = "from a refine" if refine.refines_refine_id else ""
    icon, tone, word = _ENDS[refine_end(refine)]
    failed = word == "failed" and refine.error_message
    at = refine.created_at
    made = f"{at.astimezone():%d %b, %H:%M}".lstrip("0") if at is not None else ""
    told = f"failed: {one_line(refine.error_message or '', 200)}" if failed else word
    return RefineLine(
        refine.id,
        ", ".join(part for part in (scale, size, again) if part) or "Refined",
        " · ".join(part for part in (told, made) if part),
        icon,
        tone,
    )


def revisions_text(revisions: tuple[ShotRevisionPublic, ...]) -> str:
    """Say which versions of shots use a prediction."""
    if not revisions:
        return "No shot uses it."
    parts = []
    for one in revisions[:5]:
        version = f", version {one.version}" if one.version is not None else ""
        word = (one.push_status or one.shot_revision_status or "").replace("_", " ").lower()
        name = one_line(one.display_name, 60) or "A shot"
        parts.append(f"{name}{version}{f' ({word})' if word else ''}")
    more = len(revisions) - len(parts)
    return f"Used by {'; '.join(parts)}{f' and {more:,} more' if more else ''}."


def why_no_rerun(asked: Asked) -> str:
    """Return why it cannot be run again from here; empty where it can."""
    if asked.op is Op.REFINE:
        return "Refine its picture again from the library"
    return "" if asked.op in KINDS else "This kind of run is not known here"
