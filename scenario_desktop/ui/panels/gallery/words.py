"""What the gallery says: titles, orders, filters, badges. Knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from scenario_desktop.api.models.modalities import MODALITY_TITLES
from scenario_desktop.items import PREDICTION, Item, ItemQuery, Section, SortField, Source
from scenario_desktop.services.words import NO_BREAK, counted

SECTION_TITLES: dict[Section, str] = {
    Section.ALL: "All items",
    Section.FAVOURITES: "Favourites",
    Section.CONTROL_MAPS: "Control maps",
    Section.CANVASES: "Canvases",
    Section.GENERATIONS: "Generations",
    Section.TRASH: "Trash",
}

#: order → its name, in the order in which the menu lists them
SORTS: dict[tuple[SortField, bool], str] = {
    (SortField.CREATED, True): "Newest first",
    (SortField.CREATED, False): "Oldest first",
    (SortField.UPDATED, True): "Last changed first",
    (SortField.UPDATED, False): "Longest unchanged first",
    (SortField.NAME, False): "Name, A to Z",
    (SortField.NAME, True): "Name, Z to A",
}

KIND_TITLES: dict[str, str] = {
    "image": "Pictures",
    "image-hdr": "HDR pictures",
    "video": "Videos",
    "audio": "Audio",
    "3d": "3D models",
    "document": "Documents",
    "text": "Texts",
    "json": "Canvases",
}

SOURCE_TITLES: dict[str, str] = {
    Source.SCENARIO.value: "Scenario",
    Source.SARTIQ.value: "Sartiq",
}

STATUS_TITLES: dict[str, str] = {"success": "Ready", "pending": "In work", "error": "Failed"}

#: What a user calls it → the service's words for it, which grow over time.
TYPE_GROUPS: dict[str, tuple[str, ...]] = {
    "Uploaded": (
        "uploaded", "uploaded-video", "uploaded-audio", "uploaded-3d", "uploaded-avatar",
        "uploaded-text",
    ),
    "Text to image": (
        "txt2img", "inference-txt2img", "inference-txt2img-ip-adapter",
        "inference-txt2img-texture",
    ),
    "Image to image": (
        "img2img", "inference-img2img", "inference-img2img-ip-adapter",
        "inference-img2img-texture", "inference-controlnet", "inference-controlnet-img2img",
        "inference-reference", "inference-inpaint", "image-prompt-editing", "restyle", "reframe",
        "generative-fill", "patch", "pixelization", "vectorization",
    ),
    "Prediction": (PREDICTION,),
    "Control map": ("detection",),
    "Canvas": ("canvas", "canvas-export", "canvas-drawing"),
    "Upscaled": ("upscale", "upscale-skybox", "upscale-texture", "upscale-video"),
    "Cut out": (
        "background-removal", "segment", "segmentation-image", "segmentation-mask",
    ),
    "Texture": (
        "texture", "texture-height", "texture-normal", "texture-smoothness", "texture-metallic",
        "texture-edge", "texture-ao", "texture-albedo",
    ),
    "Skybox": ("skybox-base-360", "skybox-hdri", "skybox-3d"),
    "Video": ("txt2video", "img2video", "video2video", "audio2video"),
    "3D": ("img23d", "txt23d", "video23d", "3d23d", "img2splat", "3d-texture"),
}  # fmt: skip


_FAILED = frozenset({"error", "failure", "failed"})


class StateWords(NamedTuple):
    """What stands in place of the grid: why, and the next step.

    Attributes:
        action: what the button says; "" for no button.
        does: what the button is for.
    """

    icon: str
    title: str
    text: str
    action: str = ""
    does: StateAction | None = None


class StateAction(Enum):
    """What the button of an empty page can be for."""

    IMPORT = auto()
    CLEAR_FILTER = auto()
    RETRY = auto()
    SHOW_ALL = auto()
    DETECT = auto()
    NEW_CANVAS = auto()
    KEYS = auto()


class Corner(Enum):
    """Where a badge sits. At most one in each."""

    IS = auto()  # bottom left: what it is
    BECAME = auto()  # bottom right
    MARK = auto()  # top right: favourite or lock


class Badge(NamedTuple):
    """A small sign on a picture.

    Attributes:
        icon: drawn before the words; "" for none.
        small_icon: drawn alone where the cell has no room for words.
        tone: a colour's token name; badges use the dark values in both themes.
    """

    words: str
    icon: str
    small_icon: str
    tone: str = "badge_text"


@dataclass(frozen=True, slots=True)
class Locks:
    """What is known of canvas locks beyond their time.

    Attributes:
        mine: ids of canvases that this program holds.
        lost: ids of those it held until somebody took them.
    """

    mine: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


NO_LOCKS = Locks()


def badges(item: Item, now: datetime, locks: Locks = NO_LOCKS) -> dict[Corner, Badge]:
    """Return the signs that an item bears."""
    found: dict[Corner, Badge] = {}
    what = _what(item)
    if what is not None:
        found[Corner.IS] = what
    if item.versions:
        scale = f"{scale_text(item.scale)} · " if item.scale else ""
        found[Corner.BECAME] = Badge(f"{scale}{item.versions:,}", "images", "images")
    elif item.type.startswith("upscale"):
        found[Corner.BECAME] = Badge("Upscaled", "", "maximize")
    mark = _lock(item, now, locks)
    if mark is None and item.is_favourite:
        mark = Badge("", "heart", "heart")
    if mark is not None:
        found[Corner.MARK] = mark
    return found


def _what(item: Item) -> Badge | None:
    if item.status in _FAILED:
        return Badge("Failed", "circle-alert", "circle-alert", "danger")
    if item.modality:
        return Badge(modality_title(item.modality), "", "scan-line")
    if item.type.startswith("canvas"):
        return Badge("", "layers", "layers")
    if item.status == "pending" and item.source is Source.SARTIQ:
        return Badge("In work", "clock", "clock")
    if item.kind == "video":
        length = length_text(item.duration_s) if item.duration_s else ""
        return Badge(length, "play", "play")
    if item.kind == "3d":
        return Badge("3D", "", "box")
    if item.shot:
        return Badge(shot_title(item.shot), "", "sparkles")
    return None


def length_text(seconds: float) -> str:
    """Return how long a video plays: "0:08", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def scale_text(scale: float) -> str:
    """Return how many times larger something is, as it is read: "2×"."""
    return f"{scale:g}×"


