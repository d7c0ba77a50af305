"""The jobs panel says what a job does, and mouse and keyboard reach everything it offers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from psygnal import Signal
from PySide6.QtCore import QObject, QPoint, QPointF, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QVBoxLayout, QWidget

from scenario_desktop.errors import AppError, Refused
from scenario_desktop.items import Item, Source
from scenario_desktop.services.job_polling import PollState, PollStatus
from scenario_desktop.services.job_views import (
    BatchEnd,
    JobsChange,
    JobsSummary,
    JobState,
    JobView,
    summarise,
)
from scenario_desktop.ui.panels.jobs.controller import JobsController
from scenario_desktop.ui.panels.jobs.model import JobsModel
from scenario_desktop.ui.panels.jobs.notifier import Notifier
from scenario_desktop.ui.panels.jobs.rows import (
    JobAction,
    Tab,
    buttons_of,
    icon_of,
    is_run,
    menu_of,
    spoken,
    time_lines,
)
from scenario_desktop.ui.panels.jobs.view import JobBar, JobsView, today_text
from scenario_desktop.ui.theme import Theme, ThemeMode
from scenario_desktop.ui.widgets.buttons import Button
from tests.support import until

NOW = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)


def job(number: int, state: JobState = JobState.RUNNING, **changes: Any) -> JobView:
    view = JobView(
        id=f"r{number}", title=f"Canny, Picture {number}", subtitle="Low 72, high 168 · Detect",
        kind="detect", parameters_text="Low 72, high 168", input_item_id=f"a{number}", state=state,
        status_text=state.value, progress=None, elapsed_s=None, queue_s=3, cost=Decimal(1),
        is_cost_final=False, can_cancel=True, error="", hint="", result_ids=(),
        created_at=NOW - timedelta(seconds=number), ended_at=None, batch_id="b",
        started_at=NOW - timedelta(seconds=12), cost_text="1\u00a0CU", job_id=f"job_{number}",
    )  # fmt: skip
    return replace(view, **changes)


class FakeJobs:
    """The jobs service, as the panel sees it."""

    changed = Signal(object)
    batch_ended = Signal(object)
    poll_changed = Signal(object)

    def __init__(self, *views: JobView) -> None:
        self.views = {view.id: view for view in views}
        self.cleared: set[str] = set()
        self.poll_status = PollStatus()
        self.price: Decimal | None = Decimal(1)
        self.error: AppError | None = None
        self.calls: list[tuple[str, Any]] = []

    @property
    def rows(self) -> list[JobView]:
        shown = [v for v in self.views.values() if v.id not in self.cleared]
        return sorted(shown, key=lambda v: v.created_at, reverse=True)

    @property
    def summary(self) -> JobsSummary:
        return summarise(self.rows, Decimal(14), 6)

    def view(self, row_id: str) -> JobView | None:
        return self.views.get(row_id)

    def draft_of(self, row_id: str) -> dict[str, Any]:
        return {"image": self.views[row_id].input_item_id, "modality": "canny"}

    def put(self, view: JobView) -> None:
        self.views[view.id] = view
        self.changed.emit(JobsChange(changed=frozenset({view.id})))

    async def cancel(self, row_id: str) -> None:
        self._note("cancel", row_id)

    async def stop_watching(self, row_id: str) -> None:
        self._note("stop_watching", row_id)

    async def look_again(self, row_id: str) -> None:
        self._note("look_again", row_id)

    async def price_again(self, row_id: str) -> Decimal | None:
        return self.price

    async def send_again(self, row_id: str, *, is_confirmed: bool = False) -> str:
        self._note("send_again", (row_id, is_confirmed))
        return "new"

    async def clear_done(self) -> list[str]:
        ids = [v.id for v in self.rows if v.state is JobState.DONE]
        await self.clear(ids)
        return ids

    async def clear(self, row_ids: Iterable[str]) -> None:
        self.cleared |= set(row_ids)
        self.changed.emit(JobsChange())

    async def restore_cleared(self, row_ids: Iterable[str]) -> None:
        self.cleared -= set(row_ids)
        self.changed.emit(JobsChange())

    def _note(self, name: str, value: Any) -> None:
        self.calls.append((name, value))
        if self.error is not None:
            raise self.error


@dataclass
class FakeNotices:
    toasts: list[tuple[str, Callable[[], object] | None]] = field(default_factory=list)
    reports: list[object] = field(default_factory=list)

    def toast(self, text: str, undo: Callable[[], object] | None = None) -> None:
        self.toasts.append((text, undo))

    def report(self, error: object) -> None:
        self.reports.append(error)


class FakeNotifier:
    clicked = Signal()

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def notify(self, title: str, text: str) -> None:
        self.told.append((title, text))


class FakeItems:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def item(self, asset_id: str) -> Item | None:
        self.asked.append(asset_id)
        return None


class FakePictures(QObject):
    loaded = QtSignal(object)

    def __init__(self, pictures: dict[int, QPixmap]) -> None:
        super().__init__()
        self.pictures = pictures
        self.wanted: list[Item] = []

    def want(self, owner: str, items: Iterable[Item], frame: int) -> None:
        self.wanted = list(items)

    def drop(self, owner: str) -> None:
        self.wanted = []

    def pixmap(self, key: int, frame: int) -> QPixmap | None:
        return self.pictures.get(key)


def item(asset_id: str, key: int) -> Item:
    return Item(
        key, asset_id, Source.SCENARIO, "image", "uploaded", "success", "x", "image/png", NOW, NOW
    )


class Panel:
    """The window's bottom with everything behind it faked."""

    def __init__(self) -> None:
        self.window = QWidget()
        self.window.resize(1440, 500)
        self.view, self.bar = JobsView(now=lambda: NOW), JobBar()
        layout = QVBoxLayout(self.window)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.bar)
        self.notices, self.notifier = FakeNotices(), FakeNotifier()
        self.controller = JobsController(
            self.view, self.bar, self.notices, self.notifier, now=lambda: NOW
        )
        self.jobs = FakeJobs()
        self.window.show()

    def set(self, *views: JobView, items: FakeItems | None = None) -> FakeJobs:
        self.jobs = FakeJobs(*views)
        self.controller.set_session(self.jobs, items)
        self.view.list.doItemsLayout()
        return self.jobs

    def spot(self, row: int, number: int) -> QPoint:
        index = self.view.model.index(row)
        view = self.view.model.views[row]
        rect = self.view.list.visualRect(index)
        return self.view.list._delegate.buttons(view, rect)[number][1].center().toPoint()

    def click(self, row: int, number: int) -> None:
        QTest.mouseClick(
            self.view.list.viewport(), Qt.MouseButton.LeftButton, pos=self.spot(row, number)
        )

    def press(self, *keys: Qt.Key) -> None:
        for key in keys:
            QTest.keyClick(self.view.list, key)


