"""What the refine form holds and what follows from it: the plan in words, sizes, reasons.

Free of Qt. The view shows what is decided here.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from scenario_desktop.api.models.sartiq.refines import RefineGenerationRequest
from scenario_desktop.items import Item
from scenario_desktop.services.job_views import JobState, JobView
from scenario_desktop.services.sartiq.refining import RefineInput, RefinePlan, Road, plan_refine
from scenario_desktop.services.words import NO_BREAK, counted, duration, one_line

#: Larger results cannot be opened here again, whoever makes them; pixels in all.
MAX_RESULT_PIXELS: Final = 100_000_000
#: The service names no most of inputs; beyond this a strip of them is no overview.
MAX_INPUTS: Final = 500
_MAX_SIDE: Final = 1_000_000
_UNITS: Final = ((1_000_000, "MB"), (1_000, "KB"))


class Size(StrEnum):
    """How the result's size is given."""

    TWO = "2"
    FOUR = "4"
    EIGHT = "8"
    SIDES = "sides"

    @property
    def factor(self) -> float | None:
        return None if self is Size.SIDES else float(self.value)

    @property
    def text(self) -> str:
        return "Size…" if self is Size.SIDES else f"{self.value}×"


@dataclass(frozen=True)
class RefineDraft:
    """What is typed into the form. May be wrong until it is sent.

    Attributes:
        width: pixels, 0 for none yet; height likewise. They count with ``Size.SIDES`` only.
        is_linked: the height follows the width, in the shape of the picture looked at.
        inputs: keys of the inputs, see ``Input.key``.
    """

    size: Size = Size.TWO
    width: int = 0
    height: int = 0
    is_linked: bool = True
    prompt: str = ""
    model_id: str = ""
    inputs: tuple[str, ...] = ()

    def settings(self) -> dict[str, Any]:
        """Return size, prompt and model as they go over the wire."""
        settings: dict[str, Any] = {}
        if self.size.factor is not None:
            settings["scale_factor"] = self.size.factor
        else:
            settings.update(width=self.width or None, height=self.height or None)
        if self.prompt.strip():
            settings["prompt"] = self.prompt.strip()
        if self.model_id.strip():
            settings["refine_model_id"] = self.model_id.strip()
        return settings

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values, to be remembered."""
        return {
            "size": self.size.value, "width": self.width, "height": self.height,
            "is_linked": self.is_linked, "prompt": self.prompt, "model_id": self.model_id,
            "inputs": list(self.inputs),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RefineDraft:
        """Read a remembered draft; what is not known or of another type is left out."""
        found: dict[str, Any] = {}
        if data.get("size") in {size.value for size in Size}:
            found["size"] = Size(data["size"])
        for name in ("width", "height"):
            value = data.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_SIDE:
                found[name] = value
        if isinstance(data.get("is_linked"), bool):
            found["is_linked"] = data["is_linked"]
        for name in ("prompt", "model_id"):
            if isinstance(data.get(name), str):
                found[name] = data[name]
        inputs = data.get("inputs")
        if isinstance(inputs, list):
            keys = [key for key in inputs if isinstance(key, str)]
            found["inputs"] = tuple(keys[:MAX_INPUTS])
        return cls(**found)


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to refine: an item of the library, or a file on this computer.

    Attributes:
        width: pixels; None while they are not known. height likewise.
        scale: for a refine, how it was made: "2×".
        trouble: why its file cannot be refined; empty where nothing is known against it.
    """

    name: str
    item: Item | None = None
    path: Path | None = None
    width: int | None = None
    height: int | None = None
    size_bytes: int | None = None
    scale: str = ""
    trouble: str = ""

    @classmethod
    def of_item(cls, item: Item, scale: str = "") -> Input:
        return cls(
            item.name or "Unnamed picture", item, None,
            item.width, item.height, item.size_bytes, scale,
        )  # fmt: skip

    @classmethod
    def of_file(cls, path: Path, size_bytes: int | None = None) -> Input:
        return cls(path.name, None, path, size_bytes=size_bytes)

    @property
    def key(self) -> str:
        """What it is known by, also in a draft."""
        return f"item:{self.item.id}" if self.item is not None else f"file:{self.path}"

    @property
    def source(self) -> Item | Path:
        """What a plan is made from."""
        found = self.item if self.item is not None else self.path
        if found is None:
            raise ValueError("an input is an item or a file")
        return found

    @property
    def road(self) -> Road:
        return RefineInput.of(self.source).road

    @property
    def badge(self) -> str:
        """What it is, in a word or two."""
        if self.road is Road.CHAIN:
            return f"Refine {self.scale}".strip()
        return "Prediction" if self.road is Road.PREDICTION else "Picture"

    def size_after(self, settings: Mapping[str, Any]) -> tuple[int, int] | None:
        """Return the result's width and height in pixels; None where that cannot be told."""
        known = replace(RefineInput.of(self.source), width=self.width, height=self.height)
        return known.size_after(settings)

    def sizes_text(self, settings: Mapping[str, Any]) -> str:
        """Return "1,024 → 2,048 px": the long sides before and after."""
        after = self.size_after(settings)
        before = max(self.width, self.height) if self.width and self.height else None
        if before is None and after is None:
            return "Size unknown"
        left = f"{before:,}" if before is not None else "?"
        right = f"{max(after):,}" if after is not None else "?"
        return f"{left} → {right}{NO_BREAK}px"


