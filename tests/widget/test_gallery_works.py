"""Cells in work beside their parents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from psygnal import Signal
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from scenario_desktop.items import REFINE, Item
from scenario_desktop.services.job_views import JobsChange, JobState, JobView
from scenario_desktop.ui.panels.gallery.cells import WorkState
from scenario_desktop.ui.panels.gallery.works import Works
from tests.support import until
from tests.widget.gallery_support import item

Loop = Callable[..., Any]


def view(
    state: JobState, *, results: tuple[str, ...] = (), progress: float | None = None
) -> JobView:
    return JobView(
        id="row", title="Canny, Rocket meadow", subtitle="", kind="detect", parameters_text="",
        input_item_id="asset_5", state=state, status_text="", progress=progress, elapsed_s=None,
        queue_s=None, cost=None, is_cost_final=False, can_cancel=True, error="", hint="",
        result_ids=results, created_at=datetime(2026, 1, 1, tzinfo=UTC), ended_at=None,
        batch_id="batch",
    )  # fmt: skip


class FakeJobs:
    changed = Signal(object)

    def __init__(self, *rows: JobView) -> None:
        self.rows = list(rows)
        self.items = {"asset_5": item(5)}

    def become(self, *rows: JobView) -> None:
        self.rows = list(rows)
        self.changed.emit(JobsChange())

    async def find(self, asset_id: str) -> Item | None:
        return self.items.get(asset_id)


@pytest.fixture
def works(qapp: QApplication) -> Works:
    return Works(QObject(qapp))


async def test_a_cell_says_the_whole_of_what_is_made(qt_loop: Loop, works: Works) -> None:
    row = replace(
        view(JobState.RUNNING), title="Refine to 9,000 × 9,000 px, Boat", kind="sartiq-adjust"
    )
    jobs = FakeJobs(row)
    works.watch(jobs, jobs.find)
    await until(lambda: works.cells)
    assert works.cells[0].title == "Refine to 9,000 × 9,000 px"
    assert works.cells[0].icon == "crop"


async def test_a_running_job_stands_beside_its_parent(qt_loop: Loop, works: Works) -> None:
    jobs = FakeJobs(view(JobState.RUNNING, progress=0.4))
    works.watch(jobs, jobs.find)
    await until(lambda: works.cells)
    cell = works.cells[0]
    assert (cell.parent_key, cell.title, cell.progress) == (5, "Canny", 0.4)
    assert works.beside == [(5, cell.key)]
    assert cell.key < 0


async def test_progress_moves_nothing(qt_loop: Loop, works: Works) -> None:
    jobs = FakeJobs(view(JobState.RUNNING, progress=0.4))
    works.watch(jobs, jobs.find)
    await until(lambda: works.cells)
    arranged: list[bool] = []
    works.arranged.connect(lambda: arranged.append(True))
    jobs.become(view(JobState.RUNNING, progress=0.8))
    assert works.cells[0].progress == 0.8
    assert not arranged


async def test_the_result_takes_the_place_of_its_cell(qt_loop: Loop, works: Works) -> None:
    jobs = FakeJobs(view(JobState.RUNNING))
    works.watch(jobs, jobs.find)
    await until(lambda: works.cells)
    jobs.become(view(JobState.DONE, results=("asset_9",)))
    assert len(works.beside) == 1, "the cell holds the place until the result is known"
    await until(lambda: works.beside == [])
    jobs.items["asset_9"] = item(9)
    works.look_again()
    await until(lambda: works.beside == [(5, 9)])
    works.forget_results()
    assert works.beside == []


async def test_a_failure_seen_here_stays(qt_loop: Loop, works: Works) -> None:
    jobs = FakeJobs(view(JobState.RUNNING))
    works.watch(jobs, jobs.find)
    await until(lambda: works.cells)
    jobs.become(view(JobState.FAILED))
    assert [cell.state for cell in works.cells] == [WorkState.FAILED]


async def test_failures_of_yesterday_are_no_cells(qt_loop: Loop, works: Works) -> None:
    jobs = FakeJobs(view(JobState.FAILED))
    works.watch(jobs, jobs.find)
    assert not works._look_up.is_busy
    assert works.cells == ()


async def test_another_workspace_forgets_all(qt_loop: Loop, works: Works) -> None:
    jobs = FakeJobs(view(JobState.RUNNING))
    works.watch(jobs, jobs.find)
    await until(lambda: works.cells)
    works.watch(None, None)
    assert works.beside == []
    jobs.become(view(JobState.RUNNING))
    assert works.beside == []


async def test_a_refined_version_has_no_cell_of_its_own(qt_loop: Loop, works: Works) -> None:
    one = replace(view(JobState.RUNNING), kind="sartiq-refine", title="Refine 2×, Boat")
    jobs = FakeJobs(one)
    jobs.items["refine_9"] = item(9, id="refine_9", type=REFINE, parent_id="asset_5")
    works.watch(jobs, jobs.find)
    await until(lambda: works.cells)
    assert works.cells[0].icon == "maximize-2"
    jobs.become(replace(one, state=JobState.DONE, result_ids=("refine_9",)))
    await until(lambda: works.cells == ())
    assert works.beside == []


async def test_a_chained_refine_is_made_beside_the_prediction(qt_loop: Loop, works: Works) -> None:
    jobs = FakeJobs(replace(view(JobState.RUNNING), input_item_id="refine_9"))
    jobs.items["refine_9"] = item(9, id="refine_9", type=REFINE, parent_id="asset_5")
    works.watch(jobs, jobs.find)
    await until(lambda: works.cells)
    assert works.cells[0].parent_key == 5