@pytest.fixture
def panel(qapp: QApplication) -> Iterator[Panel]:
    panel = Panel()
    yield panel
    panel.controller.set_session(None)
    panel.window.close()
    panel.window.deleteLater()


# The model


def test_the_model_keeps_qts_rules_and_tells_of_single_rows(qapp: QApplication) -> None:
    model = JobsModel(lambda: NOW)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    heard: list[str] = []
    model.rowsInserted.connect(lambda *_: heard.append("in"))
    model.rowsRemoved.connect(lambda *_: heard.append("out"))
    model.dataChanged.connect(lambda *_: heard.append("data"))
    model.set_views([job(1), job(2)])
    model.set_views([job(0), job(1, progress=0.5), job(3)])
    assert [view.id for view in model.views] == ["r0", "r1", "r3"]
    assert sorted(heard) == ["data", "in", "in", "in", "in", "out"]
    model.set_views(list(model.views))
    assert len(heard) == 6


def test_a_row_that_stays_stays_chosen(panel: Panel) -> None:
    jobs = panel.set(job(1), job(2))
    panel.view.list.choose("r2")
    jobs.views["r0"] = job(0)
    jobs.put(job(2, progress=0.7))
    QApplication.processEvents()
    current = panel.view.list.current_view()
    assert current is not None
    assert (current.id, current.progress) == ("r2", 0.7)


# Words


@pytest.mark.parametrize(
    ("view", "lines"),
    [
        (job(1), ("12 s elapsed", "3 s in queue")),
        (job(1, queue_s=0.2), ("12 s elapsed", "no queue")),
        (job(1, queue_s=None), ("12 s elapsed", "")),
        (job(1, JobState.QUEUED), ("12 s in queue", "")),
        (job(1, JobState.DONE, ended_at=NOW), ("12 s, just now", "")),
        (job(1, JobState.UNCERTAIN), ("sent just now", "")),
        (job(1, JobState.PREPARED, started_at=None), ("", "")),
    ],
)
def test_times(view: JobView, lines: tuple[str, str]) -> None:
    first, second = time_lines(view, NOW)
    assert (first.replace("\u00a0", " "), second.replace("\u00a0", " ")) == lines


