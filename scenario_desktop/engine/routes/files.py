"""The files themselves: signed contents and exports, public thumbnails. No keys wanted here."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from scenario_desktop.engine.context import engine_of
from scenario_desktop.engine.vocabulary import MIME_TYPES
from scenario_desktop.errors import NotFound

#: Nothing that is served here may run as a page of ours, whatever a browser takes it for.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_BYTES = "application/octet-stream"
_FOREVER = "max-age=31536000, immutable"


async def get_file(request: Request) -> Response:
    engine = engine_of(request)
    check_signature(request)
    file_id, _, extension = request.path_params["name"].partition(".")
    path, media_type = engine.contents.path(file_id), MIME_TYPES.get(extension, _BYTES)
    return await serve_file(
        request, path, etag=file_id, media_type=media_type, cache=f"private, {_FOREVER}"
    )


async def get_export(request: Request) -> Response:
    engine = engine_of(request)
    check_signature(request)
    export_id, name = request.path_params["id"], request.path_params["name"]
    extension = name.rpartition(".")[2]
    return await serve_file(
        request, engine.config.exports / export_id, etag=export_id,
        media_type=MIME_TYPES.get(extension, "application/zip"), cache="private", file_name=name,
    )  # fmt: skip


async def get_thumbnail(request: Request) -> Response:
    engine = engine_of(request)
    asset_id, _, thumbnail_id = request.path_params["name"].rpartition("-")
    if not await engine.assets.has_thumbnail(asset_id, thumbnail_id):
        raise NotFound("There is no such thumbnail.")
    path = engine.thumbnails.path(thumbnail_id)
    return await serve_file(
        request, path, etag=thumbnail_id, media_type=None, cache=f"public, {_FOREVER}"
    )


def check_signature(request: Request) -> None:
    """Let only an address pass that was signed here.

    Raises:
        Forbidden: the signature is wrong, or its time is over.
    """
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    engine_of(request).links.check(
        request.method, path.partition(b"?")[0].decode("latin-1"), request.query_params
    )


async def serve_file(
    request: Request, path: Path, *, etag: str, media_type: str | None, cache: str,
    file_name: str | None = None,
) -> Response:  # fmt: skip
    """Answer a file with ranges; its id is its ETag, since contents never change."""
    try:
        status, head = await run_in_threadpool(_look_at, path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise NotFound("This file is no longer here.") from error
    headers = _HEADERS | {"ETag": f'"{etag}"', "Cache-Control": cache}
    if request.headers.get("if-none-match") == f'"{etag}"':
        return Response(status_code=304, headers=headers)
    if media_type is None:
        media_type = "image/webp" if head == b"RIFF" else "image/jpeg"
    return FileResponse(
        path, media_type=media_type, headers=headers, stat_result=status, filename=file_name
    )


def _look_at(path: Path) -> tuple[os.stat_result, bytes]:
    with path.open("rb") as file:
        return os.fstat(file.fileno()), file.read(4)


ROUTES = [
    Route("/files/{name}", get_file),
    Route("/exports/{id}/{name}", get_export),
    Route("/thumbnails/{name}", get_thumbnail),
]
