"""What a gallery cell shows, and how a set of them is asked for.

An item is an asset (Scenario) or a prediction (Sartiq) behind one small type. Shared by the store,
the services and the window; knows none of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class Source(StrEnum):
    """Which half of a workspace an item comes from."""

    SCENARIO = "scenario"
    SARTIQ = "sartiq"


class Section(StrEnum):
    """The fixed parts of a library, as listed in the sidebar."""

    ALL = "all"
    FAVOURITES = "favourites"
    CONTROL_MAPS = "control_maps"
    CANVASES = "canvases"
    GENERATIONS = "generations"
    TRASH = "trash"


class SortField(StrEnum):
    """What a gallery can be ordered by."""

    CREATED = "created"
    UPDATED = "updated"
    NAME = "name"


#: What a result of a generation and a version of one are called among the types.
PREDICTION: Final = "sartiq-prediction"
REFINE: Final = "sartiq-refine"


@dataclass(frozen=True, slots=True)
class Item:
    """One cell of the gallery.

    Attributes:
        key: the catalogue's own integer for it, stable while the catalogue file lives.
        id: the service's id.
        kind: image, video, 3d, … (an open word of the service).
        type: how it came to be: uploaded, txt2img, detection, canvas, … (an open word).
        status: success, pending, error (an open word).
        width: pixels, None where unknown; height likewise.
        thumbnail_url: a public address; signed ones are never kept.
        parent_id: what it was made from; for a refine, its prediction.
        modality: for a control map, which one ("canny"); empty otherwise.
        lock_expires_at: until when a canvas is locked, by whomever.
        group_id: the generation it belongs to, with what was made in the same request.
        shot: which shot it is, as the service words it ("front_full_body"); empty if none.
        duration_s: how long a video plays, in seconds.
        versions: how many refines lie on it; they are its ``children``, not in the library itself.
        scale: how many times larger the largest of them is, None where that is not told.
    """

    key: int
    id: str
    source: Source
    kind: str
    type: str
    status: str
    name: str
    mime_type: str
    created_at: datetime
    updated_at: datetime
    width: int | None = None
    height: int | None = None
    size_bytes: int | None = None
    parent_id: str | None = None
    thumbnail_url: str | None = None
    modality: str = ""
    is_favourite: bool = False
    lock_expires_at: datetime | None = None
    deleted_at: datetime | None = None
    tags: tuple[str, ...] = ()
    group_id: str | None = None
    shot: str = ""
    duration_s: float | None = None
    versions: int = 0
    scale: float | None = None

    @property
    def is_prediction(self) -> bool:
        """Whether it is one result of a generation."""
        return self.type == PREDICTION

    @property
    def is_refine(self) -> bool:
        """Whether it is a version of a prediction."""
        return self.type == REFINE


def picture_version(type_: str, status: str, created_at: datetime, updated_at: datetime) -> str:
    """Return what a thumbnail depends on; another version is another picture.

    Tags and names change ``updated_at``, too, but only canvases and pending items are drawn anew.
    """
    is_final = type_ != "canvas" and status in ("success", "")
    return (created_at if is_final else updated_at).isoformat()


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """A filter and an order. Empty tuples and None mean "any"; parts are joined by "and".

    Attributes:
        tags: every one of them must be there.
        without_tags: none of them may be there.
        text: words searched as prefixes in name, tags, description and prompt.
        parent_id: only what was made from this item, refines too.
        sources: of these services.
        group_id: only what one generation made.
        shots: of these shots, word by word.
    """

    section: Section = Section.ALL
    kinds: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    collection_id: str | None = None
    parent_id: str | None = None
    text: str = ""
    sources: tuple[Source, ...] = ()
    group_id: str | None = None
    shots: tuple[str, ...] = ()
    sort: SortField = SortField.CREATED
    is_descending: bool = True

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows it beyond its section."""
        return bool(
            self.kinds or self.types or self.statuses or self.tags or self.without_tags
            or self.collection_id or self.parent_id or self.text.strip()
            or self.sources or self.group_id or self.shots
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag and how many items carry it."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class CollectionCount:
    """A collection and how many items it holds here."""

    id: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class LibraryCounts:
    """All figures the sidebar shows, read in one go."""

    sections: dict[Section, int] = field(default_factory=dict)
    tags: tuple[TagCount, ...] = ()
    collections: tuple[CollectionCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """Raw pixels that came out of a worker process.

    Attributes:
        width: pixels; height likewise.
        data: height x width x 4, uint8, RGBA, rows without padding. A view is good only as long as
            whoever gave it says.
    """

    width: int
    height: int
    data: bytes | memoryview
