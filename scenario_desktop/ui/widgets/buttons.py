"""Buttons, all painted: text, icon, shortcut and price stand exactly where they should."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QVariantAnimation
from PySide6.QtGui import QColor, QEnterEvent, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.shortcuts import shortcut_text
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.spinner import Turn
from scenario_desktop.ui.widgets.tips import set_tip

GAP = 8


class ButtonKind(StrEnum):
    """How much a button calls. One primary in a view."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    GHOST = "ghost"
    DANGER = "danger"
    DANGER_GHOST = "danger_ghost"
    LINK = "link"
    HEADING = "heading"


#: Kinds without a ground: their text stands at the edge that other things stand at.
_FLUSH = (ButtonKind.LINK, ButtonKind.HEADING)


class ButtonSize(StrEnum):
    """Heights by their token names: 32, 28 and 40."""

    NORMAL = "control"
    SMALL = "control_small"
    LARGE = "control_large"


@dataclass(frozen=True, slots=True)
class _Colors:
    fill: QColor | None
    line: QColor | None
    text: QColor


class Button(QPushButton):
    """A button with text, and maybe an icon before it and a shortcut or an arrow behind it.

    Attributes:
        kind: may be changed at any time, through ``set_kind``.
        is_busy: a spinner stands in place of the icon.
    """

    def __init__(
        self,
        text: str = "",
        *,
        kind: ButtonKind = ButtonKind.SECONDARY,
        icon: str = "",
        size: ButtonSize = ButtonSize.NORMAL,
        shortcut: str = "",
        has_arrow: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.kind = kind
        self.is_busy = False
        self._icon = icon
        self._size = size
        self._shortcut = shortcut
        self._has_arrow = has_arrow
        self._is_open = False
        self._turn: Turn | None = None
        self._glow: QVariantAnimation | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.updateGeometry)

    def set_shortcut(self, shortcut: str) -> None:
        """Show another shortcut behind the text; "" for none, where there is no room for it."""
        if shortcut != self._shortcut:
            self._shortcut = shortcut
            self.updateGeometry()
            self.update()

    def set_kind(self, kind: ButtonKind) -> None:
        self.kind = kind
        self.update()

    def set_icon(self, name: str) -> None:
        self._icon = name
        self.updateGeometry()
        self.update()

    def set_open(self, is_open: bool) -> None:
        """Show that a menu or popover of this button is open."""
        self._is_open = is_open
        self.update()

    def set_busy(self, is_busy: bool, *, is_clickable: bool = False) -> None:
        """Show a spinner in place of the icon; clicks do nothing unless said otherwise."""
        self.is_busy = is_busy
        self.setAttribute(
            Qt.WidgetAttribute.WA_TransparentForMouseEvents, is_busy and not is_clickable
        )
        if is_busy and self._turn is None:
            self._turn = Turn(self)
        if self._turn is not None:
            self._turn.run(is_busy)
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        height = look.height(theme.metric("size", self._size), self._style())
        padding = 10 if self._size is ButtonSize.SMALL else 12
        if self.kind in _FLUSH:
            padding = 0
        return QSize(round(self._content_width()) + 2 * padding, height)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        colors = self._colors()
        painting.box(painter, self.rect(), self._radius(), colors.fill, colors.line)
        self._paint_content(painter, colors.text)

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._glow_to(1.0)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._glow_to(0.0)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.update()

    def _radius(self) -> float:
        return float(theme.metric("radius", "control"))

    def _style(self) -> str:
        if self._size is ButtonSize.LARGE:
            return "button_large"
        return "label_strong" if self.kind is ButtonKind.PRIMARY else "body_strong"

    @property
    def _shows_keys(self) -> bool:
        """Whether there is room for the shortcut: the text comes first."""
        return bool(self._shortcut) and self._content_width() <= self.width()

    def _content_width(self, *, has_keys: bool = True) -> float:
        look = theme.current()
        width = float(QFontMetrics(look.font(self._style())).horizontalAdvance(self.text()))
        if self._icon or self.is_busy:
            width += look.px(16) + (GAP if self.text() else 0)
        if self._shortcut and has_keys:
            width += 10 + look.metrics("small_strong").horizontalAdvance(self._keys())
        if self._has_arrow:
            width += GAP + look.px(14)
        return width + 1

    def _keys(self) -> str:
        return shortcut_text(self._shortcut)

    def _paint_content(self, painter: QPainter, color: QColor) -> None:
        look = theme.current()
        has_keys = self._shows_keys
        x = max(0.0, (self.width() - self._content_width(has_keys=has_keys)) / 2)
        height = self.height()
        if self._icon or self.is_busy:
            side = look.px(16)
            spot = QRectF(x, 0, side, height)
            if self.is_busy and self._turn is not None:
                self._turn.paint(painter, spot, look.px(14), color)
            else:
                icons.paint(painter, spot, self._icon, 16, color)
            x += side + (GAP if self.text() else 0)
        font = look.font(self._style())
        width = QFontMetrics(font).horizontalAdvance(self.text()) + 1
        room = min(width, self.width() - int(x))
        painting.text(painter, QRectF(x, 0, room, height), self.text(), font, color)
        x += width
        if has_keys:
            font = look.font("small_strong")
            painting.text(
                painter, QRectF(x + 9, 0, self.width(), height), self._keys(), font, color
            )
        if self._has_arrow:
            side = look.px(14)
            spot = QRectF(self.width() - 10 - side, 0, side, height)
            icons.paint(painter, spot, "chevron-down", 14, color)

    def _colors(self) -> _Colors:
        t = theme.current().tokens
        glow = self._glow_value()
        down = self.isDown() or self._is_open
        if self.kind is ButtonKind.LINK:
            color = t.accent_text if self.isEnabled() else t.text_disabled
            return _Colors(None, None, t.text if down else painting.mix(color, t.text, glow * 0.5))
        if not self.isEnabled():
            is_filled = self.kind not in (ButtonKind.GHOST, ButtonKind.DANGER_GHOST)
            return _Colors(t.raised if is_filled else None, None, t.text_disabled)
        if self.kind is ButtonKind.PRIMARY:
            fill = t.accent_pressed if down else painting.mix(t.accent, t.accent_hover, glow)
            return _Colors(fill, None, t.text_on_fill)
        if self.kind is ButtonKind.DANGER:
            fill = painting.mix(t.danger_fill, t.danger_fill_hover, glow)
            return _Colors(t.danger_fill_pressed if down else fill, None, t.text_on_fill)
        if self.kind is ButtonKind.SECONDARY:
            fill = t.pressed if down else painting.mix(t.raised, t.hover_raised, glow)
            return _Colors(fill, t.line, t.text)
        if self.kind is ButtonKind.HEADING:
            return _Colors(None, None, t.text if down else painting.mix(t.text_2, t.text, glow))
        text = t.danger if self.kind is ButtonKind.DANGER_GHOST else None
        ground = t.pressed if down else theme.with_alpha(t.hover, glow)
        return _Colors(
            ground, None, text or (t.text if down else painting.mix(t.text_2, t.text, glow))
        )

    def _glow_value(self) -> float:
        if self._glow is None:
            return 0.0
        return float(self._glow.currentValue() or 0.0)

    def _glow_to(self, value: float) -> None:
        if self._glow is None:
            self._glow = QVariantAnimation(self)
            self._glow.setStartValue(0.0)
            self._glow.setEndValue(1.0)
            self._glow.valueChanged.connect(self.update)
        self._glow.setDuration(theme.current().duration("fast"))
        forward = QVariantAnimation.Direction.Forward
        backward = QVariantAnimation.Direction.Backward
        self._glow.setDirection(forward if value else backward)
        if self._glow.state() is not QVariantAnimation.State.Running:
            self._glow.start()


