"""What is asked when an account is connected, and when it is good enough to try. Free of Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from scenario_desktop.services.workspaces import CLOUD_URL, WorkspaceKind, WorkspaceRecord
from scenario_desktop.ui.forms.spec import FieldSpec, fields_of_model

ADVANCED = "Advanced"
TEAM = "Team key for usage"
PROJECT_FIELD = "project_id"
#: Where its framework signs in; the service does not print it.
TOKEN_PATH = "/api/v1/login/access-token"  # noqa: S105 - an address
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Half(StrEnum):
    """The parts of a workspace."""

    SCENARIO = "scenario"
    SARTIQ = "sartiq"

    @property
    def service(self) -> str:
        """The name of the service."""
        return self.value.capitalize()


def _stripped(value: object) -> object:
    # A pasted key often brings a line break or a blank along.
    return value.strip() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_stripped)]


class NameDraft(BaseModel):
    """What a workspace is called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text = Field(
        "", max_length=60, title="Name",
        description="How it is listed here. Without one, the project’s name is taken.",
    )  # fmt: skip


class ConnectDraft(BaseModel):
    """A Scenario account to connect. Secrets never show in a repr, and so in no log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Text = Field(
        min_length=1, title="API key", repr=False,
        description="A project key reaches assets and jobs.",
    )  # fmt: skip
    secret: Text = Field(
        min_length=1, title="API secret", repr=False, json_schema_extra={"display": "concealed"}
    )
    project_id: Text = Field(
        "", title="Project", description="Test the keys to see the projects they reach.",
        json_schema_extra={"display": "choice"},
    )  # fmt: skip
    team_key: Text = Field(
        "", title="Team API key", repr=False,
        description="Only for the usage screen, which a project key may not read.",
        json_schema_extra={"group": TEAM},
    )  # fmt: skip
    team_secret: Text = Field(
        "", title="Team API secret", repr=False, validate_default=True,
        json_schema_extra={"group": TEAM, "display": "concealed"},
    )  # fmt: skip
    base_url: Text = Field(
        CLOUD_URL, min_length=1, title="Base URL", json_schema_extra={"group": ADVANCED},
        description="Change it only for a server of your own.",
    )  # fmt: skip

    @field_validator("team_secret")
    @classmethod
    def _team_key_is_whole(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) != bool(info.data.get("team_key")):
            raise ValueError("A team key needs both its key and its secret.")
        return value

    @field_validator("base_url")
    @classmethod
    def _address_is_safe(cls, value: str) -> str:
        problem = address_problem(value)
        if problem:
            raise ValueError(problem)
        return value


class EditDraft(ConnectDraft):
    """A connected account: empty keys leave the kept ones as they are."""

    key: Text = Field("", title="API key", repr=False, description="")
    secret: Text = Field(
        "", title="API secret", repr=False, validate_default=True,
        json_schema_extra={"display": "concealed"},
    )  # fmt: skip

    @field_validator("secret")
    @classmethod
    def _key_is_whole(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) != bool(info.data.get("key")):
            raise ValueError("A new key needs both its key and its secret.")
        return value


class SartiqDraft(BaseModel):
    """A Sartiq account to connect."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sartiq_url: Text = Field(
        min_length=1, title="Address",
        description="Of its API, such as https://api.example.com/api/v1.",
    )  # fmt: skip
    username: Text = Field(min_length=1, title="User name")
    password: str = Field(
        min_length=1, title="Password", repr=False, json_schema_extra={"display": "concealed"}
    )
    organisation_id: Text = Field(
        "", title="Organisation id",
        description="Whose generations are shown and made. Without one, your own.",
    )  # fmt: skip
    token_url: Text = Field(
        "", title="Sign-in address", json_schema_extra={
            "group": ADVANCED, "placeholder": TOKEN_PATH,
        },
        description="Where the server gives out tokens: an address, or a path on it.",
    )  # fmt: skip

    @field_validator("sartiq_url")
    @classmethod
    def _address_is_safe(cls, value: str) -> str:
        problem = address_problem(value)
        if problem:
            raise ValueError(problem)
        return value

    @field_validator("organisation_id")
    @classmethod
    def _is_an_id(cls, value: str) -> str:
        if value and not _UUID.fullmatch(value):
            raise ValueError("This is not an id. Ids look like 3f2a9c10-5d1e-4b7a-9c52-…")
        return value.lower()

    @field_validator("token_url")
    @classmethod
    def _sign_in_is_safe(cls, value: str) -> str:
        problem = address_problem(value) if value and not value.startswith("/") else ""
        if problem:
            raise ValueError(problem)
        return value


