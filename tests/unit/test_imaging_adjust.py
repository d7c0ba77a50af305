"""Exact sizes: what is cut, padded and scaled, to the pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.edits import adjust
from scenario_desktop.imaging.edits.adjust import AdjustPlan, apply_adjust, plan_adjust, subject_box

Array = np.ndarray[Any, Any]


def numbered(width: int, height: int) -> Array:
    """Return a picture in which each pixel tells where it was: red its column, green its row."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.dstack([columns % 256, rows % 256, np.full_like(rows, 7)]).astype(np.uint8)


def size(plan: AdjustPlan) -> tuple[int, int]:
    return plan.width, plan.height


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"target_width": 301, "target_height": 199}, (301, 199)),
        ({"target_width": 320}, (320, 240)),
        ({"target_height": 100}, (133, 100)),
        ({"target_width": 300, "aspect_ratio": 1.5}, (300, 200)),
        ({"target_height": 301, "aspect_ratio": 0.5}, (150, 301)),
        ({"target_width": 300, "target_height": 300, "aspect_ratio": 2.0}, (300, 300)),
        ({"reference_size": (77, 91)}, (77, 91)),
        ({"reference_size": (100, 200), "target_width": 50}, (50, 100)),
        ({"reference_size": (100, 200), "target_width": 50, "target_height": 50}, (50, 50)),
        ({"reference_size": (100, 200), "aspect_ratio": 3.0}, (100, 200)),
        ({"aspect_ratio": 1.0, "mode": "crop"}, (481, 481)),
        ({"aspect_ratio": 1.0, "mode": "pad"}, (640, 640)),
        ({"aspect_ratio": 2.0, "mode": "crop"}, (640, 320)),
        ({"aspect_ratio": 2.0, "mode": "pad"}, (962, 481)),
        ({"aspect_ratio": 2.0, "mode": "scale"}, (962, 481)),
        ({"margin_left": 3, "margin_top": 5.0}, (643, 486)),
        ({"margin_left": 0.1, "margin_right": 0.1}, (800, 481)),
        ({"target_width": 100, "target_height": 100, "margin_top": 0.5, "mode": "pad"}, (100, 100)),
        (
            {"target_width": 320, "target_height": 320, "mode": "scale",
             "scaling_proportions": "keep"},
            (320, 240),
        ),
    ],
)  # fmt: skip
def test_the_result_has_this_size(wish: dict[str, Any], expected: tuple[int, int]) -> None:
    plan = plan_adjust(640, 481, **wish)
    assert size(plan) == expected
    result = apply_adjust(numbered(640, 481), plan)
    assert result.shape == (plan.height, plan.width, 3)


@pytest.mark.parametrize(
    ("ratio", "tolerance", "mode"),
    [
        (1.0, None, "scale"),
        (1.005, None, "scale"),
        (1.1, None, "crop"),
        (0.9, None, "crop"),
        (1.3, None, "pad"),
        (0.5, None, "pad"),
        (1.1, 0.0, "pad"),
        (3.0, 1.0, "crop"),
        (1.25, 0.2, "crop"),
        (1.26, 0.2, "pad"),
    ],
)
def test_auto_decides_by_how_much_a_cut_loses(
    ratio: float, tolerance: float | None, mode: str
) -> None:
    assert plan_adjust(1000, 1000, aspect_ratio=ratio, tolerance=tolerance).mode == mode


@pytest.mark.parametrize(
    ("position", "left", "top"),
    [
        ("center", 20, 0), (None, 20, 0), ("left", 0, 0), ("right", 41, 0),
        ("top_left", 0, 0), ("Bottom-Right", 41, 0), ("subject", 20, 0),
    ],
)  # fmt: skip
def test_a_cut_copies_whole_pixels(position: str | None, left: int, top: int) -> None:
    picture = numbered(101, 60)
    plan = plan_adjust(101, 60, aspect_ratio=1.0, mode="crop", cropping_position=position)
    assert not plan.is_scaled
    assert np.array_equal(apply_adjust(picture, plan), picture[top : top + 60, left : left + 60])


