"""Faces: found where they are, made clearer there and nowhere else."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from scenario_desktop import paths
from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.edits import faces
from scenario_desktop.imaging.edits.faces import Face, find_faces, fix_faces
from tests.drawn_face import LOOKS, drawn_face

Array = np.ndarray[Any, Any]

needs_detector = pytest.mark.skipif(
    not faces.can_find_faces(), reason="this version of OpenCV has no face detector"
)


@pytest.fixture
def known_face(monkeypatch: pytest.MonkeyPatch) -> Face:
    """Say where the drawn face of 480 pixels is, whatever OpenCV is installed."""
    face = Face(113, 111, 256, 256)
    monkeypatch.setattr(faces, "find_faces", lambda rgb: [face])
    return face


def blurred(noise: float = 0.0) -> Array:
    soft = cv2.GaussianBlur(drawn_face(), (0, 0), 2.0).astype(np.float32)
    grain = np.random.default_rng(4).normal(0, noise, soft.shape)
    return np.asarray(np.clip(np.rint(soft + grain), 0, 255)).astype(np.uint8)


def middle(picture: Array) -> Array:
    return np.asarray(picture[180:330, 180:300])


@needs_detector
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("side_px", [160, 320, 480, 1400])
def test_a_face_is_found_where_it_is(look: str, side_px: int) -> None:
    found = find_faces(drawn_face(side_px, look))
    assert len(found) == 1
    face, scale = found[0], side_px / 480
    assert abs(face.x + face.width / 2 - 240 * scale) < 15 * scale
    assert abs(face.y + face.height / 2 - 240 * scale) < 20 * scale
    assert 0.4 < face.width / side_px < 0.65


@needs_detector
def test_all_faces_are_found_the_largest_first() -> None:
    wall = np.full((500, 1000, 3), (150, 165, 180), np.uint8)
    wall[10:490, 20:500] = drawn_face()
    wall[150:390, 650:890] = drawn_face(240, "brown")
    first, second = find_faces(wall)
    assert first.x < 500 < second.x
    assert first.width > second.width


@needs_detector
@pytest.mark.parametrize("sample", sorted(p.name for p in paths.resource("samples").glob("*.jpg")))
def test_no_face_is_seen_where_there_is_none(sample: str) -> None:
    with Image.open(paths.resource("samples", sample)) as image:
        assert find_faces(np.asarray(image.convert("RGB"))) == []


@needs_detector
@pytest.mark.parametrize("size", [(1, 1), (10, 300), (300, 300)])
def test_without_a_face_it_says_so(size: tuple[int, int]) -> None:
    with pytest.raises(BadInput, match=r"^No face found\.$"):
        fix_faces(np.full((*size, 3), 120, np.uint8))


@needs_detector
def test_a_face_that_was_found_is_made_clearer() -> None:
    picture = blurred()
    result, found = fix_faces(picture)
    assert len(found) == 1
    assert edge_strength(middle(result)) > edge_strength(middle(picture)) * 1.1


def edge_strength(picture: Array) -> float:
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return float(np.abs(cv2.Laplacian(gray, cv2.CV_32F)).mean())


def test_a_detector_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "can_find_faces", lambda: False)
    with pytest.raises(BadInput, match="no face detector") as caught:
        fix_faces(drawn_face())
    assert caught.value.hint


def test_edges_in_a_face_get_steeper(known_face: Face) -> None:
    picture = blurred()
    result, found = fix_faces(picture)
    assert found == [known_face]
    assert edge_strength(middle(result)) > edge_strength(middle(picture)) * 1.1


def test_grain_in_a_face_gets_less(known_face: Face) -> None:
    picture = blurred(6.0)
    cheek = (slice(255, 290), slice(172, 200))
    before, after = (
        one[cheek].astype(float).std(axis=(0, 1)) for one in (picture, fix_faces(picture)[0])
    )
    assert (after < before * 0.8).all()


def test_outside_of_the_face_nothing_changes(known_face: Face) -> None:
    picture = blurred(3.0)
    result, _ = fix_faces(picture)
    outside = np.ones(picture.shape[:2], bool)
    outside[30:480, 80:400] = False
    assert np.array_equal(result[outside], picture[outside])


def test_no_line_shows_where_the_mending_ends(known_face: Face) -> None:
    picture = blurred()
    change = fix_faces(picture)[0].astype(int) - picture
    rim = (slice(None), slice(78, 100))
    assert np.abs(change[rim]).max() <= 3


def test_the_tone_of_the_skin_is_kept(known_face: Face) -> None:
    picture = blurred(6.0)
    result, _ = fix_faces(picture)
    cheek = (slice(255, 295), slice(165, 190))
    shift = result[cheek].mean(axis=(0, 1)) - picture[cheek].mean(axis=(0, 1))
    assert np.abs(shift - shift.mean()).max() < 0.7  # the hue
    assert abs(shift.mean()) < 3


@pytest.mark.parametrize(
    "face",
    [Face(0, 0, 30, 30), Face(460, 460, 40, 40), Face(-20, 300, 60, 60), Face(0, 0, 480, 480)],
)
def test_faces_at_the_border_are_mended_too(monkeypatch: pytest.MonkeyPatch, face: Face) -> None:
    monkeypatch.setattr(faces, "find_faces", lambda rgb: [face])
    assert fix_faces(drawn_face())[0].shape == (480, 480, 3)
