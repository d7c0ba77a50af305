"""Connects the usage page to a workspace's usage."""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from scenario_desktop.api.models.usage import UsageReport
from scenario_desktop.errors import AppError, BadAnswer, Forbidden, Offline, RateLimited
from scenario_desktop.services.usage import charts, export
from scenario_desktop.services.usage.activity import ActivityBook, ActivityFilter, ActivityRow
from scenario_desktop.services.usage.budget import BudgetState
from scenario_desktop.services.usage.charts import REST, Grouping, Measure
from scenario_desktop.services.usage.comparison import Comparison, JobCost
from scenario_desktop.services.usage.ranges import Preset, UsageRange
from scenario_desktop.services.usage.usage import MOST_USERS, Loaded, Within
from scenario_desktop.services.words import counted
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.panels.usage import memory
from scenario_desktop.ui.panels.usage.bar_data import OTHER, UNTOLD, Colors
from scenario_desktop.ui.panels.usage.exporting import (
    chart_file,
    file_name,
    write,
    write_activity,
)
from scenario_desktop.ui.panels.usage.figures import (
    Choice,
    Figures,
    Rank,
    Sources,
    is_month,
    make_figures,
    top_users,
)
from scenario_desktop.ui.panels.usage.lower import LowerTab
from scenario_desktop.ui.panels.usage.pictures import ActivityPictures
from scenario_desktop.ui.panels.usage.ports import UsagePorts
from scenario_desktop.ui.panels.usage.summary import cards_of, pace_of, waiting_cards
from scenario_desktop.ui.panels.usage.view import UsageView
from scenario_desktop.ui.panels.usage.words import as_of_text, range_text
from scenario_desktop.ui.widgets.banner import Tone

_BARS: Final = "scenario_desktop.ui.panels.usage.bars"
#: The report names so many of its problems in the dialog.
_MOST_PROBLEMS: Final = 40
_RANKS: Final = {Grouping.USER: Rank.PEOPLE, Grouping.MODEL: Rank.MODELS}
_CSV, _PNG, _SVG = "CSV (*.csv)", "PNG (*.png)", "SVG (*.svg)"


