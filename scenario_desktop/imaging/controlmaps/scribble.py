"""Loose, thick strokes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps.common import (
    Array,
    fitted,
    resized_like,
    smooth_step,
    without_specks,
)  # fmt: skip
from scenario_desktop.imaging.progress import report

WORK_PX = 512


def draw(rgb: Array, parameters: dict[str, Any]) -> Array:
    """Draw the main shapes in thick strokes, white on black as ControlNet's scribble models expect.

    Method: the picture is flattened (mean shift, Comaniciu and Meer 2002), its edges (Canny on each
    colour channel) are joined and cleared of short parts, thickened to about 1/130 of the longer
    side and smoothed. Drawn at up to 512 pixels and enlarged. No parameters.
    """
    small = fitted(rgb, WORK_PX)
    flat = cv2.pyrMeanShiftFiltering(small, 9, 26, maxLevel=1)
    report(0.4)
    lab = cv2.cvtColor(cv2.GaussianBlur(flat, (0, 0), 1.0), cv2.COLOR_RGB2LAB)
    edges = np.zeros(small.shape[:2], np.uint8)
    for channel, low, high in ((0, 50, 110), (1, 40, 90), (2, 40, 90)):
        found = cv2.Canny(np.ascontiguousarray(lab[..., channel]), low, high)
        edges = np.maximum(edges, found)
    size = max(small.shape)
    joined = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    shapes = without_specks(joined, size * 0.055)
    stroke = max(2, round(size / 170))
    thick = cv2.dilate(shapes, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (stroke, stroke)))
    soft = cv2.GaussianBlur(thick, (0, 0), stroke * 0.55)
    return cv2.LUT(resized_like(soft, rgb), smooth_step(np.arange(256), 90, 165))
