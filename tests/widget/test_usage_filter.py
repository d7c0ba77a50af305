"""The filter of the activity names what is in the list, also what no chart tells of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scenario_desktop.api.models.usage import UsageReport
from scenario_desktop.api.usages import UsageQuestion
from scenario_desktop.ui.widgets.menu import Menu
from tests.support import until
from tests.widget.usage_support import Desk, Studio, desk, painted


class Grouped(Studio):
    """Counts generations under one name, and tells nothing of upscaling."""

    async def usages(self, question: UsageQuestion) -> UsageReport:
        report = await super().usages(question)
        named = {"inference": "images-generation"}
        series = [
            one.model_copy(update={"usage_name": named.get(one.usage_name, one.usage_name)})
            for one in report.usages or ()
            if one.usage_name not in ("inpaint", "upscale")
        ]
        return report.model_copy(update={"usages": tuple(series)})


def entries(page: Desk, choose: str = "") -> dict[str, bool]:
    """Open the filter, choose one if wanted, and return what stood in it and was checked."""
    page.view.lists._open_filter()
    menu = next(one for one in page.view.lists.findChildren(Menu) if one.isVisible())
    found = {one.text(): not one.icon().isNull() for one in menu.actions() if one.text()}
    for action in [action for action in menu.actions() if choose and action.text() == choose]:
        action.trigger()
    menu.hide()
    return found


async def listed(page: Desk) -> set[str]:
    await page.settle()
    book = page.view.lists.activity_model.book
    assert book is not None
    assert book.count
    return {row.activity.action for n in range(book.count) if (row := book.row(n)) is not None}


async def test_a_part_of_a_bar_that_is_counted_under_another_name(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with desk(tmp_path, client=Grouped()) as page:
        await page.open()
        await painted(page.view)
        page.view.chart.opened.emit(17, "images-generation")
        assert await listed(page) == {"inference", "inpaint"}
        assert page.view.lists.drill.text() == "Wed 18 Nov, Generate"


async def test_what_no_chart_names_can_be_listed(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path, client=Grouped()) as page:
        await page.open()
        found = entries(page, choose="Upscale")
        assert {"Generate", "Detect", "Upscale"} <= found.keys()
        assert "Inpaint" not in found  # counted as Generate
        assert await listed(page) == {"upscale"}
        # It can be taken back, although nothing else is listed now.
        assert entries(page, choose="Upscale")["Upscale"]
        assert len(await listed(page)) > 1


async def test_actions_are_found_by_the_words_that_are_shown(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        page.view.lists.search.setText("generate storybook")
        await until(lambda: page.controller._wanted.text == "generate storybook")
        assert await listed(page) == {"inference"}
