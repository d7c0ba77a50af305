"""The one road of a client's requests: the keys, the project, the answers' shape."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from scenario_desktop.api.addresses import check_address, file_address
from scenario_desktop.api.models.base import Page, Received
from scenario_desktop.api.parsing import parse, parse_page, refuse_web_page
from scenario_desktop.api.redaction import register_secret
from scenario_desktop.api.transport import (
    READ_S,
    Answer,
    Call,
    Transport,
)
from scenario_desktop.errors import BadInput

M = TypeVar("M", bound=Received)
P = TypeVar("P", bound=Page)


class Connection:
    """Sends requests with a key and a secret.

    Attributes:
        base_url: the address of the API, without a trailing slash.
        project_id: added to the query of what belongs to a project; None leaves it to the key.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        secret: str,
        transport: Transport,
        *,
        project_id: str | None,
        is_plain_allowed: bool,
    ) -> None:
        self.base_url = check_address(base_url, is_plain_allowed=is_plain_allowed)
        self.project_id = project_id
        self.transport = transport
        self._authorization = _basic(key, secret)

    async def read(self, model: type[M], path: str, *, is_scoped: bool = True) -> M:
        answer = await self.send("GET", path, is_safe=True, is_scoped=is_scoped)
        return parse(model, answer.body)

    async def page(
        self,
        model: type[P],
        items: str,
        path: str,
        query: Mapping[str, object],
        *,
        is_scoped: bool = True,
    ) -> P:
        answer = await self.send("GET", path, query, is_safe=True, is_scoped=is_scoped)
        return parse_page(model, answer.body, items)

    async def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        *,
        body: dict[str, Any] | None = None,
        is_safe: bool = False,
        is_scoped: bool = True,
        deadline_s: float = READ_S,
    ) -> Answer:
        headers = {"Authorization": self._authorization}
        content = None
        if body is not None:
            content = _encoded(body)
            headers["Content-Type"] = "application/json"
        scope = {"projectId": self.project_id} if is_scoped and self.project_id else {}
        answer = await self.transport.send(
            Call(
                method, self.base_url + path, {**(query or {}), **scope}, headers, content,
                is_safe, deadline_s,
            )
        )  # fmt: skip
        refuse_web_page(answer.body)  # also where no answer is read, as after a deletion
        return answer

    async def file(self, url: str, *, deadline_s: float) -> bytes:
        """Read a file of a signed address, without our keys."""
        call = Call(
            "GET", file_address(url, self.base_url), headers={"Accept": "*/*"}, is_safe=True,
            deadline_s=deadline_s,
        )  # fmt: skip
        answer = await self.transport.send(call)
        refuse_web_page(answer.body)
        return answer.body


def _basic(key: str, secret: str) -> str:
    pair = f"{key}:{secret}"
    if not key or not secret or ":" in key:
        raise BadInput("A key and a secret are needed.", hint="Copy both from your API settings.")
    if not pair.isascii() or not pair.isprintable() or " " in pair:
        raise BadInput(
            "The key or the secret holds characters that no key has.",
            hint="Copy both again, without spaces or quotes around them.",
        )
    register_secret(secret)
    register_secret(pair)
    encoded = base64.b64encode(pair.encode("ascii")).decode("ascii")
    register_secret(encoded)
    return f"Basic {encoded}"


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii")
    except ValueError as error:
        raise BadInput("A number of this request is out of range.") from error
