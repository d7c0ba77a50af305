"""Collections, and the tags in use."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine.collections import UNCHANGED, tags_page
from scenario_desktop.engine.context import engine_of, own_project
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.requests import Body, Id, Text, make_token, read_body, read_token
from scenario_desktop.engine.times import to_iso
from scenario_desktop.errors import NotFound

#: Ids of one call that fills or empties a collection.
_MAX_IDS = 49

Name = Annotated[Text, Field(min_length=1, max_length=300, pattern=r"\S")]


class NewCollection(Body):
    name: Name


class CollectionChange(Body):
    name: Name | None = None
    thumbnail: Id | None = None


class CollectionAssets(Body):
    asset_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=_MAX_IDS)]


class CollectionModels(Body):
    model_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=_MAX_IDS)]


async def list_collections(request: Request) -> Response:
    engine, query = engine_of(request), own_project(request)
    size = query.page_size(default=10)
    place = read_token(query, ["collections"], (int, str))
    rows, last = await engine.collections.page(size, (place[0], place[1]) if place else None)
    page: dict[str, Any] = {"collections": [engine.collections.to_wire(row) for row in rows]}
    if last is not None:
        page["nextPaginationToken"] = make_token([*last], ["collections"])
    return JsonResponse(page)


async def create_collection(request: Request) -> Response:
    own_project(request)
    body = await read_body(request, NewCollection)
    return _collection(request, await engine_of(request).collections.create(body.name))


async def get_collection(request: Request) -> Response:
    own_project(request)
    row = await engine_of(request).collections.get(request.path_params["collection_id"])
    return _collection(request, row)


async def update_collection(request: Request) -> Response:
    own_project(request)
    body = await read_body(request, CollectionChange)
    is_cover_given = "thumbnail" in body.model_fields_set
    row = await engine_of(request).collections.update(
        request.path_params["collection_id"],
        name=body.name,
        thumbnail=body.thumbnail if is_cover_given else UNCHANGED,
    )
    return _collection(request, row)


async def delete_collection(request: Request) -> Response:
    own_project(request)
    await engine_of(request).collections.delete(request.path_params["collection_id"])
    return JsonResponse({})


async def add_assets(request: Request) -> Response:
    own_project(request)
    body = await read_body(request, CollectionAssets)
    row = await engine_of(request).collections.add(
        request.path_params["collection_id"], body.asset_ids
    )
    return _collection(request, row)


async def remove_assets(request: Request) -> Response:
    own_project(request)
    body = await read_body(request, CollectionAssets)
    row = await engine_of(request).collections.remove(
        request.path_params["collection_id"], body.asset_ids
    )
    return _collection(request, row)


async def change_models(request: Request) -> Response:
    """Answer that the models named do not exist: this engine has none."""
    own_project(request)
    body = await read_body(request, CollectionModels)
    await engine_of(request).collections.get(request.path_params["collection_id"])
    raise NotFound("There is no such model.", details=body.model_ids[0])


async def list_tags(request: Request) -> Response:
    engine, query = engine_of(request), own_project(request)
    size = query.page_size()
    place = read_token(query, ["tags"], (str,))
    rows = await engine.database.run(
        lambda connection: tags_page(connection, size, place[0] if place else None)
    )
    page: dict[str, Any] = {
        "tags": [
            {
                "tagName": row["name"],
                "itemCount": row["item_count"],
                "ownerId": engine.keys.project_id,
                "createdAt": to_iso(row["created_at"]),
                "updatedAt": to_iso(row["updated_at"]),
            }
            for row in rows[:size]
        ]
    }
    if len(rows) > size:
        page["nextPaginationToken"] = make_token([rows[size - 1]["name"]], ["tags"])
    return JsonResponse(page)


def _collection(request: Request, row: sqlite3.Row) -> Response:
    return JsonResponse({"collection": engine_of(request).collections.to_wire(row)})


ROUTES = [
    Route("/collections", list_collections),
    Route("/collections", create_collection, methods=["POST"]),
    Route("/collections/{collection_id}", get_collection),
    Route("/collections/{collection_id}", update_collection, methods=["PUT"]),
    Route("/collections/{collection_id}", delete_collection, methods=["DELETE"]),
    Route("/collections/{collection_id}/assets", add_assets, methods=["PUT"]),
    Route("/collections/{collection_id}/assets", remove_assets, methods=["DELETE"]),
    Route("/collections/{collection_id}/models", change_models, methods=["PUT", "DELETE"]),
    Route("/tags", list_tags),
]
