"""What stands together in a bar, or under no name, leads to its actions as well."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from scenario_desktop.services.usage.charts import REST, Grouping
from scenario_desktop.ui.panels.usage import bar_data
from scenario_desktop.ui.panels.usage.bar_data import OTHER, UNTOLD
from tests.widget.usage_support import Desk, desk, painted

#: A Wednesday with jobs of all kinds.
PLACE = 17


async def listed(page: Desk) -> tuple[Decimal, set[str], set[str | None]]:
    """Return what the listed actions cost, and their actions and models."""
    await page.settle()
    book = page.view.lists.activity_model.book
    assert book is not None
    while not book.is_all:
        book.more()
        await book.settled()
    found = [row.activity for n in range(book.count) if (row := book.row(n)) is not None]
    cost = sum((one.creative_units_cost or Decimal(0) for one in found), Decimal(0))
    return cost, {one.action for one in found}, {one.data.model_id for one in found}


def part(page: Desk, one: str) -> Decimal:
    figures = page.controller.figures
    assert figures is not None
    (found,) = [bar for bar in figures.bars.series if bar.id == one]
    value = found.values[PLACE]
    assert value
    return Decimal(str(value))


async def test_other_leads_to_the_others(
    qt_loop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bar_data, "MOST_SERIES", 3)
    async with desk(tmp_path) as page:
        await page.open()
        await painted(page.view)
        page.view.chart.opened.emit(PLACE, OTHER)
        cost, actions, _ = await listed(page)
        assert cost == part(page, OTHER)
        assert actions == {"sartiq-refine", "inpaint", "detection"}
        assert page.view.lists.drill.text() == "Wed 18 Nov, Other"
        # What is hidden is in no part, neither in the others'.
        page.view.chart.toggled.emit("inpaint")
        await page.settle()
        page.view.chart.opened.emit(PLACE, OTHER)
        cost, actions, _ = await listed(page)
        assert cost == part(page, OTHER)
        assert actions == {"detection", "sartiq-refine"}


async def test_what_has_no_model_is_found(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        await painted(page.view)
        page.view.grouping_chosen.emit(Grouping.MODEL)
        await page.settle()
        page.view.chart.opened.emit(PLACE, UNTOLD)
        cost, _, models = await listed(page)
        assert cost == part(page, REST)
        assert models == {None}
        assert page.view.lists.drill.text() == "Wed 18 Nov, No model"
        page.view.chart.opened.emit(PLACE, "")
        whole, _, models = await listed(page)
        assert whole > cost
        assert len(models) > 1


async def test_a_click_tells_the_rest_from_the_whole_bar(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        await painted(page.view)
        page.view.grouping_chosen.emit(Grouping.MODEL)
        await page.settle()
        chart = page.view.chart.chart
        assert chart is not None
        opened: list[str] = []
        chart.opened.connect(lambda _place, one: opened.append(one))
        x = chart.anchor_of(PLACE).x()
        for y in range(0, chart.height(), 2):
            QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPointF(x, y).toPoint())
        await page.settle()
        figures = page.controller.figures
        assert figures is not None
        named = {bar.id for bar in figures.bars.series if bar.values[PLACE]}
        assert set(opened) == {"", *((named - {REST}) | {UNTOLD})}
