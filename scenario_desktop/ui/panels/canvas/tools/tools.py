"""The tools: what a press, a drag and a release on the canvas do."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import ShapeForm, ShapeLayer, TextLayer, Transform
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.pixels.brush import Brush
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId
from scenario_desktop.ui.widgets import painting

if TYPE_CHECKING:
    from scenario_desktop.ui.panels.canvas.stage.stage import Stage

#: A drag shorter than this is a click, logical pixels.
CLICK_PX = 3
_SHAPE_NAMES = {
    ShapeForm.RECTANGLE: "Rectangle",
    ShapeForm.ELLIPSE: "Ellipse",
    ShapeForm.LINE: "Line",
}
_SHAPE_ICONS = {
    ShapeForm.RECTANGLE: "square",
    ShapeForm.ELLIPSE: "circle",
    ShapeForm.LINE: "slash",
}


@dataclass(frozen=True, slots=True)
class Touch:
    """What the pointer does.

    Attributes:
        point: on the canvas, in its pixels.
        view: in the view, logical pixels.
        pressure: of a pen, 0 to 1; 1 for a mouse.
    """

    point: QPointF
    view: QPointF
    pressure: float = 1.0
    is_shift: bool = False
    is_control: bool = False
    is_alt: bool = False


class Tool:
    """Base of all tools: does nothing."""

    id: ClassVar[ToolId]
    cursor: ClassVar[Qt.CursorShape] = Qt.CursorShape.CrossCursor
    #: Whether drags go to ``follow``, which costs less.
    follows: ClassVar[bool] = False

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def follow(self, view: QPointF, pressure: float) -> None:
        """The pointer moved with the button down; the short way."""

    @property
    def is_busy(self) -> bool:
        """Whether a drag or something half done is under way."""
        return False

    def press(self, touch: Touch) -> None:
        """The left button went down."""

    def drag(self, touch: Touch) -> None:
        """The pointer moved with the button down."""

    def release(self, touch: Touch) -> None:
        """The button went up."""

    def hover(self, touch: Touch) -> None:
        """The pointer moved without a button."""

    def double(self, touch: Touch) -> None:
        """A double click."""

    def accept(self) -> None:
        """Enter was pressed."""

    def cancel(self) -> None:
        """Escape was pressed, or another tool was taken."""

    def paint(self, painter: QPainter) -> None:
        """Draw over the canvas, in the view's pixels."""


class BrushTool(Tool):
    """Paints; with Alt it takes a colour instead, with Shift it draws straight on."""

    id = ToolId.BRUSH
    follows = True
    is_eraser = False

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._last: QPointF | None = None
        self._view = QPointF()
        self._at = (0.0, 0.0)
        self._reach = 0.0

    @property
    def is_busy(self) -> bool:
        return self.stage.editor.is_painting

    def press(self, touch: Touch) -> None:
        stage, size = self.stage, self._brush().size
        if touch.is_alt:
            stage.pick_color(touch.point)
            return
        if not stage.editor.begin_stroke(
            stage.settings.current_brush(), stage.settings.foreground, is_eraser=self.is_eraser
        ):
            return
        self._view = touch.view
        self._reach = size / 2 * stage.scale + 4
        if touch.is_shift and self._last is not None:
            stage.editor.stroke_to(self._last.x(), self._last.y(), touch.pressure)
            self._view = stage.to_view(self._last)
        stage.editor.stroke_to(touch.point.x(), touch.point.y(), touch.pressure)
        stage.spoil_line(self._view, touch.view, size)
        self._last = touch.point
        self._at = touch.view.x(), touch.view.y()

    def follow(self, view: QPointF, pressure: float) -> None:
        # Called for every place a pen tells of, hundreds a second: nothing is asked for twice.
        stage, reach = self.stage, self._reach
        x, y = view.x(), view.y()
        last_x, last_y = self._at
        self._at = x, y
        stage.stroke_to(x, y, pressure)
        left, right = (x, last_x) if x < last_x else (last_x, x)
        top, bottom = (y, last_y) if y < last_y else (last_y, y)
        stage.update(
            int(left - reach), int(top - reach),
            int(right - left + 2 * reach) + 2, int(bottom - top + 2 * reach) + 2,
        )  # fmt: skip

    def release(self, touch: Touch) -> None:
        self._last = touch.point
        self.stage.editor.end_stroke()

    def cancel(self) -> None:
        self.stage.editor.cancel_stroke()
        self._last = None

    def paint(self, painter: QPainter) -> None:
        stage = self.stage
        if stage.pointer is None:
            return
        radius = self._brush().size * stage.scale / 2
        if radius < 3:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
        painter.drawEllipse(stage.pointer, radius + 0.5, radius + 0.5)
        painter.setPen(QPen(QColor(255, 255, 255, 220), 1))
        painter.drawEllipse(stage.pointer, radius - 0.5, radius - 0.5)

    def _brush(self) -> Brush:
        return self.stage.settings.current_brush()