@pytest.mark.parametrize(
    ("view", "actions"),
    [
        (job(1), ["Cancel", "More actions"]),
        (job(1, can_cancel=False), ["Stop watching", "More actions"]),
        (job(1, JobState.DONE, result_ids=("x",)), ["Reveal", "More actions"]),
        (job(1, JobState.FAILED), ["Edit and retry", "Copy error", "More actions"]),
        (job(1, JobState.UNCERTAIN), ["Look again", "Send again…"]),
        (job(1, JobState.NOT_WATCHED), ["Watch again", "More actions"]),
        (job(1, JobState.NOT_SENT), ["Send again…", "More actions"]),
    ],
)
def test_each_state_offers_its_next_step(view: JobView, actions: list[str]) -> None:
    assert [offer.accessible_name for offer in buttons_of(view)] == actions


@pytest.mark.parametrize("state", JobState)
def test_every_state_has_a_menu_and_a_spoken_row(state: JobState) -> None:
    view = job(1, state)
    texts = [offer.text for offer in menu_of(view)]
    assert all(texts)
    assert len(texts) == len(set(texts))
    assert "Copy job ID" in texts
    assert "Canny, Picture 1" in spoken(view, NOW)


def test_an_uncertain_job_is_not_offered_twice_to_be_sent() -> None:
    actions = [offer.action for offer in menu_of(job(1, JobState.UNCERTAIN))]
    assert actions.count(JobAction.SEND_AGAIN) == 1


def test_today_in_words() -> None:
    summary = JobsSummary(today_count=6, today_cost=Decimal(14))
    assert today_text(summary).replace("\u00a0", " ") == "You today: 6 jobs, 14 CU"
    assert today_text(JobsSummary()) == "You today: no jobs"


# Tabs and empty states


def test_tabs_count_and_filter(panel: Panel) -> None:
    panel.set(job(1), job(2, JobState.DONE), job(3, JobState.FAILED), job(4, JobState.UNCERTAIN))
    texts = [b.text() for b in panel.view.tabs._buttons.values()]
    assert texts == ["All 4", "Active 1", "Done 1", "Needs you 2"]
    panel.view.set_tab(Tab.NEEDS_YOU)
    assert [view.id for view in panel.view.model.views] == ["r3", "r4"]


@pytest.mark.parametrize("tab", Tab)
def test_an_empty_tab_says_so(panel: Panel, tab: Tab) -> None:
    panel.set()
    panel.view.set_tab(tab)
    assert not panel.view.list.isVisible()
    assert panel.view._empty.accessibleName()


def test_needs_you_opens_its_tab(panel: Panel) -> None:
    panel.set(job(1, JobState.FAILED))
    shown: list[bool] = []
    panel.controller.shown_requested.connect(shown.append)
    button = next(b for b in panel.bar.findChildren(Button) if "needs you" in b.text())
    button.click()
    assert panel.view.tab is Tab.NEEDS_YOU
    assert shown == [True]


def test_the_bar_counts_and_opens(panel: Panel) -> None:
    panel.set(job(1, progress=0.64), job(2, JobState.QUEUED))
    shown: list[bool] = []
    panel.controller.shown_requested.connect(shown.append)
    texts = [label.text() for label in panel.bar.findChildren(QWidget) if hasattr(label, "text")]
    assert "1 running" in texts
    assert ", 1 queued" in texts
    assert "32\u00a0%" in texts
    QTest.mouseClick(panel.bar, Qt.MouseButton.LeftButton, pos=QPoint(900, 10))
    panel.view.close_requested.emit()
    assert shown == [True, False]


# Mouse and keyboard


async def test_a_click_on_a_painted_button_acts(qt_loop: object, panel: Panel) -> None:
    jobs = panel.set(job(1), job(2))
    panel.click(1, 0)
    await until(lambda: jobs.calls)
    assert jobs.calls == [("cancel", "r2")]


async def test_a_press_that_leaves_the_button_does_nothing(qt_loop: object, panel: Panel) -> None:
    jobs = panel.set(job(1))
    viewport = panel.view.list.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=panel.spot(0, 0))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 20))
    assert jobs.calls == []


