"""What workspaces are managed through."""

from __future__ import annotations

from dataclasses import dataclass

from scenario_desktop.services.credentials import Credentials
from scenario_desktop.services.workspaces import Workspaces
from scenario_desktop.ui.notices import Reports


@dataclass(frozen=True, slots=True)
class WorkspacePorts:
    """The services, and where news go."""

    workspaces: Workspaces
    credentials: Credentials
    messages: Reports
