"""Predictions: listed, read, marked and removed."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.api.models.sartiq.requests import BulkDeleteRequest
from scenario_desktop.engine.context import user_of
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.sartiq.context import sartiq_of
from scenario_desktop.engine.sartiq.reading import Paging, path_id, read_body, read_query


class PredictionFilter(Paging):
    favourite: bool | None = None


class FavouriteQuery(BaseModel):
    favourite: bool


async def list_predictions(request: Request) -> Response:
    sartiq = sartiq_of(request)
    wanted = read_query(request, PredictionFilter)
    records, count = await sartiq.predictions.page(
        user_of(request), skip=wanted.skip, limit=wanted.limit, is_favourite=wanted.favourite
    )

    def render() -> Response:
        return JsonResponse({"data": sartiq.wire.predictions(records), "count": count})

    return await asyncio.to_thread(render)


async def get_prediction(request: Request) -> Response:
    sartiq = sartiq_of(request)
    records = await sartiq.predictions.get(path_id(request), user_of(request))
    return JsonResponse(sartiq.wire.predictions(records)[0])


async def delete_prediction(request: Request) -> Response:
    await sartiq_of(request).predictions.delete(path_id(request), user_of(request))
    return JsonResponse({"message": "Prediction deleted."})


async def delete_predictions(request: Request) -> Response:
    body = await read_body(request, BulkDeleteRequest)
    predictions = sartiq_of(request).predictions
    return JsonResponse(await predictions.delete_many(body.prediction_ids, user_of(request)))


async def list_revisions(request: Request) -> Response:
    """Answer that there are none: this engine knows no shots."""
    await sartiq_of(request).predictions.get(path_id(request), user_of(request))
    return JsonResponse([])


async def set_favourite(request: Request) -> Response:
    sartiq, prediction_id = sartiq_of(request), path_id(request)
    is_favourite = read_query(request, FavouriteQuery).favourite
    records = await sartiq.predictions.set_favourite(prediction_id, user_of(request), is_favourite)
    return JsonResponse(sartiq.wire.predictions(records)[0])


async def select(request: Request) -> Response:
    sartiq = sartiq_of(request)
    records = await sartiq.predictions.select(path_id(request), user_of(request))
    return JsonResponse(sartiq.wire.predictions(records)[0])


ROUTES = [
    Route("/predictions/", list_predictions, methods=["GET"]),
    Route("/predictions/bulk-delete", delete_predictions, methods=["POST"]),
    Route("/predictions/{id}", get_prediction, methods=["GET"]),
    Route("/predictions/{id}", delete_prediction, methods=["DELETE"]),
    Route("/predictions/{id}/revisions", list_revisions, methods=["GET"]),
    Route("/predictions/{id}/favourite", set_favourite, methods=["PATCH"]),
    Route("/predictions/{id}/select", select, methods=["POST"]),
]
