"""The job bar and the job panel. They show what they are told and say what the user wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.services.job_views import JobsSummary, JobView
from scenario_desktop.services.words import counted, units
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.jobs.job_list import JobList
from scenario_desktop.ui.panels.jobs.model import JobsModel
from scenario_desktop.ui.panels.jobs.rows import (
    TAB_TITLES,
    JobAction,
    Offer,
    Tab,
    counts_of,
    rows_of,
)
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.empty_state import EmptyState
from scenario_desktop.ui.widgets.keycap import KeyCap
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel
from scenario_desktop.ui.widgets.progress import ProgressBar
from scenario_desktop.ui.widgets.segmented import Segmented

SHORTCUT = "Ctrl+J"
_EMPTY = {
    Tab.ALL: (
        "activity",
        "No jobs yet",
        "Choose a picture and press D: the control map’s job appears here.",
    ),
    Tab.ACTIVE: ("activity", "Nothing is running", "Jobs under way appear here."),
    Tab.DONE: ("circle-check", "Nothing is done yet", "Finished jobs stay here until cleared."),
    Tab.NEEDS_YOU: ("circle-check", "Nothing needs you", "Failed and uncertain jobs appear here."),
}


def today_text(summary: JobsSummary) -> str:
    """Return "You today: 6 jobs, 14 CU"."""
    if not summary.today_count:
        return "You today: no jobs"
    return f"You today: {counted(summary.today_count, 'job')}, {units(summary.today_cost)}"


class JobBar(QWidget):
    """One line at the bottom of the window; a click anywhere opens the list.

    Signals:
        open_requested: the list is wanted.
        needs_you_requested: the list is wanted at what failed or is uncertain.
    """

    open_requested = Signal()
    needs_you_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Job bar")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._icon = IconLabel("activity")
        self._running = PlainLabel("", "small_strong")
        self._queued = PlainLabel("", "small", "text_2")
        self._bar = ProgressBar(name="All jobs under way")
        self._bar.setFixedWidth(160)
        self._percent = PlainLabel("", "small", "text_2")
        self._needs_you = Button("", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._needs_you.clicked.connect(self.needs_you_requested)
        self._poll = PlainLabel("", "small", "warning")
        self._today = PlainLabel("", "small", "text_3")
        self._open = IconButton("chevron-up", "Open jobs", shortcut=SHORTCUT, size=ButtonSize.SMALL)
        self._open.clicked.connect(self.open_requested)
        words = QHBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._running)
        words.addWidget(self._queued)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(12)
        row.addWidget(self._icon)
        row.addLayout(words)
        left: tuple[QWidget, ...] = (self._bar, self._percent, self._needs_you, self._poll)
        right: tuple[QWidget, ...] = (self._today, KeyCap(SHORTCUT), self._open)
        for widget in left:
            row.addWidget(widget)
        row.addStretch(1)
        for widget in right:
            row.addWidget(widget)
        self.set_summary(JobsSummary())

    def set_summary(self, summary: JobsSummary) -> None:
        """Show the counts and the overall progress."""
        is_busy = summary.active > 0
        running = f"{summary.running} running" if summary.running else ""
        queued = f"{summary.queued} queued" if summary.queued else ""
        self._running.setText(running or ("" if is_busy else "No jobs running"))
        self._running.setVisible(bool(self._running.text()))
        self._queued.setText(f", {queued}" if running and queued else queued)
        self._queued.setVisible(bool(queued))
        self._bar.setVisible(is_busy)
        self._bar.set_fraction(summary.progress if summary.progress or not is_busy else None)
        self._percent.setVisible(is_busy and summary.progress > 0)
        self._percent.setText(f"{min(99, round(summary.progress * 100))}\u00a0%")
        needs = summary.needs_you
        self._needs_you.setVisible(bool(needs))
        self._needs_you.setText(f"{needs} {'needs' if needs == 1 else 'need'} you")
        self._today.setText(today_text(summary))

    def set_poll_text(self, text: str) -> None:
        """Show why nothing moves, such as "Looking again in 20 s"; empty for nothing."""
        self._poll.setText(text)
        self._poll.setVisible(bool(text))

    @override
    def sizeHint(self) -> QSize:
        height = theme.current().height(theme.metric("size", "job_bar"), "small", 4)
        return QSize(super().sizeHint().width(), height)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(320, self.sizeHint().height())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        is_inside = self.rect().contains(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and is_inside:
            self.open_requested.emit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        _paint_region(self)


class JobsView(QWidget):
    """The panel: header with tabs, and the list.

    Signals:
        action_requested: a row's id and a JobAction.
        clear_done_requested, close_requested: what they say.
        needs_items: other rows are in sight; their items are wanted for the thumbnails.
    """

    action_requested = Signal(str, object)
    menu_requested = Signal(str, QPoint)
    clear_done_requested = Signal()
    close_requested = Signal()
    needs_items = Signal()

    def __init__(
        self, *, now: Callable[[], datetime] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName("Jobs")
        self._views: Sequence[JobView] = ()
        self._menu: QMenu | None = None
        self.model = JobsModel(now or _utc_now, self)
        self.list = JobList(self.model, now or _utc_now)
        self.list.action_requested.connect(self.action_requested)
        self.list.menu_requested.connect(self.menu_requested)
        self.list.visible_changed.connect(self.needs_items)
        self._empty = EmptyState()
        self._stack = QStackedLayout()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 1, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._build_header())
        layout.addLayout(self._stack, 1)
        self.set_rows(())
        self.set_summary(JobsSummary())
        self.set_poll_text("")

    def _build_header(self) -> QWidget:
        self.tabs = Segmented(
            [(tab.value, TAB_TITLES[tab]) for tab in Tab], name="Which jobs", size=ButtonSize.SMALL
        )
        self.tabs.chosen.connect(self._show)
        self._poll = PlainLabel("", "small", "warning")
        self._today = PlainLabel("", "small", "text_3")
        self._clear = Button("Clear done", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        self._clear.clicked.connect(self.clear_done_requested)
        close = IconButton("chevron-down", "Close jobs", shortcut=SHORTCUT, size=ButtonSize.SMALL)
        close.clicked.connect(self.close_requested)
        header = _Header()
        row = QHBoxLayout(header)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(12)
        row.addWidget(PlainLabel("Jobs", "label_strong"))
        row.addWidget(self.tabs)
        row.addStretch(1)
        for widget in (self._poll, self._today, self._clear, KeyCap(SHORTCUT), close):
            row.addWidget(widget)
        return header

    # What is shown

    @property
    def tab(self) -> Tab:
        return Tab(self.tabs.value())

    def set_tab(self, tab: Tab) -> None:
        self.tabs.set_value(tab.value)
        self._show()

    def set_rows(self, views: Sequence[JobView]) -> None:
        """Show these jobs, newest first."""
        self._views = views
        counts = counts_of(views)
        for tab in Tab:
            count = f" {counts[tab]:,}" if counts[tab] else ""
            self.tabs.set_text(tab.value, TAB_TITLES[tab] + count)
        self.tabs.updateGeometry()
        self._clear.setEnabled(bool(counts[Tab.DONE]))
        self._clear.setToolTip("" if counts[Tab.DONE] else "Nothing is done yet")
        self._show()

    def set_summary(self, summary: JobsSummary) -> None:
        self._today.setText(today_text(summary))

    def set_poll_text(self, text: str) -> None:
        self._poll.setText(text)
        self._poll.setVisible(bool(text))

    def set_pictures(self, pictures: PictureStore | None) -> None:
        self.list.set_pictures(pictures)

    def show_menu(self, offers: Sequence[Offer], row_id: str, where: QPoint) -> QMenu:
        """Open a job's menu. It goes when something is chosen or it is left."""
        if self._menu is not None:
            self._menu.deleteLater()
        self._menu = menu = QMenu(self)
        for offer in offers:
            if offer.action is JobAction.CLEAR:
                menu.addSeparator()
            icon = icons.icon(offer.icon) if offer.icon else QIcon()
            action = menu.addAction(icon, offer.text.replace("&", "&&"))
            action.setData((row_id, offer.action))
        menu.triggered.connect(self._on_menu)
        menu.popup(where)
        return menu

    def _on_menu(self, action: object) -> None:
        row_id, wanted = action.data()  # type: ignore[attr-defined]  # a QAction
        self.action_requested.emit(row_id, wanted)

    def _show(self) -> None:
        rows = rows_of(self.tab, self._views)
        self.model.set_views(rows)
        self._stack.setCurrentWidget(self.list if rows else self._empty)
        if not rows:
            self._empty.set_state(*_EMPTY[self.tab])

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        _paint_region(self)


class _Header(QWidget):
    """40 pixels or what the text needs, and a line below."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        height = theme.current().height(theme.metric("size", "dock_header"), "body", 10)
        return QSize(super().sizeHint().width(), height)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        color = theme.current().tokens.line_subtle
        QPainter(self).fillRect(0, self.height() - 1, self.width(), 1, color)


def _paint_region(widget: QWidget) -> None:
    t = theme.current().tokens
    painter = QPainter(widget)
    painter.fillRect(widget.rect(), t.panel)
    painter.fillRect(0, 0, widget.width(), 1, t.line_subtle)


def _utc_now() -> datetime:
    return datetime.now(UTC)
