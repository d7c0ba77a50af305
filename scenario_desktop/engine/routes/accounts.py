"""The one team and the one project of this engine, and their limits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop import __version__
from scenario_desktop.engine.canvas import SNAPSHOT_DAYS
from scenario_desktop.engine.context import Engine, engine_of, own_project
from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.handshake import engine_proof
from scenario_desktop.engine.requests import read_token
from scenario_desktop.engine.times import floor_ms, from_iso
from scenario_desktop.errors import NotFound

_NAME = "On this computer"
_EMAIL = "user@localhost"
_SECOND_EMAIL = "second-user@localhost"
_PLAN = "enterprise"
#: Where nothing but the disk is a limit: large, and exact in every JSON reader.
_UNLIMITED = 1_000_000_000


async def shake_hands(request: Request) -> Response:
    """Prove to a client that it reached its own engine; see ``engine.handshake``."""
    engine, nonce = engine_of(request), request.query_params["nonce"]
    proof = engine_proof(engine.keys.api_secret, engine.config.port, nonce)
    return JsonResponse({"proof": proof, "version": __version__})


async def list_projects(request: Request) -> Response:
    query = own_project(request)
    query.page_size(default=10)
    after = read_token(query, ["projects"], (str,))
    return JsonResponse({"projects": [] if after else [_project(engine_of(request))]})


async def get_project(request: Request) -> Response:
    engine = engine_of(request)
    if request.path_params["project_id"] != engine.keys.project_id:
        raise NotFound("There is no such project.")
    description = {"description": "Pictures that lie on this computer.", "settings": {}}
    return JsonResponse({"project": _project(engine) | description})


async def list_teams(request: Request) -> Response:
    engine = engine_of(request)
    team = _team(engine) | {
        "context": {
            "invitationsCount": 0, "keysCount": len(_keys(engine)), "userRole": "admin",
            "usersCount": len(_users(engine)),
        }
    }  # fmt: skip
    return JsonResponse({"teams": [team]})


async def get_team(request: Request) -> Response:
    engine = _require_team(request)
    index = {"private": "assets", "public": "assets"}
    team = _team(engine) | {
        "invitations": [],
        "keys": _keys(engine),
        "paymentStatus": "succeeded",
        "searchHost": f"{engine.config.origin}/v1/search",
        "searchIndexes": {"assets": index, "models": index, "workflows": index},
        "users": _users(engine),
    }  # fmt: skip
    return JsonResponse({"team": team})


async def get_limits(request: Request) -> Response:
    """Answer what this machine can do at a time; everything else is bounded by its disk only."""
    engine = _require_team(request)
    counts = await engine.database.run(
        lambda connection: connection.execute(
            "SELECT (SELECT count(*) FROM collections) AS collections,"
            " (SELECT count(*) FROM assets WHERE type = 'canvas' AND deleted_at IS NULL)"
            " AS canvases,"
            " (SELECT total(units) FROM usage WHERE at >= ?) AS units",
            (_month_start_ms(),),
        ).fetchone()
    )
    processes = engine.pool.processes
    limits: dict[str, float] = dict.fromkeys(
        (
            "apiKeys", "canvasAssetLayers", "canvasAssets", "collections", "creativeUnits",
            "defaultSeats", "downloadAssets", "downloadModel", "models", "OTPSessions", "projects",
            "seats", "upload",
        ),
        _UNLIMITED,
    )  # fmt: skip
    users = len(_users(engine))
    limits |= {"apiKeys": users, "defaultSeats": 1, "seats": users, "projects": 1, "models": 0}
    limits |= {"downloadAssets": 1000, "downloadModel": 0, "maxTrainingDatasets": 0}
    limits |= {
        "inferenceBatchSize": 1, "minCooldown": 0, "maxCooldown": 0, "parallelTraining": 0,
        "parallelCustomJobs": 0, "parallelInferences": processes, "parallelWorkflowRuns": 0,
        "premiumGenerationSamples": 0, "scalingFactor": 1, "snapshotsRetention": SNAPSHOT_DAYS,
    }  # fmt: skip
    start, end = _month()
    return JsonResponse(
        {
            "plan": _PLAN,
            "limits": limits,
            "values": {
                "apiKeys": users, "canvasAssets": counts["canvases"],
                "collections": counts["collections"], "creativeUnits": counts["units"],
                "projects": 1, "seats": users,
            },
            "oneShotCreativeUnits": [],
            "period": {"start": start, "end": end},
        }
    )  # fmt: skip


def _require_team(request: Request) -> Engine:
    engine = engine_of(request)
    if request.path_params["team_id"] != engine.keys.team_id:
        raise NotFound("There is no such team.")
    return engine


def _project(engine: Engine) -> dict[str, Any]:
    keys = engine.keys
    return {
        "id": keys.project_id,
        "name": _NAME,
        "teamId": keys.team_id,
        "privacyMode": False,
        "createdAt": keys.created_at,
        "updatedAt": keys.created_at,
        "keys": [key | {"role": "admin"} for key in _keys(engine)],
        "users": _users(engine),
    }


def _team(engine: Engine) -> dict[str, Any]:
    keys = engine.keys
    stamps = {"createdAt": keys.created_at, "updatedAt": keys.created_at}
    return {
        "id": keys.team_id,
        "name": _NAME,
        "plan": _PLAN,
        "type": "personal",
        "projects": [{"id": keys.project_id, "name": _NAME, **stamps}],
        **stamps,
    }


def _keys(engine: Engine) -> list[dict[str, Any]]:
    keys = engine.keys
    pairs = [(keys.user_id, keys.api_key, _NAME)]
    if keys.has_second_user:
        pairs.append((keys.second_user_id, keys.second_api_key, f"{_NAME}, second user"))
    return [
        {
            "id": user_id, "apiKeyId": key, "apiKeyStatus": "active", "name": name,
            "scope": "team", "createdAt": keys.created_at, "updatedAt": keys.created_at,
        }
        for user_id, key, name in pairs
    ]  # fmt: skip


def _users(engine: Engine) -> list[dict[str, Any]]:
    keys = engine.keys
    users = [(keys.user_id, _EMAIL)]
    if keys.has_second_user:
        users.append((keys.second_user_id, _SECOND_EMAIL))
    return [
        {
            "id": user_id, "email": email, "role": "admin",
            "createdAt": keys.created_at, "updatedAt": keys.created_at,
        }
        for user_id, email in users
    ]  # fmt: skip


def _month() -> tuple[str, str]:
    start = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return (
        f"{start:%Y-%m-%dT%H:%M:%S}.000Z",
        f"{end:%Y-%m-%dT%H:%M:%S}.000Z",
    )


def _month_start_ms() -> int:
    return floor_ms(from_iso(_month()[0]))


ROUTES = [
    Route("/handshake", shake_hands),
    Route("/projects", list_projects),
    Route("/projects/{project_id}", get_project),
    Route("/teams", list_teams),
    Route("/teams/{team_id}", get_team),
    Route("/teams/{team_id}/limits", get_limits),
]
