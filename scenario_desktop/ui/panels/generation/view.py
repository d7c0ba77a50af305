"""The page of a generation: its results in the middle, what was asked at the right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.items import Item
from scenario_desktop.services.sartiq.run_kinds import TITLES, Op
from scenario_desktop.services.words import counted
from scenario_desktop.ui import theme
from scenario_desktop.ui.forms.tiles import Tile, TileGrid
from scenario_desktop.ui.panels.generation.state import Parameter, RefineLine, caption_of
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.empty_state import EmptyState
from scenario_desktop.ui.widgets.labels import ElidedLabel, IconLabel, PlainLabel
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.page_head import PageHead
from scenario_desktop.ui.widgets.scroll import ScrollArea
from scenario_desktop.ui.widgets.surface import Hairline, Surface
from scenario_desktop.ui.widgets.switch import Switch
from scenario_desktop.ui.widgets.tips import set_tip

#: What a result can be used for.
_TOOLS = (
    (Op.REFINE, "maximize-2"), (Op.EDIT, "pencil"), (Op.VIDEO, "video"),
    (Op.BACKGROUND, "palette"), (Op.ADJUST, "crop"), (Op.FACES, "user"),
)  # fmt: skip
_OPEN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_KEYPAD = Qt.KeyboardModifier.KeypadModifier
_EDGE = 16
_TILE = 160
_MIN_WIDTH = 320


class GenerationPage(Surface):
    """Shows what it is given; knows no service.

    Signals:
        back_requested, retry_requested: what the buttons say.
        result_chosen: the id of a result; result_opened: Enter or a double click on one.
        result_deletion_requested: Delete on one.
        library_requested: its items should be shown in the library.
        copy_requested: its id should be copied; delete_requested: it should go as a whole.
        tool_requested: the Op to use the chosen result for.
        pick_requested: the result that is looked at should be the chosen one of its generation.
        refine_opened: the id of one of its refines.
    """

    back_requested = Signal()
    retry_requested = Signal()
    result_chosen = Signal(str)
    result_opened = Signal(str)
    result_deletion_requested = Signal(str)
    library_requested = Signal()
    copy_requested = Signal()
    delete_requested = Signal()
    tool_requested = Signal(object)
    pick_requested = Signal()
    refine_opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("stage", parent=parent)
        self.setAccessibleName("Generation")
        self._tiles: dict[str, Tile] = {}
        self._has_any = False
        self.stats = PlainLabel("", "body", "text_3", wrap=True)
        self.library = Button("Show in library", icon="crosshair", size=ButtonSize.SMALL)
        self.use = Button("Use result", size=ButtonSize.SMALL, has_arrow=True)
        self.more = IconButton("ellipsis", "More", size=ButtonSize.SMALL)
        self._head = PageHead(self.use, self.library, self.more)
        self.title = self._head.title
        self._head.back_requested.connect(self.back_requested)
        self.banner = Banner()
        self.state = EmptyState()
        self.grid = TileGrid(side=_TILE, fills=False)
        self.detail = PlainLabel("", "small", "text_2", wrap=True)
        self.pick = Button("Mark as chosen", icon="circle-check", size=ButtonSize.SMALL)
        self.pick.hide()
        self.refines = RefineList()
        self._stack = QStackedWidget()
        self._build()
        self.library.clicked.connect(self.library_requested)
        self.use.clicked.connect(self._on_use)
        self.pick.clicked.connect(self.pick_requested)
        self.refines.opened.connect(self.refine_opened)
        self.more.clicked.connect(self._on_more)
        self.state.action_requested.connect(self.retry_requested)
        self.banner.action_requested.connect(self.retry_requested)
        self.show_loading()

    def _build(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(_EDGE - 3, 4, _EDGE, _EDGE)
        column.setSpacing(12)
        told = QHBoxLayout()
        told.setContentsMargins(3, 0, 0, 0)
        told.addWidget(self.stats)
        column.addLayout(told)
        column.addWidget(self.banner)
        column.addWidget(self.grid)
        words = QHBoxLayout()
        words.setContentsMargins(3, 0, 0, 0)
        words.setSpacing(12)
        words.addWidget(self.pick)
        words.addWidget(self.detail, 1)
        column.addLayout(words)
        column.addWidget(self.refines)
        column.addStretch(1)
        self._content = ScrollArea(content)
        self._stack.addWidget(self.state)
        self._stack.addWidget(self._content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head)
        layout.addWidget(self._stack, 1)

    def show_loading(self) -> None:
        self._set_head("Generation", "", has_any=False)
        self.state.set_loading("Reading the generation…")
        self._stack.setCurrentWidget(self.state)

    def show_failure(self, title: str, text: str, action: str) -> None:
        self._set_head("Generation", "", has_any=False)
        self.state.set_state("circle-alert", title, text, action)
        self._stack.setCurrentWidget(self.state)

    def show_whole(self, title: str, stats: str, trouble: str) -> None:
        """Say what it is; ``trouble``: why it is shown as it was known here."""
        self._set_head(title, stats, has_any=True)
        self.banner.set_message(trouble, Tone.WARNING, action="Try again" if trouble else "")
        self.banner.setVisible(bool(trouble))
        self._stack.setCurrentWidget(self._content)

    def show_results(self, items: Sequence[Item], chosen: str, picked: str = "") -> None:
        """Show the results.

        Args:
            chosen: the one that is looked at.
            picked: the one that is marked as the chosen of them all.
        """
        old, self._tiles = self._tiles, {}
        for item in items:
            caption = caption_of(item, is_picked=item.id == picked)
            tile = old.get(item.id)
            if tile is None or tile.property("caption") != caption:
                icon = {"error": "circle-alert", "pending": "clock"}.get(item.status, "image")
                made = Tile(item.id, item.name, caption=caption, icon=icon, has_check=False)
                made.setProperty("caption", caption)
                made.picked.connect(self._on_picked)
                made.installEventFilter(self)
                if tile is not None:
                    made.set_picture(tile.picture())
                tile = made
            tile.set_state(is_chosen=item.id == chosen, is_current=item.id == chosen)
            self._tiles[item.id] = tile
        self.grid.set_tiles(list(self._tiles.values()))
        if chosen in self._tiles:
            self.grid.set_tab_stop(self._tiles[chosen])

    def set_picture(self, item_id: str, picture: QPixmap) -> None:
        tile = self._tiles.get(item_id)
        if tile is not None:
            tile.set_picture(picture)

    def lacks_picture(self, item_id: str) -> bool:
        tile = self._tiles.get(item_id)
        return tile is not None and not tile.has_picture

    def _set_head(self, title: str, stats: str, *, has_any: bool) -> None:
        self.title.setText(title)
        self.stats.setText(stats)
        self._has_any = has_any
        for widget in (self.use, self.more):
            widget.setVisible(has_any)
        self._fit_head()

    def _fit_head(self) -> None:
        """Leave one button to the menu where the title needs its room."""
        others = self.use.sizeHint().width() + self.library.sizeHint().width()
        room = self.width() - others - 140
        is_wide = room >= min(self.title.sizeHint().width(), theme.current().px(160))
        self.library.setVisible(self._has_any and is_wide)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()

    def set_usable(self, reason: str) -> None:
        """Say whether the chosen result can be worked on, or why not."""
        self.use.setEnabled(not reason)
        set_tip(self.use, reason)

    def show_pick(self, is_offered: bool) -> None:
        """Offer to mark the result that is looked at; what cannot be done is not there."""
        self.pick.setVisible(is_offered)

    def _on_use(self) -> None:
        menu = Menu(self.use, name="Use result")
        for op, icon in _TOOLS:
            choose = partial(self.tool_requested.emit, op)
            menu.add(f"{TITLES[op]}…", choose, icon=icon)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.use.mapToGlobal(self.use.rect().bottomLeft()))

    def _on_picked(self, _is_ctrl: bool) -> None:
        tile = self.sender()
        if isinstance(tile, Tile):
            self.result_chosen.emit(tile.key)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of a result, of which Delete is the gallery's otherwise."""
        if not isinstance(watched, Tile):
            return False
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.result_opened.emit(watched.key)
            return True
        if not isinstance(event, QKeyEvent) or event.modifiers() & ~_KEYPAD:
            return False
        if event.key() not in (*_OPEN, Qt.Key.Key_Delete):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() == QEvent.Type.KeyPress and not event.isAutoRepeat():
            is_open = event.key() in _OPEN
            (self.result_opened if is_open else self.result_deletion_requested).emit(watched.key)
        return True

    def _on_more(self) -> None:
        menu = Menu(self.more, name="More")
        menu.add("Show in library", self.library_requested.emit, icon="crosshair")
        menu.add("Copy ID", self.copy_requested.emit, icon="copy")
        menu.addSeparator()
        menu.add("Delete generation…", self.delete_requested.emit, icon="trash-2",
                 is_dangerous=True)  # fmt: skip
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_MIN_WIDTH, super().minimumSizeHint().height())


