"""Bringing raw pixels out of a worker without stopping the window.

A pipe hands 16 MiB over in 256 pieces under the interpreter's lock: the event loop stood still for
50 ms (measured). A file of the pool's own folder is read in one piece outside the lock.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
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


def make_place(folder: str) -> str:
    """Return a new folder for the results of one task at a time."""
    return tempfile.mkdtemp(dir=folder)


def take_out(result: Any, place: str) -> Any:
    """Do as ``unpack`` and remove the place."""
    try:
        return unpack(result)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def close_place(place: str) -> None:
    """Remove a place with all that is in it; a worker that still lives can put nothing there."""
    gone = f"{place}-gone"
    with contextlib.suppress(OSError):  # with its whole pool, or under a file that is being written
        Path(place).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
