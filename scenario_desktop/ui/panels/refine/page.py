"""The middle of refine: a picture before and after, and below it everything that is refined."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.items import Picture
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.refine.compare import RefineCompare, View
from scenario_desktop.ui.panels.refine.state import Missing, pixels
from scenario_desktop.ui.panels.refine.strip import InputStrip
from scenario_desktop.ui.panels.request.stage import PictureStage
from scenario_desktop.ui.widgets import drags
from scenario_desktop.ui.widgets.page_head import PageHead
from scenario_desktop.ui.widgets.segmented import Segment, Segmented
from scenario_desktop.ui.widgets.surface import Surface
from scenario_desktop.ui.widgets.zoom_button import ZoomButton

_MIN_WIDTH = 320
_MODES = (
    Segment(View.SLIDER, "Slider"),
    Segment(View.SIDES, "Side by side"),
    Segment(View.DIFFERENCE, "Difference"),
)
_SHORT = {View.SLIDER: "Slider", View.SIDES: "Both", View.DIFFERENCE: "Diff"}
_NO_RESULT = "There is something to compare once a result is here"


class Action(Enum):
    """What the button of an empty page is for."""

    ADD = "add"
    RETRY = "retry"
    CONNECT = "connect"


class RefinePage(Surface):
    """Shows what it is given; knows no service.

    Attributes:
        strip: the inputs; it has signals of its own.

    Signals:
        back_requested: leave the page.
        add_requested: the widget below which to offer what can be added.
        retry_requested: load the picture again.
        connect_requested: a connection to the service is wanted.
        files_dropped: a list of Paths; items_dropped: keys of items.
        view_chosen: another way to compare.
        zoomed: the picture is shown at another size.
    """

    back_requested = Signal()
    add_requested = Signal(object)
    retry_requested = Signal()
    connect_requested = Signal()
    files_dropped = Signal(object)
    items_dropped = Signal(object)
    view_chosen = Signal()
    zoomed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("stage", parent=parent)
        self.setAccessibleName("Refine")
        self.setAcceptDrops(True)
        self.compare = RefineCompare()
        self.strip = InputStrip()
        self._full = QSize()
        self._has_input = False
        self._action = Action.ADD
        self._modes = Segmented(_MODES, name="How before and after are shown")
        self._zoom = ZoomButton(self.compare)
        self._head = PageHead(self._modes, self._zoom)
        self._title, self._size = self._head.title, self._head.note
        self._head.back_requested.connect(self.back_requested)
        self._stack = PictureStage(self.compare)
        self._state = self._stack.state
        self._build()
        self._modes.chosen.connect(self._on_mode_chosen)
        self.compare.zoom_changed.connect(self.zoomed)
        self._state.action_requested.connect(self._on_action)
        self.strip.add_requested.connect(self.add_requested)
        self.show_nothing()

    def _build(self) -> None:
        stage = QHBoxLayout()
        stage.setContentsMargins(16, 0, 16, 0)
        stage.addWidget(self._stack)
        foot = QHBoxLayout()
        foot.setContentsMargins(13, 9, 16, 12)
        foot.addWidget(self.strip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head)
        layout.addLayout(stage, 1)
        layout.addLayout(foot)

    def foot_height(self) -> int:
        """Return the height of the strip, which notices stand above."""
        return 0 if self.strip.isHidden() else self.height() - self.strip.y()

    # What is shown

    def show_nothing(self) -> None:
        """Ask for something to refine."""
        self._show_empty(
            Action.ADD,
            "maximize-2",
            "Choose what to refine",
            "Pick predictions, refines or pictures in the library and press R, or drop files here. "
            "Each one comes back larger and with more detail.",
            "Add…",
        )

    def show_missing(self, missing: Missing) -> None:
        """Say that there is nobody to refine, and how to change that."""
        self._show_empty(Action.CONNECT, "cloud-off", missing.title, missing.text, missing.action)
        self.strip.hide()

    def _show_empty(self, action: Action, icon: str, title: str, text: str, button: str) -> None:
        self._set_head("Refine", "", has_input=False)
        self._action = action
        self._stack.show_state(icon, title, text, button)
        self.strip.setVisible(False)

    def show_input(self, name: str, size: tuple[int, int] | None) -> None:
        """Say which input this is; its pixels follow."""
        self.strip.setVisible(True)
        self._full = QSize(*size) if size else QSize()
        self._set_head(name, pixels(*size) if size else "", has_input=True)
        self.compare.set_busy(False)
        self.compare.set_picture(None)
        self.compare.set_second(None)
        self._stack.show_loading_soon()
        self._show_modes()

    def set_size(self, size: tuple[int, int]) -> None:
        """Take the input's size in pixels, which was not known before."""
        self._full = QSize(*size)
        self._size.setText(pixels(*size))
        self._fit_head()

    def show_thumbnail(self, pixmap: QPixmap) -> None:
        """Show the small picture in the large one's place until that comes."""
        if not pixmap.isNull():
            self.compare.set_pixmap(pixmap, self._full if self._full.isValid() else None)
            self._stack.show_view()

    def show_before(self, picture: Picture) -> None:
        self.compare.set_picture(picture, self._full if self._full.isValid() else None)
        self._stack.show_view()

    def show_after(self, picture: Picture) -> None:
        self.compare.set_busy(False)
        self.compare.set_second(picture)
        self._show_modes()

    def show_words(self, before: str, after: str) -> None:
        """Set the captions in the picture's corners."""
        self.compare.set_words(before, after)

    def show_working(self, is_working: bool) -> None:
        """Show in the picture that its result is on its way."""
        self.compare.set_busy(is_working)

    def show_failure(self, text: str) -> None:
        """Say why there is no picture, with a way to try again."""
        self._action = Action.RETRY
        self._stack.show_failure(text)

    @property
    def state_title(self) -> str:
        """What an empty page says first; "" while a picture is shown."""
        is_shown = self._stack.currentWidget() is self._state
        return self._state.accessibleName() if is_shown else ""

    def _set_head(self, title: str, size: str, *, has_input: bool) -> None:
        self._title.setText(title)
        self._size.setText(size)
        self._has_input = has_input
        self._modes.setVisible(has_input)
        self._zoom.setVisible(has_input)
        self._size.setVisible(bool(size))
        self._fit_head()

    def _show_modes(self) -> None:
        for segment in _MODES:
            self._modes.set_enabled(segment.value, self.compare.has_second, _NO_RESULT)

    # What the user does

    def _on_mode_chosen(self, value: str) -> None:
        self.compare.set_view(View(value))
        self.view_chosen.emit()

    def set_view(self, view: View) -> None:
        self._modes.set_value(view)
        self._on_mode_chosen(view)

    def _on_action(self) -> None:
        if self._action is Action.RETRY:
            self.retry_requested.emit()
        elif self._action is Action.CONNECT:
            self.connect_requested.emit()
        else:
            self.add_requested.emit(self._state)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_MIN_WIDTH, super().minimumSizeHint().height())

    def _fit_head(self) -> None:
        """Let the size go first, then some words of the modes, so that the name stays readable."""
        if not self._has_input:
            return
        name = min(self._title.sizeHint().width(), theme.current().px(160))
        for segment in _MODES:
            self._modes.set_text(segment.value, segment.text)
        fixed = name + self._zoom.sizeHint().width() + 110
        words, size = self._modes.sizeHint().width(), self._size.sizeHint().width()
        has_words = fixed + words <= self.width()
        if not has_words:
            for view, text in _SHORT.items():
                self._modes.set_text(view, text)
            words = self._modes.sizeHint().width()
        has_size = fixed + size + words <= self.width()
        self._size.setVisible(has_size and bool(self._size.text()))
        self._modes.updateGeometry()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        drags.welcome(event)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        keys, files = drags.take(event)
        if keys:
            self.items_dropped.emit(keys)
        elif files:
            self.files_dropped.emit(files)
