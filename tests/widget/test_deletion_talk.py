"""What is said around deletions that take long or were refused in part."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QWidget

from scenario_desktop.errors import Conflict
from scenario_desktop.items import PREDICTION, Item, Source
from scenario_desktop.services.sartiq.deletion import (
    DeleteOutcome,
    DeletePlan,
    FailedDelete,
    OnDeleted,
    WholeGeneration,
)
from scenario_desktop.ui.dialogs import Dialog
from scenario_desktop.ui.widgets.buttons import Button
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.progress import ProgressBar
from scenario_desktop.ui.workbench.deletion_talk import DeletionTalk, told
from tests.fakes import FakeNotices
from tests.support import until

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def prediction(n: int, group: str = "g") -> Item:
    return Item(
        n, f"p{n}", Source.SARTIQ, "image", PREDICTION, "success", f"Boat {n}", "", NOW, NOW,
        group_id=group,
    )  # fmt: skip


class FakeDeleting:
    """Deletes in steps that the test lets happen."""

    def __init__(self) -> None:
        self.step = asyncio.Event()
        self.outcome = DeleteOutcome()
        self.generations: list[str] = []

    async def run(self, plan: DeletePlan, *, on_progress: OnDeleted | None = None) -> DeleteOutcome:
        if on_progress is None:
            return self.outcome
        done = 0
        while done < plan.final_count and on_progress(done, plan.final_count):
            await self.step.wait()
            self.step.clear()
            done += 100
        return DeleteOutcome(done, (), plan.final_count - done)

    async def delete_generation(self, generation_id: str) -> None:
        self.generations.append(generation_id)


@pytest.fixture
def window(qapp: Any) -> Iterator[QWidget]:
    made = QWidget()
    made.resize(1000, 700)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def press(window: QWidget, text: str) -> None:
    next(b for b in window.findChildren(Button) if b.isVisible() and b.text() == text).click()


def shown(window: QWidget) -> str:
    labels = window.findChildren(PlainLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


async def test_thousands_show_how_far_it_is_and_can_be_stopped(
    qt_loop: Any, window: QWidget
) -> None:
    deleting, messages = FakeDeleting(), FakeNotices()
    talk = DeletionTalk(window, messages)
    plan = DeletePlan(predictions=tuple(prediction(n) for n in range(5_000)))
    task = asyncio.ensure_future(talk.carry_out(cast(Any, deleting), plan, lambda: None))
    await until(lambda: window.findChildren(Dialog))
    press(window, "Delete")
    await until(lambda: "0 of 5,000" in shown(window))
    deleting.step.set()
    await until(lambda: "100 of 5,000" in shown(window))
    bar = next(b for b in window.findChildren(ProgressBar) if b.isVisible())
    assert bar.value() > 0
    press(window, "Stop")
    deleting.step.set()
    assert await task
    assert messages.toasts == ["Deleted 200\u00a0items, 4,800 left"]
    assert not [d for d in window.findChildren(Dialog) if d.isVisible()]


async def test_generations_that_stand_in_the_way_can_go_together(
    qt_loop: Any, window: QWidget
) -> None:
    deleting, messages = FakeDeleting(), FakeNotices()
    error = Conflict("It was kept: it is the last one of its generation.")
    deleting.outcome = DeleteOutcome(
        1,
        tuple(
            FailedDelete(
                prediction(n, f"g{n}"),
                error,
                WholeGeneration(f"g{n}", f"Run {n}", (prediction(n),)),
            )
            for n in (1, 2)
        ),
    )
    plan = DeletePlan(predictions=tuple(prediction(n) for n in range(3)))
    talk = DeletionTalk(window, messages)
    task = asyncio.ensure_future(talk.carry_out(cast(Any, deleting), plan, lambda: None))
    await until(lambda: window.findChildren(Dialog))
    press(window, "Delete")
    await until(lambda: "could not be deleted" in shown(window))
    assert "“Boat 1”: It was kept" in shown(window)
    assert "2 generations can go as a whole" in shown(window)
    press(window, "Delete 2\u00a0generations")
    assert await task
    assert deleting.generations == ["g1", "g2"]


def test_what_was_left_is_told() -> None:
    plan = DeletePlan(predictions=(prediction(1),))
    assert told(plan, DeleteOutcome(0, (), 1)) == "Nothing was deleted"
    assert told(plan, DeleteOutcome(1)) == "Deleted 1\u00a0item"
