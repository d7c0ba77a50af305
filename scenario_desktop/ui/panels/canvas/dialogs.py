"""The questions that the canvas asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.canvas.format import MAX_SIDE
from scenario_desktop.errors import AppError
from scenario_desktop.ui.dialogs import ACCEPTED, REJECTED, Dialog
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind
from scenario_desktop.ui.widgets.flow_layout import FlowLayout
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.segmented import Segment, Segmented
from scenario_desktop.ui.widgets.slider import NumberField, SliderField

#: Answer of the export dialog: into the library.
COPY = 3
#: Of the formats that have one below what a canvas can be scaled to, pixels.
MAX_SIDES = {"WEBP": 16_383}
SIZES = (
    ("Square", 1024, 1024),
    ("Landscape", 1920, 1080),
    ("Portrait", 1080, 1920),
    ("Key art", 1920, 1200),
    ("Large", 4096, 4096),
)


@dataclass(frozen=True, slots=True)
class NewCanvas:
    """What a new canvas is to be."""

    name: str
    width: int
    height: int
    background: str


class NewCanvasDialog(Dialog):
    """Name, size and ground of a new canvas.

    Attributes:
        answer: what was entered, once it is answered.
    """

    def __init__(self, parent: QWidget, name: str, size: tuple[int, int], note: str = "") -> None:
        super().__init__(parent, "New canvas")
        self.answer = NewCanvas(name, *size, "")
        self.name = QLineEdit(name)
        self.name.setAccessibleName("Name")
        self.name.setMaxLength(200)
        self.width_field, self.height_field = _side("Width"), _side("Height")
        self.ground = Segmented(
            (Segment("", "Transparent"), Segment("#ffffff", "White"), Segment("#000000", "Black")),
            name="Background",
        )
        self._titled("Name").addWidget(self.name)
        sizing = self._titled("Size")
        sizing.setSpacing(8)
        sizes = QWidget()
        flow = FlowLayout(sizes, gap=8, line_gap=8)
        for title, width, height in SIZES:
            choice = Button(f"{title} {width:,} × {height:,}")
            choice.clicked.connect(partial(self.set_size, width, height))
            flow.addWidget(choice)
        sizing.addWidget(sizes)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.width_field)
        row.addWidget(PlainLabel("×", tone="text_3"))
        row.addWidget(self.height_field)
        row.addStretch(1)
        sizing.addLayout(row)
        self._titled("Background").addWidget(self.ground)
        if note:
            self.add_text(note, "text_3")
        self.add_action("Cancel", REJECTED)
        self.add_action("Create canvas", ACCEPTED, ButtonKind.PRIMARY)
        self.set_first_focus(self.name)
        self.name.selectAll()
        self.set_size(*size)

    def _titled(self, title: str) -> QVBoxLayout:
        """Add a group to the body whose title stands nearer to it than to what is above."""
        group = QVBoxLayout()
        group.setSpacing(4)
        group.addWidget(PlainLabel(title, "small", "text_2"))
        self.body.addLayout(group)
        return group

    def set_size(self, width: int, height: int) -> None:
        self.width_field.set_value(width)
        self.height_field.set_value(height)

    @override
    def done(self, code: int) -> None:
        # Read now: the fields are gone once it is answered.
        self.answer = NewCanvas(
            self.name.text().strip() or "Untitled canvas",
            round(self.width_field.value()),
            round(self.height_field.value()),
            self.ground.value(),
        )
        super().done(code)


@dataclass(frozen=True, slots=True)
class Export:
    """How the canvas is exported.

    Attributes:
        kind: PNG, JPEG or WEBP.
        scale: 1 is its own size.
        quality: 0 to 100.
    """

    kind: str = "PNG"
    scale: float = 1.0
    quality: int = 90


class ExportDialog(Dialog):
    """Kind, size and place of what is exported.

    Attributes:
        answer: what was entered, once it is answered.
    """

    def __init__(
        self, parent: QWidget, width: int, height: int, *, is_transparent: bool = False
    ) -> None:
        """
        Args:
            is_transparent: the canvas has no ground, so something may shine through.
        """
        super().__init__(parent, "Export the canvas")
        self._is_transparent = is_transparent
        self._full = (width, height)
        self.answer = Export()
        self.kind = Segmented(
            (Segment("PNG", "PNG"), Segment("JPEG", "JPEG"), Segment("WEBP", "WebP")), name="Format"
        )
        self.scale = SliderField("Scale", 10, 400, default=100, step=5, unit="%")
        self.quality = SliderField("Quality", 10, 100, default=90, unit="%")
        self._size = PlainLabel("", "small", "text_3")
        self.body.addWidget(self.kind)
        self.body.addWidget(self.scale)
        self.body.addWidget(self._size)
        self.body.addWidget(self.quality)
        self.note = self.add_text("", "text_2")
        self.add_action("Cancel", REJECTED)
        self.library = self.add_action("Add to library", COPY)
        self.save = self.add_action("Save as…", ACCEPTED, ButtonKind.PRIMARY)
        self.scale.edited.connect(self._show)
        self.kind.chosen.connect(self._show)
        self._show()

    @override
    def done(self, code: int) -> None:
        quality = round(self.quality.value())
        self.answer = Export(self.kind.value(), self.scale.value() / 100, quality)
        super().done(code)

    def _show(self, _: object = None) -> None:
        width, height = (max(1, round(side * self.scale.value() / 100)) for side in self._full)
        kind, side = self.kind.value(), max(width, height)
        self._size.setText(f"{width:,} × {height:,}\u00a0px")
        self.quality.setVisible(kind != "PNG")
        is_possible = side <= MAX_SIDES.get(kind, side)
        note = ""
        if not is_possible:
            most = f"{MAX_SIDES[kind]:,}\u00a0px"
            note = f"WebP has at most {most} on a side. Choose a smaller scale."
        elif kind == "JPEG" and self._is_transparent:
            note = "JPEG has no transparency: what shines through becomes white."
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.save.setEnabled(is_possible)
        self.library.setEnabled(is_possible)


class ReplaceDialog(Dialog):
    """Asks before a file is replaced."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent, f"Replace “{name}”?")
        self.add_text("A file of this name is in that folder. Its contents will be lost.")
        self.add_action("Cancel", REJECTED)
        self.add_action("Replace", ACCEPTED, ButtonKind.DANGER)


class UnkeptDialog(Dialog):
    """Asks before the program ends with strokes that are neither saved nor in a draft."""

    def __init__(self, parent: QWidget, error: AppError) -> None:
        super().__init__(parent, "Your last strokes are not kept")
        self.add_text(f"{error.message} {error.hint}".strip(), "text")
        self.add_text("If you quit now, what you drew since the last draft is lost.")
        self.add_action("Quit without them", ACCEPTED, ButtonKind.DANGER)
        stay = self.add_action("Stay", REJECTED, ButtonKind.PRIMARY)
        self.set_first_focus(stay)


def _side(name: str) -> NumberField:
    field = NumberField(name=name)
    field.setRange(1, MAX_SIDE)
    field.setSuffix("\u00a0px")
    field.setGroupSeparatorShown(True)
    return field
