"""Sets words in a style: those being written, those of the chosen layer, or the next ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor

from scenario_desktop.canvas.format import TextLayer
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.panels.canvas.tools.options import ToolOptions
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId, ToolSettings

#: What a change of style is called in the history.
_STEPS = {
    "family": "Font of {}", "size": "Size of {}", "weight": "Weight of {}",
    "is_italic": "Slant of {}", "align": "Align {}", "line_spacing": "Spacing of {}",
    "color": "Colour of {}",
}  # fmt: skip


class TextActions(QObject):
    """Between the options of text and what they act on."""

    def __init__(
        self, editor: Editor, options: ToolOptions, stage: Stage, settings: ToolSettings
    ) -> None:
        super().__init__(options)
        self._editor, self._options = editor, options
        self._stage, self._settings = stage, settings
        options.text.edited.connect(self._on_edited)
        editor.layers_changed.connect(self.show)
        editor.active_changed.connect(self.show)
        stage.writing_changed.connect(self._on_writing)
        settings.tool_changed.connect(self.show)
        settings.changed.connect(self.show)
        self.show()

    def _layer(self) -> TextLayer | None:
        """Return the layer whose style is shown; None where it is that of the next words."""
        if self._stage.text_box is not None:
            return self._stage.text_box.layer
        layer = self._editor.active
        is_chosen = self._settings.tool in (ToolId.SELECT, ToolId.TEXT)
        return layer if is_chosen and isinstance(layer, TextLayer) else None

    def show(self) -> None:
        layer, settings = self._layer(), self._settings
        is_wanted = settings.tool is ToolId.TEXT or layer is not None
        if is_wanted:
            color = layer.color if layer else drawing.css_color(settings.foreground)
            self._options.text.color.recent = settings.recent
            self._options.text.show_style(layer or settings.text, color)
        self._options.set_has_text(is_wanted)

    def _on_writing(self) -> None:
        box = self._stage.text_box
        if box is not None:
            box.toggled.connect(self._on_toggled)
        self.show()

    def _on_toggled(self, field: str) -> None:
        if field == "weight":
            self._options.text.toggle_bold()
        else:
            self._options.text.toggle_italic()

    def _on_edited(self, values: dict[str, Any]) -> None:
        style = {name: value for name, value in values.items() if name != "color"}
        if style:
            self._settings.set(text=replace(self._settings.text, **style))
        layer, box = self._layer(), self._stage.text_box
        if box is not None:
            box.restyle(**values)
            self.show()
        elif layer is None:
            if "color" in values:
                color = QColor.fromString(drawing.qt_color(str(values["color"])))
                self._settings.set(foreground=color)
        elif layer.is_locked:
            self._editor.refused.emit(f"“{layer.name}” is locked. Unlock it in the list of layers.")
            self.show()
        else:
            step = _STEPS[next(iter(values))]
            self._editor.change_layer(layer.id, step, "type", merges=True, **values)
