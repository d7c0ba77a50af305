"""Painting on a large canvas with many layers: what does a stroke cost beyond its stamps?

A soft brush of 64 px draws over a canvas of 4096 px square with twenty layers, half of them
painted, on the layer in the middle, at the zoom that shows all of it. The strokes fill an area row
by row, half over the row before, as painters do. They come as mouse moves of one brush's width, as
fast as they are taken, and the window paints a frame every sixtieth of a second, as a screen does.
Only while the pen is up nothing is counted.

``ratio`` is the time of a segment, everything included (the event, the stamps, what undo keeps, the
flattening and the painting of the frames), over the time in which the very same stamps are drawn
straight into one QImage of the canvas' size. ``line_ratio`` is the same for one long line that
winds over the whole canvas, where nearly everything is touched for the first time.
``lone_frame_us`` is what one segment costs when it gets a frame of its own: how long after the pen
the paint is seen.
"""

from __future__ import annotations

import math
import time
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication

from scenario_desktop.canvas.format import Blend, Document, PaintLayer
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.pixels.arena import Arena
from scenario_desktop.ui.panels.canvas.pixels.brush import Brush, Stroke, stamp
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.pixels.surface import PaintSurface
from scenario_desktop.ui.panels.canvas.pixels.tiling import empty
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId, ToolSettings
from tests.bench.gallery_bench import application

SIDE, LAYERS, SEGMENTS, SIZE = 4096, 20, 1000, 64
SEGMENT_PX = SIZE
FRAME_S = 1 / 60
#: A stroke is lifted after so many segments.
PER_STROKE = 50
ROUNDS = 12


def canvas() -> tuple[Document, Pixels]:
    """Return the canvas: every other layer is painted all over, some blend in other ways."""
    pixels, layers = Pixels(), []
    for number in range(LAYERS):
        blend = Blend.MULTIPLY if number == 3 else Blend.NORMAL
        layers.append(PaintLayer(id=f"l{number}", name=f"Layer {number}", opacity=0.9, blend=blend))
        surface = pixels.surface(f"l{number}")
        if number % 2 == 0:
            image = empty(SIDE, SIDE)
            image.fill(QColor.fromHsv(number * 17 % 360, 120, 220, 60))
            surface.put(image, QPoint(0, 0))
    return Document(width=SIDE, height=SIDE, layers=tuple(layers)), pixels


def rows() -> list[QPointF]:
    """Return the places of the pointer, on the canvas: to and fro, stroke below stroke."""
    points = [QPointF(300, 300)]
    x, y, step = 300.0, 300.0, float(SEGMENT_PX)
    for _ in range(SEGMENTS):
        if not 300 <= x + step <= 1100:
            step = -step
            y = y + SIZE / 2 if y < 3700 else 300.0
        x += step
        points.append(QPointF(x, y))
    return points


def way() -> list[QPointF]:
    """Return the places of the pointer, on the canvas: a line that winds over all of it."""
    points = []
    x, y, angle = SIDE / 2, SIDE / 2, 0.4
    for number in range(SEGMENTS + 1):
        points.append(QPointF(x, y))
        angle += 0.35 * math.sin(number * 0.13) + 0.05
        x = min(SIDE - 80.0, max(80.0, x + SEGMENT_PX * math.cos(angle)))
        y = min(SIDE - 80.0, max(80.0, y + SEGMENT_PX * math.sin(angle)))
        if x in (80.0, SIDE - 80.0) or y in (80.0, SIDE - 80.0):
            angle += math.pi / 2
    return points


def event(kind: QEvent.Type, place: QPointF) -> QMouseEvent:
    button, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    which = none if kind is QEvent.Type.MouseMove else button
    held = none if kind is QEvent.Type.MouseButtonRelease else button
    keys = Qt.KeyboardModifier.NoModifier
    return QMouseEvent(kind, place, place, which, held, keys)


def frame(stage: Stage) -> None:
    QApplication.sendPostedEvents(stage, QEvent.Type.UpdateRequest)


