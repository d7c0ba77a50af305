"""Every request that bills or creates, written before it is sent.

A row is on the disk, not in a cache of it, before the program goes on: whatever dies next, what
may cost money is known. Rows are never removed; cleared ones are only no longer shown.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from scenario_desktop.errors import NotFound, StoreFailed
from scenario_desktop.store.database import Database, Migration
from scenario_desktop.store.text import cleaned


class LedgerState(StrEnum):
    """How far a request is. Never sent: prepared, not sent. Sent: all others."""

    PREPARED = "prepared"
    SUBMITTING = "submitting"
    NOT_SENT = "not_sent"
    ACCEPTED = "accepted"
    UNCERTAIN = "uncertain"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


#: States that a row stays in.
ENDED: Final = frozenset({
    LedgerState.NOT_SENT, LedgerState.SUCCEEDED, LedgerState.FAILED, LedgerState.CANCELED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One request.

    Attributes:
        id: ours, unique.
        kind: what it does, such as "detect".
        request: what is sent, enough to send it again.
        input_ids: ids of the items it works on.
        quoted: Creative Units asked as the price; None if none was asked.
        charged: Creative Units as the server booked them; None while unknown.
        error: why it failed, as the server put it; hint likewise. Shown as plain text.
        progress: 0 to 1; None while unknown.
        batch_id: groups rows that were sent by one press.
        is_watched: whether its job is being followed.
        queue_s: seconds it waited at the server before it ran.
        extra: small facts of the services, such as a title.
    """

    id: str
    workspace_id: str
    kind: str
    request: dict[str, Any]
    input_ids: tuple[str, ...]
    state: LedgerState
    created_at: datetime
    updated_at: datetime
    quoted: Decimal | None = None
    charged: Decimal | None = None
    job_id: str | None = None
    result_ids: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""
    progress: float | None = None
    submitted_at: datetime | None = None
    ended_at: datetime | None = None
    batch_id: str | None = None
    is_watched: bool = True
    is_cleared: bool = False
    queue_s: float | None = None
    status: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


_MIGRATIONS: Final[tuple[Migration, ...]] = (
    (
        """CREATE TABLE ledger (
            id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, kind TEXT NOT NULL,
            request TEXT NOT NULL, input_ids TEXT NOT NULL, state TEXT NOT NULL,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
            quoted TEXT, charged TEXT, job_id TEXT, result_ids TEXT NOT NULL DEFAULT '[]',
            error TEXT NOT NULL DEFAULT '', hint TEXT NOT NULL DEFAULT '', progress REAL,
            submitted_at INTEGER, ended_at INTEGER, batch_id TEXT,
            is_watched INTEGER NOT NULL DEFAULT 1, is_cleared INTEGER NOT NULL DEFAULT 0,
            queue_s REAL, status TEXT NOT NULL DEFAULT '', extra TEXT NOT NULL DEFAULT '{}')""",
        "CREATE INDEX ledger_created ON ledger (workspace_id, created_at)",
        "CREATE INDEX ledger_job ON ledger (workspace_id, job_id) WHERE job_id IS NOT NULL",
        "CREATE INDEX ledger_submitted ON ledger (submitted_at) WHERE submitted_at IS NOT NULL",
    ),
)

_COLUMNS: Final = (
    "id", "workspace_id", "kind", "request", "input_ids", "state", "created_at", "updated_at",
    "quoted", "charged", "job_id", "result_ids", "error", "hint", "progress", "submitted_at",
    "ended_at", "batch_id", "is_watched", "is_cleared", "queue_s", "status", "extra",
)  # fmt: skip
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM ledger "  # noqa: S608 - fixed names
_CHANGEABLE: Final = frozenset(_COLUMNS) - {"id", "workspace_id", "created_at", "updated_at"}


