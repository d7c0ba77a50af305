"""The list of everything that was done: read page by page, and never held as a whole."""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from psygnal import Signal

from scenario_desktop.api.models.usage import (
    ACTIVITY_PAGE,
    COUNTED_AS,
    Activity,
    ActivityPage,
    Entities,
)
from scenario_desktop.errors import AppError
from scenario_desktop.services.words import one_line

#: Pages that are held, of a hundred actions each.
HELD: Final = 60
#: Who uses our keys, where the service knows no name for them.
YOU: Final = "You"

ReadPage = Callable[[int], Awaitable[ActivityPage]]


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One action with the names that its ids stand for.

    Attributes:
        user, model, asset_name: names where the service told them, else the ids.
        note: such as the key of an API, or how its job ended.
    """

    activity: Activity
    user: str
    model: str
    asset_name: str
    note: str

    @property
    def words(self) -> str:
        """What a search looks through, in small letters."""
        parts = (self.user, self.model, self.asset_name, self.activity.action, self.note)
        return " ".join(part for part in parts if part).casefold()


def counted_as(action: str) -> str:
    """Return the name under which charts count an action."""
    return COUNTED_AS.get(action, action)


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """What of the list is wanted; empty means all.

    Attributes:
        text: words that must all occur, as parts of words.
        actions: any of these, by their own words or by the names that charts count them under.
        models, users: any of these, by their ids.
        has_cost: only what cost something.
        no_actions, no_models, no_users: none of these, however chosen above; "" is no model.
        titles: what actions are called where they are shown; the text is looked for in them, too.
    """

    text: str = ""
    actions: frozenset[str] = frozenset()
    has_cost: bool = False
    models: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    no_actions: frozenset[str] = frozenset()
    no_models: frozenset[str] = frozenset()
    no_users: frozenset[str] = frozenset()
    titles: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_empty(self) -> bool:
        chosen = self.actions or self.models or self.users
        chosen = chosen or self.no_actions or self.no_models or self.no_users
        return not (self.text.strip() or chosen or self.has_cost)

    def takes(self, row: ActivityRow) -> bool:
        activity = row.activity
        names = {activity.action, counted_as(activity.action)}
        model = activity.data.model_id or ""
        if self.actions and names.isdisjoint(self.actions):
            return False
        if self.models and model not in self.models:
            return False
        if model in self.no_models or activity.user_id in self.no_users or names & self.no_actions:
            return False
        if self.users and activity.user_id not in self.users:
            return False
        if self.has_cost and not row.activity.creative_units_cost:
            return False
        words = f"{row.words} {action_text(activity.action, self.titles).casefold()}"
        return all(word in words for word in self.text.casefold().split())


@dataclass(slots=True)
class _Known:
    """How far the list is known.

    Attributes:
        count: places from the beginning that are known to be there.
        is_all: nothing follows them.
    """

    count: int = 0
    is_all: bool = False


class ActivityBook:
    """The actions of a range, newest first; rows are numbered from 0.

    Pages are read when rows of them are asked for, one at a time and the one asked for last first.
    With a filter, rows are the actions that it takes: pages are then read one after the other, and
    of each action that does not fit nothing is kept, of each that fits its place.

    Attributes:
        problems: what could not be read.
        actions: the words of all actions that were read, whether the filter takes them or not.

    Signals:
        grown: the number of rows that are known now.
        loaded: (first, count) of rows that can be shown now.
        failed: an AppError; reading goes on with the next wish.
    """

    grown = Signal(int)
    loaded = Signal(int, int)
    failed = Signal(object)

    def __init__(self, read: ReadPage, wanted: ActivityFilter | None = None) -> None:
        """
        Args:
            read: reads the page that begins at a place of the whole list.
        """
        self._read = read
        self.filter = wanted or ActivityFilter()
        self._known = _Known()
        self._pages: OrderedDict[int, tuple[ActivityRow, ...]] = OrderedDict()
        self._places = array("q")
        self._wanted: list[int] = []
        self._task: asyncio.Task[None] | None = None
        self.problems: tuple[str, ...] = ()
        self.actions: set[str] = set()

    @property
    def count(self) -> int:
        """Rows that are known to be there; more may follow until ``is_all``."""
        return self._known.count if self.filter.is_empty else len(self._places)

    @property
    def is_all(self) -> bool:
        return self._known.is_all

    @property
    def is_reading(self) -> bool:
        return self._task is not None

    def row(self, number: int) -> ActivityRow | None:
        """Return a row if it is held; otherwise None, and its page is wished for.

        None also stands for an action that could not be read; see ``problems``.
        """
        if not 0 <= number < self.count:
            return None
        place = number if self.filter.is_empty else self._places[number]
        start = place - place % ACTIVITY_PAGE
        page = self._pages.get(start)
        if page is None:
            self._wish(start)
            return None
        self._pages.move_to_end(start)
        return page[place - start] if place - start < len(page) else None

    def more(self) -> None:
        """Read on behind what is known; nothing when all is."""
        if not self._known.is_all:
            self._wish(self._known.count)

    async def settled(self) -> None:
        """Wait until nothing is being read."""
        while self._task is not None:
            await asyncio.wait({self._task})

    def stop(self) -> None:
        """Stop reading, without waiting until it has."""
        if self._task is not None:
            self._task.cancel()

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _wish(self, start: int) -> None:
        if start in self._wanted:
            self._wanted.remove(start)
        self._wanted.append(start)
        del self._wanted[:-8]  # whoever scrolls past does not want what was passed
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="activity")
            self._task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    async def _work(self) -> None:
        while self._wanted:
            start = self._wanted.pop()
            if start in self._pages:
                continue
            try:
                page = await self._read(start)
            except AppError as error:
                self._wanted.clear()
                self.failed.emit(error)
                return
            self._take(start, page)

    def _take(self, start: int, page: ActivityPage) -> None:
        rows = rows_of(page)
        self._pages[start] = rows
        while len(self._pages) > HELD:
            self._pages.popitem(last=False)
        self.actions.update(activity.action for activity in page.actions)
        if page.problems:
            self.problems = tuple(dict.fromkeys((*self.problems, *page.problems)))[:20]
        if start == self._known.count:
            self._known.count += page.count
            self._known.is_all = page.count < ACTIVITY_PAGE
            if not self.filter.is_empty:
                first = len(self._places)
                self._places.extend(
                    start + number for number, row in enumerate(rows) if self.filter.takes(row)
                )
                self.grown.emit(len(self._places))
                self.loaded.emit(first, len(self._places) - first)
                if not self._known.is_all and len(self._places) - first < _ENOUGH:
                    self._wish(self._known.count)
                return
            self.grown.emit(self._known.count)
        self._tell(start, len(rows))

    def _tell(self, start: int, count: int) -> None:
        if self.filter.is_empty:
            self.loaded.emit(start, count)
            return
        first, last = _between(self._places, start, start + count)
        if last > first:
            self.loaded.emit(first, last - first)


#: A filter reads on by itself until a page brought so many rows.
_ENOUGH: Final = 20


def _between(places: array[int], start: int, end: int) -> tuple[int, int]:
    return bisect_left(places, start), bisect_left(places, end)


def rows_of(page: ActivityPage) -> tuple[ActivityRow, ...]:
    """Return a page's actions with the names of its entities."""
    names = Names(page.entities)
    return tuple(names.row(activity) for activity in page.actions)


