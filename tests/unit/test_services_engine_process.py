"""The engine process: started, trusted after its first line, restarted, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scenario_desktop.errors import EngineFailed
from scenario_desktop.services.engine_process import (
    EngineAddress,
    EngineProcess,
    EngineState,
    EngineStatus,
    clean_environment,
    default_command,
    parse_address,
)
from tests.support import until

GOOD = (
    b'{"scenario_url": "http://127.0.0.1:9/v1", "sartiq_url": "http://127.0.0.1:9/api/v1",'
    b' "api_key": "k", "api_secret": "canary", "username": "u", "password": "p"}\n'
)
STUB = f"""
import sys, os, pathlib
data = pathlib.Path(sys.argv[sys.argv.index("--data") + 1])
with open(data / "starts", "a") as file:
    file.write(sys.argv[sys.argv.index("--port") + 1] + "\\n")
behaviour = os.environ.get("STUB", "")
is_restart = len(open(data / "starts").readlines()) > 1
if behaviour == "dies" or (behaviour == "dies later" and is_restart):
    sys.exit("no such luck")
if behaviour == "mute":
    sys.stdin.read()
(data / "pid").write_text(str(os.getpid()))
sys.stdout.buffer.write({GOOD!r}); sys.stdout.flush()
sys.stdin.read()
"""


@pytest.fixture
def stub(tmp_path: Path) -> list[str]:
    script = tmp_path / "stub.py"
    script.write_text(STUB)
    return [sys.executable, "-I", str(script)]


def starts(data: Path) -> list[str]:
    return (data / "starts").read_text().split()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_one_that_was_spawned_before_the_loop_is_taken(
    stub: list[str], tmp_path: Path
) -> None:
    engine = EngineProcess(command=stub)
    engine.spawn(tmp_path)
    await engine.start(tmp_path)
    assert starts(tmp_path) == ["0"]
    await engine.aclose()


async def test_one_that_was_spawned_for_nothing_is_ended(stub: list[str], tmp_path: Path) -> None:
    engine = EngineProcess(command=stub)
    engine.spawn(tmp_path)
    await until((tmp_path / "pid").exists)
    await engine.aclose()
    assert not is_alive(int((tmp_path / "pid").read_text()))


async def test_what_cannot_be_spawned_is_told_by_the_start(tmp_path: Path) -> None:
    engine = EngineProcess(command=[str(tmp_path / "nothing")])
    engine.spawn(tmp_path)
    with pytest.raises(EngineFailed):
        await engine.start(tmp_path)


async def test_it_starts_says_where_it_is_and_ends_with_its_stdin(
    stub: list[str], tmp_path: Path
) -> None:
    engine = EngineProcess(command=stub)
    states: list[EngineStatus] = []
    engine.state_changed.connect(states.append)
    address = await engine.start(tmp_path)
    pid = engine.pid
    assert address.scenario_url == "http://127.0.0.1:9/v1"
    await engine.aclose()
    assert pid is not None
    assert not is_alive(pid)
    assert [s.state for s in states] == [
        EngineState.STARTING, EngineState.READY, EngineState.STOPPED,
    ]  # fmt: skip


async def test_a_killed_engine_comes_back_on_its_old_port(stub: list[str], tmp_path: Path) -> None:
    engine = EngineProcess(command=stub, restart_delays_s=(0, 0, 0))
    states: list[EngineState] = []
    engine.state_changed.connect(lambda status: states.append(status.state))
    await engine.start(tmp_path)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: states[-2:] == [EngineState.RESTARTING, EngineState.READY])
    await engine.aclose()
    assert starts(tmp_path) == ["0", "9"]


async def test_it_gives_up_after_three_restarts(
    stub: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB", "dies later")
    engine = EngineProcess(command=stub, restart_delays_s=(0, 0, 0), log_file=tmp_path / "e.log")
    await engine.start(tmp_path)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: engine.status.state is EngineState.FAILED)
    assert starts(tmp_path) == ["0", "9", "0", "0"]
    assert engine.status.error is not None
    assert "log folder" in engine.status.error.hint
    assert "no such luck" in engine.status.error.details
    await engine.aclose()


async def test_one_that_runs_is_taken_and_one_that_comes_back_is_waited_for(
    stub: list[str], tmp_path: Path
) -> None:
    engine = EngineProcess(command=stub, restart_delays_s=(0, 0, 0))
    first, second = await asyncio.gather(engine.start(tmp_path), engine.start(tmp_path))
    assert first == second
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: engine.status.state is EngineState.RESTARTING)
    assert await engine.start(tmp_path) == first
    assert starts(tmp_path) == ["0", "9"]
    await engine.aclose()


async def test_after_giving_up_it_can_be_started_anew(
    stub: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB", "dies later")
    engine = EngineProcess(command=stub, restart_delays_s=(0,))
    await engine.start(tmp_path)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: engine.status.state is EngineState.RESTARTING)
    with pytest.raises(EngineFailed):
        await engine.start(tmp_path)
    assert engine.status.state is EngineState.FAILED
    monkeypatch.setenv("STUB", "")
    assert await engine.start(tmp_path)
    await engine.aclose()


async def test_an_engine_that_dies_at_once_is_a_clear_error(
    stub: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB", "dies")
    with pytest.raises(EngineFailed, match="before it was ready"):
        await EngineProcess(command=stub).start(tmp_path)


async def test_an_engine_that_never_speaks_is_ended(
    stub: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB", "mute")
    engine = EngineProcess(command=stub, start_timeout_s=0.3)
    with pytest.raises(EngineFailed, match="in time"):
        await engine.start(tmp_path)
    assert engine.pid is None


async def test_a_program_that_cannot_run_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="could not be run"):
        await EngineProcess(command=[str(tmp_path / "nothing")]).start(tmp_path)


async def test_an_engine_that_fails_its_handshake_is_not_trusted(
    stub: list[str], tmp_path: Path
) -> None:
    async def refuse(address: EngineAddress) -> None:
        raise EngineFailed("Somebody else answers there.")

    engine = EngineProcess(command=stub, check=refuse)
    with pytest.raises(EngineFailed, match="Somebody else"):
        await engine.start(tmp_path)
    assert not is_alive(int((tmp_path / "pid").read_text()))


async def test_cancelling_the_start_leaves_no_process(
    stub: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB", "mute")
    engine = EngineProcess(command=stub)
    task = asyncio.create_task(engine.start(tmp_path))
    await until(lambda: engine.pid)
    pid = engine.pid
    task.cancel()
    await asyncio.wait({task})
    assert pid is not None
    await until(lambda: not is_alive(pid))


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_the_engine_ends_with_a_killed_window(stub: list[str], tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable, "-c",
            "import asyncio, pathlib, sys\n"
            "from scenario_desktop.services.engine_process import EngineProcess\n"
            "async def main():\n"
            "    await EngineProcess(command=sys.argv[2:]).start(pathlib.Path(sys.argv[1]))\n"
            "    await asyncio.sleep(60)\n"
            "asyncio.run(main())",
            str(tmp_path), *stub,
        ],
    )  # fmt: skip
    try:
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        pid = int((tmp_path / "pid").read_text())
        assert is_alive(pid)
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: not is_running(pid))


def wait_for(condition: Callable[[], object], timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether it runs; a dead process that nobody has waited for does not."""
    status = Path(f"/proc/{pid}/stat")
    if not status.parent.parent.is_dir():
        return is_alive(pid)
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "line",
    [
        b"", b"hello\n", b"[]\n", b"{}\n", GOOD.replace(b'"canary"', b"7"),
        GOOD.replace(b"127.0.0.1", b"example.com"), GOOD.replace(b"http:", b"https:", 1),
    ],
)  # fmt: skip
def test_a_wrong_first_line_is_refused(line: bytes) -> None:
    with pytest.raises(EngineFailed):
        parse_address(line)


