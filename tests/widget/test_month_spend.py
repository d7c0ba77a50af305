"""The month's spend at the foot of the sidebar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from psygnal import Signal
from PySide6.QtWidgets import QApplication

from scenario_desktop.services.plan import PlanUnits
from scenario_desktop.ui.panels.sidebar.view import SidebarView
from scenario_desktop.ui.workbench.spend import MonthSpend
from tests.support import until


class FakeJobs:
    changed = Signal(object)


class FakeSession:
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
