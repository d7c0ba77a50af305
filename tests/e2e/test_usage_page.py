"""The usage page of the whole program, over an engine with two months of calls."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from scenario_desktop import paths
from scenario_desktop.services.usage import charts
from scenario_desktop.services.usage.charts import Grouping
from scenario_desktop.services.usage.ranges import Preset
from scenario_desktop.ui.workbench.usage_room import UsageRoom
from tests.e2e.desk import PATIENCE_S, desk, session_of
from tests.support import until
from tests.usage_data import seed

CALLS, DAYS = 3_000, 45


@pytest.mark.timeout(240)
async def test_the_page_and_its_files_say_what_the_engine_says(
    qt_loop: Any, tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = paths.under(tmp_path)
    places.make()
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    await asyncio.to_thread(
        seed, places.engine, CALLS, days=DAYS, until=midnight + timedelta(days=1)
    )
    file = tmp_path / "activity.csv"

    async def choose(_room: UsageRoom, _name: str, _filters: str) -> Path:
        return file

    monkeypatch.setattr(UsageRoom, "_choose_path", choose)
    async with desk(tmp_path) as program:
        bench, session = program.workbench, session_of(program)
        bench.commands.run("usage.open")
        assert bench.window.page == "usage"
        controller, view = bench.usage.controller, bench.usage.view
        assert controller is not None
        assert view is not None
        await until(lambda: controller.figures is not None, timeout_s=PATIENCE_S)
        await controller.load.settle()
        figures = controller.figures
        assert figures is not None
        month = session.usage.preset(Preset.MONTH)
        told = await session.usage.report(month, is_fresh=True)
        whole = charts.spend(told.report, Grouping.ACTION, month, session.usage.now()).total
        assert figures.spent == whole > 0
        assert sum(bars.total for bars in figures.bars.series) == whole
        assert view.chart.chart is not None
        assert view.chart.chart.isVisible()
        place = next(p for p, amount in enumerate(figures.bars.sums) if amount)
        view.chart.opened.emit(place, figures.bars.series[0].id)
        book = view.lists.activity_model.book
        assert book is not None
        await book.settled()
        row = book.row(0)
        assert row is not None
        assert row.activity.action == figures.bars.series[0].id
        bucket = figures.chart.buckets[place]
        assert bucket.start <= row.activity.time < bucket.end
        view.lists.drill_left.emit()
        view.export_requested.emit("activity-csv")
        await controller.export.settle()
        rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
        written = sum((Decimal(row["cost_cu"] or 0) for row in rows), Decimal(0))
        billed = await _billed(session.usage, month)
        assert written == billed
        view.export_requested.emit("chart-csv")
        await controller.export.settle()
        rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
        assert sum((Decimal(row["spend"] or 0) for row in rows), Decimal(0)) == whole
        bench.sidebar_view.spend_pressed.emit()
        assert bench.window.page == "usage"


async def _billed(usage: Any, month: Any) -> Decimal:
    """Add the activity up, page by page, as the service tells it."""
    total = Decimal(0)
    async for _, rows in usage.all_activity(month):
        total += sum((row.activity.creative_units_cost or Decimal(0) for row in rows), Decimal(0))
    return total
