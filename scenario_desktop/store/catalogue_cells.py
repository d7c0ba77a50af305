"""How a row of the catalogue becomes an item for a gallery cell.

Light on purpose: the first paint of the window reads cells before pydantic is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scenario_desktop.items import Item, Section, Source

#: The catalogue's places: what is shown, what was deleted, what is kept out of sight, and what
#: lies below another item as a version of it.
LIBRARY: Final = 0
TRASH: Final = 1
HIDDEN: Final = 2
STACKED: Final = 3

COLUMNS: Final = (
    "key", "id", "source", "kind", "type", "status", "mime", "modality", "place",
    "is_favourite", "created", "updated", "deleted", "width", "height", "size", "lock_expires",
    "name", "parent_id", "thumbnail_url", "tags", "group_id", "shot", "duration", "versions",
    "scale", "data",
)  # fmt: skip
_CELL: Final = ", ".join(COLUMNS[:-1])
#: Without the document, which cells do not show.
SELECT_CELL: Final = f"SELECT {_CELL} FROM items "  # noqa: S608 - fixed names
TAG_SEPARATOR: Final = "\x1f"

Row = tuple[Any, ...]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def item_of(row: Row, words: Mapping[int | None, str]) -> Item:
    """Return the item of a row read by ``SELECT_CELL``.

    Args:
        words: the open words of the service by the numbers that stand for them in rows.
    """
    (
        key, asset_id, source, kind, made, status, mime, modality, _, is_favourite, created,
        updated, deleted, width, height, size, lock, name, parent, thumbnail, tags, group, shot,
        duration, versions, scale,
    ) = row  # fmt: skip
    return Item(
        key, asset_id, Source(words[source]), words[kind], words[made], words[status], name,
        words[mime], time_of(created), time_of(updated), width, height, size, parent, thumbnail,
        words[modality] if modality is not None else "", bool(is_favourite),
        time_of(lock) if lock is not None else None,
        time_of(deleted) if deleted is not None else None,
        split_tags(tags), group, words[shot] if shot is not None else "", duration, versions or 0,
        scale,
    )  # fmt: skip


def time_of(microseconds: int) -> datetime:
    """Return the time of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def split_tags(tags: str | None) -> tuple[str, ...]:
    return tuple(tags.split(TAG_SEPARATOR)) if tags else ()


def section_of_type(made: str) -> Section | None:
    """Return the section that holds a type of asset; None for uploads, which have none."""
    if made == "detection":
        return Section.CONTROL_MAPS
    if made == "canvas":
        return Section.CANVASES
    if not made or made.startswith(("uploaded", "canvas-", "unknown")):
        return None
    return Section.GENERATIONS
