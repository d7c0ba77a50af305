"""Where the page of a request shows its picture, or says why there is none."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedWidget, QWidget

from scenario_desktop.ui.widgets.empty_state import EmptyState

#: What is done sooner than this needs no sign that it is under way, milliseconds.
SIGN_DELAY_MS = 150


class PictureStage(QStackedWidget):
    """Shows one view, or a state in its place.

    Attributes:
        state: what stands there without a picture; its action has a signal of its own.
    """

    def __init__(self, view: QWidget) -> None:
        super().__init__()
        self._view = view
        self.state = EmptyState()
        self._loading_timer = QTimer(self)
        self._loading_timer.setSingleShot(True)
        self._loading_timer.setInterval(SIGN_DELAY_MS)
        self._loading_timer.timeout.connect(self._show_loading)
        self.addWidget(self.state)
        self.addWidget(view)

    def show_view(self) -> None:
        self._loading_timer.stop()
        self.setCurrentWidget(self._view)

    def show_state(self, icon: str, title: str, text: str, button: str) -> None:
        self._loading_timer.stop()
        self.state.set_state(icon, title, text, button)
        self.setCurrentWidget(self.state)

    def show_failure(self, text: str) -> None:
        """Say why there is no picture, with a way to try again."""
        self.show_state("image-off", "The picture cannot be shown", text, "Try again")

    def show_loading_soon(self) -> None:
        """Say that the picture is on its way, if it takes long."""
        self._loading_timer.start()

    def _show_loading(self) -> None:
        self.state.set_loading("Loading the picture…")
        self.setCurrentWidget(self.state)
