"""Stacked bars over time, drawn by pyqtgraph. Imported when the page opens, never at a start.

Mouse: a card tells the amounts of the bar below the pointer, a click opens what it is made of, a
drag across bars chooses their range. Keys do the same: arrows, Home and End, Enter; Shift with
arrows chooses a range, Escape lets it go.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsItem, QGraphicsScene, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.usage.bar_data import UNTOLD, BarData, Bars
from scenario_desktop.ui.panels.usage.plotting import AxisItem, GraphicsView, ViewBox
from scenario_desktop.ui.widgets import painting

#: How much of its place a bar takes.
BAR_WIDTH: Final = 0.64
#: Pixels that the pointer must move before it chooses a range.
_DRAG_PX: Final = 6


class BarChart(QWidget):
    """The chart.

    Attributes:
        data: what is shown; None before anything is.

    Signals:
        place_changed: the place below the pointer or chosen by keys; -1 for none.
        opened: (place, id of the series) that was clicked; "" for the whole bar, ``UNTOLD`` for
            its part without an id.
        range_chosen: (first, last) place of a range, both in it.
    """

    place_changed = Signal(int)
    opened = Signal(int, str)
    range_chosen = Signal(int, int)

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.data: BarData | None = None
        self._place = -1
        self._pressed: QPointF | None = None
        self._anchor: int | None = None
        self._canvas = GraphicsView(self)
        self._canvas.setFrameShape(QFrame.Shape.NoFrame)
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._canvas)
        # Items are never looked up by their place, and few are there: an index would only be kept.
        self._canvas.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self._box = ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0)
        self._axes = {side: AxisItem(side, linkView=self._box) for side in ("left", "bottom")}
        grid = self._canvas.centralLayout
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addItem(self._axes["left"], 0, 0)
        grid.addItem(self._box, 0, 1)
        grid.addItem(self._axes["bottom"], 1, 1)
        self._bars = _Picture(self._box)
        self._box.sigResized.connect(self._bars.fit)
        theme.current().changed.connect(self._redraw)
        self._dress()

    # what is shown

    def show_data(self, data: BarData) -> None:
        """Draw other data; the place that is marked stays if it is there."""
        self.data = data
        self._redraw()
        self.set_place(self._place if self._place < data.count else -1)

    @property
    def place(self) -> int:
        """The place that is marked, -1 for none."""
        return self._place

    def set_place(self, place: int) -> None:
        """Mark a place, none for -1."""
        self._place = place
        self._update_mark()

    def anchor_of(self, place: int) -> QPointF:
        """Return where a place's bar ends at its top, in this widget's pixels."""
        top = 0.0
        if self.data is not None and 0 <= place < self.data.count:
            top = float(self.data.sums[place] or 0)
        scene = self._box.mapViewToScene(QPointF(place, top))
        return QPointF(self._canvas.mapFromScene(scene))

    def paint_on(self, painter: QPainter) -> None:
        """Draw the chart for a file, as it is on the screen."""
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)  # the plot's frame would be filled with any other
        self.render(painter, QPoint())
        painter.restore()

    @property
    def ground(self) -> QColor:
        """The colour that the chart lies on."""
        return ground_of(theme.current().tokens)

    # drawing

    def _dress(self) -> None:
        look = theme.current()
        tokens = look.tokens
        self._canvas.setBackground(ground_of(tokens))
        for axis in self._axes.values():
            axis.setStyle(
                tickFont=look.font("small"), tickLength=0, tickTextOffset=look.px(8),
                hideOverlappingLabels=False,
                tickAlpha=0,
            )  # fmt: skip
            axis.setTextPen(tokens.text_3)
            axis.setPen(QPen(Qt.PenStyle.NoPen))
        self._axes["left"].setWidth(look.px(46))
        self._axes["bottom"].setHeight(look.px(28))

    def _redraw(self) -> None:
        self._dress()
        data = self.data
        if data is None:
            return
        ticks = nice_ticks(data.top)
        top = ticks[-1] * 1.06 if ticks[-1] else 1.0
        left, right = -0.6, max(0.6, data.count - 0.4)
        self._box.setRange(xRange=(left, right), yRange=(0, top), padding=0)
        self._axes["left"].setTicks([[(value, _number(value)) for value in ticks]])
        self._axes["bottom"].setTicks([[(i, t) for i, t in enumerate(data.labels) if t]])
        self._bars.show_data(data, ticks, QRectF(left, 0, right - left, top))
        self._update_mark()

    def _update_mark(self) -> None:
        if self.data is None or self._place < 0:
            self._bars.mark(None)
            return
        first = last = self._place
        if self._anchor is not None:
            first, last = sorted((self._anchor, self._place))
        self._bars.mark((first, last))

    # mouse and keys

    def _place_at(self, point: QPointF) -> int:
        if self.data is None:
            return -1
        scene = self._canvas.mapToScene(point.toPoint())
        if not self._box.sceneBoundingRect().contains(scene):
            return -1
        place = round(self._box.mapSceneToView(scene).x())
        return place if 0 <= place < self.data.count else -1

    def _series_at(self, place: int, point: QPointF) -> Bars | None:
        if self.data is None:
            return None
        height = self._box.mapSceneToView(self._canvas.mapToScene(point.toPoint())).y()
        floor = 0.0
        for bars in self.data.series:
            floor += max(0.0, bars.values[place] or 0.0)
            if height < floor:
                return bars
        return None

    def _move_to(self, place: int) -> None:
        if place != self._place:
            self.set_place(place)
            self.place_changed.emit(place)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        place = self._place_at(point)
        if self._pressed is not None and place >= 0:
            if self._anchor is None and abs(point.x() - self._pressed.x()) > _DRAG_PX:
                self._anchor = self._place_at(self._pressed)
            if self._anchor is not None:
                self.set_place(place)
                return
        self._move_to(place)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._place_at(event.position()) >= 0:
            self._pressed = event.position()
            self._anchor = None
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        place = self._place_at(event.position())
        if pressed is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        if self._anchor is not None:
            self._choose_range()
        elif place >= 0:
            bars = self._series_at(place, event.position())
            self.opened.emit(place, (bars.id or UNTOLD) if bars is not None else "")

    @override
    def leaveEvent(self, event: Any) -> None:
        if self._pressed is None:
            self._move_to(-1)
        super().leaveEvent(event)

    @override
    def wheelEvent(self, event: Any) -> None:
        event.ignore()  # the page scrolls

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.data is None or not self.data.count:
            super().keyPressEvent(event)
            return
        last = self.data.count - 1
        start = self._place if self._place >= 0 else min(self.data.future, last + 1)
        moves = {
            Qt.Key.Key_Left: max(0, start - 1), Qt.Key.Key_Right: min(last, start + 1),
            Qt.Key.Key_Home: 0, Qt.Key.Key_End: last,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in moves:
            is_range = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if is_range and self._anchor is None and self._place >= 0:
                self._anchor = self._place
            elif not is_range:
                self._anchor = None
            self._move_to(moves[key])
            self._update_mark()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._place >= 0:
            if self._anchor is not None and self._anchor != self._place:
                self._choose_range()
            else:
                self.opened.emit(self._place, "")
        elif key is Qt.Key.Key_Escape and (self._anchor is not None or self._place >= 0):
            self._anchor = None
            self._move_to(-1)
        else:
            super().keyPressEvent(event)

    def _choose_range(self) -> None:
        anchor, self._anchor = self._anchor, None
        self._update_mark()
        if anchor is not None and self._place >= 0:
            first, last = sorted((anchor, self._place))
            self.range_chosen.emit(first, last)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._anchor = None
        self._move_to(-1)
        super().focusOutEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._place >= 0:
            self.place_changed.emit(-1)  # its card stands somewhere else now


class _Picture(QGraphicsItem):
    """All that lies between the axes: one item for good, which is painted anew for other data.

    It paints in whole pixels, so that edges are sharp.
    """

    def __init__(self, box: Any) -> None:
        super().__init__(box)
        self._size = QRectF(box.rect())
        self._data: BarData | None = None
        self._ticks: list[float] = []
        self._view = QRectF(0, 0, 1, 1)
        self._mark: tuple[int, int] | None = None

    def show_data(self, data: BarData, ticks: list[float], view: QRectF) -> None:
        """
        Args:
            view: what is in sight, in places and amounts.
        """
        self._data, self._ticks, self._view = data, ticks, view
        self.update()

    def mark(self, places: tuple[int, int] | None) -> None:
        """Mark the first to the last of some places."""
        self._mark = places
        self.update()

    def fit(self, box: Any) -> None:
        """Take the size that the plot has now."""
        self.prepareGeometryChange()
        self._size = QRectF(box.rect())

    @override
    def boundingRect(self) -> QRectF:
        return self._size

    @override
    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        data = self._data
        if data is None:
            return
        painter.save()
        self._paint_ground(painter, data)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_bars(painter, data)
        painting.antialiased(painter)
        self._paint_lines(painter, data)
        if self._mark is not None:
            first, last = self._mark
            color = QColor(theme.current().tokens.accent_line)
            ground = QColor(color)
            ground.setAlphaF(0.08)
            area = self._area(first - 0.45, last + 0.45, self._view.height(), 0)
            painting.box(painter, area.adjusted(0, 1, 0, 0), 3, ground, color)
        painter.restore()

    def _x(self, place: float) -> float:
        return round((place - self._view.x()) / self._view.width() * self._size.width())

    def _y(self, amount: float) -> float:
        return round(self._size.height() * (1 - amount / self._view.height()))

    def _area(self, left: float, right: float, top: float, bottom: float) -> QRectF:
        begin, end = QPointF(self._x(left), self._y(top)), QPointF(self._x(right), self._y(bottom))
        return QRectF(begin, end)

    def _paint_ground(self, painter: QPainter, data: BarData) -> None:
        tokens, top = theme.current().tokens, self._view.height()
        if data.future < data.count:
            rest = self._area(data.future - 0.5, data.count - 0.5, top, 0)
            painter.fillRect(rest, tokens.hover)
        for value in self._ticks:
            tone = tokens.line if value == 0 else tokens.line_subtle
            y = min(self._y(value), self._size.height() - 1)
            painter.fillRect(QRectF(0, y, self._size.width(), 1), tone)
        gaps = QBrush(tokens.line, Qt.BrushStyle.BDiagPattern)
        for place in range(min(data.future, data.count)):
            if data.sums[place] is None:
                painter.fillRect(self._bar(place, self._ticks[-1], 0), gaps)

    def _bar(self, place: int, top: float, bottom: float) -> QRectF:
        return self._area(place - BAR_WIDTH / 2, place + BAR_WIDTH / 2, top, bottom)

    def _paint_bars(self, painter: QPainter, data: BarData) -> None:
        for place, bars, bottom, top in stacked(data):
            area = self._bar(place, top, bottom)
            if bottom > 0 and area.height() > 2:
                area.setBottom(area.bottom() - 1)  # the ground shows between two colours
            area.setHeight(max(1.0, area.height()))
            area.setWidth(max(1.0, area.width()))
            series = theme.current().tokens.series
            color = series[bars.color % len(series)]
            if data.is_final[place]:
                painter.fillRect(area, color)
                continue
            pale = QColor(color)
            pale.setAlphaF(0.35)
            painter.fillRect(area, pale)
            painter.fillRect(area, QBrush(color, Qt.BrushStyle.BDiagPattern))

    def _paint_lines(self, painter: QPainter, data: BarData) -> None:
        look = theme.current()
        tokens = look.tokens
        pen = QPen(tokens.text_3, 1.4, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        for run in runs(data.ghost):
            points = [QPointF(self._x(place), self._y(amount)) for place, amount in run]
            painter.drawPolyline(QPolygonF(points))
        if data.forecast is None or data.future >= data.count:
            return
        painter.setPen(QPen(tokens.series[0], 1.4, Qt.PenStyle.DashLine))
        y, right = self._y(data.forecast), self._x(data.count - 0.5)
        painter.drawLine(QPointF(self._x(data.future - 0.5), y), QPointF(right, y))
        words = f"Forecast {_number(round(data.forecast, 1))} {data.unit} a day"
        line = look.line("small")
        is_low = self._size.height() - y < line + 8  # below the line there would be no room
        area = QRectF(0, y - line - 4 if is_low else y + 4, right - 4, line)
        flag = Qt.AlignmentFlag.AlignRight
        painting.text(painter, area, words, look.font("small"), tokens.text_2, flag)


def stacked(data: BarData) -> Iterator[tuple[int, Bars, float, float]]:
    """Yield each part of each bar: its place, its series, and the amounts it lies between."""
    for place in range(data.count):
        bottom = 0.0
        for bars in data.series:
            amount = bars.values[place] or 0.0
            if amount > 0:
                yield place, bars, bottom, bottom + amount
                bottom += amount


def runs(values: tuple[float | None, ...]) -> Iterator[list[tuple[int, float]]]:
    """Yield what is known in one piece, with the places: a gap is no line."""
    run: list[tuple[int, float]] = []
    for place, value in enumerate((*values, None)):
        if value is not None:
            run.append((place, value))
        elif run:
            yield run
            run = []


def ground_of(tokens: theme.Tokens) -> QColor:
    """Return the colour of the card that the chart lies on."""
    return tokens.panel if tokens.is_dark else tokens.raised


def nice_ticks(top: float) -> list[float]:
    """Return round amounts from 0 to above the largest, about four steps of 1, 2, 3 or 5."""
    if not math.isfinite(top) or top <= 0:
        return [0.0]
    rough = top / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(n * power for n in (1, 2, 3, 5, 10) if n * power >= rough * 0.999)
    count = math.ceil(top / step - 1e-9)
    return [step * number for number in range(count + 1)]


def _number(value: float) -> str:
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    if abs(value) >= 10_000:
        return f"{value / 1000:g}K"
    return f"{value:,.10g}" if value == int(value) else f"{value:g}"
