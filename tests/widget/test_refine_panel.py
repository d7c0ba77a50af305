"""The refine panel with its controller, over fake services and on the real loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from psygnal import Signal
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from scenario_desktop.errors import AppError, BadInput, Offline, SpendingRefused
from scenario_desktop.items import PREDICTION, REFINE, Item, Picture, Source
from scenario_desktop.services.job_views import JobsChange, JobState, JobView
from scenario_desktop.services.library import ChangeKind, LibraryChange
from scenario_desktop.services.sartiq.refining import RefinePlan, Road
from scenario_desktop.services.sartiq.remembered import KnownId
from scenario_desktop.services.spending import Decision, Verdict
from scenario_desktop.services.sync_loop import SyncState, SyncStatus
from scenario_desktop.ui.panels.refine.compare import View
from scenario_desktop.ui.panels.refine.controller import RefineController
from scenario_desktop.ui.panels.refine.dock import RefineDock
from scenario_desktop.ui.panels.refine.page import RefinePage
from scenario_desktop.ui.panels.refine.ports import RefinePorts, Service
from scenario_desktop.ui.panels.refine.state import RefineDraft, Size, Stage
from scenario_desktop.ui.panels.refine.strip import InputTile
from scenario_desktop.ui.panels.request import standing as module
from scenario_desktop.ui.widgets.drags import put_keys
from tests.fakes import FakeNotices
from tests.support import until

NOW = datetime(2026, 11, 20, tzinfo=UTC)
NBSP = "\u00a0"
MODEL = "3f2a9c10-5d1e-4b7a-9c52-0d3f2a9c105d"
OTHER = "3f2a9c10-5d1e-4b7a-9c52-0d3f2a9c105e"


def item(number: int, type_: str = PREDICTION, **changes: Any) -> Item:
    source = Source.SARTIQ if type_ in (PREDICTION, REFINE) else Source.SCENARIO
    made = Item(
        number, f"id_{number}", source, "image", type_, "success", f"Picture {number}",
        "image/png", NOW, NOW, 40, 30, 1000,
    )  # fmt: skip
    return replace(made, **changes)


def picture(side: int = 8, value: int = 90) -> Picture:
    return Picture(side, side, bytes([value, value, value, 255]) * side * side)


@dataclass
class FakeJobs:
    """Rows by id; ``put`` changes one and tells."""

    changed = Signal(object)
    views: dict[str, JobView] = field(default_factory=dict)
    sent_again: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def rows(self) -> list[JobView]:
        return list(self.views.values())

    def view(self, row_id: str) -> JobView | None:
        return self.views.get(row_id)

    def put(self, row_id: str, state: JobState, **changes: Any) -> None:
        made = JobView(
            row_id, "Refine 2×", "", "sartiq-refine", "", None, state, str(state), None, None,
            None, None, False, False, "", "", (), NOW, None, None,
        )  # fmt: skip
        self.views[row_id] = replace(self.views.get(row_id, made), state=state, **changes)
        self.changed.emit(JobsChange(changed=frozenset({row_id})))

    async def send_again(self, row_id: str, *, is_confirmed: bool = False) -> str:
        self.sent_again.append((row_id, is_confirmed))
        self.put(f"{row_id}_again", JobState.PREPARED)
        return f"{row_id}_again"


@dataclass
class FakeRuns:
    jobs: FakeJobs
    error: AppError | None = None
    plans: list[tuple[RefinePlan, bool]] = field(default_factory=list)

    async def refine(self, plan: RefinePlan, *, is_confirmed: bool = False) -> list[str]:
        if self.error is not None:
            raise self.error
        self.plans.append((plan, is_confirmed))
        rows = [f"row_{len(self.plans)}_{n}" for n in range(len(plan.inputs))]
        for row in rows:
            self.jobs.put(row, JobState.PREPARED)
        return rows


@dataclass
class FakeKnown:
    ids: list[KnownId] = field(default_factory=list)
    noted: list[tuple[str, str]] = field(default_factory=list)

    def of(self, kind: str) -> Sequence[KnownId]:
        return self.ids

    async def note(self, kind: str, known_id: str) -> None:
        self.noted.append((kind, known_id))

    async def forget(self, kind: str, known_id: str) -> None:
        self.ids = [one for one in self.ids if one.id != known_id]

    async def put_back(self, kind: str, known: KnownId, place: int) -> None:
        self.ids.insert(place, known)


class FakeReach:
    status_changed = Signal(object)

    def __init__(self) -> None:
        self.status = SyncStatus()

    def tell(self, state: SyncState) -> None:
        self.status = SyncStatus(state)
        self.status_changed.emit(self.status)


@dataclass
class FakePictures:
    error: AppError | None = None
    measure_error: AppError | None = None
    asked: list[str] = field(default_factory=list)

    async def large(self, item: Item, max_px: int) -> Picture:
        self.asked.append(item.id)
        if self.error is not None:
            raise self.error
        return picture(16 if item.id.startswith("result") else 8)

    async def file(self, path: Path, max_px: int) -> Picture:
        return picture()

    async def measure(self, path: Path) -> tuple[int, int]:
        if self.measure_error is not None:
            raise self.measure_error
        return 200, 100

    async def get(self, item: Item) -> bytes:
        return b""


@dataclass
class _Details:
    metadata: dict[str, Any]


class FakeItems:
    changed = Signal(object)

    def __init__(self) -> None:
        self.all: dict[str, Item] = {}

    async def item(self, asset_id: str) -> Item | None:
        return self.all.get(asset_id)

    async def items(self, keys: Iterable[int]) -> Mapping[int, Item]:
        return {one.key: one for one in self.all.values() if one.key in set(keys)}

    async def details(self, key: int) -> Any:
        return _Details({"scaleFactor": 4.0})


@dataclass
class FakeGuard:
    verdict: Verdict = Verdict.ALLOW

    def decide(self, total: Any) -> Decision:
        return Decision(self.verdict, "This has no price, and you want to be asked.")


class FakeDrafts:
    def __init__(self) -> None:
        self.kept: dict[str, Mapping[str, Any]] = {}

    def load(self, name: str) -> Mapping[str, Any]:
        return self.kept.get(name, {})

    def save(self, name: str, draft: Mapping[str, Any]) -> None:
        self.kept[name] = draft


class Bench:
    """The panel in a window, with everything around it faked."""

    def __init__(self, *, is_local: bool = False, has_service: bool = True) -> None:
        self.jobs = FakeJobs()
        self.runs, self.known, self.reach = FakeRuns(self.jobs), FakeKnown(), FakeReach()
        self.pictures, self.items, self.guard = FakePictures(), FakeItems(), FakeGuard()
        self.messages, self.drafts = FakeNotices(), FakeDrafts()
        self.chosen: list[Item] = []
        service = Service(
            self.runs, self.jobs, self.known, cast(Any, self.reach), is_local=is_local
        )
        self.ports = RefinePorts(
            service if has_service else None, self.pictures, self.pictures,
            cast(Any, self.items), self.guard, cast(Any, self.messages), self.drafts,
            self._chosen, lambda: len(self.chosen),
        )  # fmt: skip
        self.window = QWidget()
        self.page, self.dock = RefinePage(), RefineDock()
        row = QHBoxLayout(self.window)
        row.addWidget(self.page, 1)
        row.addWidget(self.dock)
        self.dock.setFixedWidth(360)
        self.window.resize(1100, 760)
        self.panel = RefineController(self.page, self.dock, self.ports)

    async def _chosen(self) -> Sequence[Item]:
        return self.chosen

    def open(self, *items: Item) -> None:
        self.items.all.update({one.id: one for one in items})
        self.panel.open(items)

    def tile(self, place: int) -> InputTile:
        return self.page.strip.tiles[place]

    def captions(self) -> list[str]:
        return [tile.caption.replace(NBSP, " ") for tile in self.page.strip.tiles]

    @property
    def button(self) -> Any:
        return self.dock.footer.button

    async def settle(self) -> None:
        panel = self.panel
        actions = (
            panel.sending, panel.retrying, panel.adding, panel.taking, panel.dropping,
            panel.restoring, panel.learning, panel.follower.resolving,
        )  # fmt: skip
        await asyncio.sleep(0)
        await until(lambda: not any(action.is_busy for action in actions))


@contextmanager
def bench(**flags: bool) -> Iterator[Bench]:
    made = Bench(**flags)
    made.window.show()
    try:
        yield made
    finally:
        made.panel.close()
        made.window.close()
        made.window.deleteLater()


def answer_with(
    monkeypatch: pytest.MonkeyPatch, answer: bool, asked: list[tuple[str, str]]
) -> None:
    """Answer what the form asks, and note it."""

    async def confirm(_parent: QWidget, title: str, text: str, primary: str) -> bool:
        asked.append((title.replace(NBSP, " "), text.replace(NBSP, " ")))
        return answer

    monkeypatch.setattr(module, "confirm", confirm)


async def test_mixed_inputs_stand_in_the_strip_with_their_sizes(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1), item(2, "uploaded"), item(3, REFINE, parent_id="id_1"))
        await room.settle()
        assert [tile.words.badge for tile in room.page.strip.tiles] == [
            "Prediction", "Picture", "Refine 4×",
        ]  # fmt: skip
        assert room.captions() == ["40 → 80 px"] * 3
        assert room.button.text().replace(NBSP, " ") == "Refine 3 items"
        assert room.button.isEnabled()


async def test_the_plan_is_read_before_it_is_sent(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1), item(2, "uploaded"))
        await room.settle()
        assert [text.replace(NBSP, " ") for text in room.dock.plan.texts] == [
            "1 picture is uploaded, 1 KB",
            "1 prediction is refined at 2×",
            "1 new item and 1 new version appear",
        ]


async def test_sending_starts_a_job_for_each_input(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1), item(2, "uploaded"))
        room.panel.submit()
        await room.settle()
        (plan, is_confirmed), *_ = room.runs.plans
        assert [one.road for one in plan.inputs] == [Road.PREDICTION, Road.UPLOAD]
        assert (dict(plan.settings), is_confirmed) == ({"scale_factor": 2.0}, False)
        assert room.captions() == ["Waiting", "Waiting"]
        assert not room.button.isEnabled()
        room.panel.submit()
        await room.settle()
        assert len(room.runs.plans) == 1


async def test_a_result_fills_in_the_after_side(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1))
        room.panel.submit()
        await room.settle()
        result = item(9, REFINE, id="result_9", width=80, height=60, parent_id="id_1")
        room.items.all[result.id] = result
        room.jobs.put("row_1_0", JobState.RUNNING, progress=0.5)
        assert room.captions() == ["Running"]
        room.jobs.put("row_1_0", JobState.DONE, result_ids=("result_9",))
        await until(lambda: room.page.compare.has_second)
        assert room.page.compare._words == (f"Before, 40{NBSP}px", f"After, 80{NBSP}px")
        assert room.tile(0).progress.stage is Stage.DONE
        assert room.panel.why_not() == [
            "All inputs are refined like this. Change something to refine them again."
        ]
        link, shown = room.dock.footer._results, list[list[str]]()
        assert link.text().replace(NBSP, " ") == "Show 1 result in the library"
        room.panel.reveal_requested.connect(shown.append)
        link.click()
        assert shown == [["result_9"]]
        room.dock.prompt.setPlainText("crisp")  # there is something to send again
        assert link.isHidden()


async def test_other_settings_let_a_done_input_be_refined_again(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1))
        room.panel.submit()
        await room.settle()
        room.jobs.put("row_1_0", JobState.DONE, result_ids=("gone",))
        room.dock.size_choice.set_value(Size.FOUR)
        room.dock.size_choice.chosen.emit(Size.FOUR)
        assert room.button.isEnabled()
        assert room.captions() == ["40 → 160 px"]


async def test_a_failed_input_is_retried_alone(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1), item(2))
        room.panel.submit()
        await room.settle()
        room.jobs.put("row_1_0", JobState.FAILED, status_text="Failed: too dark")
        room.jobs.put("row_1_1", JobState.RUNNING)
        assert room.captions() == ["Failed", "Running"]
        assert room.tile(0).retry.isVisible()
        assert not room.tile(1).retry.isVisible()
        assert "too dark" in room.tile(0).toolTip()
        assert room.dock.banner.text() == "Failed: too dark"
        room.tile(1).picked.emit()
        assert room.dock.banner.isHidden()
        room.tile(0).retry.click()
        await room.settle()
        assert room.jobs.sent_again == [("row_1_0", False)]
        assert room.captions()[0] == "Waiting"


async def test_without_a_service_the_page_says_how_to_connect(qt_loop: Any) -> None:
    with bench(has_service=False) as room:
        wanted: list[bool] = []
        room.panel.connect_requested.connect(lambda: wanted.append(True))
        room.open(item(1))
        assert room.page.state_title == "No Sartiq account here"
        assert not room.button.isEnabled()
        room.page._state.action_requested.emit()
        assert wanted == [True]


async def test_an_empty_form_asks_for_something(qt_loop: Any) -> None:
    with bench() as room:
        assert room.page.state_title == "Choose what to refine"
        assert room.panel.why_not() == ["Add a prediction, a refine or a picture."]


async def test_offline_nothing_is_sent_and_that_is_said(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1))
        room.reach.tell(SyncState.OFFLINE)
        assert "cannot be reached" in room.dock.banner.text()
        assert not room.button.isEnabled()
        tried: list[bool] = []
        room.panel.retry_requested.connect(lambda: tried.append(True))
        room.dock.footer._retry.click()
        assert tried == [True]
        room.reach.tell(SyncState.IDLE)
        assert room.dock.banner.isHidden()
        assert room.dock.footer._retry.isHidden()
        assert room.button.isEnabled()


async def test_a_refused_login_leads_to_where_it_is_typed_anew(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1))
        assert room.dock.footer._login.isHidden()
        room.reach.tell(SyncState.UNAUTHORISED)
        assert room.panel.why_not() == ["Sartiq refuses the login."]
        wanted: list[bool] = []
        room.panel.login_requested.connect(lambda: wanted.append(True))
        room.dock.footer._login.click()
        assert wanted == [True]
        assert room.dock.footer._retry.isHidden()


@pytest.mark.parametrize("answer", [True, False], ids=["yes", "no"])
async def test_the_spending_limit_asks_first(
    qt_loop: Any, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    asked: list[tuple[str, str]] = []
    answer_with(monkeypatch, answer, asked)
    with bench() as room:
        room.guard.verdict = Verdict.ASK
        room.open(item(1))
        room.panel.submit()
        await room.settle()
        assert asked[0][0] == "Refine 1 item?"
        assert "1 prediction is refined" in asked[0][1]
        assert [is_confirmed for _, is_confirmed in room.runs.plans] == ([True] if answer else [])


async def test_a_refused_spending_leads_to_the_settings(qt_loop: Any) -> None:
    with bench() as room:
        room.guard.verdict = Verdict.REFUSE
        room.open(item(1))
        wanted: list[bool] = []
        room.panel.settings_requested.connect(lambda: wanted.append(True))
        assert not room.button.isEnabled()
        assert room.dock.footer._settings.isVisible()
        room.dock.footer._settings.click()
        assert wanted == [True]


@pytest.mark.parametrize(
    "error", [Offline("No network."), SpendingRefused("Too much.", hint="Confirm to go on.")]
)
async def test_what_could_not_be_sent_is_told_beside_the_button(
    qt_loop: Any, error: AppError
) -> None:
    with bench() as room:
        room.runs.error = error
        room.open(item(1))
        room.panel.submit()
        await room.settle()
        assert room.dock.footer._error.text().startswith(error.message)
        assert room.messages.errors == [error]
        assert room.button.isEnabled()


async def test_what_cannot_be_refined_is_left_out_and_named(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1), item(2, kind="video"))
        assert len(room.panel.inputs) == 1
        assert "videos cannot be refined" in room.dock.footer._note.text()


async def test_dropped_files_are_measured_and_taken(qt_loop: Any, tmp_path: Path) -> None:
    file = tmp_path / "new.png"
    file.write_bytes(b"x" * 500)
    with bench() as room:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(file)), QUrl.fromLocalFile(str(tmp_path))])
        drop = QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        room.page.dropEvent(drop)
        await room.settle()
        await until(lambda: room.captions() == ["200 → 400 px"])
        assert "1 folder was left out" in room.dock.footer._note.text().replace(NBSP, " ")


async def test_a_bad_file_says_so_and_keeps_the_form_from_being_sent(
    qt_loop: Any, tmp_path: Path
) -> None:
    file = tmp_path / "bad.png"
    file.write_bytes(b"no picture")
    with bench() as room:
        room.pictures.measure_error = BadInput("This is no picture.")
        room.page.files_dropped.emit([file])
        await room.settle()
        await until(lambda: room.captions() == ["Cannot be read"])
        assert room.panel.why_not() == ["“bad.png”: This is no picture."]


async def test_items_dropped_and_items_chosen_are_added(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1))
        room.items.all["id_2"] = item(2)
        data = QMimeData()
        put_keys(data, [2])
        drop = QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        room.page.dropEvent(drop)
        room.chosen = [item(3), item(1)]
        room.panel.taking.trigger()
        await room.settle()
        assert [one.name for one in room.panel.inputs] == ["Picture 1", "Picture 2", "Picture 3"]


async def test_an_input_is_taken_out_by_key(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1), item(2))
        QTest.keyClick(room.tile(0), Qt.Key.Key_Delete)
        assert [one.name for one in room.panel.inputs] == ["Picture 2"]
        assert room.tile(0).isChecked()


async def test_arrows_walk_the_strip(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1), item(2))
        QTest.keyClick(room.tile(0), Qt.Key.Key_Right)
        assert [tile.isChecked() for tile in room.page.strip.tiles] == [False, True]


async def test_linked_sides_follow_each_other(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1))
        room.dock.size_choice.set_value(Size.SIDES)
        room.dock.size_choice.chosen.emit(Size.SIDES)
        assert (room.panel.draft.width, room.panel.draft.height) == (80, 60)
        room.dock.sides.width_field.setValue(160)
        assert room.panel.draft.height == 120
        room.dock.sides.link.setChecked(False)
        room.dock.sides.height_field.setValue(50)
        assert room.panel.draft.width == 160


async def test_the_draft_is_kept_and_comes_back_with_its_inputs(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1), item(2))
        room.dock.prompt.setPlainText("Crisp wood")
        kept = dict(room.drafts.kept["refine"])
    with bench() as again:
        again.drafts.kept["refine"] = kept
        again.items.all["id_2"] = item(2)
        again.panel._draft = RefineDraft.from_dict(kept)
        again.panel.open()
        await again.settle()
        assert [one.name for one in again.panel.inputs] == ["Picture 2"]
        assert again.panel.draft.prompt == "Crisp wood"


async def test_a_sent_request_opens_as_it_was(qt_loop: Any) -> None:
    with bench() as room:
        room.items.all = {"id_1": item(1), "id_3": item(3, REFINE, parent_id="id_2")}
        body = {
            "scale_factor": 4.0, "prompt": "Crisp", "refine_model_id": MODEL,
            "prediction_ids": ["id_1", "id_2"], "refines_refine_ids": {"id_2": "id_3"},
        }  # fmt: skip
        room.panel.restore({"body": body, "pictures": {}})
        await room.settle()
        assert [one.name for one in room.panel.inputs] == ["Picture 1", "Picture 3"]
        draft = room.panel.draft
        assert (draft.size, draft.prompt, draft.model_id) == (Size.FOUR, "Crisp", MODEL)


async def test_a_model_used_before_is_offered_and_counted(qt_loop: Any) -> None:
    with bench() as room:
        room.known.ids = [KnownId(MODEL, "Detail keeper", 14), KnownId(OTHER, count=1)]
        room.open(item(1))
        QTest.keyClick(room.dock.model, Qt.Key.Key_Down)
        assert room.dock.model.offered == [MODEL, OTHER]
        QTest.keyClick(room.dock.model, Qt.Key.Key_Return)
        assert room.panel.draft.model_id == MODEL
        note = room.dock._model_note.text().replace(NBSP, " ")
        assert note == "Used 14 times in this workspace"
        room.panel.submit()
        await room.settle()
        assert room.known.noted == [("refine_model", MODEL)]


async def test_a_model_id_that_is_none_is_refused_before_it_is_sent(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1))
        QTest.keyClicks(room.dock.model, "keeper")
        assert "This is not an id" in room.dock._model_note.text()
        assert room.panel.why_not()[0].startswith("Model id: This is not an id")
        room.panel.submit()
        await room.settle()
        assert room.runs.plans == []


@pytest.mark.parametrize(
    ("is_local", "price"),
    [(True, "Free on this computer"), (False, "Sartiq gives none in advance")],
)
async def test_the_price_is_said_as_it_is(qt_loop: Any, is_local: bool, price: str) -> None:
    with bench(is_local=is_local) as room:
        room.open(item(1))
        assert room.dock.footer._price._value.text() == price
        hints = {"Not used here"} if is_local else {"Optional", ""}
        assert {room.dock._prompt_hint.text(), room.dock._model_hint.text()} == hints


async def test_a_model_is_forgotten_and_brought_back(qt_loop: Any) -> None:
    with bench() as room:
        room.known.ids = [KnownId("detail-keeper", count=2), KnownId("other", count=1)]
        room.open(item(1))
        field = room.dock.model
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_Down)
        assert field.offered == ["detail-keeper", "other"]
        QTest.keyClick(field, Qt.Key.Key_Delete)
        await room.panel.known_ids.forgetting.settle()
        assert [one.id for one in room.known.ids] == ["other"]
        assert room.messages.toasts[-1] == "“detail-keeper” is forgotten"
        room.panel.known_ids.bringing_back.trigger(
            "refine_model", KnownId("detail-keeper", count=2), 0
        )
        await room.panel.known_ids.bringing_back.settle()
        assert [one.id for one in room.known.ids] == ["detail-keeper", "other"]


async def test_what_differs_is_worked_out_once_it_is_wanted(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1))
        room.panel.submit()
        await room.settle()
        room.items.all["result_9"] = item(9, REFINE, id="result_9", parent_id="id_1")
        room.jobs.put("row_1_0", JobState.DONE, result_ids=("result_9",))
        await until(lambda: room.page.compare.has_second)
        room.page.set_view(View.DIFFERENCE)
        assert room.page.compare.wants_difference
        await until(lambda: not room.page.compare.wants_difference)
        room.page.set_view(View.SIDES)
        assert room.page.compare.room().width() < room.page.compare.width() / 2


async def test_a_picture_that_does_not_load_can_be_tried_again(qt_loop: Any) -> None:
    with bench() as room:
        room.pictures.error = Offline("No network.", hint="Try again later.")
        room.open(item(1))
        await until(lambda: room.page.state_title == "The picture cannot be shown")
        room.pictures.error = None
        room.page._state.action_requested.emit()
        await until(lambda: room.page.state_title == "")


async def test_an_input_that_is_deleted_says_so(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1), item(2))
        await room.settle()
        del room.items.all["id_2"]
        room.items.changed.emit(LibraryChange(ChangeKind.ITEMS_REMOVED, frozenset({2})))
        await room.settle()
        await until(lambda: room.captions()[1] == "Cannot be read")
        assert room.panel.why_not() == ["“Picture 2”: It is no longer in the library."]


async def test_jobs_under_way_are_found_again(qt_loop: Any) -> None:
    with bench() as room:
        room.jobs.put("old", JobState.RUNNING, input_item_id="id_1")
        room.open(item(1), item(2))
        assert room.captions() == ["Running", "40 → 80 px"]
        assert room.button.text().replace(NBSP, " ") == "Refine 1 item"


async def test_every_control_has_a_name(qt_loop: Any) -> None:
    with bench() as room:
        room.open(item(1))
        names = [
            widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text())
            for widget in room.window.findChildren(QWidget)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible()
        ]
        assert names
        assert all(names)