@pytest.mark.parametrize(
    ("position", "x", "y"),
    [("center", 0, 20), ("top", 0, 0), ("bottom", 0, 41), ("bottom_left", 0, 41)],
)
def test_padding_leaves_the_picture_as_it_is(position: str, x: int, y: int) -> None:
    picture = numbered(101, 60)
    plan = plan_adjust(101, 60, aspect_ratio=1.0, mode="pad", cropping_position=position)
    assert size(plan) == (101, 101)
    assert plan.padding == (x, y, 0, 41 - y)
    result = apply_adjust(picture, plan)
    assert np.array_equal(result[y : y + 60], picture)


def test_margins_are_shares_below_one_and_pixels_from_one_on() -> None:
    plan = plan_adjust(
        300, 300, target_width=200, target_height=100, mode="scale",
        margin_left=0.25, margin_right=10, margin_top=1, margin_bottom=0.5,
    )  # fmt: skip
    assert plan.padding == (50, 1, 10, 50)
    assert (plan.inner_width, plan.inner_height) == (140, 49)


def test_a_picture_with_margins_only_is_not_scaled() -> None:
    picture = numbered(33, 21)
    plan = plan_adjust(33, 21, margin_left=0.13, margin_right=0.2, margin_top=7)
    assert not plan.is_scaled
    left, top, *_ = plan.padding
    result = apply_adjust(picture, plan)
    assert np.array_equal(result[top : top + 21, left : left + 33], picture)
    assert left == round(0.13 * plan.width)


sides = st.integers(1, 90)
margins = st.none() | st.floats(0, 0.45) | st.integers(0, 20)


@given(
    source=st.tuples(sides, sides),
    target=st.tuples(sides, sides),
    mode=st.sampled_from(adjust.MODES),
    position=st.sampled_from([*adjust.POSITIONS, "subject"]),
    resampling=st.sampled_from(adjust.RESAMPLINGS),
    rims=st.tuples(margins, margins, margins, margins),
    tolerance=st.none() | st.floats(0, 1),
)
@settings(max_examples=250, deadline=None)
def test_the_target_is_met_exactly(
    source: tuple[int, int],
    target: tuple[int, int],
    mode: str,
    position: str,
    resampling: str,
    rims: tuple[float | None, ...],
    tolerance: float | None,
) -> None:
    names = ("margin_left", "margin_top", "margin_right", "margin_bottom")
    around: dict[str, Any] = dict(zip(names, rims, strict=True))
    try:
        plan = plan_adjust(
            *source, target_width=target[0], target_height=target[1], mode=mode,
            cropping_position=position, resampling=resampling, tolerance=tolerance,
            **around,
        )  # fmt: skip
    except BadInput as error:
        if "margins leave no room" not in error.message:
            raise
        reject()
    result = apply_adjust(numbered(*source), plan)
    assert result.shape == (target[1], target[0], 3)
    assert min(plan.padding) >= 0
    left, top, right, bottom = plan.box
    assert 0 <= left < right <= source[0] + 1e-9
    assert 0 <= top < bottom <= source[1] + 1e-9
    if plan.mode != "crop":
        assert plan.box == (0, 0, *source)


@given(
    source=st.tuples(sides, sides),
    wish=st.sampled_from(["target_width", "target_height", "aspect_ratio"]),
    value=st.integers(1, 120),
    mode=st.sampled_from(adjust.MODES),
)
@settings(max_examples=150, deadline=None)
def test_half_a_wish_is_met_too(source: tuple[int, int], wish: str, value: int, mode: str) -> None:
    number = value / 30 if wish == "aspect_ratio" else value
    plan = plan_adjust(*source, mode=mode, **{wish: number})  # type: ignore[arg-type]  # mixed
    assert apply_adjust(numbered(*source), plan).shape == (plan.height, plan.width, 3)
    if wish == "aspect_ratio":
        # The side that follows is the whole number next to what the ratio asks for.
        assert (
            abs(plan.width - plan.height * number) <= 0.5 * max(1, number) + 1e-9
            or min(plan.width, plan.height) == 1
        )
    else:
        assert getattr(plan, wish.removeprefix("target_")) == value


@given(
    source=st.tuples(st.integers(20, 200), st.integers(20, 200)),
    corner=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    aspect=st.floats(0.3, 3),
)
@settings(max_examples=150)
def test_a_subject_that_fits_is_inside_the_cut(
    source: tuple[int, int], corner: tuple[float, float], aspect: float
) -> None:
    wide, high = 6, 6
    x, y = (int(share * (side - 6)) for share, side in zip(corner, source, strict=True))
    plan = plan_adjust(
        *source, aspect_ratio=aspect, mode="crop", cropping_position="subject",
        subject=(x, y, x + wide, y + high),
    )  # fmt: skip
    left, top, right, bottom = plan.box
    assert left <= x
    assert top <= y
    assert right >= x + wide
    assert bottom >= y + high


