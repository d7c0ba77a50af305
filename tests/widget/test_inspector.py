"""The inspector: what is shown of one item and of many, and what edits do."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image
from psygnal import Signal
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from scenario_desktop.api.models.assets import AssetProperties
from scenario_desktop.errors import AppError, BadInput, Refused, StoreFailed
from scenario_desktop.imaging import tasks
from scenario_desktop.items import PREDICTION, REFINE, Item, Picture, Source, TagCount
from scenario_desktop.services.library import ChangeKind, Library
from scenario_desktop.services.outbox import Outbox
from scenario_desktop.services.sartiq.limits import Limit
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.outbox import OutboxStore
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.inspector import facts
from scenario_desktop.ui.panels.inspector.controller import InspectorController
from scenario_desktop.ui.panels.inspector.view import InspectorView, Mode
from scenario_desktop.ui.widgets.chips import ChipState
from scenario_desktop.ui.widgets.popover import Popover
from tests.fakes import FakeNotices
from tests.fakes_scenario import FakeScenario, make_asset
from tests.support import until

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HTML = '<b>bold</b> & <img src="file:///etc/passwd">'


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (160, 120), "teal").save(out, "JPEG")
    return tasks.thumbnail_bytes(out.getvalue()).data


class FakeThumbnails:
    """Every item has the same thumbnail, but for those that fail."""

    ready = Signal(int, bytes)
    failed = Signal(int)

    def __init__(self) -> None:
        self.broken: set[int] = set()

    def want(self, items: Sequence[Item]) -> None:
        for item in items:
            if item.key in self.broken:
                self.failed.emit(item.key)
            else:
                self.ready.emit(item.key, jpeg())


class FakePreviews:
    """Grey pictures, or an error."""

    def __init__(self) -> None:
        self.error: AppError | None = None
        self.asked: list[int] = []

    async def large(self, item: Item, max_px: int) -> Picture:
        self.asked.append(item.key)
        if self.error is not None:
            raise self.error
        return Picture(4, 3, bytes([90, 90, 90, 255]) * 12)


class Room:
    """An inspector over a real library and a fake service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = FakeScenario()
        self.thumbnails, self.previews = FakeThumbnails(), FakePreviews()
        self.notices = FakeNotices()
        self.wishes: list[tuple[str, object]] = []

    async def open(self) -> None:
        client = cast(Any, self.server)
        self.catalogue = Catalogue(self.folder / "catalogue.sqlite")
        await self.catalogue.open()
        self.outbox = Outbox(OutboxStore(self.folder / "outbox.sqlite"), client)
        await self.outbox.open()
        self.library = Library(client, self.catalogue, self.outbox)
        self.view = InspectorView()
        # With a parent: without, the garbage collector might end its timers on another thread.
        self.store = PictureStore(cast(Any, self.thumbnails), parent=self.view)
        self.commands = CommandRegistry(self.view)
        self.view.resize(304, 900)
        self.view.show()
        self.controller = InspectorController(
            self.view, self.store, notices=self.notices, commands=self.commands,
            now=lambda: NOW,
        )  # fmt: skip
        for name in ("preview_requested", "item_chosen", "children_requested", "tag_chosen"):
            signal = getattr(self.controller, name)
            signal.connect(lambda value, name=name: self.wishes.append((name, value)))
        for name in ("detect_requested", "copy_url_requested", "download_requested"):
            signal = getattr(self.controller, name)
            signal.connect(lambda name=name: self.wishes.append((name, None)))
        self.controller.open(self.library, self.previews)

    async def aclose(self) -> None:
        self.controller.open(None)
        await self.settle()
        self.store.close()
        self.view.close()
        self.view.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        await self.outbox.aclose()
        await self.catalogue.aclose()

    async def add(self, number: int, **changes: Any) -> int:
        changes.setdefault("at", NOW - timedelta(hours=2))
        changes.setdefault("properties", AssetProperties(size=3_100_000, width=1600, height=1440))
        asset = make_asset(number, **changes)
        self.server.assets[asset.id] = asset
        (key,) = (await self.library.merge([asset])).inserted
        return key

    async def select(self, *keys: int) -> None:
        self.controller.set_selection(keys)
        await self.settle()

    async def settle(self) -> None:
        c = self.controller
        for _ in range(3):
            for action in (c.load, c.pictures.enlarge, c.complete, c.find):
                await action.settle()
            for edit in list(c.edits.running):
                await edit.settle()

    def tags(self, number: int) -> tuple[str, ...]:
        return self.server.assets[f"asset_{number:06}"].tags

    def chip(self, tag: str) -> tuple[ChipState, str]:
        chip = self.view.tags.chips.chip(tag)
        assert chip is not None
        return chip.state, chip.note

    async def type_tag(self, text: str, *keys: Qt.Key, shift: bool = False) -> None:
        field = self.view.tags._field
        if not self.view.tags.is_open:
            self.controller.add_tag()
        field.setText(text)
        field.textEdited.emit(text)
        await self.settle()
        modifier = Qt.KeyboardModifier
        for key in keys:
            press(field, key, modifier.ShiftModifier if shift else modifier.NoModifier)
        await self.settle()


