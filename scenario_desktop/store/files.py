"""Small files written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from scenario_desktop.errors import StoreFailed


def write_atomic(path: Path, data: bytes) -> None:
    """Replace a file by new content, readable by its owner only. Blocks on the disk.

    Raises:
        StoreFailed: the disk is full or the folder not writable; the old file is untouched.
    """
    aside = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(aside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise StoreFailed(
            f"{path.name} could not be saved; what was there before is kept.",
            hint="Check that the disk is not full and the data folder is writable.",
            details=f"{path}: {error.strerror or error}",
        ) from error
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # Makes the new name itself durable. Windows has no such call and needs none.
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_bytes(path: Path) -> bytes | None:
    """Return a file's content, None if there is no such file.

    Raises:
        StoreFailed: it is there but cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreFailed(
            f"{path.name} cannot be read.", details=f"{path}: {error.strerror or error}"
        ) from error
