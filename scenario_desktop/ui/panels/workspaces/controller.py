"""Connecting, editing, opening and removing workspaces."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from scenario_desktop.errors import AppError
from scenario_desktop.services.credentials import Keeping
from scenario_desktop.services.workspaces import WorkspaceKind, WorkspaceRecord
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.dialogs import ask, confirm
from scenario_desktop.ui.panels.workspaces.connect_view import ConnectDialog
from scenario_desktop.ui.panels.workspaces.connecting import ConnectController
from scenario_desktop.ui.panels.workspaces.list_view import WorkspaceList, WorkspaceRow
from scenario_desktop.ui.panels.workspaces.ports import WorkspacePorts
from scenario_desktop.ui.panels.workspaces.state import Half, kept_halves, note_of, removal_text

__all__ = ["ListController", "WorkspacePorts", "WorkspacesController"]


class WorkspacesController(QObject):
    """What can be done with workspaces, from anywhere in the window.

    Signals:
        connected: the id of an account that was just added; it is not opened by that.
        edited: the id of one whose keys, address or name were saved anew.
    """

    connected = Signal(str)
    edited = Signal(str)

    def __init__(self, window: QWidget, ports: WorkspacePorts) -> None:
        super().__init__(window)
        self._window, self._ports = window, ports
        self._connecting = AsyncAction(self._connect, parent=self)
        self._connecting.failed.connect(ports.messages.report)
        self._removing = AsyncAction(self._remove, parent=self)
        self._removing.failed.connect(ports.messages.report)

    def connect_account(self, half: Half | None = None) -> None:
        """Open the dialog for a new account.

        Args:
            half: the one to begin with.
        """
        self._connecting.trigger(None, half)

    def edit(self, workspace_id: str, half: Half | None = None) -> None:
        """Open the dialog for a connected account.

        Args:
            half: the one to begin with.
        """
        record = self._ports.workspaces.find(workspace_id)
        if record is not None:
            self._connecting.trigger(record, half)

    def remove(self, workspace_id: str) -> None:
        """Remove an account, after saying what that does."""
        record = self._ports.workspaces.find(workspace_id)
        if record is not None:
            self._removing.trigger(record)

    def open(self, workspace_id: str) -> None:
        try:
            self._ports.workspaces.activate(workspace_id)
        except AppError as error:
            self._ports.messages.report(error)

    def attach(self, view: WorkspaceList) -> None:
        """Fill a list and serve it for as long as it lives."""
        ListController(view, self, self._ports)

    async def _connect(self, record: WorkspaceRecord | None, half: Half | None = None) -> None:
        dialog = ConnectDialog(
            self._window,
            name=record.name if record else "",
            kept=kept_halves(record),
            has_team_key=bool(record and record.team_credentials_ref),
            is_signed_out=bool(record and record.is_signed_out),
        )
        if half is not None:
            dialog.begin_with(half)
        controller = ConnectController(dialog, self._ports, record)
        await ask(dialog)
        saved = controller.saved
        if saved is not None:
            (self.connected if record is None else self.edited).emit(saved.id)

    async def _remove(self, record: WorkspaceRecord) -> None:
        is_sure = await confirm(
            self._window,
            f"Remove “{record.name}”?",
            removal_text(record),
            "Remove workspace",
            is_danger=True,
        )
        if is_sure:
            await self._ports.workspaces.remove(record.id)
            self._ports.messages.toast(f"“{record.name}” removed")


class ListController(QObject):
    """Keeps a list of workspaces true."""

    def __init__(
        self, view: WorkspaceList, workspaces: WorkspacesController, ports: WorkspacePorts
    ) -> None:
        super().__init__(view)
        self._view, self._ports, self._workspaces = view, ports, workspaces
        view.connect_requested.connect(self._on_connect_requested)
        view.edit_requested.connect(self._on_edit_requested)
        view.remove_requested.connect(workspaces.remove)
        view.open_requested.connect(workspaces.open)
        ports.workspaces.changed.connect(self._on_changed)
        ports.workspaces.active_changed.connect(self._on_changed)
        ports.credentials.state_changed.connect(self._on_changed)
        self._show()

    def _on_connect_requested(self) -> None:
        self._workspaces.connect_account()

    def _on_edit_requested(self, workspace_id: str) -> None:
        self._workspaces.edit(workspace_id)

    def _on_changed(self, _value: object) -> None:
        if isValid(self):  # the services outlive every dialog
            self._show()

    def _show(self) -> None:
        service, state = self._ports.workspaces, self._ports.credentials.state
        is_kept = state.keeping is Keeping.KEYRING
        rows = [
            WorkspaceRow(
                record.id,
                record.name,
                note_of(record),
                "" if is_kept or record.kind is WorkspaceKind.LOCAL else state.reason,
                is_active=record.id == service.active.id,
                is_builtin=record.kind is WorkspaceKind.LOCAL,
            )
            for record in service.records
        ]
        self._view.show_rows(rows)
