"""The filter language of the search: ``kind = image AND (tags = cat OR width > 1000)``.

Grammar, loosest first::

    expression = conjunction { "OR" conjunction }
    conjunction = term { "AND" term }
    term       = "NOT" term | "(" expression ")" | condition
    condition  = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
               | field "IS" [ "NOT" ] "EMPTY"

Words are compared without regard to case. A value that holds anything special stands in single or
double quotes, with a backslash before a quote. What a filter says becomes SQL with parameters; no
part of it is ever put into the SQL text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from scenario_desktop.engine.failures import Invalid
from scenario_desktop.engine.times import floor_ms, from_iso

_MAX_LENGTH = 4000
_MAX_DEPTH = 30
_MAX_CONDITIONS = 200

#: Field -> SQL of its value, for text, numbers and times.
_TEXTS = {
    "kind": "a.kind",
    "type": "a.type",
    "mimeType": "a.mime_type",
    "name": "a.name",
    "aspectRatio": "a.aspect_ratio",
    "modelId": "a.model_id",
    "privacy": "a.privacy",
    "authorId": "a.author_id",
    "description": "a.description",
} | {
    name: f"json_extract(a.metadata, '$.{name}')"
    for name in (
        "prompt", "text", "negativePrompt", "seed", "baseModelId", "modelType", "scheduler",
    )
}  # fmt: skip
_NUMBERS = {
    "width": "a.width",
    "height": "a.height",
    "size": "a.size_bytes",
    "numInferenceSteps": "json_extract(a.metadata, '$.numInferenceSteps')",
    "guidance": "json_extract(a.metadata, '$.guidance')",
}
_TIMES = {"createdAt": "a.created_at", "updatedAt": "a.updated_at"}
#: Field -> the values of one asset as a subquery on ``value``; ``nsfw`` labels are never set here.
_LISTS = {
    "tags": "SELECT tag AS value FROM asset_tags WHERE asset_key = a.key",
    "collectionIds": (
        "SELECT collection_id AS value FROM collection_assets WHERE asset_key = a.key"
    ),
    "nsfw": "SELECT NULL AS value WHERE 0",
}
_FIELDS = {*_TEXTS, *_NUMBERS, *_TIMES, *_LISTS}

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<mark><=|>=|!=|=|<|>|\(|\)) |
        "(?P<double>(?:[^"\\]|\\.)*)" |
        '(?P<single>(?:[^'\\]|\\.)*)' |
        (?P<word>[^\s()<>=!"']+)
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    is_mark: bool = False
    is_quoted: bool = False

    def is_word(self, word: str) -> bool:
        return not self.is_mark and not self.is_quoted and self.text.upper() == word


def to_sql(text: str) -> tuple[str, list[Any]]:
    """Translate a filter into a condition on the table alias ``a`` and its parameters.

    Raises:
        Invalid: it is not of the language, or too long.
    """
    if len(text) > _MAX_LENGTH:
        raise _wrong(f"is longer than {_MAX_LENGTH} characters")
    parser = _Parser(_tokens(text))
    condition = parser.expression(0)
    parser.expect_end()
    return condition, parser.values


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    text, position = text.rstrip(), 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _wrong(f"is not understood at character {position + 1}")
        position = match.end()
        if match["mark"]:
            tokens.append(_Token(match["mark"], is_mark=True))
        elif match["word"]:
            tokens.append(_Token(match["word"]))
        else:
            quoted = match["double"] if match["double"] is not None else match["single"]
            tokens.append(_Token(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL), is_quoted=True))
    return tokens


class _Parser:
    """Recursive descent; every condition it makes is true or false, never NULL."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._conditions = 0
        self.values: list[Any] = []

    def expression(self, depth: int) -> str:
        parts = [self._conjunction(depth)]
        while self._take_word("OR"):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"

    def expect_end(self) -> None:
        if self._next < len(self._tokens):
            raise _wrong(f"was not expected to go on at {self._tokens[self._next].text[:40]!r}")

    def _conjunction(self, depth: int) -> str:
        parts = [self._term(depth)]
        while self._take_word("AND"):
            parts.append(self._term(depth))
        return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"

    def _term(self, depth: int) -> str:
        if depth > _MAX_DEPTH:
            raise _wrong("is nested too deeply")
        if self._take_word("NOT"):
            return f"(NOT {self._term(depth + 1)})"
        if self._take_mark("("):
            inner = self.expression(depth + 1)
            if not self._take_mark(")"):
                raise _wrong("lacks a closing parenthesis")
            return f"({inner})"
        return self._condition()

    def _condition(self) -> str:
        self._conditions += 1
        if self._conditions > _MAX_CONDITIONS:
            raise _wrong(f"has more than {_MAX_CONDITIONS} conditions")
        field = self._take("a field")
        if field.is_mark or field.is_quoted or field.text not in _FIELDS:
            raise _wrong(f"names no known field: {field.text[:40]!r}")
        if self._take_word("IS"):
            is_negated = self._take_word("NOT")
            if not self._take_word("EMPTY"):
                raise _wrong("expects EMPTY after IS")
            return f"(NOT {_is_empty(field.text)})" if is_negated else _is_empty(field.text)
        operator = self._take("an operator")
        if not operator.is_mark or operator.text in "()":
            raise _wrong(f"expects an operator after {field.text}")
        value = self._take("a value")
        if value.is_mark:
            raise _wrong(f"expects a value after {operator.text}")
        return self._comparison(field.text, operator.text, value.text)

    def _comparison(self, field: str, operator: str, value: str) -> str:
        is_equality = operator in ("=", "!=")
        if field in _LISTS or field in _TEXTS:
            if not is_equality:
                raise _wrong(f"compares {field}, which is no number, with {operator}")
            self.values.append(value)
            if field in _LISTS:
                equal = f"(? COLLATE NOCASE IN ({_LISTS[field]}))"
            else:
                equal = f"IFNULL(CAST({_TEXTS[field]} AS TEXT) = ? COLLATE NOCASE, 0)"
            return equal if operator == "=" else f"(NOT {equal})"
        column = _NUMBERS.get(field) or _TIMES[field]
        self.values.append(_moment(field, value) if field in _TIMES else _number(field, value))
        if operator == "!=":
            return f"IFNULL({column} <> ?, 1)"
        return f"IFNULL({column} {operator} ?, 0)"

    def _take(self, what: str) -> _Token:
        if self._next >= len(self._tokens):
            raise _wrong(f"ends where {what} was expected")
        self._next += 1
        return self._tokens[self._next - 1]

    def _take_word(self, word: str) -> bool:
        is_next = self._next < len(self._tokens) and self._tokens[self._next].is_word(word)
        self._next += is_next
        return is_next

    def _take_mark(self, mark: str) -> bool:
        is_next = self._next < len(self._tokens) and self._tokens[self._next] == _Token(mark, True)
        self._next += is_next
        return is_next


def _is_empty(field: str) -> str:
    if field in _LISTS:
        return f"(NOT EXISTS ({_LISTS[field]}))"
    column = _TEXTS.get(field) or _NUMBERS.get(field) or _TIMES[field]
    return f"(IFNULL({column}, '') = '')"


def _number(field: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError as error:
        raise _wrong(f"compares {field} with {value[:40]!r}, which is no number") from error
    if number != number or abs(number) == float("inf"):
        raise _wrong(f"compares {field} with {value[:40]!r}, which is no number")
    return number


def _moment(field: str, value: str) -> float:
    """Read an ISO date, or seconds or milliseconds since 1970."""
    try:
        return floor_ms(from_iso(value))
    except ValueError:
        number = _number(field, value)
        return number if abs(number) > 1e11 else number * 1000


def _wrong(problem: str) -> Invalid:
    return Invalid(f"The filter {problem}.", {"filter": problem})
