"""What is asked when an account is connected, and when it is good enough to try. Free of Qt."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from scenario_desktop.services.workspaces import CLOUD_URL, WorkspaceKind, WorkspaceRecord
from scenario_desktop.ui.forms.spec import FieldSpec, fields_of_model

ADVANCED = "Advanced"
TEAM = "Team key for usage"
PROJECT_FIELD = "project_id"


def _stripped(value: object) -> object:
    # A pasted key often brings a line break or a blank along.
    return value.strip() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_stripped)]


class ConnectDraft(BaseModel):
    """An account to connect. Secrets never show in a repr, so neither in a log by accident."""

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
    name: Text = Field(
        "", max_length=60, title="Name",
        description="How it is listed here. Without one, the project's name is taken.",
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


def note_of(record: WorkspaceRecord) -> str:
    """Return what stands below a workspace's name in the list."""
    if record.kind is WorkspaceKind.LOCAL:
        return "The engine of this computer. Nothing leaves it."
    parts = ["Scenario"]
    if record.project_id:
        parts.append(record.project_name or record.project_id)
    if record.base_url and record.base_url != CLOUD_URL:
        parts.append(urlsplit(record.base_url).netloc)
    return " · ".join(parts)


def removal_text(record: WorkspaceRecord) -> str:
    """Return what removing an account does, and what it does not."""
    return (
        f"“{record.name}” goes from this list, its keys are forgotten, and the copy of its library "
        "on this computer is deleted. Edits that have not reached Scenario yet are lost. "
        "Nothing else changes there: its assets stay, and jobs that run there go on."
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


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
