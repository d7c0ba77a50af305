"""The palette: what it finds, and what it does with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from scenario_desktop.items import Item
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.panels.palette.controller import PaletteController
from scenario_desktop.ui.panels.palette.entries import Entry, Scope, command_entries, scope_of
from scenario_desktop.ui.panels.palette.matching import match
from scenario_desktop.ui.panels.palette.view import PaletteView
from tests.fakes import FakeNotices
from tests.support import until
from tests.widget.gallery_support import item


class Desk:
    """A window with a few commands and a finder."""

    def __init__(self) -> None:
        self.window = QWidget()
        self.window.resize(1200, 800)
        self.commands = CommandRegistry()
        self.ran: list[str] = []
        self.asked: list[tuple[str, Scope]] = []
        self.reason = ""
        self._add("detect.open", "Detect…", shortcut="D", price=lambda: "3 CU")
        self._add("items.delete", "Delete items…", reason=lambda: self.reason)
        self._add("go.trash", "Trash", group="Go to")
        self.palette = PaletteController(self.window, self.commands, FakeNotices(), find=self._find)
        self.chosen: list[Entry] = []
        self.palette.entry_chosen.connect(self.chosen.append)
        self.window.show()
        self.window.activateWindow()

    def _add(self, command_id: str, title: str, **fields: Any) -> None:
        run = lambda: self.ran.append(command_id)  # noqa: E731 - one for each
        self.commands.add(Command(command_id, title, run, **fields))

    async def _find(self, typed: str, scope: Scope) -> Sequence[Entry]:
        self.asked.append((typed, scope))
        return [Entry(f"Facet {typed}", "Items", {"id": "a1"}, "image")]

    def view(self) -> PaletteView:
        view = self.palette.view()
        assert view is not None
        return view

    def titles(self) -> list[str]:
        model = self.view().model
        return [str(model.index(row).data()) for row in range(model.rowCount())]


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.window.close()
    made.window.deleteLater()


@pytest.mark.parametrize(
    ("typed", "title", "spans"),
    [
        ("det", "Detect edges", ((0, 3),)),
        ("edg", "Detect edges", ((7, 10),)),
        ("de", "Detect edges", ((0, 2),)),
        ("nc", "New collection", ((0, 1), (4, 5))),
        ("", "Anything", ()),
    ],
)
def test_the_matching_letters_are_known(
    typed: str, title: str, spans: tuple[tuple[int, int], ...]
) -> None:
    found = match(typed, title)
    assert found is not None
    assert found.spans == spans


@pytest.mark.parametrize(("typed", "title"), [("xyz", "Detect"), ("tced", "Detect")])
def test_missing_letters_are_no_match(typed: str, title: str) -> None:
    assert match(typed, title) is None


def test_a_word_beats_scattered_letters() -> None:
    word, scattered = match("tag", "Add tag"), match("tag", "Take a gander")
    assert word is not None
    assert scattered is not None
    assert word.score > scattered.score


def test_odd_letters_do_not_shift_the_spans() -> None:
    found = match("x", "ßßx")
    assert found is not None
    assert found.spans == ((2, 3),)


@pytest.mark.parametrize(
    ("text", "scope"),
    [("> det", (Scope.COMMANDS, "det")), ("#for", (Scope.TAGS, "for")), ("a", (Scope.ALL, "a"))],
)
def test_a_first_letter_narrows(text: str, scope: tuple[Scope, str]) -> None:
    assert scope_of(text) == scope


def test_what_cannot_run_comes_last_with_its_reason(desk: Desk) -> None:
    desk.reason = "Nothing is selected"
    entries = command_entries(desk.commands.all(), "de")
    assert [entry.title for entry in entries] == ["Detect…", "Delete items…"]
    assert entries[-1].note == "Nothing is selected"


def test_scattered_letters_give_way_to_the_word_itself(desk: Desk) -> None:
    desk._add("items.samples", "Add the sample pictures")
    desk._add("view.settings", "Settings…", group="View", words="preferences theme")

    def found(typed: str) -> list[str]:
        return [entry.title for entry in command_entries(desk.commands.all(), typed)]

    assert found("theme") == ["Settings…"]
    assert found("tsp") == ["Add the sample pictures"]


def test_enter_runs_the_first_and_closes(desk: Desk) -> None:
    desk.palette.open()
    QTest.keyClicks(desk.view().field, "detect")
    view = desk.view()
    QTest.keyClick(view.field, Qt.Key.Key_Return)
    assert desk.ran == ["detect.open"]
    assert not view.isVisible()


def test_the_arrows_pass_over_headings(desk: Desk) -> None:
    desk.palette.open()
    for _ in range(2):
        QTest.keyClick(desk.view().field, Qt.Key.Key_Down)
    current = desk.view().current()
    assert current is not None
    assert current.title == "Trash"


def test_escape_closes_and_it_opens_again(desk: Desk) -> None:
    desk.palette.open()
    view = desk.view()
    QTest.keyClick(view.field, Qt.Key.Key_Escape)
    assert not view.isVisible()
    desk.palette.open()
    assert desk.view() is not view


def test_the_selection_is_named(desk: Desk) -> None:
    desk.palette.set_selection_count(3)
    desk.palette.open()
    assert desk.titles()[0] == "Do with 3 selected"


async def test_items_are_found_behind_the_commands(qt_loop: Any, desk: Desk) -> None:
    desk.palette.open()
    QTest.keyClicks(desk.view().field, "de")
    await until(lambda: "Facet de" in desk.titles())
    assert desk.titles().index("Detect…") < desk.titles().index("Facet de")


async def test_what_one_walked_to_stays_when_items_arrive(qt_loop: Any, desk: Desk) -> None:
    desk.palette.open()
    QTest.keyClicks(desk.view().field, "de")
    QTest.keyClick(desk.view().field, Qt.Key.Key_Down)
    await until(lambda: "Facet de" in desk.titles())
    current = desk.view().current()
    assert current is not None
    assert current.title == "Delete items…"


async def test_an_item_is_handed_on(qt_loop: Any, desk: Desk) -> None:
    desk.palette.open()
    QTest.keyClicks(desk.view().field, "#zzz")
    await until(lambda: "Facet zzz" in desk.titles())
    QTest.keyClick(desk.view().field, Qt.Key.Key_Return)
    assert [entry.payload for entry in desk.chosen] == [{"id": "a1"}]


def test_nothing_found_says_so(desk: Desk) -> None:
    desk.palette.open()
    QTest.keyClicks(desk.view().field, ">qqqq")
    assert "qqqq" in desk.view()._empty.text()
    QTest.keyClick(desk.view().field, Qt.Key.Key_Return)
    assert desk.ran == []


def test_letters_inside_words_do_not_begin_a_match() -> None:
    assert match("det", "Show or hide the inspector") is None
    assert match("sth", "Show or hide the inspector") is not None


class FakePictures(QObject):
    """Knows no picture at first."""

    loaded = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[str] = []

    def pixmap(self, key: int, px: int) -> QPixmap | None:
        return None

    def want(self, owner: str, items: Iterable[Item], px: int) -> None:
        self.wanted += [one.name for one in items]

    def drop(self, owner: str) -> None:
        self.wanted.clear()


async def test_items_show_their_pictures(qt_loop: Any, desk: Desk) -> None:
    palette = desk.palette

    async def find(typed: str, scope: Scope) -> Sequence[Entry]:
        one = item(3)
        return [Entry(one.name, "Items", one, picture_key=one.key)]

    pictures = FakePictures()
    palette.bind(find, pictures)
    palette.open("pic")
    await until(lambda: pictures.wanted == [item(3).name])
    pictures.loaded.emit(3)
    view = palette.view()
    assert view is not None
    view.dismissed.emit()
    assert not pictures.wanted
    palette.open("")
    again = palette.view()
    assert again is not None
    again.close_layer()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    pictures.loaded.emit(3)  # nobody shows it any more
    palette.bind(None, None)
