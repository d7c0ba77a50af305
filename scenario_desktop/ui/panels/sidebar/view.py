"""The sidebar as it is seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.items import LibraryCounts
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.sidebar.model import SidebarModel, Target, TargetKind, Work, rows_of
from scenario_desktop.ui.panels.sidebar.rows import SidebarList
from scenario_desktop.ui.widgets.buttons import IconButton
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.popover import Popover
from scenario_desktop.ui.widgets.progress import ProgressBar
from scenario_desktop.ui.widgets.surface import Surface
from scenario_desktop.ui.widgets.tips import set_tip


class _Ends(QWidget):
    """Two labels at the ends of a line; one over the other where they do not fit."""

    def __init__(self, left: PlainLabel, right: PlainLabel) -> None:
        super().__init__()
        self._parts = (left, right)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(left)
        self._row.addWidget(right, 1)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        wished = sum(part.sizeHint().width() for part in self._parts) + 8
        fits = wished <= self.width()
        directions = QBoxLayout.Direction
        self._row.setDirection(directions.LeftToRight if fits else directions.TopToBottom)
        sides = Qt.AlignmentFlag.AlignRight if fits else Qt.AlignmentFlag.AlignLeft
        self._parts[1].setAlignment(sides | Qt.AlignmentFlag.AlignVCenter)


class _Spend(QWidget):
    """What the month has cost so far; pressed, it leads to where it went.

    Signals:
        pressed: by the mouse, Enter or Space.
    """

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.month = PlainLabel("", "small", "text_2")
        self.amount = ElidedLabel("", "small", "text_2")
        self.bar = ProgressBar(name="Spent this month")
        line = _Ends(self.month, self.amount)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 11)
        column.setSpacing(8)
        column.addWidget(line)
        column.addWidget(self.bar)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        is_inside = self.rect().contains(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and is_inside:
            self.pressed.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)


class SidebarView(Surface):
    """Sections, work, collections, tags and spend; a rail of icons where there is little room.

    Signals:
        chosen: the Target that was pressed.
        collection_wanted: a new one, by the plus; with the keys of dropped items, or empty.
        rename_requested: a collection's id and its new name.
        delete_requested: a collection's id.
        dropped: a Target and the keys of the items.
        rested: a Target that dragged items were held over for a moment.
        all_wanted: all pictures of what is in front should be chosen.
        spend_pressed: the month's spend was.
    """

    chosen = Signal(object)
    collection_wanted = Signal(object)
    rename_requested = Signal(str, str)
    delete_requested = Signal(str)
    all_wanted = Signal()
    dropped = Signal(object, object)
    rested = Signal(object)
    spend_pressed = Signal()

    def __init__(self, works: Sequence[Work] = (), parent: QWidget | None = None) -> None:
        super().__init__("panel", edges=Qt.Edge.RightEdge, parent=parent)
        self.setAccessibleName("Sidebar")
        self._works = tuple(works)
        self._counts = LibraryCounts()
        self._current: Target | None = None
        self._is_rail = False
        self._has_scenario = True
        self._has_spend = False
        self._popover: Popover | None = None
        self.model = SidebarModel(self)
        self.list = self._new_list(self)
        self._more = IconButton("folder", "Collections and tags", side=36)
        self._more.clicked.connect(self._open_all)
        self._spend = _Spend()
        self._spend.pressed.connect(self.spend_pressed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 1, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(4)
        column.addWidget(self._spend)
        self._more.hide()
        self._spend.hide()
        self.set_counts(self._counts)

    def set_counts(self, counts: LibraryCounts) -> None:
        """Show these figures."""
        self._counts = counts
        self.model.set_rows(rows_of(counts, self._works, has_scenario=self._has_scenario))
        self.list.set_current(self._current)

    def set_has_scenario(self, has_scenario: bool) -> None:
        """Show the entries of both services, or of the second alone."""
        self._has_scenario = has_scenario
        self._more.setVisible(self._is_rail and has_scenario)
        self.set_counts(self._counts)

    def set_works(self, works: Sequence[Work]) -> None:
        self._works = tuple(works)
        self.set_counts(self._counts)

    def set_current(self, target: Target | None) -> None:
        """Mark what is in front; ``chosen`` stays silent."""
        self._current = target
        self.list.set_current(target)

    def set_spend(self, month: str, amount: str, fraction: float | None, note: str = "") -> None:
        """Show the month's spend; the bar only where there is a budget to compare with."""
        self._has_spend = bool(month)
        self._spend.month.setText(month)
        self._spend.amount.setText(amount)
        self._spend.bar.setVisible(fraction is not None)
        tone = "accent_line" if (fraction or 0) < 1 else "warning"
        self._spend.bar.set_fraction(fraction or 0.0, tone=tone)
        set_tip(self._spend, note)
        self._spend.setAccessibleName(f"{month}: {amount}. Open usage")
        self._spend.setVisible(self._has_spend and not self._is_rail)

    def set_rail(self, is_rail: bool) -> None:
        """Shrink to icons, or grow again."""
        if is_rail == self._is_rail:
            return
        self._is_rail = is_rail
        self.list.set_rail(is_rail)
        self._more.setVisible(is_rail and self._has_scenario)
        self._spend.setVisible(self._has_spend and not is_rail)

    def start_rename(self, target: Target) -> None:
        self.list.start_rename(target)

    def _new_list(self, parent: QWidget) -> SidebarList:
        made = SidebarList(self.model, parent)
        made.chosen.connect(self._on_chosen)
        made.add_requested.connect(self._on_add)
        made.menu_requested.connect(self._on_menu)
        made.renamed.connect(self._on_renamed)
        made.dropped.connect(self._on_dropped)
        made.rested.connect(self.rested)
        made.all_wanted.connect(self.all_wanted)
        made.delete_requested.connect(self._on_delete)
        return made

    def _open_all(self) -> None:
        popover = Popover(self._more)
        inside = self._new_list(popover)
        inside.set_current(self._current)
        inside.setMinimumHeight(min(560, self.window().height() - 80))
        popover.body.addWidget(inside)
        popover.closed.connect(popover.deleteLater)
        self._popover = popover
        popover.destroyed.connect(self._on_popover_gone)
        popover.open(width=theme.metric("layout", "sidebar", "wide"))

    def _on_popover_gone(self) -> None:
        self._popover = None

    def _close_popover(self) -> None:
        if self._popover is not None:
            self._popover.close_popover()

    def _on_chosen(self, target: Target) -> None:
        self._close_popover()
        self.chosen.emit(target)

    def _on_add(self) -> None:
        self._close_popover()
        self.collection_wanted.emit(())

    def _on_renamed(self, target: Target, name: str) -> None:
        self.rename_requested.emit(target.id, name)

    def _on_delete(self, target: Target) -> None:
        self.delete_requested.emit(target.id)

    def _on_dropped(self, target: Target | None, keys: tuple[int, ...]) -> None:
        if target is None:
            self.collection_wanted.emit(keys)
        else:
            self.dropped.emit(target, keys)

    def _on_menu(self, target: Target, place: QPoint) -> None:
        menu = Menu(self, name="Entry")
        menu.add("Open", lambda: self.chosen.emit(target), icon="folder-open")
        if target.kind is TargetKind.COLLECTION:
            menu.add("Rename", lambda: self.start_rename(target), icon="pencil", shortcut="F2")
            menu.addSeparator()
            menu.add(
                "Delete collection…",
                lambda: self.delete_requested.emit(target.id),
                icon="trash-2",
                shortcut="Del",
                is_dangerous=True,
            )
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)