def refusal(item: Item) -> str:
    """Return why an item cannot be refined; empty where it can."""
    if item.deleted_at is not None:
        return "it is in the trash"
    if item.kind == "video":
        return "videos cannot be refined"
    if item.kind not in ("", "image") or item.type.startswith("canvas"):
        return "only pictures can be refined"
    if item.status == "pending":
        return "it is still in work"
    if item.status in ("error", "failure", "failed"):
        return "it has no picture"
    if item.is_refine and not item.parent_id:
        return "its prediction is not known"
    return ""


def left_out_text(items: Iterable[Item]) -> str:
    """Say what was not taken in, and why; empty where there is nothing to say."""
    found: dict[str, list[Item]] = {}
    for item in items:
        if reason := refusal(item):
            found.setdefault(reason, []).append(item)
    parts = []
    for reason, some in found.items():
        what = f"“{one_line(some[0].name, 40)}”" if len(some) == 1 else counted(len(some), "item")
        plural = reason.replace("it is", "they are").replace("it has", "they have")
        parts.append(f"{what}: {reason if len(some) == 1 else plural}")
    return f"Left out {'; '.join(parts)}." if parts else ""


def plan_of(inputs: Sequence[Input], draft: RefineDraft) -> RefinePlan:
    """Return what the request will do."""
    return plan_refine([one.source for one in inputs], draft.settings())


# sizes


def too_large(inputs: Sequence[Input], settings: Mapping[str, Any]) -> list[Input]:
    """Return the inputs whose result would have more pixels than can be opened."""
    found = []
    for one in inputs:
        after = one.size_after(settings)
        if after is not None and after[0] * after[1] > MAX_RESULT_PIXELS:
            found.append(one)
    return found


def scales_too_large(inputs: Sequence[Input]) -> dict[Size, int]:
    """Return the scales that are too large for some inputs, and for how many."""
    counts = {
        size: len(too_large(inputs, {"scale_factor": size.factor}))
        for size in Size
        if size.factor is not None
    }
    return {size: count for size, count in counts.items() if count}


def largest_result(inputs: Sequence[Input], settings: Mapping[str, Any]) -> tuple[int, int] | None:
    sizes = [after for one in inputs if (after := one.size_after(settings)) is not None]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def size_note(inputs: Sequence[Input], draft: RefineDraft) -> str:
    """Say how large the largest result gets, and which scales are too large for whom."""
    if not inputs:
        return ""
    parts = []
    settings = draft.settings()
    largest = largest_result(inputs, settings)
    if largest is not None and draft.size is not Size.SIDES:
        parts.append(f"Largest result {pixels(*largest)}.")
    unknown = sum(one.size_after(settings) is None for one in inputs)
    if unknown and draft.size is not Size.SIDES:
        verb = "is" if unknown == 1 else "are"
        parts.append(f"The size of {counted(unknown, 'input')} {verb} not known.")
    for size, count in scales_too_large(inputs).items():
        which = f"{count:,} of the {len(inputs):,} inputs" if len(inputs) > 1 else "this picture"
        parts.append(f"{size.text} is too large for {which}.")
    if draft.size is Size.SIDES and _other_shapes(inputs, draft):
        count = _other_shapes(inputs, draft)
        which = "1 input has" if count == 1 else f"{count:,} inputs have"
        parts.append(f"{which} another shape and will not fit as a whole.")
    return " ".join(parts)


