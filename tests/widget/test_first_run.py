"""The page of an empty library."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from scenario_desktop.ui.panels.first_run.view import FirstRunView


@pytest.fixture
def view(qtbot: QtBot) -> FirstRunView:
    made = FirstRunView(samples=24)
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    return made


def _press(view: FirstRunView, text: str) -> None:
    next(b for b in view.findChildren(QPushButton) if b.text() == text).click()


def test_each_button_says_what_is_wished(view: FirstRunView) -> None:
    heard: list[str] = []
    view.choose_requested.connect(lambda: heard.append("choose"))
    view.samples_requested.connect(lambda: heard.append("samples"))
    view.connect_requested.connect(lambda: heard.append("connect"))
    view.sartiq_requested.connect(lambda: heard.append("sartiq"))
    for text in ("Choose files", "Add samples", "Connect…", "Log in…"):
        _press(view, text)
    assert heard == ["choose", "samples", "connect", "sartiq"]


def test_dropped_files_are_handed_on(view: FirstRunView, tmp_path: Path) -> None:
    heard: list[list[Path]] = []
    view.files_dropped.connect(heard.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.png")), QUrl("https://example.org/b.png")])
    event = QDropEvent(
        QPointF(100, 100),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    view.dropEvent(event)
    assert heard == [[tmp_path / "a.png"]]


def test_our_own_samples_lie_in_the_fan(view: FirstRunView) -> None:
    view.load_samples()
    assert view._fan.isVisible()
    assert len(view._fan._pictures) == 4
    assert all(not picture.isNull() for picture in view._fan._pictures)


def test_a_connected_workspace_needs_no_offer(view: FirstRunView) -> None:
    view.set_local(False)
    assert not view._connect.isVisible()
    assert not view._sartiq.isVisible()
