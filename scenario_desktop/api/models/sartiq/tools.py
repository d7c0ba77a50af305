"""Work on one picture: edits, videos, background, size, faces; and any task of another service."""

from __future__ import annotations

from typing import Any, Self

from pydantic import model_validator

from scenario_desktop.api.models.sartiq.base import (
    REQUIRED,
    Group,
    Id,
    SartiqRequest,
    form_field,
)
from scenario_desktop.api.models.sartiq.words import (
    BackgroundFixStrategy,
    CroppingPosition,
    GenerationTool,
    GenerationType,
    ImageAdjusterMode,
    ResamplingMethod,
    ScalingProportions,
    ShotTypeFraming,
    known,
)


def _picture(title: str, description: str = "", default: Any = REQUIRED) -> Any:
    return form_field(default, title, description, group=Group.PICTURE, display="picture")


def _id_of(kind: str, title: str, description: str, group: Group = Group.ADVANCED) -> Any:
    return form_field(None, title, description, group=group, display="known_id", of=kind)


def _batch() -> Any:
    return form_field(1, "Results", "How many are made of a picture.", group=Group.SIZE, minimum=1)


def _subject() -> Any:
    return _id_of("subject", "Subject", "Id of the subject shown.", Group.SUBJECT)


def _product() -> Any:
    return _id_of("product", "Product", "Id of the product shown.", Group.PRODUCT)


def _model(what: str) -> Any:
    return _id_of("model", "Model", f"Id of the model that {what}.")


def _organisation() -> Any:
    return _id_of("organization", "Organisation", "Whose generation it is. Empty: your own.")


def _side(name: str) -> Any:
    return form_field(None, name, group=Group.SIZE, minimum=1, unit="px",
                      description="Left empty, the service chooses.")  # fmt: skip


class EditRequest(SartiqRequest):
    """Body of POST /generations/edits: change a picture, or place a garment on it."""

    base_img_path: str = _picture("Picture", "The picture that is edited.")
    prompt: str | None = form_field(
        None, "Prompt", "What should change.", group=Group.SCENE, display="long_text"
    )
    tool: str | None = form_field(
        None, "Tool", "Empty: a plain edit.", group=Group.SCENE, **known(GenerationTool)
    )
    reference_images: tuple[str, ...] = form_field(
        (), "Reference pictures", "Such as the garment to place.", group=Group.SCENE,
        display="pictures",
    )  # fmt: skip
    subject_id: Id | None = _subject()
    product_id: Id | None = _product()
    batch_size: int = _batch()
    width: int | None = _side("Width")
    height: int | None = _side("Height")
    workflow: str = form_field(
        GenerationType.BASE.value, "Way of working", "Agentic attempts are judged and repeated.",
        group=Group.ADVANCED, **known(GenerationType),
    )  # fmt: skip
    gender: str | None = form_field(None, "Gender", "For agentic edits only.", group=Group.ADVANCED)
    shot_type: str | None = form_field(
        None, "Kind of shot", "For agentic edits only.", group=Group.ADVANCED
    )
    generative_models_id: Id | None = _model("edits the picture")
    organization_id: Id | None = _organisation()


class VideoGenerationRequest(SartiqRequest):
    """Body of POST /generations/videos: from a prediction, whose details it takes over, or from a
    picture. That one of both is needed is this program's rule: the service only implies it."""

    prediction_id: Id | None = _id_of(
        "prediction", "Prediction", "Its picture begins the video.", Group.PICTURE
    )
    base_image_path: str | None = _picture("Picture", "Begins the video.", None)
    prompt: str = form_field(
        REQUIRED, "Prompt", "What happens in the video.", group=Group.SCENE, display="long_text"
    )
    negative_prompt: str | None = form_field(
        None, "Leave out", "What should not be seen.", group=Group.SCENE, display="long_text"
    )
    cfg_scale: float = form_field(
        0.5, "Closeness to the prompt", "0–2. Higher follows the prompt more strictly.",
        group=Group.SCENE, ge=0, le=2, step=0.1,
    )  # fmt: skip
    shot_type: str | None = form_field(None, "Kind of shot", group=Group.SCENE)
    subject_id: Id | None = _subject()
    product_id: Id | None = _product()
    product2_id: Id | None = _id_of(
        "product", "Second product", "Id of a product shown besides.", Group.SECOND_PRODUCT
    )
    style_id: Id | None = _id_of("style", "Style", "Id of a style.", Group.STYLE)
    batch_size: int = form_field(1, "Videos", "How many are made.", group=Group.SIZE, minimum=1)
    width: int | None = _side("Width")
    height: int | None = _side("Height")
    generative_models_id: Id | None = _model("makes the video")
    organization_id: Id | None = _organisation()

    @model_validator(mode="after")
    def _begins_with_a_picture(self) -> Self:
        if self.prediction_id is None and not self.base_image_path:
            raise ValueError("A video needs a prediction or a picture to begin with.")
        return self


