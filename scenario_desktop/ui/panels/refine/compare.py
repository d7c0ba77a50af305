"""Before and after at the same zoom and place: under a handle, side by side, or what differs."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.compare_view import CompareMode, CompareView

#: Between the two halves of side by side, pixels.
_GAP = 8
#: Differences are small: they are shown so many times brighter, a power of two.
GAIN = 8


class View(StrEnum):
    """How before and after are shown."""

    SLIDER = "slider"
    SIDES = "sides"
    DIFFERENCE = "difference"


class RefineCompare(CompareView):
    """A picture and its larger version.

    Attributes:
        view: set through ``set_view``.
    """

    def __init__(self, *, name: str = "Before and after", parent: QWidget | None = None) -> None:
        super().__init__(name=name, parent=parent)
        self.margin = 0
        self.most_fit = 4.0  # the larger version has the pixels for it
        self.view = View.SLIDER
        self._difference = QPixmap()

    @property
    def has_second(self) -> bool:
        return not self._second.isNull()

    @property
    def wants_difference(self) -> bool:
        """Whether what differs is to be seen and was not worked out yet."""
        is_due = self.view is View.DIFFERENCE and self._difference.isNull()
        return is_due and self.has_second and self.has_picture()

    def set_view(self, view: View) -> None:
        self.view = View(view)
        # The handle belongs to the slider only.
        self.set_mode(CompareMode.SPLIT if self.view is View.SLIDER else CompareMode.MAP)
        self._keep_in_sight()
        self._announce()

    def images(self) -> tuple[QImage, QImage]:
        """Return both pictures, for working out what differs in a thread."""
        return self._pixmap.toImage(), self._second.toImage()

    def set_difference(self, image: QImage) -> None:
        self._difference = QPixmap.fromImage(image)
        self.update()

    @override
    def set_pixmap(self, pixmap: QPixmap, full_size: QSize | None = None) -> None:
        self._difference = QPixmap()
        super().set_pixmap(pixmap, full_size)

    @override
    def set_second_pixmap(self, pixmap: QPixmap) -> None:
        self._difference = QPixmap()
        super().set_second_pixmap(pixmap)
        self._announce()  # two halves are another room than one

    @override
    def room(self) -> QRectF:
        area = super().room()
        if self._is_halved():
            area.setWidth((area.width() - _GAP) / 2)
        return area

    @override
    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        super().set_zoom(zoom, self._in_first(at) if at is not None else None)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.has_picture() or not self.has_second or self.view is View.SLIDER:
            super().paintEvent(event)
            return
        painter = painting.antialiased(QPainter(self))
        if self.view is View.SIDES:
            self._paint_sides(painter)
        elif self._difference.isNull():
            self.paint_pixmap(painter, self._pixmap)
            self._paint_words(painter, QRectF(self.rect()), "Working out what differs…", "")
        else:
            self.paint_pixmap(painter, self._difference)
            words = f"Difference, {GAIN} times brighter"
            self._paint_words(painter, QRectF(self.rect()), words, "")

    def _is_halved(self) -> bool:
        return self.view is View.SIDES and self.has_second

    def _in_first(self, point: QPointF) -> QPointF:
        """Return the place in the first half that a place in the second one shows, too."""
        room = self.room()
        step = room.width() + _GAP
        return point - QPointF(step, 0) if self._is_halved() and point.x() > room.right() else point

    def _paint_sides(self, painter: QPainter) -> None:
        room = self.room()
        first, second = self._words
        for pixmap, shift in ((self._pixmap, 0.0), (self._second, room.width() + _GAP)):
            painter.save()
            painter.translate(shift, 0)
            painter.setClipRect(room)
            self.paint_ground(painter)
            self.paint_pixmap(painter, pixmap, room)
            painter.restore()
        self._paint_words(painter, room, first, "")
        painter.save()
        painter.translate(room.width() + _GAP, 0)
        self._paint_words(painter, room, second, "")
        painter.restore()

    def _paint_words(self, painter: QPainter, room: QRectF, first: str, second: str) -> None:
        area = self.picture_rect() & room
        if first:
            self._paint_badge(painter, area, first, is_left=True)
        if second:
            self._paint_badge(painter, area, second, is_left=False)


def difference(before: QImage, after: QImage) -> QImage:
    """Return what differs between two pictures, brighter by ``GAIN``. For a thread.

    The first is enlarged as a viewer would do it, so that only what was added shows.
    """
    plain = QImage.Format.Format_ARGB32_Premultiplied
    result = before.scaled(
        after.size(),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    ).convertToFormat(plain)
    painter = QPainter(result)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Difference)
    painter.drawImage(0, 0, after.convertToFormat(plain))
    painter.end()
    gain = GAIN
    while gain > 1:
        once = result.copy()
        painter = QPainter(result)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Plus)
        painter.drawImage(0, 0, once)
        painter.end()
        gain //= 2
    return result.convertToFormat(QImage.Format.Format_RGB32)
