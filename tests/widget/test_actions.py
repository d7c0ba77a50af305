"""The action runner: one run at a time, owned, and loud about bugs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from PySide6.QtCore import QObject
from shiboken6 import delete

from scenario_desktop.errors import Offline
from scenario_desktop.ui.actions import AsyncAction, Overlap, cancel_all
from tests.support import until


class Work:
    """A coroutine function that is held until told to go on."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.started = 0
        self.stopped = 0
        self.error: Exception | None = None

    async def __call__(self, value: int = 0) -> int:
        self.started += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        if self.error:
            raise self.error
        return value


class Heard:
    def __init__(self, action: AsyncAction) -> None:
        self.busy: list[bool] = []
        self.results: list[Any] = []
        self.errors: list[Any] = []
        self.cancels = 0
        action.busy_changed.connect(self.busy.append)
        action.succeeded.connect(self.results.append)
        action.failed.connect(self.errors.append)
        action.cancelled.connect(self._on_cancelled)

    def _on_cancelled(self) -> None:
        self.cancels += 1


async def test_a_second_click_is_ignored_while_busy(qt_loop: Any) -> None:
    owner, work = QObject(), Work()
    action = AsyncAction(work, parent=owner)
    heard = Heard(action)
    action.trigger(1)
    action.trigger(2)
    work.gate.set()
    await until(lambda: heard.results)
    assert (work.started, heard.results, heard.busy) == (1, [1], [True, False])


async def test_a_restart_drops_the_older_result(qt_loop: Any) -> None:
    owner, work = QObject(), Work()
    action = AsyncAction(work, parent=owner, overlap=Overlap.RESTART)
    heard = Heard(action)
    for value in (1, 2, 3):
        action.trigger(value)
        await asyncio.sleep(0)
    work.gate.set()
    await until(lambda: heard.results)
    assert (heard.results, heard.busy, heard.cancels) == ([3], [True, False], 0)


async def test_cancelling_tells_nothing_but_that(qt_loop: Any) -> None:
    owner, work = QObject(), Work()
    action = AsyncAction(work, parent=owner)
    heard = Heard(action)
    action.trigger()
    await until(lambda: work.started)
    action.cancel()
    await until(lambda: heard.cancels)
    assert (work.stopped, heard.results, heard.errors, heard.busy) == (1, [], [], [True, False])


async def test_an_expected_failure_is_told(qt_loop: Any) -> None:
    owner, work = QObject(), Work()
    work.error = Offline("No connection.")
    work.gate.set()
    action = AsyncAction(work, parent=owner)
    heard = Heard(action)
    action.trigger()
    await until(lambda: heard.errors)
    assert heard.errors == [work.error]
    assert not action.is_busy


@pytest.mark.expects_errors
async def test_a_bug_is_logged_and_told(qt_loop: Any, caplog: pytest.LogCaptureFixture) -> None:
    owner, work = QObject(), Work()
    work.error = ZeroDivisionError("x")
    work.gate.set()
    action = AsyncAction(work, parent=owner)
    heard = Heard(action)
    action.trigger()
    await until(lambda: heard.errors)
    assert "unforeseen" in caplog.text


async def test_it_stops_with_its_owner(qt_loop: Any) -> None:
    owner, work = QObject(), Work()
    AsyncAction(work, parent=owner).trigger()
    await until(lambda: work.started)
    delete(owner)
    await until(lambda: work.stopped)


async def test_all_actions_below_an_object_are_stopped(qt_loop: Any) -> None:
    owner, works = QObject(), [Work(), Work()]
    for work in works:
        AsyncAction(work, parent=QObject(owner)).trigger()
    await until(lambda: all(work.started for work in works))
    await cancel_all(owner)
    assert [work.stopped for work in works] == [1, 1]


def test_nothing_is_started_after_the_loop_has_ended(qapp: object) -> None:
    owner, work = QObject(), Work()
    action = AsyncAction(work, parent=owner)
    action.trigger()
    assert (work.started, action.is_busy) == (0, False)


async def test_who_waits_for_an_action_that_is_deleted_does_not_wait_for_ever(qt_loop: Any) -> None:
    owner, work = QObject(), Work()
    action = AsyncAction(work, parent=owner)
    action.trigger()
    await until(lambda: work.started)
    waiting = asyncio.create_task(action.settle())
    await asyncio.sleep(0)
    delete(owner)
    async with asyncio.timeout(30):
        await waiting
    assert work.stopped == 1


async def test_an_action_may_stop_all_others(qt_loop: Any) -> None:
    owner, work, ended = QObject(), Work(), []
    other = AsyncAction(work, parent=owner)

    async def stop_all() -> None:
        await cancel_all(owner)
        ended.append(work.stopped)

    action = AsyncAction(stop_all, parent=owner)
    other.trigger()
    await until(lambda: work.started)
    action.trigger()
    await until(lambda: ended)
    assert ended == [1]
