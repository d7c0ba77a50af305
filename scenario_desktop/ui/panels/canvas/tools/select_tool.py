"""Select and transform: pick a layer, move it, pull it larger, turn it; edges snap."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import (
    Document,
    GroupLayer,
    Layer,
    PaintLayer,
    TextLayer,
    Transform,
)
from scenario_desktop.canvas.history import Step
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.layers import several
from scenario_desktop.ui.panels.canvas.pixels import drawing, frames
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId
from scenario_desktop.ui.panels.canvas.tools.tools import (
    CLICK_PX,
    Tool,
    Touch,
    paint_handle,
    paint_note,
)

#: From so near an edge snaps, logical pixels.
SNAP_PX = 6
TURN_PX = 28
#: From so near a point of the frame is taken; a side has one of its own from that length on.
REACH_PX, ROOMY_PX = 12, 36
#: Corners and sides of a box, as parts of its width and height.
PARTS = {
    "nw": (0.0, 0.0), "n": (0.5, 0.0), "ne": (1.0, 0.0), "e": (1.0, 0.5),
    "se": (1.0, 1.0), "s": (0.5, 1.0), "sw": (0.0, 1.0), "w": (0.0, 0.5),
}  # fmt: skip
_SHAPES = {
    "nw": Qt.CursorShape.SizeFDiagCursor, "se": Qt.CursorShape.SizeFDiagCursor,
    "ne": Qt.CursorShape.SizeBDiagCursor, "sw": Qt.CursorShape.SizeBDiagCursor,
    "n": Qt.CursorShape.SizeVerCursor, "s": Qt.CursorShape.SizeVerCursor,
    "e": Qt.CursorShape.SizeHorCursor, "w": Qt.CursorShape.SizeHorCursor,
    "turn": Qt.CursorShape.PointingHandCursor, "move": Qt.CursorShape.SizeAllCursor,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """A layer's box on the canvas, unturned, and how far it is turned.

    Attributes:
        x, y: its upper left corner before it is turned about its middle.
        angle: degrees, clockwise.
        scale: percent of the layer's own size, across.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float
    scale: float


def frame_of(box: QRectF, transform: Transform) -> Frame:
    """Return a layer's frame.

    Args:
        box: what the layer shows, in its own pixels.
    """
    middle = drawing.matrix(transform).map(box.center())
    width, height = box.width() * abs(transform.scale_x), box.height() * abs(transform.scale_y)
    return Frame(
        middle.x() - width / 2,
        middle.y() - height / 2,
        width,
        height,
        transform.angle,
        abs(transform.scale_x) * 100,
    )


def fitted(box: QRectF, transform: Transform, frame: Frame) -> Transform:
    """Return the transform with which a layer's box comes to lie in a frame."""
    scale_x = frame.width / max(box.width(), 1e-9) * math.copysign(1, transform.scale_x)
    scale_y = frame.height / max(box.height(), 1e-9) * math.copysign(1, transform.scale_y)
    middle = QPointF(frame.x + frame.width / 2, frame.y + frame.height / 2)
    turn = QTransform().rotate(frame.angle).scale(scale_x, scale_y)
    offset = turn.map(box.center())
    return Transform(
        x=middle.x() - offset.x(),
        y=middle.y() - offset.y(),
        scale_x=scale_x,
        scale_y=scale_y,
        angle=frame.angle,
    )


