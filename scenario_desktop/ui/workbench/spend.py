"""What this month has cost, kept true at the foot of the sidebar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from scenario_desktop.services.spending import WAY_ON, Verdict
from scenario_desktop.services.words import NO_BREAK, units
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.forms.drafts import SettingsAccess
from scenario_desktop.ui.panels.sidebar.view import SidebarView

if TYPE_CHECKING:  # for cost: its models are not needed to show a number
    from scenario_desktop.services.plan import PlanUnits
    from scenario_desktop.services.session import Session
    from scenario_desktop.services.usage.budget import BudgetState

#: A batch of jobs that ends is counted once, milliseconds.
GATHER_MS = 250
_CU = f"{NO_BREAK}CU"


class Messages(Protocol):
    """Where a failure is told, and a warning with what to do about it."""

    def report(self, error: object) -> None: ...
    def offer(self, text: str, action: str, run: Callable[[], object]) -> None: ...


class Spending(Protocol):
    """What is needed of the open workspace."""

    @property
    def jobs(self) -> Any: ...
    @property
    def usage(self) -> Any: ...
    async def spent_since(self, since: datetime) -> Decimal: ...
    async def plan_units(self) -> PlanUnits | None: ...


class MonthSpend(QObject):
    """Counts what was charged, and quoted where no charge is known yet, since the first.

    With a monthly budget it is held against that, by the service's amount as far as that is known,
    and a warning comes once a month when the budget will not last. Without one, where the account's
    plan tells its ceiling, the team's use of it is shown.

    Signals:
        usage_requested: it was pressed, or the warning's button was.
        left_known: Creative Units left in the period, a Decimal; None where that is not known.
    """

    usage_requested = Signal()
    left_known = Signal(object)

    def __init__(
        self,
        view: SidebarView,
        notices: Messages,
        *,
        settings: SettingsAccess | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(view)
        self._view, self._now = view, now
        self._notices, self._settings = notices, settings
        self._told: tuple[Decimal, datetime] | None = None
        self._session: Spending | None = None
        self._has_plan = False
        self._soon = QTimer(self, singleShot=True, interval=GATHER_MS)
        self.count = AsyncAction(self._count, parent=self, overlap=Overlap.RESTART)
        self.count.failed.connect(notices.report)
        self._soon.timeout.connect(self.count.trigger)
        view.spend_pressed.connect(self.usage_requested)

    def bind(self, session: Spending | None, *, is_local: bool = False) -> None:
        """Count for this workspace from now on; None shows nothing."""
        self._has_plan = not is_local
        if self._session is not None:
            self._session.jobs.changed.disconnect(self._on_changed)
        self._soon.stop()
        self.count.cancel()
        self._session, self._told = session, None
        if session is None:
            self._view.set_spend("", "", None)
        else:
            session.jobs.changed.connect(self._on_changed)
            self.count.trigger()

    def tell(self, spent: Decimal, at: datetime) -> None:
        """Take the month's amount as the service told it at a time."""
        if self._told is None or at > self._told[1]:
            self._told = (spent, at)
            if self._session is not None:
                self.count.trigger()

    def look_again(self) -> None:
        """Take note that the budget may be another one now."""
        if self._session is not None:
            self.count.trigger()

    def _on_changed(self, _change: object) -> None:
        if not self._soon.isActive():
            self._soon.start()

    async def _count(self) -> None:
        session = self._session
        if session is None:
            return
        begin = self._now().astimezone().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        spent = await session.spent_since(begin)
        note = f"Sent from this computer since 1 {begin:%B}: {spent:,} CU"
        budget = self._budget()
        if budget is not None:
            await self._show_budget(session, begin, budget, note)
            return
        self._view.set_spend(f"{begin:%B}", units(spent), None, note)
        plan = await session.plan_units() if self._has_plan else None
        if plan is not None:
            share = float(plan.used / plan.limit) if plan.limit else 1.0
            amount = f"{units(plan.used).removesuffix(_CU)} of {units(plan.limit)}"
            self._view.set_spend("This period", amount, min(1.0, share), note)
        self.left_known.emit(plan.left if plan is not None else None)

    def _budget(self) -> Decimal | None:
        if self._settings is None:
            return None
        budget: Decimal | None = self._settings.settings.spending.monthly_budget
        return budget

    async def _show_budget(
        self, session: Spending, begin: datetime, budget: Decimal, note: str
    ) -> None:
        """Hold the month against its budget: the service's amount, and what was sent since."""
        spent = await session.spent_since(begin)
        if self._told is not None and self._told[1] >= begin:
            told, at = self._told
            spent = max(spent, told + await session.spent_since(at))
            note = f"{note}. The account: {told:,} CU by {at.astimezone():%H:%M}"
        share = float(spent / budget) if budget else 1.0
        amount = f"{units(spent).removesuffix(_CU)} of {units(budget)}"
        self._view.set_spend(f"{begin:%B}", amount, min(1.0, share), note)
        self.left_known.emit(max(Decimal(0), budget - spent))
        self._warn(await session.usage.budget(budget, spent), begin)

    def _warn(self, state: BudgetState, begin: datetime) -> None:
        """Warn once a month."""
        if self._settings is None or not state.needs_warning:
            return
        spending = self._settings.settings.spending
        month = f"{begin:%Y-%m}"
        if spending.warned_month == month:
            return
        self._settings.update(spending={**spending.model_dump(), "warned_month": month})
        self._notices.offer(warning_text(state), "Open usage", self.usage_requested.emit)


def warning_text(state: BudgetState) -> str:
    """Say in one line why the month's budget needs a look."""
    if state.budget is not None and state.spent >= state.budget:
        return f"The budget of {units(state.budget)} is used up: {units(state.spent)} so far."
    if state.runs_out is not None:
        day = state.runs_out
        return f"At this pace the budget of {units(state.budget)} is used up on {day.day} {day:%B}."
    return f"{units(state.spent)} of the budget of {units(state.budget)} are used."


def why_no_spending(session: Session) -> str:
    """Return why nothing that Sartiq may bill is started now; empty where it may be."""
    half = session.sartiq
    price = Decimal(0) if half is not None and half.is_local else None
    decision = session.guard.decide(price)
    return f"{decision.text} {WAY_ON}" if decision.verdict is Verdict.REFUSE else ""
