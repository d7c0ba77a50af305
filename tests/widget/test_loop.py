"""The loop: asyncio on the Qt thread, from start to a clean end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from scenario_desktop.ui.loop import QtLoop, run


def test_it_returns_the_result(qapp: QApplication) -> None:
    async def main() -> int:
        await asyncio.sleep(0)
        return 7

    assert run(main()) == 7


def test_it_raises_what_the_coroutine_raises(qapp: QApplication) -> None:
    async def main() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        run(main())


def test_it_may_run_again_and_again(qapp: QApplication) -> None:
    async def main(value: int) -> int:
        return await asyncio.to_thread(lambda: value)

    assert [run(main(value)) for value in range(3)] == [0, 1, 2]


def test_threads_are_our_own(qapp: QApplication) -> None:
    async def main() -> str:
        return await asyncio.to_thread(lambda: threading.current_thread().name)

    assert run(main()).startswith("work")


def test_qt_timers_and_tasks_take_turns(qapp: QApplication) -> None:
    async def main() -> list[str]:
        heard: list[str] = []
        QTimer.singleShot(0, lambda: heard.append("timer"))
        async with asyncio.timeout(30):
            while not heard:  # noqa: ASYNC110 - a Qt timer knows no event
                await asyncio.sleep(0)
        return [*heard, "task"]

    assert run(main()) == ["timer", "task"]


def test_no_task_is_stepped_while_no_loop_runs(qapp: QApplication) -> None:
    """qasync's own end does that; a task that meets a lock there never wakes up again."""
    stray: list[str] = []

    async def go_on() -> None:
        while True:
            try:
                asyncio.get_running_loop()
            except RuntimeError as error:
                stray.append(str(error))
            await asyncio.sleep(0)

    async def main() -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(go_on()) for _ in range(5)]
        await asyncio.sleep(0.01)
        return tasks

    run(main())
    assert stray == []


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot signal itself there")
@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_the_main_task(qapp: QApplication, name: signal.Signals) -> None:
    cleaned: list[int] = []

    async def main() -> None:
        os.kill(os.getpid(), name)
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(1)

    with pytest.raises(asyncio.CancelledError):
        run(main())
    assert cleaned == [1]


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot signal itself there")
def test_a_signal_may_be_answered_otherwise(qapp: QApplication) -> None:
    stopped = asyncio.Event()

    async def main() -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(30):
            await stopped.wait()
        return "put away"

    assert run(main(), on_signal=stopped.set) == "put away"


def test_closing_the_last_window_does_not_stop_the_loop(qapp: QApplication) -> None:
    from PySide6.QtWidgets import QWidget

    async def main() -> str:
        window = QWidget()
        window.show()
        window.close()
        window.deleteLater()
        await asyncio.sleep(0.01)
        return "still here"

    assert run(main()) == "still here"


def test_what_a_thread_sent_before_the_end_is_dropped_after_it(qapp: QApplication) -> None:
    ran: list[int] = []
    loop = QtLoop(qapp)
    sender = threading.Thread(target=loop.call_soon_threadsafe, args=(ran.append, 1))
    sender.start()
    sender.join()
    loop.close()
    qapp.processEvents()
    assert ran == []


def test_the_end_waits_for_a_thread_that_is_sending(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread inside Qt at the end of the program takes it down: signal 6 or 11."""
    inside, go_on = threading.Event(), threading.Event()
    heard: list[str] = []

    def send(*_: object, **__: object) -> None:
        inside.set()
        assert go_on.wait(30)
        heard.append("sent")

    monkeypatch.setattr(QtLoop.__base__, "call_soon_threadsafe", send)
    loop = QtLoop(qapp)
    sender = threading.Thread(target=loop.call_soon_threadsafe, args=(print,))
    sender.start()
    assert inside.wait(30)
    letting = threading.Timer(0.05, go_on.set)
    letting.start()
    loop.close()
    heard.append("closed")
    loop.call_soon_threadsafe(print)
    sender.join()
    letting.join()
    assert heard == ["sent", "closed"]


def test_without_an_application_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QApplication, "instance", staticmethod(lambda: None))

    async def main() -> Any: ...

    coroutine = main()
    with pytest.raises(RuntimeError, match="QApplication"):
        run(coroutine)
    coroutine.close()
