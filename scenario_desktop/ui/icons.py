"""Icons of one family, drawn from SVG files in the colour of the text beside them."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

from scenario_desktop import paths
from scenario_desktop.ui import theme


def pixmap(name: str, size: int = 16, color: QColor | None = None, ratio: float = 0) -> QPixmap:
    """Return an icon as a picture.

    Args:
        name: the file's name in ``resources/icons`` without ".svg".
        size: side at 100 % text, logical pixels; it grows with the text.
        color: of the strokes; without it that of second level text.
        ratio: device pixels per logical one; 0 takes the application's.
    """
    look = theme.current()
    color = color or look.tokens.text_2
    ratio = ratio or QGuiApplication.primaryScreen().devicePixelRatio()
    side = look.px(size)
    key = f"icon:{name}:{size}:{side}:{color.name(QColor.NameFormat.HexArgb)}:{ratio}"
    # Qt's own cache goes down with the application; one of ours would outlive it and crash.
    found = QPixmap()
    if QPixmapCache.find(key, found):
        return found
    drawing = _svg(name, size, color)  # before the painter: an error under one ends the program
    made = QPixmap(QSize(side, side) * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setOpacity(color.alphaF())
    QSvgRenderer(drawing).render(painter, QRectF(0, 0, side, side))
    painter.end()
    QPixmapCache.insert(key, made)
    return made


def icon(
    name: str, size: int = 16, color: QColor | None = None, *, on: QColor | None = None
) -> QIcon:
    """Return an icon with its disabled and its on form, for menus and item views.

    It keeps the colours of the theme it was made in; make it again when the theme changes.
    """
    tokens = theme.current().tokens
    result = QIcon()
    for ratio in sorted({1.0, 2.0, QGuiApplication.primaryScreen().devicePixelRatio()}):
        result.addPixmap(pixmap(name, size, color, ratio))
        disabled = pixmap(name, size, tokens.text_disabled, ratio)
        result.addPixmap(disabled, QIcon.Mode.Disabled)
        if on is not None:
            result.addPixmap(pixmap(name, size, on, ratio), QIcon.Mode.Normal, QIcon.State.On)
    return result


def paint(
    painter: QPainter, rect: QRect | QRectF, name: str, size: int = 16, color: QColor | None = None
) -> None:
    """Draw an icon in the middle of a rectangle, on whole device pixels."""
    device = painter.device()
    picture = pixmap(name, size, color, device.devicePixelRatioF() if device else 0)
    side = picture.width() / picture.devicePixelRatio()
    center = QRectF(rect).center()
    corner = QPointF(round(center.x() - side / 2), round(center.y() - side / 2))
    painter.drawPixmap(corner, picture)


def app_icon() -> QIcon:
    """Return the program's own icon."""
    result = QIcon()
    result.addFile(str(paths.resource("icons", "app", "scenario-desktop-256.png")))
    return result


def _svg(name: str, size: int, color: QColor) -> QByteArray:
    text = paths.resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    strokes: dict[str, float] = theme.metric("icon", "strokes")
    nearest = min(strokes, key=lambda known: abs(int(known) - size))
    text = text.replace("currentColor", color.name())
    text = text.replace('stroke-width="2"', f'stroke-width="{strokes[nearest]}"')
    return QByteArray(text.encode())
