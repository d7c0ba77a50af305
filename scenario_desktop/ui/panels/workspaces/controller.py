"""Connecting, editing, opening and removing workspaces."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from scenario_desktop.errors import AppError
from scenario_desktop.services.credentials import Credentials, CredentialsState, Keeping, Secret
from scenario_desktop.services.workspaces import (
    CLOUD_URL,
    TestReport,
    WorkspaceKind,
    WorkspaceRecord,
    Workspaces,
    new_record,
)
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.dialogs import ask, confirm
from scenario_desktop.ui.forms.spec import Choice
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.workspaces.connect_view import ConnectDialog
from scenario_desktop.ui.panels.workspaces.list_view import WorkspaceList, WorkspaceRow
from scenario_desktop.ui.panels.workspaces.state import (
    ConnectDraft,
    EditDraft,
    note_of,
    removal_text,
)


@dataclass(frozen=True, slots=True)
class WorkspacePorts:
    """What workspaces are managed through."""

    workspaces: Workspaces
    credentials: Credentials
    messages: Reports


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

    def connect_account(self) -> None:
        """Open the dialog for a new account."""
        self._connecting.trigger(None)

    def edit(self, workspace_id: str) -> None:
        record = self._ports.workspaces.find(workspace_id)
        if record is not None:
            self._connecting.trigger(record)

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

    async def _connect(self, record: WorkspaceRecord | None) -> None:
        dialog = ConnectDialog(
            self._window,
            name=record.name if record else "",
            has_team_key=bool(record and record.team_credentials_ref),
        )
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
        self._view, self._ports = view, ports
        view.connect_requested.connect(workspaces.connect_account)
        view.edit_requested.connect(workspaces.edit)
        view.remove_requested.connect(workspaces.remove)
        view.open_requested.connect(workspaces.open)
        ports.workspaces.changed.connect(self._on_changed)
        ports.workspaces.active_changed.connect(self._on_changed)
        ports.credentials.state_changed.connect(self._on_changed)
        self._show()

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


class ConnectController(QObject):
    """Tests and keeps one account.

    Attributes:
        saved: the account as it was kept; None until then.
    """

    def __init__(
        self, dialog: ConnectDialog, ports: WorkspacePorts, record: WorkspaceRecord | None
    ) -> None:
        super().__init__(dialog)
        self._dialog, self._ports, self._record = dialog, ports, record
        self._proved: ConnectDraft | None = None
        self._projects: dict[str, str] = {}
        self.saved: WorkspaceRecord | None = None
        self._testing = AsyncAction(self._test, parent=self)
        self._saving = AsyncAction(self._save, parent=self)
        self._keyring = AsyncAction(ports.credentials.prepare, parent=self)
        self._looking = AsyncAction(ports.credentials.retry, parent=self, overlap=Overlap.RESTART)
        for action in (self._testing, self._saving):
            action.failed.connect(self._on_failed)
            action.busy_changed.connect(self._show_busy)
        for action in (self._keyring, self._looking):
            action.succeeded.connect(self._show_keeping)
            action.failed.connect(ports.messages.report)
        dialog.edited.connect(self._on_edited)
        dialog.test_requested.connect(self._on_test_requested)
        dialog.save_requested.connect(self._on_save_requested)
        dialog.save_untested_requested.connect(self._on_save_untested_requested)
        dialog.keyring_requested.connect(self._looking.trigger)
        self._show_record()
        self._show_keeping(ports.credentials.state)
        self._keyring.trigger()

    def _show_record(self) -> None:
        record = self._record
        if record is not None and record.project_id:
            self._projects = {record.project_id: record.project_name}
        self._show_projects((record and record.project_id) or "")
        if record is None:
            return
        self._dialog.form.set_draft({"name": record.name, "base_url": record.base_url or CLOUD_URL})

    def _read(self) -> ConnectDraft | None:
        """Return the draft as a model; None once what is wrong stands under its fields."""
        form = self._dialog.form
        kind = EditDraft if self._record is not None else ConnectDraft
        try:
            draft = kind.model_validate(self._dialog.draft())
        except ValidationError as error:
            form.show_errors(error)
            form.focus_first_error()
            return None
        form.show_messages({})
        return draft

    def _on_edited(self) -> None:
        self._dialog.clear_report()

    def _on_test_requested(self) -> None:
        draft = self._read()
        if draft is not None:
            self._testing.trigger(draft)

    def _on_save_requested(self) -> None:
        draft = self._read()
        if draft is not None:
            self._saving.trigger(draft, True)

    def _on_save_untested_requested(self) -> None:
        draft = self._read()
        if draft is not None:
            self._saving.trigger(draft, False)

    async def _test(self, draft: ConnectDraft) -> TestReport:
        key = await self._key(draft)
        team = Secret(draft.team_key, draft.team_secret) if draft.team_key else None
        report = await self._ports.workspaces.test(
            draft.base_url, key.key, key.secret, draft.project_id or None, team_secret=team
        )
        self._dialog.show_report(report.sentences, is_good=report.is_good)
        if report.projects:
            self._projects = {p.id: p.name or p.id for p in report.projects}
            self._show_projects(draft.project_id)
        self._proved = draft if report.is_good else None
        return report

    async def _key(self, draft: ConnectDraft) -> Secret:
        if draft.key or self._record is None:
            return Secret(draft.key, draft.secret)
        return await self._ports.workspaces.secret(self._record)

    async def _save(self, draft: ConnectDraft, is_tested: bool) -> None:
        if is_tested and draft != self._proved:
            report = await self._test(draft)
            if not report.is_good:
                return
        project_id = draft.project_id or self._only_project()
        name = draft.name or self._projects.get(project_id, "") or "Scenario"
        project_name = self._projects.get(project_id, "")
        fresh = new_record(
            name,
            base_url=draft.base_url,
            project_id=project_id or None,
            project_name=project_name,
        )
        if self._record is not None:
            own = {"id": self._record.id, "team_id": self._record.team_id}
            fresh = fresh.model_copy(update=own)
        saved, state = await self._ports.workspaces.add(
            fresh,
            Secret(draft.key, draft.secret) if draft.key else None,
            team_secret=Secret(draft.team_key, draft.team_secret) if draft.team_key else None,
            is_session_only=self._dialog.is_session_only,
        )
        self.saved = saved
        verb = "connected" if is_tested and self._record is None else "saved"
        where = "" if state.keeping is Keeping.KEYRING else ". Its keys are kept for this session"
        self._ports.messages.toast(f"“{saved.name}” {verb}{where}")
        self._dialog.accept()

    def _only_project(self) -> str:
        return next(iter(self._projects)) if len(self._projects) == 1 else ""

    def _show_projects(self, chosen: str) -> None:
        own = Choice("", "The key’s own project")
        choices = [Choice(i, name or i) for i, name in self._projects.items()]
        is_known = chosen in self._projects
        first = chosen if is_known else self._only_project()
        self._dialog.show_projects([own, *choices], first)

    def _show_keeping(self, state: CredentialsState) -> None:
        has_keyring = state.keeping is Keeping.KEYRING
        text = "The keys are kept in the system keyring." if has_keyring else state.reason
        self._dialog.show_keeping(text, has_keyring=has_keyring)

    def _show_busy(self) -> None:
        self._dialog.show_busy(is_testing=self._testing.is_busy, is_saving=self._saving.is_busy)

    def _on_failed(self, error: object) -> None:
        if isinstance(error, AppError):
            words = f"{error.message} {error.hint}".strip()
            self._dialog.show_report([words], is_good=False)
        else:
            self._ports.messages.report(error)
