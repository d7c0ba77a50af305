"""The chart with its title, its measure, its legend, and the card of the bar below the pointer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.services.usage.charts import Measure
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.usage.cards import Skeleton
from scenario_desktop.ui.panels.usage.figures import Figures
from scenario_desktop.ui.panels.usage.hover_card import HoverCard
from scenario_desktop.ui.panels.usage.legend import Legend
from scenario_desktop.ui.widgets.buttons import ButtonSize
from scenario_desktop.ui.widgets.empty_state import EmptyState
from scenario_desktop.ui.widgets.labels import ElidedLabel
from scenario_desktop.ui.widgets.segmented import Segment, Segmented
from scenario_desktop.ui.widgets.surface import Card

if TYPE_CHECKING:  # for cost: the chart library is read when the page opens
    from scenario_desktop.ui.panels.usage.bars import BarChart

_MEASURES: Final = (
    (Measure.SPEND, "Spend"), (Measure.JOBS, "Jobs"), (Measure.ASSETS, "Pictures"),
    (Measure.NSFW, "Labels"),
)  # fmt: skip
_LEAST_CHART = 172


class ChartCard(Card):
    """Shows figures as bars.

    Attributes:
        chart: the bars; None until the chart library is there.

    Signals:
        measure_chosen: a Measure.
        toggled: the id of a series to hide or show.
        opened: (place, id of the series or "") that was clicked.
        range_chosen: (first, last) place of a range.
        action_requested: the button of what stands in place of a chart.
    """

    measure_chosen = Signal(str)
    toggled = Signal(str)
    opened = Signal(int, str)
    range_chosen = Signal(int, int)
    action_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName("Chart")
        self.chart: BarChart | None = None
        self._figures: Figures | None = None
        self._has_verdicts = False
        self._title = ElidedLabel("Spend per day, CU", "body_strong")
        self.measure = Segmented(
            [Segment(value, text) for value, text in _MEASURES],
            name="What is counted", size=ButtonSize.SMALL,
        )  # fmt: skip
        self.measure.chosen.connect(self.measure_chosen)
        self.legend = Legend()
        self.legend.toggled.connect(self.toggled)
        self._blocks = Skeleton(height=160, lines=4)
        self._empty = EmptyState("chart-column")
        self._empty.action_requested.connect(self.action_requested)
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._stack.addWidget(self._blocks)
        self._stack.addWidget(self._empty)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self._title, 1)
        head.addWidget(self.measure)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.legend)
        column.addWidget(self._stack, 1)
        self._hover: HoverCard | None = None
        theme.current().changed.connect(self._fit)
        self._fit()

    def set_chart(self, make: Callable[[str], BarChart]) -> None:
        """Take the chart, once its library is loaded."""
        if self.chart is not None:
            return
        self.chart = make("Usage over time")
        self.chart.place_changed.connect(self._on_place)
        self.chart.opened.connect(self.opened)
        self.chart.range_chosen.connect(self.range_chosen)
        self._stack.addWidget(self.chart)
        if self._figures is not None:
            self.show_figures(self._figures)

    def show_loading(self) -> None:
        if self._figures is None:
            self._stack.setCurrentWidget(self._blocks)

    def show_state(self, icon: str, title: str, text: str, action: str = "") -> None:
        """Say why there is no chart."""
        self._figures = None
        self.legend.show_entries((), "", ())
        self._empty.set_state(icon, title, text, action)
        self._stack.setCurrentWidget(self._empty)
        self._on_place(-1)

    def show_figures(self, figures: Figures) -> None:
        self._figures = figures
        if figures.has_verdicts is not self._has_verdicts:
            self._has_verdicts = figures.has_verdicts
            more = ((Measure.VERDICTS, "Quality gate"),) if figures.has_verdicts else ()
            self.measure.set_segments([Segment(*one) for one in (*_MEASURES, *more)])
        self.measure.set_value(figures.choice.measure)
        self._title.setText(figures.title)
        bars = figures.bars
        ghost = bars.ghost_name if any(value is not None for value in bars.ghost) else ""
        self.legend.show_entries(figures.legend, ghost, figures.notes)
        if figures.is_empty:
            self._empty.set_state(
                "chart-column", "Nothing was used in this range yet",
                "What is generated, detected or edited shows here, a moment after it is done.",
            )  # fmt: skip
            self._stack.setCurrentWidget(self._empty)
        elif self.chart is None:
            self._stack.setCurrentWidget(self._blocks)
        else:
            self.chart.show_data(bars)
            self._stack.setCurrentWidget(self.chart)
            self._on_place(self.chart.place)

    def _on_place(self, place: int) -> None:
        chart, data = self.chart, self._figures.bars if self._figures is not None else None
        if chart is None or data is None or not 0 <= place < data.count:
            if self._hover is not None:
                self._hover.hide()
            if chart is not None:
                chart.setAccessibleDescription("")
            return
        page = self.window()
        if self._hover is None or self._hover.parentWidget() is not page:
            self._hover = HoverCard(page)
            self.destroyed.connect(self._hover.deleteLater)  # the window may live on
        anchor = chart.mapTo(page, chart.anchor_of(place).toPoint())
        self._hover.show_place(data, place, anchor)
        chart.setAccessibleDescription(self._hover.text)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._on_place(-1)

    def _fit(self) -> None:
        self._stack.setMinimumHeight(theme.current().px(_LEAST_CHART))
