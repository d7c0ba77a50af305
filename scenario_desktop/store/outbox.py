"""Edits made here and not yet acknowledged by the server, in the order they were made.

A file of its own: the catalogue beside it is a mirror and may be rebuilt, this may not be lost.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from scenario_desktop.items import Source
from scenario_desktop.store.database import Database, Migration


class EditKind(StrEnum):
    """What an edit does to its assets."""

    TAGS = "tags"
    NAME = "name"
    DESCRIPTION = "description"
    DELETE = "delete"
    RESTORE = "restore"
    COLLECT = "collect"
    UNCOLLECT = "uncollect"
    FAVOURITE = "favourite"

    @property
    def source(self) -> Source:
        """The service that such an edit is for."""
        return Source.SARTIQ if self is EditKind.FAVOURITE else Source.SCENARIO


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of one or more assets.

    Attributes:
        asset_ids: those for which the server has not acknowledged it yet.
        body: what it sets, by kind: ``add`` and ``remove``; ``text``; ``at``; ``collection_id``;
            ``value``.
        before: what it replaces, for taking it back here: ``text``; ``at``; ``value``.
        id: 0 until it is kept; grows with time.
        refusal: the server's answer that stopped it, as told to the user; empty while waiting.
    """

    kind: EditKind
    asset_ids: tuple[str, ...]
    body: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    id: int = 0
    refusal: str = ""
    created_at: datetime | None = None


MIGRATIONS: Sequence[Migration] = (
    (
        """
        CREATE TABLE edits (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            asset_ids TEXT NOT NULL,
            body TEXT NOT NULL,
            before TEXT NOT NULL,
            refusal TEXT NOT NULL DEFAULT '',
            created_at TEXT NOT NULL
        )
        """,
    ),
)


class OutboxStore:
    """The file of waiting edits.

    Raises:
        StoreFailed: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS, is_precious=True, cache_mib=1)

    async def open(self) -> None:
        await self._database.open()

    async def aclose(self) -> None:
        await self._database.aclose()

    async def add(self, edits: Iterable[Edit]) -> list[Edit]:
        """Keep edits, all or none, and return them with their ids."""
        now = datetime.now(UTC)
        rows = [
            (e.kind, json.dumps(e.asset_ids), json.dumps(e.body), json.dumps(e.before))
            for e in edits
        ]

        def work(connection: sqlite3.Connection) -> list[Edit]:
            kept = []
            for row in rows:
                cursor = connection.execute(
                    "INSERT INTO edits (kind, asset_ids, body, before, created_at)"
                    " VALUES (?, ?, ?, ?, ?) RETURNING *",
                    (*row, now.isoformat()),
                )
                kept.append(_to_edit(cursor.fetchone()))
            return kept

        return await self._database.run(work)

    async def all(self) -> list[Edit]:
        """Return every edit, oldest first."""

        def work(connection: sqlite3.Connection) -> list[Edit]:
            return [_to_edit(row) for row in connection.execute("SELECT * FROM edits ORDER BY id")]

        return await self._database.read(work)

    async def remove(self, edit_id: int) -> None:
        """Forget an edit that was acknowledged or given up."""
        await self._database.run(
            lambda connection: connection.execute("DELETE FROM edits WHERE id = ?", (edit_id,))
        )

    async def keep_only(self, edit_id: int, asset_ids: Sequence[str], refusal: str) -> None:
        """Narrow an edit to the assets still open, with the reason why it stopped there."""
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE edits SET asset_ids = ?, refusal = ? WHERE id = ?",
                (json.dumps(tuple(asset_ids)), refusal, edit_id),
            )
        )


def _to_edit(row: Sequence[Any]) -> Edit:
    edit_id, kind, asset_ids, body, before, refusal, created_at = row
    return Edit(
        kind=EditKind(kind),
        asset_ids=tuple(json.loads(asset_ids)),
        body=json.loads(body),
        before=json.loads(before),
        id=edit_id,
        refusal=refusal,
        created_at=datetime.fromisoformat(created_at),
    )
