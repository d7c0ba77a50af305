"""The card below the chart: what was done, our own jobs, and the numbers of chart and ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Final

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from scenario_desktop.services.usage.activity import ActivityFilter, action_text, counted_as
from scenario_desktop.services.usage.comparison import Comparison, JobCost, Reason
from scenario_desktop.services.words import NO_BREAK, counted, units
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.usage.activity_model import ActivityModel
from scenario_desktop.ui.panels.usage.activity_table import ActivityTable
from scenario_desktop.ui.panels.usage.figures import Figures, Rank
from scenario_desktop.ui.panels.usage.tables import (
    Cell,
    DataTable,
    ListModel,
    amount_cell,
    cell,
)
from scenario_desktop.ui.panels.usage.words import (
    ACTIONS,
    amount_text,
    duration_text,
    percent_text,
)
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.surface import Card
from scenario_desktop.ui.widgets.tips import set_tip

#: Typing rests for so long before it is searched, milliseconds.
SEARCH_DELAY_MS: Final = 250
_STATES: Final[Mapping[str, str]] = {
    "submitting": "Sending", "accepted": "Running", "uncertain": "Uncertain",
    "succeeded": "Done", "failed": "Failed", "canceled": "Cancelled",
}  # fmt: skip


class LowerTab(StrEnum):
    """What can be looked at, in the order of the tabs."""

    ACTIVITY = "activity"
    JOBS = "jobs"
    TABLE = "table"
    RANKING = "ranking"


_TABS: Final = (
    (LowerTab.ACTIVITY, "Activity"), (LowerTab.JOBS, "Your jobs"), (LowerTab.TABLE, "Table"),
    (LowerTab.RANKING, "Ranking"),
)  # fmt: skip
_RANKED: Final = {Rank.MODELS: "Model", Rank.PEOPLE: "Person", Rank.ACTIONS: "Action"}


class LowerCard(Card):
    """Tabs of tables.

    Attributes:
        activity, jobs, numbers, ranking: the tables.

    Signals:
        filter_changed: an ActivityFilter to list by; a drill is no part of it.
        drill_left: the part of the chart that was opened is to be left.
        job_opened: the JobCost to go to.
        rank_opened: the id of a row of the ranking whose actions are to be listed.
        tab_changed: another tab is shown.
    """

    filter_changed = Signal(object)
    drill_left = Signal()
    job_opened = Signal(object)
    rank_opened = Signal(str)
    tab_changed = Signal()

    def __init__(self, zone: tzinfo, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._zone = zone
        self._actions: list[str] = []
        self._chosen: frozenset[str] = frozenset()
        self._has_cost = False
        self._has_account = True
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Lists")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self._count = ElidedLabel("", "small", "text_3")
        self.drill = Button("", size=ButtonSize.SMALL, icon="x")
        self.drill.clicked.connect(self.drill_left)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search person, picture, model")
        self.search.setAccessibleName("Search the activity")
        self.search.setClearButtonEnabled(False)
        # Made here and not by the field: what that returns has turned out to be gone after a while.
        self._search_icon = QAction(self.search)
        self.search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        for inner in self.search.findChildren(QToolButton):
            inner.setAccessibleName("Search")
        self._filter = Button("Filter", kind=ButtonKind.GHOST, icon="list-filter")
        self._filter.clicked.connect(self._open_filter)
        self.activity_model = ActivityModel(zone, self)
        self.activity = ActivityTable(self.activity_model)
        self._jobs_model, self._numbers_model = ListModel(self), ListModel(self)
        self.jobs = DataTable(name="Your jobs")
        self.jobs.setModel(self._jobs_model)
        self.jobs.setSortingEnabled(True)
        self.jobs.sortByColumn(0, Qt.SortOrder.DescendingOrder)
        self.jobs.opened.connect(self._on_job)
        self.numbers = DataTable(name="The chart's numbers")
        self.numbers.setModel(self._numbers_model)
        self.numbers.setSortingEnabled(True)
        self.numbers.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self._ranking_model = ListModel(self)
        self.ranking = DataTable(name="The ranking's numbers")
        self.ranking.setModel(self._ranking_model)
        self.ranking.setSortingEnabled(True)
        self.ranking.sortByColumn(1, Qt.SortOrder.DescendingOrder)
        self.ranking.opened.connect(self._on_ranked)
        self._sums = PlainLabel("", "small", "text_2", wrap=True)
        self._stack = QStackedWidget()
        self._soon = QTimer(self, singleShot=True, interval=SEARCH_DELAY_MS)
        self._soon.timeout.connect(self._tell_filter)
        self.search.textChanged.connect(self._soon.start)
        self.activity_model.rowsInserted.connect(self._show_count)
        self.activity_model.modelReset.connect(self._show_count)
        self._build()
        self.tabs.currentChanged.connect(self._on_tab)
        theme.current().changed.connect(self._fit)
        self._fit()
        self._on_tab(0)

    def _build(self) -> None:
        for _, title in _TABS:
            self.tabs.addTab(title)
        head = QHBoxLayout()
        head.setContentsMargins(0, 8, 8, 2)
        head.setSpacing(8)
        head.addWidget(self.tabs)
        head.addWidget(self._count, 1)
        head.addWidget(self.drill)
        head.addWidget(self.search)
        head.addWidget(self._filter)
        self.drill.hide()
        jobs = QWidget()
        inside = QVBoxLayout(jobs)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self.jobs, 1)
        self._sums.setContentsMargins(8, 6, 8, 8)
        inside.addWidget(self._sums)
        for page in (self.activity, jobs, self.numbers, self.ranking):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 1, 4, 6)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)

    # what is shown

    @property
    def tab(self) -> LowerTab:
        return _TABS[max(0, self.tabs.currentIndex())][0]

    def show_tab(self, tab: LowerTab) -> None:
        self.tabs.setCurrentIndex([one for one, _ in _TABS].index(tab))

    def set_has_account(self, has_account: bool) -> None:
        """Leave away what only the account's service tells."""
        self._has_account = has_account
        for number, (tab, _) in enumerate(_TABS):
            self.tabs.setTabVisible(number, has_account or tab is LowerTab.JOBS)
        if not has_account:
            self.show_tab(LowerTab.JOBS)

    def show_drill(self, text: str) -> None:
        """Say what part is listed; "" for all."""
        self.drill.setText(text)
        self.drill.updateGeometry()
        set_tip(self.drill, "List everything again" if text else "")
        self.drill.setAccessibleName(f"Only {text}. List everything again")
        self.drill.setVisible(bool(text) and self.tab is LowerTab.ACTIVITY)

    def show_actions(self, actions: Sequence[str]) -> None:
        """Offer these actions for filtering."""
        self._actions = list(dict.fromkeys(actions))

    def show_figures(self, figures: Figures) -> None:
        """Show the chart's numbers."""
        bars, chart = figures.bars, figures.chart
        heads = ["Time", *(one.name for one in bars.series), "Total"]
        rows: list[tuple[object, tuple[Cell, ...]]] = []
        for place in range(min(bars.future, bars.count)):
            bucket = chart.buckets[place]
            amounts = [
                _number_cell(None if (v := one.values[place]) is None else Decimal(str(v)))
                for one in bars.series
            ]
            time = cell(bars.titles[place], bucket.start)
            rows.append((place, (time, *amounts, _number_cell(bars.sums[place]))))
        whole = sum((one.total for one in bars.series), Decimal(0))
        tail = (
            None, (cell("Total"), *(_number_cell(one.total) for one in bars.series),
                   _number_cell(whole)),
        )  # fmt: skip
        count = len(heads)
        self._numbers_model.set_rows(heads, rows, right=range(1, count), tail=tail)
        self.numbers.set_widths([150, *([0] * (count - 1))])
        self._show_ranking(figures)

    def _show_ranking(self, figures: Figures) -> None:
        """Show the ranking's numbers: all that its bars stand for, and the ids."""
        is_people = figures.choice.rank is Rank.PEOPLE
        more = ("Discount, CU", "Price, CU") if is_people else ("Jobs",)
        heads = (_RANKED[figures.choice.rank], "CU", "Share", *more, "Id")
        rows: list[tuple[object, tuple[Cell, ...]]] = []
        for row in figures.ranked:
            share, discount = row.whole, row.whole.discount
            price = share.amount + discount if discount is not None else None
            numbers = (discount, price) if is_people else (share.count,)
            rows.append((row.id, (
                cell(row.name), _number_cell(share.amount),
                cell(percent_text(share.share), share.share),
                *(_number_cell(number) for number in numbers),
                cell(row.id, None, "text_3"),
            )))  # fmt: skip
        self._ranking_model.set_rows(heads, rows, right=range(1, len(heads) - 1))
        self.ranking.set_widths((200, 88, 72, *([112] * len(more)), 0))
        self._show_count()

    def show_comparison(self, found: Comparison) -> None:
        """Show our own record beside the service's."""
        heads = ("Time", "Job", "State", "Quoted, CU", "Charged, CU", "Difference", "Note")
        rows = [(job, self._job_cells(job)) for job in (*found.jobs, *found.runs)]
        rows.sort(key=lambda row: row[0].at, reverse=True)
        self._jobs_model.set_rows(heads, rows, right=(3, 4, 5))
        self.jobs.set_widths((128, 160, 92, 100, 108, 100, 0))
        self._sums.setText(sums_text(found, has_account=self._has_account))
        self._show_count()

    def _job_cells(self, job: JobCost) -> tuple[Cell, ...]:
        at = job.at.astimezone(self._zone)
        actual = job.charged if job.charged is not None else job.booked
        is_run = job.reason is Reason.NO_PRICE
        note = job.note
        if is_run and job.compute_s is not None:
            note = f"{note} It took {duration_text(job.compute_s)}."
        tone = "danger" if job.is_lost else ("warning" if job.state == "uncertain" else "text_2")
        return (
            cell(f"{at.day} {at:%b}, {at:%H:%M}", job.at, "text_2"),
            cell(action_text(job.kind, ACTIONS) if job.title == job.kind else job.title),
            cell(_STATES.get(str(job.state), str(job.state)), None, tone),
            ("no price", None, "text_3") if is_run else amount_cell(job.quoted, _exact),
            amount_cell(actual, _exact),
            amount_cell(job.difference or None, _signed),
            cell(note, None, "text_2"),
        )

    # what the user wants

    def wanted(self) -> ActivityFilter:
        """Return what is typed and chosen."""
        return ActivityFilter(
            text=self.search.text().strip(), actions=self._chosen, has_cost=self._has_cost,
            titles=ACTIONS,
        )  # fmt: skip

    def _tell_filter(self) -> None:
        self._soon.stop()
        wanted = self.wanted()
        count = len(wanted.actions) + wanted.has_cost
        self._filter.setText(f"Filter: {count}" if count else "Filter")
        self._filter.updateGeometry()
        self.filter_changed.emit(wanted)

    def _open_filter(self) -> None:
        menu = Menu(self, name="Filter")
        menu.add("Only with cost", self._toggle_cost, is_checked=self._has_cost)
        if self._actions:
            menu.addSeparator()
        for one in self._offered():
            menu.add(
                action_text(one, ACTIONS), partial(self._toggle_action, one),
                is_checked=one in self._chosen,
            )  # fmt: skip
        if self._chosen or self._has_cost:
            menu.addSeparator()
            menu.add("Clear filter", self.clear_filter, icon="x")
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._filter.mapToGlobal(self._filter.rect().bottomLeft()))

    def _offered(self) -> list[str]:
        """Return the actions of the charts, and those of the list that no chart has a name for."""
        book = self.activity_model.book
        charted = set(self._actions)
        read = book.actions if book is not None else set[str]()
        others = {counted_as(one) for one in read if charted.isdisjoint({one, counted_as(one)})}
        more = (others | self._chosen) - charted
        return [*self._actions, *sorted(more, key=lambda one: action_text(one, ACTIONS))]

    def _toggle_cost(self) -> None:
        self._has_cost = not self._has_cost
        self._tell_filter()

    def _toggle_action(self, one: str) -> None:
        self._chosen = self._chosen ^ {one}
        self._tell_filter()

    def clear_filter(self) -> None:
        self._chosen, self._has_cost = frozenset(), False
        self._tell_filter()

    def _on_tab(self, number: int) -> None:
        self._stack.setCurrentIndex(number)
        self.tab_changed.emit()
        is_activity = self.tab is LowerTab.ACTIVITY
        self.search.setVisible(is_activity)
        self._filter.setVisible(is_activity)
        self.drill.setVisible(is_activity and bool(self.drill.text()))
        self._show_count()

    def _show_count(self) -> None:
        match self.tab:
            case LowerTab.ACTIVITY:
                model = self.activity_model
                more = "" if model.book is None or model.book.is_all else "+"
                text = f"{model.count:,}{more}" if model.count else ""
                self._count.setText(f"{text}{NO_BREAK}actions" if text else "")
            case LowerTab.JOBS:
                self._count.setText(counted(self._jobs_model.rowCount(), "job"))
            case LowerTab.RANKING:
                count = self._ranking_model.rowCount()
                self._count.setText(f"{count:,}" if count else "")
            case _:
                self._count.setText("")

    def _on_ranked(self, index: QModelIndex) -> None:
        one = self._ranking_model.value_at(index)
        if isinstance(one, str):
            self.rank_opened.emit(one)

    def _on_job(self, index: QModelIndex) -> None:
        job = self._jobs_model.value_at(index)
        if isinstance(job, JobCost):
            self.job_opened.emit(job)

    def _fit(self) -> None:
        look = theme.current()
        self.search.setFixedWidth(look.px(232))
        self._stack.setMinimumHeight(look.px(208))
        self._search_icon.setIcon(icons.icon("search", 16, look.tokens.text_3))


