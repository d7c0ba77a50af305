"""The list of actions as it is seen."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget
from typing_extensions import override

from scenario_desktop.services.usage.activity import ActivityRow
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.usage.activity_model import (
    ActivityColumn,
    ActivityModel,
    ActivityRole,
)
from scenario_desktop.ui.panels.usage.pictures import SIDE, ActivityPictures
from scenario_desktop.ui.panels.usage.tables import PAD, DataTable, Index, RowDelegate
from scenario_desktop.ui.widgets import painting

_WIDTHS = (104, 128, 150, 0, 168, 128, 84)
#: Below these widths columns give way to the picture's name, pixels at 100 %.
_GIVE_WAY = ((ActivityColumn.NOTE, 940), (ActivityColumn.MODEL, 760), (ActivityColumn.PERSON, 560))


class _Delegate(RowDelegate):
    """Adds the picture before its name, and the row that says how the list goes on."""

    def __init__(self, view: ActivityTable) -> None:
        super().__init__(view)
        self._view = view
        self.pictures: ActivityPictures | None = None

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        self.paint_ground(painter, option, index)
        area = QRectF(option.rect)
        if self._view.activity.is_tail(index.row()):
            self._paint_tail(painter, area, index)
        elif index.column() == ActivityColumn.PICTURE:
            self._paint_picture(painter, area, index)
        else:
            self.paint_text(painter, area, index)

    def _paint_tail(self, painter: QPainter, area: QRectF, index: Index) -> None:
        """Paint the part of the row's words that lies in this cell."""
        look = theme.current()
        view = self._view
        whole = QRectF(-view.horizontalOffset(), area.top(), view.viewport().width(), area.height())
        tone = "danger" if view.activity.error is not None else "text_3"
        painter.save()
        painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
        words = str(index.data(ActivityRole.TAIL) or "")
        inner = whole.adjusted(PAD, 0, -PAD, -1)
        painting.text(painter, inner, words, look.font("small"), look.tokens.named(tone))
        painter.restore()

    def _paint_picture(self, painter: QPainter, area: QRectF, index: Index) -> None:
        row = index.data(ActivityRole.ROW)
        asset_id = row.activity.data.asset_id if isinstance(row, ActivityRow) else None
        if not asset_id:
            return
        pixmap = self.pictures.pixmap(asset_id) if self.pictures is not None else None
        spot = QRectF(area.left() + PAD, area.center().y() - SIDE / 2, SIDE, SIDE)
        if pixmap is not None:
            painter.drawPixmap(spot.toRect(), pixmap)
        else:
            painting.box(painting.antialiased(painter), spot, 4, theme.current().tokens.pressed)
        self.paint_text(painter, area.adjusted(SIDE + PAD, 0, 0, 0), index)


class ActivityTable(DataTable):
    """Shows an ``ActivityModel`` and says which assets are in sight.

    Signals:
        row_opened: the ActivityRow to go to.
        in_sight: ids of the assets of the rows that can be seen.
    """

    row_opened = Signal(object)
    in_sight = Signal(object)

    def __init__(self, model: ActivityModel, parent: QWidget | None = None) -> None:
        super().__init__(name="Activity", parent=parent)
        self.activity = model
        self._delegate = _Delegate(self)
        self.set_delegate(self._delegate)
        self.setModel(model)
        self.set_widths(_WIDTHS)
        self.opened.connect(self._on_opened)
        model.dataChanged.connect(self._look)
        model.modelReset.connect(self._look)
        self.verticalScrollBar().valueChanged.connect(self._look)

    def set_pictures(self, pictures: ActivityPictures | None) -> None:
        self._delegate.pictures = pictures
        self.activity.names = pictures

    def rows_in_sight(self) -> range:
        """Return the numbers of the rows that can be seen."""
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        count = self.activity.count
        return range(max(0, first), min(count, (last if last >= 0 else count) + 1))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for column, width in _GIVE_WAY:
            self.setColumnHidden(column, self.width() < theme.current().px(width))
        self._look()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self.activity.is_tail(self.indexAt(event.position().toPoint()).row()):
            self._on_tail()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        is_down = event.key() in (Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_PageDown)
        # The view asks for more only when it scrolls to its end, which a short list never does.
        if is_down and self.currentIndex().row() >= self.activity.count - 1:
            self._fetch()

    def _fetch(self) -> None:
        if self.activity.canFetchMore(QModelIndex()):
            self.activity.fetchMore(QModelIndex())

    def _on_opened(self, index: QModelIndex) -> None:
        if self.activity.is_tail(index.row()):
            self._on_tail()
            return
        row = self.activity.row_at(index)
        if row is not None:
            self.row_opened.emit(row)

    def _on_tail(self) -> None:
        if self.activity.error is not None:
            self.activity.read_on()

    def _look(self, *_change: object) -> None:
        """Say what is in sight, and read on where the end of the list is."""
        book = self.activity.book
        if book is None or not self.isVisible():
            return
        sight = self.rows_in_sight()
        rows = [row for number in sight if (row := book.row(number)) is not None]
        self.in_sight.emit([i for row in rows if (i := row.activity.data.asset_id) is not None])
        if sight.stop >= self.activity.count:
            self._fetch()
