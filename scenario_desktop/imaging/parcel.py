"""Bringing raw pixels out of a worker without stopping the window.

A pipe hands 16 MiB over in 256 pieces under the interpreter's lock: the event loop stood still for
50 ms (measured). A file of the pool's own folder is read in one piece outside the lock.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenario_desktop.imaging.rooms import Lent
from scenario_desktop.items import Picture

#: Pictures below this many bytes go through the pipe.
MIN_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Parked:
    """A picture whose pixels wait in a file; whoever takes them removes it."""

    path: str
    width: int
    height: int


def pack(result: Any, folder: str) -> Any:
    """Put large pictures (the result itself, or parts of a tuple) into files; in the worker.

    What lies in the task's room already stays there.
    """
    if isinstance(result, tuple) and type(result) is tuple:
        return tuple(pack(part, folder) for part in result)
    if not isinstance(result, Picture):
        return result
    if isinstance(result.data, memoryview):
        return Lent(result.width, result.height)
    if len(result.data) < MIN_BYTES:
        return result
    path = Path(folder) / secrets.token_hex(16)
    path.write_bytes(result.data)
    return Parked(str(path), result.width, result.height)


def holds_parked(result: Any) -> bool:
    """Whether ``unpack`` has something to do."""
    if isinstance(result, tuple):
        return any(holds_parked(part) for part in result)
    return isinstance(result, Parked)


def unpack(result: Any) -> Any:
    """Undo ``pack`` and remove the files. Reads files: call it off the loop."""
    if isinstance(result, Parked):
        path = Path(result.path)
        data = path.read_bytes()
        path.unlink()
        return Picture(result.width, result.height, data)
    if holds_parked(result):
        return tuple(unpack(part) for part in result)
    return result


def discard(result: Any) -> None:
    """Remove the files of a result that nobody waits for any more."""
    if isinstance(result, Parked):
        Path(result.path).unlink(missing_ok=True)
    elif isinstance(result, tuple):
        for part in result:
            discard(part)
