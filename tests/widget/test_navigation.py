"""Where results lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QWidget

from scenario_desktop.items import Item
from scenario_desktop.ui.workbench.navigation import Navigation
from tests.widget.gallery_support import FakeLibrary, item


class Window(QWidget):
    """As much of the window as leads somewhere."""

    page_changed = Signal(str)
    escaped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.page = ""

    def set_page(self, name: str) -> None:
        self.page = name


@pytest.fixture
def window(qapp: QApplication) -> Iterator[Window]:
    window = Window()
    yield window
    window.deleteLater()


@pytest.mark.parametrize(
    ("items", "played"),
    [
        ([item(1, kind="video")], [1]),
        ([item(1)], []),
        ([item(1, kind="video"), item(2, kind="video")], []),
    ],
    ids=["video", "picture", "two videos"],
)
async def test_a_single_video_that_is_revealed_opens_in_the_player(
    qt_loop: Callable[..., Any], window: Window, items: list[Item], played: list[int]
) -> None:
    library, gallery = FakeLibrary(), MagicMock()
    library.all = {one.key: one for one in items}
    navigation = Navigation(
        cast(Any, window), MagicMock(), gallery=gallery, first_run=MagicMock(),
        sidebar=MagicMock(), searching=MagicMock(), inspector=MagicMock(), forms={},
        back=lambda page: False,
    )  # fmt: skip
    navigation.bind(cast(Any, library))
    opened: list[int] = []
    navigation.video_revealed.connect(opened.append)
    navigation.revealing.trigger([one.id for one in items])
    await navigation.revealing.settle()
    assert opened == played
    gallery.controller.reveal.assert_called_once_with([one.key for one in items])
