"""How much one picture is like another, by the two usual measures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

Array = np.ndarray[Any, Any]


def psnr(picture: Array, truth: Array) -> float:
    """Return the peak signal-to-noise ratio over all channels, dB."""
    error = float(np.mean((picture.astype(np.float64) - truth.astype(np.float64)) ** 2))
    return float(10 * np.log10(255**2 / max(error, 1e-12)))


def ssim(picture: Array, truth: Array) -> float:
    """Return the mean structural similarity of the brightness (Wang, Bovik, Sheikh and Simoncelli,
    2004: Gaussian window of 11 pixels and standard deviation 1.5), at most 1."""
    x, y = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float64) for one in (picture, truth))

    def around(values: Array) -> Array:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    mean_x, mean_y = around(x), around(y)
    var_x, var_y = around(x * x) - mean_x**2, around(y * y) - mean_y**2
    both = around(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    map_ = (2 * mean_x * mean_y + c1) * (2 * both + c2)
    map_ /= (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    return float(map_[5:-5, 5:-5].mean())
