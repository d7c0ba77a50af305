"""The figures above the chart: five cards in a row, or in rows of three and two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import ElidedLabel
from scenario_desktop.ui.widgets.surface import Card
from scenario_desktop.ui.widgets.tips import set_tip

#: What is there sooner than this needs no sign that it is on its way, milliseconds.
SIGN_DELAY_MS = 150
GAP = 12
#: Below the widest note that a card must show, logical pixels at 100 %.
_LEAST_CARD = 136


@dataclass(frozen=True, slots=True)
class Figure:
    """What a card says.

    Attributes:
        value: "" while it is not known yet.
        tone: of the note, a colour's token name.
        action: the text of a button in place of the note; "" for none.
    """

    title: str
    value: str = ""
    note: str = ""
    tone: str = "text_2"
    tip: str = ""
    action: str = ""


class Skeleton(QWidget):
    """Grey blocks in the place of what is being loaded; they appear after a moment."""

    def __init__(
        self, *, height: int, width: int = 0, lines: int = 1, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._size, self._lines = (width, height), lines
        self._is_due = False
        fixed, grows = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding
        self.setSizePolicy(fixed if width else grows, grows if lines > 1 else fixed)
        self._due = QTimer(self, singleShot=True, interval=SIGN_DELAY_MS)
        self._due.timeout.connect(self._appear)
        self._pulse = QVariantAnimation(self)
        self._pulse.setStartValue(0.35)
        self._pulse.setKeyValueAt(0.5, 0.9)
        self._pulse.setEndValue(0.35)
        self._pulse.setDuration(1400)
        self._pulse.setLoopCount(-1)
        self._pulse.valueChanged.connect(self.update)

    def _appear(self) -> None:
        self._is_due = True
        if not theme.current().is_still:
            self._pulse.start()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.px(self._size[0] or 80), look.px(self._size[1]))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._due.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._due.stop()
        self._pulse.stop()
        self._is_due = False

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._is_due:
            return
        strength = float(self._pulse.currentValue() or 0.6) if self._pulse.state() else 0.6
        fill = theme.with_alpha(theme.current().tokens.pressed, strength)
        painter = painting.antialiased(QPainter(self))
        step = self.height() / self._lines
        height = step if self._lines == 1 else min(step * 0.6, 28)
        for line in range(self._lines):
            painting.box(painter, QRectF(0, line * step, self.width(), height), 4, fill)


class FigureCard(Card):
    """One figure: what it is, how much, and what that means.

    Signals:
        action_requested: its button was pressed.
    """

    action_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._title = ElidedLabel("", "small", "text_2")
        self._value = ElidedLabel("", "page")
        self._note = ElidedLabel("", "small", "text_2")
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for label in (self._title, self._value, self._note):
            label.setSizePolicy(policy)  # equal cards, however long their words
        self._action = Button("", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._action.clicked.connect(self.action_requested)
        self._blocks = Skeleton(height=24, width=88)
        self._blocks.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 11, 16, 11)
        column.setSpacing(0)
        column.addWidget(self._title)
        column.addWidget(self._value)
        column.addWidget(self._blocks)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._note, 1)
        line.addWidget(self._action)
        line.addStretch(0)
        column.addLayout(line)
        self._action.hide()
        self._action.setMaximumHeight(theme.current().line("small") + 4)

    def show_figure(self, figure: Figure) -> None:
        self._title.setText(figure.title)
        self._value.setText(figure.value)
        self._value.setVisible(bool(figure.value))
        self._blocks.setVisible(not figure.value)
        self._note.set_tone(figure.tone)
        self._note.setText(figure.note)
        self._note.setVisible(not figure.action)
        self._action.setText(figure.action)
        self._action.setVisible(bool(figure.action))
        # As high as each other, so that the figures of all cards stand on one line.
        foot = theme.current().line("small") + 4
        self._action.setMaximumHeight(foot)
        self._note.setMinimumHeight(foot)
        set_tip(self, figure.tip)
        self.setAccessibleName(f"{figure.title}: {figure.value or 'loading'}")
        self.setAccessibleDescription(f"{figure.note} {figure.tip}".strip())


class CardRow(QWidget):
    """As many cards in a row as fit: all, or three and the rest below, or two.

    Attributes:
        cards: in their order.
    """

    def __init__(self, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = [FigureCard() for _ in range(count)]
        self._columns = 0
        self._rows: list[QHBoxLayout] = []
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(GAP)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self._arrange)
        self._arrange()

    @property
    def columns(self) -> int:
        """Cards in the first row."""
        return self._columns

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Show these; cards beyond them are left out."""
        before = [card.isHidden() for card in self.cards]
        for card, figure in zip(self.cards, figures, strict=False):
            card.show_figure(figure)
        for number, card in enumerate(self.cards):
            card.setVisible(number < len(figures))
        if before != [card.isHidden() for card in self.cards]:
            self._columns = 0
        self._arrange()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(_LEAST_CARD), self._lines.sizeHint().height())

    def _arrange(self) -> None:
        shown = [card for card in self.cards if not card.isHidden()]
        least = theme.current().px(_LEAST_CARD) + 32
        narrow = int(theme.metric("layout", "breakpoints", "narrow"))
        columns = max(1, len(shown))
        if self.width() < columns * least or self.window().width() < narrow:
            columns = min(columns, 3)
        while columns > 1 and self.width() < columns * least:
            columns -= 1
        if columns == self._columns:
            return
        self._columns = columns
        for row in self._rows:
            self._lines.removeItem(row)
            row.deleteLater()
        self._rows = []
        for start in range(0, len(shown), columns):
            row = QHBoxLayout()
            row.setSpacing(GAP)
            for card in shown[start : start + columns]:
                row.addWidget(card, 1)
            self._lines.addLayout(row)
            self._rows.append(row)
        self.updateGeometry()
