"""The usage page as it is seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, tzinfo
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.services.usage.charts import Grouping, Measure
from scenario_desktop.services.usage.ranges import Preset
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.usage.cards import GAP, CardRow, Figure
from scenario_desktop.ui.panels.usage.chart_card import ChartCard
from scenario_desktop.ui.panels.usage.days_popover import DaysPopover
from scenario_desktop.ui.panels.usage.figures import Choice, Figures
from scenario_desktop.ui.panels.usage.lower import LowerCard
from scenario_desktop.ui.panels.usage.ranking import RankingCard
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.flow_layout import FlowLayout
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.progress import ProgressBar
from scenario_desktop.ui.widgets.scroll import ScrollArea
from scenario_desktop.ui.widgets.segmented import Segment, Segmented
from scenario_desktop.ui.widgets.surface import Surface

CUSTOM: Final = "custom"
_GROUPINGS: Final = {
    Grouping.ACTION: "action", Grouping.MODEL: "model", Grouping.USER: "user",
    Grouping.KIND: "kind",
}  # fmt: skip
EXPORTS: Final = (
    ("chart-csv", "Chart as CSV…"), ("ranking-csv", "Ranking as CSV…"),
    ("activity-csv", "Activity as CSV…"), ("jobs-csv", "Your jobs as CSV…"),
    ("chart-png", "Chart as PNG…"), ("chart-svg", "Chart as SVG…"),
)  # fmt: skip
_CARDS: Final = 5


class UsageView(Surface):
    """Header, figures, chart, ranking and tables.

    Attributes:
        cards, chart, ranking, lists: the parts.

    Signals:
        refresh_requested: read it again now.
        preset_chosen: a Preset.
        days_chosen: (first, last) day.
        back_requested: from a part of a range to the range before.
        grouping_chosen: a Grouping.
        export_requested: one of ``EXPORTS``.
        export_cancelled: stop writing.
        banner_requested: the banner's button.
        problems_requested: say what of the report could not be read.
    """

    refresh_requested = Signal()
    preset_chosen = Signal(str)
    days_chosen = Signal(object, object)
    back_requested = Signal()
    grouping_chosen = Signal(str)
    export_requested = Signal(str)
    export_cancelled = Signal()
    banner_requested = Signal()
    problems_requested = Signal()

    def __init__(self, zone: tzinfo, parent: QWidget | None = None) -> None:
        super().__init__("stage", parent=parent)
        self.setAccessibleName("Usage")
        self._choice: Choice | None = None
        self._today = date.today  # the program's, until the service's is known
        self._days: DaysPopover | None = None
        self._grouping: Grouping | None = Grouping.ACTION
        self._measure = Measure.SPEND
        self._has_account = True
        self._reasons: dict[str, str] = {}
        self.cards = CardRow(_CARDS)
        self.chart = ChartCard()
        self.ranking = RankingCard()
        self.lists = LowerCard(zone)
        self.banner = Banner()
        self.banner.hide()
        self.banner.action_requested.connect(self.banner_requested)
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(24, 16, 24, 16)
        self._column.setSpacing(GAP)
        self._column.addWidget(self._build_head())
        self._column.addWidget(self._build_progress())
        self._column.addWidget(self.banner)
        self._column.addWidget(self._build_problems())
        self._column.addWidget(self.cards)
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._middle.setSpacing(GAP)
        self._middle.addWidget(self.chart, 14)
        self._middle.addWidget(self.ranking, 5)
        self._column.addLayout(self._middle, 3)
        self._column.addWidget(self.lists, 4)
        self._scroll = ScrollArea(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll)
        theme.current().changed.connect(self._arrange)
        self._arrange()

    # building

    def _build_head(self) -> QWidget:
        self._as_of = ElidedLabel("", "small", "text_3")
        self._refresh = IconButton("refresh-cw", "Read again", size=ButtonSize.SMALL)
        self._refresh.clicked.connect(self.refresh_requested)
        self._back = Button("Back", kind=ButtonKind.GHOST, icon="arrow-left", size=ButtonSize.SMALL)
        self._back.clicked.connect(self.back_requested)
        self._back.hide()
        self.range = Segmented(
            [Segment(Preset.WEEK, "7 days"), Segment(Preset.THIRTY, "30 days"),
             Segment(Preset.MONTH, "This month"), Segment(CUSTOM, "Custom…")],
            name="Range",
        )  # fmt: skip
        self.range.set_value(Preset.MONTH)
        self.range.chosen.connect(self._on_range)
        self._by = Button("By action", has_arrow=True)
        self._by.clicked.connect(self._open_groupings)
        self._export = Button("Export", icon="download", has_arrow=True)
        self._export.clicked.connect(self._open_exports)
        titles = QWidget()
        left = QHBoxLayout(titles)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(12)
        left.addWidget(PlainLabel("Usage", "page"))
        left.addWidget(self._as_of)
        left.addWidget(self._refresh)
        left.addWidget(self._back)
        left.addStretch(1)
        tools = QWidget()
        right = FlowLayout(tools)
        for widget in (self.range, self._by, self._export):
            right.addWidget(widget)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        tools.setSizePolicy(policy)
        head = QWidget()
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight, head)
        self._head.setContentsMargins(0, 0, 0, 4)
        self._head.setSpacing(8)
        self._head.addWidget(titles, 1)
        self._head.addWidget(tools)
        self._tools = tools
        return head

    def _build_progress(self) -> QWidget:
        self._progress = QWidget()
        self._progress_words = PlainLabel("", "small", "text_2")
        self._progress_bar = ProgressBar(name="Writing a file")
        cancel = Button("Cancel", size=ButtonSize.SMALL)
        cancel.clicked.connect(self.export_cancelled)
        line = QHBoxLayout(self._progress)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        line.addWidget(self._progress_words)
        line.addWidget(self._progress_bar, 1)
        line.addWidget(cancel)
        self._progress.hide()
        return self._progress

    def _build_problems(self) -> QWidget:
        self._problems = Button("", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._problems.clicked.connect(self.problems_requested)
        self._problems.hide()
        return self._problems

    # what is shown

    def set_month(self, name: str) -> None:
        """Name the running month."""
        self.range.set_text(Preset.MONTH, name)

    def set_has_account(self, has_account: bool) -> None:
        """Leave away what only an account's service tells."""
        self._has_account = has_account
        for widget in (self.chart, self.ranking):
            widget.setVisible(has_account)
        self._by.setVisible(has_account)
        self._column.setStretchFactor(self._middle, 3 if has_account else 0)
        self.lists.set_has_account(has_account)
        self._arrange()

    def show_as_of(self, text: str, *, is_busy: bool) -> None:
        self._as_of.setText(text)
        self._refresh.set_busy(is_busy)

    def show_choice(self, choice: Choice, range_name: str, *, can_go_back: bool) -> None:
        """Mark what was chosen; no signal tells of it."""
        self._choice = choice
        self.range.set_value(choice.over.label or CUSTOM)
        self.range.set_text(CUSTOM, range_name if not choice.over.label else "Custom…")
        self.range.updateGeometry()
        self._measure, self._grouping = choice.measure, choice.shown_grouping
        self.chart.measure.set_value(choice.measure)
        word = _GROUPINGS.get(self._grouping) if self._grouping is not None else "label"
        self._by.setText(f"By {word}")
        self._by.updateGeometry()
        self._back.setVisible(can_go_back)
        self._arrange()

    def show_figures(self, figures: Figures, cards: Sequence[Figure]) -> None:
        self.cards.show_figures(cards)
        self.chart.show_figures(figures)
        self.ranking.show_rows(figures.choice.rank, figures.ranked)
        self.lists.show_figures(figures)
        count = len(figures.problems)
        self._problems.setText(
            f"{count:,} {'value' if count == 1 else 'values'} of the report could not be read"
        )
        self._problems.setVisible(bool(count))

    def show_loading(self, cards: Sequence[Figure]) -> None:
        self.cards.show_figures(cards)
        self.chart.show_loading()
        self.ranking.show_loading()

    def show_banner(self, text: str, tone: Tone = Tone.WARNING, action: str = "") -> None:
        """Say something above the figures; "" takes it away."""
        if text:
            self.banner.set_message(text, tone, action=action)
        self.banner.setVisible(bool(text))

    def show_progress(self, text: str, fraction: float | None = None) -> None:
        """Say how far a file is written; "" when it is done."""
        self._progress_words.setText(text)
        self._progress_bar.set_fraction(fraction)
        self._progress.setVisible(bool(text))

    def set_export_reasons(self, reasons: dict[str, str]) -> None:
        """Say what cannot be exported now, and why."""
        self._reasons = dict(reasons)

    # what the user wants

    def _on_range(self, value: str) -> None:
        if value != CUSTOM:
            self.preset_chosen.emit(value)
            return
        if self._choice is None:
            return
        over = self._choice.over
        if self._days is not None:
            self._days.deleteLater()
        self._days = DaysPopover(self.range, over.first, over.last, self._today())
        self._days.range_chosen.connect(self.days_chosen)
        self._days.closed.connect(self._on_days_closed)
        self._days.open(is_right=True)
        self._days.grid.setFocus(Qt.FocusReason.PopupFocusReason)

    def set_today(self, today: Callable[[], date]) -> None:
        """Take the day of the service's clock."""
        self._today = today

    def _on_days_closed(self) -> None:
        if self._choice is not None:
            self.range.set_value(self._choice.over.label or CUSTOM)

    def _open_groupings(self) -> None:
        menu = Menu(self, name="Made of")
        for grouping, word in _GROUPINGS.items():
            menu.add(
                f"By {word}", partial(self.grouping_chosen.emit, grouping),
                is_checked=grouping is self._grouping, reason=self._reason(grouping),
            )  # fmt: skip
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._by.mapToGlobal(self._by.rect().bottomLeft()))

    def _reason(self, grouping: Grouping) -> str:
        if self._measure is Measure.ASSETS:
            return "" if grouping is Grouping.KIND else "Pictures are told by kind only"
        if self._measure not in (Measure.SPEND, Measure.JOBS):
            return "These are told by themselves only"
        if grouping is Grouping.KIND:
            return "Kinds are told for pictures only"
        return ""

    def _open_exports(self) -> None:
        menu = Menu(self, name="Export")
        for name, text in EXPORTS:
            if not self._has_account and name != "jobs-csv":
                continue
            menu.add(
                text, partial(self.export_requested.emit, name), reason=self._reasons.get(name, "")
            )
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._export.mapToGlobal(self._export.rect().bottomLeft()))

    # its size

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        narrow = int(theme.metric("layout", "breakpoints", "narrow"))
        look = theme.current()
        is_narrow = self.window().width() < narrow or self.width() < look.px(860)
        directions = QBoxLayout.Direction
        self._middle.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)
        wished = self._tools_width() + look.px(330)
        is_tight = self.width() - 48 < wished
        self._head.setDirection(directions.TopToBottom if is_tight else directions.LeftToRight)
        self._tools.setMinimumWidth(0 if is_tight else self._tools_width())
        self.ranking.setMinimumHeight(look.px(190) if is_narrow else 0)

    def _tools_width(self) -> int:
        parts = [part for part in (self.range, self._by, self._export) if not part.isHidden()]
        return sum(part.sizeHint().width() for part in parts) + (len(parts) - 1) * 8
