"""The month's budget: where it stands, where it goes at this pace, and a warning once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from scenario_desktop.services.usage.ranges import midnight, month_end

#: A forecast is made from this much of the month on.
_SOONEST: Final = timedelta(days=1)
#: From this part of the budget on a warning is due, or when the forecast is above it.
WARN_AT: Final = Decimal("0.9")


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A month's spending against its budget.

    Attributes:
        spent: Creative Units so far.
        budget: what was set for the month; None where nothing was.
        forecast: what the month comes to at the pace so far; None before its first day is over.
        runs_out: the day on which the budget is used up at this pace; None when it lasts.
        last_day: of the month.
    """

    spent: Decimal
    budget: Decimal | None
    forecast: Decimal | None
    runs_out: date | None
    last_day: date

    @property
    def share(self) -> float | None:
        """The used part of the budget, above 1 when it is overdrawn."""
        if self.budget is None:
            return None
        if not self.budget:
            return 1.0 if self.spent else 0.0
        return float(self.spent / self.budget)

    @property
    def needs_warning(self) -> bool:
        """Whether the budget is nearly used, or will not last."""
        if self.budget is None:
            return False
        is_beyond = self.forecast is not None and self.forecast > self.budget
        return self.spent >= self.budget * WARN_AT or is_beyond


def budget_state(
    spent: Decimal, budget: Decimal | None, now: datetime, zone: tzinfo
) -> BudgetState:
    """Tell how a month goes.

    Args:
        spent: since the first of the month.
        zone: whose month it is.
    """
    now = now.astimezone(zone)
    today = now.date()
    first, last = today.replace(day=1), month_end(today)
    begin, end = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    passed = now - begin
    forecast: Decimal | None = None
    runs_out: date | None = None
    if passed >= _SOONEST:
        pace = spent / Decimal(passed.total_seconds())
        forecast = (pace * Decimal((end - begin).total_seconds())).quantize(
            Decimal(1), ROUND_HALF_UP
        )
        if budget is not None and pace > 0 and forecast > budget:
            left_s = max(Decimal(0), budget - spent) / pace
            runs_out = (now + timedelta(seconds=float(left_s))).date()
    return BudgetState(spent, budget, forecast, runs_out, last)
