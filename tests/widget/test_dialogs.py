"""Dialogs that are awaited, and notices."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.errors import Cancelled, Forbidden, Offline
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.dialogs import ACCEPTED, Dialog, ask, confirm
from scenario_desktop.ui.notices import Notices
from scenario_desktop.ui.shortcuts import Shortcuts
from scenario_desktop.ui.theme import Theme
from scenario_desktop.ui.widgets.buttons import ButtonKind
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.modal import Frame, ModalLayer
from tests.support import until


@pytest.fixture
def window(qapp: QApplication) -> Iterator[QWidget]:
    made = QWidget()
    made.resize(900, 600)
    button = QPushButton("Behind", made)
    QVBoxLayout(made).addWidget(button)
    made.show()
    made.activateWindow()
    button.setFocus()
    yield made
    made.close()
    made.deleteLater()


def _press(key: Qt.Key) -> None:
    from PySide6.QtTest import QTest

    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, key)


def _dialog(window: QWidget) -> Dialog:
    return window.findChildren(Dialog)[-1]


def _texts(root: QWidget) -> str:
    return "\n".join(label.text() for label in root.findChildren(PlainLabel))


async def test_enter_runs_the_primary(qt_loop: Any, window: QWidget) -> None:
    answer = asyncio.ensure_future(confirm(window, "Run it?", "It costs 3 CU.", "Run"))
    await until(lambda: window.findChildren(Dialog))
    assert "3 CU" in _texts(_dialog(window))
    _press(Qt.Key.Key_Return)
    assert await answer


async def test_enter_never_runs_what_is_dangerous(qt_loop: Any, window: QWidget) -> None:
    question = confirm(window, "Delete?", "12 items are deleted.", "Delete", is_danger=True)
    answer = asyncio.ensure_future(question)
    await until(lambda: window.findChildren(Dialog))
    _press(Qt.Key.Key_Return)
    await asyncio.sleep(0)
    assert not (answer.done() and answer.result())
    if not answer.done():
        _dialog(window).reject()
    assert not await answer


async def test_escape_cancels_and_gives_the_focus_back(qt_loop: Any, window: QWidget) -> None:
    answer = asyncio.ensure_future(confirm(window, "Run it?", "Now.", "Run"))
    await until(lambda: window.findChildren(Dialog))
    _press(Qt.Key.Key_Escape)
    assert not await answer
    focused = QApplication.focusWidget()
    assert isinstance(focused, QPushButton)
    assert focused.text() == "Behind"


async def test_tab_stays_inside(qt_loop: Any, window: QWidget) -> None:
    dialog = Dialog(window, "Three answers")
    for word in ("One", "Two", "Three"):
        dialog.add_action(word, 0)
    dialog.open()
    seen = set()
    for _ in range(6):
        _press(Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        assert dialog.isAncestorOf(focused)
        seen.add(focused)
    assert len(seen) == 3
    dialog.reject()


async def test_shortcuts_of_the_window_wait_behind_a_dialog(qt_loop: Any, window: QWidget) -> None:
    commands, ran = CommandRegistry(), []
    commands.add(Command("test.do", "Do", lambda: ran.append(1), shortcut="D"))
    Shortcuts(window, commands)
    dialog = Dialog(window, "Wait")
    dialog.add_action("OK", ACCEPTED, ButtonKind.PRIMARY)
    dialog.open()
    _press(Qt.Key.Key_D)
    assert ran == []
    dialog.reject()
    _press(Qt.Key.Key_D)
    assert ran == [1]


async def test_cancelling_the_task_closes_the_dialog(qt_loop: Any, window: QWidget) -> None:
    task = asyncio.ensure_future(confirm(window, "Run it?", "Now.", "Run"))
    await until(lambda: window.findChildren(Dialog))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(layer.isVisible() for layer in window.findChildren(ModalLayer))


async def test_a_closed_window_answers_for_its_dialog(qt_loop: Any, qapp: QApplication) -> None:
    window = QWidget()
    window.show()
    task = asyncio.ensure_future(ask(Dialog(window, "Gone?")))
    await asyncio.sleep(0.01)
    window.close()
    window.deleteLater()
    assert await task == 0


def test_a_long_dialog_stays_inside_the_window(qtbot: QtBot, window: QWidget) -> None:
    dialog = Dialog(window, "Long")
    dialog.add_text("line\n" * 200)
    button = dialog.add_action("OK", ACCEPTED)
    dialog.open()
    assert window.rect().contains(button.mapTo(window, QPoint(0, button.height())))
    dialog.reject()


def test_an_error_stays_with_its_hint_and_can_be_copied(qtbot: QtBot, window: QWidget) -> None:
    notices = Notices(window)
    notices.report(Offline("No connection.", hint="Try again later.", details="ECONNREFUSED"))
    assert "No connection." in _texts(window)
    assert "Try again later." in _texts(window)
    copy = next(b for b in window.findChildren(QPushButton) if b.text() == "Copy details")
    copy.click()
    assert "ECONNREFUSED" in QGuiApplication.clipboard().text()
    notices.close_all()


def _has_card(window: QWidget) -> bool:
    return "Copy details" in {b.text() for b in window.findChildren(QPushButton) if b.isVisible()}


def test_trouble_with_the_connection_goes_when_there_is_one_again(
    qtbot: QtBot, window: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    notices = Notices(window)
    error = Offline("The connection was interrupted.", hint="Try again.", details="reset")
    notices.report(error)
    notices.withdraw_connection_trouble()
    assert _has_card(window)  # nobody could have read it yet
    monkeypatch.setattr("scenario_desktop.ui.notices.LEAST_S", 0.0)
    notices.withdraw_connection_trouble()
    assert not _has_card(window)
    notices.report(Forbidden("This belongs to somebody else.", details="403"))
    notices.withdraw_connection_trouble()
    assert _has_card(window)
    notices.close_all()


def test_notices_stand_above_what_a_page_keeps_free(qtbot: QtBot, window: QWidget) -> None:
    notices = Notices(window)
    notices.set_bottom(30)
    notices.toast("Saved")
    toast = notices._toast
    assert toast is not None
    before = toast.geometry().bottom()
    notices.floor_of_page = lambda: 70
    notices.set_bottom(30)
    assert toast.geometry().bottom() == before - 70
    notices.close_all()


def test_a_bug_is_told_with_its_traceback(qtbot: QtBot, window: QWidget) -> None:
    notices = Notices(window)
    notices.report(ZeroDivisionError("boom"))
    copy = next(b for b in window.findChildren(QPushButton) if b.text() == "Copy details")
    copy.click()
    assert "ZeroDivisionError" in QGuiApplication.clipboard().text()
    notices.close_all()


def test_what_the_user_cancelled_is_not_told(qtbot: QtBot, window: QWidget) -> None:
    before = _texts(window)
    Notices(window).report(Cancelled("Stopped"))
    assert _texts(window) == before


def test_a_toast_undoes_once(qtbot: QtBot, window: QWidget) -> None:
    notices, undone = Notices(window), []
    notices.toast("Moved 3 items to the trash", undo=lambda: undone.append(1))
    undo = next(b for b in window.findChildren(QPushButton) if b.text() == "Undo")
    undo.click()
    undo.click()
    assert undone == [1]


def test_the_newest_toast_wins(qtbot: QtBot, window: QWidget) -> None:
    notices = Notices(window)
    notices.toast("first")
    notices.toast("second")
    shown = [w.text() for w in window.findChildren(PlainLabel) if w.isVisible()]
    assert shown == ["second"]
    notices.close_all()


def test_a_box_that_appears_twice_fades_in_once(qtbot: QtBot, window: QWidget, look: Theme) -> None:
    look.is_still = False
    frame = Frame("popover", window)
    frame.show()
    frame.appear()
    veil = frame.graphicsEffect()
    frame.appear()
    assert frame.graphicsEffect() is veil
    qtbot.waitUntil(lambda: frame.graphicsEffect() is None, timeout=30_000)


def test_only_the_error_that_is_over_is_withdrawn(qtbot: QtBot, window: QWidget) -> None:
    notices = Notices(window)
    first, second = Offline("One."), Offline("Two.")
    notices.report(first)
    notices.withdraw(second)
    assert notices._card is not None
    notices.withdraw(first)
    assert notices._card is None
