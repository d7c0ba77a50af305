"""The room of the canvas in the window: new ones, the one that is open, locks for the gallery."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from psygnal import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import PictureLayer
from scenario_desktop.items import Item, Source
from scenario_desktop.services.canvas.content import Stored
from scenario_desktop.services.canvas.lease import Lease, Phase
from scenario_desktop.services.imports import Refusal
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.panels.canvas.dialogs import NewCanvasDialog
from scenario_desktop.ui.panels.canvas.exchange.origins import Origin
from scenario_desktop.ui.panels.gallery.words import NO_LOCKS, Corner, Locks, badges, lock_text
from scenario_desktop.ui.workbench.canvas_room import PAGE, CanvasRoom, with_pictures
from tests.support import until
from tests.widget.canvas_panel_support import (
    NOW,
    FakeCanvases,
    FakeItems,
    FakePictures,
    lease,
)


def picture(key: int, width: int = 50, height: int = 40) -> Item:
    return Item(
        key, f"asset_{key}", Source.SCENARIO, "image", "", "", f"Lake {key}", "", NOW, NOW,
        width, height,
    )  # fmt: skip


class Canvases(FakeCanvases):
    became_free = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.created: list[tuple[str, Stored]] = []
        self.lease_s = 0.0

    async def open(self, asset_id: str, *args: Any, **values: Any) -> Any:
        session = await super().open(asset_id, *args, **values)
        session.asset = Asset(id=asset_id, metadata={"name": "Ember Valley"})
        return session

    async def create(self, name: str, stored: Stored) -> Asset:
        self.created.append((name, stored))
        self.text = stored.text({})
        return Asset(id=f"made_{len(self.created)}")

    async def recoveries(self) -> list[Any]:
        return []

    async def tidy(self) -> None:
        pass

    def set_lease_s(self, seconds: float) -> None:
        self.lease_s = seconds


class Imports:
    """Takes a file once; then it says what it is already."""

    def __init__(self) -> None:
        self.known: set[bytes] = set()

    async def run(self, paths: Sequence[Path]) -> AsyncIterator[Any]:
        data = paths[0].read_bytes()
        is_known = data in self.known
        self.known.add(data)
        refused = (Refusal(paths[0], "It is there already.", "asset_in"),) if is_known else ()
        yield SimpleNamespace(added_ids=() if is_known else ("asset_in",), refused=refused)


class Jobs:
    changed = Signal(object)
    rows: Sequence[Any] = ()


class Desk:
    def __init__(self, folder: Path) -> None:
        self.commands = CommandRegistry()
        self.window = MainWindow(self.commands)
        self.window.resize(1300, 800)
        self.window.show()
        drafts: dict[str, Any] = {}
        self.canvas_settings = SimpleNamespace(lease_minutes=5)
        values = SimpleNamespace(drafts=drafts, canvas=self.canvas_settings)
        settings = SimpleNamespace(settings=values)
        settings.update = lambda **changes: drafts.update(changes["drafts"])
        self.room = CanvasRoom(self.window, self.commands, settings, folder)
        self.canvases, self.items = Canvases(), FakeItems()
        self._session: Any = SimpleNamespace(
            canvases=self.canvases, previews=FakePictures(), library=self.items,
            workspace_id="ws", imports=Imports(), jobs=Jobs(), people=None,
        )  # fmt: skip
        self.locks: list[Locks] = []
        self.room.locks_changed.connect(self.locks.append)
        self.window.add_page("gallery", QWidget())

    def bind(self) -> None:
        """Open the workspace; the loop runs by then."""
        self.room.bind(self._session)

    @property
    def canvas(self) -> Any:
        controller = self.room.controller
        assert controller is not None
        return controller

    async def show(self, asset_id: str) -> Any:
        self.room.open(asset_id)
        await self.canvas.actions["open"].settle()
        return self.canvases.sessions[-1]


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.room.unbind()
    made.window.close_now()
    made.window.deleteLater()


async def dialog_of(desk: Desk) -> NewCanvasDialog:
    def shown() -> list[NewCanvasDialog]:
        return [d for d in desk.window.findChildren(NewCanvasDialog) if d.isVisible()]

    await until(shown)
    return shown()[0]


async def test_a_page_that_was_opened_on_a_canvas_leads_back_to_it(
    qt_loop: Any, desk: Desk
) -> None:
    desk.bind()
    desk.window.add_page("detect", QWidget())
    desk.window.set_page("gallery")
    session = await desk.show("canvas_1")
    desk.window.set_page("detect")
    assert desk.room.come_back("detect")
    assert (desk.window.page, desk.canvas.session) == (PAGE, session)
    desk.window.set_page("gallery")
    desk.window.set_page("detect")
    assert not desk.room.come_back("detect")
    assert desk.window.page == "detect"


async def test_a_canvas_that_was_closed_is_not_come_back_to(qt_loop: Any, desk: Desk) -> None:
    desk.bind()
    await desk.show("canvas_1")
    desk.canvas.actions["close"].trigger()
    await desk.canvas.actions["close"].settle()
    desk.window.set_page("gallery")
    assert not desk.room.come_back("gallery")


async def test_a_new_canvas_of_a_size(qt_loop: Any, desk: Desk) -> None:
    desk.bind()
    desk.room.start([])
    dialog = await dialog_of(desk)
    dialog.set_size(640, 480)
    dialog.name.setText("Board")
    dialog.accept()
    await until(lambda: desk.canvas.session is not None and not desk.room.creating.is_busy)
    await desk.canvas.actions["open"].settle()
    name, stored = desk.canvases.created[0]
    document = canvas_format.read(stored.text({}))
    assert (name, document.width, document.height) == ("Board", 640, 480)
    assert desk.window.page == PAGE


async def test_chosen_pictures_become_layers_and_are_seen_at_once(qt_loop: Any, desk: Desk) -> None:
    desk.bind()
    desk.room.start([picture(1), picture(2)])
    (await dialog_of(desk)).accept()
    await until(lambda: desk.canvases.created and not desk.room.creating.is_busy)
    stored = desk.canvases.created[0][1]
    document = canvas_format.read(stored.text({}))
    assert [one.asset_id for one in document.layers if isinstance(one, PictureLayer)] == [
        "asset_1", "asset_2",
    ]  # fmt: skip
    image = QImage.fromData(stored.thumbnail)
    layer = document.layers[0]
    scale = image.width() / document.width
    x, y = layer.transform.place(5, 5)
    assert image.pixelColor(int(x * scale), int(y * scale)).blue() == 255
    await desk.canvas.actions["open"].settle()


async def test_a_canvas_of_one_picture_has_its_size_and_name(qt_loop: Any, desk: Desk) -> None:
    desk.bind()
    desk.room.start([picture(1, 333, 222)])
    dialog = await dialog_of(desk)
    assert (dialog.width_field.value(), dialog.height_field.value()) == (333, 222)
    assert dialog.name.text() == "Lake 1"
    dialog.reject()
    await desk.room.creating.settle()
    assert not desk.canvases.created


@pytest.mark.parametrize(("count", "least"), [(1, 1.0), (2, 0.4), (4, 0.4), (9, 0.25), (24, 0.12)])
def test_pictures_lie_as_large_as_they_can(count: int, least: float) -> None:
    blank = edits.blank(1000, 1000)
    document = with_pictures(blank, [picture(n, 100, 100) for n in range(count)])
    boxes = [
        (t.x, t.y, 100 * t.scale_x)
        for t in (one.transform for one in document.layers if isinstance(one, PictureLayer))
    ]
    assert len(boxes) == count
    for x, y, side in boxes:
        assert side >= least * 1000
        assert min(x, y) >= 0
        assert max(x, y) + side <= 1001


async def test_a_canvas_asked_for_again_is_the_one_that_is_open(qt_loop: Any, desk: Desk) -> None:
    desk.bind()
    await desk.show("c_1")
    desk.window.set_page("gallery")
    await desk.show("c_1")
    assert desk.window.page == PAGE
    assert len(desk.canvases.sessions) == 1
    await desk.show("c_2")
    assert len(desk.canvases.sessions) == 2
    assert desk.canvases.closed == desk.canvases.sessions[:1]


async def test_the_gallery_hears_whose_the_canvas_is(qt_loop: Any, desk: Desk) -> None:
    desk.bind()
    session = await desk.show("c_1")
    assert desk.locks == []
    session.give(lease(Phase.HELD))
    assert desk.locks[-1].mine == {"c_1"}
    session.give(lease(Phase.LOST))
    assert desk.locks[-1] == Locks(lost=frozenset({"c_1"}))
    session.give(lease(Phase.HELD))
    session.give(Lease())
    assert desk.locks[-1] == NO_LOCKS
    # The library may still know of the lock that was given back.
    await until(lambda: "c_1" in desk.items.brought)
    session.give(lease(Phase.HELD))
    desk.items.brought.clear()
    desk.canvas.actions["close"].trigger()
    await desk.canvas.actions["close"].settle()
    assert desk.locks[-1] == NO_LOCKS
    await until(lambda: "c_1" in desk.items.brought)


def test_a_padlock_says_whose_and_until_when() -> None:
    later = NOW + timedelta(minutes=9)
    item = replace(picture(1), type="canvas", lock_expires_at=later)
    mine, lost = Locks(mine=frozenset({item.id})), Locks(lost=frozenset({item.id}))
    clock = f"{later.astimezone():%H:%M}"
    mark = badges(item, NOW)[Corner.MARK]
    assert (mark.words, mark.tone) == (clock, "lock_other")
    assert lock_text(item, NOW) == f"Somebody else holds this canvas until {clock}"
    assert badges(item, NOW, mine)[Corner.MARK].tone == "lock_mine"
    assert lock_text(item, NOW, mine) == "You hold this canvas"
    assert badges(item, NOW, lost)[Corner.MARK].tone == "lock_lost"
    assert "lost" in lock_text(item, NOW, lost)
    assert Corner.MARK not in badges(item, later)
    assert lock_text(item, later) == ""


async def test_undo_of_the_window_follows_the_page(qt_loop: Any, desk: Desk) -> None:
    desk.bind()
    told: list[Any] = []
    desk.room.in_front.connect(told.append)
    session = await desk.show("c_1")
    history = told[-1]
    assert history.undo_text == ""
    desk.canvas.editor.add_paint_layer()
    assert history.undo_text == "Add Layer 1"
    history.undo()
    assert (history.undo_text, history.redo_text) == ("", "Add Layer 1")
    assert session.edits == 2
    desk.canvas.editor.set_read_only("looking")
    assert history.redo_text == ""
    desk.window.set_page("gallery")
    assert told[-1] is None


async def test_the_same_picture_goes_to_detect_twice(
    qt_loop: Any, desk: Desk, tmp_path: Path
) -> None:
    desk.bind()
    wanted: list[Any] = []
    desk.room.detect_wanted.connect(wanted.append)
    await desk.show("c_1")
    file = tmp_path / "flat.png"
    file.write_bytes(b"picture")
    origin = Origin("c_1", "", 0, 0, 10, 10)
    for _ in range(2):
        await desk.room._begin_detect(file, "Flat", origin)
    assert len(wanted) == 2
    await desk.room._begin_detect("asset_p", "Lake", origin)
    assert len(wanted) == 3


async def test_locks_last_as_the_settings_say(qt_loop: Any, desk: Desk) -> None:
    desk.bind()
    assert desk.canvases.lease_s == 300
    desk.canvas_settings.lease_minutes = 20
    desk.room.look_again()
    assert desk.canvases.lease_s == 1200
