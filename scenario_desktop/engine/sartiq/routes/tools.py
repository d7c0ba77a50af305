"""Starting generations: from text, and from one picture by a tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.api.models.sartiq.requests import (
    AgenticGenerationCreate,
    BackgroundFixRequest,
    EditRequest,
    FaceFixRequest,
    GenerationCreate,
    ImageAdjusterRequest,
    SartiqRequest,
    VideoGenerationRequest,
)
from scenario_desktop.api.models.sartiq.words import BackgroundFixStrategy
from scenario_desktop.engine.context import user_of
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.sartiq.context import sartiq_of
from scenario_desktop.engine.sartiq.failures import Unprocessable, sentence
from scenario_desktop.engine.sartiq.fields import new_generation
from scenario_desktop.engine.sartiq.media import StoredPicture
from scenario_desktop.engine.sartiq.reading import organization_of, read_body
from scenario_desktop.engine.sartiq.routes.generations import one
from scenario_desktop.engine.sartiq.words import Operation
from scenario_desktop.errors import AppError, BadInput
from scenario_desktop.imaging.edit_tasks import ADJUST_FIELDS
from scenario_desktop.imaging.edits.adjust import plan_adjust


async def create(request: Request) -> Response:
    """``v``, the version of the request, is taken and changes nothing here."""
    body = await read_body(request, GenerationCreate)
    pictures = [*body.reference_images_paths, body.garment_placement_base_image_url]
    return await _begin(request, Operation.CREATE, body, await _found(request, pictures))


async def create_agentic(request: Request) -> Response:
    organization_id = organization_of(request)
    body = await read_body(request, AgenticGenerationCreate)
    sartiq, orchestration_id = sartiq_of(request), str(uuid4())
    new = new_generation(
        Operation.AGENTIC, body, user=user_of(request), organization_id=organization_id,
        inputs=await _found(request, body.reference_images_paths),
        parameters={"max_attempts": body.max_attempts}, orchestration_id=orchestration_id,
    )  # fmt: skip
    records = await sartiq.generations.create(new)
    answer = one(sartiq, records) | {
        "orchestration_shot_id": orchestration_id,
        "orchestration_status": "processing",
        "message": "Shot orchestration started",
        "estimated_completion_time": None,
    }
    return JsonResponse(answer)


async def edit(request: Request) -> Response:
    body = await read_body(request, EditRequest)
    pictures = [body.base_img_path, *body.reference_images]
    return await _begin(request, Operation.EDIT, body, await _found(request, pictures))


async def make_video(request: Request) -> Response:
    body = await read_body(request, VideoGenerationRequest)
    if body.prediction_id is not None:
        await sartiq_of(request).predictions.get(body.prediction_id, user_of(request))
    pictures = await _found(request, [body.base_image_path])
    return await _begin(request, Operation.VIDEO, body, pictures)


async def fix_background(request: Request) -> Response:
    """One method and palette pictures only; ``framing`` belongs to presets and changes nothing."""
    body = await read_body(request, BackgroundFixRequest)
    if body.palette_image_path is None:
        raise Unprocessable.at(
            "body", "palette_image_path",
            message="Choose a palette picture: this engine knows no background presets.",
        )  # fmt: skip
    if body.background_preset_id is not None:
        raise Unprocessable.at(
            "body", "background_preset_id",
            message="This engine knows no background presets: leave this empty.",
        )  # fmt: skip
    if body.background_fixer_strategy not in (None, *BackgroundFixStrategy):
        raise Unprocessable.at(
            "body", "background_fixer_strategy",
            message=f"This engine has one method: {BackgroundFixStrategy.RECOLOUR}.",
        )  # fmt: skip
    inputs = [
        await _picture(request, "base_img_path", body.base_img_path),
        await _picture(request, "palette_image_path", body.palette_image_path),
    ]
    return await _begin(request, Operation.BACKGROUND_FIX, body, inputs)


async def adjust(request: Request) -> Response:
    """Only the first reference picture counts; its size is the one aimed at."""
    body = await read_body(request, ImageAdjusterRequest)
    inputs = [await _picture(request, "base_img_path", body.base_img_path)]
    if body.reference_images:
        address = body.reference_images[0]
        inputs.append(await _picture(request, "reference_images", address))
    parameters = {
        name: value
        for name in ADJUST_FIELDS
        if (value := getattr(body, name)) is not None
    }  # fmt: skip
    reference = (inputs[1].width, inputs[1].height) if len(inputs) > 1 else None
    try:
        plan = plan_adjust(
            inputs[0].width, inputs[0].height, reference_size=reference, **parameters
        )
    except BadInput as error:
        raise Unprocessable.at("body", message=sentence(error)) from error
    return await _begin(
        request, Operation.IMAGE_ADJUSTER, body, inputs, parameters=parameters,
        size=(plan.width, plan.height),
    )  # fmt: skip


async def fix_faces(request: Request) -> Response:
    body = await read_body(request, FaceFixRequest)
    inputs = [await _picture(request, "base_img_path", body.base_img_path)]
    return await _begin(request, Operation.FACE_FIXER, body, inputs)


async def _begin(
    request: Request,
    operation: Operation,
    body: SartiqRequest,
    inputs: list[StoredPicture],
    *,
    parameters: Mapping[str, Any] | None = None,
    size: tuple[int, int] | None = None,
) -> Response:
    sartiq = sartiq_of(request)
    new = new_generation(
        operation, body, user=user_of(request), organization_id=organization_of(request),
        inputs=inputs, parameters=parameters, size=size, prompt=getattr(body, "prompt", None),
    )  # fmt: skip
    return JsonResponse(one(sartiq, await sartiq.generations.create(new)))


async def _picture(request: Request, field: str, address: str) -> StoredPicture:
    """Find a picture that the work cannot do without.

    Raises:
        Unprocessable: it is not here; the field that names it is told.
    """
    try:
        return await sartiq_of(request).inputs.find(address)
    except AppError as error:
        raise Unprocessable.at("body", field, message=sentence(error)) from error


async def _found(request: Request, addresses: Iterable[str | None]) -> list[StoredPicture]:
    """Find those that are here: the work will fail for want of a model, whatever they are."""
    found: list[StoredPicture] = []
    for address in addresses:
        if address:
            try:
                found.append(await sartiq_of(request).inputs.find(address))
            except AppError:
                continue
    return found


ROUTES = [
    Route("/generations/", create, methods=["POST"]),
    Route("/generations/agentic", create_agentic, methods=["POST"]),
    Route("/generations/edits", edit, methods=["POST"]),
    Route("/generations/videos", make_video, methods=["POST"]),
    Route("/generations/background-fix", fix_background, methods=["POST"]),
    Route("/generations/image-adjuster", adjust, methods=["POST"]),
    Route("/generations/face-fixer", fix_faces, methods=["POST"]),
]
