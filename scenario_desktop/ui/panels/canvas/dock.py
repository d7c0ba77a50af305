"""The right side of the editor: layers, where the chosen one lies, what was done."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.canvas.foreign import ForeignContent
from scenario_desktop.canvas.format import Blend
from scenario_desktop.services.words import counted
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.history.history_list import HistoryList
from scenario_desktop.ui.panels.canvas.history.snapshot_list import SnapshotList
from scenario_desktop.ui.panels.canvas.layers.foreign_list import ForeignList
from scenario_desktop.ui.panels.canvas.layers.layer_list import LayerList, row_height
from scenario_desktop.ui.panels.canvas.layers.layer_model import LayerModel
from scenario_desktop.ui.panels.canvas.lease.draft_card import DraftCard
from scenario_desktop.ui.panels.canvas.tools.fields import CanvasField
from scenario_desktop.ui.panels.canvas.tools.select_tool import Frame
from scenario_desktop.ui.panels.inspector.parts import DescriptionField
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton, button
from scenario_desktop.ui.widgets.combo import Combo
from scenario_desktop.ui.widgets.labels import ElidedLabel, IconLabel, PlainLabel
from scenario_desktop.ui.widgets.slider import Slider
from scenario_desktop.ui.widgets.surface import Hairline, Surface
from scenario_desktop.ui.widgets.tips import set_tip

_RANGE = 1_000_000
#: Around and between a number and its letter, pixels.
_LETTER_ROOM = 30
_DETECT = "Detect from canvas"
#: Rows that the list of layers has at least, and the share of the dock that it has at most.
_LEAST_ROWS, _LIST_SHARE = 6, 0.45
#: What the rest of the dock needs at least, pixels at the usual size of text.
_REST = 360


class DockField(CanvasField):
    """A number of what is chosen; it is told when it is typed to its end."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.setKeyboardTracking(False)


class FrameField(DockField):
    """A number with its letter inside at the left: X, Y, W, H. It gives way to a long number."""

    def __init__(self, name: str, label: str, unit: str, minimum: float, maximum: float) -> None:
        super().__init__(name)
        self._label = label
        set_tip(self, name)
        self.setRange(minimum, maximum)
        self.setSuffix(f"\u00a0{unit}")
        self.setGroupSeparatorShown(True)
        self.setMinimumWidth(60)

    def show_value(self, value: float, decimals: int) -> None:
        """Show a value with so many decimals; ``edited`` stays silent."""
        # Other decimals round the value that is still there, and that would be told as an edit.
        was = self.blockSignals(True)
        self.setDecimals(decimals)
        self.set_value(value)
        self.blockSignals(was)

    @property
    def shows_label(self) -> bool:
        """Whether there is room for the letter beside the number."""
        words = theme.current().metrics("body")
        taken = words.horizontalAdvance(self.text()) + words.horizontalAdvance(self._label)
        return taken + _LETTER_ROOM <= self.width()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        look = theme.current()
        painter = painting.antialiased(QPainter(self))
        color = look.tokens.text_3 if self.isEnabled() else look.tokens.text_disabled
        box = self.rect().adjusted(8, 0, -8, 0)
        if self.shows_label:
            painting.text(painter, box, self._label, look.font("body"), color)


