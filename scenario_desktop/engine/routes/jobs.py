"""Jobs: list, read, cancel."""

from __future__ import annotations

from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine import job_listing
from scenario_desktop.engine.context import engine_of, own_project
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.requests import Body, read_body


class JobAction(Body):
    action: Literal["cancel"]


async def list_jobs(request: Request) -> Response:
    engine, query = engine_of(request), own_project(request)
    question = job_listing.read_question(query)
    rows, token = await engine.database.run(
        lambda connection: job_listing.page(connection, question)
    )
    answer: dict[str, Any] = {"jobs": [engine.jobs.to_wire(row) for row in rows]}
    if token is not None:
        answer["nextPaginationToken"] = token
    return JsonResponse(answer)


async def get_job(request: Request) -> Response:
    own_project(request)
    return JsonResponse({"job": await engine_of(request).jobs.get(request.path_params["job_id"])})


async def trigger_action(request: Request) -> Response:
    engine, job_id = engine_of(request), request.path_params["job_id"]
    own_project(request)
    await read_body(request, JobAction)
    return JsonResponse({"job": await engine.jobs.cancel(job_id)})


ROUTES = [
    Route("/jobs", list_jobs, methods=["GET"]),
    Route("/jobs/{job_id}", get_job, methods=["GET"]),
    Route("/jobs/{job_id}/action", trigger_action, methods=["POST"]),
]
