"""The middle of detect: a picture beside its control map, as it will come out."""

from __future__ import annotations

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.items import Item, Picture
from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.request.stage import SIGN_DELAY_MS, PictureStage
from scenario_desktop.ui.widgets.compare_view import CompareMode, CompareView
from scenario_desktop.ui.widgets.drags import local_files
from scenario_desktop.ui.widgets.page_head import PageHead
from scenario_desktop.ui.widgets.segmented import Segment, Segmented
from scenario_desktop.ui.widgets.surface import Surface
from scenario_desktop.ui.widgets.tips import set_tip
from scenario_desktop.ui.widgets.zoom_button import ZoomButton

#: Below this width half a picture says too little: the map alone is shown, pixels.
SPLIT_MIN_WIDTH = 480
#: As narrow as the page may get before its head gives way further, pixels.
_MIN_WIDTH = 320
_MODES = (
    Segment(CompareMode.SPLIT, "Split", "columns-2"),
    Segment(CompareMode.MAP, "Map only", "square"),
    Segment(CompareMode.OVERLAY, "Overlay", "blend"),
)


class DetectPage(Surface):
    """Shows what it is given; knows no service.

    Signals:
        back_requested: leave the page.
        add_requested: more pictures are wanted.
        retry_requested: load the picture again.
        files_dropped: a list of Paths.
    """

    back_requested = Signal()
    add_requested = Signal()
    retry_requested = Signal()
    files_dropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("stage", parent=parent)
        self.setAccessibleName("Detect")
        self.setAcceptDrops(True)
        self.compare = CompareView(name="Picture and control map")
        self._mode = CompareMode.SPLIT
        self._is_failed = False
        self._has_item = False
        self._full = QSize()
        self._modes = Segmented(_MODES, name="How picture and map are shown")
        self._zoom = ZoomButton(self.compare)
        self._head = PageHead(self._modes, self._zoom, bottom=2)
        self._title, self._size = self._head.title, self._head.note
        self._head.back_requested.connect(self.back_requested)
        self._stack = PictureStage(self.compare)
        self._state = self._stack.state
        self._busy_timer = QTimer(self)
        self._busy_timer.setSingleShot(True)
        self._busy_timer.setInterval(SIGN_DELAY_MS)
        self._busy_timer.timeout.connect(self._show_busy)
        self._build()
        for segment, button in zip(_MODES, self._modes.findChildren(QAbstractButton), strict=True):
            button.setAccessibleName(segment.text)  # the words themselves may have to go
            set_tip(button, segment.text)
        self._modes.chosen.connect(self._on_mode_chosen)
        self._state.action_requested.connect(self._on_action)
        self.show_nothing()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head)
        layout.addWidget(self._stack, 1)

    @property
    def mode(self) -> CompareMode:
        """What the user chose; a narrow page may show the map alone instead of the split."""
        return self._mode

    def set_mode(self, mode: CompareMode) -> None:
        self._mode = CompareMode(mode)
        self._modes.set_value(self._mode)
        self._apply_mode()

    # What is shown

    def show_nothing(self) -> None:
        """Ask for a picture."""
        self._set_head("Detect", "", has_picture=False)
        self._is_failed = False
        self._stack.show_state(
            "scan-line",
            "Choose a picture",
            "Pick pictures in the library and press D, or drop files here. "
            "A control map keeps the edges, the depth or the pose of a picture for the next one.",
            "Add pictures…",
        )

    def show_item(self, item: Item) -> None:
        """Say which picture this is; its pixels follow."""
        size = ""
        self._full = QSize()
        if item.width and item.height:
            size = f"{item.width:,} × {item.height:,}{NO_BREAK}px"
            self._full = QSize(item.width, item.height)
        self._set_head(item.name or "Unnamed picture", size, has_picture=True)
        self.compare.set_picture(None)
        self.compare.set_second(None)

    def show_loading(self) -> None:
        """Say that the picture is on its way, if it takes long."""
        self._stack.show_loading_soon()

    def show_thumbnail(self, pixmap: QPixmap) -> None:
        """Show the small picture in the large one's place until that comes."""
        if not pixmap.isNull():
            self.compare.set_pixmap(pixmap, self._full if self._full.isValid() else None)
            self.compare.set_words("Original", "")
            self._stack.show_view()

    def show_original(self, picture: Picture) -> None:
        self.compare.set_picture(picture, self._full if self._full.isValid() else None)
        self.compare.set_words("Original", "")
        self._stack.show_view()

    def show_failure(self, text: str) -> None:
        """Say why there is no picture, with a way to try again."""
        self._is_failed = True
        self._stack.show_failure(text)

    def show_map_coming(self) -> None:
        """Say that a newer map is being computed, if it takes long."""
        if not self._busy_timer.isActive():
            self._busy_timer.start()

    def show_map(self, picture: Picture, title: str, compute_ms: float) -> None:
        self._busy_timer.stop()
        self.compare.set_busy(False)
        self.compare.set_second(picture)
        self.compare.set_words("Original", f"{title} preview · {compute_ms:,.0f}{NO_BREAK}ms")

    def show_no_map(self, why: str) -> None:
        """Show the picture alone and say why there is nothing beside it."""
        self._busy_timer.stop()
        self.compare.set_busy(False)
        self.compare.set_second(None)
        self.compare.set_words(f"Original · {why}", "")

    def _set_head(self, title: str, size: str, *, has_picture: bool) -> None:
        self._title.setText(title)
        self._size.setText(size)
        self._has_item = has_picture
        self._fit_head()
        self._modes.setVisible(has_picture)
        self._zoom.setVisible(has_picture)

    def _show_busy(self) -> None:
        self.compare.set_busy(True)

    # What the user does

    def _on_mode_chosen(self, value: str) -> None:
        self._mode = CompareMode(value)
        self._apply_mode()

    def _apply_mode(self) -> None:
        is_narrow = self.width() < SPLIT_MIN_WIDTH
        is_split = self._mode is CompareMode.SPLIT
        self.compare.set_mode(CompareMode.MAP if is_narrow and is_split else self._mode)

    def _on_action(self) -> None:
        if self._is_failed:
            self.retry_requested.emit()
        else:
            self.add_requested.emit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()
        self._apply_mode()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_MIN_WIDTH, super().minimumSizeHint().height())

    def _fit_head(self) -> None:
        """Let the size go first, then the words of the modes, so that the name stays readable."""
        if not self._has_item:
            return
        name = min(self._title.sizeHint().width(), theme.current().px(160))
        for segment in _MODES:
            self._modes.set_text(segment.value, segment.text)
        fixed = name + self._zoom.sizeHint().width() + 110
        words, size = self._modes.sizeHint().width(), self._size.sizeHint().width()
        has_words = fixed + words <= self.width()
        self._size.setVisible(fixed + size + (words if has_words else words // 2) <= self.width())
        if not has_words:
            for segment in _MODES:
                self._modes.set_text(segment.value, "")
        self._modes.updateGeometry()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        files = local_files(event.mimeData())
        if files:
            event.acceptProposedAction()
            self.files_dropped.emit(files)
