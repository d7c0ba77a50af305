"""Working on what is queued in the database: oldest first, as much at once as there are workers.

What is queued, and how a piece of it is done and written down, is the affair of whoever owns the
queue. The two halves of the engine have one queue each. Both hand over a few pieces at a time to
the same workers, which take them in the order they came: so neither half waits for all that the
other one has to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from scenario_desktop.engine.database import Database
from scenario_desktop.errors import StoreFailed

#: Seconds between two tries to write down what must not be lost.
RETRY_S = 1.0

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Piece(Protocol):
    """A piece of work that was taken from a queue; its id names it in the log."""

    @property
    def id(self) -> str: ...


W = TypeVar("W", bound=Piece)


class Ended(Exception):
    """The work was cancelled while its result was being stored; the result is dropped."""


class Seat:
    """The place of a piece of work among those under way.

    It is left before the result is stored, so that the next piece is loaded meanwhile. From then on
    the work is not cancelled any more: it finds its row gone or ended, and drops the result.
    """

    def __init__(self, free: Callable[[], None]) -> None:
        self._free = free
        self.is_left = False

    def leave(self) -> None:
        """Give the place to the next one; again does nothing."""
        if not self.is_left:
            self.is_left = True
            self._free()


class WorkQueue(Generic[W]):
    """Claims queued work, performs it, and sees to it that no piece is forgotten."""

    def __init__(
        self,
        name: str,
        database: Database,
        *,
        places: int,
        claim: Callable[[sqlite3.Connection], W | None],
        perform: Callable[[W, Seat], Awaitable[None]],
        give_up: Callable[[W], Awaitable[None]],
    ) -> None:
        """
        Args:
            places: how many pieces are under way at once.
            claim: one transaction: mark the next piece as taken and return it, None when there is
                none.
            perform: do one piece and write down its end. It leaves its seat when it has no more to
                compute; it may raise ``Ended``.
            give_up: write down that a piece failed by a mistake of ours.
        """
        self._name = name
        self._database = database
        self._claim = claim
        self._perform = perform
        self._give_up = give_up
        self._places = asyncio.Semaphore(places)
        self._wake = asyncio.Event()
        self._under_way: dict[str, tuple[W, Seat, asyncio.Task[None]]] = {}
        self._loops: list[asyncio.Task[None]] = []

    @property
    def under_way(self) -> list[W]:
        """What is being worked on now."""
        return [piece for piece, _, _ in self._under_way.values()]

    def start(self, *loops: Awaitable[None]) -> None:
        """Begin to work, and run what shall end together with it."""
        for loop in (self._dispatch(), *loops):
            self._keep(asyncio.ensure_future(loop))
        self.wake()

    async def stop(self) -> None:
        """Cancel all work, and wait until it has ended."""
        tasks = [*self._loops, *(task for _, _, task in self._under_way.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._loops.clear()
        self._under_way.clear()

    def wake(self) -> None:
        """Look into the queue: something was added."""
        self._wake.set()

    def cancel(self, piece_id: str) -> None:
        """Stop a piece of work whose row says already that it is cancelled."""
        known = self._under_way.get(piece_id)
        if known is not None and not known[1].is_left:
            known[2].cancel()

    async def written(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a transaction that must come about, however long the disk is full."""
        while True:
            try:
                return await self._database.run(work)
            except StoreFailed as error:
                _log.warning("%s wait until they can be written down: %s", self._name, error)
                await asyncio.sleep(RETRY_S)

    async def _dispatch(self) -> None:
        """Begin pieces of work while there are places."""
        while True:
            await self._places.acquire()
            try:
                piece = await self._next()
            except BaseException:
                self._places.release()
                raise
            seat = Seat(self._places.release)
            task = asyncio.create_task(self._do(piece, seat), name=piece.id)
            self._under_way[piece.id] = (piece, seat, task)
            task.add_done_callback(functools.partial(self._on_done, piece, seat))

    async def _next(self) -> W:
        while True:
            self._wake.clear()
            piece = await self.written(self._claim)
            if piece is not None:
                return piece
            await self._wake.wait()

    async def _do(self, piece: W, seat: Seat) -> None:
        with contextlib.suppress(Ended):
            await self._perform(piece, seat)

    def _on_done(self, piece: W, seat: Seat, task: asyncio.Task[None]) -> None:
        self._under_way.pop(piece.id, None)
        seat.leave()  # a task that is cancelled before its first step never gets there
        if task.cancelled():  # by the user, then its row says so, or by stop()
            return
        error = task.exception()
        if error is not None:
            _log.error("%s: %s failed by a mistake of ours", self._name, piece.id, exc_info=error)
            self._keep(asyncio.ensure_future(self._give_up(piece)))

    def _keep(self, loop: asyncio.Future[None]) -> None:
        assert isinstance(loop, asyncio.Task)  # noqa: S101 - made of a coroutine
        self._loops.append(loop)
        loop.add_done_callback(self._on_loop_ended)

    def _on_loop_ended(self, loop: asyncio.Task[None]) -> None:
        if loop in self._loops:
            self._loops.remove(loop)
        if not loop.cancelled() and (error := loop.exception()) is not None:
            _log.error("%s stopped by a mistake of ours", self._name, exc_info=error)
