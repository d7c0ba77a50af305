"""Which function draws which modality, and what all of them have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from scenario_desktop.imaging.controlmaps import (
    background,
    canny,
    grayscale,
    lineart_anime,
    mlsd,
    normal,
    scribble,
    segmentation,
    sketch,
)  # fmt: skip
from scenario_desktop.imaging.controlmaps.common import Array, given
from scenario_desktop.imaging.progress import report


@dataclass(frozen=True, slots=True)
class ControlMap:
    """How one modality is drawn.

    Attributes:
        draw: rgb (height x width x 3, uint8) and parameters -> height x width (x 3), uint8.
        empty: the value of a place where there is nothing; the removed background gets it.
        removes_background: the default of the parameter.
    """

    draw: Callable[[Array, dict[str, Any]], Array]
    empty: tuple[int, int, int] = (0, 0, 0)
    removes_background: bool = False


MAPS: dict[str, ControlMap] = {
    "canny": ControlMap(canny.draw),
    "grayscale": ControlMap(grayscale.draw, removes_background=True),
    "lineart_anime": ControlMap(lineart_anime.draw),
    "mlsd": ControlMap(mlsd.draw),
    "normal": ControlMap(normal.draw, empty=normal.FACING),
    "scribble": ControlMap(scribble.draw),
    "segmentation": ControlMap(segmentation.draw),
    "sketch": ControlMap(sketch.draw, empty=(255, 255, 255)),
}


def draw(modality: str, rgb: Array, parameters: dict[str, Any]) -> Array:
    """Draw one map; where asked for, the background is emptied afterwards.

    It is emptied in the map, not in the picture: an emptied picture would show the cut itself as an
    edge.
    """
    entry = MAPS[modality]
    drawn = entry.draw(rgb, parameters)
    report(0.6)
    if not given(parameters, "remove_background", entry.removes_background):
        return drawn
    subject = background.subject_mask(rgb)
    empty = np.array(entry.empty if drawn.ndim == 3 else entry.empty[:1], np.uint8)
    return _blend(drawn, empty, subject)


def _blend(drawn: Array, empty: Array, subject: Array) -> Array:
    """Mix the map (where the mask is 255) with its empty value (where it is 0)."""
    if drawn.ndim == 2:
        if not empty.any():
            return cv2.multiply(drawn, subject, scale=1 / 255)
        inverted = cv2.multiply(255 - drawn, subject, scale=1 / 255)
        return np.asarray(255 - inverted)
    layers = cv2.merge([subject] * 3)
    ground = np.empty_like(drawn)
    ground[:] = empty
    kept = cv2.multiply(drawn, layers, scale=1 / 255)
    return cv2.add(kept, cv2.multiply(ground, 255 - layers, scale=1 / 255))
