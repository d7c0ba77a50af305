"""The questions that the canvas asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.canvas.format import MAX_SIDE
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.dialogs import ACCEPTED, REJECTED, Dialog
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.segmented import Segment, Segmented
from scenario_desktop.ui.widgets.slider import NumberField, SliderField
from scenario_desktop.ui.widgets.surface import Hairline

#: Answers of the refused dialog.
WAIT, COPY, LOOK, TAKE = 2, 3, 4, 5
HOLD_MS = 1500
SIZES = (
    ("Square", 1024, 1024),
    ("Landscape", 1920, 1080),
    ("Portrait", 1080, 1920),
    ("Key art", 1920, 1200),
    ("Large", 4096, 4096),
)


class Choice(QAbstractButton):
    """A row to choose: icon, title, and what it means."""

    def __init__(self, icon: str, title: str, note: str, *, is_first: bool = False) -> None:
        super().__init__()
        self._icon, self._note, self._is_first = icon, note, is_first
        self.setText(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(note)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(320, look.line("body") + look.line("small") + 16)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        is_lit = self.hasFocus() or (self._is_first and not self._is_other_lit())
        if is_lit:
            painting.box(painter, self.rect(), 6, t.accent_soft)
        elif self.underMouse():
            painting.box(painter, self.rect(), 6, t.hover_raised)
        tone = t.accent_text if is_lit else t.text_2
        icons.paint(painter, QRectF(12, 0, 16, self.height()), self._icon, 16, tone)
        width = self.width() - 40 - (44 if is_lit else 12)
        top = (self.height() - look.line("body") - look.line("small")) / 2
        title = QRectF(40, top, width, look.line("body"))
        note = QRectF(40, top + look.line("body"), width, look.line("small"))
        painting.text(painter, title, self.text(), look.font("body_strong"), t.text)
        painting.text(painter, note, self._note, look.font("small"), t.text_2)
        if is_lit:
            key = QRectF(self.width() - 36, (self.height() - 20) / 2, 24, 20)
            painting.box(painter, key, 4, t.hover_raised, t.line)
            painting.text(
                painter, key, "↵", look.font("small"), t.text_2, Qt.AlignmentFlag.AlignHCenter
            )

    def _is_other_lit(self) -> bool:
        parent = self.parentWidget()
        others = parent.findChildren(Choice) if parent else []
        return any(other.hasFocus() for other in others)


class _Badge(QWidget):
    """A padlock on a round ground."""

    @override
    def sizeHint(self) -> QSize:
        return QSize(36, 36)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        painting.box(painter, QRectF(0, 0, 36, 36), 18, t.lock_other_soft)
        icons.paint(painter, QRectF(0, 0, 36, 36), "lock", 20, t.lock_other)


class RefusedDialog(Dialog):
    """Somebody else holds the canvas: what to do with the strokes made meanwhile."""

    def __init__(self, parent: QWidget, title: str, text: str, strokes: str) -> None:
        """
        Args:
            strokes: what is kept, such as "3 strokes"; "" for nothing.
        """
        super().__init__(parent, title)
        self.title.hide()
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(_Badge(), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(PlainLabel(title, "title", wrap=True))
        words.addWidget(PlainLabel(text, tone="text_2", wrap=True))
        head.addLayout(words, 1)
        self.body.addLayout(head)
        copied = f"A new canvas with your {strokes}" if strokes else "A new canvas of your own"
        draft = "Your draft is offered again then" if strokes else "You can go on looking"
        first = Choice("bell", "Tell me when it is free", draft, is_first=True)
        column = QVBoxLayout()
        column.setSpacing(4)
        for choice, code in (
            (first, WAIT),
            (Choice("copy-plus", "Save my version as a copy", copied), COPY),
            (Choice("eye", "Only look", "Read only, updates after each save"), LOOK),
        ):
            choice.clicked.connect(partial(self.done, code))
            column.addWidget(choice)
        self.body.addLayout(column)
        self.body.addWidget(Hairline("line"))
        note = PlainLabel("Taking over ends the other session at once.", "small", "text_2")
        self.add_left(note)
        self.add_action("Take over…", TAKE, ButtonKind.DANGER_GHOST)
        self.set_first_focus(first)
        self._first_choice = first

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        focused = self.focusWidget()
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and isinstance(focused, Choice):
            focused.click()
        else:
            super().keyPressEvent(event)


class HoldButton(Button):
    """A dangerous button that wants to be held down; a short press does nothing.

    Signals:
        held: it was held for long enough.
    """

    held = Signal()

    def __init__(self, text: str) -> None:
        super().__init__(text, kind=ButtonKind.DANGER)
        self._progress = QVariantAnimation(self)
        self._progress.setStartValue(0.0)
        self._progress.setEndValue(1.0)
        self._progress.setDuration(HOLD_MS)
        self._progress.valueChanged.connect(self.update)
        self._progress.finished.connect(self._on_finished)
        self.pressed.connect(self._progress.start)
        self.released.connect(self._on_released)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        share = float(self._progress.currentValue() or 0.0)
        is_running = self._progress.state() is QVariantAnimation.State.Running
        if is_running:
            painter = painting.antialiased(QPainter(self))
            painter.setClipPath(painting.rounded(self.rect(), 6))
            color = theme.with_alpha(theme.current().tokens.text_on_fill, 0.3)
            painter.fillRect(QRectF(0, 0, self.width() * share, self.height()), color)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self.update()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._progress.stop()

    def _on_released(self) -> None:
        self._progress.stop()

    def _on_finished(self) -> None:
        self.held.emit()


class TakeOverDialog(Dialog):
    """Makes sure that somebody else's session is to be ended."""

    def __init__(self, parent: QWidget, name: str, until: str) -> None:
        super().__init__(parent, f"Take over “{name}”?")
        ends = f" Their lock would end at {until}." if until else ""
        self.add_text(
            f"Somebody else is editing this canvas.{ends} If you take it over, their session ends "
            "at once, and strokes that they have not saved may be lost or come back as a copy."
        )
        self.add_text("What you do is written into the canvas's history here.", "text_3")
        no = self.add_action("Cancel", REJECTED)
        hold = HoldButton("Hold to take over")
        hold.setAutoRepeat(False)
        hold.held.connect(self.accept)
        self._actions.addWidget(hold)
        self.set_first_focus(no)