class Names:
    """What ids stand for, as far as entities tell; an id that names nothing is shown as it is."""

    def __init__(self, entities: Entities) -> None:
        self.users = {u.id: u.full_name or u.email or u.id for u in entities.users}
        self.models = {m.id: m.name or m.id for m in entities.models}
        self._assets = {a.id: str(a.metadata.get("name") or "") for a in entities.assets}
        self._jobs = {j.id: j for j in entities.jobs}

    def row(self, activity: Activity) -> ActivityRow:
        data = activity.data
        job = self._jobs.get(data.job_id or "")
        notes: list[str] = []
        if job is not None and job.status in ("failure", "canceled"):
            notes.append("Failed" if job.status == "failure" else "Cancelled")
            if activity.creative_units_cost == 0:
                notes.append("refunded")
        if data.byok_provider is not None:
            notes.append(data.byok_provider.display_name or data.byok_provider.id)
        return ActivityRow(
            activity,
            user=one_line(self.users.get(activity.user_id, activity.user_id), 80),
            model=one_line(self.models.get(data.model_id or "", data.model_id or ""), 80),
            asset_name=one_line(self._assets.get(data.asset_id or "") or data.asset_id or "", 120),
            note=", ".join(notes),
        )


def with_you(entities: Entities, own_keys: Collection[str]) -> Entities:
    """Return entities that call the owner of our keys "You", whom the service gives no name."""
    if not any(user.api_key_id in own_keys and not user.full_name for user in entities.users):
        return entities
    users = tuple(
        user.model_copy(update={"full_name": YOU})
        if user.api_key_id in own_keys and not user.full_name else user
        for user in entities.users
    )  # fmt: skip
    return entities.model_copy(update={"users": users})


def action_text(word: str, titles: Mapping[str, str]) -> str:
    """Return an action in words; one that is new to us is shown as the service spells it."""
    known = titles.get(word)
    if known is not None:
        return known
    text = one_line(word.replace("-", " ").replace("_", " "), 60).strip()
    return text[:1].upper() + text[1:] if text else "Unnamed"
