"""Words of the service's enums. All stay open strings: no list of them is known to be whole.

Where the service prints no word at all, those here are the local engine's own, and so marked.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class GenerationType(StrEnum):
    """How the attempts of a generation are made."""

    BASE = "BASE"
    AGENTIC = "AGENTIC"


class GenerationStrategy(StrEnum):
    """Only one word is printed."""

    GENERATE = "GENERATE"


class GenerationTool(StrEnum):
    """What an edit does."""

    EDIT = "EDIT"
    SUBJECT_SWAP = "SUBJECT_SWAP"
    PRODUCT_ENHANCEMENT = "PRODUCT_ENHANCEMENT"


class EvaluationProvider(StrEnum):
    """Who judges the attempts of an agentic run."""

    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    OPENAI = "openai"
    MOCK = "mock"


class ShotTypeFraming(StrEnum):
    """Which picture of a background preset is taken."""

    FULL_BODY = "full_body"
    UPPER_BODY = "upper_body"


class ImageAdjusterMode(StrEnum):
    """How a picture gets another shape."""

    AUTO = "auto"
    CROP = "crop"
    PAD = "pad"
    SCALE = "scale"


class ResamplingMethod(StrEnum):
    """The local engine's words."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"


class ScalingProportions(StrEnum):
    """What scaling does to the shape. The local engine's words."""

    STRETCH = "stretch"
    KEEP = "keep"


class CroppingPosition(StrEnum):
    """Which part of the picture stays. The local engine's words."""

    CENTER = "center"
    TOP = "top"
    BOTTOM = "bottom"
    LEFT = "left"
    RIGHT = "right"
    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"


class BackgroundFixStrategy(StrEnum):
    """How a background gets its new colour. The local engine's word."""

    RECOLOUR = "recolour"


class PushStatus(StrEnum):
    """How far a revision has been handed on."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


def known(words: type[StrEnum]) -> dict[str, Any]:
    """Return what a field's schema says of an open word with known ones."""
    return {
        "display": "words",
        "known": [str(word) for word in words],
        "titles": {str(word): str(word).replace("_", " ").capitalize() for word in words},
    }
