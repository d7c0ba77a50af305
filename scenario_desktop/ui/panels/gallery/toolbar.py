"""The line above the grid: what is shown, in which order, through which filter, how large."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.items import ItemQuery, SortField
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.gallery.area import (
    DEFAULT_CELL,
    MAX_CELL,
    MIN_CELL,
    toolbar_height,
)
from scenario_desktop.ui.panels.gallery.grid import CELL_STEP
from scenario_desktop.ui.panels.gallery.words import (
    SORTS,
    count_text,
    filter_count,
    filter_text,
    sort_text,
)
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, IconButton
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.slider import Slider
from scenario_desktop.ui.widgets.surface import Surface
from scenario_desktop.ui.widgets.tips import set_tip

_SLIDER_PX = 88
#: Of a longer title so much is always left.
_TITLE_PX = 120


class GalleryToolbar(Surface):
    """Title and count at the left, order, filter and size at the right.

    Signals:
        sort_chosen: a SortField, and whether the last comes first.
        fit_chosen: whether whole pictures are wanted instead of filled squares.
        size_chosen: the wished side of a cell, logical pixels.
        filter_requested: the filter button was pressed.
        grouping_chosen: whether what one generation made is to stand together.
    """

    sort_chosen = Signal(object, bool)
    fit_chosen = Signal(bool)
    size_chosen = Signal(int)
    filter_requested = Signal()
    grouping_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("stage", parent=parent)
        self._query = ItemQuery()
        self._is_fit = False
        self._filter_text = "Filter"
        self.title = ElidedLabel("", "title")
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.count = PlainLabel("", "body", "text_3")
        self.sort = Button("", kind=ButtonKind.GHOST, icon="arrow-down-wide-narrow")
        self.filter = Button("Filter", kind=ButtonKind.GHOST, icon="list-filter")
        self.group = IconButton("group", "Group by generation")
        self.group.setCheckable(True)
        self.group.hide()
        self._can_group = False
        self.smaller = IconButton("image", "Smaller", shortcut="Ctrl+-", icon_px=12, side=24)
        self.slider = Slider(name="Size of the pictures")
        self.larger = IconButton("image", "Larger", shortcut="Ctrl++", icon_px=16, side=28)
        self.slider.setRange(MIN_CELL, MAX_CELL)
        self.slider.setSingleStep(CELL_STEP)
        self.slider.setPageStep(CELL_STEP * 2)
        self.slider.setFixedWidth(_SLIDER_PX)
        self._lay_out()
        self.sort.clicked.connect(self._open_sort_menu)
        self.filter.clicked.connect(self.filter_requested)
        self.group.clicked.connect(self.grouping_chosen)
        self.slider.moved_by_user.connect(self._on_slider)
        self.smaller.clicked.connect(self._on_smaller)
        self.larger.clicked.connect(self._on_larger)
        theme.current().changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.set_query(self._query)
        self.set_cell_size(DEFAULT_CELL)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 16, 0)
        row.setSpacing(0)
        row.addWidget(self.title)
        row.addSpacing(8)
        row.addWidget(self.count)
        row.addStretch(1)
        row.addSpacing(8)
        row.addWidget(self.sort)
        row.addWidget(self.filter)
        row.addWidget(self.group)
        row.addSpacing(4)
        row.addWidget(self.smaller)
        row.addSpacing(4)
        row.addWidget(self.slider)
        row.addSpacing(2)
        row.addWidget(self.larger)
        row.setAlignment(self.count, Qt.AlignmentFlag.AlignVCenter)
        # What does not fit gives way in ``_fit``; the page may be narrower than all of it.
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self._row = row

    def set_title(self, title: str) -> None:
        self.title.setText(title)
        self._fit()

    def set_count(self, count: int | None, chosen: int = 0) -> None:
        """Show how many there are; None while that is not known."""
        self.count.setText("" if count is None else count_text(count, chosen))
        self._fit()

    def set_query(self, query: ItemQuery) -> None:
        """Show order and filter of a query."""
        self._query = query
        down = query.is_descending != (query.sort is SortField.NAME)
        self.sort.set_icon("arrow-down-wide-narrow" if down else "arrow-up-narrow-wide")
        set_tip(self.sort, f"Order: {sort_text(query)}")
        count = filter_count(query)
        self._filter_text = f"Filter · {count}" if count else "Filter"
        set_tip(self.filter, filter_text(query) or "Show only some kinds, types, states or tags")
        self._fit()

    def set_cell_size(self, px: int) -> None:
        self.slider.setValue(px)

    def set_grouping(self, *, can_group: bool, is_grouped: bool) -> None:
        """Offer to group, where there are generations, and show whether that is done."""
        self._can_group = can_group
        self.group.setVisible(can_group)
        self.group.setChecked(is_grouped)
        tip = "Show generations in the order of their items" if is_grouped else ""
        self.group.set_name(tip or "Group by generation")
        self._fit()

    def set_fit(self, is_fit: bool) -> None:
        self._is_fit = is_fit

    def sort_menu(self) -> Menu:
        """Make the menu of orders, the current one checked."""
        menu = Menu(self, name="Order")
        current = (self._query.sort, self._query.is_descending)
        for (field, is_descending), title in SORTS.items():
            menu.add(
                title,
                partial(self.sort_chosen.emit, field, is_descending),
                is_checked=(field, is_descending) == current,
            )
        menu.addSeparator()
        menu.add(
            "Show whole pictures",
            lambda: self.fit_chosen.emit(not self._is_fit),
            is_checked=self._is_fit,
        )
        return menu

    def _open_sort_menu(self) -> None:
        menu = self.sort_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.sort.set_open(True)
        menu.aboutToHide.connect(self._on_menu_hidden)
        menu.popup(self.sort.mapToGlobal(QPoint(0, self.sort.height() + 4)))

    def _on_menu_hidden(self) -> None:
        self.sort.set_open(False)

    def _on_slider(self, value: int) -> None:
        self.size_chosen.emit(value)

    def _on_smaller(self) -> None:
        self._step(-CELL_STEP)

    def _on_larger(self) -> None:
        self._step(CELL_STEP)

    def _step(self, change: int) -> None:
        self.slider.setValue(self.slider.value() + change)
        self.size_chosen.emit(self.slider.value())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave out what is least needed until the rest fits: words, then the size, then count."""
        steps: tuple[Callable[[bool], None], ...] = (
            lambda shown: self._set_words(self.sort, sort_text(self._query) if shown else ""),
            lambda shown: self._set_words(self.filter, self._filter_text if shown else ""),
            self._show_size,
            lambda shown: self.group.setVisible(shown and self._can_group),
            self.count.setVisible,
        )
        for step in steps:
            step(True)
        for step in steps:
            self._row.invalidate()
            if self._row.sizeHint().width() - self._title_slack() <= self.width():
                return
            step(False)

    def _title_slack(self) -> int:
        """Return how much of the title may be cut away, pixels."""
        keep = theme.current().px(_TITLE_PX)
        return max(0, self.title.sizeHint().width() - keep)

    def _set_words(self, button: Button, words: str) -> None:
        button.setText(words)
        button.setAccessibleName(words or ("Order" if button is self.sort else self._filter_text))
        button.updateGeometry()

    def _show_size(self, is_shown: bool) -> None:
        for widget in (self.smaller, self.slider, self.larger):
            widget.setVisible(is_shown)

    def _on_theme_changed(self) -> None:
        self.setFixedHeight(toolbar_height())
        self._fit()
