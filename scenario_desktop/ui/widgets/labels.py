"""The only labels of the program. They show plain text, whatever the text looks like."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextLayout,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.tips import tip

#: As tall as any paragraph may grow, logical pixels; QWIDGETSIZE_MAX.
_MAX_HEIGHT = 16_777_215


class PlainLabel(QLabel):
    """Text in a type style and a colour of the tokens, with the line height of the style.

    Attributes:
        style_name: such as "body" or "small"; see ``theme.Theme.font``.
        tone: a colour's token name; disabled labels are drawn as disabled.
    """

    def __init__(
        self,
        text: str = "",
        style: str = "body",
        tone: str = "text",
        *,
        wrap: bool = False,
        is_selectable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.style_name = style
        self.tone = tone
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        if wrap:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        if is_selectable:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self.setText(text)
        look = theme.current()
        look.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_tone(self, tone: str) -> None:
        if tone != self.tone:
            self.tone = tone
            self._on_theme_changed()

    @override
    def hasHeightForWidth(self) -> bool:
        return self.wordWrap()

    @override
    def heightForWidth(self, width: int) -> int:
        if not self.wordWrap():
            return -1
        margins = self.contentsMargins()
        lines, _ = self._lay_out(width - margins.left() - margins.right())
        return lines * self._line() + margins.top() + margins.bottom()

    @override
    def sizeHint(self) -> QSize:
        margins = self.contentsMargins()
        metrics = QFontMetrics(self.font())
        text_width = max((metrics.horizontalAdvance(s) for s in self.text().split("\n")), default=0)
        height = self._line()
        if self.wordWrap():
            wanted = min(text_width, theme.current().px(360))
            lines, _ = self._lay_out(wanted + 1)
            text_width, height = wanted, lines * height
        # One pixel more, because advances are fractions and an exact fit gets cut.
        return QSize(
            text_width + margins.left() + margins.right() + 1,
            height + margins.top() + margins.bottom(),
        )

    @override
    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return (
            QSize(min(hint.width(), theme.current().px(60)), self._line())
            if (self.wordWrap())
            else hint
        )

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse:
            super().paintEvent(event)
            return
        tokens = theme.current().tokens
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(tokens.named(self.tone if self.isEnabled() else "text_disabled"))
        area = QRectF(self.contentsRect())
        if not self.wordWrap():
            flags = self.alignment() | Qt.TextFlag.TextSingleLine
            painter.drawText(area, int(flags), self._shown(int(area.width())))
            return
        lines, layout = self._lay_out(int(area.width()))
        spare = area.height() - lines * self._line()
        top = area.top() + (spare / 2 if self.alignment() & Qt.AlignmentFlag.AlignVCenter else 0)
        layout.draw(painter, QPointF(area.left(), max(area.top(), top)))

    def _shown(self, _width: int) -> str:
        return self.text()

    def _line(self) -> int:
        if self.style_name == "mono":
            return max(theme.current().px(16), QFontMetrics(self.font()).height())
        return theme.current().line(self.style_name)

    def _lay_out(self, width: int) -> tuple[int, QTextLayout]:
        """Break the text into lines of the style's height; return how many, and the layout."""
        return painting.paragraph(self.text(), self.font(), self._line(), width, self.alignment())

    def _on_theme_changed(self) -> None:
        look = theme.current()
        self.setFont(look.font(self.style_name))
        if self.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse:
            palette = QPalette(self.palette())
            palette.setColor(QPalette.ColorRole.WindowText, look.tokens.named(self.tone))
            self.setPalette(palette)
        self.updateGeometry()
        self.update()


class ElidedLabel(PlainLabel):
    """One line that is cut with an ellipsis where it does not fit, and then has it all in its tip.

    Names are cut in the middle, sentences on the right.
    """

    def __init__(
        self,
        text: str = "",
        style: str = "body",
        tone: str = "text",
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        self._mode = mode
        super().__init__(text, style, tone, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @override
    def setText(self, text: str) -> None:
        super().setText(text.replace("\n", " "))
        self._update_tip()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(24), self.sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_tip()

    def _shown(self, width: int) -> str:
        return QFontMetrics(self.font()).elidedText(self.text(), self._mode, width + 1)

    def _update_tip(self) -> None:
        is_cut = self._shown(self.contentsRect().width()) != self.text()
        self.setToolTip(tip(self.text()) if is_cut else "")


class IconLabel(QWidget):
    """An icon in a layout, in a colour of the tokens. Decoration: words stand beside it."""

    def __init__(
        self, name: str, tone: str = "text_2", size: int = 16, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name, self._tone, self._size = name, tone, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.updateGeometry)

    def set_icon(self, name: str, tone: str) -> None:
        self._name, self._tone = name, tone
        self.update()

    @override
    def sizeHint(self) -> QSize:
        side = theme.current().px(self._size)
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        color = theme.current().tokens.named(self._tone if self.isEnabled() else "text_disabled")
        icons.paint(QPainter(self), self.rect(), self._name, self._size, color)
