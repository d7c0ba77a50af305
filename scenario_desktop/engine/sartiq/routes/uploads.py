"""Uploads of pictures: asked for under /api/v1, sent to and read from signed addresses."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine.context import user_of
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.routes.files import check_signature, serve_file
from scenario_desktop.engine.sartiq.context import sartiq_of
from scenario_desktop.engine.sartiq.failures import answer_app_error
from scenario_desktop.engine.sartiq.reading import read_body
from scenario_desktop.errors import AppError


class UploadBody(BaseModel):
    """What is going to be sent. The picture itself says what it really is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    filename: Annotated[str, Field(min_length=1, max_length=1000)]
    content_type: Annotated[str, Field(min_length=1, max_length=200)]


async def announce(request: Request) -> Response:
    body = await read_body(request, UploadBody)
    uploads = sartiq_of(request).uploads
    return JsonResponse(await uploads.announce(body.filename, user_of(request)))


async def put_picture(request: Request) -> Response:
    """Take a picture. Its address carries the proof; no token is wanted here."""
    try:
        check_signature(request)
        await sartiq_of(request).uploads.put(request.path_params["id"], request.stream())
    except AppError as error:
        return await answer_app_error(request, error)
    return Response(status_code=200)


async def get_picture(request: Request) -> Response:
    try:
        check_signature(request)
        path, file_id, mime_type = await sartiq_of(request).uploads.get(request.path_params["id"])
        return await serve_file(request, path, etag=file_id, media_type=mime_type, cache="private")
    except AppError as error:
        return await answer_app_error(request, error)


ROUTES = [Route("/uploads/presigned-url", announce, methods=["POST"])]
#: Reached without a token, by signed addresses.
FILE_ROUTES = [
    Route("/sartiq-uploads/{id}", put_picture, methods=["PUT"]),
    Route("/sartiq-uploads/{id}", get_picture, methods=["GET"]),
]
