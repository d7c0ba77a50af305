"""Scroll areas without a frame, on the ground of what they lie on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QFrame,
    QScrollArea,
    QScrollBar,
    QSizePolicy,
    QWidget,
)
from shiboken6 import isValid
from typing_extensions import override


class OverlayBar(QScrollBar):
    """Lies over the right edge of an area, so that nothing moves when there is more to scroll."""

    def __init__(self, area: QAbstractScrollArea) -> None:
        super().__init__(Qt.Orientation.Vertical, area)
        self._real = area.verticalScrollBar()
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._real.rangeChanged.connect(self._follow)
        self._real.valueChanged.connect(self.setValue)
        self.valueChanged.connect(self._real.setValue)
        area.installEventFilter(self)
        self._follow()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            width = self.sizeHint().width()
            self.setGeometry(watched.width() - width, 0, width, watched.height())
            self.raise_()
        return False

    def _follow(self) -> None:
        real = self._real
        if not isValid(real):  # it says so while the area around it is taken down
            return
        self.setPageStep(real.pageStep())
        self.setSingleStep(real.singleStep())
        self.setRange(real.minimum(), real.maximum())
        self.setValue(real.value())
        self.setVisible(real.maximum() > real.minimum())


class ScrollArea(QScrollArea):
    """Scrolls one widget vertically; its width follows the room there is.

    Attributes:
        bar: what the mouse drags, at the right edge while there is more than fits.
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
        self.bar = OverlayBar(self)
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
