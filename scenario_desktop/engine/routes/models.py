"""Models: this engine has none, and says so in the documented shapes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine.context import own_project
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.requests import Body, Id, read_body
from scenario_desktop.errors import NotFound


class ModelIds(Body):
    model_ids: Annotated[tuple[Id, ...], Field(max_length=500)] = ()
    minimal: bool = False


async def list_models(request: Request) -> Response:
    query = own_project(request)
    query.page_size(high=500, default=100)
    query.choice("privacy", ("private", "public"))
    query.choice("sortBy", ("createdAt", "updatedAt", "score"))
    query.choice("sortDirection", ("asc", "desc"))
    query.choice("status", ("new", "training", "trained", "failed", "deleted"))
    return JsonResponse({"models": []})


async def recommend_models(request: Request) -> Response:
    query = own_project(request)
    query.whole("limit", low=1, high=30, default=10)
    return JsonResponse({"models": []})


async def get_bulk(request: Request) -> Response:
    own_project(request)
    await read_body(request, ModelIds)
    return JsonResponse({"models": []})


async def get_model(request: Request) -> Response:
    own_project(request)
    raise NotFound("There is no such model.", details=request.path_params["model_id"])


ROUTES = [
    Route("/models", list_models),
    Route("/models/get-bulk", get_bulk, methods=["POST"]),
    Route("/models/{model_id}", get_model),
    Route("/recommendations/models", recommend_models),
]
