"""Writing files so that a name never shows half of one, and the folder of stored contents."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from scenario_desktop.errors import StoreFailed

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}


class DiskFull(StoreFailed):
    """There is no room left; nothing was kept of what was being written."""


def store_failure(error: OSError) -> StoreFailed:
    """Turn an error of the file system into the one that a client is told."""
    if error.errno in _FULL:
        return DiskFull("The disk is full. Nothing was stored.", hint="Make room and try again.")
    return StoreFailed("The data folder cannot be written.", details=error.strerror or "")


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file or none: aside, synced, then moved into place; mode 0600.

    Raises:
        StoreFailed: what stood there before is untouched.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(aside, "xb", opener=_private) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        publish(aside, path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise store_failure(error) from error


def publish(aside: Path, path: Path) -> None:
    """Move a finished file to its name and make the move itself last.

    Raises:
        OSError: from the file system, as it is.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    aside.replace(path)
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Make what was written to a file last."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make names in a folder last. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


class ContentFolder:
    """Files by id, spread over 256 folders. A file is whole or absent, and never changes."""

    def __init__(self, folder: Path, staging: Path) -> None:
        self._folder = folder
        self._staging = staging

    def path(self, file_id: str) -> Path:
        return self._folder / file_id[:2] / file_id

    def new_staged(self) -> Path:
        """Return a fresh name to write to before ``adopt``; cleaned away at the next start."""
        return self._staging / secrets.token_hex(16)

    def put(self, data: bytes) -> str:
        """Store bytes and return their id.

        Raises:
            StoreFailed: nothing was stored.
        """
        file_id = secrets.token_hex(16)
        try:
            self.path(file_id).parent.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise store_failure(error) from error
        write_file(self.path(file_id), data)
        return file_id

    def adopt(self, file: Path) -> str:
        """Take over a finished file of the staging folder and return its id.

        Raises:
            StoreFailed: the file stays where it is.
        """
        file_id = secrets.token_hex(16)
        try:
            file.chmod(0o600)
            sync_file(file)
            publish(file, self.path(file_id))
        except OSError as error:
            raise store_failure(error) from error
        return file_id

    def remove(self, file_id: str) -> None:
        self.path(file_id).unlink(missing_ok=True)
