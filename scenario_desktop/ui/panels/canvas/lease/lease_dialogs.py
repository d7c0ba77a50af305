"""The questions about the lock: refused, lost, taken over, idle. What they say is in ``words``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.dialogs import REJECTED, Dialog
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind
from scenario_desktop.ui.widgets.empty_state import IconTile
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.surface import Hairline

#: How long a dangerous button wants to be held.
HOLD_MS = 1500
_PADDING = 8


class Answer(IntEnum):
    """What was chosen; 0 and 1 are those of every dialog."""

    LATER = REJECTED
    WAIT = 2
    COPY = 3
    LOOK = 4
    TAKE = 5
    AGAIN = 6
    DISCARD = 7
    STAY = 8
    GIVE = 9
    SAVE = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to do, and what it means."""

    answer: Answer
    icon: str
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the lock.

    Attributes:
        icon, tone: of the badge; the ground's token is the tone's with "_soft".
        choices: the first has the focus.
        danger: what is done at the right of the last row, after ``side`` has said what it means.
        way_out: what leaves everything as it is, beside Escape; "" for no button of its own.
    """

    title: str
    text: str
    choices: tuple[Choice, ...]
    icon: str = "lock"
    tone: str = "lock_other"
    side: str = ""
    danger: tuple[Answer, str] | None = None
    way_out: str = ""


class ChoiceRow(QAbstractButton):
    """A row to choose: icon, title, and what it means. As tall as its words need."""

    def __init__(self, choice: Choice, *, is_first: bool = False) -> None:
        super().__init__()
        self.answer = choice.answer
        self._icon, self._note, self._is_first = choice.icon, choice.note, is_first
        self.setText(choice.title)
        self.setAccessibleName(choice.title)
        self.setAccessibleDescription(choice.note)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        room = width - self._left() - self._right()
        return sum(self._heights(room)) + 2 * _PADDING

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(theme.current().px(400)))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(200, sum(self._heights(10_000)) + 2 * _PADDING)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        is_lit = self.hasFocus() or (self._is_first and not self._is_other_lit())
        if is_lit:
            painting.box(painter, self.rect(), 6, t.accent_soft)
        elif self.underMouse():
            painting.box(painter, self.rect(), 6, t.hover_raised)
        tone = t.accent_text if is_lit else t.text_2
        icons.paint(painter, QRectF(0, 0, self._left(), self.height()), self._icon, 16, tone)
        self._paint_words(painter)
        if is_lit:
            self._paint_key(painter)

    def _paint_words(self, painter: QPainter) -> None:
        t = theme.current().tokens
        width = self.width() - self._left() - self._right()
        top = (self.height() - sum(self._heights(width))) / 2
        for words, style, color in (
            (self.text(), "body_strong", t.text), (self._note, "small", t.text_2),
        ):  # fmt: skip
            font, line = theme.current().font(style), theme.current().line(style)
            lines, layout = painting.paragraph(words, font, line, width)
            painter.setPen(color)
            layout.draw(painter, QRectF(self._left(), top, width, 0).topLeft())
            top += lines * line

    def _paint_key(self, painter: QPainter) -> None:
        look = theme.current()
        side = look.line("small") + 4
        key = QRectF(self.width() - side - 16, (self.height() - side) / 2, side + 4, side)
        painting.box(painter, key, 4, look.tokens.hover_raised, look.tokens.line)
        middle = Qt.AlignmentFlag.AlignHCenter
        painting.text(painter, key, "↵", look.font("small"), look.tokens.text_2, middle)

    def _heights(self, width: int) -> tuple[int, int]:
        look = theme.current()
        heights = []
        for words, style in ((self.text(), "body_strong"), (self._note, "small")):
            line = look.line(style)
            lines, _ = painting.paragraph(words, look.font(style), line, max(40, width))
            heights.append(lines * line)
        return heights[0], heights[1]

    def _left(self) -> int:
        return 24 + theme.current().px(16)

    def _right(self) -> int:
        return 28 + theme.current().line("small")

    def _is_other_lit(self) -> bool:
        parent = self.parentWidget()
        others = parent.findChildren(ChoiceRow) if parent else []
        return any(other.hasFocus() for other in others)


class LeaseDialog(Dialog):
    """A question about the lock: what happened, what was kept, and what can be done."""

    def __init__(self, parent: QWidget, question: Question, *, is_amid_words: bool = False) -> None:
        """
        Args:
            is_amid_words: it comes while somebody types, so that the next space must not answer it.
        """
        super().__init__(parent, question.title)
        self.question = question
        self.title.hide()
        self.body.addLayout(_head(question))
        column = QVBoxLayout()
        column.setSpacing(4)
        self.rows: list[ChoiceRow] = []
        for choice in question.choices:
            row = ChoiceRow(choice, is_first=not self.rows)
            row.clicked.connect(partial(self.done, choice.answer))
            self.rows.append(row)
            column.addWidget(row)
        self.body.addLayout(column)
        if question.danger is not None or question.way_out:
            self.body.addWidget(Hairline("line"))
        if question.side:
            self.add_left(PlainLabel(question.side, "small", "text_2", wrap=True))
        if question.way_out:
            self.add_action(question.way_out, Answer.LATER, ButtonKind.GHOST)
        if question.danger is not None:
            self.add_action(question.danger[1], question.danger[0], ButtonKind.DANGER_GHOST)
        if is_amid_words:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.set_first_focus(self)
        elif self.rows:
            self.set_first_focus(self.rows[0])

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        focused = self.focusWidget()
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and isinstance(focused, ChoiceRow):
            focused.click()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.rows:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            now = self.rows.index(focused) if isinstance(focused, ChoiceRow) else min(-step, 0)
            place = (now + step) % len(self.rows)
            self.rows[place].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)


def _head(question: Question) -> QHBoxLayout:
    head = QHBoxLayout()
    head.setSpacing(14)
    tone = question.tone
    tile = IconTile(question.icon, ground=f"{tone}_soft", ink=tone, is_round=True)
    head.addWidget(tile, 0, Qt.AlignmentFlag.AlignTop)
    lines = QVBoxLayout()
    lines.setSpacing(4)
    lines.addWidget(PlainLabel(question.title, "title", wrap=True))
    lines.addWidget(PlainLabel(question.text, tone="text_2", wrap=True))
    head.addLayout(lines, 1)
    return head


class HoldButton(Button):
    """A dangerous button that wants to be held down; a short press does nothing.

    Signals:
        held: it was held for long enough, by the mouse or by the space bar.
    """

    held = Signal()

    def __init__(self, text: str) -> None:
        super().__init__(text, kind=ButtonKind.DANGER)
        self._progress = QVariantAnimation(self)
        self._progress.setStartValue(0.0)
        self._progress.setEndValue(1.0)
        self._progress.setDuration(HOLD_MS)
        self._progress.valueChanged.connect(self.update)
        self._progress.finished.connect(self.held)
        self.pressed.connect(self._progress.start)
        self.released.connect(self._on_released)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        share = float(self._progress.currentValue() or 0.0)
        if self._progress.state() is QVariantAnimation.State.Running:
            painter = painting.antialiased(QPainter(self))
            painter.setClipPath(painting.rounded(self.rect(), 6))
            color = theme.with_alpha(theme.current().tokens.text_on_fill, 0.3)
            painter.fillRect(QRectF(0, 0, self.width() * share, self.height()), color)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Enter would press and let go at once, and the dialog must not take it for its own.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
        else:
            super().keyPressEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self.update()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._on_released()

    def _on_released(self) -> None:
        self._progress.stop()
        self.update()


class TakeOverDialog(Dialog):
    """Makes sure that somebody else's session is to be ended."""

    def __init__(self, parent: QWidget, title: str, paragraphs: Sequence[str]) -> None:
        super().__init__(parent, title)
        for number, text in enumerate(paragraphs):
            self.add_text(text, "text_2" if number + 1 < len(paragraphs) else "text_3")
        no = self.add_action("Cancel", REJECTED)
        self.hold = HoldButton("Hold to take over")
        self.hold.setAutoRepeat(False)
        self.hold.held.connect(self.accept)
        self._actions.addWidget(self.hold)
        self.set_first_focus(no)
