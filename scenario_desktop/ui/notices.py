"""Short news at the bottom of the window, and errors that stay until they are read."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QEnterEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.errors import AppError, Cancelled, Offline, TimedOut
from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel
from scenario_desktop.ui.widgets.modal import Frame

#: How far over the job bar a notice floats, pixels.
LIFT = 12
#: How long an error is shown at least, seconds.
LEAST_S = 4.0


class Reports(Protocol):
    """What a controller needs to tell the user something."""

    def toast(self, text: str, undo: Callable[[], object] | None = None) -> None: ...

    def report(self, error: object) -> None: ...


class _Toast(Frame):
    """One line, and maybe an undo, or something else to do about it."""

    def __init__(self, text: str, has_undo: bool, parent: QWidget, *, action: str = "Undo") -> None:
        super().__init__(parent=parent)
        self.undo = Button(action, kind=ButtonKind.LINK)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(16)
        self.label = PlainLabel(text, "body_strong")
        row.addWidget(self.label)
        row.addWidget(self.undo)
        self.undo.setVisible(has_undo)
        self.setAccessibleName(text)
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(theme.metric("motion", "toast_undo_ms" if has_undo else "toast_ms"))
        self.timer.start()

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        self.timer.stop()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.timer.start()


class _ErrorCard(Frame):
    """What happened, what to do next, and the details to copy. Stays until it is closed."""

    closed = Signal()

    def __init__(self, parent: QWidget, message: str, hint: str, details: str) -> None:
        super().__init__(parent=parent)
        self._report = "\n".join(part for part in (message, hint, details) if part)
        self.setAccessibleName(message)
        close = IconButton("x", "Close", size=ButtonSize.SMALL)
        close.clicked.connect(self.closed)
        copy = Button("Copy details", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        copy.clicked.connect(self._on_copy)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addSpacing(4)
        words.addWidget(PlainLabel(message, "body_strong", wrap=True))
        if hint:
            words.addWidget(PlainLabel(hint, "body", "text_2", wrap=True))
        if details:
            words.addSpacing(4)
            words.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)
        else:
            copy.deleteLater()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 10, 12)
        row.setSpacing(12)
        sign = QVBoxLayout()
        sign.addSpacing(6)
        sign.addWidget(IconLabel("circle-alert", "danger"))
        sign.addStretch(1)
        row.addLayout(sign)
        row.addLayout(words, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._report)


class Notices(QObject):
    """Shows toasts and errors in a window; the newest of each kind wins.

    Attributes:
        bottom: height that the job bar or panel takes at the bottom of the window, pixels.
        floor_of_page: returns the height that a page keeps free of notices above that.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._toast: _Toast | None = None
        self._card: _ErrorCard | None = None
        self._undo: Callable[[], object] | None = None
        self._told: object = None
        self._told_at = 0.0
        self.floor_of_page: Callable[[], int] = int
        self.bottom = 0
        window.installEventFilter(self)

    def toast(self, text: str, undo: Callable[[], object] | None = None) -> None:
        """Tell something that needs no answer. Never an error alone."""
        self._tell(text, "Undo", undo)

    def offer(self, text: str, action: str, run: Callable[[], object]) -> None:
        """Tell something, with what can be done about it."""
        self._tell(text, action, run)

    def _tell(self, text: str, action: str, run: Callable[[], object] | None) -> None:
        self._end_toast()
        self._undo = run
        self._toast = _Toast(text, run is not None, self._window, action=action)
        self._toast.timer.timeout.connect(self._end_toast)
        self._toast.undo.clicked.connect(self._on_undo)
        self._show(self._toast)

    def report(self, error: object) -> None:
        """Tell a failure; it stays until it is closed. A cancelled action is no failure."""
        if isinstance(error, Cancelled):
            return
        self._told, self._told_at = error, time.monotonic()
        if isinstance(error, AppError):
            self._report(error.message, error.hint, error.details)
            return
        self._report(
            "This did not work, for a reason the program did not foresee.",
            "Nothing was sent again. The log has the details.",
            "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else "",
        )

    def withdraw(self, error: object) -> None:
        """Take the card of an error away, if it is still there and still that one."""
        if error is not None and error is self._told:
            self._end_card()

    def withdraw_connection_trouble(self) -> None:
        """Take a card away that says there is no connection: there is one now.

        One that is quite new stays until this is said again, or nobody could have read it.
        """
        is_trouble = isinstance(self._told, Offline | TimedOut)
        if is_trouble and time.monotonic() - self._told_at >= LEAST_S:
            self._end_card()

    def set_bottom(self, height: int) -> None:
        self.bottom = height
        self._place()

    def close_all(self) -> None:
        self._end_toast()
        self._end_card()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _report(self, message: str, hint: str, details: str) -> None:
        self._end_card()
        self._card = _ErrorCard(self._window, message, hint, details)
        self._card.closed.connect(self._end_card)
        self._show(self._card)

    def _show(self, frame: Frame) -> None:
        self._place()
        frame.show()
        frame.raise_()
        frame.appear()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(frame, frame.accessibleName()))

    def _place(self) -> None:
        floor = self._window.height() - self.bottom - LIFT - self.floor_of_page()
        for frame in (self._toast, self._card):
            if frame is None:
                continue
            extra = 2 * frame.margin
            room = self._window.width() - 32
            if isinstance(frame, _ErrorCard):
                width = min(theme.metric("layout", "dialog_width"), room) + extra
                layout = frame.layout()
                height = layout.totalHeightForWidth(width) if layout else 0
            else:
                hint = frame.sizeHint()
                width, height = min(hint.width(), room + extra), hint.height()
            left = (self._window.width() - width) // 2
            frame.setGeometry(left, floor - height + frame.margin, width, height)
            floor -= height - extra + 8

    def _on_undo(self) -> None:
        undo, self._undo = self._undo, None
        self._end_toast()
        if undo is not None:
            undo()

    def _end_toast(self) -> None:
        if self._toast is not None:
            self._toast.hide()
            self._toast.deleteLater()
            self._toast = None

    def _end_card(self) -> None:
        if self._card is not None:
            self._card.hide()
            self._card.deleteLater()
            self._card = None
