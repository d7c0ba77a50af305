"""The large preview."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from scenario_desktop.errors import AppError, Offline
from scenario_desktop.items import PREDICTION, REFINE, Item, Picture
from scenario_desktop.ui.actions import cancel_all
from scenario_desktop.ui.loop import run
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.preview import controller
from scenario_desktop.ui.panels.preview.controller import PreviewController
from scenario_desktop.ui.panels.preview.view import PreviewView
from tests.support import until
from tests.widget.gallery_support import FakeThumbnails, item

Loop = Callable[..., Any]


class Shelf:
    """Ten items in a row, and the pictures of all of them."""

    def __init__(self) -> None:
        self.items = {key: item(key, size_bytes=3_100_000) for key in range(1, 11)}
        self.walked: list[int] = []
        self.asked: list[tuple[int, int]] = []
        self.error: AppError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, keys: Sequence[int]) -> list[Item]:
        return [self.items[key] for key in keys if key in self.items]

    def neighbour(self, key: int, step: int) -> int | None:
        return key + step if 1 <= key + step <= 10 else None

    def show_key(self, key: int) -> None:
        self.walked.append(key)

    async def large(self, one: Item, max_px: int) -> Picture:
        self.asked.append((one.key, max_px))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        side = min(800, max_px) // 8
        return Picture(side * 4, side * 3, bytes(side * 4 * side * 3 * 4))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def host(qapp: QApplication) -> Iterator[QWidget]:
    host = QWidget()
    host.resize(800, 600)
    host.show()
    yield host
    host.close()
    host.deleteLater()


@pytest.fixture
def preview(host: QWidget, shelf: Shelf) -> Iterator[PreviewController]:
    store = PictureStore(FakeThumbnails())
    controller = PreviewController(PreviewView(host), store)
    controller.open_workspace(shelf, shelf)
    yield controller
    store.close()


@pytest.fixture
def qt_loop(preview: PreviewController) -> Loop:
    async def until_closed(test: Coroutine[Any, Any, None]) -> None:
        try:
            await test
        finally:
            preview._view.close_preview()
            await cancel_all(preview._view)

    return lambda test: run(until_closed(test))


async def test_it_shows_name_and_facts_before_the_picture(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    shelf.gate.clear()
    preview.open(3)
    view = preview._view
    await until(lambda: view.name.text() == "Picture 0003")
    await until(view.picture.has_picture)  # the thumbnail stands in
    assert "800 × 600 px" in view.facts.text().replace("\u00a0", " ")
    assert view.spinner.isVisibleTo(view)
    shelf.gate.set()
    await until(lambda: not view.spinner.isVisibleTo(view))


async def test_arrows_walk_to_neighbours_and_stop_at_the_end(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    preview.open(9)
    await until(lambda: preview._view.name.text() == "Picture 0009")
    QTest.keyClick(preview._view, Qt.Key.Key_Right)
    await until(lambda: preview._view.name.text() == "Picture 0010")
    assert not preview._view.next.isEnabled()
    QTest.keyClick(preview._view, Qt.Key.Key_Right)
    assert shelf.walked == [10]


async def test_a_key_held_down_decodes_only_where_it_rests(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller, "REST_S", 1.0)  # longer than any machine's repeat of a key
    preview.open(1)
    await until(lambda: preview._view.name.text() == "Picture 0001")
    for _ in range(5):
        QTest.keyClick(preview._view, Qt.Key.Key_Right)
        await asyncio.sleep(0)
    await until(lambda: 6 in [key for key, _ in shelf.asked])
    assert {key for key, _ in shelf.asked} & {2, 3, 4} == set()


async def test_neighbours_are_ready_before_they_are_asked_for(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    preview.open(5)
    await until(lambda: {key for key, _ in shelf.asked} == {4, 5, 6})


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Space])
async def test_it_closes_and_gives_the_keyboard_back(
    qt_loop: Loop, preview: PreviewController, host: QWidget, key: Qt.Key
) -> None:
    field = QLineEdit(host)
    field.show()
    field.setFocus()
    preview.open(1)
    QTest.keyClick(preview._view, key)
    assert preview._view.isHidden()
    assert host.focusWidget() is field
    assert not preview.load.is_busy or preview.load._tasks[0].cancelling()


async def test_a_failure_says_what_and_offers_to_try_again(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    shelf.error = Offline("There is no connection.", hint="It is tried again when there is.")
    preview.open(1)
    await until(lambda: preview._view.failure == "There is no connection.")
    shelf.error = None
    preview._view.retry_requested.emit()
    await until(lambda: not preview._view.failure and preview._view.picture.has_picture())


async def test_an_item_that_is_gone_says_so(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    del shelf.items[4]
    preview.open(4)
    await until(lambda: preview._view.failure == "This item is gone")


async def test_zooming_in_brings_all_pixels(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    preview.open(2)
    await until(lambda: not preview._view.spinner.isVisibleTo(preview._view))
    QTest.keyClick(preview._view, Qt.Key.Key_1)
    await until(lambda: (2, 6144) in shelf.asked)
    assert "100" in preview._view.facts.text()


async def test_it_follows_the_size_of_its_host(
    qt_loop: Loop, preview: PreviewController, host: QWidget
) -> None:
    preview.open(2)
    host.resize(500, 400)
    await until(lambda: preview._view.size() == host.size())


async def test_zoomed_in_shift_moves_the_picture_and_plain_arrows_go_on(
    qt_loop: Loop, preview: PreviewController
) -> None:
    preview.open(2)
    await until(lambda: not preview._view.spinner.isVisibleTo(preview._view))
    preview._view.picture.set_zoom(4.0)
    place = preview._view.picture.picture_rect()
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(preview._view, Qt.Key.Key_Right, shift)
    assert preview._view.picture.picture_rect() != place
    assert preview._view.name.text() == "Picture 0002"
    QTest.keyClick(preview._view, Qt.Key.Key_Right)
    await until(lambda: preview._view.name.text() == "Picture 0003")
    assert preview._view.picture.zoom() == pytest.approx(4.0)


async def test_opened_anew_it_shows_the_whole_picture(
    qt_loop: Loop, preview: PreviewController
) -> None:
    preview.open(2)
    await until(preview._view.picture.has_picture)
    preview._view.picture.set_zoom(4.0)
    preview._view.close_preview()
    preview.open(3)
    await until(preview._view.picture.has_picture)
    assert preview._view.picture.is_fit


async def test_it_follows_the_choice_while_it_is_open(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    preview.follow(2)
    assert preview.shown_key is None
    preview.open(3)
    preview.follow(4)
    assert preview.shown_key == 4
    await until(lambda: preview._view.name.text() == "Picture 0004")


class Family:
    """Refines of item 3."""

    def __init__(self) -> None:
        self.versions = [item(31, id="r1", type=REFINE, parent_id="asset_3", width=1600)]

    async def parent(self, one: Item) -> Item | None:
        return item(3)

    async def children(self, one: Item) -> list[Item]:
        return self.versions


async def test_a_refined_item_is_compared_with_its_newest_version(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    shelf.items[3] = item(3, versions=1, type=PREDICTION)
    preview.open_workspace(shelf, shelf, Family())
    preview.open(3)
    view = preview._view
    await until(view.compare.isVisible)
    QTest.keyClick(view, Qt.Key.Key_C)
    await until(lambda: view.picture._words[1] == "After, 1,600\u00a0px")
    assert view.compare.isChecked()
    QTest.keyClick(view, Qt.Key.Key_C)
    await until(lambda: view.picture._words == ("", ""))
    assert view.picture._second.isNull()


async def test_what_was_never_refined_has_nothing_to_compare(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    preview.open_workspace(shelf, shelf, Family())
    preview.open(4)
    await until(lambda: preview._view.picture.has_picture() and not preview.load.is_busy)
    assert preview._view.compare.isHidden()


async def test_a_video_shows_its_poster_and_opens_in_a_player(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    shelf.items[3] = item(3, kind="video", duration_s=8.0)
    wanted: list[bool] = []
    preview.play_requested.connect(lambda: wanted.append(True))
    preview.open(3)
    view = preview._view
    await until(view.play.isVisible)
    await until(view.picture.has_picture)
    assert "8\u00a0s" in view.facts.text()
    view.play.click()
    assert wanted == [True]
    assert all(key != 3 for key, _ in shelf.asked)


async def test_a_video_without_a_poster_says_what_it_is(
    qt_loop: Loop, preview: PreviewController, shelf: Shelf
) -> None:
    shelf.items[3] = item(3, kind="video", width=None, height=None)
    preview.open(3)
    await until(lambda: preview._view.failure == "This is a video")
