"""What the service answers. Ids are required, little else; words of status stay open.

Whether something has ended is told by ``facts``, never by a status.
"""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, Field

from scenario_desktop.api.models.base import Timestamp
from scenario_desktop.api.models.sartiq.base import SartiqAnswer, SartiqPage


class Message(SartiqAnswer):
    """Answer of a deletion. Assumed: the service prints none."""

    message: str = ""


class UserSummary(SartiqAnswer):
    id: str
    email: str = ""
    full_name: str | None = None


class MediaResourcePublic(SartiqAnswer):
    """A stored picture or video.

    Attributes:
        file_size: bytes.
        duration: seconds.
    """

    id: str = ""
    url: str = ""
    resource_type: str = ""
    extension: str = ""
    content_hash: str = ""
    file_size: int | None = None
    width: int | None = None
    height: int | None = None
    aspect_ratio: float | None = None
    duration: float | None = None
    orientation: str | None = None
    color_profile: str | None = None
    dominant_color: str | None = None
    caption: str | None = None
    alt_text: str | None = None
    protected: bool = False
    created_at: Timestamp | None = None


class RefinePublic(SartiqAnswer):
    """A refined version of a prediction.

    Attributes:
        refines_refine_id: the refine it was made from, where it was not the prediction itself.
    """

    id: str
    prediction_id: str = ""
    status: str = ""
    result_image_url: str | None = None
    result_image_media: MediaResourcePublic | None = None
    width: int | None = None
    height: int | None = None
    scale_factor: float | None = None
    prompt: str | None = None
    refine_model_id: str | None = None
    error_message: str | None = None
    error_category: str | None = None
    refines_refine_id: str | None = None
    task_id: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None

    @property
    def image_url(self) -> str | None:
        """Where the result is, if there is one."""
        return self.result_image_url or _url(self.result_image_media)


class RefinesPublic(SartiqPage):
    data: tuple[RefinePublic, ...] = ()


class PredictionPublic(SartiqAnswer):
    """One result of a generation: a picture or a video.

    Attributes:
        duration_seconds: of the video; the service sends whole seconds.
        refined_image_url: of its newest good refine, by the service's own reckoning.
        selected: the chosen one of its generation. Not of the reference, which names the operation
            and no field; where it is not told, it is not among ``model_fields_set``.
    """

    id: str
    generation_id: str = ""
    seed: int | None = None
    status: str = ""
    result_image_url: str | None = None
    result_video_url: str | None = None
    result_image_media: MediaResourcePublic | None = None
    result_video_media: MediaResourcePublic | None = None
    duration_seconds: float | None = None
    favourite: bool = False
    error_message: str | None = None
    error_category: str | None = None
    shot_type: str | None = None
    refines: tuple[RefinePublic, ...] = ()
    refined_image_url: str | None = None
    selected: bool = False
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None

    @property
    def image_url(self) -> str | None:
        """Where the picture is, if there is one."""
        return self.result_image_url or _url(self.result_image_media)

    @property
    def video_url(self) -> str | None:
        """Where the video is, if there is one."""
        return self.result_video_url or _url(self.result_video_media)


class PredictionsPublic(SartiqPage):
    data: tuple[PredictionPublic, ...] = ()


class GenerationPublic(SartiqAnswer):
    """A generation with its predictions and their refines.

    Not all that was asked for comes back: target sizes, the configuration, short names and trigger
    words do not. Defaults here are those of an answer and differ from a request's.
    """

    id: str
    owner_id: str = ""
    organization_id: str | None = None
    status: str = ""
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    batch_size: int | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    seed: int | None = None
    refine: bool = False
    revised: bool = False
    scale_factor: float | None = None
    predictions: tuple[PredictionPublic, ...] = ()

    subject_id: str | None = None
    subject_description: str | None = None
    subject_image_url: str | None = None
    subject_image_media: MediaResourcePublic | None = None
    subject_lora_weight: float = 1.0
    has_subject_lora: bool = False

    product_id: str | None = None
    product_description: str | None = None
    product_image_url: str | None = None
    product_image_media: MediaResourcePublic | None = None
    product_lora_weight: float = 1.0
    has_product_lora: bool = False

    product2_id: str | None = None
    product2_description: str | None = None
    product2_image_url: str | None = None
    product2_image_media: MediaResourcePublic | None = None
    product2_lora_weight: float = 1.0
    has_product2_lora: bool = False

    style_id: str | None = None
    style_name: str | None = None
    style_description: str | None = None
    has_style_lora: bool = False

    lighting: str | None = None
    framing: str | None = None
    perspective: str | None = None
    background: str | None = None
    tone: str | None = None
    pose: str | None = None
    extra_prompt: str | None = None
    generated_prompt: str | None = None
    negative_prompt: str | None = None

    generation_type: str = "BASE"
    generation_strategy: str = "GENERATE"
    tool: str | None = None
    shot_id: str | None = None
    shot_type_id: str | None = None
    shot_type_string: str | None = None
    shooting_look_id: str | None = None
    generative_models_id: str | None = None
    autogenerated: bool = False
    garment_placement_base_image_url: str | None = None
    garment_placement_base_image_media: MediaResourcePublic | None = None
    reference_images_paths: tuple[str, ...] = ()
    reference_images_media: tuple[MediaResourcePublic, ...] = ()


