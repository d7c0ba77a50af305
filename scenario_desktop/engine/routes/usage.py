"""Usage: what was done in a range of time, and what it cost."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.api.models.usage import BLOCKS, LONGEST_DAYS, TIME_RANGES
from scenario_desktop.engine.context import Engine, engine_of, own_project
from scenario_desktop.engine.failures import Invalid, TooLarge
from scenario_desktop.engine.requests import Query
from scenario_desktop.engine.times import floor_ms, to_iso
from scenario_desktop.engine.usage import DAY_MS, MICRO, knows_projects
from scenario_desktop.engine.usage_answer import (
    Answerer,
    Question,
    number,
    series_json,
    shown_action,
    to_json,
)
from scenario_desktop.errors import Forbidden

#: The service's gateway passes no larger answer on.
MAX_ANSWER_BYTES: Final = 6 * 1024 * 1024
_FALSE: Final = ("false", "0", "no", "off")
_MAX_OFFSET_DIGITS: Final = 9
_MAX_IDS: Final = 500
#: The end of the year 9986: no date of a point is beyond what ISO dates can say.
_LAST_MS: Final = 253_000_000_000_000
#: word that asks for a block -> what is summed for it, and the field that names its series
_COUNTED: Final = {
    "asset-usages": ("kind", "kind"), "nsfw-usages": ("nsfw", "label"),
    "quality-gate-usages": ("verdict", "verdict"),
}  # fmt: skip


async def get_usages(request: Request) -> Response:
    engine = engine_of(request)
    question = _question(engine, own_project(request))
    body = await engine.database.run(lambda connection: _answer(engine, connection, question))
    if len(body) > MAX_ANSWER_BYTES:
        raise TooLarge(
            "The answer would be larger than 6 MB.",
            hint="Leave points of zeros out with dropZeroPoints, or ask for a shorter range.",
        )
    return Response(body, media_type="application/json")


def _question(engine: Engine, query: Query) -> Question:
    start, end = _range(engine, query)
    wanted = frozenset(query.words("type")) & BLOCKS.keys()
    projects = [
        "" if project == engine.keys.project_id else project
        for project in dict.fromkeys(query.words("projectIds"))
    ]
    users = tuple(dict.fromkeys([*query.words("userId"), *query.words("userIds")]))
    for name, ids in (("userIds", users), ("projectIds", projects)):
        if len(ids) > _MAX_IDS:
            raise Invalid("There are too many ids.", {name: f"at most {_MAX_IDS}"})
    offset = query.text("activityOffset") or ""
    is_offset = offset.isascii() and offset.isdecimal() and len(offset) <= _MAX_OFFSET_DIGITS
    return Question(
        start, end, wanted or frozenset(BLOCKS),
        drops_zero_points="dropZeroPoints" in query.names()
        and (query.text("dropZeroPoints") or "").lower() not in _FALSE,
        activity_offset=int(offset) if is_offset else 0,
        user_ids=users, project_ids=tuple(projects),
    )  # fmt: skip


def _range(engine: Engine, query: Query) -> tuple[int, int]:
    start, end = query.moment("startDate"), query.moment("endDate")
    named = query.choice("timeRange", TIME_RANGES) if start is None and end is None else None
    if start is None and end is None:
        end_ms = engine.config.clock() + 1  # what happens this very moment is in it
        return end_ms - TIME_RANGES[named or "last-day"], end_ms
    if start is None or end is None:
        missing = "startDate" if start is None else "endDate"
        raise Invalid("A range needs its start and its end.", {missing: "is missing"})
    if start >= end:
        raise Invalid("The range ends before it starts.", {"endDate": "must be after startDate"})
    if floor_ms(end) - floor_ms(start) > LONGEST_DAYS * DAY_MS:
        raise Invalid(
            f"The range is longer than {LONGEST_DAYS} days.", {"startDate": "is too early"}
        )
    start_ms, end_ms = floor_ms(start), floor_ms(end)
    if start_ms < 0 or end_ms > _LAST_MS:
        raise Invalid("The range is beyond all records.", {"startDate": "must be after 1970"})
    return start_ms, max(end_ms, start_ms + 1)


def _answer(engine: Engine, connection: sqlite3.Connection, question: Question) -> bytes:
    if not knows_projects(connection, question.project_ids):
        raise Forbidden(
            "These keys may not see the usage of that project.",
            hint="Use the keys of its administrator.",
        )
    answerer = Answerer(connection, question)
    parts: dict[str, str] = {}
    users: set[str] = set()
    models: set[str] = set()
    calls: list[sqlite3.Row] = []
    if "usages" in question.types:
        more = f'"granularity":"{question.granularity}",'
        parts["usages"] = series_json("usageName", answerer.usages(), more)
    if "activity" in question.types:
        calls = answerer.calls()
        parts["activity"] = to_json([_activity(engine, row) for row in calls])
    if "consumption" in question.types:
        totals = answerer.totals("user")
        users |= totals.keys()
        parts["consumption"] = (
            "["
            + ",".join(
                f'{{"userId":{to_json(user)},"value":{number(sums[4])},"discount":{number(sums[6])},'
                f'"total":{number(sums[4] + sums[6])}}}'
                for user, sums in sorted(totals.items())
            )
            + "]"
        )
    if "model-usages" in question.types:
        series = answerer.models()
        models |= {name for name, _ in series}
        parts["modelUsages"] = series_json("modelId", series)
    for word, (block, name) in _COUNTED.items():
        if word in question.types:
            parts[BLOCKS[word]] = series_json(name, answerer.counts(block))
    parts["entities"] = to_json(_entities(engine, connection, calls, users, models))
    return ("{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}").encode()


def _activity(engine: Engine, row: sqlite3.Row) -> dict[str, Any]:
    data = {
        "assetId": row["asset_id"], "collectionId": row["collection_id"],
        "isApiKey": bool(row["is_api_key"]), "jobId": row["job_id"], "modelId": row["model_id"],
    }  # fmt: skip
    answer: dict[str, Any] = {
        "action": shown_action(row["action"]),
        "data": {name: value for name, value in data.items() if value is not None},
        "projectId": row["project_id"] or engine.keys.project_id,
        "time": to_iso(row["at"]),
        "userId": row["user_id"],
    }
    if row["micro"]:
        answer["creativeUnitsCost"] = row["net"] / MICRO
    return answer


def _entities(
    engine: Engine,
    connection: sqlite3.Connection,
    calls: list[sqlite3.Row],
    users: set[str],
    models: set[str],
) -> dict[str, Any]:
    """Return what the ids of an answer stand for, as far as this engine knows it."""
    users = users | {row["user_id"] for row in calls}
    models = models | {row["model_id"] for row in calls if row["model_id"]}

    def found(table: str, column: str) -> list[sqlite3.Row]:
        ids = sorted({row[column] for row in calls if row[column]})
        return connection.execute(
            f"SELECT * FROM {table} WHERE id IN ({', '.join('?' * len(ids))})",  # noqa: S608 - all words are ours
            ids,
        ).fetchall()

    keys = engine.keys
    own = {keys.user_id: keys.api_key, keys.second_user_id: keys.second_api_key}
    return {
        "assets": [_asset(row) for row in found("assets", "asset_id") if not row["deleted_at"]],
        "collections": [
            {"id": row["id"], "name": row["name"]} for row in found("collections", "collection_id")
        ],
        "jobs": [
            {"id": job["jobId"], "jobType": job["jobType"], "status": job["status"],
             "metadata": job["metadata"]}
            for row in found("jobs", "job_id")
            if (job := engine.jobs.to_wire(row))
        ],
        "models": [{"id": model, "name": model} for model in sorted(models)],
        "users": [
            {"id": user, "isApiKey": True, "apiKeyId": own[user], "apiKeyStatus": "active"}
            if own.get(user) else {"id": user, "isApiKey": False}
            for user in sorted(users)
        ],
    }  # fmt: skip


def _asset(row: sqlite3.Row) -> dict[str, Any]:
    properties = {"size": row["size_bytes"], "width": row["width"], "height": row["height"]}
    return {
        "id": row["id"], "kind": row["kind"], "source": row["source"],
        "metadata": {"type": row["type"]},
        "properties": {name: value for name, value in properties.items() if value is not None},
    }  # fmt: skip


ROUTES = [Route("/usages", get_usages, methods=["GET"])]
