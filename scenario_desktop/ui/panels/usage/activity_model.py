"""The list of actions as an item model. It asks for rows when they are looked at, and holds few."""

from __future__ import annotations

from datetime import datetime, tzinfo
from enum import IntEnum
from typing import Any, Final, Protocol

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from typing_extensions import override

from scenario_desktop.errors import AppError
from scenario_desktop.services.usage.activity import ActivityBook, ActivityRow, action_text
from scenario_desktop.ui.panels.usage.tables import TONE_ROLE
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
    TAIL = Qt.ItemDataRole.UserRole + 2


class KnowsNames(Protocol):
    """Tells what pictures of the library are called."""

    def name_of(self, asset_id: str) -> str: ...


class ActivityModel(QAbstractTableModel):
    """Shows a book; without one it is empty. Rows that are not held read as "…" until they are.

    One row more says how the list goes on: it is being read, this is its end, or why it stops.
    """

    def __init__(self, zone: tzinfo, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.zone = zone
        self.names: KnowsNames | None = None
        self._book: ActivityBook | None = None
        self._count = 0
        self._error: AppError | None = None
        self._today = datetime.now(zone).date()

    @property
    def book(self) -> ActivityBook | None:
        return self._book

    def set_book(self, book: ActivityBook | None) -> None:
        """Show another book; closing the former one is its owner's part."""
        if self._book is not None:
            self._book.grown.disconnect(self._on_grown)
            self._book.loaded.disconnect(self._on_loaded)
            self._book.failed.disconnect(self._on_failed)
        self.beginResetModel()
        self._book = book
        self._error = None
        self._today = datetime.now(self.zone).date()
        self._count = book.count if book is not None else 0
        self.endResetModel()
        if book is not None:
            book.grown.connect(self._on_grown)
            book.loaded.connect(self._on_loaded)
            book.failed.connect(self._on_failed)

    @property
    def count(self) -> int:
        """Actions that are known, without the row that says how the list goes on."""
        return self._count

    @property
    def error(self) -> AppError | None:
        """Why reading stopped; None while it goes on."""
        return self._error

    def is_tail(self, row: int) -> bool:
        """Whether a row is no action, but says how the list goes on."""
        return self._book is not None and row == self._count

    def tail_text(self) -> str:
        """Return what the last row says."""
        if self._book is None:
            return ""
        if self._error is not None:
            return f"{self._error.message} Press Enter or click to try again."
        if not self._book.is_all:
            return "Loading…"
        if self._count:
            return "That is all"
        if self._book.filter.is_empty:
            return "Nothing was done in this time"
        return "Nothing fits the filter"

    def read_on(self) -> None:
        """Read further, also after a failure."""
        if self._book is not None:
            self._error = None
            self._book.more()
            self._tell_tail()

    def refresh_names(self) -> None:
        """Show names and pictures that are known only now."""
        if self._count:
            column = int(ActivityColumn.PICTURE)
            self.dataChanged.emit(self.index(0, column), self.index(self._count - 1, column))

    def row_at(self, index: Index) -> ActivityRow | None:
        """Return the action of a row, None while it is not held."""
        if self._book is None or not index.isValid() or self.is_tail(index.row()):
            return None
        return self._book.row(index.row())

    # Qt

    @override
    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() or self._book is None else self._count + 1

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
        if self.is_tail(index.row()):
            is_text = role in (
                Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, ActivityRole.TAIL
            )  # fmt: skip
            is_first = index.column() == 0 or role == ActivityRole.TAIL
            return self.tail_text() if is_text and is_first else None
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
            case _ if role == TONE_ROLE:
                return _TONES.get(index.column(), "text")
        return None

    @override
    def canFetchMore(self, parent: Index) -> bool:
        if self._book is None or self._error is not None:
            return False
        return not self._book.is_all and not self._book.is_reading

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
                return self._picture(row)
            case ActivityColumn.MODEL:
                return row.model
            case ActivityColumn.NOTE:
                return row.note
            case ActivityColumn.COST:
                cost = row.activity.creative_units_cost
                return "" if cost is None else amount_text(cost, places=3)

    def _time(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        if local.date() == self._today:
            return f"{local:%H:%M}"
        year = "" if local.year == self._today.year else f" {local.year}"
        return f"{local.day} {local:%b}{year}, {local:%H:%M}"

    def _picture(self, row: ActivityRow) -> str:
        asset_id = row.activity.data.asset_id
        if not asset_id or row.asset_name != asset_id or self.names is None:
            return row.asset_name
        return self.names.name_of(asset_id) or asset_id

    def _on_grown(self, count: int) -> None:
        if count > self._count:
            self.beginInsertRows(_NO_PARENT, self._count, count - 1)
            self._count = count
            self.endInsertRows()
        self._tell_tail()

    def _on_failed(self, error: AppError) -> None:
        self._error = error
        self._tell_tail()

    def _tell_tail(self) -> None:
        last = len(ActivityColumn) - 1
        self.dataChanged.emit(self.index(self._count, 0), self.index(self._count, last))

    def _on_loaded(self, first: int, count: int) -> None:
        last = min(first + count, self._count) - 1
        if last >= first:
            self.dataChanged.emit(
                self.index(first, 0), self.index(last, len(ActivityColumn) - 1),
                [Qt.ItemDataRole.DisplayRole, ActivityRole.ROW],
            )  # fmt: skip


#: Colours of the cells' text that are not the first level.
_TONES: Final = {
    int(ActivityColumn.TIME): "text_2", int(ActivityColumn.MODEL): "text_2",
    int(ActivityColumn.NOTE): "danger",
}  # fmt: skip


def _alignment(column: int) -> int:
    side = Qt.AlignmentFlag.AlignLeft
    if column == ActivityColumn.COST:
        side = Qt.AlignmentFlag.AlignRight
    return int(side | Qt.AlignmentFlag.AlignVCenter)
