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
    QPixmap,
    QRegion,
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
from scenario_desktop.ui.widgets import painting

MIN_ZOOM, MAX_ZOOM = 0.05, 32.0
#: One press of plus or minus, and one notch of the wheel.
STEP = 1.25
#: From here on every pixel of the canvas has a line around it.
GRID_FROM = 8.0
#: From here on pixels are shown as squares.
SQUARES_FROM = 2.0
#: So long may flattening take before what is there is shown, seconds.
FRAME_S = 0.012
#: The same for a canvas that was just opened: no hand moves on it yet.
FIRST_S = 0.12
#: So long after a letter somebody is still typing, seconds.
TYPING_S = 2.0
#: Room left around a fitted canvas, logical pixels.
MARGIN = 12
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
        is_fit: whether the zoom follows the size of the view.
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
        self.is_fit = True
        self.has_grid = True
        self._scale = 1.0
        self._left = self._top = 0.0
        self._middle = QPointF(0.5, 0.5)
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
        self._checks = QPixmap()
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
    def scale(self) -> float:
        """Logical pixels of the view for one pixel of the canvas."""
        return self._scale

    def zoom(self) -> float:
        """Return device pixels for one pixel of the canvas."""
        return self._scale * self.devicePixelRatioF()

    def origin(self) -> QPointF:
        """Return where the canvas begins in the view, on a whole device pixel."""
        return QPointF(self._left, self._top)

    def to_view(self, point: QPointF) -> QPointF:
        return QPointF(self._left + point.x() * self._scale, self._top + point.y() * self._scale)

    def to_canvas(self, point: QPointF) -> QPointF:
        return QPointF(
            (point.x() - self._left) / self._scale, (point.y() - self._top) / self._scale
        )

    def fit(self) -> None:
        """Show the whole canvas, never larger than its own pixels."""
        self.is_fit = True
        self._fit()

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom so that what is under a point of the view stays under it.

        Args:
            zoom: device pixels for one pixel of the canvas.
        """
        at = at or QPointF(self.rect().center())
        under = self.to_canvas(at)
        self.is_fit = False
        self._scale = min(MAX_ZOOM, max(MIN_ZOOM, zoom)) / self.devicePixelRatioF()
        self._middle = under - QPointF(
            (at.x() - self.width() / 2) / self._scale, (at.y() - self.height() / 2) / self._scale
        )
        self._keep_in_sight()
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
        if rect.isEmpty():
            return
        scale = min(self.width() / rect.width(), self.height() / rect.height())
        self.set_zoom(scale * self.devicePixelRatioF())
        self._middle = rect.center()
        self._keep_in_sight()
        self._on_view_changed()

    def pan(self, by: QPointF) -> None:
        """Move the canvas in the view, logical pixels."""
        self.is_fit = False
        self._middle -= by / self._scale
        self._keep_in_sight()
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
        reach = size / 2 * self._scale + 4
        x1, y1, x2, y2 = start.x(), start.y(), end.x(), end.y()
        left, top = int(min(x1, x2) - reach), int(min(y1, y2) - reach)
        width, height = int(abs(x1 - x2) + 2 * reach) + 2, int(abs(y1 - y2) + 2 * reach) + 2
        self.update(left, top, width, height)

    def stroke_to(self, x: float, y: float, pressure: float) -> None:
        """Go on with the stroke to a place of the view, if one is being drawn."""
        scale = self._scale
        self.editor.stroke_to((x - self._left) / scale, (y - self._top) / scale, pressure)

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
            self._paint_picture(painter, area, seen)
            painter.setPen(QPen(t.artboard_edge, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(-0.5, -0.5, 0.5, 0.5))
            if self.has_grid and self.zoom() >= GRID_FROM:
                self._paint_grid(painter, seen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if editor.selection is not None:
            place = QTransform.fromTranslate(self.origin().x(), self.origin().y())
            place.scale(self._scale, self._scale)
            paint_ants(painter, place.map(editor.selection))
        self._tool.paint(painter)
        painter.end()

    def _paint_picture(self, painter: QPainter, area: QRectF, seen: QRectF) -> None:
        painter.save()
        painter.setClipRect(seen)
        whole = seen.toAlignedRect() & self.rect()
        painter.drawPixmap(whole, self._checkers(), whole)
        compositor = self.editor.compositor
        compositor.set_level(_level(self.zoom()))
        corners = QRectF(self.to_canvas(seen.topLeft()), self.to_canvas(seen.bottomRight()))
        wanted = corners.toAlignedRect().adjusted(-2, -2, 2, 2) & self.editor.rect
        # A stroke is always seen as it is; all else may come in pieces rather than stop the hand.
        usual = FIRST_S if compositor.is_blank else FRAME_S
        budget_s = None if self.editor.is_painting else usual
        image = compositor.image(wanted, budget_s)
        step = 1 << compositor.level
        blank = compositor.blank(wanted)
        if not blank.isEmpty():
            painter.setClipRegion(self._paint_before(painter, area, seen, blank, step))
        if compositor.is_behind(wanted):
            self._refining.start()
        elif blank.isEmpty():
            compositor.forget_before()
        painter.translate(area.topLeft())
        painter.scale(self._scale * step, self._scale * step)
        is_smooth = self.zoom() < SQUARES_FROM and abs(self.zoom() - 1) > 1e-6
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
        # Only the part that is asked for: Qt would walk through the whole picture otherwise.
        part = (
            QRectF(
                wanted.x() / step, wanted.y() / step, wanted.width() / step, wanted.height() / step
            ).toAlignedRect()
            & image.rect()
        )
        painter.drawImage(QPointF(part.topLeft()), image, QRectF(part))
        painter.restore()

    def _paint_before(
        self, painter: QPainter, area: QRectF, seen: QRectF, blank: QRegion, step: int
    ) -> QRegion:
        """Paint the level before where this one shows nothing yet; return the rest of the view."""
        place = QTransform.fromTranslate(area.x(), area.y())
        here = QTransform(place).scale(self._scale * step, self._scale * step)
        missing = here.map(blank) & seen.toAlignedRect()
        before = self.editor.compositor.before()
        if before is not None:
            image, level, known = before
            there = QTransform(place).scale(self._scale * (1 << level), self._scale * (1 << level))
            painter.save()
            painter.setClipRegion(missing & there.map(known))
            painter.setTransform(there)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            back, is_possible = there.inverted()
            if is_possible:
                part = back.mapRect(seen).toAlignedRect().adjusted(-1, -1, 1, 1) & image.rect()
                painter.drawImage(part.topLeft(), image, part)
            painter.restore()
        return QRegion(seen.toAlignedRect()).subtracted(missing)

    def _paint_grid(self, painter: QPainter, seen: QRectF) -> None:
        first, last = self.to_canvas(seen.topLeft()), self.to_canvas(seen.bottomRight())
        painter.setPen(QPen(QColor(128, 128, 128, 70), 1))
        for x in range(math.ceil(first.x()), math.floor(last.x()) + 1):
            place = self.to_view(QPointF(x, 0)).x()
            painter.drawLine(QPointF(place, seen.top()), QPointF(place, seen.bottom()))
        for y in range(math.ceil(first.y()), math.floor(last.y()) + 1):
            place = self.to_view(QPointF(0, y)).y()
            painter.drawLine(QPointF(seen.left(), place), QPointF(seen.right(), place))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keys.setGeometry(self.rect())
        if self.is_fit:
            self._fit()
        else:
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
        reach = self.settings.current_brush().size * self._scale / 2 + 3
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
        self._checks = QPixmap()
        self.update()

    def _on_spoiled(self, rect: QRect) -> None:
        area = QRectF(
            self.to_view(QPointF(rect.topLeft())), self.to_view(QPointF(rect.bottomRight()))
        )
        self.update(area.adjusted(-3, -3, 3 + self._scale, 3 + self._scale).toAlignedRect())

    def _on_layers_changed(self) -> None:
        size = (self.editor.document.width, self.editor.document.height)
        if size != self._shown:
            self._shown = size
            self.fit()
        if isinstance(self._tool, SelectTool):
            self.update()  # its frame follows the layer

    def _fit(self) -> None:
        width, height = self.editor.document.width, self.editor.document.height
        room = (max(1, self.width() - 2 * MARGIN), max(1, self.height() - 2 * MARGIN))
        ratio = self.devicePixelRatioF()
        scale = min(room[0] / width, room[1] / height, 1 / ratio)
        self._scale = max(MIN_ZOOM / ratio, scale)
        self._middle = QPointF(width / 2, height / 2)
        self._on_view_changed()

    def _keep_in_sight(self) -> None:
        """Let the canvas never be dragged wholly out of sight."""
        width, height = self.editor.document.width, self.editor.document.height
        slack_x = (self.width() / 2 - 48) / self._scale
        slack_y = (self.height() / 2 - 48) / self._scale
        x = min(max(self._middle.x(), -slack_x), width + slack_x)
        y = min(max(self._middle.y(), -slack_y), height + slack_y)
        self._middle = QPointF(x, y)

    def _on_view_changed(self) -> None:
        ratio = self.devicePixelRatioF()
        x = self.width() / 2 - self._middle.x() * self._scale
        y = self.height() / 2 - self._middle.y() * self._scale
        self._left, self._top = round(x * ratio) / ratio, round(y * ratio) / ratio
        if self._text_box is not None:
            self._text_box.place()
        self.update()
        self.zoom_changed.emit(self.zoom())

    def _checkers(self) -> QPixmap:
        """Return the checkerboard, as large as the view: a part of it is a plain copy."""
        if self._checks.size() != self.size():
            t = theme.current().tokens
            made = QPixmap(self.size())
            painter = QPainter(made)
            painting.checkerboard(painter, self.rect(), t.check_a, t.check_b)
            painter.end()
            self._checks = made
        return self._checks


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


def _level(zoom: float) -> int:
    """Return the level just larger than what is shown."""
    return max(0, math.floor(-math.log2(zoom) + 1e-6)) if zoom < 1 else 0
