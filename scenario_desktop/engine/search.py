"""Search over assets: words in name, tags, description and prompt, narrowed by a filter."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scenario_desktop.engine.assets import COLUMNS
from scenario_desktop.engine.failures import Invalid
from scenario_desktop.engine.filters import to_sql

SORTS = {
    "createdAt": "a.created_at",
    "updatedAt": "a.updated_at",
    "width": "a.width",
    "height": "a.height",
    "score": "NULL",  # nothing here is scored
}
#: Metadata of an asset that a hit repeats, besides what is taken from its row.
_HIT_METADATA = (
    "baseModelId", "guidance", "modelId", "modelType", "negativePrompt", "negativePromptStrength",
    "numInferenceSteps", "parentJobId", "prompt", "scheduler", "text",
)  # fmt: skip
#: A name that matches counts more than a tag, and that more than a description or a prompt.
_RANK = "bm25(assets_text, 10.0, 5.0, 2.0, 1.0)"


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found.

    Attributes:
        total: how many there are in all.
    """

    rows: list[sqlite3.Row]
    total: int


def search(
    connection: sqlite3.Connection,
    *,
    query: str,
    filter_text: str,
    sort_by: Sequence[str],
    offset: int,
    limit: int,
) -> Found:
    """Find assets: those that hold every word of the query, each as the beginning of a word.

    Best match first, or as ``sort_by`` says, newest first where that leaves it open.

    Raises:
        Invalid: the filter or the order is not understood.
    """
    source, conditions, values = "assets a", ["a.deleted_at IS NULL"], list[Any]()
    order = [_order(text) for text in sort_by]
    if query.strip():
        words = match_expression(query)
        if not words:
            return Found([], 0)
        source = "assets_text JOIN assets a ON a.key = assets_text.rowid"
        conditions.append("assets_text MATCH ?")
        values.append(words)
        order = order or [_RANK]
    if filter_text.strip():
        condition, parameters = to_sql(filter_text)
        conditions.append(condition)
        values += parameters
    where = " AND ".join(conditions)
    total = connection.execute(
        f"SELECT count(*) FROM {source} WHERE {where}",  # noqa: S608 - made of constants
        values,
    ).fetchone()[0]
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM {source} WHERE {where} "  # noqa: S608 - made of constants
        f"ORDER BY {', '.join([*order, 'a.created_at DESC', 'a.key DESC'])} LIMIT ? OFFSET ?",
        (*values, limit, offset),
    ).fetchall()
    return Found(rows, total)


def match_expression(query: str) -> str:
    """Translate words into the language of the full-text index; nothing of it can get through."""
    words = [word for word in query.split() if re.search(r"\w", word)]
    return " AND ".join('"{}"*'.format(word.replace('"', '""')) for word in words[:50])


def to_hit(asset: Mapping[str, Any], *, aspect_ratio: str | None, team_id: str) -> dict[str, Any]:
    """Make of a whole asset the shorter form that the search answers."""
    same = (
        "id", "authorId", "collectionIds", "createdAt", "updatedAt", "mimeType", "nsfw", "ownerId",
        "privacy", "tags", "url", "description", "thumbnail",
    )  # fmt: skip
    metadata, properties = asset["metadata"], asset["properties"]
    hit = {name: asset[name] for name in same if name in asset}
    hit["teamId"] = team_id
    hit["metadata"] = {name: metadata[name] for name in _HIT_METADATA if name in metadata} | {
        "kind": asset["kind"],
        "type": metadata["type"],
        "name": metadata["name"],
        "size": properties["size"],
    }
    if aspect_ratio is not None:  # then it has sides
        sides = {"width": properties["width"], "height": properties["height"]}
        hit["metadata"] |= sides | {"aspectRatio": aspect_ratio}
    if "seed" in metadata:
        hit["metadata"]["seed"] = str(metadata["seed"])
    return hit


def _order(text: str) -> str:
    field, _, direction = text.partition(":")
    if field not in SORTS or direction not in ("asc", "desc"):
        raise Invalid(
            f"The order {text[:60]!r} is not understood.",
            {"sortBy": f"one of {', '.join(SORTS)}, then :asc or :desc"},
        )
    return f"{SORTS[field]} {direction.upper()}"
