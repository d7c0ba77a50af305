"""Writing what the page shows to files."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QImageWriter, QPainter

from scenario_desktop.errors import StoreFailed
from scenario_desktop.services.usage import export
from scenario_desktop.services.usage.activity import ActivityRow
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.usage.figures import Figures
from scenario_desktop.ui.panels.usage.words import amount_text
from scenario_desktop.ui.widgets import painting

if TYPE_CHECKING:  # for cost: the chart library is read when the page opens
    from scenario_desktop.ui.panels.usage.bars import BarChart

#: Device pixels of a picture file for each of the screen.
_SCALE: Final = 2
_PAD: Final = 16


def file_name(what: str, range_name: str, ending: str) -> str:
    """Return a name such as "usage-1-20-november.csv"."""
    words = re.sub(r"[^a-z0-9]+", "-", f"usage {what} {range_name}".lower()).strip("-")
    return f"{words}.{ending}"


async def write(path: Path, data: bytes) -> None:
    """Write a file as a whole, or not at all.

    Raises:
        StoreFailed: the disk does not take it.
    """
    await asyncio.to_thread(_write, path, data)


async def write_activity(
    path: Path,
    pages: AsyncIterator[tuple[int, list[ActivityRow]]],
    on_progress: Callable[[int, int], None],
) -> int:
    """Write actions page by page and return how many; what is given up leaves no file.

    Args:
        on_progress: told how many actions were read, and how many of them written.
    """
    part = path.with_name(f"{path.name}.part")
    read = written = 0
    try:
        await asyncio.to_thread(_append, part, export.activity_head(), is_new=True)
        async for count, rows in pages:
            await asyncio.to_thread(_append_rows, part, rows)
            read += count
            written += len(rows)
            on_progress(read, written)
        await asyncio.to_thread(_publish, part, path)
    finally:
        part.unlink(missing_ok=True)
    return written


def chart_file(chart: BarChart, figures: Figures, *, is_svg: bool) -> bytes:
    """Return the chart with its title and legend as a picture, in the colours of the screen."""
    head = _head_height(figures, chart.width())
    size = QSize(chart.width() + 2 * _PAD, chart.height() + head + 2 * _PAD)
    if is_svg:
        from PySide6.QtSvg import QSvgGenerator

        data = QByteArray()
        buffer = QBuffer(data)
        svg = QSvgGenerator()
        svg.setOutputDevice(buffer)
        svg.setSize(size)
        svg.setViewBox(QRectF(0, 0, size.width(), size.height()))
        svg.setTitle(figures.title)
        painter = QPainter(svg)
        _paint(painter, chart, figures, size, head)
        painter.end()
        return bytes(data.data())
    image = QImage(size * _SCALE, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(_SCALE)
    image.fill(chart.ground)
    painter = QPainter(image)
    _paint(painter, chart, figures, size, head)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(data.data())


def _paint(painter: QPainter, chart: BarChart, figures: Figures, size: QSize, head: int) -> None:
    look = theme.current()
    t = look.tokens
    painting.antialiased(painter)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), chart.ground)
    line = look.line("small")
    title = QRectF(_PAD, _PAD, chart.width(), line + 6)
    painting.text(painter, title, figures.title, look.font("body_strong"), t.text)
    x, y = float(_PAD), title.bottom()
    for words, color, width in _entries(figures):
        if x + width > _PAD + chart.width() and x > _PAD:
            x, y = float(_PAD), y + line
        swatch = QRectF(x, y + line / 2 - 4, 8, 8)
        painting.box(painter, swatch, 2, t.series[color % len(t.series)])
        area = QRectF(x + 14, y, width, line)
        painting.text(painter, area, words, look.font("small"), t.text_2)
        x += width + 14
    painter.translate(_PAD, _PAD + head)
    chart.paint_on(painter)


def _head_height(figures: Figures, width: int) -> int:
    look = theme.current()
    line, lines, x = look.line("small"), 1, 0.0
    for _, _, wished in _entries(figures):
        if x + wished > width and x:
            x, lines = 0.0, lines + 1
        x += wished + 14
    return line + 6 + lines * line + 8


def _entries(figures: Figures) -> list[tuple[str, int, float]]:
    metrics = theme.current().metrics("small")
    words = [(f"{b.name}  {amount_text(b.total)}", b.color) for b in figures.bars.series]
    return [(text, color, 22.0 + metrics.horizontalAdvance(text)) for text, color in words]


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _failed(path, error) from error


def _append_rows(part: Path, rows: list[ActivityRow]) -> None:
    _append(part, export.activity_lines(rows))


def _append(part: Path, text: str, *, is_new: bool = False) -> None:
    try:
        with part.open("w" if is_new else "a", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise _failed(part, error) from error


def _publish(part: Path, path: Path) -> None:
    try:
        part.replace(path)
    except OSError as error:
        raise _failed(path, error) from error


def _failed(path: Path, error: OSError) -> StoreFailed:
    return StoreFailed(
        f"{path.name} could not be written: {error.strerror}.", hint="Choose another folder."
    )
