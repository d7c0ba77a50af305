"""One picture with zoom and pan, on a checkerboard where it is transparent."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.items import Picture
from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting

#: Limits of the zoom, device pixels for one pixel of the picture.
MIN_ZOOM, MAX_ZOOM = 0.02, 32.0
#: From here on pixels are shown as squares: whoever zooms in this far wants to see them.
SQUARES_FROM = 3.0
#: One press of plus or minus, and one notch of the wheel.
STEP = 1.25
#: How far an arrow key moves the picture, logical pixels.
NUDGE = 48


def to_pixmap(picture: Picture) -> QPixmap:
    """Return raw pixels as a pixmap of one device pixel each."""
    image = QImage(
        picture.data,
        picture.width,
        picture.height,
        picture.width * 4,
        QImage.Format.Format_RGBA8888,
    )
    # The conversion copies, so the bytes may go afterwards.
    return QPixmap.fromImage(image)


class PictureView(QWidget):
    """Shows a picture, fitted or zoomed. Wheel zooms at the pointer, dragging moves.

    Keys: plus and minus zoom, 0 fits, 1 shows it pixel by pixel, arrows move while zoomed.

    Attributes:
        margin: room left around a fitted picture, logical pixels.
        most_fit: so many times its own size a fitted picture may be shown.
        is_fit: whether it follows the size of the view.

    Signals:
        zoom_changed: device pixels for one pixel of the picture.
    """

    zoom_changed = Signal(float)

    def __init__(self, *, name: str = "Picture", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.margin = 0
        self.most_fit = 1.0
        self.is_fit = True
        self._pixmap = QPixmap()
        self._full = QSize()
        self._scale = 1.0
        self._offset = QPointF()
        self._grip: QPointF | None = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 80)
        theme.current().changed.connect(self.update)

    def set_picture(self, picture: Picture | None, full_size: QSize | None = None) -> None:
        """Show a picture. Zoom and place stay when one of the same shape takes its place.

        Args:
            full_size: the picture's true size where the pixels are a reduced copy; zoom and 1:1
                refer to it.
        """
        self.set_pixmap(to_pixmap(picture) if picture else QPixmap(), full_size)

    def set_pixmap(self, pixmap: QPixmap, full_size: QSize | None = None) -> None:
        """Show pixels that are there already, such as a thumbnail until the picture comes."""
        full = full_size or pixmap.size()
        is_same = not self._full.isEmpty() and self._is_same_shape(full)
        self._pixmap = pixmap
        old, self._full = self._full, full
        if not is_same:
            self.fit()
        elif not self.is_fit:
            # A larger copy of the same picture keeps its place on the screen.
            self._scale *= old.width() / max(1, full.width())
        self._announce()

    def has_picture(self) -> bool:
        return not self._pixmap.isNull()

    def zoom(self) -> float:
        """Return device pixels for one pixel of the picture."""
        return self._scale_now() * self.devicePixelRatioF()

    def fit(self) -> None:
        """Show all of it, by itself never larger than its own pixels."""
        self.is_fit = True
        self._offset = QPointF()
        self._announce()

    def actual_size(self) -> None:
        """Show one pixel of the picture as one of the screen."""
        self.set_zoom(1.0)

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom so that what is under a point of the view stays under it."""
        if self._full.isEmpty():
            return
        at = at or self.room().center()
        before = self.picture_rect()
        zoom = min(MAX_ZOOM, max(MIN_ZOOM, zoom))
        old = self._scale_now()
        self.is_fit = False
        self._scale = zoom / self.devicePixelRatioF()
        grown = self._scale / old
        center = at + (before.center() - at) * grown
        self._offset = center - self.room().center()
        self._keep_in_sight()
        self._announce()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        self.set_zoom(self.zoom() * factor, at)

    def room(self) -> QRectF:
        """Return the part of the view that a picture is fitted into and zoomed around."""
        return QRectF(self.rect())

    def picture_rect(self) -> QRectF:
        """Return where the whole picture lies, in the view's coordinates; it may reach outside."""
        scale = self._scale_now()
        size = QRectF(0, 0, self._full.width() * scale, self._full.height() * scale)
        size.moveCenter(self.room().center() + self._offset)
        if self.is_fit:
            size.moveTopLeft(QPointF(size.topLeft().toPoint()))
        return size

    def radius(self) -> float:
        return float(theme.metric("radius", "picture")) if self.is_fit else 0.0

    @override
    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        if self.has_picture():
            self.paint_ground(painter)
            self.paint_pixmap(painter, self._pixmap)

    def paint_ground(self, painter: QPainter) -> None:
        """Lay the checkerboard under what is transparent."""
        if not self._pixmap.hasAlphaChannel():
            return
        t = theme.current().tokens
        area = (self.picture_rect() & QRectF(self.rect())).toAlignedRect()
        painter.save()
        painter.setClipPath(painting.rounded(self.picture_rect(), self.radius()))
        painting.checkerboard(painter, area, t.check_a, t.check_b)
        painter.restore()

    def paint_pixmap(
        self, painter: QPainter, pixmap: QPixmap, clip: QRectF | None = None, opacity: float = 1.0
    ) -> None:
        """Draw pixels where the picture lies: only the part in sight, and of that the clip."""
        target = self.picture_rect()
        seen = target & QRectF(self.rect())
        if clip is not None:
            seen &= clip
        if seen.isEmpty() or pixmap.isNull():
            return
        # Only the part in sight is scaled; a large picture zoomed in would take seconds in whole.
        x_scale, y_scale = pixmap.width() / target.width(), pixmap.height() / target.height()
        source = QRectF(
            (seen.left() - target.left()) * x_scale,
            (seen.top() - target.top()) * y_scale,
            seen.width() * x_scale,
            seen.height() * y_scale,
        )
        painter.save()
        painter.setOpacity(opacity)
        hint = QPainter.RenderHint.SmoothPixmapTransform
        painter.setRenderHint(hint, self.zoom() < SQUARES_FROM)
        if self.radius():
            painter.setClipPath(painting.rounded(target, self.radius()))
            painter.setClipRect(seen, Qt.ClipOperation.IntersectClip)
        painter.drawPixmap(seen, pixmap, source)
        painter.restore()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._keep_in_sight()
        self._announce()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y()
        if delta and self.has_picture():
            self.zoom_by(STEP ** (delta / 120), event.position())
        event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        is_drag = event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)
        if is_drag and not self.is_fit:
            self._grip = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._offset += event.position() - self._grip
            self._grip = event.position()
            self._keep_in_sight()
            self.update()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.unsetCursor()

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.is_fit:
            self.set_zoom(1.0, event.position())
        else:
            self.fit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: QPointF(NUDGE, 0),
            Qt.Key.Key_Right: QPointF(-NUDGE, 0),
            Qt.Key.Key_Up: QPointF(0, NUDGE),
            Qt.Key.Key_Down: QPointF(0, -NUDGE),
        }
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(STEP)
        elif key is Qt.Key.Key_Minus:
            self.zoom_by(1 / STEP)
        elif key is Qt.Key.Key_0:
            self.fit()
        elif key is Qt.Key.Key_1:
            self.actual_size()
        elif key in moves and not self.is_fit:
            self._offset += moves[key]
            self._keep_in_sight()
            self.update()
        else:
            super().keyPressEvent(event)

    def _scale_now(self) -> float:
        """Return logical pixels for one pixel of the picture."""
        if not self.is_fit or self._full.isEmpty():
            return self._scale
        room = self.room()
        width = max(1, room.width() - 2 * self.margin) / self._full.width()
        height = max(1, room.height() - 2 * self.margin) / self._full.height()
        return min(width, height, self.most_fit)

    def _is_same_shape(self, full: QSize) -> bool:
        if full.isEmpty():
            return False
        return abs(self._full.width() / self._full.height() - full.width() / full.height()) < 0.02

    def _keep_in_sight(self) -> None:
        """Let no more than half of the view be empty on any side."""
        if self.is_fit:
            return
        scale = self._scale_now()
        reach_x = max(0.0, self._full.width() * scale / 2)
        reach_y = max(0.0, self._full.height() * scale / 2)
        self._offset.setX(min(reach_x, max(-reach_x, self._offset.x())))
        self._offset.setY(min(reach_y, max(-reach_y, self._offset.y())))

    def _announce(self) -> None:
        self.update()
        self.zoom_changed.emit(self.zoom())
