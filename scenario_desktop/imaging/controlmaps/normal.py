"""Surface directions as colours."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps.common import Array, fitted, luma, resized_like
from scenario_desktop.imaging.progress import report

#: The colour of a surface that faces the viewer.
FACING = (128, 128, 255)
WORK_PX = 1536
#: Blur as a part of the longer side -> weight of the slopes at that scale.
SCALES = ((0.0012, 0.9), (0.004, 1.1), (0.012, 1.0), (0.035, 0.8))


def draw(rgb: Array, parameters: dict[str, Any]) -> Array:
    """Draw a relief of the picture's shading as a tangent-space normal map.

    Method: brightness is taken for height, as bump-map tools do (Blinn, "Simulation of wrinkled
    surfaces", 1978): slopes by Sobel at four blur scales are weighted and added, so that large
    forms lead and fine texture stays light. It is an estimate from shading, not a measured or
    learned geometry. Red points right, green up, blue to the viewer (OpenGL order), each
    -1 to 1 as 0 to 255; flat is (128, 128, 255). Drawn at up to 1536 pixels. No parameters.
    """
    small = cv2.bilateralFilter(fitted(luma(rgb), WORK_PX), 7, 30, 5)
    # A gentle curve: slopes in the shadows count as much as in the lights.
    height = np.sqrt(small.astype(np.float32) / 255)
    size = max(height.shape)
    slope_x, slope_y = np.zeros_like(height), np.zeros_like(height)
    for part, weight in SCALES:
        sigma = max(0.7, size * part)
        plane, step = _blurred(height, sigma)
        # Slopes are per blur width, which makes the scales comparable.
        factor = np.float32(weight * sigma / (8 * step))
        slope_x += resized_like(cv2.Sobel(plane, cv2.CV_32F, 1, 0), height, 1) * factor
        slope_y += resized_like(cv2.Sobel(plane, cv2.CV_32F, 0, 1), height, 1) * factor
    report(0.4)
    # A slope about twice the usual one of this picture is shown as 45 degrees.
    usual = float(np.sqrt(np.mean(slope_x**2 + slope_y**2))) + 1e-3
    strength = np.float32(0.55 / max(usual, 0.02))
    return resized_like(_encoded(-slope_x * strength, slope_y * strength), rgb, cv2.INTER_LINEAR)


def _blurred(height: Array, sigma_px: float) -> tuple[Array, float]:
    """Blur; broad blurs are returned reduced, with the pixels per pixel of the result."""
    if sigma_px < 4:
        return cv2.GaussianBlur(height, (0, 0), sigma_px), 1.0
    small = fitted(height, max(8, round(max(height.shape) * 3 / sigma_px)))
    step = max(height.shape) / max(small.shape)
    return cv2.GaussianBlur(small, (0, 0), sigma_px / step), step


def _encoded(x: Array, y: Array) -> Array:
    length = 1.0 / np.sqrt(x * x + y * y + 1.0)
    planes = [np.rint((plane * length + 1.0) * 127.5) for plane in (x, y, np.float32(1.0))]
    return cv2.merge([np.asarray(plane, np.uint8) for plane in planes])
