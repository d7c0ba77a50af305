"""A message at the place it is about."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel


class Tone(StrEnum):
    """What a message means; each has its icon, so that colour is never alone."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"


_ICONS = {
    Tone.INFO: "info",
    Tone.SUCCESS: "circle-check",
    Tone.WARNING: "triangle-alert",
    Tone.DANGER: "circle-alert",
}


class Banner(QWidget):
    """An icon, a sentence or two, and one action at most.

    Signals:
        action_requested: its button was pressed.
    """

    action_requested = Signal()

    def __init__(
        self,
        text: str = "",
        tone: Tone = Tone.INFO,
        *,
        action: str = "",
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tone = tone
        self._icon = IconLabel(icon or _ICONS[tone], tone)
        self._label = PlainLabel(text, "small", wrap=True)
        self._action = Button(action, kind=ButtonKind.SECONDARY, size=ButtonSize.SMALL)
        self._action.clicked.connect(self.action_requested)
        sign = QVBoxLayout()
        sign.addWidget(self._icon)
        sign.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._label)
        words.addWidget(self._action, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(12)
        row.addLayout(sign)
        row.addLayout(words, 1)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._action.setVisible(bool(action))
        self.setAccessibleName(text)

    def set_message(
        self, text: str, tone: Tone = Tone.INFO, *, action: str = "", icon: str = ""
    ) -> None:
        """Say something else."""
        self._tone = tone
        self._icon.set_icon(icon or _ICONS[tone], tone)
        self._label.setText(text)
        self._label.updateGeometry()
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self.setAccessibleName(text)
        self.update()

    def text(self) -> str:
        return self._label.text()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        painting.box(painter, self.rect(), 6, theme.current().tokens.named(f"{self._tone}_soft"))
