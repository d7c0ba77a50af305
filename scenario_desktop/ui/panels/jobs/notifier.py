"""Tells of ended jobs outside the window, by the best means that the desktop has."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from scenario_desktop.ui import icons

#: A burst of ends is told once; the taskbar still asks for attention. Seconds.
REST_S = 10.0
#: How long a message is offered and its icon stays in the tray, milliseconds.
MESSAGE_MS, ICON_MS = 8_000, 15_000


class Notifier(QObject):
    """A message of the system where it takes one, else the taskbar entry asks for attention.

    Signals:
        clicked: the message was clicked; the window is in front by then.
    """

    clicked = Signal()

    def __init__(self, window: QWidget, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(window)
        self._window = window
        self._monotonic = monotonic
        self._last = float("-inf")
        self._tray: QSystemTrayIcon | None = None
        self._hide = QTimer(self, singleShot=True, interval=ICON_MS)
        self._hide.timeout.connect(self._hide_icon)

    @property
    def is_in_front(self) -> bool:
        return self._window.isActiveWindow() and not self._window.isMinimized()

    def notify(self, title: str, text: str) -> None:
        """Tell it, unless the window is in front and shows it anyway."""
        if self.is_in_front:
            return
        QApplication.alert(self._window)
        now = self._monotonic()
        if now - self._last < REST_S or not self._can_show_messages():
            return
        self._last = now
        if self._tray is None:
            self._tray = QSystemTrayIcon(icons.app_icon(), self)
            self._tray.messageClicked.connect(self._on_clicked)
            self._tray.activated.connect(self._on_clicked)
        self._tray.show()
        self._tray.showMessage(title, text, icons.app_icon(), MESSAGE_MS)
        self._hide.start()

    def _can_show_messages(self) -> bool:
        return QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()

    def _on_clicked(self, *_: object) -> None:
        self._hide_icon()
        if self._window.isMinimized():
            self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()
        self.clicked.emit()

    def _hide_icon(self) -> None:
        if self._tray is not None:
            self._tray.hide()
