"""The page of a generation over fake services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from psygnal import Signal
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QWidget

from scenario_desktop.api.models.sartiq.answers import (
    GenerationPublic,
    GenerationStats,
    PredictionPublic,
    RefinePublic,
    ShotRevisionPublic,
)
from scenario_desktop.errors import AppError, NotFound, NotOffered, Offline
from scenario_desktop.items import PREDICTION, REFINE, Item, Source
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.services.sartiq.run_generations import Asked, Whole
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.panels.generation.controller import (
    GenerationController,
    GenerationPorts,
)
from scenario_desktop.ui.panels.generation.state import (
    caption_of,
    changes_text,
    parameters_of,
    revisions_text,
    stats_text,
)
from scenario_desktop.ui.panels.generation.view import GenerationDock, GenerationPage
from scenario_desktop.ui.shortcuts import Shortcuts
from scenario_desktop.ui.widgets.buttons import Button
from scenario_desktop.ui.widgets.labels import PlainLabel
from tests.fakes import FakeNotices
from tests.support import until
from tests.widget.access import unnamed
from tests.widget.test_runs_panel import FakePictures

NOW = datetime(2026, 11, 20, tzinfo=UTC)
STYLE = "3f2a9c10-5d1e-4b7a-9c52-0123456789ab"


def item(n: int, **fields: Any) -> Item:
    values: dict[str, Any] = {
        "key": n, "id": f"p{n}", "source": Source.SARTIQ, "kind": "image", "type": PREDICTION,
        "status": "success", "name": f"Boat {n}", "mime_type": "", "created_at": NOW,
        "updated_at": NOW, "group_id": "g",
    }  # fmt: skip
    return Item(**values | fields)


def asked(op: Op = Op.GENERATE, *, is_whole: bool = True, **body: Any) -> Asked:
    return Asked(op, body, {}, is_whole)


def whole(**fields: Any) -> Whole:
    values: dict[str, Any] = {
        "generation": GenerationPublic(
            id="g",
            predictions=(PredictionPublic(id="p2", error_message="too dark"),),
        ),
        "items": (item(1), item(2, status="error"), item(3, type=REFINE)),
        "asked": asked(extra_prompt="a boat", steps=30),
        "stats": GenerationStats(id="g", total=2, completed=1, error=1),
    }
    return Whole(**values | fields)


class FakeGenerations:
    def __init__(self) -> None:
        self.found: Whole | AppError = whole()
        self.revised: list[bool] = []
        self.error: AppError | None = None
        self.jobs = {"generation:g": "g"}

    async def read(self, generation_id: str) -> Whole:
        if isinstance(self.found, AppError):
            raise self.found
        return self.found

    async def of_job(self, job_id: str) -> str:
        return self.jobs.get(job_id, "")

    async def set_revised(self, generation_id: str, is_revised: bool) -> GenerationPublic:
        if self.error is not None:
            raise self.error
        self.revised.append(is_revised)
        return GenerationPublic(id="g", revised=is_revised)

    async def revisions(self, prediction_id: str) -> Sequence[ShotRevisionPublic]:
        return [ShotRevisionPublic(id="s", display_name=f"Shot of {prediction_id}", version=2)]


class FakeItems:
    changed = Signal(object)

    def __init__(self) -> None:
        self.items: list[Item] = []

    async def generation_items(self, generation_id: str) -> list[Item]:
        return self.items


class FakeChoosing:
    changed = Signal()

    def __init__(self) -> None:
        self.is_offered, self.chosen = True, ""
        self.error: AppError | None = None

    def of(self, generation: GenerationPublic) -> str:
        return self.chosen

    async def choose(self, one: Item) -> None:
        if self.error is not None:
            self.is_offered = False
            self.changed.emit()
            raise self.error
        self.chosen = one.id


class FakeRefines:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def of_prediction(self, prediction_id: str) -> Sequence[RefinePublic]:
        self.asked.append(prediction_id)
        return [
            RefinePublic(id="r1", scale_factor=2, width=80, height=60, created_at=NOW,
                         result_image_url="https://x/1.png"),
            RefinePublic(id="r2", scale_factor=4, error_message="no room",
                         created_at=NOW + timedelta(hours=1)),
        ]  # fmt: skip


class Desk:
    def __init__(self) -> None:
        self.choosing, self.refines = FakeChoosing(), FakeRefines()
        self.generations, self.library = FakeGenerations(), FakeItems()
        self.messages = FakeNotices()
        self.deleted: list[str] = []
        self.is_sure = True
        self.window = QWidget()
        self.window.resize(1100, 700)
        self.page, self.dock = GenerationPage(), GenerationDock()
        row = QHBoxLayout(self.window)
        row.addWidget(self.page)
        row.addWidget(self.dock)

        async def delete(generation_id: str) -> bool:
            self.deleted.append(generation_id)
            return self.is_sure

        async def delete_item(one: Item) -> bool:
            self.deleted.append(one.id)
            self.library.items = [left for left in self.library.items if left.id != one.id]
            return self.is_sure

        ports = GenerationPorts(
            self.generations, self.library, FakePictures(), self.messages, delete, delete_item,
            lambda of, known_id: "Quiet shore" if known_id == STYLE else "",
            self.choosing, self.refines,
        )  # fmt: skip
        self.controller = GenerationController(self.page, self.dock, ports)
        self.window.show()

    async def open(self) -> None:
        self.controller.open("g")
        await self.controller.reading.settle()
        await self.controller.asking.settle()


@pytest.fixture
def desk(qapp: Any) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.controller.close()
    made.window.close()
    made.window.deleteLater()


# --- words ----------------------------------------------------------------------------------------


def test_parameters_are_named_and_marked_against_the_run_before() -> None:
    given = whole(
        asked=asked(extra_prompt="a boat", steps=30, style_id=STYLE),
        previous=asked(extra_prompt="a boat", lighting="soft"),
    )
    found = {p.title: p for p in parameters_of(given, lambda of, i: "Quiet shore")}
    assert found["Prompt"].value == "a boat"
    assert not found["Prompt"].is_changed
    assert (found["Steps"].value, found["Steps"].was) == ("30", "20")
    assert (found["Style"].value, found["Style"].was) == ("Quiet shore", "not given")
    assert (found["Light"].value, found["Light"].was) == ("not given", "soft")
    assert (
        changes_text(given, list(found.values())) == "3\u00a0fields changed since the run before."
    )


def test_runs_that_are_told_unlike_are_not_compared() -> None:
    given = whole(previous=asked(extra_prompt="x", is_whole=False))
    parameters = parameters_of(given, lambda of, i: "")
    assert not any(p.is_changed for p in parameters)
    assert "cannot be told" in changes_text(given, parameters)
    assert changes_text(whole(), []) == "The first run of its kind that is known here."


def test_pictures_are_told_by_their_names() -> None:
    given = whole(
        asked=Asked(Op.FACES, {}, {"base_img_path": (PictureRef("a", "", "Harbour"),)}, True)
    )
    assert [p.value for p in parameters_of(given, lambda of, i: "")] == ["Harbour"]


def test_what_came_of_it_in_words() -> None:
    stats = GenerationStats(id="g", total=4, completed=2, error=1)
    assert stats_text(stats, ()) == "4\u00a0results: 2 done, 1 failed, 1 in work"
    assert stats_text(None, whole().items) == "2\u00a0results: 1 done, 1 failed, 1\u00a0refine"
    assert caption_of(item(1, is_favourite=True, versions=2)) == "Favourite, 2\u00a0refines"
    assert revisions_text(()) == "No shot uses it."


# --- the page -------------------------------------------------------------------------------------


async def test_it_shows_results_and_what_was_asked(desk: Desk, qt_loop: Any) -> None:
    await desk.open()
    assert desk.page.title.text() == "Create generation"
    assert desk.page.stats.text() == "2\u00a0results: 1 done, 1 failed, 1\u00a0refine"
    assert desk.dock.texts() == ["Prompt: a boat", "Steps: 30"]
    assert desk.page.detail.text() == "Used by Shot of p1, version 2."
    await until(lambda: not desk.page.lacks_picture("p1"))
    desk.page.result_chosen.emit("p2")
    await desk.controller.asking.settle()
    assert desk.page.detail.text().startswith("Failed: too dark")
    assert not desk.page.use.isEnabled()


async def test_a_result_becomes_the_chosen_one(desk: Desk, qt_loop: Any) -> None:
    await desk.open()
    assert desk.page.pick.isVisible()
    desk.page.pick.click()
    await desk.controller.picking.settle()
    assert desk.choosing.chosen == "p1"
    assert desk.page._tiles["p1"].property("caption") == "Chosen"
    assert not desk.page.pick.isVisible()  # it is that already
    desk.page.result_chosen.emit("p2")
    assert not desk.page.pick.isVisible()  # it failed


async def test_a_server_without_the_mark_gets_no_button(desk: Desk, qt_loop: Any) -> None:
    await desk.open()
    desk.choosing.error = NotOffered("This server does not offer that.")
    desk.page.pick.click()
    await desk.controller.picking.settle()
    assert not desk.page.pick.isVisible()
    assert desk.messages.errors == [desk.choosing.error]


async def test_refines_of_a_result_are_listed_and_lead_to_it(desk: Desk, qt_loop: Any) -> None:
    desk.generations.found = whole(items=(item(1, versions=2), item(2)))
    await desk.open()
    await desk.controller.listing.settle()
    at = f"{(NOW + timedelta(hours=1)).astimezone():%d %b, %H:%M}"
    newest, oldest = desk.page.refines.texts()
    assert newest == f"4×, failed: no room · {at}"
    assert oldest.startswith("2×, 80 × 60\u00a0px, done")
    shown: list[object] = []
    desk.controller.reveal_requested.connect(shown.append)
    (show,) = [b for b in desk.page.refines.findChildren(Button) if b.isVisible()]
    show.click()
    assert shown == [("r1",)]
    desk.page.result_chosen.emit("p2")
    await desk.controller.listing.settle()
    assert not desk.page.refines.isVisible()
    assert desk.refines.asked == ["p1"]  # one without refines costs no request


async def test_the_mark_is_set_and_falls_back_when_refused(desk: Desk, qt_loop: Any) -> None:
    await desk.open()
    desk.dock.revised.click()
    await desk.controller.revising.settle()
    assert desk.generations.revised == [True]
    assert desk.dock.revised.isChecked()
    desk.generations.error = Offline("No network.")
    desk.dock.revised.click()
    await desk.controller.revising.settle()
    assert desk.dock.revised.isChecked()
    assert desk.messages.errors


async def test_it_can_be_run_again_and_its_results_used(desk: Desk, qt_loop: Any) -> None:
    await desk.open()
    again: list[Asked] = []
    used: list[tuple[Op, Item]] = []
    desk.controller.rerun_requested.connect(again.append)
    desk.controller.tool_requested.connect(lambda op, one: used.append((op, one)))
    desk.dock.rerun.click()
    desk.page.tool_requested.emit(Op.EDIT)
    assert again[0].body == {"extra_prompt": "a boat", "steps": 30}
    assert used == [(Op.EDIT, item(1))]


async def test_a_refine_is_not_run_again_from_here(desk: Desk, qt_loop: Any) -> None:
    desk.generations.found = whole(asked=asked(Op.REFINE))
    await desk.open()
    assert not desk.dock.rerun.isEnabled()
    assert "from the library" in desk.dock.reason.text()


async def test_deleting_leaves_the_page_only_when_it_was_meant(desk: Desk, qt_loop: Any) -> None:
    await desk.open()
    gone: list[bool] = []
    desk.controller.gone.connect(lambda: gone.append(True))
    desk.is_sure = False
    desk.page.delete_requested.emit()
    await desk.controller.deleting.settle()
    assert (desk.deleted, gone) == (["g"], [])
    desk.is_sure = True
    desk.page.delete_requested.emit()
    await desk.controller.deleting.settle()
    assert gone == [True]


async def test_enter_opens_a_result_and_delete_deletes_it(desk: Desk, qt_loop: Any) -> None:
    commands = CommandRegistry()
    elsewhere: list[str] = []
    for keys in ("Delete", "Return"):
        commands.add(Command(f"a.{keys}", keys, partial(elsewhere.append, keys), shortcut=keys))
    Shortcuts(desk.window, commands)
    desk.library.items = [item(1), item(2, status="error")]
    opened: list[Sequence[str]] = []
    gone: list[bool] = []
    desk.controller.reveal_requested.connect(opened.append)
    desk.controller.gone.connect(lambda: gone.append(True))
    await desk.open()
    desk.window.activateWindow()
    first, second = desk.page.grid.tiles
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Return)
    QTest.keyClick(first, Qt.Key.Key_Right)
    assert second.hasFocus()
    QTest.keyClick(second, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    QTest.mouseDClick(first, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert opened == [(first.key,), (second.key,), (first.key,)]
    for tile in (second, first):
        assert not gone
        QTest.keyClick(tile, Qt.Key.Key_Delete)
        await desk.controller.deleting_result.settle()
    assert desk.deleted == [second.key, first.key]
    assert gone == [True]
    assert elsewhere == []


async def test_trouble_is_told_and_what_is_gone_is_told_as_that(desk: Desk, qt_loop: Any) -> None:
    desk.generations.found = whole(error=Offline("No network."))
    await desk.open()
    assert desk.page.banner.text().startswith("No network.")
    assert not desk.dock.revised.isEnabled()
    desk.generations.found = whole()
    desk.page.banner.action_requested.emit()
    await desk.controller.reading.settle()
    assert desk.page.banner.isHidden()
    desk.generations.found = Offline("No network.")
    await desk.open()
    assert desk.page.state.accessibleName() == "The generation cannot be shown"
    desk.generations.found = NotFound("It is no longer in Sartiq.")
    await desk.open()
    assert desk.page.state.accessibleName() == "It is no longer there"
    left: list[bool] = []
    desk.controller.gone.connect(lambda: left.append(True))
    desk.page.state.action_requested.emit()
    assert left == [True]
    desk.generations.found = whole()
    desk.controller.look_again()
    await desk.controller.reading.settle()
    assert desk.page.title.text() == "Create generation"


async def test_a_job_leads_to_its_generation(desk: Desk, qt_loop: Any) -> None:
    desk.controller.open_job("generation:g")
    await desk.controller.finding.settle()
    assert desk.controller.generation_id == "g"
    desk.controller.open_job("refine:x:y")
    await desk.controller.finding.settle()
    assert desk.messages.toasts == ["Its generation is not known here"]


async def test_new_results_come_in_by_themselves(desk: Desk, qt_loop: Any) -> None:
    await desk.open()
    desk.library.items = [item(1), item(2), item(4)]
    desk.library.changed.emit(SimpleNamespace(keys=frozenset({4})))
    await until(lambda: desk.page.stats.text() == "3\u00a0results: 3 done")


async def test_its_id_can_be_copied(desk: Desk, qt_loop: Any) -> None:
    await desk.open()
    desk.page.copy_requested.emit()
    assert QGuiApplication.clipboard().text() == "g"
    assert desk.page.grid.childAt(QPoint(10, 10)) is not None


async def test_every_control_has_a_name_and_foreign_text_stays_text(
    desk: Desk, qt_loop: Any
) -> None:
    hostile = "<b>x</b> <img src=file:///etc/passwd>"
    desk.generations.found = whole(asked=asked(extra_prompt=hostile))
    await desk.open()
    assert unnamed(desk.window) == []
    assert f"Prompt: {hostile}" in desk.dock.texts()
    for label in desk.window.findChildren(PlainLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText
