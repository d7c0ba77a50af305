"""The words of this half. The service prints only the first of each status; the rest are ours."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Of a prediction or a refine. The last two are ends."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    ERROR = "error"


class GenerationStatus(StrEnum):
    """Of a generation: COMPLETED when any of its predictions is, CANCELLED and ERROR when none."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"


class ErrorCategory(StrEnum):
    """Why something ended in error."""

    BAD_INPUT = "bad_input"
    NEEDS_MODEL = "needs_model"
    CANCELLED = "cancelled"
    ENGINE = "engine"


class Operation(StrEnum):
    """What a generation does. Kept in the database: never renamed."""

    CREATE = "create"
    AGENTIC = "agentic"
    EDIT = "edit"
    VIDEO = "video"
    REFINE = "refine"
    IMAGE_ADJUSTER = "image-adjuster"
    BACKGROUND_FIX = "background-fix"
    FACE_FIXER = "face-fixer"


#: What a generation names as its tool where its request has no word for it.
TOOLS = {
    Operation.EDIT: "EDIT",
    Operation.VIDEO: "VIDEO",
    Operation.REFINE: "REFINE",
    Operation.IMAGE_ADJUSTER: "IMAGE_ADJUSTER",
    Operation.BACKGROUND_FIX: "BACKGROUND_FIX",
    Operation.FACE_FIXER: "FACE_FIXER",
}
