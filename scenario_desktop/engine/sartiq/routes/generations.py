"""Generations: listed, read, followed, changed and removed."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.api.models.sartiq.requests import GenerationUpdate
from scenario_desktop.engine.context import user_of
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.sartiq.context import Sartiq, sartiq_of
from scenario_desktop.engine.sartiq.filters import GenerationFilter
from scenario_desktop.engine.sartiq.reading import (
    organization_of,
    path_id,
    read_body,
    read_ids,
    read_query,
)
from scenario_desktop.engine.sartiq.wire import Records
from scenario_desktop.errors import BadInput

#: How many generations one request may ask for by their ids.
MAX_IDS = 1000


async def list_generations(request: Request) -> Response:
    sartiq = sartiq_of(request)
    wanted = read_query(request, GenerationFilter)
    records, count = await sartiq.generations.page(wanted, user_of(request))

    def render() -> Response:
        return JsonResponse({"data": sartiq.wire.generations(records), "count": count})

    return await asyncio.to_thread(render)


async def get_generation(request: Request) -> Response:
    sartiq = sartiq_of(request)
    organization_of(request)
    records = await sartiq.generations.get(path_id(request), user_of(request))
    return JsonResponse(one(sartiq, records))


async def get_generations(request: Request) -> Response:
    sartiq, ids = sartiq_of(request), await read_ids(request)
    if len(ids) > MAX_IDS:
        raise BadInput(f"At most {MAX_IDS} generations can be asked for at once.")
    records = await sartiq.generations.get_owned(ids, user_of(request))
    return await asyncio.to_thread(lambda: JsonResponse(sartiq.wire.generations(records)))


async def update_generation(request: Request) -> Response:
    sartiq, generation_id = sartiq_of(request), path_id(request)
    body = await read_body(request, GenerationUpdate)
    records = await sartiq.generations.set_revised(generation_id, user_of(request), body.revised)
    return JsonResponse(one(sartiq, records))


async def delete_generation(request: Request) -> Response:
    await sartiq_of(request).generations.delete(path_id(request), user_of(request))
    return JsonResponse({"message": "Generation deleted."})


async def get_stats(request: Request) -> Response:
    organization_of(request)
    stats = await sartiq_of(request).generations.stats(path_id(request), user_of(request))
    return JsonResponse(stats)


async def cancel_generation(request: Request) -> Response:
    sartiq = sartiq_of(request)
    records = await sartiq.generations.cancel(path_id(request), user_of(request))
    return JsonResponse(one(sartiq, records))


async def get_agentic_status(request: Request) -> Response:
    shot_id = request.path_params["shot_id"]
    return JsonResponse(await sartiq_of(request).generations.agentic_status(shot_id))


def one(sartiq: Sartiq, records: Records) -> dict[str, Any]:
    return sartiq.wire.generations(records)[0]


ROUTES = [
    Route("/generations/", list_generations, methods=["GET"]),
    Route("/generations/by-ids", get_generations, methods=["POST"]),
    Route("/generations/agentic/{shot_id}/status", get_agentic_status, methods=["GET"]),
    Route("/generations/{id}", get_generation, methods=["GET"]),
    Route("/generations/{id}", update_generation, methods=["PATCH"]),
    Route("/generations/{id}", delete_generation, methods=["DELETE"]),
    Route("/generations/{id}/stats", get_stats, methods=["GET"]),
    Route("/generations/{id}/cancel", cancel_generation, methods=["POST"]),
]
