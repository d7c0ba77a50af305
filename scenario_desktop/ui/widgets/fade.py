"""What was shown before, fading away over what came."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QVariantAnimation
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting


class Fade(QWidget):
    """Lies over the pages of a window and shows the former one while it fades."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._picture = QPixmap()
        self._motion = QVariantAnimation(self)
        self._motion.setStartValue(1.0)
        self._motion.setEndValue(0.0)
        self._motion.valueChanged.connect(self.update)
        self._motion.finished.connect(self.hide)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def start(self, page: QWidget) -> None:
        duration = theme.current().duration("slow")
        if not duration:
            return
        self._picture = page.grab()
        self.setGeometry(page.geometry())
        self._motion.setDuration(duration)
        self._motion.setEasingCurve(theme.current().curve("in"))
        self.show()
        self.raise_()
        self._motion.start()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        painter.setOpacity(float(self._motion.currentValue() or 0.0))
        painter.drawPixmap(0, 0, self._picture)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Hide:
            self._picture = QPixmap()
        return super().event(event)
