"""How the gallery was left: what is remembered from one start to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scenario_desktop.items import ItemQuery, Section, SortField, Source
from scenario_desktop.ui.panels.gallery.area import DEFAULT_CELL

_FILTER_PARTS = ("kinds", "types", "statuses", "tags", "without_tags", "shots", "sources")


@dataclass(frozen=True, slots=True)
class GalleryPrefs:
    """Cell size in logical pixels, order, filter, and whether pictures are shown whole.

    Attributes:
        is_grouped: what one generation made stands together.
    """

    cell_px: int = DEFAULT_CELL
    sort: SortField = SortField.CREATED
    is_descending: bool = True
    is_fit: bool = False
    is_grouped: bool = False
    filter: Mapping[str, tuple[str, ...]] | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> GalleryPrefs:
        """Read what ``to_dict`` wrote; what makes no sense falls back to its default."""
        known = {field.value for field in SortField}
        sort = values.get("sort")
        cell = values.get("cell_px")
        chosen = values.get("filter")
        return cls(
            cell_px=cell if isinstance(cell, int) else DEFAULT_CELL,
            sort=SortField(sort) if isinstance(sort, str) and sort in known else SortField.CREATED,
            is_descending=values.get("is_descending") is not False,
            is_fit=values.get("fit") == "fit",
            is_grouped=values.get("grouped") is True,
            filter=_filter(chosen) if isinstance(chosen, Mapping) else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values for a settings file."""
        return {
            "cell_px": self.cell_px,
            "sort": self.sort.value,
            "is_descending": self.is_descending,
            "fit": "fit" if self.is_fit else "fill",
            "grouped": self.is_grouped,
            "filter": {name: list(words) for name, words in (self.filter or {}).items()},
        }

    def applied_to(self, query: ItemQuery) -> ItemQuery:
        """Return a query with this order and filter."""
        parts: dict[str, Any] = dict(self.filter or {})
        chosen = parts.pop("sources", ())
        parts["sources"] = tuple(source for source in Source if source.value in chosen)
        return replace(query, sort=self.sort, is_descending=self.is_descending, **parts)


@dataclass(frozen=True, slots=True)
class GalleryPlace:
    """Where the user is in a workspace: what is shown of it, and what is chosen there."""

    section: Section = Section.ALL
    collection_id: str | None = None
    chosen: tuple[int, ...] = ()
    current: int | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> GalleryPlace:
        """Read what ``to_dict`` wrote; what makes no sense is left out."""
        section, collection = values.get("section"), values.get("collection")
        chosen, current = values.get("chosen"), values.get("current")
        known = {one.value: one for one in Section}
        keys = chosen if isinstance(chosen, list) else ()
        return cls(
            section=known.get(section, Section.ALL) if isinstance(section, str) else Section.ALL,
            collection_id=collection if isinstance(collection, str) else None,
            chosen=tuple(key for key in keys if isinstance(key, int)),
            current=current if isinstance(current, int) else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values for a settings file."""
        return {
            "section": self.section.value,
            "collection": self.collection_id,
            "chosen": list(self.chosen),
            "current": self.current,
        }

    def applied_to(self, query: ItemQuery) -> ItemQuery:
        """Return a query for this part of the library."""
        return replace(query, section=self.section, collection_id=self.collection_id)


def filter_of(query: ItemQuery) -> dict[str, tuple[str, ...]]:
    """Return the filter of a query as it is remembered; empty parts are left out."""
    parts = {name: getattr(query, name) for name in _FILTER_PARTS}
    return {name: words for name, words in parts.items() if words}


def _filter(values: Mapping[Any, Any]) -> dict[str, tuple[str, ...]]:
    result = {}
    for name in _FILTER_PARTS:
        words = values.get(name)
        if isinstance(words, list | tuple) and all(isinstance(word, str) for word in words):
            result[name] = tuple(words)
    return {name: words for name, words in result.items() if words}
