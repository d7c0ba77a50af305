"""A choice of one among few, all in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import ButtonSize
from scenario_desktop.ui.widgets.tips import set_tip

INSET = 2
#: What a segment gives up of the room beside its words before a form would grow too wide.
_SPARE = 12


@dataclass(frozen=True, slots=True)
class Segment:
    """One choice: its value, what it reads, and maybe an icon."""

    value: str
    text: str
    icon: str = ""


class _SegmentButton(QAbstractButton):
    def __init__(self, segment: Segment, parent: QWidget) -> None:
        super().__init__(parent)
        self.segment = segment
        self.setText(segment.text)
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        width = look.metrics("small_strong").horizontalAdvance(self.text()) + 1
        if self.segment.icon:
            width += look.px(14) + 6
        return QSize(width + 20, look.line("small") + 8)

    @override
    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(hint.width() - _SPARE, hint.height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        color = t.text_2
        if not self.isEnabled():
            color = t.text_disabled
        elif self.isChecked():
            painting.box(painter, self.rect(), 4, t.pressed if t.is_dark else t.raised, t.edge)
            color = t.text
        elif self.underMouse():
            color = t.text
        font = look.font("small_strong")
        icon_width = look.px(14) + 6 if self.segment.icon else 0
        width = look.metrics("small_strong").horizontalAdvance(self.text()) + 1 + icon_width
        x = (self.width() - width) / 2
        if self.segment.icon:
            spot = QRectF(x, 0, look.px(14), self.height())
            icons.paint(painter, spot, self.segment.icon, 14, color)
        painting.text(
            painter,
            QRectF(x + icon_width, 0, self.width() - x - icon_width, self.height()),
            self.text(),
            font,
            color,
        )


class Segmented(QWidget):
    """A row of segments in a trough; arrows move the choice while it has the focus.

    Signals:
        chosen: the value the user picked. Setting it from the program emits nothing.
    """

    chosen = Signal(str)

    def __init__(
        self,
        segments: Sequence[Segment | tuple[str, str]],
        *,
        name: str,
        size: ButtonSize = ButtonSize.NORMAL,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._size = size
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(INSET, INSET, INSET, INSET)
        self._row.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._buttons: dict[str, _SegmentButton] = {}
        self.set_segments(segments)
        self._group.buttonClicked.connect(self._on_clicked)
        theme.current().changed.connect(self.updateGeometry)

    def set_segments(self, segments: Sequence[Segment | tuple[str, str]]) -> None:
        """Put other choices in, keeping the chosen value where it is still there."""
        chosen = self.value()
        for button in self._buttons.values():
            self._group.removeButton(button)
            button.deleteLater()
        self._buttons = {}
        for entry in segments:
            segment = entry if isinstance(entry, Segment) else Segment(*entry)
            button = _SegmentButton(segment, self)
            self._group.addButton(button)
            # Without a stretch they are as wide as each other only where all words have their room.
            self._row.addWidget(button)
            self._buttons[segment.value] = button
        self.set_value(chosen if chosen in self._buttons else next(iter(self._buttons), ""))

    def value(self) -> str:
        button = self._group.checkedButton()
        return button.segment.value if isinstance(button, _SegmentButton) else ""

    def set_value(self, value: str) -> None:
        button = self._buttons.get(value)
        if button is not None:
            button.setChecked(True)
            self._update_focus()

    def set_text(self, value: str, text: str) -> None:
        """Change what a segment reads, such as a count."""
        self._buttons[value].setText(text)
        self._buttons[value].updateGeometry()

    def set_enabled(self, value: str, is_enabled: bool, reason: str = "") -> None:
        """Switch one segment on or off; the reason is its tip."""
        self._buttons[value].setEnabled(is_enabled)
        set_tip(self._buttons[value], "" if is_enabled else reason)

    @override
    def sizeHint(self) -> QSize:
        height = theme.current().height(theme.metric("size", self._size), "small", 4 + INSET)
        width = sum(button.sizeHint().width() for button in self._buttons.values()) + 2 * INSET
        return QSize(width, height)

    @override
    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(hint.width() - _SPARE * len(self._buttons), hint.height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        painting.box(painter, self.rect(), 6, t.stage, t.line)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Down: 1,
        }.get(Qt.Key(event.key()))
        values = [value for value, button in self._buttons.items() if button.isEnabled()]
        if step is None or self.value() not in values:
            super().keyPressEvent(event)
            return
        value = values[(values.index(self.value()) + step) % len(values)]
        self.set_value(value)
        self._buttons[value].setFocus(Qt.FocusReason.OtherFocusReason)
        self.chosen.emit(value)

    def _on_clicked(self, button: QAbstractButton) -> None:
        self._update_focus()
        if isinstance(button, _SegmentButton):
            self.chosen.emit(button.segment.value)

    def _update_focus(self) -> None:
        # One stop for the Tab key: the chosen segment. Arrows go on from there.
        for button in self._buttons.values():
            is_stop = button.isChecked()
            button.setFocusPolicy(
                Qt.FocusPolicy.StrongFocus if is_stop else Qt.FocusPolicy.ClickFocus
            )
