"""What the form of a run holds and what follows from it. Free of Qt; the view shows it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from scenario_desktop.api.models.sartiq.answers import AgenticShotStatus
from scenario_desktop.api.models.sartiq.facts import End, agentic_end
from scenario_desktop.api.models.sartiq.requests import SartiqRequest
from scenario_desktop.items import Item
from scenario_desktop.services.job_views import JobState, JobView
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.services.sartiq.run_kinds import MODELS, Op
from scenario_desktop.services.words import NO_BREAK, counted, duration, one_line
from scenario_desktop.ui.forms.messages import error_texts
from scenario_desktop.ui.forms.spec import FieldKind
from scenario_desktop.ui.panels.runs.kinds import KINDS, MOST_PICTURES, slots, specs

#: Stands in a request where a picture's address will be.
PLACEHOLDER = "-"
#: Reasons that are listed one by one.
_MOST_REASONS = 4

Slots = Mapping[str, tuple[PictureRef, ...]]


def key_of(ref: PictureRef) -> str:
    """Return what names a picture in editors and drafts."""
    return f"item:{ref.item_id}" if ref.item_id else f"file:{ref.file}"


@dataclass(frozen=True)
class RunDraft:
    """A form of one kind. May be wrong until it is sent.

    Attributes:
        values: field to value, those that were changed; no pictures.
        slots: field to the pictures in it.
    """

    op: Op
    values: Mapping[str, Any] = field(default_factory=dict)
    slots: Slots = field(default_factory=dict)

    def refs(self, slot: str) -> tuple[PictureRef, ...]:
        return self.slots.get(slot, ())

    @property
    def mains(self) -> tuple[PictureRef, ...]:
        """The pictures that are worked on one by one."""
        return self.refs(KINDS[self.op].main)

    @property
    def count(self) -> int:
        """How many runs it asks for."""
        return max(1, len(self.mains))

    def with_values(self, values: Mapping[str, Any]) -> RunDraft:
        """Return a draft with what a form shows; what is as in a fresh form is left out."""
        initial = {spec.name: spec.initial for spec in specs(self.op)}
        kept = {
            name: value
            for name, value in values.items()
            if name in initial and name not in slots(self.op) and value != initial[name]
        }
        return replace(self, values=kept)

    def with_slot(self, slot: str, refs: Sequence[PictureRef]) -> RunDraft:
        return replace(self, slots={**self.slots, slot: tuple(refs)})

    def shown(self) -> dict[str, Any]:
        """Return what the form shows for it."""
        initial = {spec.name: spec.initial for spec in specs(self.op)}
        keys = {slot: [key_of(ref) for ref in self.refs(slot)] for slot in slots(self.op)}
        return {**initial, **self.values, **keys}

    def orders(self) -> list[tuple[SartiqRequest, dict[str, tuple[PictureRef, ...]]]]:
        """Return the requests with the pictures of each, one per picture that is worked on.

        Raises:
            ValidationError: a value is wrong; nothing is made of the others either.
        """
        main = KINDS[self.op].main
        found = []
        for ref in self.mains or (None,):
            pictures = {name: refs for name, refs in self.slots.items() if refs and name != main}
            if ref is not None:
                pictures[main] = (ref,)
            found.append((MODELS[self.op].of_draft(self._body(pictures)), pictures))
        return found

    def _body(self, pictures: Mapping[str, Sequence[PictureRef]]) -> dict[str, Any]:
        takes_several = slots(self.op)
        marks = {
            name: (PLACEHOLDER,) * len(refs) if takes_several[name] else PLACEHOLDER
            for name, refs in pictures.items()
        }
        return {**self.values, **marks}

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values, to be remembered."""
        return {
            "values": dict(self.values),
            "slots": {n: [ref.to_json() for ref in refs] for n, refs in self.slots.items() if refs},
        }

    @classmethod
    def from_dict(cls, op: Op, data: Mapping[str, Any]) -> RunDraft:
        """Read a remembered draft; what is not known or of another type is left out."""
        known = {spec.name: spec for spec in specs(op)}
        raw, pictures = data.get("values"), data.get("slots")
        values = {
            name: value
            for name, value in (raw.items() if isinstance(raw, Mapping) else ())
            if name in known and name not in slots(op) and known[name].accepts(value)
        }
        found: dict[str, tuple[PictureRef, ...]] = {}
        for name, refs in pictures.items() if isinstance(pictures, Mapping) else ():
            if name in slots(op) and isinstance(refs, list):
                read = [PictureRef.of_json(ref) for ref in refs if isinstance(ref, dict)]
                found[name] = tuple(ref for ref in read if ref.item_id or ref.file)
        return cls(op, values, found)

    @classmethod
    def of_run(cls, op: Op, body: Mapping[str, Any], pictures: Slots) -> RunDraft:
        """Return the draft that a sent request came from."""
        return cls.from_dict(
            op,
            {
                "values": body,
                "slots": {n: [ref.to_json() for ref in refs] for n, refs in pictures.items()},
            },
        )


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong with a draft: sentences by field, and those about the whole."""

    fields: Mapping[str, str] = field(default_factory=dict)
    general: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        return bool(self.fields or self.general)


def problems_of(draft: RunDraft) -> Problems:
    """Return what keeps a draft from being sent."""
    try:
        draft.orders()
    except ValidationError as error:
        texts = error_texts(error, specs(draft.op))
        pictures = {name: "Choose a picture." for name in texts.fields if name in slots(draft.op)}
        return Problems({**_too_low(draft), **texts.fields, **pictures}, texts.general)
    return Problems(_too_low(draft))


#: One of these makes an adjusted picture another than it was.
_SHAPING = (
    "target_width", "target_height", "aspect_ratio",
    "margin_top", "margin_right", "margin_bottom", "margin_left",
)  # fmt: skip


def missing_here(draft: RunDraft) -> list[str]:
    """Return what this computer would refuse though the service's own form lets it by."""
    if draft.op is Op.ADJUST:
        has_shape = any(draft.values.get(name) for name in _SHAPING)
        if not has_shape and not draft.refs("reference_images"):
            return ["Give a width, a height, a shape, margins or a reference picture."]
    if draft.op is Op.BACKGROUND and not draft.refs("palette_image_path"):
        return ["Choose a palette picture. This computer knows no background presets."]
    return []


