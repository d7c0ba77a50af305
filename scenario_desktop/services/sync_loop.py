"""The loop of what keeps the catalogue like a server: passes, pauses, and how it stands.

One class per service says what a pass reads; when it runs, how long it waits after a failure and
what it tells of itself is the same for all.
"""

from __future__ import annotations

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from psygnal import Signal

from scenario_desktop.errors import AppError, Offline, TimedOut, TooMany, Unauthorised
from scenario_desktop.items import Source
from scenario_desktop.services.library import ChangeKind, Library
from scenario_desktop.store.catalogue import Catalogue


class SyncState(StrEnum):
    """What the sync is doing, or why it is not."""

    IDLE = "idle"
    SYNCING = "syncing"
    OFFLINE = "offline"
    UNAUTHORISED = "unauthorised"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """How the catalogue stands to the server.

    Attributes:
        done: items read in the pass under way or the last one.
        at: when the last complete pass ended.
        error: why it does not go on, for OFFLINE, UNAUTHORISED and FAILED.
        retry_in_s: seconds until it tries again by itself, None when it does not.
        refused_by: the services that take our login or keys no more, for UNAUTHORISED.
    """

    state: SyncState = SyncState.IDLE
    done: int = 0
    at: datetime | None = None
    error: AppError | None = None
    retry_in_s: float | None = None
    refused_by: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncTimes:
    """Pauses in seconds.

    Attributes:
        idle_s: between two passes when all is well.
        tidy_s: between two looks for deleted items and collections.
        first_wait_s: after the first failure; doubled each time up to ``longest_wait_s``.
        tell_s: between two announcements of changes during a long pass.
    """

    idle_s: float = 20.0
    tidy_s: float = 300.0
    first_wait_s: float = 2.0
    longest_wait_s: float = 120.0
    tell_s: float = 0.5


class SyncLoop(ABC):
    """The one reader of what a service lists.

    Signals:
        status_changed: the new SyncStatus.

    Attributes:
        source: the service it reads.
    """

    source: Source
    status_changed = Signal(object)

    def __init__(
        self,
        library: Library,
        catalogue: Catalogue,
        *,
        times: SyncTimes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._library, self._catalogue = library, catalogue
        self._times = times or SyncTimes()
        self._clock = clock
        self._status = SyncStatus()
        self._is_requested = asyncio.Event()
        self._running = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._tidied_at: float | None = None

    @property
    def status(self) -> SyncStatus:
        return self._status

    def start(self) -> None:
        """Begin to keep up with the server until ``aclose``."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_up(), name="sync")

    def request(self) -> None:
        """Look at once: the user asked, an edit arrived, or the network is back."""
        self._is_requested.set()

    async def aclose(self) -> None:
        """Stop. An unfinished pass goes on next time where it was."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def run_once(self) -> None:
        """Read everything that changed since the last complete pass.

        Raises:
            AppError: the pass ended early; what was read is kept and the mark has not moved.
        """
        async with self._running:
            self._set(replace(self._status, state=SyncState.SYNCING, done=0, retry_in_s=None))
            try:
                await self._read()
            except AppError as error:
                self._set(self._failed(error))
                raise
            except asyncio.CancelledError:
                self._set(replace(self._status, state=SyncState.IDLE))
                raise
            now = datetime.now(UTC)
            status = replace(self._status, state=SyncState.IDLE, at=now, error=None)
            self._set(replace(status, refused_by=()))

    async def tidy(self) -> None:
        """Take out what was deleted elsewhere, and read what passes do not.

        Raises:
            AppError: the server could not be asked; nothing was taken out without its word.
        """
        await self._tidy()
        self._tidied_at = self._clock()

    async def _read(self) -> None:
        telling = Telling(self._library, self._times.tell_s, self._clock)
        try:
            await self._pass(telling)
        finally:
            telling.flush()

    @abstractmethod
    async def _pass(self, telling: Telling) -> None:
        """Read what has changed; ``telling`` hears of what came in."""

    @abstractmethod
    async def _tidy(self) -> None:
        """Do what ``tidy`` says."""

    # the loop

    async def _keep_up(self) -> None:
        failures = 0
        while True:
            self._is_requested.clear()
            try:
                await self._round()
            except AppError as error:
                failures += 1
                wait_s = self._wait_after(error, failures)
                self._set(replace(self._failed(error), retry_in_s=wait_s))
            else:
                failures = 0
                wait_s = self._times.idle_s
            try:
                async with asyncio.timeout(wait_s):
                    await self._is_requested.wait()
            except TimeoutError:
                pass

    async def _round(self) -> None:
        # Our edits go first, so that the server's answer already has them. What it refuses is
        # shown by the outbox and does not hold up reading.
        if self._library.outbox.is_due(self.source):
            try:
                await self._library.outbox.replay(self.source)
            except (Offline, TimedOut, Unauthorised):
                raise
            except AppError:  # the outbox keeps and shows it
                pass
        await self.run_once()
        if self._tidied_at is None or self._clock() - self._tidied_at >= self._times.tidy_s:
            await self.tidy()

    def _wait_after(self, error: AppError, failures: int) -> float | None:
        """Return the seconds until the next try; None when only the user can help."""
        if isinstance(error, Unauthorised):
            return None
        wait_s = min(
            self._times.first_wait_s * 2.0 ** min(failures - 1, 20), self._times.longest_wait_s
        )
        if isinstance(error, TooMany) and error.retry_after_s is not None:
            wait_s = max(wait_s, error.retry_after_s)
        return wait_s * random.uniform(0.8, 1.2)  # noqa: S311 - spreads clients, guards nothing

    def _failed(self, error: AppError) -> SyncStatus:
        state = state_for(error)
        refused_by = (self.source,) if state is SyncState.UNAUTHORISED else ()
        return replace(self._status, state=state, error=error, refused_by=refused_by)

    def _set(self, status: SyncStatus) -> None:
        if status != self._status:
            self._status = status
            self.status_changed.emit(status)


class Telling:
    """Collects changed keys so that listeners hear of them twice a second, not once a page."""

    def __init__(self, library: Library, pause_s: float, clock: Callable[[], float]) -> None:
        self._library = library
        self._pause_s = pause_s
        self._clock = clock
        self._told_at: float | None = None
        self._added: set[int] = set()
        self._changed: set[int] = set()
        self._removed: set[int] = set()

    def add(
        self, added: Iterable[int], changed: Iterable[int], removed: Iterable[int] = ()
    ) -> None:
        self._added.update(added)
        self._changed.update(changed)
        self._removed.update(removed)
        if self._told_at is None or self._clock() - self._told_at >= self._pause_s:
            self.flush()

    def flush(self) -> None:
        added, changed, removed = self._added, self._changed, self._removed
        self._added, self._changed, self._removed = set(), set(), set()
        self._library.tell(ChangeKind.ITEMS_REMOVED, removed)
        self._library.tell(ChangeKind.ITEMS_ADDED, added)
        self._library.tell(ChangeKind.ITEMS_CHANGED, changed)
        self._told_at = self._clock()


def state_for(error: AppError) -> SyncState:
    """Return how a sync stands that ended with an error."""
    if isinstance(error, Unauthorised):
        return SyncState.UNAUTHORISED
    if isinstance(error, Offline | TimedOut):
        return SyncState.OFFLINE
    return SyncState.FAILED
