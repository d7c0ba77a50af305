"""Whose the canvas is, until when, and the one thing to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel
from scenario_desktop.ui.widgets.tips import tip

_LEFT, _RIGHT, _GAP = 16, 8, 10


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


_TROUBLED = frozenset({LockKind.OTHER, LockKind.LOST, LockKind.OFFLINE})


class LockBar(QWidget):
    """Shows a state; nothing in it moves or blinks.

    Where there is little room, the note and what was done last go into the tip, and the sentence
    breaks into lines: whose it is, is never cut.

    Signals:
        action_requested: the one thing to do.
    """

    action_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Lock")
        self.state = LockState(LockKind.VIEWING, "")
        self._icon = IconLabel("eye")
        self._sentence = PlainLabel("", "body_strong", wrap=True)
        self._note = PlainLabel("", "body", "text_2")
        self._right = PlainLabel("", "small", "text_2")
        self._action = Button("", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        self._action.clicked.connect(self.action_requested)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(_LEFT, 0, _RIGHT, 0)
        row.setSpacing(_GAP)
        row.addWidget(self._icon)
        row.addWidget(self._sentence)
        row.addWidget(self._note)
        row.addStretch(1)
        middle = Qt.AlignmentFlag.AlignVCenter
        self._sentence.setAlignment(middle)
        self._note.setAlignment(middle)
        row.addWidget(self._right)
        row.addWidget(self._action)
        theme.current().changed.connect(self._share)
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
        """Let note and what was done last go; then the sentence takes more lines."""
        look = theme.current()
        room = self.width() - _LEFT - _RIGHT - self._icon.sizeHint().width() - _GAP
        if self.state.action:
            room -= self._action.sizeHint().width() + _GAP
        wanted = look.metrics("body_strong").horizontalAdvance(self.state.sentence) + 2
        spare = room - wanted - 2 * _GAP
        right = self._right.sizeHint().width() + _GAP if self.state.right else 0
        note = self._note.sizeHint().width() + _GAP if self.state.note else 0
        # Where something is the matter, what it means says more than when it was saved.
        is_note_first = self.state.is_ending or self.state.kind in _TROUBLED
        has_note = bool(note) and spare >= note + (0 if is_note_first else right)
        spare -= note if has_note else 0
        has_right = bool(right) and spare >= right
        self._row.setContentsMargins(_LEFT, 0, _RIGHT if self.state.action else _LEFT, 0)
        self._right.setVisible(has_right)
        self._note.setVisible(has_note)
        hidden = [self.state.note] * (not has_note) + [self.state.right] * (not has_right)
        words = "\n".join(part for part in (self.state.sentence, *hidden) if part)
        self.setToolTip(tip(words) if any(hidden) else "")
        self._sentence.setFixedWidth(max(look.px(24), min(wanted, room)))
        text = self._sentence.heightForWidth(self._sentence.width())
        self._sentence.setFixedHeight(text)
        least = look.height(theme.metric("size", "lock_bar"), "body", 10)
        self.setFixedHeight(max(least, text + 16))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        ground = _LOOKS[self.state.kind][0]
        QPainter(self).fillRect(event.rect(), theme.current().tokens.named(ground))
