"""How the stage paints the canvas itself: flattened, on a checkerboard, in pieces if need be."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QRegion, QTransform
from PySide6.QtWidgets import QWidget

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.stage.viewport import Viewport
from scenario_desktop.ui.widgets import painting

#: From here on pixels are shown as squares.
SQUARES_FROM = 2.0
#: So long may flattening take before what is there is shown, seconds.
FRAME_S = 0.012
#: The same for a canvas that was just opened: no hand moves on it yet.
FIRST_S = 0.12


class PicturePainter:
    """Paints what the editor's compositor has, where the viewport says."""

    def __init__(self, view: QWidget, viewport: Viewport, editor: Editor) -> None:
        self._view, self._viewport, self._editor = view, viewport, editor
        self._checks = QPixmap()

    def forget_colors(self) -> None:
        """Take the theme's colours again with the next picture."""
        self._checks = QPixmap()

    def paint(self, painter: QPainter, area: QRectF, seen: QRectF) -> bool:
        """Paint a part of the view.

        Args:
            area: where the whole canvas lies in the view.
            seen: what of that is to be painted.

        Returns:
            whether what was painted is not yet as sharp or as whole as it will be.
        """
        viewport = self._viewport
        painter.save()
        painter.setClipRect(seen)
        whole = seen.toAlignedRect() & self._view.rect()
        painter.drawPixmap(whole, self._checkers(), whole)
        compositor = self._editor.compositor
        compositor.set_level(_level(viewport.zoom))
        corners = QRectF(viewport.to_canvas(seen.topLeft()), viewport.to_canvas(seen.bottomRight()))
        wanted = corners.toAlignedRect().adjusted(-2, -2, 2, 2) & self._editor.rect
        # A stroke is always seen as it is; all else may come in pieces rather than stop the hand.
        usual = FIRST_S if compositor.is_blank else FRAME_S
        budget_s = None if self._editor.is_painting else usual
        image = compositor.image(wanted, budget_s)
        step = 1 << compositor.level
        blank = compositor.blank(wanted)
        if not blank.isEmpty():
            painter.setClipRegion(self._paint_before(painter, area, seen, blank, step))
        is_behind = compositor.is_behind(wanted)
        if not is_behind and blank.isEmpty():
            compositor.forget_before()
        painter.translate(area.topLeft())
        painter.scale(viewport.scale * step, viewport.scale * step)
        is_smooth = viewport.zoom < SQUARES_FROM and abs(viewport.zoom - 1) > 1e-6
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
        # Only the part that is asked for: Qt would walk through the whole picture otherwise.
        part = (
            QRectF(
                wanted.x() / step, wanted.y() / step, wanted.width() / step, wanted.height() / step
            ).toAlignedRect()
            & image.rect()
        )
        painter.drawImage(QPointF(part.topLeft()), image, QRectF(part))
        painter.restore()
        return is_behind

    def _paint_before(
        self, painter: QPainter, area: QRectF, seen: QRectF, blank: QRegion, step: int
    ) -> QRegion:
        """Paint the level before where this one shows nothing yet; return the rest of the view."""
        scale = self._viewport.scale
        place = QTransform.fromTranslate(area.x(), area.y())
        here = QTransform(place).scale(scale * step, scale * step)
        missing = here.map(blank) & seen.toAlignedRect()
        before = self._editor.compositor.before()
        if before is not None:
            image, level, known = before
            there = QTransform(place).scale(scale * (1 << level), scale * (1 << level))
            painter.save()
            painter.setClipRegion(missing & there.map(known))
            painter.setTransform(there)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            back, is_possible = there.inverted()
            if is_possible:
                part = back.mapRect(seen).toAlignedRect().adjusted(-1, -1, 1, 1) & image.rect()
                painter.drawImage(part.topLeft(), image, part)
            painter.restore()
        return QRegion(seen.toAlignedRect()).subtracted(missing)

    def paint_grid(self, painter: QPainter, seen: QRectF) -> None:
        """Paint lines around the pixels in a part of the view."""
        viewport = self._viewport
        first, last = viewport.to_canvas(seen.topLeft()), viewport.to_canvas(seen.bottomRight())
        painter.setPen(QPen(QColor(128, 128, 128, 70), 1))
        for x in range(math.ceil(first.x()), math.floor(last.x()) + 1):
            place = viewport.to_view(QPointF(x, 0)).x()
            painter.drawLine(QPointF(place, seen.top()), QPointF(place, seen.bottom()))
        for y in range(math.ceil(first.y()), math.floor(last.y()) + 1):
            place = viewport.to_view(QPointF(0, y)).y()
            painter.drawLine(QPointF(seen.left(), place), QPointF(seen.right(), place))

    def _checkers(self) -> QPixmap:
        """Return the checkerboard, as large as the view: a part of it is a plain copy."""
        if self._checks.size() != self._view.size():
            t = theme.current().tokens
            made = QPixmap(self._view.size())
            painter = QPainter(made)
            painting.checkerboard(painter, self._view.rect(), t.check_a, t.check_b)
            painter.end()
            self._checks = made
        return self._checks


def _level(zoom: float) -> int:
    """Return the level just larger than what is shown."""
    return max(0, math.floor(-math.log2(zoom) + 1e-6)) if zoom < 1 else 0
