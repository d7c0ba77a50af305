"""Which part of a picture is its subject."""

from __future__ import annotations

import heapq

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps.common import Array, fitted, luma, resized_like

WORK_PX = 256
ITERATIONS = 3
#: Size at which ways from the border are searched, and the colour step that counts as smooth.
WAY_PX, SMOOTH_STEP = 88, 2.5


def subject_mask(rgb: Array) -> Array:
    """Return height x width, uint8: 255 on the subject, 0 on the background, soft between.

    Method: GrabCut (Rother, Kolmogorov, Blake 2004) at up to 256 pixels, begun from what cannot be
    reached from the picture's border without crossing an edge (Wei et al., "Geodesic saliency using
    background priors", 2012) and lies towards the middle; the cut is fitted to the edges of the
    full picture by a fast guided filter (He and Sun 2015). Where no subject is found, the whole
    picture counts as the subject.
    """
    small = fitted(rgb, WORK_PX)
    if min(small.shape[:2]) < 8:
        return np.full(rgb.shape[:2], 255, np.uint8)
    marks = _first_guess(small)
    hopeful = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if not hopeful.any() or hopeful.all():
        return np.full(rgb.shape[:2], 255, np.uint8)
    cv2.setRNGSeed(1)  # GrabCut's clustering draws random numbers; the same picture, the same cut
    cv2.grabCut(
        cv2.cvtColor(small, cv2.COLOR_RGB2BGR), marks, (0, 0, 1, 1),
        np.zeros((1, 65)), np.zeros((1, 65)), ITERATIONS, cv2.GC_INIT_WITH_MASK,
    )  # fmt: skip
    subject = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    subject = main_parts(subject)
    share = float(subject.mean())
    if not 0.01 < share < 0.99:
        return np.full(rgb.shape[:2], 255, np.uint8)
    return fitted_to_edges(subject.astype(np.float32), small, rgb)


def _first_guess(small: Array) -> Array:
    """Mark each place as certain or probable background or probable subject."""
    height, width = small.shape[:2]
    far = way_from_border(small)
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    # The middle counts more; towards the bottom less steeply than towards the top.
    middle = np.exp(-(columns**2 / 0.9 + np.where(rows > 0, rows / 1.6, rows) ** 2 / 0.9))
    far = np.minimum(far / max(float(np.quantile(far, 0.95)), 1e-3), 1.0)
    sharp = _sharpness(small)
    clues = 0.5 * far + 0.25 * middle + 0.25 * sharp
    score = cv2.convertScaleAbs(clues * (0.4 + 0.6 * middle), alpha=255)
    cut = cv2.threshold(score, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]
    marks = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    marks[score > cut] = cv2.GC_PR_FGD
    marks[(far < 0.12) & (middle < 0.8) & (sharp < 0.5)] = cv2.GC_BGD
    # What is clearly enclosed stays, even where its colour also occurs in the background.
    marks[(far > 0.7) & (score > cut * 1.25)] = cv2.GC_FGD
    thin = max(1, round(max(height, width) * 0.012))
    marks[:thin], marks[:, :thin], marks[:, -thin:] = (cv2.GC_BGD,) * 3
    return marks


def _sharpness(small: Array) -> Array:
    """Return height x width, float32, 0 to 1: how much fine detail is around. What was in focus is
    more likely meant than what was not."""
    gray = luma(small).astype(np.float32)
    detail = np.abs(gray - cv2.GaussianBlur(gray, (0, 0), 1.5))
    around = cv2.GaussianBlur(detail, (0, 0), max(gray.shape) * 0.035)
    return np.asarray(np.minimum(around / max(float(np.quantile(around, 0.9)), 1.0), 1.0))


def way_from_border(small: Array) -> Array:
    """Return height x width, float32: the colour steps (CIE Lab) on the smoothest way from the
    picture's border to each place. The bottom does not count as border: subjects stand on it."""
    tiny = cv2.pyrMeanShiftFiltering(fitted(small, WAY_PX), 4, 14, maxLevel=0)
    lab = cv2.cvtColor(tiny.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    height, width = lab.shape[:2]
    # Steps smaller than what neighbours on a smooth ground differ by cost nothing.
    right = np.maximum(np.linalg.norm(np.diff(lab, axis=1), axis=2) - SMOOTH_STEP, 0).tolist()
    down = np.maximum(np.linalg.norm(np.diff(lab, axis=0), axis=2) - SMOOTH_STEP, 0).tolist()
    way = [[float("inf")] * width for _ in range(height)]
    queue: list[tuple[float, int, int]] = []
    for y, x in (
        *((0, x) for x in range(width)),
        *((y, x) for y in range(height * 9 // 10) for x in (0, width - 1)),
    ):
        way[y][x] = 0.0
        queue.append((0.0, y, x))
    while queue:
        here, y, x = heapq.heappop(queue)
        if here > way[y][x]:
            continue
        for y2, x2, step in (
            (y, x + 1, right[y][x] if x + 1 < width else None),
            (y, x - 1, right[y][x - 1] if x else None),
            (y + 1, x, down[y][x] if y + 1 < height else None),
            (y - 1, x, down[y - 1][x] if y else None),
        ):
            if step is not None and here + step < way[y2][x2]:
                way[y2][x2] = here + step
                heapq.heappush(queue, (here + step, y2, x2))
    return resized_like(np.array(way, np.float32), small, cv2.INTER_LINEAR)


def main_parts(subject: Array) -> Array:
    """Keep the largest part and those of at least a tenth of it; close small holes."""
    closed = cv2.morphologyEx(subject, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    if count < 2:
        return closed
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    kept = (areas >= areas.max() * 0.1)[labels]
    holes, hole_labels, hole_stats, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8))
    small = hole_stats[:, cv2.CC_STAT_AREA] < areas.max() * 0.02
    small[0] = False
    return np.asarray(kept | small[hole_labels] if holes > 1 else kept).astype(np.uint8)


def fitted_to_edges(subject: Array, small: Array, rgb: Array) -> Array:
    """Enlarge the mask so that its border follows the edges of the picture."""
    guide = luma(small).astype(np.float32) / 255
    box = (9, 9)
    mean_i, mean_p = cv2.blur(guide, box), cv2.blur(subject, box)
    variance = cv2.blur(guide * guide, box) - mean_i * mean_i
    covariance = cv2.blur(guide * subject, box) - mean_i * mean_p
    a: Array = covariance / (variance + 1e-3)
    b = cv2.blur(mean_p - a * mean_i, box)
    a = cv2.blur(a, box)
    large: Array = luma(rgb).astype(np.float32)
    cv2.multiply(large, resized_like(a, rgb, cv2.INTER_LINEAR), large, 1 / 255)
    cv2.add(large, resized_like(b, rgb, cv2.INTER_LINEAR), large)
    # Steeper than the filter leaves it: little of the background shines through.
    return cv2.convertScaleAbs(np.clip(large, 0.3, 0.7), alpha=255 / 0.4, beta=-255 * 0.75)