def _too_low(draft: RunDraft) -> dict[str, str]:
    """Return the counts and sizes that make no sense though the service states no bound."""
    found = {}
    for spec in specs(draft.op):
        value, least = draft.values.get(spec.name), spec.minimum
        if spec.kind is not FieldKind.NUMBER or least is None or isinstance(value, bool):
            continue
        if isinstance(value, int | float) and value < least:
            found[spec.name] = f"{value:g} is below the lowest value, {least:g}."
    return found


def reasons_of(draft: RunDraft, problems: Problems) -> list[str]:
    """Return every reason why the form cannot be sent, each a sentence of its own."""
    titles = {spec.name: spec.title for spec in specs(draft.op)}
    found = []
    for name, text in problems.fields.items():
        is_picture = name in slots(draft.op)
        found.append(text if is_picture else f"{titles.get(name, name)}: {text}")
    found += problems.general
    if len(draft.mains) > MOST_PICTURES:
        found.append(f"At most {MOST_PICTURES} pictures are worked on at once.")
    if len(found) > _MOST_REASONS:
        more = len(found) - _MOST_REASONS + 1
        found = [*found[: _MOST_REASONS - 1], f"{more:,} more fields are wrong."]
    return found


def refusal(item: Item) -> str:
    """Return why an item cannot be a run's picture; empty where it can."""
    if item.kind not in ("image", ""):
        return f"“{one_line(item.name, 60)}” is not a picture."
    if item.deleted_at is not None:
        return f"“{one_line(item.name, 60)}” is in the trash."
    if item.status in ("pending", "error"):
        return f"“{one_line(item.name, 60)}” has no picture yet."
    return ""


@dataclass(frozen=True, slots=True)
class Note:
    """What to know before it is sent. ``kind`` is "info" or "warning"."""

    kind: str
    text: str


def note_of(op: Op, *, is_local: bool) -> Note:
    """Say what the kind does, and first of all whether it will fail here."""
    kind = KINDS[op]
    if is_local and kind.model_for:
        return Note(
            "warning",
            f"{kind.model_for} needs a learned model, and this computer has none: the run will "
            "end in an error that says so. A connected Sartiq account can do it.",
        )
    if op is Op.ADJUST and not is_local:
        return Note("info", f"{kind.promise} The preview shows how this program would do it.")
    where = " It is done on this computer." if is_local else ""
    return Note("info", f"{kind.promise}{where}")


