"""Edits that wait: counted, explained, sent on request; a refused one is decided on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from psygnal import Signal
from PySide6.QtCore import QObject
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.errors import Offline
from scenario_desktop.store.outbox import Edit, EditKind
from scenario_desktop.ui.panels.topbar import waiting
from scenario_desktop.ui.panels.topbar.waiting import WaitingEdits
from tests.support import until


class Queue:
    """An outbox in memory."""

    changed = Signal()

    def __init__(self) -> None:
        self.edits: tuple[Edit, ...] = ()
        self.last_error: Offline | None = None
        self.calls: list[str] = []

    @property
    def waiting(self) -> int:
        return len(self.edits)

    @property
    def refused(self) -> Edit | None:
        return self.edits[0] if self.edits and self.edits[0].refusal else None

    def add(self, *, refusal: str = "") -> None:
        edit = Edit(
            EditKind.TAGS, ("a", "b"), {"add": ["sea"], "remove": []},
            id=len(self.edits) + 1, refusal=refusal,
        )  # fmt: skip
        self.edits += (edit,)
        self.changed.emit()

    async def replay(self) -> None:
        self.calls.append("replay")

    async def retry(self) -> None:
        self.calls.append("retry")

    async def discard(self) -> None:
        self.calls.append("discard")


class Bar(QWidget):
    """The part of the top bar's view that is used."""

    edits_requested = QtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.shown: tuple[int, str] = (0, "")

    def set_edits_waiting(self, count: int, tooltip: str = "") -> None:
        self.shown = (count, tooltip.replace("\u00a0", " "))


class Room:
    def __init__(self, qtbot: QtBot) -> None:
        self.window, self.bar, self.queue = QWidget(), Bar(), Queue()
        for widget in (self.window, self.bar):
            qtbot.addWidget(widget)
        self.window.resize(900, 600)
        self.window.show()
        self.told: list[str] = []
        notices = SimpleNamespace(
            toast=lambda text, undo=None: self.told.append(text),
            report=lambda error: self.told.append(error.message),
        )
        self.waiting = WaitingEdits(cast(Any, self.bar), self.window, notices=notices)
        self.waiting.bind(self.queue)

    def press(self, text: str) -> None:
        buttons = self.window.findChildren(QAbstractButton)
        next(b for b in buttons if b.text() == text).click()


def test_an_edit_that_arrives_at_once_is_never_shown(qtbot: QtBot) -> None:
    room = Room(qtbot)
    room.queue.add()
    assert room.bar.shown == (0, "")
    assert isinstance(room.waiting, QObject)


async def test_edits_that_stay_are_counted_and_listed(
    qt_loop: Any, qtbot: QtBot, monkeypatch: Any
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_MS", 1)
    room = Room(qtbot)
    room.queue.last_error = Offline("No connection.")
    for _ in range(8):
        room.queue.add()
    await until(lambda: room.bar.shown[0] == 8)
    assert "No connection." in room.bar.shown[1]
    assert "Add tag sea to 2 items" in room.bar.shown[1]
    assert room.bar.shown[1].endswith("and 2 more")
    room.queue.edits = ()
    room.queue.changed.emit()
    assert room.bar.shown == (0, "")


async def test_a_press_sends_them_now(qt_loop: Any, qtbot: QtBot) -> None:
    room = Room(qtbot)
    room.queue.add()
    room.bar.edits_requested.emit()
    await room.waiting.settle_up.settle()
    assert room.queue.calls == ["replay"]


async def test_a_refused_edit_is_told_once_and_tried_again(qt_loop: Any, qtbot: QtBot) -> None:
    room = Room(qtbot)
    room.queue.add(refusal="Not allowed.")
    room.queue.add()
    assert room.told == ["The server refused an edit. The edits after it wait."]
    room.bar.edits_requested.emit()
    await until(lambda: room.window.findChildren(QAbstractButton))
    room.press("Try again")
    await room.waiting.settle_up.settle()
    assert room.queue.calls == ["retry"]


async def test_a_refused_edit_can_be_given_up(qt_loop: Any, qtbot: QtBot) -> None:
    room = Room(qtbot)
    room.queue.add(refusal="Not allowed.")
    room.bar.edits_requested.emit()
    await until(lambda: room.window.findChildren(QAbstractButton))
    room.press("Discard edit")
    await room.waiting.settle_up.settle()
    assert room.queue.calls == ["discard", "replay"]


async def test_cancelling_changes_nothing(qt_loop: Any, qtbot: QtBot) -> None:
    room = Room(qtbot)
    room.queue.add(refusal="Not allowed.")
    room.bar.edits_requested.emit()
    await until(lambda: room.window.findChildren(QAbstractButton))
    room.press("Cancel")
    await room.waiting.settle_up.settle()
    assert room.queue.calls == []
