"""Enlarging: better than bicubic, exact in size, and without marks of its own."""

from __future__ import annotations

import tracemalloc
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scenario_desktop import paths
from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.edits import refine as module
from scenario_desktop.imaging.edits.refine import plan_refine, refine
from tests.bench.likeness import psnr, ssim

Array = np.ndarray[Any, Any]


def photograph(name: str) -> Array:
    """Return a photograph that ships with the program, its sides multiples of 8."""
    with Image.open(paths.resource("samples", name)) as image:
        width, height = image.width // 8 * 8, image.height // 8 * 8
        return np.asarray(image.convert("RGB").crop((0, 0, width, height)))


def noise(height: int, width: int, channels: int = 3) -> Array:
    return np.random.default_rng(5).integers(0, 256, (height, width, channels), dtype=np.uint8)


def seen(picture: Array) -> Array:
    """Return the picture on black: colours count as far as they are visible."""
    if picture.shape[2] == 3:
        return picture
    return np.asarray(picture * (picture[..., 3:] / 255)).round().astype(np.uint8)


@pytest.mark.parametrize("name", ["cat-portrait.jpg", "espresso.jpg"])
@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("reducing", ["BOX", "BICUBIC", "LANCZOS"])
def test_a_reduced_photograph_comes_back_better_than_by_bicubic(
    name: str, scale: int, reducing: str
) -> None:
    truth = photograph(name)
    height, width = truth.shape[:2]
    small = Image.fromarray(truth).resize(
        (width // scale, height // scale), Image.Resampling[reducing]
    )
    bicubic = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
    ours = refine(np.asarray(small), scale=scale)
    assert psnr(ours, truth) > psnr(bicubic, truth) + 0.1
    assert ssim(ours, truth) > ssim(bicubic, truth)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (13, 1), (2, 3), (101, 67)])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_scale_is_met_to_the_pixel(size: tuple[int, int], channels: int) -> None:
    for scale in (2, 4, 8):
        result = refine(noise(*size, channels), scale=scale)
        assert result.shape == (size[0] * scale, size[1] * scale, channels)
        assert result.dtype == np.uint8


@given(
    source=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    factors=st.tuples(st.floats(0.2, 8), st.floats(0.2, 8)),
)
@settings(max_examples=120, deadline=None)
def test_a_width_and_height_are_met_to_the_pixel(
    source: tuple[int, int], factors: tuple[float, float]
) -> None:
    width = max(1, int(source[0] * factors[0]))
    height = max(1, int(source[1] * factors[1]))
    try:
        result = refine(noise(source[1], source[0]), width=width, height=height)
    except BadInput as error:
        # Rounding a side up to 1 pixel can mean more than 8 times the other.
        if "8 times" not in error.message:
            raise
    else:
        assert result.shape == (height, width, 3)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("size", [None, (700, 451), (613, 397), (1200, 800)])
def test_strips_leave_no_seams(
    monkeypatch: pytest.MonkeyPatch, channels: int, size: tuple[int, int] | None
) -> None:
    picture = noise(200, 300, channels)
    wishes = {"scale": 4} if size is None else {"width": size[0], "height": size[1]}
    whole = refine(picture, **wishes)
    monkeypatch.setattr(module, "STRIP_PIXELS", 1)
    # Where it is reduced afterwards, the filter's weights may differ in their last digit, which
    # shows twice with alpha.
    difference = cv2.absdiff(seen(refine(picture, **wishes)), seen(whole))
    assert difference.max() <= (0 if size in (None, (1200, 800)) else channels - 2)


def test_reduced_again_it_is_what_it_was_made_of() -> None:
    picture = photograph("cat-portrait.jpg")[:160, :200]
    large = refine(picture, scale=2)
    again = cv2.resize(large, (200, 160), interpolation=cv2.INTER_AREA)
    assert psnr(again, picture) > 42


def test_an_edge_gets_no_halo() -> None:
    picture = np.full((40, 40, 3), 200, np.uint8)
    picture[:, 20:] = 60
    for scale in (2, 4, 8):
        result = refine(picture, scale=scale)
        assert result.min() >= 60
        assert result.max() <= 200
        assert (result[:, : 18 * scale] == 200).all()
        assert (result[:, 22 * scale :] == 60).all()