async def test_enter_presses_and_arrows_choose(qt_loop: object, panel: Panel) -> None:
    jobs = panel.set(job(1, JobState.UNCERTAIN), job(2, JobState.FAILED, error="x"))
    edits: list[Any] = []
    panel.controller.edit_requested.connect(lambda *values: edits.append(values))
    panel.view.list.choose("r1")
    panel.press(Qt.Key.Key_Return)
    await until(lambda: jobs.calls == [("look_again", "r1")])
    panel.press(Qt.Key.Key_Down, Qt.Key.Key_Return)
    assert edits == [("detect", {"image": "a2", "modality": "canny"})]
    panel.press(Qt.Key.Key_Right, Qt.Key.Key_Space)
    assert QGuiApplication.clipboard().text().startswith("Canny, Picture 2")


def test_the_menu_opens_by_key_and_by_its_button(panel: Panel) -> None:
    panel.set(job(1))
    opened: list[str] = []
    panel.view.menu_requested.connect(lambda row_id, _where: opened.append(row_id))
    panel.view.list.choose("r1")
    panel.press(Qt.Key.Key_Right, Qt.Key.Key_Return)
    panel.click(0, 1)
    assert opened == ["r1", "r1"]
    assert panel.view._menu is not None
    panel.view._menu.close()


async def test_the_menu_acts(qt_loop: object, panel: Panel) -> None:
    jobs = panel.set(job(1))
    menu = panel.view.show_menu(menu_of(jobs.views["r1"]), "r1", QPoint(0, 0))
    action = next(a for a in menu.actions() if a.text() == "Stop watching")
    action.trigger()
    menu.close()
    await until(lambda: jobs.calls)
    assert jobs.calls == [("stop_watching", "r1")]


def test_reveal_names_the_results(panel: Panel) -> None:
    panel.set(job(1, JobState.DONE, result_ids=("x", "y")))
    revealed: list[object] = []
    panel.controller.reveal_requested.connect(revealed.append)
    panel.click(0, 0)
    assert revealed == [("x", "y")]


async def test_sending_again_asks_with_the_price(qt_loop: object, panel: Panel) -> None:
    jobs = panel.set(job(1, JobState.UNCERTAIN))
    panel.click(0, 1)
    await until(lambda: _button(panel, "Send again ·"))
    _button(panel, "Send again ·").click()
    await until(lambda: jobs.calls)
    assert jobs.calls == [("send_again", ("r1", True))]


async def test_sending_again_can_be_left(qt_loop: object, panel: Panel) -> None:
    jobs = panel.set(job(1, JobState.UNCERTAIN))
    panel.click(0, 1)
    await until(lambda: _button(panel, "Cancel"))
    _button(panel, "Cancel").click()
    await until(lambda: not panel.controller._acting)
    assert jobs.calls == []


def _button(panel: Panel, text: str) -> Any:
    buttons = panel.window.findChildren(Button)
    return next((b for b in buttons if b.text().startswith(text) and b.isVisible()), None)


async def test_a_failure_is_reported_and_the_button_works_again(
    qt_loop: object, panel: Panel
) -> None:
    jobs = panel.set(job(1))
    jobs.error = Refused("The service does not cancel this job.")
    panel.click(0, 0)
    await until(lambda: panel.notices.reports)
    panel.click(0, 0)
    await until(lambda: len(panel.notices.reports) == 2)
    assert panel.notices.reports == [jobs.error, jobs.error]


async def test_clearing_can_be_undone(qt_loop: object, panel: Panel) -> None:
    panel.set(job(1), job(2, JobState.DONE))
    _button(panel, "Clear done").click()
    await until(lambda: len(panel.view.model.views) == 1)
    ((text, undo),) = panel.notices.toasts
    assert text.replace("\u00a0", " ") == "1 job cleared from the list"
    assert undo is not None
    undo()
    await until(lambda: len(panel.view.model.views) == 2)


async def test_delete_takes_a_finished_row_off_and_leaves_a_running_one(
    qt_loop: object, panel: Panel
) -> None:
    jobs = panel.set(job(1), job(2, JobState.FAILED))
    panel.view.list.choose("r1")
    panel.press(Qt.Key.Key_Delete)
    panel.view.list.choose("r2")
    panel.press(Qt.Key.Key_Delete)
    await until(lambda: jobs.cleared)
    assert jobs.cleared == {"r2"}


# News


def test_a_wait_for_the_next_look_is_told(panel: Panel) -> None:
    jobs = panel.set(job(1))
    jobs.poll_status = PollStatus(PollState.RETRYING, None, NOW + timedelta(seconds=20))
    jobs.poll_changed.emit(jobs.poll_status)
    assert panel.bar._poll.text().replace("\u00a0", " ") == "Looking again in 20 s"
    jobs.poll_status = PollStatus()
    jobs.poll_changed.emit(jobs.poll_status)
    assert not panel.bar._poll.isVisible()


