"""The middle of a run: the picture it begins with, what came of it, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui import theme
from scenario_desktop.ui.forms.tiles import Tile, TileGrid
from scenario_desktop.ui.panels.runs.adjust_view import AdjustView
from scenario_desktop.ui.panels.runs.beside_view import BesideView, Side
from scenario_desktop.ui.widgets import drags, painting
from scenario_desktop.ui.widgets.banner import Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonSize
from scenario_desktop.ui.widgets.compare_view import CompareMode, CompareView
from scenario_desktop.ui.widgets.empty_state import EmptyState
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel
from scenario_desktop.ui.widgets.page_head import PageHead
from scenario_desktop.ui.widgets.progress import ProgressBar
from scenario_desktop.ui.widgets.scroll import ScrollArea
from scenario_desktop.ui.widgets.segmented import Segment, Segmented
from scenario_desktop.ui.widgets.surface import Surface

_MIN_WIDTH = 320
#: Side of a result's tile, pixels.
_TILE = 76


_ICONS = {
    Tone.INFO: "info",
    Tone.SUCCESS: "circle-check",
    Tone.WARNING: "triangle-alert",
    Tone.DANGER: "circle-alert",
}


class View(StrEnum):
    """What of a run is looked at."""

    PICTURE = "picture"
    SPLIT = "split"
    SIDES = "sides"
    RESULT = "result"


class Action(Enum):
    """What the button of an empty page is for."""

    ADD = "add"
    RETRY = "retry"
    CONNECT = "connect"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Status:
    """How a run stands.

    Attributes:
        progress: 0 to 1; None while it runs and does not say; no bar where it does not run.
        action: what can be done about it; empty for nothing.
    """

    text: str
    tone: Tone = Tone.INFO
    is_running: bool = False
    progress: float | None = None
    action: str = ""


@dataclass(frozen=True, slots=True)
class ResultTile:
    """A result, or an attempt, in the strip."""

    key: str
    title: str
    caption: str = ""
    icon: str = "image"
    is_best: bool = False


class StatusLine(QWidget):
    """How a run stands, in one line where there is room, with what can be done about it.

    Signals:
        action_requested: its button was pressed.
    """

    action_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._tone = Tone.INFO
        self._icon = IconLabel("info", "info")
        self._label = PlainLabel("", "small", wrap=True)
        self._action = Button("", size=ButtonSize.SMALL)
        self._action.clicked.connect(self.action_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(12)
        sign = QVBoxLayout()
        sign.addSpacing(6)
        sign.addWidget(self._icon)
        sign.addStretch(1)
        self._words = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._words.setSpacing(8)
        self._words.addWidget(self._label, 1)
        self._words.addWidget(self._action, 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(sign)
        row.addLayout(self._words, 1)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_status(self, status: Status) -> None:
        self._tone = status.tone
        self._icon.set_icon("clock" if status.is_running else _ICONS[status.tone], status.tone)
        self._label.setText(status.text)
        self._action.setText(status.action)
        self._action.setVisible(bool(status.action))
        self.setAccessibleName(status.text)
        self._fit()
        self.update()

    def text(self) -> str:
        return self._label.text()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Put the button below where there is little room, and never cut the words off."""
        is_narrow = self.width() < self._action.sizeHint().width() + theme.current().px(300)
        directions = QBoxLayout.Direction
        self._words.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)
        self.setMinimumHeight(max(0, self.heightForWidth(self.width())))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        painting.box(painter, self.rect(), 6, theme.current().tokens.named(f"{self._tone}_soft"))


