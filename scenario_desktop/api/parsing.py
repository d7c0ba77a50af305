"""From the bytes of an answer to models; what cannot be read is told apart from what can.

The quick road is one call of pydantic. Only when it refuses, the answer is taken apart: an unusable
field falls back to its default, an unusable record of a list is left out and counted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from scenario_desktop.api.models.base import Listed, Page, Received
from scenario_desktop.errors import BadAnswer

M = TypeVar("M", bound=Received)
T = TypeVar("T")
L = TypeVar("L", bound=Listed)
P = TypeVar("P", bound=Page)

#: More than a library of a million at a hundred a page.
_MOST_PAGES: Final = 20_000
#: How deep records nest; parts are tried from there upwards.
_MOST_DEPTH: Final = 6

#: Bytes from which an answer is read in a thread: a page of nested records takes long.
_LONG: Final = 64 * 1024


async def off_the_loop(read: Callable[..., T], *arguments: Any) -> T:
    """Call one of the readers below, in a thread when the answer is long.

    Args:
        arguments: those of the reader; the bytes of the answer are among them.
    """
    if any(isinstance(each, bytes) and len(each) > _LONG for each in arguments):
        return await asyncio.to_thread(read, *arguments)
    return read(*arguments)


def parse(model: type[M], body: bytes) -> M:
    """Return the one record of an answer.

    Raises:
        BadAnswer: not JSON, of another shape, or without what identifies the record.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError:
        pass  # taken apart below
    record = salvaged(model, read_object(body))
    if record is None:
        raise _other_shape(model.__name__)
    return record


def parse_page(model: type[L], body: bytes, items: str) -> L:
    """Return one page of a list; its ``skipped`` counts the records that could not be read.

    Args:
        items: the field that holds the records.

    Raises:
        BadAnswer: not JSON, or not this list at all.
    """
    try:
        page = model.model_validate_json(body)
    except ValidationError:
        pass  # taken apart below
    else:
        if items not in page.model_fields_set:
            raise _other_shape(model.__name__)  # say, an error told with status 200
        return page
    data = read_object(body)
    field = model.model_fields[items]
    name = field.alias or items
    records = data.get(name)
    if not isinstance(records, list):
        raise _other_shape(model.__name__)
    element = _element(field.annotation)
    good = [found for item in records if (found := salvaged(element, item)) is not None]
    rest = salvaged(model, {**data, name: []})
    page = (rest or model()).model_copy(update={items: tuple(good)})
    page.note_skipped(len(records) - len(good))
    return page


def parse_list(model: type[M], body: bytes) -> list[M]:
    """Return the records of an answer that is a bare list; those that cannot be read are left out.

    Raises:
        BadAnswer: not JSON, or no list.
    """
    data = parse_any(body)
    if not isinstance(data, list):
        raise _other_shape(f"list of {model.__name__}")
    return [record for item in data if (record := salvaged(model, item)) is not None]


async def pages(
    fetch: Callable[[str | None], Awaitable[P]],
    *,
    token: str | None = None,
    most: int = _MOST_PAGES,
) -> AsyncIterator[P]:
    """Yield page after page until the server names no next one.

    An empty page with a next token is not the end. A page that repeats a token is still yielded.

    Args:
        fetch: reads the page of a token.
        token: where to begin, None for the start.
        most: how many pages to read at most.

    Raises:
        BadAnswer: the server leads in a circle, or on without an end; what was yielded stands.
    """
    seen = {token}
    for _ in range(most):
        page = await fetch(token)
        yield page
        token = getattr(page, "next_pagination_token", None) or None
        if token is None:
            return
        if token in seen:
            raise BadAnswer(
                "The list could not be loaded to its end: the server repeats itself.",
                hint="What was loaded is shown. Try again later.",
            )
        seen.add(token)
    raise BadAnswer(
        "The list could not be loaded to its end: it does not stop.",
        hint="What was loaded is shown.",
        details=f"{most} pages",
    )


def refuse_web_page(body: bytes) -> None:
    """Refuse what a proxy or a portal answers in the place of the service.

    Raises:
        BadAnswer: it is a web page.
    """
    if body[:64].lstrip()[:1] == b"<":
        raise BadAnswer(
            "The server sent a web page instead of data.",
            hint="Check the address of the server, or sign in to this network.",
        )


def read_object(body: bytes, *, constant: Callable[[str], Any] = lambda _: None) -> dict[str, Any]:
    """Return the JSON object of an answer, as text that can be stored and shown.

    Args:
        constant: what NaN and the infinities become, which JSON does not know.

    Raises:
        BadAnswer: it is none.
    """
    data = parse_any(body, constant=constant)
    if not isinstance(data, dict):
        raise _other_shape("object")
    return data


def parse_any(body: bytes, *, constant: Callable[[str], Any] = lambda _: None) -> Any:
    """Return the JSON of an answer whose shape is not known; see ``read_object``.

    Raises:
        BadAnswer: empty, or not JSON.
    """
    if not body.strip():
        raise BadAnswer("The server sent an empty answer.", hint="Try again.")
    refuse_web_page(body)
    try:
        return _mended(json.loads(body, parse_constant=constant))
    except (ValueError, RecursionError) as error:
        raise BadAnswer("The answer of the server is cut off or garbled.", hint="Try again.") from (
            error
        )


def _mended(value: Any) -> Any:
    """Replace half surrogate pairs, which no file and no screen takes."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value


def salvaged(model: type[M], data: Any) -> M | None:
    """Return a record without the parts that cannot be read; None when it cannot do without.

    The smallest part goes first: a bad tag before all tags, a price before the job it is in.
    """
    if not isinstance(data, dict):
        return None
    for up in range(_MOST_DEPTH):
        try:
            return model.model_validate(data)
        except ValidationError as error:
            places = [part["loc"] for part in error.errors(include_url=False, include_input=False)]
        for place in reversed(places):
            if not _removed(data, place, up):
                return None
    return None


def _removed(data: Any, place: Sequence[int | str], up: int) -> bool:
    """Remove what stands at a place, or ``up`` levels above it; False if that is the whole."""
    path: list[int | str] = []
    node: Any = data
    for part in place:
        if not (isinstance(node, dict) and part in node) and not (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        ):
            break
        path.append(part)
        node = node[part]  # type: ignore[index]  # narrowed by the line above, part for part
    path = path[: max(1, len(path) - up)]
    if not path:
        return False
    for part in path[:-1]:
        data = data[part]
    del data[path[-1]]
    return True


def _element(annotation: Any) -> type[Received]:
    element = annotation.__args__[0]
    if not (isinstance(element, type) and issubclass(element, BaseModel)):
        raise TypeError(annotation)
    return element  # type: ignore[return-value]  # all elements of pages are received models


def _other_shape(what: str) -> BadAnswer:
    return BadAnswer(
        "The server sent something else than was asked for.",
        hint="Check the address of the server.",
        details=f"expected {what}",
    )
