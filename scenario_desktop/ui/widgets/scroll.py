"""Scroll areas without a frame, on the ground of what they lie on."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget
from typing_extensions import override


class ScrollArea(QScrollArea):
    """Scrolls one widget vertically; its width follows the room there is.

    Attributes:
        follows_content: its own wished height is that of its content, for dialogs and popovers.
    """

    def __init__(
        self,
        content: QWidget,
        *,
        follows_content: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.follows_content = follows_content
        self._content = content
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self.setWidget(content)
        content.setAutoFillBackground(False)
        if follows_content:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)

    @override
    def sizeHint(self) -> QSize:
        return self._content.sizeHint() if self.follows_content else super().sizeHint()

    @override
    def hasHeightForWidth(self) -> bool:
        return self.follows_content and self._content.hasHeightForWidth()

    @override
    def heightForWidth(self, width: int) -> int:
        return self._content.heightForWidth(width)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._content.minimumSizeHint().width(), 0)
