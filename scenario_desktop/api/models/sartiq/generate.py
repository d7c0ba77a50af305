"""Starting generations, plain and agentic. Bounds are the service's; it documents few."""

from __future__ import annotations

from typing import Any

from scenario_desktop.api.models.sartiq.base import (
    Group,
    Id,
    SartiqRequest,
    form_field,
)
from scenario_desktop.api.models.sartiq.words import (
    EvaluationProvider,
    GenerationStrategy,
    GenerationTool,
    GenerationType,
    known,
)

_WEIGHT: dict[str, Any] = {"minimum": 0, "maximum": 2, "step": 0.05}
_LONG: dict[str, Any] = {"display": "long_text"}


class GenerationCreate(SartiqRequest):
    """Body of POST /generations/. Nothing is required."""

    # --- subject
    subject_id: Id | None = form_field(
        None, "Subject", "Id of a trained subject.", group=Group.SUBJECT,
        display="known_id", of="subject",
    )  # fmt: skip
    subject_slug: str | None = form_field(
        None, "Short name", "The subject's short name, instead of its id.", group=Group.SUBJECT
    )
    subject_description: str | None = form_field(
        None, "Description", "The subject in words.", group=Group.SUBJECT, **_LONG
    )
    subject_gender: str | None = form_field(None, "Gender", group=Group.SUBJECT)
    subject_lora_enabled: bool = form_field(
        True, "Use what was trained", "The picture follows the subject's training.",
        group=Group.SUBJECT,
    )  # fmt: skip
    subject_lora_weight: float = form_field(
        1.0, "Weight", "How strongly the training shows.", group=Group.SUBJECT, **_WEIGHT
    )
    subject_lora_trigger: str | None = form_field(
        None, "Trigger words", "Words that call up the training.", group=Group.SUBJECT
    )

    # --- product
    product_id: Id | None = form_field(
        None, "Product", "Id of a product.", group=Group.PRODUCT, display="known_id", of="product"
    )
    product_slug: str | None = form_field(
        None, "Short name", "The product's short name, instead of its id.", group=Group.PRODUCT
    )
    product_image: str | None = form_field(
        None, "Picture", "A picture of the product.", group=Group.PRODUCT, display="picture"
    )
    product_description: str | None = form_field(
        None, "Description", "The product in words.", group=Group.PRODUCT, **_LONG
    )
    product_gender: str | None = form_field(
        None, "Made for", "The gender that the product is made for.", group=Group.PRODUCT
    )
    product_lora_enabled: bool = form_field(
        False, "Use what was trained", "The picture follows the product's training.",
        group=Group.PRODUCT,
    )  # fmt: skip
    product_lora_weight: float = form_field(
        0.9, "Weight", "How strongly the training shows.", group=Group.PRODUCT, **_WEIGHT
    )
    product_lora_trigger: str | None = form_field(
        None, "Trigger words", "Words that call up the training.", group=Group.PRODUCT
    )

    # --- second product
    product2_id: Id | None = form_field(
        None, "Second product", "Id of a product shown besides.", group=Group.SECOND_PRODUCT,
        display="known_id", of="product",
    )  # fmt: skip
    product2_slug: str | None = form_field(
        None, "Short name", "The second product's short name, instead of its id.",
        group=Group.SECOND_PRODUCT,
    )  # fmt: skip
    product2_image: str | None = form_field(
        None, "Picture", "A picture of the second product.", group=Group.SECOND_PRODUCT,
        display="picture",
    )  # fmt: skip
    product2_description: str | None = form_field(
        None, "Description", "The second product in words.", group=Group.SECOND_PRODUCT, **_LONG
    )
    product2_lora_enabled: bool = form_field(
        False, "Use what was trained", "The picture follows the second product's training.",
        group=Group.SECOND_PRODUCT,
    )  # fmt: skip
    product2_lora_weight: float = form_field(
        0.8, "Weight", "How strongly the training shows.", group=Group.SECOND_PRODUCT, **_WEIGHT
    )
    product2_lora_trigger: str | None = form_field(
        None, "Trigger words", "Words that call up the training.", group=Group.SECOND_PRODUCT
    )

    # --- style
    style_id: Id | None = form_field(
        None, "Style", "Id of a style.", group=Group.STYLE, display="known_id", of="style"
    )
    style_slug: str | None = form_field(
        None, "Short name", "The style's short name, instead of its id.", group=Group.STYLE
    )
    style_description: str | None = form_field(
        None, "Description", "The style in words.", group=Group.STYLE, **_LONG
    )
    style_lora_enabled: bool = form_field(
        False, "Use what was trained", "The picture follows the style's training.",
        group=Group.STYLE,
    )  # fmt: skip
    style_lora_weight: float = form_field(
        0.7, "Weight", "How strongly the training shows.", group=Group.STYLE, **_WEIGHT
    )
    style_lora_trigger: str | None = form_field(
        None, "Trigger words", "Words that call up the training.", group=Group.STYLE
    )

    # --- scene
    extra_prompt: str | None = form_field(
        None, "Prompt", "Joins the prompt that is written from the fields below.",
        group=Group.SCENE, **_LONG,
    )  # fmt: skip
    negative_prompt: str | None = form_field(
        None, "Leave out", "What should not be seen.", group=Group.SCENE, **_LONG
    )
    lighting: str | None = form_field(None, "Light", group=Group.SCENE)
    framing: str | None = form_field(None, "Framing", group=Group.SCENE)
    perspective: str | None = form_field(None, "Perspective", group=Group.SCENE)
    background: str | None = form_field(None, "Background", group=Group.SCENE)
    tone: str | None = form_field(None, "Tone", group=Group.SCENE)
    pose: str | None = form_field(None, "Pose", group=Group.SCENE)
    pose_preset_id: Id | None = form_field(
        None, "Pose preset", "Id of a pose.", group=Group.SCENE,
        display="known_id", of="pose_preset",
    )  # fmt: skip
    shot_type: str | None = form_field(
        None, "Kind of shot", "Such as front_full_body.", group=Group.SCENE
    )
    shot_type_string: str | None = form_field(None, "Kind of shot, free text", group=Group.SCENE)
    shot_type_id: Id | None = form_field(
        None, "Kind of shot, id", "Id of a shot type.", group=Group.SCENE,
        display="known_id", of="shot_type",
    )  # fmt: skip
    reference_images_paths: tuple[str, ...] = form_field(
        (), "Reference pictures", group=Group.SCENE, display="pictures"
    )
    reference_image_strength: float | None = form_field(
        None, "Strength of the reference", "0–100. Higher follows the reference more closely.",
        group=Group.SCENE, ge=0, le=100, step=1, unit="%",
    )  # fmt: skip
    garment_placement_base_image_url: str | None = form_field(
        None, "Picture to dress", "The garment is put onto this picture.", group=Group.SCENE,
        display="picture",
    )  # fmt: skip

    # --- size and steps
    batch_size: int = form_field(4, "Pictures", "How many are made.", group=Group.SIZE, minimum=1)
    width: int | None = form_field(
        None, "Width", "Left empty, the service chooses.", group=Group.SIZE, minimum=1, unit="px"
    )
    height: int | None = form_field(
        None, "Height", "Left empty, the service chooses.", group=Group.SIZE, minimum=1, unit="px"
    )
    steps: int = form_field(
        20, "Steps", "More take longer and show finer detail.", group=Group.SIZE, minimum=1
    )
    seed: int | None = form_field(
        None, "Seed", "The same number gives the same picture. Empty: a new one each time.",
        group=Group.SIZE,
    )  # fmt: skip
    refine: bool = form_field(
        False, "Refine the result", "Each picture is enlarged at the end.", group=Group.SIZE
    )
    scale_factor: float | None = form_field(
        None, "Enlarge by", "For the refined result.", group=Group.SIZE, minimum=1
    )
    target_width: int | None = form_field(
        None, "Refined width", group=Group.SIZE, minimum=1, unit="px"
    )
    target_height: int | None = form_field(
        None, "Refined height", group=Group.SIZE, minimum=1, unit="px"
    )

    # --- advanced
    generative_models_id: Id | None = form_field(
        None, "Model", "Id of the model that makes the pictures.", group=Group.ADVANCED,
        display="known_id", of="model",
    )  # fmt: skip
    auto_generate_prompt: bool = form_field(
        True, "Write the prompt", "The service writes it from the other fields.",
        group=Group.ADVANCED,
    )  # fmt: skip
    generated_prompt: str | None = form_field(
        None, "Whole prompt", "Taken as it stands.", group=Group.ADVANCED, **_LONG
    )
    generation_type: str | None = form_field(
        GenerationType.BASE.value, "Type", group=Group.ADVANCED, **known(GenerationType)
    )
    generation_strategy: str | None = form_field(
        GenerationStrategy.GENERATE.value, "Strategy", group=Group.ADVANCED,
        **known(GenerationStrategy),
    )  # fmt: skip
    tool: str | None = form_field(None, "Tool", group=Group.ADVANCED, **known(GenerationTool))
    status: str | None = form_field(
        None, "First status", "For records brought over from elsewhere.", group=Group.ADVANCED
    )
    autogenerated: bool = form_field(
        False, "Made by a program", "Marks it as not asked for by hand.", group=Group.ADVANCED
    )
    config: dict[str, Any] | None = form_field(
        None, "More settings", "An object that the service passes on.", group=Group.ADVANCED,
        display="json",
    )  # fmt: skip
    organization_id: Id | None = form_field(
        None, "Organisation", "Whose generation it is. Empty: your own.", group=Group.ADVANCED,
        display="known_id", of="organization",
    )  # fmt: skip


class AgenticGenerationCreate(GenerationCreate):
    """Body of POST /generations/agentic: attempts are judged, and made again when they fall short.

    Fields of ``GenerationCreate`` keep their defaults, but for the two given anew.
    """

    shot_type: str = form_field(
        "front_upper_body", "Kind of shot", "Such as front_full_body or side_upper_body.",
        group=Group.SCENE, min_length=1, max_length=50,
    )  # fmt: skip
    generation_type: str = form_field(
        GenerationType.AGENTIC.value, "Type", group=Group.ADVANCED, **known(GenerationType)
    )
    max_attempts: int | None = form_field(
        None, "Attempts at most", "1–20. Empty: as many as the service sees fit.",
        group=Group.SIZE, ge=1, le=20,
    )  # fmt: skip
    min_confidence_score: float | None = form_field(
        None, "Good enough at", "0–1. Empty: 0.7. An attempt judged lower is made again.",
        group=Group.SIZE, ge=0, le=1, step=0.05,
    )  # fmt: skip
    evaluation_provider: str | None = form_field(
        None, "Judge", "Who judges the attempts.", group=Group.ADVANCED,
        **known(EvaluationProvider),
    )  # fmt: skip
