"""Tags as chips: on one item with an x, on many with three states."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.shortcuts import shortcut_text
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.flow_layout import FlowLayout
from scenario_desktop.ui.widgets.keycap import cap_width, paint_cap
from scenario_desktop.ui.widgets.tips import set_tip

#: A name longer than this is cut in the middle; its tip has it all. Logical pixels at 100 %.
MAX_NAME_PX = 200


class ChipState(StrEnum):
    """Whose tag it is: one item's, or that of all, some or none of a selection."""

    SINGLE = "single"
    ALL = "all"
    SOME = "some"
    NONE = "none"


def tag_color(tag: str) -> QColor:
    """Return the colour of a tag's dot: always the same one for the same name."""
    series = theme.current().tokens.series
    # The built-in hash differs from run to run.
    return series[sum(ord(letter) * (index + 1) for index, letter in enumerate(tag)) % len(series)]


class TagChip(QAbstractButton):
    """One tag. Signals: ``clicked``, and ``removed`` when its x or the Delete key asks for it."""

    removed = Signal(str)

    def __init__(
        self,
        tag: str,
        state: ChipState = ChipState.SINGLE,
        *,
        note: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.tag = tag
        self.state = state
        self.note = note
        self._is_x_hot = False
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("ring_radius", 12)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_state(state, note)
        theme.current().changed.connect(self.updateGeometry)

    def set_state(self, state: ChipState, note: str = "") -> None:
        """Show whose tag it is; the note says of how many, "5 of 12"."""
        self.state, self.note = state, note
        word = {
            ChipState.SINGLE: "Tag {}",
            ChipState.ALL: "Tag {}, on all",
            ChipState.SOME: "Tag {}, on some",
            ChipState.NONE: "Tag {}, on none",
        }[state]
        self.setAccessibleName(word.format(self.tag) + (f", {note}" if note else ""))
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        width = 10 + look.px(8) + 6 + self._name_width()
        if self.state is not ChipState.SINGLE:
            width += look.px(12) + 4
        if self.note:
            width += 5 + look.metrics("small").horizontalAdvance(self.note)
        width += look.px(12) + 12 if self.state is ChipState.SINGLE else 10
        return QSize(width, look.height(24, "small", 4))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        self._paint_ground(painter)
        height, x = self.height(), 10.0
        signs = {ChipState.ALL: "check", ChipState.SOME: "minus", ChipState.NONE: "plus"}
        if self.state in signs:
            color = t.text_2 if self.state is ChipState.NONE else t.accent_text
            icons.paint(painter, QRectF(x, 0, look.px(12), height), signs[self.state], 12, color)
            x += look.px(12) + 4
        diameter = look.px(8)
        painting.dot(painter, QPointF(x + diameter / 2, height / 2), diameter, tag_color(self.tag))
        x += diameter + 6
        name = QRectF(x, 0, self._name_width(), height)
        middle = Qt.TextElideMode.ElideMiddle
        color = t.text_2 if self.state is ChipState.NONE else t.text
        painting.text(painter, name, self.tag, look.font("small_strong"), color, elide=middle)
        x = name.right() + 5
        if self.note:
            area = QRectF(x, 0, self.width() - x, height)
            painting.text(painter, area, self.note, look.font("small"), t.text_3)
        if self.state is ChipState.SINGLE:
            color = t.text if self._is_x_hot else t.text_3
            icons.paint(painter, self._x_area(), "x", 12, color)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        is_hot = self._x_area().contains(event.position())
        if is_hot != self._is_x_hot:
            self._is_x_hot = is_hot
            set_tip(self, f"Remove {self.tag}" if is_hot else self._full_name())
            self.update()
        super().mouseMoveEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        is_x = self.state is ChipState.SINGLE and self._x_area().contains(event.position())
        if is_x and self.isDown():
            self.setDown(False)
            self.removed.emit(self.tag)
            return
        super().mouseReleaseEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
        if self.state is ChipState.SINGLE and event.key() in keys:
            self.removed.emit(self.tag)
        else:
            super().keyPressEvent(event)

    def _paint_ground(self, painter: QPainter) -> None:
        t = theme.current().tokens
        radius = self.height() / 2
        is_hot = self.underMouse()
        fill: QColor | None
        if self.state is ChipState.SINGLE:
            fill, line = t.hover_raised if is_hot else t.raised, t.line
        elif self.state is ChipState.ALL:
            fill, line = t.accent_soft, t.accent_line
        elif self.state is ChipState.SOME:
            fill, line = t.hover_raised if is_hot else None, t.accent_line
        else:
            fill, line = t.hover_raised if is_hot else None, t.line
        is_dashed = self.state is ChipState.SOME
        painting.box(painter, self.rect(), radius, fill, line, is_dashed=is_dashed)

    def _name_width(self) -> int:
        look = theme.current()
        return min(
            look.metrics("small_strong").horizontalAdvance(self.tag) + 1, look.px(MAX_NAME_PX)
        )

    def _full_name(self) -> str:
        look = theme.current()
        is_cut = look.metrics("small_strong").horizontalAdvance(self.tag) > look.px(MAX_NAME_PX)
        return self.tag if is_cut else ""

    def _x_area(self) -> QRectF:
        side = theme.current().px(12) + 10
        return QRectF(self.width() - side - 2, 0, side, self.height())


class AddChip(QAbstractButton):
    """The dashed chip that adds one more, with its shortcut."""

    def __init__(self, text: str, shortcut: str = "", *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self._cap = shortcut_text(shortcut)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("ring_radius", 12)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.updateGeometry)

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        width = 10 + look.px(12) + 6 + look.metrics("small_strong").horizontalAdvance(self.text())
        width += 8 + cap_width(self._cap) + 4 if self._cap else 10
        return QSize(width + 1, look.height(24, "small", 4))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        fill = t.hover_raised if self.underMouse() else None
        line = theme.with_alpha(t.edge, 0.75)
        painting.box(painter, self.rect(), self.height() / 2, fill, line, is_dashed=True)
        x = 10.0
        color = t.text if self.underMouse() else t.text_2
        icons.paint(painter, QRectF(x, 0, look.px(12), self.height()), "plus", 12, color)
        x += look.px(12) + 6
        area = QRectF(x, 0, self.width() - x, self.height())
        painting.text(painter, area, self.text(), look.font("small_strong"), color)
        if self._cap:
            paint_cap(painter, self.width() - 4, self.height() / 2, self._cap)


class ChipFlow(QWidget):
    """Chips in lines, kept in order; what is already there is reused when tags change.

    Signals:
        removed: a tag whose x was pressed.
        clicked: a tag whose chip was pressed.
    """

    removed = Signal(str)
    clicked = Signal(str)

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self)
        self._chips: dict[str, TagChip] = {}
        self._tail: QWidget | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_tail(self, widget: QWidget) -> None:
        """Put something behind the last chip, such as "Add tag"."""
        self._tail = widget
        self._flow.addWidget(widget)

    def set_tags(self, tags: tuple[str, ...] | list[str]) -> None:
        for tag in [tag for tag in self._chips if tag not in tags]:
            chip = self._chips.pop(tag)
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        for index, tag in enumerate(tags):
            if tag not in self._chips:
                chip = TagChip(tag)
                chip.removed.connect(self.removed)
                chip.clicked.connect(self._on_clicked)
                self._chips[tag] = chip
                self._flow.insert_widget(index, chip)
                chip.show()
        self.updateGeometry()

    def chip(self, tag: str) -> TagChip | None:
        return self._chips.get(tag)

    def tags(self) -> tuple[str, ...]:
        return tuple(self._chips)

    def _on_clicked(self) -> None:
        chip = self.sender()
        if isinstance(chip, TagChip):
            self.clicked.emit(chip.tag)
