"""Free actions are recorded here, once they have succeeded; what bills records itself with its
charge, and what makes an asset with the asset."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine.context import engine_of, user_of
from scenario_desktop.engine.times import from_ms
from scenario_desktop.errors import StoreFailed

Endpoint = Callable[[Request], Awaitable[Response]]

#: Method and path -> the API's word for the action.
ACTIONS: Final = {
    ("DELETE", "/assets"): "delete-asset",
    ("PUT", "/assets/{asset_id}/tags"): "tag-asset",
    ("POST", "/assets/download"): "download-assets",
    ("POST", "/assets/{asset_id}/download"): "download-assets",
    ("POST", "/collections"): "collection",
    ("PUT", "/collections/{collection_id}"): "update-collection",
    ("DELETE", "/collections/{collection_id}"): "delete-collection",
    ("PUT", "/collections/{collection_id}/assets"): "collection-assets",
    ("DELETE", "/collections/{collection_id}/assets"): "delete-collection-assets",
}

_log = logging.getLogger(__name__)


def recorded(routes: Iterable[Route]) -> list[Route]:
    """Return the routes; those of free actions record them."""
    return [_recorded(route) for route in routes]


async def record_free(
    request: Request, action: str, *, asset_id: str | None = None, collection_id: str | None = None
) -> None:
    """Record an action without a price. It has been done: a record that fails is only logged."""
    engine = engine_of(request)
    try:
        await engine.usage.record(
            at=from_ms(engine.config.clock()), user=user_of(request), action=action,
            asset_id=asset_id, job_id=None, units=Decimal(0), collection_id=collection_id,
        )  # fmt: skip
    except StoreFailed as error:
        _log.warning("%s could not be recorded: %s", action, error)


def _recorded(route: Route) -> Route:
    words = {method: ACTIONS.get((method, route.path)) for method in route.methods or ()}
    if not any(words.values()):
        return route
    endpoint: Endpoint = route.endpoint

    async def run(request: Request) -> Response:
        response = await endpoint(request)
        action = words.get(request.method)
        if action is not None and response.status_code == 200:
            ids = request.path_params
            await record_free(
                request, action, asset_id=ids.get("asset_id"),
                collection_id=ids.get("collection_id") or _made(response),
            )  # fmt: skip
        return response

    return Route(route.path, run, methods=sorted(route.methods or ()))


def _made(response: Response) -> str | None:
    """Return the id of the collection that an answer is about."""
    collection = json.loads(bytes(response.body)).get("collection")
    return collection["id"] if collection else None
