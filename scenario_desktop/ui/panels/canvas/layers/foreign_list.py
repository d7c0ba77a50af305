"""Lists what can be read of the layers of another program's canvas."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.canvas.foreign import MAX_LISTED, ForeignContent, ForeignLayer
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting

_INDENT, _EDGE = 14, 16
_ICONS = (
    ("image", "image"), ("picture", "image"), ("photo", "image"), ("text", "type"),
    ("group", "folder"), ("frame", "folder"), ("folder", "folder"), ("page", "folder"),
    ("draw", "brush"), ("paint", "brush"), ("brush", "brush"), ("path", "brush"),
    ("rect", "square"), ("ellipse", "circle"), ("circle", "circle"), ("line", "slash"),
)  # fmt: skip
NOTHING = "None of its layers could be read"


class ForeignList(QWidget):
    """Rows to look at; nothing can be done with them."""

    def __init__(self) -> None:
        super().__init__()
        self._content = ForeignContent()
        self.setAccessibleName("Layers, as far as they can be read")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.updateGeometry)

    def set_content(self, content: ForeignContent) -> None:
        self._content = content
        names = ", ".join(_words(layer) for layer in content.layers[:20])
        self.setAccessibleDescription(names or NOTHING)
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        rows = len(self._content.layers) + (0 if self._content.layers else 1)
        return QSize(200, (rows + self._content.is_cut) * self._row() + 8)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        height, layers = self._row(), self._content.layers
        if not layers:
            self._note(painter, 0, NOTHING)
        for number, layer in enumerate(layers):
            top = 4 + number * height
            if top > event.rect().bottom() or top + height < event.rect().top():
                continue
            tone = t.text_disabled if layer.is_hidden else t.text
            left = _EDGE + min(layer.depth, 8) * _INDENT
            side = look.px(16)
            icon = "eye-off" if layer.is_hidden else _icon(layer)
            icons.paint(painter, QRectF(left, top, side, height), icon, 16, t.text_2)
            left += side + 8
            kind = layer.kind if layer.name else ""
            width = look.metrics("small").horizontalAdvance(kind) + 8 if kind else 0
            width = min(width, self.width() // 3)
            room = QRectF(left, top, self.width() - left - _EDGE - width, height)
            painting.text(painter, room, layer.name or layer.kind, look.font("body"), tone)
            if kind:
                area = QRectF(self.width() - _EDGE - width, top, width, height)
                right = Qt.AlignmentFlag.AlignRight
                painting.text(painter, area, kind, look.font("small"), t.text_3, right)
        if self._content.is_cut:
            self._note(painter, len(layers), f"Only the first {MAX_LISTED} are listed")

    def _note(self, painter: QPainter, row: int, words: str) -> None:
        look = theme.current()
        area = QRectF(_EDGE, 4 + row * self._row(), self.width() - 2 * _EDGE, self._row())
        painting.text(painter, area, words, look.font("small"), look.tokens.text_3)

    def _row(self) -> int:
        return theme.current().height(32, "body", 6)


def _icon(layer: ForeignLayer) -> str:
    kind = layer.kind.casefold()
    return next((icon for part, icon in _ICONS if part in kind), "layers")


def _words(layer: ForeignLayer) -> str:
    return " ".join(part for part in (layer.name, layer.kind) if part)
