"""Room around a picture that looks as if the picture went on."""

from __future__ import annotations

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps.common import Array

#: Part of the picture's sides that is looked at for the colour of the edge.
EDGE_SHARE = 0.02
#: Mean difference from the softened edge (0 to 255) up to which an edge is calm.
CALM = 6.0


def padded(picture: Array, left: int, top: int, right: int, bottom: int) -> Array:
    """Add room around a picture of 3 or 4 channels, uint8; see ``apply_adjust``."""
    sides = (left, top, right, bottom)
    ground = edge_color(picture, sides)
    if picture.shape[2] == 4 and ground[3] < 128:
        return _framed(picture, sides, np.zeros(4, np.uint8))
    soft = _soft_edges(picture, sides)
    if soft is None:
        return _framed(picture, sides, ground)
    result = cv2.copyMakeBorder(soft, top, bottom, left, right, cv2.BORDER_REPLICATE)
    result[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return np.asarray(result)


def edge_color(picture: Array, sides: tuple[int, int, int, int]) -> Array:
    """Return the median colour of those edges that get room beside them; channels, uint8."""
    parts = [part.reshape(-1, picture.shape[2]) for part in _edges(picture, sides)]
    return np.asarray(np.rint(np.median(np.concatenate(parts), axis=0))).astype(np.uint8)


def _edges(picture: Array, sides: tuple[int, int, int, int]) -> list[Array]:
    high, wide = (max(1, round(side * EDGE_SHARE)) for side in picture.shape[:2])
    strips = (picture[:, :wide], picture[:high], picture[:, -wide:], picture[-high:])
    return [strip for strip, side in zip(strips, sides, strict=True) if side]


def _framed(picture: Array, sides: tuple[int, int, int, int], color: Array) -> Array:
    left, top, right, bottom = sides
    height, width = picture.shape[:2]
    result = np.empty((height + top + bottom, width + left + right, picture.shape[2]), np.uint8)
    result[:] = color
    result[top : top + height, left : left + width] = picture
    return result


def _soft_edges(picture: Array, sides: tuple[int, int, int, int]) -> Array | None:
    """Return the picture with its outermost pixels softened along the edge, or None if an edge that
    gets room beside it is too busy for that."""
    result = picture.copy()
    left, top, right, bottom = sides
    high, wide = (max(1, round(side * EDGE_SHARE)) for side in picture.shape[:2])
    places = (
        (left, (slice(None), slice(0, wide)), (slice(None), slice(0, 1)), 1),
        (right, (slice(None), slice(-wide, None)), (slice(None), slice(-1, None)), 1),
        (top, (slice(0, high), slice(None)), (slice(0, 1), slice(None)), 0),
        (bottom, (slice(-high, None), slice(None)), (slice(-1, None), slice(None)), 0),
    )
    for room, strip, line, axis in places:
        if not room:
            continue
        area = picture[strip].astype(np.float32)
        mean = area.mean(axis=axis, keepdims=True)
        sigma = max(1.0, picture.shape[axis ^ 1] * EDGE_SHARE)
        kernel = (0.0, sigma) if axis else (sigma, 0.0)
        soft = cv2.GaussianBlur(
            mean, (0, 0), kernel[0] or 1e-3, sigmaY=kernel[1] or 1e-3,
            borderType=cv2.BORDER_REPLICATE,
        ).reshape(mean.shape)  # fmt: skip
        if float(np.abs(area - soft).mean()) > CALM:
            return None
        result[line] = np.clip(np.rint(soft), 0, 255).astype(np.uint8)
    return result
