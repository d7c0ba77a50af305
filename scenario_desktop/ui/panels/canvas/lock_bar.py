"""Whose the canvas is, until when, and the one thing to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import ElidedLabel, IconLabel, PlainLabel


class LockKind(StrEnum):
    """What the bar says."""

    VIEWING = "viewing"
    ASKING = "asking"
    MINE = "mine"
    OTHER = "other"
    LOST = "lost"
    OFFLINE = "offline"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class LockState:
    """All that the bar shows.

    Attributes:
        sentence: whose it is, until when.
        note: what that means.
        right: what was done last, such as "Saved 13:58".
        action: the one next thing to do; "" for none.
        is_ending: less than a minute is left.
    """

    kind: LockKind
    sentence: str
    note: str = ""
    right: str = ""
    action: str = ""
    action_icon: str = ""
    is_ending: bool = False


_LOOKS = {
    LockKind.VIEWING: ("raised", "eye", "text_2"),
    LockKind.ASKING: ("raised", "lock", "text_2"),
    LockKind.MINE: ("success_soft", "lock", "lock_mine"),
    LockKind.OTHER: ("lock_other_soft", "lock", "lock_other"),
    LockKind.LOST: ("lock_lost_soft", "lock-open", "lock_lost"),
    LockKind.OFFLINE: ("raised", "cloud-off", "text_2"),
    LockKind.FOREIGN: ("raised", "info", "text_2"),
}


class LockBar(QWidget):
    """Shows a state; nothing in it moves or blinks.

    Signals:
        action_requested: the one thing to do.
    """

    action_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Lock")
        self.state = LockState(LockKind.VIEWING, "")
        self._icon = IconLabel("eye")
        self._sentence = ElidedLabel("", "body_strong")
        self._note = ElidedLabel("", "body", "text_2")
        self._right = PlainLabel("", "small", "text_2")
        self._action = Button("", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        self._action.clicked.connect(self.action_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self._sentence)
        row.addWidget(self._note)
        row.addStretch(1)
        row.addWidget(self._right)
        row.addWidget(self._action)
        theme.current().changed.connect(self._fit)
        self._fit()
        self.set_state(self.state)

    def set_state(self, state: LockState) -> None:
        self.state = state
        _, icon, tone = _LOOKS[state.kind]
        self._icon.set_icon(icon, tone)
        self._sentence.setText(state.sentence)
        self._sentence.set_tone("warning" if state.is_ending else "text")
        self._note.setText(state.note)
        self._right.setText(state.right)
        self._action.setText(state.action)
        self._action.set_icon(state.action_icon)
        self._action.setVisible(bool(state.action))
        self.setAccessibleDescription(f"{state.sentence} {state.note}".strip())
        self._share()
        self.update()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Let the note go first, then what was done last; whose it is stays."""
        room = self.width() - 80 - self._sentence.sizeHint().width()
        if not self._action.isHidden():
            room -= self._action.sizeHint().width()
        right = self._right.sizeHint().width() if self.state.right else 0
        self._right.setVisible(bool(right) and room >= right)
        room -= right
        self._note.setVisible(bool(self.state.note) and room >= theme.current().px(80))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        ground = _LOOKS[self.state.kind][0]
        QPainter(self).fillRect(event.rect(), theme.current().tokens.named(ground))

    def _fit(self) -> None:
        self.setFixedHeight(theme.current().height(theme.metric("size", "lock_bar"), "body", 10))
