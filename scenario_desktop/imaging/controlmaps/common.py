"""What several control maps share."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

#: An image or a plane of numbers; each function says shape and type.
Array = npt.NDArray[Any]


def given(parameters: dict[str, Any], name: str, default: Any) -> Any:
    """Return a parameter, or its default where it is missing or None."""
    value = parameters.get(name)
    return default if value is None else value


def luma(rgb: Array) -> Array:
    """Return the brightness (Rec. 601 weights), height x width, uint8."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def fitted(image: Array, max_px: int) -> Array:
    """Return the image reduced so that its longer side is at most ``max_px`` pixels."""
    height, width = image.shape[:2]
    scale = max_px / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def resized_like(image: Array, model: Array, interpolation: int = cv2.INTER_CUBIC) -> Array:
    """Return the image in the width and height of another one."""
    height, width = model.shape[:2]
    if image.shape[:2] == (height, width):
        return image
    return cv2.resize(image, (width, height), interpolation=interpolation)


def smooth_step(values: Array, low: float, high: float) -> Array:
    """Map low..high softly to 0..255, uint8. Gives enlarged lines a crisp edge without steps."""
    t = np.clip((values - low) * (1.0 / (high - low)), 0.0, 1.0)
    return np.asarray((t * t * (3.0 - 2.0 * t)) * 255.0 + 0.5).astype(np.uint8)


def without_specks(mask: Array, min_extent_px: float) -> Array:
    """Clear connected parts of a 0/255 mask whose box is smaller than this in both directions."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    extent = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = np.where(extent >= min_extent_px, 255, 0).astype(np.uint8)
    keep[0] = 0
    return np.asarray(keep[labels]) if count > 1 else mask
