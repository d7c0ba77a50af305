"""Names, dates and amounts of the usage page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from scenario_desktop.api.models.usage import UsageReport
from scenario_desktop.services.usage.activity import Names, action_text
from scenario_desktop.services.usage.charts import REST, Bucket, Grouping
from scenario_desktop.services.usage.ranges import UsageRange
from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui.panels.usage.bar_data import OTHER

#: Actions of the service under the names that the program uses for them.
ACTIONS: Final[Mapping[str, str]] = {
    "asset": "Upload or edit",
    "detection": "Detect",
    "inference": "Generate",
    "images-generation": "Generate",
    "custom": "Custom model",
    "txt2img": "Text to image",
    "img2img": "Image to image",
    "controlnet": "Generate with a control map",
    "inpaint": "Inpaint",
    "generative-fill": "Generative fill",
    "upscale": "Upscale",
    "vectorization": "Vectorise",
    "pixelate": "Pixelate",
    "captioning": "Caption",
    "background-removal": "Remove background",
    "models-training": "Train a model",
    "start-train": "Training started",
    "train-succeeded": "Training done",
    "copy-asset": "Copy",
    "update-asset": "Edit",
    "delete-asset": "Delete",
    "download-assets": "Download",
    "tag-asset": "Tag",
    "skybox-base-360": "Skybox",
    "skybox-upscale-360": "Upscale a skybox",
    "sartiq-refine": "Refine",
    "sartiq-adjust": "Adjust",
    "sartiq-background": "Fix background",
    "sartiq-faces": "Fix faces",
    "sartiq-training": "Training",
    "sartiq-refine-task": "Refine task",
}
_KINDS: Final[Mapping[str, str]] = {
    "3d": "3D", "audio": "Audio", "document": "Documents", "image": "Pictures",
    "image-hdr": "HDR pictures", "json": "Data", "video": "Videos",
}  # fmt: skip


#: What a breakdown does not tell.
_RESTS: Final[Mapping[Grouping | None, str]] = {
    Grouping.MODEL: "No model", Grouping.USER: "Everyone else",
}  # fmt: skip


class UsageNames:
    """What the ids of a report are called, as far as it tells."""

    def __init__(self, report: UsageReport | None = None) -> None:
        entities = Names(report.entities) if report is not None else None
        self._users = entities.users if entities is not None else {}
        self._models = entities.models if entities is not None else {}

    def of(self, grouping: Grouping | None, one: str) -> str:
        """Return the name of a series."""
        if one == REST:
            return _RESTS.get(grouping, "Not told apart")
        if one == OTHER:
            return "Other"
        match grouping:
            case Grouping.ACTION:
                return action_text(one, ACTIONS)
            case Grouping.MODEL:
                return self._models.get(one, one)
            case Grouping.USER:
                return self._users.get(one, one)
            case Grouping.KIND:
                return _KINDS.get(one) or action_text(one, {})
        return action_text(one, {})


def amount_text(value: Decimal | None, *, places: int = 1) -> str:
    """Return "1,242.5"; "unknown" where it is not known."""
    if value is None:
        return "unknown"
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_text(share: float) -> str:
    """Return "26 %"; "under 1 %" for what would read as nothing."""
    if 0 < share < 0.005:
        return f"under 1{NO_BREAK}%"
    return f"{share * 100:.0f}{NO_BREAK}%"


def label_of(bucket: Bucket, zone: tzinfo) -> str:
    """Return what stands below a bar: "1 Nov" for the first of a month, "4", "14:00"."""
    start = bucket.start.astimezone(zone)
    if bucket.end - bucket.start < timedelta(hours=20):
        return f"{start:%H:%M}"
    return f"{start.day} {start:%b}" if start.day == 1 else str(start.day)


def title_of(bucket: Bucket, zone: tzinfo) -> str:
    """Return a bar's time in words: "Wed 18 Nov", "Wed 18 Nov, 14:00", "16–22 Nov"."""
    start = bucket.start.astimezone(zone)
    length = bucket.end - bucket.start
    if length < timedelta(hours=20):
        return f"{start:%a} {start.day} {start:%b}, {start:%H:%M}"
    if length < timedelta(days=2):
        return f"{start:%a} {start.day} {start:%b}"
    last = (bucket.end - timedelta(seconds=1)).astimezone(zone)
    begin = str(start.day) if start.month == last.month else f"{start.day} {start:%b}"
    return f"{begin}–{last.day} {last:%b}"


def range_text(over: UsageRange) -> str:
    """Return a range in words: "1–20 October", "28 Oct – 3 Nov 2026"."""
    first, last = over.first, over.last
    if first == last:
        return f"{first.day} {first:%B}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day} {first:%B}"
    year = f" {last.year}" if first.year != last.year else ""
    return f"{first.day} {first:%b} – {last.day} {last:%b}{year}"


def zone_text(zone: tzinfo, now: datetime) -> str:
    """Return a zone's name, "Europe/Madrid"; its offset where it has none."""
    name = getattr(zone, "key", None)
    if isinstance(name, str) and name not in ("UTC", "Etc/UTC"):
        return name
    return now.astimezone(zone).tzname() or "local time"


def as_of_text(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Return "As of 14:02, Europe/Madrid"; with the day when it was another one."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    day = "" if local.date() == today.date() else f"{local.day} {local:%b}, "
    return f"As of {day}{local:%H:%M}, {zone_text(zone, now)}"


def duration_text(seconds: float) -> str:
    """Return a time of computing: "40 s", "52 min", "3 h 5 min"."""
    if seconds < 60:
        return f"{seconds:.0f}{NO_BREAK}s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{NO_BREAK}min"
    hours, rest = divmod(minutes, 60)
    return f"{hours:,}{NO_BREAK}h" + (f" {rest}{NO_BREAK}min" if rest else "")