class EraserTool(BrushTool):
    id = ToolId.ERASER
    is_eraser = True


class FillTool(Tool):
    id = ToolId.FILL

    def press(self, touch: Touch) -> None:
        x, y = math.floor(touch.point.x()), math.floor(touch.point.y())
        if self.stage.editor.rect.contains(x, y):
            self.stage.fill_requested.emit(x, y)


class EyedropperTool(Tool):
    id = ToolId.EYEDROPPER

    def press(self, touch: Touch) -> None:
        self.stage.pick_color(touch.point)

    def drag(self, touch: Touch) -> None:
        self.stage.pick_color(touch.point)


class HandTool(Tool):
    id = ToolId.HAND
    cursor = Qt.CursorShape.OpenHandCursor

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._grip = QPointF()

    def press(self, touch: Touch) -> None:
        self._grip = touch.view

    def drag(self, touch: Touch) -> None:
        self.stage.pan(touch.view - self._grip)
        self._grip = touch.view


class ZoomTool(Tool):
    """A click zooms in, with Alt out; a drag shows what it frames."""

    id = ToolId.ZOOM

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._start: QPointF | None = None
        self._end = QPointF()

    @property
    def is_busy(self) -> bool:
        return self._start is not None

    def press(self, touch: Touch) -> None:
        self._start = self._end = touch.view

    def drag(self, touch: Touch) -> None:
        self._end = touch.view
        self.stage.update()

    def release(self, touch: Touch) -> None:
        start, self._start = self._start, None
        self.stage.update()
        if start is None:
            return
        frame = QRectF(start, touch.view).normalized()
        if frame.width() > CLICK_PX * 3 and frame.height() > CLICK_PX * 3:
            self.stage.show_rect(
                QRectF(
                    self.stage.to_canvas(frame.topLeft()), self.stage.to_canvas(frame.bottomRight())
                )
            )
        else:
            self.stage.zoom_by(0.5 if touch.is_alt else 2.0, touch.view)

    def cancel(self) -> None:
        self._start = None

    def paint(self, painter: QPainter) -> None:
        if self._start is not None:
            painter.setPen(QPen(theme.current().tokens.accent_line, 1))
            painter.setBrush(theme.with_alpha(theme.current().tokens.accent_line, 0.12))
            painter.drawRect(QRectF(self._start, self._end).normalized())