def _other_shapes(inputs: Sequence[Input], draft: RefineDraft) -> int:
    if not draft.width or not draft.height:
        return 0
    shape = draft.width / draft.height
    known = [one.width / one.height for one in inputs if one.width and one.height]
    return sum(abs(own / shape - 1) > 0.01 for own in known)


def linked_height(width: int, one: Input | None) -> int:
    """Return the height that goes with a width in an input's shape; 0 where it is not known."""
    if one is None or not one.width or not one.height or not width:
        return 0
    return max(1, round(width * one.height / one.width))


def linked_width(height: int, one: Input | None) -> int:
    """Return the width that goes with a height in an input's shape; 0 where it is not known."""
    if one is None or not one.width or not one.height or not height:
        return 0
    return max(1, round(height * one.width / one.height))


def pixels(width: int, height: int) -> str:
    return f"{width:,} × {height:,}{NO_BREAK}px"


def file_size(size_bytes: int) -> str:
    """Return "11.2 MB", "640 KB"."""
    for unit, name in _UNITS:
        if size_bytes >= unit:
            return f"{size_bytes / unit:,.1f}".removesuffix(".0") + f"{NO_BREAK}{name}"
    return f"{size_bytes:,}{NO_BREAK}bytes"


# the plan in words


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One line of what will happen."""

    icon: str
    text: str


def plan_lines(
    inputs: Sequence[Input], draft: RefineDraft, *, uploads_items: bool = True
) -> list[PlanLine]:
    """Say what sending does, a line for each road and one for what comes of it.

    Args:
        uploads_items: items of the library are uploaded, since the service cannot read their
            addresses.
    """
    by_road: dict[Road, list[Input]] = {road: [] for road in Road}
    for one in inputs:
        by_road[one.road].append(one)
    pictures, predictions = by_road[Road.UPLOAD], by_road[Road.PREDICTION]
    chained = by_road[Road.CHAIN]
    lines = _picture_lines(pictures, uploads_items=uploads_items)
    if predictions:
        verb = "is" if len(predictions) == 1 else "are"
        text = f"{counted(len(predictions), 'prediction')} {verb} refined{_to(draft)}"
        lines.append(PlanLine("sparkles", text))
    if chained:
        lines.append(PlanLine("git-branch", _chain_text(chained, draft)))
    if inputs:
        lines.append(PlanLine("images", _results_text(len(pictures), len(inputs) - len(pictures))))
    return lines


def _picture_lines(pictures: Sequence[Input], *, uploads_items: bool) -> list[PlanLine]:
    uploaded = [one for one in pictures if one.item is None or uploads_items]
    named = len(pictures) - len(uploaded)
    lines = []
    if uploaded:
        verb = "is" if len(uploaded) == 1 else "are"
        text = f"{counted(len(uploaded), 'picture')} {verb} uploaded"
        known = [one.size_bytes for one in uploaded if one.size_bytes]
        if known:
            least = "" if len(known) == len(uploaded) else "at least "
            text += f", {least}{file_size(sum(known))}"
        lines.append(PlanLine("upload", text))
    if named:
        verb = "is" if named == 1 else "are"
        text = f"{counted(named, 'picture')} {verb} read by Sartiq from Scenario"
        lines.append(PlanLine("cloud", text))
    return lines


def _to(draft: RefineDraft) -> str:
    if draft.size is not Size.SIDES:
        return f" at {draft.size.text}"
    return f" to {pixels(draft.width, draft.height)}" if draft.width and draft.height else ""


def _chain_text(chained: Sequence[Input], draft: RefineDraft) -> str:
    verb = "is" if len(chained) == 1 else "are"
    text = f"{counted(len(chained), 'refine')} {verb} chained"
    largest = largest_result(chained, draft.settings())
    if largest is None:
        return text
    most = "" if len(chained) == 1 else "up to "
    return f"{text}, {most}{max(largest):,}{NO_BREAK}px in the end"


def _results_text(items: int, versions: int) -> str:
    """A picture becomes an item of its own, all else a version of its prediction."""
    if not versions:
        verb = "appears" if items == 1 else "appear"
        return f"{counted(items, 'new item')} {verb} in the library"
    text = counted(versions, "new version")
    if items:
        return f"{counted(items, 'new item')} and {text} appear"
    if versions == 1:
        return f"{text} appears on its prediction"
    return f"{text} appear on their predictions"


# why not


def model_error(draft: RefineDraft) -> str:
    """Return what is wrong with the model's id, as the request itself says it; empty if nothing."""
    settings = {"scale_factor": 2.0, "base_image_urls": ("-",)}
    try:
        RefineGenerationRequest.model_validate(
            {**settings, "refine_model_id": draft.model_id.strip() or None}
        )
    except ValidationError as error:
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return ""


