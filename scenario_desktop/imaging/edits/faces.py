"""Finding faces and making them a little clearer."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.controlmaps.common import Array, fitted, luma
from scenario_desktop.imaging.progress import report

#: Longer side at which faces are searched, pixels. Smaller faces than the least below are not worth
#: mending, and every doubling of the size takes four times as long.
SEARCH_PX = 1024
#: Least width of a face: pixels of the picture, and a part of the shorter side searched.
MIN_FACE_PX, MIN_FACE_SHARE = 24, 0.04
#: How many hits beside each other make a face; so many that eyes need not confirm it.
HITS, SURE_HITS = 5, 24
#: Where eyes are in the square of a face: below this and above that part of its height.
EYES_FROM, EYES_TO = 0.12, 0.62

#: How strongly noise is evened out, contrast and sharpness raised; 0 to 1 each.
CALM, CONTRAST, SHARPNESS = 0.7, 0.15, 0.5
#: Noise (standard deviation, 0 to 255) that is left alone by sharpening.
GRAIN = 3.0


@dataclass(frozen=True, slots=True)
class Face:
    """A square around a face, pixels."""

    x: int
    y: int
    width: int
    height: int


def fix_faces(rgb: Array) -> tuple[Array, list[Face]]:
    """Make all faces of a picture a little clearer, and leave the rest as it is.

    Method: in each face noise is evened out by a bilateral filter (Tomasi and Manduchi, 1998),
    local contrast raised by a part of CLAHE (Zuiderveld, 1994) and detail by unsharp masking
    that leaves grain alone and never exceeds what the neighbouring pixels span. All fade out
    towards the border of an ellipse. Features are not changed: a face that lost its detail stays
    without it.

    Args:
        rgb: height x width x 3, uint8, sRGB.

    Returns:
        As the picture, and the faces, the largest first.

    Raises:
        BadInput: no face was found, or none can be searched for.
    """
    faces = find_faces(rgb)
    report(0.5)
    if not faces:
        raise BadInput(
            "No face found.",
            hint="Faces are found where they are seen from the front, upright and not too small.",
        )
    result = rgb.copy()
    for number, face in enumerate(faces):
        _mend(result, face)
        report(0.5 + 0.4 * (number + 1) / len(faces))
    return result, faces


def can_find_faces() -> bool:
    """Whether the installed OpenCV has its face detector and what that has learned."""
    return hasattr(cv2, "CascadeClassifier") and _cascade_file("frontalface_alt2").is_file()


def find_faces(rgb: Array) -> list[Face]:
    """Return the faces seen from the front, the largest first.

    Method: OpenCV's boosted cascades (Viola and Jones, "Rapid object detection using a boosted
    cascade of simple features", 2001), on brightness with evened contrast. A face counts where
    many hits agree, or a few do and at least one eye is found in its upper half.

    Raises:
        BadInput: this OpenCV cannot search for faces.
    """
    if not can_find_faces():
        raise BadInput(
            "Faces cannot be searched for: this version of OpenCV has no face detector.",
            hint="Versions 4 of opencv-python-headless have one.",
        )
    small = fitted(luma(rgb), SEARCH_PX)
    gray = cv2.createCLAHE(2.0, (8, 8)).apply(small)
    scale = rgb.shape[1] / small.shape[1]
    least = max(round(MIN_FACE_PX / scale), round(min(small.shape) * MIN_FACE_SHARE), 20)
    if min(small.shape) < least:
        return []
    boxes, hits = _search(_cascade("frontalface_alt2"), gray, least)
    sure = [
        tuple(int(value) for value in box)
        for box, count in zip(boxes, hits, strict=True)
        if count >= SURE_HITS or _has_eye(gray, box)
    ]
    faces: list[Face] = []
    for x, y, width, height in sorted(sure, key=lambda box: -box[2]):
        face = Face(round(x * scale), round(y * scale), round(width * scale), round(height * scale))
        if not any(_overlap(face, other) > 0.3 for other in faces):
            faces.append(face)
    return faces


def _cascade_file(name: str) -> Path:
    return Path(cv2.__file__).parent / "data" / f"haarcascade_{name}.xml"


@functools.cache
def _cascade(name: str) -> Any:
    """Load one of the detectors that come with OpenCV; it is kept for the next picture."""
    opencv: Any = cv2  # its types are those of a version that has no detector
    cascade = opencv.CascadeClassifier(str(_cascade_file(name)))
    if cascade.empty():
        raise BadInput("Faces cannot be searched for: OpenCV's face detector is damaged.")
    return cascade


def _search(cascade: Any, gray: Array, least: int) -> tuple[Array, list[int]]:
    boxes, hits = cascade.detectMultiScale2(
        gray, scaleFactor=1.08, minNeighbors=HITS, minSize=(least, least)
    )
    return np.asarray(boxes).reshape(-1, 4), np.asarray(hits).ravel().tolist()


def _has_eye(gray: Array, box: Array) -> bool:
    """Look for an eye in the upper part of a face, enlarged so that it can be seen."""
    x, y, width, height = (int(value) for value in box)
    part = gray[y + round(height * EYES_FROM) : y + round(height * EYES_TO), x : x + width]
    scale = 160 / width
    large = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return any(
        len(_search(_cascade(name), large, 22)[0]) > 0 for name in ("eye", "eye_tree_eyeglasses")
    )


def _overlap(face: Face, other: Face) -> float:
    """Return how much of the smaller square lies in the other, 0 to 1."""
    wide = min(face.x + face.width, other.x + other.width) - max(face.x, other.x)
    high = min(face.y + face.height, other.y + other.height) - max(face.y, other.y)
    smaller = min(face.width * face.height, other.width * other.height)
    return max(wide, 0) * max(high, 0) / smaller


def _mend(rgb: Array, face: Face) -> None:
    """Change the picture in place, within an ellipse that holds forehead and chin."""
    height, width = rgb.shape[:2]
    wide, high = round(face.width * 0.62), round(face.height * 0.78)
    middle = (face.x + face.width // 2, face.y + face.height // 2 + face.height // 16)
    left, right = max(0, middle[0] - wide), min(width, middle[0] + wide)
    top, bottom = max(0, middle[1] - high), min(height, middle[1] + high)
    area = rgb[top:bottom, left:right]
    fade = _ellipse(area.shape, (middle[0] - left, middle[1] - top), (wide, high))
    clear = _cleared(area, face.width)
    mixed = area + (clear - area) * fade[..., None]
    area[...] = np.clip(np.rint(mixed), 0, 255)


def _ellipse(shape: tuple[int, ...], middle: tuple[int, int], radii: tuple[int, int]) -> Array:
    """Return height x width, float32: 1 in the middle, 0 from the ellipse's line on."""
    rows = ((np.arange(shape[0], dtype=np.float32) - middle[1]) / radii[1])[:, None]
    columns = ((np.arange(shape[1], dtype=np.float32) - middle[0]) / radii[0])[None, :]
    t = np.clip((1.0 - np.sqrt(rows * rows + columns * columns)) / 0.4, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _cleared(area: Array, face_px: int) -> Array:
    """Return the area denoised, with more local contrast and sharpness; float32, 0 to 255."""
    radius = min(max(face_px / 110, 1.0), 6.0)
    planes = cv2.split(cv2.cvtColor(area, cv2.COLOR_RGB2YCrCb).astype(np.float32))
    red, blue = (_without_stains(plane - 128, round(radius)) for plane in planes[1:])
    light: Array = planes[0]
    light += (cv2.bilateralFilter(light, 0, 16, min(radius, 3.0)) - light) * CALM
    even = cv2.createCLAHE(1.6, (2, 2)).apply(np.rint(light).astype(np.uint8))
    light += (even.astype(np.float32) - light) * CONTRAST
    around = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(light, around), cv2.dilate(light, around)
    for sigma, amount in ((radius, SHARPNESS), (radius * 3, SHARPNESS * 0.25)):
        detail = light - cv2.GaussianBlur(light, (0, 0), sigma)
        energy: Array = cv2.GaussianBlur(detail * detail, (0, 0), sigma * 2)
        light += detail * amount * (energy / (energy + GRAIN**2))
    light = np.clip(light, low - 4, high + 4)
    return np.dstack(
        [light + 1.402 * red, light - 0.714136 * red - 0.344136 * blue, light + 1.772 * blue]
    )


def _without_stains(plane: Array, reduction: int) -> Array:
    """Even out a plane of colour differences: its grain, and stains, which are larger. A reduced
    plane shows those as well and takes a fraction of the time. Float32, since the filter rounds
    whole numbers down, which shifts the hue."""
    plane = cv2.bilateralFilter(plane, 5, 14, 1.5)
    height, width = plane.shape
    size = (max(1, width // reduction), max(1, height // reduction))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    smooth = cv2.bilateralFilter(small, 0, 14, 1.5)
    large = cv2.resize(smooth - small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(plane + large)
