"""Keeps the catalogue like the server: newest changes first, page by page, up to a known mark.

The mark is the time of the newest change at the start of the last complete pass. The first pass
walks the whole library and may be killed at any page: how far it came is kept, and it goes on
there. Pages overlap by design and rows are keyed by id, so nothing is doubled or skipped.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scenario_desktop.api.models.assets import AssetPage
from scenario_desktop.errors import BadAnswer, Forbidden, Refused
from scenario_desktop.items import Source
from scenario_desktop.services.library import ChangeKind, Library
from scenario_desktop.services.sync_loop import (
    SyncLoop,
    SyncState,
    SyncStatus,
    SyncTimes,
    Telling,
)
from scenario_desktop.store.catalogue import Catalogue

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.client import ScenarioClient

__all__ = ["Sync", "SyncState", "SyncStatus", "SyncTimes", "forget"]

PAGE_SIZE = 100
#: The library of one workspace that is walked at most: two million items.
MAX_PAGES = 20_000
#: Pages in a row that may bring nothing that the pages just before did not.
MAX_BARREN_PAGES = 20
#: Items of recent pages remembered to notice that; ten pages.
RECENT_PAGES = 10
#: Ids asked for per look at whether items still exist.
SWEEP = 200

#: The service's bounds are exclusive and its clock may be coarse: ask for a little more.
OVERLAP = timedelta(seconds=2)

_MARK = "sync.mark"
_PROGRESS = "sync.progress"
_DELETED_MARK = "sync.deleted_mark"
_SWEPT = "sync.swept_key"


@dataclass(frozen=True, slots=True)
class _Progress:
    """How far an unfinished walk through the whole library came.

    Attributes:
        newest: the newest change seen at its start: the mark, once it is complete.
        oldest: the oldest change reached.
    """

    newest: datetime
    oldest: datetime
    done: int


async def forget(catalogue: Catalogue) -> None:
    """Take all that was synced out of a catalogue, for a workspace that has left the service."""
    if await catalogue.get_meta(_MARK) or await catalogue.get_meta(_PROGRESS):
        await catalogue.purge_source(Source.SCENARIO)
        for name in (_MARK, _PROGRESS, _DELETED_MARK, _SWEPT):
            await catalogue.set_meta(name, None)


class Sync(SyncLoop):
    """The one reader of a workspace's asset list."""

    source = Source.SCENARIO

    def __init__(
        self,
        client: ScenarioClient,
        catalogue: Catalogue,
        library: Library,
        *,
        times: SyncTimes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(library, catalogue, times=times, clock=clock)
        self._client = client
        self._lists_deleted = True

    async def _tidy(self) -> None:
        """Read collections, and take out what was deleted elsewhere."""
        await self._library.refresh_collections()
        await self._read_deleted()
        await self._sweep()

    # one pass

    async def _pass(self, telling: Telling) -> None:
        mark = _to_time(await self._catalogue.get_meta(_MARK))
        progress = None if mark else _to_progress(await self._catalogue.get_meta(_PROGRESS))
        newest = await self._walk(mark, progress, telling)
        if newest is not None and newest != mark:
            await self._catalogue.set_meta(_MARK, newest.isoformat())
            if progress is not None or mark is None:
                await self._catalogue.set_meta(_PROGRESS, "")

    async def _walk(
        self, mark: datetime | None, progress: _Progress | None, telling: Telling
    ) -> datetime | None:
        """Walk the list to the mark or its end and return the newest change there."""
        newest = progress.newest if progress else mark
        oldest = progress.oldest if progress else None
        done = progress.done if progress else 0
        after = mark - OVERLAP if mark else None
        before = oldest + OVERLAP if oldest else None
        guard = _PageGuard()
        token: str | None = None
        while True:
            asked_at = self._clock()
            page = await self._client.list_assets(
                page_size=PAGE_SIZE, token=token, updated_after=after, updated_before=before
            )
            if page.assets:
                done += len(page.assets)
                times = [a.updated_at for a in page.assets if a.updated_at is not None]
                if times:
                    newest = max(times) if newest is None else max(newest, *times)
                    oldest = min(times) if oldest is None else min(oldest, *times)
                notes = {}
                if mark is None and newest is not None and oldest is not None:
                    notes[_PROGRESS] = _from_progress(_Progress(newest, oldest, done))
                result = await self._library.merge(
                    page.assets, asked_at=asked_at, is_quiet=True, notes=notes
                )
                telling.add(result.inserted, result.updated)
                self._set(replace(self._status, done=done))
            guard.check(page)
            token = page.next_pagination_token
            if not token or (after is not None and oldest is not None and oldest < after):
                return newest

    # what was deleted elsewhere

    async def _read_deleted(self) -> None:
        """Mark what the server lists as deleted. Some plans do not show that list."""
        if not self._lists_deleted:
            return
        mark = _to_time(await self._catalogue.get_meta(_DELETED_MARK))
        newest = mark
        guard = _PageGuard()
        token: str | None = None
        while True:
            try:
                page = await self._client.list_assets(
                    page_size=PAGE_SIZE, token=token, is_deleted=True
                )
            except (Forbidden, Refused):
                self._lists_deleted = False
                return
            times = [a.deleted_at for a in page.assets if a.deleted_at is not None]
            await self._mark_deleted(page)
            newest = max([*times, *([newest] if newest else [])], default=None)
            guard.check(page)
            token = page.next_pagination_token
            if not token or (mark is not None and times and min(times) < mark - OVERLAP):
                break
        if newest is not None and newest != mark:
            await self._catalogue.set_meta(_DELETED_MARK, newest.isoformat())

    async def _mark_deleted(self, page: AssetPage) -> None:
        """Mark those known here; those unknown come in as trash. The mirror's own record of a
        deleted item is not overwritten: it still knows the tags that the server has dropped."""
        assets = [a for a in self._library.outbox.overlay(page.assets) if a.deleted_at is not None]
        known = await self._catalogue.keys_by_ids([a.id for a in assets])
        there = await self._catalogue.items(list(known.values()))
        removed = set()
        for asset in assets:
            item = there.get(known.get(asset.id, -1))
            if item is not None and item.deleted_at is None:
                await self._catalogue.mark_deleted([asset.id], asset.deleted_at)
                removed.add(item.key)
        fresh = [a for a in assets if a.id not in known]
        result = await self._catalogue.upsert_assets(fresh) if fresh else None
        self._library.tell(ChangeKind.ITEMS_REMOVED, removed)
        if result is not None:
            self._library.tell(ChangeKind.ITEMS_ADDED, result.inserted)

    async def _sweep(self) -> None:
        """Ask after the next two hundred items whether they are still there, in rounds."""
        after = int(await self._catalogue.get_meta(_SWEPT) or 0)
        batch = await self._catalogue.ids_after(after, SWEEP)
        await self._catalogue.set_meta(_SWEPT, str(max(batch, default=0)))
        if not batch:
            return
        assets = await self._client.get_assets(list(batch.values()))
        found = {asset.id for asset in assets}
        waiting = {i for edit in self._library.outbox.edits for i in edit.asset_ids}
        gone = {k: i for k, i in batch.items() if i not in found and i not in waiting}
        # An answer without a single known item is more likely a fault than an emptied library.
        if gone and found:
            await self._catalogue.purge(list(gone.values()))
            self._library.tell(ChangeKind.ITEMS_REMOVED, gone)


class _PageGuard:
    """Ends a walk that a faulty server would keep going for ever."""

    def __init__(self) -> None:
        self._tokens: set[int] = set()
        self._recent: deque[frozenset[str]] = deque(maxlen=RECENT_PAGES)
        self._pages = 0
        self._barren = 0

    def check(self, page: AssetPage) -> None:
        """Look at a page that was just stored.

        Raises:
            BadAnswer: it points in a circle, or there is no end to be seen.
        """
        ids = frozenset(asset.id for asset in page.assets)
        is_fresh = bool(ids) and not ids <= frozenset().union(*self._recent)
        self._recent.append(ids)
        self._barren = 0 if is_fresh else self._barren + 1
        self._pages += 1
        token = page.next_pagination_token
        if token is None:
            return
        is_repeated = hash(token) in self._tokens
        self._tokens.add(hash(token))
        if is_repeated or self._barren > MAX_BARREN_PAGES or self._pages >= MAX_PAGES:
            raise BadAnswer(
                "The server repeats its list, so not everything could be loaded.",
                hint="What was loaded is kept. It will be tried again.",
                details=f"Stopped after {self._pages} pages of assets.",
            )


def _to_time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:  # a damaged note costs one full pass, nothing else
        return None


def _to_progress(text: str | None) -> _Progress | None:
    if not text:
        return None
    try:
        newest, oldest, done = json.loads(text)
        return _Progress(datetime.fromisoformat(newest), datetime.fromisoformat(oldest), int(done))
    except (ValueError, TypeError):  # as above
        return None


def _from_progress(progress: _Progress) -> str:
    return json.dumps([progress.newest.isoformat(), progress.oldest.isoformat(), progress.done])
