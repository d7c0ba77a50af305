"""An asset's fields in groups, as people read them. Knows no widget.

Fields that are not named here are shown all the same, under a label made of their name: the
service adds fields faster than programs learn of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.api.models.modalities import MODALITY_TITLES
from scenario_desktop.items import PREDICTION, REFINE, Item, Source
from scenario_desktop.services.words import NO_BREAK, ago, counted

#: Characters of one value that are shown; the whole can be copied.
MAX_VALUE = 2000

_ASSET_ID = re.compile(r"asset_[A-Za-z0-9_-]{4,64}")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
_UNITS = ("bytes", "KB", "MB", "GB", "TB")

_CANVAS = "canvas"
_KINDS = {"3d": "3D model", "image-hdr": "HDR image", "json": "JSON"}
_TYPES = {
    "uploaded": "uploaded",
    "upload": "uploaded",
    "detection": "control map",
    PREDICTION: "prediction",
    REFINE: "refine",
    "txt2img": "text to image",
    "img2img": "image to image",
    "txt2video": "text to video",
    "img2video": "image to video",
    "upscale": "upscaled",
    "vectorization": "vector",
    "background-removal": "background removed",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the inspector.

    Attributes:
        value: for showing; cut when it is endless.
        copy: the whole value, as the service has it.
        asset_id: of the item it names, if it names one.
        is_mono: an id or data, for copying rather than reading.
    """

    label: str
    value: str
    copy: str = ""
    asset_id: str = ""
    is_mono: bool = False


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts that belong together; the first group has no title."""

    title: str
    facts: tuple[Fact, ...]


def size(size_bytes: float) -> str:
    """Return "812 bytes", "14.2 KB", "3.1 MB"."""
    amount, unit = float(size_bytes), 0
    while amount >= 999.5 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    number = f"{amount:,.0f}" if unit == 0 or amount >= 100 else f"{amount:,.1f}".removesuffix(".0")
    return f"{number}{NO_BREAK}{_UNITS[unit]}"


def pixels(width: float, height: float) -> str:
    """Return "1,600 × 1,440 px"."""
    return f"{int(width):,}{NO_BREAK}×{NO_BREAK}{int(height):,}{NO_BREAK}px"


def format_name(mime_type: str) -> str:
    """Return "PNG" for "image/png"."""
    name = mime_type.partition(";")[0].rpartition("/")[2].removeprefix("x-")
    return {"svg+xml": "SVG", "gltf-binary": "GLB", "quicktime": "MOV"}.get(name, name.upper())


def moment(at: datetime) -> str:
    """Return date, time and zone of this computer, in full."""
    local = at.astimezone()
    return f"{local.day} {local:%b %Y, %H:%M:%S} {local.tzname() or ''}".strip()


def title_of(item: Item) -> str:
    return item.name or "Without a name"


def headline(item: Item, now: datetime) -> str:
    """Return the line below the name: "PNG · 1,600 × 1,440 px · 3.1 MB · 2 h ago"."""
    if item.type == _CANVAS:  # that its layers are listed in a small JSON file is for the details
        return f"Canvas · {ago(item.created_at, now)}"
    parts = [format_name(item.mime_type) if item.mime_type else kind_name(item.kind)]
    if item.width and item.height:
        parts.append(pixels(item.width, item.height))
    if item.size_bytes:
        parts.append(size(item.size_bytes))
    parts.append(ago(item.created_at, now))
    return " · ".join(part for part in parts if part)


def summary(items: Sequence[Item]) -> str:
    """Return what a selection holds: "8 pictures, 1 video · 31.2 MB"."""
    kinds: dict[str, int] = {}
    for item in items:
        kind = _CANVAS if item.type == _CANVAS else item.kind or "item"
        kinds[kind] = kinds.get(kind, 0) + 1
    parts = [
        counted(count, _noun(kind), _noun(kind) + ("es" if kind == _CANVAS else "s"))
        for kind, count in sorted(kinds.items(), key=lambda pair: -pair[1])
    ]
    total = sum(item.size_bytes or 0 for item in items)
    return ", ".join(parts) + (f" · {size(total)}" if total else "")


def kind_name(kind: str) -> str:
    word = _KINDS.get(kind, kind.replace("-", " "))
    return word[:1].upper() + word[1:]


def _noun(kind: str) -> str:
    if kind == "image":
        return "picture"
    name = kind_name(kind)
    return name if name[:2].isupper() or name[:1].isdigit() else name.lower()


def type_text(kind: str, type_: str, modality: str = "") -> str:
    """Return "Image, text to image" or "Image, canny control map"."""
    if type_ == _CANVAS:
        return "Canvas"
    word = _TYPES.get(type_.removeprefix("inference-"), type_.replace("-", " ").replace("_", " "))
    if modality:
        word = f"{MODALITY_TITLES.get(modality, modality).lower()} {word}"
    return ", ".join(part for part in (kind_name(kind), word) if part)


# one field

Format = Callable[[Any], str]


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _plain(value)
    return f"{value:,.6g}" if isinstance(value, float) and value % 1 else f"{int(value):,}"


def _times(value: Any) -> str:
    return f"{_number(value)}×"


def _words(value: Any) -> str:
    """Return "Front full body" for "front_full_body"."""
    return str(value).replace("_", " ").strip().capitalize()


def _percent(value: Any) -> str:
    return f"{_number(value)}{NO_BREAK}%"


def _fraction(value: Any) -> str:
    if isinstance(value, int | float) and 0 <= value <= 1:
        return f"{value * 100:.0f}{NO_BREAK}%"
    return _number(value)


def _seed(value: Any) -> str:
    """Group a seed's digits, so that two seeds can be told apart."""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return f"{int(text):,}".replace(",", NO_BREAK) if text.isascii() and text.isdigit() else text


