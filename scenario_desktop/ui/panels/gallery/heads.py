"""The groups of a grouped grid: where each stands in the content, and what its head says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from PySide6.QtCore import QRect

from scenario_desktop.items import Item
from scenario_desktop.ui.panels.gallery import groups
from scenario_desktop.ui.panels.gallery.cells import WorkCell
from scenario_desktop.ui.panels.gallery.geometry import Grid
from scenario_desktop.ui.panels.gallery.order import KeyOrder


class Heads:
    """Asked only for what is in view; made anew for another order or another grid."""

    def __init__(
        self,
        order: KeyOrder,
        grid: Grid,
        items: Callable[[int], Item | None],
        works: Mapping[int, WorkCell],
    ) -> None:
        self._order, self._grid = order, grid
        self._item, self._works = items, works

    def spans(self, indexes: Iterable[int]) -> Iterator[groups.Span]:
        """Yield the groups that some cells belong to, once for each row."""
        return groups.spans(indexes, self._group_at, len(self._order), self._grid.columns)

    def area(self, span: groups.Span) -> QRect:
        """Return the place of a group's cells in one row, heads included."""
        first = QRect(*self._grid.box(span.first))
        area = first.united(QRect(*self._grid.box(span.last)))
        return area.adjusted(0, -self._grid.spacing.head, 0, 0)

    def heading(self, span: groups.Span, now: datetime) -> groups.Heading | None:
        """Return what is said above a group; None while its first item is not known."""
        key = self._order[span.first]
        item = self._item(key if key > 0 else self._works[key].parent_key)
        if item is None:
            return None
        return groups.heading(span, item, self._group_at, len(self._order), now)

    def at(self, x: int, y: int) -> groups.Span | None:
        """Return the group whose name a place is on."""
        index = self._grid.head_at(x, y)
        if index < 0:
            return None
        for span in self.spans((index,)):
            area = self.area(span)
            if not span.joins_before and area.left() <= x <= area.right():
                return span
        return None

    def _group_at(self, index: int) -> str | None:
        """Return the generation of a cell; of one in work, that of what it is made from."""
        key = self._order[index]
        work = self._works.get(key) if key < 0 else None
        item = self._item(key if work is None else work.parent_key)
        return item.group_id if item is not None else None
