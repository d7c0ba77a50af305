"""The list of jobs: virtual, with painted buttons that mouse and keyboard both reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QModelIndex,
    QPoint,
    QPointF,
    QRect,
    QSize,
    Qt,
    QTimer,
    QVariantAnimation,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import QFrame, QListView, QWidget
from typing_extensions import override

from scenario_desktop.items import Item
from scenario_desktop.services.job_views import JobState, JobView
from scenario_desktop.ui import theme
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.jobs.delegate import THUMB, Hot, JobDelegate, row_height
from scenario_desktop.ui.panels.jobs.model import JobsModel
from scenario_desktop.ui.panels.jobs.rows import WITH_BAR, JobAction, buttons_of
from scenario_desktop.ui.widgets.progress import SWEEP_MS
from scenario_desktop.ui.widgets.scroll import OverlayBar

#: Frames of the spinner and the sweeping bar are this far apart; nothing else moves in the list.
FRAME_MS = 33
_OWNER = "jobs"
_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class _Motion(QVariantAnimation):
    """Milliseconds that go round, for all rows alike."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._turn_ms: int = theme.metric("motion", "spinner_turn")
        self.setStartValue(0)
        self.setEndValue(self._turn_ms * SWEEP_MS)
        self.setDuration(self._turn_ms * SWEEP_MS)
        self.setLoopCount(-1)

    @property
    def angle(self) -> float:
        return self._ms() % self._turn_ms / self._turn_ms * 360

    @property
    def sweep(self) -> float:
        return self._ms() % SWEEP_MS / SWEEP_MS if self._ms() else 0.5

    def _ms(self) -> int:
        return int(self.currentValue() or 0)


