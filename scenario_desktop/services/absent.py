"""What stands in for Scenario where a workspace has no Scenario half."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

from scenario_desktop.errors import Refused

if TYPE_CHECKING:
    from scenario_desktop.api.client import ScenarioClient


class _AbsentScenario:
    """Refuses every request before anything is sent."""

    base_url = ""
    project_id = None
    server_time_offset_s = None

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        if name.startswith("_"):
            raise AttributeError(name)

        async def refuse(*_: object, **__: object) -> Any:
            raise Refused(
                "This workspace has no connection to Scenario.",
                hint="Add its keys to the workspace in the settings.",
            )

        return refuse

    async def aclose(self) -> None:
        """Nothing is open."""


def absent_scenario() -> ScenarioClient:
    """Return a client that refuses everything, and says why."""
    return cast("ScenarioClient", _AbsentScenario())
