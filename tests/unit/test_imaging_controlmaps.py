"""Control maps: what each promises, and that odd pictures break none of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.errors import BadInput
from scenario_desktop.imaging import controlmaps, tasks
from scenario_desktop.imaging.controlmaps import NeedsModel, compute

Array = np.ndarray[Any, Any]


def scene(width: int = 320, height: int = 240) -> Array:
    """A room in few colours: a wall, a floor, a window and a ball in the middle."""
    picture = Image.new("RGB", (width, height), (196, 204, 214))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height * 0.75, width, height), fill=(120, 84, 60))
    draw.rectangle((20, 20, width * 0.25, height * 0.5), fill=(90, 140, 220), outline=(20, 20, 30))
    middle, radius = (width // 2, height // 2), height // 4
    draw.ellipse(
        (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius),
        fill=(210, 50, 40),
    )
    noise = np.random.default_rng(3).integers(-4, 5, (height, width, 3))
    return np.clip(np.asarray(picture).astype(int) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("modality", sorted(controlmaps.COMPUTABLE))
@pytest.mark.parametrize("size", [(320, 240), (1, 1), (3, 2), (1, 700), (900, 5)])
@pytest.mark.parametrize("remove", [False, True])
def test_every_map_has_the_size_of_its_input(
    modality: str, size: tuple[int, int], remove: bool
) -> None:
    rgb = scene() if size == (320, 240) else np.full((size[1], size[0], 3), 90, np.uint8)
    drawn = compute(modality, rgb, {"remove_background": remove})
    assert drawn.shape == rgb.shape
    assert drawn.dtype == np.uint8


@pytest.mark.parametrize("modality", sorted(controlmaps.COMPUTABLE))
def test_maps_are_the_same_each_time(modality: str) -> None:
    first = compute(modality, scene(), {"remove_background": True})
    cv2.setRNGSeed(99)
    assert np.array_equal(first, compute(modality, scene(), {"remove_background": True}))


@pytest.mark.parametrize("modality", sorted(controlmaps.COMPUTABLE - {"grayscale"}))
@pytest.mark.parametrize("kind", ["white", "black", "noise"])
def test_pictures_without_a_subject_are_drawn_too(modality: str, kind: str) -> None:
    rgb = {
        "white": np.full((96, 128, 3), 255, np.uint8),
        "black": np.zeros((96, 128, 3), np.uint8),
        "noise": np.random.default_rng(1).integers(0, 256, (96, 128, 3), dtype=np.uint8),
    }[kind]
    assert compute(modality, rgb, {"remove_background": True}).shape == rgb.shape


@given(low=st.integers(0, 254), span=st.integers(1, 255))
@settings(max_examples=25)
def test_canny_is_exactly_that_of_opencv(low: int, span: int) -> None:
    rgb, high = scene(), min(255, low + span)
    drawn = controlmaps.draw("canny", rgb, {"low_threshold": low, "high_threshold": high})
    assert np.array_equal(drawn, cv2.Canny(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), low, high))


def test_a_written_canny_map_reads_back_exactly(tmp_path: Path) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    Image.fromarray(scene()).save(source)
    info = tasks.control_map_file(source, target, "canny", {})
    gray = cv2.cvtColor(scene(), cv2.COLOR_RGB2GRAY)
    assert np.array_equal(np.asarray(Image.open(target).convert("L")), cv2.Canny(gray, 100, 200))
    assert (info.width, info.height, info.size_bytes) == (320, 240, target.stat().st_size)
    assert (info.thumbnail.width, info.thumbnail.height) == (256, 192)
    assert not info.has_color


@pytest.mark.parametrize("modality", sorted(controlmaps.COMPUTABLE))
def test_files_hold_what_was_drawn(tmp_path: Path, modality: str) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    Image.fromarray(scene()).save(source)
    info = tasks.control_map_file(source, target, modality, {})
    drawn = compute(modality, scene(), {})
    assert np.array_equal(np.asarray(Image.open(target).convert("RGB")), drawn)
    assert info.has_color == (modality in ("normal", "segmentation"))


def test_thin_lines_stay_bright_in_a_thumbnail(tmp_path: Path) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    Image.fromarray(scene(2048, 1536)).save(source)
    info = tasks.control_map_file(source, target, "canny", {})
    small = Image.open(io.BytesIO(info.thumbnail.data)).convert("L")
    assert np.percentile(np.asarray(small), 99) > 200


def test_grayscale_cuts_and_bends_tones() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    values = {"remove_background": False, "min_threshold": 20, "max_threshold": 60}
    straight = controlmaps.draw("grayscale", ramp, values | {"factor": 0})[0].astype(int)
    steep = controlmaps.draw("grayscale", ramp, values | {"factor": 15})[0].astype(int)
    assert straight[51] == 0
    assert straight[154] == 255
    assert (np.diff(straight) >= 0).all()
    assert (np.diff(steep) >= 0).all()
    assert np.diff(steep).max() > 2 * np.diff(straight).max()


@pytest.mark.parametrize(
    ("modality", "values"),
    [
        ("canny", {"low_threshold": 200, "high_threshold": 100}),
        ("grayscale", {"min_threshold": 50, "max_threshold": 50}),
        ("paint", {}),
    ],
)
def test_wrong_values_are_refused(modality: str, values: dict[str, int]) -> None:
    with pytest.raises(BadInput):
        compute(modality, scene(), values)


@pytest.mark.parametrize("modality", ["depth", "pose"])
def test_what_needs_a_model_says_so(modality: str) -> None:
    with pytest.raises(NeedsModel, match="learned model") as caught:
        compute(modality, scene(), {})
    assert "Scenario account" in caught.value.hint


def test_all_modalities_are_known() -> None:
    assert controlmaps.COMPUTABLE | set(controlmaps.NEED_A_MODEL) == set(Modality)


@pytest.mark.parametrize("modality", sorted(controlmaps.COMPUTABLE))
def test_defaults_are_those_of_the_form(modality: str) -> None:
    initial = DetectRequest.initial(Modality(modality))
    assert np.array_equal(compute(modality, scene(), initial), compute(modality, scene(), {}))


def test_the_subject_is_kept_and_the_background_emptied() -> None:
    drawn = controlmaps.draw("grayscale", scene(), {"factor": 0, "min_threshold": 0})
    assert drawn[120, 160] > 40
    assert drawn[10, 300] == 0
    assert drawn[220, 300] == 0


def test_mlsd_draws_the_window_and_not_the_ball() -> None:
    drawn = controlmaps.draw("mlsd", scene(), {})
    assert drawn[15:125, 15:85].max() > 200
    assert drawn[118:122, 158:162].max() == 0


def test_segmentation_parts_the_scene() -> None:
    drawn = compute("segmentation", scene(), {})
    places = [tuple(drawn[y, x]) for y, x in ((60, 40), (120, 160), (30, 250), (220, 160))]
    assert len(set(places)) == 4
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) < 12


def test_normal_faces_the_viewer_on_flat_ground() -> None:
    flat = compute("normal", np.full((64, 64, 3), 120, np.uint8), {})
    assert np.abs(flat.astype(int) - (128, 128, 255)).max() <= 1


def test_normal_leans_right_where_it_grows_darker() -> None:
    ramp = np.repeat(np.linspace(230, 20, 128, dtype=np.uint8)[None, :, None], 3, axis=2)
    drawn = compute("normal", np.repeat(ramp, 96, axis=0), {})
    assert drawn[48, 64, 0] > 150
    assert abs(int(drawn[48, 64, 1]) - 128) <= 2


def test_a_preview_is_small_and_timed() -> None:
    data = io.BytesIO()
    Image.fromarray(scene()).convert("RGBA").save(data, "PNG")
    picture, compute_ms = tasks.control_map_picture(data.getvalue(), "canny", {}, 160)
    assert (picture.width, picture.height, len(picture.data)) == (160, 120, 160 * 120 * 4)
    assert compute_ms > 0


def test_a_preview_notices_that_its_file_changed(tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    Image.fromarray(scene()).save(path)
    first, again = (tasks.control_map_picture(path, "canny", {}, 320)[0] for _ in range(2))
    Image.new("RGB", (320, 240)).save(path)
    changed = tasks.control_map_picture(path, "canny", {}, 320)[0]
    assert first.data == again.data
    assert first.data != changed.data