class IconButton(Button):
    """A square button with an icon; its name is told by the tip and to assistive tools.

    It may be checkable: then "on" has a ground and an accent of its own.
    """

    def __init__(
        self,
        icon: str,
        name: str,
        *,
        shortcut: str = "",
        size: ButtonSize = ButtonSize.NORMAL,
        kind: ButtonKind = ButtonKind.GHOST,
        icon_px: int = 16,
        side: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", kind=kind, icon=icon, size=size, parent=parent)
        self._icon_px = icon_px
        self._side = side
        self._tone = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_name(name, shortcut)

    def set_name(self, name: str, shortcut: str = "") -> None:
        self.setAccessibleName(name)
        set_tip(self, name, shortcut)

    def set_tone(self, tone: str) -> None:
        """Draw the icon in a colour of the tokens, "" for the usual."""
        self._tone = tone
        self.update()

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        side = self._side or theme.metric("size", self._size)
        side = max(side, look.px(self._icon_px) + 12)
        return QSize(side, side)

    def _paint_content(self, painter: QPainter, color: QColor) -> None:
        look = theme.current()
        if self.is_busy and self._turn is not None:
            self._turn.paint(painter, QRectF(self.rect()), look.px(14), color)
            return
        if self._tone and self.isEnabled():
            color = look.tokens.named(self._tone)
        icons.paint(painter, self.rect(), self._icon, self._icon_px, color)

    def _colors(self) -> _Colors:
        if self.isChecked() and self.isEnabled():
            t = theme.current().tokens
            return _Colors(t.accent_soft, None, t.accent_text)
        return super()._colors()


class PriceButton(Button):
    """The primary button of a form that costs: "Detect · 3 CU".

    While the price is asked for it reads "Detect · …" and cannot be clicked; the price never moves
    when it arrives. Why it is disabled is listed above it by whoever lays out the form.
    """

    def __init__(
        self,
        verb: str,
        *,
        shortcut: str = "",
        size: ButtonSize = ButtonSize.LARGE,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(verb, kind=ButtonKind.PRIMARY, size=size, shortcut=shortcut, parent=parent)
        self._verb = verb
        self._price = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_verb(self, verb: str) -> None:
        self._verb = verb
        self._update()

    def set_price(self, price: str) -> None:
        """Show a quote as text, "3 CU" or "from 3 CU"; "" where the service gives none."""
        self._price = price
        self.set_busy(False)
        self._update()

    def set_asking(self) -> None:
        """Show that the price is being asked for."""
        self._price = "…"
        self.set_busy(True)
        self._update()

    def _update(self) -> None:
        self.setText(f"{self._verb} · {self._price}" if self._price else self._verb)
        self.updateGeometry()


def button(
    text: str,
    *,
    kind: ButtonKind = ButtonKind.SECONDARY,
    icon: str = "",
    size: ButtonSize = ButtonSize.NORMAL,
    shortcut: str = "",
    tooltip: str = "",
    parent: QWidget | None = None,
) -> Button:
    """Make a button; a shortcut is shown in it when it is primary, else in its tip."""
    is_primary = kind is ButtonKind.PRIMARY
    made = Button(
        text,
        kind=kind,
        icon=icon,
        size=size,
        shortcut=shortcut if is_primary else "",
        parent=parent,
    )
    if tooltip or (shortcut and not is_primary):
        set_tip(made, tooltip or text, shortcut)
    return made
