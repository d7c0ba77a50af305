"""Reading requests: bodies against a model, query parameters one by one. All that does not fit is
``Invalid`` and so a 400."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request

from scenario_desktop.engine.failures import Invalid, TooLarge
from scenario_desktop.engine.times import from_iso

#: The largest JSON body read, in bytes. A picture in base64 is a third longer than its file.
MAX_BODY_BYTES = 32 * 1024 * 1024
_MAX_TOKEN = 1000

M = TypeVar("M", bound=BaseModel)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold NUL")
    return text


#: Text as it may be stored. Lone surrogates are refused by the JSON reader already.
Text = Annotated[str, AfterValidator(_without_nul)]
Id = Annotated[Text, Field(min_length=1, max_length=200)]
#: A whole number that may come as 3 or 3.0, as JSON knows no difference.
Count = Annotated[float, Field(allow_inf_nan=False, multiple_of=1, ge=0, le=2**53)]


class Body(BaseModel):
    """A request's body. Fields that the API does not know are ignored, as the service does."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="ignore", alias_generator=to_camel,
        protected_namespaces=(),
    )  # fmt: skip


async def read_bytes(request: Request, limit: int) -> bytes:
    """Read a whole body.

    Raises:
        TooLarge: it is longer than ``limit`` bytes.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"The body is larger than {limit} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


async def read_body(request: Request, model: type[M], limit: int = MAX_BODY_BYTES) -> M:
    """Read a JSON body of at most ``limit`` bytes; none at all counts as an empty object.

    Raises:
        Invalid: it is not JSON, or not what the model says.
        TooLarge: it is longer.
    """
    return parse_body(await read_bytes(request, limit), model)


def parse_body(data: bytes, model: type[M]) -> M:
    """Do as ``read_body`` with what was read before."""
    try:
        return model.model_validate_json(data.strip() or b"{}")
    except ValidationError as error:
        raise invalid_body(error) from error


def invalid_body(error: ValidationError) -> Invalid:
    """Say which fields are wrong, without repeating what was sent."""
    problems = {
        ".".join(str(part) for part in problem["loc"]) or "body": problem["msg"]
        for problem in error.errors(include_url=False, include_context=False, include_input=False)[
            :20
        ]
    }
    return Invalid("The body is not as documented.", problems)


def decode_base64(text: str, field: str) -> bytes:
    """Decode a file sent as base64, with or without a ``data:…;base64,`` before it.

    Raises:
        Invalid: it is not base64, or empty.
    """
    if text.startswith("data:"):
        head, _, text = text.partition(",")
        if not head.endswith(";base64"):
            raise Invalid("The file is not base64.", {field: "a data URL without base64"})
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("The file is not base64.", {field: str(error)}) from error
    if not data:
        raise Invalid("The file is empty.", {field: "empty"})
    return data


class Query:
    """A request's query parameters. Unknown ones are ignored; repeated ones join with commas."""

    def __init__(self, request: Request) -> None:
        self._values: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if "\0" in value:
                raise Invalid("A parameter is wrong.", {name: "must not hold NUL"})
            known = self._values.get(name)
            self._values[name] = value if known is None else f"{known},{value}"

    def names(self) -> set[str]:
        """Return the names of all that were sent."""
        return set(self._values)

    def text(self, name: str) -> str | None:
        return self._values.get(name) or None

    def words(self, name: str, known: Collection[str] | None = None) -> list[str]:
        """Read a comma-joined list; every word must be one of ``known``."""
        words = [word.strip() for word in self._values.get(name, "").split(",") if word.strip()]
        if known is not None:
            for word in words:
                if word not in known:
                    raise _wrong(name, f"{word[:60]!r} is not one of the documented values")
        return words

    def choice(self, name: str, known: Collection[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in known:
            raise _wrong(name, f"must be one of {', '.join(sorted(known))}")
        return value

    def flag(self, name: str) -> bool | None:
        value = self.choice(name, ("true", "false"))
        return None if value is None else value == "true"

    def whole(self, name: str, *, low: int, high: int, default: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdecimal() and len(value) < 10):
            raise _wrong(name, "must be a whole number")
        number = int(value)
        if not low <= number <= high:
            raise _wrong(name, f"must be {low} to {high}")
        return number

    def page_size(self, *, high: int = 100, default: int = 50) -> int:
        return self.whole("pageSize", low=1, high=high, default=default)

    def moment(self, name: str) -> datetime | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return from_iso(value)
        except ValueError as error:
            raise _wrong(name, "must be an ISO date") from error

    def is_dry_run(self) -> bool:
        """Whether only the price is asked for. The API has no way to say no but to leave it out."""
        return self.choice("dryRun", ("true", "api")) is not None


def make_token(place: list[Any], purpose: list[Any]) -> str:
    """Make a page token: the place after which the next page begins.

    Args:
        purpose: all that the next request must repeat for the token to make sense.
    """
    text = json.dumps([place, _mark(purpose)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_token(query: Query, purpose: list[Any], kinds: tuple[type, ...]) -> list[Any] | None:
    """Return the place that a page token holds, or None for the first page.

    Args:
        kinds: the types that the parts of the place must have.

    Raises:
        Invalid: it is none of ours, or was made for a request with other filters.
    """
    token = query.text("paginationToken")
    if token is None:
        return None
    try:
        padded = token[:_MAX_TOKEN] + "=" * (-len(token) % 4)
        place, mark = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError) as error:
        raise _wrong("paginationToken", "is not one of this engine's") from error
    is_whole = isinstance(place, list) and len(place) == len(kinds)
    if not is_whole or not all(
        isinstance(part, kind) and not (isinstance(part, int) and abs(part) >= 2**63)
        for part, kind in zip(place, kinds, strict=True)
    ):
        raise _wrong("paginationToken", "is not one of this engine's")
    if mark != _mark(purpose):
        raise _wrong("paginationToken", "belongs to a request with other filters")
    checked: list[Any] = place
    return checked


def _mark(purpose: list[Any]) -> str:
    text = json.dumps(purpose, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def _wrong(name: str, problem: str) -> Invalid:
    return Invalid(f"The parameter {name} {problem}.", {name: problem})
