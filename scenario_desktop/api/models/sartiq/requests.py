"""All that can be asked of the service, in one place."""

from __future__ import annotations

from scenario_desktop.api.models.sartiq.base import Group, SartiqRequest
from scenario_desktop.api.models.sartiq.generate import AgenticGenerationCreate, GenerationCreate
from scenario_desktop.api.models.sartiq.refines import (
    SCALE_FACTORS,
    BulkDeleteRequest,
    BulkRefineRequest,
    GenerationUpdate,
    RefineGenerationRequest,
)
from scenario_desktop.api.models.sartiq.tools import (
    BackgroundFixRequest,
    EditRequest,
    ExperimentalTaskCreate,
    FaceFixRequest,
    ImageAdjusterRequest,
    VideoGenerationRequest,
)

__all__ = [
    "SCALE_FACTORS",
    "AgenticGenerationCreate",
    "BackgroundFixRequest",
    "BulkDeleteRequest",
    "BulkRefineRequest",
    "EditRequest",
    "ExperimentalTaskCreate",
    "FaceFixRequest",
    "GenerationCreate",
    "GenerationUpdate",
    "Group",
    "ImageAdjusterRequest",
    "RefineGenerationRequest",
    "SartiqRequest",
    "VideoGenerationRequest",
]
