"""Straight segments only."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps.common import Array, fitted, luma
from scenario_desktop.imaging.progress import report

WORK_PX = 1024
#: Shortest segment that is drawn, as a part of the longer side.
MIN_LENGTH = 0.035
#: What counts as one line: degrees between directions, and gaps as parts of the longer side.
MAX_ANGLE_DEG, MAX_OFFSET, MAX_GAP = 2.5, 0.003, 0.025
#: Merging compares all pairs; more segments than this are left as they are, longest first.
MAX_SEGMENTS = 1500


def draw(rgb: Array, parameters: dict[str, Any]) -> Array:
    """Draw straight segments, white on black: walls, windows, furniture, roads.

    Method: LSD (Grompone von Gioi et al., "LSD: a fast line segment detector", 2010) at up to 1024
    pixels instead of the learned detector that the modality is named for; pieces of one line are
    joined, and segments under 3.5 % of the longer side are left out. No parameters.
    """
    gray = fitted(luma(rgb), WORK_PX)
    size = max(gray.shape)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(gray)[0]
    report(0.4)
    canvas = np.zeros(rgb.shape[:2], np.uint8)
    if found is None:
        return canvas
    segments = np.asarray(found, np.float64).reshape(-1, 4)
    segments = segments[_lengths(segments) >= size * 0.012]
    segments = _joined(segments[np.argsort(-_lengths(segments))][:MAX_SEGMENTS], size)
    segments = segments[_lengths(segments) >= size * MIN_LENGTH]
    scale = max(rgb.shape[:2]) / size
    thickness = max(1, round(max(rgb.shape[:2]) / 512))
    for x1, y1, x2, y2 in np.rint(segments * scale * 16).astype(int):
        cv2.line(canvas, (x1, y1), (x2, y2), 255, thickness, cv2.LINE_AA, shift=4)
    return canvas


def _lengths(segments: Array) -> Array:
    return np.asarray(np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]))


def _joined(segments: Array, size: int) -> Array:
    """Join pieces of one line, beginning with the longest; also drops doubled lines."""
    rest = segments
    out: list[Array] = []
    while len(rest):
        line, rest = rest[0], rest[1:]
        for _ in range(3):  # a longer line may reach more pieces
            belongs = _belongs(line, rest, size)
            if not belongs.any():
                break
            line = _spanned(line, rest[belongs])
            rest = rest[~belongs]
        out.append(line)
    return np.array(out).reshape(-1, 4)


def _belongs(line: Array, others: Array, size: int) -> Array:
    if not len(others):
        return np.zeros(0, bool)
    start, direction = line[:2], line[2:] - line[:2]
    length = float(np.hypot(*direction))
    direction = direction / length
    normal = np.array([-direction[1], direction[0]])
    ends = others.reshape(-1, 2, 2) - start
    along, across = ends @ direction, ends @ normal
    ways = others[:, 2:] - others[:, :2]
    sine = np.abs(ways @ normal) / np.maximum(np.hypot(ways[:, 0], ways[:, 1]), 1e-9)
    gap = np.maximum(along.min(axis=1) - length, -along.max(axis=1))
    return np.asarray(
        (sine < np.sin(np.radians(MAX_ANGLE_DEG)))
        & (np.abs(across).max(axis=1) < max(1.5, size * MAX_OFFSET))
        & (gap < size * MAX_GAP)
    )


def _spanned(line: Array, pieces: Array) -> Array:
    """Return the line lengthened to cover the pieces, on its own axis."""
    start, direction = line[:2], line[2:] - line[:2]
    direction = direction / np.hypot(*direction)
    along = (np.vstack([line.reshape(1, 4), pieces]).reshape(-1, 2) - start) @ direction
    return np.concatenate([start + direction * along.min(), start + direction * along.max()])
