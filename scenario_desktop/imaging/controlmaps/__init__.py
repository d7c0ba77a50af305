"""Control maps by classical methods: they tell a generator where edges, tones or regions lie.

One module per modality, each computed here with OpenCV and no learned model. Depth and pose cannot
be had that way; asking for them says so. OpenCV is imported with the first map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_desktop.errors import BadInput

if TYPE_CHECKING:
    from scenario_desktop.imaging.controlmaps.common import Array

COMPUTABLE = frozenset(
    {
        "canny", "grayscale", "lineart_anime", "mlsd", "normal", "scribble", "segmentation",
        "sketch",
    }
)  # fmt: skip

#: Modality -> what a computer must have learned to see for it.
NEED_A_MODEL = {"depth": "distances", "pose": "people and their joints"}


class NeedsModel(BadInput):
    """This map cannot be computed here: it needs a learned model, and none is installed."""


def needs_model(modality: str) -> NeedsModel:
    """Return the error for a modality of ``NEED_A_MODEL``."""
    return NeedsModel(
        f"A {modality} map needs a learned model, and none is installed on this computer.",
        hint=(
            f"It takes a model that has learned to see {NEED_A_MODEL[modality]}. Connect a "
            "Scenario account to make this map there, or choose another control map."
        ),
    )


def compute(modality: str, rgb: Array, parameters: dict[str, Any]) -> Array:
    """Compute a control map of the same width and height as the picture.

    Args:
        rgb: height x width x 3, uint8, sRGB.
        parameters: by the field names of a detect request (``low_threshold``, …). Missing or None
            means the default; what belongs to another modality is ignored.

    Returns:
        height x width x 3, uint8, RGB.

    Raises:
        NeedsModel: depth and pose.
        BadInput: not a known modality, or thresholds that do not fit each other.
    """
    import cv2

    single = draw(modality, rgb, parameters)
    return cv2.cvtColor(single, cv2.COLOR_GRAY2RGB) if single.ndim == 2 else single


def draw(modality: str, rgb: Array, parameters: dict[str, Any]) -> Array:
    """Do as ``compute``, but leave a map without colour as height x width."""
    if modality in NEED_A_MODEL:
        raise needs_model(modality)
    if modality not in COMPUTABLE:
        raise BadInput(f"There is no control map called {modality[:40]}.")
    from scenario_desktop.imaging.controlmaps import registry

    return registry.draw(modality, rgb, parameters)
