"""Files that are new, old, newer, damaged, locked or on a full disk."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scenario_desktop.errors import NewerFile, StoreFailed
from scenario_desktop.store.database import Database
from tests.support import until

FIRST = ("CREATE TABLE things (name TEXT)",)
SECOND = ("ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 7",)


async def opened(path: Path, *migrations: tuple[str, ...], is_precious: bool = False) -> Database:
    database = Database(path, migrations or (FIRST,), is_precious=is_precious)
    await database.open()
    return database


async def add(database: Database, name: str = "a") -> None:
    await database.run(lambda c: c.execute("INSERT INTO things (name) VALUES (?)", (name,)).close())


async def names(database: Database) -> list[str]:
    return await database.read(lambda c: [row[0] for row in c.execute("SELECT name FROM things")])


def set_aside(path: Path) -> list[str]:
    return sorted(name for name in os.listdir(path.parent) if ".damaged-" in name)


async def test_rows_are_there_after_a_reopening(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.sqlite"
    database = await opened(path)
    await add(database)
    await database.aclose()
    database = await opened(path)
    assert await names(database) == ["a"]
    assert not database.was_rebuilt
    await database.aclose()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions elsewhere")
async def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    database = await opened(tmp_path / "a.sqlite")
    await add(database)
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in os.listdir(tmp_path)}
    assert set(modes.values()) == {0o600}
    assert "a.sqlite-wal" in modes
    await database.aclose()


async def test_a_failed_run_changes_nothing(tmp_path: Path) -> None:
    database = await opened(tmp_path / "a.sqlite")

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO things (name) VALUES ('half')")
        raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        await database.run(work)
    assert await names(database) == []
    await database.aclose()


async def test_an_older_file_is_lifted_and_a_copy_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    database = await opened(path)
    await add(database)
    await database.aclose()
    database = await opened(path, FIRST, SECOND, is_precious=True)
    assert await database.read(lambda c: c.execute("SELECT * FROM things").fetchall()) == [("a", 7)]
    await database.aclose()
    assert (tmp_path / "a.sqlite.before-2").exists()


async def test_a_migration_that_fails_leaves_the_old_version(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    database = await opened(path)
    await add(database)
    await database.aclose()
    with pytest.raises(StoreFailed):
        await opened(path, FIRST, (*SECOND, "THIS IS NOT SQL"))
    database = await opened(path, FIRST, SECOND)
    assert await names(database) == ["a"]
    await database.aclose()


async def test_a_newer_file_is_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    database = await opened(path, FIRST, SECOND)
    await database.aclose()
    before = hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns
    with pytest.raises(NewerFile):
        await opened(path)
    assert (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns) == before
    assert os.listdir(tmp_path) == ["a.sqlite"]


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_damaged_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(content)
    database = await opened(path)
    assert database.was_rebuilt
    await add(database)
    await database.aclose()
    (aside,) = set_aside(path)
    assert (tmp_path / aside).read_bytes() == content


def _filled(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE things (name TEXT)")
    connection.executemany("INSERT INTO things VALUES (?)", [("x" * 200,)] * 500)
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


async def test_a_damaged_page_is_found_after_an_unclean_exit(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    _filled(path)
    data = bytearray(path.read_bytes())
    data[4096 * 5 : 4096 * 5 + 40] = b"\xff" * 40
    path.write_bytes(data)
    (tmp_path / "a.sqlite-open").touch()
    database = await opened(path)
    assert database.was_rebuilt
    await database.aclose()


async def test_a_large_file_is_checked_beside_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenario_desktop.store.database._CHECK_INLINE_UP_TO", 0)
    path = tmp_path / "a.sqlite"
    _filled(path)
    data = bytearray(path.read_bytes())
    data[4096 * 5 : 4096 * 5 + 40] = b"\xff" * 40
    path.write_bytes(data)
    (tmp_path / "a.sqlite-open").touch()
    database = Database(path, (FIRST,))
    told: list[StoreFailed] = []
    database.on_damage = told.append
    await database.open()
    await until(lambda: told)
    await database.aclose()
    database = await opened(path)
    assert database.was_rebuilt
    await database.aclose()


async def test_damage_met_while_reading_is_told_and_cured_at_the_next_start(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.sqlite"
    _filled(path)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    database = await opened(path)
    with pytest.raises(StoreFailed, match="damaged"):
        await names(database)
    await database.aclose()
    database = await opened(path)
    assert database.was_rebuilt
    await database.aclose()


async def test_a_file_in_use_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenario_desktop.store.database._BUSY_S", 0.05)
    path = tmp_path / "a.sqlite"
    database = await opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailed, match="in use"):
        await add(database)
    other.close()
    await add(database)
    await database.aclose()


async def test_a_full_disk_says_so_and_keeps_what_was_there(tmp_path: Path) -> None:
    database = await opened(tmp_path / "a.sqlite")
    await add(database)
    await database.read(lambda c: c.execute("PRAGMA max_page_count = 4").close())
    with pytest.raises(StoreFailed, match="disk is full"):
        await add(database, "x" * 100_000)
    assert await names(database) == ["a"]
    await database.aclose()


async def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreFailed, match="cannot be opened"):
        await opened(tmp_path / "file" / "a.sqlite")


async def test_cancelling_a_read_interrupts_it(tmp_path: Path) -> None:
    database = await opened(tmp_path / "a.sqlite")
    began = threading.Event()

    def endless(connection: sqlite3.Connection) -> None:
        began.set()
        connection.execute(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
        ).fetchone()

    task = asyncio.create_task(database.read(endless))
    await until(began.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await add(database)
    assert await names(database) == ["a"]
    await database.aclose()


async def test_the_log_is_folded_in_beside_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenario_desktop.store.database._CHECKPOINT_AT", 50_000)
    path = tmp_path / "a.sqlite"
    database = await opened(path)
    await add(database, "x" * 200_000)
    await until(lambda: path.stat().st_size > 200_000)
    await database.aclose()


async def test_a_closed_file_says_so(tmp_path: Path) -> None:
    database = await opened(tmp_path / "a.sqlite")
    await database.aclose()
    await database.aclose()
    with pytest.raises(StoreFailed, match="closed"):
        await names(database)


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process group by signal")
async def test_a_killed_writer_loses_nothing_it_was_told_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    program = (
        "import asyncio, os, pathlib, signal, sys\n"
        "from scenario_desktop.store.database import Database\n"
        "async def main():\n"
        "    database = Database(pathlib.Path(sys.argv[1]), (('CREATE TABLE things (name)',),))\n"
        "    await database.open()\n"
        "    for number in range(50):\n"
        "        await database.run(\n"
        "            lambda c: c.execute('INSERT INTO things VALUES (1)').close())\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program, str(path)], check=False, timeout=60
    )
    database = await opened(path)
    assert len(await names(database)) == 50
    assert not database.was_rebuilt
    await database.aclose()
