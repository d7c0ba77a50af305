"""The dialog of refine tasks over a fake service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from scenario_desktop.api.models.sartiq.answers import RefinePublic
from scenario_desktop.errors import AppError, NotOffered, Offline
from scenario_desktop.items import REFINE, Item, Source
from scenario_desktop.ui.dialogs import Dialog
from scenario_desktop.ui.forms.json_editor import JsonEditor
from scenario_desktop.ui.panels.refine.tasks import TasksPorts, TasksTalk
from scenario_desktop.ui.widgets.buttons import Button
from tests.fakes import FakeNotices
from tests.support import until
from tests.widget.access import unnamed

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def task(name: str, **fields: Any) -> RefinePublic:
    values: dict[str, Any] = {"id": name, "prediction_id": "p1", "scale_factor": 2}
    return RefinePublic(**values | fields)


class FakeTasks:
    def __init__(self) -> None:
        self.may_start = True
        self.listed = [task("r1", result_image_url="https://x/1.png"), task("r2")]
        self.started: list[Mapping[str, Any]] = []
        self.errors: dict[str, AppError] = {}

    def _called(self, name: str) -> None:
        if name in self.errors:
            raise self.errors[name]

    async def tasks(self) -> list[RefinePublic]:
        self._called("tasks")
        return self.listed

    async def read(self, task_id: str) -> tuple[RefinePublic | None, Any]:
        self._called("read")
        return task(task_id, result_image_url="https://x/2.png"), {"id": task_id, "note": "fresh"}

    async def start(self, body: Mapping[str, Any]) -> tuple[RefinePublic | None, Any]:
        if "start" in self.errors:
            self.may_start = False
        self._called("start")
        self.started.append(body)
        self.listed.insert(0, task("r9"))
        return task("r9"), {}

    async def bring(self, one: RefinePublic) -> Item:
        self._called("bring")
        return Item(1, one.id, Source.SARTIQ, "image", REFINE, "success", "Boat", "", NOW, NOW)


class Desk:
    def __init__(self) -> None:
        self.tasks, self.messages = FakeTasks(), FakeNotices()
        self.window = QWidget()
        self.window.resize(1000, 700)
        self.window.show()
        self.refusal = ""
        self.revealed: list[object] = []

    async def open(self) -> TasksTalk:
        ports = TasksPorts(self.tasks, self.messages, lambda: self.refusal)
        talk = TasksTalk(self.window, ports)
        talk.reveal_requested.connect(self.revealed.append)
        talk.open()
        await talk.listing.settle()
        return talk


@pytest.fixture
def desk(qapp: Any) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.window.close()
    made.window.deleteLater()


def entries(talk: TasksTalk) -> list[str]:
    return [talk.dialog.list.item(n).text() for n in range(talk.dialog.list.count())]


async def test_tasks_are_listed_read_and_lead_to_their_result(desk: Desk, qt_loop: Any) -> None:
    talk = await desk.open()
    assert entries(talk) == ["2× · done", "2× · in work"]
    assert not talk.dialog.show_button.isEnabled()
    talk.dialog.list.setCurrentRow(1)
    assert not talk.dialog.show_button.isEnabled()  # as the list has it
    await talk.reading.settle()
    assert "fresh" in talk.dialog.raw.toPlainText()
    assert talk.dialog.show_button.isEnabled()  # as it is by now
    assert not unnamed(talk.dialog)
    talk.dialog.show_button.click()
    await until(lambda: desk.revealed)
    assert desk.revealed == [("r2",)]


async def test_one_is_started_by_an_object(desk: Desk, qt_loop: Any) -> None:
    talk = await desk.open()
    talk.dialog.start.click()
    await until(lambda: len(desk.window.findChildren(Dialog)) == 2)
    asked = next(d for d in desk.window.findChildren(Dialog) if d is not talk.dialog)
    (editor,) = asked.findChildren(JsonEditor)
    editor.set_value({"prediction_id": "p1", "scale_factor": 2})
    editor.edited.emit()
    next(b for b in asked.findChildren(Button) if b.text() == "Start task").click()
    await talk.starting.settle()
    await talk.listing.settle()
    assert desk.tasks.started == [{"prediction_id": "p1", "scale_factor": 2}]
    assert len(entries(talk)) == 3


async def test_what_may_not_be_spent_is_not_asked_for(desk: Desk, qt_loop: Any) -> None:
    desk.refusal = "Spending is switched off."
    talk = await desk.open()
    talk.dialog.start.click()
    await talk.starting.settle()
    assert talk.dialog.words.text() == "Spending is switched off."
    assert desk.window.findChildren(Dialog) == [talk.dialog]


async def test_a_server_that_starts_none_gets_no_button(desk: Desk, qt_loop: Any) -> None:
    talk = await desk.open()
    desk.tasks.errors["start"] = NotOffered("This server does not offer that.")
    talk.dialog.start.click()
    await until(lambda: len(desk.window.findChildren(Dialog)) == 2)
    asked = next(d for d in desk.window.findChildren(Dialog) if d is not talk.dialog)
    (editor,) = asked.findChildren(JsonEditor)
    editor.set_value({})
    editor.edited.emit()
    next(b for b in asked.findChildren(Button) if b.text() == "Start task").click()
    await talk.starting.settle()
    assert not talk.dialog.start.isVisible()
    assert talk.dialog.words.text() == "This server does not offer that."


@pytest.mark.parametrize("name", ["tasks", "read", "bring"])
async def test_trouble_is_told_where_one_looks(desk: Desk, qt_loop: Any, name: str) -> None:
    desk.tasks.errors[name] = Offline("No network.")
    talk = await desk.open()
    talk.dialog.list.setCurrentRow(0)
    await talk.reading.settle()
    if name == "bring":
        talk.dialog.show_button.click()
        await talk.showing.settle()
    assert talk.dialog.words.text().endswith("No network.")
    assert desk.revealed == []