def fields_told(said: Mapping[str, str], op: Op) -> Problems:
    """Sort what a service said of the fields of a request; foreign names are about the whole."""
    known = {spec.name for spec in specs(op)}
    fields: dict[str, str] = {}
    general: list[str] = []
    for path, text in said.items():
        parts = [part for part in path.split(".") if part in known]
        sentence = f"The service says: {one_line(text, 200)}"
        if parts:
            fields.setdefault(parts[0], sentence)
        else:
            general.append(f"{sentence} ({one_line(path, 60)})" if path else sentence)
    return Problems(fields, tuple(general))


def usual_time(views: Iterable[JobView], op: Op) -> str:
    """Return what a run of a kind usually takes, from those done before."""
    times = [
        view.elapsed_s
        for view in views
        if view.kind == op and view.state is JobState.DONE and view.elapsed_s is not None
    ]
    return f"about {duration(max(1.0, statistics.median(times)))}" if times else "not known yet"


def verb_of(draft: RunDraft) -> str:
    """Return what the button says."""
    kind = KINDS[draft.op]
    return kind.verb if draft.count == 1 else kind.verb_many.format(f"{draft.count:,}")


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt of an agentic run.

    Attributes:
        title: "Attempt 2"; ``caption`` how good it is thought: "64 %", "Best, 82 %".
        detail: what the judge said.
    """

    key: str
    title: str
    caption: str
    detail: str
    address: str = ""
    is_best: bool = False


def attempts_of(status: AgenticShotStatus) -> list[Attempt]:
    """Return the attempts of an agentic run, in their order."""
    scores = [a.confidence_score for a in status.attempts if a.confidence_score is not None]
    best = max(scores, default=None)
    found = []
    for one in sorted(status.attempts, key=lambda a: a.attempt_number):
        is_final = bool(status.final_image_url) and one.image_url == status.final_image_url
        is_best = is_final or (
            best is not None and one.confidence_score == best and not _has_final(status)
        )
        score = _share(one.confidence_score)
        words = [f"Attempt {one.attempt_number}", f"{score} sure" if score else ""]
        shot = (one.detected_shot_type or "").replace("_", " ")
        said = [
            ", ".join(word for word in words if word) + ".",
            f"Seen: {shot}." if shot else "",
            one_line(one.evaluation_feedback or "", 400),
            f"Failed: {one_line(one.error_message, 300)}" if one.error_message else "",
        ]
        caption = score or ("Failed" if one.error_message else "In work")
        found.append(
            Attempt(
                f"attempt:{one.attempt_number}",
                f"Attempt {one.attempt_number}",
                f"Best, {caption}" if is_best else caption,
                " ".join(text for text in said if text),
                one.image_url or "",
                is_best,
            )
        )
    return found


def _has_final(status: AgenticShotStatus) -> bool:
    final = status.final_image_url
    return bool(final) and any(one.image_url == final for one in status.attempts)


def _share(score: float | None) -> str:
    return "" if score is None else f"{round(score * 100)}{NO_BREAK}%"


def agentic_text(status: AgenticShotStatus) -> tuple[str, str]:
    """Return a tone and a sentence on how an agentic run stands."""
    made = max(status.total_attempts, len(status.attempts))
    best = _share(status.best_confidence)
    match agentic_end(status):
        case End.DONE:
            sure = f", {best} sure" if best else ""
            return "success", f"Done after {counted(made, 'attempt')}{sure}."
        case End.FAILED:
            why = one_line(status.error_message or "", 300)
            known = f" The best was {best} sure." if best else ""
            after = f" after {counted(made, 'attempt')}" if made else ""
            reason = f" {why.rstrip('.')}." if why else ""
            return "warning", f"It ended without a picture{after}.{reason}{known}"
        case End.RUNNING:
            number = status.current_attempt or made + 1
            so_far = f" Best so far {best} sure." if best else ""
            return "info", f"Attempt {number} of {max(number, status.max_attempts)}.{so_far}"
