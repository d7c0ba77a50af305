"""The grid as the user handles it: mouse, keys, rubber band, choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal, SignalInstance
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from scenario_desktop.items import Item
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery.area import DEFAULT_CELL, GridArea
from scenario_desktop.ui.panels.gallery.band import RubberBand
from scenario_desktop.ui.panels.gallery.cells import WorkState
from scenario_desktop.ui.panels.gallery.geometry import Move
from scenario_desktop.ui.panels.gallery.order import KeyOrder
from scenario_desktop.ui.panels.gallery.selection import Selection
from scenario_desktop.ui.panels.gallery.type_ahead import TypeAhead

CELL_STEP = 16

_MOVES = {
    Qt.Key.Key_Left: Move.LEFT,
    Qt.Key.Key_Right: Move.RIGHT,
    Qt.Key.Key_Up: Move.UP,
    Qt.Key.Key_Down: Move.DOWN,
    Qt.Key.Key_Home: Move.HOME,
    Qt.Key.Key_End: Move.END,
    Qt.Key.Key_PageUp: Move.PAGE_UP,
    Qt.Key.Key_PageDown: Move.PAGE_DOWN,
}
_CTRL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_ALT = Qt.KeyboardModifier.AltModifier
_META = Qt.KeyboardModifier.MetaModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier


class GridView(GridArea):
    """A grid that the user can walk, choose from, and drag out of.

    Attributes:
        selection: what is chosen. Change it through the methods here, which tell and repaint.
        type_ahead: what is typed to find an item by its name.

    Signals:
        selection_changed: other keys are chosen.
        current_changed: another key has the keyboard, None for none.
        activated: key of a cell that was double-clicked, or Enter.
        preview_requested: key of the current cell, on Space.
        menu_requested: the global point; what it is about is chosen already.
        retry_requested: job id of a failed cell in work.
        group_activated: the generation whose name above its cells was clicked.
        drag_started: the user drags the chosen items; the mouse button is still down.
        cell_size_changed: the wished side, after Ctrl and the wheel or keys.
    """

    selection_changed = Signal()
    current_changed = Signal(object)
    activated = Signal(object)
    preview_requested = Signal(object)
    menu_requested = Signal(QPoint)
    retry_requested = Signal(str)
    group_activated = Signal(str)
    drag_started = Signal()
    cell_size_changed = Signal(int)

    def __init__(
        self,
        store: PictureStore,
        items: Callable[[int], Item | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(store, items, parent)
        self._press: tuple[QPoint, int] | None = None
        self._is_click_pending = False
        self._pressed_group = ""
        self.type_ahead = TypeAhead(self)
        self._band = RubberBand(self)
        self._band.pulled.connect(self._on_band_pulled)

    # What is chosen

    def choose(self, key: int) -> None:
        """Choose one item and show it."""
        self.selection.choose(key)
        self.show_key(key)
        self._on_chosen()

    def reset(self) -> None:
        """Show nothing and choose nothing, as between two workspaces."""
        self.selection = Selection()
        self.set_order(KeyOrder(), keeps_place=False)
        self._on_chosen()

    def choose_keys(self, keys: Iterable[int], current: int | None = None) -> None:
        self.selection.replace(keys, current)
        if current is not None:
            self.show_key(current)
        self._on_chosen()

    def choose_all(self) -> None:
        self.selection.choose_all(self._order, extra=len(self._works))
        self._on_chosen()

    def clear_choice(self) -> None:
        if len(self.selection):
            self.selection.clear()
            self._on_chosen()

    def chosen_keys(self, limit: int | None = None) -> list[int]:
        """Return the chosen keys as they are shown, at most so many."""
        return self.selection.keys(self._order, limit)

    def go_to(self, key: int) -> None:
        """Make an item the current and only chosen one, as a key press would."""
        self._shows_focus = True
        self.choose(key)

    def _on_chosen(self) -> None:
        self._update_accessible()
        self.viewport().update()
        self.selection_changed.emit()
        self.current_changed.emit(self.selection.current)

    # Mouse

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        point = event.position().toPoint()
        index = self._index_at(point)
        self._shows_focus = False
        self._is_click_pending = False
        self._press = (point, index)
        modifiers = event.modifiers()
        self._pressed_group = self._group_named_at(point) if index < 0 else ""
        if self._pressed_group:
            return
        if index < 0:
            self._start_band(point, keeps=bool(modifiers & (_CTRL | _SHIFT)))
            return
        key = self._order[index]
        self._current_index = index
        if key < 0:
            return
        is_on_tick = self._cells.tick_area(self._box(index)).contains(point)
        if modifiers & _SHIFT:
            self.selection.extend(self._order, key, is_added=bool(modifiers & _CTRL))
        elif modifiers & _CTRL or (is_on_tick and len(self.selection) > 0):
            self.selection.toggle(key)
        elif key in self.selection:
            self._is_click_pending = True  # it may become a drag of all of them
            self.selection.current = key
        else:
            self.selection.choose(key)
        self._on_chosen()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if self._band.is_on:
            self._stretch_band(point)
            return
        if self._press is not None and event.buttons() & Qt.MouseButton.LeftButton:
            start, index = self._press
            far = (point - start).manhattanLength() >= QApplication.startDragDistance()
            if far and index >= 0 and self._order[index] > 0 and len(self.selection):
                self._press = None
                self._is_click_pending = False
                self.drag_started.emit()
            return
        self._hover(self._index_at(point))
        self._hover_head(point)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        press, self._press = self._press, None
        if self._band.is_on:
            self._band.stop()
            self.viewport().update()
            return
        if press is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        group, self._pressed_group = self._pressed_group, ""
        if group:
            if group == self._group_named_at(event.position().toPoint()):
                self.group_activated.emit(group)
            return
        index = press[1]
        key = self._order[index] if 0 <= index < len(self._order) else 0
        if self._is_click_pending:
            self._is_click_pending = False
            if key:
                self.selection.choose(key)
                self._on_chosen()
        elif key < 0 and self._index_at(event.position().toPoint()) == index:
            work = self._works.get(key)
            if work is not None and work.state is WorkState.FAILED:
                self.retry_requested.emit(work.job_id)

    def _group_named_at(self, point: QPoint) -> str:
        span = self._span_at(point)
        return span.group if span is not None else ""

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        plain = not event.modifiers() & (_CTRL | _SHIFT)
        if event.button() is Qt.MouseButton.LeftButton and index >= 0 and plain:
            key = self._order[index]
            if key > 0:
                self.activated.emit(key)
        else:
            self.mousePressEvent(event)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)
        self._hover_head(QPoint(-1, -1))

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        point = self.viewport().mapFrom(self, event.pos())
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            index = self._index_of_current()
            if index >= 0:
                self.menu_requested.emit(self.viewport().mapToGlobal(self._middle(index)))
            return
        index = self._index_at(point)
        key = self._order[index] if index >= 0 else 0
        if key > 0 and key not in self.selection:
            self.selection.choose(key)
            self._on_chosen()
        elif index < 0:
            self.clear_choice()
        self.menu_requested.emit(event.globalPos())

    def _middle(self, index: int) -> QPoint:
        return QRect(*self._box(index)).center()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & _CTRL:
            turn = event.angleDelta().y()
            if turn:
                self._resize_cells(CELL_STEP if turn > 0 else -CELL_STEP)
            event.accept()
            return
        super().wheelEvent(event)

    def _resize_cells(self, change: int) -> None:
        before = self._wish
        self.set_cell_size(self._wish + change)
        if self._wish != before:
            self.cell_size_changed.emit(self._wish)

    # Rubber band

    def _start_band(self, point: QPoint, *, keeps: bool) -> None:
        if not keeps:
            self.clear_choice()
        self._band.start(point + QPoint(0, self.verticalScrollBar().value()), self.selection)

    def _stretch_band(self, point: QPoint) -> None:
        is_outside = not 0 <= point.y() < self.viewport().height()
        below_top = point + QPoint(0, self.verticalScrollBar().value())
        self._band.stretch(below_top, is_outside=is_outside)
        area = self._band.area
        if area is None:
            return
        chosen = self._band.base.copy()
        for part in self._grid.touched(area.left(), area.top(), area.right(), area.bottom()):
            chosen.add(self._order.part(part.start, part.stop))
        self.selection = chosen
        self._on_chosen()

    def _on_band_pulled(self) -> None:
        """Scroll while the band is held beyond an edge; further out is faster."""
        point = self.viewport().mapFromGlobal(self.cursor().pos())
        height = self.viewport().height()
        beyond = point.y() if point.y() < 0 else max(0, point.y() - height)
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + beyond // 2)
        self._stretch_band(point)

    @override
    def _has_overlay(self) -> bool:
        return self._band.is_on

    @override
    def _paint_over(self, painter: QPainter, top: int) -> None:
        self._band.paint(painter, top)

    # Keyboard

    @override
    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.type_ahead.takes(event)
        ):
            event.accept()  # a name is being typed: its letters are no shortcuts
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._press_key(event, Qt.Key(event.key()), event.modifiers()):
            event.accept()
        else:
            super().keyPressEvent(event)

    def _press_key(self, event: QKeyEvent, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        if key in _MOVES and not modifiers & (_ALT | _META):
            self._move(_MOVES[key], modifiers)
            return True
        if modifiers & _CTRL:
            return self._press_with_ctrl(key)
        if self.type_ahead.is_active and self.type_ahead.press(event):
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not modifiers & ~_KEYPAD:
            self._emit_for_current(self.activated)
        elif key == Qt.Key.Key_Space and not modifiers:
            self._emit_for_current(self.preview_requested)
        elif key == Qt.Key.Key_Escape and len(self.selection):
            self.clear_choice()
        else:
            return self.type_ahead.press(event)
        return True

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._shows_focus = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        if self._shows_focus and self._index_of_current() < 0:
            first = next(iter(self.visible_keys()), None)
            self.selection.current = first
        self.viewport().update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.type_ahead.stop()
        self.viewport().update()

    def _press_with_ctrl(self, key: Qt.Key) -> bool:
        if key == Qt.Key.Key_A:
            self.choose_all()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._resize_cells(CELL_STEP)
        elif key == Qt.Key.Key_Minus:
            self._resize_cells(-CELL_STEP)
        elif key == Qt.Key.Key_0:
            self._resize_cells(DEFAULT_CELL - self._wish)
        elif key == Qt.Key.Key_Space and self.selection.current is not None:
            self.selection.toggle(self.selection.current)
            self._on_chosen()
        else:
            return False
        return True

    def _move(self, move: Move, modifiers: Qt.KeyboardModifier) -> None:
        if not len(self._order):
            return
        index = self._index_of_current()
        if index < 0:
            shown = self._visible_range()
            target = shown.start if move is not Move.END else len(self._order) - 1
        else:
            target = self._grid.moved(index, move, self.viewport().height())
        target = self._skip_work(target, -1 if target < index else 1)
        key = self._order[target]
        self._shows_focus = True
        self._current_index = target
        if modifiers & _SHIFT:
            self.selection.extend(self._order, key, is_added=bool(modifiers & _CTRL))
        elif modifiers & _CTRL:
            self.selection.current = key
        else:
            self.selection.choose(key)
        self.show_key(key)
        self._on_chosen()

    def _skip_work(self, index: int, step: int) -> int:
        """Return the nearest cell with an item, in the direction of the move if there is one."""
        for direction in (step, -step):
            at = index
            while 0 <= at < len(self._order):
                if self._order[at] > 0:
                    return at
                at += direction
        return index

    def _index_of_current(self) -> int:
        current = self.selection.current
        if current is None:
            return -1
        self._current_index = self._order.index_of(current, near=self._current_index)
        return self._current_index

    def _emit_for_current(self, signal: SignalInstance) -> None:
        key = self.selection.current
        if key is None or self._index_of_current() < 0:
            key = next(iter(self.visible_keys()), None)
        if key is not None and key > 0:
            signal.emit(key)
