"""The preview of an adjustment agrees with the picture that is made, to the pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.edits.adjust import apply_adjust, plan_adjust
from scenario_desktop.services.sartiq.adjusting import AdjustPreview, preview_adjust

VALUES: list[dict[str, Any]] = [
    {"mode": "crop", "target_width": 40, "target_height": 40},
    {"mode": "pad", "target_width": 64, "target_height": 64, "margin_top": 4},
    {"mode": "scale", "target_width": 30},
    {"mode": "auto", "aspect_ratio": 1.0, "cropping_position": "top_left"},
    {"mode": "pad", "margin_left": 10, "margin_right": 0.1},
]


@pytest.mark.parametrize("values", VALUES)
def test_the_preview_is_what_is_made(values: dict[str, Any]) -> None:
    blank = {"tolerance": None, "resampling": "", "batch_size": 1, "subject_id": ""}
    preview = preview_adjust(60, 48, {**blank, **values})
    made = apply_adjust(np.zeros((48, 60, 3), np.uint8), plan_adjust(60, 48, **values))
    assert (preview.width, preview.height) == (made.shape[1], made.shape[0])
    left, top, right, bottom = preview.padding
    x, y, width, height = preview.inner
    assert (left, top) == (x, y)
    assert left + width + right == preview.width
    assert top + height + bottom == preview.height


def test_it_says_how_much_is_kept_and_how_large_it_becomes() -> None:
    preview = preview_adjust(200, 100, {"mode": "crop", "target_width": 50, "target_height": 50})
    assert preview.kept == pytest.approx(0.5)
    assert preview.scale == (0.5, 0.5)
    padded = AdjustPreview("pad", (0, 0, 10, 10), (5, 0, 10, 10), 20, 10, 10, 10)
    assert padded.padding == (5, 0, 5, 0)


def test_a_reference_picture_gives_the_size() -> None:
    preview = preview_adjust(200, 100, {"mode": "crop"}, reference=(30, 60))
    assert (preview.width, preview.height) == (30, 60)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mode": "crop"}, "Give a width"),
        ({"mode": "crop", "target_width": "many"}, "not a number"),
        ({"mode": "crop", "target_width": 10.5}, "whole numbers"),
        ({"mode": "crop", "target_width": 0}, "at least 1 pixel"),
        ({"mode": "pad", "target_width": 10, "margin_left": 20}, "no room"),
        ({"mode": "swirl", "target_width": 10}, "no mode"),
        ({"mode": "crop", "target_width": float("nan")}, "whole numbers"),
        ({"mode": "crop", "aspect_ratio": float("inf")}, "more than 0"),
    ],
)
def test_values_that_give_no_result_are_told(values: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        preview_adjust(100, 100, values)
