"""Uploads in parts."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine.context import engine_of, own_project, user_of
from scenario_desktop.engine.failures import Invalid, JsonResponse
from scenario_desktop.engine.requests import Body, Count, Id, Text, read_body
from scenario_desktop.engine.routes.files import check_signature
from scenario_desktop.engine.uploads import KINDS, NewUpload
from scenario_desktop.errors import NotFound

_ALL_KINDS = ("3d", "asset", "audio", "avatar", "image", "model", "text", "video")
_MAX_PARTS = 10_000


class AssetOptions(Body):
    collection_ids: Annotated[tuple[Id, ...], Field(max_length=100)] | None = None
    hide: bool | None = None
    parent_id: Id | None = None


class UploadBody(Body):
    kind: Text | None = None
    file_name: Annotated[Text, Field(min_length=1, max_length=1000)] | None = None
    content_type: Annotated[Text, Field(max_length=200)] | None = None
    file_size: Annotated[Count, Field(ge=1)] | None = None
    parts: Annotated[Count, Field(ge=1, le=_MAX_PARTS)] | None = None
    asset_options: AssetOptions | None = None
    url: Text | None = None
    hugging_face_model_name: Text | None = None
    civitai_model_url: Text | None = None


class UploadAction(Body):
    action: Text


async def create_upload(request: Request) -> Response:
    engine, query = engine_of(request), own_project(request)
    body = await read_body(request, UploadBody)
    new = _announced(body, engine.config.max_file_bytes)
    if query.is_dry_run():
        return JsonResponse({"creativeUnitsCost": 0, "creativeUnitsDiscount": 0}, 269)
    return _upload(request, await engine.uploads.create(new, user_of(request)))


async def get_upload(request: Request) -> Response:
    own_project(request)
    return _upload(request, await engine_of(request).uploads.get(request.path_params["upload_id"]))


async def act_on_upload(request: Request) -> Response:
    own_project(request)
    body = await read_body(request, UploadAction)
    uploads, upload_id = engine_of(request).uploads, request.path_params["upload_id"]
    if body.action != "complete":
        raise Invalid("The only action is complete.", {"action": "must be complete"})
    return _upload(request, await uploads.complete(upload_id))


async def put_part(request: Request) -> Response:
    """Take one part. Its address carries the proof; no keys are wanted here."""
    check_signature(request)
    number = request.path_params["number"]
    if not (number.isascii() and number.isdecimal() and len(number) < 7):
        raise NotFound("This upload has no such part.")
    await engine_of(request).uploads.put_part(
        request.path_params["upload_id"], int(number), request.stream()
    )
    return Response(status_code=200, headers={"ETag": f'"{number}"'})


def _announced(body: UploadBody, max_bytes: int) -> NewUpload:
    if body.url or body.hugging_face_model_name or body.civitai_model_url:
        raise Invalid("This engine fetches nothing from elsewhere; send the file in parts.")
    if body.kind not in _ALL_KINDS:
        raise Invalid("The kind is not known.", {"kind": f"one of {', '.join(_ALL_KINDS)}"})
    if body.kind not in KINDS:
        raise Invalid("This engine stores pictures only.", {"kind": f"{body.kind} is not stored"})
    if None in (body.file_name, body.content_type, body.file_size, body.parts):
        wanted = ("fileName", "contentType", "fileSize", "parts")
        raise Invalid("An upload in parts needs all of these.", dict.fromkeys(wanted, "needed"))
    size = int(body.file_size or 0)
    if size > max_bytes:
        raise Invalid(f"The file is larger than {max_bytes} bytes.", {"fileSize": "too large"})
    if int(body.parts or 0) > size:
        raise Invalid("There are more parts than bytes.", {"parts": "too many"})
    options: dict[str, Any] = {}
    if body.asset_options is not None:
        options = body.asset_options.model_dump(mode="json", by_alias=True, exclude_none=True)
    return NewUpload(
        kind=body.kind or "", file_name=body.file_name or "", content_type=body.content_type or "",
        size_bytes=size, parts=int(body.parts or 0), options=options,
    )  # fmt: skip


def _upload(request: Request, row: sqlite3.Row) -> Response:
    return JsonResponse({"upload": engine_of(request).uploads.to_wire(row)})


ROUTES = [
    Route("/uploads", create_upload, methods=["POST"]),
    Route("/uploads/{upload_id}", get_upload),
    Route("/uploads/{upload_id}/action", act_on_upload, methods=["POST"]),
]
PART_ROUTES = [Route("/upload-parts/{upload_id}/{number}", put_part, methods=["PUT"])]
