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
    near = np.ones(pixels.shape[:2], bool)
    for channel in range(4):
        near &= np.abs(pixels[:, :, channel].astype(np.int16) - seed[channel]) <= tolerance
    if is_contiguous:
        near = _connected(near, x, y)
    value = color.rgba()
    result = np.where(near, np.uint32(value), np.uint32(0))
    made = QImage(
        result.tobytes(), image.width(), image.height(), image.width() * 4,
        QImage.Format.Format_ARGB32,
    )  # fmt: skip
    return made.convertToFormat(FORMAT)


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