class BackgroundFixRequest(SartiqRequest):
    """Body of POST /generations/background-fix."""

    base_img_path: str = _picture("Picture", "Its background gets another colour.")
    palette_image_path: str | None = _picture("Palette", "A picture with the wanted colour.", None)
    background_preset_id: Id | None = _id_of(
        "background_preset", "Background preset", "Instead of a palette picture.", Group.SCENE
    )
    framing: str | None = form_field(
        None, "Framing", "Which picture of the preset is taken. Only with a preset.",
        group=Group.SCENE, **known(ShotTypeFraming),
    )  # fmt: skip
    background_fixer_strategy: str | None = form_field(
        None, "Method", "Goes before the preset's own.", group=Group.SCENE,
        **known(BackgroundFixStrategy),
    )  # fmt: skip
    batch_size: int = _batch()
    subject_id: Id | None = _subject()
    product_id: Id | None = _product()
    organization_id: Id | None = _organisation()


def _margin(side: str) -> Any:
    return form_field(
        None, side, "Pixels with the local engine; other servers may read percent.",
        group=Group.SCENE, ge=0, step=1,
    )  # fmt: skip


class ImageAdjusterRequest(SartiqRequest):
    """Body of POST /generations/image-adjuster: another size or shape."""

    base_img_path: str = _picture("Picture", "The picture that is adjusted.")
    mode: str = form_field(
        ImageAdjusterMode.AUTO.value, "Mode",
        "Auto decides by how far the shapes are apart. Crop cuts off, pad adds, scale resizes.",
        group=Group.SIZE, **{**known(ImageAdjusterMode), "display": "segmented"},
        enum=[str(mode) for mode in ImageAdjusterMode],
    )  # fmt: skip
    target_width: int | None = form_field(None, "Width", group=Group.SIZE, gt=0, unit="px")
    target_height: int | None = form_field(None, "Height", group=Group.SIZE, gt=0, unit="px")
    aspect_ratio: float | None = form_field(
        None, "Shape", "Width divided by height.", group=Group.SIZE, gt=0, step=0.01
    )
    tolerance: float | None = form_field(
        None, "Tolerance", "0–1. How far apart the shapes may be before auto leaves scaling.",
        group=Group.SIZE, ge=0, le=1, step=0.01,
    )  # fmt: skip
    scaling_proportions: str | None = form_field(
        None, "Proportions", "What scaling does to the shape.", group=Group.SCENE,
        **known(ScalingProportions),
    )  # fmt: skip
    cropping_position: str | None = form_field(
        None, "Keep", "Which part stays when cropping.", group=Group.SCENE,
        **known(CroppingPosition),
    )  # fmt: skip
    resampling: str | None = form_field(
        None, "Resampling", "How new pixels are computed.", group=Group.SCENE,
        **known(ResamplingMethod),
    )  # fmt: skip
    margin_top: float | None = _margin("Top margin")
    margin_right: float | None = _margin("Right margin")
    margin_bottom: float | None = _margin("Bottom margin")
    margin_left: float | None = _margin("Left margin")
    reference_images: tuple[str, ...] = form_field(
        (), "Reference picture", "Only the first one counts.", group=Group.SCENE,
        display="pictures",
    )  # fmt: skip
    batch_size: int = _batch()
    subject_id: Id | None = _subject()
    product_id: Id | None = _product()
    organization_id: Id | None = _organisation()


class FaceFixRequest(SartiqRequest):
    """Body of POST /generations/face-fixer."""

    base_img_path: str = _picture("Picture", "Its faces are repaired.")
    subject_id: Id | None = _id_of("subject", "Subject", "Whose face it should be.", Group.SUBJECT)
    generative_models_id: Id | None = _model("repairs the faces")
    organization_id: Id | None = _organisation()


class ExperimentalTaskCreate(SartiqRequest):
    """Body of POST /generations/experimental-task: any app of FAL, with what it takes."""

    fal_app_id: str = form_field(
        REQUIRED, "App", "Its id, such as fal-ai/flux/dev.", group=Group.SCENE
    )
    payload: dict[str, Any] = form_field(
        REQUIRED, "Payload", "The object that the app takes.", group=Group.SCENE, display="json"
    )
    image: str | None = form_field(
        None, "Picture", "Sent within the request, in base64.", group=Group.PICTURE,
        display="picture",
    )  # fmt: skip
