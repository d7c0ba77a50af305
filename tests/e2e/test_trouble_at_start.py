"""Damaged, newer and missing files at the start: the window opens, says so, and loses nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop import paths
from scenario_desktop.services.engine_process import EngineState
from tests.e2e.conftest import on_posix
from tests.e2e.desk import (
    PATIENCE_S,
    ROOT,
    bring_in,
    desk,
    error_card,
    items,
    minds_being_ended,
    press,
    session_of,
    shown,
    state_text,
    toast,
)
from tests.e2e.hostile import encoded, noise
from tests.support import until

DAMAGE = {"cut": b"SQLite format 3\0" + bytes(20), "text": b"<html>not a database</html>" * 99}


async def fill(folder: Path, count: int = 2) -> paths.Paths:
    """Leave a data folder with some pictures, as a program that was closed leaves it."""
    source = folder.parent / "pictures"
    source.mkdir()
    for number in range(count):
        (source / f"{number}.png").write_bytes(encoded(noise(number)))
    async with desk(folder) as program:
        await bring_in(program, [source])
        await shown(program, count)
    return paths.under(folder)


async def test_damaged_settings_are_told_and_kept(qt_loop: Any, tmp_path: Path) -> None:
    places = paths.under(tmp_path)
    places.make()
    places.settings.write_text('{"theme": "dark", ')
    async with desk(tmp_path) as program:
        assert error_card(program).startswith("Some settings could not be read and are back at")
        assert program.session is not None
    assert places.settings.with_name("settings.json.bad").read_text() == '{"theme": "dark", '


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("text", ['{"version": 99}', '{"version": 1, "workspaces": 7}'])
def test_the_command_line_opens_with_any_settings(tmp_path: Path, text: str) -> None:
    """Newer settings are left alone and the window says why it stays empty."""
    places = paths.under(tmp_path)
    places.make()
    places.settings.write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-m", "scenario_desktop", "--data", str(tmp_path)], cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "*=false"},
        stderr=subprocess.PIPE,
    )  # fmt: skip
    asyncio.run(until(lambda: minds_being_ended(process.pid), timeout_s=PATIENCE_S))
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)  # it stays open
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=PATIENCE_S)
    is_newer = "99" in text
    assert process.returncode == (1 if is_newer else 0), said
    assert ("later version" in said.decode()) == is_newer
    assert b"Traceback" not in said
    if is_newer:
        assert places.settings.read_text() == text


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_ledger_is_told_and_set_aside(
    qt_loop: Any, tmp_path: Path, damage: str
) -> None:
    places = await fill(tmp_path / "d")
    places.ledger.write_bytes(DAMAGE[damage])
    async with desk(tmp_path / "d") as program:
        assert error_card(program).startswith("The record of your jobs was damaged;")
        await shown(program, 2)
    assert any(file.read_bytes() == DAMAGE[damage] for file in places.data.glob("ledger*"))


async def test_a_newer_ledger_is_left_alone_and_told(qt_loop: Any, tmp_path: Path) -> None:
    places = await fill(tmp_path / "d")
    connection = sqlite3.connect(places.ledger)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = places.ledger.read_bytes()
    async with desk(tmp_path / "d") as program:
        assert "later version" in error_card(program)
        assert state_text(program) == "Not open"
        program.workbench.retry_requested.emit()
        await until(lambda: state_text(program) == "Not open")
    assert places.ledger.read_bytes() == before


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_catalogue_is_told_and_read_anew(
    qt_loop: Any, tmp_path: Path, damage: str
) -> None:
    places = await fill(tmp_path / "d")
    places.catalogue("local").write_bytes(DAMAGE[damage])
    async with desk(tmp_path / "d") as program:
        assert "was damaged" in toast(program)
        await shown(program, 2)
        assert [item.name for item in await items(program)] == ["0", "1"]


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_cache_is_nobodys_trouble(
    qt_loop: Any, tmp_path: Path, damage: str
) -> None:
    places = await fill(tmp_path / "d")
    places.thumbnails.write_bytes(DAMAGE[damage])
    async with desk(tmp_path / "d") as program:
        await shown(program, 2)
        keys = [item.key for item in await items(program)]
        store = program.workbench.store
        await until(lambda: all(store.stand_in(k) is not None for k in keys), timeout_s=PATIENCE_S)
        assert not error_card(program)


@pytest.mark.parametrize("file", ["engine.sqlite", "keys.json"])
async def test_an_engine_that_cannot_start_says_why(
    qt_loop: Any, tmp_path: Path, file: str
) -> None:
    places = await fill(tmp_path / "d")
    whole = (places.engine / file).read_bytes()
    (places.engine / file).write_bytes(b"{")
    async with desk(tmp_path / "d") as program:
        assert "damaged" in error_card(program)
        assert state_text(program) == "Not open"
        (places.engine / file).write_bytes(whole)
        program.workbench.retry_requested.emit()
        await until(lambda: program.session is not None, timeout_s=PATIENCE_S)
        await shown(program, 2)


@on_posix
async def test_an_engine_that_dies_is_told_and_comes_back(qt_loop: Any, tmp_path: Path) -> None:
    await fill(tmp_path / "d")
    async with desk(tmp_path / "d") as program:
        await shown(program, 2)
        before = await items(program)
        pid = program.engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: "Restarting" in state_text(program), timeout_s=PATIENCE_S)
        assert program.workbench.gallery.controller.count == 2
        await until(lambda: state_text(program) == "Local engine ready", timeout_s=PATIENCE_S)
        await session_of(program).sync.run_once()
        assert await items(program) == before
        assert not error_card(program)


@on_posix
async def test_an_engine_that_stays_dead_is_told_and_can_be_tried_again(
    qt_loop: Any, tmp_path: Path
) -> None:
    places = await fill(tmp_path / "d")
    async with desk(tmp_path / "d") as program:
        await shown(program, 2)
        program.engine._delays_s = (0.0, 0.0, 0.0)
        keys = places.engine / "keys.json"
        whole = keys.read_bytes()
        keys.write_bytes(b"{")
        pid = program.engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: program.engine.status.state is EngineState.FAILED, timeout_s=PATIENCE_S)
        await until(lambda: "damaged" in error_card(program))
        assert program.workbench.gallery.controller.count == 2
        keys.write_bytes(whole)
        await until(lambda: program.workbench.gallery.view.notice, timeout_s=PATIENCE_S)
        press(program.window, "Start it again")
        await until(lambda: program.engine.status.state is EngineState.READY, timeout_s=PATIENCE_S)
        await until(lambda: state_text(program) == "Local engine ready", timeout_s=PATIENCE_S)
        await shown(program, 2)
