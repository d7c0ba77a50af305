"""How failures of this half cross HTTP: ``{"detail": …}``, as its document shows them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from scenario_desktop.engine.failures import JsonResponse, status_of
from scenario_desktop.errors import AppError, BadInput

_log = logging.getLogger(__name__)

_REASONS = {404: "There is nothing at this address.", 405: "Not with this method."}


class Unprocessable(BadInput):
    """A request that does not say what is documented (422).

    Attributes:
        problems: each with ``loc``, ``msg`` and ``type``.
    """

    def __init__(self, problems: Sequence[dict[str, Any]]) -> None:
        super().__init__("The request is not as documented.")
        self.problems = list(problems)

    @classmethod
    def at(cls, *place: str | int, message: str) -> Unprocessable:
        return cls([{"loc": list(place), "msg": message, "type": "value_error"}])


def answer(status: int, detail: Any) -> JsonResponse:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JsonResponse({"detail": detail}, status, headers)


async def answer_app_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)  # noqa: S101 - registered for nothing else
    if isinstance(error, Unprocessable):
        return answer(422, error.problems)
    return answer(status_of(error), sentence(error))


async def _answer_http_exception(_: Request, error: Exception) -> Response:
    """Answer what the router refuses: no such route, or not with this method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    response = answer(error.status_code, _REASONS.get(error.status_code, error.detail))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def _answer_mistake(request: Request, error: Exception) -> Response:
    """Answer a mistake of ours: it goes to the log, and none of it to the caller."""
    _log.error("%s failed by a mistake of ours", request.scope["path"], exc_info=error)
    return answer(500, "The engine made a mistake; it is in its log.")


def sentence(error: AppError) -> str:
    """Return an error as one text: what happened and what to do."""
    return " ".join(filter(None, (error.message, error.hint)))


HANDLERS = {
    AppError: answer_app_error,
    HTTPException: _answer_http_exception,
    Exception: _answer_mistake,
}