class Ledger:
    """The ledger of all workspaces.

    Attributes:
        notice: what to tell the user if the former file was damaged; None otherwise.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] | None = None) -> None:
        self._database = Database(path, _MIGRATIONS, is_precious=True, cache_mib=2)
        self._now = now or (lambda: datetime.now(UTC))
        self.notice: StoreFailed | None = None

    async def open(self) -> None:
        """Open the file.

        A damaged one is set aside; what can still be read of it is taken over, and ``notice``
        tells so.

        Raises:
            NewerFile: made by a later version; left untouched.
            StoreFailed: not writable. Then nothing may be sent that costs.
        """
        await self._database.open()
        damaged = self._database.damaged_file
        if damaged is not None:
            saved = await self._database.run(lambda c: _take_over(c, damaged))
            self.notice = StoreFailed(
                f"The record of your jobs was damaged; {saved} of its entries could be saved.",
                hint="Compare the usage of your account before you repeat a job.",
                details=f"The damaged file is kept: {damaged}",
            )

    async def aclose(self) -> None:
        """Close the file. May be called twice."""
        await self._database.aclose()

    async def prepare(
        self,
        *,
        workspace_id: str,
        kind: str,
        request: dict[str, Any],
        input_ids: Sequence[str] = (),
        quoted: Decimal | None = None,
        batch_id: str | None = None,
        extra: dict[str, Any] | None = None,
    ) -> LedgerRow:
        """Write a row, on the disk when this returns; only then may anything be sent.

        Raises:
            StoreFailed: it could not be written: do not send.
        """
        now = self._now()
        row = LedgerRow(
            id=uuid4().hex, workspace_id=workspace_id, kind=kind, request=request,
            input_ids=tuple(input_ids), state=LedgerState.PREPARED, created_at=now,
            updated_at=now, quoted=quoted, batch_id=batch_id, extra=extra or {},
        )  # fmt: skip
        values = [_stored(name, getattr(row, name)) for name in _COLUMNS]
        sql = (
            f"INSERT INTO ledger ({', '.join(_COLUMNS)}) "  # noqa: S608 - fixed names
            f"VALUES ({', '.join('?' * len(_COLUMNS))})"
        )
        await self._database.run(lambda c: c.execute(sql, values).close())
        return row

    async def claim(self, row_id: str) -> bool:
        """Take the right to send a prepared row; only one caller ever gets it."""
        now = _stored("submitted_at", self._now())

        def work(connection: sqlite3.Connection) -> bool:
            cursor = connection.execute(
                "UPDATE ledger SET state = 'submitting', submitted_at = ?, updated_at = ? "
                "WHERE id = ? AND state = 'prepared'",
                (now, now, row_id),
            )
            return cursor.rowcount == 1

        return await self._database.run(work)

    async def accept(self, row_id: str, job_id: str) -> LedgerRow:
        """Note the job that the server named."""
        return await self.update(row_id, state=LedgerState.ACCEPTED, job_id=job_id)

    async def mark_uncertain(self, row_id: str, reason: str) -> LedgerRow:
        """Note that it was sent and that nobody knows whether it runs."""
        return await self.update(row_id, state=LedgerState.UNCERTAIN, error=reason)

    async def update(self, row_id: str, **fields: Any) -> LedgerRow:
        """Change fields of a row; return it as it is then. ``ended_at`` is set with an end state.

        Raises:
            NotFound: no such row.
        """
        unknown = fields.keys() - _CHANGEABLE
        if unknown:
            raise TypeError(f"not fields of a ledger row: {sorted(unknown)}")
        now = self._now()
        if fields.get("state") in ENDED:
            fields.setdefault("ended_at", now)
        values = {name: _stored(name, value) for name, value in fields.items()}
        values["updated_at"] = _stored("updated_at", now)
        changes = ", ".join(f"{name} = ?" for name in values)

        def work(connection: sqlite3.Connection) -> LedgerRow:
            connection.execute(
                f"UPDATE ledger SET {changes} WHERE id = ?",  # noqa: S608 - checked names
                (*values.values(), row_id),
            )
            return _one(connection, row_id)

        return await self._database.run(work)

    async def get(self, row_id: str) -> LedgerRow:
        """Return a row.

        Raises:
            NotFound: no such row.
        """
        return await self._database.read(lambda c: _one(c, row_id))

    async def rows(
        self,
        workspace_id: str | None = None,
        *,
        states: Sequence[LedgerState] = (),
        has_cleared: bool = False,
        limit: int = 1_000,
    ) -> list[LedgerRow]:
        """Return rows, newest first.

        Args:
            workspace_id: of this workspace; None for all.
            states: only in one of these; empty for any.
            has_cleared: with those that the user cleared from the list.
        """
        conditions, values = ["1"], list[Any]()
        if workspace_id is not None:
            conditions.append("workspace_id = ?")
            values.append(workspace_id)
        if states:
            conditions.append(f"state IN ({', '.join('?' * len(states))})")
            values += [str(state) for state in states]
        if not has_cleared:
            conditions.append("is_cleared = 0")
        sql = _SELECT + f"WHERE {' AND '.join(conditions)} ORDER BY created_at DESC, id LIMIT ?"
        return await self._database.read(
            lambda c: [_row(values) for values in c.execute(sql, (*values, limit))]
        )

    async def sent_between(
        self, start: datetime, end: datetime, workspace_id: str
    ) -> list[LedgerRow]:
        """Return the rows of a workspace that were sent in a range of time, newest first.

        Args:
            end: the first moment that is not in it.
        """
        bounds = (_stored("submitted_at", start), _stored("submitted_at", end), workspace_id)
        sql = (
            _SELECT + "WHERE submitted_at >= ? AND submitted_at < ? AND workspace_id = ? "
            "ORDER BY submitted_at DESC, id"
        )
        return await self._database.read(
            lambda c: [_row(values) for values in c.execute(sql, bounds)]
        )

    async def by_job_id(self, workspace_id: str, job_id: str) -> LedgerRow | None:
        """Return the row of a job, None if the job is not ours."""

        def work(connection: sqlite3.Connection) -> LedgerRow | None:
            found = connection.execute(
                _SELECT + "WHERE workspace_id = ? AND job_id = ?", (workspace_id, cleaned(job_id))
            ).fetchone()
            return _row(found) if found else None

        return await self._database.read(work)

    async def spent_since(self, since: datetime, workspace_id: str | None = None) -> Decimal:
        """Return the Creative Units of what was sent since then: as charged, else as quoted.

        Uncertain rows count: they may be running. Rows that were never sent do not, nor do failed
        or canceled ones that no charge is known of.
        """
        condition, values = "", [_stored("submitted_at", since)]
        if workspace_id is not None:
            condition = "AND workspace_id = ?"
            values.append(workspace_id)
        sql = (
            "SELECT charged, CASE WHEN state IN ('failed', 'canceled') THEN NULL ELSE quoted END "  # noqa: S608
            f"FROM ledger WHERE submitted_at >= ? AND state <> 'not_sent' {condition}"
        )

        def work(connection: sqlite3.Connection) -> Decimal:
            rows = connection.execute(sql, values)
            return sum((_decimal(c) or _decimal(q) or Decimal() for c, q in rows), Decimal())

        return await self._database.read(work)

    async def clear(self, row_ids: Sequence[str]) -> None:
        """Take rows off the list that is shown; they stay in the ledger."""
        await self._database.run(
            lambda c: c.executemany(
                "UPDATE ledger SET is_cleared = 1 WHERE id = ?", [(item,) for item in row_ids]
            ).close()
        )


def _one(connection: sqlite3.Connection, row_id: str) -> LedgerRow:
    found = connection.execute(_SELECT + "WHERE id = ?", (row_id,)).fetchone()
    if found is None:
        raise NotFound("This job is not in the record.")
    return _row(found)


def _stored(name: str, value: Any) -> Any:
    """Return a field's value as SQLite keeps it: money and lists as text, times in microseconds."""
    if value is None:
        return None
    if name in ("request", "input_ids", "result_ids", "extra"):
        return cleaned(json.dumps(value, default=str))
    if name.endswith("_at"):
        return round(value.timestamp() * 1_000_000)
    if isinstance(value, Decimal | StrEnum):
        return str(value)
    return cleaned(value) if isinstance(value, str) else value


