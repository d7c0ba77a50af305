"""The page of runs with its form, over fake services and on the real loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from psygnal import Signal
from PySide6.QtCore import QBuffer, QByteArray, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.api.models.sartiq.answers import (
    AgenticShotAttempt,
    AgenticShotStatus,
    ExperimentalTaskPublic,
)
from scenario_desktop.api.models.sartiq.requests import SartiqRequest
from scenario_desktop.errors import AppError, BadInput
from scenario_desktop.items import PREDICTION, Item, Picture, Source
from scenario_desktop.services.job_views import JobState, JobView
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.services.sartiq.remembered import KnownId
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.services.spending import Decision, Verdict
from scenario_desktop.ui.forms.word_editors import KnownIdEditor
from scenario_desktop.ui.panels.runs.adjust_view import words_of
from scenario_desktop.ui.panels.runs.controller import NO_ACCOUNT, RunsController
from scenario_desktop.ui.panels.runs.dock import RunsDock
from scenario_desktop.ui.panels.runs.kinds import KINDS, headings, slots, specs
from scenario_desktop.ui.panels.runs.page import RunsPage, Status, View
from scenario_desktop.ui.panels.runs.ports import RunsPorts, Service
from scenario_desktop.ui.panels.runs.state import (
    RunDraft,
    agentic_text,
    attempts_of,
    fields_told,
    note_of,
    problems_of,
)
from scenario_desktop.ui.theme import Theme
from scenario_desktop.ui.widgets.banner import Tone
from scenario_desktop.ui.widgets.buttons import Button
from scenario_desktop.ui.widgets.labels import PlainLabel
from tests.fakes import FakeNotices
from tests.support import until
from tests.widget.access import unnamed

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SETTLED_MS = 10_000
STYLE = "3f2a9c10-5d1e-4b7a-9c52-0123456789ab"
PREDICTED = "3f2a9c10-5d1e-4b7a-9c52-0123456789ff"


def item(n: int, **fields: Any) -> Item:
    values: dict[str, Any] = {
        "key": n, "id": f"asset_{n}", "source": Source.SCENARIO, "kind": "image",
        "type": "uploaded", "status": "success", "name": f"Picture {n}", "mime_type": "",
        "created_at": NOW, "updated_at": NOW, "width": 40, "height": 30,
    }  # fmt: skip
    return Item(**values | fields)


def view(row_id: str, state: JobState, op: Op = Op.ADJUST, **fields: Any) -> JobView:
    values: dict[str, Any] = {
        "id": row_id, "title": "Adjust, Picture 1", "subtitle": "", "kind": str(op),
        "parameters_text": "", "input_item_id": None, "state": state, "status_text": state.value,
        "progress": None, "elapsed_s": 2.0, "queue_s": None, "cost": None, "is_cost_final": False,
        "can_cancel": False, "error": "", "hint": "", "result_ids": (), "created_at": NOW,
        "ended_at": None, "batch_id": None,
    }  # fmt: skip
    return JobView(**values | fields)


def png() -> bytes:
    pixmap = QPixmap(4, 3)
    pixmap.fill(QColor("#808080"))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    pixmap.save(buffer, "PNG")
    return bytes(data.data())


class FakeJobs:
    changed = Signal(object)

    def __init__(self) -> None:
        self.rows: list[JobView] = []
        self.cancelled: list[str] = []

    def view(self, row_id: str) -> JobView | None:
        return next((row for row in self.rows if row.id == row_id), None)

    def put(self, row: JobView) -> None:
        self.rows = [row, *(old for old in self.rows if old.id != row.id)]
        self.changed.emit(None)

    async def cancel(self, row_id: str) -> None:
        self.cancelled.append(row_id)


class FakeRuns:
    agentic_changed = Signal(object)

    def __init__(self, jobs: FakeJobs) -> None:
        self.jobs = jobs
        self.sent: list[tuple[Op, SartiqRequest, Mapping[str, Sequence[PictureRef]], bool]] = []
        self.errors: list[AppError | None] = []
        self.drafts: dict[str, tuple[Op, dict[str, Any], dict[str, tuple[PictureRef, ...]]]] = {}
        self.attempts: dict[str, AgenticShotStatus] = {}
        self.tasks: dict[str, ExperimentalTaskPublic] = {}
        self.refused: dict[str, dict[str, str]] = {}

    async def submit(
        self,
        op: Op,
        request: SartiqRequest,
        slots: Mapping[str, Sequence[PictureRef]] | None = None,
        *,
        title: str = "",
        is_confirmed: bool = False,
    ) -> str:
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.sent.append((op, request, dict(slots or {}), is_confirmed))
        row_id = f"row_{len(self.sent)}"
        self.jobs.put(view(row_id, JobState.RUNNING, op))
        return row_id

    def draft_of(self, row_id: str) -> Any:
        return self.drafts[row_id]

    def agentic(self, row_id: str) -> AgenticShotStatus | None:
        return self.attempts.get(row_id)

    def task(self, row_id: str) -> ExperimentalTaskPublic | None:
        return self.tasks.get(row_id)

    def refused_fields(self, row_id: str) -> Mapping[str, str]:
        return self.refused.get(row_id, {})


@dataclass
class FakeKnown:
    ids: dict[str, list[KnownId]] = field(default_factory=dict)
    noted: list[tuple[str, str, str]] = field(default_factory=list)

    def of(self, kind: str) -> Sequence[KnownId]:
        return self.ids.get(kind, [])

    async def note(self, kind: str, known_id: str, name: str = "", *, is_used: bool = True) -> None:
        self.noted.append((kind, known_id, name))
        self.ids.setdefault(kind, []).append(KnownId(known_id, name, int(is_used)))

    async def forget(self, kind: str, known_id: str) -> None:
        self.ids[kind] = [one for one in self.ids[kind] if one.id != known_id]

    async def put_back(self, kind: str, known: KnownId, place: int) -> None:
        self.ids[kind].insert(place, known)

    async def note_all(self, used: Sequence[tuple[str, str]]) -> None:
        for kind, known_id in used:
            await self.note(kind, known_id)


class FakeReach:
    status_changed = Signal(object)

    def __init__(self) -> None:
        self.status = SimpleNamespace(state="idle")

    def set(self, word: str) -> None:
        self.status = SimpleNamespace(state=word)
        self.status_changed.emit(self.status)


class FakeLibrary:
    changed = Signal(object)

    def __init__(self) -> None:
        self.known: dict[str, Item] = {}

    def add(self, *items: Item) -> None:
        self.known.update((one.id, one) for one in items)
        keys = frozenset(one.key for one in items)
        self.changed.emit(SimpleNamespace(keys=keys))

    async def item(self, asset_id: str) -> Item | None:
        return self.known.get(asset_id)

    async def items(self, keys: Any) -> Mapping[int, Item]:
        return {one.key: one for one in self.known.values() if one.key in set(keys)}

    async def details(self, key: int) -> Any:
        raise NotImplementedError


@dataclass
class FakePictures:
    fetched: list[str] = field(default_factory=list)
    error: AppError | None = None

    async def large(self, item: Item, max_px: int) -> Picture:
        if self.error is not None:
            raise self.error
        height = round(8 * (item.height or 6) / (item.width or 8))
        return Picture(8, height, bytes(8 * height * 4))

    async def file(self, path: Path, max_px: int) -> Picture:
        if self.error is not None:
            raise self.error
        return Picture(8, 6, bytes(8 * 6 * 4))

    async def measure(self, path: Path) -> tuple[int, int]:
        return 800, 600

    async def get(self, item: Item) -> bytes:
        return png()

    async def picture(self, address: str, max_px: int) -> Picture:
        self.fetched.append(address)
        return Picture(8, 8, bytes(8 * 8 * 4))

    async def save(self, address: str, path: Path) -> None:
        raise NotImplementedError


@dataclass
class FakeDrafts:
    kept: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def load(self, name: str) -> Mapping[str, Any]:
        return self.kept.get(name, {})

    def save(self, name: str, draft: Mapping[str, Any]) -> None:
        self.kept[name] = dict(draft)


@dataclass
class FakeGuard:
    decision: Decision = field(default_factory=lambda: Decision(Verdict.ALLOW))
    asked: list[Any] = field(default_factory=list)

    def decide(self, total: Any) -> Decision:
        self.asked.append(total)
        return self.decision


class Desk:
    """The page in a window, and all that it talks to."""

    def __init__(
        self, *, is_local: bool = True, has_service: bool = True, trouble: str = ""
    ) -> None:
        self.jobs = FakeJobs()
        self.runs = FakeRuns(self.jobs)
        self.known, self.reach, self.library = FakeKnown(), FakeReach(), FakeLibrary()
        self.pictures, self.drafts, self.guard = FakePictures(), FakeDrafts(), FakeGuard()
        self.messages = FakeNotices()
        self.chosen: list[Item] = []
        self.opened: list[Item] = []
        self.is_local, self.has_service, self.trouble = is_local, has_service, trouble
        self.window = QWidget()
        self.window.resize(1200, 800)
        self.make()

    def make(self) -> None:
        service = Service(
            self.runs, self.jobs, self.known, self.reach, self.pictures, self.is_local
        )

        async def chosen() -> Sequence[Item]:
            return self.chosen

        async def open_outside(item: Item) -> None:
            self.opened.append(item)

        ports = RunsPorts(
            service if self.has_service else None, self.pictures, self.pictures, self.library,
            self.guard, self.messages, self.drafts, chosen, lambda: len(self.chosen),
            open_outside, trouble=self.trouble,
        )  # fmt: skip
        self.page, self.dock = RunsPage(), RunsDock()
        row = self.window.layout() or QHBoxLayout(self.window)
        row.addWidget(self.page)
        row.addWidget(self.dock)
        self.dock.setFixedWidth(360)
        self.controller = RunsController(self.page, self.dock, ports)
        self.window.show()

    def edit(self, name: str, value: Any) -> None:
        """Change a field as a user would."""
        editor = self.dock.form.editor(name)
        editor.set_value(value)
        editor.edited.emit()

    def error_under(self, name: str) -> str:
        return self.dock.form._rows[name].error_text()


@pytest.fixture
def make_desk(qapp: Any) -> Iterator[Any]:
    made: list[Desk] = []

    def make(**words: Any) -> Desk:
        made.append(Desk(**words))
        return made[-1]

    yield make
    for desk in made:
        desk.controller.close()
        desk.window.close()
        desk.window.deleteLater()


# --- the table and the draft ----------------------------------------------------------------------


def test_every_kind_but_refine_has_a_form_with_named_parts() -> None:
    assert set(KINDS) == set(Op) - {Op.REFINE}
    for op, kind in KINDS.items():
        assert kind.main in (*slots(op), "")
        named = set(headings(op))
        assert {spec.group for spec in specs(op)} - named <= {"picture", "scene"}


def test_only_what_was_changed_is_sent_and_a_run_per_picture() -> None:
    refs = (PictureRef("a", "", "A"), PictureRef("", "/b.png", "b.png"))
    draft = RunDraft(Op.ADJUST, {"target_width": 40, "target_height": 30, "mode": "crop"})
    orders = draft.with_slot("base_img_path", refs).orders()
    assert [pictures["base_img_path"] for _, pictures in orders] == [(refs[0],), (refs[1],)]
    assert orders[0][0].only_changed() == {
        "base_img_path": "-", "mode": "crop", "target_width": 40, "target_height": 30,
    }  # fmt: skip


def test_a_draft_survives_being_kept_and_strange_values_do_not() -> None:
    draft = RunDraft(
        Op.GENERATE,
        {"extra_prompt": "a boat", "batch_size": 2, "config": {"a": 1}, "style_id": STYLE},
        {"reference_images_paths": (PictureRef("a", "", "A"),)},
    )
    assert RunDraft.from_dict(Op.GENERATE, draft.to_dict()) == draft
    strange = {"values": {"batch_size": "two", "gone": 1, "extra_prompt": 7}, "slots": {"x": [{}]}}
    assert RunDraft.from_dict(Op.GENERATE, strange) == RunDraft(Op.GENERATE)
    assert RunDraft.from_dict(Op.GENERATE, {"values": 3, "slots": None}) == RunDraft(Op.GENERATE)


@pytest.mark.parametrize("value", [0, -1, "many", float("nan")])
def test_counts_that_make_no_sense_are_told_before_sending(value: Any) -> None:
    problems = problems_of(RunDraft(Op.GENERATE, {"batch_size": value}))
    assert set(problems.fields) == {"batch_size"}


def test_what_will_fail_here_is_said_first() -> None:
    assert note_of(Op.GENERATE, is_local=True).kind == "warning"
    assert "needs a learned model" in note_of(Op.VIDEO, is_local=True).text
    assert note_of(Op.GENERATE, is_local=False).kind == "info"
    assert note_of(Op.FACES, is_local=True).kind == "info"


def test_what_a_service_says_of_fields_finds_its_place() -> None:
    told = fields_told({"body.steps": "too many", "body.alien": "what"}, Op.GENERATE)
    assert told.fields == {"steps": "The service says: too many"}
    assert told.general == ("The service says: what (body.alien)",)


def attempt(number: int, **fields: Any) -> AgenticShotAttempt:
    return AgenticShotAttempt(attempt_number=number, **fields)


def test_attempts_say_how_good_they_are_and_which_is_best() -> None:
    status = AgenticShotStatus(
        shot_id="s", status="processing", total_attempts=2, max_attempts=5, current_attempt=3,
        best_confidence=0.64,
        attempts=(
            attempt(2, image_url="u2", confidence_score=0.64, evaluation_feedback="Hands are off"),
            attempt(1, image_url="u1", confidence_score=0.4, detected_shot_type="side_full"),
        ),
    )  # fmt: skip
    first, second = attempts_of(status)
    assert (first.caption, second.caption) == ("40\u00a0%", "Best, 64\u00a0%")
    assert first.detail == "Attempt 1, 40\u00a0% sure. Seen: side full."
    assert "Hands are off" in second.detail
    assert agentic_text(status) == ("info", "Attempt 3 of 5. Best so far 64\u00a0% sure.")


def test_a_run_that_ended_without_a_picture_is_told_as_that() -> None:
    status = AgenticShotStatus(
        shot_id="s", status="completed", total_attempts=5, best_confidence=0.5, completed_at=NOW
    )
    tone, text = agentic_text(status)
    assert tone == "warning"
    assert text == (
        "It ended without a picture after 5\u00a0attempts. The best was 50\u00a0% sure."
    )


# --- the page -------------------------------------------------------------------------------------


async def test_a_picture_is_adjusted_as_the_preview_says(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    one = item(1)
    desk.library.add(one)
    desk.controller.open(Op.ADJUST, [one])
    await until(lambda: desk.page.adjust.isVisible())
    assert "Give a width" in desk.page.adjust.problem
    desk.edit("target_width", 20)
    desk.edit("target_height", 20)
    preview = desk.page.adjust.preview
    assert (preview.width, preview.height) == (20, 20)
    assert words_of(preview) == "20 × 20\u00a0px, padded 2 above, 3 below"
    desk.controller.submit()
    await until(lambda: desk.runs.sent)
    op, request, pictures, _ = desk.runs.sent[0]
    assert op is Op.ADJUST
    assert request.only_changed()["target_width"] == 20
    assert pictures["base_img_path"][0].item_id == "asset_1"
    assert desk.guard.asked[-1] == Decimal(0)


async def test_an_adjusted_picture_comes_to_the_front(make_desk: Any, qt_loop: Any) -> None:
    """Until it is here the preview stands, and again once the form is changed."""
    desk = make_desk()
    desk.library.add(item(1))
    desk.controller.open(Op.ADJUST, [item(1)])
    desk.edit("target_width", 20)
    desk.edit("target_height", 20)
    desk.controller.submit()
    await until(lambda: desk.runs.sent)
    assert desk.page.adjust.isVisible()
    desk.library.add(item(2, source=Source.SARTIQ, width=20, height=20))
    desk.jobs.put(view("row_1", JobState.DONE, input_item_id="asset_1", result_ids=("asset_2",)))
    await until(lambda: desk.page.beside.isVisible())
    said = desk.page.beside.accessibleDescription()
    assert said == "Before, 40 × 30\u00a0px; After, 20 × 20\u00a0px"
    before, after = desk.page.beside.areas()
    assert before.width() > after.width()  # as they are to each other
    assert before.right() < after.left()
    desk.edit("target_width", 30)
    assert desk.page.adjust.isVisible()
    assert desk.page.adjust.preview.width == 30
    desk.page.view_chosen.emit("sides")
    assert desk.page.beside.isVisible()


async def test_a_run_of_before_leaves_the_preview(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.library.add(item(1), item(2, source=Source.SARTIQ, width=20, height=20))
    desk.jobs.put(view("old", JobState.DONE, input_item_id="asset_1", result_ids=("asset_2",)))
    desk.controller.open(Op.ADJUST, [item(1)])
    await until(lambda: desk.page.views.isVisible())
    assert desk.page.adjust.isVisible()
    assert desk.page.views.value() == "picture"


async def test_a_field_that_changes_nothing_here_says_so(make_desk: Any, qt_loop: Any) -> None:
    here, there = make_desk(), make_desk(is_local=False)
    for desk in (here, there):
        desk.controller.open(Op.BACKGROUND)
    told = {
        name: [desk.dock.form._rows[name]._note.text() for desk in (here, there)]
        for name in ("background_preset_id", "framing", "background_fixer_strategy")
    }
    assert told["background_preset_id"] == told["framing"] == ["Not used here", ""]
    assert told["background_fixer_strategy"] == ["", ""]


async def test_what_this_computer_would_refuse_is_told_before(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.controller.open(Op.ADJUST, [item(1)])
    (reason,) = desk.controller.why_not()
    assert reason.startswith("Give a width, a height, a shape")
    assert not desk.dock.footer.button.isEnabled()
    desk.dock.shape_wanted.emit(16, 9)
    assert desk.controller.why_not() == []
    desk.controller.open(Op.BACKGROUND, [item(1)])
    assert desk.controller.why_not() == [
        "Choose a palette picture. This computer knows no background presets."
    ]
    there = make_desk(is_local=False)
    there.controller.open(Op.BACKGROUND, [item(1)])
    assert there.controller.why_not() == []


def test_a_long_status_is_never_cut_off(qapp: Any, qtbot: QtBot, look: Theme) -> None:
    def it_is_whole() -> None:
        label = page.status._label
        assert label.height() >= label.heightForWidth(label.width())

    look.set_scale(2.0)
    page = RunsPage()
    try:
        page.resize(1000, 900)
        page.show()
        text = "Failed: " + "something went wrong and this is why, " * 5
        page.state.set_state("image", "No picture came of it", "Change the form.")
        page.show_status(Status(text, Tone.DANGER, action="Show in the jobs"))
        page.resize(592, 484)
        qapp.processEvents()
        qtbot.waitUntil(it_is_whole, timeout=SETTLED_MS)
    finally:
        look.set_scale(1.0)
        page.close()
        page.deleteLater()


async def test_common_sizes_and_shapes_exclude_each_other(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.controller.open(Op.ADJUST)
    desk.dock.size_wanted.emit(1080, 1350)
    assert desk.dock.values()["target_height"] == 1350
    desk.dock.shape_wanted.emit(16, 9)
    assert desk.dock.values()["aspect_ratio"] == pytest.approx(1.7778)
    assert desk.dock.values()["target_width"] is None


async def test_a_result_can_be_laid_over_its_picture(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    one, made = item(1), item(2, id="p1", type=PREDICTION, source=Source.SARTIQ)
    desk.library.add(one)
    desk.controller.open(Op.FACES, [one])
    desk.controller.submit()
    await until(lambda: desk.runs.sent)
    desk.library.add(made)
    desk.jobs.put(view("row_1", JobState.DONE, Op.FACES, result_ids=("p1",)))
    await until(lambda: desk.page.views.value() == View.SPLIT.value)
    assert desk.page.status.text() == "done after 2\u00a0s"
    shown: list[object] = []
    desk.controller.reveal_requested.connect(shown.append)
    desk.page.status_action_requested.emit()
    assert shown == [("p1",)]


async def test_an_earlier_run_of_the_picture_is_shown_again(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    one = item(1)
    desk.library.add(one)
    desk.jobs.put(view("old", JobState.FAILED, Op.FACES, input_item_id="asset_1",
                       status_text="Failed: no face was found"))  # fmt: skip
    desk.controller.open(Op.FACES, [one])
    assert desk.page.status.text() == "Failed: no face was found"
    wanted: list[str] = []
    desk.controller.jobs_requested.connect(wanted.append)
    desk.page.status_action_requested.emit()
    assert wanted == ["old"]


async def test_a_run_can_be_cancelled_only_where_that_is_offered(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk()
    desk.controller.open(Op.GENERATE)
    desk.jobs.put(view("r", JobState.RUNNING, Op.GENERATE))
    button = desk.page.status.findChildren(Button)[0]
    assert not button.isVisible()
    desk.jobs.put(view("r", JobState.RUNNING, Op.GENERATE, can_cancel=True))
    assert button.isVisible()
    button.click()
    await until(lambda: desk.jobs.cancelled == ["r"])


async def test_errors_appear_where_something_was_edited_or_tried(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk()
    desk.controller.open(Op.TASK)
    assert desk.error_under("fal_app_id") == ""
    assert desk.controller.why_not()[0] == "App: This is needed."
    payload = desk.dock.form.editor("payload").findChildren(QPlainTextEdit)[0]
    payload.setPlainText('{"a": }')
    assert desk.error_under("payload") == "Line 1, column 7: expecting value."
    desk.controller.submit()
    assert desk.error_under("fal_app_id") == "This is needed."
    assert desk.runs.sent == []


async def test_what_the_service_refused_stands_under_its_field(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk()
    desk.controller.open(Op.GENERATE)
    desk.edit("steps", 900)
    desk.controller.submit()
    await until(lambda: desk.runs.sent)
    desk.runs.refused["row_1"] = {"body.steps": "at most 100"}
    desk.jobs.put(view("row_1", JobState.FAILED, Op.GENERATE))
    assert desk.error_under("steps") == "The service says: at most 100"
    desk.edit("steps", 90)
    assert desk.error_under("steps") == ""


async def test_several_pictures_are_a_run_each_and_a_stop_keeps_the_rest(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk()
    items = [item(1), item(2), item(3)]
    desk.library.add(*items)
    desk.controller.open(Op.FACES, items)
    assert desk.dock.footer.button.text().startswith("Fix faces in 3 pictures")
    desk.runs.errors = [None, BadInput("The disk is full.")]
    desk.controller.submit()
    await until(lambda: desk.messages.errors)
    assert len(desk.runs.sent) == 1
    assert [ref.item_id for ref in desk.controller.draft.mains] == ["asset_2", "asset_3"]
    assert desk.messages.toasts == ["Fix faces started"]


async def test_videos_begin_with_the_prediction_that_was_chosen(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk(is_local=False)
    one = item(1, id=PREDICTED, type=PREDICTION, source=Source.SARTIQ, name="Harbour")
    desk.library.add(one)
    desk.controller.open(Op.VIDEO, [one])
    assert desk.dock.values()["prediction_id"] == PREDICTED
    desk.edit("prompt", "waves")
    desk.controller.submit()
    await until(lambda: desk.runs.sent)
    assert desk.runs.sent[0][1].only_changed()["prediction_id"] == PREDICTED


async def test_a_video_opens_in_another_program(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk(is_local=False)
    desk.library.add(item(9, id="v", kind="video", type=PREDICTION, source=Source.SARTIQ))
    desk.jobs.put(view("r", JobState.DONE, Op.VIDEO, result_ids=("v",)))
    desk.controller.show_draft(RunDraft(Op.VIDEO, {"prompt": "waves"}), "r")
    await until(lambda: desk.page.outside.isVisible())
    desk.page.outside.click()
    await until(lambda: desk.opened)


async def test_attempts_come_in_live_with_their_pictures(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk(is_local=False)
    desk.controller.open(Op.AGENTIC)
    desk.controller.submit()
    await until(lambda: desk.runs.sent)
    desk.runs.attempts["row_1"] = AgenticShotStatus(
        shot_id="s", max_attempts=3, total_attempts=1, best_confidence=0.4,
        attempts=(attempt(1, image_url="/a.png", confidence_score=0.4,
                          evaluation_feedback="Too dark"),),
    )  # fmt: skip
    desk.runs.agentic_changed.emit(desk.runs.attempts["row_1"])
    assert "Too dark" in desk.page.detail.text()
    assert desk.page.status.text().startswith("Attempt 2 of 3")
    await until(lambda: desk.pictures.fetched.count("/a.png") >= 2)  # small and large
    await until(lambda: desk.page.compare.has_picture())
    assert not desk.page.needs_picture("attempt:1")
    assert desk.page.save.isVisible()


async def test_a_tasks_picture_is_fetched_and_never_shown_as_an_address(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk(is_local=False)
    desk.controller.open(Op.TASK)
    desk.jobs.put(view("t", JobState.DONE, Op.TASK))
    desk.runs.tasks["t"] = ExperimentalTaskPublic(id="t", image_url="https://f/x.png?sig=secret")
    desk.jobs.changed.emit(None)
    await until(lambda: desk.page.compare.has_picture())
    assert desk.pictures.fetched == ["https://f/x.png?sig=secret"]


async def test_a_spending_limit_asks_or_refuses(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk(is_local=False)
    desk.controller.open(Op.GENERATE)
    assert desk.guard.asked[-1] is None
    desk.guard.decision = Decision(Verdict.REFUSE, "Spending is switched off.")
    desk.controller.look_again()
    assert desk.controller.why_not() == ["Spending is switched off."]
    assert desk.dock.footer._settings.isVisible()
    desk.guard.decision = Decision(Verdict.ASK, "This has no price.")
    desk.controller.look_again()
    desk.controller.submit()
    await until(lambda: any(b.text() == "Create" for b in desk.window.findChildren(Button)
                            if b is not desk.dock.title))  # fmt: skip
    button = next(b for b in desk.window.findChildren(Button)
                  if b.text() == "Create" and b is not desk.dock.title)  # fmt: skip
    button.click()
    await until(lambda: desk.runs.sent)
    assert desk.runs.sent[0][3] is True


async def test_ids_that_were_used_are_remembered_and_named(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.controller.open(Op.GENERATE)
    desk.edit("style_id", STYLE)
    desk.controller.submit()
    await until(lambda: ("style", STYLE, "") in desk.known.noted)
    desk.dock.name_given.emit("style", STYLE, "Quiet shore")
    await until(lambda: ("style", STYLE, "Quiet shore") in desk.known.noted)
    editor = desk.dock.form.editor("style_id")
    assert isinstance(editor, KnownIdEditor)


async def test_an_id_is_forgotten_and_brought_back(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.known.ids["style"] = [KnownId("other", "", 1), KnownId(STYLE, "Quiet shore", 3)]
    desk.controller.open(Op.GENERATE)
    desk.edit("style_id", STYLE)
    editor = desk.dock.form.editor("style_id")
    editor._forget.click()
    await desk.controller.known_ids.forgetting.settle()
    assert [one.id for one in desk.known.ids["style"]] == ["other"]
    assert desk.dock.values()["style_id"] == ""
    assert not editor._forget.isVisible()
    assert desk.messages.toasts == ["“Quiet shore” is forgotten"]
    desk.messages.undo()
    await desk.controller.known_ids.bringing_back.settle()
    assert desk.known.ids["style"][1] == KnownId(STYLE, "Quiet shore", 3)


async def test_drafts_are_kept_for_each_kind(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.controller.open(Op.GENERATE)
    desk.edit("extra_prompt", "a boat")
    desk.controller.show_kind(Op.TASK)
    desk.edit("fal_app_id", "fal-ai/flux")
    desk.controller.show_kind(Op.GENERATE)
    assert desk.dock.values()["extra_prompt"] == "a boat"
    assert set(desk.drafts.kept) == {"runs:sartiq-generate", "runs:sartiq-task"}
    desk.controller.reset()
    assert desk.dock.values()["extra_prompt"] == ""


async def test_a_row_of_the_jobs_opens_the_form_it_was_made_from(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk()
    desk.library.add(item(1))
    desk.runs.drafts["r"] = (
        Op.ADJUST, {"mode": "crop", "target_width": 64},
        {"base_img_path": (PictureRef("asset_1", "", "Picture 1"),)},
    )  # fmt: skip
    desk.jobs.put(view("r", JobState.FAILED, Op.ADJUST, status_text="Failed: why"))
    desk.controller.restore("r")
    assert desk.controller.op is Op.ADJUST
    assert desk.dock.values()["target_width"] == 64
    assert desk.page.status.text() == "Failed: why"


async def test_trouble_with_the_service_is_said_and_has_a_way_out(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk(is_local=False)
    desk.controller.open(Op.GENERATE)
    desk.reach.set("offline")
    assert desk.controller.why_not() == ["Sartiq cannot be reached now."]
    assert desk.dock.banner.isVisible()
    tried: list[bool] = []
    desk.controller.retry_requested.connect(lambda: tried.append(True))
    desk.dock.footer._retry.click()
    assert tried == [True]
    desk.reach.set("unauthorised")
    assert not desk.dock.footer._retry.isVisible()
    assert desk.dock.footer._login.isVisible()
    wanted: list[bool] = []
    desk.controller.login_requested.connect(lambda: wanted.append(True))
    desk.dock.footer._login.click()
    assert wanted == [True]
    desk.reach.set("idle")
    assert desk.controller.why_not() == []
    assert not desk.dock.banner.isVisible()


async def test_without_an_account_the_page_says_how_to_come_by_one(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk(has_service=False)
    assert desk.controller.why_not() == [NO_ACCOUNT]
    wanted: list[bool] = []
    desk.controller.connect_requested.connect(lambda: wanted.append(True))
    desk.page.state.action_requested.emit()
    assert wanted == [True]
    failed = make_desk(has_service=False, trouble="The password was refused.")
    labels = [label.text() for label in failed.page.state.findChildren(PlainLabel)]
    assert "The password was refused." in labels


async def test_a_picture_that_cannot_be_shown_can_be_tried_again(
    make_desk: Any, qt_loop: Any
) -> None:
    desk = make_desk()
    desk.pictures.error = BadInput("It is damaged.")
    file = PictureRef("", "/tmp/a.png", "a.png")
    desk.controller.show_draft(RunDraft(Op.FACES, {}, {"base_img_path": (file,)}))
    labels = desk.page.state.findChildren(PlainLabel)
    await until(lambda: any(label.text() == "It is damaged." for label in labels))
    desk.pictures.error = None
    desk.page.state.action_requested.emit()
    await until(lambda: desk.page.compare.has_picture())


async def test_what_is_no_picture_is_left_out_and_told(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    desk.controller.open(Op.FACES)
    desk.chosen = [item(1, kind="video", name="Film"), item(2)]
    desk.library.add(*desk.chosen)
    desk.controller.slots.taking.trigger("base_img_path")
    await until(lambda: desk.messages.toasts)
    assert desk.messages.toasts == ["“Film” is not a picture."]
    assert [ref.item_id for ref in desk.controller.draft.mains] == ["asset_2"]


@pytest.mark.parametrize("op", list(KINDS))
async def test_every_control_of_every_form_has_a_name(make_desk: Any, qt_loop: Any, op: Op) -> None:
    desk = make_desk()
    desk.controller.open(op)
    for group in desk.dock.form._groups.values():
        group.set_open(True)
    assert unnamed(desk.window) == []


async def test_foreign_text_stays_text(make_desk: Any, qt_loop: Any) -> None:
    desk = make_desk()
    hostile = "<b>x</b> & <img src=file:///etc/passwd>"
    desk.library.add(item(1, name=hostile))
    desk.jobs.put(view("r", JobState.FAILED, Op.FACES, input_item_id="asset_1",
                       status_text=f"Failed: {hostile}", hint=hostile))  # fmt: skip
    desk.controller.open(Op.FACES, [desk.library.known["asset_1"]])
    assert desk.page.status.text().startswith(f"Failed: {hostile}")
    for label in desk.window.findChildren(PlainLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText


async def test_large_text_and_a_narrow_window_cut_nothing_off(
    make_desk: Any, qt_loop: Any, look: Theme
) -> None:
    look.set_scale(2.0)
    try:
        desk = make_desk()
        desk.window.resize(900, 600)
        desk.controller.open(Op.ADJUST, [item(1)])
        desk.jobs.put(view("r", JobState.FAILED, Op.ADJUST, input_item_id="asset_1",
                           status_text="Failed: " + "a long reason " * 12))  # fmt: skip
        await until(lambda: desk.page.status.isVisible())
        status = desk.page.status
        assert status.height() >= status.heightForWidth(status.width())
        button = desk.dock.footer.button
        assert button.width() >= button.sizeHint().width()
    finally:
        look.set_scale(1.0)


@pytest.mark.parametrize("op", list(KINDS))
async def test_no_form_is_wider_than_its_dock_with_large_text(
    make_desk: Any, qt_loop: Any, look: Theme, op: Op
) -> None:
    look.set_scale(2.0)
    desk = make_desk()
    desk.dock.setFixedWidth(320)
    desk.controller.open(op)
    for group in desk.dock.form._groups.values():
        group.set_open(True)
    scroller = desk.dock.scroller
    assert scroller.widget().minimumSizeHint().width() <= 320 - 1
    look.set_scale(1.0)
