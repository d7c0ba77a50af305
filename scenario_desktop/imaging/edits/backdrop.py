"""Giving a picture's background the colours of another one, its subject untouched."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.controlmaps.common import Array, fitted
from scenario_desktop.imaging.edits.ground import spread_out, subject_mask
from scenario_desktop.imaging.progress import report

#: Longer side at which colours around the border between subject and background are gathered.
WORK_PX = 512
#: Pixels that are recoloured together; floating point takes much memory.
STRIP_PIXELS = 1_000_000
#: Half the width of the border that is looked at anew, as a part of the longer side.
BORDER_SHARE = 0.012
#: How much the spread of lightness and of colour may be changed by; more would raise noise to
#: spots, or flatten what shows that the ground is a place.
LIGHT_SPREAD, COLOR_SPREAD = (0.6, 1.6), (0.25, 2.0)
#: Spread (CIE Lab) below which a background counts as one flat tone, whose spread says nothing.
FLAT = 1.0
#: Smallest part of a picture that can be its background.
MIN_SHARE = 0.02
#: Colours nearer to each other than this (0 to 255) do not tell subject and background apart.
ALIKE = 24.0


@dataclass(frozen=True, slots=True)
class Tone:
    """The colours of a background.

    Attributes:
        mean: CIE Lab: lightness 0 to 100, then two colour differences; spread likewise.
    """

    mean: tuple[float, float, float]
    spread: tuple[float, float, float]


def fix_background(rgb: Array, palette: Array) -> Array:
    """Recolour the background of a picture after that of a palette image.

    Method: the subject is found by GrabCut (see ``ground``). Mean and spread of the
    background are moved to the palette's in CIE Lab (Reinhard, Ashikhmin, Gooch and Shirley, "Color
    transfer between images", 2001); light and shade stay where they are, since every lightness
    moves by the same rule. At the border the share of the background in each pixel is found from
    the colours to both sides, and only that share is recoloured: nothing of the old ground shines
    through as a halo. A palette without a subject is a background as a whole.

    Args:
        rgb: height x width x 3, uint8, sRGB; palette likewise, of any size.

    Returns:
        As the picture; pixels of the subject are the very same.

    Raises:
        BadInput: the picture has no background that can be told from its subject.
    """
    mask = subject_mask(rgb)
    report(0.3)
    if float((mask < 8).mean()) < MIN_SHARE:
        raise BadInput(
            "No background was found in this picture.",
            hint="It works best where the subject stands clear of a calm background.",
        )
    target, source = tone_of_palette(palette), _tone(rgb, mask)
    report(0.5)
    border = _Border(rgb, mask)
    result = np.empty_like(rgb)
    step = max(1, STRIP_PIXELS // rgb.shape[1])
    for top in range(0, len(rgb), step):
        rows = slice(top, min(top + step, len(rgb)))
        share, ground = border.background_share(rows)
        difference = _moved(ground, source, target) - ground.astype(np.float32)
        mixed = np.clip(np.rint(rgb[rows] + difference * share[..., None]), 0, 255)
        result[rows] = np.where((share == 0)[..., None], rgb[rows], mixed.astype(np.uint8))
        report(0.5 + 0.4 * rows.stop / len(rgb))
    return result


def tone_of_palette(palette: Array) -> Tone:
    """Return the colours of a palette image's background."""
    small = fitted(palette, WORK_PX)
    mask = subject_mask(small)
    if float((mask < 8).mean()) < MIN_SHARE:
        mask = np.zeros_like(mask)
    return _tone(small, mask)