class RefineList(QWidget):
    """The refines of the result that is looked at, each leading to where it is shown.

    Signals:
        opened: the id of one.
    """

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Refines of this result")
        self._title = PlainLabel("", "small", "text_3")
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(3, 8, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self._title)
        self.hide()

    def show_refines(self, lines: Sequence[RefineLine]) -> None:
        """Show lines, the newest first; none hides the list."""
        for row in self._rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._row(line) for line in lines]
        for row in self._rows:
            self._column.addWidget(row)
        self._title.setText(counted(len(lines), "refine"))
        self.setVisible(bool(lines))

    def texts(self) -> list[str]:
        """What the lines say, for tests and assistive tools."""
        return [row.accessibleName() for row in self._rows]

    def _row(self, line: RefineLine) -> QWidget:
        row = QWidget()
        row.setAccessibleName(f"{line.text}, {line.note}")
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(IconLabel(line.icon, line.tone))
        layout.addWidget(ElidedLabel(line.text, "small_strong"))
        layout.addWidget(ElidedLabel(line.note, "small", "text_2"), 1)
        if line.tone == "success":
            show = Button("Show", size=ButtonSize.SMALL)
            show.setAccessibleName(f"Show {line.text}")
            show.clicked.connect(partial(self.opened.emit, line.id))
            layout.addWidget(show)
        return row


