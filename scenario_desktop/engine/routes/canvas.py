"""The lock and the history of a canvas. Its creation and update share their routes with assets."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine.context import engine_of, own_project, user_of
from scenario_desktop.engine.failures import Invalid, JsonResponse
from scenario_desktop.engine.requests import Body, Id, Text, make_token, read_body, read_token
from scenario_desktop.engine.times import floor_ms, from_iso

#: A moment as text; read by ``moment_ms``.
Moment = Annotated[Text, Field(min_length=1, max_length=64)]


class LockBody(Body):
    lock_expires_at: Moment


class UnlockBody(Body):
    lock_id: Id | None = None
    force_unlock: bool = False


def moment_ms(text: str, field: str) -> int:
    """Return an ISO date as milliseconds since 1970.

    Raises:
        Invalid: it is none.
    """
    try:
        return floor_ms(from_iso(text))
    except (ValueError, OverflowError) as error:
        raise Invalid("The body is not as documented.", {field: "must be an ISO date"}) from error


async def lock_canvas(request: Request) -> Response:
    engine = engine_of(request)
    own_project(request).flag("originalAssets")
    body = await read_body(request, LockBody)
    row, lock_id = await engine.canvases.lock(
        request.path_params["asset_id"],
        moment_ms(body.lock_expires_at, "lockExpiresAt"),
        user_of(request),
    )
    return JsonResponse({"asset": engine.assets.to_wire(row), "lockId": lock_id})


async def unlock_canvas(request: Request) -> Response:
    engine = engine_of(request)
    own_project(request).flag("originalAssets")
    body = await read_body(request, UnlockBody)
    if body.lock_id is None and not body.force_unlock:
        raise Invalid(
            "Either the id of the lock is needed, or force.", {"lockId": "or forceUnlock: true"}
        )
    row = await engine.canvases.unlock(
        request.path_params["asset_id"], body.lock_id, user_of(request),
        is_forced=body.force_unlock,
    )  # fmt: skip
    return JsonResponse({"asset": engine.assets.to_wire(row)})


async def list_snapshots(request: Request) -> Response:
    engine, asset_id = engine_of(request), request.path_params["asset_id"]
    query = own_project(request)
    size = query.whole("pageSize", low=10, high=100, default=10)
    purpose = ["snapshots", asset_id]
    place = read_token(query, purpose, (int,))
    snapshots, has_more = await engine.canvases.snapshots(
        asset_id, size=size, before=None if place is None else place[0]
    )
    page: dict[str, Any] = {
        "snapshots": [
            {
                "authorId": snapshot.author_id, "hash": snapshot.hash,
                "rawData": snapshot.text, "takenAt": snapshot.taken_at,
            }
            for snapshot in snapshots
        ]
    }  # fmt: skip
    if has_more:
        page["nextPaginationToken"] = make_token([snapshots[-1].place], purpose)
    return JsonResponse(page)


ROUTES = [
    Route("/assets/{asset_id}/lock", lock_canvas, methods=["PUT"]),
    Route("/assets/{asset_id}/unlock", unlock_canvas, methods=["PUT"]),
    Route("/assets/{asset_id}/snapshots", list_snapshots),
]