def sums_text(found: Comparison, *, has_account: bool = True) -> str:
    """Say what all of our jobs come to."""
    lines: list[str] = []
    if has_account:
        if found.jobs:
            gap = found.charged - found.quoted
            more = f", {units(abs(gap))} {'more' if gap > 0 else 'less'}" if gap else ", as quoted"
            lines.append(f"Quoted {units(found.quoted)}, charged {units(found.charged)}{more}.")
        if found.lost_count:
            refunded = f", {found.refunded_count} refunded" if found.refunded_count else ""
            lines.append(
                f"Failed and cancelled: {counted(found.lost_count, 'job')}{refunded}, "
                f"{units(found.lost)} lost."
            )
        if not found.jobs:
            lines.append("Nothing was sent from this computer in this range.")
    runs = found.unpriced
    if runs.count:
        failed = f", {runs.failed} failed" if runs.failed else ""
        took = f", {duration_text(runs.compute_s)}" if runs.compute_s else ""
        lines.append(f"Sartiq: {counted(runs.count, 'run')}{failed}{took}, no price given.")
    elif not has_account:
        lines.append("No Sartiq run in this range.")
    return " ".join(lines)


def _number_cell(value: Decimal | None) -> Cell:
    return ("not known", None, "text_3") if value is None else (_exact(value), value, "")


def _exact(value: Decimal) -> str:
    return amount_text(value, places=3)


def _signed(value: Decimal) -> str:
    return f"{'+' if value > 0 else '−'}{amount_text(abs(value), places=3)}"
