"""The one road of a client's requests: the token, its renewal, errors in this service's words."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from scenario_desktop.api.addresses import check_address, segment
from scenario_desktop.api.models.base import Listed, Received
from scenario_desktop.api.parsing import off_the_loop, parse, parse_any, parse_page, refuse_web_page
from scenario_desktop.api.redaction import register_secret
from scenario_desktop.api.sartiq.capabilities import Capabilities, Operation
from scenario_desktop.api.sartiq.login import TokenSource, is_usable
from scenario_desktop.api.transport import READ_S, Answer, Call, Transport
from scenario_desktop.errors import (
    AppError,
    BadInput,
    Forbidden,
    NotFound,
    NotOffered,
    Refused,
    ServerFailed,
    Unauthorised,
)

M = TypeVar("M", bound=Received)
L = TypeVar("L", bound=Listed)

API_PATH: Final = "/api/v1"
#: What frameworks say of a path that they do not have, and not of a thing they do not find.
_NO_PATH: Final = ("", "not found", "404 not found", "404: not found")
_NO_PATH_BEGINS: Final = ("cannot ", "no route")


class Connection:
    """Sends requests with a bearer token.

    Attributes:
        base_url: with ``/api/v1``, without a trailing slash.
        organization_id: added to the query of operations that take one.
    """

    def __init__(
        self,
        base_url: str,
        tokens: TokenSource,
        transport: Transport,
        *,
        organization_id: str | None,
        capabilities: Capabilities,
        is_plain_allowed: bool,
    ) -> None:
        address = check_address(base_url, is_plain_allowed=is_plain_allowed)
        self.base_url = address if urlsplit(address).path else address + API_PATH
        self.organization_id = organization_id
        self.capabilities = capabilities
        self.transport = transport
        self._tokens = tokens

    async def aclose(self) -> None:
        await self.transport.aclose()
        await self._tokens.aclose()

    async def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        *,
        body: Any = None,
        is_safe: bool = False,
        is_scoped: bool = False,
        deadline_s: float = READ_S,
    ) -> Answer:
        """Send a request; after a 401 once more, with a new token.

        That holds for requests that create, too: a server looks at the token before it does
        anything, so what was answered by 401 was not begun. Nothing else that creates or deletes
        is ever sent twice.

        Args:
            body: what JSON can say; None for no body.
            is_safe: may be repeated when the connection fails.
            is_scoped: takes the organisation in its query.

        Raises:
            AppError: the one that says what to do next.
        """
        if is_scoped and self.organization_id:
            query = {**(query or {}), "organization_id": self.organization_id}
        content = None if body is None else _encoded(body)
        token = await self._tokens.token()

        def call() -> Call:
            headers = {"Authorization": f"Bearer {_usable(token)}"}
            if content is not None:
                headers["Content-Type"] = "application/json"
            return Call(
                method, self.base_url + path, query or {}, headers, content, is_safe, deadline_s
            )

        try:
            answer = await self.transport.send(call())
        except Unauthorised:
            token = await self._tokens.renewed(token)
            answer = await self._second(call())
        except Forbidden as error:
            raise _forbidden(error) from error
        refuse_web_page(answer.body)  # also where no answer is read, as after a deletion
        return answer

    async def _second(self, call: Call) -> Answer:
        try:
            return await self.transport.send(call)
        except Forbidden as error:
            raise _forbidden(error) from error
        except Unauthorised as error:
            worded = Unauthorised(
                "The server does not take its own sign-in.", hint="Sign in again in the settings.",
                details=error.details,
            )  # fmt: skip
            worded.status = error.status
            raise worded from error

    async def read(
        self,
        model: type[M],
        path: str,
        query: Mapping[str, object] | None = None,
        *,
        is_scoped: bool = False,
    ) -> M:
        answer = await self.send("GET", path, query, is_safe=True, is_scoped=is_scoped)
        return await off_the_loop(parse, model, answer.body)

    async def page(
        self,
        model: type[L],
        path: str,
        query: Mapping[str, object],
        *,
        is_scoped: bool = False,
    ) -> L:
        answer = await self.send("GET", path, query, is_safe=True, is_scoped=is_scoped)
        return await off_the_loop(parse_page, model, answer.body, "data")

    async def attempt(
        self,
        operation: Operation,
        method: str,
        path: str,
        *,
        of: str | None = None,
        exists: Callable[[], Awaitable[object]] | None = None,
        body: Any = None,
        deadline_s: float = READ_S,
    ) -> Any:
        """Send one of the operations that a server may not have; the answer has no known shape.

        Args:
            path: with "{id}" where the id of a thing belongs.
            of: that id.
            exists: reads that thing by an operation that every server has; tells a 404 of the
                thing from one of the operation.

        Returns:
            Its JSON; None where it is empty.

        Raises:
            NotOffered: the server does not have it. Nothing is sent where that is known already.
            NotFound: it has it, but not the thing named.
            AppError: as for any request.
        """
        if not self.capabilities.may(operation):
            raise _not_offered("known from an earlier try")
        if of is not None:
            path = path.replace("{id}", segment(of))
        try:
            answer = await self.send(
                method, path, body=body, is_safe=method == "GET", deadline_s=deadline_s
            )
        except (NotFound, Refused, ServerFailed) as error:
            if await self._is_absent(operation, error, of is not None, exists):
                self.capabilities.note(operation, False)
                raise _not_offered(error.details) from error
            raise
        self.capabilities.note(operation, True)
        return parse_any(answer.body) if answer.body.strip() else None

    async def _is_absent(
        self,
        operation: Operation,
        error: AppError,
        is_of_a_thing: bool,
        exists: Callable[[], Awaitable[object]] | None,
    ) -> bool:
        if error.status in (405, 501):
            return True
        if error.status != 404 or self.capabilities.offers(operation):
            return False
        reason = error.details.removeprefix("HTTP 404").removeprefix(" · ").strip(" .").casefold()
        if not is_of_a_thing or reason in _NO_PATH or reason.startswith(_NO_PATH_BEGINS):
            return True
        # Words of its own, such as "Generation not found": is it the thing that is missing?
        if exists is None:
            return False
        try:
            await exists()
        except AppError:
            return False  # it is, or cannot be told now
        return True


def _encoded(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (ValueError, TypeError) as error:
        raise BadInput("Something in this request cannot be sent.") from error


def _usable(token: str) -> str:
    if not is_usable(token):
        raise Unauthorised("There is no usable token.", hint="Sign in again.")
    register_secret(token)
    return token


def _forbidden(error: Forbidden) -> Forbidden:
    """Say it in the words of this service, which knows users and no keys."""
    worded = Forbidden(
        "This belongs to somebody else, or your account may not do this.",
        hint="Check which organisation is chosen.", details=error.details,
    )  # fmt: skip
    worded.status = error.status
    return worded


def _not_offered(details: str) -> NotOffered:
    return NotOffered("This server does not offer that.", details=details)
