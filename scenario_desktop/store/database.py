"""One SQLite file of ours: one connection on one thread of its own, one transaction per run.

Knows nothing of what is stored. Damage is noticed at opening (and by ``quick_check`` after an
unclean exit): the file is then set aside, never deleted, and a new one begun. A file of a later
version is refused before a byte of it changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from scenario_desktop.errors import NewerFile, StoreFailed

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
#: The statements that lift a file from one version to the next. A shipped one is never edited.
Migration = Sequence[str]

_MAGIC: Final = b"SQLite format 3\x00"
#: Fold the log into the file (on a thread beside) once it is this large, bytes.
_CHECKPOINT_AT: Final = 32 * 1024 * 1024
#: Files up to this size are checked before use after an unclean exit; larger ones beside it.
_CHECK_INLINE_UP_TO: Final = 192 * 1024 * 1024
_BUSY_S: Final = 5.0


class Database:
    """A database file with numbered migrations.

    Attributes:
        path: where it lies; readable by its owner only.
        damaged_file: where the former file was put if it was damaged at opening, else None.
        on_damage: called on the loop when damage is found after opening; the file is then set
            aside at the next opening.
        on_rollback: called on the database's thread when a transaction was undone.
    """

    def __init__(
        self,
        path: Path,
        migrations: Sequence[Migration],
        *,
        is_precious: bool = False,
        cache_mib: int = 8,
    ) -> None:
        """Remember the file; nothing is touched before ``open``.

        Args:
            is_precious: every commit waits for the disk, and a copy is kept before a migration.
            cache_mib: how much memory SQLite may hold pages in.
        """
        self.path = path
        self.damaged_file: Path | None = None
        self.on_damage: Callable[[StoreFailed], None] | None = None
        self.on_rollback: Callable[[sqlite3.Connection], None] | None = None
        self._migrations = migrations
        self._is_precious = is_precious
        self._cache_mib = cache_mib
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"db-{path.stem}")
        self._lock = threading.Lock()
        self._running: object | None = None
        self._is_closed = False
        self._is_checkpointing = False
        self._beside: set[asyncio.Task[None]] = set()

    @property
    def was_rebuilt(self) -> bool:
        """Whether a damaged file was set aside and an empty one begun."""
        return self.damaged_file is not None

    @property
    def is_open(self) -> bool:
        return self._connection is not None and not self._is_closed

    async def open(self) -> None:
        """Open, check and migrate the file.

        Raises:
            NewerFile: it was made by a later version; it was left as it is.
            StoreFailed: the folder is not writable, or the disk is full.
        """
        was_unclean = await self._call(self._open)
        if was_unclean and _size(self.path) > _CHECK_INLINE_UP_TO:
            self._start_beside(self._check_beside())

    async def run(self, work: Work[T]) -> T:
        """Run work in one transaction on the database's own thread.

        Cancelling leaves the transaction to end as a whole by itself.

        Raises:
            StoreFailed: disk full, file locked, damaged or not writable; nothing was changed.
        """
        result = await self._call(lambda: self._transact(work))
        if not self._is_checkpointing and self._wal_size() > _CHECKPOINT_AT:
            self._start_beside(self._checkpoint())
        return result

    async def read(self, work: Work[T]) -> T:
        """Run work that only reads; cancelling interrupts it.

        Raises:
            StoreFailed: the file is damaged or cannot be read.
        """
        token = object()
        try:
            return await self._call(lambda: self._read(work, token))
        except asyncio.CancelledError:
            with self._lock:
                if self._running is token and self._connection is not None:
                    self._connection.interrupt()
            raise

    async def compact(self) -> None:
        """Give the space of removed rows back to the disk; slow for large files.

        Raises:
            StoreFailed: the disk has no room for the copy that this takes.
        """
        await self._call(self._compact)

    async def aclose(self) -> None:
        """Wait for work under way, then close the file cleanly. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        for task in list(self._beside):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(task)
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._close)
        finally:
            self._thread.shutdown(wait=False)

    # --- on the database's thread -------------------------------------------------------------

    async def _call(self, work: Callable[[], T]) -> T:
        if self._is_closed:
            raise StoreFailed(f"{self.path.name} is closed; nothing was changed.")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _transact(self, work: Work[T]) -> T:
        connection = self._require()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may already have rolled back.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if self.on_rollback is not None:
                    self.on_rollback(connection)
                raise
        except sqlite3.Error as error:
            raise self._failure(error) from error
        return result

    def _read(self, work: Work[T], token: object) -> T:
        connection = self._require()
        with self._lock:
            self._running = token
        try:
            return work(connection)
        except sqlite3.Error as error:
            raise self._failure(error) from error
        finally:
            with self._lock:
                self._running = None

    def _compact(self) -> None:
        try:
            self._require().execute("VACUUM")
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _require(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreFailed(f"{self.path.name} is not open.")
        return self._connection

    def _open(self) -> bool:
        """Return whether the last exit was unclean."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._refuse_newer()
            was_unclean = self._marker.exists() and self.path.exists()
            if self._is_plainly_damaged():
                self._set_aside()
            try:
                self._connect(check=was_unclean)
            except sqlite3.DatabaseError as error:
                self._drop_connection()
                if not _is_damage(error):
                    raise
                self._set_aside()
                self._connect(check=False)
            self._marker.touch(mode=0o600)
        except sqlite3.Error as error:
            self._drop_connection()
            raise self._failure(error) from error
        except OSError as error:
            self._drop_connection()
            raise StoreFailed(
                f"{self.path.name} cannot be opened; nothing was changed.",
                hint="Check that the folder is writable and the disk is not full.",
                details=f"{self.path}: {error.strerror or error}",
            ) from error
        return was_unclean

    def _connect(self, *, check: bool) -> None:
        _create_private(self.path)
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False,
            cached_statements=256,
        )  # fmt: skip
        self._connection = connection
        connection.execute(f"PRAGMA cache_size = {-1024 * self._cache_mib}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA secure_delete = OFF")
        if check and _size(self.path) <= _CHECK_INLINE_UP_TO:
            _quick_check(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = " + ("FULL" if self._is_precious else "NORMAL"))
        connection.execute("PRAGMA wal_autocheckpoint = 100000")
        connection.execute("PRAGMA journal_size_limit = 16777216")
        self._migrate(connection)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        latest = len(self._migrations)
        if version > latest:
            self._drop_connection()
            raise _newer(self.path)
        if version == latest:
            return
        if version and self._is_precious:
            copy = self.path.with_name(f"{self.path.name}.before-{latest}")
            _create_private(copy)
            with contextlib.closing(sqlite3.connect(copy)) as target:
                connection.backup(target)
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statements in self._migrations[version:]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {latest}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.execute("PRAGMA optimize")
            connection.close()  # folds the log into the file and removes it
            self._marker.unlink(missing_ok=True)
        except (sqlite3.Error, OSError) as error:
            connection.close()
            log.warning("%s was not closed cleanly: %s", self.path.name, error)

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # --- damage -------------------------------------------------------------------------------

    @property
    def _marker(self) -> Path:
        """Exists while the file is open: its presence at opening means an unclean exit."""
        return self.path.with_name(f"{self.path.name}-open")

    @property
    def _damage_marker(self) -> Path:
        return self.path.with_name(f"{self.path.name}-damaged")

    def _refuse_newer(self) -> None:
        # Read from the header itself: even opening a file in WAL mode would write beside it.
        head = _head(self.path)
        if _is_header(head) and int.from_bytes(head[60:64], "big") > len(self._migrations):
            raise _newer(self.path)

    def _is_plainly_damaged(self) -> bool:
        if not self.path.exists():
            return False
        # SQLite would take a file of 0 bytes for a fresh one: a known file that is empty is damage.
        return self._damage_marker.exists() or not _is_header(_head(self.path))

    def _set_aside(self) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        target = self.path.with_name(f"{self.path.name}.damaged-{stamp}")
        count = 1
        while target.exists():
            count += 1
            target = self.path.with_name(f"{self.path.name}.damaged-{stamp}-{count}")
        for suffix in ("-wal", "-shm"):
            beside = self.path.with_name(self.path.name + suffix)
            if beside.exists():
                beside.replace(target.with_name(target.name + suffix))
        self.path.replace(target)
        self._damage_marker.unlink(missing_ok=True)
        self.damaged_file = target
        log.warning("%s was damaged and has been set aside as %s", self.path.name, target.name)

    def _failure(self, error: sqlite3.Error) -> StoreFailed:
        if _is_damage(error):
            with contextlib.suppress(OSError):
                self._damage_marker.touch(mode=0o600)
        return store_failure(error, self.path)

    # --- beside the database's thread ---------------------------------------------------------

    def _start_beside(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _checkpoint(self) -> None:
        """Fold the log into the file on a second connection: readers and writers go on."""
        self._is_checkpointing = True
        try:
            await asyncio.to_thread(_on_second_connection, self.path, _checkpoint)
        except sqlite3.Error as error:
            log.warning("%s: checkpoint failed: %s", self.path.name, error)
        finally:
            self._is_checkpointing = False

    async def _check_beside(self) -> None:
        try:
            await asyncio.to_thread(_on_second_connection, self.path, _quick_check)
        except sqlite3.DatabaseError as error:
            failure = self._failure(error)
            if _is_damage(error) and self.on_damage is not None:
                self.on_damage(failure)

    def _wal_size(self) -> int:
        return _size(self.path.with_name(f"{self.path.name}-wal"))


def store_failure(error: sqlite3.Error, path: Path) -> StoreFailed:
    """Return what SQLite's error means to a person."""
    name = str(getattr(error, "sqlite_errorname", ""))
    details = f"{path}: {error} {name}".strip()
    for start, message, hint in _MEANINGS:
        if name.startswith(start):
            return StoreFailed(message.format(path.name), hint=hint, details=details)
    return StoreFailed(f"{path.name} could not be read or written.", details=details)


_MEANINGS: Final = (
    ("SQLITE_FULL", "The disk is full; {} was left as it was.", "Free some space and try again."),
    ("SQLITE_BUSY", "{} is in use by another program; nothing was changed.",
     "Close the other program and try again."),
    ("SQLITE_LOCKED", "{} is in use by another program; nothing was changed.",
     "Close the other program and try again."),
    ("SQLITE_READONLY", "{} is not writable; nothing was changed.",
     "Check the permissions of the data folder."),
    ("SQLITE_CANTOPEN", "{} cannot be opened; nothing was changed.",
     "Check that the data folder exists and is writable."),
    ("SQLITE_IOERR", "The disk reported an error at {}; the last change was not kept.",
     "Check the disk, then try again."),
    ("SQLITE_CORRUPT", "{} is damaged; it will be set aside at the next start.",
     "Restart the program."),
    ("SQLITE_NOTADB", "{} is damaged; it will be set aside at the next start.",
     "Restart the program."),
    ("SQLITE_INTERRUPT", "The search was stopped.", ""),
)  # fmt: skip


def _is_damage(error: sqlite3.Error) -> bool:
    name = str(getattr(error, "sqlite_errorname", ""))
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


class _Damaged(sqlite3.DatabaseError):
    sqlite_errorname = "SQLITE_CORRUPT"


def _quick_check(connection: sqlite3.Connection) -> None:
    # Damaged pages are often read without complaint; only this finds them.
    answer = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer[0] != "ok":
        raise _Damaged(str(answer[0])[:200])


def _checkpoint(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _on_second_connection(path: Path, work: Work[None]) -> None:
    with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)) as second:
        work(second)


def _newer(path: Path) -> NewerFile:
    return NewerFile(
        f"{path.name} was made by a later version of this program and was left untouched.",
        hint="Install the latest version, or move the file away to begin anew.",
        details=str(path),
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(100)
    except FileNotFoundError:
        return b""


def _is_header(head: bytes) -> bool:
    # Its first word, and three bytes that the format fixes.
    return head[:16] == _MAGIC and head[21:24] == b"\x40\x20\x20"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _create_private(path: Path) -> None:
    """Make the file, if missing, with its final permissions: SQLite copies them to its log."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
