"""What this month has cost, kept true at the foot of the sidebar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from scenario_desktop.services.words import NO_BREAK, units
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.sidebar.view import SidebarView

if TYPE_CHECKING:  # for cost: its models are not needed to show a number
    from scenario_desktop.services.plan import PlanUnits

#: A batch of jobs that ends is counted once, milliseconds.
GATHER_MS = 250
_CU = f"{NO_BREAK}CU"


class Spending(Protocol):
    """What is needed of the open workspace."""

    @property
    def jobs(self) -> Any: ...
    async def spent_since(self, since: datetime) -> Decimal: ...
    async def plan_units(self) -> PlanUnits | None: ...


class MonthSpend(QObject):
    """Counts what was charged, and quoted where no charge is known yet, since the first.

    Where the account's plan tells its ceiling, the team's use of it is shown instead.

    Signals:
        left_known: Creative Units left in the period, a Decimal; None where that is not known.
    """

    left_known = Signal(object)

    def __init__(
        self,
        view: SidebarView,
        notices: Reports,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(view)
        self._view, self._now = view, now
        self._session: Spending | None = None
        self._has_plan = False
        self._soon = QTimer(self, singleShot=True, interval=GATHER_MS)
        self.count = AsyncAction(self._count, parent=self, overlap=Overlap.RESTART)
        self.count.failed.connect(notices.report)
        self._soon.timeout.connect(self.count.trigger)

    def bind(self, session: Spending | None, *, is_local: bool = False) -> None:
        """Count for this workspace from now on; None shows nothing."""
        self._has_plan = not is_local
        if self._session is not None:
            self._session.jobs.changed.disconnect(self._on_changed)
        self._soon.stop()
        self.count.cancel()
        self._session = session
        if session is None:
            self._view.set_spend("", "", None)
        else:
            session.jobs.changed.connect(self._on_changed)
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
        self._view.set_spend(f"{begin:%B}", units(spent), None, note)
        plan = await session.plan_units() if self._has_plan else None
        if plan is not None:
            share = float(plan.used / plan.limit) if plan.limit else 1.0
            amount = f"{units(plan.used).removesuffix(_CU)} of {units(plan.limit)}"
            self._view.set_spend("This period", amount, min(1.0, share), note)
        self.left_known.emit(plan.left if plan is not None else None)
