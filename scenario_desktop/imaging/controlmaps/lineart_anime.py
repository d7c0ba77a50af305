"""Clean thin lines, as inked for animation."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps import flow
from scenario_desktop.imaging.controlmaps.common import (
    Array,
    fitted,
    luma,
    resized_like,
    smooth_step,
    without_specks,
)  # fmt: skip
from scenario_desktop.imaging.progress import report

WORK_PX = 1152


def draw(rgb: Array, parameters: dict[str, Any]) -> Array:
    """Draw thin, connected lines, white on black.

    White on black because the ControlNet models for line art were trained on maps of that kind.

    Method: flow-based difference of Gaussians (Kang, Lee, Chui, "Coherent line drawing", 2007; soft
    threshold of Winnemöller's XDoG, 2012): the difference of two blurs is averaged along the edge
    tangents, so that noise cancels out and broken edges close. Lines that stay short are dropped.
    Drawn at up to 1152 pixels and enlarged. No parameters.
    """
    small = cv2.bilateralFilter(fitted(rgb, WORK_PX), 7, 24, 5)
    gray = luma(small).astype(np.float32) / 255
    scale = max(0.6, max(gray.shape) / WORK_PX)
    report(0.3)
    response = _lines(gray, 1.0 * scale, scale)
    report(0.5)
    # Soft pictures answer weakly everywhere: what counts as a line is told by their own strongest.
    strongest = float(np.quantile(response, 0.97))
    full = min(max(strongest, 0.012), 0.040)
    strength = smooth_step(response, full * 0.30, full)
    seeds = without_specks(np.where(strength > 90, 255, 0).astype(np.uint8), 22 * scale)
    near = cv2.dilate(seeds, np.ones((3, 3), np.uint8))
    clean = cv2.bitwise_and(strength, near)
    return _enlarged(clean, rgb)


def _lines(gray: Array, sigma_px: float, scale: float) -> Array:
    """Return how much darker each place is than its surroundings, averaged along the lines."""
    narrow = cv2.GaussianBlur(gray, (0, 0), sigma_px)
    wide = cv2.GaussianBlur(gray, (0, 0), sigma_px * 1.9)
    return flow.smoothed_along(wide - narrow, flow.tangents(gray, 2.4 * scale), 3.0, 6)


def _enlarged(lines: Array, rgb: Array) -> Array:
    if lines.shape[:2] == rgb.shape[:2]:
        return lines
    # Steepen the soft edge that enlarging gave the lines.
    return cv2.LUT(resized_like(lines, rgb), smooth_step(np.arange(256), 60, 190))
