"""The ranking as a table: all its numbers, sorted, copied and opened by the keys."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from scenario_desktop.ui.panels.usage.figures import Rank
from scenario_desktop.ui.panels.usage.lower import LowerTab
from scenario_desktop.ui.panels.usage.tables import ListModel
from tests.widget.usage_support import Desk, calls, desk, painted


async def opened(page: Desk, rank: Rank) -> ListModel:
    await page.open()
    await painted(page.view)
    page.view.ranking.rank_chosen.emit(rank)
    await page.settle()
    page.view.lists.show_tab(LowerTab.RANKING)
    model = page.view.lists.ranking.model()
    assert isinstance(model, ListModel)
    return model


def column(model: ListModel, number: int) -> list[str]:
    return [model.index(row, number).data() for row in range(model.rowCount())]


@pytest.mark.parametrize("rank", Rank)
async def test_it_has_the_rows_of_the_ranking(qt_loop: Any, tmp_path: Path, rank: Rank) -> None:
    async with desk(tmp_path) as page:
        model = await opened(page, rank)
        figures = page.controller.figures
        assert figures is not None
        assert column(model, 0) == [row.name for row in figures.ranked]
        assert column(model, model.columnCount() - 1) == [row.id for row in figures.ranked]
        over = page.controller.choice.over
        spent = sum((cost for *_, cost in calls(over.start, over.end)), Decimal(0))
        assert sum(Decimal(text.replace(",", "")) for text in column(model, 1)) == spent


async def test_people_are_told_with_discount_and_price(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        model = await opened(page, Rank.PEOPLE)
        flat = Qt.Orientation.Horizontal
        heads = [model.headerData(n, flat) for n in range(model.columnCount())]
        assert heads == ["Person", "CU", "Share", "Discount, CU", "Price, CU", "Id"]
        for row in range(model.rowCount()):
            cost, discount, price = (
                Decimal(model.index(row, n).data().replace(",", "")) for n in (1, 3, 4)
            )
            assert discount == cost / 10
            assert price == cost + discount


async def test_it_is_sorted_copied_and_opened(
    qt_loop: Any, tmp_path: Path, qapp: QGuiApplication
) -> None:
    async with desk(tmp_path) as page:
        model = await opened(page, Rank.MODELS)
        table = page.view.lists.ranking
        down = column(model, 1)
        table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        assert column(model, 1) == down[::-1]
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        names = column(model, 0)
        assert names == sorted(names)
        table.setFocus()
        table.setCurrentIndex(model.index(0, 0))
        QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        head, line = qapp.clipboard().text().splitlines()
        assert head.split("\t")[0] == "Model"
        assert line.split("\t")[0] == names[0]
        QTest.keyClick(table, Qt.Key.Key_Return)
        await page.settle()
        assert page.view.lists.tab is LowerTab.ACTIVITY
        assert page.view.lists.drill.text() == names[0]
        book = page.view.lists.activity_model.book
        assert book is not None
        row = book.row(0)
        assert row is not None
        assert row.model == names[0]


async def test_the_tab_is_there_again(qt_loop: Any, tmp_path: Path) -> None:
    memory: dict[str, Any] = {}
    async with desk(tmp_path / "a", memory=memory) as page:
        await opened(page, Rank.PEOPLE)
    async with desk(tmp_path / "b", memory=memory) as page:
        assert page.view.lists.tab is LowerTab.RANKING