def press(
    widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, key, modifiers)
    QApplication.sendEvent(widget, event)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Room]:
    room = Room(folder)
    await room.open()
    try:
        yield room
    finally:
        await room.aclose()


async def test_nothing_is_selected_at_first(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        assert room.view.mode is Mode.EMPTY
        assert not room.view.more.isEnabled()


def test_a_canvas_is_told_as_one_and_not_as_its_file() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    canvas = Item(
        key=1, id="asset_1", source=Source.SCENARIO, kind="json", type="canvas", name="Poster",
        status="success", mime_type="application/json", size_bytes=733, created_at=at,
        updated_at=at,
    )  # fmt: skip
    assert facts.headline(canvas, at + timedelta(hours=2)).replace("\u00a0", " ") == (
        "Canvas · 2 h ago"
    )
    assert facts.type_text(canvas.kind, canvas.type) == "Canvas"
    both = facts.summary([canvas, canvas]).replace("\u00a0", " ")
    assert both.startswith("2 canvases")


async def test_one_item_shows_name_facts_tags_and_fields(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        metadata = {"name": "Rocket", "type": "txt2img", "prompt": "A red rocket",
                    "seed": "419027118", "brandNewField": True}  # fmt: skip
        key = await room.add(1, metadata=metadata, tags=("sea", "rocket"), description="Mine")
        await room.select(key)
        view = room.view
        assert view.name.name() == "Rocket"
        assert view._headline.text().replace("\u00a0", " ") == (
            "PNG · 1,600 × 1,440 px · 3.1 MB · 2 h ago"
        )
        assert set(view.tags.chips.tags()) == {"sea", "rocket"}
        assert view.description.toPlainText() == "Mine"
        values = view.facts.values()
        assert values["Type"] == "Image, text to image"
        assert values["Prompt"] == "A red rocket"
        assert values["Seed"].replace("\u00a0", " ") == "419 027 118"
        assert values["Brand new field"] == "Yes"
        assert values["ID"] == "asset_000001"


async def test_html_in_every_text_is_shown_as_typed(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        metadata = {"name": HTML, "prompt": HTML, HTML: HTML, "type": HTML}
        key = await room.add(1, metadata=metadata, tags=(HTML,), description=HTML)
        await room.select(key)
        assert room.view.name.name() == HTML
        labels = room.view.findChildren(QLabel)
        assert labels
        assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)


async def test_the_large_picture_takes_the_thumbnails_place(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1)
        await room.select(key)
        assert room.previews.asked == [key]
        await until(lambda: not room.view.preview._pixmap.isNull())


async def test_without_any_picture_the_place_says_so(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1)
        room.thumbnails.broken.add(key)
        room.previews.error = BadInput("It is damaged.")
        await room.select(key)
        assert room.view.preview._note == "It is damaged."
        assert room.notices.errors == []


async def test_arrow_keys_that_run_past_fetch_no_originals(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        keys = [await room.add(number) for number in range(5)]
        for key in keys:
            room.controller.set_selection([key])
        await room.settle()
        assert room.previews.asked == [keys[-1]]


async def test_renaming_is_sent_and_undone(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1, name="Old")
        await room.select(key)
        room.controller.rename()
        room.view.name._field.setText("New")
        press(room.view.name._field, Qt.Key.Key_Return)
        await room.settle()
        assert room.server.assets["asset_000001"].name == "New"
        await room.library.history.undo()
        await room.settle()
        assert room.view.name.name() == "Old"


async def test_escape_leaves_the_name_alone(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1, name="Old"))
        room.controller.rename()
        room.view.name._field.setText("New")
        press(room.view.name._field, Qt.Key.Key_Escape)
        await room.settle()
        assert room.view.name.name() == "Old"
        assert room.server.count("update_asset") == 0


async def test_a_refused_name_goes_back_and_is_told(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1, name="Old"))
        room.server.errors["update_asset"] = [Refused("No.")]
        room.view.name.edited.emit("New")
        await room.settle()
        assert room.view.name.name() == "Old"
        assert len(room.notices.errors) == 1


async def test_a_description_is_kept_when_the_focus_leaves(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1))
        field = room.view.description
        field.setFocus()
        field.setPlainText("Second study")
        press(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        await room.settle()
        await until(lambda: room.server.assets["asset_000001"].description == "Second study")


async def test_enter_sets_the_marked_completion(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.add(2, tags=("meadow", "medieval"))
        await room.add(3, tags=("meadow",))
        await room.select(await room.add(1))
        await room.type_tag("me")
        assert room.view.tags.offered() == ["meadow", "medieval", "me"]
        await room.type_tag("me", Qt.Key.Key_Down, Qt.Key.Key_Return)
        assert room.tags(1) == ("medieval",)
        assert room.view.tags.is_open


async def test_shift_enter_creates_what_was_typed(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.add(2, tags=("meadow",))
        await room.select(await room.add(1))
        await room.type_tag("mea", Qt.Key.Key_Return, shift=True)
        assert room.tags(1) == ("mea",)


async def test_the_open_list_of_tags_grows_with_what_it_offers(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with opened(tmp_path) as room:
        await room.add(2, tags=("meadow",))
        await room.add(3, tags=("sea",))
        await room.select(await room.add(1))
        await room.type_tag("me")
        (offered,) = (p for p in room.view.window().findChildren(Popover) if p.isVisible())
        two = offered.height()
        names = ("meadow", "medieval", "metal")
        room.view.tags.set_completions("me", [TagCount(name, 1) for name in names])
        assert room.view.tags.offered() == ["meadow", "medieval", "metal", "me"]
        assert offered.height() >= two + 2 * 32


async def test_several_tags_may_be_pasted(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1))
        await room.type_tag(" sea ,  warm   light,,", Qt.Key.Key_Return)
        assert room.tags(1) == ("sea", "warm light")


async def test_tags_that_are_set_come_last(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.add(2, tags=("water", "worn"))
        await room.add(3, tags=("water",))
        await room.select(await room.add(1, tags=("water",)))
        await room.type_tag("w")
        assert room.view.tags.offered() == ["worn", "water", "w"]


async def test_backspace_takes_the_last_tag_and_the_toast_undoes_it(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1, tags=("sea", "sun")))
        last = room.view.tags.chips.tags()[-1]
        await room.type_tag("", Qt.Key.Key_Backspace)
        assert last not in room.tags(1)
        assert room.notices.toasts == [f"Removed tag {last}"]
        assert room.notices.undo is not None
        room.notices.undo()
        await room.settle()
        assert set(room.tags(1)) == {"sea", "sun"}


async def test_escape_and_enter_on_nothing_close_the_field(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1))
        await room.type_tag("", Qt.Key.Key_Return)
        assert not room.view.tags.is_open
        # The first Escape closes the list, the second the field.
        await room.type_tag("x", Qt.Key.Key_Escape, Qt.Key.Key_Escape)
        assert not room.view.tags.is_open
        assert room.tags(1) == ()


async def test_a_tag_of_one_item_leads_to_the_others(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1, tags=("sea",)))
        room.view.tags.chips.clicked.emit("sea")
        assert room.wishes == [("tag_chosen", "sea")]


async def test_several_items_show_common_and_partial_tags(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        keys = [await room.add(n, tags=("sea", "sun") if n < 2 else ("sea",)) for n in range(5)]
        await room.select(*keys)
        assert room.view.name.name().replace("\u00a0", " ") == "5 items"
        assert room.chip("sea") == (ChipState.ALL, "5")
        assert room.chip("sun") == (ChipState.SOME, "2 of 5")


async def test_a_chip_goes_from_some_to_all_to_none_to_some(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        keys = [await room.add(n, tags=("sun",) if n < 2 else ()) for n in range(5)]
        await room.select(*keys)
        seen = []
        for _ in range(3):
            room.view.tags.chips.clicked.emit("sun")
            await room.settle()
            seen.append(room.chip("sun")[0])
        assert seen == [ChipState.ALL, ChipState.NONE, ChipState.SOME]
        assert [bool(room.tags(n)) for n in range(5)] == [True, True, False, False, False]


async def test_a_partly_set_tag_stays_until_it_is_touched(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        keys = [await room.add(n, tags=("sun",) if n < 2 else ()) for n in range(3)]
        await room.select(*keys)
        await room.type_tag("new", Qt.Key.Key_Return)
        assert [set(room.tags(n)) for n in range(3)] == [{"sun", "new"}, {"sun", "new"}, {"new"}]


async def test_relatives_are_shown_and_chosen(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        parent = await room.add(9, name="Parent")
        metadata = {"name": "One", "type": "uploaded", "parentId": "asset_000009"}
        key = await room.add(1, metadata=metadata)
        for number in range(20, 26):
            await room.add(number, metadata={"name": "Map", "parentId": "asset_000001"})
        await room.select(key)
        assert room.view.parent_row.text() == "Parent"
        assert len(room.view.children_strip._thumbs) == 3
        room.view.parent_row.click()
        room.view.children_strip.all_requested.emit()
        item = await room.library.item("asset_000001")
        assert room.wishes == [("item_chosen", parent), ("children_requested", item)]


async def test_a_result_that_arrives_joins_its_parent(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1))
        await room.add(20, metadata={"name": "Map", "parentId": "asset_000001"})
        await room.settle()
        assert len(room.view.children_strip._thumbs) == 1


async def test_buttons_tell_what_is_wished_for(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1)
        await room.select(key)
        room.view.preview.click()
        room.view.detect.click()
        room.view.copy_url.click()
        room.view.download.click()
        assert room.wishes == [
            ("preview_requested", key), ("detect_requested", None),
            ("copy_url_requested", None), ("download_requested", None),
        ]  # fmt: skip


async def test_what_lies_in_the_trash_can_only_be_restored(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1)
        await room.library.delete([key])
        await room.select(key)
        assert room.view.detect.isHidden()
        room.controller.rename()
        assert not room.view.name.is_editing
        room.view.restore.click()
        await room.settle()
        assert room.server.assets["asset_000001"].deleted_at is None
        assert not room.view.detect.isHidden()


async def test_an_item_that_vanishes_leaves_the_inspector_empty(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1)
        await room.select(key)
        await room.catalogue.purge(["asset_000001"])
        room.controller.reload()
        await room.settle()
        assert room.view.mode is Mode.EMPTY


async def test_a_catalogue_in_trouble_is_told_in_place(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1)
        original = room.library.details

        async def fail(key: int) -> Any:
            raise StoreFailed("The file is damaged.", hint="Open it again.")

        room.library.details = fail  # type: ignore[method-assign]
        await room.select(key)
        assert "damaged" in room.view._notice.text()
        room.library.details = original  # type: ignore[method-assign]
        room.view.retry_requested.emit()
        await room.settle()
        assert room.view._notice.isHidden()


async def test_typing_is_not_disturbed_by_news(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1, description="Old"))
        field = room.view.description
        field.setFocus()
        await until(field.hasFocus)
        field.setPlainText("Half a sen")
        await room.library.merge([room.server.put(make_asset(1, description="Theirs"))])
        await room.settle()
        assert field.toPlainText() == "Half a sen"


async def test_favourite_and_its_words(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1))
        room.view.favourite.click()
        await room.settle()
        item = await room.library.item("asset_000001")
        assert item is not None
        assert item.is_favourite
        assert room.view.favourite.accessibleName() == "Remove from favourites"


async def test_a_value_is_copied_whole(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        prompt = "word " * 900
        metadata = {"name": "x", "prompt": prompt}
        await room.select(await room.add(1, metadata=metadata))
        room.view.facts.copy("Prompt")
        assert QGuiApplication.clipboard().text() == prompt


async def test_a_long_value_opens_in_place(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        metadata = {"name": "x", "prompt": "word " * 200, "image": "asset_000001"}
        await room.select(await room.add(1, metadata=metadata))
        sheet = room.view.facts
        before = sheet.heightForWidth(260)
        more, show = (
            next(b for b in sheet.findChildren(QAbstractButton) if b.text() == text)
            for text in ("Show all", "Show it")
        )
        more.click()
        assert more.isHidden()
        assert sheet.heightForWidth(260) > before
        show.click()
        await room.settle()
        assert room.wishes[-1][0] == "item_chosen"


async def test_every_control_has_a_name(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1, tags=("sea",)))
        for kind in (QAbstractButton, QLineEdit, QPlainTextEdit):
            for control in room.view.findChildren(kind):
                if not control.isVisibleTo(room.view):
                    continue
                text = control.text() if isinstance(control, QAbstractButton) else ""
                assert control.accessibleName() or text, control


async def test_enter_in_the_empty_field_closes_it(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.select(await room.add(1, tags=("meadow",)))
        room.controller.add_tag()
        await room.settle()
        assert room.view.tags.offered()  # nothing of it is marked
        QTest.keyClick(room.view.tags._field, Qt.Key.Key_Return)
        assert not room.view.tags.is_open


async def test_the_menu_offers_commands_with_reasons(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        c = room.controller
        room.commands.add(
            Command("item.rename", "Rename", c.rename, reason=c.why_not_one_edit),
            Command("item.tag", "Add tag…", c.add_tag, reason=c.why_no_edit),
        )
        keys = [await room.add(1), await room.add(2)]
        await room.select(*keys)
        menu = room.controller.make_menu()
        entries = {a.text(): a.isEnabled() for a in menu.actions() if a.text()}
        menu.deleteLater()
        assert entries == {"Rename": False, "Add tag…": True}


@pytest.mark.parametrize(
    ("value", "text"),
    [(812, "812 bytes"), (14_200, "14.2 KB"), (3_100_000, "3.1 MB"), (2_000_000_000, "2 GB"),
     (999_999, "1 MB"), (250_400, "250 KB")],
)  # fmt: skip
def test_sizes_read_well(value: int, text: str) -> None:
    assert facts.size(value).replace("\u00a0", " ") == text


def test_an_unknown_field_of_any_shape_is_shown() -> None:
    shown = facts.fact("X", {"a": [1, {"b": None}]})
    assert '"b": null' in shown.value
    assert shown.is_mono
    assert facts.fact("X", ["a", 2]).value == "a, 2"
    assert facts.fact("X", "y" * 9999).value.endswith("…")


async def test_what_names_the_same_item_stands_on_one_line(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.add(1)
        metadata = {"name": "Map", "parentId": "asset_000001", "image": "asset_000001"}
        await room.select(await room.add(2, metadata=metadata))
        labels = room.view.facts.values()
        assert labels["Input, parent"] == "asset_000001"
        assert "Parent" not in labels


def prediction(**metadata: Any) -> dict[str, Any]:
    return {
        "id": "3f2a9c10-5d1e-4b7a-9c52-0123456789ab", "source": "sartiq", "thumbnail": None,
        "metadata": {
            "type": PREDICTION, "name": "Red boat", "prompt": "A red boat at dusk",
            "shotType": "front_full_body", "generationId": "g1", **metadata,
        },
    }  # fmt: skip


async def test_what_the_second_service_lacks_cannot_be_edited(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        ours = await room.add(1)
        theirs = await room.add(2, **prediction(error="no face was found", scaleFactor=2.0))
        await room.select(theirs)
        view = room.view
        assert view.name.name() == "Red boat"
        room.controller.rename()
        assert not view.name._field.isVisible()
        assert view._tags_hint.text() == "Sartiq keeps no tags."
        assert not view._description_box.isVisible()
        assert room.controller.why_not(Limit.TAGS) == "Sartiq keeps no tags"
        (asset,) = [await room.library.details(theirs)]
        shown = [f for g in facts.groups(asset, (await room.library.items([theirs]))[theirs])
                 for f in g.facts]  # fmt: skip
        pairs = {(one.label, one.value) for one in shown}
        assert {
            ("Type", "Image, prediction"), ("Shot", "Front full body"), ("Source", "Sartiq"),
            ("Error", "no face was found"), ("Scale", "2×"), ("Generation", "g1"),
        } <= pairs  # fmt: skip
        failed = await room.add(3, **{**prediction(), "id": "failed"}, status="error")
        await room.select(failed)
        buttons = (view.detect, view.refine, view.copy_url, view.download)
        assert all(button.isHidden() for button in buttons)  # there is no picture to work on
        assert not view.generation.isHidden()
        await room.select(ours, theirs)
        assert not any(button.isHidden() for button in (view.detect, view.refine))
        assert view._tags_hint.text() == "Sartiq keeps no tags, and 1 of 2 items are from there."
        await room.select(ours)
        assert view._description_box.isVisible()
        assert not view._tags_hint.isVisible()


def refine(number: int, parent: str) -> dict[str, Any]:
    return {
        "id": f"refine_{number}", "source": "sartiq", "thumbnail": None,
        "metadata": {
            "type": REFINE, "name": "Red boat, 2×", "parentId": parent, "generationId": "g1",
            "scaleFactor": 2.0,
        },
    }  # fmt: skip


async def test_a_version_is_shown_in_place_and_left_again(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1, **prediction())
        parent = (await room.library.items([key]))[key].id
        version = await room.add(2, **refine(2, parent))
        await room.select(key)
        view, controller = room.view, room.controller
        assert view._children_title.text() == "Versions"
        assert not view.compare.isHidden()
        view.children_strip.chosen.emit(version)
        await room.settle()
        assert view.name.name() == "Red boat, 2×"
        assert [controller.version] == [version]
        controller.set_selection((key,))  # the gallery says the same again
        await room.settle()
        assert [controller.version] == [version]
        view.parent_row.click()
        await room.settle()
        assert view.name.name() == "Red boat"
        assert [controller.version] == [None]
        assert room.wishes == []


async def test_a_version_that_is_deleted_gives_way_to_its_item(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1, **prediction())
        parent = (await room.library.items([key]))[key].id
        version = await room.add(2, **refine(2, parent))
        await room.select(key)
        room.view.children_strip.chosen.emit(version)
        await room.settle()
        assert room.controller.version == version
        await room.catalogue.purge(["refine_2"])
        room.library.tell(ChangeKind.ITEMS_REMOVED, [version])
        await room.settle()
        assert room.view.name.name() == "Red boat"
        assert room.controller.keys == (key,)


async def test_buttons_of_a_prediction_say_what_is_wanted(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1, **prediction())
        await room.select(key)
        wanted: list[object] = []
        room.controller.refine_requested.connect(lambda: wanted.append("refine"))
        room.controller.generation_requested.connect(wanted.append)
        room.view.refine.click()
        room.view.generation.click()
        assert wanted == ["refine", "g1"]
        assert room.view.play.isHidden()
        await room.select(await room.add(2))
        assert room.view.generation.isHidden()


async def test_a_canvas_is_opened(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1, metadata={"type": "canvas"})
        await room.select(key)
        wanted: list[str] = []
        room.controller.canvas_requested.connect(wanted.append)
        room.view.canvas.click()
        assert wanted == ["asset_000001"]
        # Its file is no picture: what is made of it is made from the canvas.
        assert room.view.detect.isHidden()
        assert room.view.refine.isHidden()
        await room.select(await room.add(2))
        assert room.view.canvas.isHidden()
        assert not room.view.detect.isHidden()
        assert not room.view.refine.isHidden()


async def test_a_failed_prediction_is_not_fetched(qt_loop: Any, tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        key = await room.add(1, status="error", **prediction(error="Too dark."))
        await room.select(key)
        assert room.previews.asked == []
        assert room.view.facts.values()["Status"] == "Failed"
        assert room.view.facts.values()["Error"] == "Too dark."
