"""Tests and keeps one account, as entered into its dialog."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from PySide6.QtCore import QObject

from scenario_desktop.errors import AppError
from scenario_desktop.services.credentials import CredentialsState, Keeping, Secret
from scenario_desktop.services.workspaces import (
    CLOUD_URL,
    TestReport,
    WorkspaceRecord,
    new_record,
)
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.dialogs import confirm
from scenario_desktop.ui.forms.spec import Choice
from scenario_desktop.ui.panels.workspaces.connect_view import ConnectDialog
from scenario_desktop.ui.panels.workspaces.ports import WorkspacePorts
from scenario_desktop.ui.panels.workspaces.state import (
    ConnectDraft,
    EditDraft,
    EditSartiqDraft,
    Half,
    NameDraft,
    SartiqDraft,
    kept_halves,
    password_problem,
)


@dataclass(frozen=True, slots=True)
class _Drafts:
    """What was entered, each half None where it is not wanted."""

    name: str
    scenario: ConnectDraft | None
    sartiq: SartiqDraft | None

    def of(self, half: Half) -> ConnectDraft | SartiqDraft | None:
        return self.scenario if half is Half.SCENARIO else self.sartiq


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
        self._kept = kept_halves(record)
        self._proved: dict[Half, BaseModel] = {}
        self._projects: dict[str, str] = {}
        self.saved: WorkspaceRecord | None = None
        self._testing = AsyncAction(self._test, parent=self)
        self._saving = AsyncAction(self._save, parent=self)
        self._leaving = AsyncAction(self._leave, parent=self)
        self._signing_out = AsyncAction(self._sign_out, parent=self)
        self._keyring = AsyncAction(ports.credentials.prepare, parent=self)
        self._looking = AsyncAction(ports.credentials.retry, parent=self, overlap=Overlap.RESTART)
        for action in (self._testing, self._saving):
            action.failed.connect(self._on_failed)
            action.busy_changed.connect(self._show_busy)
        self._leaving.failed.connect(ports.messages.report)
        self._signing_out.failed.connect(ports.messages.report)
        for action in (self._keyring, self._looking):
            action.succeeded.connect(self._show_keeping)
            action.failed.connect(ports.messages.report)
        dialog.edited.connect(self._on_edited)
        dialog.test_requested.connect(self._on_test_requested)
        dialog.disconnect_requested.connect(self._leaving.trigger)
        dialog.sign_out_requested.connect(self._signing_out.trigger)
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
        shown = {
            "name": record.name,
            "base_url": record.base_url or CLOUD_URL,
            "sartiq_url": record.sartiq_url,
            "username": record.sartiq_username,
            "organisation_id": record.organisation_id or "",
            "token_url": record.sartiq_token_url,
        }
        self._dialog.set_draft(shown)

    # reading

    def _read(self, half: Half) -> ConnectDraft | SartiqDraft | None:
        """Return a half as a model; None once what is wrong stands under its fields."""
        form = self._dialog.form_of(half)
        try:
            draft = self._model(half).model_validate(self._dialog.draft(half))
        except ValidationError as error:
            form.show_errors(error)
            form.focus_first_error()
            return None
        problem = ""
        if isinstance(draft, SartiqDraft) and self._record is not None and half in self._kept:
            problem = password_problem(draft, self._record)
        form.show_messages({"password": problem} if problem else {})
        if problem:
            form.focus_first_error()
            return None
        return draft

    def _model(self, half: Half) -> type[ConnectDraft] | type[SartiqDraft]:
        is_kept = half in self._kept
        if half is Half.SCENARIO:
            return EditDraft if is_kept else ConnectDraft
        return EditSartiqDraft if is_kept else SartiqDraft

    def _read_all(self) -> _Drafts | None:
        """Return what is to be kept; None once what is wrong is shown."""
        dialog = self._dialog
        wanted = [half for half in Half if half in self._kept or dialog.is_filled(half)]
        found: dict[Half, ConnectDraft | SartiqDraft] = {}
        for half in wanted or [dialog.half]:
            draft = self._read(half)
            if draft is None:
                dialog.show_half(half)
                return None
            found[half] = draft
        try:
            name = NameDraft.model_validate(dialog.name_form.draft()).name
        except ValidationError as error:
            dialog.name_form.show_errors(error)
            return None
        dialog.name_form.show_messages({})
        scenario, sartiq = found.get(Half.SCENARIO), found.get(Half.SARTIQ)
        return _Drafts(
            name,
            scenario if isinstance(scenario, ConnectDraft) else None,
            sartiq if isinstance(sartiq, SartiqDraft) else None,
        )

    # wishes

    def _on_edited(self, half: Half) -> None:
        self._dialog.clear_report(half)

    def _on_test_requested(self, half: Half) -> None:
        draft = self._read(half)
        if draft is not None:
            self._testing.trigger(half, draft)

    def _on_save_requested(self) -> None:
        drafts = self._read_all()
        if drafts is not None:
            self._saving.trigger(drafts, True)

    def _on_save_untested_requested(self) -> None:
        drafts = self._read_all()
        if drafts is not None:
            self._saving.trigger(drafts, False)

    # testing

    async def _test(self, half: Half, draft: ConnectDraft | SartiqDraft) -> TestReport:
        try:
            if isinstance(draft, SartiqDraft):
                report = await self._test_sartiq(draft)
            else:
                report = await self._test_scenario(draft)
        except AppError as error:  # a key that is not kept any more
            report = TestReport(False, (f"{error.message} {error.hint}".strip(),), error=error)
        self._dialog.show_report(half, report.sentences, is_good=report.is_good)
        if report.is_good:
            self._proved[half] = draft
        else:
            self._proved.pop(half, None)
        return report

    async def _test_scenario(self, draft: ConnectDraft) -> TestReport:
        key = await self._key(draft)
        team = Secret(draft.team_key, draft.team_secret) if draft.team_key else None
        report = await self._ports.workspaces.test(
            draft.base_url, key.key, key.secret, draft.project_id or None, team_secret=team
        )
        if report.projects:
            self._projects = {p.id: p.name or p.id for p in report.projects}
            self._show_projects(draft.project_id)
        return report

    async def _test_sartiq(self, draft: SartiqDraft) -> TestReport:
        password = draft.password
        if not password and self._record is not None:
            password = (await self._ports.workspaces.sartiq_secret(self._record)).secret
        return await self._ports.workspaces.test_sartiq(
            draft.sartiq_url,
            draft.username,
            password,
            token_url=draft.token_url or None,
            organisation_id=draft.organisation_id or None,
        )

    async def _key(self, draft: ConnectDraft) -> Secret:
        if draft.key or self._record is None:
            return Secret(draft.key, draft.secret)
        return await self._ports.workspaces.secret(self._record)

    # keeping

    async def _save(self, drafts: _Drafts, is_tested: bool) -> None:
        for half in Half:
            draft = drafts.of(half)
            if is_tested and draft is not None and draft != self._proved.get(half):
                report = await self._test(half, draft)
                if not report.is_good:
                    self._dialog.show_half(half)
                    return
        saved, state = await self._keep(drafts)
        self.saved = saved
        verb = "connected" if is_tested and self._record is None else "saved"
        where = "" if state.keeping is Keeping.KEYRING else ". Its keys are kept for this session"
        self._ports.messages.toast(f"“{saved.name}” {verb}{where}")
        self._dialog.accept()

    async def _keep(self, drafts: _Drafts) -> tuple[WorkspaceRecord, CredentialsState]:
        scenario, sartiq = drafts.scenario, drafts.sartiq
        project_id = (scenario.project_id or self._only_project()) if scenario else ""
        project_name = self._projects.get(project_id, "")
        usual = Half.SCENARIO if scenario else Half.SARTIQ
        fresh = new_record(
            drafts.name or project_name or usual.service,
            base_url=scenario.base_url if scenario else "",
            project_id=project_id or None,
            project_name=project_name,
            sartiq_url=sartiq.sartiq_url if sartiq else "",
            sartiq_token_url=sartiq.token_url if sartiq else "",
            organisation_id=(sartiq.organisation_id or None) if sartiq else None,
        )
        if self._record is not None:
            own = {
                "id": self._record.id,
                "team_id": self._record.team_id,
                "sartiq_username": self._record.sartiq_username if sartiq else "",
            }
            fresh = fresh.model_copy(update=own)
        key = team = login = None
        if scenario and scenario.key:
            key = Secret(scenario.key, scenario.secret)
        if scenario and scenario.team_key:
            team = Secret(scenario.team_key, scenario.team_secret)
        if sartiq and sartiq.password:
            login = Secret(sartiq.username, sartiq.password)
        return await self._ports.workspaces.add(
            fresh,
            key,
            team_secret=team,
            sartiq_secret=login,
            is_session_only=self._dialog.is_session_only,
        )

    async def _leave(self, half: Half) -> None:
        """Take a half out of the account, after asking."""
        record = self._record
        if record is None:
            return
        is_sure = await confirm(
            self._dialog.window(),
            f"Disconnect {half.service} from “{record.name}”?",
            f"Its keys are forgotten, and its items go from this library. Nothing changes in "
            f"{half.service} itself.",
            "Disconnect",
            is_danger=True,
        )
        if not is_sure:
            return
        gone = (
            {"base_url": "", "project_id": None, "project_name": ""}
            if half is Half.SCENARIO
            else {"sartiq_url": "", "sartiq_token_url": "", "sartiq_username": "",
                  "organisation_id": None}
        )  # fmt: skip
        self.saved, _ = await self._ports.workspaces.add(record.model_copy(update=gone), None)
        self._ports.messages.toast(f"“{record.name}” is no longer connected to {half.service}")
        self._dialog.accept()

    async def _sign_out(self) -> None:
        """Forget password and token of the Sartiq half, after asking."""
        record = self._record
        if record is None:
            return
        is_sure = await confirm(
            self._dialog.window(),
            f"Sign out of Sartiq in “{record.name}”?",
            "The password and the sign-in are forgotten on this computer. What is in this library "
            "stays, but nothing is read from Sartiq or made there until you sign in again.",
            "Sign out",
        )
        if is_sure:
            self.saved = await self._ports.workspaces.sign_out(record.id)
            self._ports.messages.toast(f"Signed out of Sartiq in “{record.name}”")
            self._dialog.accept()

    # showing

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
            self._dialog.show_report(self._dialog.half, [words], is_good=False)
        else:
            self._ports.messages.report(error)
