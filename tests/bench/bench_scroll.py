"""Scrolling the gallery: does a million items cost more than ten thousand, and how far from bare?

Both walks go through the real page over a real catalogue, with items and pictures arriving between
the frames as they do for a user. A frame is the step of the scroll bar and all painting it causes.

``growth`` compares the slowest frames (99th percentile) of the walk at a million with that at ten
thousand. ``ratio`` compares the median frame of smooth scrolling with a plain widget that draws as
many pictures, prepared to the same size, in every frame.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from scenario_desktop.ui import theme
from scenario_desktop.ui.loop import run as run_loop
from scenario_desktop.ui.panels.gallery.page import GalleryPage
from tests.bench.gallery_bench import application, gallery
from tests.bench.seeded import catalogue_file

SMALL, LARGE = 10_000, 1_000_000
FRAMES = 500
JUMPS = 150
STEP_PX = 24
#: Time between frames for what arrives, seconds.
REST_S = 0.002
ROUNDS = 3


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


def frame(window: QWidget, step: Callable[[], object]) -> float:
    """Return the milliseconds of a step and of the painting it causes, without a nested loop."""
    start = time.perf_counter()
    step()
    QApplication.sendPostedEvents(window, QEvent.Type.UpdateRequest)
    return (time.perf_counter() - start) * 1000


async def walk(pages: Sequence[GalleryPage]) -> list[tuple[list[float], list[float]]]:
    """Walk through several galleries, frame by frame in turn, so that a disturbance meets all.

    Returns:
        for each, the frames of smooth scrolling, and of jumps through the whole gallery.
    """
    bars = [page.view.grid.verticalScrollBar() for page in pages]
    middles = [bar.maximum() // 2 for bar in bars]
    result: list[tuple[list[float], list[float]]] = [([], []) for _ in pages]
    for bar, middle in zip(bars, middles, strict=True):
        bar.setValue(middle)
    await asyncio.sleep(0.5)
    for number in range(FRAMES):
        for page, bar, middle, (smooth, _) in zip(pages, bars, middles, result, strict=True):
            target = middle + (number + 1) * STEP_PX
            smooth.append(frame(page.view, partial(bar.setValue, target)))
            await asyncio.sleep(REST_S)
    for number in range(JUMPS):
        for page, bar, (_, jumps) in zip(pages, bars, result, strict=True):
            target = number * 37 % 101 * max(1, bar.maximum() // 101)
            jumps.append(frame(page.view, partial(bar.setValue, target)))
            await asyncio.sleep(REST_S)
    return result


async def plain(page: GalleryPage) -> list[float]:
    """Return frames of the plain widget."""
    grid = page.view.grid
    boxes = [grid._box(index) for index in grid._visible_range()]
    made = []
    for number in range(60):
        picture = QPixmap(*grid.frame.device_size)
        picture.fill(QColor.fromHsv(number * 6 % 360, 160, 200))
        made.append(picture)
    widget = Plain([QPoint(box.x, box.y) for box in boxes], made)
    widget.resize(grid.viewport().size())
    widget.show()
    await asyncio.sleep(0.1)

    def step(number: int) -> None:
        widget.shift = number
        widget.update()

    times = []
    for number in range(FRAMES):
        times.append(frame(widget, partial(step, number)))
        await asyncio.sleep(REST_S)
    widget.close()
    widget.deleteLater()
    return times


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


async def measure(small: Path, large: Path) -> dict[str, Any]:
    frames_10k: list[float] = []
    frames_1m: list[float] = []
    smooths: list[float] = []
    plains: list[float] = []
    for _ in range(ROUNDS):
        async with gallery(small) as little, gallery(large) as big:
            (smooth_10k, jumps_10k), (smooth, jumps) = await walk([little, big])
            frames_10k += smooth_10k + jumps_10k
            frames_1m += smooth + jumps
            smooths += smooth
            plains += await plain(big)
            cells = len(big.view.grid._visible_range())
    return {
        "name": "scroll",
        "growth": round(p99(frames_1m) / p99(frames_10k), 3),
        "ratio": round(statistics.median(smooths) / statistics.median(plains), 3),
        "cells": cells,
        "measured_frames": len(frames_1m),
        "smooth_median_ms": round(statistics.median(smooths), 3),
        "plain_median_ms": round(statistics.median(plains), 3),
        "p99_10k_ms": round(p99(frames_10k), 3),
        "p99_1m_ms": round(p99(frames_1m), 3),
    }


def run() -> dict[str, Any]:
    """Measure and return the figures, over the frames of all rounds."""
    application()
    return run_loop(measure(catalogue_file(SMALL), catalogue_file(LARGE)))
