"""What lies over the grid for a moment: the drop area and the hint in the corner."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting


class DropOverlay(QWidget):
    """Says what happens when the files under the pointer are let go."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = ""
        self._note = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_text(self, text: str, note: str = "") -> None:
        self._text, self._note = text, note
        self.setAccessibleName(text)
        self.show()
        self.raise_()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        painter.fillRect(self.rect(), theme.with_alpha(t.stage, 0.82))
        area = self.rect().adjusted(8, 8, -8, -8)
        fill = theme.with_alpha(t.accent_soft, 0.6)
        painting.box(painter, area, 12, fill, t.accent_line, width=2, is_dashed=True)
        middle = area.center()
        side = look.px(36)
        tile = QRect(0, 0, side, side)
        tile.moveCenter(middle)
        tile.translate(0, -side)
        painting.box(painter, tile, 8, t.accent_soft)
        icons.paint(painter, tile, "image-plus", 20, t.accent_text)
        line = look.line("title")
        words = QRectF(area.left(), tile.bottom() + 12, area.width(), line)
        align = Qt.AlignmentFlag.AlignHCenter
        painting.text(painter, words, self._text, look.font("title"), t.text, align)
        below = words.translated(0, line)
        painting.text(painter, below, self._note, look.font("body"), t.text_2, align)


class Hint(QWidget):
    """A line in the corner of the grid, for what is going on there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def text(self) -> str:
        return self._text

    def show_text(self, text: str) -> None:
        """Show a line; an empty one hides it."""
        self._text = text
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        if text:
            self.resize(self.sizeHint())
            self.raise_()
            self.update()

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        wide = look.metrics("small_strong").horizontalAdvance(self._text)
        return QSize(wide + 25, look.height(28, "small_strong", 6))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = painting.antialiased(QPainter(self))
        painting.box(painter, self.rect(), 6, look.tokens.overlay, look.tokens.line)
        area = QRectF(self.rect()).adjusted(12, 0, -12, 0)
        painting.text(painter, area, self._text, look.font("small_strong"), look.tokens.text)
