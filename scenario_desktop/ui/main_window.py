"""The window: its regions, how they share the room, and what it remembers.

Regions are handed in by whoever builds the program. The window knows where they stand and how they
give way when it gets narrow; it knows nothing of what they show.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from PySide6.QtCore import (
    QByteArray,
    QPoint,
    QRect,
    Qt,
    QTimer,
    QVariantAnimation,
    Signal,
)
from PySide6.QtGui import (
    QCloseEvent,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from scenario_desktop.ui import theme, window_sizes
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.shortcuts import Shortcuts
from scenario_desktop.ui.widgets.fade import Fade
from scenario_desktop.ui.widgets.focus_ring import FocusRing
from scenario_desktop.ui.widgets.grip import GRIP, Grip

if TYPE_CHECKING:
    from scenario_desktop.ui.notices import Notices

TITLE = "Scenario Desktop"
SAVE_DELAY_MS = 400


class DockKind(StrEnum):
    """What stands at the right; each kind has its own widths, and its own manners when narrow."""

    INSPECTOR = "inspector"
    FORM = "form"


@runtime_checkable
class FoldsToRail(Protocol):
    """A sidebar that can shrink to a rail of icons."""

    def set_rail(self, is_rail: bool) -> None: ...


@runtime_checkable
class HasFoot(Protocol):
    """A page with something at its bottom that no notice may cover."""

    def foot_height(self) -> int: ...


@runtime_checkable
class FollowsSidebar(Protocol):
    """A top bar whose search field begins where the page begins."""

    def set_page_left(self, left: int) -> None: ...

    def set_narrow(self, is_narrow: bool) -> None: ...


class MainWindow(QWidget):
    """All regions of the program.

    Attributes:
        commands: everything the user can do.
        on_state: called with what is to be remembered, as plain data.
        page: the name of the page in front.

    Signals:
        close_requested: the user wants to leave; ``close_now`` when all is put away.
        vanished: it left the screen for good; what is still to be put away needs no window.
        page_changed: the name of the page now in front.
        dock_closed: Escape closed the drawer.
        escaped: Escape, where nothing else in the window wanted it.
        jobs_shown: the job panel was opened or closed.
        layout_changed: "rail", "drawer" or another boundary was crossed; ask ``is_narrow``.
        bottom_changed: the height in pixels that the job bar or panel takes.
    """

    close_requested = Signal()
    vanished = Signal()
    page_changed = Signal(str)
    dock_closed = Signal()
    escaped = Signal()
    jobs_shown = Signal(bool)
    layout_changed = Signal()
    bottom_changed = Signal(int)

    def __init__(
        self,
        commands: CommandRegistry,
        *,
        state: Mapping[str, Any] | None = None,
        on_state: Callable[[dict[str, Any]], object] | None = None,
    ) -> None:
        super().__init__()
        self.commands = commands
        self.page = ""
        self.on_state = on_state
        self._is_closing = False
        self._is_bare = False
        self._wants_jobs = False
        self._top: QWidget | None = None
        self._sidebar: QWidget | None = None
        self._pages: dict[str, QWidget] = {}
        self._docks: dict[str, tuple[QWidget, DockKind]] = {}
        self._hidden_docks: set[str] = set()
        self._is_drawer_open = False
        self._was_narrow = False
        self._job_bar: QWidget | None = None
        self._job_panel: QWidget | None = None
        self._jobs_open = 0.0
        self._state = _clean(state or {})
        self.setWindowTitle(TITLE)
        self.setMinimumSize(*theme.metric("layout", "min_window"))
        self._bottom = 0
        commands.refused.connect(self._on_refused)
        self.ring = FocusRing(self)
        self._fade = Fade(self)
        self._grips = {
            "sidebar": Grip("sidebar", self),
            "dock": Grip("dock", self),
            "jobs": Grip("jobs", self, is_flat=True),
        }
        for grip in self._grips.values():
            grip.dragged.connect(self._on_dragged)
        self._slide = QVariantAnimation(self)
        self._slide.valueChanged.connect(self._on_slide)
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(SAVE_DELAY_MS)
        self._saving.timeout.connect(self.save_state)
        self.shortcuts = Shortcuts(self, commands)
        self._add_commands()
        theme.current().changed.connect(self._arrange)
        self._restore_geometry()

    @cached_property
    def notices(self) -> Notices:
        """Toasts and errors. Made at first use: the first paint does not wait for them."""
        from scenario_desktop.ui.notices import Notices

        notices = Notices(self)
        notices.set_bottom(self._bottom)
        notices.floor_of_page = self._floor_of_page
        return notices

    def _floor_of_page(self) -> int:
        """Return what the page in front has at its bottom that no notice may cover."""
        page = self._pages.get(self.page)
        return page.foot_height() if isinstance(page, HasFoot) else 0

    # What stands in the regions

    def set_top_bar(self, widget: QWidget) -> None:
        self._top = self._take(widget)
        self._arrange()

    def set_sidebar(self, widget: QWidget) -> None:
        self._sidebar = self._take(widget)
        self._arrange()

    def set_job_bar(self, widget: QWidget) -> None:
        """Set what stands at the bottom, one line high, until the panel is open."""
        self._job_bar = self._take(widget)
        self._arrange()

    def set_job_panel(self, widget: QWidget) -> None:
        self._job_panel = self._take(widget)
        widget.hide()
        self._arrange()

    def add_page(self, name: str, widget: QWidget) -> None:
        """Hand in a page; it stays behind until it is shown."""
        self._pages[name] = self._take(widget)
        widget.setVisible(name == self.page)
        if not self.page:
            self.set_page(name)

    def remove_page(self, name: str) -> None:
        """Give a page and its dock back; who made them takes them down."""
        self.set_dock(None, page=name)
        widget = self._pages.pop(name, None)
        if widget is not None:
            widget.hide()
        if self.page == name and self._pages:
            self.set_page(next(iter(self._pages)))

    def set_page(self, name: str) -> None:
        """Bring a page to the front, with the dock and the widths it had."""
        if name == self.page or name not in self._pages:
            return
        before = self._pages.get(self.page)
        focus = self.focusWidget()
        had_focus = before is not None and focus is not None and before.isAncestorOf(focus)
        if before is not None and before.isVisible() and self.isVisible():
            self._fade.start(before)
        self.page = name
        for known, widget in self._pages.items():
            widget.setVisible(known == name)
        self._arrange()
        if had_focus:
            self._pages[name].setFocus()
        if "notices" in self.__dict__:
            self.notices.set_bottom(self._bottom)  # this page may have another foot
        self.page_changed.emit(name)
        self._save_soon()

    def set_dock(
        self, widget: QWidget | None, kind: DockKind = DockKind.INSPECTOR, *, page: str = ""
    ) -> None:
        """Put something at the right of a page, or None to have nothing there.

        Args:
            page: the page it belongs to; without a name the one in front.
        """
        page = page or self.page
        old = self._docks.pop(page, None)
        if widget is not None:
            self._docks[page] = (self._take(widget), kind)
            if not self._page_state(page).get("dock_open", True):
                self._hidden_docks.add(page)
        if old is not None and not any(dock is old[0] for dock, _ in self._docks.values()):
            old[0].hide()
        self._arrange()
        self.layout_changed.emit()

    def dock(self) -> QWidget | None:
        """Return what belongs at the right of the page in front, open or not."""
        entry = self._docks.get(self.page)
        return entry[0] if entry else None

    def show_dock(self, is_shown: bool) -> None:
        """Open or close the dock of the page in front; the page remembers it."""
        if self.page not in self._docks:
            return
        if self._is_drawer():
            self._is_drawer_open = is_shown
            self._arrange()
            self.layout_changed.emit()
            return
        (self._hidden_docks.discard if is_shown else self._hidden_docks.add)(self.page)
        self._page_state(self.page)["dock_open"] = is_shown
        self._arrange()
        self.layout_changed.emit()
        self._save_soon()

    def is_dock_shown(self) -> bool:
        if self._is_drawer():
            return self._is_drawer_open
        return self.page in self._docks and self.page not in self._hidden_docks

    def show_jobs(self, is_shown: bool) -> None:
        """Open or close the job panel."""
        if self._job_panel is None or is_shown == self._wants_jobs:
            return
        self._wants_jobs = is_shown
        self._state["jobs_open"] = is_shown
        self._slide.stop()
        self._slide.setDuration(theme.current().duration("slow"))
        self._slide.setStartValue(self._jobs_open)
        self._slide.setEndValue(1.0 if is_shown else 0.0)
        self._slide.setEasingCurve(theme.current().curve("in" if is_shown else "out"))
        if self._slide.duration() and self.isVisible():
            self._slide.start()
        else:
            self._on_slide(1.0 if is_shown else 0.0)
        self.jobs_shown.emit(is_shown)
        self._save_soon()

    def is_jobs_shown(self) -> bool:
        return self._wants_jobs

    def show_chrome(self, is_shown: bool) -> None:
        """Show or hide everything around the page."""
        self._is_bare = not is_shown
        self._arrange()
        self.layout_changed.emit()

    def is_narrow(self) -> bool:
        """Say whether the sidebar is a rail and the inspector a drawer."""
        return window_sizes.is_narrow(self.width())

    def is_wide(self) -> bool:
        return window_sizes.is_wide(self.width())

    def come_to_front(self) -> None:
        """Show the window over all others, also when it was minimised."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def answer_call(self) -> None:
        """Come to the front for whoever started the program once more, and say why."""
        self.come_to_front()
        self.notices.toast("Scenario Desktop is open already. This is its window.")

    def vanish(self) -> None:
        """Leave the screen: while everything is put away there is nothing left to look at."""
        self.save_state()
        self.hide()
        self.vanished.emit()

    def close_now(self) -> None:
        """Close for good, once everything is put away."""
        self._is_closing = True
        self.save_state()
        self.close()

    def save_state(self) -> None:
        """Hand over what is to be remembered, as plain data."""
        self._saving.stop()
        geometry = bytes(self.saveGeometry().data())
        self._state["geometry"] = base64.b64encode(geometry).decode()
        self._state["page"] = self.page
        if self.on_state is not None:
            self.on_state(_clean(self._state))

    # Events

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        was_narrow, self._was_narrow = self._was_narrow, self.is_narrow()
        if was_narrow != self.is_narrow():
            # A drawer would cover the page: it opens when it is asked for.
            self._is_drawer_open = False
        self._arrange()
        if was_narrow != self.is_narrow():
            self.layout_changed.emit()
        self._save_soon()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_closing:
            event.accept()
            return
        event.ignore()
        self.save_state()
        self.close_requested.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._is_bare:
            self.show_chrome(True)
        elif event.key() == Qt.Key.Key_Escape and self._is_drawer() and self.is_dock_shown():
            self.show_dock(False)
            self.dock_closed.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), theme.current().tokens.stage)

    # How the regions share the room

    def _arrange(self) -> None:
        look = theme.current()
        area = self.rect()
        if self._is_bare:
            for widget in (self._top, self._sidebar, self._job_bar, self._job_panel):
                _hide(widget)
            for entry in self._docks.values():
                entry[0].hide()
            for grip in self._grips.values():
                grip.hide()
            self._place_page(area)
            self._tell_bottom(0)
            return
        top = look.height(theme.metric("size", "topbar"), "body", 14)
        _place(self._top, QRect(0, 0, area.width(), top))
        bottom = self._place_jobs(area)
        self._tell_bottom(area.height() - bottom)
        middle = QRect(0, top, area.width(), max(0, bottom - top))
        side = self._sidebar_width()
        dock = self._dock_width(middle.width() - side)
        if self._sidebar is not None and isinstance(self._sidebar, FoldsToRail):
            self._sidebar.set_rail(side <= window_sizes.rail())
        _place(self._sidebar, QRect(0, middle.top(), side, middle.height()))
        if self._top is not None and isinstance(self._top, FollowsSidebar):
            self._top.set_page_left(side)
            self._top.set_narrow(self.is_narrow())
        is_drawer = self._is_drawer()
        page = middle.adjusted(side, 0, 0 if is_drawer else -dock, 0)
        self._place_page(page)
        self._place_dock(QRect(middle.right() + 1 - dock, middle.top(), dock, middle.height()))
        self._place_grips(middle, side, dock)

    def _tell_bottom(self, height: int) -> None:
        self._bottom = height
        if "notices" in self.__dict__:
            self.notices.set_bottom(height)
        self.bottom_changed.emit(height)

    def _sidebar_width(self) -> int:
        if self._sidebar is None:
            return 0
        beside = 0 if self._is_drawer() else self._least_dock()
        return window_sizes.sidebar(self.width(), beside, self._state.get("sidebar"))

    def _least_dock(self) -> int:
        entry = self._docks.get(self.page)
        if entry is None or self.page in self._hidden_docks:
            return 0
        return window_sizes.least_dock(entry[1])

    def _dock_width(self, room: int) -> int:
        if not self.is_dock_shown():
            return 0
        if self._is_drawer():
            return window_sizes.drawer(self.width())
        kind = self._docks[self.page][1]
        wished = self._page_state(self.page).get(f"{kind}_width")
        return window_sizes.dock(self.width(), room, kind, wished)

    def _is_drawer(self) -> bool:
        entry = self._docks.get(self.page)
        return entry is not None and entry[1] is DockKind.INSPECTOR and self.is_narrow()

    def _place_page(self, area: QRect) -> None:
        for name, widget in self._pages.items():
            if name == self.page:
                _place(widget, area)
        self._fade.setGeometry(area)

    def _place_dock(self, area: QRect) -> None:
        shown = self._docks[self.page][0] if self.is_dock_shown() else None
        for dock, _ in self._docks.values():
            if dock is not shown:
                dock.hide()
        _place(shown, area)
        if shown is not None and self._is_drawer():
            shown.raise_()
            self.ring.raise_()

    def _place_jobs(self, area: QRect) -> int:
        """Place bar and panel at the bottom; return where they begin."""
        bar = theme.current().height(theme.metric("size", "job_bar"), "small", 8)
        if self._job_bar is None:
            bar = 0
        panel = 0
        if self._job_panel is not None:
            panel = window_sizes.job_panel(self.height(), self._state.get("jobs_height"))
        height = round(bar + (panel - bar) * self._jobs_open) if panel else bar
        bottom = area.height() - height
        is_open = self._jobs_open > 0 and self._job_panel is not None
        if is_open:
            # The panel keeps its height while it slides, so that its rows do not dance.
            _place(self._job_panel, QRect(0, bottom, area.width(), max(panel, height)))
            if self._job_panel is not None:
                self._job_panel.raise_()
            _hide(self._job_bar)
        else:
            _hide(self._job_panel)
            _place(self._job_bar, QRect(0, bottom, area.width(), bar))
        return bottom

    def _place_grips(self, middle: QRect, side: int, dock: int) -> None:
        beside = QRect(side - GRIP, middle.top(), 2 * GRIP, middle.height())
        self._grips["sidebar"].place(beside if side > window_sizes.rail() else None)
        left = QRect(middle.right() + 1 - dock - GRIP, middle.top(), 2 * GRIP, middle.height())
        can_drag = dock and not self.is_narrow()
        self._grips["dock"].place(left if can_drag else None)
        above = QRect(0, middle.bottom() + 1 - GRIP, self.width(), 2 * GRIP)
        self._grips["jobs"].place(above if self._jobs_open == 1.0 else None)

    def _on_dragged(self, name: str, place: QPoint) -> None:
        if name == "sidebar":
            self._state["sidebar"] = window_sizes.side_limited("sidebar", place.x())
        elif name == "dock":
            kind = self._docks[self.page][1]
            width = window_sizes.side_limited(kind, self.width() - place.x())
            self._page_state(self.page)[f"{kind}_width"] = width
        else:
            height = window_sizes.job_panel_limited(self.height() - place.y())
            self._state["jobs_height"] = height
        self._arrange()
        self._save_soon()

    def _on_slide(self, value: float) -> None:
        self._jobs_open = float(value)
        self._arrange()

    # What is remembered

    def _page_state(self, page: str) -> dict[str, Any]:
        pages: dict[str, dict[str, Any]] = self._state.setdefault("pages", {})
        return pages.setdefault(page, {})

    def _save_soon(self) -> None:
        if not self._is_closing and self.isVisible():
            self._saving.start()

    def _restore_geometry(self) -> None:
        self.resize(*self._first_size())
        try:
            geometry = base64.b64decode(str(self._state.get("geometry", "")), validate=True)
        except (binascii.Error, ValueError):
            return
        if geometry:
            self.restoreGeometry(QByteArray(geometry))

    def _first_size(self) -> tuple[int, int]:
        # Without a window system there is no edge of a screen that could hide anything.
        if QGuiApplication.platformName() == "offscreen":
            return window_sizes.FIRST
        return window_sizes.first(self.screen().availableSize())

    def restore_jobs(self) -> None:
        """Open the job panel if it was open last time."""
        self.show_jobs(bool(self._state.get("jobs_open")))

    # Commands

    def _add_commands(self) -> None:
        self.commands.add(
            Command(
                "view.chrome",
                "Hide everything around the pictures",
                self._toggle_chrome,
                group="View",
                icon="maximize",
                shortcut="\\",
                words="full screen focus zen",
            ),
            Command(
                "view.dock",
                "Show or hide the inspector",
                self._toggle_dock,
                group="View",
                icon="panel-right",
                shortcut="Ctrl+I",
                reason=self._no_dock,
                words="details metadata panel form",
            ),
            Command(
                "view.jobs",
                "Show or hide the jobs",
                self._toggle_jobs,
                group="View",
                icon="list-checks",
                shortcut="Ctrl+J",
                words="queue running progress",
            ),
        )

    def _on_refused(self, reason: str) -> None:
        self.notices.toast(reason)

    def _toggle_chrome(self) -> None:
        self.show_chrome(self._is_bare)

    def _toggle_dock(self) -> None:
        self.show_dock(not self.is_dock_shown())

    def _toggle_jobs(self) -> None:
        self.show_jobs(not self._wants_jobs)

    def _no_dock(self) -> str:
        return "" if self.page in self._docks else "This page has no inspector"

    def _take(self, widget: QWidget) -> QWidget:
        if widget.parentWidget() is not self:
            widget.setParent(self)
            widget.lower()  # below what lies over the window already, such as a notice
        self._raise_overlays()
        return widget

    def _raise_overlays(self) -> None:
        for grip in self._grips.values():
            grip.raise_()
        self._fade.raise_()
        self.ring.raise_()


def _place(widget: QWidget | None, area: QRect) -> None:
    if widget is not None:
        widget.setGeometry(area)
        widget.setVisible(not area.isEmpty())


def _hide(widget: QWidget | None) -> None:
    if widget is not None:
        widget.hide()


def _clean(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy with what this window understands; a settings file may hold anything."""
    result: dict[str, Any] = {}
    for key, kind in (
        ("geometry", str), ("page", str), ("sidebar", int), ("jobs_height", int),
        ("jobs_open", bool),
    ):  # fmt: skip
        if isinstance(state.get(key), kind):
            result[key] = state[key]
    pages = state.get("pages")
    result["pages"] = {
        str(name): {str(k): v for k, v in entry.items() if isinstance(v, (int, bool))}
        for name, entry in (pages.items() if isinstance(pages, dict) else ())
        if isinstance(entry, dict)
    }
    return result
