"""Rulers along the top and the left of the canvas, in its own pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.panels.canvas.tools.settings import ToolSettings
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.surface import Surface

#: Numbers stand at least so far apart, and the marks between them, logical pixels at 100 %.
_NUMBER_GAP, _MARK_GAP = 56, 5
_PADDING = 3


def steps(scale: float, text_scale: float = 1.0) -> tuple[int, int]:
    """Return how far numbers and marks are apart, pixels of the canvas.

    Args:
        scale: logical pixels of the view for one of the canvas.
    """
    number = _round_up(_NUMBER_GAP * text_scale / scale)
    mark = next(
        (number // parts for parts in (10, 5, 2)
         if number % parts == 0 and number // parts * scale >= _MARK_GAP),
        number,
    )  # fmt: skip
    return number, mark


def _round_up(least: float) -> int:
    """Return the next of 1, 2, 5, 10, 20, 50, …"""
    power: int = 10 ** max(0, math.floor(math.log10(max(1.0, least))))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= least)


class Ruler(QWidget):
    """One of the two; follows zoom, pan and pointer of a stage.

    Attributes:
        pointer: where the mouse is along it, pixels of the canvas; None when it is elsewhere.
    """

    def __init__(self, stage: Stage, orientation: Qt.Orientation) -> None:
        super().__init__()
        self._stage = stage
        self._is_flat = orientation is Qt.Orientation.Horizontal
        self.pointer: float | None = None
        self.setAccessibleName("Ruler across" if self._is_flat else "Ruler down")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        along, fixed = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        self.setSizePolicy(*((along, fixed) if self._is_flat else (fixed, along)))
        theme.current().changed.connect(self.updateGeometry)

    def set_pointer(self, view: QPointF | None) -> None:
        """Mark a place of the stage's view."""
        old, self.pointer = self.pointer, None
        if view is not None:
            place = self._stage.to_canvas(view)
            self.pointer = place.x() if self._is_flat else place.y()
        for mark in (old, self.pointer):
            if mark is not None:
                self._update_at(mark)

    def numbers(self) -> Iterator[int]:
        """Go through the numbers in sight."""
        first, last = self._seen()
        step, _ = self._steps()
        return iter(range(math.floor(first / step) * step, math.ceil(last) + 1, step))

    @override
    def sizeHint(self) -> QSize:
        side = theme.current().line("caption") + _PADDING
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = QPainter(self)
        painter.fillRect(event.rect(), t.panel)
        side = self.height() if self._is_flat else self.width()
        size = self._stage.editor.document.width if self._is_flat else (
            self._stage.editor.document.height
        )  # fmt: skip
        start, end = self._at(0), self._at(size)
        painter.fillRect(self._box(start, 0, end - start, side), t.raised)
        step, mark = self._steps()
        first, last = self._seen()
        painter.setPen(QPen(t.text_3, 1))
        for value in range(math.floor(first / mark) * mark, math.ceil(last) + 1, mark):
            if value % step:
                is_half = step % 2 == 0 and value % (step // 2) == 0
                self._line(painter, value, side * (0.62 if is_half else 0.78), side)
            else:
                self._line(painter, value, 0, side)
        for value in self.numbers():
            self._number(painter, value, side)
        painter.setPen(QPen(t.line_subtle, 1))
        edge = side - 0.5
        length = self.width() if self._is_flat else self.height()
        painter.drawLine(self._point(0, edge), self._point(length, edge))
        if self.pointer is not None:
            painting.antialiased(painter)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.accent_line)
            at = self._at(self.pointer)
            corners = ((at - 4, side - 7), (at + 4, side - 7), (at, side - 1))
            painter.drawPolygon(QPolygonF([self._point(*corner) for corner in corners]))

    def _number(self, painter: QPainter, value: int, side: float) -> None:
        look = theme.current()
        words, font = f"{value:,}", look.font("caption")
        width = look.metrics("caption").horizontalAdvance(words) + 4
        place = self._at(value) + 3
        painter.save()
        if self._is_flat:
            area = QRectF(place, 0, width, side - _PADDING)
        else:  # read from below, as on other rulers
            painter.translate(0, place + width)
            painter.rotate(-90)
            area = QRectF(0, 0, width, side - _PADDING)
        flags = Qt.AlignmentFlag.AlignLeft if self._is_flat else Qt.AlignmentFlag.AlignRight
        painting.text(painter, area, words, font, look.tokens.text_2, flags)
        painter.restore()

    def _line(self, painter: QPainter, value: float, start: float, end: float) -> None:
        at = math.floor(self._at(value)) + 0.5
        painter.drawLine(self._point(at, start), self._point(at, end))

    def _steps(self) -> tuple[int, int]:
        return steps(self._stage.scale, theme.current().scale)

    def _seen(self) -> tuple[float, float]:
        """Return the part of the canvas's axis that is in sight."""
        first = self._stage.to_canvas(QPointF(0, 0))
        last = self._stage.to_canvas(QPointF(self._stage.width(), self._stage.height()))
        return (first.x(), last.x()) if self._is_flat else (first.y(), last.y())

    def _at(self, value: float) -> float:
        """Return where a place of the canvas lies along the ruler."""
        place = self._stage.to_view(QPointF(value, value))
        return place.x() if self._is_flat else place.y()

    def _point(self, along: float, across: float) -> QPointF:
        return QPointF(along, across) if self._is_flat else QPointF(across, along)

    def _box(self, along: float, across: float, length: float, depth: float) -> QRectF:
        if self._is_flat:
            return QRectF(along, across, length, depth)
        return QRectF(across, along, depth, length)

    def _update_at(self, value: float) -> None:
        side = self.height() if self._is_flat else self.width()
        self.update(self._box(self._at(value) - 6, 0, 12, side).toAlignedRect())


class RuledStage(QWidget):
    """The stage with rulers around it, where they are wanted.

    While they are hidden nothing looks at the pointer, so a stroke pays nothing for them.
    """

    def __init__(self, stage: Stage, settings: ToolSettings) -> None:
        super().__init__()
        self._stage, self._settings = stage, settings
        self.across = Ruler(stage, Qt.Orientation.Horizontal)
        self.down = Ruler(stage, Qt.Orientation.Vertical)
        self._corner = Surface("panel", edges=Qt.Edge.RightEdge | Qt.Edge.BottomEdge)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self._corner, 0, 0)
        grid.addWidget(self.across, 0, 1)
        grid.addWidget(self.down, 1, 0)
        grid.addWidget(stage, 1, 1)
        self._is_watching = False
        settings.changed.connect(self._show)
        stage.zoom_changed.connect(self._follow)
        stage.editor.layers_changed.connect(self._follow)
        self._show()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.MouseMove, QEvent.Type.Enter):
            self._mark(event.position())  # type: ignore[attr-defined]  # both kinds have one
        elif event.type() == QEvent.Type.Leave:
            self._mark(None)
        return False

    def _mark(self, view: QPointF | None) -> None:
        for ruler in (self.across, self.down):
            ruler.set_pointer(view)

    def _show(self) -> None:
        wanted = self._settings.has_rulers
        for widget in (self._corner, self.across, self.down):
            widget.setVisible(wanted)
        if wanted != self._is_watching:
            self._is_watching = wanted
            if wanted:
                self._stage.installEventFilter(self)
            else:
                self._stage.removeEventFilter(self)
                self._mark(None)

    def _follow(self) -> None:
        """Draw the rulers anew after zoom, pan, or another size of the canvas."""
        if self._is_watching:
            self.across.update()
            self.down.update()
