"""Strokes that left the screen and are kept on this computer: what they are, and what to do."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.errors import AppError
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.canvas.history.snapshot_list import filling
from scenario_desktop.ui.panels.canvas.pixels import encoding
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.flow_layout import FlowLayout
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.tips import set_tip


class DraftPicture(QWidget):
    """A draft, small."""

    def __init__(self, size: QSize, *, icon: str = "layers") -> None:
        super().__init__()
        self._size, self._icon = size, icon
        self._pixmap = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_data(self, data: bytes | None) -> None:
        """Show an encoded picture; None and what cannot be read show the icon."""
        self._pixmap = QPixmap()
        if data:
            try:
                self._pixmap = QPixmap.fromImage(encoding.decoded(data))
            except AppError:
                self._icon = "image-off"  # the draft itself may be whole
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return self._size

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        painter.setClipPath(painting.rounded(self.rect(), 4))
        painting.checkerboard(painter, self.rect(), t.check_a, t.check_b)
        if self._pixmap.isNull():
            icons.paint(painter, self.rect(), self._icon, 16, t.text_3)
            return
        painter.drawPixmap(self.rect(), self._pixmap, filling(self._pixmap, self.rect()))


class DraftCard(QWidget):
    """The draft of the canvas that is open, in its dock.

    Signals:
        copy_requested: make a canvas of its own of it.
        compare_requested: show it beside the canvas.
        discard_requested: delete it.
    """

    copy_requested = Signal()
    compare_requested = Signal()
    discard_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Your draft")
        self.picture = DraftPicture(QSize(64, 40))
        self.title = PlainLabel("", "body_strong", wrap=True)
        self.note = PlainLabel("", "small", "text_3", wrap=True)
        self.copy = Button("Save as copy", size=ButtonSize.SMALL)
        self.compare = Button("Compare", size=ButtonSize.SMALL)
        self.discard = Button("Discard…", kind=ButtonKind.DANGER_GHOST, size=ButtonSize.SMALL)
        set_tip(self.copy, "A new canvas with what is in the draft")
        set_tip(self.compare, "Show the draft beside the canvas as it is now")
        set_tip(self.discard, "Delete the draft from this computer")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.note)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        actions = QWidget()
        flow = FlowLayout(actions, gap=6, line_gap=6)
        for button in (self.copy, self.compare, self.discard):
            flow.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(actions)
        self.copy.clicked.connect(self.copy_requested)
        self.compare.clicked.connect(self.compare_requested)
        self.discard.clicked.connect(self.discard_requested)

    def set_draft(self, title: str, note: str, tip: str, thumbnail: bytes | None) -> None:
        """Say what is in it, when it was kept and, in the tip, why."""
        self.title.setText(title)
        self.note.setText(note)
        self.picture.set_data(thumbnail)
        for widget in (self.picture, self.title, self.note):
            set_tip(widget, tip)
        self.setAccessibleDescription(f"{title}. {note}")

    def set_busy(self, is_busy: bool) -> None:
        for button in (self.copy, self.compare, self.discard):
            button.setEnabled(not is_busy)
