"""The engine's SQLite file: one connection, on a thread of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from scenario_desktop.engine.files import DiskFull
from scenario_desktop.errors import NewerFile, StoreFailed

T = TypeVar("T")

#: One step of the schema, as an SQL script. A shipped one is never edited or moved.
Migration = str

#: Errors of the file or the disk, by the start of their names; all others are mistakes of ours.
_TROUBLE = (
    "SQLITE_FULL", "SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_IOERR", "SQLITE_READONLY",
    "SQLITE_CANTOPEN", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PERM", "SQLITE_AUTH",
)  # fmt: skip


class Database:
    """One file in WAL mode. Every ``run`` is one transaction, in the order of the calls.

    Raises on opening:
        NewerFile: a later version of the program made the file; it was not touched.
        StoreFailed: it is damaged or cannot be opened; it was not touched.
    """

    def __init__(self, path: Path, migrations: Sequence[Migration]) -> None:
        self._path = path
        self._migrations = migrations
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine-database")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` on the database's thread as one transaction.

        Cancelling the caller does not stop work that has begun: it is committed whole.

        Raises:
            DiskFull: there is no room; the transaction left nothing behind.
            StoreFailed: the file cannot be read or written; likewise.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._transaction, work
        )

    async def aclose(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _open(self) -> None:
        try:
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0)
        except sqlite3.Error as error:
            raise _failure(self._path, error) from error
        try:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > len(self._migrations):
                raise NewerFile(
                    f"{self._path.name} was made by a later version of this program.",
                    hint="Update the program, or choose another data folder.",
                )
            self._prepare(connection, version)
        except sqlite3.Error as error:
            connection.close()
            raise _failure(self._path, error) from error
        except NewerFile:
            connection.close()
            raise
        self._path.chmod(0o600)
        self._connection = connection

    def _prepare(self, connection: sqlite3.Connection, version: int) -> None:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -32768")
        connection.execute("PRAGMA temp_store = MEMORY")
        for number, script in enumerate(self._migrations[version:], version + 1):
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{script};\nPRAGMA user_version = {number};\nCOMMIT;"
            )

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection
        if connection is None:
            raise StoreFailed("The engine is shutting down.")
        try:
            connection.execute("BEGIN")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            if not getattr(error, "sqlite_errorname", "").startswith(_TROUBLE):
                raise
            raise _failure(self._path, error) from error
        return result

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.execute("PRAGMA optimize")
            self._connection.close()
            self._connection = None


def _failure(path: Path, error: sqlite3.Error) -> StoreFailed:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return DiskFull("The disk is full. Nothing was stored.", hint="Make room and try again.")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return StoreFailed(
            f"{path.name} is damaged and was left as it is.",
            hint="Put it back from a copy, or choose another data folder.",
            details=str(error),
        )
    return StoreFailed(f"{path.name} cannot be used.", details=str(error))