def test_the_end_of_a_batch_is_told_once(panel: Panel) -> None:
    jobs = panel.set(job(1))
    jobs.batch_ended.emit(BatchEnd("b", 2, 1, 0, 0, "3 jobs ended: 2 done, 1 failed"))
    assert panel.notifier.told == [("A job needs you", "3 jobs ended: 2 done, 1 failed")]
    shown: list[bool] = []
    panel.controller.shown_requested.connect(shown.append)
    panel.notifier.clicked.emit()
    assert shown == [True]


def test_a_former_workspace_is_not_listened_to(panel: Panel) -> None:
    former = panel.set(job(1))
    panel.set()
    former.put(job(9))
    former.batch_ended.emit(BatchEnd("b", 1, 0, 0, 0, "x"))
    QApplication.processEvents()
    assert not panel.view.model.views
    assert panel.notifier.told == []


def test_a_deleted_panel_is_not_called(qapp: QApplication) -> None:
    panel = Panel()
    jobs = panel.set(job(1))
    panel.window.close()
    panel.window.deleteLater()
    QApplication.sendPostedEvents(None, 0)
    QApplication.processEvents()
    del panel
    jobs.put(job(2))


async def test_items_are_asked_for_rows_in_sight_only(qt_loop: object, panel: Panel) -> None:
    items = FakeItems()
    panel.set(*(job(i) for i in range(500)), items=items)
    await until(lambda: items.asked)
    await panel.controller._find_items.settle()
    assert len(set(items.asked)) < 20


def test_a_result_is_shown_and_its_parent_until_it_is_there(panel: Panel) -> None:
    store = FakePictures({1: QPixmap(44, 44)})
    panel.set(job(1, JobState.DONE, result_ids=("x",)))
    panel.view.set_pictures(store)  # type: ignore[arg-type]  # as much of it as is used
    panel.view.list.set_items([item("a1", 1), item("x", 2)])
    assert [i.key for i in store.wanted] == [2, 1]
    view = panel.view.model.views[0]
    assert panel.view.list._thumb(view) is store.pictures[1]
    store.pictures[2] = QPixmap(44, 44)
    assert panel.view.list._thumb(view) is store.pictures[2]
    panel.view.set_pictures(None)


def test_the_notifier_is_silent_while_the_window_is_in_front(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts: list[object] = []
    shown: list[str] = []
    monkeypatch.setattr(QApplication, "alert", lambda *values: alerts.append(values))
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "show", lambda self: None)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda self, *v: shown.append(v[1]))
    window, times = QWidget(), iter([100.0, 105.0, 120.0])
    notifier = Notifier(window, monotonic=lambda: next(times))
    for text in ("a", "b", "c"):
        notifier.notify("Jobs are done", text)
    assert shown == ["a", "c"]
    assert len(alerts) == 3
    monkeypatch.setattr(Notifier, "is_in_front", True)
    notifier.notify("Jobs are done", "d")
    assert len(alerts) == 3
    window.deleteLater()


def test_without_a_tray_the_taskbar_asks(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts: list[object] = []
    monkeypatch.setattr(QApplication, "alert", lambda *values: alerts.append(values))
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: False)
    window = QWidget()
    Notifier(window).notify("Jobs are done", "x")
    assert len(alerts) == 1
    window.deleteLater()


# Painting


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [700, 1000, 1440, 2200])
def test_columns_and_buttons_never_overlap(
    panel: Panel, look: Theme, qapp: QApplication, width: int, scale: float
) -> None:
    look.apply(qapp, ThemeMode.DARK, scale)
    panel.set(*(job(i, state, result_ids=("x",)) for i, state in enumerate(JobState)))
    panel.window.resize(max(width, round(640 * scale)), 400)
    QApplication.processEvents()
    delegate = panel.view.list._delegate
    for row, view in enumerate(panel.view.model.views):
        rect = panel.view.list.visualRect(panel.view.model.index(row))
        columns = delegate.columns(rect)
        order = [columns.thumb, columns.title, columns.status, columns.times, columns.cost]
        for left, right in pairwise(order):
            assert left.right() <= right.left() + 1
        spots = [spot for _, spot in delegate.buttons(view, rect)]
        assert spots[0].left() >= columns.cost.right()
        assert spots[-1].right() <= rect.right()
    look.apply(qapp, ThemeMode.DARK)


