"""The field in which the words of a text layer are written, right where they will stand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QKeySequence,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QTextEdit
from typing_extensions import override

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import TextLayer, Transform
from scenario_desktop.ui.panels.canvas.layers import single
from scenario_desktop.ui.panels.canvas.pixels import drawing

if TYPE_CHECKING:
    from scenario_desktop.ui.panels.canvas.editor import Editor
    from scenario_desktop.ui.panels.canvas.stage.stage import Stage

_MAX_NAME = 40
#: What a style is made of, by the names of a text layer's fields.
STYLE = ("family", "size", "weight", "is_italic", "align", "color", "line_spacing")
#: Which part of the widest line stays where it is while words are written.
_SHARES = {"left": 0.0, "center": 0.5, "right": 1.0}
_FLAGS = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "center": Qt.AlignmentFlag.AlignHCenter,
    "right": Qt.AlignmentFlag.AlignRight,
}

#: Keys that words have no use for, while whoever types them may well save or zoom.
_PASSED = frozenset(
    ("Ctrl+S", "Ctrl+Shift+S", "Ctrl+Shift+E", "Ctrl++", "Ctrl+=", "Ctrl+-", "Ctrl+0", "Ctrl+1")
)
_TOGGLES = {Qt.Key.Key_B: "weight", Qt.Key.Key_I: "is_italic"}


class TextBox(QTextEdit):
    """Lies over the stage while words are written; Escape or a press beside it ends that.

    Attributes:
        layer: with the style in force; its words are those from before.

    Signals:
        finished: the user is done.
        toggled: "weight" or "is_italic" by their keys.
    """

    finished = Signal()
    toggled = Signal(str)

    def __init__(self, layer: TextLayer, stage: Stage, *, is_new: bool) -> None:
        super().__init__(stage)
        self.layer, self._first, self._stage, self._is_new = layer, layer, stage, is_new
        # New words are anchored where the click was; others where they are now.
        self._anchor = QPointF(layer.transform.x, layer.transform.y)
        if not is_new:
            self._anchor = self._moved(layer, 1.0)
        self.setAccessibleName("Words of the text layer")
        self.setProperty("bare", True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAcceptRichText(False)
        # Lines are aligned within this width, and never broken by it.
        self.setLineWrapMode(QTextEdit.LineWrapMode.FixedPixelWidth)
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        for bar in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            bar(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.document().setUndoRedoEnabled(True)
        self.setPlainText(layer.text)
        self.selectAll()
        self._dress()
        self.textChanged.connect(self._on_typed)

    def open(self) -> None:
        self.place()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def restyle(self, **values: Any) -> None:
        """Set the words in another style, by the names of a text layer's fields."""
        old, self.layer = self.layer, edits.replaced(self.layer, **values)
        if old.align != self.layer.align and not self._is_new:
            # The words stay in their box; only another part of it is what they keep to.
            words = edits.replaced(old, text=self.toPlainText())
            words = edits.replaced(words, transform=self._placed(words), align=self.layer.align)
            self._anchor = self._moved(words, 1.0)
        self._dress()
        self.place()
        self._keep()

    def place(self) -> None:
        """Give it the place and size of its words at the zoom in force."""
        stage, layer = self._stage, self.layer
        font = drawing.text_font(layer)
        font.setPixelSize(max(4, round(layer.size * abs(layer.transform.scale_y) * stage.scale)))
        self.setFont(font)
        metrics = QFontMetricsF(font)
        lines = self.toPlainText().split("\n")
        width = max((metrics.horizontalAdvance(line) for line in lines), default=0.0)
        slack = metrics.averageCharWidth() * 3 + 8
        share = _SHARES[layer.align]
        corner = stage.to_view(self._anchor) - QPointF(share * (width + slack), 0)
        height = metrics.lineSpacing() * layer.line_spacing * len(lines) + metrics.descent() + 4
        size = max(24, round(width + slack)), round(height)
        self.setLineWrapColumnOrWidth(size[0])
        self.setGeometry(QRect(round(corner.x()), round(corner.y()), *size))

    def commit(self, editor: Editor) -> None:
        """Make a layer of the words, or change the one that had them."""
        made = self.written()
        words, name = made.text, made.name
        if self._is_new:
            if words:
                editor.add_layer(made, f"Write “{name}”", "type")
            return
        known = editor.document.layer(self.layer.id)
        if not isinstance(known, TextLayer):
            return
        if not words:
            single.delete(editor, known.id)
            return
        values: dict[str, Any] = {
            field: getattr(made, field)
            for field in (*STYLE, "text")
            if getattr(made, field) != getattr(known, field)
        }
        if not values:
            return
        if name != self._first.name:
            values["name"] = name
        values["transform"] = made.transform
        editor.change_layer(known.id, "Write on {}", "type", **values)

    def written(self) -> TextLayer:
        """Return the layer with the words that are here now."""
        words, was = self.toPlainText().rstrip(), self.layer
        made = edits.replaced(was, text=words)
        values: dict[str, Any] = {"transform": self._placed(made)}
        if self._is_new or was.name == was.text.split("\n", 1)[0][:_MAX_NAME]:
            values["name"] = (words.split("\n", 1)[0] or "Text")[:_MAX_NAME]
        return edits.replaced(made, **values)

    def _on_typed(self) -> None:
        self._stage.note_typed()
        if not self.toPlainText():  # a format goes with its last letter
            self._dress()
        self.place()
        self._keep()

    def _keep(self) -> None:
        made, first = self.written(), self._first
        looked_at = ("text",) if self._is_new else (*STYLE, "text")
        is_changed = any(getattr(made, name) != getattr(first, name) for name in looked_at)
        self._stage.editor.keep_words(made if is_changed else None)

    def _dress(self) -> None:
        """Wear the colour, the alignment and the spacing of the layer."""
        was = self.blockSignals(True)
        block = QTextBlockFormat()
        kind = QTextBlockFormat.LineHeightTypes.ProportionalHeight
        block.setLineHeight(self.layer.line_spacing * 100, kind.value)
        block.setAlignment(_FLAGS[self.layer.align])
        # The style sheet has a colour for words of the window: here those of the layer win.
        words = QTextCharFormat()
        words.setForeground(QColor.fromString(drawing.qt_color(self.layer.color)))
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(block)
        cursor.mergeCharFormat(words)
        self.mergeCurrentCharFormat(words)
        self.blockSignals(was)

    def _moved(self, layer: TextLayer, sign: float) -> QPointF:
        """Return the layer's place moved along its lines to the anchor (1) or back from it (-1)."""
        t = layer.transform
        start = QPointF(t.x, t.y) if sign > 0 else self._anchor
        way = sign * _SHARES[layer.align] * drawing.text_box(layer).width() * t.scale_x
        turn = math.radians(t.angle)
        return start + QPointF(way * math.cos(turn), way * math.sin(turn))

    def _placed(self, layer: TextLayer) -> Transform:
        """Return the transform with which the anchor stays where it is."""
        place = self._moved(layer, -1.0)
        return layer.transform.model_copy(update={"x": place.x(), "y": place.y()})

    @override
    def event(self, event: QEvent) -> bool:
        # Letters belong to the words here, not to the tools.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence(event.keyCombination())
            is_ours = keys.toString(QKeySequence.SequenceFormat.PortableText) not in _PASSED
            event.setAccepted(is_ours)
            return is_ours
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Escape:
            self.finished.emit()
        elif is_control and event.key() in _TOGGLES:
            self.toggled.emit(_TOGGLES[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)
