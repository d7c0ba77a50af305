"""Tones without colour."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.controlmaps.common import Array, given, luma

FACTOR, LOW_CUT, HIGH_CUT = 5.0, 10, 90


def draw(rgb: Array, parameters: dict[str, Any]) -> Array:
    """Draw light and dark as a contrast-cut gray picture.

    Method: luma (Rec. 601); the range between the two cuts is stretched to black and white, then
    bent by a logistic curve whose ends stay at 0 and 1 (sigmoidal contrast as in ImageMagick).

    Parameters:
        factor: 0–20, steepness of the curve; 0 leaves the tones straight, default 5.
        min_threshold: 0–100 % of the tone range; darker becomes black, default 10.
        max_threshold: 0–100 % of the tone range; lighter becomes white, default 90.
    """
    factor = float(given(parameters, "factor", FACTOR))
    low = given(parameters, "min_threshold", LOW_CUT) / 100
    high = given(parameters, "max_threshold", HIGH_CUT) / 100
    if low >= high:
        raise BadInput("The low cut must be below the high cut.")
    return cv2.LUT(luma(rgb), _curve(factor, low, high))


def _curve(factor: float, low: float, high: float) -> Array:
    tones = np.clip((np.arange(256) / 255 - low) / (high - low), 0.0, 1.0)
    if factor > 1e-3:
        bent = 1.0 / (1.0 + np.exp(-factor * (tones - 0.5)))
        tones = (bent - bent.min()) / (bent.max() - bent.min())
    return np.rint(tones * 255).astype(np.uint8)
