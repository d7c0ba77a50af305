"""The second service's document, stripped of its prose: what it takes and what it answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

_FILE = Path(__file__).with_name("sartiq_openapi.json")
_DOCUMENT: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
SCHEMAS: dict[str, Any] = _DOCUMENT["schemas"]

#: What FastAPI answers where the document has no body for a status.
DETAIL = {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}

_FORMATS = FormatChecker(["uuid", "email"])


@_FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@dataclass(frozen=True)
class Operation:
    """One operation of the document.

    Attributes:
        is_open: it is documented without a login, in full.
        answers: status -> schema of its body.
    """

    method: str
    path: str
    is_open: bool
    parameters: Sequence[dict[str, Any]]
    body: dict[str, Any] | None
    answers: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def named(self, place: str) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in self.parameters if one["in"] == place}

    def check(self, status: int, body: Any) -> None:
        """Hold an answer against the document."""
        schema = self.answers.get(str(status), DETAIL)
        errors = [
            f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(body)
        ]
        assert not errors, (str(self), status, errors[:5])


OPERATIONS = [Operation(**one) for one in _DOCUMENT["operations"]]


def operation(method: str, path: str) -> Operation:
    return next(one for one in OPERATIONS if (one.method, one.path) == (method, path))


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    return _made_validator(json.dumps(schema))


@cache
def _made_validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "$defs": SCHEMAS}, format_checker=_FORMATS)


def is_valid(schema: dict[str, Any], value: Any) -> bool:
    return _validator(schema).is_valid(value)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema's own words: a reference followed, parts of ``allOf`` joined."""
    if "$ref" in schema:
        return resolved(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    if "allOf" in schema:
        first, *rest = schema["allOf"]
        return {**resolved(first), "allOf": rest}
    return schema


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
_PLAIN = st.none() | st.booleans() | st.integers(-9, 9) | _TEXT
_FREE = st.dictionaries(_TEXT, _PLAIN | st.lists(_PLAIN, max_size=2), max_size=3)


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for values that the schema allows."""
    extra = schema.get("allOf", [])[1:]
    schema = resolved(schema)
    if "anyOf" in schema:
        return st.one_of([values(one) for one in schema["anyOf"]])
    kind = schema.get("type")
    if kind == "object":
        made = _objects(schema)
        return made.filter(lambda value: all(is_valid(one, value) for one in extra))
    if kind == "array":
        return st.lists(values(schema["items"]), max_size=3)
    if kind == "string":
        return _strings(schema)
    if kind == "integer":
        low = schema.get("minimum", schema.get("exclusiveMinimum", -11) + 1)
        return st.integers(int(low), int(schema.get("maximum", 3000)))
    if kind == "number":
        low, is_open = schema.get("minimum", -9.0), "exclusiveMinimum" in schema
        return st.floats(
            schema.get("exclusiveMinimum", low), schema.get("maximum", 900.0), width=16,
            exclude_min=is_open,
        )  # fmt: skip
    return {"boolean": st.booleans(), "null": st.none()}.get(str(kind), _PLAIN)


def _strings(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("format") == "uuid":
        return st.uuids(version=4).map(str)
    if schema.get("format") == "date-time":
        return st.datetimes(
            datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2100-01-01")
        ).map(lambda moment: moment.isoformat() + "Z")
    low, high = schema.get("minLength", 0), schema.get("maxLength", 8)
    return st.text(
        st.characters(codec="utf-8", exclude_characters="\0"), min_size=low, max_size=high
    )


def _objects(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    properties = schema.get("properties")
    if not properties:
        named = schema.get("additionalProperties")
        if isinstance(named, dict):
            return st.dictionaries(st.uuids(version=4).map(str), values(named), max_size=2)
        return _FREE
    required = schema.get("required", [])
    return st.fixed_dictionaries(
        {name: values(properties[name]) for name in required},
        optional={name: values(one) for name, one in properties.items() if name not in required},
    )


def wrong_values(schema: dict[str, Any]) -> list[Any]:
    """Return some values that no reading of the schema allows, not even a generous one."""
    tried: list[Any] = ["not it", [None], {"a": [1]}, -1e9, 1e9, 0.5, True, None]
    return [value for value in tried if not is_valid(schema, value) and not _is_near(schema, value)]


def _is_near(schema: dict[str, Any], value: Any) -> bool:
    """Whether a generous reader takes a value of another type: true for 1, for instance."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return any(_is_near(one, value) for one in schema["anyOf"])
    kind = schema.get("type")
    if kind in ("integer", "number") and isinstance(value, bool):
        return True
    return kind == "integer" and value in (1e9, -1e9) and is_valid(schema, int(value))
