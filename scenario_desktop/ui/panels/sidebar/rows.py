"""The list of the sidebar: how rows are drawn, dropped on, renamed and walked through."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QTextLayout,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.sidebar.model import (
    Row,
    RowKind,
    SidebarModel,
    SidebarRole,
    Target,
    TargetKind,
)
from scenario_desktop.ui.shortcuts import shortcut_text
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.chips import tag_color
from scenario_desktop.ui.widgets.drags import ITEMS_MIME, keys_of
from scenario_desktop.ui.widgets.scroll import OverlayBar

#: Between the list's edge and a row's ground; and inside the ground.
OUTER, INNER = 8, 8
HEADING_GAP = 10
#: So long dragged items are held over an entry that is to open, milliseconds.
REST_MS = 500


class SidebarDelegate(QStyledItemDelegate):
    """Draws what a row says.

    Attributes:
        is_rail: icons only.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_rail = False
        self.drop_row = -1
        self.hot_plus = -1

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        look = theme.current()
        row: Row = index.data(SidebarRole.ROW)
        if self.is_rail:
            if row.kind is RowKind.ENTRY and _is_in_rail(row):
                return QSize(1, max(36, look.px(16) + 16))
            return QSize(1, 9 if self._parts_rail(index) else 0)
        if row.kind is RowKind.HEADING:
            first = 0 if index.row() == 0 else HEADING_GAP
            return QSize(1, look.height(28, "small", 6) + first)
        if row.kind is RowKind.HINT:
            view = self.parent()
            width = view.viewport().width() if isinstance(view, QListView) else 200
            lines, _ = _hint(row.title, width - 2 * (OUTER + INNER))
            return QSize(1, lines * look.line("small") + 8)
        return QSize(1, look.height(28, "body", 4))

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: Row = index.data(SidebarRole.ROW)
        painter.save()
        painting.antialiased(painter)
        area = QRect(option.rect)
        if row.kind is RowKind.HEADING:
            self._paint_heading(painter, area, row, index.row())
        elif row.kind is RowKind.HINT:
            if not self.is_rail:
                self._paint_hint(painter, area, row, index.row())
        elif not self.is_rail or _is_in_rail(row):
            self._paint_entry(painter, area, row, index.row(), option)
        painter.restore()

    def plus_rect(self, area: QRect) -> QRect:
        """Return where a heading's plus can be pressed."""
        side = max(24, theme.current().px(16) + 8)
        place = QRect(0, 0, side, side)
        place.moveRight(area.right() - OUTER + 1)
        place.moveTop(area.bottom() - side)
        return place

    @override
    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName("Name of the collection")
        editor.setMaxLength(255)
        return editor

    @override
    def updateEditorGeometry(
        self,
        editor: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        left = OUTER + INNER + theme.current().px(16)
        editor.setGeometry(QRect(option.rect).adjusted(left, -1, -OUTER, 1))

    @staticmethod
    def _parts_rail(index: QModelIndex | QPersistentModelIndex) -> bool:
        """Say whether a heading stands between two icons of the rail."""
        after = index.model().index(index.row() + 1, 0)
        row: Row = index.data(SidebarRole.ROW)
        following: Row | None = after.data(SidebarRole.ROW) if after.isValid() else None
        is_heading = row.kind is RowKind.HEADING and index.row() > 0
        return is_heading and following is not None and _is_in_rail(following)

    def _paint_heading(self, painter: QPainter, area: QRect, row: Row, number: int) -> None:
        look = theme.current()
        t = look.tokens
        if self.is_rail:
            if not area.isEmpty():
                middle = area.center().y()
                painter.fillRect(area.left() + 12, middle, area.width() - 24, 1, t.line_subtle)
            return
        words = QRectF(area).adjusted(OUTER + INNER, 0, -OUTER - INNER, 0)
        words.setTop(area.bottom() - look.height(28, "small", 6))
        if number == self.drop_row:
            ground = QRectF(
                area.left() + OUTER, words.top(), area.width() - 2 * OUTER, words.height()
            )
            painting.box(painter, ground, 6, t.accent_soft, t.accent_line, width=2)
        painting.text(painter, words, row.title, look.font("small_strong"), t.text_2)
        if row.add:
            spot = self.plus_rect(area)
            if number == self.hot_plus:
                painting.box(painter, spot, 6, t.hover)
            icons.paint(painter, spot, "plus", 14, t.text if number == self.hot_plus else t.text_2)

    def _paint_hint(self, painter: QPainter, area: QRect, row: Row, number: int) -> None:
        t = theme.current().tokens
        if number == self.drop_row:
            ground = area.adjusted(OUTER, 0, -OUTER, 0)
            painting.box(painter, ground, 6, t.accent_soft, t.accent_line, width=2)
        _, layout = _hint(row.title, area.width() - 2 * (OUTER + INNER))
        painter.setPen(t.text_2)
        layout.draw(painter, QPointF(area.left() + OUTER + INNER, area.top() + 4))

    def _paint_entry(
        self,
        painter: QPainter,
        area: QRect,
        row: Row,
        number: int,
        option: QStyleOptionViewItem,
    ) -> None:
        look = theme.current()
        t = look.tokens
        state = QStyle.StateFlag
        ground = area.adjusted(OUTER, 0, -OUTER, 0)
        flags: QStyle.StateFlag = option.state
        is_selected = bool(flags & state.State_Selected)
        is_hot = bool(flags & state.State_MouseOver)
        if number == self.drop_row:
            painting.box(painter, ground, 6, t.accent_soft, t.accent_line, width=2)
        elif is_selected:
            painting.box(painter, ground, 6, t.accent_soft)
        elif is_hot:
            painting.box(painter, ground, 6, t.hover)
        self._paint_focus(painter, ground, option)
        color = t.text if is_selected or is_hot else t.text_2
        side = look.px(16)
        spot = QRectF(ground.left() + INNER, ground.top(), side, ground.height())
        if self.is_rail:
            spot = QRectF(ground)
        if row.icon:
            icons.paint(painter, spot, row.icon, 16, t.accent_text if is_selected else color)
        else:
            painting.dot(painter, spot.center(), look.px(8), tag_color(row.title))
        if self.is_rail:
            return
        right = self._paint_right(painter, ground, row)
        words = QRectF(spot.right() + 8, ground.top(), 0, ground.height())
        words.setRight(max(words.left() + 8, right - 8))
        elide = Qt.TextElideMode.ElideMiddle
        painting.text(painter, words, row.title, look.font("body_strong"), color, elide=elide)

    def _paint_right(self, painter: QPainter, ground: QRect, row: Row) -> float:
        """Paint the count or the key; return where it begins."""
        look = theme.current()
        text = shortcut_text(row.key) if row.key else ""
        if row.count is not None:
            text = f"{row.count:,}"
        if not text:
            return ground.right() - INNER
        width = look.metrics("small").horizontalAdvance(text) + 1
        left = ground.right() + 1 - INNER - width
        area = QRectF(left, ground.top(), width, ground.height())
        painting.text(painter, area, text, look.font("small"), look.tokens.text_3)
        return float(left)

    def _paint_focus(self, painter: QPainter, ground: QRect, option: QStyleOptionViewItem) -> None:
        view = self.parent()
        is_here = bool(option.state & QStyle.StateFlag.State_HasFocus)
        if not is_here or not isinstance(view, QWidget) or not view.hasFocus():
            return
        if view.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange):
            t = theme.current().tokens
            painting.box(painter, ground, 6, None, t.focus, width=2)


