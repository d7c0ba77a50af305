"""A pencil drawing."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps.common import Array, fitted, luma, resized_like

#: Blur of the two pencils, as a part of the longer side.
FINE, BROAD = 0.0025, 0.012
#: Working size in pixels; larger pictures are drawn at this size and enlarged.
WORK_PX = 3072


def draw(rgb: Array, parameters: dict[str, Any]) -> Array:
    """Draw a pencil sketch, dark on white paper.

    Method: colour dodge, the darkroom trick also used for photo-to-pencil filters: the luma divided
    by its own blur leaves white where nothing changes and strokes at edges. A fine and a broad
    pencil are multiplied, and a curve darkens the strokes. No parameters.
    """
    gray = fitted(luma(rgb), WORK_PX)
    size = max(gray.shape)
    gray = cv2.bilateralFilter(gray, 5, 18, 3)
    # Lifting the blacks keeps noise in the shadows from being divided up into strokes.
    gray = cv2.LUT(gray, np.rint(40 + np.arange(256) * (215 / 255)).astype(np.uint8))
    strokes = cv2.multiply(_dodged(gray, size * FINE), _dodged(gray, size * BROAD), scale=1 / 255)
    tones = np.arange(256) / 255
    curve = np.clip((tones - 0.38) / 0.60, 0.0, 1.0) ** 1.25
    return resized_like(cv2.LUT(strokes, np.rint(curve * 255).astype(np.uint8)), rgb)


def _dodged(gray: Array, sigma_px: float) -> Array:
    return cv2.divide(gray, _blurred(gray, max(0.8, sigma_px)), scale=255)


def _blurred(gray: Array, sigma_px: float) -> Array:
    """Blur in a reduced copy where the blur is broad: the same look for a tenth of the time."""
    if sigma_px < 4:
        return cv2.GaussianBlur(gray, (0, 0), sigma_px)
    small = fitted(gray, round(max(gray.shape) * 3 / sigma_px))
    blurred = cv2.GaussianBlur(small, (0, 0), 3.0)
    return resized_like(blurred, gray)
