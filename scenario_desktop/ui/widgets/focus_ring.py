"""The ring around what has the keyboard's focus, drawn over the window so that no size changes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QWidget,
)
from shiboken6 import isValid
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting

#: Between the control and its ring, pixels.
AWAY = 1
_MOVES = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide, QEvent.Type.Show)
#: These show their focus themselves: a border, or a current row.
_OWN = (QLineEdit, QAbstractSpinBox, QAbstractScrollArea)


class FocusRing(QWidget):
    """One per window. Follows the focus, and shows only when the keyboard moved it there.

    A widget may set the property "paints_focus" to do without, "ring_radius" for its own shape.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._target: QWidget | None = None
        self._watched: list[QWidget] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus_changed)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVES:
            self._place()
        elif event.type() == QEvent.Type.MouseButtonPress and watched is self._target:
            self.hide()
        return False

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._target is None or not isValid(self._target):
            return
        look = theme.current()
        width: int = theme.metric("size", "focus_ring")
        radius = self._target.property("ring_radius")
        base = float(radius if radius is not None else theme.metric("radius", "control"))
        painter = painting.antialiased(QPainter(self))
        # The widget may be clipped by a scroll area; the ring is drawn where it would be in full.
        whole = self._ring_rect(self._target).translated(-self.pos())
        painting.box(painter, whole, base + AWAY + width, None, look.tokens.focus, width=width)

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        for widget in self._watched:
            if isValid(widget):
                widget.removeEventFilter(self)
        self._watched = []
        self._target = None
        if new is not None and new.window() is self._window and self._wants(new):
            self._target = new
            above: QWidget | None = new
            while above is not None and above is not self._window:
                above.installEventFilter(self)
                self._watched.append(above)
                above = above.parentWidget()
        self._place()

    def _wants(self, widget: QWidget) -> bool:
        if isinstance(widget, _OWN) or widget.property("paints_focus"):
            return False
        return widget.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)

    def _ring_rect(self, target: QWidget) -> QRect:
        reach = AWAY + int(theme.metric("size", "focus_ring"))
        corner = target.mapTo(self._window, QPoint(0, 0))
        return QRect(corner, target.size()).adjusted(-reach, -reach, reach, reach)

    def _place(self) -> None:
        target, window = self._target, self._window
        if target is None or not isValid(target) or not target.isVisible():
            self.hide()
            return
        area = self._ring_rect(target)
        above = target.parentWidget()
        while above is not None and above is not window:
            if isinstance(above.parentWidget(), QAbstractScrollArea):
                area &= QRect(above.mapTo(window, QPoint(0, 0)), above.size())
            above = above.parentWidget()
        if area.isEmpty():
            self.hide()
            return
        self.setGeometry(area)
        self.show()
        self.raise_()
        self.update()
