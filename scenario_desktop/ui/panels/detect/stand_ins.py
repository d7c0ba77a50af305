"""Small drawn pictures of what each control map looks like.

They stand in a tile until the map of the chosen picture is there, and for good where it takes a
learned model. All show the same little landscape, so that the maps can be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPen, QPixmap, QPolygonF

from scenario_desktop.api.models.modalities import Modality

_SIDE = 128  # pixels; the drawings below use this grid

_BACK = QPolygonF([QPointF(x, y) for x, y in ((-4, 100), (38, 34), (62, 66), (74, 52), (136, 118))])
_FRONT = QPolygonF([QPointF(x, y) for x, y in ((-4, 132), (-4, 96), (50, 78), (132, 104),
                                               (132, 132))])  # fmt: skip
_HOUSE = QPolygonF([QPointF(x, y) for x, y in ((80, 104), (80, 82), (93, 70), (106, 82),
                                               (106, 104))])  # fmt: skip
_DOOR = QRectF(89, 90, 8, 14)
_SUN = QRectF(88, 18, 22, 22)

#: Joints of the figure, and its bones with their usual colours.
_JOINTS = {
    "nose": (64, 22), "neck": (64, 40), "right": (50, 42), "right_elbow": (42, 60),
    "right_hand": (36, 76), "left": (78, 42), "left_elbow": (88, 58), "left_hand": (94, 44),
    "right_hip": (56, 76), "right_knee": (52, 96), "right_foot": (50, 116), "left_hip": (72, 76),
    "left_knee": (78, 96), "left_foot": (84, 115),
}  # fmt: skip
_BONES = (
    ("neck", "nose", "#4A6CFF"), ("neck", "right", "#FF4A3D"), ("right", "right_elbow", "#FF8A2B"),
    ("right_elbow", "right_hand", "#FFC42B"), ("neck", "left", "#C9F03D"),
    ("left", "left_elbow", "#7BEB3D"), ("left_elbow", "left_hand", "#3DEB5C"),
    ("neck", "right_hip", "#3DEBA4"), ("right_hip", "right_knee", "#3DEBEB"),
    ("right_knee", "right_foot", "#3DA9FF"), ("neck", "left_hip", "#7A5CFF"),
    ("left_hip", "left_knee", "#B25CFF"), ("left_knee", "left_foot", "#FF5CE1"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Style:
    """Fills from back to front (sky, sun, mountains, ground, house) and the line over them."""

    fills: tuple[str, ...]
    line: str = ""
    width: float = 0.0


_BLACK = ("#000000",) * 5
_WHITE = ("#FFFFFF",) * 5
_STYLES = {
    Modality.CANNY: _Style(_BLACK, "#E8E8E8", 1.6),
    Modality.GRAYSCALE: _Style(("#D4D4D4", "#F6F6F6", "#7C7C7C", "#464646", "#A8A8A8")),
    Modality.LINEART_ANIME: _Style(_WHITE, "#202020", 2.4),
    Modality.NORMAL: _Style(("#8080FF", "#9C94FF", "#6F6BE8", "#8F86F4", "#B377DC")),
    Modality.SCRIBBLE: _Style(_BLACK, "#F2F2F2", 5.0),
    Modality.SEGMENTATION: _Style(("#F0B43C", "#B05AE0", "#7C5CE0", "#38B9B0", "#E2483E")),
    Modality.SKETCH: _Style(("#F6F6F6",) * 5, "#A6A6A6", 1.4),
}


def stand_in(modality: Modality) -> QPixmap:
    """Draw a control map's picture, 128 x 128 pixels."""
    image = QImage(_SIDE, _SIDE, QImage.Format.Format_RGB32)
    image.fill(QColor("#000000"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    match modality:
        case Modality.DEPTH:
            _draw_depth(painter)
        case Modality.POSE:
            _draw_pose(painter)
        case Modality.MLSD:
            _draw_lines(painter)
        case _:
            _draw_landscape(painter, _STYLES[modality])
    painter.end()
    return QPixmap.fromImage(image)


def _draw_landscape(painter: QPainter, style: _Style) -> None:
    sky, sun, mountains, ground, house = (QColor(value) for value in style.fills)
    painter.fillRect(0, 0, _SIDE, _SIDE, sky)
    painter.setPen(QPen(QColor(style.line), style.width) if style.line else Qt.PenStyle.NoPen)
    painter.setBrush(sun)
    painter.drawEllipse(_SUN)
    for shape, fill in ((_BACK, mountains), (_FRONT, ground), (_HOUSE, house)):
        painter.setBrush(fill)
        painter.drawPolygon(shape)
    if style.line:
        painter.drawRect(_DOOR)


def _draw_lines(painter: QPainter) -> None:
    painter.setPen(QPen(QColor("#E8E8E8"), 1.8))
    for shape in (_BACK, _FRONT, _HOUSE):
        painter.drawPolyline(shape)
    painter.drawRect(_DOOR)


def _draw_depth(painter: QPainter) -> None:
    far = QLinearGradient(0, 0, 0, _SIDE)
    for at, value in ((0.0, "#0A0A0A"), (0.45, "#2E2E2E"), (1.0, "#E6E6E6")):
        far.setColorAt(at, QColor(value))
    painter.fillRect(0, 0, _SIDE, _SIDE, far)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#3C3C3C"))
    painter.drawPolygon(_BACK)
    near = QLinearGradient(0, 78, 0, _SIDE)
    near.setColorAt(0.0, QColor("#6A6A6A"))
    near.setColorAt(1.0, QColor("#F0F0F0"))
    painter.setBrush(near)
    painter.drawPolygon(_FRONT)
    painter.setBrush(QColor("#B8B8B8"))
    painter.drawPolygon(_HOUSE)


def _draw_pose(painter: QPainter) -> None:
    for first, second, color in _BONES:
        painter.setPen(QPen(QColor(color), 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(*_JOINTS[first]), QPointF(*_JOINTS[second]))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#FFFFFF"))
    for joint in _JOINTS.values():
        painter.drawEllipse(QPointF(*joint), 2.6, 2.6)