def shot_title(shot: str) -> str:
    """Return the service's word for a shot as it is read: "Front full body"."""
    return shot.replace("_", " ").replace("-", " ").strip().capitalize()


def about_text(item: Item) -> str:
    """Return what the signs on a cell mean, in words; empty where they say it all themselves."""
    parts: list[str] = []
    if item.is_prediction or item.is_refine:
        parts.append("refine" if item.is_refine else "prediction")
    if item.kind == "video":
        parts.append("video")
        if item.duration_s:
            parts.append(f"{item.duration_s:,.0f}{NO_BREAK}s")
    if not parts:
        return ""
    if item.shot:
        parts.append(shot_title(item.shot).lower())
    if item.versions:
        largest = f", up to {scale_text(item.scale)}" if item.scale else ""
        parts.append(f"{counted(item.versions, 'refined version')}{largest}")
    if item.status == "pending":
        parts.append("still in work")
    elif item.status in _FAILED:
        parts.append("failed, the inspector says why")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def _lock(item: Item, now: datetime, locks: Locks) -> Badge | None:
    if item.id in locks.mine:
        return Badge("", "lock", "lock", "lock_mine")
    if item.id in locks.lost:
        return Badge("", "lock", "lock", "lock_lost")
    until = item.lock_expires_at
    if until is not None and until > now:
        return Badge(until.astimezone().strftime("%H:%M"), "lock", "lock", "lock_other")
    return None


def lock_text(item: Item, now: datetime, locks: Locks = NO_LOCKS) -> str:
    """Return whose a canvas is in a sentence, "" where it is nobody's."""
    if item.id in locks.mine:
        return "You hold this canvas"
    if item.id in locks.lost:
        return "You held this canvas and lost it"
    until = item.lock_expires_at
    if until is not None and until > now:
        return f"Somebody else holds this canvas until {until.astimezone():%H:%M}"
    return ""


def modality_title(modality: str) -> str:
    """Return a control map's name, also of one we do not know."""
    return MODALITY_TITLES.get(modality) or modality.replace("_", " ").capitalize()


def kind_icon(item: Item) -> str:
    """Return the icon that stands for an item without a picture."""
    if item.type.startswith("canvas"):
        return "layers"
    return {"video": "video", "3d": "box"}.get(item.kind, "image")


def number(count: int) -> str:
    return f"{count:,}"


def items_text(count: int) -> str:
    return "1 item" if count == 1 else f"{number(count)} items"


def count_text(count: int, chosen: int = 0) -> str:
    """Return what stands beside the title: "1,284 items, 12 selected"."""
    return f"{items_text(count)}, {number(chosen)} selected" if chosen else items_text(count)


def sort_text(query: ItemQuery) -> str:
    return SORTS[query.sort, query.is_descending]


def type_titles(types: Collection[str]) -> list[str]:
    """Return groups of types by their names, and what belongs to none as it is."""
    left = set(types)
    titles = []
    for title, members in TYPE_GROUPS.items():
        if left.intersection(members):
            titles.append(title)
            left.difference_update(members)
    return titles + sorted(left)