def test_the_subject_is_found() -> None:
    picture = np.full((120, 200, 3), (210, 214, 220), np.uint8)
    picture[40:90, 130:170] = (180, 30, 40)
    box = subject_box(picture)
    assert box is not None
    assert np.abs(np.subtract(box, (130, 40, 170, 90))).max() <= 3
    assert subject_box(np.full((60, 60, 3), 90, np.uint8)) is None


@pytest.mark.parametrize("method", adjust.RESAMPLINGS)
def test_every_resampling_method_keeps_flat_colour(method: str) -> None:
    picture = np.full((30, 50, 3), (9, 120, 240), np.uint8)
    plan = plan_adjust(50, 30, target_width=71, target_height=33, mode="crop", resampling=method)
    assert (apply_adjust(picture, plan) == picture[0, 0]).all()


def test_padding_goes_on_with_a_calm_edge() -> None:
    picture = np.full((100, 100, 3), 0, np.uint8)
    picture[..., :] = np.linspace(80, 180, 100, dtype=np.uint8)[:, None, None]
    picture[30:70, 30:70] = (200, 0, 0)
    result = apply_adjust(picture, plan_adjust(100, 100, aspect_ratio=2.0, mode="pad"))
    steps = np.abs(np.diff(result[:, :, 1].astype(int), axis=1))
    assert steps[:, 48:51].max() <= 4  # no seam where the picture begins
    assert abs(int(result[90, 5, 1]) - int(picture[90, 5, 1])) <= 4  # nor is the light lost


def test_padding_beside_a_busy_edge_has_its_median_colour() -> None:
    picture = np.random.default_rng(1).choice([(250, 10, 10), (10, 10, 10)], (60, 60), p=[0.7, 0.3])
    plan = plan_adjust(60, 60, aspect_ratio=2.0, mode="pad")
    result = apply_adjust(picture.astype(np.uint8), plan)
    assert (result[:, :30] == (250, 10, 10)).all()
    assert (result[:, 90:] == (250, 10, 10)).all()


def test_padding_of_a_transparent_picture_is_transparent() -> None:
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[10:30, 10:30] = (200, 100, 50, 255)
    result = apply_adjust(picture, plan_adjust(40, 40, aspect_ratio=2.0, mode="pad"))
    assert (result[:, :20] == 0).all()
    assert np.array_equal(result[:, 20:60], picture)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({}, "Give a width"),
        ({"mode": "squash", "target_width": 5}, "no mode called squash"),
        ({"target_width": 0, "target_height": 5}, "at least 1 pixel"),
        ({"target_width": -5}, "at least 1 pixel"),
        ({"aspect_ratio": 0.0}, "more than 0"),
        ({"aspect_ratio": float("nan")}, "more than 0"),
        ({"aspect_ratio": float("inf")}, "more than 0"),
        ({"target_width": 9, "tolerance": 1.5}, "from 0 to 1"),
        ({"target_width": 9, "tolerance": float("nan")}, "from 0 to 1"),
        ({"target_width": 9, "margin_top": -1.0}, "0 or more"),
        ({"target_width": 9, "margin_top": float("nan")}, "0 or more"),
        ({"target_width": 9, "target_height": 9, "margin_left": 9}, "leave no room"),
        ({"margin_left": 0.5, "margin_right": 0.5}, "leave no room"),
        ({"target_width": 9, "resampling": "magic"}, "no resampling method called magic"),
        ({"target_width": 9, "scaling_proportions": "x"}, "no way of scaling called x"),
        ({"target_width": 9, "cropping_position": "up"}, "no position called up"),
        ({"target_width": 10**6, "target_height": 10**6}, "too large"),
        ({"aspect_ratio": 1e300, "mode": "pad"}, "too large"),
        ({"target_height": 10**9, "aspect_ratio": 1e-9}, "too large"),
        ({"margin_left": 1e300}, "too large"),
        ({"margin_left": 0.9999999999}, "too large"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(wish: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        plan_adjust(640, 480, **wish)