def draw(stage: Stage, points: list[QPointF], frame_s: float = FRAME_S) -> float:
    """Return the seconds for the whole way, frames and undo included."""
    strokes = []
    for first in range(0, SEGMENTS, PER_STROKE):
        way = points[first + 1 : first + PER_STROKE + 1]
        # Qt has its events ready before the program sees them, so they are not counted.
        press = event(QEvent.Type.MouseButtonPress, points[first])
        moves = [event(QEvent.Type.MouseMove, point) for point in way]
        strokes.append((press, moves, event(QEvent.Type.MouseButtonRelease, way[-1])))
    send = QApplication.sendEvent
    spent = since = 0.0
    for press, moves, release in strokes:
        lift(stage)
        begun = time.perf_counter()
        send(stage, press)
        for move in moves:
            send(stage, move)
            if since + time.perf_counter() - begun >= frame_s:
                frame(stage)
                since = begun - time.perf_counter()
        send(stage, release)
        now = time.perf_counter()
        spent, since = spent + now - begun, since + now - begun
    begun = time.perf_counter()
    frame(stage)
    return spent + time.perf_counter() - begun


def lift(stage: Stage) -> None:
    """Let the thread end that makes room for undo: no hand is quicker at its next stroke."""
    thread = stage.editor._arena._thread
    if thread is not None:
        thread.join()


def stamps(points: list[QPointF], brush: Brush) -> list[QPoint]:
    """Return the corners of all stamps that the strokes are made of."""
    found = []
    for first in range(0, SEGMENTS, PER_STROKE):
        stroke = Stroke(PaintSurface(), Arena(), brush, QColor("#2f8d6c"))
        for point in points[first : first + PER_STROKE + 1]:
            stroke.add(point)
        half = (SIZE + 2) / 2
        for run in stroke._queue:
            for number in range(run.stamps):
                x, y = run.x + run.step_x * number, run.y + run.step_y * number
                found.append(QPoint(round(x - half), round(y - half)))
    return found


def plain(image: QImage, corners: list[QPoint], dab: QImage) -> float:
    begun = time.perf_counter()
    painter = QPainter(image)
    for corner in corners:
        painter.drawImage(corner, dab)
    painter.end()
    return time.perf_counter() - begun


def run() -> dict[str, Any]:
    """Measure both ways in turns and return the figures."""
    app = application()
    document, pixels = canvas()
    editor, settings = Editor(), ToolSettings()
    brush = Brush(SIZE, 0.3, 1.0)
    settings.brush = brush
    stage = Stage(editor, settings)
    stage.resize(1100, 800)
    editor.open(document, pixels)
    editor.set_active("l10")
    settings.set_tool(ToolId.BRUSH)
    stage.show()
    app.processEvents()
    image, dab = empty(SIDE, SIDE), stamp(SIZE, brush.hardness, QColor("#2f8d6c").rgba())
    found = {}
    for name, points in (("rows", rows()), ("line", way())):
        shown = [stage.to_view(point) for point in points]
        corners = stamps([stage.to_canvas(place) for place in shown], brush)
        draw(stage, shown)
        ours, bare = [], []
        for _ in range(ROUNDS):
            ours.append(draw(stage, shown))
            bare.append(plain(image, corners, dab))
        # The quickest of each: whatever else this machine does only ever adds.
        found[name] = min(ours), min(bare), len(corners)
    zoom = round(stage.zoom(), 3)
    alone = draw(stage, [stage.to_view(point) for point in rows()], 0.0)
    stage.close()
    stage.deleteLater()
    ours_s, bare_s, count = found["rows"]
    return {
        "name": "brush",
        "ratio": round(ours_s / bare_s, 3),
        "line_ratio": round(found["line"][0] / found["line"][1], 3),
        "segments": SEGMENTS,
        "stamps": count,
        "segment_us": round(ours_s / SEGMENTS * 1e6, 1),
        "plain_segment_us": round(bare_s / SEGMENTS * 1e6, 1),
        "lone_frame_us": round(alone / SEGMENTS * 1e6, 1),
        "zoom": zoom,
        "undo_mib": round(editor.history.size_bytes / 2**20, 1),
    }
