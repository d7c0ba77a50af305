"""One window on one data folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.ui.one_window import OneWindow


@pytest.fixture
def first(qapp: Any, tmp_path: Path) -> Iterator[OneWindow]:
    hold = OneWindow(tmp_path)
    assert hold.take()
    yield hold
    hold.release()


def test_a_second_start_is_refused_and_calls_the_first(
    first: OneWindow, tmp_path: Path, qtbot: Any
) -> None:
    calls: list[bool] = []
    first.listen(lambda: calls.append(True))
    second = OneWindow(tmp_path)
    assert not second.take()
    assert second.call_first()
    qtbot.waitUntil(lambda: calls == [True], timeout=30_000)


def test_another_folder_is_free(first: OneWindow, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    hold = OneWindow(other)
    assert hold.take()
    hold.release()


def test_the_folder_is_free_again_after_the_first(first: OneWindow, tmp_path: Path) -> None:
    first.release()
    hold = OneWindow(tmp_path)
    assert hold.take()
    hold.release()


def test_a_window_that_does_not_answer_is_told(first: OneWindow, tmp_path: Path) -> None:
    assert not OneWindow(tmp_path).call_first()
