"""Which pixels a fill reaches. NumPy is imported when the first one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QColor, QImage

from scenario_desktop.ui.panels.canvas.pixels.tiling import FORMAT

if TYPE_CHECKING:
    import numpy as np


def reached(
    image: QImage, x: int, y: int, tolerance: int, color: QColor, *, is_contiguous: bool
) -> QImage:
    """Return a picture of the same size with the colour where a fill from a pixel gets to.

    Smooth edges are mixed with what is filled; there the colour thins out, so that nothing of the
    old one shines through around it.

    Args:
        image: premultiplied ARGB.
        tolerance: how far a channel may differ, 0 to 255.
        is_contiguous: only what hangs together with the pixel.
    """
    import numpy as np

    data = np.frombuffer(image.constBits(), np.uint8)
    pixels = data.reshape(image.height(), image.bytesPerLine())[:, : image.width() * 4]
    pixels = pixels.reshape(image.height(), image.width(), 4)
    seed = pixels[y, x].astype(np.int16)
    far = np.zeros(pixels.shape[:2], np.uint8)
    for channel in range(4):
        way = np.abs(pixels[:, :, channel].astype(np.int16) - seed[channel])
        np.maximum(far, way.astype(np.uint8), out=far)
    near = far <= tolerance
    if is_contiguous:
        near = _connected(near, x, y)
    value = color.rgb() & 0xFFFFFF
    alpha = np.rint(_cover(near, far) * color.alpha()).astype(np.uint32)
    result = np.where(alpha > 0, (alpha << np.uint32(24)) | np.uint32(value), np.uint32(0))
    made = QImage(
        result.tobytes(), image.width(), image.height(), image.width() * 4,
        QImage.Format.Format_ARGB32,
    )  # fmt: skip
    return made.convertToFormat(FORMAT)


def _cover(near: np.ndarray[Any, Any], far: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return how much of each pixel is filled, 0 to 1: all inside, and some of a smooth edge.

    Args:
        near: what the fill reaches.
        far: how much each pixel differs from where it began.
    """
    import numpy as np

    cover = near.astype(np.float32)
    rows, columns = np.nonzero(_grown(near) & ~near)
    height, width = near.shape
    most = np.ones(rows.shape, np.uint8)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            beside = far[np.clip(rows + dy, 0, height - 1), np.clip(columns + dx, 0, width - 1)]
            np.maximum(most, beside, out=most)
    # What lies beyond the edge has this share of the pixel; the rest of it is the old colour.
    share = far[rows, columns] / most
    cover[rows, columns] = 1 - share.astype(np.float32) ** 2
    return cover


def _grown(area: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an area with all pixels that touch it."""
    made = area.copy()
    made[1:] |= area[:-1]
    made[:-1] |= area[1:]
    across = made.copy()
    made[:, 1:] |= across[:, :-1]
    made[:, :-1] |= across[:, 1:]
    return made


def _connected(near: np.ndarray[Any, Any], x: int, y: int) -> np.ndarray[Any, Any]:
    """Return the part that hangs together with a pixel, by whole runs of each row."""
    import numpy as np

    height, width = near.shape
    padded = np.zeros((height, width + 2), np.int8)
    padded[:, 1:-1] = near
    steps = np.diff(padded, axis=1)
    starts = [np.flatnonzero(row == 1) for row in steps]
    ends = [np.flatnonzero(row == -1) for row in steps]
    result = np.zeros_like(near)
    seen: set[tuple[int, int]] = set()
    first = int(np.searchsorted(starts[y], x, side="right")) - 1
    wanted = [(y, first)] if first >= 0 else []
    while wanted:
        row, number = wanted.pop()
        if (row, number) in seen:
            continue
        seen.add((row, number))
        left, right = int(starts[row][number]), int(ends[row][number])
        result[row, left:right] = True
        for other in (row - 1, row + 1):
            if 0 <= other < height:
                low = int(np.searchsorted(ends[other], left, side="right"))
                high = int(np.searchsorted(starts[other], right, side="left"))
                wanted += [(other, n) for n in range(low, high) if (other, n) not in seen]
    return result
