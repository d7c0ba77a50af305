"""What words are set in: font, size, weight, slant, alignment, spacing, colour."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QColor, QFontDatabase, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget
from typing_extensions import override

from scenario_desktop.canvas.format import TextLayer
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.tools.color_picker import ColorPicker
from scenario_desktop.ui.panels.canvas.tools.fields import CanvasField
from scenario_desktop.ui.panels.canvas.tools.settings import BOLD, TextStyle
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import ButtonSize, IconButton
from scenario_desktop.ui.widgets.combo import Combo
from scenario_desktop.ui.widgets.flow_layout import FlowLayout
from scenario_desktop.ui.widgets.tips import set_tip

#: The font that comes with the program; its boldest grade is a semibold.
OWN_FAMILY = "Inter"
_ALIGNS = (
    ("left", "text-align-start", "Align left"),
    ("center", "text-align-center", "Centre"),
    ("right", "text-align-end", "Align right"),
)


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """Return the fonts that there are, ours first; without those that only the window wears."""
    drawing.load_fonts()
    known = QFontDatabase.families()
    others = sorted(
        (
            name
            for name in known
            if not name.startswith(OWN_FAMILY) and not QFontDatabase.isPrivateFamily(name)
        ),
        key=str.casefold,
    )
    return (OWN_FAMILY, *others)


def bold_weight(family: str) -> int:
    """Return the weight that is bold in a family."""
    return 600 if family == OWN_FAMILY else 700


class ColorButton(QAbstractButton):
    """A colour in a frame; a press opens the picker on it.

    Signals:
        picked: "#rrggbb", with every move in the picker.
    """

    picked = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._color = QColor("#000000")
        self.recent: list[str] = []
        self.setAccessibleName(name)
        set_tip(self, name)
        self.clicked.connect(self._open)

    def set_color(self, color: str) -> None:
        self._color = QColor.fromString(drawing.qt_color(color))
        self.setAccessibleDescription(color)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        side = theme.current().height(28, "body", 4)
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        area = QRectF(self.rect()).adjusted(3, 3, -3, -3)
        painting.box(painter, area, 5, self._color, t.text_3 if self.underMouse() else t.edge)

    def _open(self) -> None:
        picker = ColorPicker(self, self._color, self.recent)
        picker.picked.connect(self._on_picked)
        picker.closed.connect(picker.deleteLater)
        picker.open()

    def _on_picked(self, color: QColor) -> None:
        self.set_color(drawing.css_color(color))
        self.picked.emit(drawing.css_color(color))


class TextOptions(QWidget):
    """Shows a style; goes on in a second line where one is too narrow.

    Signals:
        edited: a dict of values by the names of a text layer's fields.
    """

    edited = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self._is_missing = False
        self.family = Combo(name="Font")
        self.family.addItems(families())
        self.size_field = CanvasField(name="Text size")
        self.size_field.setRange(1, 2000)
        self.size_field.setSuffix("\u00a0px")
        self.bold = _toggle("bold", "Bold", "Ctrl+B")
        self.italic = _toggle("italic", "Italic", "Ctrl+I")
        self.aligns = {value: _toggle(icon, name) for value, icon, name in _ALIGNS}
        self.spacing = CanvasField(name="Line spacing")
        self.spacing.setRange(50, 400)
        self.spacing.setSuffix("\u00a0%")
        set_tip(self.spacing, "Line spacing")
        set_tip(self.size_field, "Text size")
        self.color = ColorButton("Colour of the text")
        row = FlowLayout(self, gap=6, line_gap=6)
        for widget in (
            self.family, self.size_field, self.bold, self.italic, *self.aligns.values(),
            self.spacing, self.color,
        ):  # fmt: skip
            row.addWidget(widget)
        for field in (self.size_field, self.spacing):
            field.setKeyboardTracking(False)
        self.family.activated.connect(self._on_family)
        self.size_field.edited.connect(self._on_size)
        self.spacing.edited.connect(self._on_spacing)
        self.bold.clicked.connect(self.toggle_bold)
        self.italic.clicked.connect(self.toggle_italic)
        self.color.picked.connect(self._on_color)
        for value, choice in self.aligns.items():
            choice.setProperty("align", value)
            choice.clicked.connect(self._on_align)

    def show_style(self, style: TextStyle | TextLayer, color: str) -> None:
        """Show what words are set in; no signal comes of it."""
        self._show_family(style.family)
        self.size_field.set_value(style.size)
        self.bold.setChecked(style.weight >= BOLD)
        self.italic.setChecked(style.is_italic)
        for value, choice in self.aligns.items():
            choice.setChecked(value == style.align)
        self.spacing.set_value(round(style.line_spacing * 100))
        self.color.set_color(color)

    def _show_family(self, family: str) -> None:
        index = self.family.findText(family)
        if self._is_missing:
            self.family.removeItem(self.family.count() - 1)
        self._is_missing = index < 0 or index >= self.family.count()
        if self._is_missing:  # it stays named, so that it is right again where it is installed
            self.family.addItem(f"{family} (not installed)", family)
            index = self.family.count() - 1
        self.family.setCurrentIndex(index)
        self.family.setToolTip("")
        set_tip(self.family, self.family.currentText())

    def toggle_bold(self) -> None:
        is_bold = self.bold.isChecked() if self.sender() is self.bold else not self.bold.isChecked()
        weight = bold_weight(self.family.currentText()) if is_bold else 400
        self.edited.emit({"weight": weight})

    def toggle_italic(self) -> None:
        is_on = self.italic.isChecked()
        self.edited.emit({"is_italic": is_on if self.sender() is self.italic else not is_on})

    def _on_family(self, index: int) -> None:
        family = self.family.itemData(index) or self.family.itemText(index)
        values: dict[str, object] = {"family": family}
        if self.bold.isChecked():
            values["weight"] = bold_weight(family)
        self.edited.emit(values)

    def _on_size(self, value: float) -> None:
        self.edited.emit({"size": value})

    def _on_spacing(self, value: float) -> None:
        self.edited.emit({"line_spacing": value / 100})

    def _on_align(self) -> None:
        self.edited.emit({"align": str(self.sender().property("align"))})

    def _on_color(self, color: str) -> None:
        self.edited.emit({"color": color})


def _toggle(icon: str, name: str, shortcut: str = "") -> IconButton:
    button = IconButton(icon, name, shortcut=shortcut, size=ButtonSize.SMALL)
    button.setCheckable(True)
    return button
