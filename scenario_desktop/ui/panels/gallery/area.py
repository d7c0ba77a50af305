"""The part of the grid that shows: where cells are, how they are drawn, how they scroll.

It knows keys, not services. Items and pictures are looked up; what is not there yet is asked for by
``range_changed`` and drawn when ``refresh`` says that it came. The scroll bar is true from the
first frame, because the place of every cell is arithmetic.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QScrollBar, QToolTip, QWidget
from typing_extensions import override

from scenario_desktop.items import Item
from scenario_desktop.ui import theme
from scenario_desktop.ui.models.picture_store import Frame, PictureStore
from scenario_desktop.ui.panels.gallery import groups
from scenario_desktop.ui.panels.gallery.cells import (
    GROUP_GAP,
    CellPainter,
    Look,
    WorkCell,
    WorkState,
    caption_height,
    head_height,
    missing_words,
)
from scenario_desktop.ui.panels.gallery.geometry import Box, Grid, Spacing
from scenario_desktop.ui.panels.gallery.heads import Heads
from scenario_desktop.ui.panels.gallery.order import KeyOrder
from scenario_desktop.ui.panels.gallery.selection import Selection
from scenario_desktop.ui.panels.gallery.words import (
    NO_LOCKS,
    Locks,
    about_text,
    items_text,
    lock_text,
)
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.tips import tip

#: Sides of a cell as the user may wish them, logical pixels.
MIN_CELL, DEFAULT_CELL, MAX_CELL = 64, 120, 320
#: Fewer than the items that are kept, or fetching what is around would never end.
MAX_AROUND = 6000
_PAGE_EDGE = 16
#: Time for a picture to arrive before a block stands in its place.
_PATIENCE_S = 0.15
_PULSE_S = 1.4
#: With more separate places than this to paint, all cells between them are painted.
_MANY_RECTS = 4
_PULSE_TICK_MS = 70
#: Wishes for items and pictures follow a scroll this late, so that no frame waits for them.
_SETTLE_MS = 12
_RESIZE_MS = 90
#: How often the times on locks are looked at.
_LOCKS_MS = 20_000


def toolbar_height() -> int:
    """Return the height of the line above the grid, also before there is one.

    Less than a page's 44, because the grid has 4 above its first row for the ring around a cell.
    """
    return max(40, theme.current().height(32, "body", 6) + 4)


class _Bar(QScrollBar):
    """Takes its room always, so that the columns never jump, and shows only when there is use."""

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self.maximum() > self.minimum():
            super().paintEvent(event)


class GridArea(QAbstractScrollArea):
    """Draws an order of keys as a scrolling grid.

    Attributes:
        selection: what is drawn as chosen.

    Signals:
        range_changed: other cells are in view; see ``visible_keys``.
    """

    range_changed = Signal()

    def __init__(
        self,
        store: PictureStore,
        items: Callable[[int], Item | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._item = items
        self._order = KeyOrder()
        self._works: dict[int, WorkCell] = {}
        self._locks = NO_LOCKS
        self.selection = Selection()
        self._wish = DEFAULT_CELL
        self._is_fit = self._is_grouped = False
        self._is_skeleton = False
        self._is_moving = False  # the scroll bar is set by us: nothing to blit
        self._visible: dict[int, int] = {}  # key → index of what is in view
        self._seen_range = range(0)  # its indexes
        self._waiting: dict[int, float] = {}  # key → since when its picture is missing
        self._in_work: set[int] = set()  # those in view that have no picture yet, for they are made
        self._hovered = self._hovered_head = -1
        self._current_index = -1
        self._shows_focus = False
        self._cut: frozenset[int] = frozenset()
        self._timers()
        self._set_up_widget()
        self._cells = CellPainter(self._wish, self.devicePixelRatioF())
        self._grid = Grid(0, 400, self._wish, Spacing())
        self._relayout()
        store.loaded.connect(self._on_picture)
        store.failed.connect(self._on_picture)
        theme.current().changed.connect(self._on_theme_changed)

    def _timers(self) -> None:
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self.range_changed)
        self._patience = QTimer(self, singleShot=True, interval=int(_PATIENCE_S * 1000) + 10)
        self._patience.timeout.connect(self._update_waiting)
        self._pulse = QTimer(self, interval=_PULSE_TICK_MS)
        self._pulse.timeout.connect(self._update_waiting)
        self._lock_clock = QTimer(self, interval=_LOCKS_MS)
        self._lock_clock.timeout.connect(self._update_locks)
        self._lock_clock.start()

    def _set_up_widget(self) -> None:
        # Qt's own viewport would come back as an unknown widget, and to find out which, PySide
        # loads all kinds of widgets there are: 8 ms of the start.
        self.setViewport(QWidget())
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setVerticalScrollBar(_Bar(Qt.Orientation.Vertical))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Gallery")
        view = self.viewport()
        view.setMouseTracking(True)
        # Every pixel is painted by us, so that a scroll can move what is there already.
        view.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        view.setAutoFillBackground(False)
        self.setMinimumSize(MIN_CELL * 2, MIN_CELL * 2)

    # What is shown

    @property
    def order(self) -> KeyOrder:
        return self._order

    @property
    def frame(self) -> Frame:
        """How pictures have to be prepared for these cells."""
        return self._cells.frame

    @property
    def cell_size(self) -> int:
        """The wished side of a cell; the drawn one fills the width."""
        return self._wish

    @property
    def is_fit(self) -> bool:
        return self._is_fit

    @property
    def item_count(self) -> int:
        return len(self._order) - len(self._works)

    def set_order(
        self, order: KeyOrder, works: Iterable[WorkCell] = (), *, keeps_place: bool = True
    ) -> None:
        """Show other keys.

        Args:
            keeps_place: what is at the top of the view keeps its height; else it begins at its top.
        """
        held = self._hold_place() if keeps_place else []
        self._is_skeleton = False
        self._order = order
        self._works = {work.key: work for work in works}
        if self.selection.is_all:
            self.selection.rebase(self.item_count)
        self._relayout()
        if not keeps_place:
            self._is_moving = True
            self.verticalScrollBar().setValue(0)
            self._is_moving = False
        self._release_place(held)
        self._refresh_view()

    def set_skeleton(self, is_on: bool) -> None:
        """Draw blocks where the first cells will be, while nothing is known yet."""
        self._is_skeleton = is_on
        self._pulse.start() if is_on else self._pulse.stop()
        self.viewport().update()

    def show_blocks(self) -> None:
        """Draw blocks at once, without patience, for the pictures in view that are not there."""
        self._waiting.update(dict.fromkeys(self._visible, time.monotonic() - _PATIENCE_S))
        self.viewport().update()

    def set_works(self, works: Iterable[WorkCell]) -> None:
        """Show news of cells in work that are in the order already."""
        self._works.update({work.key: work for work in works if work.key in self._works})
        self.refresh(self._works)

    @property
    def locks(self) -> Locks:
        return self._locks

    def set_locks(self, locks: Locks) -> None:
        self._locks = locks
        self.viewport().update()

    def set_cell_size(self, px: int) -> None:
        px = min(MAX_CELL, max(MIN_CELL, px))
        if px != self._wish:
            held = self._hold_place(prefers_current=True)
            current = self.selection.current
            was_shown = current in self._visible
            self._wish = px
            self._relayout()
            self._release_place(held)
            if current is not None and was_shown:
                self.show_key(current)
            self._refresh_view()

    def set_fit(self, is_fit: bool) -> None:
        """Show whole pictures instead of filled squares."""
        if is_fit != self._is_fit:
            self._is_fit = is_fit
            self._make_painter()
            self._refresh_view()

    def set_grouped(self, is_grouped: bool) -> None:
        """Name each generation above its first cell, and draw a common ground under its cells."""
        if is_grouped != self._is_grouped:
            held = self._hold_place(prefers_current=True)
            self._is_grouped = is_grouped
            self._make_painter()
            self._relayout()
            self._release_place(held)
            self._refresh_view()

    def set_cut(self, keys: frozenset[int]) -> None:
        """Draw items half, while they are being dragged."""
        self._cut = keys
        self.viewport().update()

    def visible_keys(self) -> list[int]:
        """Return the keys in view, top left first; cells in work have none."""
        return [key for key in self._visible if key > 0]

    def keys_around(self, screens: float = 1.0) -> list[int]:
        """Return the keys in view first, then those as many screens below and above."""
        shown = self._visible_range()
        margin = min(int(len(shown) * screens), max(0, MAX_AROUND - len(shown)) // 2)
        below = self._order.part(shown.stop, shown.stop + margin)
        above = self._order.part(shown.start - margin, shown.start)
        return [key for key in (*self._visible, *below, *reversed(above)) if key > 0]

    def cells_in_view(self) -> list[tuple[int, QRect]]:
        """Return key and place on the screen of each cell in view, for assistive tools."""
        view = self.viewport()
        corner = view.mapToGlobal(QPoint(0, 0))
        return [
            (key, QRect(*self._box(index)).translated(corner))
            for key, index in self._visible.items()
        ]

    def item_of(self, key: int) -> Item | None:
        """Return the item of a key, as far as it is known."""
        return self._item(key)

    def work_of(self, key: int) -> WorkCell | None:
        """Return the cell in work of a negative key."""
        return self._works.get(key)

    def is_failed(self, key: int) -> bool:
        """Whether a cell's work has failed."""
        work = self._works.get(key)
        return work is not None and work.state is WorkState.FAILED

    def screenful(self) -> int:
        """Return how many cells fit into the view, partly shown ones included."""
        return self._grid.columns * (self.viewport().height() // self._grid.pitch + 2)

    def refresh(self, keys: Iterable[int]) -> None:
        """Draw some items again, if they are in view."""
        view = self.viewport()
        for key in keys:
            index = self._visible.get(key)
            if index is not None:
                view.update(self._cells.reach(self._box(index)))

    def show_key(self, key: int) -> bool:
        """Scroll no further than needed to show an item; False if it is not here."""
        index = self._order.index_of(key, near=self._current_index)
        if index < 0:
            return False
        self._current_index = index
        bar = self.verticalScrollBar()
        bar.setValue(self._grid.top_to_show(index, bar.value(), self.viewport().height()))
        return True

    def neighbour(self, key: int, step: int) -> int | None:
        """Return the key that stands ``step`` items further, None past the ends."""
        index = self._order.index_of(key, near=self._current_index)
        while index >= 0:
            index += step
            if not 0 <= index < len(self._order):
                return None
            if self._order[index] > 0:
                self._current_index = index
                return self._order[index]
        return None

    # Where things are

    def _spacing(self) -> Spacing:
        bar = self.verticalScrollBar().sizeHint().width()
        spacing = Spacing(
            left=_PAGE_EDGE, right=max(3, _PAGE_EDGE - bar), caption=caption_height(self._wish)
        )
        if self._is_grouped:
            spacing = replace(spacing, gap=GROUP_GAP, head=head_height())
        return spacing

    def _relayout(self) -> None:
        """Place all cells anew. The caller holds the place and repaints."""
        size = self.viewport().size()
        grid = Grid(len(self._order), size.width(), self._wish, self._spacing())
        drawn_caption = caption_height(grid.cell)
        if drawn_caption != grid.spacing.caption:  # the drawn cell is what decides on a caption
            spacing = replace(grid.spacing, caption=drawn_caption)
            grid = Grid(len(self._order), size.width(), self._wish, spacing)
        self._grid = grid
        self._heads = Heads(self._order, grid, self._item, self._works)
        if grid.cell != self._cells.frame.width or grid.spacing.head != self._cells.head:
            self._make_painter()
        bar = self.verticalScrollBar()
        self._is_moving = True
        bar.setPageStep(max(1, size.height()))
        bar.setSingleStep(min(60, max(20, self._grid.pitch // 3)))
        bar.setRange(0, max(0, self._grid.height - size.height()))
        self._is_moving = False

    def _make_painter(self) -> None:
        ratio = self.devicePixelRatioF()
        self._cells = CellPainter(
            self._grid.cell, ratio, is_fit=self._is_fit, head=self._grid.spacing.head
        )
        self._waiting.clear()

    def _hold_place(self, *, prefers_current: bool = False) -> list[tuple[int, int, int]]:
        """Return candidates (key, index, distance from the top) to keep where they are."""
        top = self.verticalScrollBar().value()
        if not self._visible or top == 0:
            return []  # at the very top one wants to see what arrives there
        current = self.selection.current
        if prefers_current and current is not None and current in self._visible:
            index = self._visible[current]
            return [(current, index, self._grid.row_y(index // self._grid.columns) - top)]
        first, _ = self._grid.anchor(top)
        return [
            (key, index, self._grid.row_y(index // self._grid.columns) - top)
            for key, index in self._visible.items()
            if index >= first
        ]

    def _release_place(self, held: list[tuple[int, int, int]]) -> None:
        bar = self.verticalScrollBar()
        for key, old_index, distance in held[:40]:
            index = self._order.index_of(key, near=old_index)
            if index >= 0:
                self._is_moving = True
                bar.setValue(self._grid.top_for(index, distance))
                self._is_moving = False
                return

    def _refresh_view(self) -> None:
        self._note_visible()
        self._hovered = self._hovered_head = -1
        self._update_accessible()
        self.viewport().update()
        # While the size is dragged, what is there is scaled; decoding each size would lag behind.
        is_resizing = any(self._has_other_size(key) for key in self._visible)
        self._settle.start(_RESIZE_MS if is_resizing else _SETTLE_MS)

    def _has_other_size(self, key: int) -> bool:
        frame = self._cells.frame
        return self._store.pixmap(key, frame) is None and (
            self._store.stand_in(key, frame) is not None
        )

    def _visible_range(self) -> range:
        return self._grid.visible(self.verticalScrollBar().value(), self.viewport().height())

    def _note_visible(self) -> None:
        shown = self._seen_range = self._visible_range()
        keys = self._order.part(shown.start, shown.stop)
        self._visible = dict(zip(keys, shown, strict=True))
        self._in_work.intersection_update(self._visible)
        if self._waiting:
            self._waiting = {k: since for k, since in self._waiting.items() if k in self._visible}

    def _box(self, index: int) -> Box:
        x, y, width, height = self._grid.box(index)
        return Box(x, y - self.verticalScrollBar().value(), width, height)

    def _index_at(self, point: QPoint) -> int:
        return self._grid.index_at(point.x(), point.y() + self.verticalScrollBar().value())

    def _update_accessible(self) -> None:
        parts = [items_text(self.item_count)]
        if len(self.selection):
            parts.append(f"{len(self.selection):,} selected")
        current = self.selection.current
        item = self._item(current) if current is not None else None
        if item is not None:
            parts.append(f"current: {item.name}")
        self.setAccessibleDescription(", ".join(parts))

    # Painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        top = self.verticalScrollBar().value()
        indexes = self._begin_paint(painter, event, top)
        if indexes:
            self._paint_cells(painter, indexes, top)
        elif self._is_skeleton:
            self._paint_skeleton(painter)
        self._paint_over(painter, top)

    def _begin_paint(self, painter: QPainter, event: QPaintEvent, top: int) -> list[int]:
        """Paint the ground and return the indexes of the cells to draw on it."""
        stage, region = theme.current().tokens.stage, event.region()
        if region.rectCount() > _MANY_RECTS:
            # To draw cells for nothing, outside the clip, is cheaper than to look up each.
            painter.fillRect(event.rect(), stage)
            return list(self._grid.visible(event.rect().top() + top - 3, event.rect().height() + 6))
        indexes: set[int] = set()
        for rect in region:  # type: ignore[attr-defined]  # QRegion iterates over QRects
            painter.fillRect(rect, stage)
            indexes.update(self._touched(rect, top))
        return sorted(indexes)

    def _touched(self, rect: QRect, top: int) -> Iterable[int]:
        shown = self._grid.visible(rect.top() + top - 3, rect.height() + 6)
        if rect.width() * 2 > self.viewport().width():
            return shown
        return [i for i in shown if self._cells.reach(self._box(i)).intersects(rect)]

    def _paint_cells(self, painter: QPainter, indexes: list[int], top: int) -> None:
        grid, cells, store, frame = self._grid, self._cells, self._store, self._cells.frame
        order, item_of, works, chosen = self._order, self._item, self._works, self.selection
        now, clock = datetime.now(UTC), time.monotonic()
        has_captions = grid.spacing.caption > 0
        current = chosen.current if self._shows_focus and self.hasFocus() else None
        if self._is_grouped:
            self._paint_groups(painter, indexes, top, now)
        standing: list[tuple[Box, Look]] = []
        waiting: list[tuple[Box, float]] = []
        hovered = self._hovered
        for index in indexes:
            key = order[index]
            x, y, width, height = grid.picture(index)
            box = Box(x, y - top, width, height)
            if key < 0:
                work = works.get(key)
                if work is not None:
                    painting.antialiased(painter)
                    cells.paint_work(painter, box, work, is_hovered=index == hovered)
                continue
            item = item_of(key)
            pixmap = store.pixmap(key, frame) or store.stand_in(key, frame)
            if item is not None and item.versions:
                cells.paint_stack(painting.antialiased(painter), box)
            if pixmap is not None:
                cells.paint_picture(painter, box, pixmap)
            elif item is not None and item.status == "pending" and store.has_failed(key):
                self._in_work.add(key)
                waiting.append((box, clock))
            elif store.has_failed(key) and item is not None:
                cells.paint_missing(painter, box, *missing_words(item))
            else:
                since = self._waiting.setdefault(key, clock)
                if clock - since >= _PATIENCE_S:
                    waiting.append((box, clock))
                elif not self._patience.isActive():
                    self._patience.start()
            if item is not None:
                cells.paint_badges(painter, box, item, now, self._locks)
                if has_captions:
                    cells.paint_caption(painter, box, item)
            is_chosen = key in chosen
            if is_chosen or index == hovered or key == current or key in self._cut:
                standing.append(
                    (box, Look(is_chosen, key == current, index == hovered, key in self._cut))
                )
        if waiting or standing:
            painting.antialiased(painter)
            for box, at in waiting:
                cells.paint_waiting(painter, box, (at % _PULSE_S) / _PULSE_S)
            for box, look in standing:
                cells.paint_standing(painter, box, look)
        if waiting and not self._pulse.isActive() and not theme.current().is_still:
            self._pulse.start()

    def _paint_groups(self, painter: QPainter, indexes: list[int], top: int, now: datetime) -> None:
        """Draw the name of each group, and what shows which cells belong to it."""
        painting.antialiased(painter)
        heads = self._heads
        for span in heads.spans(indexes):
            area = heads.area(span).translated(0, -top)
            self._cells.paint_ground(
                painter, area, joins_left=span.joins_before, joins_right=span.joins_after
            )
            if not span.joins_before and (heading := heads.heading(span, now)) is not None:
                line = area.adjusted(0, 0, 0, self._grid.spacing.head - area.height())
                self._cells.paint_heading(
                    painter, line, heading, is_hovered=span.first == self._hovered_head
                )

    def _span_at(self, point: QPoint) -> groups.Span | None:
        """Return the group whose name a point of the view is on."""
        if not self._is_grouped:
            return None
        return self._heads.at(point.x(), point.y() + self.verticalScrollBar().value())

    def _paint_skeleton(self, painter: QPainter) -> None:
        size = self.viewport().size()
        grid = Grid(1000, size.width(), self._wish, self._spacing())
        phase = 0.0 if theme.current().is_still else time.monotonic() % _PULSE_S / _PULSE_S
        painting.antialiased(painter)
        for index in grid.visible(0, size.height()):
            self._cells.paint_waiting(painter, grid.picture(index), phase)

    def _has_overlay(self) -> bool:
        """Whether ``_paint_over`` draws: then nothing painted can be moved by a scroll."""
        return False

    def _paint_over(self, painter: QPainter, top: int) -> None:
        """Draw over the cells; for whoever adds to this area."""

    def _on_picture(self, key: int) -> None:
        self._waiting.pop(key, None)
        self._in_work.discard(key)
        self.refresh((key,))

    def _update_waiting(self) -> None:
        if self._is_skeleton and self.isVisible():
            self.viewport().update()
            return
        if not (self._waiting or self._in_work) or not self.isVisible():
            self._pulse.stop()
            return
        self.refresh((*self._waiting, *self._in_work))

    def _update_locks(self) -> None:
        items = (self._item(key) for key in self._visible)
        self.refresh([item.key for item in items if item is not None and item.lock_expires_at])

    def _on_theme_changed(self) -> None:
        held = self._hold_place()
        self._make_painter()
        self._relayout()
        self._release_place(held)
        self._refresh_view()

    # Scrolling and size

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        if self._is_moving:
            return
        view = self.viewport()
        if abs(dy) < view.height() and not self._has_overlay():
            view.scroll(0, dy)
        else:
            view.update()
        if self._visible_range() != self._seen_range:
            self._note_visible()
        if self._hovered >= 0 or view.underMouse():
            point = view.mapFromGlobal(self.cursor().pos())
            self._hover(self._index_at(point))
            self._hover_head(point)
        if not self._settle.isActive():
            self._settle.start(_SETTLE_MS)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        held = self._hold_place()
        self._relayout()
        self._release_place(held)
        self._refresh_view()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.devicePixelRatioF() != self._cells.frame.ratio:
            self._make_painter()
        self._refresh_view()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._make_painter()
            self._refresh_view()
        return super().event(event)

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        return super().viewportEvent(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        index = self._index_at(event.pos())
        key = self._order[index] if index >= 0 else 0
        item = self._item(key) if key > 0 else None
        span = self._span_at(event.pos())
        heading = self._heads.heading(span, datetime.now(UTC)) if span is not None else None
        if span is not None and heading is not None:
            line = self._heads.area(span).translated(0, -self.verticalScrollBar().value())
            line.setHeight(self._grid.spacing.head)
            QToolTip.showText(event.globalPos(), tip(heading.text), self.viewport(), line)
            return
        if item is None:
            QToolTip.hideText()
            return
        lock = lock_text(item, datetime.now(UTC), self._locks)
        words = [text for text in (about_text(item), lock) if text]
        if not self._grid.spacing.caption or self._cells.is_caption_cut(item) or words:
            area = QRect(*self._box(index))
            text = "\n".join([item.name, *words])
            QToolTip.showText(event.globalPos(), tip(text), self.viewport(), area)
        else:
            QToolTip.hideText()

    def _hover(self, index: int) -> None:
        if index != self._hovered:
            view = self.viewport()
            for changed in (self._hovered, index):
                if 0 <= changed < len(self._order):
                    view.update(self._cells.reach(self._box(changed)))
            self._hovered = index

    def _hover_head(self, point: QPoint) -> None:
        """Show that the name of a group can be clicked."""
        span = self._span_at(point)
        index = span.first if span is not None else -1
        if index != self._hovered_head:
            view = self.viewport()
            shape = (
                Qt.CursorShape.ArrowCursor if span is None else Qt.CursorShape.PointingHandCursor
            )
            view.setCursor(shape)
            for changed in (self._hovered_head, index):
                if 0 <= changed < len(self._order):
                    y = self._grid.row_y(changed // self._grid.columns)
                    y -= self.verticalScrollBar().value()
                    view.update(0, y, view.width(), self._grid.spacing.head)
            self._hovered_head = index