class GenerationDock(Surface):
    """What was asked, with marks at what differs from the run before.

    Signals:
        rerun_requested: the form should open with the same parameters.
        revised_changed: the user has set or cleared the mark.
        close_requested: the cross in the header.
    """

    rerun_requested = Signal()
    revised_changed = Signal(bool)
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", edges=Qt.Edge.LeftEdge, parent=parent)
        self.setAccessibleName("What was asked")
        self.revised = Switch("Revised")
        self.changes = PlainLabel("", "small", "text_2", wrap=True)
        self.rerun = Button("Run again…", kind=ButtonKind.PRIMARY, icon="rotate-ccw")
        self.reason = PlainLabel("", "small", "text_2", wrap=True)
        self._list = QVBoxLayout()
        self._rows: list[QWidget] = []
        self._build()
        self.revised.clicked.connect(self._on_revised)
        self.rerun.clicked.connect(self.rerun_requested)

    def _build(self) -> None:
        close = IconButton("x", "Close", size=ButtonSize.SMALL)
        close.clicked.connect(self.close_requested)
        head = QHBoxLayout()
        head.setContentsMargins(_EDGE, 6, 8, 6)
        head.addWidget(PlainLabel("What was asked", "label_strong"), 1)
        head.addWidget(close)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(_EDGE, 12, _EDGE, _EDGE)
        column.setSpacing(12)
        column.addWidget(self.changes)
        self._list.setSpacing(10)
        column.addLayout(self._list)
        column.addStretch(1)
        foot = QVBoxLayout()
        foot.setContentsMargins(_EDGE, 12, _EDGE, _EDGE)
        foot.setSpacing(8)
        foot.addWidget(self.revised)
        foot.addWidget(self.reason)
        foot.addWidget(self.rerun)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(Hairline())
        layout.addWidget(ScrollArea(content), 1)
        layout.addWidget(Hairline())
        layout.addLayout(foot)

    def show_asked(self, parameters: Sequence[Parameter], changes: str) -> None:
        """Show the lines in their groups."""
        for row in self._rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = []
        for group, members in groupby(parameters, key=lambda one: one.group):
            if group:
                self._add(PlainLabel(group, "small", "text_3"))
            for one in members:
                self._add(_ParameterRow(one))
        self.changes.setText(changes)
        self.changes.setVisible(bool(changes))

    def show_revised(self, is_revised: bool, *, is_enabled: bool) -> None:
        self.revised.setChecked(is_revised)
        self.revised.setEnabled(is_enabled)

    def show_rerun(self, reason: str, note: str) -> None:
        """Offer to run it again, or say why not; ``note``: what will be missing."""
        self.rerun.setEnabled(not reason)
        self.reason.setText(reason or note)
        self.reason.setVisible(bool(reason or note))

    def texts(self) -> list[str]:
        """What the lines say, for tests and assistive tools."""
        return [row.accessibleName() for row in self._rows if isinstance(row, _ParameterRow)]

    def _add(self, row: QWidget) -> None:
        self._list.addWidget(row)
        self._rows.append(row)

    def _on_revised(self) -> None:
        self.revised_changed.emit(self.revised.isChecked())


class _ParameterRow(QWidget):
    def __init__(self, one: Parameter) -> None:
        super().__init__()
        was = f", was {one.was}" if one.was else ""
        self.setAccessibleName(f"{one.title}: {one.value}{was}")
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(PlainLabel(one.title, "small", "text_2"))
        if one.is_changed:
            head.addWidget(IconLabel("pencil", "accent_text", 12))
            head.addWidget(ElidedLabel(f"was {one.was}", "small", "accent_text"), 1)
        else:
            head.addStretch(1)
        value = PlainLabel(one.value, "mono" if one.is_mono else "body", wrap=True)
        value.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(value)
