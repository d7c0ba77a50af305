"""Reading requests: bodies and query parameters against models. What does not fit is a 422."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.requests import Request

from scenario_desktop.engine.requests import read_bytes
from scenario_desktop.engine.sartiq.failures import Unprocessable

#: The largest JSON body read, in bytes; pictures are uploaded apart.
MAX_BODY_BYTES = 4 * 1024 * 1024
#: Problems told of one request.
_MAX_PROBLEMS = 20
#: Whole numbers that every reader of JSON reads exactly.
MAX_WHOLE = 2**53

#: An id, spelled one way.
Id = Annotated[str, AfterValidator(lambda text: str(UUID(text)))]

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class Paging(BaseModel):
    """Which part of a list is asked for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    skip: Annotated[int, Field(ge=0, le=MAX_WHOLE)] = 0
    limit: Annotated[int, Field(ge=0, le=10_000)] = 100


async def read_body(request: Request, model: type[M]) -> M:
    """Read a JSON body.

    Raises:
        Unprocessable: it is not JSON, or not what the model says.
        TooLarge: it is longer than ``MAX_BODY_BYTES``.
    """
    data = await read_bytes(request, MAX_BODY_BYTES)
    parse_json(data)
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise _unprocessable(error, "body") from error


async def read_ids(request: Request) -> list[str]:
    """Read a body that is a bare array of ids."""
    data = await read_bytes(request, MAX_BODY_BYTES)
    parse_json(data)
    try:
        return _IDS.validate_json(data)
    except ValidationError as error:
        raise _unprocessable(error, "body") from error


async def read_object(
    request: Request, limit: int = MAX_BODY_BYTES, *, is_optional: bool = False
) -> dict[str, Any]:
    """Read a body that is any JSON object; an optional one may be missing.

    Raises:
        Unprocessable: it is none.
        TooLarge: it is longer than ``limit`` bytes.
    """
    data = await read_bytes(request, limit)
    if is_optional and not data.strip():
        return {}
    value = parse_json(data)
    if not isinstance(value, dict):
        raise Unprocessable.at("body", message="Must be a JSON object.")
    return value


def parse_json(data: bytes) -> Any:
    """Parse JSON as it may be kept and given back.

    Raises:
        Unprocessable: it is not JSON, nested too deeply, or holds what JSON or UTF-8 cannot carry:
            NaN, infinite numbers, lone surrogates, NUL.
    """
    try:
        value = json.loads(data, parse_constant=_refuse, parse_float=_finite, parse_int=_moderate)
        _check_text(value)
    except RecursionError as error:
        raise _not_json("It is nested too deeply.") from error
    except ValueError as error:
        raise _not_json(str(error) or "It cannot be read.") from error
    return value


def read_query(request: Request, model: type[M]) -> M:
    """Read the query parameters that the model names; others are ignored, as the service does.

    A parameter that is a list may be repeated; of others the last one counts.
    """
    values: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        if "\0" in text:
            raise Unprocessable.at("query", name, message="Must not hold NUL.")
        field = model.model_fields.get(name)
        if field is not None and field.json_schema_extra == REPEATED:
            values.setdefault(name, []).append(text)
        else:
            values[name] = text
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _unprocessable(error, "query") from error


#: Marks a query parameter that may be repeated.
REPEATED: dict[str, Any] = {"is_repeated": True}


class _Organization(BaseModel):
    organization_id: Id | None = None


def organization_of(request: Request) -> str | None:
    """Return the organisation that the query names."""
    return read_query(request, _Organization).organization_id


def path_id(request: Request, name: str = "id") -> str:
    """Return an id of the path.

    Raises:
        Unprocessable: it is no UUID.
    """
    text: str = request.path_params[name]
    try:
        return str(UUID(text))
    except ValueError as error:
        problem = {"loc": ["path", name], "msg": "Must be a UUID.", "type": "uuid_parsing"}
        raise Unprocessable([problem]) from error


def _unprocessable(error: ValidationError, place: str) -> Unprocessable:
    """Say which fields are wrong, without repeating what was sent."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return Unprocessable(
        [
            {
                "loc": [place, *problem["loc"]],
                "msg": problem["msg"].removeprefix("Value error, "),
                "type": problem["type"],
            }
            for problem in problems[:_MAX_PROBLEMS]
        ]
    )


def _not_json(message: str) -> Unprocessable:
    return Unprocessable([{"loc": ["body"], "msg": message, "type": "json_invalid"}])


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("A number is too large.")
    return number


def _moderate(text: str) -> int:
    if len(text) > 17 or not -MAX_WHOLE <= int(text) <= MAX_WHOLE:
        raise ValueError("A whole number is too large.")
    return int(text)


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        value.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
        if "\0" in value:
            raise ValueError("Text must not hold NUL.")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name)
            _check_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_text(inner)


_IDS = TypeAdapter(list[Id])
