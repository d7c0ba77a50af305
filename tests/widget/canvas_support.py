"""Small canvases to work on, and a pointer for the stage."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent
from PySide6.QtWidgets import QApplication

from scenario_desktop.canvas.format import Document, Layer, PaintLayer, PictureLayer
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.pixels.brush import Brush
from scenario_desktop.ui.panels.canvas.pixels.drawing import PictureSource, Pixels
from scenario_desktop.ui.panels.canvas.pixels.tiling import empty
from scenario_desktop.ui.panels.canvas.stage.stage import Stage

RED, GREEN, BLUE = QColor("#ff0000"), QColor("#00ff00"), QColor("#0000ff")
HARD = Brush(20, 1.0, 1.0)


def paint(layer_id: str, **values: object) -> PaintLayer:
    return PaintLayer.model_validate({"id": layer_id, "name": layer_id, **values})


def picture(layer_id: str, color: QColor, pixels: Pixels, **values: object) -> PictureLayer:
    image = empty(50, 40)
    image.fill(color)
    pixels.pictures[layer_id] = PictureSource(image)
    return PictureLayer.model_validate(
        {
            "id": layer_id,
            "name": layer_id,
            "asset_id": layer_id,
            "width": 50,
            "height": 40,
            **values,
        }
    )


def editor_of(
    *layers: Layer, pixels: Pixels | None = None, size: tuple[int, int] = (200, 100)
) -> Editor:
    editor = Editor()
    editor.open(Document(width=size[0], height=size[1], layers=layers), pixels or Pixels())
    return editor


def stroke(
    editor: Editor,
    points: Iterable[tuple[float, float]],
    color: QColor = RED,
    brush: Brush = HARD,
    *,
    is_eraser: bool = False,
) -> None:
    assert editor.begin_stroke(brush, color, is_eraser=is_eraser)
    for x, y in points:
        editor.stroke_to(x, y)
    editor.end_stroke()


def color(editor: Editor, x: int, y: int) -> QColor:
    """Return the colour that the screen shows, through what the compositor keeps."""
    editor.compositor.set_level(0)
    image: QImage = editor.compositor.image(editor.rect)
    return image.pixelColor(x, y)


def send(
    stage: Stage,
    kind: QEvent.Type,
    at: tuple[float, float],
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Send what the pointer does at a point of the canvas."""
    place = stage.to_view(QPointF(*at))
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    which = none if kind is QEvent.Type.MouseMove else left
    held = none if kind is QEvent.Type.MouseButtonRelease else left
    QApplication.sendEvent(stage, QMouseEvent(kind, place, place, which, held, keys))


def drag(
    stage: Stage,
    *points: tuple[float, float],
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Press at the first point, go through the others, and release at the last."""
    send(stage, QEvent.Type.MouseButtonPress, points[0], keys)
    for point in points[1:]:
        send(stage, QEvent.Type.MouseMove, point, keys)
    send(stage, QEvent.Type.MouseButtonRelease, points[-1], keys)
