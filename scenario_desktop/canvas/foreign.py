"""What can be told of a canvas of another program: the names of what looks like its layers.

Nothing is known of such a format. Drawing programs agree on so much that a picture is a tree of
objects in lists, each with a name or at least a kind, so these are looked for and listed. It is
for looking only: a canvas that is not ours is never written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: At most so many are listed, and no deeper than this.
MAX_LISTED, MAX_DEPTH = 200, 12
#: So much of the JSON is gone through.
MAX_VISITED = 100_000
#: Longer texts are no canvas that anybody could read through.
MAX_BYTES = 64 * 2**20
_LISTS = (
    "layers", "objects", "children", "elements", "nodes", "shapes", "items", "records", "pages",
)  # fmt: skip
_NAMES = ("name", "title", "label", "text")
_KINDS = ("type", "kind", "typeName", "className", "class", "shape")
_INNER = ("attrs", "props", "properties", "data")
_MAX_WORDS = 80


@dataclass(frozen=True, slots=True)
class ForeignLayer:
    """Something that looks like a layer.

    Attributes:
        name: "" where it has none.
        kind: in the other program's own word, "" where it says none.
        depth: in how many others it is.
    """

    name: str
    kind: str
    depth: int
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class ForeignContent:
    """What was found.

    Attributes:
        is_cut: there are more than are listed.
    """

    layers: tuple[ForeignLayer, ...] = ()
    is_cut: bool = False


def read(text: str) -> ForeignContent:
    """List what looks like layers, in the order of the file; empty where nothing does."""
    if len(text) > MAX_BYTES:
        return ForeignContent()
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return ForeignContent()
    found: list[ForeignLayer] = []
    for layer in _layers(body):
        if len(found) == MAX_LISTED:
            return ForeignContent(tuple(found), is_cut=True)
        found.append(layer)
    return ForeignContent(tuple(found))


def _layers(body: object) -> Iterator[ForeignLayer]:
    # A stack instead of recursion: nobody knows how deep another program nests.
    waiting: list[tuple[object, int, bool]] = [(body, 0, False)]
    for _ in range(MAX_VISITED):
        if not waiting:
            return
        value, depth, is_listed = waiting.pop()
        if not isinstance(value, Mapping):
            continue
        inner = depth
        if is_listed:
            layer = _layer(value, depth)
            if layer is not None:
                yield layer
                inner = depth + 1
        if inner <= MAX_DEPTH:
            waiting += reversed([*_below(value, inner, is_listed=is_listed)])


def _below(
    value: Mapping[str, Any], depth: int, *, is_listed: bool
) -> Iterator[tuple[object, int, bool]]:
    has_list = False
    for key in _LISTS:
        part = value.get(key)
        entries = part.values() if isinstance(part, Mapping) else part
        if isinstance(part, list | Mapping) and entries is not None:
            has_list = True
            yield from ((entry, depth, True) for entry in entries)
    if not has_list and not is_listed:  # the canvas may lie one step further down
        yield from ((entry, depth, False) for entry in value.values())


def _layer(value: Mapping[str, Any], depth: int) -> ForeignLayer | None:
    parts = [value, *(value[key] for key in _INNER if isinstance(value.get(key), Mapping))]
    name, kind = _word(parts, _NAMES), _word(parts, _KINDS)
    if not name and not kind:
        return None
    is_hidden = any(
        part.get("visible") is False or part.get("isVisible") is False or part.get("hidden") is True
        for part in parts
    )
    return ForeignLayer(name, kind, depth, is_hidden)


def _word(parts: list[Mapping[str, Any]], keys: tuple[str, ...]) -> str:
    for part in parts:
        for key in keys:
            word = part.get(key)
            if isinstance(word, str) and word.strip():
                return " ".join(word.split())[:_MAX_WORDS]
    return ""
