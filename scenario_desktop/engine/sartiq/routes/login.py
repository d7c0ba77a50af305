"""POST /login/access-token: the password login of OAuth 2."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.engine.failures import JsonResponse
from scenario_desktop.engine.requests import read_bytes
from scenario_desktop.engine.sartiq.context import sartiq_of
from scenario_desktop.engine.sartiq.failures import Unprocessable

_MAX_BYTES = 64 * 1024


async def log_in(request: Request) -> Response:
    form = await _form(request)
    missing = [name for name in ("username", "password") if not form.get(name)]
    if missing:
        raise Unprocessable(
            [
                {"loc": ["body", name], "msg": "Field required", "type": "missing"}
                for name in missing
            ]
        )
    if form.get("grant_type", "password") != "password":
        raise Unprocessable.at("body", "grant_type", message="Must be password.")
    token, lifetime_s = await sartiq_of(request).logins.log_in(form["username"], form["password"])
    answer = JsonResponse({"access_token": token, "token_type": "bearer", "expires_in": lifetime_s})
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _form(request: Request) -> dict[str, str]:
    data = await read_bytes(request, _MAX_BYTES)
    try:
        return dict(parse_qsl(data.decode("ascii"), errors="strict", max_num_fields=20))
    except ValueError as error:
        raise Unprocessable.at("body", message="Must be form fields.") from error


ROUTES = [Route("/login/access-token", log_in, methods=["POST"])]
