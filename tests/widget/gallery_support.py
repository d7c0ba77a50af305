"""A library of any size and pictures for it, for tests of the gallery and the preview."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

from PIL import Image
from psygnal import Signal

from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, ItemQuery, LibraryCounts, Section, Source, TagCount

START = datetime(2026, 1, 1, tzinfo=UTC)


def item(key: int, **changes: object) -> Item:
    """Return an item named after its key; higher keys are newer."""
    made = Item(
        key=key, id=f"asset_{key}", source=Source.SCENARIO, kind="image", type="uploaded",
        status="success", name=f"Picture {key:04}", mime_type="image/png",
        created_at=START + timedelta(minutes=key), updated_at=START + timedelta(minutes=key),
        width=800, height=600,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]  # named fields of a test


def jpeg(color: tuple[int, int, int] = (200, 60, 30), size: tuple[int, int] = (256, 192)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    return out.getvalue()


class FakeLibrary:
    """Items in memory, newest first; ``error`` is raised by the next reads."""

    changed = Signal(object)

    def __init__(self, count: int = 0) -> None:
        self.all = {key: item(key) for key in range(1, count + 1)}
        self.queries: list[ItemQuery] = []
        self.asked: list[list[int]] = []
        self.error: AppError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def keys(self, query: ItemQuery) -> array[int]:
        self.queries.append(query)
        await self.gate.wait()
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        found = [one for one in self.all.values() if _matches(one, query)]
        sort = {
            "created": lambda one: one.created_at,
            "updated": lambda one: one.updated_at,
            "name": lambda one: one.name,
        }
        found.sort(key=sort[query.sort.value], reverse=query.is_descending)
        return array("q", [one.key for one in found])

    async def groups(self) -> list[array[int]]:
        found: dict[str, list[int]] = {}
        for one in self.all.values():
            if one.group_id is not None:
                found.setdefault(one.group_id, []).append(one.key)
        return [array("q", keys) for keys in found.values() if len(keys) > 1]

    async def items(self, keys: Iterable[int]) -> dict[int, Item]:
        wanted = list(keys)
        self.asked.append(wanted)
        await asyncio.sleep(0)
        return {key: self.all[key] for key in wanted if key in self.all}

    async def item(self, asset_id: str) -> Item | None:
        await asyncio.sleep(0)
        return next((one for one in self.all.values() if one.id == asset_id), None)

    async def complete_tags(self, prefix: str, limit: int = 20) -> list[TagCount]:
        await asyncio.sleep(0)
        counts: dict[str, int] = {}
        for one in self.all.values():
            for tag in one.tags:
                counts[tag] = counts.get(tag, 0) + 1
        found = [TagCount(tag, n) for tag, n in counts.items() if tag.startswith(prefix)]
        return sorted(found, key=lambda tag: -tag.count)[:limit]

    async def counts(self) -> LibraryCounts:
        await asyncio.sleep(0)
        return LibraryCounts(sections={Section.ALL: len(self.all)})

    # what happens to it

    def add(self, *items: Item) -> None:
        self.all.update({one.key: one for one in items})
        self._tell("items_added", items)

    def change(self, *items: Item) -> None:
        self.all.update({one.key: one for one in items})
        self._tell("items_changed", items)

    def remove(self, *keys: int) -> None:
        gone = [self.all.pop(key) for key in keys]
        self._tell("items_removed", gone)

    def _tell(self, kind: str, items: Iterable[Item]) -> None:
        from scenario_desktop.services.library import ChangeKind, LibraryChange

        self.changed.emit(LibraryChange(ChangeKind(kind), frozenset(one.key for one in items)))


def _matches(one: Item, query: ItemQuery) -> bool:
    text = query.text.strip().casefold()
    return (
        (not query.kinds or one.kind in query.kinds)
        and (not query.types or one.type in query.types)
        and (not query.statuses or one.status in query.statuses)
        and set(query.tags) <= set(one.tags)
        and not set(query.without_tags) & set(one.tags)
        and (not text or any(w.startswith(text) for w in one.name.casefold().split()))
        and (query.section is not Section.FAVOURITES or one.is_favourite)
    )


class FakeThumbnails:
    """Hands out one picture per wish, a turn of the loop later; ``pictures`` by key, or a red one.

    Attributes:
        is_silent: nothing ever comes.
    """

    ready = Signal(int, bytes)
    failed = Signal(int)

    def __init__(self, pictures: dict[int, bytes] | Sequence[bytes] = ()) -> None:
        self.pictures = pictures
        self.is_silent = False
        self.wishes: list[list[int]] = []
        self._default = jpeg()

    def want(self, items: Sequence[Item]) -> None:
        self.wishes.append([one.key for one in items])
        if not self.is_silent:
            asyncio.get_running_loop().call_soon(self._deliver, list(items))

    def _deliver(self, items: list[Item]) -> None:
        for one in items:
            data = self._picture(one)
            if data:
                self.ready.emit(one.key, data)
            else:
                self.failed.emit(one.key)

    def _picture(self, one: Item) -> bytes:
        if isinstance(self.pictures, dict):
            return self.pictures.get(one.key, self._default)
        if self.pictures:
            return self.pictures[one.key % len(self.pictures)]
        return self._default