def test_the_reason_of_an_engine_that_cannot_start_is_told() -> None:
    with pytest.raises(EngineFailed, match="The keys are damaged") as caught:
        parse_address(b'{"error": "The keys are damaged.", "hint": "Remove them."}')
    assert caught.value.hint == "Remove them."


SECOND = GOOD.replace(b"}", b', "second_api_key": "k2", "second_api_secret": "canary2"}')


def test_a_second_user_is_told_where_there_is_one() -> None:
    assert parse_address(GOOD).second_api_key == ""
    address = parse_address(SECOND)
    assert (address.second_api_key, address.second_api_secret) == ("k2", "canary2")
    with pytest.raises(EngineFailed):
        parse_address(SECOND.replace(b'"k2"', b"2"))


def test_a_second_user_is_let_in_only_where_one_is_wanted(tmp_path: Path) -> None:
    for has_second_user in (False, True):
        engine = EngineProcess(command=["engine"], has_second_user=has_second_user)
        options = engine._arguments(tmp_path, 0)
        assert ("--second-user" in options) is has_second_user


def test_keys_do_not_show_in_a_repr() -> None:
    assert "canary" not in repr(parse_address(GOOD))
    assert "canary" not in repr(parse_address(SECOND))


def test_the_child_gets_a_clean_environment() -> None:
    given = {"PATH": "/bin", "LD_PRELOAD": "x", "https_proxy": "x", "PYTHONPATH": "x"}
    assert clean_environment(given) == {"PATH": "/bin"}


def test_a_frozen_build_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_command()[1:] == ["-m", "scenario_desktop", "engine"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert default_command()[1:] == ["engine"]
