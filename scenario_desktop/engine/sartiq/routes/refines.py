"""Refines: the one request for all of them, the outdated one, and reading what came of it."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.api.models.sartiq.requests import BulkRefineRequest, RefineGenerationRequest
from scenario_desktop.engine.context import user_of
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.sartiq.context import sartiq_of
from scenario_desktop.engine.sartiq.failures import Unprocessable
from scenario_desktop.engine.sartiq.reading import (
    Id,
    Paging,
    organization_of,
    path_id,
    read_body,
    read_query,
)
from scenario_desktop.engine.sartiq.refines import NewRefines, RefineSize

#: Pictures and predictions of one request.
MAX_ITEMS = 1000


async def refine(request: Request) -> Response:
    sartiq = sartiq_of(request)
    organization_id = organization_of(request)
    body = await read_body(request, RefineGenerationRequest)
    _check_count("base_image_urls", body.base_image_urls)
    _check_count("prediction_ids", body.prediction_ids)
    strangers = set(body.refines_refine_ids or ()) - set(body.prediction_ids or ())
    if strangers:
        raise Unprocessable.at(
            "body", "refines_refine_ids", message="It names a prediction that is not refined."
        )
    made = await sartiq.refines.create_mixed(body, user_of(request), organization_id)

    def render() -> Response:
        return JsonResponse(
            {
                "total_success": len(made.generations.generations) + len(made.refines),
                "total_failed": len(made.failed_uploads) + len(made.failed_refines),
                "generations": sartiq.wire.generations(made.generations),
                "refines": [sartiq.wire.refine(row) for row in made.refines],
                "failed_uploads": made.failed_uploads,
                "failed_refines": made.failed_refines,
            }
        )

    return await asyncio.to_thread(render)


async def bulk_refine(request: Request) -> Response:
    sartiq = sartiq_of(request)
    body = await read_body(request, BulkRefineRequest)
    _check_count("prediction_ids", body.prediction_ids)
    _check_sides(body.width, body.height)
    new = NewRefines(
        body.prediction_ids, RefineSize.of(body), body.prompt, body.generative_models_id,
        default_source=body.refines_refine_id,
    )  # fmt: skip
    rows, failures = await sartiq.refines.create(new, user_of(request))
    return JsonResponse(
        {
            "success_count": len(rows),
            "failed_count": len(failures),
            "failed_predictions": failures,
            "created_refines": [sartiq.wire.refine(row) for row in rows],
        }
    )


class OneRefine(BaseModel):
    """A refine as the overview lets one be created; it prints no body. The fields are those of the
    other requests, for one prediction."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    prediction_id: Id
    width: Annotated[int, Field(gt=0)] | None = None
    height: Annotated[int, Field(gt=0)] | None = None
    scale_factor: float | None = None
    prompt: str | None = None
    refine_model_id: Id | None = None
    refines_refine_id: Id | None = None

    @field_validator("scale_factor")
    @classmethod
    def _is_offered(cls, value: float | None) -> float | None:
        if value not in (None, 2.0, 4.0, 8.0):
            raise ValueError("The scale can be 2, 4 or 8.")
        return value


async def create_refine(request: Request) -> Response:
    sartiq = sartiq_of(request)
    body = await read_body(request, OneRefine)
    if (body.width is None) != (body.height is None) or (
        body.width is None and body.scale_factor is None
    ):
        raise Unprocessable.at("body", message="Choose a scale, or a width and a height.")
    has_sides = body.width is not None
    size = RefineSize(body.width, body.height, None if has_sides else body.scale_factor)
    new = NewRefines(
        [body.prediction_id], size, body.prompt, body.refine_model_id,
        default_source=body.refines_refine_id,
    )  # fmt: skip
    return JsonResponse(sartiq.wire.refine(await sartiq.refines.create_one(new, user_of(request))))


async def list_refines(request: Request) -> Response:
    """List the refines of one prediction, or all of the user's; newest first."""
    sartiq, paging = sartiq_of(request), read_query(request, Paging)
    is_of_one = "prediction_id" in request.path_params
    rows, count = await sartiq.refines.page(
        user_of(request), skip=paging.skip, limit=paging.limit,
        prediction_id=path_id(request, "prediction_id") if is_of_one else None,
    )  # fmt: skip
    data = [sartiq.wire.refine(row) for row in rows]
    return JsonResponse({"data": data, "count": count})


async def get_refine(request: Request) -> Response:
    sartiq = sartiq_of(request)
    row = await sartiq.refines.get(path_id(request, "refine_id"), user_of(request))
    return JsonResponse(sartiq.wire.refine(row))


async def delete_refine(request: Request) -> Response:
    await sartiq_of(request).refines.delete(path_id(request, "refine_id"), user_of(request))
    return JsonResponse({"message": "Refine deleted."})


def _check_count(name: str, items: tuple[str, ...] | None) -> None:
    if items is not None and len(items) > MAX_ITEMS:
        raise Unprocessable.at("body", name, message=f"At most {MAX_ITEMS} at once.")


def _check_sides(*sides: int | None) -> None:
    if any(side is not None and side < 1 for side in sides):
        raise Unprocessable.at("body", message="Width and height must be 1 or more.")


ROUTES = [
    Route("/generations/refines", refine, methods=["POST"]),
    Route("/refines/predictions/bulk-refine", bulk_refine, methods=["POST"]),
    Route("/refines/predictions/{prediction_id}/refines", list_refines, methods=["GET"]),
    Route("/refines/refines/{refine_id}", get_refine, methods=["GET"]),
    Route("/refines/refines/{refine_id}", delete_refine, methods=["DELETE"]),
    Route("/refines/", list_refines, methods=["GET"]),
    Route("/refines/", create_refine, methods=["POST"]),
    Route("/refines/{refine_id}", get_refine, methods=["GET"]),
]
