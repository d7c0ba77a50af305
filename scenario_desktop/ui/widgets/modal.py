"""What lies over the window for a while: the scrim of a dialog and the frame that floats on it.

Both are children of the window, not windows: shadows and rounded corners then need no compositor,
nothing is ever lost behind another program, and a picture of the window shows them.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QGraphicsOpacityEffect, QWidget
from shiboken6 import isValid
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting

#: How far a frame rises while it appears, pixels.
RISE = 4


def focusable_children(root: QWidget) -> list[QWidget]:
    """Return what the Tab key reaches below a widget, in its order."""
    found: list[QWidget] = []
    widget = _after(root)
    while widget is not None and widget is not root:
        if (
            root.isAncestorOf(widget)
            and widget.isVisibleTo(root)
            and widget.isEnabled()
            and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        ):
            found.append(widget)
        widget = _after(widget)
    return found


def _after(widget: QWidget) -> QWidget | None:
    """Return the next widget of the window.

    WORKAROUND: an item of a layout that Qt has deleted, and that waits to be collected, can
    answer for the widget made in its place in memory. Collecting it gives the widget back.
    """
    following: object = widget.nextInFocusChain()
    if not isinstance(following, QWidget):
        gc.collect()
        following = widget.nextInFocusChain()
    return following if isinstance(following, QWidget) else None


def move_focus_within(root: QWidget, is_forward: bool) -> bool:
    """Move the focus to the next or previous child, round and round. For ``focusNextPrevChild``."""
    stops = focusable_children(root)
    if not stops:
        return False
    focused = QApplication.focusWidget()
    place = stops.index(focused) if focused in stops else (-1 if is_forward else 0)
    step = 1 if is_forward else -1
    reason = Qt.FocusReason.TabFocusReason if is_forward else Qt.FocusReason.BacktabFocusReason
    stops[(place + step) % len(stops)].setFocus(reason)
    return True


class Frame(QWidget):
    """A floating box that paints its own ground, line and shadow.

    Attributes:
        margin: room around the box for the shadow, pixels; part of the widget.
    """

    def __init__(self, radius: str = "popover", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._radius: int = theme.metric("radius", radius)
        self.margin = 32
        self.setContentsMargins(self.margin, self.margin, self.margin, self.margin)
        theme.current().changed.connect(self.update)

    def box(self) -> QRect:
        """Return the painted box, in the widget's own coordinates."""
        m = self.margin
        return self.rect().adjusted(m, m, -m, -m)

    def appear(self) -> None:
        """Let it fade in over a few pixels, now that it is shown and placed."""
        duration = theme.current().duration("base")
        if not duration or self.graphicsEffect() is not None:
            return  # without motion, or on its way already
        place, last = self.pos(), self.pos()
        veil = QGraphicsOpacityEffect(self)
        # Only while it moves: an effect paints everything twice.
        self.setGraphicsEffect(veil)
        motion = QVariantAnimation(self)
        motion.setStartValue(0.0)
        motion.setEndValue(1.0)
        motion.setDuration(duration)
        motion.setEasingCurve(theme.current().curve("in"))

        def on_value(value: float) -> None:
            nonlocal last
            veil.setOpacity(value)
            if self.pos() == last:  # whoever has placed it anew meanwhile is right
                last = place + QPoint(0, round(RISE * (1 - value)))
                self.move(last)

        motion.valueChanged.connect(on_value)
        motion.finished.connect(self._on_appeared)
        motion.start(QVariantAnimation.DeletionPolicy.DeleteWhenStopped)

    def _on_appeared(self) -> None:
        # PySide's stub leaves out that None takes the effect away.
        self.setGraphicsEffect(None)  # type: ignore[arg-type]

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        painting.shadow(painter, self.box(), tokens.shadow, self.margin * 4 // 5)
        painting.box(painter, self.box(), self._radius, tokens.overlay, tokens.line)


class ModalLayer(QWidget):
    """Covers a window, dims it and keeps mouse, focus and shortcuts to itself.

    Signals:
        dismissed: Escape, or a press beside the frame.
        resized: the window, and this with it.
    """

    dismissed = Signal()
    resized = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._before = QApplication.focusWidget()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        window.installEventFilter(self)
        self.setGeometry(window.rect())

    def close_layer(self) -> None:
        """Take it away and give the focus back to whoever had it."""
        self._window.removeEventFilter(self)
        focused = QApplication.focusWidget()
        had_focus = focused is None or self.isAncestorOf(focused)
        self.hide()
        before = self._before
        if had_focus and before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.deleteLater()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._window:
            self.setGeometry(self._window.rect())
            self.resized.emit()
        return False

    @override
    def event(self, event: QEvent) -> bool:
        # Claiming every key here keeps the window's shortcuts from acting underneath.
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), theme.current().tokens.scrim)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
        event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.dismissed.emit()
        event.accept()

    @override
    def focusNextPrevChild(self, is_next: bool) -> bool:
        move_focus_within(self, is_next)
        return True
