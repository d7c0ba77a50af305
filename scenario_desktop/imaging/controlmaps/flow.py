"""Edge tangent flow: the direction in which lines run, and smoothing along it."""

from __future__ import annotations

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps.common import Array


def tangents(gray: Array, sigma_px: float) -> tuple[Array, Array]:
    """Return unit vectors (x and y planes, float32) along the edges of a float32 plane.

    Method: smoothed structure tensor, as in Kyprianidis and Döllner, "Image abstraction by
    structure adaptive filtering", 2008.
    """
    dx, dy = cv2.Scharr(gray, cv2.CV_32F, 1, 0), cv2.Scharr(gray, cv2.CV_32F, 0, 1)
    e, f, g = (cv2.GaussianBlur(part, (0, 0), sigma_px) for part in (dx * dx, dx * dy, dy * dy))
    angle = 0.5 * cv2.phase(e - g, 2.0 * f) + np.float32(np.pi / 2)
    return np.cos(angle), np.sin(angle)


def smoothed_along(plane: Array, flow: tuple[Array, Array], sigma_px: float, steps: int) -> Array:
    """Average a float32 plane along the flow, ``steps`` pixels to both sides (line integral)."""
    height, width = plane.shape
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    total, weights = plane.copy(), 1.0
    for sign in (1.0, -1.0):
        x, y = columns, rows
        vx, vy = flow[0] * np.float32(sign), flow[1] * np.float32(sign)
        before_x, before_y = vx, vy
        for step in range(1, steps + 1):
            x, y = x + before_x, y + before_y
            weight = float(np.exp(-0.5 * (step / sigma_px) ** 2))
            total += weight * cv2.remap(
                plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            weights += weight
            if step == steps:
                break
            next_x = cv2.remap(vx, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
            next_y = cv2.remap(vy, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
            # A direction and its opposite are the same tangent: keep walking forward.
            forward = np.where(next_x * before_x + next_y * before_y < 0, -1, 1).astype(np.float32)
            before_x, before_y = next_x * forward, next_y * forward
    return np.asarray(total / np.float32(weights))