class UsageController(QObject):
    """Shows one workspace's usage.

    Attributes:
        figures: what is shown of the account; None before anything is.
        comparison: our own record of the range; None before it is read.

    Signals:
        asset_requested: the id of an asset to show in the library.
        job_requested: the id of a row of our record to show in the job panel.
        budget_requested: the month's budget should be set.
        keys_requested: the workspace's keys should be looked at.
        month_told: (Creative Units, when) of this month, by the service.
        shown: figures are on the screen, those of the chart, too.
    """

    asset_requested = Signal(str)
    job_requested = Signal(str)
    budget_requested = Signal()
    keys_requested = Signal()
    month_told = Signal(object, object)
    shown = Signal()

    def __init__(self, view: UsageView, ports: UsagePorts) -> None:
        super().__init__(view)
        self._view, self._ports = view, ports
        self._usage = ports.usage
        self._colors: dict[tuple[Measure, Grouping | None], Colors] = {}
        self._choice, tab = memory.from_state(ports.remembered(), self._usage)
        self._before: list[UsageRange] = []
        self._sources: Sources | None = None
        self._loaded: Loaded | None = None
        self._budget: BudgetState | None = None
        self._before_of: tuple[UsageRange, UsageReport] | None = None
        self._drill: tuple[Within | None, ActivityFilter, str] = (None, ActivityFilter(), "")
        self._wanted = ActivityFilter()
        self._book: ActivityBook | None = None
        self._book_of: tuple[Any, ...] | None = None
        self._error: AppError | None = None
        self.figures: Figures | None = None
        self.comparison: Comparison | None = None
        self._pictures = ActivityPictures(ports.items, ports.store, self)
        self.load = self._action(self._load, Overlap.RESTART)
        self.draw = self._action(self._draw, Overlap.RESTART)
        self.compare = self._action(self._compare, Overlap.RESTART)
        self.export = self._action(self._export)
        self.explain = self._action(self._explain)
        for action in (self.load, self.compare, self.draw, self.export, self.explain):
            action.failed.connect(ports.messages.report)
        self.load.busy_changed.connect(self._show_as_of)
        self.export.busy_changed.connect(self._on_exporting)
        view.lists.show_tab(tab)
        self._connect()
        view.set_has_account(ports.has_account)
        view.set_today(self._today)
        view.set_month(f"{self._usage.now().astimezone(self._usage.zone):%B}")
        view.lists.activity.set_pictures(self._pictures)
        self._show_choice()
        view.show_loading(waiting_cards(has_account=ports.has_account))

    def _action(self, function: Any, overlap: Overlap = Overlap.IGNORE) -> AsyncAction:
        return AsyncAction(function, parent=self, overlap=overlap)

    def _connect(self) -> None:
        view = self._view
        view.refresh_requested.connect(self.refresh)
        view.preset_chosen.connect(self._on_preset)
        view.days_chosen.connect(self._on_days)
        view.back_requested.connect(self._on_back)
        view.grouping_chosen.connect(self._on_grouping)
        view.banner_requested.connect(self._on_banner)
        view.problems_requested.connect(self.explain.trigger)
        view.export_requested.connect(self.export.trigger)
        view.export_cancelled.connect(self.export.cancel)
        view.chart.measure_chosen.connect(self._on_measure)
        view.chart.toggled.connect(self._on_toggled)
        view.chart.opened.connect(self._on_opened)
        view.chart.range_chosen.connect(self._on_zoom)
        view.chart.action_requested.connect(self._on_banner)
        view.ranking.rank_chosen.connect(self._on_rank)
        view.ranking.row_opened.connect(self._on_ranked)
        view.lists.filter_changed.connect(self._on_filter)
        view.lists.drill_left.connect(self._leave_drill)
        view.lists.activity.row_opened.connect(self._on_row)
        view.lists.activity.in_sight.connect(self._pictures.want)
        view.lists.job_opened.connect(self._on_job)
        view.lists.rank_opened.connect(self._on_ranked)
        view.lists.tab_changed.connect(self._remember)
        self._pictures.found.connect(view.lists.activity_model.refresh_names)
        for card in view.cards.cards:
            card.action_requested.connect(self.budget_requested)

    # opening and closing

    def open(self) -> None:
        """Read, and show what is kept meanwhile. Needs the running loop."""
        self._read()

    def refresh(self) -> None:
        """Read it again now."""
        self._read(is_fresh=True)

    def look_again(self) -> None:
        """Take note that the budget may be another one now."""
        if self._loaded is not None:
            self._read()

    def close(self) -> None:
        """Stop everything; the page is taken down next."""
        for action in (self.load, self.compare, self.draw, self.export, self.explain):
            action.cancel()
        self._pictures.stop()
        self._view.lists.activity_model.set_book(None)
        if self._book is not None:
            self._book.stop()
            self._book = None

    @property
    def choice(self) -> Choice:
        return self._choice

    def _today(self) -> date:
        return self._usage.now().astimezone(self._usage.zone).date()

    # reading

    def _read(self, *, is_fresh: bool = False) -> None:
        self._show_choice()
        if self._ports.has_account:
            self.load.trigger(is_fresh)
            self._list(is_fresh=is_fresh)
        self.compare.trigger()

    async def _load(self, is_fresh: bool) -> None:
        over = self._choice.over
        drawing = asyncio.create_task(self._load_chart())
        try:
            if not await self._load_figures(over, is_fresh=is_fresh):
                return
            await drawing
        finally:
            drawing.cancel()
        await self._complete(over)

    async def _load_figures(self, over: UsageRange, *, is_fresh: bool) -> bool:
        """Show what is kept, then what is read; return whether there was anything to read."""
        try:
            kept = await self._usage.kept(over)
            if kept is not None and self._loaded is None:
                await self._take(kept, is_kept=True)
            loaded = await self._usage.report(over, is_fresh=is_fresh)
        except AppError as error:
            self._show_error(error)
            return False
        self._error = loaded.error
        await self._take(loaded)
        self._show_banner()
        return True

    async def _load_chart(self) -> None:
        """Read the chart library beside the window: its first import takes a while."""
        if self._view.chart.chart is None:
            bars = await asyncio.to_thread(importlib.import_module, _BARS)
            self._view.chart.set_chart(lambda name: bars.BarChart(name=name))
            if self.figures is not None:
                self.shown.emit()  # the numbers stand since they are there

    async def _earlier(self, over: UsageRange) -> Loaded | None:
        """Read the time before; the page does well without it."""
        try:
            return await self._usage.report(over.until(self._usage.now()).previous())
        except AppError:
            return None

    async def _take(self, loaded: Loaded, *, is_kept: bool = False) -> None:
        """Show a report; what stands beside it comes when it is there."""
        over = self._choice.over
        before = self._before_of[1] if self._before_of is not None else None
        if self._before_of is not None and self._before_of[0] != over:
            before = None
        self._loaded = loaded
        self._sources = Sources(loaded.report, before)
        if is_month(over):
            await self._budgeting(loaded)
        if self._choice.shown_grouping is Grouping.USER and not is_kept:
            await self._add_users()
        await self._draw()
        self._show_as_of()

    async def _complete(self, over: UsageRange) -> None:
        """Read the time before, and the month where the range is another one."""
        before = await self._earlier(over)
        if not is_month(over):
            await self._budgeting(await self._month())
        if before is not None and self._sources is not None:
            self._before_of = (over, before.report)
            self._sources = replace(self._sources, before=before.report)
        await self._draw()

    async def _month(self) -> Loaded | None:
        try:
            return await self._usage.report(self._usage.preset(Preset.MONTH))
        except AppError:
            return None

    async def _budgeting(self, about: Loaded | None) -> None:
        """Tell how the month goes, by the service's report on it where there is one."""
        month, spent = self._usage.preset(Preset.MONTH), None
        if about is not None:
            now = self._usage.now()
            found = await asyncio.to_thread(charts.spend, about.report, Grouping.ACTION, month, now)
            spent = found.total
            self.month_told.emit(spent, about.at)
        self._budget = await self._usage.budget(self._ports.budget(), spent)
        if self._sources is not None and is_month(self._choice.over):
            pace = pace_of(self._budget, spent or Decimal(0))
            self._sources = replace(self._sources, pace=pace)

    async def _add_users(self) -> None:
        if self._sources is None or self._sources.users:
            return
        chosen = top_users(self._sources.report, MOST_USERS)
        found = await self._usage.users(self._choice.over, chosen)
        self._sources = replace(self._sources, users=found)

    async def _draw(self) -> None:
        """Compute beside the window, then show."""
        sources, choice = self._sources, self._choice
        if sources is None:
            return
        if choice.shown_grouping is Grouping.USER and not sources.users:
            await self._add_users()
            sources = self._sources or sources
        key = (choice.measure, choice.shown_grouping)
        colors = self._colors.setdefault(key, Colors())
        now = self._usage.now()
        figures = await asyncio.to_thread(make_figures, sources, choice, now, colors)
        if choice is not self._choice:
            return
        self.figures = figures
        self._show()

    async def _compare(self) -> None:
        self.comparison = await self._usage.comparison(self._choice.over)
        self._view.lists.show_comparison(self.comparison)
        if self.figures is not None or not self._ports.has_account:
            self._view.cards.show_figures(cards_of(self.figures, self._budget, self.comparison))
        if not self._ports.has_account:
            self.shown.emit()

    # showing

    def _show(self) -> None:
        figures = self.figures
        if figures is None:
            return
        self._view.show_figures(figures, cards_of(figures, self._budget, self.comparison))
        if self._sources is not None:
            names = [s.usage_name for s in self._sources.report.usages or ()]
            self._view.lists.show_actions(
                [name for name in names if not name.startswith("creative-unit")]
            )
        reason = "There is nothing in the chart" if figures.is_empty else ""
        self._view.set_export_reasons({"chart-png": reason, "chart-svg": reason})
        if self._view.chart.chart is not None:
            self.shown.emit()

    def _show_choice(self) -> None:
        name = range_text(self._choice.over)
        self._view.show_choice(self._choice, name, can_go_back=bool(self._before))
        self._remember()

    def _remember(self) -> None:
        if not self._ports.has_account:
            return  # there is nothing to choose, but for others there may be
        over = self._before[0] if self._before else self._choice.over
        self._ports.remember(memory.to_state(self._choice, over, self._view.lists.tab))

    def _show_as_of(self, *_args: object) -> None:
        text, usage = "", self._usage
        if self._loaded is not None:
            text = as_of_text(self._loaded.at, usage.now(), usage.zone)
            if self._loaded.is_team:
                text += ", whole team"
        elif self.load.is_busy:
            text = "Reading…"
        self._view.show_as_of(text, is_busy=self.load.is_busy)

    def _show_banner(self) -> None:
        """Say why what is shown is not new."""
        error = self._error
        if error is None or isinstance(error, Forbidden):
            self._view.show_banner("")
            return
        text = error_text(error)
        self._view.show_banner(f"{text} What was read before is shown.", Tone.WARNING, "Try again")

    def _show_error(self, error: AppError) -> None:
        """Say why there is nothing to show, in the place where it would be."""
        self._error = error
        self._loaded = None
        self.figures = self._sources = None
        is_key = isinstance(error, Forbidden)
        title = "This usage may not be seen" if is_key else "The usage could not be read"
        icon = "key-round" if is_key else "circle-alert"
        if isinstance(error, Offline):
            icon, title = "cloud-off", "No connection"
        action = "Open workspace settings…" if is_key else "Try again"
        text = f"{error.message} {error.hint}".strip() if is_key else error_text(error)
        self._view.chart.show_state(icon, title, text, action)
        self._view.cards.show_figures(cards_of(None, None, self.comparison))
        self._view.ranking.show_rows(self._choice.rank, (), "Not known")
        self._view.show_banner("")
        self._show_as_of()

    def _on_banner(self) -> None:
        if isinstance(self._error, Forbidden):
            self.keys_requested.emit()
        else:
            self.refresh()

    async def _explain(self) -> None:
        problems = self.figures.problems if self.figures is not None else ()
        dialog = dialogs.Dialog(self._view, "What could not be read")
        dialog.add_text("These values are gaps in the chart, and in no sum.")
        dialog.add_text("\n".join(problems[:_MOST_PROBLEMS]))
        if len(problems) > _MOST_PROBLEMS:
            dialog.add_text(f"And {len(problems) - _MOST_PROBLEMS:,} more.")
        dialog.add_action("Close", dialogs.ACCEPTED)
        await dialogs.ask(dialog)

    # what the user wants to see

    def _on_preset(self, value: str) -> None:
        self._go_to(self._usage.preset(Preset(value)))

    def _on_days(self, first: date, last: date) -> None:
        self._go_to(UsageRange(first, last, self._usage.zone))

    def _go_to(self, over: UsageRange, *, remembers: bool = False) -> None:
        if over == self._choice.over:
            self._show_choice()
            return
        self._before = [*self._before, self._choice.over] if remembers else []
        self._choice = replace(self._choice, over=over, hidden=frozenset())
        self._loaded, self._drill = None, (None, ActivityFilter(), "")
        self._view.show_banner("")
        self._view.show_loading(waiting_cards(has_account=self._ports.has_account))
        self._read()

    def _on_back(self) -> None:
        if self._before:
            over = self._before[-1]
            rest = self._before[:-1]
            self._go_to(over)
            self._before = rest
            self._show_choice()

    def _on_measure(self, value: str) -> None:
        self._redraw(replace(self._choice, measure=Measure(value), hidden=frozenset()))

    def _on_grouping(self, value: str) -> None:
        grouping = Grouping(value)
        rank = _RANKS.get(grouping, Rank.MODELS)
        self._redraw(replace(self._choice, grouping=grouping, rank=rank, hidden=frozenset()))

    def _on_rank(self, value: str) -> None:
        self._redraw(replace(self._choice, rank=Rank(value)))

    def _on_toggled(self, one: str) -> None:
        hidden = self._choice.hidden
        if one == OTHER and self.figures is not None:
            shown = {entry.id for entry in self.figures.legend}
            rest = {s.id for s in self.figures.chart.series} - shown
            hidden = hidden | rest
        else:
            hidden = hidden ^ {one}
        self._redraw(replace(self._choice, hidden=hidden))

    def _redraw(self, choice: Choice) -> None:
        self._choice = choice
        self._show_choice()
        self.draw.trigger()

    def _on_zoom(self, first: int, last: int) -> None:
        figures = self.figures
        if figures is None or first == last:
            return
        zone, buckets = self._usage.zone, figures.chart.buckets
        begin = buckets[first].start.astimezone(zone).date()
        moment = buckets[last].end - timedelta(microseconds=1)
        final = moment.astimezone(zone).date()
        over = UsageRange(begin, max(begin, min(final, self._choice.over.last)), zone)
        self._go_to(over, remembers=True)

    # the activity

    def _list(self, *, is_fresh: bool = False) -> None:
        """Show the list of actions that is wanted now."""
        within, drilled, text = self._drill
        wanted = self._narrowed(drilled)
        key = (self._choice.over, within, wanted)
        self._view.lists.show_drill(text)
        if key == self._book_of and not is_fresh:
            return
        self._book_of = key
        before, self._book = (
            self._book,
            self._usage.activity(self._choice.over, wanted, within=within),
        )
        self._view.lists.activity_model.set_book(self._book)
        if before is not None:
            before.stop()
        self._book.more()

    def _narrowed(self, drilled: ActivityFilter) -> ActivityFilter:
        """Return what is searched for within the part of the chart that was opened."""
        return replace(
            drilled, text=self._wanted.text, has_cost=self._wanted.has_cost,
            actions=drilled.actions or self._wanted.actions, titles=self._wanted.titles,
        )  # fmt: skip

    def _on_filter(self, wanted: ActivityFilter) -> None:
        self._wanted = wanted
        self._list()

    def _leave_drill(self) -> None:
        self._drill = (None, ActivityFilter(), "")
        self._list()

    def _on_opened(self, place: int, one: str) -> None:
        """List what a bar is made of."""
        figures = self.figures
        if figures is None or not 0 <= place < len(figures.chart.buckets):
            return
        bucket = figures.chart.buckets[place]
        text, wanted = figures.bars.titles[place], ActivityFilter()
        grouping = figures.chart.grouping
        if one in (OTHER, UNTOLD):
            # What is left when all that has a part of its own is taken away.
            own = {bar.id for bar in figures.bars.series} | self._choice.hidden
            wanted = _but(grouping, frozenset(own - {REST, OTHER}))
            one = REST if one == UNTOLD else OTHER
        elif one:
            wanted = _only(grouping, one)
        if not wanted.is_empty:
            text = f"{text}, {figures.names.of(grouping, one)}"
        self._drill_to((bucket.start, bucket.end), wanted, text)

    def _on_ranked(self, one: str) -> None:
        """List what a row of the ranking is made of."""
        figures = self.figures
        if figures is None or one == REST:
            return
        groupings = {
            Rank.MODELS: Grouping.MODEL, Rank.PEOPLE: Grouping.USER, Rank.ACTIONS: Grouping.ACTION,
        }  # fmt: skip
        grouping = groupings[self._choice.rank]
        self._drill_to(None, _only(grouping, one), figures.names.of(grouping, one))

    def _drill_to(self, within: Within | None, wanted: ActivityFilter, text: str) -> None:
        self._drill = (within, wanted, text)
        self._view.lists.show_tab(LowerTab.ACTIVITY)
        self._list()

    def _on_row(self, row: ActivityRow) -> None:
        """Go to the asset, or to our job."""
        data = row.activity.data
        if data.asset_id:
            self.asset_requested.emit(data.asset_id)
            return
        ours = self.comparison.jobs if self.comparison is not None else ()
        found = next((job for job in ours if data.job_id and job.job_id == data.job_id), None)
        if found is not None:
            self._on_job(found)
        else:
            self._ports.messages.toast("There is nothing of it on this computer")

    def _on_job(self, job: JobCost) -> None:
        self.job_requested.emit(job.row_id)

    # files

    async def _export(self, what: str) -> None:
        kind = {"chart-png": ("png", _PNG), "chart-svg": ("svg", _SVG)}.get(what, ("csv", _CSV))
        name = file_name(what.partition("-")[0], range_text(self._choice.over), kind[0])
        path = await self._ports.choose_path(name, kind[1])
        if path is None:
            return
        if what == "activity-csv":
            count = await self._export_activity(path)
            self._ports.messages.toast(f"{counted(count, 'action')} written to {path.name}")
            return
        await write(path, await self._content(what))
        self._ports.messages.toast(f"{path.name} is written")

    async def _content(self, what: str) -> bytes:
        figures, chart = self.figures, self._view.chart.chart
        if what == "jobs-csv":
            ours = self.comparison
            jobs = (*ours.jobs, *ours.runs) if ours is not None else ()
            return (await asyncio.to_thread(export.jobs_csv, jobs)).encode()
        if figures is None or chart is None:
            raise BadAnswer("There is no chart to write.", hint="Read the usage again.")
        if what == "chart-csv":
            grouping = figures.chart.grouping
            text = await asyncio.to_thread(
                export.chart_csv, figures.chart, lambda one: figures.names.of(grouping, one)
            )
            return text.encode()
        if what == "ranking-csv":
            names = {row.id: row.name for row in figures.ranked}
            rows = [row.whole for row in figures.ranked]
            return export.shares_csv(rows, names.__getitem__, "cost_cu").encode()
        return chart_file(chart, figures, is_svg=what == "chart-svg")

    async def _export_activity(self, path: Any) -> int:
        within, drilled, _ = self._drill
        wanted = self._narrowed(drilled)
        self._view.show_progress("Reading the activity…")
        pages = self._usage.all_activity(self._choice.over, wanted, within=within)
        return await write_activity(path, pages, self._on_progress)

    def _on_progress(self, read: int, written: int) -> None:
        part = f", {written:,} written" if written != read else ""
        self._view.show_progress(f"{counted(read, 'action')} read{part}")

    def _on_exporting(self, is_busy: bool) -> None:
        if not is_busy:
            self._view.show_progress("")


def error_text(error: AppError) -> str:
    """Say why a report could not be read."""
    if isinstance(error, RateLimited):
        wait = f" for {error.retry_after_s:.0f} s" if error.retry_after_s else " a moment"
        return f"The service was asked too often, and wants to be left alone{wait}."
    if isinstance(error, BadAnswer) and "too large" in error.message:
        return "The answer is larger than the service may send. Choose a shorter range."
    return f"{error.message} {error.hint}".strip()


def _only(grouping: Grouping | None, one: str) -> ActivityFilter:
    match grouping:
        case Grouping.ACTION:
            return ActivityFilter(actions=frozenset({one}))
        case Grouping.MODEL:
            return ActivityFilter(models=frozenset({one}))
        case Grouping.USER:
            return ActivityFilter(users=frozenset({one}))
    return ActivityFilter()


def _but(grouping: Grouping | None, ids: frozenset[str]) -> ActivityFilter:
    """Return all that these series do not tell."""
    match grouping:
        case Grouping.ACTION:
            return ActivityFilter(no_actions=ids)
        case Grouping.MODEL:
            return ActivityFilter(no_models=ids)
        case Grouping.USER:
            return ActivityFilter(no_users=ids)
    return ActivityFilter()
