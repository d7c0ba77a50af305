"""Small strokes that the painted widgets share."""

from __future__ import annotations

from math import erf

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPixmapCache,
    QTextLayout,
    QTextOption,
    QTransform,
)

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


def paragraph(
    words: str,
    font: QFont,
    line_height: int,
    width: int,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> tuple[int, QTextLayout]:
    """Break plain text into lines of one height; return how many, and the layout to draw."""
    layout = QTextLayout(words.replace("\n", "\u2028"), font)
    option = QTextOption(align & Qt.AlignmentFlag.AlignHorizontal_Mask)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    count = 0
    layout.beginLayout()
    while True:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(max(1, width))
        line.setPosition(QPointF(0, count * line_height + (line_height - line.height()) / 2))
        count += 1
    layout.endLayout()
    return max(1, count), layout


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


def shadow(painter: QPainter, rect: QRect | QRectF, color: QColor, reach: int) -> None:
    """Draw a soft shadow under a box, a little below it.

    A Gaussian blur of a box is the product of two error functions, so its corner is computed once
    and stretched between.

    Args:
        reach: how far it goes beyond the box, pixels.
    """
    corner = _shadow_corner(color, reach)
    area = QRectF(rect).translated(0, reach * 0.22).adjusted(-reach, -reach, reach, reach)
    n = min(corner.width(), int(area.width() / 2), int(area.height() / 2))
    c = corner.width()
    columns = (
        (area.left(), n, 0),
        (area.left() + n, area.width() - 2 * n, 1),
        (area.right() - n, n, 2),
    )
    rows = (
        (area.top(), n, 0),
        (area.top() + n, area.height() - 2 * n, 1),
        (area.bottom() - n, n, 2),
    )
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for y, height, row in rows:
        for x, width, column in columns:
            turned = corner.transformed(
                QTransform().scale(-1 if column == 2 else 1, -1 if row == 2 else 1)
            )
            source = QRectF(0, 0, n, n)
            if column:
                source = QRectF(
                    c - 1 if column == 1 else c - n, source.top(), 1 if column == 1 else n, n
                )
            if row:
                source = QRectF(
                    source.left(),
                    c - 1 if row == 1 else c - n,
                    source.width(),
                    1 if row == 1 else n,
                )
            painter.drawPixmap(QRectF(x, y, width, height), turned, source)
    painter.restore()


def _shadow_corner(color: QColor, reach: int) -> QPixmap:
    """Return the upper left quarter of a shadow, as wide as it reaches to either side."""
    key = f"shadow:{color.name(QColor.NameFormat.HexArgb)}:{reach}"
    found = QPixmap()
    if QPixmapCache.find(key, found):
        return found
    sigma = reach / 2.2
    depth = [0.5 * (1 + erf((i + 0.5 - reach) / (sigma * 2**0.5))) for i in range(reach * 2)]
    # The blur ends at the rim of the widget: nothing may be left of it there.
    rim = depth[0]
    depth = [max(0.0, value - rim) / (1 - rim) for value in depth]
    side, top = len(depth), color.alpha()
    data = bytearray()
    for y in depth:
        for x in depth:
            alpha = round(top * x * y)
            data += bytes(
                (
                    color.blue() * alpha // 255,
                    color.green() * alpha // 255,
                    color.red() * alpha // 255,
                    alpha,
                )
            )
    kind = QImage.Format.Format_ARGB32_Premultiplied
    made = QPixmap.fromImage(QImage(bytes(data), side, side, side * 4, kind))
    QPixmapCache.insert(key, made)
    return made
