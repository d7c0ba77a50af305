"""The asset list: its filters, which of them go together, and its pages.

A page ends at a place in the order (time and key), not at a count, so that assets added meanwhile
neither repeat nor hide others.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from scenario_desktop.engine.assets import COLUMNS, RETENTION_MS
from scenario_desktop.engine.failures import Invalid
from scenario_desktop.engine.requests import Query, make_token, read_token
from scenario_desktop.engine.times import ceil_ms, floor_ms
from scenario_desktop.engine.vocabulary import ASSET_TYPES

_PRIVACIES = ("private", "public", "unlisted")
#: Parameter -> column that must equal it.
_EQUAL = {
    "authorId": "author_id",
    "inferenceId": "inference_id",
    "modelId": "model_id",
    "parentAssetId": "parent_id",
    "rootAssetId": "root_id",
    "privacy": "privacy",
}
_SORTS = {"createdAt": "created_at", "updatedAt": "updated_at"}


@dataclass(slots=True)
class Listing:
    """One question to the asset list, ready for SQL.

    Attributes:
        order: the column of the order; ``key`` breaks ties.
        place: order value and key of the last row of the page before, or None.
    """

    order: str
    is_descending: bool
    size: int
    place: tuple[int, int] | None = None
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        self.conditions.append(condition)
        self.values += values

    def purpose(self) -> list[Any]:
        """Return what a page token stands for besides its place."""
        return [self.order, self.is_descending, self.conditions, self.values]


def read_listing(query: Query) -> Listing:
    """Read the parameters of GET /assets.

    Raises:
        Invalid: one is wrong, or two do not go together.
    """
    if query.flag("deleted"):
        return _read_deleted(query)
    sort = query.choice("sortBy", _SORTS) or "createdAt"
    direction = query.choice("sortDirection", ("asc", "desc")) or "desc"
    listing = Listing(_SORTS[sort], direction == "desc", query.page_size())
    listing.conditions.append("a.deleted_at IS NULL")
    _add_types(query, listing)
    _add_equalities(query, listing)
    _add_bounds(query, listing)
    _add_place(query, listing)
    return listing


def page(connection: sqlite3.Connection, listing: Listing) -> tuple[list[sqlite3.Row], str | None]:
    """Read one page, and the token of the next if there is one."""
    conditions, values = list(listing.conditions), list(listing.values)
    direction, side = ("DESC", "<") if listing.is_descending else ("ASC", ">")
    if listing.place is not None:
        conditions.append(f"(a.{listing.order}, a.key) {side} (?, ?)")
        values += listing.place
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM assets a WHERE {' AND '.join(conditions)} "  # noqa: S608 - ours
        f"ORDER BY a.{listing.order} {direction}, a.key {direction} LIMIT ?",
        (*values, listing.size + 1),
    ).fetchall()
    if len(rows) <= listing.size:
        return rows, None
    last = rows[listing.size - 1]
    return rows[:-1], make_token([last[listing.order], last["key"]], listing.purpose())


def _read_deleted(query: Query) -> Listing:
    others = sorted(query.names() & _OTHER_FILTERS)
    if others:
        raise Invalid(
            "deleted=true goes with no other filter.", dict.fromkeys(others, "leave it out")
        )
    listing = Listing("deleted_at", True, query.page_size())
    # The clock stays in SQL: a bound of its own value would void every page token at once.
    listing.add(f"a.deleted_at > CAST(strftime('%s', 'now') AS INTEGER) * 1000 - {RETENTION_MS}")
    _add_place(query, listing)
    return listing


def _add_types(query: Query, listing: Listing) -> None:
    one, many = query.words("type", ASSET_TYPES), query.words("types", ASSET_TYPES)
    if one and many:
        raise Invalid("type and types exclude each other.", {"types": "leave one of them out"})
    if len(one) > 1:
        raise Invalid("type takes one value.", {"type": "use types for several"})
    types = sorted({*one, *many})
    if len(types) == 1:
        listing.add("a.type = ?", types[0])
    elif types:
        listing.add(f"a.type IN ({', '.join('?' for _ in types)})", *types)


def _add_equalities(query: Query, listing: Listing) -> None:
    query.choice("privacy", _PRIVACIES)
    for name, column in _EQUAL.items():
        value = query.text(name)
        if value is not None:
            listing.add(f"a.{column} = ?", value)
    collection_id = query.text("collectionId")
    if collection_id is not None:
        listing.add(
            "a.key IN (SELECT asset_key FROM collection_assets WHERE collection_id = ?)",
            collection_id,
        )
    tags = query.words("tags")
    if tags and query.text("privacy") != "public":
        raise Invalid("tags filters public assets only.", {"tags": "needs privacy=public"})
    for tag in tags:
        listing.add("a.key IN (SELECT asset_key FROM asset_tags WHERE tag = ?)", tag)


def _add_bounds(query: Query, listing: Listing) -> None:
    for sort, column in _SORTS.items():
        stem = sort.removesuffix("At")
        after, before = query.moment(f"{stem}After"), query.moment(f"{stem}Before")
        if after is None and before is None:
            continue
        if query.text("sortBy") != sort:
            raise Invalid(
                f"{stem}After and {stem}Before need sortBy={sort}.", {"sortBy": f"must be {sort}"}
            )
        if after is not None:
            listing.add(f"a.{column} > ?", floor_ms(after))
        if before is not None:
            listing.add(f"a.{column} < ?", ceil_ms(before))


def _add_place(query: Query, listing: Listing) -> None:
    place = read_token(query, listing.purpose(), (int, int))
    if place is not None:
        listing.place = (place[0], place[1])


#: What a list of deleted assets cannot be narrowed by.
_OTHER_FILTERS = {
    *_EQUAL, "collectionId", "tags", "type", "types", "sortBy", "sortDirection", "createdAfter",
    "createdBefore", "updatedAfter", "updatedBefore",
}  # fmt: skip