class _Header(QWidget):
    """A section's title and what can be done with it."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 0, 8, 0)
        self._row.setSpacing(2)
        self._row.addWidget(ElidedLabel(title, "label_strong"), 1)
        theme.current().changed.connect(self._fit)
        self._fit()

    def add(self, widget: QWidget) -> None:
        self._row.addWidget(widget)

    def _fit(self) -> None:
        height = theme.current().height(theme.metric("size", "dock_header"), "body", 8)
        self.setMinimumHeight(height)


class CanvasDock(Surface):
    """Shows an editor's layers, transform and history.

    Signals:
        blend_chosen: a Blend.
        opacity_edited: 0 to 1, and whether the drag goes on.
        frame_edited: a Frame.
        frame_reset: back to the layer's own size, unturned.
        add_requested, group_requested: for layers.
        menu_requested: of the chosen layer; where on the screen.
        detect_requested, export_requested, compare_requested.
        older_requested: snapshots from before those that are listed.
    """

    blend_chosen = Signal(object)
    opacity_edited = Signal(float)
    frame_edited = Signal(object)
    frame_reset = Signal()
    add_requested = Signal()
    group_requested = Signal()
    menu_requested = Signal(QPoint)
    detect_requested = Signal()
    export_requested = Signal()
    compare_requested = Signal()
    older_requested = Signal()

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__("panel", edges=Qt.Edge.LeftEdge, parent=parent)
        self.setAccessibleName("Canvas details")
        self.model = LayerModel(editor, self)
        self.layers = LayerList(self.model)
        self.history = HistoryList()
        self.snapshots = SnapshotList()
        self.draft = DraftCard()
        self.foreign = ForeignList()
        self.about = DescriptionField()
        self.blend = Combo(name="Blend mode")
        for mode in Blend:
            self.blend.addItem(mode.value.replace("_", " ").capitalize(), mode)
        self.opacity = Slider(name="Opacity")
        self.opacity.setRange(0, 100)
        self.percent = DockField("Opacity in percent")
        self.percent.setRange(0, 100)
        self.percent.setSuffix("\u00a0%")
        self.fields = {
            "x": FrameField("X", "X", "px", -_RANGE, _RANGE),
            "y": FrameField("Y", "Y", "px", -_RANGE, _RANGE),
            "width": FrameField("Width", "W", "px", 1, _RANGE),
            "height": FrameField("Height", "H", "px", 1, _RANGE),
            "angle": FrameField("Angle", "Angle", "°", -360, 360),
            "scale": FrameField("Scale", "Scale", "%", 0.1, 100_000),
        }
        self._frame: Frame | None = None
        self._left_out, self._has_older = 0, False
        self._read_only_chip = self._chip()
        self.detect = button(_DETECT, icon="scan-line")
        self.detect.setAccessibleName(_DETECT)
        self.export = button("Export", icon="upload")
        self._steps = PlainLabel("", "small", "text_3")
        self._build()
        self._connect()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._layers_header())
        column.addWidget(Hairline())
        self._blend_row = self._make_blend_row()
        column.addWidget(self._blend_row)
        self._blend_line = Hairline()
        column.addWidget(self._blend_line)
        # Above what scrolls, not in it: its own bar would stand beside the other one.
        column.addSpacing(4)
        column.addWidget(self.layers)
        self._inner = inner = QWidget()
        stack = QVBoxLayout(inner)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(0)
        stack.addWidget(self.foreign)
        self.foreign.hide()
        stack.addSpacing(4)
        self._transform = self._make_transform()
        self._history = self._make_history()
        self._snapshots = self._make_snapshots()
        self._draft = self._make_draft()
        self._draft.hide()
        stack.addWidget(self._transform)
        stack.addWidget(self._history)
        stack.addWidget(self._snapshots)
        stack.addWidget(self._draft)
        stack.addWidget(self._make_about())
        stack.addStretch(1)
        self._scroll = scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        # What is in it has the keys; the area itself would only be a stop more on the way there.
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        column.addWidget(scroll, 1)
        column.addWidget(Hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 12, 12, 12)
        foot.setSpacing(8)
        foot.addWidget(self.detect, 1)
        foot.addWidget(self.export)
        column.addLayout(foot)
        self._snapshots.hide()
        self._fit_list()

    def _layers_header(self) -> QWidget:
        header = _Header("Layers")
        small = ButtonSize.SMALL
        self._group = IconButton("folder-plus", "Group the layer", shortcut="Ctrl+G", size=small)
        self._add = IconButton("plus", "Add a layer", shortcut="Ctrl+Shift+N", size=small)
        self._more = IconButton("ellipsis", "More for this layer", size=small)
        for widget in (self._read_only_chip, self._group, self._add, self._more):
            header.add(widget)
        return header

    def _chip(self) -> QWidget:
        chip = _Chip()
        row = QHBoxLayout(chip)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(5)
        row.addWidget(IconLabel("eye", "text_2", 12))
        row.addWidget(PlainLabel("Read only", "small", "text_2"))
        chip.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        chip.hide()
        return chip

    def _make_blend_row(self) -> QWidget:
        widget = QWidget()
        row = QHBoxLayout(widget)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self.blend, 5)
        row.addWidget(self.opacity, 3)
        row.addWidget(self.percent)
        return widget

    def _make_transform(self) -> QWidget:
        section, column = _section()
        header = _Header("Transform")
        self._reset = IconButton("rotate-ccw", "Reset size and angle", size=ButtonSize.SMALL)
        header.add(self._reset)
        column.addWidget(header)
        column.addWidget(Hairline())
        grid = QGridLayout()
        grid.setContentsMargins(12, 12, 12, 12)
        grid.setSpacing(8)
        for number, field in enumerate(self.fields.values()):
            grid.addWidget(field, number // 2, number % 2)
        column.addLayout(grid)
        return section

    def _make_history(self) -> QWidget:
        section, column = _section()
        header = _Header("History")
        header.add(self._steps)
        header.add(_Space(8))
        column.addWidget(header)
        column.addWidget(Hairline())
        column.addWidget(self.history)
        return section

    def _make_snapshots(self) -> QWidget:
        section, column = _section()
        header = _Header("Snapshots")
        self.compare = Button("Compare", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        header.add(self.compare)
        column.addWidget(header)
        column.addWidget(Hairline())
        column.addWidget(self.snapshots)
        self._all = Button("Show all", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        self.older = Button("Show older", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        self._rest = QWidget()
        line = QHBoxLayout(self._rest)
        line.setContentsMargins(8, 0, 8, 8)
        line.addWidget(self._all)
        line.addWidget(self.older)
        line.addStretch(1)
        self._show_rest()
        column.addWidget(self._rest)
        return section

    def _make_draft(self) -> QWidget:
        section, column = _section()
        column.addWidget(_Header("Your draft"))
        column.addWidget(self.draft)
        return section

    def _make_about(self) -> QWidget:
        section, column = _section()
        column.addWidget(_Header("Description"))
        inner = QVBoxLayout()
        inner.setContentsMargins(16, 0, 16, 16)
        inner.addWidget(self.about)
        column.addLayout(inner)
        return section

    def _connect(self) -> None:
        self.blend.activated.connect(self._on_blend)
        self.opacity.moved_by_user.connect(self._on_opacity)
        self.percent.edited.connect(self._on_percent)
        for name, field in self.fields.items():
            field.setProperty("part", name)
            field.edited.connect(self._on_frame)
        self._reset.clicked.connect(self.frame_reset)
        self._add.clicked.connect(self.add_requested)
        self._group.clicked.connect(self.group_requested)
        self._more.clicked.connect(self._on_more)
        self.detect.clicked.connect(self.detect_requested)
        self.export.clicked.connect(self.export_requested)
        self.compare.clicked.connect(self.compare_requested)
        self._all.clicked.connect(self._show_all)
        self.older.clicked.connect(self.older_requested)
        self.snapshots.shortened.connect(self._on_shortened)
        self.snapshots.place_changed.connect(self._bring_into_sight)
        self.model.modelReset.connect(self._fit_list)

    # What is shown

    def show_layer(self, blend: Blend, opacity: float, *, is_enabled: bool) -> None:
        """Show the chosen layer's values; no signal comes of it."""
        self.blend.setCurrentIndex(self.blend.findData(blend))
        self.opacity.setValue(round(opacity * 100))
        self.percent.set_value(round(opacity * 100))
        for widget in (self.blend, self.opacity, self.percent):
            widget.setEnabled(is_enabled)

    def show_frame(self, frame: Frame | None, *, is_enabled: bool = True) -> None:
        """Show where the chosen layer lies; None where that cannot be said."""
        self._frame = frame
        for name, field in self.fields.items():
            field.setEnabled(frame is not None and is_enabled)
            if frame is None:
                field.clear()
            if frame is not None and not field.is_typed_into:
                value = getattr(frame, name)
                field.show_value(value, 1 if name in ("angle", "scale") and value % 1 else 0)
        self._reset.setEnabled(frame is not None and is_enabled)

    def show_foreign(self, content: ForeignContent | None) -> None:
        """List what can be read of another program's layers; None shows ours."""
        self.layers.setVisible(content is None)
        self.foreign.setVisible(content is not None)
        if content is not None:
            self.foreign.set_content(content)

    def show_steps(self, count: int) -> None:
        self._steps.setText(counted(count, "step") if count else "")

    def set_read_only(self, is_read_only: bool, *, shows_snapshots: bool) -> None:
        """Leave what only looks; the snapshots take the place of transform and history."""
        self._read_only_chip.setVisible(is_read_only)
        for widget in (self._group, self._add, self._more):
            widget.setVisible(not is_read_only)
        self._blend_row.setVisible(not is_read_only)
        self._blend_line.setVisible(not is_read_only)
        self._transform.setVisible(not is_read_only)
        self._history.setVisible(not is_read_only)
        self._snapshots.setVisible(shows_snapshots)
        self.layers.is_editable = not is_read_only

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - self.export.sizeHint().width() - 33
        wanted = theme.current().metrics("body_strong").horizontalAdvance(_DETECT)
        narrow = self.percent.sizeHint().width() + theme.current().px(120) + 80
        self.opacity.setVisible(self.width() >= narrow)
        self._fit_list()
        self.detect.setText(_DETECT if wanted + theme.current().px(24) + 30 <= room else "Detect")

    def set_shown(self, is_shown: bool) -> None:
        """Offer what needs a canvas to be seen, or do not."""
        self.detect.setEnabled(is_shown)
        self.export.setEnabled(is_shown)

    def show_draft(self, is_shown: bool) -> None:
        """Show the draft's section; a long list of snapshots gives way to it."""
        self._draft.setVisible(is_shown)
        self.snapshots.set_short(is_shown)

    def show_older(self, has_older: bool) -> None:
        """Offer snapshots from before those that are listed, or do not."""
        self._has_older = has_older
        self._show_rest()

    def set_reading_older(self, is_busy: bool) -> None:
        self.older.set_busy(is_busy)

    # What the user does

    def _on_blend(self, index: int) -> None:
        self.blend_chosen.emit(self.blend.itemData(index))

    def _on_opacity(self, value: int) -> None:
        self.percent.set_value(value)
        self.opacity_edited.emit(value / 100)

    def _on_percent(self, value: float) -> None:
        self.opacity.setValue(round(value))
        self.opacity_edited.emit(value / 100)

    def _on_frame(self, value: float) -> None:
        frame = self._frame
        if frame is None:
            return
        name = str(self.sender().property("part"))
        values = {part: getattr(frame, part) for part in self.fields}
        if name == "scale":
            factor = value / max(frame.scale, 1e-6)
            values |= {"width": frame.width * factor, "height": frame.height * factor}
        elif name == "width":
            values["scale"] = frame.scale * value / max(frame.width, 1e-6)
        values[name] = value
        self.frame_edited.emit(Frame(**values))

    def _on_more(self) -> None:
        self.menu_requested.emit(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def _show_all(self) -> None:
        self.snapshots.set_short(False)
        self.snapshots.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_shortened(self, count: int) -> None:
        """Offer the rest of the snapshots where some of them are left out."""
        self._left_out = count
        self._show_rest()

    def _show_rest(self) -> None:
        self._all.setText(f"Show all {self._left_out}")
        self._all.setVisible(self._left_out > 0)
        is_more = self._has_older and not self._left_out
        self.older.setVisible(is_more)
        self._rest.setVisible(is_more or self._left_out > 0)

    def _bring_into_sight(self, area: QRect) -> None:
        place = self.snapshots.mapTo(self._inner, area.center())
        self._scroll.ensureVisible(place.x(), place.y(), 0, area.height())

    def _fit_list(self) -> None:
        """Give the list its rows, but not more than leave the rest of the dock within reach."""
        most = max(_LEAST_ROWS * row_height(), round(self.height() * _LIST_SHARE))
        most = max(2 * row_height(), min(most, self.height() - theme.current().px(_REST)))
        self.layers.setFixedHeight(min(self.layers.sizeHint().height(), most) + 2)
        self.layers.show_active()


class _Chip(QWidget):
    """A small round frame."""

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        painting.box(painter, self.rect(), self.height() / 2, None, theme.current().tokens.line)


class _Space(QWidget):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.setFixedWidth(width)


def _section() -> tuple[QWidget, QVBoxLayout]:
    section = QWidget()
    column = QVBoxLayout(section)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(Hairline())
    return section, column
