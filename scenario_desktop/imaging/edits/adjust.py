"""Bringing pictures to an exact size or shape by cutting, padding and scaling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.decode import MAX_PIXELS

if TYPE_CHECKING:
    from scenario_desktop.imaging.controlmaps.common import Array

MODES = ("auto", "crop", "pad", "scale")
#: Our names of Pillow's filters; the first is the default.
RESAMPLINGS = ("lanczos", "bicubic", "bilinear", "hamming", "box", "nearest")
#: How ``scale`` treats the proportions; the first is the default.
PROPORTIONS = ("stretch", "keep")
#: Where a cut or a padded picture lies -> share of the spare room that is left of it and above it.
POSITIONS: dict[str, tuple[float, float]] = {
    "center": (0.5, 0.5), "top": (0.5, 0.0), "bottom": (0.5, 1.0), "left": (0.0, 0.5),
    "right": (1.0, 0.5), "top_left": (0.0, 0.0), "top_right": (1.0, 0.0),
    "bottom_left": (0.0, 1.0), "bottom_right": (1.0, 1.0),
}  # fmt: skip
#: A position of its own: the cut is laid around what the picture shows.
AROUND_SUBJECT = "subject"

#: The share of a picture that ``auto`` cuts off rather than padding, unless told otherwise.
TOLERANCE = 0.15
#: Shapes that differ by less than this are matched by stretching: nobody sees it.
MAX_STRETCH = 0.01


@dataclass(frozen=True, slots=True)
class AdjustPlan:
    """How a picture becomes one of another size.

    Attributes:
        mode: crop, pad or scale; what ``auto`` has chosen.
        box: left, top, right and bottom of what is kept of the source, in its pixels; fractions
            of a pixel where it is scaled anyway.
        x: where the scaled part lies in the result, pixels; y likewise.
        inner_width: its size there, pixels; inner_height likewise.
        width: the result's, pixels; height likewise.
        resampling: one of ``RESAMPLINGS``.
    """

    mode: str
    box: tuple[float, float, float, float]
    x: int
    y: int
    inner_width: int
    inner_height: int
    width: int
    height: int
    resampling: str

    @property
    def scale_x(self) -> float:
        """Result pixels for each source pixel."""
        return self.inner_width / (self.box[2] - self.box[0])

    @property
    def scale_y(self) -> float:
        return self.inner_height / (self.box[3] - self.box[1])

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """Pixels left of, above, right of and below the picture."""
        right = self.width - self.x - self.inner_width
        return self.x, self.y, right, self.height - self.y - self.inner_height

    @property
    def is_scaled(self) -> bool:
        left, top, right, bottom = self.box
        return (self.inner_width, self.inner_height) != (right - left, bottom - top)


def plan_adjust(
    source_width: int,
    source_height: int,
    *,
    mode: str = "auto",
    target_width: int | None = None,
    target_height: int | None = None,
    aspect_ratio: float | None = None,
    reference_size: tuple[int, int] | None = None,
    tolerance: float | None = None,
    margin_top: float | None = None,
    margin_right: float | None = None,
    margin_bottom: float | None = None,
    margin_left: float | None = None,
    resampling: str | None = None,
    scaling_proportions: str | None = None,
    cropping_position: str | None = None,
    subject: tuple[int, int, int, int] | None = None,
) -> AdjustPlan:
    """Say what becomes of a picture, without its pixels. Names are those of the request's fields.

    The size: a target width and height are met exactly. With one of them, the other follows from
    the aspect ratio, else from the reference picture, else from the source. With neither, the
    reference picture's size is taken; else the aspect ratio is met without scaling (crop cuts,
    pad adds, scale stretches one side) unless margins take room from the picture. With nothing but
    margins, these are added around.

    Margins are an empty border inside the result, whatever the mode: below 1 a share of the
    result's width or height (0.05 is 5 %), from 1 on pixels.

    Modes: crop covers the room inside the margins and cuts what sticks out; pad fits into it and
    fills the rest; scale stretches to it or, with the proportions "keep", makes the result only as
    large as the picture fits in. auto stretches shapes that differ by less than 1 %, crops where
    that loses no more of the picture than ``tolerance`` (0 to 1, default 0.15), else pads.

    ``cropping_position`` says which part a cut keeps and where a padded picture lies. For the
    position "subject" the cut holds the box ``subject`` (left, top, right, bottom in source pixels)
    as far as it fits; without one, it is the centre.

    Raises:
        BadInput: no size can be told, a value is out of its range or unknown, the margins leave no
            room, or the result has more pixels than can be opened.
    """
    _check_choice(mode, MODES, "mode")
    method = _choice(resampling, RESAMPLINGS, "resampling method")
    proportions = _choice(scaling_proportions, PROPORTIONS, "way of scaling")
    position = _choice(cropping_position, (*POSITIONS, AROUND_SUBJECT), "position")
    tolerance = TOLERANCE if tolerance is None else tolerance
    if not 0 <= tolerance <= 1:
        raise BadInput("The tolerance is from 0 to 1.")
    margins = _Margins.of(margin_left, margin_top, margin_right, margin_bottom)
    source = (source_width, source_height)
    size = _wished_size(target_width, target_height, aspect_ratio, reference_size, source)
    if size is None:
        if aspect_ratio is not None:
            mode = _chosen(mode, aspect_ratio, source, tolerance)
            size = _shaped(mode, aspect_ratio, source)
        elif margins.is_any:
            size = margins.around(source)
            mode = "pad"
        else:
            raise BadInput("Give a width, a height, an aspect ratio, margins or a reference image.")
    _check_size(*size)
    left, top, right, bottom = margins.pixels(*size)
    room = (size[0] - left - right, size[1] - top - bottom)
    if min(room) < 1:
        raise BadInput(f"The margins leave no room in {size[0]} × {size[1]} pixels.")
    mode = _chosen(mode, room[0] / room[1], source, tolerance)
    share = POSITIONS.get(position, POSITIONS["center"])
    box = (0.0, 0.0, float(source_width), float(source_height))
    x, y = left, top
    if mode == "crop":
        box = _cut(source, room, share, subject if position == AROUND_SUBJECT else None)
    elif mode == "pad" or proportions == "keep":
        fitted = _fitted(source, room)
        if mode == "pad":
            x += round((room[0] - fitted[0]) * share[0])
            y += round((room[1] - fitted[1]) * share[1])
        else:
            size = (fitted[0] + left + right, fitted[1] + top + bottom)
        room = fitted
    return AdjustPlan(mode, box, x, y, *room, *size, method)


def apply_adjust(picture: Array, plan: AdjustPlan) -> Array:
    """Make the planned picture.

    The padding continues the picture's edge where that is calm, as a studio's ground is, softened
    along the edge; beside a busy edge it has the edge's median colour. Beside a transparent edge it
    is transparent. Pixels that are not scaled are copied.

    Args:
        picture: height x width x 3 or 4, uint8, of the size that was planned for.

    Returns:
        plan.height x plan.width x as many channels, uint8.
    """
    import numpy as np

    from scenario_desktop.imaging.edits.padding import padded

    left, top, right, bottom = plan.box
    if plan.is_scaled:
        inner = _resampled(picture, plan)
    else:
        inner = picture[int(top) : int(bottom), int(left) : int(right)]
    return padded(inner, *plan.padding) if any(plan.padding) else np.ascontiguousarray(inner)


def subject_box(rgb: Array) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom of what a picture shows, or None if it is all of it.

    Args:
        rgb: height x width x 3, uint8.
    """
    import cv2
    import numpy as np

    from scenario_desktop.imaging.edits.ground import subject_mask

    mask = subject_mask(rgb)
    if mask.min() > 127:
        return None
    x, y, width, height = cv2.boundingRect((mask > 127).astype(np.uint8))
    return (x, y, x + width, y + height) if width and height else None