def _modality(value: Any) -> str:
    return MODALITY_TITLES.get(str(value), str(value))


def _bytes(value: Any) -> str:
    return size(value) if isinstance(value, int | float) else _plain(value)


def _plain(value: Any) -> str:
    """Return any JSON value for reading."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, str):
        if _DATE.fullmatch(value):
            try:
                return moment(datetime.fromisoformat(value.replace("Z", "+00:00")))
            except ValueError:
                return value
        return value
    if isinstance(value, list) and all(isinstance(v, str | int | float) for v in value):
        return ", ".join(_plain(v) for v in value)
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


@dataclass(frozen=True, slots=True)
class _Field:
    group: str
    label: str
    format: Format = _plain


_ABOUT, _MAKING, _MAP, _FILE, _ORIGIN, _MORE = (
    "", "Generation", "Control map", "File", "Origin", "More",
)  # fmt: skip

#: In the order shown.
_FIELDS: Mapping[str, _Field] = {
    "modality": _Field(_MAP, "Kind", _modality),
    "lowThreshold": _Field(_MAP, "Lower threshold", _number),
    "highThreshold": _Field(_MAP, "Upper threshold", _number),
    "factor": _Field(_MAP, "Contrast", _number),
    "minThreshold": _Field(_MAP, "Low cut", _percent),
    "maxThreshold": _Field(_MAP, "High cut", _percent),
    "keypointThreshold": _Field(_MAP, "Joint confidence", _number),
    "removeBackground": _Field(_MAP, "Background removed"),
    "error": _Field(_ABOUT, "Error"),
    "errorCategory": _Field(_ABOUT, "Kind of error", _words),
    "modelId": _Field(_ABOUT, "Model"),
    "baseModelId": _Field(_MAKING, "Base model"),
    "modelType": _Field(_MAKING, "Model type"),
    "prompt": _Field(_ABOUT, "Prompt"),
    "negativePrompt": _Field(_ABOUT, "Negative prompt"),
    "seed": _Field(_ABOUT, "Seed", _seed),
    "guidance": _Field(_MAKING, "Guidance", _number),
    "numInferenceSteps": _Field(_MAKING, "Steps", _number),
    "scheduler": _Field(_MAKING, "Scheduler"),
    "strength": _Field(_MAKING, "Strength", _fraction),
    "negativePromptStrength": _Field(_MAKING, "Negative strength", _number),
    "chosen": _Field(_ABOUT, "Chosen of its generation"),
    "shotType": _Field(_MAKING, "Shot", _words),
    "tool": _Field(_MAKING, "Tool", _words),
    "generationType": _Field(_MAKING, "Kind of generation", _words),
    "scaleFactor": _Field(_MAKING, "Scale", _times),
    "scalingFactor": _Field(_MAKING, "Scale", _number),
    "targetWidth": _Field(_MAKING, "Target width", _number),
    "targetHeight": _Field(_MAKING, "Target height", _number),
    "concepts": _Field(_MAKING, "Concepts"),
    "style": _Field(_MAKING, "Style"),
    "preset": _Field(_MAKING, "Preset"),
    "image": _Field(_ORIGIN, "Input"),
    "mask": _Field(_ORIGIN, "Mask"),
    "referenceImages": _Field(_ORIGIN, "References"),
    "styleImages": _Field(_ORIGIN, "Style images"),
    "structureImage": _Field(_ORIGIN, "Structure"),
    "parentId": _Field(_ORIGIN, "Parent"),
    "refinedFrom": _Field(_ORIGIN, "Refined from"),
    "generationId": _Field(_ORIGIN, "Generation"),
    "versions": _Field(_ORIGIN, "Refines", _number),
    "styleName": _Field(_MAKING, "Style"),
    "taskId": _Field(_ORIGIN, "Task"),
    "word": _Field(_ORIGIN, "Status word"),
    "rootParentId": _Field(_ORIGIN, "First parent"),
    "originalAssetId": _Field(_ORIGIN, "Original"),
    "parentJobId": _Field(_ORIGIN, "Job"),
    "inferenceId": _Field(_ORIGIN, "Inference"),
    "outputIndex": _Field(_ORIGIN, "Output number", _number),
    "copiedAt": _Field(_ORIGIN, "Copied"),
    "sourceProjectId": _Field(_ORIGIN, "From project"),
    "fileName": _Field(_FILE, "File name"),
    "aspectRatio": _Field(_FILE, "Aspect ratio"),
    "size": _Field(_FILE, "Size", _bytes),
    "lockExpiresAt": _Field(_ABOUT, "Locked until"),
}

_STATES = {"pending": "In work", "error": "Failed"}

#: Said elsewhere already.
_SAID = frozenset({"kind", "type", "name", "width", "height", "thumbnail", "size", "favourite"})


def groups(
    asset: Asset, item: Item, *, collections: Mapping[str, str] | None = None
) -> tuple[FactGroup, ...]:
    """Return everything known of an asset, grouped, in the order shown.

    Args:
        collections: names by id.
    """
    found: dict[str, list[Fact]] = {g: [] for g in (_ABOUT, _MAKING, _MAP, _FILE, _ORIGIN, _MORE)}
    found[_ABOUT].append(Fact("Type", type_text(item.kind, item.type, item.modality)))
    if item.status not in ("", "success"):
        is_theirs = item.source is Source.SARTIQ
        shown = _STATES.get(item.status, item.status) if is_theirs else item.status
        found[_ABOUT].append(Fact("Status", shown, item.status))
    names = [(collections or {}).get(c, c) for c in asset.collection_ids]
    if names:
        found[_ABOUT].append(Fact("Collections", ", ".join(names)))
    found[_FILE] += _file_facts(asset, item)
    rest = dict(asset.metadata)
    for name, field in _FIELDS.items():
        value = rest.pop(name, None)
        if name not in _SAID and not _is_empty(value):
            found[field.group].append(fact(field.label, value, field.format))
    for name in sorted(rest):
        if name not in _SAID and not _is_empty(rest[name]):
            found[_MORE].append(fact(_label(name), rest[name]))
    found[_ORIGIN] += _origin_facts(asset, item)
    found[_ORIGIN] = _merged(found[_ORIGIN])
    return tuple(FactGroup(title, tuple(facts)) for title, facts in found.items() if facts)


def _merged(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts with those that name the same item on one line."""
    merged: dict[object, Fact] = {}
    for number, one in enumerate(facts):
        key = one.asset_id or number
        first = merged.get(key)
        label = f"{first.label}, {one.label.lower()}" if first is not None else one.label
        merged[key] = replace(one, label=label)
    return list(merged.values())


