"""Memory that the window and a worker share, for large pictures on their way to a canvas.

Fresh memory is what a picture on its way costs: 16 MiB that a worker had never touched took 15 ms
to fill, and 1 ms where they were in use before (measured). So a few rooms are used in turns, which
neither a pipe nor a new file for each picture allows.

A room has no name in any folder, so nothing is left behind however the program ends. Only Linux has
such memory; elsewhere pictures go on coming by file.
"""

from __future__ import annotations

import mmap
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from scenario_desktop.errors import BadInput
from scenario_desktop.items import Picture


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where a worker finds a room, and by what it knows that it is the right one."""

    path: str
    token: str


@dataclass(frozen=True, slots=True)
class Lent:
    """A picture whose pixels are in the room that its task was given."""

    width: int
    height: int


if sys.platform == "linux":
    import fcntl

    class Room:
        """Memory for one picture at a time, as large as the largest so far.

        Raises:
            OSError: the system has none to share.
        """

        def __init__(self) -> None:
            self.token = secrets.token_hex(16)
            self._fd = os.memfd_create(self.token, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            # A worker gone astray could cut it short, and reading past the end would kill us.
            fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
            self._memory: mmap.mmap | None = None

        @property
        def ticket(self) -> Ticket:
            return Ticket(f"/proc/{os.getpid()}/fd/{self._fd}", self.token)

        def picture(self, lent: Lent) -> Picture:
            """Return the picture that a worker left here, good until the room is used again.

            Raises:
                BadInput: the room is smaller than the worker says.
            """
            size = lent.width * lent.height * 4
            if self._memory is None or len(self._memory) < size:
                self._memory = mmap.mmap(self._fd, 0, prot=mmap.PROT_READ)
            if len(self._memory) < size:
                raise BadInput("This file made the picture reader fail.", hint="It may be damaged.")
            return Picture(lent.width, lent.height, memoryview(self._memory)[:size])

        def close(self) -> None:
            """Give the memory back as soon as nobody looks at it any more."""
            self._memory = None
            os.close(self._fd)  # last, as the lock of the interpreter is let go for this alone

    def make() -> Room | None:
        """Return a new room, or None where the system has none to share."""
        try:
            return Room()
        except OSError:
            return None

    def _is_room(fd: int, token: str) -> bool:
        return str(Path(f"/proc/self/fd/{fd}").readlink()).startswith(f"/memfd:{token} ")

    def _opened(ticket: Ticket, size: int) -> mmap.mmap | None:
        try:
            fd = os.open(ticket.path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None  # other processes' files are out of reach in some sandboxes
        try:
            # After a task was given up its number may stand for another file of the window.
            if not _is_room(fd, ticket.token):
                return None
            if os.fstat(fd).st_size < size:
                os.ftruncate(fd, size)
            return mmap.mmap(fd, size, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE)
        except OSError as error:
            raise MemoryError from error
        finally:
            os.close(fd)

else:

    class Room:
        """Never made here."""

        ticket: Ticket

        def picture(self, lent: Lent) -> Picture:
            raise NotImplementedError

        def close(self) -> None:
            raise NotImplementedError

    def make() -> Room | None:
        return None

    def _opened(ticket: Ticket, size: int) -> mmap.mmap | None:
        return None


_ticket: Ticket | None = None


def enter(ticket: Ticket | None) -> None:
    """Say which room the next task of this worker has, if any."""
    global _ticket
    _ticket = ticket


def memory(size: int) -> memoryview | None:
    """Return so many bytes of the task's room to write on; None where it has none.

    Raises:
        MemoryError: the room cannot be that large.
    """
    opened = _opened(_ticket, size) if _ticket is not None else None
    return None if opened is None else memoryview(opened)
