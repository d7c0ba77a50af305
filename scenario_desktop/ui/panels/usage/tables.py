"""The page's tables: rows are chosen, copied and opened by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
PAD: Final = 8
#: So many rows are copied at once.
MOST_COPIED: Final = 10_000
#: A colour's token name for the text of a cell.
TONE_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 40
#: What a column is sorted by.
SORT_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 41


class RowDelegate(QStyledItemDelegate):
    """Rows of 32 pixels with a line below, without a grid."""

    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self.hovered = -1

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        self.paint_ground(painter, option, index)
        self.paint_text(painter, QRectF(option.rect), index)

    def paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        t = theme.current().tokens
        area = QRectF(option.rect)
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, t.accent_soft)
        elif index.row() == self.hovered:
            painter.fillRect(area, t.hover)
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), t.line_subtle)

    def paint_text(self, painter: QPainter, area: QRectF, index: Index) -> None:
        look = theme.current()
        words = index.data(Qt.ItemDataRole.DisplayRole)
        if not words:
            return
        tone = index.data(TONE_ROLE) or "text"
        flag = Qt.AlignmentFlag(int(index.data(Qt.ItemDataRole.TextAlignmentRole) or 1))
        color = look.tokens.named(tone)
        inner = area.adjusted(PAD, 0, -PAD, -1)
        side = flag & Qt.AlignmentFlag.AlignHorizontal_Mask
        painting.text(painter, inner, str(words), look.font("small"), color, side)


class DataTable(QTableView):
    """A table of rows.

    Signals:
        opened: the index of a row that was double-clicked, or on which Enter was pressed.
    """

    opened = Signal(object)

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widths: tuple[int, ...] = ()
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.delegate = RowDelegate(self)
        self.setItemDelegate(self.delegate)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setTextElideMode(Qt.TextElideMode.ElideRight)
        head.setMinimumSectionSize(40)
        self.doubleClicked.connect(self._on_double)
        theme.current().changed.connect(self._fit)
        self._fit()

    def set_delegate(self, delegate: RowDelegate) -> None:
        self.delegate = delegate
        self.setItemDelegate(delegate)

    def set_widths(self, widths: Sequence[int]) -> None:
        """Give columns their widths at 100 %; 0 takes what is left, equally."""
        self._widths = tuple(widths)
        head, look = self.horizontalHeader(), theme.current()
        for column, width in enumerate(widths):
            mode = QHeaderView.ResizeMode.Interactive if width else QHeaderView.ResizeMode.Stretch
            head.setSectionResizeMode(column, mode)
            if width:
                head.resizeSection(column, look.px(width))

    def copy(self) -> None:
        """Put the chosen rows on the clipboard, as a spreadsheet takes them."""
        model, chosen = self.model(), self.selectionModel()
        if model is None or chosen is None:
            return
        rows: list[int] = []
        ranges = chosen.selection()
        for span in (ranges.at(number) for number in range(ranges.count())):
            rows += range(span.top(), min(span.bottom() + 1, span.top() + MOST_COPIED - len(rows)))
        columns = range(model.columnCount())
        role, flat = Qt.ItemDataRole.DisplayRole, Qt.Orientation.Horizontal
        lines = ["\t".join(str(model.headerData(c, flat, role)) for c in columns)]
        for row in sorted(set(rows)):
            cells = (model.index(row, column).data(role) for column in columns)
            lines.append("\t".join(_cell(cell) for cell in cells))
        if len(lines) > 1:
            QGuiApplication.clipboard().setText("\n".join(lines) + "\n")

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current.isValid():
            self.opened.emit(current)
        else:
            super().keyPressEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()).row())

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def _on_double(self, index: QModelIndex) -> None:
        self.opened.emit(index)

    def _hover(self, row: int) -> None:
        before, self.delegate.hovered = self.delegate.hovered, row
        for one in {before, row} - {-1} if before != row else ():
            self.viewport().update(
                0, self.rowViewportPosition(one), self.viewport().width(), self.rowHeight(one)
            )

    def _fit(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme.current().height(32, "small", 6))
        if self._widths:
            self.set_widths(self._widths)


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


class ListModel(QAbstractTableModel):
    """Rows of plain values that are sorted here; the last of them may stay at the end.

    A cell is (text, what it is sorted by, tone).
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._heads: tuple[str, ...] = ()
        self._right: frozenset[int] = frozenset()
        self._rows: list[tuple[Any, tuple[Cell, ...]]] = []
        self._tail: tuple[Any, tuple[Cell, ...]] | None = None
        self._order: tuple[int, Qt.SortOrder] | None = None

    def set_rows(
        self,
        heads: Sequence[str],
        rows: Sequence[tuple[Any, tuple[Cell, ...]]],
        *,
        right: Sequence[int] = (),
        tail: tuple[Any, tuple[Cell, ...]] | None = None,
    ) -> None:
        """Show other rows: what each stands for, and its cells.

        Args:
            right: columns of numbers.
            tail: a row that stays last, such as a sum.
        """
        self.beginResetModel()
        self._heads, self._rows, self._tail = tuple(heads), list(rows), tail
        self._right = frozenset(right)
        if self._order is not None and self._order[0] < len(heads):
            self._sort(*self._order)
        self.endResetModel()

    def value_at(self, index: Index) -> Any:
        """Return what a row stands for."""
        return self._row(index.row())[0] if index.isValid() else None

    def _row(self, number: int) -> tuple[Any, tuple[Cell, ...]]:
        if number < len(self._rows) or self._tail is None:
            return self._rows[number]
        return self._tail

    @override
    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows) + (self._tail is not None)

    @override
    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._heads)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal or section >= len(self._heads):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._heads[section]
        return self._side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        cell = self._row(index.row())[1][index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return cell[0]
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._side(index.column())
            case _ if role == TONE_ROLE:
                return cell[2]
            case _ if role == SORT_ROLE:
                return cell[1]
        return None

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if not 0 <= column < len(self._heads):
            return
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        moved = [self._rows[i.row()] if i.row() < len(self._rows) else None for i in kept]
        self._order = (column, order)
        self._sort(column, order)
        places = {id(row): number for number, row in enumerate(self._rows)}
        fresh = [
            i if row is None else self.index(places[id(row)], i.column())
            for i, row in zip(kept, moved, strict=True)
        ]
        self.changePersistentIndexList(kept, fresh)
        self.layoutChanged.emit()

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        is_down = order is Qt.SortOrder.DescendingOrder
        known = [row for row in self._rows if row[1][column][1] is not None]
        gaps = [row for row in self._rows if row[1][column][1] is None]
        known.sort(key=lambda row: row[1][column][1], reverse=is_down)
        self._rows = known + gaps  # what is unknown is neither small nor large

    def _side(self, column: int) -> int:
        flags = Qt.AlignmentFlag
        side = flags.AlignRight if column in self._right else flags.AlignLeft
        return int(side | flags.AlignVCenter)


Cell = tuple[str, Any, str]


def cell(text: str, key: Any = None, tone: str = "") -> Cell:
    """Return a cell; without a key it is sorted by its text."""
    return text, text if key is None else key, tone


def amount_cell(value: Decimal | None, text: Callable[[Decimal], str], tone: str = "") -> Cell:
    """Return a cell with an amount; one that is unknown is empty, and sorted last."""
    return ("", None, tone) if value is None else (text(value), value, tone)
