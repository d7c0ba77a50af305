"""The page of trainings over a fake service whose answers have shapes of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit

from scenario_desktop.api.sartiq.capabilities import Capabilities, Operation
from scenario_desktop.errors import AppError, NotFound, NotOffered
from scenario_desktop.services.sartiq.remembered import KnownId
from scenario_desktop.services.sartiq.training_offers import TrainingOffers
from scenario_desktop.services.sartiq.trainings import id_of
from scenario_desktop.ui.dialogs import Dialog
from scenario_desktop.ui.panels.training.controller import (
    KNOWN,
    TrainingController,
    TrainingPorts,
)
from scenario_desktop.ui.panels.training.state import (
    Training,
    rows_of,
    status_of,
    trainings_of,
)
from scenario_desktop.ui.panels.training.view import TrainingPage
from scenario_desktop.ui.widgets.buttons import Button
from tests.fakes import FakeNotices
from tests.support import until
from tests.widget.access import unnamed


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ([{"task_id": "t1", "status": "läuft"}], [Training("t1", "", "läuft")]),
        ({"data": [{"id": 7, "name": "Shore"}], "count": 1}, [Training("7", "Shore")]),
        ({"trainings": ["a", "", {"nothing": 1}]}, [Training("a")]),
        ({"data": None}, []),
        ("what", []),
        (None, []),
    ],
)
def test_lists_of_any_shape_are_read(answer: Any, found: list[Training]) -> None:
    assert trainings_of(answer) == found


def test_an_answer_becomes_lines() -> None:
    answer = {
        "status": "running", "progress": {"step": 1200, "of": 4000}, "is_public": False,
        "tags": ["a", "b"], "logs": [{"at": 1}, {"at": 2}], "error": None, "empty": {},
    }  # fmt: skip
    assert rows_of(answer) == [
        ("Status", "running"), ("Progress · step", "1,200"), ("Progress · of", "4,000"),
        ("Is public", "no"), ("Tags", "a, b"), ("Logs", "2\u00a0entries"), ("Logs 1 · at", "1"),
        ("Logs 2 · at", "2"), ("Error", "nothing"), ("Empty", "0\u00a0fields"),
    ]  # fmt: skip
    assert rows_of("done") == [("Answer", "done")]
    assert len(rows_of({str(n): n for n in range(1_000)})) == 201
    deep: Any = {}
    for _ in range(50):
        deep = {"a": deep}
    assert len(rows_of(deep)) == 1


def test_status_and_id_are_found_under_several_names() -> None:
    assert status_of({"state": "done"}) == "done"
    assert id_of({"trainingId": "x"}) == "x"
    assert id_of(["x"]) == status_of(None) == ""


class FakeTrainings:
    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.answers: dict[str, Any] = {}
        self.listed: Any = None
        self.started: list[Mapping[str, Any]] = []
        self.cancelled: list[str] = []
        self.details: dict[str, Any] | None = None
        self.read: list[str] = []

    async def get_training(self, training_id: str) -> Any:
        self.read.append(training_id)
        self.capabilities.note(Operation.GET_TRAINING, self.details is not None)
        if self.details is None:
            raise NotOffered("This server does not offer that.")
        if training_id not in self.details:
            raise NotFound("There is no such training.")
        return self.details[training_id]

    async def training_status(self, task_id: str) -> Any:
        if task_id not in self.answers:
            raise NotFound("There is no such training.")
        return self.answers[task_id]

    async def list_trainings(self) -> Any:
        self.capabilities.note(Operation.LIST_TRAININGS, self.listed is not None)
        if self.listed is None:
            raise NotOffered("This server has no list of trainings.")
        return self.listed

    async def start_training(self, body: Mapping[str, Any]) -> Any:
        self.started.append(body)
        self.answers["new"] = {"status": "queued"}
        return {"id": "new"}

    async def cancel_training(self, training_id: str) -> Any:
        self.cancelled.append(training_id)


class FakeKnown:
    def __init__(self) -> None:
        self.ids: list[KnownId] = []

    def of(self, kind: str) -> Sequence[KnownId]:
        return self.ids if kind == KNOWN else []

    async def note(self, kind: str, known_id: str, name: str = "", *, is_used: bool = True) -> None:
        old = next((one for one in self.ids if one.id == known_id), KnownId(known_id))
        rest = [one for one in self.ids if one.id != known_id]
        self.ids = [replace(old, name=name or old.name), *rest]

    async def forget(self, kind: str, known_id: str) -> None:
        self.ids = [one for one in self.ids if one.id != known_id]


class Desk:
    def __init__(self, *, has_service: bool = True) -> None:
        self.capabilities = Capabilities()
        self.trainings, self.known = FakeTrainings(self.capabilities), FakeKnown()
        self.messages = FakeNotices()
        self.page = TrainingPage()
        self.page.resize(1000, 700)
        ports = TrainingPorts(
            self.trainings if has_service else None,
            TrainingOffers(self.capabilities) if has_service else None,
            self.known if has_service else None,
            self.messages,
        )
        self.controller = TrainingController(self.page, ports)
        self.page.show()

    def entries(self) -> list[str]:
        return [self.page.list.item(n).text() for n in range(self.page.list.count())]

    def press(self, text: str) -> None:
        dialog = self.page.findChildren(Dialog)[-1]
        next(b for b in dialog.findChildren(Button) if b.text() == text).click()


@pytest.fixture
def make_desk(qapp: Any) -> Iterator[Any]:
    made: list[Desk] = []

    def make(**words: Any) -> Desk:
        made.append(Desk(**words))
        return made[-1]

    yield make
    for desk in made:
        desk.page.close()
        desk.page.deleteLater()


async def test_a_training_is_looked_at_by_its_id_and_remembered(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk()
    desk.trainings.answers["t1"] = {"status": "running", "step": 3}
    desk.controller.open()
    await desk.controller.listing.settle()
    desk.page.field.setText("  'T1' ")
    desk.page.field.returnPressed.emit()
    await desk.controller.looking.settle()
    assert desk.page.state.accessibleName() == "There is no training of this id"
    told = " ".join(label.text() for label in desk.page.state.findChildren(QLabel))
    assert "Sartiq has none as “T1”." in told
    assert desk.entries() == []
    desk.controller.look_at("t1")
    await desk.controller.looking.settle()
    assert desk.page.title.text() == "t1: running"
    assert desk.page.texts() == [("Status", "running"), ("Step", "3")]
    assert '"step": 3' in desk.page.raw.toPlainText()
    assert desk.entries() == ["t1"]


async def test_what_a_server_tells_besides_the_status_is_shown(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk()
    desk.trainings.answers = {"a": {"status": "busy"}, "b": {"status": "busy"}}
    desk.trainings.details = {"a": {"status": "late", "steps": 900}}
    desk.controller.look_at("a")
    await desk.controller.looking.settle()
    assert desk.page.title.text() == "a: busy"  # the status is asked for as such
    assert ("Steps", "900") in desk.page.texts()
    desk.controller.look_at("b")
    await desk.controller.looking.settle()
    assert desk.page.texts() == [("Status", "busy")]


async def test_a_server_without_details_is_asked_for_them_once(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk()
    desk.trainings.answers = {"a": {"status": "busy"}}
    for _ in range(3):
        desk.controller.look_at("a")
        await desk.controller.looking.settle()
    assert desk.page.texts() == [("Status", "busy")]
    assert desk.trainings.read == ["a"]


async def test_what_a_server_does_not_have_is_not_shown(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.controller.open()
    await desk.controller.listing.settle()
    assert not desk.page.start.isVisible()
    assert "no list" in desk.page.note.text()
    assert desk.messages.errors == []


async def test_where_there_is_a_list_one_can_start_and_end(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.trainings.listed = {"data": [{"task_id": "t9", "name": "Shore", "status": "done"}]}
    desk.controller.open()
    await desk.controller.listing.settle()
    assert desk.entries() == ["Shore · done"]
    assert desk.page.start.isVisible()
    desk.page.start.click()
    await until(lambda: desk.page.findChildren(Dialog))
    dialog = desk.page.findChildren(Dialog)[-1]
    start = next(b for b in dialog.findChildren(Button) if b.text() == "Start training")
    assert not start.isEnabled()
    dialog.findChildren(QPlainTextEdit)[0].setPlainText('{"subject": "a"}')
    assert start.isEnabled()
    start.click()
    await desk.controller.starting.settle()
    assert desk.trainings.started == [{"subject": "a"}]
    await desk.controller.looking.settle()
    assert desk.page.title.text() == "new: queued"
    desk.page.cancel.click()
    await until(lambda: len(desk.page.findChildren(Dialog)) and desk.controller.cancelling.is_busy)
    await until(lambda: any(b.text() == "Cancel training" and b.isVisible()
                            for b in desk.page.findChildren(Button)))  # fmt: skip
    desk.press("Cancel training")
    await desk.controller.cancelling.settle()
    assert desk.trainings.cancelled == ["new"]
    await desk.controller.looking.settle()


async def test_ids_get_names_and_are_forgotten(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.trainings.answers["t1"] = {"status": "running"}
    desk.controller.open()
    desk.controller.look_at("t1")
    await desk.controller.looking.settle()
    desk.page.rename.click()
    await until(lambda: desk.page.findChildren(Dialog))
    field = desk.page.findChildren(Dialog)[-1].findChildren(QLineEdit)[0]
    field.setText("Quiet shore")
    desk.press("Name it")
    await desk.controller.naming.settle()
    await desk.controller.looking.settle()
    assert desk.page.title.text() == "Quiet shore: running"
    assert desk.entries() == ["Quiet shore"]
    desk.page.forget.click()
    await desk.controller.forgetting.settle()
    assert desk.entries() == []


async def test_without_an_account_it_says_how_to_come_by_one(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk(has_service=False)
    wanted: list[bool] = []
    desk.controller.connect_requested.connect(lambda: wanted.append(True))
    desk.page.missing.action_requested.emit()
    assert wanted == [True]
    desk.controller.open()
    assert not desk.page.again.isVisible()


async def test_other_failures_are_told_in_their_words(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    failure = AppError("Sartiq refuses the login.", hint="Sign in again.")

    async def fail(task_id: str) -> Any:
        raise failure

    desk.trainings.training_status = fail
    desk.controller.look_at("t1")
    await desk.controller.looking.settle()
    assert desk.page.state.accessibleName() == "The training could not be read"


async def test_every_control_has_a_name(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.trainings.answers["t1"] = {"status": "<b>x</b>", "logs": [{"at": 1}]}
    desk.controller.open()
    desk.controller.look_at("t1")
    await desk.controller.looking.settle()
    assert unnamed(desk.page) == []
    assert desk.page.title.text() == "t1: <b>x</b>"
    assert desk.page.title.textFormat() is Qt.TextFormat.PlainText
