"""Teams, projects and limits. Source: API pages "teams" and "projects"."""

from __future__ import annotations

from typing import Any

from pydantic import Field

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


class Project(Received):
    id: str
    name: str = ""
    team_id: str = ""
    description: str = ""


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
