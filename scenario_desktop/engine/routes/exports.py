"""Downloads: one picture in a wanted format, or many as a zip archive."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine.archive_names import check_template
from scenario_desktop.engine.context import engine_of, own_project
from scenario_desktop.engine.exports import MAX_ASSETS
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.requests import Body, Id, Text, read_body

Ids = Annotated[tuple[Id, ...], Field(max_length=MAX_ASSETS)]


class DownloadBody(Body):
    target_format: Text | None = None


class ArchiveOptions(Body):
    file_name_template: Annotated[Text, Field(min_length=1, max_length=1000)]
    archive_name: Annotated[Text, Field(max_length=300)] | None = None
    flat: bool = False
    prefer_original: bool = False


class ArchiveQuery(Body):
    asset_ids: Ids
    inference_ids: Ids
    model_ids: Ids


class ArchiveBody(Body):
    options: ArchiveOptions
    query: ArchiveQuery


async def download_asset(request: Request) -> Response:
    own_project(request)
    body = await read_body(request, DownloadBody)
    url, mime_type = await engine_of(request).exports.link(
        request.path_params["asset_id"], body.target_format
    )
    return JsonResponse({"url": url, "mimeType": mime_type})


async def request_archive(request: Request) -> Response:
    query = own_project(request)
    body = await read_body(request, ArchiveBody)
    check_template(body.options.file_name_template)
    if query.is_dry_run():
        return JsonResponse({"creativeUnitsCost": 0, "creativeUnitsDiscount": 0}, 269)
    job_id = await engine_of(request).exports.request_archive(
        asset_ids=body.query.asset_ids,
        inference_ids=body.query.inference_ids,
        model_ids=body.query.model_ids,
        template=body.options.file_name_template,
        name=body.options.archive_name,
        is_flat=body.options.flat,
    )
    return JsonResponse({"jobId": job_id})


async def get_archive(request: Request) -> Response:
    own_project(request)
    return JsonResponse(await engine_of(request).exports.archive(request.path_params["job_id"]))


ROUTES = [
    Route("/assets/download", request_archive, methods=["POST"]),
    Route("/assets/download/{job_id}", get_archive),
    Route("/assets/{asset_id}/download", download_asset, methods=["POST"]),
]
