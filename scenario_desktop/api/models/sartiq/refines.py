"""Refining, deleting in bulk, marking as revised."""

from __future__ import annotations

from typing import Final, Self

from pydantic import model_validator

from scenario_desktop.api.models.sartiq.base import (
    REQUIRED,
    Group,
    Id,
    SartiqRequest,
    form_field,
)

#: The factors that the service names.
SCALE_FACTORS: Final = (2.0, 4.0, 8.0)


def check_size(width: int | None, height: int | None, scale_factor: float | None) -> None:
    """Hold a refine to the service's rule: width with height, or a scale factor.

    Raises:
        ValueError: with a sentence for people.
    """
    if (width is None) != (height is None):
        missing = "height" if height is None else "width"
        raise ValueError(f"Width and height go together: the {missing} is missing.")
    if width is None and scale_factor is None:
        raise ValueError("Choose a scale, or a width and a height.")
    if scale_factor is not None and scale_factor not in SCALE_FACTORS:
        raise ValueError("The scale can be 2, 4 or 8.")


class RefineGenerationRequest(SartiqRequest):
    """Body of POST /generations/refines: pictures, predictions and earlier refines in any mix.

    A picture becomes a generation of one, a prediction gets a refine. Size and scale may both be
    given; what then counts the service does not say, the local engine takes the size. That
    something to refine is named is this program's rule.
    """

    base_image_urls: tuple[str, ...] | None = form_field(
        None, "Pictures", "Addresses of uploaded pictures.", group=Group.PICTURE,
        display="pictures",
    )  # fmt: skip
    prediction_ids: tuple[Id, ...] | None = form_field(
        None, "Predictions", group=Group.PICTURE, display="pictures"
    )
    refines_refine_ids: dict[Id, Id] | None = form_field(
        None, "Refined before", "Prediction, and which of its refines is refined again.",
        group=Group.PICTURE, display="json",
    )  # fmt: skip
    scale_factor: float | None = form_field(
        None, "Scale", "2, 4 or 8 times as wide and high.", group=Group.SIZE
    )
    width: int | None = form_field(None, "Width", group=Group.SIZE, gt=0, unit="px")
    height: int | None = form_field(None, "Height", group=Group.SIZE, gt=0, unit="px")
    prompt: str | None = form_field(
        None, "Prompt", "What to bring out. May be empty.", group=Group.SCENE, display="long_text"
    )
    refine_model_id: Id | None = form_field(
        None, "Model", "Id of the model that refines.", group=Group.ADVANCED,
        display="known_id", of="refine_model",
    )  # fmt: skip
    organization_id: Id | None = form_field(
        None, "Organisation", "Whose generation it is. Empty: your own.", group=Group.ADVANCED,
        display="known_id", of="organization",
    )  # fmt: skip
    base_image_url: str | None = form_field(
        None, "Picture", "Outdated: one address. We send lists.", group=Group.ADVANCED,
        deprecated=True,
    )  # fmt: skip
    refines_refine_id: Id | None = form_field(
        None, "Refine", "Outdated: one id. We send pairs.", group=Group.ADVANCED, deprecated=True
    )

    @model_validator(mode="after")
    def _has_a_size(self) -> Self:
        check_size(self.width, self.height, self.scale_factor)
        return self

    @model_validator(mode="after")
    def _has_something_to_refine(self) -> Self:
        if not (self.base_image_urls or self.base_image_url or self.prediction_ids):
            raise ValueError("Choose at least one picture or prediction to refine.")
        return self


class BulkRefineRequest(SartiqRequest):
    """Body of POST /refines/predictions/bulk-refine, which the service calls outdated."""

    prediction_ids: tuple[Id, ...] = form_field(
        REQUIRED, "Predictions", group=Group.PICTURE, display="pictures"
    )
    scale_factor: float | None = form_field(
        None, "Scale", "2, 4 or 8 times as wide and high.", group=Group.SIZE
    )
    width: int | None = form_field(None, "Width", group=Group.SIZE, minimum=1, unit="px")
    height: int | None = form_field(None, "Height", group=Group.SIZE, minimum=1, unit="px")
    prompt: str | None = form_field(None, "Prompt", group=Group.SCENE, display="long_text")
    generative_models_id: Id | None = form_field(
        None, "Model", "Id of the model that refines.", group=Group.ADVANCED,
        display="known_id", of="refine_model",
    )  # fmt: skip
    refines_refine_id: Id | None = form_field(
        None, "Refine", "The refine to begin with.", group=Group.ADVANCED,
        display="known_id", of="refine",
    )  # fmt: skip

    @model_validator(mode="after")
    def _has_a_size(self) -> Self:
        check_size(self.width, self.height, self.scale_factor)
        return self


class BulkDeleteRequest(SartiqRequest):
    """Body of POST /predictions/bulk-delete: naming all of a generation's deletes it as well."""

    prediction_ids: tuple[Id, ...]


class GenerationUpdate(SartiqRequest):
    """Body of PATCH /generations/{id}."""

    revised: bool | None = None
