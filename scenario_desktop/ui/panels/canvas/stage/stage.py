"""Where the canvas is shown and worked on: zoom, pan, the pointer, and what lies over the picture.

A widget of its own rather than a QGraphicsView. The picture is flattened by the compositor anyway:
groups, masks and blend modes mix layers, which items of a scene cannot. Measured on ten painted
layers of 4096 x 4096 with all of the canvas in view: a QGraphicsView draws every layer at each
repaint and took 36 ms; what is kept flattened is there in 2 ms.
"""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTabletEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QSizePolicy,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.canvas.format import TextLayer
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.stage.picture_painter import PicturePainter
from scenario_desktop.ui.panels.canvas.stage.viewport import Viewport
from scenario_desktop.ui.panels.canvas.tools.select_tool import SelectTool
from scenario_desktop.ui.panels.canvas.tools.settings import LOOKING, ToolId, ToolSettings
from scenario_desktop.ui.panels.canvas.tools.tools import (
    BrushTool,
    CropTool,
    EllipseTool,
    EraserTool,
    EyedropperTool,
    FillTool,
    HandTool,
    LineTool,
    MaskTool,
    RectangleTool,
    TextTool,
    Tool,
    Touch,
    ZoomTool,
    paint_ants,
)
from scenario_desktop.ui.panels.canvas.tools.writing import TextBox

#: One press of plus or minus, and one notch of the wheel.
STEP = 1.25
#: From here on every pixel of the canvas has a line around it.
GRID_FROM = 8.0
#: So long after a letter somebody is still typing, seconds.
TYPING_S = 2.0
#: Widgets that the keys are taken from when the pointer comes to the canvas: the space bar is for
#: the hand then, and does not press again what was pressed last. Fields to type into keep them.
_RESTING = (QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox)
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_TOOLS: tuple[type[Tool], ...] = (
    SelectTool,
    BrushTool,
    EraserTool,
    FillTool,
    RectangleTool,
    EllipseTool,
    LineTool,
    TextTool,
    CropTool,
    MaskTool,
    EyedropperTool,
    HandTool,
    ZoomTool,
)


