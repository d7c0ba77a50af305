"""The one event loop: asyncio on the Qt thread, through qasync.

Imports PySide6 before qasync, so that qasync binds to it. Nothing here knows the program.
While the loop runs, garbage is collected on its thread alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Any, TypeVar, cast

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

from scenario_desktop.ui.garbage import collected_here

import qasync  # type: ignore[import-untyped]  # isort: skip  # ships no types

T = TypeVar("T")

#: Threads for ``asyncio.to_thread``: enough to keep files and SQLite busy, few enough to leave
#: the cores to the worker processes.
THREADS = 8
#: How often Windows hands control to Python, milliseconds, so that Ctrl-C is seen there.
WINDOWS_WAKE_MS = 200


class QtLoop(qasync.QEventLoop):  # type: ignore[misc]  # qasync is untyped
    """qasync's loop without its trailing ``processEvents``, and with threads of our own.

    WORKAROUND: qasync 0.28 ends ``run_until_complete`` with a ``processEvents`` while no loop is
    set as running. A task stepped there loses its wake-up for good, and the shutdown hangs
    (https://github.com/CabbageDevelopment/qasync). May go once qasync drops that call.
    """

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        # qasync's own default of ten QThreads never resolves a SystemExit raised in a worker.
        self.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="work"))
        self._sending = threading.RLock()  # re-entrant: a signal's handler sends as well
        self._has_ended = False

    def run_until_complete(self, future: Any) -> Any:
        """Run until a coroutine or future is done and return its result."""
        task = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(self._stop_when_done)
        try:
            self.run_forever()
        finally:
            task.remove_done_callback(self._stop_when_done)
        if not task.done():
            raise RuntimeError("the loop was stopped before its main task was done")
        return task.result()

    def close(self) -> None:
        """Close the loop and end its timers here, on the Qt thread.

        WORKAROUND: qasync 0.28 leaves timers running that nobody waits for any more. The garbage
        collector would destroy them later on whatever thread it runs, and Qt then crashes.
        """
        is_first = not self.is_closed()
        if not self.is_running():  # else it is refused below
            with self._sending:
                self._has_ended = True
        super().close()
        if is_first:
            delete(self._timer)

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> None:
        """Send a callback from any thread; the end of the loop waits for who is doing so.

        A daemon thread that the end of the program met inside Qt would take the program down: it
        wakes up in what is destroyed, or is ended where C++ lets nobody leave. What is sent after
        the end is dropped.
        """
        with self._sending:
            if not self._has_ended:
                super().call_soon_threadsafe(callback, *args, context=context)

    def _add_callback(self, handle: asyncio.Handle, delay: float = 0) -> asyncio.Handle:
        """Take a callback up; one that a thread sent before the end may arrive after it."""
        if self.is_closed():
            handle.cancel()
            return handle
        return cast("asyncio.Handle", super()._add_callback(handle, delay))

    def _stop_when_done(self, _task: object) -> None:
        self.stop()


def run(main: Coroutine[Any, Any, T], *, on_signal: Callable[[], object] | None = None) -> T:
    """Run a coroutine to its end on the application's loop.

    Args:
        main: what to run.
        on_signal: called on SIGINT and SIGTERM; without it ``main`` is cancelled.

    Raises:
        asyncio.CancelledError: a signal ended it.
    """
    application = cast("QApplication | None", QApplication.instance())
    if application is None:
        raise RuntimeError("make the QApplication first")
    # With it on, closing the last window stops the loop underneath the clean-up.
    application.setQuitOnLastWindowClosed(False)
    with collected_here(), asyncio.Runner(loop_factory=lambda: QtLoop(application)) as runner:
        return runner.run(_with_signals(main, on_signal))


async def _with_signals(main: Coroutine[Any, Any, T], on_signal: Callable[[], object] | None) -> T:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("runs as a task only")
    with _signals(on_signal or task.cancel):
        return await main


@contextlib.contextmanager
def _signals(stop: Callable[[], object]) -> Iterator[None]:
    """Call ``stop`` on the loop when the process is asked to end."""
    loop = asyncio.get_running_loop()
    names = (signal.SIGINT, signal.SIGTERM)
    if sys.platform != "win32":
        for name in names:
            loop.add_signal_handler(name, stop)
        try:
            yield
        finally:
            for name in names:
                loop.remove_signal_handler(name)
        return
    # Windows has no wake-up for signals: Python sees one when it next runs, so a timer runs it.
    before = {name: signal.getsignal(name) for name in names}
    wake = QTimer()
    wake.start(WINDOWS_WAKE_MS)
    for name in names:
        signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield
    finally:
        wake.stop()
        for name, handler in before.items():
            signal.signal(name, handler)
