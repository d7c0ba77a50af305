"""Keeps the catalogue like the second service, which lists generations by age, not by change.

A pass reads from the newest on until a page brings nothing new, and then what was still in work. A
change of something old (a refine, a favourite, a deletion made elsewhere) is found by the tidying:
it walks the whole list in rounds, some pages at a time. Nothing is taken out because it was not
seen: what is missing from pages that came whole is asked for by its id first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from scenario_desktop.api.models.sartiq.answers import (
    GenerationPublic,
    GenerationsPublic,
    PredictionsPublic,
)
from scenario_desktop.api.sartiq.paging import skip_pages
from scenario_desktop.errors import AppError, Offline, TimedOut, Unauthorised
from scenario_desktop.items import ItemQuery, Section, Source
from scenario_desktop.services.library import Library
from scenario_desktop.services.sartiq.library import SartiqLibrary
from scenario_desktop.services.sartiq.marks import ALL, REACHED, TIDIED
from scenario_desktop.services.sync_loop import SyncLoop, SyncTimes, Telling
from scenario_desktop.store.catalogue import Catalogue

log = logging.getLogger(__name__)

PAGE_SIZE: Final = 100
#: A pass looks at so many first; a full page takes 35 ms to read.
FIRST_SIZE: Final = 10
#: Generations in work that are read anew in one pass.
MOST_OPEN: Final = 200
#: Pages that one tidying walks; short ones, for it comes while people work.
TIDY_PAGES: Final = 8
TIDY_SIZE: Final = 25
#: Generations that one tidying asks after because the list did not show them.
MOST_DOUBTED: Final = 100


class ListClient(Protocol):
    """The part of the API client that is used here."""

    @property
    def organization_id(self) -> str | None: ...
    async def list_generations(self, *, skip: int = ..., limit: int = ...) -> GenerationsPublic: ...
    async def list_predictions(
        self, *, favourite: bool | None = ..., skip: int = ..., limit: int = ...
    ) -> PredictionsPublic: ...


@dataclass(slots=True)
class _Slice:
    """A stretch of the list, newest first, read without a gap.

    Attributes:
        size: records, those included that could not be read.
        is_end: the list's end was reached.
    """

    seen: set[str] = field(default_factory=set)
    newest: datetime | None = None
    oldest: datetime | None = None
    size: int = 0
    is_end: bool = False

    def add(self, generations: Iterable[GenerationPublic]) -> None:
        for generation in generations:
            self.seen.add(generation.id)
            at = generation.created_at
            if at is not None:
                self.newest = at if self.newest is None else max(at, self.newest)
                self.oldest = at if self.oldest is None else min(at, self.oldest)


class SartiqSync(SyncLoop):
    """The one reader of the second service's list of generations."""

    source = Source.SARTIQ

    def __init__(
        self,
        client: ListClient,
        catalogue: Catalogue,
        library: Library,
        items: SartiqLibrary,
        *,
        times: SyncTimes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(library, catalogue, times=times, clock=clock)
        self._client, self._items = client, items

    # one pass

    async def _pass(self, telling: Telling) -> None:
        seen = await self._walk(telling)
        await self._reread([i for i in await self._open() if i not in seen], telling)

    async def _walk(self, telling: Telling) -> set[str]:
        """Read from the newest on to what is known, or to the end if that was never seen."""
        reached = await self._catalogue.get_meta(REACHED)
        seen: set[str] = set()
        skip = 0
        # Most passes find nothing: a short look first.
        first = FIRST_SIZE if reached == ALL else PAGE_SIZE
        async with aclosing(self._pages(0, first)) as pages:
            async for page, asked_at in pages:
                seen.update(generation.id for generation in page.data)
                skip += len(page.data) + page.skipped
                is_news = await self._keep(page.data, asked_at, telling)
                if reached != ALL:
                    await self._catalogue.set_meta(REACHED, str(max(skip, _number(reached))))
                if not is_news and page.data:
                    break
            else:
                await self._catalogue.set_meta(REACHED, ALL)
                return seen
        if reached != ALL:
            # An earlier walk was cut short: go on where it was, a page before for what has moved.
            await self._go_on(max(skip, _number(reached) - PAGE_SIZE), seen, telling)
        return seen

    async def _go_on(self, skip: int, seen: set[str], telling: Telling) -> None:
        async with aclosing(self._pages(skip)) as pages:
            async for page, asked_at in pages:
                seen.update(generation.id for generation in page.data)
                skip += len(page.data) + page.skipped
                await self._keep(page.data, asked_at, telling)
                await self._catalogue.set_meta(REACHED, str(skip))
        await self._catalogue.set_meta(REACHED, ALL)

    async def _pages(
        self, skip: int, first: int | None = None, *, size: int | None = None
    ) -> AsyncGenerator[tuple[GenerationsPublic, float], None]:
        """Yield pages with the time when each was asked for.

        Args:
            first: the length of the first one, where that is another.
            size: the length of all others; PAGE_SIZE if None.
        """
        asked_at = self._clock()
        begin = skip

        async def fetch(after: int) -> GenerationsPublic:
            nonlocal asked_at
            asked_at = self._clock()
            limit = first if first is not None and after == begin else size or PAGE_SIZE
            return await self._client.list_generations(skip=after, limit=limit)

        async for page in skip_pages(fetch, skip=skip):
            yield page, asked_at

    async def _keep(
        self, generations: Sequence[GenerationPublic], asked_at: float, telling: Telling
    ) -> bool:
        """Put what is news into the catalogue, in one transaction, and say whether any was."""
        news = await self._items.news(generations)
        if news:
            result = await self._items.put(news, asked_at=asked_at, is_quiet=True)
            telling.add(result.inserted, result.updated, result.removed)
        count = sum(1 + len(p.refines) for g in generations for p in g.predictions)
        self._set(replace(self._status, done=self._status.done + count))
        return bool(news)

    async def _open(self) -> list[str]:
        return await self._catalogue.open_generations(MOST_OPEN)

    async def _reread(self, ids: Sequence[str], telling: Telling) -> None:
        """Read generations by their ids and take out those that are gone."""
        if not ids:
            return
        asked_at = self._clock()
        brought = await self._items.read_generations(ids)
        await self._keep(brought.generations, asked_at, telling)
        await self._items.drop(brought.gone)

    # the rounds

    async def _tidy(self) -> None:
        """Walk some more pages of the list; take out what is gone from among them."""
        skip = _number(await self._catalogue.get_meta(TIDIED))
        telling = Telling(self._library, self._times.tell_s, self._clock)
        walked = _Slice()
        try:
            await self._walk_slice(skip, walked, telling)
            await self._judge(skip, walked, telling)
            await self._compare_favourites(telling)
        finally:
            telling.flush()
        # The next round overlaps by a page: the list moves while it is walked.
        following = 0 if walked.is_end else max(0, skip + walked.size - TIDY_SIZE)
        await self._catalogue.set_meta(TIDIED, str(following))

    async def _compare_favourites(self, telling: Telling) -> None:
        """Take over marks that were set or cleared elsewhere, on generations of any age."""
        try:
            changed = await self._changed_favourites()
        except (Offline, TimedOut, Unauthorised):
            raise
        except AppError as error:  # the rounds come by all of them, only later
            log.info("favourites could not be compared: %s", error.message)
            return
        await self._reread(changed[:MOST_DOUBTED], telling)

    async def _changed_favourites(self) -> list[str]:
        """Return generations in which marks are other ones here than there."""
        marked: dict[str, str] = {}

        async def fetch(after: int) -> PredictionsPublic:
            return await self._client.list_predictions(favourite=True, skip=after, limit=PAGE_SIZE)

        pages, is_whole = 0, True
        async with aclosing(skip_pages(fetch)) as found:
            async for page in found:
                marked.update({p.id: p.generation_id for p in page.data if p.favourite})
                pages += 1
                is_whole = is_whole and not page.skipped
                if pages >= TIDY_PAGES:
                    is_whole = False
                    break
        ours = await self._known_favourites()
        changed = [marked[one] for one in marked.keys() - ours.keys()]
        # The list is of the user's own: of an organisation it says nothing about the others'.
        if is_whole and self._client.organization_id is None:
            changed += [ours[one] for one in ours.keys() - marked.keys()]
        return sorted({group for group in changed if group})

    async def _known_favourites(self) -> dict[str, str]:
        query = ItemQuery(section=Section.FAVOURITES, sources=(Source.SARTIQ,))
        items = await self._catalogue.items(await self._catalogue.ordered_keys(query))
        return {item.id: item.group_id or "" for item in items.values() if item.is_prediction}

    async def _walk_slice(self, skip: int, walked: _Slice, telling: Telling) -> None:
        count = 0
        async with aclosing(self._pages(skip, size=TIDY_SIZE)) as pages:
            async for page, asked_at in pages:
                await self._keep(page.data, asked_at, telling)
                walked.add(page.data)
                walked.size += len(page.data) + page.skipped
                count += 1
                if count >= TIDY_PAGES:
                    return
        walked.is_end = True

    async def _judge(self, skip: int, walked: _Slice, telling: Telling) -> None:
        """Ask after what should have been in a stretch of the list and was not."""
        newest = None if skip == 0 else walked.newest
        oldest = None if walked.is_end else walked.oldest
        if (newest is None and skip != 0) or (oldest is None and not walked.is_end):
            return  # no times, no stretch
        known = await self._catalogue.generations_between(oldest, newest)
        doubted = [i for i in known if i not in walked.seen][:MOST_DOUBTED]
        await self._reread(doubted, telling)


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0
