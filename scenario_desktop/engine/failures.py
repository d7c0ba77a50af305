"""How failures cross HTTP: a status and ``{"reason": …, "details": …}``, made in one place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from scenario_desktop.engine.files import DiskFull
from scenario_desktop.engine.times import floor_ms, to_iso
from scenario_desktop.errors import (
    AppError,
    BadInput,
    Cancelled,
    Conflict,
    EngineFailed,
    Forbidden,
    NotFound,
    Refused,
    StoreFailed,
    TooMany,
    Unauthorised,
)


class TooLarge(BadInput):
    """A body beyond what is taken (413)."""


_STATUSES: dict[type[AppError], int] = {
    TooLarge: 413,
    BadInput: 400,
    Refused: 400,
    Unauthorised: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooMany: 429,
    DiskFull: 507,
    StoreFailed: 503,
    EngineFailed: 503,
    Cancelled: 503,
}


class Invalid(BadInput):
    """A request that does not say what the API documents.

    Attributes:
        problems: name of a field or parameter -> what is wrong with it.
    """

    def __init__(self, message: str, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.problems = dict(problems or {})


class JsonResponse(Response):
    """JSON in UTF-8. Text that UTF-8 cannot carry does not get past reading a request."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(
            content, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()


def answer(status: int, reason: str, details: Mapping[str, Any] | None = None) -> JsonResponse:
    body: dict[str, Any] = {"reason": reason}
    if details:
        body["details"] = dict(details)
    headers = {"WWW-Authenticate": 'Basic realm="engine"'} if status == 401 else None
    return JsonResponse(body, status, headers)


async def answer_app_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)  # noqa: S101 - registered for nothing else
    details: dict[str, Any] = {}
    if isinstance(error, Invalid):
        details |= {"problems": error.problems} if error.problems else {}
    if isinstance(error, Conflict) and error.until is not None:
        details["lockExpiresAt"] = to_iso(floor_ms(error.until))
    if error.hint:
        details["hint"] = error.hint
    if error.details:
        details["info"] = error.details
    return answer(status_of(error), error.message, details)


def status_of(error: AppError) -> int:
    """Return the HTTP status that tells a failure."""
    return next(_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)


async def answer_http_exception(_: Request, error: Exception) -> Response:
    """Answer what the router refuses: no such route, or not with this method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    reasons = {404: "There is nothing at this address.", 405: "Not with this method."}
    response = answer(error.status_code, reasons.get(error.status_code, error.detail))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def answer_mistake(_: Request, error: Exception) -> Response:
    """Answer a mistake of ours. The server logs it with its traceback; none of that is told."""
    return answer(
        500, "The engine made a mistake; it is in its log.", {"kind": type(error).__name__}
    )


HANDLERS = {
    AppError: answer_app_error,
    HTTPException: answer_http_exception,
    Exception: answer_mistake,
}