class RunsPage(Surface):
    """Shows what it is given; knows no service.

    Signals:
        back_requested: leave the page.
        add_requested: the widget below which to offer what can be added.
        retry_requested, connect_requested: what the button of an empty page says.
        files_dropped: a list of Paths; keys_dropped: keys of items.
        result_chosen: the key of a tile.
        view_chosen: a View.
        status_action_requested: the button beside how it stands.
        outside_requested: the chosen result should open in another program.
        save_requested: the chosen result should be saved as a file.
    """

    back_requested = Signal()
    add_requested = Signal(object)
    retry_requested = Signal()
    connect_requested = Signal()
    files_dropped = Signal(object)
    keys_dropped = Signal(object)
    result_chosen = Signal(str)
    view_chosen = Signal(str)
    status_action_requested = Signal()
    outside_requested = Signal()
    save_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("stage", parent=parent)
        self.setAccessibleName("Run")
        self.setAcceptDrops(True)
        self._action = Action.NONE
        self._tiles: dict[str, Tile] = {}
        self._has_size = False
        self.compare = CompareView(name="Picture and result")
        self.adjust = AdjustView()
        self.beside = BesideView()
        self.state = EmptyState()
        self.views = Segmented([Segment(View.PICTURE, "Picture")], name="What is shown")
        self.outside = Button("Open in player", icon="play", size=ButtonSize.SMALL)
        self.save = Button("Save as…", icon="download", size=ButtonSize.SMALL)
        self._head = PageHead(self.outside, self.save, self.views)
        self._title, self._size = self._head.title, self._head.note
        self._head.back_requested.connect(self.back_requested)
        self._stack = QStackedWidget()
        self.status = StatusLine()
        self.bar = ProgressBar(name="Progress of the run")
        self.grid = TileGrid(side=_TILE, fills=False)
        self.detail = PlainLabel("", "small", "text_2", wrap=True)
        self._foot = QWidget()
        self._build()
        self.views.chosen.connect(self.view_chosen)
        self.state.action_requested.connect(self._on_action)
        self.status.action_requested.connect(self.status_action_requested)
        self.outside.clicked.connect(self.outside_requested)
        self.save.clicked.connect(self.save_requested)
        self.show_results([], "")
        self.show_status(None)

    def _build(self) -> None:
        stages: tuple[QWidget, ...] = (self.state, self.compare, self.adjust, self.beside)
        for widget in stages:
            self._stack.addWidget(widget)
        status = QVBoxLayout()
        status.setContentsMargins(16, 0, 16, 8)
        status.setSpacing(6)
        status.addWidget(self.status)
        status.addWidget(self.bar)
        strip = ScrollArea(self.grid)
        self._strip = strip
        foot = QVBoxLayout(self._foot)
        foot.setContentsMargins(13, 8, 16, 12)
        foot.setSpacing(8)
        foot.addWidget(strip)
        words = QHBoxLayout()
        words.setContentsMargins(3, 0, 0, 0)
        words.addWidget(self.detail)
        foot.addLayout(words)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head)
        layout.addLayout(status)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._foot)

    # What is shown

    def show_head(self, title: str, size: tuple[int, int] | None) -> None:
        self._title.setText(title)
        self.show_size(size)

    def show_size(self, size: tuple[int, int] | None) -> None:
        """Say how large what is shown is, in pixels."""
        self._has_size = size is not None
        self._size.setText(f"{size[0]:,} × {size[1]:,}{NO_BREAK}px" if size else "")
        self._fit_head()

    def show_views(self, views: Sequence[tuple[View, str]], chosen: View) -> None:
        """Offer ways to look at it; one alone needs no choice."""
        self.views.set_segments([Segment(view.value, text) for view, text in views])
        self.views.set_value(chosen.value)
        self.views.setVisible(len(views) > 1)
        self._fit_head()

    def show_empty(
        self, icon: str, title: str, text: str, button: str, action: Action = Action.NONE
    ) -> None:
        self._action = action
        self.state.set_state(icon, title, text, button)
        self._stack.setCurrentWidget(self.state)

    def show_loading(self, text: str, what: str = "") -> None:
        self._action = Action.NONE
        self.state.set_loading(text, what)
        self._stack.setCurrentWidget(self.state)

    def show_picture(
        self, first: QPixmap, second: QPixmap, view: View, words: tuple[str, str]
    ) -> None:
        """Show the picture before, after, or both beside a handle.

        Args:
            words: captions of the first and the second.
        """
        is_split = view is View.SPLIT and not first.isNull() and not second.isNull()
        shown = second if view is View.RESULT and not second.isNull() else first
        if shown.isNull():
            shown = second
        self.compare.set_mode(CompareMode.SPLIT)
        if is_split:
            self.compare.set_pixmap(first, second.size())
            self.compare.set_second_pixmap(second)
            self.compare.set_words(*words)
        else:
            self.compare.set_pixmap(shown)
            self.compare.set_second_pixmap(QPixmap())
            is_second = shown is second
            self.compare.set_words(words[1] if is_second else words[0], "")
        self._stack.setCurrentWidget(self.compare)

    def show_adjust(self, picture: QPixmap) -> None:
        self.adjust.set_picture(picture)
        self._stack.setCurrentWidget(self.adjust)

    def show_beside(self, before: Side, after: Side) -> None:
        """Show two pictures of different shape at once."""
        self.beside.show_sides(before, after)
        self._stack.setCurrentWidget(self.beside)

    def show_status(self, status: Status | None) -> None:
        """Say how the run stands; None: there is none."""
        self.status.setVisible(status is not None)
        self.bar.setVisible(status is not None and status.is_running)
        if status is not None:
            self.status.show_status(status)
            self.bar.set_fraction(status.progress)

    def show_results(self, tiles: Sequence[ResultTile], chosen: str, detail: str = "") -> None:
        """Show results or attempts below; none hides the strip."""
        old, self._tiles = self._tiles, {}
        made: list[Tile] = []
        for one in tiles:
            tile = old.get(one.key)
            if tile is None or tile.property("words") != (one.title, one.caption):
                tile = Tile(one.key, one.title, caption=one.caption, icon=one.icon, has_check=False)
                tile.setProperty("words", (one.title, one.caption))
                tile.picked.connect(self._on_picked)
                known = old.get(one.key)
                if known is not None:
                    tile.set_picture(known.picture())
            tile.set_state(is_chosen=one.key == chosen, is_current=one.is_best)
            self._tiles[one.key] = tile
            made.append(tile)
        self.grid.set_tiles(list(made))
        if chosen in self._tiles:
            self.grid.set_tab_stop(self._tiles[chosen])
        self.detail.setText(detail)
        self.detail.setVisible(bool(detail))
        self._foot.setVisible(bool(tiles))
        self._fit_strip()

    def needs_picture(self, key: str) -> bool:
        """Whether a tile has none yet."""
        tile = self._tiles.get(key)
        return tile is not None and not tile.has_picture

    def set_result_picture(self, key: str, picture: QPixmap) -> None:
        tile = self._tiles.get(key)
        if tile is not None:
            tile.set_picture(picture)

    # Inside

    def _on_picked(self, _is_ctrl: bool) -> None:
        tile = self.sender()
        if isinstance(tile, Tile):
            self.result_chosen.emit(tile.key)

    def _on_action(self) -> None:
        match self._action:
            case Action.ADD:
                self.add_requested.emit(self.state)
            case Action.RETRY:
                self.retry_requested.emit()
            case Action.CONNECT:
                self.connect_requested.emit()
            case Action.NONE:
                pass

    def foot_height(self) -> int:
        """Return the height of the strip, which notices stand above."""
        return 0 if self._foot.isHidden() else self._foot.height()

    def _fit_strip(self) -> None:
        """Two rows of tiles are in sight; more scroll."""
        width = max(80, self.width() - 32)
        whole = self.grid.heightForWidth(width)
        most = 2 * (theme.current().px(_TILE) + theme.current().line("caption") + 12)
        self._strip.setFixedHeight(min(whole, most) + 2)

    def _fit_head(self) -> None:
        """Let the size go first where there is little room."""
        others = sum(
            widget.sizeHint().width() + 8
            for widget in (self.views, self.outside, self.save)
            if not widget.isHidden()
        )
        name = min(self._title.sizeHint().width(), theme.current().px(160))
        room = self.width() - others - name - 80
        self._size.setVisible(self._has_size and room >= self._size.sizeHint().width())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()
        self._fit_strip()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_MIN_WIDTH, super().minimumSizeHint().height())

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        drags.welcome(event)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        keys, files = drags.take(event)
        if keys:
            self.keys_dropped.emit(keys)
        elif files:
            self.files_dropped.emit(files)
