"""What is asked when an account is connected, and when it is good enough to try. Free of Qt."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from scenario_desktop.ui.forms.spec import FieldSpec, fields_of_model

SCENARIO_URL = "https://api.cloud.scenario.com/v1"
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
        SCENARIO_URL, min_length=1, title="Base URL", json_schema_extra={"group": ADVANCED},
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


def connect_specs(*, is_edit: bool) -> tuple[FieldSpec, ...]:
    """Return the form's fields. A kept secret is not shown again, so an edit may leave it empty."""
    kept = "Kept. Fill in only to change it."
    return tuple(
        replace(spec, placeholder=kept)
        if is_edit and spec.name in ("key", "secret", "team_key", "team_secret")
        else spec
        for spec in fields_of_model(ConnectDraft)
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
