"""Teams, projects and limits. Source: API pages "teams" and "projects"."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from scenario_desktop.api.models.base import Page, Received


class TeamProject(Received):
    id: str
    name: str = ""


class Team(Received):
    id: str
    name: str = ""
    plan: str = ""
    projects: tuple[TeamProject, ...] = ()


class TeamList(Page):
    teams: tuple[Team, ...] = ()


def _members(value: Any) -> list[dict[str, str]]:
    """Return what can be read of a list of people: names only, a project is good without them."""
    rows = value if isinstance(value, list | tuple) else ()
    named = ({k: v for k, v in row.items() if isinstance(v, str)} for row in rows if _is_map(row))
    return [row for row in named if "id" in row]


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


class ProjectUser(Received):
    id: str
    email: str = ""


class ProjectKey(Received):
    """Keys that a project lets in.

    Attributes:
        id: who acts with them: the author of what they make.
        api_key_id: their public half.
    """

    id: str
    api_key_id: str = ""
    name: str = ""


class Project(Received):
    id: str
    name: str = ""
    team_id: str = ""
    description: str = ""
    users: Annotated[tuple[ProjectUser, ...], BeforeValidator(_members)] = ()
    keys: Annotated[tuple[ProjectKey, ...], BeforeValidator(_members)] = ()


class ProjectPage(Page):
    projects: tuple[Project, ...] = ()


class ProjectAnswer(Received):
    project: Project


class LimitsAnswer(Received):
    """Plan ceilings and their current values, by the service's own names."""

    plan: str = ""
    limits: dict[str, Any] = Field(default_factory=dict)
    values: dict[str, Any] = Field(default_factory=dict)
    period: dict[str, Any] = Field(default_factory=dict)