@dataclass(frozen=True, slots=True)
class NewCanvas:
    """What a new canvas is to be."""

    name: str
    width: int
    height: int
    background: str


class NewCanvasDialog(Dialog):
    """Name, size and ground of a new canvas.

    Attributes:
        answer: what was entered, once it is answered.
    """

    def __init__(self, parent: QWidget, name: str, size: tuple[int, int], note: str = "") -> None:
        super().__init__(parent, "New canvas")
        self.answer = NewCanvas(name, *size, "")
        self.name = QLineEdit(name)
        self.name.setAccessibleName("Name")
        self.name.setMaxLength(200)
        self.width_field, self.height_field = _side("Width"), _side("Height")
        self.ground = Segmented(
            (Segment("", "Transparent"), Segment("#ffffff", "White"), Segment("#000000", "Black")),
            name="Background",
        )
        self.body.addWidget(PlainLabel("Name", "body_strong"))
        self.body.addWidget(self.name)
        self.body.addWidget(PlainLabel("Size", "body_strong"))
        sizes = QGridLayout()
        sizes.setSpacing(8)
        for number, (title, width, height) in enumerate(SIZES):
            choice = Button(f"{title} {width:,} × {height:,}")
            choice.clicked.connect(partial(self.set_size, width, height))
            sizes.addWidget(choice, number // 2, number % 2)
        self.body.addLayout(sizes)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.width_field)
        row.addWidget(PlainLabel("×", tone="text_3"))
        row.addWidget(self.height_field)
        row.addStretch(1)
        self.body.addLayout(row)
        self.body.addWidget(PlainLabel("Background", "body_strong"))
        self.body.addWidget(self.ground)
        if note:
            self.add_text(note, "text_3")
        self.add_action("Cancel", REJECTED)
        self.add_action("Create canvas", ACCEPTED, ButtonKind.PRIMARY)
        self.set_first_focus(self.name)
        self.name.selectAll()
        self.set_size(*size)

    def set_size(self, width: int, height: int) -> None:
        self.width_field.set_value(width)
        self.height_field.set_value(height)

    @override
    def done(self, code: int) -> None:
        # Read now: the fields are gone once it is answered.
        self.answer = NewCanvas(
            self.name.text().strip() or "Untitled canvas",
            round(self.width_field.value()),
            round(self.height_field.value()),
            self.ground.value(),
        )
        super().done(code)


@dataclass(frozen=True, slots=True)
class Export:
    """How the canvas is exported.

    Attributes:
        kind: PNG, JPEG or WEBP.
        scale: 1 is its own size.
        quality: 0 to 100.
    """

    kind: str = "PNG"
    scale: float = 1.0
    quality: int = 90


class ExportDialog(Dialog):
    """Kind, size and place of what is exported.

    Attributes:
        answer: what was entered, once it is answered.
    """

    def __init__(self, parent: QWidget, width: int, height: int) -> None:
        super().__init__(parent, "Export the canvas")
        self._full = (width, height)
        self.answer = Export()
        self.kind = Segmented(
            (Segment("PNG", "PNG"), Segment("JPEG", "JPEG"), Segment("WEBP", "WebP")), name="Format"
        )
        self.scale = SliderField("Scale", 10, 400, default=100, step=5, unit="%")
        self.quality = SliderField("Quality", 10, 100, default=90, unit="%")
        self._size = PlainLabel("", "small", "text_3")
        self.body.addWidget(self.kind)
        self.body.addWidget(self.scale)
        self.body.addWidget(self._size)
        self.body.addWidget(self.quality)
        self.add_action("Cancel", REJECTED)
        self.library = self.add_action("Add to library", COPY)
        self.add_action("Save as…", ACCEPTED, ButtonKind.PRIMARY)
        self.scale.edited.connect(self._show)
        self.kind.chosen.connect(self._show)
        self._show()

    @override
    def done(self, code: int) -> None:
        quality = round(self.quality.value())
        self.answer = Export(self.kind.value(), self.scale.value() / 100, quality)
        super().done(code)

    def _show(self, _: object = None) -> None:
        width, height = (max(1, round(side * self.scale.value() / 100)) for side in self._full)
        self._size.setText(f"{width:,} × {height:,}\u00a0px")
        self.quality.setVisible(self.kind.value() != "PNG")


def _side(name: str) -> NumberField:
    field = NumberField(name=name)
    field.setRange(1, MAX_SIDE)
    field.setSuffix("\u00a0px")
    field.setGroupSeparatorShown(True)
    return field
