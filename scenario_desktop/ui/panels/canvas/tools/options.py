"""What the tool in hand is set to: a card that floats over the canvas, so that nothing moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.pixels.brush import MAX_SIZE, MIN_SIZE
from scenario_desktop.ui.panels.canvas.tools.fields import CanvasField
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId, ToolSettings
from scenario_desktop.ui.panels.canvas.tools.text_options import TextOptions
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.flow_layout import FlowLayout
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.slider import Slider

#: Sizes run along the slider by powers, so that small ones are as easy to hit as large ones.
_SIZE_POWER = 3.0
_SIZE_STEPS = 200


class ToolOptions(QWidget):
    """The options of one tool at a time.

    Signals:
        crop_applied, crop_cancelled: the frame that is drawn.
        selection_cleared: painting is free again.
    """

    crop_applied = Signal()
    crop_cancelled = Signal()
    selection_cleared = Signal()

    def __init__(self, settings: ToolSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Tool options")
        self._settings = settings
        self._groups: dict[str, QWidget] = {}
        self._is_cropping = self._has_selection = self._is_read_only = self._has_text = False
        self._updates: list[Callable[[], None]] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(0)
        for name, make in (
            ("brush", self._brush),
            ("fill", self._fill),
            ("shape", self._shape),
            ("crop", self._crop),
            ("mask", self._mask),
        ):
            group = QWidget()
            make(FlowLayout(group, gap=8, line_gap=6))
            self._groups[name] = group
            row.addWidget(group)
        self.text = self._groups["text"] = TextOptions()
        row.addWidget(self.text)
        settings.tool_changed.connect(self._show)
        settings.changed.connect(self._load)
        self._load()
        self._show()

    def set_cropping(self, is_cropping: bool) -> None:
        self._is_cropping = is_cropping
        self._show()

    def set_has_selection(self, has_selection: bool) -> None:
        self._has_selection = has_selection
        self._show()

    def set_read_only(self, is_read_only: bool) -> None:
        self._is_read_only = is_read_only
        self._show()

    def set_has_text(self, has_text: bool) -> None:
        """Say whether there are words whose style can be chosen, now or with the next click."""
        self._has_text = has_text
        self._show()

    def place(self) -> None:
        """Stand in the middle at the top of the parent, in as many lines as that takes."""
        parent, layout = self.parentWidget(), self.layout()
        if parent is not None and layout is not None:
            width = min(self.sizeHint().width(), parent.width() - 16)
            height = layout.totalHeightForWidth(width)
            height = height if height > 0 else self.sizeHint().height()
            self.setGeometry((parent.width() - width) // 2, 10, width, height)
            self.raise_()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        painting.box(painter, self.rect(), 10, t.overlay, t.line)

    # The groups

    def _brush(self, row: FlowLayout) -> None:
        size = Slider(name="Size")
        size.setRange(0, _SIZE_STEPS)
        size.setFixedWidth(theme.current().px(110))
        number = _number("Size", MIN_SIZE, MAX_SIZE, "px")
        hardness, opacity = _number("Hardness", 0, 100, "%"), _number("Opacity", 1, 100, "%")
        row.addWidget(_together(_label("Size"), size, number))
        row.addWidget(_together(_label("Hardness"), hardness))
        row.addWidget(_together(_label("Opacity"), opacity))
        pressure = IconButton("pen-tool", "Pen pressure changes the size", size=ButtonSize.SMALL)
        pressure.setCheckable(True)
        row.addWidget(pressure)
        settings = self._settings

        def load() -> None:
            brush = settings.current_brush()
            size.setValue(round((brush.size / MAX_SIZE) ** (1 / _SIZE_POWER) * _SIZE_STEPS))
            number.set_value(brush.size)
            hardness.set_value(brush.hardness * 100)
            opacity.set_value(brush.opacity * 100)
            pressure.setChecked(brush.has_pressure_size)

        def on_slider(place: int) -> None:
            wished = max(1, round((place / _SIZE_STEPS) ** _SIZE_POWER * MAX_SIZE))
            settings.set_current_brush(settings.current_brush().sized(wished))

        def on_size(value: float) -> None:
            settings.set_current_brush(settings.current_brush().sized(value))

        def on_hardness(value: float) -> None:
            settings.set_current_brush(replace(settings.current_brush(), hardness=value / 100))

        def on_opacity(value: float) -> None:
            settings.set_current_brush(replace(settings.current_brush(), opacity=value / 100))

        def on_pressure() -> None:
            brush = replace(settings.current_brush(), has_pressure_size=pressure.isChecked())
            settings.set_current_brush(brush)

        size.moved_by_user.connect(on_slider)
        number.edited.connect(on_size)
        hardness.edited.connect(on_hardness)
        opacity.edited.connect(on_opacity)
        pressure.clicked.connect(on_pressure)
        self._updates.append(load)

    def _fill(self, row: FlowLayout) -> None:
        tolerance = _number("Tolerance", 0, 255, "")
        row.addWidget(_together(_label("Tolerance"), tolerance))
        near = Button("Only what touches", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        near.setCheckable(True)
        row.addWidget(near)
        settings = self._settings

        def load() -> None:
            tolerance.set_value(settings.tolerance)
            near.setChecked(settings.is_contiguous)
            near.set_icon("check" if settings.is_contiguous else "")

        def on_tolerance(value: float) -> None:
            settings.set(tolerance=round(value))

        def on_near() -> None:
            settings.set(is_contiguous=near.isChecked())

        tolerance.edited.connect(on_tolerance)
        near.clicked.connect(on_near)
        self._updates.append(load)

    def _shape(self, row: FlowLayout) -> None:
        fill = Button("Fill", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        stroke = Button("Stroke", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        width, radius = (
            _number("Stroke width", 1, 500, "px"),
            _number("Corner radius", 0, 2000, "px"),
        )
        corners = _together(_label("Corners"), radius)
        row.addWidget(fill)
        row.addWidget(stroke)
        row.addWidget(_together(_label("Width"), width))
        row.addWidget(corners)
        settings = self._settings

        def load() -> None:
            is_line = settings.tool is ToolId.LINE
            fill.setVisible(not is_line)
            stroke.setVisible(not is_line)
            fill.set_icon("check" if settings.has_fill else "")
            stroke.set_icon("check" if settings.has_stroke or not settings.has_fill else "")
            width.set_value(settings.stroke_width)
            radius.set_value(settings.radius)
            corners.setVisible(settings.tool is ToolId.RECTANGLE)

        def on_fill() -> None:
            settings.set(has_fill=not settings.has_fill)

        def on_stroke() -> None:
            settings.set(has_stroke=not settings.has_stroke)

        def on_width(value: float) -> None:
            settings.set(stroke_width=value)

        def on_radius(value: float) -> None:
            settings.set(radius=value)

        fill.clicked.connect(on_fill)
        stroke.clicked.connect(on_stroke)
        width.edited.connect(on_width)
        radius.edited.connect(on_radius)
        self._updates.append(load)

    def _crop(self, row: FlowLayout) -> None:
        cancel = Button("Cancel", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        apply = Button("Crop the canvas", kind=ButtonKind.SECONDARY, size=ButtonSize.SMALL)
        row.addWidget(cancel)
        row.addWidget(apply)
        cancel.clicked.connect(self.crop_cancelled)
        apply.clicked.connect(self.crop_applied)

    def _mask(self, row: FlowLayout) -> None:
        row.addWidget(_label("Painting stays inside the selection"))
        clear = Button("Deselect", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        row.addWidget(clear)
        clear.clicked.connect(self.selection_cleared)

    # What is shown

    def _load(self) -> None:
        for update in self._updates:
            update()
        for group in self._groups.values():
            group.updateGeometry()  # parts of it may have come or gone
        layout = self.layout()
        if layout is not None:
            layout.activate()
        self.place()

    def _show(self) -> None:
        wanted = self._wanted()
        for name, group in self._groups.items():
            group.setVisible(name == wanted)
        self.setVisible(bool(wanted))
        self._load()

    def _wanted(self) -> str:
        tool = self._settings.tool
        if tool is ToolId.MASK:
            return "mask" if self._has_selection else ""
        if self._is_read_only:
            return ""
        if tool is ToolId.CROP:
            return "crop" if self._is_cropping else ""
        if tool in (ToolId.BRUSH, ToolId.ERASER):
            return "brush"
        if tool in (ToolId.RECTANGLE, ToolId.ELLIPSE, ToolId.LINE):
            return "shape"
        if tool is ToolId.FILL:
            return "fill"
        return "text" if self._has_text else ""


def _label(words: str) -> PlainLabel:
    return PlainLabel(words, "small", "text_2")


def _together(*widgets: QWidget) -> QWidget:
    """Return widgets that stay on one line."""
    group = QWidget()
    row = QHBoxLayout(group)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    return group


def _number(name: str, minimum: float, maximum: float, unit: str) -> CanvasField:
    field = CanvasField(name=name)
    field.setRange(minimum, maximum)
    field.setKeyboardTracking(False)
    if unit:
        field.setSuffix(f"\u00a0{unit}")
    return field
