"""Regions in one colour each."""

from __future__ import annotations

import colorsys
import heapq
import math
from typing import Any

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps.common import Array, fitted
from scenario_desktop.imaging.progress import report

WORK_PX = 448
CLUSTERS = 14
#: Smallest region, as a part of the picture's area.
MIN_AREA = 0.0035
#: Neighbours whose mean colours differ by less than this (CIE Lab) become one region.
MERGE_BELOW = 9.0
MAX_REGIONS = 48


def draw(rgb: Array, parameters: dict[str, Any]) -> Array:
    """Draw regions of like colour, one flat colour each, the largest first in a fixed palette.

    Method: mean shift (Comaniciu and Meer, 2002) flattens the picture at up to 448 pixels, k-means
    in Lab with a little weight on position divides it, and regions are merged over their
    neighbourhood graph until each is large enough and unlike its neighbours. Region borders are
    rounded while enlarging. It finds regions, not objects: no classes are known. The same picture
    gives the same map. No parameters.
    """
    small = fitted(rgb, WORK_PX)
    flat = cv2.pyrMeanShiftFiltering(small, 8, 18, maxLevel=1)
    report(0.3)
    lab = cv2.cvtColor(flat.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    labels = _merged(_parts(_clustered(lab)), lab)
    report(0.45)
    colors = _palette(int(labels.max()) + 1)
    large = _enlarged(labels, rgb.shape[0], rgb.shape[1])
    return cv2.merge([cv2.LUT(large, _table(colors[:, channel])) for channel in range(3)])


def _clustered(lab: Array) -> Array:
    height, width = lab.shape[:2]
    if height * width < 2 * CLUSTERS:
        return np.zeros((height, width), np.uint8)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    place = 26.0 / max(height, width)
    points = np.dstack([lab, rows * place, columns * place]).reshape(-1, 5).astype(np.float32)
    cv2.setRNGSeed(7)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
    sample = points[:: max(1, len(points) // 20_000)]
    first = np.zeros((len(sample), 1), np.int32)
    centers = cv2.kmeans(sample, CLUSTERS, first, stop, 2, cv2.KMEANS_PP_CENTERS)[2]
    distances = (centers**2).sum(axis=1)[None, :] - 2.0 * points @ centers.T
    labels: Array = np.argmin(distances, axis=1).astype(np.uint8).reshape(height, width)
    return cv2.medianBlur(labels, 5) if min(height, width) >= 5 else labels


def _parts(clusters: Array) -> Array:
    """Give each connected part of each cluster its own number."""
    out = np.zeros(clusters.shape, np.int32)
    first = 0
    for cluster in np.unique(clusters):
        count, labels = cv2.connectedComponents((clusters == cluster).astype(np.uint8))
        inside = labels > 0
        out[inside] = labels[inside] + (first - 1)
        first += count - 1
    return out


class _Regions:
    """The neighbourhood graph of regions: who touches whom, how large and of which colour."""

    def __init__(self, parts: Array, lab: Array) -> None:
        count, flat = int(parts.max()) + 1, parts.ravel()
        self.area = np.bincount(flat, minlength=count).astype(np.float64).tolist()
        sums = [np.bincount(flat, lab[..., c].ravel(), minlength=count) for c in range(3)]
        self.color = np.stack(sums, axis=1).tolist()
        self.borders = _borders(parts)
        self.owner = list(range(count))
        self.count = count

    def difference(self, a: int, b: int) -> float:
        """Return the distance of the mean colours, CIE Lab."""
        area_a, area_b = self.area[a], self.area[b]
        return math.dist(
            [value / area_a for value in self.color[a]], [value / area_b for value in self.color[b]]
        )

    def is_alive(self, region: int) -> bool:
        return self.owner[region] == region

    def merge(self, victim: int, target: int) -> None:
        """Make the victim a part of the target."""
        self.owner[victim] = target
        self.count -= 1
        self.area[target] += self.area[victim]
        self.color[target] = [
            a + b for a, b in zip(self.color[target], self.color[victim], strict=True)
        ]
        for other, length in self.borders[victim].items():
            del self.borders[other][victim]
            if other != target:
                total = self.borders[target].get(other, 0.0) + length
                self.borders[target][other] = self.borders[other][target] = total
        self.borders[victim] = {}

    def numbers(self) -> list[int]:
        """Return for each first region its place when the merged ones are sorted by area."""
        roots = []
        for region in range(len(self.owner)):
            root = region
            while not self.is_alive(root):
                root = self.owner[root]
            roots.append(root)
        order = sorted(set(roots), key=lambda root: (-self.area[root], root))
        place = {root: index for index, root in enumerate(order)}
        return [place[root] for root in roots]


def _merged(parts: Array, lab: Array) -> Array:
    """Merge small regions and like neighbours; number the rest by falling area."""
    regions = _Regions(parts, lab)
    _merge_small(regions, MIN_AREA * parts.size)
    _merge_alike(regions)
    return np.array(regions.numbers(), np.uint8)[parts]


def _merge_small(regions: _Regions, smallest: float) -> None:
    """Give regions below the smallest area to the neighbour that is most alike and long beside."""
    queue = [(area, region) for region, area in enumerate(regions.area) if area < smallest]
    heapq.heapify(queue)
    while queue and regions.count > 1:
        area, victim = heapq.heappop(queue)
        if not regions.is_alive(victim) or area != regions.area[victim]:
            continue
        near = regions.borders[victim]
        target = min(
            near,
            key=lambda other: (
                regions.difference(victim, other) / (1.0 + 0.15 * math.log1p(near[other])),
                other,
            ),
        )
        regions.merge(victim, target)
        if regions.area[target] < smallest:
            heapq.heappush(queue, (regions.area[target], target))


def _merge_alike(regions: _Regions) -> None:
    """Merge the most alike neighbours first, until all differ enough and are few enough."""
    queue = [
        (regions.difference(a, b), a, b)
        for a, near in enumerate(regions.borders)
        for b in near
        if a < b
    ]
    heapq.heapify(queue)
    while queue:
        difference, a, b = heapq.heappop(queue)
        if difference >= MERGE_BELOW and regions.count <= MAX_REGIONS:
            break
        if b not in regions.borders[a] or difference != regions.difference(a, b):
            continue  # merged meanwhile; the new pair is queued, too
        victim, target = (a, b) if regions.area[a] < regions.area[b] else (b, a)
        regions.merge(victim, target)
        for other in regions.borders[target]:
            low, high = min(target, other), max(target, other)
            heapq.heappush(queue, (regions.difference(low, high), low, high))


def _borders(parts: Array) -> list[dict[int, float]]:
    """Return for each region its neighbours and the length of the common border in pixels."""
    pairs = np.concatenate(
        [
            np.stack([parts[:, :-1].ravel(), parts[:, 1:].ravel()], axis=1),
            np.stack([parts[:-1].ravel(), parts[1:].ravel()], axis=1),
        ]
    )
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    pairs.sort(axis=1)
    # One number per pair: far quicker to count than rows.
    count = int(parts.max()) + 1
    unique, lengths = np.unique(
        pairs[:, 0].astype(np.int64) * count + pairs[:, 1], return_counts=True
    )
    out: list[dict[int, float]] = [{} for _ in range(count)]
    for pair, length in zip(unique.tolist(), lengths.tolist(), strict=True):
        a, b = divmod(pair, count)
        out[a][b] = out[b][a] = float(length)
    return out


def _enlarged(labels: Array, height: int, width: int) -> Array:
    """Enlarge labels, rounding their borders: the highest of the enlarged soft masks wins."""
    small_height, small_width = labels.shape
    best = np.zeros((height, width), np.uint8)
    out = np.zeros((height, width), np.uint8)
    scale_x, scale_y = width / small_width, height / small_height
    pad = 4
    for label in range(int(labels.max()) + 1):
        mask = np.where(labels == label, 255, 0).astype(np.uint8)
        x, y, w, h = cv2.boundingRect(mask)
        left, top = max(0, x - pad), max(0, y - pad)
        right, bottom = min(small_width, x + w + pad), min(small_height, y + h + pad)
        soft = cv2.GaussianBlur(mask[top:bottom, left:right], (0, 0), 1.2)
        box = (round(left * scale_x), round(top * scale_y),
               round(right * scale_x), round(bottom * scale_y))  # fmt: skip
        large = cv2.resize(soft, (box[2] - box[0], box[3] - box[1]), interpolation=cv2.INTER_LINEAR)
        area = (slice(box[1], box[3]), slice(box[0], box[2]))
        wins = cv2.compare(large, best[area], cv2.CMP_GT)
        out[area][wins > 0] = label
        best[area] = cv2.max(large, best[area])
    return out


def _palette(count: int) -> Array:
    """Return count x 3, uint8: colours that lie far apart, in an order that never changes."""
    colors = []
    for index in range(count):
        hue = (0.58 + index * 0.61803398875) % 1.0
        saturation = (0.62, 0.85, 0.48)[index % 3]
        value = (0.92, 0.70, 0.98, 0.55)[index % 4]
        colors.append(colorsys.hsv_to_rgb(hue, saturation, value))
    return np.asarray(np.rint(np.array(colors).reshape(-1, 3) * 255), np.uint8)


def _table(values: Array) -> Array:
    table = np.zeros(256, np.uint8)
    table[: len(values)] = values
    return table
