"""The sidebar with its controller, on a library of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from psygnal import Signal as ServiceSignal
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from scenario_desktop.errors import Offline
from scenario_desktop.items import CollectionCount, ItemQuery, LibraryCounts, Section, TagCount
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.panels.sidebar.controller import SidebarController, query_of, target_of
from scenario_desktop.ui.panels.sidebar.model import (
    MAX_TAGS,
    RowKind,
    SidebarModel,
    Target,
    TargetKind,
    Work,
    rows_of,
)
from scenario_desktop.ui.panels.sidebar.view import SidebarView
from scenario_desktop.ui.widgets.drags import keys_of, put_keys
from tests.fakes import FakeNotices
from tests.support import until

EMBER = Target(TargetKind.COLLECTION, "c1")
COUNTS = LibraryCounts(
    {Section.ALL: 12_480, Section.TRASH: 23},
    (TagCount("forest", 812), TagCount("<b>shore</b>", 264)),
    (CollectionCount("c1", "Ember Valley", 1284), CollectionCount("c2", "Tile sets", 640)),
)


class Library:
    """A library that keeps what was asked of it."""

    changed = ServiceSignal(object)

    def __init__(self) -> None:
        self.now = COUNTS
        self.calls: list[tuple[Any, ...]] = []
        self.error: Exception | None = None

    def _note(self, *call: Any) -> None:
        if self.error:
            raise self.error
        self.calls.append(call)

    async def counts(self) -> LibraryCounts:
        return self.now

    async def create_collection(self, name: str) -> Any:
        self._note("create", name)
        made = CollectionCount("c9", name, 0)
        self.now = LibraryCounts(self.now.sections, self.now.tags, (*self.now.collections, made))
        return SimpleNamespace(id="c9", name=name)

    async def rename_collection(self, collection_id: str, name: str) -> None:
        self._note("rename", collection_id, name)

    async def delete_collection(self, collection_id: str) -> None:
        self._note("delete collection", collection_id)

    async def add_to_collection(self, collection_id: str, keys: Iterable[int]) -> None:
        self._note("add", collection_id, tuple(keys))

    async def edit_tags(
        self, keys: Iterable[int], add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        self._note("tag", tuple(keys), tuple(add))

    async def set_favourite(self, keys: Iterable[int], is_favourite: bool) -> None:
        self._note("favourite", tuple(keys))

    async def delete(self, keys: Iterable[int]) -> None:
        self._note("delete", tuple(keys))


class Panel:
    def __init__(self) -> None:
        self.library = Library()
        self.notices = FakeNotices()
        self.commands = CommandRegistry()
        self.view = SidebarView([Work("detect.open", "Detect", "scan-line", "D")])
        self.controller = SidebarController(self.view, self.commands, self.notices)
        self.queries: list[ItemQuery] = []
        self.controller.query_chosen.connect(self.queries.append)
        self.view.resize(232, 800)
        self.view.show()

    def point(self, target: Target) -> QPoint:
        return self.view.list.visualRect(self.view.model.find(target)).center()


@pytest.fixture
def panel(qapp: QApplication) -> Iterator[Panel]:
    made = Panel()
    yield made
    made.controller.unbind()
    made.view.close()
    made.view.deleteLater()


async def _bound(panel: Panel) -> Panel:
    panel.controller.bind(panel.library)
    await until(lambda: panel.view.model.find(EMBER).isValid())
    return panel


def test_the_model_keeps_qts_rules(qapp: QApplication, qtmodeltester: ModelTester) -> None:
    model = SidebarModel()
    model.set_rows(rows_of(COUNTS, ()))
    qtmodeltester.check(model)
    model.set_rows(rows_of(LibraryCounts(), ()))
    qtmodeltester.check(model)
    model.deleteLater()


def test_new_figures_leave_the_rows_in_place(qapp: QApplication) -> None:
    model = SidebarModel()
    model.set_rows(rows_of(COUNTS, ()))
    resets: list[int] = []
    model.rowsRemoved.connect(lambda *_: resets.append(1))
    fresh = LibraryCounts({Section.ALL: 12_481}, COUNTS.tags, COUNTS.collections)
    model.set_rows(rows_of(fresh, ()))
    assert resets == []
    assert model.find(Target(TargetKind.SECTION, "all")).data(Qt.ItemDataRole.AccessibleTextRole)
    model.deleteLater()


def test_only_so_many_tags_are_listed() -> None:
    counts = LibraryCounts(tags=tuple(TagCount(f"t{i}", 1) for i in range(100)))
    rows = [row for row in rows_of(counts, ()) if row.target and row.target.kind is TargetKind.TAG]
    assert len(rows) == MAX_TAGS


def test_an_empty_library_says_what_goes_where() -> None:
    hints = [row for row in rows_of(LibraryCounts(), ()) if row.kind is RowKind.HINT]
    assert len(hints) == 2


def test_what_sartiq_does_not_keep_is_not_offered_for_it_alone() -> None:
    works = (
        Work("detect.open", "Detect", "", "D", needs_scenario=True),
        Work("r", "Refine", "", "R"),
    )
    both = [row.title for row in rows_of(COUNTS, works)]
    assert {"Trash", "Canvases", "Detect", "Collections", "Tags"} <= set(both)
    assert [row.title for row in rows_of(COUNTS, works, has_scenario=False)] == [
        "Library", "All items", "Favourites", "Generations", "Work", "Refine",
    ]  # fmt: skip


async def test_a_workspace_without_scenario_makes_no_collections(
    qt_loop: Any, panel: Panel
) -> None:
    await _bound(panel)
    (command,) = [one for one in panel.commands.all() if one.id == "collection.create"]
    assert not command.reason()
    panel.controller.bind(panel.library, has_scenario=False)
    await panel.controller.refresh.settle()
    assert command.reason() == "Sartiq keeps no collections"
    panel.view.set_rail(True)
    assert panel.view._more.isHidden()


@pytest.mark.parametrize(
    "target",
    [EMBER, Target(TargetKind.TAG, "forest"), Target(TargetKind.SECTION, "trash")],
    ids=str,
)
def test_a_query_leads_back_to_its_entry(target: Target) -> None:
    assert target_of(query_of(target)) == target


async def test_a_press_chooses_a_query(qt_loop: Any, panel: Panel) -> None:
    await _bound(panel)
    from PySide6.QtTest import QTest

    place = panel.point(EMBER)
    QTest.mouseClick(panel.view.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.queries == [ItemQuery(collection_id="c1")]


async def test_the_keys_walk_over_headings(qt_loop: Any, panel: Panel) -> None:
    from PySide6.QtTest import QTest

    await _bound(panel)
    panel.controller.show_query(ItemQuery(section=Section.TRASH))
    panel.commands.add(Command("detect.open", "Detect…", lambda: panel.queries.append(ItemQuery())))
    QTest.keyClick(panel.view.list, Qt.Key.Key_Down)
    QTest.keyClick(panel.view.list, Qt.Key.Key_Return)
    assert len(panel.queries) == 1


async def test_the_plus_makes_a_collection_and_asks_for_its_name(
    qt_loop: Any, panel: Panel
) -> None:
    await _bound(panel)
    panel.view.collection_wanted.emit(())
    await until(lambda: panel.view.list.findChildren(QLineEdit))
    assert panel.library.calls == [("create", "New collection")]


async def test_a_new_name_reaches_the_library(qt_loop: Any, panel: Panel) -> None:
    from PySide6.QtTest import QTest

    await _bound(panel)
    panel.view.start_rename(EMBER)
    editor = panel.view.list.findChildren(QLineEdit)[0]
    editor.setText("Key art")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    await until(lambda: panel.library.calls)
    assert panel.library.calls == [("rename", "c1", "Key art")]


@pytest.mark.parametrize(
    ("target", "call"),
    [
        (EMBER, ("add", "c1", (7, 8))),
        (Target(TargetKind.TAG, "forest"), ("tag", (7, 8), ("forest",))),
        (Target(TargetKind.SECTION, "favourites"), ("favourite", (7, 8))),
        (Target(TargetKind.SECTION, "trash"), ("delete", (7, 8))),
    ],
    ids=str,
)
async def test_items_are_dropped_where_they_belong(
    qt_loop: Any, panel: Panel, target: Target, call: tuple[Any, ...]
) -> None:
    await _bound(panel)
    data = QMimeData()
    put_keys(data, (7, 8))
    event = QDropEvent(
        QPointF(panel.point(target)),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    panel.view.list.dropEvent(event)
    await until(lambda: panel.library.calls)
    assert panel.library.calls == [call]
    assert panel.notices.toasts


async def test_items_held_over_an_entry_want_to_go_there(qt_loop: Any, panel: Panel) -> None:
    await _bound(panel)
    canvases = Target(TargetKind.SECTION, "canvases")
    rested: list[Target] = []
    panel.view.rested.connect(rested.append)
    data = QMimeData()
    put_keys(data, (7,))
    move = QDragMoveEvent(
        panel.point(canvases),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    panel.view.list.dragMoveEvent(move)
    panel.view.list.dragLeaveEvent(QDragLeaveEvent())
    assert not panel.view.list._resting.isActive()
    panel.view.list.dragMoveEvent(move)
    await until(lambda: rested)
    assert rested == [canvases]


def test_a_drag_of_something_else_is_nothing() -> None:
    data = QMimeData()
    data.setText("7")
    assert keys_of(data) == ()


async def test_a_failure_is_reported_and_nothing_is_lost(qt_loop: Any, panel: Panel) -> None:
    await _bound(panel)
    panel.library.error = Offline("No connection.")
    panel.view.rename_requested.emit("c1", "x")
    await until(lambda: panel.notices.errors)
    assert panel.view.model.find(EMBER).isValid()


async def test_figures_follow_the_library(qt_loop: Any, panel: Panel) -> None:
    await _bound(panel)
    panel.library.now = LibraryCounts()
    panel.library.changed.emit(None)
    await until(lambda: not panel.view.model.find(EMBER).isValid())


def test_a_rail_keeps_sections_and_work(panel: Panel, qtbot: QtBot) -> None:
    panel.view.set_counts(COUNTS)
    panel.view.set_rail(True)
    panel.view.resize(48, 800)
    panel.view.list.doItemsLayout()
    index = panel.view.model.find(EMBER)
    assert panel.view.list.visualRect(index).height() == 0
    trash = panel.view.model.find(Target(TargetKind.SECTION, "trash"))
    assert panel.view.list.visualRect(trash).height() >= 28


def test_the_spend_is_shown_where_it_is_known(panel: Panel) -> None:
    panel.view.set_spend("November", "1,242.5 of 2,000 CU", 0.62)
    assert panel.view._spend.isVisible()
    panel.view.set_spend("", "", None)
    assert not panel.view._spend.isVisible()
