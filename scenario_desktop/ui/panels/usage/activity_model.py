"""The list of actions as an item model. It asks for rows when they are looked at, and holds few."""

from __future__ import annotations

from datetime import datetime, tzinfo
from enum import IntEnum
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from scenario_desktop.services.usage.activity import ActivityBook, ActivityRow, action_text
from scenario_desktop.ui.panels.usage.words import ACTIONS, amount_text

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()


class ActivityColumn(IntEnum):
    """The columns, in their order."""

    TIME = 0
    PERSON = 1
    ACTION = 2
    PICTURE = 3
    MODEL = 4
    NOTE = 5
    COST = 6


HEADS: Final = ("Time", "Person", "Action", "Picture", "Model", "Note", "Cost, CU")


class ActivityRole(IntEnum):
    """Roles beyond Qt's own."""

    ROW = Qt.ItemDataRole.UserRole + 1


class ActivityModel(QAbstractTableModel):
    """Shows a book; without one it is empty. Rows that are not held read as "…" until they are."""

    def __init__(self, zone: tzinfo, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._zone = zone
        self._book: ActivityBook | None = None
        self._count = 0

    @property
    def book(self) -> ActivityBook | None:
        return self._book

    def set_book(self, book: ActivityBook | None) -> None:
        """Show another book; closing the former one is its owner's part."""
        if self._book is not None:
            self._book.grown.disconnect(self._on_grown)
            self._book.loaded.disconnect(self._on_loaded)
        self.beginResetModel()
        self._book = book
        self._count = book.count if book is not None else 0
        self.endResetModel()
        if book is not None:
            book.grown.connect(self._on_grown)
            book.loaded.connect(self._on_loaded)

    def row_at(self, index: Index) -> ActivityRow | None:
        """Return the action of a row, None while it is not held."""
        if self._book is None or not index.isValid():
            return None
        return self._book.row(index.row())

    # Qt

    @override
    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else self._count

    @override
    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(ActivityColumn)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._book is None or not index.isValid():
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                row = self._book.row(index.row())
                if row is None:
                    return "…" if index.column() == ActivityColumn.TIME else ""
                return self._text(row, ActivityColumn(index.column()))
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(index.column())
            case ActivityRole.ROW:
                return self._book.row(index.row())
        return None

    @override
    def canFetchMore(self, parent: Index) -> bool:
        return self._book is not None and not self._book.is_all and not self._book.is_reading

    @override
    def fetchMore(self, parent: Index) -> None:
        if self._book is not None:
            self._book.more()

    def _text(self, row: ActivityRow, column: ActivityColumn) -> str:
        match column:
            case ActivityColumn.TIME:
                return self._time(row.activity.time)
            case ActivityColumn.PERSON:
                return row.user
            case ActivityColumn.ACTION:
                return action_text(row.activity.action, ACTIONS)
            case ActivityColumn.PICTURE:
                return row.asset_name
            case ActivityColumn.MODEL:
                return row.model
            case ActivityColumn.NOTE:
                return row.note
            case ActivityColumn.COST:
                cost = row.activity.creative_units_cost
                return "" if cost is None else amount_text(cost, places=3)

    def _time(self, at: datetime) -> str:
        local = at.astimezone(self._zone)
        today = datetime.now(self._zone).date()
        return (
            f"{local:%H:%M}" if local.date() == today else f"{local.day} {local:%b}, {local:%H:%M}"
        )

    def _on_grown(self, count: int) -> None:
        if count > self._count:
            self.beginInsertRows(_NO_PARENT, self._count, count - 1)
            self._count = count
            self.endInsertRows()

    def _on_loaded(self, first: int, count: int) -> None:
        last = min(first + count, self._count) - 1
        if last >= first:
            self.dataChanged.emit(
                self.index(first, 0), self.index(last, len(ActivityColumn) - 1),
                [Qt.ItemDataRole.DisplayRole, ActivityRole.ROW],
            )  # fmt: skip


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft
    if column == ActivityColumn.COST:
        side = Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
