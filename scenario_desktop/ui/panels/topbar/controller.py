"""Connects the top bar to the workspace that is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from PySide6.QtCore import QObject

from scenario_desktop.items import Source
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.topbar.view import TopBarView, WorkspaceEntry


class HistoryPort(Protocol):
    """What can be taken back."""

    changed: Any

    @property
    def can_undo(self) -> bool: ...

    @property
    def can_redo(self) -> bool: ...

    @property
    def undo_text(self) -> str: ...

    @property
    def redo_text(self) -> str: ...

    async def undo(self) -> str: ...

    async def redo(self) -> str: ...


class FrontHistory(Protocol):
    """What can be taken back at once on the page in front, such as strokes."""

    changed: Any

    @property
    def undo_text(self) -> str: ...

    @property
    def redo_text(self) -> str: ...

    def undo(self) -> None: ...

    def redo(self) -> None: ...


class SyncPort(Protocol):
    """How the catalogue stands to the server."""

    status_changed: Any

    @property
    def status(self) -> Any: ...

    def request(self) -> None: ...


class TopBarController(QObject):
    """Shows how things stand, and runs undo and redo.

    ``bind`` gives it the services of the workspace just opened; ``unbind`` takes them away. While
    a page with a history of its own is in front, undo and redo act on that.
    """

    def __init__(
        self, view: TopBarView, window: MainWindow, commands: CommandRegistry, notices: Reports
    ) -> None:
        super().__init__(view)
        self._view = view
        self._window = window
        self._notices = notices
        self._history: HistoryPort | None = None
        self._front: FrontHistory | None = None
        self._sync: SyncPort | None = None
        self._is_local = False
        self._is_starting = False
        self.undo = AsyncAction(self._undo, parent=self)
        self.redo = AsyncAction(self._redo, parent=self)
        for action in (self.undo, self.redo):
            action.failed.connect(notices.report)
        self._add_commands(commands)
        view.state_requested.connect(self._on_state_requested)
        window.layout_changed.connect(self._show_dock)
        window.page_changed.connect(self._show_dock)
        view.set_undo("", "")
        self._show_dock()

    def set_workspaces(self, entries: Sequence[WorkspaceEntry]) -> None:
        self._view.set_workspaces(entries)

    def bind(self, history: HistoryPort, sync: SyncPort, *, is_local: bool) -> None:
        """Watch these services.

        Args:
            is_local: the server is this computer's own engine, which is "ready", not "synced".
        """
        self.unbind()
        self._history, self._sync, self._is_local = history, sync, is_local
        history.changed.connect(self._show_history)
        sync.status_changed.connect(self._show_status)
        self._show_history()
        self.show_started()

    def unbind(self) -> None:
        if self._history is not None:
            self._history.changed.disconnect(self._show_history)
        if self._sync is not None:
            self._sync.status_changed.disconnect(self._show_status)
        self._history = self._sync = None
        self._show_history()
        self._view.set_edits_waiting(0)

    def set_edits_waiting(self, count: int, tooltip: str = "") -> None:
        self._view.set_edits_waiting(count, tooltip)

    def show_starting(self, text: str) -> None:
        """Say what is being waited for, until a workspace is bound or ``show_started``."""
        self._is_starting = True
        self._view.set_state("monitor", text, is_busy=True)

    def show_started(self) -> None:
        """Say again how the library stands to the server."""
        self._is_starting = False
        if self._sync is not None:
            self._show_status(self._sync.status)

    def put_in_front(self, history: FrontHistory | None) -> None:
        """Let undo and redo act on the page in front; None gives them back to the library."""
        if self._front is history:
            return
        if self._front is not None:
            self._front.changed.disconnect(self._show_history)
        self._front = history
        if history is not None:
            history.changed.connect(self._show_history)
        self._show_history()

    def _show_history(self) -> None:
        self._view.set_undo(self._undo_note(), self._redo_note())

    def _show_status(self, status: Any) -> None:
        if self._is_starting:  # why nothing answers is known, and passes
            return
        self._view.set_state(*state_words(status, is_local=self._is_local))

    def _show_dock(self) -> None:
        window = self._window
        self._view.set_dock_shown(window.is_dock_shown(), is_there=window.dock() is not None)

    def _on_state_requested(self) -> None:
        if self._sync is None:
            return
        error = self._sync.status.error
        if error is not None:
            self._notices.report(error)
        self._sync.request()

    async def _undo(self) -> None:
        if self._history is not None:
            self._notices.toast(f"Undone: {await self._history.undo()}")

    async def _redo(self) -> None:
        if self._history is not None:
            self._notices.toast(f"Done again: {await self._history.redo()}")

    def _run_undo(self) -> None:
        # At once where that is possible: of a key held down no step must get lost.
        if self._front is not None:
            self._front.undo()
        else:
            self.undo.trigger()

    def _run_redo(self) -> None:
        if self._front is not None:
            self._front.redo()
        else:
            self.redo.trigger()

    def _no_undo(self) -> str:
        return "" if self._undo_note() else "There is nothing to undo"

    def _no_redo(self) -> str:
        return "" if self._redo_note() else "There is nothing to redo"

    def _undo_note(self) -> str:
        if self._front is not None:
            return self._front.undo_text
        return self._history.undo_text if self._history and self._history.can_undo else ""

    def _redo_note(self) -> str:
        if self._front is not None:
            return self._front.redo_text
        return self._history.redo_text if self._history and self._history.can_redo else ""

    def _add_commands(self, commands: CommandRegistry) -> None:
        commands.add(
            Command(
                "edit.undo",
                "Undo",
                self._run_undo,
                group="Edit",
                icon="undo-2",
                shortcut="Ctrl+Z",
                reason=self._no_undo,
                note=self._undo_note,
            ),
            Command(
                "edit.redo",
                "Redo",
                self._run_redo,
                group="Edit",
                icon="redo-2",
                shortcut="Ctrl+Shift+Z",
                more_shortcuts=("Ctrl+Y",),
                reason=self._no_redo,
                note=self._redo_note,
            ),
            Command(
                "view.search",
                "Search",
                self._focus_search,
                group="Go to",
                icon="search",
                shortcut="Ctrl+F",
                more_shortcuts=("/",),
            ),
            Command(
                "view.workspaces",
                "Switch workspace",
                self._view.open_workspaces,
                group="Go to",
                icon="chevrons-up-down",
                shortcut="Ctrl+Shift+W",
            ),
        )

    def _focus_search(self) -> None:
        self._view.search.field.setFocus()
        self._view.search.field.selectAll()


def state_words(status: Any, *, is_local: bool) -> tuple[str, str, str, str, bool]:
    """Return icon, words, tone, tip and "is it under way" for a sync status."""
    state = str(status.state)
    tip = status.error.message if status.error is not None else ""
    if state == "syncing":
        return ("refresh-cw", f"Reading {status.done:,}" if status.done else "Syncing",
                "text_2", "The library is being brought up to date", True)  # fmt: skip
    if state == "offline" and is_local:
        return "circle-alert", "Engine stopped", "danger", f"{tip} Press to start it again.", False
    if state == "offline":
        return "cloud-off", "Offline", "warning", f"{tip} The library here still works.", False
    if state == "unauthorised":
        if tuple(status.refused_by) == (Source.SARTIQ,):
            return "key-round", "Signed out", "danger", f"{tip} Press to sign in again.", False
        return "key-round", "Keys refused", "danger", f"{tip} Press to change the keys.", False
    if state == "failed":
        return "circle-alert", "Sync failed", "danger", tip, False
    if is_local:
        return "monitor", "Local engine ready", "text_2", "Everything stays on this computer", False
    if status.at is None:
        return "cloud", "Connected", "text_2", "", False
    moment: datetime = status.at.astimezone()
    return (
        "cloud-check",
        f"Synced {moment:%H:%M}",
        "text_2",
        f"Up to date as of {moment:%d %B %Y, %H:%M:%S %Z}",
        False,
    )
