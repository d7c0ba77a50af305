"""Numbers: a slider, a field, and the row in which forms put both."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import IconButton
from scenario_desktop.ui.widgets.labels import PlainLabel

#: Pixels of dragging count this much less while Shift is held.
FINE = 0.1


class Slider(QSlider):
    """A horizontal slider; a press on the track jumps there, Shift moves finely.

    Signals:
        moved_by_user: the new value, by mouse, wheel or key.
    """

    moved_by_user = Signal(int)

    def __init__(self, *, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._grip_x = 0.0
        self._exact = 0.0
        self.actionTriggered.connect(self._on_action)

    @override
    def sizeHint(self) -> QSize:
        return QSize(120, theme.metric("size", "slider_thumb") + 10)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(48, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        thumb: float = theme.metric("size", "slider_thumb")
        track: float = theme.metric("size", "slider_track")
        middle = self.height() / 2
        x = self._x_of_value()
        painter.setPen(painting.NO_PEN)
        is_on = self.isEnabled()
        trough = QRectF(0, middle - track / 2, self.width(), track)
        painter.setBrush(theme.with_alpha(t.edge, 0.55 if is_on else 0.3))
        painter.drawRoundedRect(trough, track / 2, track / 2)
        painter.setBrush(t.accent_line if is_on else t.text_disabled)
        painter.drawRoundedRect(QRectF(0, trough.top(), x, track), track / 2, track / 2)
        if is_on:
            soft = theme.with_alpha(t.shadow, 0.25)
            painting.dot(painter, QPointF(x, middle + 1), thumb + 1, soft)
        area = QRectF(x - thumb / 2, middle - thumb / 2, thumb, thumb)
        fill = t.slider_thumb if is_on else t.text_disabled
        painting.box(painter, area, thumb / 2, fill, t.edge if is_on else None)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
            return
        x = event.position().x()
        self.setSliderDown(True)
        if abs(x - self._x_of_value()) > theme.metric("size", "slider_thumb"):
            self._move_to(self._value_at(x))
        self._grip_x, self._exact = x, float(self.value())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.isSliderDown():
            return
        x = event.position().x()
        is_fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        span = max(1.0, self._room())
        step = (x - self._grip_x) / span * (self.maximum() - self.minimum())
        self._exact += step * (FINE if is_fine else 1.0)
        self._grip_x = x
        self._move_to(round(self._exact))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        self.update()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        # Only while focused: scrolling a form must not change what it passes over.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _move_to(self, value: int) -> None:
        before = self.value()
        self.setValue(value)
        if self.value() != before:
            self.moved_by_user.emit(self.value())

    def _on_action(self) -> None:
        # The new position is set after this signal; sliderPosition already has it.
        position = self.sliderPosition()
        if position != self.value():
            self.setValue(position)
            self.moved_by_user.emit(position)

    def _room(self) -> float:
        return self.width() - float(theme.metric("size", "slider_thumb"))

    def _x_of_value(self) -> float:
        span = self.maximum() - self.minimum()
        place = (self.value() - self.minimum()) / span if span else 0.0
        thumb: float = theme.metric("size", "slider_thumb")
        return thumb / 2 + place * self._room()

    def _value_at(self, x: float) -> int:
        thumb: float = theme.metric("size", "slider_thumb")
        place = (x - thumb / 2) / max(1.0, self._room())
        place = min(1.0, max(0.0, place))
        return round(self.minimum() + place * (self.maximum() - self.minimum()))


class NumberField(QDoubleSpinBox):
    """A field for a number without little arrows: keys and the wheel step it while focused.

    Signals:
        edited: the new value, by the user.
        given_up: Escape was pressed; what was typed and not yet told is gone.
    """

    edited = Signal(float)
    given_up = Signal()

    def __init__(self, *, name: str = "", decimals: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setDecimals(decimals)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setKeyboardTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._is_set_by_program = False
        self.valueChanged.connect(self._on_value_changed)
        theme.current().changed.connect(self.updateGeometry)

    def set_value(self, value: float) -> None:
        """Show a value; ``edited`` stays silent."""
        self._is_set_by_program = True
        try:
            self.setValue(value)
        finally:
            self._is_set_by_program = False

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        widest = max(
            self.textFromValue(self.minimum()), self.textFromValue(self.maximum()), key=len
        )
        words = self.prefix() + widest + self.suffix()
        width = look.metrics("body").horizontalAdvance(words) + 24
        return QSize(max(look.px(64), width), look.height(32, "body", 6))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Enter belongs to the form; Qt's field would swallow it.
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()
        elif event.key() == Qt.Key.Key_Escape:
            if not self.keyboardTracking():
                words = self.textFromValue(self.value())
                self.lineEdit().setText(f"{self.prefix()}{words}{self.suffix()}")
            event.ignore()
            self.given_up.emit()

    def _on_value_changed(self, value: float) -> None:
        if not self._is_set_by_program:
            self.edited.emit(value)


class SliderField(QWidget):
    """A number of a form: title, slider and field, help below, and a way back to the default.

    Signals:
        edited: the new value, by the user.
    """

    edited = Signal(float)

    def __init__(
        self,
        title: str,
        minimum: float,
        maximum: float,
        *,
        default: float,
        step: float = 1,
        decimals: int = 0,
        unit: str = "",
        help_text: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._default = default
        self._step = step
        self._minimum = minimum
        self.title = PlainLabel(title, "body_strong")
        self._dot = _Dot(self)
        self.reset = IconButton("rotate-ccw", f"Reset {title.lower()}", icon_px=14, side=24)
        self.slider = Slider(name=title)
        self.slider.setRange(0, max(1, round((maximum - minimum) / step)))
        self.slider.setPageStep(max(1, self.slider.maximum() // 10))
        self.field = NumberField(name=title, decimals=decimals)
        self.field.setRange(minimum, maximum)
        self.field.setSingleStep(step)
        if unit:
            self.field.setSuffix(f"\u00a0{unit}")
        self.help = PlainLabel(help_text, "small", "text_3", wrap=True)
        self._lay_out()
        self.slider.moved_by_user.connect(self._on_slider)
        self.field.edited.connect(self._on_field)
        self.reset.clicked.connect(self._on_reset)
        self.help.setVisible(bool(help_text))
        self.set_value(default)

    def value(self) -> float:
        return self.field.value()

    def set_value(self, value: float) -> None:
        """Show a value; ``edited`` stays silent."""
        self.field.set_value(value)
        self.slider.setValue(round((value - self._minimum) / self._step))
        self._update()

    def is_changed(self) -> bool:
        return abs(self.value() - self._default) > self._step / 1000

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addWidget(self._dot)
        head.addStretch(1)
        head.addWidget(self.reset)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.addLayout(head, 0, 0, 1, 2)
        grid.addWidget(self.slider, 1, 0)
        grid.addWidget(self.field, 1, 1)
        grid.addWidget(self.help, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        # The row must not jump when the reset button comes and goes.
        grid.setRowMinimumHeight(0, 24)

    def _on_slider(self, position: int) -> None:
        self.field.set_value(self._minimum + position * self._step)
        self._update()
        self.edited.emit(self.value())

    def _on_field(self, value: float) -> None:
        self.slider.setValue(round((value - self._minimum) / self._step))
        self._update()
        self.edited.emit(value)

    def _on_reset(self) -> None:
        self.set_value(self._default)
        self.slider.setFocus()
        self.edited.emit(self.value())

    def _update(self) -> None:
        self._dot.setVisible(self.is_changed())
        self.reset.setVisible(self.is_changed())


class _Dot(QWidget):
    """Marks a value that differs from its default."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(6, 20)
        self.setAccessibleName("Changed")

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        center = QPointF(3, self.height() / 2)
        painting.dot(painter, center, 6, theme.current().tokens.accent_line)