@dataclass(frozen=True, slots=True)
class _Margins:
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, *values: float | None) -> _Margins:
        numbers = [0.0 if value is None else float(value) for value in values]
        if not all(math.isfinite(value) and value >= 0 for value in numbers):
            raise BadInput("Margins are 0 or more.")
        return cls(*numbers)

    @property
    def is_any(self) -> bool:
        return any((self.left, self.top, self.right, self.bottom))

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return them for a result of this size."""

        def one(value: float, side: int) -> int:
            # No margin is larger than what _check_size would refuse anyway.
            return round(value * side if value < 1 else min(value, MAX_PIXELS))

        return (one(self.left, width), one(self.top, height),
                one(self.right, width), one(self.bottom, height))  # fmt: skip

    def around(self, inner: tuple[int, int]) -> tuple[int, int]:
        """Return the size of a result that keeps this much room inside."""
        return (
            _outer(inner[0], self.left, self.right),
            _outer(inner[1], self.top, self.bottom),
        )


def _outer(inner: int, before: float, after: float) -> int:
    """Return the side of a result whose margins leave exactly ``inner`` pixels."""
    share = sum(value for value in (before, after) if value < 1)
    fixed = sum(round(min(value, MAX_PIXELS)) for value in (before, after) if value >= 1)
    if share >= 1:
        raise BadInput("The margins leave no room for the picture.")
    side = round((inner + fixed) / (1 - share))
    if side > MAX_PIXELS:
        raise _too_large(side, 1)
    # Each margin is rounded by itself: look around for the side that fits to the pixel.
    for outer in (side, side - 1, side + 1, side - 2, side + 2):
        used = sum(round(value * outer) for value in (before, after) if value < 1)
        if outer - used - fixed == inner:
            return outer
    return side


def _check_choice(value: str, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise BadInput(
            f"There is no {what} called {value[:40]}.", hint=f"Known are {', '.join(known)}."
        )


def _choice(value: str | None, known: tuple[str, ...], what: str) -> str:
    """Return a value of an open list, written in any of the usual ways."""
    if value is None:
        return known[0]
    plain = value.strip().lower().replace("-", "_").replace(" ", "_")
    _check_choice(plain, known, what)
    return plain


def _wished_size(
    width: int | None,
    height: int | None,
    aspect: float | None,
    reference: tuple[int, int] | None,
    source: tuple[int, int],
) -> tuple[int, int] | None:
    """Return the size that the request names, or None if it names at most a shape."""
    if any(side is not None and side < 1 for side in (width, height)):
        raise BadInput("A picture is at least 1 pixel wide and high.")
    if aspect is not None and not (math.isfinite(aspect) and aspect > 0):
        raise BadInput("The aspect ratio is more than 0.")
    if width is not None and height is not None:
        return width, height
    like = reference or source
    ratio = aspect or like[0] / like[1]
    if width is not None:
        return width, max(1, round(min(width / ratio, MAX_PIXELS + 1)))
    if height is not None:
        return max(1, round(min(height * ratio, MAX_PIXELS + 1))), height
    return reference


def _shaped(mode: str, aspect: float, source: tuple[int, int]) -> tuple[int, int]:
    """Return the size of this shape that needs no scaling: within the source for crop, around it
    for the others."""
    width, height = source
    is_wider = aspect > width / height
    if is_wider == (mode == "crop"):
        return width, max(1, round(min(width / aspect, MAX_PIXELS + 1)))
    return max(1, round(min(height * aspect, MAX_PIXELS + 1))), height


def _chosen(mode: str, aspect: float, source: tuple[int, int], tolerance: float) -> str:
    """Return the mode, with ``auto`` decided by how much a cut would lose."""
    if mode != "auto":
        return mode
    ratio = aspect / (source[0] / source[1])
    kept = min(ratio, 1 / ratio)
    if 1 / kept < 1 + MAX_STRETCH:
        return "scale"
    return "crop" if 1 - kept <= tolerance else "pad"


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_large(width, height)


def _too_large(width: int, height: int) -> BadInput:
    return BadInput(
        f"The result would be too large: {width} × {height} pixels.",
        hint=f"Up to {MAX_PIXELS // 1_000_000} million pixels are made.",
    )


def _fitted(source: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    scale = min(room[0] / source[0], room[1] / source[1])
    return (
        min(room[0], max(1, round(source[0] * scale))),
        min(room[1], max(1, round(source[1] * scale))),
    )


def _cut(
    source: tuple[int, int],
    room: tuple[int, int],
    share: tuple[float, float],
    subject: tuple[int, int, int, int] | None,
) -> tuple[float, float, float, float]:
    """Return the part of the source that has the shape of the room."""
    scale = max(room[0] / source[0], room[1] / source[1])
    wide, high = min(source[0], room[0] / scale), min(source[1], room[1] / scale)
    spare = (source[0] - wide, source[1] - high)
    left, top = spare[0] * share[0], spare[1] * share[1]
    if subject is not None:
        left = min(max((subject[0] + subject[2] - wide) / 2, 0.0), spare[0])
        top = min(max((subject[1] + subject[3] - high) / 2, 0.0), spare[1])
    if (wide, high) == room:  # nothing is scaled: whole pixels are copied
        left, top = float(math.floor(left)), float(math.floor(top))
    return left, top, left + wide, top + high


def _resampled(picture: Array, plan: AdjustPlan) -> Array:
    import numpy as np
    from PIL import Image

    filters = {name: Image.Resampling[name.upper()] for name in RESAMPLINGS}
    image = Image.fromarray(picture)
    size = (plan.inner_width, plan.inner_height)
    # The box may miss the border by a rounding error, which Pillow would refuse.
    left, top, right, bottom = plan.box
    box = (left, top, min(right, image.width), min(bottom, image.height))
    return np.asarray(image.resize(size, filters[plan.resampling], box=box))
