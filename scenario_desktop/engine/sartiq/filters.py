"""Which generations a list shows."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from scenario_desktop.engine.sartiq.reading import REPEATED, Id, Paging
from scenario_desktop.engine.times import ceil_ms, floor_ms


class GenerationFilter(Paging):
    """What is asked for; all of it must hold. Without an organisation: the user's personal ones."""

    organization_id: Id | None = None
    created_at_from: datetime | None = None
    created_at_to: datetime | None = None
    generation_type: str | None = None
    status: str | None = None
    subject_id: Id | None = None
    product_id: Id | None = None
    style_id: Id | None = None
    shot_id: Id | None = None
    shot_type_id: Id | None = None
    shot_type_string: str | None = None
    refined_only: bool = False
    tools: Annotated[tuple[str, ...], Field(json_schema_extra=REPEATED)] = ()


_EQUAL = (
    "generation_type", "status", "subject_id", "style_id", "shot_id", "shot_type_id",
    "shot_type_string",
)  # fmt: skip


def list_generations(
    connection: sqlite3.Connection, wanted: GenerationFilter, user: str
) -> tuple[list[int], int]:
    """Return the keys of a page, newest first, and how many there are in all."""
    condition, values = _condition(wanted, user)
    count = connection.execute(
        f"SELECT count(*) FROM sartiq_generations g WHERE {condition}",  # noqa: S608 - ours
        values,
    ).fetchone()[0]
    rows = connection.execute(
        f"SELECT g.key FROM sartiq_generations g WHERE {condition}"  # noqa: S608 - ours
        " ORDER BY g.key DESC LIMIT ? OFFSET ?",
        (*values, wanted.limit, wanted.skip),
    ).fetchall()
    return [row[0] for row in rows], count


def _condition(wanted: GenerationFilter, user: str) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []

    def add(part: str, *more: Any) -> None:
        parts.append(part)
        values.extend(more)

    if wanted.organization_id is None:
        add("g.user_id = ? AND g.organization_id IS NULL", user)
    else:
        add("g.organization_id = ?", wanted.organization_id)
    for name in _EQUAL:
        value = getattr(wanted, name)
        if value is not None:
            add(f"g.{name} = ?", value)
    if wanted.product_id is not None:
        add("? IN (g.product_id, g.product2_id)", wanted.product_id)
    if wanted.created_at_from is not None:
        add("g.created_at >= ?", ceil_ms(_aware(wanted.created_at_from)))
    if wanted.created_at_to is not None:
        add("g.created_at <= ?", floor_ms(_aware(wanted.created_at_to)))
    if wanted.tools:
        add(f"g.tool IN ({', '.join('?' for _ in wanted.tools)})", *wanted.tools)
    if wanted.refined_only:
        add(
            "EXISTS (SELECT 1 FROM sartiq_predictions p JOIN sartiq_refines r"
            " ON r.prediction_key = p.key WHERE p.generation_key = g.key)"
        )
    return " AND ".join(parts), values


def _aware(value: datetime) -> datetime:
    """A time without a zone is taken as UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value