@pytest.mark.parametrize("mode", [ThemeMode.DARK, ThemeMode.LIGHT])
def test_every_state_is_painted(
    panel: Panel, look: Theme, qapp: QApplication, mode: ThemeMode
) -> None:
    look.apply(qapp, mode)
    panel.set(*(job(i, state, hint="<b>hint</b>") for i, state in enumerate(JobState)))
    picture: QPixmap = panel.view.grab()
    assert not picture.isNull()
    look.apply(qapp, ThemeMode.DARK)


def test_cut_text_and_icons_have_a_tip(panel: Panel) -> None:
    panel.set(job(1, JobState.FAILED, title="<b>x</b>", hint="Do this."))
    rect = panel.view.list.visualRect(panel.view.model.index(0))
    view = panel.view.model.views[0]
    delegate = panel.view.list._delegate
    columns = delegate.columns(rect)
    assert delegate.tip_at(view, rect, columns.title.center()).startswith("<b>x</b>\n")
    assert "Do this." in delegate.tip_at(view, rect, columns.status.center())
    assert delegate.tip_at(view, rect, QPointF(panel.spot(0, 1))) == "Copy error"
    assert "Sent 20 Nov 2026" in delegate.tip_at(view, rect, columns.times.center())


def test_still_rows_need_no_timer(panel: Panel, look: Theme) -> None:
    look.is_still = False
    panel.set(job(1, JobState.DONE))
    assert not panel.view.list._frames.isActive()
    panel.set(job(1))
    assert panel.view.list._frames.isActive()
    panel.view.hide()
    assert not panel.view.list._frames.isActive()
    assert not panel.view.list._seconds.isActive()


def run_of(kind: str, state: JobState, **changes: Any) -> JobView:
    return job(1, state, **{"kind": kind, "job_id": "generation:g1", **changes})


def test_runs_have_their_own_icons_forms_and_generations() -> None:
    assert icon_of(job(1)) == "scan-line"
    assert icon_of(run_of("sartiq-adjust", JobState.DONE)) == "crop"
    assert is_run(run_of("sartiq-task", JobState.DONE))
    assert not is_run(run_of("sartiq-refine", JobState.DONE))
    offered = {o.action for o in menu_of(run_of("sartiq-edit", JobState.DONE))}
    assert JobAction.OPEN_GENERATION in offered
    assert JobAction.OPEN_GENERATION not in {o.action for o in menu_of(job(1, JobState.DONE))}
    task = run_of("sartiq-task", JobState.DONE, job_id="task:t1")
    assert JobAction.OPEN_GENERATION not in {o.action for o in menu_of(task)}


def test_a_failed_refine_can_be_tried_again_and_a_task_be_shown() -> None:
    failed = buttons_of(run_of("sartiq-refine", JobState.FAILED))
    assert (failed[0].action, failed[0].text) == (JobAction.SEND_AGAIN, "Retry…")
    assert JobAction.EDIT in {o.action for o in menu_of(run_of("sartiq-refine", JobState.FAILED))}
    shown = buttons_of(run_of("sartiq-task", JobState.DONE))[0]
    assert (shown.action, shown.text) == (JobAction.EDIT, "Show")


def test_a_run_opens_its_form_and_its_generation(panel: Panel) -> None:
    panel.set(run_of("sartiq-edit", JobState.DONE))
    forms: list[str] = []
    generations: list[str] = []
    panel.controller.run_edit_requested.connect(forms.append)
    panel.controller.generation_requested.connect(generations.append)
    panel.view.action_requested.emit("r1", JobAction.EDIT)
    panel.view.action_requested.emit("r1", JobAction.OPEN_GENERATION)
    assert (forms, generations) == (["r1"], ["generation:g1"])


class Attempts:
    changed = Signal(object)
    text = ""

    def status_of(self, row_id: str) -> str:
        return self.text if row_id == "r1" else ""


async def test_an_agentic_row_tells_of_its_attempts(panel: Panel, qt_loop: Any) -> None:
    notes = Attempts()
    panel.jobs.put(run_of("sartiq-agentic", JobState.RUNNING))
    panel.controller.set_session(panel.jobs, notes=notes)
    notes.text = "Attempt 2 of 5"
    notes.changed.emit(None)
    await until(lambda: panel.view.list.visible_views()[0].status_text == "Attempt 2 of 5")
    panel.jobs.put(run_of("sartiq-agentic", JobState.DONE, status_text="Done"))
    await until(lambda: panel.view.list.visible_views()[0].status_text == "Done")
    panel.controller.set_session(None)
    assert not len(notes.changed)
