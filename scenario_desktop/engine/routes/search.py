"""Search: assets for real; models and workflows, of which there are none here."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine import search
from scenario_desktop.engine.context import engine_of, own_project
from scenario_desktop.engine.failures import Invalid, JsonResponse
from scenario_desktop.engine.requests import Body, Count, Id, Text, read_body
from scenario_desktop.engine.search import Found

_DEFAULT_LIMIT = 20

Ratio = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Size = Annotated[Count, Field(ge=1, le=100)]


class Likeness(Body):
    like: tuple[Text, ...] = ()
    unlike: tuple[Text, ...] = ()


class SearchBody(Body):
    query: Annotated[Text, Field(max_length=2000)] = ""
    filter: Text = ""
    image: Text | None = None
    images: Likeness | None = None
    image_semantic_ratio: Ratio = 1
    query_semantic_ratio: Ratio = 0
    limit: Size | None = None
    offset: Count | None = None
    page: Annotated[Count, Field(ge=1)] | None = None
    hits_per_page: Size | None = None
    public: bool = False
    sort_by: Annotated[tuple[Id, ...], Field(max_length=10)] = ()


async def search_assets(request: Request) -> Response:
    engine = engine_of(request)
    body = await _read(request)
    if body.image is not None or body.images is not None:
        raise Invalid(
            "Searching by a picture needs a model that this engine does not have.",
            {"image": "not supported here"},
        )
    offset, limit = _window(body)
    found = Found([], 0)
    if not body.public:  # nothing here is public
        found = await engine.database.run(
            lambda connection: search.search(
                connection,
                query=body.query,
                filter_text=body.filter,
                sort_by=() if body.query_semantic_ratio > 0 else body.sort_by,
                offset=offset,
                limit=limit,
            )
        )
    hits = [
        search.to_hit(
            engine.assets.to_wire(row),
            aspect_ratio=row["aspect_ratio"],
            team_id=engine.keys.team_id,
        )
        for row in found.rows
    ]
    return JsonResponse({"hits": hits} | _paging(body, offset, limit, found.total))


async def search_nothing(request: Request) -> Response:
    body = await _read(request)
    offset, limit = _window(body)
    return JsonResponse({"hits": []} | _paging(body, offset, limit, 0))


async def _read(request: Request) -> SearchBody:
    own_project(request)
    body = await read_body(request, SearchBody)
    if body.image is not None and body.images is not None:
        raise Invalid("image and images exclude each other.", {"images": "leave one of them out"})
    if not (body.query.strip() or body.filter.strip() or body.image or body.images):
        raise Invalid(
            "A search needs query, filter, image or images.", {"query": "nothing to search for"}
        )
    return body


def _window(body: SearchBody) -> tuple[int, int]:
    """Return offset and limit of either way of paging.

    Raises:
        Invalid: both ways at once.
    """
    by_offset = body.offset is not None or body.limit is not None
    by_page = body.page is not None or body.hits_per_page is not None
    if by_offset and by_page:
        raise Invalid(
            "offset and limit do not go with page and hitsPerPage.", {"page": "leave it out"}
        )
    if by_page:
        limit = int(body.hits_per_page or _DEFAULT_LIMIT)
        return (int(body.page or 1) - 1) * limit, limit
    return int(body.offset or 0), int(body.limit or _DEFAULT_LIMIT)


def _paging(body: SearchBody, offset: int, limit: int, total: int) -> dict[str, Any]:
    if body.page is None and body.hits_per_page is None:
        return {"offset": offset, "limit": limit, "estimatedTotalHits": total}
    return {
        "page": offset // limit + 1,
        "hitsPerPage": limit,
        "totalHits": total,
        "totalPages": math.ceil(total / limit),
    }


ROUTES = [
    Route("/search/assets", search_assets, methods=["POST"]),
    Route("/search/models", search_nothing, methods=["POST"]),
    Route("/search/workflows", search_nothing, methods=["POST"]),
]
