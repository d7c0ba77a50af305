"""Assets: list, read, upload, update, delete, restore, copy, tags."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine import assets, canvas, listing
from scenario_desktop.engine.context import Engine, engine_of, own_project, user_of
from scenario_desktop.engine.failures import Invalid, JsonResponse, TooLarge
from scenario_desktop.engine.keys import new_id
from scenario_desktop.engine.requests import (
    MAX_BODY_BYTES,
    Body,
    Id,
    Text,
    decode_base64,
    parse_body,
    read_body,
    read_bytes,
)
from scenario_desktop.engine.routes.canvas import Moment, moment_ms
from scenario_desktop.engine.routes.recording import record_free
from scenario_desktop.errors import Forbidden

Name = Annotated[Text, Field(min_length=1, max_length=1000)]
Description = Annotated[Text, Field(max_length=20_000)]
#: The text of a canvas: whatever its client makes of it.
CanvasText = Annotated[str, Field(min_length=1)]
Tag = Annotated[Text, Field(min_length=1, max_length=200, pattern=r"\S")]


class AssetIds(Body):
    asset_ids: Annotated[tuple[Id, ...], Field(max_length=100)]


class BulkIds(Body):
    asset_ids: Annotated[tuple[Id, ...], Field(max_length=200)] = ()


class NewAsset(Body):
    name: Name
    image: str | None = None
    canvas: CanvasText | None = None
    thumbnail: str | None = None
    collection_ids: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    parent_id: Id | None = None
    hide: bool = False


class AssetChange(Body):
    name: Name | None = None
    description: Description | None = None
    canvas: CanvasText | None = None
    thumbnail: str | None = None
    lock_id: Id | None = None
    lock_expires_at: Moment | None = None
    disable_snapshot: bool = False


class CopyTarget(Body):
    target_project_id: Id | None = None


class TagChange(Body):
    add: Annotated[tuple[Tag, ...], Field(max_length=200)] = ()
    delete: Annotated[tuple[Tag, ...], Field(max_length=200)] = ()
    strict: bool = False


async def list_assets(request: Request) -> Response:
    engine, query = engine_of(request), own_project(request)
    question = listing.read_listing(query)
    rows, token = await engine.database.run(lambda connection: listing.page(connection, question))
    page: dict[str, Any] = {"assets": [engine.assets.to_wire(row) for row in rows]}
    if token is not None:
        page["nextPaginationToken"] = token
    return JsonResponse(page)


async def upload_asset(request: Request) -> Response:
    """Take a picture, or a canvas; with a picture, a canvas and its thumbnail are ignored."""
    engine = engine_of(request)
    own_project(request).flag("originalAssets")
    data = await read_bytes(request, MAX_BODY_BYTES)
    body = parse_body(data, NewAsset)
    if body.image is None:
        return await _create_canvas(request, body, len(data))
    asset = await engine.assets.create(
        file=decode_base64(body.image, "image"), name=body.name, type="uploaded",
        source="uploaded", parent_id=body.parent_id, collection_ids=body.collection_ids,
        author=user_of(request), hide=body.hide,
    )  # fmt: skip
    return JsonResponse({"asset": asset})


async def _create_canvas(request: Request, body: NewAsset, size_bytes: int) -> Response:
    engine = engine_of(request)
    if body.canvas is None:
        raise Invalid("This engine stores pictures and canvases.", {"image": "is missing"})
    if size_bytes > canvas.MAX_BODY_BYTES:
        raise TooLarge(f"A canvas and its thumbnail are at most {canvas.MAX_BODY_BYTES} bytes.")
    new = assets.NewAsset(
        name=body.name, type=canvas.TYPE, source=canvas.TYPE, author=user_of(request),
        id=new_id("asset"), parent_id=body.parent_id, collection_ids=body.collection_ids,
        is_hidden=body.hide,
    )  # fmt: skip
    row = await engine.canvases.create(new, body.canvas, _thumbnail(body.thumbnail))
    return JsonResponse({"asset": engine.assets.to_wire(row)})


def _thumbnail(text: str | None) -> bytes | None:
    return None if text is None else decode_base64(text, "thumbnail")


async def get_asset(request: Request) -> Response:
    engine = engine_of(request)
    query = own_project(request)
    for name in ("withEmbedding", "withQualityGateDetails", "originalAssets"):
        query.flag(name)
    return await _asset(engine, request.path_params["asset_id"])


async def update_asset(request: Request) -> Response:
    engine, asset_id = engine_of(request), request.path_params["asset_id"]
    own_project(request).flag("originalAssets")
    body = await read_body(request, AssetChange, canvas.MAX_BODY_BYTES)
    until = body.lock_expires_at
    if (await engine.assets.get(asset_id))["type"] == canvas.TYPE:
        change = canvas.CanvasChange(
            text=body.canvas, thumbnail=_thumbnail(body.thumbnail), name=body.name,
            description=body.description, lock_id=body.lock_id,
            lock_until_ms=None if until is None else moment_ms(until, "lockExpiresAt"),
            takes_snapshot=not body.disable_snapshot,
        )  # fmt: skip
        row = await engine.canvases.update(asset_id, change, user_of(request))
        return JsonResponse({"asset": engine.assets.to_wire(row)})
    if any((body.canvas, body.thumbnail, body.lock_id, until)):
        raise Invalid("This asset is not a canvas.", {"canvas": "only canvases have one"})
    await engine.assets.update(asset_id, name=body.name, description=body.description)
    await record_free(request, "update-asset", asset_id=asset_id)
    return await _asset(engine, asset_id)


async def delete_assets(request: Request) -> Response:
    engine = engine_of(request)
    own_project(request)
    body = await read_body(request, AssetIds)
    await engine.assets.delete(body.asset_ids)
    return JsonResponse({})


async def restore_assets(request: Request) -> Response:
    engine = engine_of(request)
    own_project(request)
    body = await read_body(request, AssetIds)
    restored, skipped = await engine.assets.restore(body.asset_ids)
    return JsonResponse(
        {
            "restoredAssetIds": restored,
            "skippedAssets": [{"assetId": key, "reason": reason} for key, reason in skipped],
        }
    )


async def get_bulk(request: Request) -> Response:
    engine = engine_of(request)
    own_project(request)
    body = await read_body(request, BulkIds)
    rows = await engine.assets.get_many(body.asset_ids)
    return JsonResponse({"assets": [engine.assets.to_wire(row) for row in rows]})


async def copy_asset(request: Request) -> Response:
    engine = engine_of(request)
    own_project(request)
    body = await read_body(request, CopyTarget)
    if body.target_project_id not in (None, engine.keys.project_id):
        raise Forbidden("These keys have no access to that project.")
    row = await engine.assets.copy(request.path_params["asset_id"], user_of(request))
    return JsonResponse({"asset": engine.assets.to_wire(row)})


async def change_tags(request: Request) -> Response:
    engine = engine_of(request)
    own_project(request)
    body = await read_body(request, TagChange)
    added, deleted = await engine.assets.change_tags(
        request.path_params["asset_id"], add=body.add, delete=body.delete, is_strict=body.strict
    )
    return JsonResponse({"added": added, "deleted": deleted})


async def _asset(engine: Engine, asset_id: str) -> Response:
    return JsonResponse({"asset": engine.assets.to_wire(await engine.assets.get(asset_id))})


ROUTES = [
    Route("/assets", list_assets),
    Route("/assets", upload_asset, methods=["POST"]),
    Route("/assets", delete_assets, methods=["DELETE"]),
    Route("/assets/restore", restore_assets, methods=["POST"]),
    Route("/assets/get-bulk", get_bulk, methods=["POST"]),
    Route("/assets/{asset_id}", get_asset),
    Route("/assets/{asset_id}", update_asset, methods=["PUT"]),
    Route("/assets/{asset_id}/copy", copy_asset, methods=["POST"]),
    Route("/assets/{asset_id}/tags", change_tags, methods=["PUT"]),
]