class JobList(QListView):
    """Shows rows and says what the user wants of them.

    Up and down move between rows, left and right between a row's buttons, Enter and Space press,
    the menu key opens the menu, Delete takes a finished row off the list.

    Signals:
        action_requested: a row's id and a JobAction.
        menu_requested: a row's id and where, in global coordinates.
        visible_changed: other rows are in sight now.
    """

    action_requested = Signal(str, object)
    menu_requested = Signal(str, QPoint)
    visible_changed = Signal()

    def __init__(
        self, model: JobsModel, now: Callable[[], datetime], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = model
        self._hot = Hot()
        self._pictures: PictureStore | None = None
        self._items: dict[str, Item] = {}
        self._motion = _Motion(self)
        self._delegate = JobDelegate(self._thumb, now, self._hot, self._motion, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Jobs")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._bar = OverlayBar(self)
        self.setMouseTracking(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.verticalScrollBar().setSingleStep(row_height() // 2)
        self._frames = QTimer(self, interval=FRAME_MS)
        self._frames.timeout.connect(self._repaint_moving)
        self._seconds = QTimer(self, interval=1000)
        self._seconds.timeout.connect(self._repaint_times)
        self.verticalScrollBar().valueChanged.connect(self._on_moved)
        model.rowsInserted.connect(self._on_rows_changed)
        model.rowsRemoved.connect(self._on_rows_changed)
        model.dataChanged.connect(self._on_rows_changed)
        theme.current().changed.connect(self._on_theme_changed)

    # What is shown

    def set_pictures(self, pictures: PictureStore | None) -> None:
        """Take thumbnails from here."""
        if self._pictures is not None:
            self._pictures.loaded.disconnect(self._on_loaded)
            self._pictures.drop(_OWNER)
        self._pictures = pictures
        if pictures is not None:
            pictures.loaded.connect(self._on_loaded)
        self._want()

    def set_items(self, items: Iterable[Item]) -> None:
        """Say which items stand behind the asset ids of the rows."""
        self._items = {item.id: item for item in items}
        self._want()
        self.viewport().update()

    def visible_views(self) -> Sequence[JobView]:
        """Return the rows in sight."""
        if not self._jobs.rowCount():
            return []
        area = self.viewport().rect()
        first = max(0, self.indexAt(QPoint(1, 1)).row())
        last = self.indexAt(QPoint(1, area.height() - 1)).row()
        last = last if last >= 0 else self._jobs.rowCount() - 1
        return self._jobs.views[first : last + 1]

    def choose(self, row_id: str) -> None:
        """Make a row the current one and scroll to it."""
        index = self._jobs.index_of(row_id)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def current_view(self) -> JobView | None:
        return self._jobs.view_at(self.currentIndex())

    # Mouse

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._set_hot(event.position())

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._set_hot(QPointF(-1, -1))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._hot.shows_focus = False
        super().mousePressEvent(event)
        if event.button() is Qt.MouseButton.LeftButton:
            self._set_hot(event.position())
            self._hot.is_down = self._hot.action is not None
            self.viewport().update()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        was_down, row_id, action = self._hot.is_down, self._hot.row_id, self._hot.action
        self._hot.is_down = False
        self._set_hot(event.position())
        self.viewport().update()
        is_same = self._hot.row_id == row_id and self._hot.action is action
        if was_down and is_same and action is not None:
            self._act(row_id, action, event.globalPosition().toPoint())

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        view = self._jobs.view_at(self.indexAt(event.position().toPoint()))
        if view is not None and self._hot.action is None and view.state is JobState.DONE:
            self.action_requested.emit(view.id, JobAction.REVEAL)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
            where = self.viewport().mapToGlobal(self.visualRect(index).center())
        else:
            index, where = self.indexAt(event.pos()), event.globalPos()
        view = self._jobs.view_at(index)
        if view is not None:
            self.setCurrentIndex(index)
            self.menu_requested.emit(view.id, where)

    # Keyboard

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        view = self.current_view()
        key = event.key()
        if view is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        offers = buttons_of(view)
        chosen = min(self._hot.focused, len(offers) - 1)
        match key:
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                step = 1 if key == Qt.Key.Key_Right else -1
                self._focus_button((chosen + step) % len(offers))
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                rect = self.visualRect(self.currentIndex())
                self._act(
                    view.id, offers[chosen].action, self.viewport().mapToGlobal(rect.center())
                )
            case Qt.Key.Key_Delete if not view.is_active:
                self.action_requested.emit(view.id, JobAction.CLEAR)
            case _:
                self._hot.shows_focus = True
                super().keyPressEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in _KEYBOARD:
            if not self.currentIndex().isValid() and self._jobs.rowCount():
                self.setCurrentIndex(self._jobs.index(0))
            self._focus_button(0)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hot.shows_focus = False
        self.viewport().update()

    @override
    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self._hot.focused = 0

    def _focus_button(self, number: int) -> None:
        self._hot.focused, self._hot.shows_focus = number, True
        self.viewport().update()

    # Inside

    def _act(self, row_id: str, action: JobAction, where: QPoint) -> None:
        if action is JobAction.MORE:
            self.menu_requested.emit(row_id, where)
        else:
            self.action_requested.emit(row_id, action)

    def _set_hot(self, point: QPointF) -> None:
        index = self.indexAt(point.toPoint())
        view = self._jobs.view_at(index)
        offer = None
        if view is not None:
            offer = self._delegate.button_at(view, self.visualRect(index), point)
        new = (view.id if view else "", offer.action if offer else None)
        if new != (self._hot.row_id, self._hot.action):
            self._hot.row_id, self._hot.action = new
            self.viewport().update()

    def _thumb(self, view: JobView) -> QPixmap | None:
        """Return the result's picture, the input's until that is there."""
        if self._pictures is None:
            return None
        for item in self._items_of(view):
            picture = self._pictures.pixmap(item.key, THUMB)
            if picture is not None:
                return picture
        return None

    def _items_of(self, view: JobView) -> list[Item]:
        ids = (*view.result_ids[:1], view.input_item_id or "")
        return [self._items[asset_id] for asset_id in ids if asset_id in self._items]

    def _want(self) -> None:
        if self._pictures is None or not self.isVisible():
            return
        items = [item for view in self.visible_views() for item in self._items_of(view)]
        self._pictures.want(_OWNER, items, THUMB)

    def _on_loaded(self, _key: object) -> None:
        self.viewport().update()

    def _on_moved(self) -> None:
        self._want()
        self.visible_changed.emit()

    def _on_rows_changed(self, *_: object) -> None:
        self._update_timers()
        self._on_moved()

    def _on_theme_changed(self) -> None:
        self.scheduleDelayedItemsLayout()
        self.viewport().update()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._update_timers()
        self._on_moved()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._update_timers()
        if self._pictures is not None:
            self._pictures.drop(_OWNER)

    @override
    def viewportSizeHint(self) -> QSize:
        return QSize(320, row_height() * max(1, self._jobs.rowCount()))

    def _update_timers(self) -> None:
        is_shown = self.isVisible() and bool(self._jobs.rowCount())
        has_bars = is_shown and any(view.state in WITH_BAR for view in self._jobs.views)
        is_moving = has_bars and not theme.current().is_still
        _run(self._frames, is_moving)
        _run(self._seconds, is_shown)
        if not is_moving:
            self._motion.stop()
        elif self._motion.state() is not QVariantAnimation.State.Running:
            self._motion.start()

    def _repaint_moving(self) -> None:
        for index, view in self._rows_in_sight():
            if view.state in WITH_BAR:
                self._repaint(index, "status")

    def _repaint_times(self) -> None:
        for index, _view in self._rows_in_sight():
            self._repaint(index, "times")

    def _rows_in_sight(self) -> list[tuple[QModelIndex, JobView]]:
        return [(self._jobs.index_of(view.id), view) for view in self.visible_views()]

    def _repaint(self, index: QModelIndex, column: str) -> None:
        area = getattr(self._delegate.columns(self.visualRect(index)), column)
        rect: QRect = area.toAlignedRect()
        if not rect.isEmpty():
            self.viewport().update(rect)


def _run(timer: QTimer, is_running: bool) -> None:
    if is_running and not timer.isActive():
        timer.start()
    elif not is_running:
        timer.stop()
