"""The local engine as a child process: started, watched, restarted a few times, ended with us.

The engine reads its stdin to the end and stops there, so it dies with this process however that
ends; the pipe is also how it tells its address and keys, which therefore never stand in an argument
list. Built on ``subprocess`` and threads, because a Qt event loop on Unix runs no child watcher.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import urlsplit

from psygnal import Signal

from scenario_desktop.errors import AppError, EngineFailed

_log = logging.getLogger(__name__)
T = TypeVar("T")

#: Waits before each restart, in seconds; their number is the number of restarts.
RESTART_DELAYS_S = (0.5, 1.5, 4.0)
#: After this long without trouble a new death counts as the first again, in seconds.
STABLE_AFTER_S = 300.0
START_TIMEOUT_S = 60.0
#: How long the engine may take to end by itself, then by a signal, in seconds.
STOP_TIMEOUT_S = 4.0
_LINE_LIMIT = 65_536
_LOG_LIMIT_BYTES = 1_048_576

#: What could make the child load foreign code, send its traffic elsewhere or spill its keys.
UNWANTED_ENVIRONMENT = frozenset(
    {
        "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONUSERBASE",
        "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH",
        "OPENSSL_CONF", "OPENSSL_MODULES", "SSLKEYLOGFILE", "PYTHON_KEYRING_BACKEND",
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where the engine listens and what it wants to see. Keys stay out of the repr.

    Attributes:
        second_api_key, second_api_secret: of a second user of the same project; empty without one.
    """

    scenario_url: str
    sartiq_url: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    username: str = field(repr=False)
    password: str = field(repr=False)
    second_api_key: str = field(default="", repr=False)
    second_api_secret: str = field(default="", repr=False)


_SECOND = ("second_api_key", "second_api_secret")
_NEEDED = tuple(field for field in fields(EngineAddress) if field.name not in _SECOND)