class EditSartiqDraft(SartiqDraft):
    """A connected account: an empty password leaves the kept one as it is."""

    password: str = Field(
        "", title="Password", repr=False, json_schema_extra={"display": "concealed"}
    )


def password_problem(draft: SartiqDraft, record: WorkspaceRecord) -> str:
    """Return why a kept password must not be used with what was edited, or ""."""
    if draft.password:
        return ""
    if draft.username != record.sartiq_username:
        return "Another user needs another password."
    kept = [_origin(record.sartiq_url), _origin(record.sartiq_token_url or TOKEN_PATH)]
    if [_origin(draft.sartiq_url), _origin(draft.token_url or TOKEN_PATH)] != kept:
        return "Enter the password again: it would go to another server."
    return ""


def is_filled(specs: tuple[FieldSpec, ...], draft: Mapping[str, object]) -> bool:
    """Whether the user has entered anything of a half."""
    initial = {spec.name: spec.initial for spec in specs}
    return any(value != initial.get(name) for name, value in draft.items())


_KEPT = "Kept. Fill in only to change it."


def connect_specs(*, is_edit: bool, has_team_key: bool = False) -> tuple[FieldSpec, ...]:
    """Return the form's fields. A kept secret is never shown again; its field says that it is."""
    kept = {"key", "secret"} if is_edit else set()
    if has_team_key:
        kept |= {"team_key", "team_secret"}
    return tuple(
        replace(spec, placeholder=_KEPT) if spec.name in kept else spec
        for spec in fields_of_model(EditDraft if is_edit else ConnectDraft)
    )


def sartiq_specs(*, is_kept: bool, is_signed_out: bool = False) -> tuple[FieldSpec, ...]:
    """Return the form's fields for the second service."""
    told = "You are signed out." if is_signed_out else _KEPT
    return tuple(
        replace(spec, placeholder=told) if is_kept and spec.name == "password" else spec
        for spec in fields_of_model(EditSartiqDraft if is_kept else SartiqDraft)
    )


def name_specs() -> tuple[FieldSpec, ...]:
    return fields_of_model(NameDraft)


def kept_halves(record: WorkspaceRecord | None) -> frozenset[Half]:
    """Return the halves that an account has already."""
    if record is None:
        return frozenset()
    found = {Half.SCENARIO: record.has_scenario, Half.SARTIQ: record.has_sartiq}
    return frozenset(half for half, is_there in found.items() if is_there)


def note_of(record: WorkspaceRecord) -> str:
    """Return what stands below a workspace's name in the list, a line for each half."""
    if record.kind is WorkspaceKind.LOCAL:
        return "The engine of this computer. Nothing leaves it."
    lines = []
    if record.has_scenario or not record.has_sartiq:
        parts = ["Scenario"]
        if record.project_id:
            parts.append(record.project_name or record.project_id)
        if record.base_url and record.base_url != CLOUD_URL:
            parts.append(urlsplit(record.base_url).netloc)
        lines.append(" · ".join(parts))
    if record.has_sartiq:
        who = "signed out" if record.is_signed_out else record.sartiq_username
        lines.append(" · ".join(["Sartiq", who, _host(record.sartiq_url)]))
    return "\n".join(lines)


def removal_text(record: WorkspaceRecord) -> str:
    """Return what removing an account does, and what it does not."""
    names = [half.service for half in Half if half in kept_halves(record)] or ["Scenario"]
    return (
        f"“{record.name}” goes from this list, its keys are forgotten, and the copy of its library "
        f"on this computer is deleted. Edits that have not reached {' and '.join(names)} yet are "
        "lost. Nothing else changes there: its assets stay, and jobs that run there go on."
    )


def address_problem(url: str) -> str:
    """Return why keys must not be sent to an address, or ""."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is not a web address."
    if parts.scheme not in ("http", "https") or not host:
        return "Enter a whole address that starts with https://."
    if parts.username or parts.password or parts.query or parts.fragment:
        return "Enter only the address: no user, query or fragment."
    if parts.scheme == "http" and not _is_loopback(host):
        return "Use https://: without it anybody on the way can read the keys."
    return ""


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _host(url: str) -> str:
    return urlsplit(url).netloc or url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
