"""Undo and redo."""

from __future__ import annotations

import pytest

from scenario_desktop.errors import Offline
from scenario_desktop.services.history import MAX_STEPS, History, Step


class Counter:
    """A value that steps move up and down."""

    def __init__(self) -> None:
        self.value = 0
        self.error: Exception | None = None

    def step(self, text: str = "Add one") -> Step:
        self.value += 1
        return Step(text, undo=self._down, redo=self._up)

    async def _down(self) -> None:
        if self.error:
            raise self.error
        self.value -= 1

    async def _up(self) -> None:
        self.value += 1


async def test_undo_and_redo_move_one_step() -> None:
    history, counter = History(), Counter()
    history.push(counter.step("Add one"))
    assert history.undo_text == "Add one"
    assert await history.undo() == "Add one"
    assert (counter.value, history.can_undo, history.redo_text) == (0, False, "Add one")
    await history.redo()
    assert (counter.value, history.can_redo) == (1, False)


async def test_a_new_step_forgets_the_undone_ones() -> None:
    history, counter = History(), Counter()
    history.push(counter.step())
    await history.undo()
    history.push(counter.step("Other"))
    assert not history.can_redo


async def test_a_failed_undo_can_be_tried_again() -> None:
    history, counter = History(), Counter()
    history.push(counter.step())
    counter.error = Offline("no")
    with pytest.raises(Offline):
        await history.undo()
    counter.error = None
    await history.undo()
    assert counter.value == 0


async def test_nothing_to_undo_is_no_error() -> None:
    assert await History().undo() == ""


async def test_the_list_is_bounded_and_tells_its_changes() -> None:
    history, counter, seen = History(), Counter(), []
    history.changed.connect(lambda: seen.append(history.can_undo))
    for _ in range(MAX_STEPS + 5):
        history.push(counter.step())
    while history.can_undo:
        await history.undo()
    assert counter.value == 5
    assert seen[0] is True
    assert seen[-1] is False