def _row(values: Sequence[Any]) -> LedgerRow:
    fields = dict(zip(_COLUMNS, values, strict=True))
    for name in ("request", "extra"):
        fields[name] = json.loads(fields[name])
    for name in ("input_ids", "result_ids"):
        fields[name] = tuple(json.loads(fields[name]))
    for name in ("created_at", "updated_at", "submitted_at", "ended_at"):
        if fields[name] is not None:
            fields[name] = datetime.fromtimestamp(fields[name] / 1_000_000, UTC)
    for name in ("quoted", "charged"):
        fields[name] = _decimal(fields[name])
    for name in ("is_watched", "is_cleared"):
        fields[name] = bool(fields[name])
    fields["state"] = LedgerState(fields["state"])
    return LedgerRow(**fields)


def _decimal(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _take_over(connection: sqlite3.Connection, damaged: Path) -> int:
    """Copy what can still be read of a damaged ledger; return how many rows that is."""
    saved = 0
    sql = (
        f"INSERT OR IGNORE INTO ledger ({', '.join(_COLUMNS)}) "  # noqa: S608 - fixed names
        f"VALUES ({', '.join('?' * len(_COLUMNS))})"
    )
    try:
        with closing(sqlite3.connect(f"file:{damaged.as_posix()}?mode=ro", uri=True)) as former:
            for values in former.execute(_SELECT):
                try:
                    _row(values)
                except (ValueError, TypeError):
                    continue
                saved += connection.execute(sql, values).rowcount
    except sqlite3.DatabaseError:
        return saved  # the rest is beyond reading
    return saved
