"""The grid as assistive tools see it: a list, and the cells in view as its entries.

Cells are painted, not widgets, so nothing would be told of them otherwise. Only what is in view has
an entry: a tool that walks through a million would make a million objects.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface, QColor, QWindow
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from scenario_desktop.ui.panels.gallery.grid import GridView
from scenario_desktop.ui.panels.gallery.words import Corner, about_text, badges, lock_text

_INSTALLED = "gallery_accessible"
#: The stubs forget that there may be none; Qt asks for a null pointer.
NOBODY = cast("QAccessibleInterface", None)


def install() -> None:
    """Make assistive tools see every grid of this application. May be called again."""
    app = QApplication.instance()
    if app is not None and not app.property(_INSTALLED):
        app.setProperty(_INSTALLED, True)
        QAccessible.installFactory(_make)


def _make(_class_name: str, watched: QObject) -> QAccessibleInterface | None:
    return GridInterface(watched) if isinstance(watched, GridView) else None


class GridInterface(QAccessibleInterface):
    """A list of the cells in view. Its entries are made once and stand for places, not items:
    Qt keeps pointers to them, so none may go while the grid lives.
    """

    def __init__(self, grid: GridView) -> None:
        super().__init__()
        self._grid = grid
        self._cells: list[CellInterface] = []
        grid.current_changed.connect(self._on_current_changed)

    @override
    def isValid(self) -> bool:
        return True

    @override
    def object(self) -> QObject:
        return self._grid

    @override
    def window(self) -> QWindow:
        return self._grid.window().windowHandle()

    @override
    def parent(self) -> QAccessibleInterface:
        parent = self._grid.parentWidget()
        return QAccessible.queryAccessibleInterface(parent) if parent is not None else NOBODY

    @override
    def childCount(self) -> int:
        return len(self._grid.cells_in_view())

    @override
    def child(self, index: int) -> QAccessibleInterface:
        if not 0 <= index < self.childCount():
            return NOBODY
        while len(self._cells) <= index:
            self._cells.append(CellInterface(self, self._grid, len(self._cells)))
        return self._cells[index]

    @override
    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        for slot, (_, area) in enumerate(self._grid.cells_in_view()):
            if area.contains(x, y):
                return self.child(slot)
        return NOBODY

    @override
    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return child.slot if isinstance(child, CellInterface) else -1

    @override
    def focusChild(self) -> QAccessibleInterface:
        current = self._grid.selection.current
        for slot, (key, _) in enumerate(self._grid.cells_in_view()):
            if key == current:
                return self.child(slot)
        return NOBODY

    @override
    def text(self, kind: QAccessible.Text) -> str:
        if kind == QAccessible.Text.Name:
            return self._grid.accessibleName()
        if kind == QAccessible.Text.Description:
            return self._grid.accessibleDescription()
        return ""

    @override
    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Nothing here can be written."""

    @override
    def rect(self) -> QRect:
        view = self._grid.viewport()
        return QRect(view.mapToGlobal(view.rect().topLeft()), view.size())

    @override
    def role(self) -> QAccessible.Role:
        return QAccessible.Role.List

    @override
    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.focusable = True
        state.focused = self._grid.hasFocus()
        state.multiSelectable = True
        return state

    @override
    def foregroundColor(self) -> QColor:
        return self._grid.palette().windowText().color()

    @override
    def backgroundColor(self) -> QColor:
        return self._grid.palette().window().color()

    def _on_current_changed(self, key: int | None) -> None:
        if not QAccessible.isActive() or key is None or not self._grid.hasFocus():
            return
        for slot, (shown, _) in enumerate(self._grid.cells_in_view()):
            if shown == key:
                event = QAccessibleEvent(self._grid, QAccessible.Event.Focus)
                event.setChild(slot)
                QAccessible.updateAccessibility(event)


class CellInterface(QAccessibleInterface):
    """What stands at one place of the view at this moment."""

    def __init__(self, owner: GridInterface, grid: GridView, slot: int) -> None:
        super().__init__()
        self._owner, self._grid, self.slot = owner, grid, slot

    def _cell(self) -> tuple[int, QRect]:
        cells = self._grid.cells_in_view()
        return cells[self.slot] if self.slot < len(cells) else (0, QRect())

    @override
    def isValid(self) -> bool:
        return self._cell()[0] != 0

    @override
    def object(self) -> QObject:
        return cast("QObject", None)

    @override
    def parent(self) -> QAccessibleInterface:
        return self._owner

    @override
    def childCount(self) -> int:
        return 0

    @override
    def child(self, index: int) -> QAccessibleInterface:
        return NOBODY

    @override
    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        return NOBODY

    @override
    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    @override
    def text(self, kind: QAccessible.Text) -> str:
        if kind != QAccessible.Text.Name:
            return ""
        key = self._cell()[0]
        work = self._grid.work_of(key)
        if work is not None:
            return f"{work.title}, {'failed' if self._grid.is_failed(key) else 'in work'}"
        item = self._grid.item_of(key)
        if item is None:
            return "Loading"
        now, locks = datetime.now(UTC), self._grid.locks
        signs = [
            badge.words
            for corner, badge in badges(item, now, locks).items()
            if badge.words and corner is not Corner.MARK
        ]
        about = about_text(item)
        signs = [about] if about else signs
        lock = lock_text(item, now, locks)
        marks = [lock] if lock else []
        marks += ["favourite"] if item.is_favourite else []
        return ", ".join([item.name or "Without a name", *signs, *marks])

    @override
    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Names are changed in the inspector."""

    @override
    def rect(self) -> QRect:
        return self._cell()[1]

    @override
    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    @override
    def state(self) -> QAccessible.State:
        key = self._cell()[0]
        state = QAccessible.State()
        state.invalid = key == 0
        state.selectable = key > 0
        state.selected = key in self._grid.selection
        state.focusable = key > 0
        state.focused = key == self._grid.selection.current and self._grid.hasFocus()
        return state
