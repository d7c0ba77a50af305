"""The field in which the words of a text layer are written, right where they will stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPalette, QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit
from typing_extensions import override

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import TextLayer
from scenario_desktop.ui.panels.canvas import drawing

if TYPE_CHECKING:
    from scenario_desktop.ui.panels.canvas.editor import Editor
    from scenario_desktop.ui.panels.canvas.stage import Stage

_MAX_NAME = 40


class TextBox(QPlainTextEdit):
    """Lies over the stage while words are written; Escape or a press beside it ends that.

    Signals:
        finished: the user is done.
    """

    finished = Signal()

    def __init__(self, layer: TextLayer, stage: Stage, *, is_new: bool) -> None:
        super().__init__(stage)
        self._layer, self._stage, self._is_new = layer, stage, is_new
        self.setAccessibleName("Words of the text layer")
        self.setProperty("bare", True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        for bar in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            bar(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.setPlainText(layer.text)
        self.selectAll()
        palette = QPalette(self.palette())
        color = QColor.fromString(drawing.qt_color(layer.color))
        palette.setColor(QPalette.ColorRole.Text, color)
        palette.setColor(QPalette.ColorRole.Base, QColor(0, 0, 0, 0))
        self.setPalette(palette)
        self.textChanged.connect(self.place)

    def open(self) -> None:
        self.place()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def place(self) -> None:
        """Give it the place and size of its words at the zoom in force."""
        stage, layer = self._stage, self._layer
        font = drawing.text_font(layer)
        font.setPixelSize(max(4, round(layer.size * abs(layer.transform.scale_y) * stage.scale)))
        self.setFont(font)
        metrics = QFontMetricsF(font)
        lines = self.toPlainText().split("\n")
        width = max((metrics.horizontalAdvance(line) for line in lines), default=0.0)
        corner = stage.to_view(QPointF(layer.transform.x, layer.transform.y)).toPoint()
        room = round(width + metrics.averageCharWidth() * 3) + 8
        height = round(metrics.lineSpacing() * len(lines) + metrics.descent()) + 4
        self.setGeometry(QRect(corner.x(), corner.y(), max(24, room), height))

    def commit(self, editor: Editor) -> None:
        """Make a layer of the words, or change the one that had them."""
        words = self.toPlainText().rstrip()
        name = (words.split("\n", 1)[0] or "Text")[:_MAX_NAME]
        if self._is_new:
            if words:
                layer = edits.replaced(self._layer, text=words, name=name)
                editor.add_layer(layer, f"Write “{name}”", "type")
        elif not words:
            editor.delete_layer(self._layer.id)
        elif words != self._layer.text:
            old = self._layer.text.split("\n", 1)[0][:_MAX_NAME]
            values: dict[str, Any] = {"text": words}
            if self._layer.name == old:
                values["name"] = name
            editor.change_layer(self._layer.id, "Write on {}", "type", **values)

    @override
    def event(self, event: QEvent) -> bool:
        # Letters belong to the words here, not to the tools.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.finished.emit()
        else:
            super().keyPressEvent(event)