class GenerationsPublic(SartiqPage):
    data: tuple[GenerationPublic, ...] = ()


class GenerationStats(SartiqAnswer):
    """The cheap look at a generation: how many of its predictions are where."""

    id: str
    status: str = ""
    total: int = 0
    completed: int = 0
    error: int = 0
    latest_prediction_status: str | None = None


class AgenticGenerationResponse(GenerationPublic):
    """Answer of POST /generations/agentic.

    Attributes:
        orchestration_shot_id: what its status is asked by; not a generation's ``shot_id``.
        estimated_completion_time: seconds.
    """

    orchestration_shot_id: str
    orchestration_status: str = "processing"
    message: str = ""
    estimated_completion_time: float | None = None


class AgenticShotAttempt(SartiqAnswer):
    """One attempt, numbered from 1; ``confidence_score`` from 0 to 1."""

    attempt_number: int
    image_url: str | None = None
    confidence_score: float | None = None
    detected_shot_type: str | None = None
    evaluation_status: str | None = None
    evaluation_feedback: str | None = None
    error_message: str | None = None
    generation_metadata: dict[str, Any] = Field(default_factory=dict)
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None


class AgenticShotStatus(SartiqAnswer):
    """How an agentic run is doing."""

    shot_id: str
    status: str = ""
    total_attempts: int = 0
    max_attempts: int = 3
    current_attempt: int | None = None
    final_image_url: str | None = None
    best_confidence: float | None = None
    error_message: str | None = None
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    duration_seconds: float | None = None
    attempts: tuple[AgenticShotAttempt, ...] = ()
    orchestration_metadata: dict[str, Any] = Field(default_factory=dict)


class ExperimentalTaskPublic(SartiqAnswer):
    id: str
    fal_app_id: str = ""
    payload: dict[str, Any] = Field(default_factory=dict)
    image_url: str | None = None
    status: str = ""


class FailedUpload(SartiqAnswer):
    """A picture that was not taken; ``index`` is its place in the request."""

    index: int | None = None
    url: str = ""
    error: str = ""


class FailedPrediction(SartiqAnswer):
    """A prediction that was not refined or deleted. Names of bulk answers are not documented."""

    prediction_id: str = Field(
        "", validation_alias=AliasChoices("prediction_id", "id", "predictionId")
    )
    error: str = Field(
        "", validation_alias=AliasChoices("error", "error_message", "reason", "message", "detail")
    )


class MixedRefineResponse(SartiqAnswer):
    """Answer of a refine request: HTTP 200 even where parts of it, or all, have failed."""

    total_success: int = 0
    total_failed: int = 0
    generations: tuple[GenerationPublic, ...] = ()
    refines: tuple[RefinePublic, ...] = ()
    failed_uploads: tuple[FailedUpload, ...] = ()
    failed_refines: tuple[FailedPrediction, ...] = ()


class BulkRefineResponse(SartiqAnswer):
    success_count: int = 0
    failed_count: int = 0
    failed_predictions: tuple[FailedPrediction, ...] = ()
    created_refines: tuple[RefinePublic, ...] = ()


class BulkDeleteResponse(SartiqAnswer):
    """What a bulk deletion took along; predictions of a deleted generation may be missing from
    ``deleted_predictions``."""

    success_count: int = 0
    failed_count: int = 0
    failed_predictions: tuple[FailedPrediction, ...] = ()
    deleted_generations: tuple[str, ...] = ()
    deleted_predictions: tuple[str, ...] = ()


class ShotRevisionImagePublic(SartiqAnswer):
    id: str
    shot_revision_id: str = ""
    source_type: str = ""
    prediction_id: str | None = None
    refine_id: str | None = None
    image_url: str | None = None
    image_media: MediaResourcePublic | None = None
    sketch_image_url: str | None = None
    sketch_image_media: MediaResourcePublic | None = None
    effective_image_url: str | None = None
    notes: str | None = None
    autogenerated: bool = False
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class ExternalImagePushPublic(SartiqAnswer):
    id: str
    integration_id: str = ""
    push_status: str = ""
    error_message: str | None = None
    pushed_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class ShotRevisionPublic(SartiqAnswer):
    """A version of a shot that uses a prediction."""

    id: str
    shot_id: str = ""
    display_name: str = ""
    version: int | None = None
    shot_status: str = ""
    shot_revision_status: str | None = None
    push_status: str | None = None
    images: tuple[ShotRevisionImagePublic, ...] = ()
    push_records: tuple[ExternalImagePushPublic, ...] = ()
    effective_image_url: str | None = None
    notes: str | None = None
    owner: UserSummary | None = None
    owner_id: str | None = None
    previous_revision_id: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


def _url(media: MediaResourcePublic | None) -> str | None:
    return (media.url or None) if media is not None else None
