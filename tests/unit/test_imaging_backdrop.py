"""Backgrounds: recoloured as the palette's, with the subject as it was and no rim around it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.edits import backdrop
from scenario_desktop.imaging.edits.backdrop import fix_background, tone_of_palette
from scenario_desktop.imaging.edits.ground import subject_mask

Array = np.ndarray[Any, Any]

WARM = (214, 196, 176)


def cover(width: int, height: int) -> Array:
    """Return how much of each pixel a figure covers, 0 to 1: a head on shoulders."""
    big = np.zeros((height * 4, width * 4), np.uint8)
    cv2.ellipse(
        big, (width * 2, round(height * 1.5)), (width * 6 // 10, height), 0, 0, 360, 255, -1
    )
    cv2.ellipse(big, (width * 2, height * 4), (width * 12 // 10, height * 2), 0, 0, 360, 255, -1)
    small = cv2.resize(big, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small / 255, np.float32)


def figure(width: int = 360, height: int = 300) -> Array:
    """Return a pattern in reddish tones."""
    rows, columns = np.mgrid[0:height, 0:width]
    red, green, blue = np.sin(columns / 7), np.cos(rows / 9), np.sin(rows / 5)
    return np.asarray(np.dstack([150 + 40 * red, 40 + 25 * green, 45 + 20 * blue]))


def studio(ground: tuple[int, int, int], width: int = 360, height: int = 300) -> Array:
    """Return a figure before a ground that is darker below; slight grain."""
    light = np.linspace(1.08, 0.86, height)[:, None, None]
    behind = np.array(ground, np.float32) * light * np.ones((1, width, 1))
    share = cover(width, height)[..., None]
    mixed = figure(width, height) * share + behind * (1 - share)
    grain = np.random.default_rng(8).normal(0, 1.5, (height, width, 3))
    return np.clip(np.rint(mixed + grain), 0, 255).astype(np.uint8)


def palette(color: tuple[int, int, int]) -> Array:
    return np.full((80, 60, 3), color, np.uint8)


def lab(rgb: Array) -> Array:
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


GROUNDS = {"blue": (70, 110, 190), "green": (96, 150, 104), "dark": (38, 36, 44)}


@pytest.mark.parametrize("color", GROUNDS.values(), ids=GROUNDS)
def test_the_background_gets_the_palettes_colours(color: tuple[int, int, int]) -> None:
    result = fix_background(studio(WARM), palette(color))
    behind = cover(360, 300) == 0
    wished = lab(np.full((1, 1, 3), color, np.uint8))[0, 0]
    assert np.abs(lab(result)[behind].mean(axis=0) - wished).max() < 4


@pytest.mark.parametrize("color", GROUNDS.values(), ids=GROUNDS)
def test_the_subject_is_the_very_same(color: tuple[int, int, int]) -> None:
    picture = studio(WARM)
    result = fix_background(picture, palette(color))
    inner = cv2.erode((cover(360, 300) == 1).astype(np.uint8), np.ones((11, 11), np.uint8)) > 0
    assert inner.mean() > 0.2
    assert np.array_equal(result[inner], picture[inner])


def test_light_still_falls_as_it_did() -> None:
    picture = studio(WARM)
    result = fix_background(picture, palette(GROUNDS["blue"]))
    before, after = (lab(one)[:, :20, 0].mean(axis=1) for one in (picture, result))
    assert np.corrcoef(before, after)[0, 1] > 0.98
    assert 0.6 < np.ptp(after) / np.ptp(before) < 1.6


@pytest.mark.parametrize("color", GROUNDS.values(), ids=GROUNDS)
def test_no_rim_of_the_old_ground_is_left(color: tuple[int, int, int]) -> None:
    picture = studio(WARM).astype(np.float32)
    result = fix_background(studio(WARM), palette(color)).astype(np.float32)
    share = cover(360, 300)[..., None]
    old, new = (one[:, :40].mean(axis=1, keepdims=True) for one in (picture, result))
    # What it would look like, had the figure stood before the new ground.
    ideal = figure() * share + new * (1 - share)
    line = old - new
    leak = ((result - ideal) * line).sum(axis=2) / (line * line).sum(axis=2)
    edge = cv2.dilate(((share > 0) & (share < 1)).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert abs(leak[edge].mean()) < 0.01
    assert np.percentile(np.abs(leak[edge]), 95) < 0.1  # by the soft mask alone it is 0.17


def test_a_shadow_takes_the_new_grounds_colour() -> None:
    picture = studio(WARM, 400, 300)
    rows, columns = np.mgrid[0:300, 0:400]
    shaded = (((columns - 330) / 60) ** 2 + ((rows - 270) / 22) ** 2 < 1) & (cover(400, 300) == 0)
    picture[shaded] = picture[shaded] * 0.6
    result = lab(fix_background(picture, palette(GROUNDS["blue"])))
    inner = cv2.erode(shaded.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    beside = result[262:280, 392:399].reshape(-1, 3).mean(axis=0)
    assert inner.sum() > 1000
    assert result[inner][:, 0].mean() < beside[0] - 8
    assert result[inner][:, 2].mean() < -10


def test_a_grey_thing_on_a_grey_ground_is_no_shadow() -> None:
    picture = np.full((240, 300, 3), 215, np.uint8)
    picture[80:200, 100:190] = 120
    result = fix_background(picture, palette(GROUNDS["blue"]))
    assert (result[86:194, 106:184] == 120).all()


def test_a_palette_picture_lends_its_background_not_its_subject() -> None:
    tone = tone_of_palette(studio(GROUNDS["green"]))
    wished = lab(np.full((1, 1, 3), GROUNDS["green"], np.uint8))[0, 0]
    assert np.abs(np.array(tone.mean) - wished).max() < 4


def test_strips_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, like = studio(WARM), palette(GROUNDS["blue"])
    whole = fix_background(picture, like)
    monkeypatch.setattr(backdrop, "STRIP_PIXELS", 1)
    assert np.array_equal(fix_background(picture, like), whole)


def test_the_same_picture_gives_the_same_result() -> None:
    picture, like = studio(WARM), studio(GROUNDS["dark"])
    first = fix_background(picture, like)
    cv2.setRNGSeed(77)
    assert np.array_equal(fix_background(picture, like), first)


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (64, 64)])
def test_a_picture_without_a_background_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(BadInput, match="No background was found"):
        fix_background(np.full((*size, 3), 120, np.uint8), palette(GROUNDS["blue"]))


def test_colours_beyond_what_can_be_shown_are_bent_not_cut() -> None:
    result = fix_background(studio((120, 120, 120)), palette((252, 252, 252)))
    column = result[:, 5].astype(int).mean(axis=1)
    assert (column >= 254.5).mean() < 0.2


def test_the_mask_holds_a_figure_that_stands_on_the_lower_edge() -> None:
    mask, share = subject_mask(studio(WARM)), cover(360, 300)
    assert ((mask > 127) != (share > 0.5)).mean() < 0.02
