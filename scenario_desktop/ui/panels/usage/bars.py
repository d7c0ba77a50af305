"""Stacked bars over time, drawn by pyqtgraph. Imported when the page opens, never at a start.

Mouse: a card tells the amounts of the bar below the pointer, a click opens what it is made of, a
drag across bars chooses their range. Keys do the same: arrows, Home and End, Enter; Shift with
arrows chooses a range, Escape lets it go.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsRectItem, QGraphicsScene, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.usage.bar_data import BarData, Bars

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
        opened: (place, id of the series, "" for the whole bar) that was clicked.
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
        self._drawn: list[Any] = []
        self._canvas = pg.PlotWidget(self)
        self._canvas.setFrameShape(QFrame.Shape.NoFrame)
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._canvas)
        # Items are never looked up by their place, and few are there: an index would only be kept.
        self._canvas.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self._plot = self._canvas.getPlotItem()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(False, False)
        self._plot.setContentsMargins(0, 0, 0, 0)
        self._box = self._plot.getViewBox()
        self._box.setDefaultPadding(0)
        self._mark = QGraphicsRectItem()
        self._mark.setZValue(40)
        self._box.addItem(self._mark, ignoreBounds=True)
        self._mark.hide()
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
        self.render(painter, QPoint())

    # drawing

    def _dress(self) -> None:
        look = theme.current()
        tokens = look.tokens
        self._canvas.setBackground(ground_of(tokens))
        plot = self._plot
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setStyle(
                tickFont=look.font("small"), tickLength=0, tickTextOffset=look.px(8),
                hideOverlappingLabels=False,
                tickAlpha=0,
            )  # fmt: skip
            axis.setTextPen(tokens.text_3)
            axis.setPen(QPen(Qt.PenStyle.NoPen))
        plot.getAxis("left").setWidth(look.px(46))
        plot.getAxis("bottom").setHeight(look.px(28))
        mark = QColor(tokens.accent_line)
        self._mark.setPen(pg.mkPen(mark, width=1))
        mark.setAlphaF(0.08)
        self._mark.setBrush(QBrush(mark))

    def _redraw(self) -> None:
        self._dress()
        plot = self._plot
        for item in self._drawn:
            plot.removeItem(item)
        self._drawn.clear()
        data = self.data
        if data is None:
            return
        ticks = nice_ticks(data.top)
        top = ticks[-1] * 1.06 if ticks[-1] else 1.0
        plot.setXRange(-0.6, max(0.6, data.count - 0.4), padding=0)
        plot.setYRange(0, top, padding=0)
        plot.getAxis("left").setTicks([[(value, _number(value)) for value in ticks]])
        plot.getAxis("bottom").setTicks([[(i, t) for i, t in enumerate(data.labels) if t]])
        self._draw_ground(data, ticks, top)
        self._draw_bars(data)
        self._draw_lines(data)
        self._update_mark()

    def _add(self, item: Any, z: float) -> None:
        item.setZValue(z)
        self._plot.addItem(item, ignoreBounds=True)
        self._drawn.append(item)

    def _draw_ground(self, data: BarData, ticks: list[float], top: float) -> None:
        tokens = theme.current().tokens
        if data.future < data.count:
            rest = QGraphicsRectItem(QRectF(data.future - 0.5, 0, data.count - data.future, top))
            rest.setPen(QPen(Qt.PenStyle.NoPen))
            rest.setBrush(QBrush(tokens.hover))
            self._add(rest, 0)
        for value in ticks:
            tone = tokens.line if value == 0 else tokens.line_subtle
            self._add(pg.InfiniteLine(value, angle=0, pen=pg.mkPen(tone, width=1)), 1)
        gaps = [place for place in range(min(data.future, data.count)) if data.sums[place] is None]
        if gaps:
            brush = QBrush(tokens.line, Qt.BrushStyle.BDiagPattern)
            self._add(self._bar_item(gaps, [0.0] * len(gaps), [top * 0.94] * len(gaps), brush), 2)

    def _draw_bars(self, data: BarData) -> None:
        tokens = theme.current().tokens
        floor = np.zeros(data.count)
        for bars in data.series:
            heights = np.array([value or 0.0 for value in bars.values])
            np.maximum(heights, 0.0, out=heights)
            color = tokens.series[bars.color % len(tokens.series)]
            for is_final in (True, False):
                places = [
                    i for i in range(data.count) if data.is_final[i] is is_final and heights[i] > 0
                ]
                if not places:
                    continue
                solid = QBrush(color)
                if not is_final:
                    pale = QColor(color)
                    pale.setAlphaF(0.35)
                    self._add(
                        self._bar_item(places, floor[places], heights[places], QBrush(pale)), 10
                    )
                    solid = QBrush(color, Qt.BrushStyle.BDiagPattern)
                self._add(self._bar_item(places, floor[places], heights[places], solid), 11)
            floor += heights

    def _bar_item(self, places: Any, floor: Any, heights: Any, brush: QBrush) -> Any:
        # The gap between two colours of a stack: a line in the colour of the ground.
        pen = pg.mkPen(ground_of(theme.current().tokens), width=1)
        return pg.BarGraphItem(
            x=np.asarray(places, float), y0=np.asarray(floor, float),
            height=np.asarray(heights, float), width=BAR_WIDTH, brush=brush, pen=pen,
        )  # fmt: skip

    def _draw_lines(self, data: BarData) -> None:
        look = theme.current()
        tokens = look.tokens
        if any(value is not None for value in data.ghost):
            values = np.array([math.nan if v is None else v for v in data.ghost])
            pen = pg.mkPen(tokens.text_3, width=1.4, style=Qt.PenStyle.DotLine)
            line = pg.PlotDataItem(
                np.arange(data.count), values, pen=pen, connect="finite", antialias=True
            )
            self._add(line, 20)
        if data.forecast is not None and data.future < data.count:
            pen = pg.mkPen(tokens.series[0], width=1.4, style=Qt.PenStyle.DashLine)
            ends = [data.future - 0.5, data.count - 0.5]
            self._add(pg.PlotDataItem(ends, [data.forecast] * 2, pen=pen), 21)
            is_low = data.forecast < data.top / 4  # below the line there would be no room
            words = pg.TextItem(
                f"Forecast {_number(round(data.forecast, 1))} {data.unit} a day",
                color=tokens.text_2, anchor=(1, 1 if is_low else 0),
            )  # fmt: skip
            words.setFont(look.font("small"))
            words.setPos(data.count - 0.6, data.forecast)
            self._add(words, 22)

    def _update_mark(self) -> None:
        if self.data is None or self._place < 0:
            self._mark.hide()
            return
        first = last = self._place
        if self._anchor is not None:
            first, last = sorted((self._anchor, self._place))
        height = self._box.viewRange()[1][1]
        self._mark.setRect(QRectF(first - 0.45, 0, last - first + 0.9, height))
        self._mark.show()

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
            self.opened.emit(place, bars.id if bars is not None else "")

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
