"""The large preview: one picture over the page, its facts above it, its neighbours a key away."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.items import Item, Picture
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.inspector import facts
from scenario_desktop.ui.panels.preview.player import State
from scenario_desktop.ui.panels.preview.player_bar import PlayBadge, PlayerBar
from scenario_desktop.ui.widgets.buttons import Button, ButtonSize, IconButton
from scenario_desktop.ui.widgets.compare_view import CompareView
from scenario_desktop.ui.widgets.empty_state import EmptyState
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.picture_view import STEP
from scenario_desktop.ui.widgets.spinner import Spinner
from scenario_desktop.ui.widgets.surface import Surface

_NEXT = frozenset({Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_PageDown})
_PREVIOUS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_PageUp})
_CLOSE = frozenset({Qt.Key.Key_Escape, Qt.Key.Key_Space})
#: What a video is played by; Space closes other pictures.
_PLAYER = frozenset({Qt.Key.Key_Space, Qt.Key.Key_Comma, Qt.Key.Key_Period, Qt.Key.Key_L})
#: From this width on, before text is made larger, the facts of a video are shown.
VIDEO_FACTS_PX = 700
#: Ours with Ctrl, too, where they would resize the cells below.
_ZOOM = frozenset({Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_0})
#: What is decided looking at a picture acts on the one that is seen: detect, heart, refine, trash.
_THROUGH = frozenset({Qt.Key.Key_D, Qt.Key.Key_F, Qt.Key.Key_R, Qt.Key.Key_Delete})
#: The other plain keys are shortcuts of the window, which must not act underneath.
_PLAIN = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.KeypadModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


class PreviewView(Surface):
    """Covers its host while open, and takes the keyboard.

    Left and Right always go to the neighbours. While zoomed in, Up and Down move the picture, and
    with Shift all arrows do. Of a video Space plays and pauses, comma and period step.

    Attributes:
        picture: zoom and pan.
        player: the buttons below a video; whoever plays it connects them.

    Signals:
        step_requested: 1 for the next item, -1 for the one before.
        closed: it went away, by key, button or program.
        retry_requested: the button of a failure was pressed.
        detail_requested: the zoom asks for more pixels than the copy shown has.
        compare_toggled: whether before and after should be seen.
        play_requested: the video should be opened in another program.
        toggle_requested: the video should play, or pause.
        frames_requested: so many frames on (1) or back (-1).
        loop_requested: the video should begin again at its end, or no more.
        frame_box_changed: the video is shown in another size.
    """

    step_requested = Signal(int)
    closed = Signal()
    retry_requested = Signal()
    detail_requested = Signal()
    compare_toggled = Signal(bool)
    play_requested = Signal()
    toggle_requested = Signal()
    frames_requested = Signal(int)
    loop_requested = Signal()
    frame_box_changed = Signal()

    def __init__(self, host: QWidget) -> None:
        super().__init__("stage", parent=host)
        self._host = host
        self._before: QWidget | None = None
        self._item: Item | None = None
        self._full = QSize()
        self._is_waiting = self._is_video = self._is_playable = False
        self._goes_outside = False  # by the button of the failure
        self._has_all = True  # the pixels shown are all that the picture has
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("paints_focus", True)
        self.setAccessibleName("Preview")
        self.picture = CompareView(name="Large picture")
        self.picture.set_words("", "")
        self.picture.margin = 16
        self.picture.setProperty("paints_focus", True)
        self.name = ElidedLabel("", "title")
        self.facts = PlainLabel("", "body", "text_3")
        self.spinner = Spinner(16)
        self._failure = EmptyState()
        self._bar = QWidget()
        self.player = PlayerBar()
        self.player.hide()
        self.badge = PlayBadge(self.picture)
        self.badge.hide()
        self._lay_out()
        self.picture.zoom_changed.connect(self._on_zoom)
        self._failure.action_requested.connect(self._on_action)
        host.installEventFilter(self)
        self.picture.installEventFilter(self)
        self.badge.clicked.connect(self.toggle_requested)
        self.hide()

    def _lay_out(self) -> None:
        self.previous = IconButton("chevron-left", "Previous", shortcut="Left")
        self.next = IconButton("chevron-right", "Next", shortcut="Right")
        self.compare = IconButton("columns-2", "Before and after", shortcut="C")
        self.compare.setCheckable(True)
        self.compare.clicked.connect(self.compare_toggled)
        self.play = Button("Open outside", icon="external-link", size=ButtonSize.SMALL)
        self.play.clicked.connect(self.play_requested)
        for extra in (self.compare, self.play):
            extra.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            extra.hide()
        self._smaller = IconButton("zoom-out", "Smaller", shortcut="-")
        self._larger = IconButton("zoom-in", "Larger", shortcut="+")
        self._fit = IconButton("maximize", "Whole picture", shortcut="0")
        self._actual = IconButton("square", "Pixel by pixel", shortcut="1")
        self._close = IconButton("x", "Close", shortcut="Escape")
        self.previous.clicked.connect(self._on_previous)
        self.next.clicked.connect(self._on_next)
        self._smaller.clicked.connect(self._on_smaller)
        self._larger.clicked.connect(self._on_larger)
        self._fit.clicked.connect(self.picture.fit)
        self._actual.clicked.connect(self.picture.actual_size)
        self._close.clicked.connect(self.close_preview)
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(16, 6, 10, 6)
        row.setSpacing(4)
        row.addWidget(self.name)
        row.addSpacing(8)
        row.addWidget(self.facts)
        row.addWidget(self.spinner)
        row.addStretch(1)
        row.addWidget(self.play)
        row.addWidget(self.compare)
        for button in (self._smaller, self._larger, self._fit, self._actual):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        row.addSpacing(8)
        for button in (self.previous, self.next, self._close):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        body = QWidget()
        self._pages = QStackedLayout(body)
        self._pages.addWidget(self.picture)
        self._pages.addWidget(self._failure)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(body, 1)
        column.addWidget(self.player)

    # What is shown

    def open_preview(self) -> None:
        """Cover the host and take the keyboard; nothing when open already."""
        if self.isVisible():
            return
        window = self.window()
        self._before = window.focusWidget()
        self.setGeometry(self._host.rect())
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_preview(self) -> None:
        """Uncover the host and give the keyboard back."""
        if self.isHidden():
            return
        focus = QApplication.focusWidget()
        is_elsewhere = focus not in (None, self) and not self.isAncestorOf(focus)  # leave it there
        self.hide()
        self.picture.set_picture(None)
        if self._before is not None and self._before.isVisible() and not is_elsewhere:
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def show_item(self, item: Item) -> None:
        """Show an item's name and facts at once; its picture is on its way."""
        self._item = item
        self._pages.setCurrentWidget(self.picture)
        self.name.setText(item.name)
        self._is_video = item.kind == "video"
        self.play.setVisible(self._is_video)
        self._set_playable(False)
        self.set_pair(False)
        self._has_all = False
        self._full = QSize(item.width or 0, item.height or 0)
        self._is_waiting = True
        # Of the same shape, it is shown as near and at the same place: so one compares details.
        self.picture.set_pixmap(QPixmap(), self._full)
        self.set_loading(True)
        self._show_facts()

    def show_stand_in(self, pixmap: QPixmap) -> None:
        """Show a thumbnail in the picture's size, unless the picture is there already."""
        if self._is_waiting and not self._full.isEmpty():
            self.picture.set_pixmap(pixmap, self._full)

    def show_picture(self, picture: Picture) -> None:
        """Show the picture itself; it may have fewer pixels than the original."""
        self._pages.setCurrentWidget(self.picture)
        full = self._full if not self._full.isEmpty() else QSize(picture.width, picture.height)
        self._has_all = picture.width >= full.width()
        self._is_waiting = False
        self.set_loading(False)
        self.picture.set_picture(picture, full)
        self._show_facts()

    def show_poster(self, pixmap: QPixmap | None, *, is_playable: bool = False) -> None:
        """Show that this is a video, by its still picture where there is one."""
        self.set_loading(False)
        self._is_waiting = False
        self._has_all = True
        self._set_playable(is_playable)
        if pixmap is not None and not self._full.isEmpty():
            self.picture.set_pixmap(pixmap, self._full)
        elif not is_playable:
            text = "It plays in the video player of this computer."
            self._show_problem("video", "This is a video", text, goes_outside=True)
            return
        self._pages.setCurrentWidget(self.picture)

    def show_frame(self, picture: Picture, full: QSize) -> None:
        """Show one frame of a video.

        Args:
            full: the video's own size.
        """
        if self._full.isEmpty():
            self._full = full
        self.picture.set_picture(picture, self._full)

    def show_state(self, state: State) -> None:
        """Show what the player does."""
        if not self._is_playable:
            return
        if state is not State.FAILED:
            self._pages.setCurrentWidget(self.picture)
        self.set_loading(state in (State.LOADING, State.BUFFERING), "The video is on its way")
        self.player.show_state(state)
        self.badge.show_state(state)

    def _set_playable(self, is_playable: bool) -> None:
        if is_playable != self._is_playable:
            self._is_playable = is_playable
            self.player.setVisible(is_playable)
            self.badge.setVisible(is_playable)

    def frame_box(self) -> tuple[int, int]:
        """Return what a frame is shown in, device pixels: the view, or more when zoomed in."""
        ratio = self.devicePixelRatioF()
        if not self.picture.is_fit:
            zoom = self.picture.zoom()
            return round(self._full.width() * zoom), round(self._full.height() * zoom)
        room, margin = self.picture.size(), 2 * self.picture.margin
        width, height = room.width() - margin, room.height() - margin
        return max(64, round(width * ratio)), max(64, round(height * ratio))

    def set_pair(self, is_there: bool) -> None:
        """Offer before and after; what was compared goes."""
        self.compare.setVisible(is_there)
        self.compare.setChecked(False)
        self.picture.most_fit = 1.0
        self.picture.set_second(None)
        self.picture.set_words("", "")

    def show_pair(self, before: Picture, after: Picture, words: tuple[str, str]) -> None:
        """Show a picture and its version under a handle."""
        self.set_loading(False)
        self.compare.setChecked(True)
        self._pages.setCurrentWidget(self.picture)
        full = self._full if not self._full.isEmpty() else QSize(after.width, after.height)
        self.picture.most_fit = max(1.0, after.width / full.width())
        self.picture.set_picture(before, full)
        self.picture.set_second(after)
        self.picture.set_words(*words)
        self._show_facts()

    def show_failure(self, message: str, hint: str, *, goes_outside: bool = False) -> None:
        """Say why there is no picture.

        Args:
            goes_outside: trying again would not help, but another program may.
        """
        self.set_loading(False)
        self.badge.hide()
        self._show_problem("image-off", message, hint, goes_outside=goes_outside)

    def _show_problem(self, icon: str, title: str, text: str, *, goes_outside: bool) -> None:
        self._goes_outside = goes_outside
        action = "Open outside" if goes_outside else "Try again"
        self._failure.set_state(icon, title, text, action)
        self._pages.setCurrentWidget(self._failure)

    @property
    def failure(self) -> str:
        """What went wrong; "" while there is a picture or one on its way."""
        is_shown = self._pages.currentWidget() is self._failure
        return self._failure.accessibleName() if is_shown else ""

    def set_loading(self, is_loading: bool, words: str = "The picture is on its way") -> None:
        self.spinner.setVisible(is_loading)
        self.spinner.setAccessibleName(words if is_loading else "")

    def set_neighbours(self, has_previous: bool, has_next: bool) -> None:
        self.previous.setEnabled(has_previous)
        self.next.setEnabled(has_next)

    def wanted_px(self) -> int:
        """Return the long side, in device pixels, of a copy that fills the view."""
        size = self._host.size() * self.devicePixelRatioF()
        return max(1024, size.width(), size.height())

    def _show_facts(self) -> None:
        if self._item is None:
            return
        parts = []
        if not self._full.isEmpty():
            parts.append(facts.pixels(self._full.width(), self._full.height()))
        if self._is_video and self._item.duration_s:
            parts.append(f"{self._item.duration_s:,.1f}\u00a0s".replace(".0", ""))
        if self._item.size_bytes:
            parts.append(facts.size(self._item.size_bytes))
        if self.picture.has_picture():
            parts.append(f"{round(self.picture.zoom() * 100):,}\u00a0%")
        self.facts.setText(" · ".join(parts))
        # With one button more, large text leaves room for the name alone.
        is_wide = self.width() >= theme.current().px(VIDEO_FACTS_PX)
        self.facts.setVisible(is_wide or not self._is_video)

    # What the user does

    @override
    def event(self, event: QEvent) -> bool:
        # Every plain key is ours while the page is covered; with Ctrl the window's shortcuts act.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and (event.modifiers() in _PLAIN or event.key() in _ZOOM)
            and event.key() not in _THROUGH
        ):
            event.accept()
            return True
        return super().event(event)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(QRect(0, 0, self._host.width(), self._host.height()))
            self._show_facts()
        elif watched is self.picture and event.type() == QEvent.Type.Resize:
            self.badge.resize(self.badge.sizeHint())
            self.badge.move(self.picture.rect().center() - self.badge.rect().center())
            self.frame_box_changed.emit()
        return False

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        is_held = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        is_pan = not self.picture.is_fit and (is_held or key in (Qt.Key.Key_Up, Qt.Key.Key_Down))
        if self._is_playable and key in _PLAYER:
            self._on_player_key(key)
        elif key in _CLOSE:
            self.close_preview()
        elif (key in _NEXT or key in _PREVIOUS) and not is_pan:
            self.step_requested.emit(1 if key in _NEXT else -1)
        elif key == Qt.Key.Key_C and not self.compare.isHidden():
            self.compare_toggled.emit(not self.compare.isChecked())
        else:
            self.picture.keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), theme.current().tokens.stage)

    def _on_player_key(self, key: Qt.Key) -> None:
        if key is Qt.Key.Key_Space:
            self.toggle_requested.emit()
        elif key is Qt.Key.Key_L:
            self.loop_requested.emit()
        else:
            self.frames_requested.emit(1 if key is Qt.Key.Key_Period else -1)

    def _on_action(self) -> None:
        (self.play_requested if self._goes_outside else self.retry_requested).emit()

    def _on_zoom(self, _zoom: float) -> None:
        self._show_facts()
        if self._is_playable:
            self.frame_box_changed.emit()
        if not self._has_all and not self._is_waiting and not self.picture.is_fit:
            self.detail_requested.emit()

    def _on_previous(self) -> None:
        self.step_requested.emit(-1)

    def _on_next(self) -> None:
        self.step_requested.emit(1)

    def _on_smaller(self) -> None:
        self.picture.zoom_by(1 / STEP)

    def _on_larger(self) -> None:
        self.picture.zoom_by(STEP)