def _file_facts(asset: Asset, item: Item) -> Iterable[Fact]:
    if asset.mime_type:
        yield Fact("Format", format_name(asset.mime_type), asset.mime_type)
    if item.width and item.height:
        yield Fact("Pixels", pixels(item.width, item.height), f"{item.width}x{item.height}")
    if item.size_bytes:
        exact = f"{item.size_bytes:,}{NO_BREAK}bytes"
        yield Fact("Size", size(item.size_bytes), exact)
    if asset.properties.duration:
        yield Fact("Length", f"{asset.properties.duration:.1f}{NO_BREAK}s")
    yield Fact("Created", moment(item.created_at), item.created_at.isoformat())
    if item.updated_at != item.created_at:
        yield Fact("Changed", moment(item.updated_at), item.updated_at.isoformat())
    if item.deleted_at is not None:
        yield Fact("Deleted", moment(item.deleted_at), item.deleted_at.isoformat())


def _origin_facts(asset: Asset, item: Item) -> Iterable[Fact]:
    if asset.source and asset.source != item.type:
        is_theirs = item.source is Source.SARTIQ
        yield Fact("Source", "Sartiq" if is_theirs else asset.source)
    if asset.privacy:
        yield Fact("Privacy", _label(asset.privacy), asset.privacy)
    if asset.nsfw:
        yield Fact("Marked as", ", ".join(asset.nsfw))
    for label, value in (("Author", asset.author_id), ("Owner", asset.owner_id), ("ID", asset.id)):
        if value:
            yield Fact(label, value, value, is_mono=True)


def fact(label: str, value: Any, shown_as: Format = _plain) -> Fact:
    """Return one field as a line."""
    text = shown_as(value).strip()
    whole = value if isinstance(value, str) else text
    shown = text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + " …"
    is_asset = isinstance(value, str) and bool(_ASSET_ID.fullmatch(value))
    is_id = isinstance(value, str) and bool(re.fullmatch(r"[a-z]+_[A-Za-z0-9_-]{12,}", value))
    return Fact(
        label, shown, whole, asset_id=str(value) if is_asset else "",
        is_mono=is_asset or is_id or text.startswith(("{", "[")),
    )  # fmt: skip


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _label(name: str) -> str:
    """Return "Num inference steps" for "numInferenceSteps"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").strip().lower()
    return words[:1].upper() + words[1:]
