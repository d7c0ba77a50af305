"""Enlarging pictures so that they look as if they had been taken with more pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging.decode import MAX_PIXELS
from scenario_desktop.imaging.progress import report

if TYPE_CHECKING:
    from scenario_desktop.imaging.controlmaps.common import Array

#: What a picture can be enlarged by; a width and height may ask for anything up to the largest.
SCALES = (2, 4, 8)
MAX_SCALE = 8.0
#: Shapes that differ by less than this are matched by stretching instead of cutting.
MAX_STRETCH = 0.01

#: Rounds of back-projection for the first doubling and for each later one. A fourth gains less than
#: 0.01 dB; more than one later sharpens what the first has made, not what the picture shows.
ROUNDS, LATER_ROUNDS = 3, 1
#: How much fine texture is raised, and the contrast (standard deviation, 0 to 255) that counts as
#: noise below and as an edge above, which both stay as they are.
DETAIL, NOISE, EDGE = 0.3, 3.0, 20.0
#: Pixels of the smaller picture that one result can depend on, rounded up to be sure.
REACH = 20
#: Pixels that are worked on together: few enough to stay in the processor's cache.
STRIP_PIXELS = 1_000_000


@dataclass(frozen=True, slots=True)
class RefinePlan:
    """What enlarging a picture comes to, all in pixels.

    Attributes:
        scaled_width: the whole picture's after enlarging; scaled_height likewise.
        left: what is cut off before the result begins; top likewise.
        width: the result's; height likewise.
    """

    scaled_width: int
    scaled_height: int
    left: int
    top: int
    width: int
    height: int


def plan_refine(
    source_width: int,
    source_height: int,
    *,
    scale: float | None = None,
    width: int | None = None,
    height: int | None = None,
) -> RefinePlan:
    """Say what size a refined picture will have.

    A width and height win over a scale. They are always met exactly: a shape that differs by less
    than 1 % is stretched, any other covers the target and loses what sticks out on both sides.

    Raises:
        BadInput: neither a scale nor both sides, a scale other than 2, 4 and 8, a side below 1, or
            more than eight times the size or the pixels that can be opened.
    """
    if width is not None and height is not None:
        plan = _plan_sides(source_width, source_height, width, height)
    elif width is not None or height is not None:
        raise BadInput("Give both a width and a height, or a scale.")
    elif scale is None:
        raise BadInput("Give a scale (2, 4 or 8), or a width and a height.")
    elif scale not in SCALES:
        raise BadInput("A picture can be refined to 2, 4 or 8 times its size.")
    else:
        wide, high = int(source_width * scale), int(source_height * scale)
        plan = RefinePlan(wide, high, 0, 0, wide, high)
    _check(plan, source_width, source_height)
    return plan


def _plan_sides(source_width: int, source_height: int, width: int, height: int) -> RefinePlan:
    if width < 1 or height < 1:
        raise BadInput("A picture is at least 1 pixel wide and high.")
    stretch = (width / source_width) / (height / source_height)
    if abs(math.log(stretch)) < math.log(1 + MAX_STRETCH):
        return RefinePlan(width, height, 0, 0, width, height)
    scale = max(width / source_width, height / source_height)
    wide = max(width, round(source_width * scale))
    high = max(height, round(source_height * scale))
    return RefinePlan(wide, high, (wide - width) // 2, (high - height) // 2, width, height)


def _check(plan: RefinePlan, source_width: int, source_height: int) -> None:
    scale = max(plan.scaled_width / source_width, plan.scaled_height / source_height)
    # Rounding up a very narrow picture is no enlargement.
    is_too_much = plan.scaled_width > MAX_SCALE * source_width + 1
    if is_too_much or plan.scaled_height > MAX_SCALE * source_height + 1:
        raise BadInput(
            f"This would enlarge the picture {scale:.3g} times; 8 times is the most.",
            hint="Choose a smaller size, or refine the result once more.",
        )
    pixels = max(plan.width * plan.height, plan.scaled_width * plan.scaled_height)
    if pixels > MAX_PIXELS:
        raise BadInput(
            f"The result would be too large: {plan.scaled_width} × {plan.scaled_height} pixels.",
            hint=f"Up to {MAX_PIXELS // 1_000_000} million pixels are made. Choose a smaller size.",
        )


def refine(
    picture: Array,
    *,
    scale: float | None = None,
    width: int | None = None,
    height: int | None = None,
) -> Array:
    """Enlarge a picture; see ``plan_refine`` for its size and errors.

    Method: repeated doubling, each time a Lanczos interpolation (8 taps a side) whose brightness is
    corrected by iterative back-projection (Irani and Peleg, "Improving resolution by image
    registration", 1991): reduced again by averaging, the result must give the picture it came from.
    The first doubling has three rounds, later ones have one. After the first's second round,
    texture is raised by 30 % of the detail layer of a guided filter (He, Sun and Tang, "Guided
    image filtering", 2013), except where the contrast is that of noise or of an edge; the last
    round makes it agree with the picture again. Every value stays within what its 3 × 3 neighbours
    in the smaller picture span, so that edges have neither halos nor ringing. Colour differences
    are interpolated and kept within bounds only: eyes do not see them that sharply. A size
    between two powers of two is reduced from the next larger one with a Lanczos filter. Nothing is
    invented: what the picture does not hold is not in the result.

    It works on strips of rows, so that memory hardly exceeds that of the result.

    Args:
        picture: height x width x 3 or 4, uint8, sRGB. Alpha is enlarged alike; what is invisible
            lends no colour to what is not.

    Returns:
        height x width x as many channels, uint8.
    """
    plan = plan_refine(picture.shape[1], picture.shape[0], scale=scale, width=width, height=height)
    return apply_refine(picture, plan)


def apply_refine(picture: Array, plan: RefinePlan) -> Array:
    """Enlarge a picture as planned. Reports its progress."""
    import numpy as np

    if picture.shape[2] == 4:
        picture = _with_hidden_colors(picture)
    base, rounds = picture, ROUNDS
    while _next_is_not_last(base, plan):
        base, rounds = _doubled_whole(base, rounds), LATER_ROUNDS
    if plan.scaled_width <= base.shape[1] and plan.scaled_height <= base.shape[0]:
        return _reduced(base, plan)
    result = np.empty((plan.height, plan.width, picture.shape[2]), np.uint8)
    row = 0
    for strip in _last_strips(base, plan, rounds):
        result[row : row + len(strip)] = strip
        row += len(strip)
        report(row / plan.height)
    return result


def _next_is_not_last(base: Array, plan: RefinePlan) -> bool:
    height, width = base.shape[:2]
    return bool(plan.scaled_width > 2 * width or plan.scaled_height > 2 * height)


def _doubled_whole(base: Array, rounds: int) -> Array:
    import numpy as np

    result = np.empty((base.shape[0] * 2, base.shape[1] * 2, base.shape[2]), np.uint8)
    row = 0
    for strip in _doubled_strips(base, rounds):
        result[row : row + len(strip)] = strip
        row += len(strip)
    return result


def _doubled_strips(base: Array, rounds: int) -> Iterator[Array]:
    """Yield the doubled picture from top to bottom."""
    height, width = base.shape[:2]
    step = max(REACH * 2, STRIP_PIXELS // (4 * width))
    for top in range(0, height, step):
        yield _doubled_rows(base, top, min(top + step, height), rounds)


def _doubled_rows(base: Array, top: int, bottom: int, rounds: int) -> Array:
    """Double some rows of a picture exactly as if all of it were doubled."""
    first = max(0, top - REACH)
    strip = _doubled(base[first : bottom + REACH], rounds)
    return strip[(top - first) * 2 : (bottom - first) * 2]


def _last_strips(base: Array, plan: RefinePlan, rounds: int) -> Iterator[Array]:
    """Yield the planned result from top to bottom: doubled, reduced and cut."""
    height, width = base.shape[:2]
    columns = slice(plan.left, plan.left + plan.width)
    if (plan.scaled_width, plan.scaled_height) == (2 * width, 2 * height):
        row = -plan.top
        for strip in _doubled_strips(base, rounds):
            low, high = max(0, -row), min(len(strip), plan.height - row)
            if low < high:
                yield strip[low:high, columns]
            row += len(strip)
        return
    # Rows of the doubled picture for each row of the result, at least 1 and below 4.
    ratio = 2 * height / plan.scaled_height
    step = max(REACH * 2, STRIP_PIXELS // (2 * width))
    for row in range(plan.top, plan.top + plan.height, step):
        end = min(row + step, plan.top + plan.height)
        low, high = row * ratio, end * ratio
        top = max(0, math.floor((low - 4 * ratio) / 2))
        bottom = min(height, math.ceil((high + 4 * ratio) / 2))
        strip = _doubled_rows(base, top, bottom, rounds)
        box = (0.0, low - 2 * top, float(2 * width), min(high - 2 * top, float(len(strip))))
        yield _resampled(strip, (plan.scaled_width, end - row), box)[:, columns]


def _reduced(base: Array, plan: RefinePlan) -> Array:
    """Return a result that is no larger than what it is made from."""
    height, width = base.shape[:2]
    size = (plan.scaled_width, plan.scaled_height)
    whole = base if size == (width, height) else _resampled(base, size, (0, 0, width, height))
    rows = slice(plan.top, plan.top + plan.height)
    return whole[rows, plan.left : plan.left + plan.width].copy()


def _resampled(
    picture: Array, size: tuple[int, int], box: tuple[float, float, float, float]
) -> Array:
    import numpy as np
    from PIL import Image

    filter_ = Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(picture).resize(size, filter_, box=box))


def _doubled(picture: Array, rounds: int) -> Array:
    """Return twice the width and height, same channels."""
    import cv2
    import numpy as np

    size = (picture.shape[1] * 2, picture.shape[0] * 2)
    colors = np.ascontiguousarray(picture[..., :3])
    planes = cv2.split(cv2.cvtColor(colors.astype(np.float32), cv2.COLOR_RGB2YCrCb))
    light = _sharp_plane(planes[0], rounds, DETAIL if rounds == ROUNDS else 0.0)
    red, blue = (_sharp_plane(plane, 0) for plane in planes[1:])
    merged = cv2.cvtColor(cv2.merge([light, red, blue]), cv2.COLOR_YCrCb2RGB)
    result = np.empty((size[1], size[0], picture.shape[2]), np.uint8)
    _to_8_bit(merged, result[..., :3])
    if picture.shape[2] == 4:
        alpha = np.ascontiguousarray(picture[..., 3])
        if alpha.min() == 255:
            result[..., 3] = 255
        else:
            _to_8_bit(_sharp_plane(alpha.astype(np.float32), rounds), result[..., 3])
    return result


def _to_8_bit(values: Array, target: Array) -> None:
    import numpy as np

    np.rint(values, out=values)
    np.clip(values, 0, 255, out=values)
    target[...] = values


def _sharp_plane(plane: Array, rounds: int, detail: float = 0.0) -> Array:
    """Double one plane of numbers (height x width, float32, 0 to 255), sharply."""
    import cv2
    import numpy as np

    small = (plane.shape[1], plane.shape[0])
    size = (small[0] * 2, small[1] * 2)
    around = np.ones((3, 3), np.uint8)
    low = cv2.resize(cv2.erode(plane, around), size, interpolation=cv2.INTER_LINEAR)
    high = cv2.resize(cv2.dilate(plane, around), size, interpolation=cv2.INTER_LINEAR)
    large = cv2.resize(plane, size, interpolation=cv2.INTER_LANCZOS4)
    for turn in range(rounds):
        again = cv2.resize(large, small, interpolation=cv2.INTER_AREA)
        cv2.subtract(plane, again, again)
        cv2.add(large, cv2.resize(again, size, interpolation=cv2.INTER_CUBIC), large)
        if detail and turn == rounds - 2:
            cv2.add(large, _texture(large, detail), large)
        _bound(large, low, high)
    if not rounds:
        _bound(large, low, high)
    return large


def _bound(values: Array, low: Array, high: Array) -> None:
    import cv2

    cv2.max(values, low, values)
    cv2.min(values, high, values)


def _texture(plane: Array, amount: float) -> Array:
    """Return what to add to a plane so that its fine texture, but neither noise nor edges, is
    stronger by ``amount``."""
    import cv2

    box = (5, 5)
    mean = cv2.blur(plane, box)
    variance: Array = cv2.sqrBoxFilter(plane, cv2.CV_32F, box)
    cv2.subtract(variance, mean * mean, variance)
    # The guided filter's weight: near 1 at edges, which stay in the base, near 0 in texture.
    weight: Array = cv2.blur(variance / (variance + EDGE**2), box)
    gain = (1.0 - weight) * variance / (variance + NOISE**2)
    return (plane - mean) * gain * amount


def _with_hidden_colors(picture: Array) -> Array:
    """Give what is invisible the colours of what is visible near it, so that no foreign colour
    comes out at the border between them."""
    import cv2
    import numpy as np

    hidden = picture[..., 3] == 0
    if not hidden.any() or hidden.all():
        return picture
    seen = (~hidden).astype(np.float32)
    colors = picture[..., :3].astype(np.float32) * seen[..., None]
    result = picture.copy()
    for side in (25, 9, 3):  # the nearest is written last
        weight = cv2.blur(seen, (side, side), borderType=cv2.BORDER_REPLICATE)
        near = hidden & (weight > 1e-4)
        mean = cv2.blur(colors, (side, side), borderType=cv2.BORDER_REPLICATE)
        result[near, :3] = np.clip(mean[near] / weight[near][:, None] + 0.5, 0, 255)
    return result
