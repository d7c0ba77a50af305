"""The middle of the editor: tools, head, lock bar and the canvas itself."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.history.snapshot_view import SnapshotView
from scenario_desktop.ui.panels.canvas.lease.lock_bar import LockBar
from scenario_desktop.ui.panels.canvas.stage.rulers import RuledStage
from scenario_desktop.ui.panels.canvas.stage.stage import STEP, Stage
from scenario_desktop.ui.panels.canvas.title_field import TitleField
from scenario_desktop.ui.panels.canvas.tools.options import ToolOptions
from scenario_desktop.ui.panels.canvas.tools.rail import ToolRail
from scenario_desktop.ui.panels.canvas.tools.settings import ToolSettings
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.empty_state import EmptyState
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.picture_view import PictureView
from scenario_desktop.ui.widgets.surface import Surface
from scenario_desktop.ui.widgets.tips import set_tip

_SAVE = "Save snapshot"
#: The head from wide to narrow: zoom's buttons, the key behind the words of saving, and those.
_HEADS = (
    (True, "Ctrl+S", _SAVE),
    (False, "Ctrl+S", _SAVE),
    (False, "", _SAVE),
    (False, "", "Save"),
)
#: As wide the name wants to be at most, and what lies between the parts of the head, pixels.
_NAME, _GAPS = 200, 24 + 6 * 8 + 8
#: With less room than this the name gets a line of its own.
_LEAST_NAME = 130
_ZOOMS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class CanvasPage(Surface):
    """Shows what it is given; knows no service.

    Signals:
        back_requested: leave the canvas.
        save_requested: keep a snapshot, or a copy where the canvas is open for looking only.
        retry_requested: open it again.
        shown_changed: whether there is a canvas to be seen.
    """

    back_requested = Signal()
    save_requested = Signal()
    retry_requested = Signal()
    shown_changed = Signal(bool)

    def __init__(self, editor: Editor, settings: ToolSettings) -> None:
        super().__init__("stage")
        self.setAccessibleName("Canvas editor")
        self.stage = Stage(editor, settings)
        self.ruled = RuledStage(self.stage, settings)
        self.rail = ToolRail(settings)
        self.options = ToolOptions(settings, self.stage)
        self.lock_bar = LockBar()
        self.title = TitleField()
        self._size = PlainLabel("", "body", "text_3")
        self._note = PlainLabel("", "small", "text_3")
        self._zoom = Button("100\u00a0%", kind=ButtonKind.GHOST)
        self.save = Button(_SAVE, kind=ButtonKind.PRIMARY, shortcut="Ctrl+S")
        self.save_copy = Button("Save as copy")
        self.snapshot = SnapshotView()
        self._state = EmptyState()
        self._stack = QStackedWidget()
        self._has_key = True
        self._build()
        self._zoom.clicked.connect(self._on_zoom_clicked)
        self.save.clicked.connect(self.save_requested)
        self.save_copy.clicked.connect(self.save_requested)
        self.save.setAccessibleName("Save snapshot")
        self.stage.zoom_changed.connect(self._show_zoom)
        self.snapshot.picture.zoom_changed.connect(self._show_zoom)
        theme.current().changed.connect(self._fit_head)
        self._state.action_requested.connect(self.retry_requested)
        self.set_read_only(False)

    def _build(self) -> None:
        self._back = back = IconButton("arrow-left", "Back to the library", size=ButtonSize.SMALL)
        back.clicked.connect(self.back_requested)
        self._minus = IconButton("minus", "Zoom out", shortcut="Ctrl+-", size=ButtonSize.SMALL)
        self._plus = IconButton("plus", "Zoom in", shortcut="Ctrl++", size=ButtonSize.SMALL)
        self._fit = Button("Fit", kind=ButtonKind.GHOST)
        self._minus.clicked.connect(self.zoom_out)
        self._plus.clicked.connect(self.zoom_in)
        self._fit.clicked.connect(self.fit)
        self._sides = self._minus, self._plus, self._fit
        self._zooms = QWidget()
        zooms = QHBoxLayout(self._zooms)
        zooms.setContentsMargins(0, 0, 0, 0)
        zooms.setSpacing(0)
        for widget in (self._minus, self._zoom, self._plus, self._fit):
            zooms.addWidget(widget)
        self._head = head = Surface("stage")
        # What it shows follows its width, so it must not hold the page wide itself.
        head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._lines = lines = QVBoxLayout(head)
        lines.setContentsMargins(12, 0, 12, 0)
        lines.setSpacing(0)
        self._line, self._second = QHBoxLayout(), QHBoxLayout()
        for line in (self._line, self._second):
            line.setSpacing(8)
            lines.addLayout(line)
        lines.setStretch(0, 1)
        self._line.addWidget(back)
        name = QHBoxLayout()
        name.setSpacing(2)
        name.addWidget(self.title)
        name.addWidget(self._size)
        self._line.addLayout(name)
        self._line.addStretch(1)
        self._second.addStretch(1)
        self._is_two = False
        self._done: tuple[QWidget, ...] = (self._note, self._zooms, self.save, self.save_copy)
        for part in self._done:
            self._line.addWidget(part)
        self._stack.addWidget(self.ruled)
        self._stack.addWidget(self.snapshot)
        self._stack.addWidget(self._state)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.lock_bar)
        column.addWidget(self._stack, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.rail)
        layout.addLayout(column, 1)

    # What is shown

    def set_head(self, name: str, width: int, height: int) -> None:
        self.title.set_name(name or "Untitled canvas")
        self._size.setText(f"{width:,} × {height:,}{NO_BREAK}px" if width else "")
        self._fit_head()

    def set_note(self, words: str, *, is_warning: bool = False) -> None:
        """Say what was kept last: "Draft kept 1 s ago"."""
        self._note.setText(words)
        self._note.set_tone("warning" if is_warning else "text_3")
        self._fit_head()

    def set_saving(self, words: str) -> None:
        """Show that a save is under way and how far; "" when it is not."""
        self.save.set_busy(bool(words))
        self.save.setText(words or _SAVE)
        self.save_copy.set_busy(bool(words))
        self._fit_head()

    def set_read_only(self, is_read_only: bool) -> None:
        self.save.setVisible(not is_read_only)
        self.save_copy.setVisible(is_read_only)
        self._fit_head()
        self.options.set_read_only(is_read_only)

    @property
    def is_shown(self) -> bool:
        """Whether there is a canvas to be seen, rather than words in its place."""
        return self._stack.currentWidget() is self.ruled

    @property
    def is_looking_back(self) -> bool:
        """Whether a snapshot stands in the place of the canvas."""
        return self._stack.currentWidget() is self.snapshot

    def show_loading(self) -> None:
        self._state.set_loading("Opening the canvas…")
        self._show(is_canvas=False)

    def show_failure(self, title: str, text: str, action: str = "Try again") -> None:
        self._state.set_state("image-off", title, text, action)
        self._show(is_canvas=False)

    def show_canvas(self) -> None:
        """Show the canvas; a snapshot that is looked at stays in front of it."""
        if not self.is_looking_back:
            self._show(is_canvas=True)

    def show_snapshot(self) -> None:
        """Let a snapshot stand in the place of the canvas."""
        if self.is_shown:
            self._stack.setCurrentWidget(self.snapshot)
            self._show_zoom()
            self.shown_changed.emit(False)

    def leave_snapshot(self) -> None:
        """Show the canvas again, if a snapshot is looked at."""
        if self.is_looking_back:
            had_focus = self.snapshot.isAncestorOf(self.focusWidget() or self)
            self._show(is_canvas=True)
            self.snapshot.clear()
            if had_focus:
                self.stage.setFocus()

    def _show(self, *, is_canvas: bool) -> None:
        self._stack.setCurrentWidget(self.ruled if is_canvas else self._state)
        self._show_zoom()
        self.shown_changed.emit(is_canvas)

    # Zoom, of the canvas or of the snapshot in its place

    @property
    def _seen(self) -> Stage | PictureView:
        return self.snapshot.picture if self.is_looking_back else self.stage

    def zoom_in(self) -> None:
        self._seen.zoom_by(STEP)

    def zoom_out(self) -> None:
        self._seen.zoom_by(1 / STEP)

    def fit(self) -> None:
        self._seen.fit()

    def actual_size(self) -> None:
        self._seen.actual_size()

    # What the user does

    def _on_zoom_clicked(self) -> None:
        seen = self._seen
        menu = Menu(self._zoom, name="Zoom")
        menu.add("Fit", seen.fit, shortcut="Ctrl+0", is_checked=seen.is_fit)
        for zoom in _ZOOMS:
            is_set = not seen.is_fit and abs(seen.zoom() - zoom) < 0.005
            menu.add(_percent(zoom), partial(seen.set_zoom, zoom), is_checked=is_set)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._zoom.mapToGlobal(self._zoom.rect().bottomLeft()))

    def _show_zoom(self) -> None:
        self._zoom.setText(_percent(self._seen.zoom()))
        self._zoom.updateGeometry()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()
        self.options.place()

    def _fit_head(self) -> None:
        """Let go what fits least: size and note, zoom's buttons, the key and the words of saving.

        Where that leaves no room for the name, it gets a line of its own; it is cut only when that
        is not enough.
        """
        look = theme.current()
        wanted = min(self.title.sizeHint().width(), look.px(_NAME))
        room = self.width() - self.rail.width() - self._back.sizeHint().width() - _GAPS
        has_sides, left = self._shrink(room - wanted)
        is_two = wanted + left < min(wanted, look.px(_LEAST_NAME))
        if is_two:
            has_sides, left = self._shrink(room)
        # Only now, and at once: what comes or goes may change the size of the page, and ask again.
        for button in self._sides:
            button.setVisible(has_sides)
        self._set_two(is_two)
        note = self._note.sizeHint().width() + 12
        self._note.setVisible(bool(self._note.text()) and left >= note)
        if is_two:
            left = room - self.title.sizeHint().width() + note
        self._size.setVisible(left >= note + self._size.sizeHint().width())
        is_whole = self.save.text() == _SAVE
        set_tip(self.save, "" if is_whole else _SAVE, "" if self._has_key else "Ctrl+S")
        self._head.setMinimumHeight(
            look.height(theme.metric("size", "toolbar"), "body", 8) * (2 if is_two else 1)
        )

    def _shrink(self, room: int) -> tuple[bool, int]:
        """Make saving as short as must be.

        Returns:
            whether there is room for zoom's buttons, and what is left of the room.
        """
        save = self.save_copy if self.save.isHidden() else self.save
        sides = sum(button.sizeHint().width() for button in self._sides)
        left, has_sides = 0, False
        for has_sides, key, words in _HEADS:
            self.save.set_shortcut(key)
            if not self.save.is_busy:
                self.save.setText(words)
            left = room - save.sizeHint().width() - self._zoom.sizeHint().width()
            left -= sides if has_sides else 0
            if left >= 0:
                break
        self._has_key = bool(key)
        return has_sides, left

    def _set_two(self, is_two: bool) -> None:
        """Let what is done stand in the name's line, or in one below it."""
        if is_two == self._is_two:
            return
        self._is_two = is_two
        self._lines.setContentsMargins(12, 0, 12, 6 if is_two else 0)
        self._lines.setStretch(1, int(is_two))  # an empty line takes nothing from the other
        before, now = (self._line, self._second) if is_two else (self._second, self._line)
        for widget in self._done:
            before.removeWidget(widget)
            now.addWidget(widget)


def _percent(zoom: float) -> str:
    return f"{zoom * 100:,.0f}{NO_BREAK}%"
