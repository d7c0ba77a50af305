"""The month's spend at the foot of the sidebar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psygnal import Signal
from PySide6.QtWidgets import QApplication

from scenario_desktop.services.plan import PlanUnits
from scenario_desktop.services.usage.budget import BudgetState, budget_state
from scenario_desktop.store.settings import SettingsStore
from scenario_desktop.ui.panels.sidebar.view import SidebarView
from scenario_desktop.ui.workbench.spend import MonthSpend
from tests.support import until

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class FakeJobs:
    changed = Signal(object)


class FakeUsage:
    async def budget(self, budget: Decimal, spent: Decimal) -> BudgetState:
        return budget_state(spent, budget, NOW, UTC)


class FakeSession:
    usage = FakeUsage()

    def __init__(self) -> None:
        self.jobs = FakeJobs()
        self.spent = Decimal(3)
        self.plan: PlanUnits | None = None
        self.since: list[datetime] = []

    async def spent_since(self, since: datetime) -> Decimal:
        self.since.append(since)
        return self.spent

    async def plan_units(self) -> PlanUnits | None:
        return self.plan


class FakeNotices:
    def toast(self, text: str, undo: Any = None) -> None: ...
    def report(self, error: object) -> None:
        raise AssertionError(error)

    def __init__(self) -> None:
        self.offers: list[str] = []

    def offer(self, text: str, action: str, run: Any) -> None:
        self.offers.append(text.replace("\u00a0", " "))


@pytest.fixture
def view(qapp: QApplication) -> Iterator[SidebarView]:
    made = SidebarView()
    yield made
    made.close()
    made.deleteLater()


def _amount(view: SidebarView) -> str:
    return view._spend.amount.text().replace("\u00a0", " ")


async def test_the_month_is_counted_and_followed(qt_loop: Any, view: SidebarView) -> None:
    session = FakeSession()
    spend = MonthSpend(view, FakeNotices(), now=lambda: datetime(2026, 11, 20, 12, tzinfo=UTC))
    spend.bind(session, is_local=True)
    await until(lambda: _amount(view) == "3 CU")
    assert session.since[0].day == 1
    session.spent = Decimal(5)
    session.jobs.changed.emit(None)
    session.jobs.changed.emit(None)
    await until(lambda: _amount(view) == "5 CU")
    assert len(session.since) == 2
    spend.bind(None)
    assert view._spend.isHidden()


async def test_a_known_plan_tells_what_is_left(qt_loop: Any, view: SidebarView) -> None:
    session = FakeSession()
    session.plan = PlanUnits(Decimal("1242.5"), Decimal(2000))
    left: list[object] = []
    spend = MonthSpend(view, FakeNotices())
    spend.left_known.connect(left.append)
    spend.bind(session)
    await until(lambda: left == [Decimal("757.5")])
    assert _amount(view) == "1,242.5 of 2,000 CU"
    spend.bind(None)


async def test_a_budget_is_held_against_the_month_and_warns_once(
    qt_loop: Any, view: SidebarView, tmp_path: Path
) -> None:
    settings = SettingsStore(tmp_path / "settings.json")
    settings.update(spending={"monthly_budget": Decimal(100)})
    session, notices = FakeSession(), FakeNotices()
    session.spent = Decimal(60)
    spend = MonthSpend(view, notices, settings=settings, now=lambda: NOW)
    spend.bind(session)
    await until(lambda: _amount(view) == "60 of 100 CU")
    # 60 in 19.5 of 30 days come to 92: it lasts.
    assert notices.offers == []
    session.spent = Decimal(70)
    session.jobs.changed.emit(None)
    await until(lambda: notices.offers)
    assert notices.offers == ["At this pace the budget of 100 CU is used up on 28 November."]
    session.jobs.changed.emit(None)
    await until(lambda: not spend.count.is_busy)
    assert len(notices.offers) == 1
    assert settings.settings.spending.warned_month == "2026-11"
    opened: list[bool] = []
    spend.usage_requested.connect(lambda: opened.append(True))
    view.spend_pressed.emit()
    assert opened
    spend.bind(None)
    await settings.aclose()


async def test_what_the_service_told_counts_with_what_was_sent_since(
    qt_loop: Any, view: SidebarView, tmp_path: Path
) -> None:
    settings = SettingsStore(tmp_path / "settings.json")
    settings.update(spending={"monthly_budget": Decimal(2000)})
    session = FakeSession()
    spend = MonthSpend(view, FakeNotices(), settings=settings, now=lambda: NOW)
    spend.bind(session)
    spend.tell(Decimal("1242.5"), NOW)
    await until(lambda: _amount(view) == "1,245.5 of 2,000 CU")
    spend.bind(None)
    await settings.aclose()
