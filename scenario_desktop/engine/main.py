"""The engine as a process: arguments, socket, the line that says it is ready, and its end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scenario_desktop.engine.config import (
    MAX_FILE_BYTES,
    TOKEN_LIFETIME_S,
    URL_LIFETIME_S,
    EngineConfig,
)
from scenario_desktop.engine.folders import make_folders
from scenario_desktop.engine.keys import FILE_NAME, Keys, load_or_create
from scenario_desktop.engine.lock import FolderLock
from scenario_desktop.engine.ports import keep_port, last_port
from scenario_desktop.errors import AppError, EngineFailed

#: The engine of a window that was killed puts its work away before it ends: the engine of the next
#: window waits for it so long, in seconds.
PATIENCE_S = 10.0
#: How far the engine of a window stands behind that window.
NICENESS = 3


def run(args: Sequence[str]) -> int:
    """Run an engine until it is told to end.

    Returns:
        The exit code: 0 after a clean end, 1 when it could not start; the reason is on stderr.
    """
    options = _parser().parse_args(args)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    os.umask(0o077)
    try:
        wish = last_port(options.data)
        with listening(options.host, options.port, wish=wish) as listener:
            config = EngineConfig(
                data=options.data.absolute(),
                host=options.host,
                port=listener.getsockname()[1],
                url_lifetime_s=options.url_lifetime,
                token_lifetime_s=options.token_lifetime,
                processes=options.processes,
                max_file_bytes=options.max_file_mib * 2**20,
                has_second_user=options.second_user,
            )
            make_folders(config)
            patience_s = PATIENCE_S if options.follow_stdin else 0.0
            with FolderLock(config.data / "engine.lock", patience_s=patience_s):
                keys = load_or_create(
                    config.data / FILE_NAME, has_second_user=config.has_second_user
                )
                keep_port(config.data, config.port)
                if options.follow_stdin:
                    _give_way()
                asyncio.run(_serve(config, keys, listener, follows_stdin=options.follow_stdin))
    except AppError as error:
        sys.stderr.write(" ".join(filter(None, (error.message, error.hint, error.details))) + "\n")
        if options.follow_stdin:  # a window reads it and tells it in place of the address
            sys.stdout.write(json.dumps({"error": error.message, "hint": error.hint}) + "\n")
        return 1
    return 0


def _give_way() -> None:
    """Let the window have a processor first: nobody sees the engine wait."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.nice(NICENESS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scenario-desktop engine",
        description="Serve a library of pictures on this computer over HTTP.",
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds everything")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--port", type=_port, default=0, help="0 takes the last one, or any free one"
    )
    parser.add_argument(
        "--url-lifetime", type=_positive, default=float(URL_LIFETIME_S), metavar="SECONDS",
        help="how long the signed addresses of files work",
    )  # fmt: skip
    parser.add_argument(
        "--token-lifetime", type=_positive, default=float(TOKEN_LIFETIME_S), metavar="SECONDS",
        help="how long a login with user name and password lasts",
    )  # fmt: skip
    parser.add_argument(
        "--follow-stdin", action="store_true", help="end when the standard input is closed"
    )
    parser.add_argument(
        "--processes", type=_count, default=None, help="worker processes for pictures"
    )
    parser.add_argument(
        "--max-file-mib", type=_count, default=MAX_FILE_BYTES // 2**20, help="largest file taken"
    )
    parser.add_argument(
        "--second-user", action="store_true",
        help="let in a second pair of keys and login, as another user of the same project",
    )  # fmt: skip
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("0 to 65535")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number <= 10 * 365 * 24 * 3600:
        raise argparse.ArgumentTypeError("more than 0 seconds, at most ten years")
    return number


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1_000_000:
        raise argparse.ArgumentTypeError("1 to 1000000")
    return number


@contextlib.contextmanager
def listening(host: str, port: int, *, wish: int = 0) -> Iterator[socket.socket]:
    """Bind before anything else, so that the real port is known to all that follows.

    Args:
        wish: the port tried first where any would do.

    Raises:
        EngineFailed: the port is taken, or the address is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where it sees TCP named; without, every answer waits
    # some 40 ms for the other side's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":  # there the other option would let two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            if port or not wish or not _is_bound(listener, host, wish):
                listener.bind((host, port))
        except (OSError, UnicodeError) as error:
            raise EngineFailed(
                f"Cannot listen on {host}, port {port}.",
                hint="Choose another port, or 0 for a free one.",
                details=str(error),
            ) from error
        yield listener
    finally:
        listener.close()


def _is_bound(listener: socket.socket, host: str, port: int) -> bool:
    try:
        listener.bind((host, port))
    except (OSError, UnicodeError):
        return False
    return True


async def _serve(
    config: EngineConfig, keys: Keys, listener: socket.socket, *, follows_stdin: bool
) -> None:
    # Imported here: that another engine holds the folder is told at once.
    from scenario_desktop.engine.app import create_app
    from scenario_desktop.engine.server import Server

    app = create_app(config, keys)
    server = Server(app, on_ready=lambda: _announce(config, keys))
    async with app.router.lifespan_context(app):
        with _ended_by_signals(server.end):
            if follows_stdin:
                _end_with_stdin(asyncio.get_running_loop(), server.end)
            await server.serve([listener])


def _announce(config: EngineConfig, keys: Keys) -> None:
    """Say as one line where we are and with which keys."""
    line = {
        "scenario_url": f"{config.origin}/v1",
        "sartiq_url": f"{config.origin}/api/v1",
        "api_key": keys.api_key,
        "api_secret": keys.api_secret,
        "username": keys.username,
        "password": keys.password,
    }
    if keys.has_second_user:
        line["second_api_key"] = keys.second_api_key
        line["second_api_secret"] = keys.second_api_secret
        line["second_username"] = keys.second_username
        line["second_password"] = keys.second_password
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def _ended_by_signals(end: Callable[[], None]) -> Iterator[None]:
    """Call ``end`` on SIGTERM and SIGINT (on Windows: Ctrl+C and Ctrl+Break)."""
    names = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        names.append(signal.SIGBREAK)
    before = {name: signal.signal(name, lambda *_: end()) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _end_with_stdin(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
    """Call ``end`` when the other side of the standard input is closed or has died.

    Reads the descriptor itself: a thread that waits in ``sys.stdin`` holds a lock that the
    interpreter wants at its end.
    """

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop has ended before
            loop.call_soon_threadsafe(end)

    threading.Thread(target=watch, daemon=True, name="engine-stdin").start()
