"""Worker processes for untrusted pixels.

A file that makes a decoder crash, hang or eat memory costs one worker and one clear error; the
program and all other tasks go on. Workers are spawned, never forked, so that this also holds beside
Qt and threads, on every system and in frozen builds (whose entry point must call
``multiprocessing.freeze_support``).
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, MutableSequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from scenario_desktop.errors import BadInput, Cancelled
from scenario_desktop.imaging import parcel, rooms
from scenario_desktop.imaging import progress as task_progress
from scenario_desktop.imaging.rooms import Lent, Room, Ticket
from scenario_desktop.items import Picture

if TYPE_CHECKING:
    import pebble

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

#: Seconds that a cancelled task may still take before its worker is killed. A thumbnail that
#: scrolled past ends by itself much sooner than a new worker would start.
KILL_AFTER_S = 0.5

#: How much the workers step back behind the window (POSIX nice value).
NICENESS = 5


class Progress:
    """How far one task has come, readable from any thread."""

    def __init__(self) -> None:
        self._numbers: MutableSequence[float] | None = None
        self._index = -1
        self._last = 0.0

    @property
    def fraction(self) -> float:
        """0 to 1, never falling."""
        if self._numbers is not None:
            self._last = max(self._last, min(1.0, self._numbers[self._index]))
        return self._last

    def bind(self, numbers: MutableSequence[float], index: int) -> None:
        """Follow one number of the array that the workers share."""
        self._numbers, self._index = numbers, index

    def unbind(self) -> None:
        """Keep the last number; the place in the array goes to another task."""
        self._last, self._numbers = self.fraction, None


class WorkerPool:
    """Runs functions in worker processes, each with a time and a memory limit.

    The processes start with the first task. A pool belongs to one event loop.

    Attributes:
        processes: how many tasks run at the same time.
    """

    def __init__(
        self,
        processes: int | None = None,
        *,
        time_limit_s: float = 30.0,
        memory_limit_mib: int = 2048,
    ) -> None:
        self.processes = processes or os.cpu_count() or 1
        self._time_limit_s = time_limit_s
        self._memory_limit_mib = memory_limit_mib
        # Twice as many tasks as workers are handed over, so that no worker waits for the loop; the
        # rest queues here, where a cancelled task is dropped for free.
        self._handed_over = asyncio.Semaphore(self.processes * 2)
        self._free_cells = list(range(self.processes * 2))
        self._numbers: Any = None
        self._folder = ""  # for results too large for a pipe
        self._places: list[str] = []  # folders in it that are empty, one for each task at a time
        # More than workers, so that they go on while a picture is being taken out, and the next
        # task is with them already: with one fewer they stood still twice as long (measured).
        self._lodging = asyncio.Semaphore(self.processes + 2)
        self._rooms: list[Room] = []
        self._lodgers = 0
        self._pool: pebble.ProcessPool | None = None
        self._start_lock = asyncio.Lock()
        self._flights: set[_Flight] = set()
        self._is_closed = False

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a top-level function in a worker and return its result.

        Cancelling drops a task that has not begun; one that runs on after a short grace is killed
        together with its worker.

        Raises:
            BadInput: the function raised it, or the worker died, hung or ran out of memory.
            Cancelled: the pool was closed.
        """
        return await self.run_reporting(Progress(), function, *args, **kwargs)

    async def run_reporting(
        self, progress: Progress, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do as ``run``, while ``progress`` follows what the function reports."""
        return await self._run(progress, self._time_limit_s, function, args, kwargs)

    async def run_within(
        self, time_limit_s: float, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do as ``run``, with a time limit of its own: some work is long without being stuck."""
        return await self._run(Progress(), time_limit_s, function, args, kwargs)

    async def run_into(
        self,
        take: Callable[[Picture], R],
        function: Callable[P, Picture],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Do as ``run`` for a function that writes a picture into the memory of ``rooms``.

        Args:
            take: gets the picture in a thread. Its pixels are gone when it returns.

        Returns:
            what ``take`` did.
        """
        self._lodgers += 1
        room: Room | None = None
        try:
            async with self._lodging:
                room = self._rooms.pop() if self._rooms else rooms.make()
                ticket = room.ticket if room is not None else None
                result = await self._run(
                    Progress(), self._time_limit_s, function, args, kwargs, ticket
                )
                if isinstance(result, Lent) and room is not None:
                    result = room.picture(result)
                taken = await asyncio.to_thread(take, result)
                if room is not None:
                    self._rooms.append(room)
                    room = None  # after an error its worker may go on writing into it
                return taken
        finally:
            self._lodgers -= 1
            unused = [room] if room is not None else []
            if not self._lodgers:
                unused, self._rooms = unused + self._rooms, []
            if unused:
                # Not waited for: giving much memory back takes some milliseconds.
                asyncio.get_running_loop().run_in_executor(None, _close_all, unused)

    async def _run(
        self,
        progress: Progress,
        time_limit_s: float,
        function: Callable[..., T],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        ticket: Ticket | None = None,
    ) -> T:
        task = _Task(function, args, kwargs, ticket)
        for _ in range(2):
            await self._handed_over.acquire()
            try:
                pool = await self._started()
            except BaseException:
                self._handed_over.release()
                raise
            try:
                result = await self._hand_over(pool, progress, time_limit_s, task)
                return cast(T, result)
            except BrokenProcessPool:
                # All workers were lost at once: killed from outside, or none could be started.
                await self._discard(pool)
        raise BadInput(
            "The worker processes for pictures stopped unexpectedly.",
            hint="Close other programs if memory is short, then try again.",
        )

    async def warm_up(self) -> None:
        """Start the processes now, so that the first task need not wait for them.

        Loading the libraries takes a worker longer than starting: each is kept busy with it once.
        """
        from scenario_desktop.imaging.tasks import load_libraries

        await asyncio.gather(*(self.run(load_libraries) for _ in range(self.processes)))

    async def aclose(self) -> None:
        """Stop all workers. Tasks that still wait end with ``Cancelled``."""
        self._is_closed = True
        for flight in self._flights:
            if not flight.waiter.done():
                _refuse(flight.waiter, _closed())
        async with self._start_lock:
            pool, self._pool = self._pool, None
            if pool is not None:
                await asyncio.to_thread(_stop, pool)
                await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _started(self) -> pebble.ProcessPool:
        async with self._start_lock:
            if self._is_closed:
                raise _closed()
            if self._pool is None:
                self._pool = await asyncio.to_thread(self._start)
            return self._pool

    def _start(self) -> pebble.ProcessPool:
        import pebble

        self._folder = self._folder or tempfile.mkdtemp(prefix="scenario-desktop-")
        spawn = multiprocessing.get_context("spawn")
        self._numbers = spawn.RawArray("d", self.processes * 2)
        pool = pebble.ProcessPool(
            max_workers=self.processes,
            initializer=_prepare_worker,
            initargs=(self._memory_limit_mib, self._numbers),
            context=spawn,
        )
        _ = pool.active  # starts the processes
        return pool

    async def _hand_over(
        self,
        pool: pebble.ProcessPool,
        progress: Progress,
        time_limit_s: float,
        task: _Task,
    ) -> Any:
        """Give one task to the workers and wait. Takes over the place in ``_handed_over``."""
        import pebble

        loop = asyncio.get_running_loop()
        place = self._places.pop() if self._places else parcel.make_place(self._folder)
        flight = _Flight(pool, self._free_cells.pop(), place, progress, loop.create_future())
        self._flights.add(flight)
        self._numbers[flight.cell] = 0.0
        progress.bind(self._numbers, flight.cell)
        try:
            future = pool.schedule(
                _perform,
                args=(flight.cell, place, task),
                timeout=time_limit_s,
            )
        except RuntimeError as error:
            self._land(flight)
            raise BrokenProcessPool("not active") from error

        def settle_soon(future: Future[Any]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has gone, and so has the waiter
                loop.call_soon_threadsafe(self._settle, flight, future)

        future.add_done_callback(settle_soon)
        try:
            result = await flight.waiter
        except asyncio.CancelledError:
            loop.call_later(KILL_AFTER_S, future.cancel)
            if _came(flight.waiter):  # in the very same moment
                parcel.close_place(place)
            raise
        except TimeoutError as error:
            raise BadInput(
                f"This file kept the program busy for {time_limit_s:g} s and was given up.",
                hint="It may be damaged. Nothing else was affected.",
            ) from error
        except pebble.ProcessExpired as error:
            raise BadInput(
                "This file made the picture reader stop unexpectedly.",
                hint="It may be damaged. Nothing else was affected.",
                details=f"Worker exit code {error.exitcode}",
            ) from error
        if parcel.holds_parked(result):
            result = await asyncio.to_thread(parcel.take_out, result, place)
        return result

    def _settle(self, flight: _Flight, future: Future[Any]) -> None:
        """Bring what a task came to, or came to grief of, to the one who waits for it."""
        if flight not in self._flights:
            return  # it was given up together with its pool
        self._land(flight)
        error = _closed() if future.cancelled() else future.exception()
        result = None if error is not None else future.result()
        is_awaited = not flight.waiter.done()
        if error is None and not parcel.holds_parked(result):
            self._places.append(flight.place)
        elif error is not None or not is_awaited:
            # The worker may not be dead yet, and about to leave a file.
            parcel.close_place(flight.place)
        if not is_awaited:
            return
        if error is not None:
            _refuse(flight.waiter, error)
        else:
            flight.waiter.set_result(result)

    def _land(self, flight: _Flight) -> None:
        """Free the place of a task."""
        if flight in self._flights:
            self._flights.remove(flight)
            flight.progress.unbind()
            self._free_cells.append(flight.cell)
            self._handed_over.release()

    async def _discard(self, pool: pebble.ProcessPool) -> None:
        """Give up a pool that broke, and all tasks that it will never answer."""
        async with self._start_lock:
            if self._pool is pool:
                self._pool = None
                await asyncio.to_thread(_stop, pool)
                for flight in [flight for flight in self._flights if flight.pool is pool]:
                    self._land(flight)
                    parcel.close_place(flight.place)
                    if not flight.waiter.done():
                        _refuse(flight.waiter, BrokenProcessPool("lost"))


@dataclass(eq=False, slots=True)
class _Flight:
    """A task that was handed over to the workers.

    Attributes:
        place: the folder for its results; whoever takes these out removes it.
    """

    pool: pebble.ProcessPool
    cell: int
    place: str
    progress: Progress
    waiter: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker is to do, and the memory that it may leave a picture in."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    ticket: Ticket | None


def _came(waiter: asyncio.Future[Any]) -> bool:
    """Whether somebody has to take out what a task came to."""
    is_good = waiter.done() and not waiter.cancelled() and waiter.exception() is None
    return is_good and parcel.holds_parked(waiter.result())


def _refuse(waiter: asyncio.Future[Any], error: BaseException) -> None:
    waiter.set_exception(error)
    waiter.exception()  # seen, even if the one who waited is being cancelled right now


def _close_all(unused: list[Room]) -> None:
    for room in unused:
        room.close()


def _closed() -> Cancelled:
    return Cancelled("Stopped, because the program is closing.")


def _stop(pool: pebble.ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves this one untyped
    pool.join()


def _perform(cell: int, place: str, task: _Task) -> Any:
    """Run one task in a worker; memory that runs out is the file's fault, not ours."""
    task_progress.select(cell)
    rooms.enter(task.ticket)
    try:
        return parcel.pack(task.function(*task.args, **task.kwargs), place)
    except MemoryError as error:
        raise BadInput(
            "This picture needs more memory than one picture may take.",
            hint="Make it smaller and try again.",
        ) from error
    finally:
        task_progress.select(-1)


def _prepare_worker(memory_limit_mib: int, numbers: MutableSequence[float]) -> None:
    """Set up a fresh worker: limits, one thread, and an end together with its parent."""
    # The pool's own handler runs only between two Python steps; a decoder stuck in C must die too.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["OPENCV_LOG_LEVEL"] = "ERROR"
    threading.Thread(target=_end_with_parent, daemon=True).start()
    task_progress.attach(numbers)
    _step_back()
    _limit_memory(memory_limit_mib)
    if sys.platform == "linux":
        _keep_freed_memory()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _keep_freed_memory() -> None:
    """Let glibc hand freed picture buffers out again instead of returning each to the system.

    Measured: a 2048-pixel control map took 39 ms with a third of it spent on page faults of fresh
    buffers, and 26 ms this way. Up to 64 MiB stay with an idle worker.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # not in other C libraries
        trim_threshold, mmap_threshold = -1, -3
        mallopt(trim_threshold, 64 * 2**20)
        mallopt(mmap_threshold, 32 * 2**20)


if sys.platform == "win32":

    def _step_back() -> None:
        import ctypes

        below_normal = 0x4000
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)

    def _limit_memory(memory_limit_mib: int) -> None:
        """Do nothing: Windows has no such limit per process without a job object. The cap on
        pixels before decoding holds there alone."""

else:

    def _step_back() -> None:
        with contextlib.suppress(OSError):
            os.nice(NICENESS)

    def _limit_memory(memory_limit_mib: int) -> None:
        """Limit the address space. macOS takes the call and may refuse or not enforce it."""
        import resource

        limit = memory_limit_mib * 2**20
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
