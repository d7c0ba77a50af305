"""The detect panel with its controller, over fake services and on the real loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QTimer
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.errors import AppError, BadInput, Offline
from scenario_desktop.items import Item, Picture, Source
from scenario_desktop.services.detect import MapPreview, Quote
from scenario_desktop.services.imports import ImportProgress, Refusal
from scenario_desktop.services.spending import Decision, Verdict
from scenario_desktop.ui.forms.picture_editors import PicturedChoicesEditor
from scenario_desktop.ui.forms.tiles import Tile
from scenario_desktop.ui.panels.detect import controller
from scenario_desktop.ui.panels.detect.controller import DetectController
from scenario_desktop.ui.panels.detect.dock import DetectDock
from scenario_desktop.ui.panels.detect.page import DetectPage
from scenario_desktop.ui.panels.detect.pictures import PREVIEW_DELAY_MS
from scenario_desktop.ui.panels.detect.ports import DetectPorts
from scenario_desktop.ui.panels.detect.state import DetectDraft, draft_note
from scenario_desktop.ui.theme import Theme
from scenario_desktop.ui.widgets.banner import Banner
from scenario_desktop.ui.widgets.buttons import ButtonKind, PriceButton
from scenario_desktop.ui.widgets.compare_view import CompareMode
from scenario_desktop.ui.widgets.empty_state import EmptyState
from scenario_desktop.ui.widgets.labels import PlainLabel
from tests.fakes import FakeNotices
from tests.support import until

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PREVIEWABLE = frozenset(Modality) - {Modality.DEPTH, Modality.POSE}


def item(n: int, name: str = "", kind: str = "image") -> Item:
    name = name or f"Picture {n}"
    return Item(
        n, f"asset_{n}", Source.SCENARIO, kind, "uploaded", "success", name, "", NOW, NOW, 40, 30
    )


def picture(side: int = 8) -> Picture:
    return Picture(side, side, bytes(side * side * 4))


def png() -> bytes:
    pixmap = QPixmap(4, 4)
    pixmap.fill(QColor("#808080"))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    pixmap.save(buffer, "PNG")
    return bytes(data.data())


@dataclass
class FakeDetect:
    each: Decimal | None = Decimal(1)
    quote_error: AppError | None = None
    submit_error: AppError | None = None
    preview_error: AppError | None = None
    preview_gate: asyncio.Event | None = None
    quotes: list[list[DetectRequest]] = field(default_factory=list)
    submitted: list[tuple[Quote, bool]] = field(default_factory=list)
    previews: list[tuple[str, DetectRequest, int]] = field(default_factory=list)

    async def quote(self, requests: Sequence[DetectRequest]) -> Quote:
        self.quotes.append(list(requests))
        if self.quote_error is not None:
            raise self.quote_error
        each = tuple(self.each for _ in requests)
        total = None if self.each is None else self.each * len(requests)
        return Quote(tuple(requests), total, each, NOW, str(len(self.quotes)))

    async def submit(
        self, quote: Quote, inputs: Sequence[Item], *, is_confirmed: bool
    ) -> list[str]:
        if self.submit_error is not None:
            raise self.submit_error
        assert [i.id for i in inputs] == [r.image for r in quote.requests]
        self.submitted.append((quote, is_confirmed))
        return [f"row_{n}" for n in range(len(quote.requests))]

    async def preview(self, item: Item, request: DetectRequest, max_px: int) -> MapPreview:
        self.previews.append((item.id, request, max_px))
        if self.preview_gate is not None and max_px > 200:
            await self.preview_gate.wait()
        if self.preview_error is not None:
            raise self.preview_error
        return MapPreview(picture(), 18.4)

    def large_previews(self) -> list[DetectRequest]:
        return [request for _, request, max_px in self.previews if max_px > 200]


@dataclass
class FakePictures:
    large_error: AppError | None = None
    small_error: AppError | None = None
    data: bytes = b""

    async def large(self, item: Item, max_px: int) -> Picture:
        await asyncio.sleep(0)
        if self.large_error is not None:
            raise self.large_error
        return picture()

    async def get(self, item: Item) -> bytes:
        if self.small_error is not None:
            raise self.small_error
        return self.data


@dataclass
class FakeLibrary:
    items: dict[str, Item] = field(default_factory=dict)
    steps: list[ImportProgress] = field(default_factory=list)
    error: AppError | None = None
    gate: asyncio.Event | None = None

    async def item(self, asset_id: str) -> Item | None:
        return self.items.get(asset_id)

    async def run(
        self, paths: Sequence[Path], collection_id: str | None = None
    ) -> AsyncIterator[ImportProgress]:
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        for step in self.steps:
            yield step


@dataclass
class FakeGuard:
    decision: Decision = field(default_factory=lambda: Decision(Verdict.ALLOW))

    def decide(self, total: Any) -> Decision:
        return self.decision


@dataclass
class FakeDrafts:
    kept: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def load(self, name: str) -> Mapping[str, Any]:
        return self.kept.get(name, {})

    def save(self, name: str, draft: Mapping[str, Any]) -> None:
        self.kept[name] = draft


@dataclass
class Room:
    """A page and a dock in a window, and the fakes behind them."""

    detect: FakeDetect = field(default_factory=FakeDetect)
    pictures: FakePictures = field(default_factory=FakePictures)
    library: FakeLibrary = field(default_factory=FakeLibrary)
    guard: FakeGuard = field(default_factory=FakeGuard)
    messages: FakeNotices = field(default_factory=FakeNotices)
    drafts: FakeDrafts = field(default_factory=FakeDrafts)
    is_local: bool = False

    def build(self) -> DetectController:
        self.pictures.data = self.pictures.data or png()
        self.window = QWidget()
        self.page, self.dock = DetectPage(), DetectDock()
        row = QHBoxLayout(self.window)
        row.addWidget(self.page, 1)
        row.addWidget(self.dock)
        self.window.resize(1200, 860)
        self.window.show()
        self.controller = DetectController(
            self.page,
            self.dock,
            DetectPorts(
                self.detect, self.pictures, self.pictures, self.library, self.library, self.guard,
                self.messages, self.drafts, PREVIEWABLE, self.is_local,
            ),
        )  # fmt: skip
        return self.controller

    @property
    def button(self) -> PriceButton:
        return self.dock.findChildren(PriceButton)[0]

    def preview_timers(self) -> list[QTimer]:
        timers = self.controller.findChildren(QTimer)
        return [timer for timer in timers if timer.interval() == PREVIEW_DELAY_MS]

    def texts(self) -> list[str]:
        labels = self.dock.findChildren(PlainLabel)
        return [label.text() for label in labels if label.isVisibleTo(self.dock)]

    def edit(self, name: str, value: Any) -> None:
        """Change a field as the user does."""
        self.dock.form.editor(name).set_value(value)
        self.dock.form.editor(name).edited.emit()

    def pick(self, modality: Modality, *, is_ctrl: bool = False) -> None:
        maps = self.dock.form.editor("modalities")
        assert isinstance(maps, PicturedChoicesEditor)
        tile = next(t for t in maps.findChildren(Tile) if t.key == modality)
        tile.picked.emit(is_ctrl)

    async def priced(self) -> None:
        await until(lambda: self.button.isEnabled() and not self.button.is_busy)


@pytest.fixture
def room(qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr(controller, "QUOTE_DELAY_MS", 5)
    made = Room()
    yield made
    made.window.close()
    made.window.deleteLater()


async def test_without_a_picture_it_says_so(qt_loop: Any, room: Room) -> None:
    room.build()
    assert "Choose a picture." in room.texts()
    assert not room.button.isEnabled()
    assert room.page.findChildren(EmptyState)[0].isVisible()


async def test_the_price_stands_in_the_button(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1), item(2), item(3)])
    assert room.button.is_busy
    await room.priced()
    assert room.button.text() == "Detect · 3\u00a0CU"
    assert "3\u00a0pictures × Canny" in room.texts()
    assert "3 × 1\u00a0CU" in room.texts()


async def test_what_is_left_of_the_month_is_told(qt_loop: Any, room: Room) -> None:
    built = room.build()
    built.open([item(1)])
    built.set_left(Decimal("754.5"))
    await room.priced()
    assert "753.5\u00a0CU" in room.texts()


async def test_any_edit_voids_the_price(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1)])
    await room.priced()
    room.edit("low_threshold", 72)
    assert room.button.is_busy
    room.controller.submit()
    await room.priced()
    assert room.detect.submitted == []
    assert room.detect.quotes[-1][0].low_threshold == 72


async def test_looking_at_another_chosen_map_keeps_the_price(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1)])
    room.pick(Modality.GRAYSCALE, is_ctrl=True)
    await room.priced()
    room.pick(Modality.CANNY)
    assert not room.button.is_busy
    assert "Canny parameters" in room.texts()


async def test_pictures_times_maps_are_one_sum(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1), item(2)])
    room.pick(Modality.SKETCH, is_ctrl=True)
    await room.priced()
    assert room.button.text() == "Detect · 4\u00a0CU"
    assert len(room.detect.quotes[-1]) == 4


async def test_only_the_parameters_of_the_map_are_shown(qt_loop: Any, room: Room) -> None:
    room.build()
    room.pick(Modality.POSE)
    assert "Joint confidence" in room.texts()
    assert "Lower threshold" not in room.texts()


async def test_a_price_that_cannot_be_asked_is_a_reason(qt_loop: Any, room: Room) -> None:
    room.detect.quote_error = Offline("Scenario cannot be reached.", hint="Check the connection.")
    room.build().open([item(1)])
    await until(lambda: any("price is not known" in text for text in room.texts()))
    assert not room.button.isEnabled()
    room.detect.quote_error = None
    room.dock.ask_again_requested.emit()
    await room.priced()
    assert not any("price is not known" in text for text in room.texts())


async def test_without_a_price_the_button_names_the_jobs(qt_loop: Any, room: Room) -> None:
    room.detect.each = None
    room.build().open([item(1), item(2)])
    await room.priced()
    assert room.button.text() == "Detect 2\u00a0jobs"
    assert "no price" in room.texts()


async def test_a_refused_price_says_why_and_offers_the_settings(qt_loop: Any, room: Room) -> None:
    room.guard.decision = Decision(Verdict.REFUSE, "Spending is switched off.")
    built = room.build()
    asked: list[int] = []
    built.settings_requested.connect(lambda: asked.append(1))
    built.open([item(1)])
    await until(lambda: "Spending is switched off." in room.texts())
    assert not room.button.isEnabled()
    room.dock.settings_requested.emit()
    assert asked == [1]


async def test_a_wrong_value_stands_under_its_field_and_over_the_button(
    qt_loop: Any, room: Room
) -> None:
    room.build().open([item(1)])
    room.edit("high_threshold", 300)
    assert "300 is above the highest value, 255." in room.texts()
    assert any(text.startswith("Canny, upper threshold") for text in room.texts())
    assert not room.button.isEnabled()


async def test_sending_starts_jobs_and_asks_a_new_price(qt_loop: Any, room: Room) -> None:
    built = room.build()
    started: list[list[str]] = []
    built.jobs_started.connect(started.append)
    built.open([item(1), item(2), item(3)])
    await room.priced()
    room.button.click()
    await until(lambda: started)
    assert room.messages.toasts == ["3\u00a0detect jobs started"]
    assert started == [["row_0", "row_1", "row_2"]]
    await room.priced()
    assert len(room.detect.quotes) == 2


async def test_a_double_click_sends_once(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1)])
    await room.priced()
    room.controller.submit()
    room.controller.submit()
    await until(lambda: room.messages.toasts)
    await room.priced()
    assert len(room.detect.submitted) == 1


def answer_buttons(window: QWidget, text: str) -> list[QAbstractButton]:
    return [
        b for b in window.findChildren(QAbstractButton)
        if b.text().startswith(text) and b.isVisible() and not isinstance(b, PriceButton)
    ]  # fmt: skip


@pytest.mark.parametrize(("answer", "sent"), [("Detect", [True]), ("Cancel", [])])
async def test_above_the_limit_it_asks_first(
    qt_loop: Any, room: Room, answer: str, sent: list[bool]
) -> None:
    room.guard.decision = Decision(Verdict.ASK, "This costs 1 CU.")
    room.build().open([item(1)])
    await room.priced()
    room.controller.submit()
    await until(lambda: answer_buttons(room.window, answer))
    answer_buttons(room.window, answer)[0].click()
    await room.priced()
    assert [is_confirmed for _, is_confirmed in room.detect.submitted] == sent


async def test_a_failed_sending_stays_in_sight(qt_loop: Any, room: Room) -> None:
    room.detect.submit_error = Offline("The connection broke.", hint="See the list of jobs.")
    room.build().open([item(1)])
    await room.priced()
    room.controller.submit()
    await until(lambda: room.messages.errors)
    await room.priced()
    assert "The connection broke. See the list of jobs." in room.texts()
    room.edit("low_threshold", 99)
    assert "The connection broke. See the list of jobs." not in room.texts()


# Previews


async def test_the_preview_follows_the_slider(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1)])
    await until(lambda: room.page.compare.accessibleDescription())
    assert room.page.compare.accessibleDescription() == "Canny preview · 18\u00a0ms"
    room.edit("low_threshold", 60)
    await until(lambda: room.detect.large_previews()[-1].low_threshold == 60)


async def test_while_one_is_computed_only_the_newest_edit_waits(qt_loop: Any, room: Room) -> None:
    room.detect.preview_gate = asyncio.Event()
    room.build().open([item(1)])
    await until(lambda: len(room.detect.large_previews()) == 1)
    for value in (10, 20, 30):
        room.edit("low_threshold", value)
        await until(lambda: not any(t.isActive() for t in room.preview_timers()))
    assert len(room.detect.large_previews()) == 1
    room.detect.preview_gate.set()
    await until(lambda: len(room.detect.large_previews()) == 2)
    assert room.detect.large_previews()[-1].low_threshold == 30


async def test_what_needs_a_model_has_no_preview_and_says_so(qt_loop: Any, room: Room) -> None:
    room.is_local = True
    room.build().open([item(1)])
    await until(lambda: room.page.compare.accessibleDescription())
    room.pick(Modality.DEPTH)
    banner = room.dock.findChildren(Banner)[0]
    assert "the job will fail here" in banner.text()
    await until(lambda: not room.page.compare.accessibleDescription())
    await room.priced()  # it may be sent all the same


async def test_a_preview_that_fails_leaves_the_picture(qt_loop: Any, room: Room) -> None:
    room.detect.preview_error = BadInput("The picture is cut off.")
    room.build().open([item(1)])
    await until(lambda: room.page.compare.has_picture())
    await room.priced()
    assert room.page.compare.isVisible()


async def test_a_picture_that_does_not_come_can_be_tried_again(qt_loop: Any, room: Room) -> None:
    room.pictures.large_error = Offline("No connection.", hint="Try later.")
    room.pictures.small_error = Offline("No connection.")
    room.build().open([item(1)])
    state = room.page.findChildren(EmptyState)[0]
    await until(lambda: state.accessibleName() == "The picture cannot be shown")
    room.pictures.large_error = None
    room.page.retry_requested.emit()
    await until(lambda: room.page.compare.isVisible())


async def test_tiles_show_maps_of_the_picture(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1)])
    await until(lambda: len({r.modality for _, r, px in room.detect.previews if px < 200}) == 8)
    assert room.detect.previews[0][1].modality is Modality.CANNY


async def test_a_narrow_page_shows_the_map_alone(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1)])
    await until(lambda: room.page.compare.isVisible())
    room.window.resize(760, 700)
    await until(lambda: room.page.compare.width() < 480)
    assert room.page.compare.mode is CompareMode.MAP
    assert room.page.mode is CompareMode.SPLIT


# Pictures and drafts


async def test_taking_out_the_shown_picture_shows_the_next(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1, "First"), item(2, "Second")])
    tile = next(t for t in room.dock.findChildren(Tile) if t.key == "asset_1")
    tile.remove_requested.emit()
    await room.priced()
    assert [r.image for r in room.detect.quotes[-1]] == ["asset_2"]
    assert any(label.text() == "Second" for label in room.page.findChildren(PlainLabel))


async def test_dropped_files_are_imported_first(qt_loop: Any, room: Room) -> None:
    room.library.items = {"asset_7": item(7), "asset_8": item(8)}
    room.library.gate = asyncio.Event()
    refusals = (
        Refusal(Path("/x/again.png"), "Already here.", "asset_8"),
        Refusal(Path("/x/bad.txt"), "This is not a picture."),
    )
    room.library.steps = [
        ImportProgress(done=1, total=3, added_ids=("asset_7",)),
        ImportProgress(done=3, total=3, added_ids=("asset_7",), refused=refusals, is_counted=True),
    ]
    room.build()
    room.page.files_dropped.emit([Path("/x/a.png"), Path("/x/again.png"), Path("/x/bad.txt")])
    await until(lambda: "3\u00a0pictures are still being added." in room.texts())
    room.library.gate.set()
    await room.priced()
    assert [r.image for r in room.detect.quotes[-1]] == ["asset_7", "asset_8"]
    error = "1\u00a0file was not added: “bad.txt”. This is not a picture."
    assert error in room.texts()


async def test_an_import_that_breaks_off_is_told(qt_loop: Any, room: Room) -> None:
    room.library.error = Offline("No connection.", hint="The rest was not sent.")
    room.build()
    room.dock.files_dropped.emit([Path("/x/a.png")])
    await until(lambda: "No connection. The rest was not sent." in room.texts())
    assert "Choose a picture." in room.texts()


async def test_the_draft_is_remembered(qt_loop: Any, room: Room) -> None:
    room.build()
    room.pick(Modality.GRAYSCALE)
    room.edit("factor", 7.5)
    kept = room.drafts.kept["detect"]
    assert kept["modalities"] == ["grayscale"]
    assert kept["parameters"]["grayscale"]["factor"] == 7.5


async def test_a_remembered_draft_is_shown(qt_loop: Any, room: Room) -> None:
    room.drafts.kept["detect"] = {
        "modalities": ["canny"], "current": "canny",
        "parameters": {"canny": {"low_threshold": 42, "of_tomorrow": 1}},
    }  # fmt: skip
    room.build()
    assert room.dock.parameters()["low_threshold"] == 42


async def test_a_sent_request_opens_as_it_was(qt_loop: Any, room: Room) -> None:
    wire = {"image": "asset_1", "modality": "grayscale", "factor": 9, "removeBackground": False}
    room.build().open([item(1)], wire)
    assert room.dock.parameters()["factor"] == 9
    assert room.dock.parameters()["remove_background"] is False


async def test_reset_puts_everything_back(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1)])
    room.edit("low_threshold", 20)
    room.dock.reset_requested.emit()
    assert room.dock.parameters()["low_threshold"] == 100


async def test_the_command_gives_its_reason_and_its_price(qt_loop: Any, room: Room) -> None:
    built = room.build()
    run = next(c for c in built.commands() if c.id == "detect.run")
    assert run.shortcut == "Ctrl+Return"
    assert run.reason() == "Choose a picture."
    built.open([item(1)])
    await room.priced()
    assert (run.reason(), run.price()) == ("", "1\u00a0CU")


async def test_closing_while_everything_runs_is_quiet(qt_loop: Any, room: Room) -> None:
    room.detect.preview_gate = asyncio.Event()
    room.build().open([item(1)])
    await until(lambda: room.detect.large_previews())
    room.controller.deleteLater()
    room.page.deleteLater()
    await asyncio.sleep(0)
    room.detect.preview_gate.set()
    await asyncio.sleep(0)
    assert room.messages.errors == []


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("modality", [Modality.CANNY, Modality.GRAYSCALE, Modality.POSE])
async def test_the_form_fits_the_narrowest_dock(
    qt_loop: Any, room: Room, look: Theme, scale: float, modality: Modality
) -> None:
    room.build().open([item(1)])
    room.pick(modality)
    look.set_scale(scale)
    assert room.dock.form.minimumSizeHint().width() <= 320 - 2 * 16


async def test_there_is_one_primary(qt_loop: Any, room: Room) -> None:
    room.build().open([item(1)])
    buttons = room.window.findChildren(QAbstractButton)
    kinds = [b for b in buttons if getattr(b, "kind", None) is ButtonKind.PRIMARY]
    assert kinds == [room.button]


def test_a_map_that_must_fail_here_is_told_whichever_is_looked_at() -> None:
    draft = DetectDraft((Modality.CANNY, Modality.DEPTH, Modality.POSE), Modality.CANNY)
    can = frozenset({Modality.CANNY})
    note = draft_note(draft, can, is_local=True)
    assert note.kind == "warning"
    assert note.text.startswith("Depth and Pose need learned models")
    assert draft_note(draft, can, is_local=False).kind == "info"