class _BoxTool(Tool):
    """Draws out a box; Shift makes it square, Alt begins at its middle."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._start: QPointF | None = None
        self._box = QRectF()

    @property
    def is_busy(self) -> bool:
        return self._start is not None

    def press(self, touch: Touch) -> None:
        self._start = QPointF(round(touch.point.x()), round(touch.point.y()))
        self._box = QRectF(self._start, self._start)

    def drag(self, touch: Touch) -> None:
        if self._start is None:
            return
        self._box = self._box_to(touch)
        self.stage.update()

    def cancel(self) -> None:
        self._start = None
        self.stage.update()

    def _box_to(self, touch: Touch) -> QRectF:
        start = self._start or touch.point
        end = QPointF(round(touch.point.x()), round(touch.point.y()))
        dx, dy = end.x() - start.x(), end.y() - start.y()
        if touch.is_shift:
            side = max(abs(dx), abs(dy))
            dx, dy = math.copysign(side, dx), math.copysign(side, dy)
        corner = QPointF(start.x() - dx, start.y() - dy) if touch.is_alt else start
        return QRectF(corner, QPointF(start.x() + dx, start.y() + dy)).normalized()

    def _is_click(self) -> bool:
        size = max(self._box.width(), self._box.height()) * self.stage.scale
        return size < CLICK_PX


class ShapeTool(_BoxTool):
    """Makes a shape layer."""

    form: ClassVar[ShapeForm]

    def press(self, touch: Touch) -> None:
        if not self.stage.editor.refuse():
            super().press(touch)

    def drag(self, touch: Touch) -> None:
        super().drag(touch)
        start = self._start
        if start is not None:
            dx, dy = touch.point.x() - start.x(), touch.point.y() - start.y()
            self._is_rising = dx * dy < 0

    def release(self, touch: Touch) -> None:
        if self._start is None:
            return
        self.drag(touch)
        self._start = None
        if not self._is_click():
            layer = self._layer()
            self.stage.editor.add_layer(layer, f"Draw {layer.name}", _SHAPE_ICONS[self.form])
        self.stage.update()

    def paint(self, painter: QPainter) -> None:
        if self._start is None or self._box.isNull():
            return
        stage = self.stage
        painter.save()
        painter.translate(stage.to_view(self._box.topLeft()))
        painter.scale(stage.scale, stage.scale)
        drawing.draw_shape(painter, self._layer())
        painter.restore()

    _is_rising = False

    def _layer(self) -> ShapeLayer:
        settings = self.stage.settings
        is_line = self.form is ShapeForm.LINE
        has_stroke = settings.has_stroke or not settings.has_fill or is_line
        stroke = settings.foreground if is_line or not settings.has_fill else settings.background
        return ShapeLayer(
            id=edits.new_id(),
            name=edits.free_name(self.stage.editor.document, _SHAPE_NAMES[self.form]),
            form=self.form,
            width=self._box.width(),
            height=self._box.height(),
            fill="" if is_line or not settings.has_fill else drawing.css_color(settings.foreground),
            stroke=drawing.css_color(stroke) if has_stroke else "",
            stroke_width=settings.stroke_width if has_stroke else 0.0,
            radius=settings.radius if self.form is ShapeForm.RECTANGLE else 0.0,
            is_rising=is_line and self._is_rising,
            transform=Transform(x=self._box.x(), y=self._box.y()),
        )


class RectangleTool(ShapeTool):
    id = ToolId.RECTANGLE
    form = ShapeForm.RECTANGLE


class EllipseTool(ShapeTool):
    id = ToolId.ELLIPSE
    form = ShapeForm.ELLIPSE


class LineTool(ShapeTool):
    """With Shift it keeps to steps of 15°."""

    id = ToolId.LINE
    form = ShapeForm.LINE

    def _box_to(self, touch: Touch) -> QRectF:
        start = self._start or touch.point
        dx, dy = touch.point.x() - start.x(), touch.point.y() - start.y()
        if touch.is_shift:
            length = math.hypot(dx, dy)
            angle = math.radians(round(math.degrees(math.atan2(dy, dx)) / 15) * 15)
            dx, dy = length * math.cos(angle), length * math.sin(angle)
        return QRectF(start, QPointF(start.x() + dx, start.y() + dy)).normalized()


class TextTool(Tool):
    """A click writes new words, or goes on with those that are there."""

    id = ToolId.TEXT
    cursor = Qt.CursorShape.IBeamCursor

    def press(self, touch: Touch) -> None:
        editor = self.stage.editor
        if self.stage.is_writing:
            self.stage.finish_writing()
            return
        if editor.refuse():
            return
        found = editor.document.layer(editor.layer_at(touch.point))
        if isinstance(found, TextLayer):
            editor.set_active(found.id)
            self.stage.write(found, is_new=False)
            return
        settings = self.stage.settings
        layer = TextLayer(
            id=edits.new_id(),
            name="",
            color=drawing.css_color(settings.foreground),
            transform=Transform(x=round(touch.point.x()), y=round(touch.point.y())),
            **asdict(settings.text),
        )
        self.stage.write(layer, is_new=True)

    def cancel(self) -> None:
        self.stage.finish_writing()


class MaskTool(_BoxTool):
    """Confines painting to a box; a click frees it."""

    id = ToolId.MASK

    def release(self, touch: Touch) -> None:
        if self._start is None:
            return
        self.drag(touch)
        self._start = None
        path: QPainterPath | None = None
        if not self._is_click():
            path = QPainterPath()
            path.addRect(self._box & QRectF(self.stage.editor.rect))
        self.stage.editor.set_selection(path)
        self.stage.update()

    def paint(self, painter: QPainter) -> None:
        if self._start is not None:
            paint_ants(painter, _mapped(self.stage, self._box))


class CropTool(_BoxTool):
    """Draws a frame that can be moved and pulled; Enter cuts the canvas to it."""

    id = ToolId.CROP

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._frame: QRectF | None = None
        self._grip: tuple[str, QPointF, QRectF] | None = None

    @property
    def frame(self) -> QRectF | None:
        return self._frame

    @property
    def is_busy(self) -> bool:
        return self._frame is not None or super().is_busy

    def press(self, touch: Touch) -> None:
        if self.stage.editor.refuse():
            return
        if self._frame is not None:
            part = _part_at(_mapped(self.stage, self._frame), touch.view)
            if part:
                self._grip = part, touch.point, QRectF(self._frame)
                return
        self._frame = None
        super().press(touch)

    def drag(self, touch: Touch) -> None:
        if self._grip is not None:
            part, start, frame = self._grip
            self._frame = _pulled(frame, part, touch.point - start)
            self.stage.update()
            self.stage.crop_changed.emit()
            return
        super().drag(touch)

    def release(self, touch: Touch) -> None:
        if self._grip is not None:
            self._grip = None
            return
        if self._start is None:
            return
        self.drag(touch)
        self._start = None
        self._frame = None if self._is_click() else QRectF(self._box)
        self.stage.update()
        self.stage.crop_changed.emit()

    def accept(self) -> None:
        frame, self._frame = self._frame, None
        if frame is not None:
            rect = frame.toAlignedRect()
            if rect.width() > 0 and rect.height() > 0:
                self.stage.editor.resize(rect)
        self.stage.update()
        self.stage.crop_changed.emit()

    def cancel(self) -> None:
        self._frame = self._grip = None
        super().cancel()
        self.stage.crop_changed.emit()

    def paint(self, painter: QPainter) -> None:
        box = self._frame if self._frame is not None else (self._box if self._start else None)
        if box is None or box.isEmpty():
            return
        t = theme.current().tokens
        area = _mapped(self.stage, box)
        shade = QPainterPath()
        shade.addRect(QRectF(self.stage.rect()))
        hole = QPainterPath()
        hole.addRect(area)
        painter.fillPath(shade - hole, QColor(0, 0, 0, 140))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(255, 255, 255, 90), 1))
        for third in (1, 2):
            x = area.left() + area.width() * third / 3
            y = area.top() + area.height() * third / 3
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(QPen(t.accent_line, 1.5))
        painter.drawRect(area)
        for place in _handles(area).values():
            paint_handle(painter, place)
        words = f"{round(box.width()):,} × {round(box.height()):,}"
        paint_note(painter, QPointF(area.center().x(), area.bottom() + 18), words)


def paint_handle(painter: QPainter, place: QPointF, *, is_round: bool = False) -> None:
    """Draw one of the white points that a frame is pulled by."""
    t = theme.tokens_of("dark")
    painter.setPen(QPen(t.accent, 1.5))
    painter.setBrush(t.badge_text)
    if is_round:
        painter.drawEllipse(place, 6.5, 6.5)
    else:
        painter.drawRoundedRect(QRectF(place.x() - 4.5, place.y() - 4.5, 9, 9), 2, 2)


def paint_note(painter: QPainter, middle: QPointF, words: str) -> None:
    """Draw small words on a dark ground, as beside a drag."""
    look = theme.current()
    t = theme.tokens_of("dark")
    width = look.metrics("small_strong").horizontalAdvance(words) + 14
    box = QRectF(round(middle.x() - width / 2), round(middle.y() - 11), width, 22)
    painting.box(painter, box, 4, t.badge_bg)
    font = look.font("small_strong")
    painting.text(painter, box, words, font, t.badge_text, Qt.AlignmentFlag.AlignHCenter)


def paint_ants(painter: QPainter, outline: QRectF | QPainterPath) -> None:
    """Draw a dashed line that is seen on light and on dark."""
    path = QPainterPath()
    if isinstance(outline, QPainterPath):
        path = outline
    else:
        path.addRect(outline)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 200), 1))
    painter.drawPath(path)
    pen = QPen(QColor(255, 255, 255, 240), 1)
    pen.setDashPattern([4, 4])
    painter.setPen(pen)
    painter.drawPath(path)


def _mapped(stage: Stage, box: QRectF) -> QRectF:
    return QRectF(stage.to_view(box.topLeft()), stage.to_view(box.bottomRight()))


def _handles(box: QRectF) -> dict[str, QPointF]:
    middle = box.center()
    return {
        "nw": box.topLeft(),
        "n": QPointF(middle.x(), box.top()),
        "ne": box.topRight(),
        "e": QPointF(box.right(), middle.y()),
        "se": box.bottomRight(),
        "s": QPointF(middle.x(), box.bottom()),
        "sw": box.bottomLeft(),
        "w": QPointF(box.left(), middle.y()),
    }


def _part_at(box: QRectF, point: QPointF) -> str:
    """Return which handle of a frame is at a point, "move" inside it, "" outside."""
    for name, place in _handles(box).items():
        if abs(place.x() - point.x()) <= 9 and abs(place.y() - point.y()) <= 9:
            return name
    return "move" if box.contains(point) else ""


def _pulled(box: QRectF, part: str, by: QPointF) -> QRectF:
    if part == "move":
        return box.translated(round(by.x()), round(by.y()))
    result = QRectF(box)
    if "w" in part:
        result.setLeft(round(box.left() + by.x()))
    if "e" in part:
        result.setRight(round(box.right() + by.x()))
    if "n" in part:
        result.setTop(round(box.top() + by.y()))
    if "s" in part:
        result.setBottom(round(box.bottom() + by.y()))
    return result.normalized()
