"""A box that opens at a control and closes with a press elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from shiboken6 import isValid
from typing_extensions import override

from scenario_desktop.ui.widgets.modal import Frame, focusable_children, move_focus_within

#: Between the control and the box, pixels.
GAP = 4


class Popover(Frame):
    """Floats in the window of its anchor, for as long as nothing else is pressed.

    Attributes:
        body: the layout to fill.

    Signals:
        closed: it is hidden again; it may be opened once more.
    """

    closed = Signal()

    def __init__(self, anchor: QWidget) -> None:
        super().__init__("popover", anchor.window())
        self._anchor = anchor
        self._before: QWidget | None = None
        self._asked = (0, False)
        self.hide()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(6, 6, 6, 6)
        self.body.setSpacing(0)

    def open(self, *, width: int = 0, is_right: bool = False, takes_focus: bool = True) -> None:
        """Show it below the anchor, or above where there is no room below.

        Args:
            width: of the box; 0 takes what its content wishes.
            is_right: its right edge meets that of the anchor.
        """
        window = self._anchor.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        self._before = QApplication.focusWidget()
        self._asked = (width, is_right)
        self._place(width, is_right)
        self.show()
        self.raise_()
        self.appear()
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)
        if takes_focus:
            stops = focusable_children(self)
            if stops:
                stops[0].setFocus(Qt.FocusReason.PopupFocusReason)

    def refit(self) -> None:
        """Give it the size of its content again, after that has changed."""
        if self.isVisible():
            self._place(*self._asked)

    def close_popover(self) -> None:
        if not self.isVisible():
            return
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        focused = QApplication.focusWidget()
        had_focus = focused is not None and self.isAncestorOf(focused)
        self.hide()
        if had_focus and self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            if isinstance(watched, QWidget) and not self._holds(watched, event):
                self.close_popover()
                # The anchor would open it again with the same press.
                return watched is self._anchor
        elif kind == QEvent.Type.Resize and watched is self.parentWidget():
            self.close_popover()
        elif kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        elif (
            kind == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and isinstance(watched, QWidget)
        ):
            self.close_popover()
            return True
        return False

    @override
    def focusNextPrevChild(self, is_next: bool) -> bool:
        return move_focus_within(self, is_next)

    def _holds(self, widget: QWidget, event: QMouseEvent) -> bool:
        if widget is self:
            return self.box().contains(event.position().toPoint())
        return self.isAncestorOf(widget) or widget.window() is not self.window()

    def _place(self, width: int, is_right: bool) -> None:
        window, m = self._anchor.window(), self.margin
        self.body.activate()
        hint = self.sizeHint()
        if width:
            hint.setWidth(width + 2 * m)
            if self.hasHeightForWidth():
                hint.setHeight(self.heightForWidth(hint.width()))
        hint.setWidth(min(hint.width(), window.width() + 2 * m - 16))
        hint.setHeight(min(hint.height(), window.height() + 2 * m - 16))
        anchor = QRect(self._anchor.mapTo(window, QPoint(0, 0)), self._anchor.size())
        x = anchor.right() + 1 - hint.width() + m if is_right else anchor.left() - m
        y = anchor.bottom() + 1 + GAP - m
        if y + hint.height() - m > window.height():
            y = max(8 - m, anchor.top() - GAP - hint.height() + m)
        x = max(8 - m, min(x, window.width() - hint.width() + m - 8))
        self.setGeometry(QRect(QPoint(x, y), hint))
