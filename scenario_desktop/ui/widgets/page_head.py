"""The line above a page that is not the library: the way back, what it is about, its controls."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from scenario_desktop.ui.widgets.buttons import ButtonSize, IconButton
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel

EDGE = 16


class PageHead(QHBoxLayout):
    """A title with a note beside it, and controls at the right.

    Attributes:
        title, note: their labels; the note is empty at first.

    Signals:
        back_requested: the user wants back to the library.
    """

    back_requested = Signal()

    def __init__(self, *controls: QWidget, title: str = "", bottom: int = 6) -> None:
        """
        Args:
            bottom: room below, logical pixels.
        """
        super().__init__()
        self.title = ElidedLabel(title, "title", mode=Qt.TextElideMode.ElideMiddle)
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.note = PlainLabel("", "body", "text_3")
        back = IconButton("arrow-left", "Back to the library", size=ButtonSize.SMALL)
        back.clicked.connect(self.back_requested)
        self.setContentsMargins(EDGE, 6, EDGE, bottom)
        self.setSpacing(8)
        self.addWidget(back)
        self.addSpacing(2)
        self.addWidget(self.title)
        self.addWidget(self.note)
        self.addStretch(1)
        for control in controls:
            self.addWidget(control)