class SidebarList(QListView):
    """The rows.

    Signals:
        chosen: the Target of an entry that was pressed or walked to.
        add_requested: the plus of a heading was pressed.
        menu_requested: a Target, and where on the screen.
        renamed: a Target and its new name.
        dropped: a Target, None for "make a new collection", and the keys of the items.
        rested: a Target that dragged items were held over for a moment: they want to go there.
        delete_requested: the Delete key on a Target.
        all_wanted: the keys for "select all"; they mean the pictures, and not these rows.
    """

    chosen = Signal(object)
    rested = Signal(object)
    add_requested = Signal()
    menu_requested = Signal(object, QPoint)
    renamed = Signal(object, str)
    dropped = Signal(object, object)
    delete_requested = Signal(object)
    all_wanted = Signal()

    def __init__(self, model: SidebarModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = model
        self.setModel(model)
        self._delegate = SidebarDelegate(self)
        self._delegate.commitData.connect(self._on_commit)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Library")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DropOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._bar = OverlayBar(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.viewport().setAutoFillBackground(False)
        self._renaming: Target | None = None
        self._under_drag: Target | None = None
        self._resting = QTimer(self, singleShot=True, interval=REST_MS)
        self._resting.timeout.connect(self._on_rested)
        theme.current().changed.connect(self.scheduleDelayedItemsLayout)

    def set_rail(self, is_rail: bool) -> None:
        if is_rail != self._delegate.is_rail:
            self._delegate.is_rail = is_rail
            self.scheduleDelayedItemsLayout()

    def set_current(self, target: Target | None) -> None:
        """Mark an entry as the one in front; ``chosen`` stays silent."""
        index = self.rows.find(target)
        if index.isValid():
            self.setCurrentIndex(index)
        else:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())

    def start_rename(self, target: Target) -> None:
        index = self.rows.find(target)
        if index.isValid():
            self._renaming = target
            self.scrollTo(index)
            self.edit(index)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        row = self.rows.row(index.row()) if index.isValid() else None
        if row is not None and row.kind is RowKind.HEADING:
            if row.add and self._is_on_plus(event.position(), index):
                self.add_requested.emit()
            event.accept()
            return
        if row is None or row.kind is RowKind.HINT:
            return
        if event.button() is Qt.MouseButton.LeftButton:
            self.setCurrentIndex(index)
            self.chosen.emit(row.target)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        row = self.rows.row(index.row()) if index.isValid() else None
        if row is not None and row.can_rename and row.target is not None:
            self.start_rename(row.target)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        hot = index.row() if index.isValid() and self._is_on_plus(event.position(), index) else -1
        if hot != self._delegate.hot_plus:
            self._delegate.hot_plus = hot
            self.viewport().update()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._delegate.hot_plus = -1
        self.viewport().update()

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            self._move(1)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        row = self.rows.row(self.currentIndex().row()) if self.currentIndex().isValid() else None
        target = row.target if row else None
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._move(1 if key is Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and target:
            self.chosen.emit(target)
        elif key is Qt.Key.Key_Delete and target and target.kind is TargetKind.COLLECTION:
            self.delete_requested.emit(target)
        elif key is Qt.Key.Key_F2 and row is not None and row.can_rename and target:
            self.start_rename(target)
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.all_wanted.emit()
        else:
            super().keyPressEvent(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos())
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
        row = self.rows.row(index.row()) if index.isValid() else None
        if row is not None and row.target is not None:
            self.menu_requested.emit(row.target, event.globalPos())

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(ITEMS_MIME):
            event.acceptProposedAction()

    @override
    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        row = self.rows.row(index.row()) if index.isValid() else None
        self._rest_over(row.target if row is not None else None)
        takes = row is not None and row.takes_drops and bool(keys_of(event.mimeData()))
        self._mark_drop(index.row() if takes else -1)
        if takes:
            event.acceptProposedAction()
        else:
            event.ignore()

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._rest_over(None)
        self._mark_drop(-1)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        self._rest_over(None)
        self._mark_drop(-1)
        index = self.indexAt(event.position().toPoint())
        row = self.rows.row(index.row()) if index.isValid() else None
        keys = keys_of(event.mimeData())
        if row is not None and row.takes_drops and keys:
            event.acceptProposedAction()
            self.dropped.emit(row.target, keys)

    def _rest_over(self, target: Target | None) -> None:
        if target == self._under_drag:
            return
        self._under_drag = target
        self._resting.stop()
        if target is not None:
            self._resting.start()

    def _on_rested(self) -> None:
        if self._under_drag is not None:
            self.rested.emit(self._under_drag)

    def _mark_drop(self, row: int) -> None:
        if row != self._delegate.drop_row:
            self._delegate.drop_row = row
            self.viewport().update()

    def _is_on_plus(self, point: QPointF, index: QModelIndex) -> bool:
        row = self.rows.row(index.row())
        if row is None or not row.add or self._delegate.is_rail:
            return False
        return self._delegate.plus_rect(self.visualRect(index)).contains(point.toPoint())

    def _move(self, step: int) -> None:
        number = self.currentIndex().row() + step
        while 0 <= number < self.rows.rowCount():
            row = self.rows.row(number)
            if row is not None and row.kind is RowKind.ENTRY:
                self.setCurrentIndex(self.rows.index(number))
                return
            number += step

    def _on_commit(self, editor: QWidget) -> None:
        target, self._renaming = self._renaming, None
        index = self.rows.find(target)
        if isinstance(editor, QLineEdit) and target is not None and index.isValid():
            name = editor.text().strip()
            if name and name != index.data():
                self.renamed.emit(target, name)


def _hint(words: str, width: int) -> tuple[int, QTextLayout]:
    look = theme.current()
    return painting.paragraph(words, look.font("small"), look.line("small"), width)


def _is_in_rail(row: Row) -> bool:
    return row.target is not None and row.target.kind in (TargetKind.SECTION, TargetKind.WORK)
