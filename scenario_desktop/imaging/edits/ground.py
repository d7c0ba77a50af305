"""What of a picture is its background, judged by the colours along its border."""

from __future__ import annotations

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps import background
from scenario_desktop.imaging.controlmaps.common import Array, fitted, resized_like

WORK_PX = 320
ITERATIONS = 3
#: How deep the border is that shows the background, as a part of the longer side. The lowest fifth
#: of the sides and the bottom are left out: subjects stand there.
BORDER_SHARE = 0.04
#: Colours that the border is divided into; one with less than a twelfth of it may be the subject's.
COLORS, RARE = 5, 0.08
#: Steps of colour (CIE Lab): clearly another one; surely the same.
OTHER, SAME = 40.0, 5.0
#: A shadow has this part of its ground's lightness, and but for so much (CIE Lab) its colour. The
#: ground has at least so much colour itself, or any grey thing on it could be a shadow.
SHADED, SHADOW_STEP, COLORED = (0.3, 0.97), 4.0, 7.0


def subject_mask(rgb: Array) -> Array:
    """Return height x width, uint8: 255 on the subject, 0 on the background, soft between.

    Method: GrabCut as for control maps (``controlmaps.background``), at up to 320 pixels, but begun
    from how far each colour is from those along the border. That suits pictures taken before a
    ground; where a control map wants the object that stands out, this wants all that is not ground.
    Shadows on a coloured ground belong to it; on a grey one they look like grey things and stay.
    Where nothing stands out, the whole picture counts as the subject.
    """
    small = fitted(rgb, WORK_PX)
    whole = np.full(rgb.shape[:2], 255, np.uint8)
    if min(small.shape[:2]) < 16:
        return whole
    marks = _first_guess(small)
    hopeful = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if not hopeful.any() or hopeful.all():
        return whole
    cv2.setRNGSeed(1)  # the same picture, the same cut
    cv2.grabCut(
        cv2.cvtColor(small, cv2.COLOR_RGB2BGR), marks, (0, 0, 1, 1),
        np.zeros((1, 65)), np.zeros((1, 65)), ITERATIONS, cv2.GC_INIT_WITH_MASK,
    )  # fmt: skip
    subject = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    subject = background.main_parts(_without_shadows(small, subject))
    if not 0.005 < float(subject.mean()) < 0.98:
        return whole
    return background.fitted_to_edges(subject.astype(np.float32), small, rgb)


def _first_guess(small: Array) -> Array:
    """Mark each place as certain or probable background or probable subject."""
    height, width = small.shape[:2]
    distance = _from_border_colors(small)
    far = background.way_from_border(small)
    far = np.minimum(far / max(float(np.quantile(far, 0.95)), 1e-3), 1.0)
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    middle = np.exp(-(columns**2 / 0.7 + np.minimum(rows, 0) ** 2 / 1.6))
    clues = 0.55 * np.minimum(distance / OTHER, 1) * np.sqrt(middle)
    clues = clues + 0.3 * far + 0.15 * middle
    score = cv2.convertScaleAbs(clues, alpha=255)
    cut = cv2.threshold(score, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]
    marks = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    marks[score > cut] = cv2.GC_PR_FGD
    marks[(distance < SAME) & (far < 0.15)] = cv2.GC_BGD
    thin = max(1, round(max(height, width) * 0.012))
    marks[:thin], marks[:, :thin], marks[:, -thin:] = (cv2.GC_BGD,) * 3
    return marks


def _from_border_colors(small: Array) -> Array:
    """Return height x width, float32: the distance to the nearest colour of the border, CIE Lab
    with lightness counting less, since light falls off on a ground."""
    smooth = cv2.bilateralFilter(small, 5, 25, 5)
    lab = _lab(smooth)
    height, width = lab.shape[:2]
    deep = max(2, round(max(height, width) * BORDER_SHARE))
    border = np.zeros((height, width), bool)
    border[:deep] = True
    border[: height * 4 // 5, :deep] = border[: height * 4 // 5, -deep:] = True
    points = lab[border]
    cv2.setRNGSeed(3)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 0.5)
    first = np.zeros((len(points), 1), np.int32)
    _, labels, centers = cv2.kmeans(points, COLORS, first, stop, 2, cv2.KMEANS_PP_CENTERS)
    shares = np.bincount(labels.ravel(), minlength=COLORS) / len(points)
    weights = np.array((0.6, 1, 1), np.float32)
    nearest = np.full((height, width), np.inf, np.float32)
    for center, share in zip(centers, shares.tolist(), strict=True):
        away = np.linalg.norm((lab - center) * weights, axis=2)
        nearest = np.minimum(nearest, away if share > RARE else away + 12)
    return nearest


def _without_shadows(small: Array, subject: Array) -> Array:
    """Take from a mask of 0 and 1 what is but a darker place of the ground beside it."""
    ground = cv2.erode(1 - subject, np.ones((5, 5), np.uint8))
    if not ground.any():
        return subject
    behind = _lab(spread_out(small, ground))
    here = _lab(cv2.bilateralFilter(small, 5, 20, 3))
    shade = here[..., 0] / np.maximum(behind[..., 0], 1)
    step = np.linalg.norm(here[..., 1:] - behind[..., 1:] * shade[..., None], axis=2)
    is_shadow = (shade > SHADED[0]) & (shade < SHADED[1]) & (step < SHADOW_STEP)
    is_shadow &= np.linalg.norm(behind[..., 1:], axis=2) > COLORED
    shadow = cv2.morphologyEx(
        (is_shadow & (subject > 0)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)
    )
    # Only what adjoins the ground: a like colour within the subject is its own.
    labels = cv2.connectedComponents(shadow)[1]
    beside = cv2.dilate(1 - subject, np.ones((5, 5), np.uint8)) > 0
    joined = np.setdiff1d(np.unique(labels[beside]), [0])
    return np.where(np.isin(labels, joined), 0, subject).astype(np.uint8)


def _lab(rgb: Array) -> Array:
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def spread_out(rgb: Array, known: Array) -> Array:
    """Return the colours of the known places carried over to all others, nearer ones first;
    height x width x 3, float32, 0 to 255.

    Method: pull and push over a pyramid (Gortler et al., "The lumigraph", 1996).

    Args:
        known: which places are; of any size.
    """
    weight = resized_like(known.astype(np.float32), rgb, cv2.INTER_AREA)
    weight[weight < 0.999] = 0  # no mixed pixels
    if not weight.any():
        weight[:] = 1e-6
    levels: list[tuple[Array, Array]] = [(rgb * weight[..., None], weight)]
    while max(levels[-1][1].shape) > 1:
        height, width = levels[-1][1].shape
        half = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
        sums, total = (cv2.resize(part, half, interpolation=cv2.INTER_AREA) for part in levels[-1])
        levels.append((sums, total))
    sums, total = levels.pop()
    result: Array = sums.reshape(1, 1, 3) / total.reshape(1, 1, 1)
    for sums, total in reversed(levels):
        result = cv2.resize(result, total.shape[::-1], interpolation=cv2.INTER_LINEAR)
        # Half of a place known is known well enough.
        trust = np.minimum(total * 2, 1)[..., None]
        mean = sums / np.maximum(total, 1e-6)[..., None]
        result = result.reshape(mean.shape) * (1 - trust) + mean * trust
    return np.asarray(result)
