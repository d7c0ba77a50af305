"""The tour's last stop: what the tour has cost, and from a bar back to the picture.

Each step holds the page against the engine's own answer, asked by a client of the tour's own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_desktop.services.words import units
from scenario_desktop.tour_hands import Walker

if TYPE_CHECKING:
    from scenario_desktop.api.client import ScenarioClient
    from scenario_desktop.items import Item
    from scenario_desktop.services.engine_process import EngineAddress
    from scenario_desktop.services.session import Session
    from scenario_desktop.ui.panels.usage.controller import UsageController
    from scenario_desktop.ui.panels.usage.figures import Figures
    from scenario_desktop.ui.panels.usage.view import UsageView


class UsageSteps:
    """The steps, in their order; each says what was found."""

    def __init__(
        self, walker: Walker, address: EngineAddress, made: Item, session: Session, out: Path
    ) -> None:
        """
        Args:
            made: a picture that was paid for; the bar of today leads to it.
            out: where the exported table goes.
        """
        from scenario_desktop.api.client import ScenarioClient

        self._walker, self._made, self._session = walker, made, session
        self._file = out / "downloads" / "usage.csv"
        self._client: ScenarioClient = ScenarioClient(
            address.scenario_url, address.api_key, address.api_secret
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    def steps(self) -> tuple[tuple[str, Callable[[], Awaitable[str]]], ...]:
        return (
            ("usage-open", self._open),
            ("usage-drill", self._drill),
            ("usage-export", self._export),
        )

    async def _open(self) -> str:
        walker = self._walker
        walker.bench.commands.run("usage.open")
        await walker.until(lambda: self._controller.figures is not None)
        self._controller.refresh()
        await walker.until(lambda: not self._controller.load.is_busy)
        await walker.until(lambda: self._view.chart.chart is not None)
        total = await self._on_server()
        shown = self._figures.chart.total
        walker.expect(total > 0, "the server knows of no spending")
        walker.expect(shown == total, f"the page says {shown} CU, the server {total} CU")
        await walker.quiet()
        return f"{units(total)} are shown, just what the engine has charged"

    async def _drill(self) -> str:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        walker, chart, lists = self._walker, self._view.chart.chart, self._view.lists
        walker.expect(chart is not None, "there is no chart")
        assert chart is not None  # noqa: S101 - for the type checker; said in words above
        chart.setFocus()
        QTest.keyClick(chart, Qt.Key.Key_Left)  # the last bar that has begun: today
        QTest.keyClick(chart, Qt.Key.Key_Return)
        model = lists.activity_model
        await walker.until(lambda: self._place_of_made() is not None)
        place = self._place_of_made()
        assert place is not None  # noqa: S101 - for the type checker; waited for above
        await walker.quiet()
        await walker.shoot("usage-bar")
        lists.activity.setFocus()
        lists.activity.setCurrentIndex(model.index(place, 0))
        QTest.keyClick(lists.activity, Qt.Key.Key_Return)
        bench = walker.bench
        await walker.until(lambda: bench.window.page == "gallery")
        gallery = bench.gallery.controller
        await walker.until(lambda: gallery.chosen_keys() == [self._made.key])
        await walker.quiet()
        return f"the bar of today leads to “{self._made.name}” in the gallery"

    async def _export(self) -> str:
        import csv
        import io

        walker = self._walker
        await self._session.jobs.settled()
        walker.bench.commands.run("usage.open")

        async def choose(_name: str, _filters: str) -> Path:
            return self._file

        walker.bench.usage.choose_path = choose
        self._view.export_requested.emit("chart-csv")
        await walker.until(lambda: not self._controller.export.is_busy and self._file.exists())
        text = self._file.read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(text)))
        found = sum((Decimal(row["spend"]) for row in rows if row["spend"]), Decimal(0))
        total = await self._on_server()
        walker.expect(found == total, f"the table adds up to {found} CU, the server's to {total}")
        await walker.quiet()
        return f"{len(rows):,} rows of {self._file.name} add up to {units(found)}"

    def _place_of_made(self) -> int | None:
        book = self._view.lists.activity_model.book
        for place in range(book.count if book is not None else 0):
            row = book.row(place) if book is not None else None
            if row is not None and row.activity.data.asset_id == self._made.id:
                return place
        return None

    async def _on_server(self) -> Decimal:
        """Return the Creative Units of the page's range, as the engine's own sum has them."""
        from scenario_desktop.api.usages import UsageQuestion
        from scenario_desktop.services.usage.charts import COST_NAME

        over = self._controller.choice.over
        report = await self._client.usages(UsageQuestion(start=over.start, end=over.end))
        whole = [series for series in report.usages or () if series.usage_name == COST_NAME]
        self._walker.expect(bool(whole), "the engine's answer has no sum")
        return sum((point.value or Decimal(0) for point in whole[0].points), Decimal(0))

    @property
    def _controller(self) -> UsageController:
        controller: UsageController | None = self._walker.bench.usage.controller
        self._walker.expect(controller is not None, "the usage page did not open")
        assert controller is not None  # noqa: S101 - for the type checker; said in words above
        return controller

    @property
    def _view(self) -> UsageView:
        view: UsageView = self._walker.bench.usage.view
        return view

    @property
    def _figures(self) -> Figures:
        figures = self._controller.figures
        assert figures is not None  # noqa: S101 - for the type checker; waited for before
        return figures
