"""The places to work: the local engine's, which is always there, and connected accounts.

Records lie in the settings, keys in the keyring under a reference. Testing a connection reads, and
says exactly what it has proved.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
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
    Unauthorised,
)
from scenario_desktop.services.credentials import Credentials, CredentialsState, Keeping, Secret
from scenario_desktop.services.sartiq.tokens import KeptToken, token_reference
from scenario_desktop.services.words import counted
from scenario_desktop.store.settings import SettingsStore, WorkspaceKind, WorkspaceRecord

if TYPE_CHECKING:  # the models take some 50 ms to import
    from scenario_desktop.api.models.sartiq.answers import GenerationsPublic

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


class SartiqAccountClient(Protocol):
    """The part of the second service's client that is used here."""

    async def list_generations(self, *, skip: int = ..., limit: int = ...) -> GenerationsPublic: ...
    async def aclose(self) -> None: ...


#: Makes a client of (base_url, user name, password, token_url, organisation_id). Raises BadInput.
MakeSartiqClient = Callable[[str, str, str, str | None, str | None], SartiqAccountClient]
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
        make_sartiq: MakeSartiqClient | None = None,
        forget: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """
        Args:
            make_sartiq: as ``make_client``, for the second service.
            forget: removes what is kept locally of a workspace, by its id, when that goes.
        """
        self._settings = settings
        self._credentials = credentials
        self._make_client = make_client
        self._make_sartiq = make_sartiq or _no_sartiq
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
        sartiq_secret: Secret | None = None,
        is_session_only: bool = False,
    ) -> tuple[WorkspaceRecord, CredentialsState]:
        """Add an account, or replace the one of the same id.

        Args:
            record: see ``new_record``; its references to keys are set here. Without ``base_url``
                it has no Scenario half, without ``sartiq_url`` no Sartiq half; a half that a known
                account loses by that is forgotten with its keys.
            secret: None leaves the key of a known account as it is; so do the others.
            team_secret: a team key, for the usage of the whole team.
            sartiq_secret: Sartiq's user name and password.
            is_session_only: do not put the keys into the keyring.

        Returns:
            The record as it is kept, and where its keys went: look before promising anything.

        Raises:
            BadInput: a new half without a key.
        """
        known = self.find(record.id)
        if known is not None and known.kind is WorkspaceKind.LOCAL:
            raise BadInput("“On this computer” has keys of its own.")
        if not record.base_url and not record.sartiq_url:
            record = record.model_copy(update={"base_url": CLOUD_URL})
        keys = {
            "credentials_ref": (secret, record.base_url),
            "team_credentials_ref": (team_secret, record.base_url),
            "sartiq_credentials_ref": (sartiq_secret, record.sartiq_url),
        }
        had = {name: getattr(known, name, "") if known is not None else "" for name in keys}
        if record.base_url and secret is None and not had["credentials_ref"]:
            raise BadInput("A key and its secret are needed.")
        if record.sartiq_url and sartiq_secret is None and not had["sartiq_credentials_ref"]:
            raise BadInput("A user name and a password are needed.")
        state = await self._credentials.prepare()
        changes: dict[str, str] = {}
        for name, (new, address) in keys.items():
            changes[name] = had[name] if address else ""
            if new is not None and address:
                changes[name] = f"{record.id}/{name.removesuffix('credentials_ref')}key"
                saved = await self._credentials.save(
                    changes[name], new, is_session_only=is_session_only
                )
                state = state if state.keeping is Keeping.SESSION_ONLY else saved
        await self._forget_keys(*(had[name] for name in keys if had[name] and not changes[name]))
        if sartiq_secret is not None:  # the token belongs to the former login
            await self._credentials.delete(token_reference(changes["sartiq_credentials_ref"]))
            changes["sartiq_username"] = sartiq_secret.key
        is_out = known is not None and known.is_signed_out
        is_out = is_out and sartiq_secret is None and bool(changes["sartiq_credentials_ref"])
        record = record.model_copy(update={**changes, "is_signed_out": is_out})
        self._keep(record)
        return record, state

    async def sign_out(self, workspace_id: str) -> WorkspaceRecord:
        """Forget an account's password and token for Sartiq. What is here of it stays.

        Raises:
            NotFound: there is no such account, or it has no such half.
            CredentialsUnavailable: the keyring does not forget them; they are still in it.
        """
        record = self.find(workspace_id)
        if record is None or not record.sartiq_credentials_ref:
            raise NotFound("This workspace has no login for Sartiq.")
        in_keyring = not self._credentials.is_for_session(record.sartiq_credentials_ref)
        await self._forget_keys(record.sartiq_credentials_ref)
        if in_keyring and self._credentials.state.keeping is not Keeping.KEYRING:
            raise CredentialsUnavailable(
                "The system keyring did not answer, so the password is still in it.",
                hint="Unlock the keyring, then sign out again.",
            )
        record = record.model_copy(update={"is_signed_out": True})
        self._keep(record)
        return record

    def _keep(self, record: WorkspaceRecord) -> None:
        others = [r for r in self.records if r.id not in (LOCAL.id, record.id)]
        self._settings.update(workspaces=(*others, record))
        self.changed.emit(self.records)

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
        # First what is secret: opening another workspace stops whatever is still under way.
        await self._forget_keys(
            record.credentials_ref, record.team_credentials_ref, record.sartiq_credentials_ref
        )
        if self._forget is not None:
            await self._forget(record.id)
        if record.id == self.active.id:
            self.activate(LOCAL.id)
        kept = [r for r in self.records if r.id not in (LOCAL.id, record.id)]
        self._settings.update(workspaces=tuple(kept))
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

    async def sartiq_secret(self, record: WorkspaceRecord) -> Secret:
        """Return an account's user name and password at Sartiq.

        Raises:
            CredentialsUnavailable: they are not kept (any more); they have to be entered again.
        """
        if record.is_signed_out:
            raise CredentialsUnavailable(
                f"You are signed out of Sartiq in “{record.name}”.",
                hint="Sign in again with your name and password.",
            )
        secret = await self._credentials.load(record.sartiq_credentials_ref)
        if secret is None:
            raise CredentialsUnavailable(
                f"The Sartiq password of “{record.name}” is not kept on this computer.",
                hint=self._credentials.state.reason or "Enter user name and password again.",
            )
        return secret

    def tokens(self, record: WorkspaceRecord) -> KeptToken:
        """Return what keeps Sartiq's bearer token of an account from one start to the next."""
        return KeptToken(self._credentials, record.sartiq_credentials_ref)

    async def _forget_keys(self, *references: str) -> None:
        for reference in filter(None, references):
            await self._credentials.delete(reference)
            await self._credentials.delete(token_reference(reference))

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

    async def test_sartiq(
        self,
        base_url: str,
        username: str,
        password: str,
        *,
        token_url: str | None = None,
        organisation_id: str | None = None,
    ) -> TestReport:
        """Try a login by reading. Never raises for what a user can mend; see ``error``."""
        said: list[str] = []
        try:
            client = self._make_sartiq(
                base_url, username.strip(), password, token_url or None, organisation_id or None
            )
            try:
                page = await client.list_generations(limit=1)
            finally:
                await client.aclose()
        except Unauthorised as error:  # who tries a login has its fields before them
            return TestReport(False, (f"{error.message} Correct it, then try again.",), error=error)
        except AppError as error:
            return TestReport(False, (_in_words(error),), error=error)
        host = urlsplit(base_url).hostname or base_url
        said.append(f"{host} answers, and the login is accepted.")
        whose = "The organisation’s" if organisation_id else "Your own"
        has_any = "There is at least one." if page.data else "There are none so far."
        said.append(f"{whose} generations can be read. {has_any}")
        said.append("Not tried, because it may cost: whether you may generate.")
        return TestReport(True, tuple(said))

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


def _no_sartiq(*_: object) -> SartiqAccountClient:
    raise BadInput("Sartiq cannot be reached from here.")


def new_record(
    name: str,
    *,
    base_url: str = CLOUD_URL,
    project_id: str | None = None,
    project_name: str = "",
    sartiq_url: str = "",
    sartiq_token_url: str = "",
    organisation_id: str | None = None,
) -> WorkspaceRecord:
    """Return a record for a new account, with an id of its own.

    Args:
        base_url: empty for one without a Scenario half; ``sartiq_url`` likewise.

    Raises:
        BadInput: it has no name.
    """
    shown = name.strip()[:80]
    if not shown:
        raise BadInput("The workspace needs a name.")
    word = re.sub(r"[^a-z0-9]+", "-", shown.lower()).strip("-")[:24] or "workspace"
    return WorkspaceRecord(
        id=f"{word}-{uuid.uuid4().hex[:8]}", name=shown, base_url=base_url.strip(),
        project_id=project_id, project_name=project_name, sartiq_url=sartiq_url.strip(),
        sartiq_token_url=sartiq_token_url.strip(), organisation_id=organisation_id,
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
