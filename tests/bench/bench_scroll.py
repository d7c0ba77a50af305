"""Scrolling the gallery: does a million items cost more than ten thousand, and how far from bare?

``growth`` compares the slowest frames (99th percentile) of the same walk through both galleries.
``ratio`` compares the median frame of smooth scrolling with a plain widget that draws as many
pictures of the same size, prepared just as well, in every frame.
"""

from __future__ import annotations

import os
import statistics
import time
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QPoint, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from scenario_desktop.items import Item, Source
from scenario_desktop.ui import theme
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery.grid import GridView
from scenario_desktop.ui.panels.gallery.order import KeyOrder

SIZE = (1176, 812)
FRAMES = 400
STEP_PX = 40
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Prepared(PictureStore):
    """A store that has every picture: what is measured is drawing."""

    def __init__(self) -> None:
        super().__init__()
        self._made: list[QPixmap] = []

    def pixmap(self, key: int, frame: object) -> QPixmap | None:  # type: ignore[override]
        if not self._made:
            self._made = pictures(frame.device_size[0])  # type: ignore[attr-defined]
        return self._made[key % len(self._made)]


def pictures(side: int, count: int = 60) -> list[QPixmap]:
    made = []
    for number in range(count):
        pixmap = QPixmap(side, side)
        pixmap.fill(QColor.fromHsv(number * 6 % 360, 160, 200))
        made.append(pixmap)
    return made


def item(key: int) -> Item:
    """Return an item like those of a real library: every ninth bears a badge or two."""
    return Item(
        key=key, id=f"asset_{key}", source=Source.SCENARIO, kind="image",
        type="detection" if key % 9 == 0 else "txt2img", status="success", name=f"Picture {key}",
        mime_type="image/png", created_at=NOW, updated_at=NOW,
        modality="canny" if key % 9 == 0 else "", is_favourite=key % 11 == 0,
    )  # fmt: skip


class Plain(QWidget):
    """As many pictures as the grid shows, and nothing else."""

    def __init__(self, places: list[QPoint], made: list[QPixmap]) -> None:
        super().__init__()
        self._places, self._made = places, made
        self.shift = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme.current().tokens.stage)
        for number, place in enumerate(self._places):
            picture = self._made[(number + self.shift) % len(self._made)]
            painter.drawPixmap(place, picture)


def application() -> QApplication:
    app = cast("QApplication", QApplication.instance() or QApplication([]))
    theme.Theme().apply(app, theme.ThemeMode.DARK)
    return app


def frames(app: QApplication, step: Callable[[int], None], count: int) -> Iterator[float]:
    """Yield the milliseconds of each frame: the step, its events, and all painting."""
    for number in range(count):
        start = time.perf_counter()
        step(number)
        app.sendPostedEvents()
        app.processEvents()
        yield (time.perf_counter() - start) * 1000


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def walk(app: QApplication, count: int) -> tuple[list[float], list[float], GridView]:
    """Return frames of smooth scrolling and of jumps through the whole gallery."""
    items: dict[int, Item] = {}

    def look_up(key: int) -> Item:
        if key not in items:
            items[key] = item(key)
        return items[key]

    store = Prepared()
    grid = GridView(store, look_up)
    grid.resize(*SIZE)
    grid.set_order(KeyOrder(array("q", range(1, count + 1))))
    grid.show()
    app.processEvents()
    bar = grid.verticalScrollBar()
    middle = bar.maximum() // 2
    bar.setValue(middle)
    app.processEvents()
    smooth = list(frames(app, lambda n: bar.setValue(middle + (n + 1) * STEP_PX), FRAMES))
    jump = max(1, bar.maximum() // 101)
    jumps = list(frames(app, lambda n: bar.setValue((n * 37 % 101) * jump), FRAMES // 4))
    return smooth, jumps, grid


def plain(app: QApplication, grid: GridView) -> list[float]:
    """Return frames of the plain widget."""
    boxes = [grid._box(index) for index in grid._visible_range()]
    made = pictures(grid.frame.device_size[0])
    widget = Plain([QPoint(box.x, box.y) for box in boxes], made)
    widget.resize(grid.viewport().size())
    widget.show()
    app.processEvents()

    def step(number: int) -> None:
        widget.shift = number
        widget.update()

    result = list(frames(app, step, FRAMES))
    close(app, widget)
    return result


def close(app: QApplication, widget: QWidget) -> None:
    for timer in widget.findChildren(QTimer):
        timer.stop()
    widget.close()
    widget.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def run() -> dict[str, float | str]:
    """Measure and return the figures, milliseconds."""
    app = application()
    small, small_jumps, grid = walk(app, 10_000)
    close(app, grid)
    large, large_jumps, grid = walk(app, 1_000_000)
    bare = plain(app, grid)
    cells = len(grid._visible_range())
    close(app, grid)
    return {
        "name": "scroll",
        "growth": round(p99(large + large_jumps) / p99(small + small_jumps), 3),
        "ratio": round(statistics.median(large) / statistics.median(bare), 3),
        "cells": cells,
        "smooth_median_ms": round(statistics.median(large), 3),
        "plain_median_ms": round(statistics.median(bare), 3),
        "p99_10k_ms": round(p99(small + small_jumps), 3),
        "p99_1m_ms": round(p99(large + large_jumps), 3),
        "jump_median_ms": round(statistics.median(large_jumps), 3),
    }
