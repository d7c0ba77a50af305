"""The window's regions: how they share the room, give way, and are remembered."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.items import CollectionCount, LibraryCounts, Section, TagCount
from scenario_desktop.ui import main_window, window_sizes
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.main_window import DockKind, MainWindow
from scenario_desktop.ui.panels.first_run.view import FirstRunView
from scenario_desktop.ui.panels.palette.controller import PaletteController
from scenario_desktop.ui.panels.sidebar.controller import SidebarController
from scenario_desktop.ui.panels.sidebar.model import Work
from scenario_desktop.ui.panels.sidebar.view import SidebarView
from scenario_desktop.ui.panels.topbar.controller import TopBarController
from scenario_desktop.ui.panels.topbar.view import TopBarView, WorkspaceEntry
from scenario_desktop.ui.theme import Theme, ThemeMode
from scenario_desktop.ui.widgets.buttons import Button
from scenario_desktop.ui.widgets.keycap import KeyCap
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.search_box import SearchBox, Token
from scenario_desktop.ui.widgets.surface import Surface
from tests.widget.access import unnamed

SETTLED_MS = 10_000


class Sidebar(Surface):
    """Stands in for the sidebar; knows whether it is a rail."""

    def __init__(self) -> None:
        super().__init__()
        self.is_rail = False

    def set_rail(self, is_rail: bool) -> None:
        self.is_rail = is_rail


Make = Callable[..., MainWindow]


@pytest.fixture
def make(qapp: QApplication) -> Iterator[Make]:
    made: list[MainWindow] = []

    def build(width: int = 1440, height: int = 900, **options: Any) -> MainWindow:
        window = MainWindow(CommandRegistry(), **options)
        made.append(window)
        window.set_top_bar(Surface())
        window.set_sidebar(Sidebar())
        window.add_page("gallery", Surface("stage"))
        window.add_page("detect", Surface("stage"))
        window.set_dock(Surface(), page="gallery")
        window.set_dock(Surface(), DockKind.FORM, page="detect")
        window.set_job_bar(Surface())
        window.set_job_panel(Surface())
        window.resize(width, height)
        window.show()
        return window

    yield build
    for window in made:
        window.close_now()
        window.deleteLater()


def _page(window: MainWindow) -> QWidget:
    return window._pages[window.page]


def _sidebar(window: MainWindow) -> Sidebar:
    return window.findChildren(Sidebar)[0]


def _dock(window: MainWindow) -> QWidget:
    dock = window.dock()
    assert dock is not None
    return dock


def test_the_regions_have_their_sizes(make: Make) -> None:
    window = make()
    assert _sidebar(window).width() == 232
    assert _dock(window).width() == 304
    assert _page(window).geometry().getRect() == (232, 48, 1440 - 232 - 304, 900 - 48 - 32)


def test_a_form_is_wider_than_the_inspector(make: Make) -> None:
    window = make()
    window.set_page("detect")
    assert _dock(window).width() == 360


@pytest.mark.parametrize(("width", "sidebar", "dock"), [(1700, 256, 336), (1120, 232, 304)])
def test_wide_windows_give_more(make: Make, width: int, sidebar: int, dock: int) -> None:
    window = make(width)
    assert (_sidebar(window).width(), _dock(window).width()) == (sidebar, dock)


def test_a_narrow_window_has_a_rail_and_a_drawer(make: Make) -> None:
    window = make(1000)
    assert _sidebar(window).is_rail
    assert _page(window).width() == 1000 - 48
    assert not _dock(window).isVisible()
    window.show_dock(True)
    assert _dock(window).geometry().getRect()[::2] == (1000 - 320, 320)
    assert _page(window).width() == 1000 - 48


def test_escape_closes_the_drawer(make: Make) -> None:
    window = make(1000)
    window.show_dock(True)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.is_dock_shown()


def test_a_form_stays_docked_when_narrow(make: Make) -> None:
    window = make(1000)
    window.set_page("detect")
    assert _dock(window).width() == 320
    assert _page(window).width() == 1000 - 48 - 320


@pytest.mark.parametrize("width", [960, 1099, 1100, 1180, 1300, 1600, 2200])
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("page", ["gallery", "detect"])
def test_the_pictures_keep_their_room(
    make: Make, look: Theme, width: int, scale: float, page: str
) -> None:
    look.set_scale(scale)
    window = make(width)
    window.set_page(page)
    assert _page(window).width() >= 480


def test_the_job_panel_takes_the_place_of_the_bar(make: Make) -> None:
    window = make()
    heard: list[bool] = []
    window.jobs_shown.connect(heard.append)
    window.show_jobs(True)
    assert _page(window).height() == 900 - 48 - 400
    window.show_jobs(False)
    assert _page(window).height() == 900 - 48 - 32
    assert heard == [True, False]


def test_the_job_panel_never_takes_it_all(make: Make) -> None:
    window = make(height=640, state={"jobs_height": 5000})
    window.show_jobs(True)
    assert _page(window).height() >= 640 - 48 - round(640 * 0.7) - 1


def test_a_key_hides_and_shows_everything_around_the_pictures(make: Make) -> None:
    window = make()
    window.activateWindow()
    window.commands.run("view.chrome")
    assert _page(window).geometry() == window.rect()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert _page(window).width() < window.width()


def test_a_border_can_be_dragged_within_its_range(make: Make) -> None:
    window = make()
    for place, width in ((290, 290), (900, 320), (20, 200)):
        window._on_dragged("sidebar", QPoint(place, 300))
        assert _sidebar(window).width() == width


def test_each_page_remembers_its_dock(make: Make) -> None:
    window = make()
    window._on_dragged("dock", QPoint(1440 - 400, 300))
    window.set_page("detect")
    window.show_dock(False)
    window.set_page("gallery")
    assert _dock(window).width() == 400
    assert window.is_dock_shown()
    window.set_page("detect")
    assert not window.is_dock_shown()


def test_what_was_set_is_there_again_next_time(make: Make) -> None:
    kept: list[dict[str, Any]] = []
    first = make(1300, 800, on_state=kept.append)
    first._on_dragged("sidebar", QPoint(260, 300))
    first._on_dragged("dock", QPoint(1300 - 420, 300))
    first.show_jobs(True)
    first.save_state()
    assert kept[-1].pop("geometry")  # fitted to the screen by Qt, which is small here
    second = make(1300, state=kept[-1])
    second.restore_jobs()
    assert (_sidebar(second).width(), _dock(second).width()) == (260, 420)
    assert second.is_jobs_shown()


def test_a_first_window_fits_on_the_screen_with_its_frame(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window_sizes.first(QSize(2560, 1400)) == (1440, 900)
    assert window_sizes.first(QSize(1440, 900)) == (1424, 852)
    platform = Mock(platformName=Mock(return_value="xcb"))
    monkeypatch.setattr(main_window, "QGuiApplication", platform)
    window = MainWindow(CommandRegistry())
    room = window.screen().availableSize()
    assert (room.width(), room.height()) == (800, 800)
    assert (window.width(), window.height()) == (960, 752)  # no narrower than it may be


@pytest.mark.parametrize(
    "state",
    [
        {"geometry": "no base64!"},
        {"geometry": 7, "pages": 3, "sidebar": "wide"},
        {"pages": {"gallery": "x", "detect": {"dock_open": "yes"}}},
    ],
)
def test_a_damaged_state_is_ignored(make: Make, state: dict[str, Any]) -> None:
    window = make(state=state)
    assert _sidebar(window).width() == 232


def test_why_a_command_did_not_run_is_told(make: Make) -> None:
    window = make()
    window.set_dock(None)
    window.commands.run("view.dock")
    shown = [label.text() for label in window.findChildren(PlainLabel) if label.isVisible()]
    assert "This page has no inspector" in shown


def test_a_page_that_comes_later_leaves_what_lies_over_the_window(make: Make) -> None:
    window = make()
    window.show()
    card = Surface(parent=window)
    card.setGeometry(200, 700, 300, 80)
    card.show()
    window.add_page("late", Surface("stage"))
    window.set_page("late")
    assert window.childAt(QPoint(450, 740)) is card


def test_closing_asks_first(make: Make) -> None:
    window = make()
    heard: list[int] = []
    window.close_requested.connect(lambda: heard.append(1))
    window.close()
    assert window.isVisible()
    assert heard == [1]
    window.close_now()
    assert not window.isVisible()


def test_the_focus_goes_with_the_page(make: Make) -> None:
    window = make()
    fields = {}
    for name in ("gallery", "detect"):
        fields[name] = QLineEdit()
        QVBoxLayout(window._pages[name]).addWidget(fields[name])
        window._pages[name].setFocusProxy(fields[name])
        fields[name].show()
    window.activateWindow()
    fields["gallery"].setFocus()
    window.set_page("detect")
    assert window.focusWidget() is fields["detect"]


def test_importing_the_window_stays_cheap() -> None:
    heavy = ("httpx", "PIL", "numpy", "cv2", "keyring", "starlette", "uvicorn", "pyqtgraph")
    code = (
        "import sys, scenario_desktop.ui.main_window\n"
        "import scenario_desktop.ui.panels.topbar.controller\n"
        "import scenario_desktop.ui.panels.sidebar.controller\n"
        "import scenario_desktop.ui.panels.palette.controller\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


class Whole:
    """The window with the panels that are always there."""

    def __init__(self) -> None:
        self.commands = CommandRegistry()
        self.window = MainWindow(self.commands)
        self.top = TopBarView(self.commands)
        self.side = SidebarView([Work("detect.open", "Detect", "scan-line", "D")])
        TopBarController(self.top, self.window, self.commands, self.window.notices)
        SidebarController(self.side, self.commands, self.window.notices)
        self.palette = PaletteController(self.window, self.commands, self.window.notices)
        self.window.set_top_bar(self.top)
        self.window.set_sidebar(self.side)
        self.window.add_page("first", FirstRunView(samples=24))
        self.side.set_spend("November", "1,242.5 of 2,000 CU", 0.62)
        self.top.set_workspaces([WorkspaceEntry("1", "Northlight Games", is_active=True)])
        self.top.set_state("cloud-check", "Synced 14:02")
        self.top.search.set_tokens([Token("in", "c1", "Ember Valley")])
        self.side.set_counts(
            LibraryCounts(
                {Section.ALL: 12_480},
                (TagCount("environment", 3410),),
                (CollectionCount("c1", "Ember Valley", 1284),),
            )
        )


@pytest.fixture
def whole(qapp: QApplication) -> Iterator[Whole]:
    made = Whole()
    made.window.resize(1440, 900)
    made.window.show()
    yield made
    made.window.close_now()
    made.window.deleteLater()


def test_everything_has_a_name(whole: Whole) -> None:
    assert unnamed(whole.window) == []
    whole.palette.open()
    assert unnamed(whole.window) == []


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("width", [960, 1440])
def test_no_text_is_lower_than_its_line(
    qapp: QApplication, qtbot: QtBot, whole: Whole, look: Theme, scale: float, width: int
) -> None:
    def no_text_is() -> None:
        low = [
            f"{type(widget).__name__} {widget.height()}"
            for widget in whole.window.findChildren(QWidget)
            if isinstance(widget, (PlainLabel, Button, SearchBox, KeyCap))
            and widget.isVisible()
            and widget.height() < min(widget.sizeHint().height(), look.line("caption"))
        ]
        assert low == []

    look.set_scale(scale)
    whole.window.resize(width, 900)
    qapp.processEvents()
    # Parts that fold make room for others, which takes more than one turn of the loop.
    qtbot.waitUntil(no_text_is, timeout=SETTLED_MS)


@pytest.mark.parametrize("width", [960, 1100, 1440])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_top_bar_fits(
    qapp: QApplication, qtbot: QtBot, whole: Whole, look: Theme, scale: float, width: int
) -> None:
    def it_fits() -> None:
        for button in whole.top.findChildren(Button):
            if button.isVisible():
                assert button.geometry().right() < whole.top.width()
        assert whole.top.search.width() >= 160

    look.set_scale(scale)
    whole.window.resize(width, 800)
    qapp.processEvents()
    qtbot.waitUntil(it_fits, timeout=SETTLED_MS)


def test_the_tab_key_reaches_bar_sidebar_and_page(qapp: QApplication, whole: Whole) -> None:
    whole.window.activateWindow()
    whole.top.search.field.setFocus()
    seen: set[str] = set()
    for _ in range(30):
        focused = whole.window.focusWidget()
        assert focused is not None
        for name, part in (("top", whole.top), ("side", whole.side)):
            if part.isAncestorOf(focused):
                seen.add(name)
        if whole.window._pages["first"].isAncestorOf(focused):
            seen.add("page")
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert seen == {"top", "side", "page"}


def test_a_change_of_theme_reaches_all(qapp: QApplication, whole: Whole, look: Theme) -> None:
    look.set_mode(ThemeMode.LIGHT)
    qapp.processEvents()
    image = whole.window.grab().toImage()
    assert image.pixelColor(4, 700) == look.tokens.panel
    assert image.pixelColor(1200, 880) == look.tokens.stage


def test_an_escape_that_nothing_wants_is_told(make: Make) -> None:
    window = make()
    told: list[bool] = []
    window.escaped.connect(lambda: told.append(True))
    window.show_chrome(False)
    QTest.keyClick(window, Qt.Key.Key_Escape)  # brings the chrome back
    assert not told
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert told == [True]


class _Footed(Surface):
    def foot_height(self) -> int:
        return 90


def test_notices_leave_the_foot_of_a_page_in_sight(make: Make) -> None:
    window = make()
    window.add_page("footed", _Footed("stage"))
    window.notices.toast("Saved")
    toast = window.notices._toast
    assert toast is not None
    before = toast.geometry().bottom()
    window.set_page("footed")
    assert toast.geometry().bottom() == before - 90
    window.set_page("gallery")
    assert toast.geometry().bottom() == before


def test_a_second_start_is_answered_by_the_window_in_front(make: Make) -> None:
    window = make()
    window.showMinimized()
    window.answer_call()
    assert not window.isMinimized()
    assert window.notices._toast is not None
    assert "open already" in window.notices._toast.label.text()
