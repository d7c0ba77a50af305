"""One window on one data folder: a second start brings the first window to the front.

Two programs on one folder would poll twice and could send the same job twice.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

#: Milliseconds for the first window to take the call.
PATIENCE_MS = 1000


class OneWindow:
    """Holds a data folder for this process; a killed holder is noticed and its hold ends."""

    def __init__(self, folder: Path) -> None:
        self._lock = QLockFile(str(folder / "window.lock"))
        self._lock.setStaleLockTime(0)
        self._folder = folder
        self._server: QLocalServer | None = None
        self._on_call: Callable[[], object] | None = None

    def take(self, patience_ms: int = 0) -> bool:
        """Take the folder; False when another window has it still after so long."""
        return self._lock.tryLock(patience_ms)

    def listen(self, on_call: Callable[[], object]) -> None:
        """Run ``on_call`` whenever the program is started once more on this folder."""
        from PySide6.QtNetwork import QLocalServer

        self._on_call = on_call
        name = self._name()
        QLocalServer.removeServer(name)  # left behind by a window that was killed
        self._server = QLocalServer()
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)
        self._server.listen(name)

    def call_first(self) -> bool:
        """Ask the window that has the folder to come to the front; say whether it was reached."""
        from PySide6.QtNetwork import QLocalSocket

        socket = QLocalSocket()
        socket.connectToServer(self._name())
        if not socket.waitForConnected(PATIENCE_MS):
            return False
        socket.disconnectFromServer()
        return True

    def fall_silent(self) -> None:
        """Answer no more: whoever starts now waits for the folder instead of for this window."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def release(self) -> None:
        """Let the folder go. May be called twice."""
        self.fall_silent()
        self._lock.unlock()

    def _name(self) -> str:
        import hashlib  # 3 ms that the first paint need not wait for

        digest = hashlib.sha256(str(self._folder.resolve()).encode()).hexdigest()
        return f"scenario-desktop-{digest[:24]}"

    def _on_connection(self) -> None:
        # Only this user can connect, and there is only one thing to say: nothing is read.
        if self._server is not None:
            self._server.nextPendingConnection().abort()
        if self._on_call is not None:
            self._on_call()
