"""The plan's Creative Units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scenario_desktop.api.models.accounts import LimitsAnswer, Team
from scenario_desktop.errors import Forbidden
from scenario_desktop.services.plan import PlanUnits, plan_units


class FakeClient:
    def __init__(self, limit: Any, used: Any, teams: int = 1) -> None:
        self.limit, self.used, self.teams = limit, used, teams
        self.error: Exception | None = None

    async def list_teams(self) -> list[Team]:
        return [Team.model_validate({"id": f"team_{n}", "name": "T"}) for n in range(self.teams)]

    async def team_limits(self, team_id: str) -> LimitsAnswer:
        if self.error is not None:
            raise self.error
        units = {"limits": {"creativeUnits": self.limit}, "values": {"creativeUnits": self.used}}
        return LimitsAnswer.model_validate(units)


async def test_what_is_left_is_known() -> None:
    units = await plan_units(FakeClient(2000, 1242.5))
    assert units == PlanUnits(Decimal("1242.5"), Decimal(2000))
    assert units.left == Decimal("757.5")


async def test_overspending_leaves_nothing() -> None:
    units = await plan_units(FakeClient(10, 12))
    assert units is not None
    assert units.left == 0


@pytest.mark.parametrize(
    ("limit", "used", "teams"),
    [(2000, None, 1), ("x", 3, 1), (float("inf"), 3, 1), (10**12, 3, 1), (-1, 0, 1), (True, 0, 1),
     (2000, 3, 2), (2000, 3, 0)],
)  # fmt: skip
async def test_what_makes_no_sense_is_unknown(limit: Any, used: Any, teams: int) -> None:
    assert await plan_units(FakeClient(limit, used, teams)) is None


async def test_keys_that_may_not_know_are_no_failure() -> None:
    client = FakeClient(2000, 3)
    client.error = Forbidden("Not for project keys.")
    assert await plan_units(client) is None
