"""The one way in which a widget starts a coroutine, and the one place that catches everything."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from scenario_desktop.errors import AppError

_log = logging.getLogger(__name__)


class Overlap(Enum):
    """What happens to a trigger while the action is busy."""

    IGNORE = "ignore"
    RESTART = "restart"


class AsyncAction(QObject):
    """Runs a coroutine function on request, one run at a time, for as long as its parent lives.

    Attributes:
        is_busy: whether a run is under way.

    Signals:
        busy_changed: True and False, once each, however often it is restarted between.
        succeeded: the result of the newest run.
        failed: the AppError, or any other exception, which is then a bug and already logged.
        cancelled: it was stopped on request; there is nothing to show.
    """

    busy_changed = Signal(bool)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(
        self,
        function: Callable[..., Coroutine[Any, Any, Any]],
        *,
        parent: QObject,
        overlap: Overlap = Overlap.IGNORE,
    ) -> None:
        super().__init__(parent)
        self._function = function
        self._overlap = overlap
        # In a list of its own, since the slot of ``destroyed`` must not need this object.
        self._tasks: list[asyncio.Task[Any]] = []
        self.destroyed.connect(_Stop(self._tasks))

    @property
    def is_busy(self) -> bool:
        return bool(self._tasks)

    def runs(self, task: asyncio.Task[Any] | None) -> bool:
        """Whether this task is a run of it."""
        return task in self._tasks

    def trigger(self, *args: Any) -> None:
        """Start it with these arguments.

        Nothing happens without a running loop: a timer may still fire while the program closes.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            _log.debug("not started: the loop has ended")
            return
        was_busy = self.is_busy
        if was_busy:
            if self._overlap is Overlap.IGNORE:
                return
            self._tasks.pop().cancel()
        task = loop.create_task(self._function(*args))
        self._tasks.append(task)
        task.add_done_callback(self._on_done)
        if not was_busy:
            self.busy_changed.emit(True)

    def cancel(self) -> None:
        """Ask the run to stop; ``cancelled`` follows once it has cleaned up."""
        for task in self._tasks:
            task.cancel()

    async def settle(self) -> None:
        """Wait until nothing runs. Results are told by the signals only."""
        while self._tasks:
            await asyncio.wait(self._tasks)
            await asyncio.sleep(0)

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, AppError):
            _log.error("an action failed in an unforeseen way", exc_info=error)
        if task not in self._tasks:
            return  # replaced by a newer run: nobody waits for this result
        self._tasks.clear()  # also once it is deleted: somebody may still wait in ``settle``
        if not isValid(self):
            return
        self.busy_changed.emit(False)
        if task.cancelled():
            self.cancelled.emit()
        elif error is not None:
            self.failed.emit(error)
        else:
            self.succeeded.emit(task.result())


class _Stop:
    """Cancels what still runs when its owner is gone."""

    def __init__(self, tasks: list[asyncio.Task[Any]]) -> None:
        self._tasks = tasks

    def __call__(self) -> None:
        for task in self._tasks:
            # The loop may be closed by now; then nothing runs any more.
            with contextlib.suppress(RuntimeError):
                task.cancel()


async def cancel_all(root: QObject) -> None:
    """Stop every action below an object and wait until all of them have cleaned up.

    The one that asks for it, if any, goes on: it would wait for itself.
    """
    me = asyncio.current_task()
    actions = [action for action in root.findChildren(AsyncAction) if not action.runs(me)]
    for action in actions:
        action.cancel()
    for action in actions:
        await action.settle()