def test_an_edge_is_sharper_than_by_bicubic() -> None:
    picture = np.full((40, 40, 3), 200, np.uint8)
    picture[:, 20:] = 60
    bicubic = np.asarray(Image.fromarray(picture).resize((160, 160), Image.Resampling.BICUBIC))
    ours, theirs = (
        int(np.abs(np.diff(result[80, :, 0].astype(int))).max())
        for result in (refine(picture, scale=4), bicubic)
    )
    assert ours > theirs


def test_flat_colour_and_noise_are_not_raised() -> None:
    flat = np.full((30, 30, 3), (12, 130, 250), np.uint8)
    assert (refine(flat, scale=4) == flat[0, 0]).all()
    grain = np.clip(128 + np.random.default_rng(2).normal(0, 2, (200, 200, 1)), 0, 255)
    grain = np.repeat(grain.astype(np.uint8), 3, axis=2)
    # What averages to the same grain is a little rougher itself; texture would get 30 %.
    assert refine(grain, scale=2).std() < grain.std() * 1.1


def test_opaque_stays_opaque_and_clear_stays_clear() -> None:
    picture = noise(30, 40, 4)
    picture[..., 3] = 255
    assert (refine(picture, scale=2)[..., 3] == 255).all()
    picture[..., 3] = 0
    assert (refine(picture, scale=2)[..., 3] == 0).all()


def test_hidden_colours_do_not_come_out() -> None:
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[..., 1] = 255  # hidden green
    picture[10:30, 10:30] = (200, 30, 30, 255)
    result = refine(picture, scale=4)
    seen = result[result[..., 3] > 0]
    assert seen[:, 1].max() <= 32
    assert (result[:20, :20, 3] == 0).all()


def test_colours_are_not_shifted() -> None:
    picture = photograph("espresso.jpg")[:200, :200]
    means = refine(picture, scale=4).mean(axis=(0, 1)) - picture.mean(axis=(0, 1))
    assert np.abs(means).max() < 0.3


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({}, "Give a scale"),
        ({"width": 100}, "both a width and a height"),
        ({"height": 100, "scale": 2}, "both a width and a height"),
        ({"scale": 3}, "2, 4 or 8"),
        ({"scale": 0}, "2, 4 or 8"),
        ({"scale": -1}, "2, 4 or 8"),
        ({"scale": float("nan")}, "2, 4 or 8"),
        ({"scale": float("inf")}, "2, 4 or 8"),
        ({"width": 0, "height": 5}, "at least 1 pixel"),
        ({"width": -1, "height": 5}, "at least 1 pixel"),
        ({"width": 10**9, "height": 10**9}, "8 times is the most"),
        ({"width": 10000, "height": 10000}, "8 times is the most"),
    ],
)
def test_sizes_that_cannot_be_are_refused(wish: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        plan_refine(1000, 1000, **wish)


def test_a_result_too_large_to_be_opened_is_refused() -> None:
    with pytest.raises(BadInput, match="16384 × 16384"):
        plan_refine(4096, 4096, scale=4)
    with pytest.raises(BadInput, match="too large"):
        plan_refine(8000, 8000, width=30_000, height=4_000)


def test_another_shape_is_cut_in_the_middle_and_a_like_one_stretched() -> None:
    plan = plan_refine(100, 100, width=400, height=200)
    assert (plan.scaled_width, plan.scaled_height) == (400, 400)
    assert (plan.left, plan.top, plan.width, plan.height) == (0, 100, 400, 200)
    plan = plan_refine(1000, 667, width=1500, height=1001)
    assert (plan.scaled_width, plan.scaled_height, plan.left, plan.top) == (1500, 1001, 0, 0)
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[25:75] = 255
    assert refine(picture, width=400, height=190)[3:-3].min() > 200


def test_memory_hardly_exceeds_the_result() -> None:
    picture = photograph("espresso.jpg")[:256, :256]
    refine(picture[:32, :32], scale=2)  # what is imported and kept is not counted
    tracemalloc.start()
    try:
        result = refine(np.tile(picture, (2, 2, 1)), scale=8)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < result.nbytes * 2 + 64 * 2**20
