"""The places to work: the local engine's, which is always there, and connected accounts.

Records lie in the settings, keys in the keyring under a reference. Testing a connection reads, and
says exactly what it has proved.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from psygnal import Signal

from scenario_desktop.api.models.accounts import Project, ProjectPage, Team
from scenario_desktop.api.models.assets import AssetPage
from scenario_desktop.errors import (
    AppError,
    BadInput,
    CredentialsUnavailable,
    Forbidden,
    NotFound,
    Refused,
)
from scenario_desktop.services.credentials import Credentials, CredentialsState, Keeping, Secret
from scenario_desktop.services.words import counted
from scenario_desktop.store.settings import SettingsStore, WorkspaceKind, WorkspaceRecord

__all__ = [
    "CLOUD_URL",
    "LOCAL",
    "TestReport",
    "WorkspaceKind",
    "WorkspaceRecord",
    "Workspaces",
    "new_record",
]

CLOUD_URL = "https://api.cloud.scenario.com/v1"
LOCAL = WorkspaceRecord(id="local", name="On this computer", kind=WorkspaceKind.LOCAL)
#: Pages of projects that are read; a loop of a broken server ends here.
_MAX_PAGES = 20


class AccountClient(Protocol):
    """The part of the API client that is used here."""

    async def list_projects(
        self, *, team_id: str | None = ..., page_size: int = ..., token: str | None = ...
    ) -> ProjectPage: ...
    async def list_teams(self) -> list[Team]: ...
    async def list_assets(self, *, page_size: int = ...) -> AssetPage: ...
    async def aclose(self) -> None: ...


#: Makes a client of (base_url, key, secret, project_id). Raises BadInput for unusable values.
MakeClient = Callable[[str, str, str, str | None], AccountClient]


@dataclass(frozen=True, slots=True)
class TestReport:
    """What a test of a connection has shown.

    Attributes:
        is_good: the keys work and the library can be read.
        sentences: what was proved, and what was not, in the order in which it was tried.
        projects: what the key may choose from; empty where it may not list them.
        error: what went wrong; None when nothing did.
    """

    __test__ = False  # not a test of pytest's

    is_good: bool
    sentences: tuple[str, ...]
    projects: tuple[Project, ...] = ()
    error: AppError | None = None


class Workspaces:
    """All workspaces, and which one is open.

    Signals:
        changed: the tuple of all records, after one was added, changed or removed.
        active_changed: the record that is open now.
    """

    changed = Signal(object)
    active_changed = Signal(object)

    def __init__(
        self,
        settings: SettingsStore,
        credentials: Credentials,
        make_client: MakeClient,
        *,
        forget: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """
        Args:
            forget: removes what is kept locally of a workspace, by its id, when that goes.
        """
        self._settings = settings
        self._credentials = credentials
        self._make_client = make_client
        self._forget = forget

    # --- which there are ----------------------------------------------------------------------

    @property
    def records(self) -> tuple[WorkspaceRecord, ...]:
        """Return all of them; the local one comes first."""
        stored = [r for r in self._settings.settings.workspaces if r.id != LOCAL.id]
        return (LOCAL, *stored)

    @property
    def active(self) -> WorkspaceRecord:
        """Return the one that is open; the local one when nothing else was chosen."""
        return self.find(self._settings.settings.active_workspace or LOCAL.id) or LOCAL

    def find(self, workspace_id: str) -> WorkspaceRecord | None:
        return next((r for r in self.records if r.id == workspace_id), None)

    def activate(self, workspace_id: str) -> None:
        """Choose another one.

        Raises:
            NotFound: there is no such workspace.
        """
        record = self.find(workspace_id)
        if record is None:
            raise NotFound("This workspace is not there any more.")
        if record.id != self.active.id:
            self._settings.update(active_workspace=record.id)
            self.active_changed.emit(record)

    # --- adding and removing ------------------------------------------------------------------

    async def add(
        self,
        record: WorkspaceRecord,
        secret: Secret | None,
        *,
        team_secret: Secret | None = None,
        is_session_only: bool = False,
    ) -> tuple[WorkspaceRecord, CredentialsState]:
        """Add an account, or replace the one of the same id.

        Args:
            record: see ``new_record``; its references to keys are set here.
            secret: None leaves the key of a known account as it is; ``team_secret`` likewise.
            team_secret: a team key, for the usage of the whole team.
            is_session_only: do not put the keys into the keyring.

        Returns:
            The record as it is kept, and where its keys went: look before promising anything.

        Raises:
            BadInput: a new account without a key.
        """
        known = self.find(record.id)
        if secret is None and (known is None or known.kind is WorkspaceKind.LOCAL):
            raise BadInput("A key and its secret are needed.")
        state = await self._credentials.prepare()
        keys = {"credentials_ref": secret, "team_credentials_ref": team_secret}
        changes: dict[str, str] = {"base_url": record.base_url or CLOUD_URL}
        for name, new in keys.items():
            changes[name] = getattr(known, name) if known is not None else ""
            if new is not None:
                changes[name] = f"{record.id}/{name.removesuffix('credentials_ref')}key"
                saved = await self._credentials.save(
                    changes[name], new, is_session_only=is_session_only
                )
                state = state if state.keeping is Keeping.SESSION_ONLY else saved
        record = record.model_copy(update=changes)
        others = [r for r in self.records if r.id not in (LOCAL.id, record.id)]
        self._settings.update(workspaces=(*others, record))
        self.changed.emit(self.records)
        return record, state

    async def remove(self, workspace_id: str) -> None:
        """Forget an account with its keys and what is kept of it here. Nothing changes there.

        Raises:
            Refused: the local workspace cannot be removed.
        """
        record = self.find(workspace_id)
        if record is None:
            return
        if record.kind is WorkspaceKind.LOCAL:
            raise Refused("“On this computer” is always there.")
        if record.id == self.active.id:
            self.activate(LOCAL.id)
        kept = [r for r in self.records if r.id not in (LOCAL.id, record.id)]
        self._settings.update(workspaces=tuple(kept))
        for reference in (record.credentials_ref, record.team_credentials_ref):
            if reference:
                await self._credentials.delete(reference)
        if self._forget is not None:
            await self._forget(record.id)
        self.changed.emit(self.records)

    async def secret(self, record: WorkspaceRecord) -> Secret:
        """Return an account's key.

        Raises:
            CredentialsUnavailable: it is not kept (any more); it has to be entered again.
        """
        secret = await self._credentials.load(record.credentials_ref)
        if secret is None:
            raise CredentialsUnavailable(
                f"The key of “{record.name}” is not kept on this computer.",
                hint=self._credentials.state.reason or "Enter the key and its secret again.",
            )
        return secret

    async def team_secret(self, record: WorkspaceRecord) -> Secret | None:
        """Return an account's team key; None where there is none."""
        if not record.team_credentials_ref:
            return None
        return await self._credentials.load(record.team_credentials_ref)

    # --- testing ------------------------------------------------------------------------------

    async def test(
        self,
        base_url: str,
        key: str,
        secret: str,
        project_id: str | None = None,
        *,
        team_secret: Secret | None = None,
    ) -> TestReport:
        """Try a connection by reading. Never raises for what a user can mend; see ``error``."""
        said: list[str] = []
        projects: tuple[Project, ...] = ()
        try:
            client = self._make_client(base_url or CLOUD_URL, key.strip(), secret.strip(), None)
            try:
                projects = await self._test_key(client, base_url or CLOUD_URL, said)
            finally:
                await client.aclose()
            await self._test_library(base_url or CLOUD_URL, key, secret, project_id, projects, said)
            if team_secret is not None:
                await self._test_team(base_url or CLOUD_URL, team_secret, said)
        except AppError as error:
            return TestReport(False, (*said, _in_words(error)), projects, error)
        said.append("Not tried, because it may cost: whether the key may start jobs.")
        return TestReport(True, tuple(said), projects)

    async def _test_key(
        self, client: AccountClient, base_url: str, said: list[str]
    ) -> tuple[Project, ...]:
        host = urlsplit(base_url).hostname or base_url
        try:
            projects = await _all_projects(client)
        except (Forbidden, NotFound):
            said.append(f"{host} answers. The key may not list projects.")
            return ()
        said.append(f"{host} answers, and the key is accepted.")
        names = ", ".join(f"“{p.name or p.id}”" for p in projects[:3])
        more = f" and {len(projects) - 3:,} more" if len(projects) > 3 else ""
        count = counted(len(projects), "project")
        said.append(f"The key sees {count}: {names}{more}." if projects else "It sees no project.")
        return projects

    async def _test_library(
        self,
        base_url: str,
        key: str,
        secret: str,
        project_id: str | None,
        projects: tuple[Project, ...],
        said: list[str],
    ) -> None:
        if project_id is None and len(projects) == 1:
            project_id = projects[0].id
        name = next((p.name for p in projects if p.id == project_id), project_id) or ""
        client = self._make_client(base_url, key.strip(), secret.strip(), project_id)
        try:
            page = await client.list_assets(page_size=1)
        finally:
            await client.aclose()
        where = f"The library of “{name}”" if name else "The key’s own library"
        has_any = "There is at least one item in it." if page.assets else "It is empty so far."
        said.append(f"{where} can be read. {has_any}")

    async def _test_team(self, base_url: str, team_secret: Secret, said: list[str]) -> None:
        client = self._make_client(
            base_url, team_secret.key.strip(), team_secret.secret.strip(), None
        )
        try:
            teams = await client.list_teams()
        finally:
            await client.aclose()
        names = ", ".join(f"“{team.name or team.id}”" for team in teams[:3])
        said.append(
            f"The team key is accepted and sees {names}."
            if teams
            else "The team key is accepted, but sees no team."
        )


def new_record(
    name: str, *, base_url: str = CLOUD_URL, project_id: str | None = None, project_name: str = ""
) -> WorkspaceRecord:
    """Return a record for a new account, with an id of its own.

    Raises:
        BadInput: it has no name.
    """
    shown = name.strip()[:80]
    if not shown:
        raise BadInput("The workspace needs a name.")
    word = re.sub(r"[^a-z0-9]+", "-", shown.lower()).strip("-")[:24] or "workspace"
    return WorkspaceRecord(
        id=f"{word}-{uuid.uuid4().hex[:8]}", name=shown, base_url=base_url.strip(),
        project_id=project_id, project_name=project_name,
    )  # fmt: skip


async def _all_projects(client: AccountClient) -> tuple[Project, ...]:
    found: dict[str, Project] = {}
    token: str | None = None
    seen: set[str] = set()
    for _ in range(_MAX_PAGES):
        page = await client.list_projects(page_size=100, token=token)
        found.update((project.id, project) for project in page.projects)
        token = page.next_pagination_token
        if not token or token in seen:
            break
        seen.add(token)
    return tuple(found.values())


def _in_words(error: AppError) -> str:
    return " ".join(part for part in (error.message, error.hint) if part)
