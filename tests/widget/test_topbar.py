"""The top bar: search with tokens, how things stand, undo and redo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from psygnal import Signal as ServiceSignal
from PySide6.QtCore import QObject, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from scenario_desktop.errors import AppError, Offline
from scenario_desktop.items import Source
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.panels.topbar.controller import TopBarController, state_words
from scenario_desktop.ui.panels.topbar.view import TopBarView, WorkspaceEntry
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.search_box import SearchBox, Token, parse_token
from tests.fakes import FakeNotices
from tests.support import until


class History:
    changed = ServiceSignal()

    def __init__(self) -> None:
        self.undo_text = "Rename Rocket"
        self.redo_text = ""
        self.undone = 0

    @property
    def can_undo(self) -> bool:
        return bool(self.undo_text)

    @property
    def can_redo(self) -> bool:
        return bool(self.redo_text)

    async def undo(self) -> str:
        self.undone += 1
        self.undo_text, self.redo_text = "", "Rename Rocket"
        self.changed.emit()
        return self.redo_text

    async def redo(self) -> str:
        return self.redo_text


def _status(state: str, **fields: Any) -> Any:
    given: dict[str, Any] = {"done": 0, "at": None, "error": None, "refused_by": ()} | fields
    return SimpleNamespace(state=state, **given)


class Sync:
    status_changed = ServiceSignal(object)

    def __init__(self) -> None:
        self.status = _status("idle", at=datetime(2026, 11, 20, 14, 2, tzinfo=UTC))
        self.requests = 0

    def request(self) -> None:
        self.requests += 1


class Bar:
    def __init__(self) -> None:
        self.commands = CommandRegistry()
        self.window = MainWindow(self.commands)
        self.notices = FakeNotices()
        self.view = TopBarView(self.commands)
        self.window.set_top_bar(self.view)
        self.controller = TopBarController(self.view, self.window, self.commands, self.notices)
        self.history, self.sync = History(), Sync()
        self.window.show()

    def button(self, command_id: str) -> QPushButton:
        return next(b for b in self.view.findChildren(QPushButton) if b.objectName() == command_id)


@pytest.fixture
def bar(qapp: QApplication) -> Iterator[Bar]:
    made = Bar()
    yield made
    made.controller.unbind()
    made.window.close_now()
    made.window.deleteLater()


@pytest.fixture
def box(qtbot: QtBot) -> SearchBox:
    made = SearchBox()
    qtbot.addWidget(made)
    made.resize(480, 32)
    made.show()
    return made


@pytest.mark.parametrize(
    ("typed", "token"),
    [
        ("tag:forest", Token("tag", "forest")),
        ("-tag:forest", Token("tag", "forest", is_excluded=True)),
        ("not tag:forest", Token("tag", "forest", is_excluded=True)),
        ('tag:"warm light"', Token("tag", "warm light")),
        ("TYPE:detection", Token("type", "detection")),
        ("tag:", None),
        ("colour:red", None),
        ("http://x", None),
        ("forest", None),
    ],
)
def test_what_is_a_filter(typed: str, token: Token | None) -> None:
    assert parse_token(typed) == token


def test_a_token_reads_back_as_it_was_typed() -> None:
    token = Token("tag", "warm light", is_excluded=True)
    assert parse_token(token.typed()) == token


def test_a_space_makes_a_token_of_a_filter(box: SearchBox) -> None:
    heard: list[int] = []
    box.changed.connect(lambda: heard.append(1))
    QTest.keyClicks(box.field, "castle tag:forest ")
    assert (box.text(), box.tokens()) == ("castle", (Token("tag", "forest"),))
    assert heard


def test_backspace_opens_the_last_token(box: SearchBox) -> None:
    box.set_tokens([Token("tag", "forest"), Token("in", "c1", "Ember Valley")])
    QTest.keyClick(box.field, Qt.Key.Key_Backspace)
    assert box.tokens() == (Token("tag", "forest"),)
    assert box.field.text() == 'in:"Ember Valley"'


def test_escape_clears_then_lets_go(box: SearchBox) -> None:
    left: list[int] = []
    box.left.connect(lambda: left.append(1))
    box.set_text("castle")
    QTest.keyClick(box.field, Qt.Key.Key_Escape)
    assert (box.text(), left) == ("", [])
    QTest.keyClick(box.field, Qt.Key.Key_Escape)
    assert left == [1]


def test_setting_it_from_the_program_tells_nothing(box: SearchBox) -> None:
    heard: list[int] = []
    box.changed.connect(lambda: heard.append(1))
    box.set_text("castle")
    box.set_tokens([Token("tag", "forest")])
    assert heard == []


def test_an_unfinished_filter_says_what_goes_there(box: SearchBox) -> None:
    failed: list[str] = []
    box.failed.connect(failed.append)
    QTest.keyClicks(box.field, "tag: x")
    assert failed
    assert "tag" in failed[-1]
    assert box._error == failed[-1]
    QTest.keyClick(box.field, Qt.Key.Key_Escape)
    assert failed[-1] == ""


def test_tokens_without_room_are_counted(box: SearchBox, qapp: QApplication) -> None:
    box.set_tokens([Token("tag", f"a rather long tag {i}") for i in range(8)])
    qapp.processEvents()
    assert box._more.isVisible()
    assert box.field.width() >= 60
    box.set_tokens([])
    assert not box._more.isVisible()


@pytest.mark.parametrize(
    ("status", "is_local", "words"),
    [
        (_status("syncing", done=1200), False, "Reading 1,200"),
        (_status("offline", error=Offline("No connection.")), False, "Offline"),
        (_status("offline", error=Offline("No connection.")), True, "Engine stopped"),
        (_status("unauthorised", error=AppError("x")), False, "Keys refused"),
        (
            _status("unauthorised", error=AppError("x"), refused_by=(Source.SARTIQ,)),
            False,
            "Signed out",
        ),
        (_status("failed", error=AppError("x")), False, "Sync failed"),
        (_status("idle"), True, "Local engine ready"),
        (_status("idle", at=datetime(2026, 11, 20, tzinfo=UTC)), False, "Synced"),
    ],
    ids=["syncing", "offline", "engine", "unauthorised", "signed out", "failed", "local", "synced"],
)
def test_how_things_stand_is_said_in_words(status: Any, is_local: bool, words: str) -> None:
    assert words in state_words(status, is_local=is_local)[1]


class Strokes(QObject):
    """A history of a page that takes its steps back at once."""

    changed = QtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.done, self.undone = ["Brush on Sky", "Move Lake"], list[str]()

    @property
    def undo_text(self) -> str:
        return self.done[-1] if self.done else ""

    @property
    def redo_text(self) -> str:
        return self.undone[-1] if self.undone else ""

    def undo(self) -> None:
        self.undone.append(self.done.pop())
        self.changed.emit()

    def redo(self) -> None:
        self.done.append(self.undone.pop())
        self.changed.emit()


def test_undo_acts_on_the_page_in_front(bar: Bar) -> None:
    strokes = Strokes()
    bar.controller.bind(bar.history, bar.sync, is_local=False)
    bar.controller.put_in_front(strokes)
    assert "move Lake" in bar.button("edit.undo").toolTip()
    bar.button("edit.undo").click()
    bar.commands.run("edit.undo")  # of two in a row none is lost
    assert strokes.undone == ["Move Lake", "Brush on Sky"]
    assert (bar.history.undone, bar.notices.toasts) == (0, [])
    assert not bar.button("edit.undo").isEnabled()
    bar.commands.run("edit.redo")
    assert strokes.done == ["Brush on Sky"]
    bar.controller.put_in_front(None)
    assert "rename Rocket" in bar.button("edit.undo").toolTip()


def test_undo_is_named_and_disabled_without_one(bar: Bar) -> None:
    assert not bar.button("edit.undo").isEnabled()
    bar.controller.bind(bar.history, bar.sync, is_local=False)
    assert bar.button("edit.undo").isEnabled()
    assert "rename Rocket" in bar.button("edit.undo").toolTip()
    assert not bar.button("edit.redo").isEnabled()


async def test_undo_runs_once_and_says_what(qt_loop: Any, bar: Bar) -> None:
    bar.controller.bind(bar.history, bar.sync, is_local=False)
    bar.commands.run("edit.undo")
    bar.button("edit.undo").click()
    await until(lambda: bar.notices.toasts)
    assert (bar.history.undone, bar.notices.toasts) == (1, ["Undone: Rename Rocket"])
    assert bar.button("edit.redo").isEnabled()


def test_a_press_on_trouble_tells_more_and_tries_again(bar: Bar) -> None:
    bar.controller.bind(bar.history, bar.sync, is_local=False)
    bar.sync.status = _status("offline", error=Offline("No connection."))
    bar.sync.status_changed.emit(bar.sync.status)
    assert bar.view.state.text() == "Offline"
    bar.view.state.click()
    assert (len(bar.notices.errors), bar.sync.requests) == (1, 1)


def test_waiting_edits_take_the_place_of_the_state(bar: Bar) -> None:
    bar.controller.set_edits_waiting(14)
    assert bar.view.edits.text() == "14 edits waiting"
    assert not bar.view.state.isVisible()
    bar.controller.set_edits_waiting(0)
    assert bar.view.state.isVisible()


def test_the_workspace_menu_lists_all(bar: Bar) -> None:
    entries = [
        WorkspaceEntry("1", "On this computer", is_active=True),
        WorkspaceEntry("2", "A & B"),
    ]
    bar.controller.set_workspaces(entries)
    chosen: list[str] = []
    bar.view.workspace_chosen.connect(chosen.append)
    bar.view.open_workspaces()
    menu = bar.view.findChildren(Menu)[-1]
    menu.actions()[1].trigger()
    menu.close()
    assert chosen == ["2"]
    assert bar.view.workspace.text() == "On this computer"


def test_unbound_it_hears_no_more(bar: Bar) -> None:
    bar.controller.bind(bar.history, bar.sync, is_local=False)
    bar.controller.unbind()
    bar.history.changed.emit()
    assert not bar.button("edit.undo").isEnabled()


def test_a_filter_is_not_searched_for_while_it_is_typed(qapp: QApplication) -> None:
    box = SearchBox()
    box.field.setText("red tag:env")
    assert box.text() == "red"
    box.field.setText('-tag:"warm li')
    assert box.text() == ""
    box.field.setText("ratio 3:4")
    assert box.text() == "ratio 3:4"
    box.deleteLater()


def test_what_is_being_waited_for_is_not_talked_over(bar: Bar) -> None:
    bar.controller.bind(bar.history, bar.sync, is_local=False)
    bar.controller.show_starting("Restarting the local engine")
    bar.sync.status = _status("offline", error=Offline("No connection."))
    bar.sync.status_changed.emit(bar.sync.status)
    assert bar.view.state.accessibleName().startswith("Restarting the local engine")
    bar.controller.show_started()
    assert bar.view.state.accessibleName().startswith("Offline")