class EngineState(StrEnum):
    """What the engine is doing, as far as its window knows."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """A state with its address (READY) or its error (RESTARTING, FAILED)."""

    state: EngineState
    address: EngineAddress | None = None
    error: AppError | None = None


async def check_identity(address: EngineAddress) -> None:
    """Let an engine prove that it is ours; HTTP is imported only then.

    Raises:
        EngineFailed: it is not.
    """
    from scenario_desktop.services.engine_handshake import prove_identity

    await prove_identity(address)


def default_command() -> list[str]:
    """Return what starts this program again as an engine, from source or from a frozen build."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "engine"]
    return [sys.executable, "-m", "scenario_desktop", "engine"]


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return a copy without the variables that could misguide the child."""
    return {k: v for k, v in environment.items() if k.upper() not in UNWANTED_ENVIRONMENT}


def parse_address(line: bytes) -> EngineAddress:
    """Read the engine's first line.

    Raises:
        EngineFailed: it says why it cannot start, it is not the line that the engine is documented
            to print, or it names an address that is not on this computer.
    """
    try:
        value = json.loads(line)
        if "error" in value:
            raise EngineFailed(
                f"The local engine does not run. {value['error']}", hint=str(value["hint"])
            )
        needed = {field.name: value[field.name] for field in _NEEDED}
        address = EngineAddress(**needed, **{name: value.get(name, "") for name in _SECOND})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _failed("It did not say where it listens.") from error
    said = asdict(address)
    if not all(isinstance(v, str) and (v or name in _SECOND) for name, v in said.items()):
        raise _failed("It did not say where it listens.")
    for url in (address.scenario_url, address.sartiq_url):
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise _failed("It named an address that is not on this computer.")
    return address


class EngineProcess:
    """Owns the engine process of one data folder.

    After a restart the engine is asked for its old port first, so that addresses stay good.

    Signals:
        state_changed: the new EngineStatus.
    """

    state_changed = Signal(object)

    def __init__(
        self,
        *,
        command: Sequence[str] | None = None,
        log_file: Path | None = None,
        check: Callable[[EngineAddress], Awaitable[None]] | None = None,
        restart_delays_s: Sequence[float] = RESTART_DELAYS_S,
        start_timeout_s: float = START_TIMEOUT_S,
        monotonic: Callable[[], float] = time.monotonic,
        has_second_user: bool = False,
    ) -> None:
        """
        Args:
            command: what to run instead of this program; the engine's options are appended.
            log_file: where the engine's stderr goes; nowhere when None.
            check: a handshake, awaited before the engine is trusted; raises AppError to refuse.
            has_second_user: let in a second pair of keys, for two people at one canvas.
        """
        self._command = list(command) if command is not None else default_command()
        self._log_file = log_file
        self._check = check
        self._delays_s = tuple(restart_delays_s)
        self._start_timeout_s = start_timeout_s
        self._monotonic = monotonic
        self._options = ["--second-user"] if has_second_user else []
        self._child: _Child | None = None
        self._spawned: _Child | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._turn = asyncio.Event()  # set, and replaced, with every change of the status
        self.status = EngineStatus(EngineState.STOPPED)

    @property
    def pid(self) -> int | None:
        """The id of the running process."""
        return self._child.process.pid if self._child else None

    def spawn(self, data: Path) -> None:
        """Begin to start the engine, before there is a loop; ``start`` then waits for this one.

        Trouble is left for ``start`` to meet, which can tell it.
        """
        with contextlib.suppress(OSError):
            self._spawned = _Child(self._arguments(data, port=0), self._log_file)

    async def start(self, data: Path) -> EngineAddress:
        """Start the engine on a data folder and wait until it is ready to serve.

        One that runs already is taken as it is; one that is coming back is waited for.

        Raises:
            EngineFailed: it did not become ready; nothing is left running.
        """
        async with self._starting:
            if self._watcher is not None and not self._watcher.done():
                return await self._come_back()
            return await self._start(data)

    async def _start(self, data: Path) -> EngineAddress:
        self._set(EngineStatus(EngineState.STARTING))
        try:
            address = await self._launch(data, port=0)
        except AppError as error:
            self._set(EngineStatus(EngineState.FAILED, error=error))
            raise
        self._set(EngineStatus(EngineState.READY, address))
        self._watcher = asyncio.create_task(self._watch(data, address), name="engine-watcher")
        return address

    async def _come_back(self) -> EngineAddress:
        while self.status.state is EngineState.RESTARTING:
            await self._turn.wait()
        if self.status.address is None:
            raise self.status.error or _failed("It was stopped.")
        return self.status.address

    async def aclose(self) -> None:
        """End the engine: by closing its stdin, then by asking, then by force."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait({self._watcher})
            self._watcher = None
        await self._end_child()
        self._child, self._spawned = self._spawned, None  # where nobody came for it
        await self._end_child()
        self._set(EngineStatus(EngineState.STOPPED))

    async def _watch(self, data: Path, address: EngineAddress) -> None:
        restarts = 0
        while True:
            ready_at = self._monotonic()
            code = await self._child_exit()
            _log.warning("The engine ended with code %s", code)
            if self._monotonic() - ready_at > STABLE_AFTER_S:
                restarts = 0
            error: AppError = _failed(f"It ended unexpectedly (code {code}).")
            launched: EngineAddress | None = None
            while launched is None and restarts < len(self._delays_s):
                self._set(EngineStatus(EngineState.RESTARTING, error=error))
                await asyncio.sleep(self._delays_s[restarts])
                port = urlsplit(address.scenario_url).port or 0 if restarts == 0 else 0
                restarts += 1
                try:
                    launched = await self._launch(data, port)
                except AppError as failure:
                    error = failure
            if launched is None:
                self._set(EngineStatus(EngineState.FAILED, error=error))
                return
            address = launched
            self._set(EngineStatus(EngineState.READY, address))

    async def _child_exit(self) -> int:
        if self._child is None:
            raise _failed("It is not running.")
        return await asyncio.shield(asyncio.wrap_future(self._child.exit_code))

    async def _launch(self, data: Path, port: int) -> EngineAddress:
        await self._end_child()
        command = self._arguments(data, port)
        try:
            self._child, self._spawned = self._spawned, None
            if self._child is None:
                self._child = await asyncio.to_thread(_Child, command, self._log_file)
        except OSError as error:
            raise _failed("It could not be run.", str(error)) from error
        try:
            async with asyncio.timeout(self._start_timeout_s):
                line = await asyncio.wrap_future(self._child.first_line)
                if not line:
                    raise _failed("It ended before it was ready.", self._log_tail())
                address = parse_address(line)
                if self._check is not None:
                    await self._check(address)
        except TimeoutError:
            await self._end_child()
            raise _failed("It was not ready in time.", self._log_tail()) from None
        except (AppError, asyncio.CancelledError):
            await asyncio.shield(self._end_child())
            raise
        return address

    def _arguments(self, data: Path, port: int) -> list[str]:
        where = ["--data", str(data), "--port", str(port)]
        return [*self._command, *where, "--follow-stdin", *self._options]

    async def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.end(STOP_TIMEOUT_S)

    def _log_tail(self) -> str:
        if self._log_file is None or not self._log_file.is_file():
            return ""
        return self._log_file.read_bytes()[-2000:].decode("utf-8", "replace")

    def _set(self, status: EngineStatus) -> None:
        if status != self.status:
            self.status = status
            self._turn.set()
            self._turn = asyncio.Event()
            self.state_changed.emit(status)


class _Child:
    """A process with its first line and its exit code as futures, fed by one daemon thread."""

    def __init__(self, command: Sequence[str], log_file: Path | None) -> None:
        self.first_line: Future[bytes] = Future()
        self.exit_code: Future[int] = Future()
        log = _open_log(log_file) if log_file else None
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log if log is not None else subprocess.DEVNULL,
                env=clean_environment(os.environ),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        finally:
            if log is not None:
                log.close()
        threading.Thread(target=self._follow, name="engine-pipe", daemon=True).start()

    def _follow(self) -> None:
        stdout = self.process.stdout
        if stdout is not None:
            _settle(self.first_line, stdout.readline(_LINE_LIMIT))
            while stdout.read(_LINE_LIMIT):  # a full pipe would block the engine
                pass
            stdout.close()
        _settle(self.exit_code, self.process.wait())

    async def end(self, timeout_s: float) -> None:
        """Wait for the end, pressing harder each time it does not come."""
        exit_code = asyncio.wrap_future(self.exit_code)
        for press in (self._close_stdin, self.process.terminate, self.process.kill):
            press()
            done, _ = await asyncio.wait({exit_code}, timeout=timeout_s)
            if done:
                return
        _log.error("The engine process %s could not be ended", self.process.pid)

    def _close_stdin(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()


def _settle(future: Future[T], value: T) -> None:
    # A waiter that timed out has cancelled its future; then nobody wants the value.
    if future.set_running_or_notify_cancel():
        future.set_result(value)


def _open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size > _LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(path.suffix + ".1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def _failed(reason: str, details: str = "") -> EngineFailed:
    return EngineFailed(
        f"The local engine does not run. {reason}",
        hint="Open the log folder for what it wrote last, or start the program again.",
        details=details,
    )
