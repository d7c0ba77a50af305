"""The port that an engine had last, so that the addresses it gave out stay good."""

from __future__ import annotations

import contextlib
from pathlib import Path

FILE_NAME = "engine.port"


def last_port(data: Path) -> int:
    """Return the port of the last engine of a data folder, 0 where there is none to be had."""
    try:
        port = int((data / FILE_NAME).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
    return port if 1024 <= port <= 65535 else 0


def keep_port(data: Path, port: int) -> None:
    """Remember a port. Trouble with the disk is no reason not to serve: the next one is any."""
    with contextlib.suppress(OSError):
        (data / FILE_NAME).write_text(f"{port}\n", encoding="ascii")
