"""What was detected from a canvas is offered to it, and put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from psygnal import Signal
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from scenario_desktop.services.job_views import JobsChange, JobState
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.panels.canvas.exchange.origins import Origin
from scenario_desktop.ui.workbench.canvas_results import CanvasResults

SKY = Origin("c_1", "sky", 0, 0, 10, 10)


class Jobs:
    changed = Signal(object)

    def __init__(self) -> None:
        self.views: dict[str, Any] = {}

    @property
    def rows(self) -> list[Any]:
        return list(self.views.values())

    def view(self, row_id: str) -> Any:
        return self.views.get(row_id)

    def end(self, row_id: str, source: str, state: JobState = JobState.DONE) -> None:
        self.views[row_id] = SimpleNamespace(
            id=row_id, state=state, input_item_id=source, title=f"Canny of {source}",
            result_ids=(f"result_{row_id}",),
        )  # fmt: skip
        self.changed.emit(JobsChange(changed=frozenset({row_id})))


class Library:
    def __init__(self) -> None:
        self.parents: dict[str, str] = {}
        self.brought: list[str] = []

    async def item(self, asset_id: str) -> Any:
        parent = self.parents.get(asset_id)
        return None if parent is None else SimpleNamespace(id=asset_id, parent_id=parent)

    async def bring(self, asset_ids: Sequence[str]) -> list[Any]:
        self.brought += asset_ids
        self.parents |= {asset_id: "picture_1" for asset_id in asset_ids if "gone" not in asset_id}
        return []


class Room:
    """Shows one canvas at a time, "" for none."""

    def __init__(self, parent: QObject) -> None:
        self.canvas = ""
        self.opened: list[str] = []
        self.placed: list[tuple[str, Origin | None]] = []
        opening = AsyncAction(self._open, parent=parent)
        self.controller: Any = SimpleNamespace(
            actions={"open": opening}, pictures=self, session=None
        )

    def show(self, canvas: str) -> None:
        self.canvas = canvas
        asset = SimpleNamespace(id=canvas)
        self.controller.session = SimpleNamespace(asset=asset) if canvas else None

    async def _open(self, canvas: str) -> None:
        self.show(canvas)

    def open(self, asset_id: str, *, recovery_id: str | None = None) -> None:
        self.opened.append(asset_id)
        self.controller.actions["open"].trigger(asset_id)

    async def place_result(self, item: Any, origin: Origin | None) -> bool:
        self.placed.append((item.id, origin))
        return True


class Drafts:
    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def load(self, name: str) -> Any:
        return self.kept.get(name, {})

    def save(self, name: str, draft: Any) -> None:
        self.kept[name] = draft


class Told:
    def __init__(self) -> None:
        self.toasts: list[str] = []
        self.offers: list[tuple[str, str]] = []
        self.run: Callable[[], object] = self.report

    def toast(self, text: str, undo: Callable[[], object] | None = None) -> None:
        self.toasts.append(text)

    def offer(self, text: str, action: str, run: Callable[[], object]) -> None:
        self.offers.append((text, action))
        self.run = run

    def report(self, error: object = None) -> None:
        raise AssertionError(error)


class Desk:
    def __init__(self) -> None:
        self.parent = QObject()
        self.room, self.drafts, self.told = Room(self.parent), Drafts(), Told()
        self.jobs, self.library = Jobs(), Library()
        self.results = self.begin()

    def begin(self) -> CanvasResults:
        made = CanvasResults(
            self.room,
            self.drafts,  # type: ignore[arg-type]  # what is used of it
            self.told,  # type: ignore[arg-type]
            parent=self.parent,
        )
        made.bind(SimpleNamespace(jobs=self.jobs, library=self.library))  # type: ignore[arg-type]
        return made


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.results.unbind()
    made.parent.deleteLater()


async def test_a_result_is_offered_to_the_canvas_it_came_from(qt_loop: Any, desk: Desk) -> None:
    desk.room.show("c_1")
    desk.results.remember("picture_1", SKY)
    desk.jobs.end("r1", "picture_1", JobState.RUNNING)
    assert not desk.told.offers
    desk.jobs.end("r1", "picture_1")
    desk.jobs.end("r1", "picture_1")  # told once
    assert desk.told.offers == [("Canny of picture_1 is done", "Place on canvas")]
    desk.told.run()
    await desk.results.placing.settle()
    assert desk.room.placed == [("result_r1", SKY)]
    assert desk.library.brought == ["result_r1"]


async def test_several_results_are_one_offer(qt_loop: Any, desk: Desk) -> None:
    desk.room.show("c_1")
    desk.results.remember("picture_1", SKY)
    desk.jobs.end("r1", "picture_1")
    desk.jobs.end("r2", "picture_1")
    assert desk.told.offers[-1][0] == "2\u00a0results are done"
    desk.told.run()
    await desk.results.placing.settle()
    assert [placed[0] for placed in desk.room.placed] == ["result_r1", "result_r2"]


def test_no_offer_without_its_canvas(desk: Desk) -> None:
    desk.results.remember("picture_1", SKY)
    desk.jobs.end("r1", "picture_1")
    desk.room.show("c_2")
    desk.jobs.end("r2", "picture_1")
    desk.jobs.end("r3", "another")
    assert not desk.told.offers


async def test_its_canvas_is_opened_for_it(qt_loop: Any, desk: Desk) -> None:
    desk.results.remember("picture_1", SKY)
    desk.results.place(["result_r1"])
    await desk.results.placing.settle()
    assert desk.room.opened == ["c_1"]
    assert desk.room.placed == [("result_r1", SKY)]


async def test_a_picture_of_no_canvas_needs_one(qt_loop: Any, desk: Desk) -> None:
    desk.results.place(["result_r1"])
    await desk.results.placing.settle()
    assert desk.told.toasts == ["Open a canvas first, then place it"]
    desk.room.show("c_2")
    desk.results.place(["result_r1"])
    await desk.results.placing.settle()
    assert desk.room.placed == [("result_r1", None)]


async def test_a_result_that_is_gone_is_told(qt_loop: Any, desk: Desk) -> None:
    desk.room.show("c_1")
    desk.results.place(["gone"])
    await desk.results.placing.settle()
    assert "not in the library" in desk.told.toasts[0]


def test_what_was_done_before_the_start_is_no_news(desk: Desk) -> None:
    desk.room.show("c_1")
    desk.results.remember("picture_1", SKY)
    desk.results.unbind()
    desk.jobs.end("r1", "picture_1")
    desk.results = desk.begin()
    desk.jobs.end("r1", "picture_1")
    assert not desk.told.offers
    desk.jobs.end("r2", "picture_1")  # its place is still known
    assert len(desk.told.offers) == 1
