"""Garbage is collected on the Qt thread, as often as Python would, and fully not too often."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from scenario_desktop.ui.garbage import REST, Sweeper
from scenario_desktop.ui.loop import run
from tests.support import until


class Ring:
    """Only the collector ends it; then it notes the thread."""

    def __init__(self, threads: list[threading.Thread]) -> None:
        self.ring, self.threads = self, threads

    def __del__(self) -> None:
        self.threads.append(threading.current_thread())


@pytest.fixture
def enabled() -> Iterator[None]:
    gc.enable()
    yield
    gc.disable()


def test_what_a_thread_could_collect_is_left_to_the_qt_thread(
    qapp: QApplication, enabled: None
) -> None:
    ended_on: list[threading.Thread] = []

    async def main() -> None:
        for _ in range(10):
            Ring(ended_on)
        made = await asyncio.to_thread(lambda: [[number] for number in range(100_000)])
        await until(lambda: len(ended_on) == 10)
        assert len(made) == 100_000

    run(main())
    assert set(ended_on) == {threading.main_thread()}


def test_python_collects_again_when_the_loop_has_ended(qapp: QApplication, enabled: None) -> None:
    async def main() -> bool:
        return gc.isenabled()

    assert not run(main())
    assert gc.isenabled()


class Counts:
    """Stands for the collector: what has been made since, and what was collected."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 0.0
        self.made = (0, 0, 0)
        self.collected: list[int] = []
        monkeypatch.setattr(gc, "get_count", lambda: self.made)
        monkeypatch.setattr(gc, "get_threshold", lambda: (700, 10, 10))
        monkeypatch.setattr(gc, "collect", self._collect)

    def _collect(self, generation: int = 2) -> int:
        self.collected.append(generation)
        self.now_s += 0.5
        return 0


@pytest.mark.parametrize(
    ("made", "collected"),
    [((700, 50, 50), []), ((701, 10, 50), [2]), ((701, 11, 10), [1]), ((701, 3, 3), [0])],
)
def test_it_goes_by_the_thresholds(
    monkeypatch: pytest.MonkeyPatch, made: tuple[int, int, int], collected: list[int]
) -> None:
    counts = Counts(monkeypatch)
    counts.made = made
    Sweeper(lambda: counts.now_s).sweep()
    assert counts.collected == collected


def test_a_full_collection_rests_a_hundred_times_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counts(monkeypatch)
    counts.made = (701, 11, 11)
    sweeper = Sweeper(lambda: counts.now_s)
    sweeper.sweep()
    sweeper.sweep()
    assert counts.collected == [2, 1]
    counts.now_s += 0.5 * REST
    sweeper.sweep()
    assert counts.collected == [2, 1, 2]
