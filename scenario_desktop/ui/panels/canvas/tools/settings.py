"""What the tools are set to: sizes, colours, and which tool is in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from scenario_desktop.canvas.format import TextLayer
from scenario_desktop.ui.panels.canvas.pixels.brush import MAX_SIZE, MIN_SIZE, Brush


class ToolId(StrEnum):
    """The tools of the rail."""

    SELECT = "select"
    BRUSH = "brush"
    ERASER = "eraser"
    FILL = "fill"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    LINE = "line"
    TEXT = "text"
    CROP = "crop"
    MASK = "mask"
    EYEDROPPER = "eyedropper"
    HAND = "hand"
    ZOOM = "zoom"


#: From this weight on a font counts as bold.
BOLD = 600
#: Tools that only look: they work on a canvas that cannot be edited.
LOOKING = frozenset({ToolId.HAND, ToolId.ZOOM, ToolId.EYEDROPPER, ToolId.MASK})


@dataclass(frozen=True, slots=True)
class TextStyle:
    """What words are set in; the names are those of a text layer's fields."""

    family: str = "Inter"
    size: float = 96.0
    weight: int = 600
    is_italic: bool = False
    align: str = "left"
    line_spacing: float = 1.0

    @property
    def is_bold(self) -> bool:
        return self.weight >= BOLD

    def checked(self) -> TextStyle:
        """Return the style, or the usual one where a text layer could not have it."""
        try:
            TextLayer(id="-", **asdict(self))
        except ValidationError:
            return TextStyle()
        return self


_BRUSH, _ERASER = Brush(), Brush(size=48.0, hardness=0.6)


class ToolSettings(QObject):
    """Shared by tools, rail and options; whoever changes a value calls a setter.

    Attributes:
        tool: the one in hand.
        tolerance: how far a colour may differ and still be filled, 0 to 255.
        stroke_width: of shapes, pixels of the canvas.
        has_fill, has_stroke: what shapes are drawn with: foreground inside, background around.
        text: what new words are set in.
        has_rulers: whether they stand along the canvas.

    Signals:
        tool_changed: another tool is in hand.
        changed: any other value.
    """

    tool_changed = Signal(str)
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tool = ToolId.SELECT
        self.brush = _BRUSH
        self.eraser = _ERASER
        self.foreground = QColor("#2F8D6C")
        self.background = QColor("#F0C05A")
        self.tolerance = 24
        self.is_contiguous = True
        self.has_fill = True
        self.has_stroke = False
        self.stroke_width = 8.0
        self.radius = 0.0
        self.text = TextStyle()
        self.has_rulers = False
        self.recent: list[str] = []

    def set_tool(self, tool: ToolId) -> None:
        if tool is not self.tool:
            self.tool = tool
            self.tool_changed.emit(tool.value)

    def set(self, **values: Any) -> None:
        """Change values by their names and tell it once."""
        for name, value in values.items():
            setattr(self, name, value)
        self.changed.emit()

    def set_foreground(self, color: QColor) -> None:
        """Take a colour to paint with, and remember it among the recent ones."""
        name = color.name()
        self.recent = [name, *(known for known in self.recent if known != name)][:12]
        self.set(foreground=QColor(color))

    def toggle_rulers(self) -> None:
        self.set(has_rulers=not self.has_rulers)

    def swap_colors(self) -> None:
        self.set(foreground=self.background, background=self.foreground)

    def reset_colors(self) -> None:
        self.set(foreground=QColor("#000000"), background=QColor("#FFFFFF"))

    def current_brush(self) -> Brush:
        return self.eraser if self.tool is ToolId.ERASER else self.brush

    def set_current_brush(self, brush: Brush) -> None:
        if self.tool is ToolId.ERASER:
            self.set(eraser=brush)
        else:
            self.set(brush=brush)

    def step_size(self, direction: int) -> None:
        """Make the brush a little larger (1) or smaller (-1): by a tenth, at least by a pixel."""
        brush = self.current_brush()
        step = max(1.0, round(brush.size * 0.1))
        self.set_current_brush(
            brush.sized(min(MAX_SIZE, max(MIN_SIZE, brush.size + direction * step)))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what is to be remembered."""
        return {
            "brush": [self.brush.size, self.brush.hardness, self.brush.opacity],
            "eraser": [self.eraser.size, self.eraser.hardness, self.eraser.opacity],
            "foreground": self.foreground.name(),
            "background": self.background.name(),
            "recent": list(self.recent),
            "stroke_width": self.stroke_width,
            "has_rulers": self.has_rulers,
            "text": asdict(self.text),
        }

    def load(self, values: Mapping[str, Any]) -> None:
        """Take up what was remembered; whatever does not fit is left as it is."""
        for name in ("brush", "eraser"):
            parts = values.get(name)
            if (
                isinstance(parts, list)
                and len(parts) == 3
                and all(isinstance(part, (int, float)) for part in parts)
            ):
                size, hardness, opacity = (float(part) for part in parts)
                made = Brush(1, min(1, max(0, hardness)), min(1, max(0.01, opacity))).sized(size)
                setattr(self, name, made)
        for name in ("foreground", "background"):
            color = QColor.fromString(str(values.get(name, "")))
            if color.isValid():
                setattr(self, name, color)
        self.has_rulers = values.get("has_rulers") is True
        text = values.get("text")
        if isinstance(text, Mapping):
            known = {name: text[name] for name in asdict(TextStyle()) if name in text}
            self.text = replace(TextStyle(), **known).checked()
        recent = values.get("recent")
        if isinstance(recent, list):
            self.recent = [c for c in recent if isinstance(c, str) and QColor.isValidColorName(c)]
        self.changed.emit()