def _tone(rgb: Array, mask: Array) -> Tone:
    """Measure the background, away from the subject's border; outliers count little."""
    small, small_mask = fitted(rgb, WORK_PX), fitted(mask, WORK_PX)
    ground = small_mask < 8
    inner = cv2.erode(ground.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    lab = _lab(small)[inner if inner.mean() >= MIN_SHARE / 2 else ground]
    low, high = np.percentile(lab, (5, 95), axis=0)
    middle = np.clip(lab, low, high)
    mean, spread = middle.mean(axis=0).tolist(), middle.std(axis=0).tolist()
    return Tone((mean[0], mean[1], mean[2]), (spread[0], spread[1], spread[2]))


def _lab(rgb: Array) -> Array:
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _moved(rgb: Array, source: Tone, target: Tone) -> Array:
    """Return the picture with every colour moved, height x width x 3, float32, 0 to 255."""
    lab = _lab(rgb)
    for channel, limits in enumerate((LIGHT_SPREAD, COLOR_SPREAD, COLOR_SPREAD)):
        before, after = source.spread[channel], target.spread[channel]
        # A flat tone asks for no other spread: gradients of the light are kept.
        gain = after / before if min(before, after) > FLAT else 1.0
        gain = min(max(gain, limits[0]), limits[1])
        plane = lab[..., channel]
        plane -= source.mean[channel]
        plane *= gain
        plane += target.mean[channel]
    lab[..., 0] = _within(lab[..., 0], target.mean[0])
    return np.asarray(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255)


def _within(light: Array, middle: float) -> Array:
    """Bend lightness towards 0 and 100 instead of cutting it off, so that gradients stay."""
    result: Array = light
    for room, sign in ((100.0 - middle, 1.0), (middle, -1.0)):
        if room < 1e-3:
            continue
        away: Array = (light - middle) * sign
        knee = room * 0.6
        over = np.maximum(away - knee, 0) / (room - knee)
        bent = knee + (room - knee) * (1 - np.exp(-over))
        result = np.where(away > knee, middle + sign * bent, result)
    return result


class _Border:
    """Where the subject ends and the background begins."""

    def __init__(self, rgb: Array, mask: Array) -> None:
        self._rgb, self._mask = rgb, mask
        reach = max(2, round(max(mask.shape) * BORDER_SHARE))
        box = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        inner = cv2.threshold(mask, 247, 255, cv2.THRESH_BINARY)[1]
        outer = cv2.threshold(mask, 7, 255, cv2.THRESH_BINARY_INV)[1]
        self._is_subject = cv2.erode(inner, box, borderValue=255) > 0
        self._is_ground = cv2.erode(outer, box, borderValue=255) > 0
        self._soft = cv2.GaussianBlur(mask, (0, 0), reach / 2)
        self._far = spread_out(fitted(rgb, WORK_PX), self._is_ground)
        self._near = spread_out(fitted(rgb, WORK_PX), self._is_subject)

    def background_share(self, rows: slice) -> tuple[Array, Array]:
        """Return how much of each pixel is background, and what colour that part has.

        Returns:
            rows x width, float32, 0 to 1, and rows x width x 3, uint8.
        """
        rgb, is_ground = self._rgb[rows], self._is_ground[rows]
        share, ground = is_ground.astype(np.float32), rgb.copy()
        ys, xs = np.nonzero(~(self._is_subject[rows] | is_ground))
        if not len(ys):
            return share, ground
        behind = _sampled(self._far, ys + rows.start, xs, self._mask.shape)
        front = _sampled(self._near, ys + rows.start, xs, self._mask.shape)
        line = front - behind
        length = (line * line).sum(axis=1)
        along = ((rgb[ys, xs] - behind) * line).sum(axis=1) / np.maximum(length, 1e-3)
        # Where both sides look alike the cut is all there is to go by.
        trust = length / (length + ALIKE**2)
        cut = 1 - self._mask[rows][ys, xs].astype(np.float32) / 255
        mixed = trust * np.clip(1 - along, 0, 1) + (1 - trust) * cut
        # The further from the cut, the less may be on its other side: hair can be as bright as the
        # ground behind it.
        outside = 1 - self._soft[rows][ys, xs].astype(np.float32) / 255
        least, most = np.maximum(2 * outside - 1, 0), np.minimum(2 * outside, 1)
        found = np.clip((mixed - 0.04) / 0.92, least, most)
        share[ys, xs] = found
        plain = np.clip(np.rint(behind), 0, 255)
        ground[ys, xs] = np.where((found > 0.98)[:, None], rgb[ys, xs], plain)
        return share, ground


def _sampled(small: Array, ys: Array, xs: Array, shape: tuple[int, ...]) -> Array:
    """Return the colours that a reduced picture has at some places of the full one; places x 3."""
    height, width = small.shape[:2]
    y = np.clip((ys + 0.5) * (height / shape[0]) - 0.5, 0, height - 1).astype(np.float32)
    x = np.clip((xs + 0.5) * (width / shape[1]) - 0.5, 0, width - 1).astype(np.float32)
    top, left = y.astype(np.intp), x.astype(np.intp)
    down, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    dy, dx = (y - top)[:, None], (x - left)[:, None]
    above = small[top, left] * (1 - dx) + small[top, right] * dx
    below = small[down, left] * (1 - dx) + small[down, right] * dx
    return np.asarray(above * (1 - dy) + below * dy)
