"""The rows of the sidebar, one flat list: headings, entries and hints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from scenario_desktop.items import LibraryCounts, Section
from scenario_desktop.ui.widgets.tips import tip

#: So many tags are listed; the rest is reached through search.
MAX_TAGS = 40


class TargetKind(StrEnum):
    """What an entry leads to."""

    SECTION = "section"
    WORK = "work"
    COLLECTION = "collection"
    TAG = "tag"
    SEARCH_TAGS = "search_tags"


@dataclass(frozen=True, slots=True)
class Target:
    """Where an entry leads: a section, a command, a collection's id, a tag."""

    kind: TargetKind
    id: str = ""


class RowKind(StrEnum):
    """How a row is drawn."""

    HEADING = "heading"
    ENTRY = "entry"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        count: shown at the right, None for nothing.
        key: the shortcut shown at the right.
        add: what a heading's plus does, in words; "" without one.
    """

    kind: RowKind
    title: str
    target: Target | None = None
    icon: str = ""
    count: int | None = None
    key: str = ""
    add: str = ""
    takes_drops: bool = False
    can_rename: bool = False


class SidebarRole(IntEnum):
    """Roles beyond Qt's."""

    ROW = Qt.ItemDataRole.UserRole + 1


SECTIONS: tuple[tuple[Section, str, str], ...] = (
    (Section.ALL, "All items", "images"),
    (Section.FAVOURITES, "Favourites", "heart"),
    (Section.CONTROL_MAPS, "Control maps", "scan-line"),
    (Section.CANVASES, "Canvases", "layers"),
    (Section.GENERATIONS, "Generations", "sparkles"),
    (Section.TRASH, "Trash", "trash-2"),
)
_DROP_SECTIONS = (Section.FAVOURITES, Section.TRASH)
#: All that there is of an account with Sartiq alone, which keeps neither trash nor tags.
_SARTIQ_SECTIONS = (Section.ALL, Section.FAVOURITES, Section.GENERATIONS)


@dataclass(frozen=True, slots=True)
class Work:
    """An entry under "Work": a command's id, its name, icon and key.

    Attributes:
        needs_scenario: nobody but Scenario does it.
    """

    command_id: str
    title: str
    icon: str
    key: str
    needs_scenario: bool = False


def rows_of(
    counts: LibraryCounts, works: Sequence[Work], *, has_scenario: bool = True
) -> list[Row]:
    """Return all rows for these figures.

    Args:
        has_scenario: the workspace has that service; without it there is less to go to.
    """
    rows = [Row(RowKind.HEADING, "Library")]
    for section, title, icon in SECTIONS:
        if not has_scenario and section not in _SARTIQ_SECTIONS:
            continue
        rows.append(
            Row(
                RowKind.ENTRY,
                title,
                Target(TargetKind.SECTION, section.value),
                icon,
                counts.sections.get(section) or None,
                takes_drops=section in _DROP_SECTIONS,
            )
        )
    works = [work for work in works if has_scenario or not work.needs_scenario]
    if works:
        rows.append(Row(RowKind.HEADING, "Work"))
        rows += [
            Row(RowKind.ENTRY, w.title, Target(TargetKind.WORK, w.command_id), w.icon, key=w.key)
            for w in works
        ]
    return [*rows, *_groups(counts)] if has_scenario else rows


def _groups(counts: LibraryCounts) -> list[Row]:
    """Return the rows of collections and tags."""
    rows: list[Row] = []
    rows.append(Row(RowKind.HEADING, "Collections", add="New collection", takes_drops=True))
    for collection in counts.collections:
        target = Target(TargetKind.COLLECTION, collection.id)
        rows.append(
            Row(
                RowKind.ENTRY,
                collection.name,
                target,
                "folder",
                collection.count,
                takes_drops=True,
                can_rename=True,
            )
        )
    if not counts.collections:
        text = "Group pictures by project, brief or review. Drag pictures here to start one."
        rows.append(Row(RowKind.HINT, text, takes_drops=True))
    rows.append(Row(RowKind.HEADING, "Tags"))
    for tag in counts.tags[:MAX_TAGS]:
        target = Target(TargetKind.TAG, tag.name)
        rows.append(Row(RowKind.ENTRY, tag.name, target, count=tag.count, takes_drops=True))
    if len(counts.tags) > MAX_TAGS:
        more = len(counts.tags) - MAX_TAGS
        target = Target(TargetKind.SEARCH_TAGS)
        rows.append(Row(RowKind.ENTRY, f"{more:,} more tags…", target, "search"))
    if not counts.tags:
        rows.append(Row(RowKind.HINT, "Tags you add appear here with their counts."))
    return rows


class SidebarModel(QAbstractListModel):
    """The rows, changed one by one, so that selection and scroll position survive."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    def set_rows(self, rows: Sequence[Row]) -> None:
        old, new = self._rows, list(rows)
        first = 0
        while first < min(len(old), len(new)) and _is_same(old[first], new[first]):
            first += 1
        last = 0
        while last < min(len(old), len(new)) - first and _is_same(old[-1 - last], new[-1 - last]):
            last += 1
        gone, come = len(old) - first - last, len(new) - first - last
        if gone:
            self.beginRemoveRows(QModelIndex(), first, first + gone - 1)
            self._rows = old[:first] + old[len(old) - last :]
            self.endRemoveRows()
        if come:
            self.beginInsertRows(QModelIndex(), first, first + come - 1)
            self._rows = new
            self.endInsertRows()
        self._rows = new
        if new:
            self.dataChanged.emit(self.index(0), self.index(len(new) - 1))

    def row(self, index: int) -> Row | None:
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def find(self, target: Target | None) -> QModelIndex:
        for number, row in enumerate(self._rows):
            if row.target is not None and row.target == target:
                return self.index(number)
        return QModelIndex()

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        row = self.row(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.title if row.count is None else f"{row.title}, {row.count:,} items"
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(row.title, row.key) if row.kind is RowKind.ENTRY else None
        return row if role == SidebarRole.ROW else None

    @override
    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        row = self.row(index.row()) if index.isValid() else None
        flags = Qt.ItemFlag.NoItemFlags
        if row is None:
            return flags
        if row.kind is RowKind.ENTRY:
            flags |= Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if row.takes_drops:
            flags |= Qt.ItemFlag.ItemIsDropEnabled | Qt.ItemFlag.ItemIsEnabled
        if row.can_rename:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags


def _is_same(a: Row, b: Row) -> bool:
    """Say whether two rows stand for the same thing, whatever their figures."""
    return (
        a.kind is b.kind and a.target == b.target and (a.target is not None or a.title == b.title)
    )
