"""A choice of one among many, opened as a list."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.popover import Popover

#: With more entries than this, typing filters them.
FILTER_ABOVE = 8
MAX_ROWS = 9
PADDING = 8


class _Rows(QStyledItemDelegate):
    """Rows of 32 pixels with a check at the chosen one."""

    def __init__(self, combo: QComboBox, parent: QObject) -> None:
        super().__init__(parent)
        self._combo = combo

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(80, theme.current().height(32, "body", 6))

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        look = theme.current()
        t = look.tokens
        painting.antialiased(painter)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painting.box(painter, area, 6, t.accent_soft)
        words = QRectF(area).adjusted(PADDING, 0, -PADDING - look.px(20), 0)
        text = str(index.data(Qt.ItemDataRole.DisplayRole))
        painting.text(painter, words, text, look.font("body"), t.text)
        if index.data(Qt.ItemDataRole.UserRole) == self._combo.currentIndex():
            side = look.px(16)
            spot = QRectF(area.right() - PADDING - side, area.top(), side, area.height())
            icons.paint(painter, spot, "check", 14, t.accent_text)


class Combo(QComboBox):
    """A combo box whose list opens in the window; ``activated`` tells the user's choice."""

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._popover: Popover | None = None
        self._rows: QListWidget | None = None
        self._filter: QLineEdit | None = None
        theme.current().changed.connect(self.updateGeometry)

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        metrics = look.metrics("body")
        texts = [metrics.horizontalAdvance(self.itemText(i)) for i in range(self.count())]
        width = max(texts, default=60) + 2 * PADDING + look.px(14) + 12
        return QSize(min(width, look.px(320)), look.height(32, "body", 6))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(72), self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        is_hot = self.underMouse() and self.isEnabled()
        line = t.edge if self.isEnabled() else t.line
        painting.box(painter, self.rect(), 6, t.hover_raised if is_hot else t.raised, line)
        side = look.px(14)
        words = QRectF(self.rect()).adjusted(PADDING, 0, -PADDING - side - 4, 0)
        color = t.text if self.isEnabled() else t.text_disabled
        text = self.currentText() or self.placeholderText()
        if not self.currentText():
            color = t.text_3
        painting.text(painter, words, text, look.font("body"), color)
        spot = QRectF(self.width() - PADDING - side, 0, side, self.height())
        icons.paint(painter, spot, "chevron-down", 14, t.text_2 if self.isEnabled() else color)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    @override
    def showPopup(self) -> None:
        popover = Popover(self)
        rows = QListWidget()
        rows.setAccessibleName(self.accessibleName())
        rows.setItemDelegate(_Rows(self, rows))
        rows.setMouseTracking(True)
        rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows.itemClicked.connect(self._on_row)
        rows.itemActivated.connect(self._on_row)
        rows.itemEntered.connect(rows.setCurrentItem)
        self._rows, self._popover = rows, popover
        if self.count() > FILTER_ABOVE:
            self._filter = QLineEdit()
            self._filter.setPlaceholderText("Filter")
            self._filter.setAccessibleName(f"Filter {self.accessibleName()}")
            self._filter.textChanged.connect(self._fill)
            self._filter.installEventFilter(self)
            popover.body.addWidget(self._filter)
            popover.body.addSpacing(4)
        popover.body.addWidget(rows)
        height = theme.current().height(32, "body", 6)
        rows.setFixedHeight(height * min(MAX_ROWS, max(1, self.count())))
        self._fill("")
        popover.closed.connect(self._on_closed)
        popover.open(width=max(self.width(), self.sizeHint().width()))

    @override
    def hidePopup(self) -> None:
        if self._popover is not None:
            self._popover.close_popover()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows and Enter of the filter field reach the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._rows:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                row = self._rows.currentRow() + step
                self._rows.setCurrentRow(min(max(0, row), self._rows.count() - 1))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self._rows.currentItem()
                if item is not None:
                    self._on_row(item)
                return True
        return False

    def _fill(self, part: str) -> None:
        if self._rows is None:
            return
        self._rows.clear()
        for index in range(self.count()):
            if part.strip().casefold() not in self.itemText(index).casefold():
                continue
            item = QListWidgetItem(self.itemText(index))
            item.setData(Qt.ItemDataRole.UserRole, index)
            self._rows.addItem(item)
            if index == self.currentIndex():
                self._rows.setCurrentItem(item)
        if self._rows.currentRow() < 0:
            self._rows.setCurrentRow(0)

    def _on_row(self, item: QListWidgetItem) -> None:
        index = int(item.data(Qt.ItemDataRole.UserRole))
        self.hidePopup()
        self.setCurrentIndex(index)
        self.activated.emit(index)

    def _on_closed(self) -> None:
        if self._popover is not None:
            self._popover.deleteLater()
        self._popover = self._rows = self._filter = None
        self.update()
