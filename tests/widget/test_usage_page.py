"""The usage page in each of its states, over a service that is made up."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.errors import AppError, BadAnswer, Forbidden, Offline, RateLimited
from scenario_desktop.services.usage.activity import ActivityFilter
from scenario_desktop.services.usage.charts import Grouping, Measure
from scenario_desktop.services.usage.ranges import Preset
from scenario_desktop.store.ledger import LedgerState
from scenario_desktop.ui.panels.usage.activity_model import ActivityColumn
from scenario_desktop.ui.panels.usage.cards import CardRow, Figure
from scenario_desktop.ui.panels.usage.figures import Choice
from scenario_desktop.ui.panels.usage.hover_card import HoverCard
from scenario_desktop.ui.panels.usage.lower import LowerTab
from scenario_desktop.ui.theme import Theme, ThemeMode
from scenario_desktop.ui.widgets.buttons import Button
from scenario_desktop.ui.widgets.labels import ElidedLabel
from tests.support import until
from tests.widget.access import unnamed
from tests.widget.usage_support import NOW, AsyncGate, Desk, calls, desk, painted


def figures_text(page: Desk) -> dict[str, tuple[str, str]]:
    """Return the cards: title to value and note, with plain spaces."""
    found: dict[str, tuple[str, str]] = {}
    for card in page.view.cards.cards:
        if not card.isHidden():
            title, value, note = (label.text() for label in card.findChildren(ElidedLabel))
            action = card.findChild(Button)
            note = action.text() if action is not None and not action.isHidden() else note
            found[title] = (value.replace("\u00a0", " "), note.replace("\u00a0", " "))
    return found


def month_total(page: Desk) -> Decimal:
    over = page.controller.choice.over
    return sum((cost for *_, cost in calls(over.start, over.end)), Decimal(0))


def chart_state(page: Desk) -> str:
    return page.view.chart._empty.accessibleName()


# States


async def test_the_page_tells_the_month(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        await painted(page.view)
        cards = figures_text(page)
        assert cards["Spent"] == (f"{month_total(page):,.0f} CU", "99 % of 2,000 CU")
        assert "above the budget" in cards["Forecast by 30 November"][1]
        assert cards["Jobs"][0] == cards["Pictures made"][0]
        assert page.view.ranking.model.rowCount() == 6
        assert "Europe/Madrid" in page.view._as_of.text()
        figures = page.controller.figures
        assert figures is not None
        assert figures.bars.ghost_name == "1–20 October"
        assert figures.notes == ("Hatched: may still change",)
        assert not unnamed(page.view)


async def test_blocks_stand_where_figures_will_be(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        page.client.gate = AsyncGate()
        page.controller.open()
        await until(lambda: page.client.asked == 1)
        assert figures_text(page)["Spent"] == ("", "")
        assert page.view.chart._blocks.isVisible()
        assert page.view._refresh.is_busy
        page.client.gate.open()
        await page.settle()
        assert not page.view.chart._blocks.isVisible()


async def test_what_is_kept_is_shown_while_the_new_is_read(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
    async with desk(tmp_path) as page:
        await page.clock.advance(3600)
        page.client.gate = AsyncGate()
        page.controller.open()
        await until(lambda: page.controller.figures is not None)
        assert page.client.asked == 1
        assert page.view._as_of.text().startswith("As of 14:02")
        page.client.gate.open()
        await page.settle()
        assert page.view._as_of.text().startswith("As of 15:02")


async def test_what_was_chosen_is_there_again(qt_loop: Any, tmp_path: Path) -> None:
    memory: dict[str, Any] = {}
    async with desk(tmp_path, memory=memory) as page:
        await page.open()
        page.view.preset_chosen.emit(Preset.THIRTY)
        page.view.chart.measure_chosen.emit(Measure.JOBS)
        page.view.grouping_chosen.emit(Grouping.MODEL)
        page.view.lists.show_tab(LowerTab.TABLE)
        await page.settle()
        page.controller._on_zoom(2, 5)
        await page.settle()
    async with desk(tmp_path, has_account=False, memory=memory) as page:
        await page.open()
    async with desk(tmp_path, memory=memory) as page:
        choice = page.controller.choice
        assert choice.over == page.controller._usage.preset(Preset.THIRTY)
        assert (choice.measure, choice.grouping) == (Measure.JOBS, Grouping.MODEL)
        assert page.view.lists.tab is LowerTab.TABLE
        assert page.view.range.value() == Preset.THIRTY
        page.view.days_chosen.emit(date(2026, 11, 3), date(2026, 11, 5))
        await page.settle()
    async with desk(tmp_path, memory=memory) as page:
        over = page.controller.choice.over
        assert (over.first, over.last, over.label) == (date(2026, 11, 3), date(2026, 11, 5), "")


@pytest.mark.parametrize(
    "memory",
    [
        {"range": "a week", "measure": 7, "grouping": None, "tab": "x"},
        {"first": "2026-11-05", "last": "2026-11-03"}, {"first": "soon", "last": "2026-11-03"},
        {"first": "1900-01-01", "last": "2026-11-03"},
    ],
)  # fmt: skip
async def test_what_was_remembered_and_does_not_read_is_as_at_first(
    qt_loop: Any, tmp_path: Path, memory: dict[str, Any]
) -> None:
    async with desk(tmp_path, memory=memory) as page:
        assert page.controller.choice == Choice(page.controller._usage.preset(Preset.MONTH))
        assert page.view.lists.tab is LowerTab.ACTIVITY


async def test_without_network_the_kept_report_stays_with_a_banner(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        page.client.error = Offline("There is no connection.")
        page.controller.refresh()
        await page.settle()
        assert page.view.banner.isVisible()
        assert "What was read before is shown" in page.view.banner.text()
        assert figures_text(page)["Spent"][0]
        page.client.error = None
        page.view.banner.action_requested.emit()
        await page.settle()
        assert not page.view.banner.isVisible()


@pytest.mark.parametrize(
    ("error", "title", "part"),
    [
        (Forbidden("no"), "This usage may not be seen", "team key"),
        (Offline("There is no connection."), "No connection", "There is no connection."),
        (RateLimited("slow", retry_after_s=30), "The usage could not be read", "for 30 s"),
        (BadAnswer("The answer is too large."), "The usage could not be read", "shorter range"),
    ],
)
async def test_a_failure_stands_where_the_chart_would(
    qt_loop: Any, tmp_path: Path, error: AppError, title: str, part: str
) -> None:
    async with desk(tmp_path) as page:
        page.client.error = error
        await page.open()
        assert chart_state(page) == title
        assert part in page.view.chart._empty._text.text()
        assert page.view.ranking._empty.text() == "Not known"
        wanted: list[bool] = []
        page.controller.keys_requested.connect(lambda: wanted.append(True))
        page.client.error = None
        page.view.chart.action_requested.emit()
        await page.settle()
        assert bool(wanted) is isinstance(error, Forbidden)
        if not wanted:
            await painted(page.view)


async def test_an_empty_account_is_told_so(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        page.client.is_empty = True
        await page.open()
        assert chart_state(page) == "Nothing was used in this range yet"
        assert page.view.lists.activity_model.tail_text() == "Nothing was done in this time"
        assert figures_text(page)["Spent"][0] == "0 CU"


async def test_problems_of_the_report_are_told_in_a_line(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        page.client.problems = ("An amount is no number.",)
        await page.open()
        assert page.view._problems.isVisible()
        assert page.view._problems.text() == "1 value of the report could not be read"


async def test_without_an_account_only_our_own_record_is_shown(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with desk(tmp_path, has_account=False) as page:
        await page.job(LedgerState.SUCCEEDED, 0, None, kind="sartiq-refine")
        await page.open()
        assert list(figures_text(page)) == ["Sartiq runs"]
        assert not page.view.chart.isVisible()
        assert page.view.lists.tab is LowerTab.JOBS
        assert page.client.asked == 0
        assert "1\u00a0run" in page.view.lists._sums.text()
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        assert page.view.lists.y() - page.view.cards.geometry().bottom() < 24  # no chart is missed


async def test_nothing_of_the_page_stays_in_its_window(qt_loop: Any, tmp_path: Path) -> None:
    window = QWidget()
    async with desk(tmp_path) as page:
        page.view.setParent(window)
        window.show()
        page.view.show()
        await page.open()
        await painted(page.view)
        page.view.chart._on_place(3)
        assert window.findChildren(HoverCard)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert window.children() == []
    window.deleteLater()


# What the user does


async def test_a_bar_leads_to_what_it_is_made_of(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        await painted(page.view)
        page.view.chart.opened.emit(17, "detection")
        await page.settle()
        book = page.view.lists.activity_model.book
        assert book is not None
        rows = [book.row(number) for number in range(book.count)]
        assert rows
        assert {(r.activity.action, r.activity.time.day) for r in rows if r is not None} == {
            ("detection", 18)
        }
        assert page.view.lists.drill.text() == "Wed 18 Nov, Detect"
        page.view.lists.drill.click()
        await page.settle()
        assert page.view.lists.activity_model.count == 100


async def test_a_drag_shows_a_part_and_there_is_a_way_back(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        await painted(page.view)
        month = page.controller.choice.over
        page.view.chart.range_chosen.emit(1, 3)
        await page.settle()
        over = page.controller.choice.over
        assert (over.first.day, over.last.day) == (2, 4)
        assert page.view.range.value() == "custom"
        page.view._back.click()
        await page.settle()
        assert page.controller.choice.over == month
        assert page.view._back.isHidden()


async def test_days_are_chosen_by_keys(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        page.view._on_range("custom")
        days = page.view._days
        assert days is not None
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Return, Qt.Key.Key_Up, Qt.Key.Key_Return):
            QTest.keyClick(days.grid, key)
        assert [field.text() for field in days.fields] == ["2026-11-12", "2026-11-19"]
        days.fields[0].setText("2026-13-40")
        days._on_typed()
        assert not days.show_button.isEnabled()
        days.fields[0].setText("2026-11-12")
        days._on_typed()
        days.show_button.click()
        await page.settle()
        assert page.controller.choice.over.days == 8


async def test_a_series_is_hidden_and_comes_back(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        assert page.controller.figures is not None
        whole = len(page.controller.figures.bars.series)
        page.view.chart.toggled.emit("detection")
        await page.settle()
        assert len(page.controller.figures.bars.series) == whole - 1
        assert [e.entry.id for e in page.view.chart.legend.entries if e.entry.is_hidden] == [
            "detection"
        ]
        assert figures_text(page)["Spent"][0] == f"{month_total(page):,.0f} CU"
        page.view.chart.toggled.emit("detection")
        await page.settle()
        assert len(page.controller.figures.bars.series) == whole


@pytest.mark.parametrize("grouping", [Grouping.ACTION, Grouping.MODEL, Grouping.USER])
@pytest.mark.parametrize("measure", [Measure.SPEND, Measure.JOBS])
async def test_every_breakdown_adds_up_to_the_same(
    qt_loop: Any, tmp_path: Path, grouping: Grouping, measure: Measure
) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        page.view.chart.measure_chosen.emit(measure)
        page.view.grouping_chosen.emit(grouping)
        await page.settle()
        figures = page.controller.figures
        assert figures is not None
        assert figures.chart.grouping is grouping
        total = month_total(page) if measure is Measure.SPEND else figures.jobs
        assert figures.chart.total == total
        assert sum(bars.total for bars in figures.bars.series) == total


async def test_the_card_tells_the_bar_below_the_pointer(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        await painted(page.view)
        chart = page.view.chart.chart
        assert chart is not None
        chart.setFocus()
        QTest.keyClick(chart, Qt.Key.Key_Home)
        for _ in range(17):
            QTest.keyClick(chart, Qt.Key.Key_Right)
        assert chart.place == 17
        assert chart.accessibleDescription().startswith("Wed 18 Nov: 119\u00a0CU, Upscale 48")
        card = page.view.window().findChild(HoverCard)
        assert card is not None
        assert card.isVisible()
        assert card.text == chart.accessibleDescription()
        chart.clearFocus()
        assert chart.accessibleDescription() == ""
        assert not card.isVisible()


async def test_a_search_narrows_the_activity(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        page.view.lists.search.setText("designer 3 upscale")
        await until(lambda: page.controller._wanted.text == "designer 3 upscale")
        await page.settle()
        book = page.view.lists.activity_model.book
        assert book is not None
        assert book.filter == ActivityFilter(text="designer 3 upscale")
        assert all(r is not None and r.user == "Designer 3" for r in map(book.row, range(5)))


async def test_a_row_leads_to_its_picture(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        wanted: list[str] = []
        page.controller.asset_requested.connect(wanted.append)
        await page.open()
        table = page.view.lists.activity
        table.setCurrentIndex(table.activity.index(2, 0))
        QTest.keyClick(table, Qt.Key.Key_Return)
        assert wanted == ["a2"]


async def test_reading_stops_with_a_reason_and_goes_on(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        page.client.activity_error = Offline("There is no connection.")
        await page.open()
        model, table = page.view.lists.activity_model, page.view.lists.activity
        assert model.count == 0
        assert "try again" in model.tail_text()
        page.client.activity_error = None
        table.setCurrentIndex(model.index(0, 0))
        QTest.keyClick(table, Qt.Key.Key_Return)
        await page.settle()
        assert model.count == 100


async def test_the_list_grows_to_its_end(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        model, bar = page.view.lists.activity_model, page.view.lists.activity.verticalScrollBar()
        while model.book is not None and not model.book.is_all:
            bar.setValue(bar.maximum())
            await until(lambda: model.book is None or not model.book.is_reading)
        over = page.controller.choice.over
        assert model.count == len(calls(over.start, over.end))
        assert model.tail_text() == "That is all"
        assert model.rowCount() == model.count + 1


async def test_rows_are_copied_for_a_spreadsheet(
    qt_loop: Any, tmp_path: Path, qapp: QApplication
) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        table = page.view.lists.activity
        table.selectRow(3)
        QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        lines = QGuiApplication.clipboard().text().splitlines()
        assert lines[0].split("\t")[0] == "Time"
        assert lines[1].split("\t")[ActivityColumn.PICTURE] == "Canyon drip 03"
        assert len(lines) == 2


async def test_our_jobs_stand_beside_theirs(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.job(LedgerState.SUCCEEDED, 3, 2, job_id="x1")
        failed = await page.job(LedgerState.FAILED, 3, 0, job_id="x2")
        await page.job(LedgerState.SUCCEEDED, 0, None, kind="sartiq-refine", job_id="x3")
        await page.open()
        page.view.lists.show_tab(LowerTab.JOBS)
        model = page.view.lists.jobs.model()
        assert model is not None
        notes = {model.index(row, 6).data() for row in range(model.rowCount())}
        assert "1\u00a0CU less than quoted: a discount." in notes
        assert "Failed, refunded." in notes
        assert "1\u00a0job, 1 refunded" in page.view.lists._sums.text()
        wanted: list[str] = []
        page.controller.job_requested.connect(wanted.append)
        rows = [row for row in range(model.rowCount()) if model.index(row, 2).data() == "Failed"]
        page.view.lists.jobs.opened.emit(model.index(rows[0], 0))
        assert wanted == [failed]


async def test_the_table_is_sorted_and_its_sum_stays_last(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        model = page.view.lists.numbers.model()
        assert model is not None
        last = model.columnCount() - 1
        page.view.lists.numbers.sortByColumn(last, Qt.SortOrder.DescendingOrder)
        assert model.index(0, last).data() == "119"
        assert model.index(model.rowCount() - 1, 0).data() == "Total"
        total = month_total(page)
        assert model.index(model.rowCount() - 1, last).data() == f"{total:,.0f}"


# Files


@pytest.mark.parametrize("what", ["chart-csv", "ranking-csv", "activity-csv"])
async def test_a_file_adds_up_to_the_page(qt_loop: Any, tmp_path: Path, what: str) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        page.view.export_requested.emit(what)
        await page.controller.export.settle()
        (file,) = tmp_path.glob("usage-*.csv")
        rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
        column = "spend" if what == "chart-csv" else "cost_cu"
        assert sum(Decimal(row[column] or 0) for row in rows) == month_total(page)
        assert page.told.toasts
        assert not list(tmp_path.glob("*.part"))


async def test_the_chart_is_written_as_a_picture(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        await painted(page.view)
        for what in ("chart-png", "chart-svg", "jobs-csv"):
            page.view.export_requested.emit(what)
            await page.controller.export.settle()
        (png,), (svg,) = tmp_path.glob("*.png"), tmp_path.glob("*.svg")
        image, chart = QImage(str(png)), page.view.chart.chart
        assert chart is not None
        places = [(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)]
        empty = sum(image.pixelColor(*place) == chart.ground for place in places)
        assert 0.52 < empty / len(places) < 0.95  # the bars stand on the ground of the card
        assert "<svg" in svg.read_text(encoding="utf-8")
        assert not page.told.errors


async def test_a_file_that_is_given_up_leaves_nothing(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        page.view.export_requested.emit("activity-csv")
        page.view.export_cancelled.emit()
        await page.controller.export.settle()
        assert not list(tmp_path.glob("usage-*"))
        assert page.view._progress.isHidden()


# Size and looks


@pytest.mark.parametrize("mode", [ThemeMode.DARK, ThemeMode.LIGHT])
async def test_it_fits_small_windows_and_large_text(
    qt_loop: Any, tmp_path: Path, qapp: QApplication, look: Theme, mode: ThemeMode
) -> None:
    look.apply(qapp, mode, 2.0)
    async with desk(tmp_path, size=(912, 552)) as page:
        await page.open()
        await painted(page.view)
        assert page.view.cards.columns <= 3
        assert page.view.ranking.y() > page.view.chart.y()
        content = page.view._scroll.widget()
        assert content is not None
        assert content.width() <= page.view.width()
        assert content.minimumSizeHint().width() <= page.view.width()


async def test_five_cards_stand_in_a_row_where_there_is_room(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        assert page.view.cards.columns == 5
        tops = {card.mapTo(page.view, QPoint()).y() for card in page.view.cards.cards}
        assert len(tops) == 1


async def test_the_model_of_the_activity_is_sound(
    qt_loop: Any, tmp_path: Path, qtmodeltester: Any
) -> None:
    async with desk(tmp_path) as page:
        await page.open()
        model = page.view.lists.activity_model
        qtmodeltester.check(model)
        assert not model.rowCount(model.index(0, 0))
        assert model.headerData(0, Qt.Orientation.Horizontal) == "Time"
        assert model.data(QModelIndex()) is None
        assert model.index(0, 0).data().startswith("20 Nov, ")
        assert NOW.day == 20


def test_a_card_with_a_button_has_its_figure_where_others_have_it(qtbot: QtBot) -> None:
    row = CardRow(2)
    qtbot.addWidget(row)
    row.show_figures([
        Figure("Spent", "2 CU", "0 CU on 1–21 October"),
        Figure("Forecast", "3 CU", action="Set a monthly budget…"),
    ])  # fmt: skip
    row.resize(600, row.sizeHint().height())
    row.show()
    first, second = (card._value.geometry() for card in row.cards)
    assert (first.top(), first.height()) == (second.top(), second.height())
