"""Who or what used most: a name, an amount, a part of the whole, and a bar."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.usage.cards import Skeleton
from scenario_desktop.ui.panels.usage.figures import Rank, Ranked
from scenario_desktop.ui.panels.usage.words import amount_text, percent_text
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.scroll import OverlayBar
from scenario_desktop.ui.widgets.surface import Card
from scenario_desktop.ui.widgets.tips import tip

_TITLES: Final = {Rank.MODELS: "Models", Rank.PEOPLE: "People", Rank.ACTIONS: "Actions"}
_NOTHING: Final = "Nothing in this range"
_ROW = int(Qt.ItemDataRole.UserRole)
_TOP = _ROW + 1
_BAR = 6
Index = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()


class _Rows(QStyledItemDelegate):
    """Two lines: words, and the bar."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, theme.current().line("small") + _BAR + 14)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(_ROW)
        look = theme.current()
        t = look.tokens
        painting.antialiased(painter)
        area = QRectF(option.rect)
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_MouseOver:
            painting.box(painter, area.adjusted(8, 0, -8, -2), 6, t.hover)
        if state & QStyle.StateFlag.State_HasFocus:
            painting.box(painter, area.adjusted(8, 0, -8, -2), 6, None, t.focus, width=2)
        inner = area.adjusted(16, 3, -16, 0)
        inner.setHeight(look.line("small") + 2)
        metrics, right = look.metrics("small"), Qt.AlignmentFlag.AlignRight
        part = metrics.horizontalAdvance("under 1 %" if row.share < 0.005 else "100 %") + 8
        amount = look.metrics("small_strong").horizontalAdvance(amount_text(row.amount)) + 12
        painting.text(painter, inner, percent_text(row.share), look.font("small"), t.text_3, right)
        figures = inner.adjusted(0, 0, -part, 0)
        font = look.font("small_strong")
        painting.text(painter, figures, amount_text(row.amount), font, t.text, right)
        words = figures.adjusted(0, 0, -amount, 0)
        middle = Qt.TextElideMode.ElideMiddle
        left = Qt.AlignmentFlag.AlignLeft
        painting.text(painter, words, row.name, look.font("small"), t.text, left, middle)
        trough = QRectF(inner.left(), inner.bottom() + 2, inner.width(), _BAR)
        painting.box(painter, trough, _BAR / 2, t.pressed)
        top = float(index.data(_TOP))
        share = float(row.amount) / top if top > 0 else 0.0
        width = max(0.0, min(1.0, share)) * trough.width()
        if width > 0:
            trough.setWidth(max(width, _BAR))
            painting.box(painter, trough, _BAR / 2, t.series[0])


class RankModel(QAbstractListModel):
    """Rows of a ranking."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Ranked, ...] = ()
        self._top = 0.0

    def set_rows(self, rows: Sequence[Ranked]) -> None:
        """Show others, the largest first."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self._top = max((float(row.amount) for row in rows), default=0.0)
        self.endResetModel()

    @override
    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.DisplayRole:
                return f"{row.name}: {amount_text(row.amount)} CU, {percent_text(row.share)}"
            case Qt.ItemDataRole.ToolTipRole:
                return tip("\n".join((row.name, row.note) if row.note else (row.name,)))
            case _ if role == _ROW:
                return row
            case _ if role == _TOP:
                return self._top
        return None


class _List(QListView):
    """Enter opens a row, as a click does.

    Signals:
        opened: the index of a row.
    """

    opened = Signal(object)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self.opened.emit(index)
        else:
            super().keyPressEvent(event)


class RankingCard(Card):
    """The list with its title, which chooses what is ranked.

    Signals:
        rank_chosen: a Rank.
        row_opened: the id of a row whose actions are to be listed.
    """

    rank_chosen = Signal(str)
    row_opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName("Ranking")
        self._rank = Rank.MODELS
        self._choose = Button(
            "Models, CU", kind=ButtonKind.GHOST, size=ButtonSize.SMALL, has_arrow=True
        )
        self._choose.clicked.connect(self._open_menu)
        self._count = PlainLabel("", "small", "text_3")
        self.list = _List()
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.model = RankModel(self)
        self.list.setModel(self.model)
        self.list.clicked.connect(self._on_opened)
        self.list.opened.connect(self._on_opened)
        self._bar = OverlayBar(self.list)
        self._blocks = Skeleton(height=120, lines=5)
        self._empty = PlainLabel(_NOTHING, "small", "text_2")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        head = QHBoxLayout()
        head.setContentsMargins(6, 8, 16, 2)
        head.addWidget(self._choose)
        head.addStretch(1)
        head.addWidget(self._count)
        blocks = QHBoxLayout()
        blocks.setContentsMargins(16, 4, 16, 12)
        blocks.addWidget(self._blocks)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 6)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        column.addLayout(blocks)
        column.addWidget(self._empty, 1)
        self.show_loading()

    def show_loading(self) -> None:
        self.list.hide()
        self._empty.hide()
        self._blocks.show()
        self._count.setText("")

    def show_rows(self, rank: Rank, rows: Sequence[Ranked], empty: str = _NOTHING) -> None:
        """Show a ranking, the largest first; where it has no rows, why."""
        self._empty.setText(empty)
        self._rank = rank
        title = f"{_TITLES[rank]}, CU"
        self._choose.setText(title)
        self._choose.updateGeometry()
        self._choose.setAccessibleName(f"Ranked: {title}. Choose another")
        self.list.setAccessibleName(title)
        self._blocks.hide()
        self.list.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        self._count.setText(f"{len(rows):,}" if rows else "")
        self.model.set_rows(rows)
        self.list.doItemsLayout()

    def _open_menu(self) -> None:
        menu = Menu(self, name="Ranked")
        for rank in Rank:
            menu.add(
                _TITLES[rank], partial(self.rank_chosen.emit, rank),
                is_checked=rank is self._rank,
            )  # fmt: skip
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._choose.mapToGlobal(self._choose.rect().bottomLeft()))

    def _on_opened(self, index: QModelIndex) -> None:
        self.row_opened.emit(index.data(_ROW).id)
