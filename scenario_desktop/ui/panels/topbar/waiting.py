"""Edits that the server has not got yet: how many, why, and what to do about a refused one."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from scenario_desktop.errors import AppError
from scenario_desktop.services.outbox import describe
from scenario_desktop.services.words import counted
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.dialogs import ACCEPTED, REJECTED, Dialog, ask
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.topbar.view import TopBarView
from scenario_desktop.ui.widgets.buttons import ButtonKind

#: Milliseconds. An edit that arrives at once is never shown as waiting.
PATIENCE_MS = 900
#: Edits that the tip lists.
LISTED = 6
_DISCARD = 2


class WaitingQueue(Protocol):
    """What is needed of the outbox."""

    @property
    def changed(self) -> Any: ...
    @property
    def waiting(self) -> int: ...
    @property
    def edits(self) -> Any: ...
    @property
    def refused(self) -> Any: ...
    @property
    def last_error(self) -> AppError | None: ...
    async def replay(self) -> None: ...
    async def retry(self) -> None: ...
    async def discard(self) -> None: ...


class WaitingEdits(QObject):
    """Keeps "14 edits waiting" in the top bar true, and answers a press on it."""

    def __init__(self, view: TopBarView, window: QWidget, *, notices: Reports) -> None:
        super().__init__(view)
        self._view, self._window, self._notices = view, window, notices
        self._queue: WaitingQueue | None = None
        self._told: object = None
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._show)
        self.settle_up = AsyncAction(self._settle_up, parent=self)
        self.settle_up.failed.connect(notices.report)
        view.edits_requested.connect(self.settle_up.trigger)

    def bind(self, queue: WaitingQueue | None) -> None:
        """Watch a workspace's outbox; None for none."""
        if self._queue is not None:
            self._queue.changed.disconnect(self._on_changed)
        self.settle_up.cancel()
        self._patience.stop()
        self._queue, self._told = queue, None
        if queue is not None:
            queue.changed.connect(self._on_changed)
        self._show()

    def _on_changed(self) -> None:
        queue = self._queue
        if queue is None or not queue.waiting or queue.refused is not None:
            self._patience.stop()
            self._show()
        elif not self._patience.isActive():
            self._patience.start()

    def _show(self) -> None:
        queue = self._queue
        if queue is None or not queue.waiting:
            self._view.set_edits_waiting(0)
            return
        lines = [describe(edit) for edit in queue.edits[:LISTED]]
        if queue.waiting > LISTED:
            lines.append(f"and {queue.waiting - LISTED:,} more")
        refused = queue.refused
        if refused is not None:
            lines.insert(0, "The server refused the first. Press to decide.")
            if self._told != refused.id:
                self._told = refused.id
                self._notices.toast("The server refused an edit. The edits after it wait.")
        elif queue.last_error is not None:
            lines.insert(0, f"{queue.last_error.message} They go by themselves; press to try now.")
        self._view.set_edits_waiting(queue.waiting, "\n".join(lines))

    async def _settle_up(self) -> None:
        """Send what waits now, or ask what becomes of the edit that was refused."""
        queue = self._queue
        if queue is None:
            return
        if queue.refused is None:
            await queue.replay()
            return
        code = await self._ask(queue)
        if code == ACCEPTED:
            await queue.retry()
        elif code == _DISCARD:
            await queue.discard()
            await queue.replay()

    async def _ask(self, queue: WaitingQueue) -> int:
        refused = queue.refused
        dialog = Dialog(self._window, "The server refused an edit")
        dialog.add_text(f"{describe(refused)}. {refused.refusal}", "text")
        behind = queue.waiting - 1
        if behind:
            noun = "waits" if behind == 1 else "wait"
            dialog.add_text(f"{counted(behind, 'edit')} after it {noun} and will be sent then.")
        dialog.add_text("Discarding takes it back on this computer, too.")
        dialog.add_action("Cancel", REJECTED)
        dialog.add_action("Discard edit", _DISCARD, ButtonKind.DANGER_GHOST)
        dialog.add_action("Try again", ACCEPTED, ButtonKind.PRIMARY)
        return await ask(dialog)