class Stage(QWidget):
    """Shows the editor's canvas and hands the pointer to the tool in hand.

    Attributes:
        pointer: where the mouse is, in the view; None when it is elsewhere.
        has_grid: whether pixels get lines around them when they are large.

    Signals:
        zoom_changed: device pixels for one pixel of the canvas.
        fill_requested: x and y on the canvas.
        crop_changed: the crop frame came, moved or went.
        dropped: a QMimeData and the QPointF on the canvas where it was let go.
        writing_changed: a field for words came or went.
    """

    zoom_changed = Signal(float)
    fill_requested = Signal(int, int)
    crop_changed = Signal()
    dropped = Signal(object, QPointF)
    writing_changed = Signal()

    def __init__(
        self, editor: Editor, settings: ToolSettings, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.editor, self.settings = editor, settings
        self.pointer: QPointF | None = None
        self.has_grid = True
        self._viewport = Viewport(self, editor)
        self._picture = PicturePainter(self, self._viewport, editor)
        self._grip: QPointF | None = None
        self._is_space = False
        self._is_pressed = False
        self._pressure = 1.0
        self._tools = {kind.id: kind(self) for kind in _TOOLS}
        self._tool = self._tools[settings.tool]
        self._text_box: TextBox | None = None
        self._typed_s = -math.inf
        self._shown: object = None
        self._refining = QTimer(self, singleShot=True, interval=0)
        self._refining.timeout.connect(self.update)
        self.setAccessibleName("Canvas")
        self._keys = _Keys(self)
        self.setFocusProxy(self._keys)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        editor.opened.connect(self._on_opened)
        editor.spoiled.connect(self._on_spoiled)
        editor.layers_changed.connect(self._on_layers_changed)
        editor.active_changed.connect(self.update)
        editor.selection_changed.connect(self.update)
        settings.tool_changed.connect(self._on_tool_changed)
        settings.changed.connect(self.update)
        theme.current().changed.connect(self._on_theme_changed)
        self._on_tool_changed()

    # Where things are

    @property
    def is_fit(self) -> bool:
        """Whether the zoom follows the size of the view."""
        return self._viewport.is_fit

    @property
    def scale(self) -> float:
        """Logical pixels of the view for one pixel of the canvas."""
        return self._viewport.scale

    def zoom(self) -> float:
        """Return device pixels for one pixel of the canvas."""
        return self._viewport.zoom

    def origin(self) -> QPointF:
        """Return where the canvas begins in the view, on a whole device pixel."""
        return QPointF(self._viewport.left, self._viewport.top)

    def to_view(self, point: QPointF) -> QPointF:
        return self._viewport.to_view(point)

    def to_canvas(self, point: QPointF) -> QPointF:
        return self._viewport.to_canvas(point)

    def fit(self) -> None:
        """Show the whole canvas, never larger than its own pixels."""
        self._viewport.fit()
        self._on_view_changed()

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom so that what is under a point of the view stays under it.

        Args:
            zoom: device pixels for one pixel of the canvas.
        """
        self._viewport.set_zoom(zoom, at or QPointF(self.rect().center()))
        self._on_view_changed()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        self.set_zoom(self.zoom() * factor, at)

    def zoom_in(self) -> None:
        self.zoom_by(STEP)

    def zoom_out(self) -> None:
        self.zoom_by(1 / STEP)

    def actual_size(self) -> None:
        self.set_zoom(1.0)

    def show_rect(self, rect: QRectF) -> None:
        """Zoom to a part of the canvas."""
        if not rect.isEmpty():
            self._viewport.show_rect(rect)
            self._on_view_changed()

    def pan(self, by: QPointF) -> None:
        """Move the canvas in the view, logical pixels."""
        self._viewport.pan(by)
        self._on_view_changed()

    def toggle_grid(self) -> None:
        self.has_grid = not self.has_grid
        self.update()

    # What tools ask for

    def spoil_line(self, start: QPointF, end: QPointF, size: float) -> None:
        """Have the view painted along a piece of a stroke.

        Args:
            start, end: in the view.
            size: of the brush, pixels of the canvas.
        """
        reach = size / 2 * self.scale + 4
        x1, y1, x2, y2 = start.x(), start.y(), end.x(), end.y()
        left, top = int(min(x1, x2) - reach), int(min(y1, y2) - reach)
        width, height = int(abs(x1 - x2) + 2 * reach) + 2, int(abs(y1 - y2) + 2 * reach) + 2
        self.update(left, top, width, height)

    def stroke_to(self, x: float, y: float, pressure: float) -> None:
        """Go on with the stroke to a place of the view, if one is being drawn."""
        at, scale = self._viewport, self._viewport.scale
        self.editor.stroke_to((x - at.left) / scale, (y - at.top) / scale, pressure)

    def pick_color(self, point: QPointF) -> None:
        """Take the colour that is seen at a point."""
        x, y = math.floor(point.x()), math.floor(point.y())
        if self.editor.rect.contains(x, y):
            color = self.editor.compositor.color_at(x, y)
            if color.alpha() > 0:
                self.settings.set_foreground(QColor(color.red(), color.green(), color.blue()))

    @property
    def is_refining(self) -> bool:
        """Whether what is seen is still being made sharper, or filled in."""
        corners = QRectF(
            self.to_canvas(QPointF()), self.to_canvas(QPointF(self.rect().bottomRight()))
        )
        return self.editor.compositor.is_behind(corners.toAlignedRect() & self.editor.rect)

    @property
    def tool(self) -> Tool:
        return self._tool

    @property
    def is_writing(self) -> bool:
        return self._text_box is not None

    @property
    def was_typed_into(self) -> bool:
        """Whether words were typed so lately that more letters may be on their way."""
        return time.monotonic() - self._typed_s < TYPING_S

    def note_typed(self) -> None:
        self._typed_s = time.monotonic()

    @property
    def text_box(self) -> TextBox | None:
        """The field in which words are being written."""
        return self._text_box

    def write(self, layer: TextLayer, *, is_new: bool) -> None:
        """Open a field over the canvas for a layer's words."""
        self.finish_writing()
        box = TextBox(layer, self, is_new=is_new)
        self._text_box = box
        box.finished.connect(self.finish_writing)
        box.open()
        if not is_new:
            self.editor.conceal(layer.id)
        self.writing_changed.emit()

    def finish_writing(self) -> None:
        """Put what was written onto the canvas."""
        box, self._text_box = self._text_box, None
        if box is None:
            return
        self.editor.conceal("")
        if not self.editor.refuse():  # else they are kept until another state is shown
            self.editor.keep_words(None)
            box.commit(self.editor)
        self._remove(box)
        self.setFocus()

    def _remove(self, box: TextBox) -> None:
        box.hide()
        box.deleteLater()
        self.writing_changed.emit()

    # Events

    @override
    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        t = theme.current().tokens
        painter.fillRect(event.rect(), t.stage)
        editor = self.editor
        area = QRectF(
            self.to_view(QPointF(0, 0)),
            self.to_view(QPointF(editor.rect.bottomRight()) + QPointF(1, 1)),
        )
        seen = area & QRectF(event.rect())
        editor.flush_stroke()
        if not seen.isEmpty():
            if self._picture.paint(painter, area, seen):
                self._refining.start()
            painter.setPen(QPen(t.artboard_edge, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(-0.5, -0.5, 0.5, 0.5))
            if self.has_grid and self.zoom() >= GRID_FROM:
                self._picture.paint_grid(painter, seen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if editor.selection is not None:
            place = QTransform.fromTranslate(self.origin().x(), self.origin().y())
            place.scale(self.scale, self.scale)
            paint_ants(painter, place.map(editor.selection))
        self._tool.paint(painter)
        painter.end()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keys.setGeometry(self.rect())
        if self.is_fit:
            self._viewport.fit()
        else:
            self._viewport.place()
        self._on_view_changed()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.buttons() != event.button():
            return  # one thing at a time: a pen's second button is easily pressed while it draws
        if event.button() is Qt.MouseButton.MiddleButton or (
            self._is_space and event.button() is Qt.MouseButton.LeftButton
        ):
            self._grip = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() is Qt.MouseButton.LeftButton:
            self._press(self._touch(event))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        old, self.pointer = self.pointer, event.position()
        if self._is_pressed and self._tool.follows:
            self._tool.follow(self.pointer, self._pressure)
            return
        if self._grip is not None:
            self.pan(event.position() - self._grip)
            self._grip = event.position()
            return
        self._spoil_cursor(old)
        touch = self._touch(event)
        if self._is_pressed:
            self._tool.drag(touch)
        elif not self._is_space:
            self._tool.hover(touch)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._grip = None
            self._set_cursor()
        elif event.button() is Qt.MouseButton.LeftButton and self._is_pressed:
            self._is_pressed = False
            self._tool.release(self._touch(event))

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._press(self._touch(event))
            self._tool.double(self._touch(event))

    @override
    def tabletEvent(self, event: QTabletEvent) -> None:
        # Left to become a mouse event, which carries no pressure: it is remembered for that.
        self._pressure = event.pressure() if event.type() != QEvent.Type.TabletRelease else 1.0
        event.ignore()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        modifiers = event.modifiers()
        pixels = event.pixelDelta()
        notches = event.angleDelta().y() / 120
        if not pixels.isNull() and not modifiers & Qt.KeyboardModifier.ControlModifier:
            self.pan(QPointF(pixels))
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            self.pan(QPointF(notches * 60, 0))
        elif notches:
            self.zoom_by(STEP**notches, event.position())
        event.accept()

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        self.pointer = event.position()
        focus = self.window().focusWidget()
        is_typed_into = isinstance(focus, QComboBox) and focus.isEditable()
        if isinstance(focus, _RESTING) and not is_typed_into:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.update()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        old, self.pointer = self.pointer, None
        self._spoil_cursor(old)

    def claims(self, key: Qt.Key) -> bool:
        """Say whether a key is for the stage, before the window's shortcuts get it."""
        if key == Qt.Key.Key_Space or (key in _ARROWS and isinstance(self._tool, SelectTool)):
            return True
        ends = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        return key in ends and self._tool.is_busy

    def key_down(self, event: QKeyEvent) -> bool:
        """Take a key; say whether it was one of ours."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._is_space = True
                self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif key == Qt.Key.Key_Escape and self._tool.is_busy:
            self._is_pressed = False
            self._tool.cancel()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._tool.is_busy:
            self._tool.accept()
        elif key in _ARROWS and isinstance(self._tool, SelectTool):
            step = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            dx, dy = _ARROWS[key]
            self._tool.nudge(dx * step, dy * step)
        else:
            return False
        return True

    def release_space(self) -> None:
        """Give the tool back that was in hand before the space bar was held."""
        if self._is_space:
            self._is_space = False
            self._set_cursor()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData(), self.to_canvas(event.position()))

    # Inside

    def _press(self, touch: Touch) -> None:
        if self._text_box is not None and not isinstance(self._tool, TextTool):
            self.finish_writing()
        if self.editor.read_only and self._tool.id not in LOOKING | {ToolId.SELECT}:
            self.editor.refuse()
            return
        self._is_pressed = True
        self._tool.press(touch)

    def _touch(self, event: QMouseEvent) -> Touch:
        mods, keys = event.modifiers(), Qt.KeyboardModifier
        return Touch(
            self.to_canvas(event.position()),
            event.position(),
            self._pressure,
            bool(mods & keys.ShiftModifier),
            bool(mods & keys.ControlModifier),
            bool(mods & keys.AltModifier),
        )

    def _spoil_cursor(self, old: QPointF | None) -> None:
        if not isinstance(self._tool, BrushTool):
            return
        reach = self.settings.current_brush().size * self.scale / 2 + 3
        for place in (old, self.pointer):
            if place is not None:
                box = QRectF(place.x() - reach, place.y() - reach, 2 * reach, 2 * reach)
                self.update(box.toAlignedRect())

    def _on_opened(self) -> None:
        """Let go of what was being done: it was on another canvas, or on another state of it."""
        box, self._text_box = self._text_box, None
        if box is not None:
            self._remove(box)
        self._is_pressed = False
        self._tool.cancel()

    def _on_tool_changed(self, _tool: str = "") -> None:
        self._is_pressed = False
        self._tool.cancel()
        self._tool = self._tools[self.settings.tool]
        self._set_cursor()
        self.update()

    def _set_cursor(self) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor if self._is_space else self._tool.cursor)

    def _on_theme_changed(self) -> None:
        self._picture.forget_colors()
        self.update()

    def _on_spoiled(self, rect: QRect) -> None:
        area = QRectF(
            self.to_view(QPointF(rect.topLeft())), self.to_view(QPointF(rect.bottomRight()))
        )
        self.update(area.adjusted(-3, -3, 3 + self.scale, 3 + self.scale).toAlignedRect())

    def _on_layers_changed(self) -> None:
        size = (self.editor.document.width, self.editor.document.height)
        if size != self._shown:
            self._shown = size
            self.fit()
        if isinstance(self._tool, SelectTool):
            self.update()  # its frame follows the layer

    def _on_view_changed(self) -> None:
        if self._text_box is not None:
            self._text_box.place()
        self.update()
        self.zoom_changed.emit(self.zoom())


class _Keys(QWidget):
    """Has the focus in the stage's place.

    Were the stage itself to look at every event for the keys among them, each move of the pointer
    would pay for that.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._stage = stage
        self.setAccessibleName("Canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @override
    def event(self, event: QEvent) -> bool:
        is_asking = event.type() == QEvent.Type.ShortcutOverride
        if is_asking and isinstance(event, QKeyEvent) and self._stage.claims(Qt.Key(event.key())):
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._stage.key_down(event):
            super().keyPressEvent(event)

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._stage.release_space()
        else:
            super().keyReleaseEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._stage.release_space()
