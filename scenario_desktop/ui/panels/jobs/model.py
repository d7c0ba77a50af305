"""The rows of the jobs list as an item model. Rows come and go one by one, never by a reset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from scenario_desktop.services.job_views import JobView
from scenario_desktop.ui.panels.jobs.rows import spoken

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()


class JobRole(IntEnum):
    """Roles beyond Qt's own."""

    VIEW = Qt.ItemDataRole.UserRole + 1


class JobsModel(QAbstractListModel):
    """Holds views in the order in which they are shown."""

    def __init__(self, now: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self._views: list[JobView] = []

    @property
    def views(self) -> Sequence[JobView]:
        return self._views

    def view_at(self, index: Index) -> JobView | None:
        row = index.row()
        return self._views[row] if index.isValid() and row < len(self._views) else None

    def index_of(self, row_id: str) -> QModelIndex:
        """Return where a job stands; an invalid index when it is not shown."""
        for row, view in enumerate(self._views):
            if view.id == row_id:
                return self.index(row)
        return QModelIndex()

    def set_views(self, views: Sequence[JobView]) -> None:
        """Show these rows, telling of exactly what differs.

        Rows that stay keep their order among each other: the list is ordered by creation.
        """
        wanted = {view.id for view in views}
        for row in range(len(self._views) - 1, -1, -1):
            if self._views[row].id not in wanted:
                self.beginRemoveRows(_NO_PARENT, row, row)
                del self._views[row]
                self.endRemoveRows()
        for row, view in enumerate(views):
            if row < len(self._views) and self._views[row].id == view.id:
                if self._views[row] is not view and self._views[row] != view:
                    self._views[row] = view
                    self.dataChanged.emit(self.index(row), self.index(row))
                continue
            self.beginInsertRows(_NO_PARENT, row, row)
            self._views.insert(row, view)
            self.endInsertRows()

    @override
    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._views)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        view = self.view_at(index)
        if view is None:
            return None
        if role == JobRole.VIEW:
            return view
        if role == Qt.ItemDataRole.DisplayRole:
            return view.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(view, self._now())
        return None
