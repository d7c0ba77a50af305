"""What adjusting a picture will do, told without its pixels: for a preview of a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scenario_desktop.errors import BadInput

#: The fields of a request that decide about the result's shape.
FIELDS: Final = (
    "mode", "target_width", "target_height", "aspect_ratio", "tolerance", "margin_top",
    "margin_right", "margin_bottom", "margin_left", "resampling", "scaling_proportions",
    "cropping_position",
)  # fmt: skip
_NUMBERS: Final = frozenset({
    "target_width", "target_height", "aspect_ratio", "tolerance", "margin_top", "margin_right",
    "margin_bottom", "margin_left",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class AdjustPreview:
    """Where a picture lies in its result.

    Attributes:
        mode: crop, pad or scale; what "auto" has chosen.
        box: left, top, right and bottom of what is kept of the source, in its pixels.
        inner: left, top, width and height of that in the result, in the result's pixels.
        width: the result's, pixels; height likewise.
        source_width: pixels; source_height likewise.
    """

    mode: str
    box: tuple[float, float, float, float]
    inner: tuple[int, int, int, int]
    width: int
    height: int
    source_width: int
    source_height: int

    @property
    def kept(self) -> float:
        """The share of the source that stays, 0 to 1."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top) / (self.source_width * self.source_height)

    @property
    def scale(self) -> tuple[float, float]:
        """Result pixels for each source pixel, across and down."""
        left, top, right, bottom = self.box
        return self.inner[2] / (right - left), self.inner[3] / (bottom - top)

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """Pixels left of, above, right of and below the picture."""
        x, y, width, height = self.inner
        return x, y, self.width - x - width, self.height - y - height


def preview_adjust(
    width: int,
    height: int,
    values: Mapping[str, Any],
    reference: tuple[int, int] | None = None,
) -> AdjustPreview:
    """Say what becomes of a picture of this size; to the pixel what the local engine makes.

    Args:
        values: of a form; blank ones count as not given.
        reference: width and height of the reference picture.

    Raises:
        BadInput: the values give no result, with a sentence that says why.
    """
    from scenario_desktop.imaging.edits.adjust import plan_adjust  # brings the decoders

    wishes = {name: values[name] for name in FIELDS if values.get(name) not in (None, "")}
    for name, value in wishes.items():
        if name in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise BadInput(f"“{value}” is not a number.")
    for name in ("target_width", "target_height"):
        if isinstance(wishes.get(name), float):
            raise BadInput("Width and height are whole numbers.")
    plan = plan_adjust(width, height, reference_size=reference, **wishes)
    return AdjustPreview(
        plan.mode,
        plan.box,
        (plan.x, plan.y, plan.inner_width, plan.inner_height),
        plan.width,
        plan.height,
        width,
        height,
    )
