"""The gallery page with a library behind it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from scenario_desktop.errors import CredentialsUnavailable, StoreFailed, Unauthorised
from scenario_desktop.items import ItemQuery, Section, SortField, Source
from scenario_desktop.services.sync import SyncState, SyncStatus
from scenario_desktop.ui.actions import cancel_all
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.loop import run
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery import menus
from scenario_desktop.ui.panels.gallery.controller import GATHER_MS
from scenario_desktop.ui.panels.gallery.order import KeyOrder
from scenario_desktop.ui.panels.gallery.page import GalleryPage, make_gallery
from scenario_desktop.ui.panels.gallery.prefs import GalleryPrefs
from scenario_desktop.ui.panels.gallery.selection import kept
from scenario_desktop.ui.panels.gallery.words import StateAction
from scenario_desktop.ui.widgets.drags import keys_of
from tests.fakes import FakeNotices
from tests.support import until
from tests.widget.gallery_support import START, FakeLibrary, FakeThumbnails, item

Loop = Callable[..., Any]


@pytest.fixture
def notices() -> FakeNotices:
    return FakeNotices()


@pytest.fixture
def library() -> FakeLibrary:
    return FakeLibrary(300)


@pytest.fixture
def page(qapp: QApplication, notices: FakeNotices) -> Iterator[GalleryPage]:
    store = PictureStore()
    page = make_gallery(store, notices=notices, commands=CommandRegistry())
    page.view.resize(900, 700)
    page.view.show()
    yield page
    page.view.close()
    page.view.deleteLater()
    store.close()


@pytest.fixture
def qt_loop(page: GalleryPage) -> Loop:
    """Close the library before the loop ends, as the program does."""

    async def until_closed(test: Coroutine[Any, Any, None]) -> None:
        try:
            await test
        finally:
            page.controller.open(None)
            await cancel_all(page.view)

    return lambda test: run(until_closed(test))


async def opened(page: GalleryPage, library: FakeLibrary) -> None:
    page.controller.open(library, FakeThumbnails())
    await until(lambda: len(page.view.grid.order) or page.view.state_title)
    await until(lambda: not page.controller.supply.fetch.is_busy)


def shown(page: GalleryPage) -> list[int]:
    order = page.view.grid.order
    return order.part(0, len(order))


async def test_a_library_opens_newest_first_with_its_count(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    assert shown(page)[:3] == [300, 299, 298]
    assert page.view.toolbar.count.text() == "300 items"
    assert page.view.toolbar.title.text() == "All items"
    assert page.view.is_grid_shown


async def test_only_items_near_the_view_are_read(qt_loop: Loop, page: GalleryPage) -> None:
    library = FakeLibrary(5000)
    await opened(page, library)
    assert sum(map(len, library.asked)) < 300
    bar = page.view.grid.verticalScrollBar()
    bar.setValue(bar.maximum())
    await until(lambda: page.controller.cache.get(1) is not None)
    assert sum(map(len, library.asked)) < 600


async def test_the_choice_survives_another_order(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    page.view.grid.choose_keys([300, 10], 10)
    page.controller.set_sort(SortField.NAME, False)
    await until(lambda: shown(page)[0] == 1)
    assert page.controller.chosen_keys() == [10, 300]
    assert 10 in page.view.grid.visible_keys()


async def test_a_filter_drops_from_the_choice_what_it_hides(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    library.all[7] = item(7, tags=("forest",))
    await opened(page, library)
    page.view.grid.choose_keys([7, 9], 9)
    page.controller.set_query(replace(page.controller.query, tags=("forest",)))
    await until(lambda: shown(page) == [7])
    assert page.controller.chosen_keys() == [7]
    assert page.view.toolbar.count.text() == "1 item, 1 selected"


async def test_new_items_arrive_without_moving_what_is_in_view(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    grid = page.view.grid
    grid.verticalScrollBar().setValue(1500)
    key = grid.visible_keys()[grid._grid.columns]
    y = grid._box(grid.order.index_of(key)).y
    grid.choose_keys([key, 5], None)
    library.add(item(301), item(302))
    await until(lambda: len(grid.order) == 302)
    assert abs(grid._box(grid.order.index_of(key)).y - y) <= 1
    assert set(page.controller.chosen_keys()) == {key, 5}


async def test_all_stays_all_but_newcomers_are_not_chosen(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    page.view.grid.choose_all()
    library.add(item(301))
    await until(lambda: len(page.view.grid.order) == 301)
    assert len(page.view.grid.selection) == 300
    assert 301 not in page.view.grid.selection


async def test_removed_items_go_at_once(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    page.view.grid.choose_keys([300, 299], 300)
    library.remove(300)
    assert shown(page)[0] == 299
    assert page.controller.chosen_keys() == [299]


async def test_a_changed_item_is_shown_anew(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    told: list[Any] = []
    page.controller.current_changed.connect(told.append)
    await opened(page, library)
    page.view.grid.choose(300)
    library.change(item(300, name="Renamed"))
    await until(lambda: told and told[-1] is not None and told[-1].name == "Renamed")


async def test_a_steady_stream_of_news_does_not_starve_the_view(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    before, began = len(library.queries), time.monotonic()
    for key in range(301, 340):
        library.add(item(key))
        await asyncio.sleep(0)
    await until(lambda: len(page.view.grid.order) == 339)
    asked = len(library.queries) - before
    assert 1 <= asked <= 2 + (time.monotonic() - began) * 1000 / GATHER_MS


async def test_no_results_say_what_the_filter_was_and_clear_it(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    page.controller.set_text("rocket")
    await until(lambda: page.view.state_title)
    assert page.view.state_title == "Nothing matches"
    page.view.state_action_requested.emit(StateAction.CLEAR_FILTER)
    await until(lambda: page.view.is_grid_shown)
    assert page.controller.query == ItemQuery()


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (SyncStatus(SyncState.IDLE), "No pictures yet"),
        (SyncStatus(SyncState.SYNCING, done=40), "Fetching your library"),
        (SyncStatus(SyncState.OFFLINE), "You are offline"),
        (SyncStatus(SyncState.OFFLINE, at=START), "No pictures yet"),
        (SyncStatus(SyncState.UNAUTHORISED, error=Unauthorised("No.")), "No."),
        (SyncStatus(SyncState.FAILED, error=StoreFailed("Broken.")), "Broken."),
    ],
    ids=["idle", "syncing", "offline", "offline after a sync", "refused", "failed"],
)
async def test_an_empty_page_says_why(
    qt_loop: Loop, page: GalleryPage, status: SyncStatus, title: str
) -> None:
    page.controller.open(FakeLibrary(), FakeThumbnails())
    page.controller.set_sync_status(status)
    await until(lambda: page.view.state_title == title)


async def test_refused_keys_can_be_changed_from_where_it_is_told(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    wanted: list[bool] = []
    page.controller.keys_requested.connect(lambda: wanted.append(True))
    status = SyncStatus(SyncState.UNAUTHORISED, error=Unauthorised("The keys were refused."))
    page.controller.set_sync_status(status)
    assert page.view.notice == "The keys were refused."
    page.view.notice_action_requested.emit()
    assert wanted == [True]


async def test_offline_with_items_is_told_above_them(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    page.controller.set_sync_status(SyncStatus(SyncState.OFFLINE))
    assert page.view.notice.startswith("You are offline")
    assert page.view.is_grid_shown
    page.controller.set_sync_status(SyncStatus(SyncState.IDLE, at=START))
    assert page.view.notice == ""


async def test_a_library_that_cannot_be_read_offers_to_try_again(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    library.error = StoreFailed("The catalogue cannot be read.", hint="Try again.")
    page.controller.open(library, FakeThumbnails())
    await until(lambda: page.view.state_title == "The catalogue cannot be read.")
    library.error = None
    page.view.state_action_requested.emit(StateAction.RETRY)
    await until(lambda: page.view.is_grid_shown)


async def test_what_is_shown_stays_when_a_later_read_fails(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary, notices: FakeNotices
) -> None:
    await opened(page, library)
    library.error = StoreFailed("The catalogue cannot be read.")
    page.controller.set_text("x")
    await until(lambda: notices.errors)
    assert page.view.is_grid_shown


async def test_typing_goes_to_the_next_name(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    library.all[3] = item(3, name="Zebra crossing")
    await opened(page, library)
    QTest.keyClicks(page.view.grid, "zeb")
    await until(lambda: page.controller.chosen_keys() == [3])
    assert page.view.hint == "Go to “zeb”"
    QTest.keyClicks(page.view.grid, "x")
    await until(lambda: page.view.hint == "No name begins with “zebx”")


async def test_dropped_files_and_folders_are_handed_on(
    qt_loop: Loop, page: GalleryPage, tmp_path: Path
) -> None:
    dropped: list[list[Path]] = []
    page.controller.import_requested.connect(dropped.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/a.png")])
    copy = Qt.DropAction.CopyAction
    left, plain = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 90), copy, data, left, plain)
    QApplication.sendEvent(page.view, enter)
    assert enter.isAccepted()
    assert page.view._drop.accessibleName() == "Drop to add 1 file or folder to the library"
    QApplication.sendEvent(page.view, QDropEvent(QPointF(50, 90), copy, data, left, plain))
    assert dropped == [[tmp_path]]
    assert not page.view._drop.isVisible()


async def test_text_dragged_over_is_left_alone(qt_loop: Loop, page: GalleryPage) -> None:
    data = QMimeData()
    data.setText("hello")
    copy = Qt.DropAction.CopyAction
    left, plain = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 90), copy, data, left, plain)
    QApplication.sendEvent(page.view, enter)
    assert not enter.isAccepted()


async def test_originals_are_fetched_before_a_drag_and_the_user_is_told(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary, tmp_path: Path
) -> None:
    asked: list[list[int]] = []

    async def prepare(items: Any) -> list[Path]:
        asked.append([one.key for one in items])
        paths = [tmp_path / f"{one.key}.png" for one in items]
        for path in paths:
            path.touch()
        return paths

    page.controller.open(library, FakeThumbnails(), prepare_drag=prepare)
    await until(lambda: page.controller.cache.get(300))
    dragging = page.controller.dragging
    page.view.grid.choose_keys([300, 299], 300)
    page.view.grid.drag_started.emit()
    await until(lambda: keys_of(dragging.mime_data()) == (300, 299))
    assert not dragging.mime_data().hasUrls()
    dragging.fetch_for_next_time()
    assert page.view.hint == "Getting 2 originals ready to drag out…"
    await until(lambda: page.view.hint.startswith("Ready"))
    assert asked == [[300, 299]]
    urls = dragging.mime_data().urls()
    assert [Path(url.toLocalFile()) for url in urls] == [tmp_path / "300.png", tmp_path / "299.png"]


async def test_the_filter_box_edits_the_query(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    library.all[7] = item(7, tags=("forest",), kind="video")
    await opened(page, library)
    page.view.open_filters()
    filters = page.view.filters
    assert filters is not None
    await until(lambda: "forest" in filters._tags.chips)
    filters._kinds.chips["video"].click()
    await until(lambda: shown(page) == [7])
    filters._tags.chips["forest"].click()
    filters._tags.chips["forest"].click()
    assert page.controller.query.without_tags == ("forest",)
    await until(lambda: page.view.state_title)
    assert page.view.toolbar.filter.text() == "Filter · 2"
    filters.cleared.emit()
    await until(lambda: page.view.is_grid_shown)
    filters.close_popover()


async def test_reveal_leaves_a_query_that_does_not_have_the_item(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    page.controller.set_section(Section.FAVOURITES)
    await until(lambda: page.view.state_title == "No favourites yet")
    page.controller.reveal([42])
    await until(lambda: 42 in page.view.grid.visible_keys())
    assert page.controller.chosen_keys() == [42]


async def test_reveal_waits_for_an_item_that_just_came(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    page.view.grid.verticalScrollBar().setValue(99999)
    library.all[400] = item(400)
    page.controller.reveal([400])
    await until(lambda: 400 in page.view.grid.visible_keys())
    assert page.controller.chosen_keys() == [400]


async def test_what_is_chosen_during_a_read_stays_chosen(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """News come in while results are revealed: the read began with the former choice."""
    await opened(page, library)
    page.controller.reveal([7])
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(chosen: Iterable[int], order: KeyOrder) -> set[int]:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(5)
        return kept(chosen, order)

    monkeypatch.setattr("scenario_desktop.ui.panels.gallery.carrying.kept", slow)
    library.add(item(400))
    await begun.wait()
    page.controller.reveal([8])
    go_on.set()
    await until(lambda: not page.controller.load.is_busy)
    assert page.controller.chosen_keys() == [8]


async def test_size_order_and_filter_are_remembered(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    kept: list[GalleryPrefs] = []
    page.controller.prefs_changed.connect(kept.append)
    await opened(page, library)
    page.view.toolbar.size_chosen.emit(200)
    page.controller.set_query(
        replace(page.controller.query, kinds=("image",), sort=SortField.NAME, is_descending=False)
    )
    again = GalleryPrefs.of(kept[-1].to_dict())
    assert again == kept[-1]
    assert (again.cell_px, again.sort, again.filter) == (200, SortField.NAME, {"kinds": ("image",)})
    assert again.applied_to(ItemQuery()) == page.controller.query


async def test_section_and_choice_come_back(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    library.all |= {key: item(key, is_favourite=True) for key in (7, 8, 9)}
    await opened(page, library)
    page.controller.set_section(Section.FAVOURITES)
    await until(lambda: shown(page) == [9, 8, 7])
    page.view.grid.choose_keys([7, 9], 7)
    state = json.loads(json.dumps(page.controller.state()))
    page.controller.set_section(Section.ALL)
    page.controller.open(library, FakeThumbnails())
    page.controller.restore(state)
    await until(lambda: shown(page) == [9, 8, 7])
    assert page.controller.chosen_keys() == [9, 7]
    assert page.view.grid.selection.current == 7


async def test_a_spoiled_state_is_left_out(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    page.controller.restore({"section": "attic", "chosen": "all", "current": "x", "collection": 3})
    assert page.controller.query == ItemQuery()
    assert page.controller.chosen_keys() == []


def test_spoiled_preferences_fall_back() -> None:
    spoiled = {"cell_px": "x", "sort": "colour", "is_descending": 3, "filter": {"kinds": [1]}}
    assert GalleryPrefs.of(spoiled) == GalleryPrefs(filter={})


async def test_the_menu_lists_known_commands_only(qt_loop: Loop, page: GalleryPage) -> None:
    commands = page.controller._commands
    assert commands is not None
    menu = menus.make_menu(commands, menus.ITEMS, page.view)
    assert [action.text() for action in menu.actions()] == ["Show large"]
    menu.deleteLater()


async def test_another_workspace_starts_afresh(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    page.view.grid.choose_all()
    await opened(page, FakeLibrary(3))
    await until(lambda: shown(page) == [3, 2, 1])
    assert page.controller.chosen_keys() == []
    library.add(item(301))
    await asyncio.sleep(0)
    assert not page.controller._gather.isActive()


async def test_in_a_narrow_page_words_give_way(qt_loop: Loop, page: GalleryPage) -> None:
    bar = page.view.toolbar
    page.view.resize(340, 500)
    await until(lambda: bar.sort.text() == "")
    assert bar.sort.accessibleName() == "Order"
    page.view.resize(900, 500)
    await until(lambda: bar.sort.text() == "Newest first")


def test_a_library_that_cannot_be_opened_says_so_in_its_place(page: GalleryPage) -> None:
    page.controller.show_unopened(StoreFailed("The engine does not run.", hint="Start it again."))
    assert page.view.state_title == "The engine does not run."


def test_a_library_without_its_key_asks_for_it(page: GalleryPage) -> None:
    wanted: list[bool] = []
    page.controller.keys_requested.connect(lambda: wanted.append(True))
    page.controller.show_unopened(CredentialsUnavailable("The key is not kept."))
    page.view.state_action_requested.emit(StateAction.KEYS)
    page.view.notice_action_requested.emit()
    assert page.view.state_title == "The key is not kept."
    assert wanted == [True, True]


async def test_generations_stand_together_when_asked_to(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    for key in (300, 297, 294):
        library.all[key] = replace(library.all[key], group_id="g")
    page.controller.open(library, FakeThumbnails(), has_generations=True)
    await until(lambda: page.controller.count == 300)
    assert page.view.toolbar.group.isVisible()
    page.view.toolbar.group.click()
    await until(lambda: shown(page)[:3] == [300, 297, 294])
    page.view.toolbar.group.click()
    await until(lambda: shown(page)[:3] == [300, 299, 298])


async def test_without_a_second_service_nothing_can_be_grouped(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    await opened(page, library)
    assert not page.view.toolbar.group.isVisible()
    page.view.open_filters()
    assert page.view.filters is not None
    assert page.view.filters._sources.isHidden()
    page.view.filters.close_popover()


async def test_items_are_filtered_by_their_service(
    qt_loop: Loop, page: GalleryPage, library: FakeLibrary
) -> None:
    page.controller.open(library, FakeThumbnails(), has_generations=True)
    await until(lambda: page.controller.count == 300)
    page.view.open_filters()
    assert page.view.filters is not None
    page.view.filters._sources.chips["sartiq"].click()
    assert list(page.controller.query.sources) == [Source.SARTIQ]
    page.view.filters._sources.chips["sartiq"].click()
    assert list(page.controller.query.sources) == []
    page.view.filters.close_popover()