def title(query: ItemQuery, collections: Mapping[str, str]) -> str:
    """Return what the page is called.

    Args:
        collections: names by id.
    """
    if query.collection_id is not None:
        return collections.get(query.collection_id) or "Collection"
    if query.parent_id is not None:
        return "Made from this"
    if query.group_id is not None:
        return "One generation"
    if query.section is Section.ALL and len(query.tags) == 1 and not query.text.strip():
        return query.tags[0]
    return SECTION_TITLES[query.section]


def filter_text(query: ItemQuery) -> str:
    """Return what narrows a query, in words: “rocket”, tag forest, not tag draft."""
    parts = []
    if query.text.strip():
        parts.append(f"“{query.text.strip()}”")
    parts += [KIND_TITLES.get(kind, kind).lower() for kind in query.kinds]
    parts += [name.lower() for name in type_titles(query.types)]
    parts += [STATUS_TITLES.get(status, status).lower() for status in query.statuses]
    parts += [f"from {SOURCE_TITLES[source.value]}" for source in query.sources]
    parts += [f"shot {shot_title(shot).lower()}" for shot in query.shots]
    parts += ["one generation"] if query.group_id else []
    parts += [f"tag {tag}" for tag in query.tags]
    parts += [f"not tag {tag}" for tag in query.without_tags]
    return ", ".join(parts)


def filter_count(query: ItemQuery) -> int:
    """Return how many filters of the popover are set."""
    return (
        len(query.kinds)
        + len(type_titles(query.types))
        + len(query.statuses)
        + len(query.sources)
        + len(query.shots)
        + len(query.tags)
        + len(query.without_tags)
    )


_EMPTY: dict[Section, StateWords] = {
    Section.ALL: StateWords(
        "image-plus",
        "No pictures yet",
        "Drop pictures or folders here. The originals stay where they are.",
        "Choose files…",
        StateAction.IMPORT,
    ),
    Section.FAVOURITES: StateWords(
        "heart",
        "No favourites yet",
        "Mark what you want to find again with the heart in the inspector.",
        "Show all items",
        StateAction.SHOW_ALL,
    ),
    Section.CONTROL_MAPS: StateWords(
        "scan-line",
        "No control maps yet",
        "Choose a picture and detect its edges, depth or lines. The map appears beside it.",
        "Detect…",
        StateAction.DETECT,
    ),
    Section.CANVASES: StateWords(
        "layers",
        "No canvases yet",
        "Draw on an empty one, or put pictures from the library on it.",
        "New canvas…",
        StateAction.NEW_CANVAS,
    ),
    Section.GENERATIONS: StateWords(
        "sparkles",
        "No generations yet",
        "What was made from a prompt appears here.",
        "Show all items",
        StateAction.SHOW_ALL,
    ),
    Section.TRASH: StateWords("trash-2", "The trash is empty", "Deleted items can be restored."),
}


def empty_words(query: ItemQuery, collection: str = "") -> StateWords:
    """Return what an empty page says: that nothing matches, or what would be here."""
    narrowed = filter_text(query)
    if narrowed:
        return StateWords(
            "search",
            "Nothing matches",
            f"The filter is {narrowed}.",
            "Clear filter",
            StateAction.CLEAR_FILTER,
        )
    if query.collection_id is not None:
        return StateWords(
            "folder-open",
            f"Nothing in {collection or 'this collection'} yet",
            "Drop files here, or drag items onto its name in the sidebar.",
            "Choose files…",
            StateAction.IMPORT,
        )
    if query.parent_id is not None:
        return StateWords("scan-line", "Nothing was made from this yet", "")
    return _EMPTY[query.section]


def failed_words(message: str, hint: str) -> StateWords:
    """Return what stands there when the library cannot be read."""
    return StateWords("triangle-alert", message, hint, "Try again", StateAction.RETRY)


def refused_words(message: str, hint: str, action: str) -> StateWords:
    """Return what stands there while the server takes no key of ours."""
    return StateWords("key-round", message, hint, action, StateAction.KEYS)


def fetching_words(done: int) -> StateWords:
    """Return what stands there while the first items are on their way."""
    text = f"{items_text(done)} so far." if done else "The first items appear in a moment."
    return StateWords("cloud", "Fetching your library", text)


OFFLINE_WORDS = StateWords(
    "cloud-off",
    "You are offline",
    "Nothing of this workspace is on this computer yet. Once there is a connection it is fetched.",
    "Try again",
    StateAction.RETRY,
)


def drop_text(count: int, target: str) -> str:
    """Return what stands over the grid while files are dragged in."""
    files = "1 file or folder" if count == 1 else f"{number(count)} files and folders"
    return f"Drop to add {files} to {target}"
