"""The dialogs about the program itself: settings, and the accounts it is connected to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.forms.drafts import SettingsAccess
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.panels.settings.controller import (
    KeptThumbnails,
    SettingsController,
    SettingsPorts,
)
from scenario_desktop.ui.panels.settings.view import SettingsDialog, SettingsSection
from scenario_desktop.ui.panels.workspaces.controller import WorkspacePorts, WorkspacesController
from scenario_desktop.ui.panels.workspaces.state import Half
from scenario_desktop.ui.theme import Theme

if TYPE_CHECKING:
    from scenario_desktop.services.credentials import Credentials
    from scenario_desktop.services.workspaces import Workspaces


class SettingsRoom(QObject):
    """Opens one dialog at a time.

    Signals:
        closed: the settings were looked at, and may be others now.
        account_edited: the id of a workspace whose keys or address are others now.
    """

    closed = Signal()
    account_edited = Signal(str)

    def __init__(
        self,
        window: MainWindow,
        *,
        settings: SettingsAccess,
        theme: Theme,
        thumbnails: KeptThumbnails,
        data_folder: Path,
        workspaces: Workspaces,
        credentials: Credentials,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._ports = SettingsPorts(settings, theme, thumbnails, data_folder, window.notices)
        self._workspaces = WorkspacesController(
            window, WorkspacePorts(workspaces, credentials, window.notices)
        )
        self._workspaces.connected.connect(self.open_workspace)
        self._workspaces.edited.connect(self.account_edited)
        self._opening = AsyncAction(self._show_settings, parent=self)
        self._opening.failed.connect(window.notices.report)

    def open_settings(self) -> None:
        self._opening.trigger(SettingsSection.APPEARANCE)

    def open_spending(self) -> None:
        self._opening.trigger(SettingsSection.SPENDING)

    def open_workspaces(self) -> None:
        self._opening.trigger(SettingsSection.WORKSPACES)

    def connect_account(self) -> None:
        self._workspaces.connect_account()

    def connect_sartiq(self) -> None:
        """Open the dialog for a new account of the second service."""
        self._workspaces.connect_account(Half.SARTIQ)

    def edit_account(self, workspace_id: str, half: Half | None = None) -> None:
        self._workspaces.edit(workspace_id, half)

    def open_workspace(self, workspace_id: str) -> None:
        self._workspaces.open(workspace_id)

    async def _show_settings(self, section: SettingsSection) -> None:
        dialog = SettingsDialog(self._window)
        dialog.show_section(section)
        controller = SettingsController(dialog, self._ports)
        self._workspaces.attach(dialog.workspaces)
        controller.count()
        try:
            await dialogs.ask(dialog)
        finally:
            self.closed.emit()
