"""One engine per data folder."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from scenario_desktop.engine.files import store_failure
from scenario_desktop.errors import EngineFailed

#: How often a lock that another holds is tried, in seconds.
_LOOK_S = 0.05


class FolderLock:
    """Holds a data folder while it is open. The system lets go of it when the process dies.

    Args:
        patience_s: how long to wait for one who holds it and is about to end, in seconds.
    """

    def __init__(self, path: Path, *, patience_s: float = 0.0) -> None:
        self._path = path
        self._patience_s = patience_s
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            EngineFailed: another engine holds it.
            StoreFailed: the lock file cannot be made.
        """
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise store_failure(error) from error
        try:
            self._wait()
        except OSError as error:
            os.close(self._descriptor)
            raise EngineFailed(
                f"Another engine already works in {self._path.parent}.",
                hint="Close the program that uses it, or choose another data folder.",
            ) from error
        return self

    def _wait(self) -> None:
        give_up_at = time.monotonic() + self._patience_s
        while True:
            try:
                _lock(self._descriptor)
            except OSError:
                if time.monotonic() >= give_up_at:
                    raise
            else:
                return
            time.sleep(_LOOK_S)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:

    def _lock(descriptor: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
