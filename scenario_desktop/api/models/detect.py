"""Detect: the control map of a picture. Source: API page "generate/detect", model page
"scenario-detection" for defaults and ranges.

Limits, titles and help live here once; the form reads them from the JSON schema.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from scenario_desktop.api.models.base import Sent
from scenario_desktop.api.models.modalities import Modality


class DetectRequest(Sent):
    """Body of POST /generate/detect.

    ``image`` is an asset id or a data URL. Parameters of another modality must stay None: whether
    the service ignores or refuses them is not documented. ``dryRun`` never goes in here: in the
    body the service ignores it and runs the paid job.
    """

    #: Field name -> the modalities it belongs to.
    BELONGS_TO: ClassVar[dict[str, frozenset[Modality]]] = {
        "low_threshold": frozenset({Modality.CANNY}),
        "high_threshold": frozenset({Modality.CANNY}),
        "factor": frozenset({Modality.GRAYSCALE}),
        "min_threshold": frozenset({Modality.GRAYSCALE}),
        "max_threshold": frozenset({Modality.GRAYSCALE}),
        "keypoint_threshold": frozenset({Modality.POSE}),
        "remove_background": frozenset(Modality),
    }

    image: str = Field(title="Picture")
    modality: Modality = Field(title="Control map")
    low_threshold: int | None = Field(
        None, ge=0, le=255, title="Lower threshold",
        description="0–255. Lower keeps fainter edges.",
        json_schema_extra={"initial": 100, "below": "high_threshold"},
    )  # fmt: skip
    high_threshold: int | None = Field(
        None, ge=0, le=255, title="Upper threshold",
        description="0–255. Higher keeps only strong edges.", json_schema_extra={"initial": 200},
    )  # fmt: skip
    factor: float | None = Field(
        None, ge=0, le=20, title="Contrast",
        description="0–20. Higher parts light from dark more sharply.",
        json_schema_extra={"initial": 5.0, "step": 0.5},
    )  # fmt: skip
    min_threshold: int | None = Field(
        None, ge=0, le=100, title="Low cut", description="0–100 %. Darker than this becomes black.",
        json_schema_extra={"initial": 10, "unit": "%", "below": "max_threshold"},
    )  # fmt: skip
    max_threshold: int | None = Field(
        None, ge=0, le=100, title="High cut",
        description="0–100 %. Lighter than this becomes white.",
        json_schema_extra={"initial": 90, "unit": "%"},
    )  # fmt: skip
    keypoint_threshold: float | None = Field(
        None, ge=0, le=1, title="Joint confidence",
        description="0–1. Lower finds more joints, and more wrong ones.",
        json_schema_extra={"initial": 0.3, "step": 0.05},
    )  # fmt: skip
    remove_background: bool | None = Field(
        None, title="Remove the background",
        description="Keeps the subject only. The map no longer matches the whole frame.",
        json_schema_extra={"initial": False},
    )  # fmt: skip

    @model_validator(mode="after")
    def _thresholds_are_ordered(self) -> Self:
        for low, high, names in (
            (
                self.low_threshold,
                self.high_threshold,
                "lower threshold must be below the upper one",
            ),
            (self.min_threshold, self.max_threshold, "low cut must be below the high cut"),
        ):
            if low is not None and high is not None and low >= high:
                raise ValueError(f"The {names}.")
        return self

    @model_validator(mode="after")
    def _only_own_parameters(self) -> Self:
        for name, modalities in self.BELONGS_TO.items():
            if getattr(self, name) is not None and self.modality not in modalities:
                raise ValueError(f"{name} does not belong to {self.modality}.")
        return self

    @classmethod
    def initial(cls, modality: Modality) -> dict[str, Any]:
        """Return the draft values that a fresh form shows for one modality (grayscale removes the
        background by default, as the service does; elsewhere the map matches the frame)."""
        values: dict[str, Any] = {}
        for name, modalities in cls.BELONGS_TO.items():
            if modality in modalities:
                extra = cls.model_fields[name].json_schema_extra
                values[name] = extra["initial"] if isinstance(extra, dict) else None
        if modality is Modality.GRAYSCALE:
            values["remove_background"] = True
        return values