class SelectTool(Tool):
    id = ToolId.SELECT
    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, stage: object) -> None:
        super().__init__(stage)  # type: ignore[arg-type]  # the base names the class
        self._part = ""
        self._start = QPointF()
        self._start_view = QPointF()
        self._document: Document | None = None
        self._layer: Layer | None = None
        self._step: Step | None = None
        self._box = QRectF()
        self._guides: list[tuple[QPointF, QPointF]] = []
        self._note = ""
        #: What is pulled at; what a click alone does to the choice; a band drawn around layers.
        self._ids: list[str] = []
        self._click: list[str] = []
        self._band: QRectF | None = None
        #: What is pressed on stays where it is; told once it is pulled at.
        self._is_stuck = False

    @property
    def is_busy(self) -> bool:
        return self._document is not None or self._band is not None

    def press(self, touch: Touch) -> None:
        editor = self.stage.editor
        part = self._part_at(touch.view)
        self._start, self._start_view = touch.point, touch.view
        self._click, self._is_stuck = [], False
        if part in ("", "move"):
            found = editor.layer_at(touch.point)
            if not found and not part:
                self._band = QRectF()
                return
            part = self._choose(found, part, touch)
        subject = several.stand_in(editor)
        if not part or subject is None:
            return
        layer, self._box = subject
        if editor.read_only:
            editor.refuse()
            return
        self._is_stuck = several.is_locked(editor)
        if self._is_stuck or not layer.is_visible:
            return
        if isinstance(layer, GroupLayer):
            # Its frame lies on the canvas; what is pulled at is all that is in it.
            layer = layer.model_copy(update={"transform": Transform()})
        self._part, self._layer, self._ids = part, layer, several.roots(editor)
        self._document, self._step = editor.document, self._newest()

    def _choose(self, found: str, part: str, touch: Touch) -> str:
        """Choose what was pressed on; return what is pulled at then.

        Control and Shift add a layer, or take it away again where one is clicked that is chosen.
        """
        editor = self.stage.editor
        chosen = editor.chosen
        inside = next((one for one in chosen if self._is_inside_group(found, one)), "")
        if touch.is_control or touch.is_shift:
            known = inside or (found if found in chosen else "")
            rest = [one for one in chosen if one != known]
            if known and len(chosen) > 1:
                self._click = rest
            elif found and not known and touch.is_control and part:
                self._click = [*chosen, found]  # it may be a drag that shall not snap
            elif found and not known:
                editor.choose([*chosen, found])
                return "move"
            return part or ("move" if known else "")
        if found and found not in chosen and not inside:
            editor.set_active(found)
            return "move"
        if found in chosen and len(chosen) > 1:
            self._click = [found]
        return part or ("move" if found else "")

    def _choose_in_band(self, band: QRectF, *, is_more: bool) -> None:
        """Choose the layers that a band touches; those that are locked or hidden stay out of it."""
        editor = self.stage.editor
        document = editor.document
        found = [
            layer.id
            for layer in document.children()
            if not layer.is_locked
            and layer.is_visible
            and frames.frame_around(document, editor.pixels, [layer.id]).intersects(band)
        ]
        kept = [one for one in editor.chosen if one not in found] if is_more else []
        editor.choose([*kept, *found])

    def drag(self, touch: Touch) -> None:
        if self._band is not None:
            self._band = QRectF(self._start, touch.point).normalized()
            self.stage.update()
            return
        is_far = (touch.view - self._start_view).manhattanLength() >= CLICK_PX
        if self._is_stuck and is_far:
            self._is_stuck = False
            several.refuse_locked(self.stage.editor)
        document, layer = self._document, self._layer
        if document is None or layer is None or self._is_overtaken():
            return
        if not is_far and not self._note:
            return
        if self._part == "move":
            self._move(document, layer, touch)
        elif self._part == "turn":
            self._turn(document, layer, touch)
        else:
            self._pull(document, layer, touch)

    def release(self, touch: Touch) -> None:
        band, self._band = self._band, None
        if band is not None:
            if (touch.view - self._start_view).manhattanLength() >= CLICK_PX:
                self._choose_in_band(band, is_more=touch.is_shift or touch.is_control)
            self.stage.update()
            return
        self._is_overtaken()
        document, self._document = self._document, None
        layer, self._layer = self._layer, None
        was_moved, self._note = bool(self._note), ""
        self._guides = []
        click, self._click = self._click, []
        if click and (touch.view - self._start_view).manhattanLength() < CLICK_PX:
            self.stage.editor.choose(click)
        if document is None or layer is None or not was_moved:
            self.stage.update()
            return
        editor = self.stage.editor
        word = {"move": "Move", "turn": "Turn"}.get(self._part, "Scale")
        icon = {"move": "move", "turn": "rotate-cw"}.get(self._part, "scaling")
        editor.commit(f"{word} {layer.name}", icon, editor.document)
        self.stage.update()

    def double(self, touch: Touch) -> None:
        layer = self.stage.editor.active
        if isinstance(layer, TextLayer) and not self.stage.editor.refuse():
            self.cancel()
            self.stage.write(layer, is_new=False)

    def cancel(self) -> None:
        self._band, self._click = None, []
        if self._document is not None:
            self._document = self._layer = None
            self.stage.editor.revert()
        self._guides, self._note = [], ""
        self.stage.update()

    def _is_overtaken(self) -> bool:
        """Give up the drag if a step was done or taken back by the keys meanwhile."""
        if self._document is not None and self._newest() is not self._step:
            self.cancel()
            return True
        return False

    def _newest(self) -> Step | None:
        done = self.stage.editor.history.done
        return done[-1] if done else None

    def hover(self, touch: Touch) -> None:
        part = self._part_at(touch.view)
        self.stage.setCursor(_SHAPES.get(part, Qt.CursorShape.ArrowCursor))

    def nudge(self, dx: float, dy: float) -> None:
        """Move what is chosen by the arrow keys."""
        editor = self.stage.editor
        ids = several.roots(editor)
        if not ids or editor.refuse() or several.refuse_locked(editor):
            return
        name = f"Move {several.name_of(editor, ids)}"
        several.place(editor, Transform(x=dx, y=dy), name, "move", subject=f"nudge:{','.join(ids)}")

    # The kinds of drag

    def _move(self, document: Document, layer: Layer, touch: Touch) -> None:
        way = touch.point - self._start
        if touch.is_shift:
            way = QPointF(way.x(), 0) if abs(way.x()) > abs(way.y()) else QPointF(0, way.y())
        dx, dy = float(round(way.x())), float(round(way.y()))
        self._guides = []
        if not touch.is_control:
            area = drawing.matrix(layer.transform).mapRect(self._box)
            area = self._box if isinstance(layer, GroupLayer) else area
            dx, dy = self._snap(document, area.translated(dx, dy), dx, dy)
        self._note = f"{dx:+,.0f}, {dy:+,.0f}"
        by = Transform(x=dx, y=dy)
        self.stage.editor.preview(edits.all_transformed(document, self._ids, by))
        self.stage.update()

    def _turn(self, document: Document, layer: Layer, touch: Touch) -> None:
        middle = drawing.matrix(layer.transform).map(self._box.center())
        first = math.atan2(self._start.y() - middle.y(), self._start.x() - middle.x())
        now = math.atan2(touch.point.y() - middle.y(), touch.point.x() - middle.x())
        angle = layer.transform.angle + math.degrees(now - first)
        angle = (angle + 180) % 360 - 180
        if touch.is_shift:
            angle = round(angle / 15) * 15.0
        elif not touch.is_control:
            # Upright and level hold on a little.
            straight = round(angle / 90) * 90
            angle = float(straight) if abs(angle - straight) < 2 else round(angle, 1)
        frame = frame_of(self._box, layer.transform)
        turned = Frame(frame.x, frame.y, frame.width, frame.height, angle, frame.scale)
        self._note = f"{angle:.1f}°".replace(".0°", "°")
        self._set(document, layer, fitted(self._box, layer.transform, turned))

    def _pull(self, document: Document, layer: Layer, touch: Touch) -> None:
        box, t = self._box, layer.transform
        px, py = PARTS[self._part]
        back, is_possible = drawing.matrix(t).inverted()
        if not is_possible:
            return
        anchor = (0.5, 0.5) if touch.is_alt else (1 - px, 1 - py)
        fixed = QPointF(box.x() + box.width() * anchor[0], box.y() + box.height() * anchor[1])
        grip = QPointF(box.x() + box.width() * px, box.y() + box.height() * py)
        # Where the grip is pulled to, in the layer's own pixels as they were at the press.
        target = grip + back.map(touch.point) - back.map(self._start)
        factor_x = factor_y = 1.0
        if px != 0.5:
            factor_x = (target.x() - fixed.x()) / (grip.x() - fixed.x())
        if py != 0.5:
            factor_y = (target.y() - fixed.y()) / (grip.y() - fixed.y())
        if px != 0.5 and py != 0.5 and not touch.is_shift:
            factor_x = factor_y = max(factor_x, factor_y, key=lambda f: abs(f - 1))
        least = 1 / max(1.0, box.width() * abs(t.scale_x), box.height() * abs(t.scale_y))
        factor_x = math.copysign(max(abs(factor_x), least), factor_x)
        factor_y = math.copysign(max(abs(factor_y), least), factor_y)
        scale_x, scale_y = t.scale_x * factor_x, t.scale_y * factor_y
        place = drawing.matrix(t).map(fixed)
        turn = QTransform().rotate(t.angle).scale(scale_x, scale_y)
        offset = turn.map(fixed)
        new = Transform(
            x=place.x() - offset.x(),
            y=place.y() - offset.y(),
            scale_x=scale_x,
            scale_y=scale_y,
            angle=t.angle,
        )
        frame = frame_of(box, new)
        self._note = f"{frame.width:,.0f} × {frame.height:,.0f}"
        self._set(document, layer, new)

    def _set(self, document: Document, layer: Layer, transform: Transform) -> None:
        if isinstance(layer, GroupLayer):
            self.stage.editor.preview(edits.all_transformed(document, self._ids, transform))
        else:
            self.stage.editor.preview(edits.change(document, layer.id, transform=transform))
        self.stage.update()

    def _snap(self, document: Document, area: QRectF, dx: float, dy: float) -> tuple[float, float]:
        """Return the way moved, drawn to the nearest edge or middle of canvas and other layers."""
        reach = SNAP_PX / self.stage.scale
        canvas = QRectF(self.stage.editor.rect)
        rects = [canvas]
        skipped = {one for own in self._ids for one in (own, *document.below(own))}
        for other in document.layers:
            is_flat = isinstance(other, (GroupLayer, PaintLayer))
            if other.id not in skipped and other.is_visible and not is_flat:
                rects.append(drawing.bounds_of(other, self.stage.editor.pixels))
        best_x = best_y = reach
        shift_x = shift_y = 0.0
        line_x: float | None = None
        line_y: float | None = None
        for rect in rects:
            for mine in (area.left(), area.center().x(), area.right()):
                for theirs in (rect.left(), rect.center().x(), rect.right()):
                    if abs(theirs - mine) < best_x:
                        best_x, shift_x, line_x = abs(theirs - mine), theirs - mine, theirs
            for mine in (area.top(), area.center().y(), area.bottom()):
                for theirs in (rect.top(), rect.center().y(), rect.bottom()):
                    if abs(theirs - mine) < best_y:
                        best_y, shift_y, line_y = abs(theirs - mine), theirs - mine, theirs
        if line_x is not None:
            self._guides.append((QPointF(line_x, canvas.top()), QPointF(line_x, canvas.bottom())))
        if line_y is not None:
            self._guides.append((QPointF(canvas.left(), line_y), QPointF(canvas.right(), line_y)))
        return dx + shift_x, dy + shift_y

    # What is seen

    def paint(self, painter: QPainter) -> None:
        t = theme.tokens_of("dark")
        stage = self.stage
        for start, end in self._guides:
            painter.setPen(QPen(QColor(t.lock_lost), 1))
            painter.drawLine(stage.to_view(start), stage.to_view(end))
        if self._band is not None and not self._band.isEmpty():
            corners = stage.to_view(self._band.topLeft()), stage.to_view(self._band.bottomRight())
            painter.setPen(QPen(t.accent_line, 1))
            painter.setBrush(theme.with_alpha(t.accent_line, 0.15))
            painter.drawRect(QRectF(*corners))
        shape = self._outline()
        if shape is None:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ids = several.roots(stage.editor)
        if len(ids) > 1:
            painter.setPen(QPen(t.accent_line, 1))
            for layer_id in ids:
                one = stage.editor.document.layer(layer_id)
                own = self._shape_of(one, stage.editor.frame_of(one)) if one is not None else None
                if own is not None:
                    painter.drawPolygon(own)
        painter.setPen(QPen(t.accent_line, 1.5))
        painter.drawPolygon(shape)
        if not several.is_locked(stage.editor) and not stage.editor.read_only:
            for name, place in self._places(shape).items():
                if name == "turn":
                    painter.setPen(QPen(t.accent_line, 1.5))
                    painter.drawLine(QPointF(self._middle(shape, 0, 1)), place)
                paint_handle(painter, place, is_round=name == "turn")
        if self._note and self.is_busy:
            below = max(point.y() for point in shape.toList())
            paint_note(painter, QPointF(shape.boundingRect().center().x(), below + 20), self._note)

    def _outline(self) -> QPolygonF | None:
        """Return the frame around what is chosen in the view."""
        subject = several.stand_in(self.stage.editor)
        if subject is None or not subject[0].is_visible or self.stage.is_writing:
            return None
        return self._shape_of(*subject)

    def _shape_of(self, layer: Layer, box: QRectF) -> QPolygonF | None:
        """Return a layer's frame in the view; None where it shows nothing."""
        if box.isEmpty():
            return None
        place = QTransform() if isinstance(layer, GroupLayer) else drawing.matrix(layer.transform)
        corners = (box.topLeft(), box.topRight(), box.bottomRight(), box.bottomLeft())
        return QPolygonF([self.stage.to_view(place.map(corner)) for corner in corners])

    def _places(self, shape: QPolygonF) -> dict[str, QPointF]:
        corners = shape.toList()
        places = dict(zip(("nw", "ne", "se", "sw"), corners, strict=True))
        across, down = _sides(shape)
        top, bottom = self._middle(shape, 0, 1), self._middle(shape, 2, 3)
        if across >= ROOMY_PX:
            places |= {"n": top, "s": bottom}
        if down >= ROOMY_PX:
            places |= {"e": self._middle(shape, 1, 2), "w": self._middle(shape, 3, 0)}
        length = math.hypot(top.x() - bottom.x(), top.y() - bottom.y()) or 1.0
        out = (top - bottom) / length * TURN_PX
        places["turn"] = top + out
        return places

    def _middle(self, shape: QPolygonF, one: int, two: int) -> QPointF:
        corners = shape.toList()
        return (corners[one] + corners[two]) / 2

    def _part_at(self, view: QPointF) -> str:
        shape = self._outline()
        editor = self.stage.editor
        if shape is None or editor.read_only or several.is_locked(editor):
            return ""
        is_inside = shape.containsPoint(view, Qt.FillRule.OddEvenFill)
        # However small the frame is, its middle is there to move it.
        reach = min(REACH_PX, min(_sides(shape)) / 4) if is_inside else REACH_PX
        far = {
            name: (place - view).manhattanLength() for name, place in self._places(shape).items()
        }
        nearest = min(far, key=lambda name: far[name])
        if far[nearest] <= reach:
            return nearest
        return "move" if is_inside else ""

    def _is_inside_group(self, layer_id: str, group_id: str) -> bool:
        return layer_id in self.stage.editor.document.below(group_id)


def _sides(shape: QPolygonF) -> tuple[float, float]:
    """Return how wide and how high a frame is in the view."""
    a, b, c, _ = shape.toList()
    return math.hypot(b.x() - a.x(), b.y() - a.y()), math.hypot(c.x() - b.x(), c.y() - b.y())
