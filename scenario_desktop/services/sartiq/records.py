"""How predictions and refines become records of the one catalogue. Pure: no network, no clock.

No address of a file gets in: they may be signed. What is shown is read anew from the service.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from scenario_desktop.api.models.assets import Asset, AssetProperties
from scenario_desktop.api.models.sartiq.answers import (
    GenerationPublic,
    MediaResourcePublic,
    PredictionPublic,
    RefinePublic,
)
from scenario_desktop.api.models.sartiq.facts import End, prediction_end, refine_end
from scenario_desktop.items import PREDICTION, REFINE, Source
from scenario_desktop.store.catalogue_generations import GenerationRecord

#: Characters of a prompt that make a name.
NAME_LENGTH: Final = 60
#: What has not ended after so long is no longer asked after in each pass.
STALE_AFTER: Final = timedelta(days=1)
#: Predictions that are still missing are waited for so long.
MISSING_FOR: Final = timedelta(hours=1)

_STATUS: Final = {End.DONE: "success", End.RUNNING: "pending", End.FAILED: "error"}
_MIME_TYPES: Final = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp",
    "gif": "image/gif", "tif": "image/tiff", "tiff": "image/tiff", "bmp": "image/bmp",
    "avif": "image/avif", "mp4": "video/mp4", "webm": "video/webm", "mov": "video/quicktime",
}  # fmt: skip
#: Fields of a generation that hold addresses.
_ADDRESSES: Final = frozenset(
    name for name in GenerationPublic.model_fields if name.endswith(("_url", "_media"))
)
#: What is new in every answer, although nothing has changed.
_UNSTABLE: Final[Any] = {
    **dict.fromkeys(_ADDRESSES, True),
    "predictions": {"__all__": {
        "result_image_url": True, "result_video_url": True, "refined_image_url": True,
        "result_image_media": {"url"}, "result_video_media": {"url"},
        "refines": {"__all__": {"result_image_url": True, "result_image_media": {"url"}}},
    }},
}  # fmt: skip


def asset_of_prediction(
    prediction: PredictionPublic, generation: GenerationPublic | None = None
) -> Asset:
    """Return a prediction as the catalogue keeps it.

    Args:
        generation: what it belongs to, where that is known: it has the prompt and the size.
    """
    is_video = bool(
        prediction.video_url or prediction.result_video_media or prediction.duration_seconds
    )
    media = prediction.result_video_media if is_video else prediction.result_image_media
    url = prediction.video_url if is_video else prediction.image_url
    shot = prediction.shot_type or (generation.shot_type_string if generation else None)
    end = prediction_end(prediction)
    metadata = _without_nothing({
        "type": PREDICTION,
        "name": name_of(generation, shot),
        "prompt": _prompt(generation),
        "generationId": prediction.generation_id or (generation.id if generation else ""),
        "shotType": shot,
        "versions": len(prediction.refines) or None,
        "versionScale": max((r.scale_factor or 0.0 for r in prediction.refines), default=0.0)
                        or None,
        "favourite": prediction.favourite or None,
        "chosen": prediction.selected or None,
        "seed": prediction.seed,
        "tool": generation.tool if generation else None,
        "generationType": generation.generation_type if generation else None,
        "modelId": generation.generative_models_id if generation else None,
        "styleName": generation.style_name if generation else None,
        "negativePrompt": generation.negative_prompt if generation else None,
        "word": prediction.status,
        **_failure(end, prediction),
    })  # fmt: skip
    created = prediction.created_at or (generation.created_at if generation else None)
    duration = prediction.duration_seconds or (media.duration if media else None)
    return Asset(
        id=prediction.id,
        kind="video" if is_video else "image",
        source=Source.SARTIQ,
        status=_STATUS[end],
        mime_type=_mime_type(media, url, is_video=is_video),
        owner_id=generation.owner_id if generation else "",
        author_id=generation.owner_id if generation else "",
        created_at=created,
        updated_at=prediction.updated_at or created,
        properties=AssetProperties(
            size=media.file_size if media else None,
            width=_side(media, generation, "width"),
            height=_side(media, generation, "height"),
            duration=duration if is_video else None,
        ),
        metadata=metadata,
    )


def asset_of_refine(
    refine: RefinePublic,
    prediction: PredictionPublic | None = None,
    generation: GenerationPublic | None = None,
) -> Asset:
    """Return a refine as the catalogue keeps it: a child of its prediction."""
    media = refine.result_image_media
    shot = prediction.shot_type if prediction else None
    shot = shot or (generation.shot_type_string if generation else None)
    name = name_of(generation, shot)
    end = refine_end(refine)
    metadata = _without_nothing({
        "type": REFINE,
        "name": f"{name}, {scale_text(refine.scale_factor)}" if refine.scale_factor
                else f"{name}, refined",
        "parentId": refine.prediction_id or (prediction.id if prediction else ""),
        "prompt": refine.prompt or _prompt(generation),
        "generationId": (prediction.generation_id if prediction else "")
                        or (generation.id if generation else ""),
        "shotType": shot,
        "scaleFactor": refine.scale_factor,
        "refinedFrom": refine.refines_refine_id,
        "modelId": refine.refine_model_id,
        "taskId": refine.task_id,
        "word": refine.status,
        **_failure(end, refine),
    })  # fmt: skip
    created = refine.created_at or (prediction.created_at if prediction else None)
    return Asset(
        id=refine.id,
        kind="image",
        source=Source.SARTIQ,
        status=_STATUS[end],
        mime_type=_mime_type(media, refine.image_url, is_video=False),
        owner_id=generation.owner_id if generation else "",
        author_id=generation.owner_id if generation else "",
        created_at=created,
        updated_at=refine.updated_at or created,
        properties=AssetProperties(
            size=media.file_size if media else None,
            width=_side(media, refine, "width"),
            height=_side(media, refine, "height"),
        ),
        metadata=metadata,
    )


def record_of(generation: GenerationPublic, now: datetime) -> GenerationRecord:
    """Return a generation with all it made, as the catalogue keeps it.

    Args:
        now: what has been silent for a day by then counts as ended.
    """
    assets: list[Asset] = []
    for prediction in generation.predictions:
        assets.append(asset_of_prediction(prediction, generation))
        assets += [asset_of_refine(r, prediction, generation) for r in prediction.refines]
    return GenerationRecord(
        generation.id,
        generation.created_at,
        is_in_work(generation, now),
        digest_of(generation, now),
        json.dumps(facts_of(generation)).encode(),
        tuple(assets),
    )


def digest_of(generation: GenerationPublic, now: datetime) -> bytes:
    """Return what changes whenever a generation's record would. Cheap: most of a list is known.

    Addresses change with every answer, so only their being there counts.
    """
    digest = hashlib.sha256(generation.model_dump_json(exclude=_UNSTABLE).encode())
    works: list[str] = [str(is_in_work(generation, now))]
    for prediction in generation.predictions:
        works += (prediction_end(prediction), "v" if prediction.video_url else "")
        works += [refine_end(refine) for refine in prediction.refines]
    digest.update(" ".join(works).encode())
    return digest.digest()


def facts_of(generation: GenerationPublic) -> dict[str, Any]:
    """Return what is kept of a generation: no predictions, no addresses."""
    values = generation.model_dump(mode="json", exclude={"predictions", *_ADDRESSES})
    paths = values.get("reference_images_paths") or []
    values["reference_images_paths"] = [path.partition("?")[0] for path in paths]
    return {name: value for name, value in values.items() if value is not None}


def is_in_work(generation: GenerationPublic, now: datetime) -> bool:
    """Whether more of a generation is to be expected soon."""
    begun = [p.created_at for p in generation.predictions if prediction_end(p) is End.RUNNING]
    begun += [
        refine.created_at
        for prediction in generation.predictions
        for refine in prediction.refines
        if refine_end(refine) is End.RUNNING
    ]
    if any(_is_recent(at, now, STALE_AFTER) for at in begun):
        return True
    # Some of a batch may have been deleted: those missing are expected for a while only.
    has_all = generation.predictions and len(generation.predictions) >= (generation.batch_size or 0)
    return not has_all and _is_recent(generation.created_at, now, MISSING_FOR)


def name_of(generation: GenerationPublic | None, shot: str | None = None) -> str:
    """Return what a prediction is called: the service gives it no name."""
    prompt = " ".join(_prompt(generation).split())
    if prompt:
        return prompt if len(prompt) <= NAME_LENGTH else _shortened(prompt)
    if shot:
        return _in_words(shot)
    if generation is not None and generation.tool:
        return _in_words(generation.tool)
    return f"Generation {generation.id[:8]}" if generation is not None else "Prediction"


def scale_text(factor: float) -> str:
    """Return a scale factor as it is read: "2×"."""
    return f"{factor:g}×"


def _prompt(generation: GenerationPublic | None) -> str:
    if generation is None:
        return ""
    return generation.extra_prompt or generation.generated_prompt or ""


def _shortened(text: str) -> str:
    cut = text[: NAME_LENGTH - 1]
    head, blank, _ = cut.rpartition(" ")
    return f"{head if blank and len(head) > NAME_LENGTH // 2 else cut}…"


def _in_words(word: str) -> str:
    return word.replace("_", " ").replace("-", " ").strip().capitalize()


def _failure(end: End, work: PredictionPublic | RefinePublic) -> dict[str, Any]:
    if end is not End.FAILED:
        return {}
    return {"error": work.error_message, "errorCategory": work.error_category}


def _mime_type(media: MediaResourcePublic | None, url: str | None, *, is_video: bool) -> str:
    """Return the type of a file by its suffix; empty while there is none."""
    suffix = media.extension if media else ""
    if not suffix and url:
        suffix = urlsplit(url).path.rpartition(".")[2]
    known = _MIME_TYPES.get(suffix.lower().lstrip("."))
    if known is None and (url or media):
        known = "video/mp4" if is_video else "image/png"
    return known or ""


def _side(
    media: MediaResourcePublic | None,
    asked: GenerationPublic | RefinePublic | None,
    name: Literal["width", "height"],
) -> float | None:
    """Return a side of the picture as measured, else as it was asked for; pixels."""
    lengths = (getattr(source, name) for source in (media, asked) if source is not None)
    return next((float(length) for length in lengths if length is not None and length > 0), None)


def _is_recent(at: datetime | None, now: datetime, span: timedelta) -> bool:
    return at is None or now - at < span


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != ""}