def reasons(inputs: Sequence[Input], draft: RefineDraft) -> list[str]:
    """Return every reason why the form cannot be sent, each a sentence of its own."""
    found: list[str] = []
    if not inputs:
        found.append("Add a prediction, a refine or a picture.")
    found += [f"“{one_line(one.name, 60)}”: {one.trouble}" for one in inputs if one.trouble]
    if draft.size is Size.SIDES:
        if not draft.width or not draft.height:
            missing = "a width and a height" if not draft.width and not draft.height else (
                "a width" if not draft.width else "a height"
            )  # fmt: skip
            found.append(f"Type {missing} of at least 1{NO_BREAK}px.")
        elif draft.width * draft.height > MAX_RESULT_PIXELS:
            most = MAX_RESULT_PIXELS // 1_000_000
            found.append(
                f"The result is too large: {pixels(draft.width, draft.height)}. "
                f"At most {most:,} million pixels can be opened."
            )
    elif large := too_large(inputs, draft.settings()):
        which = "the picture" if len(inputs) == 1 else f"{len(large):,} of the {len(inputs):,}"
        found.append(f"{draft.size.text} is too large for {which}. Choose a smaller size.")
    if error := model_error(draft):
        found.append(f"Model id: {error}")
    return found


# what became of them


class Stage(Enum):
    """How it stands with an input's refine."""

    IDLE = "idle"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a tile says of its job.

    Attributes:
        text: short, "Running"; ``whole`` is the sentence for a tip.
        fraction: 0 to 1, None where nobody knows how far.
        uploaded: 0 to 1 of the upload that comes first; None where there is none.
    """

    stage: Stage = Stage.IDLE
    text: str = ""
    whole: str = ""
    fraction: float | None = None
    uploaded: float | None = None
    can_retry: bool = False


_WORDS = {
    JobState.PREPARED: "Waiting", JobState.SENDING: "Sending", JobState.QUEUED: "Queued",
    JobState.RUNNING: "Running",
}  # fmt: skip


def progress_of(view: JobView | None) -> Progress:
    """Return how it stands with the job of an input; None for one that was not sent."""
    if view is None:
        return Progress()
    whole = ". ".join(part.rstrip(".") for part in (view.status_text, view.hint) if part)
    state = view.state
    if state is JobState.DONE:
        if view.result_ids:
            return Progress(Stage.DONE, "Done", whole, 1.0)
        return Progress(Stage.UNCERTAIN, "No result named", whole, can_retry=True)
    if state in (JobState.FAILED, JobState.NOT_SENT):
        text = "Not sent" if state is JobState.NOT_SENT else "Failed"
        return Progress(Stage.FAILED, text, whole, can_retry=True)
    if state is JobState.CANCELED:
        return Progress(Stage.FAILED, "Cancelled", whole, can_retry=True)
    if state in (JobState.UNCERTAIN, JobState.NOT_WATCHED):
        text = "Uncertain" if state is JobState.UNCERTAIN else "Not watched"
        return Progress(Stage.UNCERTAIN, text, whole)
    is_uploading = state is JobState.PREPARED and view.upload_progress is not None
    text = f"Uploading {view.upload_progress:.0%}" if is_uploading else _WORDS[state]
    fraction = 0.0 if state is JobState.PREPARED else view.progress
    uploaded = view.upload_progress if state is JobState.PREPARED else None
    return Progress(Stage.WORKING, text.replace("%", f"{NO_BREAK}%"), whole, fraction, uploaded)


def usual_time(views: Iterable[JobView], kind: str) -> str:
    """Return what a refine usually takes, from those done before: "about 40 s per item"."""
    times = [
        view.elapsed_s
        for view in views
        if view.kind == kind and view.state is JobState.DONE and view.elapsed_s is not None
    ]
    if not times:
        return "not known yet"
    median = statistics.median(times)
    return f"about {duration(max(1.0, median))} per item"


@dataclass(frozen=True, slots=True)
class Missing:
    """Why the form cannot be used at all: there is no connection to the service."""

    title: str = "No Sartiq account here"
    text: str = field(
        default="Refining is done by Sartiq. Add its address and your account to this workspace, "
        "and pictures and predictions can be made larger."
    )
    action: str = "Connect Sartiq…"
