"""The large preview and the way to other pictures, which it must not lie over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from scenario_desktop.items import ItemQuery
from scenario_desktop.ui.panels.preview.view import PreviewView
from scenario_desktop.ui.workbench.navigation import Navigation
from tests.widget.gallery_support import item
from tests.widget.test_navigation import Window


class Room:
    """A search field, and a gallery with the preview over it."""

    def __init__(self) -> None:
        self.window = Window()
        self.search, self.grid = QLineEdit(), QLineEdit()
        layout = QVBoxLayout(self.window)
        host = QWidget()
        layout.addWidget(self.search)
        layout.addWidget(host)
        QVBoxLayout(host).addWidget(self.grid)
        self.preview = PreviewView(host)
        self.window.resize(800, 600)
        self.window.show()
        self.window.activateWindow()
        gallery = MagicMock()
        gallery.controller.query = ItemQuery()
        self.navigation = Navigation(
            cast(Any, self.window), MagicMock(), gallery=gallery, first_run=MagicMock(),
            sidebar=MagicMock(), searching=MagicMock(), inspector=MagicMock(), forms={},
            back=lambda page: False, cover=self.preview,
        )  # fmt: skip
        self.grid.setFocus()
        self.preview.open_preview()
        self.preview.show_item(item(1))


@pytest.fixture
def room(qapp: QApplication) -> Iterator[Room]:
    room = Room()
    yield room
    room.window.close()
    room.window.deleteLater()


def test_another_query_uncovers_what_it_finds(room: Room) -> None:
    assert room.preview.isVisible()
    room.navigation.go_to(ItemQuery(tags=("ember",)))
    assert not room.preview.isVisible()
    assert QApplication.focusWidget() is room.grid


def test_whoever_types_a_search_keeps_the_keys(room: Room) -> None:
    room.search.setFocus()
    room.navigation.go_to(ItemQuery(text="e"))
    assert not room.preview.isVisible()
    assert QApplication.focusWidget() is room.search
