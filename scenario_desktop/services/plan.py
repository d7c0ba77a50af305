"""What the plan of an account gives in its present period, where the keys reach that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from scenario_desktop.api.models.accounts import LimitsAnswer, Team
from scenario_desktop.errors import AppError

#: A ceiling from here on stands for none.
UNLIMITED = Decimal(10**9)
_UNITS = "creativeUnits"


class AccountReader(Protocol):
    """What is needed of the client."""

    async def list_teams(self) -> list[Team]: ...
    async def team_limits(self, team_id: str) -> LimitsAnswer: ...


@dataclass(frozen=True, slots=True)
class PlanUnits:
    """Creative Units of the period: used by everybody of the team, and in all."""

    used: Decimal
    limit: Decimal

    @property
    def left(self) -> Decimal:
        return max(Decimal(0), self.limit - self.used)


async def plan_units(client: AccountReader) -> PlanUnits | None:
    """Ask for the plan's units; None where there is no ceiling, or the keys may not know it.

    Project keys often may not: that is no failure to tell anybody of.
    """
    try:
        teams = await client.list_teams()
        if len(teams) != 1:
            return None
        answer = await client.team_limits(teams[0].id)
    except AppError:
        return None
    limit, used = _amount(answer.limits.get(_UNITS)), _amount(answer.values.get(_UNITS))
    if limit is None or used is None or limit >= UNLIMITED:
        return None
    return PlanUnits(used, limit)


def _amount(value: Any) -> Decimal | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < 0:
        return None
    return Decimal(str(value))
