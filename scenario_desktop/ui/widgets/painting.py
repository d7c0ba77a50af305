"""Small strokes that the painted widgets share."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen

NO_PEN = Qt.PenStyle.NoPen


def antialiased(painter: QPainter) -> QPainter:
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing
        | QPainter.RenderHint.TextAntialiasing
        | QPainter.RenderHint.SmoothPixmapTransform
    )
    return painter


def box(
    painter: QPainter,
    rect: QRect | QRectF,
    radius: float,
    fill: QColor | None = None,
    line: QColor | None = None,
    *,
    width: float = 1,
    is_dashed: bool = False,
) -> None:
    """Draw a rounded box whose line lies wholly inside the rectangle."""
    area = QRectF(rect)
    if fill is not None:
        painter.setPen(NO_PEN)
        painter.setBrush(fill)
        painter.drawRoundedRect(area, radius, radius)
    if line is not None:
        pen = QPen(line, width)
        if is_dashed:
            pen.setDashPattern([3 / width, 2.5 / width])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = width / 2
        inner = max(0.0, radius - half)
        painter.drawRoundedRect(area.adjusted(half, half, -half, -half), inner, inner)


def rounded(rect: QRect | QRectF, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(rect), radius, radius)
    return path


def text(
    painter: QPainter,
    rect: QRect | QRectF,
    words: str,
    font: QFont,
    color: QColor,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:
    """Draw one line of plain text, centred vertically, cut with an ellipsis where it must be."""
    area = QRectF(rect)
    # Rounding up: an advance of 40.2 in a box of 40 would be cut for nothing.
    shown = QFontMetrics(font).elidedText(words, elide, int(area.width() + 1))
    painter.setFont(font)
    painter.setPen(color)
    flags = align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(area, int(flags), shown)


def mix(a: QColor, b: QColor, amount: float) -> QColor:
    """Return the colour that lies ``amount`` (0 to 1) of the way from ``a`` to ``b``."""
    return QColor.fromRgbF(
        a.redF() + (b.redF() - a.redF()) * amount,
        a.greenF() + (b.greenF() - a.greenF()) * amount,
        a.blueF() + (b.blueF() - a.blueF()) * amount,
        a.alphaF() + (b.alphaF() - a.alphaF()) * amount,
    )


def dot(painter: QPainter, center: QPointF, diameter: float, color: QColor) -> None:
    painter.setPen(NO_PEN)
    painter.setBrush(color)
    painter.drawEllipse(center, diameter / 2, diameter / 2)


def checkerboard(painter: QPainter, rect: QRect, a: QColor, b: QColor, side: int = 8) -> None:
    """Fill a rectangle with the squares that stand for "nothing here"."""
    painter.fillRect(rect, a)
    painter.save()
    painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
    for row in range(rect.height() // side + 1):
        for column in range(row % 2, rect.width() // side + 1, 2):
            corner = rect.topLeft()
            painter.fillRect(corner.x() + column * side, corner.y() + row * side, side, side, b)
    painter.restore()


def shadow(
    painter: QPainter, rect: QRect | QRectF, radius: float, color: QColor, blur: int
) -> None:
    """Draw a soft shadow around a rounded box, darker near to it.

    Laid down as rings of falling opacity: cheap, and drawn only when a popover paints itself.
    """
    area = QRectF(rect)
    outline = rounded(area, radius)
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    outside = QPainterPath()
    outside.addRect(area.adjusted(-blur * 2, -blur * 2, blur * 2, blur * 2))
    painter.setClipPath(outside - outline)
    for step in range(blur, 0, -1):
        ring = QColor(color)
        ring.setAlphaF(color.alphaF() * 0.55 * (1 - step / blur) ** 2 / 1.6)
        painter.setPen(QPen(ring, 2))
        offset = area.translated(0, blur * 0.3).adjusted(-step, -step, step, step)
        painter.drawRoundedRect(offset, radius + step, radius + step)
    painter.restore()
