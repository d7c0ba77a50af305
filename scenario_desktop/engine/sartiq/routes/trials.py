"""Experimental tasks and training, which this engine can only take down."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.api.models.sartiq.requests import ExperimentalTaskCreate
from scenario_desktop.engine.context import user_of
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.sartiq.context import sartiq_of
from scenario_desktop.engine.sartiq.reading import Paging, read_body, read_object, read_query

#: Callbacks come without a login: none may be large.
MAX_CALLBACK_BYTES = 64 * 1024


async def start_experiment(request: Request) -> Response:
    body = await read_body(request, ExperimentalTaskCreate)
    trials = sartiq_of(request).trials
    return JsonResponse(
        await trials.start_experiment(body.fal_app_id, body.payload, user_of(request))
    )


async def get_experiment(request: Request) -> Response:
    trials = sartiq_of(request).trials
    return JsonResponse(await trials.experiment(request.path_params["task_id"], user_of(request)))


async def list_trainings(request: Request) -> Response:
    paging = read_query(request, Paging)
    data, count = await sartiq_of(request).trials.trainings(
        user_of(request), skip=paging.skip, limit=paging.limit
    )
    return JsonResponse({"data": data, "count": count})


async def start_training(request: Request) -> Response:
    body = await read_object(request, is_optional=True)
    return JsonResponse(await sartiq_of(request).trials.start_training(body, user_of(request)))


async def get_training(request: Request) -> Response:
    """Also answers a cancellation: a training has ended before anybody can cancel it."""
    trials = sartiq_of(request).trials
    return JsonResponse(await trials.training(request.path_params["id"], user_of(request)))


async def get_training_status(request: Request) -> Response:
    trials = sartiq_of(request).trials
    return JsonResponse(await trials.training(request.path_params["task_id"], None))


async def take_callback(request: Request) -> Response:
    body = await read_object(request, MAX_CALLBACK_BYTES)
    await sartiq_of(request).trials.keep_callback(body)
    return JsonResponse({"message": "Stored."})


ROUTES = [
    Route("/generations/experimental-task", start_experiment, methods=["POST"]),
    Route("/generations/experimental-task/{task_id}", get_experiment, methods=["GET"]),
    Route("/training/", list_trainings, methods=["GET"]),
    Route("/training/", start_training, methods=["POST"]),
    Route("/training/webhook", take_callback, methods=["POST"]),
    Route("/training/{task_id}/status", get_training_status, methods=["GET"]),
    Route("/training/{id}", get_training, methods=["GET"]),
    Route("/training/{id}/cancel", get_training, methods=["POST"]),
]
