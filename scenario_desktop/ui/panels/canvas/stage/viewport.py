"""Which part of the canvas is in view, and how large: fitting, zooming, panning."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QWidget

from scenario_desktop.ui.panels.canvas.editor import Editor

MIN_ZOOM, MAX_ZOOM = 0.05, 32.0
#: Room left around a fitted canvas, logical pixels.
MARGIN = 12
#: So much of the canvas at least stays in sight, logical pixels.
_IN_SIGHT = 48


class Viewport:
    """Leads from places on the editor's canvas to places in a widget, and back.

    Attributes:
        scale: logical pixels of the view for one pixel of the canvas.
        left, top: where the canvas begins in the view, on a whole device pixel.
        is_fit: whether all of the canvas is in view, and is to stay so in a view of another size.
    """

    def __init__(self, view: QWidget, editor: Editor) -> None:
        self._view, self._editor = view, editor
        self.scale = 1.0
        self.left = self.top = 0.0
        self.is_fit = True
        self._middle = QPointF(0.5, 0.5)  # of the view, on the canvas

    @property
    def zoom(self) -> float:
        """Device pixels for one pixel of the canvas."""
        return self.scale * self._view.devicePixelRatioF()

    def to_view(self, point: QPointF) -> QPointF:
        return QPointF(self.left + point.x() * self.scale, self.top + point.y() * self.scale)

    def to_canvas(self, point: QPointF) -> QPointF:
        return QPointF((point.x() - self.left) / self.scale, (point.y() - self.top) / self.scale)

    def fit(self) -> None:
        """Show the whole canvas, never larger than its own pixels."""
        self.is_fit = True
        view = self._view
        width, height = self._editor.document.width, self._editor.document.height
        room = (max(1, view.width() - 2 * MARGIN), max(1, view.height() - 2 * MARGIN))
        ratio = view.devicePixelRatioF()
        scale = min(room[0] / width, room[1] / height, 1 / ratio)
        self.scale = max(MIN_ZOOM / ratio, scale)
        self._middle = QPointF(width / 2, height / 2)
        self.place()

    def set_zoom(self, zoom: float, at: QPointF) -> None:
        """Zoom so that what is under a point of the view stays under it.

        Args:
            zoom: device pixels for one pixel of the canvas.
        """
        under = self.to_canvas(at)
        self._set_scale(zoom)
        view = self._view
        self._middle = under - QPointF(
            (at.x() - view.width() / 2) / self.scale, (at.y() - view.height() / 2) / self.scale
        )
        self._keep_in_sight()
        self.place()

    def show_rect(self, rect: QRectF) -> None:
        """Show a part of the canvas as large as it can be, in the middle of the view."""
        view = self._view
        scale = min(view.width() / rect.width(), view.height() / rect.height())
        self._set_scale(scale * view.devicePixelRatioF())
        self._middle = rect.center()
        self._keep_in_sight()
        self.place()

    def pan(self, by: QPointF) -> None:
        """Move the canvas in the view, logical pixels."""
        self.is_fit = False
        self._middle -= by / self.scale
        self._keep_in_sight()
        self.place()

    def place(self) -> None:
        """Find anew where the canvas begins, as in a view of another size."""
        view = self._view
        ratio = view.devicePixelRatioF()
        x = view.width() / 2 - self._middle.x() * self.scale
        y = view.height() / 2 - self._middle.y() * self.scale
        self.left, self.top = round(x * ratio) / ratio, round(y * ratio) / ratio

    def _set_scale(self, zoom: float) -> None:
        self.is_fit = False
        self.scale = min(MAX_ZOOM, max(MIN_ZOOM, zoom)) / self._view.devicePixelRatioF()

    def _keep_in_sight(self) -> None:
        """Let the canvas never be dragged wholly out of sight."""
        width, height = self._editor.document.width, self._editor.document.height
        slack_x = (self._view.width() / 2 - _IN_SIGHT) / self.scale
        slack_y = (self._view.height() / 2 - _IN_SIGHT) / self.scale
        x = min(max(self._middle.x(), -slack_x), width + slack_x)
        y = min(max(self._middle.y(), -slack_y), height + slack_y)
        self._middle = QPointF(x, y)
