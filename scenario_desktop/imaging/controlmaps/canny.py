"""Canny edges."""

from __future__ import annotations

from typing import Any

import cv2

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.controlmaps.common import Array, given, luma

LOW, HIGH = 100, 200


def draw(rgb: Array, parameters: dict[str, Any]) -> Array:
    """Draw sharp edges across the whole picture, white on black.

    Method: J. Canny, "A computational approach to edge detection", 1986, as ``cv2.Canny`` on the
    luma with a 3 x 3 Sobel and the L1 norm. Nothing is added: for the same thresholds the result is
    equal to that call, pixel by pixel.

    Parameters:
        low_threshold: 0–255, gradient (luma steps) that continues an edge; default 100.
        high_threshold: 0–255, gradient that begins one; default 200.
    """
    low = given(parameters, "low_threshold", LOW)
    high = given(parameters, "high_threshold", HIGH)
    if low >= high:
        raise BadInput("The lower threshold must be below the upper one.")
    return cv2.Canny(luma(rgb), low, high)
